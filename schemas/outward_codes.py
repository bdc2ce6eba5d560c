"""Outward codes (the `SK1` of `SK1 3XE`): in which authority most of each lies, and where
(`reference/outward_codes.csv`).

Belongs here: reading that table. An outward code is no place: nearly half of them lie in several
authorities, so whatever rests on it is approximate and says so. Does not belong here: whole
postcodes (`resources/postcodes.py`).

Source: ONS Postcode Directory, November 2025 (Open Government Licence v3; contains OS data and
Royal Mail data, Crown copyright), live postcodes of England: the authority that has most of an
outward code's postcodes, its share of them, and their mean position.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "reference" / "outward_codes.csv"


@dataclass(frozen=True)
class OutwardCode:
    """The main authority of an outward code with its share of the postcodes (0 to 1), and their
    mean position on the national grid in metres.
    """

    code: str
    authority_code: str
    share: float
    easting: int
    northing: int


@cache
def outward_codes() -> dict[str, OutwardCode]:
    """England's outward codes."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["outward_code"]: OutwardCode(
                row["outward_code"],
                row["authority_code"],
                float(row["authority_share"]),
                int(row["easting"]),
                int(row["northing"]),
            )
            for row in csv.DictReader(file)
        }
