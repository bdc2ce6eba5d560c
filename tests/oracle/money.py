"""What placements cost, from the placement census alone.

Definitions: the money half of the indicator catalogue. A placement counts where a cost above 0 is
given; young people placed after 18 are a population of their own.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from tests.oracle import children, landed, placements, supply
from tests.oracle.landed import Landed


@landed.remembered
def priced(landing: Landed, date: dt.date) -> pd.DataFrame:
    """The census's rows with their population."""
    rows = placements.census(landing, date)
    if rows.empty:
        return rows
    return rows.assign(
        population=rows["is_looked_after"].map({True: "looked after", False: "post 18"})
    )


PARTS = ["social_care", "education", "health"]
KEYS = ["area_level", "area_code", "provision_type", "population", "basis"]


def _in_areas(landing: Landed, date: dt.date, only: set[str] | None = None) -> pd.DataFrame:
    """Every row of the census once an area and basis, a cost of 0 taken as none; of the authorities
    of `only`, where given."""
    rows = priced(landing, date)
    if rows.empty:
        return rows
    rows = rows if only is None else rows[rows["authority_code"].isin(only)]
    given = rows[PARTS].fillna(0).sum(axis=1)
    whole = (rows["cost"] - given).abs() <= 0.01
    rows = rows.assign(
        cost=rows["cost"].where(rows["cost"] > 0),
        **{part: rows[part].where(rows[part].notna() | ~whole, 0) for part in PARTS},
    )
    of, region = supply.members(date), supply.region()
    levels = [
        ("authority", rows["authority_code"]),
        ("sub-region", rows["authority_code"].map(of)),
        ("region", rows["authority_code"].map(lambda c: region["gss_code"] if c in of else None)),
    ]
    began = (rows["start"] > children.months_before(date, 12)) & (
        rows["start"] <= pd.Timestamp(date)
    )
    bases = [("all open", rows.index), ("started in the year", rows.index[began])]
    parts = [
        rows.assign(area_level=level, area_code=area, basis=basis).loc[chosen]
        for level, area in levels
        for basis, chosen in bases
    ]
    return pd.concat(parts).dropna(subset=["area_code"])


@landed.remembered
def weekly_cost(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`weekly_cost` of authorities, sub-regions and the region: counts, means, deciles."""
    rows = _in_areas(landing, date)
    if rows.empty:
        return rows
    cost = rows.groupby(KEYS)["cost"]
    out = cost.agg(
        placements="count",
        rows="size",
        mean_weekly_cost="mean",
        median_weekly_cost="median",
        lower_decile_weekly_cost=lambda c: c.quantile(0.1),
        upper_decile_weekly_cost=lambda c: c.quantile(0.9),
    )
    out["placements_without_cost"] = out.pop("rows") - out["placements"]
    means = rows[rows["cost"].notna()].groupby(KEYS)[PARTS].mean()
    out = out.join(means.add_prefix("mean_"))
    out["annual_equivalent"] = out["mean_weekly_cost"] * 365 / 7
    out = out.reset_index()
    heard = rows.groupby(["area_level", "area_code"])["authority_code"].nunique()
    areas = pd.MultiIndex.from_frame(out[["area_level", "area_code"]])
    out["authorities_returned"] = heard.reindex(areas).to_numpy()
    both = _in_both(landing, date)
    kept = rows[rows["authority_code"].isin(both)]
    counted = kept.groupby(["area_level", "area_code"])["authority_code"].nunique()
    out["authorities_in_both"] = counted.reindex(areas).fillna(0).to_numpy()
    return out.assign(census_date=date)


def _in_both(landing: Landed, date: dt.date) -> set[str]:
    """Authorities whose census is held of the date and of twelve months before."""
    before = children.months_before(date, 12).date()
    held = [priced(landing, day) for day in (date, before)]
    if any(rows.empty for rows in held):
        return set()
    return set(held[0]["authority_code"]) & set(held[1]["authority_code"])


def cost_change(landing: Landed, date: dt.date) -> pd.DataFrame:
    """The change of an authority's own mean on a year before, and why there is none.

    Those placed after 18 have no change in the first year of the layout of December 2025.
    """
    now = weekly_cost(landing, date)
    if now.empty:
        return now
    now = now[now["area_level"] == "authority"]
    before = weekly_cost(landing, children.months_before(date, 12).date())
    if before.empty:
        before = pd.DataFrame(columns=[*KEYS, "mean_weekly_cost"])
    out = now.merge(
        before[[*KEYS, "mean_weekly_cost"]], on=KEYS, how="left", suffixes=("", "_year_before")
    )
    both = _in_both(landing, date)
    new = (out["population"] == "post 18") & (dt.date(2025, 12, 31) <= date)
    new &= date < dt.date(2026, 12, 31)
    reason = pd.Series(None, out.index, dtype=object).mask(new, "layout_2025_12")
    out["break_reason"] = reason.mask(~out["area_code"].isin(both), "no_return_year_before")
    then = out["mean_weekly_cost_year_before"].where(out["break_reason"].isna())
    out["mean_weekly_cost_year_before"] = then
    out["mean_weekly_cost_change"] = out["mean_weekly_cost"] - then
    out["mean_weekly_cost_change_share"] = out["mean_weekly_cost_change"] / then
    return out


def commissioned_placements(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`commissioned_placements`: rows of the census in independent settings, by population."""
    rows = priced(landing, date)
    if rows.empty:
        return rows
    rows = rows[rows["arrangement"] == "independent"]
    keys = ["authority_code", "provision_type", "population"]
    out = rows.groupby(keys).size().rename("placements").reset_index()
    return out.assign(census_date=date)
