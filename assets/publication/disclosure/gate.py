"""The gate: a release leaves only if nobody who holds everything published can work out a small
count.

Belongs here: finding the least and greatest value of every hidden small count, proving that it has
enough others, and the verdict. Does not belong here: what the reader knows (`knowledge`), what is
hidden (`suppression`), looking for worlds (`search`).

Three steps, each of which settles what it can. *Bounds*: every tie tightens the bounds of its
terms, rounded to whole numbers, until nothing moves; what has too few values left is a leak.
*Worlds*: other whole-number tables that would have been published just the same are made from the
true ones, by moving a child and mending every total; a count that differs between enough of them
cannot be told.
*Ranges*: what is not settled is solved by linear programmes (HiGHS), least and greatest, and then
by integer ones. What is still not proved safe counts as a leak: the gate fails closed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from assets.publication.disclosure.bounds import (
    Bounds,
    before,
    leak_of,
    needed_values,
    printed,
    propagate,
    tightened,
)
from assets.publication.disclosure.knowledge import System
from assets.publication.disclosure.programmes import Ranges
from assets.publication.disclosure.search import Prover
from assets.publication.disclosure.verdict import Leak, Verdict
from assets.publication.disclosure.worlds import Worlds

_SECONDS_AT_ONCE, _SECONDS, _SECONDS_A_COUNT = 30.0, 120.0, 0.03
"""Seconds for what moves settle for somebody who knows all that several readers know, and for one
reader; or so many for each small count, where that is more: a nation has fourteen times a region's.
"""


def judge(
    system: System,
    possible: int = 3,
    *,
    only: list[int] | None = None,
    limit_seconds: float | None = None,
    worlds: Worlds | None = None,
    most: np.ndarray | None = None,
    anew: bool = False,
) -> Verdict:
    """Attack the system. The release passes if every small count (those of `only`, where given)
    keeps `possible` values, or all that were left of it before (`most`, where that is known of a
    variable already). `worlds` are those of the same proof. With `anew`, counts of which linear
    programmes leave no more values before this release are `excused`.
    """
    # processor time of this thread: a busy machine must not decide otherwise
    started = time.thread_time()
    protected = np.flatnonzero(system.small) if only is None else np.array(sorted(only), dtype=int)
    if limit_seconds is None:
        limit_seconds = max(_SECONDS, _SECONDS_A_COUNT * len(protected))
    need = needed_values(system, possible)
    need = need if most is None else np.minimum(need, most)
    leaks, broken, programmes = _attack(
        system, need, protected, started + limit_seconds, worlds=worlds
    )
    excused: set[int] = set()
    if anew:
        leaks, excused = _told_anew(system, leaks, possible)
    # where the telling, or a tie that is only presumed, leaves too little by itself, whoever is not
    # told, or presumes nothing, must still have enough
    for less, his_worlds in _who_know_less(system, worlds, all_asked=not anew):
        need_his = needed_values(less, possible)
        leaking = {leak.variable for leak in leaks}
        is_doubtful = [need[v] < need_his[v] or v in excused for v in protected]
        doubtful = np.array([v for v in protected[is_doubtful] if v not in leaking], dtype=int)
        # figures that contradict each other are refused as they are: nobody else need be asked
        if len(doubtful) and not len(broken):
            more, _, tried = _attack(
                less, need_his, doubtful, started + limit_seconds, worlds=his_worlds
            )
            if anew:
                more, besides = _told_anew(less, more, possible)
                excused |= besides
            leaks, programmes = leaks + more, programmes + tried
    contradictions = [
        f"the published figures contradict each other: {system.says[r]}: {_row(system, r)}"
        for r in broken[:10]
    ]
    seconds = time.thread_time() - started
    return Verdict(
        tuple(leaks),
        (*system.contradictions, *contradictions),
        len(protected),
        len(system.low),
        programmes,
        seconds,
        excused=tuple(sorted(excused)),
    )


def _who_know_less(
    system: System, worlds: Worlds | None, *, all_asked: bool
) -> Iterator[tuple[System, Worlds | None]]:
    """Whoever is not told which counts are small, and whoever presumes no tie (of the gate's own
    readers: one who knows more has from it what the presumption says, where a release shows that
    it holds, and that is no child's number); each with the worlds
    that are his too (where ties are left out others are possible, which are nobody else's).
    """
    if system.is_told:
        yield system.untold(), worlds
    if all_asked and system.guesses.any():
        yield system.without_guesses(), None
        if system.is_told:
            yield system.untold().without_guesses(), None


def _told_anew(view: System, leaks: Sequence[Leak], possible: int) -> tuple[list[Leak], set[int]]:
    """The leaks without those of counts of which linear programmes leave no more values before this
    release, and which these are.
    """
    now = [int(leak.greatest - leak.least + 1) for leak in leaks]
    left = left_before(view, [leak.variable for leak in leaks], possible, now)
    is_new = [values < before for values, before in zip(now, left, strict=True)]
    kept = [leak for leak, new in zip(leaks, is_new, strict=True) if new]
    return kept, {leak.variable for leak, new in zip(leaks, is_new, strict=True) if not new}


def left_before(
    view: System, variables: Sequence[int], possible: int = 3, now: Sequence[int] | None = None
) -> np.ndarray:
    """How many values (`possible` at most) linear programmes leave of each before this release.
    `now` is how many this release leaves of each, where that is known: of no more than so many
    before it no programme is needed.
    """
    if not len(variables):
        return np.array([])
    tightening = tightened(before(view))
    # what whole numbers leave lies within the bounds, and what is left now lies within that
    bounds = tightening.bounds.high - tightening.bounds.low + 1
    at_least = np.zeros(len(variables)) if now is None else np.minimum(now, possible)
    ranges: Ranges | None = None
    left = []
    for variable, fewest in zip(variables, at_least, strict=True):
        if bounds[variable] <= fewest:
            left.append(bounds[variable])
            continue
        ranges = ranges or Ranges(tightening)
        least, most, _ = ranges.of(variable)
        left.append(min(possible, most - least + 1))
    return np.array(left)


def unsettled(
    system: System, readers: Sequence[System], possible: int = 3, worlds: Worlds | None = None
) -> list[int]:
    """The small counts that are not proved safe at once from somebody who knows all that these
    readers know together: what is safe from him is safe from each, and the others are asked of for
    each by himself.
    """
    # as narrow as any of them has it, so that he knows at least what each does
    low = np.maximum.reduce([system.low, *(view.low for view in readers)])
    high = np.minimum.reduce([system.high, *(view.high for view in readers)])
    strongest = replace(system, low=low, high=high)
    bounds = propagate(strongest)
    protected, need = np.flatnonzero(system.small), np.full(len(low), float(possible))
    if len(bounds.broken):
        return protected.tolist()
    latest = time.thread_time() + max(_SECONDS_AT_ONCE, _SECONDS_A_COUNT * len(protected))
    prover = Prover(strongest, bounds, need, protected, latest, worlds=worlds)
    narrow = protected[(bounds.high - bounds.low + 1)[protected] < possible]
    return sorted({*prover.unsettled(), *narrow.tolist()})


def pinned(
    view: System, possible: int = 3, need: np.ndarray | None = None
) -> tuple[list[int], Bounds]:
    """The small counts of a reader's view that have too few values left by their bounds (fewer than
    `need`, where that is known already), and the bounds.
    """
    bounds = propagate(view)
    if len(bounds.broken):  # his presumptions contradict what is printed: they tell him nothing
        return [], bounds
    small = np.flatnonzero(view.small)
    left = bounds.high[small] - bounds.low[small] + 1
    if need is None:
        # what was left before is worked out only where a count is narrow at all
        if not (left < possible).any():
            return [], bounds
        need = needed_values(view, possible)
    return [int(v) for v in small[left < need[small]]], bounds


def told_to(reader: str, leaks: Iterable[Leak]) -> list[Leak]:
    """The leaks, each naming the reader."""
    return [replace(leak, cell=f"{leak.cell} (to a reader {reader})") for leak in leaks]


def _attack(
    system: System,
    need: np.ndarray,
    protected: np.ndarray,
    deadline: float,
    *,
    worlds: Worlds | None,
) -> tuple[list[Leak], np.ndarray, int]:
    """The leaks among the protected variables, the rows that cannot hold, and how many programmes
    were solved.
    """
    bounds = propagate(system)
    if len(bounds.broken):
        return [], bounds.broken, 0
    spans = bounds.high - bounds.low + 1
    is_told = spans[protected] < need[protected]
    # what the bounds already tell needs no programme, and says nothing of the others
    leaks = [
        leak_of(system, bounds, int(v), bounds.low[v], bounds.high[v]) for v in protected[is_told]
    ]
    if is_told.all():
        return leaks, bounds.broken, 0
    prover = Prover(system, bounds, need, protected[~is_told], deadline, worlds=worlds)
    return leaks + prover.leaks(), bounds.broken, prover.programmes


def _row(system: System, row: int) -> str:
    entries = range(system.matrix.indptr[row], system.matrix.indptr[row + 1])
    return ", ".join(
        f"{system.names[system.matrix.indices[e]]} ({printed(system, system.matrix.indices[e])})"
        for e in list(entries)[:12]
    )
