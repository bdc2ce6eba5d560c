"""The answer as a workbook: a summary, every finding, and a copy of those of the sender's own
sheets in which a cell is marked.

Belongs here: sheets, formats, widths, marks, notes and links.
Does not belong here: what is said (`answer`).

Everything that came from outside is written as text in a text format: a formula stays the letters
it was sent as, also when it is edited. Colour is never the only sign: a marked cell has a heavy
border and a note, and its row stands in Findings. A sheet in which nothing is marked is not copied:
no second copy of children's rows lies about for nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import IO, Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from assets.answering.answer import (
    NOT_SHOWN_HERE,
    REJECTED,
    SEVERITIES,
    STATUSES,
    UNNAMED_SHEET,
    Answer,
    Found,
    Group,
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
    row_words,
    sheet_words,
    shown,
)  # fmt: skip
from assets.answering.official import COLUMNS as OFFICIAL_COLUMNS
from assets.intake.door import NOT_SHOWN
from assets.intake.reading import Sheet, cell_text
from schemas.rules import NOTES, REJECTS_FILE, REJECTS_ROW, WARNS

MOST_CELLS = 200_000
"""A larger sheet is copied in part: its first rows, and as many rows with findings."""

MOST_NOTES = 2_000
"""Cell notes in a workbook; beyond, spreadsheets become slow. The cells are still marked."""

LABELS = "Labels"
ON_LABELS = f"one of those on the sheet {LABELS}"
MOST_SHEETS = 60
MOST_FINDINGS = 1_000_000
MOST_LINKS = 60_000
MANY_FINDINGS = 5_000
"""From so many on, equal findings stand in one line."""
ALIKE = 20
"""So many equal findings, or more, are one line in a large answer."""
MOST_ROWS_IN_A_LINE = 3_500
"""A cell holds 32,767 characters."""
MOST_COLUMNS = 16_384
LARGE = 60_000
"""From so many cells on, rows are written as they come instead of being kept in memory."""

Line = tuple[str, str, str, str]
"""A line of the summary: label, the label's format, text, the text's format."""

TEXT, MARKED, NOTED = "plain", "rejected", "warned"
ORANGE, PALE_ORANGE, AMBER, BLUE, GREY = "#F46A25", "#FBDCCB", "#FFD166", "#12436D", "#595F66"

_BASE = {"num_format": "@", "valign": "top"}
_FORMATS: dict[str, dict[str, Any]] = {
    "headline": {"bold": True, "font_size": 16, "font_color": BLUE, "valign": "top"},
    "heading": {
        "bold": True,
        "font_size": 12,
        "font_color": BLUE,
        "bottom": 1,
        "bottom_color": BLUE,
        "valign": "bottom",
    },
    "label": {"bold": True, "valign": "top", "text_wrap": True},
    "bad": {
        "bold": True,
        "valign": "top",
        "text_wrap": True,
        "left": 5,
        "left_color": ORANGE,
        "indent": 1,
    },
    "check": {
        "bold": True,
        "valign": "top",
        "text_wrap": True,
        "left": 8,
        "left_color": BLUE,
        "indent": 1,
    },
    "wrapped": {**_BASE, "text_wrap": True},
    "strong": {**_BASE, "text_wrap": True, "bold": True},
    "number": {"valign": "top", "align": "left"},
    "top": {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": BLUE,
        "valign": "vcenter",
        "text_wrap": True,
        "border": 1,
        "border_color": BLUE,
    },
    "link": {"valign": "top", "font_color": "#0B4F9E", "underline": 1},
    TEXT: _BASE,
    "header": {**_BASE, "bold": True, "bg_color": "#E8ECF0", "bottom": 1, "text_wrap": True},
    MARKED: {
        **_BASE,
        "bold": True,
        "bg_color": ORANGE,
        "font_color": "#000000",
        "border": 5,
        "border_color": "#7A2400",
    },
    NOTED: {
        **_BASE,
        "bold": True,
        "bg_color": AMBER,
        "font_color": "#000000",
        "border": 8,
        "border_color": "#6B4E00",
    },
    "row": {
        **_BASE,
        "bold": True,
        "bg_color": PALE_ORANGE,
        "font_color": "#000000",
        "left": 5,
        "left_color": "#7A2400",
    },
}

LEGEND = (
    (
        MARKED,
        "Not taken in",
        (
            "Orange-red with a heavy unbroken border: what stands here kept its row, or the whole"
            " file, from being taken in."
        ),
    ),
    (
        NOTED,
        "Please check",
        "Amber with a heavy broken border: the row was taken in, but look at this.",
    ),
    (
        "row",
        "Row not taken in",
        (
            "Pale with a heavy left edge, in the first cell of a row: somewhere in this row is a"
            " cell that kept it from being taken in."
        ),
    ),
)

Marks = dict[int, dict[int, tuple[str, list[str]]]]


def write_workbook(
    answer: Answer,
    target: str | PathLike[str] | IO[bytes],
    *,
    most_cells: int = MOST_CELLS,
    most_notes: int = MOST_NOTES,
) -> None:
    """Write the answer as an .xlsx to a path or a binary buffer. The same answer gives the same
    bytes.
    """
    _Writer(answer, target, most_cells, most_notes).write()


class _Formats(dict[str, Format]):
    """The formats of a workbook by name, each made when it is first asked for: most answers need
    few.
    """

    def __init__(self, book: Workbook) -> None:
        self.book = book

    def __missing__(self, name: str) -> Format:
        self[name] = self.book.add_format(_FORMATS[name])
        return self[name]


class _Writer:
    def __init__(self, answer: Answer, target: Any, most_cells: int, most_notes: int) -> None:
        self.answer, self.most_cells, self.notes_left = answer, most_cells, most_notes
        self.marks = _marks(answer)
        self.copied = {
            index: answer.own_sheets[index] for index in answer.marked_sheets[:MOST_SHEETS]
        }
        names = sheet_names(
            [sheet.label for sheet in self.copied.values()],
            ["Summary", "Findings", LABELS, "Cross-checks"],
        )
        self.names = dict(zip(self.copied, names, strict=True))
        self.labels = _labels(answer)
        self.rows = {
            index: _rows_shown(sheet, self.marks[index], most_cells)
            for index, sheet in self.copied.items()
        }
        # a sheet holds little more than a million rows
        self.lines = _lines(answer.found[:MOST_FINDINGS])
        cells = 7 * len(self.lines) + sum(
            len(sheet.rows[row]) for index, sheet in self.copied.items() for row in self.rows[index]
        )
        memory = {"constant_memory": True} if cells > LARGE else {"in_memory": True}
        # what a sender wrote is text: nothing of it is worked out, followed or made a number
        texts_only = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        }
        self.book: Workbook = xlsxwriter.Workbook(
            target if not isinstance(target, PathLike) else str(target), {**memory, **texts_only}
        )
        # a workbook holds no time zone; the moment of receipt makes the same bytes each time
        created = (
            answer.received_at.astimezone(dt.UTC).replace(tzinfo=None)
            if answer.received_at.tzinfo
            else answer.received_at
        )
        self.book.set_properties(
            {
                "title": shown(headline(answer)),
                "subject": f"Return for {day(answer.census_date)}",
                "comments": answer.made_up,
                "created": created,
            }
        )
        self.formats = _Formats(self.book)

    def write(self) -> None:
        """Write all sheets in order: a summary first, the sender's own last."""
        summary, findings = self.book.add_worksheet("Summary"), self.book.add_worksheet("Findings")
        self._findings(findings)
        if self.labels:
            self._labels(self.book.add_worksheet(LABELS))
        if len(self.answer.cross_checks):
            self._cross_checks(self.book.add_worksheet("Cross-checks"))
        if len(self.answer.official):
            self._official(self.book.add_worksheet("Official figures"))
        for index, sheet in self.copied.items():
            asked = self.answer.asked_for(index)
            self._copy(
                self.book.add_worksheet(self.names[index]),
                sheet,
                asked,
                self.rows[index],
                self.marks[index],
            )
        # last, though it stands first: it tells whether there was a note for each cell
        self._summary(summary)
        summary.activate()
        self.book.close()

    # --- the summary

    def _summary(self, page: Worksheet) -> None:
        lines = [
            *self._heads(),
            *self._to_do(),
            *self._what_happened(),
            *self._to_mend(),
            *self._beside(),
            *self._sheets_of_yours(),
            ("Who to ask", "heading", "", "heading"),
            ("", "label", self._who_to_ask(), "wrapped"),
        ]
        page.set_column(0, 0, 26)
        page.set_column(1, 1, 105)
        # 2: on the screen as well as on paper
        page.hide_gridlines(2)
        for row, (label, label_format, text, text_format) in enumerate(lines):
            if label:
                page.write_string(row, 0, shown(label), self.formats[label_format])
            if text or text_format == "heading":
                page.write_string(row, 1, shown(text), self.formats[text_format])
        _print_on_paper(page)

    def _heads(self) -> Iterator[Line]:
        answer = self.answer
        if answer.made_up:
            yield "Made-up data", "bad", answer.made_up, "strong"
        yield headline(answer), "headline", "", "wrapped"
        if answer.remark:
            yield "", "label", answer.remark, "wrapped"
        has_name = answer.sender_name != answer.sender_key
        facts = {
            "Sender": answer.sender_name + (f" ({answer.sender_key})" if has_name else ""),
            "Census date": day(answer.census_date),
            "File": answer.file_name,
            "Received": (
                "Not sent: this is a check before sending"
                if answer.is_trial
                else moment(answer.received_at)
            ),
            "Submission": "" if answer.is_trial else answer.submission_id,
        }
        yield from ((label, "label", text, "wrapped") for label, text in facts.items() if text)

    def _to_do(self) -> Iterator[Line]:
        todo = next_steps(self.answer)
        yield "What to do next", "heading", "", "heading"
        yield "", "label", todo.heading, "strong"
        for number, step in enumerate(todo.steps, 1):
            yield f"{number}.", "label", step, "wrapped"

    def _what_happened(self) -> Iterator[Line]:
        answer = self.answer
        if not answer.tables and not notes(answer):
            return
        yield "What happened to the rows", "heading", "", "heading"
        for table in answer.tables:
            yield shown(table.title), "label", table_words(table, answer.is_trial), "wrapped"
        for note in notes(answer):
            yield "Please note", "label", note, "wrapped"

    def _to_mend(self) -> Iterator[Line]:
        yield "What to mend first", "heading", "", "heading"
        of_findings = groups(self.answer)
        for group in of_findings[:100]:
            mark = "bad" if group.severity in (REJECTS_FILE, REJECTS_ROW) else "check"
            yield SEVERITIES[group.severity], mark, group_words(group), "wrapped"
        if not of_findings:
            yield "", "label", "Nothing.", "wrapped"
        if (more := len(of_findings) - 100) > 0:
            yield "", "label", f"and {more} more: see the sheet Findings", "wrapped"

    def _beside(self) -> Iterator[Line]:
        """Where other sources, and the official figures, are; and what was not kept."""
        answer = self.answer
        if differences := len(answer.cross_checks):
            text = (
                f"{number_of(differences, 'difference')} from other sources: see the sheet"
                " Cross-checks"
            )
            yield "Beside other sources", "heading", "", "heading"
            yield "", "label", text, "wrapped"
        if len(answer.official):
            yield "Beside the official figures", "heading", "", "heading"
            yield "", "label", "See the sheet Official figures", "wrapped"
        if gone := dropped(answer):
            yield "Dropped at the door", "heading", "", "heading"
            yield from ((item.header, "label", item.why, "wrapped") for item in gone)

    def _sheets_of_yours(self) -> Iterator[Line]:
        if self.copied:
            yield "Your sheets, marked", "heading", "", "heading"
            yield from (("", "label", text, "wrapped") for text in self._about_copies())
            yield from ((label, form, meaning, "wrapped") for form, label, meaning in LEGEND)
        elif self.answer.sheets:
            text = "Nothing is marked in your sheets, so there is no copy of them here."
            yield "Your sheets", "heading", "", "heading"
            yield "", "label", text, "wrapped"

    def _about_copies(self) -> list[str]:
        lines = [
            "The other sheets of this workbook are copies of yours, cell for cell, as text. Row"
            " numbers are those of your file. Point at a marked cell to read what was found."
            " Columns that nobody asked for, and what stands above, below or beside the table, are"
            " left out of the copies."
        ]
        for index, sheet in self.copied.items():
            if self.names[index] != (sheet.label or UNNAMED_SHEET):
                lines.append(
                    f"Your sheet '{sheet_words(sheet.label)}' is here called '{self.names[index]}'."
                )
            if (left := len(sheet.rows) - len(self.rows[index])) > 0:
                lines.append(
                    f"'{self.names[index]}' is too large to copy whole: {number_of(left, 'row')} of"
                    f" {len(sheet.rows):,} {'is' if left == 1 else 'are'} left out. Its first rows"
                    " and rows with findings are shown at their own row numbers."
                )
        if (marked := len(self.answer.marked_sheets)) > len(self.copied):
            lines.append(
                f"Only the first {MOST_SHEETS} of the {marked:,} sheets in which something is"
                " marked are copied."
            )
        if clean := [
            sheet_words(s.label)
            for index, s in enumerate(self.answer.own_sheets)
            if index not in self.answer.marked_sheets
        ]:
            others = f" and {len(clean) - MOST_SHEETS:,} more" if len(clean) > MOST_SHEETS else ""
            lines.append(
                f"Not copied, because nothing is marked in {'it' if len(clean) == 1 else 'them'}:"
                f" {', '.join(clean[:MOST_SHEETS])}{others}."
            )
        if self.notes_left <= 0:
            lines.append(
                "There are too many findings for a note on each cell: those without one are marked"
                " all the same, and are listed in Findings."
            )
        if len(self.answer.found) > MOST_FINDINGS:
            lines.append(
                f"Findings lists the first {MOST_FINDINGS:,} of {len(self.answer.found):,}."
            )
        return lines

    def _who_to_ask(self) -> str:
        if self.answer.is_trial:
            return self.answer.contact
        return (
            f"{self.answer.contact} Please give the submission number {self.answer.submission_id}."
        )

    # --- findings

    def _findings(self, page: Worksheet) -> None:
        columns = [
            ("What it does", 21),
            ("Sheet", 18),
            ("Row", 12),
            ("Column", 28),
            ("Cell", 9),
            ("Value as sent", 28),
            ("What was found and what to do", 95),
        ]
        for place, (title, width) in enumerate(columns):
            page.set_column(place, place, width)
            page.write_string(0, place, title, self.formats["top"])
        lines = self.lines
        wrapped, strong, number, link = (
            self.formats[name] for name in ("wrapped", "strong", "number", "link")
        )
        links = 0
        for row, (finding, of_rows) in enumerate(lines, 1):
            page.write_string(row, 0, SEVERITIES[finding.severity], strong)
            about_file = not finding.row_number and not finding.sheet and finding.place is None
            page.write_string(row, 1, "" if about_file else sheet_words(finding.sheet), wrapped)
            if len(of_rows) > 1:
                page.write_string(
                    row, 2, f"{len(of_rows):,} rows: {in_ranges(of_rows)}", self.formats[TEXT]
                )
            elif finding.row_number:
                page.write_number(row, 2, finding.row_number, number)
            else:
                page.write_string(row, 2, "whole file" if about_file else "whole sheet", wrapped)
            page.write_string(row, 3, shown(finding.header), wrapped)
            if finding.place:
                cell = xl_rowcol_to_cell(finding.place[1], finding.column or 0)
                # Excel takes 65,530 links a sheet
                if finding.place[0] in self.copied and links < MOST_LINKS:
                    # within a reference a quotation mark is doubled
                    quoted = self.names[finding.place[0]].replace("'", "''")
                    page.write_url(row, 4, f"internal:'{quoted}'!{cell}", link, cell)
                    links += 1
                else:
                    page.write_string(row, 4, cell, wrapped)
            page.write_string(
                row,
                5,
                f"({NOT_SHOWN_HERE})" if finding.value == NOT_SHOWN else shown(finding.value),
                wrapped,
            )
            page.write_string(row, 6, shown(finding.told(ON_LABELS)), wrapped)
        if not lines:
            page.write_string(1, 0, "Nothing was found.", wrapped)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(len(lines), 1), len(columns) - 1)
        page.ignore_errors({"number_stored_as_text": "A1:G1048576"})
        page.repeat_rows(0)
        _print_on_paper(page)

    def _labels(self, page: Worksheet) -> None:
        """What the columns may say whose list is too long for a sentence: one column of the sheet
        each.
        """
        for place, title in enumerate(self.labels):
            page.set_column(place, place, 46)
            page.write_string(0, place, shown(title), self.formats["top"])
        # row by row: in a large answer a row that was left cannot be gone back to
        for row in range(max(map(len, self.labels.values()))):
            for place, labels in enumerate(self.labels.values()):
                if row < len(labels):
                    page.write_string(row + 1, place, shown(labels[row]), self.formats["wrapped"])
        page.freeze_panes(1, 0)
        _print_on_paper(page)

    def _cross_checks(self, page: Worksheet) -> None:
        columns = [
            ("Subject", "subject", 36),
            ("Your return says", "says", 28),
            ("Beside it stands", "beside", 28),
            ("What it means", "message", 90),
        ]
        self._listed(page, self.answer.cross_checks, columns)

    def _official(self, page: Worksheet) -> None:
        widths = {"figure": 46, "source": 30, "note": 60}
        self._listed(
            page,
            self.answer.official,
            [(title, name, widths.get(name, 16)) for name, title in OFFICIAL_COLUMNS.items()],
        )

    def _listed(
        self, page: Worksheet, frame: pd.DataFrame, columns: Sequence[tuple[str, str, int]]
    ) -> None:
        """A sheet of texts: `columns` are heading, column of the frame and width."""
        texts = [frame[name].fillna("").astype(str).tolist() for _, name, _ in columns]
        for place, (title, _, width) in enumerate(columns):
            page.set_column(place, place, width)
            page.write_string(0, place, title, self.formats["top"])
        for row, values in enumerate(zip(*texts, strict=True), 1):
            for place, value in enumerate(values):
                page.write_string(row, place, shown(value), self.formats["wrapped"])
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, len(frame), len(columns) - 1)
        page.repeat_rows(0)
        _print_on_paper(page)

    # --- the sender's own sheets

    def _copy(
        self,
        page: Worksheet,
        sheet: Sheet,
        asked: list[tuple[int, int | None, frozenset[int]]],
        rows: Sequence[int],
        marks: Marks,
    ) -> None:
        plain, formats, write = self.formats[TEXT], self.formats, page.write_string
        headers = [header for header, _, _ in asked]
        for number in rows:
            marked, cells = (
                marks.get(number),
                _asked(sheet.rows[number][:MOST_COLUMNS], number, asked),
            )
            usual = formats["header"] if number in headers else plain
            # a row without a mark is written the short way: most are
            if marked is None:
                for place, cell in enumerate(cells):
                    if cell is not None and cell != "":
                        write(number, place, _as_sent(cell), usual)
                continue
            for place in range(max(len(cells), *(place + 1 for place in marked))):
                text = _as_sent(cells[place]) if place < len(cells) else ""
                mark, sentences = marked.get(place, ("", []))
                form = formats[mark] if mark else usual
                if text:
                    write(number, place, text, form)
                elif mark:
                    page.write_blank(number, place, None, form)
                if sentences:
                    self._note(page, number, place, sentences)
        for place, width in enumerate(_widths(sheet, headers[0] if headers else 0)):
            page.set_column(place, place, width)
        if len(headers) == 1 and headers[0] < 12:
            page.freeze_panes(headers[0] + 1, 0)
        # the rows left out are hidden, so that those shown keep their numbers
        if len(rows) < len(sheet.rows):
            page.set_default_row(hide_unused_rows=True)
        # text in a text format is meant: no green corner in every cell
        page.ignore_errors(
            {"number_stored_as_text": "A1:XFD1048576", "two_digit_text_year": "A1:XFD1048576"}
        )

    def _note(self, page: Worksheet, row: int, place: int, sentences: list[str]) -> None:
        if self.notes_left <= 0:
            return
        self.notes_left -= 1
        text = "\n\n".join(dict.fromkeys(map(shown, sentences)))
        text = text if len(text) <= 1500 else f"{text[:1500]}\u2026 (see Findings)"
        height = 18 + 15 * (sum(1 + len(line) // 48 for line in text.split("\n")))
        page.write_comment(
            row,
            place,
            text,
            {"width": 320, "height": min(height, 400), "font_size": 9, "color": "#FFFFFF"},
        )


# --- lines of the findings
# ----------------------------------------------------------------------------


def _lines(found: Sequence[Found]) -> list[tuple[Found, Sequence[int]]]:
    """The lines of Findings: a finding, and the rows of which it is told.

    In a large answer those that differ in their row alone stand in one line with all their rows,
    where the first of them does.
    """
    if len(found) <= MANY_FINDINGS:
        return [(finding, (finding.row_number,)) for finding in found]
    alike: dict[tuple, list[Found]] = defaultdict(list)
    for finding in found:
        alike_by = (
            finding.severity,
            finding.sheet,
            finding.header,
            finding.column,
            finding.value,
            finding.rule,
            finding.message,
        )
        # a finding about a sheet is never alike another: each has a number of its own
        alike[alike_by if finding.row_number else (*alike_by, len(alike))].append(finding)
    lines: list[tuple[Found, Sequence[int]]] = []
    for same in alike.values():
        if len(same) < ALIKE:
            lines += [(finding, (finding.row_number,)) for finding in same]
            continue
        for first in range(0, len(same), MOST_ROWS_IN_A_LINE):
            of_line = same[first : first + MOST_ROWS_IN_A_LINE]
            lines.append((of_line[0], [finding.row_number for finding in of_line]))
    return lines


# --- marks
# ------------------------------------------------------------------------------------------


def _marks(answer: Answer) -> dict[int, Marks]:
    """What to mark on each sheet: by row and column, the kind of mark and the sentences of its
    note.
    """
    marks: dict[int, Marks] = defaultdict(lambda: defaultdict(dict))
    kept_out: dict[tuple[int, int], list[Found]] = defaultdict(list)
    for finding in answer.found:  # the worst first: the first mark of a cell stands
        if finding.place is None or finding.severity == NOTES:
            continue
        index, row = finding.place
        mark = NOTED if finding.severity == WARNS else MARKED
        _, sentences = marks[index][row].setdefault(finding.column or 0, (mark, []))
        sentences.append(finding.told(ON_LABELS))
        if finding.severity == REJECTS_ROW:
            kept_out[index, row].append(finding)
    for (index, row), findings in kept_out.items():
        columns = sorted({finding.column for finding in findings if finding.column is not None})
        # the row's first cell bears the mark where its faulty cells may be out of sight
        if columns and 0 not in columns:
            cells = ", ".join(xl_rowcol_to_cell(row, column) for column in columns)
            sentence = (
                f"This row {'would not be' if answer.is_trial else 'was not'} taken in: see"
                f" {cells}."
            )
            _, sentences = marks[index][row].get(0, ("", []))
            marks[index][row][0] = ("row", [sentence, *sentences])
    return marks


def _labels(answer: Answer) -> dict[str, list[str]]:
    """Long lists of what a column may say, by column: they stand once on a sheet of their own."""
    labels: dict[str, list[str]] = {}
    for finding in answer.found:
        if finding.header and finding.header not in labels and finding.options:
            labels[finding.header] = list(finding.options)
    return labels


def _rows_shown(sheet: Sheet, marks: Marks, most_cells: int) -> Sequence[int]:
    """The rows to copy: all, or of a sheet that is too large its first ones and as many with
    findings.
    """
    count = min(len(sheet.rows), 1_048_576)
    if sum(map(len, sheet.rows)) <= most_cells:
        return range(count)
    # half of the room at least goes to the first rows
    budget = max(most_cells // max(map(len, sheet.rows)), 2)
    first = min(budget, count)
    marked = [row for row in sorted(marks) if row >= first // 2]
    first -= min(len(marked), first // 2)
    return [*range(first), *[row for row in marked if first <= row < count][: budget - first]]


def sheet_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names that a spreadsheet allows: at most 31 characters, none of []:*?/ or backslash, each
    once whatever its case.
    """
    # spreadsheets keep this name for themselves
    used = {name.casefold() for name in taken} | {"history"}
    safe_names = []
    for name in names:
        plain = re.sub(r"[\[\]:*?/\\\t\n]", "-", shown(name)).strip(" '") or UNNAMED_SHEET
        number, end = 1, ""
        # cut before its number is put behind it, and no apostrophe at its end, which is not allowed
        while (candidate := _cut(plain, 31 - len(end)).rstrip(" '") + end).casefold() in used:
            number += 1
            end = f" ({number})"
        used.add(candidate.casefold())
        safe_names.append(candidate)
    return safe_names


def _cut(text: str, units: int) -> str:
    """The text cut to so many UTF-16 units, as spreadsheets count."""
    while len(text.encode("utf-16-le")) > 2 * units:
        text = text[:-1]
    return text


# --- words and cells
# -----------------------------------------------------------------------------------


def table_words(table: TableAnswer, is_trial: bool = False) -> str:
    """The books of a table in a sentence or two."""
    would = "would be " if is_trial else ""
    text = (
        f"{number_of(table.rows_received, 'row')} received = {table.rows_loaded:,} {would}taken in"
        f" + {table.rows_rejected:,} not taken in + {table.rows_set_aside:,} set aside."
    )
    return " ".join([text, *about_table(table)])


def about_table(table: TableAnswer) -> list[str]:
    """Where the table stood, which version it is and what it replaces."""
    names = [sheet_words(name) for name in table.sheets if name]
    lines = [f"Sheet{'' if len(names) == 1 else 's'} {', '.join(names)}."] if names else []
    status = STATUSES.get(table.status, shown(table.status))
    version = f"version {table.version}" if table.version else ""
    if both := ", ".join(filter(None, [version, status])):
        lines.append(f"{both[0].upper()}{both[1:]}.")
    if table.earlier and table.status != REJECTED:
        lines.append(f"It takes the place of {shown(table.earlier)}.")
    return lines


def group_words(group: Group) -> str:
    """A group in a line: column, rows, sentence, and the different values with their rows."""
    where = [place_words(group), row_words(group.rows, 12)]
    cases = [
        ": ".join(
            filter(
                None,
                [
                    " ".join(
                        filter(
                            None,
                            [
                                case.value or case.clue,
                                f"({case.clue})" if case.value and case.clue else "",
                            ],
                        )
                    ),
                    row_words(case.rows, 6),
                ],
            )
        )
        for case in group.cases
    ]
    lines = [
        f"{', '.join(filter(None, where))}. {shown(group.told(ON_LABELS))}".strip(),
        *(f"   {case}" for case in cases),
    ]
    return "\n".join(lines)


def place_words(group: Group) -> str:
    """Where a group stands: its column and sheet, in the sender's words."""
    sheet = f"sheet {sheet_words(group.sheet)}" if group.sheet else ""
    if group.header:
        letters = f" (column {xl_col_to_name(group.column)})" if group.column is not None else ""
        return ", ".join(filter(None, [f"{group.header}{letters}", sheet]))
    if any(group.rows):
        return ", ".join(
            filter(None, ["Whole row" if len(group.rows) == 1 else "Whole rows", sheet])
        )
    return f"Whole {sheet}" if sheet else "Whole file"


def _as_sent(cell: Any) -> str:
    """A cell as text; what no workbook can hold (half a character) is made visible."""
    text = cell if isinstance(cell, str) else cell_text(cell)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _asked(cells: list, number: int, asked: list[tuple[int, int | None, frozenset[int]]]) -> list:
    """A row's cells without those that nobody asked for; of a header that says more than a header's
    words, nothing is left out but them.
    """
    for header, end, columns in asked:
        if header <= number < (end if end is not None else number + 1):
            return [cell if place in columns else None for place, cell in enumerate(cells)]
    return []


def _widths(sheet: Sheet, start: int) -> list[int]:
    """Column widths from the header and the first rows below it."""
    sample = sheet.rows[start : start + 40]
    widths = [0] * min(max(map(len, sample), default=0), 400)
    for row in sample:
        for place, cell in enumerate(row[:400]):
            if cell is not None and cell != "":
                longest = len(cell_text(cell).split("\n", 1)[0])
                widths[place] = max(widths[place], longest)
    return [min(max(width + 2, 9), 34) for width in widths]


def _print_on_paper(page: Worksheet) -> None:
    page.set_landscape()
    # A4
    page.set_paper(9)
    # one page wide, and as many long as it takes
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&RPage &P of &N")


__all__ = [
    "MOST_CELLS",
    "MOST_NOTES",
    "about_table",
    "group_words",
    "place_words",
    "sheet_names",
    "table_words",
    "write_workbook",
]
