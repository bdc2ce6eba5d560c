"""Spark as the engine of the models: a quarter's tables are made there, of Parquet, and written
back to PostgreSQL.

Belongs here: the session, what goes to Spark and what comes back. Does not belong here: the words
in which a model is put there (`spark_sql`), and the transaction, the order and the checks, which
are the same for every engine (`building`).

PostgreSQL keeps all rows and all rights. Within the transaction that rewrites a quarter the tables
that its models read are copied into Parquet files, Spark runs every model over them, and its rows
are copied into the model's table. The files lie in a folder closed to others and go with the
transaction; they hold what raw holds, of the quarter and those before it.

pyspark is an extra (`requirements-spark.lock`) and is imported only here, when the engine is asked
for.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import io
import logging
import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import sqlalchemy as sa
import sqlglot
from sqlalchemy.engine import Connection
from sqlglot import exp

from assets.warehouse.models import Model, Relation, models
from assets.warehouse.spark_sql import (
    BEHIND_THE_POINT,
    DIGITS,
    NUMBER,
    quarters_read,
    spark_name,
    spark_sql,
)
from resources import scratch
from resources.errors import ObservatoryError
from resources.warehouse import copy_table, physical

SETTINGS = {
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.authenticate": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
}
"""How the session is made: what leaves this machine by no port, and computes as PostgreSQL does."""

_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(), "jsonb": pa.string(), "date": pa.date32(), "integer": pa.int32(), "bigint": pa.int64(),
    "numeric": pa.decimal128(DIGITS, BEHIND_THE_POINT), "boolean": pa.bool_(), "double precision": pa.float64(),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
}  # fmt: skip

_SPARK = {
    "text": "string", "jsonb": "string", "date": "date", "integer": "int", "bigint": "bigint", "numeric": NUMBER,
    "boolean": "boolean", "double precision": "double", "timestamp with time zone": "timestamp",
}  # fmt: skip

_SHAPES = """
select n.nspname as schema, c.relname as name, a.attname as column, format_type(a.atttypid, a.atttypmod) as type
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'v') and n.nspname = any(:schemas)
order by n.nspname, c.relname, a.attnum
"""


class Spark:
    """Makes a quarter's tables on Spark, in the transaction of `connection`, one model after
    another.
    """

    def __init__(self, connection: Connection, census_date: dt.date, folder: Path) -> None:
        self.connection, self.census_date, self.folder = connection, census_date, folder
        self.session = session()
        self.columns = _columns(connection)
        self.there: set[Relation] = set()
        self.made: dict[Relation, Any] = {}
        self.looked_back_at = _looked_back_at()

    def rewrite(self, model: Model) -> int:
        """Make the model's rows of the quarter and put them in the place of those that its table
        has. Gives how many.

        Raises:
            ObservatoryError: Spark does not run the model; nothing of the quarter is written.
        """
        path = self.folder / f"{spark_name(*model.relation)}.made"
        try:
            for relation in sorted(model.upstream):
                self._provide(relation)
            # before its rows of the quarter are deleted: what Spark refuses leaves the table as it
            # was
            written = self._written(self._asked(model), path)
        except Exception as error:
            raise ObservatoryError(_failed(model, error)) from None
        rows = _for_postgres(parquet.read_table(path))
        where = sa.text(f"delete from {model.physical} where census_date = :d")
        self.connection.execute(where, {"d": self.census_date})
        copy_table(self.connection, model.table, rows.select(list(model.columns)))
        self.made[model.relation] = written
        # the next model that reads it is given these rows too
        self.there.discard(model.relation)
        return rows.num_rows

    def _asked(self, model: Model) -> Any:
        """The model as a question to Spark, which is answered when its rows are asked for; its
        steps are files already.
        """
        *steps, (_, last) = spark_sql(model.sql, self.columns, self.census_date)
        for name, sql in steps:
            path = self.folder / f"{spark_name(*model.relation)}.{name}"
            self._written(self.session.sql(sql), path).createOrReplaceTempView(name)
        return self.session.sql(last)

    def _written(self, rows: Any, path: Path) -> Any:
        """The rows as a Parquet file, from which they are read: what made them is not in the plans
        of what reads them.
        """
        rows.write.parquet(str(path))
        return self.session.read.schema(rows.schema).parquet(str(path))

    def _provide(self, relation: Relation) -> None:
        """A view of this name in the session: a staging view, what was just made with the quarters
        before, or a table's copy.
        """
        if relation in self.there:
            return
        self.there.add(relation)
        name, model = spark_name(*relation), models().get(relation)
        if model and model.is_view:
            for read in sorted(model.upstream):
                self._provide(read)
            self._asked(model).createOrReplaceTempView(name)
            return
        rows = self.made.get(relation)
        # what was just made has the quarter's rows alone: a model that looks back needs the
        # others too
        if rows is None or relation in self.looked_back_at:
            kept = self._kept(relation)
            rows = kept if rows is None else rows.unionByName(kept)
        rows.createOrReplaceTempView(name)

    def _kept(self, relation: Relation) -> Any:
        """A table's rows up to the quarter, as a Parquet file; without the quarter's own, where
        they were just made.
        """
        types = self.columns[relation[0]][relation[1]]
        # returns have many columns, of which models name few
        if relation[0] == "raw":
            types = {name: types[name] for name in types if name in _named_of(relation)}
        where = ""
        if "census_date" in types:
            where = (
                "where census_date"
                f" {'<' if relation in self.made else '<='} '{self.census_date.isoformat()}'"
            )
        path = self.folder / f"{spark_name(*relation)}.parquet"
        _copy_out(self.connection, ".".join(relation), types, where, path)
        shape = ", ".join(f"`{name}` {_SPARK[kind]}" for name, kind in types.items())
        return self.session.read.schema(shape).parquet(str(path))


@contextlib.contextmanager
def on_spark(connection: Connection, census_date: dt.date) -> Iterator[Spark]:
    """Spark for one quarter; what was copied for it is removed when it is done."""
    with scratch.folder("spark") as folder:
        yield Spark(connection, census_date, folder)


@cache
def session() -> Any:
    """The one session of this process: all cores of this machine, its own ports on this machine
    alone.

    Raises:
        ObservatoryError: pyspark or Java is not there.
    """
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise ObservatoryError(
            "OBSERVATORY_ENGINE is spark, and pyspark was not found; it was expected in the"
            " environment. Install it (docs/engines.md), or leave the setting out: PostgreSQL makes"
            " the same figures."
        ) from None
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise ObservatoryError(
            "OBSERVATORY_ENGINE is spark, and Java was not found; 17 or newer was expected. "
            "On Debian: apt-get install openjdk-17-jre-headless. Or leave the setting out."
        )
    # what Spark spills to the disk is rows: into a folder of ours, removed with the process
    own = scratch.made("spark")
    builder = SparkSession.builder.master("local[*]").appName("observatory")
    for name, value in {
        # Spark's usual 200 are for a cluster: here each would be a task of a few rows
        "spark.sql.shuffle.partitions": str(os.cpu_count() or 2),
        **SETTINGS,
        "spark.local.dir": str(own),
        "spark.sql.warehouse.dir": f"{own}/warehouse",
    }.items():
        builder = builder.config(name, value)
    try:
        with _without_secrets():
            spark = builder.getOrCreate()
    except Exception as error:
        raise ObservatoryError(
            f"Spark did not start ({type(error).__name__}); Java 17 or newer was expected to run it."
            " Look at `java -version`, or leave OBSERVATORY_ENGINE out."
        ) from None
    spark.sparkContext.setLogLevel("OFF")
    logging.getLogger(
        "SQLQueryContextLogger"
    ).disabled = True  # what is wrong is said once, and without values of rows

    def stop() -> None:
        spark.stop()
        shutil.rmtree(own, ignore_errors=True)

    atexit.register(stop)
    return spark


@contextlib.contextmanager
def _without_secrets() -> Iterator[None]:
    """Java needs none of our settings: keys and passwords stay out of its environment."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("OBSERVATORY_")}
    for name in ours:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(ours)


def _columns(connection: Connection) -> dict[str, dict[str, dict[str, str]]]:
    """Types of all columns that models may read, by the names that models use."""
    schemas = {physical(f"{schema}.x").partition(".")[0]: schema for schema in ("core", "curated")}
    schemas |= {"raw": "raw", "staging": "staging"}
    columns: dict[str, dict[str, dict[str, str]]] = {}
    for row in connection.execute(sa.text(_SHAPES), {"schemas": list(schemas)}):
        table = columns.setdefault(schemas[row.schema], {}).setdefault(row.name, {})
        table[row.column] = row.type
    return columns


@cache
def _looked_back_at() -> frozenset[Relation]:
    """The tables of which a model reads other quarters than its own."""
    return frozenset(
        relation
        for model in models().values()
        for relation, others in quarters_read(model.sql).items()
        if others
    )


@cache
def _named_of(relation: Relation) -> frozenset[str]:
    """The columns that models which read a table name: what need not be copied is not."""
    return frozenset(
        column.name
        for model in models().values()
        if relation in model.upstream
        for column in sqlglot.parse_one(model.sql, dialect="postgres").find_all(exp.Column)
    )


def _copy_out(
    connection: Connection, table: str, types: dict[str, str], where: str, path: Path
) -> None:
    """The rows of a table as one Parquet file, through PostgreSQL's COPY."""
    # COPY would write a moment in the session's own zone
    moments = "to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    named = ", ".join(
        moments.format(n) if kind.startswith("timestamp") else n for n, kind in types.items()
    )
    driver: Any = connection.connection.driver_connection
    buffer = io.BytesIO()
    with driver.cursor() as cursor:
        query = f"copy (select {named} from {physical(table)} {where}) to stdout with (format csv)"
        with cursor.copy(query) as copied:
            for data in copied:
                buffer.write(data)
    schema = {name: _ARROW[kind] for name, kind in types.items()}
    if not buffer.tell():  # pyarrow refuses a file without a line
        parquet.write_table(pa.schema(schema.items()).empty_table(), path)
        return
    buffer.seek(0)
    rows = arrow_csv.read_csv(
        buffer,
        arrow_csv.ReadOptions(column_names=list(types)),
        arrow_csv.ParseOptions(newlines_in_values=True),
        # PostgreSQL writes null as nothing, and an empty text as two quotes
        arrow_csv.ConvertOptions(
            column_types=schema, null_values=[""], true_values=["t"], false_values=["f"],
            strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip
    parquet.write_table(rows, path)


def _for_postgres(rows: pa.Table) -> pa.Table:
    """Numbers that no model has rounded without the noughts at their end; the others keep their
    decimals.
    """
    for at, column in enumerate(rows.schema):
        if pa.types.is_decimal(column.type):
            text = pc.cast(rows.column(at), pa.string())
            if column.type.scale >= BEHIND_THE_POINT:
                trimmed = pc.utf8_rtrim(pc.utf8_rtrim(text, "0"), ".")
                # a very small number is written with an exponent, which may end with a nought
                text = pc.if_else(pc.match_substring(text, "E"), text, trimmed)
            rows = rows.set_column(at, column.name, text)
    return rows


def _failed(model: Model, error: Exception) -> str:
    """Which model Spark did not run, and the kind of error: its text may hold values of rows."""
    kind = getattr(error, "getCondition", lambda: None)() or type(error).__name__
    return (
        f"Spark did not run {model.table} ({kind}), and nothing was written. Leave out"
        " OBSERVATORY_ENGINE for this run, and tell who looks after the models."
    )
