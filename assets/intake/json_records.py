"""JSON records: the national Placements Standard's JSON-LD, as the rows of its template.

Belongs here: finding the records in a JSON text, putting each property under its column, and what
the standard's shapes ask of a record that a row cannot tell (a part that is missing or stands
twice). Does not belong here: bytes (`reading`), labels, limits and blanks: of those a row from JSON
is judged as one from a template.

Nothing is fetched: a context is taken for the standard's own, and of a name alone its last part
counts (`pu:Today`, an address that ends in `#Today`, `Today`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from assets.intake.workbooks import MAX_CELLS, CannotRead
from schemas.returns import Column, return_tables

TABLE = "placements_standard"
MAX_CHARACTERS = 50_000_000
"""No return is longer; a text takes some ten times its size when it is read."""

OPTIONAL_PART = "actualPlacement"
KNOWN_AND_LEFT = frozenset({"placementId"})
_BEGINS = re.compile(rb"(\xef\xbb\xbf)?\s*(\[\s*[\[{\]]|\{\s*[\"}])")
_MOST_OTHERS, _LONGEST_NAME = 50, 100

Fault = tuple[int, str, str]
"""A row, the rule that it breaks, and a hint."""


class NoRecords(CannotRead):
    """The text is JSON, and no record of the standard is in it."""


def is_json(data: bytes) -> bool:
    """Whether a file begins as JSON does."""
    return bool(_BEGINS.match(data[:1000]))


def read_records(text: str) -> tuple[list[list[str]], list[Fault]]:
    """The records as rows below a header of the template's columns, and the faults that rows cannot
    tell.

    Raises:
        CannotRead: it is damaged or too large, or holds no record.
    """
    nodes = list(_nodes(_parsed(text)))
    # a node that is its name alone refers to another, and describes nothing
    by_id = {
        node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1
    }
    records = [node for node in nodes if _is_record(node)]
    if not records:
        raise NoRecords(
            "not_a_spreadsheet",
            "it is JSON, and no record of the Placements Standard (JSON-LD) is in it",
        )
    # before rows are made: what is refused has taken only the size of its text
    if len(records) * len(_columns()) > MAX_CELLS:
        raise CannotRead("too_large", f"it has {len(records):,} records")
    read = [_Record(node, by_id) for node in records]
    others = list(dict.fromkeys(name for record in read for name in record.others))[:_MOST_OTHERS]
    header = [*(column.headers[0] for column in _columns()), *others]
    rows = [
        [*record.cells, *("given" if name in record.others else "" for name in others)]
        for record in read
    ]
    faults = [
        (number, rule, hint)
        for number, record in enumerate(read, 1)
        for rule, hint in record.faults
    ]
    return [header, *rows], faults


def _parsed(text: str) -> Any:
    if len(text) > MAX_CHARACTERS:
        raise CannotRead("too_large", f"it has {len(text):,} characters")
    try:
        # numbers stay as they are written: 4200.10 is no 4200.1, and NaN is a text
        return json.loads(text.lstrip("\ufeff"), parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise CannotRead(
            "unreadable_file", f"it is JSON that breaks off or is damaged in line {error.lineno}"
        ) from None
    # depth costs a hostile file only brackets, and the library a stack
    except RecursionError:
        raise CannotRead("unreadable_file", "it is JSON in too many layers") from None


def _nodes(parsed: Any) -> Iterator[dict]:
    """The nodes of the text's outermost layer, and of its graphs."""
    for node in parsed if isinstance(parsed, list) else [parsed]:
        if isinstance(node, dict):
            yield node
            graph = node.get("@graph", [])
            yield from (
                inner
                for inner in (graph if isinstance(graph, list) else [graph])
                if isinstance(inner, dict)
            )


def _is_record(node: dict) -> bool:
    kinds = node.get("@type", [])
    named = [
        _last(kind)
        for kind in (kinds if isinstance(kinds, list) else [kinds])
        if isinstance(kind, str)
    ]
    names = {_last(name) for name in node}
    return "Placement" in named or ("childId" in names and bool(names & _parts()))


@cache
def _columns() -> tuple[Column, ...]:
    """The columns that stand in JSON-LD."""
    return tuple(column for column in return_tables()[TABLE].columns if column.path)


@cache
def _parts() -> frozenset[str]:
    """The parts of a record: `placementAvailability` and so on."""
    return frozenset(column.path.split(".")[0] for column in _columns() if "." in column.path)


def _last(name: str) -> str:
    return re.split(r"[#/:]", name)[-1]


def _by_last_name(node: dict) -> dict[str, Any]:
    return {_last(name): value for name, value in node.items() if not name.startswith("@")}


def _plain(value: Any) -> list[str]:
    """The texts of a value: one, several of a list, or none."""
    if isinstance(value, list):
        return [text for one in value for text in _plain(one)]
    if isinstance(value, dict):
        return _plain(
            next((value[key] for key in ("@value", "@id", "@list", "@set") if key in value), None)
        )
    # before the plain case: to Python TRUE is a number
    if isinstance(value, bool):
        return ["TRUE" if value else "FALSE"]
    return [] if value is None or not str(value).strip() else [str(value)]


class _Record:
    """One record: its cells in the order of the columns, the names of what nobody asked for, and
    its faults by rule.
    """

    def __init__(self, node: dict, by_id: dict[str, dict]) -> None:
        self.faults: list[tuple[str, str]] = []
        self.others: dict[str, None] = {}
        top = _by_last_name(node)
        parts = {name: self._part(name, top.get(name), by_id) for name in sorted(_parts())}
        self._note_others({name: value for name, value in top.items() if name not in _parts()}, "")
        for name, part in parts.items():
            self._note_others(part, name)
        values = {column.name: _plain(_at(column, top, parts)) for column in _columns()}
        self.cells = [self._cell(column, values[column.name]) for column in _columns()]

    def _part(self, name: str, value: Any, by_id: dict[str, dict]) -> dict[str, Any]:
        """A part of the record, wherever it stands: inside, or under its name elsewhere in the
        text.
        """
        given = [
            one
            for one in (value if isinstance(value, list) else [value])
            if one not in (None, {}, "")
        ]
        if len(given) > 1:
            self.faults.append(("section_twice", f"{name} more than once"))
        if not given:
            if name != OPTIONAL_PART:
                self.faults.append(("section_missing", name))
            return {}
        part = {"@id": given[0]} if isinstance(given[0], str) else given[0]
        # a part may be named here and described elsewhere in the text
        if isinstance(part, dict) and set(part) == {"@id"}:
            part = by_id.get(str(part["@id"]))
        if not isinstance(part, dict):
            self.faults.append(("section_missing", name))
            return {}
        return _by_last_name(part)

    def _note_others(self, given: dict[str, Any], part: str) -> None:
        asked = {column.path for column in _columns()}
        for name, value in given.items():
            if (
                name not in KNOWN_AND_LEFT
                and (f"{part}.{name}" if part else name) not in asked
                and _plain(value)
            ):
                # a name is the file's to write, and is cut before it becomes a header
                self.others[name[:_LONGEST_NAME]] = None

    def _cell(self, column: Column, texts: list[str]) -> str:
        if column.personal == "child key" and len(texts) > 1:
            self.faults.append(("section_twice", "childId more than once"))
            return texts[0]
        return ", ".join(_last(text) if column.codes and _is_name(text) else text for text in texts)


def _is_name(text: str) -> bool:
    """Whether a text names a concept: `pu:Today`, or an address."""
    return bool(re.fullmatch(r"\w+:\w+|https?://\S+", text))


def _at(column: Column, top: dict[str, Any], parts: dict[str, dict[str, Any]]) -> Any:
    part, _, name = column.path.rpartition(".")
    return parts[part].get(name) if part else top.get(name)
