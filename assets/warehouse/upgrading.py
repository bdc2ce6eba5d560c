"""Upgrading: brings a home that an older version made to what this one needs, and refuses one that
a newer version made.

Belongs here: which schema a warehouse has, running the migrations, the refusal. Does not belong
here: the migrations (`migrations/versions`), and what is made anew whatever was there (`tables`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common import audit
from assets.warehouse import rewriting
from resources.errors import ObservatoryError
from resources.version import VERSION, in_order

MIGRATIONS = Path(__file__).with_name("migrations")


def _config() -> Any:
    import alembic.config  # a quarter of a second: only where there is something to bring up

    config = alembic.config.Config()
    # to the configuration a per cent sign begins a placeholder, and a folder may have one in its
    # name
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    # a folder may have one of the other separators in its name
    config.set_main_option("path_separator", "newline")
    return config


@cache
def _known() -> tuple[str, ...]:
    """The schemas that this program knows, the newest first."""
    from alembic.script import ScriptDirectory

    return tuple(
        script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def head() -> str:
    """The schema that this program needs, such as r0001."""
    return _known()[0]


def held(connection: Connection) -> tuple[str, str]:
    """The schema that a warehouse has, and the version of the program that brought it up; blank
    where it does not say.
    """
    if connection.execute(sa.text("select to_regclass('raw.schema_version') is null")).scalar():
        return "", ""
    schema = (
        connection.execute(sa.text("select version_num from raw.schema_version")).scalar() or ""
    )
    return (
        schema,
        connection.execute(sa.text("select program_version from raw.observatory")).scalar() or "",
    )


def refuse_newer(connection: Connection) -> None:
    """Leave a warehouse alone that a newer version of the program has brought up.

    Raises:
        ObservatoryError: it has a schema that this program does not know, or names a later version.
    """
    schema, version = held(connection)
    is_later = in_order(version) > in_order(VERSION)
    if not is_later and (not schema or schema in _known()):
        return
    raise ObservatoryError(
        f"This home was brought up by a newer version of the observatory: {version or 'unknown'},"
        f" schema {schema}. This program is {VERSION} and knows schemas up to {head()}. Nothing was"
        f" changed. Install version {version if is_later else 'of that schema'} or newer, or"
        " restore a backup that this version made into another home."
    )


def bring_up(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction, and write down that
    they ran.
    """
    from alembic import command

    before, _ = held(connection)
    if before == head():
        return
    # asked before the migrations, after which no home looks new
    is_new = connection.execute(sa.text("select to_regclass('raw.submission') is null")).scalar()
    columns = rewriting.dropped_columns(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    rewriting.note(connection, columns)
    # a new home was not brought up from anything
    if not is_new:
        audit.record(
            connection, audit.BROUGHT_UP, head(), schema_before=before or "none", program=VERSION
        )
