"""The truth behind what is printed, which no reader has: what the attack is held against.

Belongs here: true counts of releases as they stood when they were made, for judging findings.
"""

from __future__ import annotations

import itertools
import math

from resources.warehouse import Warehouse
from tests.attacker.reading import REGION, TOTAL, Cell, Edition


def true_counts(warehouse: Warehouse, edition: Edition) -> dict[Cell, int]:
    """The true count behind every cell of an edition that has one, as the ledger kept it; those of
    crossings that are printed nowhere stand behind the rows of their table.
    """
    rows = warehouse.rows(
        "select table_name, row_order, measure, value from raw.released_count "
        "where census_date = :d and release_number = :n",
        d=edition.date, n=edition.number,
    )  # fmt: skip
    keys = {
        name: dict(enumerate([*table.at, *unprinted(list(table.at))]))
        for name, table in edition.tables.items()
    }
    return {
        (r.table_name, r.measure, keys[r.table_name][r.row_order]): math.floor(r.value)
        for r in rows
        if r.table_name in keys
    }


def unprinted(printed: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The keys of areas and categories, none of them a total, that a table has no row for, in the
    order in which its rows name them first.
    """
    values = [
        [v for v in dict.fromkeys(p) if v not in (REGION, TOTAL)]
        for p in zip(*printed, strict=True)
    ]
    known = set(printed)
    return [key for key in itertools.product(*values) if key not in known]
