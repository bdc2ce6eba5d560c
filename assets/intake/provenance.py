"""Whether a warehouse holds real returns or made-up ones: one or the other, for good.

Belongs here: the warehouse's state, set when the first file is taken in, and refusing the other
kind. Does not belong here: how made-up returns are known (`resources/provenance`).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.provenance import BANNER, marked
from resources.warehouse import Warehouse


def banner(warehouse: Warehouse) -> str:
    """What everything shows that comes out of this warehouse: blank where its returns are real."""
    with warehouse.reading() as connection:
        return BANNER if held(connection) else ""


def held(connection: Connection) -> bool | None:
    """Whether the returns that were taken in are made up; None where none were taken in yet."""
    # a warehouse that has not been prepared yet has no such table
    if connection.execute(sa.text("select to_regclass('raw.provenance')")).scalar() is None:
        return None
    return connection.execute(sa.text("select is_made_up from raw.provenance")).scalar()


def settle(connection: Connection, landing: LandingPlace, is_made_up: bool) -> None:
    """Say of which kind the warehouse is, by files that are about to be taken in; `is_made_up`
    where one of them says so of itself.

    Raises:
        ObservatoryError: it has taken in files of the other kind.
    """
    marked_by = marked(landing.root)
    are_made_up = bool(marked_by) or is_made_up
    refuse_mixture(held(connection), are_made_up, landing.address)
    # the first files decide for good: a row that is there stays
    statement = (
        "insert into raw.provenance (is_made_up, said) values (:m, :s) on conflict do nothing"
    )
    connection.execute(
        sa.text(statement), {"m": are_made_up, "s": marked_by or (BANNER if are_made_up else "")}
    )


def refuse_mixture(holds: bool | None, found: bool, where: Any) -> None:
    """Refuse files of the other kind.

    Raises:
        ObservatoryError: the warehouse `holds` one kind of returns, and those `found` are of the
            other.
    """
    if holds is None or holds == found:
        return
    elsewhere = (
        "Set OBSERVATORY_HOME to a new folder (or OBSERVATORY_DATABASE_URL to an empty database)"
    )
    if holds:
        raise ObservatoryError(
            f"The warehouse was filled with made-up returns, and those in {where} are not marked as"
            " made up. Real returns were expected to have a warehouse of their own."
            f" {elsewhere} for them. Nothing was read."
        )
    raise ObservatoryError(
        f"The returns in {where} are made up, and the warehouse holds real ones. Made-up returns"
        f" were expected to have a warehouse of their own. {elsewhere} for them, or set"
        " OBSERVATORY_LANDING to the real landing place. Nothing was read."
    )


__all__ = ["banner", "held", "refuse_mixture", "settle"]
