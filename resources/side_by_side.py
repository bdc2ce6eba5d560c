"""Side by side: the same work on many things, done on the machine's cores.

Belongs here: sharing the work out, and that nothing outlives whoever asked for it.
Does not belong here: the work.

A process is forked for each further core: it has all that was read before in its memory, so that
nothing is handed over but what the work gives. It holds the locks of the process that forked it (of
the run, of the database server), and the kernel ends it when that one ends, however that is: nobody
works on while the next run begins. Elsewhere than on Linux one thing is done after another, and so
where there is one core, or little to do.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

MOST = 4
"""Processes at most: each comes to hold a copy of what it touches."""

PATIENCE = 60.0
"""Seconds that a helper may take longer than our own share: a lock that was held when it was forked
is never freed in it.
"""

A_SHARE = 25
"""So many things are worth a process of their own."""

_FORKS = sys.platform == "linux"
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG

Thing = TypeVar("Thing")
Given = TypeVar("Given")


def cores() -> int:
    """The cores that this process may use."""
    with contextlib.suppress(AttributeError):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(
    work: Callable[[Thing], Given], things: Sequence[Thing], processes: int | None = None
) -> list[Given]:
    """What `work` gives for each thing, in their order: something that JSON can hold.

    The work uses no connection and no lock of this process, may be done twice, and what it changes
    in memory is lost. What another process did not do, because it was killed or met an error, is
    done here: an error is raised as if there were no other process.
    """
    number = min(processes or cores(), MOST, len(things) // A_SHARE)
    if number < 2 or not _FORKS:
        return [work(thing) for thing in things]
    shares = [range(first, len(things), number) for first in range(number)]
    done: dict[int, Given] = {}
    with contextlib.ExitStack() as helpers:
        helping = [helpers.enter_context(_Helper(work, things, share)) for share in shares[1:]]
        began = time.monotonic()
        done |= {place: work(things[place]) for place in shares[0]}
        # as long again as our own share took: a helper that hangs is given up, and its share done
        # here
        latest = time.monotonic() + (time.monotonic() - began) + PATIENCE
        for helper in helping:
            done |= helper.given(latest)
    return [done[p] if p in done else work(thing) for p, thing in enumerate(things)]


class _Helper:
    """A process that works on a share of the things, as long as it is open."""

    def __init__(
        self, work: Callable[[Any], Any], things: Sequence[Any], share: Sequence[int]
    ) -> None:
        self._reads, writes = os.pipe()
        parent, self._number = os.getpid(), -1
        with warnings.catch_warnings(), contextlib.suppress(OSError):
            # Python warns of other threads, whose locks nobody will free: the work takes none
            warnings.simplefilter("ignore", DeprecationWarning)
            self._number = os.fork()
        if self._number == 0:
            _help(parent, writes, work, things, share)
        # our end is closed, so that the pipe ends when the helper does
        os.close(writes)

    def __enter__(self) -> _Helper:
        return self

    def given(self, latest: float) -> dict[int, Any]:
        """What it gave, by place, when it has ended; what it did not come to is missing, and so is
        everything where it has not ended by `latest`.
        """
        answer = b""
        # read all the time: a full pipe would keep the helper from ending
        while select.select([self._reads], [], [], max(0.0, latest - time.monotonic()))[0]:
            if not (more := os.read(self._reads, 1 << 16)):
                break
            answer += more
        # half an answer, of one that was killed, is none
        with contextlib.suppress(ValueError):
            return dict(json.loads(answer))
        return {}

    def __exit__(self, *_: object) -> None:
        os.close(self._reads)
        if self._number > 0:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._number, signal.SIGKILL)
                os.waitpid(self._number, 0)


def _help(
    parent: int, place: int, work: Callable[[Any], Any], things: Sequence[Any], share: Sequence[int]
) -> None:
    """Work on a share and say what was given, whole or not at all; never returns."""
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's to hear
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        done = []
        # the parent may have died before we were tied to it
        for number in share if os.getppid() == parent else ():
            with contextlib.suppress(Exception):  # met again, and raised, by the parent
                done.append((number, work(things[number])))
        with os.fdopen(place, "wb") as pipe:
            pipe.write(json.dumps(done).encode())
    finally:
        # at once: nothing of the parent's is to be cleared up here
        os._exit(0)
