"""The least and greatest value that every tie together leaves of each count.

Belongs here: tightening bounds row by row in whole numbers, what is known without the release, and
what gave a bound. Does not belong here: ranges by linear programmes (`programmes`), other worlds
(`search`), the verdict (`gate`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from assets.publication.disclosure.knowledge import UNBOUNDED, System
from assets.publication.disclosure.settled import Bounds, Settled
from assets.publication.disclosure.verdict import Leak

TOLERANCE = 1e-6
_ROUNDS = 200
"""Rounds after which bounds are taken as they are: they hold, though more rounds might tighten
them.
"""


class Tightening:
    """The bounds of a system, tightened by all rows in whole numbers until nothing moves, and kept
    so when single bounds change.

    `bounds.broken` names rows that cannot hold; then the bounds are worth nothing. Otherwise they
    come out the same however the rows are taken; `low_by` and `high_by` name a row that tightened
    each. Bounds are loosened exactly, too: a bound that may rest on the loosened one (a row that
    holds it has ever tightened the other) is set back to what is printed and worked out again.
    From what is `settled` of somebody who knows less only the rest is worked out: the bounds are
    the same; to loosen one it begins anew.
    """

    def __init__(
        self,
        system: System,
        low: np.ndarray | None = None,
        high: np.ndarray | None = None,
        settled: Settled | None = None,
    ) -> None:
        matrix = system.matrix
        self.system = system
        self.base_low, self.base_high = (
            system.low if low is None else low,
            system.high if high is None else high,
        )
        self.column, self.value, self.starts = matrix.indices, matrix.data, matrix.indptr
        # a row of each entry, so that rows can be worked on all at once
        self.row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        self.positive = self.value > 0
        entries = np.arange(len(self.column))
        by_column = sp.csr_matrix((entries, self.column, self.starts), matrix.shape).tocsc()
        self.entry_of_column, self.starts_of_column = by_column.data, by_column.indptr
        if settled is None or not self._begin_at(settled):
            self._begin()

    def _begin(self) -> None:
        self._is_begun_at_settled = False
        size = len(self.base_low)
        self.tightened = np.zeros(len(self.column), dtype=bool)
        self.bounds = Bounds(
            self.base_low.copy(), self.base_high.copy(), np.full(size, -1), np.full(size, -1)
        )
        self._tighten(np.arange(self.system.matrix.shape[0]))

    def _begin_at(self, settled: Settled) -> bool:
        """Begin at what is settled, and work out what follows from the rest; whether it holds."""
        at, rows = settled.bounds, len(settled.row_low)
        low, high = np.maximum(self.base_low, at.low), np.minimum(self.base_high, at.high)
        if (low > high).any():
            return False
        self._is_begun_at_settled = True
        self.tightened = np.zeros(len(self.column), dtype=bool)
        self.bounds = Bounds(
            low,
            high,
            np.where(self.base_low >= at.low, -1, at.low_by),
            np.where(self.base_high <= at.high, -1, at.high_by),
        )
        narrower = np.flatnonzero((low > at.low) | (high < at.high))
        is_new = np.ones(len(self.starts) - 1, dtype=bool)
        is_new[:rows] = self.system.row_low[:rows] > settled.row_low
        is_new[:rows] |= self.system.row_high[:rows] < settled.row_high
        self._tighten(np.union1d(self._rows_of(narrower), np.flatnonzero(is_new)))
        return not len(self.bounds.broken)

    def keep(self) -> tuple[np.ndarray, ...]:
        """All that `restore` needs to come back here."""
        at = self.bounds
        return (
            at.low.copy(),
            at.high.copy(),
            at.low_by.copy(),
            at.high_by.copy(),
            at.broken,
            self.tightened.copy(),
        )

    def restore(self, kept: tuple[np.ndarray, ...]) -> None:
        """Come back to what was kept."""
        *bounds, self.tightened = kept
        self.bounds = Bounds(*bounds)

    def narrowed(self, variable: int) -> None:
        """Go on after a base bound has become narrower."""
        at = self.bounds
        if len(at.broken):
            return
        # what followed from the wider bound follows from the narrower one too: nothing is undone
        if self.base_low[variable] > at.low[variable]:
            at.low[variable], at.low_by[variable] = self.base_low[variable], -1
        if self.base_high[variable] < at.high[variable]:
            at.high[variable], at.high_by[variable] = self.base_high[variable], -1
        rows = self._rows_of(np.array([variable]))
        if at.low[variable] > at.high[variable]:
            at.broken = rows
        else:
            self._tighten(rows)

    def widened(self, variables: np.ndarray) -> None:
        """Go on after base bounds have become wider."""
        # what stands now is not all that follows, or it is not known of what: begin anew
        if len(self.bounds.broken) or self._is_begun_at_settled:
            self._begin()
            return
        resting = np.zeros(len(self.base_low), dtype=bool)
        new = variables
        while len(new):
            resting[new] = True
            rows = self._rows_of(new)
            entries = _ranges(self.starts[rows], self.starts[rows + 1])
            reached = self.column[entries[self.tightened[entries]]]
            new = _each_once(reached[~resting[reached]], len(resting))
        columns = np.flatnonzero(resting)
        at = self.bounds
        at.low[columns], at.high[columns], at.low_by[columns], at.high_by[columns] = (
            self.base_low[columns],
            self.base_high[columns],
            -1,
            -1,
        )
        self.tightened[
            self.entry_of_column[
                _ranges(self.starts_of_column[columns], self.starts_of_column[columns + 1])
            ]
        ] = False
        self._tighten(self._rows_of(columns))

    def _rows_of(self, columns: np.ndarray) -> np.ndarray:
        entries = self.entry_of_column[
            _ranges(self.starts_of_column[columns], self.starts_of_column[columns + 1])
        ]
        return _each_once(self.row[entries], len(self.starts) - 1)

    def _tighten(self, rows: np.ndarray) -> None:
        """Tighten by these rows, then by those of whatever has moved, until nothing moves."""
        at, system = self.bounds, self.system
        self.is_finished = False
        for _ in range(_ROUNDS):
            if not len(rows):
                self.is_finished = True
                return
            entries = _ranges(self.starts[rows], self.starts[rows + 1])
            local = np.repeat(np.arange(len(rows)), self.starts[rows + 1] - self.starts[rows])
            column, value, positive = (
                self.column[entries],
                self.value[entries],
                self.positive[entries],
            )
            low, high = at.low[column], at.high[column]
            at_low, at_high = (
                value * np.where(positive, low, high),
                value * np.where(positive, high, low),
            )
            least, greatest = (
                np.bincount(local, at_low, len(rows)),
                np.bincount(local, at_high, len(rows)),
            )
            row_low, row_high = system.row_low[rows], system.row_high[rows]
            # a row that no values can keep: what follows from it is worth nothing
            broken = (least > row_high + TOLERANCE) | (greatest < row_low - TOLERANCE)
            if broken.any():
                at.broken = rows[broken]
                return
            # what a row leaves to one of its variables while the others are at their least (greatest)
            room_up = (row_high[local] - (least[local] - at_low)) / value
            room_down = (row_low[local] - (greatest[local] - at_high)) / value
            # counts are whole, so the bound is the whole number inside; a 5 that was worked out as
            # 4.9999999 stays one by the tolerance
            above = np.floor(np.where(positive, room_up, room_down) + TOLERANCE)
            below = np.ceil(np.where(positive, room_down, room_up) - TOLERANCE)
            moved = []
            for better, tightest, bound, by in (
                (above < high, -above, at.high, at.high_by),
                (below > low, below, at.low, at.low_by),
            ):
                tighter = np.flatnonzero(better)
                if len(tighter):
                    order = tighter[np.argsort(tightest[tighter], kind="stable")]
                    # several rows may tighten one variable: of an assignment to one place numpy keeps
                    # the last, and the order makes that the tightest
                    to, tight = column[order], above if bound is at.high else below
                    bound[to], by[to] = tight[order], rows[local[order]]
                    self.tightened[entries[order]] = True
                    moved.append(to)
            if not moved:
                self.is_finished = True
                return
            columns = _each_once(np.concatenate(moved), len(at.low))
            # bounds that cross are a contradiction as well: of the rows that gave them
            crossed = columns[at.low[columns] > at.high[columns]]
            if len(crossed):
                at.broken = np.unique(np.concatenate([at.low_by[crossed], at.high_by[crossed]]))
                return
            rows = self._rows_of(columns)


def _ranges(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The whole numbers from each start to before its end, one range after the other."""
    sizes = ends - starts
    return np.repeat(starts - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) + np.arange(
        sizes.sum()
    )


def _each_once(numbers: np.ndarray, size: int) -> np.ndarray:
    """The numbers (all below `size`) in order, each once."""
    is_there = np.zeros(size, dtype=bool)
    is_there[numbers] = True
    return np.flatnonzero(is_there)


def propagate(system: System) -> Bounds:
    """Tighten all bounds by all rows, in whole numbers, until nothing moves. `broken` names rows
    that cannot hold.
    """
    return tightened(system).bounds


def tightened(system: System) -> Tightening:
    """A tightening of the system that begins at the most that is settled of somebody who knows
    less.
    """
    fitting = [one for one in system.settled if one.is_known_to(system)]
    nearest = min(fitting, key=lambda one: one.lacks(system), default=None)
    return Tightening(system, settled=nearest)


def settle(system: System) -> None:
    """Work out, once for all views of a system as it is now, what follows for those who know least,
    told of what is small or not, with this release and without: for every reader who knows more
    only the rest is left to work out.
    """
    untold = system.untold()
    views = [before(untold), untold, before(system), system]
    is_done = len(system.settled) == len(views) and all(
        one.is_of(view) for one, view in zip(system.settled, views, strict=True)
    )
    if is_done:
        return
    system.settled.clear()
    for view in views:
        made = tightened(view)
        # of figures that contradict each other nothing follows; what is not worked out to its end
        # would be taken for all that follows
        if len(made.bounds.broken) or not made.is_finished:
            system.settled.clear()
            return
        system.settled.append(Settled.of(view, made.bounds))


def before(system: System) -> System:
    """What the register, the earlier releases and what a reader knows besides tell: the new release
    hides all its counts, and nobody knows by how many children they differ from those before, nor
    which of them a rank is above.
    """
    without = system.without_release
    system = system.without_steps().without_ranks()
    low, high = system.low.copy(), system.high.copy()
    # hidden in the new release, whatever it will print: only that it is small may be told
    low[without.own] = system.least[without.own]
    high[without.own] = without.told if system.is_told else UNBOUNDED
    low = np.maximum(low, without.low)
    high = np.minimum(high, without.high if system.is_told else without.high_untold)
    # what a symbol tells holds whatever is hidden
    high = np.minimum(high, system.most)
    low[system.presumed] = np.maximum(low[system.presumed], 1)
    # what a reader has exactly he had before this release too
    low[system.known] = high[system.known] = system.truth[system.known]
    return replace(system, low=low, high=high)


def known_before(system: System) -> np.ndarray:
    """How many values that leaves of each variable, at most."""
    bounds = propagate(before(system))
    values: np.ndarray = bounds.high - bounds.low + 1
    return values


def needed_values(system: System, possible: int) -> np.ndarray:
    """How many values each variable must keep: `possible`, or all that were left of it before this
    release.
    """
    # a count that was told before cannot be made safe again: it keeps what it had
    needed: np.ndarray = np.minimum(possible, np.maximum(known_before(system), 1))
    return needed


def reason(
    system: System, bounds: Bounds, variable: int, rows: tuple[int, ...] = (), most: int = 600
) -> tuple[list[int], list[int]]:
    """The printed cells (variables) and the rows that give a variable its bounds: those that
    tightened it, and theirs.
    """
    waiting = deque(
        int(r) for r in (*rows, bounds.low_by[variable], bounds.high_by[variable]) if r >= 0
    )
    seen_rows: dict[int, None] = {}
    cells: dict[int, None] = {}
    starts = system.matrix.indptr
    # nearest ties first: where `most` cuts it off, what is left out is furthest from the count
    while waiting and len(seen_rows) < most:
        row = waiting.popleft()
        if row in seen_rows:
            continue
        seen_rows[row] = None
        others = system.matrix.indices[starts[row] : starts[row + 1]]
        others = others[others != variable]
        cells.update(dict.fromkeys(others.tolist()))
        by = np.column_stack([bounds.low_by[others], bounds.high_by[others]]).ravel()
        waiting.extend(by[by >= 0].tolist())
    return list(cells), list(seen_rows)


def leak_of(
    system: System,
    bounds: Bounds,
    variable: int,
    least: float,
    greatest: float,
    rows: tuple[int, ...] = (),
) -> Leak:
    """What a person is told of a count that has too few values left: the cells and ties that give
    it away.
    """
    cells, by = reason(system, bounds, variable, rows)
    names = tuple(f"{system.names[c]} ({printed(system, c)})" for c in cells[:12])
    return Leak(
        variable,
        system.names[variable],
        least,
        greatest,
        names,
        tuple(dict.fromkeys(system.says[r] for r in by))[:6],
    )


def printed(system: System, variable: int) -> str:
    """A variable as a reader sees it."""
    low, high = system.low[variable], system.high[variable]
    if low == high:
        return f"{low:.0f}"
    return "hidden" if low == 0 else f"{low:.0f} to {high:.0f}"
