"""Differencing: from what an authority reads, less its own, nobody's fees and nobody's single figure come out."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from assets.publication.disclosure import SAFE, publish_means
from assets.warehouse.tables import prepare, region_hash
from resources.warehouse import physical
from schemas.regions import DisclosureMethod, load_region
from tests.access.conftest import OTHER, OWN, REGION, Filled

AREAS = [("sub-region", "ours", OWN), ("sub-region", "theirs", OTHER), ("region", "all", OWN), ("region", "all", OTHER)]


@pytest.fixture
def fees(filled: Filled):
    """Fees of two sub-regions and their region in one quarter, of which the rule lets out all, and of which it lets out none in another."""
    quarters = {"2025-06-30": True, "2025-09-30": False}
    with filled.warehouse.engine.begin() as connection:
        for date, is_shown in quarters.items():
            held = "insert into access.quarter_end values (:d) on conflict do nothing"
            connection.execute(sa.text(held), {"d": date})
            for level, code, authority in AREAS:
                add = physical("insert into core.area (census_date, area_level, area_code, authority_code) values (:d, :l, :c, :a)")
                connection.execute(sa.text(add), {"d": date, "l": level, "c": code, "a": authority})
            for level, code in [*dict.fromkeys((level, code) for level, code, _ in AREAS), ("authority", OWN), ("authority", OTHER)]:
                add = physical(
                    "insert into curated.weekly_cost (census_date, area_level, area_code, mean_weekly_cost, fees_may_be_shown) "
                    "values (:d, :l, :c, 5000, :shown)"
                )
                connection.execute(sa.text(add), {"d": date, "l": level, "c": code, "shown": is_shown})
    yield
    with filled.warehouse.engine.begin() as connection:
        for table in ("core.area", "curated.weekly_cost"):
            connection.execute(sa.text(physical(f"delete from {table} where census_date = any(:d)")), {"d": list(quarters)})


@pytest.mark.usefixtures("fees")
def test_an_authority_reads_its_own_fees_and_of_its_own_areas_what_the_rule_lets_out(filled: Filled):
    with filled.connect("stockport") as session:
        asked = "select area_level, area_code from curated.weekly_cost where census_date = %s order by 1, 2"
        own = ("authority", OWN)
        assert session.execute(asked, ["2025-06-30"]).fetchall() == [own, ("region", "all"), ("sub-region", "ours")]
        assert session.execute(asked, ["2025-09-30"]).fetchall() == [own]


def test_a_regions_own_rule_reaches_the_models_and_releases(warehouse):
    method = DisclosureMethod(placements_for_a_mean=20, owner_groups_for_a_mean=4, largest_share_of_spend=0.5, others_for_a_comparison=5)
    region = dataclasses.replace(load_region("north_west"), disclosure=method)
    assert region_hash(region) != region_hash(REGION), "quarters are written anew where the rule changed"
    assert prepare(warehouse, region)
    told = (
        "select distinct placements_for_a_mean, owner_groups_for_a_mean, largest_share_of_spend, others_for_a_comparison from staging.region_member"
    )
    assert [tuple(map(float, row)) for row in warehouse.rows(told)] == [(20, 4, 0.5, 5)]
    import pandas as pd

    support = pd.Series([4000.0]), pd.Series([12]), pd.Series([4]), pd.Series([0.4])
    assert list(publish_means(*support, method)) == ["c"] != list(publish_means(*support, SAFE))
