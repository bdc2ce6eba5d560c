"""Reading: from a file's bytes to sheets of cells.

Belongs here: telling what kind of file it is from its bytes (never from its name), decoding text,
opening workbooks safely. Does not belong here: what the cells mean (`recognising`, `parsing`).

Every file is taken for hostile: an archive is only unpacked if its size is bounded, a workbook is
opened in a process of its own (`workbooks`), and a text only parted into cells if there are not too
many. Formulas are never evaluated (cells carry their stored values), macros are never run, links
are never followed.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from assets.intake.columns import ColumnRows, read_even
from assets.intake.json_records import NoRecords, is_json, read_records
from assets.intake.statutory_xml import is_statutory, read_statutory
from assets.intake.telling import file_label, is_common_name, letters
from assets.intake.workbooks import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_SHEETS,
    CannotRead,
    main_part,
    read_workbook,
)
from resources.landing import is_litter

MAX_UNPACKED_BYTES = 800 * 1024 * 1024
"""No return unpacks to more. The largest official file (2025's register) unpacks to 76 MB."""

MAX_RATIO = 400
"""A part of a workbook that is more than this many times its packed size (and large) is a bomb, not
a return.
"""

_BOMB_FLOOR = 50 * 1024 * 1024

_GZIP_AT_ONCE = 4096
"""Bytes of a gzip that are unpacked at once."""

MAX_PARTS = 20_000
"""An archive of more files is no return; its mere list would take the memory."""

MAX_LINE = 1_000_000
"""Text of so many characters without a line's end is no table."""

MAX_CELLS_BY_COLUMN = 100_000_000
"""The cells that a CSV of even width may have: kept by column they take a tenth of what they take
row by row.
"""

_JUDGED_BY = 1_000_000
"""So many letters that are not ASCII are enough to tell Windows-1252 from Mac Roman."""

READ_BY_COLUMN_FROM = 1_000_000
"""A CSV of so many characters is read column by column where it can be, which takes a tenth of the
time.
"""

csv.field_size_limit(10 * 1024 * 1024)


@dataclass(frozen=True)
class Beside:
    """What a sheet holds beside its values; rows, columns and cells are counted from 0.

    `uncalculated` are cells with a formula and no value; `merged` are blocks of cells made one, by
    their first and last cell. `faults` are rows that break a rule of the file's own format: row,
    rule, hint.
    """

    is_hidden: bool = False
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """One sheet (a CSV is one sheet without a name): rows of cells, row 1 first. A cell is text, a
    number, a date or blank.

    `is_text` says that every cell is text already, as in a CSV; `place` says which sheet of the
    file it is; `fault` says why a file in an archive has no rows, where others beside it could be
    read.
    """

    name: str
    rows: list[list[Any]] | ColumnRows
    is_text: bool = False
    place: str = "sheet 1"
    beside: Beside = field(default_factory=lambda: Beside())
    fault: CannotRead | None = None

    @property
    def label(self) -> str:
        """The sheet's name as it may be told: its own where that is of common words, else its place
        in the file.
        """
        return self.name if not self.name or is_common_name(self.name) else self.place

    def let_go(self, after: int) -> None:
        """Let the rows go after the first `after`, to have their memory back."""
        if isinstance(self.rows, ColumnRows):
            self.rows.keep(after)
        else:
            del self.rows[after:]


def read_sheets(data: bytes) -> list[Sheet]:
    """All sheets of the file.

    Raises:
        CannotRead: it is empty, protected, damaged, too large, or no spreadsheet.
    """
    # separators and marks alone are an empty file too
    if not data.strip(b"\0\r\n\t ,;\xef\xbb\xbf"):
        raise CannotRead("empty_file")
    if data.startswith(b"\x1f\x8b"):
        data = _ungzipped(data)
        if data.startswith((b"\x1f\x8b", b"PK\x03\x04")):
            raise CannotRead("not_a_spreadsheet", "it is packed twice")
        return read_sheets(data)
    if data.startswith(b"PK\x03\x04"):
        return _read_zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        # an encrypted .xlsx is an old office file around it
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise CannotRead("password_protected")
        return _read_workbook(data)
    for mark, kind in (
        (b"%PDF", "a PDF"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"{\\rtf", "a text document"),
    ):
        if data.startswith(mark):
            raise CannotRead("not_a_spreadsheet", f"it is {kind}")
    # before XML in general is refused
    if is_statutory(data):
        return [
            Sheet(made.name, made.rows, is_text=True, place=f"table {n}")
            for n, made in enumerate(read_statutory(data), 1)
        ]
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|table|\?xml)", data[:200], re.IGNORECASE):
        raise CannotRead("not_a_spreadsheet", "it is a web page or an XML file")
    return [_read_json(data) if is_json(data) else _read_csv(data)]


# --- workbooks -----------------------------------------------------------------------------


_WORKBOOKS = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}
_TABLES = (".csv", ".xlsx", ".xlsm", ".xls", ".ods", ".json", ".jsonld")


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether the archive is a workbook: by its usual parts, or by what its own list of parts says."""
    names = set(archive.namelist())
    if _WORKBOOKS & names:
        return True
    return (
        "[Content_Types].xml" in names and main_part(archive.read("[Content_Types].xml")) in names
    )


def _is_litter(name: str) -> bool:
    """Whether a file in an archive is what an operating system or an editor leaves beside the
    tables.
    """
    *folders, last = name.replace("\\", "/").split("/")
    return is_litter(last) or "__macosx" in map(str.casefold, folders)


def _read_zip(data: bytes) -> list[Sheet]:
    # counted in the bytes, because listing the parts is what would take the memory
    if data.count(b"PK\x01\x02") > MAX_PARTS:
        raise CannotRead("too_large", f"there are more than {MAX_PARTS:,} files in it")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            # before anything is unpacked, by the sizes that the archive's list says
            _refuse_bombs(parts)
            names = {part.filename for part in parts}
            if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read(
                "META-INF/manifest.xml"
            ):
                raise CannotRead("password_protected")
            if _is_workbook(archive):
                return _read_workbook(data)
            if any(part.flag_bits & 1 for part in parts):
                raise CannotRead("password_protected")
            inside = [
                p
                for p in parts
                if not p.is_dir() and not _is_litter(p.filename) and _is_table(archive, p)
            ]
            if not inside:
                raise CannotRead(
                    "not_a_spreadsheet", "it is a zip or an office document without a table in it"
                )
            return _read_inside(archive, inside)
    except CannotRead:
        raise
    except Exception as error:  # what a damaged archive makes the library raise has no end of names
        raise CannotRead(
            "unreadable_file", f"the workbook is damaged ({type(error).__name__})"
        ) from None


def _is_table(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a file in an archive is a table: by its ending, or the statutory XML by how it begins
    (an office document's parts end in .xml).
    """
    if not part.filename.lower().endswith(".xml"):
        return part.filename.lower().endswith(_TABLES)
    with archive.open(part) as file:
        return is_statutory(file.read(4096))


_OF_ONE_FILE = {
    "empty_file",
    "not_a_spreadsheet",
    "unreadable_file",
    "password_protected",
    "quotation_never_closed",
    "cell_holds_rows",
}
"""Faults of one file in an archive, by which the others can still be read. Of what is too large
nothing is.
"""


def _read_inside(archive: zipfile.ZipFile, inside: list[zipfile.ZipInfo]) -> list[Sheet]:
    """The sheets of the tables in an archive, bounded together, as one file's are. One that cannot
    be read is a sheet without rows.

    Raises:
        CannotRead: none of them can be read, or together they are too large.
    """
    sheets: list[Sheet] = []
    unpacked = 0
    for number, part in enumerate(inside, 1):
        label = part.filename.replace("\\", "/").rsplit("/", 1)[-1]
        # its size has been bounded above: zipfile reads no more than the list says
        inner = archive.read(part)
        try:
            # a workbook in a zip is packed a second time, and the zip's list does not tell its
            # size
            unpacked += _unpacked(inner, file_label(label, f"file {number}"))
            if unpacked > MAX_UNPACKED_BYTES:
                raise CannotRead(
                    "too_large", f"it unpacks to more than {MAX_UNPACKED_BYTES // 1024 // 1024} MB"
                )
            read = read_sheets(inner)
        except NoRecords:  # a context may lie beside the records
            read = []
        except CannotRead as fault:
            if fault.rule not in _OF_ONE_FILE:
                raise
            read = [Sheet("", [], fault=fault)]
        sheets += [_inside(sheet, label, number) for sheet in read]
        if len(sheets) > MAX_SHEETS:
            raise CannotRead("too_large", f"it has more than {MAX_SHEETS} sheets")
    faults = [sheet.fault for sheet in sheets if sheet.fault]
    # where all are faulty the first says why; beside a good one each is a sheet with its fault
    if faults and len(faults) == len(sheets):
        raise faults[0]
    return sheets


def _unpacked(inner: bytes, name: str) -> int:
    """The bytes to which a workbook in an archive unpacks; nought for a text.

    Raises:
        CannotRead: it is a zip again.
    """
    if not inner.startswith(b"PK"):
        return 0
    with zipfile.ZipFile(io.BytesIO(inner)) as workbook:
        if not _is_workbook(workbook):
            raise CannotRead("not_a_spreadsheet", f"{name} in it is a zip again")
        return sum(one.file_size for one in workbook.infolist())


def _inside(sheet: Sheet, file: str, number: int) -> Sheet:
    """The sheet as it is called in its archive: by its file's name, and its own where it has one."""
    place = file_label(file, f"file {number}")
    return replace(
        sheet,
        name=f"{file}: {sheet.name}" if sheet.name else file,
        place=f"{place}, {sheet.place}" if sheet.name else place,
    )


def _ungzipped(data: bytes) -> bytes:
    """What is in a gzip (`.csv.gz`, as statistics are often kept)."""
    made, packed, at = bytearray(), memoryview(data), 0
    # as for a zip: by ratio, but small files may be as dense as they like
    most = min(MAX_UNPACKED_BYTES, max(_BOMB_FLOOR, MAX_RATIO * len(data)))
    while data.startswith(b"\x1f\x8b", at):  # one may hold several, one behind the other
        part = zlib.decompressobj(wbits=31)
        while not part.eof:
            # bit by bit: zlib copies all that it is given and is of the next part
            piece = packed[at : at + _GZIP_AT_ONCE]
            if not piece:
                raise CannotRead("unreadable_file", "the gzip breaks off")
            try:
                # no more than one byte too many is ever unpacked
                made += part.decompress(piece, most + 1 - len(made))
            except zlib.error:
                raise CannotRead("unreadable_file", "the gzip is damaged") from None
            if len(made) > most:
                raise CannotRead("too_large", f"it unpacks to more than {most // 1024 // 1024} MB")
            at += len(piece) - len(part.unused_data)
    # padding of zeroes is usual, as tapes and some programs leave it
    if data[at:].strip(b"\0"):
        raise CannotRead("unreadable_file", "something that is no gzip is behind the gzip")
    return bytes(made)


def _refuse_bombs(parts: list[zipfile.ZipInfo]) -> None:
    total = sum(part.file_size for part in parts)
    if total > MAX_UNPACKED_BYTES:
        raise CannotRead("too_large", f"it unpacks to {total // 1024 // 1024} MB")
    for part in parts:
        if part.file_size > _BOMB_FLOOR and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise CannotRead(
                "too_large",
                f"one part unpacks to {part.file_size // max(part.compress_size, 1)} times its"
                " size",
            )


def _read_workbook(data: bytes) -> list[Sheet]:
    sheets = []
    for number, (name, rows, beside) in enumerate(read_workbook(data), 1):
        sheets.append(Sheet(name, rows, place=f"sheet {number}", beside=Beside(**beside)))
        if not sheets[-1].beside.is_hidden:
            _refuse_rows_in_a_cell(rows, sheets[-1].place)
    return sheets


def _refuse_rows_in_a_cell(rows: list[list[Any]], sheet: str) -> None:
    """Refuse a sheet of which one cell holds rows: saved from a CSV that was opened with a stray
    quotation mark in it.
    """
    widest = max(
        (sum(1 for cell in row if cell not in (None, "")) for row in rows[:HEADER_LINES]), default=0
    )
    if widest < FEWEST_TO_TELL_ROWS:
        return
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if isinstance(cell, str) and "\n" in cell:
                inside = cell.splitlines()
                # a line within a cell that has as many separators as the table has columns is a
                # row
                if any(line.count(mark) >= widest - 1 for line in inside[1:] for mark in ",;\t|"):
                    raise CannotRead(
                        "cell_holds_rows",
                        f"{sheet}, row {number}, column {letters(place)} holds"
                        f" {len(inside):,} lines",
                    )


FEWEST_TO_TELL_ROWS = 5
"""Of so many columns a line with as many commas is a row; of fewer it may be prose."""


# --- CSV -----------------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """The text of a CSV: by its byte order mark, else UTF-8, else Windows-1252 or Mac Roman,
    whichever reads as English.

    In the official 2024 register one byte, 0xD0, is Mac Roman's dash; read as Windows-1252 it would
    be an Icelandic letter.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise CannotRead(
                    "unreadable_file", f"it says it is {encoding} text and is not"
                ) from None
    # a wide encoding without its mark has a zero in every other byte of English text
    if b"\0" in data[:4096]:
        sample = data[: len(data) // 2 * 2]
        for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
            if sample[at:4096:2].count(0) > 0.8 * len(sample[at:4096:2]):
                return sample.decode(encoding, "replace")
        raise CannotRead("not_a_spreadsheet", "it holds binary data")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # ASCII reads alike in both, so only the other letters are judged
    letters = data.translate(None, bytes(range(128)))[:_JUDGED_BY]
    encoding = min(
        ("cp1252", "mac_roman"), key=lambda name: _strangeness(letters.decode(name, "replace"))
    )
    return data.decode(encoding, "replace")


def _strangeness(text: str) -> int:
    """How many characters are unlikely in English office text."""
    usual = "–—‘’“”…•£\u00a0€½éèáôöüïçŵŷ®™°â"
    return sum(1 for character in re.findall(r"[^\x00-\x7f]", text) if character not in usual)


def _read_json(data: bytes) -> Sheet:
    rows, faults = read_records(decode(data))
    return Sheet("", rows, is_text=True, beside=Beside(faults=faults))


def _read_csv(data: bytes) -> Sheet:
    text = decode(data)
    if "\0" in text or re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text[:4096]):
        raise CannotRead("not_a_spreadsheet", "it holds binary data")
    head = text[:20000]
    # by the cells that a delimiter gives, for commas may stand in prose
    delimiter = max(",;\t|", key=lambda mark: _widest(head, mark))
    cells = _refuse_wild_text(text, delimiter)
    if len(text) >= READ_BY_COLUMN_FROM and (even := read_even(text, delimiter)) is not None:
        if '"' in text:
            _refuse_swallowed(text, even, delimiter)
        return Sheet("", even, is_text=True)
    if cells > MAX_CELLS:
        raise CannotRead(
            "too_large", f"it has {cells:,} cells, and its rows are of different lengths"
        )
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise CannotRead("unreadable_file", f"the CSV is damaged ({error})") from None
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise CannotRead("empty_file")
    if '"' in text:
        _refuse_swallowed(text, rows, delimiter)
    if (widest := max(map(len, rows))) > MAX_COLUMNS:
        raise CannotRead("too_large", f"a row of it has {widest:,} cells")
    return Sheet("", rows, is_text=True)


def _refuse_wild_text(text: str, delimiter: str) -> int:
    """Refuse a text that would take all memory as a table: lines without end, too many cells or
    columns. Gives the number of its cells.

    Counting letters costs next to nothing; a text that is parted into cells takes fifty times its
    size.
    """
    # in steps of the longest line, so no line of twice its length passes
    for start in range(0, len(text) - MAX_LINE, MAX_LINE):
        if (
            text.find("\n", start, start + MAX_LINE) < 0
            and text.find("\r", start, start + MAX_LINE) < 0
        ):
            raise CannotRead(
                "not_a_spreadsheet", f"a line of it has more than {MAX_LINE:,} characters"
            )
    lines = max(text.count("\n"), text.count("\r"))
    cells = text.count(delimiter) + lines + 1
    ends = [end for end in (text.find("\n"), text.find("\r")) if end >= 0]
    columns = text.count(delimiter, 0, min(ends, default=len(text))) + 1
    if columns > MAX_COLUMNS:
        raise CannotRead("too_large", f"its first line has {columns:,} cells")
    if cells > MAX_CELLS_BY_COLUMN:
        raise CannotRead("too_large", f"it has {cells:,} cells")
    return cells


def _refuse_swallowed(text: str, rows: list[list[str]] | ColumnRows, delimiter: str) -> None:
    """Refuse a text in which a quotation mark that is never closed, or closed only by the next
    stray one, makes one cell of many rows.

    The lines are counted apart from the parser, which is content with such a cell: its books would
    balance, and the rows be lost.
    """
    lines = max(text.rstrip().count("\n"), text.rstrip().count("\r")) + 1
    if lines <= len(rows) and text.count('"') % 2 == 0:
        # as many rows as lines: no cell holds a line's end
        return
    widths = [len(row) for row in rows[:HEADER_LINES]]
    widest, usual = max(widths), max(set(widths), key=widths.count)
    for number, (row, as_written) in enumerate(_records(text, delimiter), 1):
        # a row of one line cannot have swallowed another; the last may have swallowed the end
        if len(as_written) == 1 and number < len(rows):
            continue
        for place, cell in enumerate(row):
            inside = cell.splitlines()
            if len(inside) > 1 and (
                _holds_rows(inside, delimiter, widest)
                or (
                    (delimiter in cell or len(row) > usual)
                    and _is_closed_amid(as_written, delimiter)
                )
            ):
                raise CannotRead(
                    "quotation_never_closed",
                    f"row {number}, column {letters(place)}: the cell holds {len(inside):,} lines",
                )
            if (
                number == len(rows)
                and len(row) < widest
                and cell.count(delimiter) >= max(2, widest // 2)
            ):
                raise CannotRead("quotation_never_closed", f"row {number}, column {letters(place)}")


def _records(text: str, delimiter: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each row of a CSV: its cells, and the lines that they were read from."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    for row in csv.reader(lines(), delimiter=delimiter):
        yield row, taken
        taken = []


def _holds_rows(inside: list[str], delimiter: str, widest: int) -> bool:
    """Whether the lines of a cell are rows: one of them has as many cells as half a row, or all of
    them together as a row that was cut in two.
    """
    counts = [line.count(delimiter) for line in inside]
    return max(counts[1:]) >= max(2, widest // 2) or sum(counts) >= widest - 1 > 1


def _is_closed_amid(as_written: list[str], delimiter: str) -> bool:
    """Whether a mark of the row ends its cell amid a text: it is a stray one."""
    try:
        for _ in csv.reader(iter(as_written), delimiter=delimiter, strict=True):
            pass
    except csv.Error:
        return True
    return False


HEADER_LINES = 100
"""So many rows tell how wide a table is."""


def _widest(head: str, delimiter: str) -> int:
    if delimiter not in head:
        return 0
    try:
        widths = (
            sum(1 for cell in row if cell.strip())
            for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        )
        # a row of one cell tells of no delimiter
        return sum(width for width in widths if width > 1)
    except (csv.Error, ValueError):
        return 0


# --- cells ---------------------------------------------------------------------------------


def cell_text(value: Any) -> str:
    """A cell as text, as a spreadsheet would show it: 1234567.0 is 1234567, midnight is a bare
    date.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # beyond this a float is no longer exact to the unit
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date) else str(value)
