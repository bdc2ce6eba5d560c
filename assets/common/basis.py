"""Basis: one mark for everything that something was made from.

Belongs here: how such a mark is made. What goes into it says each stage. Does not belong here:
hashes of bytes that are handed on (`release`, `files`), and keyed ones of what could be guessed
(`resources/pseudonym`): a mark of this kind is no secret, and tells whoever guesses right.

While its basis is the same, what was made stands and is not made again.
"""

from __future__ import annotations

import hashlib

SHORT = 12
"""So many digits are enough to tell versions of our own code and contracts apart."""


def digest(*parts: object) -> str:
    """The mark of these parts, in their order: 64 hexadecimal digits. Bytes count as they are, all
    else as its text.

    Zero bytes stand between the parts, so that what ends one cannot be taken for what begins the
    next.
    """
    pieces = (part if isinstance(part, bytes) else str(part).encode() for part in parts)
    return hashlib.sha256(b"\0".join(pieces)).hexdigest()


def short_digest(*parts: object) -> str:
    """A short mark of the same kind, for versions that people read."""
    return digest(*parts)[:SHORT]
