"""Metrics: what Dagster's runs measured, kept in the warehouse's tables, where they outlive
Dagster's history, and as a page.

Belongs here: reading a run's events, `raw.run` and `raw.run_metric`, the page. Nothing in them is
of a return: they are numbers, with names of jobs, steps, tables and checks. Does not belong here:
figures of the region.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa

from pipelines.jobs import range_of
from resources.configuration import number
from resources.version import VERSION
from resources.warehouse import Warehouse

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_ROWS = ("dagster/partition_row_count", "dagster/row_count")


def record(warehouse: Warehouse, instance: dg.DagsterInstance) -> int:
    """Write down the runs that have ended and are not written down yet, and remove what is too old.
    Gives how many were new.
    """
    if warehouse.scalar(
        "select to_regclass('raw.run') is null"
    ):  # no run has got as far as making the tables
        return 0
    known = {row.run_id for row in warehouse.rows("select run_id from raw.run")}
    new = [
        one
        for one in instance.get_run_records(dg.RunsFilter(statuses=_ENDED))
        if one.dagster_run.run_id not in known and one.start_time
    ]
    runs = [(_run(one), list(_measured(instance, one.dagster_run.run_id))) for one in new]
    with warehouse.engine.begin() as connection:
        for run, metrics in runs:
            connection.execute(
                sa.text(
                    "insert into raw.run values (:run_id, :job, :first, :last, :started, :seconds,"
                    " :outcome, :version) on conflict do nothing"
                ),
                run,
            )
            if metrics:
                insert = (
                    "insert into raw.run_metric values (:run_id, :kind, :name, :value) on conflict"
                    " do nothing"
                )
                connection.execute(
                    sa.text(insert), [{"run_id": run["run_id"], **metric} for metric in metrics]
                )
        until = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=number("retention.metrics_days"))
        connection.execute(
            sa.text("delete from raw.run where started_at < :until"), {"until": until}
        )
    return len(runs)


def _run(record: dg.RunRecord) -> dict[str, Any]:
    run = record.dagster_run
    first, last = range_of(run.tags) or (None, None)
    return {
        "run_id": run.run_id,
        "job": run.job_name,
        "first": first,
        "last": last,
        "started": dt.datetime.fromtimestamp(record.start_time or 0, tz=dt.UTC),
        "seconds": round((record.end_time or record.start_time or 0) - (record.start_time or 0), 3),
        "outcome": {"SUCCESS": "done", "FAILURE": "failed", "CANCELED": "stopped"}[
            run.status.value
        ],
        "version": VERSION,
    }


def _measured(instance: dg.DagsterInstance, run_id: str) -> Iterable[dict[str, Any]]:
    """What a run's events say in numbers, the last of each name."""
    wanted = {
        dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    }  # fmt: skip
    found: dict[tuple[str, str], float] = {}
    for entry in instance.all_logs(run_id, of_type=wanted):
        event = entry.dagster_event
        if event is None:
            continue
        if event.event_type == dg.DagsterEventType.STEP_SUCCESS:
            found["step seconds", event.step_key or ""] = event.step_success_data.duration_ms / 1000
        elif event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
            made = event.step_materialization_data.materialization
            for name in _ROWS:
                if name in made.metadata:
                    found["rows", ".".join(made.asset_key.path)] = float(made.metadata[name].value)  # type: ignore[arg-type]
        else:
            check: Any = event.event_specific_data
            rows = check.metadata.get("offending_rows")
            if check.partition is None or ("offending rows", _of(check)) not in found:
                found["offending rows", _of(check)] = (
                    float(rows.value) if rows is not None else float(not check.passed)
                )
    return [{"kind": kind, "name": name, "value": value} for (kind, name), value in found.items()]


def _of(check: Any) -> str:
    return f"{'.'.join(check.asset_key.path)}: {check.check_name}"


def last_runs(warehouse: Warehouse, many: int = 20) -> list[sa.Row]:
    """The last runs, the newest first: job, quarters, start, seconds, outcome, rows written, checks
    that found something.
    """
    return warehouse.rows(
        """
        select r.run_id, r.job, r.first_quarter, r.last_quarter, r.started_at, r.seconds, r.outcome, r.program_version,
            sum(m.value) filter (where m.kind = 'rows') as rows,
            count(*) filter (where m.kind = 'offending rows') as checks,
            count(*) filter (where m.kind = 'offending rows' and m.value > 0) as checks_failed
        from raw.run as r left join raw.run_metric as m on r.run_id = m.run_id
        group by r.run_id order by r.started_at desc limit :many
        """,
        many=many,
    )


def write_page(warehouse: Warehouse, folder: Path) -> Path:
    """The page of the runs' metrics, for whoever operates the observatory: runs, the last one's
    steps, checks that found something.
    """
    runs = last_runs(warehouse, 200)
    last = runs[0].run_id if runs else ""
    metrics = warehouse.rows(
        "select kind, name, value from raw.run_metric where run_id = :id order by value desc, name",
        id=last,
    )
    steps = [(row.name, f"{row.value:,.1f}") for row in metrics if row.kind == "step seconds"]
    failed = warehouse.rows(
        "select r.started_at, r.job, m.name, m.value from raw.run_metric as m inner join raw.run as"
        " r on m.run_id = r.run_id where m.kind = 'offending rows' and m.value > 0 order by"
        " r.started_at desc, m.name limit 200"
    )
    parts = [
        _table(
            "Runs",
            ("started (UTC)", "job", "quarters", "seconds", "outcome", "rows", "checks", "found something", "version"),
            [
                (
                    f"{row.started_at:%Y-%m-%d %H:%M}", row.job, quarters_of(row), f"{row.seconds:,.0f}", row.outcome, f"{row.rows or 0:,.0f}",
                    row.checks, row.checks_failed, row.program_version,
                )
                for row in runs
            ],
        ),
        _table("Steps of the last run", ("step", "seconds"), steps),
        _table("Rows of the last run", ("table", "rows"), [(row.name, f"{row.value:,.0f}") for row in metrics if row.kind == "rows"]),
        _table(
            "Checks that found something",
            ("started (UTC)", "job", "check", "rows"),
            [(f"{row.started_at:%Y-%m-%d %H:%M}", row.job, row.name, f"{row.value:,.0f}") for row in failed],
        ),
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(_PAGE.format(tables="\n".join(parts)), encoding="utf-8")
    return path


def quarters_of(row: sa.Row) -> str:
    """The quarters of a run, as they are shown."""
    if row.first_quarter is None:
        return ""
    return (
        str(row.first_quarter)
        if row.first_quarter == row.last_quarter
        else f"{row.first_quarter} to {row.last_quarter}"
    )


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<h2>{html.escape(title)}</h2>\n<div tabindex="0" role="region"'
        f' aria-label="{html.escape(title)}"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


_PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Runs of the observatory</title>
<style>body {{ font: 1rem/1.4 system-ui, sans-serif; margin: 2rem }} div {{ overflow-x: auto; margin-bottom: 2rem }}
table {{ border-collapse: collapse }}
th, td {{ border-bottom: 1px solid #767676; padding: .2rem .8rem .2rem 0; text-align: left; white-space: nowrap }}</style></head>
<body><main><h1>Runs of the observatory</h1>
{tables}
</main></body></html>
"""
