"""A cache of opened files: what loading has opened is kept until the answers are written in the
same run.

Belongs here: what is kept, how much of it, and for how long.
Does not belong here: opening (`opening`), and which answers are due (`assets/answering`).

An answer copies the sheets that loading has just read. They are kept in this process's memory, as
far as there is room, and dropped when the quarter has been answered. Any other file (of an earlier
run, or too large to be kept) is opened again for its answer.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from assets.intake.columns import ColumnRows
from assets.intake.opening import OpenedFile
from assets.intake.reading import Sheet
from resources.landing import LandedFile

MOST_CELLS = 2_000_000
"""So many cells are kept at once: about 150 MB. A quarter of a region has about a third of them."""

_BYTES_A_CELL = 80
_BY_COLUMN = 10
"""The cells of a CSV kept by column take a tenth of the memory of others."""

Files = dict[tuple[str, int, float], OpenedFile]


def which(file: LandedFile) -> tuple[str, int, float]:
    """By what a file is known while it lies as it did: its place, its size and its own time."""
    return str(file.path), file.size, file.changed_at


def cells_in(sheets: Iterable[Sheet]) -> int:
    """The cells that sheets hold in memory, counted as cells of rows."""
    held = 0
    for rows in (sheet.rows for sheet in sheets):
        if isinstance(rows, ColumnRows):
            held += len(rows) * rows.width // _BY_COLUMN
        else:
            held += sum(map(len, rows))
    return held


def weight(opened: OpenedFile) -> int:
    """What a file takes of the room: the cells of its sheets, or its bytes where none were made."""
    if opened.is_read:
        return cells_in(opened.sheets)
    return len(opened.content.data) // _BYTES_A_CELL


class Held:
    """Opened files by census date, of at most so many cells."""

    def __init__(self, most_cells: int = MOST_CELLS) -> None:
        self._most = most_cells
        self._files: dict[dt.date, Files] = defaultdict(dict)
        self._cells: dict[dt.date, int] = defaultdict(int)

    def keep(self, file: LandedFile, opened: OpenedFile) -> bool:
        """Keep a file that loading has opened, where there is room; tells whether it is kept."""
        files, key = self._files[file.census_date], which(file)
        before = files.get(key)
        if before is not None and before.content.digest == opened.content.digest:
            return True
        if before is not None:  # the file was replaced by one of the same size and time
            del files[key]
            self._cells[file.census_date] -= weight(before)
        cells = weight(opened)
        if sum(self._cells.values()) + cells > self._most:
            return False
        # the sheets are made, and answers need no more than them and the hash
        if opened.is_read:
            opened.forget_bytes()
        files[key] = opened
        self._cells[file.census_date] += cells
        return True

    # popped, not read: an answer that fails must not hold on to the memory
    def take(self, census_date: dt.date) -> Files:
        """The files of a census date, by `which`; they are kept no longer."""
        self._cells.pop(census_date, None)
        return self._files.pop(census_date, {})

    def clear(self) -> None:
        """Let go of everything: of what was read for answers that were not reached."""
        self._files.clear()
        self._cells.clear()


HELD = Held()
"""What this process keeps."""
