"""Transposing a sheet with one column an area (as Ofsted publishes its fostering data) into one
with one row an area.

Belongs here: recognising such a sheet by its first two rows, and its rows in long form.
Does not belong here: what the figures mean (`schemas/returns/fostering_statistics.toml`).

Each figure of the sheet becomes a row, so books count figures, and the row number of a finding is
the figure's place among them, not a line of the file.
"""

from __future__ import annotations

from dataclasses import replace

from assets.intake.reading import Sheet, cell_text

HEADER = ["area", "topic", "sub_topic", "item", "value_as_published"]
_TITLES = ("topic", "sub-topic", "data")
_WORDS = len(_TITLES)
"""Columns that say what a line is of; the areas stand beside them."""
_LEAST_AREAS = 20


def turned(sheet: Sheet) -> Sheet:
    """The sheet in long form where it has an area a column; else the sheet itself."""
    rows = sheet.rows[:2]
    if len(rows) < 2:
        return sheet
    areas = [cell_text(cell).strip() for cell in rows[0]]
    titles = tuple(cell_text(cell).strip().casefold() for cell in rows[1][:_WORDS])
    is_long = sum(1 for area in areas[_WORDS:] if area) < _LEAST_AREAS
    if titles != _TITLES or any(areas[:_WORDS]) or is_long or sheet.beside.is_hidden:
        return sheet
    places = [(place, area) for place, area in enumerate(areas) if place >= _WORDS and area]
    upright, topic = [HEADER], ""
    for row in list(sheet.rows)[2:]:
        cells = [cell_text(cell).strip() for cell in row] + [""] * _WORDS
        # a topic stands once, above the lines that belong to it
        topic = cells[0] or topic
        if cells[2]:
            upright += [
                [area, topic, cells[1], cells[2], cells[place] if place < len(cells) else ""]
                for place, area in places
            ]
    return replace(sheet, rows=upright, is_text=True)
