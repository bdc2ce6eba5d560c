"""`observatory hold`: a quarter is held where it stands, or taken up again."""

from __future__ import annotations

import datetime as dt

import click

from pipelines.command.options import Quarter
from pipelines.opening import opened


@click.command("hold")
@click.argument("date", type=Quarter(), metavar="DATE")
@click.option("--by", metavar="NAME", help="Who holds it; this machine's user unless given.")
@click.option("--why", default="", help="Why, for the record; needed to hold.")
@click.option("--lift", is_flag=True, help="Take it up again.")
def command(date: dt.date, by: str | None, why: str, *, lift: bool) -> None:
    """Hold the quarter that ended on DATE: it is not closed by the timetable, drafted or approved
    until the hold is lifted (--lift).

    Returns are taken in and answered as ever.
    """
    if not lift and not why.strip():
        raise click.UsageError(
            "No reason was given; --why was expected: it is on record, and whoever asks is told."
        )
    from assets.common import audit
    from assets.publication import lifecycle

    with opened() as (settings, warehouse):
        lifecycle.hold(warehouse, date, by or audit.actor(), why, lift=lift)
    print(f"{date}: {'taken up again' if lift else 'held'}.")
