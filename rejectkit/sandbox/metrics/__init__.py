"""CloudWatch's metrics: put, stored and read."""
