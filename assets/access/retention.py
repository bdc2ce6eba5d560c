"""Retention: rows that have been kept for as long as they may be are removed, and the quarter is
closed.

Belongs here: what is due on a day, and removing it. Does not belong here: the periods
(`schemas/retention.toml`).

A closed quarter keeps its figures and its releases. It is not read or rewritten any more: what it
rested on is gone.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from assets.common import audit
from assets.warehouse.about_children import is_about_children
from assets.warehouse.models import models, raw_columns
from resources.warehouse import Warehouse, physical
from schemas.retention import CHILDREN, OUTBOX, Period, before, periods

_DAYS = {"access.reading": "read_at", "access.event": "happened_at"}


def tables_of_children() -> list[str]:
    """Every table, in raw, core and curated, whose rows are about single children."""
    raw = [f"raw.{name}" for name, columns in raw_columns().items() if is_about_children(columns)]
    return raw + [
        model.table
        for model in models().values()
        if not model.is_view and is_about_children(model.columns)
    ]


def remove_what_is_due(
    warehouse: Warehouse, today: dt.date, known: dict[str, Period] | None = None
) -> dict[str, int]:
    """Remove the rows whose period is over, by table, and close their quarters. Gives the rows
    removed; a second time there are none.
    """
    known = known or periods()
    removed: dict[str, int] = {}
    children = tables_of_children()
    with warehouse.writing() as connection:
        for table in [
            *children,
            # the first stands for the tables above, and the outbox is no table
            *(name for name in known if name not in (CHILDREN, OUTBOX) and name not in children),
        ]:
            period = known.get(table, known[CHILDREN])
            until = before(today, period.months)
            condition = f"{_DAYS[table]} < :until" if table in _DAYS else "census_date < :until"
            # findings have no census date of their own
            if table == "raw.finding":
                condition = (
                    "submission_id in (select s.submission_id from raw.submission as s where"
                    " s.census_date < :until)"
                )
            # closed before its rows go: a quarter must not be written anew of what is left
            if table in children:
                connection.execute(
                    sa.text(
                        "insert into access.closed_quarter (census_date) select distinct"
                        " s.census_date from raw.submission as s where s.census_date < :until on"
                        " conflict do nothing"
                    ),
                    {"until": until},
                )
            gone = connection.execute(
                sa.text(f"delete from {physical(table)} where {condition}"), {"until": until}
            ).rowcount
            if gone:
                removed[table] = gone
        if removed:
            audit.record(connection, audit.REMOVED, "retention", rows=removed)
    return removed
