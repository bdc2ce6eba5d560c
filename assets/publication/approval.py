"""Approval: a named person lets a draft go out, and it is published just as it was looked at.

Belongs here: what is checked before, and the one transaction that records the approval and writes
the ledger. Does not belong here: making the draft (`drafts`) and the files, which follow from the
ledger (`release`).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common import audit
from assets.publication import lifecycle, told
from assets.publication.drafts import has_moved_on, knew, mark_of_draft, standing
from assets.publication.lifecycle import APPROVED, CORRECTION, DRAFT, PUBLISHED
from assets.publication.release import (
    DRAFTS,
    LEDGER,
    content_of,
    lacks_crossings,
    latest_release,
    reached,
    read_release,
    write_basis,
)
from resources.errors import ObservatoryError
from resources.warehouse import Asked, Snapshot, Warehouse
from schemas.regions import Region


@dataclass(frozen=True)
class Approved:
    """A release that was approved: `moved_on` where the figures have moved since its draft was
    made, so that a correction follows; `status` is its word (provisional, final, revised), where it
    has one.
    """

    census_date: dt.date
    number: int
    by: str
    moved_on: bool
    status: str = ""


def refuse_what_cannot_be_approved(
    asked: Asked, census_date: dt.date, by: str, mark: str = ""
) -> sa.Row:
    """The draft of the census date, if it may be approved.

    Raises:
        ObservatoryError: nobody is named, there is no such draft or it is held, or a release came
            out since of which the gate did not know.
    """
    if not by.strip():
        raise ObservatoryError(
            "Nobody was named; the person who approves was expected: --by 'NAME'. The name is"
            " recorded."
        )
    now, draft = lifecycle.life(asked, census_date), standing(asked, census_date)
    lifecycle.refuse_held(now)
    if draft is None or now.state not in (DRAFT, CORRECTION):
        raise ObservatoryError(
            f"{census_date} is {now.state}, and there is no draft of it; a draft was expected."
            f" `observatory status --census-date {census_date}` says what comes next."
        )
    if mark and mark != mark_of_draft(draft):
        raise ObservatoryError(
            f"The draft of {census_date} is {mark_of_draft(draft)}; {mark} was looked at. It was"
            " made anew since: look at it again (`observatory release --census-date"
            f" {census_date} --dry-run`)."
        )
    latest = latest_release(asked, census_date)
    if draft.release_number != (latest.release_number if latest else 0) + 1 or not knew(
        draft.held_against, reached(asked, census_date, drafts=False)
    ):
        raise ObservatoryError(
            f"Since the draft of {census_date} was made another release came out, of which the gate"
            f" did not know. Make it anew: observatory draft {census_date}."
        )
    return draft


def _refuse_unproved(census_date: dt.date, draft: sa.Row, region: Region) -> None:
    """Refuse a draft that was made before these groups of sub-regions had logins: the gate has not
    asked what their members know together.
    """
    proved = draft.manifest.get("groups", {})
    # a group that has no login any more is no matter: proved against more is proved
    if any(list(codes) != proved.get(name) for name, codes in (region.groups or {}).items()):
        raise ObservatoryError(
            f"The draft of {census_date} was made before the groups of sub-regions had logins, and"
            " is not proved against them. Nothing was published. Make it anew: observatory draft"
            f" {census_date}."
        )


def approve(
    warehouse: Warehouse,
    census_date: dt.date,
    region: Region,
    by: str,
    note: str = "",
    mark: str = "",
) -> Approved:
    """Publish the draft of a census date, in the name of `by`: exactly the tables that were kept
    when it was made, whatever has come in since.

    `mark` names the draft that was looked at; where it has been made anew since, nothing is
    published.

    Raises:
        ObservatoryError: there is no draft that may go out (`refuse_what_cannot_be_approved`), it
            is not proved against those who have logins now, or it is not what was kept.
    """
    # one transaction: what is looked at here is what is published, whoever else is at work
    with warehouse.writing() as connection:
        seen = Snapshot(connection)
        draft = refuse_what_cannot_be_approved(seen, census_date, by, mark)
        tables, _ = read_release(seen, census_date, draft.release_number, ledger=DRAFTS)
        # hashed again: whoever wrote to the tables past the program left the hash as it was
        if content_of(tables) != draft.content_hash:
            raise ObservatoryError(
                f"The tables of the draft of {census_date} are not those that were kept when it was"
                " made. Nothing was published. Make it anew, and ask who wrote to the warehouse:"
                f" observatory draft {census_date}."
            )
        _refuse_unproved(census_date, draft, region)
        if lacks_crossings(seen, census_date, draft.release_number, DRAFTS):
            raise ObservatoryError(
                f"The draft of {census_date} was made by a version that did not protect what its"
                " tables print nowhere. Nothing was published. Make it anew: observatory draft"
                f" {census_date}."
            )
        number, status = draft.release_number, draft.manifest.get("status", "")
        # nobody sees this state, but `approvals` asks who approved by this step
        lifecycle.move(connection, census_date, APPROVED, by, note, release=number)
        _publish(connection, census_date, draft)
        lifecycle.move(connection, census_date, PUBLISHED, by, note, release=number)
        audit.record(connection, audit.RELEASED, f"{census_date} r{number}", content_hash=draft.content_hash, approved_by=by.strip(),
                     **({"status": status} if status else {}))  # fmt: skip
    return Approved(census_date, number, by.strip(), has_moved_on(draft, region), status)


def _publish(connection: Connection, census_date: dt.date, draft: sa.Row) -> None:
    """Move the draft's tables to the ledger. The note of the try stays: by it a correction is known
    to be due.
    """
    connection.execute(
        sa.text(
            "insert into published.release (census_date, release_number, content_hash, manifest)"
            " values (:d, :n, :h, cast(:m as jsonb))"
        ),
        {
            "d": census_date,
            "n": draft.release_number,
            "h": draft.content_hash,
            "m": json.dumps(draft.manifest),
        },
    )
    # counts stand beside the cells row by row, and do not keep their keys a second time
    for kept, published in ((DRAFTS.cells, LEDGER.cells), (DRAFTS.counts, LEDGER.counts)):
        columns = ", ".join(
            name for name in _COLUMNS if name != "keys" or published == LEDGER.cells
        )
        connection.execute(
            sa.text(
                f"insert into {published} ({columns}) select {columns} from {kept} where"
                " census_date = :d"
            ),
            {"d": census_date},
        )
        connection.execute(
            sa.text(f"delete from {kept} where census_date = :d"), {"d": census_date}
        )
    told.publish(connection, census_date)
    # not `drop_draft`, which takes the note of the try as well
    connection.execute(sa.text("delete from raw.draft where census_date = :d"), {"d": census_date})
    write_basis(connection, census_date, draft.release_number, draft.basis)


_COLUMNS = ("census_date", "release_number", "table_name", "row_order", "keys", "measure", "value")


def approvals(asked: Asked) -> list[sa.Row]:
    """Who approved which release when: `census_date`, `release_number`, `happened_at`, `by_whom`,
    `why`, the newest first.
    """
    return asked.rows(
        "select census_date, release_number, happened_at, by_whom, why from raw.quarter_step where"
        " step = :s order by happened_at desc",
        s=APPROVED,
    )
