"""The outbox: each return's answer as files, `outbox/<census date>/<sender>/`, brought up to date with what the warehouse knows of the return.

Belongs here: which answers are due, building an answer from the warehouse and the landing place, writing its files.
Does not belong here: what an answer says (`answer`) and how it looks (`page`, `workbook`).

An answer rests on the return's books, findings and cross-checks. It is written again when these change (the other side's return came in), and
after a run that was killed before it was written. The copy of the sender's own data is read from the landing place each time: it is kept nowhere.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from assets.answering.answer import ACCEPTED, RECORDED, REJECTED, Answer, TableAnswer, day, sheets_of
from assets.answering.page import render_page
from assets.answering.workbook import write_workbook
from assets.intake.door import NOT_RECOGNISED, sender_of
from assets.intake.loading import submission_id
from resources.landing import LandedFile, LandingPlace
from resources.warehouse import Warehouse
from schemas.returns import return_tables
from schemas.rules import rule


def answer_quarter(
    warehouse: Warehouse, landing: LandingPlace, outbox: str, census_date: dt.date, progress: Callable[[str], None] | None = None
) -> int:
    """Write the answers of a census date that are missing or out of date. Gives their number."""
    told = _told(warehouse, census_date)
    folder = _folder(outbox, census_date)
    written = {r.submission_id: r.rests_on for r in warehouse.rows("select submission_id, rests_on from raw.answer")}
    due = [s for s in told if written.get(s["submission_id"]) != s["rests_on"] or not _page_path(folder, s).exists()]
    if not due:
        return 0
    if progress:
        progress(f"{census_date}: answering {len(due)} of {len(told)} returns")
    files = _files_by_submission(landing, census_date, {s["submission_id"] for s in due})
    for submission in due:
        _write(folder, submission, _answer(submission, census_date, files.get(submission["submission_id"])))
    with warehouse.writing() as connection:
        connection.execute(sa.text("delete from raw.answer where submission_id = any(:ids)"), {"ids": [s["submission_id"] for s in due]})
        connection.execute(
            sa.text("insert into raw.answer (submission_id, rests_on) values (:submission_id, :rests_on)"),
            [{"submission_id": s["submission_id"], "rests_on": s["rests_on"]} for s in due],
        )
    return len(due)


@cache
def _code() -> str:
    """A hash of how answers are made: when it changes they are made again."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.*")):
        if path.suffix in {".py", ".jinja"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _told(warehouse: Warehouse, census_date: dt.date) -> list[dict[str, Any]]:
    """What the warehouse knows of each submission of the date, and a hash of it."""
    submissions = warehouse.frame(
        "select submission_id, sender, file_name, received_at from raw.submission where census_date = :d order by submission_id", d=census_date
    )
    books = warehouse.frame(
        """
        select t.submission_id, t.table_name, t.version, t.status, t.rows_received, t.rows_loaded, t.rows_rejected, t.rows_set_aside,
            (select max(b.received_at) from raw.submission as b inner join raw.submission_table as u on b.submission_id = u.submission_id
                where b.census_date = s.census_date and b.sender = s.sender and u.table_name = t.table_name and u.version < t.version
                    and u.status in ('superseded', 'in force')) as earlier
        from raw.submission_table as t inner join raw.submission as s on t.submission_id = s.submission_id
        where s.census_date = :d order by t.submission_id, t.table_name
        """,
        d=census_date,
    )
    findings = warehouse.frame(
        "select f.* from raw.finding as f inner join raw.submission as s on f.submission_id = s.submission_id where s.census_date = :d "
        "order by f.submission_id, f.table_name, f.sheet, f.row_number, f.column_name, f.rule, f.value",
        d=census_date,
    )
    checks = warehouse.frame(
        "select sender, rule, subject, sent, beside from core.cross_check where census_date = :d order by sender, rule, subject", d=census_date
    )
    books_of, findings_of = dict(list(books.groupby("submission_id"))), dict(list(findings.groupby("submission_id")))
    checks_of = dict(list(checks.groupby("sender")))
    told = []
    for row in submissions.to_dict("records"):
        number = row["submission_id"]
        entry = row | {
            "books": books_of.get(number, books.head(0)),
            "findings": findings_of.get(number, findings.head(0)),
            "checks": checks.head(0),
        }
        if (entry["books"]["status"] == "in force").any():
            entry["checks"] = checks_of.get(row["sender"], checks.head(0))
        text = "\n".join([_code(), *(entry[part].to_csv(index=False) for part in ("books", "findings", "checks"))])
        told.append(entry | {"rests_on": hashlib.sha256(text.encode()).hexdigest()})
    return told


def _files_by_submission(landing: LandingPlace, census_date: dt.date, wanted: set[str]) -> dict[str, LandedFile]:
    found = {}
    for file in landing.files(census_date):
        number = submission_id(census_date, sender_of(file.folder, census_date).key, file.content_hash())
        if number in wanted:
            found[number] = file
    return found


def _answer(told: dict[str, Any], census_date: dt.date, file: LandedFile | None) -> Answer:
    books: pd.DataFrame = told["books"]
    statuses = set(books["status"])
    outcome = REJECTED if statuses == {"rejected"} else RECORDED if statuses <= {"recorded"} else ACCEPTED
    findings: pd.DataFrame = told["findings"]
    sheets = sheets_of(file.read()) if file else []
    tables = []
    for book in books.itertuples():
        if book.table_name == NOT_RECOGNISED:
            continue
        earlier = f"your return of {day(book.earlier.date())}" if pd.notna(book.earlier) else ""
        tables.append(
            TableAnswer(
                title=return_tables()[book.table_name].title,
                sheets=tuple(dict.fromkeys(s.name for s, found in sheets if found and found.table.name == book.table_name)),
                rows_received=book.rows_received,
                rows_loaded=book.rows_loaded,
                rows_rejected=book.rows_rejected,
                rows_set_aside=book.rows_set_aside,
                version=book.version,
                status=book.status,
                earlier=earlier,
            )
        )
    checks = told["checks"]
    cross_checks = pd.DataFrame(
        {
            "subject": checks["subject"],
            "says": checks["sent"],
            "beside": checks["beside"],
            "message": [
                rule(r.rule).sentence(column=r.subject, value=r.sent, expected=r.beside) for r in checks.itertuples()
            ],
        }
    )  # fmt: skip
    sender = sender_of(told["sender"], census_date)
    return Answer(
        sender_name=sender.name,
        sender_key=told["sender"],
        census_date=census_date,
        file_name=told["file_name"],
        submission_id=told["submission_id"],
        received_at=pd.Timestamp(told["received_at"]).to_pydatetime(),
        outcome=outcome,
        tables=tables,
        findings=findings,
        cross_checks=cross_checks,
        sheets=sheets,
        remark="" if file else "Your file is no longer in the landing place, so the workbook holds no copy of it.",
    )


def _folder(outbox: str, census_date: dt.date) -> Any:
    if "://" in outbox:
        from upath import UPath

        return UPath(outbox) / census_date.isoformat()
    return Path(outbox) / census_date.isoformat()


def _safe(name: str) -> str:
    """A name that is a name and nothing else: no separators, no dots in front."""
    return re.sub(r"[^A-Za-z0-9 _.\-]+", "_", name).strip(" .")[:80] or "return"


def _page_path(folder: Any, told: dict[str, Any]) -> Any:
    stem = _safe(told["file_name"].rsplit(".", 1)[0])
    return folder / _safe(told["sender"]) / f"{stem} {told['submission_id'][:8]}.html"


def _write(folder: Any, told: dict[str, Any], answer: Answer) -> None:
    page = _page_path(folder, told)
    workbook = page.with_suffix(".xlsx")
    page.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_workbook(answer, buffer)
    for path, content in ((workbook, buffer.getvalue()), (page, render_page(answer, workbook.name).encode("utf-8"))):
        if isinstance(path, Path):  # whole or not at all: a sender may be looking
            making = path.with_name(f".{path.name}.making")
            making.write_bytes(content)
            making.replace(path)
        else:
            path.write_bytes(content)
