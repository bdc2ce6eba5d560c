"""The optional returns as authorities and the region send them: in-house fostering, and homes in planning.

Belongs here: which authorities send them, what stands in them, and what the figures of carers, referrals and planned homes must be.
Does not belong here: who is fostered (`occupancy.py`), and the provider census, which tells of the same carers (`provider_returns.py`).

Some authorities send a fostering return beside their provider census and some do not; some send their planned homes themselves, and the region
sends a list of everybody's, in which their own rows do not count.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from resources.made_up.areas import Areas
from resources.made_up.drawing import choice, stream
from resources.made_up.kinds import AGENCY, OWN
from resources.made_up.landing import LOADED, Landing, Made, Table, received_on, write_truth
from resources.made_up.provider_returns import ProviderReturns
from resources.made_up.spelling import ofsted_name

FOSTERING_HEADER = ["approval_type", "households", "approved_places", "children_placed", "vacant_places", "not_available_places"]
PLANNED_HEADER = ["authority", "beds", "category", "stage", "expected_opening"]
STAGES = ("Proposed", "Planning applied for", "Planning granted", "In development", "Registration applied for", "Opened", "Withdrawn")
PART = {"occupied_places": "children_placed", "vacant_places": "vacant_places", "unavailable_places": "not_available_places"}
COUNTS = ["households", "approved_places", "children_placed", "vacant_places", "not_available_places"]

NOT_DIVIDED = "Not divided"

SENDS_FOSTERING, SENDS_PLANNED = 0.6, 0.5
"""Shares of the authorities that send these returns."""


class OptionalReturns:
    """The optional returns of all census dates, and the figures that follow from them."""

    def __init__(self) -> None:
        self._tables: dict[str, list[pd.DataFrame]] = {}

    def send(self, providers: ProviderReturns, areas: Areas, landing: Landing, date: dt.date, seed: int, folders: dict[str, str]) -> None:
        """Write the files of a date and note what the figures must be."""
        rng = stream(seed, "optional returns", date.isoformat())
        senders = sorted(folders)
        received = dict(zip(senders, received_on(date, rng, len(senders)), strict=True))
        carers = _own_carers(providers.settings)
        sent = []
        for sender in senders:
            if stream(seed, "fostering return", sender).random() < SENDS_FOSTERING and sender in carers.index:
                rows = _approval_types(carers.loc[sender])
                landing.send(
                    date, folders[sender], sender, "own carers.csv", [_table("in_house_fostering", FOSTERING_HEADER, rows)], received[sender]
                )
                sent.append(sender)
        planned = _planned(senders, date, seed)
        by_themselves = [s for s in senders if stream(seed, "planned homes", s).random() < SENDS_PLANNED and (planned["authority_code"] == s).any()]
        for sender in by_themselves:
            theirs = planned[planned["authority_code"] == sender]
            when = received[sender] + dt.timedelta(minutes=7)
            landing.send(date, folders[sender], sender, "planned homes.csv", [_planned_table(theirs, date)], when)
        # the region's list knows of one bed more in each home of the authorities that send their own
        of_region = planned.assign(beds=planned["beds"] + planned["authority_code"].isin(by_themselves))
        if not of_region.empty:
            landing.send(date, "region", "region", "planned homes of the region.csv", [_planned_table(of_region, date)], received_on(date, rng, 1)[0])

        self._add("fostering_capacity", _fostering_capacity(providers, carers.loc[sent]), date)
        self._add("referrals", _referrals(providers), date)
        self._add("pipeline_homes", _pipeline(planned), date)

    def write(self, made: Made) -> None:
        """Write what the figures must be, one CSV a table."""
        for name, tables in self._tables.items():
            write_truth(made, name, pd.concat(tables, ignore_index=True))

    def _add(self, name: str, table: pd.DataFrame, date: dt.date) -> None:
        table.insert(0, "census_date", date.isoformat())
        self._tables.setdefault(name, []).append(table)


def _own_carers(settings: pd.DataFrame) -> pd.DataFrame:
    """Carers of each authority's own service, whether or not it answers the provider census: households, places and children by sender."""
    own = settings[settings["kind"] == OWN].rename(columns={**PART, "registered_places": "approved_places"})
    return own.groupby("sender")[COUNTS].sum()


def _approval_types(carers: pd.Series) -> list[list[object]]:
    """The carers' counts, a quarter of each with connected persons, the rest mainstream."""
    connected = carers // 4
    return [["Mainstream", *(carers - connected).tolist()], ["Connected persons", *connected.tolist()]]


def _planned(senders: list[str], date: dt.date, seed: int) -> pd.DataFrame:
    """The homes that are truly planned in each authority, none to four."""
    rows = []
    for sender in senders:
        rng = stream(seed, "planned", sender, date.isoformat())
        count = int(rng.integers(0, 5))
        opening = date.toordinal() + rng.integers(30, 700, count)
        rows.append(
            pd.DataFrame(
                {
                    "authority_code": [sender] * count,
                    "beds": rng.integers(1, 6, count),
                    "category": choice(rng, ["Mainstream", "Therapeutic", "Solo"], [0.6, 0.3, 0.1], count),
                    "stage": choice(rng, STAGES, [1.0] * len(STAGES), count),
                    "opening": np.where(rng.random(count) < 0.3, 0, opening),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _table(name: str, header: list[str], rows: list[list[object]]) -> Table:
    return Table(name, header, rows, [LOADED] * len(rows))


def _day(ordinal: int) -> str:
    return dt.date.fromordinal(ordinal).isoformat() if ordinal else ""


def _planned_table(homes: pd.DataFrame, date: dt.date) -> Table:
    columns = [
        [ofsted_name(code, date) for code in homes["authority_code"]], homes["beds"].tolist(), homes["category"], homes["stage"],
        [_day(int(day)) for day in homes["opening"]],
    ]  # fmt: skip
    return _table("planned_homes", PLANNED_HEADER, [list(row) for row in zip(*columns, strict=True)])


# --- what the figures must be ----------------------------------------------------------------------------


def _fostering_capacity(providers: ProviderReturns, returned: pd.DataFrame) -> pd.DataFrame:
    """By authority: its own carers by its fostering return, else by its provider census; the agencies' carers by where they live."""
    loaded = providers.loaded_settings().rename(columns={**PART, "registered_places": "approved_places"})
    agencies = loaded[loaded["kind"] == AGENCY].groupby("host_code")
    independent = agencies[COUNTS].sum().assign(agencies=agencies["urn"].nunique(), source="provider census", provision_type="Independent fostering")
    independent["approval_type"] = NOT_DIVIDED
    own = loaded[(loaded["kind"] == OWN) & ~loaded["sender"].isin(returned.index)].groupby("sender")
    in_house = pd.concat(
        [
            _by_approval_type(returned).assign(agencies=1, source="in-house fostering return"),
            own[COUNTS].sum().assign(agencies=own["urn"].nunique(), source="provider census", approval_type=NOT_DIVIDED),
        ]
    ).assign(provision_type="In-house fostering")
    table = pd.concat([in_house, independent]).rename_axis("authority_code").reset_index()
    table["available_places"] = table["approved_places"] - table["not_available_places"]
    return table[["authority_code", "provision_type", "approval_type", "source", "agencies", *COUNTS, "available_places"]]


def _by_approval_type(returned: pd.DataFrame) -> pd.DataFrame:
    """The carers of the returns as they were sent, one row an authority and approval type."""
    rows = [[sender, *row] for sender in returned.index for row in _approval_types(returned.loc[sender, COUNTS])]
    return pd.DataFrame(rows, columns=["authority_code", "approval_type", *COUNTS]).set_index("authority_code")


def _referrals(providers: ProviderReturns) -> pd.DataFrame:
    """By host, of all provision types together: every made-up return gives its referrals, so that vacant places are those of all who answered."""
    loaded = providers.loaded_settings()
    names = {"referrals_received": "referrals", "offers_made": "offers", "vacant_places": "vacant"}
    table = loaded.rename(columns=names).groupby(["host_code"], as_index=False)[list(names.values())].sum()
    return table.rename(columns={"host_code": "host_authority_code"})


def _pipeline(planned: pd.DataFrame) -> pd.DataFrame:
    known = planned.assign(opening=planned["opening"].where(planned["opening"] > 0))
    table = known.groupby(["authority_code", "stage"], as_index=False).agg(
        homes_planned=("beds", "size"), beds_planned=("beds", "sum"), next_opening=("opening", "min")
    )
    return table.assign(next_opening=[_day(int(day)) if day == day else "" for day in table["next_opening"]])
