"""The rules in force: what becomes of a scenario's records once somebody has changed the VPC's rules.

The scenario was made with its own rules in mind. Where EC2's rules are others by now, each record that is still to be
made is judged under both, and where they differ it is what the rules of the moment say. All others stay as they are,
byte by byte. Traffic itself does not change: a client that is let in does not begin to talk.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.network.judging.engine import NO, YES, judge
from rejectkit.network.model import Network
from rejectkit.network.packets import EGRESS, INGRESS, Packets
from rejectkit.sandbox.playing.traffic import SYN_ACK
from rejectkit.sandbox.vpc.describe import network_json

if TYPE_CHECKING:
    from rejectkit.sandbox.playing.scenario import Scenario
    from rejectkit.sandbox.world import World

Codes = npt.NDArray[np.int8]

AS_IT_WAS, ACCEPTED, REFUSED, NEVER = 0, 1, 2, 3
"""What becomes of a record: nothing new; it is let pass; it is refused; it is an answer to what was refused."""

_CLIENTS: Final = 32768  # where no packet of a flow has SYN: its client's port is above, its server's below
_MEMBERS: Final = {
    "DescribeVpcs": "Vpcs",
    "DescribeSubnets": "Subnets",
    "DescribeSecurityGroups": "SecurityGroups",
    "DescribeSecurityGroupRules": "SecurityGroupRules",
    "DescribeNetworkAcls": "NetworkAcls",
    "DescribeNetworkInterfaces": "NetworkInterfaces",
}


def rules_now(world: World, region: str) -> Network:
    """Return the network of a region as its EC2 tells it."""
    told: dict[str, Any] = {
        member: world.ask("ec2", operation, region)[member] for operation, member in _MEMBERS.items()
    }
    told["PrefixLists"] = world.ask("ec2", "DescribeManagedPrefixLists", region)["PrefixLists"]
    for one in told["PrefixLists"]:
        asked = {"PrefixListId": one["PrefixListId"]}
        one["Entries"] = world.ask("ec2", "GetManagedPrefixListEntries", region, **asked)["Entries"]
    return Network.from_json(told)


def outcomes(scenario: Scenario, now: Network) -> Codes:
    """Return what becomes of each record of a scenario under the rules of `now`, with the index of `records()`."""
    frame = _packets(scenario)
    found = np.zeros(len(frame), np.int8)
    early = frame["at"].to_numpy() < int(scenario.changed.timestamp())
    before, own = (Network.from_json(network_json(one)) for one in (scenario.network_before, scenario.network))
    for chosen, planted, others in ((early, before, _without_change(now, before, own)), (~early, own, now)):
        rows = np.flatnonzero(chosen & frame["known"].to_numpy(bool))
        if len(rows):
            found[rows] = _compared(planted, others, frame.iloc[rows])
    return found


def _compared(planted: Network, now: Network, frame: pd.DataFrame) -> Codes:
    """Return what becomes of records whose rules were `planted` and are `now`."""
    before, after = (judge(one, Packets.of(one, frame)) for one in (planted, now))
    asked = _requests(frame)
    let_before, let_after = (judge(one, Packets.of(one, asked)).allowed for one in (planted, now))
    refused, answers = frame["refused"].to_numpy(bool), frame["reply"].to_numpy(bool)
    found = np.zeros(len(frame), np.int8)
    found[refused & (before.allowed == NO) & (after.allowed == YES)] = ACCEPTED
    found[~refused & (before.allowed == YES) & (after.allowed == NO)] = REFUSED
    found[answers & (let_before == YES) & (let_after == NO)] = NEVER
    return found


def _packets(scenario: Scenario) -> pd.DataFrame:
    """Return the scenario's records as packets; `known` are those of a flow, `at` is when they began."""
    records = scenario.records()
    flags = records["tcpFlags"].fillna(0).astype(int)
    flow = ["interfaceId", "flowDirection", "pktSrcAddr", "pktDstAddr", "srcPort", "dstPort", "protocol"]
    opened = (flags & SYN_ACK).groupby([records[name] for name in flow], dropna=False).transform("max")
    by_ports = (records["srcPort"] < _CLIENTS) & (records["dstPort"] >= _CLIENTS)
    answers = opened.eq(SYN_ACK) | (opened.eq(0) & by_ports.fillna(False))
    return pd.DataFrame(
        {
            "interfaceId": records["interfaceId"],
            "direction": records["flowDirection"].fillna(INGRESS),
            "srcAddr": records["pktSrcAddr"],
            "dstAddr": records["pktDstAddr"],
            "srcPort": records["srcPort"],
            "dstPort": records["dstPort"],
            "protocol": records["protocol"],
            "reply": answers & records["protocol"].isin([6, 17]),
            "refused": records["action"].eq("REJECT").fillna(False).astype(bool),
            "known": records["action"].notna(),
            "at": scenario.starts,
        }
    )


def _requests(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what each record's packet answers, if it is an answer: the same flow the other way round."""
    return pd.DataFrame(
        {
            "interfaceId": frame["interfaceId"],
            "direction": np.where(frame["direction"].eq(EGRESS), INGRESS, EGRESS),
            "srcAddr": frame["dstAddr"],
            "dstAddr": frame["srcAddr"],
            "srcPort": frame["dstPort"],
            "dstPort": frame["srcPort"],
            "protocol": frame["protocol"],
        },
        index=frame.index,
    )


def _without_change(now: Network, before: Network, own: Network) -> Network:
    """Return the rules without the entries that the scenario itself adds in its window, where they are there still."""
    added = {(acl.id, entry) for acl in own.acls for entry in set(acl.entries) - set(before.acl_of[acl.id].entries)}
    acls = (
        replace(acl, entries=tuple(entry for entry in acl.entries if (acl.id, entry) not in added)) for acl in now.acls
    )
    return replace(now, acls=tuple(acls))
