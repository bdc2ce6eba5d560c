"""Building: rewrites one quarter of core and curated, in one transaction, or not at all.

Belongs here: which quarters are out of date, running the models, holding the result against its
tests before anybody sees it. Does not belong here: what a model computes (`dbt_like_sql`).

A reader sees the old quarter until the new one is whole and its blocking tests have passed. A run
that is killed leaves the old one; a rerun with nothing new writes nothing. What a quarter rests on
(submissions in force, register lists, models, contracts, region) is written down with it in the
same transaction.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common.basis import digest
from assets.warehouse.about_children import is_about_children
from assets.warehouse.models import (
    PYTHON_TABLES,
    Model,
    PythonTable,
    Relation,
    WarehouseTest,
    code_version,
    models,
    warehouse_tests,
)
from assets.warehouse.tables import region_hash
from resources.settings import engine
from resources.warehouse import Warehouse, physical
from schemas import owners
from schemas.program import hash_of
from schemas.regions import Region
from schemas.returns import contract_version


@dataclass(frozen=True)
class CheckResult:
    """How one check of one table came out: `offending` rows were found, some of them with these
    `keys` (none of a table of children).
    """

    table: str
    name: str
    blocks: bool
    meaning: str
    offending: int
    keys: tuple[dict[str, str], ...] = ()


@dataclass
class BuildResult:
    """What building a quarter did: rows written by table, the checks, and whether it was written
    (or was up to date already).
    """

    census_date: dt.date
    rows: dict[Relation, int] = field(default_factory=dict)
    seconds: dict[Relation, float] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    was_up_to_date: bool = False

    @property
    def blocked_by(self) -> list[CheckResult]:
        """Blocking checks that failed: the quarter was not written."""
        return [check for check in self.checks if check.blocks and check.offending]


class _Blocked(Exception):
    """Leaves the transaction without writing."""


_RECEIVED = """
with lines as (
    select
        s.census_date, s.sender_kind, t.table_name, t.status, s.submission_id,
        cast(row(s.submission_id, t.table_name, t.status, t.version, extract(epoch from s.received_at), s.contract_version) as text) as line
    from raw.submission as s
    inner join raw.submission_table as t on s.submission_id = t.submission_id
    where s.census_date <= (select max(d) from unnest(cast(:dates as date[])) as d)
        and (
            s.census_date > (select min(d) from unnest(cast(:dates as date[])) as d) - interval '37 months'
            or s.sender_kind in ('ofsted', 'dfe', 'mhclg')
        )
),

parts as (
    select 'own' as part, l.census_date, '' as table_name, l.submission_id || l.table_name as place, l.line from lines as l
    union all
    select 'before', l.census_date, '', l.submission_id || l.table_name, l.line from lines as l
    where l.status = 'in force' or (l.status = 'superseded' and l.table_name = 'provider_settings')
    union all
    select 'published', l.census_date, '', l.submission_id || l.table_name, l.line from lines as l
    where l.status = 'in force' and l.sender_kind in ('dfe', 'mhclg')
    union all
    select 'list', l.census_date, l.table_name, l.submission_id, l.line from lines as l
    where l.status = 'in force' and l.sender_kind = 'ofsted'
),

marks as materialized (
    select
        p.part, p.census_date, p.table_name,
        encode(sha256(convert_to(string_agg(p.line, chr(10) order by p.place), 'UTF8')), 'hex') as mark
    from parts as p
    group by p.part, p.census_date, p.table_name
)

select d as census_date, m.part, m.census_date as received_for, m.table_name, m.mark
from unnest(cast(:dates as date[])) as d
inner join marks as m
    on (m.part = 'own' and m.census_date = d)
    or (m.part = 'before' and m.census_date < d and m.census_date > d - interval '37 months')
    or (m.part = 'published' and m.census_date < d)
    or (
        m.part = 'list'
        and m.census_date = (
            select max(n.census_date) from marks as n where n.part = 'list' and n.table_name = m.table_name and n.census_date <= d
        )
    )
order by d, m.part, m.census_date, m.table_name
"""
"""What was received, by the quarters (`:dates`) that rest on it: a mark of each quarter's returns,
made once however many rest on it.
"""


_OWNERS = hash_of([Path(owners.__file__)])
"""What makes the plain name of an owner's text: it is worked out in Python, and no model's code."""


def rests_on_of(
    connection: Connection, dates: Sequence[dt.date], region: Region
) -> dict[dt.date, str]:
    """A hash of everything that the figures of each of these quarters rest on, by quarter.

    Some look back (the last quarter's totals, a year's flows, three years' stability), so what was
    received for the three years before is in it: a late or corrected return makes the quarters
    after it out of date as well. Superseded returns of settings are in it too: whose a setting is
    may rest on when the first of them came (`core.setting_return`).
    """
    received: dict[dt.date, list[str]] = {date: [] for date in dates}
    for row in connection.execute(sa.text(_RECEIVED), {"dates": list(dates)}) if dates else ():
        received[row.census_date].append("|".join(map(str, row)))
    decided = connection.execute(
        sa.text("select * from raw.setting_decision order by urn, host_authority_code, census_date")
    ).all()
    versions = code_version(), contract_version(), _OWNERS, region.key, region_hash(region)
    of: dict[dt.date, str] = {}
    # a decision holds from its date on, so later ones leave a quarter as it is
    for date, lines in received.items():
        decisions = ["|".join(map(str, row)) for row in decided if row.census_date <= date]
        of[date] = digest("\n".join([*lines, *decisions]), *versions)
    return of


def rests_on(connection: Connection, census_date: dt.date, region: Region) -> str:
    """A hash of everything that the quarter's figures rest on (`rests_on_of`)."""
    return rests_on_of(connection, [census_date], region)[census_date]


def known_quarters(warehouse: Warehouse) -> list[dt.date]:
    """Census dates for which anything was received and which are not closed, the oldest first."""
    return [
        row.census_date
        for row in warehouse.rows(
            "select distinct census_date from raw.submission where census_date not in (select"
            " c.census_date from access.closed_quarter as c) order by census_date"
        )
    ]


def out_of_date(warehouse: Warehouse, region: Region) -> list[dt.date]:
    """Known census dates whose figures do not rest on what is in the warehouse now."""
    with warehouse.reading() as connection:
        written = {
            row.census_date: row.rests_on
            for row in connection.execute(sa.text("select census_date, rests_on from raw.quarter"))
        }
        dates = known_quarters(warehouse)
        now = rests_on_of(connection, dates, region)
        return [date for date in dates if written.get(date) != now[date]]


def build_quarter(
    warehouse: Warehouse, census_date: dt.date, region: Region, *, only: set[Relation] | None = None,
    anew: bool = False, progress: Callable[[str], None] | None = None,
) -> BuildResult:  # fmt: skip
    """Rewrite the quarter, unless it is up to date (`anew` rewrites it all the same; `only`
    rewrites some tables alone).

    Where a blocking check fails nothing is written, and the result says which.
    """
    say = progress or (lambda _: None)
    result = BuildResult(census_date)
    tables = [
        m for m in models().values() if not m.is_view and (only is None or m.relation in only)
    ]
    try:
        # under the writer's lock, so that what the quarter rests on cannot change while it is
        # written
        with warehouse.writing() as connection:
            now = rests_on(connection, census_date, region)
            written = connection.execute(
                sa.text("select rests_on from raw.quarter where census_date = :d"),
                {"d": census_date},
            ).scalar()
            closed = sa.text(
                "select exists (select from access.closed_quarter where census_date = :d)"
            )
            if connection.execute(
                closed, {"d": census_date}
            ).scalar():  # what it rested on has been removed: it stands as it is
                result.was_up_to_date = True
                _count(connection, tables, result)
                return result
            # another run may have written it while this one waited
            result.was_up_to_date = written == now and not anew
            if result.was_up_to_date:
                _count(connection, tables, result)
                result.checks = run_checks(connection, census_date, only)
                return result
            say(f"{census_date}: writing {len(tables)} tables")
            join_by_key(connection)
            _put_on_calendar(connection, census_date)
            # of what no later model reads the planner needs no sizes
            read_on = frozenset().union(*(model.upstream for model in tables))
            with _rewriter(connection, census_date) as rewrite:
                for model in tables:
                    started = time.monotonic()
                    result.rows[model.relation] = rewrite(model)
                    if model.relation in read_on:
                        _measure(connection, model.physical, result.rows[model.relation])
                    result.seconds[model.relation] = time.monotonic() - started
            say(f"{census_date}: checking")
            result.checks = run_checks(connection, census_date, only)
            # by an exception, so that the transaction takes back what was written
            if result.blocked_by:
                raise _Blocked
            # single tables do not make a quarter up to date
            if only is None:
                connection.execute(
                    sa.text("delete from raw.quarter where census_date = :d"), {"d": census_date}
                )
                connection.execute(
                    sa.text(
                        "insert into raw.quarter (census_date, rests_on, code_version) values (:d,"
                        " :r, :v)"
                    ),
                    {"d": census_date, "r": now, "v": code_version()},
                )
    except _Blocked:
        pass
    return result


def join_by_key(connection: Connection) -> None:
    """Have the server join by whole keys until the transaction ends, and never compare each row
    with each where there is a key.

    It does not know how many rows a step (`with`) of a model will give, takes them for one, and so
    would: what takes a moment with 24 authorities takes minutes with a nation, and longer with
    every quarter held.
    """
    for kind in ("nestloop", "mergejoin"):
        connection.exec_driver_sql(f"set local enable_{kind} = off")
    # where rows can only be compared one by one the plan now looks so dear that the server would
    # compile it first, which takes longer than the work
    connection.exec_driver_sql("set local jit = off")


def _put_on_calendar(connection: Connection, census_date: dt.date) -> None:
    """Put a quarter on the calendar through which readers come to its rows, in the transaction that
    writes them.
    """
    put = sa.text("insert into access.quarter_end (census_date) values (:d) on conflict do nothing")
    if connection.execute(put, {"d": census_date}).rowcount:
        connection.exec_driver_sql("analyze access.quarter_end")


@contextmanager
def _rewriter(connection: Connection, census_date: dt.date) -> Iterator[Callable[[Model], int]]:
    """What rewrites a model's rows of the quarter and gives how many they are: PostgreSQL, or the
    engine that is set.
    """
    if engine() == "spark":
        from assets.warehouse.spark import on_spark

        with on_spark(connection, census_date) as spark:
            yield spark.rewrite
    else:
        yield lambda model: _rewrite(connection, model, census_date)


def _rewrite(connection: Connection, model: Model, census_date: dt.date) -> int:
    """Delete the quarter and insert it: never drop or rename, so that policies, grants, comments
    and readers stay.
    """
    connection.execute(
        sa.text(f"delete from {model.physical} where census_date = :census_date"),
        {"census_date": census_date},
    )
    columns = ", ".join(model.columns)
    inserted = connection.execute(
        sa.text(f"insert into {model.physical} ({columns})\n{physical(model.sql)}"),
        {"census_date": census_date},
    )
    return inserted.rowcount


def _measure(connection: Connection, table: str, rows: int) -> None:
    """Tell the planner the table's true size, so that the next models are planned with it.

    Quarters are alike: once a few are held, only which quarters there are is measured again. To
    measure every column took longer with every quarter held, and longer than the models themselves.
    """
    known = (
        connection.execute(
            sa.text("select reltuples from pg_class where oid = to_regclass(:t)"), {"t": table}
        ).scalar()
        or 0
    )
    connection.execute(
        sa.text(f"analyze {table}" if known < 3 * rows else f"analyze {table} (census_date)")
    )


def _count(connection: Connection, tables: list[Model], result: BuildResult) -> None:
    for model in tables:
        query = sa.text(f"select count(*) from {model.physical} where census_date = :d")
        result.rows[model.relation] = (
            connection.execute(query, {"d": result.census_date}).scalar() or 0
        )


def grain_check(model: Model | PythonTable) -> WarehouseTest:
    """The check that every model has: one row a grain, no part of it missing."""
    keys = ", ".join(f"t.{name}" for name in model.grain)
    # a row without a part of its key stands alone in its group, and no count would find it
    missing = " or ".join(f"t.{name} is null" for name in model.grain)
    where = (
        ""
        if "census_date" not in model.columns
        else "where t.census_date = cast(:census_date as date)"
    )
    sql = (
        f"select {keys}, count(*) as found from {model.table} as t {where} group by {keys} having"
        f" count(*) > 1 or bool_or({missing})"
    )
    meaning = (
        f"{model.table} has one row a {', '.join(model.grain)}. A failure means that something is"
        " counted twice or stands nowhere."
    )
    return WarehouseTest("grain", model.table, True, meaning, sql, frozenset({model.relation}))


def all_checks() -> list[WarehouseTest]:
    """Every check of the warehouse: the grain of each model, and the SQL tests."""
    return [grain_check(model) for model in models().values()] + list(warehouse_tests())


def run_checks(
    connection: Connection, census_date: dt.date, only: set[Relation] | None = None
) -> list[CheckResult]:
    """Run the checks of the quarter (those of `only`'s tables, where given). Offending rows are
    counted; of the first ones the keys are given.
    """
    results = []
    for check in all_checks():
        if only is not None and tuple(check.checks.split(".")) not in only:
            continue
        query = physical(f"select count(*) from (\n{check.sql}\n) as offending")
        parameters = {"census_date": census_date} if ":census_date" in check.sql else {}
        offending = connection.execute(sa.text(query), parameters).scalar() or 0
        keys = _keys(connection, check, parameters) if offending else ()
        results.append(
            CheckResult(check.checks, check.name, check.blocks, check.meaning, offending, keys)
        )
    return results


MOST_KEYS = 1000
"""So many offending rows are named."""


def _keys(
    connection: Connection, check: WarehouseTest, parameters: dict[str, dt.date]
) -> tuple[dict[str, str], ...]:
    """Which rows offend, by their grain. A row about a child is not named: its key is a pseudonym,
    and Dagster keeps what it is told.
    """
    known: list[Model | PythonTable] = [*models().values(), *PYTHON_TABLES.values()]
    table = next((one for one in known if one.table == check.checks), None)
    if table is None or is_about_children(table.columns):
        return ()
    rows = connection.execute(
        sa.text(physical(f"select * from (\n{check.sql}\n) as offending limit {MOST_KEYS}")),
        parameters,
    ).mappings()
    return tuple({name: str(row[name]) for name in table.grain if name in row} for row in rows)
