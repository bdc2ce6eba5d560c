"""The answer to a return: what became of it, what was found, and what to do, before it takes the
shape of a page or a workbook.

Belongs here: the answer itself, the headline, findings brought together in groups, row ranges, the
next steps, what was dropped at the door, and where in the sender's own sheets a finding stands.
Does not belong here: how it looks (`page`, `workbook`), or whether a rule is broken
(`assets/intake`).
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import pandas as pd

from assets.answering.official import NONE
from assets.intake.beside import place_of_letters
from assets.intake.columns import seen
from assets.intake.door import FINDING_COLUMNS, NOT_SHOWN, JudgedTable, Submission
from assets.intake.parsing import labels, one_of
from assets.intake.reading import Sheet, cell_text
from assets.intake.recognising import Recognised
from assets.intake.telling import is_known_header
from resources.provenance import of_file
from resources.showing import shown
from schemas.headers import header_key
from schemas.returns import PERSONAL, return_tables
from schemas.rules import NOTES, REJECTS_FILE, REJECTS_ROW, WARNS, rule, rules

ACCEPTED, REJECTED, RECORDED, WITHDRAWN = "accepted", "rejected", "recorded", "withdrawn"
OUTCOMES = (ACCEPTED, REJECTED, RECORDED, WITHDRAWN)

FINDINGS = ["sheet", "row_number", "column_name", "value", "rule", "severity", "message"]
CROSS_CHECKS = ["subject", "says", "beside", "message"]

SEVERITIES = {
    REJECTS_FILE: "Stops the whole return",
    REJECTS_ROW: "Row not taken in",
    WARNS: "Please check",
    NOTES: "For your information",
}
"""What a finding does, in the sender's words, the worst first."""

STATUSES = {
    "in force": "counts now", "superseded": "on record, replaced by a newer return", "rejected": "not taken in",
    "recorded": "on record only, not needed for the figures", "withdrawn": "withdrawn, no longer counts",
}  # fmt: skip
UNNAMED_SHEET = "Your file"
DROPPED = "column_dropped"

WHO_TO_ASK = "Ask the regional commissioning group that collects this return."
NOT_SHOWN_HERE = "not shown here: it is personal"
GAP = "\u2026"
MOST_IN_A_SENTENCE = 6
"""Of more labels than these a sentence does not list what a cell may say: they stand beside it."""


@dataclass(frozen=True)
class TableAnswer:
    """What became of one table of the return.

    `earlier` says in a few words which return of this table it takes the place of ("your return of
    3 January 2026"); blank where there was none.
    """

    title: str
    sheets: tuple[str, ...]
    rows_received: int
    rows_loaded: int
    rows_rejected: int
    rows_set_aside: int
    version: int | None = None
    status: str = ""
    earlier: str = ""


# known by itself alone: two frames have no one answer to whether they are equal
@dataclass(frozen=True, eq=False)
class Answer:
    """All there is to say about one file.

    `findings` has a row a finding: sheet, row_number (0 is the whole sheet, or the whole file),
    column_name, value, rule, severity, message; columns `table_name`, `expected`, `hint` and
    `is_quoted`, as the warehouse has them, are heeded too. `cross_checks` has subject, says,
    beside, message; `official` the sender's figures beside the official ones. `sheets` are the
    sender's own, each with the table recognised on it or None, in the order of the file; one with
    several tables stands here once a table. `remark` is a sentence below the headline, `contact`
    says who to ask. `counting` names the sender's return that counts where this one does not ("your
    return of 3 January 2026"); blank where there is none. `is_trial` is set where nothing was sent:
    a check before sending. `made_up` is the banner of made-up returns, blank for real ones.

    Raises:
        ValueError: the outcome is none of the four, or a frame lacks a column.
    """

    sender_name: str
    sender_key: str
    census_date: dt.date
    file_name: str
    submission_id: str
    received_at: dt.datetime
    outcome: str
    tables: Sequence[TableAnswer] = ()
    findings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=FINDINGS))
    cross_checks: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=CROSS_CHECKS))
    official: pd.DataFrame = field(default_factory=NONE.copy)
    sheets: Sequence[tuple[Sheet, Recognised | None]] = ()
    remark: str = ""
    contact: str = WHO_TO_ASK
    counting: str = ""
    is_trial: bool = False
    made_up: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(
                f"The outcome of an answer is '{self.outcome}'; one of {', '.join(OUTCOMES)} was"
                " expected."
            )
        for name, frame, columns in (
            ("findings", self.findings, FINDINGS),
            ("cross_checks", self.cross_checks, CROSS_CHECKS),
        ):
            if lacking := [column for column in columns if column not in frame.columns]:
                raise ValueError(
                    f"The {name} of an answer lack {', '.join(lacking)}; the columns"
                    f" {', '.join(columns)} were expected."
                )

    @cached_property
    def found(self) -> list[Found]:
        """The findings, the worst first, then as they stand in the file."""
        return _found(self)

    @cached_property
    def to_mend(self) -> list[Group]:
        """The findings in groups: see `groups`."""
        return _grouped(self.found)

    @cached_property
    def own_sheets(self) -> list[Sheet]:
        """The sender's sheets, each once."""
        # by what it is, not by its name: two sheets of a file may have the same
        return list({id(sheet): sheet for sheet, _ in self.sheets}.values())

    @cached_property
    def marked_sheets(self) -> list[int]:
        """Which of `own_sheets` have something to mend or check marked in them: only these are
        copied.

        A clean sheet's copy would tell its sender nothing, nor would one in which only a column
        that nobody asked for is marked.
        """
        return sorted(
            {
                f.place[0]
                for f in self.found
                if f.place and f.severity != NOTES and f.rule != DROPPED
            }
        )

    def asked_for(self, index: int) -> list[tuple[int, int | None, frozenset[int]]]:
        """By table of a sheet, from the top: its header's row, the row before which it ends, and
        the columns that are asked for.

        What stands elsewhere nobody asked for: it is in no copy.
        """
        return [
            (recognised.header_row, recognised.end_row, _may_be_copied(recognised))
            for recognised in self.tables_on(index)
        ]

    def tables_on(self, index: int) -> list[Recognised]:
        """The tables recognised on a sheet, from the top."""
        return [
            recognised
            for sheet, recognised in self.sheets
            if sheet is self.own_sheets[index] and recognised
        ]

    @property
    def received(self) -> int:
        """Rows received, of all tables."""
        return sum(t.rows_received for t in self.tables)

    @property
    def loaded(self) -> int:
        """Rows taken in, of all tables."""
        return sum(t.rows_loaded for t in self.tables)

    @property
    def rejected(self) -> int:
        """Rows not taken in, of all tables."""
        return sum(t.rows_rejected for t in self.tables)

    @property
    def set_aside(self) -> int:
        """Rows set aside, of all tables."""
        return sum(t.rows_set_aside for t in self.tables)


def _may_be_copied(recognised: Recognised) -> frozenset[int]:
    """The columns of a table that a copy of its sheet shows: all that are asked for, but names of
    staff.
    """
    of_staff = {column.name for column in recognised.table.columns if column.personal == "officer"}
    return frozenset(place for name, place in recognised.columns.items() if name not in of_staff)


@dataclass(frozen=True)
class Words:
    """The words of a rule's sentence, as filled in: what the sentence has no room for is blank.

    `options` are the labels of which one was expected, where they are too many for a sentence.
    """

    rule: str
    column: str = ""
    value: str = ""
    expected: str = ""
    hint: str = ""
    options: tuple[str, ...] = ()

    def sentence(self, instead: str = "") -> str:
        """The sentence; with other words in place of its options, where some are given."""
        expected_ = instead if instead and self.options else self.expected
        words = {"column": self.column, "value": self.value, "hint": self.hint}
        return rule(self.rule).sentence(expected=expected_, **words)


@dataclass(frozen=True)
class Found:
    """One finding and where it stands: `place` is its sheet (of `own_sheets`) and its row in it,
    counted from 0; None where it cannot be told, and where it is about no table, but the whole
    sheet or file.

    `header` is the column as the sender spells it, blank for a whole row, sheet or file; `column`
    is its place in the row, None if it has none. `words` are those of `message`; None for a finding
    from before findings kept them.
    """

    severity: str
    sheet: str
    row_number: int
    column_name: str
    header: str
    value: str
    rule: str
    message: str
    place: tuple[int, int] | None
    column: int | None
    words: Words | None = None

    def told(self, instead: str) -> str:
        """The sentence, with other words in place of a long list."""
        return _told(self.message, self.words, instead)

    @property
    def options(self) -> tuple[str, ...]:
        """What the cell may say, where that is a long list."""
        return self.words.options if self.words else ()


@dataclass(frozen=True)
class Case:
    """One of the different things found in a group: what was sent, a clue, and the rows."""

    value: str
    clue: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Findings of one rule in one column: one thing to mend. `cases` is empty where the message
    says it all.
    """

    severity: str
    rule: str
    sheet: str
    header: str
    column: int | None
    message: str
    rows: tuple[int, ...]
    cases: tuple[Case, ...]
    words: Words | None = None

    def told(self, instead: str) -> str:
        """The sentence, with other words in place of a long list."""
        return _told(self.message, self.words, instead)

    @property
    def options(self) -> tuple[str, ...]:
        """What a cell may say, where that is a long list."""
        return self.words.options if self.words else ()


def _told(message: str, words: Words | None, instead: str) -> str:
    return words.sentence(instead) if words and words.options else message


@dataclass(frozen=True)
class Dropped:
    """A column that does not get past the door as it was sent, and why."""

    header: str
    sheet: str
    why: str


@dataclass(frozen=True)
class Next:
    """What the sender should do next: a heading and its steps."""

    heading: str
    steps: tuple[str, ...]


# --- small words --------------------------------------------------------------------------------


def number_of(count: int, thing: str, things: str = "") -> str:
    """A number with its thing: `1 row`, `1,200 rows`."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def in_ranges(rows: Iterable[int], most: int | None = None) -> str:
    """Row numbers as ranges: `5-9, 12`; with `most`, so many ranges and how many rows more there
    are.
    """
    ranges: list[list[int]] = []
    for row in sorted(set(rows)):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges[:most])
    more = sum(b - a + 1 for a, b in ranges[most:]) if most is not None else 0
    return f"{text} and {more:,} more" if more else text


def row_words(rows: Sequence[int], most: int | None = None) -> str:
    """`row 5`, `rows 5-9, 12`; blank for row 0, the whole sheet."""
    numbers = [row for row in rows if row]
    return (
        f"{'row' if len(set(numbers)) == 1 else 'rows'} {in_ranges(numbers, most)}"
        if numbers
        else ""
    )


def day(date: dt.date) -> str:
    """A date in words: 31 March 2025."""
    return f"{date.day} {date:%B %Y}"


@cache
def _uk() -> dt.tzinfo:
    try:
        return zoneinfo.ZoneInfo("Europe/London")
    # not every machine has the time zones: `moment` then says that it is UTC
    except zoneinfo.ZoneInfoNotFoundError:
        return dt.UTC


def moment(at: dt.datetime) -> str:
    """A moment in words, in UK time: 3 January 2026, 14:05."""
    local = at.astimezone(_uk()) if at.tzinfo else at
    return f"{day(local)}, {local:%H:%M}{' UTC' if local.tzinfo is dt.UTC else ''}"


def sheet_words(name: str) -> str:
    """A sheet's name as it is shown; a CSV is one sheet without a name."""
    return shown(name) or UNNAMED_SHEET


# --- the summary ----------------------------------------------------------------------------------


def headline(answer: Answer) -> str:
    """What became of the return, in one sentence."""
    was, were = ("would be", "would be") if answer.is_trial else ("was", "were")
    start = f"Your return {was} {outcome_words(answer)}"
    if answer.outcome == WITHDRAWN:
        return f"{start}: nothing of it counts any more."
    if answer.outcome == REJECTED:
        return (
            f"{start}: none of its {number_of(answer.received, 'row')} {was} taken in."
            if answer.received > 1
            else f"{start}: nothing {was} taken in."
        )
    if not answer.received:
        return f"{start}."
    if answer.outcome == RECORDED and not answer.loaded and not answer.rejected:
        return f"{start}: it is not needed for the figures, and nothing of it {was} taken in."
    if answer.loaded == answer.received:
        clauses = [
            (
                f"all {number_of(answer.loaded, 'row')} {were} taken in"
                if answer.loaded > 1
                else f"its 1 row {was} taken in"
            )
        ]
    else:
        clauses = [
            f"{answer.loaded:,} of"
            f" {number_of(answer.received, 'row')} {was if answer.loaded == 1 else were} taken in"
        ]
    if answer.rejected:
        clauses.append(
            f"{number_of(answer.rejected, 'row')} {'needs' if answer.rejected == 1 else 'need'} mending"
        )
    if answer.set_aside:
        clauses.append(
            f"{number_of(answer.set_aside, 'row')} {was if answer.set_aside == 1 else were} set"
            " aside"
        )
    if not answer.rejected and (checks := len(groups(answer))):
        clauses.append(
            f"there {'is' if checks == 1 else 'are'} {number_of(checks, 'thing')} to check"
        )
    return f"{start}: {'; '.join(clauses)}."


def outcome_words(answer: Answer) -> str:
    """The outcome in words: a return of which rows stay out was not simply accepted."""
    if answer.outcome == ACCEPTED and answer.rejected:
        return "accepted in part" if answer.loaded else "read, and none of its rows accepted"
    return answer.outcome


_NOT_SENT = "Check it again. Nothing has been sent or kept."
_NOTHING_COUNTS = "Until then nothing of it counts."
_WHOLE = (
    "Send the whole return again, not only the mended rows: a new return takes the place of the"
    " one before it."
)
_MEND = "Mend your own file, as said below."
_MEND_NOT_THE_COPY = (
    "Mend your own file. The workbook that comes with this answer has a marked copy: it is"
    " one to look at, not one to send back."
)


def next_steps(answer: Answer) -> Next:
    """What to do next: nothing, look at it, mend and send again, or mend because nothing was taken
    in.
    """
    mend = _MEND_NOT_THE_COPY if answer.marked_sheets else _MEND
    if answer.outcome == REJECTED:
        return _after_rejection(answer, mend)
    if answer.outcome == WITHDRAWN:
        return _after_withdrawal(answer)
    statuses = {table.status for table in answer.tables}
    # before what is to mend: in a return that was replaced nothing is
    if statuses and statuses <= {"superseded"}:
        return Next(
            "You need do nothing", ("A newer return of yours has taken the place of this one.",)
        )
    if answer.rejected:
        return _after_rejected_rows(answer, mend)
    if not answer.is_trial and any(f.rule == SMALLER for f in answer.found):
        whole = "If it was: look at what is to check below, and nothing more is needed."
        part = "If it was only a part of it: send the whole return again, in one file."
        return Next("Check whether this was your whole return", (part, whole))
    if len(answer.cross_checks):
        return _beside_others(answer)
    if groups(answer):
        return _to_check(answer)
    return _all_well(answer)


def _after_rejection(answer: Answer, mend: str) -> Next:
    """Nothing of the file was taken in."""
    if {f.rule for f in answer.found if f.severity == REJECTS_FILE} & _OF_THE_FOLDER:
        moved = "It is the folder that is wrong, not the file: see below which one was expected."
        then = _NOT_SENT if answer.is_trial else _NOTHING_COUNTS
        return Next("Put the file into the right folder", (moved, then))
    if answer.is_trial:
        return Next("Mend the file before you send it", (mend, _NOT_SENT))
    stands = (
        f"{_capital(answer.counting)} still counts; nothing of this one does."
        if answer.counting
        else _NOTHING_COUNTS
    )
    return Next("Mend the file and send it again", (mend, "Send the whole file again.", stands))


def _after_withdrawal(answer: Answer) -> Next:
    if answer.counting:
        return Next("You need do nothing", (f"{_capital(answer.counting)} counts in its place.",))
    return Next("Send a new return if one is due", ("The same file sent again stays withdrawn.",))


def _after_rejected_rows(answer: Answer, mend: str) -> Next:
    """Some rows were taken in, some were not."""
    rows = number_of(answer.rejected, "row")
    if answer.is_trial:
        return Next(f"Mend {rows} before you send it", (mend, _NOT_SENT))
    if answer.outcome == RECORDED:
        return Next(f"Mend {rows} and send the return again", (mend, _WHOLE))
    until = (
        f"Until then the {number_of(answer.loaded, 'row')} taken in"
        f" {'is' if answer.loaded == 1 else 'are'} used."
    )
    return Next(f"Mend {rows} and send the return again", (mend, _WHOLE, until))


def _things(answer: Answer) -> str:
    """What is to check, counted; blank where there is nothing."""
    number = len(groups(answer))
    return "" if not number else "the thing" if number == 1 else f"the {number} things"


def _beside_others(answer: Answer) -> Next:
    """Every row was taken in, and other sources say something else."""
    differences = number_of(len(answer.cross_checks), "difference")
    also = f" and {things} to check" if (things := _things(answer)) else ""
    return Next(
        f"Look at the {differences} from other sources",
        (
            f"Please look at the {differences} from other sources below{also}.",
            "Where your return is wrong, mend it and send the whole return again. Where it is right,"
            " leave it.",
        ),
    )


def _to_check(answer: Answer) -> Next:
    """Every row was taken in, and some look odd."""
    if answer.is_trial:
        first = (
            f"Please look at {_things(answer)} to check below first: what is wrong is easiest to"
            " mend now."
        )
        return Next("It can be sent as it is", (first,))
    again = (
        "If a figure is wrong, mend it and send the whole return again. Otherwise put it right"
        " next time."
    )
    return Next(
        "Nothing needs sending again",
        (f"Please look at {_things(answer)} to check below.", again),
    )


def _all_well(answer: Answer) -> Next:
    leave_out = (
        ("Next time, please leave out the columns that nobody asked for.",)
        if any(f.rule == DROPPED for f in answer.found)
        else ()
    )
    if answer.is_trial:
        return Next("It can be sent as it is", ("Nothing has been sent or kept.", *leave_out))
    return Next("You need do nothing", ("Thank you.", *leave_out))


SMALLER = "replaces_a_larger_return"

_OF_THE_FOLDER = {"unknown_sender", "not_from_this_sender"}
"""Rules that the folder breaks, whatever is in the file."""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def groups(answer: Answer) -> list[Group]:
    """What to mend or check, one group a rule and column, the worst first, then the one with the
    most rows.

    A group whose sentences differ only in the value sent (or a clue) has one sentence, with the
    values and their rows beside it.
    """
    return answer.to_mend


def dropped(answer: Answer) -> list[Dropped]:
    """Columns that do not get past the door as they were sent: those that nobody asked for, and
    those that identify a child or a home.
    """
    unasked = "Nobody asked for it. It is dropped and not kept: please leave it out next time."
    columns = [
        Dropped(f"Column {f.value}", f.sheet, unasked) for f in answer.found if f.rule == DROPPED
    ]
    for sheet, recognised in answer.sheets:
        if recognised is None:
            continue
        for column in recognised.table.columns:
            if column.personal and column.name in recognised.columns:
                header = _header(sheet, recognised, recognised.columns[column.name])
                columns.append(
                    Dropped(
                        header, sheet.label, PERSONAL.get(column.personal, PERSONAL["drop"]).told
                    )
                )
    return list(dict.fromkeys(columns))


def notes(answer: Answer) -> list[str]:
    """What is for information only: sheets left alone, rows set aside."""
    return [f.message for f in answer.found if f.severity == NOTES]


# --- findings
# ---------------------------------------------------------------------------------------


def _found(answer: Answer) -> list[Found]:
    frame = answer.findings
    if not len(frame):
        return []
    given = [_column(frame, name) for name in (*FINDINGS, "table_name", "hint", "is_quoted")]
    # missing, and not blank, where a finding is from before its words were kept
    expected_ = _column(frame, "expected", blank=None)
    stands = _Standing(answer)
    findings = []
    each = zip(*given, expected_, strict=True)
    for sheet, number, column, value, name, severity, message, table, hint, quoted, words in each:
        # a number may come as `5.0`, where others of its column are missing
        row = int(float(number or 0))
        place, at, header = stands.place(table, sheet, row, column, name, (value, hint))
        filled = None
        if words is not None and name in rules():
            filled = stands.words(name, table, column, value, words, hint, quoted == "True")
        findings.append(
            Found(
                _severity(severity, name),
                sheet,
                row,
                column,
                header,
                value,
                name,
                message,
                place,
                at,
                filled,
            )  # fmt: skip
        )
    # backwards, so that of two sheets of one name the first gives the place
    order = {severity: position for position, severity in enumerate(SEVERITIES)}
    sheets = reversed(list(enumerate(answer.own_sheets)))
    positions = {sheet.label: position for position, sheet in sheets}
    return sorted(
        findings,
        key=lambda f: (
            order[f.severity],
            positions.get(f.sheet, -1),
            f.row_number,
            -1 if f.column is None else f.column,
        ),
    )


def _column(frame: pd.DataFrame, name: str, blank: str | None = "") -> list[Any]:
    """A column of findings as texts, with `blank` where nothing is, or where it is not there."""
    if name not in frame:
        return [blank] * len(frame)
    missing = frame[name].isna().tolist()
    texts = zip(frame[name].tolist(), missing, strict=True)
    return [blank if is_missing else str(text) for text, is_missing in texts]


def _severity(severity: str, name: str) -> str:
    if severity in SEVERITIES:
        return severity
    return rule(name).severity if name in rules() else WARNS


class _Standing:
    """Where the findings of an answer stand in the sender's sheets, and their words.

    Each is worked out once: a rule broken in a million rows is broken in a few columns.
    """

    def __init__(self, answer: Answer) -> None:
        self._sheets = answer.own_sheets
        self._tables = [answer.tables_on(index) for index in range(len(self._sheets))]
        self._sheet_of = cache(lambda name, table: _sheet_of(answer, name, table))
        self._column_of = cache(self._look_for_column)
        self._options = cache(lambda table, column: _options(table, column, answer.census_date))
        self.words = cache(self._words)

    def place(
        self,
        table: str,
        sheet: str,
        row: int,
        column: str,
        name: str,
        dropped: tuple[str, str],
    ) -> tuple[tuple[int, int] | None, int | None, str]:
        """A finding's sheet and row, its column's place, and the column as the sender spells it.

        `dropped` are the words and the letters of a column that nobody asked for.
        """
        # without any of these it is about the whole sheet or file: no cell of it
        index = self._sheet_of(sheet, table) if row or column or table else None
        if index is None:
            return None, None, column
        which = _table_at(self._tables[index], table, row - 1)
        if which is None:
            return (index, row - 1 if row else 0), None, column
        place = (index, row - 1 if row else self._tables[index][which].header_row)
        if name == DROPPED:
            words, letters = dropped
            return place, place_of_letters(letters) if letters else None, f"Column {words}"
        return place, *self._column_of(index, which, name, column)

    def _look_for_column(
        self,
        index: int,
        which: int,
        name: str,
        column: str,
    ) -> tuple[int | None, str]:
        return _column_of(self._sheets[index], self._tables[index][which], name, column)

    def _words(
        self,
        name: str,
        table: str,
        column: str,
        value: str,
        expected: str,
        hint: str,
        is_quoted: bool,
    ) -> Words:
        given = {
            "column": f"'{column}'" if column else "",
            "value": f"'{value}'" if is_quoted else value,
            "expected": expected,
            "hint": hint,
        }
        room = rule(name).placeholders
        filled = {word: text if word in room else "" for word, text in given.items()}
        labels_ = self._options(table, column)
        is_listed = len(labels_) > MOST_IN_A_SENTENCE and filled["expected"] == one_of(labels_)
        return Words(name, **filled, options=tuple(labels_) if is_listed else ())


def _options(table: str, column: str, census_date: dt.date) -> list[str]:
    """What a column of a layout, by its header, may say on the census date."""
    layout = return_tables().get(table)
    name = layout.header_keys.get(header_key(column)) if layout else None
    return labels(layout.column(name), census_date) if layout and name else []


def _sheet_of(answer: Answer, name: str, table: str) -> int | None:
    """The sheet that a finding is about; None where there is none or it could be either of two: no
    cell is marked on a guess.
    """
    same = [index for index, sheet in enumerate(answer.own_sheets) if sheet.label == name]
    if len(same) > 1 and table:
        same = [
            index
            for index in same
            if any(recognised.table.name == table for recognised in answer.tables_on(index))
        ]
    return same[0] if len(same) == 1 else None


def _table_at(tables: list[Recognised], name: str, row: int) -> int | None:
    # the lowest header above the row: tables stand one below the other
    """Which of the tables on a sheet a finding is about: the one named, and of several the lowest
    whose header is above the row.
    """
    fitting = [
        at for at, recognised in enumerate(tables) if not name or recognised.table.name == name
    ]
    above = [at for at in fitting if tables[at].header_row < row]
    return above[-1] if above else fitting[0] if fitting else None


def _column_of(
    sheet: Sheet,
    recognised: Recognised,
    rule_name: str,
    column: str,
) -> tuple[int | None, str]:
    """Where a finding's column stands, and how the sender spells it."""
    name = recognised.table.header_keys.get(header_key(column), "")
    # a sum's finding names no column: the cell of its total is where to look
    if not column:
        name = next((check.total for check in recognised.table.sums if check.rule == rule_name), "")
    at = recognised.columns.get(name)
    return at, (_header(sheet, recognised, at) if at is not None else "") or column


def _header(sheet: Sheet, recognised: Recognised, place: int) -> str:
    """A column's header as the sender spells it, where it says nothing but that; else as the layout
    does: a note behind it may name a child.
    """
    header = " ".join(seen(cell_text(sheet.rows[recognised.header_row][place])).split())[:80]
    if is_known_header(header):
        return header
    name = next((name for name, at in recognised.columns.items() if at == place), "")
    return recognised.table.column(name).headers[0] if name else ""


def _grouped(findings: list[Found], most_cases: int = 12) -> list[Group]:
    together: dict[tuple[str, str, str, str], dict[str, list[Found]]] = {}
    for finding in findings:
        if finding.severity == NOTES or finding.rule == DROPPED:
            continue
        # what is told of a whole sheet or file goes together, whatever column it names
        key = (
            finding.severity,
            finding.sheet,
            finding.rule,
            finding.column_name if finding.row_number else "",
        )
        together.setdefault(key, {}).setdefault(finding.message, []).append(finding)
    groups = [_group(messages, most_cases) for messages in together.values()]
    order = list(SEVERITIES)
    return sorted(groups, key=lambda g: (order.index(g.severity), -len(g.rows)))


def _group(messages: dict[str, list[Found]], most_cases: int) -> Group:
    first = next(iter(messages.values()))[0]
    rows = tuple(sorted({f.row_number for of_case in messages.values() for f in of_case}))
    if len(messages) == 1:
        return Group(
            first.severity, first.rule, first.sheet, first.header, first.column, first.message, rows,
            (), first.words,
        )  # fmt: skip
    largest = sorted(messages.items(), key=lambda item: -len(item[1]))
    # findings of a whole sheet or file have no rows to count, so more cases are told
    about_rows = bool(first.row_number)
    message, words, cases = _cases(largest, most_cases if about_rows else 60)
    header, column = (first.header, first.column) if about_rows else ("", None)
    about = (first.severity, first.rule, first.sheet, header, column)
    return Group(*about, message, rows, cases, words)


def _cases(
    messages: list[tuple[str, list[Found]]],
    most: int,
) -> tuple[str, Words | None, tuple[Case, ...]]:
    """One sentence for many that differ in a word or two, and the words by rows.

    Where they differ in more, there is no sentence, and each of theirs is a case. Gives the
    sentence, its words, and the cases, of which there are at most `most` and one for the others.
    """
    rows = [tuple(sorted({f.row_number for f in of_case})) for _, of_case in messages]
    left_over = tuple(sorted({row for part in rows[most:] for row in part}))
    last = [Case(f"{len(messages) - most:,} others", "", left_over)] if len(messages) > most else []
    firsts = [of_case[0] for _, of_case in messages[:most]]
    words = [first.words for first in firsts if first.words is not None]
    # findings from before words were kept can only be told by their sentences
    if len(words) < len(firsts) or len({word.expected for word in words}) > 1:
        texts = [text for text, _ in messages[:most]]
        each = [Case("", text, part) for text, part in zip(texts, rows, strict=False)]
        return "", None, (*each, *last)
    general = _general(words)
    each_one = zip(firsts, words, rows, strict=False)
    cases = [_case(first, word, part, general) for first, word, part in each_one]
    return general.sentence(), general, (*cases, *last)


def _general(words: list[Words]) -> Words:
    """The words that all of these have, with a gap where they differ."""

    def same(name: str) -> str:
        values = {getattr(word, name) for word in words}
        return values.pop() if len(values) == 1 else GAP

    hint = same("hint")
    if hint == GAP and all(word.hint == "" or word.hint.startswith(" ") for word in words):
        hint = ""  # a sentence of its own, which each case has beside it
    first = words[0]
    return Words(first.rule, same("column"), same("value"), first.expected, hint, first.options)


def _case(first: Found, word: Words, rows: tuple[int, ...], general: Words) -> Case:
    """What is different about some of a group's findings: the value or the column, and a clue."""
    sent = first.value if word.value != general.value else ""
    if word.column != general.column:
        sent = first.header or word.column
    clue = word.hint.strip() if word.hint != general.hint else ""
    return Case(NOT_SHOWN_HERE if sent == NOT_SHOWN else sent, clue, rows)


# --- from the door
# ------------------------------------------------------------------------------------


def findings_of(submission: Submission, judged: Iterable[JudgedTable]) -> pd.DataFrame:
    """All findings of one submission, those about the file first, as `raw.finding` keeps them."""
    about_file = pd.DataFrame(
        [finding.row(submission.id) for finding in submission.findings],
        columns=FINDING_COLUMNS,
    )
    about_rows = [
        table.findings[table.findings["submission_id"] == submission.id] for table in judged
    ]
    # without empty ones, whose columns' types pandas would mix in
    frames = [frame for frame in (about_file, *about_rows) if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else about_file


def trial_answer(submission: Submission, judged: Iterable[JudgedTable]) -> Answer:
    """The answer to a return that was only held up to the door: what would become of it."""
    # it is gone through twice, and may be an iterator
    judged = list(judged)
    tables = []
    for table in judged:
        names = tuple(
            dict.fromkeys(
                sheet.label
                for sheet, recognised in submission.tables
                if recognised.table.name == table.table.name
            )
        )
        for book in table.books[table.books["submission_id"] == submission.id].itertuples():
            received, loaded, rejected, aside = map(
                int, (book.rows_received, book.rows_loaded, book.rows_rejected, book.rows_set_aside)
            )
            tables.append(TableAnswer(table.table.title, names, received, loaded, rejected, aside))
    left_alone = bool(submission.tables) and all(
        recognised.table.leave_alone for _, recognised in submission.tables
    )
    # asking for the sheets would read what is not to be read
    unread = {"unknown_sender", "too_large"} & {finding.rule for finding in submission.findings}
    return Answer(
        sender_name=submission.sender.name,
        sender_key=submission.sender.key,
        census_date=submission.file.census_date,
        file_name=submission.file.name,
        submission_id=submission.id,
        received_at=submission.file.received_at,
        outcome=REJECTED if submission.is_rejected else RECORDED if left_alone else ACCEPTED,
        tables=tables,
        findings=findings_of(submission, judged),
        sheets=[] if unread else submission.opened.sheets_by_table,
        is_trial=True,
        made_up=of_file(submission.file.path, submission.opened.content.data),
    )
