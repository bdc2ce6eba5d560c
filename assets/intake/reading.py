"""Reading: from a file's bytes to sheets of cells.

Belongs here: telling what kind of file it is from its bytes (never from its name), decoding text, opening workbooks safely.
Does not belong here: what the cells mean (`recognising`, `parsing`).

Every file is taken for hostile: a workbook is only opened if its unpacked size is bounded; formulas are never evaluated
(cells carry their stored values), macros are never run, links are never followed.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass
from typing import Any

from assets.intake.columns import ColumnRows, read_even

MAX_UNPACKED_BYTES = 800 * 1024 * 1024
"""No return unpacks to more. The largest official file (2025's register) unpacks to 76 MB."""

MAX_RATIO = 400
"""A part of a workbook that is more than this many times its packed size (and large) is a bomb, not a return."""

_BOMB_FLOOR = 50 * 1024 * 1024

READ_BY_COLUMN_FROM = 1_000_000
"""A CSV of so many characters is read column by column where it can be, which takes a tenth of the time."""

csv.field_size_limit(10 * 1024 * 1024)


@dataclass(frozen=True)
class Sheet:
    """One sheet (a CSV is one sheet without a name): rows of cells, row 1 first. A cell is text, a number, a date or blank.

    `is_text` says that every cell is text already, as in a CSV.
    """

    name: str
    rows: list[list[Any]] | ColumnRows
    is_text: bool = False

    def let_go(self) -> None:
        """Let the rows go, to have their memory back: the sheet is empty after."""
        self.rows.clear()


class CannotRead(Exception):
    """The file is no spreadsheet that can be read. Carries the rule that it breaks and a hint for the sender."""

    def __init__(self, rule: str, hint: str = "") -> None:
        super().__init__(rule, hint)
        self.rule = rule
        self.hint = hint


def read_sheets(data: bytes) -> list[Sheet]:
    """All sheets of the file.

    Raises:
        CannotRead: it is empty, protected, damaged, too large, or no spreadsheet.
    """
    if not data.strip(b"\0\r\n\t ,;\xef\xbb\xbf"):
        raise CannotRead("empty_file")
    if data.startswith(b"PK\x03\x04"):
        return _read_zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise CannotRead("password_protected")
        return _read_workbook(data)
    for mark, kind in ((b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"{\\rtf", "a text document")):
        if data.startswith(mark):
            raise CannotRead("not_a_spreadsheet", f"it is {kind}")
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|table|\?xml)", data[:200], re.IGNORECASE):
        raise CannotRead("not_a_spreadsheet", "it is a web page or an XML file")
    return [_read_csv(data)]


# --- workbooks -----------------------------------------------------------------------------


def _read_zip(data: bytes) -> list[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _refuse_bombs(parts)
            names = {part.filename for part in parts}
            if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise CannotRead("password_protected")
            if {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & names:
                _refuse_wild_parts(archive)
                return _read_workbook(data)
            if any(part.flag_bits & 1 for part in parts):
                raise CannotRead("password_protected")
            inside = [
                p
                for p in parts
                if not p.is_dir()
                and not p.filename.rsplit("/", 1)[-1].startswith(".")
                and p.filename.lower().endswith((".csv", ".xlsx", ".xlsm", ".xls", ".ods"))
            ]
            if not inside:
                raise CannotRead("not_a_spreadsheet", "it is a zip or an office document without a table in it")
            sheets = []
            for part in inside:
                if part.filename.lower().endswith(".zip"):
                    continue
                label = part.filename.replace("\\", "/").rsplit("/", 1)[-1]
                inner = archive.read(part)
                if inner.startswith(b"PK") and not {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & set(
                    zipfile.ZipFile(io.BytesIO(inner)).namelist()
                ):
                    raise CannotRead("not_a_spreadsheet", f"{label} in it is a zip again")
                for sheet in read_sheets(inner):
                    sheets.append(Sheet(f"{label}: {sheet.name}" if sheet.name else label, sheet.rows, sheet.is_text))
            return sheets
    except CannotRead:
        raise
    except Exception as error:  # what a damaged archive makes the library raise has no end of names
        raise CannotRead("unreadable_file", f"the workbook is damaged ({type(error).__name__})") from None


def _refuse_bombs(parts: list[zipfile.ZipInfo]) -> None:
    total = sum(part.file_size for part in parts)
    if total > MAX_UNPACKED_BYTES:
        raise CannotRead("too_large", f"it unpacks to {total // 1024 // 1024} MB")
    for part in parts:
        if part.file_size > _BOMB_FLOOR and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise CannotRead("too_large", f"one part unpacks to {part.file_size // max(part.compress_size, 1)} times its size")


MAX_CELLS = 20_000_000
"""A sheet whose farthest cells span more is no return: somewhere a stray cell stands."""


def _refuse_wild_parts(archive: zipfile.ZipFile) -> None:
    """Refuse what would make the reader take all memory or never end: parts that are not well formed, sheets that span millions of cells."""
    from xml.parsers import expat

    for part in archive.infolist():
        if not re.fullmatch(r"xl/(worksheets/[^/]+|sharedStrings|workbook)\.xml|content\.xml", part.filename):
            continue
        far = [0, 0]

        def start(name: str, attributes: dict[str, str], far: list[int] = far, size: int = part.file_size) -> None:
            if name == "c" and (at := re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", attributes.get("r", ""))):
                column = 0
                for letter in at.group(1):
                    column = column * 26 + ord(letter) - 64
                far[:] = max(far[0], int(at.group(2))), max(far[1], column)
            elif name == "sst" and int(attributes.get("uniqueCount", "0") or 0) > size:
                raise CannotRead("unreadable_file", "the workbook is damaged (its list of texts)")

        parser = expat.ParserCreate()
        parser.StartElementHandler = start
        try:
            parser.ParseFile(archive.open(part))
        except expat.ExpatError as error:
            raise CannotRead("unreadable_file", f"the workbook is damaged ({part.filename}: {error})") from None
        if far[0] * far[1] > MAX_CELLS:
            raise CannotRead("too_large", f"a cell stands in row {far[0]}, column {far[1]} of a sheet; delete what stands below and beside the table")


def _read_workbook(data: bytes) -> list[Sheet]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = []
        for about in book.sheets_metadata:
            if about.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheets.append(Sheet(about.name, book.get_sheet_by_name(about.name).to_python(skip_empty_area=False)))
        return sheets
    except calamine.PasswordError:
        raise CannotRead("password_protected") from None
    except calamine.CalamineError as error:
        raise CannotRead("unreadable_file", f"the workbook is damaged ({type(error).__name__})") from None


# --- CSV -----------------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """The text of a CSV: by its byte order mark, else UTF-8, else Windows-1252 or Mac Roman, whichever reads as English.

    In the official 2024 register one byte, 0xD0, is Mac Roman's dash; read as Windows-1252 it would be an Icelandic letter.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise CannotRead("unreadable_file", f"it says it is {encoding} text and is not") from None
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
    readings = [data.decode("cp1252", "replace"), data.decode("mac_roman")]
    return min(readings, key=_strangeness)


def _strangeness(text: str) -> int:
    """How many characters are unlikely in English office text."""
    usual = "–—‘’“”…•£\u00a0€½éèáôöüïçŵŷ®™°â"
    return sum(1 for character in re.findall(r"[^\x00-\x7f]", text) if character not in usual)


def _read_csv(data: bytes) -> Sheet:
    text = decode(data)
    if "\0" in text or re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text[:4096]):
        raise CannotRead("not_a_spreadsheet", "it holds binary data")
    head = text[:20000]
    delimiter = max(",;\t|", key=lambda mark: _widest(head, mark))
    if len(text) >= READ_BY_COLUMN_FROM and (even := read_even(text, delimiter)) is not None:
        return Sheet("", even, is_text=True)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise CannotRead("unreadable_file", f"the CSV is damaged ({error})") from None
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise CannotRead("empty_file")
    return Sheet("", rows, is_text=True)


def _widest(head: str, delimiter: str) -> int:
    if delimiter not in head:
        return 0
    try:
        widths = (sum(1 for cell in row if cell.strip()) for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
        return sum(width for width in widths if width > 1)
    except (csv.Error, ValueError):
        return 0


# --- cells ---------------------------------------------------------------------------------


def cell_text(value: Any) -> str:
    """A cell as text, as a spreadsheet would show it: 1234567.0 is 1234567, midnight is a bare date."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date) else str(value)
