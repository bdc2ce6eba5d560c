"""Tables of a release before any rule: what is 0, what is unknown, and what does not apply."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from assets.publication.programme import PUBLISHED_TABLES
from assets.publication.tables import _true_table, print_table

MEMBERS = pd.DataFrame(
    {"authority_code": ["1", "2"], "authority_gss": ["E1", "E2"], "authority_name": ["A", "B"], "region_code": "E0", "region_name": "N"}
)
FIGURES = pd.DataFrame(
    [
        ("1", "total", "Total", 20, 30, 1000), ("1", "age at start", "Under 1", 20, None, None), ("1", "age at end", "16", None, 30, None),
        ("1", "reason", "Adopted", None, 30, None),
    ],
    columns=["authority_code", "breakdown", "category", "started", "ceased", "people"],
)  # fmt: skip


class Held:
    """A warehouse that holds the flows of authority 1."""

    def frame(self, query: str, **_: object) -> pd.DataFrame:
        return FIGURES.copy() if "group by" in query else pd.DataFrame({"authority_code": ["1"]})


def test_a_measure_that_applies_to_some_categories_is_not_applicable_elsewhere():
    table = next(t for t in PUBLISHED_TABLES if t.name == "care_flows")
    printed = print_table(_true_table(Held(), dt.date(2025, 12, 31), MEMBERS, table), {})  # type: ignore[arg-type]
    rows = {tuple(key): tuple(value) for key, value in zip(printed.iloc[:, :3].to_numpy(), printed[["started", "ceased"]].to_numpy(), strict=True)}
    assert rows["1", "Total", "Total"] == ("20", "30")
    assert rows["1", "Age at the start", "Under 1"] == ("20", "z")
    assert rows["1", "Age at the end", "16"] == ("z", "30")
    assert rows["1", "Reason for ceasing", "Adopted"] == ("z", "30")
    assert rows["2", "Total", "Total"] == ("x", "x"), "no return"
    assert rows["", "Total", "Total"] == ("20", "30"), "the region is of those that returned"
