"""Alarm rules: judged as CloudWatch judges them, and what an alarm says of itself."""
