"""`observatory backup`: the whole warehouse in one file."""

from __future__ import annotations

from pathlib import Path

import click

from resources.settings import settings_from_environment
from resources.warehouse import open_warehouse


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Write the whole warehouse to FILE (pg_dump's custom format), readable by its owner only.

    It holds rows about children: keep it where the warehouse's own disk could be kept. Keep pseudonym.key and stop_list.csv of the observatory's
    home as well, and apart from it; releases, landing place and outbox are folders of their own.
    """
    from assets.access.backup import back_up
    from assets.warehouse.tables import prepare

    settings = settings_from_environment()
    with open_warehouse(settings) as warehouse:
        prepare(warehouse, settings.region)
        size = back_up(warehouse, settings.home, file)
    print(f"Written: {file} ({size / 1024 / 1024:.1f} MB). `observatory restore FILE` brings it back into an empty database.")
