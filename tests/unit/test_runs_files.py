"""The files of Dagster's history: a run's that is made by what is remembered is as Dagster makes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from pipelines.history import EventLog
from pipelines.instance import dagster_instance
from resources.settings import Settings


@pytest.fixture
def home(tmp_path, monkeypatch) -> Settings:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")


@dg.op(config_schema={})
def says(context) -> None:
    context.log.info("something")


@dg.job
def work() -> None:
    says()


def told(path: Path) -> tuple[object, ...]:
    """A file's tables and indices, the version of its layout, and how it is written to."""
    with closing(sqlite3.connect(path)) as file:
        return (
            file.execute(
                "select type, name, tbl_name, sql from sqlite_master order by 1, 2"
            ).fetchall(),
            file.execute("select * from alembic_version").fetchall(),
            file.execute("pragma journal_mode").fetchone(),
            file.execute("pragma user_version").fetchone(),
        )


def run_of(settings: Settings) -> Path:
    with dagster_instance(settings) as instance:
        done = work.execute_in_process(instance=instance)
        assert isinstance(instance.event_log_storage, EventLog)
        path = Path(instance.event_log_storage.path_for_shard(done.run_id))
        assert len(instance.all_logs(done.run_id)) > 5
    return path


def test_a_runs_file_is_as_dagster_makes_it_whether_it_was_remembered_or_not(home, monkeypatch):
    by_dagster = run_of(home)
    with monkeypatch.context() as patched:
        patched.setattr(
            EventLog.__mro__[1], "_initdb", lambda *_, **__: pytest.fail("it was not remembered")
        )
        with dagster_instance(home) as instance:
            log = instance.event_log_storage
            log._initialized_dbs.add("index")  # which is Dagster's to look after
            remembered = Path(log.path_for_shard(work.execute_in_process(instance=instance).run_id))
    assert told(remembered) == told(by_dagster)
    assert [p.name for p in remembered.parent.iterdir() if "making" in p.name] == []


def test_a_file_that_another_process_has_made_meanwhile_is_left_as_it_is(tmp_path):
    from pipelines.history import _made_by

    path = tmp_path / "a run.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table told (it)")
    assert _made_by("create table event_logs (id);", path)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("select name from sqlite_master").fetchall() == [("told",)]
    assert not _made_by("no SQL;", tmp_path / "another.db")
    assert [p.name for p in tmp_path.iterdir()] == ["a run.db"]


def test_what_another_process_has_told_of_a_run_meanwhile_is_not_remembered(home, monkeypatch):
    """A run's own process tells of it while ours makes its file: it would be told of every run."""
    dagsters = EventLog.__mro__[1]._initdb

    def _initdb(log, engine, for_index_shard=False):
        dagsters(log, engine, for_index_shard)
        for path in Path(log._base_dir).glob("*-*.db"):
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("insert into event_logs (run_id, event) values ('another', '{}')")

    with monkeypatch.context() as patched:
        patched.setattr(EventLog.__mro__[1], "_initdb", _initdb)
        run_of(home)
    with closing(sqlite3.connect(run_of(home))) as file:
        runs = file.execute("select distinct run_id from event_logs").fetchall()
    assert len(runs) == 1 and runs != [("another",)]
