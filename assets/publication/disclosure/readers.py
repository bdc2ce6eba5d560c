"""Readers who know more than what is published: what each knows exactly, and what each presumes.

Belongs here: the readers against whom a release is proved besides the two of the gate, as views of
one system. Does not belong here: how a view is attacked (`gate`), what is hidden for it
(`suppression`).

Each is promised the same: of a count of 1 to 7 that is not his own, three values, or as many as his
knowledge leaves of it without the release. Whoever reruns the program is answered by the key of the
repair's choices instead (`suppression`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from assets.publication.disclosure.bounds import propagate
from assets.publication.disclosure.knowledge import System
from assets.publication.disclosure.rules import CONFIDENTIAL
from assets.publication.programme import PUBLISHED_TABLES, TOTAL
from schemas.official import LEAST_SHOWN


@dataclass(frozen=True, eq=False)
class Reader:
    """Somebody who holds everything published: `name` says who, `knows` which variables he has
    exactly, `told` which comparisons he is told; `presumes_no_zero` of what is hidden for its
    number (where the size of a cell decides, zeros are hidden as everybody knows).
    """

    name: str
    knows: np.ndarray
    presumes_no_zero: bool = False
    told: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))

    def view(self, system: System, hidden: Collection[int] = ()) -> System:
        """The system as it is for him. What he knows is not to be protected from him; what he
        presumes counts where it is true.

        `hidden` are the variables that the repair has hidden since the system was made: of these he
        presumes the same.
        """
        view = system.untold()
        known = self.knows & ~np.isnan(system.truth)
        low, high = view.low.copy(), view.high.copy()
        low[known], high[known] = system.truth[known], system.truth[known]
        presumed = np.zeros(len(low), dtype=bool)
        if self.presumes_no_zero:
            hides = (system.cells["text"] == CONFIDENTIAL) & system.cells["is_printed"]
            presumed[system.cells.loc[hides, "variable"]] = True
            presumed[list(hidden)] = True
            # zeros are hidden with the counts of small cells, so that nobody can presume them
            # away there
            presumed &= (system.truth > 0) & ~known & ~system.is_of_few
            low[presumed] = np.maximum(low[presumed], 1)
        small = system.small & ~known
        view = replace(view, low=low, high=high, small=small, known=known, presumed=presumed)
        return view.with_told(self._told(view))

    def _told(self, view: System) -> np.ndarray:
        """What comparisons tell beside what he knows: of a rank, what is not open to him."""
        of_ranks = view.comparisons.is_rank(self.told)
        told: np.ndarray = self.told[~of_ranks]
        while of_ranks.any():
            bounds = propagate(view.with_told(told))
            if len(bounds.broken):  # then bounds say nothing, and nothing is open
                return self.told
            known = view.comparisons.known_by(self.told[of_ranks], bounds.low, bounds.high)
            # what one rank tells may leave another no choice
            if len(told) == (~of_ranks).sum() + len(known):
                break
            told = np.concatenate([self.told[~of_ranks], known])
        return told

    def follow(self, view: System, system: System, variable: int, *, is_hidden: bool) -> None:
        """Bring his view up to date of a variable that the repair has just hidden, or shown again."""
        # of what he has exactly nothing that is hidden takes anything away
        if view.known[variable]:
            return
        view.low[variable], view.high[variable] = system.low[variable], system.high_untold[variable]
        if self.presumes_no_zero and system.truth[variable] > 0 and not system.is_of_few[variable]:
            view.presumed[variable] = is_hidden
            view.low[variable] = max(view.low[variable], float(is_hidden))


def readers(system: System, tables: Mapping[str, pd.DataFrame]) -> Iterator[Reader]:
    """Those who know more: who presumes that nothing hidden is 0, and who holds DfE's tables (of
    authorities, or of the region too).
    """
    cells = system.cells
    nothing = np.zeros(len(system.low), dtype=bool)
    yield Reader("who presumes that no zero is hidden", nothing, presumes_no_zero=True)
    official = {table.name for table in PUBLISHED_TABLES if table.official}
    is_total = cells["key"].str.split("|").map(lambda categories: set(categories) <= {TOTAL, ""})
    is_printed = (cells["table"].isin(official) & cells["is_printed"]) & (
        (cells["truth"] == 0) | (cells["truth"] >= LEAST_SHOWN) | is_total
    )
    yield Reader(
        "who holds DfE's tables of the date", _variables(system, is_printed & (cells["area"] != ""))
    )
    yield Reader(
        "who holds DfE's tables of the date, and the region's", _variables(system, is_printed)
    )


@dataclass(frozen=True)
class Members:
    """The logins of every authority of the printed tables, and what all of them know.

    A login reads the authority's own rows, what members share of every setting, and comparisons,
    which tell sums of others, and its rank among them. That of a sub-region's group reads its members' rows.
    """

    all_know: Reader
    logins: tuple[Reader, ...] = ()

    def everybody(self) -> tuple[Reader, ...]:
        """What all of them know, as a reader, and each of them."""
        return self.all_know, *self.logins


def members(
    system: System,
    tables: Mapping[str, pd.DataFrame],
    groups: Mapping[str, Collection[str]] | None = None,
) -> Members:
    """The members of the printed tables; and the groups of sub-regions (codes of their members by
    name), where these have logins: each knows what its members know together, but for comparisons,
    which it does not read.
    """
    cells = system.cells
    shared = cells["shared"].to_numpy(dtype=bool)
    names: dict[str, str] = {}
    for frame in tables.values():
        names.update(
            frame[["old_la_code", "la_name"]].drop_duplicates().itertuples(index=False, name=None)
        )
    categories = cells["key"].str.split("|").explode()
    whose = [(name, {code}, code) for code, name in sorted(names.items()) if code]
    whose += [(f"the group of {name}", set(codes), "") for name, codes in (groups or {}).items()]
    logins = []
    for name, codes, compares in whose:
        called = [names[code] for code in codes & names.keys()]
        # a flow names an authority in a category as well: such a row is its own, too
        own = np.asarray(
            cells["area"].isin(codes) | cells.index.isin(categories.index[categories.isin(called)])
        )
        # a group reads no comparison, and none is told to a code that is blank
        compared = np.flatnonzero(system.comparisons.told == compares)
        logins.append(
            Reader(f"who has the login of {name}", _variables(system, own | shared), told=compared)
        )
    return Members(Reader("who has a member's login", _variables(system, shared)), tuple(logins))


def everybody(system: System, tables: Mapping[str, pd.DataFrame]) -> list[Reader]:
    """Every reader: those who know more, what all members know, and every login."""
    return [*readers(system, tables), *members(system, tables).everybody()]


def _variables(system: System, of: np.ndarray) -> np.ndarray:
    known = np.zeros(len(system.low), dtype=bool)
    known[system.cells.loc[np.asarray(of), "variable"]] = True
    return known
