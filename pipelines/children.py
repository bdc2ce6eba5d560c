"""Processes that `observatory serve` has started, however deep: known by a mark in their
environment, and ended with it.

Belongs here: marking them, ending one's own, ending those of a `serve` that died without ending
them; one `serve` a home. Does not belong here: runs as Dagster records them (`dead`), and the
PostgreSQL server, which others may use and which carries no mark.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from pipelines.dead import name_of, this_process
from resources.errors import ObservatoryError

MARK = "OBSERVATORY_SERVED_BY"
"""Variable of every process that a `serve` started: which one it was."""

HOME = "OBSERVATORY_HOME"
_PATIENCE = 10.0
"""Seconds that a process has to end before it is ended outright."""


@contextlib.contextmanager
def only_serve_of(home: Path) -> Iterator[None]:
    """Be the only `serve` of a home; what one that died left running is ended first, and what this
    one starts is ended with it.

    Raises:
        ObservatoryError: another one serves the home.
    """
    with (home / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ObservatoryError(
                f"Another `observatory serve` is at work on {home}; one was expected. Open its"
                " address, or stop it first."
            ) from None
        end_orphans(home)
        # what is started from here inherits it
        os.environ[MARK] = this_process()
        try:
            yield
        finally:
            _end(_processes(home, os.environ.pop(MARK)))


def end_orphans(home: Path) -> int:
    """End the processes of each `serve` of the home that is there no more. Gives their number."""
    left = [number for number, by in _marked(home).items() if name_of(int(by.split()[0])) != by]
    _end(left)
    return len(left)


def _processes(home: Path, by: str) -> list[int]:
    return [
        number for number, mark in _marked(home).items() if mark == by and number != os.getpid()
    ]


def _marked(home: Path) -> dict[int, str]:
    """By number: who started the processes of this home that carry a mark (a system without /proc
    shows none).
    """
    marked = {}
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            lines = entry.read_bytes().split(b"\0")
        except OSError:  # another's, or gone
            continue
        variables = dict(line.split(b"=", 1) for line in lines if b"=" in line)
        by = variables.get(MARK.encode(), b"").decode("ascii", "replace")
        if by and variables.get(HOME.encode()) == os.fsencode(home):
            marked[int(entry.parent.name)] = by
    return marked


def _end(processes: list[int]) -> None:
    """Ask them to end, and after a while end those that have not."""
    # a number may be another process's by now, so its name is asked too
    began = {number: name_of(number) for number in processes}
    for how, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, 2.0)):
        for number, name in began.items():
            if name and name_of(number) == name:
                with contextlib.suppress(OSError):
                    os.kill(number, how)
        until = time.monotonic() + patience
        while time.monotonic() < until and any(
            name and name_of(number) == name for number, name in began.items()
        ):
            time.sleep(0.05)
