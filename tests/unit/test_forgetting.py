"""Dagster's history and the quality reports are kept for as long as the configuration says, and no
longer.
"""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from pipelines.forgetting import forget, runs_to_forget
from pipelines.instance import dagster_instance
from pipelines.jobs import range_tags
from resources.settings import Settings

Q1, Q2 = dt.date(2025, 3, 31), dt.date(2025, 6, 30)


@dg.op(config_schema={})
def says(context) -> None:
    context.log.info("something " * 20)


@dg.job
def work() -> None:
    says()


@dg.multi_asset(
    specs=[dg.AssetSpec("figures")], check_specs=[dg.AssetCheckSpec("totals", asset="figures")]
)
def checked():
    yield dg.MaterializeResult("figures")
    yield dg.AssetCheckResult(asset_key="figures", check_name="totals", passed=True)


@dg.op(config_schema={})
def falls() -> None:
    raise ValueError("it falls")


@dg.job
def fails() -> None:
    falls()


@pytest.fixture
def kept(tmp_path, monkeypatch) -> Settings:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")


def run(instance: dg.DagsterInstance, job: dg.JobDefinition, date: dt.date) -> str:
    return job.execute_in_process(
        instance=instance, tags=range_tags(date, date), raise_on_error=False
    ).run_id


def size(settings: Settings) -> int:
    return sum(path.stat().st_size for path in settings.dagster_home.rglob("*") if path.is_file())


def test_old_runs_go_with_their_files_and_the_last_good_one_of_each_quarter_stays(
    kept, monkeypatch
):
    monkeypatch.setenv("OBSERVATORY_KEEP_RUNS_DAYS", "90")
    with dagster_instance(kept) as instance:
        first, last = run(instance, work, Q1), run(instance, work, Q1)
        other = run(instance, work, Q2)
        failed = run(instance, fails, Q2)
        now = dt.datetime.now(tz=dt.UTC)
        assert forget(instance, kept, now).runs == 0
        before = size(kept)
        assert forget(instance, kept, now + dt.timedelta(days=91)).runs == 2
        assert {one.run_id for one in instance.get_runs()} == {last, other}
        assert size(kept) < before
        assert [
            path for gone in (first, failed) for path in kept.dagster_home.rglob(f"{gone}*")
        ] == []
        assert forget(instance, kept, now + dt.timedelta(days=91)).runs == 0
        assert [log.run_id for log in instance.all_logs(last)][:1] == [last], (
            "the others' events stand"
        )
        assert run(instance, work, Q1), "and the history goes on"


def test_how_the_checks_of_an_old_run_came_out_goes_with_it(kept, monkeypatch):
    """Dagster itself leaves it: 22 MB of 36 runs."""
    job = dg.Definitions(
        assets=[checked], jobs=[dg.define_asset_job("check")], executor=dg.in_process_executor
    ).resolve_job_def("check")
    with dagster_instance(kept) as instance:
        runs = [run(instance, job, Q1) for _ in range(2)]
        forget(instance, kept, dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=91))
        key = dg.AssetCheckKey(dg.AssetKey("figures"), "totals")
        history = instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
        assert [record.run_id for record in history] == runs[1:]


def test_no_more_runs_are_kept_than_the_configuration_says(kept):
    with dagster_instance(kept) as instance:
        runs = [run(instance, work, Q1) for _ in range(4)]
        now = dt.datetime.now(tz=dt.UTC)
        assert sorted(runs_to_forget(instance, now, 90, 2)) == sorted(runs[:2])


def test_old_looks_of_sensors_go_and_young_ones_stay(kept, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_KEEP_TICKS_DAYS", "14")
    now = dt.datetime.now(tz=dt.UTC)
    with dagster_instance(kept) as instance:
        origin = RemoteInstigatorOrigin(
            repository_origin=RemoteRepositoryOrigin(
                InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="pipelines")), "r"
            ),
            instigator_name="landing",
        )
        state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.DECLARED_IN_CODE)
        instance.add_instigator_state(state)
        for days in (15, 13):
            instance.create_tick(
                TickData(
                    state.instigator_origin_id, "landing", InstigatorType.SENSOR,
                    TickStatus.SKIPPED, (now - dt.timedelta(days=days)).timestamp(),
                    selector_id=state.selector_id,
                )
            )  # fmt: skip
        forget(instance, kept, now)
        left = instance.get_ticks(state.instigator_origin_id, state.selector_id)
        assert [round((now.timestamp() - tick.timestamp) / 86400) for tick in left] == [13]


def test_the_reports_of_the_newest_quarters_stay(kept, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_KEEP_REPORTS", "2")
    for date in ("2024-12-31", "2025-03-31", "2025-06-30"):
        (kept.data_docs / date).mkdir(parents=True)
        (kept.failing_rows / date).mkdir(parents=True)
    with dagster_instance(kept) as instance:
        assert forget(instance, kept, dt.datetime.now(tz=dt.UTC)).reports == 1
    for folder in (kept.data_docs, kept.failing_rows):
        assert sorted(path.name for path in folder.iterdir()) == ["2025-03-31", "2025-06-30"]
