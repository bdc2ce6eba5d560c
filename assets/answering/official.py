"""An authority's own figures beside the official ones, for its answers: England, the region, ten
statistical neighbours and rank.

Belongs here: reading `curated.benchmark` for each sender, and the words of its rows. Does not
belong here: how they are laid out (`page`, `workbook`).

An answer is its sender's alone: its own figures stand in it as they are, and no other authority's
but those that are published.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from resources.warehouse import Warehouse
from schemas.official import PUBLISHERS, as_printed

COLUMNS = {
    "figure": "Figure",
    "now": "Yours now",
    "then": "Yours, same day as theirs",
    "official": "Published of you",
    "difference": "Difference",
    "england": "England",
    "region": "Region",
    "neighbours_mean": "Neighbours, mean",
    "neighbours_pooled": "Neighbours, pooled",
    "rank": "Rank in the region",
    "source": "Published by",
    "note": "Defined otherwise",
}
"""The columns of the table, and their headings."""
NONE = pd.DataFrame(columns=list(COLUMNS))
RESTS_ON = "ssda903_episodes"
"""The table of a return whose answer has them: what is ours rests on it."""
_QUERY = """
select b.*
from curated.benchmark as b
where b.census_date = :d and b.breakdown = 'total'
order by b.authority_code, b.definition desc, b.measure, b.unit
"""


def official_of(warehouse: Warehouse, census_date: dt.date) -> dict[str, pd.DataFrame]:
    """By authority code, its figures beside the official ones, `COLUMNS` as texts; empty where no
    official figures are held.
    """
    rows: dict[str, list[dict[str, str]]] = {}
    for row in warehouse.rows(_QUERY, d=census_date):
        publisher = PUBLISHERS.get(row.published_by, row.published_by)
        rows.setdefault(row.authority_code, []).append(
            {
                "figure": f"{row.measure[:1].upper()}{row.measure[1:]}, {row.unit}",
                "now": as_printed(row.own_value_now),
                "then": as_printed(row.own_value),
                "official": as_printed(row.official_value) or (row.official_symbol or ""),
                "difference": as_printed(row.official_difference),
                "england": as_printed(row.england_value),
                "region": as_printed(row.region_value),
                "neighbours_mean": as_printed(row.neighbours_mean),
                "neighbours_pooled": as_printed(row.neighbours_pooled),
                "rank": (
                    f"{row.rank_in_region} of {row.ranked_in_region}" if row.rank_in_region else ""
                ),
                "source": f"{publisher}, release {row.release}, {row.period_end.isoformat()}",
                "note": row.definition_note or "",
            }
        )
    return {code: pd.DataFrame(figures, columns=list(COLUMNS)) for code, figures in rows.items()}
