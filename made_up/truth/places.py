"""What the figures of districts must be, and which vacant places are near: where the settings stand.

Belongs here: the definitions of district_supply and district_origin once more, and what of an
owner's places vacant ones of others could replace, written from their descriptions and never from
their SQL. Does not belong here: what an authority has with an owner (`owners.py`).
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pandas as pd

from made_up.returns.needs_list import homes_of, postcodes_of
from made_up.truth.arithmetic import share, whole_numbers
from made_up.truth.frames import AGENCY_TYPE, OTHER_TYPE, SETTING, Frames
from made_up.truth.supply import origin_band
from made_up.world.areas import neighbours
from made_up.world.care import example_postcodes
from made_up.world.kinds import OWN, PROVISION_TYPES
from schemas import authorities

UNKNOWN = "UNKNOWN"
REACH = 32_186
"""Twenty miles (of 1,609.3 metres), in metres."""
FEWEST_SETTINGS, FEWEST_PLACES = 3, 8
_FOSTERING = [AGENCY_TYPE, PROVISION_TYPES[OWN]]


@cache
def _known() -> dict[str, tuple[str, int, int]]:
    """District (blank where the postcode is in no county) and middle of the sector, by postcode."""
    told = example_postcodes().fillna({"district_code": ""})
    columns = ["district_code", "sector_easting", "sector_northing"]
    return dict(
        zip(told["postcode"], told[columns].itertuples(index=False, name=None), strict=True)
    )


def setting_places(frames: Frames) -> pd.DataFrame:
    """The district and the sector's middle of each setting of which a known postcode is told: by
    the list to authorities, else by its own return. Blank where premises lie in several.
    """
    q = frames.q
    homes = homes_of(q.register.providers)
    listed = pd.DataFrame(
        {
            "urn": homes["urn"],
            "host_authority_code": homes["host_code"],
            "postcode": postcodes_of(homes, q.supply, q.areas),
            "preference": 1,
        }
    )
    returned = frames.reported[~frames.reported["provision_type"].isin(_FOSTERING)]
    returned = returned[[*SETTING, "postcode"]].assign(preference=2)
    told = pd.concat([listed, returned], ignore_index=True)
    told = told[told["postcode"].isin(list(_known()))]
    told = told[told["preference"] == told.groupby(SETTING)["preference"].transform("min")]
    lines = []
    for (urn, host), postcodes in told.groupby(SETTING)["postcode"]:
        known = [_known()[postcode] for postcode in postcodes]
        districts, sectors = {one[0] for one in known}, {one[1:] for one in known}
        district = districts.pop() if len(districts) == 1 else ""
        sector = sectors.pop() if len(sectors) == 1 else (None, None)
        lines.append((urn, host, district, *sector))
    return pd.DataFrame(lines, columns=[*SETTING, "district_code", "easting", "northing"])


def _of_counties(frames: Frames, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose host is a county."""
    found = {
        code: authorities.on_date(code, frames.q.date)
        for code in rows["host_authority_code"].unique()
    }
    return rows[
        [bool((a := found[code]) and a.gss[:3] == "E10") for code in rows["host_authority_code"]]
    ]


def _with_names(table: pd.DataFrame) -> pd.DataFrame:
    """With the district's name beside its code."""
    names = {code: name for code, (name, _) in authorities.all_districts().items()}
    at = list(table.columns).index("district_code") + 1
    table.insert(at, "district_name", table["district_code"].map(names).fillna("Not known"))
    return table


def district_supply(frames: Frames, places: pd.DataFrame) -> pd.DataFrame:
    """Homes and places of the register in each county's districts."""
    register = frames.register[~frames.register["provision_type"].isin([OTHER_TYPE, AGENCY_TYPE])]
    rows = _of_counties(frames, register).merge(places, on=SETTING, how="left", indicator=True)
    is_told = rows["district_code"].fillna("") != ""
    rows["why_not_known"] = "The postcode lies in no district of the county"
    rows.loc[rows["easting"].isna(), "why_not_known"] = "Its premises stand in several places"
    rows.loc[rows["_merge"] == "left_only", "why_not_known"] = "No postcode is known"
    rows.loc[is_told, "why_not_known"] = ""
    rows["district_code"] = rows["district_code"].where(is_told, UNKNOWN)
    table = rows.groupby(
        ["host_authority_code", "district_code", "provision_type"], as_index=False
    ).agg(
        settings=("premises", "sum"),
        places=("places", lambda places: places.sum(min_count=1)),
        why_not_known=("why_not_known", lambda why: "; ".join(sorted(set(why) - {""}))),
    )
    table = whole_numbers(table, ["settings", "places"])
    return _with_names(frames.named(table, "host_"))


def district_origin(frames: Frames, places: pd.DataFrame) -> pd.DataFrame:
    """Who lives in the settings of each county's districts, by where they come from."""
    kinds = ["host_authority_code", "district_code", "provision_type"]
    rows = frames.residents.assign(origin_band=origin_band(frames))
    rows = _of_counties(frames, rows).merge(places, on=SETTING, how="left")
    rows["district_code"] = rows["district_code"].fillna("")
    settings = rows.groupby(kinds)["urn"].transform("nunique")
    is_told = (rows["district_code"] != "") & (settings >= FEWEST_SETTINGS)
    rows["district_code"] = rows["district_code"].where(is_told, UNKNOWN)
    table = rows.groupby([*kinds, "origin_band"], as_index=False).size()
    table = table.rename(columns={"size": "children"})
    table["share"] = share(table["children"], table.groupby(kinds)["children"].transform("sum"))
    return _with_names(frames.named(table, "host_"))


def not_replaced(
    frames: Frames, places: pd.DataFrame, group_of_urn: dict[str, str]
) -> dict[str, tuple[int | None, str]]:
    """Of each owner group, the places lived in that vacant ones of others could not replace (to the
    nearest 5; None below 8), and how it is told which are near.
    """
    rows = frames.returned[frames.returned["host_authority_code"].isin(frames.q.region.members)]
    rows = rows.merge(places, on=SETTING, how="left").assign(
        group=rows["urn"].map(group_of_urn).to_numpy()
    )
    rows = rows[rows["group"].notna()]
    of_kind = {kind: part.to_dict("records") for kind, part in rows.groupby("provision_type")}
    left: dict[str, int] = defaultdict(int)
    ways: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for settings in of_kind.values():
        vacant = [one for one in settings if one["vacant_places"] > 0]
        here: dict[tuple[str, str], list[dict]] = defaultdict(list)
        for one in settings:
            here[one["group"], one["host_authority_code"]].append(one)
        for (group, _), own in here.items():
            reached: dict[tuple[str, str], int] = {}
            by_each = 0
            for one in own:
                near = {
                    (other["urn"], other["host_authority_code"]): int(other["vacant_places"])
                    for other in vacant
                    if one["occupied_places"] > 0
                    and other["group"] != group
                    and _is_near(one, other)
                }
                reached |= near
                by_each += max(int(one["occupied_places"]) - sum(near.values()), 0)
            together = sum(int(one["occupied_places"]) for one in own) - sum(reached.values())
            left[group] += max(together, by_each)
        for group in {group for group, _ in here}:
            lived_in = [o for o in settings if o["group"] == group and o["occupied_places"] > 0]
            others = [o for o in vacant if o["group"] != group]
            if lived_in and others:
                placed = [[_is_placed(o) for o in part] for part in (lived_in, others)]
                ways[group].append((all(map(all, placed)), all(map(any, placed))))
    return {group: (_rounded(count), _way(ways[group])) for group, count in left.items()}


def _is_placed(one: dict) -> bool:
    return not pd.isna(one["easting"])


def _is_near(one: dict, other: dict) -> bool:
    """Within 20 miles; where one of the two places is not known, in the same authority or one that
    borders it.
    """
    if _is_placed(one) and _is_placed(other):
        east, north = (int(one[name]) - int(other[name]) for name in ("easting", "northing"))
        return east * east + north * north <= REACH**2
    pair = one["host_authority_code"], other["host_authority_code"]
    return pair[0] == pair[1] or pair in neighbours()


def _rounded(count: int) -> int | None:
    return 5 * ((2 * count + 5) // 10) if count >= FEWEST_PLACES else None


def _way(ways: list[tuple[bool, bool]]) -> str:
    if not ways:
        return ""
    if all(every for every, _ in ways):
        return "Within 20 miles"
    if any(some for _, some in ways):
        return "Within 20 miles; in neighbouring authorities where a place is not known"
    return "In neighbouring authorities"
