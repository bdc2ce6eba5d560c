"""The repair: hides further cells, zeros included, until no small count can be pinned. The same
figures and key give the same cells.

Belongs here: choosing what else to hide. What it hides is `c` like everything hidden.
Does not belong here: the proof that it is enough (`gate`).

For each count that can be told, the cells that give it away are hidden, and those shown again at
once that are not needed, the greatest loss to a reader first: totals before single cells, large
figures before small, an authority's estimates last. In the end all that was hidden is gone through
once more.

Whoever knows this program could run it on every table that may stand behind a printed one, and drop
those for which it hides other cells. So the warehouse's key decides what the figures leave open,
and first of all draws some cells that are hidden for no reason of theirs: whatever else is hidden
may be such a one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from assets.publication.disclosure.bounds import (
    Tightening,
    needed_values,
    propagate,
    reason,
    settle,
)
from assets.publication.disclosure.gate import pinned
from assets.publication.disclosure.knowledge import UNBOUNDED, System
from assets.publication.disclosure.noise import keyed_fraction
from assets.publication.disclosure.programmes import Ranges
from assets.publication.disclosure.readers import Reader
from assets.publication.programme import PUBLISHED_TABLES, TOTAL


def draws(key: bytes, census_date: dt.date) -> Callable[[str], float]:
    """What the key draws for the cells of a census date: the same in every edition of it."""
    return lambda name: keyed_fraction(key, census_date.isoformat(), name)


_TOO_MANY, _TOO_MANY_OF = 100, 0.1
"""More counts, and a greater share of all that are protected, than the repair tries to mend: a
release that tells so many is refused.
"""


class Repair:
    """Hides cells of the system's current release; `hidden` holds the variables that it has hidden.

    `drawn` gives a cell (its name) a fraction from 0 to below 1: cells below `rate` are hidden to
    begin with, and of those that are equally missed the lowest is hidden first. Without it the
    order is that of the cells, and nothing is hidden to begin with.
    """

    def __init__(
        self,
        system: System,
        possible: int,
        drawn: Callable[[str], float] | None = None,
        rate: float = 0.0,
    ) -> None:
        self.system = system
        self._drawn = {
            v: drawn(system.names[v]) if drawn else 1.0 for v in range(len(system.names))
        }
        self.need_told, self.need_untold = (
            needed_values(system, possible),
            needed_values(system.untold(), possible),
        )
        self.hidden: list[int] = []
        self.protected = np.flatnonzero(system.small)
        self._rank = self._ranks()
        self._printed = np.column_stack([system.low, system.high, system.high_untold])
        self._threshold = system.cells.groupby("variable")["threshold"].max()
        self._as_told()
        self.besides = sorted(v for v in self._rank if self._drawn[v] < rate)
        self._hide(self.besides)
        leaking = len(self._told())
        self.tells_too_many = leaking > _TOO_MANY and leaking > _TOO_MANY_OF * len(self.protected)
        """Whether so much can be told that hiding cell by cell would end in hiding all: a
        correction of most of a region by a child.
        """
        self.is_hopeless = self.tells_too_many or self._is_told_all_the_same()
        """Whether it is refused whatever else is hidden."""

    def _is_told_all_the_same(self) -> bool:
        """Whether a count is told though every figure were hidden that may be: earlier editions,
        and by how many children they are apart, tell it.
        """
        system = self.system
        low, high, high_untold = system.low.copy(), system.high.copy(), system.high_untold.copy()
        for variable in self._rank:
            low[variable], high[variable], high_untold[variable] = self._when_hidden(variable)
        least = replace(system, low=low, high=high, high_untold=high_untold)
        is_doubtful = self.need_told < self.need_untold
        for view, need, watched in (
            (least, self.need_told, self.protected),
            (least.untold(), self.need_untold, self.protected[is_doubtful[self.protected]]),
        ):
            bounds = propagate(view)
            if (bounds.high - bounds.low + 1 < need)[watched].any() and not len(bounds.broken):
                return True
        return False

    def told(self, possible: int) -> list[int]:
        """The small counts that bounds alone tell one of the gate's two readers."""
        views = (self.system, self.system.untold())
        return sorted({variable for view in views for variable in pinned(view, possible)[0]})

    def _as_told(self) -> None:
        """Look at it as a reader who is told which hidden counts are small."""
        self._look_at(self.system, self.need_told, self.protected)

    def _as_untold(self) -> None:
        """Look at what the telling alone would give away as a reader who is not told."""
        self._look_at(
            self.system.untold(),
            self.need_untold,
            self.protected[self.need_told[self.protected] < self.need_untold[self.protected]],
        )

    def _look_at(
        self, view: System, need: np.ndarray, watched: np.ndarray, reader: Reader | None = None
    ) -> None:
        self.view, self.need, self.watched, self.reader = view, need, watched, reader
        self.stuck: set[int] = set()
        self.tightening = Tightening(view)

    def _ranks(self) -> dict[int, tuple[int, float, float, int]]:
        """What may be hidden, by variable, and how much its loss is felt."""
        cells = self.system.cells
        newest = cells["release"].max()
        counted = {
            (t.name, m.name) for t in PUBLISHED_TABLES for m in t.of_rule("count", "estimate")
        }
        estimated = {(t.name, m.name) for t in PUBLISHED_TABLES for m in t.of_rule("estimate")}
        shown = cells[(cells["text"] != "c")]
        # what an earlier edition shows cannot be hidden any more
        shown_before = set(shown.loc[shown["release"] != newest, "variable"])
        own = shown[shown["release"] == newest]
        is_count = [pair in counted for pair in zip(own["table"], own["measure"], strict=True)]
        own = own[np.array(is_count, dtype=bool)]
        is_estimate = np.array(
            [pair in estimated for pair in zip(own["table"], own["measure"], strict=True)],
            dtype=bool,
        )
        totals = (own["area"] == "").astype(int) + own["key"].map(
            lambda key: key.split("|").count(TOTAL)
        ).astype(int)
        # an authority's estimate is missed less than any count
        totals -= (is_estimate & (own["area"] != "")).astype(int)
        drawn = own["variable"].map(self._drawn)
        ranks = zip(
            own["variable"],
            zip(totals, own["text"].astype(float), drawn, own["variable"], strict=True),
            strict=True,
        )
        felt: dict[int, tuple[int, float, float, int]] = {}
        for (
            variable,
            rank,
        ) in ranks:  # a figure of several tables is missed as much as where it is missed most
            if variable not in shown_before:
                felt[variable] = max(rank, felt.get(variable, rank))
        return felt

    def run(self) -> None:
        """Hide until the bounds pin nothing more, then show again what was not needed.

        First against a reader who presumes that nothing hidden is 0, as far as hiding helps against
        him; then against the gate's two.
        """
        presumed = (
            (self.system.low == 0)
            & (self.system.truth > 0)
            & self.system.small
            & ~self.system.is_of_few
            & ~self.system.is_unprinted
        )
        self.system.low[presumed] = 1
        self._as_told()
        self._loosen()
        # what the key drew stays, needed or not: else whatever is hidden would be known to be
        # needed
        self._show_again(set(self.hidden) - set(self.besides), lambda: len(self._told()) > 0)
        # hiding has helped against him as far as it can; the gate's own readers presume nothing
        self.system.low[presumed] = 0
        for look in (self._as_told, self._as_untold):
            # only what is hidden for this one is tried again: the rest is needed against others
            kept = set(self.hidden)
            look()
            self._loosen()
            self._show_again(set(self.hidden) - kept, lambda: len(self._told()) > 0)

    def _loosen(self) -> None:
        """Each count is settled once, by hiding or as stuck: what is hidden later only gives it
        more room.
        """
        while len(leaking := self._told()) and not len(self.tightening.bounds.broken):
            self._hide_for(int(leaking[0]))

    def hide_for(
        self, variables: Sequence[int], reader: Reader | None, possible: int, tries: int = 12
    ) -> None:
        """Hide for counts that only linear programmes could tell the gate's two readers, or this
        one.
        """
        for look in self._looks(reader, possible):
            look()
            ranges = Ranges(self.tightening)
            for variable in variables:
                for _ in range(tries):
                    least, greatest, holding = ranges.of(variable)
                    # one at a time: it may be enough
                    chosen = next((v for v in holding if self._may_be_hidden(v)), None)
                    if greatest - least + 1 >= self.need[variable] or chosen is None:
                        break
                    self._hide([chosen])
                    ranges.follow()

    def _looks(self, reader: Reader | None, possible: int) -> list[Callable[[], None]]:
        return (
            [self._as_told, self._as_untold]
            if reader is None
            else [partial(self._as_reader, reader, possible)]
        )

    def _as_reader(self, reader: Reader, possible: int) -> None:
        """Look at it as a reader who knows more."""
        view = reader.view(self.system, self.hidden)
        self._look_at(view, needed_values(view, possible), np.flatnonzero(view.small), reader)

    def _may_be_hidden(self, variable: int) -> bool:
        return (
            variable in self._rank and variable not in self.hidden and not self.view.known[variable]
        )

    def hide_for_reader(self, reader: Reader, possible: int) -> bool:
        """Hide what gives counts away to a reader who knows more; whether nothing is told to him
        then. Where cells one by one do not help, every count of the authorities around is hidden.
        """
        settle(self.system)
        if not pinned(reader.view(self.system, self.hidden), possible)[0]:
            return True
        self._as_reader(reader, possible)
        view, kept = self.view, set(self.hidden)
        self._loosen()
        for variable in sorted(self.stuck):
            if self._span(variable) < self.need[variable]:
                self._hide_all_near([variable, *reason(view, self.tightening.bounds, variable)[0]])
        self.stuck.clear()
        # what he is told whatever is hidden is no reason to keep a cell hidden
        told_all_the_same = set(self._told().tolist())
        self._show_again(
            set(self.hidden) - kept, lambda: not set(self._told().tolist()) <= told_all_the_same
        )
        return not pinned(view, possible)[0]

    def _hide_all_near(self, variables: list[int]) -> None:
        """Hide every count of the authorities that these stand in (of the region, where there is
        none).
        """
        areas = self.system.cells.drop_duplicates("variable").set_index("variable")["area"]
        near = set(areas.reindex(variables).dropna()) - {""} or {""}
        self._hide([int(v) for v in areas.index[areas.isin(near)] if self._may_be_hidden(v)])

    def hide_around(self, variables: Sequence[int], reader: Reader | None, possible: int) -> None:
        """The last resort, where hiding cell by cell did not help: every count of the authorities
        whose cells give these away is hidden.

        A region too small for its tables loses an authority's figures then, and not the release.
        """
        for look in self._looks(reader, possible):
            look()
            ranges = Ranges(self.tightening)
            for variable in variables:
                is_pinned = self._span(variable) < self.need[variable]
                holding = (
                    reason(self.view, self.tightening.bounds, variable)[0]
                    if is_pinned
                    else ranges.of(variable)[2]
                )
                self._hide_all_near([variable, *holding])
                ranges.follow()

    def _told(self) -> np.ndarray:
        leaking = self.watched[self._span(self.watched) < self.need[self.watched]]
        return np.array([v for v in leaking if v not in self.stuck], dtype=int)

    def _span(self, variable: int | np.ndarray) -> np.ndarray:
        """How many values the bounds leave."""
        bounds = self.tightening.bounds
        values: np.ndarray = bounds.high[variable] - bounds.low[variable] + 1
        return values

    def _hide_for(self, variable: int) -> None:
        """Hide the cells that give a count away, then show again those that it does not need. Where
        all of them together leave it too few values it is `stuck`, and none is hidden.
        """
        before = len(self.hidden)
        while self._span(variable) < self.need[variable]:
            cells, _ = reason(self.view, self.tightening.bounds, variable)
            candidates = sorted(
                (v for v in cells if self._may_be_hidden(v)), key=self._rank.__getitem__
            )
            if not candidates:
                self.stuck.add(variable)
                break
            self._hide(candidates)
        self._show_again(
            self.hidden[before:],
            lambda: variable not in self.stuck and self._span(variable) < self.need[variable],
        )

    def _hide(self, variables: list[int]) -> None:
        # all of them, and then the bounds once: to work them out anew is what takes the time
        for variable in variables:
            self._set(variable, self._when_hidden(variable), is_hidden=True)
        self.hidden += variables
        self.tightening.widened(np.array(variables, dtype=int))

    def _when_hidden(self, variable: int) -> tuple[float, float, float]:
        """The least and greatest that a hidden figure may be, and the greatest for who is not told
        whether it is small.
        """
        threshold, most = float(self._threshold[variable]), self.system.most[variable]
        greatest = threshold - 1 if self.system.truth[variable] < threshold else UNBOUNDED
        return self.system.least[variable], min(greatest, most), most

    def _set(
        self, variable: int, bounds: tuple[float, float, float] | np.ndarray, *, is_hidden: bool
    ) -> None:
        self.system.low[variable], self.system.high[variable], self.system.high_untold[variable] = (
            bounds
        )
        if self.reader is not None:
            self.reader.follow(self.view, self.system, variable, is_hidden=is_hidden)

    def _show_again(self, hidden: Iterable[int], is_needed: Callable[[], bool]) -> None:
        """Show every hidden cell that turns out not to be needed, the largest loss first."""
        for variable in sorted(hidden, key=self._rank.__getitem__, reverse=True):
            was = (
                self.system.low[variable],
                self.system.high[variable],
                self.system.high_untold[variable],
            )
            before = self.tightening.keep()
            self._set(variable, self._printed[variable], is_hidden=False)
            self.tightening.narrowed(variable)
            # a cell is needed too where showing it would contradict what is hidden
            if is_needed() or len(self.tightening.bounds.broken):
                self._set(variable, was, is_hidden=True)
                self.tightening.restore(before)
            else:
                self.hidden.remove(variable)

    def masks(self) -> dict[tuple[str, str], list[int]]:
        """The rows to hide, by table and measure of the current release."""
        cells = self.system.cells
        own = cells[
            (cells["release"] == cells["release"].max())
            & cells["variable"].isin(self.hidden)
            & cells["is_printed"]
        ]
        return {
            (str(t), str(m)): part["row"].tolist()
            for (t, m), part in own.groupby(["table", "measure"])
        }
