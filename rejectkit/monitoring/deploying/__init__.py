"""A monitor in an account: planned, made, changed and taken away."""
