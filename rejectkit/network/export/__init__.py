"""Changes of rules for other tools: CLI lines, CloudFormation, Terraform."""
