"""The traffic: standing questions, what kind of source each source is, and the findings of a window."""
