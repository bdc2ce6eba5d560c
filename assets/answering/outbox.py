"""The outbox: each return's answer as files, `outbox/<census date>/<sender>/`, brought up to date
with what the warehouse knows of the return.

Belongs here: which answers are due, building an answer from the warehouse and the landing place,
writing its files. Does not belong here: what an answer says (`answer`) and how it looks (`page`,
`workbook`).

An answer rests on the return's books, findings and cross-checks. It is written again when these
change (the other side's return came in), and after a run that was killed before it was written. The
copy of the sender's own data is made of the sheets that loading has just read, or else of the file
in the landing place: it is kept nowhere but in the workbook, and there only the sheets in which
something is marked.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import io
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from assets.answering.answer import (
    ACCEPTED,
    RECORDED,
    REJECTED,
    WHO_TO_ASK,
    WITHDRAWN,
    Answer,
    TableAnswer,
    day,
    moment,
)
from assets.answering.official import NONE, RESTS_ON, official_of
from assets.common import audit
from assets.intake.door import ERASED, NOT_RECOGNISED, sender_of
from assets.intake.held import HELD, Files, which
from assets.intake.opening import OpenedFile
from assets.intake.provenance import banner
from assets.intake.reading import Sheet
from assets.intake.recognising import Recognised
from assets.intake.telling import folder_words
from assets.warehouse.numbering import content_mark
from resources import mishaps
from resources.errors import ObservatoryError
from resources.landing import LandedFile, LandingPlace, NotNow, census_date_of
from resources.private import clear_unfinished, write_anew
from resources.pseudonym import fingerprint
from resources.showing import file_name
from resources.side_by_side import side_by_side
from resources.warehouse import Warehouse
from schemas.program import hash_of
from schemas.returns import return_tables
from schemas.rules import rule


def answer_quarter(
    warehouse: Warehouse, landing: LandingPlace, outbox: str, census_date: dt.date, key: bytes, progress: Callable[[str], None] | None = None,
    contact: str = "",
) -> int:  # fmt: skip
    """Write the answers of a census date that are missing or out of date. Gives their number.
    `contact` is whom their senders may ask.

    Raises:
        ObservatoryError: some could not be written; the others were.
    """
    # taken out first: whatever becomes of the answers, their memory is let go
    held = HELD.take(census_date)
    # answers that were removed for good are not written again
    if warehouse.scalar(
        "select exists (select from access.answers_removed where census_date = :d)", d=census_date
    ):
        return 0
    figures = (
        warehouse.scalar("select rests_on from raw.quarter where census_date = :d", d=census_date)
        or ""
    )
    returns = _told(warehouse, census_date, key)
    folder, made_up = _folder(outbox, census_date), banner(warehouse)
    _clear_unfinished(folder)
    written = {
        r.submission_id: r.rests_on
        for r in warehouse.rows("select submission_id, rests_on from raw.answer")
    }
    due = [
        s
        for s in returns
        if written.get(s.number) != s.rests_on or not _page_path(folder, s).exists()
    ]
    if not due:
        _note_answered(warehouse, census_date, figures)
        return 0
    if progress:
        progress(f"{census_date}: answering {len(due)} of {len(returns)} returns")
    # what loading has read comes first: mostly there is nothing else to open
    files = sorted(landing.files(census_date), key=lambda file: which(file) not in held)
    for name in {
        file.folder[:100]
        for file in files
        if sender_of(file.folder, census_date).key == folder_words(file.folder) != file.folder
    }:
        _remove(
            folder / file_name(name)
        )  # an earlier version called it by a name that is not to be told
    # folders are made here, once each, and not by several processes at a time
    failed: dict[str, str] = {}
    for place, number in {_page_path(folder, s).parent: s.number for s in due}.items():
        with _failing(failed, number):
            _make_folder(place)
    failed.clear()  # it is told once, of each answer
    # asked before processes are forked: a connection is of one process
    erased = {one.number: rows for one in due if (rows := _erased_rows(warehouse, one))}

    def write(writing: _Writing) -> str:
        """Write an answer; gives what kept it from being written, else a blank."""
        one, name, opened = writing
        sheets = (
            _without_the_erased(erased.get(one.number, {}), opened.sheets_by_table)
            if opened
            else None
        )
        failed: dict[str, str] = {}
        with _failing(failed, one.number):
            _write(folder, one, _answer(one, census_date, sheets, name, made_up, contact))
        return failed.get(one.number, "")

    in_memory: list[_Writing] = []
    gc.freeze()  # a workbook is many small objects: without this, what is in memory already would be looked through again and again for their sake
    try:
        for writing, is_held in _writings(files, held, due, key, census_date):
            if is_held:
                in_memory.append(writing)
            elif why := write(writing):
                failed[writing[0].number] = why
        if in_memory:  # a forked process would import them each for itself, and under others' locks
            from assets.answering import page, workbook  # noqa: F401
        # a place elsewhere is spoken to by threads, which a forked process does not have
        sentences = side_by_side(write, in_memory, None if isinstance(folder, Path) else 1)
    finally:
        gc.unfreeze()
    failed |= {
        # in the order of `in_memory`, so each sentence belongs to its answer
        writing[0].number: why
        for writing, why in zip(in_memory, sentences, strict=True)
        if why
    }
    _note_written(warehouse, due, failed)
    if failed:
        raise ObservatoryError(_could_not_be_written(census_date, failed, due, outbox))
    _note_answered(warehouse, census_date, figures)
    return len(due)


def _note_written(warehouse: Warehouse, due: list[_Told], failed: Mapping[str, str]) -> None:
    """Note what each answer rests on; of one that could not be written, nothing."""
    with warehouse.writing() as connection:
        # the old note goes first: what could not be written is due again
        connection.execute(
            sa.text("delete from raw.answer where submission_id = any(:ids)"),
            {"ids": [s.number for s in due]},
        )
        if written := [
            {"submission_id": s.number, "rests_on": s.rests_on}
            for s in due
            if s.number not in failed
        ]:
            connection.execute(
                sa.text(
                    "insert into raw.answer (submission_id, rests_on) values (:submission_id,"
                    " :rests_on)"
                ),
                written,
            )


@contextlib.contextmanager
def _failing(failed: dict[str, str], number: str) -> Iterator[None]:
    """Note a disk's error of one answer, and go on with the others."""
    try:
        yield
    except OSError as error:
        # what stands in the error is a path of ours, and the name of a file in it may be its
        # sender's
        failed[number] = (
            mishaps.told(OSError(error.errno, error.strerror)) or f"{type(error).__name__}."
        )


def _could_not_be_written(
    census_date: dt.date, failed: dict[str, str], due: list[_Told], outbox: str
) -> str:
    senders = sorted({s.submission.sender for s in due if s.number in failed})
    more = f" and {len(senders) - 10} more" if len(senders) > 10 else ""
    answers = f"{len(failed)} answer{'' if len(failed) == 1 else 's'}"
    return (
        f"{answers} of {census_date} could not be written to {outbox}, for"
        f" {', '.join(senders[:10])}{more}; the others were. {next(iter(failed.values()))}"
    )


def _note_answered(warehouse: Warehouse, census_date: dt.date, figures: str) -> None:
    """Write down of which figures all returns of the quarter have been answered."""
    with warehouse.writing() as connection:
        connection.execute(
            # the code is part of it: when answers are made otherwise, all are due again
            sa.text(
                "insert into raw.answered (census_date, rests_on) values (:d, :r) "
                "on conflict (census_date) do update set rests_on = excluded.rests_on"
            ),
            {"d": census_date, "r": f"{figures} {_code()}"},
        )


def unanswered(warehouse: Warehouse) -> list[dt.date]:
    """The quarters whose returns have not all been answered of the figures that stand now: whatever
    died before, they are due.
    """
    rows = warehouse.rows(
        # `is distinct from`: where nothing is noted `<>` would be neither true nor false
        "select q.census_date from raw.quarter as q left join raw.answered as a on q.census_date ="
        " a.census_date where a.rests_on is distinct from q.rests_on || ' ' || :code and"
        " q.census_date not in (select r.census_date from access.answers_removed as r) and"
        " q.census_date not in (select c.census_date from access.closed_quarter as c) order by 1",
        code=_code(),
    )
    return [row.census_date for row in rows]


_Writing = tuple["_Told", str, OpenedFile | None]
"""An answer to write, the sender's own name of the file, and the file; None where it is gone."""


def _writings(
    files: list[LandedFile], held: Files, due: list[_Told], key: bytes, census_date: dt.date
) -> Iterator[tuple[_Writing, bool]]:
    """The answers to write, each with the file of the very bytes that its mark is of, and whether
    nothing is to be read for it any more.

    What is held comes first; what is not is opened when its turn comes, and need not be kept.
    """
    waiting = defaultdict(list)  # what was sent twice is answered twice
    for one in due:
        waiting[one.submission.sender, one.submission.content_hash].append(one)
    for file in files:
        # all are served: no other file is opened
        if not waiting:
            return
        opened = held.get(which(file)) or OpenedFile(file)
        try:
            mark = content_mark(key, opened.content.digest)
        except NotNow:
            continue
        sender = sender_of(file.folder, census_date).key
        # taken out: a second file of the same bytes has nothing left to answer
        for one in waiting.pop((sender, mark), ()):
            yield (one, file.name, opened), which(file) in held
    for one in (one for several in waiting.values() for one in several):
        yield (one, "", None), True


Erased = Mapping[str, Mapping[str, set[int]]]
"""By table and sheet, the numbers of the rows of children who were erased."""


def _erased_rows(warehouse: Warehouse, told: _Told) -> Erased:
    """Where a return has a child who was erased since: none in nearly all."""
    is_erased = told.findings["hint"] == ERASED
    if not is_erased.any():
        return {}
    erased: dict[str, dict[str, set[int]]] = {}
    for name in told.findings.loc[is_erased, "table_name"].unique():
        rows = warehouse.rows(
            # what was set aside for another cause keeps what was received
            f"select sheet, row_number from raw.{name} where submission_id = :id and fate = 'set"
            " aside' and as_received is null",
            id=told.number,
        )
        for row in rows:
            erased.setdefault(name, {}).setdefault(row.sheet, set()).add(row.row_number)
    return erased


def _without_the_erased(
    erased: Erased, sheets: list[tuple[Sheet, Recognised | None]]
) -> list[tuple[Sheet, Recognised | None]]:
    """The sheets of a return; the rows of children who were erased are blank: an answer does not
    bring them back.
    """
    if not erased:
        return sheets
    return [
        (
            (
                _blanked(sheet, erased.get(recognised.table.name, {}).get(sheet.label, set()))
                if recognised
                else sheet
            ),
            recognised,
        )
        for sheet, recognised in sheets
    ]


def _blanked(sheet: Sheet, numbers: set[int]) -> Sheet:
    """The sheet with nothing in these rows, which are counted from 1."""
    return (
        replace(
            sheet,
            rows=[
                [None] * len(cells) if n in numbers else cells
                for n, cells in enumerate(sheet.rows, 1)
            ],
        )
        if numbers
        else sheet
    )


def remove_answers(outbox: str, returns: Iterable[tuple[dt.date, str]]) -> None:
    """Remove the answers to these senders' returns of these census dates. They are made anew, from
    what lies in the landing place then.
    """
    for census_date, sender in returns:
        _remove(_folder(outbox, census_date) / file_name(sender))


def remove_answers_before(warehouse: Warehouse, outbox: str, until: dt.date) -> int:
    """Remove the answers to the returns of census dates before `until`, for good. Gives the number
    of quarters that had some.
    """
    root, removed = _folder(outbox, until).parent, 0
    if not root.exists():
        return 0
    # a list, for the folder is emptied meanwhile
    for folder in list(root.iterdir()):
        census_date = census_date_of(folder.name)
        if census_date and census_date < until:
            # noted first: a run that began after the files went would write them again
            with warehouse.writing() as connection:
                connection.execute(
                    sa.text(
                        "insert into access.answers_removed (census_date) values (:d) on conflict"
                        " do nothing"
                    ),
                    {"d": census_date},
                )
                audit.record(connection, audit.REMOVED, "answers", census_date=census_date)
            _remove(folder)
            removed += 1
    return removed


def _make_folder(place: Any) -> None:
    """Make a sender's folder in the outbox. Who may open the outbox may open what is in it. A link
    that stands there leads elsewhere: it goes.
    """
    if not isinstance(place, Path):
        place.mkdir(parents=True, exist_ok=True)
        return
    root = place.parent.parent
    root.mkdir(parents=True, exist_ok=True)
    for folder in (place.parent, place):
        # whoever may write into the outbox could lead an answer elsewhere by it
        if folder.is_symlink():
            folder.unlink()
        if not folder.exists():
            folder.mkdir()
            # the same rights as the outbox: the umask may have taken some away
            folder.chmod(root.stat().st_mode & 0o7777)


def _clear_unfinished(folder: Any) -> None:
    """Take away what a run that was killed was writing."""
    if isinstance(folder, Path) and folder.is_dir():
        for place in folder.iterdir():
            clear_unfinished(place)


def _remove(folder: Any) -> None:
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists():
        folder.fs.rm(folder.path, recursive=True)


_CODE = hash_of(
    path for path in Path(__file__).parent.glob("*.*") if path.suffix in {".py", ".jinja"}
)


def _code() -> str:
    """A hash of how answers are made: when it changes they are made again."""
    return _CODE


@dataclass(frozen=True)
class _Told:
    """What the warehouse knows of a submission: row, books, findings, its sender's cross-checks and
    official figures, and a hash of all.
    """

    submission: sa.Row
    books: list[sa.Row]
    findings: pd.DataFrame
    cross_checks: pd.DataFrame
    official: pd.DataFrame
    rests_on: str

    @property
    def number(self) -> str:
        return str(self.submission.submission_id)


def _told(warehouse: Warehouse, census_date: dt.date, key: bytes) -> list[_Told]:
    """What the warehouse knows of each submission of the date. What an answer rests on is hashed
    with the key: cells of a return are in it.
    """
    # a return came after the close, unless its quarter was opened again since
    submissions = warehouse.rows(
        "select s.submission_id, s.sender, s.file_name, s.content_hash, s.received_at,"
        " w.withdrawn_at, w.reason, exists (select from raw.quarter_step as c where c.census_date ="
        " s.census_date and c.step = 'closed' and c.happened_at < s.received_at and not exists"
        " (select from raw.quarter_step as o where o.census_date = c.census_date and o.step ="
        " 'reopened' and o.number > c.number)) as is_after_the_close from raw.submission as s left"
        " join raw.withdrawal as w on s.submission_id = w.submission_id where s.census_date = :d"
        " order by s.submission_id",
        d=census_date,
    )
    books = defaultdict(list)
    for book in warehouse.rows(
        """
        select t.submission_id, t.table_name, t.version, t.status, t.rows_received, t.rows_loaded, t.rows_rejected, t.rows_set_aside,
            (select max(b.received_at) from raw.submission as b inner join raw.submission_table as u on b.submission_id = u.submission_id
                where b.census_date = s.census_date and b.sender = s.sender and u.table_name = t.table_name and u.version < t.version
                    and u.status in ('superseded', 'in force')) as earlier,
            (select max(b.received_at) from raw.submission as b inner join raw.submission_table as u on b.submission_id = u.submission_id
                where b.census_date = s.census_date and b.sender = s.sender and u.status = 'in force'
                    and (u.table_name = t.table_name or t.table_name = :not_recognised)) as counting
        from raw.submission_table as t inner join raw.submission as s on t.submission_id = s.submission_id
        where s.census_date = :d order by t.submission_id, t.table_name
        """,
        d=census_date,
        not_recognised=NOT_RECOGNISED,
    ):
        books[book.submission_id].append(book)
    findings = warehouse.frame(
        "select f.* from raw.finding as f inner join raw.submission as s on f.submission_id ="
        " s.submission_id where s.census_date = :d order by f.submission_id, f.table_name, f.sheet,"
        " f.row_number, f.column_name, f.rule, f.value, f.severity, f.message",
        d=census_date,
    )
    checks = warehouse.frame(
        "select sender, rule, subject, sent as says, beside from core.cross_check where census_date"
        " = :d order by sender, rule, subject",
        d=census_date,
    )
    checks["message"] = [
        rule(r.rule).sentence(column=r.subject, value=r.says, expected=r.beside)
        for r in checks.itertuples()
    ]
    findings_of, checks_of = (
        dict(list(findings.groupby("submission_id"))),
        dict(list(checks.groupby("sender"))),
    )
    # empty, with their columns: an answer asks for these
    no_findings, no_checks = findings.head(0), checks.head(0)
    official = official_of(warehouse, census_date)
    answers = []
    for row in submissions:
        kept = books[row.submission_id]
        own_findings = findings_of.get(row.submission_id, no_findings)
        # only what counts is set beside other sources
        differs = (
            checks_of.get(row.sender, no_checks)
            if any(book.status == "in force" for book in kept)
            else no_checks
        )
        rests_on_it = any(
            book.status == "in force" and book.table_name == RESTS_ON for book in kept
        )
        published = official.get(row.sender, NONE) if rests_on_it else NONE
        frames = (
            frame.to_csv(index=False) for frame in (own_findings, differs, published) if len(frame)
        )
        text = "\n".join([_code(), repr(row), *map(repr, kept), *frames])
        answers.append(
            _Told(row, kept, own_findings, differs, published, fingerprint(key, "answer", text))
        )
    return answers


_AFTER_THE_CLOSE = (
    "The quarter was closed when it came. It counts at once in what members see; what is published"
    " takes it in with the next draft or correction."
)


def _answer(
    told: _Told,
    census_date: dt.date,
    sheets: Sequence[tuple[Sheet, Recognised | None]] | None,
    name: str = "",
    made_up: str = "",
    contact: str = "",
) -> Answer:
    """The answer to a submission with these sheets, under its sender's own name of the file, which
    stands nowhere else.

    None where the file is no longer in the landing place.
    """
    statuses = {book.status for book in told.books}
    row = told.submission
    outcome = (
        WITHDRAWN
        if row.withdrawn_at
        else (
            REJECTED
            if statuses == {"rejected"}
            else RECORDED
            if statuses <= {"recorded"}
            else ACCEPTED
        )
    )
    tables = [
        TableAnswer(
            title=return_tables()[book.table_name].title,
            sheets=tuple(
                dict.fromkeys(
                    s.label
                    for s, found in sheets or ()
                    if found and found.table.name == book.table_name
                )
            ),
            rows_received=book.rows_received,
            rows_loaded=book.rows_loaded,
            rows_rejected=book.rows_rejected,
            rows_set_aside=book.rows_set_aside,
            version=book.version,
            status=book.status,
            earlier=f"your return of {day(book.earlier.date())}" if book.earlier else "",
        )
        for book in told.books
        if book.table_name != NOT_RECOGNISED
    ]
    remarks = (
        ["Your file is no longer in the landing place, so the workbook holds no copy of it."]
        if sheets is None
        else []
    )
    if row.is_after_the_close and outcome == ACCEPTED:
        remarks.append(_AFTER_THE_CLOSE)
    if row.withdrawn_at:
        remarks.insert(
            0, f"It was withdrawn on {moment(row.withdrawn_at)}. The reason given: {row.reason}"
        )
    # the latest of its tables' returns that count
    counting = max((book.counting for book in told.books if book.counting), default=None)
    return Answer(
        sender_name=sender_of(row.sender, census_date).name,
        sender_key=row.sender,
        census_date=census_date,
        file_name=name or row.file_name,
        submission_id=told.number,
        received_at=row.received_at,
        outcome=outcome,
        tables=tables,
        findings=told.findings,
        cross_checks=told.cross_checks,
        official=told.official,
        sheets=sheets or (),
        remark=" ".join(remarks),
        counting=f"your return of {day(counting.date())}" if counting else "",
        made_up=made_up,
        contact=f"Ask {contact}." if contact else WHO_TO_ASK,
    )


def _folder(outbox: str, census_date: dt.date) -> Any:
    if "://" in outbox:
        from upath import UPath

        return UPath(outbox) / census_date.isoformat()
    return Path(outbox) / census_date.isoformat()


def _safe(name: str) -> str:
    """A name that is a name and nothing else: no separators, no dots in front."""
    return re.sub(r"[^A-Za-z0-9 _.\-]+", "_", name).strip(" .")[:80] or "return"


def _page_path(folder: Any, told: _Told) -> Any:
    # a file that is called by its number has it in its name already
    stem = _safe(told.submission.file_name.rsplit(".", 1)[0]).removesuffix(f" {told.number[:8]}")
    return folder / file_name(told.submission.sender) / f"{stem} {told.number[:8]}.html"


def _write(folder: Any, told: _Told, answer: Answer) -> None:
    from assets.answering.page import render_page  # who only asks what is due writes nothing
    from assets.answering.workbook import write_workbook

    page = _page_path(folder, told)
    workbook = page.with_suffix(".xlsx")
    buffer = io.BytesIO()
    # in memory first: the file is written whole, or not at all
    write_workbook(answer, buffer)
    for path, content in (
        (workbook, buffer.getvalue()),
        # the workbook is there before the page that links to it
        (page, render_page(answer, workbook.name).encode("utf-8")),
    ):
        if isinstance(path, Path):  # whole or not at all: a sender may be looking
            write_anew(path, content, path.parent.stat().st_mode & 0o666)
        else:
            path.write_bytes(content)
