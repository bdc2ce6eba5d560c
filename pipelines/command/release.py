"""`observatory release`: what would be released of a census date, at any time; nothing is written."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

import click

from pipelines.command.options import CensusDate
from pipelines.due import has_landed
from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.settings import Settings
from resources.warehouse import Warehouse
from schemas.rounding import as_decimal, half_up

if TYPE_CHECKING:
    from assets.publication.drafts import Draft

_MOST_CHANGES = 60


@click.command("release")
@click.option("--census-date", "date", type=CensusDate(), required=True, help="The quarter end.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would be released, what the gate finds and what has changed; write nothing.",
)
def command(date: dt.date, *, dry_run: bool) -> None:
    """Show what would be released of a census date, as its figures stand in the warehouse: at any
    time, in any state.

    Small counts are hidden and others rounded, and the gate tries to work out a hidden one from
    everything published so far. If it can, the cells are named, and the command ends with 1. To
    release, a named person approves the draft: `observatory approve DATE --by NAME`.
    """
    if not dry_run:
        raise click.UsageError(
            "Nothing is released without an approval. Look at it with --dry-run, then: observatory"
            f" approve {date} --by NAME."
        )
    with opened() as (settings, warehouse):
        from assets.publication.drafts import make_draft
        from assets.warehouse.building import out_of_date
        from assets.warehouse.keys import warehouse_key

        refuse_what_is_not_held(warehouse, settings, date)
        key = warehouse_key(
            warehouse, settings.home
        )  # with another key the same figures would carry other noise
        draft = make_draft(warehouse, date, settings.region, "", key, dry_run=True)
        if date in out_of_date(warehouse, settings.region):
            print(
                f"{date}: something was received or withdrawn that is not in these figures yet;"
                " `observatory run` brings them up to date."
            )
    print_draft(draft, settings)
    print("\nNothing was written.")
    if draft.refused:
        sys.exit(1)


def refuse_what_is_not_held(warehouse: Warehouse, settings: Settings, date: dt.date) -> None:
    """Raise where the warehouse holds no figures of the date, and say what to do."""
    if warehouse.scalar("select 1 from raw.quarter where census_date = :d", d=date) is None:
        first = (
            ""
            if has_landed(warehouse, settings, date)
            else f"Drop its returns into {settings.landing}/{date}/<sender>/ first, then "
        )
        raise ObservatoryError(
            f"Nothing is held for {date}; a quarter that has been run was expected."
            f" {first}{'use' if first else 'Use'} `observatory run --census-date {date}`."
        )


def print_draft(draft: Draft, settings: Settings) -> None:
    """Print a draft: its size, what the gate found, what changes."""
    from assets.publication.drafts import NOTHING, SAME
    from assets.publication.status import in_brackets

    date = draft.census_date
    if draft.outcome == NOTHING:
        print(
            f"{date}: no return that was sent for it counts, or there are no figures of"
            f" {settings.region.name}: nothing to release."
        )
        return
    if draft.outcome == SAME:
        print(f"{date}: r{draft.number} is published, and says the same as the warehouse does now.")
        return
    if draft.refused:
        print(f"{date}: r{draft.number} is refused. The gate: a small count could be worked out.")
        for line in draft.said:
            print(f"  {line}")
        print(draft.what_to_do(), file=sys.stderr)
        return
    share = half_up(as_decimal(100 * draft.hidden / draft.cells if draft.cells else 0), 1)
    of = f"r{draft.number}{in_brackets(draft.status)}"
    print(
        f"{date}: draft {draft.mark} of {of}: {draft.cells} cells, {draft.hidden} hidden"
        f" ({share} %), {draft.repaired} by the repair."
    )
    if verdict := draft.verdict:
        print(
            f"Gate: {verdict.protected} small counts attacked among {verdict.variables} figures, in"
            f" {verdict.seconds:.1f} s."
        )
    if draft.accepted:
        print(f"The gate had refused it as it was. Taken of its offers: {draft.accepted}.")
    if not draft.ranked:
        print(
            "Members are told no ranks with it (curated.comparison): with them a login could have"
            " worked out a small count."
        )
    print("Gate: passed. None of the small counts can be worked out.")
    lines = draft.changes.splitlines()
    print("\n" + "\n".join(lines[:_MOST_CHANGES]))
    if len(lines) > _MOST_CHANGES:
        print(f"… and {len(lines) - _MOST_CHANGES} lines more.")
