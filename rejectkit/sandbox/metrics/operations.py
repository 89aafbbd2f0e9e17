"""The metrics of CloudWatch: the operations, and the store that other services write to."""

from __future__ import annotations

from collections.abc import Mapping

from rejectkit.sandbox.calls import Handler
from rejectkit.sandbox.metrics.metricput import put_metric_data
from rejectkit.sandbox.metrics.metricread import get_metric_data, get_metric_statistics, list_metrics
from rejectkit.sandbox.metrics.metricstore import MetricStore, StatisticSet

__all__ = ["OPERATIONS", "MetricStore", "StatisticSet"]

OPERATIONS: Mapping[str, Handler] = {
    "PutMetricData": put_metric_data,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListMetrics": list_metrics,
}
