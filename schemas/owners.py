"""Owners: the plain name of an owner's text in the register, and which names people have decided
are one owner.

Belongs here: what makes two texts one owner without asking anybody, and reading
`reference/owner_groups.csv`. Does not belong here: which plain names are near each other
(`assets/intake/owners`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

DECISIONS = Path(__file__).with_name("reference") / "owner_groups.csv"

SPELLINGS = {"ltd": "limited", "&": "and"}


def plain_name(text: str) -> str:
    """An owner's text without what varies in writing it: case, punctuation, apostrophes, spaces,
    Ltd for Limited, & for and.

    `K&G Care Ltd ` and `K & G CARE LIMITED` are both `k and g care limited`.
    """
    words = re.sub(r"['\u2018\u2019`]", "", text.casefold()).replace("&", " & ")
    words = re.sub(r"(?<=\d)(ltd|limited)\b", r" \1", words)  # `16+ltd`
    return " ".join(SPELLINGS.get(word, word) for word in re.findall(r"[^\W_]+|&", words))


def decisions(path: Path = DECISIONS) -> pd.DataFrame:
    """What people have decided: `owner_name` belongs to `owner_group` (decision `same`) or does not
    (`different`), names made plain.

    Raises:
        ValueError: a decision is neither, a name is in two groups, or a group's own name is itself
            moved to another.
    """
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table["owner_name"], table["owner_group"] = (
        table["owner_name"].map(plain_name),
        table["owner_group"].map(plain_name),
    )
    table = table.drop_duplicates(["owner_name", "owner_group", "decision"])
    unknown = sorted(set(table["decision"]) - {"same", "different"})
    if unknown:
        raise ValueError(
            f"{path.name}: the decision '{unknown[0]}' is not known; `same` or `different` was"
            " expected. Correct it."
        )
    same = table[table["decision"] == "same"]
    twice = sorted(same.loc[same["owner_name"].duplicated(), "owner_name"])
    if twice:
        raise ValueError(
            f"{path.name}: '{twice[0]}' is put into two owner groups; one was expected. Keep the"
            " line that is right."
        )
    chained = sorted(set(same["owner_group"]) & set(same["owner_name"]))
    if chained:
        raise ValueError(
            f"{path.name}: '{chained[0]}' is a group and is itself moved to another one. Name the"
            " last group in both lines."
        )
    both = table[table.duplicated(["owner_name", "owner_group"])]
    if not both.empty:
        raise ValueError(
            f"{path.name}: '{both['owner_name'].iloc[0]}' is said to be the same and different."
            " Keep the line that is right."
        )
    return table
