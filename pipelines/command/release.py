"""`observatory release`: release one census date, or say beforehand what would be released."""

from __future__ import annotations

import datetime as dt
import sys

import click

from pipelines.command.options import CensusDate
from pipelines.command.run import has_landed
from resources.settings import ObservatoryError, settings_from_environment
from resources.warehouse import open_warehouse
from schemas.rounding import as_decimal, half_up

_MOST_CHANGES = 60


@click.command("release")
@click.option("--census-date", "date", type=CensusDate(), required=True, help="The quarter end to release.")
@click.option("--dry-run", is_flag=True, help="Say what would be released, what the gate finds and what has changed; write nothing.")
def command(date: dt.date, *, dry_run: bool) -> None:
    """Release the figures of one census date, as they stand in the warehouse.

    Small counts are hidden and others rounded, and the gate tries to work out a hidden one from everything published so far. If it can,
    nothing is written, the cells are named, and the command ends with 1. `observatory run` releases by itself; this does it alone.
    """
    settings = settings_from_environment()
    with open_warehouse(settings) as warehouse:
        from assets.access.keys import warehouse_key
        from assets.page.site import bring_sites_up_to_date
        from assets.publication.release import has_own_returns, make_release
        from assets.warehouse.building import out_of_date
        from assets.warehouse.tables import prepare

        prepare(warehouse, settings.region)
        if warehouse.scalar("select 1 from raw.quarter where census_date = :d", d=date) is None:
            first = "" if has_landed(warehouse, settings, date) else f"Drop its returns into {settings.landing}/{date}/<sender>/ first, then "
            raise ObservatoryError(
                f"Nothing is held for {date}; a quarter that has been run was expected. {first}{'use' if first else 'Use'} "
                f"`observatory run --census-date {date}`."
            )
        if not has_own_returns(warehouse, date):
            raise ObservatoryError(
                f"No return that was sent for {date} counts: no release. Returns in force were expected. "
                f"Drop them into {settings.landing}/{date}/<sender>/, then use `observatory run`."
            )
        if date in out_of_date(warehouse, settings.region):
            raise ObservatoryError(
                f"The figures of {date} do not rest on what has been received since; figures up to date were expected. "
                f"Run `observatory run --census-date {date}`."
            )
        key = warehouse_key(warehouse, settings.home)  # with another key the same figures would carry other noise
        release = make_release(warehouse, date, settings.region, settings.releases, key=key, dry_run=dry_run)
        if release and not dry_run and not release.refused:
            bring_sites_up_to_date(warehouse, settings.region, settings.releases, [date])
    if release is None:
        raise ObservatoryError(
            f"There are no figures of {settings.region.name} for {date}; returns or a register were expected. Check `observatory status`."
        )
    if release.verdict is None:
        print(f"{date}: release r{release.number} stands, and says the same as the warehouse does now.")
        print(f"  {release.folder}")
        return
    share = half_up(as_decimal(100 * release.hidden / release.cells if release.cells else 0), 1)
    would = "would be released" if dry_run else "is released" if not release.refused else "was refused"
    print(f"{date}: r{release.number} {would}: {release.cells} cells, {release.hidden} hidden ({share} %), {release.repaired} by the repair.")
    verdict = release.verdict
    print(f"Gate: {verdict.protected} small counts attacked among {verdict.variables} figures, in {verdict.seconds:.1f} s.")
    if release.refused:
        for line in verdict.lines():
            print(f"  {line}")
        print("The gate refused the release: a small count could be worked out. Nothing was written.", file=sys.stderr)
        sys.exit(1)
    print("  Passed: none of them can be worked out.")
    lines = release.changes.splitlines()
    print("\n" + "\n".join(lines[:_MOST_CHANGES]))
    if len(lines) > _MOST_CHANGES:
        print(f"… and {len(lines) - _MOST_CHANGES} lines more.")
    print(f"\n{'Nothing was written.' if dry_run else release.folder}")
