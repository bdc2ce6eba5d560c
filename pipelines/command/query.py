"""`observatory query`: a question in SQL, answered as a table, CSV or JSON. Read-only."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import psycopg
from sqlalchemy.engine import make_url

from pipelines.command.printing import print_csv, print_table
from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse


@click.command("query")
@click.argument("sql", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ask what stands in this file.",
)
@click.option(
    "--as",
    "role",
    metavar="ROLE",
    help="Ask as this login of the warehouse, and see what it may see.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
)
def command(sql: str | None, file: Path | None, role: str | None, form: str) -> None:
    """Ask the warehouse a question in SQL. Nothing can be changed this way.

    \b
    observatory query "select host_authority_name, occupied, vacant
                       from curated.host_authority_occupancy
                       where provision_type = 'Children''s home'"
    observatory query --file docs/queries/02_who_fills_our_homes.sql --as stockport_analyst
    """  # noqa: D301 - click takes the control character for "keep these lines"
    if (sql is None) == (file is None):
        raise click.UsageError(
            "Missing argument 'SQL': give one question, or --file with one in it."
        )
    from assets.intake.provenance import banner

    sql = file.read_text(encoding="utf-8") if file else str(sql)
    with opened() as (_, warehouse):
        with _session(warehouse, role) as session:
            try:
                # prepared first: the server itself then refuses a second statement, which could leave
                # the read-only transaction
                result = session.cursor().execute(sql, prepare=True)
                names, rows = (
                    [column.name for column in result.description or []],
                    [list(row) for row in result] if result.description else [],
                )
            except psycopg.Error as error:
                raise ObservatoryError(_unanswered(error, sql, role)) from None
            if result.description is None:
                raise ObservatoryError(
                    "The statement gives no rows. One SELECT was expected; the warehouse is only"
                    " changed by `observatory run`."
                )
        if said := banner(warehouse):
            print(said, file=sys.stderr)
        _PRINT[form](names, rows)
        sys.stdout.flush()  # before the server is left, which takes longer than the question


@contextmanager
def _session(warehouse: Warehouse, role: str | None) -> Iterator[psycopg.Connection]:
    """A read-only session of a login that lives as long as the question: it may read what `role`
    may, else everything.

    Where the warehouse's own role may make no logins, its own session, read-only: that is said.
    """
    from assets.access import logins
    from assets.common import audit

    if role:
        with logins.borrowed(warehouse, role) as session:
            yield session
    elif logins.may_make_logins(warehouse):
        with logins.as_operator(warehouse) as session:
            yield session
    else:
        print(
            "The warehouse's own role may make no logins here: this question is asked with that"
            " role's own rights, in a read-only transaction.",
            file=sys.stderr,
        )
        with warehouse.engine.begin() as connection:
            audit.record(connection, audit.ASKED, "with the pipeline's own rights")
        url = make_url(warehouse.url)
        where: dict[str, Any] = {
            "host": url.host,
            "port": url.port,
            "user": url.username,
            "password": url.password,
            "dbname": url.database,
        }
        with closing(
            psycopg.connect(**(where | dict(url.query)), application_name="observatory query")
        ) as session:
            session.read_only = True
            yield session


def _unanswered(error: psycopg.Error, sql: str, role: str | None) -> str:
    """Why there is no answer: what PostgreSQL says, where, and its hint; never its detail, which
    may hold a row's values.
    """
    if isinstance(error, psycopg.errors.SyntaxError) and "multiple commands" in str(error):
        return "One SELECT was expected; several statements were found. Ask one question at a time."
    said = _sentence(
        error.diag.message_primary
        or (str(error).strip().splitlines() or ["PostgreSQL gave no reason"])[0]
    )
    if role and isinstance(error, psycopg.errors.InsufficientPrivilege):
        return (
            f"The login '{role}' may not read what was asked for: {said} Which login may read what"
            " stands in docs/querying.md."
        )
    if isinstance(
        error, psycopg.errors.ObjectNotInPrerequisiteState
    ):  # a view cannot be written to
        return (
            "The statement would change the warehouse; a question is asked read-only, and one"
            " SELECT was expected. The warehouse is only changed by `observatory run`."
        )
    return (
        f"The question could not be answered{_place(error, sql)}:"
        f" {said} {_sentence(error.diag.message_hint or '')}{' ' if error.diag.message_hint else ''}One"
        " SELECT over the warehouse's tables was expected. Check the SQL; select table_schema,"
        " table_name from information_schema.tables lists the tables."
    )


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return f"{text}." if text and text[-1] not in ".?!" else text


def _place(error: psycopg.Error, sql: str) -> str:
    """Where in the question PostgreSQL stopped."""
    before = sql[: int(error.diag.statement_position or 0)]
    if not before:
        return ""
    lines = before.split("\n")
    return f" (line {len(lines)}, character {len(lines[-1])})"


def told_apart(names: list[str]) -> list[str]:
    """The names, each once: a JSON object would keep only the last of equal ones. The second
    `share` becomes `share_2`.
    """
    apart: list[str] = []
    for name in names:
        number, each = 1, name
        while each in apart or (number > 1 and each in names):
            number += 1
            each = f"{name}_{number}"
        apart.append(each)
    return apart


def _print_json(names: list[str], rows: list[list]) -> None:
    names = told_apart(names)
    print(
        json.dumps(
            [dict(zip(names, row, strict=True)) for row in rows],
            indent=1,
            ensure_ascii=False,
            default=_plain,
        )
    )


def _plain(value: object) -> object:
    from decimal import Decimal

    if isinstance(value, Decimal):
        is_whole = value == value.to_integral_value()
        places = value.as_tuple().exponent
        return int(value) if is_whole and isinstance(places, int) and places >= 0 else float(value)
    return str(value)


def _print_table(names: list[str], rows: list[list]) -> None:
    print_table(names, rows)
    print(f"({len(rows)} row{'' if len(rows) == 1 else 's'})")


_PRINT = {"csv": print_csv, "json": _print_json, "table": _print_table}
