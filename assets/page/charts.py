"""Charts with an axis: SVG that stands in the page itself.

Belongs here: the few kinds of chart (lines over quarters, ranges of money), each in a wide and a
narrow size, and where everything stands in them. Does not belong here: bars without an axis
(`drawing`), and which figures are drawn (`sections`).

Colours are the page's own variables, so that a chart follows the reader's light or dark mode.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from assets.page.wording import month

WIDE, NARROW = 820, 320
INK, QUIET, LINE = "var(--ink)", "var(--quiet)", "var(--line)"
LETTER = 7.0
"""Room for a letter of 13 pixels; letters are narrower on average, and wider in some fonts."""
LEAST = 100
"""What the drawing itself has of the width, however long the labels beside it are."""

_TEXT = Markup('<text x="{:.1f}" y="{:.1f}">{}</text>')
_STROKE = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
_PATH = Markup('<polyline points="{}"/>')
_DOT = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}"/>')
_BAR = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="12"/>')


@dataclass(frozen=True)
class Line:
    """One line of a chart over quarters: its colour's name, label, and a number a quarter (None
    where none is published).
    """

    colour: str
    label: str
    numbers: tuple[float | None, ...]


@dataclass(frozen=True)
class Range:
    """One row of a chart of ranges: label, lower and upper end, and the mark between them; None
    where it is not published.
    """

    label: str
    low: float | None
    middle: float | None
    high: float | None


@dataclass(frozen=True)
class Chart:
    """A drawn chart: what it shows in one sentence, and its SVG in both sizes."""

    title: str
    large: Markup
    small: Markup


def _colour(name: str) -> str:
    return f"var(--{name})"


def _svg(title: str, width: float, height: float, *groups: Markup) -> Markup:
    """The chart as SVG of the page, named by its title."""
    # this `format` escapes what is put in: titles and labels are data
    return Markup(
        '<svg class="chart {}" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}"'
        ' height="{}">{}</svg>'
    ).format(
        "large" if width == WIDE else "small",
        title,
        width,
        height,
        width,
        height,
        Markup("").join(groups),
    )


def _group(marks: Iterable[Markup], **how: object) -> Markup:
    """Marks that look alike: `font_size=13` is the attribute `font-size="13"`."""
    attributes = Markup("").join(
        Markup(' {}="{}"').format(name.replace("_", "-"), value) for name, value in how.items()
    )
    return Markup("<g{}>{}</g>").format(attributes, Markup("").join(marks))


def _ticks(most: float, about: int) -> list[float]:
    """Round numbers from 0 to the first that is not below `most`: in at most `about` steps, each 1,
    2 or 5 times a power of ten.
    """
    step = next(
        width * 10**power
        for power in range(12)
        for width in (1, 2, 5)
        if width * 10**power * about >= most
    )
    # at least one step: an axis from 0 to 0 would divide by nothing
    return [step * n for n in range(max(int(-(-most // step)), 1) + 1)]


def _label(text: str, room: float) -> str:
    """The label, cut where it is longer than its room: then the whole of it is shown where one
    points at it, and the table has it.
    """
    most = max(int(room // LETTER), 1)
    return (
        text
        if len(text) <= most
        else Markup("{}\u2026<title>{}</title>").format(text[: most - 1].rstrip(), text)
    )


def _stretches(numbers: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The unbroken stretches of published numbers, each with its place."""
    published = [
        [(place, number) for place, number in run if number is not None]
        for _, run in groupby(enumerate(numbers), lambda at: at[1] is None)
    ]
    return [stretch for stretch in published if stretch]


def lines(
    title: str, dates: Sequence[dt.date], series: Sequence[Line], unit: str = ""
) -> Chart | None:
    """Lines over quarters, labelled at their end; a gap where a figure is not published. None where
    fewer than two quarters have numbers.
    """
    drawn = [(line, stretches) for line in series if (stretches := _stretches(line.numbers))]
    known = [at for _, stretches in drawn for stretch in stretches for at in stretch]
    if len({place for place, _ in known}) < 2:
        return None
    ticks = _ticks(max(number for _, number in known), 4)
    scale = [(tick, f"{tick:,.0f}{'%' if unit == '%' else ''}") for tick in ticks]
    left = max(4, *(len(name) for _, name in scale)) * LETTER + 8
    longest = max(len(line.label) for line, _ in drawn) * LETTER

    def draw(width: int, height: int) -> Markup:
        room = min(longest, width - left - LEAST - 14)
        across = width - left - room - 14

        def x(place: int) -> float:
            return left + across * place / (len(dates) - 1)

        def y(number: float) -> float:
            return height * (1 - number / ticks[-1])

        # nine letters: a month and its year, and a gap
        every = -(-len(dates) // max(int(across // (9 * LETTER)), 1))
        # counted from the newest quarter, which is always named
        shown = [place for place in range(len(dates)) if (len(dates) - 1 - place) % every == 0]
        grid = _group(
            (_STROKE.format(left, y(tick), left + across, y(tick)) for tick in ticks), stroke=LINE
        )
        up = _group(
            (_TEXT.format(left - 8, y(tick) + 4.5, name) for tick, name in scale),
            fill=QUIET,
            text_anchor="end",
        )
        along = _group(
            (_TEXT.format(x(place), height + 22, month(dates[place])) for place in shown),
            fill=QUIET,
            text_anchor="middle",
        )
        paths = [
            _group(
                (
                    _PATH.format(
                        " ".join(f"{x(place):.1f},{y(number):.1f}" for place, number in stretch)
                    )
                    for stretch in stretches
                    # a single quarter is no line: its dot shows it
                    if len(stretch) > 1
                ),
                fill="none",
                stroke=_colour(line.colour),
                stroke_width=2.5,
                stroke_linejoin="round",
            )
            for line, stretches in drawn
        ]
        dots = [
            _group(
                (
                    _DOT.format(x(place), y(number), 3.7)
                    for stretch in stretches
                    for place, number in stretch
                ),
                fill=_colour(line.colour),
            )
            for line, stretches in drawn
        ]
        ends = [stretches[-1][-1] for _, stretches in drawn]
        stands = _apart([y(number) for _, number in ends], 16)
        labels = _group(
            (
                _TEXT.format(x(place) + 10, stand + 4.5, _label(line.label, room))
                for (line, _), (place, _), stand in zip(drawn, ends, stands, strict=True)
            ),
            fill=INK,
            font_weight="bold",
        )
        # labels that were moved apart may stand higher than the drawing
        above = max(10.0, 12 - min(stands))
        return _svg(
            title,
            width,
            height + above + 26,
            _group(
                [grid, up, along, *paths, *dots, labels],
                font_size=13,
                transform=f"translate(0,{above:.1f})",
            ),
        )

    return Chart(title, draw(WIDE, 260), draw(NARROW, 200))


def _apart(stands: Sequence[float], least: float) -> list[float]:
    """Heights moved up, so that none is nearer than `least` to the next: labels do not cover each
    other.
    """
    moved = dict[int, float]()
    # from the lowest up: each is moved by those below it alone
    for number in sorted(range(len(stands)), key=lambda n: -stands[n]):
        moved[number] = min([stands[number], *(stand - least for stand in moved.values())])
    return [moved[number] for number in range(len(stands))]


def ranges(title: str, rows: Sequence[Range], axis: str, ends: str) -> Chart | None:
    """Rows of money from a lower to an upper end with a mark between: `ends` says what the ends
    are. None where nothing is published.
    """
    known = [(row, row.middle) for row in rows if row.middle is not None]
    if not known:
        return None
    # who hears the page instead of seeing it has the title alone
    title = f"{title}. {ends}"
    most = max(
        number
        for row, _ in known
        for number in (row.low, row.middle, row.high)
        if number is not None
    )

    def draw(width: int) -> Markup:
        # Wide, a row's label stands left of it; narrow, above it, with the number that is else
        # above the mark.
        is_wide = width == WIDE
        right, tall, line = (30, 52, 32) if is_wide else (24, 46, 28)
        longest = max(len(row.label) for row, _ in known) * LETTER
        left = min(longest + 12, width - right - LEAST) if is_wide else 12
        # narrow, the row's number stands at the end of the label's line
        room = left - 12 if is_wide else width - left - right - len(f" £{most:,.0f}") * LETTER
        ticks = _ticks(most, 5 if is_wide else 4)
        height = tall * len(known)

        def x(number: float) -> float:
            return left + (width - left - right) * number / ticks[-1]

        stands = [(row, middle, tall * place + line) for place, (row, middle) in enumerate(known)]
        # narrow, the grid leaves the lines of the labels free
        spans = [(0, height)] if is_wide else [(y - 10, y + 12) for _, _, y in stands]
        grid = _group(
            (
                _STROKE.format(x(tick), top, x(tick), bottom)
                for tick in ticks
                for top, bottom in spans
            ),
            stroke=LINE,
        )
        scale = [_TEXT.format(x(tick), height + 20, f"£{tick:,.0f}") for tick in ticks]
        scale.append(_TEXT.format((left + width - right) / 2, height + 42, axis))
        along = _group(scale, fill=QUIET, font_size=13, text_anchor="middle")
        bars = _group(
            (
                _BAR.format(x(row.low), y - 6, x(row.high) - x(row.low))
                for row, _, y in stands
                if row.low is not None and row.high is not None
            ),
            fill=_colour("range"),
        )
        dots = _group(
            (_DOT.format(x(middle), y, 6.4) for _, middle, y in stands), fill=_colour("occupied")
        )
        labels = _group(
            (
                _TEXT.format(
                    *((left - 10, y + 5) if is_wide else (left, y - 14)), _label(row.label, room)
                )
                for row, _, y in stands
            ),
            fill=INK,
            font_size=14 if is_wide else 13,
            text_anchor="end" if is_wide else "start",
        )
        numbers = _group(
            (
                _TEXT.format(
                    *((x(middle), y - 12) if is_wide else (width - right, y - 14)),
                    f"£{middle:,.0f}",
                )
                for _, middle, y in stands
            ),
            fill=INK,
            font_size=13,
            font_weight="bold",
            text_anchor="middle" if is_wide else "end",
        )
        return _svg(title, width, height + 50, grid, along, bars, dots, labels, numbers)

    return Chart(title, draw(WIDE), draw(NARROW))
