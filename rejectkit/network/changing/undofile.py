"""The undo file: groups and ACLs as they were before a change, and what the change was; JSON, written at one stroke."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rejectkit.errors import ArgumentError, SourceNotFoundError, UnreadableError
from rejectkit.network.changing.concerned import Snapshot, network_of
from rejectkit.network.changing.targets import Target, Thing, same, there
from rejectkit.network.model import AclEntry, GroupRule, Network
from rejectkit.network.snapshots.reading import OWN

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Undo:
    """What an undo file holds.

    Attributes
    ----------
    change : str
        The change's id, which is the tag of the rules that it makes.
    account, region : str
        Where.
    at : str
        When the snapshot was read, ISO 8601, UTC.
    targets : tuple of Target
        What the change was to be.
    snapshot : mapping
        Groups and ACLs as they were.
    """

    change: str
    account: str
    region: str
    at: str
    targets: tuple[Target, ...]
    snapshot: Snapshot

    @property
    def network(self) -> Network:
        """The groups and ACLs as they were."""
        return network_of(self.snapshot)

    def fits(self, now: Network) -> bool:
        """Tell whether what there is now is as it was, or as the change was to make it, at each place of it."""
        was = self.network
        return all(same(found := there(now, one), there(was, one)) or same(found, one.after) for one in self.targets)

    def untouched(self, now: Network) -> bool:
        """Tell whether what there is now is as it was, at each place of the change."""
        was = self.network
        return all(same(there(now, one), there(was, one)) for one in self.targets)


def change_id(targets: Iterable[Target], account: str, region: str) -> str:
    """Return the id of a change: the same for the same one, so that it is known again after a stop."""
    told = [account, region, *sorted(repr((one.key, _essence(one.before), _essence(one.after))) for one in targets)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _essence(thing: Thing | None) -> object:
    return thing.key if isinstance(thing, GroupRule) else thing


def write(path: Path, undo: Undo) -> None:
    """Write an undo file: all of it, or nothing.

    Raises
    ------
    ArgumentError
        If it cannot be written there.
    """
    own = {
        "undo": _VERSION,
        "change": undo.change,
        "account": undo.account,
        "region": undo.region,
        "at": undo.at,
        "targets": [_told(one) for one in undo.targets],
    }
    text = json.dumps({OWN: own, **undo.snapshot}, indent=1, ensure_ascii=False, default=_isoformat)
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            try:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
                os.replace(file.name, path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ArgumentError(
            f"the undo file {str(path)!r} cannot be written ({error.strerror or error}), and nothing was changed; give "
            "another path by undo="
        ) from error


def load(path: str | os.PathLike[str]) -> Undo:
    """Return what an undo file holds.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    UnreadableError
        If it is no undo file, or one that this version of rejectkit does not know.
    """
    place = Path(path).expanduser()
    try:
        told = json.loads(place.read_text(encoding="utf-8"))
        own = told[OWN]
        if own["undo"] != _VERSION:
            raise UnreadableError(f"{place.name} is an undo file of a newer rejectkit; update it")
        snapshot = {key: value for key, value in told.items() if key != OWN}
        targets = tuple(_target(one) for one in own["targets"])
        change, account, region, at = (str(own[name]) for name in ("change", "account", "region", "at"))
        undo = Undo(change, account, region, at, targets, snapshot)
        undo.network  # noqa: B018  # read once, so that what cannot be is found out here
    except (FileNotFoundError, NotADirectoryError):
        raise SourceNotFoundError(f"there is no undo file {str(place)!r}; the plan told its path") from None
    except OSError as error:
        raise UnreadableError(f"{str(place)!r} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(f"{place.name} is no undo file of rejectkit ({type(error).__name__}: {error})") from error
    return undo


def _told(target: Target) -> dict[str, Any]:
    sides = {name: one and asdict(one) for name, one in (("before", target.before), ("after", target.after))}
    return {"resource": target.resource, "kind": "rule" if target.is_rule else "entry", **sides}


def _target(told: Mapping[str, Any]) -> Target:
    def side(name: str) -> Thing | None:
        found = told[name]
        if found is None:
            return None
        if told["kind"] == "entry":
            return AclEntry(**found)
        return GroupRule(**{**found, "tags": tuple((str(key), str(value)) for key, value in found["tags"])})

    return Target(str(told["resource"]), side("before"), side("after"))


def _isoformat(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")
