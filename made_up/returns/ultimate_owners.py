"""Ofsted's yearly list of ultimate owners: whose companies the largest owners are.

Belongs here: which owners are companies of one parent, and the file. Does not belong here: the
owners themselves (`world/supply.py`), and figures (`truth/frames.py`).

It comes once a year, with the quarter that ends in December, and holds the largest owners alone. Of
their registrations it passes some over. A parent's name is that of its first company, or one that
the register never has.
"""

from __future__ import annotations

import datetime as dt
import zlib

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import stream
from made_up.world.supply import Supply
from made_up.writing import Landing, all_loaded, received_on

TABLE = "ultimate_owners"
HEADER = ["URN", "Organisation which owns the provider", "Ultimate parent company name"]
_ASSUMED = assumed("ultimate_owners")
LARGEST, COMPANIES, PASSED_OVER = (
    _ASSUMED["largest"],
    tuple(_ASSUMED["companies"]),
    _ASSUMED["passed_over"],
)


def parents(owners: pd.DataFrame, seed: int) -> pd.Series:
    """The name of the ultimate owner of each owner (blank where it has none but itself): the
    largest of each kind, taken in turn, are of one parent after the other.
    """
    rng = stream(seed, "ultimate owners")
    named = pd.Series("", index=owners.index, dtype=object)
    for deals_in in ("homes", "premises"):
        largest = owners[owners["deals_in"] == deals_in].sort_values(
            "weight", ascending=False, kind="stable"
        )
        largest = largest.head(max(COMPANIES[1], round(LARGEST * len(largest))))
        at = rng.permutation(largest.index.to_numpy())
        while len(at) >= COMPANIES[0]:
            count = int(rng.integers(COMPANIES[0], COMPANIES[1] + 1))
            group, at = at[:count], at[count:]
            first = owners.loc[group[0], "name"]
            is_holding = rng.random() < 0.5
            named.loc[group] = f"{first.split()[0]} Holdings (UK) Limited" if is_holding else first
    return named


def listed(supply: Supply, date: dt.date, seed: int) -> dict[str, str]:
    """The ultimate owner by URN, as the list of the date has it."""
    registrations = supply.registrations
    owner = supply.owner_on(date.toordinal())
    named = parents(supply.owners, seed).to_numpy()[owner]
    opened = (registrations["opened"] <= date.toordinal()).to_numpy()
    kept = np.array(
        [
            zlib.crc32(f"owner of {urn}".encode()) % 100 >= 100 * PASSED_OVER
            for urn in registrations["urn"]
        ]
    )
    told = (named != "") & opened & kept & registrations["registered"].to_numpy(dtype=bool)
    return dict(zip(registrations["urn"].to_numpy()[told], named[told], strict=True))


def send(supply: Supply, landing: Landing, date: dt.date, seed: int) -> dict[str, str] | None:
    """Write the list, where one comes in the quarter; gives what is in it."""
    if date.month != 12:
        return None
    owned = listed(supply, date, seed)
    names = supply.owners["name"].to_numpy()[supply.owner_on(date.toordinal())]
    by_urn = dict(zip(supply.registrations["urn"], names, strict=True))
    rows = [[urn, by_urn[urn], parent] for urn, parent in sorted(owned.items())]
    received = received_on(date, stream(seed, "ultimate owners", date.isoformat()), 1)[0]
    file = f"ultimate_owners_{date.year}.csv"
    landing.send(date, "ofsted", "ofsted", file, [all_loaded(TABLE, HEADER, rows)], received)
    return owned
