"""An authority's own placements: the SSDA903's children, enriched by the placement census.

Definitions: "Which return counts" of the indicator catalogue. Where a rule needed a choice it is
the dictionary's: a child's provision type is the census's where it names one of its own, else the
SSDA903's; an unregistered setting is of the type Other.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from tests.oracle import children, landed, supply
from tests.oracle.landed import Landed

FOSTERING = {"Independent fostering", "In-house fostering"}
NOT_COMMISSIONED = {"In-house fostering", "Other", "None"}
"""Types of which a placement census alone tells no figure."""


@landed.remembered
def census(landing: Landed, date: dt.date) -> pd.DataFrame:
    """The placement census: one row a placement that the door loads."""
    rows = landing.get(date, "census")
    if rows.empty:
        return rows
    kinds = landed.codes("type_of_provision").set_index("label")
    label = landed.code(rows["type of provision"], "type_of_provision")
    status = landed.code(rows["looked after child"], "looked_after_child")
    out = pd.DataFrame(
        {
            "authority_code": landed.authority(rows["placing authority"], date),
            "child": rows["identifier"],
            "label": label,
            "status": status,
            "mark": label.map(kinds["mark"]),
            "provision_type": label.map(kinds["provision_type"]),
            "arrangement": label.map(kinds["arrangement"]),
            "by_register": label.map(kinds["in_house_by_register"]) == "yes",
            "route": landed.code(_column(rows, "how the placement was sourced"), "sourcing_route"),
            "reason": landed.code(
                _column(rows, "placing at distance reason", "primary placing at distance reason"),
                "distance_reason",
            ),
            "liberty": landed.code(
                _column(rows, "deprivation of liberty safeguards in place"),
                "deprivation_of_liberty",
            ),
            "solo": landed.code(
                _column(rows, "does this cyp require a solo placement"), "solo_placement"
            ),
            "said_host": landed.authority(_column(rows, "host authority"), date),
            "setting": landed.urn(
                _column(rows, "establishment urn", "establishment registration urn")
            ),
            "provider": landed.urn(
                _column(rows, "provider ofsted or equivalent urn", "provider id")
            ),
            "organisation": _column(rows, "organisation"),
            "start": landed.day(_column(rows, "placement start date")),
            "cost": landed.number(rows["total weekly cost"]),
            "social_care": landed.number(rows["contribution from social care"]),
            "education": landed.number(rows["contribution from education"]),
            "health": landed.number(rows["contribution from health"]),
        }
    )
    out = out[~rows.duplicated()]  # exact duplicates are set aside
    needed = ["authority_code", "label", "status"]
    out = out[out[needed].notna().all(axis=1) & (out["child"] != "")].copy()
    under_18 = out["status"] == "Looked after child (under 18)"
    out["is_looked_after"] = under_18 & (out["mark"] != "post 18")
    return _arranged(out, landing, date)


def _column(rows: pd.DataFrame, *names: str) -> pd.Series:
    return next((rows[n].fillna("") for n in names if n in rows), pd.Series("", rows.index))


def _arranged(out: pd.DataFrame, landing: Landed, date: dt.date) -> pd.DataFrame:
    """In-house where the register says that the home or agency is the authority's own."""
    register = supply.registered(landing, date)
    if register.empty:
        return out.assign(host_by_register=None)
    one = register.drop_duplicates("urn").set_index("urn")
    owner = landed.authority(one["owner"], date)
    fostering = out["provision_type"] == "Independent fostering"
    key = out["setting"].where(~fostering, out["provider"])
    public = key.map(one["sector"]) == "Local Authority"
    own = key.map(owner) == out["authority_code"]
    swapped = out["by_register"] & public
    out["arrangement"] = np.select(
        [swapped & own, swapped], ["in-house", "other authority"], out["arrangement"]
    )
    in_house = fostering & (out["arrangement"] == "in-house")
    out["provision_type"] = out["provision_type"].where(~in_house, "In-house fostering")
    homes = register[register["provision_type"] != "Independent fostering"]
    places = homes.groupby("urn")["host_authority_code"].agg(["first", "nunique"])
    by_register = out["setting"].map(places["first"].where(places["nunique"] == 1))
    out["host_by_register"] = by_register.where(~out["provision_type"].isin(FOSTERING))
    return out


@landed.remembered
def own_placements(landing: Landed, date: dt.date) -> pd.DataFrame:
    """One row a placement: `source`, `covers`, where it is, of which type."""
    here, said = children.looked_after(landing, date), census(landing, date)
    held = set() if here.empty else set(landing.get(date, "episodes")["sender"])
    if len(here):
        here = here.rename(columns={"sender": "authority_code"}).assign(source="ssda903")
        here["host"] = here["placed_in"].fillna("UNKNOWN")
    if len(said):
        said["short"] = said["mark"] == "short breaks"
        said = said.sort_values(["short", "cost"], ascending=[True, False], kind="stable")
        told = said.drop_duplicates(["authority_code", "child"])
        keys = ["authority_code", "child"]
        columns = [
            "provision_type",
            "mark",
            "route",
            "reason",
            "liberty",
            "solo",
            "setting",
            "provider",
        ]
        told = told.set_index(keys)[columns].add_prefix("census_")
        here = here.join(told, on=keys) if len(here) else here
        named = here["census_provision_type"].where(here["census_provision_type"] != "Other")
        kind = named.fillna(here["provision_type"].fillna("None"))
        here["provision_type"] = kind.where(here["census_mark"] != "unregistered", "Other")
        here["in_census"] = here["census_provision_type"].notna()
        known = set(zip(here["authority_code"], here["child"], strict=True))
        new = [k not in known for k in zip(said["authority_code"], said["child"], strict=True)]
        added = said[new].copy()
        added["source"], added["in_census"] = "census", True
        by_return = added["said_host"].fillna(added["host_by_register"])
        added["host"] = by_return.fillna("UNKNOWN")
        for name in ("mark", "route", "reason", "liberty", "solo", "setting", "provider"):
            added[f"census_{name}"] = added[name]
        here = pd.concat([here, added], ignore_index=True)
    here["covers"] = np.where(here["authority_code"].isin(held), "all", "commissioned")
    looked_after = here["is_looked_after"].astype("boolean").fillna(True)
    return here.assign(is_looked_after=looked_after.astype(bool))


def net_position(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`net_position`: own inside, outside, unknown by the SSDA903; others inside by providers and
    by authorities; the net gain, and why there is none."""
    placed = own_placements(landing, date)
    rows = placed[placed["source"] == "ssda903"]
    inside, unknown = rows["host"] == rows["authority_code"], rows["host"] == "UNKNOWN"
    covers = here_covers(landing, date, set(placed["authority_code"]))
    living = supply.living(landing, date).query("host_authority_code != 'UNKNOWN'")
    others = ~living["placing"].isin(supply.UNPLACED)
    others &= (living["placing"] != living["host_authority_code"]) & ~(living["age"] >= 18)
    others = others.groupby(living["host_authority_code"]).sum()
    empty = supply.returned(landing, date).groupby("host_authority_code")["occupied"].sum()
    nobody = [code for code in empty.index[empty == 0] if code not in others.index]
    others = pd.concat([others, pd.Series(0, index=nobody)])
    out = pd.DataFrame(index=sorted({*covers, *others.index}))
    out["covers"] = out.index.map(covers)
    is_whole = out["covers"] == "all"
    for name, which in {
        "own_inside": inside, "own_outside": ~inside & ~unknown, "own_unknown": unknown,
    }.items():  # fmt: skip
        counted = which.groupby(rows["authority_code"]).sum().reindex(out.index)
        out[name] = counted.fillna(0).where(is_whole)
    out["source"] = pd.Series("ssda903", out.index).where(is_whole)
    out["blank_reason"] = pd.Series("no_ssda903", out.index).mask(is_whole)
    out["others_inside"] = others.reindex(out.index)
    out["net_gain"] = out["others_inside"] - out["own_outside"]
    out["others_inside_by_authorities"] = rows[~inside & ~unknown].groupby("host").size()
    seen = supply.host_authority_occupancy(landing, date)
    seen["covered"] = seen["coverage_places"] * seen["places_registered"]
    places = seen.groupby("host_authority_code")[["covered", "places_registered"]].sum()
    out["coverage_places"] = places["covered"] / places["places_registered"].replace(0, np.nan)
    return out.rename_axis("authority_code").reset_index().assign(census_date=date)


def location_band(placing: str, host: str, date: dt.date) -> str:
    """in_area, sub_region, elsewhere or unknown: where an authority's own child lives."""
    if host == "UNKNOWN":
        return "unknown"
    if host == placing:
        return "in_area"
    of = supply.members(date)
    same = placing in of.index and host in of.index and of[placing] == of[host]
    return "sub_region" if same else "elsewhere"


def own_placements_location(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`own_placements_location` of looked-after children, the three named bands always; blank rows
    of what a census does not tell."""
    out = _told_locations(landing, date)
    keys = ["placing_authority_code", "provision_type", "source", "covers"]
    bands = ["in_area", "sub_region", "elsewhere"]
    out = landed.gridded(out, keys, "location_band", bands).fillna({"placements": 0, "share": 0})
    placed = own_placements(landing, date)
    part = placed.loc[placed["covers"] == "commissioned", "authority_code"].unique()
    untold = pd.DataFrame({"placing_authority_code": part, "source": "census"})
    untold = untold.assign(covers="commissioned", blank_reason="no_ssda903")
    for column, values in {
        "provision_type": sorted(NOT_COMMISSIONED), "location_band": bands,
    }.items():  # fmt: skip
        untold = untold.merge(pd.DataFrame({column: values}), how="cross")
    return pd.concat([out, untold], ignore_index=True).assign(census_date=date)


@landed.remembered
def _told_locations(landing: Landed, date: dt.date) -> pd.DataFrame:
    """Placements and shares by authority, type and band, of the bands with placements."""
    rows = own_placements(landing, date)
    rows = rows[(rows["source"] == "ssda903") | (rows["covers"] == "commissioned")]
    part = (rows["covers"] == "commissioned") & rows["provision_type"].isin(NOT_COMMISSIONED)
    rows = rows[rows["is_looked_after"] & ~part]
    rows = rows.rename(columns={"authority_code": "placing_authority_code"})
    rows["location_band"] = [
        location_band(p, h, date)
        for p, h in zip(rows["placing_authority_code"], rows["host"], strict=True)
    ]
    keys = ["placing_authority_code", "provision_type"]
    out = rows.groupby([*keys, "location_band"]).size().rename("placements").reset_index()
    out["share"] = out["placements"] / out.groupby(keys)["placements"].transform("sum")
    covers = rows.groupby("placing_authority_code")["covers"].first()
    out["covers"] = out["placing_authority_code"].map(covers)
    out["source"] = out["covers"].map({"all": "ssda903", "commissioned": "census"})
    return out.assign(census_date=date)


def here_covers(landing: Landed, date: dt.date, answered: set[str]) -> dict[str, str]:
    """What each authority's own placements cover: all of them, where its SSDA903 is held."""
    whole = set(landing.get(date, "episodes")["sender"])
    return {code: "all" if code in whole else "commissioned" for code in answered}


def placement_flow(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`placement_flow`: blank where a side has not returned."""
    rows = own_placements(landing, date)
    answered = set(rows["authority_code"])
    whole = (rows["source"] == "ssda903") & (rows["covers"] == "all")
    part = (rows["covers"] == "commissioned") & rows["is_looked_after"]
    part &= ~rows["provision_type"].isin(NOT_COMMISSIONED)
    rows = rows[whole | part]
    rows = rows.rename(
        columns={"authority_code": "placing_authority_code", "host": "host_authority_code"}
    )
    keys = ["placing_authority_code", "host_authority_code", "provision_type"]
    theirs = rows.groupby(keys).size().rename("children_by_authorities")
    living = supply.living_of_a_type(landing, date)
    living = living.rename(columns={"placing": "placing_authority_code"})
    told = set(zip(living["host_authority_code"], living["provision_type"], strict=True))
    empty = supply.returned(landing, date).groupby(supply.HOSTED)["occupied"].sum()
    told |= set(empty.index[empty == 0])  # they said that nobody lives there
    young = living[~(living["age"] >= 18)]
    ours = young.groupby(keys).size().rename("children_by_providers")
    out = pd.concat([theirs, ours], axis=1).reset_index()
    sent = [k in told for k in zip(out["host_authority_code"], out["provision_type"], strict=True)]
    zero = out["children_by_providers"].fillna(0)
    out["children_by_providers"] = zero.where(sent)
    zero = out["children_by_authorities"].fillna(0)
    whole_for = set(landing.get(date, "episodes")["sender"])
    told = out["placing_authority_code"].isin(whole_for)
    told |= out["placing_authority_code"].isin(answered) & ~out["provision_type"].isin(
        NOT_COMMISSIONED
    )
    out["children_by_authorities"] = zero.where(told)
    covers = here_covers(landing, date, answered)
    out["covers"] = out["placing_authority_code"].map(covers)
    return out.assign(census_date=date)


def _categories(landing: Landed, date: dt.date, column: str) -> pd.DataFrame:
    rows = census(landing, date)
    if rows.empty:
        return rows
    rows = rows[rows["is_looked_after"]].assign(category=rows[column].fillna("Not given"))
    out = rows.groupby(["authority_code", "category"]).size().rename("placements").reset_index()
    total = out.groupby("authority_code")["placements"].transform("sum")
    return out.assign(share=out["placements"] / total, census_date=date)


def sourcing_route(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`sourcing_route`: looked-after placements of the census by route."""
    return _categories(landing, date, "route")


def distance_reason(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`distance_reason`: looked-after placements of the census by reason."""
    return _categories(landing, date, "reason")


SPECIAL = {
    "Deprivation of liberty: current": ("liberty", ["DoLS (current)"]),
    "Deprivation of liberty: previous": ("liberty", ["DoLS (previous)"]),
    "In a solo placement": (
        "solo", ["Yes, and is in a solo placement", "No, but is in a solo placement"]
    ),
    "Needs a solo placement and is not in one": ("solo", ["Yes, but is not in a solo placement"]),
    "Unregistered setting": ("mark", ["unregistered"]),
    "Placed after 18": ("is_looked_after", [False]),
}  # fmt: skip
ASKED_ALWAYS = "Unregistered setting"


def special_circumstances(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`special_circumstances`: placements of the census; blank where its layout did not ask."""
    rows = census(landing, date)
    if rows.empty:
        return rows
    whole = rows.groupby("authority_code").size()
    parts = []
    for category, (column, values) in SPECIAL.items():
        counted = rows[column].isin(values).groupby(rows["authority_code"]).sum().astype(float)
        if date < dt.date(2025, 12, 31) and category != ASKED_ALWAYS:
            counted[:] = np.nan
        part = pd.DataFrame({"placements": counted, "share": counted / whole})
        parts.append(part.assign(category=category))
    return pd.concat(parts).rename_axis("authority_code").reset_index().assign(census_date=date)


def high_cost_placements(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`high_cost_placements` by authority: how many, their weekly cost, and the cost so far."""
    rows = census(landing, date)
    if rows.empty:
        return rows
    rows = rows[rows["cost"] > supply.region()["high_cost_weekly"]]
    days = (pd.Timestamp(date) - rows["start"]).dt.days
    so_far = (rows["cost"] * days / 7).where(days >= 0).round(2)
    out = (
        rows.assign(so_far=so_far)
        .groupby("authority_code")
        .agg(placements=("cost", "size"), weekly=("cost", "sum"), so_far=("so_far", "sum"))
    )
    out = out.rename_axis("placing_authority_code").reset_index()
    return out.assign(census_date=date)


@landed.remembered
def host_use_of_own_supply(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`host_use_of_own_supply`: who lives there, the host's own, and where its placements are."""
    rows = supply.living_of_a_type(landing, date)
    rows = rows[rows["host_authority_code"] != "UNKNOWN"]
    own = rows["placing"] == rows["host_authority_code"]
    out = (
        rows.assign(own=own)
        .groupby(supply.HOSTED)
        .agg(children_living_here=("own", "size"), children_of_host=("own", "sum"))
    )
    share = out["children_of_host"] / out["children_living_here"]
    out = out.assign(share_of_places_used_by_host=share)
    placed = own_placements(landing, date)
    covers = here_covers(landing, date, set(placed["authority_code"]))
    placing = _told_locations(landing, date)
    there = placing.groupby(["placing_authority_code", "provision_type"]).size()
    out = out.join(there.rename_axis(supply.HOSTED).rename("types"), how="outer").reset_index()
    out["covers"] = out["host_authority_code"].map(covers)
    mine = _told_locations(landing, date).rename(
        columns={"placing_authority_code": "host_authority_code"}
    )
    whole = mine.groupby(supply.HOSTED)["placements"].sum().rename("own_placements")
    inside = mine[mine["location_band"] == "in_area"].groupby(supply.HOSTED)["placements"].sum()
    out = out.join(whole, on=supply.HOSTED)
    out = out.join(inside.rename("own_placements_in_area"), on=supply.HOSTED)
    told = (out["covers"] == "all") | (out["covers"] == "commissioned") & ~out[
        "provision_type"
    ].isin(NOT_COMMISSIONED)
    for name in ("own_placements", "own_placements_in_area"):
        out[name] = out[name].fillna(0).where(told)
    own_whole = out["own_placements"].replace(0, np.nan)
    out["share_of_own_in_area"] = out["own_placements_in_area"] / own_whole
    return out.assign(census_date=date)


def placement_distance(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`placement_distance`: authority, provision_type, locality, distance_band -> placements."""
    rows = own_placements(landing, date)
    rows = rows[rows["source"] == "ssda903"].copy()
    rows["locality"] = np.where(
        rows["placed_in"].isna(),
        "unknown",
        np.where(rows["placed_in"] == rows["authority_code"], "inside", "outside"),
    )
    rows["distance_band"] = np.where(
        rows["miles"].isna(),
        "not known or not recorded",
        np.where(rows["miles"] <= 20, "20 miles or less", "more than 20 miles"),
    )
    keys = ["authority_code", "provision_type", "locality", "distance_band"]
    out = (
        rows.fillna({"provision_type": "None"})
        .groupby(keys)
        .size()
        .rename("placements")
        .reset_index()
    )
    out = out.rename(columns={"sender": "authority_code"})
    whole = out.groupby(["authority_code", "provision_type"])["placements"].transform("sum")
    return out.assign(share=out["placements"] / whole, census_date=date)


def supply_gap(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`supply_gap`: children who need a place of the type against the places of it in the area.

    A child in an unregistered setting needs a children's home, or supported accommodation where
    the 903 says so at 16 and over; short breaks, Other and None need no place.
    """
    rows = own_placements(landing, date)
    rows = rows[(rows["source"] == "ssda903") | (rows["covers"] == "commissioned")]
    rows = rows[rows["is_looked_after"] & (rows["census_mark"] != "short breaks")].copy()
    adrift = rows["census_mark"] == "unregistered"
    semi = adrift & rows["place"].isin({"H5", "K3"}) & (rows["age"] >= 16)
    kind = rows["provision_type"].where(~adrift, "Children's home")
    rows["need"] = kind.where(~semi, "Supported accommodation")
    rows["adrift"], rows["inside"] = adrift, rows["host"] == rows["authority_code"]
    rows["away"] = ~rows["inside"] & (rows["host"] != "UNKNOWN")
    keys = ["authority_code", "provision_type"]
    rows = rows.drop(columns="provision_type").rename(columns={"need": "provision_type"})
    need = rows.groupby(keys).agg(
        own_placements=("inside", "size"), own_unregistered=("adrift", "sum"),
        own_placements_in_area=("inside", "sum"), own_placements_elsewhere=("away", "sum"),
    )  # fmt: skip
    here = supply.host_authority_occupancy(landing, date)
    here = here.rename(columns={"host_authority_code": "authority_code"}).set_index(keys)
    covers = here_covers(landing, date, set(rows["authority_code"]))
    out = need.join(here[SUPPLIED], how="outer").reset_index()
    out = out[out["authority_code"].isin(covers) & ~out["provision_type"].isin({"Other", "None"})]
    out["covers"] = out["authority_code"].map(covers)
    out["source"] = out["covers"].map({"all": "ssda903", "commissioned": "census"})
    blank = (out["covers"] == "commissioned") & (out["provision_type"] == "In-house fostering")
    for name in need.columns:
        out[name] = out[name].fillna(0).where(~blank)
    fostering = out["provision_type"].isin(FOSTERING)
    nothing = out["settings_registered"].fillna(0) == 0
    registered = out["places_registered"].mask(nothing & ~fostering, 0)
    out["places_registered"] = registered
    out["usable"] = out["occupied"] + out["vacant"]
    stands = ~(nothing & ~fostering & (out["settings_returned"].fillna(0) == 0))
    out["usable"], out["vacant"] = out["usable"].where(stands, 0), out["vacant"].where(stands, 0)
    usable = out["occupied_estimate"] + out["vacant_estimate"]
    out["usable_estimate"] = usable.where(stands, 0)
    out["vacant_estimate"] = out["vacant_estimate"].where(stands, 0)
    out["usable_sufficiency_estimate"] = out["usable_estimate"] - out["own_placements"]
    away = out["own_placements_elsewhere"]
    out["vacant_sufficiency_estimate"] = out["vacant_estimate"] - away
    out["blank_reason"] = pd.Series("no_ssda903", out.index).where(blank)
    out["numerical_sufficiency"] = out["places_registered"] - out["own_placements"]
    out["usable_sufficiency"] = out["usable"] - out["own_placements"]
    out["vacant_sufficiency"] = out["vacant"] - out["own_placements_elsewhere"]
    used = host_use_of_own_supply(landing, date).rename(
        columns={"host_authority_code": "authority_code"}
    )
    out = out.join(used.set_index(keys)["share_of_places_used_by_host"], on=keys)
    offered = supply.referrals(landing, date)
    offered = offered.rename(columns={"host_authority_code": "authority_code"}).set_index(keys)
    out = out.join(offered["offer_rate"].rename("offers_per_referral"), on=keys)
    return out.assign(census_date=date)


SUPPLIED = [
    "settings_registered", "settings_returned", "places_registered", "occupied", "vacant",
    "coverage_places", "occupied_estimate", "vacant_estimate",
]  # fmt: skip


def two_sided_truth(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`two_sided_truth` by setting and placing authority, the areas of one setting put together."""
    back, living = supply.returned(landing, date), supply.living(landing, date)
    register = supply.registered(landing, date)
    known = set(register["urn"]) | (set(back["urn"]) if len(back) else set())
    keys = ["urn", "placing_authority_code"]
    living = living.rename(columns={"placing": "placing_authority_code"})
    living = living.dropna(subset=["provision_type"]).query("provision_type != 'Other'")
    young = living[~(living["age"] >= 18)]
    young = young[~young["placing_authority_code"].isin(supply.UNPLACED)]
    ours = young.groupby(keys).size().rename("children_by_providers")
    rows = own_placements(landing, date)
    covers = here_covers(landing, date, set(rows["authority_code"]))
    fostering = rows["provision_type"].isin(FOSTERING)
    by_census = rows["census_setting"].replace("", None)
    agency = rows["census_provider"].replace("", None)
    said = by_census.where(~fostering, agency.fillna(by_census))
    by_903 = landed.urn(rows["urn"].fillna("")) if "urn" in rows else pd.Series("", rows.index)
    rows["urn"] = said.fillna(by_903.replace("", None))
    rows["urn"] = rows["urn"].where(rows["urn"].isin(known), "UNKNOWN")
    kept = rows["is_looked_after"] & ~rows["provision_type"].isin({"Other", "None"})
    whole = (rows["covers"] == "all") & (rows["source"] == "ssda903")
    part = (rows["covers"] == "commissioned") & (rows["provision_type"] != "In-house fostering")
    rows = rows[kept & (whole | part)]
    rows = rows.rename(columns={"authority_code": "placing_authority_code"})
    theirs = rows.groupby(keys).size().rename("children_by_authorities")
    # a provider is heard of each of its areas by itself, of one that it stands in alone wherever
    stands = (
        pd.concat([register, back]).groupby("urn")["host_authority_code"].agg(["first", "nunique"])
    )
    only = rows["urn"].map(stands["first"].where(stands["nunique"] == 1))
    at = ["urn", "host_authority_code"]
    empty = back.groupby(at)["occupied"].sum()
    heard = set(living[at].itertuples(index=False, name=None)) | set(empty.index[empty == 0])
    pairs = zip(rows["urn"], only.fillna(rows["host"]), strict=True)
    told = pd.Series([p in heard for p in pairs], rows.index, dtype=bool)
    is_heard = told.groupby([rows[key] for key in keys]).any().rename("is_heard")
    out = pd.concat([ours, theirs, is_heard], axis=1).reset_index()
    by_providers = out["children_by_providers"]
    none = by_providers.isna() & out["is_heard"].fillna(False).astype(bool)
    out["children_by_providers"] = by_providers.mask(none, 0)
    by_authorities = out["children_by_authorities"].fillna(0)
    kinds = pd.concat([register, back])[["urn", "provision_type"]].drop_duplicates("urn")
    in_house = out["urn"].map(kinds.set_index("urn")["provision_type"]) == "In-house fostering"
    said = out["placing_authority_code"].map(covers)
    told = (said == "all") | (said == "commissioned") & ~in_house
    out["children_by_authorities"] = by_authorities.where(told)
    out["difference"] = out["children_by_providers"] - out["children_by_authorities"]
    return out.assign(census_date=date)
