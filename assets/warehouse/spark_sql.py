"""Spark's SQL for the models: the same SELECT in the words of another engine, with PostgreSQL's
meaning.

Belongs here: what is written otherwise there, and what an expression's type makes of it. Does not
belong here: running it (`spark`).

The models stay as they are. sqlglot reads each as PostgreSQL's, finds the type of every expression
from the columns of the tables, and writes it as Spark's. What would compute something else there is
put right on the tree in between:

- `numeric` has as many digits as it needs; Spark's has 38 in all. Here it is `NUMBER`: twelve
  before the point and twelve behind it, to which every sum, product and quotient comes back. What
  does not fit is an error, never another figure.
- Two whole numbers divide to a whole number, and the sum of bigints is a `numeric`.
- A median comes out in double precision; made `numeric` it has 15 digits in PostgreSQL.
- Days between dates, `similar to`, `string_agg` in order and `jsonb_object_agg` have other names.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

DIGITS, BEHIND_THE_POINT = 24, 12
NUMBER = f"decimal({DIGITS}, {BEHIND_THE_POINT})"
"""Spark's type of what is `numeric` in PostgreSQL: the product or quotient of two of them keeps
eleven decimals or more.
"""

_WHOLE = f"decimal({DIGITS // 2 + 1}, 0)"
"""A whole number beside a `NUMBER`: their product keeps every digit."""

_DECIMAL = exp.DataType.Type.DECIMAL
_BIGINT = exp.DataType.Type.BIGINT

Node = Any
"""A node of sqlglot's tree: which fields it has depends on its kind, and sqlglot's types do not
say.
"""

Columns = Mapping[str, Mapping[str, Mapping[str, str]]]
"""PostgreSQL's types by schema, table and column."""


def spark_name(schema: str, table: str) -> str:
    """What a table or view is called in the Spark session, which has no schemas of its own."""
    return f"{schema}__{table}"


def spark_sql(sql: str, columns: Columns, census_date: dt.date) -> list[tuple[str, str]]:
    """The model's SELECT as Spark runs it, of the quarter: its steps by name, and last, without a
    name, the model itself.

    A step that is read more than once is one of its own, to be kept until the model is made: Spark
    would put it into its plan at each place, and work it out each time.

    Raises:
        SqlglotError: it reads a column that is not there, or has what Spark has no word for.
    """
    tree = sqlglot.parse_one(sql, dialect="postgres")
    for parameter in list(tree.find_all(exp.Placeholder)):
        parameter.replace(exp.Literal.string(census_date.isoformat()))
    tables = MappingSchema(
        {name: dict(types) for name, types in columns.items()}, dialect="postgres"
    )
    # every column gets its table's name, by which its type is known
    tree = qualify(tree, schema=tables, dialect="postgres")
    tree = annotate_types(tree, schema=tables, expression_metadata=_TYPES, dialect="postgres")
    for node in reversed(list(tree.walk(bfs=True))):  # what stands within is put right first
        if (change := _CHANGES.get(type(node))) and (changed := change(node)) is not node:
            node.replace(changed)
    for scope in traverse_scope(tree):
        for table in scope.tables:
            if table.db:
                name = exp.to_identifier(spark_name(table.db, table.name))
                table.replace(exp.Table(this=name, alias=table.args.get("alias")))
    return [(name, _text(step)) for name, step in _steps(tree)]


def _text(tree: Node) -> str:
    # what Spark has no word for is an error, and not left out
    return tree.sql(dialect="spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)


def _steps(tree: Node) -> list[tuple[str, Node]]:
    """The steps that are read more than once, each after those that it reads, and the query itself."""
    clause = tree.args.get("with_") or tree.args.get("with")
    if clause is None:
        return [("", tree)]
    # the steps are taken off: those that are kept become views of their own
    clause.pop()
    bodies: dict[str, Node] = {cte.alias: cte.this for cte in clause.expressions}
    read = Counter(name for query in [*bodies.values(), tree] for name in _names_in(query))
    kept = [name for name in bodies if read[name] > 1]
    return [
        (name, _with_its_steps(query, bodies, kept))
        for name, query in [*((k, bodies[k]) for k in kept), ("", tree)]
    ]


def _names_in(query: Node) -> list[str]:
    return [table.name for table in query.find_all(exp.Table)]


def _with_its_steps(query: Node, bodies: Mapping[str, Node], kept: Sequence[str]) -> Node:
    """The query with those steps before it that it reads, by itself or through others, and that are
    none of their own.
    """
    needed: set[str] = set()
    ahead = [query]
    while ahead:
        steps = {
            name for name in _names_in(ahead.pop()) if name in bodies and name not in kept
        } - needed
        needed |= steps
        # a step may be reached in two ways, and is looked through once
        ahead += [bodies[name] for name in steps]
    # copies: several queries may have the same step before them
    replaced = query.copy()
    for name in bodies:
        if name in needed:
            replaced = replaced.with_(name, bodies[name].copy(), copy=False)
    return replaced


def quarters_read(sql: str) -> dict[tuple[str, str], bool]:
    """The tables that a model reads, and of each whether it reads other quarters' rows than its
    own.

    Own rows alone are read where every mention of the table is filtered by `census_date =
    cast(:census_date as date)`.
    """
    others: dict[tuple[str, str], bool] = {}
    for scope in traverse_scope(sqlglot.parse_one(sql, dialect="postgres")):
        own = {e.this.table for e in scope.find_all(exp.EQ) if _is_the_quarter(e)}
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table) and source.db:
                relation = (source.db, source.name)
                others[relation] = others.get(relation, False) or alias not in own
    return others


def _is_the_quarter(equal: exp.EQ) -> bool:
    """Whether it says that a table's row is of the quarter that is made, and nothing beside it
    makes that untrue.
    """
    column, value = equal.this, equal.expression
    named = isinstance(column, exp.Column) and column.name == "census_date"
    given = isinstance(value, exp.Cast) and isinstance(value.this, exp.Placeholder)
    # under an `or` or a `not` the equation would not hold of every row that is read
    over = equal.parent
    while isinstance(over, exp.And | exp.Paren):
        over = over.parent
    return named and given and isinstance(over, exp.Where | exp.Join)


# --- types, where PostgreSQL has others than sqlglot takes it to ----------------------------------


def _is_whole(node: Node) -> bool:
    return node.is_type(*exp.DataType.INTEGER_TYPES)


def _is_number(node: Node) -> bool:
    return node.is_type(_DECIMAL)


def _typed(node: Node, kind: Node) -> Node:
    node.type = exp.DataType(this=kind)
    return node


def _type_of_quotient(annotator: object, node: Node) -> Node:
    both = _is_whole(node.left) and _is_whole(node.right)
    return _typed(node, _BIGINT if both else _DECIMAL)


def _type_of_sum(annotator: object, node: Node) -> Node:
    this = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    # PostgreSQL sums `bigint` as `numeric`, and smaller whole numbers as `bigint`
    return _typed(node, _DECIMAL if this.is_type(_BIGINT) or not _is_whole(this) else _BIGINT)


def _type_of_literal(annotator: object, node: Node) -> Node:
    if node.is_string:
        return _typed(node, exp.DataType.Type.VARCHAR)
    return _typed(node, exp.DataType.Type.INT if node.this.isdigit() else _DECIMAL)


_TYPES: dict[Any, Any] = {
    **Postgres.EXPRESSION_METADATA,
    exp.Div: {"annotator": _type_of_quotient},
    exp.Sum: {"annotator": _type_of_sum},
    exp.Literal: {"annotator": _type_of_literal},
    **{kind: {"returns": _DECIMAL} for kind in (exp.Avg, exp.Round, exp.Sqrt, exp.Floor, exp.Ceil)},
    **{
        kind: {"returns": exp.DataType.Type.DOUBLE}
        for kind in (exp.Pow, exp.PercentileCont, exp.WithinGroup)
    },
}


# --- what is written otherwise --------------------------------------------------------------------


def _as(node: Node, kind: str) -> Node:
    cast = exp.cast(node, kind, dialect="spark")
    return _typed(cast, _DECIMAL) if kind.startswith("decimal") else cast


def _function(name: str, *arguments: Node) -> Node:
    """A function of Spark's, by its name there."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _operand(node: Node) -> Node:
    """One side of a product or quotient, of few enough digits that the result keeps its decimals."""
    # a literal has only the digits that are written
    if isinstance(node, exp.Literal):
        return node
    return _as(exp.paren(node), _WHOLE if _is_whole(node) else NUMBER)


def _product(node: Node) -> Node:
    """A product of numbers; of whole ones, intervals and double precision as it is."""
    if not _is_number(node):
        return node
    return _as(
        exp.paren(exp.Mul(this=_operand(node.left), expression=_operand(node.right))), NUMBER
    )


def _quotient(node: Node) -> Node:
    if _is_whole(node.left) and _is_whole(node.right):
        return _typed(exp.paren(exp.IntDiv(this=node.left, expression=node.right)), _BIGINT)
    quotient = exp.Div(this=_operand(node.left), expression=_operand(node.right))
    return _as(exp.paren(quotient), NUMBER)


def _plus_or_minus(node: Node) -> Node:
    """Days between two dates and days after a date are functions; a sum of numbers is a number
    again.
    """
    dates = (exp.DataType.Type.DATE,)
    if isinstance(node, exp.Sub) and node.left.is_type(*dates) and node.right.is_type(*dates):
        return _typed(_function("datediff", node.left, node.right), exp.DataType.Type.INT)
    return _as(exp.paren(node), NUMBER) if _is_number(node) else node


def _aggregate(node: Node) -> Node:
    """A sum or mean of numbers, at the number's own digits."""
    if not _is_number(node):
        return node
    if isinstance(node, exp.Avg):
        node.set("this", _operand(node.this))
    return node if isinstance(node.parent, exp.Window | exp.Filter) else _as(node, NUMBER)


def _window(node: Node) -> Node:
    return (
        _as(node, NUMBER)
        if isinstance(node.this, exp.Sum | exp.Avg) and _is_number(node.this)
        else node
    )


def _root(node: Node) -> Node:
    return _as(node, NUMBER)


def _cast(node: Node) -> Node:
    """To `numeric`; of double precision to 15 digits, as PostgreSQL does it. JSON is text."""
    if node.to.is_type(exp.DataType.Type.JSONB):
        return _as(node.this, "string")
    if not (node.to.is_type(_DECIMAL) and not node.to.expressions):
        # other types, and a number of digits that are named, are the same in both
        return node
    if not node.this.is_type(exp.DataType.Type.DOUBLE):
        return _as(node.this, NUMBER)
    digits = _function("format_string", exp.Literal.string("%.14e"), node.this.copy())
    # `format_string` would write a missing number as a word
    known = exp.Not(this=exp.Is(this=node.this, expression=exp.Null()))
    return _as(exp.Case(ifs=[exp.If(this=known, true=digits)]), NUMBER)


def _similar(node: Node) -> Node:
    """A pattern of all of the text. In SQL's own patterns a point is a point."""
    pattern = node.expression.name.replace(".", "[.]").replace("%", ".*").replace("_", ".")
    # `similar to` is of the whole text, a regular expression of any part
    return exp.RegexpLike(this=node.this, expression=exp.Literal.string(f"^({pattern})$"))


def _percentile(node: Node) -> Node:
    """`percentile_cont(share) within group (order by x)`: exact there, too, under a name of its
    own.
    """
    if not isinstance(node.this, exp.PercentileCont):
        return node
    what = node.expression.expressions[0].this
    return _typed(_function("percentile", what, node.this.this), node.type.this)


def _step(node: Node) -> Node:
    """A step is a step: whether it is worked out once is the planner's to say."""
    node.set("materialized", None)
    return node


def _joined(node: Node) -> Node:
    """`string_agg(x, ', ' order by x)`; of distinct texts, which come in their own order, as a set."""
    what, order = node.this, None
    if isinstance(what, exp.Order):
        what, order = what.this, exp.Order(expressions=what.expressions)
    separator = node.args.get("separator") or exp.Literal.string("")
    if isinstance(separator, exp.Order):
        separator, order = separator.this, exp.Order(expressions=separator.expressions)
    if not isinstance(what, exp.Distinct):
        joined = _function("listagg", what, separator)
        return exp.WithinGroup(this=joined, expression=order) if order else joined
    (text,) = what.expressions
    if order and [one.this for one in order.expressions] != [text]:
        raise SqlglotError("string_agg of distinct texts in another order than their own")
    each = _function("array_sort", _function("collect_set", text))
    # without this an aggregate of nothing would be an empty text, and not missing
    is_there = exp.GT(this=exp.Count(this=text.copy()), expression=exp.Literal.number(0))
    joined = _function("array_join", each, separator)
    return exp.Case(ifs=[exp.If(this=is_there, true=joined)])


def _object(node: Node) -> Node:
    """`jsonb_object_agg(name, value)`: as JSON text."""
    pairs = _function("collect_list", _function("struct", *_pair(node)))
    return _function("to_json", _function("map_from_entries", pairs))


def _pair(node: Node) -> list[Node]:
    if len(node.expressions) == 1:
        return [node.expressions[0].this, node.expressions[0].expression]
    return list(node.expressions) or [node.this, node.expression]


_CHANGES: dict[type, Callable[[Node], Node]] = {
    exp.Mul: _product,
    exp.Div: _quotient,
    exp.Add: _plus_or_minus,
    exp.Sub: _plus_or_minus,
    exp.Sum: _aggregate,
    exp.Avg: _aggregate,
    exp.Window: _window,
    exp.Sqrt: _root,
    exp.Cast: _cast,
    exp.SimilarTo: _similar,
    exp.GroupConcat: _joined,
    exp.WithinGroup: _percentile,
    exp.CTE: _step,
    exp.JSONBObjectAgg: _object,
}
