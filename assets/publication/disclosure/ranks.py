"""What ranks tell each member of others' counts (`curated.comparison`).

Belongs here: on which side of an authority's own figure those of the others of its region lie.
Does not belong here: which figures are ranked (`ties.toml`), sums of others (`comparisons`).

A rank tells how many of the others lie above. The reader is presumed to know which: who holds the
release knows it of all but the few whose counts are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import scipy.sparse as sp

from assets.publication.disclosure.comparisons import Comparisons, told_of
from assets.publication.disclosure.linking import categories
from assets.publication.programme import (
    AREA,
    PUBLISHED_TABLES,
    PublishedTable,
    RankedSide,
    ranked,
)
from schemas.authorities import all_authorities
from schemas.regions import DisclosureMethod


@dataclass(frozen=True)
class _Figures:
    """The figures of one measure and kind that have a rank, one an authority: the whole numbers
    that are compared (`n` of `d`), and the variables behind them (none where they are open), as
    rows of two matrices.
    """

    areas: np.ndarray
    n: np.ndarray
    d: np.ndarray
    counted: sp.csr_matrix | None
    of: sp.csr_matrix | None


def ranks(
    cells: pd.DataFrame,
    truth: np.ndarray,
    method: DisclosureMethod,
    variables: int,
    tables: Mapping[str, pd.DataFrame],
    known: Mapping[str, pd.DataFrame],
) -> Comparisons:
    """What ranks tell of the current release, whose `cells` they are, over so many variables; its
    printed `tables`, and the true values of their measures (`known`).

    Of each of two figures an authority's own is known. Of the other's three things are told: the
    least or greatest that is counted, were it known what it is counted of; that, were the count
    known; and what holds of both where neither is.
    """
    rows = _Rows(method.round_to, variables)
    for figures in _figures(cells, truth, method, variables, tables, known):
        own, other = _of_a_region(figures.areas)
        # the other's figure lies above, or below, or is the same
        side = np.sign(
            figures.n[other] * figures.d[own] - figures.n[own] * figures.d[other]
        ).astype(int)
        told, n, d = figures.areas[own], figures.n, figures.d
        bounds = _beyond(n[own] * d[other], d[own], side, method)
        if figures.counted is not None:
            rows.add(told, figures.counted[other], *bounds)
        if figures.of is not None:
            # a share that is larger is of fewer; of a share of nothing nothing follows
            some = n[own] > 0
            bounds = _beyond(n[other[some]] * d[own[some]], n[own[some]], -side[some], method)
            rows.add(told[some], figures.of[other[some]], *bounds)
        if figures.counted is not None and figures.of is not None:
            rows.add_both(told, figures.counted[other], figures.of[other], n[own] / d[own], side)
    return rows.made()


def _beyond(
    dividend: np.ndarray, divisor: np.ndarray, side: np.ndarray, method: DisclosureMethod
) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest count that is printed above (`side` 1), below (-1), or as (0) this
    quotient.
    """
    step = method.round_to
    above = (dividend // (divisor * step) + 1) * step
    below = (-(-dividend // (divisor * step)) - 1) * step
    # what is printed is 0 or no small count
    fewest = int(np.floor(method.smallest_count_shown / step + 0.5)) * step
    above, below = np.maximum(above, fewest), np.where(below < fewest, 0, below)
    as_it_is = dividend // divisor
    least = told_of(np.where(side > 0, above, as_it_is), method)[0]
    greatest = told_of(np.where(side < 0, np.maximum(below, 0), as_it_is), method)[1]
    return np.where(side < 0, -np.inf, least), np.where(side > 0, np.inf, greatest)


class _Rows:
    """Rows of what is told, while they are put together."""

    def __init__(self, step: int, variables: int) -> None:
        # how far below, and above, what is printed a count may lie
        self._below, self._above = step // 2, (step + 1) // 2 - 1
        self._variables = variables
        self._matrices: list[sp.csr_matrix] = []
        self._low: list[np.ndarray] = []
        self._high: list[np.ndarray] = []
        self._told: list[np.ndarray] = []

    def add(
        self, told: np.ndarray, matrix: sp.csr_matrix, low: np.ndarray, high: np.ndarray
    ) -> None:
        """Add rows: who is told, and between which values the sum of their variables lies."""
        self._matrices.append(matrix)
        self._low.append(low)
        self._high.append(high)
        self._told.append(told)

    def add_both(
        self,
        told: np.ndarray,
        counted: sp.csr_matrix,
        of: sp.csr_matrix,
        share: np.ndarray,
        side: np.ndarray,
    ) -> None:
        """Add on which side of a share two counts lie, each within what it may be rounded from."""
        # it is a side's sum that is rounded, and not its parts
        matrix = counted - sp.diags(share) @ of
        low = np.where(side < 0, -np.inf, -self._below - share * self._above)
        high = np.where(side > 0, np.inf, self._above + share * self._below)
        self.add(told, matrix.tocsr(), low, high)

    def made(self) -> Comparisons:
        """All that was added."""
        if not self._matrices:
            return Comparisons(sp.csr_matrix((0, self._variables)))
        return Comparisons(
            sp.vstack(self._matrices, format="csr"),
            np.concatenate(self._low),
            np.concatenate(self._high),
            np.concatenate(self._told),
        )


def _figures(
    cells: pd.DataFrame,
    truth: np.ndarray,
    method: DisclosureMethod,
    variables: int,
    tables: Mapping[str, pd.DataFrame],
    known: Mapping[str, pd.DataFrame],
) -> Iterator[_Figures]:
    """The figures that are ranked, measure by measure and kind by kind."""
    of_table = {table.name: table for table in PUBLISHED_TABLES}
    own = cells[(cells["area"] != "") & cells["is_printed"]]
    own = own[~np.isnan(truth[own["variable"]])]
    for entry in (e for e in ranked() if e.table in of_table and e.table in tables):
        table = of_table[entry.table]

        def side(one: RankedSide, table: PublishedTable = table) -> pd.DataFrame:
            if one.is_open:
                return _open(one, table, tables[table.name], known[table.name])
            return _counts(one, table, own, truth)

        counted, of = (_shown(side(one), one, method) for one in (entry.counted, entry.of))
        both = counted.add_suffix("_counted").join(of.add_suffix("_of"), how="inner")
        both = both[both["number_of"] > 0]
        for _, part in both.groupby(level="kind", sort=True):
            yield _Figures(
                part.index.get_level_values("area").to_numpy(dtype=str),
                part["number_counted"].to_numpy(dtype="int64"),
                part["number_of"].to_numpy(dtype="int64"),
                *(
                    None if one.is_open else _matrix(part[f"variables_{name}"], variables)
                    for name, one in (("counted", entry.counted), ("of", entry.of))
                ),
            )


def _shown(side: pd.DataFrame, one: RankedSide, method: DisclosureMethod) -> pd.DataFrame:
    """The numbers that are compared: those that everybody may know as they are, others as they are
    printed, without the small.
    """
    if one.is_open:
        return side
    number = side["number"]
    is_shown = (number == 0) | (number >= method.smallest_count_shown)
    rounded = np.floor(number / method.round_to + 0.5) * method.round_to
    return side.assign(number=rounded)[is_shown]


def _counts(
    one: RankedSide, table: PublishedTable, own: pd.DataFrame, truth: np.ndarray
) -> pd.DataFrame:
    """A side's true numbers by area and kind, and their variables, from the cells."""
    part = own[(own["table"] == table.name) & own["measure"].isin(one.measures)]
    keys = categories(part["key"], table)
    at = pd.DataFrame(
        {
            "area": part["area"],
            "kind": _kind(keys, one),
            "variable": part["variable"],
            "number": truth[part["variable"]],
        }
    )
    by = at[_named(keys, one)].groupby(["area", "kind"])
    return pd.DataFrame({"number": by["number"].sum(), "variables": by["variable"].agg(list)})


def _open(
    one: RankedSide, table: PublishedTable, frame: pd.DataFrame, known: pd.DataFrame
) -> pd.DataFrame:
    """A side's numbers by area and kind, where everybody may know them, as they truly are."""
    keys = frame[list(table.filters)]
    number = known[list(one.measures)].sum(axis=1, skipna=False)
    at = pd.DataFrame({"area": frame[AREA], "kind": _kind(keys, one), "number": number})
    kept = _named(keys, one) & (at["area"] != "") & at["number"].notna()
    return at[kept].groupby(["area", "kind"])[["number"]].sum()


def _named(keys: pd.DataFrame, one: RankedSide) -> np.ndarray:
    """The rows of a side's categories."""
    named = np.ones(len(keys), dtype=bool)
    for name, of in one.where:
        named &= keys[name].isin(of).to_numpy()
    return named


def _kind(keys: pd.DataFrame, one: RankedSide) -> pd.Series:
    """What is left of the rows' categories: figures are ranked among those of one kind."""
    kind = pd.Series("", index=keys.index)
    for name in (name for name in keys if name not in dict(one.where)):
        kind = kind + "|" + keys[name]
    return kind


def _matrix(variables: pd.Series, count: int) -> sp.csr_matrix:
    """A row a figure, with a 1 for each of its variables."""
    column = np.concatenate([np.asarray(of, dtype=int) for of in variables])
    row = np.repeat(np.arange(len(variables)), variables.map(len))
    return sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(variables), count))


@cache
def _regions() -> Mapping[str, str]:
    return {authority.code: authority.region_code for authority in all_authorities()}


def _of_a_region(areas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each authority (its place) with every other of its region. An authority of which no region is
    known is in one with all such.
    """
    region = pd.factorize(pd.Series(areas).map(_regions()).fillna(""))[0]
    own, other = np.nonzero((region[:, None] == region) & ~np.eye(len(areas), dtype=bool))
    return own, other
