"""The gate: a release leaves only if nobody who holds everything published can work out a small count.

Belongs here: finding the least and greatest value of every hidden small count, proving that it has enough others, and the verdict.
Does not belong here: what the reader knows (`attack`), what is hidden (`repair`).

Three steps, each of which settles what it can. *Bounds*: every tie tightens the bounds of its terms, rounded to whole numbers, until
nothing moves; what has too few values left is a leak. *Worlds*: other whole-number tables that would have been published just the same
are made from the true ones, by moving a child and mending every total; a count that differs between enough of them cannot be told.
*Ranges*: what is not settled is solved by linear programmes (HiGHS), least and greatest, and then by integer ones. What is still not
proved safe counts as a leak: the gate fails closed.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from assets.publication.attack import UNBOUNDED, System
from assets.publication.verdict import Leak, Verdict
from assets.publication.worlds import Worlds

_TOLERANCE = 1e-6
_ROUNDS = 200
"""Rounds after which bounds are taken as they are: they hold, though more rounds might tighten them."""
_TRIES = 3
"""Attempts to move a count by one amount, each with other partners."""
_STEPS = 60
"""Counts that one attempt may move."""
_LONGEST = 30.0
"""Seconds by the clock that one programme may take."""
_SECONDS_ALONE = 5.0
"""Seconds for looking for worlds of one count that nothing else has settled."""
_AROUND = 1000
"""Variables about an unsettled count that are moved with it, all unsettled ones among them pushed up or down by lot."""
_FEW_TO_MEASURE = 60
"""So many unsettled counts, and no more, have their range found before worlds of them are looked for one by one."""
_FEW, _POOR = 10, 3
"""So many worlds that each settle fewer counts than this, and they are sought for one count at a time."""
_SECONDS_AT_ONCE = 30.0
_NODES_AT_ONCE = 3
"""Nodes of the search for one: what it has found by then is far enough. (Seconds are of the clock: a busy machine has fewer of them.)"""
_FAR = 5
"""How far from the start such a world may be."""
_PRIMAL = 4
"""HiGHS's number for the primal simplex method."""


@dataclass
class Bounds:
    """Least and greatest value of every variable, and the row that last tightened each (-1: as printed)."""

    low: np.ndarray
    high: np.ndarray
    low_by: np.ndarray
    high_by: np.ndarray
    broken: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))


class Tightening:
    """The bounds of a system, tightened by all rows in whole numbers until nothing moves, and kept so when single bounds change.

    `bounds.broken` names rows that cannot hold; then the bounds are worth nothing. Otherwise they come out the same however the rows are taken;
    `low_by` and `high_by` name a row that tightened each. Bounds are loosened exactly, too: a bound that may rest on the loosened one (a row
    that holds it has ever tightened the other) is set back to what is printed and worked out again.
    """

    def __init__(self, system: System, low: np.ndarray | None = None, high: np.ndarray | None = None) -> None:
        matrix = system.matrix
        self.system = system
        self.base_low, self.base_high = system.low if low is None else low, system.high if high is None else high
        self.column, self.value, self.starts = matrix.indices, matrix.data, matrix.indptr
        self.row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        self.positive = self.value > 0
        order = np.argsort(self.column, kind="stable")
        self.entry_of_column, self.starts_of_column = order, np.concatenate([[0], np.cumsum(np.bincount(self.column, minlength=matrix.shape[1]))])
        self._begin()

    def _begin(self) -> None:
        size = len(self.base_low)
        self.tightened = np.zeros(len(self.column), dtype=bool)
        self.bounds = Bounds(self.base_low.copy(), self.base_high.copy(), np.full(size, -1), np.full(size, -1))
        self._tighten(np.arange(self.system.matrix.shape[0]))

    def keep(self) -> tuple[np.ndarray, ...]:
        """All that `restore` needs to come back here."""
        at = self.bounds
        return at.low.copy(), at.high.copy(), at.low_by.copy(), at.high_by.copy(), at.broken, self.tightened.copy()

    def restore(self, kept: tuple[np.ndarray, ...]) -> None:
        """Come back to what was kept."""
        *bounds, self.tightened = kept
        self.bounds = Bounds(*bounds)

    def narrowed(self, variable: int) -> None:
        """Go on after a base bound has become narrower."""
        at = self.bounds
        if len(at.broken):
            return
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
        if len(self.bounds.broken):  # what stands now is not all that follows: begin anew
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
        at.low[columns], at.high[columns], at.low_by[columns], at.high_by[columns] = self.base_low[columns], self.base_high[columns], -1, -1
        self.tightened[self.entry_of_column[_ranges(self.starts_of_column[columns], self.starts_of_column[columns + 1])]] = False
        self._tighten(self._rows_of(columns))

    def _rows_of(self, columns: np.ndarray) -> np.ndarray:
        entries = self.entry_of_column[_ranges(self.starts_of_column[columns], self.starts_of_column[columns + 1])]
        return _each_once(self.row[entries], len(self.starts) - 1)

    def _tighten(self, rows: np.ndarray) -> None:
        """Tighten by these rows, then by those of whatever has moved, until nothing moves."""
        at, system = self.bounds, self.system
        for _ in range(_ROUNDS):
            if not len(rows):
                return
            entries = _ranges(self.starts[rows], self.starts[rows + 1])
            local = np.repeat(np.arange(len(rows)), self.starts[rows + 1] - self.starts[rows])
            column, value, positive = self.column[entries], self.value[entries], self.positive[entries]
            low, high = at.low[column], at.high[column]
            at_low, at_high = value * np.where(positive, low, high), value * np.where(positive, high, low)
            least, greatest = np.bincount(local, at_low, len(rows)), np.bincount(local, at_high, len(rows))
            row_low, row_high = system.row_low[rows], system.row_high[rows]
            broken = (least > row_high + _TOLERANCE) | (greatest < row_low - _TOLERANCE)
            if broken.any():
                at.broken = rows[broken]
                return
            room_up = (row_high[local] - (least[local] - at_low)) / value
            room_down = (row_low[local] - (greatest[local] - at_high)) / value
            above = np.floor(np.where(positive, room_up, room_down) + _TOLERANCE)
            below = np.ceil(np.where(positive, room_down, room_up) - _TOLERANCE)
            moved = []
            for better, tightest, bound, by in ((above < high, -above, at.high, at.high_by), (below > low, below, at.low, at.low_by)):
                tighter = np.flatnonzero(better)
                if len(tighter):
                    order = tighter[np.argsort(tightest[tighter], kind="stable")]
                    to, said = column[order], above if bound is at.high else below
                    bound[to], by[to] = said[order], rows[local[order]]
                    self.tightened[entries[order]] = True
                    moved.append(to)
            if not moved:
                return
            columns = _each_once(np.concatenate(moved), len(at.low))
            crossed = columns[at.low[columns] > at.high[columns]]
            if len(crossed):
                at.broken = np.unique(np.concatenate([at.low_by[crossed], at.high_by[crossed]]))
                return
            rows = self._rows_of(columns)


def _ranges(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The whole numbers from each start to before its end, one range after the other."""
    sizes = ends - starts
    return np.repeat(starts - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) + np.arange(sizes.sum())


def _each_once(numbers: np.ndarray, size: int) -> np.ndarray:
    """The numbers (all below `size`) in order, each once."""
    found = np.zeros(size, dtype=bool)
    found[numbers] = True
    return np.flatnonzero(found)


def propagate(system: System, low: np.ndarray | None = None, high: np.ndarray | None = None) -> Bounds:
    """Tighten all bounds by all rows, in whole numbers, until nothing moves. `broken` names rows that cannot hold."""
    return Tightening(system, low, high).bounds


def before(system: System) -> System:
    """What the register, the earlier releases and what a reader knows besides tell: the new release hides all its counts, and nobody knows by
    how many children they differ from those before.
    """
    own = system.cells[system.cells["release"] == system.cells["release"].max()]
    low, high = system.low.copy(), system.high.copy()
    counts = own[~own["is_public"]]
    system = system.without_steps()
    is_small = (system.truth[counts["variable"]] < counts["threshold"]) & system.is_told
    low[counts["variable"]] = system.least[counts["variable"]]
    high[counts["variable"]] = np.where(is_small, counts["threshold"] - 1, UNBOUNDED)
    older = system.cells[(system.cells["release"] != system.cells["release"].max()) | system.cells["is_public"]]
    np.maximum.at(low, older["variable"], older["low"])
    hidden = (older["text"] == "c") & ~older["is_public"] & (not system.is_told)
    np.minimum.at(high, older["variable"], older["high"].mask(hidden, UNBOUNDED))
    high = np.minimum(high, system.most)
    low[system.presumed] = np.maximum(low[system.presumed], 1)
    low[system.known] = high[system.known] = system.truth[system.known]
    return replace(system, low=low, high=high)


def known_before(system: System) -> np.ndarray:
    """How many values that leaves of each variable, at most."""
    bounds = propagate(before(system))
    return bounds.high - bounds.low + 1


def needed_values(system: System, possible: int) -> np.ndarray:
    """How many values each variable must keep: `possible`, or all that were left of it before this release."""
    return np.minimum(possible, np.maximum(known_before(system), 1))


def reason(system: System, bounds: Bounds, variable: int, rows: tuple[int, ...] = (), most: int = 600) -> tuple[list[int], list[int]]:
    """The printed cells (variables) and the rows that give a variable its bounds: those that tightened it, and theirs."""
    waiting = deque(int(r) for r in (*rows, bounds.low_by[variable], bounds.high_by[variable]) if r >= 0)
    seen_rows: dict[int, None] = {}
    cells: dict[int, None] = {}
    starts = system.matrix.indptr
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


def _leak(system: System, bounds: Bounds, variable: int, least: float, greatest: float, rows: tuple[int, ...] = ()) -> Leak:
    cells, by = reason(system, bounds, variable, rows)
    names = tuple(f"{system.names[c]} ({_printed(system, c)})" for c in cells[:12])
    return Leak(variable, system.names[variable], least, greatest, names, tuple(dict.fromkeys(system.says[r] for r in by))[:6])


def _printed(system: System, variable: int) -> str:
    low, high = system.low[variable], system.high[variable]
    if low == high:
        return f"{low:.0f}"
    return "hidden" if low == 0 else f"{low:.0f} to {high:.0f}"


class Ranges:
    """The least and greatest value of single variables by linear programmes, one after the other, and what holds them there.

    The programme has the bounds as printed; `follow` after these have changed.
    """

    def __init__(self, tightening: Tightening) -> None:
        system, self._tightening = tightening.system, tightening
        low, high = tightening.base_low.copy(), tightening.base_high.copy()
        self._model = _Model(system.matrix.tocsr(), system.row_low, system.row_high, low, high)

    def follow(self) -> None:
        """Take the bounds as they are now."""
        self._model.bound(self._tightening.base_low.copy(), self._tightening.base_high.copy())

    def of(self, variable: int) -> tuple[float, float, list[int]]:
        """Least and greatest, and the variables whose bounds hold them, those that hold most first."""
        system, bounds = self._tightening.system, self._tightening.bounds
        weights, ends, held = np.zeros(len(bounds.low)), [], np.zeros(len(bounds.low))
        for sign in (1.0, -1.0):
            weights[variable] = sign
            solution = self._model.solve(weights)
            if solution is None:
                return bounds.low[variable], bounds.high[variable], reason(system, bounds, variable)[0]
            ends.append(solution[variable])
            held = np.maximum(held, np.abs(self._model.reduced_costs()))
        held[variable] = 0
        holding = np.flatnonzero(held > _TOLERANCE)
        return (
            float(np.ceil(ends[0] - _TOLERANCE)), float(np.floor(ends[1] + _TOLERANCE)),
            holding[np.argsort(-held[holding], kind="stable")].tolist(),
        )  # fmt: skip


def judge(
    system: System,
    possible: int = 3,
    *,
    only: list[int] | None = None,
    limit_seconds: float = 120.0,
    thorough: bool = True,
    worlds: Worlds | None = None,
    most: np.ndarray | None = None,
) -> Verdict:
    """Attack the system. The release passes if every small count (those of `only`, where given) keeps `possible` values, or all that
    were left of it before (`most`, where that is known of a variable already). Not `thorough`, it takes for a leak what is not proved at
    once: more may be hidden then, and it is asked again. `worlds` are those of the same proof.
    """
    started = time.thread_time()
    protected = np.flatnonzero(system.small) if only is None else np.array(sorted(only), dtype=int)
    need, untold = needed_values(system, possible), system.untold()
    need = need if most is None else np.minimum(need, most)
    leaks, broken, programmes = _attack(system, need, protected, started + limit_seconds, thorough=thorough, worlds=worlds)
    # where the register and the telling leave too little by themselves, whoever is not told must still have enough
    need_untold = needed_values(untold, possible) if system.is_told else need
    doubtful = protected[need[protected] < need_untold[protected]]
    if len(doubtful) and not len(broken):
        more, _, tried = _attack(untold, need_untold, doubtful, started + limit_seconds, thorough=thorough, worlds=worlds)
        leaks, programmes = leaks + [leak for leak in more if leak.variable not in {other.variable for other in leaks}], programmes + tried
    said = [f"the published figures contradict each other: {system.says[r]}: {_row(system, r)}" for r in broken[:10]]
    seconds = time.thread_time() - started
    return Verdict(tuple(leaks), (*system.contradictions, *said), len(protected), len(system.low), programmes, seconds)


def told_anew(view: System, leaks: Sequence[Leak], possible: int = 3) -> tuple[Leak, ...]:
    """The leaks without those of counts of which linear programmes leave no more values before this release."""
    left = left_before(view, [leak.variable for leak in leaks], possible)
    return tuple(leak for leak, values in zip(leaks, left, strict=True) if leak.greatest - leak.least + 1 < values)


def left_before(view: System, variables: Sequence[int], possible: int = 3) -> np.ndarray:
    """How many values (`possible` at most) linear programmes leave of each before this release."""
    if not len(variables):
        return np.array([])
    ranges = Ranges(Tightening(before(view)))
    return np.array([min(possible, most - least + 1) for least, most, _ in map(ranges.of, variables)])


def unsettled(system: System, readers: Sequence[System], possible: int = 3, worlds: Worlds | None = None) -> list[int]:
    """The small counts that are not proved safe at once from somebody who knows all that these readers know together: what is safe from him
    is safe from each, and the others are asked of for each by himself.
    """
    low = np.maximum.reduce([system.low, *(view.low for view in readers)])
    high = np.minimum.reduce([system.high, *(view.high for view in readers)])
    strongest = replace(system, low=low, high=high)
    bounds = propagate(strongest)
    protected, need = np.flatnonzero(system.small), np.full(len(low), float(possible))
    if len(bounds.broken):
        return protected.tolist()
    prover = _Prover(strongest, bounds, need, protected, time.thread_time() + _SECONDS_AT_ONCE, worlds=worlds)
    narrow = protected[(bounds.high - bounds.low + 1)[protected] < possible]
    return sorted({*prover.unsettled(), *narrow.tolist()})


def settle(view: System, asked: Sequence[int], need: np.ndarray, worlds: Worlds) -> None:
    """Make many worlds at once of the counts that are asked of: they settle some of them for readers who know less."""
    bounds = propagate(view)
    if not len(bounds.broken) and len(asked):
        _Prover(view, bounds, need, np.array(asked), time.thread_time() + _SECONDS_AT_ONCE, worlds=worlds).unsettled()


def pinned(view: System, possible: int = 3, need: np.ndarray | None = None) -> tuple[list[int], Bounds]:
    """The small counts of a reader's view that have too few values left by their bounds (fewer than `need`, where that is known already), and
    the bounds.
    """
    bounds = propagate(view)
    if len(bounds.broken):  # his presumptions contradict what is printed: they tell him nothing
        return [], bounds
    small = np.flatnonzero(view.small)
    left = bounds.high[small] - bounds.low[small] + 1
    if need is None:
        if not (left < possible).any():
            return [], bounds
        need = needed_values(view, possible)
    return [int(v) for v in small[left < need[small]]], bounds


def told_to(reader: str, leaks: Iterable[Leak]) -> list[Leak]:
    """The leaks, each naming the reader."""
    return [replace(leak, cell=f"{leak.cell} (to a reader {reader})") for leak in leaks]


def _attack(
    system: System, need: np.ndarray, protected: np.ndarray, deadline: float, *, thorough: bool, worlds: Worlds | None
) -> tuple[list[Leak], np.ndarray, int]:
    """The leaks among the protected variables, the rows that cannot hold, and how many programmes were solved."""
    bounds = propagate(system)
    if len(bounds.broken):
        return [], bounds.broken, 0
    spans = bounds.high - bounds.low + 1
    leaks = [_leak(system, bounds, int(v), bounds.low[v], bounds.high[v]) for v in protected if spans[v] < need[v]]
    if leaks:
        return leaks, bounds.broken, 0
    prover = _Prover(system, bounds, need, protected, deadline, thorough=thorough, worlds=worlds)
    return prover.leaks(), bounds.broken, prover.programmes


def _row(system: System, row: int) -> str:
    entries = range(system.matrix.indptr[row], system.matrix.indptr[row + 1])
    return ", ".join(f"{system.names[system.matrix.indices[e]]} ({_printed(system, system.matrix.indices[e])})" for e in list(entries)[:12])


class _Prover:
    """Looks for enough worlds for every protected variable; what cannot be proved is a leak."""

    def __init__(
        self,
        system: System,
        bounds: Bounds,
        need: np.ndarray,
        protected: np.ndarray,
        deadline: float,
        *,
        thorough: bool = True,
        worlds: Worlds | None = None,
    ) -> None:
        self.system, self.bounds, self.need, self.deadline, self.thorough = system, bounds, need, deadline, thorough
        self.worlds = worlds or Worlds(system)
        self.programmes = 0
        self._reduce(protected)
        self.seen: list[set[int]] = [set() for _ in self.columns]
        self.open = np.array([self.index[v] for v in protected if v in self.index], dtype=int)
        self.ranges: dict[int, tuple[float, float]] = {}
        self.narrow: dict[int, tuple[float, float, tuple[int, ...]]] = {}
        self.start: np.ndarray | None = None
        self._model: _Model | None = None

    def _reduce(self, protected: np.ndarray) -> None:
        """Leave out what is fixed, rows that always hold, and whatever is not tied to a protected variable."""
        matrix, low, high = self.system.matrix, self.bounds.low, self.bounds.high
        free = low < high
        positive, negative = matrix.maximum(0), matrix.minimum(0)
        least, greatest = positive @ low + negative @ high, positive @ high + negative @ low
        holds = (least >= self.system.row_low - _TOLERANCE) & (greatest <= self.system.row_high + _TOLERANCE)
        kept_rows = np.flatnonzero(~holds)
        body = matrix[kept_rows][:, free]
        fixed = matrix[kept_rows] @ np.where(free, 0, low)
        columns = np.flatnonzero(free)
        # components: two variables belong together where a row ties them
        links = (abs(body.T) @ abs(body)).tocsr() if len(kept_rows) else sp.csr_matrix((len(columns), len(columns)))
        _, label = connected_components(links, directed=False)
        is_protected = np.isin(columns, protected)
        wanted = np.isin(label, np.unique(label[is_protected]))
        inside = np.flatnonzero(np.diff(body[:, wanted].tocsr().indptr) > 0)
        self.columns = columns[wanted]
        self.component = label[wanted]
        self.rows = kept_rows[inside]
        self.body = body[inside][:, wanted].tocsr()
        self.row_low, self.row_high = self.system.row_low[self.rows] - fixed[inside], self.system.row_high[self.rows] - fixed[inside]
        self.low, self.high = low[self.columns], high[self.columns]
        self.index = {int(v): n for n, v in enumerate(self.columns)}
        self.row_component = self.component[self.body.indices[self.body.indptr[:-1]]] if len(self.rows) else np.array([], dtype=int)

    def unsettled(self) -> list[int]:
        """The protected variables that many worlds at once do not settle: those found before, those made
        by pushing many counts, and those made by moving one.
        """
        # a variable without a row of its own may take any value between its bounds
        alone = np.diff(self.body.tocsc().indptr) == 0
        self.open = self.open[~alone[self.open]]
        if len(self.open):
            self.start = self._start()
        if self.start is not None:
            self._keep(self.start)
            self._see()
        if self.start is not None and len(self.open) > _FEW:
            self._push_by_lot(self.start)
            self._move_about(self.start)
        return [int(self.columns[position]) for position in self.open]

    def _seek_each(self) -> None:
        """Look for worlds of every count that is still unsettled, by moving a part of the start."""
        if len(self.open) <= _FEW_TO_MEASURE:
            self._measure_each()
        if self.start is not None:
            self._push_each(self.start)

    def leaks(self) -> list[Leak]:
        """Every protected variable that could not be proved safe."""
        self.unsettled()
        self._seek_each()
        found = [self._leak_of(position, *measured) for position, measured in self.narrow.items()]
        while len(self.open):
            if time.thread_time() > self.deadline:  # not proved in time is not proved
                return found + [self._unproved(int(position)) for position in self.open]
            position = int(self.open[0])
            if leak := self._solve_alone(position):
                found.append(leak)
            self.open = self.open[self.open != position]
        return found

    def _leak_of(self, position: int, least: float, greatest: float, rows: tuple[int, ...] = ()) -> Leak:
        return _leak(self.system, self.bounds, int(self.columns[position]), least, greatest, rows)

    def model(self) -> _Model:
        """The whole of it as a model for linear programmes, made once."""
        if self._model is None:
            self._model = _Model(self.body, self.row_low, self.row_high, self.low, self.high)
        return self._model

    def _start(self) -> np.ndarray | None:
        """A world to begin with: the truth where it is held, the rest made to fit; else any world."""
        truth = self.system.truth[self.columns]
        unknown = np.isnan(truth)
        if unknown.any():
            self.programmes += 1
            model, moving = self._part(unknown, np.where(unknown, 0, truth))
            found = model.solve_whole(self.deadline - time.thread_time())
            if found is not None:
                truth[moving] = found
                return truth
            self.programmes += 1
            whole = _Model(self.body, self.row_low, self.row_high, self.low, self.high)
            return whole.solve_whole(self.deadline - time.thread_time())
        return truth

    def _part(self, free: np.ndarray, start: np.ndarray) -> tuple[_Model, np.ndarray]:
        """A model of the `free` variables alone, the others staying as in the start, and the variables that it has."""
        rows = np.flatnonzero(abs(self.body) @ free.astype("float64") > 0)
        body, moving = self.body[rows], np.flatnonzero(free)
        stays = body @ np.where(free, 0.0, start)
        return _Model(body[:, moving], self.row_low[rows] - stays, self.row_high[rows] - stays, self.low[moving], self.high[moving]), moving

    def _push_by_lot(self, start: np.ndarray) -> None:
        """Make worlds in which all unsettled counts about one that the lot chooses are pushed up or down, as long as each settles many."""
        lot, poor, tried = np.random.default_rng(5), 0, set[int]()
        while poor < _POOR and time.thread_time() < self.deadline:
            waiting = [position for position in self.open.tolist() if position not in tried]
            if len(waiting) < _FEW:
                break
            chosen, unsettled = waiting[lot.integers(len(waiting))], len(self.open)
            tried.add(chosen)
            self._push(chosen, start, lot)
            poor = poor + 1 if unsettled - len(self.open) < _FEW else 0

    def _push_each(self, start: np.ndarray) -> None:
        """The same about every unsettled count in turn, it most of all, up and then down."""
        lot = np.random.default_rng(5)
        for by in (3.0, -3.0):
            for position in self.open.tolist():
                if position in self.open and time.thread_time() < self.deadline:
                    self._push(position, start, lot, by)

    def _push(self, position: int, start: np.ndarray, lot: np.random.Generator, by: float = 0.0, around: int = _AROUND) -> None:
        model, moving = self._part(self._near(position, around), start)
        model.bound(*self._within(_FAR, start, moving))
        weights, unsettled = np.zeros(len(moving)), np.isin(moving, self.open)
        weights[unsettled] = lot.choice([-1.0, 1.0], int(unsettled.sum()))
        if by:
            weights[np.searchsorted(moving, position)] = by
        self.programmes += 1
        found = model.solve_far(weights, start[moving])
        if found is not None:
            world = start.copy()
            world[moving] = found
            self._take(world)

    def _within(self, far: float, start: np.ndarray, moving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The bounds of some variables, no further than `far` from the start."""
        low, high, at = self.low[moving], self.high[moving], start[moving]
        return np.clip(at - far, low, high), np.clip(at + far, low, high)

    def _move_about(self, start: np.ndarray) -> None:
        """Make worlds by moving each unsettled count by one, two or three, and mending every total that this breaks."""
        mover = _Mover(self.body, self.row_low, self.row_high, self.low, self.high, start)
        contradicted = self._contradicted(start)
        for position in self.open.tolist():
            if self.component[position] in contradicted:
                continue
            need = self.need[self.columns[position]]
            for by in (1, -1, 2, -2, 3, -3, 4, -4):
                if len(self.seen[position]) >= need or time.thread_time() > self.deadline:
                    break
                if int(start[position]) + by not in self.seen[position]:
                    changes = mover.move(position, by)
                    for moved, amount in changes.items():
                        self.seen[moved].add(int(start[moved]) + amount)
                    if changes:
                        where, by_how_many = np.fromiter(changes, int), np.fromiter(changes.values(), int)
                        self.worlds.keep(self.columns[where], start[where] + by_how_many)
        self._settle()

    def _see(self) -> None:
        """Take what worlds found for other readers show this one."""
        place = np.full(len(self.bounds.low), -1)
        place[self.columns[self.open]] = self.open
        variables, values = self.worlds.seen_by(self.system)
        wanted = place[variables] >= 0
        for position, value in zip(place[variables[wanted]].tolist(), values[wanted].tolist(), strict=True):
            self.seen[position].add(value)
        self._settle()

    def _take(self, solution: np.ndarray) -> None:
        """Keep what a new world shows, here and for the other readers."""
        whole, contradicted = self._keep(solution)
        good = ~np.isin(self.component, list(contradicted))
        self.worlds.keep(self.columns[good], whole[good])

    def _keep(self, solution: np.ndarray) -> tuple[np.ndarray, set[int]]:
        """Keep what a world shows, component by component, where it is whole numbers and keeps every row; as whole numbers, and where not."""
        whole = np.clip(np.round(solution), self.low, self.high)
        contradicted = self._contradicted(whole)
        good = ~np.isin(self.component[self.open], list(contradicted))
        for position in self.open[good]:
            self.seen[position].add(int(whole[position]))
        self._settle()
        return whole, contradicted

    def _near(self, position: int, most: int) -> np.ndarray:
        """The variables nearest to one, tie by tie: the others may stay as they are while it is moved."""
        near = np.zeros(len(self.columns), dtype=bool)
        near[position] = True
        body = abs(self.body)
        while near.sum() < most:
            wider = (body.T @ (body @ near.astype("float64"))) > 0
            if (wider == near).all():
                break
            near = wider
        return near

    def _contradicted(self, world: np.ndarray) -> set[int]:
        """The components in which a world breaks a row or leaves a bound."""
        activity = self.body @ world
        wrong = (activity < self.row_low - _TOLERANCE) | (activity > self.row_high + _TOLERANCE)
        outside = (world < self.low) | (world > self.high)
        return {*self.row_component[wrong].tolist(), *self.component[outside].tolist()}

    def _settle(self) -> None:
        enough = np.array([len(self.seen[p]) >= self.need[self.columns[p]] for p in self.open], dtype=bool)
        self.open = self.open[~enough]

    def _measure_each(self) -> None:
        """Find the range of every unsettled count, and set aside those of which it is too narrow: nobody needs to look for worlds of them."""
        for position in self.open.tolist():
            if position not in self.open or time.thread_time() > self.deadline:
                continue
            least, greatest, rows = self._measure(position)
            if greatest - least + 1 < self.need[self.columns[position]]:
                self.narrow[position] = least, greatest, rows
                self.open = self.open[self.open != position]
            else:
                self.ranges[position] = least, greatest

    def _measure(self, position: int) -> tuple[float, float, tuple[int, ...]]:
        """The least and greatest value of a variable, and the rows that hold it there; its bounds where no programme tells."""
        model, weights = self.model(), np.zeros(len(self.columns))
        ends: list[float] = []
        rows: list[int] = []
        for sign in (1.0, -1.0):
            weights[position] = sign
            solution = model.solve(weights)
            self.programmes += 1
            if solution is None:
                return self.low[position], self.high[position], ()
            ends.append(solution[position])
            rows += model.binding_rows()
            self._take(solution)
        by = tuple(int(self.rows[r]) for r in dict.fromkeys(rows))
        return float(np.ceil(ends[0] - _TOLERANCE)), float(np.floor(ends[1] + _TOLERANCE)), by

    def _solve_alone(self, position: int) -> Leak | None:
        """Settle one variable: by worlds near the start, else by any world."""
        need = self.need[self.columns[position]]
        self.latest = min(self.deadline, time.thread_time() + _SECONDS_ALONE)
        if position not in self.ranges:
            least, greatest, rows = self._measure(position)
            if greatest - least + 1 < need:
                return self._leak_of(position, least, greatest, rows)
            self.ranges[position] = least, greatest
        least, greatest = self.ranges[position]
        possible = np.arange(least, min(greatest, least + 20) + 1)
        if self.start is not None:
            here = self.start[position]
            nearest = sorted(possible, key=lambda value: abs(value - here))[: int(need) + 4]
            # where too few are let move there is no world, which shows at once
            self._look(position, nearest, self._near(position, _AROUND), _FAR)
            for by in (3.0, -3.0):
                if len(self.seen[position]) < need:
                    self._push(position, self.start, np.random.default_rng(5), by, 2 * _AROUND)
            self._look(position, nearest, self._near(position, 2 * _AROUND), _FAR)
        if self.thorough:
            self._look(position, possible, self.component == self.component[position])
        seen = self.seen[position]
        return None if len(seen) >= need else self._leak_of(position, min(seen, default=least), max(seen, default=greatest))

    def _unproved(self, position: int) -> Leak:
        seen = self.seen[position]
        return self._leak_of(position, min(seen, default=self.low[position]), max(seen, default=self.high[position]))

    def _look(self, position: int, values: np.ndarray | list[float], free: np.ndarray, far: float = np.inf) -> None:
        """Look for worlds in which a variable has these values, the `free` ones being let move (no further than `far`) and the others staying
        as in the start.
        """
        start = np.zeros(len(self.columns)) if self.start is None else self.start
        model, moving = self._part(free, start)
        if far < np.inf:
            model.bound(*self._within(far, start, moving))
        column = int(np.searchsorted(moving, position))
        for value in values:
            if len(self.seen[position]) >= self.need[self.columns[position]] or time.thread_time() > self.latest:
                return
            if int(value) not in self.seen[position]:
                solution = model.solve_whole(self.latest - time.thread_time(), column, value)
                self.programmes += 1
                if solution is not None:
                    world = start.copy()
                    world[moving] = solution
                    self._take(world)


class _Mover:
    """Moves single counts of a world and mends the rows that this breaks by moving others, so that another world comes of it."""

    def __init__(self, body: sp.csr_matrix, row_low: np.ndarray, row_high: np.ndarray, low: np.ndarray, high: np.ndarray, start: np.ndarray) -> None:
        by_column = body.tocsc()
        self.in_row = [
            list(zip(body.indices[a:b].tolist(), body.data[a:b].tolist(), strict=True))
            for a, b in zip(body.indptr[:-1], body.indptr[1:], strict=True)
        ]
        self.of_column = [
            list(zip(by_column.indices[a:b].tolist(), by_column.data[a:b].tolist(), strict=True))
            for a, b in zip(by_column.indptr[:-1], by_column.indptr[1:], strict=True)
        ]
        self.row_low, self.row_high = row_low.tolist(), row_high.tolist()
        self.room_down, self.room_up = (low - start).tolist(), (high - start).tolist()
        self.activity = (body @ start).tolist()
        self.random = random.Random(5)  # noqa: S311 - which partners are tried first is no secret

    def move(self, column: int, by: int) -> dict[int, int]:
        """The changes of a world in which `column` is moved `by`; empty where none was found."""
        if not self.room_down[column] <= by <= self.room_up[column]:
            return {}
        for _ in range(_TRIES):
            if changes := self._attempt(column, by):
                return changes
        return {}

    def _broken(self, row: int, shift: float) -> float:
        """By how much a row that is shifted must be brought back."""
        at = self.activity[row] + shift
        if at > self.row_high[row] + _TOLERANCE:
            return self.row_high[row] - at
        if at < self.row_low[row] - _TOLERANCE:
            return self.row_low[row] - at
        return 0.0

    def _attempt(self, column: int, by: int) -> dict[int, int]:
        changes = {column: by}
        shift = {row: value * by for row, value in self.of_column[column]}
        waiting = list(shift)
        for _ in range(_STEPS):
            while waiting and not self._broken(waiting[-1], shift[waiting[-1]]):
                waiting.pop()
            if not waiting:
                return changes
            row = waiting.pop()
            chosen = self._partner(row, self._broken(row, shift[row]), changes, shift)
            if chosen is None:
                return {}
            partner, amount = chosen
            changes[partner] = amount
            for other, value in self.of_column[partner]:
                shift[other] = shift.get(other, 0.0) + value * amount
                waiting.append(other)
        return {}

    def _partner(self, row: int, missing: float, changes: dict[int, int], shift: dict[int, float]) -> tuple[int, int] | None:
        """The count of the row whose move mends it and breaks the fewest others."""
        best, found = float("inf"), None
        entries = self.in_row[row]
        offset = self.random.randrange(len(entries))
        looked = 0
        for n in range(len(entries)):
            column, value = entries[(offset + n) % len(entries)]
            amount = missing / value
            if column in changes or amount != int(amount) or not self.room_down[column] <= amount <= self.room_up[column]:
                continue
            breaks = sum(1 for other, v in self.of_column[column] if self._broken(other, shift.get(other, 0.0) + v * amount))
            if breaks < best:
                best, found = breaks, (column, int(amount))
            looked += 1
            if best == 0 or looked >= 10:
                break
        return found


class _Model:
    """Rows and columns as a HiGHS model, solved again and again with other weights or bounds."""

    def __init__(self, body: sp.csr_matrix, row_low: np.ndarray, row_high: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        import highspy

        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)  # noqa: FBT003
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("random_seed", 5)
        # with other weights the last solution is still one to begin with, for the primal method: ten times as fast
        self.highs.setOptionValue("simplex_strategy", _PRIMAL)
        programme = highspy.HighsLp()
        by_column = body.tocsc()
        programme.num_row_, programme.num_col_ = body.shape
        programme.col_cost_ = np.zeros(len(low))
        programme.col_lower_, programme.col_upper_ = low, high
        programme.row_lower_, programme.row_upper_ = row_low, row_high
        programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        programme.a_matrix_.start_, programme.a_matrix_.index_, programme.a_matrix_.value_ = by_column.indptr, by_column.indices, by_column.data
        self.highs.passModel(programme)
        self.columns = np.arange(len(low), dtype=np.int32)
        self.low, self.high = low, high
        self.optimal = highspy.HighsModelStatus.kOptimal

    def solve(self, weights: np.ndarray) -> np.ndarray | None:
        """The solution of least weight; None where there is none."""
        self.highs.changeColsCost(len(self.columns), self.columns, weights)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + _LONGEST)
        self.highs.run()
        if self.highs.getModelStatus() != self.optimal:
            return None
        self.last = self.highs.getSolution()
        return np.array(self.last.col_value)

    def bound(self, low: np.ndarray, high: np.ndarray) -> None:
        """Other bounds for all variables."""
        self.low, self.high = low, high
        self.highs.changeColsBounds(len(self.columns), self.columns, low, high)

    def solve_far(self, weights: np.ndarray, start: np.ndarray) -> np.ndarray | None:
        """A whole-number solution of small weight, though not the least; None where none was found in time. `start` is one to begin with."""
        import highspy

        size = len(self.columns)
        self.highs.changeColsIntegrality(size, self.columns, np.ones(size, dtype=np.uint8))
        self.highs.changeColsCost(size, self.columns, weights)
        self.highs.setOptionValue("mip_rel_gap", 0.2)
        self.highs.setOptionValue("mip_max_nodes", _NODES_AT_ONCE)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + _SECONDS_AT_ONCE)
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        self.highs.setSolution(known)
        self.highs.run()
        solution = np.array(self.highs.getSolution().col_value)
        return solution if len(solution) == size and self.highs.getInfo().primal_solution_status == 2 else None

    def binding_rows(self) -> list[int]:
        """The rows that held the last solution back."""
        return [int(r) for r in np.flatnonzero(np.abs(np.array(self.last.row_dual)) > _TOLERANCE)]

    def reduced_costs(self) -> np.ndarray:
        """By how much a bound of each variable held the last solution back; 0 where it did not."""
        return np.array(self.last.col_dual)

    def solve_whole(self, seconds: float, column: int | None = None, value: float = 0.0) -> np.ndarray | None:
        """A whole-number solution, `column` having that value where one is given; None where there is none, or none was found in time."""
        low, high = self.low.copy(), self.high.copy()
        if column is not None:
            low[column] = high[column] = value
        self.highs.changeColsBounds(len(self.columns), self.columns, low, high)
        self.highs.changeColsIntegrality(len(self.columns), self.columns, np.ones(len(self.columns), dtype=np.uint8))
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(0.5, min(_LONGEST, 4 * seconds)))
        self.highs.run()
        return np.array(self.highs.getSolution().col_value) if self.highs.getModelStatus() == self.optimal else None
