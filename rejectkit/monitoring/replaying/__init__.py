"""Alarm rules on past traffic: what they would have told, and what they would have missed."""
