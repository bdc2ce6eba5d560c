"""Needs by CANS (Child and Adolescent Needs and Strengths): its items (`reference/cans_items.csv`),
and the items that a header's cells mean.

Belongs here: what an item is called, what its answers say, and matching the cells of a header with
items by their meaning. Does not belong here: the other columns of the workbooks
(`returns/cans_*.toml`), what a child's answers add up to (`assets/intake/deriving`).

Workbooks name items in their own ways: `Planning` is in four modules, distinguished by the module's
heading before it; British and American spellings, brackets, stars and ages behind a name make no
difference.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.headers import header_forms

ITEMS = Path(__file__).parent / "reference" / "cans_items.csv"
NEED, STRENGTH, TRAUMA = "need", "strength", "trauma"
ACTIONABLE = ("2", "3")
"""The scores of a need on which to act."""
YES = "Yes"

_ONE_SPELLING = (
    ("isation", "ization"), ("organise", "organize"), ("behaviour", "behavior"), ("labour", "labor"), ("offence", "offense"),
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One item: its key and title, the layouts that have it, the key of its module's heading, what
    it tells (`kind`), of whom (`who`).

    `answers` are "score" (0 to 3) or "yes or no"; `called` are all names that workbooks give it.
    """

    key: str
    title: str
    layouts: tuple[str, ...]
    module: str
    kind: str
    who: str
    answers: str
    called: tuple[str, ...]


@cache
def items(layout: str) -> tuple[Item, ...]:
    """The items of a layout (`6_21` or `0_5`), in the order of its workbook."""
    with ITEMS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if layout in row["layouts"].split("|")]
    return tuple(
        Item(
            row["item"], row["item_title"], tuple(row["layouts"].split("|")), row["module"], row["item_kind"], row["item_of"], row["answers"],
            tuple(filter(None, (row["item_title"], row["plain"], *row["spellings"].split("|")))),
        )
        for row in rows
    )  # fmt: skip


def meaning_key(key: str) -> str:
    """The form in which two keys of headers mean the same: one spelling of English."""
    for british, american in _ONE_SPELLING:
        key = key.replace(british, american)
    return key


@cache
def _by_meaning(layout: str) -> Mapping[str, tuple[Item, ...]]:
    by_meaning: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in items(layout):
        for name in (*item.called, *(name.replace("&", "and") for name in item.called)):
            forms = header_forms(name)
            for key in forms if not item.module else forms[:1]:
                by_meaning[meaning_key(key)][item.key] = item
    return {key: tuple(named.values()) for key, named in by_meaning.items()}


def match_items(
    layout: str, forms: Sequence[Sequence[str]], known: Mapping[int, str]
) -> dict[str, int]:
    """Items that the cells of a header mean, by key, with their places, but for those `known`
    already by place.

    `forms` are the keys of each cell, the fullest first. Of items of one name the one of the module
    counts whose heading or item came last, else the first without a module that has not been named.
    """
    by_key = {item.key: item for item in items(layout)}
    taken, places, module = set(known.values()), dict[str, int](), ""
    for place, keys in enumerate(forms):
        item = by_key.get(known.get(place, ""))
        if item is None and place not in known:
            item = _meant(layout, keys, taken, module)
            if item:
                taken.add(item.key)
                places[item.key] = place
        if item:
            heads = any(other.module == item.key for other in by_key.values())
            module = item.key if heads else item.module
    return places


def _meant(layout: str, keys: Sequence[str], taken: set[str], module: str) -> Item | None:
    for key in keys:
        free = [
            item for item in _by_meaning(layout).get(meaning_key(key), ()) if item.key not in taken
        ]
        here = (
            [item for item in free if item.module == module]
            or [item for item in free if not item.module]
            or free
        )
        if len(here) == 1:
            return here[0]
    return None
