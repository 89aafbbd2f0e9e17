"""A probe: one refused connection, followed until somebody is told of it."""
