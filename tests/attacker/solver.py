"""What whole numbers can be, as far as bounds tell: rows tightened until nothing moves.

Belongs here: rows of `low <= sum of coefficients x variables <= high`, and their propagation.
Does not belong here: the search for whole worlds (`worlds`), what the variables stand for
(`knowledge`), who knows what (`readers`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

MOST = 100_000
"""More than any count of a region: what is not bounded otherwise."""
ROUNDS = 400
EASE = 1e-6


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
