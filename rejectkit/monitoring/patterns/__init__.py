"""Filter patterns: read, matched, written, and tried on lines."""
