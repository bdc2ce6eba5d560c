"""What the locks say: which packages, in which version, on which platforms.

Belongs here: reading `requirements.lock` and `requirements-dev.lock`. Does not belong here: what is
made of it (`third_party.py`, `platforms.py`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
RUNTIME, DEV = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
SPARK = ROOT / "requirements-spark.lock"

_LINE = re.compile(
    r"^(?P<name>[\w.\-]+)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)\s*(;\s*(?P<marker>[^\\]*))?",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Locked:
    """One package of a lock; `marker` says where it is installed, blank for everywhere."""

    name: str
    version: str
    marker: str = ""

    def is_for(self, environments: list[dict[str, str]]) -> bool:
        """Whether any of these environments has it."""
        return not self.marker or any(Marker(self.marker).evaluate(one) for one in environments)


def locked(path: Path = RUNTIME) -> list[Locked]:
    """The packages of a lock, in its order."""
    found = _LINE.finditer(path.read_text(encoding="utf-8"))
    return [
        Locked(canonicalize_name(m["name"]), m["version"], (m["marker"] or "").strip())
        for m in found
    ]


def digest(path: Path = RUNTIME) -> str:
    """By what a lock is known: what was found out about it holds for this one alone."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
