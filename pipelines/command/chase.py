"""`observatory chase`: whom to remind of which return."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import click

from pipelines.command.options import CensusDate
from pipelines.command.printing import print_csv, print_table
from pipelines.opening import opened
from pipelines.telling import remind
from resources.errors import ObservatoryError


@click.command("chase")
@click.option(
    "--census-date",
    "date",
    type=CensusDate(),
    help="The quarter end; the newest that is held, unless given.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv"]),
    default="table",
    show_default=True,
    help="How the list is printed.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the list to a file, as CSV.",
)
@click.option(
    "--send",
    is_flag=True,
    help="Remind each sender that has a contact, and the region's channel; once a day.",
)
def command(date: dt.date | None, form: str, out: Path | None, send: bool) -> None:
    """List by sender which returns of a quarter are due, late, rejected or less than half of the
    last, with the days that they are late.

    Returns are due on the day of the region's timetable. A member is expected to send its placement
    census, and who returned settings or placements for the last quarter to do so again. Nothing
    personal is in the list or in a reminder. Reminders go by e-mail (OBSERVATORY_MAIL) to the
    region's contacts (contacts.csv: sender, name, email), and to its channel (OBSERVATORY_NOTIFY).
    `observatory serve` sends them by itself on the timetable's days.
    """
    from dataclasses import astuple

    from assets.checks.chasing import HEADS, chase_list
    from schemas.regions import today

    with opened() as (settings, warehouse):
        held = [
            row.census_date
            for row in warehouse.rows("select census_date from raw.quarter order by 1")
        ]
        date = date or (held[-1] if held else None)
        if date is None or not held or date < held[0] or date > today():
            raise ObservatoryError(
                f"No figures are held for {date or 'any quarter'}; a quarter that has ended, after"
                " one that was run, was expected. Run it first: observatory run."
            )
        if send:
            print("\n".join(remind(warehouse, settings, date, today())))
            return
        chased = chase_list(warehouse, date, settings.region.timetable, today())
    rows = [list(astuple(one)) for one in chased]
    columns = list(HEADS.values())
    if out:
        with out.open("w", encoding="utf-8", newline="") as file, contextlib.redirect_stdout(file):
            print_csv(columns, rows)
        print(f"{len(rows)} returns to chase for {date}: {out}")
    elif form == "csv":
        print_csv(columns, rows)
    else:
        print(f"{settings.region.name}, census date {date:%d %B %Y}: {len(rows)} returns to chase")
        print_table(columns, rows)
