"""The alert: its pattern, its metric, its alarm rule and its notices; one value, and what is made of it.

>>> from rejectkit.monitoring import AlarmRule
>>> AlarmRule(datapoints_to_alarm=2, evaluation_periods=3).evaluate([0.0, 4.0, None, 1.0])
'ALARM'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rejectkit.monitoring.alarm import AlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.designs import compared
from rejectkit.monitoring.export import cli, iam_policy, template, terraform
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.pattern import FilterPattern
from rejectkit.monitoring.patternwrite import PRIVATE, Only, between, unlike

if TYPE_CHECKING:
    from rejectkit.monitoring.checkup import health
    from rejectkit.monitoring.delays import Delay
    from rejectkit.monitoring.deliverylag import lag
    from rejectkit.monitoring.deploy import plan
    from rejectkit.monitoring.evaluation import EvaluationRange
    from rejectkit.monitoring.latencies import latency, percentiles
    from rejectkit.monitoring.logalarm import LogAlarmRule
    from rejectkit.monitoring.patterntest import pattern_test
    from rejectkit.monitoring.probing import probe
    from rejectkit.monitoring.recommending import recommend
    from rejectkit.monitoring.removal import teardown
    from rejectkit.monitoring.replay import backtest
    from rejectkit.monitoring.sweeping import grid, sweep

__all__ = [  # noqa: RUF022  # as `sorted` has it
    "AlarmRule",
    "Choices",
    "Delay",
    "EvaluationRange",
    "FilterPattern",
    "LogAlarmRule",
    "Monitor",
    "Only",
    "PRIVATE",
    "backtest",
    "between",
    "cli",
    "compared",
    "grid",
    "health",
    "iam_policy",
    "lag",
    "latency",
    "pattern_test",
    "percentiles",
    "plan",
    "probe",
    "recommend",
    "sweep",
    "teardown",
    "template",
    "terraform",
    "unlike",
]

# What brings boto3 or pandas is found on first use.
_HOMES = {
    "Delay": "delays",
    "EvaluationRange": "evaluation",
    "LogAlarmRule": "logalarm",
    "backtest": "replay",
    "grid": "sweeping",
    "health": "checkup",
    "lag": "deliverylag",
    "latency": "latencies",
    "pattern_test": "patterntest",
    "percentiles": "latencies",
    "plan": "deploy",
    "probe": "probing",
    "recommend": "recommending",
    "sweep": "sweeping",
    "teardown": "removal",
}


def __getattr__(name: str) -> Any:
    """Find a public name in its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rejectkit.monitoring' has no name {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f"rejectkit.monitoring.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
