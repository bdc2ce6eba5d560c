"""Remembering: what is slow to work out of our own files, kept on this machine until they change.

Belongs here: where it is kept, reading and writing it, and trusting nothing that is damaged or
somebody else's. Does not belong here: what is remembered; nothing that comes from a sender is.

It is kept in the user's cache folder, and where there is none of theirs, in the observatory's home.
It may be thrown away at any time: what is not remembered is worked out again. JSON, never code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resources.private import clear_unfinished, make_private, write_anew

NAME = "sufficiency-observatory"
VERSIONS = 4
"""So many times what is in use is kept at most: other versions of the program remember theirs."""
MOST_BYTES = 50_000_000


class Remembered:
    """What is remembered under a name: values that JSON can hold, by a hash of all they rest on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._now: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        for folder in _folders():
            self._before |= _read(folder / f"{name}.json")

    def get(self, key: str) -> Any:
        """The value of a key; None where it is not remembered."""
        if key in self._before:
            self._now[key] = self._before[key]
        return self._now.get(key)

    def put(self, key: str, value: Any) -> None:
        """Remember a value."""
        self._now[key] = value

    def keep(self) -> None:
        """Write it down for the next process, where there is anything new. A disk that refuses is
        no error.
        """
        if self._now.keys() <= self._before.keys():
            return
        # what was used this time goes first: only what was not may be cut off
        kept = [*self._now, *(key for key in self._before if key not in self._now)]
        held = {**self._before, **self._now}
        lasting = {key: held[key] for key in kept[: VERSIONS * len(self._now)]}
        content = json.dumps(lasting, separators=(",", ":")).encode()
        for folder in _folders():
            with contextlib.suppress(OSError):
                make_private(folder)
                # whoever else may write there could put words into the program's mouth
                if _is_ours(folder):
                    clear_unfinished(folder)
                    write_anew(folder / f"{self.name}.json", _seal(content) + content, 0o600)
                    self._before = lasting
                    return


def _folders() -> Iterator[Path]:
    """Where it may be kept, the best place first. As root we keep nothing in another user's."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    places = []
    with contextlib.suppress(RuntimeError):  # a user of whom the system knows no home
        of_the_user = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
        places.append(of_the_user / NAME)
    if home := os.environ.get("OBSERVATORY_HOME"):
        places.append(Path(home).absolute() / "cache")
    for folder in places:
        # (`Path.exists` raises where it may not look)
        there = next((p for p in list(folder.parents)[:2] if os.path.exists(p)), None)  # noqa: PTH110
        if there is not None and _is_owned(there):
            yield folder


def _is_owned(path: Path) -> bool:
    """Whether it belongs to whom we run as: as root we leave another user's folders alone."""
    with contextlib.suppress(OSError):
        return path.stat().st_uid == os.geteuid()
    return False


def _is_ours(path: Path) -> bool:
    """Whether nobody but ourselves can have written to it: no link, and closed to others' writing."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        closed = not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return closed and not stat.S_ISLNK(status.st_mode) and status.st_uid == os.geteuid()
    return False


def _seal(content: bytes) -> bytes:
    """The line before the content, by which a file that was damaged is known."""
    return hashlib.sha256(content).hexdigest().encode() + b"\n"


def _read(path: Path) -> dict[str, Any]:
    """What a file remembers; nothing where it is missing, damaged, or not ours alone."""
    if not _is_ours(path.parent) or not _is_ours(path):
        return {}
    try:
        with path.open("rb") as file:
            seal, _, content = file.read(MOST_BYTES).partition(b"\n")
        # a file that was cut off or damaged is passed over, and written anew
        held = json.loads(content) if _seal(content) == seal + b"\n" else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}
