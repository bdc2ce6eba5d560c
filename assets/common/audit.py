"""Audit: who sent, withdrew, released, granted and erased; and who read which table of children
when.

Belongs here: writing an event down, gathering readings from the server's log, the month's summary
for the data protection officer. Does not belong here: the tables and the function that notes a
reading (`rights`).

PostgreSQL has no trigger on reading. Every policy on a table of children calls `access.noted`, once
a query, which writes a line to the server's log. A line in a log stays when the reader's
transaction is rolled back or read-only, it is written whatever way leads to the table, and no
reader can switch it off or reach it. Each line carries a mark that only the server can make: a line
that somebody else writes into the log is told apart.
"""

from __future__ import annotations

import datetime as dt
import getpass
import gzip
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from resources.holes import make_hole
from resources.warehouse import Warehouse
from schemas.retention import before, periods

if TYPE_CHECKING:
    import pandas as pd

SENT, WITHDREW, RELEASED = "sent", "withdrew", "released"
ASSIGNED = "assigned"
QUARTER = "quarter"
NUMBERED_ANEW, REISSUED = "numbered anew", "reissued"
ENDED, ASKED = "ended", "asked"
GRANTED, ROTATED, REVOKED, ASKED_AS = "granted", "rotated", "revoked", "asked as"
ERASURE_UNDONE = "erasure undone"
ERASED, REMOVED, BACKED_UP, RESTORED = "erased", "removed", "backed up", "restored"
BROUGHT_UP = "brought up"

_LINE = re.compile(r"observatory-reading ([0-9a-f]{64}) (\{.*\})\s*$")


def actor() -> str:
    """Who acts: the user of this machine's account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "unknown"


def record(connection: Connection, what: str, subject: str, by: str = "", **details: Any) -> None:
    """Write an event down, in the transaction in which it happens. Details hold no personal data."""
    record_all(
        connection, [{"by": by or actor(), "what": what, "subject": subject, "details": details}]
    )


def record_all(connection: Connection, events: list[dict[str, Any]]) -> None:
    """Write events down: `by`, `what`, `subject` and `details` of each."""
    if events:
        connection.execute(
            sa.text(
                "insert into access.event (actor, what, subject, details) values (:by, :what,"
                " :subject, cast(:details as jsonb))"
            ),
            # dates are given as texts: JSON has none
            [{**event, "details": json.dumps(event["details"], default=str)} for event in events],
        )


@dataclass(frozen=True)
class Gathered:
    """What was gathered from the server's logs: readings that were new, lines that look like one
    and do not bear the server's mark, and whether a log that was not gathered to its end is gone
    (`has_gap`).
    """

    readings: int
    forged: int
    has_gap: bool = False


_TAIL = 4096
"""So many bytes before the place to which a log was gathered tell it again, under whatever name it
lies by then.
"""

_LONGEST_LINE = 65_536
"""A longer line is no reading of ours."""


def gather(warehouse: Warehouse, log: Path) -> Gathered:
    """Bring the readings that the server's log tells of into `access.reading`. What was gathered
    before is passed over.

    The log is a file and those that were rotated away beside it (`log.1`, `log-20260101`,
    `log.2.gz`), or all files of a folder. How far each was gathered is known by its content: it may
    be renamed, copied and emptied, or begin anew with the same name, and no line is gathered twice
    or passed over. A log of the size and time of one that was gathered to its end is not opened
    again, nor one whose every line is older than readings are kept; a reading that is older does
    not come back.
    """
    kept_from = _kept_from()
    with warehouse.engine.begin() as connection:
        # one gatherer at a time: two would write down the same lines
        connection.execute(sa.text("lock table access.gathered in exclusive mode"))
        secret = connection.execute(sa.text("select value from access.secret")).scalar_one()
        query = "select position, tail_bytes, tail, seen from access.gathered where tail_bytes > 0"
        rows = connection.execute(sa.text(query)).all()
        gathered = [(row.position, row.tail_bytes, row.tail) for row in rows]
        unchanged = {row.seen: known for row, known in zip(rows, gathered, strict=True) if row.seen}
        matched: set[tuple[int, int, str]] = set()
        gathered_now, new, forged = [], 0, 0
        for path in logs(log):
            if path.stat().st_mtime < kept_from.timestamp():
                continue
            seen = _as_seen(
                path
            )  # before it is read: what is written meanwhile is for the next time
            if seen in unchanged:
                end, length, tail = unchanged[seen]
                matched.add(unchanged[seen])
            else:
                with _opened(path) as file:
                    start = _known_to(file, gathered, matched)
                    readings, strange, end = _read(file, start, secret)
                    last = _bytes_before(file, end)
                length, tail = len(last), _hash(last)
                new += _keep_readings(connection, readings, kept_from)
                forged += strange
            # also of an unchanged log: the list is written anew as a whole
            gathered_now.append(
                {"log": str(path.resolve()), "to": end, "bytes": length, "tail": tail, "seen": seen}
            )
        connection.exec_driver_sql("delete from access.gathered")
        if gathered_now:
            connection.execute(
                sa.text(
                    "insert into access.gathered (log, position, tail_bytes, tail, seen) "
                    "values (:log, :to, :bytes, :tail, :seen) on conflict do nothing"
                ),
                gathered_now,
            )
        connection.execute(  # borrowed logins whose every line has been gathered
            sa.text(
                "delete from access.login where borrowed_from is not null and login not in (select"
                " rolname from pg_roles)"
            )
        )
        return Gathered(new, forged, has_gap=bool(set(gathered) - matched) and not matched)


def logs(log: Path) -> list[Path]:
    """The server's logs: all files of the folder `log`, or the file `log` and those that were
    rotated away beside it; the oldest first.
    """
    if log.is_dir():
        paths = [path for path in log.iterdir() if path.is_file()]
    else:
        rotated = (f"{log.name}.", f"{log.name}-")
        paths = [
            path
            for path in log.parent.iterdir()
            if path.is_file() and (path == log or path.name.startswith(rotated))
        ]
    # by the time of the last line, which a log keeps when it is renamed
    return sorted(paths, key=lambda path: (path.stat().st_mtime, path.name))


def _kept_from() -> dt.datetime:
    """From when on readings are kept: what is older is not gathered, or what retention has removed
    would come back.
    """
    now = dt.datetime.now(tz=dt.UTC)
    return dt.datetime.combine(
        before(now.date(), periods()["access.reading"].months), dt.time(), tzinfo=dt.UTC
    )


def _as_seen(path: Path) -> str:
    """By what a log that nobody has written to since is known, under whatever name: its bytes on
    the disk and the time of the last of them.
    """
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _opened(path: Path) -> IO[bytes]:
    """The log's content. A packed one is unpacked once, into a file without a name: to go back in
    it is to unpack it anew.
    """
    if path.suffix != ".gz":
        return path.open("rb")
    unpacked = tempfile.TemporaryFile()  # noqa: SIM115
    with gzip.open(path, "rb") as packed:
        shutil.copyfileobj(packed, unpacked)
    return unpacked


def _known_to(
    file: IO[bytes], gathered: list[tuple[int, int, str]], matched: set[tuple[int, int, str]]
) -> int:
    """How far this log has been gathered, under whatever name: 0 where it is a new one."""
    known = [one for one in gathered if _hash(_bytes_before(file, one[0], one[1])) == one[2]]
    matched.update(known)
    return max((one[0] for one in known), default=0)


def _bytes_before(file: IO[bytes], position: int, length: int = _TAIL) -> bytes:
    file.seek(max(position - length, 0))
    return file.read(min(length, position))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(file: IO[bytes], start: int, secret: str) -> tuple[list[dict[str, str]], int, int]:
    """The readings in the log's whole lines from `start` on, how many lines only look like one, and
    how far it was read.
    """
    readings, forged, end = [], 0, start
    file.seek(start)
    is_begun = False  # a line that is too long is passed over, piece by piece
    while piece := file.readline(_LONGEST_LINE):
        is_whole = piece.endswith(b"\n")
        if is_whole and not is_begun and b"observatory-reading" in piece:
            reading = _reading(piece.decode("utf-8", "replace"), secret)
            forged += reading == {}
            if reading:
                readings.append(reading)
        if not is_whole and len(piece) < _LONGEST_LINE:  # it is being written: the next time
            break
        is_begun = not is_whole
        end = file.tell() if is_whole else end
    return readings, forged, end


def _reading(line: str, secret: str) -> dict[str, str] | None:
    """The reading that a line tells of; None where it tells of none, and nothing in it where it
    does not bear the server's mark.
    """
    match = _LINE.search(line)
    if not match:
        return None
    if match[1] != _mark(secret, match[2]):
        return {}
    fields = json.loads(match[2])
    return {
        "mark": match[1],
        "at": _in_utc(fields["at"]),
        "login": fields["login"],
        "table": fields["table"],
        "through": fields["client"],
    }


_OFFSET = re.compile(r"([+-])(\d+):(\d\d)(?::(\d\d))?$")


def _in_utc(moment: str) -> str:
    """A moment in UTC. A session may have set itself a time zone a hundred hours away, which
    PostgreSQL writes and does not read.
    """
    offset = _OFFSET.search(moment)
    if offset is None:
        return moment
    away = dt.timedelta(
        hours=int(offset[2]), minutes=int(offset[3]), seconds=int(offset[4] or 0)
    ) * (-1 if offset[1] == "-" else 1)
    return (dt.datetime.fromisoformat(moment[: offset.start()]) - away).isoformat() + "Z"


_READINGS_AT_ONCE = 10_000


def _keep_readings(
    connection: Connection, readings: list[dict[str, str]], kept_from: dt.datetime
) -> int:
    """Write readings down, many at once: a login that reads in a loop makes thousands a second.
    Gives how many were not there yet.
    """
    # a mark that is there already is the same reading, met again in a copy of the log
    insert = sa.text(
        "insert into access.reading (mark, read_at, login, table_name, through) select r.mark,"
        " r.read_at, coalesce(l.borrowed_from::text, r.login), r.table_name, r.through from"
        " unnest(cast(:mark as text[]), cast(:at as timestamptz[]), cast(:login as text[]),"
        " cast(:table as text[]), cast(:through as text[])) as r (mark, read_at, login, table_name,"
        " through) left join access.login as l on l.login::text = r.login on conflict (mark) do"
        " nothing"
    )
    wanted = [
        reading for reading in readings if dt.datetime.fromisoformat(reading["at"]) >= kept_from
    ]
    new = 0
    for first in range(0, len(wanted), _READINGS_AT_ONCE):
        some = wanted[first : first + _READINGS_AT_ONCE]
        columns = {
            name: [reading[name] for reading in some]
            for name in ("mark", "at", "login", "table", "through")
        }
        new += connection.execute(insert, columns).rowcount
    return new


LARGEST_LOG = 64 * 1024 * 1024
"""Bytes of the embedded server's log that may stay on the disk."""


def keep_small(warehouse: Warehouse, log: Path, largest: int = LARGEST_LOG) -> bool:
    """Gather a log that has grown beyond `largest` bytes on the disk, and give the disk back what
    was gathered. Gives whether that was done.

    A reader can write into the server's log as much as it likes. The server goes on writing to the
    file: what was gathered becomes a hole in it.
    """
    # blocks, not size: a hole keeps the size and takes no blocks
    if not log.is_file() or log.stat().st_blocks * 512 <= largest:
        return False
    gather(warehouse, log)
    end = (
        warehouse.scalar(
            "select position from access.gathered where log = :log", log=str(log.resolve())
        )
        or 0
    )
    with log.open("r+b") as file:
        # the bytes by which the log is known again stay
        return make_hole(file.fileno(), max(int(end) - 2 * _TAIL, 0))


def _mark(secret: str, said: str) -> str:
    # twice: from one such hash that of a longer text could be made without the secret
    inner = hashlib.sha256((secret + said).encode()).hexdigest()
    return hashlib.sha256((secret + inner).encode()).hexdigest()


def monthly(
    warehouse: Warehouse, month: dt.date, *, details: bool = False
) -> dict[str, pd.DataFrame]:
    """The month's summary: `readings` by login, `events` by kind; what senders and the pipeline do
    is counted, what people do is named.

    With `details`: readings by login and table, and every event with its actor and subject.
    """
    # four days after the 28th is always in the next month
    until = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    period = {"since": month.replace(day=1), "until": until}
    table = "r.table_name" if details else "string_agg(distinct r.table_name, ', ') as tables"
    group = "1, 2, 3, 4 order by 1, 4" if details else "1, 2, 3 order by 1"
    counted = "e.what = any(:counted)" if not details else "false"
    return {
        "readings": warehouse.frame(
            f"select r.login, l.kind, l.authority_code, {table}, count(*) as readings,"
            " count(distinct r.read_at::date) as days, min(r.read_at) as first_read,"
            " max(r.read_at) as last_read from access.reading as r left join access.login as l on"
            " l.login::text = r.login where r.read_at >= :since and r.read_at < :until group by"
            f" {group}",
            **period,
        ),
        "events": warehouse.frame(
            f"select e.what, case when {counted} then count(distinct e.actor) || ' of them' else"
            f" min(e.actor) end as actor, case when {counted} then count(distinct e.subject) || '"
            " of them' else min(e.subject) end as subject, count(*) as times, max(e.happened_at)"
            " as last_time from access.event as e where e.happened_at >= :since and e.happened_at"
            f" < :until group by e.what, case when {counted} then '' else e.actor end, case when"
            f" {counted} then '' else e.subject end order by 1, 2, 3",
            **period,
            counted=list(_COUNTED),
        ),
    }


_COUNTED = (SENT, RELEASED, REISSUED, REMOVED, ENDED)
"""Events of which a quarter has hundreds: the summary counts them."""
