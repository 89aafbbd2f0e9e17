"""Metrics in the sandbox: what PutMetricData takes, and what is read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rejectkit.sandbox import Limits, Sandbox, start

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
ALL = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
PATH = "MetricData.member.1"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account at noon."""
    with start(scenario=None, start=START, limits=Limits(rates={})) as made:
        yield made


@pytest.fixture
def cloudwatch(sandbox: Sandbox) -> Any:
    """Its CloudWatch client."""
    return sandbox.session.client("cloudwatch")


def after(seconds: float) -> datetime:
    """Return a moment by its seconds from noon."""
    return START + timedelta(seconds=seconds)


def put(cloudwatch: Any, *data: dict[str, Any], namespace: str = "n", name: str = "m") -> None:
    """Put datapoints of one metric."""
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": name, **datum} for datum in data])


def read(cloudwatch: Any, first: float = -3600, last: float = 3600, period: int = 60, **more: Any) -> dict[float, Any]:
    """Return the datapoints of n/m by seconds from noon: count, average, sum, least and most."""
    asked = {"Namespace": "n", "MetricName": "m", "Statistics": ALL} | more
    asked |= {"StartTime": after(first), "EndTime": after(last), "Period": period}
    told = cloudwatch.get_metric_statistics(**{member: value for member, value in asked.items() if value is not None})
    return {
        (row["Timestamp"] - START).total_seconds(): tuple(row[name] for name in ALL if name in row)
        for row in told["Datapoints"]
    }


def query(name: str = "m", period: int = 60, stat: str = "Sum", **more: Any) -> dict[str, Any]:
    """Return a query of GetMetricData."""
    metric = {"Namespace": "n", "MetricName": name}
    return {"Id": "q", "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}} | more


def data(cloudwatch: Any, *queries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Ask GetMetricData for the hour before noon and the one after."""
    asked = {"StartTime": after(-3600), "EndTime": after(3600), "ScanBy": "TimestampAscending"} | more
    return dict(cloudwatch.get_metric_data(MetricDataQueries=list(queries), **asked))


def refusal(call: Any, *args: Any, **params: Any) -> tuple[str, str]:
    """Return code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("datum", "found"),
    [
        ({"Value": 3}, (1.0, 3.0, 3.0, 3.0, 3.0)),
        ({"Value": 0}, (1.0, 0.0, 0.0, 0.0, 0.0)),
        ({"Value": -2.5}, (1.0, -2.5, -2.5, -2.5, -2.5)),
        ({"Values": [1, 2, 6]}, (3.0, 3.0, 9.0, 1.0, 6.0)),
        ({"Values": [1, 6], "Counts": [4, 1]}, (5.0, 2.0, 10.0, 1.0, 6.0)),
        (
            {"StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 5}},
            (4.0, 2.5, 10.0, 1.0, 5.0),
        ),
    ],
)
def test_forms_of_a_datapoint(cloudwatch: Any, datum: dict[str, Any], found: tuple[float, ...]) -> None:
    """A value, values, values with counts, and a statistic set; without a timestamp they are of now."""
    put(cloudwatch, datum)
    assert read(cloudwatch) == {0: found}


def test_datapoints_of_a_minute_are_one_set(cloudwatch: Any) -> None:
    """Of 12:00:00 to 12:00:59.999, in one call or two; the next second is the next minute."""
    put(cloudwatch, {"Value": 1, "Timestamp": after(0)}, {"Value": 4, "Timestamp": after(59.999)})
    put(cloudwatch, {"Values": [2, 3], "Timestamp": after(30)}, {"Value": 9, "Timestamp": after(60)})
    assert read(cloudwatch) == {0: (4.0, 2.5, 10.0, 1.0, 4.0), 60: (1.0, 9.0, 9.0, 9.0, 9.0)}


def test_storage_resolution_of_a_second(cloudwatch: Any) -> None:
    """Seconds are told apart at 1, by a minute they are taken together; 60 begins at the minute."""
    for at in (3, 4, 14):
        put(cloudwatch, {"Value": at, "Timestamp": after(at), "StorageResolution": 1})
    put(cloudwatch, {"Value": 1, "Timestamp": after(75), "StorageResolution": 60})
    assert {at: sums[2] for at, sums in read(cloudwatch, 0, 100, 1).items()} == {3: 3, 4: 4, 14: 14, 60: 1}
    assert {at: sums[2] for at, sums in read(cloudwatch, 0, 100, 10).items()} == {0: 7, 10: 14, 60: 1}
    assert {at: sums[2] for at, sums in read(cloudwatch, 0, 100).items()} == {0: 21, 60: 1}


def test_bounds_of_time(cloudwatch: Any) -> None:
    """From two weeks back to two hours ahead, both of them in; a second more is refused."""
    put(cloudwatch, {"Value": 1, "Timestamp": after(-14 * 86_400)}, {"Value": 2, "Timestamp": after(7200)})
    assert read(cloudwatch, -14 * 86_400, -14 * 86_400 + 60) == {-14 * 86_400: (1.0, 1.0, 1.0, 1.0, 1.0)}
    assert list(read(cloudwatch, 0, 7201)) == [7200]
    early, late = {"Value": 1, "Timestamp": after(-14 * 86_400 - 1)}, {"Value": 1, "Timestamp": after(7201)}
    assert refusal(put, cloudwatch, early) == (
        "InvalidParameterValue",
        f"The parameter {PATH}.Timestamp must specify a time within the past two weeks.",
    )
    assert refusal(put, cloudwatch, late) == (
        "InvalidParameterValue",
        f"The parameter {PATH}.Timestamp must specify a time no more than two hours in the future.",
    )


def test_nothing_is_stored_of_a_refused_call(cloudwatch: Any) -> None:
    """The second datum is wrong, and the first is not there."""
    code, message = refusal(put, cloudwatch, {"Value": 1}, {"Value": 1, "Timestamp": after(9000)})
    assert (code, message.split()[2]) == ("InvalidParameterValue", "MetricData.member.2.Timestamp")
    assert read(cloudwatch) == {}
    assert cloudwatch.list_metrics()["Metrics"] == []


@pytest.mark.parametrize(
    ("datum", "code", "message"),
    [
        (
            {"Value": 1, "Values": [1]},
            "InvalidParameterCombination",
            f"The parameters {PATH}.Value and {PATH}.Values are mutually exclusive and you have specified both.",
        ),
        (
            {"Value": 1, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}},
            "InvalidParameterCombination",
            f"The parameters {PATH}.Value and {PATH}.StatisticValues are mutually exclusive "
            "and you have specified both.",
        ),
        (
            {"Value": 1, "Counts": [1]},
            "InvalidParameterCombination",
            "The parameter values must appears when the counts parameter is specified.",
        ),
        ({}, "InvalidParameterCombination", "At least one of the parameters must be specified."),
        (
            {"Values": [1, 2], "Counts": [1]},
            "InvalidParameterValue",
            f"The parameters {PATH}.Values and {PATH}.Counts must be of the same size.",
        ),
        (
            {"Values": list(range(151))},
            "InvalidParameterValue",
            f"The collection {PATH}.Values must not have a size greater than 150.",
        ),
        ({"Value": float("nan")}, "InvalidParameterValue", f"The value NaN for parameter {PATH}.Value is invalid."),
        (
            {"Value": float("inf")},
            "InvalidParameterValue",
            f"The value Infinity for parameter {PATH}.Value is invalid.",
        ),
        (
            {"StatisticValues": {"SampleCount": 0, "Sum": 1, "Minimum": 1, "Maximum": 1}},
            "InvalidParameterValue",
            f"The parameter {PATH}.StatisticValues.SampleCount must be greater than 0.",
        ),
        (
            {"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}},
            "InvalidParameterValue",
            f"The parameter {PATH}.StatisticValues.Maximum must be greater than {PATH}.StatisticValues.Minimum.",
        ),
        (
            {"Value": 1, "StorageResolution": 30},
            "InvalidParameterValue",
            f"The parameter {PATH}.StorageResolution must be a value in the set [ 1, 60 ].",
        ),
        (
            {"Value": 1, "Dimensions": [{"Name": "d", "Value": "1"}, {"Name": "d", "Value": "2"}]},
            "InvalidParameterValue",
            "No metric may specify the same dimension name twice.",
        ),
    ],
)
def test_refused_data(cloudwatch: Any, datum: dict[str, Any], code: str, message: str) -> None:
    """In the service's words."""
    assert refusal(put, cloudwatch, datum) == (code, message)


def test_refused_calls(cloudwatch: Any) -> None:
    """No datum, a namespace of AWS, a unit that is none, and more than 1,000 data."""
    assert refusal(put, cloudwatch) == (
        "MissingParameter",
        "At least one MetricDatum object must be present in the request.",
    )
    assert refusal(put, cloudwatch, {"Value": 1}, namespace="AWS/EC2") == (
        "InvalidParameterValue",
        "The value AWS/ for parameter Namespace is invalid.",
    )
    code, message = refusal(put, cloudwatch, {"Value": 1, "Unit": "Rejects"})
    assert (code, "Value 'Rejects' at 'unit' failed" in message) == ("ValidationError", True)
    assert refusal(put, cloudwatch, *[{"Value": 1}] * 1001)[0] == "ValidationError"
    put(cloudwatch, *[{"Value": 1}] * 1000)
    assert read(cloudwatch)[0][0] == 1000


def test_dimensions_and_units_are_apart(cloudwatch: Any) -> None:
    """Each set of dimensions is a metric, in whatever order; of two units there are two datapoints."""
    one, two = {"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}
    put(cloudwatch, {"Value": 1}, {"Value": 2, "Dimensions": [one, two]}, {"Value": 4, "Dimensions": [two, one]})
    assert read(cloudwatch)[0][2] == 1
    assert read(cloudwatch, Dimensions=[one, two])[0][2] == 6
    assert read(cloudwatch, Dimensions=[one]) == {}
    put(cloudwatch, {"Value": 8, "Unit": "Bytes"})
    asked = {"Namespace": "n", "MetricName": "m", "StartTime": after(0), "EndTime": after(60), "Period": 60}
    told = cloudwatch.get_metric_statistics(**asked, Statistics=["Sum"])
    assert told["Label"] == "m"
    assert told["Datapoints"] == [
        {"Timestamp": after(0), "Sum": 8.0, "Unit": "Bytes"},
        {"Timestamp": after(0), "Sum": 1.0, "Unit": "None"},
    ]
    assert read(cloudwatch, Unit="Bytes")[0][2] == 8
    assert read(cloudwatch, Unit="Count") == {}


def test_periods_count_from_the_start(cloudwatch: Any) -> None:
    """Five minutes from 11:58 on, not from a mark of the clock; the start is cut to its minute, the end is out."""
    for minute in range(-2, 9):
        put(cloudwatch, {"Value": 1, "Timestamp": after(60 * minute)})
    sums = {at: row[2] for at, row in read(cloudwatch, -90, 480, 300).items()}
    assert sums == {-120: 5, 180: 5}
    assert list(read(cloudwatch, 0, 60)) == [0]
    assert list(read(cloudwatch, 0, 61)) == [0, 60]


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        ({"period": 45}, "InvalidParameterValue", "The parameter Period must be a value in the set"),
        ({"first": 60, "last": 60}, "InvalidParameterValue", "StartTime must be less than the parameter EndTime."),
        ({"last": 1440 * 60 - 3599}, "InvalidParameterCombination", "up to 1441 datapoints, which exceeds the limit"),
        ({"Statistics": None}, "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"),
        ({"Statistics": ["Median"]}, "InvalidParameterValue", "The parameter Statistics.member.1 must be a value in"),
        ({"ExtendedStatistics": ["p99"]}, "InvalidParameterValue", "The sandbox does not play extended statistics"),
    ],
)
def test_refused_statistics(cloudwatch: Any, asked: dict[str, Any], code: str, says: str) -> None:
    """GetMetricStatistics refuses in the service's words."""
    found, message = refusal(read, cloudwatch, **asked)
    assert (found, says in message) == (code, True)


def test_most_datapoints_are_allowed(cloudwatch: Any) -> None:
    """1,440 of them: a day of minutes."""
    put(cloudwatch, {"Value": 1})
    assert list(read(cloudwatch, -3600, 1440 * 60 - 3600)) == [0]


def test_get_metric_data(cloudwatch: Any) -> None:
    """Several metrics in one call, with labels, in either order; without data a result is empty."""
    put(cloudwatch, {"Value": 1, "Timestamp": after(0)}, {"Value": 2, "Timestamp": after(60)})
    put(cloudwatch, {"Value": 5}, name="other")
    found = data(
        cloudwatch,
        query(),
        query("other", stat="Maximum", Id="o", Label="shown"),
        query("none", Id="e"),
        query(Id="hidden", ReturnData=False),
    )
    told = {each["Id"]: (each["Label"], each["Timestamps"], each["Values"]) for each in found["MetricDataResults"]}
    assert told == {
        "q": ("m", [after(0), after(60)], [1.0, 2.0]),
        "o": ("shown", [after(0)], [5.0]),
        "e": ("none", [], []),
    }
    assert {each["StatusCode"] for each in found["MetricDataResults"]} == {"Complete"}
    (newest,) = data(cloudwatch, query(), ScanBy="TimestampDescending")["MetricDataResults"]
    assert newest["Values"] == [2.0, 1.0]


def test_get_metric_data_pages(cloudwatch: Any) -> None:
    """Two datapoints a page, over two metrics; a page with another after it is PartialData."""
    for name in ("m", "other"):
        put(cloudwatch, *({"Value": at, "Timestamp": after(60 * at)} for at in range(3)), name=name)
    asked, pages, more = (query(), query("other", Id="o")), [], {}
    while True:
        found = data(cloudwatch, *asked, MaxDatapoints=2, **more)
        pages.append({each["Id"]: each["Values"] for each in found["MetricDataResults"] if each["Values"]})
        if "NextToken" not in found:
            break
        assert {each["StatusCode"] for each in found["MetricDataResults"]} == {"PartialData"}
        more = {"NextToken": found["NextToken"]}
    assert pages == [{"q": [0.0, 1.0]}, {"q": [2.0], "o": [0.0]}, {"o": [1.0, 2.0]}]


def test_refused_metric_data(cloudwatch: Any) -> None:
    """Two queries of one id, expressions, percentiles, an odd period and a token not handed out."""
    assert refusal(data, cloudwatch, query(), query()) == (
        "ValidationError",
        "The values for parameter id in MetricDataQueries are not unique.",
    )
    for asked in ({"Id": "e", "Expression": "q*2"}, query(stat="p90")):
        assert refusal(data, cloudwatch, asked)[1].startswith("The sandbox does not play ")
    assert refusal(data, cloudwatch, query(period=61))[0] == "InvalidParameterValue"
    assert refusal(data, cloudwatch, query(), NextToken="x") == ("InvalidNextToken", "Invalid NextToken : x")


def test_list_metrics_filters(cloudwatch: Any) -> None:
    """By namespace, name, a dimension's name and its value."""
    for name, value in (("m", "1"), ("m", "2"), ("k", "1")):
        put(cloudwatch, {"Value": 1, "Dimensions": [{"Name": "d", "Value": value}]}, name=name)
    put(cloudwatch, {"Value": 1}, namespace="other")

    def listed(**asked: Any) -> list[str]:
        return [
            "/".join([each["Namespace"], each["MetricName"], *(one["Value"] for one in each["Dimensions"])])
            for each in cloudwatch.list_metrics(**asked)["Metrics"]
        ]

    assert listed() == ["n/k/1", "n/m/1", "n/m/2", "other/m"]
    assert listed(Namespace="n", MetricName="m") == ["n/m/1", "n/m/2"]
    assert listed(Dimensions=[{"Name": "d"}]) == ["n/k/1", "n/m/1", "n/m/2"]
    assert listed(Dimensions=[{"Name": "d", "Value": "1"}]) == ["n/k/1", "n/m/1"]
    assert listed(Dimensions=[{"Name": "e"}]) == []


def test_list_metrics_recently_active(sandbox: Sandbox, cloudwatch: Any) -> None:
    """With data that came within three hours; no other span is known."""
    put(cloudwatch, {"Value": 1}, name="old")
    sandbox.advance(3 * 3600 + 1)
    put(cloudwatch, {"Value": 1}, name="new")
    (found,) = cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"]
    assert found["MetricName"] == "new"
    assert refusal(cloudwatch.list_metrics, RecentlyActive="PT4H")[0] == "ValidationError"


def test_list_metrics_pages(cloudwatch: Any) -> None:
    """500 a page."""
    put(cloudwatch, *({"Value": 1, "Dimensions": [{"Name": "d", "Value": f"{at}"}]} for at in range(501)))
    first = cloudwatch.list_metrics()
    last = cloudwatch.list_metrics(NextToken=first["NextToken"])
    assert (len(first["Metrics"]), len(last["Metrics"]), "NextToken" in last) == (500, 1, False)
    assert refusal(cloudwatch.list_metrics, NextToken="x")[0] == "InvalidParameterValue"


def test_regions_are_apart(sandbox: Sandbox, cloudwatch: Any) -> None:
    """A metric of one region is not in another."""
    put(cloudwatch, {"Value": 1})
    other = "eu-central-1" if sandbox.region != "eu-central-1" else "us-east-1"
    assert read(sandbox.session.client("cloudwatch", region_name=other)) == {}
