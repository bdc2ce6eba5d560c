"""The sensor on the landing place and the schedule of the timetable."""

from __future__ import annotations

import datetime as dt
import json

import dagster as dg
import pytest

from assets.access.preparing import prepare
from pipelines.dead import PROCESS, fail_dead_runs, this_process
from pipelines.jobs import range_tags
from pipelines.schedules import timetable
from pipelines.sensors import landing_place, look, quality_of_what_stands
from resources.embedded_postgres import EmbeddedPostgres
from tests import builders
from tests.conftest import KEY

DATE = "2025-03-31"


@pytest.fixture
def home(tmp_path, monkeypatch, landing):
    """A home of its own, its server running, and the environment that the sensor reads."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    monkeypatch.delenv("OBSERVATORY_DATABASE_URL", raising=False)
    server = EmbeddedPostgres(tmp_path / "home")
    server.join()
    yield server
    server.leave()


def _tick(cursor: str | None) -> tuple[list[str], str | None]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = landing_place(dg.build_sensor_context(instance=instance, cursor=cursor))
    if isinstance(result, dg.SkipReason):
        return [], cursor
    assert isinstance(result, dg.SensorResult)
    return [
        request.tags["dagster/partition"] for request in result.run_requests or []
    ], result.cursor


def test_what_lands_is_run_once_and_a_restart_is_no_news(home, landing):
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    requested, cursor = _tick(None)
    assert requested == [DATE]
    assert _tick(cursor)[0] == []

    from assets.answering.outbox import answer_quarter
    from assets.intake.loading import take_in
    from assets.projection import table as projection
    from assets.warehouse.building import build_quarter
    from resources.warehouse import Warehouse
    from schemas.regions import load_region

    with Warehouse(home.url) as warehouse:
        take_in(warehouse, landing.place, dt.date.fromisoformat(DATE), KEY)
        build_quarter(warehouse, dt.date.fromisoformat(DATE), load_region("north_west"))
    assert _tick(None)[0] == [DATE], "a run that died before the end left something undone"
    with Warehouse(home.url) as warehouse:
        projection.rewrite(warehouse, dt.date.fromisoformat(DATE))
        answer_quarter(
            warehouse,
            landing.place,
            str(home.folder.parent / "outbox"),
            dt.date.fromisoformat(DATE),
            KEY,
        )
    assert _tick(None)[0] == []

    landing.drop(DATE, "352", "census.csv", builders.census([{}] * 3, "Manchester"))
    landing.drop("2025-06-30", "352", "census.csv", builders.census([{}] * 3, "Manchester"))
    assert _tick(cursor)[0] == [DATE, "2025-06-30"]


def test_a_file_that_is_still_being_written_is_left_until_the_next_look(landing):
    path = landing.drop(DATE, "356", "census.csv", builders.census([{}]))
    received = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
    seen, changed = look(landing.place, {}, received + dt.timedelta(seconds=2), KEY)
    assert (seen, changed) == ({}, [])
    seen, changed = look(landing.place, {}, received + dt.timedelta(seconds=30), KEY)
    assert changed == [dt.date.fromisoformat(DATE)]
    assert (
        look(landing.place, json.loads(json.dumps(seen)), received + dt.timedelta(seconds=60), KEY)[
            1
        ]
        == []
    )


def test_no_landing_place_is_said_and_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path / "none"))

    def skipped() -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            result = landing_place(dg.build_sensor_context(instance=instance))
        assert isinstance(result, dg.SkipReason)
        return str(result.skip_message)

    assert "Nothing is kept at" in skipped(), "a home is begun by no sensor"
    monkeypatch.setattr("pipelines.sensors._ready", lambda _: (KEY, []))
    assert "No landing place was found" in skipped()


def test_the_timetable_asks_for_a_draft_once_the_quarters_day_has_come_and_for_nothing_before(
    home, landing
):
    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter
    from resources.warehouse import Warehouse
    from schemas.regions import load_region

    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    with Warehouse(home.url) as warehouse:
        prepare(warehouse, load_region("north_west"))
        take_in(warehouse, landing.place, dt.date.fromisoformat(DATE), KEY)
        build_quarter(warehouse, dt.date.fromisoformat(DATE), load_region("north_west"))

    def asked(day: str) -> list[str]:
        moment = dt.datetime.fromisoformat(f"{day}T06:00:00+01:00")
        requests = timetable(dg.build_schedule_context(scheduled_execution_time=moment))
        return [r.tags["dagster/partition"] for r in requests] if isinstance(requests, list) else []

    assert asked("2025-05-04") == []
    assert asked("2025-05-05") == [DATE], "35 days after the quarter's end"


def test_the_quality_report_follows_the_figures_once_no_run_is_at_work_on_them(home, landing):
    """It is found from what stands: whoever died before it was written, it is due."""
    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter
    from resources.warehouse import Warehouse
    from schemas.regions import load_region

    def asked(*under_way: str) -> list[str]:
        with dg.DagsterInstance.ephemeral() as instance:
            for name in under_way:
                instance.add_run(dg.DagsterRun(name, status=dg.DagsterRunStatus.STARTED))
            found = quality_of_what_stands(dg.build_sensor_context(instance=instance))
        return (
            [request.run_key for request in found.run_requests]
            if isinstance(found, dg.SensorResult)
            else []
        )

    with Warehouse(home.url) as warehouse:
        prepare(warehouse, load_region("north_west"))
        assert asked() == [], "no figures, no report"
        keys: set[str] = set()
        for children in (3, 4):
            landing.drop(DATE, "356", f"census {children}.csv", builders.census([{}] * children))
            take_in(warehouse, landing.place, dt.date.fromisoformat(DATE), KEY)
            build_quarter(warehouse, dt.date.fromisoformat(DATE), load_region("north_west"))
            keys |= set(asked("approve"))
            assert asked("bring_up_to_date") == [], "a run at work makes other figures"
    assert len(keys) == 2 and all(key.startswith(f"{DATE} {DATE} ") for key in keys), (
        "other figures, another report"
    )


def test_a_run_whose_process_died_is_written_down_as_failed_and_one_that_lives_is_not():
    living, dead = {PROCESS: this_process()}, {PROCESS: "999999999 1"}
    with dg.DagsterInstance.ephemeral() as instance:

        def started(tags: dict[str, str]) -> dg.DagsterRun:
            run = dg.DagsterRun("bring_up_to_date", tags=tags, status=dg.DagsterRunStatus.STARTED)
            return instance.add_run(run)

        runs = {
            name: started(tags).run_id
            for name, tags in (("living", living), ("dead", dead), ("of the daemon", {}))
        }
        assert fail_dead_runs(instance) == [runs["dead"]]
        assert instance.get_run_by_id(runs["dead"]).status == dg.DagsterRunStatus.FAILURE
        assert fail_dead_runs(instance, of_the_daemon=True) == [runs["of the daemon"]]
        assert instance.get_run_by_id(runs["living"]).status == dg.DagsterRunStatus.STARTED


def test_a_quarter_whose_run_waits_to_start_is_not_asked_for_again_and_not_forgotten(home, landing):
    """That run will read whatever has landed by then: a hundred senders, one by one, make no
    hundred runs.
    """
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    landing.drop("2025-06-30", "356", "census.csv", builders.census([{}] * 3))
    tags = range_tags(dt.date.fromisoformat(DATE), dt.date.fromisoformat(DATE))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_run(
            dg.DagsterRun("bring_up_to_date", tags=tags, status=dg.DagsterRunStatus.NOT_STARTED)
        )
        found = landing_place(dg.build_sensor_context(instance=instance))
    assert [request.tags["dagster/partition"] for request in found.run_requests] == ["2025-06-30"]
    assert _tick(found.cursor)[0] == [DATE], (
        "once it no longer waits, what it may have left is looked for"
    )


def test_a_run_of_the_command_that_was_killed_keeps_the_sensor_from_nothing(home, landing):
    from assets.intake.loading import take_in
    from resources.warehouse import Warehouse
    from schemas.regions import load_region

    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    with Warehouse(home.url) as warehouse:
        prepare(warehouse, load_region("north_west"))
        take_in(warehouse, landing.place, dt.date.fromisoformat(DATE), KEY)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_run(
            dg.DagsterRun(
                "bring_up_to_date",
                tags={PROCESS: "999999999 1"},
                status=dg.DagsterRunStatus.STARTED,
            )
        )
        found = landing_place(dg.build_sensor_context(instance=instance))
    assert [request.tags["dagster/partition"] for request in found.run_requests] == [DATE]


def test_a_later_quarter_that_rests_on_an_earlier_one_is_run_again_each_time_that_it_changes(
    home, landing
):
    """Also twice within an hour; what only fails again is tried once an hour."""
    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter
    from resources.warehouse import Warehouse
    from schemas.regions import load_region

    later, asked, cursor = "2025-06-30", [], None
    landing.drop(later, "356", "census.csv", builders.census([{}] * 3))
    with Warehouse(home.url) as warehouse:
        prepare(warehouse, load_region("north_west"))
        for children in (3, 4):
            landing.drop(DATE, "356", f"census {children}.csv", builders.census([{}] * children))
            for date in map(dt.date.fromisoformat, (DATE, later)):
                take_in(warehouse, landing.place, date, KEY)
                build_quarter(warehouse, date, load_region("north_west"))
            for _ in range(2):
                with dg.DagsterInstance.ephemeral() as instance:
                    found = landing_place(dg.build_sensor_context(instance=instance, cursor=cursor))
                cursor = found.cursor
                asked += [
                    request.run_key
                    for request in found.run_requests
                    if request.tags[next(iter(request.tags))] == later
                ]
    assert len(set(asked[1:])) == 2 and asked[2] == asked[3]


def test_what_a_run_that_died_before_it_read_anything_should_have_read_is_looked_for_again(
    home, landing
):
    """The sensor has seen the file by then, and nothing in the warehouse tells of it; each death is
    another try, a failure one an hour.
    """
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    tags = range_tags(dt.date.fromisoformat(DATE), dt.date.fromisoformat(DATE))

    def tick(cursor: str | None, instance: dg.DagsterInstance) -> tuple[list[str], str | None]:
        found = landing_place(dg.build_sensor_context(instance=instance, cursor=cursor))
        is_found = isinstance(found, dg.SensorResult)
        return [request.run_key for request in found.run_requests] if is_found else [], (
            found.cursor if is_found else cursor
        )

    with dg.DagsterInstance.ephemeral() as instance:
        asked, cursor = tick(None, instance)
        assert len(asked) == 1 and tick(cursor, instance)[0] == []
        for _ in range(2):
            instance.add_run(
                dg.DagsterRun(
                    "bring_up_to_date",
                    tags={**tags, PROCESS: "999999999 1"},
                    status=dg.DagsterRunStatus.STARTED,
                )
            )
            keys, cursor = tick(cursor, instance)
            assert len(keys) == 1 and keys[0] not in asked
            asked += keys
        instance.add_run(
            dg.DagsterRun("bring_up_to_date", tags=tags, status=dg.DagsterRunStatus.FAILURE)
        )
        once, cursor = tick(cursor, instance)
        assert tick(cursor, instance)[0] == once, "Dagster starts one run of a key"
        for _ in range(9):
            instance.add_run(
                dg.DagsterRun(
                    "bring_up_to_date",
                    tags={**tags, PROCESS: "999999999 1"},
                    status=dg.DagsterRunStatus.STARTED,
                )
            )
            asked += tick(cursor, instance)[0]
        assert len(set(asked)) < 9, "what is killed again and again is tried once an hour too"


def test_one_run_a_quarter_at_a_time(tmp_path):
    from pipelines.instance import DAGSTER_YAML, FORMER_DAGSTER_YAML, dagster_instance
    from resources.settings import Settings

    settings = Settings(tmp_path / "home", str(tmp_path), "", "north_west")
    settings.dagster_home.mkdir(parents=True)
    config = settings.dagster_home / "dagster.yaml"
    for former in FORMER_DAGSTER_YAML:
        config.write_text(former, encoding="utf-8")
        with dagster_instance(settings) as instance:
            limits = instance.get_concurrency_config().run_queue_config.tag_concurrency_limits
        assert limits == [
            {"key": "observatory/quarter", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
        ]
        assert config.read_text(encoding="utf-8") == DAGSTER_YAML
    config.write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    with dagster_instance(settings):
        assert config.read_text(encoding="utf-8").startswith("telemetry"), (
            "a user's own settings stay"
        )
