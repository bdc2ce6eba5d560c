"""The proof of a release: who has been asked what, and what is still unsafe from whom.

Belongs here: asking the gate for each reader, as little as will do. Does not belong here: how a view is
attacked (`gate`), who the readers are (`readers`), what is hidden (`repair`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from assets.publication.attack import System
from assets.publication.gate import Worlds, judge, told_anew, told_to, unsettled
from assets.publication.readers import Reader
from assets.publication.verdict import Leak


class Proof:
    """Whether every small count is safe from the gate's own readers (those who are told which hidden
    counts are small, and those who are not) and from some who know more.

    `hidden` are the variables that the repair has hidden since the system was made. `by_reader` has
    what is unsafe from each, the gate's own first (as None). `only`: what is asked of, where not all.
    """

    def __init__(
        self,
        system: System,
        hidden: Collection[int],
        readers: Sequence[Reader],
        possible: int,
        only: Sequence[int] | None = None,
        worlds: Worlds | None = None,
    ) -> None:
        self.system, self.readers, self.possible = system, readers, possible
        self.worlds = worlds or Worlds()
        views = [reader.view(system, hidden) for reader in readers]
        small = np.flatnonzero(system.small)
        asked = unsettled(system, views, possible, self.worlds) if only is None else list(only)
        own = judge(system, possible, only=asked, worlds=self.worlds)
        self.by_reader: list[tuple[Reader | None, tuple[Leak, ...]]] = [(None, own.leaks)]
        for reader, view in zip(readers, views, strict=True):
            only_his = [v for v in asked if view.small[v]]
            leaks = judge(view, possible, only=only_his, worlds=self.worlds).leaks if not own.contradictions else ()
            self.by_reader.append((reader, told_anew(view, leaks, possible)))
        self.verdict = replace(own, leaks=self._named(), protected=len(small))

    def _named(self) -> tuple[Leak, ...]:
        named = [leak if reader is None else told_to(reader.name, [leak])[0] for reader, leaks in self.by_reader for leak in leaks]
        return tuple(named)

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """What is unsafe, each naming the reader."""
        return self.verdict.leaks

    def unsafe(self) -> Iterator[tuple[Reader | None, tuple[Leak, ...]]]:
        """What is unsafe, by reader."""
        return ((reader, leaks) for reader, leaks in self.by_reader if leaks)

    def again(self, hidden: Collection[int]) -> Proof:
        """The proof of what was unsafe, after more was hidden."""
        only = sorted({leak.variable for _, leaks in self.by_reader for leak in leaks})
        return Proof(self.system, hidden, self.readers, self.possible, only, self.worlds)
