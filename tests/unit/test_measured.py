"""What the docs say was measured is what a recorded run says, written by the code that measures."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from assets.publication.programme import PUBLISHED_TABLES
from benchmarks import recording
from benchmarks.gate import DOCS, END, RECORD, START, described
from benchmarks.recording import with_block


def test_the_docs_say_what_the_recorded_run_measured():
    text, record = DOCS.read_text(encoding="utf-8"), json.loads(RECORD.read_text(encoding="utf-8"))
    block = text.partition(START)[2].partition(END)[0].strip()
    assert block == described(record), f"run `{record['command']}` again"
    assert with_block(DOCS, described(record), START, END) == text
    assert dt.date.fromisoformat(record["date"]) and record["command"].startswith(
        "python -m benchmarks gate"
    )


def test_the_recorded_run_has_every_table_with_counts():
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    expected = {table.name for table in PUBLISHED_TABLES if table.of_rule("count")}
    for run in record["runs"]:
        assert {table["table"] for table in run["tables"]} == expected
        for of in ("counts", "shown"):
            assert sum(table[of] for table in run["tables"]) == run[of]


def test_a_page_without_the_marks_is_not_written_over(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A page", encoding="utf-8")
    with pytest.raises(ValueError, match="page.md has no .* both marks were expected"):
        with_block(page, "figures")


def test_the_page_of_performance_says_what_was_recorded():
    text, record = recording.PAGE.read_text(encoding="utf-8"), recording.recorded()
    block = text.partition(recording.START)[2].partition(recording.END)[0].strip()
    assert record and block == recording.described(record), "run `make bench` again"
    assert with_block(recording.PAGE, block) == text
    for run in record.values():
        assert dt.date.fromisoformat(run["date"]) and " cores, " in run["machine"]


def test_a_number_is_told_beside_its_floor():
    number = recording.Number("a thing", 3.0, 2.5, "less", 1.5, "under 4 s", 0.5, "It is so.")
    assert (
        number.line()
        == "a thing: 3.00 s; 2.50 s of processors; 0.50 GB at most; 2.0 times less (1.50 s); aim:"
        " under 4 s. It is so."
    )
    assert (
        recording.Number("another", note="It does not install.").line()
        == "another: It does not install."
    )
