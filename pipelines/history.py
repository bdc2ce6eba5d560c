"""Dagster's history of runs, kept in the files that Dagster itself would keep, by connections that
stay open.

Belongs here: the event log with which `observatory run` writes the history. Dagster's own opens and
closes SQLite's files at every event and every look-up, a few thousand times a run, and that takes
far longer than the writing. The UI reads the files with Dagster's own.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster import AssetKey, DagsterInstance
from dagster import __version__ as dagster_version
from dagster._core.event_api import EventLogRecord
from dagster._core.events import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    EVENT_TYPE_TO_PIPELINE_RUN_STATUS,
    DagsterEventType,
)
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import deserialize_value
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.sqlite import Insert, insert

from resources.remembering import Remembered

LOCATION, REPOSITORY = "observatory", "__repository__"
"""As the code location is called where the UI shows it (`pipelines.web`, `workspace.yaml`)."""


@contextmanager
def under_its_job(instance: DagsterInstance, job_name: str) -> Iterator[None]:
    """Runs that this process makes meanwhile say of which code location's job they are: the UI's
    timeline shows no others.
    """
    origin = RemoteRepositoryOrigin(
        RegisteredCodeLocationOrigin(LOCATION), REPOSITORY
    ).get_job_origin(job_name)
    made = instance.create_run_for_job
    instance.create_run_for_job = partial(made, remote_job_origin=origin)  # type: ignore[method-assign]
    try:
        yield
    finally:
        instance.create_run_for_job = made  # type: ignore[method-assign]


class EventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite; the index's connection and the last run's stay open.

    Every event is committed before the next, as in Dagster's own: a process that is killed loses
    none. Only what Dagster hands over in one piece (all that a run plans) is committed in one.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        self._moved: set[str] = set()
        self._together: dict[str, Connection] | None = None
        super().__init__(base_dir, inst_data)
        self._db_lock = threading.RLock()  # type: ignore[assignment] # who holds it connects again

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        """The event log that Dagster's configuration describes."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._initialized_dbs:
            self._make(shard)
        with self._db_lock:
            if self._together is None:
                with self._engine(shard).connect() as connection, connection.begin():
                    yield connection
                return
            if shard not in self._together:
                self._together[shard] = self._engine(shard).connect()
                self._together[shard].begin()
            yield self._together[shard]

    def _make(self, shard: str) -> None:
        """Make a shard's file, where it is not there. Dagster works a run's file out anew each time,
        by all of its migrations: we remember what comes of it.
        """
        path = Path(self.path_for_shard(shard))
        is_new_run = shard != INDEX_SHARD_NAME and not path.exists()
        remembered = Remembered("history")
        known = f"{dagster_version} {sqlalchemy.__version__}"
        if is_new_run and (script := remembered.get(known)) and _made_by(script, path):
            self._initialized_dbs.add(shard)
            return
        with super()._connect(shard):
            pass
        if is_new_run:
            with closing(sqlite3.connect(path)) as made:
                script = "\n".join(made.iterdump())
            # the run's own process may have told of it meanwhile: that is of no other run
            if _AN_EVENT not in script:
                remembered.put(known, script)
                remembered.keep()

    @contextmanager
    def _in_one(self) -> Iterator[None]:
        """What is stored meanwhile is committed at the end, file by file as they were come to."""
        with self._db_lock:
            self._together = {}
            try:
                yield
                for connection in self._together.values():
                    connection.commit()
            finally:
                together, self._together = self._together, None
                for connection in together.values():
                    connection.close()  # undoes what was not committed

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            self._close(but=INDEX_SHARD_NAME)
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard),
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
            )
            # With the write-ahead log, only a power cut can undo the last events, and none is half
            # written.
            sqlalchemy.event.listen(
                engine,
                "connect",
                lambda connection, _: connection.execute("pragma synchronous = normal"),
            )
            self._engines[shard] = engine
        return self._engines[shard]

    def _close(self, but: str | None = None) -> None:
        for shard in self._engines.keys() - {but}:
            self._engines.pop(shard).dispose()

    def has_table(self, table_name: str) -> bool:
        """Whether the index has the table. It is asked at every event, and a table that is there
        stays.
        """
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event(self, event: Any) -> None:
        """Store the event, and tell who watches the run's file: while a connection is open, SQLite
        writes to the log beside it.
        """
        self.store_event_batch([event])

    def store_event_batch(self, events: Any) -> None:
        """Store events that belong together, all or none of them, and tell who watches."""
        with self._in_one():
            for event in events:
                self._store(event)
        for run_id in {event.run_id for event in events}:
            with suppress(OSError):  # to tell them is a courtesy: the event is stored
                os.utime(self.path_for_shard(run_id))

    def _store(self, event: Any) -> None:
        """Store an event in its run's file, and in the index what the index has, as Dagster does,
        but by statements that stay the same: to put each together anew takes longer than to store.
        """
        row = self._event_to_row(event)
        with self._connect(event.run_id) as connection:
            connection.execute(_EVENT, row)
        kind = event.dagster_event_type if event.is_dagster_event else None
        if kind not in _OF_THE_INDEX:
            return
        with self._connect(INDEX_SHARD_NAME) as connection:
            number = connection.execute(_EVENT, row).lastrowid
            if kind in ASSET_EVENTS:
                self._store_asset_event_tags(connection, [event], [number])
                self._store_asset_event(connection, event, number)
            elif kind == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                _store_planned(connection, event, number, row)
            elif kind == DagsterEventType.ASSET_CHECK_EVALUATION and event.run_id:
                _store_evaluation(connection, event, number, row)
            elif kind in ASSET_CHECK_EVENTS:
                self.store_asset_check_event(event, number)

    def _store_asset_event(self, conn: Connection, event: Any, event_id: int) -> None:
        """What the index has of the asset itself: its newest event."""
        key = event.dagster_event.asset_key
        if values := key and self._get_asset_entry_values(
            event, event_id, self._has_asset_key_index_cols_on_connection(conn)
        ):
            conn.execute(_newest(tuple(values)), {"asset_key": key.to_string(), **values})

    def has_asset_key_col(self, column_name: str) -> bool:
        """Whether the index has one of its newer columns. It is asked at every look-up, and they
        stay.
        """
        return column_name in self._columns or super().has_asset_key_col(column_name)

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._columns.add(column_name)
        return column_name in self._columns

    def _get_latest_materialization_records(self, raw_asset_rows: Any) -> Any:
        """The newest materialization of each asset. Where the index has them all, as it has of
        everything that a run has just made, it is not asked for the rest, which are none.
        """
        if any(row["asset_details"] or not row["last_materialization"] for row in raw_asset_rows):
            return super()._get_latest_materialization_records(raw_asset_rows)
        records = [deserialize_value(row["last_materialization"]) for row in raw_asset_rows]
        if not all(isinstance(record, EventLogRecord) for record in records):  # of older versions
            return super()._get_latest_materialization_records(raw_asset_rows)
        return {
            AssetKey.from_db_string(row["asset_key"]): record
            for row, record in zip(raw_asset_rows, records, strict=True)
        }

    def has_secondary_index(self, name: str) -> bool:
        """Whether the index's data were moved to where newer versions look. It is asked twice at
        every look-up of an asset, and what was moved stays there.
        """
        if name not in self._moved and super().has_secondary_index(name):
            self._moved.add(name)
        return name in self._moved

    def wipe(self) -> None:
        """Remove all of the history."""
        with self._db_lock:
            self._close()
        super().wipe()

    def dispose(self) -> None:
        """Stop the watchers, whose threads read to their end, and close the files."""
        super().dispose()
        with self._db_lock:
            self._close()


def _store_planned(connection: Connection, event: Any, number: int, row: dict[str, Any]) -> None:
    """That a run is going to check something, of each of its quarters."""
    planned = event.dagster_event.event_specific_data
    within = planned.partitions_subset
    values = {
        "asset_key": planned.asset_key.to_string(),
        "check_name": planned.check_name,
        "run_id": event.run_id,
        "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": number,
    }
    for partition in within.get_partition_keys() if within else [None]:
        connection.execute(_EVALUATION, {**values, "partition": partition})


def _store_evaluation(connection: Connection, event: Any, number: int, row: dict[str, Any]) -> None:
    """How a check came out, where its run had planned it; else as something new."""
    told = event.dagster_event.event_specific_data
    target = told.target_materialization_data
    status = AssetCheckExecutionRecordStatus
    values = {
        "execution_status": (status.SUCCEEDED if told.passed else status.FAILED).value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": number,
        "materialization_event_storage_id": target.storage_id if target else None,
    }
    of = {
        "asset_key": told.asset_key.to_string(),
        "check_name": told.check_name,
        "run_id": event.run_id,
        "partition": told.partition,
    }
    planned = {f"of_{name}": value for name, value in of.items()}
    if not connection.execute(_PLANNED_EVALUATION, {**planned, **values}).rowcount:
        connection.execute(_EVALUATION, {**of, **values})


_AN_EVENT = 'INSERT INTO "event_logs"'
_OF_THE_INDEX = ASSET_EVENTS | ASSET_CHECK_EVENTS | EVENT_TYPE_TO_PIPELINE_RUN_STATUS.keys()
_EVENT = SqlEventLogStorageTable.insert()
_EVALUATION = AssetCheckExecutionsTable.insert()
_OF_AN_EVALUATION = [
    AssetCheckExecutionsTable.c[name].is_not_distinct_from(sqlalchemy.bindparam(f"of_{name}"))
    for name in ("asset_key", "check_name", "run_id", "partition")
]
_PLANNED_EVALUATION = AssetCheckExecutionsTable.update().where(*_OF_AN_EVALUATION)


@cache
def _newest(columns: tuple[str, ...]) -> Insert:
    """Writes these columns of an asset, whether or not it is known."""
    new = insert(AssetKeyTable)
    return new.on_conflict_do_update(
        index_elements=["asset_key"], set_={name: new.excluded[name] for name in columns}
    )


def _made_by(script: str, path: Path) -> bool:
    """Make an empty file of a run by what is remembered of others. It is there whole or not at all;
    whoever else makes it at once is not in the way.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.making")
    try:
        with closing(sqlite3.connect(unfinished)) as making:
            making.executescript(script)
            making.execute("pragma journal_mode = wal")
        path.hardlink_to(unfinished)
    except FileExistsError:
        return True
    except (OSError, sqlite3.Error):
        return False
    finally:
        unfinished.unlink(missing_ok=True)
    return True
