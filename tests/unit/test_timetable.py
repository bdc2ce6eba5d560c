"""The region's timetable, and one run at a time on a home."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest

from pipelines.running import alone
from resources.errors import ObservatoryError
from resources.settings import Settings
from schemas.regions import HERE, Timetable, load_region, region_keys, timetable

DAYS = {"due": 28, "chase": [14, 30], "close": 35, "draft": 35, "publication": 56}


@pytest.mark.parametrize(
    ("quarter", "step", "day"),
    [
        ("2023-12-31", "due", "2024-01-28"),
        ("2023-12-31", "publication", "2024-02-25"),
        ("2024-12-31", "publication", "2025-02-25"),
        ("2025-03-31", "close", "2025-05-05"),
        ("2025-09-30", "close", "2025-11-04"),
    ],
)
def test_a_step_comes_so_many_days_after_the_quarters_end(quarter, step, day):
    assert timetable(DAYS, "a.toml").day(
        dt.date.fromisoformat(quarter), step
    ) == dt.date.fromisoformat(day)


def test_every_region_has_a_timetable_and_a_return_is_late_when_it_was_due():
    for key in region_keys():
        region = load_region(key)
        assert (
            isinstance(region.timetable, Timetable)
            and region.return_deadline_days == region.timetable.due
        )


@pytest.mark.parametrize(
    "change",
    [
        {"close": 20},
        {"publication": 30},
        {"due": "28"},
        {"due": True},
        {"draft": -1},
        {"chase": [3.5]},
        {"closes": 3},
        {"due": None},
        {"chase": 14},
        {"publication": 5600},
        {"chase": [14, 99_999_999]},
    ],
)
def test_a_timetable_that_cannot_be_is_refused(change):
    with pytest.raises(ValueError, match=r"a\.toml, \[timetable\].*expected"):
        timetable({**DAYS, **change}, "a.toml")
    with pytest.raises(ValueError, match="expected due, chase, close, draft, publication"):
        timetable({}, "a.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("due = 28", "due = 2025-02-31", "north west.toml: Invalid date"),
        ("due = 28", "due = ", "north west.toml: Invalid value"),
        ("[sub_regions]", "[subregions]", "subregions was found"),
        ("name = ", "# name = ", "name was expected"),
        ("909 = [1, 0,", "909 = [1,", "a column, a row and a short name were expected"),
        ('"Cumbria" = [', '"Cumbria" = "909" # [', "a list of authorities' codes"),
    ],
)
def test_a_regions_file_that_is_none_is_one_sentence(tmp_path, old, new, said):
    """As a commissioner may leave it after a change of the timetable: every command tells it, and
    ends with 2.
    """
    path, text = (
        tmp_path / "north west.toml",
        (HERE / "north_west.toml").read_text(encoding="utf-8"),
    )
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ObservatoryError, match=said) as refused:
        _ = Settings(tmp_path, "", "", str(path)).region
    assert "expected" in str(refused.value) and "north west.toml" in str(refused.value)


def test_of_two_runs_on_a_home_the_second_says_so_and_waits(tmp_path, capsys):
    settings, order = Settings(tmp_path / "home", "", "", "north_west"), []

    def second() -> None:
        with alone(settings):
            order.append("second")

    with alone(settings):
        waiting = threading.Thread(target=second)
        waiting.start()
        until = time.monotonic() + 30
        said = ""
        while (
            "Another run is at work on this home; waiting" not in said and time.monotonic() < until
        ):
            said += capsys.readouterr().err
            time.sleep(0.01)
        order.append("first")
    waiting.join(30)
    assert "Another run is at work" in said and order == ["first", "second"]
