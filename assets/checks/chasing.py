"""The chase list of a quarter: which senders are to be reminded of what, by the region's timetable,
and the sentences that remind them.

Belongs here: who is due, late, rejected or halved, by how much and how often before; how fresh each
source is; the words of a reminder. Does not belong here: how the list is printed
(`pipelines/command/chase`), and how a reminder is sent (`resources/messages`).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import sqlalchemy as sa

from assets.intake.door import sender_of
from resources.contacts import Contact
from resources.showing import in_csv
from resources.warehouse import Asked
from schemas.regions import Timetable
from schemas.returns import return_tables

DUE, LATE, REJECTED, HALVED = "due", "late", "rejected", "halved"
_EVERY_QUARTER = ("placement_census", "provider_settings", "provider_placements")
"""Returns that who sent them for the last quarter is expected to send again; members always send
their placement census.
"""

LOOKS_BACK = 4
"""Quarters that the history of lateness looks back."""

_QUERY = """
with last_time as (
    select q.sender, q.table_name, q.rows_loaded
    from curated.return_quality as q
    where q.status = 'in force' and q.census_date = (select max(b.census_date) from curated.return_quality as b where b.census_date < :d)
),
this_time as (
    select q.sender, q.table_name, q.status, q.rows_loaded from curated.return_quality as q where q.census_date = :d
),
expected as (
    select l.sender, l.table_name from last_time as l where l.table_name = any(:every_quarter)
    union
    select a.authority_code, 'placement_census' from core.authority as a
    where a.is_member and a.census_date = (select max(b.census_date) from core.authority as b where b.census_date <= :d)
),
quarters_before as (
    select distinct b.census_date from curated.return_quality as b where b.census_date < :d order by b.census_date desc limit :looks_back
),
before as (
    select q.sender, q.table_name, count(*) filter (where q.days_late > 0) as times, max(q.days_late) as days
    from curated.return_quality as q
    where q.status = 'in force' and q.census_date in (select b.census_date from quarters_before as b)
    group by q.sender, q.table_name
)
select coalesce(e.sender, t.sender) as sender, coalesce(e.table_name, t.table_name) as table_name, t.status, t.rows_loaded,
    l.rows_loaded as rows_before, coalesce(b.times, 0) as late_before, coalesce(b.days, 0) as most_days_late,
    (select count(*) from quarters_before) as quarters
from expected as e
full join this_time as t on e.sender = t.sender and e.table_name = t.table_name
left join last_time as l on coalesce(e.sender, t.sender) = l.sender and coalesce(e.table_name, t.table_name) = l.table_name
left join before as b on coalesce(e.sender, t.sender) = b.sender and coalesce(e.table_name, t.table_name) = b.table_name
where t.status is null or t.status = 'rejected'
    or (t.status = 'in force' and t.rows_loaded * 2 < l.rows_loaded and t.table_name <> all(:as_published))
order by 1, 2
"""


@dataclass(frozen=True)
class Chased:
    """A return that its sender is to be reminded of: not there yet (`due` or `late`), `rejected`,
    or less than half of the last one (`halved`).

    `days_late` counts from the end of the day on which returns were due; 0 where it has not passed,
    and where the return counts. `late_before` is the history: of the last quarters, how many of its
    returns came late, and by how many days at the most.
    """

    sender: str
    name: str
    what: str
    state: str
    days_late: int
    rows: int | None
    rows_before: int | None
    late_before: str = ""

    def sentence(self) -> str:
        """What a reminder says of it: no number of rows, for they are children, and it leaves the
        building.
        """
        days = f"{self.days_late} day{'' if self.days_late == 1 else 's'}"
        return {
            DUE: f"{self.what}: not received yet.",
            LATE: f"{self.what}: not received, {days} late.",
            REJECTED: (
                f"{self.what}: received and rejected; the answer in your outbox says what to mend."
            ),
            HALVED: (
                f"{self.what}: received with less than half of the rows of last time. Please"
                " confirm, or send the whole return."
            ),
        }[self.state]


_NOT_RECOGNISED = "file that was not recognised"


def _named(one: Chased) -> str:
    """Who, as it may leave the building: of a folder in which nothing was recognised, its name may
    be anybody's, a child's too.
    """
    is_provider = one.sender.startswith("provider-")
    return (
        "a provider" if is_provider and one.what == _NOT_RECOGNISED else f"{one.sender} {one.name}"
    )


HEADS = dict(
    zip(
        (f.name for f in fields(Chased)),
        ("sender", "name", "return", "state", "days late", "rows", "rows last time", "late before"),
        strict=False,
    )
)
"""The columns of the list, as they are printed."""


def chase_list(
    asked: Asked, census_date: dt.date, timetable: Timetable, day: dt.date
) -> list[Chased]:
    """Whom to remind on a `day`, the latest first; also of a quarter for which nothing has come at
    all.
    """
    over = max((day - timetable.day(census_date, "due")).days, 0)
    chased = []
    for row in asked.rows(
        _QUERY,
        d=census_date,
        every_quarter=list(_EVERY_QUARTER),
        looks_back=LOOKS_BACK,
        as_published=_as_published(),
    ):
        # of what counts the query gives only what is halved
        state = (
            HALVED
            if row.status == "in force"
            else REJECTED
            if row.status
            else LATE
            if over
            else DUE
        )
        table = return_tables().get(row.table_name)
        what = table.title if table else _NOT_RECOGNISED
        name, late = sender_of(row.sender, census_date).name, 0 if state == HALVED else over
        before = (
            f"{row.late_before} of {row.quarters}, by up to {row.most_days_late} days"
            if row.late_before
            else ""
        )
        chased.append(
            Chased(row.sender, name, what, state, late, row.rows_loaded, row.rows_before, before)
        )
    return sorted(chased, key=lambda one: (-one.days_late, one.sender, one.what))


def _as_published() -> list[str]:
    """Official statistics, unlike Ofsted's lists of every quarter: they come when they are
    published, as many as are published.
    """
    return [
        name
        for name, table in return_tables().items()
        if table.is_published and "ofsted" not in table.senders
    ]


def to_chase_on(timetable: Timetable, census_date: dt.date, day: dt.date) -> bool:
    """Whether the timetable reminds senders of this quarter on the day."""
    return (day - census_date).days in timetable.chase


def write_list(folder: Path, census_date: dt.date, chased: list[Chased]) -> Path:
    """Write the list to `<census date>.csv`, whole or not at all; contacts are not in it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADS.values())
    # a folder's name is whatever somebody wrote, and may be a formula
    writer.writerows(
        [in_csv("" if value is None else str(value)) for value in astuple(one)] for one in chased
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{census_date}.csv"
    making = folder / f".{census_date}.making"
    making.write_text(text.getvalue(), encoding="utf-8")
    making.replace(path)
    return path


# --- reminders
# -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reminder:
    """What is said to one sender (or, to nobody's address, to the region): no row, no value, no
    file's name.
    """

    sender: str
    title: str
    body: str


def reminders(
    found: list[Chased], census_date: dt.date, region: str, due: dt.date, ask: Contact | None
) -> list[Reminder]:
    """One reminder a sender, of its own returns alone."""
    by_sender: dict[str, list[Chased]] = defaultdict(list)
    for one in found:
        by_sender[one.sender].append(one)
    asks = f"\nQuestions: {ask}." if ask else ""
    messages = []
    for sender, own in sorted(by_sender.items()):
        lines = "\n".join(f"- {one.sentence()}" for one in own)
        body = (
            f"{own[0].name},\n\nyour returns for {census_date:%d %B %Y}, due on"
            f" {due:%d %B %Y}:\n{lines}\n{asks}"
        )
        messages.append(
            Reminder(sender, f"{region}: returns for {census_date:%d %B %Y}", body.strip())
        )
    return messages


def in_short(chased: list[Chased], census_date: dt.date, region: str) -> Reminder:
    """The list for the region's own channel: how many of each, and the senders, the latest first."""
    counts = ", ".join(
        f"{number} {state}"
        for state in (LATE, REJECTED, HALVED, DUE)
        if (number := sum(one.state == state for one in chased))
    )
    lines = [f"- {_named(one)}: {one.sentence()}" for one in chased[:40]]
    more = [f"- and {len(chased) - 40} more"] if len(chased) > 40 else []
    return Reminder(
        "",
        f"{region}: {len(chased)} returns to chase for {census_date:%d %B %Y}",
        "\n".join([f"{counts}.", *lines, *more]),
    )


# --- freshness
# -----------------------------------------------------------------------------------------------


def freshness(asked: Asked) -> list[sa.Row]:
    """How fresh each source is: `table_name`, `census_date` and `received_at` of the newest return
    that counts, and `senders` of that date.
    """
    return asked.rows(
        """
        select distinct on (t.table_name) t.table_name, s.census_date, max(s.received_at) as received_at, count(distinct s.sender) as senders
        from raw.submission as s inner join raw.submission_table as t on s.submission_id = t.submission_id
        where t.status = 'in force' group by t.table_name, s.census_date order by t.table_name, s.census_date desc
        """
    )
