"""How the command prints tables: aligned columns of text, numbers to the right, nothing cut off;
and CSV.
"""

from __future__ import annotations

import csv
import json
import sys
from decimal import Decimal
from typing import Any

from resources.showing import in_csv, in_table


def table_lines(names: list[str], rows: list[list[Any]]) -> list[str]:
    """The lines of an aligned table: header, rule, rows."""
    cells = [[in_table(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]
    right = [
        bool(rows)
        and all(isinstance(row[i], int | float | Decimal) or row[i] is None for row in rows)
        for i in range(len(names))
    ]

    def line(values: list[str]) -> str:
        return "  ".join(
            v.rjust(w) if r else v.ljust(w) for v, w, r in zip(values, widths, right, strict=True)
        ).rstrip()

    return [line(names), "  ".join("-" * w for w in widths), *(line(row) for row in cells)]


def print_table(names: list[str], rows: list[list[Any]]) -> None:
    """Print an aligned table."""
    print("\n".join(table_lines(names, rows)))


def print_csv(names: list[str], rows: list[list[Any]]) -> None:
    """Print a header and the rows as CSV, and nothing else. No text in it is one that a spreadsheet
    would work out.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(in_csv, names))
    writer.writerows([["" if value is None else _text(value) for value in row] for row in rows])


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return in_csv(
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    )
