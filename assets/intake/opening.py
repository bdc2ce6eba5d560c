"""Opened files: bytes decoded, and their tables recognised, once for all who need them.

Belongs here: a file that has been opened, with its sheets and the tables recognised on them.
Does not belong here: fetching bytes (`resources/landing`), decoding them (`reading`), telling which
table a sheet holds (`recognising`).

The door, the answer and a check before sending use the same sheets. These are read when they are
first needed, and only once; files in a folder that is no sender's are never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from assets.intake.reading import CannotRead, Sheet, cell_text, read_sheets
from assets.intake.recognising import Recognised, recognise_all
from assets.intake.turning import turned
from resources.landing import Content, LandedFile


@dataclass(frozen=True)
class Fault:
    """Why a file has no sheets: the rule that it breaks, and a hint for its sender."""

    rule: str
    hint: str


def body(sheet: Sheet, recognised: Recognised) -> Sequence[list]:
    """The rows of a table below its header, down to the last that has something in it."""
    rows = sheet.rows[recognised.header_row + 1 : recognised.end_row]
    last = len(rows)
    # a spreadsheet's rows go on below a table, formatted and blank
    while last and not any(cell_text(cell).strip() for cell in rows[last - 1]):
        last -= 1
    return rows[:last]


class OpenedFile:
    """A file of the landing place, and what was made of it since it was opened."""

    def __init__(self, file: LandedFile) -> None:
        self._file = file

    @cached_property
    def content(self) -> Content:
        """The file's bytes and their hash, or why there are none.

        Raises:
            NotNow: it went, or changed while it was read.
        """
        return self._file.open()

    @property
    def is_read(self) -> bool:
        """Whether its sheets have been made."""
        # asked of the cache, because asking the property would read them
        return "_read" in self.__dict__

    def forget_bytes(self) -> None:
        """Let the bytes go, of which the sheets have been made; their hash stays."""
        self.content = replace(self.content, data=b"")

    @cached_property
    def _read(self) -> tuple[list[Sheet], Fault | None]:
        if self.content.fault:
            return [], Fault(self.content.fault.rule, self.content.fault.hint)
        try:
            return [turned(sheet) for sheet in read_sheets(self.content.data)], None
        except CannotRead as fault:
            return [], Fault(fault.rule, fault.hint)
        except (Exception, MemoryError) as error:
            # one file must not stop the quarter, whatever a library makes of it
            return [], Fault("unreadable_file", f"reading it failed ({type(error).__name__})")

    @property
    def fault(self) -> Fault | None:
        """Why there are no sheets; None where there are."""
        return self._read[1]

    @property
    def sheets(self) -> list[Sheet]:
        """The sheets in the order of the file; none where it cannot be read."""
        return self._read[0]

    @cached_property
    def tables(self) -> list[tuple[Sheet, list[Recognised]]]:
        """Each sheet with the tables recognised on it, from the top; none on a hidden sheet."""
        return [
            (sheet, [] if sheet.beside.is_hidden else recognise_all(sheet)) for sheet in self.sheets
        ]

    @property
    def sheets_by_table(self) -> list[tuple[Sheet, Recognised | None]]:
        """The sheets, each once a table recognised on it, or once with None."""
        nothing: list[Recognised | None] = [None]
        return [
            (sheet, recognised) for sheet, tables in self.tables for recognised in tables or nothing
        ]
