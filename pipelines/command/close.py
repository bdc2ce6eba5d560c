"""`observatory close`: a quarter is closed by hand, before the timetable does it."""

from __future__ import annotations

import datetime as dt

import click

from pipelines.command.options import Quarter
from pipelines.opening import opened


@click.command("close")
@click.argument("dates", type=Quarter(), nargs=-1, required=True, metavar="DATE...")
@click.option("--by", metavar="NAME", help="Who closes it; this machine's user unless given.")
@click.option("--why", default="", help="Why, for the record.")
def command(dates: tuple[dt.date, ...], by: str | None, why: str) -> None:
    """Close the quarter that ended on DATE: later returns are taken in and answered, but wait for
    the correction.

    The timetable of the region closes a quarter by itself on its day, with the next `observatory
    run`.
    """
    from assets.common import audit
    from assets.publication import lifecycle

    with opened() as (settings, warehouse):
        for date in dates:
            lifecycle.close(warehouse, date, by or audit.actor(), why)
            print(f"{date}: closed. Next: observatory draft {date}")
