"""Amazon Athena, and flow logs delivered to S3 for it to read."""
