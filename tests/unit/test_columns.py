"""Reading a CSV by columns gives what Python's reader gives, or declines; coded columns say of each
row what is said of its text.
"""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from assets.intake import reading
from assets.intake.columns import Coded, ColumnRows, gather, read_even, read_text
from assets.intake.reading import read_sheets

CELLS = st.text(st.sampled_from("abé \"\n,;\t|'0 \u00a0"), max_size=6)


def by_pythons_reader(text: str, delimiter: str = ",") -> list[list[str]]:
    """A line with nothing on it is a row of blank cells."""
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    while rows and not rows[-1]:
        rows.pop()
    return [row or [""] * max(map(len, rows)) for row in rows]


ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8)


@given(ROWS, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_was_written_is_read(
    rows: list[list[str]], delimiter: str, ending: str, quoted: bool
) -> None:
    buffer = io.StringIO()
    csv.writer(
        buffer,
        delimiter=delimiter,
        lineterminator=ending,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    ).writerows(rows)
    found = read_even(buffer.getvalue(), delimiter)
    if found is None:  # only where there is nothing to be read
        assert not any(cell.strip() for row in rows for cell in row)
    else:
        assert list(found) == by_pythons_reader(buffer.getvalue(), delimiter)


@given(st.text(st.sampled_from('ab",\n\r 0'), max_size=40))
@example('a"b,c\n"d"e,f\n')
@example('"a""b",c\n')
@example("a,b\r\rc,d\r")
@example('a,"b\r\nc"\n')
@example("a,b\n\n\n")
@example('"a" ,b\n')
def test_wild_text_is_read_alike_or_not_at_all(text: str) -> None:
    assume(text.strip("\r\n"))  # a file without anything in it is refused before
    found = read_even(text, ",")
    if found is not None:
        assert list(found) == by_pythons_reader(text)


def test_ragged_rows_are_left_to_the_row_reader() -> None:
    assert read_even("a,b\n1,2,3\n", ",") is None
    assert read_even("a,b\n1\n", ",") is None


def test_a_large_csv_is_read_by_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READ_BY_COLUMN_FROM", 0)
    (sheet,) = read_sheets(b"CHILD,DECOM\n007,01/02/2024\nNone,nan\n")
    assert isinstance(sheet.rows, ColumnRows)
    assert sheet.rows[1:][0] == ["007", "01/02/2024"]
    assert list(sheet.rows) == [["CHILD", "DECOM"], ["007", "01/02/2024"], ["None", "nan"]]
    assert (len(sheet.rows), sheet.rows.width, len(sheet.rows[1:1])) == (3, 2, 0)


def test_what_stands_beyond_the_header_and_first_in_a_row_is_found() -> None:
    rows = read_even("a,b,\n1,2,\n,4,x\n,,\n", ",")
    assert rows is not None
    assert rows.given_beyond(2).tolist() == [2]
    assert rows.firsts().tolist() == ["a", "1", "4", ""]


@given(st.lists(st.text(max_size=8)))
def test_coded_columns_say_the_same_of_each_row(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    coded = Coded.of(pd.Series(texts, dtype="str"))
    assert coded.rows(coded.distinct).tolist() == texts
    assert coded.rows(coded.tidy).tolist() == [read_text(text) for text in texts]
    assert coded.rows(coded.is_blank).tolist() == [read_text(text) == "" for text in texts]
    assert coded.rows(np.arange(len(coded.distinct))).tolist() == [
        coded.words.index(text) for text in texts
    ]


def test_columns_are_gathered_from_rows_and_columns_in_their_order() -> None:
    even = read_even("1,2\n3,4\n", ",")
    assert even is not None
    parts = [([["a"], ["b", "c"]], 1, None), (even, 1, None), ([[5.0]], 0, str), (even, None, None)]
    assert gather(parts).tolist() == ["", "c", "2", "4", "5.0", "", ""]
