"""The made-up region's truth equals the tables of money, market and trust exactly, a year apart so
that changes are in it.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from made_up import make_region
from resources.landing import LandingPlace
from schemas.regions import load_region
from tests.conftest import KEY
from tests.pipeline.test_truth import differences

TABLES = [
    "weekly_cost",
    "market_concentration",
    "two_sided_truth",
    "fostering_capacity",
    "pipeline_homes",
    "benchmark",
]


@pytest.fixture(scope="module")
def made(servers, tmp_path_factory):
    """A warehouse with five made-up quarters, and the truth about them."""
    from resources.warehouse import Warehouse

    region = "north_west"
    out = tmp_path_factory.mktemp("made up") / "region"
    quarters = make_region(
        out, region=region, quarters=5, last=dt.date(2025, 12, 31), seed=4, scale=0.06, response=0.7
    ).census_dates
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        prepare(warehouse, load_region(region))
        for date in quarters:
            take_in(warehouse, LandingPlace(str(out)), date, KEY)
            result = build_quarter(warehouse, date, load_region(region))
            assert not result.blocked_by, result.blocked_by
        yield warehouse, out / "truth"
    servers.drop("embedded", address)


@pytest.mark.parametrize("table", TABLES)
def test_the_table_is_the_truth(made, table):
    warehouse, truth = made
    different = differences(warehouse, truth, table)
    assert different.empty, (
        f"{table}: {len(different)} rows differ\n{different.head(12).to_string()}"
    )
    assert warehouse.scalar(f"select count(*) from curated.{table}") > 0


def test_the_truth_is_about_something(made):
    """Changes on a year before, owners in several spellings, damaged owners, owners told by each
    basis, places that nobody could replace, and every cause of a difference come up.
    """
    warehouse, truth = made
    costs = pd.read_csv(truth / "weekly_cost.csv", dtype=str, keep_default_na=False)
    assert (costs["mean_weekly_cost_change"] != "").sum() > 50
    names = warehouse.rows(
        "select count(distinct owner_name) as owners, count(*) as texts from staging.owner_name"
        " where not is_damaged"
    )[0]
    assert names.texts > names.owners
    owners = pd.read_csv(truth / "market_concentration.csv", dtype=str, keep_default_na=False)
    assert set(owners["owner_basis"]) >= {
        "by name: a floor",
        "by ultimate owner",
        "by ultimate owner and name: a floor",
    }
    exposure = pd.read_csv(truth / "provider_exposure.csv", dtype=str, keep_default_na=False)
    assert (exposure["places_not_replaced"] != "").sum() > 20
    assert set(exposure["replaced_by"]) >= {
        "In neighbouring authorities",
        "Within 20 miles",
        "Within 20 miles; in neighbouring authorities where a place is not known",
    }
    beside = pd.read_csv(truth / "benchmark.csv", dtype=str, keep_default_na=False)
    told = beside[beside["official_difference"] != ""]
    assert {"started to be looked after", "three or more placements in the year"} <= set(
        told["measure"]
    )
    assert len(told) > 200 and (beside["official_symbol"] == "c").any()
    ended = beside[beside["measure"] == "fostering households ended in the year, own service"]
    assert (ended["official_value"] != "").any() and (ended["official_difference"] == "").all()
    causes = set(
        pd.read_csv(truth / "two_sided_truth.csv", dtype=str, keep_default_na=False)["likely_cause"]
    )
    assert {"", "count differs", "not a member"} <= causes


def test_referrals_add_up_to_those_that_were_made_up(made):
    warehouse, truth = made
    wanted = pd.read_csv(truth / "referrals.csv", dtype={"host_authority_code": str}).set_index(
        ["census_date", "host_authority_code"]
    )
    found = warehouse.rows(
        "select cast(census_date as text) as census_date, host_authority_code, sum(referrals) as"
        " referrals, sum(offers) as offers, sum(vacant) as vacant from curated.referrals group by"
        " 1, 2"
    )
    assert {
        (r.census_date, r.host_authority_code): (r.referrals, r.offers, r.vacant) for r in found
    } == {key: tuple(row) for key, row in zip(wanted.index, wanted.to_numpy(), strict=True)}


def test_every_change_of_spend_is_told(made):
    """What the decomposition adds up to is the difference of the two quarters' returns, worked out
    from the truth of the costs.
    """
    warehouse, truth = made
    costs = pd.read_csv(truth / "weekly_cost.csv", dtype={"area_code": str})
    costs = costs[
        (costs["area_level"] == "authority")
        & (costs["basis"] == "all open")
        & (costs["population"] == "looked after")
    ]
    spend = (
        (costs["mean_weekly_cost"].fillna(0) * costs["placements"])
        .groupby([costs["census_date"], costs["area_code"]])
        .sum()
    )
    last, before = str(costs["census_date"].max()), str(costs["census_date"].min())
    found = warehouse.rows(
        "select authority_code, sum(weekly_spend) as now, sum(weekly_spend_change) as change,"
        " sum(change_by_volume + change_by_mix + change_by_price) as parts from"
        " curated.spend_change where census_date = :d and population = 'looked after' group by 1",
        d=dt.date.fromisoformat(last),
    )
    assert len(found) > 3
    for row in found:
        assert float(row.now) == pytest.approx(spend[last, row.authority_code], abs=5)
        if (before, row.authority_code) in spend.index:
            assert float(row.change) == pytest.approx(
                spend[last, row.authority_code] - spend[before, row.authority_code], abs=10
            )
            assert row.parts == row.change
        else:
            assert row.parts is None


def test_the_truth_lies_where_it_says(made):
    assert sorted(
        path.stem for path in Path(made[1]).glob("*.csv") if path.stem in {*TABLES, "referrals"}
    ) == sorted([*TABLES, "referrals"])
