"""Comparing headers: when two header cells are the same.

Belongs here: the form in which header cells are compared. Does not belong here: which header is
which column (`returns.py`, `cans.py`).
"""

from __future__ import annotations

import re


def header_key(text: str) -> str:
    """The form in which two headers are the same: letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]+", "", text.casefold())


_LONGEST_HEADER = 300
"""Characters of a header that are looked at."""


def header_forms(text: str) -> list[str]:
    """Keys under which a header cell may be known, the fullest first.

    Headers carry notes: `Service category (Note 4)`, `Age (whole years)` over two lines, `URN - as
    on the register`.
    """
    bare = text.replace("\ufeff", "").strip()[:_LONGEST_HEADER]
    forms = [
        bare,
        re.sub(r"\s*[(\[{][^)\]}]*[)\]}]\s*$", "", bare),
        re.split(r"[\r\n]", bare)[0],
        re.split(r"\s[-\u2013:]\s|[:*({\[]", bare)[0],
    ]
    return list(dict.fromkeys(key for key in map(header_key, forms) if key))
