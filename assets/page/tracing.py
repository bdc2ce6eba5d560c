"""Where a published table comes from: its definition, its columns back to the returns, its checks, and the returns behind it.

Belongs here: lineage as the models tell it, down to the column, and which returns of a release a table rests on.
Does not belong here: figures. Only definitions, lineage and the release's manifest are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from assets.warehouse.models import Relation, models, understandings, warehouse_tests
from assets.warehouse.tables import RAW_DESCRIPTIONS
from schemas.authorities import NO_AUTHORITY, on_date
from schemas.fields import all_fields
from schemas.returns import return_tables

LAYERS = ("raw", "staging", "core", "curated")
Column = tuple[Relation, str]


@dataclass(frozen=True)
class Trace:
    """A published column: its meaning, unit, and the columns that its value comes from, by layer; those of returns in the returns' own words."""

    name: str
    label: str
    meaning: str
    unit: str
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
    """Where a table comes from. `tables` are all that it reads, directly or not, by layer; `returns` the kinds of return among them."""

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
    model = models().get(relation)
    return frozenset({relation}.union(*(_closure(parent) for parent in model.upstream)) if model else {relation})


@cache
def _ancestors(relation: Relation, column: str) -> frozenset[Column]:
    """Every column that a column's value comes from, itself included."""
    understood = understandings().get(relation)
    parents = understood.parents.get(column, set()) if understood else set()
    return frozenset({(relation, column)}.union(*(_ancestors(*parent) for parent in parents)))


def _said(column: Column) -> str:
    """A column as a reader knows it: of a return by the return's title and its own header, else by its table."""
    (schema, table), name = column
    returned = return_tables().get(table) if schema == "raw" else None
    if not returned:
        return f"{table}.{name}"
    header = next((c.headers[0] for c in returned.columns if c.kept_as == name), name)
    return f"{returned.title}: {header}"


def trace(table: str, column: str, label: str, unit: str) -> Trace:
    """A column of the published table `table`, back to the returns."""
    relation = ("curated", table)
    known = relation in models() and column in models()[relation].columns
    found = sorted(_ancestors(relation, column)) if known else []
    layers = {layer: sorted({_said(c) for c in found if c[0][0] == layer}) for layer in LAYERS}
    return Trace(column, label, meaning(column), unit, layers)


@cache
def origin(table: str) -> Origin | None:
    """Where the published table `table` comes from; None where no curated table has its name."""
    relation = ("curated", table)
    model = models().get(relation)
    if not model:
        return None
    read = _closure(relation)
    returns = {name: return_tables()[name].title for schema, name in sorted(read) if schema == "raw" and name in return_tables()}
    said = {r: ".".join(r) for r in read}
    tested = {said[r] for r in read}
    grain = Check("grain", model.table, True, f"One row for each {', '.join(model.grain)}: nothing is counted twice.")
    checks = [Check(t.name, t.checks, t.blocks, t.meaning) for t in warehouse_tests() if t.checks in tested]
    checks.sort(key=lambda c: (c.table != model.table, LAYERS.index(c.table.split(".")[0]) * -1, c.name))
    tables = {layer: sorted(said[r] for r in read if r[0] == layer) for layer in LAYERS}
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
    """One return behind a release: who sent it, what it is, of when, its version, and the start of its content's hash."""

    sender: str
    title: str
    table: str
    census_date: str
    version: int
    content_hash: str


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
            str(r["content_hash"])[:12],
        )
        for r in manifest.get("returns", [])
    ]


@dataclass(frozen=True)
class Behind:
    """How many returns of one kind a table rests on in a release, from how many senders, of which dates."""

    title: str
    returns: int
    senders: int
    dates: tuple[str, ...]


def summed_up(returned: Sequence[Returned], kinds: Mapping[str, str]) -> list[Behind]:
    """The returns of these kinds, counted by kind; a kind of which none was received is counted as none."""
    made = []
    for name, title in kinds.items():
        these = [r for r in returned if r.table == name]
        made.append(Behind(title, len(these), len({r.sender for r in these}), tuple(sorted({r.census_date for r in these}))))
    return made
