"""Erasure: a child is taken out of the warehouse at the request of the authority that holds the
reference, and stays out.

Belongs here: emptying the rows in `raw`, deleting them from core and curated, the stop list, saying
what remains and why. Does not belong here: setting the child's rows aside when they come again
(`assets/intake/door`).

A row in `raw` is emptied, not removed: it keeps its place (submission, sheet, row number) and is
set aside, so that the books of its return still balance. The staging views follow. Core and curated
rows of the child go at once, in the same transaction; the quarters that counted the child are then
rewritten. The child's keyed hash goes on the stop list, in the warehouse and in a file in the
observatory's home, which a restored backup is held against.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.access import logins
from assets.common import audit
from assets.intake.door import ERASED
from assets.warehouse.about_children import MARKS_OF_A_CHILD, is_about_children
from assets.warehouse.models import models, raw_columns
from assets.warehouse.tables import DRAFT_TABLES
from resources.errors import ObservatoryError
from resources.pseudonym import child_keys
from resources.settings import Settings
from resources.warehouse import CLOSED_SCHEMAS, Warehouse, physical
from schemas.returns import return_tables

STOP_LIST = "stop_list.csv"

LOOKS_BACK = "37 months"
"""How far a quarter's figures look back: quarters up to that long after a return may rest on it."""


@dataclass
class Erased:
    """What was erased: rows by table, the quarters that counted the child, what remains, and the
    returns (census date, sender) that held it.
    """

    rows: dict[str, int] = field(default_factory=dict)
    quarters: list[dt.date] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    returns: list[tuple[dt.date, str]] = field(default_factory=list)


def planned(warehouse: Warehouse, key: bytes, authority_code: str, reference: str) -> Erased:
    """What `erase` would take out. Nothing is changed.

    Raises:
        ObservatoryError: the reference is blank.
    """
    child_key = _child_key(key, authority_code, reference)
    with warehouse.writing() as connection:  # nobody else changes what it changes
        erased = _take_out(connection, [child_key])
        # what it would do is done, counted and taken back, so that the two cannot differ
        connection.rollback()
    return erased


def is_stopped(warehouse: Warehouse, key: bytes, authority_code: str, reference: str) -> bool:
    """Whether the child is on the stop list already."""
    query = "select exists (select from access.stop_list where child_key = :key)"
    return bool(warehouse.scalar(query, key=_child_key(key, authority_code, reference)))


def erase(
    warehouse: Warehouse,
    settings: Settings,
    key: bytes,
    authority_code: str,
    reference: str,
    *,
    unknown: bool = False,
) -> Erased:
    """Erase the child that the authority calls `reference`. The quarters that counted it are to be
    rewritten after (`run`, or `build_quarter`), and what the server still keeps of the rows taken
    away (`leave_no_trace`).

    Raises:
        ObservatoryError: the reference is blank; or nobody has sent it, and it was not said that an
            `unknown` one is meant.
    """
    child_key = _child_key(key, authority_code, reference)
    with warehouse.writing() as connection:
        # the error below takes this back with the transaction
        erased = _take_out(connection, [child_key])
        stopped_already = child_key in dict(stop_list(connection))
        if not (erased.rows or stopped_already or unknown):
            raise ObservatoryError(
                "Nobody has sent a row of this child: the reference that the authority's own"
                " returns give the child was expected. Check it (it is compared without surrounding"
                " spaces and in upper case, and leading zeros count), and the authority. If the"
                " child is to be kept out all the same, say so with --unknown."
            )
        connection.execute(
            sa.text(
                "insert into access.stop_list (child_key, authority_code) values (:key, :code) on"
                " conflict do nothing"
            ),
            {"key": child_key, "code": authority_code},
        )
        audit.record(
            connection, audit.ERASED, authority_code, rows=erased.rows, quarters=erased.quarters
        )
        stopped = stop_list(connection)
    # after the commit: the file must not name a child whose erasure was taken back
    add_to_stop_list(settings.home, stopped)
    return erased


def undo(
    warehouse: Warehouse, settings: Settings, key: bytes, authority_code: str, reference: str
) -> list[str]:
    """Take a child off the stop list. What lies in the landing place is read again with the next
    run, and the child's rows with it.

    Gives the files that are read again: those of which rows were set aside because their child was
    erased.

    Raises:
        ObservatoryError: the reference is blank, or no child on the stop list.
    """
    child_key = _child_key(key, authority_code, reference)
    with warehouse.writing() as connection:
        gone = connection.execute(
            sa.text("delete from access.stop_list where child_key = :key"), {"key": child_key}
        ).rowcount
        listed = listed_at(settings.home)
        # a warehouse that was put back may not know a child whom the file still names
        if not gone and child_key not in dict(listed):
            raise ObservatoryError(
                "This child is not on the stop list; one who was erased was expected. Check the"
                " reference and the authority, as they were given then."
            )
        files = connection.execute(
            sa.text(
                "update raw.submission as s set contract_version = 'to be read again' where exists"
                f" (select from {physical('raw.finding')} as f where f.submission_id ="
                " s.submission_id and f.message like :says) returning s.submission_id,"
                " s.census_date || '/' || s.sender || '/' || s.file_name as file"
            ),
            {"says": f"%{ERASED}%"},
        ).all()
        read_again = sorted(row.file for row in files)
        # read again they are the same returns in the same versions: nothing else tells a quarter
        # that its rows differ
        connection.execute(
            sa.text("update raw.quarter set rests_on = '' where census_date = any(:dates)"),
            {"dates": _quarters_on(connection, [row.submission_id for row in files])},
        )
        audit.record(connection, audit.ERASURE_UNDONE, authority_code, files=len(read_again))
        stopped = stop_list(connection)
    keep_stop_list(
        settings.home, sorted({*stopped, *(child for child in listed if child[0] != child_key)})
    )
    return read_again


def leave_no_trace(warehouse: Warehouse) -> bool:
    """Have the server forget the rows that were taken away: in its tables and indexes, in the
    planner's statistics and, where we may, in its log of changes. Gives whether that log was
    cleared too (a server of your own keeps it as its administrator says).

    Deleted rows lie in a table's pages until the space is used again, and a vacuum alone does not
    blank them: so the tables are written anew.

    Raises:
        ObservatoryError: a table could not be written anew.
    """
    logins.end_open_transactions(
        warehouse
    )  # what one may still see is kept, and what one has locked is not written anew
    # the server vacuums in no transaction
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tables = connection.execute(
            sa.text(
                "select format('%I.%I', n.nspname, c.relname) from pg_class as c inner join"
                " pg_namespace as n on n.oid = c.relnamespace where c.relkind = 'r' and (n.nspname"
                " = any(:closed) or n.nspname = 'raw' and exists (select from pg_attribute as a"
                " where a.attrelid = c.oid and a.attname = any(:marks) and not a.attisdropped))"
                " order by 1"
            ),
            {"closed": list(CLOSED_SCHEMAS.values()), "marks": sorted(MARKS_OF_A_CHILD)},
        ).scalars()
        for table in list(tables):
            try:
                connection.exec_driver_sql(f"vacuum (full, analyze) {table}")
            except sa.exc.DBAPIError as error:
                raise ObservatoryError(
                    f"The child is erased, and {table} could not be written anew"
                    f" ({' '.join(str(error.orig).split())}): what was deleted may still lie in its"
                    " file. Mend that, and erase the child again with the same command: it does"
                    " this part once more."
                ) from None
        with suppress(sa.exc.DBAPIError):  # a catalogue that is not ours
            connection.exec_driver_sql("vacuum (full) pg_catalog.pg_statistic")
        # the server's settings, and with them its log, are a superuser's to change
        if not connection.exec_driver_sql(
            "select rolsuper from pg_roles where rolname = current_user"
        ).scalar_one():
            return False
        connection.exec_driver_sql(
            "alter system set wal_recycle = off"
        )  # a file of the log that is used again keeps its old content
        connection.exec_driver_sql("select pg_reload_conf()")
        try:
            # once for each file of the log, so that all that were written before are past
            for _ in range(
                int(connection.exec_driver_sql("select count(*) from pg_ls_waldir()").scalar_one())
                + 1
            ):
                connection.exec_driver_sql(
                    # the server does not leave a file to which nothing was written
                    "select pg_logical_emit_message(false, 'observatory', 'past what was erased')"
                )
                connection.exec_driver_sql("select pg_switch_wal()")
            connection.exec_driver_sql("checkpoint")
            connection.exec_driver_sql("checkpoint")
        finally:
            # whatever went wrong: the setting would outlast this session, and a restart
            connection.exec_driver_sql("alter system reset wal_recycle")
            connection.exec_driver_sql("select pg_reload_conf()")
    return True


def _child_key(key: bytes, authority_code: str, reference: str) -> str:
    child_key = child_keys(
        key, pd.Series([authority_code], dtype="str"), pd.Series([reference], dtype="str")
    ).iloc[0]
    if not isinstance(child_key, str):
        raise ObservatoryError(
            "The child's reference is blank. The reference that the authority's returns give the"
            " child was expected."
        )
    return child_key


def read_stop_list(file: Path) -> list[tuple[str, str]]:
    """The children on a stop list's file.

    Raises:
        ObservatoryError: it is no stop list.
    """
    try:
        kept = pd.read_csv(file, dtype=str)[["child_key", "authority_code"]]
    except (OSError, KeyError, ValueError) as error:
        raise ObservatoryError(
            f"{file} is no stop list ({type(error).__name__}); the file {STOP_LIST} of an"
            " observatory's home was expected."
        ) from None
    return list(kept.itertuples(index=False, name=None))


def hold_to_stop_list(
    warehouse: Warehouse, home: Path, listed: list[tuple[str, str]] | None = None
) -> Erased:
    """Erase again every child on the stop list, the file's (or `listed`) and the warehouse's
    together: a backup may be older than the request.
    """
    if listed is None:
        listed = listed_at(home)
    with warehouse.writing() as connection:
        for child_key, code in listed:
            connection.execute(
                sa.text(
                    "insert into access.stop_list (child_key, authority_code) values (:key, :code)"
                    " on conflict do nothing"
                ),
                {"key": child_key, "code": code},
            )
        stopped = stop_list(connection)
        erased = _take_out(connection, [child_key for child_key, _ in stopped])
        if erased.rows:
            audit.record(
                connection, audit.ERASED, "stop list", rows=erased.rows, quarters=erased.quarters
            )
    add_to_stop_list(home, stopped)
    return erased


def forgotten(warehouse: Warehouse, home: Path) -> int:
    """How many children the home's stop list names whom the warehouse does not know: it was put
    back to a day before they were erased.
    """
    with warehouse.reading() as connection:
        return len({key for key, _ in listed_at(home)} - {key for key, _ in stop_list(connection)})


def stop_list(connection: Connection) -> list[tuple[str, str]]:
    """The children on the warehouse's stop list: keyed hash and authority of each."""
    return [
        tuple(row)
        for row in connection.execute(
            sa.text("select child_key, authority_code from access.stop_list order by 1")
        )
    ]


def listed_at(home: Path) -> list[tuple[str, str]]:
    """The children on the stop list of the home, where it has one."""
    return read_stop_list(home / STOP_LIST) if (home / STOP_LIST).exists() else []


def add_to_stop_list(home: Path, stopped: list[tuple[str, str]]) -> None:
    """Bring the home's stop list up to date. Nobody on it goes: the warehouse may have been put
    back to a day before.
    """
    keep_stop_list(home, sorted({*stopped, *listed_at(home)}))


def keep_stop_list(home: Path, stopped: list[tuple[str, str]]) -> None:
    """Write the stop list's file, whole or not at all, readable by its owner only. One on which
    nobody stands is written too: it says so.
    """
    home.mkdir(parents=True, exist_ok=True)
    making = home / f".{STOP_LIST}.making"
    # closed to others from the first byte, and renamed only when it is whole
    with os.fdopen(
        os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as file:
        pd.DataFrame(stopped, columns=["child_key", "authority_code"]).to_csv(file, index=False)
    making.replace(home / STOP_LIST)


def _take_out(connection: Connection, child_keys_: list[str]) -> Erased:
    erased = Erased()
    words = {"keys": child_keys_}
    submissions: set[str] = set()
    for name, columns in raw_columns().items():
        if "child_key" not in columns:
            continue
        emptied = ", ".join(
            f"{column} = null" for column in return_tables()[name].warehouse_columns
        )
        # in one statement, so that what is emptied, silenced and counted are the same rows
        rows = connection.execute(
            sa.text(
                "with held as (select ctid, submission_id, sheet, row_number, fate from"
                f" raw.{name} where child_key = any(:keys)), emptied as (update raw.{name} as r set"
                f" fate = 'set aside', as_received = null, {emptied} from held as h where r.ctid ="
                f" h.ctid), silenced as (delete from {physical('raw.finding')} as f using held as h"
                f" where f.submission_id = h.submission_id and f.table_name = '{name}' and f.sheet"
                " = h.sheet and f.row_number = h.row_number) select submission_id, count(*) as"
                " rows, count(*) filter (where fate = 'loaded') as loaded, count(*) filter (where"
                " fate = 'rejected') as rejected from held group by submission_id"
            ),
            words,
        ).all()
        for row in rows:
            connection.execute(
                sa.text(
                    "update raw.submission_table set rows_loaded = rows_loaded - :loaded,"
                    " rows_rejected = rows_rejected - :rejected, rows_set_aside = rows_set_aside +"
                    " :loaded + :rejected where submission_id = :id and table_name = :name"
                ),
                {
                    "loaded": row.loaded,
                    "rejected": row.rejected,
                    "id": row.submission_id,
                    "name": name,
                },
            )
            connection.execute(
                sa.text(
                    f"insert into {physical('raw.finding')} "
                    "(submission_id, table_name, sheet, row_number, column_name, value, rule, severity, message, "
                    "expected, hint, is_quoted) "
                    "values (:id, :name, '', 0, '', :count, 'set_aside', 'notes', :says, '', :hint, false)"
                ),
                {
                    "id": row.submission_id, "name": name, "count": str(row.rows),
                    "says": f"{row.rows} rows were set aside: {ERASED}.",
                    "hint": ERASED,
                },
            )  # fmt: skip
        _count(erased, f"raw.{name}", sum(row.rows for row in rows))
        submissions |= {row.submission_id for row in rows}
    for model in models().values():
        # tables of counts are not touched here: their quarters are written anew
        if not model.is_view and "child_key" in model.columns and is_about_children(model.columns):
            gone = connection.execute(
                sa.text(f"delete from {model.physical} where child_key = any(:keys)"), words
            )
            _count(erased, model.table, gone.rowcount)
    _note_what_remains(connection, erased, sorted(submissions))
    return erased


def _count(erased: Erased, table: str, rows: int) -> None:
    if rows:
        erased.rows[table] = rows


def _note_what_remains(connection: Connection, erased: Erased, submissions: list[str]) -> None:
    """Mark the quarters that counted the child for rewriting, and find the releases and the
    senders' own files that the request reaches.
    """
    erased.quarters = _quarters_on(connection, submissions)
    connection.execute(
        sa.text("delete from raw.quarter where census_date = any(:dates)"),
        {"dates": erased.quarters},
    )
    for table in DRAFT_TABLES:  # a draft that counted the child is made anew without
        connection.execute(
            sa.text(f"delete from {table} where census_date = any(:dates)"),
            {"dates": erased.quarters},
        )
    erased.releases = [
        f"{row.census_date} r{row.release_number}"
        for row in connection.execute(
            sa.text(
                "select census_date, release_number from published.release where census_date ="
                " any(:dates) order by 1, 2"
            ),
            {"dates": erased.quarters},
        )
    ]
    held = connection.execute(
        sa.text(
            "select census_date, sender, file_name from raw.submission where submission_id ="
            " any(:ids) order by 1, 2, 3"
        ),
        {"ids": submissions},
    ).all()
    erased.files = [f"{row.census_date}/{row.sender}/{row.file_name}" for row in held]
    erased.returns = sorted({(row.census_date, row.sender) for row in held})


def _quarters_on(connection: Connection, submissions: list[str]) -> list[dt.date]:
    """The census dates whose figures may rest on these submissions."""
    dates = connection.execute(
        sa.text(
            "select distinct q.census_date from raw.quarter as q inner join raw.submission as s on"
            " q.census_date >= s.census_date and q.census_date <= s.census_date + interval"
            f" '{LOOKS_BACK}' where s.submission_id = any(:ids) order by 1"
        ),
        {"ids": submissions},
    ).scalars()
    return list(dates)
