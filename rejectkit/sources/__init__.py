"""Where flow logs live: one protocol, and what answers it."""
