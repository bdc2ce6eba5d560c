"""What stands where a figure is not known: x where no return came, z where one came and does not
tell it.

One quarter of real files. Stockport sends what tells half; Manchester sends nothing.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from assets.publication.tables import members_of_region, print_table, true_tables
from tests import builders

DATE = "2025-09-30"
HOME, AGENCY, CARERS = "Children's home", "Independent fostering", "In-house fostering"


@pytest.fixture(scope="module")
def printed(servers, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Every table as it would be printed, before anything is hidden besides, by authority and
    filters.
    """
    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter
    from resources.warehouse import Warehouse
    from schemas.regions import load_region
    from tests.conftest import KEY, Landing

    landing = Landing(tmp_path_factory.mktemp("landing"))
    homes = [
        ("SC000001", "Stockport"),
        ("SC000002", "Manchester"),
        ("SC000003", "Bolton"),
        ("SC000004", "Bury"),
    ]
    landing.drop(
        DATE,
        "ofsted",
        "register.csv",
        builders.register([{"urn": u, "local_authority": a, "places": 20} for u, a in homes]),
    )
    # Stockport's home lists one child fewer than live there; Bolton's lists nobody; Bury's is told
    # whole; Manchester's sends nothing
    returned = [
        {
            "urn": urn,
            "host_local_authority": host,
            "registered_places": 20,
            "occupied_places": 12,
            "vacant_places": 8,
            "unavailable_places": 0,
        }
        for urn, host in (homes[0], homes[2], homes[3])
    ]
    landing.drop(DATE, "provider-acorn", "settings.csv", builders.settings(returned))
    listed = [{"urn": "SC000001", "placing_local_authority": "Manchester"}] * 11 + [
        {"urn": "SC000004", "placing_local_authority": "Bury"}
    ] * 12
    landing.drop(
        DATE,
        "provider-acorn",
        "placements.csv",
        builders.placements([{**row, "age": 12} for row in listed]),
    )
    # an agency's carers in Stockport: how many households is not said
    carers = {
        "urn": "SC000009",
        "provision_type": AGENCY,
        "host_local_authority": "Stockport",
        "registered_places": 20,
        "occupied_places": 12,
    }
    landing.drop(
        DATE,
        "provider-beech",
        "settings.csv",
        builders.settings([{**carers, "vacant_places": 8, "unavailable_places": 0}]),
    )
    children = [f"C{n}" for n in range(20)]
    landing.drop(DATE, "356", "header.csv", builders.children([{"child": c} for c in children]))
    landing.drop(
        DATE,
        "356",
        "episodes.csv",
        builders.episodes([{"child": c, "decom": "01/09/2025"} for c in children]),
    )
    landing.drop(DATE, "356", "census.csv", builders.census([{"identifier": c} for c in children]))
    # Bolton's SSDA903 tells of the year: its flows are known, and who had three placements in it
    landing.drop(
        DATE, "350", "header.csv", builders.children([{"child": c} for c in ["B0", *children]])
    )
    left = {
        "child": "B0",
        "decom": "01/05/2019",
        "dec": "01/10/2024",
        "reason_episode_ceased": "E4A",
    }
    landing.drop(
        DATE,
        "350",
        "episodes.csv",
        builders.episodes([left, *({"child": c, "decom": "01/05/2019"} for c in children)]),
    )
    address, date = servers.fresh("embedded"), dt.date.fromisoformat(DATE)
    with Warehouse(address) as warehouse:
        take_in(warehouse, landing.place, date, KEY)
        assert not build_quarter(warehouse, date, load_region("north_west")).blocked_by
        members = members_of_region(warehouse, date)
        yield {
            name: print_table(true, {})
            for name, true in true_tables(warehouse, date, members).items()
        }
    servers.drop("embedded", address)


def cell(
    printed: dict[str, pd.DataFrame], table: str, authority: str, measure: str, **filters: str
) -> str:
    frame = printed[table]
    for name, value in {"authority_code": authority, **filters}.items():
        frame = frame[frame[name] == value]
    (value,) = frame[measure]
    return value


@pytest.mark.parametrize(
    ("table", "measure", "filters", "told", "silent"),
    [
        ("host_authority_occupancy", "occupied_under_18", {"provision_type": HOME}, "z", "x"),
        ("host_authority_occupancy", "occupied_18_plus", {"provision_type": "Total"}, "z", "x"),
        ("host_authority_occupancy", "occupied", {"provision_type": HOME}, "10", "x"),
        ("placement_stability", "children", {}, "20", "x"),
        ("placement_stability", "three_or_more", {}, "z", "x"),
        ("placement_stability", "three_or_more_share", {}, "z", "x"),
        ("placement_stability", "long_term_children", {}, "z", "x"),
        ("placement_stability", "same_carer_two_years_share", {}, "z", "x"),
        ("care_flows", "started", {"breakdown": "Total", "category": "Total"}, "z", "x"),
        ("care_flows", "ceased_per_10k", {"breakdown": "Total", "category": "Total"}, "z", "x"),
        ("fostering_capacity", "households", {"provision_type": AGENCY}, "z", "x"),
        ("fostering_capacity", "children_per_household", {"provision_type": AGENCY}, "z", "x"),
        ("fostering_capacity", "approved_places", {"provision_type": AGENCY}, "20", "x"),
        ("commissioned_placements", "placements", {"provision_type": HOME}, "20", "x"),
        ("commissioned_placements", "looked_after", {"provision_type": HOME}, "20", "x"),
        ("commissioned_placements", "post_18", {"provision_type": HOME}, "z", "x"),
        ("commissioned_placements", "post_18", {"provision_type": "Total"}, "z", "x"),
        ("weekly_cost", "mean_weekly_cost", {"provision_type": HOME}, "z", "x"),
        (
            "placement_distance",
            "placements",
            {"locality": "Total", "distance_band": "Total"},
            "20",
            "x",
        ),
        ("net_position", "own_inside", {}, "0", "x"),
    ],
)
def test_what_a_return_does_not_tell_is_z_and_what_nobody_returned_is_x(
    printed, table, measure, filters, told, silent
):
    assert cell(printed, table, "356", measure, **filters) == told
    assert cell(printed, table, "352", measure, **filters) == silent


def test_ages_are_x_where_nobody_was_listed(printed):
    assert (
        cell(printed, "host_authority_occupancy", "350", "occupied_under_18", provision_type=HOME)
        == "x"
    )
    assert (
        cell(printed, "host_authority_occupancy", "351", "occupied_under_18", provision_type=HOME)
        == "10"
    )


def test_a_flow_to_where_no_provider_returned_is_not_known(printed):
    """Stockport's children live in Manchester, none of whose homes returned: the providers' side is
    x, and not 0.
    """
    assert (
        cell(
            printed,
            "placement_flow",
            "356",
            "children_by_authorities",
            host_authority_name="Manchester",
        )
        == "20"
    )
    assert (
        cell(
            printed,
            "placement_flow",
            "356",
            "children_by_providers",
            host_authority_name="Manchester",
        )
        == "x"
    )
    assert (
        cell(
            printed,
            "placement_flow",
            "352",
            "children_by_providers",
            host_authority_name="Stockport",
        )
        == "10"
    )


@pytest.mark.parametrize(
    "measure", ["three_or_more", "same_carer_two_years", "three_or_more_share"]
)
def test_no_total_is_of_fewer_than_the_whole_beside_it(printed, measure):
    assert cell(printed, "placement_stability", "", "children") == "40"
    assert cell(printed, "placement_stability", "350", measure) == {
        "three_or_more": "0",
        "three_or_more_share": "0.0",
    }.get(measure, "z")
    assert cell(printed, "placement_stability", "", measure) == "z"


def test_own_placements_without_an_ssda903_stay_x(printed):
    assert (
        cell(
            printed,
            "own_placements_location",
            "352",
            "placements",
            provision_type=HOME,
            location_band="Total",
        )
        == "x"
    )
