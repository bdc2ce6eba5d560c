"""`observatory report`: the readers' quality report of a quarter, as Data Docs."""

from __future__ import annotations

import datetime as dt
import sys

import click

from pipelines.command.options import CensusDate
from pipelines.opening import opened
from resources.errors import ObservatoryError


@click.command("report")
@click.option(
    "--census-date",
    "dates",
    type=CensusDate(),
    multiple=True,
    help="A quarter end; may be given several times. The newest unless given.",
)
def command(dates: tuple[dt.date, ...]) -> None:
    """Write the quality report of a quarter: what readers may expect of each curated table, and
    where it is not so.

    The pages hold counts, and no row or value of a table. `observatory serve` writes them after
    every run.
    """
    from pipelines.running import write_reports

    with opened() as (settings, warehouse):
        held = [
            row.census_date
            for row in warehouse.rows("select census_date from raw.quarter order by 1")
        ]
        missing = sorted(set(dates) - set(held))
        if missing or not held:
            raise ObservatoryError(
                f"No figures are held for {', '.join(map(str, missing)) or 'any quarter'}; a"
                " quarter that was run was expected. Run it first: observatory run."
            )
        failures = write_reports(settings, sorted(set(dates)) or held[-1:])
    if failures:
        print("\n".join(failures), file=sys.stderr)
        sys.exit(1)
