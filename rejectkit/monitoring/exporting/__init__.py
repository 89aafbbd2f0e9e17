"""A monitor as other tools take it: templates, command lines, policies."""
