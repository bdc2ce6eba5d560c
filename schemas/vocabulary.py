"""Our words beside those of the national Placements Standard (`reference/standard_vocabulary.csv`):
which of its concepts each label stands for.

Belongs here: reading that table, and writing concepts out as addresses. Does not belong here: the
standard's own options, which are code sets (`codes/*.csv`, column `concept`).

A match is given from our side, in SKOS's words: `exact`; `broad`, where the standard's concept
holds more than ours; `narrow`, where it holds less; `close`, where it is not quite the same thing;
`none`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "reference" / "standard_vocabulary.csv"
MATCHES = ("exact", "broad", "narrow", "close", "none")

NAMESPACE = "https://ns.socialcaredata.io/placements/"
SCHEMES = {
    "pl": "", "cln": "cultural-need#", "cn": "communication-need#", "la": "living-arrangement#", "olr": "outof-la-reason#",
    "pa": "pets-allowance#", "pt": "placement-type#", "pu": "placement-urgency#", "rl": "risk-level#", "sl": "suitability-level#",
    "st": "support-type#", "yns": "presence-status#",
}  # fmt: skip
"""The standard's vocabularies by their prefix."""


@dataclass(frozen=True)
class Match:
    """One of our labels (blank: the column itself) and the standard's concept."""

    column: str
    label: str
    match: str
    concept: str
    note: str


def address(concept: str) -> str:
    """A concept's whole address: `pt:Foster` is
    `https://ns.socialcaredata.io/placements/placement-type#Foster`.
    """
    prefix, _, name = concept.partition(":")
    return f"{NAMESPACE}{SCHEMES[prefix]}{name}"


@cache
def matches() -> tuple[Match, ...]:
    """All of them, column by column."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Match(r["column_name"], r["label"], r["match"], r["concept"], r["note"])
            for r in csv.DictReader(file)
        )


@cache
def concepts_of(column: str) -> dict[str, Match]:
    """The matches of a column's labels."""
    return {match.label: match for match in matches() if match.column == column and match.label}
