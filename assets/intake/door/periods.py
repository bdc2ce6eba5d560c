"""Periods: whether what a return says of its own date, quarter or year is its folder's.

Belongs here: reading dates, quarters and years as people write them, and the rule on the columns
that hold them.
Does not belong here: dates of single rows (`row_rules`, `file_rules`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from assets.intake.door.findings import Finding
from assets.intake.opening import body
from assets.intake.parsing import read_date
from assets.intake.reading import Sheet, cell_text
from assets.intake.recognising import Recognised
from schemas.headers import header_key

PERIOD_HEADERS = frozenset(
    """
    censusdate snapshotdate asat asatdate quarter quarterend quarterending quarterenddate period
    periodend reportingperiod year financialyear collectiondate reportdate
    """.split()  # noqa: SIM905 - a list of words
)
"""Headers, as `header_key` makes them, of columns that say of when a return is."""

_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTH = r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_QUARTER = re.compile(r"\bq([1-4])\b|\bquarter ?([1-4])\b")
_TWO_YEARS = re.compile(r"\b(20\d{2})\s*[/\-\u2013]\s*(?:20)?(\d{2})\b")
_ONE_YEAR = re.compile(r"\b(20\d{2})\b")
_WORDS_OF_PERIODS = re.compile(
    rf"q[1-4]|quarter ?[1-4]|20\d\d(?:\s*[/\-\u2013]\s*(?:20)?\d\d\b)?|(?:{_MONTH})[a-z]*", re.I
)


def wrong_period(sheet: Sheet, recognised: Recognised, census_date: dt.date) -> Iterator[Finding]:
    """A column of the return that says its date, quarter or year: it must be the folder's.

    A pooled return may hold several years: it is of the wrong quarter only where none of its years
    is the folder's.
    """
    for header, place in _period_columns(sheet, recognised).items():
        # a row of texts may end before the column
        cells = (
            cell_text(row[place]).strip() for row in body(sheet, recognised) if place < len(row)
        )
        values = [cell for cell in cells if cell]
        # None, where a text tells of no period, is not wrong
        wrong = [value for value in values if period_fits(value, census_date) is False]
        may_have_several = place == recognised.columns.get("year")
        enough = max(len(values) - 1, 0) if may_have_several else len(values) / 2
        if len(wrong) > enough:
            yield Finding(
                "wrong_quarter",
                recognised.table.name,
                sheet.label,
                expected=f"{census_date:%d/%m/%Y}",
                hint=f"its column '{header}' says {_period_words(wrong[0])}",
            )


def _period_columns(sheet: Sheet, recognised: Recognised) -> dict[str, int]:
    """The columns that say of when the return is: place by header."""
    columns = {
        header: place
        for header, place in recognised.others.items()
        if header_key(header) in PERIOD_HEADERS
    }
    if "year" in recognised.columns:
        place = recognised.columns["year"]
        columns[cell_text(sheet.rows[recognised.header_row][place]).strip()] = place
    return columns


def _period_words(text: str) -> str:
    """The words that tell a quarter or year; of a date, which may be a child's, its year."""
    if date := read_date(text):
        return f"a date in {date[:4]}"
    return f"'{' '.join(_WORDS_OF_PERIODS.findall(text))}'"


def period_fits(text: str, census_date: dt.date) -> bool | None:
    """Whether a date, quarter or year written in a return is that of the census date.

    None where it cannot be told.
    """
    if date := read_date(text):
        # census dates are ends of quarters, so the month is never below 3
        first_day = dt.date(census_date.year, census_date.month - 2, 1)
        return first_day <= dt.date.fromisoformat(date) <= census_date
    word = text.casefold().strip()
    years = _years_in(word)
    if not years:
        return None
    if quarter := _QUARTER.search(word):
        return _quarter_fits(int(quarter.group(1) or quarter.group(2)), years, census_date)
    if months := re.findall(_MONTH, word):
        # three letters a month: its place among all of them tells its number
        numbers = [1 + _MONTHS.index(month) // 3 for month in months]
        return census_date.month in numbers and years[-1] == census_date.year
    return _year_fits(years, census_date)


def _financial_year(census_date: dt.date) -> int:
    """The year in which the census date's financial year began, on 1 April."""
    return census_date.year if census_date.month > 3 else census_date.year - 1


def _year_fits(years: tuple[int, ...], census_date: dt.date) -> bool:
    begins = _financial_year(census_date)
    if len(years) == 2:
        return years == (begins, begins + 1)
    return years[0] in {census_date.year, begins, begins + 1}


def _quarter_fits(quarter: int, years: tuple[int, ...], census_date: dt.date) -> bool:
    """Whether a quarter fits, counted by calendar years or by financial ones."""
    of_calendar = quarter == census_date.month // 3
    # the quarter to June is the first of a financial year, that to March the fourth
    of_financial = quarter == (census_date.month // 3 - 2) % 4 + 1
    if len(years) == 2:
        return of_financial and _year_fits(years, census_date)
    begins = _financial_year(census_date)
    in_calendar = of_calendar and years[0] == census_date.year
    # `Q4 2025` may name the year in which the financial one began, or that in which it ends
    return in_calendar or (of_financial and years[0] in {begins, begins + 1})


def _years_in(text: str) -> tuple[int, ...]:
    """The financial year (two years) or the year that a text says; nothing where it says none."""
    if pair := _TWO_YEARS.search(text):
        return int(pair.group(1)), 2000 + int(pair.group(2))
    single = _ONE_YEAR.search(text)
    return (int(single.group(1)),) if single else ()
