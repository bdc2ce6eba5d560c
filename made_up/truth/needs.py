"""What the figures of children's needs must be, by the CANS assessments that were made up.

Belongs here: that definition once more. Does not belong here: the assessments (`returns/cans.py`).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.returns.cans import answers
from made_up.truth.arithmetic import half_up
from made_up.truth.care import BANDS, CareFigures, banded
from made_up.writing import Made, write_truth
from schemas.cans import items

COUNT = 4
"""So many assessments of a child count, the newest."""


class NeedTruth:
    """What children need by the assessments that were sent, of all census dates."""

    def __init__(self) -> None:
        self._tables: list[pd.DataFrame] = []

    def add(self, sent: pd.DataFrame, cared: CareFigures, date: dt.date) -> None:
        """Work out one date's figures: of each child the four newest assessments."""
        if sent.empty:
            return
        held = sent.sort_values("day").groupby("child").tail(COUNT)
        newest = held.groupby("child")["day"].transform("max") == held["day"]
        children = self._placed(held, cared)
        parts = []
        for layout, rows in held.groupby("layout"):
            told = answers(rows, layout)
            for item in items(layout):
                has = told[item.key].isin(["2", "3", "Yes"]).to_numpy() & (item.kind != "strength")
                now = has & newest[rows.index].to_numpy()
                parts.append(
                    pd.DataFrame(
                        {"child": rows["child"], "item": item.key, "has": has, "now": now}
                    )[has]
                )
        found = (
            pd.concat(parts)
            .groupby(["child", "item"], as_index=False)
            .agg(now=("now", "max"), any=("has", "max"))
        )
        table = pd.concat(
            [
                self._counted(found, children, breakdown)
                for breakdown in ("total", "provision type", "distance band", "age")
            ]
        )
        table.insert(0, "census_date", date.isoformat())
        self._tables.append(table)

    def _placed(self, held: pd.DataFrame, cared: CareFigures) -> pd.DataFrame:
        """Each child assessed with the category of every breakdown; of authorities without an
        SSDA903 it is not known to be looked after.
        """
        about = cared.children.set_index("child")
        about = about.assign(
            **{"age": banded(about["age"].to_numpy(dtype=np.int64), BANDS), "total": "Total"}
        )
        about["provision_type"] = about["provision_type"].where(
            about["provision_type"] != "", "No provider"
        )
        names = {"provision_type": "provision type", "distance_band": "distance band"}
        about = about.rename(columns=names)[["provision type", "distance band", "age"]]
        children = (
            held.drop_duplicates("child")
            .set_index("child")[["sender"]]
            .join(about)
            .fillna("Not looked after")
        )
        return children.assign(total="Total")

    def _counted(self, found: pd.DataFrame, children: pd.DataFrame, breakdown: str) -> pd.DataFrame:
        keys = ["authority_code", "category"]
        placed = children[["sender", breakdown]].set_axis(keys, axis=1)
        whole = placed.groupby(keys).size().rename("children_assessed")
        told = (
            found.join(placed, on="child")
            .groupby([*keys, "item"], as_index=False)
            .agg(children_now=("now", "sum"), children_in_any=("any", "sum"))
        )
        table = told.join(whole, on=keys).assign(breakdown=breakdown)
        table["share"] = [
            half_up(a, b, 6)
            for a, b in zip(table["children_now"], table["children_assessed"], strict=True)
        ]
        return table[
            [
                "authority_code",
                "breakdown",
                "category",
                "item",
                "children_assessed",
                "children_now",
                "children_in_any",
                "share",
            ]
        ]

    def write(self, made: Made) -> None:
        """Write what the figures must be."""
        if self._tables:
            write_truth(made, "needs_by_assessment", pd.concat(self._tables, ignore_index=True))
