"""Snapshots of a network: read from JSON or from EC2, written, compared."""
