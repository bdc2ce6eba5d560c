"""What DfE's made-up files share: the areas that they print, and how they print numbers.

Belongs here: England, its regions and its authorities as rows name them, adding up, and printing.
Does not belong here: any figure (`official_statistics.py`, `official_kinds.py`,
`official_stability.py`, `official_tool.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from schemas import authorities
from schemas.authorities import ENGLAND, Authority
from schemas.official import LEAST_SHOWN

PLACE = [
    "geographic_level", "country_code", "country_name", "region_code", "region_name", "old_la_code", "la_name", "new_la_code",
]  # fmt: skip


@dataclass(frozen=True)
class Printed:
    """One figure as it was printed of all areas: of which file and kind (count, percent, rate,
    value), in the publisher's words, by the area's code.
    """

    data_set: str
    measure: str
    kind: str
    by_area: dict[str, str]


class OfficialAreas:
    """England, its regions and those of its authorities of which a file tells, on a 31 March."""

    def __init__(self, march: dt.date, codes: Collection[str]) -> None:
        self.standing: list[Authority] = [
            a
            for a in authorities.all_authorities()
            if a.country == "England" and a.stands_on(march) and a.code in codes
        ]
        regions = sorted({(a.region_code, a.region_name) for a in self.standing})
        self.regions = dict(regions)
        self.place = {ENGLAND: ["National", ENGLAND, "England", "", "", "", "", ""]}
        self.place |= {
            code: ["Regional", ENGLAND, "England", code, name, "", "", ""] for code, name in regions
        }
        for a in self.standing:
            named = [a.region_code, a.region_name, a.code, a.name, a.gss]
            self.place[a.code] = ["Local authority", ENGLAND, "England", *named]

    def added_up(self, counts: Mapping[str, int]) -> dict[str, int]:
        """The counts of all areas, from those of the authorities."""
        whole = dict.fromkeys(self.place, 0)
        for a in self.standing:
            for area in (a.code, a.region_code, ENGLAND):
                whole[area] += counts[a.code]
        return whole

    def is_authority(self, area: str) -> bool:
        """Whether the area is an authority."""
        return area != ENGLAND and area not in self.regions


def printed_counts(numbers: list[int], *, is_authority: bool) -> list[str]:
    """Counts as DfE prints them: of authorities 1 to 5 as c, of wider areas in tens."""
    if not is_authority:
        return [str(round(n, -1)) for n in numbers]
    return ["c" if 0 < n < LEAST_SHOWN else str(n) for n in numbers]


def printed_percents(numbers: list[int], whole: int, *, is_authority: bool) -> list[str]:
    """Whole percentages as DfE prints them: c where the count is hidden, z of nobody."""
    hidden = [is_authority and 0 < n < LEAST_SHOWN for n in numbers]
    shares = [str(int(100 * n / whole + 0.5)) if whole else "z" for n in numbers]
    return ["c" if h else share for h, share in zip(hidden, shares, strict=True)]


def as_printed(
    data_set: str, rows: list[list[str]], words: int, kinds: tuple[str, ...]
) -> list[Printed]:
    """The figures of a file: rows of time (2 columns), place, words, and a column a kind."""
    start = 2 + len(PLACE)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        area = row[7] or row[5] or row[3]
        measure = " / ".join(row[start : start + words])
        for kind, value in zip(kinds, row[start + words :], strict=True):
            found.setdefault((measure, kind), {})[area] = value
    return [Printed(data_set, measure, kind, areas) for (measure, kind), areas in found.items()]
