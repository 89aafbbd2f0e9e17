"""The rules: what a VPC lets pass, who refused a record, which rule to change, and what a change would do."""
