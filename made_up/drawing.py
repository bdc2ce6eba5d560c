"""Drawing and dividing: seeded streams of chance, whole numbers that add up, matching within
groups.

Belongs here: arithmetic on arrays that several modules of the made-up region share.
Does not belong here: anything that knows what a child, a setting or an authority is.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = NDArray[Any]


def stream(seed: int, *what: str | int) -> np.random.Generator:
    """A generator of its own for each purpose, so that one purpose's draws do not move another's."""
    return np.random.default_rng([seed, *(zlib.crc32(str(part).encode()) for part in what)])


def allot(total: int, weights: Floats) -> Ints:
    """Whole numbers in proportion to `weights` that add up to `total` (largest remainders)."""
    return allot_rows(np.array([total]), np.asarray(weights, dtype=float)[None, :])[0]


def allot_rows(totals: Ints, weights: Floats) -> Ints:
    """Row by row, whole numbers in proportion to the row's weights that add up to the row's total.

    A row without any weight gets nothing.
    """
    sums = weights.sum(axis=1, keepdims=True)
    exact = np.divide(
        weights * np.asarray(totals)[:, None],
        sums,
        out=np.zeros_like(weights, dtype=float),
        where=sums > 0,
    )
    whole = np.floor(exact + 1e-9)
    left = np.where(sums[:, 0] > 0, np.asarray(totals) - whole.sum(axis=1), 0).astype(int)
    order = np.argsort(-(exact - whole), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(
        rank, order, np.broadcast_to(np.arange(weights.shape[1]), order.shape), axis=1
    )
    return (whole + (rank < left[:, None])).astype(np.int64)


def fit_margins(start: Floats, rows: Floats, columns: Floats, rounds: int = 60) -> Floats:
    """`start` scaled until its rows and columns add up to the margins (iterative proportional
    fitting).
    """
    table = start.astype(float)
    for _ in range(rounds):
        sums = table.sum(axis=1)
        table = table * np.divide(rows, sums, out=np.zeros_like(sums), where=sums > 0)[:, None]
        sums = table.sum(axis=0)
        table = table * np.divide(columns, sums, out=np.zeros_like(sums), where=sums > 0)[None, :]
    return table


def rank_within(groups: Ints, order: Floats) -> Ints:
    """The place (from 0) of each item among those of its group, by `order`."""
    sequence = np.lexsort((order, groups))
    ordered = groups[sequence]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(first)
    rank = np.empty(len(groups), dtype=np.int64)
    rank[sequence] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
    return rank


def match(
    seekers: Ints, seeker_order: Floats, slots: Ints, slot_order: Floats
) -> tuple[Ints, Ints]:
    """Pairs (seeker, slot) of the same group: the first seeker with the first slot, and so on.

    `seekers` and `slots` hold the group of each; whoever finds none is in no pair.
    """
    if not len(seekers) or not len(slots):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    width = max(len(seekers), len(slots)) + 1
    wanted = seekers.astype(np.int64) * width + rank_within(seekers, seeker_order)
    offered = slots.astype(np.int64) * width + rank_within(slots, slot_order)
    _, left, right = np.intersect1d(wanted, offered, assume_unique=True, return_indices=True)
    return left, right


def pick(weights: Floats, rows: Ints, rng: np.random.Generator) -> Ints:
    """For each entry of `rows`, a column drawn with that row's weights."""
    totals = np.cumsum(weights, axis=1)
    drawn = rng.random(len(rows)) * totals[rows, -1]
    return np.minimum((totals[rows] <= drawn[:, None]).sum(axis=1), weights.shape[1] - 1)


def choice(
    rng: np.random.Generator, options: list[Any] | tuple[Any, ...], chances: list[float], size: int
) -> Texts:
    """`size` of the options, drawn with their chances."""
    values = np.empty(len(options), dtype=object)
    values[:] = list(options)
    return values[rng.choice(len(options), size=size, p=np.array(chances) / np.sum(chances))]
