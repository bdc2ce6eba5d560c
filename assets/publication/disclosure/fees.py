"""What it tells of the counts behind them that an area's fees may be shown: the money rule.

Belongs here: the inequalities that follow for others' counts, for everybody where the mean is
printed, and for members, who read their own areas' fees. Does not belong here: the rule itself
(`curated.weekly_cost`), that a mean needs a count (`knowledge`).

An area's fees may be shown where enough placements are left of it whichever authority takes its own
away, and of a sub-region also outside it. So no authority has more than the area's count less that
many, and those beside it have that many at least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp

from assets.publication.disclosure.comparisons import Comparisons, no_ranks
from assets.publication.disclosure.rules import number
from assets.publication.programme import PUBLISHED_TABLES, Measure, PublishedTable
from schemas.regions import DisclosureMethod

SAYS = "an area's fees are shown where enough are left of it without any one authority"

Entries = list[tuple[float, int]]
"""Signs and variables of a sum."""


class _Counts(NamedTuple):
    """The counts of one category behind fees: the region's variable, the authorities' by code, and
    the row of the printed table that is the region's.
    """

    region: int
    of: dict[str, int]
    row: int

    def less_each(self) -> Iterator[Entries]:
        """The region less each of its authorities."""
        return ([(1.0, self.region), (-1.0, variable)] for variable in self.of.values())


def told_by_means(
    cells: pd.DataFrame,
    truth: np.ndarray,
    tables: Mapping[str, pd.DataFrame],
    method: DisclosureMethod,
) -> list[Entries]:
    """The sums of which everybody knows that they are enough for a mean, since the release whose
    `cells` and `tables` these are prints the region's.
    """
    told = []
    for table, m, counts in _fees(cells, truth, tables):
        if is_printed(tables[table.name], m, counts.row):
            told += _enough(list(counts.less_each()), truth, method)
    return told


def told_to_members(
    cells: pd.DataFrame,
    truth: np.ndarray,
    tables: Mapping[str, pd.DataFrame],
    method: DisclosureMethod,
    variables: int,
    beside: Mapping[str, tuple[str, ...]],
) -> Comparisons:
    """The sums of which a login knows that they are enough, by its own areas' fees: the region's
    where no release prints the mean, and its sub-region's. `beside` has by authority the others of
    its sub-region.

    Fees may be hidden for their owners' sake, which is not known here: wherever the numbers allow
    it they count as shown. So a login is taken to know no less than it does.
    """
    sums: list[Entries] = []
    readers: list[str] = []
    for table, m, counts in _fees(cells, truth, tables):
        is_told = is_printed(tables[table.name], m, counts.row)
        region = [] if is_told else _all_enough(list(counts.less_each()), truth, method)
        # who pays nothing itself reads its areas' fees all the same
        for code in sorted({*counts.of, *beside}):
            area = {code, *beside.get(code, ())} & counts.of.keys()
            if not area:
                continue
            known = region + _all_enough(
                _of_a_sub_region(counts, sorted(area), truth), truth, method
            )
            sums += known
            readers += [code] * len(known)
    if not sums:
        return Comparisons(sp.csr_matrix((0, variables)))
    row = np.repeat(np.arange(len(sums)), [len(entries) for entries in sums])
    sign, column = (
        np.array(of) for of in zip(*(e for entries in sums for e in entries), strict=True)
    )
    matrix = sp.csr_matrix((sign, (row, column)), shape=(len(sums), variables))
    low = np.full(len(sums), float(method.placements_for_a_mean))
    high = np.full(len(sums), np.inf)
    return Comparisons(matrix, low, high, np.array(readers), no_ranks(len(sums)))


def is_printed(frame: pd.DataFrame, m: Measure, row: int) -> bool:
    """Whether the statistic is printed in that row."""
    return bool(number(frame.loc[[row], m.name]).notna().iloc[0])


def _of_a_sub_region(counts: _Counts, area: Sequence[str], truth: np.ndarray) -> list[Entries]:
    """A sub-region less each of its authorities, and the region without it, if anybody is there."""
    if len(area) < 2:  # less one of them nobody would be left
        return []
    of = {code: counts.of[code] for code in area}
    less_each = [[(1.0, v) for other, v in of.items() if other != code] for code in of]
    outside = [(1.0, counts.region), *((-1.0, v) for v in of.values())]
    return [*less_each, outside] if _true(outside, truth) else less_each


def _enough(sums: list[Entries], truth: np.ndarray, method: DisclosureMethod) -> list[Entries]:
    return [s for s in sums if _true(s, truth) >= method.placements_for_a_mean]


def _all_enough(sums: list[Entries], truth: np.ndarray, method: DisclosureMethod) -> list[Entries]:
    """These sums if each is enough: of an area whose fees are not shown nobody knows for whose
    sake.
    """
    return sums if len(_enough(sums, truth, method)) == len(sums) else []


def _true(entries: Entries, truth: np.ndarray) -> float:
    return float(sum(sign * truth[variable] for sign, variable in entries))


def _fees(
    cells: pd.DataFrame, truth: np.ndarray, tables: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[PublishedTable, Measure, _Counts]]:
    """The first statistic of each table that goes by the money rule, and the counts behind it."""
    for table in (t for t in PUBLISHED_TABLES if t.name in tables):
        frame = tables[table.name]
        by_the_rule = [m for m in table.of_rule("mean") if m.placements and m.name in frame]
        for m in by_the_rule[:1]:
            for name in m.of:
                own = cells[(cells["table"] == table.name) & (cells["measure"] == name)]
                own = own[own["is_printed"] & ~np.isnan(truth[own["variable"]])]
                for _, one in own.groupby("key", sort=True):
                    region = one[one["area"] == ""]
                    if len(region) == 1:
                        others = one[one["area"] != ""]
                        of = dict(zip(others["area"], others["variable"].astype(int), strict=True))
                        first = region.iloc[0]
                        yield table, m, _Counts(int(first["variable"]), of, int(first["row"]))
