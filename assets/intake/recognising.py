"""Recognising: which table a sheet holds, by its header row, never by file or sheet name.

Belongs here: finding the header row and matching its cells with the layouts.
Does not belong here: the rows below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np

from assets.intake.columns import Coded, ColumnRows
from assets.intake.reading import Sheet, cell_text
from schemas.cans import items, match_items
from schemas.codes import code_set
from schemas.headers import header_forms, header_key
from schemas.returns import ReturnTable, return_tables

EXAMPLE_MARK = "EXAMPLE - nothing on this sheet is read"
"""A sheet that begins with these words is a template's worked example: it has headers and rows like
a return and is none.
"""

GUIDE_TITLE = "Provider census: how to fill it in"
"""What a template's sheet `guide` begins with."""

HEADER_WITHIN = 60
"""The header is looked for in this many rows: official lists have up to four lines of title above
it.
"""


@dataclass(frozen=True)
class Recognised:
    """A table found on a sheet.

    `header_row` counts from 0, and `end_row` is the row before which the table ends (None: the
    sheet's end). `columns` gives, by column of the layout, its place in the row; `others` are
    header cells that no layout column claims; `missing` are needed columns that the header lacks.
    """

    table: ReturnTable
    header_row: int
    columns: dict[str, int]
    others: dict[str, int]
    missing: tuple[str, ...]
    end_row: int | None = None


@lru_cache(maxsize=20_000)
def _forms(cell: str) -> tuple[str, ...]:
    return tuple(header_forms(cell))


def _match(table: ReturnTable, cells: list[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Columns of the layout in a row of cells, and the cells that are none of them.

    Fuller spellings win over shorter ones, and any spelling over a pattern.
    """
    columns = _by_spelling(table, cells)
    columns |= _by_pattern(table, cells, columns)
    columns |= {name: place for place, name in _filters(table, cells, set(columns.values()))}
    if table.items and {"child", "assessment_date"} <= columns.keys():
        columns |= match_items(
            table.items,
            [_forms(cell) for cell in cells],
            {place: name for name, place in columns.items()},
        )
    taken = set(columns.values())
    others = {
        cell.strip(): place
        for place, cell in enumerate(cells)
        if cell.strip() and place not in taken
    }
    return columns, others


def _by_spelling(table: ReturnTable, cells: list[str]) -> dict[str, int]:
    """The columns that cells spell, in the fullest form first."""
    columns: dict[str, int] = {}
    taken: set[int] = set()
    # the fullest form of all cells first: a short form must not take a column that another spells
    # out
    for depth in range(4):
        for place, cell in enumerate(cells):
            forms = _forms(cell) if place not in taken else ()
            name = table.header_keys.get(forms[depth]) if depth < len(forms) else None
            if name is not None and name not in columns:
                columns[name] = place
                taken.add(place)
    return columns


def _by_pattern(table: ReturnTable, cells: list[str], known: dict[str, int]) -> dict[str, int]:
    """The columns that nothing spells, where one cell alone fits the pattern."""
    columns: dict[str, int] = {}
    for column in (c for c in table.columns if c.pattern and c.name not in known):
        taken = {*known.values(), *columns.values()}
        fits = [
            place
            for place, cell in enumerate(cells)
            if place not in taken and _says(column.pattern, cell)
        ]
        if len(fits) == 1:  # of two that could be meant, neither is taken
            columns[column.name] = fits[0]
    return columns


def _filters(table: ReturnTable, cells: list[str], taken: set[int]) -> list[tuple[int, str]]:
    """The places of the columns that say what a figure is of, the wider first, with the names that
    they have here.
    """
    if not table.filters:
        return []
    ranks = {header_key(name): rank for rank, name in enumerate(table.filters)}
    keys = [(header_key(cell), place) for place, cell in enumerate(cells) if place not in taken]
    filters = sorted((ranks[key], place) for key, place in keys if key in ranks)
    names = [c.name for c in table.columns if c.name.startswith("filter_")]
    return [(place, name) for (_, place), name in zip(filters, names, strict=False)]


@lru_cache(maxsize=20_000)
def _says(pattern: str, cell: str) -> bool:
    """Whether a header cell, its spaces and case set aside, is what the pattern means."""
    return (
        re.fullmatch(pattern, " ".join(cell.replace("\ufeff", "").split()).casefold()) is not None
    )


def doubled(table: ReturnTable, cells: list[str]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Columns of the layout that several cells of a header say equally well, with their places."""
    if (
        table.leave_alone or table.is_published
    ):  # official lists have two columns of one meaning, told apart by their order
        return ()
    claims: dict[str, dict[int, list[int]]] = {}
    for place, cell in enumerate(cells):
        for depth, form in enumerate(_forms(cell)):
            if (name := table.header_keys.get(form)) and name not in _item_names(table.items):
                claims.setdefault(name, {}).setdefault(depth, []).append(place)
                break
    best = {name: depths[min(depths)] for name, depths in claims.items()}
    taken = {place for places in best.values() for place in places}
    for column in table.columns:
        if column.pattern and column.name not in best:
            best[column.name] = [
                place
                for place, cell in enumerate(cells)
                if place not in taken and _says(column.pattern, cell)
            ]
    return tuple((name, tuple(places)) for name, places in best.items() if len(places) > 1)


@lru_cache(maxsize=8)
def _item_names(layout: str) -> frozenset[str]:
    """CANS's items: several have one name, and are told apart by their modules."""
    return frozenset(item.key for item in items(layout)) if layout else frozenset()


def _given_at(sheet: Sheet, recognised: Recognised, place: int) -> bool:
    """Whether anything stands in the column below the header."""
    rows = sheet.rows[recognised.header_row + 1 : recognised.end_row]
    return any(place < len(row) and cell_text(row[place]).strip() for row in rows)


def two_for_one(sheet: Sheet, recognised: Recognised) -> list[tuple[str, tuple[int, ...]]]:
    """Columns of the layout for which several columns of the sheet, none of them empty, could
    stand.
    """
    cells = [cell_text(cell) for cell in sheet.rows[recognised.header_row]]
    kept = (
        (name, tuple(p for p in places if _given_at(sheet, recognised, p)))
        for name, places in doubled(recognised.table, cells)
    )
    return [(name, places) for name, places in kept if len(places) > 1]


def _under_groups(upper: list[str], lower: list[str]) -> list[tuple[str, str, str]]:
    """For each place of two header rows what its column may be called: `Registered`, `Places
    Registered`, `Registered Places`.
    """
    group, names = "", []
    for place, cell in enumerate(lower):
        above = upper[place].strip() if place < len(upper) else ""
        # a group's title stands over its first column only, for its cells are merged
        group = above or group
        names.append(
            (
                cell,
                f"{group} {cell}" if cell.strip() else "",
                f"{cell} {group}" if cell.strip() else "",
            )
        )
    return names


def _recognise_two_rows(sheet: Sheet) -> Recognised | None:
    """The table whose header is in two rows: groups of columns above, the columns below. Only a
    whole header is taken for one.
    """
    rows = [[cell_text(cell) for cell in row] for row in sheet.rows[:HEADER_WITHIN]]
    for number in range(1, len(rows)):
        # a title above a header has one cell; a second header row has several, and something
        # above it
        if sum(1 for cell in rows[number] if cell.strip()) < 2 or not any(
            cell.strip() for cell in rows[number - 1]
        ):
            continue
        named = _under_groups(rows[number - 1], rows[number])
        for table in return_tables().values():
            cells = [
                next((n for n in names if header_key(n) in table.header_keys), names[0])
                for names in named
            ]
            columns, others = _match(table, cells)
            if table.is_recognised_by(columns) and all(name in columns for name in table.needed):
                return Recognised(table, number, columns, others, ())
    return None


def is_example(sheet: Sheet) -> bool:
    """Whether the sheet is a template's worked example, by what its first cell says."""
    return (
        bool(sheet.rows)
        and bool(sheet.rows[0])
        and cell_text(sheet.rows[0][0]).strip().startswith(EXAMPLE_MARK)
    )


def is_of_template(sheet: Sheet) -> bool:
    """Whether the sheet is one that a template brings and nobody fills in: its guide, or the lists
    of its drop-downs with nothing else on them.
    """
    if sheet.name == "guide":
        return (
            bool(sheet.rows)
            and bool(sheet.rows[0])
            and cell_text(sheet.rows[0][0]).strip() == GUIDE_TITLE
        )
    if _is_checklist(sheet) or _has_options_for_records(sheet):
        return True
    if sheet.name != "lists" or len(sheet.rows) > HEADER_WITHIN:
        return False
    cells = {cell_text(cell).strip() for row in sheet.rows for cell in row} - {""}
    return bool(cells) and cells <= _offered()


CHECKLIST = "Cover Note"
"""What the checklist of the Placements Standard's template begins with."""

_KINDS_OF_ANSWER = {"freetext", "integers", "integer", "number", "date"}
"""What a template's sheet of options says of a column that has none."""


def _is_checklist(sheet: Sheet) -> bool:
    """Whether the sheet is the checklist that the Placements Standard's template brings."""
    begins = next(
        (text for row in sheet.rows[:5] for cell in row if (text := cell_text(cell).strip())), ""
    )
    return sheet.name == "Checklist and QA" and begins.startswith(CHECKLIST)


def _has_options_for_records(sheet: Sheet) -> bool:
    """Whether the sheet has a table's header, and below it what its cells may say in place of
    records: no row names a child.
    """
    recognised = recognise(sheet)
    return recognised is not None and _holds_options(sheet, recognised)


def _holds_options(sheet: Sheet, recognised: Recognised) -> bool:
    personal = [
        c
        for c in recognised.table.columns
        if c.personal == "child key" and c.name in recognised.columns
    ]
    if not recognised.table.explained or not personal:
        return False
    place = recognised.columns[personal[0].name]
    below = [
        row
        for row in sheet.rows[recognised.header_row + 1 : HEADER_WITHIN]
        if any(cell_text(cell).strip() for cell in row)
    ]
    references = [
        text for row in below if place < len(row) and (text := cell_text(row[place]).strip())
    ]
    kinds = [header_key(text) for text in references if header_key(text) in _KINDS_OF_ANSWER]
    # the first may explain the column, and is left out of the count
    return bool(kinds) and len(kinds) == len(
        references[1:] if len(references[0]) > _LONGEST_REFERENCE else references
    )


_LONGEST_REFERENCE = 40
"""Characters of a reference; a longer text in its place explains it."""


@lru_cache(maxsize=1)
def _offered() -> frozenset[str]:
    """Every label that a drop-down may offer."""
    coded = {
        column.codes
        for table in return_tables().values()
        for column in table.columns
        if column.codes
    }
    return frozenset({"Yes", "No"}.union(*(code_set(name).labels for name in coded)))


def recognise_all(sheet: Sheet) -> list[Recognised]:
    """All tables on the sheet, one below the other, each ending above the titles of the next; empty
    where there is none.
    """
    first = None if is_example(sheet) else recognise(sheet)
    if first is None or _holds_options(sheet, first):
        return []
    tables = [first]
    for row in _header_like_rows(sheet, first.header_row + 1):
        cells = [cell_text(cell) for cell in sheet.rows[row]]
        for table in return_tables().values():
            columns, others = _match(table, cells)
            if table.is_recognised_by(columns):
                end = row
                while end > tables[-1].header_row + 1 and (
                    _cells_given(sheet.rows[end - 1]) == 0 or _is_title(sheet.rows[end - 1])
                ):
                    end -= 1  # blank rows and titles above the header
                tables[-1] = replace(tables[-1], end_row=end)
                tables.append(
                    Recognised(
                        table,
                        row,
                        columns,
                        others,
                        tuple(n for n in table.needed if n not in columns),
                    )
                )
                break
    return tables


def _cells_given(row: list) -> int:
    return sum(1 for cell in row if cell_text(cell).strip())


def _is_title(row: list) -> bool:
    """Whether the only cell given is words: a reference or a number is a row of which only that was
    filled in.
    """
    return _cells_given(row) == 1 and not any(
        char.isdigit() for cell in row for char in cell_text(cell)
    )


@lru_cache(maxsize=1)
def _all_headers() -> frozenset[str]:
    return frozenset(
        h.casefold() for table in return_tables().values() for c in table.columns for h in c.headers
    )


def _header_like_rows(sheet: Sheet, start: int) -> list[int]:
    """Rows whose first cell says a header's words: only these can be a second header."""
    headers = _all_headers()
    # by columns, for such a row is made only when it is asked for
    if isinstance(sheet.rows, ColumnRows):
        coded = Coded.of(sheet.rows[start:].firsts())
        return [
            start + int(n)
            for n in np.flatnonzero(
                coded.rows(
                    np.array([w.strip().casefold() in headers for w in coded.words], dtype=bool)
                )
            )
        ]
    firsts = (
        next((c for c in row if c not in ("", None)), "") for row in islice(sheet.rows, start, None)
    )
    return [
        start + n
        for n, cell in enumerate(firsts)
        if isinstance(cell, str) and cell.strip().casefold() in headers
    ]


def recognise(sheet: Sheet) -> Recognised | None:
    """The table on the sheet; None where no row is the header of one.

    A row that has all columns by which a table is recognised is its header, the most specific table
    first. Where there is no such row, the row most like a layout is taken for its header, with what
    it lacks in `missing`: the sender is told which column.
    """
    best: tuple[float, Recognised] | None = None
    for number, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        cells = [cell_text(cell) for cell in row]
        # a row of one cell is a title
        if sum(1 for cell in cells if cell.strip()) < 2:
            continue
        for table in return_tables().values():
            columns, others = _match(table, cells)
            if len(columns) < 2:
                continue
            missing = tuple(name for name in table.needed if name not in columns)
            recognised = Recognised(table, number, columns, others, missing)
            if table.is_recognised_by(columns):
                return recognised
            likeness, lacking = _likeness(table, columns, others)
            if likeness > (best[0] if best else 0):
                best = (likeness, Recognised(table, number, columns, others, lacking))
    # a header in two rows is whole, which is better than a single row that lacks something
    return _recognise_two_rows(sheet) or (best[1] if best else None)


def _likeness(
    table: ReturnTable, columns: dict[str, int], others: dict[str, int]
) -> tuple[float, tuple[str, ...]]:
    """How like a layout a row is that is not its header, from 0 (not at all) to 2, and which of the
    columns that it must have it lacks.
    """
    wanted = dict.fromkeys([*table.needed, *table.recognised_by])
    lacking = tuple(name for name in wanted if name not in columns)
    of_layout = len(columns) / len(table.columns)
    of_header = len(columns) / (len(columns) + len(others))
    is_like = of_layout >= 0.4 or (of_header >= 0.6 and len(columns) >= 3)
    if table.leave_alone or not is_like or len(lacking) > max(1, len(wanted) // 2):
        return 0, lacking
    return of_layout + of_header, lacking


def unasked(recognised: Recognised) -> list[str]:
    """Header cells that the layout neither asks for nor knows and leaves."""
    if recognised.table.ignore_other_columns:
        return []
    return [
        cell
        for cell in recognised.others
        if not {*_forms(cell), header_key(cell)} & recognised.table.known_and_left
    ]
