"""`observatory run`: from the landing place to the drafts, through Dagster, for every quarter at
which something is due. It publishes nothing.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time

import click

from pipelines import running
from pipelines.command.options import CensusDate
from pipelines.due import has_landed, left_growing, quarters_due, stale
from pipelines.opening import opened
from pipelines.quarter_ends import workable
from pipelines.running import alone, write_reports, write_what_is_missing
from pipelines.stop_list import erase_whom_it_forgot
from pipelines.telling import told_of_failures
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.provenance import marked
from resources.settings import Settings, settings_from_environment
from resources.showing import one_line
from resources.warehouse import Warehouse
from schemas.regions import today


def _told(paths: list[str]) -> str:
    """What lies in the landing place, as it may be told: a name that its sender chose may name a
    child.
    """
    from assets.intake.door import sender_of
    from assets.intake.telling import place_label

    def is_sender(name: str) -> bool:
        return sender_of(name, dt.date.max).kind != "unknown"

    labels = [place_label(path, is_sender) for path in paths[:10]]
    return one_line(", ".join(labels)) + (" …" if len(paths) > 10 else "")


@click.command("run")
@click.option("--landing", metavar="DIR", help="The landing place, if not OBSERVATORY_LANDING's.")
@click.option(
    "--census-date",
    "dates",
    type=CensusDate(),
    multiple=True,
    help="A quarter end to bring up to date; may be given several times.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Every quarter in the landing place and the warehouse.",
)
@click.option(
    "--report",
    is_flag=True,
    help="Write the readers' quality report of these quarters too, at the end.",
)
def command(
    landing: str | None, dates: tuple[dt.date, ...], everything: bool, report: bool
) -> None:
    """Bring the warehouse, the answers and the drafts that are due up to date. It never publishes.

    Without --census-date or --all: every quarter at which something is due, by what is recorded of
    it: something new has landed, its figures rest on something that has changed, an answer, a draft
    or a page is missing. Quarters whose day has come are closed by the region's timetable. The runs
    appear in the Dagster UI (`observatory serve`). Ends with 0 when the work is done, though
    returns were rejected; with 1 where a draft is refused or a step failed; with 2 where it cannot
    work.
    """
    if dates and everything:
        raise click.UsageError("Give --census-date or --all, not both.")
    if landing:
        os.environ["OBSERVATORY_LANDING"] = str(landing)
    settings = settings_from_environment(landing=landing)
    started = time.monotonic()
    print(f"Landing place: {settings.landing}", flush=True)
    place = LandingPlace(settings.landing)
    landed, left = workable(place.census_dates(), today())
    _tell_of_the_landing_place(place, settings, left)
    with alone(settings), opened(settings, may_be_new=True) as (_, warehouse):
        from assets.checks.report import out_of_date as reports_due
        from assets.intake import provenance
        from assets.warehouse import rewriting
        from pipelines.command.summary import print_summary

        erase_whom_it_forgot(warehouse, settings)
        # an upgrade may have died before it, or a reader held a table
        rewriting.write_anew(warehouse, rewriting.AT_ONCE)
        if landed:  # before anything is said to be due, and not from inside a run
            with warehouse.reading() as connection:
                provenance.refuse_mixture(
                    provenance.held(connection), bool(marked(place.root)), settings.landing
                )
        _refuse_where_nothing_is_held(warehouse, settings, dates)
        due = quarters_due(warehouse, place, settings, landed, list(dates), everything)
        print("\n".join(left_growing(place, due)), end="\n" if left_growing(place, due) else "")
        done, failures = _bring_up_to_date(warehouse, settings, due)
        drafted, refused = _draft(warehouse, settings, sorted(set(dates)), failures)
        failures += write_what_is_missing(warehouse, settings)
        if not due and not drafted:
            text = (
                "nothing new has landed"
                if landed
                else "the landing place holds no census date's folder"
            )
            print(f"Up to date: {text}.")
        done = sorted({*done, *drafted}) or _held(warehouse)
        try:
            if report:
                failures += write_reports(
                    settings, reports_due(warehouse, settings.data_docs) if not due else done
                )
        finally:  # the drafts are made, whatever becomes of the report
            if done:
                print_summary(warehouse, settings, done)
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    told_of_failures(settings, "observatory run", failures)
    print(f"\nDone in {time.monotonic() - started:.0f} s.")
    if failures or refused:
        sys.exit(1)


def _tell_of_the_landing_place(place: LandingPlace, settings: Settings, left: list[str]) -> None:
    """Print what lies there and is not read."""
    print("\n".join(left), end="\n" if left else "")
    if odd := place.left_alone():
        print(
            f"Left alone, because they are not in a census date's and sender's folder: {_told(odd)}"
        )
    for folder, reason in place.refused():
        print(f"Not looked into: {_told([f'{folder}/'])} {reason}.")
    if waiting := place.under_way():
        print(f"Waiting for the end of an upload: {_told(waiting)}")
    if not settings.home.exists():
        print(
            f"Nothing was kept at {settings.home} yet: a new home of the observatory is made there."
        )


def _refuse_where_nothing_is_held(
    warehouse: Warehouse, settings: Settings, dates: tuple[dt.date, ...]
) -> None:
    """Refuse quarters that were asked for and of which there is nothing.

    Raises:
        ObservatoryError: there is one.
    """
    empty = [date for date in sorted(set(dates)) if not has_landed(warehouse, settings, date)]
    if empty:
        raise ObservatoryError(
            f"Nothing has landed for {', '.join(map(str, empty))}, and nothing is held; returns"
            " of the quarter were expected. Drop them into"
            f" {settings.landing}/{empty[0]}/<sender>/ first."
        )


def _bring_up_to_date(
    warehouse: Warehouse, settings: Settings, due: list[dt.date]
) -> tuple[list[dt.date], list[str]]:
    """Run the quarters that are due, and then those that rest on what came in with them. Gives
    all of them, and what failed.
    """
    if not due:
        return [], []
    print(f"Quarters to bring up to date: {', '.join(map(str, due))}", flush=True)
    failures = list(running.run_quarters(settings, due) or [])
    still = [] if failures else stale(warehouse, settings, due)
    if not still:
        return list(due), failures
    # an older register list that came in now speaks for later quarters too
    print(f"Quarters that rest on what has come in: {', '.join(map(str, still))}", flush=True)
    failures += running.run_quarters(settings, still) or []
    return sorted({*due, *still}), failures


def _draft(
    warehouse: Warehouse, settings: Settings, asked: list[dt.date], failures: list[str]
) -> tuple[list[dt.date], bool]:
    """Close and draft what is due today (of the quarters asked for, where some are). Gives their
    dates, and whether a draft is refused.

    What the gate refused before, and nothing has changed since, is told again and not tried again.
    """
    from assets.publication.drafts import due, refusals
    from pipelines.names import DRAFT

    reasons = {
        date: why
        for date, why in due(warehouse, settings.region, today()).items()
        if not asked or date in asked
    }
    if reasons:
        print(
            "Quarters to close or draft:"
            f" {', '.join(f'{date} ({why})' for date, why in reasons.items())}",
            flush=True,
        )
        failures += running.run_quarters(settings, list(reasons), DRAFT) or []
    refused = [one for one in refusals(warehouse) if not asked or one.census_date in asked]
    for one in refused:
        if one.census_date not in reasons:
            print(
                f"{one.census_date}: the gate has refused the draft, and nothing has changed since:"
            )
            print("\n".join(f"  {line}" for line in (*one.in_short(), one.what_to_do())))
    return list(reasons), bool(refused)


def _held(warehouse: Warehouse) -> list[dt.date]:
    return [
        row.census_date for row in warehouse.rows("select census_date from raw.quarter order by 1")
    ]
