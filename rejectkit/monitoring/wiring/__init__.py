"""Is an alert wired so that it can ring: what there is, and what is wrong with it."""
