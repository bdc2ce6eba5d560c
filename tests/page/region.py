"""A small made-up region for the pages: five authorities, one of them with a hostile name, three
releases in the ledger.

September 2025 has r1. December 2025 has r1, and r2 after a late return. Every figure is worked out
from the lists below.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from assets.intake.loading import take_in
from assets.page.site import Sites
from assets.warehouse.building import build_quarter
from resources.warehouse import Warehouse, physical
from schemas.regions import Region, load_region
from tests import builders
from tests.conftest import KEY, Landing
from tests.releasing import make_release

HOSTILE = "O'Hara & <script>alert(1)</script><img src=x onerror=alert(2)>"
HOSTILE_SENDER = "provider-<svg onload=alert(3)>"
SEPTEMBER, DECEMBER = dt.date(2025, 9, 30), dt.date(2025, 12, 31)
MEMBERS = {"Greater Manchester": ("352", "353", "356", "358"), "Lancashire": ("890",)}
"""Manchester, Oldham (whose name is the hostile one), Stockport, Trafford; Blackpool."""


@dataclass(frozen=True)
class MadeUp:
    """The region, its open warehouse and where its releases lie."""

    warehouse: Warehouse
    region: Region
    releases: Path

    def sites(self) -> Sites:
        """A maker of its sites that has read nothing yet."""
        return Sites(self.warehouse, self.region, self.releases)

    def page(self, name: str = "index.html", date: dt.date = DECEMBER, number: int = 2) -> Path:
        """A page's file."""
        return self.releases / date.isoformat() / f"r{number}" / "page" / name


# Host authority: homes, each with 10 registered places, and of those occupied, vacant and
# unavailable ones.
HOMES = {
    "Stockport": [(10, 6, 3, 1)] * 5 + [(10, 10, 0, 0)],
    "Manchester": [(10, 8, 1, 1)] * 10,
    "Oldham": [(10, 5, 5, 0)] * 4,
    "Trafford": [(10, 2, 8, 0)],
}
BLACKPOOL_LATE = [(10, 9, 1, 0)] * 2
"""What comes in after the first release of December."""
OFFICIAL = {"352": "1341", "353": "560", "356": "485", "358": "c", "890": "610"}
"""What DfE prints of children looked after on 31 March 2025, in December's landing place alone."""
PLACED_BY = {
    "Stockport": ["Stockport"] * 20 + ["Manchester"] * 10 + ["Kent"] * 10,
    "Manchester": ["Manchester"] * 40 + ["Kent"] * 40,
}


def _settings(host: str, homes: list[tuple[int, ...]], first: int) -> list[dict[str, object]]:
    return [
        {
            "urn": f"SC{first + n:06d}", "host_local_authority": host, "registered_places": places, "occupied_places": occupied,
            "vacant_places": vacant, "unavailable_places": unavailable, "unavailable_reason": "Staffing" if unavailable else "",
        }
        for n, (places, occupied, vacant, unavailable) in enumerate(homes)
    ]  # fmt: skip


def _register() -> list[dict[str, object]]:
    rows = []
    for number, (host, homes) in enumerate([*HOMES.items(), ("Blackpool", BLACKPOOL_LATE)]):
        rows += [
            {"urn": f"SC{number * 100 + n:06d}", "local_authority": host, "places": home[0]}
            for n, home in enumerate(homes)
        ]
    return rows


def _land(landing: Landing, date: str) -> None:
    landing.drop(date, "356", "placements.csv", builders.census(_own_children()))
    landing.drop(date, "ofsted", "register.csv", builders.register(_register()))
    for number, (host, homes) in enumerate(HOMES.items()):
        sender = HOSTILE_SENDER if host == "Trafford" else f"provider-{number}"
        landing.drop(
            date, sender, "settings.csv", builders.settings(_settings(host, homes, number * 100))
        )
        placed = [
            {"urn": f"SC{number * 100 + n % len(homes):06d}", "placing_local_authority": name}
            for n, name in enumerate(PLACED_BY.get(host, []))
        ]
        if placed:
            landing.drop(date, sender, "placements.csv", builders.placements(placed))


def make_region(warehouse: Warehouse, landing: Landing, releases: Path) -> MadeUp:
    """The region with its releases, and the sites of all of them."""
    region = replace(
        load_region("north_west"),
        sub_regions=MEMBERS,
        tiles={c: load_region("north_west").tiles[c] for c in ("352", "353", "356")},
    )
    members = [code for codes in MEMBERS.values() for code in codes]
    with warehouse.writing() as connection:
        connection.execute(
            sa.text("delete from raw.region_member where authority_code <> all(:members)"),
            {"members": members},
        )
    made = MadeUp(warehouse, region, releases)
    landing.drop(
        DECEMBER.isoformat(), "dfe", "numbers.csv", builders.official_numbers(2025, OFFICIAL)
    )
    for date in (SEPTEMBER, DECEMBER):
        _land(landing, date.isoformat())
        _bring(warehouse, landing, date, region)
        assert make_release(warehouse, date, region, releases)
        made.sites().make(date)
    number = len(HOMES) * 100
    landing.drop(
        DECEMBER.isoformat(),
        "provider-late",
        "settings.csv",
        builders.settings(_settings("Blackpool", BLACKPOOL_LATE, number)),
    )
    _bring(warehouse, landing, DECEMBER, region)
    release = make_release(warehouse, DECEMBER, region, releases)
    assert release and release.number == 2
    made.sites().make(DECEMBER)
    return made


def _own_children() -> list[dict[str, object]]:
    """Stockport's own placements: 30 in homes of its own area, 20 in Manchester's, 10 in Kent's."""
    return [
        {"host_authority": host}
        for host, count in (("Stockport", 30), ("Manchester", 20), ("Kent", 10))
        for _ in range(count)
    ]


def _bring(warehouse: Warehouse, landing: Landing, date: dt.date, region: Region) -> None:
    """Take in and build a quarter; then Oldham takes its hostile name, where releases read it."""
    take_in(warehouse, landing.place, date, KEY)
    result = build_quarter(warehouse, date, region)
    assert not result.blocked_by, result.blocked_by
    with warehouse.writing() as connection:
        connection.execute(
            sa.text(
                physical(
                    "update core.authority set authority_name = :name where authority_code = '353'"
                )
            ),
            {"name": HOSTILE},
        )
