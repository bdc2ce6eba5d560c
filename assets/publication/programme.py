"""The programme of a release, read from `schemas/programme.toml` and `schemas/ties.toml`.

Belongs here: what a published table, its measures and the ties between tables are. Does not belong
here: figures (`tables`), the rounding rule (`disclosure`), the attack (`disclosure`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from schemas.fields import field

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
TOTAL = "Total"
AREA = "old_la_code"
"""The column of a printed table that names the authority; blank for the region."""
RULES = ("exact", "count", "share", "difference", "rate", "estimate", "mean", "given")
ADDED_UP = ("exact", "count")
"""Rules of measures that are summed into totals; the others are worked out from what is published,
or are given for single rows.
"""

_UNITS = {"share": "%", "mean": "£"}
"""Units of a rule's figures, unless the measure has its own."""


@dataclass(frozen=True)
class Indicator:
    """One indicator of a published table: its name, label, unit (`%`, `£` or nothing) and decimals."""

    name: str
    label: str
    unit: str = ""
    decimals: int = 0


@dataclass(frozen=True)
class Measure:
    """One column of a table in the programme, and the rule it is published under (see the head of
    `programme.toml`).
    """

    name: str
    rule: str
    sql: str = ""
    label: str = ""
    shown: bool = True
    absent: str = ""
    side: str = ""
    of: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    per: str = ""
    times: int = 1
    decimals: int = 0
    covered: str = ""
    interval: tuple[str, ...] = ()
    part_of: str = ""
    registered: str = ""
    placements: str = ""
    owner_groups: str = ""
    largest_share: str = ""
    unit: str = ""
    sensitive: bool = False
    noise: str = ""
    known_to_members: str = ""
    of_settings: bool = False

    def rests_on(self, table: PublishedTable) -> list[str]:
        """The counts of its table that the measure is worked out of, so that it tells of them; none
        for a count itself.
        """
        if self.rule in ADDED_UP:
            return []
        named = {
            name.removeprefix("-") for name in (*self.of, *self.whole, self.per, self.placements)
        }
        return [m.name for m in table.of_rule("count") if m.name in named]

    @property
    def indicator(self) -> Indicator:
        """What a reader sees of the measure."""
        label = self.label or label_of(field(self.name).description)
        return Indicator(
            self.name,
            label,
            self.unit or _UNITS.get(self.rule, ""),
            1 if self.rule == "share" else self.decimals,
        )


_NAMED = re.compile(r"\b(staging|core|curated)\.([a-z_0-9]+)")


def relations_of(table: PublishedTable) -> set[tuple[str, str]]:
    """Every relation of the warehouse that a published table's figures are read from: named
    anywhere in its part of the programme.
    """
    text = repr(
        (
            table.rows,
            table.measures,
            table.answered,
            table.unlisted,
            table.stands,
            table.came,
            table.absent,
            table.in_full,
        )
    )
    # whatever a table reads, who is a member is asked of `core.authority`
    return {("curated", table.reads), ("core", "authority"), *_NAMED.findall(text)}


_ENDS = re.compile(r"\([^)]*\)|(?P<end>[;:.] )")


def label_of(description: str) -> str:
    """The short of a description: up to its first semicolon, colon or full stop that stands in no
    brackets.

    What stands before a colon and is a word or two (`Fostering: ...`) is no label; the rest of the
    sentence comes with it.
    """
    for match in _ENDS.finditer(description):
        short = description[: match.start()]
        if match["end"] and (match["end"] != ": " or len(short.split()) > 2):
            return short
    return description.rstrip(".")


@dataclass(frozen=True)
class PublishedTable:
    """One table of a release: filters (name to label), indicators, and what it is made of."""

    name: str
    title: str
    filters: dict[str, str]
    indicators: tuple[Indicator, ...]
    measures: tuple[Measure, ...]
    reads: str
    authority: str
    rows: str
    answered: Mapping[str, str]
    unlisted: Mapping[str, str]
    stands: Mapping[str, str]
    came: Mapping[str, str]
    absent: str
    nested: bool
    ways: int
    in_full: dict[str, list[str]]
    labels: dict[str, dict[str, str]]
    noise_for: tuple[str, ...] = ()
    official: bool = False

    def of_rule(self, *rules: str) -> list[Measure]:
        """The measures under one of the rules, those that are not shown included."""
        return [m for m in self.measures if m.rule in rules]


@dataclass(frozen=True)
class Term:
    """One term of a tie: a measure of a table (in the rows of `where`), with its sign, `before`
    that many months.

    `area` is the filter whose categories name the authority that is meant (a column of flows): the
    term is then its figure in the region's row, or the sum of those of the other authorities of its
    sub-region (`summed`). `where` may be `OWN` or `SUB_REGION`, too.
    """

    table: str
    measure: str
    sign: int = 1
    where: Mapping[str, str] | None = None
    before: int = 0
    area: str = ""
    summed: str = ""


OWN = "@authority"
"""As a category that names an authority: that of the row."""
SUB_REGION = "@sub_region"
"""As a category that names an authority: every other one of the row's sub-region, summed."""


@dataclass(frozen=True)
class Tie:
    """A sum of terms that is 0, or at most 0 (`at_most`), in every row (`parts`: but those of a
    Total; `only`: those of these categories); `presumed` where it need not be true of every figure.
    """

    says: str
    terms: tuple[Term, ...]
    at_most: bool = False
    presumed: bool = False
    fully_covered: str = ""
    parts: bool = False
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_equality_of_two(self) -> bool:
        """Whether it says that two single figures of one release are the same."""
        single = all(
            not term.before and not term.area and SUB_REGION not in (term.where or {}).values()
            for term in self.terms
        )
        return (
            single
            and not self.at_most
            and not self.fully_covered
            and sorted(term.sign for term in self.terms) == [-1, 1]
        )


@dataclass(frozen=True)
class Symbol:
    """What a symbol tells: where `beside` is not known although `where` is above 0, the measure of
    the row is at least 1.
    """

    says: str
    table: str
    measure: str
    beside: str
    where: str


_TABLE_KEYS = {
    "title", "reads", "authority", "rows", "answered", "unlisted", "stands", "came", "absent", "nested", "ways", "in_full", "noise_for",
    "official", "filters", "measures",
}  # fmt: skip
_SELECTS = {"answered", "unlisted", "stands", "came"}
"""Keys of selects, of which one may be the same as another table's."""


def _measure(table: str, entry: dict[str, Any]) -> Measure:
    # `in` is a word of Python's own, and can be no field's name
    values = {("whole" if key == "in" else key): value for key, value in entry.items()}
    only = tuple((name, tuple(categories)) for name, categories in values.pop("only", {}).items())
    for key in ("of", "whole", "over", "interval"):
        values[key] = tuple(values.get(key, ()))
    measure = Measure(only=only, **values)
    if measure.rule not in RULES:
        raise ValueError(
            f"schemas/programme.toml, {table}.{measure.name}: the rule '{measure.rule}' was found;"
            f" expected one of {', '.join(RULES)}."
        )
    return measure


def _by_side(selects: str | dict[str, str]) -> dict[str, str]:
    return {"": selects} if isinstance(selects, str) else selects


def published_table(name: str, entry: dict[str, Any]) -> PublishedTable:
    """One entry of the programme.

    Raises:
        ValueError: a key or rule is not known, or a measure names one that the table lacks.
    """
    unknown = sorted(entry.keys() - _TABLE_KEYS)
    if unknown:
        raise ValueError(
            f"schemas/programme.toml, {name}: {', '.join(unknown)} was found; expected"
            f" {', '.join(sorted(_TABLE_KEYS))}."
        )
    measures = tuple(_measure(name, each) for each in entry["measures"])
    known = {m.name for m in measures}
    for m in measures:
        named = [
            n.removeprefix("-")
            for n in (
                *m.of,
                *m.whole,
                *m.interval,
                m.part_of,
                m.per,
                m.covered,
                m.registered,
                m.placements,
                m.owner_groups,
                m.largest_share,
            )
            if n
        ]
        if missing := sorted(set(named) - known):
            raise ValueError(
                f"schemas/programme.toml, {name}.{m.name} names {', '.join(missing)}, which the"
                " table has not. Add it, or correct it."
            )
        # where its count is hidden a mean must be, too: `of` tells which count that is
        if m.rule == "mean" and not m.of:
            raise ValueError(
                f"schemas/programme.toml, {name}.{m.name}: a mean without `of` was found; expected"
                " the count it is of. Add it."
            )
        if m.side and not any(
            m.side in _by_side(entry.get(key, {})) for key in ("answered", "came")
        ):
            raise ValueError(
                f"schemas/programme.toml, {name}.{m.name} is of the side '{m.side}', which neither"
                " `answered` nor `came` has. Add it, or correct it."
            )
    filters = entry.get("filters", {})
    if not entry.get("nested") and len(filters) > entry.get("ways", 2):
        raise ValueError(
            f"schemas/programme.toml, {name} has {len(filters)} filters and crosses"
            f" {entry.get('ways', 2)} ways; as many ways as filters were expected: of partial totals"
            " the gate does not know what they are part of. Raise `ways`."
        )
    return PublishedTable(
        name=name,
        title=entry["title"],
        filters={key: value["label"] for key, value in filters.items()},
        indicators=tuple(m.indicator for m in measures if m.shown),
        measures=measures,
        reads=entry.get("reads", name),
        authority=entry["authority"],
        rows=entry.get("rows", ""),
        answered=_by_side(entry.get("answered", {})),
        stands=_by_side(entry.get("stands", {})),
        came=_by_side(entry.get("came", {})),
        unlisted=_by_side(entry.get("unlisted", {})),
        absent=entry.get("absent", "x"),
        nested=entry.get("nested", False),
        ways=entry.get("ways", 2),
        in_full=entry.get("in_full", {}),
        labels={key: value.get("labels", {}) for key, value in filters.items()},
        noise_for=tuple(entry.get("noise_for", ())),
        official=entry.get("official", False),
    )


def _named_in_ties(key: str) -> list[dict[str, Any]]:
    written = tomllib.loads((SCHEMAS / "ties.toml").read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = written.get(key, [])
    return entries


@cache
def region_only() -> Mapping[str, str]:
    """The categories (by published label, of any filter) that are shown for the region alone
    whatever the number, and why.
    """
    written = tomllib.loads((SCHEMAS / "sensitive.toml").read_text(encoding="utf-8"))
    reasons: dict[str, str] = written["region_only"]
    return reasons


def is_sensitive(table: PublishedTable, measure: Measure, rows: pd.DataFrame) -> pd.Series:
    """Which rows of a table (`rows` has its filters) are of a category that is never shown by
    authority; what the register says is public.
    """
    if measure.sensitive:
        return pd.Series(True, index=rows.index)
    if not table.filters or measure.rule in ("exact", "given"):
        return pd.Series(False, index=rows.index)
    return rows[list(table.filters)].isin(list(region_only())).any(axis=1)


@cache
def symbols() -> tuple[Symbol, ...]:
    """What symbols of the published tables tell.

    Raises:
        ValueError: one names a table or measure that the programme lacks.
    """
    tables = {table.name: {m.name for m in table.measures if m.shown} for table in PUBLISHED_TABLES}
    read = tuple(Symbol(**entry) for entry in _named_in_ties("symbol"))
    for symbol in read:
        if missing := sorted(
            {symbol.measure, symbol.beside, symbol.where} - tables.get(symbol.table, set())
        ):
            raise ValueError(
                f"schemas/ties.toml: {symbol.table}.{missing[0]} was found; expected a measure that"
                " the programme shows. Correct it."
            )
    return read


@dataclass(frozen=True)
class Compared:
    """Measures of a table of which comparisons tell an authority sums of others, and the categories
    of which they do.
    """

    table: str
    measures: tuple[str, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()


@cache
def compared() -> tuple[Compared, ...]:
    """What comparisons tell of others.

    Raises:
        ValueError: an entry names a table, measure or filter that the programme lacks.
    """
    read = []
    tables = {table.name: table for table in PUBLISHED_TABLES}
    for entry in _named_in_ties("compared"):
        table, where = tables.get(entry["table"]), entry.get("where", {})
        named = {*entry["measures"], *where}
        missing = sorted(
            named - ({m.name for m in table.measures} | set(table.filters) if table else set())
        )
        if missing:
            raise ValueError(
                f"schemas/ties.toml, compared: {entry['table']} has no {', '.join(missing)};"
                " expected what the programme has. Correct it."
            )
        read.append(
            Compared(
                entry["table"],
                tuple(entry["measures"]),
                tuple((name, tuple(of)) for name, of in where.items()),
            )
        )
    return tuple(read)


@dataclass(frozen=True)
class RankedSide:
    """What is counted of a ranked figure, or what it is counted of: the sum of these measures in
    these categories. `is_open`: everybody may know it of every authority.
    """

    measures: tuple[str, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_open: bool = False


@dataclass(frozen=True)
class Ranked:
    """A headline figure of which comparisons tell an authority its rank, and the published counts
    behind it. It is ranked apart for all categories that neither side names; those in `without`
    have no such figure.
    """

    figure: str
    table: str
    counted: RankedSide
    of: RankedSide
    without: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[RankedSide, RankedSide]:
        """What is counted, and what it is counted of."""
        return self.counted, self.of


@cache
def ranked() -> tuple[Ranked, ...]:
    """The figures of which an authority is told its rank.

    Raises:
        ValueError: an entry names a table, measure or filter that the programme lacks.
    """
    read = []
    tables = {table.name: table for table in PUBLISHED_TABLES}
    for entry in _named_in_ties("ranked"):
        counted, of = _side(entry["counted"]), _side(entry["of"])
        table = tables.get(entry["table"])
        there = {m.name for m in table.measures} | set(table.filters) if table else set()
        named = {name for side in (counted, of) for name in (*side.measures, *dict(side.where))}
        if missing := sorted(named - there):
            raise ValueError(
                f"schemas/ties.toml, ranked: {entry['table']} has no {', '.join(missing)};"
                " expected what the programme has. Correct it."
            )
        without = tuple(entry.get("without", ()))
        read.append(Ranked(entry["figure"], entry["table"], counted, of, without))
    return tuple(read)


def _side(entry: Mapping[str, Any]) -> RankedSide:
    where = tuple((name, tuple(of)) for name, of in entry.get("where", {}).items())
    return RankedSide(tuple(entry["measures"]), where, entry.get("open", False))


@cache
def ties() -> tuple[Tie, ...]:
    """The ties between the tables.

    Raises:
        ValueError: a tie names a table or measure that the programme lacks.
    """
    read = []
    tables = {table.name: {m.name for m in table.measures} for table in PUBLISHED_TABLES}
    for entry in _named_in_ties("tie"):
        terms = tuple(Term(**term) for term in entry["terms"])
        for term in terms:
            if term.measure not in tables.get(term.table, set()):
                raise ValueError(
                    f"schemas/ties.toml: {term.table}.{term.measure} was found; expected a measure"
                    " of the programme. Correct the name."
                )
        at_most, presumed = entry.get("is", "0") == "at most 0", entry.get("presumed", False)
        only = tuple(
            (name, tuple(categories)) for name, categories in entry.get("only", {}).items()
        )
        read.append(
            Tie(
                entry["says"],
                terms,
                at_most,
                presumed,
                entry.get("fully_covered", ""),
                entry.get("parts", False),
                only,
            )
        )
    return tuple(read)


_AS_IN = "as in "


def with_selects(written: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The entries of the programme, each select that says `as in <table>` replaced by that table's.

    Raises:
        ValueError: the table named has no such select of its own.
    """

    def in_full(key: str, select: str) -> str:
        if not select.startswith(_AS_IN):
            return select
        named = select.removeprefix(_AS_IN)
        theirs = written.get(named, {}).get(key)
        if not isinstance(theirs, str) or theirs.startswith(_AS_IN):
            raise ValueError(
                f"schemas/programme.toml: `{key}` is as in {named}; a table with a select of its"
                " own there was expected. Correct the name."
            )
        return theirs

    entries = {}
    for name, entry in written.items():
        selects: dict[str, Any] = {}
        for key in _SELECTS & entry.keys():
            given = entry[key]
            selects[key] = (
                in_full(key, given)
                if isinstance(given, str)
                else {side: in_full(key, select) for side, select in given.items()}
            )
        entries[name] = entry | selects
    return entries


PUBLISHED_TABLES: tuple[PublishedTable, ...] = tuple(
    published_table(name, entry)
    for name, entry in with_selects(
        tomllib.loads((SCHEMAS / "programme.toml").read_text(encoding="utf-8"))
    ).items()
)
"""Every table of a release, in the programme's order."""


def as_released(tables: Mapping[str, pd.DataFrame]) -> dict[str, PublishedTable]:
    """The programme's tables as a release holds them, by name: of an earlier programme's release,
    with the columns that it had.
    """
    return {
        table.name: replace(
            table,
            filters={
                name: label for name, label in table.filters.items() if name in tables[table.name]
            },
            indicators=tuple(
                indicator for indicator in table.indicators if indicator.name in tables[table.name]
            ),
        )
        for table in PUBLISHED_TABLES
        if table.name in tables
    }
