"""The proof of a release: who has been asked what, and what is still unsafe from whom.

Belongs here: asking the gate for each reader, as little as will do. Does not belong here: how a
view is attacked (`gate`), who the readers are (`readers`), what is hidden (`suppression`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from assets.publication.disclosure.bounds import settle
from assets.publication.disclosure.gate import judge, left_before, told_to, unsettled
from assets.publication.disclosure.knowledge import System
from assets.publication.disclosure.readers import Members, Reader
from assets.publication.disclosure.verdict import Leak, Verdict
from assets.publication.disclosure.worlds import Worlds


class Proof:
    """Whether every small count is safe from the gate's own readers (those who are told which
    hidden counts are small, and those who are not), from some who know more, and from the members'
    logins.

    `hidden` are the variables that the repair has hidden since the system was made. `by_reader` has
    what is unsafe from each, the gate's own first (as None). Logins are asked about when nothing is
    told to anybody else: what is mended for one that knows less than they do is mended for them.
    Nor is a login asked of what another has just been told, but where the proof `is_last`.
    """

    def __init__(
        self,
        system: System,
        hidden: Collection[int],
        readers: Sequence[Reader],
        members: Members | None,
        possible: int,
        worlds: Worlds | None = None,
        *,
        is_last: bool = False,
    ) -> None:
        self._is_last = is_last
        self.system, self.hidden, self.possible = system, hidden, possible
        self.readers, self.members = list(readers), members
        self.worlds = worlds or Worlds(system)
        self._most = np.full(len(system.low), possible)
        self._own = Verdict()
        self.by_reader: list[tuple[Reader | None, tuple[Leak, ...]]] = []
        self._not_asked: dict[Reader, list[int]] = {}
        self._views: dict[Reader, System] = {}
        settle(system)
        views = [self._view(reader) for reader in self.readers]
        # what is safe from one who knows all that they know is asked of none of them by himself
        self._ask_readers(unsettled(system, views, possible, self.worlds))
        if self.members and self._is_sound:
            self._ask_what_all_know(self.members)
        if not self._leaks():
            self._ask_every_login()

    @property
    def _is_sound(self) -> bool:
        return not self._own.contradictions

    def again(self, hidden: Collection[int]) -> None:
        """Ask of what was unsafe, after more was hidden: what was safe stays so."""
        self.hidden, self._views = hidden, {}
        settle(self.system)
        # to its end first: it goes through what is emptied here
        asked, self.by_reader = list(self.unsafe()), []
        # logins were asked when nothing was told to anybody else: nobody else need be asked again
        if self.members and all(self._is_login(reader) for reader, _ in asked):
            unsafe_from = {reader: {leak.variable for leak in leaks} for reader, leaks in asked}
            not_asked = self._not_asked
            self._ask_logins(
                (
                    (login, sorted({*unsafe_from.get(login, ()), *not_asked.get(login, ())}))
                    for login in self.members.logins
                ),
                every_one=True,
            )
            return
        unsafe = sorted({leak.variable for _, leaks in asked for leak in leaks})
        self._ask_readers(unsafe)
        if self.members:
            self._ask(self.members.all_know, unsafe)
        if not self._leaks():
            self._ask_every_login()

    def _is_login(self, reader: Reader | None) -> bool:
        return self.members is not None and reader in self.members.logins

    def _ask_readers(self, asked: Sequence[int]) -> None:
        self._own = judge(self.system, self.possible, only=list(asked), worlds=self.worlds)
        self.by_reader.append((None, self._own.leaks))
        # figures that contradict each other are refused, whatever else is found
        for reader in self.readers if self._is_sound else ():
            self._ask(reader, asked)

    def _view(self, reader: Reader) -> System:
        """What a reader sees of the system as it is now, made once; of logins the last one's alone
        is kept, for there may be hundreds.
        """
        if reader not in self._views:
            if self._is_login(reader):
                self._views = {r: v for r, v in self._views.items() if not self._is_login(r)}
            self._views[reader] = reader.view(self.system, self.hidden)
        return self._views[reader]

    def _ask(self, reader: Reader, asked: Sequence[int]) -> None:
        view = self._view(reader)
        of_his = [v for v in asked if view.small[v]]
        leaks: tuple[Leak, ...] = ()
        if of_his:
            leaks = judge(view, self.possible, only=of_his, worlds=self.worlds, anew=True).leaks
        self.by_reader.append((reader, leaks))

    def _ask_what_all_know(self, members: Members) -> None:
        """Ask what follows from what all members know. What is left of a count without the release
        to somebody who knows that is no less than what is left to any of them.
        """
        view = self._view(members.all_know)
        asked = self._unsettled(view)
        verdict = judge(view, self.possible, only=asked, worlds=self.worlds, anew=True)
        narrow = sorted({*verdict.excused, *(leak.variable for leak in verdict.leaks)})
        self._most[narrow] = left_before(view, narrow, self.possible)
        self.by_reader.append((members.all_know, verdict.leaks))

    def _ask_every_login(self) -> None:
        """Ask of every count of others for each login."""
        if self.members and self._is_sound:
            logins = self.members.logins
            self._ask_logins(
                ((login, self._unsettled(self._view(login), self._most)) for login in logins),
                every_one=self._is_last,
            )

    def _ask_logins(
        self, asked: Iterable[tuple[Reader, Sequence[int]]], *, every_one: bool
    ) -> None:
        """Ask of these counts for each login. Unless `every_one` is to be asked of all, what one
        has been told is asked for none after it until it has been mended: what mends it for one
        mostly does for all.
        """
        told: set[int] = set()
        self._not_asked = {}
        for login, counts in asked:
            self._not_asked[login] = [v for v in counts if v in told]
            leaks = self._leaks_to(login, [v for v in counts if v not in told])
            self.by_reader.append((login, leaks))
            told |= set() if every_one else {leak.variable for leak in leaks}

    @property
    def is_unfinished(self) -> bool:
        """Whether a login is still to be asked of what another was told."""
        return any(self._not_asked.values())

    def _leaks_to(self, login: Reader, asked: list[int]) -> tuple[Leak, ...]:
        if not asked:
            return ()
        view, most = self._view(login), self._most
        return judge(
            view, self.possible, only=asked, worlds=self.worlds, most=most, anew=True
        ).leaks

    def _unsettled(self, view: System, need: np.ndarray | None = None) -> list[int]:
        need = np.full(len(view.low), self.possible) if need is None else need
        unsettled: list[int] = self.worlds.unsettled(
            view, np.flatnonzero(view.small), need
        ).tolist()
        return unsettled

    def _leaks(self) -> tuple[Leak, ...]:
        return tuple(
            leak if reader is None else told_to(reader.name, [leak])[0]
            for reader, leaks in self.by_reader
            for leak in leaks
        )

    @property
    def verdict(self) -> Verdict:
        """What was found: of what is unsafe each names the reader."""
        return replace(self._own, leaks=self._leaks(), protected=int(self.system.small.sum()))

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """What is unsafe, each naming the reader."""
        return self._leaks()

    def unsafe(self) -> Iterator[tuple[Reader | None, tuple[Leak, ...]]]:
        """What is unsafe, by reader."""
        return ((reader, leaks) for reader, leaks in self.by_reader if leaks)
