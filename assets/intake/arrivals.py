"""Arrivals: when each file was first seen, and which files in the landing place are still to be
taken in.

Belongs here: the register of arrivals, and the difference between a return that was sent again and
a file that is merely still there. Does not belong here: opening files (`resources/landing`),
judging rows (`door`), which version counts (`loading`).

A file's own time can be set by its sender, so it is never taken for the time of arrival. That is
the moment when the bytes were first seen. It is kept in `raw.arrival` and never altered: the same
landing place and register give the same warehouse, however often it is run. Files that are first
seen in one pass arrive one after the other, by their own times (none later than now), then by
sender and name.

Bytes that are in force change nothing when they come again. Bytes that have been superseded, and
are put there again, are a new arrival and count: under another name; or under their own, after
another file had taken it or (with a new time) after they were gone. A file that was only renamed,
touched or sealed is not sent again. So `raw.landed` keeps what was in each place at the last pass,
by a keyed fingerprint (not by name: the names of files may name children).

For a made-up landing place the times of arrival are in its truth. Otherwise all returns would
arrive today, and be late for their quarters.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.intake.door import Sender, Submission, open_submission, sender_of
from assets.intake.opening import OpenedFile
from assets.intake.turns import moment
from assets.warehouse.numbering import content_mark, submission_id
from resources.landing import LandedFile, LandingPlace, NotNow
from resources.pseudonym import fingerprint
from resources.warehouse import physical

COUNTS = ("in force", "superseded")
"""What an accepted version of a table is, unless it was withdrawn."""

_ONE_AFTER_THE_OTHER = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Arrival:
    """One arrival: its submission's number, the mark of its bytes, their how-many-eth arrival it
    is, in what place, and when.
    """

    number: str
    mark: str
    repeat: int
    place: str
    seen_at: dt.datetime


@dataclass(frozen=True)
class Due:
    """A file that is to be read for an arrival: a new one, or one that was read under other
    contracts.

    `began` is the moment when its first byte was asked for.
    """

    arrival: Arrival
    file: LandedFile
    opened: OpenedFile
    is_new: bool
    began: float

    @property
    def sender(self) -> Sender:
        """Who sent it."""
        return sender_of(self.file.folder, self.file.census_date)

    def open(self) -> Submission:
        """The submission, of the very bytes that were hashed, received when they were first seen."""
        file = dataclasses.replace(self.file, received_at=self.arrival.seen_at)
        return open_submission(self.arrival.number, file, self.arrival.mark, self.opened)


class Register:
    """The register of arrivals of a census date, as it stands in a transaction, and what a pass
    over the landing place adds to it.

    Files are opened outside that transaction; the one that writes asks whether it `stands`.
    """

    def __init__(
        self,
        connection: Connection,
        census_date: dt.date,
        key: bytes,
        landing: LandingPlace,
        now: dt.datetime | None = None,
    ) -> None:
        self._date, self._key = census_date, key
        # one moment for the whole pass, so that its files arrive in an order, and none later than
        # now
        self._now = now or dt.datetime.now(tz=dt.UTC)
        self._made_up = landing.made_up_arrivals()
        self._rests_on = _entries(connection, census_date)
        self._read(*self._rests_on)

    def stands(self, connection: Connection) -> bool:
        """Whether nobody has entered anything since it was read."""
        return self._rests_on == _entries(connection, self._date)

    def _read(
        self, arrivals: list[sa.Row], landed: list[sa.Row], submissions: list[sa.Row]
    ) -> None:
        self._arrivals: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
        for row in arrivals:
            arrival = Arrival(
                row.submission_id,
                row.content_mark,
                row.repeat_number,
                row.place_mark,
                row.first_seen_at,
            )
            self._arrivals[row.sender, row.content_mark].append(arrival)
        self._last = max(
            (a[-1].seen_at for a in self._arrivals.values()),
            default=dt.datetime.min.replace(tzinfo=dt.UTC),
        )
        self._places = {row.place_mark: row for row in landed}
        # a home from before places were kept: what lies there now may have lain there long
        self._is_baseline = not self._places and bool(self._arrivals)
        self._in_force: dict[tuple[str, str], str] = {}
        self._tables: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._read_under: dict[str, str] = {}
        for row in submissions:
            self._read_under[row.submission_id] = row.contract_version
            if row.status in COUNTS:
                self._tables[row.sender, row.content_hash].add(row.table_name)
            if row.status == "in force":
                self._in_force[row.sender, row.table_name] = row.content_hash

    def _place(self, file: LandedFile) -> str:
        return fingerprint(self._key, "place", file.folder, file.name)

    def due(self, files: list[LandedFile], contracts: str) -> Iterator[Due]:
        """What is to be read, each file opened once, in the order of arrival.

        Call `read` with the submission, or `put_off`, before going on: what comes after may rest on
        it.
        """
        self._seen: dict[str, tuple[str, float]] = {}
        self._waiting: set[str] = set()
        here = {self._place(file) for file in files}
        gone = {
            (row.content_mark, row.file_time)
            for place, row in self._places.items()
            if place not in here
        }
        opened: set[str] = set()
        lying: dict[tuple[str, str], LandedFile] = {}
        self._first: dict[tuple[str, str], LandedFile] = {}
        # oldest arrivals first: whether a file supersedes rests on those before it
        for file in sorted(
            files, key=lambda file: (self._came(file), self._when(file), file.folder, file.name)
        ):
            when, began, opened_file = self._when(file), moment(), OpenedFile(file)
            try:
                digest = opened_file.content.digest
            except NotNow:
                # a file that goes, or grows, while it is read is left to the next pass
                continue
            place, mark = self._place(file), content_mark(self._key, digest)
            sender = sender_of(file.folder, self._date).key
            self._seen[place] = (mark, file.changed_at)
            lying[sender, mark] = file
            self._first.setdefault((sender, mark), file)
            known = self._arrivals[sender, mark]
            for arrival in known:
                # the same bytes may lie in several places: an arrival is read from its own, and from
                # another only where nothing lies there any more
                its_own_place = arrival.place == place or arrival.place not in here
                if (
                    its_own_place
                    and self._read_under.get(arrival.number) != contracts
                    and arrival.number not in opened
                ):
                    opened.add(arrival.number)
                    yield Due(arrival, file, opened_file, is_new=False, began=began)
            # the bytes and the time of a file that is gone: it was moved, and nothing was sent
            is_renamed = place not in self._places and (mark, file.changed_at) in gone
            if not known or (
                not is_renamed
                and self._was_put(place, mark, file)
                and self._is_superseded(sender, mark)
            ):
                # of a made-up file that is still the one that was made
                listed = self._listed(file)
                is_made_up = listed is not None and listed[0] == digest
                arrival = self._arrive(
                    sender, place, mark, digest, len(known) + 1, when if is_made_up else None
                )
                known.append(arrival)
                opened.add(arrival.number)
                yield Due(arrival, file, opened_file, is_new=True, began=began)

        for (
            (sender, mark),
            file,
        ) in lying.items():  # read under other contracts, and another file lies in their place now
            for arrival in self._arrivals[sender, mark]:
                if (
                    self._read_under.get(arrival.number) != contracts
                    and arrival.number not in opened
                ):
                    began = moment()
                    opened_file = OpenedFile(file)
                    with contextlib.suppress(NotNow):
                        if content_mark(self._key, opened_file.content.digest) == mark:
                            yield Due(arrival, file, opened_file, is_new=False, began=began)

    def _came(self, file: LandedFile) -> dt.datetime:
        """When the file arrived, where it lies as it did: what is new comes after what is not, also
        where not all is read at once.
        """
        row = self._places.get(self._place(file))
        if row is not None and row.file_time == file.changed_at:
            known = self._arrivals.get((sender_of(file.folder, self._date).key, row.content_mark))
            if known:
                return known[-1].seen_at
        return dt.datetime.max.replace(tzinfo=dt.UTC)

    def _when(self, file: LandedFile) -> dt.datetime:
        """By what the files of a pass are ordered: their own times, of made-up ones those that are
        made up.
        """
        listed = self._listed(file)
        return listed[1] if listed else file.received_at

    def _listed(self, file: LandedFile) -> tuple[str, dt.datetime] | None:
        listed = self._made_up.get(f"{file.census_date.isoformat()}/{file.folder}/{file.name}")
        return (listed[0], min(listed[1], self._now)) if listed else None

    def _was_put(self, place: str, mark: str, file: LandedFile) -> bool:
        """Whether the file was put where it lies since the last pass."""
        row = self._places.get(place)
        if row is None:
            return not self._is_baseline
        return row.content_mark != mark or (not row.is_there and row.file_time != file.changed_at)

    def _is_superseded(self, sender: str, mark: str) -> bool:
        """Whether a table of these bytes counts no more because another took its place (not: was
        withdrawn, or rejected).
        """
        return any(
            self._in_force.get((sender, table)) != mark for table in self._tables[sender, mark]
        )

    def _arrive(
        self, sender: str, place: str, mark: str, digest: str, repeat: int, when: dt.datetime | None
    ) -> Arrival:
        if when is None:
            # two arrivals never have one moment: the later is the newer version
            self._last = max(self._now, self._last + _ONE_AFTER_THE_OTHER)
            when = self._last
        # the same bytes sent again are another submission, with a number of its own
        content = digest if repeat == 1 else f"{digest}/{repeat}"
        return Arrival(
            submission_id(self._key, self._date, sender, content), mark, repeat, place, when
        )

    def read(self, submission: Submission, mark: str) -> None:
        """Say what was found in a file that was due, as far as opening it tells."""
        if submission.is_rejected:
            return
        for name in {
            recognised.table.name
            for _, recognised in submission.tables
            if not recognised.table.leave_alone
        }:
            self._tables[submission.sender.key, mark].add(name)
            self._in_force[submission.sender.key, name] = mark

    def file_with(self, sender: str, mark: str) -> LandedFile | None:
        """The sender's file that has these bytes, of those that `due` has opened."""
        return self._first.get((sender, mark))

    def put_off(self, due: Due) -> None:
        """Leave a file that was due to the next pass, which finds it due again: what was known of
        its place and bytes stays.
        """
        if due.is_new:
            # an arrival that was read before is known still: only a new one is taken back
            arrival = due.arrival
            self._waiting.add(arrival.place)
            self._seen.pop(arrival.place, None)
            self._arrivals[due.sender.key, arrival.mark].remove(arrival)

    def keep(self, connection: Connection, new: list[tuple[Arrival, str]]) -> None:
        """Write the arrivals (each with its sender) and what lies where into the warehouse, in the
        writer's transaction.
        """
        if new:
            connection.execute(
                sa.text(
                    "insert into raw.arrival values (:number, :d, :sender, :mark, :repeat, :place,"
                    " :seen_at)"
                ),
                [
                    {**dataclasses.asdict(arrival), "d": self._date, "sender": sender}
                    for arrival, sender in new
                ],
            )
        changed = {
            place: (mark, time, True)
            for place, (mark, time) in self._seen.items()
            if place not in self._places or tuple(self._places[place])[2:] != (mark, time, True)
        }
        changed |= {
            place: (row.content_mark, row.file_time, False)
            for place, row in self._places.items()
            if place not in self._seen and place not in self._waiting and row.is_there
        }
        if changed:
            connection.execute(
                sa.text(
                    "insert into raw.landed values (:d, :place, :mark, :time, :is_there) on"
                    " conflict (census_date, place_mark) do update set content_mark ="
                    " excluded.content_mark, file_time = excluded.file_time, is_there ="
                    " excluded.is_there"
                ),
                [
                    {"d": self._date, "place": place, "mark": mark, "time": time, "is_there": there}
                    for place, (mark, time, there) in changed.items()
                ],
            )


def _entries(
    connection: Connection, census_date: dt.date
) -> tuple[list[sa.Row], list[sa.Row], list[sa.Row]]:
    """The arrivals of a census date, what lay where at the last pass, and the tables that were
    found, each in a fixed order.
    """
    return tuple(  # type: ignore[return-value]
        list(connection.execute(sa.text(query), {"d": census_date}))
        for query in (
            "select * from raw.arrival where census_date = :d order by first_seen_at,"
            " submission_id",
            "select * from raw.landed where census_date = :d order by place_mark",
            "select s.submission_id, s.sender, s.content_hash, s.contract_version,"
            " t.table_name, t.status from raw.submission as s left join raw.submission_table as"
            " t on s.submission_id = t.submission_id where s.census_date = :d"
            " order by s.submission_id, t.table_name",
        )
    )


def adopt(connection: Connection, census_date: dt.date) -> None:
    """Enter the submissions of a warehouse from before there was a register: they arrived when they
    were said to be received.

    Settings that more than one sender had returned stay with the one that counted, until the region
    decides otherwise.
    """
    adopted = connection.execute(
        sa.text(
            "insert into raw.arrival select s.submission_id, s.census_date, s.sender,"
            " s.content_hash, 1, '', least(s.received_at, now()) from raw.submission as s where"
            " s.census_date = :d and not exists (select from raw.arrival as a where a.submission_id"
            " = s.submission_id)"
        ),
        {"d": census_date},
    ).rowcount
    if adopted:
        connection.execute(
            sa.text(
                physical(
                    "insert into raw.setting_decision select r.urn, r.host_authority_code,"
                    " r.census_date, r.sender, 'as it counted before', now() from"
                    " core.setting_return as r where r.census_date = :d and exists (select from"
                    " staging.setting_claim as c where c.census_date = r.census_date and c.urn ="
                    " r.urn and c.host_authority_code = r.host_authority_code and c.sender <>"
                    " r.sender and c.is_in_force) on conflict do nothing"
                )
            ),
            {"d": census_date},
        )
