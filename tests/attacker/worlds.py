"""Whole worlds that would have been printed alike: found near the true one, or shown not to be.

Belongs here: counts that are one and the same merged, and searches by integer programmes (HiGHS).
Does not belong here: bounds row by row (`solver`), what rows mean (`knowledge`), who knows what
(`readers`).

That the search starts from the truth gives a reader nothing: a world that was found is a world,
wherever the search began, and a value is called impossible only where a solver proved it.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from tests.attacker.solver import EASE, MOST, ContradictionError, Rows, System

SIZES = (300, 1_200, 2_500, 5_000, 10_000)
"""How many may move when a value is asked for; after these, all."""
WAYS = 4
"""So many shortest ways, the others weighed otherwise each time, are tried for whole numbers."""
SECONDS, LONGEST = 3.0, 60.0
"""What one search may take: around a count, and among all."""
SOLVED = 2
"""HiGHS has a solution."""


@dataclass(frozen=True)
class Merged:
    """A system in which counts that differ by a known number are one: `x = y[of] + by`."""

    system: System
    of: np.ndarray
    by: np.ndarray

    def apart(self, world: np.ndarray) -> np.ndarray:
        """The values of all counts, from those of the merged ones."""
        return world[self.of] + self.by


def merge(system: System) -> Merged:
    """Merge what a row of two counts ties to a step: one cell in several editions, above all."""
    free = system.room() > 1
    fixed = system.matrix @ np.where(free, 0.0, system.lower)
    low, high = system.low - fixed, system.high - fixed
    live = free[system.column]
    row, column, value = system.row[live], system.column[live], system.value[live]
    width = np.bincount(row, minlength=len(low))
    pairs = np.flatnonzero((width == 2) & (np.bincount(row, value, len(low)) == 0) & (low == high))
    first = np.searchsorted(row, pairs)
    single = np.abs(value[first]) == 1
    first, pairs = first[single], pairs[single]
    left, right = column[first], column[first + 1]
    of, by = _classes(len(free), left, right, low[pairs] * value[first])
    lower, upper = np.full(of.max() + 1, -np.inf), np.full(of.max() + 1, np.inf)
    np.maximum.at(lower, of, system.lower - by)
    np.minimum.at(upper, of, system.upper - by)
    return Merged(System(_rows(system, of, by), lower, upper), of, by)


def _classes(
    counts: int, left: np.ndarray, right: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The class of each count where `left - right = step`, and how much above the first of its
    class it is.
    """
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(counts, counts))
    _, of = connected_components(graph, directed=False)
    by, known = np.zeros(counts), np.zeros(counts, bool)
    known[np.unique(of, return_index=True)[1]] = True
    while True:
        forth, back = known[left] & ~known[right], known[right] & ~known[left]
        if not (forth | back).any():
            return of, by
        by[right[forth]] = by[left[forth]] - step[forth]
        by[left[back]] = by[right[back]] + step[back]
        known[right[forth]] = known[left[back]] = True


def _rows(system: System, of: np.ndarray, by: np.ndarray) -> Rows:
    """The rows over merged counts: of those over the same sum one, with the narrowest ends."""
    matrix = csr_array(
        (system.value, (system.row, of[system.column])), shape=(len(system.low), of.max() + 1)
    )
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    shift = system.matrix @ by
    low, high = system.low - shift, system.high - shift
    ends: dict[tuple[bytes, bytes], tuple[int, float, float]] = {}
    for r, (start, end) in enumerate(zip(matrix.indptr, matrix.indptr[1:], strict=False)):
        sum_ = (matrix.indices[start:end].tobytes(), matrix.data[start:end].tobytes())
        _, least, most = ends.get(sum_, (r, low[r], high[r]))
        ends[sum_] = (r, max(least, low[r]), min(most, high[r]))
    rows = Rows()
    for r, least, most in ends.values():
        start, end = matrix.indptr[r], matrix.indptr[r + 1]
        terms = zip(matrix.data[start:end].astype(int), matrix.indices[start:end], strict=True)
        rows.add([(int(c), int(v)) for c, v in terms], least, most, system.why[r])
    return rows


class Worlds:
    """Worlds of a system, each found near the last one, and the values that counts had in them."""

    def __init__(self, system: System, sought: np.ndarray, true: np.ndarray | None = None) -> None:
        """From the true values (NaN where they are not known of) or, without them, from any world.

        Raises `ContradictionError` where there is no world, or the truth is none.
        """
        self.whole, self.merged = system, merge(system)
        self.system = self.merged.system
        self.free = self.system.room() > 1
        self.by_column = self.system.matrix.tocsc()
        live = self.free[self.system.column]
        self.width = np.bincount(self.system.row[live], minlength=len(self.system.low))
        self.seen: dict[int, set[int]] = {int(v): set() for v in self.merged.of[sought]}
        self.steps = _steps(self.system, self.free)
        self._start(true)

    def values(self, variable: int) -> set[int]:
        """The values that a count of the whole system had in the worlds that were found."""
        return {v + int(self.merged.by[variable]) for v in self.seen[self.merged.of[variable]]}

    def short(self, values: int) -> list[int]:
        """The merged counts that had fewer values than so many."""
        return [v for v, seen in self.seen.items() if len(seen) < values]

    def _start(self, true: np.ndarray | None) -> None:
        lower, upper = self.system.lower.copy(), self.system.upper.copy()
        if true is not None:
            known = ~np.isnan(true)
            at = self.merged.of[known]
            lower[at] = upper[at] = true[known] - self.merged.by[known]
        self.world, unknown = lower, np.flatnonzero(lower < upper)
        # with nothing to find (the truth of all is known) there is nothing to solve
        if not (
            self._find(unknown, (lower, upper), 10 * LONGEST) if len(unknown) else self._take(lower)
        ):
            raise ContradictionError("no world, or the truth is none of the worlds")

    def ask(self, variable: int, values: int, *, quick: bool = False) -> bool | None:
        """Ask for every value of a merged count that was not seen, in one question where they lie
        together: whether it has fewer values than so many; None where that was not settled (which
        it may well not be where a quick answer is wanted).
        """
        seen = self.seen[variable]
        gaps = [(int(self.system.lower[variable]), int(self.system.upper[variable]))]
        settled = True
        while gaps and len(seen) < values:
            low, high = gaps.pop()
            inside = sorted(v for v in seen if low <= v <= high)
            if inside:
                ends = [low - 1, *inside, high + 1]
                gaps += [(a + 1, b - 1) for a, b in zip(ends, ends[1:], strict=False) if b - a > 1]
                continue
            answer = self._can_be(variable, low, high, quick)
            settled &= answer is not None
            if answer:
                gaps.append((low, high))
        if len(seen) >= values:
            return False
        return True if settled else None

    def _can_be(self, variable: int, low: int, high: int, quick: bool) -> bool | None:
        """Whether a world has a value between these there; None where time ran out.

        The shortest way there is nearly always one of whole numbers. Where it is not, whole numbers
        are looked for around it, in growing circles: a world that moves only those inside is a
        world, and where those inside do not go together, whatever the others are, there is none.
        """
        for attempt in range(WAYS):
            moved = self.steps[variable].to(self.world, variable, low, high, attempt)
            if moved is None:
                return False
            world = np.rint(moved)
            # where the solver gave up it is the world we are in
            if low <= world[variable] <= high and self._take(world):
                return True
        if quick:
            return None
        lower, upper = self.system.lower.copy(), self.system.upper.copy()
        lower[variable], upper[variable] = low, high
        centre = {variable, *map(int, np.flatnonzero(np.abs(moved - self.world) > EASE))}
        for size in SIZES:
            move = self._around(centre, size)
            if len(move) < size:
                break
            if self._find(move, (lower, upper), SECONDS):
                return True
            if self._is_impossible(move, lower, upper):
                return False
        if self._find(np.flatnonzero(self.free), (lower, upper), LONGEST):
            return True
        return False if self.status == highspy.HighsModelStatus.kInfeasible else None

    def _around(self, centre: set[int], size: int) -> np.ndarray:
        """So many free counts around some, row by row, through narrow rows first."""
        rows, columns = self.system.matrix, self.by_column
        chosen, edge, passed = set(centre), sorted(centre), set()
        while edge and len(chosen) < size:
            touching = {
                int(r)
                for v in edge
                for r in columns.indices[columns.indptr[v] : columns.indptr[v + 1]]
            } - passed
            passed |= touching
            edge = []
            for r in sorted(touching, key=lambda r: (self.width[r], r)):
                beside = rows.indices[rows.indptr[r] : rows.indptr[r + 1]]
                new = [int(v) for v in beside if self.free[v] and int(v) not in chosen]
                chosen.update(new)
                edge += new
                if len(chosen) >= size:
                    break
        return np.array(sorted(chosen), int)

    def _find(
        self, move: np.ndarray, bounds: tuple[np.ndarray, np.ndarray], seconds: float
    ) -> bool:
        """Find a world in which only some counts move."""
        part, touched = self._part(move)
        still = self.world.copy()
        still[move] = 0.0
        beside = self.system.matrix[touched] @ still
        ends = self.system.low[touched] - beside, self.system.high[touched] - beside
        solver = self._run(_programme(part, ends, (bounds[0][move], bounds[1][move])), seconds)
        if solver.getInfo().primal_solution_status != SOLVED:
            return False
        world = self.world.copy()
        world[move] = np.rint(solver.getSolution().col_value)
        return self._take(world)

    def _take(self, world: np.ndarray) -> bool:
        """Note the values of a world, and go on from there; False where it is none."""
        if not self._is_world(world):
            return False
        self.world = world
        for v, seen in self.seen.items():
            seen.add(int(world[v]))
        return True

    def _is_world(self, world: np.ndarray) -> bool:
        """Held against every row and bound of the system as it was given."""
        apart, whole = self.merged.apart(world), self.whole
        sums = whole.matrix @ apart
        fits = (sums >= whole.low).all() and (sums <= whole.high).all()
        return bool(fits and (apart >= whole.lower).all() and (apart <= whole.upper).all())

    def _is_impossible(self, move: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> bool:
        """Whether no whole numbers of these counts go together, whatever the others are."""
        part, touched = self._part(move)
        whole = self.system.matrix[touched]
        others = np.ones(len(lower), bool)
        others[move] = False
        a = np.where(others[whole.indices], whole.data, 0.0)
        row = np.repeat(np.arange(len(touched)), np.diff(whole.indptr))
        least, most = (
            np.bincount(row, a * np.where((a > 0) == at_least, lower[i], upper[i]), len(touched))
            for at_least, i in ((True, whole.indices), (False, whole.indices))
        )
        ends = self.system.low[touched] - most, self.system.high[touched] - least
        self._run(_programme(part, ends, (lower[move], upper[move])), SECONDS)
        return self.status == highspy.HighsModelStatus.kInfeasible

    def _part(self, move: np.ndarray) -> tuple[csr_array, np.ndarray]:
        """The rows that some counts are in, of them alone, and the numbers of those rows."""
        part = self.by_column[:, move].tocsr()
        touched = np.flatnonzero(np.diff(part.indptr))
        return part[touched], touched

    def _run(self, lp: highspy.HighsLp, seconds: float) -> highspy.Highs:
        """Solve, as far as the first solution."""
        options = {"time_limit": seconds, "random_seed": 1, "mip_max_improving_sols": 1}
        solver = _solver(options)
        solver.passModel(lp)
        solver.run()
        self.status = solver.getModelStatus()
        return solver


def _solver(options: dict[str, str | int | float]) -> highspy.Highs:
    solver = highspy.Highs()
    solver.silent()
    for option, value in {"threads": 1, **options}.items():
        solver.setOptionValue(option, value)
    return solver


class Steps:
    """The shortest way from a world to one where a count has another value, whole numbers or not:
    a linear programme over what each count gains and loses, which a few pivots solve. Of counts
    that are tied to each other, however far, and of no others.
    """

    def __init__(self, system: System, counts: np.ndarray) -> None:
        self.system, self.counts = system, counts
        by_column = system.matrix.tocsc()[:, counts].tocsr()
        self.rows = np.flatnonzero(np.diff(by_column.indptr))
        matrix = by_column[self.rows]
        both = hstack([matrix, -matrix]).tocsr()
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = both.shape
        lp.col_cost_ = np.zeros(lp.num_col_)
        lp.col_lower_, lp.col_upper_ = np.zeros(lp.num_col_), np.zeros(lp.num_col_)
        lp.row_lower_, lp.row_upper_ = np.zeros(lp.num_row_), np.zeros(lp.num_row_)
        _set_matrix(lp, both)
        self.solver = _solver({"presolve": "off", "solver": "simplex"})
        self.solver.passModel(lp)

    def to(
        self, world: np.ndarray, variable: int, low: int, high: int, attempt: int = 0
    ) -> np.ndarray | None:
        """Where the count is between these; None where there is no such point. Another attempt
        weighs the others otherwise.
        """
        system, counts, n = self.system, self.counts, len(self.counts)
        gain, loss = (system.upper - world)[counts], (world - system.lower)[counts]
        least, most = np.zeros(2 * n), np.concatenate([gain, loss])
        at, now = int(np.searchsorted(counts, variable)), world[variable]
        # what one count gains and loses would cancel out: of the one that is asked for, one alone
        least[at], most[at] = max(0.0, low - now), max(0.0, high - now)
        least[n + at], most[n + at] = max(0.0, now - high), max(0.0, now - low) * (now > high)
        self.solver.changeColsBounds(2 * n, np.arange(2 * n, dtype=np.int32), least, most)
        sums = (system.matrix @ world)[self.rows]
        ends = _ends(system.low[self.rows] - sums, system.high[self.rows] - sums)
        self.solver.changeRowsBounds(len(sums), np.arange(len(sums), dtype=np.int32), *ends)
        weights = np.random.default_rng(attempt).uniform(1, 2 + attempt, 2 * n)
        self.solver.changeColsCost(2 * n, np.arange(2 * n, dtype=np.int32), weights)
        self.solver.clearSolver()
        self.solver.run()
        if self.solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None
        if self.solver.getInfo().primal_solution_status != SOLVED:
            return world
        moved = np.array(self.solver.getSolution().col_value)
        there = world.copy()
        there[counts] += moved[:n] - moved[n:]
        return there


def _steps(system: System, free: np.ndarray) -> dict[int, Steps]:
    """For every free count, the ways of those that it is tied to."""
    live = free[system.column]
    ties = csr_array(
        (np.ones(live.sum()), (system.row[live], system.column[live])), shape=system.matrix.shape
    )
    _, label = connected_components(ties.T @ ties, directed=False)
    parts = {n: np.flatnonzero(free & (label == n)) for n in np.unique(label[free])}
    return {
        int(v): steps
        for counts in parts.values()
        for steps in [Steps(system, counts)]
        for v in counts
    }


def _ends(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.where(low < -MOST, -highspy.kHighsInf, low),
        np.where(high > MOST * 9, highspy.kHighsInf, high),
    )


def _programme(
    matrix: csr_array, ends: tuple[np.ndarray, np.ndarray], bounds: tuple[np.ndarray, np.ndarray]
) -> highspy.HighsLp:
    """Whole numbers within bounds whose sums lie between ends."""
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_ = np.zeros(lp.num_col_)
    lp.col_lower_, lp.col_upper_ = bounds
    lp.row_lower_, lp.row_upper_ = _ends(*ends)
    _set_matrix(lp, matrix)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
    return lp


def _set_matrix(lp: highspy.HighsLp, matrix: csr_array) -> None:
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = matrix.indptr
    lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indices, matrix.data


def suspects(system: System, sought: np.ndarray, values: int, true: np.ndarray) -> np.ndarray:
    """Of the sought counts, those for which a quick search found fewer values than so many."""
    room = system.room()
    worlds = Worlds(system, sought[room[sought] >= values], true)
    few = {v for v in worlds.short(values) if worlds.ask(v, values, quick=True) is not False}
    return np.array([v for v in sought if room[v] < values or worlds.merged.of[v] in few], int)


def lacking(
    system: System,
    sought: np.ndarray,
    values: int,
    true: np.ndarray | None = None,
    *,
    proved: bool = False,
) -> dict[int, set[int]]:
    """Of the sought counts, those for which fewer than so many values were found in worlds, with
    these values. Each has been asked for every value that its bounds leave: others are impossible
    or, very seldom, not settled in time, which counts as lacking too unless it is to be `proved`.
    """
    worlds = Worlds(system, sought, true)
    few = set()
    for v in worlds.short(values):
        answer = worlds.ask(v, values)
        if answer or (answer is None and not proved):
            few.add(v)
    return {int(v): worlds.values(int(v)) for v in sought if worlds.merged.of[v] in few}
