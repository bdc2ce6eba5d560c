"""Owners: the plain name of every owner's text in the register, and which plain names are near each
other.

Belongs here: taking in the register's names, and proposals for a person to look at. Does not belong
here: what a plain name is, and joining near names, which people decide (`schemas/owners`); no
figure rests on a proposal.

It runs where a list of the register is taken in, and over those that are held where a home is
brought up. The same texts give the same rows, in whatever order the lists came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy.engine import Connection

from resources.warehouse import copy_frame, physical
from schemas.owners import plain_name
from schemas.returns import return_tables

NAMED = ("provider_name", "ultimate_owner")
"""Columns that name an owner, in the returns whose names begin with one of `NAMED_IN`."""
NAMED_IN = ("register_", "ultimate_owners")

NEAR = 88
"""Two plain names are proposed where both their likenesses (whole, and without everyday words) are
at least this, out of 100.
"""

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
    """Whether the text tells no name: no letter in it (a number or a time that a spreadsheet left),
    or withheld.
    """
    return not re.search(r"[^\W\d_]", text) or text.strip().casefold() in {
        "redacted",
        "nan",
        "none",
        "null",
    }


def proposals(names: Iterable[str]) -> pd.DataFrame:
    """Pairs of plain names that may be one owner: `owner_name`, `near_name` (the later in the
    alphabet), `similarity` from `NEAR` to 100.

    The similarity is the lesser of two: of the whole names, and of what is left of them without
    everyday words and spaces, so that `acorn care limited` is not near `aspen care limited` for the
    words that both hold.
    """
    ordered = sorted(
        {name for name in names if not any(word in AUTHORITIES for word in name.split())}
    )
    lines = [
        # a name of everyday words alone is compared as a whole
        "".join(word for word in name.split() if word not in EVERYDAY) or name.replace(" ", "")
        for name in ordered
    ]
    whole = [name.replace(" ", "") for name in ordered]
    near = [
        process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.uint8)
        for texts in (lines, whole)
    ]
    # each pair once, and no name with itself
    similarity = np.triu(np.minimum(*near), 1) if ordered else np.zeros((0, 0), dtype=np.uint8)
    first, second = np.nonzero(similarity)
    at = np.array(ordered, dtype=object)
    return pd.DataFrame(
        {
            "owner_name": at[first],
            "near_name": at[second],
            "similarity": similarity[first, second].astype(int),
        }
    )


def take_in_owners(connection: Connection, tables: Mapping[str, pd.DataFrame]) -> None:
    """Bring `raw.owner_name` and `raw.owner_proposal` up to date with the owners' texts of the
    register's tables just taken in, and with the ultimate owners' of Ofsted's list.
    """
    _bring_up_to_date(
        connection,
        {
            text
            for rows in tables.values()
            for name in NAMED
            if name in rows
            for text in rows[name].dropna()
        },
    )


def take_in_held_owners(connection: Connection) -> None:
    """As `take_in_owners`, of every list that is held: its file may be gone, and an older program
    may not have known that it names owners, or have had other plain names. Where a name changes,
    every quarter is to be written anew.
    """
    texts: set[str] = set()
    for name, table in return_tables().items():
        for column in (
            c.name for c in table.columns if name.startswith(NAMED_IN) and c.name in NAMED
        ):
            query = physical(
                f"select distinct r.{column} from raw.{name} as r where r.{column} is not null"
            )
            texts.update(connection.exec_driver_sql(query).scalars())
    if _bring_up_to_date(connection, texts):
        # a closed quarter is not written again, and stands as it is
        connection.exec_driver_sql(
            "delete from raw.quarter where census_date not in"
            " (select c.census_date from access.closed_quarter as c)"
        )


def _bring_up_to_date(connection: Connection, named: set[str]) -> bool:
    """Whether a text was new, or has another plain name than was held."""
    texts = sorted(named)
    if not texts:
        return False
    known = {
        row.provider_name: row.owner_name
        for row in connection.execute(
            sa.text("select provider_name, owner_name from raw.owner_name")
        )
    }
    frame = pd.DataFrame(
        {
            "provider_name": texts,
            "owner_name": [plain_name(text) for text in texts],
            "is_damaged": ["true" if is_damaged(text) else "false" for text in texts],
        }
    )
    # nothing new: the proposals cost the square of the names
    if known | dict(zip(frame["provider_name"], frame["owner_name"], strict=True)) == known:
        return False
    connection.execute(
        sa.text("delete from raw.owner_name where provider_name = any(:texts)"), {"texts": texts}
    )
    copy_frame(connection, "raw.owner_name", frame)
    names = connection.execute(
        sa.text("select distinct owner_name from raw.owner_name where is_damaged = 'false'")
    ).scalars()
    connection.execute(sa.text("delete from raw.owner_proposal"))
    copy_frame(connection, "raw.owner_proposal", proposals(names).astype(str))
    return True
