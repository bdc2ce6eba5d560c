"""Erasure: a child is taken out of the warehouse at the request of the authority that holds the reference, and stays out.

Belongs here: emptying the rows in `raw`, deleting them from core and curated, the stop list, saying what remains and why.
Does not belong here: setting the child's rows aside when they come again (`assets/intake/door`).

A row in `raw` is emptied, not removed: it keeps its place (submission, sheet, row number) and is set aside, so that the books of its return still
balance. The staging views follow. Core and curated rows of the child go at once, in the same transaction; the quarters that counted the child are
then rewritten. The child's keyed hash goes on the stop list, in the warehouse and in a file in the observatory's home, which a restored backup is
held against.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.access import audit
from assets.access.policies import is_about_children
from assets.warehouse.models import models, raw_columns
from resources.pseudonym import child_keys
from resources.settings import ObservatoryError, Settings
from resources.warehouse import Warehouse, physical
from schemas.returns import return_tables

STOP_LIST = "stop_list.csv"

LOOKS_BACK = "37 months"
"""How far a quarter's figures look back: quarters up to that long after a return may rest on it."""


@dataclass
class Erased:
    """What was erased: rows by table, the quarters that counted the child, and what remains."""

    rows: dict[str, int] = field(default_factory=dict)
    quarters: list[dt.date] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def erase(warehouse: Warehouse, settings: Settings, key: bytes, authority_code: str, reference: str) -> Erased:
    """Erase the child that the authority calls `reference`. The quarters that counted it are to be rewritten after (`run`, or `build_quarter`).

    Raises:
        ObservatoryError: the reference is blank.
    """
    child_key = child_keys(key, pd.Series([authority_code], dtype="str"), pd.Series([reference], dtype="str")).iloc[0]
    if not isinstance(child_key, str):
        raise ObservatoryError("The child's reference is blank. The reference that the authority's returns give the child was expected.")
    with warehouse.writing() as connection:
        found = _take_out(connection, [child_key])
        connection.execute(
            sa.text("insert into access.stop_list (child_key, authority_code) values (:key, :code) on conflict do nothing"),
            {"key": child_key, "code": authority_code},
        )
        audit.record(connection, audit.ERASED, authority_code, rows=found.rows, quarters=found.quarters)
        stopped = _stop_list(connection)
    _keep(settings.home, stopped)
    _clear_answers(settings.outbox, found)
    return found


def hold_to_stop_list(warehouse: Warehouse, home: Path) -> Erased:
    """Erase again every child on the stop list, the file's and the warehouse's together: a backup may be older than the request."""
    kept = pd.read_csv(home / STOP_LIST, dtype=str) if (home / STOP_LIST).exists() else pd.DataFrame(columns=["child_key", "authority_code"])
    with warehouse.writing() as connection:
        for row in kept.itertuples():
            connection.execute(
                sa.text("insert into access.stop_list (child_key, authority_code) values (:key, :code) on conflict do nothing"),
                {"key": row.child_key, "code": row.authority_code},
            )
        stopped = _stop_list(connection)
        found = _take_out(connection, [child_key for child_key, _ in stopped])
        if found.rows:
            audit.record(connection, audit.ERASED, "stop list", rows=found.rows, quarters=found.quarters)
    if stopped:
        _keep(home, stopped)
    return found


def _stop_list(connection: Connection) -> list[tuple[str, str]]:
    return [tuple(row) for row in connection.execute(sa.text("select child_key, authority_code from access.stop_list order by 1"))]


def _keep(home: Path, stopped: list[tuple[str, str]]) -> None:
    """Write the stop list's file, whole or not at all, readable by its owner only."""
    home.mkdir(parents=True, exist_ok=True)
    making = home / f".{STOP_LIST}.making"
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        pd.DataFrame(stopped, columns=["child_key", "authority_code"]).to_csv(file, index=False)
    making.replace(home / STOP_LIST)


def _take_out(connection: Connection, child_keys_: list[str]) -> Erased:
    found = Erased()
    words = {"keys": child_keys_}
    submissions: set[str] = set()
    for name, columns in raw_columns().items():
        if "child_key" not in columns:
            continue
        emptied = ", ".join(f"{column} = null" for column in return_tables()[name].warehouse_columns)
        rows = connection.execute(
            sa.text(
                f"with held as (select ctid, submission_id, sheet, row_number, fate from raw.{name} where child_key = any(:keys)), "
                f"emptied as (update raw.{name} as r set fate = 'set aside', as_received = null, {emptied} from held as h where r.ctid = h.ctid), "
                f"silenced as (delete from {physical('raw.finding')} as f using held as h where f.submission_id = h.submission_id "
                f"and f.table_name = '{name}' and f.sheet = h.sheet and f.row_number = h.row_number) "
                "select submission_id, count(*) as rows, count(*) filter (where fate = 'loaded') as loaded, "
                "count(*) filter (where fate = 'rejected') as rejected from held group by submission_id"
            ),
            words,
        ).all()
        for row in rows:
            connection.execute(
                sa.text(
                    "update raw.submission_table set rows_loaded = rows_loaded - :loaded, rows_rejected = rows_rejected - :rejected, "
                    "rows_set_aside = rows_set_aside + :loaded + :rejected where submission_id = :id and table_name = :name"
                ),
                {"loaded": row.loaded, "rejected": row.rejected, "id": row.submission_id, "name": name},
            )
            connection.execute(
                sa.text(
                    f"insert into {physical('raw.finding')} "
                    "(submission_id, table_name, sheet, row_number, column_name, value, rule, severity, message) "
                    "values (:id, :name, '', 0, '', :count, 'set_aside', 'notes', :says)"
                ),
                {
                    "id": row.submission_id, "name": name, "count": str(row.rows),
                    "says": f"{row.rows} rows were set aside: about a child who was erased at the authority's request.",
                },
            )  # fmt: skip
        _count(found, f"raw.{name}", sum(row.rows for row in rows))
        submissions |= {row.submission_id for row in rows}
    for model in models().values():
        if not model.is_view and "child_key" in model.columns and is_about_children(model.columns):
            gone = connection.execute(sa.text(f"delete from {model.physical} where child_key = any(:keys)"), words)
            _count(found, model.table, gone.rowcount)
    _note_what_remains(connection, found, sorted(submissions))
    return found


def _clear_answers(outbox: str, found: Erased) -> None:
    """Remove the answers to the returns that held the child: they show the sender's own rows. They are made anew from what lies in the landing."""
    if "://" not in outbox:
        for folder in {Path(outbox) / Path(file).parent for file in found.files}:
            shutil.rmtree(folder, ignore_errors=True)


def _count(found: Erased, table: str, rows: int) -> None:
    if rows:
        found.rows[table] = rows


def _note_what_remains(connection: Connection, found: Erased, submissions: list[str]) -> None:
    """Mark the quarters that counted the child for rewriting, and find the releases and the senders' own files that the request reaches."""
    dates = connection.execute(
        sa.text(
            "select distinct q.census_date from raw.quarter as q inner join raw.submission as s "
            f"on q.census_date >= s.census_date and q.census_date <= s.census_date + interval '{LOOKS_BACK}' "
            "where s.submission_id = any(:ids) order by 1"
        ),
        {"ids": submissions},
    ).scalars()
    found.quarters = list(dates)
    connection.execute(sa.text("delete from raw.quarter where census_date = any(:dates)"), {"dates": found.quarters})
    found.releases = [
        f"{row.census_date} r{row.release_number}"
        for row in connection.execute(
            sa.text("select census_date, release_number from published.release where census_date = any(:dates) order by 1, 2"),
            {"dates": found.quarters},
        )
    ]
    found.files = [
        f"{row.census_date}/{row.sender}/{row.file_name}"
        for row in connection.execute(
            sa.text("select census_date, sender, file_name from raw.submission where submission_id = any(:ids) order by 1, 2, 3"),
            {"ids": submissions},
        )
    ]
