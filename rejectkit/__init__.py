"""rejectkit: explore VPC flow-log rejects, check alert timing, deploy monitoring, tune rules.

>>> import rejectkit as rk

Names are found on first use: importing the package loads none of the libraries behind them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "AlarmRule": "monitoring.alarms.alarm",
    "AthenaSource": "sources.athena.source",
    "AthenaTable": "sources.athena.table",
    "Combined": "sources.combined",
    "FIELDS": "records",
    "FileSource": "sources.files.source",
    "FilterPattern": "monitoring.patterns.pattern",
    "Finding": "findings",
    "InsightsSource": "sources.cloudwatch.source",
    "LogFormat": "records",
    "Monitor": "monitoring.monitor",
    "Network": "network.model",
    "Plan": "plans",
    "SparkSource": "sources.spark.source",
    "Watch": "sources.base",
    "Window": "window",
    "charts": "charts",
    "classify": "exploring.classify",
    "errors": "errors",
    "insights": "insights",
    "monitoring": "monitoring",
    "network": "network",
    "questions": "exploring.questions",
    "sandbox": "sandbox",
    "sources": "sources",
    "summarize": "exploring.summary",
    "widgets": "widgets",
}
_MODULES = {
    "charts",
    "classify",
    "errors",
    "insights",
    "monitoring",
    "network",
    "questions",
    "sandbox",
    "sources",
    "widgets",
}

__all__ = [  # noqa: RUF022  # the keys of _HOMES for readers and type checkers, as `sorted` has them
    "AlarmRule",
    "AthenaSource",
    "AthenaTable",
    "Combined",
    "FIELDS",
    "FileSource",
    "FilterPattern",
    "Finding",
    "InsightsSource",
    "LogFormat",
    "Monitor",
    "Network",
    "Plan",
    "SparkSource",
    "Watch",
    "Window",
    "charts",
    "classify",
    "errors",
    "insights",
    "monitoring",
    "network",
    "questions",
    "sandbox",
    "sources",
    "summarize",
    "widgets",
]

if TYPE_CHECKING:
    from rejectkit import charts, errors, insights, monitoring, network, sandbox, sources, widgets
    from rejectkit.exploring import classify, questions
    from rejectkit.exploring.summary import summarize
    from rejectkit.findings import Finding
    from rejectkit.monitoring.alarms.alarm import AlarmRule
    from rejectkit.monitoring.monitor import Monitor
    from rejectkit.monitoring.patterns.pattern import FilterPattern
    from rejectkit.network.model import Network
    from rejectkit.plans import Plan
    from rejectkit.records import FIELDS, LogFormat
    from rejectkit.sources.athena.source import AthenaSource
    from rejectkit.sources.athena.table import AthenaTable
    from rejectkit.sources.base import Watch
    from rejectkit.sources.cloudwatch.source import InsightsSource
    from rejectkit.sources.combined import Combined
    from rejectkit.sources.files.source import FileSource
    from rejectkit.sources.spark.source import SparkSource
    from rejectkit.window import Window


def __getattr__(name: str) -> Any:
    """Find a public name in its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rejectkit' has no name {name!r}; it has {', '.join(__all__)}")
    module = import_module(f"rejectkit.{_HOMES[name]}")
    value = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook the `%%insights` cells: `%load_ext rejectkit`."""
    import_module("rejectkit.magics").load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take them away again."""
    import_module("rejectkit.magics").unload_ipython_extension(shell)
