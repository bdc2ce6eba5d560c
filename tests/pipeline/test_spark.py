"""The models on Spark: every table as PostgreSQL makes it, row by row and cell by cell.

One session and one tiny made-up region for the whole file. Where there is no Java or no pyspark the
tests are skipped and say so; where OBSERVATORY_TESTS_SKIP_NOTHING is set (continuous integration)
they fail instead.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import os
import shutil
import sys
from decimal import Decimal

import pytest

from assets.intake.loading import take_in
from assets.warehouse import building, spark
from assets.warehouse.models import models
from assets.warehouse.spark_sql import quarters_read, spark_sql
from made_up import make_region
from resources import scratch
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.conftest import KEY

QUARTERS = [dt.date(2025, 9, 30), dt.date(2025, 12, 31)]
TABLES = [model for model in models().values() if not model.is_view]

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # py4j's sockets
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def spark_is_here() -> None:
    """Spark, for a job of a few thousand rows: what compiles code for long ones is left out."""
    missing = [
        what
        for what, is_there in (
            ("Java (make system, as root on Debian)", shutil.which("java")),
            ("pyspark (make spark)", importlib.util.find_spec("pyspark")),
        )
        if not is_there
    ]
    if missing:
        say = pytest.fail if os.environ.get("OBSERVATORY_TESTS_SKIP_NOTHING") else pytest.skip
        say(f"not on this machine: {', '.join(missing)}")
    spark.SETTINGS |= {
        # most of the time goes into loading and compiling Spark's twenty thousand classes
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=3"
        " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
        " -XX:+UseSerialGC -Xmn600m",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.files.minPartitionNum": "1",
        "spark.sql.files.openCostInBytes": "0",
        "spark.broadcast.compress": "false",
        "spark.shuffle.compress": "false",
        "spark.shuffle.spill.compress": "false",
        # two hundred small files: no sums beside them, no marks of success, nothing packed
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        "spark.sql.parquet.compression.codec": "uncompressed",
    }


@pytest.fixture(scope="module")
def region(servers, tmp_path_factory):
    """A made-up region of two quarters, built by PostgreSQL."""
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        root = tmp_path_factory.mktemp("spark")
        make_region(root, quarters=2, last=QUARTERS[-1], seed=5, scale=0.02, truth=False)
        for date in QUARTERS:
            take_in(warehouse, LandingPlace(str(root)), date, KEY)
            assert not building.build_quarter(warehouse, date, load_region("north_west")).blocked_by
        yield warehouse
    servers.drop("embedded", address)


@pytest.fixture(scope="module")
def rebuilt(region, spark_is_here):
    """The last quarter made again on Spark, with what PostgreSQL made beside it in the schema
    `was`.
    """
    with region.writing() as connection:
        connection.exec_driver_sql("create schema was")
        for model in TABLES:
            connection.exec_driver_sql(
                f"create table was.{model.name}_{model.schema} as table {model.physical}"
            )
    patch = pytest.MonkeyPatch()
    patch.setenv("OBSERVATORY_ENGINE", "spark")
    result = building.build_quarter(region, QUARTERS[-1], load_region("north_west"), anew=True)
    patch.undo()
    assert not result.blocked_by and not result.was_up_to_date
    return region, result


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.table)
def test_spark_makes_the_rows_that_postgresql_makes(rebuilt, model):
    """Rows that stand on one side alone, of both quarters; a row counts as often as it stands
    there.
    """
    warehouse, result = rebuilt
    columns = ", ".join(model.columns)
    was, now = f"was.{model.name}_{model.schema}", model.physical
    for one, other in ((was, now), (now, was)):
        alone = f"select {columns} from {one} except all select {columns} from {other}"
        assert [tuple(row) for row in warehouse.rows(f"{alone} limit 5")] == []
    held = warehouse.scalar(f"select count(*) from {was} where census_date = :d", d=QUARTERS[-1])
    assert result.rows[model.relation] == held


def test_most_tables_have_rows_to_be_compared(rebuilt):
    """That tables are equal says little of those that are empty: these are, in a made-up region
    this small.
    """
    _, result = rebuilt
    empty = {".".join(relation) for relation, rows in result.rows.items() if not rows}
    assert len(TABLES) - len(empty) > 60, sorted(empty)


EXPRESSIONS = [
    "7 / 2", "-7 / 2", "cast(7 as numeric) / 2", "round(cast(0.125 as numeric), 2)", "round(cast(-2.5 as numeric))",
    "round(cast(1 as numeric) / 3, 6)", "cast(date '2025-03-31' - date '2025-01-01' as integer)",
    "cast(date '2025-12-31' - interval '1 month' as date)", "cast(date '2025-12-31' + 1 as date)",
    "'1.5' similar to '[0-9]+(.[0-9]+)?'", "'1x5' similar to '[0-9]+(.[0-9]+)?'",
    "concat('a', cast(null as text), 'b')", "cast(null as text) || 'b'", "greatest(1, cast(null as integer), 3)",
    "cast(7 as bigint) / 2", "to_char(date '2025-03-31', 'DD/MM/YYYY')", "position('b' in 'abc')",
]  # fmt: skip
ROWS = (
    "(values (1, 'b', 2.5), (2, 'a', 0.1), (2, null, null), (4, 'B', 1234.565)) as t (whole, word,"
    " part)"
)
AGGREGATES = [
    "sum(t.whole) / 2", "sum(sum(t.whole)) over () / 2", "avg(t.whole) * 3", "round(avg(t.part), 2)",
    "string_agg(distinct t.word, ', ' order by t.word)", "min(t.word)",
    "round(cast(percentile_cont(0.5) within group (order by t.part) as numeric), 2)",
    "count(*) filter (where t.part > 1)", "bool_or(t.word = 'a')", "jsonb_object_agg(coalesce(t.word, ''), t.whole)",
    "sum(t.part * t.part) / nullif(sum(t.whole), 0)",
]  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [f"select {e} as x" for e in EXPRESSIONS]
    + [f"select {e} as x from {ROWS}" for e in AGGREGATES]
    + [
        f"select row_number() over (order by t.word{way}) as x, t.whole from {ROWS}"
        for way in ("", " desc")
    ],
)
def test_an_expression_means_the_same(region, spark_is_here, sql):
    (*steps, (_, last)) = spark_sql(sql, {}, QUARTERS[-1])
    assert not steps
    found = spark.session().sql(last).collect()
    assert sorted(map(_plain, found)) == sorted(map(_plain, region.rows(sql)))


def _plain(row):
    """Values as text: numbers to ten decimals, of which both sides are sure; JSON is text in Spark."""
    return [
        _as_text(json.loads(v) if str(v).startswith("{") and isinstance(v, str) else v) for v in row
    ]


def _as_text(value):
    if isinstance(value, dict):
        return str(sorted(value.items()))
    return f"{value:.10f}" if isinstance(value, int | float | Decimal) else str(value)


def test_text_comes_back_as_it_went(region, spark_is_here, tmp_path):
    """Blank and empty, quotes, line breaks and moments: what is copied out is what is copied in."""
    with region.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql(
            "create temporary table sent as select * from (values (1, 'a \"b\", c', true,"
            " timestamptz '2025-10-26 01:30:00.123456+01', 1.50), (2, '', false, null, -0.000001),"
            " (3, null, null, '1999-12-31 23:59:59+00', 999999999999), (4, E'two\\nlines', true,"
            " now(), null)) as t (n, word, flag, moment, number)"
        )
        types = {
            "n": "integer",
            "word": "text",
            "flag": "boolean",
            "moment": "timestamp with time zone",
            "number": "numeric",
        }
        path = tmp_path / "sent.parquet"
        spark._copy_out(connection, "pg_temp.sent", types, "", path)
        back = spark.session().read.parquet(str(path))
        back.write.parquet(str(tmp_path / "back"))
        connection.exec_driver_sql("create temporary table back as table sent with no data")
        spark.copy_table(
            connection,
            "pg_temp.back",
            spark._for_postgres(spark.parquet.read_table(tmp_path / "back")),
        )
        differing = (
            "(table pg_temp.sent except all table pg_temp.back) union all (table pg_temp.back"
            " except all table pg_temp.sent)"
        )
        assert connection.exec_driver_sql(differing).all() == []
        assert connection.exec_driver_sql("select count(*) from pg_temp.back").scalar() == 4
        transaction.rollback()


def test_what_was_copied_for_spark_goes_with_the_quarter(rebuilt):
    assert not list(scratch._place().glob(f"observatory-spark-{os.getpid()}-*/*.parquet"))


def test_a_model_that_spark_does_not_run_leaves_the_quarter_and_says_no_value(rebuilt, monkeypatch):
    warehouse, _ = rebuilt
    monkeypatch.setenv("OBSERVATORY_ENGINE", "spark")
    monkeypatch.setattr(
        spark, "spark_sql", lambda *_: [("", "select cast('a secret' as int) as census_date")]
    )
    before = warehouse.scalar("select count(*) from core.child")
    with pytest.raises(
        ObservatoryError, match=r"Spark did not run core\.\w+ .*nothing was written"
    ) as refused:
        building.build_quarter(warehouse, QUARTERS[-1], load_region("north_west"), anew=True)
    assert "a secret" not in str(refused.value)
    assert warehouse.scalar("select count(*) from core.child") == before


# --- without Spark ------------------------------------------------------------------------------


def test_an_unknown_engine_is_refused(embedded_warehouse, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_ENGINE", "sparc")
    with pytest.raises(
        ObservatoryError, match="OBSERVATORY_ENGINE is 'sparc'; postgres or spark was expected"
    ):
        building.build_quarter(embedded_warehouse, QUARTERS[-1], load_region("north_west"))


def test_a_step_read_twice_is_one_of_its_own():
    sql = (
        "with a as (select 1 as x), b as (select a.x from a), c as (select b.x from b) select p.x"
        " from c as p cross join c as q"
    )
    steps = spark_sql(sql, {}, QUARTERS[-1])
    assert [name for name, _ in steps] == ["c", ""]
    assert "`a`" in steps[0][1] and "WITH" not in steps[1][1]


def test_a_table_is_looked_back_at_unless_every_mention_is_of_the_quarter():
    here = "t.census_date = cast(:census_date as date)"
    read = {
        f"select t.a from core.x as t where {here} and t.a = 1": False,
        "select t.a from core.x as t": True,
        f"select t.a from core.x as t where {here} or t.a = 1": True,
        f"select t.a from core.x as t where not ({here})": True,
        f"select t.a from core.x as t where {here} union all select t.a from core.x as t": True,
    }
    assert {sql: quarters_read(sql)["core", "x"] for sql in read} == read


def test_without_pyspark_it_is_said_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ObservatoryError, match="pyspark was not found"):
        spark.session.__wrapped__()
