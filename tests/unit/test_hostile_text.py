"""Text of which a pattern would make work without end: a cell, a header, a note or an archive's
list of parts stops no quarter.

A row of stars with a word behind it, as people write it, took hours; so did a million times the
same letter.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from assets.intake.reading import CannotRead, read_sheets
from tests.unit.at_the_door import GOOD, csv_of, held_up, sender_for
from tests.unit.test_reading import zip_of

LONG = 100_000
HOSTILE = {
    "stars and a word": "*" * 40 + " see below",
    "raised figures": "\u00b9" * 40 + "x",
    "stars": "*" * LONG + "x",
    "one letter": "a" * LONG,
    "at signs": "@" * LONG,
    "brackets": "(" * LONG,
    "notes": "(note 1," * (LONG // 8),
    "a dash and wide spaces": "-" + "\u2003" * LONG + "x",
    "a year and spaces": "2020" + "\u00a0" * LONG + "x",
    "a pound and spaces": "\u00a3" + "\u2003" * LONG + "x",
    "dates": "1 jan " * (LONG // 6),
    "digits and dots": "1." * (LONG // 2),
}


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    """Fail where it has not ended: what is measured is minutes against hours, not how fast it is."""

    def over(*_: object) -> None:
        pytest.fail(f"it had not ended after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("table", ["provider_settings", "placement_census", "ssda903_episodes"])
def test_no_cell_stops_the_quarter(table, text):
    rows = [{column: text} for column in GOOD[table]]
    with _within(90):
        held = held_up(csv_of(table, rows), sender=sender_for(table))
    assert held.books[0][0] == len(rows)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_header_and_no_note_below_a_table_stops_the_quarter(text):
    table = "provider_settings"
    head, *rest = csv_of(table, [{}]).splitlines()
    with _within(90):
        held = held_up(
            "\n".join([f'{head},"{text}"', *rest, f'"{text}"']), sender=sender_for(table)
        )
    assert held.books[0][0] == len(rest) + 1


def test_no_list_of_parts_stops_the_quarter():
    parts = b'<Override PartName="a" ContentType="sheet" ' * 20_000
    with _within(90), pytest.raises(CannotRead):
        read_sheets(zip_of({"[Content_Types].xml": parts}))
