"""The chase list: who is due, late, rejected or halved, by the timetable."""

from __future__ import annotations

import datetime as dt

from assets.checks.chasing import DUE, HALVED, LATE, REJECTED, chase_list
from schemas.regions import load_region
from tests import builders

BEFORE, DATE = "2025-03-31", "2025-06-30"
DAYS = load_region("north_west").timetable


def test_the_list_says_who_is_due_late_rejected_and_halved(embedded_warehouse, landing, bring):
    for name in ("a", "b", "c"):
        landing.drop(BEFORE, f"provider-{name}", "homes.csv", builders.settings([{"urn": f"SC{ord(name)}{n:03d}"} for n in range(6)]))
    landing.drop(BEFORE, "356", "census.csv", builders.census([{}] * 3))
    bring(embedded_warehouse, landing, BEFORE)
    landing.drop(DATE, "provider-a", "homes.csv", builders.settings([{"urn": f"SC{ord('a')}{n:03d}"} for n in range(6)]))
    landing.drop(DATE, "provider-b", "homes.csv", builders.settings([{"urn": f"SC{ord('b')}{n:03d}"} for n in range(2)]))
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    landing.drop(DATE, "352", "census.csv", "x,y\n1,2\n")
    bring(embedded_warehouse, landing, DATE)
    date = dt.date.fromisoformat(DATE)
    due = DAYS.day(date, "due")

    def listed(day: dt.date) -> dict[str, list[tuple]]:
        found: dict[str, list[tuple]] = {}
        for one in chase_list(embedded_warehouse, date, DAYS, day):
            found.setdefault(one.sender, []).append((one.state, one.days_late, one.rows, one.rows_before))
        return found

    late = listed(due + dt.timedelta(days=3))
    assert "provider-a" not in late and "356" not in late
    assert late["provider-b"] == [(HALVED, 0, 2, 6)]
    assert late["provider-c"] == [(LATE, 3, None, 6)]
    assert (LATE, 3, None, None) in late["353"], "a member that has not sent its placement census"
    assert REJECTED in {state for state, *_ in late["352"]} and LATE in {state for state, *_ in late["352"]}
    assert listed(due)["provider-c"] == [(DUE, 0, None, 6)]
    assert max(len(v) for v in late.values()) <= 2
