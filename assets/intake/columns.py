"""Columns: many texts at once, as codes into their distinct texts, and the rows of a large CSV kept
column by column.

Belongs here: how texts are held, so that a million rows cost little more than their number of
different values. Does not belong here: where they come from (`reading`), what they mean
(`parsing`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

STRING = pd.StringDtype(na_value=np.nan)
_CLEAN = r"^([!-~]+( [!-~]+)*)?$"
"""Printable ASCII whose words are parted by one space: nothing to tidy."""


_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters that nobody sees: soft hyphens, zero-width spaces and joiners, marks of the reading
direction.
"""

ERROR_CELL = re.compile(
    r"#(N/?A|N/?D|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|BUSY!|CONNECT!|UNKNOWN!|EXTERNAL!|GETTING_DATA)"
    r"|#{3,}|Err:\d{3}",
    re.IGNORECASE,
)
"""What a spreadsheet shows in place of a value: the error of a formula, or that a column is too
narrow for its number.
"""


def seen(text: str) -> str:
    """Text without the characters that nobody sees, and with plain spaces for no-break, thin and
    other wide ones.
    """
    return text if text.isascii() else re.sub(r"[^\S\r\n\t]", " ", _UNSEEN.sub("", text))


def read_text(text: str) -> str:
    """Text as it is seen, without surrounding or doubled spaces."""
    return re.sub(r"\s+", " ", seen(text)).strip()


def series_of(texts: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Arrow texts as a pandas column, without a copy."""
    chunked = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])
    return chunked.to_pandas(types_mapper={pa.large_string(): STRING}.get)


@dataclass(frozen=True)
class Coded:
    """A column of texts (none missing): `distinct` texts, and for each row the place of its text
    among them.
    """

    codes: np.ndarray
    distinct: pa.Array

    @staticmethod
    def of(texts: pd.Series) -> Coded:
        """The column of a pandas column; missing values are blank texts."""
        encoded = pa.array(texts.fillna(""), type=pa.large_string())
        # a long column comes in chunks, each of which would have a dictionary of its own
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        encoded = encoded.dictionary_encode()
        return Coded(encoded.indices.to_numpy(), encoded.dictionary)

    @cached_property
    def words(self) -> list[str]:
        """The distinct texts as Python's."""
        return self.distinct.to_pylist()

    @cached_property
    def tidy(self) -> pa.Array:
        """The distinct texts without surrounding or doubled spaces."""
        clean = pc.match_substring_regex(self.distinct, _CLEAN)
        if pc.all(clean).as_py() is not False:  # of no text at all it is null
            return self.distinct
        untidy = np.flatnonzero(~clean.to_numpy(zero_copy_only=False))
        tidied = pa.array(
            [read_text(text) for text in self.distinct.take(pa.array(untidy)).to_pylist()],
            type=pa.large_string(),
        )
        return pc.replace_with_mask(self.distinct, pc.invert(clean), tidied)

    @cached_property
    def is_blank(self) -> np.ndarray:
        """Which distinct texts have nothing in them."""
        return pc.equal(self.tidy, "").to_numpy(zero_copy_only=False)

    def rows(self, of_distinct: np.ndarray | pa.Array) -> Any:
        """What is said of each distinct text, said of each row: arrays stay arrays, Arrow texts
        become a pandas column.
        """
        if isinstance(of_distinct, pa.Array):
            return series_of(of_distinct.take(pa.array(self.codes)))
        return of_distinct[self.codes]


def gather(parts: Sequence[tuple[Sequence[list], int | None, Any]]) -> pd.Series:
    """One column from many tables: (rows, the column's place or None where the table lacks it, how
    a cell becomes text or None).
    """
    chunks: list[pa.Array] = []
    pending: list[str] = []
    for rows, place, text_of in parts:
        if place is None:
            pending += [""] * len(rows)
        elif isinstance(rows, ColumnRows):
            # texts of rows and whole columns keep the order of their tables
            if pending:
                chunks.append(pa.array(pending, type=pa.large_string()))
                pending = []
            chunks.append(rows.column(place))
        elif text_of is None:
            pending += [row[place] if place < len(row) else "" for row in rows]
        else:
            pending += [text_of(row[place]) if place < len(row) else "" for row in rows]
    if pending or not chunks:
        chunks.append(pa.array(pending, type=pa.large_string()))
    return series_of(pa.chunked_array(chunks, type=pa.large_string()))


class ColumnRows(Sequence[list[str]]):
    """The rows of a CSV of even width, kept as columns; a row is made when it is asked for."""

    def __init__(self, columns: list[pa.Array]) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns[0]) if self._columns else 0

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step != 1:
                return [self[n] for n in range(start, stop, step)]
            return ColumnRows(
                [column.slice(start, max(stop - start, 0)) for column in self._columns]
            )
        return [column[at].as_py() for column in self._columns]

    def __iter__(self) -> Iterator[list[str]]:
        # many rows at a time: to ask Arrow for one cell after the other is slow
        for start in range(0, len(self), 10_000):
            yield from map(
                list,
                zip(
                    *(column.slice(start, 10_000).to_pylist() for column in self._columns),
                    strict=True,
                ),
            )

    @property
    def width(self) -> int:
        """Cells a row."""
        return len(self._columns)

    def column(self, place: int) -> pa.Array:
        """All texts of one column."""
        return self._columns[place]

    def given_beyond(self, width: int) -> np.ndarray:
        """Places of the rows that have something in a column beyond the first `width`."""
        given = np.zeros(len(self), dtype=bool)
        for column in self._columns[width:]:
            coded = Coded.of(series_of(column))
            given |= coded.rows(~coded.is_blank)
        return np.flatnonzero(given)

    def firsts(self) -> pd.Series:
        """The first cell of each row that is not empty."""
        first = self._columns[0]
        for column in self._columns[1:]:
            empty = pc.equal(first, "")
            if not pc.any(empty).as_py():
                break
            first = pc.if_else(empty, column, first)
        return series_of(first)

    def keep(self, first: int) -> None:
        """Let the rows go after the first ones, to have their memory back."""
        # copied, for a slice alone would hold on to the whole column
        self._columns = [
            pa.array(column.slice(0, first).to_pylist(), column.type) for column in self._columns
        ]


def read_even(text: str, delimiter: str) -> ColumnRows | None:
    """The rows of a CSV whose rows all have as many cells as the first; None where one has not, or
    where it is not told alike by all readers.
    """
    if text.count('"') % 2:  # a quotation that never ends
        return None
    try:
        # an empty line within is a row, for the sender counts it; those at the end are none
        table = arrow_csv.read_csv(
            io.BytesIO((text.rstrip("\r\n") + "\n").encode("utf-8")),
            read_options=arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=8 << 20),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values='"' in text, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                strings_can_be_null=False, default_column_type=pa.large_string()
            ),
        )
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    return ColumnRows(
        [
            column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
            for column in table.columns
        ]
    )
