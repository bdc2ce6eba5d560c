"""Expectations: what a reader may rely on in the curated tables, as data (`expectations/*.toml`).

Belongs here: reading the files, and what follows from the dictionary of columns for every table.
Each expectation is one of Great Expectations', with a sentence that says what is expected. Does not
belong here: checking them (`resources/expectations`); what must hold for a quarter to be written at
all (`dbt_like_sql/tests`).

A new table needs no file: a rate of the dictionary is a share, a count is not negative, a name
beside a code is never blank, and the columns of `_every_table.toml` have the values given there.
These warn; what a table's own file says is held firmly unless it says `severity = "warning"`. A
file that says `left_out = true` keeps a table out of the report that has a row a child.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from schemas.fields import all_fields

HERE = Path(__file__).parent / "expectations"
_EVERY_TABLE = "_every_table"
_COUNTED = {
    "children",
    "places",
    "settings",
    "homes",
    "placements",
    "households",
    "rows",
    "people",
    "quarters",
}
"""Units of counts, which are never negative."""


@dataclass(frozen=True)
class Expectation:
    """One expectation: its type by Great Expectations' name, its arguments, what it says, and
    whether a breach is `critical` or a `warning`.
    """

    type: str
    says: str
    severity: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Drift:
    """How much a total may change from one quarter to the next: `column`, summed `by` columns,
    changes by no more than the share `within`.

    Groups whose total was under `at_least` the quarter before are left out: few change by much
    without meaning much.
    """

    column: str
    by: tuple[str, ...]
    within: float
    at_least: float
    where: str = "true"


@dataclass(frozen=True)
class Suite:
    """What is expected of one table. `derived` are columns worked out from the table's own (pandas
    expressions) to be compared with.
    """

    table: str
    expectations: tuple[Expectation, ...]
    derived: dict[str, str]
    drifts: tuple[Drift, ...]


@cache
def _entries(name: str) -> dict[str, Any]:
    path = HERE / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def tables_with_a_file() -> list[str]:
    """The tables that have expectations of their own."""
    return sorted(path.stem for path in HERE.glob("*.toml") if path.stem != _EVERY_TABLE)


def suite(table: str, columns: tuple[str, ...]) -> Suite:
    """What is expected of the curated table `table`, which has these columns.

    Raises:
        ValueError: its file names a column that the table does not have, or has an entry that is
            none.
    """
    own = _entries(table)
    if own.get("left_out"):
        return Suite(table, (), {}, ())
    derived: dict[str, str] = own.get("derived", {})
    drifts = tuple(Drift(**{**entry, "by": tuple(entry["by"])}) for entry in own.get("drift", ()))
    stated = tuple(_stated(entry) for entry in own.get("expect", ()))
    unknown = set(own) - {"derived", "drift", "expect", "limits", "said_elsewhere"}
    named = {*own.get("limits", {}), *own.get("said_elsewhere", ())} | {
        c for d in drifts for c in (d.column, *d.by)
    }
    named |= {
        value
        for e in stated
        for key, value in e.arguments.items()
        if key in {"column", "column_A", "column_B"}
    }
    if unknown or named - {*columns, *derived}:
        raise ValueError(
            f"schemas/expectations/{table}.toml:"
            f" {sorted(unknown) or sorted(named - {*columns, *derived})} was found; the entries"
            f" derived, drift, expect, limits, said_elsewhere and columns of curated.{table} were"
            " expected. Correct it."
        )
    general = _general(columns, own.get("limits", {}), set(own.get("said_elsewhere", ())))
    return Suite(table, (*stated, *general), derived, drifts)


def _stated(entry: dict[str, Any]) -> Expectation:
    arguments = {
        key: value for key, value in entry.items() if key not in {"type", "says", "severity"}
    }
    return Expectation(entry["type"], entry["says"], entry.get("severity", "critical"), arguments)


def _general(
    columns: tuple[str, ...], limits: dict[str, list[float]], leave: set[str]
) -> tuple[Expectation, ...]:
    """What follows from the dictionary and from the columns' names."""
    fields, values = all_fields(), _entries(_EVERY_TABLE)["values"]
    read = []
    for column in columns:
        if column in leave:
            continue
        kind = fields[column]
        if column in limits:
            low, high = limits[column]
            read.append(_between(column, low, high, f"{column} lies between {low} and {high}."))
        elif kind.type == "rate":
            read.append(_between(column, 0, 1, f"{column} is a share: it lies between 0 and 1."))
        elif kind.type in {"integer", "number", "money"} and kind.unit in _COUNTED:
            read.append(_between(column, 0, None, f"{column} is a count and never negative."))
        elif column in values:
            arguments = {"column": column, "value_set": values[column]}
            read.append(
                Expectation(
                    "expect_column_values_to_be_in_set",
                    f"{column} is one of the catalogue's values.",
                    "warning",
                    arguments,
                )
            )
        elif column.endswith("_name") and f"{column.removesuffix('_name')}_code" in columns:
            says = f"{column} stands beside every code."
            read.append(
                Expectation(
                    "expect_column_values_to_not_be_null", says, "warning", {"column": column}
                )
            )
    return tuple(read)


def _between(column: str, low: float, high: float | None, says: str) -> Expectation:
    bounds = {"min_value": low} | ({"max_value": high} if high is not None else {})
    return Expectation(
        "expect_column_values_to_be_between", says, "warning", {"column": column, **bounds}
    )
