"""A network as it shows itself: counts of what is in it, where and when."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rejectkit.network.model import Network


def text(network: Network) -> str:
    """Return how much of each there is, and where and when, on one line."""
    where = ", ".join(part for part in (network.region, network.account) if part)
    when = f"read {network.at:%Y-%m-%d %H:%M:%S} UTC" if network.at else ""
    said = "; ".join(part for part in (where, when) if part)
    counts = ", ".join(f"{count} {what}" for what, count in _counts(network))
    return f"{counts or 'nothing'}{f' ({said})' if said else ''}"


def html(network: Network) -> str:
    """Return the same as HTML, with the counts as a table; every text is escaped."""
    rows = "".join(f'<tr><th scope="row">{what}</th><td>{count:,}</td></tr>' for what, count in _counts(network))
    return f"<div><p>{escape(text(network))}</p><table>{rows}</table></div>"


def _counts(network: Network) -> list[tuple[str, int]]:
    counts = {
        "VPC": len(network.vpcs),
        "subnet": len(network.subnets),
        "interface": len(network.interfaces),
        "security group": len(network.groups),
        "group rule": sum(len(one.rules) for one in network.groups),
        "network ACL": len(network.acls),
        "ACL rule": sum(len(one.entries) for one in network.acls),
        "prefix list": len(network.prefix_lists),
    }
    return [(what if count == 1 else f"{what}s", count) for what, count in counts.items() if count]
