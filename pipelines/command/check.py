"""`observatory check`: what would happen to a return, before it is sent. No warehouse, nothing kept."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from pipelines.command.options import CensusDate
from resources.landing import LandedFile, census_date_of


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--census-date", "date", type=CensusDate(), help="The quarter end; else the folder's (landing/<census date>/<sender>/), else the last one."
)
@click.option("--sender", help="Who sends it (ofsted, an authority's code, provider-<id>); else the folder's, else what the return itself says.")
def command(files: tuple[Path, ...], date: dt.date | None, sender: str | None) -> None:
    """Say what would happen to returns, before they are sent.

    Nothing is sent or kept. Ends with 1 if a file would be rejected.
    """
    from assets.intake.door import judge, open_submission
    from pipelines.partitions import last_quarter_end
    from schemas.rules import REJECTS_FILE, REJECTS_ROW, WARNS

    rejected = 0
    for path in files:
        folders = path.absolute().parent
        census_date = date or census_date_of(folders.parent.name) or last_quarter_end(dt.datetime.now(tz=dt.UTC).date())
        folder = sender or (folders.name if census_date_of(folders.parent.name) else _sender_inside(path, census_date))
        landed = LandedFile(census_date, folder, path.name, path, path.stat().st_size, dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC))
        submission = open_submission("check", landed, "")
        tables = judge([submission], census_date, b"nothing is kept by a check")
        print(f"{path}: as sent by {submission.sender.name} for {census_date:%d %B %Y}")
        for table in tables:
            b = table.books.iloc[0]
            print(
                f"  {table.table.title}: {b.rows_received} rows received = {b.rows_loaded} would be loaded + "
                f"{b.rows_rejected} rejected + {b.rows_set_aside} set aside"
            )
        for finding in submission.findings:
            where = f" ({finding.sheet})" if finding.sheet else ""
            print(f"  - {finding.message}{where}")
        for table in tables:
            for severity in (REJECTS_ROW, WARNS):
                found = table.findings[table.findings["severity"] == severity]
                for message, group in found.groupby("message", sort=False):
                    rows = group["row_number"].tolist()
                    shown = ", ".join(map(str, rows[:12])) + (f" and {len(rows) - 12} more" if len(rows) > 12 else "")
                    print(f"  - {'row' if len(rows) == 1 else 'rows'} {shown} ({severity.replace('rejects the row', 'rejected')}): {message}")
        blocked = any(f.rule for f in submission.findings if _severity(f.rule) == REJECTS_FILE)
        rejected += blocked
        print("  This file would be REJECTED as a whole." if blocked else "  This file would be accepted.")
    sys.exit(1 if rejected else 0)


def _severity(name: str) -> str:
    from schemas.rules import rule

    return rule(name).severity


def _sender_inside(path: Path, census_date: dt.date) -> str:
    """The sender that a return outside the landing place seems to come from: its own authority, Ofsted, or a provider."""
    import pandas as pd

    from assets.intake.parsing import parse
    from assets.intake.reading import CannotRead, cell_text, read_sheets
    from assets.intake.recognising import recognise

    try:
        sheets = read_sheets(path.read_bytes())
    except CannotRead:
        return "provider-unknown"
    for sheet in sheets:
        found = recognise(sheet)
        if found is None:
            continue
        if found.table.senders == ("ofsted",):
            return "ofsted"
        if found.table.own_authority and found.table.own_authority in found.columns:
            place = found.columns[found.table.own_authority]
            texts = pd.Series([cell_text(r[place]) for r in sheet.rows[found.header_row + 1 :] if place < len(r)], dtype="str")
            codes = parse(found.table.column(found.table.own_authority), texts, census_date).canonical.dropna()
            if len(codes):
                return str(codes.mode().iloc[0])
    return "provider-unknown"
