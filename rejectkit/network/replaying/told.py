"""What an answer to what-if stands on, in sentences."""

from __future__ import annotations

import numpy as np

from rejectkit.exploring.flows import Ints
from rejectkit.exploring.words import count
from rejectkit.network.model import Network
from rejectkit.network.replaying.turns import ACCEPTED, CANNOT_TELL, REJECTED, Turn


def told(network: Network, turn: Ints) -> list[str]:
    """Return the sentences, from the turns of the flows on which the change bears."""
    read = f", read {network.at:%Y-%m-%d %H:%M} UTC" if network.at else ""
    found = [
        f"The rules before the change are those of the snapshot{read}; each record is judged at its own interface, as "
        "if the changed rules had been in force when it was made."
    ]
    outcome = {Turn(kind).outcome for kind in np.unique(turn).tolist()}
    if ACCEPTED in outcome:
        found.append(
            "What is let pass at one interface may still be refused at the other end, or find nobody listening; and "
            "what was never sent because it was refused is in no record."
        )
    if REJECTED in outcome:
        found.append(
            "Connections that are open when a group's rule is removed go on while they are tracked; those that rules "
            "for 0.0.0.0/0 or ::/0 let pass both ways are not tracked, and are cut at once, as by a network ACL. Of a "
            "flow that one end would refuse, the other end's records would not come either."
        )
    already = int((turn == Turn.SAME_ALREADY).sum() + (turn == Turn.TELL_PAST).sum())
    if already:
        found.append(
            f"{count(already, 'record')} touched by the change {'was' if already == 1 else 'were'} accepted although "
            "the rules of the snapshot refuse them: the rules have changed since, or connections were open then."
        )
    gone = int(np.isin(turn, (Turn.TELL_GONE, Turn.TELL_UNKNOWN)).sum())
    if gone and CANNOT_TELL in outcome:
        found.append(f"{count(gone, 'record')} of network interfaces that the snapshots do not have.")
    return found
