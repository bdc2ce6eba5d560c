"""What members are told of others by the warehouse, as the last approved release had it.

Belongs here: keeping it with a draft, and letting it stand with the release. Does not belong here:
which relations and rows these are (`access/policies`, `as_approved`), and who reads them
(`access/fences`).
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.access.policies import MAY_BE_SHOWN, RANK, as_approved
from assets.publication.disclosure.rules import MOVED_TOO_LITTLE
from assets.warehouse.models import Model, models

_COLUMNS = "census_date, relation_name, whose, told"


def keep_with_draft(connection: Connection, census_date: dt.date, *, ranked: bool = True) -> None:
    """Keep the rows of the quarter as they stand: those that its draft was made of; without their
    ranks, where it is not `ranked`. Money stays as members were told it where its count has moved
    by too little for a new mean, as in what is printed.
    """
    for model in models().values():
        if approved := as_approved(model.columns):
            row = "to_jsonb(t)" + ("" if ranked else f" - '{RANK}'")
            before = ""
            if MAY_BE_SHOWN in model.columns:
                row, before = f"coalesce(b.told, {row})", _told_before(model)
            connection.execute(
                sa.text(
                    f"insert into raw.draft_told ({_COLUMNS}) select t.census_date, :r,"
                    f" t.{approved.whose}, {row} from {model.physical} as t {before} where"
                    f" t.census_date = :d and ({approved.served})"
                ),
                {"r": model.table, "d": census_date},
            )


def _told_before(model: Model) -> str:
    """The join with the rows that members were told before and that are to stay."""
    same = "".join(f" and b.told ->> '{name}' = t.{name}::text" for name in model.grain[1:])
    return (
        "left join raw.released_told as b on b.census_date = t.census_date and b.relation_name ="
        f" :r{same} and abs((b.told ->> 'placements')::integer - t.placements) <="
        f" {MOVED_TOO_LITTLE}"
    )


def keep_as_released(connection: Connection, census_date: dt.date) -> None:
    """Keep with the draft of a release that says again what is published what stands with that."""
    connection.execute(
        sa.text(
            f"insert into raw.draft_told ({_COLUMNS}) select {_COLUMNS} from raw.released_told"
            " where census_date = :d"
        ),
        {"d": census_date},
    )


def publish(connection: Connection, census_date: dt.date) -> None:
    """Let what was kept with the draft stand, in place of what stood before."""
    for statement in (
        "delete from raw.released_told where census_date = :d",
        f"insert into raw.released_told ({_COLUMNS}) select {_COLUMNS} from raw.draft_told where"
        " census_date = :d",
        "delete from raw.draft_told where census_date = :d",
    ):
        connection.execute(sa.text(statement), {"d": census_date})
