"""The answer as one web page: complete in itself, without script, pictures or outside addresses.

Belongs here: what the page's template needs, and escaping. How it looks is in `answer.html.jinja`.
Does not belong here: what is said (`answer`).

File names, headers and values are hostile text: everything is escaped, and the page's own security
policy allows its one style sheet, known by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from assets.answering.answer import (
    REJECTED,
    SEVERITIES,
    Answer,
    TableAnswer,
    day,
    dropped,
    groups,
    headline,
    in_ranges,
    moment,
    next_steps,
    notes,
    number_of,
    outcome_words,
    row_words,
    sheet_words,
    shown,
)  # fmt: skip
from assets.answering.official import COLUMNS as OFFICIAL_COLUMNS
from assets.answering.workbook import about_table, place_words
from schemas.rules import WARNS

HERE = Path(__file__).parent
TEMPLATE = "answer.html.jinja"
MOST_GROUPS = 100
MOST_RANGES = 24
MOST_CROSS_CHECKS = 200
GAP_WIDTH = 0.25
LEAST_SHARE = 0.8
"""A part of the bar is at least so many per cent wide: one row of ten thousand is seen."""


@dataclass(frozen=True)
class Part:
    """One part of the bar of a table: a fate, its rows, and where it stands, in per cent."""

    fate: str
    words: str
    meaning: str
    rows: int
    start: float
    width: float


def render_page(answer: Answer, workbook: str = "") -> str:
    """The answer as one HTML page. `workbook` is the name of the file with the marked sheets, where
    it lies beside the page.
    """
    template, style_hash = _template()
    # the page's own policy knows its one style by its hash
    checks = answer.cross_checks
    return template.render(
        answer=answer,
        style_hash=style_hash,
        outcome=outcome_words(answer).capitalize(),
        headline=headline(answer),
        todo=next_steps(answer),
        tables=[(table, bar(table, answer.is_trial)) for table in answer.tables],
        notes=notes(answer),
        groups=groups(answer)[:MOST_GROUPS],
        more_groups=max(len(groups(answer)) - MOST_GROUPS, 0),
        cross_checks=(
            checks.head(MOST_CROSS_CHECKS).fillna("").astype(str).to_dict("records")
            if len(checks)
            else []
        ),
        official=answer.official.to_dict("records"),
        official_columns=OFFICIAL_COLUMNS,
        more_cross_checks=max(len(checks) - MOST_CROSS_CHECKS, 0),
        dropped=dropped(answer),
        is_marked=bool(answer.marked_sheets),
        workbook=workbook,
        # a name may hold half a character, which no address can
        workbook_link=quote(workbook.encode("utf-8", "replace")),
    )


def bar(table: TableAnswer, is_trial: bool = False) -> list[Part]:
    """The parts of a table's bar: they fill it, each that has rows can be seen, and the widths are
    those of the rows as near as that allows.
    """
    used = {
        "in force": "used in the figures", "superseded": "on record; a newer return is used",
        "recorded": "on record only", "withdrawn": "no longer used",
        REJECTED: "nothing of a rejected file is used",
    }  # fmt: skip
    loaded = used.get(table.status, "would be used in the figures" if is_trial else "kept")
    parts = (
        ("loaded", "Taken in", loaded, table.rows_loaded),
        (
            "rejected",
            "Not taken in",
            (
                "the file was rejected"
                if table.status == REJECTED
                else "something in the row needs mending"
            ),
            table.rows_rejected,
        ),
        (
            "aside",
            "Set aside",
            (
                "not needed"
                if table.status == "recorded"
                else "blank rows, totals lines and exact repeats"
            ),
            table.rows_set_aside,
        ),
    )
    total = sum(rows for *_, rows in parts)
    shares = (
        # a part too small to be seen is drawn wider, and all are then brought to fill the bar
        [max(100 * rows / total, LEAST_SHARE) if rows else 0.0 for *_, rows in parts]
        if total
        else [0.0] * len(parts)
    )
    drawn, start = [], 0.0
    for (fate, words, meaning, rows), share in zip(parts, shares, strict=True):
        width = 100 * share / sum(shares) if total else 0.0
        # behind the last part there is none; its end is seldom 100 to the last digit
        gap = GAP_WIDTH if start + width < 99.9 else 0.0
        drawn.append(
            Part(fate, words, meaning, rows, round(start, 3), round(max(width - gap, 0.0), 3))
        )
        start += width
    return drawn


@cache
def _template() -> tuple[Template, str]:
    """The template, and the hash of the style in it by which the page's policy knows it."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_for_show,
    )
    environment.filters |= {"day": day, "moment": moment, "rows": _rows, "sheet": sheet_words}
    environment.globals |= {
        "severities": SEVERITIES, "warns": WARNS, "place_words": place_words, "about_table": about_table,
        "number_of": number_of, "in_ranges": in_ranges,
    }  # fmt: skip
    template = environment.get_template(TEMPLATE)
    style = (HERE / TEMPLATE).read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    return template, base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _rows(rows: tuple[int, ...]) -> str:
    return row_words(rows, MOST_RANGES)


def _for_show(value: Any) -> Any:
    """What the template puts out: our own markup as it is, everything else without what cannot be
    shown.
    """
    return value if isinstance(value, Markup) or value is None else shown(value)
