"""The warehouse against the oracle: every cell of the curated tables, over eight quarters.

Most tables are compared whole: every row, every column, estimates and their intervals included.
Where not, a column is a key, a measure, or named in NOT_COMPARED with the reason why it cannot be
worked out here: a new column that is none of these fails a test.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from assets.warehouse.models import models
from made_up import make_region
from resources.landing import LandingPlace
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
    of: str = ""  # the curated table, where it is compared in more than one way


WHOSE, HOST_IS = ["authority_gss", "authority_name"], ["host_authority_gss", "host_authority_name"]
PLACING_IS = ["placing_authority_gss", "placing_authority_name"]

RECORD = "a record of which return or list was read, and no figure"
FACT = "a fact of the row as returned, and no figure"
MONEY_RULE = "the region's rule for showing fees, which has tests of its own (tests/sql)"
NOT_COMPARED: dict[str, dict[str, str]] = {
    "placement_stability": {
        "long_term_children": "needs the returns of three years, of which eight quarters hold two",
        "same_carer_two_years": "as long_term_children",
        "same_carer_two_years_share": "as long_term_children",
        "held_from": RECORD,
    },
    "setting_vacancies": {
        "provider_name": "the text of the register's list, as it was read",
        "grade": "from the list of inspections, whose newest of several counts: tests/sql",
        "needs_met": "from Ofsted's list to authorities: held by the made-up region's truth",
        "received_at": RECORD,
    },
    "homes": {
        "grade": "from the list of inspections, whose newest of several counts: tests/sql",
        "service_category": "of a home from its return or Ofsted's list to authorities: tests/sql",
        **dict.fromkeys(HOST_IS, "the rows are added up over grades, without names"),
    },
    "market_concentration": dict.fromkeys(
        ["owner_basis", "share_by_ultimate_owner"],
        "held by the made-up region's truth: tests/pipeline/test_truth_money.py",
    ),
    "weekly_cost": {
        **dict.fromkeys(["area_gss", "area_name"], FACT),
        **dict.fromkeys(
            ["owner_groups", "largest_group_share", "fees_may_be_shown", "ratio_to_region",
             "rank_in_region"],
            MONEY_RULE,
        ),
    },
    "high_cost_placements": {
        **dict.fromkeys(PLACING_IS, "the rows are added up by authority, without names"),
        **dict.fromkeys(
            ["placement_number", "provision_type", "is_looked_after", "host_authority_code",
             *HOST_IS, "organisation", "sourcing_route", "high_cost_weekly",
             "placement_start_date", "weeks_so_far", "review_date", "review_outcome"], FACT,
        ),
        "total_weekly_cost": "compared as its sum by authority (weekly)",
        "cost_so_far": "compared as its sum by authority (so_far)",
    },
    "two_sided_truth": {
        **dict.fromkeys(
            ["host_authority_code", *HOST_IS, "provision_type"],
            "the areas of one setting are put together: which of several it is, is not told",
        ),
        **dict.fromkeys(PLACING_IS, "the rows are added up, without names"),
        "likely_cause": "words about the two counts, which are compared",
    },
}  # fmt: skip

TABLES = {
    "children_looked_after": Held(
        children.children_looked_after, ["authority_code", "breakdown", "category"],
        ["children", "share", "rate_per_10k", "population_year", *WHOSE],
    ),
    "care_flows": Held(
        children.care_flows, ["authority_code", "direction", "breakdown", "category"],
        ["children", "share", "rate_per_10k", "population_year", *WHOSE],
    ),
    "placement_stability": Held(
        children.three_or_more, ["authority_code"],
        ["children", "three_or_more", "three_or_more_share", *WHOSE],
    ),
    "placement_distance": Held(
        placements.placement_distance,
        ["authority_code", "provision_type", "locality", "distance_band"],
        ["placements", "share", *WHOSE],
    ),
    "host_authority_occupancy": Held(
        supply.host_authority_occupancy, HOST,
        ["settings_registered", "places_registered", "settings_returned", "settings_covered",
         "places_covered", "places_returned", "occupied", "vacant", "unavailable",
         "occupied_under_18", "occupied_18_plus", "occupancy_rate", "vacancy_rate",
         "unoccupied_rate", "available_occupancy_rate", "availability_rate", "coverage_settings",
         "coverage_places", "register_as_at", "register_carried", "register_source",
         *supply.ESTIMATED, *HOST_IS],
    ),
    "area_occupancy": Held(
        supply.area_occupancy, ["area_level", "area_code", "provision_type"],
        [*supply.SUMMED, "occupancy_rate", "coverage_settings", "coverage_places", "area_gss",
         "area_name", *supply.ESTIMATED],
    ),
    "host_authority_origin": Held(
        supply.host_authority_origin, [*HOST, "origin_band"], ["children", "share", *HOST_IS],
    ),
    "unavailable_places": Held(
        supply.unavailable_places, [*HOST, "reason"], ["places", "share", *HOST_IS]
    ),
    "referrals": Held(
        supply.referrals, HOST,
        ["settings_with_referrals", "referrals", "offers", "vacant", "referrals_per_vacant_place",
         "offer_rate", *HOST_IS],
    ),
    "pipeline_homes": Held(
        supply.pipeline_homes, ["authority_code", "stage"],
        ["homes_planned", "beds_planned", "next_opening", *WHOSE],
    ),
    "setting_vacancies": Held(
        supply.setting_vacancies, ["urn", "host_authority_code"],
        ["setting_name", "provision_type", "service_category", "registered", "vacant",
         "unavailable", "unavailable_reason", "min_age", "max_age", "gender_accepted", "framework",
         "lot", "under_notice", "known_to_register", "as_at", *HOST_IS],
    ),
    "homes": Held(
        supply.homes, [*HOST, "size_band", "sector"], ["settings", "places"],
        "select census_date, host_authority_code, provision_type, size_band, sector, "
        "sum(settings) as settings, sum(places) as places "
        "from curated.homes group by 1, 2, 3, 4, 5",
    ),
    "market_concentration": Held(
        supply.market_concentration, ["area_level", "area_code", "provision_type"],
        ["settings", "places", "owner_groups", "places_owner_unknown", "share_largest_1",
         "share_largest_3", "share_largest_10", "herfindahl_hirschman_index", "area_gss",
         "area_name"],
    ),
    "home_sizes": Held(
        supply.home_sizes, [*HOST, "size_band"],
        ["settings", "places", "share", "rank_in_region", "authorities_ranked", *HOST_IS],
    ),
    "register_changes": Held(
        supply.register_changes, [*HOST, "change"],
        ["settings", "places", "compared_with", *HOST_IS],
        "select * from curated.register_changes where provision_type <> 'Supported accommodation' "
        "and change in ('opened', 'closed', 'grew', 'shrank')",
    ),
    "host_use_of_own_supply": Held(
        placements.host_use_of_own_supply, HOST,
        ["children_living_here", "children_of_host", "share_of_places_used_by_host",
         "own_placements", "own_placements_in_area", "share_of_own_in_area", "covers", *HOST_IS],
    ),
    "own_placements_location": Held(
        placements.own_placements_location,
        ["placing_authority_code", "provision_type", "location_band"],
        ["placements", "share", "source", "covers", "blank_reason", *PLACING_IS],
    ),
    "placement_flow": Held(
        placements.placement_flow,
        ["placing_authority_code", "host_authority_code", "provision_type"],
        ["children_by_providers", "children_by_authorities", "covers", *HOST_IS, *PLACING_IS],
    ),
    "net_position": Held(
        placements.net_position, ["authority_code"],
        ["own_inside", "own_outside", "own_unknown", "others_inside", "net_gain",
         "others_inside_by_authorities", "coverage_places", "source", "covers", "blank_reason",
         *WHOSE],
    ),
    "weekly_cost": Held(
        money.weekly_cost,
        ["area_level", "area_code", "provision_type", "population", "basis"],
        ["placements", "placements_without_cost", "mean_weekly_cost", "median_weekly_cost",
         "lower_decile_weekly_cost", "upper_decile_weekly_cost", "annual_equivalent",
         "mean_social_care", "mean_education", "mean_health", "authorities_returned",
         "authorities_in_both"],
        tolerance=0.00501,
    ),
    "weekly_cost, change": Held(
        money.cost_change, ["area_code", "provision_type", "population", "basis"],
        ["mean_weekly_cost_year_before", "mean_weekly_cost_change", "mean_weekly_cost_change_share",
         "break_reason"],
        "select * from curated.weekly_cost where area_level = 'authority'",
        tolerance=0.00501, of="weekly_cost",
    ),
    "commissioned_placements": Held(
        money.commissioned_placements, ["authority_code", "provision_type", "population"],
        ["placements", *WHOSE],
    ),
    "sourcing_route": Held(
        placements.sourcing_route, ["authority_code", "category"], ["placements", "share", *WHOSE]
    ),
    "distance_reason": Held(
        placements.distance_reason, ["authority_code", "category"], ["placements", "share", *WHOSE]
    ),
    "special_circumstances": Held(
        placements.special_circumstances, ["authority_code", "category"],
        ["placements", "share", *WHOSE],
    ),
    "high_cost_placements": Held(
        placements.high_cost_placements, ["placing_authority_code"],
        ["placements", "weekly", "so_far"],
        "select census_date, placing_authority_code, count(*) as placements, "
        "sum(total_weekly_cost) as weekly, sum(cost_so_far) as so_far "
        "from curated.high_cost_placements group by 1, 2",
    ),
    "supply_gap": Held(
        placements.supply_gap, ["authority_code", "provision_type"],
        ["own_placements", "own_unregistered", "own_placements_in_area",
         "own_placements_elsewhere", "places_registered", "usable", "vacant", "coverage_places",
         "numerical_sufficiency", "usable_sufficiency", "vacant_sufficiency",
         "usable_estimate", "vacant_estimate", "usable_sufficiency_estimate",
         "vacant_sufficiency_estimate", "share_of_places_used_by_host", "offers_per_referral",
         "source", "covers", "blank_reason", *WHOSE],
    ),
    "two_sided_truth": Held(
        placements.two_sided_truth, ["urn", "placing_authority_code"],
        ["children_by_providers", "children_by_authorities", "difference"],
        "select census_date, urn, placing_authority_code, "
        "sum(children_by_providers) as children_by_providers, "
        "sum(children_by_authorities) as children_by_authorities, sum(difference) as difference "
        "from curated.two_sided_truth group by 1, 2, 3",
    ),
    "fostering_capacity": Held(
        supply.fostering_capacity, ["authority_code", "provision_type", "approval_type"],
        ["source", "agencies", "households", "approved_places", "children_placed",
         "vacant_places", "not_available_places", "available_places", "children_per_household",
         "filled_share", "vacant_share", "not_available_share", *WHOSE],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def region(servers, tmp_path_factory) -> tuple[Warehouse, landed.Landed]:
    """A made-up region of eight quarters: its warehouse, and its files as the oracle reads them."""
    out: Path = tmp_path_factory.mktemp("oracle") / "landing"
    made = make_region(out, quarters=8, last=LAST, seed=11, scale=0.06, response=0.8, truth=False)
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
    parts = [held.reckon(files, date) for date in files.dates]
    theirs = landed.with_names(pd.concat([p for p in parts if len(p)], ignore_index=True))
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
        ours, theirs = (both[f"{measure}_{side}"] for side in "wo")
        blank = ours.isna() & theirs.isna()
        if {str(value) for value in ours.dropna().unique()} <= {"True", "False"}:
            ours, theirs = (side.map({True: 1, False: 0}) for side in (ours, theirs))
        numbers = [pd.to_numeric(side, errors="coerce") for side in (ours, theirs)]
        if numbers[0].notna().any() or numbers[1].notna().any():
            same = (numbers[0] - numbers[1]).abs() < held.tolerance
        else:
            same = ours.astype(str) == theirs.astype(str)
        bad |= ~same & ~blank
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


@pytest.mark.parametrize("table", sorted({held.of or name for name, held in TABLES.items()}))
def test_every_column_is_compared_or_named_with_its_reason(table):
    ways = [held for name, held in TABLES.items() if (held.of or name) == table]
    compared = {"census_date", *(c for held in ways for c in (*held.keys, *held.measures))}
    left_out = NOT_COMPARED.get(table, {})
    columns = set(models()["curated", table].columns)
    assert columns - compared == set(left_out), "compare it, or say in NOT_COMPARED why not"
    assert all(left_out.values())


def test_at_least_twenty_tables_are_compared_whole():
    """Every row and every column of them: no selection of rows, and nothing left out."""
    parts = {held.of or name for name, held in TABLES.items() if held.query or held.of}
    whole = {held.of or name for name, held in TABLES.items()} - parts - set(NOT_COMPARED)
    assert len(whole) >= 20, sorted(whole)
