"""The landing place: files as they come in, when they came, and the books of every table in them.

Belongs here: writing CSV and xlsx so that the same content gives the same bytes, the day of
receipt, versions, and the list of what was made. Does not belong here: what stands in the rows.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from resources.errors import ObservatoryError
from resources.landing import MADE_UP_ARRIVALS
from resources.provenance import IN_WORKBOOKS, MARK, mark

WITHOUT_LIST = "Every return in this folder was made up by `observatory synth`."
"""All that version 0.1 wrote in it."""

CREATED = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a workbook's properties have no time zone
"""Written into every workbook, so that its bytes say nothing of when it was made."""

LOADED, REJECTED, SET_ASIDE, SPACER = "loaded", "rejected", "set aside", "spacer"
"""What becomes of a row; a spacer is a blank row between others or a totals line, set aside as
well.
"""


@dataclass
class Table:
    """One table as sent: header, rows as they are written, and what must become of each row."""

    name: str
    header: list[str]
    rows: list[list[Any]]
    fates: list[str]
    titles: list[str] = field(default_factory=list)

    def with_spacers(self, blank_after: int | None, totals: bool) -> Table:
        """The table with a blank row after row `blank_after` and a totals line at the bottom."""
        rows, fates = list(self.rows), list(self.fates)
        if blank_after is not None and 0 < blank_after < len(rows):
            rows.insert(blank_after, [""] * len(self.header))
            fates.insert(blank_after, SPACER)
        if totals and rows:
            rows.append(["Total", *[""] * (len(self.header) - 1)])
            fates.append(SPACER)
        return Table(self.name, self.header, rows, fates, self.titles)


def all_loaded(name: str, header: list[str], rows: list[list[Any]]) -> Table:
    """A table without a fault: every row of it counts."""
    return Table(name, header, rows, [LOADED] * len(rows))


class Made:
    """What was made in a folder, and may be taken away again: the files of its list, and nothing
    else.

    The list is the mark by which all that comes of these returns is known as made up: a sentence,
    and below it every file, as it is made.

    Raises:
        ObservatoryError: the folder holds something, and no list.
    """

    def __init__(self, out: Path, region: str, seed: int) -> None:
        self.out, self.files, self._mark = out, set[str](), out / MARK
        marked = self._mark.read_text(encoding="utf-8").splitlines() if self._mark.is_file() else []
        if not marked and (there := self.others()):
            raise ObservatoryError(
                f"{out} holds {in_short(there)}, which were not made up, or nothing says so; a new"
                " or empty folder, or one of an earlier `observatory synth`, was expected, so that"
                " no real return is touched. Give another folder with --out."
            )
        self._may_replace = marked == [
            WITHOUT_LIST
        ]  # there, what is in the way is taken for made up
        for name in marked[1:]:
            self._take_away(name)
        out.mkdir(parents=True, exist_ok=True)
        self._mark.write_text(f"{mark(region, seed)}\n", encoding="utf-8")

    def _take_away(self, name: str) -> None:
        path = self.out / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            return
        if path.is_file():
            path.unlink()
        for folder in path.parents:
            if folder == self.out or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()

    def write(self, name: str, content: bytes) -> Path:
        """Write a file of the folder, after its name is on the list: one that is killed leaves
        nothing that the next one does not know.

        Raises:
            ObservatoryError: somebody else's file is there.
        """
        path = self.out / name
        if path.exists() and name not in self.files and not self._may_replace:
            raise ObservatoryError(
                f"{path} is there and was not made up; no file of that name was expected. Move it,"
                " or give another folder with --out."
            )
        self.files.add(name)
        with self._mark.open("a", encoding="utf-8") as listed:
            listed.write(f"{name}\n")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def others(self) -> list[str]:
        """What the folder holds that was not made: files and empty folders; hidden ones do not
        count.
        """
        if not self.out.is_dir():
            return []
        names = ((path, path.relative_to(self.out)) for path in sorted(self.out.rglob("*")))
        there = [
            (path, name.as_posix())
            for path, name in names
            if not any(part.startswith(".") for part in name.parts)
        ]
        return [
            name
            for path, name in there
            if name not in self.files and not (path.is_dir() and any(path.iterdir()))
        ]


def in_short(names: list[str], most: int = 5) -> str:
    """Names in a sentence; of many the first, and how many more there are."""
    return ", ".join(names[:most]) + (
        f" and {len(names) - most:,} more" if len(names) > most else ""
    )


class Landing:
    """The folder that the made-up senders write to."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.books: list[dict[str, Any]] = []
        self.files: Counter[dt.date] = Counter()
        self.senders: dict[dt.date, set[str]] = {}
        self._arrivals: list[tuple[str, str, str]] = []
        self._versions: Counter[tuple[dt.date, str, str]] = Counter()

    def send(
        self,
        date: dt.date,
        folder: str,
        sender: str,
        name: str,
        tables: list[Table],
        received: dt.datetime,
        encoding: str = "utf-8",
        sheets: list[str] | None = None,
        content: bytes | None = None,
    ) -> None:
        """Write one file (`content`, else xlsx where `name` ends so, else a CSV of the one table)
        and enter its tables in the books.

        Files of one sender, table and date must be sent in the order in which they are received:
        the last one counts.
        """
        if content is not None:
            pass
        elif name.endswith(".xlsx"):
            content = workbook_bytes(
                tables, sheets or [f"Sheet{i + 1}" for i in range(len(tables))]
            )
        else:
            content = csv_text(tables[0]).encode(encoding)
        path = self.made.write(f"{date.isoformat()}/{folder}/{name}", content)
        moment = received.replace(tzinfo=dt.UTC)
        place = f"{date.isoformat()}/{folder}/{name}"
        self._arrivals.append((place, hashlib.sha256(content).hexdigest(), moment.isoformat()))
        stamp = moment.timestamp()
        os.utime(path, (stamp, stamp))
        self.files[date] += 1
        self.senders.setdefault(date, set()).add(sender)
        fates_of: dict[str, list[str]] = {}
        for table in tables:  # two sheets may hold parts of one table
            fates_of.setdefault(table.name, []).extend(table.fates)
        for name_of_table, of_rows in fates_of.items():
            key = (date, sender, name_of_table)
            self._versions[key] += 1
            fates = Counter(of_rows)
            self.books.append(
                {
                    "census_date": date,
                    "sender": sender,
                    "table_name": name_of_table,
                    "version": self._versions[key],
                    "rows_received": len(of_rows),
                    "rows_loaded": fates[LOADED],
                    "rows_rejected": fates[REJECTED],
                    "rows_set_aside": fates[SET_ASIDE] + fates[SPACER],
                    "received_at": received,
                }
            )

    def write_arrivals(self) -> None:
        """Write when each file is to have come: the register of arrivals begins with it, or every
        made-up return would come today.
        """
        told = pd.DataFrame(self._arrivals, columns=["file", "sha256", "received_at"])
        self.made.write(MADE_UP_ARRIVALS, told.to_csv(index=False, lineterminator="\n").encode())

    def in_force(self) -> pd.DataFrame:
        """The books of the newest version of every sender's table; of official statistics all files
        count, and their rows are added up.
        """
        books, keys = pd.DataFrame(self.books), ["census_date", "sender", "table_name"]
        rows = ["rows_received", "rows_loaded", "rows_rejected", "rows_set_aside"]
        official = books["table_name"] == "official_statistics"
        books.loc[official, rows] = books[official].groupby(keys)[rows].transform("sum")
        return books.groupby(keys, sort=True).tail(1)


def write_truth(made: Made, name: str, table: pd.DataFrame) -> None:
    """Write what a table's figures must be."""
    made.write(f"truth/{name}.csv", table.to_csv(index=False, lineterminator="\n").encode())


def received_on(date: dt.date, rng: np.random.Generator, size: int) -> list[dt.datetime]:
    """When each of `size` senders' files come in: 5 to 40 days after the census date, some of them
    late, by day.
    """
    days = np.where(rng.random(size) < 0.15, rng.integers(29, 38, size), rng.integers(5, 28, size))
    seconds = rng.integers(8 * 3600, 17 * 3600, size)
    start = dt.datetime.combine(date, dt.time())
    return [
        start + dt.timedelta(days=int(d), seconds=int(s))
        for d, s in zip(days, seconds, strict=True)
    ]


def csv_text(table: Table) -> str:
    """The table as CSV, title lines first; a cell without a value is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for title in table.titles:
        writer.writerow([title, *[""] * (len(table.header) - 1)])
    writer.writerow(table.header)
    writer.writerows(table.rows)
    return text.getvalue()


def workbook_bytes(tables: list[Table], sheets: list[str]) -> bytes:
    """The tables as a workbook, one sheet each; dates are real dates there."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    book.set_properties({"created": CREATED, "comments": IN_WORKBOOKS})
    for table, name in zip(tables, sheets, strict=True):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(
            [*[[title] for title in table.titles], table.header, *table.rows]
        ):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    if value:
                        sheet.write_string(number, column, value)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(number, column, value)
                elif value is not None:
                    sheet.write_number(number, column, value)
    book.close()
    return stream.getvalue()
