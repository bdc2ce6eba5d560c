"""Official statistics: the data sets that are known, and the symbols that stand for a number
(`reference/official_*.csv`).

Belongs here: reading these lists, and recognising a data set by its content. Does not belong here:
the columns of the files (`returns/official_statistics.toml`), or which of their figures are
compared with ours (`reference/official_measures.csv`, in SQL).
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from schemas.headers import header_key

HERE = Path(__file__).parent / "reference"
PUBLISHERS = {"dfe": "DfE", "ofsted": "Ofsted", "mhclg": "MHCLG"}
"""Who publishes official statistics, by code, as people write it."""

LEAST_SHOWN = 6
"""Of an authority DfE's yearly tables print counts from here on, and 0: 1 to 5 are hidden."""


def as_printed(number: Decimal | None) -> str:
    """A figure as it is printed: 485, 8.1; blank for none."""
    if number is None:
        return ""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class DataSet:
    """A data set, and how it is told: it has the column, and in it the words (any, where they are
    blank).
    """

    name: str
    title: str
    column: str
    words: str


@cache
def _lines(name: str) -> tuple[dict[str, str], ...]:
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def official_symbols() -> tuple[tuple[str, str], ...]:
    """Each symbol that official statistics print in place of a number, with its meaning."""
    return tuple((line["symbol"], line["meaning"]) for line in _lines("official_symbols"))


@cache
def data_sets() -> tuple[DataSet, ...]:
    """The data sets that are known; one may be told in several ways, as its columns are renamed."""
    lines = _lines("official_data_sets")
    return tuple(
        DataSet(x["data_set"], x["title"], header_key(x["told_by_column"]), x["told_by"])
        for x in lines
    )


def data_set_of(columns: Collection[str], words: Collection[str]) -> str:
    """The data set of a file with these headers (as `header_key` makes them) and these words in its
    first filter; else what its headers are.
    """
    for one in data_sets():
        if one.column in columns and (not one.words or one.words in words):
            return one.name
    return f"not listed: {', '.join(sorted(columns))}"
