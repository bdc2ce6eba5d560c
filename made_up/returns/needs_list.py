"""Ofsted's operational list to authorities: homes with where they stand, and the needs that they are
registered for.

Belongs here: which homes stand in it, their needs and postcodes, and the file, in the layout of 2025. Does not
belong here: the register's other lists (`register.py`), which count before it, and figures
(`truth/supply.py`).

It comes with the list of providers and places; the needs of a home and its postcode are the same in
every list. Of some homes it tells another postcode than their own returns do, of some none, or one
that nobody knows.
"""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd

from made_up.drawing import Texts, stream
from made_up.returns.register import Lists
from made_up.returns.spelling import ofsted_name, written_days
from made_up.world.areas import Areas
from made_up.world.care import example_postcodes, examples_by_area
from made_up.world.kinds import HOME, SCHOOL, SECURE
from made_up.world.places import place_of
from made_up.world.supply import Supply
from made_up.writing import Landing, all_loaded, received_on

TABLE = "register_list_homes"
NEEDS = {
    "Emotional and behavioural difficulties": 0.85, "Mental disorders": 0.12, "Sensory impairment": 0.05, "Present alcohol problems": 0.02,
    "Present drug problems": 0.02, "Learning difficulty": 0.3, "Physical disabilities": 0.1,
}  # fmt: skip
"""Each need, and the share of homes that are registered for it: made up."""
HEADER = [
    "Local authority", "URN", "Provider type", "Provider subtype", "Sector", "Provider name", "Provider postcode", "Registration date",
    "Registration status", "Placement code", "Owner name", "Overall effectiveness", "Number of registered places", *NEEDS, "Conditions",
]  # fmt: skip
UNKNOWN_POSTCODE = "ZZ1 1ZZ"
CODES = {HOME: "K2", SECURE: "K1", SCHOOL: "K2"}
_STANDS = ("Active", "Suspended")


def needs_of(urn: str) -> list[str]:
    """The needs that a home is registered for, in the order of the list; of some homes none."""
    return [
        need
        for need, share in NEEDS.items()
        if zlib.crc32(f"{need} {urn}".encode()) % 1000 < 1000 * share
    ]


def homes_of(providers: pd.DataFrame) -> pd.DataFrame:
    """The homes of the register that stand in the list."""
    return providers[providers["kind"].isin(list(CODES)) & providers["status"].isin(_STANDS)]


def postcodes_of(homes: pd.DataFrame, supply: Supply, areas: Areas) -> Texts:
    """The postcode that the list gives of each home: mostly that of its own return; of one in forty
    the next one of the area, of as many none, and of as many one that nobody knows.
    """
    units = supply.units.reset_index(names="unit").drop_duplicates("registration")
    units = units.set_index("registration").loc[homes["registration"]]
    host = units["host"].to_numpy(dtype=np.int64)
    at = place_of(units["unit"].to_numpy(dtype=np.int64), host, areas)
    first, many = examples_by_area(areas)
    way = np.array([zlib.crc32(f"postcode {urn}".encode()) % 40 for urn in homes["urn"]])
    at = np.where(way == 0, first[host] + (at - first[host] + 1) % many[host], at)
    told = example_postcodes()["postcode"].to_numpy(dtype=object)[at]
    return np.select([way == 1, way == 2], ["", UNKNOWN_POSTCODE], told).astype(object)


def send(lists: Lists, supply: Supply, areas: Areas, landing: Landing, seed: int) -> None:
    """Write the list, where the register's lists of providers come."""
    if lists.providers is None:
        return
    homes = homes_of(lists.providers)
    count = len(homes)
    names = {code: ofsted_name(code, lists.date) for code in homes["host_code"].unique()}
    needs = [needs_of(urn) for urn in homes["urn"]]
    columns = [
        homes["host_code"].map(names), homes["urn"], homes["ofsted_type"], np.full(count, "", dtype=object), homes["sector"],
        "Home " + homes["urn"], postcodes_of(homes, supply, areas), written_days(homes["opened"].to_numpy()),
        homes["status"].replace("Active", "Registered"), homes["kind"].map(CODES), homes["provider_name"], homes["grade"],
        homes["places"].map(lambda value: "" if pd.isna(value) else str(int(value))),
        *[np.array(["Yes" if need in one else "No" for one in needs], dtype=object) for need in NEEDS],
        np.full(count, "", dtype=object),
    ]  # fmt: skip
    rows = [list(row) for row in zip(*columns, strict=True)]
    received = received_on(
        lists.date, stream(seed, "list to authorities", lists.date.isoformat()), 1
    )[0]
    file = f"list_to_authorities_at_{lists.date:%d_%b_%Y}.csv"
    landing.send(lists.date, "ofsted", "ofsted", file, [all_loaded(TABLE, HEADER, rows)], received)
