"""The kinds of placement in the made-up region, with what is typical of each.

Belongs here: what a kind is, and its number. Its facts and rates are in `assumptions.toml`. Does
not belong here: numbers of children or settings (`world/margins.py`), labels of one return's
layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from made_up.assumptions import assumed


@dataclass(frozen=True)
class Kind:
    """One kind of placement.

    Ages in years; `fee` the median in pounds a week and `spread` the standard deviation of its
    logarithm; `leave` and `move` the chances of each in a quarter; `stay` the mean length of a
    placement in days; `inside` the usual share placed in the authority's own area, `beyond` the
    share of the others placed outside the region.
    """

    provision_type: str
    ofsted_type: str
    written: tuple[str, ...]
    fee: float
    spread: float
    ages: tuple[float, float, float]
    leave: float
    move: float
    stay: float
    inside: float
    beyond: float


HOME, SECURE, SCHOOL, FAMILY, SUPPORTED, ADULT, AGENCY, OWN, OTHER = range(9)
"""The kinds' numbers. ADULT are young people of 18 and over who live in supported accommodation."""


def _kind(facts: dict[str, Any]) -> Kind:
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()
    }
    return Kind(**given)


KINDS: tuple[Kind, ...] = tuple(_kind(facts) for facts in assumed("kinds").values())
"""In the order of their numbers, which is that of the file."""

FEWER = (SECURE, SCHOOL, FAMILY)
"""Kinds of which a region has a handful of settings."""

PROVISION_TYPES = np.array([kind.provision_type for kind in KINDS], dtype=object)


def lodging_kind(kind: np.ndarray) -> np.ndarray:
    """The kind of setting in which a person of `kind` lives: adults share supported accommodation."""
    return np.where(kind == ADULT, SUPPORTED, kind)
