"""Waiting for a lock in PostgreSQL: never in silence, and not for ever.

Belongs here: saying who holds what we wait for, and giving up after a stated time.
Does not belong here: which locks there are.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from resources.settings import ObservatoryError
from resources.showing import one_line

NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for: somebody else holds the lock."""

PATIENCE = 60.0
"""Seconds for which one lock is waited for."""

_TOLD_AFTER = 1.0
"""Seconds after which it is said that, and for whom, we wait."""

_HOLDERS = sa.text(
    "select a.pid, coalesce(a.usename, '?') as login, coalesce(a.application_name, '') as client, "
    "to_char(a.xact_start at time zone 'UTC', 'HH24:MI:SS') as since "
    "from pg_stat_activity as a where a.pid = any(pg_blocking_pids(:pid)) order by a.xact_start"
)


def _named(row: sa.Row) -> str:
    client = f"{one_line(row.client)[:60]}, " if row.client else ""
    since = f", since {row.since} UTC" if row.since else ""
    return f"{one_line(row.login)} ({client}process {row.pid}{since})"


class _Watch(threading.Thread):
    """Looks who is in the way of one session of the server, and says so once."""

    def __init__(self, engine: Engine, pid: int, what: str, patience: float) -> None:
        super().__init__(name="lock watch", daemon=True)
        self.engine, self.pid, self.what, self.patience = engine, pid, what, patience
        self.holders: list[str] = []
        self.ended = threading.Event()

    def run(self) -> None:
        told: list[str] = []
        while not self.ended.wait(_TOLD_AFTER):
            with suppress(sa.exc.DBAPIError), self.engine.connect() as connection:
                found = [_named(row) for row in connection.execute(_HOLDERS, {"pid": self.pid})]
                self.holders = found or self.holders
                if found and found != told:
                    told = found
                    said = f"{self.what} waits for {', '.join(found)}, at most {self.patience:g} s."
                    print(said, file=sys.stderr, flush=True)


@contextmanager
def waiting_for_nobody_long(engine: Engine, connection: Connection, what: str, patience: float = PATIENCE) -> Iterator[None]:
    """In the connection's transaction, wait for each lock `patience` seconds at most, and say for whom.

    Raises:
        ObservatoryError: a lock was not to be had in that time; it names who holds it.
    """
    connection.execute(sa.text(f"set local lock_timeout = '{int(patience * 1000)}ms'"))
    pid = connection.execute(sa.text("select pg_backend_pid()")).scalar_one()
    watch = _Watch(engine, pid, what, patience)
    watch.start()
    try:
        yield
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != NOT_AVAILABLE:
            raise
        holders = ", ".join(watch.holders) or "another session"
        raise ObservatoryError(
            f"{what} gave up after {patience:g} s, and nothing was changed: {holders} holds tables in an open transaction. "
            "Let that session end it, or end it (select pg_terminate_backend(PROCESS)), and try again."
        ) from None
    finally:
        watch.ended.set()
        watch.join()
