"""`observatory approve`: a named person lets a draft go out, and it is published."""

from __future__ import annotations

import datetime as dt
import sys

import click

from pipelines.command.options import Quarter
from pipelines.opening import opened
from resources.settings import settings_from_environment


@click.command("approve")
@click.argument("dates", type=Quarter(), nargs=-1, metavar="[DATE...]")
@click.option("--all", "everything", is_flag=True, help="Every quarter that has a draft.")
@click.option(
    "--by", required=True, metavar="NAME", help="The person who approves, by name: it is recorded."
)
@click.option("--note", default="", help="What was looked at, or agreed, for the record.")
@click.option(
    "--draft",
    "mark",
    default="",
    metavar="MARK",
    help="The draft that was looked at, by its mark: if it was made anew since, nothing goes out.",
)
def command(dates: tuple[dt.date, ...], everything: bool, by: str, note: str, mark: str) -> None:
    """Approve the draft of the quarter that ended on DATE: it is published at once, just as it is
    kept, and its page is made.

    What has come in since the draft was made is not in it: it waits for the correction. Who
    approved what, and when, is on record (`observatory status`, `observatory audit`).
    """
    if bool(dates) == everything:
        raise click.UsageError("Give the quarters' ends, or --all.")
    if mark and len(dates) != 1:
        raise click.UsageError("--draft goes with one quarter.")
    from assets.publication.approval import refuse_what_cannot_be_approved
    from assets.publication.drafts import has_moved_on
    from assets.publication.lifecycle import lives
    from assets.publication.status import in_brackets
    from pipelines.names import APPROVE
    from pipelines.running import alone, run_quarters, write_what_is_missing

    settings = settings_from_environment()
    with alone(settings), opened(settings) as (_, warehouse):
        drafted = [
            row.census_date
            for row in warehouse.rows("select census_date from raw.draft order by 1")
        ]
        chosen = (
            [date for date in drafted if not lives(warehouse)[date].is_held]
            if everything
            else sorted(set(dates))
        )
        if not chosen:
            print("There is no draft to approve; `observatory status` says what comes next.")
            failures = write_what_is_missing(
                warehouse, settings
            )  # an approval that was killed may have left files unwritten
            sys.exit("\n".join(failures) if failures else 0)
        drafts = [refuse_what_cannot_be_approved(warehouse, date, by, mark) for date in chosen]
        moved_on = [row.census_date for row in drafts if has_moved_on(row, settings.region)]
        failures = run_quarters(settings, chosen, APPROVE, {"by": by.strip(), "why": note.strip()})
        failures += write_what_is_missing(warehouse, settings)
        known = lives(warehouse)
        for date in chosen:
            if (now := known[date]).state == "published" and now.since:
                word = in_brackets(now.status)
                print(
                    f"{date}: r{now.release}{word} published. Approved by {now.by} on"
                    f" {now.since:%d %B %Y}{f': {now.why}' if now.why else ''}."
                )
                print(
                    f"  {settings.releases / str(date) / f'r{now.release}' / 'page' / 'index.html'}"
                )
        for date in moved_on:
            print(
                f"{date}: the figures have moved since the draft was made; `observatory run`"
                " proposes the correction."
            )
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        sys.exit(1)
