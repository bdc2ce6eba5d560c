"""The register of arrivals: a return came when its bytes were first seen; what was sent again
counts again; nothing else is news.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil

import pytest

from assets.access.preparing import prepare
from assets.answering.outbox import answer_quarter
from assets.intake.loading import has_news, take_in
from made_up import make_region
from resources.landing import LandingPlace
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY, forget_versions

DATE = "2025-03-31"
DAY = dt.date.fromisoformat(DATE)
NOW = "select now()"


def census(children: int) -> str:
    return builders.census([{}] * children).to_csv(index=False)


def counted(warehouse) -> int:
    """The rows of the census in force."""
    return warehouse.scalar("select count(*) from staging.placement_census")


def statuses(warehouse) -> list[str]:
    rows = warehouse.rows(
        "select t.status from raw.submission as s join raw.submission_table as t using"
        " (submission_id) order by s.received_at"
    )
    return [row.status for row in rows]


@pytest.fixture
def arrive(embedded_warehouse, landing):
    """Take in what lies there; gives the number of files that were read. A second time nothing is."""

    def arrive_() -> int:
        read = take_in(embedded_warehouse, landing.place, DAY, KEY).files_new
        before = embedded_warehouse.frame("select * from raw.landed order by place_mark")
        with embedded_warehouse.reading() as connection:
            assert not has_news(connection, landing.place, DAY, KEY)
        assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 0
        assert embedded_warehouse.frame("select * from raw.landed order by place_mark").equals(
            before
        )
        return read

    return arrive_


def test_what_lands_last_counts_whatever_its_own_time(embedded_warehouse, landing, arrive):
    """WinSCP, rsync -t and cp -p keep the time of the file: a correction may be older than what it
    corrects.
    """
    landing.drop(DATE, "356", "v1.csv", census(2))
    arrive()
    os.utime(landing.drop(DATE, "356", "v2.csv", census(3)), (1_000_000_000, 1_000_000_000))
    assert arrive() == 1
    assert counted(embedded_warehouse) == 3
    assert statuses(embedded_warehouse) == ["superseded", "in force"]


def test_the_first_sent_again_counts_and_is_answered(
    embedded_warehouse, landing, bring, arrive, tmp_path
):
    first = landing.drop(DATE, "356", "v1.csv", census(2))
    bring(embedded_warehouse, landing, DATE)
    landing.drop(DATE, "356", "v2.csv", census(3))
    bring(embedded_warehouse, landing, DATE)
    answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "outbox"), DAY, KEY)
    shutil.copy2(first, first.with_name("v1 again.csv"))  # with its own time
    bring(embedded_warehouse, landing, DATE)
    assert counted(embedded_warehouse) == 2
    assert statuses(embedded_warehouse) == ["superseded", "superseded", "in force"]
    before = set((tmp_path / "outbox").rglob("*.html"))
    answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "outbox"), DAY, KEY)
    (answer,) = set((tmp_path / "outbox").rglob("*.html")) - before
    assert "Accepted</strong>" in answer.read_text(encoding="utf-8")
    assert "no longer in the landing place" not in answer.read_text(encoding="utf-8")
    assert arrive() == 0


@pytest.mark.parametrize(
    "gone", [False, True], ids=["over the second under its own name", "after it was gone"]
)
def test_the_first_put_there_again_under_its_own_name_counts(
    embedded_warehouse, landing, arrive, gone
):
    landing.drop(DATE, "356", "return.csv", census(2))
    arrive()
    if gone:
        (landing.root / DATE / "356" / "return.csv").unlink()
    landing.drop(DATE, "356", "v2.csv" if gone else "return.csv", census(3))
    arrive()
    landing.drop(DATE, "356", "return.csv", census(2))
    assert arrive() == 1
    assert counted(embedded_warehouse) == 2


def test_what_only_lies_there_still_is_not_sent_again(embedded_warehouse, landing, arrive):
    """Touched, renamed, copied while it was in force, gone for a while and back as it was: none of
    it is a new arrival.
    """
    first = landing.drop(DATE, "356", "v1.csv", census(2))
    arrive()
    copy = shutil.copy2(first, first.with_name("a copy of v1.csv"))
    assert arrive() == 0
    landing.drop(DATE, "356", "v2.csv", census(3))
    assert arrive() == 1
    os.utime(first)
    os.utime(first, (1_770_000_000, 1_770_000_000))
    assert arrive() == 0
    copy.rename(first.with_name("archive of v1.csv"))
    assert arrive() == 0
    kept = landing.root.parent / "kept.csv"
    first.rename(kept)
    assert arrive() == 0
    kept.rename(first)
    assert arrive() == 0
    assert counted(embedded_warehouse) == 3


def test_bytes_in_force_change_nothing_though_other_tables_come_between(
    embedded_warehouse, landing, arrive
):
    first = landing.drop(DATE, "356", "census.csv", census(2))
    landing.drop(DATE, "356", "header.csv", builders.children([{"child": "C1"}]))
    landing.drop(DATE, "356", "census again.csv", first.read_bytes())
    assert arrive() == 2
    landing.drop(DATE, "356", "rejected.csv", b"%PDF-1.7")
    landing.drop(DATE, "356", "census a third time.csv", first.read_bytes())
    assert arrive() == 1
    assert statuses(embedded_warehouse) == ["in force", "in force", "rejected"]


def test_first_second_and_first_again_before_the_first_run_count_in_their_order(
    embedded_warehouse, landing, arrive
):
    first = landing.drop(DATE, "356", "v1.csv", census(2))
    landing.drop(DATE, "356", "v2.csv", census(3))
    landing.drop(DATE, "356", "again.csv", first.read_bytes())
    assert arrive() == 3
    assert counted(embedded_warehouse) == 2


def test_a_return_arrives_when_it_is_first_seen_and_never_in_the_future(
    embedded_warehouse, landing, arrive
):
    os.utime(
        landing.drop(DATE, "352", "2099.csv", builders.census([{}], "Manchester")),
        (4_070_908_800, 4_070_908_800),
    )
    os.utime(landing.drop(DATE, "356", "old.csv", census(1)), (1, 1))
    before = embedded_warehouse.scalar(NOW)
    arrive()
    seen = embedded_warehouse.rows(
        "select file_name, received_at from raw.submission order by received_at"
    )
    assert [row.received_at >= before for row in seen] == [True, True]
    assert all(row.received_at <= embedded_warehouse.scalar(NOW) for row in seen)
    assert len({row.received_at for row in seen}) == 2, "one after the other"


def dump(warehouse) -> list[str]:
    """What was made of the returns, with the moments of arrival."""
    query = (
        "select * from raw.submission as s join raw.submission_table as t using (submission_id)"
        " order by submission_id, table_name"
    )
    rows = [repr(row) for row in warehouse.rows(query)]
    return rows + [
        repr(row)
        for row in warehouse.rows(
            "select * from raw.placement_census order by submission_id, row_number"
        )
    ]


def test_the_same_landing_place_and_register_give_the_same_warehouse(
    embedded_warehouse, landing, arrive
):
    """Also after everything that was read is gone: what the register holds is enough."""
    first = landing.drop(DATE, "356", "v1.csv", census(2))
    arrive()
    os.utime(landing.drop(DATE, "356", "v2.csv", census(3)), (1_000_000_000, 1_000_000_000))
    arrive()
    landing.drop(DATE, "356", "v1 again.csv", first.read_bytes())
    arrive()
    made = dump(embedded_warehouse)
    with embedded_warehouse.writing() as connection:
        for table in ("submission", "submission_table", "placement_census"):
            connection.exec_driver_sql(f"delete from raw.{table}")
    arrive()
    assert dump(embedded_warehouse) == made


def test_a_warehouse_from_before_the_register_keeps_what_counted(
    embedded_warehouse, landing, arrive
):
    landing.drop(DATE, "356", "v1.csv", census(2))
    landing.drop(DATE, "356", "v2.csv", census(3))
    arrive()
    with embedded_warehouse.writing() as connection:
        connection.exec_driver_sql("delete from raw.arrival")
        connection.exec_driver_sql("delete from raw.landed")
        connection.exec_driver_sql(
            "update raw.submission set received_at = '2099-01-01' where file_name = 'v2.csv'"
        )
        connection.exec_driver_sql(
            "update raw.submission set received_at = '2025-04-20 09:00+00' where file_name ="
            " 'v1.csv'"
        )
    assert arrive() == 0
    assert counted(embedded_warehouse) == 3
    seen = [
        row.first_seen_at
        for row in embedded_warehouse.rows("select first_seen_at from raw.arrival order by 1")
    ]
    assert seen[0] == dt.datetime(2025, 4, 20, 9, tzinfo=dt.UTC)
    assert seen[1] <= embedded_warehouse.scalar(NOW)


def test_made_up_returns_come_when_they_are_made_up_to_come_and_no_others(
    embedded_warehouse, tmp_path
):
    make_region(tmp_path / "made up", quarters=1, last=DAY, seed=1, scale=0.01, truth=False)
    place = LandingPlace(str(tmp_path / "made up"))
    told = place.made_up_arrivals()
    changed = place.files(DAY)[0]
    changed.path.write_bytes(changed.path.read_bytes() + b"\r\n")
    take_in(embedded_warehouse, place, DAY, KEY)
    arrived = [
        row.received_at
        for row in embedded_warehouse.rows("select received_at from raw.submission order by 1")
    ]
    today = [moment for moment in arrived if moment > dt.datetime(2025, 12, 31, tzinfo=dt.UTC)]
    assert len(today) == 1, "the file that is no longer the one that was made"
    assert {moment for moment in arrived if moment not in today} <= {
        moment for _, moment in told.values()
    }
    shutil.copytree(tmp_path / "made up", tmp_path / "real")
    (tmp_path / "real" / ".made-up").unlink()
    assert LandingPlace(str(tmp_path / "real")).made_up_arrivals() == {}


def test_a_register_with_the_older_name_of_a_place_is_taken_over(embedded_warehouse, landing):
    """A warehouse that an earlier version made goes on where it stood."""
    landing.drop(DATE, "356", "census.csv", builders.census([{"identifier": "C1"}]))
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 1
    with embedded_warehouse.engine.begin() as connection:
        for table in ("landed", "arrival"):
            connection.exec_driver_sql(f"alter table raw.{table} rename column place_mark to place")
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
        forget_versions(connection)
    prepare(embedded_warehouse, load_region("north_west"))
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 0
    landing.drop(DATE, "340", "census.csv", builders.census([{"identifier": "C2"}]))
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 1
