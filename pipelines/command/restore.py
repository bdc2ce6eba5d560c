"""`observatory restore`: a backup back into an empty database."""

from __future__ import annotations

from pathlib import Path

import click

from resources.settings import settings_from_environment
from resources.warehouse import open_warehouse


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--stop-list",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Who was erased, if not stop_list.csv in the observatory's home.",
)
@click.option("--without-stop-list", is_flag=True, help="Nobody was erased since the backup was made.")
def command(file: Path, stop_list: Path | None, without_stop_list: bool) -> None:
    """Bring FILE back into an empty database: every table, everybody's rights, and none of the children who were erased since.

    The key that the backup was made with must be there, and the stop list: the backup does not know who was erased after it.
    """
    from assets.access.backup import restore

    settings = settings_from_environment()
    with open_warehouse(settings, may_be_new=True) as warehouse:
        found = restore(warehouse, settings, file, stop_list, without_stop_list=without_stop_list)
    print(f"Brought back: {file}.")
    if found.erased.rows:
        print(f"Erased again, by the stop list: {sum(found.erased.rows.values())} rows. Use `observatory run` to rewrite the quarters.")
    if found.logins:
        print("These logins were made again, with passwords that nobody knows. Give each a new one with `observatory grant ROLE --rotate`:")
        print("  " + ", ".join(found.logins))
