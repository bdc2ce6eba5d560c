"""What placements cost, from the placement census alone.

Definitions: the money half of the indicator catalogue. A placement counts where a cost above 0 is
given; young people placed after 18 are a population of their own.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from tests.oracle import children, placements, supply
from tests.oracle.landed import Landed


def priced(landing: Landed, date: dt.date) -> pd.DataFrame:
    """The census's rows with their population."""
    rows = placements.census(landing, date)
    if rows.empty:
        return rows
    return rows.assign(
        population=rows["is_looked_after"].map({True: "looked after", False: "post 18"})
    )


def weekly_cost(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`weekly_cost` of authorities, sub-regions and the region: counts, mean, median, deciles."""
    rows = priced(landing, date)
    if rows.empty:
        return rows
    rows = rows[rows["cost"] > 0]
    of = supply.members(date)
    region = supply.region()
    levels = [
        ("authority", rows["authority_code"]),
        ("sub-region", rows["authority_code"].map(of)),
        ("region", rows["authority_code"].map(lambda c: region["gss_code"] if c in of else None)),
    ]
    began = (rows["start"] > children.months_before(date, 12)) & (
        rows["start"] <= pd.Timestamp(date)
    )
    bases = [("all open", rows.index), ("started in the year", rows.index[began])]
    keys = ["area_level", "area_code", "provision_type", "population", "basis"]
    parts = [
        rows.assign(area_level=level, area_code=area, basis=basis).loc[chosen]
        for level, area in levels
        for basis, chosen in bases
    ]
    cost = pd.concat(parts).dropna(subset=["area_code"]).groupby(keys)["cost"]
    out = cost.agg(
        placements="size",
        mean_weekly_cost="mean",
        median_weekly_cost="median",
        lower_decile_weekly_cost=lambda c: c.quantile(0.1),
        upper_decile_weekly_cost=lambda c: c.quantile(0.9),
    )
    out["annual_equivalent"] = out["mean_weekly_cost"] * 365 / 7
    return out.reset_index().assign(census_date=date)


def commissioned_placements(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`commissioned_placements`: rows of the census in independent settings, by population."""
    rows = priced(landing, date)
    if rows.empty:
        return rows
    rows = rows[rows["arrangement"] == "independent"]
    keys = ["authority_code", "provision_type", "population"]
    out = rows.groupby(keys).size().rename("placements").reset_index()
    return out.assign(census_date=date)
