"""Making the region: the quarters one after the other, every return of each, and the truth.

Belongs here: the order of things, and the public entry point.
Does not belong here: any fact or figure of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from made_up.drawing import stream
from made_up.returns import (
    asked,
    authority_inspections,
    cans,
    dolo,
    in_house_fostering,
    needs_list,
    official_fostering,
    official_kinds,
    official_stability,
    official_statistics,
    official_tool,
    optional,
    placement_census,
    placements_standard,
    provider_census,
    register_events,
    revenue_outturn,
    ssda903,
    ultimate_owners,
)
from made_up.returns.register import Lists, draw_up, in_use, lists_that_come, send_lists
from made_up.truth.asked import AskedTruth
from made_up.truth.care import CareFigures, Reach
from made_up.truth.collecting import Truth
from made_up.truth.frames import Quarter
from made_up.truth.inspections import InspectionTruth
from made_up.truth.needs import NeedTruth
from made_up.truth.official import OfficialTruth
from made_up.truth.optional import OptionalTruth
from made_up.truth.searches import SearchTruth
from made_up.world.areas import Areas, lay_out
from made_up.world.care import Care
from made_up.world.flows import Flows
from made_up.world.kinds import ADULT
from made_up.world.margins import base_margins, children_on
from made_up.world.occupancy import house
from made_up.world.people import People
from made_up.world.supply import build_supply
from made_up.writing import Landing, Made
from schemas import authorities
from schemas.regions import load_region


@dataclass(frozen=True)
class QuarterCount:
    """What was made for one census date.

    `senders` and `files` as they came in; `children` looked after by the region's authorities and
    `settings` that stand in the region, whether or not anybody returned them.
    """

    census_date: dt.date
    senders: int
    files: int
    children: int
    settings: int


@dataclass(frozen=True)
class MadeUpRegion:
    """What was made, and where."""

    region: str
    out: Path
    quarters: tuple[QuarterCount, ...]
    others: tuple[str, ...] = ()
    """What else is in the folder, was not made, and is left as it is."""

    def __str__(self) -> str:
        last, name = self.latest, load_region(self.region).name
        if len(self.quarters) == 1:
            when = f"one quarter of the region {name}, {last.census_date}:"
        else:
            first = self.quarters[0].census_date
            when = (
                f"{len(self.quarters)} quarters of the region {name}, {first} to"
                f" {last.census_date}; in the last one"
            )
        return (
            f"{when} {last.files:,} files of {last.senders:,} senders, {last.children:,} children"
            f" looked after and {last.settings:,} settings"
        )

    @property
    def census_dates(self) -> tuple[dt.date, ...]:
        """The census dates, the earliest first."""
        return tuple(quarter.census_date for quarter in self.quarters)

    @property
    def latest(self) -> QuarterCount:
        """The last quarter."""
        return self.quarters[-1]


class _Truths:
    """What the figures must be, collected quarter by quarter."""

    def __init__(self) -> None:
        self.curated, self.optional, self.orders = Truth(), OptionalTruth(), dolo.OrderTruth()
        self.needs, self.searches, self.asked = NeedTruth(), SearchTruth(), AskedTruth()
        self.inspections, self.official = InspectionTruth(), OfficialTruth()

    def write(self, made: Made, landing: Landing, deadline_days: int) -> None:
        """Write all of it."""
        for part in (self.optional, self.orders, self.needs, self.asked, self.searches):
            part.write(made)
        self.inspections.write(made)
        self.official.write(made)
        self.curated.write(landing, deadline_days)


class _NoTruth:
    """In the place of the truth where it is not wanted: takes in everything, and does nothing."""

    def __getattr__(self, name: str) -> _NoTruth:
        return self

    def __call__(self, *args: object) -> None:
        """Take in one part."""


def quarter_ends(last: dt.date, quarters: int) -> list[dt.date]:
    """The quarter ends up to and including `last`, the earliest first.

    Raises:
        ValueError: `last` is no quarter end, or there is less than one quarter.
    """
    if quarters < 1 or last.month % 3 or (last + dt.timedelta(days=1)).day != 1:
        raise ValueError(
            f"Found {quarters} quarters up to {last}; expected at least 1, up to the last day of a"
            " quarter."
        )
    ends = [last]
    while len(ends) < quarters:
        first_day = ends[-1].replace(day=1)
        for _ in range(2):
            first_day = (first_day - dt.timedelta(days=1)).replace(day=1)
        ends.append(first_day - dt.timedelta(days=1))
    return ends[::-1]


def make_region(
    out: Path,
    *,
    region: str = "north_west",
    quarters: int = 8,
    last: dt.date = dt.date(2025, 12, 31),
    seed: int = 1,
    scale: float = 1.0,
    response: float = 0.9,
    progress: Callable[[str], None] | None = None,
    truth: bool = True,
) -> MadeUpRegion:
    """Make a region's returns in the landing place `out`, and its truth in `out/truth`.

    The same arguments give the same files, byte for byte.

    Args:
        out: a new or empty folder, or one of an earlier made-up region, which is taken away first:
            the files that are on its list, and no other.
        region: a region's key (`schemas/regions`).
        quarters: how many census dates.
        last: the last of them.
        seed: another seed is another region.
        scale: multiplies children, settings and providers.
        response: share of the providers that answer; at 1 everybody does, authorities included.
        progress: told one line a quarter.
        truth: whether to work out what the figures must be, which takes half of the time.

    Raises:
        ValueError: an argument makes no sense.
        ObservatoryError: `out` holds something that was not made up.
    """
    if not scale > 0 or not 0 <= response <= 1:
        raise ValueError(
            f"Found scale {scale} and response {response}; expected a scale above 0 and a response"
            " from 0 to 1."
        )
    made = Made(out, region, seed)
    dates = quarter_ends(last, quarters)
    areas = lay_out(region, dates, seed)
    margins = base_margins(areas, seed, scale)
    supply = build_supply(areas, margins, dates[0], dates[-1], seed, scale)
    flows, people, landing = Flows(areas, seed), People(areas, seed), Landing(made)
    come, of = lists_that_come(dates), _Truths() if truth else _NoTruth()
    care, reach = Care(areas, supply), Reach.none()
    held: list[Lists] = []
    owned: dict[str, str] = {}
    of_march: dict[dt.date, pd.DataFrame] = {}
    carers: dict[dt.date, pd.DataFrame] = {}
    counts: list[QuarterCount] = []
    for number, date in enumerate(dates):
        previous = dates[number - 1] if number else None
        room = supply.room_on(date.toordinal(), len(areas.hosts))
        people.advance(flows.on(children_on(margins, date, seed), room), date, previous)
        settings = house(people.frame, supply, areas, date, seed)
        lists = draw_up(supply, areas, date, come[date], previous)
        held.append(lists)
        send_lists(lists, landing, number, seed)
        events = register_events.send(lists, supply, areas, previous, landing, seed)
        owned = ultimate_owners.send(supply, landing, date, seed) or owned
        of.inspections.add(authority_inspections.send(landing, date, seed), date)
        needs_list.send(lists, supply, areas, landing, seed)
        folders = _folders(areas, date, seed)
        providers = provider_census.report(
            people.frame, settings, supply, areas, date, seed, response
        )
        provider_census.send_returns(providers, landing, date, seed, folders)
        of.optional.add(
            providers, optional.send(providers, areas, landing, date, seed, folders), date
        )
        placements = placement_census.report(people.frame, supply, areas, date, seed, response)
        placement_census.send_returns(placements, landing, areas, date, seed, folders)
        care.advance(people.frame, date, previous, stream(seed, "care", date.isoformat()))
        told = ssda903.report(care, areas, date, seed, response)
        ssda903.send_returns(told, care, landing, areas, date, seed, folders)
        of.orders.add(dolo.send(told, care, landing, areas, date, seed, folders), date)
        reach.add(told, date)
        cared = CareFigures(care, told, reach, areas, date)
        of.needs.add(cans.send(care, landing, areas, date, seed, folders), cared, date)
        of.searches.add(
            placements_standard.send(care, landing, areas, date, seed, folders), cared, date
        )
        if date.month == 3:
            of_march[date] = official_stability.counted(care, people.frame, areas, date)
            carers[date] = in_house_fostering.own_carers(providers.settings)
        if march := official_statistics.published_on(date):
            is_held = march in dates and dates[0] <= march.replace(year=march.year - 1)
            told_of = official_statistics.counted(care, areas, march) if is_held else None
            printed, published = official_statistics.send(
                told_of, march, landing, areas, date, seed, scale
            )
            children = official_kinds.kinds(care, areas, march) if is_held else None
            by_kind, outside = official_kinds.send(children, published, march, landing, date, seed)
            printed += by_kind
            printed += official_stability.send(
                of_march[march] if is_held else None, published, outside, march, landing, date, seed
            )
            printed += official_fostering.send(
                carers[march] if is_held else None, published, march, landing, date, seed
            )
            printed += official_tool.send(printed, published, march, landing, date, seed)
            printed += revenue_outturn.send(published, march, landing, date, seed)
            of.curated.benchmark.publish(march, printed)
            of.official.publish(printed, march, date)
        of.asked.add(
            asked.send(care, supply, landing, areas, date, seed, folders), told.answered, date
        )
        use, codes = in_use(held, date), areas.codes_on(date)
        of.curated.add(
            Quarter(
                date,
                areas,
                supply,
                settings,
                people.frame,
                providers,
                placements,
                use,
                codes,
                cared,
                owned,
                events,
            )
        )
        looked_after = (people.frame["origin"] < areas.members) & (people.frame["kind"] != ADULT)
        in_region = settings.stands & (supply.units["host"] < areas.members).to_numpy()
        counts.append(
            QuarterCount(
                date,
                len(landing.senders[date]),
                landing.files[date],
                int(looked_after.sum()),
                int(in_region.sum()),
            )
        )
        if progress:
            progress(f"{date}: {counts[-1].files} files of {counts[-1].senders} senders")
    landing.write_arrivals()
    of.write(made, landing, areas.region.return_deadline_days)
    return MadeUpRegion(region, out, tuple(counts), tuple(made.others()))


def _folders(areas: Areas, date: dt.date, seed: int) -> dict[str, str]:
    """Each member's folder in the landing place: its DfE code for some, its GSS code on the date
    for others.
    """
    folders = {}
    for code in areas.codes_on(date)[: areas.members]:
        authority = authorities.on_date(code, date)
        gss = stream(seed, "folder", code).random() < 0.5 and authority is not None
        folders[code] = authority.gss if gss and authority else code
    return folders
