"""Preparing: makes a warehouse what this version of the program needs, with its readers' rights, in
one transaction.

Belongs here: the order of the steps, and when there is nothing to do.
Does not belong here: the steps themselves (`warehouse/tables`, `warehouse/upgrading`, `rights`).

The order matters: readers' views depend on tables, so they go first and come back last; what an
older program wrote is migrated before anything new is made.
"""

from __future__ import annotations

import sqlalchemy as sa

from assets.access import rights
from assets.warehouse import rewriting, tables, upgrading
from resources.configuration import number
from resources.locks import telling_for_whom_we_wait
from resources.warehouse import Warehouse
from schemas.regions import Region


def prepare(warehouse: Warehouse, region: Region, patience: int | None = None) -> bool:
    """Bring an older home up, make what is missing, and bring reference facts and everybody's
    rights up to date.

    Gives whether there was anything to do. After an upgrade the tables are written anew from which
    it took something; those that wait for it still are left to a run or the night. A
    reader's open transaction is waited for `patience` seconds (unless given, those of the
    configuration).

    Raises:
        ObservatoryError: a newer version has brought the home up, or somebody holds a table for
            longer. Nothing was changed.
    """
    # asked without the lock, by every command: mostly nothing is to be done
    if _stands(warehouse, region):
        return False
    # with these comes all of intake: mostly nothing is to be done
    from assets.intake.owners import take_in_held_owners
    from assets.intake.senders import untell_folders

    seconds = patience or number("upgrade.lock_wait_seconds")
    waiting = "Bringing the warehouse up"
    with (
        warehouse.writing(seconds) as connection,
        telling_for_whom_we_wait(warehouse.engine, connection, waiting, seconds),
    ):
        upgrading.refuse_newer(connection)
        tables.make_schemas(connection)
        connection.execute(sa.text(f"create schema if not exists {rights.SCHEMA}"))
        tables.drop_views(connection)
        upgrading.bring_up(connection)
        rights.make_functions(connection)  # policies and views call them
        tables.make_tables(connection, region)
        untell_folders(connection)  # before any reader has a right on what it takes away
        rights.apply(connection, region)
        tables.comment_tables(connection)
        take_in_held_owners(connection)
        tables.write_down(connection, region)
    # after the commit: no transaction can write a table anew
    rewriting.write_anew(warehouse)
    return True


def _stands(warehouse: Warehouse, region: Region) -> bool:
    """Whether the tables, and the rights on them, are what this program would make."""
    if warehouse.scalar("select to_regclass('raw.observatory')") is None:
        return False
    if warehouse.scalar("select state from raw.observatory") != tables.state(region):
        return False
    with warehouse.reading() as connection:
        return rights.stand(connection)
