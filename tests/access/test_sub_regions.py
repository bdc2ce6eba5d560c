"""The group of a sub-region (a nation's region, in one home): it reads its members' figures, no
child, and nothing of any other's, by no way that is tried on other logins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from assets.access import logins
from assets.access.policies import SUB_REGIONAL, authority_condition, policies
from assets.access.preparing import prepare
from assets.warehouse.about_children import is_about_children
from assets.warehouse.models import PYTHON_TABLES, models
from pipelines import command
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse
from schemas.regions import HERE, Region, load_region
from tests.access.conftest import ABOUT, OTHER, OWN, WHOLE, Filled, fill, rows_of
from tests.access.test_attack import (
    LOOKS,
    REFUSED,
    WRITES,
    everything,
    group_role,
    leaked_to,
    leaks,
)
from tests.access.test_side_channels import told_to

OWN_GROUP, OTHER_GROUP, EMPTY_GROUP = "With Stockport", "With Trafford", "Without either"


def divided(region: Region) -> Region:
    """The region in three sub-regions with groups: Stockport is of one, Trafford of another."""
    codes = [code for codes in region.sub_regions.values() for code in codes]
    rest = [code for code in codes if code not in {OWN, OTHER}]
    groups = {
        OWN_GROUP: (OWN, *rest[:5]),
        OTHER_GROUP: (OTHER, *rest[5:10]),
        EMPTY_GROUP: tuple(rest[10:]),
    }
    return dataclasses.replace(region, sub_regions=groups, sub_regional_groups=True)


REGION = divided(load_region("north_west"))
LOGINS = {"group": OWN_GROUP, "other": OTHER_GROUP, "empty": EMPTY_GROUP}


@pytest.fixture(scope="module")
def filled(servers) -> Iterator[Filled]:
    """A filled warehouse of that region, with a login of each group."""
    address = servers.fresh("embedded")
    warehouse = Warehouse(address)
    prepare(warehouse, REGION)
    made = Filled("embedded", warehouse, servers.started["embedded"].folder / "server.log")
    fill(warehouse, made)
    for who, sub_region in LOGINS.items():
        made.names[who] = f"sub_region_{who}"
        made.passwords[who] = logins.grant(warehouse, made.names[who], SUB_REGIONAL, sub_region)
    made.names["trafford"] = "sub_region_trafford"
    made.passwords["trafford"] = logins.grant(warehouse, made.names["trafford"], "authority", OTHER)
    yield made
    for name in made.names.values():
        logins.revoke(warehouse, name)
    warehouse.close()
    servers.drop("embedded", address)


def readable(filled: Filled) -> list[str]:
    """The tables of core and curated that do not have rows about children."""
    tables = {**models(), **PYTHON_TABLES}
    return [
        f"{schema}.{name}"
        for (schema, name), table in tables.items()
        if schema in {"core", "curated"}
        and not table.is_view
        and not is_about_children(filled.columns(schema, name))
    ]


def test_it_reads_what_its_members_are_a_party_to(filled):
    for relation in readable(filled):
        rows = filled.reads("group")[relation]
        assert rows, f"{relation}: the group reads nothing of it"
        if relation not in WHOLE:
            parties = [column for column in ABOUT if column in rows[0]]
            assert all(OWN in {row[column] for column in parties} for row in rows), relation


def test_it_reads_no_child_no_return_and_no_login(filled):
    figures = set(readable(filled))
    for schema, name, kind in filled.relations():
        relation = f"{schema}.{name}"
        if kind == "S" or relation in figures or schema == "published":
            continue
        assert filled.reads("group")[relation] is None, relation


def test_a_group_with_neither_authority_reads_the_open_tables_alone(filled):
    for relation in readable(filled):
        if relation not in WHOLE:
            assert filled.reads("empty")[relation] == [], relation


def test_two_groups_share_only_rows_to_which_members_of_both_are_a_party(filled):
    for relation in set(readable(filled)) - WHOLE:
        rows, others = (filled.reads(who)[relation] or [] for who in ("group", "other"))
        both = [row for row in rows if row in others]
        assert all({OWN, OTHER} <= {str(row.get(c)) for c in ABOUT} for row in both), relation


def test_of_fees_and_of_single_homes_children_it_reads_what_its_members_pay_and_place(filled):
    for relation in ("curated.register_watch", "curated.provider_exposure"):
        rows = filled.reads("group")[relation]
        assert {row["placing_authority_code"] for row in rows} == {OWN}, relation


def test_of_its_own_sub_region_it_reads_the_areas_figure_and_of_no_other(filled):
    with areas_with_fees(filled, {OWN: OWN_GROUP, OTHER: OTHER_GROUP}):
        assert areas_read(filled) == [(OWN_GROUP, 4320)], (
            "in whole tens of pounds: of an odd number the median is one placement's fee"
        )


def test_of_a_quarter_in_which_others_were_of_its_sub_region_it_reads_no_areas_figure(filled):
    """Closed quarters stay as they were when the region's file moves an authority: its figure would
    be the area's less the members'.
    """
    with areas_with_fees(filled, {OWN: OWN_GROUP, OTHER: OWN_GROUP}):
        assert areas_read(filled) == []


@contextmanager
def areas_with_fees(filled: Filled, sub_regions: dict[str, str]) -> Iterator[None]:
    """Areas' fees of a quarter in which the authorities were of these sub-regions."""
    areas = [("sub-region", OWN_GROUP), ("sub-region", OTHER_GROUP), ("region", "E12000002")]
    columns = "census_date, area_level, area_code, fees_may_be_shown, median_weekly_cost"
    with filled.warehouse.engine.begin() as connection:
        for level, code in areas:
            connection.exec_driver_sql(
                f"insert into curated_rows.weekly_cost ({columns})"
                f" values ('2025-12-31', '{level}', '{code}', true, 4321)"
            )
        for code, name in sub_regions.items():
            connection.exec_driver_sql(
                "insert into core_rows.area (census_date, area_level, area_code, authority_code)"
                f" values ('2025-12-31', 'sub-region', '{name}', '{code}')"
            )
    yield
    with filled.warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "delete from curated_rows.weekly_cost where median_weekly_cost = 4321;"
            " delete from core_rows.area where area_level = 'sub-region'"
        )


def areas_read(filled: Filled) -> list[tuple[str, int]]:
    """What the group reads of areas' fees."""
    with filled.connect("group") as session:
        rows = rows_of(session, "curated.weekly_cost")
    return [(r["area_code"], r["median_weekly_cost"]) for r in rows if r["area_code"] != OWN]


def test_it_is_not_told_what_stands_beside_its_members_in_their_rows(filled):
    """A member takes its own figure from what the others' is told of; a group takes those of all
    its members, and has the figure of one other.
    """
    beside = {
        "curated.comparison": [
            "sub_region_figure",
            "region_figure",
            "neighbours_figure",
            "rank_in_region",
        ],
        "curated.weekly_cost": ["ratio_to_region", "rank_in_region"],
        "curated.fee_change": ["region_share_raised", "region_median_fee_change"],
    }
    for relation, columns in beside.items():
        rows, members = filled.reads("group")[relation], filled.reads("trafford")[relation]
        assert rows and members, relation
        assert {row[column] for row in rows for column in columns} == {None}, relation
        # a member's own row of fees has neither: it is of today
        told = columns if relation != "curated.weekly_cost" else []
        assert None not in {row[column] for row in members for column in told}, relation


def test_no_way_of_reading_gives_it_anothers_row(filled):
    assert leaked_to(filled, "group") == []


def test_it_changes_nothing_and_becomes_nobody_else(filled):
    words = {
        "other": filled.names["trafford"],
        "owner": filled.warehouse.scalar("select current_user"),
        "database": (database := filled.warehouse.scalar("select current_database()")),
        "group": group_role(database, "regional"),
    }
    done = []
    with everything(filled, "group") as get:
        get("set default_transaction_read_only = off")
        tables = [f'{s}."{n}"' for s, n, kind in filled.relations() if kind != "S"]
        ways = [way.format(r=table) for table in tables for way in WRITES]
        for way in [*ways, *(way.format(**words) for way in REFUSED)]:
            said, refused = get(way)
            if not refused or leaks(said, way):
                done.append((way, said[:100]))
        for way in LOOKS:
            said, _ = get(way)
            assert leaks(said, way) == [], way
    assert done == []


def test_nothing_tells_it_whether_anothers_row_fits(filled):
    told, looked_at = told_to(filled, "group")
    assert {"curated.weekly_cost", "curated.comparison", "core.occupancy_estimate"} <= looked_at
    assert told == ""


def test_it_never_reads_more_than_its_members_and_the_regional_group_together():
    """Whatever a table's columns: where a member reads only its own rows, so does its group."""
    for policy in policies(REGION).values():
        if SUB_REGIONAL in policy.readers and policy.schema != "published":
            assert {"regional", "authority"} <= set(policy.readers), policy.table
            assert not policy.is_about_children


def test_where_the_regions_file_does_not_say_so_nobody_is_such_a_reader():
    for policy in policies(load_region("north_west")).values():
        assert SUB_REGIONAL not in policy.readers, policy.table
    assert load_region("england").sub_regional_groups
    assert authority_condition(["authority_code"])  # members read as they did


def test_the_agreement_is_taken_back_at_once(servers):
    address = servers.fresh("embedded")
    try:
        with Warehouse(address) as warehouse:
            prepare(warehouse, REGION)
            password = logins.grant(warehouse, "taken_back", SUB_REGIONAL, OWN_GROUP)
            filled = Filled("embedded", warehouse, servers.started["embedded"].folder)
            filled.names["it"], filled.passwords["it"] = "taken_back", password
            with filled.connect("it") as session:
                assert rows_of(session, "curated.weekly_cost") == []
            assert prepare(warehouse, dataclasses.replace(REGION, sub_regional_groups=False))
            with filled.connect("it") as session:
                assert rows_of(session, "curated.weekly_cost") is None
            logins.revoke(warehouse, "taken_back")
    finally:
        servers.drop("embedded", address)


@pytest.mark.parametrize("name", ["Nowhere", "with stockport", "", "356"])
def test_a_group_of_no_sub_region_is_refused(filled, name):
    with pytest.raises(ObservatoryError, match=f"no sub-region.*{OWN_GROUP}"):
        logins.grant(filled.warehouse, "of_no_sub_region", SUB_REGIONAL, name)


@pytest.mark.parametrize("around", [2, 3])
def test_a_group_that_would_be_left_with_two_others_is_refused(tmp_path, around):
    file = tmp_path / "of_few.toml"
    settings = (HERE / "north_west.toml").read_text(encoding="utf-8").partition("[sub_regions]")[0]
    others = ["350", "351", "352"][:around]
    file.write_text(
        f"sub_regional_groups = true\n{settings}[sub_regions]\nA = ['356', '357', '358']\n"
        f"B = {others}\n",
        encoding="utf-8",
    )
    if around == 3:
        assert load_region(str(file)).sub_regional_groups
    else:
        with pytest.raises(ValueError, match="2 authorities are outside A; at least 3 were"):
            load_region(str(file))


def test_a_region_whose_sub_regions_have_no_groups_refuses_a_login(servers, tmp_path, monkeypatch):
    address = servers.fresh("embedded")
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", address)
    run = CliRunner()
    refused = run.invoke(command.cli, ["grant", "gm", "--sub-region", "Greater Manchester"])
    assert isinstance(refused.exception, ObservatoryError)
    assert "sub_regional_groups = true" in str(refused.exception)
    monkeypatch.setenv("OBSERVATORY_REGION", "england")
    made = run.invoke(command.cli, ["grant", "nw_group", "--sub-region", "North West"])
    assert made.exit_code == 0, made.exception
    listed = run.invoke(command.cli, ["grant", "--list"]).output
    assert "sub_regional" in listed and "North West" in listed
    asked = "select count(*) from curated.homes"
    assert run.invoke(command.cli, ["query", asked, "--as", "nw_group"]).exit_code == 0
    assert run.invoke(command.cli, ["grant", "nw_group", "--revoke"]).exit_code == 0
    servers.drop("embedded", address)
