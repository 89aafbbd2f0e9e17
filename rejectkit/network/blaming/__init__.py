"""Blame: which layer and rule refused a record."""
