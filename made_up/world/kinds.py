"""The kinds of placement in the made-up region, with what is typical of each.

Belongs here: facts and rates by kind; fees and moves are of the size that the authorities' strategies print.
Does not belong here: numbers of children or settings (`world/margins.py`), labels of one return's layout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Kind:
    """One kind of placement.

    Ages in years; `fee` the median in pounds a week and `spread` the standard deviation of its logarithm;
    `leave` and `move` the chances of each in a quarter; `stay` the mean length of a placement in days;
    `inside` the usual share placed in the authority's own area, `beyond` the share of the others placed outside the region.
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

KINDS: tuple[Kind, ...] = (
    Kind(
        "Children's home", "Children's home", ("Children's home", "Childrens home", "Residential children's home"),
        5200, 0.25, (7, 14.5, 18), 0.08, 0.07, 400, 0.33, 0.13,
    ),
    Kind(
        "Secure children's home", "Secure children's home", ("Secure children's home", "Secure home"),
        7600, 0.15, (12, 15, 18), 0.30, 0.20, 90, 0.05, 0.40,
    ),
    Kind(
        "Residential special school", "Residential special school (registered as a children's home)",
        ("Residential special school",), 5600, 0.20, (8, 14, 18), 0.05, 0.02, 800, 0.20, 0.30,
    ),
    Kind(
        "Residential family centre", "Residential family centre", ("Residential family centre", "Family centre"),
        4600, 0.15, (0, 0.4, 2), 0.60, 0.10, 80, 0.20, 0.20,
    ),
    Kind(
        "Supported accommodation", "Supported accommodation", ("Supported accommodation", "SA", "Supported accomodation"),
        1500, 0.35, (16, 17.2, 18), 0.14, 0.08, 250, 0.55, 0.06,
    ),
    Kind(
        "Supported accommodation", "Supported accommodation", ("Supported accommodation",),
        1100, 0.30, (18, 18.8, 22), 0.18, 0.00, 300, 0.60, 0.04,
    ),
    Kind(
        "Independent fostering", "Independent fostering agency", ("Independent fostering agency", "IFA", "Independent fostering"),
        1000, 0.12, (0, 10, 18), 0.05, 0.04, 900, 0.30, 0.10,
    ),
    Kind("In-house fostering", "", ("In-house fostering",), 480, 0.15, (0, 8, 18), 0.06, 0.03, 900, 0.80, 0.05),
    Kind("Other", "", (), 0, 0.0, (0, 7, 18), 0.09, 0.04, 400, 0.84, 0.10),
)  # fmt: skip

FEWER = (SECURE, SCHOOL, FAMILY)
"""Kinds of which a region has a handful of settings."""

PROVISION_TYPES = np.array([kind.provision_type for kind in KINDS], dtype=object)


def lodging_kind(kind: np.ndarray) -> np.ndarray:
    """The kind of setting in which a person of `kind` lives: adults share supported accommodation."""
    return np.where(kind == ADULT, SUPPORTED, kind)
