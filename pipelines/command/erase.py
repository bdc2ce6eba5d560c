"""`observatory erase`: a child is taken out of the warehouse, and stays out."""

from __future__ import annotations

import click

from resources.settings import settings_from_environment
from resources.showing import one_line
from resources.warehouse import open_warehouse


@click.command("erase")
@click.option("--authority", required=True, metavar="CODE", help="The authority that holds the reference.")
@click.option("--child", "reference", required=True, metavar="REF", help="The authority's own reference of the child, or - to read it from a prompt.")
def command(authority: str, reference: str) -> None:
    """Erase a child: from the rows as received, from core and from curated, and keep it out.

    The child's rows in later returns, and in a backup that is brought back, are set aside. Published releases are not changed: they hold rounded
    counts with small numbers hidden, in which nobody can be found. Only the authority that holds the reference may ask for it.
    """
    from assets.access.erasure import STOP_LIST, erase
    from assets.warehouse.building import build_quarter
    from assets.warehouse.tables import prepare
    from pipelines.command.grant import authority_code
    from resources.pseudonym import load_key

    if reference == "-":
        reference = click.prompt("Reference", hide_input=True)
    settings = settings_from_environment()
    code = authority_code(authority)
    with open_warehouse(settings) as warehouse:
        prepare(warehouse, settings.region)
        found = erase(warehouse, settings, load_key(settings.home), code, reference)
        for date in found.quarters:
            result = build_quarter(warehouse, date, settings.region)
            if result.blocked_by:
                print(f"{date}: the quarter could not be rewritten ({', '.join(c.name for c in result.blocked_by)}); use `observatory run`.")
    if not found.rows:
        print("No row of this child was found. The reference is on the stop list: if it comes, its rows are set aside.")
        print("Check the reference: it is compared without surrounding spaces and in upper case, and leading zeros count.")
        return
    print("Erased:")
    for table, rows in found.rows.items():
        print(f"  {table}: {rows} row{'' if rows == 1 else 's'}")
    print(f"Rewritten without the child: {', '.join(map(str, found.quarters)) or 'no quarter'}.")
    print("\nWhat remains, and why:")
    if found.releases:
        print(f"  Releases {', '.join(found.releases)}: counts rounded to 5 with small numbers hidden; nobody can be found in them, and a release is")
        print("  never changed (statistics: UK GDPR Articles 17(3)(d) and 89).")
    print("  What providers said of who lives in their settings: those rows carry no reference, and cannot be told to be this child's.")
    print(
        "  The sender's own files, which are not the observatory's to change. Replace or remove them in the landing place; the answers to them were"
    )
    print("  removed from the outbox and are made anew from what lies there:")
    for file in found.files:
        print(f"    {one_line(file)}")
    print(f"  A keyed hash of the reference on the stop list ({settings.home / STOP_LIST}), so that the child stays out.")
    print("  Backups made before now: a restore is held against the stop list.")
