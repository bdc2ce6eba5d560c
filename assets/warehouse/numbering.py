"""Numbering: how a submission, and the bytes of a file, are known in the warehouse: by hashes that
are made with the key.

Belongs here: nothing else. A hash without the key would tell whoever guesses a small return that
the guess is right.
"""

from __future__ import annotations

import datetime as dt

from resources.pseudonym import fingerprint


def submission_id(key: bytes, census_date: dt.date, sender: str, content_hash: str) -> str:
    """The number of a submission: 16 hexadecimal digits of census date, sender and the hash of its
    content, made with the key.
    """
    return fingerprint(key, "submission", census_date.isoformat(), sender, content_hash)[:16]


def content_mark(key: bytes, content_hash: str) -> str:
    """How the warehouse knows a file's bytes: their hash, made anew with the key."""
    return fingerprint(key, "content", content_hash)
