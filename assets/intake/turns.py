"""Turns: how much of one run a sender's files may take, and which of them wait for the next run.

Belongs here: the two bounds, the count of what each sender has taken, and how files that wait are
reported. Does not belong here: what one file may take (`workbooks`, `reading`), and what is due
(`arrivals`).

Each file has its own limits, but two hundred files within their limits could still hold up a
quarter for hours, or fill the memory. For the warehouse nothing changes about a file that waits; it
is due in the next run. The first due file of a sender is always opened, so that every run makes
progress.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.intake.door import Sender, Submission, sender_of
from assets.intake.held import weight
from assets.intake.telling import place_label
from resources.landing import LandedFile

SECONDS_A_SENDER = 300
"""So long a sender's files are read and opened in one run. All 1,200 files of a quarter take a
tenth of it.
"""

CELLS_A_SENDER = 20_000_000
"""So many cells of one sender are held at once, those kept by column (a tenth of the memory)
counted as a tenth.
"""

_NAMED = 10
"""So many files are named; of more the number is enough."""

moment = time.monotonic


def label(file: LandedFile) -> str:
    """A file as it may be told: its place, with no name that may name a child."""
    return place_label(
        f"{file.census_date.isoformat()}/{file.folder}/{file.name}",
        lambda name: _is_sender(name, file.census_date),
    )


def _is_sender(folder: str, census_date: dt.date) -> bool:
    return sender_of(folder, census_date).kind != "unknown"


def _cells(submission: Submission) -> int:
    """The cells that a submission's file holds in memory, recognised or not."""
    return weight(submission.opened)


@dataclass
class _Taken:
    seconds: float = 0.0
    cells: int = 0
    files: int = 0


class Turns:
    """What each sender has taken of a run so far, and the files that wait."""

    def __init__(self) -> None:
        self._taken: dict[str, _Taken] = defaultdict(_Taken)
        self._waiting: dict[str, list[LandedFile]] = defaultdict(list)

    def is_over(self, sender: Sender) -> bool:
        """Whether the sender has had its turn: one file at least, and as much time or memory as a
        sender has.
        """
        taken = self._taken[sender.key]
        # the first file is always read: otherwise a large one would wait for ever
        return taken.files > 0 and (
            taken.seconds >= SECONDS_A_SENDER or taken.cells >= CELLS_A_SENDER
        )

    def add(self, submission: Submission, seconds: float) -> None:
        """Count a file that was opened, which took so long."""
        taken = self._taken[submission.sender.key]
        taken.seconds += seconds
        taken.cells += _cells(submission)
        taken.files += 1

    def put_off(self, sender: Sender, file: LandedFile) -> None:
        """Note that a file waits."""
        self._waiting[sender.key].append(file)

    @property
    def number_put_off(self) -> int:
        """How many files wait."""
        return sum(map(len, self._waiting.values()))

    def sentences(self) -> list[str]:
        """What is said of those who wait: the sender, how many files, and which."""
        return [
            f"{sender} has had its turn ({self._taken[sender].seconds:.0f} s of"
            f" {SECONDS_A_SENDER} s to open its files): " + waiting(len(files), _named(files))
            for sender, files in sorted(self._waiting.items())
        ]

    def keep(self, connection: Connection, census_date: dt.date) -> None:
        """Write who waits into the warehouse: by it the next run is asked for, though nothing more
        lands.
        """
        # written anew at every pass: who has been read waits no more
        connection.execute(
            sa.text("delete from raw.put_off where census_date = :d"), {"d": census_date}
        )
        for sender, files in self._waiting.items():
            connection.execute(
                sa.text(
                    "insert into raw.put_off values (:d, :sender, :files, :told, clock_timestamp())"
                ),
                {"d": census_date, "sender": sender, "files": len(files), "told": _named(files)},
            )


def put_off(connection: Connection) -> dict[dt.date, dt.datetime]:
    """The census dates of which files wait for the next run, each with the moment when they were
    last put off.
    """
    rows = connection.execute(
        sa.text(
            "select census_date, max(put_off_at) as moment from raw.put_off group by 1 order by 1"
        )
    )
    return {row.census_date: row.moment for row in rows}


def _named(files: list[LandedFile]) -> str:
    return ", ".join(map(label, files[:_NAMED])) + (" …" if len(files) > _NAMED else "")


def growing(files: list[LandedFile]) -> str:
    """What is said of files that were still growing when they were looked at; blank where there are
    none.
    """
    if not files:
        return ""
    does = (
        f"{len(files)} file{' was still growing and waits' if len(files) == 1 else 's were still growing and wait'} for"
        " the next run"
    )
    return (
        f"{does}: {_named(files)}. Use `observatory run` again when the upload has ended"
        " (`observatory serve` does it by itself)."
    )


def waiting(number: int, told: str) -> str:
    """How many files wait, and which."""
    return f"{number} file{' waits' if number == 1 else 's wait'} for the next run: {told}"
