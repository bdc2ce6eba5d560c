"""Reconciling: an authority's placement census beside its SSDA903, child by child, under the
authority's own references.

Belongs here: bringing the two returns together as they were held up to the door, and writing them
side by side. Does not belong here: the warehouse, which holds no reference of a child; this works
on the authority's own files alone, on its own machine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from assets.intake.door import LOADED, JudgedTable, Submission
from assets.intake.reading import cell_text
from resources.showing import shown

CENSUS = [
    "type_of_provision",
    "host_authority",
    "establishment_urn",
    "placement_start_date",
    "total_weekly_cost",
]
EPISODE = [
    "decom",
    "legal_status",
    "place",
    "place_provider",
    "placement_authority_code",
    "placement_urn",
    "distance_miles",
]
_REFERENCES = {"placement_census": "identifier", "ssda903_episodes": "child"}


def _with_references(table: JudgedTable, submissions: Iterable[Submission]) -> pd.DataFrame:
    """The loaded rows of a table, with the sender's own reference of each child beside its key."""
    column = _REFERENCES[table.table.name]
    pieces = []
    for submission in submissions:
        for sheet, recognised in submission.tables:
            if recognised.table.name == table.table.name and column in recognised.columns:
                place = recognised.columns[column]
                texts = [
                    # a row may end before its column: blank cells at its end need not be in the
                    # file
                    cell_text(row[place]).strip() if place < len(row) else ""
                    for row in sheet.rows[recognised.header_row + 1 :]
                ]
                # rows count from 1, and the header is one of them
                numbers = range(recognised.header_row + 2, recognised.header_row + 2 + len(texts))
                pieces.append(
                    pd.DataFrame(
                        {
                            "submission_id": submission.id,
                            "sheet": sheet.label,
                            "row_number": numbers,
                            "reference": texts,
                        }
                    )
                )
    references = pd.concat(pieces, ignore_index=True)
    rows = table.rows[table.rows["fate"] == LOADED]
    return rows.merge(references, on=["submission_id", "sheet", "row_number"], how="left")


def reconcile(
    tables: Iterable[JudgedTable], submissions: list[Submission], census_date: dt.date
) -> pd.DataFrame | None:
    """Census beside SSDA903, one row a child and placement: `reference`, `found_in` (both, census
    only, SSDA903 only), then the columns of each.

    Of the SSDA903 the episode open on the census date, short breaks out. None where one of the two
    returns was not given.
    """
    by_name = {table.table.name: table for table in tables}
    if not set(_REFERENCES) <= by_name.keys():
        return None
    census = _with_references(by_name["placement_census"], submissions)
    lived = _with_references(by_name["ssda903_episodes"], submissions)
    day = census_date.isoformat()
    is_open = (
        # days as texts, year first: they are in the order of the days
        (lived["decom"] <= day)
        & (lived["dec"].isna() | (lived["dec"] > day))
        & ~lived["legal_status"].isin(["V3", "V4"])
    )
    # of two open episodes of one child the one that began last counts
    lived = lived[is_open].sort_values("decom").drop_duplicates("child_key", keep="last")
    left = census[["child_key", "reference", *CENSUS]].rename(
        columns={name: f"census: {name}" for name in CENSUS}
    )
    right = lived[["child_key", "reference", *EPISODE]].rename(
        columns={name: f"SSDA903: {name}" for name in EPISODE}
    )
    both = left.merge(right, on="child_key", how="outer", suffixes=("", "_903"), indicator=True)
    both["reference"] = both["reference"].fillna(both.pop("reference_903"))
    both["found_in"] = (
        both.pop("_merge")
        .map({"both": "both", "left_only": "census only", "right_only": "SSDA903 only"})
        .astype("str")
    )
    columns = [
        "reference",
        "found_in",
        *left.columns.drop(["child_key", "reference"]),
        *right.columns.drop(["child_key", "reference"]),
    ]
    return both[columns].sort_values(["found_in", "reference"], ignore_index=True)


def write_reconciliation(rows: pd.DataFrame, out: Path) -> None:
    """Write the reconciled rows as a workbook: text only, nothing that a spreadsheet would run."""
    import xlsxwriter

    with xlsxwriter.Workbook(
        str(out),
        # nothing that a sender wrote is run, followed or made a number
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    ) as book:
        sheet = book.add_worksheet("Census beside SSDA903")
        bold = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
        plain = book.add_format({"num_format": "@"})
        sheet.write_row(0, 0, rows.columns, bold)
        for number, row in enumerate(rows.fillna("").itertuples(index=False), start=1):
            for place, value in enumerate(row):
                sheet.write_string(number, place, shown(value), plain)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(rows), len(rows.columns) - 1)
        sheet.set_column(0, len(rows.columns) - 1, 22)
