"""Logins: made, changed and taken away; and borrowed for a question that is asked as somebody else.

Belongs here: single login roles and their row in `access.login`. Does not belong here: what a kind
of reader may read (`policies`).

A login belongs to one group role and, for an authority, to one authority (for the group of a
sub-region, to that): its row in `access.login`, found by the name under which the server knows the
session. A password is made here,
given to the server as a SCRAM verifier, shown once and kept nowhere else.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from assets.access.policies import (
    AUTHORITY,
    ENGINEER,
    KINDS,
    OPERATOR,
    PUBLIC,
    REGIONAL,
    SUB_REGIONAL,
)
from assets.access.rights import group_role, quoted
from assets.common import audit
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse

CONNECTIONS = {
    AUTHORITY: 10,
    SUB_REGIONAL: 10,
    REGIONAL: 10,
    ENGINEER: 10,
    PUBLIC: 40,
    OPERATOR: 1,
}
"""How many connections a login of each kind may hold at once."""

SETTINGS = {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "5s",
    "default_transaction_read_only": "on",
    "search_path": "curated, core, published",
}
"""How a session of a reader begins. Rights do not rest on them: a reader may change them for
itself. What then runs too long is ended (`watch`).
"""

LIMITS = {"temp_file_limit": "256MB"}
"""What a reader cannot change for itself: the disk that one of its server processes may fill with
sorts and joins. Set where we may: by a superuser, or a role that was granted the right to set it.
"""

_NAME = re.compile(r"[a-z][a-z0-9_]{1,49}")


def grant(warehouse: Warehouse, name: str, kind: str, whose: str | None = None) -> str:
    """Make a login and give its password, which is shown nowhere again.

    `whose` is the code of the authority, or the name of the sub-region, that the login is for.

    Raises:
        ObservatoryError: the name cannot be used, the authority is not a member of the region or
            the sub-region none of its, or logins cannot be made here.
    """
    # the server keeps names with `pg_` for itself
    if not _NAME.fullmatch(name) or name.startswith("pg_"):
        raise ObservatoryError(
            f"'{name}' cannot be a login's name. Two to fifty small letters, digits and"
            " underscores, a letter first (and not pg_), were expected."
        )
    # without the writer's lock: a login can be made while a run holds the warehouse
    with warehouse.engine.begin() as connection:
        _group(connection, kind)
        if connection.execute(
            sa.text("select exists (select from pg_roles where rolname = :name)"), {"name": name}
        ).scalar():
            raise ObservatoryError(
                f"The server has a role '{name}' already. Choose another name, or change this login"
                " with --rotate or --revoke."
            )
        code = whose if kind == AUTHORITY else None
        sub_region = whose if kind == SUB_REGIONAL else None
        if kind == AUTHORITY:
            _require_member(connection, code)
        if kind == SUB_REGIONAL:
            _require_sub_region(connection, sub_region)
        password = make_role(connection, name, kind)
        connection.execute(
            sa.text(
                "insert into access.login (login, kind, authority_code, sub_region_name,"
                " granted_by) values (:name, :kind, :code, :sub_region, :by)"
            ),
            {
                "name": name,
                "kind": kind,
                "code": code,
                "sub_region": sub_region,
                "by": audit.actor(),
            },
        )
        whose_it_is: dict[str, Any] = (
            {"sub_region": whose} if sub_region else {"authority_code": code}
        )
        audit.record(connection, audit.GRANTED, name, kind=kind, **whose_it_is)
    return password


def rotate(warehouse: Warehouse, name: str, say: Callable[[str], object] = lambda _: None) -> str:
    """Give a login another password, undo what it set for itself, and end the sessions that were
    begun with the old one, until there are none.

    `said` is told where it takes time. The password is changed first: until then the old one lets
    in. Who was just being let in by it then appears only after, for as long as the server gives
    them (authentication_timeout).
    """
    with warehouse.engine.begin() as connection:
        _require_login(connection, name)
        password = _set_password(connection, name)
        _set_as_it_begins(connection, name)
        connection.execute(
            sa.text("update access.login set changed_at = clock_timestamp() where login = :name"),
            {"name": name},
        )
        audit.record(connection, audit.ROTATED, name)
    # asked after the commit: a session that began before may have come in by the old password
    with warehouse.engine.connect() as connection:
        changed = connection.execute(sa.text("select clock_timestamp()")).scalar_one()
        query = "select setting::integer from pg_settings where name = 'authentication_timeout'"
        patience = (
            int(connection.execute(sa.text(query)).scalar_one())
            if _asks_for_passwords(warehouse)
            else 0
        )
    if patience:
        say(
            "Ending the sessions that were begun with the old password; the server lets in for"
            f" {patience} s who had begun to come in."
        )
    _end_until_none(warehouse, name, patience + _SETTLE_SECONDS, begun_by=changed)
    return password


_SETTLE_SECONDS = 0.5


def _asks_for_passwords(warehouse: Warehouse) -> bool:
    """Whether sessions come in by a password: over the network; the embedded server's socket lets
    in this machine's own user, and asks nothing.
    """
    url = make_url(warehouse.url)
    # a host that begins with a slash is the folder of a socket
    return not str(url.query.get("host") or url.host or "/").startswith("/")


def _end_until_none(
    warehouse: Warehouse, name: str, seconds: float, begun_by: dt.datetime | None = None
) -> None:
    """End a login's sessions (those begun by a moment) again and again for so many seconds, and
    then until there are none.
    """
    until = time.monotonic() + seconds
    while _end_sessions(warehouse, name, begun_by) or time.monotonic() < until:
        time.sleep(0.05)


def revoke(warehouse: Warehouse, name: str) -> str:
    """Take a login away: it can come in no more, its sessions end, and nothing of it is left but
    the record.

    Gives what else is to be known: blank, or why the server keeps a role of that name, from which
    every right here is gone. Its row goes first, by which the warehouse knows whose rows are read,
    and that it went is recorded whatever the server says after.
    """
    with warehouse.engine.begin() as connection:
        _require_login(connection, name)
        connection.execute(sa.text("delete from access.login where login = :name"), {"name": name})
        refused = _attempt(
            connection, f"alter role {quoted(connection, name)} nologin password null"
        )
        exists = connection.execute(
            sa.text("select exists (select from pg_roles where rolname = :name)"), {"name": name}
        ).scalar()
        audit.record(
            connection,
            audit.REVOKED,
            name,
            role="closed" if not refused else "not changed" if exists else "gone from the server",
        )
    if not exists:
        return "The server had no role of that name any more; the record of it was taken away."
    # whether its sessions can be ended or not, the role is dropped below
    with suppress(sa.exc.DBAPIError):
        _end_until_none(warehouse, name, _SETTLE_SECONDS)
    with warehouse.engine.begin() as connection:
        if kept := _drop_role(connection, name):
            audit.record(connection, audit.REVOKED, name, role="kept by the server")
            may = (
                "It cannot log in, and"
                if not refused
                else (
                    "It could not be closed to logging in either: have the administrator drop"
                    " it. It"
                )
            )
            return (
                f"The server keeps the role, because {kept} {may} has no right in this warehouse."
            )
    return ""


def _attempt(connection: Connection, statement: str) -> str:
    """Run a statement. Gives what the server said against it, if anything; then it has done
    nothing.
    """
    try:
        # a savepoint, for what the server refuses would end the whole transaction
        with connection.begin_nested():
            connection.exec_driver_sql(statement)
    except sa.exc.DBAPIError as error:
        return " ".join(str(error.orig).split()) or "the server gave no reason"
    return ""


def other_databases(warehouse: Warehouse, name: str) -> list[str]:
    """The databases of the server, besides the warehouse, that a login could enter: they are
    others' to close.
    """
    query = (
        "select datname from pg_database where datallowconn and datname <> current_database() "
        "and has_database_privilege(cast(:name as name), oid, 'connect') order by 1"
    )
    return [row.datname for row in warehouse.rows(query, name=name)]


def lacks_limits(warehouse: Warehouse, name: str) -> bool:
    """Whether the server does not hold a login to the limits that no reader can lift: only who may
    set them can do so.
    """
    query = (
        "select exists (select from pg_db_role_setting as s inner join pg_roles as r on r.oid ="
        " s.setrole where r.rolname = :name and array_to_string(s.setconfig, ',') like"
        " '%temp_file_limit=%')"
    )
    return not warehouse.scalar(query, name=name)


def listed(warehouse: Warehouse) -> list[sa.Row]:
    """All logins: login, kind, authority_code, authority_name, sub_region_name, granted_by,
    granted_at, changed_at, and whether it may come in.
    """
    return warehouse.rows(
        "select l.login::text as login, l.kind, l.authority_code, (select a.authority_name from"
        " raw.authority as a where a.authority_code = l.authority_code and coalesce(a.valid_to, '')"
        " = '' limit 1) as authority_name, l.sub_region_name, l.granted_by, l.granted_at, l.changed_at,"
        " coalesce(r.rolcanlogin, false) as may_log_in from access.login as l left join pg_roles as"
        " r on r.rolname = l.login where l.borrowed_from is null order by l.kind, l.login"
    )


@contextmanager
def borrowed(warehouse: Warehouse, name: str) -> Iterator[psycopg.Connection]:
    """A read-only session that may read what the login `name` may, and nothing more.

    It is a session of a login of its own, with the same group and authority, that lives as long as
    the question. Setting the role within our own session would not do: the question could set it
    back.

    Raises:
        ObservatoryError: there is no such login, or the server does not let the borrowed one in.
    """
    with warehouse.engine.begin() as connection:
        login = _require_login(connection, name)
        twin, password = _make_twin(
            connection, login.kind, login.authority_code, name, login.sub_region_name
        )
        audit.record(connection, audit.ASKED_AS, name, through=twin)
    with _session_of(warehouse, twin, password, f"'{name}'") as session:
        yield session


@contextmanager
def as_operator(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A read-only session of whoever runs the observatory: it reads every table under the names
    that readers use, and can do nothing else.

    It is a login of its own for the one question: the pipeline's own role may change everything,
    and on the embedded server run programs.

    Raises:
        ObservatoryError: roles cannot be made here (`may_make_logins`), or the server does not let
            this one in.
    """
    with warehouse.engine.begin() as connection:
        # a name is cut at 63 letters, as the server's own are
        twin, password = _make_twin(connection, OPERATOR, None, f"{OPERATOR} {audit.actor()}"[:63])
    with _session_of(warehouse, twin, password, "the operator") as session:
        yield session


def may_make_logins(warehouse: Warehouse) -> bool:
    """Whether the warehouse's own role may make logins, and the groups to make them in are there."""
    group = group_role(str(warehouse.scalar("select current_database()")), OPERATOR)
    query = (
        "select (rolcreaterole or rolsuper) and exists (select from pg_roles where rolname = :g)"
        " from pg_roles where rolname = current_user"
    )
    return bool(warehouse.scalar(query, g=group))


def _make_twin(
    connection: Connection, kind: str, code: str | None, lent_by: str, sub_region: str | None = None
) -> tuple[str, str]:
    """A login that lives as long as a question: its name and password."""
    prefix = group_role(connection.exec_driver_sql("select current_database()").scalar_one(), "as")
    twin = f"{prefix}_{secrets.token_hex(4)}"
    password = make_role(connection, twin, kind)
    connection.execute(
        sa.text(
            "insert into access.login (login, kind, authority_code, sub_region_name, granted_by,"
            " borrowed_from) values (:twin, :kind, :code, :sub_region, :by, :lent)"
        ),
        {
            "twin": twin,
            "kind": kind,
            "code": code,
            "sub_region": sub_region,
            "by": audit.actor(),
            "lent": lent_by,
        },
    )
    return twin, password


@contextmanager
def _session_of(
    warehouse: Warehouse, twin: str, password: str, whom: str
) -> Iterator[psycopg.Connection]:
    """A session of a borrowed login, which is given back after."""
    try:
        url = (
            make_url(warehouse.url)
            .set(drivername="postgresql", username=twin, password=password)
            .render_as_string(hide_password=False)
        )
        try:
            session = psycopg.connect(url, application_name="observatory query", autocommit=False)
        except psycopg.OperationalError as error:
            raise ObservatoryError(
                f"The server did not let in a login that stands for {whom}:"
                f" {str(error).splitlines()[0]} A server that accepts passwords (scram-sha-256)"
                " from here was expected. Ask with that login's own password instead."
            ) from None
        with closing(session):
            session.read_only = True
            yield session
    finally:
        _end_sessions(warehouse, twin)
        with warehouse.engine.begin() as connection:
            _drop_role(connection, twin)


def _group(connection: Connection, kind: str) -> str:
    if kind not in CONNECTIONS:
        raise ValueError(f"{kind} is no kind of reader; one of {(*KINDS, OPERATOR)} was expected")
    name = group_role(connection.exec_driver_sql("select current_database()").scalar_one(), kind)
    if not connection.execute(
        sa.text("select exists (select from pg_roles where rolname = :name)"), {"name": name}
    ).scalar():
        raise ObservatoryError(
            f"The group role '{name}' is missing, and the warehouse's own role may not make roles. "
            "Have the server's administrator give it CREATEROLE, then use `observatory run` once."
        )
    return name


def _require_member(connection: Connection, code: str | None) -> None:
    known = connection.execute(
        sa.text("select exists (select from raw.region_member where authority_code = :code)"),
        {"code": code},
    ).scalar()
    if not known:
        raise ObservatoryError(
            f"'{code}' is no authority of this observatory's region. The DfE three-digit code or"
            " GSS code of a member was expected, such as 356."
        )


def _require_sub_region(connection: Connection, name: str | None) -> None:
    names = connection.execute(
        sa.text(
            "select distinct sub_region_name from raw.region_member where sub_region_name is not"
            " null order by 1"
        )
    ).scalars()
    if name not in (known := list(names)):
        raise ObservatoryError(
            f"'{name}' is no sub-region of this observatory's region. One of"
            f" {', '.join(known) or '(it has none)'} was expected."
        )


def _require_login(connection: Connection, name: str) -> sa.Row:
    row = None
    if connection.execute(sa.text("select to_regclass('access.login') is not null")).scalar():
        row = connection.execute(
            sa.text(
                "select login, kind, authority_code, sub_region_name from access.login where login ="
                " :name and borrowed_from is null"
            ),
            {"name": name},
        ).first()
    if row is None:
        raise ObservatoryError(
            f"The warehouse has no role '{name}' that was granted. `observatory grant --list` lists"
            " those there are."
        )
    return row


def make_role(connection: Connection, name: str, kind: str) -> str:
    """Make a login role of a kind, without its row in `access.login`, and give its password."""
    group = _group(connection, kind)
    role, database = (
        quoted(connection, name),
        quoted(connection, connection.exec_driver_sql("select current_database()").scalar_one()),
    )
    connection.exec_driver_sql(
        f"create role {role} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
        f" inherit connection limit {CONNECTIONS[kind]} in role {quoted(connection, group)}"
    )
    password = _set_password(connection, name)
    _set_as_it_begins(connection, name)
    # the right that every server gives everybody was taken away with the rights
    connection.exec_driver_sql(f"grant connect on database {database} to {role}")
    return password


def _set_as_it_begins(connection: Connection, name: str) -> None:
    """Set how a login's sessions begin: a login may set more for itself, for good, and that goes."""
    role, database = (
        quoted(connection, name),
        quoted(connection, connection.exec_driver_sql("select current_database()").scalar_one()),
    )
    # a setting of either place would hold
    for where in (f"{role} in database {database}", role):
        connection.exec_driver_sql(f"alter role {where} reset all")
    for setting, value in SETTINGS.items():
        # a list of names: in quotes it would be the name of one schema
        shown = value if setting == "search_path" else f"'{value}'"
        connection.exec_driver_sql(
            f"alter role {role} in database {database} set {setting} = {shown}"
        )
    for setting, value in LIMITS.items():
        _attempt(connection, f"alter role {role} set {setting} = '{value}'")


def _set_password(connection: Connection, name: str) -> str:
    password = secrets.token_urlsafe(24)
    driver: Any = connection.connection.driver_connection
    verifier = driver.pgconn.encrypt_password(
        # the password itself is never sent, and so stands in no log of the server
        password.encode(),
        name.encode(),
        b"scram-sha-256",
    ).decode()
    connection.exec_driver_sql(
        f"alter role {quoted(connection, name)} password '{verifier}'"
    )  # base64 and $ : no quote in it
    return password


def _end_sessions(warehouse: Warehouse, name: str, begun_by: dt.datetime | None = None) -> int:
    """End a login's sessions (those begun by a moment, where one is given). Gives their number."""
    query = (
        "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity where usename"
        " = :name and (cast(:by as timestamptz) is null or backend_start <= cast(:by as"
        " timestamptz)) offset 0) as ended"
    )
    with warehouse.engine.connect() as connection:
        be_able(connection, [name])
        return int(connection.execute(sa.text(query), {"name": name, "by": begun_by}).scalar_one())


def end_open_transactions(warehouse: Warehouse) -> int:
    """End the readers' sessions that are in a transaction. Gives their number."""
    with warehouse.engine.connect() as connection:
        names = (
            "select distinct a.usename::text from pg_stat_activity as a inner join access.login as"
            " l on l.login = a.usename"
        )
        be_able(connection, connection.execute(sa.text(names)).scalars().all())
        # with a time, so that it waits until each has ended and let go of what it had locked
        ended = connection.execute(
            sa.text(
                "select count(*) from (select pg_terminate_backend(a.pid, 5000) from"
                " pg_stat_activity as a inner join access.login as l on l.login = a.usename where"
                " a.xact_start is not null and a.datname = current_database() offset 0) as ended"
            )
        ).scalar_one()
        return int(ended)


def be_able(connection: Connection, names: Iterable[str]) -> None:
    """An owner who is no superuser sees and ends a role's sessions as a member of it: within this
    transaction, which is not to be committed.
    """
    if not connection.exec_driver_sql(
        "select rolsuper from pg_roles where rolname = current_user"
    ).scalar_one():
        for name in names:
            connection.exec_driver_sql(f"grant {quoted(connection, name)} to current_user")


def _drop_role(connection: Connection, name: str) -> str:
    """Drop a login role. Gives why the server keeps it, where it does: it may own something, or
    have rights, in another database.
    """
    role, database = (
        quoted(connection, name),
        quoted(connection, connection.exec_driver_sql("select current_database()").scalar_one()),
    )
    if not connection.exec_driver_sql(
        "select rolsuper from pg_roles where rolname = current_user"
    ).scalar_one():
        # an owner who is no superuser may drop what is owned by a role only as its member
        _attempt(connection, f"grant {role} to current_user")
    for statement in (
        f"drop owned by {role}",
        f"revoke all on database {database} from {role}",
        *_out_of_groups(connection, name),
    ):
        _attempt(connection, statement)
    refused = _attempt(connection, f"drop role {role}")
    if refused:
        _attempt(connection, f"revoke {role} from current_user")
    return refused and f"{refused.rstrip('.')}."


def _out_of_groups(connection: Connection, name: str) -> list[str]:
    groups = connection.execute(
        sa.text(
            "select g.rolname from pg_auth_members as m inner join pg_roles as g on g.oid ="
            " m.roleid inner join pg_roles as r on r.oid = m.member where r.rolname = :name"
        ),
        {"name": name},
    ).scalars()
    return [
        f"revoke {quoted(connection, group)} from {quoted(connection, name)}" for group in groups
    ]
