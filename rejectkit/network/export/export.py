"""Handing edits of rules over: as AWS CLI lines, as CloudFormation, as Terraform."""

from __future__ import annotations

from rejectkit.network.export.cli import cli
from rejectkit.network.export.template import template
from rejectkit.network.export.terraform import terraform

__all__ = ["cli", "template", "terraform"]
