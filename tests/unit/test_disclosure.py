"""The rounding rule, by hand: 1 to 7 hidden, the rest to the nearest 5, and shares from what is
published alone.
"""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.publication.disclosure.rules import (
    first_symbol,
    publish_counts,
    publish_difference,
    publish_estimates,
    publish_exact,
    publish_interval,
    publish_means,
    publish_share,
)

# Every count from 0 to 100, written out: how many in a row are published as what.
BY_HAND = (
    ["0"] + ["c"] * 7 + ["10"] * 5 + ["15"] * 5 + ["20"] * 5 + ["25"] * 5 + ["30"] * 5 + ["35"] * 5 + ["40"] * 5 + ["45"] * 5 + ["50"] * 5
    + ["55"] * 5 + ["60"] * 5 + ["65"] * 5 + ["70"] * 5 + ["75"] * 5 + ["80"] * 5 + ["85"] * 5 + ["90"] * 5 + ["95"] * 5 + ["100"] * 3
)  # fmt: skip


def test_every_count_from_0_to_100():
    assert len(BY_HAND) == 101
    assert publish_counts(pd.Series(range(101))).tolist() == BY_HAND


@pytest.mark.parametrize(
    ("count", "published"),
    [
        (0, "0"), (1, "c"), (7, "c"), (8, "10"), (12, "10"), (13, "15"), (17, "15"), (18, "20"), (22, "20"), (23, "25"), (1002, "1000"),
        (1003, "1005"),
        (float("nan"), "x"), (None, "x"), (pd.NA, "x"), (0.4, "c"), (7.9, "c"), (12.5, "15"), (10**7 + 2, "10000000"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_count_at_the_edge(count, published):
    assert publish_counts(pd.Series([count], dtype="Float64")).tolist() == [published]


def test_counts_keep_their_index_and_an_empty_column_stays_empty():
    assert publish_counts(pd.Series([3, 30], index=[7, 2])).to_dict() == {7: "c", 2: "30"}
    assert publish_counts(pd.Series([], dtype="float64")).tolist() == []


@given(st.integers(8, 10**6))
def test_a_published_count_is_within_two_of_the_true_one_and_a_multiple_of_five(count):
    published = int(publish_counts(pd.Series([count]))[0])
    assert published % 5 == 0 and abs(published - count) <= 2


def test_numbers_of_the_register_stay_exact():
    assert publish_exact(pd.Series([0, 3, 7, 12, None])).tolist() == ["0", "3", "7", "12", "z"]
    assert publish_exact(pd.Series([None], dtype="float64"), "x").tolist() == ["x"]


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        ("10", "20", "50.0"), ("10", "30", "33.3"), ("20", "30", "66.7"), ("0", "30", "0.0"), ("30", "30", "100.0"), ("35", "30", "100.0"),
        ("c", "30", "c"), ("10", "c", "c"), ("c", "c", "c"), ("c", "x", "c"), ("x", "c", "c"), ("c", "0", "c"), ("c", "z", "c"),
        ("x", "30", "x"), ("10", "x", "x"), ("x", "z", "x"), ("0", "x", "x"),
        ("0", "0", "z"), ("10", "0", "z"), ("z", "30", "z"), ("10", "z", "z"),
        ("10", "30000", "low"), ("20", "30000", "0.1"),
    ],
)  # fmt: skip
def test_a_share_is_worked_out_from_what_is_published(part, whole, share):
    assert publish_share(pd.Series([part]), pd.Series([whole])).tolist() == [share]


def test_a_share_with_other_decimals():
    assert publish_share(pd.Series(["10"]), pd.Series(["30"]), decimals=0).tolist() == ["33"]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=10))
def test_a_share_never_tells_more_than_the_published_counts(pairs):
    """Two true pairs that are published alike have the same share: the true counts cannot be worked
    back from it.
    """
    parts, wholes = (publish_counts(pd.Series([pair[n] for pair in pairs])) for n in (0, 1))
    shares = publish_share(parts, wholes)
    by_published = (
        pd.DataFrame({"part": parts, "whole": wholes, "share": shares})
        .groupby(["part", "whole"])["share"]
        .nunique()
    )
    assert (by_published == 1).all()
    assert (shares[(parts == "c") | (wholes == "c")] == "c").all()


@pytest.mark.parametrize(
    ("low", "high", "printed"),
    [
        (8, 12, ("5", "15")), (10, 15, ("10", "15")), (10, 10, ("10", "15")), (11, 14, ("10", "15")), (0, 0, ("0", "5")),
        (None, None, ("", "")),
    ],
)  # fmt: skip
def test_an_interval_is_rounded_outward_and_its_ends_are_never_alike(low, high, printed):
    ends = publish_interval(pd.Series([low], dtype="float64"), pd.Series([high], dtype="float64"))
    assert tuple(end[0] for end in ends) == printed


@pytest.mark.parametrize(
    ("estimate", "count", "is_partial", "end", "printed"),
    [
        (33, "30", True, None, "35"), (3, "10", True, None, "c"), (None, "10", True, None, "z"),
        (33, "30", False, None, "z"), (33, "c", True, None, "c"), (33, "c", False, None, "z"), (33, "x", True, None, "x"),
        (33, "x", False, None, "z"),
        (33, "30", True, "40", "40"), (33, "30", True, "", "z"), (33, "30", False, "40", "z"), (33, "c", True, "40", "c"),
        (33, "c", True, "", "z"),
    ],
)  # fmt: skip
def test_an_estimate_is_given_where_some_have_not_answered_and_its_count_is_shown(
    estimate, count, is_partial, end, printed
):
    published = publish_estimates(
        pd.Series([estimate], dtype="float64"),
        pd.Series([count]),
        pd.Series([is_partial]),
        end=None if end is None else pd.Series([end]),
    )
    assert published.tolist() == [printed]


@pytest.mark.parametrize(
    ("mean", "placements", "owners", "largest", "printed"),
    [
        (5004, 8, 3, 0.75, "5000"), (5005, 8, 3, 0.75, "5010"), (5004, 7, 3, 0.75, "c"), (5004, 8, 2, 0.75, "c"),
        (5004, 8, 3, 0.76, "c"), (5004, None, 3, 0.5, "c"), (5004, 8, None, 0.5, "c"), (5004, 8, 3, None, "c"), (None, 8, 3, 0.5, "x"),
        (None, 1, 1, 1, "x"),
    ],
)  # fmt: skip
def test_a_mean_of_fees_is_shown_from_enough_placements_and_owners_alone(
    mean, placements, owners, largest, printed
):
    support = (pd.Series([value], dtype="float64") for value in (mean, placements, owners, largest))
    assert publish_means(*support).tolist() == [printed]


@pytest.mark.parametrize(
    ("first", "second", "printed"),
    [("30", "10", "20"), ("10", "30", "-20"), ("30", "c", "c"), ("x", "c", "c"), ("x", "z", "x"), ("z", "10", "z")],
)  # fmt: skip
def test_a_difference_is_of_what_is_published(first, second, printed):
    terms = [(1, pd.Series([first])), (-1, pd.Series([second]))]
    assert publish_difference(terms).tolist() == [printed]
    symbol = first_symbol([column for _, column in terms])
    assert symbol.tolist() == [printed if printed in "cxz" else ""]
