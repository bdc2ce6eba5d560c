"""What the made-up region assumes of the real one: sizes, shares and chances, each with its source
(`assumptions.toml`).

Belongs here: reading them. Does not belong here: what is counted from them, and the official
margins (`schemas/reference/<region>_margins.csv`), which the region meets exactly.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".toml")


@cache
def _all() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def assumed(about: str) -> dict[str, Any]:
    """What is assumed about one thing, by name.

    Raises:
        ValueError: nobody says where it is from.
    """
    told = dict(_all()[about])
    if not told.pop("source", ""):
        raise ValueError(
            f"{FILE.name}: '{about}' names no source; one sentence was expected: where its figures"
            " are from, or why they were chosen."
        )
    return told


def dealt(shares: dict[str, float]) -> tuple[list[str], list[float]]:
    """What may come, and the share of each."""
    return list(shares), list(shares.values())


def dealt_by_number(shares: dict[str, float]) -> tuple[list[int], list[float]]:
    """The same of whole numbers, which TOML writes as text."""
    return [int(number) for number in shares], list(shares.values())
