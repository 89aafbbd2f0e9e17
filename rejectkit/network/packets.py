"""Packets: one as a value, many as arrays with an element each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from ipaddress import ip_address
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring.networks import Addresses
from rejectkit.network.model import Network

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

UNKNOWN: Final = -1
"""A port, protocol, ICMP type or code that is not known; the position of an interface that is not in the network."""

INGRESS, EGRESS = "ingress", "egress"
_LIMITS: Final = {"srcPort": 65535, "dstPort": 65535, "protocol": 255, "icmpType": 255, "icmpCode": 255}


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet at a network interface; to a security group, the first of its flow.

    Attributes
    ----------
    interfaceId : str
        Interface at which it is judged.
    direction : {"ingress", "egress"}
        As seen from the interface.
    srcAddr, dstAddr : str
        IPv4 or IPv6 addresses; the interface's own side as records show it.
    srcPort, dstPort : int or None
        Ports; nothing to a protocol that has none. None where unknown.
    protocol : int or None
        IANA number; 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6. None where unknown: then ports, type and code are too.
    icmpType, icmpCode : int or None
        Of ICMP; None where unknown, as they are in flow logs.
    reply : bool
        Whether it answers a flow that a group has let pass the other way: then only network ACLs are asked.

    Raises
    ------
    ArgumentError
        If the direction, an address or a number cannot be.

    Examples
    --------
    >>> Packet("eni-1", "ingress", "198.51.100.7", "10.0.0.5", 40000, 22, 6).dstPort
    22
    """

    interfaceId: str
    direction: str
    srcAddr: str
    dstAddr: str
    srcPort: int | None = None
    dstPort: int | None = None
    protocol: int | None = None
    icmpType: int | None = None
    icmpCode: int | None = None
    reply: bool = False

    def __post_init__(self) -> None:
        if self.direction not in (INGRESS, EGRESS):
            raise ArgumentError(f"direction {self.direction!r} cannot be; a packet is 'ingress' or 'egress'")
        for name in ("srcAddr", "dstAddr"):
            text = getattr(self, name)
            if not _is_address(text):
                raise ArgumentError(f"{name} {text!r} is not an address; write it like '10.0.0.7' or '2001:db8::7'")
        for name, most in _LIMITS.items():
            number = getattr(self, name)
            whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
            if number is not None and not (whole and 0 <= number <= most):
                raise ArgumentError(f"{name} {number!r} cannot be; it is a whole number from 0 to {most}, or None")


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets as arrays, one element per packet; to a security group, each is the first of its flow.

    Attributes
    ----------
    interface : array of int32
        Position in `network.interfaces`; UNKNOWN for one that is not there.
    egress : array of bool
        Whether it leaves the interface.
    own, peer : array of int32
        The interface's address and the other end's: positions in `places`.
    places : Addresses
        The distinct addresses.
    src_port, dst_port, protocol, icmp_type, icmp_code : array of int32
        UNKNOWN where not known. ICMP's ports mean nothing.
    reply : array of bool
        Whether it belongs to a flow that a group has let pass the other way: groups are not asked.
    names : array of object
        The distinct addresses as text, in the order of `places`.
    """

    interface: Ints
    egress: Bools
    own: Ints
    peer: Ints
    places: Addresses
    src_port: Ints
    dst_port: Ints
    protocol: Ints
    icmp_type: Ints
    icmp_code: Ints
    reply: Bools
    names: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.interface)

    @classmethod
    def of(cls, network: Network, frame: pd.DataFrame) -> Packets:
        """Return a frame's packets, one a row.

        Parameters
        ----------
        network : Network
            Whose interfaces the positions are of.
        frame : DataFrame
            Columns interfaceId, direction (`ingress` or `egress`), srcAddr, dstAddr, srcPort, dstPort, protocol; may
            have reply (bool), icmpType, icmpCode. A number that is missing, or -1, is not known. Text that is no
            address is nobody's: its packet cannot be told.

        Raises
        ------
        ArgumentError
            If a column is missing, a direction is another word, or a number cannot be.
        """
        needed = ["interfaceId", "direction", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol"]
        lacking = [name for name in needed if name not in frame.columns]
        if lacking:
            raise ArgumentError(f"packets need the columns {', '.join(needed)}; missing: {', '.join(lacking)}")
        egress = _egress(frame["direction"])
        codes, ids = _distinct(frame["interfaceId"])
        position = {one.id: at for at, one in enumerate(network.interfaces)}
        interface = np.array([position.get(name, UNKNOWN) for name in ids] + [UNKNOWN], np.int32)[codes]
        src_codes, src_names = _distinct(frame["srcAddr"])
        dst_codes, dst_names = _distinct(frame["dstAddr"])
        nobody = "-"
        merged, names = pd.factorize(np.array([*src_names, nobody, *dst_names, nobody], object))
        src = merged[: len(src_names) + 1].astype(np.int32)[src_codes]
        dst = merged[len(src_names) + 1 :].astype(np.int32)[dst_codes]
        numbers = {name: _numbers(frame, name, most) for name, most in _LIMITS.items()}
        return cls(
            interface=interface,
            egress=egress,
            own=np.where(egress, src, dst),
            peer=np.where(egress, dst, src),
            places=Addresses.parse([str(name) for name in names]),
            src_port=numbers["srcPort"],
            dst_port=numbers["dstPort"],
            protocol=numbers["protocol"],
            icmp_type=numbers["icmpType"],
            icmp_code=numbers["icmpCode"],
            reply=_truths(frame, "reply"),
            names=names,
        )

    def taken(self, rows: Any) -> Packets:
        """Return the packets at some positions (or where a mask is true); they share the addresses."""
        shared = ("places", "names")
        arrays = [one.name for one in fields(self) if one.name not in shared]
        return Packets(places=self.places, names=self.names, **{name: getattr(self, name)[rows] for name in arrays})


def _is_address(text: object) -> bool:
    try:
        return isinstance(text, str) and "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


def _distinct(column: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Return each element's position among the distinct values, -1 where it is missing; and those values."""
    codes, values = pd.factorize(column)
    return codes, [str(value) for value in values]


def _egress(column: pd.Series) -> Bools:
    """Return whether each packet leaves; refuse words that say neither."""
    codes, values = _distinct(column)
    wrong = next((value for value in values if value not in (INGRESS, EGRESS)), None)
    if wrong is not None or (codes < 0).any():
        shown = "a missing direction" if wrong is None else f"direction {wrong!r}"
        raise ArgumentError(f"{shown} cannot be; each packet is 'ingress' or 'egress', as seen from its interface")
    return np.array([value == EGRESS for value in values] + [False], np.bool_)[codes]


def _truths(frame: pd.DataFrame, name: str) -> Bools:
    """Return a column of truth values, false where one is missing or there is no such column."""
    if name not in frame.columns:
        return np.zeros(len(frame), np.bool_)
    try:
        return frame[name].astype("boolean").to_numpy(np.bool_, na_value=False)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"column {name!r} holds something that is neither true nor false: {error}") from error


def _numbers(frame: pd.DataFrame, name: str, most: int) -> Ints:
    """Return a column of whole numbers, UNKNOWN where one is missing."""
    if name not in frame.columns:
        return np.full(len(frame), UNKNOWN, np.int32)
    column = frame[name]
    if pd.api.types.is_integer_dtype(column.dtype):
        if pd.api.types.is_unsigned_integer_dtype(column.dtype) and (column > most).any():  # int64 would wrap it
            raise ArgumentError(f"{name} {column.max()} cannot be; it is a whole number from 0 to {most}, or missing")
        values: npt.NDArray[Any] = column.to_numpy(np.int64, na_value=UNKNOWN)
    else:
        try:
            values = pd.to_numeric(column).to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"column {name!r} holds something that is not a number: {error}") from error
        values = np.where(np.isnan(values), UNKNOWN, values)
    wrong = (values < UNKNOWN) | (values > most)
    if values.dtype.kind == "f":
        wrong |= values != np.floor(values)
    if wrong.any():
        raise ArgumentError(f"{name} {values[wrong][0]:g} cannot be; it is a whole number from 0 to {most}, or missing")
    return values.astype(np.int32)
