"""The door: judges what was received, takes out what identifies a child, and decides the fate of every row.

Belongs here: senders, faults of a whole file, faults of a row, rows set aside, pseudonyms, minimisation, the sentences for the sender.
Does not belong here: opening files (`reading`), the database (`loading`).

All files of a census date go through together, table by table and column by column: the cost is that of the rows, not of the files.
Every row has one fate: loaded, rejected or set aside. A personal value never leaves this module: not in rows, not in findings.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from assets.intake.columns import ERROR_CELL, Coded, ColumnRows, gather, read_text, series_of
from assets.intake.deriving import ages, births_by_child, child_references, derive_authority, derive_children, derive_episodes, reasons_nowhere
from assets.intake.parsing import BLANK_WORDS, Parsed, expected, is_damaged, is_dash, means_open, parse, read_date
from assets.intake.reading import CannotRead, Sheet, cell_text, read_sheets
from assets.intake.recognising import Recognised, is_example, is_of_template, recognise_all, two_for_one, unasked
from assets.intake.telling import column_words, folder_words, form_of, is_known_header, is_telling, letters
from resources.landing import Content, LandedFile
from resources.postcodes import OFF_THE_GRID, normal
from resources.pseudonym import child_keys
from schemas import authorities
from schemas.contracts import failures
from schemas.returns import Column, ReturnTable, header_key, return_tables
from schemas.rules import NOTES, REJECTS_FILE, REJECTS_ROW, WARNS, rule

LOADED, REJECTED, SET_ASIDE = "loaded", "rejected", "set aside"
NOT_RECOGNISED = "not recognised"
NOT_SHOWN = "(not shown)"
SLIPS, SHARE_OF_SLIPS = 3, 0.03
"""From so many starts after the census date, if they are more than this share of all, a return may be of a later quarter."""
OLDEST = 25
"""No child of a return is older: some stay with their carers, or in a home, after 18."""
ERASED = "about a child who was erased at the authority's request"

_PERIOD_HEADERS = {
    "censusdate", "snapshotdate", "asat", "asatdate", "quarter", "quarterend", "quarterending", "quarterenddate", "period", "periodend",
    "reportingperiod", "year", "financialyear", "collectiondate", "reportdate",
}  # fmt: skip
_SLASHED = re.compile(r"^\s*(\d{1,2})[/.\-](\d{1,2})[/.\-](?:\d{4}|\d{2})\b")
_SUM_LINE = r"^(all|sum of( all)?) [a-z' ]{3,30}:?$|\b(grand |sub-? ?|overall )?totals?( [a-z']+){0,2} ?:?$"
"""Words of a line of sums, where what every row needs is missing: `Stockport total`, `TOTAL PLACES`, `All homes`."""

_NOTE = re.compile(r".*:$|(notes?|source|prepared|produced|key|as at)\b|[*\[(]|\d+[.)] |\S*[a-z]{2}\S* +[a-z]{2}", re.IGNORECASE)
_NOTE_CELLS = 3
"""A note has few cells: one, or as many as its commas part it into."""
_NOTE_BEGINS = 200
"""So many characters tell a note by its words."""

_TOTAL = "^(grand |sub-? ?)?totals? ?:?$"


# --- senders ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sender:
    """Who sent a file: `kind` is ofsted, authority, region, provider or unknown; `key` names the sender in the warehouse."""

    key: str
    kind: str
    name: str


def sender_of(folder: str, census_date: dt.date) -> Sender:
    """The sender that a folder's name says: `ofsted`, an authority's code, `region` (the pooled form), or `provider-<id>`.

    A folder of nobody's may be named after a child: it is known by what may be told of its name. A sender's key is its own folder.
    """
    name = folder.strip().casefold()
    if name == "ofsted":
        return Sender("ofsted", "ofsted", "Ofsted")
    if name == "region":
        return Sender("region", "region", "the region")
    if name.startswith("provider-") and len(name) > len("provider-"):
        return Sender(name, "provider", folder)
    if re.fullmatch(r"[a-z]\d{8}|\d{3}", name):
        code = authorities.find(name, census_date)
        about = authorities.on_date(code, census_date) if code else None
        if about:
            return Sender(about.code, "authority", about.name)
    told = folder_words(folder)
    return Sender(told, "unknown", told)


# --- what is said of a submission ---------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One finding. `row_number` is 0 for a finding about a sheet or the whole file."""

    table_name: str
    sheet: str
    row_number: int
    column_name: str
    value: str
    rule: str
    message: str


@dataclass
class Submission:
    """One file on its way in: its tables, and what was found about the file as a whole."""

    id: str
    file: LandedFile
    sender: Sender
    content_hash: str
    tables: list[tuple[Sheet, Recognised]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_rejected(self) -> bool:
        """Whether a blocking fault rejects the file as a whole."""
        return any(rule(f.rule).severity == REJECTS_FILE for f in self.findings)

    def find(self, name: str, *, table: str = "", sheet: str = "", column: str = "", value: str = "", row_number: int = 0, **words: object) -> None:
        """Record a finding about the file or a sheet of it."""
        sentence = rule(name).sentence(column=f"'{column}'" if column else "", value=value, **words)
        bare = value[1:-1] if re.fullmatch("'.*'", value, re.DOTALL) else value
        self.findings.append(Finding(table, sheet, row_number, column, bare, name, sentence))


def open_submission(id_: str, file: LandedFile, content_hash: str, content: Content | None = None) -> Submission:
    """Recognise a file's tables; what is wrong with the file is recorded, never raised, but for `NotNow`.

    `content` is what opening the file gave, where that has been done: the file is not opened again.
    """
    submission = Submission(id_, file, sender_of(file.folder, file.census_date), content_hash)
    if submission.sender.kind == "unknown":
        told, place = submission.sender.name, f", {file.about_folder}," if file.about_folder else ""
        form = told.removeprefix("unknown (").removesuffix(")")
        named = f"is called '{told}'" if told == form else f"has a name that is {form}"
        submission.find("unknown_sender", value=form, hint=f"{place} {named}")
        return submission
    content = content or file.open()
    if content.fault:
        submission.find(content.fault.rule, hint=content.fault.hint)
        return submission
    try:
        sheets = read_sheets(content.data)
    except CannotRead as fault:
        submission.find(fault.rule, hint=fault.hint)
        return submission
    except (Exception, MemoryError) as error:  # noqa: BLE001 - one file must not stop the quarter, whatever a library makes of it
        submission.find("unreadable_file", hint=f"reading it failed ({type(error).__name__})")
        return submission
    near: list[tuple[Sheet, Recognised]] = []
    seen_sheets = [sheet for sheet in sheets if not sheet.beside.is_hidden]
    for sheet in sheets:
        if sheet.beside.is_hidden and sheet.rows and not is_of_template(sheet) and not is_example(sheet):
            submission.find("hidden_sheet", sheet=sheet.label, value=sheet.label)
    sheets = seen_sheets
    for sheet in sheets:
        for found in recognise_all(sheet):
            (near if found.missing else submission.tables).append((sheet, found))
    _judge_sheets(submission, sheets, near)
    return submission


def _judge_sheets(submission: Submission, sheets: list[Sheet], near: list[tuple[Sheet, Recognised]]) -> None:
    kind = submission.sender.kind
    for sheet, found in near:
        # A sheet that only resembles a return is a fault where a sender of that return sent it and nothing better came.
        if kind in found.table.senders and (not submission.tables or found.header_row < 10):
            names = [found.table.column(name).headers[0] for name in found.missing]
            submission.find(
                "missing_column", table=found.table.name, sheet=sheet.label, column="', '".join(names),
                expected=found.table.title, hint=" and ".join(f"'{name}'" for name in names),
            )  # fmt: skip
            submission.tables.append((sheet, found))
    seen = {id(sheet) for sheet, _ in submission.tables}
    for sheet in sheets:
        if id(sheet) not in seen and submission.tables and not is_of_template(sheet):
            submission.find("example_left_alone" if is_example(sheet) else "sheet_not_recognised", sheet=sheet.label, value=sheet.label)
    if not submission.tables:
        hint = _about_first_row(sheets)
        ending = submission.file.name.casefold().rpartition(".")[2]
        if ending in {"xlsx", "xlsm", "xls", "ods"} and all(sheet.is_text and not sheet.name for sheet in sheets):
            hint = f"the file is no workbook although its name ends in .{ending}, but plain text, and {hint}"
        submission.find("no_recognised_table", hint=hint)
    for sheet, found in submission.tables:
        if kind not in found.table.senders:
            kinds = {"ofsted": "Ofsted's folder", "authority": "an authority", "provider": "a provider", "region": "the region's folder"}
            submission.find(
                "not_from_this_sender", table=found.table.name, sheet=sheet.label, value=found.table.title,
                expected=" or ".join(kinds[s] for s in found.table.senders),
            )  # fmt: skip
        for cell in unasked(found):
            if header_key(cell) not in _PERIOD_HEADERS:
                submission.find("column_dropped", table=found.table.name, sheet=sheet.label, value=column_words(cell, found.others[cell]))
        for column in found.table.columns:
            if (
                (column.first or column.last)
                and column.name not in found.columns
                and not column.needed
                and column.expected_on(submission.file.census_date)
            ):
                submission.find("missing_optional_column", table=found.table.name, sheet=sheet.label, column=column.headers[0])
        _judge_period_columns(submission, sheet, found)
        _judge_layout(submission, sheet, found)


def _judge_layout(submission: Submission, sheet: Sheet, found: Recognised) -> None:
    """Two columns for one field, and what is hidden and yet sent."""
    header = [cell_text(cell) for cell in sheet.rows[found.header_row]]
    for name, places in two_for_one(sheet, found):
        told = " and ".join(f"column {column_words(header[place], place)}" for place in places)
        column = found.table.column(name).headers[0]
        submission.find("two_columns_for_one", table=found.table.name, sheet=sheet.label, column=column, hint=told)
    names = {place: name for name, place in found.columns.items()}
    hidden = sorted(place for place in set(sheet.beside.hidden_columns) if place in names)
    if hidden:
        told = ", ".join(f"{letters(place)} ('{found.table.column(names[place]).headers[0]}')" for place in hidden[:12])
        submission.find("hidden_columns", table=found.table.name, sheet=sheet.label, hint=told)
    last = found.header_row + len(_body(sheet, found))
    rows = [row + 1 for row in sorted(set(sheet.beside.hidden_rows)) if found.header_row < row <= last]
    if rows:
        told = f"{len(rows)} of them, the first row {rows[0]}, the last row {rows[-1]}"
        submission.find("hidden_rows", table=found.table.name, sheet=sheet.label, hint=told)


def _about_first_row(sheets: list[Sheet]) -> str:
    """What the first row with several cells looks like. Only words that headers say are quoted: without a header it may be a child's row."""
    rows = ((sheet.label, number, row) for sheet in sheets for number, row in enumerate(sheet.rows, start=1))
    label, number, first = next((at for at in rows if sum(1 for c in at[2] if cell_text(c).strip()) > 1), ("", 0, []))
    cells = [cell_text(cell).strip() for cell in first if cell_text(cell).strip()]
    if not cells:
        return "no row has more than one cell"
    known = [f"'{cell[:40]}'" for cell in cells if is_known_header(cell)]
    others = len(cells) - len(known)
    told = f"has {len(cells)} cells and is no header"
    if known:
        more = f", and {others} cell{'' if others == 1 else 's'} that no return's header has" if others else ""
        told = f"says {', '.join(known[:6])}{more}"
    where = f"row {number} of the sheet '{label}'" if label else f"row {number}"
    return f"the first row with several cells ({where}) {told}"


def _judge_period_columns(submission: Submission, sheet: Sheet, found: Recognised) -> None:
    """A column of the return that says its date, quarter or year: it must be the folder's.

    A pooled return may hold several years: it is of the wrong quarter only where none of its years is the folder's.
    """
    columns = {header: place for header, place in found.others.items() if header_key(header) in _PERIOD_HEADERS}
    if "year" in found.columns:
        columns[cell_text(sheet.rows[found.header_row][found.columns["year"]]).strip()] = found.columns["year"]
    for header, place in columns.items():
        values = [cell_text(row[place]).strip() for row in _body(sheet, found) if place < len(row)]
        values = [value for value in values if value]
        wrong = [value for value in values if period_fits(value, submission.file.census_date) is False]
        several_allowed = place == found.columns.get("year")
        if len(wrong) == len(values) > 0 if several_allowed else len(wrong) > len(values) / 2:
            submission.find(
                "wrong_quarter", table=found.table.name, sheet=sheet.label, expected=f"{submission.file.census_date:%d/%m/%Y}",
                hint=f"its column '{header}' says {_period_words(wrong[0])}",
            )  # fmt: skip


def _period_words(text: str) -> str:
    """The words of a text that tell a quarter or a year; of a date only its year, for it may be a child's."""
    if date := read_date(text):
        return f"a date in {date[:4]}"
    said = re.findall(
        r"q[1-4]|quarter ?[1-4]|20\d\d(?:\s*[/\-\u2013]\s*(?:20)?\d\d\b)?|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", text, re.I
    )
    return f"'{' '.join(said)}'"


def period_fits(text: str, census_date: dt.date) -> bool | None:
    """Whether a date, quarter or year written in a return is that of the census date; None where it cannot be told."""
    if date := read_date(text):
        day = dt.date.fromisoformat(date)
        quarter_start = dt.date(census_date.year, census_date.month - 2, 1)
        return quarter_start <= day <= census_date
    word = text.casefold().strip()
    years = _years_in(word)
    if not years:
        return None
    quarter = re.search(r"\bq([1-4])\b|\bquarter ?([1-4])\b", word)
    financial = census_date.year if census_date.month > 3 else census_date.year - 1
    year_fits = (financial, financial + 1) == years if len(years) == 2 else years[0] in {census_date.year, financial, financial + 1}
    if quarter is None:
        months = re.findall(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", word)
        if months:
            numbers = [1 + "janfebmaraprmayjunjulaugsepoctnovdec".index(m) // 3 for m in months]
            return census_date.month in numbers and years[-1] == census_date.year
        return year_fits
    number = int(quarter.group(1) or quarter.group(2))
    in_calendar_year = number == census_date.month // 3
    in_financial_year = number == (census_date.month // 3 - 2) % 4 + 1
    if len(years) == 1:  # of the calendar year, or of the financial year that begins in it
        return (in_calendar_year and years[0] == census_date.year) or (in_financial_year and years[0] in {financial, financial + 1})
    return year_fits and in_financial_year


def _years_in(text: str) -> tuple[int, ...]:
    if pair := re.search(r"\b(20\d{2})\s*[/\-\u2013]\s*(?:20)?(\d{2})\b", text):
        return int(pair.group(1)), 2000 + int(pair.group(2))
    single = re.search(r"\b(20\d{2})\b", text)
    return (int(single.group(1)),) if single else ()


# --- rows ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class JudgedTable:
    """One table of all submissions of a census date, after the door.

    `rows` has the columns of its `raw` table, one row a row received; `findings` those of `raw.finding`; `books` one row a submission:
    `submission_id`, `rows_received`, `rows_loaded`, `rows_rejected`, `rows_set_aside`.
    """

    table: ReturnTable
    rows: pd.DataFrame
    findings: pd.DataFrame
    books: pd.DataFrame


FINDING_COLUMNS = ["submission_id", "table_name", "sheet", "row_number", "column_name", "value", "rule", "severity", "message"]


def judge(
    submissions: list[Submission], census_date: dt.date, key: bytes, *, keep_sheets: bool = True, stopped: frozenset[str] = frozenset()
) -> list[JudgedTable]:
    """Judge all rows of the submissions, table by table. Faults of whole files are added to the submissions.

    Rows of children in `stopped` (keyed hashes of those who were erased) are set aside, and nothing that stands in them is kept.

    Without `keep_sheets` the rows of the sheets are let go once their texts are taken, which halves the memory of a large return.
    """
    by_table: dict[str, list[tuple[Submission, Sheet, Recognised]]] = defaultdict(list)
    for submission in submissions:
        for sheet, found in submission.tables:
            by_table[found.table.name].append((submission, sheet, found))
    # Whole-file faults first, over all tables of a file: a file is rejected as a whole or not at all.
    # The most specific table first: the SSDA903's header, which has the dates of birth, before its episodes.
    births = pd.Series(dtype="datetime64[us]")
    frames = {}
    for name, table in return_tables().items():
        if name in by_table:
            frames[name] = _Frame(table, by_table[name], census_date, key)
    if not keep_sheets:
        for submission in submissions:
            for sheet, _ in submission.tables:
                sheet.let_go()
    for frame in frames.values():
        if not frame.table.leave_alone:
            frame.stop(stopped)
            births = frame.judge_rows(births)
            frame.judge_files()
    _judge_emptiness(submissions, frames.values())
    if "provider_settings" in frames and "provider_placements" in frames:
        _compare_placements(frames["provider_settings"], frames["provider_placements"])
    return [frame.result() for frame in frames.values()]


class _Frame:
    """The rows of one table from many files: texts as received beside what was understood."""

    def __init__(self, table: ReturnTable, parts: list[tuple[Submission, Sheet, Recognised]], census_date: dt.date, key: bytes) -> None:
        self.table, self.parts, self.census_date, self.key = table, parts, census_date, key
        bodies = [_body(sheet, found) for _, sheet, found in parts]
        sizes = [len(rows) for rows in bodies]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype("int64")
        self.too_long: dict[int, int] = {}
        self.too_short: dict[int, int] = {}
        for rows, offset, (_, sheet, found) in zip(bodies, offsets, parts, strict=False):
            if sheet.is_text:
                last = max(place for place, cell in enumerate(sheet.rows[found.header_row]) if cell.strip())
                self._note_too_long(rows, int(offset), last + 1)
        part_of = [np.full(size, index) for index, size in enumerate(sizes)]
        numbers = [np.arange(size) + found.header_row + 2 for size, (_, _, found) in zip(sizes, parts, strict=True)]
        cells = list(zip(bodies, (found for _, _, found in parts), (None if sheet.is_text else cell_text for _, sheet, _ in parts), strict=True))
        self.texts = pd.DataFrame({c.name: gather([(rows, found.columns.get(c.name), text) for rows, found, text in cells]) for c in table.columns})
        self.coded = {name: Coded.of(self.texts[name]) for name in self.texts.columns}
        self.part = pd.Series(np.concatenate(part_of) if part_of else [], dtype="int64")
        self.number = pd.Series(np.concatenate(numbers) if numbers else [], dtype="int64")
        self.submission_ids = pd.Series([s.id for s, _, _ in parts], dtype="str").take(self.part).reset_index(drop=True)
        self.fate = pd.Series(LOADED, index=self.texts.index, dtype="str")
        self.found: list[pd.DataFrame] = []
        self.parsed: dict[str, Parsed] = {}
        self.derived: dict[str, pd.Series] = {}
        self.owners = pd.Series([s.sender.key for s, _, _ in parts], dtype="str").take(self.part).reset_index(drop=True)
        self.authority = self.owners
        self.damaged = self._note_damage(sizes, offsets)
        self._set_aside(bodies, offsets)
        self.shifted = [row for row in {**self.too_long, **self.too_short} if self.fate[row] != SET_ASIDE]
        if self.shifted:
            for name in self.texts.columns:  # values may stand under the wrong columns, a child's reference among them: none is kept
                self.texts.loc[self.shifted, name] = ""
                self.coded[name] = Coded.of(self.texts[name])

    def _note_too_long(self, rows: Sequence[list], offset: int, width: int) -> None:
        """Note rows whose values may stand under the wrong columns: with something beyond the header, or with too few cells."""
        if isinstance(rows, ColumnRows):
            self.too_long |= {offset + int(place): rows.width for place in rows.given_beyond(width)}
            return
        lengths = np.fromiter(map(len, rows), dtype="int64", count=len(rows))
        short = np.flatnonzero((lengths < width) & (lengths > 0))
        self.too_short |= {offset + int(place): int(lengths[place]) for place in short}
        for place in np.flatnonzero(lengths > width):
            if any(cell_text(cell).strip() for cell in rows[int(place)][width:]):
                self.too_long[offset + int(place)] = int(lengths[place])

    def _note_damage(self, sizes: list[int], offsets: np.ndarray) -> dict[tuple[str, str], dict[int, str]]:
        """Blank cells that are none: with a formula never worked out, or merged with others. By kind and column: row, and a clue."""
        noted: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
        for (_, sheet, found), size, offset in zip(self.parts, sizes, offsets, strict=False):
            names = {place: name for name, place in found.columns.items()}

            def note(kind: str, row: int, place: int, clue: str, *, here: tuple = (found, size, int(offset), names)) -> None:
                found, size, offset, names = here
                at = row - found.header_row - 1
                if 0 <= at < size and place in names and not self.texts[names[place]].iloc[offset + at].strip():
                    noted[kind, names[place]][offset + at] = clue

            for row, place in sheet.beside.uncalculated:
                note("formula", row, place, "")
            for (top, left), (bottom, right) in sheet.beside.merged:
                clue = f"{letters(left)}{top + 1} to {letters(right)}{bottom + 1}"
                for row in range(max(top, found.header_row + 1), min(bottom, found.header_row + size) + 1):
                    for place in names:
                        if left <= place <= right:
                            note("merged", row, place, clue)
        return noted

    def _find_damaged_blanks(self, data: pd.Series) -> None:
        """Find the blank cells that are none; a needed one rejects its row, and is not called blank too."""
        for (kind, name), rows in self.damaged.items():
            column = self.table.column(name)
            rule_name = {"formula": "formula_without_value", "merged": "merged_cell"}[kind] if column.needed else f"{kind}_left_blank"
            at = [row for row in rows if data[row]]
            words = expected(column, self.census_date)
            self._find(pd.Index(at), rule_name, column, expected=words[0].upper() + words[1:], hint=[rows[row] for row in at])

    # --- rows that are no data

    def _set_aside(self, bodies: list[Sequence[list]], offsets: np.ndarray) -> None:
        texts = self.texts
        if self.table.leave_alone:
            self.fate[:] = SET_ASIDE
            for part, count in self.part.value_counts(sort=False).items():
                submission, sheet, found = self.parts[part]
                marks = ", ".join(self.table.column(name).headers[0] for name in found.columns if name != "child")
                submission.find("table_left_alone", table=self.table.name, sheet=sheet.label, value=str(count), hint=f"it has the column {marks}")
            return
        is_blank = pd.Series(True, index=texts.index)
        is_total = pd.Series(False, index=texts.index)
        is_sum = pd.Series(False, index=texts.index)
        lacking = pd.Series(0, index=texts.index)
        lacks_needed = pd.Series(False, index=texts.index)
        only_once = self._only_once()
        alike: dict[str, np.ndarray] = {}
        for column in self.table.columns:
            coded = self.coded[column.name]
            if only_once.any():  # spacing alone makes no difference
                alike[column.name] = coded.rows(pd.factorize(series_of(coded.tidy))[0])
            empty = coded.rows(coded.is_blank)
            is_blank &= empty
            sums = pc.match_substring_regex(coded.tidy, _SUM_LINE, ignore_case=True)
            if pc.any(sums).as_py():  # a totals line is one of sums
                is_sum |= coded.rows(sums.to_numpy(zero_copy_only=False))
                is_total |= coded.rows(pc.match_substring_regex(coded.tidy, _TOTAL, ignore_case=True).to_numpy(zero_copy_only=False))
            if column.needed:
                lacks_needed |= empty
                lacking += empty
        for row in is_blank.index[is_blank]:  # blank in the layout's columns; has it something in another?
            part = int(self.part.iloc[row])
            is_blank[row] = not any(cell_text(cell).strip() for cell in bodies[part][row - int(offsets[part])])
        is_total = (is_total & lacks_needed) | (is_sum & (lacking >= 2))
        is_note = self._notes_below(bodies, offsets, lacking, is_blank | is_total)
        repeated = pd.Series(False, index=texts.index)
        if only_once.any():
            repeated = pd.DataFrame(alike).assign(_part=self.submission_ids).duplicated(keep="first") & only_once & ~is_blank & ~is_total
            repeated[[*self.too_long, *self.too_short]] = False
            for column in self.table.columns:
                if column.personal == "child key":  # shortened references alike may be of several children: damage, and no repetition
                    coded = self.coded[column.name]
                    repeated &= ~coded.rows(np.array([is_damaged(word) for word in coded.words], dtype=bool))
            repeated &= ~is_note
        self.fate[is_blank | is_total | is_note | repeated] = SET_ASIDE
        if (is_total | is_note).any():  # they are no rows of the table: nothing that stands in them is kept
            for name in texts.columns:
                texts.loc[is_total | is_note, name] = ""
                self.coded[name] = Coded.of(texts[name])
        kinds = ("blank", is_blank), ("a totals line", is_total & ~is_blank), ("a note below the table", is_note)
        for kind, mask in (*kinds, ("an exact duplicate of an earlier row", repeated)):
            for part, count in self.part[mask].value_counts(sort=False).items():
                submission, sheet, _ = self.parts[part]
                submission.find("set_aside", table=self.table.name, sheet=sheet.label, value=str(count), hint=kind)

    def _notes_below(self, bodies: list[Sequence[list]], offsets: np.ndarray, lacking: pd.Series, aside: pd.Series) -> pd.Series:
        """Lines of words below the last row of a table: `Notes:`, `Source: our case system`, `Prepared by ...`."""
        is_note = pd.Series(False, index=self.texts.index)
        needed = len(self.table.needed)
        if not needed or not (lacking >= max(needed - _NOTE_CELLS, 1)).any():
            return is_note
        for part, rows in enumerate(bodies):
            start = int(offsets[part])
            for row in range(start + len(rows) - 1, start - 1, -1):
                cells = [text for cell in rows[row - start] if (text := cell_text(cell).strip())]
                if aside[row]:
                    continue
                begins = cell_text(rows[row - start][0]).strip()[:_NOTE_BEGINS] if cells else ""
                if lacking[row] < max(needed - len(cells), 1) or len(cells) > _NOTE_CELLS or not _NOTE.match(begins):
                    break
                is_note[row] = True
        return is_note

    def _only_once(self) -> pd.Series:
        """Rows of which a second one that is exactly alike says nothing: those of a table with a key, or of the kinds that stand once."""
        once = self.table.once
        if once is None:
            return pd.Series(bool(self.table.identity), index=self.texts.index)
        return parse(self.table.column(once.where), self.coded[once.where], self.census_date).canonical.isin(once.values)

    def stop(self, stopped: frozenset[str]) -> None:
        """Set aside the rows of children who were erased, and forget what stands in them."""
        reference = next((column for column in self.table.columns if column.personal == "child key"), None)
        if not stopped or reference is None:
            return
        identifiers = parse(reference, self.coded[reference.name], self.census_date).canonical
        of = self.owners
        if self.table.authority_column:
            column = self.table.column(self.table.authority_column)
            of = derive_authority(of, parse(column, self.coded[column.name], self.census_date).canonical)
        mask = child_keys(self.key, of, identifiers).isin(stopped)
        if not mask.any():
            return
        for name in self.texts.columns:
            self.texts.loc[mask, name] = ""
            self.coded[name] = Coded.of(self.texts[name])
        self.shifted = [row for row in self.shifted if not mask[row]]
        self.fate[mask] = SET_ASIDE
        for part, count in self.part[mask].value_counts(sort=False).items():
            submission, sheet, _ = self.parts[part]
            submission.find("set_aside", table=self.table.name, sheet=sheet.label, value=str(count), hint=ERASED)

    # --- rows that are data

    def judge_rows(self, births: pd.Series) -> pd.Series:
        """Read every column, hold the typed frame against its contract, and work out what personal values are dropped for.

        `births` (dates of birth by authority and reference) is used here, and given back with those that this table tells.
        """
        table, data = self.table, self.fate != SET_ASIDE
        typed = {}
        for column in table.columns:
            read = parse(column, self.coded[column.name], self.census_date)
            if column.type == "date" and not column.codes:
                read = self._distrust_month_first(column, read, data)
            if column.type == "text" and not (column.codes or column.personal or table.senders == ("ofsted",)):
                read = self._leave_out_personal(column, read)
            self.parsed[column.name] = read
            typed[column.name] = read.typed
            self._find_unreadable(column, read, data)
            self._find_unlikely(column, read, data)
            if column.type == "integer" and column.needed:
                dashes = data & self.coded[column.name].rows(np.array([is_dash(word) for word in self.coded[column.name].words], dtype=bool))
                self._find(dashes.index[dashes & read.canonical.notna()], "dash_for_nought", column)
        self._find_damaged_blanks(data)
        judged = data & ~data.index.isin(self.shifted)
        broken = failures(table, pd.DataFrame(typed)[judged.to_numpy()])
        rejected_here = set(
            broken.loc[broken["rule"].isin(["blank"]) | ((broken["rule"] == "out_of_range") & broken["column"].isin(table.needed)), "index"]
        )
        unread = [index for name in table.needed for index in self.parsed[name].unreadable.index[self.parsed[name].unreadable]]
        sums = {check.rule for check in table.sums}
        broken = broken[~(broken["rule"].isin(sums) & broken["index"].isin(rejected_here.union(unread)))]
        given = {c.name: pd.Series(self.coded[c.name].rows(~self.coded[c.name].is_blank)) for c in table.columns if c.needed}
        lacking = {(part, name) for part, (_, _, found) in enumerate(self.parts) for name in found.missing}
        for (name, rule_name), rows in broken.groupby(["column", "rule"], sort=True):
            index = pd.Index(rows["index"])
            if rule_name == "blank":  # an unreadable cell is typed as blank too, and has been found already
                given_here = given[name].loc[index]
                words = self.texts[name].loc[index].str.strip().str.casefold().isin(BLANK_WORDS)
                unread = self.parsed[name].unreadable.loc[index]
                index = index[(~given_here | (words & ~unread)).to_numpy()]
                index = index[
                    [(row not in self.damaged.get(("formula", name), ()) and row not in self.damaged.get(("merged", name), ())) for row in index]
                ]
                said = pd.Series([(part, name) in lacking for part in self.part.loc[index]], index=index, dtype="bool")
                self.fate[index[said]] = REJECTED
                index = index[~said]  # the file says it once
            self._find_broken(name, rule_name, index)
        for rows_, name in ((self.too_long, "too_many_cells"), (self.too_short, "too_few_cells")):
            at = [row for row in rows_ if data[row]]
            self._find(pd.Index(at), name, hint=[f"{rows_[row]} cells" for row in at])
        self._find_repeated(data)
        self._count_once()
        if table.authority_column:
            self._judge_row_authority(data)
        return self._derive(births, data) if table.derive else births

    def _leave_out_personal(self, column: Column, read: Parsed) -> Parsed:
        """Take back free text that holds a date, a postcode or an address: nobody asked for these there."""
        coded = self.coded[column.name]
        if not pc.any(pc.match_substring_regex(coded.distinct, "[0-9@]")).as_py():
            return read
        telling = pd.Series(coded.rows(np.array([is_telling(word) for word in coded.words], dtype=bool)))
        if not telling.any():
            return read
        return Parsed(read.canonical.mask(telling), read.typed.mask(telling), read.unreadable | telling)

    def _distrust_month_first(self, column: Column, read: Parsed, data: pd.Series) -> Parsed:
        """Take back dates that may be the other way round: 03/04/2024 in a file whose column also says 03/25/2024."""
        coded = self.coded[column.name]
        parts = series_of(coded.distinct).str.extract(_SLASHED)
        one, two = (pd.Series(coded.rows(pd.to_numeric(parts[n]).to_numpy(dtype="float64"))) for n in (0, 1))
        month_first = data & (one <= 12) & (two > 12) & (two <= 31)
        if not month_first.any():
            return read
        day_first = data & (one > 12) & (one <= 31) & (two <= 12)
        evidence = month_first.groupby(self.part).sum() > day_first.groupby(self.part).sum()
        doubted = data & self.part.map(evidence) & (one <= 12) & ((two <= 12) & (one != two) | month_first)
        self.parsed[column.name] = Parsed(read.canonical.mask(doubted), read.typed.mask(doubted), read.unreadable & ~doubted)
        self._find(doubted.index[doubted], "month_first" if column.needed or column.strict else "month_first_left_blank", column)
        return self.parsed[column.name]

    def _find_repeated(self, data: pd.Series) -> None:
        """Rows that say something else of what another row speaks of already: one child twice, one URN twice."""
        if not self.table.identity:
            return
        keys = pd.DataFrame({name: self.parsed[name].canonical for name in self.table.identity}).assign(_part=self.submission_ids)
        first = self.table.column(self.table.identity[0])
        repeated = keys[data & keys[first.name].notna()].duplicated(keep=False)
        expected_ = self.table.grain[0].upper() + self.table.grain[1:]
        self._find(repeated.index[repeated], "same_reference_twice", first, expected=expected_)

    def _count_once(self) -> None:
        """Of several rows of what stands once, the last that could be loaded counts: the others are set aside, and all are named."""
        once = self.table.once
        if once is None:
            return
        keys = pd.DataFrame({"submission": self.submission_ids, "key": self.parsed[once.key].canonical})
        keys = keys[(self.fate == LOADED) & self.parsed[once.where].canonical.isin(once.values)]
        several = keys[keys.duplicated(keep=False)]
        column = self.table.column(once.key)
        for _, index in several.groupby(["submission", "key"]).groups.items():
            parts = self.part[index]
            sheets = [f" of the sheet '{self.parts[part][1].label}'" if len(set(parts)) > 1 else "" for part in parts]
            names = [f"row {number}{sheet}" for number, sheet in zip(self.number[index], sheets, strict=True)]
            self._find(index, once.rule, column, expected=names[-1], hint=f"{', '.join(names[:-1])} and {names[-1]}")
        aside = several.index[several.duplicated(keep="last")]
        self.fate[aside] = SET_ASIDE
        for part, count in self.part[aside].value_counts(sort=False).items():
            submission, sheet, _ = self.parts[part]
            submission.find("set_aside", table=self.table.name, sheet=sheet.label, value=str(count), hint="a later row of the same home counts")

    def _judge_row_authority(self, data: pd.Series) -> None:
        """In a pooled return each row names its authority; in an authority's own, a row that names another is rejected."""
        column = self.table.column(self.table.authority_column)
        named = self.parsed[column.name].canonical
        data = data & ~data.index.isin(self.shifted)
        kinds = pd.Series([s.sender.kind for s, _, _ in self.parts], dtype="str").take(self.part).reset_index(drop=True)
        self.authority = derive_authority(self.owners.where(kinds == "authority"), named)
        unread = self.parsed[column.name].unreadable
        lacks = data & (kinds == "region") & named.isna() & ~unread
        self._find(lacks.index[lacks], "blank", column, expected="a pooled return names the authority of each row")
        self._find(unread.index[unread & data & (kinds == "region")], "unknown_authority", column, hint=self._authority_hint)
        other = data & (kinds == "authority") & named.notna() & (named != self.owners)
        self._find(other.index[other], "other_authority", column, expected="the sender's own")

    def _derive(self, births: pd.Series, data: pd.Series) -> pd.Series:
        """Work out what stands in place of dates of birth and postcodes. Gives the births with those of this table."""
        self.derived["authority_code"] = self.authority
        if self.table.derive == "children":
            born = self.parsed["date_of_birth"].typed
            newest_first = sorted(set(self.part[data]), key=lambda part: self.parts[part][0].file.received_at, reverse=True)
            heres = [data & (self.part == part) for part in newest_first]
            told = [births_by_child(self.authority[here], self.parsed["child"].canonical[here], born[here]) for here in heres]
            births = pd.concat([*told, births])
            births = births[~births.index.duplicated(keep="first")]
            self.derived |= derive_children(born, self.census_date)
        if self.table.derive == "episodes":
            postcodes = {c.name: self.texts[c.name] for c in self.table.columns if c.personal == "postcode"}
            self.derived |= derive_episodes(self.parsed, postcodes, self.authority, births, self.census_date, self.key)
            self._find_not_derived(data)
        return births

    def _find_not_derived(self, data: pd.Series) -> None:
        data = data & ~data.index.isin(self.shifted)
        unknown = data & self.derived["age"].isna() & self.parsed["child"].canonical.notna()
        parts = self.part[data].value_counts()
        for part, count in self.part[unknown].value_counts(sort=False).items():
            submission, sheet, _ = self.parts[part]
            if count > parts[part] / 2:  # the header is missing: said once, not once a row
                submission.find("birth_date_not_known", table=self.table.name, sheet=sheet.label)
                unknown &= self.part != part
        self._find(unknown.index[unknown], "birth_date_not_known", self.table.column("child"))
        self._find_open_at_eighteen(data)
        self._find_none_following(data)
        column, texts = self.table.column("placement_postcode"), self.texts["placement_postcode"]
        authority = self.derived["placement_authority_code"]
        nowhere = data & (normal(texts) != "") & authority.isna()
        self._find(nowhere.index[nowhere], "postcode_not_known", column, hint=list(reasons_nowhere(texts[nowhere])))
        abroad = data & authority.isin(OFF_THE_GRID)
        self._find(abroad.index[abroad], "postcode_off_the_grid", column, hint=list(authority[abroad].map(OFF_THE_GRID)))

    def _find_unreadable(self, column: Column, read: Parsed, data: pd.Series) -> None:
        index = self._find_damage(column, read.unreadable.index[read.unreadable & data])
        words = expected(column, self.census_date)
        if column.type == "authority" and not column.codes:
            name = "unknown_authority_kept" if column.unknown_allowed else ("unknown_authority" if column.needed else "unreadable_left_blank")
            self._find(index, name, column, expected=words, hint=self._authority_hint)
            self._find_districts(column, data)
        elif column.codes:
            self._find(index, "unknown_label" if column.needed else "unknown_label_left_blank", column, expected=words)
        else:
            self._find(index, "unreadable" if column.needed or column.strict else "unreadable_left_blank", column, expected=words)
        if read.labels_of_other_quarter is not None:
            foreign = read.labels_of_other_quarter
            self._find(foreign.index[foreign & data], "label_of_another_quarter", column)

    def _find_unlikely(self, column: Column, read: Parsed, data: pd.Series) -> None:
        """What can be read and is hardly meant: a day far off for no end, a year's fee for a week's, a birth after the census date."""
        data = data & ~data.index.isin(self.shifted)
        if column.open_ended:
            coded = self.coded[column.name]
            is_open = data & coded.rows(np.array([means_open(word) for word in coded.words], dtype=bool))
            self._find(is_open.index[is_open], "end_far_off", column)
        if column.usual:
            least, most = column.usual
            odd = data & ((read.typed > most) | ((read.typed > 0) & (read.typed < least))).fillna(value=False).astype(bool)
            self._find(odd.index[odd], "unusual_amount", column, expected=f"£{least:,} to £{most:,}")
        if column.personal == "birth date":
            age = ages(read.typed, self.census_date)
            for odd, hint in ((read.typed > pd.Timestamp(self.census_date), "is after the census date"), (age > OLDEST, "makes the child over 25")):
                index = data.index[data & odd.fillna(value=False).astype(bool)]
                self._find(index, "birth_date_unlikely", column, hint=hint)

    def _find_open_at_eighteen(self, data: pd.Series) -> None:
        """Open episodes of people of 18 and over: they are not counted, and their authority is told."""
        parsed, day = self.parsed, pd.Timestamp(self.census_date)
        year = parsed["year"].canonical
        newest = year.isna() | (year == year.groupby(self.submission_ids).transform("max"))
        is_open = (parsed["decom"].typed <= day) & ~(parsed["dec"].typed <= day) & (self.fate == LOADED) & newest
        grown = pd.to_numeric(self.derived["age"]).ge(18).fillna(value=False)
        place = parsed["place"].canonical
        may_stay = (parsed["legal_status"].canonical == "V2") & ((place == "K2") | place.str.startswith("T", na=False))
        is_short_break = parsed["legal_status"].canonical.isin(["V3", "V4"])
        found = data & is_open & grown & ~may_stay & ~is_short_break
        self._find(found.index[found], "open_at_eighteen", self.table.column("dec"))

    def _find_none_following(self, data: pd.Series) -> None:
        """Ends that say another episode follows (X1) where none of the child's begins that day or the next."""
        day = [((self.parsed[name].typed - pd.Timestamp(1900, 1, 1)) // pd.Timedelta(days=1)).to_numpy(dtype=float) for name in ("decom", "dec")]
        codes, _ = pd.factorize(child_references(self.authority, self.parsed["child"].canonical))
        begun, ended = (codes * 1e6 + days for days in day)
        known = begun[((self.fate == LOADED) & data).to_numpy() & ~np.isnan(begun)]
        follows = np.isin(ended, known) | np.isin(ended + 1, known)
        by_now = (self.parsed["dec"].typed <= pd.Timestamp(self.census_date)).to_numpy()
        says_so = (self.parsed["reason_episode_ceased"].canonical == "X1").to_numpy() & by_now & ((self.fate == LOADED) & data).to_numpy()
        self._find(data.index[says_so & ~follows], "no_episode_follows", self.table.column("reason_episode_ceased"))

    def _find_districts(self, column: Column, data: pd.Series) -> None:
        """Districts that stand where an authority was asked for: understood, and said."""
        coded = self.coded[column.name]
        around = {word: authorities.around_district(word, self.census_date) for word in coded.words}
        counties = {word: county.name for word, county in around.items() if county}
        if counties:
            is_district = coded.rows(np.array([word in counties for word in coded.words], dtype=bool))
            self._find(data.index[data & is_district], "district_for_its_county", column, hint=lambda text: counties.get(text, ""))

    def _find_damage(self, column: Column, index: pd.Index) -> pd.Index:
        """Find what a spreadsheet did to unreadable cells; gives those of which nothing more is known."""
        if not len(index):
            return index
        texts = self.texts[column.name].loc[index]
        is_error = texts.map(lambda text: bool(ERROR_CELL.fullmatch(read_text(text))))
        needed = column.needed or column.strict
        self._find(index[is_error], "error_cell" if needed else "error_cell_left_blank", column, expected=expected(column, self.census_date))
        index = index[~is_error]
        if column.personal == "child key":
            self._find(index, "damaged_reference", column)
            return index[:0]
        if column.type == "text" and not column.codes:
            self._find(index, "personal_left_blank", column)
            return index[:0]
        return index

    def _authority_hint(self, text: str) -> str:
        if past := authorities.ended(text, self.census_date):
            return f" {past.name} was no authority of its own on {self.census_date:%d/%m/%Y}: name the one that is."
        near = authorities.nearest(text, self.census_date)
        return f" Did you mean {' or '.join(near)}?" if near else ""

    def _find_broken(self, name: str, rule_name: str, index: pd.Index) -> None:
        check = next((s for s in self.table.sums if s.rule == rule_name), None)
        if check is not None:
            parts = " + ".join(check.parts)
            told = pd.DataFrame({name: self._plain(name, index).replace("", "0") for name in (check.total, *check.parts)})
            hint = [f"{row[0]} against {' + '.join(row[1:])}" for row in told.to_numpy()]
            self._find(index, rule_name, hint=hint, expected=parts)
            return
        order = next((o for o in self.table.orders if o.rule == rule_name), None)
        if order is not None:
            hint = list(self._plain(order.first, index) + " to " + self._plain(order.last, index))
            self._find(index, rule_name, self.table.column(order.last), hint=hint)
            return
        pair = next((t for t in self.table.together if t.rule == rule_name), None)
        if pair is not None:
            titles = [self.table.column(c).headers[0] for c in pair.columns]
            given = pd.DataFrame({title: self._plain(c, index) for title, c in zip(titles, pair.columns, strict=True)})
            said = [", ".join(f"{title} {value or 'blank'}" for title, value in zip(titles, row, strict=True)) for row in given.to_numpy()]
            self._find(index, rule_name, hint=said)
            return
        column = self.table.column(name)
        if rule_name == "out_of_range":
            rule_name = "out_of_range" if column.needed else "out_of_range_left_blank"
            self.parsed[name].canonical[index] = None
        words = column.field.description.rstrip(".") if rule_name == "blank" else expected(column, self.census_date)
        self._find(index, rule_name, column, expected=words[0].lower() + words[1:] if rule_name == "blank" else words)

    def _plain(self, name: str, index: pd.Index) -> pd.Series:
        """What is told of the cells, without quotation marks; blank where nothing was sent."""
        return unquoted(self._told(self.table.column(name), index))

    def _find(
        self,
        index: pd.Index,
        name: str,
        column: Column | None = None,
        *,
        expected: str = "",
        hint: Callable[[str], str] | list[str] | str = "",
    ) -> None:
        """Record a finding for each row of `index`; rows that the rule rejects get that fate. Sentences are made once a distinct value."""
        if not len(index):
            return
        values = self._told(column, index) if column else pd.Series("", index=index, dtype="str")
        title = column.headers[0] if column else ""
        about = rule(name)

        def sentence(value: str, clue: str) -> str:
            return about.sentence(column=f"'{title}'", value=value, expected=expected, hint=clue)

        if callable(hint):
            clues = {text: hint(text) for text in self.texts[column.name].loc[index].unique()} if column else {}
            hint = [clues[text] for text in self.texts[column.name].loc[index]] if column else ""
        if isinstance(hint, list):
            messages = [sentence(value, clue) for value, clue in zip(values, hint, strict=True)]
        else:
            made = {value: sentence(value, hint) for value in values.unique()}
            messages = values.map(made)
        self.found.append(
            pd.DataFrame(
                {
                    "row": index,
                    "column_name": title,
                    "value": unquoted(values).to_numpy(),
                    "rule": name,
                    "severity": about.severity,
                    "message": list(messages),
                }
            )
        )
        if about.severity == REJECTS_ROW:
            self.fate[index] = REJECTED

    def _told(self, column: Column, index: pd.Index) -> pd.Series:
        """What is told of the column's cells: in quotation marks what was sent, where it passes the column's contract, else its form."""
        if column.personal:
            lost = self.parsed[column.name].unreadable.loc[index] if column.name in self.parsed else None
            told = pd.Series(NOT_SHOWN, index=index, dtype="str")
            return told if lost is None or not lost.any() else told.where(~lost, self.texts[column.name].loc[index].map(form_of))
        texts = self.texts[column.name].loc[index]
        passes = self._passes(column.name).loc[index]
        bare = texts.str.strip().str.slice(0, 200)
        sent = ("'" + bare + "'").where(bare != "", "")
        return sent.where(passes, texts.map(form_of) if not passes.all() else "")

    def _passes(self, name: str) -> pd.Series:
        """Which cells of a column pass its contract: read, and within its limits; blank ones among them."""
        column, read = self.table.column(name), self.parsed[name]
        passes = ~read.unreadable & ~(read.canonical.isna() & ~self._says_nothing(name))
        if column.minimum is not None:
            passes &= ~(read.typed < column.minimum).fillna(value=False).astype("bool")
        if column.maximum is not None:
            passes &= ~(read.typed > column.maximum).fillna(value=False).astype("bool")
        return passes

    def _says_nothing(self, name: str) -> pd.Series:
        coded = self.coded[name]
        return pd.Series(coded.rows(np.array([not (w := read_text(word)) or w.casefold() in BLANK_WORDS for word in coded.words], dtype=bool)))

    # --- faults of a whole file that its rows show

    def judge_files(self) -> None:
        """Wrong authority and wrong quarter: told by most of a file's rows, they reject the file; told by a few, the rows."""
        data = self.fate != SET_ASIDE
        if self.table.own_authority:
            self._judge_own_authority(data)
        if self.table.start_date:
            self._judge_start_dates(data)

    def _judge_start_dates(self, data: pd.Series) -> None:
        """Starts after the census date: most of a file's reject it, more than slips explain are told of the file, and each is told of its row."""
        starts = self.parsed[self.table.start_date].typed[data]
        is_late = starts > pd.Timestamp(self.census_date)
        parts, day = self.part[data], f"{self.census_date:%d/%m/%Y}"
        late, known, latest = (series.groupby(parts).agg(how) for series, how in ((is_late, "sum"), (starts, "count"), (starts, "max")))
        wrong, doubtful = late > known / 2, (late >= SLIPS) & (late > known * SHARE_OF_SLIPS)
        for part in late.index[wrong | doubtful]:
            submission, sheet, _ = self.parts[part]
            if not submission.is_rejected:
                submission.find(
                    "wrong_quarter" if wrong[part] else "may_be_of_a_later_quarter", table=self.table.name, sheet=sheet.label, expected=day,
                    hint=f"{late[part]} of {known[part]} placements start after the census date, the latest on {latest[part]:%d/%m/%Y}",
                )  # fmt: skip
        told = is_late & ~parts.isin(wrong.index[wrong])  # where the file is rejected, one sentence says it all
        self._find(told.index[told], "starts_after_the_census_date", self.table.column(self.table.start_date), expected=day)

    def _judge_own_authority(self, data: pd.Series) -> None:
        column = self.table.column(self.table.own_authority)
        named = self.parsed[column.name].canonical[data]
        unreadable = self.parsed[column.name].unreadable[data]
        owners = pd.Series([s.sender.key for s, _, _ in self.parts], dtype="str").take(self.part[data])
        owners.index = named.index
        other = named.notna() & (named != owners)
        parts = self.part[data]
        total, others, unread = parts.value_counts(), parts[other].value_counts(), parts[unreadable].value_counts()
        blocked = set()
        for part, count in total.items():
            submission, sheet, _ = self.parts[part]
            if submission.is_rejected:
                continue
            for wrong, counts, name in ((other, others, "wrong_authority"), (unreadable, unread, "unknown_own_authority")):
                if counts.get(part, 0) > count / 2:
                    blocked.add(part)
                    said = self.texts.loc[parts.index[(parts == part) & wrong], column.name].mode().iloc[0]
                    told = f"'{said.strip()[:100]}'" if name == "wrong_authority" else form_of(said)
                    submission.find(
                        name, table=self.table.name, sheet=sheet.label, column=column.headers[0], value=told,
                        expected=submission.sender.name, hint=self._authority_hint(said) if name == "unknown_own_authority" else "",
                    )  # fmt: skip
        few = other & ~parts.isin(blocked)
        for part in parts[few].unique():
            index = few.index[few & (parts == part)]
            self._find(index, "other_authority", column, expected=self.parts[part][0].sender.name)
        if blocked:  # one sentence for the file says it all: not one more a row
            muted = parts.index[parts.isin(blocked)]
            self.found = [f[~(f["row"].isin(muted) & (f["rule"] == "unknown_authority"))] for f in self.found]

    # --- the result

    def loaded_by_submission(self) -> pd.Series:
        """Rows loaded so far, by submission."""
        return (self.fate == LOADED).groupby(self.submission_ids).sum()

    def result(self) -> JudgedTable:
        """Rows, findings and books, with the rows of rejected files rejected."""
        rejected = {submission.id for submission, _, _ in self.parts if submission.is_rejected}
        self.fate[self.submission_ids.isin(rejected) & (self.fate == LOADED)] = REJECTED
        sheets = pd.Series([sheet.label for _, sheet, _ in self.parts], dtype="str").take(self.part).reset_index(drop=True)
        rows = pd.DataFrame(
            {
                "submission_id": self.submission_ids,
                "census_date": self.census_date.isoformat(),
                "sender": self.owners,
                "sheet": sheets,
                "row_number": self.number,
                "fate": self.fate,
                "as_received": None if self.table.leave_alone else self._as_received(),
            }
        )
        if not self.table.leave_alone:
            for column in self.table.kept:
                if column.personal == "child key":
                    rows[column.kept_as] = child_keys(self.key, self.authority, self.parsed[column.name].canonical)
                else:
                    rows[column.kept_as] = self.parsed[column.name].canonical
            for name in (f.name for f in self.table.derived):
                rows[name] = self.derived[name]
        found = pd.concat(self.found, ignore_index=True) if self.found else pd.DataFrame(columns=["row"])
        at = found.pop("row").astype("int64")
        findings = found.assign(
            submission_id=self.submission_ids.take(at).to_numpy(),
            table_name=self.table.name,
            sheet=sheets.take(at).to_numpy(),
            row_number=self.number.take(at).to_numpy(),
        )
        counts = pd.crosstab(self.submission_ids, self.fate) if len(rows) else pd.DataFrame()
        ids = list(dict.fromkeys(s.id for s, _, _ in self.parts))
        counts = counts.reindex(index=ids, columns=[LOADED, REJECTED, SET_ASIDE], fill_value=0)
        books = pd.DataFrame(
            {
                "submission_id": ids,
                "table_name": self.table.name,
                "rows_received": counts.sum(axis=1).to_numpy(),
                "rows_loaded": counts[LOADED].to_numpy(),
                "rows_rejected": counts[REJECTED].to_numpy(),
                "rows_set_aside": counts[SET_ASIDE].to_numpy(),
            }
        )
        return JudgedTable(self.table, rows, findings.reindex(columns=FINDING_COLUMNS), books)

    def _as_received(self) -> pd.Series:
        """What stood in the cells that the door understood as something else than their very letters, as JSON; missing where nothing did.

        Of a cell that does not pass its column's contract the form stands there. Spacing alone is no difference.
        Personal columns are left out: their originals stay in the sender's own file.
        """
        said = []
        for column in self.table.kept:
            if column.personal:
                continue
            coded = self.coded[column.name]
            sent = pc.utf8_trim_whitespace(coded.distinct)
            given = coded.rows(sent)
            differs = ((given != self.parsed[column.name].canonical.fillna("")) & (given != "")).to_numpy()
            if differs.any():
                name = json.dumps(column.name)
                pieces = np.full(len(sent), None, dtype=object)
                read, failed = self.parsed[column.name], set()
                if read.unreadable.any() or read.canonical[differs].isna().any():
                    failed = set(np.unique(coded.codes[differs & ~self._passes(column.name).to_numpy()]).tolist())
                for place in np.unique(coded.codes[differs]):
                    text = sent[place].as_py()
                    told = form_of(text) if place in failed else text[:500].replace(chr(0), "")
                    pieces[place] = f", {name}: {json.dumps(told)}"
                places = pa.array(coded.codes, mask=~differs)
                said.append(pa.array(pieces, type=pa.large_string()).take(places))
        if not said:
            return pd.Series(None, index=self.texts.index, dtype="str")
        text = pa.large_string()
        nothing = pa.scalar("", text)
        # replaced, not skipped: Arrow's skip loses the rows in which all are missing
        joined = pc.binary_join_element_wise(*said, nothing, null_handling="replace", null_replacement="")
        whole = pc.binary_join_element_wise(pa.scalar("{", text), pc.utf8_slice_codeunits(joined, 2), pa.scalar("}", text), nothing)
        return series_of(pc.if_else(pc.equal(joined, ""), pa.scalar(None, text), whole))


def unquoted(values: pd.Series) -> pd.Series:
    """Texts without the quotation marks around what was sent."""
    return values.str.replace(r"(?s)^'(.*)'$", r"\1", regex=True)


def _body(sheet: Sheet, found: Recognised) -> Sequence[list]:
    """The rows below the header, down to the last that has something in it."""
    rows = sheet.rows[found.header_row + 1 : found.end_row]
    last = len(rows)
    while last and not any(cell_text(cell).strip() for cell in rows[last - 1]):
        last -= 1
    return rows[:last]


def _judge_emptiness(submissions: list[Submission], frames: Iterable[_Frame]) -> None:
    """A file without a row, or of whose table no row could be loaded, is rejected: an earlier return stays in force."""
    received: dict[tuple[str, str], int] = {}
    loaded: dict[tuple[str, str], int] = {}
    for frame in frames:
        data = frame.fate != SET_ASIDE
        for id_, count in data.groupby(frame.submission_ids).sum().items():
            received[id_, frame.table.name] = int(count)
        for id_, count in frame.loaded_by_submission().items():
            loaded[id_, frame.table.name] = int(count)
    for submission in submissions:
        tables = list(dict.fromkeys(found.table.name for _, found in submission.tables))
        if not tables or submission.is_rejected:
            continue
        left_alone = [name for name in tables if return_tables()[name].leave_alone]
        if not any(received.get((submission.id, name), 0) for name in tables):
            if not left_alone and not all(return_tables()[name].may_be_empty for name in tables):
                submission.find("no_rows", table=tables[0])
            continue
        for name in tables:
            if received.get((submission.id, name), 0) and not loaded.get((submission.id, name), 0):
                submission.find("nothing_loaded", table=name, value=return_tables()[name].title)


def _newest(frame: _Frame) -> pd.Series:
    """Rows of the newest accepted file of each sender."""
    newest = {submission.sender.key: submission.id for submission, _, _ in frame.parts if not submission.is_rejected}
    return frame.submission_ids.isin(set(newest.values()))


def _compare_placements(settings: _Frame, placements: _Frame) -> None:
    """Rows in placements for a URN should number its occupied places: a warning on the setting where they do not."""
    here = (settings.fate == LOADED) & _newest(settings)
    there = (placements.fate == LOADED) & _newest(placements)
    sender, sent_by = settings.owners, placements.owners
    occupied = (
        pd.DataFrame({"sender": sender, "urn": settings.parsed["urn"].canonical, "occupied": settings.parsed["occupied_places"].typed})[here]
        .reset_index(names="row")
        .groupby(["sender", "urn"], as_index=False)
        .agg(occupied=("occupied", "sum"), row=("row", "first"))
    )
    living = pd.DataFrame({"sender": sent_by, "urn": placements.parsed["urn"].canonical})[there].groupby(["sender", "urn"]).size().rename("living")
    if occupied.empty:
        return
    both = occupied.merge(living.reset_index(), how="left", on=["sender", "urn"]).fillna({"living": 0})
    both = both[both["sender"].isin(set(sent_by)) & (both["occupied"] != both["living"])]
    about = rule("number_of_placements_differs")
    if len(both):
        settings.found.append(
            pd.DataFrame(
                {
                    "row": both["row"],
                    "column_name": "occupied_places",
                    "value": both["living"].astype("int64").astype("str"),
                    "rule": about.name,
                    "severity": about.severity,
                    "message": [
                        about.sentence(value=int(living), expected=int(places))
                        for living, places in zip(both["living"], both["occupied"], strict=True)
                    ],
                }
            )
        )


__all__ = [
    "FINDING_COLUMNS",
    "Finding",
    "JudgedTable",
    "NOTES",
    "Sender",
    "Submission",
    "WARNS",
    "judge",
    "open_submission",
    "period_fits",
    "sender_of",
]
