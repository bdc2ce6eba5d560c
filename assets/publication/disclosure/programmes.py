"""Linear and integer programmes over a system, solved by HiGHS.

Belongs here: a model that is solved again and again, and the range of single counts. Does not belong here: which are solved (`search`).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from assets.publication.disclosure.bounds import TOLERANCE, Tightening, reason

_LONGEST = 30.0
"""Seconds by the clock that one programme may take."""
_SECONDS_AT_ONCE = 30.0
_NODES_AT_ONCE = 3
"""Nodes of the search for one: what it has found by then is far enough. (Seconds are of the clock: a busy machine has fewer of them.)"""
_PRIMAL = 4
"""HiGHS's number for the primal simplex method."""


class Model:
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
        return [int(r) for r in np.flatnonzero(np.abs(np.array(self.last.row_dual)) > TOLERANCE)]

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


class Ranges:
    """The least and greatest value of single variables by linear programmes, one after the other, and what holds them there.

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
        for sign in (1.0, -1.0):
            weights[variable] = sign
            solution = self._model.solve(weights)
            if solution is None:
                return bounds.low[variable], bounds.high[variable], reason(system, bounds, variable)[0]
            ends.append(solution[variable])
            held = np.maximum(held, np.abs(self._model.reduced_costs()))
        held[variable] = 0
        holding = np.flatnonzero(held > TOLERANCE)
        return (
            float(np.ceil(ends[0] - TOLERANCE)), float(np.floor(ends[1] + TOLERANCE)),
            holding[np.argsort(-held[holding], kind="stable")].tolist(),
        )  # fmt: skip
