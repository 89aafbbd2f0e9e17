"""The engine: what the rules of a network do with packets, many at once."""
