"""Keys: the key of the pseudonyms as the warehouse knows it, so that no other one is used by
mistake.

Belongs here: the check value by which the warehouse knows its key, refusing another one, making one
for an empty warehouse, and taking over a warehouse from before it knew. Does not belong here: where
the key is kept and what is hashed with it (`resources/pseudonym`).

With another key the same children get other pseudonyms: returns no longer join, and children who
were erased come back. Published counts of places would carry other noise, and other cells would be
hidden (`assets/publication/disclosure/noise.py`). So a key is made only for a warehouse that has
read nothing; after that it is the only one.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common import audit
from assets.warehouse.models import raw_columns
from assets.warehouse.numbering import content_mark, submission_id
from resources.errors import ObservatoryError
from resources.pseudonym import VARIABLE, find_key, fingerprint, load_key
from resources.warehouse import Warehouse, physical

_WHERE = (
    f"Set {VARIABLE} to the key that the warehouse was begun with, or put its file pseudonym.key"
    " back into"
)


def warehouse_key(warehouse: Warehouse, home: Path) -> bytes:
    """The key, if it is the one that the prepared warehouse knows. Made for a warehouse that has
    read nothing and knows none.

    Raises:
        ObservatoryError: there is another key, or none for a warehouse that has read returns
            already.
    """
    # read first without the writer's lock: mostly the key is known
    with warehouse.reading() as connection:
        known = known_check(connection)
    if known is not None:
        return held_to(find_key(home), known, home)
    with warehouse.writing() as connection:
        known = known_check(connection)  # somebody else may have been first
        if known is not None:
            return held_to(find_key(home), known, home)
        has_read = bool(
            connection.execute(sa.text("select exists (select from raw.submission)")).scalar()
        )
        if has_read and find_key(home) is None:
            raise ObservatoryError(
                "No key of the pseudonyms was found, and the warehouse has read returns with one;"
                f" its own key was expected. {_WHERE} {home}. A new key would make other"
                " pseudonyms: returns would no longer join, and children who were erased would"
                " come back."
            )
        key = load_key(home)
        if has_read:
            _number_anew(connection, key)
        connection.execute(
            sa.text("insert into access.key_check (check_value) values (:value)"),
            {"value": check_value(key)},
        )
    return key


def check_value(key: bytes) -> str:
    """By what the warehouse knows the key: it tells the key's equal, and not the key."""
    return fingerprint(key, "the observatory's key")


def known_check(connection: Connection) -> str | None:
    """The check value that the warehouse holds; None where it has not known a key yet."""
    return connection.execute(sa.text("select check_value from access.key_check")).scalar()


def held_to(key: bytes | None, known: str, home: Path) -> bytes:
    """The key, held against the check value that a warehouse (or its backup) knows.

    Raises:
        ObservatoryError: it is another key, or there is none.
    """
    if key is None or check_value(key) != known:
        kept = (
            "No key of the pseudonyms was found"
            if key is None
            else "Another key of the pseudonyms was found"
        )
        raise ObservatoryError(
            f"{kept}; the one that the warehouse was begun with was expected. {_WHERE} {home}."
            " With another key the same children get other pseudonyms: returns would no longer"
            " join, and children who were erased would come back. Nothing was read or changed."
        )
    return key


def _number_anew(connection: Connection, key: bytes) -> None:
    """Submissions of a warehouse from before the key was in their numbers: numbers and marks are
    made with it, once, wherever they stand.
    """
    rows = connection.execute(
        sa.text(
            "select submission_id, census_date, sender, content_hash from raw.submission where"
            " length(content_hash) = 64"
        )
    ).all()
    if not rows:  # a SHA-256 has 64 digits, a mark that is made with the key 32
        return
    connection.exec_driver_sql(
        "create temporary table numbered_anew (old text primary key, new text, mark text) on commit"
        " drop"
    )
    connection.execute(
        sa.text("insert into numbered_anew values (:old, :new, :mark)"),
        [
            {
                "old": row.submission_id,
                "new": submission_id(key, row.census_date, row.sender, row.content_hash),
                "mark": content_mark(key, row.content_hash),
            }
            for row in rows
        ],
    )
    # marks first: the numbers by which rows are found are still the old ones
    connection.exec_driver_sql(
        "update raw.submission as s set content_hash = n.mark from numbered_anew as n where"
        " s.submission_id = n.old"
    )
    for name in (name for name, columns in raw_columns().items() if "submission_id" in columns):
        table = physical(f"raw.{name}")
        connection.exec_driver_sql(
            f"update {table} as r set submission_id = n.new from numbered_anew as n where"
            " r.submission_id = n.old"
        )
    connection.exec_driver_sql("delete from raw.answer")  # answers name the number
    # the trigger refuses changes to anybody; here only what a submission is called is put right
    connection.exec_driver_sql("alter table access.event disable trigger append_only")
    connection.exec_driver_sql(
        "update access.event as e set subject = n.new from numbered_anew as n where e.subject ="
        " n.old"
    )
    connection.exec_driver_sql("alter table access.event enable trigger append_only")
    connection.exec_driver_sql(
        "update raw.quarter set rests_on = ''"
    )  # core and curated name it too: they are written anew
    audit.record(connection, audit.NUMBERED_ANEW, "submissions", submissions=len(rows))
