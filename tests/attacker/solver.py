"""What whole numbers can be: bounds by propagation, and other worlds by integer programmes.

Belongs here: rows of `low <= sum of coefficients x variables <= high`, tightened and searched.
Does not belong here: what the variables stand for (`knowledge`), who knows what (`readers`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array, hstack, vstack

MOST = 100_000
"""More than any count of a region: what is not bounded otherwise."""
ROUNDS = 400
EASE = 1e-6
FEW = 25
"""So few are asked for one by one."""
ANY = 2**31 - 1
FEASIBLE = 2
"""HiGHS has a solution."""


class ContradictionError(Exception):
    """What a reader takes to be known cannot all be true."""


@dataclass
class Rows:
    """Ties between variables, one a row."""

    variables: list[int] = field(default_factory=list)
    coefficients: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def add(self, terms: list[tuple[int, int]], low: float, high: float, why: str) -> None:
        """`low <= sum of (coefficient, variable) <= high`."""
        merged: dict[int, int] = {}
        for coefficient, variable in terms:
            merged[variable] = merged.get(variable, 0) + coefficient
        kept = {v: c for v, c in merged.items() if c}
        self.variables += kept.keys()
        self.coefficients += kept.values()
        self.starts.append(len(self.variables))
        self.low.append(low)
        self.high.append(high)
        self.why.append(why)

    def matrix(self, columns: int) -> csr_array:
        return csr_array(
            (np.array(self.coefficients, float), np.array(self.variables, int), self.starts),
            shape=(len(self.low), columns),
        )


class System:
    """Rows and bounds of whole numbers, tightened as far as single rows tell."""

    def __init__(self, rows: Rows, lower: np.ndarray, upper: np.ndarray) -> None:
        self.lower, self.upper = lower.astype(float), upper.astype(float)
        self.matrix = rows.matrix(len(lower))
        self.low, self.high = np.array(rows.low, float), np.array(rows.high, float)
        self.why = rows.why
        self.row = np.repeat(np.arange(len(rows.low)), np.diff(self.matrix.indptr))
        self.column, self.value = self.matrix.indices, self.matrix.data
        self.propagate()

    def propagate(self) -> None:
        """Tighten bounds row by row until nothing moves."""
        a, up = self.value, self.value > 0
        for _ in range(ROUNDS):
            least = np.where(up, a * self.lower[self.column], a * self.upper[self.column])
            most = np.where(up, a * self.upper[self.column], a * self.lower[self.column])
            row_least = np.bincount(self.row, least, len(self.low))
            row_most = np.bincount(self.row, most, len(self.low))
            room_up = (self.high - row_least)[self.row] + least
            room_down = (self.low - row_most)[self.row] + most
            top = np.where(up, room_up / a, room_down / a)
            bottom = np.where(up, room_down / a, room_up / a)
            lower, upper = self.lower.copy(), self.upper.copy()
            np.minimum.at(upper, self.column, np.floor(top + EASE))
            np.maximum.at(lower, self.column, np.ceil(bottom - EASE))
            if (lower > upper).any():
                where = int(np.flatnonzero(lower > upper)[0])
                raise ContradictionError(f"variable {where}: {lower[where]} > {upper[where]}")
            still = (lower == self.lower).all() and (upper == self.upper).all()
            self.lower, self.upper = lower, upper
            if still:
                return

    def room(self) -> np.ndarray:
        """How many values the bounds leave each variable."""
        return self.upper - self.lower + 1


def explain(
    system: System, rows: Rows, bounds: tuple[np.ndarray, np.ndarray], target: int, most: int
) -> list[int]:
    """A smallest set of rows (no one of which can be spared) that leaves the target no more than
    `most` values, found by propagating from the given bounds. Empty where propagation does not.
    """
    near = _near(system, target)
    if _room(rows, near, bounds, target) > most:
        return []
    size = max(1, len(near) // 2)
    while True:
        start = 0
        while start < len(near):
            fewer = near[:start] + near[start + size :]
            if _room(rows, fewer, bounds, target) <= most:
                near = fewer
            else:
                start += size
        if size == 1:
            return near
        size = max(1, size // 2)


def _near(system: System, target: int, depth: int = 6) -> list[int]:
    """Rows within some steps of a variable, through narrow ones first."""
    seen_rows: set[int] = set()
    edge = {target}
    by_column = system.matrix.tocsc()
    for _ in range(depth):
        new = {
            int(r)
            for v in edge
            for r in by_column.indices[by_column.indptr[v] : by_column.indptr[v + 1]]
        }
        new -= seen_rows
        seen_rows |= new
        edge = {
            int(v)
            for r in new
            for v in system.matrix.indices[system.matrix.indptr[r] : system.matrix.indptr[r + 1]]
        }
        if len(seen_rows) > 4000:
            break
    return sorted(seen_rows)


def _room(
    rows: Rows, chosen: list[int], bounds: tuple[np.ndarray, np.ndarray], target: int
) -> float:
    part = Rows()
    for r in chosen:
        span = slice(rows.starts[r], rows.starts[r + 1])
        part.add(
            list(zip(rows.coefficients[span], rows.variables[span], strict=True)),
            rows.low[r], rows.high[r], rows.why[r],
        )  # fmt: skip
    if not chosen:
        return bounds[1][target] - bounds[0][target] + 1
    columns = sorted(set(part.variables))
    place = {v: n for n, v in enumerate(columns)}
    if target not in place:
        return bounds[1][target] - bounds[0][target] + 1
    part.variables = [place[v] for v in part.variables]
    small = System(part, bounds[0][columns], bounds[1][columns])
    return small.room()[place[target]]


class Worlds:
    """Whole worlds that would have been printed alike, found one by one (HiGHS): each as near as
    can be to a wish, so that worlds differ within their bounds and not at their ends alone.
    """

    def __init__(self, system: System, sought: np.ndarray, seconds: float = 20.0) -> None:
        self.system, self.seen = system, [set() for _ in system.lower]
        free = system.room() > 1
        self.last: np.ndarray | None = None
        self.sought = np.array([v for v in sought if free[v]], int)
        self.columns = np.flatnonzero(free)
        self.place = np.full(len(free), -1)
        self.place[self.columns] = np.arange(len(self.columns))
        kept = np.unique(system.row[free[system.column]])
        told = system.matrix @ np.where(free, 0, system.lower)
        low, high = (system.low - told)[kept], (system.high - told)[kept]
        self.rows = len(kept)
        self.highs = highspy.Highs()
        self.highs.silent()
        options = {"time_limit": seconds, "random_seed": 1, "threads": 1, "mip_rel_gap": 0.02}
        for option, value in options.items():
            self.highs.setOptionValue(option, value)
        self.highs.passModel(self._model(system.matrix[kept][:, self.columns], low, high))
        for variable in np.flatnonzero(~free):
            self.seen[variable].add(int(system.lower[variable]))

    def _model(self, matrix: csr_array, low: np.ndarray, high: np.ndarray) -> highspy.HighsLp:
        """The rows, and for every sought variable `x - above + below = wish`."""
        n, wishes = len(self.columns), len(self.sought)
        one = np.ones(wishes)
        at, order = self.place[self.sought], np.arange(wishes)
        wish = coo_array(
            (
                np.concatenate([one, -one, one]),
                (np.tile(order, 3), np.concatenate([at, n + order, n + wishes + order])),
            ),
            shape=(wishes, n + 2 * wishes),
        )
        whole = vstack([hstack([matrix, csr_array((self.rows, 2 * wishes))]), wish]).tocsr()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = n + 2 * wishes, self.rows + wishes
        lp.col_cost_ = np.zeros(lp.num_col_)
        ends = np.full(2 * wishes, float(MOST))
        lp.col_lower_ = np.concatenate([self.system.lower[self.columns], 0 * ends])
        lp.col_upper_ = np.concatenate([self.system.upper[self.columns], ends])
        lp.row_lower_ = np.concatenate([np.where(low < -MOST, -highspy.kHighsInf, low), 0 * one])
        lp.row_upper_ = np.concatenate(
            [np.where(high > MOST * 9, highspy.kHighsInf, high), 0 * one]
        )
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = whole.indptr
        lp.a_matrix_.index_, lp.a_matrix_.value_ = whole.indices, whole.data
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger] * n + [kinds.kContinuous] * (2 * wishes)
        return lp

    def look(self, wish: np.ndarray, weight: np.ndarray) -> bool:
        """Find a world near to the wish for every sought variable (each weighs as given)."""
        wishes, n = len(self.sought), len(self.columns)
        rows = np.arange(self.rows, self.rows + wishes, dtype=np.int32)
        self.highs.changeRowsBounds(wishes, rows, wish, wish)
        columns = np.arange(n, n + 2 * wishes, dtype=np.int32)
        self.highs.changeColsCost(2 * wishes, columns, np.concatenate([weight, weight]))
        return self._run()

    def can_be(self, variable: int, low: int, high: int) -> bool | None:
        """Whether a world has a value between these there, looked for near the last one that was
        found; None where time ran out.
        """
        place = int(self.place[variable])
        near = self.last[self.sought] if self.last is not None else self.system.lower[self.sought]
        self.highs.changeColBounds(place, low, high)
        self.highs.setOptionValue("mip_max_improving_sols", 1)
        found = self.look(near, np.ones(len(near)))
        infeasible = self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        self.highs.setOptionValue("mip_max_improving_sols", ANY)
        self.highs.changeColBounds(place, self.system.lower[variable], self.system.upper[variable])
        if found:
            return True
        return False if infeasible else None

    def _run(self) -> bool:
        self.highs.run()
        if self.highs.getInfo().primal_solution_status != FEASIBLE:
            return False
        solution = np.array(self.highs.getSolution().col_value)[: len(self.columns)]
        world = self.system.lower.copy()
        world[self.columns] = np.rint(solution)
        sums = self.system.matrix @ world
        if (sums < self.system.low).any() or (sums > self.system.high).any():
            return False  # not whole numbers after all
        self.last = world
        for variable, value in zip(self.columns, world[self.columns], strict=True):
            self.seen[variable].add(int(value))
        return True


def lacking(
    system: System, sought: np.ndarray, values: int, rounds: int = 60
) -> dict[int, set[int]]:
    """Of the sought variables, those that can have fewer than so many values, with the values that
    they can have. Each of these has been asked for every value that its bounds leave. One whose
    question was not settled in time is not among them: what is found is true.
    """
    room = system.room()
    open_ = np.array([v for v in sought if room[v] >= values], int)
    few = {int(v): _all_of(system, int(v)) for v in sought if room[v] < values}
    if not len(open_):
        return few
    worlds = Worlds(system, open_)
    rng = np.random.default_rng(1)
    low = system.lower[worlds.sought]
    high = np.minimum(system.upper[worlds.sought], low + 11)
    numbers: list[int] = []
    for _ in range(rounds):
        left = np.array([len(worlds.seen[v]) < values for v in worlds.sought])
        if left.sum() < FEW or (len(numbers) > 3 and numbers[-1] == numbers[-3]):
            break
        # a wish for which no world was found in time says nothing of those that are left
        if worlds.look(
            np.floor(rng.uniform(low, high + 1)), np.where(left, rng.uniform(1, 2, len(low)), 0.0)
        ):
            numbers.append(int(left.sum()))
    for variable in [int(v) for v in worlds.sought if len(worlds.seen[v]) < values]:
        if _asked_for_all(worlds, variable, values):
            few[variable] = set(worlds.seen[variable])
    return few


def _asked_for_all(worlds: Worlds, variable: int, values: int) -> bool:
    """Ask for every value that was not seen, in one question where they lie together. Whether all
    was asked, and settled, and there are fewer values than so many.
    """
    seen = worlds.seen[variable]
    gaps = [(int(worlds.system.lower[variable]), int(worlds.system.upper[variable]))]
    while gaps and len(seen) < values:
        low, high = gaps.pop()
        inside = sorted(v for v in seen if low <= v <= high)
        if inside:
            ends = [low - 1, *inside, high + 1]
            gaps += [(a + 1, b - 1) for a, b in zip(ends, ends[1:], strict=False) if b - a > 1]
            continue
        answer = worlds.can_be(variable, low, high)
        if answer is None:
            return False
        if answer:
            gaps.append((low, high))
    return len(seen) < values


def settled(system: System, few: dict[int, set[int]]) -> dict[int, set[int]]:
    """The same variables with the values that worlds have of them: bounds alone may leave more."""
    several = np.array([v for v, values in few.items() if len(values) > 1], int)
    worlds = Worlds(system, several) if len(several) else None
    exact = dict(few)
    for variable in map(int, several):
        if worlds and _asked_for_all(worlds, variable, len(few[variable])):
            exact[variable] = set(worlds.seen[variable])
    return exact


def _all_of(system: System, variable: int) -> set[int]:
    low = int(system.lower[variable])
    return set(range(low, min(int(system.upper[variable]), low + 20) + 1))
