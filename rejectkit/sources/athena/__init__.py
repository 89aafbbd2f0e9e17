"""Flow logs in S3, read by Amazon Athena: the table, its partitions, and the query that runs on it."""
