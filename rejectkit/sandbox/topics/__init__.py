"""Amazon SNS: topics, subscriptions, and what they deliver."""
