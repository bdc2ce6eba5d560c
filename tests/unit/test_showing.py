"""What senders wrote, wherever it is put: nothing of it is obeyed by a terminal, a spreadsheet,
Markdown or a file system.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.answering.answer import CROSS_CHECKS, FINDINGS, Answer, TableAnswer
from assets.answering.page import render_page
from assets.answering.workbook import write_workbook
from resources.showing import INSTEAD, Shown, file_name, in_csv, in_markdown, one_line, shown

PIECES = [
    "\x1b[2J", "\x1b]8;;http://evil.example\x07", "\x9b31m", "\r", "\n", "\t", "\x00", "\x08",
    "\u202e", "\u2066", "\u200f", "\u061c", "\u2028", "\ufeff", "\U000e0041", "\ud800",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;", "[bold red]",
    "![x](http://evil.example/x.png)", "[x](javascript:x)", "| a | b |", "`x`", "http://evil.example",
    '=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(1)", "=cmd|'/c calc'!A0", "\uff1d1",
    "'", '"', ",", ";", "A", "a", "../", "/", "\\", "con", "nul.txt", "COM1", ".", " ", "~", "!", "_",
    "provider-8", "Acorn", "Ynys M\u00f4n", "\U0001f600", "#", "- x",
]  # fmt: skip
hostile = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=30),
)
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}
"""Letters of other scripts, and pictures, are put together by them."""


def obeyed(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in OBEYED} - JOINERS


@given(hostile)
def test_a_terminal_obeys_nothing(text):
    assert {c for c in shown(text) if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}} <= {
        "\n",
        "\t",
    }
    assert not set(shown(text)) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\ufeff\xad"
    )
    assert "\n" not in one_line(text) and "\t" not in one_line(text)


@given(hostile)
def test_what_is_harmless_stays_as_it_is(text):
    plain = "".join(c for c in text if unicodedata.category(c)[0] in "LNPSM" or c == " ")
    assert shown(plain) == plain


@given(hostile)
def test_a_stream_writes_nothing_that_is_obeyed(text):
    under = io.StringIO()
    stream = Shown(under)
    stream.write(text)
    print(text, file=stream)
    assert obeyed(under.getvalue()) <= {"\n", "\t"} | {
        c for c in under.getvalue() if unicodedata.category(c) == "Cf"
    }
    assert "\x1b" not in under.getvalue() and "\u202e" not in under.getvalue()
    with pytest.raises(TypeError):
        stream.write(b"")


@given(hostile)
def test_markdown_has_no_markup_of_the_senders(text):
    said = in_markdown(text)
    without_entities = re.sub(r"&#\d+;", "", said)
    assert not set(without_entities) & set("\\`*_{}[]()<>#+|~&:@=\n\t\"'")
    assert not re.search(r"https?:|www\.", said)
    assert f"| {said} |".count("|") == 2


def workings(text: str) -> bool:
    """Whether a spreadsheet would work a cell out."""
    return text.lstrip(" \n").startswith(
        ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    )


@given(hostile)
def test_a_csv_is_not_worked_out_and_keeps_its_rows(text):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([["a", "b"], [in_csv(text), 1]])
    _, (cell, one) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert one == "1"
    assert not workings(cell) or re.fullmatch(r"[+-]\d[\d.,]*(e[+-]?\d+)?%?", cell, re.IGNORECASE)


@pytest.mark.parametrize(
    "value", [-5, -5.2, None, True, "-5", "+44", "-1.5e3", "12 %", "Acorn House", ""]
)
def test_numbers_and_plain_words_stay_as_they_are_in_a_csv(value):
    assert in_csv(value) == value


@given(hostile, hostile)
@example("provider-8!16", "provider-8_16")
@example("Acorn", "acorn")
@example("a.", "a")
@example("con", "con ")
@example("x" * 300, "x" * 301)
@example("\u00e9", "e\u0301")
@example("~21", "!")
@example("", "~")
@example("~", "~7e")
def test_two_senders_never_share_a_folder(one, other):
    if one != other:
        names = [unicodedata.normalize("NFC", file_name(each)).casefold() for each in (one, other)]
        assert names[0] != names[1]


@given(hostile)
def test_a_file_name_is_a_name_on_every_system(text):
    name = file_name(text)
    assert re.fullmatch(r"[a-z0-9 _.~-]+", name) and len(name) <= 120
    assert name[0] not in " ." and name[-1] not in " ."
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)


@pytest.mark.parametrize("name", ["provider-acorn", "356", "ofsted", "provider-st helens_2.1"])
def test_an_ordinary_senders_folder_is_called_as_the_sender(name):
    assert file_name(name) == name


def test_what_could_not_be_shown_is_seen_to_be_missing():
    assert shown("a\x1b[1mb") == f"a{INSTEAD}[1mb"


# --- where it is put
# ---------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_a_table_on_the_terminal_keeps_its_lines(text):
    from pipelines.command.printing import table_lines

    lines = table_lines(["sender", "rows"], [[text, 1], ["provider-acorn", 2], [{"said": text}, 3]])
    assert len(lines) == 5 and not any("\n" in line for line in lines)
    assert not obeyed("".join(lines)) & set("\x1b\x9b\r\u202e\u2066\u200f\n\t")


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_a_csv_that_the_command_prints_is_not_worked_out(text):
    from pipelines.command.printing import print_csv

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_csv(["sender", text], [[text, -1]])
    rows = list(csv.reader(io.StringIO(printed.getvalue(), newline="")))
    assert len(rows) == 2 and rows[1][1] == "-1"
    assert not any(
        workings(cell) for cell in (rows[0][1], rows[1][0]) if not re.fullmatch(r"[+-]\d.*", cell)
    )


def answer_with(text: str) -> Answer:
    text = text.encode(
        "utf-8", "replace"
    ).decode()  # what came through the door holds no half characters
    findings = pd.DataFrame(
        [[text, 3, text, text, "not_a_code", "rejects the row", text]], columns=FINDINGS
    )
    checks = pd.DataFrame([[text] * 4], columns=CROSS_CHECKS)
    received = dt.datetime(2026, 1, 3, tzinfo=dt.UTC)
    return Answer(
        text, text, dt.date(2025, 12, 31), text, "0123456789abcdef", received, "accepted",
        [TableAnswer(text, (text,), 2, 1, 1, 0, 1, "in force", text)], findings, checks,
        remark=text, contact=text, counting=text,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(hostile)
def test_an_answers_page_and_workbook_hold_the_text_and_obey_nothing_of_it(text):
    page = render_page(answer_with(text), "answer.xlsx")
    assert not re.search(r"<(script|img)\b|javascript:x\"", page)
    assert not obeyed(page) - {"\n"} - set("\t") & set("\x1b\x9b\r\u202e\u2066\u200f")
    stream = io.BytesIO()
    write_workbook(answer_with(text), stream)
    with zipfile.ZipFile(stream) as parts:
        sheets = [
            parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")
        ]
        links = [name for name in parts.namelist() if "sheet" in name and name.endswith(".rels")]
        assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
        assert not any(b"evil.example" in parts.read(name) for name in links)


@given(hostile)
def test_what_changed_holds_no_markup_of_a_senders_name(text):
    from assets.publication.changes import _return

    said = _return((text, "provider_settings", "2025-12-31"))
    assert "\n" not in said and not set(re.sub(r"&#\d+;", "", said)) & set("[]()<>`*|!")


@given(hostile)
def test_a_page_puts_out_nothing_that_is_obeyed(text):
    from assets.page.site import _set

    assert not obeyed(_set(text)) & set("\x1b\x9b\r\u202e\u2066\u200f")


def test_every_answer_has_a_folder_of_its_own(tmp_path):
    from types import SimpleNamespace

    from assets.answering.outbox import _page_path

    def folder(sender: str) -> str:
        told = SimpleNamespace(
            submission=SimpleNamespace(sender=sender, file_name="a.csv"), number="0" * 16
        )
        return _page_path(tmp_path, told).parent.name.casefold()

    senders = [
        "provider-8!16",
        "provider-8_16",
        "provider-8 16",
        "con",
        "CON",
        "con.",
        "Acorn",
        "acorn",
        "acorn.",
        " acorn",
        "..",
        "a/b",
        "a\\b",
        "",
    ]
    assert len({folder(sender) for sender in senders}) == len(senders)
    assert all(_page_path_stays(tmp_path, sender, folder(sender)) for sender in senders)


def _page_path_stays(root, sender: str, name: str) -> bool:
    return (root / name).resolve().parent == root.resolve()
