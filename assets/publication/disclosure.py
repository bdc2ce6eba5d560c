"""The rounding rule: how a count of children or their places may leave the building.

Belongs here: one rule, applied to whole columns. A count of 1 to 7 becomes `c`; any other is rounded to the nearest 5, totals on
their own; a true 0 stays 0. Shares are worked out from the published counts, never from the true ones.
Does not belong here: which columns are counts (`tables`).

Source: the method that NHS Digital has used since 2018 for its quarterly programme.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

CONFIDENTIAL = "c"
NOT_AVAILABLE = "x"
NOT_APPLICABLE = "z"
SYMBOLS = {
    CONFIDENTIAL: "confidential: a small number, or a figure from which one could be worked out",
    NOT_AVAILABLE: "not available: no return was received",
    NOT_APPLICABLE: "not applicable",
    "low": "rounds to 0, but is not 0",
}
SMALLEST_SHOWN = 8
ROUND_TO = 5


def publish_counts(counts: pd.Series) -> pd.Series:
    """Counts as published: text, with `c` for 1 to 7, `x` where missing, else rounded to the nearest 5 (halves up)."""
    values = counts.astype("float64")
    rounded = (np.floor(values / ROUND_TO + 0.5) * ROUND_TO).fillna(0).astype("int64").astype("str")
    small = (values > 0) & (values < SMALLEST_SHOWN)
    return rounded.mask(small, CONFIDENTIAL).mask(values.isna(), NOT_AVAILABLE)


def publish_exact(numbers: pd.Series, missing: str = NOT_APPLICABLE) -> pd.Series:
    """Numbers that are public anyway (homes and places in the register) as text; `missing` where there is none."""
    values = numbers.astype("float64")
    return values.fillna(0).round().astype("int64").astype("str").mask(values.isna(), missing)


def _number(published: pd.Series) -> pd.Series:
    return pd.to_numeric(published, errors="coerce")


def publish_share(part: pd.Series, whole: pd.Series, decimals: int = 1) -> pd.Series:
    """A percentage of two published columns: `c` where either is `c`, `x` where either is not available, `z` where the whole is 0.

    Both being rounded, a part may be published larger than its whole: such a share is shown as 100.
    """
    share = (_number(part) / _number(whole).where(_number(whole) != 0) * 100).clip(upper=100).round(decimals)
    tiny = (_number(part) > 0) & (share == 0)
    shown = share.map(lambda value: f"{value:.{decimals}f}", na_action="ignore").astype("str")
    shown = shown.mask(tiny, "low")
    shown = shown.mask((_number(whole) == 0) | (whole == NOT_APPLICABLE) | (part == NOT_APPLICABLE), NOT_APPLICABLE)
    shown = shown.mask((part == NOT_AVAILABLE) | (whole == NOT_AVAILABLE), NOT_AVAILABLE)
    return shown.mask((part == CONFIDENTIAL) | (whole == CONFIDENTIAL), CONFIDENTIAL)
