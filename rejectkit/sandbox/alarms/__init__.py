"""CloudWatch's alarms: metric alarms and log alarms, judged as time goes."""
