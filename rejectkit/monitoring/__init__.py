"""The alert: its pattern, its metric, its alarm rule and its notices.

>>> from rejectkit.monitoring import AlarmRule
>>> AlarmRule(datapoints_to_alarm=2, evaluation_periods=3).evaluate([0.0, 4.0, None, 1.0])
'ALARM'
"""

from rejectkit.monitoring.alarm import AlarmRule
from rejectkit.monitoring.pattern import FilterPattern
from rejectkit.monitoring.patternwrite import PRIVATE, Only, between, unlike

__all__ = ["AlarmRule", "FilterPattern", "Only", "PRIVATE", "between", "unlike"]  # noqa: RUF022  # as `sorted` has it
