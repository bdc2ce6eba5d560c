"""Failing rows: a page a check of a quarter, with the keys of the rows that fail it, to which the
check's result in Dagster leads.

Belongs here: writing the page, and taking it away when the check passes. Does not belong here:
which keys may be shown (`building`): a row about a child is not named, here no more than in
Dagster.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Sequence
from pathlib import Path

from assets.warehouse.building import CheckResult, all_checks
from assets.warehouse.models import WarehouseTest
from resources.private import make_private, write_anew

_STYLE = (
    "body{font-family:sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse}"
    "td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left}"
    "h1{overflow-wrap:anywhere}pre,div{overflow-x:auto}"
)


def failing_page(folder: Path, quarter: str, check: WarehouseTest) -> Path:
    """Where the page of a check of a quarter (`2025-12-31`) is, if the check fails."""
    # a check's name becomes a file's
    return folder / quarter / f"{re.sub(r'[^a-z0-9_.]', '_', f'{check.checks}.{check.name}')}.html"


def write_failing(
    folder: Path, quarter: str, check: WarehouseTest, outcome: CheckResult
) -> Path | None:
    """Write the page of a check that failed, for its owner alone; of one that passed there is none.
    A disk that is full costs the page alone.
    """
    page = failing_page(folder, quarter, check)
    with contextlib.suppress(OSError):
        if not outcome.offending:
            page.unlink(missing_ok=True)
            return None
        make_private(folder)
        make_private(page.parent)
        write_anew(page, _page(quarter, check, outcome).encode("utf-8"), 0o600)
        return page
    return None


def renew_pages(folder: Path, quarter: str, outcomes: Sequence[CheckResult]) -> None:
    """After a quarter was built whole: a page of each check that fails it, and no other. A page of
    a check that the program no longer has goes, and all of a closed quarter, of which nothing is
    checked any more.
    """
    failed = {(outcome.table, outcome.name): outcome for outcome in outcomes if outcome.offending}
    stay = set()
    for check in all_checks():
        if outcome := failed.get((check.checks, check.name)):
            write_failing(folder, quarter, check, outcome)
            stay.add(failing_page(folder, quarter, check))
    with contextlib.suppress(OSError):
        for page in (folder / quarter).glob("*.html"):
            if page not in stay:
                page.unlink(missing_ok=True)


def _page(quarter: str, check: WarehouseTest, outcome: CheckResult) -> str:
    title = html.escape(f"{check.checks}, {check.name}, {quarter}")
    sql = html.escape(rows_query(quarter, check))
    return (
        '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{html.escape(check.meaning)}</p><p>"
        f"{_failing(outcome.offending)} {_named(outcome)}</p>{_table(outcome)}<h2>The whole rows</h2><p>Ask with"
        " <code>observatory query</code>. Where the check blocks, the quarter was not written: the"
        " rows are there when the return that they come from"
        f" is.</p><pre>{sql}</pre></body></html>\n"
    )


def rows_query(quarter: str, check: WarehouseTest) -> str:
    """The SELECT that gives the failing rows of a quarter."""
    return check.sql.replace(":census_date", f"'{quarter}'").strip()


def _failing(rows: int) -> str:
    return "One row fails." if rows == 1 else f"{rows:,} rows fail."


def _named(outcome: CheckResult) -> str:
    if outcome.offending == 1:
        return (
            "This is its key." if outcome.keys else "It is about a child, or has no key: not named."
        )
    if not outcome.keys:
        return "They are about children, or have no key, and are not named."
    return (
        "These are their keys."
        if len(outcome.keys) >= outcome.offending
        else f"These are the keys of the first {len(outcome.keys):,}."
    )


def _table(outcome: CheckResult) -> str:
    if not outcome.keys:
        return ""
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in outcome.keys[0])
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row.values()) + "</tr>"
        for row in outcome.keys
    )
    return (
        '<div tabindex="0" role="region" aria-label="The keys of the failing rows">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
