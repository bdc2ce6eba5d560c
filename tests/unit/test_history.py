"""The history that a run writes by open connections is Dagster's own: read at once by another
process, and not lost when the writer is killed.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from pipelines.history import EventLog
from pipelines.instance import dagster_instance
from resources.settings import settings_from_environment

ROOT = Path(__file__).resolve().parents[2]


def _materialised(run_id: str, table: str) -> EventLogEntry:
    data = dg.AssetMaterialization(asset_key=["core", table])
    event = DagsterEvent(
        event_type_value=DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name="job",
        event_specific_data=StepMaterializationData(data),
    )
    return EventLogEntry(
        error_info=None,
        level=10,
        user_message="",
        run_id=run_id,
        timestamp=time.time(),
        dagster_event=event,
    )


def _tables(storage: SqliteEventLogStorage, run_id: str) -> list[str]:
    return [
        record.event_log_entry.dagster_event.asset_key.path[-1]
        for record in storage.get_records_for_run(run_id).records
    ]


def test_dagsters_own_storage_reads_each_event_while_the_run_goes_on(tmp_path):
    writer, reader = EventLog(str(tmp_path)), SqliteEventLogStorage(str(tmp_path))
    for run_id in (str(uuid.uuid4()), str(uuid.uuid4())):
        for number in range(3):
            writer.store_event(_materialised(run_id, f"t{number}"))
            assert _tables(reader, run_id) == [f"t{n}" for n in range(number + 1)]
    assert {key.path[-1] for key in reader.all_asset_keys()} == {"t0", "t1", "t2"}
    for file in tmp_path.glob("*.db"):
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    writer.dispose()
    assert not list(tmp_path.glob("*-wal")), "what was beside the files is in them"


def test_who_watches_the_run_is_told_of_each_event(tmp_path):
    writer, reader, run_id = (
        EventLog(str(tmp_path)),
        SqliteEventLogStorage(str(tmp_path)),
        str(uuid.uuid4()),
    )
    writer.store_event(_materialised(run_id, "first"))
    told, second = [], threading.Event()
    reader.watch(
        run_id,
        None,
        lambda entry, _: (
            told.append(entry.dagster_event.asset_key.path[-1]),
            second.set() if "second" in told else None,
        ),
    )
    try:
        writer.store_event(_materialised(run_id, "second"))
        assert second.wait(20)
    finally:
        reader.dispose()
        writer.dispose()


def test_what_a_watcher_reads_last_is_closed_too(tmp_path):
    storage, run_id = EventLog(str(tmp_path)), str(uuid.uuid4())
    storage.store_event(_materialised(run_id, "only"))
    read = []
    storage._obs = SimpleNamespace(
        stop=lambda: None, join=lambda timeout: read.extend(_tables(storage, run_id))
    )  # its thread ends while we wait
    storage.dispose()
    assert read == ["only"]
    assert not list(tmp_path.glob("*-wal"))


def test_an_event_is_stored_where_no_watcher_can_be_told(tmp_path):
    storage, run_id = EventLog(str(tmp_path)), str(uuid.uuid4())
    storage.store_event(_materialised(run_id, "first"))
    Path(storage.path_for_shard(run_id)).unlink()  # the run was deleted in the UI
    storage.store_event(_materialised(run_id, "second"))
    assert {key.path[-1] for key in storage.all_asset_keys()} == {"first", "second"}
    storage.dispose()


def test_a_writer_that_is_killed_loses_no_event(tmp_path):
    run_id = str(uuid.uuid4())
    script = f"""
import sys
from pipelines.history import EventLog
from tests.unit.test_history import _materialised
storage = EventLog(sys.argv[1])
for number in range(40):
    storage.store_event(_materialised("{run_id}", f"t{{number}}"))
print("stored", flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline() == b"stored\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert _tables(SqliteEventLogStorage(str(tmp_path)), run_id) == [
        f"t{number}" for number in range(40)
    ]


def test_a_run_opens_its_files_a_few_times_and_not_at_each_event(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    opened: list[str] = []
    connect = sqlite3.connect

    def counted(database, *arguments, **named):
        opened.append(str(database))
        return connect(database, *arguments, **named)

    @dg.multi_asset(specs=[dg.AssetSpec(f"t{number}") for number in range(30)])
    def tables():
        for number in range(30):
            yield dg.MaterializeResult(asset_key=f"t{number}")

    with dagster_instance(settings_from_environment()) as instance:
        monkeypatch.setattr(sqlite3.dbapi2, "connect", counted)
        monkeypatch.setattr(sqlite3, "connect", counted)
        assert dg.materialize([tables], instance=instance).success
        assert 0 < len([file for file in opened if "history/runs/" in file]) < 10
        assert len(instance.get_asset_keys()) == 30


@dg.multi_asset(
    specs=[dg.AssetSpec(f"t{number}", deps=["t0"] if number else []) for number in range(30)],
    check_specs=[dg.AssetCheckSpec("grain", asset="t1"), dg.AssetCheckSpec("sum", asset="t2")],
)
def thirty_tables():
    for number in range(30):
        yield dg.MaterializeResult(asset_key=f"t{number}", tags={"of": str(number)})
    yield dg.AssetCheckResult(asset_key="t1", check_name="grain", passed=True)
    yield dg.AssetCheckResult(asset_key="t2", check_name="sum", passed=False)


QUARTERS = dg.StaticPartitionsDefinition(["2025-09-30", "2025-12-31"])


@dg.multi_asset(
    specs=[dg.AssetSpec("homes", partitions_def=QUARTERS)],
    check_specs=[
        dg.AssetCheckSpec("planned", asset="homes", partitions_def=QUARTERS),
        dg.AssetCheckSpec("whole", asset="homes"),
    ],
)
def homes_by_quarter(context):
    yield dg.MaterializeResult(asset_key="homes")
    for quarter in context.partition_keys:
        told = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("homes"),
            check_name="whole",
            passed=quarter == "2025-12-31",
            metadata={},
            partition=quarter,
        )
        context.op_execution_context.log_event(told)
    yield dg.AssetCheckResult(asset_key="homes", check_name="planned", passed=True)
    yield dg.AssetCheckResult(asset_key="homes", check_name="whole", passed=False)


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    with dagster_instance(settings_from_environment()) as made:
        yield made


CLOCK = {"create_timestamp", "migration_completed"}


def _rows(folder: Path) -> dict[str, list]:
    """Everything that the files hold, but when a row was written."""
    found = {}
    for file in sorted(folder.glob("*.db")):
        with closing(sqlite3.connect(file)) as connection:
            connection.row_factory = sqlite3.Row
            names = connection.execute("select name from sqlite_master where type = 'table'")
            for (table,) in names.fetchall():
                found[f"{file.name} {table}"] = [
                    {name: row[name] for name in row.keys() if name not in CLOCK}  # noqa: SIM118
                    for row in connection.execute(f"select * from {table}")
                ]
    return found


def test_events_stored_in_one_piece_are_stored_as_dagsters_own_storage_stores_them(
    instance, tmp_path
):
    run = dg.materialize([thirty_tables], instance=instance, raise_on_error=False)
    first, last = QUARTERS.get_partition_keys()
    of_one = dg.materialize([homes_by_quarter], instance=instance, partition_key=last)
    tags = {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }
    of_two = dg.materialize([homes_by_quarter], instance=instance, tags=tags)
    again = dg.materialize([thirty_tables], instance=instance, raise_on_error=False)
    events = [
        record.event_log_entry
        for one in (run, of_one, of_two, again)
        for record in instance.event_log_storage.get_records_for_run(one.run_id).records
    ]
    own, ours = tmp_path / "own", tmp_path / "ours"
    for storage in (SqliteEventLogStorage(str(own)), EventLog(str(ours))):
        storage.register_instance(instance)
        if isinstance(storage, EventLog):
            storage.store_event_batch(events)
        else:
            for event in events:
                storage.store_event(event)
        storage.dispose()
    rows = _rows(own)
    assert rows == _rows(ours)
    assert len(rows["index.db asset_keys"]) == 31
    checked = rows["index.db asset_check_executions"]
    assert len([check for check in checked if check["check_name"] in ("grain", "sum")]) == 4
    assert {check["partition"] for check in checked} == {None, first, last}
    assert {check["execution_status"] for check in checked} == {"SUCCEEDED", "FAILED", "PLANNED"}
    stored = [len(rows[f"{one.run_id}.db event_logs"]) for one in (run, of_one, of_two, again)]
    assert sum(stored) == len(events) and stored[0] == stored[-1] > 90


def test_the_newest_of_each_table_is_what_dagsters_own_storage_finds(instance):
    storage = instance.event_log_storage
    own = SqliteEventLogStorage(storage._base_dir)
    own.register_instance(instance)
    keys = [dg.AssetKey(name) for name in ("t0", "t7", "homes", "never made")]

    def the_same() -> list[str]:
        found = storage.get_asset_records(keys)
        assert found == own.get_asset_records(keys)
        made = [one.asset_entry for one in found if one.asset_entry.last_materialization_record]
        return [entry.asset_key.to_user_string() for entry in made]

    assert the_same() == []
    dg.materialize([thirty_tables], instance=instance, raise_on_error=False)
    assert the_same() == ["t0", "t7"]
    dg.materialize([homes_by_quarter], instance=instance, partition_key="2025-12-31")
    assert the_same() == ["homes", "t0", "t7"]
    instance.wipe_assets([keys[1]])
    assert the_same() == ["homes", "t0"]
    dg.materialize([thirty_tables], instance=instance, raise_on_error=False)
    assert the_same() == ["homes", "t0", "t7"]
    own.dispose()


def test_what_a_run_plans_is_stored_in_one_piece(instance, monkeypatch):
    sizes, store = [], EventLog.store_event_batch
    monkeypatch.setattr(
        EventLog,
        "store_event_batch",
        lambda self, events: [sizes.append(len(events)), store(self, events)][1],
    )
    assert dg.materialize([thirty_tables], instance=instance, raise_on_error=False)
    assert sizes.count(32) == 1, "thirty tables and two checks"
    assert set(sizes) == {1, 32}, "all else is stored as it comes"


def test_of_events_in_one_piece_all_are_stored_or_none(tmp_path, monkeypatch):
    storage, run_id = EventLog(str(tmp_path)), str(uuid.uuid4())
    storage.store_event(_materialised(run_id, "before"))
    store = EventLog._store_asset_event

    def fails_at_the_third(self, connection, event, number):
        if event.dagster_event.asset_key.path[-1] == "third":
            raise RuntimeError("the disk is full")
        store(self, connection, event, number)

    monkeypatch.setattr(EventLog, "_store_asset_event", fails_at_the_third)
    with pytest.raises(RuntimeError):
        storage.store_event_batch(
            [_materialised(run_id, name) for name in ("first", "second", "third")]
        )
    storage.store_event(_materialised(run_id, "after"))
    assert _tables(storage, run_id) == ["before", "after"]
    assert {key.path[-1] for key in storage.all_asset_keys()} == {"before", "after"}
    storage.dispose()


def test_processes_that_make_a_home_at_once_leave_one_version_in_its_databases(tmp_path):
    """Two commands, or a command and `serve`, begin a new home: Dagster by itself writes its
    version down twice, and opens it never again.
    """
    script = (
        "import sys; from pipelines.instance import dagster_instance; from resources.settings"
        " import settings_from_environment as settings\nimport dagster; print('ready', flush=True);"
        " sys.stdin.readline(); dagster_instance(settings()).dispose()"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OBSERVATORY_HOME": str(tmp_path / "home"),
        "PYTHONWARNINGS": "ignore",
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        process.stdin.write(b"\n")
        process.stdin.flush()
    assert [
        (process.communicate()[1].decode()[-300:], process.returncode) for process in started
    ] == [("", 0)] * 4
    for database in ("schedules/schedules.db", "history/runs.db", "history/runs/index.db"):
        with closing(sqlite3.connect(tmp_path / "home" / "dagster" / database)) as connection:
            assert connection.execute("select count(*) from alembic_version").fetchone() == (1,), (
                database
            )


@pytest.mark.parametrize(
    ("written", "event_log"),
    [
        ("storage:\n  sqlite:\n    base_dir: {home}/elsewhere\n", SqliteEventLogStorage),
        ("storage:\n  sqlite:\n    base_dir: {home}/dagster\n", SqliteEventLogStorage),
        ("schedule_storage:\n  module: dagster._core.storage.schedules\n  class: SqliteScheduleStorage\n"
        "  config:\n    base_dir: {home}/elsewhere\n", SqliteEventLogStorage),
        ("telemetry:\n  enabled: false\n", EventLog),
        ("", EventLog),
    ],
    ids=["elsewhere", "the default written out", "a part of it", "other settings", "nothing"],
)  # fmt: skip
def test_a_users_own_storage_stays(written, event_log, tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    settings = settings_from_environment()
    settings.dagster_home.mkdir(parents=True)
    (settings.dagster_home / "dagster.yaml").write_text(
        written.format(home=tmp_path), encoding="utf-8"
    )
    with dagster_instance(settings) as instance:
        assert type(instance.event_log_storage) is event_log
    folder = (
        tmp_path / "elsewhere"
        if written.startswith("storage") and "elsewhere" in written
        else settings.dagster_home
    )
    assert (folder / "history" / "runs" / "index.db").exists()
