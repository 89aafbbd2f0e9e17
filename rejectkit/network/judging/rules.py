"""A network's rules made ready for judging."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rejectkit.network.judging import services
from rejectkit.network.judging.acls import AclTables, acl_tables
from rejectkit.network.judging.groups import GroupTables, group_tables
from rejectkit.network.judging.peers import Peers
from rejectkit.network.judging.places import PlaceTables, Surroundings
from rejectkit.network.judging.tables import EVERYWHERE, Cuts, spans
from rejectkit.network.model import Network


@dataclass(frozen=True, slots=True)
class Rules:
    """A network's rules as tables.

    Attributes
    ----------
    cuts : Cuts
        Ranks of addresses.
    services : array of int64
        Places on the line of services where some rule begins, or the first after it is over.
    places, groups, acls
        The tables of each.
    """

    cuts: Cuts
    services: npt.NDArray[np.int64]
    places: PlaceTables
    groups: GroupTables
    acls: AclTables


def ready(network: Network) -> Rules:
    """Return a network's rules as tables.

    Raises
    ------
    ArgumentError
        If a rule names something that is no CIDR, no group and no prefix list.
    """
    peers, surroundings = Peers(network), Surroundings(network)
    entries = (spans([entry.cidr]) for acl in network.acls for entry in acl.entries)
    cuts = Cuts([EVERYWHERE, *peers.every(), *surroundings.every(), *entries])
    return Rules(
        cuts=cuts,
        services=services.cuts(network),
        places=surroundings.tables(cuts),
        groups=group_tables(network, cuts, peers),
        acls=acl_tables(network, cuts),
    )
