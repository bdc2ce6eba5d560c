"""Audit: who sent, withdrew, released, granted and erased; and who read which table of children when.

Belongs here: writing an event down, gathering readings from the server's log, the month's summary for the data protection officer.
Does not belong here: the tables and the function that notes a reading (`rights`).

PostgreSQL has no trigger on reading. Every policy on a table of children calls `access.noted`, once a query, which writes a line to the server's
log. A line in a log stays when the reader's transaction is rolled back or read-only, it is written whatever way leads to the table, and no reader
can switch it off or reach it. Each line carries a mark that only the server can make: a line that somebody else writes into the log is told apart.
"""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from resources.warehouse import Warehouse

SENT, WITHDREW, RELEASED = "sent", "withdrew", "released"
NUMBERED_ANEW, REISSUED = "numbered anew", "reissued"
GRANTED, ROTATED, REVOKED, ASKED_AS = "granted", "rotated", "revoked", "asked as"
ERASED, REMOVED, BACKED_UP, RESTORED = "erased", "removed", "backed up", "restored"

_LINE = re.compile(r"observatory-reading ([0-9a-f]{64}) (\{.*\})\s*$")


def actor() -> str:
    """Who acts: the user of this machine's account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "unknown"


def record(connection: Connection, what: str, subject: str, by: str = "", **details: Any) -> None:
    """Write an event down, in the transaction in which it happens. Details hold no personal data."""
    record_all(connection, [{"by": by or actor(), "what": what, "subject": subject, "details": details}])


def record_all(connection: Connection, events: list[dict[str, Any]]) -> None:
    """Write events down: `by`, `what`, `subject` and `details` of each."""
    if events:
        connection.execute(
            sa.text("insert into access.event (actor, what, subject, details) values (:by, :what, :subject, cast(:details as jsonb))"),
            [{**event, "details": json.dumps(event["details"], default=str)} for event in events],
        )


@dataclass(frozen=True)
class Gathered:
    """What was gathered from a log: readings that were new, and lines that look like one and do not bear the server's mark."""

    readings: int
    forged: int


def gather(warehouse: Warehouse, log: Path) -> Gathered:
    """Bring the readings that the server's log tells of into `access.reading`. What was gathered before is passed over."""
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("lock table access.gathered in exclusive mode"))
        secret = connection.execute(sa.text("select value from access.secret")).scalar_one()
        name = str(log.resolve())
        position = connection.execute(sa.text("select position from access.gathered where log = :log"), {"log": name}).scalar() or 0
        if log.stat().st_size < position:  # another log under the same name
            position = 0
        with log.open("rb") as file:
            file.seek(position)
            content = file.read()
        content = content[: content.rfind(b"\n") + 1]  # whole lines
        found, forged = [], 0
        for line in content.decode("utf-8", "replace").splitlines():
            match = _LINE.search(line)
            if not match:
                continue
            if match[1] != _mark(secret, match[2]):
                forged += 1
                continue
            said = json.loads(match[2])
            found.append({"mark": match[1], "at": said["at"], "login": said["login"], "table": said["table"], "through": said["client"]})
        new = 0
        for reading in found:
            new += connection.execute(
                sa.text(
                    "insert into access.reading (mark, read_at, login, table_name, through) "
                    "values (:mark, cast(:at as timestamptz), coalesce((select l.borrowed_from from access.login as l where l.login = :login), "
                    ":login), :table, :through) on conflict (mark) do nothing"
                ),
                reading,
            ).rowcount
        connection.execute(
            sa.text("insert into access.gathered values (:log, :to) on conflict (log) do update set position = excluded.position"),
            {"log": name, "to": position + len(content)},
        )
        connection.execute(  # borrowed logins whose every line has been gathered
            sa.text("delete from access.login where borrowed_from is not null and login not in (select rolname from pg_roles)")
        )
    return Gathered(new, forged)


def _mark(secret: str, said: str) -> str:
    inner = hashlib.sha256((secret + said).encode()).hexdigest()
    return hashlib.sha256((secret + inner).encode()).hexdigest()


def monthly(warehouse: Warehouse, month: dt.date) -> dict[str, pd.DataFrame]:
    """The month's summary: `readings` by login and table with the days, first and last; `events` by kind, actor and subject."""
    until = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    period = {"since": month.replace(day=1), "until": until}
    return {
        "readings": warehouse.frame(
            "select r.login, l.kind, l.authority_code, r.table_name, count(*) as readings, count(distinct r.read_at::date) as days, "
            "min(r.read_at) as first_read, max(r.read_at) as last_read from access.reading as r "
            "left join access.login as l on l.login::text = r.login "
            "where r.read_at >= :since and r.read_at < :until group by 1, 2, 3, 4 order by 1, 4",
            **period,
        ),
        "events": warehouse.frame(
            "select e.what, e.actor, e.subject, count(*) as times, max(e.happened_at) as last_time from access.event as e "
            "where e.happened_at >= :since and e.happened_at < :until group by 1, 2, 3 order by 1, 2, 3",
            **period,
        ),
    }
