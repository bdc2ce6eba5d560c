"""Going back to a moment: copies of the embedded server's files, and its write-ahead log, with
PostgreSQL's own tools.

Belongs here: taking a base backup into the archive, removing what is older than one can go back,
and restoring to a moment. Does not belong here: how the server is started and copied
(`resources/embedded_postgres`), the dump (`backup`).
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import sqlalchemy as sa

from assets.access import erasure
from assets.access.backup import Restored, make_usable
from assets.common import audit
from assets.warehouse.keys import held_to, known_check
from resources.embedded_postgres import EmbeddedPostgres, write_ahead_log
from resources.errors import ObservatoryError
from resources.private import write_anew
from resources.pseudonym import find_key
from resources.settings import Settings
from resources.warehouse import Warehouse

_NAME = "%Y%m%dT%H%M%SZ"


def bases(archive: Path) -> dict[dt.datetime, Path]:
    """The base backups of an archive, by the moment from which on each can be brought, the oldest
    first.
    """
    copies = {}
    # what does not end so is no base: one that is still being taken, or the mark of a key
    for folder in sorted((archive / "base").glob("*Z")):
        copies[dt.datetime.strptime(folder.name, _NAME).replace(tzinfo=dt.UTC)] = folder
    return copies


def take_base(warehouse: Warehouse, settings: Settings, keep_days: int) -> tuple[Path, int]:
    """Take a base backup into the archive, verified; remove what is older than `keep_days`. Gives
    its folder, and how many were removed.

    The stop list's file in the home is brought up to date, for a restore asks for it.

    Raises:
        ObservatoryError: no archive is set, or the server that runs was started without it.
    """
    archive, server = settings.archive, warehouse.embedded
    if archive is None or server is None:
        raise ObservatoryError(
            "No archive is set for the embedded PostgreSQL; [recovery] archive in observatory.toml"
            " (or OBSERVATORY_ARCHIVE) was expected. For a PostgreSQL of your own use its own"
            " pg_basebackup (docs/recovery.md)."
        )
    if warehouse.scalar("select current_setting('archive_mode')") != "on":
        raise ObservatoryError(
            "The server that runs was started before the archive was set. Stop `observatory serve`"
            " and every run, and try again."
        )
    # what was left by one that was killed is no base
    making = archive / "base" / "new"
    shutil.rmtree(making, ignore_errors=True)
    server.take_base(making)
    ended = warehouse.scalar("select clock_timestamp()").astimezone(dt.UTC)
    ended = ended.replace(microsecond=0) + dt.timedelta(
        seconds=1
    )  # whole seconds, and none in which it was still being copied
    with warehouse.engine.begin() as connection:
        check = known_check(connection)
    name = ended.strftime(_NAME)
    if check is not None:  # beside the base, whose own files are verified against its list
        write_anew(_key_check(archive, name), check.encode("ascii"), 0o600)
    # under its own name only when it is whole, with the mark of its key beside it
    base = making.rename(making.with_name(name))
    with warehouse.engine.begin() as connection:
        erasure.add_to_stop_list(settings.home, erasure.stop_list(connection))
        audit.record(connection, audit.BACKED_UP, f"base {base.name}")
    return base, remove_what_is_older(archive, server, ended - dt.timedelta(days=keep_days))


def _key_check(archive: Path, base: str) -> Path:
    """Where the check value of the key stands with which a base backup's warehouse was begun. Bases
    of earlier versions have none.
    """
    return archive / "base" / f"{base}.key_check"


def remove_what_is_older(archive: Path, server: EmbeddedPostgres, until: dt.datetime) -> int:
    """Remove the base backups that are not needed to go back to `until`, and the log before the
    oldest that is left. Gives how many went.
    """
    known = bases(archive)
    # the youngest that is old enough: from it on, everything up to now can be reached
    needed = max((moment for moment in known if moment <= until), default=min(known))
    gone = [folder for moment, folder in known.items() if moment < needed]
    for folder in gone:
        shutil.rmtree(folder)
        _key_check(archive, folder.name).unlink(missing_ok=True)
    # the label names the first file of the log that the base needs
    label = (known[needed] / "backup_label").read_text(encoding="utf-8")
    first = label.split("(file ")[1].split(")")[0]
    subprocess.run(
        [server.programs / "pg_archivecleanup", write_ahead_log(archive), first],
        check=True,
        capture_output=True,
    )
    return len(gone)


def restore_to(
    settings: Settings,
    archive: Path,
    moment: dt.datetime,
    stop_list: Path | None = None,
    *,
    without_stop_list: bool = False,
) -> Restored:
    """Bring the server's files back into an empty home as they were at `moment`, without the
    children who were erased since.

    Raises:
        ObservatoryError: the home is not empty, no base backup is from before the moment, the log
            does not reach to it, the key is another one, or there is no stop list and it was not
            said that it is to be done without.
    """
    known = bases(archive)
    if not (before := [base for base in known if base <= moment]):
        first = f"the first is of {min(known):%Y-%m-%d %H:%M:%S} UTC" if known else "there is none"
        raise ObservatoryError(
            f"No base backup in {archive} is from before {moment:%Y-%m-%d %H:%M:%S %Z}; {first}."
            " Name a later moment."
        )
    named = stop_list or settings.home / erasure.STOP_LIST
    if not named.is_file() and not without_stop_list:
        raise ObservatoryError(
            f"No stop list was found at {named}; the file that says who was erased was expected:"
            " the archive does not know who was erased after the moment. Put"
            f" {erasure.STOP_LIST} of the home there, or name it with --stop-list. Where nobody was"
            " erased since, say --without-stop-list."
        )
    listed = erasure.read_stop_list(named) if named.is_file() else []
    # the nearest before it: the least of the log has to be gone through
    base = known[max(before)]
    if (kept := _key_check(archive, base.name)).is_file():  # before anything is written
        held_to(find_key(settings.home), kept.read_text(encoding="ascii").strip(), settings.home)
    EmbeddedPostgres(settings.home, archive=archive).recover(base, moment)
    # from now on its log goes where this home says, and not where it was brought back from
    server = EmbeddedPostgres(settings.home, archive=settings.archive)
    with Warehouse(server.join(), server) as warehouse:
        # a base of an earlier version has no mark beside it: then the warehouse itself tells
        with warehouse.engine.connect() as connection:
            check = (
                known_check(connection)
                if connection.execute(
                    sa.text("select to_regclass('access.key_check') is not null")
                ).scalar()
                else None
            )
        if check is not None:
            held_to(find_key(settings.home), check, settings.home)
        return make_usable(
            warehouse, settings, listed, f"moment {moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
        )
