"""Flow logs in files and in S3, queried by DuckDB."""
