"""Differencing: from what an authority reads, less its own, nobody's fees and nobody's single
figure come out.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest
import sqlalchemy as sa

from assets.access import fences
from assets.access.policies import (
    MAY_BE_SHOWN,
    OF_AN_AREA,
    ONE_FEE,
    as_approved,
    authority_condition,
    policies,
    sub_regional_condition,
)
from assets.access.policies import OWN as P_OWN
from assets.access.preparing import prepare
from assets.publication import told
from assets.publication.disclosure.rules import SAFE, publish_means
from assets.warehouse.about_children import money_in
from assets.warehouse.models import models
from assets.warehouse.tables import region_hash
from resources.warehouse import physical
from schemas.regions import DisclosureMethod, load_region
from tests.access.conftest import OTHER, OWN, REGION, Filled, stand_as_approved

AREAS = [
    ("sub-region", "ours", OWN),
    ("sub-region", "theirs", OTHER),
    ("region", "all", OWN),
    ("region", "all", OTHER),
]


@pytest.fixture
def fees(filled: Filled):
    """Fees of two sub-regions and their region in one quarter, of which the rule lets out all, and
    of which it lets out none in another.
    """
    quarters = {"2025-06-30": True, "2025-09-30": False}
    with filled.warehouse.engine.begin() as connection:
        for date, is_shown in quarters.items():
            held = "insert into access.quarter_end values (:d) on conflict do nothing"
            connection.execute(sa.text(held), {"d": date})
            for level, code, authority in AREAS:
                add = physical(
                    "insert into core.area (census_date, area_level, area_code, authority_code)"
                    " values (:d, :l, :c, :a)"
                )
                connection.execute(sa.text(add), {"d": date, "l": level, "c": code, "a": authority})
            for level, code in [
                *dict.fromkeys((level, code) for level, code, _ in AREAS),
                ("authority", OWN),
                ("authority", OTHER),
            ]:
                add = physical(
                    "insert into curated.weekly_cost (census_date, area_level, area_code,"
                    " mean_weekly_cost, median_weekly_cost, lower_decile_weekly_cost,"
                    " upper_decile_weekly_cost, fees_may_be_shown, placements,"
                    " placements_without_cost, owner_groups, largest_group_share, provision_type,"
                    " population, basis) values (:d, :l, :c, 5000, 4321.09, 2345.67, 8766.54,"
                    " :shown, 34, 1, 5, 0.5, 'Children''s home', 'looked after', 'all open')"
                )
                connection.execute(
                    sa.text(add), {"d": date, "l": level, "c": code, "shown": is_shown}
                )
        stand_as_approved(connection, *quarters)
    yield
    with filled.warehouse.engine.begin() as connection:
        for table in ("core.area", "curated.weekly_cost", "raw.released_told"):
            connection.execute(
                sa.text(physical(f"delete from {table} where census_date = any(:d)")),
                {"d": list(quarters)},
            )
        fences.keep_calendar(connection)


@pytest.mark.usefixtures("fees")
def test_an_authority_reads_its_own_fees_and_of_its_own_areas_what_the_rule_lets_out(
    filled: Filled,
):
    with filled.connect("stockport") as session:
        asked = (
            "select area_level, area_code from curated.weekly_cost where census_date = %s order by"
            " 1, 2"
        )
        own = ("authority", OWN)
        assert session.execute(asked, ["2025-06-30"]).fetchall() == [
            own,
            ("region", "all"),
            ("sub-region", "ours"),
        ]
        assert session.execute(asked, ["2025-09-30"]).fetchall() == [own]


@pytest.mark.usefixtures("fees")
def test_an_authority_is_told_of_others_what_was_approved_however_often_it_sends(filled: Filled):
    """Its own returns move what it is told of its areas: from one to the next they would tell it
    others' fees, and how many others are. Its own figures are those of today.
    """
    asked = (
        "select area_level, mean_weekly_cost::int from curated.weekly_cost where census_date ="
        " '2025-06-30' and area_code <> 'theirs' and area_code <> %s order by 1"
    )
    now = sa.text(
        physical(
            "update curated.weekly_cost set mean_weekly_cost = :m, placements = 40 where"
            " census_date = :d"
        )
    )
    with filled.connect("stockport") as session, filled.connect("region") as group:
        before = [("authority", 5000), ("region", 5000), ("sub-region", 5000)]
        assert session.execute(asked, [OTHER]).fetchall() == before
        with filled.warehouse.engine.begin() as connection:
            connection.execute(now, {"m": 6000, "d": "2025-06-30"})
        after = [("authority", 6000), ("region", 5000), ("sub-region", 5000)]
        assert session.execute(asked, [OTHER]).fetchall() == after
        assert {mean for _, mean in group.execute(asked, [OTHER]).fetchall()} == {6000}
        with filled.warehouse.engine.begin() as connection:
            told.keep_with_draft(connection, dt.date(2025, 6, 30))
        assert session.execute(asked, [OTHER]).fetchall() == after, "a draft tells nobody"
        with filled.warehouse.engine.begin() as connection:
            told.publish(connection, dt.date(2025, 6, 30))
        assert {mean for _, mean in session.execute(asked, [OTHER]).fetchall()} == {6000}


def told_after(filled: Filled, change: str) -> list[int]:
    """The mean of its sub-region that an authority reads when this change of it is released."""
    changed = physical(
        f"update curated.weekly_cost set {change} where census_date = '2025-06-30' and area_level ="
        " 'sub-region'"
    )
    with filled.warehouse.engine.begin() as connection:
        connection.execute(sa.text(changed))
        told.keep_with_draft(connection, dt.date(2025, 6, 30))
        told.publish(connection, dt.date(2025, 6, 30))
    with filled.connect("stockport") as session:
        rows = session.execute(
            "select mean_weekly_cost::int from curated.weekly_cost where census_date ="
            " '2025-06-30' and area_level = 'sub-region'"
        )
        return [mean for (mean,) in rows.fetchall()]


@pytest.mark.parametrize(
    ("placements", "mean"),
    [("34", 5000), ("32", 5000), ("36", 5000), ("31", 6000), ("37", 6000), ("null", 6000)],
)
@pytest.mark.usefixtures("fees")
def test_of_an_area_whose_count_has_hardly_moved_members_are_told_no_new_fees(
    filled: Filled, placements: str, mean: int
):
    """Twice a mean times its count gives a fee: so it is of what is printed, and of what they read."""
    assert told_after(filled, f"mean_weekly_cost = 6000, placements = {placements}") == [mean]


@pytest.mark.usefixtures("fees")
@pytest.mark.parametrize(
    ("between", "then", "next_to_it"),
    [("placements = 38", [5500], [5500]), ("fees_may_be_shown = false", [], [])],
)
def test_what_was_told_in_any_release_counts_for_what_is_told_next(
    filled: Filled, between: str, then: list[int], next_to_it: list[int]
):
    """From 34 to 38 and back: the first and the last are of as many, and would tell a fee. So would
    they with a release between that shows none.
    """
    assert told_after(filled, f"mean_weekly_cost = 5500, {between}") == then
    back = "mean_weekly_cost = 6000, placements = 35, fees_may_be_shown = true"
    assert told_after(filled, back) == next_to_it
    assert told_after(filled, "mean_weekly_cost = 7000, placements = 44") == [7000]


@pytest.mark.usefixtures("fees")
def test_of_what_members_are_told_nothing_is_kept_that_none_of_them_may_read(filled: Filled):
    """One authority's fees may be of one child: a copy would outlive the erasure of its row."""
    add = physical(
        "insert into curated.comparison (census_date, authority_code, unit) values ('2025-06-30',"
        " :c, 'share'), ('2025-06-30', :c, 'pounds a week')"
    )
    held = (
        "select relation_name, coalesce(told ->> 'area_level', told ->> 'unit') from"
        " raw.released_told where census_date in ('2025-06-30', '2025-09-30') order by 1, 2"
    )
    quarters = dt.date(2025, 6, 30), dt.date(2025, 9, 30)
    try:
        with filled.warehouse.engine.begin() as connection:
            connection.execute(sa.text(add), {"c": OWN})
            stand_as_approved(connection, *quarters)
        fees = "curated.weekly_cost"
        assert [tuple(row) for row in filled.warehouse.rows(held)] == [
            ("curated.comparison", "share"),
            (fees, "region"),
            (fees, "sub-region"),
            (fees, "sub-region"),
        ], "nor of the quarter whose fees may not be shown"
    finally:
        with filled.warehouse.engine.begin() as connection:
            gone = physical("delete from curated.comparison where census_date = :d")
            connection.execute(sa.text(gone), {"d": quarters[0]})


def test_an_authority_has_the_ranks_that_were_approved(filled: Filled):
    asked = (
        "select rank_in_region from curated.comparison where census_date = %s and unit = 'share'"
    )
    add = physical(
        "insert into curated.comparison (census_date, authority_code, unit, rank_in_region) values"
        " ('2025-06-30', :c, 'share', :rank)"
    )
    rank = physical(
        "update curated.comparison set rank_in_region = rank_in_region + 1 where census_date ="
        " '2025-06-30'"
    )
    date = dt.date(2025, 6, 30)
    try:
        with filled.connect("stockport") as session, filled.connect("region") as group:
            with filled.warehouse.engine.begin() as connection:
                held = "insert into access.quarter_end values (:d) on conflict do nothing"
                connection.execute(sa.text(held), {"d": date})
                for code, place in ((OWN, 1), (OTHER, 7)):
                    connection.execute(sa.text(add), {"c": code, "rank": place})
            assert session.execute(asked, [date]).fetchall() == [], "nothing was approved"
            with filled.warehouse.engine.begin() as connection:
                stand_as_approved(connection, date)
            assert session.execute(asked, [date]).fetchall() == [(1,)]
            with filled.warehouse.engine.begin() as connection:
                connection.execute(sa.text(rank))
            assert session.execute(asked, [date]).fetchall() == [(1,)]
            assert sorted(group.execute(asked, [date]).fetchall()) == [(2,), (8,)]
    finally:
        with filled.warehouse.engine.begin() as connection:
            for table in ("curated.comparison", "raw.released_told"):
                gone = physical(f"delete from {table} where census_date = :d")
                connection.execute(sa.text(gone), {"d": date})
            fences.keep_calendar(connection)


def test_whatever_ranks_an_authority_or_shows_an_areas_fees_waits_for_an_approval():
    """The kind, and not the two tables that are of it today."""
    waiting = {model.table for model in models().values() if as_approved(model.columns)}
    assert waiting == {"curated.comparison", "curated.weekly_cost"}
    assert {p.table for p in policies(REGION).values() if p.approved} == waiting
    for model in models().values():
        columns = set(model.columns)
        if {"rank_in_region", "region_figure"} <= columns or MAY_BE_SHOWN in columns:
            assert model.table in waiting


def test_whoever_says_how_many_live_in_a_named_home_only_the_payer_reads_it():
    """Two sides of a count are counts as well: often of one child."""
    homes = {
        model.table: model.columns
        for model in models().values()
        if model.schema == "curated"
        and {"urn", "placing_authority_code"} <= set(model.columns)
        and any("children" in name for name in model.columns)
    }
    assert {"curated.register_watch", "curated.two_sided_truth"} <= homes.keys()
    for table, columns in homes.items():
        assert authority_condition(columns) == f"placing_authority_code = {P_OWN}", table
        assert sub_regional_condition(columns) == "placing_authority_code = any(own.members)", table


@pytest.mark.usefixtures("fees")
def test_nobody_reads_the_fee_of_one_placement_of_others_to_the_penny(filled: Filled):
    """Of an odd number of placements the median is one's fee: of an area it is read as releases
    print it, of one's own as it is.
    """
    asked = (
        "select area_level, median_weekly_cost, lower_decile_weekly_cost, upper_decile_weekly_cost"
        " from curated.weekly_cost where census_date = '2025-06-30' order by 1"
    )
    with filled.connect("stockport") as session:
        read = {row[0]: tuple(map(float, row[1:])) for row in session.execute(asked)}
    in_tens = (4320, 2350, 8770)
    assert read == {
        "authority": (4321.09, 2345.67, 8766.54),
        "region": in_tens,
        "sub-region": in_tens,
    }
    for who in ("region", "engineer"):
        with filled.connect(who) as session:
            assert {tuple(map(float, row[1:])) for row in session.execute(asked)} == {in_tens}, (
                f"a {who} login pays nobody's fee"
            )


@pytest.mark.usefixtures("fees")
def test_no_authority_reads_how_many_an_areas_fees_are_of_or_what_their_largest_group_has(
    filled: Filled,
):
    """Less its own they would be others' children, and with the mean what others pay one owner."""
    asked = (
        f"select area_level, {', '.join(sorted(OF_AN_AREA))} from curated.weekly_cost"
        " where census_date = '2025-06-30' order by 1"
    )
    whole = (0.5, 5, 34, 1)
    with filled.connect("stockport") as session:
        read = {row[0]: row[1:] for row in session.execute(asked)}
    assert read.pop("authority") == whole
    assert set(read.values()) == {(None, None, None, None)} and set(read) == {
        "region",
        "sub-region",
    }
    for who in ("region", "engineer"):
        with filled.connect(who) as session:
            assert {row[1:] for row in session.execute(asked)} == {whole}


@pytest.mark.usefixtures("fees")
def test_an_authority_reads_an_areas_money_in_whole_tens(filled: Filled):
    """Of so many placements with fees in whole pounds a mean to the penny tells how many they are."""
    asked = (
        "select area_level, mean_weekly_cost, annual_equivalent, mean_social_care, ratio_to_region,"
        " mean_weekly_cost_change, mean_weekly_cost_change_share, rank_in_region from"
        " curated.weekly_cost where census_date = '2025-06-30' order by 1"
    )
    with filled.warehouse.engine.begin() as connection:
        exact = (
            "update curated.weekly_cost set mean_weekly_cost = 5123.46, annual_equivalent = 267151.84,"
            " mean_social_care = 4011.22, ratio_to_region = 1.123456, mean_weekly_cost_change = -17.89,"
            " mean_weekly_cost_change_share = -0.003480, rank_in_region = 3 where census_date = '2025-06-30'"
        )
        connection.execute(sa.text(physical(exact)))
        stand_as_approved(connection, dt.date(2025, 6, 30))
    as_it_is = (5123.46, 267151.84, 4011.22, 1.123456, -17.89, -0.00348, 3)
    in_tens = (5120.0, 266971.43, 4010.0, 1.12, -20.0, 0.0, 3)
    with filled.connect("stockport") as session:
        read = {row[0]: row[1:] for row in session.execute(asked)}
    own = read.pop("authority")
    assert (own[3], own[6]) == (None, None), "beside its mean of today they would tell others'"
    assert tuple(map(float, own[:3] + own[4:6])) == as_it_is[:3] + as_it_is[4:6]
    read = {level: tuple(map(float, row)) for level, row in read.items()}
    assert set(read.values()) == {in_tens} and set(read) == {"region", "sub-region"}
    with filled.connect("region") as session:
        assert {tuple(map(float, row[1:])) for row in session.execute(asked)} == {as_it_is}


def test_every_figure_that_may_be_one_fee_is_known():
    """A median, decile or extreme of fees that a new table has is to be told like those there are."""
    columns = {
        name for model in models().values() if not model.is_view for name in money_in(model.columns)
    }
    assert {
        name
        for name in columns
        if re.search("median|decile|quartile|percentile|highest|lowest|maximum|minimum", name)
    } == ONE_FEE


def test_a_regions_own_rule_reaches_the_models_and_releases(warehouse):
    method = DisclosureMethod(
        placements_for_a_mean=20,
        owner_groups_for_a_mean=4,
        largest_share_of_spend=0.5,
        others_for_a_comparison=5,
    )
    region = dataclasses.replace(load_region("north_west"), disclosure=method)
    assert region_hash(region) != region_hash(REGION), (
        "quarters are written anew where the rule changed"
    )
    assert prepare(warehouse, region)
    told = (
        "select distinct placements_for_a_mean, owner_groups_for_a_mean, largest_share_of_spend,"
        " others_for_a_comparison from staging.region_member"
    )
    assert [tuple(map(float, row)) for row in warehouse.rows(told)] == [(20, 4, 0.5, 5)]
    import pandas as pd

    support = pd.Series([4000.0]), pd.Series([12]), pd.Series([4]), pd.Series([0.4])
    assert list(publish_means(*support, method)) == ["c"] != list(publish_means(*support, SAFE))
