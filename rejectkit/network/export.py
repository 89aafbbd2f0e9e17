"""Handing edits of rules over: as AWS CLI lines, as CloudFormation, as Terraform."""

from __future__ import annotations

from rejectkit.network.exportcli import cli
from rejectkit.network.exporttemplate import template
from rejectkit.network.exportterraform import terraform

__all__ = ["cli", "template", "terraform"]
