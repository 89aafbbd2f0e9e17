"""Flow records as numbers: what the rules of `classify` look at, and which end is the interface's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring.ends import EGRESS, INGRESS, NONE, UNKNOWN, Bools, Ints, tell_ends
from rejectkit.exploring.networks import PRIVATE, Addresses
from rejectkit.exploring.words import listing
from rejectkit.records import by_column

__all__ = ["EGRESS", "INGRESS", "NONE", "REQUIRED", "UNKNOWN", "Bools", "Flows", "Ints", "need"]

REQUIRED = (
    "srcAddr",
    "dstAddr",
    "srcPort",
    "dstPort",
    "protocol",
    "interfaceId",
    "packets",
    "bytes",
    "action",
)


@dataclass(frozen=True, slots=True)
class Flows:
    """Records with an action and two addresses, one element per record; `NONE` where a value is missing.

    Attributes
    ----------
    row : array of int
        Position of the record in the table it came from.
    reject : array of bool
        REJECT, else ACCEPT.
    src, dst, who : array of int
        Addresses as positions in `names`; `who` is the packet's own source where the record has it, else
        `src`.
    names : array of str
        Distinct addresses in text order; `places` and `kinds` are theirs.
    interface : array of int
        Interfaces as positions in `interfaces`, which holds their ids in text order.
    src_port, dst_port, protocol, packets, bytes, flags : array of int
        As recorded; a port or protocol that cannot be one is missing.
    start, end : array of int
        Seconds since the epoch.
    said : array of int
        INGRESS or EGRESS where the record says so itself.
    service : array of object
        AWS range of the packet's source where the record has it, else empty text.
    """

    row: Ints
    reject: Bools
    src: Ints
    dst: Ints
    who: Ints
    names: npt.NDArray[np.object_]
    places: Addresses
    kinds: npt.NDArray[np.int8]
    interface: Ints
    interfaces: npt.NDArray[np.object_]
    src_port: Ints
    dst_port: Ints
    protocol: Ints
    packets: Ints
    bytes: Ints
    flags: Ints
    start: Ints
    end: Ints
    said: Ints
    service: npt.NDArray[np.object_]

    @classmethod
    def of(cls, records: pd.DataFrame) -> Flows:
        """Return a table's records as numbers.

        Raises
        ------
        ArgumentError
            If it is not a table, or columns are missing; it names them and the log fields they come from.
        """
        if not isinstance(records, pd.DataFrame):
            raise ArgumentError(f"records are a {type(records).__name__}, not a DataFrame as source.records() gives")
        need(records.columns)
        if "@timestamp" not in records and "start" not in records:
            raise ArgumentError("the records have neither @timestamp nor start; take them from source.records()")
        acted = records["action"].isin(("ACCEPT", "REJECT"))
        acted &= records["srcAddr"].notna() & records["dstAddr"].notna()
        row = np.flatnonzero(acted.to_numpy(dtype=bool))
        part = records.iloc[row] if len(row) < len(records) else records
        ends = [part["srcAddr"].astype("str"), part["dstAddr"].astype("str")]
        if "pktSrcAddr" in part:
            ends.append(part["pktSrcAddr"].astype("str"))
        codes, names = pd.factorize(pd.concat(ends, ignore_index=True), sort=True)
        places = Addresses.parse(list(names))
        n = len(row)
        src, dst = codes[:n].astype(np.int64), codes[n : 2 * n].astype(np.int64)
        packet = codes[2 * n :].astype(np.int64) if len(ends) == 3 else src
        start = _seconds(part["@timestamp"] if "@timestamp" in part else part["start"])
        end = np.maximum(_ints(part["end"]), start) if "end" in part else start
        said = np.zeros(n, np.int64)
        if "flowDirection" in part:
            said[(part["flowDirection"] == "ingress").fillna(False).to_numpy(dtype=bool)] = INGRESS
            said[(part["flowDirection"] == "egress").fillna(False).to_numpy(dtype=bool)] = EGRESS
        interface, interfaces = pd.factorize(part["interfaceId"].astype("str"), sort=True)
        service = np.full(n, "", object)
        if "pktSrcAwsService" in part:
            service = part["pktSrcAwsService"].astype("str").fillna("").to_numpy(dtype=object)
        return cls(
            row=row.astype(np.int64),
            reject=(part["action"] == "REJECT").to_numpy(dtype=bool),
            src=src,
            dst=dst,
            who=np.where(packet == NONE, src, packet),
            names=np.asarray(names, dtype=object),
            places=places,
            kinds=places.kinds(),
            interface=interface.astype(np.int64),
            interfaces=np.asarray(interfaces, dtype=object),
            src_port=_within(_ints(part["srcPort"]), 65535),
            dst_port=_within(_ints(part["dstPort"]), 65535),
            protocol=_within(_ints(part["protocol"]), 255),
            packets=np.maximum(_ints(part["packets"]), 0),
            bytes=np.maximum(_ints(part["bytes"]), 0),
            flags=_within(_ints(part["tcpFlags"]), 255) if "tcpFlags" in part else np.full(n, NONE),
            start=start,
            end=end,
            said=said,
            service=service,
        )

    def directions(self) -> Ints:
        """Return INGRESS, EGRESS or UNKNOWN for each record, as seen from its interface; see `sides`."""
        return self.sides()[0]

    def sides(self) -> tuple[Ints, Bools]:
        """Return each record's direction, and whether it is sure which end is the interface's own.

        As the record says, if it does; else as `tell_ends` infers. Where that does not tell either, private to
        public is outbound, and the reverse inbound.
        """
        told, sure = tell_ends(self.interface, self.src, self.dst, self.places, self.kinds)
        found = np.where(self.said != UNKNOWN, self.said, told)
        private = self.kinds == PRIVATE
        inner, outer = private[self.src], private[self.dst]
        found = np.where((found == UNKNOWN) & inner & ~outer, EGRESS, found)
        found = np.where((found == UNKNOWN) & outer & ~inner, INGRESS, found)
        return found, sure | (self.said != UNKNOWN)

    def own(self, directions: Ints, sure: Bools) -> Bools:
        """Tell for each of `names` whether it is an interface's own; a public one only where that is sure."""
        own = np.zeros(len(self.names), np.bool_)
        for direction, end in ((INGRESS, self.dst), (EGRESS, self.src)):
            there = (self.interface != NONE) & (directions == direction)
            own[end[there & (sure | (self.kinds[end] == PRIVATE))]] = True
        return own


def need(columns: Iterable[str]) -> None:
    """Raise ArgumentError unless the columns have all that the rules look at.

    Examples
    --------
    >>> need(["@timestamp", *REQUIRED])
    """
    names = set(columns)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        fields = " ".join(f"${{{by_column[name].name}}}" for name in missing)
        raise ArgumentError(
            f"the records have no {listing(missing, len(missing))}, so what kind of source each is cannot be told; "
            f"add {fields} to the flow log's format"
        )


def _ints(values: pd.Series) -> Ints:
    """Return whole numbers, NONE for what is none."""
    if values.dtype.kind not in "iu":
        values = pd.to_numeric(values, errors="coerce").astype("Float64").round().astype("Int64")
    return values.to_numpy(dtype=np.int64, na_value=NONE)


def _within(values: Ints, largest: int) -> Ints:
    return np.where((values < 0) | (values > largest), NONE, values)


def _seconds(times: pd.Series) -> Ints:
    """Return times, or seconds since the epoch, as whole seconds; a missing time is 0."""
    if times.dtype.kind not in "Mm" and pd.api.types.is_numeric_dtype(times):
        return np.maximum(_ints(times), 0)
    moments = pd.to_datetime(times, utc=True).dt.as_unit("s")
    return np.where(moments.isna().to_numpy(), 0, moments.astype("int64").to_numpy())
