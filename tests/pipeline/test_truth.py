"""The made-up region's truth equals the curated tables exactly, at full and at partial response;
estimates are held elsewhere.
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.access.preparing import prepare
from assets.intake.assets import unbalanced
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from assets.warehouse.models import models
from made_up import MadeUpRegion, make_region
from resources.landing import LandingPlace
from schemas.regions import load_region
from tests.conftest import KEY

PARTS = {
    "contracts": "curated.contract_watch where contracts > 0",
    "contract_spend": "curated.contract_watch where placements > 0",
    "fee_requests": (
        """(
        select census_date, authority_code, sum(fee_requests) as fee_requests, sum(fee_requests_agreed) as fee_requests_agreed,
            coalesce(sum(fees_asked_total), 0) as fees_asked_total, coalesce(sum(fees_agreed_total), 0) as fees_agreed_total
        from curated.fee_change where fee_requests is not null group by 1, 2
    ) as requests"""
    ),
    "care_leavers": "curated.sixteen_plus where breakdown like 'care leavers%'",
    "fostering_flow": "curated.fostering_flow",
    "official_figure": "core.official_figure",
    "authority_inspections": "staging.authority_inspections",
    "authority_inspection_history": "staging.authority_inspection_history",
}
"""What one return alone decides of a table that rests on several; and what stands in no curated one."""


TABLES = [
    "host_authority_occupancy", "host_authority_origin", "host_use_of_own_supply", "unavailable_places", "homes",
    "own_placements_location", "placement_flow", "commissioned_placements", "setting_vacancies", "return_quality",
    "children_looked_after", "care_flows", "placement_stability", "placement_distance", "net_position",
    "deprivation_of_liberty", "needs_by_assessment", *PARTS, "search_outcome", "needs_profile",
    "length_of_stay", "age_by_provision", "placement_endings", "need_breakdown", "register_watch", "provider_exposure",
    "district_supply", "district_origin",
]  # fmt: skip

NOT_IN_DECEMBER_ALONE = ["register_watch", "authority_inspections", "authority_inspection_history"]
"""That of the register needs two quarters; Ofsted publishes its inspections of authorities in September."""


def differences(warehouse, truth: Path, table: str) -> pd.DataFrame:
    """Rows of the table that are not in the truth, and of the truth that are not in the table;
    every cell as text.
    """
    wanted = pd.read_csv(truth / f"{table}.csv", dtype=str, keep_default_na=False)
    columns = list(wanted.columns)
    found = warehouse.frame(
        f"select {', '.join(columns)} from {PARTS.get(table, f'curated.{table}')}"
    )
    found = found.map(_text)
    wanted = wanted.map(_plain)
    grain = (
        [name for name in models()["curated", table].grain if name in columns]
        if table not in PARTS
        else columns[:4]
    )
    both = found.merge(wanted, on=columns, how="outer", indicator=True)
    return (
        both[both["_merge"] != "both"]
        .astype({"_merge": "str"})
        .sort_values(grain)
        .replace({"_merge": {"left_only": "warehouse", "right_only": "truth"}})
    )


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return _plain(np.format_float_positional(value) if isinstance(value, float) else str(value))


def _plain(text: str) -> str:
    """Numbers written one way: 0.500000 is 0.5, 3.0 is 3; True is true."""
    if text in {"True", "False"}:
        return text.lower()
    if text.replace(".", "", 1).replace("-", "", 1).isdigit() and "." in text:
        return text.rstrip("0").rstrip(".")
    return text


def bring(warehouse, made: MadeUpRegion) -> None:
    """Take in and build the quarters of a made-up region."""
    prepare(warehouse, load_region(made.region))
    for date in made.census_dates:
        take_in(warehouse, LandingPlace(str(made.out)), date, KEY)
        result = build_quarter(warehouse, date, load_region(made.region))
        assert not result.blocked_by, result.blocked_by


def equal_the_truth(warehouse, made: MadeUpRegion, tables: list[str]) -> None:
    """Fail where a table is not its truth, row by row, or has no row."""
    for table in tables:
        different = differences(warehouse, made.out / "truth", table)
        assert different.empty, (
            f"{table}: {len(different)} rows differ\n{different.head(12).to_string()}"
        )
        assert warehouse.scalar(f"select count(*) from {PARTS.get(table, f'curated.{table}')}") > 0


@pytest.mark.parametrize(
    ("region", "response", "seed", "quarters", "scale"),
    [
        ("north_west", 1.0, 3, 2, 0.06),
        ("north_west", 0.7, 4, 3, 0.06),
        ("west_midlands", 0.8, 5, 4, 0.06),
    ],
)
def test_the_curated_tables_are_the_truth(
    embedded_warehouse, tmp_path, region, response, seed, quarters, scale
):
    """The register's lists do not come for a third quarter: of four, the last one tells which homes
    changed.
    """
    last = dt.date(2025, 12, 31)
    made = make_region(
        tmp_path / "made",
        region=region,
        quarters=quarters,
        last=last,
        seed=seed,
        scale=scale,
        response=response,
    )
    bring(embedded_warehouse, made)
    assert unbalanced(embedded_warehouse, list(made.census_dates)) == 0
    equal_the_truth(embedded_warehouse, made, TABLES)


def test_the_curated_tables_of_a_nation_are_the_truth(embedded_warehouse, tmp_path):
    """England's 153 authorities, as small as they may be: they alone take the time. One of them
    looks after no child, and says so.
    """
    made = make_region(tmp_path / "made", region="england", quarters=1, seed=6, scale=0.01)
    bring(embedded_warehouse, made)
    assert unbalanced(embedded_warehouse, list(made.census_dates)) == 0
    equal_the_truth(
        embedded_warehouse, made, [table for table in TABLES if table not in NOT_IN_DECEMBER_ALONE]
    )
    nobody = (
        "select own_inside + own_outside + own_unknown from curated.net_position where"
        " authority_code = '420'"
    )
    assert embedded_warehouse.scalar(nobody) == 0
    assert (
        embedded_warehouse.scalar(
            "select count(distinct sub_region_name) from core.authority where is_member"
        )
        == 9
    )


def test_two_and_a_half_years_of_returns_tell_who_has_had_the_same_carer_for_two(
    embedded_warehouse, tmp_path
):
    """England, 2025: 10 per cent of children had three or more placements in the year, 69 per cent
    of the long-term ones the same carer.
    """
    told = [dt.date(2025, 9, 30), dt.date(2025, 12, 31)]
    made = make_region(
        tmp_path / "made", quarters=8, last=told[-1], seed=6, scale=0.03, response=0.7
    )
    for folder in (*made.out.glob("*/provider-*"), *made.out.glob("*/ofsted")):
        shutil.rmtree(folder)  # the children's returns alone
    bring(embedded_warehouse, made)
    equal_the_truth(
        embedded_warehouse,
        made,
        ["children_looked_after", "care_flows", "placement_stability", "placement_distance"],
    )
    totals = (
        "select sum(three_or_more) / cast(sum(children) as numeric) from"
        " curated.placement_stability where census_date = :d"
    )
    long_term = (
        "select sum(same_carer_two_years) / cast(sum(long_term_children) as numeric) from"
        " curated.placement_stability where census_date = :d"
    )
    for date in told:
        assert 0.06 < embedded_warehouse.scalar(totals, d=date) < 0.16
        assert 0.55 < embedded_warehouse.scalar(long_term, d=date) < 0.85
    assert (
        embedded_warehouse.scalar(
            "select count(long_term_children) from curated.placement_stability where census_date"
            " < :d",
            d=told[0],
        )
        == 0
    )
