"""Partitions: one a census date, from the first returns to the quarter end that has just passed."""

from __future__ import annotations

import datetime as dt

import dagster as dg

FIRST = dt.date(2015, 3, 31)

quarters = dg.TimeWindowPartitionsDefinition(
    start=FIRST.isoformat(), cron_schedule="0 0 L 3,6,9,12 *", fmt="%Y-%m-%d", timezone="Europe/London", end_offset=1
)
"""Quarter ends: 31 March, 30 June, 30 September, 31 December. A quarter exists from its last day on."""


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


def last_quarter_end(today: dt.date) -> dt.date:
    """The newest quarter end on or before `today`."""
    date = FIRST
    while following(date) <= today:
        date = following(date)
    return date
