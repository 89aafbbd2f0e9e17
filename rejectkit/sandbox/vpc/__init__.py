"""Amazon EC2, as far as VPCs go: what moto does not keep or check."""
