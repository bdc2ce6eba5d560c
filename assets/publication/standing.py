"""Whether a release stands: what decides its figures, part by part, and what a newer version of the
program has added since.

Belongs here: the mark of the true figures behind a release (its basis), comparing two of them, and
leaving out what a release does not have. Does not belong here: making drafts (`drafts`), the ledger
(`release`).

A published release keeps the measures that it has. What a newer version adds (a table, a column, an
official measure) is no correction of it: that goes out with the next release, with a correction
that is made for another cause, or where somebody asks for it. So a basis has a mark for each
measure, and is compared in the parts that the release has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

import pandas as pd

from assets.common.basis import digest, short_digest
from assets.publication.files import table_csv
from assets.publication.official import figures_alone
from assets.publication.programme import PUBLISHED_TABLES, Measure, ties
from assets.publication.tables import TrueTable
from schemas import authorities
from schemas.regions import DisclosureMethod

Columns = Mapping[str, Sequence[str]]
"""By table, the columns that a release has of it."""

OFFICIAL = ("measure", "breakdown", "category", "unit", "data_set")
"""By what an official measure is known; a measure of two files is two."""

_NOT_PRINTED = {"measures", "indicators", "title", "rows", "reads"}
"""What of a table of the programme shows in its figures alone, or in none."""


@dataclass(frozen=True)
class Basis:
    """What decides the figures of a release: the method, members and groups (`rules`); the ties; by
    table its rows and, by name, each measure; the official measures that were known; and the tables
    and breakdowns that were (`known`), whether there were figures of them or not.
    """

    rules: str
    ties: tuple[str, ...]
    tables: Mapping[str, Mapping[str, str]]
    official: tuple[str, ...]
    known: tuple[str, ...]

    def __str__(self) -> str:
        parts = [self.rules, self.ties, self.tables, self.official, self.known]
        return json.dumps(parts, separators=(",", ":"))

    def of(
        self, columns: Columns, then: Basis | None, official: Iterable[str] | None = None
    ) -> Basis:
        """The basis of a release that has no more than these columns and was written down as `then`;
        `official` are the official measures that are known, all of this version unless given.
        """
        kept = {
            name: {
                part: mark
                for part, mark in parts.items()
                if not part.startswith(_SHOWN) or part.removeprefix(_SHOWN) in columns[name]
            }
            for name, parts in self.tables.items()
            if name in columns
        }
        return replace(
            self,
            tables=kept,
            official=self.official if official is None else tuple(sorted(official)),
            # where nobody wrote down what was known, what it has not came with this version
            known=then.known
            if then
            else tuple(k for k in self.known if not self._waits(k, columns)),
        )

    def _waits(self, known: str, columns: Columns) -> bool:
        """Whether there are figures of a table that a release does not have."""
        name = known.split(_WITHIN)[0]
        return name in self.tables and name not in columns


_SHOWN = "shown "
"""Before the name of a measure that a reader sees, among a table's parts."""
_WITHIN = " / "
"""Between a table and its breakdown."""


def basis_of(
    true: Mapping[str, TrueTable],
    members: pd.DataFrame,
    method: DisclosureMethod,
    groups: Mapping[str, tuple[str, ...]] | None = None,
) -> Basis:
    """The basis of what is printed of these figures. The groups with logins (members by sub-region)
    are in it: what was proved against others is to be proved anew.
    """
    return Basis(
        # nothing is added where no group has a login: the mark stays as before there were groups
        digest(repr(method), table_csv(members), *([repr(groups)] if groups else [])),
        tuple(sorted(short_digest(repr(tie)) for tie in ties())),
        {name: _parts(table) for name, table in true.items()},
        tuple(sorted({_key(row) for row in authorities.rows_of("official_measures")})),
        _known(),
    )


def _known() -> tuple[str, ...]:
    """The tables and breakdowns of the programme."""
    # a nested table gains a breakdown as rows, and its columns do not show that it did
    within = [
        f"{table.name}{_WITHIN}{label}"
        for table in PUBLISHED_TABLES
        if table.nested
        for label in table.labels[next(iter(table.filters))].values()
    ]
    return tuple(sorted([*(table.name for table in PUBLISHED_TABLES), *within]))


def read_basis(text: str | None) -> Basis | None:
    """A basis as it was written down; None where an older version wrote it, without parts."""
    parts = json.loads(text) if text and text.startswith("[") else []
    if len(parts) != len(fields(Basis)):
        return None
    rules, tied, tables, official, known = parts
    return Basis(rules, tuple(tied), tables, tuple(official), tuple(known))


def stands(then: Basis | None, now: Basis) -> bool:
    """Whether all that decided the figures of a release is as it was; what came besides it is of
    other measures.
    """
    # a tie that came may be of measures that the release has not: it is looked at below
    if then is None or then.rules != now.rules or not set(then.ties) <= set(now.ties):
        return False
    if (now.tables.keys() - then.tables.keys()) & set(then.known):  # its figures came with a return
        return False
    # by its name, whether a reader sees it or not: ties name both
    has = {
        (name, part.removeprefix(_SHOWN)) for name, parts in then.tables.items() for part in parts
    }
    for tie in ties():
        # among figures that are out already a new tie tells what nobody proved that it does not
        is_new = short_digest(repr(tie)) not in then.ties
        if is_new and all((term.table, term.measure) in has for term in tie.terms):
            return False
    return all(
        now.tables.get(name, {}).get(part) == mark
        for name, parts in then.tables.items()
        for part, mark in parts.items()
    )


def _parts(true: TrueTable) -> dict[str, str]:
    """The mark of a table's rows (blank), and of each of its measures by name. What is kept beside
    the measures (settings and noise of cells) belongs to the rows.
    """
    table, names = true.table, [m.name for m in true.table.measures]
    others = true.values.drop(columns=[n for n in names if n in true.values])
    told = [_told(table, _NOT_PRINTED), table_csv(true.keys), table_csv(others)]
    parts = {"": short_digest(*told)}
    for m in table.measures:
        # with its symbols, which are printed where it is blank; what is worked out of printed
        # figures has neither, and its terms are marked themselves
        columns = [frame[[m.name]] for frame in (true.values, true.symbols) if m.name in frame]
        told = [_told(m), *map(table_csv, columns)]
        parts[f"{_SHOWN if m.shown else ''}{m.name}"] = short_digest(*told)
    return parts


def _told(of: Any, without: Iterable[str] = ()) -> str:
    """What is said of a table or measure in the programme, without what is as it is unless said: a
    key that a newer version knows besides changes nothing.
    """
    said = {one.name: getattr(of, one.name) for one in fields(of) if one.name not in without}
    usual = {one.name: one.default for one in fields(of) if one.default is not MISSING}
    # by name: a key that moves within its class is no change
    return repr(sorted((name, value) for name, value in said.items() if usual.get(name) != value))


# --- what was added
# -------------------------------------------------------------------------------------------


def only(
    true: Mapping[str, TrueTable], has: Mapping[str, pd.DataFrame], then: Basis | None = None
) -> dict[str, TrueTable]:
    """The figures of those tables, breakdowns and measures alone that a release has (`has`, as
    printed), and of what these are worked out of; and of the tables and breakdowns that were known
    `then`: these came with a return.
    """
    known = set(then.known if then else ())
    return {
        name: _as_in(one, has[name], known) if name in has else one
        for name, one in true.items()
        if name in has or name in known
    }


def _as_in(true: TrueTable, frame: pd.DataFrame, known: set[str]) -> TrueTable:
    # what is not shown is no column of any release: whether this one has it cannot be seen there
    kept = [m for m in true.table.measures if not m.shown or m.name in frame]
    named = {m.name for m in kept} | {name for m in kept for name in _names(m)}
    gone = [m.name for m in true.table.measures if m.name not in named]
    table = replace(
        true.table,
        measures=tuple(m for m in true.table.measures if m.name in named),
        indicators=tuple(i for i in true.table.indicators if i.name in named),
    )
    at = pd.Series(True, index=true.keys.index)
    if table.nested:
        first = next(iter(table.filters))
        came = f"{table.name}{_WITHIN}" + true.keys[first]
        at = true.keys[first].isin(frame[first]) | came.isin(known)
    return TrueTable(
        table,
        true.keys[at].reset_index(drop=True),
        true.values[at].drop(columns=gone, errors="ignore").reset_index(drop=True),
        true.symbols[at].drop(columns=gone, errors="ignore").reset_index(drop=True),
        true.crossings.drop(columns=gone, errors="ignore"),
    )


def _names(m: Measure) -> set[str]:
    """The measures that one is worked out of or judged by."""
    told = [getattr(m, one.name) for one in fields(m)]
    # any text is taken: one that is no measure's name does no harm, for it is only looked up
    texts = [t for each in told for t in (each if isinstance(each, tuple) else (each,))]
    return {text.removeprefix("-") for text in texts if isinstance(text, str)}


def has_more(true: Mapping[str, TrueTable], columns: Columns) -> bool:
    """Whether there are figures of a table or measure that a release does not have."""
    return any(
        {m.name for m in each.table.measures if m.shown} - set(columns.get(name, ()))
        for name, each in true.items()
    )


def says_the_same(tables: Mapping[str, pd.DataFrame], has: Mapping[str, pd.DataFrame]) -> bool:
    """Whether every figure of a release is printed as it was, and no table beside them."""
    return tables.keys() == has.keys() and all(
        # a column that is gone is a difference, not an error
        set(then.columns) <= set(tables[name].columns)
        and tables[name][list(then.columns)].equals(then)
        for name, then in has.items()
    )


# --- official measures
# -------------------------------------------------------------------------------------------


def official_measures_of(official: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The official figures by what their measure is known by, without this program's words."""
    return {_key(one): one for one in figures_alone(official)}


def official_changed(
    then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], basis: Basis | None
) -> bool:
    """Whether what publishers print is no longer what stands beside a release: a figure moved, went
    or came. What came because this version knows more measures does not count.
    """
    old, new = official_measures_of(then), official_measures_of(now)
    if any(new.get(key) != one for key, one in old.items()):
        return True
    return any(_came(one, then, basis) for key, one in new.items() if key not in old)


def known_then(
    then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], basis: Basis
) -> list[str]:
    """The official measures that are known and do not wait for a release to come with: of those
    that wait, nothing is news.
    """
    beside = {_key(one) for one in then}
    waiting = {_key(one) for one in now} - beside
    return [key for key in basis.official if key not in waiting]


def _came(one: Mapping[str, Any], then: Sequence[Mapping[str, Any]], basis: Basis | None) -> bool:
    """Whether an official figure came with a file. Where nobody wrote down which measures were
    known, it did not if figures of that very publication stand beside the release.
    """
    if basis is not None:
        return _key(one) in basis.official
    return not any(
        (one["data_set"], one.get("release")) == (each["data_set"], each.get("release"))
        for each in then
    )


def _key(row: Mapping[str, Any]) -> str:
    return " / ".join(str(row.get(name, "")) for name in OFFICIAL)
