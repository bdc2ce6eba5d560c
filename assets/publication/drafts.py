"""Drafts: the next release of a census date as it will be, made from one moment of the warehouse
and kept there until it is approved.

Belongs here: which drafts are due, making one (read, print, repair, ask the gate), keeping it,
remembering a refusal. Does not belong here: the states (`lifecycle`), approving (`approval`), the
ledger and its files (`release`, `files`).

A draft is read in one snapshot and asked of the gate while nobody is kept waiting; at the end it is
kept only if the figures it was made from still stand. It is held against every release that a tie
connects with it, and against the drafts of earlier dates as if they were published: approved in the
order of their dates, none has to be made twice.

What a quarter's draft rests on is recorded with it, and what came of a try as well. What does not
match is due; nothing else is.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common.basis import digest
from assets.publication import lifecycle, told
from assets.publication.changes import what_changed
from assets.publication.disclosure.rules import CONFIDENTIAL
from assets.publication.disclosure.verdict import Prepared, Verdict
from assets.publication.files import damage, put_in_place, release_files
from assets.publication.lifecycle import (
    CLOSED,
    COLLECTING,
    CORRECTION,
    DRAFT,
    PUBLISHED,
    Life,
    has_own_returns,
)
from assets.publication.official import figures_alone, official_figures
from assets.publication.programme import PUBLISHED_TABLES, ties
from assets.publication.release import (
    DRAFTS,
    cells_of,
    content_of,
    described,
    earlier_releases,
    lacks_crossings,
    latest_release,
    manifest_of,
    prepare_against,
    reached,
    read_release,
    true_counts_of,
    write_basis,
)
from assets.publication.standing import (
    Basis,
    Columns,
    basis_of,
    has_more,
    known_then,
    official_changed,
    only,
    read_basis,
    says_the_same,
    stands,
)
from assets.publication.status import FINAL, becomes_final, status_of
from assets.publication.tables import (
    SETTINGS,
    TrueTable,
    members_of_region,
    release_tables,
    true_tables,
)
from assets.warehouse.building import rests_on
from resources.errors import ObservatoryError
from resources.warehouse import Asked, Snapshot, Warehouse, copy_frame
from schemas.regions import Region, today

if TYPE_CHECKING:  # what it needs takes a second to import
    from assets.publication.disclosure.knowledge import Published
    from assets.publication.disclosure.verdict import Offer

MADE, STANDS, SAME, NOTHING, REFUSED = (
    "made",
    "stands",
    "says the same",
    "nothing to say",
    "refused",
)
"""What comes of a try: a draft was made; it stood already; it would say what is published; nothing
counts; the gate refused it.
"""

FINAL_PROPOSED = "final release proposed"
"""The step by which a provisional release is to become final; the state is as of a correction."""

_ON_REQUEST = "added_on_request"
"""In the manifest of a draft that has what a newer version gives besides, because somebody asked."""

_TRIES = 3
"""Times that a draft is begun anew because the figures were rewritten while it was made."""


@dataclass(frozen=True)
class Draft:
    """What came of a try at a draft. `number` is the release it would be; where the gate refused
    it, `said` has a line for each finding.

    `verdict` is there where the gate was asked now, else what is said is what was recorded then.
    `accepted` says which offer of a refusal it follows, and `status` whether it is provisional,
    final or revised. Where not `ranked`, members are told no ranks with it: these would give a
    small count away.
    """

    census_date: dt.date
    outcome: str
    number: int = 0
    cells: int = 0
    hidden: int = 0
    repaired: int = 0
    changes: str = ""
    mark: str = ""
    said: tuple[str, ...] = ()
    verdict: Verdict | None = None
    accepted: str = ""
    status: str = ""
    ranked: bool = True

    @property
    def refused(self) -> bool:
        """Whether the gate refused it."""
        return self.outcome == REFUSED

    def in_short(self, most: int = 20) -> list[str]:
        """What the gate found, a line a cell, without what gives it away."""
        more = [f"and {len(self.said) - most} cells more"] if len(self.said) > most else []
        return [line.partition(" Given away by")[0] for line in self.said[:most]] + more

    def what_to_do(self) -> str:
        """What a person may do about a refusal."""
        date = self.census_date
        offered = [
            do
            for do, says in (("hide", "Hide"), ("carry-over", "Publish with"))
            if any(line.startswith(f"It would pass: {says}") for line in self.said)
        ]
        return (
            "Nothing was published, and collecting goes on. What gives the cells away: observatory"
            f" release --census-date {date} --dry-run. Either wait: returns that are still out"
            f" (observatory status --census-date {date} --missing) may part what is too near now,"
            " and the next run tries again when something has come in. Or hide more: a larger"
            " smallest_count_shown or round_to in [disclosure] of the region's file may take these"
            " cells out."
            + (
                f" What would pass is taken with: observatory draft {date} --accept"
                f" {', or --accept '.join(offered)}."
                if offered
                else ""
            )
        )


@dataclass(frozen=True)
class _Read:
    """What a draft is made from, as it stood at one moment."""

    life: Life
    rests_on: str
    held_against: list[list[Any]]
    latest: sa.Row | None = None
    behind: Basis | None = None
    """What decides these figures."""
    members: pd.DataFrame = field(default_factory=pd.DataFrame)
    true: dict[str, TrueTable] = field(default_factory=dict)
    official: list[dict[str, Any]] = field(default_factory=list)
    """What stands beside them on the page, as others publish it."""
    status: str = ""
    """Provisional, Final, Revised; blank where the region has no such words."""
    is_as_published: bool = False
    """Whether these figures are those of the latest release, but for what it does not have."""
    with_added: bool = False
    """Whether somebody asked for what a newer version of the program gives besides."""
    is_for_added: bool = False
    """Whether it is asked for now, and nothing else is due."""

    @property
    def becomes_final(self) -> bool:
        """Whether the latest release is provisional and this one is final: it has something to say
        though no figure moved.
        """
        return self.latest is not None and becomes_final(self.latest.status, self.status)

    @property
    def says_more(self) -> bool:
        """Whether it has something to say though no figure moved: it becomes final, or the official
        figures beside the latest release are no longer the newest.
        """
        if self.latest is None:
            return False
        if self.becomes_final or official_changed(
            self.latest.official, self.official, read_basis(self.latest.basis)
        ):
            return True
        return self.with_added and figures_alone(self.latest.official) != figures_alone(
            self.official
        )

    @property
    def columns(self) -> Columns:
        """What the latest release has, by table."""
        tables = self.latest.tables if self.latest else {}
        return {name: told["columns"] for name, told in tables.items()}

    @property
    def basis(self) -> str:
        """What a draft of these figures rests on; where they stand it has no more than they."""
        if self.behind is None:
            return ""
        if not self.is_as_published or self.latest is None:
            return str(self.behind)
        return str(self.behind.of(self.columns, read_basis(self.latest.basis)))

    @property
    def basis_as_it_is(self) -> str:
        """What the latest release rests on, where it says what a draft would say."""
        if self.behind is None or self.latest is None:
            return ""
        known = known_then(self.latest.official, self.official, self.behind)
        return str(self.behind.of(self.columns, read_basis(self.latest.basis), known))

    def as_printed(self, tables: Mapping[str, pd.DataFrame], true: dict[str, TrueTable]) -> _Read:
        """With what is kept of a draft: it rests on no more than it prints."""
        if self.behind is None or self.is_as_published:
            return replace(self, true=true)
        columns = {name: list(frame) for name, frame in tables.items()}
        return replace(self, true=true, behind=self.behind.of(columns, None))

    @property
    def number(self) -> int:
        """The number of the release that it would be."""
        return (self.latest.release_number if self.latest else 0) + 1


# --- what is due
# -------------------------------------------------------------------------------------------

_QUARTERS = """
select q.census_date, q.rests_on, coalesce(p.rests_on, '') as projected, a.rests_on as tried_on, a.held_against as tried_against, a.outcome, a.said,
    d.rests_on as drafted_on, d.held_against, d.manifest ->> 'status' as drafted_as,
    (
        select coalesce(r.manifest ->> 'status', '') from published.release as r
        where q.census_date = r.census_date order by r.release_number desc limit 1
    ) as released_as
from raw.quarter as q
left join raw.projection as p on q.census_date = p.census_date
left join raw.draft_attempt as a on q.census_date = a.census_date
left join raw.draft as d on q.census_date = d.census_date
where q.census_date not in (select c.census_date from access.closed_quarter as c)
order by q.census_date
"""


def due(warehouse: Warehouse, region: Region, day: dt.date) -> dict[dt.date, str]:
    """The census dates at which there is something to do today, by what is recorded of them, and
    what it is.

    To close by the timetable; to draft, because a quarter is closed and has none; to draft anew,
    because a release came between; to see whether a correction is due, because what the figures of
    a published quarter rest on has moved; to propose its final release, because its day has come. What the gate refused is not
    due until something has changed.
    """
    with warehouse.snapshot() as seen:
        known = lifecycle.lives(seen)
        steps = dict.fromkeys(lifecycle.to_close(seen, region, day), "to close")
        for row in seen.rows(_QUARTERS):
            now = known.get(row.census_date, Life(row.census_date))
            if reason := _due(seen, row, now, region, day):
                steps[row.census_date] = reason
    return dict(sorted(steps.items()))


def _due(seen: Snapshot, row: sa.Row, now: Life, region: Region, day: dt.date) -> str:
    if now.is_held or now.state == COLLECTING:
        return ""
    # with the drafts of earlier dates, as a try is held against them
    against = reached(seen, row.census_date)
    tried = row.tried_on == _offered(row.rests_on, row.projected, region)
    if row.outcome == REFUSED and tried and row.tried_against == _mark(against):
        return ""
    if now.state == CLOSED:
        return (
            "to draft"
            if region.timetable.day(row.census_date, "draft") <= day
            and not (tried and row.outcome == NOTHING)
            else ""
        )
    if now.state in (DRAFT, CORRECTION):
        if row.drafted_on is None:
            return "to draft"
        # without them: a draft that is there no more is known to nobody
        if not knew(row.held_against, reached(seen, row.census_date, drafts=False)):
            return "to draft anew: another release was published since"
    return (
        _due_once_published(row, now, region, day, tried=tried)
        if now.state in (PUBLISHED, CORRECTION)
        else ""
    )


def _due_once_published(
    row: sa.Row, now: Life, region: Region, day: dt.date, *, tried: bool
) -> str:
    status = status_of(region.timetable, row.census_date, row.released_as, day)
    if becomes_final(row.released_as, status):
        is_drafted = now.state == CORRECTION and row.drafted_as == FINAL
        is_void = tried and row.outcome == NOTHING
        if not (is_drafted and tried) and not is_void:
            return "to propose the final release"
    return "" if tried else "to see whether a correction is due"


def knew(held_against: list[list[Any]], published: list[list[Any]]) -> bool:
    """Whether a draft was held against all that is published. Whoever knows less than was assumed
    can work out no more.
    """
    return all(release in held_against for release in published)


def _mark(against: list[list[Any]]) -> str:
    return digest(json.dumps(against))


def _offered(figures: str, projected: str, region: Region) -> str:
    """What a draft of these figures would rest on: they, the projections, the programme of
    publication, and whether the groups of sub-regions are among those it is proved against.
    """
    programme = repr(PUBLISHED_TABLES), repr(ties()), repr(region.disclosure)
    groups = [repr(region.groups)] if region.groups else []
    return digest(figures, projected, *programme, *groups)


def refusals(asked: Asked) -> list[Draft]:
    """What the gate has refused and nobody has mended since."""
    return [
        Draft(row.census_date, REFUSED, said=tuple(row.said))
        for row in asked.rows(
            "select census_date, said from raw.draft_attempt where outcome = :o order by 1",
            o=REFUSED,
        )
    ]


def standing(asked: Asked, census_date: dt.date) -> sa.Row | None:
    """The draft that is kept of a census date, without its cells."""
    rows = asked.rows(
        "select d.*, coalesce(q.rests_on, '') as figures, coalesce(p.rests_on, '') as projected"
        " from raw.draft as d left join raw.quarter as q on d.census_date = q.census_date left join"
        " raw.projection as p on d.census_date = p.census_date where d.census_date = :d",
        d=census_date,
    )
    return rows[0] if rows else None


def has_moved_on(draft: sa.Row, region: Region) -> bool:
    """Whether the figures have moved since the draft was made: it stays what it was, and what came
    since waits for the correction.
    """
    return draft.rests_on != _offered(draft.figures, draft.projected, region)


def kept(asked: Asked, census_date: dt.date) -> Draft | None:
    """The draft that is kept of a census date."""
    row = standing(asked, census_date)
    if row is None:
        return None
    cells = asked.scalar(
        "select count(*) from raw.draft_cell where census_date = :d", d=census_date
    )
    mark = mark_of_draft(row)
    status = row.manifest.get("status", "")
    # what was accepted stands in the note of the step alone
    taken = asked.scalar(
        "select why from raw.quarter_step where census_date = :d and why like :w order by number desc limit 1",
        d=census_date, w=f"draft {mark}; accepted: %",
    )  # fmt: skip
    accepted = (taken or "").partition("; accepted: ")[2]
    return Draft(
        census_date,
        STANDS,
        row.release_number,
        cells,
        row.hidden,
        row.repaired,
        row.manifest["changes"],
        mark,
        accepted=accepted,
        status=status,
    )


def mark_of(content: str, official: Sequence[Mapping[str, Any]] = (), status: str = "") -> str:
    """By what a draft's content is known to a person: the first eight characters of its tables'
    hash, or of theirs, the official figures' beside them and its word: whoever approves has seen
    all of them.
    """
    beside = [json.dumps(official, sort_keys=True).encode()] if official else []
    beside += [status.encode()] if status else []
    return (digest(content.encode(), *beside) if beside else content)[:8]


def mark_of_draft(row: sa.Row) -> str:
    """The mark of a draft that is kept, by its row with `content_hash` and `manifest`."""
    return mark_of(
        row.content_hash, row.manifest.get("official", ()), row.manifest.get("status", "")
    )


# --- making one
# --------------------------------------------------------------------------------------------


def make_draft(
    warehouse: Warehouse, census_date: dt.date, region: Region, by: str, key: bytes | None = None, *, dry_run: bool = False, accept: str = "",
    day: dt.date | None = None, added: bool = False,
) -> Draft:  # fmt: skip
    """Make the draft of what counts now: of a quarter that is closed, or the correction of one that
    is published.

    On `day` (today unless given) it is provisional or final, where the region's timetable has a day
    for that. A provisional release whose figures stand is followed by a final one of the same
    figures, which is not asked of the gate again: it tells nothing new.

    In a dry run the quarter may be in any state, and nothing is written. A draft that stands and
    would be the same stays; so does one where the gate refuses what would take its place. `key` is
    the warehouse's, for noise and keyed choices: without one counts of places carry no noise, and
    small ones are hidden. Where the gate refuses, `accept` ("hide" or "carry over") takes what the
    refusal offers.

    A release keeps the tables and measures that it has. What a newer version of the program gives
    besides is no reason for a correction unless it is asked for (`added`); a correction that is
    made for another cause has it too, unless the gate refuses it with that and not without; one
    that repeats figures that stand has not.

    Raises:
        ObservatoryError: the quarter is collecting or held, its figures are not up to date, or they
            are rewritten all the while; or what is to be accepted is not offered.
    """
    for _ in range(_TRIES):
        with warehouse.settled() as seen:
            read = _read(
                seen, census_date, region, key, day or today(), dry_run=dry_run, added=added
            )
            draft = _known_already(seen, census_date, read, accept)
            tables: dict[str, pd.DataFrame] = {}
            manifest: dict[str, Any] = {}
            if draft is None:
                earlier = earlier_releases(seen, census_date)
                before = (
                    read_release(seen, census_date, read.latest.release_number)
                    if read.latest
                    else None
                )
                manifest = manifest_of(seen, census_date, read.number, region)
                manifest |= {"official": read.official} if read.official else {}
                manifest |= {"status": read.status} if read.status else {}
                manifest |= {"groups": region.groups} if region.groups else {}
                manifest |= {_ON_REQUEST: True} if read.with_added else {}
        if draft is None:
            draft, tables, manifest, true = _made(
                census_date, read, region, earlier, before, manifest, key, accept
            )
            read = read.as_printed(tables, true) if draft.outcome == MADE else read
        # where what it was made from stands no more nothing is kept, and it is begun anew
        if dry_run or _keep(warehouse, census_date, region, read, draft, tables, manifest, by):
            return draft
    raise ObservatoryError(
        f"The figures of {census_date} were rewritten {_TRIES} times while its draft was made;"
        " figures that stand for a minute were expected. Nothing was written. Try again when less"
        " comes in."
    )


def _read(
    seen: Snapshot,
    census_date: dt.date,
    region: Region,
    key: bytes | None,
    day: dt.date,
    *,
    dry_run: bool,
    added: bool,
) -> _Read:
    now = lifecycle.life(seen, census_date)
    row = _quarter(seen, census_date)
    if row is None:
        raise ObservatoryError(
            f"Nothing is held for {census_date}; a quarter that has been run was expected. Use"
            f" `observatory run --census-date {census_date}`."
        )
    if not dry_run:
        _refuse(seen, census_date, region, now, row)
    latest = latest_release(seen, census_date)
    # None and blank differ: there is no release, or one that has no such word
    status = status_of(region.timetable, census_date, latest.status if latest else None, day)
    read = _Read(
        now,
        _offered(row.rests_on, row.projected, region),
        reached(seen, census_date),
        latest,
        status=status,
    )
    if not has_own_returns(seen, census_date):
        return read
    members = members_of_region(seen, census_date)
    true = true_tables(seen, census_date, members, key) if len(members) else {}
    if not true:
        return read
    official = official_figures(seen, census_date)
    behind = basis_of(true, members, region.disclosure, region.groups)
    read = replace(read, members=members, true=true, official=official, behind=behind)
    if latest is None:
        return read
    drafted = standing(seen, census_date)
    # a request outlives its draft: when that is made anew, nobody has to ask again
    asked = added or (drafted is not None and bool(drafted.manifest.get(_ON_REQUEST)))
    more = has_more(true, read.columns)
    as_they_were = stands(read_basis(latest.basis), behind) and not _carries_over(
        seen, census_date, latest.release_number
    )
    return replace(
        read,
        is_as_published=as_they_were and not (asked and more),
        with_added=asked,
        is_for_added=as_they_were and added and more,
    )


def refuse_what_cannot_be_drafted(
    warehouse: Warehouse, census_date: dt.date, region: Region
) -> None:
    """Say beforehand what keeps a quarter from its draft.

    Raises:
        ObservatoryError: it is collecting (and its day has not come) or held, or its figures are
            not up to date.
    """
    with warehouse.snapshot() as seen:
        row = _quarter(seen, census_date)
        # one whose day has come is closed on the way to its draft
        if row and census_date not in lifecycle.to_close(seen, region, today()):
            _refuse(seen, census_date, region, lifecycle.life(seen, census_date), row)


def _refuse(seen: Snapshot, census_date: dt.date, region: Region, now: Life, row: sa.Row) -> None:
    lifecycle.refuse_held(now)
    if now.state == COLLECTING:
        raise ObservatoryError(
            f"{census_date} is {now.state}; a quarter that is closed was expected before a draft is"
            f" made. Close it first: observatory close {census_date}."
        )
    # a quarter whose rows about children were removed is not rewritten any more: its figures cannot
    # be brought up to date, and need not be
    gone = seen.scalar(
        "select exists (select from access.closed_quarter where census_date = :d)", d=census_date
    )
    if not gone and row.rests_on != rests_on(seen.connection, census_date, region):
        raise ObservatoryError(
            f"The figures of {census_date} do not rest on what has been received since; figures up"
            f" to date were expected. Run `observatory run --census-date {census_date}`."
        )


def _quarter(seen: Asked, census_date: dt.date) -> sa.Row | None:
    rows = seen.rows(
        "select q.rests_on, coalesce(p.rests_on, '') as projected from raw.quarter as q "
        "left join raw.projection as p on q.census_date = p.census_date where q.census_date = :d",
        d=census_date,
    )
    return rows[0] if rows else None


def _known_already(seen: Snapshot, census_date: dt.date, read: _Read, accept: str) -> Draft | None:
    """What comes of it without asking the gate: nothing to say, nothing new, the draft that stands,
    the refusal that stands.
    """
    if not read.true:
        return Draft(census_date, NOTHING)
    if read.latest and read.is_as_published and not read.says_more:
        return _same(census_date, read)
    drafted = standing(seen, census_date)
    # what an offer would print is kept nowhere: to accept one, the gate is asked again
    if (
        drafted
        and not accept
        and drafted.basis == read.basis
        and drafted.manifest.get("official", []) == read.official
        and drafted.manifest.get("status", "") == read.status
        and drafted.release_number == read.number
        and knew(drafted.held_against, reached(seen, census_date, drafts=False))
        and not lacks_crossings(seen, census_date, drafted.release_number, DRAFTS)
    ):
        return kept(seen, census_date)
    tried = seen.rows(
        "select * from raw.draft_attempt where census_date = :d and outcome = :o",
        d=census_date,
        o=REFUSED,
    )
    if (
        tried
        and not accept
        and (tried[0].rests_on, tried[0].held_against) == (read.rests_on, _mark(read.held_against))
    ):
        return Draft(census_date, REFUSED, read.number, said=tuple(tried[0].said))
    return None


def _carries_over(seen: Snapshot, census_date: dt.date, number: int) -> bool:
    """Whether a release has tables as they were in the one before: it does not say what its figures
    are now.
    """
    query = (
        "select manifest -> 'carried_over' is not null from published.release where census_date ="
        " :d and release_number = :n"
    )
    return bool(seen.scalar(query, d=census_date, n=number))


def _made(
    census_date: dt.date,
    read: _Read,
    region: Region,
    earlier: list[Published],
    before: tuple[dict, dict] | None,
    manifest: dict[str, Any],
    key: bytes | None,
    accept: str,
) -> tuple[Draft, dict[str, pd.DataFrame], dict[str, Any], dict[str, TrueTable]]:
    """Print, repair and ask the gate; no connection is held meanwhile."""

    def asked(true: dict[str, TrueTable]) -> Prepared:
        printed = partial(release_tables, true, read.members, census_date)
        return prepare_against(
            earlier,
            census_date,
            true,
            printed,
            region.disclosure,
            key,
            region.beside,
            region.groups,
        )

    if (
        before and read.is_as_published
    ):  # another edition of figures that are published: they passed the gate as they are
        prepared = Prepared(before[0], 0, Verdict(), only(read.true, before[0]))
    else:
        is_for_more = accept or read.with_added or read.says_more
        # first without what was added: where that says what is published, nothing is due
        as_it_was = None
        if before and not is_for_more and has_more(read.true, read.columns):
            then = read_basis(read.latest.basis) if read.latest else None
            as_it_was = asked(only(read.true, before[0], then))
            if as_it_was.verdict.passed and says_the_same(as_it_was.tables, before[0]):
                return _same(census_date, read), as_it_was.tables, manifest, as_it_was.true
        prepared = asked(read.true)
        if as_it_was and as_it_was.verdict.passed and not prepared.verdict.passed:
            prepared = as_it_was  # a correction does not wait for what was added
    accepted = ""
    if accept and not prepared.verdict.passed:
        offer = _offer(prepared.verdict, accept)
        prepared, accepted = offer.prepared or prepared, offer.says
        if offer.tables:  # a reader is told which figures are older; what is hidden besides looks like all that is hidden
            manifest = manifest | {"carried_over": list(offer.tables)}
    # by the figures, not the settings: without a key none of them carries any
    method = manifest["method"] | {
        "noise": any(SETTINGS in table.values for table in read.true.values())
    }
    manifest = manifest | {"method": method, "tables": described(prepared.tables)}
    changes = what_changed(census_date, read.number, prepared.tables, manifest, before)
    measures = {t.name: [m.name for m in t.indicators] for t in PUBLISHED_TABLES}
    shown = pd.concat(
        [
            frame[[m for m in measures[n] if m in frame]].stack()
            for n, frame in prepared.tables.items()
        ]
    )
    content, hidden = content_of(prepared.tables), int((shown == CONFIDENTIAL).sum())
    # and no more: how many were attacked would help to tell them apart
    manifest |= {"changes": changes, "gate": "passed"}
    if not prepared.verdict.passed:
        outcome, reasons = REFUSED, (*prepared.verdict.lines(), *prepared.verdict.offered())
    else:
        is_published = read.latest is not None and read.latest.content_hash == content
        outcome, reasons = SAME if is_published and not read.says_more else MADE, ()
    if accepted and outcome == SAME:
        raise ObservatoryError(
            f"To {accept} would publish again what is published; a draft that says more was"
            " expected. Nothing was written."
        )
    number = read.number - 1 if outcome == SAME else read.number
    draft = Draft(
        census_date,
        outcome,
        number,
        len(shown),
        hidden,
        prepared.repaired,
        changes,
        mark_of(content, read.official, read.status),
        reasons,
        # the gate was not asked: a blank verdict would look like one that it gave
        None if read.is_as_published else prepared.verdict,
        accepted,
        read.status,
        prepared.ranked,
    )
    return draft, prepared.tables, manifest, prepared.true


def _same(census_date: dt.date, read: _Read) -> Draft:
    """What comes of it where it would say what is published."""
    return Draft(census_date, SAME, read.number - 1)


def _offer(refused: Verdict, accept: str) -> Offer:
    """What a refusal offers, as it was tried.

    Raises:
        ObservatoryError: it is not offered.
    """
    for offer in refused.offers:
        if offer.do == accept and offer.prepared is not None:
            return offer
    offered = " or ".join(f"to {offer.do}" for offer in refused.offers) or "nothing"
    raise ObservatoryError(
        f"To {accept} is not offered; the gate offers {offered}. Nothing was written."
    )


def _keep(
    warehouse: Warehouse, census_date: dt.date, region: Region, read: _Read, draft: Draft,
    tables: dict[str, pd.DataFrame], manifest: dict[str, Any], by: str,
) -> bool:  # fmt: skip
    """Write down what came of it, in one transaction. Gives False, and writes nothing, where what
    it was made from stands no more.
    """
    with warehouse.writing() as connection:
        seen = Snapshot(connection)
        row = _quarter(seen, census_date)
        if (
            row is None
            or _offered(row.rests_on, row.projected, region) != read.rests_on
            or reached(seen, census_date) != read.held_against
        ):
            return False
        now = lifecycle.life(seen, census_date)
        # somebody held it, closed it or took it up while the gate was asked
        if (now.state, now.is_held) != (read.life.state, read.life.is_held):
            return False
        if draft.outcome == MADE:
            _replace(connection, read, draft, tables, manifest)
            correction = read.latest is not None
            lifecycle.move(
                connection, census_date, CORRECTION if correction else DRAFT, by, _why(draft), release=draft.number,
                step=FINAL_PROPOSED if read.becomes_final else "",
            )  # fmt: skip
        elif draft.outcome in (SAME, NOTHING) and now.state == CORRECTION:
            lifecycle.drop_draft(connection, census_date)
            lifecycle.move(
                connection,
                census_date,
                PUBLISHED,
                by,
                "the figures are what is published again",
                step="correction dropped",
                release=read.latest.release_number if read.latest else None,
            )
        if draft.outcome == SAME:  # the figures behind it moved, and what is printed did not
            write_basis(connection, census_date, draft.number, read.basis_as_it_is)
        # last: whoever drops a draft drops the note of its try as well
        _note(connection, census_date, read, draft)
    return True


def _why(draft: Draft) -> str:
    why = f"draft {draft.mark}" + (f"; accepted: {draft.accepted}" if draft.accepted else "")
    return why + ("" if draft.ranked else "; without ranks, which would tell a small count")


def _replace(
    connection: Connection,
    read: _Read,
    draft: Draft,
    tables: dict[str, pd.DataFrame],
    manifest: dict[str, Any],
) -> None:
    date = draft.census_date
    lifecycle.drop_draft(connection, date)
    connection.execute(
        sa.text(
            "insert into raw.draft (census_date, release_number, content_hash, manifest, basis, rests_on, held_against, hidden, repaired) "
            "values (:d, :n, :c, cast(:m as jsonb), :b, :r, cast(:a as jsonb), :h, :p)"
        ),
        {
            "d": date, "n": draft.number, "c": content_of(tables), "m": json.dumps(manifest), "b": read.basis, "r": read.rests_on,
            "a": json.dumps(read.held_against), "h": draft.hidden, "p": draft.repaired,
        },
    )  # fmt: skip
    for name, frame in tables.items():
        copy_frame(connection, DRAFTS.cells, cells_of(date, draft.number, name, frame))
    copy_frame(connection, DRAFTS.counts, true_counts_of(date, draft.number, read.true))
    # the gate was not asked of what is published as it is, nor of today's figures where older ones
    # are carried over: members may be told no more by it
    if draft.verdict is None or "carried_over" in manifest:
        told.keep_as_released(connection, date)
    else:
        told.keep_with_draft(connection, date, ranked=draft.ranked)


def _note(connection: Connection, census_date: dt.date, read: _Read, draft: Draft) -> None:
    """Remember what came of the try. That the gate refused what was asked for besides is no answer
    for the figures that stand: the next run asks for theirs.
    """
    connection.execute(
        sa.text("delete from raw.draft_attempt where census_date = :d"), {"d": census_date}
    )
    connection.execute(
        sa.text(
            "insert into raw.draft_attempt (census_date, rests_on, held_against, outcome, said) values (:d, :r, :a, :o, cast(:s as jsonb))"
        ),
        {
            "d": census_date, "r": "" if draft.refused and read.is_for_added else read.rests_on, "a": _mark(read.held_against),
            "o": MADE if draft.outcome == STANDS else draft.outcome, "s": json.dumps(draft.said),
        },
    )  # fmt: skip


# --- its files
# ---------------------------------------------------------------------------------------------


def folder_of_draft(drafts: Path, row: sa.Row) -> Path:
    """The folder of a draft: by its content, so that one that was made anew has another."""
    return drafts / row.census_date.isoformat() / mark_of_draft(row)


def write_draft_files(warehouse: Warehouse, drafts: Path) -> dict[dt.date, Path]:
    """Write the files of the drafts that have none, and remove those of drafts that are gone. Gives
    the folder of each draft.

    A folder that is not what the warehouse holds is made anew: nobody approves what they did not
    see.
    """
    folders = {}
    for row in warehouse.rows(
        "select census_date, release_number, content_hash, manifest from raw.draft order by 1"
    ):
        folder = folders[row.census_date] = folder_of_draft(drafts, row)
        if folder.exists() and damage(folder, row.manifest):
            shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            tables, manifest = read_release(
                warehouse, row.census_date, row.release_number, ledger=DRAFTS
            )
            put_in_place(folder, release_files(tables, manifest), warehouse.writing)
    for folder in drafts.glob("????-??-??/*") if drafts.is_dir() else []:
        # a name with a dot is a folder that another run is writing now
        if folder not in folders.values() and not folder.name.startswith("."):
            shutil.rmtree(folder, ignore_errors=True)
    for parent in drafts.glob("????-??-??"):
        with contextlib.suppress(OSError):
            # only an empty one goes: `rmdir` refuses others
            parent.rmdir()
    return folders
