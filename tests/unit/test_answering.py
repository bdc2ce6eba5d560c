"""The answer to a return: everything the door found is said, in words, where it stands; nothing
personal is shown, nothing hostile comes alive.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import io
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from assets.answering import workbook
from assets.answering.answer import (
    ACCEPTED,
    CROSS_CHECKS,
    FINDINGS,
    RECORDED,
    REJECTED,
    SEVERITIES,
    WITHDRAWN,
    Answer,
    TableAnswer,
    dropped,
    groups,
    headline,
    in_ranges,
    moment,
    next_steps,
    row_words,
    shown,
    trial_answer,
)  # fmt: skip
from assets.answering.page import bar, render_page
from assets.answering.workbook import sheet_names, write_workbook
from assets.intake.door import FINDING_COLUMNS, Finding, judge, open_submission
from assets.intake.opening import OpenedFile
from assets.intake.parsing import expected, labels
from assets.intake.reading import Sheet
from assets.intake.recognising import Recognised
from resources.landing import LandedFile
from schemas.returns import return_tables
from schemas.rules import REJECTS_ROW, WARNS, rules
from tests import builders

DAY = dt.date(2025, 3, 31)
RECEIVED = dt.datetime(2025, 4, 7, 13, 5, tzinfo=dt.UTC)
FORMULA = "=cmd|'/c calc'!A0"
Answered = Callable[..., Answer]


@pytest.fixture
def answered(tmp_path: Path) -> Answered:
    """Hold a return up to the real door: `answered(frame or bytes, "356")` gives the answer as if
    it had been sent.
    """

    def answered_(
        content: pd.DataFrame | bytes | str,
        sender: str = "356",
        name: str = "return.csv",
        **changes: object,
    ) -> Answer:
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False)
        path = tmp_path / "file"
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        landed = LandedFile(DAY, sender, name, path, path.stat().st_size, RECEIVED)
        submission = open_submission("0123456789abcdef", landed, "hash")
        trial = trial_answer(submission, judge([submission], DAY, b"a key"))
        return dataclasses.replace(trial, **{"is_trial": False, **changes})  # type: ignore[arg-type]

    return answered_


def excel(**sheets: pd.DataFrame) -> bytes:
    """A workbook of frames."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False)
    return buffer.getvalue()


def opened(answer: Answer, **options: int) -> openpyxl.Workbook:
    buffer = io.BytesIO()
    write_workbook(answer, buffer, **options)
    buffer.seek(0)
    return openpyxl.load_workbook(buffer)


def texts(sheet: object) -> list[list[str]]:
    return [
        ["" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)
    ]  # type: ignore[attr-defined]


def flat(sheet: object) -> str:
    return "\n".join(cell for row in texts(sheet) for cell in row)


def visible(page: str) -> str:
    """The page's text as it is read."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def rejected_rows(personal: bool = False) -> pd.DataFrame:
    """Ten rows of the regional census: three labels that are none, an age that is no number, an
    authority that is none.
    """
    rows: list[dict[str, object]] = [{} for _ in range(10)]
    for number in (3, 4, 8):
        rows[number]["type_of_provision"] = "Resi"
    rows[6]["type_of_provision"] = FORMULA
    rows[1]["age"] = "fourteen"
    frame = builders.census(rows)
    if personal:
        frame["Identifier"] = [f"KID-{number:04d}" for number in range(10)]
        frame["Child name"] = "Ann Otherchild"
    return frame


# --- small words
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "most", "told"),
    [
        ([], None, ""), ([5], None, "5"), ([5, 6], None, "5-6"), ([12, 5, 6, 7, 8, 9, 9], None, "5-9, 12"), ([1, 3, 5], None, "1, 3, 5"),
        ([1, 3, 5, 6, 9], 2, "1, 3 and 3 more"), (range(2, 2000), None, "2-1999"),
    ],
)  # fmt: skip
def test_rows_are_told_in_ranges(rows, most, told):
    assert in_ranges(rows, most) == told


def test_rows_in_words():
    assert [row_words(rows) for rows in ((0,), (5,), (5, 5), (5, 6, 12))] == [
        "",
        "row 5",
        "row 5",
        "rows 5-6, 12",
    ]


def test_what_could_mislead_is_made_visible():
    assert shown("a\u202egpj.exe\x00\ud800b") == "a\ufffdgpj.exe\ufffd\ufffdb"


def test_moments_are_in_uk_time():
    assert moment(RECEIVED) in ("7 April 2025, 14:05", "7 April 2025, 13:05 UTC")


# --- accepted, warned, rejected rows, rejected file
# ----------------------------------------------------------------


def test_an_accepted_return_needs_nothing(answered):
    answer = answered(
        builders.settings([{"urn": f"SC10000{n}"} for n in range(3)]), "provider-acorn"
    )
    assert headline(answer) == "Your return was accepted: all 3 rows were taken in."
    assert next_steps(answer).heading == "You need do nothing"
    assert (groups(answer), dropped(answer)) == ([], [])
    book = opened(answer)
    assert book.sheetnames == ["Summary", "Findings"]
    assert texts(book["Findings"])[1][0] == "Nothing was found."
    said = visible(render_page(answer))
    assert "Your return was accepted: all 3 rows were taken in." in said
    assert "You need do nothing" in said and "Nothing. Every row was read" in said


def test_nothing_of_a_return_without_marks_is_copied(answered):
    frame = builders.placements([{"urn": "SC100001"}, {"urn": "SC100002"}])
    answer = answered(
        frame.to_csv(index=False) + "Total" + "," * (len(frame.columns) - 1) + "\n",
        "provider-acorn",
    )
    assert [f.rule for f in answer.found] == ["set_aside"]  # a note is said, and marks nothing
    book = opened(answer)
    assert book.sheetnames == ["Summary", "Findings"]
    summary = flat(book["Summary"])
    assert (
        "Nothing is marked in your sheets, so there is no copy of them here." in summary
        and "copies of yours" not in summary
    )
    assert not any("SC100001" in flat(sheet) for sheet in book)
    assert (
        book["Findings"]["E2"].value and not book["Findings"]["E2"].hyperlink
    )  # where it stands in their own file
    said = visible(render_page(answer, workbook="answer.xlsx"))
    assert "The same as a workbook: answer.xlsx" in said and "copy of your" not in said


@pytest.mark.parametrize("kind", ["CSV", "Excel"])
@pytest.mark.parametrize(
    ("frame", "sender", "finding"),
    [
        (rejected_rows(), "nobody we know", "unknown_sender"),
        (pd.DataFrame({"Colour": ["Red"], "Size": ["Large"]}), "356", "no_recognised_table"),
    ],
    ids=["an unknown sender", "no return"],
)
def test_a_finding_about_the_whole_file_marks_nothing_and_copies_nothing(
    answered, tmp_path, kind, frame, sender, finding
):
    content = frame.to_csv(index=False).encode() if kind == "CSV" else excel(Census=frame)
    path = tmp_path / "whole"
    path.write_bytes(content)
    whole = OpenedFile(LandedFile(DAY, sender, "a", path, len(content), RECEIVED)).sheets_by_table
    answer = answered(content, sender, sheets=whole)
    assert [(f.rule, f.place) for f in answer.found] == [(finding, None)]
    book = opened(answer)
    assert book.sheetnames == ["Summary", "Findings"]
    assert texts(book["Findings"])[1][1:5] == ["", "whole file", "", ""]
    assert "Whole file" in flat(book["Summary"]) and "workbook" not in " ".join(
        next_steps(answer).steps
    )


def test_a_column_that_nobody_asked_for_is_marked_only_where_more_is(answered):
    clean, wrong = (
        builders.settings([{"urn": "SC100001"}]),
        builders.settings([{"urn": "SC100001", "occupied_places": "many"}]),
    )
    for frame in (clean, wrong):
        frame["Our remark"] = "quite private"
    answer = answered(clean, "provider-acorn")
    book, said = opened(answer), visible(render_page(answer, workbook="answer.xlsx"))
    assert book.sheetnames == ["Summary", "Findings"] and not any(
        "quite private" in flat(sheet) for sheet in book
    )
    assert next_steps(answer).heading == "You need do nothing"
    assert "so there is no copy of them here" in flat(book["Summary"]) and "Column J" in flat(
        book["Findings"]
    )
    assert "The same as a workbook" in said and "holds a copy" not in said and "Column J" in said
    copy = opened(answered(wrong, "provider-acorn"))["Your file"]
    assert (
        copy["J1"].border.left.style == "mediumDashed"
        and "The column J was not asked for" in copy["J1"].comment.text
    )
    assert copy["J1"].value is None and "quite private" not in flat(
        copy
    )  # what nobody asked for is in no copy, its header neither


def test_no_more_marks_are_promised_than_there_are(answered):
    buffer = io.BytesIO()
    with zipfile.ZipFile(
        buffer, "w"
    ) as archive:  # two sheets of one name, in which no row can be marked, and one in which it can
        archive.writestr("a/census.csv", rejected_rows().to_csv(index=False))
        archive.writestr("b/census.csv", rejected_rows().iloc[::-1].to_csv(index=False))
        archive.writestr("Ann Other.csv", rejected_rows().iloc[:4].to_csv(index=False))
    answer = answered(buffer.getvalue())
    assert "file 3.csv" in opened(answer).sheetnames and any(
        f.place is None and f.severity == REJECTS_ROW for f in answer.found
    )
    (mend, *_) = next_steps(answer).steps
    assert "each cell" not in mend and "not one to send back" in mend


def test_of_several_sheets_those_with_marks_are_copied(answered):
    clean = builders.settings([{"urn": "SC100001"}, {"urn": "SC100002"}])
    wrong = builders.placements([{"urn": "SC100001", "placing_local_authority": "Nowhere"}])
    for order in ({"Homes": clean, "Children": wrong}, {"Children": wrong, "Homes": clean}):
        answer = answered(excel(**order), "provider-acorn")
        book = opened(answer)
        assert "Children" in book.sheetnames and "Homes" not in book.sheetnames
        assert "Not copied, because nothing is marked in it: Homes." in flat(book["Summary"])
        assert "The marked copy of your data" in visible(
            render_page(answer, workbook="answer.xlsx")
        )
        link = next(cell.hyperlink for (cell,) in book["Findings"]["E2:E5"] if cell.hyperlink)
        assert link.location.startswith("'Children'!")
        assert any(
            cell.comment and "text of 7 characters" in cell.comment.text
            for row in book["Children"]
            for cell in row
        )


def test_a_warned_return_is_taken_in_and_says_what_to_check(answered):
    rows = [
        {"urn": "SC100001"},
        {"urn": "SC100002", "registered_places": 5},
        {"urn": "SC100003", "registered_places": 9},
    ]
    answer = answered(builders.settings(rows), "provider-acorn")
    assert (
        headline(answer)
        == "Your return was accepted: all 3 rows were taken in; there is 1 thing to check."
    )
    assert next_steps(answer).heading == "Nothing needs sending again"
    (group,) = groups(answer)
    assert (group.severity, group.rows, group.header) == (WARNS, (3, 4), "registered_places")
    assert [(case.clue, case.rows) for case in group.cases] == [
        ("5 against 2 + 1 + 0", (3,)),
        ("9 against 2 + 1 + 0", (4,)),
    ]
    said = visible(render_page(answer))
    assert "Rows 3-4" in said and "5 against 2 + 1 + 0" in said and "What to check" in said
    copy = opened(answer)["Your file"]
    total = [cell.value for cell in copy[1]].index("registered_places") + 1
    marked = copy.cell(3, total)
    assert (marked.value, marked.fill.fgColor.rgb, marked.border.left.style) == (
        "5",
        "FFFFD166",
        "mediumDashed",
    )
    assert "not occupied + vacant + unavailable" in marked.comment.text
    assert copy.cell(2, total).comment is None and copy.cell(2, total).border.left.style is None


def test_rejected_rows_are_grouped_marked_and_to_be_mended(answered):
    answer = answered(rejected_rows())
    assert (
        headline(answer)
        == "Your return was accepted in part: 6 of 10 rows were taken in; 4 rows need mending."
    )
    todo = next_steps(answer)
    assert todo.heading == "Mend 4 rows and send the return again"
    assert "whole return" in todo.steps[1] and "the 6 rows taken in are used" in todo.steps[2]
    first, *others = groups(answer)
    assert (first.severity, first.rule, first.header, first.rows) == (
        REJECTS_ROW,
        "unknown_label",
        "Type of provision",
        (5, 6, 8, 10),
    )
    assert [(case.value, case.rows) for case in first.cases] == [
        ("text of 4 characters", (5, 6, 10)),
        (f"text of {len(FORMULA)} characters", (8,)),
    ]
    assert (
        "says \u2026" in first.message and "Correct it and send the return again." in first.message
    )
    assert all(group.severity == WARNS for group in others)
    said = visible(render_page(answer))
    assert (
        said.index("What to mend first")
        < said.index("Type of provision (column E)")
        < said.index("Age (column C)")
    )
    assert "Rows 5-6, 8, 10" in said and "Row 3" in said

    book = opened(answer)
    copy = book["Your file"]
    for row in (5, 6, 8, 10):
        bad, start = copy.cell(row, 5), copy.cell(row, 1)
        assert (bad.fill.fgColor.rgb, bad.border.left.style, bad.font.b) == (
            "FFF46A25",
            "thick",
            True,
        )
        assert "is not one of its labels" in bad.comment.text and "sheet Labels" in bad.comment.text
        assert start.border.left.style == "thick" and start.comment.text.endswith(f"see E{row}.")
    assert (
        copy.cell(7, 5).fill.fill_type is None
        and copy.cell(3, 3).border.left.style == "mediumDashed"
    )
    assert "Residential - in House" in flat(book["Labels"])
    assert copy.freeze_panes == "A2"


def test_a_rejected_file_leaves_the_earlier_return_in_force(answered):
    answer = answered(builders.census([{}] * 4, authority="Trafford"))
    answer = dataclasses.replace(
        answer,
        tables=[dataclasses.replace(answer.tables[0], status="rejected")],
        counting="your return of 3 April 2025",
    )
    assert answer.outcome == REJECTED
    assert headline(answer) == "Your return was rejected: none of its 4 rows was taken in."
    assert (
        next_steps(answer).steps[-1]
        == "Your return of 3 April 2025 still counts; nothing of this one does."
    )
    assert groups(answer)[0].rule == "wrong_authority"
    assert "Stops the whole return" in visible(render_page(answer))
    book = opened(answer)
    assert texts(book["Findings"])[1][:5] == [
        "Stops the whole return",
        "Your file",
        "whole sheet",
        "Placing Authority",
        "B1",
    ]
    assert book["Your file"]["B1"].border.left.style == "thick"
    assert "the file was rejected" in visible(render_page(answer))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"%PDF-1.4", "it is a PDF"),
        (b"PK\x03\x04 broken", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_has_an_answer_too(answered, content, words):
    answer = answered(content)
    assert headline(answer) == "Your return was rejected: nothing was taken in."
    assert words in visible(render_page(answer)) and "workbook" not in " ".join(
        next_steps(answer).steps
    )
    book = opened(answer)
    assert book.sheetnames == ["Summary", "Findings"]
    assert words in flat(book["Findings"]) and texts(book["Findings"])[1][2] == "whole file"


def test_a_check_before_sending_speaks_of_what_would_happen(answered):
    answer = answered(rejected_rows(), is_trial=True)
    assert (
        headline(answer)
        == "Your return would be accepted in part: 6 of 10 rows would be taken in; 4 rows need"
        " mending."
    )
    said = visible(render_page(answer))
    assert "Mend 4 rows before you send it" in said and "Nothing has been sent or kept" in said
    assert "0123456789abcdef" not in said + flat(opened(answer)["Summary"])


def test_a_recorded_return_says_so(answered):
    answer = answered(
        builders.settings([{"urn": "SC100001"}]),
        "provider-acorn",
        outcome=RECORDED,
        remark="A newer return of yours counts.",
    )
    assert headline(answer) == "Your return was recorded: its 1 row was taken in."
    assert "A newer return of yours counts." in visible(
        render_page(answer)
    ) and "A newer return" in flat(opened(answer)["Summary"])


def test_rows_set_aside_are_told_and_the_bar_balances(answered):
    frame = pd.concat([rejected_rows(), rejected_rows().iloc[[0]]])
    answer = answered(frame)
    assert (
        headline(answer)
        == "Your return was accepted in part: 6 of 11 rows were taken in; 4 rows need mending; 1"
        " row was set aside."
    )
    said = visible(render_page(answer))
    assert "an exact duplicate of an earlier row" in said
    parts = bar(answer.tables[0])
    assert sum(part.rows for part in parts) == answer.received == 11
    assert [part.fate for part in parts] == ["loaded", "rejected", "aside"]
    assert re.search(r"Taken in 6 .* Not taken in 4 .* Set aside 1 .* Received 11", said)
    assert "11 rows received = 6 taken in + 4 not taken in + 1 set aside" in flat(
        opened(answer)["Summary"]
    )


@pytest.mark.parametrize("counts", [(10_000, 1, 1), (0, 5, 0), (1, 1, 1), (0, 0, 0)])
def test_every_part_of_the_bar_that_has_rows_is_seen(counts):
    parts = bar(TableAnswer("A table", (), sum(counts), *counts))
    assert all((part.width > 0.4) == bool(part.rows) for part in parts)
    assert max(part.start + part.width for part in parts) <= 100.01


# --- every finding, where it stands
# ---------------------------------------------------------------------------------


def test_every_finding_of_the_door_is_in_the_workbook_with_its_row_and_a_link(answered):
    frame = rejected_rows(personal=True)
    placements = builders.placements(
        [
            {"urn": "SC100001", "placing_local_authority": "Nowhere"},
            {"urn": "SC100001", "age": "old"},
        ]
    )
    settings = builders.settings(
        [{"urn": "SC100001", "occupied_places": "many"}, {"urn": "SC100002"}]
    )
    for content, sender in (
        (excel(Census=frame), "356"),
        (
            excel(Homes=settings, Children=placements, Notes=pd.DataFrame({"a": ["b"]})),
            "provider-acorn",
        ),
    ):
        answer = answered(content, sender)
        rows = texts(opened(answer)["Findings"])[1:]
        told = sorted((row[0], row[1], row[2], row[6].split(" Expected was")[0]) for row in rows)
        wanted = sorted(
            (
                SEVERITIES[f.severity],
                f.sheet,
                str(f.row_number or ("whole sheet" if f.sheet else "whole file")),
                f.message.split(" Expected was")[0],
            )
            for f in answer.findings.itertuples()
        )
        assert told == wanted and len(told) > 3


def test_in_a_large_answer_equal_findings_stand_in_one_line_with_all_their_rows(
    answered, monkeypatch
):
    """Nothing is left out: every row of every finding stands in some line, and no line is longer
    than a cell holds.
    """
    monkeypatch.setattr(workbook, "MANY_FINDINGS", 10, raising=False)
    monkeypatch.setattr(workbook, "ALIKE", 4, raising=False)
    monkeypatch.setattr(workbook, "MOST_ROWS_IN_A_LINE", 6, raising=False)
    rows = [{"type_of_provision": "Resi"} if number % 2 else {} for number in range(20)]
    answer = answered(builders.census([*rows, {"type_of_provision": "Castle"}, {}]))
    lines = texts(opened(answer)["Findings"])[1:]
    several = [line for line in lines if "rows: " in line[2]]
    assert [(line[2], line[4]) for line in several] == [
        ("6 rows: 3, 5, 7, 9, 11, 13", "E3"),
        ("4 rows: 15, 17, 19, 21", "E15"),
    ]
    assert len(lines) == len(answer.found) - 6 + 1 - 4 + 1, "all others have a line each"
    numbers = range(1_000_001, 1_000_001 + 2 * 3_500, 2)
    assert len(f"3,500 rows: {in_ranges(numbers)}") < 32_767


def test_links_lead_to_the_marked_cells(answered):
    awkward = "the child's (sheet) & <1>"
    book = opened(answered(excel(**{awkward: rejected_rows()})))
    copy = book[awkward]
    assert book.sheetnames == ["Summary", "Findings", "Labels", awkward]
    links = {cell.value: cell.hyperlink.location for (cell,) in book["Findings"]["E2:E5"]}
    assert links == {
        f"E{row}": f"'{awkward.replace(chr(39), 2 * chr(39))}'!E{row}" for row in (5, 6, 8, 10)
    }
    assert all(copy[cell].comment for cell in links)


def test_findings_can_be_filtered_and_the_header_stays(answered):
    findings = opened(answered(rejected_rows()))["Findings"]
    assert findings.freeze_panes == "A2" and findings.auto_filter.ref.startswith("A1:G")
    assert [cell.value for cell in findings[1]] == [
        "What it does",
        "Sheet",
        "Row",
        "Column",
        "Cell",
        "Value as sent",
        "What was found and what to do",
    ]


def test_rows_keep_their_numbers_below_title_lines(answered):
    frame = rejected_rows()
    answer = answered("A title,,\n\n" + frame.to_csv(index=False))
    assert groups(answer)[0].rows == (7, 8, 10, 12)
    copy = opened(answer)["Your file"]
    assert (
        copy["A1"].value is None
        and copy["E7"].value == "Resi"
        and copy["E7"].border.left.style == "thick"
    )


def test_missing_columns_are_one_group_with_a_list(answered):
    group = next(
        g for g in groups(answered(rejected_rows())) if g.rule == "missing_optional_column"
    )
    assert "The column \u2026 is not in the header" in group.message
    assert {"Ethnic Group", "Placement start date", "UASC"} <= {case.value for case in group.cases}


def test_no_cell_is_marked_on_a_guess(answered):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/census.csv", rejected_rows().to_csv(index=False))
        archive.writestr("b/census.csv", rejected_rows().iloc[::-1].to_csv(index=False))
    answer = answered(buffer.getvalue())
    book = opened(answer)
    assert len(answer.sheets) == 2 and not {"census.csv", "census.csv (2)"} & set(book.sheetnames)
    assert "workbook" not in " ".join(next_steps(answer).steps)
    assert {row[4] for row in texts(book["Findings"])[1:]} == {""}


def test_a_sheet_too_large_is_copied_in_part_with_its_findings(answered):
    rows: list[dict[str, object]] = [{} for _ in range(500)]
    rows[450]["type_of_provision"] = "Resi"
    book = opened(answered(builders.census(rows)), most_cells=600)
    copy = book["Your file"]
    assert copy["E452"].value == "Resi" and copy["E452"].comment
    assert copy["E2"].value and copy["E300"].value is None
    assert "too large to copy whole: 416 rows of 501 are left out" in flat(book["Summary"])


def test_notes_have_a_limit_and_marks_have_none(answered):
    book = opened(answered(rejected_rows()), most_notes=3)
    assert sum(cell.comment is not None for row in book["Your file"] for cell in row) == 3
    assert book["Your file"]["E10"].border.left.style == "thick"
    assert "too many findings for a note on each cell" in flat(book["Summary"])


def test_no_findings_and_no_tables_at_all():
    answer = Answer("Acorn", "provider-acorn", DAY, "a.csv", "1", RECEIVED, ACCEPTED)
    assert (headline(answer), groups(answer), next_steps(answer).heading) == (
        "Your return was accepted.",
        [],
        "You need do nothing",
    )
    assert opened(answer).sheetnames == ["Summary", "Findings"] and "Nothing." in visible(
        render_page(answer)
    )


def test_findings_as_the_warehouse_gives_them():
    found = pd.DataFrame(
        [
            ("", None, None, None, "empty_file", "rejects the file", "The file is empty."),
            ("S", 3.0, "Age", "x", "unreadable_left_blank", None, "Age?"),
        ],
        columns=["sheet", "row_number", "column_name", "value", "rule", "severity", "message"],
    )
    answer = Answer(
        "Acorn", "provider-acorn", DAY, "a.csv", "1", RECEIVED, REJECTED, findings=found
    )
    assert [(f.row_number, f.severity, f.place) for f in answer.found] == [
        (0, "rejects the file", None),
        (3, WARNS, None),
    ]
    assert [row[2] for row in texts(opened(answer)["Findings"])[1:]] == ["whole file", "3"]


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "lost"},
        {"findings": pd.DataFrame({"sheet": []})},
        {"cross_checks": pd.DataFrame({"says": []})},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValueError, match="expected"):
        Answer(
            **{
                "sender_name": "a",
                "sender_key": "a",
                "census_date": DAY,
                "file_name": "a",
                "submission_id": "1",
                "received_at": RECEIVED,
                "outcome": ACCEPTED,
            }
            | changes
        )


def of_door(*findings: Finding) -> Answer:
    """An answer with these findings, each with its words, as the door gives them."""
    frame = pd.DataFrame([finding.row("a") for finding in findings], columns=FINDING_COLUMNS)
    return Answer("a", "a", DAY, "a", "1", RECEIVED, ACCEPTED, findings=frame)


@pytest.mark.parametrize("name", sorted(rules()))
def test_findings_of_every_rule_are_brought_together_by_their_words(name):
    words = {"column_name": "Age", "expected": "a number", "is_quoted": True}
    found = [
        Finding(name, "", "S", row, value=value, hint=f" Did you mean {row}?", **words)
        for row, value in ((2, "x"), (3, "y. '{z}'"), (4, "x"))
    ]
    if rules()[name].severity == "notes" or name == "column_dropped":
        assert groups(of_door(*found)) == []
        return
    (group,) = groups(of_door(*found))
    assert group.rows == (2, 3, 4)
    if len({finding.message for finding in found}) > 1:
        assert sorted(row for case in group.cases for row in case.rows) == [2, 3, 4]
        assert group.message or all(case.clue for case in group.cases)


def test_a_value_that_says_what_a_sentence_says_is_told_as_it_was_sent():
    """No sentence is taken apart: words of it in a cell would part it in the wrong place."""
    sent = ["a, which cannot be read. Expected was b", "c. Correct it and send the return again. d"]
    words = {"column_name": "Age", "expected": "a whole number", "is_quoted": True}
    rows = enumerate(sent, 2)
    found = [Finding("unreadable", "", "S", row, value=text, **words) for row, text in rows]
    (group,) = groups(of_door(*found))
    assert [case.value for case in group.cases] == sent
    assert group.message == found[0].message.replace(f"'{sent[0]}'", "\u2026")


def test_findings_from_before_they_kept_their_words_are_told_as_they_were_written():
    found = [Finding("unreadable", "", "S", row, "Age", text) for row, text in ((2, "x"), (3, "y"))]
    answer = of_door(*found)
    (group,) = groups(dataclasses.replace(answer, findings=answer.findings.assign(expected=None)))
    assert group.message == "" and [case.clue for case in group.cases] == [f.message for f in found]


# --- personal and hostile
# --------------------------------------------------------------------------------------------


def test_nothing_personal_is_shown_but_in_the_copy_of_their_own_sheets(answered):
    frame = rejected_rows(personal=True)
    frame.loc[2, "Identifier"] = None
    settings = builders.settings(
        [
            {"urn": "SC100001", "postcode": "ZZ99 9ZZ", "occupied_places": "many"},
            {"urn": "SC100002", "postcode": "ZZ98 8ZZ"},
        ]
    )
    for content, sender, secrets in (
        (frame, "356", ("KID-", "Otherchild")),
        (settings, "provider-acorn", ("ZZ99", "ZZ98")),
    ):
        answer = answered(content, sender)
        book = opened(answer)
        said = render_page(answer) + "".join(
            flat(book[name]) for name in book.sheetnames if name != "Your file"
        )
        assert not any(secret in said for secret in secrets)
        assert secrets[0] in flat(
            book["Your file"]
        )  # their own references and postcodes, for which they were asked
        assert "Otherchild" not in flat(book["Your file"])
        assert not any(
            secret in cell.comment.text
            for row in book["Your file"]
            for cell in row
            if cell.comment
            for secret in secrets
        )
    assert [item.header for item in dropped(answered(frame))] == [
        "Column H ('Child name')",
        "Identifier",
    ]
    assert "not shown here: it is personal" in flat(opened(answered(frame))["Findings"])


def test_what_is_dropped_at_the_door_is_said_with_its_reason(answered):
    said = visible(render_page(answered(rejected_rows(personal=True))))
    assert re.search(
        r"What was dropped at the door, and why .* Column H \('Child name'\) Nobody asked for it.*"
        r" Identifier It names a child",
        said,
    )


def test_formulas_stay_the_letters_they_were_sent_as(answered):
    frame = rejected_rows()
    frame["Gender"] = "=1+1"
    frame["Host Authority"] = [
        "http://example.org/x",
        "@SUM(A1)",
        "+1",
        "-1",
        "{=1}",
        "007",
        "1e5",
        "_x0041_",
        " padded ",
        "tab\tend",
    ]
    book = opened(answered(frame, name="=HYPERLINK(1).csv"))
    copy = book["Your file"]
    assert copy["E8"].value == FORMULA
    assert [copy.cell(row, 6).value for row in range(2, 12)] == frame["Host Authority"].tolist()
    for sheet in book:
        assert all(
            cell.data_type in "sn" and (cell.data_type == "s" or sheet.title == "Findings")
            for row in sheet
            for cell in row
            if cell.value is not None
        )
    assert {cell.data_type for cell in copy["D"]} == {"s"} and {
        cell.number_format for cell in copy["D"]
    } == {"@"}
    raw = io.BytesIO()
    write_workbook(answered(frame), raw)
    with zipfile.ZipFile(raw) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not any(b"<f>" in part or b"TargetMode" in part for part in parts.values())


def test_a_value_of_any_kind_can_be_copied(answered):
    odd = "\ud83d\ude00 " + "long " * 8000 + "\x0b\ufffe"
    answer = answered(rejected_rows())
    rows = [
        [
            "a",
            odd,
            None,
            1.0,
            1.5,
            True,
            dt.date(2025, 3, 1),
            dt.datetime.fromisoformat("2025-03-01T12:00"),
        ],
        [],
        ["\ud800 half", ""],
    ]
    mark = pd.DataFrame(
        [("return", 1, "urn", "", "blank", REJECTS_ROW, "?")],
        columns=["sheet", "row_number", "column_name", "value", "rule", "severity", "message"],
    )
    whole = Recognised(
        return_tables()["placement_census"], 0, {str(place): place for place in range(8)}, {}, ()
    )
    book = opened(
        dataclasses.replace(answer, sheets=[(Sheet("return", rows), whole)], findings=mark)
    )
    first = [cell.value for cell in book["return"][1]]
    assert first[3:] == ["1", "1.5", "TRUE", "2025-03-01", "2025-03-01 12:00:00"]
    assert 32_000 < len(first[1]) <= 32_767 and book["return"]["A3"].value == "? half"


def test_hostile_words_are_escaped_on_the_page(answered):
    evil = "<script>alert(1)</script>"
    frame = rejected_rows()
    frame.loc[5, "Type of provision"] = evil
    frame[f"{evil}<img src=x onerror=y>"] = "x"
    checks = pd.DataFrame(
        [[evil, "a", "b", f"see {evil}"]], columns=["subject", "says", "beside", "message"]
    )
    answer = answered(
        frame,
        name=f'"><svg onload=x>{evil}.csv\u202e',
        cross_checks=checks,
        contact=evil,
        remark=evil,
        sender_name=evil,
    )
    page = render_page(answer, workbook=f'answer"{evil}.xlsx')
    assert (
        "<script" not in page
        and "<img" not in page
        and "<svg onload" not in page
        and "\u202e" not in page
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="answer%22%3Cscript%3E' in page
    assert evil in flat(opened(answer)["Cross-checks"])


def test_sheet_names_are_legal_and_unique():
    names = [
        "Summary",
        "summary",
        "a/b[c]:*?",
        "x" * 40,
        "x" * 40,
        "",
        "",
        "'quoted'",
        "history",
        "\U0001f600" * 20,
    ]
    found = sheet_names(names, ["Summary", "Findings"])
    assert found[:3] == ["Summary (2)", "summary (3)", "a-b-c----"]
    assert (
        found[3] == "x" * 31
        and found[4] == "x" * 27 + " (2)"
        and found[5:8] == ["Your file", "Your file (2)", "quoted"]
    )
    assert len({name.casefold() for name in found}) == len(names)
    assert all(
        0 < len(name.encode("utf-16-le")) <= 62 and not re.search(r"[\[\]:*?/\\]", name)
        for name in found
    )


# --- the page as a page, and the same every time
# -------------------------------------------------------------------------


class _Outline(HTMLParser):
    """Checks nesting; collects headings, tables without captions, cells without scope, and
    addresses.
    """

    VOID = {"meta", "br", "rect", "path"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.tables = self.captions = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "th":
            assert dict(attrs).get("scope") in ("col", "row")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_page_is_accessible_and_stands_alone(answered):
    checks = pd.DataFrame(
        [["Oak", "3", "4", "Please look."]], columns=["subject", "says", "beside", "message"]
    )
    page = render_page(
        answered(rejected_rows(personal=True), cross_checks=checks), workbook="answer.xlsx"
    )
    outline = _Outline()
    outline.feed(page)
    assert outline.open == [] and outline.headings[0] == 1 and outline.headings.count(1) == 1
    assert all(
        later - earlier <= 1
        for earlier, later in zip(outline.headings, outline.headings[1:], strict=False)
    )
    assert outline.tables == outline.captions > 3
    names = {name for _, name, _ in outline.attributes}
    assert (
        not names & {"src", "style", "onclick", "onload"}
        and "://" not in page
        and "<script" not in page
    )
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids)) and {
        v for _, n, v in outline.attributes if n == "aria-labelledby"
    } <= set(ids)
    assert '<html lang="en-GB">' in page and "default-src 'none'" in page and "unsafe" not in page
    assert "prefers-color-scheme: dark" in page and "@media print" in page


def test_the_policy_knows_the_style_by_its_hash(answered):
    import base64
    import hashlib

    page = render_page(answered(rejected_rows()))
    style = page.split("<style>")[1].split("</style>")[0]
    assert (
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        in html.unescape(page)
    )


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        return sum(
            w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_told_apart_in_light_dark_and_print(answered):
    page = render_page(answered(rejected_rows()))
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    ]
    assert len(schemes) == 3
    for colours in schemes:
        for text, ground in (
            ("ink", "paper"),
            ("ink", "panel"),
            ("quiet", "paper"),
            ("blue", "paper"),
            ("link", "paper"),
            ("link", "panel"),
            ("on-orange", "orange"),
            ("on-band", "band"),
        ):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for part in ("orange", "grey", "blue"):
            assert _contrast(colours[part], colours["paper"]) >= 3, part


def test_the_same_answer_gives_the_same_bytes(answered):
    books, pages = [], []
    for _ in range(2):
        answer = answered(
            excel(Census=rejected_rows(personal=True)),
            cross_checks=pd.DataFrame(
                [["a"] * 4], columns=["subject", "says", "beside", "message"]
            ),
        )
        buffer = io.BytesIO()
        write_workbook(answer, buffer)
        books.append(buffer.getvalue())
        pages.append(render_page(answer))
    assert books[0] == books[1] and pages[0] == pages[1]
    with zipfile.ZipFile(io.BytesIO(books[0])) as archive:
        assert b"2025-04-07T13:05:00Z" in archive.read("docProps/core.xml")


def test_a_large_answer_says_the_same_as_a_small_one(answered, tmp_path, monkeypatch):
    answer = answered(rejected_rows())
    small = [texts(sheet) for sheet in opened(answer)]
    monkeypatch.setattr("assets.answering.workbook.LARGE", 0)
    write_workbook(answer, tmp_path / "answer.xlsx")
    assert [texts(sheet) for sheet in openpyxl.load_workbook(tmp_path / "answer.xlsx")] == small


# --- several tables on a sheet, tables that are only recorded, returns that no longer count
# --------------------------------


def test_findings_of_two_tables_on_one_sheet_are_marked_each_in_its_own(answered):
    settings = builders.settings(
        [{"urn": "SC100001", "occupied_places": "many"}, {"urn": "SC100002"}]
    ).to_csv(index=False)
    placements = builders.placements(
        [{"urn": "SC100002", "age": "old"}, {"urn": "SC100002"}]
    ).to_csv(index=False)
    answer = answered(f"Homes\n{settings}\nChildren\n{placements}", "provider-acorn")
    assert len(answer.own_sheets) == 1 and len(answer.sheets) == 2
    copy = opened(answer)["Your file"]
    found = {cell.value: cell for row in copy for cell in row if cell.comment}
    assert (
        found["many"].border.left.style == "thick"
        and found["old"].border.left.style == "mediumDashed"
    )
    headers = {
        copy.cell(1 + f.place[1], 1 + f.column).value: f.header
        for f in answer.found
        if f.column is not None and f.place and f.row_number
    }
    assert headers.items() >= {"many": "occupied_places", "old": "age"}.items()
    assert [
        cell.value
        for row in copy
        for cell in row
        if cell.font.b and cell.fill.fgColor.rgb == "FFE8ECF0"
    ].count("urn") == 2


def test_a_table_that_is_only_recorded_needs_nothing(answered):
    answer = answered("CHILD,HEALTH_CHECK\nKID1,01/02/2025\nKID2,01/02/2025\n")
    assert (answer.outcome, answer.set_aside, groups(answer)) == (RECORDED, 2, [])
    assert (
        headline(answer)
        == "Your return was recorded: it is not needed for the figures, and nothing of it was"
        " taken in."
    )
    assert next_steps(answer).heading == "You need do nothing"


@pytest.mark.parametrize(
    ("status", "heading"),
    [("superseded", "You need do nothing"), ("withdrawn", "Send a new return if one is due")],
)
def test_a_return_that_no_longer_counts_asks_for_no_mending(answered, status, heading):
    answer = answered(rejected_rows(), outcome=WITHDRAWN if status == "withdrawn" else ACCEPTED)
    answer = dataclasses.replace(
        answer, tables=[dataclasses.replace(answer.tables[0], status=status)]
    )
    assert next_steps(answer).heading == heading
    assert {"superseded": "a newer return is used", "withdrawn": "no longer used"}[
        status
    ] in visible(render_page(answer))


@pytest.mark.parametrize("name", ["unknown_label", "reason_not_given"])
def test_a_long_list_of_labels_stands_beside_its_sentence(name):
    column = return_tables()["placement_census"].column("type_of_provision")
    words, title = expected(column, DAY), column.headers[0]
    finding = Finding(name, "placement_census", "S", 2, title, "Resi", expected=words)
    (group,) = groups(of_door(finding))
    assert list(group.options) == labels(column, DAY) and len(group.options) > 6
    brief = finding.message.replace(words, "one of those below")
    assert group.told("one of those below") == brief != finding.message


def test_a_short_list_stays_in_its_sentence():
    column = return_tables()["provider_settings"].column("gender_accepted")
    words, title = expected(column, DAY), column.headers[0]
    finding = Finding("unknown_label", "provider_settings", "S", 2, title, expected=words)
    (group,) = groups(of_door(finding))
    assert group.options == () and group.told("one of those below") == finding.message


def test_of_an_unknown_folder_the_folder_is_to_be_mended_and_nothing_is_said_to_count(answered):
    answer = answered(rejected_rows(), "Stockprot")
    assert answer.outcome == REJECTED
    told = next_steps(answer)
    assert told.heading == "Put the file into the right folder" and "not the file" in told.steps[0]
    assert "still counts" not in visible(
        render_page(answer)
    ) and "Mend your own file" not in visible(render_page(answer))
    assert next_steps(answered(b"%PDF-1.7")).steps[-1] == "Until then nothing of it counts."
    assert (
        next_steps(answered(b"%PDF-1.7", counting="your return of 3 April 2025"))
        .steps[-1]
        .startswith("Your return of 3 April 2025 still counts;")
    )


# --- words that are so
# ---------------------------------------------------------------------------------


def bare(**more) -> Answer:
    """An answer to a return of ten rows of which all were taken in, unless `more` says otherwise."""
    books = more.pop("books", (10, 10, 0, 0))
    tables = [TableAnswer("Settings", ("",), *books, 1, "in force")]
    return Answer("Acorn", "provider-acorn", DAY, "a.csv", "1", RECEIVED, ACCEPTED, tables, **more)


def found(rule: str, severity: str = "warns") -> pd.DataFrame:
    return pd.DataFrame(
        [["", 0, "", "", rule, severity, "Less than half of it came."]], columns=FINDINGS
    )


def test_a_return_of_which_no_row_was_taken_in_was_not_accepted():
    answer = bare(books=(5, 0, 5, 0))
    assert headline(answer).startswith(
        "Your return was read, and none of its rows accepted: 0 of 5 rows"
    )
    assert "accepted in part" in headline(bare(books=(5, 2, 3, 0)))
    assert '<strong class="tag good">' not in render_page(bare(books=(5, 2, 3, 0)))
    assert '<strong class="tag good">Accepted</strong>' in render_page(bare())


def test_beside_a_halved_return_it_is_not_said_that_nothing_is_to_do():
    said = next_steps(bare(findings=found("replaces_a_larger_return")))
    assert (
        said.heading == "Check whether this was your whole return"
        and "send the whole return again" in said.steps[0]
    )
    checks = pd.DataFrame([["Rows", "60", "120", "It halved."]], columns=CROSS_CHECKS)
    said = next_steps(bare(cross_checks=checks))
    assert said.heading == "Look at the 1 difference from other sources"
    assert next_steps(bare()).heading == "You need do nothing"
