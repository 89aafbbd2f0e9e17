"""Changes of rules, planned, carried out and taken back."""
