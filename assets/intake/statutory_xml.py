"""Statutory XML: the SSDA903 as one XML file, read into the tables that its CSV files are.

Belongs here: from the bytes of such a file to rows of text, the same rows as from CSV.
Does not belong here: what the rows mean (`recognising`, `door`), which element is of which table
(`schemas/statutory.toml`).

The parser is expat, in a stream: no tree is built, so that depth and size are bounded as they come.
A document type, and with it every entity, is refused before anything in it is read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from assets.intake.workbooks import MAX_CELLS, MAX_COLUMNS, CannotRead
from schemas.statutory import XmlTable, statutory_xml

MAX_DEPTH = 12
"""The return is five elements deep."""
MAX_TEXT = 10_000
"""No value of the return has so many letters."""
MAX_REPEATS = 50
"""So many times may an element stand beside itself that the return has once."""
_HEAD = 4096
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_NO = {"", "0", "N", "NO", "FALSE"}
OTHERS = "other"
"""The sheet of groups of elements that no table of the return has."""


@dataclass(frozen=True)
class XmlSheet:
    """One table: its name, and its rows of text, the header first."""

    name: str
    rows: list[list[str]]


def is_statutory(data: bytes) -> bool:
    """Whether the file is the statutory XML, by its first element.

    A document type may stand before it, and is refused when the file is read.
    """
    head = data[:_HEAD]
    wide = _WIDE.get(head[:2])
    # the head may end within a character
    text = head.decode(wide or "utf-8", "replace")
    root = statutory_xml().root
    starts = re.match(r"\s*<(\?xml|!doctype|!--)?", text.replace("\ufeff", ""), re.IGNORECASE)
    return starts is not None and re.search(rf"<([\w.-]+:)?{root}[\s>/]", text) is not None


def read_statutory(data: bytes) -> list[XmlSheet]:
    """The tables of the return that the file has, in the order of `schemas/statutory.toml`.

    Raises:
        CannotRead: it is damaged, declares entities, or is deeper or larger than a return.
    """
    from xml.parsers import expat

    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse_declarations
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise CannotRead("unreadable_file", f"the XML is damaged ({error})") from None
    return reader.sheets()


def _refuse_declarations(*_: object) -> None:
    raise CannotRead("unreadable_file", "the XML declares a document type or entities")


@dataclass
class _Element:
    """An element on its way: its text, or the texts of the elements in it, by name."""

    name: str
    texts: list[str] = field(default_factory=list)
    length: int = 0
    leaves: dict[str, str] = field(default_factory=dict)
    has_elements: bool = False


class _Reader:
    """Takes the elements as they come, and keeps the rows of each table."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._groups: list[dict[str, str]] = []
        self._rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        self._cells = 0

    def start(self, tag: str, _: dict[str, str]) -> None:
        facts, depth = statutory_xml(), len(self._open) + 1
        if depth > MAX_DEPTH:
            raise CannotRead("unreadable_file", f"the XML is more than {MAX_DEPTH} elements deep")
        # the prefix of a namespace is whatever its writer chose
        name = tag.rpartition(":")[2]
        if depth == 1 and name != facts.root:
            raise CannotRead("unreadable_file", f"its first element is not {facts.root}")
        if self._open:
            self._open[-1].has_elements = True
        self._open.append(_Element(facts.renamed.get(name, name)))

    def text(self, text: str) -> None:
        here = self._open[-1]
        here.length += len(text)
        if here.length > MAX_TEXT:
            if not text.strip() and not any(part.strip() for part in here.texts):
                return  # blanks between elements
            raise CannotRead("too_large", f"one value has more than {MAX_TEXT:,} letters")
        here.texts.append(text)

    def end(self, _: str) -> None:
        element = self._open.pop()
        depth = len(self._open) + 1
        if depth == 1:
            return
        if not element.has_elements:
            if depth > 2:  # below the root only children count
                _put(self._open[-1].leaves, element.name, "".join(element.texts).strip())
                self._count(1)
        elif depth == 2:
            self._end_of_child(element)
        elif "CHILD" in element.leaves or element.name == "HEADER":
            # a header's leaves are the child's own
            for name, value in element.leaves.items():
                _put(self._open[1].leaves, name, value)
        elif any(element.leaves.values()):
            self._groups.append(element.leaves)

    def _end_of_child(self, child: _Element) -> None:
        """Make the rows of a child: its own, and those of its groups of elements."""
        own, groups = child.leaves, self._groups
        # the next child starts with none
        self._groups = []
        tables = statutory_xml().tables
        mine = [t for t in tables if t.of_child and (not t.marks or _says_one(own, t.marks))]
        claimed = {name for t in tables if t.of_child for name in (*t.columns, *t.marks)}
        for table in mine:
            self._add(table.name, {name: own.get(name, "") for name in table.columns})
        # what no table asks for goes with the child's first row, and its sender is told
        others = {name: value for name, value in own.items() if value and name not in claimed}
        if mine:
            self._rows[mine[0].name][-1].update(others)
        for group in groups:
            known = next((t for t in tables if not t.of_child and _has_one(group, t.marks)), None)
            self._add(known.name if known else OTHERS, {**_asked(known, own), **group})

    def _add(self, table: str, row: dict[str, str]) -> None:
        self._count(len(row))
        self._rows[table].append(row)

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > MAX_CELLS:
            raise CannotRead("too_large", f"it has more than {MAX_CELLS:,} values")

    def sheets(self) -> list[XmlSheet]:
        """The tables that have rows."""
        known = [(table.name, table.columns) for table in statutory_xml().tables]
        return [
            XmlSheet(name, _with_header(columns, self._rows[name]))
            for name, columns in [*known, (OTHERS, ())]
            if name in self._rows
        ]


def _put(leaves: dict[str, str], name: str, value: str) -> None:
    """Keep a value; of an element that comes twice neither is lost."""
    if not leaves.get(name):
        leaves[name] = value
    elif value and value != leaves[name]:
        number = 2
        while f"{name} {number}" in leaves:
            number += 1
        if number > MAX_REPEATS:
            raise CannotRead("too_large", f"one element stands more than {MAX_REPEATS} times")
        leaves[f"{name} {number}"] = value


def _says_one(leaves: dict[str, str], marks: tuple[str, ...]) -> bool:
    return any(leaves.get(mark, "").upper() not in _NO for mark in marks)


def _has_one(leaves: dict[str, str], marks: tuple[str, ...]) -> bool:
    return any(mark in leaves for mark in marks)


def _asked(table: XmlTable | None, own: dict[str, str]) -> dict[str, str]:
    """A table's columns, with what the child's own elements say of them."""
    return (
        {name: own.get(name, "") if name in _OF_CHILD else "" for name in table.columns}
        if table
        else {}
    )


_OF_CHILD = {"CHILD", "DOB"}


def _with_header(columns: tuple[str, ...], rows: list[dict[str, str]]) -> list[list[str]]:
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    if len(names) > MAX_COLUMNS:
        raise CannotRead("too_large", f"it has more than {MAX_COLUMNS:,} different elements")
    return [names, *([row.get(name, "") for name in names] for row in rows)]
