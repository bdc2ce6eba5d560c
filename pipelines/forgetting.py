"""Forgetting: Dagster's history is kept for as long as the configuration says, and the quality
reports of so many quarters.

Belongs here: which runs, looks and reports go, and that their space is given back.
Does not belong here: rows of the warehouse (`assets/access/retention`), which law keeps.

Of each job the last run that ended well stays for each range of quarters, however old: by it the UI
shows what made a table.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from pipelines.jobs import range_of
from resources.configuration import number
from resources.settings import Settings

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True)
class Forgotten:
    """What went: runs, looks' instigators purged, quarters' reports."""

    runs: int = 0
    reports: int = 0


def runs_to_forget(
    instance: dg.DagsterInstance, now: dt.datetime, days: int, most: int
) -> list[str]:
    """The runs that are older than `days`, or not among the newest `most`, but for the last good
    one of each job and range.
    """
    records = instance.get_run_records(dg.RunsFilter(statuses=_ENDED))  # the newest first
    stays: dict[tuple[str, tuple[dt.date, dt.date] | None], str] = {}
    for record in records:
        run = record.dagster_run
        if run.status == dg.DagsterRunStatus.SUCCESS:
            # the newest comes first, and stays
            stays.setdefault((run.job_name, range_of(run.tags)), run.run_id)
    kept = set(stays.values())
    until = now - dt.timedelta(days=days)
    return [
        record.dagster_run.run_id
        for place, record in enumerate(records)
        if record.dagster_run.run_id not in kept
        and (place >= most or record.create_timestamp < until)
    ]


def forget(instance: dg.DagsterInstance, settings: Settings, now: dt.datetime) -> Forgotten:
    """Remove what has been kept for long enough, by the configuration. A second time there is
    nothing to remove.
    """
    runs = runs_to_forget(instance, now, number("retention.runs_days"), number("retention.runs"))
    for run in runs:
        instance.delete_run(run)
        _remove_checks(instance, run)
        _remove_files(instance, settings.dagster_home, run)
    before = (now - dt.timedelta(days=number("retention.ticks_days"))).timestamp()
    for state in instance.all_instigator_state() if instance.schedule_storage else []:
        instance.purge_ticks(state.instigator_origin_id, state.selector_id, before)
    if runs:
        _give_back(settings.dagster_home)
    most = number("retention.reports")
    _forget_reports(settings.failing_rows, most)
    return Forgotten(len(runs), _forget_reports(settings.data_docs, most))


def _remove_checks(instance: dg.DagsterInstance, run: str) -> None:
    """How a run's checks came out: Dagster leaves that where it deletes a run, and it is most of
    what a run weighs.
    """
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(
                AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run)
            )


def _remove_files(instance: dg.DagsterInstance, home: Path, run: str) -> None:
    """The files of a run of its own: its events, and what its steps printed."""
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        storage.dispose()  # no file is open that goes
        path = Path(storage.path_for_shard(run))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink(missing_ok=True)
    shutil.rmtree(home / "storage" / run, ignore_errors=True)


def _give_back(home: Path) -> None:
    """Make the files as small as what is in them; one that is in use is left for the next time."""
    for path in (
        home / "history" / "runs" / "index.db",
        home / "history" / "runs.db",
        home / "schedules" / "schedules.db",
    ):
        if path.exists():
            with (
                contextlib.suppress(sqlite3.OperationalError),
                contextlib.closing(sqlite3.connect(path, timeout=5)) as connection,
            ):
                connection.execute("vacuum")


def _forget_reports(data_docs: Path, most: int) -> int:
    """Remove the quality reports of all but the newest quarters. They can be written again:
    `observatory report`.
    """
    gone = sorted(data_docs.glob("????-??-??"))[:-most]
    for folder in gone:
        shutil.rmtree(folder)
    return len(gone)
