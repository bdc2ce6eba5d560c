"""Ofsted's yearly statistics of fostering, of the made-up region and of the rest of a made-up
England.

Belongs here: carers, places, recruitment and losses of each authority's own service on a 31 March,
and the file as published: an area a column. Does not belong here: the carers
(`world/occupancy.py`), and the tool that prints two of the figures once more (`official_tool.py`).

Members' carers, places and children are those of their own services. Everybody else has what is
usual in England, each a little differently; no figure is of a real authority. England's figures are
of agencies too, regions' and authorities' are not: so Ofsted prints them.
"""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import stream
from made_up.returns.official_areas import OfficialAreas, Printed
from made_up.returns.official_statistics import PUBLISHED_AFTER
from made_up.returns.spelling import ofsted_name
from made_up.world.occupancy import PLACES_A_HOUSEHOLD
from made_up.writing import Landing, Table, all_loaded, csv_text
from schemas.authorities import ENGLAND

HEADER = ["Topic", "Sub-topic", "Data"]
CHILDREN, HOUSEHOLDS, PLACES, STAYING = (
    "Children and Young People", "Fostering households", "Places", "Recruitment and Retention",
)  # fmt: skip
ITEMS = {
    "children_placed": (
        CHILDREN, "Information about CYP", "Number of children/young people in placements (at 31 March)",
    ),
    "households": (HOUSEHOLDS, "Number of households (at 31 March)", "Total approved households"),
    "approved_places": (PLACES, "Fostering places (at 31 March) °", "Number of approved foster places"),
    "filled_places": (PLACES, "Fostering Places", "Number of filled places"),
    "vacant_places": (PLACES, "Fostering Places", "Number of vacant places"),
    "not_available_places": (PLACES, "Fostering Places", "Number of places not available"),
    "enquiries": (
        STAYING, "Initial enquiries", "Number of initial enquiries from new prospective fostering households",
    ),
    "applications": (
        STAYING, "Applications received in-year **",
        "Total number of applications received from prospective fostering households between 1 April and 31 March",
    ),
    "approved": (STAYING, "Newly approved households", "Total number of households approved in year"),
    "ended": (STAYING, "Deregistrations", "Total households deregistered between 1 April and 31 March\""),
}  # fmt: skip
"""What is told, and Ofsted's words for it: topic, sub-topic, data."""
NOBODY = ".."
"""Printed of a service without carers."""
_ASSUMED = assumed("fostering_statistics")
USUAL = {
    name: _ASSUMED[name] / _ASSUMED["households"] for name in ("enquiries", "applications", "ended")
}
"""In a year, of each household."""
IS_APPROVED = _ASSUMED["approved"] / _ASSUMED["applications"]
"""Share of the applications."""
A_CHILD = _ASSUMED["places_of_own_services"] / _ASSUMED["children_looked_after"]
"""Approved places of an authority's own service, of each child looked after."""
WITH_AGENCIES = Fraction(
    _ASSUMED["households"], round(_ASSUMED["places_of_own_services"] / PLACES_A_HOUSEHOLD)
)
SPREAD = _ASSUMED["spread"]


def send(
    held: pd.DataFrame | None,
    counts: dict[str, int],
    march: dt.date,
    landing: Landing,
    date: dt.date,
    seed: int,
) -> list[Printed]:
    """Write the file of a 31 March; `counts` are children looked after by authority, `held` the
    members' own carers (households and places by code), where the region's world was there.
    """
    rng = stream(seed, "fostering statistics", march.isoformat())
    areas = OfficialAreas(march, counts)
    whole = _drawn(counts, areas, rng)
    if held is not None:
        ours = held.index.intersection(whole.index)
        carers = held.loc[ours].assign(filled_places=held["children_placed"])
        whole.loc[ours, carers.columns] = carers
    for name, usual in USUAL.items():
        whole[name] = rng.poisson(usual * whole["households"])
    whole["approved"] = rng.binomial(whole["applications"], IS_APPROVED)
    whole["ended"] = np.minimum(whole["ended"], whole["households"])
    printed = {}
    for name, words in ITEMS.items():
        by_area = areas.added_up(whole[name].to_dict())
        by_area[ENGLAND] = round(by_area[ENGLAND] * WITH_AGENCIES)
        printed[words] = {
            area: NOBODY
            if areas.is_authority(area) and not whole.loc[area, "approved_places"]
            else f"{5 * round(number / 5):,}"
            for area, number in by_area.items()
        }
    received = dt.datetime.combine(date, dt.time()) + PUBLISHED_AFTER + dt.timedelta(minutes=17)
    # each figure is a row: the books count figures
    figures = [[area, *words, text] for words, of in printed.items() for area, text in of.items()]
    landing.send(
        date,
        "ofsted",
        "ofsted",
        f"fostering_by_authority_{march.year}.csv",
        [all_loaded("fostering_statistics", ["area", *HEADER, "value"], figures)],
        received,
        content=_as_published(areas, printed, march).encode("utf-8-sig"),
    )
    return [
        Printed(
            "ofsted_fostering",
            " / ".join(words),
            "count",
            {area: text.replace(",", "") for area, text in of.items()},
        )
        for words, of in printed.items()
    ]


def _drawn(counts: dict[str, int], areas: OfficialAreas, rng: np.random.Generator) -> pd.DataFrame:
    """Households, places and children of every authority's own service, a row a code."""
    codes = [a.code for a in areas.standing]
    about = np.exp(rng.normal(0, SPREAD, (len(codes), 2)))
    looked_after = np.array([counts[code] for code in codes])
    whole = pd.DataFrame(index=codes)
    whole["approved_places"] = np.round(looked_after * A_CHILD * about[:, 0]).astype(int)
    whole["households"] = np.ceil(whole["approved_places"] / PLACES_A_HOUSEHOLD).astype(int)
    filled = np.minimum(1, _ASSUMED["filled"] * about[:, 1])
    whole["filled_places"] = np.round(whole["approved_places"] * filled).astype(int)
    empty = whole["approved_places"] - whole["filled_places"]
    share = _ASSUMED["vacant"] / (_ASSUMED["vacant"] + _ASSUMED["not_available"])
    whole["vacant_places"] = np.round(empty * share).astype(int)
    whole["not_available_places"] = empty - whole["vacant_places"]
    whole["children_placed"] = whole["filled_places"]
    return whole


def _as_published(
    areas: OfficialAreas, printed: dict[tuple[str, str, str], dict[str, str]], march: dt.date
) -> str:
    """The sheet: England, then each region before its authorities, a blank column before each; a
    topic stands on its first line alone.
    """
    across: list[str | None] = [ENGLAND]
    for region in areas.regions:
        here = [a.code for a in areas.standing if a.region_code == region]
        across += [None, region, *here]
    names = {ENGLAND: "England", **areas.regions}
    names |= {a.code: ofsted_name(a.code, march) for a in areas.standing}
    lines, topic = [], ""
    for words, of in printed.items():
        first = "" if words[0] == topic else words[0]
        topic = words[0]
        lines.append([first, *words[1:], *("" if area is None else of[area] for area in across)])
    top = ["", "", "", *("" if area is None else names[area] for area in across)]
    return csv_text(Table("", top, [[*HEADER, *[""] * len(across)], *lines], []))
