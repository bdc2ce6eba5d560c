"""Writing tables anew after an upgrade, so that what was taken out of them lies in no file.

Belongs here: which tables a migration took columns from, and writing them anew.
Does not belong here: what a migration takes out (`migrations/versions`), and erasing a child.

A dropped column's values, and the rows as they were before an update, stay in a table's file until
it is written anew, which no transaction can do. So the tables that wait for it stand in
`raw.to_write_anew`; whatever died in between, the next run goes on, or the night's housekeeping. A
command that only looks waits for nobody and writes nothing.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from resources.showing import one_line
from resources.warehouse import Warehouse

_SECONDS = 10
"""Seconds that a table is waited for which a reader holds; a later run tries again."""
AT_ONCE = 0.1
"""Seconds for a later run: it has other work, and nobody waits for this."""

_DROPPED = sa.text(
    "select format('%I.%I', n.nspname, c.relname) as name, a.attnum from pg_attribute as a "
    "inner join pg_class as c on a.attrelid = c.oid "
    "inner join pg_namespace as n on c.relnamespace = n.oid "
    "where c.relkind = 'r' and a.attisdropped "
    "and n.nspname in ('raw', 'raw_rows', 'published', 'access')"
)


def dropped_columns(connection: Connection) -> set[tuple[str, int]]:
    """Every column that was dropped from a table that lives on: table and place in it."""
    return {(row.name, row.attnum) for row in connection.execute(_DROPPED)}


def note(connection: Connection, before: set[tuple[str, int]]) -> None:
    """Write down, in an upgrade's transaction, which tables have lost a column since `before`."""
    # attribute numbers are never used again, so what is new among the dropped was dropped here
    touched = sorted({name for name, _ in dropped_columns(connection) - before})
    if touched:
        connection.execute(
            sa.text(
                "insert into raw.to_write_anew (table_name) select unnest(cast(:names as text[]))"
                " on conflict do nothing"
            ),
            {"names": touched},
        )


def write_anew(warehouse: Warehouse, seconds: float = _SECONDS) -> None:
    """Write the tables anew that wait for it, while no other writer is at work, and say so.

    One that a reader holds for so many seconds is left for a later run, which is said too; so are
    all while anybody's transaction may still see what was taken out: it would be copied.
    """
    if warehouse.scalar("select to_regclass('raw.to_write_anew')") is None:
        return
    query = "select table_name from raw.to_write_anew order by 1"
    waiting = [row.table_name for row in warehouse.rows(query)]
    if not waiting or (seconds < _SECONDS and warehouse.scalar(_A_WRITER)):
        # a later run asks for the lock in passing, and gives up where a writer has it
        return
    if seen_by := warehouse.scalar(_SEEING):
        print(
            f"{', '.join(waiting)}: what is kept no more still lies in the file, for it may be seen"
            f" by {one_line(seen_by)}; nobody's transaction was expected. The next run writes the"
            " tables anew.",
            file=sys.stderr,
        )
        return
    # a vacuum is refused within a transaction, so it has a connection of its own
    alone = warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    # the writer's lock is held meanwhile: nobody fills a table that is written anew
    with warehouse.writing() as connection, alone:
        alone.exec_driver_sql(f"set lock_timeout = '{int(1000 * seconds)}ms'")
        try:
            done = [name for name in waiting if _write_anew(alone, name)]
            with suppress(sa.exc.DBAPIError):  # samples of values; a catalogue that may not be ours
                alone.exec_driver_sql("vacuum (full) pg_catalog.pg_statistic")
        # the connection goes back into the pool
        finally:
            alone.exec_driver_sql("reset lock_timeout")
        gone = sa.text("delete from raw.to_write_anew where table_name = any(:names)")
        connection.execute(gone, {"names": done})


_A_WRITER = (
    "select exists (select from pg_locks where relation = to_regclass('raw.observatory') "
    "and mode = 'ExclusiveLock' and granted)"
)
_SEEING = (
    "select string_agg(who, ', ' order by who) from ("
    "select coalesce(a.usename, '?') || ' (' || coalesce(nullif(a.application_name, ''), "
    "'a program without a name') || ', number ' || a.pid || ')' as who "
    "from pg_stat_activity as a where a.datname = current_database() "
    "and a.pid <> pg_backend_pid() and a.backend_xmin is not null "
    "and a.backend_type <> 'autovacuum worker' "
    "union all select 'the replication slot ' || s.slot_name from pg_replication_slots as s "
    "where s.xmin is not null "
    "union all select 'the prepared transaction ' || p.gid from pg_prepared_xacts as p) as seen"
)
"""Whoever may still see rows as they were. Where the server does not tell us of others' sessions,
only those that hold the table itself are met."""
_HOLDERS = sa.text(
    "select distinct coalesce(a.usename, '?') || ' (' || coalesce(nullif(a.application_name, ''), "
    "'a program without a name') || ', number ' || a.pid || ')' from pg_locks as l "
    "inner join pg_stat_activity as a on l.pid = a.pid "
    "where l.relation = to_regclass(:name) and l.granted and a.pid <> pg_backend_pid() order by 1"
)


def _write_anew(alone: Connection, name: str) -> bool:
    """Whether nothing of what was taken out of the table lies in its file any more."""
    exists = sa.text("select to_regclass(:name) is not null")
    # the table may have gone with a later upgrade
    if not alone.execute(exists, {"name": name}).scalar():
        return True
    print(f"{name} is written anew: what is kept no more still lay in its file.", file=sys.stderr)
    try:
        alone.exec_driver_sql(f"vacuum (full, analyze) {name}")
    except sa.exc.DBAPIError as error:
        holders = alone.execute(_HOLDERS, {"name": name}).scalars()
        by = ", ".join(map(one_line, holders)) or "somebody who has ended since"
        print(
            f"{name} could not be written anew ({one_line(str(error.orig))}). It is held by {by}; "
            "a table that nobody holds was expected. What is kept no more lies in its file until "
            "a run (observatory run, or the night's housekeeping) has written it anew.",
            file=sys.stderr,
        )
        return False
    return True
