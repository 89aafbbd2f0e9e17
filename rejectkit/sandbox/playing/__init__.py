"""The scenario: traffic of a small VPC, the records of it, and how they arrive."""
