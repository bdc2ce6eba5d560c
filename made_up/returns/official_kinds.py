"""DfE's yearly file of children looked after on 31 March by what is known of them, of the made-up
region and of the rest of a made-up England.

Belongs here: the children of each authority by age, sex, placement, boundary and distance, and the
file. Does not belong here: how many there are (`official_statistics.py`), and the children
(`world/care.py`).

Who is of the region is counted from the episodes. Everybody else is divided as DfE has it of
England on 31 March 2025 (Crown copyright, Open Government Licence v3), each authority a little
differently; no figure is of a real authority.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.drawing import Floats, allot, stream
from made_up.returns.official_areas import (
    PLACE,
    OfficialAreas,
    Printed,
    as_printed,
    printed_counts,
    printed_percents,
)
from made_up.returns.official_statistics import PUBLISHED_AFTER, SHORT_BREAKS
from made_up.world.areas import Areas
from made_up.world.care import Care, example_postcodes, years_old
from made_up.writing import Landing, all_loaded
from schemas import authorities
from schemas.codes import code_set

HEADER = [
    "time_period", "time_identifier", *PLACE, "characteristic", "breakdown", "children_count", "children_percent",
]  # fmt: skip
AGES = ["Under 1 year", "1 to 4 years", "5 to 9 years", "10 to 15 years", "16 years and over"]
INSIDE, OUTSIDE = (
    "Placed inside the local authority boundary",
    "Placed outside the local authority boundary",
)
NEAR, FAR, UNKNOWN = (
    "Placed 20 miles or less from home",
    "Placed more than 20 miles from home",
    "Distance not known or not recorded",
)
ENGLANDS = {
    "Age group": dict(zip(AGES, (3630, 10030, 15110, 30930, 22060), strict=True)),
    "Sex": {"Female": 35740, "Male": 46040},
    "Placement": {
        "Foster placements": 54820, "Placed for adoption": 1660,
        "Placed with parents or other person with parental responsibility": 4970, "Secure homes and children's homes": 9480,
        "Independent and semi-independent living arrangements/supported accommodation": 7520,
        "Other residential settings": 1170, "Residential schools": 100, "Other placements": 2050,
    },
    "Locality of placement": {INSIDE: 45420, OUTSIDE: 36350},
    "Distance between home and placement": {NEAR: 56670, FAR: 18120, UNKNOWN: 6990},
}  # fmt: skip
"""Children looked after in England on 31 March 2025 by kind, as DfE printed them in November 2025.
"""
SPREAD = 0.2
"""How far the parts of other authorities lie from England's."""
_METRES_A_MILE = 1609.3


def kinds(care: Care, areas: Areas, march: dt.date) -> pd.DataFrame:
    """Every child of the members looked after on a 31 March, by authority code, with its kind of
    each of `ENGLANDS`.
    """
    day = march.toordinal()
    rows = care.episodes
    rows = rows[
        ~rows["ls"].isin(SHORT_BREAKS)
        & (rows["origin"] < areas.members)
        & (rows["decom"] <= day)
        & (rows["dec"] > day)
    ]
    rows = rows.drop_duplicates("child", keep="last")
    about = care.children.loc[rows["child"]]
    points, codes = example_postcodes(), code_set("place_903").meanings
    east, north = (
        np.append(points[name].to_numpy(dtype=float), np.nan) for name in ("easting", "northing")
    )
    home, there = rows["home"].to_numpy(dtype=np.int64), rows["there"].to_numpy(dtype=np.int64)
    miles = np.round(
        np.hypot(east[home] - east[there], north[home] - north[there]) / _METRES_A_MILE, 1
    )
    hosts = np.append(
        [authorities.standing_on(code, march) or "" for code in points["authority_code"]], ""
    )
    code = areas.codes_on(march)[rows["origin"].to_numpy()]
    age = years_old(about["born"].to_numpy(dtype=np.int64), np.full(len(rows), day))
    return pd.DataFrame(
        {
            "code": code,
            "Age group": np.array(AGES, dtype=object)[
                np.searchsorted([1, 5, 10, 16], age, side="right")
            ],
            "Sex": np.array(["Male", "Female", ""], dtype=object)[
                about["sex"].to_numpy(dtype=np.int64)
            ],
            "Placement": [codes[place]["placement_type"] for place in rows["place"]],
            "Locality of placement": np.where(hosts[there] == code, INSIDE, OUTSIDE),
            "Distance between home and placement": np.select(
                [np.isnan(miles), miles <= 20], [UNKNOWN, NEAR], FAR
            ),
        }
    )


def send(
    held: pd.DataFrame | None,
    counts: dict[str, int],
    march: dt.date,
    landing: Landing,
    date: dt.date,
    seed: int,
) -> tuple[list[Printed], dict[str, int]]:
    """Write DfE's file of a 31 March: of each authority as many children as `counts` has, the
    members' divided as those that are `held`. Gives what it prints, and of each authority the
    children placed outside its area.
    """
    rng = stream(seed, "official statistics by kind", march.isoformat())
    about = OfficialAreas(march, counts)
    rows = []
    outside = {}
    for kind, parts in ENGLANDS.items():
        weights = _weights(held, kind, list(parts))
        usual = np.array(list(parts.values())) * np.exp(
            rng.normal(0, SPREAD, (len(about.standing), len(parts)))
        )
        divided = {
            a.code: allot(counts[a.code], weights.get(a.code, usual[n]))
            for n, a in enumerate(about.standing)
        }
        of_part = [
            about.added_up({code: int(numbers[n]) for code, numbers in divided.items()})
            for n in range(len(parts))
        ]
        if OUTSIDE in parts:
            whole = of_part[list(parts).index(OUTSIDE)]
            outside = {a.code: whole[a.code] for a in about.standing}
        for area, where in about.place.items():
            numbers = [part[area] for part in of_part]
            numbers.append(sum(numbers))
            is_authority = about.is_authority(area)
            printed = (
                printed_counts(numbers, is_authority=is_authority),
                printed_percents(numbers, numbers[-1], is_authority=is_authority),
            )
            rows += [
                [str(march.year), "Reporting year", *where, kind, *row]
                for row in zip([*parts, "Total"], *printed, strict=True)
            ]
    received = dt.datetime.combine(date, dt.time()) + PUBLISHED_AFTER + dt.timedelta(minutes=5)
    landing.send(
        date,
        "dfe",
        "dfe",
        f"cla_on_31_march_by_characteristics_{march.year}.csv",
        [all_loaded("official_statistics", HEADER, rows)],
        received,
    )
    return as_printed("cla_on_31_march", rows, 2, ("count", "percent")), outside


def _weights(held: pd.DataFrame | None, kind: str, parts: list[str]) -> dict[str, Floats]:
    """Each member's children of the kinds, where they are known."""
    if held is None:
        return {}
    counted = (
        held.groupby(["code", kind])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=parts, fill_value=0)
    )
    return {str(code): row.to_numpy(dtype=float) for code, row in counted.iterrows() if row.sum()}
