"""What the figures of supply and placements must be: the curated tables of places, homes, flows and
vacancies.

Belongs here: one function a table, from the frames of a quarter to its rows, without the date.
Does not belong here: estimates and their intervals; `whole` gives what they are estimates of.
Counts are whole numbers, shares are rounded half up to six decimals, unknown is blank.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from made_up.returns.needs_list import homes_of, needs_of
from made_up.truth.arithmetic import counted_by_band, half_up, share, whole_numbers
from made_up.truth.frames import (
    AGENCY_TYPE,
    LIVING,
    NOT_COMMISSIONED,
    OTHER_TYPE,
    SETTING,
    SUPPORTED_TYPE,
    Frames,
)
from made_up.world.areas import neighbours
from made_up.world.kinds import AGENCY, OWN, PROVISION_TYPES


def host_authority_occupancy(frames: Frames) -> pd.DataFrame:
    """Places by host and provision type: registered, answered for, occupied, vacant and
    unavailable.
    """
    register = frames.register[frames.register["provision_type"] != OTHER_TYPE]
    theirs = frames.returned.assign(
        told=frames.returned[["occupied_places", "vacant_places", "unavailable_places"]].sum(axis=1)
    )
    theirs = theirs.groupby(SETTING, as_index=False)[["premises", "told"]].sum()
    came = register[SETTING].merge(theirs, on=SETTING, how="left").set_index(register.index)
    answered = came["premises"].notna()
    by_agency = register["urn"].isin(
        frames.returned.loc[frames.returned["provision_type"] == AGENCY_TYPE, "urn"]
    )
    answered = np.where(register["provision_type"] == AGENCY_TYPE, by_agency, answered)
    # premises have no key: of a provider that returned some of them, the places covered are those
    # it told of, and one stays with each other
    some = (
        answered
        & (came["premises"] < register["premises"])
        & (register["provision_type"] != AGENCY_TYPE)
    )
    left = np.minimum(
        came["told"], register["places"] - register["premises"] + came["premises"]
    ).clip(lower=0)
    register = register.assign(
        covered=register["premises"].where(~some, came["premises"]).where(answered, 0),
        covered_places=register["places"]
        .where(~some, left)
        .where(answered, register["places"] * 0),
    )

    def known_sum(values: pd.Series) -> float:
        return values.sum(min_count=1)

    registered = register.groupby(LIVING).agg(
        settings_registered=("premises", "sum"),
        places_registered=("places", known_sum),
        covered=("covered", "sum"),
        covered_places=("covered_places", known_sum),
    )
    returned = frames.returned.groupby(LIVING).agg(
        settings_returned=("premises", "sum"),
        occupied=("occupied_places", "sum"),
        vacant=("vacant_places", "sum"),
        unavailable=("unavailable_places", "sum"),
    )
    residents = frames.residents.assign(
        under=frames.residents["age"] < 18, over=frames.residents["age"] >= 18
    )
    ages = residents.groupby(LIVING)[["under", "over"]].sum()
    table = registered.join(returned, how="outer").join(ages).sort_index().reset_index()
    heard = table["settings_returned"].notna()
    for name in ("settings_registered", "settings_returned"):
        table[name] = table[name].fillna(0)
    table["places_returned"] = (table["occupied"] + table["vacant"] + table["unavailable"]).fillna(
        0
    )
    lives = frames.returned.groupby([*LIVING, "urn"], as_index=False).agg(
        occupied=("occupied_places", "sum")
    )
    listed = lives.merge(
        frames.residents.groupby(SETTING).size().rename("listed").reset_index(),
        on=SETTING,
        how="left",
    )["listed"]
    silent = (
        lives.loc[listed.fillna(0).to_numpy() < lives["occupied"], LIVING]
        .drop_duplicates()
        .assign(silent=True)
    )
    ageless = (
        frames.residents.loc[frames.residents["age"].isna(), LIVING]
        .drop_duplicates()
        .assign(silent=True)
    )
    silent = pd.concat([silent, ageless]).drop_duplicates()
    told = heard & table[LIVING].merge(silent, on=LIVING, how="left")["silent"].isna().to_numpy()
    table["occupied_under_18"] = table["under"].fillna(0).where(told)
    table["occupied_18_plus"] = table["over"].fillna(0).where(told)
    places, occupied, vacant = table["places_returned"], table["occupied"], table["vacant"]
    table["occupancy_rate"] = share(occupied, places)
    table["vacancy_rate"] = share(vacant, places)
    table["unoccupied_rate"] = share(places - occupied, places)
    table["available_occupancy_rate"] = share(occupied, occupied + vacant)
    table["availability_rate"] = share(occupied + vacant, places)
    table["coverage_settings"] = share(table["covered"], table["settings_registered"])
    table["coverage_places"] = share(table["covered_places"], table["places_registered"])
    as_at = {SUPPORTED_TYPE: frames.q.register.premises_as_at}
    listed = table["provision_type"].isin(register["provision_type"])
    dates = table["provision_type"].map(
        lambda kind: as_at.get(kind, frames.q.register.providers_as_at)
    )
    table["register_as_at"] = dates.where(listed, "")
    table["register_carried"] = (
        (dates < frames.q.date).map({True: "true", False: "false"}).where(listed, "")
    )
    source = table["provision_type"].map(
        lambda kind: "supported accommodation premises" if kind in as_at else "providers and places"
    )
    table["register_source"] = source.where(listed, "")
    counts = [
        "settings_registered", "places_registered", "settings_returned", "places_returned", "occupied", "vacant",
        "unavailable", "occupied_under_18", "occupied_18_plus",
    ]  # fmt: skip
    rates = [
        "occupancy_rate",
        "vacancy_rate",
        "unoccupied_rate",
        "available_occupancy_rate",
        "availability_rate",
    ]
    table = whole_numbers(table, counts)
    last = [
        "coverage_settings",
        "coverage_places",
        "register_as_at",
        "register_carried",
        "register_source",
    ]
    return frames.named(table[[*LIVING, *counts[:7], *rates, *counts[7:], *last]].copy(), "host_")


ORIGIN_BANDS = ["host", "sub_region", "region_or_neighbour", "elsewhere", "unknown"]


def origin_band(frames: Frames) -> np.ndarray:
    """How far away the authority is that placed each of the residents."""
    placing, host = frames.residents["placing_code"], frames.residents["host_authority_code"]
    pairs = zip(host, placing, strict=True)
    borders = pd.Series([pair in neighbours() for pair in pairs], index=host.index, dtype=bool)
    same_sub_region = frames.sub_region(host) == frames.sub_region(placing)
    same_region = frames.region(host) == frames.region(placing)
    return np.select(
        [
            (placing == "UNKNOWN") | (host == "UNKNOWN"),
            placing == host,
            same_sub_region,
            same_region | borders,
        ],
        [ORIGIN_BANDS[-1], *ORIGIN_BANDS[:3]],
        "elsewhere",
    )


def host_authority_origin(frames: Frames) -> pd.DataFrame:
    """Children living in each host's settings, by how far away the authority is that placed them."""
    residents = frames.residents.assign(origin_band=origin_band(frames))
    table = counted_by_band(residents, LIVING, "origin_band", ORIGIN_BANDS, "children")
    return frames.named(table, "host_")


def host_use_of_own_supply(frames: Frames) -> pd.DataFrame:
    """What of each host's supply its own children use, and where else they are."""
    residents = frames.residents.assign(
        of_host=frames.residents["placing_code"] == frames.residents["host_authority_code"]
    )
    here = residents.groupby(LIVING).agg(
        children_living_here=("of_host", "size"), children_of_host=("of_host", "sum")
    )
    own = frames.own.assign(
        in_area=frames.own["host_authority_code"] == frames.own["placing_authority_code"]
    )
    by_own = own.assign(host_authority_code=own["placing_authority_code"]).groupby(LIVING)
    placed = by_own.agg(
        own_placements=("in_area", "size"), own_placements_in_area=("in_area", "sum")
    )
    table = here.join(placed, how="outer").sort_index().reset_index()
    table.insert(
        4,
        "share_of_places_used_by_host",
        share(table["children_of_host"], table["children_living_here"]),
    )
    covers = (
        dict.fromkeys(frames.commissioned_alone(), "commissioned")
        | own.groupby("placing_authority_code")["covers"].first().to_dict()
    )
    table["covers"] = table["host_authority_code"].map(covers).fillna("")
    told = (table["covers"] == "all") | (
        (table["covers"] == "commissioned") & ~table["provision_type"].isin(NOT_COMMISSIONED)
    )
    for count in (
        "own_placements",
        "own_placements_in_area",
    ):  # who returned and has nobody there has 0
        table[count] = table[count].fillna(0).where(told)
    table["share_of_own_in_area"] = share(table["own_placements_in_area"], table["own_placements"])
    counts = [
        "children_living_here",
        "children_of_host",
        "own_placements",
        "own_placements_in_area",
    ]
    return frames.named(whole_numbers(table, counts), "host_")


def unavailable_places(frames: Frames) -> pd.DataFrame:
    """Places that cannot be offered, by reason."""
    rows = frames.reported[frames.reported["unavailable_places"] > 0]
    rows = rows.assign(reason=rows["unavailable_reason"].replace("", "Not given"))
    table = rows.groupby([*LIVING, "reason"], as_index=False).agg(
        places=("unavailable_places", "sum")
    )
    registered = frames.reported.groupby(LIVING, as_index=False).agg(
        registered=("registered_places", "sum")
    )
    table = table.merge(registered, on=LIVING, how="left")
    table["share"] = share(table["places"], table.pop("registered"))
    return frames.named(table, "host_")


def homes(frames: Frames) -> pd.DataFrame:
    """Registered settings by category, size, sector and grade."""
    premises = frames.premises[frames.premises["provision_type"] != OTHER_TYPE]
    premises = premises.merge(frames.register[[*SETTING, "grade"]], on=SETTING)
    said = (
        premises.merge(frames.returned[[*SETTING, "service_category"]], on=SETTING, how="left")[
            "service_category"
        ]
        .fillna("")
        .to_numpy()
    )
    category = np.select(
        [
            premises["provision_type"] == SUPPORTED_TYPE,
            premises["provision_type"] == AGENCY_TYPE,
            said != "",
            premises["short_breaks"],
        ],
        [premises["sa_category"], "Not applicable", said, "Short breaks"],
        "Not known",
    )
    size = premises["places"].map(
        lambda places: "Not known" if pd.isna(places) else "6+" if places >= 6 else str(int(places))
    )
    premises = premises.assign(service_category=category, size_band=size)
    keys = [*LIVING, "service_category", "size_band", "sector", "grade"]
    table = premises.groupby(keys, as_index=False).agg(
        settings=("premises", "sum"), places=("places", lambda places: places.sum(min_count=1))
    )
    return frames.named(whole_numbers(table, ["settings", "places"]), "host_")


def own_placements_location(frames: Frames) -> pd.DataFrame:
    """Each authority's own placements, by how far away they are."""
    own = frames.own
    placing, host = own["placing_authority_code"], own["host_authority_code"]
    band = np.select(
        [host == "UNKNOWN", host == placing, frames.sub_region(host) == frames.sub_region(placing)],
        ["unknown", "in_area", "sub_region"],
        "elsewhere",
    )
    bands = ["in_area", "sub_region", "elsewhere", "unknown"]
    keys = ["placing_authority_code", "provision_type"]
    table = counted_by_band(
        own.assign(location_band=band), keys, "location_band", bands, "placements"
    )
    of_authority = own.groupby("placing_authority_code")[["source", "covers"]].first()
    table = table.join(of_authority, on="placing_authority_code").assign(blank_reason="")
    every = [frames.commissioned_alone(), NOT_COMMISSIONED, bands[:-1]]
    blank = pd.MultiIndex.from_product(every, names=[*keys, "location_band"]).to_frame(index=False)
    blank = blank.assign(
        placements=None, share="", source="census", covers="commissioned", blank_reason="no_ssda903"
    )
    table = (
        pd.concat([table, blank.astype({"placements": "Int64"})], ignore_index=True)
        if len(blank)
        else table
    )
    return frames.named(whole_numbers(table, ["placements"]), "placing_")


def placement_flow(frames: Frames) -> pd.DataFrame:
    """Children by who placed them and where they live, as providers and as authorities tell it."""
    keys = ["placing_authority_code", *LIVING]
    residents = frames.residents.rename(columns={"placing_code": "placing_authority_code"})
    children = residents[~(residents["age"] >= 18)]
    by_providers = children.groupby(keys).size().rename("children_by_providers")
    by_authorities = frames.own.groupby(keys).size().rename("children_by_authorities")
    table = pd.concat([by_providers, by_authorities], axis=1).sort_index().reset_index()
    heard = set(map(tuple, frames.returned[LIVING].to_numpy())) | set(
        map(tuple, frames.residents[LIVING].to_numpy())
    )
    host_heard = np.array(
        [pair in heard for pair in map(tuple, table[LIVING].to_numpy())], dtype=bool
    )
    alone = table["placing_authority_code"].isin(frames.commissioned_alone())
    covered = table["placing_authority_code"].isin(frames.covered())
    placing_heard = covered | (alone & ~table["provision_type"].isin(NOT_COMMISSIONED))
    table["covers"] = np.select([covered, alone], ["all", "commissioned"], "")
    table["children_by_providers"] = table["children_by_providers"].fillna(0).where(host_heard)
    table["children_by_authorities"] = (
        table["children_by_authorities"].fillna(0).where(placing_heard)
    )
    table = whole_numbers(table, ["children_by_providers", "children_by_authorities"])
    return frames.named(frames.named(table, "placing_"), "host_")


def commissioned_placements(frames: Frames) -> pd.DataFrame:
    """Placements bought from others, by provision type and population."""
    bought = frames.placed[frames.placed["arrangement"] == "independent"]
    population = bought["looked_after"].map({True: "looked after", False: "post 18"})
    bought = bought.assign(authority_code=bought["placing_authority_code"], population=population)
    table = bought.groupby(["authority_code", "provision_type", "population"], as_index=False).agg(
        placements=("looked_after", "size")
    )
    return frames.named(table, "")


def net_position(frames: Frames) -> pd.DataFrame:
    """Of each authority: own children inside and outside its area, and others' children inside it."""
    own = frames.own[frames.own["covers"] == "all"]
    placing, host = own["placing_authority_code"], own["host_authority_code"]
    own = own.assign(
        own_inside=host == placing,
        own_outside=(host != placing) & (host != "UNKNOWN"),
        own_unknown=host == "UNKNOWN",
    )
    sides = own.groupby("placing_authority_code").agg(
        own_inside=("own_inside", "sum"),
        own_outside=("own_outside", "sum"),
        own_unknown=("own_unknown", "sum"),
        source=("source", "first"),
    )
    counted = ["own_inside", "own_outside", "own_unknown"]
    sides = sides.reindex(
        sorted(set(sides.index) | frames.covered())
    )  # who answered that it looks after nobody has 0
    sides = sides.fillna(dict.fromkeys(counted, 0) | {"source": "ssda903"})
    others = (
        own[own["own_outside"]]
        .groupby("host_authority_code")
        .size()
        .rename("others_inside_by_authorities")
    )

    living = frames.residents[frames.residents["host_authority_code"] != "UNKNOWN"]
    of_others = ~living["placing_code"].isin(["HEALTH", "PRIVATE", "UNKNOWN"]) & (
        living["placing_code"] != living["host_authority_code"]
    )
    told = (
        living.assign(other=of_others & ~(living["age"] >= 18))
        .groupby("host_authority_code")["other"]
        .sum()
    )
    lived_in = frames.returned.groupby("host_authority_code")["occupied_places"].sum()
    nobody = pd.Series(
        0,
        index=lived_in.index[(lived_in == 0) & (lived_in.index != "UNKNOWN")].difference(
            told.index
        ),
        dtype="int64",
    )
    by_providers = pd.concat([told, nobody]).rename("others_inside")

    alone = pd.DataFrame(index=pd.Index(frames.commissioned_alone(), dtype=object))
    table = (
        sides.join(by_providers, how="outer")
        .join(alone, how="outer")
        .join(others)
        .rename_axis("authority_code")
        .reset_index()
    )
    table["covers"] = np.select(
        [table["source"].notna(), table["authority_code"].isin(alone.index)],
        ["all", "commissioned"],
        "",
    )
    table["blank_reason"] = table["source"].isna().map({True: "no_ssda903", False: ""})
    table["net_gain"] = table["others_inside"] - table["own_outside"]
    supply = host_authority_occupancy(frames)
    supply = supply[supply["coverage_places"] != ""]
    millionths = supply["coverage_places"].map(lambda text: int(text.replace(".", ""))) * supply[
        "places_registered"
    ].astype(int)
    covered = (
        supply.assign(covered=millionths)
        .groupby("host_authority_code")[["covered", "places_registered"]]
        .sum()
    )
    shares = {
        code: half_up(int(part), int(whole) * 10**6, 6)
        for code, (part, whole) in zip(covered.index, covered.to_numpy(), strict=True)
    }
    table["coverage_places"] = table["authority_code"].map(shares).fillna("")
    table["source"] = table["source"].fillna("")
    counts = [
        "own_inside",
        "own_outside",
        "own_unknown",
        "others_inside",
        "net_gain",
        "others_inside_by_authorities",
    ]
    return frames.named(whole_numbers(table, counts), "")


def _needs_met(frames: Frames) -> dict[str, str]:
    """The needs that each home of the newest operational list is registered for; it comes with the
    list of providers.
    """
    homes = homes_of(frames.q.register.providers)
    return {urn: ", ".join(needs_of(urn)) for urn in homes["urn"]}


def setting_vacancies(frames: Frames) -> pd.DataFrame:
    """Each returned setting with its places as they are."""
    notice = (
        frames.residents[frames.residents["notice"]].groupby(SETTING).size().rename("under_notice")
    )
    table = frames.returned[frames.returned["provision_type"] != OTHER_TYPE].join(
        notice, on=SETTING
    )
    owners = frames.register.groupby("urn")[["provider_name", "grade"]].first()
    table = table.join(owners, on="urn").reset_index(drop=True)
    received = table["sender"].map(frames.q.providers.received)
    registered = table["register_places"].fillna(table["registered_places"])
    table = pd.DataFrame(
        {
            "urn": table["urn"],
            "setting_name": table["setting_name"],
            "provider_name": table["provider_name"].fillna(""),
            "host_authority_code": table["host_authority_code"],
            "provision_type": table["provision_type"],
            "service_category": (
                table["service_category"].where(
                    table["service_category"] != "", table["sa_category"]
                )
            ),
            "min_age": table["min_age"],
            "max_age": table["max_age"],
            "gender_accepted": table["gender_accepted"],
            "needs_met": table["urn"].map(_needs_met(frames)).fillna(""),
            "registered": registered,
            "vacant": table["vacant_places"],
            "unavailable": table["unavailable_places"],
            "unavailable_reason": table["unavailable_reason"],
            "under_notice": table["under_notice"].fillna(0),
            "grade": table["grade"].fillna(""),
            "framework": table["framework"],
            "lot": table["lot"],
            "known_to_register": table["known"].map({True: "true", False: "false"}),
            "as_at": frames.q.date.isoformat(),
            "received_at": received.map(lambda when: f"{when:%Y-%m-%d %H:%M:%S}+00:00"),
        }
    )
    return frames.named(
        whole_numbers(table, ["registered", "vacant", "unavailable", "under_notice"]), "host_"
    )


def whole(frames: Frames) -> pd.DataFrame:
    """Occupied and vacant places of all settings in the register that have places there, returned
    or not.

    Beside them those of settings that the register does not know and that returned: the counted
    figures hold them.
    """
    settings, supply = frames.q.settings, frames.q.supply
    units = supply.units
    stands = settings.stands & ~units["kind"].isin([AGENCY, OWN]).to_numpy()
    chosen = np.flatnonzero(stands)
    table = pd.DataFrame(
        {
            "unit": chosen,
            "urn": supply.registrations["urn"].to_numpy()[units["registration"].to_numpy()[chosen]],
            "host_authority_code": frames.q.codes[units["host"].to_numpy()[chosen]],
            "provision_type": PROVISION_TYPES[units["kind"].to_numpy()[chosen]],
            "occupied": settings.occupied[chosen],
            "vacant": settings.vacant[chosen],
        }
    )
    register = pd.MultiIndex.from_frame(
        frames.register.loc[frames.register["provision_type"] != OTHER_TYPE, SETTING]
    )
    known = pd.MultiIndex.from_frame(table[SETTING]).isin(register)
    returned = table["unit"].isin(frames.reported["unit"]).to_numpy()
    for name in ("occupied", "vacant"):
        table[f"{name}_not_registered"] = table[name].where(~known & returned, 0)
        table[name] = table[name].where(known, 0)
    columns = ["occupied", "vacant", "occupied_not_registered", "vacant_not_registered"]
    return table[known | returned].groupby(LIVING, as_index=False)[columns].sum()


TABLES: dict[str, Callable[[Frames], pd.DataFrame]] = {
    function.__name__: function
    for function in (
        host_authority_occupancy,
        host_authority_origin,
        host_use_of_own_supply,
        unavailable_places,
        homes,
        own_placements_location,
        placement_flow,
        commissioned_placements,
        net_position,
        setting_vacancies,
        whole,
    )
}
"""In the order in which they are worked out."""
