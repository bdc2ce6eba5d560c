"""What ranks tell each member of others' counts (`curated.comparison`).

Belongs here: on which side of an authority's own figure those of the others of its region lie.
Does not belong here: which figures are ranked (`ties.toml`), sums of others (`comparisons`).

A rank tells how many of the others lie above. Which, whoever holds the release knows of all but
those whose counts are hidden, or printed nowhere (`Comparisons.known_by`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from assets.publication.disclosure.comparisons import Comparisons
from assets.publication.disclosure.linking import categories
from assets.publication.programme import (
    AREA,
    PUBLISHED_TABLES,
    PublishedTable,
    RankedSide,
    ranked,
)
from schemas.authorities import region_of
from schemas.regions import DisclosureMethod


@dataclass(frozen=True)
class _Figures:
    """The figures of one measure and kind, one an authority: the whole numbers that are compared
    (`n` of `d`, NaN where one is small), and the variables behind them (None where they are open),
    as rows of two matrices.
    """

    figure: str
    kind: str
    areas: np.ndarray
    n: np.ndarray
    d: np.ndarray
    counted: sp.csr_matrix | None
    of: sp.csr_matrix | None

    @property
    def is_ranked(self) -> np.ndarray:
        """Which have a rank: those of which neither number is small."""
        ranked: np.ndarray = ~np.isnan(self.n) & (self.d > 0)
        return ranked


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
    known; and what holds of both where neither is. Of what is counted in a figure that is not
    above, whether it has a rank or none, only that.
    """
    rows = _Rows(method, variables)
    for figures in figures_of(cells, truth, method, variables, tables, known):
        own, other = _of_a_region(figures.areas)
        has_rank = figures.is_ranked
        own, other = own[has_rank[own]], other[has_rank[own]]
        n, d = (np.nan_to_num(of).astype("int64") for of in (figures.n, figures.d))
        # the other's figure lies above, or below, or is the same; without a rank it is not above
        side = np.sign(n[other] * d[own] - n[own] * d[other]).astype(int)
        side[~has_rank[other]] = -1
        rows.next_figure(figures.areas, own, side > 0, of_open=figures.of is None)
        if figures.counted is not None:
            _counted(rows, figures.counted, (n, d), (own, other, side))
        _of_what(rows, figures, (n, d), (own, other, side), np.flatnonzero(has_rank[other]))
    return rows.made()


_Two = tuple[np.ndarray, np.ndarray]
_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def _counted(rows: _Rows, counted: sp.csr_matrix, numbers: _Two, pairs: _Pairs) -> None:
    """What these pairs of figures (own, other and side) tell of what is counted of the other, were
    it known what that is counted of: above, the least that is printed there; else that it is not
    above, whether it has a rank or none.
    """
    (n, d), (_, other, side) = numbers, pairs
    known = np.flatnonzero(d[other] > 0)
    own, other, side = (of[known] for of in pairs)
    quotient = n[own] * d[other], d[own]
    least, _ = _beyond(*quotient, np.ones(len(side)), rows.method)
    low = np.where(side > 0, least, -np.inf)
    high = np.where(side > 0, np.inf, _not_above(*quotient, rows.method))
    rows.add(known, counted[other], low, high, decides=True)


def _of_what(
    rows: _Rows, figures: _Figures, numbers: _Two, pairs: _Pairs, ranked: np.ndarray
) -> None:
    """What they tell of what it is counted of, were the count known, and of both together: of the
    pairs both of which have a rank.
    """
    if figures.of is None:
        return
    (n, d), (own, other, side) = numbers, (of[ranked] for of in pairs)
    method, counted, of = rows.method, figures.counted, figures.of
    # a share that is larger is of fewer; of a share of nothing nothing follows
    some = n[own] > 0
    mine, its = own[some], other[some]
    low, high = _beyond(n[its] * d[mine], n[mine], -side[some], method)
    # what lies above has a rank, and so is of no small number; the same is not above
    low = np.where(side[some] > 0, method.smallest_count_shown, low)
    high = np.where(side[some] == 0, np.inf, high)
    rows.add(ranked[some], of[its], low, high, decides=counted is None)
    if counted is not None:
        rows.add_both(ranked, counted[other], of[other], (n[own], d[own]), side)


def _not_above(dividend: np.ndarray, divisor: np.ndarray, method: DisclosureMethod) -> np.ndarray:
    """The greatest count that is small, or printed as no more than this quotient."""
    printed = dividend // (divisor * method.round_to) * method.round_to
    greatest = np.where(printed < _least_printed(method), 0, _behind(printed, method)[1])
    return np.maximum(greatest, method.smallest_count_shown - 1)


def _least_printed(method: DisclosureMethod) -> int:
    """As what the smallest count that is shown is printed."""
    return int(np.floor(method.smallest_count_shown / method.round_to + 0.5)) * method.round_to


def _behind(printed: np.ndarray, method: DisclosureMethod) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest count that is printed so."""
    half = method.round_to / 2
    least = np.maximum(np.ceil(printed - half), method.smallest_count_shown)
    greatest = np.ceil(printed + half) - 1
    return np.where(printed == 0, 0, least), np.where(printed == 0, 0, greatest)


def _beyond(
    dividend: np.ndarray, divisor: np.ndarray, side: np.ndarray, method: DisclosureMethod
) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest count that is printed above (`side` 1), below (-1), or as (0) this
    quotient.
    """
    step, fewest = method.round_to, _least_printed(method)
    above = np.maximum((dividend // (divisor * step) + 1) * step, fewest)
    below = (-(-dividend // (divisor * step)) - 1) * step
    # what is printed is 0 or no small count
    below = np.where(below < fewest, 0, below)
    as_it_is = dividend // divisor
    least = _behind(np.where(side > 0, above, as_it_is), method)[0]
    greatest = _behind(np.where(side < 0, below, as_it_is), method)[1]
    return np.where(side < 0, -np.inf, least), np.where(side > 0, np.inf, greatest)


class _Rows:
    """Rows of what is told, while they are put together, figure by figure: `next_figure` has all
    pairs of one, and rows say of which they are, by place.
    """

    def __init__(self, method: DisclosureMethod, variables: int) -> None:
        self.method, self._variables = method, variables
        self._matrices: list[sp.csr_matrix] = []
        self._low: list[np.ndarray] = []
        self._high: list[np.ndarray] = []
        self._told: list[np.ndarray] = []
        self._ranks: list[pd.DataFrame] = []
        self._figures = self._pairs = 0

    def next_figure(
        self, areas: np.ndarray, own: np.ndarray, is_above: np.ndarray, *, of_open: bool
    ) -> None:
        """The pairs of the next figure: whose login is told, and whether the other lies above;
        whether everybody knows what is counted of (`of_open`).
        """
        # without the release the first of all knows that nobody lies above; what follows from that
        # rests on no count of another's where all know what is counted of
        some = (np.bincount(own, is_above, len(areas)) > 0) | (not of_open)
        self._areas = areas[own]
        self._of_pairs = pd.DataFrame(
            {
                "rank": self._figures + own,
                "other": self._pairs + np.arange(len(own)),
                "is_above": is_above,
                "decides": False,
                "rests_on_release": some[own],
            }
        )
        self._figures, self._pairs = self._figures + len(areas), self._pairs + len(own)

    def add(
        self,
        pairs: np.ndarray,
        matrix: sp.csr_matrix,
        low: np.ndarray,
        high: np.ndarray,
        *,
        decides: bool = False,
    ) -> None:
        """Add rows: of which pairs, and between which values the sum of their variables lies."""
        self._matrices.append(matrix)
        self._low.append(low)
        self._high.append(high)
        self._told.append(self._areas[pairs])
        self._ranks.append(self._of_pairs.iloc[pairs].assign(decides=decides))

    def add_both(
        self,
        pairs: np.ndarray,
        counted: sp.csr_matrix,
        of: sp.csr_matrix,
        own: tuple[np.ndarray, np.ndarray],
        side: np.ndarray,
    ) -> None:
        """Add on which side of one's own share two counts lie, each within what it may be rounded
        from: it is a side's sum that is rounded, and not its parts.
        """
        n, d = own
        share, step = n / d, self.method.round_to
        # how far below, and above, what is printed a count may lie
        below, above = step // 2, (step + 1) // 2 - 1
        # all are multiples of the step, and so is what is printed above by the least there is
        apart = step * np.gcd(n, d) / d
        low = np.where(side > 0, apart - below - share * above, -np.inf)
        high = np.where(side > 0, np.inf, np.where(side < 0, -apart, 0) + above + share * below)
        matrix = (counted - sp.diags(share) @ of).tocsr()
        self.add(pairs, matrix, low, high)

    def made(self) -> Comparisons:
        """All that was added."""
        if not self._matrices:
            return Comparisons(sp.csr_matrix((0, self._variables)))
        return Comparisons(
            sp.vstack(self._matrices, format="csr"),
            np.concatenate(self._low),
            np.concatenate(self._high),
            np.concatenate(self._told),
            pd.concat(self._ranks, ignore_index=True),
        )


def figures_of(
    cells: pd.DataFrame,
    truth: np.ndarray,
    method: DisclosureMethod,
    variables: int,
    tables: Mapping[str, pd.DataFrame],
    known: Mapping[str, pd.DataFrame],
) -> Iterator[_Figures]:
    """The figures that are ranked, measure by measure and kind by kind, of every authority of which
    the release has both numbers; arguments as of `ranks`.
    """
    of_table = {table.name: table for table in PUBLISHED_TABLES}
    own = cells[cells["area"] != ""]
    own = own[~np.isnan(truth[own["variable"]])]
    for entry in (e for e in ranked() if e.table in of_table and e.table in tables):
        table = of_table[entry.table]
        held = known.get(entry.table, pd.DataFrame())
        # a release that is read back from the ledger has no numbers that are open
        if any(side.is_open and not {*side.measures} <= {*held} for side in entry.sides):
            continue
        counted, of = (
            _open(side, table, tables[entry.table], held)
            if side.is_open
            else _counts(side, table, own, truth)
            for side in entry.sides
        )
        both = counted.add_suffix("_counted").join(of.add_suffix("_of"), how="inner")
        both = both[both["number_of"] > 0]
        for kind, part in both.groupby(level="kind", sort=True):
            if kind not in entry.without:
                yield _Figures(
                    entry.figure,
                    str(kind),
                    part.index.get_level_values("area").to_numpy(dtype=str),
                    _as_compared(part["number_counted"], entry.counted, method),
                    _as_compared(part["number_of"], entry.of, method),
                    *(
                        None if side.is_open else _matrix(part[f"variables_{name}"], variables)
                        for name, side in (("counted", entry.counted), ("of", entry.of))
                    ),
                )


def _as_compared(number: pd.Series, side: RankedSide, method: DisclosureMethod) -> np.ndarray:
    """What everybody may know as it is; another number as it is printed, NaN where it is small."""
    true: np.ndarray = number.to_numpy(dtype="float64")
    if side.is_open:
        return true
    is_shown = (true == 0) | (true >= method.smallest_count_shown)
    rounded = np.floor(true / method.round_to + 0.5) * method.round_to
    return np.asarray(np.where(is_shown, rounded, np.nan))


def _counts(
    side: RankedSide, table: PublishedTable, own: pd.DataFrame, truth: np.ndarray
) -> pd.DataFrame:
    """A side's true numbers by area and kind, and their variables, from the cells, where the
    release has all of them (printed, or behind what is).
    """
    part = own[(own["table"] == table.name) & own["measure"].isin(side.measures)]
    keys = categories(part["key"], table)
    at = pd.DataFrame(
        {
            "area": part["area"],
            "kind": _kind(keys, side),
            "variable": part["variable"],
            "number": truth[part["variable"]],
        }
    )
    by = at[_named(keys, side)].groupby(["area", "kind"])
    sums = pd.DataFrame({"number": by["number"].sum(), "variables": by["variable"].agg(list)})
    whole = len(side.measures) * math.prod(len(of) for _, of in side.where)
    return sums[by.size() == whole]


def _open(
    side: RankedSide, table: PublishedTable, frame: pd.DataFrame, known: pd.DataFrame
) -> pd.DataFrame:
    """A side's numbers by area and kind, where everybody may know them, as they truly are."""
    keys = frame[list(table.filters)]
    number = known[list(side.measures)].sum(axis=1, skipna=False)
    at = pd.DataFrame({"area": frame[AREA], "kind": _kind(keys, side), "number": number})
    kept = _named(keys, side) & (at["area"] != "") & at["number"].notna()
    return at[kept].groupby(["area", "kind"])[["number"]].sum()


def _named(keys: pd.DataFrame, side: RankedSide) -> np.ndarray:
    """The rows of a side's categories."""
    named = np.ones(len(keys), dtype=bool)
    for name, of in side.where:
        named &= keys[name].isin(of).to_numpy()
    return np.asarray(named)


def _kind(keys: pd.DataFrame, side: RankedSide) -> pd.Series:
    """What is left of the rows' categories: figures are ranked among those of one kind."""
    left = [keys[name] for name in keys if name not in dict(side.where)]
    kind = left[0] if left else pd.Series("", index=keys.index)
    for further in left[1:]:
        kind = kind + "|" + further
    return kind


def _matrix(variables: pd.Series, count: int) -> sp.csr_matrix:
    """A row a figure, with a 1 for each of its variables."""
    column = np.concatenate([np.asarray(of, dtype=int) for of in variables])
    row = np.repeat(np.arange(len(variables)), variables.map(len))
    return sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(variables), count))


def _of_a_region(areas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each authority (its place) with every other of its region."""
    region = pd.factorize(pd.Series([region_of(code) for code in areas]))[0]
    own, other = np.nonzero((region[:, None] == region) & ~np.eye(len(areas), dtype=bool))
    return own, other
