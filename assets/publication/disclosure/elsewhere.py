"""The same move among other authorities: what can be moved here is tried there, all at once.

Belongs here: moves like one that was found, with other authorities in the place of its own. Does
not belong here: finding the first (`search`), keeping them (`worlds`).

Most of the smallest moves are alike: two authorities change places in a few categories. Whether
one of them is a world is decided by ties and bounds, whoever thought of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from assets.publication.disclosure.knowledge import System

_MOST_AREAS = 2
"""Authorities that a move may be made of: of more there are too many choices of others."""
_CHOICES = 600
"""Choices of two authorities that are tried at most."""
_TIMES = (1, -1, 2, -2)
"""What such a move is multiplied with."""


class Elsewhere:
    """Where the figures of a system stand, so that a move can be made elsewhere."""

    def __init__(self, system: System) -> None:
        cells, variable = system.cells, system.cells["variable"].to_numpy()
        area, areas = pd.factorize(cells["area"])
        place = cells.groupby(["release", "table", "measure", "key"], sort=False).ngroup()
        place = place.to_numpy()
        self._at = np.full((int(place.max(initial=-1)) + 1, len(areas)), -1)
        self._at[place, area] = variable
        self._is_authority = np.asarray(areas != "")
        self._choices = _choices(np.flatnonzero(self._is_authority))
        # the cells of each variable: several may show one figure
        order = np.argsort(variable, kind="stable")
        self._place, self._area = place[order], area[order]
        self._printed = int(variable.max(initial=-1)) + 1
        self._starts = np.searchsorted(variable[order], np.arange(self._printed + 1))
        self._truth, self._rests = system.truth[: self._printed], self._rests_of(system)

    def _rests_of(self, system: System) -> sp.csr_matrix:
        """By how much each rest changes with a figure: a row a figure, a column a rest."""
        rests = system.matrix.tocsc()[:, self._printed :]
        # a rest makes up its total (by 1), and is made up of what lies behind it (by -1)
        makes_up = rests.data > 0
        rest = np.repeat(np.arange(rests.shape[1]), np.diff(rests.indptr))[makes_up]
        rest, first = np.unique(rest, return_index=True)
        rows = system.matrix[rests.indices[makes_up][first]][:, : self._printed].tocoo()
        shape = (self._printed, rests.shape[1])
        return sp.csr_matrix((-rows.data, (rows.col, rest[rows.row])), shape)

    def made(
        self,
        variables: np.ndarray,
        change: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        tried: set[bytes],
    ) -> sp.csr_matrix | None:
        """The moves like this one among other authorities, a row each, that leave every printed
        figure between `low` and `high`. None where there is none, where it was `tried` before (it
        is noted there), or is made of too many.
        """
        is_figure = variables < self._printed
        variables, change = variables[is_figure], change[is_figure]
        first, sizes = self._starts[variables], np.diff(self._starts)[variables]
        begins = np.cumsum(sizes) - sizes
        entry = np.repeat(first - begins, sizes) + np.arange(sizes.sum())
        place, area, by = self._place[entry], self._area[entry], np.repeat(change, sizes)
        is_authority = self._is_authority[area]
        of, role = np.unique(area[is_authority], return_inverse=True)
        if not 1 <= len(of) <= _MOST_AREAS:
            return None
        roles = np.full(len(area), -1)
        roles[is_authority] = role
        named = np.column_stack([place, roles, by]).astype(int)
        pattern = named[np.lexsort(named.T)].tobytes()
        if pattern in tried:
            return None
        tried.add(pattern)
        chosen = self._choices[len(of)]
        room = low[: self._printed] - self._truth, high[: self._printed] - self._truth
        # by one cell of each figure first, which leaves few, then by all
        first = self._moved(place[begins], area[begins], roles[begins], chosen)
        fitting = {times: _fits(first, times * by[begins], room) for times in _TIMES}
        tried_on = np.flatnonzero(np.any([*fitting.values()], axis=0))
        moved = self._moved(place, area, roles, chosen[tried_on])
        made, changes = [], []
        for times, fits in fitting.items():
            these = np.flatnonzero(fits[tried_on])
            these = these[_fits(moved[these], times * by, room)]
            made.append(moved[these])
            changes.append(np.broadcast_to(times * by, (len(these), len(by))))
        found = np.concatenate(made)
        return self._as_moves(found, np.concatenate(changes)) if len(found) else None

    def _moved(
        self, place: np.ndarray, area: np.ndarray, roles: np.ndarray, chosen: np.ndarray
    ) -> np.ndarray:
        """The variables of these cells with the authorities chosen, a row a choice; -1 for what is
        not printed there.
        """
        where = np.where(roles < 0, area, chosen[:, np.maximum(roles, 0)])
        moved: np.ndarray = self._at[place, where]
        return moved

    def _as_moves(self, moved: np.ndarray, by: np.ndarray) -> sp.csr_matrix:
        """Moves as rows: the variables of each, which change `by` so much (of the same shape), and
        their rests.
        """
        there = moved >= 0
        # a figure that several cells show is moved once
        code = np.nonzero(there)[0] * self._printed + moved[there]
        code, at = np.unique(code, return_index=True)
        values = by[there][at].astype("float64")
        shape = (len(moved), self._printed)
        figures = sp.csr_matrix((values, (code // self._printed, code % self._printed)), shape)
        moves = sp.hstack([figures, figures @ self._rests], format="csr")
        moves.sort_indices()  # so that the same move looks the same however it was made
        return moves


def _choices(authorities: np.ndarray) -> dict[int, np.ndarray]:
    """The choices of one authority, and of two: each with as many of those after it as may be."""
    count = len(authorities)
    further = np.arange(1, min(count, 1 + _CHOICES // max(count, 1)))
    one = np.repeat(np.arange(count), len(further))
    other = (one + np.tile(further, count)) % max(count, 1)
    return {1: authorities[:, None], 2: authorities[np.column_stack([one, other])]}


def _fits(moved: np.ndarray, by: np.ndarray, room: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether moves (their variables, a row each) change something, and no figure beyond its
    room.
    """
    least, most = room
    fits = (moved < 0) | ((by >= least[moved]) & (by <= most[moved]))
    in_room: np.ndarray = fits.all(axis=1) & (moved >= 0).any(axis=1)
    return in_room
