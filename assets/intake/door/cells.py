"""Cells: what was understood of each column, and what may be told of a cell.

Belongs here: reading a frame's columns, taking back what cannot be trusted or was not asked for,
and a cell's value in a finding.
Does not belong here: reading one text (`parsing`), and what a wrong cell does to its row (rules).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from assets.intake.columns import series_of
from assets.intake.door.frame import Frame
from assets.intake.parsing import Parsed, parse, says_nothing
from assets.intake.telling import form_of, is_telling
from schemas.returns import Column

NOT_SHOWN = "(not shown)"
LONGEST_TOLD = 200
"""Characters of a value that are told."""

_SLASHED = re.compile(r"^\s*(\d{1,2})[/.\-](\d{1,2})[/.\-](?:\d{4}|\d{2})\b")


@dataclass(frozen=True)
class Told:
    """What is told of some cells: a value each, and whether it is what was sent, to be quoted."""

    values: pd.Series
    is_quoted: np.ndarray


@dataclass(frozen=True, eq=False)
class Cells:
    """The columns of a frame as they were understood.

    `parsed` has every column of the layout; what is out of its limits is missing there from the
    canonical texts, and stays among the typed values. `doubted` marks, by column, dates that may be
    the other way round.
    """

    frame: Frame
    parsed: Mapping[str, Parsed]
    doubted: Mapping[str, pd.Series]

    def canonical(self, name: str) -> pd.Series:
        """A column's canonical texts; missing where a cell is blank or cannot be read."""
        return self.parsed[name].canonical

    def typed(self, name: str) -> pd.Series:
        """A column's typed values."""
        return self.parsed[name].typed

    def passes(self, name: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Which cells of a column (of these rows) pass its contract, blank ones among them.

        A cell passes that was read and is within its column's limits.
        """
        column, read = self.frame.table.column(name), self.parsed[name]
        # a slice copies nothing where all rows are asked about
        at = slice(None) if rows is None else rows
        canonical, typed = read.canonical.iloc[at], read.typed.iloc[at]
        passes = ~read.unreadable.iloc[at].to_numpy(dtype=bool)
        # without a canonical text a cell passes only if it said nothing to begin with
        passes &= ~(canonical.isna().to_numpy() & ~self._says_nothing(name)[at])
        return passes & ~_beyond(column, typed).to_numpy()

    def _says_nothing(self, name: str) -> np.ndarray:
        coded = self.frame.coded[name]
        return coded.rows(np.array([says_nothing(word) for word in coded.words], dtype=bool))

    def told(self, column: Column, rows: np.ndarray) -> Told:
        """What is told of a column's cells: what was sent where it passes, else its form."""
        texts = self.frame.texts[column.name].iloc[rows]
        if column.personal:
            return self._told_of_personal(column, rows, texts)
        passes = self.passes(column.name, rows)
        bare = texts.str.strip().str.slice(0, LONGEST_TOLD)
        if passes.all():
            return Told(bare, (bare != "").to_numpy())
        values = bare.where(pd.Series(passes, index=bare.index), texts.map(form_of))
        return Told(values, passes & (bare != "").to_numpy())

    def _told_of_personal(self, column: Column, rows: np.ndarray, texts: pd.Series) -> Told:
        """Of a personal value nothing is told; of one that cannot be read, its form."""
        lost = self.parsed[column.name].unreadable.iloc[rows]
        values = pd.Series(NOT_SHOWN, index=texts.index, dtype="str")
        if lost.any():
            values = values.where(~lost, texts.map(form_of))
        return Told(values, np.zeros(len(rows), dtype=bool))


def read_cells(frame: Frame) -> Cells:
    """Every column of the frame, read."""
    parsed, doubted = {}, {}
    for column in frame.table.columns:
        read = parse(column, frame.coded[column.name], frame.census_date)
        if column.type == "date" and not column.codes:
            doubt = _may_be_month_first(frame, column)
            if doubt is not None:
                doubted[column.name] = doubt
                # not unreadable as well: `month_first` tells why the cell is blank, and once is
                # enough
                read = Parsed(
                    read.canonical.mask(doubt), read.typed.mask(doubt), read.unreadable & ~doubt
                )
        if column.type == "text" and _is_free_text(frame, column):
            read = _without_what_tells(frame, column, read)
        parsed[column.name] = _without_what_is_beyond(frame, column, read)
    return Cells(frame, parsed, doubted)


def _is_free_text(frame: Frame, column: Column) -> bool:
    """Whether a sender may write anything into the column: official lists are published as is."""
    return not (column.codes or column.personal or frame.table.is_published)


def _without_what_tells(frame: Frame, column: Column, read: Parsed) -> Parsed:
    """Take back text that holds a date, a postcode or an address: nobody asked for these there."""
    coded = frame.coded[column.name]
    if not pc.any(pc.match_substring_regex(coded.distinct, "[0-9@]")).as_py():
        return read
    tells = np.array([is_telling(word) for word in coded.words], dtype=bool)
    mask = frame.of_words(column.name, tells)
    if not mask.any():
        return read
    return Parsed(read.canonical.mask(mask), read.typed.mask(mask), read.unreadable | mask)


def _without_what_is_beyond(frame: Frame, column: Column, read: Parsed) -> Parsed:
    """Take back values out of their limits: none is kept, and the contract finds them."""
    beyond = frame.is_judged & _beyond(column, read.typed)
    if not beyond.any():
        return read
    # typed values stay: the contract is held against them, and finds what is out of its limits
    return Parsed(
        read.canonical.mask(beyond), read.typed, read.unreadable, read.labels_of_other_quarter
    )


def _beyond(column: Column, typed: pd.Series) -> pd.Series:
    """Values below the column's least or above its most."""
    beyond = pd.Series(np.zeros(len(typed), dtype=bool), index=typed.index)
    if column.minimum is not None:
        beyond |= (typed < column.minimum).fillna(value=False).astype("bool")
    if column.maximum is not None:
        beyond |= (typed > column.maximum).fillna(value=False).astype("bool")
    return beyond


def _may_be_month_first(frame: Frame, column: Column) -> pd.Series | None:
    """Dates that may be the other way round: 03/04/2024 in a file that also says 03/25/2024.

    None where no date of the column can only be read with the month first.
    """
    coded, data = frame.coded[column.name], frame.is_data
    pieces = series_of(coded.distinct).str.extract(_SLASHED)
    numbers = (pd.to_numeric(pieces[n]).to_numpy(dtype="float64") for n in (0, 1))
    one, two = (frame.of_words(column.name, number) for number in numbers)
    month_first = data & (one <= 12) & (two > 12) & (two <= 31)
    if not month_first.any():
        return None
    day_first = data & (one > 12) & (one <= 31) & (two <= 12)
    # within one sheet, and by majority: one slip among many dates puts none of the others in doubt
    speaks_for = month_first.groupby(frame.part).sum() > day_first.groupby(frame.part).sum()
    # 03/03 is the same day either way
    is_either = (two <= 12) & (one != two)
    return data & frame.part.map(speaks_for) & (one <= 12) & (is_either | month_first)
