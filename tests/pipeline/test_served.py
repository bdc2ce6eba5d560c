"""`observatory serve` killed with a sensor's run at work: the next start clears up what it left, and what was left undone is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.publication.approval import approve
from pipelines import children
from pipelines.children import MARK, end_orphans, only_serve_of
from pipelines.dead import PROCESS, name_of, this_process
from resources.embedded_postgres import EmbeddedPostgres
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse
from tests.kills import DATES, Place
from tests.kills_of_serve import Serve, free_port, wait_for
from tests.pipeline.test_by_mistake import ask  # noqa: F401 - a fixture
from tests.pipeline.test_lifecycle import DATE, REGION, drafted, templates  # noqa: F401 - fixtures
from tests.releasing import APPROVER


def sleeping(home: Path, by: str) -> subprocess.Popen:
    environment = {**os.environ, MARK: by, "OBSERVATORY_HOME": str(home)}
    process = subprocess.Popen([sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"], env=environment, stdout=-1)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_what_a_serve_that_died_left_running_is_ended_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "_PATIENCE", 2.0)
    dead, living = "999999999 1", this_process()
    started = [sleeping(home, by) for home, by in ((tmp_path, dead), (tmp_path, living), (tmp_path / "another home", dead))]
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
        with pytest.raises(ObservatoryError, match=r"Another `observatory serve` is at work"), only_serve_of(tmp_path):
            pass
        assert worker.poll() is None, "the second one ends nothing of the first"
    assert worker.wait(5) != 0
    worker.communicate()
    assert MARK not in os.environ


def _held(home: Path, query: str) -> object:
    server = EmbeddedPostgres(home)
    try:
        with Warehouse(server.join()) as warehouse:
            return warehouse.scalar(query)
    finally:
        server.leave()


@pytest.mark.parametrize("is_published", [False, True], ids=["nothing is published", "killed after an approval"])
def test_serve_begins_with_the_files_and_pages_that_are_missing(is_published, drafted, ask, monkeypatch, tmp_path):  # noqa: F811
    """An approval that died before its files were written leaves them due, and who opens a new observatory's page finds one."""
    monkeypatch.setattr("pipelines.web.serve_dagster", lambda listening, *_: listening.close() is None)
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path / "landing"))
    monkeypatch.setattr("pipelines.command.serve.signal.signal", lambda *_: None)  # this process is not to be stopped as it is
    for name in ("DAGSTER_DISABLE_TELEMETRY", "GRPC_VERBOSITY", "PYTHONUNBUFFERED"):  # set back afterwards
        monkeypatch.setenv(name, "1")
    if is_published:
        approve(drafted, DATE, REGION, APPROVER)
    code, said = ask(drafted, "serve", "--port", "0", "--page-port", "0")
    assert code == 0, said
    releases = tmp_path / "home" / "releases"
    assert (releases / "index.html").is_file()
    assert (releases / str(DATE) / "r1" / "page" / "index.html").is_file() == is_published


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are known by /proc")
def test_serve_killed_over_a_sensors_run_and_started_again_does_what_was_left_undone(tmp_path):
    Place(tmp_path / "landing").first(DATES[:1])
    ports = free_port(), free_port()
    first = Serve(tmp_path, ports)
    served = [first]

    def a_run_is_at_work() -> object:
        assert first.process.poll() is None, first.said()
        with dg.DagsterInstance.from_config(str(first.home / "dagster")) as instance:
            return instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))

    try:
        # Dagster's own way to open its databases must not meet them while they are made
        wait_for(lambda: "The observatory page is at" in first.said())
        wait_for(a_run_is_at_work, every=1)
        left = first.workers()
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        names = {number: name_of(number) for number in left}
        assert left, "a daemon, a code server and a run were at work"
        with dg.DagsterInstance.from_config(str(first.home / "dagster")) as instance:
            dead = [instance.add_run(dg.DagsterRun("bring_up_to_date", status=dg.DagsterRunStatus.STARTED)).run_id for _ in range(10)]

        second = Serve(tmp_path, ports)
        served.append(second)
        wait_for(second.is_open)
        assert [n for n, name in names.items() if name and name_of(n) == name] == [], "no orphan is left"
        wait_for(lambda: _held(second.home, "select count(*) from raw.answered"), every=2)
        with dg.DagsterInstance.from_config(str(second.home / "dagster")) as instance:
            assert {instance.get_run_by_id(number).status for number in dead} == {dg.DagsterRunStatus.FAILURE}, "ten dead runs stop nothing"
            ended = dg.RunsFilter(job_name="bring_up_to_date", statuses=[dg.DagsterRunStatus.SUCCESS])
            done = wait_for(lambda: instance.get_runs(ended), every=2)
            assert sys.platform != "linux" or all(run.tags.get(PROCESS) for run in done), "forked, and its process is known"
        assert len(list((second.home / "outbox" / DATES[0]).glob("*/*.html"))) == 5
        assert _held(second.home, "select count(*) from published.release") == 0
        workers = second.workers()
        assert workers
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(60) == 0
        assert [n for n in workers if name_of(n)] == [], "run workers end with it"
    finally:
        for one in served:
            one.process.kill()
            one.process.wait()
            one.log.close()
        end_orphans(first.home)
