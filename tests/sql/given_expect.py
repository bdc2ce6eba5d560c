"""Given and expect: one SQL model run on the rows that a case gives, and its answer held against
the rows it must give.

Belongs here: reading cases (`cases/*.toml`), putting given rows in the place of the tables that a
model reads, comparing. Does not belong here: what a model must answer (`cases`), or the run itself
(`test_models`).

The model's own text runs. Only the names of the tables that it reads are replaced: each becomes a
common table expression of the given rows, in front of the model's own. Nothing is created in the
database, and nothing in it is read.

A case writes rows as grids: a header line, then one row a line, cells between bars. A blank cell is
null, `''` an empty text. Columns that a grid leaves out are null, except `census_date`, which is
the case's own, and those for which the file has an `otherwise`. A column `times` says how often its
row stands in the table. Types are those that the warehouse gives the columns. The provision types
(`staging.provision_type`) are those of the code list, the same in every case.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlglot.dialects.postgres import Postgres
from sqlglot.tokens import TokenType

from assets.warehouse.models import Model, Relation, models, raw_columns, understandings
from schemas.codes import code_set

CASES = Path(__file__).parent / "cases"
PROVISION_TYPE: Relation = ("staging", "provision_type")

Row = dict[str, Any]
Given = Mapping[Relation, Sequence[Row]]


class CaseError(ValueError):
    """A case is written wrongly: says where, and what to do."""


# --- cases ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One case: what a model is given, and every row that it must answer with."""

    file: str
    name: str
    model: Relation
    census_date: dt.date
    given: dict[Relation, list[Row]] = field(default_factory=dict)
    expected_columns: tuple[str, ...] = ()
    expected: tuple[tuple[str | None, ...], ...] = ()

    @property
    def id(self) -> str:
        """What pytest calls the case."""
        return f"{self.file}: {self.name}"


def grid(text: str) -> tuple[tuple[str, ...], list[tuple[str | None, ...]]]:
    """Header and rows of a grid of cells between bars; a blank cell is None, `''` an empty text.

    Raises:
        CaseError: a row has more or fewer cells than the header.
    """
    lines = [
        [cell.strip() for cell in line.split("|")]
        for line in text.strip().splitlines()
        if line.strip()
    ]
    if not lines:
        return (), []
    header, *rows = lines
    for row in rows:
        if len(row) != len(header):
            raise CaseError(
                f"the row '{' | '.join(row)}' has {len(row)} cells; {len(header)} were expected, as"
                f" in '{' | '.join(header)}'."
            )
    return tuple(header), [
        tuple(None if cell == "" else "" if cell == "''" else cell for cell in row) for row in rows
    ]


def column_types(relation: Relation) -> dict[str, str]:
    """The PostgreSQL types of a table's columns, as the warehouse has them."""
    schema, name = relation
    if schema == "raw":
        return raw_columns()[name]
    # the parser takes what is rounded or divided for a float; the models have none
    return {
        column: "numeric" if kind == "double precision" else kind
        for column, kind in understandings()[relation].types.items()
    }


def all_cases() -> list[Case]:
    """Every case of every file.

    Raises:
        CaseError: a case is written wrongly.
    """
    return [case for path in sorted(CASES.glob("*.toml")) for case in _cases_of(path)]


def _cases_of(path: Path) -> Iterable[Case]:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    schema, _, name = document["model"].partition(".")
    for entry in document["case"]:
        try:
            yield _case(path.stem, (schema, name), document, entry)
        except CaseError as error:
            raise CaseError(f"{path.name}, '{entry['name']}': {error}") from None


def _case(file: str, relation: Relation, document: dict, entry: dict) -> Case:
    model = models()[relation]
    date = entry.get("census_date", document.get("census_date", dt.date(2025, 3, 31)))
    tables: dict[Relation, str] = {}
    for given in (
        document.get("always", {}),
        entry.get("given", {}),
    ):  # a case's own grid stands over the file's
        tables |= {
            (schema, name): text for schema, grids in given.items() for name, text in grids.items()
        }
    rows: dict[Relation, list[Row]] = {}
    if PROVISION_TYPE in model.upstream:
        rows[PROVISION_TYPE] = provision_types()
    for table, text in tables.items():
        if table not in model.upstream:
            raise CaseError(
                f"{'.'.join(table)} is given, but {model.table} does not read it. Leave it out."
            )
        usual = document.get("otherwise", {}).get(table[0], {}).get(table[1], {})
        header, body = grid(text)
        _known([column for column in header if column != "times"], table)
        _known(usual, table)
        rows[table] = []
        for cells in body:
            row: Row = {**usual, **dict(zip(header, cells, strict=True))}
            rows[table] += [row] * int(row.pop("times", 1))
    columns, expected = grid(entry["expect"])
    _known(columns, relation)
    return Case(file, entry["name"], relation, date, rows, columns, tuple(expected))


@cache
def provision_types() -> list[Row]:
    """The rows of `staging.provision_type`."""
    return [
        {"provision_type": label, **{k: v == "yes" for k, v in meaning.items()}}
        for label, meaning in code_set("provision_type").meanings.items()
    ]


def _known(columns: Iterable[str], relation: Relation) -> None:
    for column in columns:
        if column not in column_types(relation):
            raise CaseError(f"{'.'.join(relation)} has no column '{column}'. Check the spelling.")


# --- running a model on given rows --------------------------------------------------------------


def on_given_rows(model: Model, given: Given, census_date: dt.date) -> str:
    """The model's SQL with given rows in the place of the tables that it reads; a table that is not
    given has no row.
    """
    replaced = _with_names_replaced(model)
    tables = ",\n\n".join(
        f"{_name(r)} as (\n{_rows_sql(r, given.get(r, ()), census_date)}\n)"
        for r in sorted(model.upstream)
    )
    tokens = Postgres().tokenize(replaced)
    if tokens[0].token_type != TokenType.WITH:
        return f"with {tables}\n\n{replaced}"
    return f"{replaced[: tokens[0].end + 1]} {tables},\n\n{replaced[tokens[0].end + 1 :]}"


def _name(relation: Relation) -> str:
    return f"given_{relation[0]}_{relation[1]}"


def _with_names_replaced(model: Model) -> str:
    """The model's text with `schema.table` replaced where it is a table that the model reads."""
    tokens = Postgres().tokenize(model.sql)
    pieces: list[str] = []
    at = 0
    for first, dot, second in zip(tokens, tokens[1:], tokens[2:], strict=False):
        relation = (first.text, second.text)
        if dot.token_type == TokenType.DOT and relation in model.upstream:
            pieces += [model.sql[at : first.start], _name(relation)]
            at = second.end + 1
    return "".join([*pieces, model.sql[at:]])


def _rows_sql(relation: Relation, rows: Sequence[Row], census_date: dt.date) -> str:
    """A SELECT of the given rows, every column of the table in it with its type."""
    types = column_types(relation)
    if not rows:
        return (
            "    select "
            + ", ".join(f"cast(null as {kind}) as {column}" for column, kind in types.items())
            + " where false"
        )
    named = [column for column in types if any(column in row for row in rows)]
    # the case's own date stands beside the rows, not in them, so that the planner sees through the
    # models' filters on it
    others = {"census_date": f"'{census_date.isoformat()}'"}
    selected = ", ".join(
        f"cast({f'v.{c}' if c in named else others.get(c, 'null')} as {kind}) as {c}"
        for c, kind in types.items()
    )
    values = ",\n        ".join(
        "(" + ", ".join(_literal(row.get(c)) for c in named) + ")" for row in rows
    )
    return (
        f"    select {selected}\n    from (values\n        {values}\n    ) as v"
        f" ({', '.join(named)})"
    )


def _literal(value: object) -> str:
    """A text literal; colons are escaped because SQLAlchemy takes `:name` for a parameter."""
    if value is None:
        return "null"
    text = str(value).replace("'", "''").replace(":", "\\:")
    return f"'{text}'"


def answer(connection: Connection, model: Model, given: Given, census_date: dt.date) -> list[Row]:
    """The rows that the model gives."""
    sql = on_given_rows(model, given, census_date)
    parameters = {"census_date": census_date} if ":census_date" in model.sql else {}
    result = connection.execute(sa.text(sql), parameters)
    return [dict(row) for row in result.mappings()]


# --- comparing -----------------------------------------------------------------------------------


def difference(case: Case, found: Sequence[Row]) -> str:
    """Where the answer is not what was expected, in words and rows; empty where it is, row by row,
    in any order.
    """
    got = [tuple(_text(row[column]) for column in case.expected_columns) for row in found]
    readers = [
        next((type(row[column]) for row in found if row[column] is not None), str)
        for column in case.expected_columns
    ]
    wanted = [
        tuple(_expected_text(cell, reader) for cell, reader in zip(row, readers, strict=True))
        for row in case.expected
    ]
    missing, unasked = Counter(wanted) - Counter(got), Counter(got) - Counter(wanted)
    if not missing and not unasked:
        return ""
    lines = [
        f"{'.'.join(case.model)} on {case.census_date}: {len(wanted)} rows were expected and"
        f" {len(got)} found."
    ]
    lines += ["  " + " | ".join(case.expected_columns)]
    lines += ["- " + " | ".join(cell or "" for cell in row) for row in missing.elements()]
    lines += ["+ " + " | ".join(cell or "" for cell in row) for row in unasked.elements()]
    return "\n".join([*lines, "(- expected and not found, + found and not expected)"])


def _text(value: object) -> str | None:
    """A value in the one form in which it is compared: whole and exact, but 0.50 is 0.5, and
    moments are in universal time.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)


def _expected_text(cell: str | None, kind: type) -> str | None:
    """An expected cell in the form of the values that the column holds."""
    if cell is None:
        return None
    if kind is Decimal:
        return _text(Decimal(cell))
    if kind is dt.datetime:
        return _text(dt.datetime.fromisoformat(cell))
    return _text(json.loads(cell)) if kind is dict else cell
