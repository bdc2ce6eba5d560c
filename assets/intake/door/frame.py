"""The frame: the rows of one table, from all files of a census date, as they were received.

Belongs here: gathering the texts of many sheets into columns, and what the sheets say beside them
(rows with too many cells, cells that are only apparently blank).
Does not belong here: what the texts mean (`cells`), and which rows are no data (`setting_aside`).

A frame is never altered: to forget a row's texts, or to set rows aside, gives another frame.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from assets.intake.columns import Coded, ColumnRows, gather
from assets.intake.door.submission import Submission
from assets.intake.reading import Sheet, cell_text
from assets.intake.recognising import Recognised
from assets.intake.telling import letters
from schemas.returns import ReturnTable

FORMULA, MERGED = "formula", "merged"
"""Why a cell looks blank and is none: its formula was never worked out, or it is merged."""


@dataclass(frozen=True, eq=False)
class Part:
    """A table on a sheet of a submission."""

    submission: Submission
    sheet: Sheet
    found: Recognised


@dataclass(frozen=True, eq=False)
class Frame:
    """The rows of one table: all series have a row a row received, in the order of `parts`.

    `texts` has each column of the layout as received (blank where the sheet lacks it), `coded` the
    same as codes. `part` is each row's place in `parts`, `number` its number in its sheet, as the
    sender counts. `too_long` and `too_short` give the number of cells of the rows that do not have
    as many as the header; `damaged` gives, by kind and column, the rows whose cell is blank and is
    none, each with a clue. `is_aside` marks rows that are no data.
    """

    table: ReturnTable
    parts: tuple[Part, ...]
    census_date: dt.date
    texts: Mapping[str, pd.Series]
    part: pd.Series
    number: pd.Series
    too_long: Mapping[int, int]
    too_short: Mapping[int, int]
    damaged: Mapping[tuple[str, str], Mapping[int, str]]
    is_aside: pd.Series
    coded: Mapping[str, Coded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.part)

    @cached_property
    def is_data(self) -> pd.Series:
        """Rows that are data: all but those set aside."""
        return ~self.is_aside

    @cached_property
    def is_misaligned(self) -> pd.Series:
        """Rows that have not as many cells as the header: values may be under the wrong columns."""
        return self.rows_at([*self.too_long, *self.too_short])

    @cached_property
    def is_judged(self) -> pd.Series:
        """Rows of data whose values are under their own columns."""
        return self.is_data & ~self.is_misaligned

    @cached_property
    def submission_ids(self) -> pd.Series:
        """Each row's submission."""
        return self.by_part([part.submission.id for part in self.parts])

    @cached_property
    def owners(self) -> pd.Series:
        """The key of each row's sender."""
        return self.by_part([part.submission.sender.key for part in self.parts])

    @cached_property
    def sender_kinds(self) -> pd.Series:
        """The kind of each row's sender."""
        return self.by_part([part.submission.sender.kind for part in self.parts])

    @cached_property
    def sheets(self) -> pd.Series:
        """The name of each row's sheet, as it may be told."""
        return self.by_part([part.sheet.label for part in self.parts])

    def by_part(self, words: Sequence[str]) -> pd.Series:
        """What is said of each part, said of each row."""
        return pd.Series(words, dtype="str").take(self.part).reset_index(drop=True)

    def rows_at(self, places: Sequence[int]) -> pd.Series:
        """A mask of the rows at these places."""
        mask = np.zeros(len(self), dtype=bool)
        mask[list(places)] = True
        return pd.Series(mask)

    def of_words(self, column: str, says: np.ndarray) -> pd.Series:
        """What is true of a column's distinct texts, as a mask of rows."""
        return pd.Series(self.coded[column].rows(says))

    def count_by_part(self, mask: pd.Series) -> Iterator[tuple[int, int]]:
        """Parts that have such rows, as they first do, each with their number."""
        for part, count in self.part[mask].value_counts(sort=False).items():
            yield int(part), int(count)

    def forgetting(self, mask: pd.Series) -> Frame:
        """The frame without what stands in these rows."""
        # all columns are coded anew below: not where there is nothing to forget
        if not mask.any():
            return self
        texts = {name: series.mask(mask, "") for name, series in self.texts.items()}
        return replace(self, texts=texts, coded=code(texts))

    def setting_aside(self, mask: pd.Series) -> Frame:
        """The frame with these rows set aside as well."""
        return replace(self, is_aside=self.is_aside | mask)


def code(texts: Mapping[str, pd.Series]) -> dict[str, Coded]:
    """Columns of texts as codes into their distinct texts."""
    return {name: Coded.of(series) for name, series in texts.items()}


def frame_of(
    table: ReturnTable,
    parts: Sequence[Part],
    bodies: Sequence[Sequence[list]],
    census_date: dt.date,
) -> Frame:
    """The frame of a table's parts, whose rows are `bodies`; nothing in it is set aside yet."""
    sizes = [len(rows) for rows in bodies]
    texts = _texts(table, parts, bodies)
    too_long, too_short = _misaligned(parts, bodies, offsets(sizes))
    part_of = [np.full(size, place) for place, size in enumerate(sizes)]
    # as a sender counts: from 1, the rows above the header and itself included
    numbers = [
        np.arange(size) + part.found.header_row + 2 for size, part in zip(sizes, parts, strict=True)
    ]
    return Frame(
        table=table,
        parts=tuple(parts),
        census_date=census_date,
        texts=texts,
        part=_joined(part_of),
        number=_joined(numbers),
        too_long=too_long,
        too_short=too_short,
        damaged=_damage(parts, sizes, texts),
        is_aside=pd.Series(np.zeros(sum(sizes), dtype=bool)),
        coded=code(texts),
    )


def offsets(sizes: Sequence[int]) -> list[int]:
    """The place of each part's first row."""
    return [0, *np.cumsum(sizes).tolist()]


def _joined(pieces: list[np.ndarray]) -> pd.Series:
    return pd.Series(np.concatenate(pieces) if pieces else [], dtype="int64")


def _texts(
    table: ReturnTable, parts: Sequence[Part], bodies: Sequence[Sequence[list]]
) -> dict[str, pd.Series]:
    """Each column of the layout, gathered from all sheets."""

    def column(name: str) -> pd.Series:
        return gather(
            [
                # cells of texts are texts already; those of workbooks are numbers and dates too
                (rows, part.found.columns.get(name), None if part.sheet.is_text else cell_text)
                for rows, part in zip(bodies, parts, strict=True)
            ]
        )

    return {c.name: column(c.name) for c in table.columns}


# --- rows with too many cells, or too few --------------------------------------------------------


def _misaligned(
    parts: Sequence[Part], bodies: Sequence[Sequence[list]], starts: list[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Rows with something beyond the header, and rows with too few cells: their number of cells.

    A workbook's rows are as wide as its sheet, so only those of texts can tell.
    """
    long: dict[int, int] = {}
    short: dict[int, int] = {}
    for rows, start, part in zip(bodies, starts, parts, strict=False):
        if part.sheet.is_text:
            header = part.sheet.rows[part.found.header_row]
            # blank cells at the end of the header are no columns
            width = 1 + max(place for place, cell in enumerate(header) if cell.strip())
            long |= {start + place: cells for place, cells in _too_long(rows, width)}
            short |= {start + place: cells for place, cells in _too_short(rows, width)}
    return long, short


def _too_long(rows: Sequence[list], width: int) -> Iterator[tuple[int, int]]:
    if isinstance(rows, ColumnRows):
        for place in rows.given_beyond(width):
            yield int(place), rows.width
        return
    lengths = _lengths(rows)
    for place in np.flatnonzero(lengths > width).tolist():
        # blank cells beyond the header have shifted nothing
        if any(cell_text(cell).strip() for cell in rows[place][width:]):
            yield place, int(lengths[place])


def _too_short(rows: Sequence[list], width: int) -> Iterator[tuple[int, int]]:
    if not isinstance(rows, ColumnRows):  # the rows of columns are all of one width
        lengths = _lengths(rows)
        # a row without any cell is blank, and not short
        for place in np.flatnonzero((lengths < width) & (lengths > 0)).tolist():
            yield place, int(lengths[place])


def _lengths(rows: Sequence[list]) -> np.ndarray:
    return np.fromiter(map(len, rows), dtype="int64", count=len(rows))


# --- cells that are blank and are none -----------------------------------------------------------


def _damage(
    parts: Sequence[Part], sizes: Sequence[int], texts: Mapping[str, pd.Series]
) -> dict[tuple[str, str], dict[int, str]]:
    """Cells with a formula never worked out, or merged with others, where no text stands."""
    noted: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for part, size, start in zip(parts, sizes, offsets(sizes), strict=False):
        names = {place: name for name, place in part.found.columns.items()}
        for kind, place, column, clue in _damaged_cells(part, size):
            name = names.get(column)
            if name is not None and not texts[name].iloc[start + place].strip():
                noted[kind, name][start + place] = clue
    return dict(noted)


def _damaged_cells(part: Part, size: int) -> Iterator[tuple[str, int, int, str]]:
    """Kind, row below the header and column of each, and a clue."""
    first = part.found.header_row + 1
    for row, column in part.sheet.beside.uncalculated:
        # marks may lie above the header or below the last row
        if 0 <= row - first < size:
            yield FORMULA, row - first, column, ""
    for (top, left), (bottom, right) in part.sheet.beside.merged:
        clue = f"{letters(left)}{top + 1} to {letters(right)}{bottom + 1}"
        # only rows that are there: a merged range may reach to the end of the sheet
        for row in range(max(top, first), min(bottom + 1, first + size)):
            for column in part.found.columns.values():
                if left <= column <= right:
                    yield MERGED, row - first, column, clue
