"""Fetching: official statistics from DfE's public API into the landing place, as a file like any
other.

Belongs here: which data sets are asked for, and the file that is made of each. What is fetched is
taken in like what was sent: nothing here touches the warehouse. Does not belong here: how the
service is asked (`resources/statistics_api`).

A file is written whole or not at all, and all of them only when every data set has been read.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.private import write_anew
from resources.provenance import marked
from resources.statistics_api import StatisticsApi, Version

SENDER = "dfe"


@dataclass(frozen=True)
class Fetched:
    """One data set that was fetched: its version, the file's name, and whether the file is new."""

    version: Version
    name: str
    is_new: bool


def fetch(
    api: StatisticsApi,
    place: LandingPlace,
    census_date: dt.date,
    data_sets: Sequence[str],
    say: Callable[[str], None] = lambda _: None,
) -> list[Fetched]:
    """Fetch data sets (`identifier`, or `identifier@version`) into the folder of the census date.

    Raises:
        ObservatoryError: there are none, or one cannot be read whole; then no file is written.
    """
    if not data_sets:
        raise ObservatoryError(
            "No data set is named. Identifiers of DfE's data sets were expected: put them into"
            ' observatory.toml ([statistics] data_sets = ["..."]), or into'
            ' OBSERVATORY_STATISTICS_DATA_SETS. `observatory fetch-statistics --find "looked'
            ' after"` lists them.'
        )
    # every data set is read before the first is written: all of them, or none
    files: list[tuple[Version, str, bytes]] = []
    for one in data_sets:
        identifier, _, wanted = one.partition("@")
        version = api.version(identifier.strip(), wanted.strip())
        say(
            f"{version.title}, version {version.number} of {version.published}: {version.rows} rows"
        )
        if renamed := api.renamed(version):
            say(f"  since the version before it has renamed or given up: {', '.join(renamed)}")
        header, rows = api.rows(version)
        files.append((version, _name(version), _as_csv(header, rows)))
    folder = _folder(place, census_date)
    return [Fetched(version, name, _put(folder, name, data)) for version, name, data in files]


def _folder(place: LandingPlace, census_date: dt.date) -> Any:
    """The folder of DfE's files.

    Raises:
        ObservatoryError: files must not be put there.
    """
    if marked(place.root):
        raise ObservatoryError(
            f"The landing place {place.address} holds made-up returns, and DfE's statistics are"
            " real. A landing place of real returns was expected; nothing was written. Set"
            " OBSERVATORY_LANDING to it."
        )
    # whoever may write into the landing place could lead what is written elsewhere
    folder = place.root / census_date.isoformat() / SENDER
    if isinstance(folder, Path) and (folder.is_symlink() or folder.parent.is_symlink()):
        raise ObservatoryError(
            f"{folder} is a link, or lies behind one, and no link is followed. A folder was"
            " expected; nothing was written."
        )
    return folder


def _name(version: Version) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", version.title.casefold()).strip("_")[:60]
    # part of the data set's number, for two sets may have one title
    return f"{words}_{version.data_set[:8]}.csv"


def _as_csv(header: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _put(folder: Any, name: str, data: bytes) -> bool:
    """Write a file under its name only when the last of it is there; False where it is there
    already, the same.
    """
    path = folder / name
    # the same bytes written again would be a file that changed
    if path.exists() and path.read_bytes() == data:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(path, Path):
        write_anew(path, data, 0o644)
    else:
        under_way = folder / f"{name}.part"  # passed over by a run that looks meanwhile
        under_way.write_bytes(data)
        under_way.rename(path)
    return True
