"""The rules under which a figure may leave the building, each applied to whole columns.

Belongs here: the rules alone. A count below the smallest shown becomes `c`, any other is rounded,
totals on their own; a true 0 stays 0. Shares, rates and differences are worked out from the
published counts, never from the true ones. What the repair hides besides is `c` as well, and so is
every statistic that rests on what is hidden. Does not belong here: which columns are under which
rule (`programme`), what more must be hidden (`suppression`).

Source: the method that NHS Digital has used since 2018 for its quarterly programme.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import numpy as np
import pandas as pd

from schemas.regions import DisclosureMethod
from schemas.rounding import as_decimal, half_up

CONFIDENTIAL = "c"
NOT_AVAILABLE = "x"
NOT_APPLICABLE = "z"
LOW = "low"
SYMBOLS = {
    CONFIDENTIAL: "confidential: a small number, or a figure from which one could be worked out",
    NOT_AVAILABLE: "not available: no return was received",
    NOT_APPLICABLE: "not applicable, or not to be worked out from the returns that came",
    LOW: "rounds to 0, but is not 0",
}
SAFE = DisclosureMethod()
MOVED_TOO_LITTLE = 2
"""A count that has moved by no more children than this between two editions has no new mean: twice
a mean times its count gives a fee.
"""


def _whole_numbers(values: pd.Series) -> pd.Series:
    # whole numbers have no blank: whoever asks masks what was one
    return values.fillna(0).astype("int64").astype("str")


def publish_counts(
    counts: pd.Series, method: DisclosureMethod = SAFE, missing: str | pd.Series = NOT_AVAILABLE
) -> pd.Series:
    """Counts as published: text, with `c` for small ones, `missing` where unknown, else rounded to
    the nearest 5 (halves up).
    """
    values = counts.astype("float64")
    # not `round`, which takes halves to the even number
    rounded = np.floor(values / method.round_to + 0.5) * method.round_to
    small = (values > 0) & (values < method.smallest_count_shown)
    return _whole_numbers(rounded).mask(small, CONFIDENTIAL).mask(values.isna(), missing)


def publish_exact(numbers: pd.Series, missing: str | pd.Series = NOT_APPLICABLE) -> pd.Series:
    """Numbers that are public anyway (homes and places in the register) as text; `missing` where
    there is none.
    """
    values = numbers.astype("float64")
    return _whole_numbers(values.round()).mask(values.isna(), missing)


def publish_given(
    numbers: pd.Series, decimals: int, missing: str | pd.Series = NOT_APPLICABLE
) -> pd.Series:
    """Public figures that do not add up (shares of the register) as text with their decimals;
    `missing` where there is none.
    """
    return _printed(numbers.astype("float64"), decimals).mask(numbers.isna(), missing)


def number(published: pd.Series) -> pd.Series:
    """Published text as numbers; blank where it is a symbol."""
    return pd.to_numeric(published, errors="coerce")


def first_symbol(columns: list[pd.Series]) -> pd.Series:
    """The symbol of a figure worked out of published columns, row by row: `c` where any is, else
    `x`, else `z`; blank where all are numbers.
    """
    symbol = np.full(len(columns[0]), "", dtype=object)
    texts = [column.to_numpy(dtype=object) for column in columns]
    # the last one found stays, so the symbol that goes before the others is looked for last
    for mark in (NOT_APPLICABLE, NOT_AVAILABLE, CONFIDENTIAL):
        for text in texts:
            symbol[text == mark] = mark
    return pd.Series(symbol, index=columns[0].index, dtype="str")


def hidden_with(shown: pd.Series, counts: list[pd.Series]) -> pd.Series:
    """A statistic that cannot be worked out of what is published: `c` wherever one of the counts
    that it rests on is, whatever it is itself, for its figure says that they are many and a symbol
    that they are none.
    """
    for count in counts:
        shown = shown.mask(count == CONFIDENTIAL, CONFIDENTIAL)
    return shown


def signed_sum(columns: list[tuple[int, pd.Series]]) -> pd.Series:
    """The sum of published columns with their signs, as numbers; blank where any is a symbol."""
    total = pd.Series(0.0, index=columns[0][1].index)
    for sign, column in columns:
        total = total + sign * number(column)
    return total


def _printed(values: pd.Series, decimals: int) -> pd.Series:
    """Numbers or decimals as text, exact fives rounded up; blank stays blank."""
    return values.map(
        lambda value: half_up(as_decimal(value), decimals), na_action="ignore"
    ).astype("str")


@lru_cache(maxsize=1 << 16)
def _quotient(part: float, whole: float, times: float, decimals: int, most: float) -> str:
    """`times` part by whole in print, at most `most`: divided as decimals, so that an exact five is
    one. Both being rounded, the same two come again and again.
    """
    return half_up(
        min(as_decimal(part) * as_decimal(times) / as_decimal(whole), as_decimal(most)), decimals
    )


def publish_share(part: pd.Series, whole: pd.Series, decimals: int = 1) -> pd.Series:
    """A percentage of two published columns: `c` where either is `c`, `x` where either is not
    available, `z` where the whole is 0.
    """
    return publish_ratio([(1, part)], [(1, whole)], 100, decimals, most=100)


def publish_ratio(
    part: list[tuple[int, pd.Series]],
    whole: list[tuple[int, pd.Series]],
    times: float,
    decimals: int,
    most: float = float("inf"),
) -> pd.Series:
    """`times` part by whole, row by row, each a signed sum of published columns. Both being rounded,
    a part may be published larger than its whole, or a difference below 0: shown as `most` and 0.
    `low` where it rounds to 0 but is not 0.
    """
    upper, lower = signed_sum(part).clip(lower=0), signed_sum(whole)
    a, b = upper.to_numpy(), lower.to_numpy()
    there = ~np.isnan(a) & (b > 0)
    shown = np.full(len(a), "", dtype=object)
    both = zip(a[there].tolist(), b[there].tolist(), strict=True)
    shown[there] = [_quotient(*pair, times, decimals, most) for pair in both]
    shown[(a > 0) & (shown == half_up(Decimal(0), decimals))] = LOW
    shown[b <= 0] = NOT_APPLICABLE
    symbol = first_symbol([column for _, column in (*part, *whole)]).to_numpy(dtype=object)
    return pd.Series(np.where(symbol != "", symbol, shown), index=upper.index, dtype="str")


def publish_difference(terms: list[tuple[int, pd.Series]]) -> pd.Series:
    """A difference of published counts: the symbol of any that is one."""
    symbol = first_symbol([column for _, column in terms])
    return _whole_numbers(signed_sum(terms)).mask(symbol != "", symbol)


def publish_interval(
    low: pd.Series, high: pd.Series, method: DisclosureMethod = SAFE
) -> tuple[pd.Series, pd.Series]:
    """Both ends of an interval, rounded outward, the low one down and the high one up, so that it
    holds what it held before; an interval whose ends would be printed as one has its high end
    raised. Blank is empty text.
    """
    step = method.round_to
    down, up = (
        np.floor(low.astype("float64") / step) * step,
        np.ceil(high.astype("float64") / step) * step,
    )
    # an interval of one number would be the figure that it is there to surround
    up = up.mask(up <= down, down + step)
    return _whole_numbers(down).mask(down.isna(), ""), _whole_numbers(up).mask(up.isna(), "")


def publish_estimates(
    estimates: pd.Series,
    count: pd.Series,
    is_partial: pd.Series,
    method: DisclosureMethod = SAFE,
    end: pd.Series | None = None,
) -> pd.Series:
    """Estimates for the whole, rounded like counts: only where part of the supply has not answered
    (at full coverage the estimate is the count), and `c` where the published `count` beside it is.
    `end` is what is printed instead where it is one end of an interval.
    """
    printed = (
        publish_counts(estimates, method, NOT_APPLICABLE)
        if end is None
        else end.mask(end == "", NOT_APPLICABLE)
    )
    published = printed.where(is_partial, NOT_APPLICABLE)
    return published.mask(
        (count == CONFIDENTIAL) & (published != NOT_APPLICABLE), CONFIDENTIAL
    ).mask((count == NOT_AVAILABLE) & is_partial, NOT_AVAILABLE)


def publish_means(
    means: pd.Series,
    placements: pd.Series,
    owner_groups: pd.Series,
    largest_share: pd.Series,
    method: DisclosureMethod = SAFE,
) -> pd.Series:
    """Means and deciles of fees, in whole tens of pounds: `c` unless they rest on enough placements
    and owner groups, none of which has too much of the spend. Blank supports are taken as not
    enough; a blank mean is `x` where there is nothing to hide.
    """
    values = means.astype("float64")
    enough = (
        (placements.astype("float64") >= method.placements_for_a_mean)
        & (owner_groups.astype("float64") >= method.owner_groups_for_a_mean)
        & (largest_share.astype("float64") <= method.largest_share_of_spend)
    )
    # halves go up: numpy's own rounding would take every other one down
    rounded = np.floor(values / method.round_money_to + 0.5) * method.round_money_to
    return (
        _whole_numbers(rounded)
        .mask(values.notna() & ~enough, CONFIDENTIAL)
        .mask(values.isna(), NOT_AVAILABLE)
    )
