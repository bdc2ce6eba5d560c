"""The picture of the architecture, as SVG: the way of the data above, the rooms of the code below.

Belongs here: drawing. Does not belong here: what is drawn; the tables come from the models, the
rooms and
packages from the folders, and the arrows from what the files import and the models read.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from html import escape
from pathlib import Path

from assets.publication.programme import PUBLISHED_TABLES, relations_of
from assets.warehouse.models import PYTHON_TABLES, models, raw_columns
from schemas.returns import return_tables

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "resources", "made_up", "assets", "pipelines")
_WIDTH, _HEIGHT, _LEFT = 900, 630, 20
_STEP = 144
"""From the left side of one box of the data's way to that of the next."""


def tables_by_schema() -> dict[str, int]:
    """How many tables each schema has, in the order of the data's way."""
    count = Counter(schema for schema, _ in (*models(), *PYTHON_TABLES))
    return {
        "raw": len(raw_columns()),
        **{s: count[s] for s in ("staging", "core", "curated")},
        "published": len(PUBLISHED_TABLES),
    }


def reads() -> set[tuple[str, str]]:
    """Which schema is read for which: pairs of from and to."""
    pairs = {
        (schema, model.schema)
        for model in models().values()
        for schema, _ in model.upstream
        if schema != model.schema
    }
    published = {
        (schema, "published") for one in PUBLISHED_TABLES for schema, _ in relations_of(one)
    }
    return pairs | published


def packages() -> dict[str, list[str]]:
    """The rooms of the code, and the packages within each."""
    return {
        room: sorted(p.parent.name for p in (ROOT / room).glob("*/__init__.py")) for room in ROOMS
    }


@cache
def imports() -> set[tuple[str, str]]:
    """Which room imports from which: pairs of who and of whom."""
    found = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = (
                    [a.name for a in node.names]
                    if isinstance(node, ast.Import)
                    else [getattr(node, "module", None) or ""]
                )
                found |= {
                    (room, name.split(".")[0]) for name in names if name.split(".")[0] in ROOMS
                }
    return {pair for pair in found if pair[0] != pair[1]}


def nearest(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pairs without those that a way round leads to, too: what is drawn stays readable."""
    rooms = {room for pair in pairs for room in pair}
    return {(a, b) for a, b in pairs if not any({(a, c), (c, b)} <= pairs for c in rooms)}


# --- drawing --------------------------------------------------------------------------------------


def _box(x: int, y: int, width: int, height: int, lines: list[str], kind: str) -> str:
    top = y + height // 2 - 9 * (len(lines) - 1) + 5
    texts = "".join(
        f'<text x="{x + width // 2}" y="{top + 18 * n}" '
        f'class="{"name" if n == 0 else "note"}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" class="{kind}"/>{texts}'


def _arrow(*points: tuple[int, int]) -> str:
    through = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline points="{through}" class="arrow" marker-end="url(#tip)"/>'


def _way_of_the_data() -> str:
    counts = tables_by_schema()
    boxes = {"landing": ["landing place", f"{len(return_tables())} kinds of table"]}
    boxes |= {schema: [schema, f"{number} tables"] for schema, number in counts.items()}
    at = {name: _LEFT + _STEP * n for n, name in enumerate(boxes)}
    width, y, height = _STEP - 26, 44, 58
    parts = [f'<text x="{_LEFT}" y="26" class="head">The way of the data</text>']
    parts += [_box(at[name], y, width, height, lines, "data") for name, lines in boxes.items()]
    parts.append(_arrow((at["landing"] + width, y + height // 2), (at["raw"] - 3, y + height // 2)))
    bend = y + height + 16
    for source, target in sorted(reads(), key=lambda pair: at[pair[1]] - at[pair[0]]):
        if at[target] - at[source] == _STEP:
            parts.append(
                _arrow((at[source] + width, y + height // 2), (at[target] - 3, y + height // 2))
            )
        else:
            start, end = at[source] + width // 2 + 12, at[target] + width // 2 - 12
            parts.append(
                _arrow((start, y + height), (start, bend), (end, bend), (end, y + height + 3))
            )
            bend += 14
    return "".join(parts)


def _rooms() -> str:
    top, height = 186, 92
    found = packages()
    places = {
        "pipelines": (_LEFT, top + 26),
        "assets": (_LEFT, top + 26 + height + 34),
        "made_up": (_LEFT + 590, top + 26 + height + 34),
        "resources": (_LEFT, top + 26 + 2 * (height + 34)),
        "schemas": (_LEFT, top + 26 + 3 * (height + 34) - 20),
    }
    sizes = {
        "pipelines": (860, 70),
        "assets": (566, 96),
        "made_up": (270, 96),
        "resources": (860, 56),
        "schemas": (860, 56),
    }
    parts = [
        f'<text x="{_LEFT}" y="{top + 8}" class="head">The rooms of the code: an arrow goes '
        "from a room to the next ones that it imports</text>"
    ]
    for room, (x, y) in places.items():
        lines = [room, *_in_lines(found[room], sizes[room][0])]
        parts.append(_box(x, y, *sizes[room], lines, "room"))
    for number, (who, of) in enumerate(sorted(nearest(imports()))):
        (x1, y1), (w1, h1) = places[who], sizes[who]
        (x2, y2), (w2, _) = places[of], sizes[of]
        x = min(max(x1, x2) + 60 + 40 * (number % 3), min(x1 + w1, x2 + w2) - 20)
        parts.append(_arrow((x, y1 + h1), (x, y2 - 3)))
    return "".join(parts)


def _in_lines(names: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for name in names:
        if lines and 7 * len(f"{lines[-1]}, {name}") < width - 30:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    return [f"{line}," for line in lines[:-1]] + lines[-1:]


_STYLE = """
text { font: 14px sans-serif; text-anchor: middle; fill: #1d2733 }
.head { font-weight: bold; text-anchor: start } .name { font-weight: bold } .note { font-size:
12px }
.data { fill: #e3f0ea; stroke: #2c7a57 } .room { fill: #e6edf7; stroke: #38598b }
.arrow { fill: none; stroke: #4a5560; stroke-width: 1.4 }
"""


def svg() -> str:
    """The picture."""
    tip = (
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#4a5560"/></marker>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img">'
        "<title>The way of the data through the schemas, and the rooms of the "
        f"code</title><style>{_STYLE}</style><defs>{tip}</defs>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" '
        f'fill="#ffffff"/>{_way_of_the_data()}{_rooms()}</svg>'
    )
