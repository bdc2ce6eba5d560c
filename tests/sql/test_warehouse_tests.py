"""Every warehouse test finds what it is for, and a blocking one keeps the quarter from being
written: the old quarter stands.

A small sound quarter is built once a server. A case then breaks its data, sees the test fail, and
takes the break back. For a blocking test the same break is made again by a trigger, right after the
model has written its rows, as a wrong model would make it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.intake.loading import take_in
from assets.warehouse.building import BuildResult, build_quarter, run_checks
from assets.warehouse.models import models, warehouse_tests
from resources.warehouse import Warehouse, physical
from schemas.regions import load_region
from schemas.returns import return_tables
from tests import builders
from tests.conftest import KEY, Landing, Servers
from tests.sql import money_breaks
from tests.unit.at_the_door import csv_of

DATE = "2025-03-31"
QUARTER = dt.date.fromisoformat(DATE)
REGION = load_region("north_west")
TESTS = {test.name: test for test in warehouse_tests()}

BREAKS: dict[str, list[str]] = {
    "authorities_are_known": [
        (
            f"insert into core.setting (census_date, urn, host_authority_code) values ('{DATE}',"
            " 'SC77', '909')"
        ),
        "update core.setting_child set placing_authority_code = '909' where urn = 'SC01'",
        "update core.placement set host_authority_code = 'E10000006' where row_number = 2",
    ],
    "care_flows_add_up": [
        "update curated.care_flows set children = children + 1 where breakdown = 'age'",
        (
            "update curated.care_flows set children = children + 1 where breakdown = 'total' and"
            " direction = 'started'"
        ),
        "delete from curated.care_flows where breakdown = 'reason'",
    ],
    "children_and_flows_agree": [
        (
            "insert into curated.children_looked_after (census_date, authority_code, breakdown,"
            " category, children) values ('2024-03-31', '350', 'total', 'Total', 14)"
        ),
    ],
    "children_live_in_a_returned_setting": [
        "update raw.provider_placements set urn = 'SC77' where urn = 'SC01'"
    ],
    "children_of_a_setting_come_from_one_sender": [
        (
            "insert into core.setting_child (census_date, submission_id, sheet, row_number, sender,"
            " urn, host_authority_code, placing_authority_code) select c.census_date, 'other',"
            " c.sheet, c.row_number, 'provider-other', c.urn, c.host_authority_code,"
            " c.placing_authority_code from core.setting_child as c where c.urn = 'SC01'"
        ),
        (
            "update core.setting_child set sender = 'provider-other', host_authority_code ="
            " 'UNKNOWN' where urn = '2700001'"
        ),
    ],
    "children_looked_after_add_up": [
        "update curated.children_looked_after set children = children + 1 where breakdown = 'age'",
        (
            "update curated.children_looked_after set children = children - 1 where breakdown ="
            " 'total'"
        ),
        "update curated.children_looked_after set share = share / 2 where breakdown = 'sex'",
        "delete from curated.children_looked_after where breakdown = 'legal status'",
        (
            f"insert into core.child (census_date, authority_code, child_key) values ('{DATE}',"
            " '350', 'one more')"
        ),
    ],
    "commissioned_placements_count_every_row": [
        "update curated.commissioned_placements set placements = placements + 1",
        "update curated.commissioned_placements set population = 'post 18'",
        "delete from curated.commissioned_placements where provision_type = 'Children''s home'",
    ],
    "distances_count_every_child": [
        "update curated.placement_distance set placements = placements + 1",
        "update curated.placement_distance set share = share / 2",
        "delete from curated.placement_distance where provision_type = 'None'",
    ],
    "estimates_lie_in_their_interval": [
        "update curated.host_authority_occupancy set occupied_estimate = occupied_high + 0.1",
        "update curated.host_authority_occupancy set vacant_low = vacant_estimate + 1",
        "update curated.host_authority_occupancy set vacant_low = vacant - 1",
        "update curated.host_authority_occupancy set occupied_high = null",
        "update curated.host_authority_occupancy set occupied_estimate = null",
        (
            "update curated.host_authority_occupancy set occupied_estimate = occupied + 1,"
            " occupied_high = occupied + 2 where coverage_places = 1"
        ),
        "update curated.area_occupancy set occupied_band_low = occupied_low + 1",
        "update curated.area_occupancy set vacant_band_high = vacant_high - 1",
        (
            "update curated.area_occupancy set vacant_band_high = vacant + places_registered -"
            " places_covered + 1"
        ),
        "update curated.area_occupancy set occupied_band_high = null",
        (
            "update curated.host_authority_occupancy set places_covered = places_covered - 1,"
            " occupied_high = occupied_low, occupied_estimate = occupied_low"
        ),
    ],
    "flows_count_every_child": [
        "update curated.placement_flow set children_by_providers = children_by_providers + 1",
        "update curated.placement_flow set children_by_authorities = null",
        "delete from curated.placement_flow where children_by_providers > 0",
        (
            "insert into curated.placement_flow (census_date, placing_authority_code,"
            f" host_authority_code, provision_type, children_by_providers) values ('{DATE}', '330',"
            " '356', 'Children''s home', 2)"
        ),
    ],
    "homes_hold_every_setting": [
        (
            "update curated.homes set settings = settings + 1 where provision_type = 'Children''s"
            " home'"
        ),
        "update curated.homes set places = places + 1",
        "delete from curated.homes where provision_type = 'Independent fostering'",
    ],
    "figures_agree_with_the_official_ones": [
        "update curated.benchmark set official_difference = 6 where unit = 'children'",
        "update curated.benchmark set official_difference = -6 where unit = 'children'",
    ],
    "homes_stand_once_in_the_register": [
        "update core.premises set urn = 'SC01' where urn = 'SC02'"
    ],
    "hosts_of_placements_are_known": [
        "update core.placement set host_authority_code = 'UNKNOWN' where row_number = 2"
    ],
    "loaded_rows_reach_staging": [
        (
            "update raw.submission_table set rows_loaded = rows_loaded + 1, rows_received ="
            " rows_received + 1 where table_name = 'provider_settings'"
        ),
        "update raw.placement_census set fate = 'rejected' where row_number = 2",
        "delete from raw.register_premises",
    ],
    "locations_count_every_placement": [
        (
            "update curated.own_placements_location set placements = placements + 1 where"
            " location_band = 'in_area'"
        ),
        (
            "update curated.own_placements_location set share = share + 0.1 where location_band ="
            " 'in_area'"
        ),
        "delete from curated.own_placements_location where provision_type = 'Children''s home'",
    ],
    "needs_count_every_search": [
        (
            "update curated.needs_profile set searches = searches + 1 where category = 'Solo"
            " placement'"
        ),
        "update curated.needs_profile set searches_with_need = searches + 1",
        "delete from curated.needs_profile where breakdown = 'distance'",
        "update curated.search_outcome set searches_open = searches_open + 1",
        "delete from curated.search_outcome",
    ],
    "net_gain_is_of_every_placement": [
        "update curated.net_position set net_gain = net_gain + 1",
        "update curated.net_position set own_inside = own_inside + 1 where source = 'ssda903'",
        "update curated.net_position set own_unknown = own_unknown - 1 where source = 'ssda903'",
        (
            "update curated.net_position set own_inside = 3, own_outside = 0, own_unknown = 0 where"
            " covers = 'commissioned'"
        ),
        "update curated.net_position set blank_reason = null where covers = 'commissioned'",
        "delete from curated.net_position where source = 'ssda903'",
    ],
    "occupancy_adds_up": [
        (
            "update curated.host_authority_occupancy set occupied = occupied + 1, places_returned ="
            " places_returned + 1"
        ),
        "update curated.host_authority_occupancy set places_returned = places_returned + 1",
        "update curated.host_authority_occupancy set settings_returned = settings_returned + 1",
        "update curated.host_authority_occupancy set occupied = 0 where occupied is null",
        "delete from curated.host_authority_occupancy where settings_returned > 0",
    ],
    "occupancy_rates_are_shares": [
        "update curated.host_authority_occupancy set coverage_places = 1.5",
        "update curated.host_authority_occupancy set vacancy_rate = -0.1",
        "update curated.host_authority_occupancy set unoccupied_rate = 0.5 * unoccupied_rate",
        "update curated.host_authority_occupancy set availability_rate = 0",
    ],
    "occupancy_supply_is_the_registers": [
        "update curated.host_authority_occupancy set places_registered = places_registered + 1",
        (
            "update curated.host_authority_occupancy set places_registered = 0 where"
            " places_registered is null"
        ),
        "update curated.host_authority_occupancy set settings_registered = settings_registered - 1",
        "delete from curated.host_authority_occupancy where settings_returned = 0",
    ],
    "one_sender_returns_a_setting": [
        (
            "insert into raw.provider_settings (submission_id, census_date, sender, row_number,"
            " fate, urn, host_local_authority) select s.submission_id, s.census_date,"
            " 'provider-other', 99, 'loaded', s.urn, s.host_local_authority from"
            " raw.provider_settings as s where s.urn = 'SC01'"
        ),
    ],
    "origins_count_every_child": [
        (
            "update curated.host_authority_origin set children = children + 1 where origin_band ="
            " 'host'"
        ),
        "update curated.host_authority_origin set share = share / 2 where share > 0",
        "delete from curated.host_authority_origin where host_authority_code = '350'",
    ],
    "register_rows_reach_core": [
        "delete from core.premises where urn = 'SC01'",
        "delete from core.premises where urn = '2700001' and host_authority_code = '356'",
        (
            "insert into core.premises (census_date, urn, host_authority_code, premises_number,"
            f" provision_type) values ('{DATE}', 'SC01', '350', 2, 'Children''s home')"
        ),
    ],
    "returned_children_reach_core": [
        "delete from core.setting_child where urn = 'SC01'",
        "update core.setting_child set placing_authority_code = '330' where urn = 'SC01'",
        (
            "insert into core.setting_child (census_date, submission_id, row_number, urn) values"
            f" ('{DATE}', 'none', 2, 'SC01')"
        ),
    ],
    "returned_placements_reach_core": [
        "delete from core.placement where row_number = 2",
        "update core.placement set placing_authority_code = '350' where row_number = 2",
    ],
    "returned_settings_reach_core": [
        "delete from core.setting_return where urn = 'SC01'",
        (
            "update core.setting_return set occupied_places = occupied_places + 1 where urn ="
            " '2700001'"
        ),
        "update core.setting_return set sender = 'provider-other' where urn = 'SC01'",
    ],
    "searches_count_every_record": [
        "delete from curated.search where search_number = 1",
        "update curated.search set authority_code = '350'",
    ],
    "settings_keep_to_their_registration": [
        "update core.setting_return set occupied_places = 9 where urn = 'SC01'"
    ],
    "settings_sum_up_their_premises": [
        "update core.setting set places = places + 1 where urn = '2700001'",
        "update core.setting set premises = premises + 1 where urn = 'SC01'",
        "update core.setting set places = 0 where places is null",
        "delete from core.setting where urn = 'SC90'",
    ],
    "stays_needs_and_ages_count_every_child": [
        (
            "update curated.need_breakdown set children = children + 1 where breakdown = 'sex' and"
            " population = 'looked after'"
        ),
        "delete from curated.length_of_stay where breakdown = 'in care'",
        (
            "update curated.age_by_provision set children = children - 1 where population = 'looked"
            " after'"
        ),
    ],
    "stability_is_of_the_children": [
        "update curated.placement_stability set three_or_more = children + 1",
        "update curated.placement_stability set children = children + 1",
        "update curated.placement_stability set long_term_children = 1, same_carer_two_years = 2",
        "delete from curated.placement_stability",
    ],
    "unavailable_places_are_the_occupancys": [
        "update curated.unavailable_places set places = places + 1",
        "delete from curated.unavailable_places where host_authority_code = '350'",
    ],
    "use_of_own_supply_counts_both_sides": [
        "update curated.host_use_of_own_supply set children_living_here = children_living_here + 1",
        "update curated.host_use_of_own_supply set own_placements = null",
        "update curated.host_use_of_own_supply set children_of_host = children_living_here + 1",
        "delete from curated.host_use_of_own_supply where children_living_here > 0",
        "delete from curated.host_use_of_own_supply where own_placements > 0",
    ],
    "vacancies_are_the_occupancys": [
        "update curated.setting_vacancies set vacant = vacant + 1 where urn = 'SC01'",
        "delete from curated.setting_vacancies where urn = 'SC90'",
    ],
}
"""By test: changes to a sound quarter, each of which the test must see."""

ALL = [
    pytest.param(name, number, id=f"{name}-{number + 1}")
    for name, breaks in BREAKS.items()
    for number in range(len(breaks))
]
BLOCKING = [pytest.param(name, id=name) for name in BREAKS if TESTS[name].blocks]


def _fill(landing: Landing) -> None:
    """A sound quarter: homes of which one has not returned, supported accommodation in two
    authorities, an agency, one authority's census, another's SSDA903 of two children and of one who
    left."""
    register = [
        {"urn": "SC01", "local_authority": "Bolton", "places": 4},
        {"urn": "SC02", "local_authority": "Bolton", "places": 3},
        {"urn": "SC03", "local_authority": "Stockport", "places": 3},
        {"urn": "SC04", "local_authority": "Stockport", "places": 5},
        {
            "urn": "SC90",
            "local_authority": "Birmingham",
            "places": "",
            "provision_type": "Independent fostering agency",
        },
        {
            "urn": "2700001",
            "local_authority": "Bolton",
            "places": 5,
            "provision_type": "Supported accommodation",
            "premises": 2,
        },
    ]
    premises = [
        {"urn": "2700001", "local_authority": "Bolton", "places": 3},
        {"urn": "2700001", "local_authority": "Stockport", "places": 2},
    ]
    settings = [
        {"urn": "SC01", "host_local_authority": "Bolton", "registered_places": 4, "unavailable_places": 1, "unavailable_reason": "Staffing"},
        {"urn": "SC02", "host_local_authority": "Bolton", "occupied_places": 1, "vacant_places": 2},
        {"urn": "SC03", "host_local_authority": "Stockport", "occupied_places": 1, "unavailable_places": 1, "unavailable_reason": "Matching"},
        {"urn": "2700001", "host_local_authority": "Bolton", "provision_type": "Supported accommodation", "occupied_places": 1, "vacant_places": 2},
        {"urn": "2700001", "host_local_authority": "Stockport", "provision_type": "Supported accommodation", "registered_places": 2,
         "occupied_places": 1},
        {"urn": "SC90", "host_local_authority": "Bolton", "provision_type": "Independent fostering", "occupied_places": 1, "vacant_places": 2},
    ]  # fmt: skip
    placements = [
        {"urn": "SC01", "placing_local_authority": "Stockport", "host_local_authority": ""},
        {"urn": "SC01", "placing_local_authority": "Bolton", "host_local_authority": ""},
        {"urn": "SC02", "placing_local_authority": "Bolton", "host_local_authority": ""},
        {"urn": "SC03", "placing_local_authority": "Manchester", "host_local_authority": ""},
        {
            "urn": "2700001",
            "placing_local_authority": "Bolton",
            "host_local_authority": "Bolton",
            "age": 17,
        },
        {
            "urn": "2700001",
            "placing_local_authority": "Wrexham",
            "host_local_authority": "Stockport",
            "age": 18,
        },
        {"urn": "SC90", "placing_local_authority": "Bolton", "host_local_authority": ""},
    ]
    census = [
        {"host_authority": "Bolton", "establishment_urn": "SC01"},
        {"host_authority": "Stockport"},
        {"host_authority": "Bolton", "type_of_provision": "SaILs - Group Living", "age": 17},
    ]
    episodes = [
        {"child": "1"},
        {"child": "2", "place": "P1", "place_provider": "PR0", "placement_postcode": "BL1 1RU"},
        {"child": "3", "dec": "01/06/2024", "reason_episode_ceased": "E4A"},
    ]
    landing.drop(DATE, "ofsted", "providers.csv", builders.register(register))
    landing.drop(DATE, "ofsted", "premises.csv", builders.premises(premises))
    landing.drop(DATE, "provider-a", "settings.csv", builders.settings(settings))
    landing.drop(DATE, "provider-a", "placements.csv", builders.placements(placements))
    landing.drop(DATE, "356", "census.csv", builders.census(census))
    landing.drop(
        DATE,
        "356",
        "searches.csv",
        csv_of("placements_standard", [{}, {"child_id": "2", "type_placed": "Foster"}]),
    )
    landing.drop(
        DATE,
        "350",
        "header.csv",
        builders.children([{"child": str(number)} for number in (1, 2, 3)]),
    )
    landing.drop(DATE, "350", "episodes.csv", builders.episodes(episodes))
    landing.drop(DATE, "dfe", "numbers.csv", OFFICIAL)


@pytest.fixture(scope="module", params=["embedded", "postgres15"])
def built(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """A warehouse with one sound quarter, which every case leaves as it was."""
    landing = Landing(tmp_path_factory.mktemp("landing"))
    _fill(landing)
    address = servers.fresh(request.param)
    with Warehouse(address) as warehouse:
        take_in(warehouse, landing.place, QUARTER, KEY)
        assert not build_quarter(warehouse, QUARTER, REGION).blocked_by
        yield warehouse
    servers.drop(request.param, address)


OFFICIAL = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,old_la_code,la_name,new_la_code,population_type,population_estimate,children_count,rate_per_10000\n2025,Reporting"
    " year,Local authority,E92000001,England,E12000002,North West,350,Bolton,E08000001,Children"
    " looked after on 31 March each year,70000,4,1\n"
)
"""DfE's figure of Bolton, near enough to the two children of the return."""


def _relation(name: str) -> tuple[str, str]:
    schema, _, table = TESTS[name].checks.partition(".")
    return schema, table


def _offending(connection: Connection, name: str) -> int:
    return next(
        check.offending
        for check in run_checks(connection, QUARTER, {_relation(name)})
        if check.name == name
    )


def _state(warehouse: Warehouse) -> dict[str, str]:
    """A hash of every table's quarter, and of what is written down about it."""
    tables = ["raw.quarter", *(model.table for model in models().values() if not model.is_view)]
    hashed = (
        "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} as t where"
        " t.census_date = :d"
    )
    return {table: warehouse.scalar(hashed.format(table), d=QUARTER) for table in tables}


def test_every_warehouse_test_has_a_break() -> None:
    assert sorted([*BREAKS, *money_breaks.BREAKS]) == sorted(TESTS)


def test_every_return_that_reaches_staging_is_counted_there() -> None:
    staged = {("staging", name) for name in return_tables()} & set(models())
    assert staged == TESTS["loaded_rows_reach_staging"].upstream - {("staging", "submission")}


def test_a_sound_quarter_passes_every_test(built: Warehouse) -> None:
    with built.reading() as connection:
        failed = [check for check in run_checks(connection, QUARTER) if check.offending]
    assert not failed


def test_a_quarter_without_anything_passes_every_test(built: Warehouse) -> None:
    with built.reading() as connection:
        failed = [
            check for check in run_checks(connection, dt.date(1999, 12, 31)) if check.offending
        ]
    assert not failed


@pytest.mark.parametrize(("name", "number"), ALL)
def test_it_finds_the_break(built: Warehouse, name: str, number: int) -> None:
    with built.engine.connect() as connection:  # what is not committed is taken back
        changed = connection.exec_driver_sql(physical(BREAKS[name][number])).rowcount
        assert changed > 0
        assert _offending(connection, name) > 0


@pytest.mark.parametrize("name", BLOCKING)
def test_a_blocking_one_keeps_the_quarter_from_being_written(built: Warehouse, name: str) -> None:
    before = _state(built)
    result = _build_with_break(built, name, BREAKS[name][0], only={_relation(name)})
    assert name in [check.name for check in result.blocked_by]
    assert _state(built) == before


def test_a_blocked_build_of_the_whole_quarter_writes_none_of_its_tables(built: Warehouse) -> None:
    before = _state(built)
    result = _build_with_break(
        built, "occupancy_adds_up", BREAKS["occupancy_adds_up"][0], only=None
    )
    assert "occupancy_adds_up" in [check.name for check in result.blocked_by]
    assert _state(built) == before
    assert build_quarter(built, QUARTER, REGION).was_up_to_date


def test_a_warning_lets_the_quarter_be_written(built: Warehouse) -> None:
    before = _state(built)
    over = "update core.setting_return set register_places = 1 where urn = 'SC01'"
    result = _build_with_break(built, "settings_keep_to_their_registration", over, only=None)
    assert {check.name: check.offending for check in result.checks}[
        "settings_keep_to_their_registration"
    ] == 1
    assert not result.blocked_by
    assert _state(built) != before
    build_quarter(built, QUARTER, REGION, anew=True)
    assert _state(built) == before


def _build_with_break(
    warehouse: Warehouse, name: str, statement: str, only: set[tuple[str, str]] | None
) -> BuildResult:
    """Build while the statement runs right after the checked table has been written (or before it
    all, where the table is a view).
    """
    table, statement = physical(TESTS[name].checks), physical(statement)
    if models()[_relation(name)].is_view:
        undo = _apply_to_raw(warehouse, statement)
    else:
        undo = f"drop trigger break_it on {table}; drop function break_it()"
        with warehouse.writing() as connection:
            connection.exec_driver_sql(
                "create function break_it() returns trigger language plpgsql as $$ begin"
                f" {statement}; return null; end $$; create trigger break_it after insert on"
                f" {table} for each statement when (pg_trigger_depth() = 0) execute function"
                " break_it()"
            )
    try:
        return build_quarter(warehouse, QUARTER, REGION, only=only, anew=True)
    finally:
        with warehouse.writing() as connection:
            connection.exec_driver_sql(undo)


def _apply_to_raw(warehouse: Warehouse, statement: str) -> str:
    """Change the books in `raw`; gives the statement that changes them back."""
    with warehouse.writing() as connection:
        connection.execute(sa.text(statement))
    back = statement.replace("rows_loaded + 1", "rows_loaded - 1").replace(
        "rows_received + 1", "rows_received - 1"
    )
    assert back != statement
    return back
