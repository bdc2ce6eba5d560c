"""Scratch folders: what is written for the length of one piece of work, closed to others.

Belongs here: making such a folder, and removing it however the work ends. Does not belong here: what
is written into it.

They lie in the home, under `scratch`, or, where none is set, in the machine's folder for temporary
files. What a process that was killed left behind is removed by the next command that works on the
home.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_PREFIX = "observatory-"


def made(name: str) -> Path:
    """A new folder of this process, for work of this name."""
    clear_left()
    place = _place()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-{os.getpid()}-", dir=place))


@contextlib.contextmanager
def folder(name: str) -> Iterator[Path]:
    """A new folder for as long as this lasts; to be asked to end (SIGTERM) is an end like others."""
    one = made(name)
    try:
        with _ended_in_order():
            yield one
    finally:
        shutil.rmtree(one, ignore_errors=True)


def clear_left() -> None:
    """Remove the folders of our own processes that are no more."""
    for left in _place().glob(f"{_PREFIX}*-*-*"):
        number = left.name.split("-")[-2]
        with contextlib.suppress(FileNotFoundError):  # its owner may be removing it
            # in a temporary folder that is shared, others' folders are theirs to remove
            ours = left.lstat().st_uid == os.getuid()
            if number.isdigit() and ours and not _lives(int(number)):
                shutil.rmtree(left, ignore_errors=True)


def _place() -> Path:
    home = os.environ.get("OBSERVATORY_HOME")
    return Path(home).absolute() / "scratch" if home else Path(tempfile.gettempdir())


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM leaves by the way of an exception, where nobody has another use of it."""
    is_free = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if threading.current_thread() is not threading.main_thread() or not is_free:
        yield
        return

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _lives(process: int) -> bool:
    try:
        # signal 0 is none: it only asks whether the process is there
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # it is there, and another user's
        pass
    return True
