"""Scratch folders are closed, lie in the home, and go with the work, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from resources import scratch

WAITS = """
import time
from resources import scratch
with scratch.folder("spark") as folder:
    (folder / "children.parquet").write_bytes(b"rows")
    print("here", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "a home"))
    return tmp_path / "a home"


def working(home: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS], stdout=-1, env={**os.environ, "OBSERVATORY_HOME": str(home)}
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def left_in(home: Path) -> list[Path]:
    return list((home / "scratch").rglob("*.parquet"))


def test_it_lies_in_the_home_closed_to_others_and_goes_with_the_work(home):
    with scratch.folder("spark") as folder:
        assert folder.is_relative_to(home) and folder.stat().st_mode & 0o077 == 0
        assert folder.parent.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_who_is_asked_to_end_leaves_nothing(home):
    process = working(home)
    assert left_in(home)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert not left_in(home)


def test_what_was_killed_is_cleared_by_the_next_and_what_lives_is_left(home):
    killed, lives = working(home), working(home)
    try:
        killed.kill()
        killed.wait(20)
        assert len(left_in(home)) == 2
        scratch.clear_left()
        assert len(left_in(home)) == 1
    finally:
        lives.kill()
        lives.wait(20)
