"""Exact fives round up, whatever a binary fraction makes of them; ends of intervals round outward."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.publication.disclosure.knowledge import possible_ends
from assets.publication.disclosure.rules import (
    SAFE,
    publish_given,
    publish_interval,
    publish_ratio,
    publish_share,
)
from schemas.rounding import as_decimal, half_up, percent


@pytest.mark.parametrize(
    ("value", "decimals", "printed"),
    [
        ("6.25", 1, "6.3"), ("81.25", 1, "81.3"), ("76.25", 1, "76.3"), ("31.25", 1, "31.3"), ("0.05", 1, "0.1"), ("6.35", 1, "6.4"),
        ("2.675", 2, "2.68"), ("0.5", 0, "1"), ("1.5", 0, "2"), ("2.5", 0, "3"), ("6.24999", 1, "6.2"), ("0", 1, "0.0"), ("-2.5", 0, "-3"),
        ("-0.04", 1, "0.0"), ("99.95", 1, "100.0"),
    ],
)  # fmt: skip
def test_fives_by_hand(value, decimals, printed):
    assert half_up(Decimal(value), decimals) == printed
    assert half_up(as_decimal(float(value)), decimals) == printed


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        (10, 160, "6.3"),
        (65, 80, "81.3"),
        (305, 400, "76.3"),
        (5, 16, "31.3"),
        (1, 3, "33.3"),
        (1, 80, "1.3"),
        (3, 80, "3.8"),
        (1, 2000, "0.1"),
    ],
)
def test_shares_of_published_counts_round_fives_up(part, whole, share):
    assert publish_share(pd.Series([str(part)]), pd.Series([str(whole)])).tolist() == [share]


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_share_is_that_of_exact_fractions(part, whole):
    exact = min(Fraction(100), Fraction(100 * part, whole))
    tenths = (exact * 10 + Fraction(1, 2)).__floor__()
    expected = "low" if part and not tenths else f"{tenths // 10}.{tenths % 10}"
    assert publish_share(pd.Series([str(part)]), pd.Series([str(whole)])).tolist() == [expected]


def test_rates_and_given_figures_round_fives_up():
    rate = publish_ratio([(1, pd.Series(["5", "15"]))], [(1, pd.Series(["4", "8"]))], 1, 1)
    assert rate.tolist() == ["1.3", "1.9"]
    assert publish_given(pd.Series([6.25, 18.05, 2.5, None]), 1).tolist() == [
        "6.3",
        "18.1",
        "2.5",
        "z",
    ]
    assert publish_given(pd.Series([1250.5, 0.5]), 0).tolist() == ["1251", "1"]


def test_percentages_in_print():
    assert (
        percent(1, 8) == "13 %" and percent(Decimal("5"), 200) == "3 %" and percent(0.0, 4) == "0 %"
    )
    assert (
        percent(None, 8) == "not known"
        and percent(3, 0) == "not known"
        and percent(3, None, "") == ""
    )


@pytest.mark.parametrize(
    ("low", "high", "printed"),
    [
        (23, 31, ("20", "35")), (20, 30, ("20", "30")), (0, 3, ("0", "5")), (3, 3, ("0", "5")), (10, 10, ("10", "15")), (9, 10, ("5", "10")),
        (11, 14, ("10", "15")), (None, None, ("", "")),
    ],
)  # fmt: skip
def test_ends_are_rounded_outward_and_never_printed_as_one(low, high, printed):
    ends = publish_interval(pd.Series([low], dtype="float64"), pd.Series([high], dtype="float64"))
    assert tuple(end.iloc[0] for end in ends) == printed


@given(st.integers(0, 200), st.integers(0, 40))
def test_a_printed_interval_holds_what_it_held_and_a_reader_reads_it_right(low, width):
    high = low + width
    ends = pd.concat(publish_interval(pd.Series([low]), pd.Series([high])), axis=1).set_axis(
        ["low", "high"], axis=1
    )
    assert (
        int(ends["low"][0]) <= low <= high <= int(ends["high"][0])
        and ends["low"][0] != ends["high"][0]
    )
    for name, value in (("low", low), ("high", high)):
        least, most = possible_ends(ends, name, SAFE)
        assert least[0] <= value <= most[0]
