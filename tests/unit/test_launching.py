"""Runs that `serve` starts: forked from one process, which a reload replaces and whose death is
noticed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import dagster as dg
import pytest
import yaml
from dagster._core.launcher import LaunchRunContext

from pipelines import launching
from pipelines.dead import PROCESS, name_of
from pipelines.instance import DAGSTER_YAML
from pipelines.launching import Launcher, Ready

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere Dagster's own launcher is used"
)


class Noted:
    """Stands for the process from which runs are forked: it notes what it is asked for."""

    made: list[Noted]

    def __init__(self, code: str) -> None:
        self.code, self.started, self.has_ended = code, [], False
        self.made.append(self)

    def start(self, run_id: str) -> int:
        if self.has_ended:
            raise OSError
        self.started.append(run_id)
        return 1

    def end(self) -> None:
        self.has_ended = True


@pytest.fixture
def made(monkeypatch) -> list[Noted]:
    Noted.made = []
    monkeypatch.setattr(launching, "Ready", Noted)
    monkeypatch.setattr(Launcher, "_ready", None)
    return Noted.made


def launch(run_id: str, code: str) -> None:
    location = SimpleNamespace(location_name="observatory")
    origin = SimpleNamespace(repository_origin=SimpleNamespace(code_location_origin=location))
    run = SimpleNamespace(run_id=run_id, remote_job_origin=origin)
    workspace = SimpleNamespace(get_code_location=lambda _: SimpleNamespace(server_id=code))
    Launcher().launch_run(LaunchRunContext(dagster_run=run, workspace=workspace))


def test_runs_are_started_from_one_process_until_the_code_is_loaded_anew(made):
    for run_id, code in (("a", "first"), ("b", "first"), ("c", "second")):
        launch(run_id, code)
    assert [(one.code, one.started, one.has_ended) for one in made] == [
        ("first", ["a", "b"], True),
        ("second", ["c"], False),
    ]


def test_where_that_process_has_died_another_one_starts_the_run(made):
    launch("a", "first")
    made[0].has_ended = True
    launch("b", "first")
    assert [one.started for one in made] == [["a"], ["b"]]


def test_a_process_from_which_runs_are_forked_that_has_ended_is_an_error():
    ready = Ready("first")
    try:
        ready._process.kill()
        ready._process.wait()
        with pytest.raises(OSError):
            ready.start("a")
    finally:
        ready.end()


def test_serves_dagster_is_configured_with_it():
    assert yaml.safe_load(DAGSTER_YAML)["run_launcher"] == {
        "module": "pipelines.launching",
        "class": "Launcher",
    }


def test_a_run_of_the_command_can_be_stopped_from_the_ui(tmp_path):
    """Dagster's own launcher knows only runs that it has launched itself."""
    overrides = {"run_launcher": {"module": "pipelines.launching", "class": "Launcher"}}
    command = subprocess.Popen(
        [sys.executable, "-c", "print('here', flush=True); import time; time.sleep(600)"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert command.stdout is not None
        command.stdout.readline()
        with dg.instance_for_test(overrides=overrides, temp_dir=str(tmp_path)) as instance:

            def started(process: str) -> str:
                run = dg.DagsterRun(
                    "bring_up_to_date", tags={PROCESS: process}, status=dg.DagsterRunStatus.STARTED
                )
                return instance.add_run(run).run_id

            mine, gone = started(name_of(command.pid)), started(f"{os.getpid()} 1")
            assert instance.run_launcher.terminate(mine)
            assert command.wait(20) == -signal.SIGINT
            assert not instance.run_launcher.terminate(gone), "another process has its number now"
    finally:
        command.kill()
        command.communicate()


def test_a_run_that_cannot_begin_says_why_and_ends(tmp_path):
    """Before Dagster has taken over, nothing else would tell what went wrong."""
    code = "from pipelines import launching; launching._be_a_run('no run')"
    away = {**os.environ, "OBSERVATORY_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=away,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    broken = "import pipelines.instance as i; i.dagster_instance = None; " + code
    done = subprocess.run(
        [sys.executable, "-c", broken],
        env=away,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1 and "TypeError" in done.stderr
