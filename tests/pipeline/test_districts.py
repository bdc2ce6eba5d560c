"""Districts of counties, from postcodes to figures: homes and children by district, and no postcode
in the warehouse.

Postcodes are of Preston, Burnley and Fenland; two stand in no county.
"""

from __future__ import annotations

import pandas as pd
import pytest

from tests import builders

DATE = "2025-12-31"
PRESTON, BURNLEY, FENLAND, STOCKPORT = "PR1 2RL", "BB11 1JA", "PE13 1XA", "SK1 3XE"


def _list_to_authorities() -> pd.DataFrame:
    """Ofsted's list to authorities: it has the homes' postcodes, and the owners'."""
    rows = [
        ("Lancashire", "SC1", 4, PRESTON), ("Lancashire", "SC2", 2, BURNLEY), ("Cambridgeshire", "SC3", 3, FENLAND),
        ("Stockport", "SC4", 5, STOCKPORT), ("Lancashire", "SC5", 1, "PR99 9ZZ"), ("Lancashire", "SC6", 6, ""),
    ]  # fmt: skip
    columns = ["Local authority", "URN", "Number of registered places", "Provider postcode"]
    fixed = {
        "Provider type": "Children's home", "Sector": "Private", "Provider name": "A home", "Registration status": "Active", "Placement code": "K2",
        "Provider address line 1": "1 Oak Road", "Owner name": "Acorn Care Ltd", "Owner postcode": "M2 5DB",
    }  # fmt: skip
    return pd.DataFrame(rows, columns=columns).assign(**fixed)


@pytest.fixture
def counties(embedded_warehouse, landing, bring):
    landing.drop(DATE, "ofsted", "list.csv", _list_to_authorities())
    homes = [
        {"urn": "SC1", "host_local_authority": "Lancashire", "postcode": "OL1 1AA"},
        {"urn": "SC6", "host_local_authority": "Lancashire", "postcode": "bb111ja"},
        {
            "urn": "SC9",
            "host_local_authority": "Lancashire",
            "postcode": PRESTON,
            "provision_type": "In-house fostering",
        },
    ]
    children = [
        {"urn": "SC1", "placing_local_authority": name}
        for name in ("Lancashire", "Bolton", "Bolton")
    ]
    children.append({"urn": "SC6", "placing_local_authority": "Camden"})
    landing.drop(DATE, "provider-acorn", "settings.csv", builders.settings(homes))
    landing.drop(DATE, "provider-acorn", "placements.csv", builders.placements(children))
    bring(embedded_warehouse, landing, DATE)
    return embedded_warehouse


def test_homes_and_children_are_counted_by_district(counties):
    """The list goes before the return; a postcode that nobody knows, or none, leaves the district
    unknown, and says why.
    """
    supply = counties.rows(
        "select host_authority_name, district_name, settings, places, why_not_known from"
        " curated.district_supply order by 1, 2"
    )
    assert [tuple(row) for row in supply] == [
        ("Cambridgeshire", "Fenland", 1, 3, None),
        ("Lancashire", "Burnley", 2, 8, None),
        ("Lancashire", "Not known", 1, 1, "No postcode is known"),
        ("Lancashire", "Preston", 1, 4, None),
    ]
    origin = counties.rows(
        "select district_name, origin_band, children, share from curated.district_origin order by"
        " 1, 2"
    )
    assert [(*row[:3], float(row.share)) for row in origin] == [
        ("Not known", "elsewhere", 1, 0.25),
        ("Not known", "host", 1, 0.25),
        ("Not known", "region_or_neighbour", 2, 0.5),
    ], "no district has three homes, and one home's children are not told"
    by_county = "select sum(children) as children from curated.{} where host_authority_code = '888'"
    assert (
        counties.scalar(by_county.format("district_origin"))
        == counties.scalar(by_county.format("host_authority_origin"))
        == 4
    )


def test_no_postcode_and_no_address_is_kept(counties):
    """Neither in the rows nor in the findings, and a position is that of a sector: two addresses of
    one sector have one.
    """
    tables = ["register_list_homes", "provider_settings", "finding", "submission"]
    kept = " ".join(
        counties.scalar(
            f"select coalesce(string_agg(to_jsonb(r)::text, ' '), '') from raw.{table} as r"
        )
        for table in tables
    )
    assert "353713" in kept, "the middle of Preston's sector"
    gone = (
        PRESTON,
        BURNLEY,
        FENLAND,
        STOCKPORT,
        "bb111ja",
        "OL1 1AA",
        "M2 5DB",
        "Oak Road",
        "354034",
    )
    assert [
        text
        for text in gone
        if text.replace(" ", "").casefold() in kept.replace(" ", "").casefold()
    ] == []


def test_of_foster_carers_no_place_is_kept(counties):
    rows = counties.rows(
        "select to_jsonb(r) as row from raw.provider_settings as r where urn = 'SC9'"
    )
    kept = [
        value
        for row in rows
        for name, value in row.row.items()
        if "district" in name or "sector" in name or "place" in name
    ]
    assert rows and not any(value and "353713" in str(value) for value in kept)
    assert (
        counties.scalar(
            "select count(*) from raw.provider_settings as r where urn = 'SC9' and"
            " to_jsonb(r)::text like '%E07000123%'"
        )
        == 0
    )
