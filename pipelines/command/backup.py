"""`observatory backup`: the whole warehouse in one file."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.opening import opened
from resources.configuration import number


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--base",
    is_flag=True,
    help="Copy the embedded server's files into the archive instead, to go back to a moment from.",
)
def command(file: Path | None, base: bool) -> None:
    """Write the whole warehouse to FILE (pg_dump's custom format), readable by its owner only.

    It holds rows about children: keep it where the warehouse's own disk could be kept. Keep
    pseudonym.key and stop_list.csv of the observatory's home as well, and apart from it; releases,
    landing place and outbox are folders of their own.
    """
    from assets.access.backup import back_up
    from assets.access.recovery import take_base

    if (file is None) != base:
        raise click.UsageError("Give a FILE for the dump, or --base for a copy in the archive.")
    with opened() as (settings, warehouse):
        if file is None:
            folder, gone = take_base(warehouse, settings, number("recovery.keep_days"))
            print(
                f"Written and verified: {folder}. {gone} older ones were removed. `observatory"
                " restore --to MOMENT` goes back to any moment since."
            )
            return
        size = back_up(warehouse, settings.home, file)
    print(
        f"Written: {file} ({size / 1024 / 1024:.1f} MB). `observatory restore FILE` brings it back"
        " into an empty database."
    )
