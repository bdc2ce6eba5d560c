"""A made-up region that is released, quarter by quarter, and corrected by one child at a time.

Belongs here: bringing returns from files to releases, as a run does.
Does not belong here: the attack.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.page.site import Sites
from assets.warehouse.building import build_quarter
from made_up import make_region
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.conftest import KEY
from tests.releasing import Release, make_release

LAST = dt.date(2025, 12, 31)


@dataclass
class World:
    """A region's warehouse and releases; what was released, in order."""

    warehouse: Warehouse
    landing: Path
    releases: Path
    dates: tuple[dt.date, ...]
    made: list[Release] = field(default_factory=list)
    corrected: int = 0

    def bring(self, date: dt.date) -> Release | None:
        """Take in what has landed for the date, build the quarter and release it."""
        here = load_region("north_west")
        take_in(self.warehouse, LandingPlace(str(self.landing)), date, KEY)
        assert not build_quarter(self.warehouse, date, here).blocked_by
        release = make_release(self.warehouse, date, here, self.releases, key=KEY)
        if release is not None:
            self.made.append(release)
        return release

    def show(self) -> None:
        """Make the page of the last quarter's newest release."""
        Sites(self.warehouse, load_region("north_west"), self.releases).make(self.dates[-1])

    def correct(self) -> str:
        """Land a correction by one child of the last quarter: another authority each time takes a
        child out of its SSDA903. Gives the authority's folder.
        """
        folder = self.landing / self.dates[-1].isoformat()
        senders = sorted({p.parent for p in folder.glob("*/ssda903_episodes*.csv")})
        sender = senders[self.corrected % len(senders)]
        self.corrected += 1
        episodes = pd.read_csv(
            _newest(sender, "ssda903_episodes"), dtype=str, keep_default_na=False
        )
        header = pd.read_csv(_newest(sender, "ssda903_header"), dtype=str, keep_default_na=False)
        gone = episodes.loc[episodes["DEC"] == "", "CHILD"].iloc[-1]
        for name, frame in (("ssda903_episodes", episodes), ("ssda903_header", header)):
            path = sender / f"{name} corrected {self.corrected}.csv"
            frame[frame["CHILD"] != gone].to_csv(path, index=False)
        return sender.name


def _newest(folder: Path, start: str) -> Path:
    return max(folder.glob(f"{start}*.csv"), key=lambda p: (p.stat().st_mtime_ns, p.name))


def make(warehouse: Warehouse, root: Path, *, quarters: int, scale: float, seed: int) -> World:
    """A region's returns, made up and released."""
    landing = root / "landing"
    made = make_region(landing, quarters=quarters, last=LAST, seed=seed, scale=scale, truth=False)
    prepare(warehouse, load_region(made.region))
    world = World(warehouse, landing, root / "releases", tuple(made.census_dates))
    for date in world.dates:
        world.bring(date)
    return world


def standing(warehouse: Warehouse, home: Path) -> World:
    """A region that was released before: an observatory's home."""
    releases = home / "releases"
    dates = sorted(dt.date.fromisoformat(p.name) for p in releases.glob("????-??-??"))
    return World(warehouse, home / "landing", releases, tuple(dates))


def from_environment(name: str, otherwise: float) -> float:
    """A number that whoever runs the tests may set."""
    return float(os.environ.get(name, otherwise))
