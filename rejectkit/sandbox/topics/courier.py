"""Posts to web subscribers, from a thread of its own, to loopback addresses and nowhere else."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

TRIES: Final = 3
_PAUSE = 0.1  # seconds between two tries; the service waits 20, and nobody in a notebook would
_PATIENCE = 5.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Post:
    """One request; `done` is told whether it got through, and why not."""

    url: str
    headers: Mapping[str, str]
    body: str
    done: Callable[[bool, str], None]


def refusal(url: str) -> str:
    """Return why the sandbox posts nothing to an address, or an empty text."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"the endpoint {url} is no web address"
    if parts.scheme not in ("http", "https") or not host:
        return f"the endpoint {url} is no web address"
    try:
        near = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = False
    return "" if near else f"the sandbox posts to this machine only, not to {host}: use http://127.0.0.1 and a port"


class Courier:
    """Takes posts and brings them, in order; its thread lives while there is one to bring."""

    def __init__(self) -> None:
        """Start with nothing to bring."""
        self._waiting: deque[Post] = deque()
        self._idle = threading.Condition()
        self._working = False

    def take(self, post: Post) -> None:
        """Bring a post, soon."""
        with self._idle:
            self._waiting.append(post)
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="rejectkit-sandbox-courier", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left to bring; tell whether that is so."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._working, seconds)

    def _work(self) -> None:
        while True:
            with self._idle:
                if not self._waiting:
                    self._working = False
                    self._idle.notify_all()
                    return
                post = self._waiting.popleft()
            post.done(*_bring(post))


def _bring(post: Post) -> tuple[bool, str]:
    why = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(_PAUSE)
        try:
            status = _send(post)
        except (OSError, http.client.HTTPException) as error:
            why = f"{type(error).__name__}: {error}"
        else:
            if 200 <= status < 300:
                return True, ""
            why = f"it answered {status}"
            if 400 <= status < 500 and status != 429:
                break  # a client error is final, as for the service
    return False, why


def _send(post: Post) -> int:
    """Post once: no proxy, no redirect, and a certificate of any kind, since nobody signs for a loopback address."""
    if why := refusal(post.url):
        raise ConnectionRefusedError(why)
    parts = urlsplit(post.url)
    host = "127.0.0.1" if parts.hostname == "localhost" else str(parts.hostname)
    line: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl._create_unverified_context()
        line = http.client.HTTPSConnection(host, parts.port, timeout=_PATIENCE, context=context)
    else:
        line = http.client.HTTPConnection(host, parts.port, timeout=_PATIENCE)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request("POST", path, post.body.encode(), dict(post.headers))
        return line.getresponse().status
    finally:
        line.close()
