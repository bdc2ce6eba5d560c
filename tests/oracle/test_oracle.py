"""The warehouse against the oracle: every cell of the curated tables, over eight quarters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from assets.warehouse.tables import prepare
from resources.landing import LandingPlace
from resources.made_up import make_region
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.conftest import KEY
from tests.oracle import children, landed, money, placements, supply

LAST = dt.date(2025, 12, 31)
HOST = ["host_authority_code", "provision_type"]


@dataclass(frozen=True)
class Held:
    """How one curated table is compared: the oracle's function, the grain, the measures."""

    reckon: Callable[[landed.Landed, dt.date], pd.DataFrame]
    keys: list[str]
    measures: list[str]
    query: str = ""
    tolerance: float = 6e-6  # shares have six decimals; money is to the penny


TABLES = {
    "children_looked_after": Held(
        children.children_looked_after, ["authority_code", "breakdown", "category"],
        ["children", "share", "rate_per_10k"],
    ),
    "care_flows": Held(
        children.care_flows, ["authority_code", "direction", "category"], ["children"]
    ),
    "placement_stability": Held(
        children.three_or_more, ["authority_code"], ["children", "three_or_more"]
    ),
    "placement_distance": Held(
        placements.placement_distance,
        ["authority_code", "provision_type", "locality", "distance_band"], ["placements"],
    ),
    "host_authority_occupancy": Held(
        supply.host_authority_occupancy, HOST,
        ["settings_registered", "places_registered", "settings_returned", "places_returned",
         "occupied", "vacant", "unavailable", "occupancy_rate", "vacancy_rate", "unoccupied_rate",
         "available_occupancy_rate", "availability_rate", "coverage_settings", "coverage_places"],
    ),
    "host_authority_origin": Held(
        supply.host_authority_origin, [*HOST, "origin_band"], ["children", "share"],
        "select * from curated.host_authority_origin where children > 0",
    ),
    "unavailable_places": Held(supply.unavailable_places, [*HOST, "reason"], ["places"]),
    "referrals": Held(
        supply.referrals, HOST, ["settings_with_referrals", "referrals", "offers", "vacant"]
    ),
    "pipeline_homes": Held(
        supply.pipeline_homes, ["authority_code", "stage"], ["homes_planned", "beds_planned"]
    ),
    "setting_vacancies": Held(
        supply.setting_vacancies, ["urn", "host_authority_code"],
        ["vacant", "unavailable", "min_age", "max_age", "under_notice"],
    ),
    "homes": Held(
        supply.homes, [*HOST, "size_band", "sector"], ["settings", "places"],
        "select census_date, host_authority_code, provision_type, size_band, sector, "
        "sum(settings) as settings, sum(places) as places "
        "from curated.homes group by 1, 2, 3, 4, 5",
    ),
    "market_concentration": Held(
        supply.market_concentration, ["area_level", "area_code", "provision_type"],
        ["settings", "places"],
        "select * from curated.market_concentration where area_level = 'region'",
    ),
    "home_sizes": Held(
        supply.home_sizes, [*HOST, "size_band"], ["settings", "places", "share"],
        "select * from curated.home_sizes where settings > 0",
    ),
    "register_changes": Held(
        supply.register_changes, [*HOST, "change"], ["settings", "places"],
        "select * from curated.register_changes where provision_type <> 'Supported accommodation' "
        "and change in ('opened', 'closed', 'grew', 'shrank')",
    ),
    "host_use_of_own_supply": Held(
        placements.host_use_of_own_supply, HOST,
        ["children_living_here", "children_of_host", "share_of_places_used_by_host"],
        "select * from curated.host_use_of_own_supply where children_living_here > 0",
    ),
    "own_placements_location": Held(
        placements.own_placements_location,
        ["placing_authority_code", "provision_type", "location_band"], ["placements", "share"],
        "select * from curated.own_placements_location where placements > 0",
    ),
    "placement_flow": Held(
        placements.placement_flow,
        ["placing_authority_code", "host_authority_code", "provision_type"],
        ["children_by_providers", "children_by_authorities"],
        "select * from curated.placement_flow where host_authority_code <> 'UNKNOWN'",
    ),
    "net_position": Held(
        placements.net_position, ["authority_code"],
        ["own_inside", "own_outside", "own_unknown", "others_inside", "net_gain"],
        "select * from curated.net_position where covers = 'all'",
    ),
    "weekly_cost": Held(
        money.weekly_cost,
        ["area_level", "area_code", "provision_type", "population", "basis"],
        ["placements", "mean_weekly_cost", "median_weekly_cost", "lower_decile_weekly_cost",
         "upper_decile_weekly_cost", "annual_equivalent"],
        "select * from curated.weekly_cost where placements > 0",
        tolerance=0.00501,
    ),
    "commissioned_placements": Held(
        money.commissioned_placements, ["authority_code", "provision_type", "population"],
        ["placements"], "select * from curated.commissioned_placements where placements > 0",
    ),
    "sourcing_route": Held(
        placements.sourcing_route, ["authority_code", "category"], ["placements", "share"]
    ),
    "distance_reason": Held(
        placements.distance_reason, ["authority_code", "category"], ["placements", "share"]
    ),
    "high_cost_placements": Held(
        placements.high_cost_placements, ["placing_authority_code"],
        ["placements", "weekly", "so_far"],
        "select census_date, placing_authority_code, count(*) as placements, "
        "sum(total_weekly_cost) as weekly, sum(cost_so_far) as so_far "
        "from curated.high_cost_placements group by 1, 2",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def region(servers, tmp_path_factory) -> tuple[Warehouse, landed.Landed]:
    """A made-up region of eight quarters: its warehouse, and its files as the oracle reads them."""
    out: Path = tmp_path_factory.mktemp("oracle") / "landing"
    made = make_region(out, quarters=8, last=LAST, seed=11, scale=0.06, response=0.8)
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        here = load_region(made.region)
        prepare(warehouse, here)
        for date in made.census_dates:
            take_in(warehouse, LandingPlace(str(out)), date, KEY)
            assert not build_quarter(warehouse, date, here).blocked_by
        yield warehouse, landed.read(out)
    servers.drop("embedded", address)


def cells(held: Held, warehouse: Warehouse, name: str, files: landed.Landed) -> pd.DataFrame:
    """Both reckonings side by side, outer-joined on the grain: `<measure>_w` and `<measure>_o`."""
    ours = warehouse.frame(held.query or f"select * from curated.{name}")
    theirs = pd.concat([held.reckon(files, date) for date in files.dates], ignore_index=True)
    keys = ["census_date", *held.keys]
    for frame in (ours, theirs):
        frame[keys] = frame[keys].astype(object).where(frame[keys].notna(), "None").astype(str)
    return ours[keys + held.measures].merge(
        theirs[keys + held.measures], on=keys, how="outer", suffixes=("_w", "_o"), indicator=True
    )


def unlike(both: pd.DataFrame, held: Held) -> pd.Series:
    """Whether a row stands on one side alone or has a cell that differs."""
    bad = both["_merge"] != "both"
    for measure in held.measures:
        ours, theirs = (pd.to_numeric(both[f"{measure}_{side}"]) for side in "wo")
        bad |= ~((ours - theirs).abs() < held.tolerance) & ~(ours.isna() & theirs.isna())
    return bad


@pytest.mark.parametrize("name", TABLES)
def test_the_warehouse_says_what_the_files_say(region, name):
    warehouse, files = region
    held = TABLES[name]
    both = cells(held, warehouse, name, files)
    assert len(both) > 5
    wrong = both[unlike(both, held)]
    assert wrong.empty, (
        f"{name}: {len(wrong)} of {len(both)} rows differ\n{wrong.head(12).to_string()}"
    )


def test_a_moved_cell_is_seen(region):
    warehouse, files = region
    held = TABLES["referrals"]
    both = cells(held, warehouse, "referrals", files)
    both.loc[3, "offers_w"] = both.loc[3, "offers_w"] + 1
    assert unlike(both, held).sum() == 1
