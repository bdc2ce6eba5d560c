"""Fences: what they give whom, that a reading is noted whatever comes of it, and how an older
warehouse gets them.
"""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from assets.access import fences
from assets.access.policies import QUARTER, policies
from assets.access.preparing import prepare
from assets.access.rights import group_role
from assets.warehouse.models import PYTHON_TABLES, models
from resources.warehouse import CLOSED_SCHEMAS, Warehouse
from tests import builders
from tests.access.conftest import KNOWN_AS, OWN, REGION, Filled
from tests.conftest import forget_versions

TABLES = [
    table
    for table in (*models().values(), *PYTHON_TABLES.values())
    if not table.is_view and table.schema != "staging"
]


def as_it_was_before(warehouse: Warehouse) -> None:
    """The warehouse as an older version left it: tables under the readers' names, with rights on
    them.
    """
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("drop schema fence cascade; drop table access.quarter_end")
        forget_versions(connection)
        views = connection.exec_driver_sql(
            "select schemaname || '.' || viewname from pg_views where schemaname ~"
            " '^(core|curated|staging)'"
        ).scalars()
        for view in list(views):
            connection.exec_driver_sql(f"drop view if exists {view} cascade")
        for table in [*(model.physical for model in TABLES), "raw_rows.finding"]:
            closed, _, name = table.partition(".")
            connection.exec_driver_sql(f"alter table {table} set schema {KNOWN_AS[closed]}")
        for closed in CLOSED_SCHEMAS.values():
            connection.exec_driver_sql(f"drop schema {closed}")
        connection.exec_driver_sql(
            "insert into core.child (census_date, authority_code, child_key, age) values"
            " ('2019-03-31', '356', 'a', 15)"
        )
        connection.exec_driver_sql("insert into access.closed_quarter values ('2019-03-31')")
        connection.exec_driver_sql(
            "grant select on core.child to public; create policy authority on core.child to public"
            " using (true)"
        )
        connection.exec_driver_sql("update raw.observatory set state = 'older'")


def test_an_older_warehouses_tables_are_moved_as_they_are(warehouse):
    as_it_was_before(warehouse)
    before = warehouse.scalar("select cast('core'||'.child' as regclass)::oid")
    assert prepare(warehouse, REGION)
    assert warehouse.scalar("select 'core_rows.child'::regclass::oid") == before, (
        "moved, not made anew"
    )
    assert warehouse.rows("select authority_code, age from core.child") == [("356", 15)], (
        "a closed quarter keeps its rows"
    )
    rights = warehouse.rows(
        "select grantee from information_schema.role_table_grants where table_schema like"
        " '%\\_rows' and grantee <> current_user"
    )
    assert (
        rights
        == []
        == warehouse.rows(
            "select polname from pg_policy where polname <> 'pipeline' and polrelid ="
            " 'core_rows.child'::regclass"
        )
    )


def test_no_reader_has_a_right_on_a_table_that_holds_rows_of_others(filled: Filled):
    for name in filled.names.values():
        held = filled.warehouse.rows(
            "select c.oid::regclass::text as relation from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace "
            "where n.nspname = any(:closed) and (has_schema_privilege(cast(:name as name), n.oid, 'usage') "
            "or (c.relkind in ('r', 'v') and has_any_column_privilege(cast(:name as name), c.oid, 'select, insert, update, references')))",
            closed=[*KNOWN_AS, fences.SCHEMA, "access"], name=name,
        )  # fmt: skip
        assert held == [], name


CALENDAR = "select census_date from access.quarter_end order by 1"


@pytest.mark.parametrize(
    "quarter", ["2009-12-31", "2025-03-31"], ids=["before the calendar that was", "of late"]
)
def test_a_quarter_is_read_as_soon_as_it_is_built_however_old(warehouse, landing, bring, quarter):
    landing.drop(quarter, OWN, "census.csv", builders.census([{}] * 3))
    bring(warehouse, landing, quarter)
    assert [str(row.census_date) for row in warehouse.rows(CALENDAR)] == [quarter], (
        "the quarters that are held, and no other"
    )
    with warehouse.engine.connect() as connection:
        read = connection.execute(sa.text("select distinct census_date::text from core.placement"))
        assert list(read.scalars()) == [quarter]


def test_the_calendar_of_an_older_warehouse_becomes_the_quarters_that_are_held(warehouse):
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("insert into access.quarter_end values ('2031-12-31')")
        connection.exec_driver_sql(
            "insert into core_rows.child (census_date, authority_code, child_key) values"
            " ('2009-12-31', '356', 'a')"
        )
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    assert prepare(warehouse, REGION)
    assert [str(row.census_date) for row in warehouse.rows(CALENDAR)] == ["2009-12-31"]


def test_the_pipelines_own_role_reads_every_row_by_the_readers_names(filled: Filled):
    with filled.warehouse.engine.connect() as connection:
        for model in models().values():
            if model.schema in {"core", "curated"}:
                there = connection.execute(
                    sa.text(f"select count(*) from {model.physical}")
                ).scalar()
                assert (
                    connection.execute(sa.text(f"select count(*) from {model.table}")).scalar()
                    == there
                ), model.table
        assert (
            connection.execute(
                sa.text("select count(distinct authority_code) from core.child")
            ).scalar()
            == 2
        )


def noted(filled: Filled) -> int:
    return filled.log.read_bytes().count(b"observatory-reading")


def test_a_reading_is_noted_once_a_query_whatever_it_finds(filled: Filled):
    ways = [
        "select * from core.child",
        "select * from core.child where age = 999",
        "select count(*) from core.child where child_key = 'nobody' and census_date = '1999-12-31'",
        "select 1 from core.child where age = any('{15}') limit 1",
        "select * from core.child order by 1 desc fetch first 1 row only",
        (
            "select c.* from curated.homes as h left join core.child as c on h.census_date ="
            " c.census_date and c.age = 999"
        ),
        "select exists (select from core.child where authority_code = '358')",
        "explain (analyze) select * from core.child where age = 999",
        "with a as materialized (select * from core.child where age = 1) select * from a",
        (
            "begin; declare c cursor for select * from core.child where age = 999; fetch all from"
            " c; rollback"
        ),
    ]
    with filled.connect("stockport") as session:
        for way in ways:
            before = noted(filled)
            for part in way.split("; "):
                session.execute(part)
            assert noted(filled) - before == 1, way
        session.execute(
            "set role "
            + group_role(filled.warehouse.scalar("select current_database()"), "authority")
        )
        before = noted(filled)
        assert session.execute("select * from core.child").fetchall() == [], (
            "a table without a row for its reader"
        )
        assert noted(filled) - before == 1


def test_a_condition_on_the_quarter_reads_that_quarter_alone(filled: Filled):
    with filled.connect("stockport") as session:
        plan = session.execute(
            "explain (analyze, format json) select * from core.child where census_date ="
            " '2025-12-31'"
        ).fetchone()[0][0]
        assert set(re.findall(r"'Actual Loops': (\d+)", str(plan))) == {"1"}, plan
        assert session.execute(
            "select authority_code from core.child where census_date >= '2025-12-31'"
        ).fetchall() == [(OWN,)]


def test_without_a_condition_on_the_quarter_only_those_held_are_asked_for(filled: Filled):
    """A function call a quarter: the calendar of all quarters that there may be made a hundred of
    them.
    """
    held = len(filled.warehouse.rows(CALENDAR))
    with filled.connect("stockport") as session:
        plan = session.execute(
            "explain (analyze, format json) select * from curated.market_concentration"
        ).fetchone()[0][0]
    assert (
        {int(loops) for loops in re.findall(r"'Actual Loops': (\d+)", str(plan))}
        == {1, held}
        == {1}
    ), plan


def test_no_condition_on_rows_of_a_quarter_looks_at_other_quarters():
    for policy in policies(REGION).values():
        for condition in policy.readers.values():
            assert condition.count("(select") == condition.count(f"census_date = {QUARTER}"), (
                policy.table
            )
