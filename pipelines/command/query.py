"""`observatory query`: a question in SQL, answered as a table, CSV or JSON. Read-only."""

from __future__ import annotations

import csv
import json
import sys

import click
import sqlalchemy as sa

from resources.settings import ObservatoryError, settings_from_environment
from resources.warehouse import open_warehouse


@click.command("query")
@click.argument("sql")
@click.option("--as", "role", metavar="ROLE", help="Ask as this role of the warehouse, and see what it may see.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def command(sql: str, role: str | None, form: str) -> None:
    r"""Ask the warehouse a question in SQL. Nothing can be changed this way.

    \b
    observatory query "select host_authority_name, occupied, vacant
                       from curated.host_authority_occupancy
                       where provision_type = 'Children''s home'"
    """
    with open_warehouse(settings_from_environment()) as warehouse, warehouse.reading() as connection:
        try:
            _refuse_several(sql)
            if role:
                known = connection.execute(sa.text("select quote_ident(rolname) from pg_roles where rolname = :r"), {"r": role}).scalar()
                if known is None:
                    raise ObservatoryError(f"The warehouse has no role '{role}'. Leave out --as, or name a role that was granted.")
                connection.exec_driver_sql(f"set local role {known}")
            result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
        except sa.exc.DBAPIError as error:
            said = str(error.orig).strip().splitlines()
            raise ObservatoryError(
                f"The question could not be answered: {said[0]} One SELECT over the warehouse's tables was expected. Check the SQL; "
                "select table_schema, table_name from information_schema.tables lists the tables."
            ) from None
        if not result.returns_rows:
            raise ObservatoryError("The statement gives no rows. One SELECT was expected; the warehouse is only changed by `observatory run`.")
        names, rows = list(result.keys()), [list(row) for row in result]
    _PRINT[form](names, rows)


def _refuse_several(sql: str) -> None:
    """Several statements in one could leave the read-only transaction and change the warehouse."""
    from sqlglot import errors, exp, parse

    try:
        statements = [s for s in parse(sql, dialect="postgres") if s is not None]
    except errors.SqlglotError:
        statements = []
    if len(statements) > 1 or (statements and isinstance(statements[0], exp.Command | exp.Copy | exp.Transaction | exp.Commit | exp.Rollback)):
        raise ObservatoryError("One SELECT was expected; several statements, or another command, were found. Ask one question at a time.")


def _print_csv(names: list[str], rows: list[list]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if value is None else _text(value) for value in row] for row in rows])


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def told_apart(names: list[str]) -> list[str]:
    """The names, each once: a JSON object would keep only the last of equal ones. The second `share` becomes `share_2`."""
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
    print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=1, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)  # type: ignore[operator]
    return str(value)


def _print_table(names: list[str], rows: list[list]) -> None:
    from pipelines.command.printing import print_table

    print_table(names, rows)
    print(f"({len(rows)} row{'' if len(rows) == 1 else 's'})")


_PRINT = {"csv": _print_csv, "json": _print_json, "table": _print_table}
