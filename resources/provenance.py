"""Whether data is real or made up, and how it says so.

Belongs here: the mark that `observatory synth` leaves in a landing place and in its workbooks,
recognising it, and the words of the banner. Does not belong here: what a warehouse has taken in
(`assets/intake/provenance`).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

MARK = ".made-up"
"""The file in a landing place by which made-up returns are known. It is hidden, lies above the
census dates, and is no return.
"""

IN_WORKBOOKS = "Made up by observatory synth"
"""What stands in the properties of every made-up workbook: one that was copied away from the mark
is known by it.
"""

BANNER = (
    "Made-up data. No child, home or provider in it exists, and no figure in it is of a real"
    " authority."
)
"""What stands on everything that shows made-up data."""

SHORT = "made-up data"

_MOST_PROPERTIES = 64 * 1024


def mark(region: str, seed: int) -> str:
    """The first line of the mark."""
    return (
        f"Every file in this list was made up by `observatory synth` (region {region}, seed"
        f" {seed}), which may take it away again."
    )


def marked(root: Any) -> str:
    """What the mark in a landing place says (its first line); blank where there is none."""
    path = root / MARK
    try:
        if not path.is_file():
            return ""
        with path.open("r", encoding="utf-8", errors="replace") as file:
            return file.readline(500).strip() or BANNER
    except (OSError, ValueError):
        return ""


def is_made_up(content: bytes) -> bool:
    """Whether a file says of itself that it is a made-up workbook. Only its list of parts and its
    properties are read.
    """
    if not content.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            properties = parts.getinfo("docProps/core.xml")
            if properties.file_size > _MOST_PROPERTIES:
                return False
            with parts.open(properties) as part:
                return IN_WORKBOOKS.encode() in part.read(_MOST_PROPERTIES)
    except (
        OSError,
        KeyError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ):
        return False


def of_file(path: Path, content: bytes) -> str:
    """The banner for a return outside the warehouse: where it, or the landing place that it lies
    in, is marked; else blank.
    """
    return BANNER if marked(path.absolute().parent.parent.parent) or is_made_up(content) else ""
