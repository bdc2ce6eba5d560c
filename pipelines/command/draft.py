"""`observatory draft`: the draft of a quarter is made of what counts now, and shown."""

from __future__ import annotations

import datetime as dt
import sys

import click

from pipelines.command.options import Quarter
from pipelines.opening import opened
from resources.settings import settings_from_environment


@click.command("draft")
@click.argument("dates", type=Quarter(), nargs=-1, required=True, metavar="DATE...")
@click.option("--by", metavar="NAME", help="Who makes it; this machine's user unless given.")
@click.option(
    "--accept",
    type=click.Choice(["hide", "carry-over"]),
    help="Where the gate refuses: take this of what it offers.",
)
@click.option(
    "--added",
    is_flag=True,
    help="Of a published quarter: with what a newer version of the program gives besides.",
)
def command(dates: tuple[dt.date, ...], by: str | None, accept: str | None, added: bool) -> None:
    """Make the draft of the quarter that ended on DATE, closed or published, of what counts now:
    the next release and its page, as they will be.

    Nothing is published. A draft that stands and would be the same stays. `observatory run` makes
    drafts on the timetable's day; after that a draft changes only when it is made anew with this.
    Ends with 1 where the gate refuses.

    A refusal says what would pass: to hide what has moved by a child since the last edition, or to
    publish with some tables as they were in it.
    --accept takes that, and the history of the quarter says so.

    A published release keeps the tables and measures that it has: what a newer version of the
    program gives besides makes no correction by itself. With --added it does.
    """
    from assets.common import audit
    from assets.page.site import bring_drafts_up_to_date
    from assets.publication.drafts import kept, refusals, refuse_what_cannot_be_drafted
    from pipelines.command.release import print_draft, refuse_what_is_not_held
    from pipelines.names import DRAFT
    from pipelines.running import alone, run_quarters

    settings = settings_from_environment()
    with alone(settings), opened(settings) as (_, warehouse):
        for date in dates:
            refuse_what_is_not_held(warehouse, settings, date)
            refuse_what_cannot_be_drafted(warehouse, date, settings.region)
        failures = run_quarters(
            settings,
            sorted(set(dates)),
            DRAFT,
            {
                "by": by or audit.actor(),
                "accept": (accept or "").replace("-", " "),
                "added": "yes" if added else "",
            },
        )
        refused = {one.census_date: one for one in refusals(warehouse)}
        folders = bring_drafts_up_to_date(
            warehouse, settings.region, settings.drafts, settings.releases
        )
        for date in sorted(set(dates)):
            if date in refused:
                continue
            if draft := kept(warehouse, date):
                print_draft(draft, settings)
                print(f"\nLook at it: {folders[date] / 'page' / 'index.html'}")
                print(f"Approve it: observatory approve {date} --by 'NAME' --draft {draft.mark}")
            elif not failures:
                print(f"{date}: there is nothing to say that is not published; no draft.")
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures or refused.keys() & set(dates):
        sys.exit(1)
