"""Tables of a release: curated figures of the region's authorities as tidy tables in DfE's open-data layout.

Belongs here: which tables a release has, their filters and indicators, totals, and which rule each indicator is published under.
Does not belong here: the rule itself (`disclosure`), numbering (`release`), files (`files`).

Layout: DfE, "Open data standards" (time and geography columns first, filters with a Total, then indicators, snake_case).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from assets.publication.disclosure import NOT_APPLICABLE, NOT_AVAILABLE, publish_counts, publish_exact, publish_share
from resources.warehouse import Warehouse
from schemas.fields import field

GEOGRAPHY = [
    "time_period", "time_identifier", "geographic_level", "country_code", "country_name",
    "region_code", "region_name", "old_la_code", "new_la_code", "la_name",
]  # fmt: skip
TOTAL = "Total"

BAND_LABELS = {
    "host": "Placed by the host authority",
    "sub_region": "Another authority of the sub-region",
    "region_or_neighbour": "Rest of the region or a neighbouring authority",
    "elsewhere": "Elsewhere",
    "unknown": "Not known",
}


@dataclass(frozen=True)
class Indicator:
    """One indicator of a published table: its name, label, unit (`%` or nothing) and decimals."""

    name: str
    label: str
    unit: str = ""
    decimals: int = 0


@dataclass(frozen=True)
class PublishedTable:
    """One table of a release: filters (name to label), indicators, and the function that makes its rows from the warehouse."""

    name: str
    title: str
    filters: dict[str, str]
    indicators: tuple[Indicator, ...]
    make: Callable[[Warehouse, dt.date], pd.DataFrame]


def _counted(name: str) -> Indicator:
    return Indicator(name, field(name).description.split(";")[0].split(":")[0].rstrip("."))


def _rate(name: str) -> Indicator:
    return Indicator(name, field(name).description.split(":")[0].rstrip("."), "%", 1)


_MEMBERS = """
select a.authority_code, a.authority_gss, a.authority_name, a.region_code, a.region_name
from core.authority as a
where a.census_date = :d and a.is_member
order by a.authority_code
"""


def _geography(frame: pd.DataFrame, members: pd.DataFrame, census_date: dt.date) -> pd.DataFrame:
    """Put time and geography columns in front; rows without an authority are the region's."""
    region = members.iloc[0]
    joined = frame.merge(members[["authority_code", "authority_gss", "authority_name"]], on="authority_code", how="left")
    is_region = joined["authority_code"] == ""
    front = pd.DataFrame(
        {
            "time_period": str(census_date.year),
            "time_identifier": calendar.month_name[census_date.month],
            "geographic_level": is_region.map({True: "Regional", False: "Local authority"}),
            "country_code": "E92000001",
            "country_name": "England",
            "region_code": region["region_code"],
            "region_name": region["region_name"],
            "old_la_code": joined["authority_code"],
            "new_la_code": joined["authority_gss"].fillna(""),
            "la_name": joined["authority_name"].fillna(""),
        }
    )
    return pd.concat([front, joined.drop(columns=["authority_code", "authority_gss", "authority_name"])], axis=1)


def _with_totals(frame: pd.DataFrame, keys: list[str], measures: list[str]) -> pd.DataFrame:
    """The rows, and every total over authority (blank code) and over each filter; a sum of nothing known stays unknown."""
    pieces = [frame]
    for key in keys:
        whole = pd.concat(pieces)
        others = [k for k in keys if k != key]
        summed = whole.groupby(others, as_index=False)[measures].sum(min_count=1)
        pieces.append(summed.assign(**{key: "" if key == "authority_code" else TOTAL}))
        pieces = [pd.concat(pieces)]
    return pieces[0][[*keys, *measures]].reset_index(drop=True)


def _ordered(frame: pd.DataFrame, filters: list[str]) -> pd.DataFrame:
    """Region first, then authorities by code; Total first in each filter."""
    order = pd.DataFrame({"a": frame["authority_code"]} | {f: frame[f].where(frame[f] != TOTAL, "") for f in filters})
    return frame.loc[order.sort_values(list(order.columns), kind="stable").index].reset_index(drop=True)


_OCCUPANCY_COUNTS = ["occupied", "vacant", "unavailable", "places_returned", "occupied_under_18", "occupied_18_plus"]
_OCCUPANCY_EXACT = ["settings_registered", "places_registered", "settings_returned"]
_ESTIMATES = ["occupied_estimate", "occupied_low", "occupied_high", "vacant_estimate", "vacant_low", "vacant_high"]


def _occupancy(warehouse: Warehouse, census_date: dt.date) -> pd.DataFrame:
    members = warehouse.frame(_MEMBERS, d=census_date)
    figures = warehouse.frame(
        f"""
        select o.host_authority_code as authority_code, o.provision_type, {", ".join("o." + c for c in _OCCUPANCY_EXACT + _OCCUPANCY_COUNTS)},
            o.coverage_settings * o.settings_registered as settings_covered, o.coverage_places * o.places_registered as places_covered,
            {", ".join("o." + c for c in _ESTIMATES)}
        from curated.host_authority_occupancy as o
        inner join core.authority as a on o.census_date = a.census_date and o.host_authority_code = a.authority_code
        where o.census_date = :d and a.is_member
        """,
        d=census_date,
    )
    measures = [c for c in figures.columns if c not in {"authority_code", "provision_type"}]
    figures[measures] = figures[measures].astype("float64")
    grid = pd.MultiIndex.from_product(
        [members["authority_code"], sorted(figures["provision_type"].unique())], names=["authority_code", "provision_type"]
    ).to_frame(index=False)
    figures = grid.merge(figures, how="left")
    # In the grid but in neither register nor return: no settings stand there, and none could return.
    nowhere = figures["settings_registered"].isna()
    figures.loc[nowhere, ["settings_registered", "settings_returned", "places_returned"]] = 0
    unanswered = figures["settings_returned"] == 0
    figures.loc[unanswered, "places_returned"] = float("nan")
    # An estimate of a total is only given where every part of it has one: ends of intervals do not add up.
    totals = _with_totals(figures.drop(columns=_ESTIMATES), ["authority_code", "provision_type"], [m for m in measures if m not in _ESTIMATES])
    frame = totals.merge(figures[["authority_code", "provision_type", *_ESTIMATES]], on=["authority_code", "provision_type"], how="left")
    frame = _ordered(frame, ["provision_type"])

    published = frame[["authority_code", "provision_type"]].copy()
    for name in _OCCUPANCY_EXACT:
        published[name] = publish_exact(frame[name])
    for name in _OCCUPANCY_COUNTS:
        published[name] = publish_counts(frame[name])
    p = published
    known_whole = pd.DataFrame(
        {"occupied": pd.to_numeric(p["occupied"], errors="coerce"), "whole": pd.to_numeric(p["places_returned"], errors="coerce")}
    )
    empty = (known_whole["whole"] - known_whole["occupied"]).clip(lower=0)
    unoccupied = (
        empty.fillna(0).astype("int64").astype("str").mask(empty.isna(), p["occupied"].where(p["occupied"].isin(["c", "x"]), p["places_returned"]))
    )
    offered = _sum_published(p["occupied"], p["vacant"])
    published["occupancy_rate"] = publish_share(p["occupied"], p["places_returned"])
    published["vacancy_rate"] = publish_share(p["vacant"], p["places_returned"])
    published["unoccupied_rate"] = publish_share(unoccupied, p["places_returned"])
    published["available_occupancy_rate"] = publish_share(p["occupied"], offered)
    published["availability_rate"] = publish_share(offered, p["places_returned"])
    covered = pd.DataFrame({"settings": frame["settings_covered"].round(), "places": frame["places_covered"].round()})
    published["coverage_settings"] = publish_share(publish_exact(covered["settings"]), p["settings_registered"])
    published["coverage_places"] = publish_share(publish_exact(covered["places"]), p["places_registered"])
    # An estimate at full coverage is the count itself: it is given only where part of the supply has not answered.
    partial = (frame["settings_covered"].round() < frame["settings_registered"]) & frame["occupied_estimate"].notna()
    for name in _ESTIMATES:
        published[name] = publish_counts(frame[name]).where(partial, NOT_APPLICABLE)
    no_estimate = (
        frame["occupied_estimate"].isna() & (frame["provision_type"] != TOTAL) & (frame["authority_code"] != "") & (frame["settings_returned"] == 0)
    )
    for name in _ESTIMATES:
        published[name] = published[name].mask(no_estimate & (frame["settings_registered"] > 0), NOT_AVAILABLE)
    return _geography(published, members, census_date)


def _sum_published(one: pd.Series, other: pd.Series) -> pd.Series:
    """The sum of two published columns; the symbol of either where one is no number."""
    a, b = pd.to_numeric(one, errors="coerce"), pd.to_numeric(other, errors="coerce")
    total = (a + b).fillna(0).astype("int64").astype("str")
    return total.mask(b.isna(), other).mask(a.isna(), one)


def _origin(warehouse: Warehouse, census_date: dt.date) -> pd.DataFrame:
    members = warehouse.frame(_MEMBERS, d=census_date)
    figures = warehouse.frame(
        """
        select o.host_authority_code as authority_code, o.provision_type, o.origin_band, o.children
        from curated.host_authority_origin as o
        inner join core.authority as a on o.census_date = a.census_date and o.host_authority_code = a.authority_code
        where o.census_date = :d and a.is_member
        """,
        d=census_date,
    )
    figures["children"] = figures["children"].astype("float64")
    counted = figures[["authority_code", "provision_type"]].drop_duplicates().assign(is_counted=True)
    grid = pd.MultiIndex.from_product(
        [members["authority_code"], sorted(figures["provision_type"].unique()), list(BAND_LABELS)],
        names=["authority_code", "provision_type", "origin_band"],
    ).to_frame(index=False)
    figures = grid.merge(figures, how="left").merge(counted, how="left")
    figures["children"] = figures["children"].mask(figures["children"].isna() & figures["is_counted"].notna(), 0)
    keys = ["authority_code", "provision_type", "origin_band"]
    frame = _with_totals(figures[[*keys, "children"]], keys, ["children"])
    frame["origin_band"] = frame["origin_band"].map({**BAND_LABELS, TOTAL: TOTAL})
    frame = _ordered(frame, ["provision_type", "origin_band"])
    published = frame[keys].copy()
    published["children"] = publish_counts(frame["children"])
    wholes = published[published["origin_band"] == TOTAL].drop(columns="origin_band").rename(columns={"children": "all_children"})
    published = published.merge(wholes, on=["authority_code", "provision_type"], how="left")
    published["share"] = publish_share(published["children"], published.pop("all_children"))
    return _geography(published, members, census_date)


PUBLISHED_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "host_authority_occupancy",
        "Places in each authority's area: occupied, vacant and unavailable",
        {"provision_type": "Type of provision"},
        tuple(_counted(n) for n in (*_OCCUPANCY_EXACT, *_OCCUPANCY_COUNTS))
        + tuple(
            _rate(n)
            for n in (
                "occupancy_rate", "vacancy_rate", "unoccupied_rate", "available_occupancy_rate", "availability_rate",
                "coverage_settings", "coverage_places",
            )
        )
        + tuple(_counted(n) for n in _ESTIMATES),
        _occupancy,
    ),
    PublishedTable(
        "host_authority_origin",
        "Who lives in the settings that stand in each authority's area",
        {"provision_type": "Type of provision", "origin_band": "Where the child comes from"},
        (_counted("children"), Indicator("share", "Share of the children and young people living there", "%", 1)),
        _origin,
    ),
)  # fmt: skip


def release_tables(warehouse: Warehouse, census_date: dt.date) -> dict[str, pd.DataFrame]:
    """All tables of a release of the census date, every cell as it will be printed (text), in their final order."""
    made = {}
    for table in PUBLISHED_TABLES:
        columns = [*GEOGRAPHY, *table.filters, *(indicator.name for indicator in table.indicators)]
        made[table.name] = table.make(warehouse, census_date)[columns]
    return made


__all__ = ["GEOGRAPHY", "Indicator", "NOT_AVAILABLE", "PUBLISHED_TABLES", "PublishedTable", "release_tables"]
