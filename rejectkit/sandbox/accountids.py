"""Account ids, each of one sandbox at a time: moto keeps the resources of all accounts of a process together."""

from __future__ import annotations

import itertools
import threading

from rejectkit.sandbox.playing.layout import ACCOUNT

_taken: set[str] = set()
_lock = threading.Lock()


def take() -> str:
    """Return an account id that nobody uses."""
    with _lock:
        numbers = (str(int(ACCOUNT) + step * 1_000_000) for step in itertools.count())
        account = next(number for number in numbers if number not in _taken)
        _taken.add(account)
        return account


def give_back(account: str) -> None:
    """Let an account id be used again."""
    with _lock:
        _taken.discard(account)
