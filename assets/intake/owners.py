"""Owners: the plain name of every owner's text in the register, and which plain names are near each other.

Belongs here: taking in the register's names, and proposals for a person to look at.
Does not belong here: what a plain name is, and joining near names, which people decide (`schemas/owners`); no figure rests on a proposal.

It runs where a list of the register is taken in. The same texts give the same rows, in whatever order the lists came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy.engine import Connection

from resources.warehouse import copy_frame
from schemas.owners import plain_name

NEAR = 88
"""Two plain names are proposed where both their likenesses (whole, and without everyday words) are at least this, out of 100."""

EVERYDAY = frozenset({
    "limited", "plc", "llp", "cic", "company", "group", "holdings", "uk", "the", "and", "of", "for", "in", "care", "carehome", "childcare",
    "service", "services", "support", "supported", "home", "homes", "house", "child", "children", "childrens", "residential", "fostering",
    "foster", "living", "accommodation", "housing", "young", "people", "solutions", "health", "healthcare", "education", "community",
    "project", "projects", "trust", "foundation", "society",
})  # fmt: skip
"""Words that many owners' names hold, and that therefore tell little."""

AUTHORITIES = ("council", "borough")
"""Names with these words are authorities': their likeness to each other means nothing."""


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


def take_in_owners(connection: Connection, tables: Mapping[str, pd.DataFrame]) -> None:
    """Bring `raw.owner_name` and `raw.owner_proposal` up to date with the owners' texts of the register's tables just taken in,
    and with the ultimate owners' of Ofsted's list.
    """
    named = ("provider_name", "ultimate_owner")
    texts = sorted({text for rows in tables.values() for name in named if name in rows for text in rows[name].dropna()})
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
