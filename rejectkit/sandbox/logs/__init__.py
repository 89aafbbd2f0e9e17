"""CloudWatch Logs: groups, events, metric filters, and queries of Logs Insights."""
