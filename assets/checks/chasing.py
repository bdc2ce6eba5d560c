"""The chase list of a quarter: which senders are to be reminded of what, by the region's timetable.

Belongs here: who is due, late, rejected or halved, and by how much. Does not belong here: how the list is printed or sent.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assets.intake.door import sender_of
from resources.warehouse import Asked
from schemas.regions import Timetable
from schemas.returns import return_tables

DUE, LATE, REJECTED, HALVED = "due", "late", "rejected", "halved"
_EVERY_QUARTER = ("placement_census", "provider_settings", "provider_placements")
"""Returns that who sent them for the last quarter is expected to send again; members always send their placement census."""

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
    select a.authority_code, 'placement_census' from core.authority as a where a.census_date = :d and a.is_member
)
select coalesce(e.sender, t.sender) as sender, coalesce(e.table_name, t.table_name) as table_name, t.status, t.rows_loaded,
    l.rows_loaded as rows_before
from expected as e
full join this_time as t on e.sender = t.sender and e.table_name = t.table_name
left join last_time as l on coalesce(e.sender, t.sender) = l.sender and coalesce(e.table_name, t.table_name) = l.table_name
where t.status is null or t.status = 'rejected' or (t.status = 'in force' and t.rows_loaded * 2 < l.rows_loaded)
order by 1, 2
"""


@dataclass(frozen=True)
class Chased:
    """A return that its sender is to be reminded of: not there yet (`due` or `late`), `rejected`, or less than half of the last one (`halved`).

    `days_late` counts from the end of the day on which returns were due; 0 where it has not passed, and where the return counts.
    """

    sender: str
    name: str
    what: str
    state: str
    days_late: int
    rows: int | None
    rows_before: int | None


def chase_list(asked: Asked, census_date: dt.date, timetable: Timetable, day: dt.date) -> list[Chased]:
    """Whom to remind on a `day`, the latest first. A quarter with no figures has no list."""
    over = max((day - timetable.day(census_date, "due")).days, 0)
    found = []
    for row in asked.rows(_QUERY, d=census_date, every_quarter=list(_EVERY_QUARTER)):
        state = HALVED if row.status == "in force" else REJECTED if row.status else LATE if over else DUE
        table = return_tables().get(row.table_name)
        what = table.title if table else "file that was not recognised"
        name, late = sender_of(row.sender, census_date).name, 0 if state == HALVED else over
        found.append(Chased(row.sender, name, what, state, late, row.rows_loaded, row.rows_before))
    return sorted(found, key=lambda one: (-one.days_late, one.sender, one.what))
