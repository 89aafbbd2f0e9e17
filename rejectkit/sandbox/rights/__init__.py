"""Who may do what: IAM policies, and what each call needs of them."""
