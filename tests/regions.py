"""The North West with a gate that is soon content, for tests of other things than disclosure.

Belongs here: a region for tests. Does not belong here: tests of the gate, which have the safe one.

The repair and the proof of a small region take most of a minute, a full-size one's half of that: in
a small region nearly every count is small. One possible value is kept of each, which asks for
nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from schemas.regions import HERE, disclosure_method, load_region

SOON_CONTENT = {
    "possible_values": 1,
    "less_safe_because": "A test of something else than disclosure.",
}
QUICK = replace(load_region("north_west"), disclosure=disclosure_method(SOON_CONTENT, "tests"))


def quick_region_file(folder: Path) -> Path:
    """The same as a region's file, for commands: OBSERVATORY_REGION may be its path."""
    lines = (f"{name} = {value!r}\n" for name, value in SOON_CONTENT.items())
    text = (HERE / "north_west.toml").read_text(encoding="utf-8")
    path = folder / "north_west.toml"
    path.write_text(f"{text}\n[disclosure]\n{''.join(lines)}", encoding="utf-8")
    return path
