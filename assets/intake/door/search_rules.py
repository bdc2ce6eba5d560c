"""Search rules: what the national Placements Standard asks of a record beyond single cells.

Belongs here: blanks that the standard would have filled, `Other` without words, its two-edged
question on education, outward codes that nobody knows, and what a record's own format tells.
Does not belong here: labels and limits, which hold for every table (`cell_rules`, `row_rules`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from assets.intake.door.findings import Finding, RowFindings
from assets.intake.door.rows import JudgedRows, Outcome, Rule, found
from assets.intake.parsing import says_nothing
from schemas.outward_codes import outward_codes

PLACED = (
    "type_placed", "cost_total_weekly", "placement_location", "is_location_preferred",
    "education_continuity", "placed_urn", "siblings_placed_together",
)  # fmt: skip
"""A record that answers one of these tells of a home that was found: a date alone does not."""

_WANTED = {
    "always": "of every record",
    "elsewhere": "where the preferred location is not local",
    "placed": "where a home was found",
}
EDUCATION = "education_continuity"


def told_by_the_format(rows: JudgedRows) -> Outcome:
    """What the format of a file has found of its records, before they became rows."""
    findings: list[RowFindings] = []
    for place, part in enumerate(rows.frame.parts):
        for row, name, hint in part.sheet.beside.faults:
            # rows count from 0 in a sheet, and from 1 as a sender counts
            at = (rows.frame.part == place) & (rows.frame.number == row + 1) & rows.is_data
            findings += found(rows, name, at, hint=hint)
    return Outcome(findings)


def is_placed(rows: JudgedRows) -> pd.Series:
    """Records that tell of a home that was found."""
    answered = [rows.cells.canonical(name).notna() for name in PLACED]
    return pd.Series(np.logical_or.reduce(answered))


def wanted(rows: JudgedRows) -> Outcome:
    """Blank cells that the standard asks for: the row is loaded all the same."""
    judged = rows.frame.is_judged & rows.is_loaded
    is_elsewhere = rows.cells.canonical("is_preferred_location_local") == "false"
    asked = {
        "always": judged,
        "elsewhere": judged & is_elsewhere,
        "placed": judged & is_placed(rows),
    }
    findings: list[RowFindings] = []
    for column in rows.table.columns:
        if column.wanted:
            read = rows.cells.parsed[column.name]
            # an unreadable cell has been found already, and is not called blank too
            nothing = read.typed.isna() & ~read.unreadable & _is_asked(rows, column.name)
            blank = asked[column.wanted] & nothing
            meaning = column.field.description.rstrip(".")
            findings += found(
                rows, "wanted_and_blank", blank, column, hint=_WANTED[column.wanted],
                expected=meaning[0].lower() + meaning[1:],
            )  # fmt: skip
    return Outcome(findings)


def _is_asked(rows: JudgedRows, name: str) -> pd.Series:
    """Rows of sheets that have the column."""
    parts = enumerate(rows.frame.parts)
    return rows.frame.part.isin([place for place, part in parts if name in part.found.columns])


def other_without_words(rows: JudgedRows) -> Outcome:
    """`Other` without its words, as the shapes ask for them: where the file has a column for them.

    The template has one for additional support alone; of the others it cannot be asked.
    """
    findings: list[RowFindings] = []
    for column in rows.table.columns:
        beside = f"{column.name}_other"
        if not column.codes or beside not in rows.frame.texts:
            continue
        labels = rows.cells.canonical(column.name).fillna("").str.split("; ")
        says = labels.map(lambda several: "Other" in several).astype(bool)
        is_bare = rows.frame.of_words(beside, _say_nothing(rows, beside))
        at = rows.frame.is_judged & says & is_bare & _is_asked(rows, beside)
        findings += found(rows, "other_without_text", at, column)
    return Outcome(findings)


def _say_nothing(rows: JudgedRows, name: str) -> np.ndarray:
    return np.array([says_nothing(word) for word in rows.frame.coded[name].words], dtype=bool)


def education(rows: JudgedRows) -> Outcome:
    """Answers on education, once a sheet: their sender is asked what Yes means."""
    answered = rows.frame.is_judged & rows.cells.canonical(EDUCATION).notna()
    title = rows.table.column(EDUCATION).headers[0]
    return Outcome(
        about_parts=[
            (
                part,
                Finding(
                    "education_asked_both_ways", rows.table.name,
                    rows.frame.parts[part].sheet.label, column_name=title, value=str(count),
                ),
            )
            for part, count in rows.frame.count_by_part(answered)
        ]
    )  # fmt: skip


def known_places(rows: JudgedRows) -> Outcome:
    """Outward codes that the directory does not have."""
    column = rows.table.column("placement_location")
    read = rows.cells.canonical(column.name)
    unknown = rows.frame.is_judged & read.notna() & ~read.isin(outward_codes().keys())
    return Outcome(found(rows, "outward_code_not_known", unknown, column))


SEARCH_RULES: Sequence[Rule] = (
    told_by_the_format,
    wanted,
    other_without_words,
    education,
    known_places,
)
