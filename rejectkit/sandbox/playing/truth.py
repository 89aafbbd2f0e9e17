"""Ground truth: why a record is what it is, and what was planted."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a record is what it is: one row of the ground truth.

    Attributes
    ----------
    kind : str
        `scanner`, `inside`, `reply`, `late`, `aws`, `probe`; `normal`; `nodata`, `skipdata`.
    sentence : str
        The cause in words.
    mistake : str or None
        Name of the planted mistake it belongs to.
    layer, resource, rule : str or None
        Where it was refused, null where it was not: the layer, the ids of the network ACL or of the
        interface's groups, and the number of the ACL's rule (`absent` for a group, which cannot deny).
    """

    kind: str
    sentence: str
    mistake: str | None = None
    layer: str | None = None
    resource: str | None = None
    rule: str | None = None

    def refused(self, layer: str, resource: str | None = None, rule: str | None = None) -> Cause:
        """Return this cause for records that were refused there."""
        return replace(self, layer=layer, resource=resource, rule=rule)

    def passed(self) -> Cause:
        """Return this cause for records that were accepted."""
        return replace(self, layer=None, resource=None, rule=None)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One planted thing that ends in REJECT records.

    Attributes
    ----------
    name, kind : str
        Its name, and the kind of its sources, as `classify.sources` names kinds.
    sentence, mend : str
        What happened, and what would end it.
    source, destination : str
        Who asks whom, in words and addresses.
    port : int or None
        The port asked for, where there is one.
    protocol : int
        IANA number.
    began : int or None
        Second of the window in which it was made; None if it was there before.
    """

    name: str
    kind: str
    sentence: str
    mend: str
    source: str
    destination: str
    port: int | None
    protocol: int = 6
    began: int | None = None

    @property
    def cause(self) -> Cause:
        """The cause of its records."""
        return Cause(self.kind, self.sentence, self.name)
