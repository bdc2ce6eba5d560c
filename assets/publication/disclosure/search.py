"""Looking for other worlds: whole-number tables that would have been printed just the same.

Belongs here: making worlds of the true one, for one view of a system. Does not belong here: keeping them for other views (`worlds`),
who is asked of what (`proof`), the verdict (`gate`).

First many counts at once are pushed up or down, then single ones are moved and every total mended that this breaks; what is not settled
has its range found by linear programmes and its worlds by integer ones, near it and then anywhere.
"""

from __future__ import annotations

import random
import time

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from assets.publication.disclosure.bounds import TOLERANCE, Bounds, leak_of
from assets.publication.disclosure.knowledge import System
from assets.publication.disclosure.programmes import Model
from assets.publication.disclosure.verdict import Leak
from assets.publication.disclosure.worlds import Worlds

_TRIES = 3
"""Attempts to move a count by one amount, each with other partners."""
_STEPS = 60
"""Counts that one attempt may move."""
_SECONDS_ALONE = 5.0
"""Seconds for looking for worlds of one count that nothing else has settled."""
_AROUND = 1000
"""Variables about an unsettled count that are moved with it, all unsettled ones among them pushed up or down by lot."""
_FEW_TO_MEASURE = 60
"""So many unsettled counts, and no more, have their range found before worlds of them are looked for one by one."""
_FEW, _POOR = 10, 3
"""So many worlds that each settle fewer counts than this, and they are sought for one count at a time."""
_FAR = 5
"""How far from the start such a world may be."""


class Prover:
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
        self._model: Model | None = None

    def _reduce(self, protected: np.ndarray) -> None:
        """Leave out what is fixed, rows that always hold, and whatever is not tied to a protected variable."""
        matrix, low, high = self.system.matrix, self.bounds.low, self.bounds.high
        free = low < high
        positive, negative = matrix.maximum(0), matrix.minimum(0)
        least, greatest = positive @ low + negative @ high, positive @ high + negative @ low
        holds = (least >= self.system.row_low - TOLERANCE) & (greatest <= self.system.row_high + TOLERANCE)
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
        return leak_of(self.system, self.bounds, int(self.columns[position]), least, greatest, rows)

    def model(self) -> Model:
        """The whole of it as a model for linear programmes, made once."""
        if self._model is None:
            self._model = Model(self.body, self.row_low, self.row_high, self.low, self.high)
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
            whole = Model(self.body, self.row_low, self.row_high, self.low, self.high)
            return whole.solve_whole(self.deadline - time.thread_time())
        return truth

    def _part(self, free: np.ndarray, start: np.ndarray) -> tuple[Model, np.ndarray]:
        """A model of the `free` variables alone, the others staying as in the start, and the variables that it has."""
        rows = np.flatnonzero(abs(self.body) @ free.astype("float64") > 0)
        body, moving = self.body[rows], np.flatnonzero(free)
        stays = body @ np.where(free, 0.0, start)
        return Model(body[:, moving], self.row_low[rows] - stays, self.row_high[rows] - stays, self.low[moving], self.high[moving]), moving

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
        wrong = (activity < self.row_low - TOLERANCE) | (activity > self.row_high + TOLERANCE)
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
        return float(np.ceil(ends[0] - TOLERANCE)), float(np.floor(ends[1] + TOLERANCE)), by

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
        if at > self.row_high[row] + TOLERANCE:
            return self.row_high[row] - at
        if at < self.row_low[row] - TOLERANCE:
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
