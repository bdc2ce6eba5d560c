"""Who sends the optional returns, and when: in-house fostering, and homes in planning.

Belongs here: the order of sending. Does not belong here: what stands in them
(`in_house_fostering.py`, `planned_homes.py`).

Some authorities send a fostering return beside their provider census and some do not; some send
their planned homes themselves, and the region sends a list of everybody's, in which their own rows
do not count.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from made_up.drawing import stream
from made_up.returns import in_house_fostering, planned_homes
from made_up.returns.provider_census import ProviderReturns
from made_up.world.areas import Areas
from made_up.writing import Landing, received_on


@dataclass(frozen=True)
class OptionalReturns:
    """What was sent for a date: the `carers` of the authorities that sent them, one row each, and
    the homes that are `planned`.
    """

    carers: pd.DataFrame
    planned: pd.DataFrame


def send(
    providers: ProviderReturns, areas: Areas, landing: Landing, date: dt.date, seed: int, folders: dict[str, str]
) -> OptionalReturns:  # fmt: skip
    """Write the files of a date."""
    rng = stream(seed, "optional returns", date.isoformat())
    senders = sorted(folders)
    received = dict(zip(senders, received_on(date, rng, len(senders)), strict=True))
    carers = in_house_fostering.own_carers(providers.settings)
    sent = []
    for sender in senders:
        if (
            stream(seed, "fostering return", sender).random() < in_house_fostering.SENDS
            and sender in carers.index
        ):
            landing.send(
                date,
                folders[sender],
                sender,
                "own carers.csv",
                [in_house_fostering.table(carers.loc[sender])],
                received[sender],
            )
            sent.append(sender)
    planned = planned_homes.planned(senders, date, seed)
    by_themselves = [
        s
        for s in senders
        if stream(seed, "planned homes", s).random() < planned_homes.SENDS
        and (planned["authority_code"] == s).any()
    ]
    for sender in by_themselves:
        theirs = planned[planned["authority_code"] == sender]
        when = received[sender] + dt.timedelta(minutes=7)
        landing.send(
            date,
            folders[sender],
            sender,
            "planned homes.csv",
            [planned_homes.table(theirs, date)],
            when,
        )
    # the region's list knows of one bed more in each home of the authorities that send their own
    of_region = planned.assign(beds=planned["beds"] + planned["authority_code"].isin(by_themselves))
    if not of_region.empty:
        landing.send(
            date,
            "region",
            "region",
            "planned homes of the region.csv",
            [planned_homes.table(of_region, date)],
            received_on(date, rng, 1)[0],
        )
    return OptionalReturns(carers.loc[sent], planned)
