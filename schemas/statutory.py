"""The SSDA903 by year (`statutory.toml`): which of DfE's rules hold when, and its XML beside its
CSV.

Belongs here: reading these facts. Codes by day are in `codes/place_903.csv`.
Does not belong here: holding rows against a rule (`assets/intake/door`), reading XML
(`assets/intake/statutory_xml`).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parent / "statutory.toml"
_APRIL = 4


@dataclass(frozen=True)
class RuleByYear:
    """One of our rules: DfE's numbers for it, and the year on whose 1 April it begins to hold."""

    dfe: tuple[str, ...]
    from_year: int


@dataclass(frozen=True)
class XmlTable:
    """A table of the statutory XML: its name, its columns as in the CSV, and what marks its rows.

    Rows are groups of elements of which one is among `marks`; `of_child` says that the elements
    stand beside the child's own, at most one row a child.
    """

    name: str
    columns: tuple[str, ...]
    marks: tuple[str, ...]
    of_child: bool


@dataclass(frozen=True)
class StatutoryXml:
    """The statutory XML: its root's name and a child's, names that are not the CSV's, and its
    tables.
    """

    root: str
    child: str
    renamed: dict[str, str]
    tables: tuple[XmlTable, ...]


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(FACTS.read_text(encoding="utf-8"))


@cache
def rules_by_year() -> dict[str, RuleByYear]:
    """The rules of the return that came with a year, by our name."""
    return {
        name: RuleByYear(tuple(entry["dfe"]), entry["from_year"])
        for name, entry in _facts()["rules"].items()
    }


@cache
def statutory_xml() -> StatutoryXml:
    """How the statutory XML stands for the tables of the return."""
    xml = _facts()["xml"]
    tables = (
        XmlTable(
            t["name"], tuple(t["columns"]), tuple(t.get("marks", [])), t.get("of_child", False)
        )
        for t in xml["tables"]
    )
    return StatutoryXml(xml["root"], xml["child"], xml["renamed"], tuple(tables))


def collection_year(day: dt.date) -> int:
    """The year in whose April the collection year of a day began."""
    return day.year if day.month >= _APRIL else day.year - 1


def year_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of a day's collection year."""
    first = collection_year(day)
    return dt.date(first, _APRIL, 1), dt.date(first + 1, 3, 31)


def holds(name: str, day: dt.date) -> bool:
    """Whether a rule holds for the return of that day.

    Raises:
        KeyError: no such rule came with a year.
    """
    return rules_by_year()[name].from_year <= collection_year(day)
