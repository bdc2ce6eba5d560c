"""A made-up year: four quarters with late, wrong, halved, withdrawn and resubmitted returns, a
killed run each, and corrections.

It is played by the sensor, the schedule of the timetable and approvals alone, with the clock moved;
nobody brings anything up to date by hand. It takes a minute: twenty runs through Dagster, and
nothing shorter has all of a quarter's life in it.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.access.preparing import prepare
from assets.intake.loading import take_in, withdraw
from assets.publication import lifecycle
from assets.publication.release import read_release
from assets.warehouse.building import build_quarter
from pipelines.instance import dagster_instance
from pipelines.names import APPROVE, DRAFT
from pipelines.running import run_quarters
from pipelines.schedules import timetable
from pipelines.sensors import landing_place
from resources.settings import settings_from_environment
from resources.warehouse import Warehouse, copy_frame, open_warehouse
from tests import builders
from tests.conftest import KEY, Landing
from tests.kills import Nursery, nursery
from tests.regions import QUICK, quick_region_file

QUARTERS = [dt.date(2024, 12, 31), dt.date(2025, 3, 31), dt.date(2025, 6, 30), dt.date(2025, 9, 30)]
CORRECTED = {QUARTERS[0], QUARTERS[2]}
APPROVER = "Ada Example (made up)"
REGION = QUICK
QUARTER = "dagster/partition"
KILLED_AT = dict(zip(QUARTERS, ("judging", "loading", "writing", "checking"), strict=True))

CHILDREN = {
    date: {"356": 30 + 5 * n, "352": 20, "358": 15 + (10 if date in CORRECTED else 0)}
    for n, date in enumerate(QUARTERS)
}
"""The truth: how many children each authority has placed on each date."""
NAMES = {"356": "Stockport", "352": "Manchester", "358": "Trafford"}
HOMES, OCCUPIED = 40, 2


class Year:
    """The region's year: what lands, and what the sensor, the schedule and the approver make of it."""

    def __init__(
        self, landing: Landing, born: Nursery, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.landing, self.born, self.warehouse, self.monkeypatch = (
            landing,
            born,
            warehouse,
            monkeypatch,
        )
        self.settings = settings_from_environment()
        self.cursor: str | None = None

    def census(self, date: dt.date, authority: str, children: int, name: str) -> None:
        frame = builders.census([{"age": 8 + n % 9} for n in range(children)], NAMES[authority])
        self.landing.drop(str(date), authority, name, frame)

    def homes(self, date: dt.date) -> None:
        rows = [
            {
                "urn": f"SC{n:06d}",
                "host_local_authority": list(NAMES.values())[n % 3],
                "occupied_places": OCCUPIED,
            }
            for n in range(HOMES)
        ]
        self.landing.drop(str(date), "provider-a", "homes.csv", builders.settings(rows))

    def tick(self) -> list[str]:
        """A look of the sensor, and the runs that it asks for."""
        with dagster_instance(self.settings) as instance:
            found = landing_place(dg.build_sensor_context(instance=instance, cursor=self.cursor))
        if isinstance(found, dg.SkipReason):
            return []
        self.cursor = found.cursor
        dates = sorted(
            dt.date.fromisoformat(request.tags[QUARTER]) for request in found.run_requests or []
        )
        assert run_quarters(self.settings, dates) == []
        return [str(date) for date in dates]

    def morning(self, day: dt.date) -> list[str]:
        """Six o'clock on a day: the runs that the timetable asks for."""
        for module in ("assets.publication.assets", "assets.publication.drafts"):
            self.monkeypatch.setattr(f"{module}.today", lambda: day)
        found = timetable(
            dg.build_schedule_context(
                scheduled_execution_time=dt.datetime.combine(day, dt.time(6), tzinfo=dt.UTC)
            )
        )
        dates = (
            [dt.date.fromisoformat(request.tags[QUARTER]) for request in found]
            if isinstance(found, list)
            else []
        )
        for date in dates:
            assert run_quarters(self.settings, [date], DRAFT) == []
        return [str(date) for date in dates]

    def killed(self, line: str) -> None:
        """A run that is killed where it says `line`."""
        out = self.settings.home / "said.txt"
        process = self.born.start(
            {name: os.environ[name] for name in os.environ if name.startswith("OBSERVATORY_")},
            ["run"],
            out,
        )
        until = time.monotonic() + 240
        while (
            line not in (out.read_text(encoding="utf-8") if out.exists() else "")
            and time.monotonic() < until
        ):
            time.sleep(0.01)
        os.kill(process, signal.SIGKILL)
        assert self.born.wait() == -signal.SIGKILL, out.read_text(encoding="utf-8")

    def approve(self, date: dt.date) -> None:
        assert run_quarters(self.settings, [date], APPROVE, {"by": APPROVER}) == []

    def quarter(self, date: dt.date) -> None:
        """Live through one quarter."""
        register = [
            {"urn": f"SC{n:06d}", "local_authority": list(NAMES.values())[n % 3], "places": 3}
            for n in range(HOMES)
        ]
        self.landing.drop(str(date), "ofsted", "list.csv", builders.register(register))
        self.census(date, "356", CHILDREN[date]["356"] // 3, "halved.csv")
        self.census(date, "352", CHILDREN[date]["352"], "census.csv")
        self.landing.drop(str(date), "provider-a", "wrong.csv", "not,a\nreturn,1\n")
        self.killed(KILLED_AT[date])
        assert self.tick() == [str(date)], "what the killed run left is found"
        self.census(date, "356", CHILDREN[date]["356"], "whole.csv")
        self.homes(date)
        self.census(date, "352", 3, "by mistake.csv")
        self.census(date, "358", 15, "late.csv")
        assert self.tick() == [str(date)]
        newest = (
            "select submission_id from raw.submission where census_date = :d and sender = '352'"
            " order by received_at desc limit 1"
        )
        withdraw(
            self.warehouse, self.warehouse.scalar(newest, d=date), "the desk", "sent by mistake"
        )
        assert self.tick() == [str(date)] and self.tick() == []
        day = REGION.timetable.day(date, "close")
        assert self.morning(day - dt.timedelta(days=1)) == []
        assert self.morning(day) == [str(date)]
        assert self.released(date) == [], "nothing is published by itself"
        self.approve(date)
        if date in CORRECTED:
            self.census(date, "358", CHILDREN[date]["358"], "after the publication.csv")
            assert str(date) in self.tick()
            assert self.released(date) == [1], "a late return makes no release"
            assert self.morning(day + dt.timedelta(days=30)) == [str(date)]
            assert lifecycle.life(self.warehouse, date).state == lifecycle.CORRECTION
            self.approve(date)

    def released(self, date: dt.date) -> list[int]:
        return [
            row.release_number
            for row in self.warehouse.rows(
                "select release_number from published.release where census_date = :d order by 1",
                d=date,
            )
        ]


@pytest.fixture
def year(tmp_path: Path, landing: Landing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Year]:
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    monkeypatch.setenv("OBSERVATORY_REGION", str(quick_region_file(tmp_path)))
    monkeypatch.delenv("OBSERVATORY_DATABASE_URL", raising=False)
    settings = settings_from_environment()
    with nursery() as born, open_warehouse(settings, may_be_new=True) as warehouse:
        prepare(warehouse, settings.region)
        yield Year(landing, born, warehouse, monkeypatch)


def test_a_year_ends_with_the_truth_its_four_releases_and_the_approved_corrections(
    year, embedded_warehouse
):
    for date in QUARTERS:
        year.quarter(date)
    for date in QUARTERS:
        placed = (
            "select sum(placements) from curated.commissioned_placements where census_date = :d"
        )
        assert year.warehouse.scalar(placed, d=date) == sum(CHILDREN[date].values())
        occupied = (
            "select sum(occupied) from curated.host_authority_occupancy where census_date = :d and"
            " provision_type = 'Children''s home'"
        )
        assert year.warehouse.scalar(occupied, d=date) == HOMES * OCCUPIED
        numbers = [1, 2] if date in CORRECTED else [1]
        assert year.released(date) == numbers
        table = read_release(year.warehouse, date, numbers[-1])[0]["commissioned_placements"]
        whole = table[
            (table["geographic_level"] == "Regional") & (table["provision_type"] == "Total")
        ]
        assert list(whole["placements"]) == [str(sum(CHILDREN[date].values()))], (
            "published, rounded to 5"
        )
        steps = [
            row.by_whom for row in lifecycle.history(year.warehouse, date) if row.step == "approved"
        ]
        assert steps == [APPROVER] * len(numbers)
    assert year.tick() == [] and year.morning(dt.date(2026, 3, 1)) == [], "nothing is left to do"
    with dagster_instance(year.settings) as instance:
        assert instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])) == []

    # the same landing place, and the register of arrivals with what was withdrawn, in a fresh
    # warehouse
    with embedded_warehouse.writing() as connection:
        for name in ("arrival", "withdrawal"):
            copy_frame(connection, f"raw.{name}", year.warehouse.frame(f"select * from raw.{name}"))
    prepare(embedded_warehouse, REGION)
    for date in QUARTERS:
        take_in(embedded_warehouse, year.landing.place, date, KEY)
    for date in QUARTERS:
        assert not build_quarter(embedded_warehouse, date, REGION).blocked_by
    assert figures(embedded_warehouse) == figures(year.warehouse)


def figures(warehouse: Warehouse) -> dict[str, str]:
    """A fingerprint of every table of core and curated, and of what was taken in."""
    tables = warehouse.rows(
        "select table_schema || '.' || table_name as name from information_schema.tables where"
        " table_type = 'BASE TABLE' and (table_schema in ('core_rows', 'curated_rows', 'raw_rows')"
        " or table_schema || '.' || table_name in ('raw.submission', 'raw.submission_table',"
        " 'raw.placement_census', 'raw.provider_settings', 'raw.quarter')) and table_name <>"
        " 'children_looked_after_projection' order by 1"
    )
    with warehouse.reading() as connection:
        row = "cast(to_jsonb(t) as text)"
        text = f"md5(coalesce(string_agg({row}, '|' order by {row}), ''))"
        return {
            t.name: connection.exec_driver_sql(f"select {text} from {t.name} as t").scalar()
            for t in tables
        }
