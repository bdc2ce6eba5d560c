"""Settings that more than one sender returns: whose they are, and what the region has decided about
them.

Belongs here: listing such settings and recording a decision; and folders that are no sender's,
which an earlier version reported by their names. Does not belong here: which return counts
(`core.setting_return`).
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common import audit
from assets.intake.door import sender_of
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse, physical


def contested(warehouse: Warehouse, census_date: dt.date) -> pd.DataFrame:
    """Settings that more than one sender returns for the date: `urn`, `host_authority_code`, the
    sender that counts, the others.
    """
    return warehouse.frame(
        """
        select c.urn, c.host_authority_code, r.sender as counts,
            string_agg(c.sender, ', ' order by c.sender) filter (where c.sender <> r.sender) as also_returned_by,
            exists (select from raw.setting_decision as d where d.urn = c.urn and d.host_authority_code = c.host_authority_code
                and d.census_date <= c.census_date) as is_decided
        from staging.setting_claim as c
        inner join core.setting_return as r
            on r.census_date = c.census_date and r.urn = c.urn and r.host_authority_code = c.host_authority_code
        where c.census_date = :d and c.is_in_force
        group by c.census_date, c.urn, c.host_authority_code, r.sender
        having count(*) > 1
        order by 1, 2
        """,
        d=census_date,
    )


def untell_folders(connection: Connection) -> None:
    """Take the names of folders that are no sender's out of a warehouse from before they were told
    by their form alone.

    They may name children. They stand in the register, in findings, and in what was written down of
    who sent.
    """
    rows = connection.exec_driver_sql(
        "select submission_id, census_date, sender from raw.submission where sender_kind ="
        " 'unknown'"
    ).all()
    changes = [
        {"id": r.submission_id, "old": r.sender, "new": sender_of(r.sender, r.census_date).key}
        for r in rows
    ]
    changes = [row for row in changes if row["old"] != row["new"]]
    if not changes:
        return
    for table in ("submission", "arrival"):
        connection.execute(
            sa.text(
                f"update raw.{table} set sender = :new where submission_id = :id and sender = :old"
            ),
            changes,
        )
    connection.execute(
        sa.text(physical("delete from raw.finding where submission_id = :id")), changes
    )  # they are made anew: what was read
    connection.execute(
        sa.text("update raw.submission set contract_version = '' where submission_id = :id"),
        changes,
    )  # so is read again
    connection.execute(sa.text("delete from raw.answer where submission_id = :id"), changes)
    # the trigger refuses changes to anybody; this transaction alone lifts it, and sets it again
    connection.exec_driver_sql("alter table access.event disable trigger append_only")
    connection.execute(
        sa.text("update access.event set actor = :new where subject = :id and actor = :old"),
        changes,
    )
    connection.exec_driver_sql("alter table access.event enable trigger append_only")


def assign(warehouse: Warehouse, urn: str, sender: str, census_date: dt.date, by: str) -> list[str]:
    """Decide that a setting is the sender's from the census date on, in every authority in which
    the sender has returned it.

    Gives those authorities' codes. Quarters from the date on are to be built again (`run` does).

    Raises:
        ObservatoryError: the sender has not returned the setting for the date.
    """
    with warehouse.writing() as connection:
        hosts = list(
            connection.execute(
                sa.text(
                    "select c.host_authority_code from staging.setting_claim as c where c.urn ="
                    " :urn and c.sender = :sender and c.census_date = :d and c.is_in_force order"
                    " by 1"
                ),
                {"urn": urn, "sender": sender, "d": census_date},
            ).scalars()
        )
        if not hosts:
            raise ObservatoryError(
                f"{sender} has returned no setting {urn} for {census_date}; a sender that has was"
                " expected. `observatory senders` lists the settings that more than one sender"
                " returns."
            )
        connection.execute(
            sa.text(
                "insert into raw.setting_decision values (:urn, :host, :d, :sender, :by, now()) on"
                " conflict (urn, host_authority_code, census_date) do update set sender ="
                " excluded.sender, decided_by = excluded.decided_by, decided_at ="
                " excluded.decided_at"
            ),
            [
                {"urn": urn, "host": host, "d": census_date, "sender": sender, "by": by}
                for host in hosts
            ],
        )
        audit.record(
            connection,
            audit.ASSIGNED,
            urn,
            by=by,
            sender=sender,
            census_date=census_date,
            hosts=hosts,
        )
    return hosts
