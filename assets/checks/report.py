"""The quality report of a census date: which rows are held against which expectations.

Belongs here: the rows of each curated table, how totals have changed since the quarter before,
where the pages go. Does not belong here: what is expected (`schemas/expectations`), Great
Expectations (`resources/expectations`).
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from assets.intake.provenance import banner
from assets.warehouse.models import PYTHON_TABLES, models
from resources.configuration import number
from resources.expectations import Batch, Outcome, hold_up
from resources.warehouse import Warehouse
from schemas.expectations import Drift, Expectation, Suite, suite
from schemas.fields import all_fields

_NUMBERS = {"integer", "number", "money", "rate"}
DRIFT = ", change on the quarter before"
"""What follows the table's name in the name of its second batch."""


@cache
def suites() -> dict[str, Suite]:
    """What is expected of each curated table, by its name; tables of which nothing is expected are
    left out.
    """
    columns = {
        table.name: table.columns for table in models().values() if table.schema == "curated"
    }
    columns |= {table.name: table.columns for table in PYTHON_TABLES.values()}
    by_table = {name: suite(name, of_table) for name, of_table in columns.items()}
    return {name: one for name, one in sorted(by_table.items()) if one.expectations or one.drifts}


def write_report(warehouse: Warehouse, census_date: dt.date, data_docs: Path) -> list[Outcome]:
    """Hold the quarter's curated tables against their expectations and write its pages; tables
    without rows are left out.

    The pages begin at `report_page(data_docs, census_date)`. No row and no value is in them: counts
    alone.
    """
    data_docs.mkdir(parents=True, exist_ok=True)
    title = f"Quality report: {census_date:%d %B %Y}"
    # asked first: what changes while the report is written makes it due again
    figures = (
        warehouse.scalar("select rests_on from raw.quarter where census_date = :d", d=census_date)
        or ""
    )
    outcomes = hold_up(
        batches(warehouse, census_date),
        data_docs / census_date.isoformat(),
        title,
        banner(warehouse),
    )
    with warehouse.writing() as connection:
        connection.execute(
            sa.text(
                "insert into raw.reported (census_date, rests_on) values (:d, :r) "
                "on conflict (census_date) do update set rests_on = excluded.rests_on"
            ),
            {"d": census_date, "r": figures},
        )
    return outcomes


def out_of_date(warehouse: Warehouse, data_docs: Path) -> list[dt.date]:
    """The quarters whose report is missing, or was not made of the figures that stand now, the
    oldest first.
    """
    rows = warehouse.rows(
        "select q.census_date, q.rests_on is not distinct from r.rests_on as is_of_them from"
        " raw.quarter as q left join raw.reported as r on q.census_date = r.census_date order by 1"
    )
    kept = rows[-number("retention.reports") :]  # older ones are removed, and not due again
    return [
        row.census_date
        for row in kept
        if not row.is_of_them or not report_page(data_docs, row.census_date).exists()
    ]


def report_page(data_docs: Path, census_date: dt.date) -> Path:
    """The first page of the census date's report."""
    return data_docs / census_date.isoformat() / "index.html"


def batches(warehouse: Warehouse, census_date: dt.date) -> list[Batch]:
    """What is held up: for each table its rows, and for those with drifts the changes of their
    totals.
    """
    batches_of_quarters = []
    for name, one in suites().items():
        rows = warehouse.frame(
            f"select * from curated.{name} where census_date = :d", d=census_date
        )
        if rows.empty:
            continue
        numbers = [
            column for column in rows.columns if all_fields()[column].type in _NUMBERS
        ]  # a column without a value has no type of its own
        rows = rows.assign(**{column: pd.to_numeric(rows[column]) for column in numbers})
        rows = rows.assign(
            **{column: rows.eval(expression) for column, expression in one.derived.items()}
        )
        if one.expectations:
            batches_of_quarters.append(Batch(name, rows, one.expectations))
        changes = [_changes(warehouse, name, drift, census_date) for drift in one.drifts]
        if any(len(change) for change in changes):
            batches_of_quarters.append(
                Batch(
                    f"{name}{DRIFT}",
                    pd.concat(changes, ignore_index=True),
                    tuple(_small(drift) for drift in one.drifts),
                )
            )
    return batches_of_quarters


def _change(drift: Drift) -> str:
    return f"change of {drift.column} by {', '.join(drift.by)}"


def _small(drift: Drift) -> Expectation:
    says = (
        f"{drift.column} by {', '.join(drift.by)} changed by no more than {drift.within:.0%} since"
        " the quarter before."
    )
    bounds = {"min_value": -drift.within, "max_value": drift.within}
    return Expectation(
        "expect_column_values_to_be_between", says, "warning", {"column": _change(drift), **bounds}
    )


def _changes(warehouse: Warehouse, table: str, drift: Drift, census_date: dt.date) -> pd.DataFrame:
    """One row a group that had `at_least` so many the quarter before: by what share its total has
    changed. None where no quarter is before.
    """
    by = ", ".join(drift.by)
    frame = warehouse.frame(
        f"""
        select
            {by},
            coalesce(sum({drift.column}) filter (where census_date = :d), 0) as now,
            sum({drift.column}) filter (where census_date < :d) as before
        from curated.{table}
        where census_date in (cast(:d as date), cast(:before as date)) and {drift.where}
        group by {by}
        having sum({drift.column}) filter (where census_date < :d) >= :at_least
        order by {by}
        """,
        d=census_date,
        before=(pd.Timestamp(census_date) - pd.offsets.QuarterEnd(1)).date(),
        at_least=drift.at_least,
    )
    # the server's sums come as decimals, of which pandas makes objects
    before = pd.to_numeric(frame["before"])
    return frame[list(drift.by)].assign(
        **{_change(drift): (pd.to_numeric(frame["now"]) - before) / before}
    )
