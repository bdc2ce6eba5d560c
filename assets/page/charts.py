"""Charts with an axis, drawn by Altair at build time to SVG that stands in the page itself.

Belongs here: the few kinds of chart (lines over quarters, ranges of money, shares on a line), each in a wide and a narrow size, and their colours.
Does not belong here: bars without an axis (`drawing`), and which figures are drawn (`sections`).

Colours are the page's own variables, so that a chart follows the reader's light or dark mode. Altair is imported where a chart is drawn: it takes
two seconds, which only the page's step should pay.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from assets.page.wording import month

WIDE, NARROW = 820, 320
FONT = "Helvetica Neue, Helvetica, Arial, sans-serif"
INK, QUIET, LINE, PAPER = "var(--ink)", "var(--quiet)", "var(--line)", "var(--paper)"


@dataclass(frozen=True)
class Line:
    """One line of a chart over quarters: its colour's name, label, and a number a quarter (None where none is published)."""

    colour: str
    label: str
    numbers: tuple[float | None, ...]


@dataclass(frozen=True)
class Range:
    """One row of a chart of ranges: label, lower and upper end, and the mark between them; None where it is not published."""

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


def _configure(chart: Any) -> dict[str, Any]:
    text = {"labelColor": QUIET, "titleColor": QUIET, "labelFont": FONT, "titleFont": FONT, "labelFontSize": 13, "titleFontSize": 13}
    return chart.configure(
        background="transparent",
        view={"stroke": None},
        axis={
            **text, "titleFontWeight": "normal", "gridColor": LINE, "gridOpacity": 0.7, "domain": False, "tickColor": LINE, "labelPadding": 6,
            "ticks": False,
        },
        text={"font": FONT, "fontSize": 13},
    ).to_dict(validate=False)  # fmt: skip


def _svg(chart: Any, title: str, size: str) -> Markup:
    """A chart as SVG of the page: named, its colours variables, nothing in it that a reader's device would load."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(_configure(chart))
    drawn = re.sub(r' (?:role|aria-[a-z]+|class|xmlns:xlink|version|pointer-events|style|font-family)="[^"]*"', "", drawn)
    drawn = re.sub(r'<path d="M0,0h0v0h0Z"[^>]*/>|<path fill="none"[^>]*stroke="transparent"[^>]*/>', "", drawn)
    head = re.search(r'width="([\d.]+)" height="([\d.]+)" viewBox="([^"]+)"', drawn)
    if not head:
        raise ValueError(f"The chart '{title}' came out without a size; an SVG with width, height and viewBox was expected.")
    body = drawn[drawn.index(">", head.end()) + 1 :]
    opening = f'<svg class="chart {size}" role="img" aria-label="{escape(title)}" viewBox="{head[3]}" width="{head[1]}" height="{head[2]}">'
    return Markup(opening + body)  # noqa: S704 # nosec B704 - vl-convert's own drawing; Vega escapes the labels in it


def _both(title: str, draw: Any) -> Chart:
    return Chart(title, *(_svg(draw(width), title, size) for width, size in ((WIDE, "large"), (NARROW, "small"))))


def lines(title: str, dates: Sequence[dt.date], series: Sequence[Line], unit: str = "") -> Chart | None:
    """Lines over quarters, labelled at their end; a gap where a figure is not published. None where fewer than two quarters have numbers."""
    rows: list[dict[str, Any]] = [
        {"date": place, "number": number, "label": line.label, "colour": _colour(line.colour)}
        for line in series
        for place, number in enumerate(line.numbers)
        if number is not None
    ]
    if len({row["date"] for row in rows}) < 2:
        return None
    import altair as alt

    names = [month(date) for date in dates]
    most = max(row["number"] for row in rows)
    ends = _apart([max((row for row in rows if row["label"] == line.label), key=lambda r: r["date"]) for line in series
                   if any(row["label"] == line.label for row in rows)], most * 0.085 or 1)  # fmt: skip

    def draw(width: int) -> Any:
        room = 130 if width == WIDE else 92
        every = 1 if len(names) <= (8 if width == WIDE else 4) else -(-len(names) // (8 if width == WIDE else 4))
        shown = [place for place in range(len(names)) if (len(names) - 1 - place) % every == 0]
        labels = "{" + ",".join(f"'{place}':'{names[place]}'" for place in shown) + "}[datum.value]"
        x = alt.X("date:Q", scale=alt.Scale(domain=[0, len(names) - 1], nice=False),
                  axis=alt.Axis(values=shown, labelExpr=labels, grid=False, title=None, labelFlush=True))  # fmt: skip
        y_axis = alt.Axis(tickCount=4, title=None, format=",.0f", labelExpr=f"datum.label + '{'%' if unit == '%' else ''}'")
        y = alt.Y("number:Q", scale=alt.Scale(zero=True, nice=True), axis=y_axis)
        colour = alt.Color("colour:N", scale=None)
        base = alt.Chart(alt.Data(values=rows))
        marks = base.mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, detail="label:N")
        points = base.mark_point(filled=True, size=42, opacity=1).encode(x=x, y=y, color=colour)
        named = alt.Chart(alt.Data(values=ends)).mark_text(align="left", dx=10, fontWeight="bold").encode(
            x=x, y=alt.Y("place:Q"), text="label:N", color=alt.value(INK)
        )  # fmt: skip
        return (marks + points + named).properties(width=width - room - 46, height=260 if width == WIDE else 200, padding=2)

    return _both(title, draw)


def _apart(ends: list[dict[str, Any]], least: float) -> list[dict[str, Any]]:
    """Labels of lines' ends, moved apart so that they do not cover each other."""
    placed: list[dict[str, Any]] = []
    for row in sorted(ends, key=lambda r: r["number"]):
        place = max(row["number"], placed[-1]["place"] + least) if placed else row["number"]
        placed.append({**row, "place": place})
    return placed


def ranges(title: str, rows: Sequence[Range], axis: str, ends: str) -> Chart | None:
    """Rows of money from a lower to an upper end with a mark between: `ends` says what the ends are. None where nothing is published."""
    known = [row for row in rows if row.middle is not None]
    if not known:
        return None
    import altair as alt

    data: list[dict[str, Any]] = [{"label": r.label, "low": r.low, "middle": r.middle, "high": r.high, "text": f"£{r.middle:,.0f}"} for r in known]
    bars = [row for row in data if row["low"] is not None and row["high"] is not None]
    order = [row.label for row in known]

    def draw(width: int) -> Any:
        is_wide = width == WIDE
        y = alt.Y("label:N", sort=order, title=None,
                  axis=alt.Axis(labelLimit=190 if is_wide else 110, labelColor=INK, labelFontSize=14 if is_wide else 13))  # fmt: skip
        x_axis = alt.Axis(tickCount=5 if is_wide else 3, format=",.0f", labelExpr="'£' + datum.label", title=axis, orient="bottom", titlePadding=10)
        x = alt.X("middle:Q", scale=alt.Scale(zero=True, nice=True), axis=x_axis)
        base = alt.Chart(alt.Data(values=data))
        span = alt.Chart(alt.Data(values=bars)).mark_bar(size=12, opacity=1, cornerRadius=0).encode(
            x=alt.X("low:Q", axis=x_axis), x2="high:Q", y=y, color=alt.value(_colour("range"))
        )  # fmt: skip
        dot = base.mark_point(filled=True, size=130, opacity=1).encode(x=x, y=y, color=alt.value(_colour("occupied")))
        text = base.mark_text(dy=-16, fontWeight="bold").encode(x=x, y=y, text="text:N", color=alt.value(INK))
        layers = span + dot + text if bars else dot + text
        return layers.properties(width=width - (205 if is_wide else 130), height=max(52 * len(data), 60))

    return _both(f"{title}. {ends}", draw)
