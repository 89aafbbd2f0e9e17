"""The flow-log fields that the scenario knows: one row each, from aggregated rows to Python values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from rejectkit.records import LogFormat, by_name
from rejectkit.sandbox.playing.aggregation import OK, Rows
from rejectkit.sandbox.playing.dice import CHECKERS, S3, Ints, address, address_text
from rejectkit.sandbox.playing.layout import REGION, Interface, Layout, zone_id

Column = npt.NDArray[Any]


def field_values(network: Layout, rows: Rows, name: str, log_format: LogFormat) -> Column:
    """Return one field of all records as Python values, None for null.

    `version` is the highest that brought one of the format's fields; a field that is not known is null.
    """
    if name == "version":
        newest = max((by_name[field].since for field in log_format.fields if field in by_name), default=2)
        return np.full(len(rows.eni), newest, np.object_)
    known = _FIELDS.get(name)
    return np.full(len(rows.eni), None, np.object_) if known is None else known(network, rows)


Field = Callable[[Layout, Rows], Column]


def _of_flow(values: Callable[[Layout, Rows], Column]) -> Field:
    """Return a field that NODATA and SKIPDATA records have not got."""

    def field(network: Layout, rows: Rows) -> Column:
        column = values(network, rows).astype(np.object_)
        column[rows.status != OK] = None
        return column

    return field


def _of_interface(value: Callable[[Layout, Interface], str | None]) -> Field:
    """Return a field that an interface's records share."""

    def field(network: Layout, rows: Rows) -> Column:
        return _chosen(rows.eni, [value(network, one) for one in network.interfaces])

    return field


def _chosen(numbers: Ints, values: list[str | None]) -> Column:
    return np.array(values, np.object_)[numbers]


def _addresses(numbers: Ints) -> Column:
    found, inverse = np.unique(numbers, return_inverse=True)
    return np.array([address_text(number) for number in found.tolist()], np.object_)[inverse]


def _service(numbers: Ints) -> Column:
    place = np.where(numbers >> 15 == S3 >> 15, 1, np.where(numbers >> 14 == CHECKERS >> 14, 2, 0))
    return _chosen(place, [None, "S3", "ROUTE53_HEALTHCHECKS"])


def _family(network: Layout, rows: Rows) -> Column:
    return _chosen((rows.pkt_source >= 1 << 32).astype(np.int64), ["IPv4", "IPv6"])


def _way_out(network: Layout, rows: Rows) -> Column:
    """Return the path of accepted egress: 1 inside the VPC, 3 VPN, 8 internet gateway."""
    public = np.array([network.subnet(one).name.startswith("public") for one in network.interfaces])
    path = np.where(public[rows.eni], 8, 1)  # from elsewhere the way leads through the NAT gateway
    for cidr, number in [(network.cidr, 1), *((cidr, 3) for cidr in network.on_premises)]:
        base, _, length = cidr.partition("/")
        shift = 32 - int(length)
        path = np.where(rows.pkt_target >> shift == address(base) >> shift, number, path)
    column = path.astype(np.object_)
    column[(rows.egress == 0) | (rows.refused == 1)] = None
    return column


_FIELDS: dict[str, Field] = {
    "account-id": _of_interface(lambda network, one: network.account),
    "interface-id": _of_interface(lambda network, one: one.id),
    "srcaddr": _of_flow(lambda network, rows: _addresses(rows.source)),
    "dstaddr": _of_flow(lambda network, rows: _addresses(rows.target)),
    "srcport": _of_flow(lambda network, rows: rows.sport),
    "dstport": _of_flow(lambda network, rows: rows.dport),
    "protocol": _of_flow(lambda network, rows: rows.protocol),
    "packets": _of_flow(lambda network, rows: rows.packets),
    "bytes": _of_flow(lambda network, rows: rows.bytes),
    "start": lambda network, rows: rows.start.astype(np.object_),
    "end": lambda network, rows: rows.end.astype(np.object_),
    "action": _of_flow(lambda network, rows: _chosen(rows.refused, ["ACCEPT", "REJECT"])),
    "log-status": lambda network, rows: _chosen(rows.status, ["OK", "NODATA", "SKIPDATA"]),
    "vpc-id": _of_interface(lambda network, one: network.vpc),
    "subnet-id": _of_interface(lambda network, one: one.subnet),
    "instance-id": _of_interface(lambda network, one: one.instance),
    "tcp-flags": _of_flow(lambda network, rows: rows.flags),
    "type": _of_flow(_family),
    "pkt-srcaddr": _of_flow(lambda network, rows: _addresses(rows.pkt_source)),
    "pkt-dstaddr": _of_flow(lambda network, rows: _addresses(rows.pkt_target)),
    "region": _of_interface(lambda network, one: REGION),
    "az-id": _of_interface(lambda network, one: zone_id(network.subnet(one))),
    "pkt-src-aws-service": _of_flow(lambda network, rows: _service(rows.pkt_source)),
    "pkt-dst-aws-service": _of_flow(lambda network, rows: _service(rows.pkt_target)),
    "flow-direction": _of_flow(lambda network, rows: _chosen(rows.egress, ["ingress", "egress"])),
    "traffic-path": _of_flow(_way_out),
}
