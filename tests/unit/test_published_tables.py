"""Tables of a release before any rule: what is 0, what is unknown, and what does not apply."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from assets.publication.programme import PUBLISHED_TABLES, with_selects
from assets.publication.tables import TrueTable, _true_table, print_table

MEMBERS = pd.DataFrame(
    {
        "authority_code": ["1", "2"],
        "authority_gss": ["E1", "E2"],
        "authority_name": ["A", "B"],
        "region_code": "E0",
        "region_name": "N",
    }
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
    rows = {
        tuple(key): tuple(value)
        for key, value in zip(
            printed.iloc[:, :3].to_numpy(), printed[["started", "ceased"]].to_numpy(), strict=True
        )
    }
    assert rows["1", "Total", "Total"] == ("20", "30")
    assert rows["1", "Age at the start", "Under 1"] == ("20", "z")
    assert rows["1", "Age at the end", "16"] == ("z", "30")
    assert rows["1", "Reason for ceasing", "Adopted"] == ("z", "30")
    assert rows["2", "Total", "Total"] == ("x", "x"), "no return"
    assert rows["", "Total", "Total"] == ("20", "30"), "the region is of those that returned"


def test_a_select_that_is_another_tables_too_stands_once():
    written = {
        "first": {"stands": "select 1"},
        "second": {"stands": {"homes": "as in first"}, "unlisted": "select 2"},
    }
    assert with_selects(written)["second"] == {
        "stands": {"homes": "select 1"},
        "unlisted": "select 2",
    }


@pytest.mark.parametrize("named", ["nowhere", "third"])
def test_a_select_as_in_a_table_that_has_none_is_refused(named):
    written = {
        "first": {"stands": f"as in {named}"},
        "second": {"stands": "select 1"},
        "third": {"stands": "as in second"},
    }
    with pytest.raises(ValueError, match=f"`stands` is as in {named}; a table with a select"):
        with_selects(written)


class Two:
    """A warehouse of two authorities: in both stands a children's home, of which only that of
    authority 1 returned; a secure home stands nowhere.
    """

    def frame(self, query: str, **_: object) -> pd.DataFrame:
        if "group by" in query:
            columns = ["authority_code", "provision_type", "origin_band", "children"]
            return pd.DataFrame(
                [("1", "Children's home", "host", 10), ("3", "Secure children's home", "host", 10)],
                columns=columns,
            )
        rows = [("1", "Children's home"), ("2", "Children's home")]
        if "core.authority" in query:  # where there is something to return
            return pd.DataFrame(rows, columns=["authority_code", "provision_type"])
        return pd.DataFrame(
            rows[:1] if "distinct" in query else [], columns=["authority_code", "provision_type"]
        )


def test_where_nothing_stands_no_return_is_missing():
    table = next(t for t in PUBLISHED_TABLES if t.name == "host_authority_origin")
    printed = print_table(_true_table(Two(), dt.date(2025, 12, 31), MEMBERS, table), {})  # type: ignore[arg-type]
    shown = printed.set_index(["authority_code", "provision_type", "origin_band"])["children"]
    assert shown["1", "Children's home", "Placed by the host authority"] == "10"
    assert shown["1", "Children's home", "Elsewhere"] == "0"
    assert shown["2", "Children's home", "Elsewhere"] == "x", "no return came"
    assert shown["2", "Secure children's home", "Total"] == "z", "none was due"
    assert shown["1", "Secure children's home", "Total"] == "z"


def test_a_mean_of_nothing_is_not_applicable_where_a_return_came():
    table = next(t for t in PUBLISHED_TABLES if t.name == "weekly_cost")
    measures = [m.name for m in table.measures]
    keys = pd.DataFrame({"authority_code": ["1", "2"], "provision_type": ["Other"] * 2})
    values = pd.DataFrame(
        [[0.0, *[None] * (len(measures) - 1)], [None] * len(measures)], columns=measures
    ).astype("float64")
    symbols = values.map(lambda _: "x")
    printed = print_table(TrueTable(table, keys, values, symbols), {})
    assert printed[["placements", "mean_weekly_cost"]].to_numpy().tolist() == [
        ["0", "z"],
        ["x", "x"],
    ]
