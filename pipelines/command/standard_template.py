"""The template of the national Placements Standard, as `observatory template placements-standard`
writes it.

Belongs here: its sheets, laid out as the official one of June 2026 is: sections, header,
explanations and an example above the rows. Does not belong here: columns, options and the example,
which are the layout's (`schemas/returns/placements_standard.toml`).
"""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from pathlib import Path
from typing import Any

from assets.intake.recognising import CHECKLIST
from resources.provenance import IN_WORKBOOKS
from schemas.codes import code_set
from schemas.returns import Column, return_tables

SECTIONS = {
    "placementAvailability": "Determinants of placement availability", "placementRequirements": "Determinants of placement availability",
    "placementRecommendation": "Placement Recommendation", "riskAssessment": "Risks", "actualPlacement": "Actual Placement",
    "qualityAssurance": "Quality Assurance",
}  # fmt: skip
"""The heading over a column, by the part of the record that it is of; the parts of a cost stand
under none.
"""

_FIRST, _ROWS = 4, 2000
"""The first row of records, from 0, and the rows that have drop-downs."""

_CHECKLIST = (
    (
        f"{CHECKLIST}\nOne row a search for a home: a referral, with or without the placement that"
        " followed. Records begin in row 5; the example in row 4 is never counted. Keep the"
        " header."
    ),
    (
        "child_ID is the case system's reference, the one that the SSDA903 has. Give no name and no"
        " date of birth of a child."
    ),
    "Names of officers are not kept. You may leave their columns empty.",
    "placement_location is the first part of the postcode alone, such as SK1 or BS10.",
    (
        "number_of_siblings_to_place_with: NA where the child has no siblings, 0 where it need not"
        " live with them."
    ),
    "Where several answers apply, write them into one cell with commas between.",
    "Fill in every risk, also where no risk is known: an empty cell counts as not asked.",
    "A weekly total below £100 or above £100,000 is asked about.",
    (
        "education_continuity asks one thing in its name and the other in its question: tell the"
        " regional group which your Yes means."
    ),
)

_FILLED: tuple[dict[str, str], ...] = (
    {"child_id": "MADEUP1", "referral_date": "2026-04-14", "placement_date": "2026-05-01", "cost_date": "2026-05-05"},
    {"child_id": "MADEUP2", "referral_date": "2026-05-11", "placement_date": "2026-05-12", "cost_date": "2026-05-20", "needed_by": "Today",
     "siblings_to_place_with": "NA", "additional_support": "Therapeutic support, Taxis to school", "type_placed": "Foster"},
    {"child_id": "MADEUP3", "referral_date": "2026-06-22"},
)  # fmt: skip
"""Made-up searches: what they say else than the example. The last one goes on: no home was found
yet.
"""

_OF_A_PLACEMENT = ("actualPlacement.", "qualityAssurance.placement", "qualityAssurance.cost")


def write_standard(out: Path, *, filled: bool = False) -> None:
    """Write the template to `out`; `filled` with made-up searches, in a workbook that says so of
    itself.
    """
    import xlsxwriter

    columns = [
        column for column in return_tables()["placements_standard"].columns if column.in_template
    ]
    with xlsxwriter.Workbook(str(out), {"default_date_format": "dd/mm/yyyy"}) as book:
        if filled:
            book.set_properties({"comments": IN_WORKBOOKS})
        forms = _formats(book)
        notes = book.add_worksheet("Checklist and QA")
        notes.set_column(0, 0, 120)
        notes.write_column(0, 0, _CHECKLIST, forms["wrapped"])
        sheet, lists = book.add_worksheet("Data Collection"), book.add_worksheet("lists")
        lists.hide()
        sheet.freeze_panes(_FIRST, 1)
        sheet.set_row(2, 150)
        for place, column in enumerate(columns):
            sheet.set_column(
                place,
                place,
                24,
                forms["text"] if column.type in {"text", "urn", "outward_code"} else None,
            )
            sheet.write(1, place, column.headers[0], forms["header"])
            sheet.write(2, place, _explanation(column), forms["wrapped"])
            _write(sheet, 3, place, column, column.example)
            _validate(sheet, lists, place, column)
        _write_sections(sheet, columns, forms["section"])
        for row, record in enumerate(_FILLED if filled else (), _FIRST):
            is_open = "placement_date" not in record
            for place, column in enumerate(columns):
                is_left_out = column.personal == "officer" or (
                    is_open and column.path.startswith(_OF_A_PLACEMENT)
                )
                _write(
                    sheet,
                    row,
                    place,
                    column,
                    record.get(column.name, "" if is_left_out else column.example),
                )
        sheet.activate()


def _formats(book: Any) -> dict[str, Any]:
    wrapped = {"text_wrap": True, "valign": "top"}
    return {
        "wrapped": book.add_format(wrapped),
        "text": book.add_format({"num_format": "@"}),
        "header": book.add_format(
            {**wrapped, "bold": True, "bg_color": "#12436D", "font_color": "#FFFFFF", "border": 1}
        ),
        "section": book.add_format(
            {"bold": True, "align": "center", "bg_color": "#E8ECF0", "border": 1}
        ),
    }


def _write_sections(sheet: Any, columns: list[Column], form: Any) -> None:
    """The headings, each merged over its columns."""
    for section, places in groupby(range(len(columns)), key=lambda place: _section(columns[place])):
        first, *others = places
        if section:
            sheet.merge_range(0, first, 0, [first, *others][-1], section, form)


def _section(column: Column) -> str:
    is_part_of_the_cost = (
        column.name.startswith("cost_") and column.name.endswith("_weekly") and column.optional
    )
    return (
        ""
        if is_part_of_the_cost
        else SECTIONS.get(column.path.split(".")[0], SECTIONS["placementAvailability"])
    )


def options(column: Column) -> list[str]:
    """What the column's drop-down offers; nothing where it has none."""
    return (
        list(code_set(column.codes).labels)
        if column.codes
        else ["Yes", "No"]
        if column.type == "yes_no"
        else []
    )


def _explanation(column: Column) -> str:
    asked = {
        "always": "Needed of every record.",
        "elsewhere": "Needed where the preferred location is not local.",
        "placed": "Needed where a home was found.",
    }.get(column.wanted, "")
    offered = f"Options: {', '.join(options(column))}" if options(column) else ""
    several = "Enter all that apply, with commas between." if column.several else ""
    return "\n\n".join(filter(None, [column.field.description, several, offered, asked]))


def _write(sheet: Any, row: int, place: int, column: Column, text: str) -> None:
    if not text:
        return
    if column.type == "date":
        sheet.write_datetime(row, place, dt.datetime.fromisoformat(text))
    elif column.type in {"integer", "money"} and text != "NA":
        sheet.write_number(row, place, float(text))
    else:
        sheet.write_string(row, place, text)


def _validate(sheet: Any, lists: Any, place: int, column: Column) -> None:
    """A drop-down for the column's cells: a warning only, because a cell may hold several answers."""
    if offered := options(column):
        from xlsxwriter.utility import xl_col_to_name

        lists.write_column(0, place, offered)
        name = xl_col_to_name(place)
        source = f"=lists!${name}$1:${name}${len(offered)}"
        sheet.data_validation(
            _FIRST,
            place,
            _FIRST + _ROWS,
            place,
            {"validate": "list", "source": source, "error_type": "warning"},
        )
