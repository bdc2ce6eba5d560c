"""The program as this process runs it: a hash of its files, taken when a module is imported and
never later.

Belongs here: the hash alone. What depends on it is for each room to say.

Files may be replaced while a process runs (an upgrade, a checkout). A hash taken when it is needed
would then record the new program as the maker of what the old one made, and the next process would
believe it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def hash_of(files: Iterable[Path]) -> str:
    """A short hash of files' names and contents. Call it while the module is imported."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
