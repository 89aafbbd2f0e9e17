"""Plans: the steps of a change, shown before they are taken, and taken so that it can be done again after any stop."""

from __future__ import annotations

from rejectkit.plans.plan import Applied, Plan, Watcher
from rejectkit.plans.step import VERBS, Field, Step, Verb, fields, printable, spelled

__all__ = [
    "VERBS",
    "Applied",
    "Field",
    "Plan",
    "Step",
    "Verb",
    "Watcher",
    "fields",
    "printable",
    "spelled",
]
