"""The rows of a system that ties give: which cells each tie of `ties.toml` names, row by row.

Belongs here: finding a tie's cells in the releases, figures that several tables print, the rows of
the others. Does not belong here: what a cell tells by itself (`knowledge`), which ties there are
(`programme`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from assets.publication.programme import (
    AREA,
    OWN,
    SUB_REGION,
    TOTAL,
    PublishedTable,
    Term,
    Tie,
)


class Release(Protocol):
    """A release as it is printed."""

    @property
    def census_date(self) -> dt.date:
        """Its date."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Its tables, as printed."""

    @property
    def beside(self) -> Mapping[str, tuple[str, ...]]:
        """By authority, the others of its sub-region."""

    @property
    def authorities(self) -> Mapping[str, str]:
        """The names of its authorities, by code."""


@dataclass(frozen=True)
class Linked:
    """The cells of one tie: `cell` (its place in the frame of cells), the `row` of the tie that it
    belongs to, its `sign` and the number of its `term`; an entry a cell.
    """

    tie: Tie
    cell: np.ndarray
    row: np.ndarray
    sign: np.ndarray
    term: np.ndarray


def linked(
    cells: pd.DataFrame,
    releases: Sequence[Release],
    programme: Sequence[PublishedTable],
    ties: Sequence[Tie],
) -> list[Linked]:
    """The cells of every tie that has any. `cells` as `knowledge` makes them, numbered from 0."""
    numbers = _numbers(cells, releases)
    tables = {table.name: table for table in programme}
    measures = {
        (str(name), str(measure)): _of_measure(part, tables[str(name)], numbers)
        for name, of_table in cells.groupby("table", sort=False)
        for measure, part in of_table.groupby("measure", sort=False)
    }
    printed = {table for table, _ in measures}
    links = []
    for tie in ties:
        # of a tie one of whose tables is not printed nothing follows
        if all(term.table in printed for term in tie.terms):
            link = _link(measures, releases, tables, tie, numbers)
            if len(link.cell):
                links.append(link)
    return links


def same_figures(cells: pd.DataFrame, links: list[Linked]) -> pd.Series:
    """One variable for what several tables print of the same figure: the cells that a tie of two
    says are equal, where they are. Whatever is hidden of it is then hidden wherever it stands, and
    the system stays small. A cell of the public register stays apart: it cannot be hidden.
    """
    variable, truth = cells["variable"].to_numpy(), cells["truth"].to_numpy()
    is_public = cells["is_public"].to_numpy()
    ones, others = [np.array([], dtype=int)], [np.array([], dtype=int)]
    for link in (link for link in links if link.tie.is_equality_of_two):
        # two cells and no more: of a sum no part is the other side's figure
        alone = np.bincount(link.row)[link.row] == 2
        # `lexsort` sorts by its last key first: the two of a row lie beside each other
        order = np.lexsort((link.term[alone], link.row[alone]))
        pairs = link.cell[alone][order].reshape(-1, 2)
        same = (truth[pairs[:, 0]] == truth[pairs[:, 1]]) & ~is_public[pairs].any(axis=1)
        ones.append(variable[pairs[same, 0]])
        others.append(variable[pairs[same, 1]])
    one, other, size = (
        np.concatenate(ones),
        np.concatenate(others),
        int(variable.max(initial=-1)) + 1,
    )
    tied = sp.csr_matrix((np.ones(len(one)), (one, other)), shape=(size, size))
    _, label = connected_components(tied, directed=False)
    return pd.Series(pd.factorize(label[variable])[0], index=cells.index)


def holding(link: Linked, truth: np.ndarray) -> Linked:
    """The rows of a tie that are in the system: those that hold, where it is only presumed."""
    if not link.tie.presumed:
        return link
    total = np.bincount(link.row, link.sign * truth[link.cell])
    kept = ((total <= 0) if link.tie.at_most else (total == 0))[link.row]
    row = pd.factorize(link.row[kept])[0]
    return Linked(link.tie, link.cell[kept], row, link.sign[kept], link.term[kept])


def categories(keys: pd.Series, table: PublishedTable) -> pd.DataFrame:
    """The categories of joined keys, a column a filter."""
    codes, texts = pd.factorize(keys)
    parts = (
        pd.Series(texts, dtype="str")
        .str.split("|", expand=True)
        .reindex(columns=range(len(table.filters)))
    )
    return pd.DataFrame(
        {f: parts[n].to_numpy()[codes] for n, f in enumerate(table.filters)}, index=keys.index
    )


@dataclass(frozen=True)
class _Numbers:
    """Texts as numbers: the `category` of every filter, and the `area` of every code, the region's
    first. `named` has by release the area that a category names (-1: none); `near` says of two
    areas whether they are different ones of one sub-region, and `around` how many others an area
    has in its own (-1 where that is not known).
    """

    category: dict[str, int]
    area: dict[str, int]
    named: np.ndarray
    near: np.ndarray
    around: np.ndarray

    def row(
        self, shared: Sequence[np.ndarray], area: np.ndarray, release: np.ndarray
    ) -> np.ndarray:
        """One number for the categories, the area and the release that make a tie's row."""
        row = np.zeros(len(area), dtype="int64")
        for of, size in (
            *((of, len(self.category)) for of in shared),
            (area, len(self.area)),
            (release, len(self.named)),
        ):
            row = row * size + of
        return row


def _numbers(cells: pd.DataFrame, releases: Sequence[Release]) -> _Numbers:
    parts = pd.Series(cells["key"].unique(), dtype="str").str.split("|").explode().unique()
    category = {text: n for n, text in enumerate(dict.fromkeys([TOTAL, *parts]))}
    beside = releases[-1].beside
    others = {code for near in beside.values() for code in near}
    own = [{name: code for code, name in release.authorities.items()} for release in releases]
    newest = {name: code for codes in own for name, code in codes.items()}
    known = [code for codes in own for code in codes.values()]
    codes = dict.fromkeys(["", *cells["area"].unique(), *known, *beside, *sorted(others)])
    area = {code: n for n, code in enumerate(codes)}
    near, around = np.zeros((len(area), len(area)), dtype=bool), np.full(len(area), -1)
    for code, of_it in beside.items():
        near[area[code], [area[other] for other in of_it]] = True
        around[area[code]] = len(of_it)
    # an authority's code may have changed: by its name a release means the code that it prints
    named = np.full((len(releases), len(category)), -1)
    for n, of in enumerate(own):
        codes_of = {**newest, **of}
        named[n] = [area[codes_of[text]] if text in codes_of else -1 for text in category]
    return _Numbers(category, area, named, near, around)


@dataclass(frozen=True)
class _Cells:
    """Cells of one measure, each as numbers: the `categories` by filter, its `area` and `release`,
    and its place in the frame of cells.
    """

    categories: Mapping[str, np.ndarray]
    area: np.ndarray
    release: np.ndarray
    cell: np.ndarray

    def only(self, chosen: np.ndarray) -> _Cells:
        """Those that are chosen."""
        categories = {name: of[chosen] for name, of in self.categories.items()}
        return _Cells(categories, self.area[chosen], self.release[chosen], self.cell[chosen])


def _of_measure(cells: pd.DataFrame, table: PublishedTable, numbers: _Numbers) -> _Cells:
    keys, texts = pd.factorize(cells["key"])
    parts = [str(text).split("|") for text in texts]
    return _Cells(
        {
            name: np.array([numbers.category[part[n]] for part in parts], dtype="int64")[keys]
            for n, name in enumerate(table.filters)
        },
        cells["area"].map(numbers.area).to_numpy(dtype="int64"),
        cells["release"].to_numpy(dtype="int64"),
        cells.index.to_numpy(),
    )


def _link(
    measures: Mapping[tuple[str, str], _Cells],
    releases: Sequence[Release],
    tables: Mapping[str, PublishedTable],
    tie: Tie,
    numbers: _Numbers,
) -> Linked:
    """The cells of a tie's terms, of the rows that have them all."""
    # what every term leaves open divides the tie into rows
    free = [set(tables[t.table].filters) - set(t.where or {}) - {t.area} for t in tie.terms]
    shared = [f for f in tables[tie.terms[0].table].filters if all(f in names for names in free)]
    rows, cell = [], []
    for term in tie.terms:
        of_term = _term_cells(measures, tables[term.table], term, shared, numbers)
        if term.before:
            of_term = _of_the_date_before(of_term, releases, term.before)
        of_term = of_term.only(_is_wanted(of_term, tie, shared, numbers))
        categories = [of_term.categories[name] for name in shared]
        rows.append(numbers.row(categories, of_term.area, of_term.release))
        cell.append(of_term.cell)
    number = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    named = np.concatenate(rows)
    row, names = pd.factorize(named)
    # where one term is not printed the tie says nothing of the others
    has_term = np.zeros((len(names), len(tie.terms)), dtype=bool)
    has_term[row, number] = True
    is_kept = np.take(has_term.all(axis=1), row)
    if tie.fully_covered and is_kept.any():
        is_kept &= np.isin(named, _fully_covered(releases, tie.fully_covered, shared, numbers))
    kept = np.flatnonzero(is_kept)
    number = number[kept]
    sign = np.array([float(term.sign) for term in tie.terms])[number]
    return Linked(tie, np.concatenate(cell)[kept], pd.factorize(row[kept])[0], sign, number)


def _is_wanted(cells: _Cells, tie: Tie, shared: Sequence[str], numbers: _Numbers) -> np.ndarray:
    """Whether the tie says something of a cell's categories."""
    is_wanted = np.ones(len(cells.cell), dtype=bool)
    for name in shared if tie.parts else ():
        is_wanted &= cells.categories[name] != numbers.category[TOTAL]
    for name, chosen in tie.only:
        known = [numbers.category[text] for text in chosen if text in numbers.category]
        is_wanted &= np.isin(cells.categories[name], known)
    return is_wanted


def _term_cells(
    measures: Mapping[tuple[str, str], _Cells],
    table: PublishedTable,
    term: Term,
    shared: Sequence[str],
    numbers: _Numbers,
) -> _Cells:
    """The cells of a term; more than one a row where they are summed."""
    nothing = np.array([], dtype="int64")
    none = _Cells(dict.fromkeys(table.filters, nothing), nothing, nothing, nothing)
    cells = measures.get((term.table, term.measure), none)
    where = {
        **{f: TOTAL for f in table.filters if f not in shared and f != term.area},
        **(term.where or {}),
    }
    area, chosen = cells.area, np.ones(len(cells.cell), dtype=bool)
    for name, category in where.items():
        of = cells.categories[name]
        named = numbers.named[cells.release, of]
        if category == OWN:
            chosen &= (named == area) & (area != numbers.area[""])
        elif category == SUB_REGION:
            chosen &= (named >= 0) & numbers.near[area, named]
        else:
            chosen &= of == numbers.category.get(category, -1)
    if term.area:
        named = numbers.named[cells.release, cells.categories[term.area]]
        chosen &= (named >= 0) & (
            numbers.near[named, area] if term.summed else area == numbers.area[""]
        )
        cells = replace(cells, area=named)
    cells = cells.only(chosen)
    if term.summed or SUB_REGION in where.values():
        # a sum of which a part is not known is not known
        categories = [cells.categories[name] for name in shared]
        row, _ = pd.factorize(numbers.row(categories, cells.area, cells.release))
        cells = cells.only(np.bincount(row)[row] == numbers.around[cells.area])
    return cells


def _months_before(date: dt.date, months: int) -> dt.date:
    # whole years: every year has the day on which a quarter ends
    return date.replace(year=date.year - months // 12)


def _of_the_date_before(cells: _Cells, releases: Sequence[Release], months: int) -> _Cells:
    """The cells of the newest release of the date that many months before each release."""
    moved, to = [np.array([], dtype=int)], [np.array([], dtype=int)]
    for new, release in enumerate(releases):
        before = _months_before(release.census_date, months)
        earlier = [old for old, other in enumerate(releases) if other.census_date == before]
        if earlier:
            moved.append(np.flatnonzero(cells.release == earlier[-1]))
            to.append(np.full(len(moved[-1]), new))
    return replace(cells.only(np.concatenate(moved)), release=np.concatenate(to))


def _fully_covered(
    releases: Sequence[Release], table: str, shared: Sequence[str], numbers: _Numbers
) -> np.ndarray:
    """The rows of which a release says that every registered setting has returned."""
    rows = [np.array([], dtype="int64")]
    for n, release in enumerate(releases):
        if table in release.tables:
            frame = release.tables[table]
            full = frame[frame["coverage_settings"] == "100.0"]  # as printed, with one decimal
            shown = [full[name].map(numbers.category).fillna(-1) for name in shared]
            areas = full[AREA].map(numbers.area).fillna(-1)
            known = (areas >= 0) & np.all([of >= 0 for of in shown], axis=0)
            columns = [of[known].to_numpy(dtype="int64") for of in (*shown, areas)]
            rows.append(numbers.row(columns[:-1], columns[-1], np.full(len(columns[-1]), n)))
    return np.concatenate(rows)
