"""Flow logs in CloudWatch Logs, queried by Logs Insights."""
