"""A quarter's life: collecting, closed, draft, approved, published; and after that the correction
that late returns propose.

Belongs here: the states, which step leads from which to which, and the record of the steps
(`raw.quarter_step`): who, when, why. Does not belong here: making a draft (`drafts`), publishing it
(`approval`), when a step is due (`schemas/regions`, `[timetable]`).

A quarter of which no step is recorded is collecting. Its state is what the last recorded step led
to, and nothing else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common import audit
from assets.warehouse.tables import DRAFT_TABLES
from resources.errors import ObservatoryError
from resources.warehouse import Asked, Warehouse
from schemas.regions import Region

COLLECTING, CLOSED, DRAFT, APPROVED, PUBLISHED = (
    "collecting",
    "closed",
    "draft",
    "approved",
    "published",
)
CORRECTION = "correction proposed"

TIMETABLE = "the timetable"
"""By whom a quarter is closed on its day."""

_LEADS_FROM = {
    CLOSED: {COLLECTING},
    DRAFT: {CLOSED, DRAFT},
    CORRECTION: {PUBLISHED, CORRECTION},
    APPROVED: {DRAFT, CORRECTION},
    PUBLISHED: {APPROVED, CORRECTION},
    COLLECTING: {CLOSED, DRAFT},
}
"""By state: from which ones it is reached."""

SAYS = {
    COLLECTING: "Returns and answers flow; nothing is published.",
    CLOSED: "No return is waited for; the draft is next.",
    DRAFT: (
        "The release is made, for the regional group alone, and waits for a named person's"
        " approval."
    ),
    APPROVED: "It is being published.",
    PUBLISHED: "Published.",
    CORRECTION: (
        "Published; a correction is made, for the regional group alone, and waits for a named"
        " person's approval."
    ),
}


TOLD = {
    COLLECTING: "Returns are being collected",
    CLOSED: "Collected; its release is being prepared",
    DRAFT: "Collected; its release is being prepared",
    APPROVED: "Its release is being published",
    PUBLISHED: "Published",
    CORRECTION: "Published; a correction is being prepared",
}
"""What the public is told of each state: neither what a draft says nor who does what."""


_LIFTED = "taken up again"


@dataclass(frozen=True)
class Life:
    """Where a quarter stands: its state, whether it is held, and the last step that led there."""

    census_date: dt.date
    state: str = COLLECTING
    is_held: bool = False
    since: dt.datetime | None = None
    by: str = ""
    why: str = ""
    release: int | None = None
    steps: int = 0
    was_closed: bool = False
    """Whether it was ever closed: the timetable closes no quarter twice."""
    status: str = ""
    """Whether that release (or draft) is provisional, final or revised; blank where it has no such
    word.
    """


_LIVES = """
select distinct on (s.census_date) s.census_date, s.state, s.is_held, coalesce(l.happened_at, s.happened_at) as happened_at,
    coalesce(l.by_whom, s.by_whom) as by_whom, coalesce(l.why, s.why) as why, s.release_number, s.number,
    bool_or(s.state <> 'collecting' or s.step = 'reopened') over (partition by s.census_date) as was_closed,
    coalesce(r.manifest ->> 'status', d.manifest ->> 'status', '') as status
from raw.quarter_step as s
left join published.release as r on s.census_date = r.census_date and s.release_number = r.release_number
left join raw.draft as d on s.census_date = d.census_date and s.release_number = d.release_number
left join lateral (
    select e.happened_at, e.by_whom, e.why from raw.quarter_step as e
    where e.census_date = s.census_date and e.state = s.state and not s.is_held and not e.is_held and e.step <> :lifted
    order by e.number desc limit 1
) as l on true
where s.census_date = :d or cast(:d as date) is null
order by s.census_date, s.number desc
"""
"""Who held a quarter for a while, or took it up again, did not bring it where it stands."""


def lives(asked: Asked, census_date: dt.date | None = None) -> dict[dt.date, Life]:
    """Where each quarter stands of which a step is recorded (or the one that is named)."""
    return {
        row.census_date: Life(*row) for row in asked.rows(_LIVES, d=census_date, lifted=_LIFTED)
    }


def life(asked: Asked, census_date: dt.date) -> Life:
    """Where a quarter stands."""
    return lives(asked, census_date).get(census_date, Life(census_date))


def history(asked: Asked, census_date: dt.date) -> list[sa.Row]:
    """Every step of a quarter: `happened_at`, `step`, `state`, `by_whom`, `why`, `release_number`."""
    return asked.rows(
        "select happened_at, step, state, by_whom, why, release_number from raw.quarter_step where"
        " census_date = :d order by number",
        d=census_date,
    )


def _life_now(connection: Connection, census_date: dt.date) -> Life:
    """Where it stands, in a writer's transaction."""
    row = connection.execute(sa.text(_LIVES), {"d": census_date, "lifted": _LIFTED}).first()
    return Life(*row) if row else Life(census_date)


def move(
    connection: Connection,
    census_date: dt.date,
    to: str,
    by: str,
    why: str = "",
    *,
    step: str = "",
    release: int | None = None,
) -> None:
    """Record the step to another state, in a writer's transaction; `step` names it where the
    state's own name does not.

    Raises:
        ObservatoryError: the quarter is held, or the state is not reached from where it stands, or
            nobody is named.
    """
    now = _life_now(connection, census_date)
    refuse_held(now)
    if now.state not in _LEADS_FROM[to]:
        raise ObservatoryError(
            f"{census_date} is {now.state}; {' or '.join(sorted(_LEADS_FROM[to]))} was expected"
            f" before it is {step or to}. `observatory status --census-date {census_date}` says"
            " what comes next."
        )
    _record(connection, now, step or to, to, by, why, release=release, is_held=False)


def refuse_held(now: Life) -> None:
    """Raise where a quarter is held, and say by whom and why."""
    if now.is_held:
        raise ObservatoryError(
            f"{now.census_date} is held, by {now.by} ({now.why or 'no reason given'}); a quarter"
            " that is not held was expected. Take it up again first: observatory hold"
            f" {now.census_date} --lift."
        )


def _record(
    connection: Connection,
    now: Life,
    step: str,
    state: str,
    by: str,
    why: str,
    *,
    release: int | None = None,
    is_held: bool,
) -> None:
    # blanks are no name
    if not by.strip():
        raise ObservatoryError(
            "No name was given; whoever takes the step was expected to be named. Give --by NAME."
        )
    connection.execute(
        sa.text(
            "insert into raw.quarter_step (census_date, number, step, state, is_held, by_whom, why,"
            " release_number) values (:d, :n, :step, :state, :held, :by, :why, :r)"
        ),
        {
            "d": now.census_date,
            # two never take one number: writers wait for each other, and this is read under their
            # lock
            "n": now.steps + 1,
            "step": step,
            "state": state,
            "held": is_held,
            "by": by.strip(),
            "why": why.strip(),
            "r": release,
        },
    )
    audit.record(
        connection,
        audit.QUARTER,
        f"{now.census_date} {step}",
        in_the_name_of=by.strip(),
        why=why.strip(),
    )


def close(warehouse: Warehouse, census_date: dt.date, by: str, why: str = "") -> None:
    """Close a quarter by hand: what is received from now on waits for the correction.

    Raises:
        ObservatoryError: it is not collecting, or no return that was sent for it counts.
    """
    if not has_own_returns(warehouse, census_date):
        raise ObservatoryError(
            f"No return that was sent for {census_date} counts; returns in force were expected"
            " before a quarter is closed. Use `observatory run`."
        )
    with warehouse.writing() as connection:
        move(connection, census_date, CLOSED, by, why)


def close_by_timetable(
    warehouse: Warehouse, region: Region, today: dt.date, dates: list[dt.date] | None = None
) -> list[dt.date]:
    """Close the quarters whose day has come (of `dates`, where given), and give them. One that was
    reopened closes by hand alone.
    """
    closed = []
    with warehouse.writing() as connection:
        # asked under the writers' lock: nobody closes or holds one between
        for date in to_close(warehouse, region, today):
            if dates is None or date in dates:
                # a format without the leading zero is not known to every system
                why = f"its day was {region.timetable.day(date, 'close'):%d %B %Y}".replace(
                    " 0", " "
                )
                move(connection, date, CLOSED, TIMETABLE, why)
                closed.append(date)
    return closed


def to_close(asked: Asked, region: Region, today: dt.date) -> list[dt.date]:
    """The quarters that the timetable closes: collecting, never closed, not held, with returns that
    count, and their day has come.
    """
    known = lives(asked)
    return [
        row.census_date
        for row in asked.rows(
            "select q.census_date from raw.quarter as q where"
            f" {_OWN_RETURNS.format('q.census_date')} order by 1"
        )
        if region.timetable.day(row.census_date, "close") <= today
        and (now := known.get(row.census_date, Life(row.census_date))).state == COLLECTING
        and not now.was_closed
        and not now.is_held
    ]


_OWN_RETURNS = (
    "exists (select from raw.submission as s inner join raw.submission_table as t on"
    " s.submission_id = t.submission_id where s.census_date = {} and t.status = 'in force')"
)


def has_own_returns(asked: Asked, census_date: dt.date) -> bool:
    """Whether a return counts that was sent for the census date itself."""
    return bool(asked.scalar(f"select {_OWN_RETURNS.format(':d')}", d=census_date))


def hold(
    warehouse: Warehouse, census_date: dt.date, by: str, why: str, *, lift: bool = False
) -> None:
    """Hold a quarter: it is neither closed by the timetable, drafted nor approved until somebody
    takes it up again (`lift`).

    Raises:
        ObservatoryError: it is held already, or (`lift`) is not.
    """
    with warehouse.writing() as connection:
        now = _life_now(connection, census_date)
        if now.is_held is not lift:
            raise ObservatoryError(
                f"{census_date} is {'not held' if lift else f'held already, by {now.by}'}. There is"
                f" nothing to {'lift' if lift else 'hold'}."
            )
        _record(
            connection,
            now,
            _LIFTED if lift else "held",
            now.state,
            by,
            why,
            # the last step alone tells where a quarter stands: state and release go on with it
            release=now.release,
            is_held=not lift,
        )


def reopen(warehouse: Warehouse, census_date: dt.date, by: str, why: str) -> None:
    """Collect again for a quarter that is closed or a draft; the draft goes. It closes again by
    hand.

    Raises:
        ObservatoryError: it is published (what comes late is a correction then), or collecting.
    """
    with warehouse.writing() as connection:
        # asked before `move`, which would refuse it too, but not say what to do
        if _life_now(connection, census_date).state in (PUBLISHED, CORRECTION):
            raise ObservatoryError(
                f"{census_date} is published; a quarter that is closed or a draft was expected."
                " What comes late gathers into a proposed correction by itself; `observatory hold"
                f" {census_date}` keeps that from being made."
            )
        move(connection, census_date, COLLECTING, by, why, step="reopened")
        drop_draft(connection, census_date)


def drop_draft(connection: Connection, census_date: dt.date) -> None:
    """Take a draft away, with what was noted of the try."""
    for table in DRAFT_TABLES:
        connection.execute(
            sa.text(f"delete from {table} where census_date = :d"), {"d": census_date}
        )
