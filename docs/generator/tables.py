"""The reference's pages on tables: curated, core, staging, raw, published, the data dictionary,
and the tests of the data.

Belongs here: what a page on a table shows. Does not belong here: what a table or a column is
(heads of `dbt_like_sql`, `schemas/dictionary`, `schemas/programme.toml`).
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable

from assets.publication.disclosure.rules import SYMBOLS
from assets.publication.programme import PUBLISHED_TABLES, PublishedTable
from assets.warehouse.about_children import is_about_children
from assets.warehouse.models import (
    FOLDER,
    PYTHON_TABLES,
    Model,
    PythonTable,
    Relation,
    models,
    raw_columns,
    understandings,
    warehouse_tests,
)
from assets.warehouse.tables import RAW_DESCRIPTIONS, SCHEMAS
from docs.generator import cases
from docs.generator.writing import code, codes, contents, html, page, plain, prose, table
from schemas.fields import Field, all_fields
from schemas.returns import return_tables

GLOSSARY = FOLDER.parent / "schemas/glossary.toml"

_MANY = 4
"""Tables, and columns of one, that are named as a column's source; of more it is said how many."""

Pages = dict[str, str]
"""Markdown by path below the site's source, without the ending."""


def pages() -> Pages:
    """All pages on tables, and the dictionary."""
    found = {f"reference/tables/{of.table}": _model_page(of) for of in _shown()}
    found["reference/tables/index"] = _index()
    found["reference/tables/staging"] = _staging()
    found["reference/tables/raw"] = _raw()
    found["reference/tables/published"] = _published()
    found["reference/dictionary"] = _dictionary()
    found["reference/checks"] = _checks()
    found["reference/glossary"] = _glossary()
    return found


def _shown() -> list[Model | PythonTable]:
    """The tables that have a page each: core and curated."""
    tables = [m for m in models().values() if m.schema in ("core", "curated")]
    return sorted([*tables, *PYTHON_TABLES.values()], key=lambda m: (m.schema != "curated", m.name))


def link_to(relation: Relation, base: str = "") -> str:
    """A link to where a relation is described, from a page whose folder is `reference/tables/`
    below `base`.
    """
    schema, name = relation
    if schema in ("core", "curated"):
        return f"[`{schema}.{name}`]({base}{schema}.{name}.md)"
    if schema == "staging":
        return f"[`{schema}.{name}`]({base}staging.md#staging-{name.replace('_', '-')})"
    if schema == "published":
        return f"[`published.{name}`]({base}published.md#published-{name.replace('_', '-')})"
    if name in return_tables():
        return f"[`raw.{name}`]({base}../returns/{name}.md)"
    return f"[`raw.{name}`]({base}raw.md#raw-{name.replace('_', '-')})"


def _index() -> str:
    parts = [
        (
            "Every table of the warehouse, by schema. Readers use `curated` and `published`. "
            "What each *column* means is in the [data dictionary](../dictionary.md)."
        ),
    ]
    for schema in ("curated", "published", "core", "staging", "raw"):
        parts += [f"## {schema}", prose(SCHEMAS[schema])]
        if schema in ("curated", "core"):
            rows = [
                [link_to(of.relation), prose(_first_sentence(of.description))]
                for of in _shown()
                if of.schema == schema
            ]
            parts.append(table(["table", "is"], rows))
        else:
            parts.append(f"[All tables of `{schema}`]({schema}.md)")
    return page("Tables", *parts, contents(["published", "staging", "raw"]))


def _first_sentence(text: str) -> str:
    return text.split(". ", 1)[0].rstrip(".") + "."


# --- one table ----------------------------------------------------------------------------------


def _model_page(of: Model | PythonTable) -> str:
    readers = [m.relation for m in models().values() if of.relation in m.upstream]
    facts = [
        ["one row a", codes(of.grain)],
        ["made by", code(_made_by(of))],
        ["reads", ", ".join(map(link_to, sorted(of.upstream))) or "nothing"],
        ["read by", ", ".join(map(link_to, sorted(readers))) or "no other table"],
        ["who reads it", _who_reads(of)],
    ]
    if tests := [t.name for t in warehouse_tests() if t.checks == of.table]:
        links = (f"[`{name}`](../checks.md#{name.replace('_', '-')})" for name in tests)
        facts.append(["checked by", ", ".join(links)])
    if published := [
        t.name for t in PUBLISHED_TABLES if t.reads == of.name and of.schema == "curated"
    ]:
        links = (link_to(("published", name)) for name in published)
        facts.append(["published as", ", ".join(links)])
    examples = cases.examples(of.table)
    return page(
        of.table,
        "[All tables](index.md)",
        prose(of.description),
        table(["", ""], facts),
        "## Columns",
        _columns_of(of),
        "## Worked examples" if examples else "",
        "These are the tests of the table: the rows it is given, and every row it must then have. "
        "A blank cell is null." if examples else "",
        html(f'<div class="cases">{examples}</div>') if examples else "",
        orphan=True,
    )  # fmt: skip


def _made_by(of: Model | PythonTable) -> str:
    return (
        of.path.relative_to(FOLDER.parent).as_posix()
        if isinstance(of, Model)
        else "assets/projection/project.py"
    )


def _who_reads(of: Model | PythonTable) -> str:
    link = "([who reads which rows](../../access_matrix.md))"
    if is_about_children(of.columns):
        return (
            "its rows are about single children or placements: an authority its own, and each "
            f"reading is recorded {link}"
        )
    if isinstance(of, Model) and of.readers == "members":
        return f"every authority of the region, all rows {link}"
    return f"an authority the rows that its columns say are its own {link}"


def _columns_of(of: Model | PythonTable) -> str:
    if isinstance(of, PythonTable):
        types: dict[str, str] = of.types
        parents: dict[str, set[tuple[Relation, str]]] = {}
    else:
        understood = understandings()[of.relation]
        types, parents = understood.types, understood.parents
    rows = [
        [
            f"{code(name)}<br>{_type_of(name, types[name])}",
            prose(of.column_description(name)),
            _from(parents.get(name, set())),
        ]
        for name in of.columns
    ]
    return table(["column", "meaning", "value comes from"], rows)


def _type_of(name: str, kind: str) -> str:
    described = all_fields().get(name)
    unit = f", {plain(described.unit)}" if described and described.unit else ""
    return f"*{plain('numeric' if kind == 'double precision' else kind)}{unit}*"


def _from(parents: Iterable[tuple[Relation, str]]) -> str:
    """The columns that a value comes from, by table."""
    found: dict[str, list[str]] = defaultdict(list)
    for (schema, name), column in sorted(parents):
        found[f"{schema}.{name}"].append(column)
    said = [f"{code(name)}: {plain(_some(columns))}" for name, columns in found.items()]
    return "<br>".join(
        [*said[:_MANY], f"and {len(said) - _MANY} more tables"] if len(said) > _MANY else said
    )


def _some(columns: list[str]) -> str:
    more = f" and {len(columns) - _MANY} more" if len(columns) > _MANY else ""
    return ", ".join(columns[:_MANY]) + more


# --- staging, raw, published ----------------------------------------------------------------------


def _staging() -> str:
    parts = [
        prose(SCHEMAS["staging"]),
        (
            "A staging view has the names and types; what each column means is in the [data "
            "dictionary](../dictionary.md)."
        ),
    ]
    for model in sorted(
        (m for m in models().values() if m.schema == "staging"), key=lambda m: m.name
    ):
        rows = [
            ["one row a", codes(model.grain)],
            ["made by", code(_made_by(model))],
            ["reads", ", ".join(map(link_to, sorted(model.upstream)))],
            ["columns", codes(model.columns)],
        ]
        parts += [f"## staging.{model.name}", prose(model.description), table(["", ""], rows)]
        if examples := cases.examples(model.table):
            parts.append(html(f'<div class="cases">{examples}</div>'))
    return page("Staging views", *parts)


def _raw() -> str:
    parts = [
        prose(SCHEMAS["raw"]),
        (
            "The tables of returns are described with [their return](../returns/index.md). Each "
            "has, before the return's own columns, "
            "`submission_id`, `census_date`, `sender`, `sheet`, `row_number`, `fate` (loaded, "
            "rejected or set aside) and `as_received`."
        ),
    ]
    for name, columns in sorted(raw_columns().items()):
        if name not in return_tables():
            rows = [
                [code(column), plain(kind), prose(_meaning(column))]
                for column, kind in columns.items()
            ]
            parts += [
                f"## raw.{name}",
                prose(RAW_DESCRIPTIONS[name]),
                table(["column", "type", "meaning"], rows),
            ]
    return page("Raw tables", *parts)


def _meaning(column: str) -> str:
    described = all_fields().get(column)
    return described.description if described else ""


def _published() -> str:
    parts = [
        prose(SCHEMAS["published"]),
        (
            "A release holds these tables, quarter by quarter, for each authority and the region. "
            "How their numbers are made safe is in "
            "[disclosure control](../../disclosure.md)."
        ),
        "## Symbols",
        "In place of a figure a cell may have one of these.",
        table(
            ["symbol", "means"], [[code(symbol), prose(means)] for symbol, means in SYMBOLS.items()]
        ),
    ]
    return page(
        "Published tables",
        *parts,
        *(part for of in PUBLISHED_TABLES for part in _published_table(of)),
    )


def _published_table(of: PublishedTable) -> list[str]:
    filters = [[code(name), "divides the rows", prose(label)] for name, label in of.filters.items()]
    indicators = [
        [code(i.name), plain(i.unit) or "number", f"{prose(i.label)}{_decimals(i.decimals)}"]
        for i in of.indicators
    ]
    return [
        f"## published.{of.name}",
        f"{prose(of.title)}. Made from {link_to(('curated', of.reads))}.",
        table(["column", "unit", "meaning"], [*filters, *indicators]),
    ]


def _decimals(number: int) -> str:
    return f" ({number} decimal{'' if number == 1 else 's'})" if number else ""


# --- the dictionary and the tests ---------------------------------------------------------------


def _dictionary() -> str:
    where = _where_used()
    entries = [
        _entry(described, where.get(name, [])) for name, described in sorted(all_fields().items())
    ]
    return page(
        "Data dictionary",
        "Every column of the observatory, in the order of the alphabet. A name means the same "
        "in every table. "
        "For words rather than columns see [words](../words.md); for `c`, `x`, `z` and `low` in "
        "published "
        "tables see [symbols](tables/published.md#symbols).",
        "````{glossary}\n" + "\n\n".join(entries) + "\n````",
    )


def _entry(described: Field, tables: list[str]) -> str:
    unit = f", {plain(described.unit)}" if described.unit else ""
    lines = [
        described.name,
        f"  {prose(described.description)}",
        "",
        f"  *{plain(described.type)}{unit}*. In {', '.join(tables) or 'no table'}.",
    ]
    return "\n".join(lines)


def _glossary() -> str:
    words = tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["word"]
    entries = [f"{plain(one['term'])}\n  {prose(one['meaning'])}" for one in words]
    return page(
        "Glossary",
        "The words that readers of the [observatory page](../observatory_page.md) meet, as it "
        "explains them. The observatory's own words are in [words](../words.md).",
        "````{glossary}\n" + "\n\n".join(entries) + "\n````",
    )


def _where_used() -> dict[str, list[str]]:
    """Links to the tables that have a column, by column: those with a page each, the returns, and
    the published ones.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for of in _shown():
        for name in of.columns:
            found[name].append(link_to(of.relation, "tables/"))
    for of_return in return_tables().values():
        for name in dict.fromkeys(
            [*(c.field.name for c in of_return.columns), *of_return.warehouse_columns]
        ):
            found[name].append(f"[return `{of_return.name}`](returns/{of_return.name}.md)")
    for published in PUBLISHED_TABLES:
        for name in (*published.filters, *(i.name for i in published.indicators)):
            found[name].append(link_to(("published", published.name), "tables/"))
    for schema, columns in [
        ("raw", raw_columns()),
        ("staging", {m.name: m.columns for m in models().values() if m.schema == "staging"}),
    ]:
        for table_name, names in columns.items():
            for name in names:
                if name not in found:
                    found[name] = [link_to((schema, table_name), "tables/")]
    return {
        name: links if len(links) <= 6 else [*links[:6], f"{len(links) - 6} more"]
        for name, links in found.items()
    }


def _checks() -> str:
    parts = [
        (
            "What must be true of a quarter's tables: each is a SELECT of rows that should not be "
            "there, run in every build. "
            "One that *blocks* keeps the quarter from being written; one that *warns* is shown in "
            "the Dagster UI."
        ),
    ]
    for test in sorted(warehouse_tests(), key=lambda t: t.name):
        schema, _, name = test.checks.partition(".")
        parts += [
            f"## {test.name}",
            prose(test.meaning),
            (
                f"Checks {link_to((schema, name), 'tables/')}; "
                f"{'blocks' if test.blocks else 'warns'}. File: "
                f"`dbt_like_sql/tests/{test.name}.sql`."
            ),
        ]
    return page("Tests of the data", *parts)
