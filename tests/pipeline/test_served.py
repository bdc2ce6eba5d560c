"""`observatory serve` killed with a sensor's run at work: the next start clears up what it left,
and what was left undone is done.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets.publication.approval import approve
from pipelines import children
from pipelines.children import MARK, end_orphans, only_serve_of
from pipelines.dead import this_process
from resources.errors import ObservatoryError
from tests.pipeline.test_by_mistake import ask
from tests.pipeline.test_lifecycle import DATE, REGION, drafted, templates
from tests.releasing import APPROVER


def sleeping(home: Path, by: str) -> subprocess.Popen:
    environment = {**os.environ, MARK: by, "OBSERVATORY_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"],
        env=environment,
        stdout=-1,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_what_a_serve_that_died_left_running_is_ended_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "_PATIENCE", 2.0)
    dead, living = "999999999 1", this_process()
    started = [
        sleeping(home, by)
        for home, by in ((tmp_path, dead), (tmp_path, living), (tmp_path / "another home", dead))
    ]
    try:
        assert end_orphans(tmp_path) == 1
        assert [process.poll() is None for process in started] == [False, True, True]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_one_home_is_served_once_and_what_it_starts_ends_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "_PATIENCE", 2.0)
    with only_serve_of(tmp_path):
        worker = sleeping(tmp_path, os.environ[MARK])
        with (
            pytest.raises(ObservatoryError, match=r"Another `observatory serve` is at work"),
            only_serve_of(tmp_path),
        ):
            pass
        assert worker.poll() is None, "the second one ends nothing of the first"
    assert worker.wait(5) != 0
    worker.communicate()
    assert MARK not in os.environ


@pytest.mark.parametrize(
    "is_published", [False, True], ids=["nothing is published", "killed after an approval"]
)
def test_serve_begins_with_the_files_and_pages_that_are_missing(
    is_published, drafted, ask, monkeypatch, tmp_path
):
    """An approval that died before its files were written leaves them due, and who opens a new
    observatory's page finds one.
    """
    monkeypatch.setattr(
        "pipelines.web.serve_dagster", lambda listening, *_: listening.close() is None
    )
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path / "landing"))
    monkeypatch.setattr(
        "pipelines.command.serve.signal.signal", lambda *_: None
    )  # this process is not to be stopped as it is
    for name in (
        "DAGSTER_DISABLE_TELEMETRY",
        "GRPC_VERBOSITY",
        "PYTHONUNBUFFERED",
    ):  # set back afterwards
        monkeypatch.setenv(name, "1")
    if is_published:
        approve(drafted, DATE, REGION, APPROVER)
    code, said = ask(drafted, "serve", "--port", "0", "--page-port", "0")
    assert code == 0, said
    releases = tmp_path / "home" / "releases"
    assert (releases / "index.html").is_file()
    assert (releases / str(DATE) / "r1" / "page" / "index.html").is_file() == is_published
