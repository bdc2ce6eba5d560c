"""Partitions: quarter ends and nothing else, from their last day on."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.jobs import range_of, range_tags
from pipelines.partitions import quarters
from pipelines.quarter_ends import (
    FIRST,
    first_quarter,
    following,
    last_quarter_end,
    runs_of,
    workable,
)
from resources.errors import ObservatoryError
from resources.landing import is_quarter_end
from schemas import regions

LONDON = ZoneInfo("Europe/London")


def keys_at(*moment: int) -> list[str]:
    return list(quarters.get_partition_keys(current_time=dt.datetime(*moment, tzinfo=LONDON)))


def test_the_partitions_are_the_quarter_ends_without_gap():
    keys = keys_at(2026, 1, 15)
    dates = [dt.date.fromisoformat(key) for key in keys]
    assert (keys[0], keys[-1]) == ("2015-03-31", "2025-12-31")
    assert all(is_quarter_end(date) for date in dates)
    assert all(following(a) == b for a, b in zip(dates, dates[1:], strict=False))


def test_the_partitions_begin_where_the_regions_returns_do(tmp_path, monkeypatch):
    text = (regions.HERE / "west_midlands.toml").read_text(encoding="utf-8")
    for begins in ("2019-06-30", "2019-06-29"):
        (tmp_path / "later.toml").write_text(f"begins = {begins}\n{text}", encoding="utf-8")
        monkeypatch.setattr(regions, "HERE", tmp_path)
        regions.load_region.cache_clear() if hasattr(regions.load_region, "cache_clear") else None
        monkeypatch.setenv("OBSERVATORY_REGION", "later")
        if begins == "2019-06-30":
            assert first_quarter() == dt.date(2019, 6, 30)
            assert workable([dt.date(2019, 3, 31), dt.date(2019, 6, 30)], dt.date(2020, 1, 1))[
                0
            ] == [dt.date(2019, 6, 30)]
        else:
            with pytest.raises(
                ObservatoryError, match="a quarter end such as 2019-06-30 was expected"
            ):
                first_quarter()
    regions.load_region.cache_clear() if hasattr(regions.load_region, "cache_clear") else None


def test_the_north_west_says_itself_when_its_oldest_return_is_of():
    """Ofsted's lists are of 31 March 2015 on; no layout of a return is of before, and every quarter
    of one is a partition.
    """
    said = tomllib.loads((regions.HERE / "north_west.toml").read_text(encoding="utf-8"))["begins"]
    layouts = [
        path.read_text(encoding="utf-8")
        for path in (regions.HERE.parent / "returns").glob("*.toml")
    ]
    starts = [
        dt.date.fromisoformat(day)
        for text in layouts
        for day in re.findall(r"^from = (\d{4}-\d\d-\d\d)$", text, re.MULTILINE)
    ]
    years = [
        int(year)
        for text in layouts
        for year in re.findall(r"Children's social care data in England\", (\d{4}) to", text)
    ]
    assert years and starts and said == dt.date(min(years), 3, 31) <= min(starts)
    assert keys_at(2026, 1, 15)[0] == said.isoformat()


@pytest.mark.parametrize(
    ("moment", "newest"),
    [
        ((2025, 3, 30, 23, 59), "2024-12-31"), ((2025, 3, 31, 0, 1), "2025-03-31"), ((2025, 6, 29, 23, 59), "2025-03-31"),
        ((2025, 6, 30, 0, 1), "2025-06-30"),
        ((2024, 2, 29, 12), "2023-12-31"), ((2025, 12, 31, 12), "2025-12-31"), ((2026, 1, 1, 0, 1), "2025-12-31"),
    ],
)  # fmt: skip
def test_a_quarter_exists_from_its_last_day_on(moment, newest):
    assert keys_at(*moment)[-1] == newest
    assert last_quarter_end(dt.date(*moment[:3])).isoformat() == newest


@given(st.dates(FIRST, dt.date(2099, 12, 31)))
def test_the_last_quarter_end_is_the_newest_on_or_before_the_day(day):
    date = last_quarter_end(day)
    assert is_quarter_end(date) and date <= day < following(date)


@pytest.mark.parametrize(
    ("dates", "runs"),
    [
        ([], []),
        (["2025-03-31"], [("2025-03-31", "2025-03-31")]),
        (["2025-06-30", "2025-03-31", "2025-06-30"], [("2025-03-31", "2025-06-30")]),
        (
            ["2024-12-31", "2025-03-31", "2025-09-30", "2025-12-31", "2026-03-31"],
            [("2024-12-31", "2025-03-31"), ("2025-09-30", "2026-03-31")],
        ),
    ],
    ids=["none", "one", "two, twice", "a gap"],
)
def test_quarters_that_follow_each_other_are_one_run(dates, runs):
    made = runs_of([dt.date.fromisoformat(date) for date in dates])
    assert [(a.isoformat(), b.isoformat()) for a, b in made] == runs


def test_a_run_carries_its_range_as_dagster_reads_it():
    tags = range_tags(dt.date(2025, 3, 31), dt.date(2025, 6, 30))
    assert tags == {
        "dagster/asset_partition_range_start": "2025-03-31",
        "dagster/asset_partition_range_end": "2025-06-30",
    }
    assert range_of(tags) == (dt.date(2025, 3, 31), dt.date(2025, 6, 30))


def test_a_run_of_one_quarter_is_of_that_partition():
    date = dt.date(2025, 3, 31)
    assert range_tags(date, date) == {"dagster/partition": "2025-03-31"}
    assert range_of(range_tags(date, date)) == (date, date)
    before = {
        "dagster/asset_partition_range_start": "2025-03-31",
        "dagster/asset_partition_range_end": "2025-03-31",
    }
    assert range_of(before) == (date, date), "as earlier versions began it"
    assert range_of({}) is None and range_of({"dagster/partition": "none"}) is None
