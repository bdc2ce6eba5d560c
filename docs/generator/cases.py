"""Worked examples: the given and expected rows of a model's tests, as grids that need no scrolling.

Belongs here: making a grid narrow, and writing it as HTML.
Does not belong here: the cases themselves (`tests/sql/cases`), or reading them
(`tests/sql/given_expect`).

A grid is made narrow without losing a cell: what is the same in every row is said once above it,
a few rows of many columns are turned, and what is still too wide is cut into parts with numbered
rows.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from tests.sql.given_expect import CASES, grid

WIDEST = 92
"""Characters that a grid may be wide: so many fit on a page without scrolling, borders included."""
_BORDER = 3
_LONGEST_CELL = 34
"""Longer texts are broken over lines."""

Cells = tuple[str | None, ...]


@dataclass(frozen=True)
class Grid:
    """A header and rows of cells; `turned` has the columns' names in its first column instead."""

    header: tuple[str, ...]
    rows: tuple[Cells, ...]
    turned: bool = False

    @property
    def width(self) -> int:
        """Characters that the grid needs: a name may be broken after `_`, a long text anywhere."""
        columns = (
            zip(self.header, *self.rows, strict=True) if self.rows else ((n,) for n in self.header)
        )
        return sum(max(_needs(cell) for cell in column) + _BORDER for column in columns)


def _needs(cell: str | None) -> int:
    longest = max(map(len, re.split(r"(?<=_)", cell or "")))
    return min(longest, _LONGEST_CELL)


def narrowed(
    header: Sequence[str], rows: Sequence[Cells]
) -> tuple[dict[str, str | None], list[Grid]]:
    """What is the same in every row, and the grids of the rest, none wider than `WIDEST`."""
    same = _same(header, rows)
    kept = [n for n, name in enumerate(header) if name not in same]
    names = tuple(header[n] for n in kept)
    body = tuple(tuple(row[n] for n in kept) for row in rows)
    whole = Grid(names, body)
    if whole.width <= WIDEST:
        return same, [whole] if names else []
    turned = _turned(whole)
    return same, [turned] if turned.width <= WIDEST else _parts(whole)


def _same(header: Sequence[str], rows: Sequence[Cells]) -> dict[str, str | None]:
    if len(rows) < 2:
        return {}
    return {n: values[0] for n, *values in zip(header, *rows, strict=True) if len(set(values)) == 1}


def _turned(whole: Grid) -> Grid:
    header = ("column", *(str(n + 1) for n in range(len(whole.rows))))
    return Grid(header, tuple(zip(whole.header, *whole.rows, strict=True)), turned=True)


def _parts(whole: Grid) -> list[Grid]:
    """The grid cut between columns; each part begins with the number of the row."""
    columns = list(zip(whole.header, *whole.rows, strict=True))
    numbers: Cells = ("row", *(str(n + 1) for n in range(len(whole.rows))))
    parts, now = [], [numbers]
    for column in columns:
        if len(now) > 1 and _grid([*now, column]).width > WIDEST:
            parts.append(_grid(now))
            now = [numbers]
        now.append(column)
    return [*parts, _grid(now)]


def _grid(columns: list[Cells]) -> Grid:
    header, *rows = zip(*columns, strict=True)
    return Grid(tuple(map(str, header)), tuple(rows))


# --- as HTML ------------------------------------------------------------------------------------


def _name(text: str) -> str:
    return escape(text).replace("_", "_<wbr>")


def _cell(cell: str | None) -> str:
    return "" if cell is None else "''" if cell == "" else escape(cell)


def _html_of(one: Grid) -> str:
    head = "".join(f"<th>{_name(name)}</th>" for name in one.header)
    tag = "th" if one.turned else "td"
    body = "".join(
        f"<tr><{tag}>{_name(row[0] or '') if one.turned else _cell(row[0])}</{tag}>"
        + "".join(f"<td>{_cell(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in one.rows
    )
    return f'<table class="grid"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def html_of_grid(text: str) -> str:
    """A grid as it is written in a case, narrow, as HTML."""
    header, rows = grid(text)
    if not rows:
        return "<p>No row.</p>"
    same, grids = narrowed(header, rows)
    said = ", ".join(
        f"<code>{_name(name)}</code> = {_cell(value) or 'blank'}" for name, value in same.items()
    )
    above = f"<p>In every row: {said}.</p>" if said else ""
    times = "" if grids else f"<p>{len(rows)} equal rows.</p>"
    return above + times + "".join(map(_html_of, grids))


def _html_of_case(document: dict, case: dict, *, is_open: bool) -> str:
    given: dict[str, str] = {}
    for grids in (document.get("always", {}), case.get("given", {})):
        given |= {
            f"{schema}.{name}": text for schema, of in grids.items() for name, text in of.items()
        }
    parts = [f"<h5>Given {escape(name)}</h5>{html_of_grid(text)}" for name, text in given.items()]
    usual = [
        f"<code>{escape(f'{schema}.{table}.{column}')}</code> = {escape(str(value))}"
        for schema, tables in document.get("otherwise", {}).items()
        for table, columns in tables.items()
        for column, value in columns.items()
    ]
    if usual:
        parts.append(f"<p>Where a grid leaves it out: {', '.join(usual)}.</p>")
    date = case.get("census_date", document.get("census_date", "2025-03-31"))
    parts.append(f"<h5>Expected on {date}</h5>{html_of_grid(case['expect'])}")
    summary = f"<summary>{escape(case['name'][:1].upper() + case['name'][1:])}</summary>"
    return f'<details class="case"{" open" if is_open else ""}>{summary}{"".join(parts)}</details>'


@cache
def _documents() -> dict[str, list[dict]]:
    """The files of cases by the model that they are of."""
    found: dict[str, list[dict]] = defaultdict(list)
    for path in sorted(CASES.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found[document["model"]].append(document)
    return found


def examples(table: str) -> str:
    """All worked examples of a table (`schema.table`), the first one open; nothing where there
    are none.
    """
    cases = [
        (document, case) for document in _documents().get(table, []) for case in document["case"]
    ]
    return "\n".join(_html_of_case(d, c, is_open=n == 0) for n, (d, c) in enumerate(cases))
