"""Work that is done side by side gives what it gives one by one; whoever helps dies with whoever
asked, and is done without.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources import side_by_side as module
from resources.side_by_side import A_SHARE, side_by_side

ROOT = Path(__file__).resolve().parents[2]
THINGS = list(range(4 * A_SHARE))

pytestmark = pytest.mark.skipif(not module._FORKS, reason="one thing is done after another here")


def test_each_thing_is_done_once_in_their_order_by_several_processes(tmp_path):
    def work(thing):
        with (tmp_path / "done").open("a") as log:
            log.write(f"{os.getpid()} {thing}\n")
        return f"of {thing}"

    assert side_by_side(work, THINGS, 3) == [f"of {thing}" for thing in THINGS]
    done = [line.split() for line in (tmp_path / "done").read_text().splitlines()]
    assert sorted(int(thing) for _, thing in done) == THINGS
    assert len({process for process, _ in done}) == 3 and str(os.getpid()) in {
        process for process, _ in done
    }


@pytest.mark.parametrize(
    ("things", "processes"),
    [(THINGS[: A_SHARE + 1], 3), (THINGS, 1), ([], 3)],
    ids=["few", "one core", "none"],
)
def test_no_process_is_forked_for_little(things, processes):
    assert side_by_side(lambda _: os.getpid(), things, processes) == [os.getpid()] * len(things)


@pytest.mark.parametrize("at", [0, 1, len(THINGS) - 1])
def test_an_error_is_raised_as_it_is(at):
    class Mine(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} {two}")

    def work(thing):
        if thing == at:
            raise Mine("of", thing)
        return thing

    with pytest.raises(Mine, match=f"of {at}"):
        side_by_side(work, THINGS, 3)


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, signal.SIGTERM, None], ids=["killed", "told to end", "left at once"]
)
def test_what_a_process_did_not_do_is_done_here(how):
    """For want of memory the kernel kills one of them."""
    here = os.getpid()

    def work(thing):
        if os.getpid() != here and thing > A_SHARE:
            os._exit(0) if how is None else os.kill(os.getpid(), how)
        return thing

    assert side_by_side(work, THINGS, 3) == THINGS


def test_where_no_process_can_be_forked_all_is_done_here(monkeypatch):
    def refused():
        raise BlockingIOError("no process is left")

    monkeypatch.setattr(os, "fork", refused)
    assert side_by_side(lambda _: os.getpid(), THINGS, 3) == [os.getpid()] * len(THINGS)


ASKS = """
import os, pathlib, signal, sys, time
from resources.side_by_side import side_by_side
noted = pathlib.Path(sys.argv[1])
def work(thing):
    (noted / str(os.getpid())).touch()
    time.sleep(60)
    return thing
side_by_side(work, list(range(100)), 3)
"""


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT], ids=lambda s: s.name
)
def test_nobody_works_on_when_whoever_asked_is_gone(tmp_path, how):
    asks = subprocess.Popen(
        [sys.executable, "-c", ASKS, str(tmp_path)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    _wait(lambda: len(list(tmp_path.iterdir())) == 3)
    asks.send_signal(how)
    asks.wait(timeout=30)
    _wait(lambda: not any(_works(int(path.name)) for path in tmp_path.iterdir()))


def _works(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait(until) -> None:
    patience = time.monotonic() + 30
    while not until():
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_a_helper_that_never_ends_is_not_waited_for(monkeypatch):
    """A lock that another thread held at the fork is never freed in the helper."""
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    parent = os.getpid()

    def work(thing: int) -> int:
        if os.getpid() != parent:
            time.sleep(600)
        return thing * 2

    things = list(range(60))
    assert module.side_by_side(work, things, 2) == [thing * 2 for thing in things]
