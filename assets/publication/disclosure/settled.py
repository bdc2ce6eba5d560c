"""What follows from the rows and bounds of a system, kept for all who know at least as much.

Belongs here: bounds, what they are of, and whether they hold for another system. Does not belong
here: working them out (`bounds`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import scipy.sparse as sp


@dataclass
class Bounds:
    """Least and greatest value of every variable, and the row that last tightened each (-1: as
    printed).
    """

    low: np.ndarray
    high: np.ndarray
    low_by: np.ndarray
    high_by: np.ndarray
    broken: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))


class Bounded(Protocol):
    """What has rows and bounds: a system."""

    matrix: sp.csr_matrix
    row_low: np.ndarray
    row_high: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Settled:
    """The bounds that follow from a system's rows and bounds, as these were."""

    matrix: sp.csr_matrix
    row_low: np.ndarray
    row_high: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bounds: Bounds

    @classmethod
    def of(cls, system: Bounded, bounds: Bounds) -> Settled:
        """What is settled of a system whose bounds and rows may change after this."""
        low, high = system.low.copy(), system.high.copy()
        return cls(system.matrix, system.row_low, system.row_high, low, high, bounds)

    def is_of(self, system: Bounded) -> bool:
        """Whether it is what follows from just this."""
        return (
            self.matrix is system.matrix
            and np.array_equal(self.low, system.low)
            and np.array_equal(self.high, system.high)
            and np.array_equal(self.row_low, system.row_low)
            and np.array_equal(self.row_high, system.row_high)
        )

    def is_known_to(self, system: Bounded) -> bool:
        """Whether all of it follows from the system too: its rows are among the system's (the
        first ones), and no bound of a row or a figure is wider there.
        """
        rows, entries = len(self.row_low), self.matrix.nnz
        there = system.matrix
        return bool(
            len(self.low) == len(system.low)
            and rows <= len(system.row_low)
            and (self.low <= system.low).all()
            and (self.high >= system.high).all()
            and (self.row_low <= system.row_low[:rows]).all()
            and (self.row_high >= system.row_high[:rows]).all()
            and np.array_equal(self.matrix.indptr, there.indptr[: rows + 1])
            and np.array_equal(self.matrix.indices, there.indices[:entries])
            and np.array_equal(self.matrix.data, there.data[:entries])
        )

    def lacks(self, system: Bounded) -> int:
        """How many of the system's figures and rows have other bounds than follow from this."""
        rows, at = len(self.row_low), self.bounds
        narrower = (system.low > at.low) | (system.high < at.high)
        other = (system.row_low[:rows] > self.row_low) | (system.row_high[:rows] < self.row_high)
        return int(narrower.sum() + other.sum())
