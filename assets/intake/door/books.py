"""Books: a table as the warehouse takes it, with received = loaded + rejected + set aside.

Belongs here: the tables that leave the door: rows, findings and books.
Does not belong here: fates (the rules decide them), writing (`loading`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from assets.intake.columns import series_of
from assets.intake.door.cells import Cells
from assets.intake.door.findings import FINDING_COLUMNS
from assets.intake.door.rows import FATES, LOADED, REJECTED, SET_ASIDE, JudgedRows
from assets.intake.telling import form_of
from resources.pseudonym import child_keys
from schemas.returns import Column, ReturnTable

LONGEST_AS_RECEIVED = 500
"""Characters kept of a cell that was understood as something else than its letters."""

_TEXT = pa.large_string()


@dataclass(frozen=True)
class JudgedTable:
    """One table of all submissions of a census date, after the door.

    `rows` has the columns of its `raw` table, one row a row received; `findings` those of
    `raw.finding`; `books` one row a submission: `submission_id`, `table_name`, `rows_received`,
    `rows_loaded`, `rows_rejected`, `rows_set_aside`.
    """

    table: ReturnTable
    rows: pd.DataFrame
    findings: pd.DataFrame
    books: pd.DataFrame


def judged_table(rows: JudgedRows, key: bytes, known: dict[str, str]) -> JudgedTable:
    """The table that leaves the door. `key` is that of the keyed hashes of children, of which
    `known` were worked out before (`child_keys`).
    """
    return JudgedTable(rows.table, _rows(rows, key, known), _findings(rows), _books(rows))


def _rows(rows: JudgedRows, key: bytes, known: dict[str, str]) -> pd.DataFrame:
    frame, kept = rows.frame, not rows.table.leave_alone
    table = pd.DataFrame(
        {
            "submission_id": frame.submission_ids,
            "census_date": frame.census_date.isoformat(),
            "sender": frame.owners,
            "sheet": frame.sheets,
            "row_number": frame.number,
            "fate": rows.fates,
            # a table that is left alone is counted: nothing of its cells is kept
            "as_received": _as_received(rows.cells) if kept else None,
        }
    )
    if kept:
        for column in rows.table.kept:
            table[column.kept_as] = _kept(rows, column, key, known)
        for field in rows.table.derived:
            table[field.name] = rows.derived[field.name]
    return table


def _kept(rows: JudgedRows, column: Column, key: bytes, known: dict[str, str]) -> pd.Series:
    """What is kept of a column: of a reference of a child its keyed hash."""
    canonical = rows.cells.canonical(column.name)
    if column.personal == "child key":
        return child_keys(key, rows.authority, canonical, known)
    return canonical


def _findings(rows: JudgedRows) -> pd.DataFrame:
    if not rows.findings:
        return pd.DataFrame(columns=FINDING_COLUMNS)
    findings = pd.concat([finding.table() for finding in rows.findings], ignore_index=True)
    at = findings.pop("row").astype("int64")
    return findings.assign(
        submission_id=rows.frame.submission_ids.take(at).to_numpy(),
        table_name=rows.table.name,
        sheet=rows.frame.sheets.take(at).to_numpy(),
        row_number=rows.frame.number.take(at).to_numpy(),
    ).reindex(columns=FINDING_COLUMNS)


def _books(rows: JudgedRows) -> pd.DataFrame:
    """Rows by fate, one line a submission, also of one without a row."""
    # from the parts, not the rows: a file whose table is empty has books too
    ids = list(dict.fromkeys(part.submission.id for part in rows.frame.parts))
    counts = pd.crosstab(rows.frame.submission_ids, rows.fates) if len(rows.frame) else None
    counts = pd.DataFrame() if counts is None else counts
    counts = counts.reindex(index=ids, columns=list(FATES), fill_value=0)
    return pd.DataFrame(
        {
            "submission_id": ids,
            "table_name": rows.table.name,
            "rows_received": counts.sum(axis=1).to_numpy(),
            "rows_loaded": counts[LOADED].to_numpy(),
            "rows_rejected": counts[REJECTED].to_numpy(),
            "rows_set_aside": counts[SET_ASIDE].to_numpy(),
        }
    )


# --- as received ---------------------------------------------------------------------------------


def _as_received(cells: Cells) -> pd.Series:
    """What was in cells that were understood as something else than their very letters, as JSON.

    Missing where there was nothing such in a row. Of a cell that does not pass its column's
    contract its form is kept. Spacing alone is no difference. Personal columns are left out: their
    originals stay in the sender's own file.
    """
    columns = (column for column in cells.frame.table.kept if not column.personal)
    pieces = [piece for column in columns if (piece := _difference(cells, column)) is not None]
    if not pieces:
        return pd.Series(None, index=cells.frame.part.index, dtype="str")
    nothing = pa.scalar("", _TEXT)
    # replaced, not skipped: Arrow's skip loses the rows in which all are missing
    joined = pc.binary_join_element_wise(
        *pieces, nothing, null_handling="replace", null_replacement=""
    )
    # each piece begins with a comma and a space: those of the first one go
    whole = pc.binary_join_element_wise(
        pa.scalar("{", _TEXT), pc.utf8_slice_codeunits(joined, 2), pa.scalar("}", _TEXT), nothing
    )
    return series_of(pc.if_else(pc.equal(joined, ""), pa.scalar(None, _TEXT), whole))


def _difference(cells: Cells, column: Column) -> pa.Array | None:
    """`, "column": "text"` of each row where canonical text and text as received differ.

    None where no row's do.
    """
    coded, canonical = cells.frame.coded[column.name], cells.canonical(column.name)
    sent = pc.utf8_trim_whitespace(coded.distinct)
    given = coded.rows(sent)
    differs = ((given != canonical.fillna("")) & (given != "")).to_numpy()
    if not differs.any():
        return None
    failed = _failed(cells, column, differs)
    name = json.dumps(column.name)
    pieces = np.full(len(sent), None, dtype=object)
    # put in words once a distinct text, however many rows have it
    for place in np.unique(coded.codes[differs]):
        text = sent[place].as_py()
        # the database holds no character of number nought
        kept = form_of(text) if place in failed else text[:LONGEST_AS_RECEIVED].replace("\0", "")
        pieces[place] = f", {name}: {json.dumps(kept)}"
    return pa.array(pieces, type=_TEXT).take(pa.array(coded.codes, mask=~differs))


def _failed(cells: Cells, column: Column, differs: np.ndarray) -> set[int]:
    """The distinct texts, among those that differ, of cells that do not pass the contract."""
    read = cells.parsed[column.name]
    # a value out of its limits has lost its canonical text by now (`cells`), so these two tell
    # all
    if not read.unreadable.any() and not read.canonical[differs].isna().any():
        return set()
    fails = differs & ~cells.passes(column.name)
    return set(np.unique(cells.frame.coded[column.name].codes[fails]).tolist())
