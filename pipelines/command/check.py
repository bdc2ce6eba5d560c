"""`observatory check`: what would happen to returns, before they are sent. No warehouse, nothing
kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import secrets
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.command.options import CensusDate
from resources.landing import LandedFile, NotNow, census_date_of, is_litter, is_under_way
from resources.provenance import of_file
from resources.showing import one_line

if TYPE_CHECKING:
    from assets.intake.opening import OpenedFile


@click.command("check")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--census-date",
    "date",
    type=CensusDate(),
    help="The quarter end; else the folder's (landing/<census date>/<sender>/), else the last one.",
)
@click.option(
    "--sender",
    help=(
        "Who sends it (ofsted, an authority's code, provider-<id>, region); else the folder's, else"
        " what the return itself says."
    ),
)
@click.option(
    "--answer",
    "answer_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the answer here too: a page and a workbook.",
)
@click.option(
    "--reconcile",
    type=click.Path(dir_okay=False, path_type=Path),
    help=(
        "Write placement census beside SSDA903, child by child, under your own references, to this"
        " .xlsx (give both returns)."
    ),
)
def command(
    files: tuple[Path, ...],
    date: dt.date | None,
    sender: str | None,
    answer_folder: Path | None,
    reconcile: Path | None,
) -> None:
    """Show what would happen to returns, before they are sent.

    Nothing is sent, and nothing is kept but what --answer and --reconcile write. Files that belong
    together (an SSDA903's header and episodes) are best checked together. Ends with 1 if a file
    would be rejected.
    """
    from assets.answering.answer import findings_of, trial_answer
    from assets.intake.door import judge, open_submission
    from schemas.rules import REJECTS_FILE

    together = defaultdict(list)
    for path in files:
        if why := _passed_over(path.name):
            print(f"{one_line(path)}: {why}; it is passed over, and is no return.")
            continue
        opened, received = _opened(path)
        census_date, folder = _where_from(path, opened, date, sender)
        landed = LandedFile(
            census_date, folder, path.name, path, len(opened.content.data), received
        )
        number = hashlib.sha256(f"{census_date}|{folder}|{path}".encode()).hexdigest()[:16]
        together[census_date].append((path, open_submission(number, landed, "", opened)))
    rejected = 0
    for census_date, checked in together.items():
        submissions = [submission for _, submission in checked]
        tables = judge(submissions, census_date, secrets.token_bytes(32))
        for path, submission in checked:
            print(
                f"{one_line(path)}: as sent by {one_line(submission.sender.name)} for"
                f" {census_date:%d %B %Y}"
            )
            for table in tables:
                for book in table.books[table.books["submission_id"] == submission.id].itertuples():
                    print(
                        f"  {table.table.title}: {book.rows_received} rows received ="
                        f" {book.rows_loaded} would be loaded + {book.rows_rejected} rejected +"
                        f" {book.rows_set_aside} set aside"
                    )
            if said := of_file(path, submission.opened.content.data):
                print(f"  {said}")
            found = findings_of(submission, tables)
            _print_findings(found)
            blocked = bool((found["severity"] == REJECTS_FILE).any())
            rejected += blocked
            print(f"  {_outcome(tables, submission.id, blocked)}")
            if answer_folder:
                _write_answer(trial_answer(submission, tables), answer_folder, path)
        if reconcile:
            _reconcile(tables, submissions, census_date, reconcile)
    sys.exit(1 if rejected else 0)


def _passed_over(name: str) -> str:
    """Why the landing place passes a file over, by its name; blank where it does not."""
    if is_litter(name):
        return "what a system or an office program leaves beside files"
    return "half a file by its name, whose upload has not ended" if is_under_way(name) else ""


def _outcome(tables, number: str, blocked: bool) -> str:
    """What would become of a file, and of how many of its rows."""
    if blocked:
        return "This file would be REJECTED as a whole."
    books = [
        book
        for table in tables
        for book in table.books[table.books["submission_id"] == number].itertuples()
    ]
    received, rejected = (
        sum(int(getattr(book, name)) for book in books)
        for name in ("rows_received", "rows_rejected")
    )
    loaded = sum(int(book.rows_loaded) for book in books)
    if not rejected:
        return "This file would be accepted."
    rows = f"{rejected:,} of its {received:,} rows would be rejected. Mend them before you send it."
    return (
        f"This file would be accepted IN PART: {rows}"
        if loaded
        else f"This file would be read, and no row of it taken in: {rows}"
    )


def _print_findings(
    found,
) -> None:
    for (severity, message), group in found.groupby(["severity", "message"], sort=False):
        rows = [number for number in group["row_number"].tolist() if number]
        sheets = [name for name in group["sheet"].unique() if name]
        where = f"{', '.join(sheets)}: " if sheets else ""
        shown = ", ".join(map(str, rows[:12])) + (
            f" and {len(rows) - 12} more" if len(rows) > 12 else ""
        )
        at = f"{'row' if len(rows) == 1 else 'rows'} {shown} " if rows else ""
        does = {
            "rejects the row": "rejected",
            "rejects the file": "stops the file",
            "warns": "please check",
            "notes": "note",
        }[str(severity)]
        print(f"  - {one_line(where)}{at}({does}): {one_line(message)}")


def _opened(path: Path) -> tuple[OpenedFile, dt.datetime]:
    """The file, opened once, and its own time."""
    from assets.intake.opening import OpenedFile

    try:
        modified = dt.datetime.fromtimestamp(int(path.stat().st_mtime), tz=dt.UTC)
        opened = OpenedFile(LandedFile(dt.date.min, "", path.name, path, 0, modified))
        _ = opened.content  # read here and now, where a file that goes can be told
        return opened, modified
    except (NotNow, FileNotFoundError, OverflowError, ValueError):
        raise click.UsageError(
            f"{path.name} went or changed while it was read. A file that stays as it is was"
            " expected. Try again when it is whole."
        ) from None


def _where_from(
    path: Path, opened: OpenedFile, date: dt.date | None, sender: str | None
) -> tuple[dt.date, str]:
    from pipelines.quarter_ends import last_quarter_end

    folder = path.absolute().parent
    folder_date = census_date_of(folder.parent.name)
    census_date = date or folder_date or last_quarter_end(dt.datetime.now(tz=dt.UTC).date())
    return census_date, sender or (
        folder.name if folder_date else _sender_inside(path, opened, census_date)
    )


def _sender_inside(path: Path, opened: OpenedFile, census_date: dt.date) -> str:
    """The sender that a return outside the landing place seems to come from: its own authority,
    Ofsted, or a provider.
    """
    import pandas as pd

    from assets.intake.parsing import parse
    from assets.intake.reading import cell_text

    for sheet, found in opened.sheets_by_table:
        if found is None:
            continue
        if found.table.is_published:
            return found.table.senders[0]
        if found.table.own_authority and found.table.own_authority in found.columns:
            place = found.columns[found.table.own_authority]
            texts = pd.Series(
                [cell_text(r[place]) for r in sheet.rows[found.header_row + 1 :] if place < len(r)],
                dtype="str",
            )
            codes = parse(
                found.table.column(found.table.own_authority), texts, census_date
            ).canonical.dropna()
            if len(codes):
                return str(codes.mode().iloc[0])
        if found.table.authority_column in found.columns:
            return "region"
        if "provider" not in found.table.senders:
            raise click.UsageError(
                f"{path.name} does not say whose return it is. Give --sender with the authority's"
                " code, such as --sender 356."
            )
    return "provider-unknown"


def _write_answer(answer, folder: Path, path: Path) -> None:
    from assets.answering.page import render_page
    from assets.answering.workbook import write_workbook

    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"answer to {path.stem}.html"
    workbook = page.with_suffix(".xlsx")
    buffer = io.BytesIO()
    write_workbook(answer, buffer)
    workbook.write_bytes(buffer.getvalue())
    page.write_text(render_page(answer, workbook.name), encoding="utf-8")
    print(one_line(f"  The answer: {page} and {workbook}"))


def _reconcile(tables, submissions, census_date: dt.date, out: Path) -> None:
    from assets.answering.reconciling import reconcile, write_reconciliation

    rows = reconcile(tables, submissions, census_date)
    if rows is None:
        raise click.UsageError(
            "--reconcile needs the placement census and the SSDA903's header and episodes. Give all"
            " of them."
        )
    write_reconciliation(rows, out)
    counts = rows["found_in"].value_counts()
    print(
        f"Census beside SSDA903: {', '.join(f'{counts[name]} {name}' for name in counts.index)}."
        f" Written: {out}"
    )
