"""What comparisons tell each member of others' counts (`curated.comparison`).

Belongs here: the sums of others that stand behind a comparison, between the values that its
rounding leaves. Does not belong here: which measures are compared (`ties.toml`), who compares
(`readers`), ranks (`ranks`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp

from assets.publication.disclosure.linking import categories
from assets.publication.programme import PUBLISHED_TABLES, compared
from schemas.authorities import region_of, statistical_neighbours_of
from schemas.regions import DisclosureMethod


@dataclass(frozen=True)
class Comparisons:
    """Sums and shares of others' counts, a row each: `low <= matrix @ x <= high` is told to the
    login of the authority `told`. `ranks` says which of them a rank tells, and of whom.
    """

    matrix: sp.csr_matrix = field(default_factory=lambda: sp.csr_matrix((0, 0)))
    low: np.ndarray = field(default_factory=lambda: np.array([]))
    high: np.ndarray = field(default_factory=lambda: np.array([]))
    told: np.ndarray = field(default_factory=lambda: np.array([], dtype=str))
    ranks: pd.DataFrame = field(default_factory=lambda: no_ranks(0))

    def and_also(self, others: Comparisons) -> Comparisons:
        """These and the others, which are over the same variables."""
        return Comparisons(
            sp.vstack([self.matrix, others.matrix], format="csr"),
            np.concatenate([self.low, others.low]),
            np.concatenate([self.high, others.high]),
            np.concatenate([self.told, others.told]),
            pd.concat([self.ranks, others.ranks], ignore_index=True),
        )

    def is_rank(self, rows: np.ndarray) -> np.ndarray:
        """Which of these rows a rank tells."""
        is_rank: np.ndarray = (self.ranks["rank"].to_numpy() >= 0)[rows]
        return is_rank

    def rests_on_release(self, rows: np.ndarray) -> np.ndarray:
        """Which of these rows are known by the release alone: a rank says how many lie above, and
        the release which and of what, but where none does and all know what is counted of.
        """
        rests: np.ndarray = self.ranks["rests_on_release"].to_numpy()[rows]
        return rests

    def known_by(self, rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """These rows without those of a rank that leave open, to somebody who knows that every
        variable lies between `low` and `high`, which of several figures lie above.

        A figure's side is open where these bounds allow another one. Of all whose sides are open it
        is known how many lie above: where some do and some do not, nobody can say which.
        """
        of = self.ranks.iloc[rows]
        decides = rows[of["decides"].to_numpy()]
        matrix = self.matrix[decides]
        is_above = self.ranks["is_above"].to_numpy()[decides]
        is_open = np.where(
            is_above, matrix @ low < self.low[decides], matrix @ high > self.high[decides]
        )
        rank = self.ranks["rank"].to_numpy()[decides]
        several = np.intersect1d(rank[is_open & is_above], rank[is_open & ~is_above])
        unsure = decides[is_open & np.isin(rank, several)]
        other = self.ranks["other"].to_numpy()
        kept: np.ndarray = rows[~np.isin(other[rows], other[unsure])]
        return kept


def no_ranks(rows: int) -> pd.DataFrame:
    """Of so many rows that no rank tells: the rank (one authority's, of one figure), whose of its
    others' figures is meant, whether that lies above, whether the row decides on that, and whether
    it is known by the release alone.
    """
    return pd.DataFrame(
        {
            "rank": np.full(rows, -1),
            "other": np.full(rows, -1),
            "is_above": np.zeros(rows, dtype=bool),
            "decides": np.zeros(rows, dtype=bool),
            "rests_on_release": np.zeros(rows, dtype=bool),
        }
    )


def comparisons(
    cells: pd.DataFrame,
    truth: np.ndarray,
    method: DisclosureMethod,
    variables: int,
    beside: Mapping[str, tuple[str, ...]],
) -> Comparisons:
    """What is compared of the current release, whose `cells` they are, over so many variables;
    `beside` has by authority the others of its sub-region.

    An authority's login is told of every group of enough others that have the figure: the others of
    its sub-region, those of the region, and its statistical neighbours. A sum that is small is not
    told, but for that; others are rounded, as the release rounds them.
    """
    parts, readers = [], []
    for variable_of in _compared_counts(cells, truth):
        for code, others in _groups(tuple(variable_of), method.others_for_a_comparison, beside):
            parts.append([variable_of[other] for other in others])
            readers.append(code)
    if not parts:
        return Comparisons(sp.csr_matrix((0, variables)))
    column = np.concatenate(parts)
    row = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    matrix = sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(parts), variables))
    sums = np.bincount(row, truth[column], len(parts))
    told = told_of(sums, method)
    return Comparisons(matrix, *told, np.array(readers), no_ranks(len(parts)))


def told_of(sums: np.ndarray, method: DisclosureMethod) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest value that a comparison leaves of each sum of others."""
    step, smallest = method.round_to, method.smallest_count_shown
    # halves go up, as in a release
    nearest = np.floor(sums / step + 0.5) * step
    low = np.maximum(np.ceil(nearest - step / 2), smallest)
    high = np.ceil(nearest + step / 2) - 1
    # that a sum is small is told, and not how small
    is_small = (sums > 0) & (sums < smallest)
    low, high = np.where(is_small, 1, low), np.where(is_small, smallest - 1, high)
    return np.where(sums == 0, 0, low), np.where(sums == 0, 0, high)


def _compared_counts(cells: pd.DataFrame, truth: np.ndarray) -> Iterator[dict[str, int]]:
    """Of each measure and category that is compared, the variables of who has it."""
    tables = {table.name: table for table in PUBLISHED_TABLES}
    own = cells[cells["area"] != ""]
    # where the truth is not held nothing can be said of a sum
    own = own[~np.isnan(truth[own["variable"]])]
    for entry in (e for e in compared() if e.table in tables):
        part = own[(own["table"] == entry.table) & own["measure"].isin(entry.measures)]
        keys = categories(part["key"], tables[entry.table])
        for name, of in entry.where:
            part, keys = part[keys[name].isin(of)], keys[keys[name].isin(of)]
        for _, one in part.groupby(["measure", "key"], sort=True):
            yield dict(zip(one["area"], one["variable"].astype(int), strict=True))


def _groups(
    areas: tuple[str, ...], fewest: int, beside: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, list[str]]]:
    """The groups of others, each with the authority that is told of it, of those that have a
    figure.
    """
    having = set(areas)
    for code in areas:
        groups = [
            {other for other in having if region_of(other) == region_of(code)} - {code},
            having & set(beside.get(code, ())),
            having & set(statistical_neighbours_of(code)),
        ]
        for n, group in enumerate(groups):
            # two groups that are the same tell no more than one
            if len(group) >= fewest and group not in groups[:n]:
                # in order, which a set has not: the same figures give the same system
                yield code, sorted(group)
