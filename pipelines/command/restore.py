"""`observatory restore`: a backup back into an empty database."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from resources.errors import ObservatoryError
from resources.settings import Settings, settings_from_environment
from resources.warehouse import open_warehouse

if TYPE_CHECKING:
    from assets.access.backup import Restored


LONDON = ZoneInfo("Europe/London")
MOMENT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"])


def _go_back(
    settings: Settings,
    moment: dt.datetime | None,
    archive: Path | None,
    stop_list: Path | None,
    without: bool,
) -> Restored:
    from assets.access.recovery import restore_to

    if archive is None or moment is None:
        raise ObservatoryError(
            "No archive is set; [recovery] archive in observatory.toml, or --archive, was expected"
            " (docs/recovery.md)."
        )
    return restore_to(
        settings,
        archive.absolute(),
        moment.replace(tzinfo=LONDON),
        stop_list,
        without_stop_list=without,
    )


@click.command("restore")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option(
    "--to",
    "moment",
    type=MOMENT,
    metavar="MOMENT",
    help="Go back to a moment in London, such as '2026-04-21 10:15', by the archive.",
)
@click.option(
    "--archive",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The archive, if not that of the settings.",
)
@click.option(
    "--stop-list",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Who was erased, if not stop_list.csv in the observatory's home.",
)
@click.option(
    "--without-stop-list", is_flag=True, help="Nobody was erased since the backup was made."
)
def command(
    file: Path | None,
    moment: dt.datetime | None,
    archive: Path | None,
    stop_list: Path | None,
    without_stop_list: bool,
) -> None:
    """Restore FILE, or a moment of the archive, into an empty database: every table, all rights,
    and no child who was erased since.

    Answers, releases and pages are made anew by the next `observatory run`. The key that the backup
    was made with must be there, and the stop list: the backup does not know who was erased after
    it.
    """
    from assets.access.backup import restore

    if (file is None) == (moment is None):
        raise click.UsageError(
            "Give a FILE that `observatory backup` wrote, or a moment with --to."
        )
    settings = settings_from_environment()
    if file is not None:
        with open_warehouse(settings, may_be_new=True) as warehouse:
            found = restore(
                warehouse, settings, file, stop_list, without_stop_list=without_stop_list
            )
    else:
        found = _go_back(
            settings, moment, archive or settings.archive, stop_list, without_stop_list
        )
    print(
        f"Brought back: {file or f'{moment:%Y-%m-%d %H:%M:%S}'}. `observatory run` makes answers,"
        " releases and pages anew."
    )
    if found.erased.rows:
        print(
            f"Erased again, by the stop list: {sum(found.erased.rows.values())} rows. Use"
            " `observatory run` to rewrite the quarters."
        )
    if found.logins:
        print(
            "These logins were made again, with passwords that nobody knows. Give each a new one"
            " with `observatory grant ROLE --rotate`:"
        )
        print("  " + ", ".join(found.logins))
