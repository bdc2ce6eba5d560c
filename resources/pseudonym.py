"""Pseudonyms: a child's reference becomes a keyed hash, so that one authority's returns join and
nothing else does.

Belongs here: the key (from the environment, else made once and kept in the observatory's home), and
what is hashed with it: children's references, and the fingerprints by which returns are told apart.
A hash without the key could be worked out by whoever guesses what was hashed. Does not belong here:
whether the key is the warehouse's (`assets/warehouse/keys.py`).
"""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from resources.errors import ObservatoryError

if TYPE_CHECKING:
    import pandas as pd

VARIABLE = "OBSERVATORY_PSEUDONYM_KEY"


def find_key(home: Path) -> bytes | None:
    """The key: `OBSERVATORY_PSEUDONYM_KEY`, else the one kept in `home`. None where there is none.

    Raises:
        ObservatoryError: the key is shorter than 16 characters.
    """
    path = home / "pseudonym.key"
    key = os.environ.get(VARIABLE, "")
    if not key and not path.exists():
        return None
    key = key or path.read_text(encoding="ascii").strip()
    if len(key) < 16:
        raise ObservatoryError(
            f"The pseudonym key has {len(key)} characters; at least 16 were expected. Set"
            f" {VARIABLE} to a long random text, and keep it: another key makes other pseudonyms."
        )
    return key.encode("utf-8")


def plain_references(identifiers: pd.Series) -> pd.Series:
    """Identifiers without surrounding spaces and in upper case; leading zeros count. Missing ones
    are blank texts.

    `100234.0` is 100234: so a spreadsheet or a data frame writes a whole number beside a blank.
    """
    import pandas as pd

    codes, distinct = pd.factorize(identifiers.fillna(""))
    plain = (
        pd.Series(distinct, dtype="str")
        .str.strip()
        .str.upper()
        .str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    )
    return plain.take(codes).set_axis(identifiers.index)


def load_key(home: Path) -> bytes:
    """As `find_key`; where there is none, one is made and kept in `home` (readable by its owner
    only).
    """
    key = find_key(home)
    if key is not None:
        return key
    home.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="pseudonym.key.", dir=home)  # readable by its owner only
    new = Path(name)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        # on the disk before anything is hashed with it: a lost key cannot be made again
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(
            new, home / "pseudonym.key"
        )  # the first process to get here wins; the key never changes after
    except FileExistsError:
        pass
    finally:
        new.unlink()
    return load_key(home)


def fingerprint(key: bytes, *parts: object) -> str:
    """A keyed fingerprint of these parts, as 32 hexadecimal digits: equal parts give equal ones,
    and nobody without the key can try out which.
    """
    return hmac.digest(key, "|".join(map(str, parts)).encode("utf-8"), "sha256").hex()[:32]


def child_keys(
    key: bytes,
    authorities: pd.Series,
    identifiers: pd.Series,
    known: dict[str, str] | None = None,
) -> pd.Series:
    """The pseudonym of each child: HMAC-SHA-256 of authority code and identifier, as 32 hexadecimal
    digits.

    Blank identifiers give missing values. Identifiers are compared as `plain_references` has them.
    `known` are pseudonyms worked out before, by this key, and those that are worked out now: the
    same children stand in several tables of a return.
    """
    import pandas as pd

    plain = plain_references(identifiers)
    codes, references = pd.factorize(authorities.fillna("") + "|" + plain)
    known = {} if known is None else known
    digests = []
    for text in references.tolist():
        if (key_of_text := known.get(text)) is None:
            key_of_text = known[text] = hmac.digest(key, text.encode("utf-8"), "sha256").hex()[:32]
        digests.append(key_of_text)
    return (
        pd.Series(digests, dtype="str")
        .reindex(codes)
        .set_axis(identifiers.index)
        .where(plain != "", None)
    )
