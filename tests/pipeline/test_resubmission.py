"""Submissions on record: resubmission supersedes, the same bytes change nothing, books always
balance.
"""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter, out_of_date
from resources.errors import ObservatoryError
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY

DATE = "2025-03-31"
DAY = dt.date.fromisoformat(DATE)
REGION = load_region("north_west")


def test_a_resubmission_supersedes_and_the_older_stays_on_record(warehouse, landing, bring):
    landing.drop(DATE, "E08000007", "census.csv", builders.census([{}] * 5))
    bring(warehouse, landing, DATE)
    landing.drop(DATE, "E08000007", "census v2.csv", builders.census([{}] * 7))
    bring(warehouse, landing, DATE)
    rows = warehouse.rows(
        "select s.sender, s.file_name, t.version, t.status from raw.submission as s inner join"
        " raw.submission_table as t on s.submission_id = t.submission_id order by t.version"
    )
    assert [tuple(r) for r in rows] == [
        ("356", "census.csv", 1, "superseded"),
        ("356", "census v2.csv", 2, "in force"),
    ]
    assert warehouse.scalar("select sum(placements) from curated.commissioned_placements") == 7
    assert warehouse.scalar("select count(*) from raw.placement_census") == 12


def test_two_versions_before_the_first_run_count_in_the_order_received(
    embedded_warehouse, landing, bring
):
    landing.drop(DATE, "356", "z first.csv", builders.census([{}] * 3))
    landing.drop(DATE, "356", "a second.csv", builders.census([{}] * 4))
    bring(embedded_warehouse, landing, DATE)
    assert (
        embedded_warehouse.scalar("select sum(placements) from curated.commissioned_placements")
        == 4
    )


def test_the_same_bytes_again_change_nothing(embedded_warehouse, landing, bring):
    path = landing.drop(DATE, "356", "census.csv", builders.census([{}] * 5))
    bring(embedded_warehouse, landing, DATE)
    before = embedded_warehouse.frame("select * from raw.submission_table")
    landing.drop(DATE, "356", "copy of census.csv", path.read_bytes())
    landing.drop(DATE, "E08000007", "census.csv", path.read_bytes())
    result = take_in(embedded_warehouse, landing.place, DAY, KEY)
    assert (result.files_seen, result.files_new) == (3, 0)
    assert embedded_warehouse.frame("select * from raw.submission_table").equals(before)
    assert out_of_date(embedded_warehouse, REGION) == []


def test_content_that_changed_while_the_time_stamp_did_not_is_seen(
    embedded_warehouse, landing, bring
):
    import os

    path = landing.drop(DATE, "356", "census.csv", builders.census([{"age": 11}] * 5))
    bring(embedded_warehouse, landing, DATE)
    stamp = path.stat().st_mtime
    path.write_text(builders.census([{"age": 12}] * 5).to_csv(index=False), encoding="utf-8")
    os.utime(path, (stamp, stamp))
    bring(embedded_warehouse, landing, DATE)
    assert embedded_warehouse.scalar("select min(age) from core.placement") == 12


def test_a_quarter_that_is_up_to_date_is_not_written_again(embedded_warehouse, landing, bring):
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 5))
    bring(embedded_warehouse, landing, DATE)
    rows = "select ctid::text, xmin::text from core.placement order by 1"
    before = embedded_warehouse.frame(rows)
    assert build_quarter(embedded_warehouse, DAY, REGION).was_up_to_date
    assert embedded_warehouse.frame(rows).equals(before)


def test_a_new_register_list_makes_later_quarters_that_carry_it_out_of_date(
    embedded_warehouse, landing, bring
):
    landing.drop("2025-06-30", "356", "june.csv", builders.census([{}] * 5))
    bring(embedded_warehouse, landing, "2025-06-30")
    landing.drop(
        DATE,
        "ofsted",
        "list.csv",
        builders.register([{"urn": "SC000001", "local_authority": "Stockport"}]),
    )
    bring(embedded_warehouse, landing, DATE)
    assert out_of_date(embedded_warehouse, REGION) == [dt.date(2025, 6, 30)]
    bring(embedded_warehouse, landing, "2025-06-30")
    row = embedded_warehouse.rows(
        "select settings_registered, register_carried from curated.host_authority_occupancy where"
        " census_date = '2025-06-30'"
    )[0]
    assert tuple(row) == (1, True)


def test_a_smaller_return_that_takes_the_place_of_a_larger_one_is_questioned(
    embedded_warehouse, landing, bring
):
    landing.drop(
        DATE,
        "provider-a",
        "homes.csv",
        builders.settings([{"urn": f"SC00000{n}"} for n in range(5)]),
    )
    bring(embedded_warehouse, landing, DATE)
    landing.drop(DATE, "provider-a", "one more home.csv", builders.settings([{"urn": "SC000009"}]))
    bring(embedded_warehouse, landing, DATE)
    assert "meant as an addition" in embedded_warehouse.scalar(
        "select message from raw.finding where rule = 'replaces_a_larger_return'"
    )


def test_a_withdrawn_submission_stays_on_record_and_the_one_before_counts_again(
    warehouse, landing, bring
):
    from assets.intake.loading import withdraw

    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 5))
    second = landing.drop(DATE, "356", "census v2.csv", builders.census([{}] * 7))
    bring(warehouse, landing, DATE)
    number = warehouse.scalar(
        "select submission_id from raw.submission where file_name = 'census v2.csv'"
    )
    assert withdraw(warehouse, number, "the tester", "sent by mistake") == (DAY, "356")
    bring(warehouse, landing, DATE)
    assert warehouse.scalar("select sum(placements) from curated.commissioned_placements") == 5
    statuses = dict(
        warehouse.rows(
            "select file_name, status from raw.submission join raw.submission_table using"
            " (submission_id)"
        )
    )
    assert statuses == {"census.csv": "in force", "census v2.csv": "withdrawn"}
    assert warehouse.scalar("select count(*) from raw.placement_census") == 12
    landing.drop(DATE, "356", "census v2 again.csv", second.read_bytes())
    bring(warehouse, landing, DATE)
    assert warehouse.scalar("select sum(placements) from curated.commissioned_placements") == 5
    with pytest.raises(ObservatoryError, match="withdrawn already"):
        withdraw(warehouse, number, "the tester", "twice")
    with pytest.raises(ObservatoryError, match="There is no submission"):
        withdraw(warehouse, "nonsense", "the tester", "none")


def test_a_late_return_makes_the_quarters_after_it_out_of_date_too(
    embedded_warehouse, landing, bring
):
    for date in (DATE, "2025-06-30"):
        landing.drop(date, "356", "census.csv", builders.census([{}] * 5))
        bring(embedded_warehouse, landing, date)
    assert out_of_date(embedded_warehouse, REGION) == []
    landing.drop(DATE, "352", "late.csv", builders.census([{}] * 5, "Manchester"))
    bring(embedded_warehouse, landing, DATE)
    assert out_of_date(embedded_warehouse, REGION) == [dt.date(2025, 6, 30)]


def test_a_superseded_return_withdrawn_makes_the_quarters_out_of_date_whose_sender_of_record_it_decided(
    embedded_warehouse, landing, bring
):
    """Of two senders the one whose first return of the home came first counts; that may be one that
    was superseded.
    """
    from assets.intake.loading import withdraw

    home = {"urn": "SC000001"}
    for sender, rows in (
        ("provider-a", [home]),
        ("provider-b", [home]),
        ("provider-a", [home, {"urn": "SC000002"}]),
    ):
        landing.drop(DATE, sender, f"{len(rows)}.csv", builders.settings(rows))
        bring(embedded_warehouse, landing, DATE)
    for sender in ("provider-b", "provider-a"):
        landing.drop("2025-06-30", sender, "june.csv", builders.settings([home]))
        bring(embedded_warehouse, landing, "2025-06-30")
    counts = (
        "select sender from core.setting_return where urn = 'SC000001' and census_date ="
        " '2025-06-30'"
    )
    assert embedded_warehouse.scalar(counts) == "provider-a"
    first = (
        "select submission_id from raw.submission where sender = 'provider-a' and census_date ="
        " '2025-03-31' order by received_at limit 1"
    )
    withdraw(embedded_warehouse, embedded_warehouse.scalar(first), "the tester", "sent by mistake")
    assert dt.date(2025, 6, 30) in out_of_date(embedded_warehouse, REGION)
    bring(embedded_warehouse, landing, "2025-06-30")
    assert embedded_warehouse.scalar(counts) == "provider-b"


def test_what_quarters_rest_on_is_asked_once_however_many_there_are(embedded_warehouse, landing):
    """A quarter that did not change costs next to nothing: what was received is gone through once,
    not once a quarter.
    """
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    def statements(*dates: str) -> int:
        for date in dates:
            landing.drop(date, "356", "census.csv", builders.census([{}] * 3))
            take_in(embedded_warehouse, landing.place, dt.date.fromisoformat(date), KEY)
        asked.clear()
        sa.event.listen(embedded_warehouse.engine, "before_cursor_execute", note)
        try:
            assert set(map(str, out_of_date(embedded_warehouse, REGION))) >= set(dates)
        finally:
            sa.event.remove(embedded_warehouse.engine, "before_cursor_execute", note)
        return len(asked)

    prepare(embedded_warehouse, REGION)
    assert statements("2024-12-31", DATE) == statements("2023-12-31", "2024-03-31", "2024-06-30")


def test_a_return_makes_the_three_years_after_it_out_of_date_and_no_other_quarter(
    embedded_warehouse, landing, bring
):
    quarters = ["2021-09-30", "2022-03-31", "2024-12-31", DATE]
    for date in quarters:
        landing.drop(date, "356", "census.csv", builders.census([{}] * 3))
        bring(embedded_warehouse, landing, date)
    assert out_of_date(embedded_warehouse, REGION) == []
    landing.drop("2021-12-31", "356", "census.csv", builders.census([{}] * 4))
    take_in(embedded_warehouse, landing.place, dt.date(2021, 12, 31), KEY)
    assert list(map(str, out_of_date(embedded_warehouse, REGION))) == [
        "2021-12-31",
        "2022-03-31",
        "2024-12-31",
    ]
