"""An authority's own children, from file to release: the SSDA903 counts them once, the placement
census adds to it and replaces nothing.
"""

from __future__ import annotations

import datetime as dt

import pytest

from assets.publication.tables import members_of_region, print_table, true_tables
from tests import builders

DATE, LATER = "2025-09-30", "2025-12-31"
EPISODES = [
    {"child": "C1"},
    {"child": "C2", "place": "U6", "place_provider": "PR1", "placement_postcode": "SK1 3XE"},
    {"child": "C3", "place": "P1", "place_provider": "PR0", "placement_postcode": "SK1 3XE"},
]
OLD = [
    {"identifier": "C1", "host_authority": "Bolton", "total_weekly_cost": "4000"},
    {"identifier": "C8", "type_of_provision": "Fostering - Staying Put", "age": 19},
    {"identifier": "C9"},
]
UNDER_18, POST_18 = "Looked after child (under 18)", "Post 18 (CSC placement)"
LODGINGS = "Supported Accommodation - Category 4: Supported Lodgings"
NEW = [
    {
        "identifier": "C1",
        "looked_after_child": UNDER_18,
        "type_of_provision": "Residential - Mainstream",
    },
    {"identifier": "C7", "looked_after_child": POST_18, "type_of_provision": LODGINGS, "age": 18},
    {
        "identifier": "C9",
        "looked_after_child": UNDER_18,
        "type_of_provision": "Residential - Mainstream",
    },
]


def net(warehouse, date: str) -> dict[str, tuple]:
    rows = warehouse.rows(
        "select authority_code, own_inside, own_outside, own_unknown, covers, blank_reason from"
        " curated.net_position where census_date = :d",
        d=dt.date.fromisoformat(date),
    )
    return {row.authority_code: tuple(row)[1:] for row in rows}


@pytest.fixture
def two_quarters(embedded_warehouse, landing, bring):
    """Stockport sends both returns for two quarters, Sefton (343) its placement census alone;
    nobody moves.
    """
    for date, census in ((DATE, OLD), (LATER, NEW)):
        landing.drop(
            date, "356", "header.csv", builders.children([{"child": e["child"]} for e in EPISODES])
        )
        landing.drop(date, "356", "episodes.csv", builders.episodes(EPISODES))
        rows = [
            {k: v for k, v in row.items() if date == DATE or k != "host_authority"}
            for row in census
        ]
        landing.drop(date, "356", "census.csv", builders.census(rows))
        landing.drop(date, "343", "census.csv", builders.census(rows, "Sefton"))
        bring(embedded_warehouse, landing, date)
    return embedded_warehouse


def test_a_census_and_its_new_layout_move_no_figure_of_all_children(two_quarters):
    before, after = net(two_quarters, DATE), net(two_quarters, LATER)
    assert before["356"] == after["356"] == (2, 1, 0, "all", None)
    children = two_quarters.rows(
        "select census_date, children from curated.children_looked_after where breakdown = 'total'"
        " and authority_code = '356'"
    )
    assert {row.children for row in children} == {3}


def test_what_the_903_lacks_is_added_and_marked_with_a_finding(two_quarters):
    found = two_quarters.rows(
        "select source, is_looked_after, count(*) as n from core.own_placement where census_date ="
        " :d and placing_authority_code = '356' group by 1, 2 order by 1, 2",
        d=dt.date.fromisoformat(LATER),
    )
    assert [tuple(row) for row in found] == [
        ("census", False, 1),
        ("census", True, 1),
        ("ssda903", True, 3),
    ]
    rules = two_quarters.rows(
        "select census_date, rule, sent from core.cross_check where sender = '356' order by 1, 2"
    )
    told = {(row.census_date.isoformat(), row.rule): row.sent for row in rules}
    assert told[LATER, "census_children_not_in_903"] == "2 in the placement census"
    assert (
        told[DATE, "census_hosts_differ_from_903"]
        == "1 children with another host authority in the placement census"
    )


def test_without_a_903_nothing_is_said_of_all_children_and_what_is_bought_stands(two_quarters):
    assert net(two_quarters, LATER)["343"] == (None, None, None, "commissioned", "no_ssda903")
    bought = two_quarters.rows(
        "select population, sum(placements) as n from curated.commissioned_placements where"
        " census_date = :d and authority_code = '343' group by 1",
        d=dt.date.fromisoformat(LATER),
    )
    assert {row.population: row.n for row in bought} == {"looked after": 2, "post 18": 1}
    homes = two_quarters.scalar(
        "select sum(placements) from curated.own_placements_location where census_date = :d and"
        " placing_authority_code = '343' and provision_type = 'Children''s home'",
        d=dt.date.fromisoformat(LATER),
    )
    assert homes == 2


@pytest.mark.parametrize(
    ("table", "measure"),
    [("net_position", "own_inside"), ("own_placements_location", "placements"), ("placement_flow", "children_by_authorities"),
     ("host_use_of_own_supply", "own_placements")],
)  # fmt: skip
def test_published_it_is_x_and_no_part_of_the_regions_total(two_quarters, table, measure):
    date = dt.date.fromisoformat(LATER)
    members = members_of_region(two_quarters, date)
    true = true_tables(two_quarters, date, members)[table]
    printed = print_table(true, {})
    totals = (
        printed[(printed[list(true.table.filters)] == "Total").all(axis=1)]
        if true.table.filters
        else printed
    )
    shown = totals.set_index("authority_code")[measure]
    values = true.values.loc[totals.index].set_axis(totals["authority_code"])[measure]
    assert shown["343"] == "x"
    assert values[""] == values["356"] == (2 if table == "net_position" else 3)


@pytest.mark.parametrize("said", ["No", "N", "0"])
def test_no_under_looked_after_child_is_not_post_18(embedded_warehouse, landing, bring, said):
    """Before December 2025 the return's codes are Yes, Y and 1: anything else is rejected, and its
    sender is told.
    """
    landing.drop(DATE, "356", "census.csv", builders.census([{}, {"looked_after_child": said}]))
    bring(embedded_warehouse, landing, DATE)
    populations = embedded_warehouse.rows(
        "select population, placements from curated.commissioned_placements"
    )
    assert [tuple(row) for row in populations] == [("looked after", 1)]
    finding = embedded_warehouse.rows(
        "select rule, column_name from raw.finding where severity = 'rejected' or rule ="
        " 'unknown_label'"
    )
    assert ("unknown_label", "Looked after child?") in {tuple(row) for row in finding}
