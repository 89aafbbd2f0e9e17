"""Where Athena's queries run: the work group, and the place in S3 for their results, found or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from rejectkit.aws import Service, place_of
from rejectkit.errors import AccessDeniedError, ArgumentError, AwsError, MissingResourceError, RefusedError

PRIMARY: Final = "primary"
MOST_ASKED: Final = 10  # work groups that are looked at for one with a place for results
_OLD = "Athena engine version 2"


@dataclass(frozen=True, slots=True)
class Setting:
    """A work group, as far as a query needs it.

    Attributes
    ----------
    workgroup : str
        Its name.
    output : str or None
        Where results go, as `s3://bucket/folder/`; None where Athena keeps them itself.
    given : bool
        Whether each query has to name the place.
    managed : bool
        Athena keeps the results itself: they are read from its pages.
    cutoff : int or None
        Bytes that a query may scan before the work group stops it.
    note : str
        What the user is to be told; may be empty.
    """

    workgroup: str
    output: str | None
    given: bool = False
    managed: bool = False
    cutoff: int | None = None
    note: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """Those of StartQueryExecution."""
        place = {"ResultConfiguration": {"OutputLocation": self.output}} if self.given else {}
        return {"WorkGroup": self.workgroup, **place}


def check_output(output: str | None) -> str | None:
    """Return a place for results as it is sent, or None where none is given.

    Raises
    ------
    ArgumentError
        If it is no place in S3.
    """
    if output is None:
        return None
    bucket, prefix = place_of(output)
    return f"s3://{bucket}/{prefix.rstrip('/')}{'/' if prefix.rstrip('/') else ''}"


def setting(service: Service, workgroup: str | None = None, output: str | None = None) -> Setting:
    """Return where queries run and their results go, from what the work group says.

    Parameters
    ----------
    service : Service
        Athena.
    workgroup : str, optional
        Its name; `primary`, which every account has, where it is left out.
    output : str, optional
        A place for results, from `check_output`; the work group's where it is left out. One that the work group
        enforces wins over it.

    Raises
    ------
    ArgumentError
        If there is no place for results, or the work group cannot run queries.
    MissingResourceError
        If there is no such work group.
    AwsError
        If AWS refuses; not where only the work group may not be read, and a place is given.
    """
    name = workgroup or PRIMARY
    try:
        told = service.call("GetWorkGroup", WorkGroup=name)["WorkGroup"]
    except AccessDeniedError:
        if output is None:
            raise
        return Setting(name, output, given=True, note=f"the work group {name!r} may not be read (athena:GetWorkGroup)")
    except RefusedError as error:
        if "not found" not in error.message.lower():
            raise
        raise _missing(service, name, error) from error
    found = _read(name, told)
    if told.get("State") == "DISABLED":
        raise ArgumentError(
            f"the Athena work group {name!r} is disabled; enable it, or give another one: {_listed(_places(service))}"
        )
    enforced = bool(told.get("Configuration", {}).get("EnforceWorkGroupConfiguration"))
    if found.managed:
        note = f"the work group {name!r} keeps results in Athena, not in {output}" if output else ""
        return replace(found, note=note)
    if output is not None and not (enforced and found.output):
        return replace(found, output=output, given=True)
    if output is not None and check_output(found.output) != output:
        return replace(found, note=f"the work group {name!r} enforces its own place for results, not {output}")
    if found.output is None:
        raise ArgumentError(
            f"the Athena work group {name!r} has no place for results, and none was given; give "
            "output='s3://your-bucket/athena/', or a work group that has one as workgroup=: "
            f"{_listed(_places(service))}"
        )
    return found


def _read(name: str, told: Mapping[str, Any]) -> Setting:
    """Return what GetWorkGroup says.

    Raises
    ------
    ArgumentError
        If its engine is one that the SQL is not for.
    """
    config = told.get("Configuration", {})
    engine = str(config.get("EngineVersion", {}).get("EffectiveEngineVersion") or "")
    if engine == _OLD or (engine and not engine.startswith("Athena")):
        raise ArgumentError(
            f"the Athena work group {name!r} runs {engine!r}, and the SQL here is for 'Athena engine version 3'; "
            "change the work group's engine, or give another work group"
        )
    return Setting(
        workgroup=name,
        output=config.get("ResultConfiguration", {}).get("OutputLocation") or None,
        managed=bool(config.get("ManagedQueryResultsConfiguration", {}).get("Enabled")),
        cutoff=config.get("BytesScannedCutoffPerQuery"),
    )


def _missing(service: Service, name: str, error: RefusedError) -> MissingResourceError:
    return MissingResourceError(
        f"there is no Athena work group {name!r} in {service.region} ({error.message}); check its name and the region; "
        f"with a place for results there is {_listed(_places(service))}",
        code=error.code,
        operation=error.operation,
        action=error.action,
        message=error.message,
    )


def _places(service: Service) -> dict[str, str]:
    """Return the work groups that have a place for results, of the first few that may run queries."""
    found: dict[str, str] = {}
    try:
        groups = [one for one in service.pages("ListWorkGroups", "WorkGroups") if one.get("State") != "DISABLED"]
        for one in islice(groups, MOST_ASKED):
            try:
                read = _read(one["Name"], service.call("GetWorkGroup", WorkGroup=one["Name"])["WorkGroup"])
            except (AccessDeniedError, ArgumentError):
                continue
            if read.output or read.managed:
                found[read.workgroup] = read.output or "kept by Athena"
    except AwsError:  # only for the sentence
        pass
    return found


def _listed(places: Mapping[str, str]) -> str:
    return ", ".join(f"{name!r} ({place})" for name, place in places.items()) or "none that may be seen"
