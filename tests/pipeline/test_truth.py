"""The made-up region's truth equals the curated tables exactly, at full and at partial response; estimates are held elsewhere."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.intake.assets import unbalanced
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from assets.warehouse.models import models
from resources.landing import LandingPlace
from resources.made_up import make_region
from schemas.regions import load_region
from tests.conftest import KEY

TABLES = [
    "host_authority_occupancy", "host_authority_origin", "host_use_of_own_supply", "unavailable_places", "homes",
    "own_placements_location", "placement_flow", "commissioned_placements", "setting_vacancies", "return_quality",
]  # fmt: skip


def differences(warehouse, truth: Path, table: str) -> pd.DataFrame:
    """Rows of the table that are not in the truth, and of the truth that are not in the table; every cell as text."""
    wanted = pd.read_csv(truth / f"{table}.csv", dtype=str, keep_default_na=False)
    columns = list(wanted.columns)
    found = warehouse.frame(f"select {', '.join(columns)} from curated.{table}")
    found = found.map(_text)
    wanted = wanted.map(_plain)
    grain = [name for name in models()["curated", table].grain if name in columns]
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


@pytest.mark.parametrize(("region", "response", "seed"), [("north_west", 1.0, 3), ("north_west", 0.7, 4), ("west_midlands", 0.8, 5)])
def test_the_curated_tables_are_the_truth(embedded_warehouse, servers, tmp_path, region, response, seed):
    from assets.warehouse.tables import prepare

    made = make_region(tmp_path / "made", region=region, quarters=3, last=dt.date(2025, 12, 31), seed=seed, scale=0.1, response=response)
    prepare(embedded_warehouse, load_region(region))
    for date in made.census_dates:
        take_in(embedded_warehouse, LandingPlace(str(tmp_path / "made")), date, KEY)
        result = build_quarter(embedded_warehouse, date, load_region(region))
        assert not result.blocked_by, result.blocked_by
    assert unbalanced(embedded_warehouse, list(made.census_dates)) == 0
    for table in TABLES:
        different = differences(embedded_warehouse, tmp_path / "made" / "truth", table)
        assert different.empty, f"{table}: {len(different)} rows differ\n{different.head(12).to_string()}"
        assert embedded_warehouse.scalar(f"select count(*) from curated.{table}") > 0
