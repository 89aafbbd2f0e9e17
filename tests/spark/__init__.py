"""A Spark cluster on this machine, and what loads a record set into it."""
