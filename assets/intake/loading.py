"""Loading: new files of a census date into `raw`, in one transaction, with versions and balanced
books.

Belongs here: which files are new, version numbers, what supersedes what, writing rows and findings.
Does not belong here: judging rows (`door`).

When a file arrived, and whether it was sent again, is in the register (`arrivals`). A submission's
number is made from census date, sender and content, with the key: a run that was killed and run
again writes exactly what it would have written, and nobody without the key can find out what was
sent by guessing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common import audit
from assets.common.basis import short_digest
from assets.intake.arrivals import Arrival, Register, adopt
from assets.intake.door import (
    FINDING_COLUMNS,
    NOT_RECOGNISED,
    Finding,
    JudgedTable,
    Submission,
    judge,
    open_submission,
    sender_of,
)
from assets.intake.held import HELD
from assets.intake.opening import OpenedFile
from assets.intake.owners import NAMED_IN, take_in_owners
from assets.intake.provenance import settle
from assets.intake.telling import file_label
from assets.intake.turns import Turns, growing, moment
from assets.warehouse.numbering import content_mark
from resources.errors import ObservatoryError
from resources.landing import LandedFile, LandingPlace, NotNow
from resources.provenance import is_made_up
from resources.warehouse import Warehouse, copy_frame, physical
from schemas.program import hash_of
from schemas.returns import contract_version, return_tables

_HERE = Path(__file__)
_BESIDE = (
    _HERE.parents[2] / "schemas" / "owners.py",
    _HERE.parents[1] / "warehouse" / "numbering.py",
)
"""What decides on stored facts and stands elsewhere."""
_CODE = hash_of((*_HERE.parent.rglob("*.py"), *_BESIDE))


OFFICIAL = "official_statistics"
"""The table in which many data sets come, a file each."""


@dataclass(frozen=True)
class IntakeResult:
    """What an intake did, for one census date."""

    census_date: dt.date
    files_seen: int
    files_new: int
    files_rejected: int
    rows_received: int
    rows_loaded: int
    rows_rejected: int
    rows_set_aside: int
    files_put_off: int = 0


@cache
def door_version() -> str:
    """A short hash of the contracts and of the code that reads and judges: what was read under
    another one is read again.
    """
    return short_digest(contract_version(), _CODE)


def has_news(
    connection: Connection, landing: LandingPlace, census_date: dt.date, key: bytes
) -> bool:
    """Whether a file is to be read: what has arrived, what was sent again, and what was read under
    other contracts.
    """
    register = Register(connection, census_date, key, landing)
    # the first is enough: no file behind it is opened
    return any(True for _ in register.due(landing.settled(census_date), door_version()))


def take_in(
    warehouse: Warehouse,
    landing: LandingPlace,
    census_date: dt.date,
    key: bytes,
    progress: Callable[[str], None] | None = None,
) -> IntakeResult:
    """Read, judge and load what is new for a census date. Nothing is lost: every row received is in
    `raw` with its fate.
    """
    say = progress or (lambda _: None)
    files = landing.settled(census_date)
    if waiting := growing(landing.growing[census_date]):
        say(f"{census_date}: {waiting}")
    nothing = IntakeResult(census_date, len(files), 0, 0, 0, 0, 0, 0)
    with warehouse.writing() as connection:
        if _is_over(connection, census_date):
            say(
                f"{census_date}: closed, because it has been kept for as long as it may be; nothing"
                " is read"
            )
            return nothing
        adopt(connection, census_date)
        register = Register(connection, census_date, key, landing)
    # nobody waits while files are opened: a hostile one may take a minute
    pile = _opened(register, files, census_date, say)
    with warehouse.reading() as connection:
        beside = _beside(connection, pile.submissions, census_date)
    # these too are opened under no lock
    companions = _companions(beside, register, census_date, key, pile.turns)
    with warehouse.writing() as connection:
        # the quarter may have been closed while files were opened
        if _is_over(connection, census_date):
            return nothing
        if not register.stands(connection):  # another run has taken in some of them meanwhile
            register = Register(connection, census_date, key, landing)
            pile = _opened(register, files, census_date, say)
            beside = _beside(connection, pile.submissions, census_date)
            companions = _companions(beside, register, census_date, key, pile.turns)
        submissions, turns = pile.submissions, pile.turns
        # kept also where nothing is due: what lies where is known at the next pass
        register.keep(connection, pile.new)
        turns.keep(connection, census_date)
        for sentence in turns.sentences():
            say(f"{census_date}: {sentence}")
        if not submissions:
            return nothing
        # before anything is loaded: made-up and real returns are never in one warehouse
        settle(connection, landing, pile.is_marked)
        count = len(submissions)
        submissions += companions
        # companions were received earlier: versions are numbered in the order of arrival
        submissions.sort(key=lambda submission: submission.file.received_at)
        say(f"{census_date}: judging the rows of {count} files")
        # within the transaction: nobody who is erased meanwhile is loaded
        stopped = frozenset(
            connection.execute(sa.text("select child_key from access.stop_list")).scalars()
        )
        # what the answers will need is kept, and only what there is no room for is let go while
        # judging
        too_large = [one for one in submissions if not HELD.keep(one.file, one.opened)]
        judged = judge(submissions, census_date, key, letting_go=too_large, stopped=stopped)
        say(f"{census_date}: loading")
        books = _write(connection, census_date, submissions, judged)
    return IntakeResult(
        census_date,
        len(files),
        count,
        sum(submission.is_rejected for submission in submissions),
        **{
            column: int(books[column].sum())
            for column in ("rows_received", "rows_loaded", "rows_rejected", "rows_set_aside")
        },
        files_put_off=turns.number_put_off,
    )


@dataclass
class _Pile:
    """What is due of a census date's files, opened: the submissions, those that are new arrivals,
    and whose turn was over. `is_marked`: whether one says that it is made up.
    """

    submissions: list[Submission] = field(default_factory=list)
    new: list[tuple[Arrival, str]] = field(default_factory=list)
    turns: Turns = field(default_factory=Turns)
    is_marked: bool = False


def _is_over(connection: Connection, census_date: dt.date) -> bool:
    """Whether the quarter has been kept for as long as it may be."""
    query = "select exists (select from access.closed_quarter where census_date = :d)"
    return bool(connection.execute(sa.text(query), {"d": census_date}).scalar())


def _opened(
    register: Register, files: list[LandedFile], census_date: dt.date, say: Callable[[str], None]
) -> _Pile:
    """Open what is due, each sender's files as far as its turn goes."""
    pile = _Pile()
    for due in register.due(files, door_version()):
        # before it is opened: what is over costs nothing more
        if pile.turns.is_over(due.sender):
            register.put_off(due)
            pile.turns.put_off(due.sender, due.file)
            continue
        if not pile.submissions:
            say(f"{census_date}: reading what is new of {len(files)} files")
        pile.is_marked = pile.is_marked or is_made_up(due.opened.content.data)
        submission = due.open()
        # the bytes are not needed once the sheets are made
        if due.opened.is_read:
            due.opened.forget_bytes()
        pile.turns.add(submission, moment() - due.began)
        register.read(submission, due.arrival.mark)
        pile.submissions.append(submission)
        if due.is_new:
            pile.new.append((due.arrival, submission.sender.key))
    return pile


def _beside(
    connection: Connection, new: list[Submission], census_date: dt.date
) -> list[sa.Row[Any]]:
    """The submissions read before whose tables belong to those of a new one: an SSDA903 is one
    return in several files.
    """
    of_one_return = {"authority", "children", "episodes"}
    senders = sorted(
        {
            s.sender.key
            for s in new
            for _, companions in s.tables
            if companions.table.derive in of_one_return
        }
    )
    if not senders:
        return []
    belonging = [
        name
        for name, table in return_tables().items()
        if table.derive in {"children", "episodes", "orders"}
    ]
    query = sa.text(
        "select s.content_hash, s.sender, s.submission_id, s.received_at, bool_or(t.status ="
        " 'in force') as counts from raw.submission as s inner join raw.submission_table as t"
        " on s.submission_id = t.submission_id where s.census_date = :d and s.sender ="
        " any(:senders) and t.table_name = any(:tables) and t.status in ('in force',"
        " 'superseded') and s.submission_id <> all(:here) group by 1, 2, 3, 4"
    )
    asked = {"d": census_date, "senders": senders, "tables": belonging}
    return list(connection.execute(query, {**asked, "here": [s.id for s in new]}).all())


def _companions(
    beside: list[sa.Row[Any]], register: Register, census_date: dt.date, key: bytes, turns: Turns
) -> list[Submission]:
    """The files of these submissions, opened again, as far as they are still there.

    Ages come from the header and are worked out before the birth date is dropped, so header and
    episodes go through the door together, whichever comes later. Their rows are written anew under
    the same submission. What counts is always among them; of what was superseded the newest, as far
    as the sender's turn goes.
    """
    there = [
        (row, file)
        for row in beside
        if (file := register.file_with(row.sender, row.content_hash)) is not None
    ]
    companions = []
    for row, file in sorted(
        there, key=lambda one: (one[0].counts, one[0].received_at), reverse=True
    ):
        began, mark = moment(), row.content_hash
        if row.counts or not turns.is_over(sender_of(file.folder, census_date)):
            # a companion that went, or changed, is left: its rows stay as they were
            with suppress(NotNow):
                opened = OpenedFile(file)
                # the bytes may have been replaced: only those of the submission belong to it
                if content_mark(key, opened.content.digest) == mark:
                    companions.append(
                        open_submission(
                            row.submission_id,
                            replace(file, received_at=row.received_at),
                            mark,
                            opened,
                        )
                    )
                    turns.add(companions[-1], moment() - began)
    return companions


def _write(
    connection: Connection,
    census_date: dt.date,
    submissions: list[Submission],
    judged: list[JudgedTable],
) -> pd.DataFrame:
    """Write the submissions, their books, rows and findings; give the books."""
    versions = _forget(connection, [submission.id for submission in submissions])
    by_id = {submission.id: submission for submission in submissions}
    # version numbers are given in the order of arrival
    order = {id_: place for place, id_ in enumerate(by_id)}
    books = _books(submissions, judged).sort_values(
        "submission_id", key=lambda s: s.map(order), kind="stable"
    )
    books["sender"] = books["submission_id"].map(lambda id_: by_id[id_].sender.key)
    books["status"] = _statuses(books, by_id)
    books["version"] = _number_versions(connection, census_date, books, versions)
    # findings about files are added here, so before the findings are written
    _warn_of_larger_ones(connection, census_date, books, by_id)

    copy_frame(connection, "raw.submission", _rows_of(submissions, census_date))
    copy_frame(connection, "raw.submission_table", books[_BOOKS])
    for table in judged:
        if not table.table.leave_alone:
            copy_frame(connection, f"raw.{table.table.name}", table.rows)
        copy_frame(connection, "raw.finding", table.findings)
    about_files = [f.row(s.id) for s in submissions for f in s.findings]
    copy_frame(connection, "raw.finding", pd.DataFrame(about_files, columns=FINDING_COLUMNS))
    name_owners = (table for table in judged if table.table.name.startswith(NAMED_IN))
    take_in_owners(connection, {table.table.name: table.rows for table in name_owners})
    # after the rows are there: which data sets a file has is read from them
    _settle(connection, census_date, sorted(set(books["sender"])))
    _record_arrivals(connection, census_date, submissions, {id_ for id_, _ in versions})
    _analyze(connection, judged)
    return books


_BOOKS = [
    "submission_id", "table_name", "version", "status", "rows_received", "rows_loaded", "rows_rejected", "rows_set_aside",
]  # fmt: skip


def _statuses(books: pd.DataFrame, by_id: dict[str, Submission]) -> list[str]:
    """The status of each table of each file, before it is known which of them counts."""
    unloaded = {
        (id_, finding.table_name)
        for id_, submission in by_id.items()
        for finding in submission.findings
        if finding.rule == "nothing_loaded_of_one"
    }
    left_alone = {name for name, table in return_tables().items() if table.leave_alone}
    statuses = []
    for id_, table in zip(books["submission_id"], books["table_name"], strict=True):
        if by_id[id_].is_rejected or (id_, table) in unloaded:
            statuses.append("rejected")
        else:
            statuses.append("recorded" if table in left_alone else "in force")
    return statuses


def _rows_of(submissions: list[Submission], census_date: dt.date) -> pd.DataFrame:
    """A row of `raw.submission` a file."""
    return pd.DataFrame(
        {
            "submission_id": [s.id for s in submissions],
            "census_date": census_date.isoformat(),
            "sender": [s.sender.key for s in submissions],
            "sender_kind": [s.sender.kind for s in submissions],
            "file_name": [file_label(s.file.name, f"return {s.id[:8]}") for s in submissions],
            "content_hash": [s.content_hash for s in submissions],
            "size_bytes": [s.file.size for s in submissions],
            "received_at": [s.file.received_at.isoformat() for s in submissions],
            "contract_version": door_version(),
        }
    )


def _record_arrivals(
    connection: Connection,
    census_date: dt.date,
    submissions: list[Submission],
    read_before: set[str],
) -> None:
    """Record in the audit what was sent; what is only read again was recorded when it came."""
    audit.record_all(
        connection,
        [
            {
                "by": s.sender.key,
                "what": audit.SENT,
                "subject": s.id,
                "details": {"census_date": census_date, "rejected": s.is_rejected},
            }
            for s in submissions
            if s.id not in read_before
        ],
    )


def _analyze(connection: Connection, judged: list[JudgedTable]) -> None:
    """Tell the planner what was loaded: the models and checks that read it run at once, before the
    server would find out on its own.

    Without it one check of a full quarter took two minutes.
    """
    connection.execute(sa.text("analyze raw.submission, raw.submission_table"))
    for table in (one.table for one in judged if not one.table.leave_alone):
        connection.execute(
            sa.text(
                f"analyze raw.{table.name} (submission_id, census_date, sender, fate,"
                f" {', '.join(table.warehouse_columns)})"
            )
        )


def _forget(connection: Connection, ids: list[str]) -> dict[tuple[str, str], int]:
    """Take out what an earlier contract made of these submissions; gives their version numbers,
    which they keep.
    """
    versions = {
        (row.submission_id, row.table_name): row.version
        for row in connection.execute(
            sa.text(
                "select submission_id, table_name, version from raw.submission_table where"
                " submission_id = any(:ids)"
            ),
            {"ids": ids},
        )
    }
    if versions:
        kept = [name for name, table in return_tables().items() if not table.leave_alone]
        for table in [*kept, "answer", "finding", "submission_table", "submission"]:
            connection.execute(
                sa.text(physical(f"delete from raw.{table} where submission_id = any(:ids)")),
                {"ids": ids},
            )
    return versions


def _books(submissions: list[Submission], judged: list[JudgedTable]) -> pd.DataFrame:
    """The books of every submission, one row a table; a file without a recognised table has one row
    of its own.
    """
    parts = [table.books for table in judged]
    with_tables = {id_ for part in parts for id_ in part["submission_id"]}
    bare = [s.id for s in submissions if s.id not in with_tables]
    empty = pd.DataFrame({"submission_id": bare, "table_name": NOT_RECOGNISED})
    counts = ["rows_received", "rows_loaded", "rows_rejected", "rows_set_aside"]
    return pd.concat([*parts, empty.assign(**dict.fromkeys(counts, 0))], ignore_index=True)


def _number_versions(
    connection: Connection,
    census_date: dt.date,
    books: pd.DataFrame,
    kept: dict[tuple[str, str], int],
) -> list[int]:
    latest: dict[tuple[str, str], int] = {
        (row.sender, row.table_name): row.version
        for row in connection.execute(
            sa.text(
                "select s.sender, t.table_name, max(t.version) as version from raw.submission as s "
                "inner join raw.submission_table as t on s.submission_id = t.submission_id "
                "where s.census_date = :d group by s.sender, t.table_name"
            ),
            {"d": census_date},
        )
    }
    # numbers that are kept count too: they have just been taken out of the table
    for (id_, table), version in kept.items():
        sender = books.loc[books["submission_id"] == id_, "sender"].iloc[0]
        latest[sender, table] = max(latest.get((sender, table), 0), version)
    numbers = []
    for id_, sender, table in zip(
        books["submission_id"], books["sender"], books["table_name"], strict=True
    ):
        number = kept.get((id_, table))
        if number is None:
            number = latest.get((sender, table), 0) + 1
            latest[sender, table] = number
        numbers.append(number)
    return numbers


def _warn_of_larger_ones(
    connection: Connection, census_date: dt.date, books: pd.DataFrame, by_id: dict[str, Submission]
) -> None:
    """A return of less than half the rows of the one it replaces may have been meant as an
    addition: say so.
    """
    in_force = {
        (row.sender, row.table_name): row.rows_loaded
        for row in connection.execute(
            sa.text(
                "select s.sender, t.table_name, t.rows_loaded from raw.submission as s "
                "inner join raw.submission_table as t on s.submission_id = t.submission_id "
                "where s.census_date = :d and t.status = 'in force'"
            ),
            {"d": census_date},
        )
    }
    for book in books.itertuples():
        if (
            book.status != "in force" or book.table_name == OFFICIAL
        ):  # files of other data sets stand beside each other
            continue
        earlier = in_force.get((book.sender, book.table_name))
        if earlier is not None and book.rows_loaded * 2 < earlier:
            smaller = Finding(
                "replaces_a_larger_return",
                book.table_name,
                value=str(book.rows_loaded),
                expected=str(earlier),
            )
            by_id[book.submission_id].record([smaller])
        # several files of one pass replace each other in turn
        in_force[book.sender, book.table_name] = book.rows_loaded


def _settle(connection: Connection, census_date: dt.date, senders: list[str]) -> None:
    """Of each sender's accepted versions of a table the newest is in force; the others stay on
    record as superseded or withdrawn.

    Of official statistics many data sets come as one table: there the newest of each of them is in
    force.
    """
    # of the whole warehouse: a withdrawal holds whenever the file is read again
    connection.execute(
        sa.text(
            "update raw.submission_table set status = 'withdrawn' where status in ('in force',"
            " 'superseded') and submission_id in (select w.submission_id from raw.withdrawal as w)"
        )
    )
    connection.execute(
        sa.text(
            """
            with told as (
                select r.submission_id, string_agg(distinct r.data_set, ' ' order by r.data_set) as data_sets
                from raw.official_statistics as r
                where r.census_date = :d
                group by r.submission_id
            ),
            ranked as (
                select t.submission_id, t.table_name,
                    row_number() over (partition by s.sender, t.table_name, d.data_sets order by t.version desc) as position
                from raw.submission_table as t
                inner join raw.submission as s on s.submission_id = t.submission_id
                left join told as d on t.table_name = 'official_statistics' and d.submission_id = t.submission_id
                where s.census_date = :d and s.sender = any(:senders) and t.status in ('in force', 'superseded')
            )
            update raw.submission_table as t
            set status = case when r.position = 1 then 'in force' else 'superseded' end
            from ranked as r
            where t.submission_id = r.submission_id and t.table_name = r.table_name
                and t.status is distinct from case when r.position = 1 then 'in force' else 'superseded' end
            """
        ),
        {"d": census_date, "senders": senders},
    )


def withdraw(warehouse: Warehouse, number: str, by: str, reason: str) -> tuple[dt.date, str]:
    """Withdraw a submission: it stays on record and no longer counts; the accepted one before it
    counts again.

    Gives its census date and sender.

    Raises:
        ObservatoryError: there is no such submission, or it counts no more.
    """
    with warehouse.writing() as connection:
        submission = connection.execute(
            sa.text(
                "select s.census_date, s.sender, bool_or(t.status in ('in force', 'superseded',"
                " 'recorded')) as counts, string_agg(distinct t.status, ', ') as status from"
                " raw.submission as s inner join raw.submission_table as t on s.submission_id ="
                " t.submission_id where s.submission_id = :n group by 1, 2"
            ),
            {"n": number},
        ).first()
        if submission is None:
            raise ObservatoryError(
                f"There is no submission '{number}'. Its number was expected, as `observatory"
                " status --history` lists it."
            )
        if not submission.counts:
            raise ObservatoryError(
                f"Submission {number} is {submission.status} already; one that was accepted was"
                " expected. There is nothing to withdraw."
            )
        connection.execute(
            sa.text(
                "insert into raw.withdrawal (submission_id, withdrawn_at, withdrawn_by, reason)"
                " values (:n, now(), :by, :reason)"
            ),
            {"n": number, "by": by, "reason": reason},
        )
        audit.record(
            connection,
            audit.WITHDREW,
            number,
            by=by,
            census_date=submission.census_date,
            sender=submission.sender,
        )
        _settle(connection, submission.census_date, [submission.sender])
    return submission.census_date, submission.sender


__all__ = ["IntakeResult", "has_news", "take_in", "withdraw"]
