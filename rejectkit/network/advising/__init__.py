"""Advice: the smallest changes of rules that let pass what is inside."""
