"""At a terminal a command that says nothing for a while says that it is at work, and how long it
took; elsewhere nothing is added.
"""

from __future__ import annotations

import io
import time

import pytest

from pipelines.waiting import Watched, told_while_waiting


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("terminal", "works", "says"),
    [
        (True, [1.5], ["  at work", "It took"]),
        (True, [0], []),
        (False, [1.5], []),
    ],
    ids=["silent", "short", "no terminal"],
)
def test_it_is_told_that_it_works_and_how_long_it_took(terminal, works, says):
    out, err = Watched(Stream(terminal=terminal)), Watched(Stream(terminal=terminal))
    with told_while_waiting(out, err, silence=0.5):
        for seconds in works:
            out.write("a line\n")
            time.sleep(seconds)
    told = err.getvalue()
    assert all(one in told for one in says)
    assert bool(told) == bool(says) and ("at work" in told) == ("  at work" in says)
