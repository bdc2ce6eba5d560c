"""The official figures that stand beside a release's own, kept in its manifest.

Belongs here: reading them as they stand when a draft is made. Does not belong here: which they are
(`curated.official_benchmark`), or how a page shows them (`assets/page/official.py`).

They are open data, and stand as published. They are no figures of the release: nothing of ours is
in them, and no difference between ours and theirs. What is looked at in a draft is what is
published: they stay as they were when it was made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from resources.warehouse import Asked
from schemas.official import as_printed

AREA = (
    "figure",
    "neighbours_mean",
    "neighbours_pooled",
    "rank_in_region",
    "ranked_in_region",
    "rank_in_england",
    "ranked_in_england",
)
"""What the manifest has of an authority beside a measure, in this order."""
_MEASURE = (
    "measure", "breakdown", "category", "unit", "definition", "definition_note",
    "published_by", "data_set", "release",
)  # fmt: skip
_QUERY = """
select b.*
from curated.official_benchmark as b
where b.census_date = :d and b.area_level in ('authority', 'England')
order by b.published_by, b.data_set, b.measure, b.breakdown, b.category, b.unit, b.area_code
"""


def official_figures(asked: Asked, census_date: dt.date) -> list[dict[str, Any]]:
    """The newest official figures of a census date: a measure each, with those of England and of
    the region, and by authority `AREA`. Numbers are texts, symbols as they were printed; what is
    not known is None, and what a publisher does not give (`definition_note`) is left out. Empty
    where none are held.
    """
    measures: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in asked.rows(_QUERY, d=census_date):
        described = {
            name: getattr(row, name) for name in _MEASURE if getattr(row, name) is not None
        }
        # a row an area: what all of them say of the measure is kept once
        measure = measures.setdefault(
            tuple(str(getattr(row, name)) for name in _MEASURE[:4]),
            {
                **described,
                "period_end": row.period_end.isoformat(),
                "england": _printed(row.england_value),
                "region": _printed(row.region_value),
                "areas": {},
            },
        )
        if row.area_level == "authority":
            beside = {
                "figure": _printed(row.official_value) or row.official_symbol,
                "neighbours_mean": _printed(row.neighbours_mean),
                "neighbours_pooled": _printed(row.neighbours_pooled),
            }
            measure["areas"][row.area_code] = [
                beside[name] if name in beside else getattr(row, name) for name in AREA
            ]
    return list(measures.values())


def figures_alone(official: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Official figures without the notes on their definitions: those are this program's words, and
    a version that words one otherwise changes no figure.
    """
    return [
        {name: value for name, value in one.items() if name != "definition_note"}
        for one in official
    ]


def _printed(number: Decimal | None) -> str | None:
    return as_printed(number) or None
