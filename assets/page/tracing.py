"""Where a published table comes from: its definition, its columns back to the returns, its checks,
and the returns behind it.

Belongs here: lineage as the models tell it, down to the column, and which returns of a release a
table rests on. Does not belong here: figures. Only definitions, lineage and the release's manifest
are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from assets.page.wording import within
from assets.publication.programme import PUBLISHED_TABLES, Measure, PublishedTable
from assets.warehouse.known import Known
from assets.warehouse.models import Relation, models, understandings, warehouse_tests
from assets.warehouse.tables import RAW_DESCRIPTIONS
from schemas.authorities import NO_AUTHORITY, on_date
from schemas.fields import all_fields
from schemas.returns import return_tables

LAYERS = ("raw", "staging", "core", "curated")
Column = tuple[Relation, str]


@dataclass(frozen=True)
class Trace:
    """A published column: its meaning, unit, and the columns that its value comes from, by layer;
    those of returns in the returns' own words.
    """

    name: str
    label: str
    meaning: str
    unit: str
    rule: str
    formula: str
    layers: dict[str, list[str]]


@dataclass(frozen=True)
class Check:
    """A check that a table or what it rests on must pass."""

    name: str
    table: str
    blocks: bool
    meaning: str


@dataclass(frozen=True)
class Origin:
    """Where a table comes from. `tables` are all that it reads, directly or not, by layer;
    `returns` the kinds of return among them.
    """

    definition: str
    grain: tuple[str, ...]
    tables: dict[str, list[str]]
    returns: dict[str, str]
    checks: list[Check]

    @property
    def short(self) -> str:
        """The definition's first sentence."""
        return self.definition.partition(". ")[0].rstrip(".:") + "."

    @property
    def more(self) -> str:
        """The rest of the definition."""
        return self.definition.partition(". ")[2]


def meaning(column: str) -> str:
    """What a column means, from the one dictionary; empty where it is not in it."""
    described = all_fields().get(column)
    return described.description if described else ""


@cache
def _closure(relation: Relation) -> frozenset[Relation]:
    """Everything that a model reads, directly or not, itself included."""
    # what was received has no model: there it ends
    model = models().get(relation)
    return frozenset(
        {relation}.union(*(_closure(parent) for parent in model.upstream)) if model else {relation}
    )


@cache
def _ancestors(relation: Relation, column: str) -> frozenset[Column]:
    """Every column that a column's value comes from, itself included."""
    understood = understandings().get(relation)
    parents = understood.parents.get(column, set()) if understood else set()
    return frozenset({(relation, column)}.union(*(_ancestors(*parent) for parent in parents)))


def _said(column: Column) -> str:
    """A column as a reader knows it: of a return by the return's title and its own header, else by
    its table.
    """
    (schema, table), name = column
    returned = return_tables().get(table) if schema == "raw" else None
    if not returned:
        return f"{table}.{name}"
    header = next((c.headers[0] for c in returned.columns if c.kept_as == name), name)
    return f"{returned.title}: {header}"


def _published(name: str) -> PublishedTable:
    return next(table for table in PUBLISHED_TABLES if table.name == name)


@cache
def _read_by(name: str) -> dict[str, frozenset[Column]]:
    """The columns of the warehouse from which each column of the rows that a published table is
    made of comes.
    """
    table = _published(name)
    if not table.rows:
        relation = ("curated", table.reads)
        return (
            {c: frozenset({(relation, c)}) for c in models()[relation].columns}
            if relation in models()
            else {}
        )
    read = {relation: understandings()[relation].types for relation in _reads(table)}
    parents = _known().understanding(table.name, table.rows, read).parents
    # to parse it takes long: the next process finds it done
    _known().keep()
    return {column: frozenset(of) for column, of in parents.items()}


@cache
def _known() -> Known:
    return Known("published")


def _reads(table: PublishedTable) -> frozenset[Relation]:
    """The tables that the rows of a published table are made of, where it says so itself."""
    return _known().facts(table.name, table.rows).upstream if table.rows else frozenset()


def _sources(table: PublishedTable, measure: Measure) -> frozenset[Column]:
    """The columns of the warehouse that a measure is summed from."""
    read = _read_by(table.name)
    # a measure's SQL knows the rows that it sums by this name alone
    named = re.findall(r"\bt\.(\w+)", measure.sql) if measure.sql else [measure.name]
    return frozenset().union(*(read.get(name, frozenset()) for name in named))


def _worked_out(table: PublishedTable, measure: Measure) -> str:
    """How a measure is worked out of the printed figures of its table; empty where it is counted."""

    def added(names: Sequence[str]) -> str:
        text = "".join(
            f"{' − ' if name.startswith('-') else ' + ' if place else ''}{name.removeprefix('-')}"
            for place, name in enumerate(names)
        )
        return f"({text})" if len(names) > 1 else text

    if measure.rule == "share":
        total = " and ".join(within(table.filters[f]) for f in measure.over)
        return f"{added(measure.of)} ÷ {added(measure.whole) or f'its Total over {total}'} × 100"
    if measure.rule == "rate":
        return f"{added(measure.of)} ÷ {measure.per} × {measure.times:,}"
    return added(measure.of).strip("()") if measure.rule == "difference" else ""


_RULES = {
    "exact": "Printed as it is: it is public, or says nothing of a child.",
    "given": "Printed as it is: it is public, and does not add up.",
    "count": "Small counts are hidden, others rounded.",
    "noise": (
        "Of enough settings together, moved to a multiple of the step by keyed noise; else small"
        " counts are hidden, others rounded."
    ),
    "share": "Worked out from the printed figures.",
    "rate": "Worked out from the printed figures.",
    "difference": "Worked out from the printed figures.",
    "estimate": (
        "Given only where part of the supply has not answered; rounded like a count, the ends of an"
        " interval outward."
    ),
    "mean": "Given only where it rests on enough placements and owners; rounded.",
}
"""What each rule of the programme means to a reader."""
_COUNTED = ("exact", "given", "count", "estimate", "mean")
"""Rules of measures that come from the warehouse; the others are worked out from what is printed.
"""


def trace(table: PublishedTable, column: str) -> Trace:
    """A filter or indicator of a published table, back to the returns."""
    measure = next((m for m in table.measures if m.name == column), None)
    if not measure:
        return Trace(
            column,
            table.filters[column],
            meaning(column),
            "",
            "",
            "",
            _layers(_read_by(table.name).get(column, frozenset())),
        )
    parts = [
        m
        for m in table.measures
        if m.name in {n.removeprefix("-") for n in (*measure.of, *measure.whole, measure.per) if n}
    ]
    start = frozenset().union(
        *(_sources(table, m) for m in ([measure] if measure.rule in _COUNTED else parts))
    )
    shown = measure.indicator
    return Trace(
        column,
        shown.label,
        meaning(column),
        shown.unit,
        _RULES["noise" if measure.noise else measure.rule],
        _worked_out(table, measure),
        _layers(start),
    )


def _layers(start: Iterable[Column]) -> dict[str, list[str]]:
    """The columns and all they come from, by layer, as a reader knows them."""
    ancestors = frozenset().union(*(_ancestors(*column) for column in start))
    return {layer: sorted({_said(c) for c in ancestors if c[0][0] == layer}) for layer in LAYERS}


@cache
def origin(name: str) -> Origin | None:
    """Where the published table `name` comes from; None where no curated table has the name that it
    reads.
    """
    table = _published(name)
    relation = ("curated", table.reads)
    model = models().get(relation)
    if not model:
        return None
    read = _closure(relation).union(*(_closure(other) for other in _reads(table)))
    returns = {
        name: return_tables()[name].title
        for schema, name in sorted(read)
        if schema == "raw" and name in return_tables()
    }
    names = {r: ".".join(r) for r in read}
    tested = {names[r] for r in read}
    grain = Check(
        "grain",
        model.table,
        True,
        f"One row for each {', '.join(model.grain)}: nothing is counted twice.",
    )
    checks = [
        Check(t.name, t.checks, t.blocks, t.meaning)
        for t in warehouse_tests()
        if t.checks in tested
    ]
    checks.sort(
        # its own first, and then from what is counted back to what was received
        key=lambda c: (c.table != model.table, LAYERS.index(c.table.split(".")[0]) * -1, c.name)
    )
    tables = {layer: sorted(names[r] for r in read if r[0] == layer) for layer in LAYERS}
    return Origin(model.description, model.grain, tables, returns, [grain, *checks])


def described(table: str) -> str:
    """What a table of the warehouse is, in a sentence or more."""
    schema, name = table.split(".", 1)
    model = models().get((schema, name))
    if model:
        return model.description
    if name in return_tables():
        return f"{return_tables()[name].title}, as received."
    return RAW_DESCRIPTIONS.get(name, "")


@dataclass(frozen=True)
class Returned:
    """One return behind a release: who sent it, what it is, of when, and its version."""

    sender: str
    title: str
    table: str
    census_date: str
    version: int


def sender_name(sender: str, date: Any) -> str:
    """A sender as a reader knows it: an authority by its name, others as they are."""
    authority = on_date(sender, date)
    return authority.name if authority else NO_AUTHORITY.get(sender, sender)


def returns_behind(manifest: Mapping[str, Any], date: Any) -> list[Returned]:
    """The returns that a release rests on, from its manifest."""
    titles = {name: table.title for name, table in return_tables().items()}
    return [
        Returned(
            sender_name(str(r["sender"]), date),
            titles.get(r["table_name"], r["table_name"]),
            r["table_name"],
            r["census_date"],
            int(r["version"]),
        )
        for r in manifest.get("returns", [])
    ]


@dataclass(frozen=True)
class Behind:
    """How many returns of one kind a table rests on in a release, from how many senders, of which
    dates.
    """

    title: str
    returns: int
    senders: int
    dates: tuple[str, ...]


def summed_up(returned: Sequence[Returned], kinds: Mapping[str, str]) -> list[Behind]:
    """The returns of these kinds, counted by kind; a kind of which none was received is counted as
    none.
    """
    groups = []
    for name, title in kinds.items():
        these = [r for r in returned if r.table == name]
        groups.append(
            Behind(
                title,
                len(these),
                len({r.sender for r in these}),
                tuple(sorted({r.census_date for r in these})),
            )
        )
    return groups
