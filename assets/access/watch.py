"""A watchdog ends readers' sessions that exceed their limits, because a reader can lift each of
PostgreSQL's own time limits for itself.

Belongs here: what is too long, ending it, and doing so for as long as the observatory is served.
Does not belong here: limits that the server itself holds a login to (`logins`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from assets.access.logins import be_able
from assets.common import audit
from resources.warehouse import Warehouse

STATEMENT_SECONDS, TRANSACTION_SECONDS = 90, 300
"""A login's session begins with a minute for a statement; beyond this it has lifted that for
itself, or holds a transaction open.
"""

EVERY_SECONDS = 5

_TOO_LONG = """
select a.pid, a.usename::text as login, case
    when a.backend_start < l.changed_at then 'begun with an old password'
    when a.state = 'active' and clock_timestamp() - a.query_start > make_interval(secs => :statement) then 'a statement ran too long'
    when clock_timestamp() - a.xact_start > make_interval(secs => :transaction) then 'a transaction was open too long'
end as why
from pg_stat_activity as a inner join access.login as l on l.login = a.usename
"""


def end_what_runs_too_long(
    warehouse: Warehouse,
    statement_seconds: float = STATEMENT_SECONDS,
    transaction_seconds: float = TRANSACTION_SECONDS,
) -> list[tuple[str, str]]:
    """End readers' sessions that run too long, or that a rotated password should have ended. Gives
    login and reason of each, which are recorded.
    """
    with warehouse.engine.connect() as connection:
        logins = connection.execute(
            sa.text(
                "select distinct usename::text from pg_stat_activity inner join access.login on"
                " login = usename"
            )
        ).scalars()
        be_able(connection, list(logins))  # never committed
        limits = {"statement": statement_seconds, "transaction": transaction_seconds}
        sessions = [row for row in connection.execute(sa.text(_TOO_LONG), limits) if row.why]
        for row in sessions:
            connection.execute(sa.text("select pg_terminate_backend(:pid)"), {"pid": row.pid})
    # in a transaction of its own: the one above is never committed
    if sessions:
        with warehouse.engine.begin() as connection:
            for row in sessions:
                audit.record(connection, audit.ENDED, row.login, why=row.why)
    return [(row.login, row.why) for row in sessions]


@contextmanager
def watching(warehouse: Warehouse, log: Path | None) -> Iterator[None]:
    """Watch over readers' sessions, and the size of the server's `log`, in a thread of its own
    until the block ends.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(EVERY_SECONDS):
            try:
                if warehouse.scalar("select to_regclass('access.gathered') is not null"):
                    end_what_runs_too_long(warehouse)
                    if log is not None:
                        audit.keep_small(warehouse, log)
            except (
                sa.exc.SQLAlchemyError,
                OSError,
            ):  # the server is away for a moment: the next look is soon
                continue

    # a daemon: a look that hangs must not keep the process from ending
    thread = threading.Thread(target=watch, name="watch over readers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=EVERY_SECONDS + 5)
