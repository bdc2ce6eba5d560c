"""The truth behind what is printed, which no reader has: what the attack is held against.

Belongs here: true counts of releases as they stood when they were made, for judging findings.
"""

from __future__ import annotations

import math

from resources.warehouse import Warehouse
from tests.attacker.reading import Cell, Edition


def true_counts(warehouse: Warehouse, edition: Edition) -> dict[Cell, int]:
    """The true count behind every cell of an edition that has one, as the ledger kept it."""
    rows = warehouse.rows(
        "select table_name, row_order, measure, value from raw.released_count "
        "where census_date = :d and release_number = :n",
        d=edition.date, n=edition.number,
    )  # fmt: skip
    keys = {
        name: {row: key for key, row in table.at.items()} for name, table in edition.tables.items()
    }
    return {
        (r.table_name, r.measure, keys[r.table_name][r.row_order]): math.floor(r.value)
        for r in rows
        if r.table_name in keys
    }
