"""Handing a Monitor over: as CloudFormation, as Terraform, as AWS CLI lines, and the IAM policies for it."""

from __future__ import annotations

from rejectkit.monitoring.exporting.clilines import cli
from rejectkit.monitoring.exporting.cloudformation import template
from rejectkit.monitoring.exporting.iam import iam_policy
from rejectkit.monitoring.exporting.terraformjson import terraform

__all__ = ["cli", "iam_policy", "template", "terraform"]
