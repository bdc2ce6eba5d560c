"""Deprivation of liberty orders: which are truly in force, the table of them that authorities send,
and how many children they are of.

Belongs here: the orders, their table of the SSDA903, and what the counts must be.
Does not belong here: the episodes within which they lie (`world/care.py`).

The statutory return has the table from the year 2026 to 2027; the made-up region asks for it from
the end of 2025. Nothing here draws from a stream that another return draws from: an order hangs on
its child's number alone.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.returns.placement_census import identifiers
from made_up.returns.spelling import written_days
from made_up.returns.ssda903 import CareReturns
from made_up.world.areas import Areas
from made_up.world.care import NEVER, Care, draw, years_old
from made_up.writing import Landing, Made, all_loaded, write_truth

HEADER = ["CHILD", "DOB", "DOLO_START", "DOLO_END"]
FIRST = dt.date(2025, 12, 31)
"""The first quarter for which the region asks for the table."""
SHARE, BEGINS_WITHIN, LASTS = 0.06, 60, (60, 300)
"""Share of placements in children's homes with an order; it begins within so many days of them, and
lasts so many.
"""
_LATER = dt.timedelta(minutes=11)


def orders(returns: CareReturns, date: dt.date) -> pd.DataFrame:
    """The orders that the returns of the date tell: `sender`, `child`, `start`, `end` (ordinals;
    NEVER while in force).

    One lies within one episode in a children's home, so that no placement contradicts it; what
    ended before the year is not told.
    """
    homes = returns.rows[
        (returns.rows["place"] == "K2") & returns.rows["sender"].isin(returns.answered)
    ]
    number, day = homes["child"].to_numpy(dtype=np.int64), date.toordinal()
    start = homes["decom"].to_numpy(dtype=np.int64) + np.floor(
        draw(number, 42) * BEGINS_WITHIN
    ).astype(np.int64)
    end = np.minimum(
        start + LASTS[0] + np.floor(draw(number, 43) * LASTS[1]).astype(np.int64),
        homes["dec"].to_numpy(dtype=np.int64),
    )
    end = np.where(end > day, NEVER, end)
    april = dt.date(date.year if date.month > 3 else date.year - 1, 4, 1).toordinal()
    told = (draw(number, 41) < SHARE) & (start < end) & (start <= day) & (end >= april)
    return pd.DataFrame({"sender": homes["sender"], "child": number, "start": start, "end": end})[
        told
    ].reset_index(drop=True)


def send(
    returns: CareReturns,
    care: Care,
    landing: Landing,
    areas: Areas,
    date: dt.date,
    seed: int,
    folders: dict[str, str],
) -> pd.DataFrame:
    """Write the tables of the authorities that have an order to tell, and give the orders that were
    sent.
    """
    if date < FIRST:
        return pd.DataFrame()
    sent = orders(returns, date)
    for sender, rows in sent.groupby("sender", sort=True):
        number = rows["child"].to_numpy(dtype=np.int64)
        born = care.children.loc[number, "born"].to_numpy(dtype=np.int64)
        reference = identifiers(number, areas.region.members[sender], sender, seed)
        end = np.where(
            rows["end"] == NEVER,
            "",
            written_days(np.minimum(rows["end"].to_numpy(dtype=np.int64), date.toordinal())),
        )
        columns = [
            reference.tolist(),
            written_days(born).tolist(),
            written_days(rows["start"].to_numpy(dtype=np.int64)).tolist(),
            end.tolist(),
        ]
        table = all_loaded(
            "ssda903_dolo", HEADER, [list(row) for row in zip(*columns, strict=True)]
        )
        landing.send(
            date,
            folders[str(sender)],
            str(sender),
            f"ssda903 orders {date:%Y-%m}.csv",
            [table],
            returns.received[str(sender)] + _LATER,
        )
    return sent.assign(
        age=years_old(
            care.children.loc[sent["child"], "born"].to_numpy(),
            np.full(len(sent), date.toordinal()),
        )
    )


class OrderTruth:
    """Children under an order, of all census dates."""

    def __init__(self) -> None:
        self._tables: list[pd.DataFrame] = []

    def add(self, sent: pd.DataFrame, date: dt.date) -> None:
        """Work out one date's figures: of those who sent the table, children with an order in
        force.
        """
        if sent.empty:
            return
        day = date.toordinal()
        now = (
            sent[sent["end"] == NEVER]
            .groupby(["sender", "child"])
            .agg(start=("start", "min"), age=("age", "first"))
            .reset_index()
        )
        band = np.select(
            [now["age"] < 10, now["age"] < 13, now["age"] < 16],
            ["Under 10", "10 to 12", "13 to 15"],
            "16 and over",
        )
        now = now.assign(days=day - now["start"], band=band)
        total = now.groupby("sender").agg(children=("child", "size"), mean_days=("days", "mean"))
        total = total.reindex(sorted(sent["sender"].unique())).assign(
            breakdown="total", category="Total"
        )
        ages = (
            now.groupby(["sender", "band"])
            .agg(children=("child", "size"), mean_days=("days", "mean"))
            .reset_index("band")
        )
        ages = ages.rename(columns={"band": "category"}).assign(breakdown="age")
        kinds = total[total["children"] > 0].assign(
            breakdown="provision type", category="Children's home"
        )
        table = pd.concat([total, ages, kinds]).rename_axis("authority_code").reset_index()
        table["children"] = table["children"].fillna(0).astype(int)
        table["mean_days"] = [
            f"{value:.1f}" if value == value else "" for value in table["mean_days"]
        ]
        table.insert(0, "census_date", date.isoformat())
        self._tables.append(
            table[
                ["census_date", "authority_code", "breakdown", "category", "children", "mean_days"]
            ]
        )

    def write(self, made: Made) -> None:
        """Write what the figures must be."""
        if self._tables:
            write_truth(made, "deprivation_of_liberty", pd.concat(self._tables, ignore_index=True))
