"""Keyed noise for counts of places, and keyed choices: what whoever lacks the warehouse's key
cannot work out again.

Belongs here: keys derived from the warehouse's, the record key of a setting, the cell key of a set
of settings, and the perturbation itself. Does not belong here: which counts are perturbed
(`programme`, `tables`), what a reader can tell of them (`knowledge`).

Cell-key perturbation, as the Office for National Statistics does it: every record has a key of 0 to
255, a cell's key is the sum of its records' modulo 256, and count and cell key together decide the
noise. A record here is a setting that has returned, so the same settings with the same count are
printed alike in every table and edition. Counts go to a multiple of the step: one of the two next
to them, the nearer one more often, so that they are right on average. 0 stays 0, and nothing else
becomes 0, so that no table says that nothing is there when something is.
"""

from __future__ import annotations

import hmac

import numpy as np
import pandas as pd

CELL_KEYS = 256
"""Cell keys go from 0 to one less than this."""


def derived(key: bytes, purpose: str) -> bytes:
    """A key of its own for a purpose: it tells nothing of the warehouse's, from which it is made,
    nor of others.
    """
    return hmac.digest(key, f"the observatory's key for {purpose}".encode(), "sha256")


def record_keys(key: bytes, quantity: str, settings: pd.Series) -> pd.Series:
    """Every setting's record key for a quantity (vacant, unavailable): a number of 0 to 255 that
    only the key's holder can make.
    """
    noise = derived(key, f"noise on {quantity} places")
    return settings.map(
        lambda name: hmac.digest(noise, str(name).encode("utf-8"), "sha256")[0]
    ).astype("int64")


def keyed_fraction(key: bytes, *names: object) -> float:
    """A number from 0 to below 1 that the key draws for what is named, the same whenever it is
    asked.
    """
    # the names are parted, so that no two of them run together into a third
    drawn = hmac.digest(
        derived(key, "what is hidden besides"), "|".join(map(str, names)).encode("utf-8"), "sha256"
    )
    # six bytes are exact in a float
    return int.from_bytes(drawn[:6], "big") / 2**48


def perturbed(counts: pd.Series, cell_keys: pd.Series, step: int) -> pd.Series:
    """Counts as multiples of `step`: up where the cell key lies below the count's part of a step,
    else down; 1 to `step` become `step`.
    """
    values = counts.astype("float64")
    # at a multiple of the step nothing is over, and no key moves it
    over = values % step
    up = cell_keys.astype("float64") < np.floor(CELL_KEYS * over / step)
    return ((values // step + up) * step).mask((values > 0) & (values <= step), step)


def possible_counts(printed: pd.Series, step: int) -> tuple[pd.Series, pd.Series]:
    """The least and greatest count that each perturbed number may stand for, whatever the key."""
    low = (printed - step + 1).mask(printed == step, 1).mask(printed == 0, 0)
    return low, (printed + step - 1).mask(printed == 0, 0)
