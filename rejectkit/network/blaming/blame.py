"""Blame: which layer and rule refused each record, how certain that is, and why, in a sentence.

The rules are those of the network, at the moment it was read; the records are of another time. So the accepted
records are evidence: a late packet, a reply, a rule that has changed since. What even they do not settle is
`cannot-tell`, and says why.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.flows import NONE, Flows
from rejectkit.exploring.words import count, moment
from rejectkit.network.blaming.cases import decide
from rejectkit.network.blaming.past import Past
from rejectkit.network.blaming.rules import say
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.blaming.table import Found, as_table
from rejectkit.network.blaming.traces import Traces
from rejectkit.network.blaming.words import read_at
from rejectkit.network.given import check, filled
from rejectkit.network.model import Network
from rejectkit.sources.base import Watch

LAYERS = ("sg-in", "sg-out", "nacl-in", "nacl-out", "nacl-reply", "late", "bpa", "encryption", "cannot-tell")
"""Every layer there is."""


def blame(records: pd.DataFrame, network: Network, *, watch: Watch | None = None) -> pd.DataFrame:
    """Say of each refused record which layer and rule refused it.

    Parameters
    ----------
    records : DataFrame
        Flow records as `source.records(action=None)` gives them. REJECTs are judged; ACCEPTs are evidence, and
        without them less is certain. Needs interfaceId, srcAddr, dstAddr, srcPort, dstPort, protocol, action, and
        start or @timestamp; tcpFlags, flowDirection, end and rejectReason make it surer.
    network : Network
        The rules, interfaces and subnets, as `Network.from_ec2` or `Network.from_json` gives them.
    watch : Watch, optional
        Told how far it is; may cancel.

    Returns
    -------
    DataFrame
        One row per record, its index kept; all null where the record is not a REJECT.

        - `layer` : one of `LAYERS`. `nacl-reply` is a reply refused by a network ACL, in either direction; `late` a
          packet that came after its connection had closed, which no rule is to blame for.
        - `resource` : ids of the interface's security groups joined by blanks, or of the network ACL; null for
          other layers.
        - `rule` : number of the ACL's rule as text (32767 and 32768 are the implicit denies of IPv4 and IPv6);
          `absent` for groups, which cannot refuse but only lack a rule.
        - `certainty` : `certain` (given that the rules were the same then), `likely`, or `cannot tell`.
        - `because` : a sentence; a category.
        - `direction` : ingress or egress as seen from the interface.
        - `peerAddr` : the other end, which rules are about.
        - `port` : the service's port (of a reply the one it comes from), Int64; null where there is none.
        - `also` : the other layer, where it refuses the record too; mending one is then not enough.

        `attrs["told"]` has sentences on what the whole answer stands on.

    Raises
    ------
    ArgumentError
        If a column is missing, or an argument is of another kind.
    QueryCancelledError
        If `watch` was cancelled.

    Notes
    -----
    Inbound a network ACL comes before the groups, outbound after them; where both refuse, the first is named.
    Records show the interface's own side as its primary private IPv4 address; the rules of groups and ACLs are
    about the other end. Source: VPC user guide, "Flow log records", "Flow log record examples" (a reply refused by
    an ACL), "Network ACLs", "Security group connection tracking"; how they are joined is *inferred*.

    Examples
    --------
    >>> from rejectkit.network import Interface, Network, NetworkAcl, SecurityGroup, Subnet, blame
    >>> from rejectkit.records import LogFormat
    >>> network = Network(
    ...     subnets=(Subnet("subnet-1", "vpc-1", ("10.0.2.0/24",)),),
    ...     groups=(SecurityGroup("sg-1", "db"),),
    ...     acls=(NetworkAcl("acl-1", subnets=("subnet-1",)),),
    ...     interfaces=(Interface("eni-1", "subnet-1", "vpc-1", ("10.0.2.9",), groups=("sg-1",)),),
    ... )
    >>> line = "2 1 eni-1 10.0.2.7 10.0.2.9 40001 5432 6 3 180 1793521440 1793521470 REJECT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> answer = blame(table, network)
    >>> print(*answer.loc[0, ["layer", "resource", "rule", "certainty"]])
    sg-in sg-1 absent certain
    """
    check(records, network, "who refused them")
    hand = watch or Watch()
    hand.report(0.0, "reading the records")
    flows = Flows.of(filled(records))
    hand.check()
    hand.report(0.3, "which way each went")
    sides = Sides.of(flows, network)
    hand.check()
    hand.report(0.4, "looking for replies and late packets")
    traces = Traces.of(flows)
    hand.check()
    hand.report(0.5, "asking the rules")
    said = say(network, flows, sides, traces)
    hand.check()
    hand.report(0.7, "asking them about accepted flows")
    past = Past.of(network, flows, sides, traces, said)
    hand.check()
    hand.report(0.9, "who refused it")
    given = _given(records)
    cases = decide(network, sides, traces, said, past, given[flows.row[traces.at]])
    frame = as_table(records, given, Found(network, flows, sides, traces, said, past, cases))
    frame.attrs["told"] = _told(network, flows, sides)
    hand.report(1.0, "done")
    return frame


def _given(records: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the reason that each record itself gives: BPA, EC or empty text."""
    if "rejectReason" not in records:
        return np.full(len(records), "", object)
    return records["rejectReason"].astype("str").fillna("").to_numpy(object)


def _told(network: Network, flows: Flows, sides: Sides) -> list[str]:
    """Return what the whole answer stands on."""
    at = read_at(network)
    read = f", read {moment(at)}" if at is not None else ""
    told = [
        f"The rules are those of the snapshot{read}; the records are of another time, and where a rule has changed "
        "between, blame can name today's only."
    ]
    refused = flows.reject
    if refused.any() and refused.all():
        told.append(
            "There are no accepted records: replies and late packets are told by flags and ports only. Give "
            "source.records(action=None) to be surer."
        )
    if refused.any() and (flows.flags[refused] == NONE).all():
        told.append("There are no TCP flags: a late packet is told by the accepted flow before it only.")
    unknown = int((refused & (sides.interface < 0)).sum())
    if unknown:
        told.append(f"{count(unknown, 'refused record')} of network interfaces that the snapshot does not have.")
    return told
