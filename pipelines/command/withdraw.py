"""`observatory withdraw`: a submission that should not count. It stays on record; the accepted one
before it counts again.
"""

from __future__ import annotations

import click

from pipelines.opening import opened
from resources.showing import one_line


@click.command("withdraw")
@click.argument("submission")
@click.option("--reason", required=True, help="Why, for the record.")
def command(submission: str, reason: str) -> None:
    """Withdraw SUBMISSION (its number, as `observatory status --history` lists it).

    What it held stays on record, with who withdrew it, when and why. The accepted version before
    it, if there is one, counts again. The same file sent again stays withdrawn. Use `observatory
    run` afterwards to bring the figures up to date.
    """
    if not (reason := reason.strip()):
        raise click.UsageError(
            "The reason is blank. Say why the submission should not count: it stays on record, and"
            " its sender is told."
        )
    from assets.common import audit
    from assets.intake.loading import withdraw

    with opened() as (settings, warehouse):
        date, sender = withdraw(warehouse, submission, audit.actor(), reason)
        now = warehouse.rows(
            "select t.table_name, t.version from raw.submission as s inner join"
            " raw.submission_table as t on s.submission_id = t.submission_id where s.census_date ="
            " :d and s.sender = :s and t.status = 'in force' order by 1",
            d=date,
            s=sender,
        )
    print(f"Withdrawn: submission {submission} of {one_line(sender)} for {date:%d %B %Y}.")
    counted = ", ".join(f"{row.table_name} version {row.version}" for row in now)
    print(
        f"In force now: {counted}."
        if now
        else "Nothing of this sender is in force now for that date."
    )
    print(f"Use `observatory run --census-date {date}` to bring the figures up to date.")
