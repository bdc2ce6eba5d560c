"""Looking for other worlds: whole-number tables that would have been printed just the same.

Belongs here: making worlds of the true one, for one view of a system. Does not belong here:
keeping them for other views (`worlds`), who is asked of what (`proof`), the verdict (`gate`).

Each unsettled count is moved by a child or two, and the smallest change of the others that keeps
every tie is found by a linear programme: such a change touches few counts, so that it is a world
for most other readers too. What is not settled so has its range found by linear programmes, and
its worlds by integer ones, near the true world and then anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from assets.publication.disclosure.bounds import TOLERANCE, Bounds, leak_of
from assets.publication.disclosure.knowledge import System
from assets.publication.disclosure.programmes import Model, Moves
from assets.publication.disclosure.verdict import Leak
from assets.publication.disclosure.worlds import Worlds

_SECONDS_ALONE = 20.0
"""Seconds for looking for worlds of one count that nothing else has settled."""
_AROUND, _WITHIN = 1200, 250
"""Variables about a count that may move with it, and those well within them that are moved in turn.
"""
_BY = (1, -1, 2, -2, 3, -3, 4, -4)
"""By how much a count is moved."""
_TRIES = 2
"""Programmes after which a count that none of them moved is left to a wider search."""
_FAR = 5
"""How far any other may be moved then."""
_TIMES = (-1, 2, -2)
"""What a move may be multiplied with to be another one."""


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
        worlds: Worlds | None = None,
    ) -> None:
        self.system, self.bounds, self.need, self.deadline = system, bounds, need, deadline
        self.worlds = worlds or Worlds(system)
        self.programmes = 0
        self._reduce(protected)
        self.open = self._place[protected][self._place[protected] >= 0]
        # by position, of what is asked of: of the others nobody need know
        self.seen: dict[int, set[int]] = {position: set() for position in self.open.tolist()}
        self._is_asked = np.zeros(len(self._place), dtype=bool)
        self._is_asked[self.columns[self.open]] = True
        self.start: np.ndarray | None = None
        self._model: Model | None = None
        self._of_all: tuple[Moves, np.ndarray] | None = None
        self._tried: set[bytes] = set()
        self._activity, self._wrong = np.array([]), set[int]()

    def _reduce(self, protected: np.ndarray) -> None:
        """Leave out what is fixed, rows that always hold, and whatever is tied to no protected
        variable.
        """
        matrix, low, high = self.system.matrix, self.bounds.low, self.bounds.high
        free = low < high
        positive, negative = matrix.maximum(0), matrix.minimum(0)
        least, greatest = positive @ low + negative @ high, positive @ high + negative @ low
        row_low, row_high = self.system.row_low, self.system.row_high
        # a row that holds whatever its variables are says nothing of them
        holds = (least >= row_low - TOLERANCE) & (greatest <= row_high + TOLERANCE)
        kept_rows = np.flatnonzero(~holds)
        body = matrix[kept_rows][:, free]
        fixed = matrix[kept_rows] @ np.where(free, 0, low)
        columns = np.flatnonzero(free)
        # components: two variables belong together where a row ties them
        links = (
            # without their signs: two ties of the same two must not cancel each other out
            (abs(body.T) @ abs(body)).tocsr()
            if len(kept_rows)
            else sp.csr_matrix((len(columns),) * 2)
        )
        _, label = connected_components(links, directed=False)
        is_protected = np.isin(columns, protected)
        wanted = np.isin(label, np.unique(label[is_protected]))
        # of what is tied to nothing protected the ties are left out too: no move may change it
        is_tied = np.diff(body.tocsc().indptr) > 0
        self.left_out = np.zeros(len(low), dtype=bool)
        self.left_out[columns[is_tied & ~wanted]] = True
        # a row of which no variable is left ties nothing
        inside = np.flatnonzero(np.diff(body[:, wanted].tocsr().indptr) > 0)
        self.columns = columns[wanted]
        self.component = label[wanted]
        self.rows = kept_rows[inside]
        self.body = body[inside][:, wanted].tocsr()
        self.ties, self.by_column = abs(self.body), self.body.tocsc()
        # a row a variable: what is fixed, or left out, is in none of them
        sizes = np.zeros(len(low), dtype=self.by_column.indptr.dtype)
        sizes[self.columns] = np.diff(self.by_column.indptr)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        self._by_variable = sp.csr_matrix(
            (self.by_column.data, self.by_column.indices, starts), (len(low), len(self.rows))
        )
        self.row_low = row_low[self.rows] - fixed[inside]
        self.row_high = row_high[self.rows] - fixed[inside]
        self.low, self.high = low[self.columns], high[self.columns]
        # the position of each variable among them
        self._place = np.full(len(low), -1)
        self._place[self.columns] = np.arange(len(self.columns))
        first = self.body.indices[self.body.indptr[:-1]]
        self.row_component = self.component[first] if len(self.rows) else np.array([], dtype=int)

    def unsettled(self) -> list[int]:
        """The protected variables that moves do not settle: those found before, and new ones."""
        # a variable without a row of its own may take any value between its bounds
        alone = np.diff(self.body.tocsc().indptr) == 0
        self.open = self.open[~alone[self.open]]
        if len(self.open):
            self.start = self._start()
        if self.start is not None:
            self._begin_at(self.start)
            self._keep(self.start)
            self._see()
            self._move_each(self.start)
        return [int(self.columns[position]) for position in self.open]

    def _begin_at(self, start: np.ndarray) -> None:
        """Take a world to begin with: in what contradicts it nothing is moved."""
        self._activity, self._wrong = self.body @ start, self._contradicted(start)
        self.left_out[self.columns[np.isin(self.component, list(self._wrong))]] = True

    def leaks(self) -> list[Leak]:
        """Every protected variable that could not be proved safe."""
        self.unsettled()
        unproved: list[Leak] = []
        while len(self.open) and time.thread_time() <= self.deadline:
            # one at a time: what is found for it may settle others
            position = int(self.open[0])
            if leak := self._solve_alone(position):
                unproved.append(leak)
            self.open = self.open[self.open != position]
            self._settle()
        # not proved in time is not proved
        self._settle()
        unproved += [self._unproved(position) for position in self.open.tolist()]
        return unproved

    def _leak_of(
        self, position: int, least: float, greatest: float, rows: tuple[int, ...] = ()
    ) -> Leak:
        variable = int(self.columns[position])
        return leak_of(self.system, self.bounds, variable, least, greatest, rows)

    def model(self) -> Model:
        """The whole of it as a model for linear programmes, made once."""
        if self._model is None:
            self._model = Model(self.body, self.row_low, self.row_high, self.low, self.high)
        return self._model

    def _move_among_all(self, position: int) -> None:
        """Move one count, and whatever must move with it, however far from it it is."""
        if self.start is None or self.component[position] in self._wrong:
            return
        self._move(position, *self._moves_of_all(self.start), self.start)

    def _moves_of_all(self, start: np.ndarray) -> tuple[Moves, np.ndarray]:
        """The moves of everything, made once."""
        if self._of_all is None:
            self._of_all = self._moves(self._everything(), start, np.inf)
        return self._of_all

    def _everything(self) -> np.ndarray:
        return np.ones(len(self.columns), dtype=bool)

    def _start(self) -> np.ndarray | None:
        """A world to begin with: the truth where it is held, the rest made to fit; else any."""
        truth = self.system.truth[self.columns]
        unknown = np.isnan(truth)
        if unknown.any():
            self.programmes += 1
            model, moving = self._part(unknown, np.where(unknown, 0, truth))
            solution = model.solve_whole()
            if solution is not None:
                truth[moving] = np.round(solution)
                return truth
            self.programmes += 1
            whole = Model(self.body, self.row_low, self.row_high, self.low, self.high)
            solution = whole.solve_whole()
            return None if solution is None else np.round(solution)
        return truth

    def _part(self, free: np.ndarray, start: np.ndarray) -> tuple[Model, np.ndarray]:
        """A model of the `free` variables alone, the others staying as in the start, and the
        variables that it has.
        """
        rows, moving = np.flatnonzero(self.ties @ free), np.flatnonzero(free)
        body = self.body[rows]
        stays = body @ np.where(free, 0.0, start)
        low, high = self.row_low[rows] - stays, self.row_high[rows] - stays
        return Model(body[:, moving], low, high, self.low[moving], self.high[moving]), moving

    def _move_each(self, start: np.ndarray) -> None:
        """Move each unsettled count by the smallest change that every tie allows, those that lie
        near each other with one model: among few authorities, then, where that does not settle it,
        among all.
        """
        for is_first in (True, False):
            waiting = [p for p in self.open.tolist() if self.component[p] not in self._wrong]
            while waiting and time.thread_time() < self.deadline:
                # of those that are settled by now nothing is asked
                if self._is_settled(waiting[0]):
                    waiting = waiting[1:]
                    continue
                let = self._everything()
                if is_first:
                    few = self.worlds.neighbours.of(int(self.columns[waiting[0]]))
                    let = few[self.columns]
                free, within = self._near(waiting[0], _AROUND, let)
                moves, moving = self._moves(free, start)
                for position in (p for p in waiting if within[p]):
                    self._move(position, moves, moving, start, _TRIES)
                waiting = [p for p in waiting if not within[p]]
            self._settle()

    def _moves(
        self, free: np.ndarray, start: np.ndarray, far: float = _FAR
    ) -> tuple[Moves, np.ndarray]:
        """The moves of the `free` variables, by no more than `far` each, the others staying as they
        are, and these variables.
        """
        rows, moving = np.flatnonzero(self.ties @ free), np.flatnonzero(free)
        place = np.zeros(len(self.rows), dtype=self.by_column.indices.dtype)
        place[rows] = np.arange(len(rows))
        body = self.by_column[:, moving]
        body = sp.csc_matrix(
            (body.data, place[body.indices], body.indptr), shape=(len(rows), len(moving))
        )
        activity = self.body[rows] @ start
        low, high = self.row_low[rows] - activity, self.row_high[rows] - activity
        at = start[moving]
        down, up = at - self.low[moving], self.high[moving] - at
        return Moves(body, low, high, np.minimum(down, far), np.minimum(up, far)), moving

    def _move(
        self,
        position: int,
        moves: Moves,
        moving: np.ndarray,
        start: np.ndarray,
        tries: int = len(_BY),
    ) -> None:
        """Move one count up and down, until it is settled; where the first `tries` programmes all
        find nothing it is left.
        """
        column, at = int(np.searchsorted(moving, position)), int(start[position])
        for by in _BY:
            if self._is_settled(position) or not tries:
                return
            # a value that was seen settles nothing more
            if at + by in self.seen[position]:
                continue
            if not moves.has_room(column, by):
                continue
            self.programmes += 1
            change = moves.smallest(column, by)
            if change is None:
                tries -= 1
            else:
                tries = len(_BY)
                changed = np.flatnonzero(change)
                variables, there = self.columns[moving[changed]], start[moving[changed]]
                for times in (1, *(n for n in _TIMES if moves.is_one(n * change))):
                    values = np.rint(there + times * change[changed]).astype(int)
                    self._take_move(variables, values, is_smallest=True)
                self._move_elsewhere(variables, change[changed])

    def _move_elsewhere(self, variables: np.ndarray, change: np.ndarray) -> None:
        """Make the same move among other authorities, wherever it is possible there too."""
        if not self.worlds.is_of_use:
            return
        low, high = self.bounds.low, self.bounds.high
        moves = self.worlds.places.made(variables, change, low, high, self._tried)
        if moves is None:
            return
        column, count = moves.indices, moves.shape[0]
        values = self.system.truth[column] + moves.data
        # they are whole, and as no bound is below 0 none is negative
        outside = (values < low[column]) | (values > high[column]) | self.left_out[column]
        move = np.repeat(np.arange(count), np.diff(moves.indptr))
        shift = moves @ self._by_variable
        at = self._activity[shift.indices] + shift.data
        wrong = at < self.row_low[shift.indices] - TOLERANCE
        wrong |= at > self.row_high[shift.indices] + TOLERANCE
        of = np.repeat(np.arange(count), np.diff(shift.indptr))
        is_wrong = np.bincount(move, outside, count) + np.bincount(of, wrong, count)
        # what moves nothing small serves nobody
        is_of_use = np.bincount(move, self.worlds.small[column], count) > 0
        taken = (is_wrong == 0) & is_of_use
        whole = values.astype(int)
        self._note(column[taken[move]], whole[taken[move]])
        self.worlds.keep_smallest(column, whole, moves.indptr, np.flatnonzero(taken))

    def _move_whole(self, position: int, parts: Iterable[np.ndarray], latest: float) -> None:
        """Move one count by whole numbers, where programmes of fractions found no such move, with
        the variables of one part after another.
        """
        # a part may miss a row that the start breaks: what is moved then is no world
        if self.start is None or self.component[position] in self._wrong:
            return
        start, at = self.start, int(self.start[position])
        for free in parts:
            moves, moving = self._moves(free, start, np.inf)
            column = int(np.searchsorted(moving, position))
            for by in (by for by in _BY if at + by not in self.seen[position]):
                if self._is_settled(position) or time.thread_time() > latest:
                    return
                if not moves.has_room(column, by):
                    continue
                self.programmes += 1
                change = moves.smallest_whole(column, by)
                if change is not None:
                    changed = moving[np.flatnonzero(change)]
                    values = np.rint(start[changed] + change[change != 0]).astype(int)
                    self._take_move(self.columns[changed], values)

    def _around(self, position: int, latest: float) -> Iterator[np.ndarray]:
        """Parts in which a count may move by whole numbers: what lies around that which moves with
        it in fractions, each once. Few of these are halves, and little is tied to them.
        """
        if self.start is None:
            return
        moves, moving = self._moves_of_all(self.start)
        column, tried = int(np.searchsorted(moving, position)), set[bytes]()
        for by in (by for by in _BY if moves.has_room(column, by)):
            if time.thread_time() > latest:
                return
            self.programmes += 1
            if (change := moves.of_fractions(column, by)) is None:
                continue
            moved = np.zeros(len(self.columns), dtype=bool)
            moved[moving[np.abs(change) > TOLERANCE]] = True
            part = (self.ties.T @ (self.ties @ moved)) > 0
            if part.tobytes() not in tried:
                tried.add(part.tobytes())
                yield part

    def _take_move(
        self, variables: np.ndarray, values: np.ndarray, *, is_smallest: bool = False
    ) -> None:
        """Keep a world in which these variables have these values, and all others stay."""
        self._note(variables, values)
        self.worlds.keep(variables, values, is_smallest=is_smallest)

    def _note(self, variables: np.ndarray, values: np.ndarray) -> None:
        """Note that worlds were found in which variables have these values."""
        asked = self._is_asked[variables]
        places, values = self._place[variables[asked]], values[asked]
        for position, value in zip(places.tolist(), values.tolist(), strict=True):
            self.seen[position].add(value)

    def _near(self, position: int, most: int, let: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The variables nearest to one, tie by tie, of those that are `let`, and those that lie
        well within these: the others may stay as they are while it is moved.
        """
        near = np.zeros(len(self.columns), dtype=bool)
        near[position] = True
        within = near
        while near.sum() < most:
            wider = ((self.ties.T @ (self.ties @ near)) > 0) & let
            # nothing further is tied to it
            if (wider == near).all():
                return near, near
            within = near if near.sum() <= _WITHIN else within
            near = wider
        return near, within

    def _see(self) -> None:
        """Take what worlds found for other readers show this one."""
        self._note(*self.worlds.seen_by(self.system, self.columns[self.open]))
        self._settle()

    def _take(self, solution: np.ndarray) -> None:
        """Keep what a new world shows, here and for the other readers."""
        whole, contradicted = self._keep(solution)
        good = ~np.isin(self.component, list(contradicted))
        self.worlds.keep(self.columns[good], whole[good])

    def _keep(self, solution: np.ndarray) -> tuple[np.ndarray, set[int]]:
        """Keep what a world shows, component by component, where it is whole numbers and keeps
        every row; as whole numbers, and where not.
        """
        whole = np.clip(np.round(solution), self.low, self.high)
        contradicted = self._contradicted(whole)
        good = ~np.isin(self.component[self.open], list(contradicted))
        for position in self.open[good].tolist():
            self.seen[position].add(int(whole[position]))
        self._settle()
        return whole, contradicted

    def _contradicted(self, world: np.ndarray) -> set[int]:
        """The components in which a world breaks a row or leaves a bound."""
        activity = self.body @ world
        wrong = (activity < self.row_low - TOLERANCE) | (activity > self.row_high + TOLERANCE)
        outside = (world < self.low) | (world > self.high)
        return {*self.row_component[wrong].tolist(), *self.component[outside].tolist()}

    def _is_settled(self, position: int) -> bool:
        return bool(len(self.seen[position]) >= self.need[self.columns[position]])

    def _settle(self) -> None:
        settled = np.array([self._is_settled(position) for position in self.open], dtype=bool)
        self.open = self.open[~settled]

    def _measure(self, position: int) -> tuple[float, float, tuple[int, ...]]:
        """The least and greatest value of a variable, and the rows that hold it there; its bounds
        where no programme tells.
        """
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
        # a programme's end may lie a hair beside the whole number that it is
        least, greatest = np.ceil(ends[0] - TOLERANCE), np.floor(ends[1] + TOLERANCE)
        return float(least), float(greatest), by

    def _solve_alone(self, position: int) -> Leak | None:
        """Settle one variable: by moves among all others, by whole numbers near it, by its range,
        else by any world.
        """
        need = self.need[self.columns[position]]
        latest = min(self.deadline, time.thread_time() + _SECONDS_ALONE)
        self._move_among_all(position)
        near, _ = self._near(position, _AROUND, self._everything())
        self._move_whole(position, [near], latest)
        if self._is_settled(position):
            return None
        least, greatest, rows = self._measure(position)
        if greatest - least + 1 < need:
            return self._leak_of(position, least, greatest, rows)
        possible = np.arange(least, min(greatest, least + 20) + 1)
        tied = self.component == self.component[position]
        self._move_whole(position, self._around(position, latest), latest)
        self._move_whole(position, [tied], latest)
        self._look(position, possible, tied, latest)
        return None if self._is_settled(position) else self._unproved(position, least)

    def _unproved(self, position: int, least: float | None = None) -> Leak:
        # as many values as were seen, which need not lie beside each other
        seen = self.seen[position]
        first = min(seen, default=int(self.low[position] if least is None else least))
        return self._leak_of(position, first, first + max(len(seen), 1) - 1)

    def _look(self, position: int, values: np.ndarray, free: np.ndarray, latest: float) -> None:
        """Look for worlds in which a variable has these values, the `free` ones being let move and
        the others staying as in the start.
        """
        start = np.zeros(len(self.columns)) if self.start is None else self.start
        model, moving = self._part(free, start)
        column = int(np.searchsorted(moving, position))
        for value in values:
            if self._is_settled(position) or time.thread_time() > latest:
                return
            if int(value) not in self.seen[position]:
                solution = model.solve_whole(column, value)
                self.programmes += 1
                if solution is not None:
                    world = start.copy()
                    world[moving] = solution
                    self._take(world)
