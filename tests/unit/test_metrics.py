"""What runs measured stands in the warehouse and on a page, outlives Dagster's history, and names
nothing of a return.
"""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest

from pipelines.forgetting import forget
from pipelines.instance import dagster_instance
from pipelines.jobs import range_tags
from pipelines.metrics import last_runs, record, write_page
from pipelines.partitions import quarters
from resources.settings import Settings

SPEC = dg.AssetCheckSpec("totals", asset="figures", partitions_def=quarters)


@dg.multi_asset(
    specs=[dg.AssetSpec("figures")],
    check_specs=[SPEC],
    partitions_def=quarters,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def figures():
    yield dg.MaterializeResult("figures", metadata={"dagster/partition_row_count": 1200})
    yield dg.AssetCheckResult(
        asset_key="figures", check_name="totals", passed=False, metadata={"offending_rows": 3}
    )


def test_a_runs_steps_rows_and_checks_are_written_down_once_and_outlive_its_history(
    embedded_warehouse, tmp_path, monkeypatch
):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    job = dg.Definitions(
        assets=[figures], jobs=[dg.define_asset_job("look")], executor=dg.in_process_executor
    ).resolve_job_def("look")
    tags = range_tags(dt.date(2025, 3, 31), dt.date(2025, 6, 30))
    with dagster_instance(settings) as instance:
        job.execute_in_process(instance=instance, tags=tags)
        job.execute_in_process(instance=instance, tags=tags)
        assert record(embedded_warehouse, instance) == 2
        assert record(embedded_warehouse, instance) == 0
        forget(instance, settings, dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=400))
        assert record(embedded_warehouse, instance) == 0
    runs = last_runs(embedded_warehouse)
    assert [
        (run.job, str(run.first_quarter), str(run.last_quarter), run.outcome) for run in runs
    ] == [("look", "2025-03-31", "2025-06-30", "done")] * 2
    assert [(run.rows, run.checks, run.checks_failed) for run in runs] == [(1200, 1, 1)] * 2
    assert {
        row.name
        for row in embedded_warehouse.rows(
            "select name from raw.run_metric where kind = 'step seconds' and value > 0"
        )
    } == {"figures"}
    page = write_page(embedded_warehouse, tmp_path / "metrics").read_text(encoding="utf-8")
    assert (
        "<td>1,200</td>" in page
        and "figures: totals" in page
        and "2025-03-31 to 2025-06-30" in page
    )


def test_metrics_are_kept_for_as_long_as_the_configuration_says(
    embedded_warehouse, tmp_path, monkeypatch
):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("OBSERVATORY_KEEP_METRICS_DAYS", "30")
    with embedded_warehouse.engine.begin() as connection:
        for days in (29, 31):
            connection.exec_driver_sql(
                f"insert into raw.run values ('{days}', 'look', null, null, now() - interval"
                f" '{days} days', 1, 'done', '0')"
            )
    with dagster_instance(Settings(tmp_path / "home", "landing", "", "north_west")) as instance:
        record(embedded_warehouse, instance)
    assert [run.run_id for run in last_runs(embedded_warehouse)] == ["29"]


@pytest.mark.parametrize("name", ["<b>", "a & b"])
def test_the_page_shows_names_as_text(embedded_warehouse, tmp_path, name):
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            f"insert into raw.run values ('1', '{name}', null, null, now(), 1, 'done', '0')"
        )
    assert name not in write_page(embedded_warehouse, tmp_path).read_text(encoding="utf-8")
