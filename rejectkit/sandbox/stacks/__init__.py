"""AWS CloudFormation: templates, stacks, change sets, and the resources they make."""
