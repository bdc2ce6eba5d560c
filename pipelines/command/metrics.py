"""`observatory metrics`: what the last runs did and how long it took."""

from __future__ import annotations

import click

from pipelines.command.printing import print_table
from pipelines.opening import opened


@click.command("metrics")
@click.option(
    "--runs",
    "many",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many of the last runs.",
)
def command(many: int) -> None:
    """Show what the last runs did: job, quarters, seconds, rows written, checks that found
    something; and write it as a page.

    The numbers stand in raw.run and raw.run_metric: each step's seconds, each table's rows, each
    check's offending rows. Nothing in them is of a return.
    """
    from pipelines.instance import dagster_instance
    from pipelines.metrics import last_runs, quarters_of, record, write_page

    with opened() as (settings, warehouse):
        with dagster_instance(settings) as instance:
            record(warehouse, instance)
        rows = [
            [
                f"{r.started_at:%Y-%m-%d %H:%M}",
                r.job,
                quarters_of(r),
                f"{r.seconds:.0f}",
                r.outcome,
                f"{r.rows or 0:.0f}",
                f"{r.checks_failed} of {r.checks}",
            ]
            for r in last_runs(warehouse, many)
        ]
        page = write_page(warehouse, settings.home / "metrics")
    print_table(
        [
            "started (UTC)",
            "job",
            "quarters",
            "seconds",
            "outcome",
            "rows",
            "checks that found something",
        ],
        rows,
    )
    print(f"\nThe page: {page}")
