"""Quarter ends: which dates are quarters, and which of them there is anything to do for.

Belongs here: what is known of a date by itself. What Dagster makes of quarters is in `partitions`.
"""

from __future__ import annotations

import datetime as dt

from resources.settings import settings_from_environment

FIRST = dt.date(2015, 3, 31)
"""The first quarter of which any region may have returns."""


def first_quarter() -> dt.date:
    """The quarter end with which the returns of this observatory's region begin."""
    return settings_from_environment().region.begins


def runs_of(dates: list[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """The dates as ranges of quarters that follow each other: one run each."""
    ranges: list[tuple[dt.date, dt.date]] = []
    for date in sorted(set(dates)):
        if ranges and following(ranges[-1][1]) == date:
            ranges[-1] = (ranges[-1][0], date)
        else:
            ranges.append((date, date))
    return ranges


def following(date: dt.date) -> dt.date:
    """The quarter end after `date`."""
    month = date.month + 3
    year, month = date.year + (month - 1) // 12, (month - 1) % 12 + 1
    return dt.date(year, month, 31 if month in (3, 12) else 30)


def between(first: dt.date, last: dt.date) -> list[dt.date]:
    """The quarter ends from `first`, which is one, to `last`."""
    dates = [first]
    while following(dates[-1]) <= last:
        dates.append(following(dates[-1]))
    return dates


def workable(dates: list[dt.date], today: dt.date) -> tuple[list[dt.date], list[str]]:
    """Of the dates of folders those that are quarters to work on, and a sentence for each of the
    others.
    """
    first, last, said = first_quarter(), last_quarter_end(today), []
    for date in sorted(dates):
        if date > last:
            said.append(
                f"{date}: a census date in the future was found; a quarter that has ended was"
                " expected, and this one has not ended yet."
            )
        elif date < first:
            said.append(f"{date}: a census date before {first} was found; returns begin there.")
    return [date for date in sorted(dates) if first <= date <= last], [
        f"{one} The folder is left alone: check its name." for one in said
    ]


def last_quarter_end(today: dt.date) -> dt.date:
    """The newest quarter end on or before `today`."""
    date = FIRST
    while following(date) <= today:
        date = following(date)
    return date
