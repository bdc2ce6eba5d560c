"""`observatory reopen`: returns are collected again for a quarter that is closed or a draft."""

from __future__ import annotations

import datetime as dt

import click

from pipelines.command.options import Quarter
from pipelines.opening import opened


@click.command("reopen")
@click.argument("date", type=Quarter(), metavar="DATE")
@click.option("--by", metavar="NAME", help="Who reopens it; this machine's user unless given.")
@click.option("--why", required=True, help="Why, for the record.")
def command(date: dt.date, by: str | None, why: str) -> None:
    """Reopen the quarter that ended on DATE for returns; its draft is removed. After that only a
    person closes it (`observatory close`).

    A quarter that is published is not reopened: what comes late gathers into a proposed correction.
    """
    from assets.common import audit
    from assets.publication import lifecycle
    from assets.publication.drafts import write_draft_files

    with opened() as (settings, warehouse):
        lifecycle.reopen(warehouse, date, by or audit.actor(), why)
        write_draft_files(warehouse, settings.drafts)
    print(f"{date}: collecting again. Close it by hand: observatory close {date}")
