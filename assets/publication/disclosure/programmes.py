"""Linear and integer programmes over a system, solved by HiGHS.

Belongs here: a model that is solved again and again, and the range of single counts. Does not
belong here: which are solved (`search`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from assets.publication.disclosure.bounds import TOLERANCE, Tightening, reason

if TYPE_CHECKING:
    import highspy

_LONGEST = 120.0
"""Seconds by the clock that one programme may take. A busy machine does less in them: what decides
is how far the search goes, so that the same draft is decided alike everywhere.
"""
_NODES = 1000
"""Nodes of the search for one integer solution: it needs few where there is one."""
_NEAR_ENOUGH, _FEW_NODES = 0.5, 200
"""How much larger than the smallest a move of whole numbers may be, and nodes of the search for it.
"""
_DUAL, _PRIMAL = 1, 4
"""HiGHS's numbers for the dual and the primal simplex method."""
_MOST_STEPS = 5000
"""Steps of the simplex method that one move may take."""


class Model:
    """Rows and columns as a HiGHS model, solved again and again with other weights or bounds."""

    def __init__(
        self,
        body: sp.csr_matrix,
        row_low: np.ndarray,
        row_high: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
    ) -> None:
        import highspy

        self.highs = _programme(body.tocsc(), row_low, row_high, np.zeros(len(low)), low, high)
        # from nothing the dual method is faster by a third
        self.highs.setOptionValue("simplex_strategy", _DUAL)
        self.columns = np.arange(len(low), dtype=np.int32)
        self.low, self.high = low, high
        self.optimal = highspy.HighsModelStatus.kOptimal

    def solve(self, weights: np.ndarray) -> np.ndarray | None:
        """The solution of least weight; None where there is none."""
        self.highs.changeColsCost(len(self.columns), self.columns, weights)
        # HiGHS counts the seconds of all runs of a model together
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + _LONGEST)
        self.highs.run()
        if self.highs.getModelStatus() != self.optimal:
            return None
        # with other weights the last solution is still one to begin with, for the primal method:
        # ten times as fast
        self.highs.setOptionValue("simplex_strategy", _PRIMAL)
        self.last = self.highs.getSolution()
        return np.array(self.last.col_value)

    def bound(self, low: np.ndarray, high: np.ndarray) -> None:
        """Other bounds for all variables."""
        self.low, self.high = low, high
        self.highs.changeColsBounds(len(self.columns), self.columns, low, high)

    def binding_rows(self) -> list[int]:
        """The rows that held the last solution back."""
        return [int(r) for r in np.flatnonzero(np.abs(np.array(self.last.row_dual)) > TOLERANCE)]

    def reduced_costs(self) -> np.ndarray:
        """By how much a bound of each variable held the last solution back; 0 where it did not."""
        return np.array(self.last.col_dual)

    def solve_whole(self, column: int | None = None, value: float = 0.0) -> np.ndarray | None:
        """A whole-number solution, `column` having that value where one is given; None where there
        is none, or none was found in time.
        """
        low, high = self.low.copy(), self.high.copy()
        if column is not None:
            low[column] = high[column] = value
        self.highs.changeColsBounds(len(self.columns), self.columns, low, high)
        # whole from now on: a model that is asked for ranges must not be this one
        self.highs.changeColsIntegrality(
            len(self.columns), self.columns, np.ones(len(self.columns), dtype=np.uint8)
        )
        self.highs.setOptionValue("mip_max_nodes", _NODES)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + _LONGEST)
        self.highs.run()
        return (
            np.array(self.highs.getSolution().col_value)
            if self.highs.getModelStatus() == self.optimal
            else None
        )


def _programme(
    body: sp.csc_matrix,
    row_low: np.ndarray,
    row_high: np.ndarray,
    cost: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> highspy.Highs:
    """A linear programme in HiGHS: of least cost, rows and columns within these bounds."""
    import highspy

    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    # one thread and one seed: a draft is decided alike on every machine
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", 5)
    by_column = int(highspy.MatrixFormat.kColwise)
    least = int(highspy.ObjSense.kMinimize)
    sizes = (len(low), len(row_low), body.nnz, by_column, least, 0.0)
    matrix = (body.indptr.astype("int32"), body.indices.astype("int32"), body.data)
    fractions = np.zeros(len(low), dtype="int32")
    highs.passModel(*sizes, cost, low, high, row_low, row_high, *matrix, fractions)
    return highs


class Moves:
    """The smallest changes of a world by which single counts move.

    `low` and `high` are how much room each row of `body` has from where the world is, `down` and
    `up` by how much each variable may fall and rise.
    """

    def __init__(
        self,
        body: sp.csc_matrix,
        low: np.ndarray,
        high: np.ndarray,
        down: np.ndarray,
        up: np.ndarray,
    ) -> None:
        import highspy

        self._size, self._up, self._down = len(up), up, down
        self._body, self._low, self._high = body, low - TOLERANCE, high + TOLERANCE
        self._optimal = highspy.HighsModelStatus.kOptimal
        # a variable for each rise and one for each fall: their sum is what is made least
        both = sp.csc_matrix(
            (
                np.concatenate([body.data, -body.data]),
                np.concatenate([body.indices, body.indices]),
                np.concatenate([body.indptr, body.indptr[1:] + body.nnz]),
            ),
            shape=(body.shape[0], 2 * self._size),
        )
        room = np.concatenate([up, down])
        self._highs = _programme(both, low, high, np.ones(len(room)), np.zeros(len(room)), room)
        # each run begins from a basis that is a few steps from its end
        self._highs.setOptionValue("presolve", "off")
        self._highs.setOptionValue("simplex_strategy", _DUAL)
        self._highs.setOptionValue("simplex_iteration_limit", _MOST_STEPS)
        self._made_of = (both, low, high, np.ones(len(room)), np.zeros(len(room)), room)
        self._whole: highspy.Highs | None = None

    def has_room(self, column: int, by: int) -> bool:
        """Whether a variable may move so far at all."""
        return bool(-self._down[column] <= by <= self._up[column])

    def smallest(self, column: int, by: int) -> np.ndarray | None:
        """The whole-number change of all variables with `column` moved `by` (for which it must have
        room) that moves the others least; None where there is none, or the programme's is not of
        whole numbers.
        """
        self._highs.setBasis()  # nothing moved: any one move is a few steps away from there
        return self._solved(self._highs, column, by)

    def smallest_whole(self, column: int, by: int) -> np.ndarray | None:
        """As `smallest`, sought among whole numbers where the programme's is of fractions: it may
        be a few counts larger than the smallest, and takes longer.
        """
        if self._whole is None:
            size = 2 * self._size
            self._whole = _programme(*self._made_of)
            self._whole.changeColsIntegrality(
                size, np.arange(size, dtype=np.int32), np.ones(size, dtype=np.uint8)
            )
            self._whole.setOptionValue("mip_rel_gap", _NEAR_ENOUGH)
            self._whole.setOptionValue("mip_max_nodes", _FEW_NODES)
        self._whole.setOptionValue("time_limit", self._whole.getRunTime() + _LONGEST)
        return self._solved(self._whole, column, by)

    def of_fractions(self, column: int, by: int) -> np.ndarray | None:
        """The change of all variables as `smallest` has it, in fractions; None where there is none."""
        self._highs.setBasis()
        return self._change(self._highs, column, by)

    def _solved(self, highs: highspy.Highs, column: int, by: int) -> np.ndarray | None:
        change = self._change(highs, column, by)
        if change is None:
            return None
        # a programme of fractions, rounded, need not keep the rows any more, and may have moved the
        # count by something else
        change = np.round(change)
        return change if change[column] == by and self.is_one(change) else None

    def _change(self, highs: highspy.Highs, column: int, by: int) -> np.ndarray | None:
        rise, fall = column, self._size + column
        moved, other = (rise, fall) if by > 0 else (fall, rise)
        highs.changeColBounds(moved, abs(by), abs(by))
        highs.changeColBounds(other, 0, 0)
        highs.run()
        is_solved = highs.getModelStatus() == self._optimal
        solution = np.array(highs.getSolution().col_value) if is_solved else None
        # the next count moves from the same place
        highs.changeColBounds(rise, 0, self._up[column])
        highs.changeColBounds(fall, 0, self._down[column])
        return None if solution is None else solution[: self._size] - solution[self._size :]

    def is_one(self, change: np.ndarray) -> bool:
        """Whether a change keeps all rows and no variable leaves its room."""
        if (change > self._up).any() or (-change > self._down).any():
            return False
        activity = self._body @ change
        return bool((activity >= self._low).all() and (activity <= self._high).all())


class Ranges:
    """The least and greatest value of single variables by linear programmes, one after the other,
    and what holds them there.

    The programme has the bounds as printed; `follow` after these have changed.
    """

    def __init__(self, tightening: Tightening) -> None:
        system, self._tightening = tightening.system, tightening
        low, high = tightening.base_low.copy(), tightening.base_high.copy()
        self._model = Model(system.matrix.tocsr(), system.row_low, system.row_high, low, high)

    def follow(self) -> None:
        """Take the bounds as they are now."""
        self._model.bound(self._tightening.base_low.copy(), self._tightening.base_high.copy())

    def of(self, variable: int) -> tuple[float, float, list[int]]:
        """Least and greatest, and the variables whose bounds hold them, those that hold most first."""
        system, bounds = self._tightening.system, self._tightening.bounds
        weights, ends, held = np.zeros(len(bounds.low)), [], np.zeros(len(bounds.low))
        # least first, then greatest: of the opposite weight
        for sign in (1.0, -1.0):
            weights[variable] = sign
            solution = self._model.solve(weights)
            if solution is None:  # not in time: the bounds hold all the same, if wider
                return (
                    bounds.low[variable],
                    bounds.high[variable],
                    reason(system, bounds, variable)[0],
                )
            ends.append(solution[variable])
            held = np.maximum(held, np.abs(self._model.reduced_costs()))
        # what is asked of does not hold itself
        held[variable] = 0
        holding = np.flatnonzero(held > TOLERANCE)
        return (
            # inward to whole numbers, with the tolerance of the solver
            float(np.ceil(ends[0] - TOLERANCE)), float(np.floor(ends[1] + TOLERANCE)),
            holding[np.argsort(-held[holding], kind="stable")].tolist(),
        )  # fmt: skip
