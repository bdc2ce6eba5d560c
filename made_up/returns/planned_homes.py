"""Planned homes: which are truly planned, and the lists of them that authorities and the region
send.

Belongs here: the homes in planning and what stands in a list of them.
Does not belong here: homes that are open (`world/supply.py`).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import choice, stream
from made_up.returns.spelling import ofsted_name
from made_up.writing import Table, all_loaded

HEADER = ["authority", "beds", "category", "stage", "expected_opening"]
STAGES = (
    "Proposed",
    "Planning applied for",
    "Planning granted",
    "In development",
    "Registration applied for",
    "Opened",
    "Withdrawn",
)
SENDS = assumed("answering")["planned_homes"]
"""Share of the authorities that send a list of their own."""


def planned(senders: list[str], date: dt.date, seed: int) -> pd.DataFrame:
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
                    "category": choice(
                        rng, ["Mainstream", "Therapeutic", "Solo"], [0.6, 0.3, 0.1], count
                    ),
                    "stage": choice(rng, STAGES, [1.0] * len(STAGES), count),
                    "opening": np.where(rng.random(count) < 0.3, 0, opening),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def written_day(ordinal: int) -> str:
    """A day as a list has it; blank where none is expected."""
    return dt.date.fromordinal(ordinal).isoformat() if ordinal else ""


def table(homes: pd.DataFrame, date: dt.date) -> Table:
    """A list of these homes."""
    columns = [
        [ofsted_name(code, date) for code in homes["authority_code"]], homes["beds"].tolist(), homes["category"], homes["stage"],
        [written_day(int(day)) for day in homes["opening"]],
    ]  # fmt: skip
    return all_loaded("planned_homes", HEADER, [list(row) for row in zip(*columns, strict=True)])
