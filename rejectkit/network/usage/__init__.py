"""Which rules the seen traffic uses, and which are wider than it needs."""
