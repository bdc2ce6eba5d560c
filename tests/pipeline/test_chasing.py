"""The chase list: who is due, late, rejected or halved, by the timetable."""

from __future__ import annotations

import datetime as dt

from assets.checks.chasing import DUE, HALVED, LATE, REJECTED, chase_list
from schemas.regions import load_region
from tests import builders
from tests.unit.test_official_statistics import file_of

BEFORE, DATE = "2025-03-31", "2025-06-30"
DAYS = load_region("north_west").timetable


def test_the_list_says_who_is_due_late_rejected_and_halved(embedded_warehouse, landing, bring):
    for name in ("a", "b", "c"):
        landing.drop(
            BEFORE,
            f"provider-{name}",
            "homes.csv",
            builders.settings([{"urn": f"SC{ord(name)}{n:03d}"} for n in range(6)]),
        )
    landing.drop(BEFORE, "356", "census.csv", builders.census([{}] * 3))
    bring(embedded_warehouse, landing, BEFORE)
    landing.drop(
        DATE,
        "provider-a",
        "homes.csv",
        builders.settings([{"urn": f"SC{ord('a')}{n:03d}"} for n in range(6)]),
    )
    landing.drop(
        DATE,
        "provider-b",
        "homes.csv",
        builders.settings([{"urn": f"SC{ord('b')}{n:03d}"} for n in range(2)]),
    )
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    landing.drop(DATE, "352", "census.csv", "x,y\n1,2\n")
    bring(embedded_warehouse, landing, DATE)
    date = dt.date.fromisoformat(DATE)
    due = DAYS.day(date, "due")

    def listed(day: dt.date) -> dict[str, list[tuple]]:
        found: dict[str, list[tuple]] = {}
        for one in chase_list(embedded_warehouse, date, DAYS, day):
            found.setdefault(one.sender, []).append(
                (one.state, one.days_late, one.rows, one.rows_before)
            )
        return found

    late = listed(due + dt.timedelta(days=3))
    assert "provider-a" not in late and "356" not in late
    assert late["provider-b"] == [(HALVED, 0, 2, 6)]
    assert late["provider-c"] == [(LATE, 3, None, 6)]
    assert (LATE, 3, None, None) in late["353"], "a member that has not sent its placement census"
    assert REJECTED in {state for state, *_ in late["352"]} and LATE in {
        state for state, *_ in late["352"]
    }
    assert listed(due)["provider-c"] == [(DUE, 0, None, 6)]
    assert max(len(v) for v in late.values()) <= 2


def test_fewer_official_statistics_than_last_time_are_no_halved_return(
    embedded_warehouse, landing, bring
):
    """They come when they are published: many in November, hardly any in the other quarters."""
    words = (
        "looked after on 31 March",
        "starting to be looked after",
        "ceasing to be looked after",
    )
    rows = [
        {"population_type": f"Children {word} each year", "children_count": "485"} for word in words
    ]
    landing.drop(BEFORE, "dfe", "numbers.csv", file_of(*rows))
    landing.drop(DATE, "dfe", "numbers.csv", file_of(rows[0]))
    bring(embedded_warehouse, landing, BEFORE)
    bring(embedded_warehouse, landing, DATE)
    found = chase_list(embedded_warehouse, dt.date.fromisoformat(DATE), DAYS, dt.date(2025, 7, 1))
    assert [one for one in found if one.sender == "dfe"] == []
