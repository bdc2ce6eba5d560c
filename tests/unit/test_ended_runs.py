"""A run that was ended from outside is tried again at once, as one that was killed itself."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa
from dagster._core.errors import DagsterExecutionInterruptedError

from pipelines.dead import DIED, note_what_was_ended
from pipelines.instance import dagster_instance
from pipelines.jobs import range_tags
from pipelines.names import JOB
from pipelines.sensors import ended_badly
from resources.settings import Settings

DATE = dt.date(2025, 3, 31)


def a_run_that_fails(instance: dg.DagsterInstance, error: Exception) -> str:
    @dg.op
    def write() -> None:
        raise error

    @dg.job(name=JOB, executor_def=dg.in_process_executor)
    def job() -> None:
        write()

    done = job.execute_in_process(
        instance=instance, tags=range_tags(DATE, DATE), raise_on_error=False
    )
    return done.run_id


def of_the_server(error: Exception) -> Exception:
    """As SQLAlchemy tells it."""
    return sa.exc.OperationalError("update raw.quarter", {}, error).with_traceback(None)


@pytest.mark.parametrize(
    ("error", "is_tried_again"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.errors.CannotConnectNow("the database system is starting up"), True),
        (psycopg.errors.AdminShutdown("terminating connection"), True),
        (DagsterExecutionInterruptedError(), True),
        (psycopg.errors.DiskFull("could not extend file"), False),
        (ValueError("server closed the connection unexpectedly"), False),
    ],
)
def test_a_run_that_was_ended_died_and_one_that_failed_otherwise_did_not(
    tmp_path, monkeypatch, error, is_tried_again
):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    with dagster_instance(settings) as instance:
        wrapped = of_the_server(error) if isinstance(error, psycopg.Error) else error
        wrapped.__cause__ = error if wrapped is not error else None
        run = a_run_that_fails(instance, wrapped)
        now = dt.datetime.now(tz=dt.UTC)
        before = ended_badly(instance, now)[DATE]
        assert note_what_was_ended(instance, now) == ([run] if is_tried_again else [])
        assert (DIED in instance.get_run_by_id(run).tags) == is_tried_again
        assert (ended_badly(instance, now)[DATE] != before) == is_tried_again
        assert note_what_was_ended(instance, now) == [], "once"
