"""Needs by CANS: the assessments that some authorities send, in both layouts.

Belongs here: which children were assessed when, what was found, and the tables. Does not belong
here: the children and where they live (`world/care.py`), and figures (`truth/needs.py`).

A child's assessments hang on its number alone: nothing here draws from a stream that another return
draws from.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from made_up.drawing import stream
from made_up.returns.placement_census import identifiers
from made_up.returns.spelling import written_days
from made_up.world.areas import Areas
from made_up.world.care import Care, draw, years_old
from made_up.writing import Landing, all_loaded, received_on
from schemas.cans import items

FIRST = dt.date(2025, 12, 31)
"""The first quarter for which the region asks for assessments."""
SENDS, ASSESSED, EVERY, KEPT_FOR = 0.4, 0.2, 150, 900
"""Share of authorities that send assessments, and of their children who are assessed; one every so
many days, kept for so many.
"""
NEED, TRAUMA, STRENGTH = 0.08, 0.2, 0.3
"""How often an item says 2 or 3, or Yes."""
SEVERAL = 100
"""More assessments than a child has: items are told apart by it."""
BEFORE = {
    "6_21": [
        "Assessment Date",
        "Youth Unique ID",
        "Youth Last Name",
        "Youth First Name",
        "DOB",
        "Assessment Type",
    ],
    "0_5": [
        "Assessment Date",
        "Child Unique ID",
        "Child Last Name",
        "Child First Name",
        "DOB",
        "Assessment Type",
    ],
}


def assessments(care: Care, areas: Areas, date: dt.date, seed: int) -> pd.DataFrame:
    """Every assessment that is kept: `sender`, `child`, `nth`, `day`, `born`, `layout`, the oldest
    of a child first.
    """
    now = care.now
    sender = areas.codes_on(date)[now["origin"].to_numpy()]
    sends = {code: stream(seed, "CANS", code).random() < SENDS for code in sorted(set(sender))}
    number = now["child"].to_numpy(dtype=np.int64)
    some = now[np.array([sends[code] for code in sender]) & (draw(number, 60) < ASSESSED)]
    sender, number = (
        areas.codes_on(date)[some["origin"].to_numpy()],
        some["child"].to_numpy(dtype=np.int64),
    )
    born = care.children.loc[number, "born"].to_numpy(dtype=np.int64)
    first = (
        some["period_since"].to_numpy(dtype=np.int64)
        + 20
        + np.floor(draw(number, 61) * 60).astype(np.int64)
    )
    rows = []
    for nth in range(int(max((date.toordinal() - first).max(initial=0), 0)) // EVERY + 1):
        day = first + nth * EVERY
        held = (day <= date.toordinal()) & (day > date.toordinal() - KEPT_FOR)
        rows.append(
            pd.DataFrame(
                {
                    "sender": sender[held],
                    "child": number[held],
                    "nth": nth,
                    "day": day[held],
                    "born": born[held],
                }
            )
        )
    table = pd.concat(rows, ignore_index=True).sort_values(
        ["sender", "child", "nth"], kind="stable", ignore_index=True
    )
    young = (
        years_old(table["born"].to_numpy(dtype=np.int64), table["day"].to_numpy(dtype=np.int64)) < 6
    )
    return table.assign(layout=np.where(young, "0_5", "6_21"))


def answers(rows: pd.DataFrame, layout: str) -> pd.DataFrame:
    """The answers of assessments, one column an item."""
    seed = (
        rows["child"].to_numpy(dtype=np.int64) * SEVERAL
        + rows["nth"].to_numpy(dtype=np.int64) % SEVERAL
    )
    given = {}
    for place, item in enumerate(items(layout)):
        chance = draw(seed, 1000 + place)
        if item.answers == "yes or no":
            given[item.key] = np.where(chance < TRAUMA, "Yes", "No")
        else:
            often = STRENGTH if item.kind == "strength" else NEED
            given[item.key] = np.select(
                [chance < often / 3, chance < often, chance < 0.5, chance > 0.97],
                ["3", "2", "1", ""],
                "0",
            )
    return pd.DataFrame(given, index=rows.index)


def send(
    care: Care, landing: Landing, areas: Areas, date: dt.date, seed: int, folders: dict[str, str]
) -> pd.DataFrame:
    """Write the workbooks of the authorities that send them, and give the assessments that were
    sent.
    """
    if date < FIRST:
        return pd.DataFrame()
    sent = assessments(care, areas, date, seed)
    senders = sorted(sent["sender"].unique())
    received = dict(
        zip(
            senders,
            received_on(date, stream(seed, "CANS", date.isoformat()), len(senders)),
            strict=True,
        )
    )
    for (sender, layout), rows in sent.groupby(["sender", "layout"], sort=True):
        reference = identifiers(
            rows["child"].to_numpy(dtype=np.int64), areas.region.members[sender], sender, seed
        )
        kind = np.where(rows["nth"] == 0, "Initial", "Follow-up / Reassessment")
        first: list[Any] = [
            written_days(rows["day"].to_numpy(dtype=np.int64)),
            reference,
            "Canary",
            "Robin",
            written_days(rows["born"].to_numpy(dtype=np.int64)),
            kind,
        ]
        columns = [
            [value] * len(rows) if isinstance(value, str) else value.tolist() for value in first
        ]
        columns += answers(rows, layout).to_numpy().T.tolist()
        header = [*BEFORE[layout], *(item.title for item in items(layout))]
        table = all_loaded(
            f"cans_{layout}", header, [list(row) for row in zip(*columns, strict=True)]
        )
        landing.send(
            date,
            folders[sender],
            sender,
            f"assessments {layout} {date:%Y-%m}.csv",
            [table],
            received[sender],
        )
    return sent
