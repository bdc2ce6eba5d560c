"""Exact fives round up, whatever a binary fraction makes of them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.publication.disclosure import publish_given, publish_ratio, publish_share
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
    [(10, 160, "6.3"), (65, 80, "81.3"), (305, 400, "76.3"), (5, 16, "31.3"), (1, 3, "33.3"), (1, 80, "1.3"), (3, 80, "3.8"), (1, 2000, "0.1")],
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
    assert publish_given(pd.Series([6.25, 18.05, 2.5, None]), 1).tolist() == ["6.3", "18.1", "2.5", "z"]
    assert publish_given(pd.Series([1250.5, 0.5]), 0).tolist() == ["1251", "1"]


def test_percentages_in_print():
    assert percent(1, 8) == "13 %" and percent(Decimal("5"), 200) == "3 %" and percent(0.0, 4) == "0 %"
    assert percent(None, 8) == "not known" and percent(3, 0) == "not known" and percent(3, None, "") == ""
