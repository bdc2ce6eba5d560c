"""Header rules: what a file's sheets and header rows tell, before any row is read.

Belongs here: sheets that are left alone, columns that are missing, dropped or doubled, and what is
hidden and yet sent.
Does not belong here: telling which table a sheet holds (`recognising`), rows (the other rules).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from assets.intake.door.findings import Finding
from assets.intake.door.periods import PERIOD_HEADERS, wrong_period
from assets.intake.opening import body
from assets.intake.reading import Sheet, cell_text
from assets.intake.recognising import (
    Recognised,
    is_example,
    is_of_template,
    two_for_one,
    unasked,
)
from assets.intake.telling import column_words, is_known_header, letters
from resources.landing import LandedFile
from schemas.headers import header_key
from schemas.rules import REJECTS_FILE

Tables = list[tuple[Sheet, Recognised]]

_KINDS = {
    "ofsted": "Ofsted's folder",
    "dfe": "DfE's folder (dfe)",
    "mhclg": "the Ministry of Housing's folder (mhclg)",
    "authority": "an authority",
    "provider": "a provider",
    "region": "the region's folder",
}
_WORKBOOK_ENDINGS = {"xlsx", "xlsm", "xls", "ods"}
_NEAR_THE_TOP = 10
"""Beside a better table, a sheet that only resembles a return is a fault with so high a header."""
_MOST_COLUMNS_TOLD = 12
_MOST_HEADERS_TOLD = 6
_LONGEST_HEADER_TOLD = 40


def judge_headers(
    opened: list[tuple[Sheet, list[Recognised]]], kind: str, file: LandedFile
) -> tuple[Tables, list[Finding]]:
    """The tables of a file that its sender's `kind` sends, and what its sheets and headers tell.

    `opened` are the sheets with the tables recognised on each. A table that lacks columns is among
    the tables where that is a fault, so that its rows are counted.
    """
    sheets = [sheet for sheet, _ in opened if not sheet.beside.is_hidden]
    everything = [(sheet, recognised) for sheet, tables in opened for recognised in tables]
    tables = [(sheet, recognised) for sheet, recognised in everything if not recognised.missing]
    findings = [*_hidden_sheets([sheet for sheet, _ in opened])]
    if _are_apart(tables, kind):
        kept, about_tables = _judge_apart(everything, sheets, kind, file)
        # if none can be taken in, the file is judged as a whole, and rejected with its faults
        if kept:
            return kept, [*findings, *about_tables]
    for sheet, recognised in everything:
        if recognised.missing and _is_a_fault(recognised, kind, bool(tables)):
            findings.append(_missing_columns(sheet, recognised))
            tables.append((sheet, recognised))
    findings += _faults(sheets)
    findings += _left_alone(sheets, tables)
    if not tables:
        findings.append(Finding("no_recognised_table", hint=_about_no_table(sheets, file)))
    for sheet, recognised in tables:
        if kind not in recognised.table.senders:
            findings.append(_not_from_this_sender(sheet, recognised))
        for rule in HEADER_RULES:
            findings += rule(sheet, recognised, file)
    return tables, findings


# --- tables that stand apart ----------------------------------------------------------------------


def _are_apart(tables: Tables, kind: str) -> bool:
    """Whether a file holds tables of a return that is sent as files of their own.

    What lies beside such a table, or is wrong with another one, does not reject it: an archive of
    them is one return only in that it was sent at once.
    """
    return any(
        recognised.table.apart and kind in recognised.table.senders for _, recognised in tables
    )


def _judge_apart(
    everything: Tables, sheets: list[Sheet], kind: str, file: LandedFile
) -> tuple[Tables, list[Finding]]:
    """The tables that can be taken in, and what is told of them and of the others.

    A fault of one table leaves that table out, and not the file.
    """
    kept: Tables = []
    spoken_of: Tables = []
    findings: list[Finding] = []
    for sheet, recognised in everything:
        findings_here = [
            finding for rule in HEADER_RULES for finding in rule(sheet, recognised, file)
        ]
        fault = _fault_apart(sheet, recognised, kind, findings_here)
        if fault is None:
            kept.append((sheet, recognised))
            findings += findings_here
        elif not recognised.missing or _is_a_fault(recognised, kind, has_better=False):
            spoken_of.append((sheet, recognised))
            findings.append(_table_left_out(sheet, fault))
    findings += [_table_left_out(s, fault) for s in sheets for fault in _faults([s])]
    return kept, [*findings, *_left_alone(sheets, [*kept, *spoken_of])]


def _fault_apart(
    sheet: Sheet, recognised: Recognised, kind: str, told: list[Finding]
) -> Finding | None:
    """Why a table cannot be taken in beside others; None where it can.

    A return of another quarter is a fault of the whole file: what was sent at once is of one date.
    """
    if recognised.missing:
        return _missing_columns(sheet, recognised)
    if kind not in recognised.table.senders:
        return _not_from_this_sender(sheet, recognised)
    of_its_own = (f for f in told if f.severity == REJECTS_FILE and f.rule != "wrong_quarter")
    return next(of_its_own, None)


def _table_left_out(sheet: Sheet, fault: Finding) -> Finding:
    """That a table is left out, and why, in the words of its fault."""
    return Finding(
        "table_left_out", fault.table_name, sheet.label, value=sheet.label, hint=fault.message
    )


def _faults(sheets: list[Sheet]) -> list[Finding]:
    """Files in an archive that cannot be read."""
    return [
        Finding(sheet.fault.rule, sheet=sheet.label, hint=_of_sheet(sheet, sheet.fault.hint))
        for sheet in sheets
        if sheet.fault
    ]


def _of_sheet(sheet: Sheet, hint: str) -> str:
    return f"{sheet.label}: {hint}" if hint else sheet.label


# --- tables and their columns ---------------------------------------------------------------------


def _is_a_fault(recognised: Recognised, kind: str, has_better: bool) -> bool:
    """Whether a sheet that only resembles a return is a fault.

    It is where a sender of that return sent it, and nothing better came.
    """
    is_likely = not has_better or recognised.header_row < _NEAR_THE_TOP
    return kind in recognised.table.senders and is_likely


def _missing_columns(sheet: Sheet, recognised: Recognised) -> Finding:
    names = [recognised.table.column(name).headers[0] for name in recognised.missing]
    return Finding(
        "missing_column",
        recognised.table.name,
        sheet.label,
        column_name="', '".join(names),
        expected=recognised.table.title,
        hint=" and ".join(f"'{name}'" for name in names),
    )


def _not_from_this_sender(sheet: Sheet, recognised: Recognised) -> Finding:
    return Finding(
        "not_from_this_sender",
        recognised.table.name,
        sheet.label,
        value=recognised.table.title,
        expected=" or ".join(_KINDS[kind] for kind in recognised.table.senders),
    )


# --- sheets --------------------------------------------------------------------------------------


def _hidden_sheets(sheets: list[Sheet]) -> Iterator[Finding]:
    for sheet in sheets:
        is_hidden = sheet.beside.is_hidden and bool(sheet.rows)
        if is_hidden and not is_of_template(sheet) and not is_example(sheet):
            yield Finding("hidden_sheet", sheet=sheet.label, value=sheet.label)


def _left_alone(sheets: list[Sheet], tables: Tables) -> Iterator[Finding]:
    """Sheets on which no table was recognised, beside some on which one was."""
    # by what it is: two sheets may have one name
    taken = {id(sheet) for sheet, _ in tables}
    for sheet in sheets:
        if tables and id(sheet) not in taken and not sheet.fault and not is_of_template(sheet):
            name = "example_left_alone" if is_example(sheet) else "sheet_not_recognised"
            yield Finding(name, sheet=sheet.label, value=sheet.label)


def _about_no_table(sheets: list[Sheet], file: LandedFile) -> str:
    hint = _about_first_row(sheets)
    ending = file.name.casefold().rpartition(".")[2]
    if ending in _WORKBOOK_ENDINGS and all(sheet.is_text and not sheet.name for sheet in sheets):
        is_none = f"the file is no workbook although its name ends in .{ending}"
        return f"{is_none}, but plain text, and {hint}"
    return hint


def _about_first_row(sheets: list[Sheet]) -> str:
    """What the first row with several cells looks like.

    Only words that headers say are quoted: without a header it may be a child's row.
    """
    for sheet in sheets:
        for number, row in enumerate(sheet.rows, start=1):
            cells = [text for cell in row if (text := cell_text(cell).strip())]
            if len(cells) > 1:
                of_sheet = f" of the sheet '{sheet.label}'" if sheet.label else ""
                where = f"row {number}{of_sheet}"
                return f"the first row with several cells ({where}) {_about_cells(cells)}"
    return "no row has more than one cell"


def _about_cells(cells: list[str]) -> str:
    known = [f"'{cell[:_LONGEST_HEADER_TOLD]}'" for cell in cells if is_known_header(cell)]
    if not known:
        return f"has {len(cells)} cells and is no header"
    others = len(cells) - len(known)
    more = f", and {others} cell{'' if others == 1 else 's'} that no return's header has"
    return f"says {', '.join(known[:_MOST_HEADERS_TOLD])}{more if others else ''}"


# --- columns -------------------------------------------------------------------------------------


def _columns_dropped(sheet: Sheet, recognised: Recognised, _: LandedFile) -> Iterator[Finding]:
    if recognised.table.every_column_known:
        return
    for cell in unasked(recognised):
        # a column that tells of when the return is has been read (`periods`), and is not dropped
        if header_key(cell) not in PERIOD_HEADERS:
            place = recognised.others[cell]
            yield Finding(
                "item_not_mapped" if recognised.table.items else "column_dropped",
                recognised.table.name,
                sheet.label,
                value=column_words(cell, place),
                hint=letters(place),
            )


def _columns_not_known(sheet: Sheet, recognised: Recognised, _: LandedFile) -> Iterator[Finding]:
    """Columns that a publisher has renamed or added, which no line of the layout has yet."""
    table = recognised.table
    if not table.every_column_known or not (names := unasked(recognised)):
        return
    figures = [c for c in table.columns if c.type == "figure"]
    lacking = [] if any(c.name in recognised.columns for c in figures) else ["a figure"]
    if table.filters and "filter_1" not in recognised.columns:
        lacking.append("what the figures are of")
    hints = [f" No column that is known says {' or '.join(lacking)}."] if lacking else []
    renamed = _renamed(sheet, recognised, names[:_MOST_COLUMNS_TOLD])
    hints += [f" '{new}' may be the new name of '{old}'." for new, old in renamed]
    yield Finding(
        "columns_not_known",
        table.name,
        sheet.label,
        value="', '".join(names[:_MOST_COLUMNS_TOLD]),
        expected=f"schemas/returns/{table.name}.toml",
        hint="".join(hints),
    )


def _columns_gone(sheet: Sheet, recognised: Recognised, _: LandedFile) -> Iterator[Finding]:
    """Columns of a publisher's list on which figures rest, though a cell of them may be blank: one
    that was renamed would leave every figure blank.
    """
    table = recognised.table
    gone = [c for c in table.columns if c.in_header and c.name not in recognised.columns]
    names = unasked(recognised)
    listed = "', '".join(names[:_MOST_COLUMNS_TOLD])
    unknown = f" Not known are '{listed}'." if names else ""
    for column in gone:
        yield Finding(
            "column_gone",
            table.name,
            sheet.label,
            column_name=column.headers[0],
            expected=f"schemas/returns/{table.name}.toml",
            hint=unknown,
        )


def _renamed(sheet: Sheet, recognised: Recognised, names: list[str]) -> Iterator[tuple[str, str]]:
    """Columns that are not known, each with the known one that is most like it and is not there."""
    here = {header_key(cell_text(cell)) for cell in sheet.rows[recognised.header_row]}
    spelt = [*recognised.table.filters, *(h for c in recognised.table.columns for h in c.headers)]
    gone = {header_key(name): name for name in spelt if header_key(name) not in here}
    for name in names:
        if near := difflib.get_close_matches(header_key(name), gone, 1, 0.6):
            yield name, gone[near[0]]


def _columns_missing(sheet: Sheet, recognised: Recognised, file: LandedFile) -> Iterator[Finding]:
    """Columns of this quarter's layout, where the layout changes, that a row may lack."""
    for column in recognised.table.columns:
        is_of_some_quarters = bool(column.first or column.last)
        is_missing = column.name not in recognised.columns and not column.needed
        if is_of_some_quarters and is_missing and column.expected_on(file.census_date):
            name = "missing_optional_column"
            yield Finding(name, recognised.table.name, sheet.label, column_name=column.headers[0])


def _another_period(sheet: Sheet, recognised: Recognised, file: LandedFile) -> Iterator[Finding]:
    yield from wrong_period(sheet, recognised, file.census_date)


def _two_for_one(sheet: Sheet, recognised: Recognised, _: LandedFile) -> Iterator[Finding]:
    """Two columns for one field."""
    header = [cell_text(cell) for cell in sheet.rows[recognised.header_row]]
    for name, places in two_for_one(sheet, recognised):
        text = " and ".join(f"column {column_words(header[place], place)}" for place in places)
        title = recognised.table.column(name).headers[0]
        yield Finding(
            "two_columns_for_one", recognised.table.name, sheet.label, column_name=title, hint=text
        )


def _hidden_columns(sheet: Sheet, recognised: Recognised, _: LandedFile) -> Iterator[Finding]:
    titles = {
        place: recognised.table.column(name).headers[0]
        for name, place in recognised.columns.items()
    }
    hidden = sorted(place for place in set(sheet.beside.hidden_columns) if place in titles)
    if hidden:
        columns = [f"{letters(place)} ('{titles[place]}')" for place in hidden[:_MOST_COLUMNS_TOLD]]
        yield Finding("hidden_columns", recognised.table.name, sheet.label, hint=", ".join(columns))


def _hidden_rows(sheet: Sheet, recognised: Recognised, _: LandedFile) -> Iterator[Finding]:
    if not sheet.beside.hidden_rows:
        return
    last = recognised.header_row + len(body(sheet, recognised))
    hidden = sorted(set(sheet.beside.hidden_rows))
    # hidden rows beside the table send nothing; they count from 0, a sender from 1
    rows = [row + 1 for row in hidden if recognised.header_row < row <= last]
    if rows:
        text = f"{len(rows)} of them, the first row {rows[0]}, the last row {rows[-1]}"
        yield Finding("hidden_rows", recognised.table.name, sheet.label, hint=text)


HEADER_RULES: tuple[Callable[[Sheet, Recognised, LandedFile], Iterator[Finding]], ...] = (
    _columns_dropped,
    _columns_not_known,
    _columns_gone,
    _columns_missing,
    _another_period,
    _two_for_one,
    _hidden_columns,
    _hidden_rows,
)
"""In the order in which findings of one sheet are told."""
