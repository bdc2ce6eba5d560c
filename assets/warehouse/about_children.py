"""About children: which tables have rows about one child or one placement, worked out from their
columns.

Belongs here: that rule alone. It decides what checks may name and, in `access`, who reads what and
what is erased. Does not belong here: who reads which row (`access/policies`).
"""

from __future__ import annotations

from collections.abc import Collection

from schemas.fields import all_fields

MARKS_OF_A_CHILD = {"child_key", "placement_number", "age"}
"""A table with one of these columns has rows about one child or one placement."""


def is_about_children(columns: Collection[str]) -> bool:
    """Whether a table with these columns has rows about one child or placement.

    Money without a count of placements is the fee of one placement.
    """
    return bool(MARKS_OF_A_CHILD & set(columns)) or bool(
        money_in(columns) and "placements" not in columns
    )


def money_in(columns: Collection[str]) -> list[str]:
    """The columns that hold pounds."""
    fields = all_fields()
    return [
        name
        for name in columns
        if name in fields
        and (fields[name].type == "money" or fields[name].unit.startswith("pound"))
    ]
