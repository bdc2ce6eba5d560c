"""Waiting for a lock in PostgreSQL, and reporting who holds it.

Belongs here: naming the holder while we wait. Does not belong here: giving up
(`Warehouse.writing`).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from resources.showing import one_line

_TOLD_AFTER = 1.0
"""Seconds after which it is said that, and for whom, we wait."""

_HOLDERS = sa.text(
    "select a.pid, coalesce(a.usename, '?') as login, coalesce(a.application_name, '') as client, "
    "to_char(a.xact_start at time zone 'UTC', 'HH24:MI:SS') as since "
    "from pg_stat_activity as a where a.pid = any(pg_blocking_pids(:pid)) order by a.xact_start"
)


def _named(row: sa.Row[Any]) -> str:
    client = f"{one_line(row.client)[:60]}, " if row.client else ""
    since = f", since {row.since} UTC" if row.since else ""
    return f"{one_line(row.login)} ({client}process {row.pid}{since})"


class _Watch(threading.Thread):
    """Looks who is in the way of one session of the server, and says so once."""

    def __init__(self, engine: Engine, pid: int, what: str, patience: float) -> None:
        super().__init__(name="lock watch", daemon=True)
        self.engine, self.pid, self.what, self.patience = engine, pid, what, patience
        self.ended = threading.Event()

    def run(self) -> None:
        told_before: list[str] = []
        while not self.ended.wait(_TOLD_AFTER):
            # a look that fails is no reason to break off the wait
            with suppress(sa.exc.DBAPIError), self.engine.connect() as connection:
                holders = [_named(row) for row in connection.execute(_HOLDERS, {"pid": self.pid})]
                if holders and holders != told_before:
                    told_before = holders
                    text = (
                        f"{self.what} waits for {', '.join(holders)}, at most {self.patience:g} s."
                    )
                    print(text, file=sys.stderr, flush=True)


@contextmanager
def telling_for_whom_we_wait(
    engine: Engine, connection: Connection, what: str, patience: float
) -> Iterator[None]:
    """Say, while the connection's transaction waits for a lock, who holds it; how long it waits is
    the transaction's own (`Warehouse.writing`).
    """
    pid = connection.execute(sa.text("select pg_backend_pid()")).scalar_one()
    watch = _Watch(engine, pid, what, patience)
    watch.start()
    try:
        yield
    finally:
        watch.ended.set()
        watch.join()
