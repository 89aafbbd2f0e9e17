"""AthenaTable: the table over the flow logs of a bucket, as a value: its DDL to review, its plan to apply."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.pacing import Budget
from rejectkit.plans import Plan
from rejectkit.records import LogFormat
from rejectkit.sources.athena import delivered, deploying
from rejectkit.sources.athena.ddl import ddl
from rejectkit.sources.athena.definition import LAZY, MARK, PARQUET, Definition, hive_name, hive_type
from rejectkit.sources.athena.layoutkeys import keys_of
from rejectkit.sources.partitions import Layout

SINCE: Final = date(2021, 1, 1)

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,254}")
_BUCKET = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True)
class AthenaTable:
    """A table over flow logs that AWS delivers to a bucket.

    Parameters
    ----------
    database, name : str
        Lower-case letters, digits, `_` and `-`.
    bucket, prefix : str
        Where the flow logs are delivered to: the prefix is what stands before `AWSLogs`; slashes at its ends do not
        count.
    accounts, regions : str or iterable of str
        Whose flow logs, and of where: account ids and codes such as `eu-west-1`.
    format : LogFormat
        The fields of the files, in their order.
    parquet, hive, per_hour : bool
        The flow log's destination options: files of Parquet, Hive-compatible prefixes, prefixes of hours.
    since : date
        The first day that is asked for.
    projection : bool
        Whether Athena works the partitions out from the table's properties; else they have to be registered by
        MSCK REPAIR TABLE, again and again, which only Hive-compatible prefixes allow.
    comment : str
        What the table is, for people.

    Raises
    ------
    ArgumentError
        If one of them cannot be that.

    Notes
    -----
    The partition keys are `accid`, `region` and `day` (or `hour`, of a day and its hour), as in AWS's own examples,
    and those of the folders where they are Hive-compatible. A key gives way to a field of its name, `region` say, and
    is `region_key`: text is read by its columns' order, so no field can be left out (*inferred*).

    Examples
    --------
    >>> table = AthenaTable("logs", "vpc", "my-flow-logs", accounts="123456789012", regions="eu-west-1")
    >>> print(table.layout.folder("123456789012", "eu-west-1"))
    s3://my-flow-logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/
    >>> print(table.ddl().splitlines()[0])
    CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`vpc` (
    """

    database: str
    name: str
    bucket: str
    prefix: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    format: LogFormat = LogFormat.default()  # noqa: RUF009  # a frozen value
    parquet: bool = False
    hive: bool = False
    per_hour: bool = False
    since: date = SINCE
    projection: bool = True
    comment: str = "VPC flow logs, by rejectkit"

    def __init__(  # one argument a fact
        self,
        database: str,
        name: str,
        bucket: str,
        prefix: str = "",
        *,
        accounts: str | Iterable[str],
        regions: str | Iterable[str],
        format: LogFormat | None = None,  # AWS's term
        parquet: bool = False,
        hive: bool = False,
        per_hour: bool = False,
        since: date = SINCE,
        projection: bool = True,
        comment: str = "VPC flow logs, by rejectkit",
    ) -> None:
        """Check what is given."""
        values = {
            "database": _checked(database, _NAME, "database", "lower-case letters, digits, _ and -"),
            "name": _checked(name, _NAME, "name", "lower-case letters, digits, _ and -"),
            "bucket": _checked(bucket, _BUCKET, "bucket", "the name of a bucket alone, such as 'my-flow-logs'"),
            "prefix": _prefix(prefix),
            "accounts": _several(accounts, _ACCOUNT, "accounts", "ids of 12 digits, as text"),
            "regions": _several(regions, _REGION, "regions", "codes such as 'eu-west-1'"),
            "format": LogFormat.default() if format is None else format,
            "parquet": parquet,
            "hive": hive,
            "per_hour": per_hour,
            "since": since,
            "projection": projection,
            "comment": comment,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        if not isinstance(since, date):
            raise ArgumentError(f"since is {since!r}; give a date, for example datetime.date(2026, 1, 1)")
        if not isinstance(self.format, LogFormat):
            raise ArgumentError(
                f"format is {format!r}; give a LogFormat, for example LogFormat.parse('${{version}} …')"
            )
        if not projection and not hive:
            raise ArgumentError(
                "projection=False needs hive=True: MSCK REPAIR TABLE finds partitions in Hive-compatible prefixes only;"
                " leave projection as it is"
            )
        self.definition()

    @classmethod
    def of_flow_log(
        cls,
        session: Any,
        flow_log_id: str,
        database: str = "default",
        name: str = "vpc_flow_logs",
        *,
        accounts: str | Iterable[str] | None = None,
        regions: str | Iterable[str] | None = None,
        region: str | None = None,
        budget: Budget | None = None,
        **more: Any,
    ) -> AthenaTable:
        """Return the table over what a flow log delivers to S3; calls ec2:DescribeFlowLogs.

        Parameters
        ----------
        session : boto3.Session
            The account of the flow log.
        flow_log_id : str
            `fl-…`.
        database, name : str
            Of the table.
        accounts, regions : str or iterable of str, optional
            The session's account, and the flow log's region, where they are left out.
        region : str, optional
            Of the flow log; the session's if left out.
        budget : Budget, optional
            How fast AWS may be called.
        **more
            `since` (the day the flow log was made, if left out), `projection` and `comment`.

        Raises
        ------
        MissingResourceError
            If there is no such flow log.
        ArgumentError
            If it does not deliver to S3.
        AwsError
            If EC2 does not tell.
        """
        told = delivered.read(session, flow_log_id, region, budget)
        return cls(
            database,
            name,
            told.bucket,
            told.prefix,
            accounts=told.account if accounts is None else accounts,
            regions=told.region if regions is None else regions,
            format=told.format,
            parquet=told.parquet,
            hive=told.hive,
            per_hour=told.per_hour,
            **({"since": told.since} if told.since else {}) | more,
        )

    @property
    def layout(self) -> Layout:
        """Where its files are."""
        folder = f"{self.prefix}/AWSLogs" if self.prefix else "AWSLogs"
        return Layout(f"s3://{self.bucket}/{folder}", self.accounts, self.regions, self.hive, self.per_hour)

    def definition(self) -> Definition:
        """Return what it is made with."""
        columns = tuple((hive_name(field), hive_type(field)) for field in self.format.fields)
        names = [name for name, _ in columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ArgumentError(f"two fields of the format would be the column {twice!r}; Athena takes no capitals")
        keys, properties = keys_of(self.layout, self.since, names)
        if not self.projection and any(key.endswith("_key") and key not in names for key, _ in keys):
            raise ArgumentError(
                "the format has a field that is named like a folder: without projection the partition key has to have "
                "that name; leave projection as it is"
            )
        head = {} if self.parquet else {"skip.header.line.count": "1"}
        mark = {MARK: f"{self.database}.{self.name}"}
        return Definition(
            self.database,
            self.name,
            columns,
            keys,
            self.layout.base + "/",
            PARQUET if self.parquet else LAZY,
            head | (properties if self.projection else {}) | mark,
            self.comment,
        )

    def ddl(self) -> str:
        """Return the statement that makes it, to review, or to run in Athena.

        Without projection a second statement registers the partitions that are there; run it again for later ones.
        """
        return ddl(self.definition(), repair=not self.projection)

    def plan(self, session: Any, *, region: str | None = None, budget: Budget | None = None) -> Plan:
        """Return what is to be done so that Glue has the table; nothing is changed.

        It is done by glue:CreateDatabase and glue:CreateTable, not by a statement of Athena: the call is typed, needs
        no quoting, no work group and no place for results, and costs nothing. `ddl` is the same as a statement.

        Parameters
        ----------
        session : boto3.Session
            The account.
        region : str, optional
            Of the table, which is the one Athena is asked in; the session's if left out.
        budget : Budget, optional
            How fast AWS may be called.

        Returns
        -------
        Plan
            The database where there is none, and the table. Where another table has its name, its differences are
            shown and it is replaced only with a yes (`apply(confirm=True)`): the files stay, they are not its own.

        Raises
        ------
        AwsError
            If Glue does not tell what there is.
        """
        return deploying.plan(self.definition(), session, region=region, budget=budget)

    def teardown(self, session: Any, *, region: str | None = None, budget: Budget | None = None) -> Plan:
        """Return what is to be done so that Glue has the table no longer; nothing is changed.

        Parameters are those of `plan`. A table that rejectkit did not make is removed only with a yes, and so is the
        database that it made, if nothing else is in it. The files stay.
        """
        return deploying.teardown(self.definition(), session, region=region, budget=budget)


def _checked(value: object, pattern: re.Pattern[str], what: str, kind: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ArgumentError(f"{what} is {value!r}; give {kind}")
    return value


def _several(values: object, pattern: re.Pattern[str], what: str, kind: str) -> tuple[str, ...]:
    given = (values,) if isinstance(values, str) else tuple(values) if isinstance(values, Iterable) else ()
    if not given:
        raise ArgumentError(f"{what} is {values!r}; give {kind}")
    return tuple(dict.fromkeys(_checked(one, pattern, what, kind) for one in given))


def _prefix(prefix: object) -> str:
    if not isinstance(prefix, str) or not prefix.isprintable() or "${" in prefix or prefix.startswith("s3:"):
        raise ArgumentError(f"prefix is {prefix!r}; give what stands between the bucket's name and AWSLogs")
    plain = prefix.strip("/")
    if "AWSLogs" in plain.split("/"):
        raise ArgumentError(f"prefix is {prefix!r}; leave out AWSLogs and what is below, AWS adds it")
    return plain
