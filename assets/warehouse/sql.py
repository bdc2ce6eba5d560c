"""SQL: what parsing tells of a SELECT: what it reads, its columns' types and lineage, a hash of
what it does.

Belongs here: everything that needs the parser. It is imported where something is new to `facts`.
Does not belong here: the rules a model keeps (`models`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope, traverse_scope
from sqlglot.schema import MappingSchema

from assets.common.basis import short_digest
from assets.warehouse.facts import Facts, ModelError, Relation, Types, Understanding


def facts(name: str, text: str) -> Facts:
    """The facts of a SELECT; `name` is its file's.

    Raises:
        ModelError: it is not one SELECT, or lineage cannot be followed through it.
    """
    tree = _parse(name, text)
    has_star = any(
        isinstance(s, exp.Star) or (isinstance(s, exp.Column) and isinstance(s.this, exp.Star))
        for s in tree.selects
    )
    return Facts(
        upstream_of(tree), tuple(s.alias_or_name for s in tree.selects), has_star, _version(tree)
    )


def understanding(name: str, text: str, tables: Mapping[Relation, Types]) -> Understanding:
    """The columns' types and lineage of a SELECT that makes the table `name` of these tables.

    Raises:
        ModelError: it names a column that its tables do not have.
    """
    known: dict[str, Any] = {}
    for (schema, table), types in tables.items():
        known.setdefault(schema, {})[table] = dict(types)
    try:
        return understand(_parse(name, text), MappingSchema(known, dialect="postgres"))
    except SqlglotError as error:
        raise ModelError(
            f"{name} names a column that its tables do not have: {error}. Check the spelling."
        ) from None


def understand(tree: exp.Query, tables: MappingSchema) -> Understanding:
    """The columns' types and lineage of a query over these tables. The tree is used up.

    Raises:
        SqlglotError: the query names a column that its tables do not have.
    """
    # names are checked here, because lineage gives an unknown column a leaf and says nothing
    qualified = qualify(tree, schema=tables, dialect="postgres", validate_qualify_columns=True)
    # Not trimmed: each step's source would be a copy of its whole SELECT, of which nothing is read
    # here.
    nodes = lineage(
        None,
        qualified,
        schema=tables,
        dialect="postgres",
        scope=build_scope(qualified),
        trim_selects=False,
        copy=False,
    )
    parents = {
        column: {
            ((n.expression.db, n.expression.name), n.name.rsplit(".", 1)[-1].strip('"'))
            for n in node.walk()
            if isinstance(n.expression, exp.Table) and n.expression.name and n.expression.db
        }
        for column, node in nodes.items()
    }
    types = {}
    for select in annotate_types(
        _with_rounds_as_numeric(qualified), schema=tables, dialect="postgres"
    ).selects:
        kind = select.type.sql(dialect="postgres").lower() if select.type else "text"
        # text is what PostgreSQL makes of a literal whose type nobody says
        types[select.alias_or_name] = "text" if kind in {"unknown", "varchar", "null"} else kind
    return Understanding(types, parents)


def _with_rounds_as_numeric(tree: exp.Query) -> exp.Query:
    """The query with each `round(..., digits)` cast to numeric: PostgreSQL has it for numeric
    alone, sqlglot takes it for double precision.
    """
    for rounded in [node for node in tree.find_all(exp.Round) if node.args.get("decimals")]:
        rounded.replace(exp.cast(rounded.copy(), "numeric"))
    return tree


def _parse(name: str, text: str) -> exp.Query:
    try:
        statements = [s for s in sqlglot.parse(text, dialect="postgres") if s is not None]
    except SqlglotError as error:
        raise ModelError(
            f"{name} cannot be parsed: {error}. One SELECT in PostgreSQL's SQL was expected."
        ) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ModelError(
            f"{name} is not one SELECT. One SELECT a file was expected: no DDL, no DO, no second"
            " statement."
        )
    if statements[0].find(exp.Lateral):
        raise ModelError(
            f"{name} uses LATERAL, through which lineage cannot be followed. Write a join or a CTE."
        )
    return statements[0]


def upstream_of(tree: exp.Query) -> frozenset[Relation]:
    """The tables that a query reads, CTEs told apart from tables."""
    # by scopes: to look for tables in the tree would give the names of steps as well
    return frozenset(
        (table.db, table.name)
        for scope in traverse_scope(tree)
        for table in scope.sources.values()
        if isinstance(table, exp.Table) and table.name
    )


def _version(tree: exp.Query) -> str:
    """A hash of what the query does: layout, case of keywords and comments do not count."""
    return short_digest(tree.sql(dialect="postgres", comments=False))
