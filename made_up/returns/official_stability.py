"""DfE's yearly files of the stability of placements and of net gain, of the made-up region and of
the rest of a made-up England.

Belongs here: who moved, who kept the same carer, who is looked after in another authority's area,
and the two files. Does not belong here: how many children there are (`official_statistics.py`).

DfE sees every authority's returns of every year, so that the figures are of all that was made up,
whether or not it was sent. Everybody else is drawn about England's on 31 March 2025 (Crown
copyright, Open Government Licence v3).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.drawing import stream
from made_up.returns.official_areas import (
    PLACE,
    OfficialAreas,
    Printed,
    as_printed,
    printed_counts,
    printed_percents,
)
from made_up.returns.official_statistics import PUBLISHED_AFTER, SHORT_BREAKS
from made_up.world.areas import Areas, origin_codes
from made_up.world.care import Care, months_before, years_old
from made_up.world.kinds import ADULT
from made_up.writing import Landing, all_loaded

STABILITY_HEADER = [
    "time_period", "time_identifier", *PLACE, "cla_group", "placement_stability", "children_count", "children_percent",
]  # fmt: skip
NET_GAIN_HEADER = ["time_period", "time_identifier", *PLACE, "characteristic", "number"]
ALL, LONG_TERM = (
    "CLA on 31 March",
    "Children looked after continuously for at least 2.5 years on 31 March aged under 16 years",
)
MOVED, SAME_CARER, TOTAL = (
    "With 3 or more placements during the year",
    "Living with the same carer for at least 2 years",
    "Total children",
)
INSIDE, OUTSIDE, GAIN = (
    "1. Children who are the responsibility of other LAs placed within this LA boundary",
    "2. Children who are the responsibility of this LA placed outside the LA boundary",
    "Net gain of children by responsible LA",
)
USUAL = {"three_or_more": 8500 / 81770, "long_term": 28710 / 81770, "same_carer": 19680 / 28710}
"""Shares of England on 31 March 2025; the last one of those looked after long."""
SPREAD, INSIDE_ENGLAND = 0.15, 0.97
"""How far authorities lie from them; the share of those placed outside their own area who are
placed in England.
"""
NO_AUTHORITY = ("HEALTH", "PRIVATE", "UNKNOWN")


def counted(care: Care, people: pd.DataFrame, areas: Areas, march: dt.date) -> pd.DataFrame:
    """Of each member on a 31 March, by code: children looked after, those with three or more
    placements in the year, those looked after long, of them those with the same carer; and others'
    children in its area.
    """
    year_ago, two_years, long_ago = (months_before(march, months) for months in (12, 24, 30))
    rows, now = care.episodes, care.now
    lived = rows[
        (rows["dec"] > year_ago + 1)
        & ~rows["is_away"].astype(bool)
        & ~rows["ls"].isin(SHORT_BREAKS)
    ]
    carers = lived.groupby("child")["carer"].nunique()
    born = care.children["born"].loc[now["child"]].to_numpy(dtype=np.int64)
    age = years_old(born, np.full(len(now), march.toordinal()))
    adopted = now["place"].isin(["A5", "A6"])
    same = (now["carer_since"] <= two_years) | (adopted & (now["carer_before_since"] <= two_years))
    long_term = (age < 16) & (now["period_since"] <= long_ago)
    codes = areas.codes_on(march)
    judged = pd.DataFrame(
        {
            "code": codes[now["origin"].to_numpy(dtype=np.int64)],
            "looked_after": True,
            "three_or_more": (now["child"].map(carers) >= 3).to_numpy(),
            "long_term": long_term.to_numpy(),
            "same_carer": (long_term & same).to_numpy(),
        }
    )
    table = judged.groupby("code").sum().astype(int)
    living = people[people["kind"] != ADULT]
    host = codes[living["host"].to_numpy(dtype=np.int64)]
    whose = origin_codes(areas, codes, living["origin"].to_numpy(), living["elsewhere"].to_numpy())
    of_others = (whose != host) & ~np.isin(whose.astype(str), NO_AUTHORITY)
    inside = pd.Series(host[of_others]).value_counts()
    return table.assign(others_inside=inside.reindex(table.index, fill_value=0))


def send(
    held: pd.DataFrame | None,
    counts: dict[str, int],
    outside: dict[str, int],
    march: dt.date,
    landing: Landing,
    date: dt.date,
    seed: int,
) -> list[Printed]:
    """Write both files of a 31 March: of each authority as many children as `counts` and, placed
    outside its area, `outside` have; the members' as they are `held`.
    """
    rng = stream(seed, "official statistics of stability", march.isoformat())
    areas = OfficialAreas(march, counts)
    whole = pd.DataFrame({"looked_after": pd.Series(counts)})
    for name, of in (
        ("three_or_more", "looked_after"),
        ("long_term", "looked_after"),
        ("same_carer", "long_term"),
    ):
        drawn = USUAL[name] * np.exp(rng.normal(0, SPREAD, len(whole)))
        whole[name] = np.round(whole[of] * np.minimum(drawn, 1)).astype(int)
    weights = whole["looked_after"] * np.exp(rng.normal(0, 2 * SPREAD, len(whole)))
    total = INSIDE_ENGLAND * sum(outside.values())
    whole["others_inside"] = np.round(weights * total / max(1, weights.sum())).astype(int)
    whole["own_outside"] = pd.Series(outside)
    if held is not None:
        names = ["three_or_more", "long_term", "same_carer", "others_inside"]
        ours = held.index.intersection(whole.index)
        whole.loc[ours, names] = held.loc[ours, names]
    of_area = {name: areas.added_up(whole[name].to_dict()) for name in whole}
    fixed = [str(march.year), "Reporting year"]
    stability, gain = [], []
    for area, place in areas.place.items():
        is_authority = areas.is_authority(area)
        groups = {ALL: (MOVED, "three_or_more", "looked_after"),
                  LONG_TERM: (SAME_CARER, "same_carer", "long_term")}  # fmt: skip
        for group, (what, part, of) in groups.items():
            numbers = [of_area[part][area], of_area[of][area]]
            texts = printed_counts(numbers, is_authority=is_authority)
            percents = printed_percents(numbers, numbers[1], is_authority=is_authority)
            stability += [
                [*fixed, *place, group, words, *row]
                for words, *row in zip((what, TOTAL), texts, percents, strict=True)
            ]
        inside, out = of_area["others_inside"][area], of_area["own_outside"][area]
        texts = printed_counts([inside, out], is_authority=is_authority)
        difference = "c" if "c" in texts else str(int(texts[0]) - int(texts[1]))
        gain += [
            [*fixed, *place, words, text]
            for words, text in zip((INSIDE, OUTSIDE, GAIN), (*texts, difference), strict=True)
        ]
    received = dt.datetime.combine(date, dt.time()) + PUBLISHED_AFTER
    for minutes, name, header, rows in (
        (10, "cla_placement_stability", STABILITY_HEADER, stability),
        (15, "cla_of_placement_net_gain", NET_GAIN_HEADER, gain),
    ):
        table = all_loaded("official_statistics", header, rows)
        when = received + dt.timedelta(minutes=minutes)
        landing.send(date, "dfe", "dfe", f"{name}_{march.year}.csv", [table], when)
    return [
        *as_printed("cla_placement_stability", stability, 2, ("count", "percent")),
        *as_printed("cla_net_gain", gain, 1, ("count",)),
    ]
