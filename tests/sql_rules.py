"""The style rules of the SQL in `dbt_like_sql`: run as `python -m tests.sql_rules`, it prints what
to mend and exits 1 if there is anything.

Belongs here: how the SQL is written, so that a hundred files read as if one person had written
them. Does not belong here: what a model may read and must select, which
`assets/warehouse/models.py` refuses when it is loaded.

The rules: keywords and names in lower case; `as` before every alias; no `*` in the last select;
columns qualified where more than one relation is in scope; joins written out (`inner join`, `left
join`, `full join`, `cross join`) and never `right join`; `cast`, not `::`; a head that says what
the file is; lines of at most 150 characters, no tabs, no spaces at their end, and one newline at the file's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.tokens import Token, TokenType

FOLDER = Path(__file__).resolve().parents[1] / "dbt_like_sql"
LONGEST_LINE = 150
JOINS = {"inner", "left", "full", "cross"}
TEXTS = {TokenType.STRING, TokenType.IDENTIFIER}
"""Tokens that are quoted, and may be in capitals."""


@dataclass(frozen=True, order=True)
class Fault:
    """One place to mend. It prints as `path:line: what to do`."""

    path: str
    line: int
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.remedy}"


def faults_of(text: str, path: str, kind: str) -> list[Fault]:
    """What is to be mended in a file's text; `kind` is its folder, on which its head depends."""
    found = [*_lines(text), *_head(text, kind)]
    try:
        tokens = Postgres().tokenize(text)
        trees = [tree for tree in sqlglot.parse(text, dialect="postgres") if tree is not None]
    except SqlglotError as error:
        return [Fault(path, 1, f"it cannot be parsed: {str(error).splitlines()[0]}")]
    found += [*_keywords(tokens, text), *_joins(tokens), *_casts(tokens)]
    for tree in trees:
        found += [*_stars(tree), *_aliases(tree, tokens), *_comma_joins(tree), *_columns(tree)]
    return sorted({Fault(path, line, remedy) for line, remedy in found})


Found = Iterator[tuple[int, str]]


def _lines(text: str) -> Found:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            yield number, f"the line has {len(line)} characters; break it before {LONGEST_LINE}"
        if "\t" in line:
            yield number, "there is a tab; indent by four spaces"
        if line != line.rstrip():
            yield number, "there are spaces at the end of the line; take them out"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield len(lines), "end the file with one newline"


def _head(text: str, kind: str) -> Found:
    head = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        head.append(line[2:].strip())
    entries = {line.partition(":")[0]: line.partition(":")[2].strip() for line in head}
    wanted = ("checks", "severity") if kind == "tests" else ("grain",)
    if not head or head[0].partition(":")[0] in {"grain", "kind", "checks", "severity"}:
        yield (
            1,
            "begin the file with comment lines that say "
            + ("what a failure means" if kind == "tests" else "what the table is"),
        )
    for key in wanted:
        if not entries.get(key):
            yield 1, f"add the line `-- {key}: ...` to the head"


def _keywords(tokens: list[Token], text: str) -> Found:
    for token in tokens:
        written = text[token.start : token.end + 1]
        if token.token_type not in TEXTS and written != written.lower():
            yield token.line, f"write `{written}` in lower case"


def _joins(tokens: list[Token]) -> Found:
    for before, token in zip(tokens, tokens[1:], strict=False):
        if token.token_type != TokenType.JOIN:
            continue
        said = before.text.lower()
        if said == "outer":
            yield token.line, "leave `outer` out: `left join`, `full join`"
        elif said == "right":
            yield token.line, "turn the `right join` round into a `left join`"
        elif said not in JOINS:
            yield (
                token.line,
                "say which join: `inner join`, `left join`, `full join` or `cross join`",
            )


def _casts(tokens: list[Token]) -> Found:
    for token in tokens:
        if token.token_type == TokenType.DCOLON:
            yield token.line, "write `cast(... as ...)`, not `::`"


def _stars(tree: exp.Expression) -> Found:
    for select in tree.find_all(exp.Select):
        if select.find_ancestor(exp.CTE, exp.Subquery):
            continue  # a step may take what the one before it has
        for column in select.expressions:
            if column.is_star:
                yield _line(select), "name the columns of the last select, instead of `*`"


def _aliases(tree: exp.Expression, tokens: list[Token]) -> Found:
    places = {token.start: number for number, token in enumerate(tokens)}
    for node in tree.find_all(exp.Alias, exp.TableAlias):
        name = node.args.get("alias") if isinstance(node, exp.Alias) else node.this
        if (
            not isinstance(name, exp.Identifier)
            or isinstance(node.parent, exp.CTE)
            or "start" not in name.meta
        ):
            continue
        before = tokens[places[name.meta["start"]] - 1]
        if before.token_type != TokenType.ALIAS:
            yield name.meta["line"], f"write `as` before the alias `{name.name}`"


def _comma_joins(tree: exp.Expression) -> Found:
    for join in tree.find_all(exp.Join):
        if not any(join.args.get(part) for part in ("side", "kind", "on", "using", "method")):
            yield (
                _line(join),
                (
                    "write the join out instead of a comma: `cross join`, or `inner join` with its"
                    " condition"
                ),
            )


def _columns(tree: exp.Expression) -> Found:
    for scope in traverse_scope(tree):
        if not isinstance(scope.expression, exp.Select) or _relations(scope) < 2:
            continue
        for column in scope.columns:
            if not column.table and not _is_alias_in_order(column, scope):
                yield (
                    _line(column),
                    (
                        f"say which relation the column `{column.name}` is of: there are several in"
                        " scope"
                    ),
                )


def _relations(scope: Scope) -> int:
    """How many relations a column of the scope may be of: its own, and for a subquery in a
    condition those around it.
    """
    own = len(scope.selected_sources)
    return own + (_relations(scope.parent) if scope.is_subquery and scope.parent else 0)


def _is_alias_in_order(column: exp.Column, scope: Scope) -> bool:
    """Whether it is the name of a selected column in `order by`, where no relation can be said."""
    order = column.find_ancestor(exp.Order, exp.Select)
    return isinstance(order, exp.Order) and column.name in {
        s.alias for s in scope.expression.selects
    }


def _line(node: exp.Expression) -> int:
    """The first line that the parser knows of the node or anything in it."""
    lines = [found.meta["line"] for found in node.walk() if "line" in found.meta]
    return min(lines, default=1)


def all_faults(folder: Path = FOLDER) -> list[Fault]:
    """What is to be mended in all files of the folder."""
    return [
        fault
        for path in sorted(folder.glob("*/*.sql"))
        for fault in faults_of(
            path.read_text(encoding="utf-8"),
            path.relative_to(folder.parent).as_posix(),
            path.parent.name,
        )
    ]


def main() -> int:
    """Print every fault; 1 if there is any."""
    faults = all_faults()
    for fault in faults:
        print(fault)
    if faults:
        print(
            f"{len(faults)} places to mend; the rules are at the head of tests/sql_rules.py.",
            file=sys.stderr,
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
