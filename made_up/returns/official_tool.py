"""DfE's local authority interactive tool (LAIT) in long form: what the yearly files print once more,
and foster places and unit costs, of a made-up England.

Belongs here: its measures and the file. Does not belong here: what the yearly files print
(`official_statistics.py`, `official_kinds.py`, `official_stability.py`, `official_fostering.py`).

Unit costs are drawn about England's of 2025 (Crown copyright, Open Government Licence v3); no
figure is of a real authority. England's foster places are those of its authorities' own services.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from made_up.drawing import stream
from made_up.returns.official_areas import OfficialAreas, Printed
from made_up.returns.official_fostering import ITEMS, NOBODY
from made_up.returns.official_kinds import FAR
from made_up.returns.official_stability import ALL, LONG_TERM, MOVED, SAME_CARER
from made_up.returns.official_statistics import PUBLISHED_AFTER, WORDS
from made_up.writing import Landing, all_loaded
from schemas.authorities import ENGLAND

HEADER = ["measure_short", "years", "la_number", "area", "value"]
AGAIN = {
    "LACnum": ("cla_number_and_rate", WORDS["looked_after"], "count"),
    "LAC": ("cla_number_and_rate", WORDS["looked_after"], "rate"),
    "LACnum_Start": ("cla_number_and_rate", WORDS["started"], "count"),
    "LAC_Start_Rate": ("cla_number_and_rate", WORDS["started"], "rate"),
    "LACceased": ("cla_number_and_rate", WORDS["ceased"], "count"),
    "LAC_Cease_Rate": ("cla_number_and_rate", WORDS["ceased"], "rate"),
    "LACStableNum_2016on": ("cla_placement_stability", f"{ALL} / {MOVED}", "count"),
    "LACStable_2016on": ("cla_placement_stability", f"{ALL} / {MOVED}", "percent"),
    "LAC_LongStableNum": ("cla_placement_stability", f"{LONG_TERM} / {SAME_CARER}", "count"),
    "LAC_LongStable%": ("cla_placement_stability", f"{LONG_TERM} / {SAME_CARER}", "percent"),
    "LACDistance": (
        "cla_on_31_march",
        f"Distance between home and placement / {FAR}",
        "percent",
    ),
}
"""Measures that are those of a yearly file: its data set, words and kind."""
UNIT_COSTS = {"LACFinance": 2100, "FosteringFinance": 765, "RescareFinance": 6800}
FOSTERING = {
    "Number_Foster_Places(New)": "approved_places",
    "Number_Foster_Places_Filled(New)": "filled_places",
}
"""Measures that are Ofsted's of fostering."""
SPREAD = 0.2
"""How far authorities lie from unit costs."""
FIRST_REGION = 980


def send(
    published: list[Printed],
    counts: dict[str, int],
    march: dt.date,
    landing: Landing,
    date: dt.date,
    seed: int,
) -> list[Printed]:
    """Write the tool's file of a 31 March, after the yearly ones; `counts` are children looked after
    by authority.
    """
    rng = stream(seed, "official tool", march.isoformat())
    areas = OfficialAreas(march, counts)
    known = {(one.data_set, one.measure, one.kind): one.by_area for one in published}
    again = AGAIN | {
        name: ("ofsted_fostering", " / ".join(ITEMS[of]), "count") for name, of in FOSTERING.items()
    }
    told = {
        name: {
            area: "-" if text in ("c", "z", NOBODY) else text for area, text in known[of].items()
        }
        for name, of in again.items()
    }
    for name in FOSTERING:
        told[name] |= {ENGLAND: str(sum(int(told[name][region]) for region in areas.regions))}
    codes = [a.code for a in areas.standing]
    about = np.exp(rng.normal(0, SPREAD, (len(codes), len(UNIT_COSTS))))
    for at, (name, usual) in enumerate(UNIT_COSTS.items()):
        costs = {code: 5 * round(usual * about[n, at] / 5) for n, code in enumerate(codes)}
        wider = dict.fromkeys([ENGLAND, *areas.regions], usual)
        told[name] = {area: str(cost) for area, cost in {**wider, **costs}.items()}
    numbers = {ENGLAND: "970"} | {
        code: str(FIRST_REGION + n) for n, code in enumerate(areas.regions)
    }
    names = {area: place[6] or place[4] or place[2] for area, place in areas.place.items()}
    rows = [
        [name, str(march.year), numbers.get(area, area), names[area], value]
        for name, by_area in told.items()
        for area, value in by_area.items()
    ]
    received = dt.datetime.combine(date, dt.time()) + PUBLISHED_AFTER + dt.timedelta(minutes=20)
    table = all_loaded("lait_measures", HEADER, rows)
    landing.send(date, "dfe", "dfe", f"lait_{march.year}.csv", [table], received)
    return [Printed("lait", name, "value", by_area) for name, by_area in told.items()]
