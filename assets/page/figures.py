"""Figures as they were published: each cell of a release with its symbol, found by area and
filters.

Belongs here: reading releases from the ledger for the pages, and what a printed cell is: a number,
or one of the symbols. Does not belong here: how it is said (`wording`) or drawn (`drawing`,
`charts`).

Nothing is read here but the ledger: what is not published cannot be shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from assets.publication.disclosure.rules import (
    CONFIDENTIAL,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    SAFE,
    SYMBOLS,
)
from assets.publication.programme import PUBLISHED_TABLES, TOTAL, Indicator, PublishedTable
from assets.publication.release import LEDGER, Ledger, read_release
from assets.publication.status import in_brackets
from assets.publication.tables import GEOGRAPHY
from resources.warehouse import Warehouse
from schemas.regions import Region

LOW = "low"


@dataclass(frozen=True)
class Figure:
    """One published cell. `text` is what the release prints; an empty text means that the release
    has no such cell.
    """

    text: str = ""
    unit: str = ""

    @property
    def number(self) -> float | None:
        """The published number; None where a symbol or nothing stands. `low` is no number either."""
        try:
            return float(self.text)
        except ValueError:
            return None

    @property
    def is_there(self) -> bool:
        """Whether the release has the cell at all."""
        return self.text != ""

    @property
    def is_shown(self) -> bool:
        """Whether a number is printed."""
        return self.number is not None

    @property
    def is_hidden(self) -> bool:
        """Whether the figure was hidden so that nobody can be found in it."""
        return self.text == CONFIDENTIAL

    @property
    def is_missing(self) -> bool:
        """Whether nobody has returned it, or it does not apply."""
        return self.text in ("", NOT_AVAILABLE, NOT_APPLICABLE)

    @property
    def symbol(self) -> str:
        """The symbol that stands instead of a number."""
        return self.text if self.text in SYMBOLS else ""

    def __str__(self) -> str:
        """As a table shows it: thousands apart, the unit beside it, a symbol in brackets."""
        if self.symbol:
            return f"[{self.text}]"
        if not self.is_shown:
            return self.text
        decimals = len(self.text.partition(".")[2])
        # by its decimals as printed: 1.0 stays 1.0
        plain = f"{abs(float(self.text)):,.{decimals}f}"
        sign = "\u2212" if float(self.text) < 0 else ""
        return (
            f"{sign}£{plain}"
            if self.unit == "£"
            else f"{sign}{plain}%"
            if self.unit == "%"
            else f"{sign}{plain}"
        )


NOTHING = Figure()


@dataclass(frozen=True)
class Area:
    """What a page is about: the region (blank code) or one authority."""

    code: str
    name: str
    gss: str = ""

    @property
    def is_region(self) -> bool:
        """Whether it is the region as a whole."""
        return self.code == ""


@dataclass(frozen=True)
class Table:
    """One published table of a release, its cells found by area, filters and indicator."""

    about: PublishedTable
    frame: pd.DataFrame

    @property
    def name(self) -> str:
        """The table's name."""
        return self.about.name

    @property
    def filters(self) -> list[str]:
        """Names of its filters, in order."""
        return list(self.about.filters)

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """Its indicators by name, those that this release has."""
        return {i.name: i for i in self.about.indicators if i.name in self.frame.columns}

    @cached_property
    def _cells(self) -> dict[tuple[str, ...], dict[str, str]]:
        keys = ["old_la_code", *self.filters]
        values = self.frame[list(self.indicators)].to_dict("records")
        return dict(zip(self.frame[keys].itertuples(index=False, name=None), values, strict=True))

    @cached_property
    def values(self) -> dict[str, list[str]]:
        """The values of each filter, in the order of the table, the Total left out."""
        return {
            name: [str(v) for v in self.frame[name].drop_duplicates() if v != TOTAL]
            for name in self.filters
        }

    def label(self, filter_name: str, code: str) -> str:
        """A filter's value as it is printed, by the programme's own code for it; the code where it
        has no label.
        """
        return self.about.labels.get(filter_name, {}).get(code, code)

    def figure(self, area: Area, indicator: str, **filters: str) -> Figure:
        """The cell of an area; a filter that is not named is taken at its Total. Nothing where the
        release has no such cell.
        """
        if indicator not in self.indicators:
            return NOTHING
        key = (area.code, *(filters.get(name, TOTAL) for name in self.filters))
        text = self._cells.get(key, {}).get(indicator, "")
        return Figure(text, self.indicators[indicator].unit)

    def keys(self, area: Area) -> Iterator[dict[str, str]]:
        """The filters of each row of an area, in the table's order."""
        for code, *values in self._cells:
            if code == area.code:
                yield dict(zip(self.filters, values, strict=True))


@dataclass(frozen=True)
class Edition:
    """One release of one census date, as the pages show it, with the newest releases of earlier
    dates beside it (oldest first).
    """

    census_date: dt.date
    number: int
    region: Region
    tables: Mapping[str, Table]
    manifest: Mapping[str, Any]
    earlier: tuple[Edition, ...] = ()
    before: Edition | None = field(default=None, repr=False)
    """The release of the same date before this one."""

    @property
    def status(self) -> str:
        """Whether the release is provisional, final or revised, in brackets with a space before;
        blank where it has no such word.
        """
        return in_brackets(self.manifest)

    @property
    def here(self) -> Area:
        """The region as an area."""
        return Area("", self.region.name, self.region.gss_code)

    @property
    def round_to(self) -> int:
        """What the release's counts are rounded to."""
        return int(self.manifest.get("method", {}).get("round_to", SAFE.round_to))

    @property
    def settings_for_noise(self) -> int | None:
        """From how many settings on counts of places carry noise; None where none does."""
        method = self.manifest.get("method", {})
        return method.get("settings_for_noise") if method.get("noise") else None

    @property
    def moved_by(self) -> int:
        """The step to which rounding would move a count as far as this release's method moves any:
        noise moves it nearly twice as far.
        """
        return self.round_to * (2 if self.settings_for_noise else 1)

    @cached_property
    def authorities(self) -> dict[str, Area]:
        """The authorities that have a row of their own, by code, in the order of their names."""
        areas: dict[str, Area] = {}
        for table in self.tables.values():
            rows = table.frame.loc[
                table.frame["old_la_code"] != "", ["old_la_code", "la_name", "new_la_code"]
            ].drop_duplicates("old_la_code")
            for code, name, gss in rows.itertuples(index=False, name=None):
                areas.setdefault(str(code), Area(str(code), str(name), str(gss)))
        return dict(sorted(areas.items(), key=lambda item: item[1].name))

    def table(self, name: str) -> Table | None:
        """The published table, where this release has it."""
        return self.tables.get(name)

    def figure(self, table: str, area: Area, indicator: str, **filters: str) -> Figure:
        """The cell, or nothing where the release has no such table, row or indicator."""
        rows = self.tables.get(table)
        return rows.figure(area, indicator, **filters) if rows else NOTHING


def newest_releases(warehouse: Warehouse) -> dict[dt.date, int]:
    """The number of the newest release of each census date, in order of date."""
    rows = warehouse.rows(
        "select census_date, max(release_number) as number from published.release group by"
        " census_date order by census_date"
    )
    return {row.census_date: row.number for row in rows}


def read_edition(
    warehouse: Warehouse, census_date: dt.date, number: int, region: Region, ledger: Ledger = LEDGER
) -> Edition:
    """One release from the ledger (or a draft, from where drafts are kept), alone."""
    frames, manifest = read_release(warehouse, census_date, number, ledger=ledger)
    tables = {
        about.name: Table(about, frames[about.name])
        for about in PUBLISHED_TABLES
        if about.name in frames and _fits(about, frames[about.name])
    }
    return Edition(census_date, number, region, tables, manifest)


def _fits(about: PublishedTable, frame: pd.DataFrame) -> bool:
    """Whether an old release's table still has the filters that the table has today; one that was
    laid out anew since is not drawn.
    """
    return {*GEOGRAPHY, *about.filters} <= set(frame.columns)
