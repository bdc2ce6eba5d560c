"""The revenue outturn on children's social care (RO3), of a made-up England.

Belongs here: what each authority spent on children looked after, and the file. Does not belong
here: unit costs (`official_tool.py`), which are of another account, and what placements cost
(`placement_census.py`).

Spending is drawn about what authorities of England spent a child looked after in 2024-25 (Ministry
of Housing, Communities and Local Government; Open Government Licence v3); no figure is of a real
authority. The file tells authorities alone, and not its year.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from made_up.drawing import stream
from made_up.returns.official_areas import OfficialAreas, Printed
from made_up.returns.official_statistics import PUBLISHED_AFTER
from made_up.writing import Landing, all_loaded

OF_IT = "Children's social care - Children Looked After"
HEADER = [
    "ONS Code", "Local authority", f"{OF_IT} - Total Expenditure (C3 = C1 + C2)",
    f"{OF_IT} - Net Current Expenditure (C7 = C3 - C6)", f"{OF_IT} of which residential care - Total Expenditure (C3 = C1 + C2)",
    f"{OF_IT} of which fostering services - Total Expenditure (C3 = C1 + C2)",
    f"{OF_IT} of which asylum seeking children who are looked after - Total Expenditure (C3 = C1 + C2)",
    f"{OF_IT} of which other - Total Expenditure (C3 = C1 + C2)",
]  # fmt: skip
A_CHILD, SPREAD = 90, 0.2
"""Thousand pounds a child looked after, and how far authorities lie from it."""
PARTS = {
    "Residential care": 0.45,
    "Fostering services": 0.3,
    "Unaccompanied asylum-seeking children": 0.05,
}
"""Shares of the spending; what is left is other. Income pays for one part in fifteen."""
MEASURES = [
    "Children looked after: expenditure", "Children looked after: net current expenditure",
    *(f"{part}: expenditure" for part in PARTS), "Other children looked after: expenditure",
]  # fmt: skip
"""What is told, in the order of the file's columns."""


def send(
    counts: dict[str, int], march: dt.date, landing: Landing, date: dt.date, seed: int
) -> list[Printed]:
    """Write the outturn of the year to a 31 March; `counts` are children looked after by authority."""
    rng = stream(seed, "revenue outturn", march.isoformat())
    areas = OfficialAreas(march, counts)
    about = np.exp(rng.normal(0, SPREAD, (len(areas.standing), 1 + len(PARTS))))
    rows = []
    by_measure: dict[str, dict[str, str]] = {}
    for authority, factors in zip(areas.standing, about, strict=True):
        whole = round(counts[authority.code] * A_CHILD * factors[0])
        parts = [
            round(whole * share * min(1.2, factor))
            for share, factor in zip(PARTS.values(), factors[1:], strict=True)
        ]
        spent = [whole, whole - whole // 15, *parts, whole - sum(parts)]
        rows.append([authority.gss, authority.name, *map(str, spent)])
        for name, amount in zip(MEASURES, spent, strict=True):
            by_measure.setdefault(name, {})[authority.code] = str(amount)
    received = dt.datetime.combine(date, dt.time()) + PUBLISHED_AFTER + dt.timedelta(minutes=30)
    table = all_loaded("revenue_outturn", HEADER, rows)
    landing.send(date, "mhclg", "mhclg", f"ro3_{march.year}.csv", [table], received)
    return [
        Printed("ro3", measure, "thousand pounds", areas_) for measure, areas_ in by_measure.items()
    ]
