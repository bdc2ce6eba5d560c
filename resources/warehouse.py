"""The warehouse: a PostgreSQL server, embedded or given, and the few ways in which the program
talks to it.

Belongs here: opening and closing, transactions, COPY of a frame, the names of the tables
themselves. Does not belong here: which tables there are (`assets/warehouse`).
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from resources.embedded_postgres import EmbeddedPostgres
from resources.errors import ObservatoryError
from resources.private import make_private
from resources.settings import Settings

if TYPE_CHECKING:  # half a second's imports: a question is answered without them
    import pandas as pd
    import pyarrow as pa

_FIRST_WRITER = 724_611_901
"""Advisory lock of those who write while there is no table yet to lock."""

CLOSED_SCHEMAS = {
    "core": "core_rows",
    "curated": "curated_rows",
    "raw": "raw_rows",
    "staging": "staging_rows",
}
"""Where the rows themselves lie of what readers know by another schema's name."""

_NAMES_OF_ROWS = re.compile(
    r"""
    ' (?: [^'] | '' )* ' | " (?: [^"] | "" )* " | -- [^\n]* | / \* .*? \* /    # a literal, a quoted name, a comment: left alone
    | (?<! [\w."] ) (?: (?P<whole> core | curated ) | (?P<one> raw | staging ) (?= \.finding\b ) ) (?= \. [a-z_"] )
    """,
    re.VERBOSE | re.DOTALL,
)

_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for: somebody else holds the lock."""

LOCK_SECONDS = 60
"""How long a writer waits for a table that a reader holds: who reads waits behind it."""

WRITER_SECONDS = 3600
"""How long a writer waits for another one."""

_OPTIONS = "-c idle_in_transaction_session_timeout=0 -c statement_timeout=0"
"""Our own connections: while a large return is judged a transaction is idle, and a quarter takes
the time that it takes.
"""

_CONNECT = {"application_name": "observatory", "client_encoding": "utf8"}
"""How we connect. Without a word on the encoding a database that has none (SQL_ASCII) gives bytes
instead of text.
"""

_HOLDERS = """
with held as (
    select distinct a.pid as number, a.usename as who, a.application_name as program, a.xact_start as since,
        n.nspname || '.' || c.relname as name, n.nspname not in ('core', 'curated', 'published') as is_behind
    from pg_locks as l
    inner join pg_stat_activity as a on l.pid = a.pid and a.backend_type = 'client backend'
    inner join pg_class as c on l.relation = c.oid and c.relkind in ('r', 'v')
    inner join pg_namespace as n on c.relnamespace = n.oid
    where l.granted and a.pid <> pg_backend_pid() and l.database = (select d.oid from pg_database as d where d.datname = current_database())
        and n.nspname in ('raw', 'staging', 'core', 'curated', 'published', 'access', 'raw_rows', 'staging_rows', 'core_rows', 'curated_rows')
)
select h.number, h.who, h.program, h.since, array_to_string((array_agg(h.name order by h.is_behind, h.name))[:5], ', ') as tables
from held as h group by 1, 2, 3, 4 order by h.since limit 5
"""


@lru_cache(maxsize=2048)
def physical(sql: str) -> str:
    """The statement with the names that readers use (`core.child`) replaced by the tables that hold
    the rows.

    `core.child` is what a reader may see of the table: a view that gives each its own rows. The
    rows themselves lie in `core_rows.child`, in a schema that is closed to every reader. So do all
    of core and curated, and `raw.finding` and `staging.finding`. SQL is written with the names that
    readers use; who works on all rows puts it through here.
    """
    if not any(name in sql for name in ("core.", "curated.", ".finding")):
        return sql

    def replaced(match: re.Match[str]) -> str:
        name = match["whole"] or match["one"]
        return CLOSED_SCHEMAS[name] if name else match[0]

    return _NAMES_OF_ROWS.sub(replaced, sql)


class Snapshot:
    """One moment of the warehouse: every question that is put to it is answered from the same
    state.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def rows(self, query: str, **parameters: Any) -> list[sa.Row[Any]]:
        """All rows of a query, asked of the tables themselves (`physical`)."""
        return list(self.connection.execute(sa.text(physical(query)), parameters))

    def scalar(self, query: str, **parameters: Any) -> Any:
        """The first value of the first row of a query; None where there is no row."""
        return self.connection.execute(sa.text(physical(query)), parameters).scalar()

    def frame(self, query: str, **parameters: Any) -> pd.DataFrame:
        """The rows of a query as a frame."""
        import pandas as pd

        result = self.connection.execute(sa.text(physical(query)), parameters)
        # not pandas' own reader: it takes a row with a column called `keys` or `values` for a
        # mapping
        return pd.DataFrame.from_records(
            [tuple(row) for row in result], columns=list(result.keys()), coerce_float=True
        )


class Warehouse:
    """An open warehouse at `url`. Use it as a context manager, or call `close`."""

    def __init__(self, url: str, embedded: EmbeddedPostgres | None = None) -> None:
        self.url = url
        options = f"{make_url(url).query.get('options', '')} {_OPTIONS}".strip()
        self.engine = sa.create_engine(
            url, pool_size=4, connect_args=_CONNECT | {"options": options}
        )
        self.embedded = embedded

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections and leave the embedded server, where it is ours."""
        self.engine.dispose()
        if self.embedded:
            self.embedded.leave()

    @contextmanager
    def writing(self, seconds: int | None = None) -> Iterator[Connection]:
        """One transaction of a writer. Writers wait for each other; readers never wait and never
        see half of it.

        What a reader holds is waited for `seconds` (LOCK_SECONDS unless given).

        The lock is on a table that no reader has a right to: an advisory lock anybody who may
        connect could hold.
        """
        seconds = LOCK_SECONDS if seconds is None else seconds
        exists = sa.text("select to_regclass('raw.observatory') is not null")
        try:
            with self.engine.begin() as connection:
                # a database without tables has nothing to lock: who makes them waits by a number
                if not connection.execute(exists).scalar():
                    connection.execute(
                        sa.text("select pg_advisory_xact_lock(:key)"), {"key": _FIRST_WRITER}
                    )
                # somebody else may have made them meanwhile
                if connection.execute(exists).scalar():
                    self._lock(connection)
                # only now: how long other writers are waited for is bounded apart
                connection.exec_driver_sql(f"set local lock_timeout = '{seconds}s'")
                yield connection
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            raise ObservatoryError(
                f"A table of the warehouse is held by somebody else; it was waited {seconds} s for,"
                f" and nothing was written. {self._who_holds()} Let them end, or have the server's"
                " administrator end them (select pg_terminate_backend(NUMBER)), and try again."
            ) from None

    def _lock(self, connection: Connection) -> None:
        """Be the only writer, and say so where that means to wait; for an hour at the most."""
        lock = "lock table raw.observatory in exclusive mode"
        try:
            # a savepoint, for a lock that is refused would end the transaction
            with connection.begin_nested():
                connection.execute(sa.text(f"{lock} nowait"))
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            print(
                f"Another run holds the warehouse; waiting for it to end. {self._who_holds()}",
                file=sys.stderr,
                flush=True,
            )
            connection.exec_driver_sql(f"set local lock_timeout = '{WRITER_SECONDS}s'")
            try:
                connection.execute(sa.text(lock))
            except sa.exc.OperationalError as late:
                if getattr(late.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                raise ObservatoryError(
                    f"Another run has held the warehouse for {WRITER_SECONDS // 60} minutes; it was"
                    f" expected to end. {self._who_holds()} See what it does (`observatory serve`),"
                    " end it if it does nothing, and try again."
                ) from None

    def _who_holds(self) -> str:
        """Who has a transaction open that holds tables of ours, the longest first, and which; a
        sentence.
        """
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql(_HOLDERS).all()
        lines = [
            f"{row.who} ({row.program or 'a program without a name'}, number {row.number}, since"
            f" {row.since:%H:%M:%S}) holds {row.tables}"
            for row in rows
        ]
        return f"{'; '.join(lines)}." if lines else "Whoever it was has ended since."

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One read-only transaction that sees one moment."""
        with self.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Questions that are all answered from one moment."""
        with self.reading() as connection:
            yield Snapshot(connection)

    @contextmanager
    def settled(self) -> Iterator[Snapshot]:
        """As `snapshot`, of a moment at which nobody writes: the writers' lock is held until it is
        fixed, and no longer.
        """
        with self.reading() as connection:
            with self.writing():
                connection.execute(sa.text("select 1"))  # the first question fixes the moment
            yield Snapshot(connection)

    def rows(self, query: str, **parameters: Any) -> list[sa.Row[Any]]:
        """All rows of a query, asked of the tables themselves (`physical`)."""
        with self.snapshot() as seen:
            return seen.rows(query, **parameters)

    def scalar(self, query: str, **parameters: Any) -> Any:
        """The first value of the first row of a query; None where there is no row."""
        with self.snapshot() as seen:
            return seen.scalar(query, **parameters)

    def frame(self, query: str, **parameters: Any) -> pd.DataFrame:
        """The rows of a query as a frame."""
        with self.snapshot() as seen:
            return seen.frame(query, **parameters)


Asked = Warehouse | Snapshot
"""What a question may be put to: the warehouse as it is, or one moment of it."""


def open_warehouse(settings: Settings, *, may_be_new: bool = False) -> Warehouse:
    """The warehouse that the settings name: the server at `OBSERVATORY_DATABASE_URL`, else the
    embedded one, which is made if it `may_be_new`.

    Raises:
        ObservatoryError: it cannot be reached or started, or there is none.
    """
    if not settings.database_url and not may_be_new and not (settings.home / "postgres").is_dir():
        raise ObservatoryError(
            f"Nothing is kept at {settings.home}; the observatory's home was expected there."
            " Correct OBSERVATORY_HOME; where it is to be a new one, drop returns into the landing"
            " place and use `observatory run`."
        )
    make_private(settings.home)
    if not settings.database_url:
        embedded = EmbeddedPostgres(settings.home, archive=settings.archive)
        return Warehouse(embedded.join(), embedded)
    try:
        url = make_url(settings.database_url)
    except sa.exc.ArgumentError:
        raise ObservatoryError(
            "OBSERVATORY_DATABASE_URL is not an address; postgresql://user:password@host/database"
            " was expected. Correct it."
        ) from None
    if not url.drivername.startswith("postgres"):
        raise ObservatoryError(
            f"OBSERVATORY_DATABASE_URL names a {url.drivername} database; PostgreSQL was expected."
            " Give postgresql://user:password@host/database."
        )
    warehouse = Warehouse(
        url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    )
    try:
        version = warehouse.scalar("select current_setting('server_version_num')::integer")
    except sa.exc.OperationalError as error:
        warehouse.close()
        raise ObservatoryError(
            f"The server of OBSERVATORY_DATABASE_URL ({url.render_as_string(hide_password=True)})"
            f" could not be reached: {str(error.orig).splitlines()[0]} Check the address, the"
            " password and that the server runs."
        ) from None
    if version < 150000:
        warehouse.close()
        raise ObservatoryError(
            f"The server is PostgreSQL {version // 10000}; 15 or newer was expected. Use a newer"
            " server."
        )
    if (encoding := warehouse.scalar("select current_setting('server_encoding')")) != "UTF8":
        warehouse.close()
        raise ObservatoryError(
            f"The database of OBSERVATORY_DATABASE_URL is in {encoding}; UTF8 was expected. Make it"
            " anew: createdb --owner observatory --encoding UTF8 --template template0 observatory."
        )
    return warehouse


def copy_frame(connection: Connection, table: str, frame: pd.DataFrame) -> int:
    """COPY a frame into `schema.table` (as readers call it), column by name, in the connection's
    transaction. Missing values become null.

    `table` and the frame's columns are names of the program's own, never of a return. Returns the
    number of rows.
    """
    import pyarrow as pa

    return (
        0
        if frame.empty
        else copy_table(connection, table, pa.Table.from_pandas(frame, preserve_index=False))
    )


def copy_table(connection: Connection, table: str, rows: pa.Table) -> int:
    """COPY an Arrow table into `schema.table` (as readers call it), column by name; as
    `copy_frame`.
    """
    import pyarrow.csv as arrow_csv

    if not rows.num_rows:
        return 0
    table = physical(table)
    buffer = io.BytesIO()
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    # combined first: the writer puts zero bytes into the text where a column starts with an empty
    # chunk
    arrow_csv.write_csv(rows.combine_chunks(), buffer, options)
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    driver: Any = connection.connection.driver_connection
    # PostgreSQL does not COPY into a table whose row-level security holds for us (an owner who is
    # no superuser): through a table without it
    by_way = connection.execute(
        sa.text("select row_security_active(:table)"), {"table": table}
    ).scalar()
    target = "pg_temp.copied" if by_way else table
    with driver.cursor() as cursor:
        if by_way:
            cursor.execute(
                f"create temporary table copied as select {columns} from {table} with no data"
            )
        with cursor.copy(f"copy {target} ({columns}) from stdin with (format csv)") as copy:
            copy.write(buffer.getbuffer())
        if by_way:
            cursor.execute(f"insert into {table} ({columns}) select {columns} from pg_temp.copied")
            cursor.execute("drop table pg_temp.copied")
    return int(rows.num_rows)
