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
                before = _told_before(model)
                # a column that a version adds is told beside what stays
                row = f"case when n.is_near then {row} || b.told else {row} end"
            connection.execute(
                sa.text(
                    f"insert into raw.draft_told ({_COLUMNS}) select t.census_date, :r,"
                    f" t.{approved.whose}, {row} from {model.physical} as t {before} where"
                    f" t.census_date = :d and ({approved.served})"
                    + (" and (b.told is not null or not n.is_near)" if before else "")
                ),
                {"r": model.table, "d": census_date} | ({"e": _earlier(model)} if before else {}),
            )


def _earlier(model: Model) -> str:
    """The name under which rows of the relation are kept that were told, and are no more."""
    return f"{model.table}, earlier"


def _told_before(model: Model) -> str:
    """What stands of a row (`b`), and whether a mean of about as many was ever told (`n`): then
    what stands stays, or nothing is told.
    """
    same = " and ".join(f"%s.told ->> '{name}' = t.{name}::text" for name in model.grain[1:])
    return (
        "left join raw.released_told as b on b.census_date = t.census_date and b.relation_name ="
        f" :r and {same.replace('%s', 'b')} cross join lateral (select exists (select from"
        " raw.released_told as e where e.census_date = t.census_date and e.relation_name in (:r,"
        f" :e) and {same.replace('%s', 'e')} and abs((e.told ->> 'placements')::integer -"
        f" t.placements) <= {MOVED_TOO_LITTLE}) as is_near) as n"
    )


def keep_as_released(connection: Connection, census_date: dt.date) -> None:
    """Keep with the draft of a release that says again what is published what stands with that."""
    connection.execute(
        sa.text(
            f"insert into raw.draft_told ({_COLUMNS}) select {_COLUMNS} from raw.released_told"
            " where census_date = :d and relation_name = any(:told)"
        ),
        {"d": census_date, "told": [m.table for m in models().values()]},
    )


def publish(connection: Connection, census_date: dt.date) -> None:
    """Let what was kept with the draft stand, in place of what stood before. Money that was told is
    kept beside it, for no reader.
    """
    earlier = {m.table: _earlier(m) for m in models().values() if MAY_BE_SHOWN in m.columns}
    for relation, name in earlier.items():
        connection.execute(
            sa.text(
                f"insert into raw.released_told ({_COLUMNS}) select distinct census_date, :e,"
                " whose, told from raw.released_told as b where census_date = :d and"
                " relation_name = :r and not exists (select from raw.released_told as e where"
                " e.census_date = :d and e.relation_name = :e and e.told = b.told)"
            ),
            {"d": census_date, "r": relation, "e": name},
        )
    connection.execute(
        sa.text(
            "delete from raw.released_told where census_date = :d and relation_name <> all(:e)"
        ),
        {"d": census_date, "e": [*earlier.values()]},
    )
    for statement in (
        f"insert into raw.released_told ({_COLUMNS}) select {_COLUMNS} from raw.draft_told where"
        " census_date = :d",
        "delete from raw.draft_told where census_date = :d",
    ):
        connection.execute(sa.text(statement), {"d": census_date})
