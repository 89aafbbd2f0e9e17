"""Flow logs where a Spark session reads them: the one home of pyspark, which is an extra, `rejectkit[spark]`."""

from rejectkit.sources.spark.planned import SparkQuery
from rejectkit.sources.spark.source import SparkSource

__all__ = ["SparkQuery", "SparkSource"]
