"""Stockport, September 2023: what the strategy prints comes out of returns that say the same."""

from __future__ import annotations

from tests import builders

DATE = "2023-09-30"


def stockport_returns() -> tuple:
    """92 children on 138 registered places: 15 of Stockport's, 41 of the sub-region's, 16 of the
    region's or neighbours', 20 from elsewhere.
    """
    homes = [
        {
            "urn": f"SC{n:06d}",
            "registered_places": 6,
            "occupied_places": 4,
            "vacant_places": 1,
            "unavailable_places": 1,
            "unavailable_reason": "Staffing",
        }
        for n in range(23)
    ]
    origin = (
        ["Stockport MBC"] * 15
        + ["Manchester City Council"] * 41
        + ["Derbyshire"] * 6
        + ["Cheshire East Council"] * 10
        + ["Kent"] * 20
    )
    children = [
        {"urn": f"SC{n % 23:06d}", "placing_local_authority": name} for n, name in enumerate(origin)
    ]
    return builders.settings(homes), builders.placements(children)


def test_who_lives_in_stockports_homes_and_how_many_places_stand_empty(warehouse, landing, bring):
    homes, children = stockport_returns()
    landing.drop(DATE, "provider-stockport", "settings.csv", homes)
    landing.drop(DATE, "provider-stockport", "placements.csv", children)
    bring(warehouse, landing, DATE)
    bands = {
        r.origin_band: (r.children, round(float(r.share) * 100))
        for r in warehouse.rows(
            "select origin_band, children, share from curated.host_authority_origin where"
            " host_authority_name = 'Stockport'"
        )
    }
    assert bands == {
        "host": (15, 16),
        "sub_region": (41, 45),
        "region_or_neighbour": (16, 17),
        "elsewhere": (20, 22),
    }
    row = warehouse.rows(
        "select occupied, places_returned, unoccupied_rate from curated.host_authority_occupancy"
        " where host_authority_name = 'Stockport'"
    )[0]
    assert (row.occupied, row.places_returned) == (92, 138)
    assert round(float(row.unoccupied_rate), 3) == 0.333


def test_without_a_register_the_returns_count_and_coverage_is_blank(
    embedded_warehouse, landing, bring
):
    homes, children = stockport_returns()
    landing.drop(DATE, "provider-stockport", "settings.csv", homes)
    landing.drop(DATE, "provider-stockport", "placements.csv", children)
    bring(embedded_warehouse, landing, DATE)
    row = embedded_warehouse.rows("select * from curated.host_authority_occupancy")[0]
    assert (
        row.settings_registered,
        row.places_registered,
        row.coverage_settings,
        row.coverage_places,
    ) == (0, None, None, None)
    assert (row.settings_returned, row.occupied_estimate) == (23, None)


def test_commissioned_placements_of_march_2024(embedded_warehouse, landing, bring):
    kinds = (
        ["Fostering - Independent Foster Care (IFA)"] * 48
        + ["Residential - External (Commissioned)"] * 43
        + ["Supported Accommodation - Group Living"] * 42
    )
    rows = builders.census(
        [{"type_of_provision": kind} for kind in kinds]
        + [{"type_of_provision": "Residential - in House"}] * 3
    )
    landing.drop("2024-03-31", "356", "census.csv", rows)
    bring(embedded_warehouse, landing, "2024-03-31")
    found = {
        r.provision_type: r.placements
        for r in embedded_warehouse.rows(
            "select provision_type, placements from curated.commissioned_placements"
        )
    }
    assert found == {
        "Independent fostering": 48,
        "Children's home": 43,
        "Supported accommodation": 42,
    }
