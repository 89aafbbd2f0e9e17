"""What a change of rules would do to all traffic that was seen."""
