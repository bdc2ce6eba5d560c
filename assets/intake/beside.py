"""What a workbook holds apart from the values of its cells, which the library that reads it does
not report.

Belongs here: cells that show an error, formulas that were never calculated, superscript note
numbers, merged cells, hidden rows and columns; and how a spreadsheet's letters name a column. Does
not belong here: values, which are read by the library (`workbooks`), and what is made of all this
(`door`).

It works in the process that opens workbooks, where a hostile file can do no harm, and so imports
nothing of the observatory. A sheet is only looked through where its text says that there is
something to find.
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
import zipfile
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

Rows = list[list[Any]]
Found = dict[str, Any]

_TO_SEE = re.compile(
    rb"hidden\s*=\s*[\"'](?:1|t)|\s(?:width|ht)\s*=\s*[\"']0(?:\.0*)?[\"']|\st\s*=\s*[\"']e[\"']|<(?:\w+:)?f[\s>/]|superscript"
)
_RAISED = str.maketrans(
    "0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def letters(place: int) -> str:
    """The column's letters in a spreadsheet: 0 is A, 26 is AA."""
    name, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def place_of_letters(name: str) -> int:
    """The column's place, counted from 0, that its letters say: A is 0, AA is 26."""
    place = 0
    for letter in name.upper():
        place = place * 26 + ord(letter) - 64
    return place - 1


def nothing() -> Found:
    """What is found beside the values of a sheet, by kind; rows, columns and cells are counted from
    0.
    """
    return {"hidden_rows": [], "hidden_columns": [], "uncalculated": [], "merged": []}


def look_beside(data: bytes, sheets: dict[str, Rows]) -> dict[str, Found]:
    """What stands beside the values, by sheet. Cells of `sheets` that show an error or a raised
    figure get it as their text.
    """
    found = {name: nothing() for name in sheets}
    # an old .xls is no zip
    if not data.startswith(b"PK"):
        with contextlib.suppress(
            Exception
        ):  # an old workbook that this library cannot follow is still read by the other
            _look_xls(data, sheets, found)
        return found
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if "content.xml" in names:
            _look_ods(archive.read("content.xml"), sheets, found)
        elif "xl/workbook.xml" in names:
            raised: dict[int, str] | None = None
            for name, part in _parts(archive, names):
                # the list of parts is the file's to write: what it names may not be there
                if name not in sheets or part not in names:
                    continue
                text = archive.read(part)
                shared = part_of_texts(names)
                # the texts of all sheets lie in one part, which is read once
                if raised is None:
                    texts = archive.read(shared) if shared else b""
                    raised = _raised_texts(texts) if b"superscript" in texts else {}
                if raised or _TO_SEE.search(text):
                    _Sheet(sheets[name], found[name], raised).look(text)
    return found


def part_of_texts(names: set[str]) -> str:
    """The part that holds the texts of all sheets; blank where there is none."""
    return next((name for name in names if name.casefold() == "xl/sharedstrings.xml"), "")


def _parts(archive: zipfile.ZipFile, names: set[str]) -> list[tuple[str, str]]:
    """The sheets by name, each with its part."""
    relations = "xl/_rels/workbook.xml.rels"
    if relations not in names:
        return []
    # expat bounds what entities grow to, and this process has limits
    related = ElementTree.fromstring(archive.read(relations))  # noqa: S314 # nosec B314
    targets = {e.get("Id"): e.get("Target", "") for e in related}
    parts = []
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314 # nosec B314
        if _bare(element.tag, "}") == "sheet":
            number = next((value for key, value in element.items() if _bare(key, "}") == "id"), "")
            target = targets.get(number, "")
            part = (
                target.lstrip("/")
                if target.startswith("/")
                else posixpath.normpath(posixpath.join("xl", target))
            )
            parts.append((element.get("name", ""), part))
    return parts


def _bare(name: str, mark: str = ":") -> str:
    return name.rpartition(mark)[2]


def _is_true(text: str) -> bool:
    return text.casefold() in {"1", "true", "t"}


def _is_nought(size: str) -> bool:
    """Whether a width or height is nought: to whoever looks at the sheet, hidden."""
    return bool(re.fullmatch(r"0+(\.0*)?", size.strip()))


def _raised(text: str) -> str:
    """A raised figure or letter as a mark of a note; the ends of ordinals (1st) are none."""
    if text.isdigit():
        return text.translate(_RAISED)
    return f"[{text}]" if re.fullmatch("[a-z]", text, re.IGNORECASE) else text


class _Runs:
    """The text of a cell in pieces, some of them raised."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.is_raised = self.any_raised = self.in_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self.is_raised = False
        elif name == "vertAlign" and attributes.get("val") == "superscript":
            self.is_raised = self.any_raised = True
        elif name == "t":
            self.in_text = True
            self.pieces.append("")

    def end(self, name: str) -> None:
        if name == "t" and self.in_text:
            self.in_text = False
            if self.is_raised:
                self.pieces[-1] = _raised(self.pieces[-1])
        elif name == "r":
            self.is_raised = False

    def say(self, text: str) -> None:
        if self.in_text:
            self.pieces[-1] += text

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def _raised_texts(text: bytes) -> dict[int, str]:
    """Of the workbook's list of texts those with something raised in them, by number."""
    texts: dict[int, str] = {}
    runs, number = _Runs(), -1

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal runs, number
        if _bare(name) == "si":
            runs, number = _Runs(), number + 1
        else:
            runs.start(_bare(name), attributes)

    def end(name: str) -> None:
        runs.end(_bare(name))
        if _bare(name) == "si" and runs.any_raised:
            texts[number] = runs.text

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
        start,
        end,
        lambda said: runs.say(said),
    )
    parser.Parse(text, True)
    return texts


class _Sheet:
    """One sheet of an .xlsx, looked through from the top."""

    def __init__(self, rows: Rows, found: Found, raised: dict[int, str]) -> None:
        self.rows, self.found, self.raised = rows, found, raised
        self.row = self.column = -1
        self.kind, self.value, self.has_formula, self.in_value = "", "", False, False
        self.runs = _Runs()

    def look(self, text: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
            self._start,
            self._end,
            self._say,
        )
        parser.Parse(text, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = _bare(name)
        if name == "c":
            self._cell(attributes)
        elif name == "row":
            self.row, self.column = int(attributes.get("r", self.row + 2)) - 1, -1
            if _is_true(attributes.get("hidden", "")) or _is_nought(attributes.get("ht", "")):
                self.found["hidden_rows"].append(self.row)
        elif name == "col" and (
            _is_true(attributes.get("hidden", "")) or _is_nought(attributes.get("width", ""))
        ):
            # the span of columns is the file's to write: no further than a sheet goes
            first, last = int(attributes.get("min", 1)), min(int(attributes.get("max", 1)), 16_384)
            self.found["hidden_columns"] += range(first - 1, last)
        elif name == "f":
            self.has_formula = True
        elif name == "v":
            self.in_value = True
        else:
            self.runs.start(name, attributes)

    def _cell(self, attributes: dict[str, str]) -> None:
        at = re.fullmatch(r"([A-Za-z]{1,3})(\d{1,7})", attributes.get("r", ""))
        if at:
            self.row, self.column = int(at[2]) - 1, place_of_letters(at[1])
        else:
            # a cell without an address is the one after the last
            self.column += 1
        self.kind, self.value, self.has_formula = attributes.get("t", ""), "", False
        self.runs = _Runs()

    def _say(self, text: str) -> None:
        if self.in_value:
            self.value += text
        else:
            self.runs.say(text)

    def _end(self, name: str) -> None:
        name = _bare(name)
        if name == "v":
            self.in_value = False
        elif name == "c":
            self._judge()
        else:
            self.runs.end(name)

    def _judge(self) -> None:
        if self.kind == "e":
            self._put(self.value)
        # a formula that gives an empty text was calculated
        elif self.has_formula and not self.value.strip() and self.kind != "str":
            self.found["uncalculated"].append((self.row, self.column))
        elif (
            self.kind == "s"
            and self.raised
            and self.value.strip().isdigit()
            and int(self.value) in self.raised
        ):
            self._put(self.raised[int(self.value)])
        elif self.runs.any_raised:
            self._put(self.runs.text)

    def _put(self, text: str) -> None:
        # the cell's address is the file's to write, and may lie beyond the rows that were read
        if self.row < len(self.rows) and self.column < len(self.rows[self.row]):
            self.rows[self.row][self.column] = text


# --- the other kinds of workbook
# -------------------------------------------------------------------


def _look_xls(data: bytes, sheets: dict[str, Rows], found: dict[str, Found]) -> None:
    import xlrd

    book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    for sheet in book.sheets():
        if sheet.name not in sheets:
            continue
        rows, about = sheets[sheet.name], found[sheet.name]
        about["hidden_columns"] = [
            place for place, info in sheet.colinfo_map.items() if info.hidden
        ]
        about["hidden_rows"] = [number for number, info in sheet.rowinfo_map.items() if info.hidden]
        about["merged"] = [
            ((top, left), (bottom - 1, right - 1))
            for top, bottom, left, right in sheet.merged_cells
        ]
        # the two libraries may differ in how many rows they see
        for number in range(min(sheet.nrows, len(rows))):
            for place, kind in enumerate(sheet.row_types(number)):
                if kind == xlrd.XL_CELL_ERROR and place < len(rows[number]):
                    rows[number][place] = xlrd.error_text_from_code.get(
                        sheet.cell_value(number, place), "#ERR!"
                    )


MOST_COLUMNS = 16_384
"""A sheet has no more."""

_ODS_TO_SEE = re.compile(
    rb"value-type=[\"']error|visibility=[\"'](?:collapse|filter)|number-rows-spanned|number-columns-spanned"
)


def _look_ods(text: bytes, sheets: dict[str, Rows], found: dict[str, Found]) -> None:
    if not _ODS_TO_SEE.search(text):
        return
    marks = _OdsMarks(sheets, found)
    parser = expat.ParserCreate()
    parser.StartElementHandler = marks.start
    parser.EndElementHandler = marks.end
    parser.CharacterDataHandler = marks.text
    parser.Parse(text, True)


class _OdsMarks:
    """Reads the XML of an OpenDocument workbook from front to back: where it is (sheet, row and the
    column after the cell), and what it sees there.
    """

    def __init__(self, sheets: dict[str, Rows], found: dict[str, Found]) -> None:
        self.sheets, self.found = sheets, found
        self.name, self.row, self.column = "", 0, 0
        self.step = 1  # how often the element is repeated
        self.is_error, self.words = False, ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        tag = _bare(tag)
        # the type stands twice, once under a name that knows no errors: that one is passed over
        about = {
            _bare(key): value for key, value in attributes.items() if key != "office:value-type"
        }
        if tag == "table":
            self.name, self.row, self.column = about.get("name", ""), 0, 0
        elif self.name not in self.sheets:
            return
        elif tag == "table-column":
            self._column(about)
        elif tag == "table-row":
            self._row(about)
        elif tag in {"table-cell", "covered-table-cell"}:
            self._cell(about)

    def _column(self, about: dict[str, str]) -> None:
        self.step = int(about.get("number-columns-repeated", 1))
        # repeats are the file's to write: no further than a sheet goes
        if _is_hidden(about) and self.column < MOST_COLUMNS:
            last = min(self.column + self.step, MOST_COLUMNS)
            self.found[self.name]["hidden_columns"] += range(self.column, last)
        self.column += self.step

    def _row(self, about: dict[str, str]) -> None:
        self.column, self.step = 0, int(about.get("number-rows-repeated", 1))
        if _is_hidden(about):
            # no further than the rows that were read
            last = min(self.row + self.step, len(self.sheets[self.name]))
            self.found[self.name]["hidden_rows"] += range(self.row, last)
        self.row += self.step

    def _cell(self, about: dict[str, str]) -> None:
        tall = int(about.get("number-rows-spanned", 1))
        wide = int(about.get("number-columns-spanned", 1))
        # the row was counted on when its element began, so this cell is in the one before
        if tall > 1 or wide > 1:
            first = (self.row - 1, self.column)
            last = (self.row + tall - 2, self.column + wide - 1)
            self.found[self.name]["merged"].append((first, last))
        self.is_error, self.words = about.get("value-type") == "error", ""
        self.step = int(about.get("number-columns-repeated", 1))
        self.column += self.step

    def end(self, tag: str) -> None:
        """An element ends: the words of an error are its cell's."""
        if not self.is_error or _bare(tag) != "table-cell":
            return
        rows = self.sheets[self.name]
        cells = rows[self.row - 1] if self.row <= len(rows) else []
        # a repeated error stands in each of its cells
        for place in range(self.column - self.step, min(self.column, len(cells))):
            cells[place] = self.words
        self.is_error = False

    def text(self, words: str) -> None:
        """Words within an element, in pieces."""
        self.words += words if self.is_error else ""


def _is_hidden(about: dict[str, str]) -> bool:
    return about.get("visibility") in {"collapse", "filter"}
