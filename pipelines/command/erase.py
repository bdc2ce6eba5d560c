"""`observatory erase`: a child is taken out of the warehouse, and stays out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.settings import Settings
from resources.warehouse import Warehouse

if TYPE_CHECKING:
    from assets.access.erasure import Erased


@click.command("erase")
@click.option(
    "--authority", required=True, metavar="CODE", help="The authority that holds the reference."
)
@click.option(
    "--child",
    "reference",
    required=True,
    metavar="REF",
    help="The authority's own reference of the child, or - to read it from a prompt.",
)
@click.option("--yes", is_flag=True, help="Do not ask before it is done.")
@click.option("--unknown", is_flag=True, help="Keep a child out of whom nobody has sent a row.")
@click.option(
    "--undo",
    "undoing",
    is_flag=True,
    help="Let a child that was erased in again: what lies in the landing place is read again.",
)
def command(authority: str, reference: str, yes: bool, unknown: bool, undoing: bool) -> None:
    """Erase a child: from the rows as received, from core and from curated, and keep it out.

    What will be taken out is shown first, and asked about. The child's rows in later returns, and
    in a backup that is brought back, are set aside. Published releases are not changed: they hold
    rounded counts with small numbers hidden, in which nobody can be found. Only the authority that
    holds the reference may ask for it.
    """
    from assets.access import erasure
    from assets.answering.outbox import remove_answers
    from assets.publication.drafts import write_draft_files
    from assets.warehouse.keys import warehouse_key
    from pipelines.command.grant import authority_code

    if reference == "-":
        reference = _asked()
    code = authority_code(authority)
    with opened() as (settings, warehouse):
        key = warehouse_key(warehouse, settings.home)
        if undoing:
            _undo(warehouse, settings, key, code, reference, yes=yes)
            return
        plan = erasure.planned(warehouse, key, code, reference)
        if plan.rows:
            _show(plan, "To be erased:")
            print(
                "To be rewritten without the child:"
                f" {', '.join(map(str, plan.quarters)) or 'no quarter'}."
            )
            _ask("Erase this child?", yes=yes)
        elif not unknown and erasure.is_stopped(warehouse, key, code, reference):
            print(
                "No row of this child was found, and the reference is on the stop list already: the"
                " child was erased."
            )
            _clear_again(warehouse)
            return
        erased = erasure.erase(warehouse, settings, key, code, reference, unknown=unknown)
        remove_answers(settings.outbox, erased.returns)
        write_draft_files(
            warehouse, settings.drafts
        )  # those of the drafts that counted the child go
        _rewrite(warehouse, settings, erased)
        cleared = erasure.leave_no_trace(warehouse)
    if not erased.rows:
        print(
            "No row of this child was found. The reference is on the stop list: if it comes, its"
            " rows are set aside."
        )
        return
    _show(erased, "Erased:")
    print(f"Rewritten without the child: {', '.join(map(str, erased.quarters)) or 'no quarter'}.")
    _say_what_remains(erased, settings, cleared=cleared)


def _asked() -> str:
    """The reference, typed where nobody sees it, or the first line of what is piped in."""
    if not _at_a_terminal():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Reference", hide_input=True))


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not _at_a_terminal():
        raise ObservatoryError(
            f"{question} Nobody is at a terminal to answer; --yes was expected. Say --yes if it is"
            " to be done. Nothing was changed."
        )
    click.confirm(question, abort=True)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _rewrite(warehouse: Warehouse, settings: Settings, found: Erased) -> None:
    from assets.warehouse.building import build_quarter
    from assets.warehouse.failing import renew_pages

    for date in found.quarters:
        result = build_quarter(warehouse, date, settings.region)
        renew_pages(settings.failing_rows, date.isoformat(), result.checks)
        if result.blocked_by:
            print(
                f"{date}: the quarter could not be rewritten"
                f" ({', '.join(c.name for c in result.blocked_by)}); use `observatory run`."
            )


def _clear_again(warehouse: Warehouse) -> None:
    """An erasure that was cut short after its rows had gone left what the server keeps of them."""
    from assets.access import erasure

    cleared = erasure.leave_no_trace(warehouse)
    log = "and its log of changes " if cleared else ""
    print(
        f"What the server may have kept of it in its tables {log}was cleared once more."
        " `observatory run` rewrites any quarter that still waits."
    )


def _undo(
    warehouse: Warehouse, settings: Settings, key: bytes, code: str, reference: str, *, yes: bool
) -> None:
    from assets.access import erasure

    if erasure.is_stopped(warehouse, key, code, reference):
        _ask("Let this child's rows in again?", yes=yes)
    files = erasure.undo(warehouse, settings, key, code, reference)
    print("Undone: the child is on the stop list no more.")
    if files:
        print(
            "With the next `observatory run` these files are read again, as far as they still lie"
            " in the landing place:"
        )
        for file in files:
            print(f"  {file}")
    print("Rows of files that are gone do not come back; have them sent again.")


def _show(found: Erased, title: str) -> None:
    print(title)
    for table, rows in found.rows.items():
        print(f"  {table}: {rows} row{'' if rows == 1 else 's'}")


def _say_what_remains(found: Erased, settings: Settings, *, cleared: bool) -> None:
    from assets.access.erasure import STOP_LIST

    print("\nWhat remains, and why:")
    if found.releases:
        print(
            f"  Releases {', '.join(found.releases)}: counts rounded to 5 with small numbers"
            " hidden; nobody can be found in them, and a release is"
        )
        print("  never changed (statistics: UK GDPR Articles 17(3)(d) and 89).")
    print(
        "  What providers said of who lives in their settings: those rows carry no reference, and"
        " cannot be told to be this child's."
    )
    print(
        "  The sender's own files, which are not the observatory's to change. Replace or remove"
        " them in the landing place; the answers to them were"
    )
    print("  removed from the outbox, and are made anew without the child:")
    for file in found.files:
        print(f"    {file}")
    print(
        f"  A keyed hash of the reference on the stop list ({settings.home / STOP_LIST}), so that"
        " the child stays out."
    )
    print("  Backups made before now: a restore is held against the stop list.")
    if not cleared:
        print(
            "  The server's log of changes (WAL) and its archive, for as long as its administrator"
            " keeps them."
        )
    if settings.archive is not None:
        print(
            f"  The archive ({settings.archive}): base backups and log from before now hold the"
            " child's rows, until they are older than"
        )
        print("  [recovery] keep_days; a restore from it is held against the stop list.")
