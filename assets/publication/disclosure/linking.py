"""The rows of a system that ties give: which cells each tie of `ties.toml` names, row by row.

Belongs here: finding a tie's cells in the releases, figures that several tables print, the rows of
the others. Does not belong here: what a cell tells by itself (`knowledge`), which ties there are
(`programme`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    tables = {table.name: table for table in programme}
    split = {
        name: _split(part, tables[str(name)]) for name, part in cells.groupby("table", sort=False)
    }
    names = {code: name for release in releases for code, name in release.authorities.items()}
    code_of = {name: code for code, name in names.items()}
    links = []
    for tie in ties:
        # of a tie one of whose tables is not printed nothing follows
        if all(term.table in split for term in tie.terms):
            entries, on = _entries(split, releases, tables, tie, code_of)
            if len(entries):
                row = entries.groupby(on, sort=False).ngroup().to_numpy()
                columns = (entries[name].to_numpy() for name in ("sign", "term"))
                links.append(Linked(tie, entries["cell"].to_numpy(), row, *columns))
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


def _split(cells: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """A table's cells with a column for each filter's category."""
    split = categories(cells["key"], table).assign(area=cells["area"], release=cells["release"])
    return split.assign(measure=cells["measure"], cell=cells.index)


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


def _entries(
    split: Mapping[object, pd.DataFrame],
    releases: Sequence[Release],
    tables: Mapping[str, PublishedTable],
    tie: Tie,
    code_of: Mapping[str, str],
) -> tuple[pd.DataFrame, list[str]]:
    """The cells of a tie's terms, of the rows that have them all, and the columns that name such a
    row.
    """
    # what every term leaves open divides the tie into rows
    free = [set(tables[t.table].filters) - set(t.where or {}) - {t.area} for t in tie.terms]
    shared = [f for f in tables[tie.terms[0].table].filters if all(f in names for names in free)]
    on = [*shared, "area", "release"]
    pieces = []
    for n, term in enumerate(tie.terms):
        of_term = _term_cells(
            split[term.table], tables[term.table], term, shared, code_of, releases[-1].beside
        )
        if term.before:
            of_term = _of_the_date_before(of_term, releases, term.before)
        pieces.append(of_term.assign(sign=float(term.sign), term=n))
    entries = pd.concat(pieces, ignore_index=True)
    if tie.parts:
        entries = entries[(entries[shared] != TOTAL).all(axis=1)]
    for name, chosen in tie.only:
        entries = entries[entries[name].isin(chosen)]
    # where one term is not printed the tie says nothing of the others
    entries = entries[entries.groupby(on)["term"].transform("nunique") == len(tie.terms)]
    if tie.fully_covered and len(entries):
        entries = entries[
            _is_fully_covered(entries, releases, tie.fully_covered, shared).to_numpy(dtype=bool)
        ]
    return entries, on


def _term_cells(
    keys: pd.DataFrame,
    table: PublishedTable,
    term: Term,
    shared: list[str],
    code_of: Mapping[str, str],
    beside: Mapping[str, tuple[str, ...]],
) -> pd.DataFrame:
    """The cells of a term: the shared filters' categories, area, release and cell; more than one a
    row where they are summed.
    """
    keys = keys[keys["measure"] == term.measure]
    where = {
        **{f: TOTAL for f in table.filters if f not in shared and f != term.area},
        **(term.where or {}),
    }
    summed = [name for name, category in where.items() if category == SUB_REGION]
    chosen = pd.Series(True, index=keys.index)
    for name, category in where.items():
        if category == OWN:
            chosen &= (keys[name].map(code_of) == keys["area"]) & (keys["area"] != "")
        elif category == SUB_REGION:
            chosen &= _are_beside(keys["area"], keys[name].map(code_of), beside)
        else:
            chosen &= keys[name] == category
    if term.area:
        named = keys[term.area].map(code_of)
        chosen &= named.notna() & (
            _are_beside(named, keys["area"], beside) if term.summed else keys["area"] == ""
        )
        keys = keys.assign(area=named)
    on = [f for f in shared if f not in where]
    term_cells = keys.loc[chosen, [*on, "area", "release", "cell"]]
    if summed or term.summed:  # a sum of which a part is not known is not known
        expected = term_cells["area"].map({code: len(others) for code, others in beside.items()})
        term_cells = term_cells[
            term_cells.groupby([*on, "area", "release"])["cell"].transform("size") == expected
        ]
    return term_cells


def _months_before(date: dt.date, months: int) -> dt.date:
    # whole years: every year has the day on which a quarter ends
    return date.replace(year=date.year - months // 12)


def _are_beside(
    areas: pd.Series, others: pd.Series, beside: Mapping[str, tuple[str, ...]]
) -> pd.Series:
    """Whether each is of the same sub-region as the area beside it, and another."""
    pairs = zip(areas, others, strict=True)
    near = [other in beside.get(area, ()) for area, other in pairs]
    return pd.Series(near, index=areas.index, dtype=bool)


def _of_the_date_before(
    entries: pd.DataFrame, releases: Sequence[Release], months: int
) -> pd.DataFrame:
    """The cells of the newest release of the date that many months before each release."""
    pairs = []
    for n, release in enumerate(releases):
        earlier = [
            i
            for i, other in enumerate(releases)
            if other.census_date == _months_before(release.census_date, months)
        ]
        if earlier:
            pairs.append((earlier[-1], n))
    moved = [entries[entries["release"] == old].assign(release=new) for old, new in pairs]
    return pd.concat(moved) if moved else entries.iloc[:0]


def _is_fully_covered(
    joined: pd.DataFrame, releases: Sequence[Release], table: str, shared: list[str]
) -> pd.Series:
    """Whether the release says that every registered setting of the row has returned."""
    coverage = []
    for n, release in enumerate(releases):
        if table in release.tables:
            frame = release.tables[table]
            coverage.append(
                # as it is printed: a share has one decimal
                frame[[*shared]].assign(area=frame[AREA], release=n, full=(frame["coverage_settings"] == "100.0"))
            )  # fmt: skip
    return (
        joined.merge(pd.concat(coverage), on=[*shared, "area", "release"], how="left")["full"]
        .fillna(False)
        .set_axis(joined.index)
    )
