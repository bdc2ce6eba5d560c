"""Rights: the policies as the database holds them: group roles, row-level security on every table,
grants, and the tables of access itself.

Belongs here: the functions and comments of the schema `access` (its tables are made by migrations);
and one function that makes the database's rights what `policies` says, whatever they were. Does not
belong here: which reader reads what (`policies`), single logins (`logins`).

Readers have no right on a table that holds rows of others: they have views (`fences`). Row-level
security is a second safeguard behind that, enabled and forced on every table of the warehouse. A
table that no policy names has a policy for the pipeline alone and no grant: it is closed. The
pipeline's role owns the tables and has a policy of its own, so that it works as a superuser (the
embedded server) and as an ordinary owner. Readers' rights are revoked and granted again each time,
in one transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.access import fences
from assets.access.policies import EVERY_ROW, KINDS, OPERATOR, Policy, policies
from assets.warehouse.models import Relation
from resources.warehouse import CLOSED_SCHEMAS
from schemas.program import hash_of
from schemas.regions import Region

SCHEMA = "access"
LAYERS = ("raw", "staging", "core", "curated", "published")
CLOSED = (*CLOSED_SCHEMAS.values(), SCHEMA, fences.SCHEMA)
"""Schemas that no reader may enter."""

ACCESS_DDL = """
comment on schema access is 'Who may read the warehouse, who read and did what in it, and which children it must no longer hold.';
comment on table access.login is
    'Logins of the warehouse: of which kind each is, and for which authority or sub-region. Passwords are kept by the server alone.';
comment on table access.event is
    'Who sent, withdrew, released, granted, erased and when. Rows are added, never changed, and not removed within a year.';
comment on table access.reading is
    'Who read which table of children when, gathered from the server''s log. Rows are added, never changed, and not removed within a year.';
comment on column access.gathered.seen is 'The log''s size and time when it was gathered: while they are the same there is nothing new in it.';
comment on column access.gathered.tail is 'Hash of the last bytes that were gathered: by them the log is known again, whatever its name is by then.';
comment on table access.gathered is 'How far each log of the server has been gathered into access.reading.';
comment on table access.key_check is 'By what the warehouse knows the key of its pseudonyms: another one is refused.';
comment on table access.stop_list is 'Children who were erased, as keyed hashes: their rows are set aside at the door.';
comment on table access.closed_quarter is
    'Quarters whose rows about children have been kept long enough and were removed. They are not rewritten any more.';
comment on table access.answers_removed is 'Quarters whose answers have been kept long enough: they are not written again.';
comment on table access.applied is 'Which code gave the rights, in which database, to whose tables.';
comment on table access.secret is 'What marks the server''s own lines in its log.';
comment on table access.quarter_end is
    'The calendar: the census dates of which rows are held. Readers'' views go through them.';

create or replace function access.append_only() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% is append-only: rows are added, never changed, and not removed within a year', tg_table_schema || '.' || tg_table_name;
end $$;
create or replace trigger append_only before update or truncate on access.event for each statement execute function access.append_only();
create or replace trigger append_only before update or truncate on access.reading for each statement execute function access.append_only();
create or replace trigger append_only before update or delete or truncate on raw.quarter_step
    for each statement execute function access.append_only();
create or replace trigger append_only_for_a_year before delete on access.event
    for each row when (old.happened_at > now() - interval '1 year') execute function access.append_only();
create or replace trigger append_only_for_a_year before delete on access.reading
    for each row when (old.read_at > now() - interval '1 year') execute function access.append_only();

create or replace function access.noted(table_name text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    said text := jsonb_build_object(
        'at', clock_timestamp(), 'login', session_user, 'table', left(table_name, 130), 'client', left(current_setting('application_name'), 60),
        'id', gen_random_uuid()
    )::text;
    secret text;
begin
    select s.value into strict secret from access.secret as s;
    raise log 'observatory-reading % %',
        encode(sha256(convert_to(secret || encode(sha256(convert_to(secret || said, 'UTF8')), 'hex'), 'UTF8')), 'hex'), said;
    return true;
end $$;
comment on function access.noted(text) is
    'Notes in the server''s log that this login reads a table of children. It stays there whatever becomes of the transaction.';
revoke all on function access.append_only(), access.noted(text) from public;
"""

COUNTERS = Path(__file__).with_name("counters.sql")
"""What takes the server's counters and sizes of whole tables away from everybody, and what could be
used up. Only its administrator may run it.
"""

_LARGE_OBJECTS = (
    "lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)", "lo_put(oid, bigint, bytea)", "lo_open(oid, integer)",
    "lowrite(integer, bytea)", "lo_truncate(integer, integer)", "lo_truncate64(integer, bigint)", "lo_unlink(oid)", "lo_get(oid)",
    "lo_get(oid, bigint, integer)",
)  # fmt: skip


def group_role(database: str, kind: str) -> str:
    """The name of a group role: the database's name and the kind of reader. Roles belong to a whole
    server, warehouses to a database of it.
    """
    # the server cuts names at 63 bytes: two long ones might come to be the same
    short = (
        database
        if len(database) <= 40
        else f"{database[:31]}_{hashlib.sha256(database.encode()).hexdigest()[:8]}"
    )
    return f"{short}_{kind}"


def quoted(connection: Connection, name: str) -> str:
    """A name as an SQL identifier."""
    return connection.dialect.identifier_preparer.quote_identifier(name)


_CODE = hash_of(
    path for path in Path(__file__).parent.glob("*.*") if path.suffix in {".py", ".sql"}
)


def code() -> str:
    """A hash of the code that gives the rights."""
    return _CODE


def _state(connection: Connection) -> str:
    """What the rights rest on besides the tables: this code, the database's name, its owner and
    what that may do.
    """
    where = connection.execute(
        sa.text(
            "select current_database() || '/' || rolname || '/' || (rolcreaterole or rolsuper) from"
            " pg_roles where rolname = current_user"
        )
    ).scalar_one()
    return f"{code()}/{where}"


def stand(connection: Connection) -> bool:
    """Whether the database has its rights from this code, and is the database that they were given
    in (a copy is another).
    """
    # not every database has the table yet
    if not connection.execute(sa.text("select to_regclass('access.applied') is not null")).scalar():
        return False
    return connection.execute(sa.text("select state from access.applied")).scalar() == _state(
        connection
    )


def make_functions(connection: Connection) -> None:
    """Make the functions of access anew, what they keep in their tables, and the tables' comments."""
    _execute(connection, ACCESS_DDL)
    # made once: lines of the log that were marked with it must go on being known
    if connection.exec_driver_sql("select not exists (select from access.secret)").scalar():
        connection.execute(
            sa.text("insert into access.secret values (:secret)"), {"secret": secrets.token_hex(32)}
        )


def apply(connection: Connection, region: Region) -> None:
    """Make the database's rights what the policies say. Nobody but the pipeline keeps a right that
    they do not give.
    """
    groups = _make_groups(connection)
    _close_the_database(connection)
    known = {place: policy.with_operator() for place, policy in policies(region).items()}
    fenced = _make_fences(connection, known)
    relations = connection.execute(
        sa.text(
            "select n.nspname as schema, c.relname as name, c.relkind in ('v', 'm') as is_view,"
            " array(select p.polname from pg_policy as p where p.polrelid = c.oid) as policies from"
            " pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace where n.nspname"
            " = any(:schemas) and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1, 2"
        ),
        {"schemas": [*LAYERS, *CLOSED]},
    ).all()
    owner = quoted(connection, connection.exec_driver_sql("select current_user").scalar_one())
    nobody = ", ".join(["public", *groups.values()])
    # revoked from everybody first: only what policies name is given back
    statements = []
    for schema in (*LAYERS, *CLOSED):
        statements += [
            f"revoke all on all {kind} in schema {schema} from {nobody}"
            for kind in ("tables", "sequences", "functions")
        ]
        statements.append(f"revoke all on schema {schema} from {nobody}")
    for relation in relations:
        place = (relation.schema, relation.name)
        # fenced tables are read through their view: on the table itself nobody gets a right
        if place in fenced:
            statements += fences.granted(known[place], fenced[place], groups)
        else:
            policy = known.get(place, _of_nobody(relation))
            statements += _of_relation(policy, relation.is_view, relation.policies, owner, groups)
    for kind, group in groups.items():
        schemas = {policy.schema for policy in known.values() if kind in policy.readers} | (
            {SCHEMA} if kind == OPERATOR else set()
        )
        for schema in sorted(schemas):
            statements.append(f"grant usage on schema {schema} to {group}")
        statements.append(f"grant execute on function access.noted(text) to {group}")
    connection.execute(sa.text("delete from access.applied"))
    connection.execute(
        sa.text("insert into access.applied values (:state)"), {"state": _state(connection)}
    )
    _execute(connection, ";\n".join(statements))


_FOR_THE_OPERATOR = {
    "event",
    "reading",
    "login",
    "closed_quarter",
    "answers_removed",
    "quarter_end",
}
"""Of the tables of access the operator reads what happened, and no secret and no child's hash."""


def _of_nobody(relation: sa.Row) -> Policy:
    """The policy of a relation that no reader reads: the operator alone, and of the closed schemas
    nobody.
    """
    policy = Policy(relation.schema, relation.name, is_view=relation.is_view)
    open_to_it = relation.schema in LAYERS or (
        relation.schema == SCHEMA and relation.name in _FOR_THE_OPERATOR
    )
    return policy.with_operator() if open_to_it else policy


def _make_fences(
    connection: Connection, known: dict[Relation, Policy]
) -> dict[Relation, list[str]]:
    """Make every fence anew. Gives the columns of what is fenced, by the schema and name that
    readers use.
    """
    _execute(connection, fences.FENCE_DDL)
    fenced = {
        place: columns
        for place, columns in fences.columns_of_fenced(connection).items()
        if place in known
    }
    statements = [
        statement
        for place, columns in fenced.items()
        for statement in fences.made(known[place], columns)
    ]
    _execute(connection, ";\n".join(statements))
    fences.keep_calendar(connection)
    return fenced


def _execute(connection: Connection, statements: str) -> None:
    """Run several statements as they stand: a per cent sign in them is no placeholder."""
    driver: Any = connection.connection.driver_connection
    driver.execute(statements)


def _of_relation(
    policy: Policy, is_view: bool, present: list[str], owner: str, groups: dict[str, str]
) -> list[str]:
    table = f'{policy.schema}."{policy.name}"'
    grants = [
        f"grant select on {table} to {group}"
        for kind, group in groups.items()
        if kind in policy.readers
    ]
    if is_view:
        # a view read with its owner's rights would show rows that its reader may not read
        return [f"alter view {table} set (security_invoker = true)", *grants]
    statements = [f'drop policy "{name}" on {table}' for name in present]
    statements += [
        f"alter table {table} enable row level security",
        # forced, for an owner is otherwise held to no policy
        f"alter table {table} force row level security",
        f"create policy pipeline on {table} to {owner} using (true) with check (true)",
    ]
    kinds = [kind for kind in policy.readers if kind in groups]
    noted = OPERATOR in kinds and policy.is_about_children
    if set(kinds) - (
        {OPERATOR} if noted else set()
    ):  # of a table with a right on it every row is its reader's: what is not goes behind a fence
        if set(policy.readers.values()) != {EVERY_ROW} or policy.is_about_children:
            raise ValueError(
                f"{policy.table}: some rows are not their reader's; it is to lie behind a fence"
            )
        statements.append(
            f"create policy readers on {table} for select to"
            f" {', '.join(groups[kind] for kind in kinds)} using (true)"
        )
    if noted:  # no row is another's to the operator: it needs no fence, but what it reads of children is written down
        statements.append(
            # in a select of its own it is noted once a query, and not once a row
            f"create policy operator on {table} for select to {groups[OPERATOR]} using ((select"
            f" access.noted('{policy.table}')))"
        )
    return statements + grants


def _make_groups(connection: Connection) -> dict[str, str]:
    """The group roles, quoted, by kind; made where they are missing. Without the right to make them
    there are no readers.
    """
    database = connection.exec_driver_sql("select current_database()").scalar_one()
    names = {kind: group_role(database, kind) for kind in (*KINDS, OPERATOR)}
    present = set(
        connection.execute(
            sa.text("select rolname from pg_roles where rolname = any(:names)"),
            {"names": list(names.values())},
        ).scalars()
    )
    may = connection.exec_driver_sql(
        "select rolcreaterole or rolsuper from pg_roles where rolname = current_user"
    ).scalar_one()
    for name in names.values():
        if name not in present and may:
            role = quoted(connection, name)
            connection.exec_driver_sql(
                f"create role {role} nologin nosuperuser nocreatedb nocreaterole noreplication"
                " nobypassrls"
            )
    return {
        kind: quoted(connection, name) for kind, name in names.items() if name in present or may
    }


def _close_the_other_databases(connection: Connection) -> None:
    """A login has no business in the server's other databases: those of our own, and the server's
    two, are closed to everybody whom no grant names.

    Others' databases are theirs to close; `grant` names those that a login could enter.
    """
    # where nobody ever granted anything there is no list, and the server's default lets everybody
    # in
    others = connection.execute(
        sa.text(
            "select d.datname from pg_database as d where d.datallowconn and d.datname <>"
            " current_database() and pg_has_role(current_user, d.datdba, 'usage') and (d.datdba ="
            " (select r.oid from pg_roles as r where r.rolname = current_user) or d.datname in"
            " ('postgres', 'template1')) and exists (select from aclexplode(coalesce(d.datacl,"
            " acldefault('d', d.datdba))) as a where a.grantee = 0)"
        )
    ).scalars()
    # all of them first: what follows is asked on the same connection
    for name in list(others):
        with (
            suppress(sa.exc.DBAPIError),
            connection.begin_nested(),
        ):  # it may go, or be changed, at this moment
            connection.exec_driver_sql(
                f"revoke all on database {quoted(connection, name)} from public"
            )


def _close_the_database(connection: Connection) -> None:
    """Take away what every server gives everybody: connecting, temporary tables, large objects.
    Only whom a login was made for comes in.
    """
    database = connection.exec_driver_sql("select current_database()").scalar_one()
    is_ours = connection.exec_driver_sql(
        "select pg_has_role(current_user, datdba, 'usage') from pg_database where datname ="
        " current_database()"
    ).scalar_one()
    _close_the_other_databases(connection)
    if is_ours:
        connection.exec_driver_sql(
            f"revoke all on database {quoted(connection, database)} from public"
        )
        if connection.exec_driver_sql(
            # the schema may be another's, who alone can take a right on it away
            "select pg_has_role(current_user, nspowner, 'usage') from pg_namespace where nspname ="
            " 'public'"
        ).scalar():
            connection.exec_driver_sql("revoke all on schema public from public")
    if connection.exec_driver_sql(
        "select rolsuper from pg_roles where rolname = current_user"
    ).scalar_one():
        functions = ", ".join(f"pg_catalog.{signature}" for signature in _LARGE_OBJECTS)
        connection.exec_driver_sql(f"revoke execute on function {functions} from public")
        _execute(connection, COUNTERS.read_text(encoding="utf-8"))


def counters_are_open(connection: Connection) -> bool:
    """Whether every login may see what the server counts of whole tables, or use up what all share,
    because nobody was there who may close it.
    """
    return bool(
        connection.exec_driver_sql(
            "select has_any_column_privilege('public', 'pg_catalog.pg_stat_all_tables', 'select')"
            " or exists (select from pg_proc where pronamespace = 'pg_catalog'::regnamespace and"
            " proname ~ '^pg_stat_get_' and proname <> 'pg_stat_get_activity' and"
            " has_function_privilege('public', oid, 'execute'))"
            " or has_function_privilege('public', 'pg_catalog.pg_relation_size(regclass, text)',"
            " 'execute') or has_function_privilege('public', 'pg_catalog.pg_advisory_lock(bigint)',"
            " 'execute') or has_column_privilege('public', 'pg_catalog.pg_class', 'reltuples',"
            " 'select')"
        ).scalar()
    )
