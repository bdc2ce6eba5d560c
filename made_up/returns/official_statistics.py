"""Official statistics: DfE's yearly file of numbers and rates, of the made-up region and of the
rest of a made-up England.

Belongs here: what DfE would have published each November of the 31 March before, and the file.
Does not belong here: the children (`world/care.py`).

Numbers of members are those of their children, but for one authority, of which DfE has published
others than it returned. The rest of England is drawn from the true populations; no figure is of a
real authority.
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
)
from made_up.world.areas import Areas
from made_up.world.care import Care
from made_up.writing import Landing, all_loaded
from schemas import authorities

HEADER = [
    "time_period", "time_identifier", *PLACE, "population_type", "population_estimate", "children_count", "rate_per_10000",
]  # fmt: skip
WORDS = {
    "looked_after": "Children looked after on 31 March each year",
    "started": "Children starting to be looked after each year",
    "ceased": "Children ceasing to be looked after each year",
}
USUAL_RATE, SPREAD = {"looked_after": 70.0, "started": 27.0, "ceased": 28.0}, 0.35
"""Usual rates per 10,000 in England, and how far authorities lie from them."""
REVISED = 1.08
"""One authority's numbers are published so many times as high as it returned them."""
SHORT_BREAKS = ("V3", "V4")
PUBLISHED_AFTER = dt.timedelta(days=20, hours=9, minutes=30)


def published_on(date: dt.date) -> dt.date | None:
    """The 31 March of which a file is published in the quarter of `date`; None in the others."""
    return dt.date(date.year, 3, 31) if date.month == 12 else None


def counted(care: Care, areas: Areas, march: dt.date) -> pd.DataFrame:
    """Children of each member looked after on a 31 March, and started and ceased in the year to it:
    a row a code.
    """
    rows, day, before = (
        care.episodes,
        march.toordinal(),
        march.replace(year=march.year - 1).toordinal(),
    )
    rows = rows[~rows["ls"].isin(SHORT_BREAKS) & (rows["origin"] < areas.members)]
    rows = rows.assign(code=areas.codes_on(march)[rows["origin"].to_numpy()])
    parts = {
        "looked_after": (rows["decom"] <= day) & (rows["dec"] > day),
        "started": (rows["rne"] == "S") & (rows["decom"] > before) & (rows["decom"] <= day),
        "ceased": (rows["rec"] != "X1") & (rows["dec"] > before) & (rows["dec"] <= day),
    }
    return (
        pd.DataFrame(
            {name: rows[at].groupby("code")["child"].nunique() for name, at in parts.items()}
        )
        .fillna(0)
        .astype(int)
    )


def send(
    held: pd.DataFrame | None,
    march: dt.date,
    landing: Landing,
    areas: Areas,
    date: dt.date,
    seed: int,
    scale: float,
) -> tuple[list[Printed], dict[str, int]]:
    """Write DfE's file of a 31 March; without counts `held` of it, the members' are drawn as the
    others' are.

    `scale` is the region's, and all England's: its rates are to be like the region's. Gives what it
    prints, and the children looked after by authority code.
    """
    rng = stream(seed, "official statistics", march.isoformat())
    people = {
        r["authority_code"]: int(r["people"])
        for r in authorities.rows_of("population_0_17")
        if int(r["mid_year"]) == march.year - 1
    }
    about = OfficialAreas(march, people)
    standing = [a.code for a in about.standing]
    living = about.added_up({code: people[code] for code in standing})
    rows = []
    looked_after: dict[str, int] = {}
    for kind, words in WORDS.items():
        rates = USUAL_RATE[kind] * np.exp(rng.normal(0, SPREAD, len(standing)))
        counts = {
            code: round(scale * people[code] * rate / 10_000)
            for code, rate in zip(standing, rates, strict=True)
        }
        if held is not None:
            counts |= {code: int(count) for code, count in held[kind].items() if code in counts}
        revised = sorted(areas.region.members)[seed % len(areas.region.members)]
        counts[revised] = round(counts[revised] * REVISED)
        looked_after = looked_after or counts
        whole = about.added_up(counts)
        for area, place in about.place.items():
            count = printed_counts([whole[area]], is_authority=about.is_authority(area))[0]
            rate = str(round(whole[area] * 10_000 / living[area]))
            figures = [str(living[area]), count, "c" if count == "c" else rate]
            rows.append([str(march.year), "Reporting year", *place, words, *figures])
    received = dt.datetime.combine(date, dt.time()) + PUBLISHED_AFTER
    landing.send(
        date,
        "dfe",
        "dfe",
        f"cla_number_and_rate_{march.year}.csv",
        [all_loaded("official_statistics", HEADER, rows)],
        received,
    )
    printed = as_printed("cla_number_and_rate", rows, 1, ("population", "count", "rate"))
    return printed, looked_after
