"""`observatory audit`: who read which children and did what, for the data protection officer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
import pandas as pd

from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.settings import Settings


@click.command("audit")
@click.option(
    "--month", metavar="YYYY-MM", help="The month; unless given, the one before this one."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True
)
@click.option("--details", is_flag=True, help="Every table that was read, and every event.")
def command(month: str | None, form: str, details: bool) -> None:
    """The month's summary: who read which table of children, and who sent, withdrew, released,
    granted and erased.

    Readings are gathered from the server's own log first: the embedded server's, else the one that
    OBSERVATORY_SERVER_LOG names.
    """
    from assets.common import audit

    first = _month(month)
    with opened() as (settings, warehouse):
        gathered = audit.gather(warehouse, server_log(settings))
        summary = audit.monthly(warehouse, first, details=details)
    print(f"{first:%B %Y}: who read tables of children")
    _print(summary["readings"], form)
    print(f"\n{first:%B %Y}: who did what")
    _print(summary["events"], form)
    if gathered.has_gap:
        print(
            "\nThe server's log was replaced before it was gathered to its end: readings may be"
            " missing. Keep rotated logs longer."
        )
    if gathered.forged:
        print(
            f"\n{gathered.forged} lines in the server's log look like readings and do not bear the"
            " server's mark: somebody else wrote them."
        )


def _month(text: str | None) -> dt.date:
    if text is None:
        return (dt.datetime.now(tz=dt.UTC).date().replace(day=1) - dt.timedelta(days=1)).replace(
            day=1
        )
    try:
        return dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        raise click.UsageError(
            f"'{text}' is no month. A month such as 2025-03 was expected."
        ) from None


def server_log(settings: Settings) -> Path:
    """The log of the server: the embedded one's, else the file that OBSERVATORY_SERVER_LOG names.

    Raises:
        ObservatoryError: no log was found. Without it nobody can say who read what, and nothing is
            said.
    """
    path = settings.server_log
    if path is None or not path.exists():
        raise ObservatoryError(
            f"The server's log was not found{f' at {path}' if path else ''}. Who read what stands"
            " there. Set OBSERVATORY_SERVER_LOG to a file that this account may read and that"
            " holds the log of the server at OBSERVATORY_DATABASE_URL (log_min_messages at log or"
            " lower)."
        )
    return path


def _print(frame: pd.DataFrame, form: str) -> None:
    from pipelines.command.printing import print_table

    if form == "csv":
        print(frame.to_csv(index=False), end="")
    else:
        rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
        print_table(
            list(frame.columns),
            [
                [
                    value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
                    for value in row
                ]
                for row in rows
            ],
        )
