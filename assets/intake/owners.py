"""Owners: the plain name of every owner's text in the register, and which plain names are near each other.

Belongs here: what makes two texts one owner without asking anybody (the plain name), and proposals for a person to look at.
Does not belong here: joining near names. That is decided by people, in `schemas/reference/owner_groups.csv`; no figure rests on a proposal.

It runs where a list of the register is taken in. The same texts give the same rows, in whatever order the lists came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy.engine import Connection

from resources.warehouse import copy_frame

DECISIONS = Path(__file__).resolve().parents[2] / "schemas" / "reference" / "owner_groups.csv"

NEAR = 88
"""Two plain names are proposed where both their likenesses (whole, and without everyday words) are at least this, out of 100."""

SPELLINGS = {"ltd": "limited", "&": "and"}

EVERYDAY = frozenset({
    "limited", "plc", "llp", "cic", "company", "group", "holdings", "uk", "the", "and", "of", "for", "in", "care", "carehome", "childcare",
    "service", "services", "support", "supported", "home", "homes", "house", "child", "children", "childrens", "residential", "fostering",
    "foster", "living", "accommodation", "housing", "young", "people", "solutions", "health", "healthcare", "education", "community",
    "project", "projects", "trust", "foundation", "society",
})  # fmt: skip
"""Words that many owners' names hold, and that therefore tell little."""

AUTHORITIES = ("council", "borough")
"""Names with these words are authorities': their likeness to each other means nothing."""


def plain_name(text: str) -> str:
    """An owner's text without what varies in writing it: case, punctuation, apostrophes, spaces, Ltd for Limited, & for and.

    `K&G Care Ltd ` and `K & G CARE LIMITED` are both `k and g care limited`.
    """
    words = re.sub(r"['\u2018\u2019`]", "", text.casefold()).replace("&", " & ")
    words = re.sub(r"(?<=\d)(ltd|limited)\b", r" \1", words)  # `16+ltd`
    return " ".join(SPELLINGS.get(word, word) for word in re.findall(r"[^\W_]+|&", words))


def is_damaged(text: str) -> bool:
    """Whether the text tells no name: no letter in it (a number or a time that a spreadsheet left), or withheld."""
    return not re.search(r"[^\W\d_]", text) or text.strip().casefold() in {"redacted", "nan", "none", "null"}


def proposals(names: Iterable[str]) -> pd.DataFrame:
    """Pairs of plain names that may be one owner: `owner_name`, `near_name` (the later in the alphabet), `similarity` from `NEAR` to 100.

    The similarity is the lesser of two: of the whole names, and of what is left of them without everyday words and spaces, so that
    `acorn care limited` is not near `aspen care limited` for the words that both hold.
    """
    ordered = sorted({name for name in names if not any(word in AUTHORITIES for word in name.split())})
    told = ["".join(word for word in name.split() if word not in EVERYDAY) or name.replace(" ", "") for name in ordered]
    whole = [name.replace(" ", "") for name in ordered]
    found = [process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.uint8) for texts in (told, whole)]
    similarity = np.triu(np.minimum(*found), 1) if ordered else np.zeros((0, 0), dtype=np.uint8)
    first, second = np.nonzero(similarity)
    at = np.array(ordered, dtype=object)
    return pd.DataFrame({"owner_name": at[first], "near_name": at[second], "similarity": similarity[first, second].astype(int)})


def decisions(path: Path = DECISIONS) -> pd.DataFrame:
    """What people have decided: `owner_name` belongs to `owner_group` (decision `same`) or does not (`different`), names made plain.

    Raises:
        ValueError: a decision is neither, a name is in two groups, or a group's own name is itself moved to another.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table["owner_name"], table["owner_group"] = table["owner_name"].map(plain_name), table["owner_group"].map(plain_name)
    table = table.drop_duplicates(["owner_name", "owner_group", "decision"])
    unknown = sorted(set(table["decision"]) - {"same", "different"})
    if unknown:
        raise ValueError(f"{path.name}: the decision '{unknown[0]}' is not known; `same` or `different` was expected. Correct it.")
    same = table[table["decision"] == "same"]
    twice = sorted(same.loc[same["owner_name"].duplicated(), "owner_name"])
    if twice:
        raise ValueError(f"{path.name}: '{twice[0]}' is put into two owner groups; one was expected. Keep the line that is right.")
    chained = sorted(set(same["owner_group"]) & set(same["owner_name"]))
    if chained:
        raise ValueError(f"{path.name}: '{chained[0]}' is a group and is itself moved to another one. Name the last group in both lines.")
    both = table[table.duplicated(["owner_name", "owner_group"])]
    if not both.empty:
        raise ValueError(f"{path.name}: '{both['owner_name'].iloc[0]}' is said to be the same and different. Keep the line that is right.")
    return table


def take_in_owners(connection: Connection, tables: Mapping[str, pd.DataFrame]) -> None:
    """Bring `raw.owner_name` and `raw.owner_proposal` up to date with the owners' texts of the register's tables just taken in."""
    texts = sorted({text for rows in tables.values() if "provider_name" in rows for text in rows["provider_name"].dropna()})
    if not texts:
        return
    known = {row.provider_name: row.owner_name for row in connection.execute(sa.text("select provider_name, owner_name from raw.owner_name"))}
    frame = pd.DataFrame(
        {
            "provider_name": texts,
            "owner_name": [plain_name(text) for text in texts],
            "is_damaged": ["true" if is_damaged(text) else "false" for text in texts],
        }
    )
    if known | dict(zip(frame["provider_name"], frame["owner_name"], strict=True)) == known:
        return
    connection.execute(sa.text("delete from raw.owner_name where provider_name = any(:texts)"), {"texts": texts})
    copy_frame(connection, "raw.owner_name", frame)
    names = connection.execute(sa.text("select distinct owner_name from raw.owner_name where is_damaged = 'false'")).scalars()
    connection.execute(sa.text("delete from raw.owner_proposal"))
    copy_frame(connection, "raw.owner_proposal", proposals(names).astype(str))
