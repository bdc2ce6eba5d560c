"""Due: the quarters at which there is something to do, by what is recorded of them.

Belongs here: asking each stage. Does not belong here: doing it (`running`).
"""

from __future__ import annotations

import datetime as dt

from resources.landing import LandingPlace
from resources.settings import Settings
from resources.warehouse import Warehouse


def has_landed(warehouse: Warehouse, settings: Settings, date: dt.date) -> bool:
    """Whether a file lies in the landing place for the census date, or anything is held of it."""
    held = (
        "select exists (select from raw.submission where census_date = :d) or exists (select from"
        " raw.quarter where census_date = :d)"
    )
    return bool(warehouse.scalar(held, d=date)) or bool(LandingPlace(settings.landing).files(date))


def left_growing(place: LandingPlace, due: list[dt.date]) -> list[str]:
    """A sentence for each quarter of which only files that still grow are new: it is not run. Of
    those that are run the run says it.
    """
    from assets.intake.turns import growing

    return [
        f"{date}: {growing(files)}"
        for date, files in sorted(place.growing.items())
        if files and date not in due
    ]


def quarters_due(
    warehouse: Warehouse,
    place: LandingPlace,
    settings: Settings,
    landed: list[dt.date],
    dates: list[dt.date],
    everything: bool,
) -> list[dt.date]:
    """The quarters to run: those asked for, or those for which something is new or has changed."""
    from assets.answering.outbox import unanswered
    from assets.intake.loading import has_news
    from assets.projection import table as projection
    from assets.warehouse.building import known_quarters, out_of_date
    from assets.warehouse.keys import warehouse_key

    if dates:
        return sorted(set(dates))
    if everything:
        return sorted({*landed, *known_quarters(warehouse)})
    due = {
        *out_of_date(warehouse, settings.region),
        *projection.out_of_date(warehouse),
        *unanswered(warehouse),
    }
    key = warehouse_key(warehouse, settings.home)
    with warehouse.reading() as connection:
        due |= {date for date in landed if has_news(connection, place, date, key)}
    return sorted(due)


def stale(warehouse: Warehouse, settings: Settings, done: list[dt.date]) -> list[dt.date]:
    """Quarters after those `done` whose figures rest on what has just come in."""
    from assets.projection import table as projection
    from assets.warehouse.building import out_of_date

    stale = {*out_of_date(warehouse, settings.region), *projection.out_of_date(warehouse)}
    return sorted(date for date in stale if date > min(done))
