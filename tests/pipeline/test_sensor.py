"""The sensor on the landing place and the schedule of the quarter's close."""

from __future__ import annotations

import datetime as dt
import json

import dagster as dg
import pytest

from pipelines.jobs import range_tags
from pipelines.schedules import quarters_close
from pipelines.sensors import landing_place, look, quality_after_a_run
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
    return [request.tags["dagster/asset_partition_range_start"] for request in result.run_requests or []], result.cursor


def test_what_lands_is_run_once_and_a_restart_is_no_news(home, landing):
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    requested, cursor = _tick(None)
    assert requested == [DATE]
    assert _tick(cursor)[0] == []

    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter
    from resources.warehouse import Warehouse
    from schemas.regions import load_region

    with Warehouse(home.url) as warehouse:
        take_in(warehouse, landing.place, dt.date.fromisoformat(DATE), KEY)
        build_quarter(warehouse, dt.date.fromisoformat(DATE), load_region("north_west"))
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
    assert look(landing.place, json.loads(json.dumps(seen)), received + dt.timedelta(seconds=60), KEY)[1] == []


def test_no_landing_place_is_said_and_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path / "none"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = landing_place(dg.build_sensor_context(instance=instance))
    assert isinstance(result, dg.SkipReason)
    assert "No landing place was found" in str(result.skip_message)


@pytest.mark.parametrize(("day", "quarter"), [("2026-01-28", "2025-12-31"), ("2026-04-28", "2026-03-31"), ("2026-07-28", "2026-06-30")])
def test_the_quarters_close_runs_the_quarter_that_ended_last(day, quarter):
    moment = dt.datetime.fromisoformat(f"{day}T06:00:00+00:00")
    request = quarters_close(dg.build_schedule_context(scheduled_execution_time=moment))
    assert request.tags["dagster/asset_partition_range_start"] == request.tags["dagster/asset_partition_range_end"] == quarter


@pytest.mark.parametrize("tags", [range_tags(dt.date(2025, 3, 31), dt.date(2025, 6, 30)), {}], ids=["a range of quarters", "no quarter"])
def test_the_quality_report_follows_a_run_for_the_same_quarters(tags):
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def done():
        nothing()

    with dg.DagsterInstance.ephemeral() as instance:
        result = done.execute_in_process(instance=instance, tags={**tags, "another": "tag"})
        context = dg.build_run_status_sensor_context("quality_after_a_run", result.get_run_success_event(), instance, result.dagster_run)
        asked = quality_after_a_run(context)
    if tags:
        assert (asked.run_key, asked.tags) == (result.run_id, tags)
    else:
        assert isinstance(asked, dg.SkipReason)
