"""The host authority's side: the register beside the provider census.

Definitions: the supply half of the indicator catalogue. Each function gives a frame with the
curated table's own column names.
"""

from __future__ import annotations

import datetime as dt
import tomllib

import numpy as np
import pandas as pd

from tests.oracle import landed
from tests.oracle.landed import Landed
from tests.sql.estimator import estimated

HOSTED = ["host_authority_code", "provision_type"]
FOSTERING = {"Independent fostering", "In-house fostering"}
UNPLACED = {"HEALTH", "PRIVATE", "UNKNOWN"}


def newest(landing: Landed, date: dt.date, name: str) -> tuple[pd.DataFrame, dt.date | None]:
    """The register's newest list of the kind on or before the date, and its date."""
    dates = [d for d in landing.dates if d <= date and (d, name) in landing.tables]
    return (landing.get(dates[-1], name), dates[-1]) if dates else (landing.get(date, name), None)


def _kind(texts: pd.Series) -> pd.Series:
    """Ofsted's provision type -> ours; NaN for what stays out of curated."""
    labels = landed.code(texts, "ofsted_provision_type")
    ours = landed.codes("ofsted_provision_type").set_index("label")["provision_type"]
    return labels.map(ours).replace("", None)


def size_band(places: pd.Series) -> pd.Series:
    """1 to 5, 6+; Not known without places."""
    text = places.clip(upper=6).map(lambda n: "Not known" if pd.isna(n) else f"{int(n)}")
    return text.replace("6", "6+")


@landed.remembered
def registered(landing: Landed, date: dt.date) -> pd.DataFrame:
    """The register: one row a home or agency, one a premises of supported accommodation."""
    homes, _ = newest(landing, date, "providers")
    homes = homes.drop_duplicates()
    premises, _ = newest(landing, date, "premises")
    parts = []
    if len(homes):
        parts.append(
            pd.DataFrame(
                {
                    "urn": landed.urn(homes["urn"]),
                    "host_authority_code": landed.authority(homes["local authority"], date),
                    "provision_type": _kind(homes["provision type"]),
                    "status": landed.code(homes["registration status"], "registration_status"),
                    "sector": landed.code(homes["sector"], "sector"),
                    "owner": homes["organisation name"],
                    "places": landed.number(homes["places"]),
                    "category": "",
                }
            ).query("provision_type != 'Supported accommodation'")
        )
    if len(premises):
        parts.append(
            pd.DataFrame(
                {
                    "urn": landed.urn(premises["urn"]),
                    "host_authority_code": landed.authority(
                        premises["premises local authority"], date
                    ),
                    "provision_type": "Supported accommodation",
                    "status": landed.code(premises["registration status"], "registration_status"),
                    "sector": landed.code(premises["sector"], "sector"),
                    "owner": premises["organisation name"],
                    "places": landed.number(premises["places"]),
                    "category": premises["service category"],
                }
            )
        )
    if not parts:
        return pd.DataFrame()
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["status"].isin({"Active", "Suspended"})]
    rows = rows.assign(group=_owner_groups(landing, date, rows))
    return rows.dropna(subset=["provision_type"]).reset_index(drop=True)


def _owner_groups(landing: Landed, date: dt.date, rows: pd.DataFrame) -> pd.Series:
    """Who owns each row: the one ultimate owner of those of its name in Ofsted's list, else the
    plain name. A text that names nobody has an owner only where all its rows are in the list.
    """
    owned, _ = newest(landing, date, "owned")
    plain = rows["owner"].fillna("").map(plain_owner)
    if owned.empty:
        return plain
    parent = (
        rows["urn"]
        .map(
            dict(zip(landed.urn(owned["urn"]), owned["ultimate parent company name"], strict=True))
        )
        .fillna("")
        .map(plain_owner)
    )
    names = plain.where(plain != "", "? " + rows["owner"].fillna(""))
    told = parent.groupby(names).agg(lambda p: "|".join(sorted(set(p) - {""})))
    every = (parent != "").groupby(names).all()
    of_name, is_whole = names.map(told), names.map(every)
    is_told = (of_name != "") & ~of_name.str.contains("|", regex=False) & ((plain != "") | is_whole)
    return of_name.where(is_told, plain)


@landed.remembered
def returned(landing: Landed, date: dt.date) -> pd.DataFrame:
    """Settings that returned: one row a home (the last counts), one a premises."""
    rows = landing.get(date, "settings")
    if rows.empty:
        return rows
    out = pd.DataFrame(
        {
            "sender": rows["sender"],
            "urn": landed.urn(rows["urn"]),
            "host_authority_code": landed.authority(rows["host local authority"], date),
            "provision_type": landed.code(rows["provision type"], "provision_type"),
            "service_category": landed.code(rows["service category"], "service_category"),
            "reason": landed.code(rows["unavailable reason"], "unavailable_reason"),
            "setting_name": rows["setting name"].replace("", None),
            "sa_category": landed.code(rows["sa category"], "sa_category"),
            "gender_accepted": landed.code(rows["gender accepted"], "gender_accepted"),
            "framework": rows["framework"].replace("", None),
            "lot": rows["lot"].replace("", None),
        }
    )
    for ours, theirs in {
        "registered": "registered places", "occupied": "occupied places", "vacant": "vacant places",
        "unavailable": "unavailable places", "households": "households", "min_age": "min age",
        "max_age": "max age", "referrals": "referrals received", "offers": "offers made",
    }.items():  # fmt: skip
        out[ours] = landed.number(rows[theirs])
    needed = [
        "host_authority_code",
        "provision_type",
        "registered",
        "occupied",
        "vacant",
        "unavailable",
    ]
    out = out[out[needed].notna().all(axis=1) & (out["urn"] != "")]
    many = out["provision_type"] == "Supported accommodation"
    one = out[~many].drop_duplicates(["urn", "host_authority_code"], keep="last")
    return pd.concat([one, out[many]]).sort_index()


@landed.remembered
def living(landing: Landed, date: dt.date) -> pd.DataFrame:
    """Children by the providers' placements: urn, host, provision type, placing authority, age."""
    rows = landing.get(date, "placements")
    if rows.empty:
        return rows
    out = pd.DataFrame(
        {
            "sender": rows["sender"],
            "urn": landed.urn(rows["urn"]),
            "placing": landed.authority(rows["placing local authority"], date),
            "age": landed.number(rows["age"]),
            "notice": rows["notice given"].str.lower().str.startswith("y"),
        }
    )
    said = rows.get("host local authority", pd.Series("", rows.index))
    out["said_host"] = landed.authority(said, date).where(said.fillna("") != "")
    out = out[(out["urn"] != "") & out["placing"].notna()]
    homes = returned(landing, date).drop_duplicates(["urn", "host_authority_code"])
    hosts = homes.groupby("urn")["host_authority_code"].agg(["first", "size"])
    only = hosts["first"].where(hosts["size"] == 1)
    out["host_authority_code"] = out["said_host"].fillna(out["urn"].map(only)).fillna("UNKNOWN")
    kind = homes.drop_duplicates("urn").set_index("urn")["provision_type"]
    out["provision_type"] = out["urn"].map(kind)
    return out


def _covered(register: pd.DataFrame, back: pd.DataFrame) -> pd.DataFrame:
    """Per URN in an authority: premises and places registered, and those that a return covers.

    Premises have no key of their own. Where only some were returned the places covered are the
    return's, but each premises that is missing keeps a place.
    """
    keys = ["urn", "host_authority_code"]
    out = register.groupby([*keys, "provision_type"]).agg(
        premises=("urn", "size"), places=("places", lambda p: p.sum(min_count=1))
    )
    out = out.reset_index()
    places = back["occupied"] + back["vacant"] + back["unavailable"]
    told = back.assign(told_places=places).groupby(keys)
    told = told.agg(told=("urn", "size"), told_places=("told_places", "sum"))
    out = out.join(told, on=keys)
    agency = out["provision_type"] == "Independent fostering"
    answered = out[["premises", "told"]].min(axis=1).where(out["told"].notna(), 0)
    out["answered"] = answered.where(~agency, out["urn"].isin(set(back["urn"])).astype(int))
    missing = out["premises"] - out["answered"]
    part = out[["told_places"]].assign(most=out["places"] - missing).min(axis=1)
    whole = out["places"].where(out["answered"] > 0, 0)
    out["answered_places"] = whole.where((out["answered"] == 0) | (missing == 0), part)
    return out


@landed.remembered
def host_authority_occupancy(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`host_authority_occupancy`: what was counted, rates, coverage, the estimates, and which list
    of the register was read."""
    out = _counted(landing, date)
    whole = estimates(landing, date).query("area_level == 'authority'")
    whole = whole.rename(columns={"area_code": "host_authority_code"})
    out = out.merge(whole.drop(columns="area_level"), on=HOSTED, how="left")
    for name, kind in (("providers", "homes"), ("premises", "Supported accommodation")):
        _, as_at = newest(landing, date, name)
        of = (out["provision_type"] == kind) == (name == "premises")
        of &= out["provision_type"].isin(registered(landing, date)["provision_type"].unique())
        out.loc[of, "register_as_at"] = as_at
        out.loc[of, "register_carried"] = as_at != date
        out.loc[of, "register_source"] = LISTS[name]
    return out


LISTS = {"providers": "providers and places", "premises": "supported accommodation premises"}
ENDS = ["estimate", "low", "high", "band_low", "band_high"]
ESTIMATED = [f"{use}_{end}" for use in ("occupied", "vacant") for end in ENDS]


@landed.remembered
def estimates(landing: Landed, date: dt.date) -> pd.DataFrame:
    """Estimates and ends by area and type, by the estimator in numpy (its cover is measured in
    tests/sql): of authorities with a return, and of the observatory's sub-regions and region."""
    register, back = registered(landing, date), returned(landing, date)
    keys = ["urn", "host_authority_code"]
    rows = _covered(register, back).query("provision_type != 'Independent fostering'")
    rows = rows[rows["places"] > 0].join(
        back.groupby(keys)[["occupied", "vacant"]].sum().add_suffix("_places"), on=keys
    )
    facts = register.groupby(keys).agg(sector=("sector", "min"), group=("group", "min"))
    rows = rows.join(facts, on=keys).rename(columns={"answered_places": "covered"})
    rows["whose"] = rows["group"].where(rows["group"] != "", "the setting " + rows["urn"])
    rows["size_band"] = size_band(rows["places"])
    areas = in_areas(rows[["host_authority_code"]].drop_duplicates(), "host_authority_code", date)
    level = areas.pivot(index="host_authority_code", columns="area_level", values="area_code")
    own_region = region()["gss_code"]
    for name, column in (("authority", "area"), ("sub-region", "part"), ("region", "whole")):
        rows[f"{column}_code"] = rows["host_authority_code"].map(level[name]).fillna("none")
        rows[column] = rows.groupby(["provision_type", f"{column}_code"]).ngroup()
    rows["owner"] = rows.groupby(["provision_type", "whose"]).ngroup()
    rows["region"] = rows.groupby("provision_type").ngroup()  # what is learned, is learned by type
    rows = rows.reset_index(drop=True)
    counted = in_areas(back, "host_authority_code", date)
    counted = counted.groupby(["area_level", "area_code", "provision_type"])[["occupied", "vacant"]]
    whole = []
    for use in ("occupied", "vacant"):
        parts = []
        by = {"authority": "area", "sub-region": "part", "region": "whole"}
        made = estimated(rows, f"{use}_places", by, region()["missing_may_differ"])
        for name, column in by.items():
            named = rows.drop_duplicates(column).set_index(column)
            part = made[made["area_level"] == name]
            part = part.assign(area_code=part["number"].map(named[f"{column}_code"]))
            parts.append(part.assign(provision_type=part["number"].map(named["provision_type"])))
        part = pd.concat(parts).rename(columns={"low_band": "band_low", "high_band": "band_high"})
        part = part.set_index(["area_level", "area_code", "provision_type"])
        beside = counted.sum()[use].reindex(part.index) - part["counted"]  # not on the register
        part = part[ENDS].add(beside, axis=0)
        fives_up = np.floor(10 * part["estimate"] + 0.5) / 10
        whole.append(part.assign(estimate=fives_up).add_prefix(f"{use}_"))
    out = pd.concat(whole, axis=1).reset_index()
    ours = {own_region, *members(date)}
    return out[(out["area_level"] == "authority") | out["area_code"].isin(ours)]


def area_occupancy(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`area_occupancy`: sums of the authorities' counts, and the area's own estimates."""
    rows = in_areas(host_authority_occupancy(landing, date), "host_authority_code", date)
    rows = rows[rows["area_code"].isin({region()["gss_code"], *members(date)})]
    keys = ["area_level", "area_code", "provision_type"]
    out = rows.groupby(keys)[SUMMED].sum(min_count=1)
    out[["area_gss", "area_name"]] = rows.groupby(keys)[["area_gss", "area_name"]].first()
    out["occupancy_rate"] = out["occupied"] / out["places_returned"].replace(0, np.nan)
    for what in ("settings", "places"):
        registered_whole = out[f"{what}_registered"].replace(0, np.nan)
        out[f"coverage_{what}"] = out[f"{what}_covered"] / registered_whole
    out = out.join(estimates(landing, date).set_index(keys))
    return out.reset_index().assign(census_date=date)


SUMMED = [
    "settings_registered", "places_registered", "settings_covered", "places_covered",
    "settings_returned", "places_returned", "occupied", "vacant", "unavailable",
]  # fmt: skip


@landed.remembered
def _counted(landing: Landed, date: dt.date) -> pd.DataFrame:
    """What was counted by host authority and type: registered, returned, rates and coverage."""
    register, back = registered(landing, date), returned(landing, date)
    homes = back.groupby(HOSTED).agg(
        settings_returned=("urn", "size"), occupied=("occupied", "sum"), vacant=("vacant", "sum"),
        unavailable=("unavailable", "sum"),
    )  # fmt: skip
    covered = _covered(register, back)
    sums = covered.groupby(HOSTED)
    right = sums.agg(
        settings_registered=("premises", "sum"),
        places_registered=("places", lambda p: p.sum(min_count=1)),
        answered=("answered", "sum"), answered_places=("answered_places", "sum"),
    )  # fmt: skip
    out = right.join(homes, how="outer")
    out["settings_registered"] = out["settings_registered"].fillna(0)
    out["settings_returned"] = out["settings_returned"].fillna(0)
    total = out["occupied"] + out["vacant"] + out["unavailable"]
    out["places_returned"] = total.fillna(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        out["occupancy_rate"] = out["occupied"] / total
        out["vacancy_rate"] = out["vacant"] / total
        out["unoccupied_rate"] = (total - out["occupied"]) / total
        out["available_occupancy_rate"] = out["occupied"] / (out["occupied"] + out["vacant"])
        out["availability_rate"] = (out["occupied"] + out["vacant"]) / total
        out["coverage_settings"] = out["answered"] / out["settings_registered"]
        out["coverage_places"] = out["answered_places"] / out["places_registered"]
    out = out.rename(columns={"answered": "settings_covered", "answered_places": "places_covered"})
    out["settings_covered"] = out["settings_covered"].fillna(0)
    out["places_covered"] = out["places_covered"].where(out["places_registered"].notna())
    out = out.join(_ages(back, living(landing, date)))
    return out.replace([np.inf, -np.inf], np.nan).reset_index().assign(census_date=date)


def _ages(back: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    """People under 18, and of 18 and over; unknown where a setting lists fewer than it has, or an
    age is missing."""
    keys = ["urn", *HOSTED]
    at = back.groupby(keys)["occupied"].sum().rename("has").reset_index()
    if children.empty:
        children = pd.DataFrame(columns=["urn", "host_authority_code", "age"])
    age = pd.to_numeric(children["age"])
    told = children.assign(known=age.notna(), young=age < 18).groupby(
        ["urn", "host_authority_code"]
    )
    told = told.agg(listed=("known", "size"), known=("known", "sum"), young=("young", "sum"))
    at = at.join(told, on=["urn", "host_authority_code"]).fillna(
        {"listed": 0, "known": 0, "young": 0}
    )
    short = (at["listed"] < at["has"]) | (at["known"] < at["listed"])
    sums = at.assign(short=short, adult=at["listed"] - at["young"]).groupby(HOSTED)
    sums = sums.agg(young=("young", "sum"), adult=("adult", "sum"), short=("short", "any"))
    return pd.DataFrame(
        {
            "occupied_under_18": sums["young"].where(~sums["short"]),
            "occupied_18_plus": sums["adult"].where(~sums["short"]),
        }
    )


def region(name: str = "north_west") -> dict:
    """The region's file."""
    return tomllib.loads((landed.SCHEMAS / "regions" / f"{name}.toml").read_text("utf-8"))


def members(date: dt.date) -> pd.Series:
    """Sub-region by member's code, of the members that stand on the date."""
    here = landed.standing(date).index
    return pd.Series({c: s for s, cs in region()["sub_regions"].items() for c in cs if c in here})


def neighbours(date: dt.date) -> set[tuple[str, str]]:
    """Pairs of authorities that border each other."""
    frame = pd.read_csv(landed.SCHEMAS / "reference" / "authority_neighbours.csv", dtype=str)
    return set(zip(frame["authority_code"], frame["neighbour_code"], strict=True))


def origin_band(placing: str, host: str, date: dt.date) -> str:
    """host, sub_region, region_or_neighbour, elsewhere or unknown: where a child comes from."""
    if placing == "UNKNOWN":
        return "unknown"
    if placing == host:
        return "host"
    of, now = members(date), landed.standing(date)
    if placing in of.index and host in of.index and of[placing] == of[host]:
        return "sub_region"
    same = placing in now.index and host in now.index
    same = same and now.loc[placing, "region_code"] == now.loc[host, "region_code"] != ""
    if same or (placing, host) in neighbours(date):
        return "region_or_neighbour"
    return "elsewhere"


def living_of_a_type(landing: Landed, date: dt.date) -> pd.DataFrame:
    """Who lives in settings; those at a URN that nobody knows stand under Other."""
    rows = living(landing, date)
    return rows.assign(provision_type=rows["provision_type"].fillna("Other"))


def host_authority_origin(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`host_authority_origin`: children and share by band, the four named bands always."""
    rows = living_of_a_type(landing, date)
    pairs = rows[["placing", "host_authority_code"]].drop_duplicates()
    bands = {
        p: "unknown" if p[1] == "UNKNOWN" else origin_band(*p, date)
        for p in pairs.itertuples(index=False, name=None)
    }
    rows["origin_band"] = [
        bands[p] for p in zip(rows["placing"], rows["host_authority_code"], strict=True)
    ]
    out = rows.groupby([*HOSTED, "origin_band"]).size().rename("children").reset_index()
    named = ["host", "sub_region", "region_or_neighbour", "elsewhere"]
    out = landed.gridded(out, HOSTED, "origin_band", named).fillna({"children": 0})
    out["share"] = out["children"] / out.groupby(HOSTED)["children"].transform("sum")
    return out.assign(census_date=date)


def unavailable_places(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`unavailable_places`: places by reason."""
    rows = returned(landing, date)
    whole = rows.groupby(HOSTED)["registered"].sum().rename("whole")
    rows = rows[rows["unavailable"] > 0].assign(reason=rows["reason"].fillna("Not given"))
    out = rows.groupby([*HOSTED, "reason"])["unavailable"].sum().rename("places").reset_index()
    out = out.join(whole, on=HOSTED)
    out["share"] = out["places"] / out["whole"]
    return out.assign(census_date=date)


def referrals(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`referrals`: of the settings that told both or either, referrals, offers, and the rates."""
    rows = returned(landing, date)
    rows = rows[rows["referrals"].notna()]
    out = rows.groupby(HOSTED).agg(
        settings_with_referrals=("urn", "size"), referrals=("referrals", "sum"),
        offers=("offers", "sum"), vacant=("vacant", "sum"),
    ).reset_index()  # fmt: skip
    out["referrals_per_vacant_place"] = out["referrals"] / out["vacant"].where(out["vacant"] > 0)
    out["offer_rate"] = out["offers"] / out["referrals"].where(out["referrals"] > 0)
    return out.assign(census_date=date)


def pipeline_homes(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`pipeline_homes`: homes and beds by authority and stage."""
    rows = landing.get(date, "planned")
    if rows.empty:
        return rows
    rows["authority_code"] = landed.authority(rows["authority"], date)
    own = rows["sender"] == rows["authority_code"]  # before the region's list of all
    rows = rows[own | ~rows["authority_code"].isin(set(rows.loc[own, "sender"]))].copy()
    rows["stage"] = landed.code(rows["stage"], "planning_stage")
    rows["beds"] = landed.number(rows["beds"])
    rows["opens"] = landed.day(rows["expected opening"])
    out = rows.groupby(["authority_code", "stage"]).agg(
        homes_planned=("beds", "size"), beds_planned=("beds", "sum"), next_opening=("opens", "min")
    )
    out["next_opening"] = out["next_opening"].dt.date
    return out.reset_index().assign(census_date=date)


def listed(texts: pd.Series) -> str | None:
    """All that is said, once each."""
    return ", ".join(sorted(set(texts.dropna()))) or None


def setting_vacancies(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`setting_vacancies`: vacant and unavailable places, places under notice, and what is said of
    the setting."""
    rows = returned(landing, date)
    keys = ["urn", "host_authority_code"]
    genders = rows.groupby(keys)["gender_accepted"].agg(["nunique", "min"])
    out = rows.groupby(keys).agg(
        vacant=("vacant", "sum"), unavailable=("unavailable", "sum"),
        min_age=("min_age", "min"), max_age=("max_age", "max"),
        provision_type=("provision_type", "first"), service_category=("service_category", "min"),
        sa_category=("sa_category", listed), framework=("framework", "min"), lot=("lot", "min"),
        setting_name=("setting_name", "min"),
        unavailable_reason=("reason", listed),
    )  # fmt: skip
    out["gender_accepted"] = genders["min"].where(genders["nunique"] < 2, "Any")
    out["service_category"] = out["service_category"].fillna(out["sa_category"])
    register = registered(landing, date)
    by_register = register.groupby(keys)["places"].sum(min_count=1).reindex(out.index)
    out["registered"] = by_register.fillna(rows.groupby(keys)["registered"].sum())
    known = register["urn"].where(register["provision_type"] == "Independent fostering")
    here = pd.MultiIndex.from_frame(register[keys])
    urns = out.index.get_level_values("urn")
    out["known_to_register"] = out.index.isin(here) | urns.isin(set(known.dropna()))
    leaving = living(landing, date).groupby(keys)["notice"].sum().rename("under_notice")
    out = out.join(leaving).reset_index().fillna({"under_notice": 0})
    return out.assign(census_date=date, as_at=date)


def homes(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`homes` by size band and sector: settings and places on the register."""
    rows = registered(landing, date)
    rows["size_band"] = size_band(rows["places"])
    keys = [*HOSTED, "size_band", "sector"]
    out = rows.groupby(keys).agg(
        settings=("urn", "size"), places=("places", lambda p: p.sum(min_count=1))
    )
    return out.reset_index().assign(census_date=date)


def plain_owner(name: str) -> str:
    """An owner's name without case, punctuation, spaces, and with Limited and `and` as one writes
    them; blank for a text that names nobody."""
    text = name.lower().replace("&", " and ")
    text = "".join(c if c.isalnum() else " " for c in text)
    words = ["limited" if w == "ltd" else w for w in text.split()]
    return "" if not any(c.isalpha() for c in text) or words == ["null"] else "".join(words)


def in_areas(rows: pd.DataFrame, authority: str, date: dt.date) -> pd.DataFrame:
    """Each row once an area that its authority is in: itself, its sub-region, its region."""
    now = landed.standing(date)
    named = now.drop_duplicates("region_code").set_index("region_code")["region_name"]
    code = rows[authority]
    own = {"area_level": "authority", "area_code": code, "area_gss": code.map(now["gss_code"])}
    own |= {"area_name": code.map(now["authority_name"])}
    sub = {"area_level": "sub-region", "area_code": code.map(members(date)), "area_gss": None}
    sub |= {"area_name": sub["area_code"]}
    whole = code.map(now["region_code"]).replace("", None)
    region = {"area_level": "region", "area_code": whole, "area_gss": whole}
    region |= {"area_name": whole.map(named)}
    parts = [rows.assign(**area) for area in (own, sub, region)]
    return pd.concat(parts, ignore_index=True).dropna(subset=["area_code", "area_name"])


def market_concentration(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`market_concentration`: settings, places, owners, their shares and the index, by area."""
    rows = in_areas(registered(landing, date), "host_authority_code", date)
    keys = ["area_level", "area_code", "provision_type"]
    out = rows.groupby(keys).agg(
        settings=("urn", "size"), places=("places", lambda p: p.sum(min_count=1)),
        area_gss=("area_gss", "first"), area_name=("area_name", "first"),
    )  # fmt: skip
    known = rows[rows["group"] != ""]
    out["owner_groups"] = known.groupby(keys)["group"].nunique()
    out["owner_groups"] = out["owner_groups"].fillna(0)
    unknown = rows[rows["group"] == ""].groupby(keys)["places"].sum(min_count=1)
    out["places_owner_unknown"] = unknown
    out["places_owner_unknown"] = out["places_owner_unknown"].fillna(0).where(out["places"].notna())
    held = known.groupby([*keys, "group"])["places"].sum(min_count=1).dropna()
    share = held / held.groupby(keys).transform("sum")
    by_size = share.sort_values(ascending=False).groupby(keys, sort=False)
    for count in (1, 3, 10):
        out[f"share_largest_{count}"] = by_size.head(count).groupby(keys).sum()
    out["herfindahl_hirschman_index"] = ((100 * share) ** 2).groupby(keys).sum().round(1)
    return out.reset_index().assign(census_date=date)


def home_sizes(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`home_sizes`: settings, places, share of the sized ones, and its rank in the region."""
    rows = registered(landing, date).query("provision_type != 'Independent fostering'")
    rows = rows.assign(size_band=size_band(rows["places"]))
    out = rows.groupby([*HOSTED, "size_band"]).agg(
        settings=("urn", "size"), places=("places", lambda p: p.sum(min_count=1))
    )
    sizes = ["1", "2", "3", "4", "5", "6+"]
    out = landed.gridded(out.reset_index(), HOSTED, "size_band", sizes)
    is_sized = out["size_band"] != "Not known"
    out["settings"] = out["settings"].fillna(0)
    out["places"] = out["places"].fillna(0).where(is_sized)
    sized = out["settings"].where(is_sized)
    whole = sized.groupby([out[h] for h in HOSTED]).transform("sum")
    out["share"] = sized / whole.where(whole > 0)
    region = out["host_authority_code"].map(landed.standing(date)["region_code"])
    ranked = out["share"].where(region.fillna("") != "")
    of_size = ranked.groupby([region, out["provision_type"], out["size_band"]])
    out["rank_in_region"] = of_size.rank(method="min", ascending=False)
    out["authorities_ranked"] = of_size.transform("count").where(ranked.notna())
    return out.assign(census_date=date)


def register_changes(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`register_changes` of homes and agencies since the list before: opened, closed, grew, shrank.

    Supported accommodation is left out here: its entries are sums of premises.
    """
    _, now = newest(landing, date, "providers")
    earlier = [d for d in landing.dates if d < date]
    if now != date or not earlier:
        return pd.DataFrame()
    both = [
        registered(landing, d).query("provision_type != 'Supported accommodation'").set_index("urn")
        for d in (earlier[-1], date)
    ]
    old, new = both
    opened, closed = new[~new.index.isin(old.index)], old[~old.index.isin(new.index)]
    kept = new[new.index.isin(old.index)]
    step = kept["places"] - old["places"].reindex(kept.index)
    parts = [
        opened.assign(change="opened"),
        closed.assign(change="closed"),
        kept[step > 0].assign(change="grew", places=step),
        kept[step < 0].assign(change="shrank", places=-step),
    ]
    out = pd.concat(parts).groupby([*HOSTED, "change"])
    out = out.agg(settings=("places", "size"), places=("places", lambda p: p.sum(min_count=1)))
    return out.reset_index().assign(census_date=date, compared_with=earlier[-1])


def fostering_capacity(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`fostering_capacity`: in-house carers by their return, else by the authority's own provider
    census; the agencies' by theirs. A part that a return leaves blank is unknown."""
    parts = []
    own = landing.get(date, "carers")
    if len(own):
        kinds = own["approval type"]  # as the made-up returns write them
        numbers = {
            "households": "households", "approved_places": "approved places",
            "children_placed": "children placed", "vacant_places": "vacant places",
            "not_available_places": "not available places",
        }  # fmt: skip
        frame = pd.DataFrame({ours: landed.number(own[theirs]) for ours, theirs in numbers.items()})
        frame["authority_code"], frame["approval_type"] = own["sender"], kinds
        frame = frame.groupby(["authority_code", "approval_type"]).sum(min_count=1).reset_index()
        parts.append(frame.assign(provision_type=IN_HOUSE, source=OWN_RETURN, agencies=1))
    told = returned(landing, date)
    told = told[told["provision_type"].isin(FOSTERING)] if len(told) else told
    if len(told):
        sender = told["sender"].where(told["sender"].isin(landed.standing(date).index))
        in_house = told["provision_type"] == IN_HOUSE
        whose = sender.fillna(told["host_authority_code"]).where(
            in_house, told["host_authority_code"]
        )
        told = told.assign(authority_code=whose)
        known = set(own["sender"]) if len(own) else set()
        told = told[~in_house | ~whose.isin(known)]
        told = told.groupby(["authority_code", "provision_type"]).agg(
            agencies=("urn", "nunique"), approved_places=("registered", "sum"),
            children_placed=("occupied", "sum"), vacant_places=("vacant", "sum"),
            not_available_places=("unavailable", "sum"),
            households=("households", lambda h: h.sum(skipna=False)),
        )  # fmt: skip
        parts.append(told.reset_index().assign(approval_type=UNDIVIDED, source="provider census"))
    if not parts:
        return pd.DataFrame()
    out = pd.concat(parts, ignore_index=True)
    out["available_places"] = out["approved_places"] - out["not_available_places"]
    out["children_per_household"] = out["children_placed"] / out["households"].replace(0, np.nan)
    approved = out["approved_places"].replace(0, np.nan)
    for share, part in {
        "filled_share": "children_placed", "vacant_share": "vacant_places",
        "not_available_share": "not_available_places",
    }.items():  # fmt: skip
        out[share] = out[part] / approved
    return out.assign(census_date=date)


IN_HOUSE, UNDIVIDED, OWN_RETURN = "In-house fostering", "Not divided", "in-house fostering return"
