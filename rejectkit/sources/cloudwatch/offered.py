"""The log groups that one may choose from, each with the formats of the flow logs that deliver into it."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch.flowlogs import find

MOST: Final = 200  # log groups without a flow log; more nobody chooses from a list


def log_groups(session: Any, budget: Budget) -> dict[str, tuple[LogFormat, ...]]:
    """Return the log groups of the session's region, those of flow logs first; what is not permitted is left out.

    Raises
    ------
    AwsError
        If AWS does not answer.
    """
    denied: list[AccessDeniedError] = []
    found = find(session, None, budget=budget, denied=denied)
    logs = Service(session, "logs", budget=budget)
    offered = {group.name: found.formats(group) for group in found.groups if group.region == logs.region}
    try:
        every = [one["logGroupName"] for one in islice(logs.pages("DescribeLogGroups", "logGroups"), MOST)]
    except AccessDeniedError:
        every = []
    return {**offered, **{name: () for name in every if name not in offered}}
