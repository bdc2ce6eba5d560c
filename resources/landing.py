"""The landing place: `<census date>/<sender>/<file>`, read-only to the pipeline.

Belongs here: listing what has landed and reading bytes, from a folder or from any address that fsspec opens.
Does not belong here: what is in the files.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.sealing import is_sealed, opened
from resources.settings import ObservatoryError

MAX_FILE_BYTES = 400 * 1024 * 1024
"""A larger file is no return; it is not read."""


@dataclass(frozen=True)
class LandedFile:
    """One file in the landing place. `received_at` is when it was put there (UTC)."""

    census_date: dt.date
    folder: str
    name: str
    path: Any
    size: int
    received_at: dt.datetime

    def read(self) -> bytes:
        """The file's bytes; a sealed file's, opened with the user's key."""
        content = self.path.read_bytes()
        return opened(content, self.name) if is_sealed(content) else content

    def content_hash(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal, without holding a large file in memory. To seal a file does not change it."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            block = file.read(1 << 20)
            if is_sealed(block):
                return hashlib.sha256(self.read()).hexdigest()
            while block:
                digest.update(block)
                block = file.read(1 << 20)
        return digest.hexdigest()


def is_quarter_end(date: dt.date) -> bool:
    """Whether `date` is the last day of March, June, September or December."""
    return (date + dt.timedelta(days=1)).day == 1 and date.month % 3 == 0


def census_date_of(name: str) -> dt.date | None:
    """The census date that a folder's name says, or None."""
    try:
        date = dt.date.fromisoformat(name)
    except ValueError:
        return None
    return date if date.isoformat() == name and is_quarter_end(date) else None


def _open(landing: str) -> Any:
    if "://" in landing:
        from upath import UPath  # only for remote places: its import is slow

        return UPath(landing)
    return Path(landing)


def _modified(path: Any) -> tuple[int, float]:
    status = path.stat()
    modified = getattr(status, "st_mtime", None) or 0.0
    if not modified and hasattr(path, "fs"):  # some places know the time only by asking for it
        with contextlib.suppress(NotImplementedError):
            modified = path.fs.modified(path.path).timestamp()
    return int(status.st_size), float(modified)


class LandingPlace:
    """The landing place at `address` (a path or an fsspec address)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.root = _open(address)

    def census_dates(self) -> list[dt.date]:
        """Census dates that have a folder, the oldest first.

        Raises:
            ObservatoryError: there is no landing place at the address.
        """
        if not self.root.is_dir():
            raise ObservatoryError(
                f"No landing place was found at {self.address}; a folder with one folder a census date was expected. "
                "Make it, set OBSERVATORY_LANDING, or make returns to try with `observatory synth --out DIR`."
            )
        dates = (census_date_of(folder.name) for folder in self.root.iterdir() if folder.is_dir())
        return sorted(date for date in dates if date)

    def left_alone(self) -> list[str]:
        """What stands in the landing place and is not in a census date's and sender's folder: left alone, and said so."""
        odd = []
        for entry in sorted(self.root.iterdir(), key=lambda e: e.name):
            date = census_date_of(entry.name) if entry.is_dir() else None
            if date is None:
                if entry.name != "truth" and not entry.name.startswith("."):
                    odd.append(entry.name)
                continue
            for sender in entry.iterdir():
                if not sender.is_dir():
                    odd.append(f"{entry.name}/{sender.name}")
                else:
                    odd += [f"{entry.name}/{sender.name}/{e.name}/" for e in sender.iterdir() if e.is_dir()]
        return odd

    def files(self, census_date: dt.date) -> list[LandedFile]:
        """The files of a census date, in the order in which they were received (then by sender and name).

        Hidden files, office programs' lock files and links are not returns and are passed over.
        """
        found = []
        day = self.root / census_date.isoformat()
        if not day.is_dir():
            return []
        for sender in day.iterdir():
            if not sender.is_dir():
                continue
            for path in sender.iterdir():
                if path.name.startswith((".", "~$")) or path.is_dir() or (isinstance(path, Path) and os.path.islink(path)):
                    continue
                size, modified = _modified(path)
                received = dt.datetime.fromtimestamp(int(modified), tz=dt.UTC)
                found.append(LandedFile(census_date, sender.name, path.name, path, size, received))
        return sorted(found, key=lambda f: (f.received_at, f.folder, f.name))
