"""In-house fostering returns: an authority's own carers by approval type, as some authorities send
them.

Belongs here: what stands in the return. Does not belong here: who is fostered
(`world/occupancy.py`), and the provider census, which tells of the same carers
(`provider_census.py`).
"""

from __future__ import annotations

import pandas as pd

from made_up.assumptions import assumed
from made_up.world.kinds import OWN
from made_up.writing import Table, all_loaded

HEADER = [
    "approval_type",
    "households",
    "approved_places",
    "children_placed",
    "vacant_places",
    "not_available_places",
]
PART = {
    "occupied_places": "children_placed",
    "vacant_places": "vacant_places",
    "unavailable_places": "not_available_places",
}
COUNTS = HEADER[1:]
SENDS = assumed("answering")["fostering"]
"""Share of the authorities that send it."""


def own_carers(settings: pd.DataFrame) -> pd.DataFrame:
    """Carers of each authority's own service, whether or not it answers the provider census:
    households, places and children by sender.
    """
    own = settings[settings["kind"] == OWN].rename(
        columns={**PART, "registered_places": "approved_places"}
    )
    return own.groupby("sender")[COUNTS].sum()


def approval_types(carers: pd.Series) -> list[list[object]]:
    """The carers' counts, a quarter of each with connected persons, the rest mainstream."""
    connected = carers // 4
    return [
        ["Mainstream", *(carers - connected).tolist()],
        ["Connected persons", *connected.tolist()],
    ]


def table(carers: pd.Series) -> Table:
    """The return of one authority's carers."""
    return all_loaded("in_house_fostering", HEADER, approval_types(carers))
