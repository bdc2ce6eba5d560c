"""Waiting: a person at a terminal is told that a command is at work while it says nothing, and how
long it took.

Belongs here: both, on the error stream of a terminal alone: a script, a timer and a pipe get what
the command itself says, and nothing else.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

SILENCE = 5.0
"""Seconds of silence after which it is said that the command is at work; and from how many on it is
said how long it took.
"""


class Watched:
    """A stream that knows when something was last written to it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.last = time.monotonic()

    def write(self, text: str) -> int:
        """Write, and note when."""
        self.last = time.monotonic()
        written: int = self._stream.write(text)
        return written

    def writelines(self, lines: list[str]) -> None:
        """Write each text, and note when."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def told_while_waiting(out: Watched, err: Watched, silence: float = SILENCE) -> Iterator[None]:
    """While it lasts, say after each `silence` seconds without a word that the command is at work;
    at its end how long it took.
    """
    if not err.isatty():
        yield
        return
    started, ended = time.monotonic(), threading.Event()

    def tell() -> None:
        while not ended.wait(silence / 10):
            now = time.monotonic()
            if now - max(out.last, err.last) >= silence:
                err.write(f"  at work, {now - started:.0f} s so far\n")
                err.flush()

    thread = threading.Thread(target=tell, name="waiting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if time.monotonic() - started >= silence:
            err.write(f"It took {time.monotonic() - started:.0f} s.\n")
