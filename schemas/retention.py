"""Retention: how long each table's rows are kept (`retention.toml`).

Belongs here: reading the periods, holding them to what the figures need, and counting them back
from a day. Does not belong here: removing rows (`assets/access/retention.py`).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "retention.toml"
CHILDREN = "children"
OUTBOX = "outbox"
SHORTEST_FOR_CHILDREN = 40
"""Figures look back 37 months; a shorter period would take from them what they rest on."""


@dataclass(frozen=True)
class Period:
    """How long a table's rows are kept: months, and why."""

    table: str
    months: int
    why: str


@cache
def periods(path: Path = FILE) -> dict[str, Period]:
    """The periods by table; `children` for every table whose rows are about single children,
    `outbox` for answers.

    Raises:
        ValueError: there is no period for children, or one is too short for the figures.
    """
    read = {
        name: Period(name, **entry)
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()
    }
    if CHILDREN not in read:
        raise ValueError(
            f"{path.name} has no [children]. A period for the tables about children was expected."
        )
    for period in read.values():
        least = (
            SHORTEST_FOR_CHILDREN
            if period.table == CHILDREN or period.table.startswith("core.")
            else 12
        )
        if period.months < least:
            raise ValueError(
                f"{path.name}: {period.table} is kept for {period.months} months; at least"
                f" {least} were expected, which the figures need."
            )
    return read


def before(today: dt.date, months: int) -> dt.date:
    """The day `months` months before `today`; the month's first where it has no such day."""
    count = today.year * 12 + today.month - 1 - months
    year, month = divmod(count, 12)
    try:
        return dt.date(year, month + 1, today.day)
    except ValueError:
        return dt.date(year, month + 1, 1)
