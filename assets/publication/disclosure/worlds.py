"""Other worlds that would have been printed just as this one, kept for all readers of a release.

Belongs here: worlds as moves away from the true one, and what they show a reader.
Does not belong here: making them (`gate`).

A world is kept as *moves*: each changes a few counts of the true world so that every tie still
holds. What a world changes in places that no tie connects are moves of their own, for each of them
is a world. Ties are the same for every reader; so a move is a world for whoever finds all that it
changes within what he knows.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from assets.publication.disclosure.elsewhere import Elsewhere
from assets.publication.disclosure.knowledge import System
from assets.publication.disclosure.neighbours import Neighbours

_TOLERANCE = 1e-6
_MOST_CHANGES = 3_000_000
"""So many changed counts are kept of all moves together."""
_HELD_AT_ONCE = 20_000
"""Moves that are held against the comparisons at once."""


class Worlds:
    """The moves found for a system's readers.

    Where the truth is not held of all counts, or breaks a tie, nothing is kept: each reader's
    worlds are then sought by themselves.
    """

    def __init__(self, system: System) -> None:
        self._system, self.truth, self.small = system, system.truth, system.small
        self._by_column = system.matrix.tocsc()
        self._known: set[bytes] = set()
        self._variables: list[np.ndarray] = []
        self._values: list[np.ndarray] = []
        self._size = 0
        self._broken: list[np.ndarray] = []
        self._held = 0
        nothing = np.array([], dtype="int32")
        # the changes of the first so many moves, one after the other
        self._flat, self._flat_until = (nothing, nothing, nothing), 0
        activity = system.matrix @ np.nan_to_num(system.truth)
        low, high = system.row_low - _TOLERANCE, system.row_high + _TOLERANCE
        holds = bool(((activity >= low) & (activity <= high)).all())
        # worlds are kept as changes of the truth: where that is not whole, or breaks a tie, they
        # would say nothing
        self.is_of_use = holds and not np.isnan(system.truth).any()

    @cached_property
    def places(self) -> Elsewhere:
        """Where the figures stand, so that moves can be made elsewhere."""
        return Elsewhere(self._system)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Which figures are of the same few authorities."""
        return Neighbours(self._system)

    def keep(self, variables: np.ndarray, values: np.ndarray, *, is_smallest: bool = False) -> None:
        """Keep a world in which these variables have these values, and all others their true ones.
        Of the smallest change by which one count moves no part is without ties to it (it would not
        be the smallest): it is kept as it is.
        """
        if not self.is_of_use or self._size > _MOST_CHANGES:
            return
        changed = values != self.truth[variables]
        variables, values = variables[changed], values[changed]
        if not len(variables):
            return
        if is_smallest:
            self._keep_one(variables.astype("int32"), values.astype("int32"))
            return
        # a change of two parts that no tie connects is two worlds: of a reader who cannot believe the
        # one the other is still seen
        part = self._by_column[:, variables]
        tied = abs(part.T) @ abs(part)
        _, label = connected_components(tied, directed=False)
        order = np.lexsort((variables, label))
        ends = np.flatnonzero(np.diff(label[order])) + 1
        for move in np.split(order, ends):
            self._keep_one(variables[move].astype("int32"), values[move].astype("int32"))

    def keep_smallest(
        self, variables: np.ndarray, values: np.ndarray, starts: np.ndarray, moves: np.ndarray
    ) -> None:
        """Keep some of many smallest changes that stand one after the other: the numbers of those
        in `moves`, each from its start to the next one's.
        """
        if not self.is_of_use:
            return
        changed = values != self.truth[variables]
        starts = np.concatenate([[0], np.cumsum(changed)])[starts]
        variables, values = variables[changed].astype("int32"), values[changed].astype("int32")
        ends = zip(starts[moves].tolist(), starts[moves + 1].tolist(), strict=True)
        for start, end in ends:
            if self._size > _MOST_CHANGES:
                return
            if start < end:
                self._keep_one(variables[start:end], values[start:end])

    def _keep_one(self, variables: np.ndarray, values: np.ndarray) -> None:
        name = variables.tobytes() + values.tobytes()
        if name not in self._known:
            self._known.add(name)
            self._variables.append(variables)
            self._values.append(values)
            self._size += len(variables)

    def seen_by(self, view: System, sought: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variables (of those that are sought) and values that worlds show a reader, each pair
        once; the true ones with them.
        """
        if not self.is_of_use or len(view.low) != len(self.truth):
            return np.array([], dtype=int), np.array([], dtype=int)
        true = self.truth[sought].astype(int)
        if not self._variables:
            return sought, true
        move, variables, values = self._all_of_them()
        # what a reader knows of a count rules out the worlds in which it is otherwise
        outside = (values < view.low[variables]) | (values > view.high[variables])
        is_ruled_out = np.zeros(len(self._variables), dtype=bool)
        is_ruled_out[move[outside]] = True
        is_ruled_out[self._against(view.told)] = True
        is_sought = np.zeros(len(self.truth), dtype=bool)
        is_sought[sought] = True
        shown = is_sought[variables] & ~is_ruled_out[move]
        # as one number each, which is told apart many times faster than two are; no value is
        # negative, for no bound is
        most = int(values.max()) + 1
        pairs = pd.unique(variables[shown].astype("int64") * most + values[shown])
        return (np.concatenate([sought, pairs // most]), np.concatenate([true, pairs % most]))

    def _all_of_them(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The changes of all moves one after the other: the move, its variables, their values."""
        new = self._variables[self._flat_until :]
        if new:
            first = self._flat_until + np.arange(len(new), dtype="int32")
            pieces = (
                np.repeat(first, [len(v) for v in new]),
                np.concatenate(new),
                np.concatenate(self._values[self._flat_until :]),
            )
            both = zip(self._flat, pieces, strict=True)
            self._flat = tuple(np.concatenate(of) for of in both)  # type: ignore[assignment]
            self._flat_until = len(self._variables)
        return self._flat

    def _against(self, told: np.ndarray) -> np.ndarray:
        """The moves that contradict one of these comparisons."""
        if not len(told):
            return np.array([], dtype=int)
        self._hold_against_comparisons()
        moves, rows = np.concatenate(self._broken, axis=1)
        held: np.ndarray = moves[np.isin(rows, told)]
        return held

    def _hold_against_comparisons(self) -> None:
        """Work out of every new move which comparisons it contradicts."""
        comparisons, now = self._system.comparisons, self._system.comparisons.matrix @ self.truth
        while self._held < len(self._variables):
            # a count is in many comparisons: of all moves at once they would fill the memory
            some = slice(self._held, self._held + _HELD_AT_ONCE)
            new, values = self._variables[some], np.concatenate(self._values[some])
            starts, variables = np.cumsum([0, *map(len, new)]), np.concatenate(new)
            steps = (values - self.truth[variables], variables, starts)
            moved = sp.csr_matrix(steps, shape=(len(new), len(self.truth)))
            shift = (moved @ comparisons.matrix.T).tocoo()
            at = now[shift.col] + shift.data
            low, high = comparisons.low[shift.col], comparisons.high[shift.col]
            wrong = (at < low - _TOLERANCE) | (at > high + _TOLERANCE)
            self._broken.append(np.stack([shift.row[wrong] + self._held, shift.col[wrong]]))
            self._held += len(new)

    def unsettled(self, view: System, sought: np.ndarray, need: np.ndarray) -> np.ndarray:
        """Those of the sought variables of which fewer values are seen than they need."""
        variables, _ = self.seen_by(view, sought)
        values = np.bincount(variables, minlength=len(view.low))
        few: np.ndarray = sought[values[sought] < need[sought]]
        return few

    def of(self, system: System) -> Worlds:
        """The moves that are worlds of another system too: of the same editions printed otherwise,
        with other ties, or with a few figures more or less.
        """
        other = Worlds(system)
        if not (other.is_of_use and self._variables):
            return other
        sizes = np.array([len(v) for v in self._variables])
        values = np.concatenate(self._values)
        variables = _places(self._system, system)[np.concatenate(self._variables)]
        move = np.repeat(np.arange(len(sizes)), sizes)
        there = variables >= 0  # a figure that is not printed any more is tied to nothing
        variables, values, move = variables[there], values[there], move[there]
        shape = (len(system.low), len(sizes))
        steps = sp.csc_matrix((values - system.truth[variables], (variables, move)), shape)
        shift = (system.matrix @ steps).tocoo()
        at = (system.matrix @ system.truth)[shift.row] + shift.data
        low, high = system.row_low[shift.row], system.row_high[shift.row]
        wrong = (at < low - _TOLERANCE) | (at > high + _TOLERANCE)
        is_broken = np.bincount(shift.col, wrong, len(sizes)) > 0
        steps.eliminate_zeros()  # two figures that are one here may have moved against each other
        steps.sort_indices()
        for n in np.flatnonzero(~is_broken & (np.diff(steps.indptr) > 0)):
            at_move = slice(steps.indptr[n], steps.indptr[n + 1])
            changed = steps.indices[at_move]
            now = system.truth[changed] + steps.data[at_move]
            other._keep_one(changed.astype("int32"), now.astype("int32"))
        return other


def _places(old: System, new: System) -> np.ndarray:
    """The variable that each of the old system's is in the new one; -1 where it has none."""
    places = np.full(len(old.low), -1)
    where = ["release", "table", "measure", "row"]
    both = old.cells[[*where, "variable"]].merge(new.cells[[*where, "variable"]], on=where)
    places[both["variable_x"]] = both["variable_y"]
    rests = [_rests(system) for system in (old, new)]
    for name, variable in rests[0].items():
        places[variable] = rests[1].get(name, -1)
    return places


def _rests(system: System) -> dict[tuple[str, int], int]:
    """The variables that are no printed figure, by name and how often it has been seen before."""
    rests: dict[tuple[str, int], int] = {}
    often: dict[str, int] = {}
    for variable in range(int(system.cells["variable"].max()) + 1, len(system.names)):
        name = system.names[variable]
        often[name] = often.get(name, 0) + 1
        rests[name, often[name]] = variable
    return rests
