"""Logins: made, changed and taken away; and borrowed for a question that is asked as somebody else.

Belongs here: single login roles and their row in `access.login`. Does not belong here: what a kind of reader may read (`policies`).

A login belongs to one group role and, for an authority, to one authority: its row in `access.login`, found by the name under which the server knows
the session. A password is made here, given to the server as a SCRAM verifier, shown once and kept nowhere else.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from assets.access import audit
from assets.access.policies import AUTHORITY, ENGINEER, KINDS, PUBLIC, REGIONAL
from assets.access.rights import group_role, quoted
from resources.settings import ObservatoryError
from resources.warehouse import Warehouse

CONNECTIONS = {AUTHORITY: 10, REGIONAL: 10, ENGINEER: 10, PUBLIC: 40}
"""How many connections a login of each kind may hold at once."""

SETTINGS = {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "5s",
    "default_transaction_read_only": "on",
    "search_path": "curated, core, published",
}
"""How a session of a reader begins. Rights do not rest on them: a reader may change them for itself."""

_NAME = re.compile(r"[a-z][a-z0-9_]{1,49}")


def grant(warehouse: Warehouse, name: str, kind: str, authority_code: str | None = None) -> str:
    """Make a login and give its password, which is shown nowhere again.

    Raises:
        ObservatoryError: the name cannot be used, the authority is not a member of the region, or logins cannot be made here.
    """
    if not _NAME.fullmatch(name) or name.startswith("pg_"):
        raise ObservatoryError(
            f"'{name}' cannot be a login's name. Two to fifty small letters, digits and underscores, a letter first (and not pg_), were expected."
        )
    with warehouse.engine.begin() as connection:
        _group(connection, kind)
        if connection.execute(sa.text("select exists (select from pg_roles where rolname = :name)"), {"name": name}).scalar():
            raise ObservatoryError(f"The server has a role '{name}' already. Choose another name, or change this login with --rotate or --revoke.")
        if kind == AUTHORITY:
            _require_member(connection, authority_code)
        password = make_role(connection, name, kind)
        connection.execute(
            sa.text("insert into access.login (login, kind, authority_code, granted_by) values (:name, :kind, :code, :by)"),
            {"name": name, "kind": kind, "code": authority_code if kind == AUTHORITY else None, "by": audit.actor()},
        )
        audit.record(connection, audit.GRANTED, name, kind=kind, authority_code=authority_code)
    return password


def rotate(warehouse: Warehouse, name: str) -> str:
    """Give a login another password; sessions that are open end."""
    with warehouse.engine.begin() as connection:
        _require_login(connection, name)
        password = _set_password(connection, name)
        _end_sessions(connection, name)
        connection.execute(sa.text("update access.login set changed_at = now() where login = :name"), {"name": name})
        audit.record(connection, audit.ROTATED, name)
    return password


def revoke(warehouse: Warehouse, name: str) -> None:
    """Take a login away: it can come in no more, its sessions end, and nothing of it is left but the record."""
    with warehouse.engine.begin() as connection:
        _require_login(connection, name)
        connection.exec_driver_sql(f"alter role {quoted(connection, name)} nologin")
    with warehouse.engine.begin() as connection:
        _end_sessions(connection, name)
        _drop_role(connection, name)
        audit.record(connection, audit.REVOKED, name)


def listed(warehouse: Warehouse) -> list[sa.Row]:
    """All logins: login, kind, authority_code, authority_name, granted_by, granted_at, changed_at, and whether it may come in."""
    return warehouse.rows(
        "select l.login::text as login, l.kind, l.authority_code, "
        "(select a.authority_name from raw.authority as a where a.authority_code = l.authority_code and coalesce(a.valid_to, '') = '' limit 1) "
        "as authority_name, l.granted_by, l.granted_at, l.changed_at, coalesce(r.rolcanlogin, false) as may_log_in "
        "from access.login as l left join pg_roles as r on r.rolname = l.login where l.borrowed_from is null order by l.kind, l.login"
    )


@contextmanager
def borrowed(warehouse: Warehouse, name: str) -> Iterator[psycopg.Connection]:
    """A read-only session that may read what the login `name` may, and nothing more.

    It is a session of a login of its own, with the same group and authority, that lives as long as the question. Setting the role within our own
    session would not do: the question could set it back.

    Raises:
        ObservatoryError: there is no such login, or the server does not let the borrowed one in.
    """
    with warehouse.engine.begin() as connection:
        login = _require_login(connection, name)
        prefix = group_role(connection.exec_driver_sql("select current_database()").scalar_one(), "as")
        twin = f"{prefix}_{secrets.token_hex(4)}"
        password = make_role(connection, twin, login.kind)
        connection.execute(
            sa.text("insert into access.login (login, kind, authority_code, granted_by, borrowed_from) values (:twin, :kind, :code, :by, :name)"),
            {"twin": twin, "kind": login.kind, "code": login.authority_code, "by": audit.actor(), "name": name},
        )
        audit.record(connection, audit.ASKED_AS, name, through=twin)
    try:
        url = make_url(warehouse.url).set(drivername="postgresql", username=twin, password=password).render_as_string(hide_password=False)
        try:
            session = psycopg.connect(url, application_name="observatory query", autocommit=False)
        except psycopg.OperationalError as error:
            raise ObservatoryError(
                f"The server did not let in a login that stands for '{name}': {str(error).splitlines()[0]} "
                "A server that accepts passwords (scram-sha-256) from here was expected. Ask with that login's own password instead."
            ) from None
        with closing(session):
            session.read_only = True
            yield session
    finally:
        with warehouse.engine.begin() as connection:
            _end_sessions(connection, twin)
            _drop_role(connection, twin, keep_record=True)


def _group(connection: Connection, kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of reader; one of {KINDS} was expected")
    name = group_role(connection.exec_driver_sql("select current_database()").scalar_one(), kind)
    if not connection.execute(sa.text("select exists (select from pg_roles where rolname = :name)"), {"name": name}).scalar():
        raise ObservatoryError(
            f"The group role '{name}' is missing, and the warehouse's own role may not make roles. "
            "Have the server's administrator give it CREATEROLE, then use `observatory run` once."
        )
    return name


def _require_member(connection: Connection, code: str | None) -> None:
    known = connection.execute(sa.text("select exists (select from raw.region_member where authority_code = :code)"), {"code": code}).scalar()
    if not known:
        raise ObservatoryError(
            f"'{code}' is no authority of this observatory's region. The DfE three-digit code or GSS code of a member was expected, such as 356."
        )


def _require_login(connection: Connection, name: str) -> sa.Row:
    row = None
    if connection.execute(sa.text("select to_regclass('access.login') is not null")).scalar():
        row = connection.execute(
            sa.text("select login, kind, authority_code from access.login where login = :name and borrowed_from is null"), {"name": name}
        ).first()
    if row is None:
        raise ObservatoryError(f"The warehouse has no role '{name}' that was granted. `observatory grant --list` lists those there are.")
    return row


def make_role(connection: Connection, name: str, kind: str) -> str:
    """Make a login role of a kind, without its row in `access.login`, and give its password."""
    group = _group(connection, kind)
    role, database = quoted(connection, name), quoted(connection, connection.exec_driver_sql("select current_database()").scalar_one())
    connection.exec_driver_sql(
        f"create role {role} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit "
        f"connection limit {CONNECTIONS[kind]} in role {quoted(connection, group)}"
    )
    password = _set_password(connection, name)
    for setting, value in SETTINGS.items():
        shown = value if setting == "search_path" else f"'{value}'"
        connection.exec_driver_sql(f"alter role {role} in database {database} set {setting} = {shown}")
    connection.exec_driver_sql(f"grant connect on database {database} to {role}")
    return password


def _set_password(connection: Connection, name: str) -> str:
    password = secrets.token_urlsafe(24)
    driver: Any = connection.connection.driver_connection
    verifier = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.exec_driver_sql(f"alter role {quoted(connection, name)} password '{verifier}'")  # base64 and $ : no quote in it
    return password


def _end_sessions(connection: Connection, name: str) -> None:
    _be_able(connection, name)
    connection.execute(sa.text("select pg_terminate_backend(pid) from pg_stat_activity where usename = :name"), {"name": name})


def _be_able(connection: Connection, name: str) -> None:
    """An owner who is no superuser ends a role's sessions and drops what it owns as a member of it."""
    if not connection.exec_driver_sql("select rolsuper from pg_roles where rolname = current_user").scalar_one():
        connection.exec_driver_sql(f"grant {quoted(connection, name)} to current_user")


def _drop_role(connection: Connection, name: str, *, keep_record: bool = False) -> None:
    role, database = quoted(connection, name), quoted(connection, connection.exec_driver_sql("select current_database()").scalar_one())
    with suppress(sa.exc.DBAPIError), connection.begin_nested():
        connection.exec_driver_sql(f"drop owned by {role}")
    connection.exec_driver_sql(f"revoke all on database {database} from {role}")
    connection.exec_driver_sql(f"drop role {role}")
    if not keep_record:
        connection.execute(sa.text("delete from access.login where login = :name"), {"name": name})
