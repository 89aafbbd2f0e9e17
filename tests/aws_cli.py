"""The AWS CLI for a shell, without a second of start-up for each call: its `aws` asks this process, which runs it."""

from __future__ import annotations

import io
import json
import os
import socketserver
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

ASKS = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as place:
    place.connect({place!r})
    place.sendall(json.dumps([sys.argv[1:], dict(os.environ)]).encode())
    place.shutdown(socket.SHUT_WR)
    status, out, err = json.loads(b"".join(iter(lambda: place.recv(65536), b"")))
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(status)
"""


@contextmanager
def quick_aws() -> Iterator[str]:
    """Give a search path on which `aws` comes first: the AWS CLI's own code, with the words and environment given."""
    with tempfile.TemporaryDirectory(prefix="rejectkit-") as folder:
        place = f"{folder}/asked"
        program = Path(folder, "aws")
        program.write_text(ASKS.format(python=sys.executable, place=place), encoding="utf-8")
        program.chmod(0o755)
        with socketserver.UnixStreamServer(place, _Answers) as server:
            answering = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            answering.start()
            try:
                yield f"{folder}{os.pathsep}{os.environ['PATH']}"
            finally:
                server.shutdown()
                answering.join()


class _Answers(socketserver.StreamRequestHandler):
    """Answers one call."""

    def handle(self) -> None:
        """Read the words and the environment; run the CLI; send its status and what it wrote."""
        words, environment = json.loads(self.rfile.read())
        self.wfile.write(json.dumps(_run(words, environment)).encode())


def _run(words: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
        warnings.catch_warnings(action="ignore"),  # as its own program does
    ):
        try:
            status = _program()(words)
        except SystemExit as end:  # of its parser, for what is no command
            status = int(end.code or 0)
    return status, out.getvalue(), err.getvalue()


def _program() -> Callable[[list[str]], int]:
    import awscli
    from awscli.clidriver import create_clidriver

    os.environ["AWS_DATA_PATH"] = str(Path(awscli.__file__).with_name("data"))  # as its import does, the first time
    main: Callable[[list[str]], int] = create_clidriver().main
    return main
