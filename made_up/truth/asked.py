"""What the figures must be that rest on contracts, fee requests, fostering's gains and losses, and
care leavers.

Belongs here: those definitions once more. Does not belong here: what was sent (`returns/asked.py`).

Each file has the columns that such a return alone decides; what a table adds from other returns is
not in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd

from made_up.returns.asked import ENDED, GAINS, Asked
from made_up.truth.arithmetic import half_up
from made_up.world.care import months_before
from made_up.writing import Made, write_truth
from schemas.codes import code_set


class AskedTruth:
    """The figures of all census dates, by file."""

    def __init__(self) -> None:
        self._tables: dict[str, list[pd.DataFrame]] = {}

    def add(self, asked: Asked, answered: Collection[str], date: dt.date) -> None:
        """Work out one date's figures; `answered` are the authorities whose SSDA903 counts."""
        for name, frame, make in (
            ("contracts", asked.contracts, contracts),
            ("fee_requests", asked.requests, fee_requests),
            ("fostering_flow", asked.gains, fostering_flow),
        ):
            if not frame.empty:
                self._add(name, make(frame, date), date)
        leavers = asked.leavers
        if not leavers.empty and not (leavers := leavers[leavers["sender"].isin(answered)]).empty:
            self._add("care_leavers", care_leavers(leavers), date)

    def _add(self, name: str, table: pd.DataFrame, date: dt.date) -> None:
        table.insert(0, "census_date", date.isoformat())
        self._tables.setdefault(name, []).append(table)

    def write(self, made: Made) -> None:
        """Write what the figures must be."""
        for name, tables in self._tables.items():
            write_truth(made, name, pd.concat(tables, ignore_index=True))


def _within(day: dt.date | None, date: dt.date) -> str:
    """How near a day is, by the last days of the months that are 3, 6 and 12 after the date."""
    if day is None:
        return ""
    if day < date:
        return "past"
    ends = {
        colour: dt.date.fromordinal(months_before(date, -months))
        for colour, months in (("red", 3), ("amber", 6), ("green", 12))
    }
    return next((colour for colour, end in ends.items() if day <= end), "later")


def contracts(sent: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    """Contracts by framework and lot, and how many of their days are near."""
    table = sent.rename(columns={"sender": "authority_code"})[
        ["authority_code", "framework", "lot"]
    ].assign(contracts=1)
    for column, name, overdue in (
        ("end", "ends", True),
        ("break", "breaks", False),
        ("review", "reviews", True),
    ):
        near = sent[column].map(lambda day: _within(day, date))
        table[f"{name}_red"] = ((near == "red") | ((near == "past") & overdue)).astype(int)
        table[f"{name}_amber"], table[f"{name}_green"] = (
            (near == "amber").astype(int),
            (near == "green").astype(int),
        )
    return table.groupby(["authority_code", "framework", "lot"], as_index=False).sum()


def fee_requests(sent: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    """Requests in the twelve months and what was agreed, by authority."""
    year = sent[
        [months_before(date, 12) < day.toordinal() <= date.toordinal() for day in sent["asked_on"]]
    ]
    agreed = year[year["agreed"].notna()]
    table = year.groupby("sender").size().rename("fee_requests").to_frame()
    table["fee_requests_agreed"] = (
        agreed.groupby("sender").size().reindex(table.index, fill_value=0)
    )
    sums = (
        agreed.astype({"asked": int, "agreed": int})
        .groupby("sender")[["asked", "agreed"]]
        .sum()
        .reindex(table.index, fill_value=0)
    )
    table["fees_asked_total"], table["fees_agreed_total"] = sums["asked"], sums["agreed"]
    return table.rename_axis("authority_code").reset_index()


def fostering_flow(sent: pd.DataFrame, _: dt.date) -> pd.DataFrame:
    """Gains and losses as they were sent, with what follows from them."""
    numbers = sent.astype(dict.fromkeys(GAINS[1:], int))
    ended = numbers[[f"ended_{why}" for why in ENDED]].sum(axis=1)
    gone = ended + numbers["transfers_out"]
    start = numbers["households_at_start"]
    rates = {
        "conversion_rate": [
            half_up(a, b, 6)
            for a, b in zip(numbers["approvals"], numbers["enquiries"], strict=True)
        ],
        "retention_rate": [half_up(a - b, a, 6) for a, b in zip(start, gone, strict=True)],
    }
    net = {
        "net_households": numbers["approvals"] + numbers["transfers_in"] - gone,
        "net_places": numbers["places_gained"] - numbers["places_lost"],
    }
    told = [name for name in GAINS if name not in ("places_gained", "places_lost")]
    return numbers.rename(columns={"sender": "authority_code"})[["authority_code", *told]].assign(
        ended=ended, **net, **rates
    )


def care_leavers(sent: pd.DataFrame) -> pd.DataFrame:
    """Care leavers by accommodation, its suitability, contact and activity."""
    parts = []
    for breakdown, column, codes, word in (
        ("accommodation", "ACCOM", "accommodation_903", "meaning"), ("suitability", "ACCOM", "accommodation_903", "suitability"),
        ("contact", "IN_TOUCH", "in_touch_903", "meaning"), ("activity", "ACTIV", "activity_903", "activity_group"),
    ):  # fmt: skip
        meanings = code_set(codes).meanings
        told = pd.DataFrame(
            {
                "authority_code": sent["sender"],
                "category": [meanings[code][word] for code in sent[column]],
            }
        )
        parts.append(
            told.groupby(["authority_code", "category"], as_index=False)
            .size()
            .assign(breakdown=f"care leavers, {breakdown}")
        )
    return pd.concat(parts, ignore_index=True).rename(columns={"size": "children"})[
        ["authority_code", "breakdown", "category", "children"]
    ]
