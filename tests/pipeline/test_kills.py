"""Killed with SIGKILL while at work: the commands, and `serve` with each of its parts. A few seeded
kills of one quarter's life.

Fifty of the commands are `python -m tests.kills --kills 50`, and of `serve` `python -m
tests.kills_of_serve --kills 20`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.children import end_orphans
from pipelines.dead import PROCESS, name_of
from pipelines.instance import dagster_instance
from pipelines.names import JOB
from resources.settings import Settings
from tests.conftest import memory
from tests.kills import APPROVER, DATABASE, DATES, Home, nursery, play, undisturbed
from tests.kills_of_serve import CODE, SERVE, WORKER, Serve, free_port, is_settled, wait_for
from tests.regions import quick_region_file

KILLS = int(os.environ.get("OBSERVATORY_KILLS", "3"))
SEED = int(os.environ.get("OBSERVATORY_KILLS_SEED", "5"))
LIFE = [["run"], ["approve", "--all", "--by", APPROVER]]
PARTS = (WORKER, DATABASE, SERVE, CODE)
STEPS = ("intake", "warehouse", "curated__children_looked_after_projection")
"""Steps of the sensor's run at whose beginning something is killed: after each of them there is
more to do.
"""


@pytest.fixture(scope="module")
def homes() -> Iterator[Callable[[str], Home]]:
    """Homes of the same landing place, by name: in no folder of pytest's, through which only root
    may pass.
    """
    with (
        tempfile.TemporaryDirectory(
            prefix="kills ", dir=memory(), ignore_cleanup_errors=True
        ) as folder,
        nursery() as born,
    ):
        Path(folder).chmod(0o755)
        region = str(quick_region_file(Path(folder)))
        yield lambda name: Home(Path(folder) / name, born, DATES[:1], LIFE, region=region)


@pytest.fixture(scope="module")
def whole(homes) -> Home:
    """A home that nobody disturbed."""
    return undisturbed(homes("whole"))


def test_the_commands_killed_and_given_again_leave_everything_as_if_nothing_had_happened(
    homes, whole
):
    home = homes("killed")
    killed = play(home, whole, random.Random(SEED), KILLS)
    assert killed.total() > 0
    assert home.differences(whole) == []
    made = whole.files()
    assert (
        f"releases/{DATES[0]}/r1/manifest.json" in made
        and f"releases/{DATES[0]}/r1/page/index.html" in made
    )
    assert sum(name.startswith(f"outbox/{DATES[0]}/356/") for name in made) == 4


def a_run_at(instance: dg.DagsterInstance, step: str, before: set[str]) -> str:
    """A run of the sensor that has begun a step, and is none of those `before`; blank where there
    is none.
    """
    for run in instance.get_runs(
        dg.RunsFilter(job_name=JOB, statuses=[dg.DagsterRunStatus.STARTED])
    ):
        begun = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START)
        if run.run_id not in before and step in {entry.step_key for entry in begun}:
            return run.run_id
    return ""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are known by /proc")
def test_serve_and_its_parts_killed_over_the_sensors_runs_leave_everything_as_if_nothing_had_happened(
    homes, whole, monkeypatch
):
    """The sensor's run, its PostgreSQL, `serve` itself and its code server, each at another step;
    it takes a minute: two starts of `serve`.
    """
    home, chance = homes("served"), random.Random(SEED)
    at = dict(zip(PARTS, [*chance.sample(STEPS, 3), chance.choice(STEPS)], strict=True))
    for name in ("DAGSTER_HOME", "OBSERVATORY_HOME"):  # set back afterwards
        monkeypatch.setenv(name, str(home.home))
    ports, known = (free_port(), free_port()), set[str]()
    served = [Serve(home.folder, ports, home.region)]

    def killed(part: str) -> str:
        """Kill a part when a run begins its step; gives the run."""
        serve = served[-1]

        def is_there() -> str:
            assert serve.process.poll() is None, serve.said()
            return a_run_at(instance, at[part], known)

        run = wait_for(is_there, every=0.1)
        known.add(run)
        assert serve.kill(part), part
        return run

    try:
        wait_for(
            lambda: "The observatory page is at" in served[0].said()
        )  # its history is made by then
        with dagster_instance(
            Settings(home.home, str(home.place.root), "", home.region)
        ) as instance:
            ended = [killed(part) for part in (WORKER, DATABASE)]
            wait_for(lambda: a_run_at(instance, "intake", known))  # what was killed is begun anew
            left = {number: name_of(number) for number in served[0].workers()}
            parts = served[0].parts()
            ended.append(killed(SERVE))
            served[0].kill(
                WORKER, parts
            )  # which would go on alone, and might be done before it is found
            assert left, "a daemon, a code server and a run were at work"
            dead = [
                instance.add_run(
                    dg.DagsterRun("bring_up_to_date", status=dg.DagsterRunStatus.STARTED)
                ).run_id
                for _ in range(10)
            ]

            served.append(Serve(home.folder, ports, home.region))
            wait_for(served[1].is_open)
            assert [n for n, name in left.items() if name and name_of(n) == name] == [], (
                "no orphan is left"
            )
            killed(CODE)

            def is_done() -> bool:
                if (
                    served[-1].process.poll() is not None
                ):  # without its code server it may end: begun again, as systemd would
                    served.append(Serve(home.folder, ports, home.region))
                return is_settled(home)

            wait_for(is_done, every=2)
            ended += dead
            assert {instance.get_run_by_id(run).status for run in ended} == {
                dg.DagsterRunStatus.FAILURE
            }, "dead runs stop nothing"
            succeeded = dg.RunsFilter(job_name=JOB, statuses=[dg.DagsterRunStatus.SUCCESS])
            # what was due is done a moment before its run has ended
            done = wait_for(lambda: instance.get_runs(succeeded), seconds=60)
            assert sys.platform != "linux" or all(run.tags.get(PROCESS) for run in done), (
                "forked, and its process is known"
            )
        assert len(list((home.home / "outbox" / DATES[0]).glob("*/*.html"))) == 5
        assert not (home.home / "releases" / DATES[0]).exists(), "nothing is published by itself"
        wait_for(served[-1].is_open)
        workers = served[-1].workers()
        served[-1].process.send_signal(signal.SIGTERM)
        assert served[-1].process.wait(60) == 0
        assert workers and [n for n in workers if name_of(n)] == [], "run workers end with it"
    finally:
        for one in served:
            one.process.kill()
            one.process.wait()
            one.log.close()
        end_orphans(home.home)
    for command in LIFE:
        home.finish(command)
    # of which figures a quality report was written: `serve` writes it unasked
    assert set(home.differences(whole)) <= {"raw.reported"}
