"""What one sender sends keeps no other waiting: beyond what a run gives a sender, its files wait
for the next run, and are said.
"""

from __future__ import annotations

import datetime as dt

import pytest

from assets.intake import turns
from assets.intake.loading import has_news, take_in
from pipelines import sensors
from resources.landing import LandedFile
from tests import builders
from tests.conftest import KEY
from tests.pipeline.test_arrivals import counted, statuses
from tests.pipeline.test_sensor import _tick, home  # noqa: F401 - the fixture

DATE = "2025-03-31"
DAY = dt.date.fromisoformat(DATE)


@pytest.fixture
def no_time(monkeypatch):
    """A sender's turn is over once one file of it was opened."""
    monkeypatch.setattr(turns, "SECONDS_A_SENDER", 0)


def drop_all(landing) -> None:
    for number in range(2, 6):
        name = f"census v{number}.csv" if number % 2 else f"Zebedee Canary {number}.csv"
        landing.drop(DATE, "356", name, builders.census([{}] * number))
    landing.drop(DATE, "352", "census.csv", builders.census([{}] * 3, "Manchester"))
    landing.drop(DATE, "provider-acorn", "homes.csv", builders.settings([{"urn": "SC1"}]))
    landing.drop(DATE, "nobody we know", "a.csv", builders.census([{}]))


def news(warehouse, landing) -> bool:
    with warehouse.reading() as connection:
        return has_news(connection, landing.place, DAY, KEY)


def put_off(warehouse) -> list[tuple[str, int]]:
    return [
        (row.sender, row.files)
        for row in warehouse.rows("select sender, files from raw.put_off order by sender")
    ]


def test_a_sender_whose_turn_is_over_waits_and_the_others_go_on(
    embedded_warehouse, landing, no_time
):
    drop_all(landing)
    said: list[str] = []
    result = take_in(embedded_warehouse, landing.place, DAY, KEY, said.append)
    assert (result.files_new, result.files_put_off) == (4, 3)
    senders = embedded_warehouse.rows(
        "select sender, count(*) as files from raw.submission group by 1 order by 1"
    )
    assert sorted(row.files for row in senders) == [1, 1, 1, 1] and len(senders) == 4
    (line,) = [line for line in said if "wait for the next run" in line]
    assert (
        " 356 has had" in line
        and "3 files" in line
        and "census v3.csv" in line
        and "text of 20 characters).csv" in line
    )
    assert "Zebedee" not in "".join(said)
    assert put_off(embedded_warehouse) == [("356", 3)]
    passes = 1
    while news(embedded_warehouse, landing):
        take_in(embedded_warehouse, landing.place, DAY, KEY)
        passes += 1
        assert passes < 9
    assert passes == 4
    assert put_off(embedded_warehouse) == []
    assert statuses(embedded_warehouse).count("superseded") == 3
    assert counted(embedded_warehouse) == 5 + 3, (
        "the newest counts, as if all had been read at once"
    )
    books = embedded_warehouse.rows("select * from raw.submission_table")
    assert (
        sum(row.rows_received for row in books)
        == sum(row.rows_loaded + row.rows_rejected + row.rows_set_aside for row in books)
        == 18
    )


def test_what_waits_keeps_what_lay_there_and_comes_as_it_would_have_come(
    embedded_warehouse, landing, monkeypatch
):
    """A corrected file, an old one sent again, and one that an earlier contract read: all wait, and
    nothing counts twice or not at all.
    """
    first = landing.drop(DATE, "356", "return.csv", builders.census([{}] * 2))
    old = first.read_bytes()
    take_in(embedded_warehouse, landing.place, DAY, KEY)
    landing.drop(DATE, "356", "return.csv", builders.census([{}] * 3))
    take_in(embedded_warehouse, landing.place, DAY, KEY)
    before = statuses(embedded_warehouse)
    monkeypatch.setattr(turns, "SECONDS_A_SENDER", 0)
    landing.drop(DATE, "356", "a slow one.csv", b"%PDF-1.7")
    landing.drop(DATE, "356", "return.csv", old)
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_put_off == 1
    assert statuses(embedded_warehouse) == [*before, "rejected"]
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_put_off == 0
    assert statuses(embedded_warehouse) == ["superseded", "superseded", "rejected", "in force"]
    assert not news(embedded_warehouse, landing)
    monkeypatch.setattr("assets.intake.loading.door_version", lambda: "another")
    versions = embedded_warehouse.frame(
        "select submission_id, version, status from raw.submission_table order by 1"
    )
    passes = [take_in(embedded_warehouse, landing.place, DAY, KEY).files_put_off for _ in range(4)]
    assert passes == [2, 1, 0, 0], "what lies there is read again, one after the other"
    assert embedded_warehouse.frame(
        "select submission_id, version, status from raw.submission_table order by 1"
    ).equals(versions)
    assert counted(embedded_warehouse) == 2


def test_many_cells_end_a_turn_as_much_time_does(embedded_warehouse, landing, monkeypatch):
    """All sheets of a pass are held until they are judged: a sender may not fill the memory with
    files that are each small enough.
    """
    monkeypatch.setattr(turns, "CELLS_A_SENDER", 30)
    drop_all(landing)
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_put_off > 0
    assert [sender for sender, _ in put_off(embedded_warehouse)] == ["356"]


def test_reading_is_time_too(embedded_warehouse, landing, monkeypatch):
    """A file may be slow to read, and quick to open: what is counted begins with its first byte."""
    clock = iter(range(0, 100_000, 200))
    monkeypatch.setattr("assets.intake.arrivals.moment", lambda: float(next(clock)))
    monkeypatch.setattr("assets.intake.loading.moment", lambda: float(next(clock)))
    drop_all(landing)
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_put_off > 0


def test_the_sensor_goes_on_with_what_waits(home, landing, no_time):  # noqa: F811
    """Nothing more lands, and yet the rest is due: once for each time that files were put off."""
    from resources.warehouse import Warehouse

    drop_all(landing)
    requested, cursor = _tick(None)
    assert requested == [DATE]
    with Warehouse(home.url) as warehouse:
        take_in(warehouse, landing.place, DAY, KEY)
        assert put_off(warehouse)
        assert _tick(cursor)[0] == [DATE]
        while put_off(warehouse):
            take_in(warehouse, landing.place, DAY, KEY)
        assert not news(
            warehouse, landing
        )  # what is due from now on is the building, which is found from state


def test_a_file_that_is_put_off_is_named_by_no_name_of_a_child():
    file = LandedFile(
        DAY, "356", "Zebedee Canary 17-09-2013.xlsx", None, 1, dt.datetime.now(tz=dt.UTC)
    )
    assert "Zebedee" not in turns.label(file) and turns.label(file).endswith(".xlsx")
    assert sensors.landing_place
