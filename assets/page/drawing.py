"""Shapes without an axis: bars of parts, and the tile map.

Belongs here: where each part of a bar and each tile stands, and its step of colour. The templates
draw them as SVG. Does not belong here: charts with an axis (`charts`).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assets.page.figures import Area, Figure
from schemas.regions import Region

STEPS = 5
"""Steps of the tile map's scale, light to dark."""
FEWEST_COLOURED = 3
"""Squares that a map colours, at least."""


@dataclass(frozen=True)
class Part:
    """One part of a bar: its colour's name, label and figure, and where it stands, in per cent of
    the bar's width.
    """

    colour: str
    label: str
    figure: Figure
    start: float
    width: float


def bar(
    parts: Sequence[tuple[str, str, Figure]], whole: float | None = None, scale: float | None = None
) -> list[Part]:
    """Parts of a bar, `(colour, label, figure)` each. `scale` is the number that fills the whole
    width, else the published `whole` does.

    Where a part is hidden, what is left of the whole is drawn as not shown; where nobody returned
    it, the rest stays open. Where neither scale nor whole is known nothing is drawn: the parts that
    are would look like all there is.
    """
    if scale is None and whole is None:
        return []
    shown = [
        (colour, label, figure, figure.number or 0.0)
        for colour, label, figure in parts
        if figure.is_shown
    ]
    hidden = [
        (label, figure)
        for _, label, figure in parts
        if not figure.is_shown and not figure.is_missing
    ]
    known = sum(number for *_, number in shown)
    # only for what is hidden: what nobody returned leaves the bar open
    rest = max((whole or 0.0) - known, 0.0) if hidden else 0.0
    is_open = any(figure.is_missing for *_, figure in parts)
    # parts that are rounded may add up to more than their whole
    full = max(scale or 0.0, known + rest, (whole or 0.0) if is_open else 0.0)
    if full == 0:
        return []
    drawn, start = [], 0.0
    for colour, label, figure, number in shown:
        if number:
            drawn.append(
                Part(colour, label, figure, round(start, 2), round(100 * number / full, 2))
            )
            # not the rounded widths: their sum would leave gaps, or overlap
            start += 100 * number / full
    if rest:
        drawn.append(
            Part(
                "hidden",
                " and ".join(label for label, _ in hidden),
                hidden[0][1],
                round(start, 2),
                round(100 * rest / full, 2),
            )
        )
    return drawn


@dataclass(frozen=True)
class Tile:
    """One authority on the tile map: its place in the grid, its short name, its figure and the step
    of its colour (0: no number, or a share of so few that it is rough).
    """

    area: Area
    short: str
    column: int
    row: int
    figure: Figure
    step: int
    is_rough: bool = False


@dataclass(frozen=True)
class TileMap:
    """A tile map: tiles, size of the grid, and the bounds of the steps (one more than there are
    steps).
    """

    title: str
    tiles: list[Tile]
    columns: int
    rows: int
    bounds: list[float]
    unit: str


def places_of(region: Region, areas: Sequence[Area]) -> dict[str, tuple[int, int, str]]:
    """Column, row and short name of each area: the region's own grid; areas that it does not place
    stand in rows below it.
    """
    placed = {a.code: region.tiles[a.code] for a in areas if a.code in region.tiles}
    others = [a for a in areas if a.code not in placed]
    order = list(region.members)
    others.sort(key=lambda a: (order.index(a.code) if a.code in order else len(order), a.name))
    below = max((row for _, row, _ in placed.values()), default=-1) + 1
    width = max([column for column, *_ in placed.values()] + [5 if others else 0]) + 1
    for number, area in enumerate(others):
        taken = {short for *_, short in placed.values()}
        placed[area.code] = (number % width, below + number // width, _free_name(area, taken))
    return placed


def _free_name(area: Area, taken: Collection[str]) -> str:
    """The area's short name; where another has it, the first letter with two others of the name,
    else its code.
    """
    short = short_name(area.name)
    letters = [letter for letter in area.name.upper() if letter.isalpha()]
    pairs = itertools.combinations(letters[1:], 2)
    others = (letters[0] + first + second for first, second in pairs)
    return next((name for name in itertools.chain([short], others) if name not in taken), area.code)


def short_name(name: str) -> str:
    """Three letters of a name: the initials of its words, else its first letters."""
    words = [
        w
        for w in name.replace("-", " ").split()
        if w[:1].isalnum() and w.casefold() not in ("and", "of", "with", "the", "upon")
    ]
    letters = (
        "".join(w[0] for w in words[:3])
        if len(words) >= 3
        else (words[0][:3] if words else name[:3])
    )
    return letters.upper()


def round_bounds(numbers: Sequence[float]) -> list[float]:
    """Bounds of equal steps that hold all numbers, at round numbers (1, 2, 5, 10, 20, 50 …)."""
    low, high = min(numbers), max(numbers)
    width = 1.0
    for width in (w * 10**power for power in range(0, 7) for w in (1, 2, 5)):
        start = low // width * width
        if start + width * STEPS > high:
            break
    return [start + width * n for n in range(STEPS + 1)]


def tile_map(
    title: str, region: Region, figures: Sequence[tuple[Area, Figure]], few: Collection[str] = ()
) -> TileMap | None:
    """The tile map of one indicator; None where fewer than `FEWEST_COLOURED` areas have a number to
    colour: their squares would be set beside nothing. The figures of areas whose codes are in `few`
    are rough.
    """
    numbers = [f.number for a, f in figures if f.number is not None and a.code not in few]
    if len(numbers) < FEWEST_COLOURED:
        return None
    bounds = round_bounds(numbers)
    places = places_of(region, [area for area, _ in figures])
    tiles = []
    for area, figure in figures:
        column, row, short = places[area.code]
        is_rough = figure.number is not None and area.code in few
        step = (
            0
            if figure.number is None or is_rough
            else sum(figure.number >= bound for bound in bounds[:-1])
        )
        tiles.append(Tile(area, short, column, row, figure, step, is_rough))
    # areas that a release lacks may leave the edge of the region's grid empty
    left, top = min(t.column for t in tiles), min(t.row for t in tiles)
    tiles = [
        replace(t, column=t.column - left, row=t.row - top)
        for t in sorted(tiles, key=lambda t: (t.row, t.column))
    ]
    # all figures of a map are of one measure
    unit = next(f.unit for _, f in figures if f.is_shown)
    return TileMap(
        title, tiles, max(t.column for t in tiles) + 1, max(t.row for t in tiles) + 1, bounds, unit
    )
