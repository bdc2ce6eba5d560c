"""Cell rules: what is found in one column, cell by cell.

Belongs here: cells that cannot be read, are damaged, or can be read and are hardly meant.
Does not belong here: limits and needed cells, which the contract holds (`row_rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from assets.intake.columns import ERROR_CELL, read_text
from assets.intake.deriving import ages
from assets.intake.door.findings import RowFindings
from assets.intake.door.rows import JudgedRows, Outcome, found
from assets.intake.parsing import expected, is_dash, means_open
from schemas import authorities
from schemas.returns import Column

OLDEST = 25
"""No child of a return is older: some stay with their carers, or in a home, after 18."""


def column_by_column(rows: JudgedRows) -> Outcome:
    """All rules about single cells, over all columns of the layout."""
    return Outcome(
        [
            finding
            for column in rows.table.columns
            for rule in CELL_RULES
            for finding in rule(rows, column)
        ]
    )


def _month_first(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    if column.name in rows.cells.doubted:
        must_be_read = column.needed or column.strict
        name = "month_first" if must_be_read else "month_first_left_blank"
        yield from found(rows, name, rows.cells.doubted[column.name], column)


def _unreadable(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    unread = rows.cells.parsed[column.name].unreadable & rows.is_data
    if unread.any():
        is_error = _shows_an_error(rows, column, unread)
        words = expected(column, rows.frame.census_date)
        must_be_read = column.needed or column.strict
        name = "error_cell" if must_be_read else "error_cell_left_blank"
        yield from found(rows, name, is_error, column, expected=words)
        yield from _cannot_be_read(rows, column, unread & ~is_error, words)


def _cannot_be_read(
    rows: JudgedRows, column: Column, unread: pd.Series, words: str
) -> Iterator[RowFindings]:
    must_be_read = column.needed or column.strict
    if column.personal == "child key":
        yield from found(rows, "damaged_reference", unread, column)
    elif column.type == "text" and not column.codes:
        yield from found(rows, "personal_left_blank", unread, column)
    elif column.type == "authority" and not column.codes:
        clue = authority_clue(rows)
        yield from found(rows, _of_authority(column), unread, column, expected=words, hint=clue)
    elif column.codes:
        # of several labels in one cell those that were understood are kept
        in_part = unread & rows.cells.canonical(column.name).notna()
        name = "unknown_label" if must_be_read else "unknown_label_left_blank"
        if column.several and not must_be_read:
            yield from found(rows, "unknown_label_left_out", in_part, column, expected=words)
            unread &= ~in_part
        yield from found(rows, name, unread, column, expected=words)
    else:
        name = "unreadable" if must_be_read else "unreadable_left_blank"
        yield from found(rows, name, unread, column, expected=words)


def _of_authority(column: Column) -> str:
    if column.unknown_allowed:
        return "unknown_authority_kept"
    return "unknown_authority" if column.needed else "unreadable_left_blank"


def _shows_an_error(rows: JudgedRows, column: Column, unread: pd.Series) -> pd.Series:
    """Cells in which a spreadsheet's error stands in place of a value."""
    texts = rows.frame.texts[column.name][unread]
    shows = texts.map(lambda text: bool(ERROR_CELL.fullmatch(read_text(text)))).astype(bool)
    return rows.frame.rows_at(shows.index[shows])


def authority_clue(rows: JudgedRows) -> Callable[[str], str]:
    """For a text that is no authority's name: the one that it may be, or may have been."""
    day = rows.frame.census_date

    def clue(text: str) -> str:
        if past := authorities.ended(text, day):
            was_none = f" {past.name} was no authority of its own on {day:%d/%m/%Y}"
            return f"{was_none}: name the one that is."
        near = authorities.nearest(text, day)
        return f" Did you mean {' or '.join(near)}?" if near else ""

    return clue


def _district(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    """Districts where an authority was asked for: understood, and said."""
    if column.type != "authority" or column.codes:
        return
    # asked once a distinct text: looking for districts costs more than the rows do
    day, words = rows.frame.census_date, rows.frame.coded[column.name].words
    around = {word: authorities.around_district(word, day) for word in words}
    counties = {word: county.name for word, county in around.items() if county}
    if counties:
        says = np.array([word in counties for word in words], dtype=bool)
        mask = rows.is_data & rows.frame.of_words(column.name, says)
        clue = lambda text: counties.get(text, "")  # noqa: E731 - one use
        yield from found(rows, "district_for_its_county", mask, column, hint=clue)


def _label_of_another_quarter(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    foreign = rows.cells.parsed[column.name].labels_of_other_quarter
    if foreign is not None:
        yield from found(rows, "label_of_another_quarter", foreign & rows.is_data, column)


def _end_far_off(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    """A day far off that stands for no end."""
    if column.open_ended:
        words = rows.frame.coded[column.name].words
        is_open = np.array([means_open(word) for word in words], dtype=bool)
        mask = rows.frame.is_judged & rows.frame.of_words(column.name, is_open)
        yield from found(rows, "end_far_off", mask, column)


def _unusual_amount(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    """A year's fee, or a day's, where a week's was asked for."""
    if column.usual:
        least, most = column.usual
        typed = rows.cells.typed(column.name)
        # a layout says where an amount of nought is nothing odd
        is_asked = (typed > 0) | (not column.nought_is_usual)
        # a blank amount is neither too low nor too high
        odd = ((typed > most) | (is_asked & (typed < least))).fillna(value=False).astype(bool)
        words = f"£{least:,} to £{most:,}"
        yield from found(rows, "unusual_amount", rows.frame.is_judged & odd, column, expected=words)


def _unlikely_birth(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    if column.personal == "birth date":
        born, day = rows.cells.typed(column.name), rows.frame.census_date
        unborn = born > pd.Timestamp(day)
        too_old = ages(born, day) > OLDEST
        for odd, hint in (
            (unborn, "is after the census date"),
            (too_old, f"makes the child over {OLDEST}"),
        ):
            mask = rows.frame.is_judged & odd.fillna(value=False).astype(bool)
            yield from found(rows, "birth_date_unlikely", mask, column, hint=hint)


def _dash_for_nought(rows: JudgedRows, column: Column) -> Iterator[RowFindings]:
    if column.type == "integer" and column.needed:
        words = rows.frame.coded[column.name].words
        dashes = np.array([is_dash(word) for word in words], dtype=bool)
        mask = rows.is_data & rows.frame.of_words(column.name, dashes)
        was_read = rows.cells.canonical(column.name).notna()
        yield from found(rows, "dash_for_nought", mask & was_read, column)


CELL_RULES: tuple[Callable[[JudgedRows, Column], Iterator[RowFindings]], ...] = (
    _month_first,
    _unreadable,
    _district,
    _label_of_another_quarter,
    _end_far_off,
    _unusual_amount,
    _unlikely_birth,
    _dash_for_nought,
)
