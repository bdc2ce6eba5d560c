"""`observatory senders`: settings that more than one sender returns, and the region's decision
whose they are.
"""

from __future__ import annotations

import datetime as dt

import click

from pipelines.command.options import CensusDate
from pipelines.command.printing import print_table
from pipelines.opening import opened
from resources.errors import ObservatoryError


@click.command("senders")
@click.option(
    "--census-date",
    "date",
    type=CensusDate(),
    help="The quarter end; the newest that is held, unless given.",
)
@click.option(
    "--assign",
    nargs=2,
    metavar="URN SENDER",
    help="Decide that the setting is this sender's, from the quarter on.",
)
def command(date: dt.date | None, assign: tuple[str, str] | None) -> None:
    """List the settings that more than one sender returns, or decide whose one is.

    A setting stays with the sender that returned it before; where none did, with the one whose
    return of it arrived first. The other's is left out, and both are told in their answers. When it
    has changed hands, say so with --assign, then `observatory run`.
    """
    from assets.common import audit
    from assets.intake.senders import assign as decide
    from assets.intake.senders import contested
    from assets.warehouse.building import known_quarters

    with opened() as (settings, warehouse):
        date = date or max(known_quarters(warehouse), default=None)
        if date is None:
            raise ObservatoryError(
                "The warehouse holds no quarter yet. Drop returns into the landing place and use"
                " `observatory run`."
            )
        if assign:
            hosts = decide(warehouse, assign[0], assign[1], date, audit.actor())
            print(
                f"Decided: {assign[0]} in {', '.join(hosts)} is {assign[1]}'s from"
                f" {date:%d %B %Y} on."
            )
            print("Use `observatory run` to bring the figures up to date.")
            return
        found = contested(warehouse, date)
    if found.empty:
        print(f"No setting is returned by more than one sender for {date:%d %B %Y}.")
        return
    rows = [
        [r.urn, r.host_authority_code, r.counts, r.also_returned_by, "yes" if r.is_decided else ""]
        for r in found.itertuples()
    ]
    print_table(["urn", "host authority", "counts", "also returned by", "decided"], rows)
