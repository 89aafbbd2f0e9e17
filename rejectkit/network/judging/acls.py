"""Network ACLs as tables, and what they say of packets that cross a subnet's edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rejectkit.network.judging import services
from rejectkit.network.judging.codes import KNOWN, NO, NO_ACL, NO_SUBNET, NOT_ASKED, OPEN
from rejectkit.network.judging.places import INSIDE, PERHAPS_INSIDE
from rejectkit.network.judging.tables import Box, Cuts, Tables, spans
from rejectkit.network.model import AclEntry, Network

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class AclTables:
    """Entries of network ACLs: two tables, inbound and outbound, for each ACL.

    Attributes
    ----------
    table_of : array of int32
        Inbound table of each interface of the network, and of one that is not in it; the outbound one is the next.
        -1 where the ACL is not known.
    entries : tuple of (str, AclEntry or None)
        All of the network with their ACL's id; None stands for the ACL's implicit denies.
    decides, entry_of : Tables, array of int32
        The entries by number, and the position in `entries` of each.
    implicit_of : array of int32
        Position of each table's implicit deny.
    allows : array of bool
        Of each of `entries`.
    """

    table_of: Ints
    entries: tuple[tuple[str, AclEntry | None], ...]
    decides: Tables
    entry_of: Ints
    implicit_of: Ints
    allows: npt.NDArray[np.bool_]

    def asked(self, table: Ints, zone: Ints, rank: Ints, service: Longs) -> tuple[Codes, Ints, Codes]:
        """Return what the ACL says, the position of the entry that decides, and why it is open.

        Parameters
        ----------
        table : array of int32
            -1 where the ACL is not known.
        zone : array of int32
            Where the other end is, as `judging.places` tells it.
        rank, service : array
            Where the packet is on the line of addresses and on that of services.
        """
        says = np.where(zone == INSIDE, NOT_ASKED, OPEN).astype(np.int8)
        entry = np.full(len(table), -1, np.int32)
        asked = np.flatnonzero((zone != INSIDE) & (table >= 0))
        box = self.decides.first(table[asked], rank[asked], service[asked])
        fits = box >= 0
        entry[asked] = self.implicit_of[table[asked]]
        entry[asked[fits]] = self.entry_of[self.decides.begins[table[asked[fits]]] + box[fits]]
        says[asked] = self.allows[entry[asked]]
        perhaps = (says == NO) & (zone == PERHAPS_INSIDE)
        says[perhaps], entry[perhaps] = OPEN, -1
        why = np.where(perhaps, NO_SUBNET, np.where(says == OPEN, NO_ACL, KNOWN)).astype(np.int8)
        return says, entry, why


def acl_tables(network: Network, cuts: Cuts) -> AclTables:
    """Return the tables of a network's ACLs."""
    entries: list[tuple[str, AclEntry | None]] = []
    tables, entry_of, implicit = [], list[int](), list[int]()
    for acl in network.acls:
        position = {id(entry): len(entries) + at for at, entry in enumerate(acl.entries)}
        for egress in (False, True):
            mine = sorted((one for one in acl.entries if one.egress == egress), key=lambda one: one.number)
            tables.append([Box(cuts.ranks(spans([entry.cidr])), *services.of_entry(entry)) for entry in mine])
            entry_of += [position[id(entry)] for entry in mine]
            implicit.append(len(entries) + len(acl.entries))
        entries += [*((acl.id, entry) for entry in acl.entries), (acl.id, None)]
    table_at = {acl.id: 2 * at for at, acl in enumerate(network.acls)}
    guard = {subnet: table_at[acl.id] for subnet, acl in network.guard_of.items()}
    return AclTables(
        table_of=np.array([guard.get(one.subnet, -1) for one in network.interfaces] + [-1], np.int32),
        entries=tuple(entries),
        decides=Tables(tables, len(cuts)),
        entry_of=np.array(entry_of, np.int32),
        implicit_of=np.array(implicit, np.int32),
        allows=np.array([entry is not None and entry.allow for _, entry in entries], np.bool_),
    )
