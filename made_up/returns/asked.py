"""Returns that some authorities send besides: contracts, the log of fee requests, fostering's gains
and losses, care leavers.

Belongs here: what stands in them, and who sends them when. Does not belong here: figures
(`truth/asked.py`).

Nothing here draws from a stream that another return draws from; they come from the last quarter of
2025 on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from made_up.drawing import stream
from made_up.returns.placement_census import identifiers
from made_up.world.areas import Areas
from made_up.world.care import Care
from made_up.world.supply import Supply
from made_up.writing import Landing, all_loaded, received_on
from schemas.codes import code_set

FIRST = dt.date(2025, 12, 31)
SENDS = 0.6
"""Share of the authorities that send each of them."""
LEAVERS = 7_000_000
"""Numbers from which care leavers stand."""
FRAMEWORKS = [
    ("Foster FPS", "1"),
    ("Foster FPS", "2"),
    ("Residential FPS", "1"),
    ("Residential FPS", "10"),
    ("Supported Accommodation FPS", ""),
]
CONTRACTS = ["provider", "framework", "lot", "start", "end", "break", "review"]
REQUESTS = ["urn", "child reference", "asked_on", "asked", "agreed", "from_date", "reason"]
ENDED = ["retired", "moved_agency", "permanence", "standards", "other"]
NOT_AVAILABLE = ["carer_break", "health", "matching", "review", "other"]
APPROVED_FOR = ["babies", "five_to_ten", "eleven_up", "siblings", "unaccompanied"]
GAINS = [
    "approval_type", "households_at_start", "enquiries", "applications", "approvals", "transfers_in", "transfers_out",
    *(f"ended_{why}" for why in ENDED), "places_gained", "places_lost", *(f"na_{why}" for why in NOT_AVAILABLE),
    *(f"approved_{whom}" for whom in APPROVED_FOR),
]  # fmt: skip
CARE_LEAVERS = ["CHILD", "DOB", "IN_TOUCH", "ACTIV", "ACCOM"]
DAYS = 1600
"""Contracts end, may be broken off and are reviewed within so many days of the first quarter."""


@dataclass
class Asked:
    """What was sent for a date, one frame a return, with its `sender`; dates are dates, blanks
    missing.
    """

    contracts: pd.DataFrame = field(default_factory=pd.DataFrame)
    requests: pd.DataFrame = field(default_factory=pd.DataFrame)
    gains: pd.DataFrame = field(default_factory=pd.DataFrame)
    leavers: pd.DataFrame = field(default_factory=pd.DataFrame)


def send(
    care: Care,
    supply: Supply,
    landing: Landing,
    areas: Areas,
    date: dt.date,
    seed: int,
    folders: dict[str, str],
) -> Asked:
    """Write the files of a date, and give what stands in them."""
    if date < FIRST:
        return Asked()
    made = Asked()
    for name, header, table, make in (
        ("contracts", CONTRACTS, "contracts_register", _contracts), ("requests", REQUESTS, "fee_requests", _requests),
        ("gains", GAINS, "fostering_gains", _gains), ("leavers", CARE_LEAVERS, "ssda903_oc3", _leavers),
    ):  # fmt: skip
        senders = [one for one in sorted(folders) if stream(seed, name, one).random() < SENDS]
        received = dict(
            zip(
                senders,
                received_on(date, stream(seed, name, date.isoformat()), len(senders)),
                strict=True,
            )
        )
        frames = []
        for sender in senders:
            rows = make(care, supply, areas, sender, date, seed)
            written = [
                [_written(value) for value in row] for row in rows[header].itertuples(index=False)
            ]
            landing.send(
                date,
                folders[sender],
                sender,
                f"{name} {date:%Y-%m}.csv",
                [all_loaded(table, header, written)],
                received[sender],
            )
            frames.append(rows.assign(sender=sender))
        setattr(made, name, pd.concat(frames, ignore_index=True) if frames else pd.DataFrame())
    return made


def _written(value: object) -> str:
    if value is None or value != value or value is pd.NaT:
        return ""
    return f"{value:%d/%m/%Y}" if isinstance(value, dt.date) else str(value)


def _contracts(
    _: Care, supply: Supply, __: Areas, sender: str, date: dt.date, seed: int
) -> pd.DataFrame:
    """The same contracts every quarter: providers of the region, each under one framework and lot
    or more.
    """
    rng = stream(seed, "contracts of", sender)
    names = supply.owners.loc[supply.owners["area"] < 0, "name"].to_numpy(dtype=object)
    rows = []
    for _n in range(int(rng.integers(4, 12))):
        framework, lot = FRAMEWORKS[int(rng.integers(len(FRAMEWORKS)))]
        days = [FIRST + dt.timedelta(days=int(day)) for day in rng.integers(-60, DAYS, 3)]
        given = rng.random(3) < (0.95, 0.6, 0.7)
        end, broken, review = (
            day if is_given else None for day, is_given in zip(days, given, strict=True)
        )
        start = dt.date(2023, 4, 1)
        rows.append(
            [names[int(rng.integers(len(names)))], framework, lot, start, end, broken, review]
        )
    return pd.DataFrame(rows, columns=CONTRACTS, dtype=object)


def _requests(
    care: Care, supply: Supply, areas: Areas, sender: str, date: dt.date, seed: int
) -> pd.DataFrame:
    rng = stream(seed, "requests of", sender, date.isoformat())
    urns = supply.registrations["urn"].to_numpy(dtype=object)
    number = care.now["child"].to_numpy(dtype=np.int64)
    rows = []
    for _ in range(int(rng.integers(3, 9))):
        child = number[int(rng.integers(len(number)))]
        reference = identifiers(np.array([child]), areas.region.members[sender], sender, seed)[0]
        asked_on = date - dt.timedelta(days=int(rng.integers(-5, 420)))
        asked = int(rng.integers(900, 6000))
        agreed = int(asked * (0.9 + 0.1 * rng.random())) if rng.random() < 0.7 else None
        start = asked_on + dt.timedelta(days=30) if agreed else None
        rows.append(
            [
                urns[int(rng.integers(len(urns)))],
                reference,
                asked_on,
                asked,
                agreed,
                start,
                "Inflation",
            ]
        )
    return pd.DataFrame(rows, columns=REQUESTS, dtype=object)


def _gains(_: Care, __: Supply, ___: Areas, sender: str, date: dt.date, seed: int) -> pd.DataFrame:
    rng = stream(seed, "gains of", sender, date.isoformat())
    rows = []
    for kind in ("Mainstream", "Connected persons"):
        start, enquiries = int(rng.integers(30, 150)), int(rng.integers(5, 60))
        applications = int(enquiries * rng.random() / 3)
        approvals = int(applications * rng.random())
        others = rng.integers(0, 3, 2 + len(ENDED)).tolist()
        rows.append(
            [kind, start, enquiries, applications, approvals, *others, approvals * 2, int(sum(others[1:]) * 1.5),
             *rng.integers(0, 6, len(NOT_AVAILABLE)).tolist(), *rng.integers(0, start, len(APPROVED_FOR)).tolist()]
        )  # fmt: skip
    return pd.DataFrame(rows, columns=GAINS, dtype=object)


def _leavers(
    _: Care, __: Supply, areas: Areas, sender: str, date: dt.date, seed: int
) -> pd.DataFrame:
    rng = stream(seed, "leavers of", sender, date.isoformat())
    count = int(rng.integers(8, 40))
    number = LEAVERS + int(sender) * 100 + np.arange(count)
    labels = [
        np.array(code_set(name).labels, dtype=object)
        for name in ("in_touch_903", "activity_903", "accommodation_903")
    ]
    touch, activity, accommodation = (names[rng.integers(0, len(names), count)] for names in labels)
    born = [
        dt.date(2005, 1, 1) + dt.timedelta(days=int(day)) for day in rng.integers(0, 1000, count)
    ]
    reference = identifiers(number, areas.region.members[sender], sender, seed)
    columns = [reference, born, touch, activity, accommodation]
    return pd.DataFrame(dict(zip(CARE_LEAVERS, columns, strict=True)), dtype=object)
