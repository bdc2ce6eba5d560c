"""How many children, homes and places each authority has: the official margins, or plausible ones
where none are held.

Belongs here: reading, inventing and scaling the margins, and how they drift from quarter to
quarter. Does not belong here: single children or settings. Counts throughout; one row an area, in
the order of the areas.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import stream
from made_up.world.areas import ANCHOR, Areas
from schemas import authorities

CHILDREN = ["looked_after", "residential", "foster", "supported", "inside", "others_inside"]
COLUMNS = {
    "children_looked_after": "looked_after",
    "in_secure_and_childrens_homes": "residential",
    "in_foster_placements": "foster",
    "in_supported_accommodation": "supported",
    "own_placed_inside": "inside",
    "others_placed_inside": "others_inside",
    "childrens_homes": "homes",
    "childrens_homes_places": "home_places",
    "supported_premises": "premises",
    "supported_places": "premises_places",
}
"""Short names for the columns of `schemas/reference/<region>_margins.csv`.

Sources, both of 31 March 2025: DfE, Children looked after in England (children, their placements,
inside and from others); Ofsted, Main findings: children's social care (homes, premises and their
places). A blank is a figure that DfE hides.
"""

_ASSUMED = assumed("margins")
LEAST, YEARLY_CHANGE, WOBBLE = _ASSUMED["least"], _ASSUMED["yearly_change"], _ASSUMED["wobble"]


def base_margins(areas: Areas, seed: int, scale: float) -> pd.DataFrame:
    """The margins on the anchor day, times `scale`; each authority keeps at least a little."""
    path = authorities.HERE / f"{areas.region.key}_margins.csv"
    codes = list(areas.hosts[: areas.members])
    if path.exists():
        told = (
            pd.read_csv(path, dtype={"authority_code": str}).set_index("authority_code").loc[codes]
        )
        table = _filled(told.rename(columns=COLUMNS))
    else:
        table = _invented(codes, seed)
    return _scaled(table.reset_index(drop=True), scale)


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """The margins with what is blank, because DfE hid it, in the proportions of the authorities
    where it is not.
    """
    people = {
        r["authority_code"]: int(r["people"])
        for r in authorities.rows_of("population_0_17")
        if int(r["mid_year"]) == ANCHOR.year - 1
    }
    by = {"looked_after": pd.Series(table.index.map(people), table.index, dtype=float)}
    for name in CHILDREN:
        whole = by.get(name, table["looked_after"])
        told = table[name].notna()
        usual = table.loc[told, name].sum() / whole[told].sum()
        table[name] = table[name].fillna((usual * whole).round())
    return table


def _invented(codes: list[str], seed: int) -> pd.DataFrame:
    """Margins in the proportions that England and the North West show, spread about them at random."""
    rng = stream(seed, "margins")
    first = [authorities.on_date(code, ANCHOR) for code in codes]
    usual = np.array(
        [{"E10": 1100, "E08": 560, "E06": 420}.get(a.gss[:3], 380) if a else 380 for a in first]
    )

    def near(values: np.ndarray, share: float, spread: float) -> np.ndarray:
        return values * share * rng.lognormal(0, spread, len(codes))

    looked_after = near(usual, 1.0, 0.25)
    foster = looked_after * rng.uniform(0.58, 0.70, len(codes))
    others = near(looked_after, 0.42, 0.25)
    home_places = near(others, 0.52, 0.2)
    premises = near(looked_after, 0.135, 0.3)
    return pd.DataFrame(
        {
            "looked_after": looked_after,
            "residential": near(looked_after, 0.115, 0.15),
            "foster": foster,
            "supported": near(looked_after, 0.08, 0.2),
            "inside": looked_after * rng.uniform(0.52, 0.70, len(codes)),
            "others_inside": others,
            "homes": home_places / rng.uniform(2.8, 3.6, len(codes)),
            "home_places": home_places,
            "premises": premises,
            "premises_places": premises * rng.uniform(1.5, 2.2, len(codes)),
        }
    )


def _scaled(table: pd.DataFrame, scale: float) -> pd.DataFrame:
    scaled = (table * scale).round().astype(int)
    for name, least in LEAST.items():
        scaled[name] = np.maximum(
            scaled[name], np.minimum(least, table[name].round()).astype(int)
        )  # no more than it has
    placed = scaled["residential"] + scaled["foster"] + scaled["supported"]
    scaled["looked_after"] = np.maximum(scaled["looked_after"], placed)
    scaled["inside"] = scaled["inside"].clip(lower=1, upper=scaled["looked_after"])
    scaled["home_places"] = np.maximum(scaled["home_places"], scaled["homes"])
    scaled["premises_places"] = np.maximum(scaled["premises_places"], scaled["premises"])
    return scaled


def children_on(base: pd.DataFrame, date: dt.date, seed: int) -> pd.DataFrame:
    """The margins of children on `date`: the base on the anchor day, drifting with the years to
    either side of it.
    """
    years = (date - ANCHOR).days / 365.25
    rng = stream(seed, "drift", date.isoformat())
    drifted = pd.DataFrame(index=base.index)
    parts = base.assign(
        rest=base["looked_after"] - base["residential"] - base["foster"] - base["supported"]
    )
    for name, yearly in YEARLY_CHANGE.items():
        wobble = rng.normal(0, WOBBLE, len(base)) if years else 0.0
        drifted[name] = (
            (parts[name] * (1 + yearly * years + wobble)).round().clip(lower=0).astype(int)
        )
    drifted["looked_after"] = drifted[["residential", "foster", "supported", "rest"]].sum(axis=1)
    share = base["inside"] / base["looked_after"].clip(lower=1)
    drifted["inside"] = np.where(
        years == 0, base["inside"], (share * drifted["looked_after"]).round()
    ).astype(int)
    return drifted[CHILDREN]
