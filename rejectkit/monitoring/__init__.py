"""The alert: its pattern, its metric, its alarm rule and its notices; one value, and what is made of it.

>>> from rejectkit.monitoring import AlarmRule
>>> AlarmRule(datapoints_to_alarm=2, evaluation_periods=3).evaluate([0.0, 4.0, None, 1.0])
'ALARM'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rejectkit.monitoring.alarms.alarm import AlarmRule
from rejectkit.monitoring.choices import Choices
from rejectkit.monitoring.deploying.designs import compared
from rejectkit.monitoring.exporting.export import cli, iam_policy, template, terraform
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.patterns.writing import PRIVATE, Only, between, unlike

if TYPE_CHECKING:
    from rejectkit.monitoring.alarms.evaluation import EvaluationRange
    from rejectkit.monitoring.alarms.logalarm import LogAlarmRule
    from rejectkit.monitoring.deploying.deploy import plan
    from rejectkit.monitoring.deploying.removal import teardown
    from rejectkit.monitoring.patterns.trying import pattern_test
    from rejectkit.monitoring.probes.probing import probe
    from rejectkit.monitoring.replaying.delays import Delay
    from rejectkit.monitoring.replaying.recommending import recommend
    from rejectkit.monitoring.replaying.replay import backtest
    from rejectkit.monitoring.replaying.sweeping import grid, sweep
    from rejectkit.monitoring.timing.deliverylag import lag
    from rejectkit.monitoring.timing.latencies import latency, percentiles
    from rejectkit.monitoring.wiring.checkup import health

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
    "Delay": "replaying.delays",
    "EvaluationRange": "alarms.evaluation",
    "LogAlarmRule": "alarms.logalarm",
    "backtest": "replaying.replay",
    "grid": "replaying.sweeping",
    "health": "wiring.checkup",
    "lag": "timing.deliverylag",
    "latency": "timing.latencies",
    "pattern_test": "patterns.trying",
    "percentiles": "timing.latencies",
    "plan": "deploying.deploy",
    "probe": "probes.probing",
    "recommend": "replaying.recommending",
    "sweep": "replaying.sweeping",
    "teardown": "deploying.removal",
}


def __getattr__(name: str) -> Any:
    """Find a public name in its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rejectkit.monitoring' has no name {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f"rejectkit.monitoring.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
