"""Cross-checks: two sources that should agree and do not. They warn, name both figures, and never
block.
"""

from __future__ import annotations

import datetime as dt
import os

import pandas as pd
import pytest

from made_up.returns.ssda903 import EPISODES
from resources.errors import ObservatoryError
from tests import builders

BEFORE, DATE = "2024-12-31", "2025-03-31"


def checks(warehouse, sender: str) -> dict[str, tuple[str, str, str]]:
    rows = warehouse.rows(
        "select rule, subject, sent, beside from core.cross_check where census_date = :d and sender"
        " = :s",
        d=DATE,
        s=sender,
    )
    return {row.rule: (row.subject, row.sent, row.beside) for row in rows}


def test_register_against_census(warehouse, landing, bring):
    homes = [{"urn": f"SC00000{n}", "local_authority": "Stockport", "places": 3} for n in range(4)]
    landing.drop(BEFORE, "ofsted", "list.csv", builders.register(homes))
    landing.drop(
        BEFORE, "provider-a", "s.csv", builders.settings([{"urn": h["urn"]} for h in homes])
    )
    bring(warehouse, landing, BEFORE)
    landing.drop(
        DATE,
        "ofsted",
        "list.csv",
        builders.register(homes[:3] + [{"urn": "SC000009", "local_authority": "Trafford"}]),
    )
    landing.drop(
        DATE,
        "provider-a",
        "s.csv",
        builders.settings(
            [
                {"urn": "SC000000", "registered_places": 5, "occupied_places": 4},
                {"urn": "SC000001"},
                {"urn": "SC000003"},
                {"urn": "SC000009"},
                {"urn": "SC777777", "registered_places": 2, "occupied_places": 1},
            ]
        ),
    )
    bring(warehouse, landing, DATE)
    rows = warehouse.rows(
        "select rule, subject, sent, beside from core.cross_check where census_date = :d order by"
        " rule, subject",
        d=DATE,
    )
    assert [tuple(row) for row in rows] == [
        (
            "capacity_differs_from_register",
            "SC000000 in Stockport",
            "5 registered places",
            "3 in the register",
        ),
        (
            "setting_left_the_register",
            "SC000003 in Stockport",
            "3 registered places",
            "last listed for 31/12/2024",
        ),
        (
            "setting_not_in_register",
            "SC000009 in Stockport",
            "3 registered places",
            "the register has this URN in Trafford",
        ),
        ("setting_not_in_register", "SC777777 in Stockport", "2 registered places", "no such URN"),
        (
            "setting_vanished",
            "SC000002 in Stockport",
            "not in this return",
            "returned for 31/12/2024, and still in the register",
        ),
    ]
    assert (
        warehouse.scalar("select count(*) from core.setting_return where census_date = :d", d=DATE)
        == 5
    )


def test_census_against_903_by_child(embedded_warehouse, landing, bring):
    landing.drop(
        DATE, "356", "census.csv", builders.census([{"identifier": str(n)} for n in range(5)])
    )
    lived = pd.DataFrame(
        [
            ["0", "01/04/2024", "S", "C2", "", "K2", "", "", "", "", "", "", ""],
            ["1", "01/04/2024", "S", "V4", "", "K2", "", "", "", "", "", "", ""],
        ],
        columns=EPISODES,
    )
    landing.drop(DATE, "356", "episodes.csv", lived)
    bring(embedded_warehouse, landing, DATE)
    found = checks(embedded_warehouse, "356")
    assert found["census_children_not_in_903"] == (
        "children looked after",
        "5 in the placement census",
        "1 of them with an open episode in the SSDA903",
    )


def test_providers_that_show_more_children_than_the_authority(embedded_warehouse, landing, bring):
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 2))
    landing.drop(
        DATE,
        "provider-a",
        "s.csv",
        builders.settings([{"urn": "SC000001", "registered_places": 6, "occupied_places": 5}]),
    )
    landing.drop(
        DATE,
        "provider-a",
        "p.csv",
        builders.placements([{"urn": "SC000001"}] * 4 + [{"urn": "SC000001", "age": 18}]),
    )
    bring(embedded_warehouse, landing, DATE)
    assert checks(embedded_warehouse, "356")["providers_show_more_children"] == (
        "Children's home",
        "2 children in your placement census",
        "4 of your children in the providers' returns",
    )


def test_both_senders_of_one_setting_are_told_whose_return_counts(
    embedded_warehouse, landing, bring
):
    first = builders.settings([{"urn": "SC000001"}, {"urn": "SC000002"}])
    landing.drop(DATE, "provider-a", "s.csv", first)
    bring(embedded_warehouse, landing, DATE)
    landing.drop(
        DATE,
        "provider-b",
        "s.csv",
        builders.settings([{"urn": "SC000001", "occupied_places": 1, "vacant_places": 2}]),
    )
    bring(embedded_warehouse, landing, DATE)
    told = (
        "SC000001 in Stockport",
        "in this return, which counts",
        "also in the return of provider-b",
    )
    assert checks(embedded_warehouse, "provider-a") == {"setting_of_two_senders": told}
    told = (
        "SC000001 in Stockport",
        "in this return, which does not count",
        "also in the return of provider-a, which counts",
    )
    assert checks(embedded_warehouse, "provider-b") == {"setting_of_two_senders": told}


def homes(*urns: str, occupied: int = 2) -> object:
    return builders.settings(
        [{"urn": urn, "occupied_places": occupied, "vacant_places": 3 - occupied} for urn in urns]
    )


def occupied(warehouse, date: str) -> dict[str, int]:
    rows = warehouse.rows(
        "select urn, occupied_places from core.setting_return where census_date = :d", d=date
    )
    return {row.urn: row.occupied_places for row in rows}


def test_no_sender_takes_over_anothers_home_by_sending_its_urn(warehouse, landing, bring):
    """With a later time, an earlier one, a correction of its own, or in the next quarter before the
    other's return has come.
    """
    landing.drop(DATE, "provider-a", "s.csv", homes("SC000001"))
    landing.drop(DATE, "provider-b", "s.csv", homes("SC000002"))
    bring(warehouse, landing, DATE)
    os.utime(
        landing.drop(DATE, "provider-b", "s2.csv", homes("SC000001", "SC000002", occupied=0)),
        (4_070_908_800, 4_070_908_800),
    )
    os.utime(landing.drop(DATE, "provider-c", "s.csv", homes("SC000001", occupied=1)), (1, 1))
    bring(warehouse, landing, DATE)
    assert occupied(warehouse, DATE) == {"SC000001": 2, "SC000002": 0}
    landing.drop(DATE, "provider-a", "s2.csv", homes("SC000001", occupied=3))
    bring(warehouse, landing, DATE)
    assert occupied(warehouse, DATE) == {"SC000001": 3, "SC000002": 0}
    june = "2025-06-30"
    landing.drop(june, "provider-b", "s.csv", homes("SC000001", occupied=0))
    bring(warehouse, landing, june)
    landing.drop(june, "provider-a", "s.csv", homes("SC000001", occupied=3))
    bring(warehouse, landing, june)
    assert occupied(warehouse, june) == {"SC000001": 3}


def test_the_region_decides_whose_a_home_is(embedded_warehouse, landing, bring):
    from assets.intake.senders import assign, contested

    landing.drop(DATE, "provider-a", "s.csv", homes("SC000001"))
    bring(embedded_warehouse, landing, DATE)
    landing.drop(DATE, "provider-b", "s.csv", homes("SC000001", occupied=1))
    bring(embedded_warehouse, landing, DATE)
    listed = contested(embedded_warehouse, dt.date.fromisoformat(DATE)).to_dict("records")
    assert [
        (one["urn"], one["counts"], one["also_returned_by"], one["is_decided"]) for one in listed
    ] == [("SC000001", "provider-a", "provider-b", False)]
    assert assign(
        embedded_warehouse, "SC000001", "provider-b", dt.date.fromisoformat(DATE), "the region"
    ) == ["356"]
    bring(embedded_warehouse, landing, DATE)
    assert occupied(embedded_warehouse, DATE) == {"SC000001": 1}
    assert (
        embedded_warehouse.scalar("select actor from access.event where what = 'assigned'")
        == "the region"
    )
    with pytest.raises(ObservatoryError, match="provider-c has returned no setting SC000001"):
        assign(
            embedded_warehouse, "SC000001", "provider-c", dt.date.fromisoformat(DATE), "the region"
        )


def test_a_total_that_moved_by_more_than_its_history_explains(embedded_warehouse, landing, bring):
    totals = {"2024-03-31": 100, "2024-06-30": 102, "2024-09-30": 99, "2024-12-31": 101}
    for date, number in totals.items():
        landing.drop(date, "356", "census.csv", builders.census([{}] * number))
        landing.drop(date, "352", "census.csv", builders.census([{}] * number, "Manchester"))
        bring(embedded_warehouse, landing, date)
    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 80))
    landing.drop(DATE, "352", "census.csv", builders.census([{}] * 107, "Manchester"))
    bring(embedded_warehouse, landing, DATE)
    assert checks(embedded_warehouse, "356")["total_moved_more_than_usual"] == (
        "placements",
        "80 this quarter",
        "101 in the return before",
    )
    assert "total_moved_more_than_usual" not in checks(embedded_warehouse, "352")
