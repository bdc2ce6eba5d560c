"""Attacks: every kind of login, against every relation that the catalogue has, by every way we know
of. Nothing of others may come back.

What comes back is everything that a client gets: rows, plans, notices, error messages. A row of
another authority bears `canary-358` alone; a row to which the authority 356 is a party bears both
marks, or its own alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from assets.access.rights import LAYERS, group_role
from assets.warehouse.about_children import is_about_children
from assets.warehouse.models import models
from tests.access.conftest import SCHEMAS, WHOLE, Filled

READS = [
    "select * from {r}",
    "select t.* from {r} as t where t::text not like '%356%'",
    "select count(*) from only {r} where {r}::text like '%358%'",
    "table {r}",
    "copy (select * from {r}) to stdout",
    "explain (analyze, verbose, buffers, format json) select * from {r}",
    "explain (analyze, verbose) select t::text from {r} as t where t::text like '%canary-358%'",
    "select query_to_xml('select * from {r}', true, true, '')",
    "select table_to_xml('{r}', true, true, '')",
    "select * from {r} tablesample system (100)",
    "begin; declare c cursor for select * from {r}; fetch all from c; commit",
    "prepare p as select * from {r}; execute p; deallocate p",
    (
        "do $$ declare x record; begin for x in select * from {r} loop raise notice '%', x; end"
        " loop; end $$"
    ),
    (
        "do $$ declare x record; begin for x in execute 'select * from {r}' loop raise exception"
        " '%', x; end loop; end $$"
    ),
    # operators and casts that tell what they are given, or whether there is something to be given
    "select * from {r} as t where cast(t::text as integer) = 1",
    (
        "select * from {r} as t where 1 / (case when t::text like '%canary-356%' then 1 else 0"
        " end) = 1"
    ),
    "select * from {r} as t where t::text::regclass is not null",
    (
        "select * from {r} as t where (t::text ~ 'canary-358') and pg_sleep(0) is not null and"
        " (t::text)::json is not null"
    ),
    "select json_agg(t) from {r} as t",
    "with recursive x as (select * from {r}) select * from x",
    "select s.* from {r} as t cross join lateral (select t::text) as s",
    "set row_security = off; select * from {r}",
]
"""Ways to read a relation `{r}`."""

WRITES = [
    "insert into {r} default values",
    "delete from {r}",
    "truncate {r}",
    "select * from {r} for update",
    "alter table {r} disable row level security",
    "alter table {r} no force row level security",
    "create policy mine on {r} using (true)",
    "alter table {r} owner to current_user",
    "drop policy pipeline on {r}",
    "create view public.mine as select * from {r}",
    "create view curated.mine as select * from {r}",
    "create materialized view pg_temp.mine as select * from {r}",
    "create temporary table mine as select * from {r}",
    "create temporary table mine (like {r} including all)",
    "create index on {r} ((1))",
    "create rule mine as on select to {r} do instead select 1",
    (
        "create trigger mine after insert on {r} execute function"
        " pg_catalog.suppress_redundant_updates_trigger()"
    ),
    "lock table {r} in access exclusive mode",
    "comment on table {r} is 'mine'",
    "copy {r} to '/tmp/observatory-attack'",
    "copy {r} to program 'cat > /tmp/observatory-attack'",
    "copy {r} from program 'echo 1'",
]
"""Ways to change a relation, its rights or its rules, or to carry it off. Each must be refused."""

REFUSED = [
    "create schema mine", "create table public.mine (a text)", "create table core.mine (a text)", "create temporary table mine (a text)",
    "create function public.f() returns text language sql as 'select 1::text'",
    "create function pg_temp.f(text) returns bool language sql as 'select true'",
    "create extension dblink", "create extension postgres_fdw", "create extension file_fdw", "load 'dblink'",
    "create foreign data wrapper mine", "create server mine foreign data wrapper mine",
    "create event trigger mine on ddl_command_end execute function f()",
    "create language plperlu", "create publication mine for all tables", "create subscription mine connection '' publication x",
    "create role mine", "alter role current_user superuser", "alter role current_user bypassrls", "alter role current_user createrole",
    "alter role {other} password 'mine'", "alter role {other} set role to {other}", "alter role {owner} password 'mine'", "drop role {other}",
    "grant {group} to {other}", "grant {owner} to current_user", "grant {other} to current_user", "alter group {group} add user {other}",
    "alter system set log_min_messages = 'panic'", "set log_min_messages = 'panic'", "set session_replication_role = 'replica'",
    "set log_statement = 'none'", "set zero_damaged_pages = on", "set session_preload_libraries = 'x'",
    "alter database {database} set row_security = off", "alter database {database} owner to current_user",
    "set role {other}", "set role {owner}", "set session authorization {other}", "set session authorization {owner}",
    "set role observatory", "set role pg_read_all_data", "set role pg_read_server_files", "set role pg_execute_server_program",
    "select set_config('role', '{other}', false)", "select set_config('session_authorization', '{other}', false)",
    "select pg_read_file('/etc/passwd')", "select pg_read_file('postgresql.conf')", "select pg_read_binary_file('PG_VERSION')",
    "select pg_ls_dir('.')",
    "select pg_ls_logdir()", "select pg_ls_waldir()", "select pg_stat_file('PG_VERSION')", "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/observatory-attack')", "select * from pg_authid", "select * from pg_shadow", "select * from pg_statistic",
    "select * from pg_statistic_ext_data", "select * from pg_hba_file_rules", "select * from pg_file_settings", "select pg_reload_conf()",
    "select pg_rotate_logfile()", "select pg_switch_wal()", "select pg_create_logical_replication_slot('mine', 'test_decoding')",
    "select pg_backup_start('x')", "select * from pg_config()", "select access.append_only()", "select access.noted('core.child')",
    "select * from access.secret", "select * from access.login", "select * from access.stop_list", "select * from access.event",
    "delete from access.reading",
    "insert into access.login (login, kind, authority_code, granted_by) values (current_user, 'authority', '358', 'me')",
    "update access.login set authority_code = '358'", "select database_to_xml(true, true, '') from raw.submission",
    "alter function access.noted(text) owner to current_user",
    "reassign owned by {owner} to current_user", "drop owned by {owner}", "security label on table core.child is 'x'",
    "checkpoint", "reindex database {database}", "import foreign schema x from server y into public",
]  # fmt: skip
"""What is refused whatever it is tried on."""

LOOKS = [
    "select * from pg_stats", "select * from pg_stats_ext", "select * from pg_stats_ext_exprs", "select * from pg_stat_activity",
    "select * from pg_stat_user_tables", "select * from pg_sequences", "select * from pg_prepared_statements", "select * from pg_cursors",
    "select * from pg_prepared_xacts", "select * from pg_locks", "select * from pg_stat_replication", "select * from pg_largeobject_metadata",
    "select loid from pg_largeobject", "select * from pg_settings", "select * from information_schema.tables", "select * from pg_policies",
    "select proname, prosrc from pg_proc where pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)",
    "select pg_get_viewdef(oid) from pg_class where relkind = 'v'", "select * from pg_description", "select * from pg_constraint",
    "select pg_get_expr(adbin, adrelid) from pg_attrdef", "select * from pg_enum", "select * from pg_foreign_table", "select * from pg_user_mappings",
    "select schema_to_xml('core', true, true, '')", "select schema_to_xml('curated', true, true, '')", "select database_to_xml(true, true, '')",
    "select * from pg_stat_get_activity(null)", "select pg_stat_get_backend_activity(s.i) from generate_series(1, 50) as s (i)",
    "select * from pg_catalog.pg_stat_statements", "select ts_stat('select to_tsvector(t::text) from core.child as t')",
    "select * from ts_stat('select to_tsvector(t::text) from core.child as t')", "select * from crosstab('select * from core.child')",
]  # fmt: skip
"""Catalogues and functions that may be looked at, and must not tell."""


class Everything:
    """All that a session gets back, as one text: rows, messages, notices."""

    def __init__(self, session: psycopg.Connection) -> None:
        self.session = session
        self.notices: list[str] = []
        session.add_notice_handler(lambda notice: self.notices.append(notice.message_primary or ""))

    def __call__(self, statement: str) -> tuple[str, bool]:
        """What came back, and whether the statement was refused."""
        self.notices.clear()
        said: list[str] = []
        refused = False
        try:
            if statement.startswith("copy (") or (
                statement.startswith("copy ") and statement.endswith("to stdout")
            ):
                with self.session.cursor() as cursor, cursor.copy(statement) as copy:
                    said += [bytes(block).decode() for block in copy]
            else:
                cursor = self.session.execute(statement)
                while True:
                    if cursor.description:
                        said += [str(row) for row in cursor]
                    if not cursor.nextset():
                        break
        except psycopg.Error as error:
            refused = True
            said += [str(error), str(error.diag.message_detail), str(error.diag.context)]
        if self.session.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.session.execute("rollback")
        return "\n".join([*said, *self.notices]), refused


@contextmanager
def everything(filled: Filled, who: str) -> Iterator[Everything]:
    with filled.connect(who) as session:
        yield Everything(session)


def leaks(said: str, statement: str) -> list[str]:
    """What is another authority's alone in what came back; what the attacker wrote itself does not
    count.
    """
    said = said.replace(statement, "").replace("'%canary-358%'", "").replace("%canary-358%", "")
    return [
        hit for hit in re.findall(r"(?:canary-\d{3}-?)+", said) if hit.rstrip("-") == "canary-358"
    ][:3]


def closed_to(filled: Filled, who: str) -> list[str]:
    """The relations of which a login must never get another authority's row."""
    found = []
    for schema, name, kind in filled.relations():
        relation = f"{schema}.{name}"
        if kind == "S" or schema == "published":
            continue
        if who in {"region", "engineer"}:
            children = is_about_children(filled.columns(schema, name))
            readable = (
                schema == "curated"
                or schema == "core"
                or (who == "engineer" and schema in {"raw", "staging"})
            )
            if readable and not children:
                continue
        elif relation in WHOLE:
            continue
        found.append(relation)
    return found


@pytest.mark.parametrize("who", ["stockport", "region", "engineer", "public"])
def test_no_way_of_reading_gives_anothers_row(filled, who):
    assert leaked_to(filled, who) == []


def leaked_to(filled: Filled, who: str) -> list[tuple[str, str]]:
    """Each way of reading that gave a login what it must never get, with what came back."""
    relations = closed_to(filled, who)
    assert {"core.child", "core.placement", "raw.ssda903_episodes", "access.secret"} <= set(
        relations
    )
    leaked: list[tuple[str, str]] = []
    with everything(filled, who) as get:
        for relation in relations:
            first, refused = get(f"select * from {relation}")
            ways = (
                READS
                if not refused
                else [READS[0], READS[4], READS[6], READS[7], READS[13], READS[15], READS[21]]
            )
            for way in ways:
                statement = way.format(r=relation)
                said, _ = get(statement)
                if leaks(said, statement) or "division by zero" in said:
                    leaked.append((statement, str(leaks(said, statement)) or said[:200]))
            get("reset row_security")
    return leaked


@pytest.mark.parametrize("who", ["stockport", "engineer", "public"])
def test_no_reader_changes_carries_off_or_unlocks_a_relation(filled, who):
    done = []
    with everything(filled, who) as get:
        get("set default_transaction_read_only = off")
        for schema, name, kind in filled.relations():
            if kind == "S" or schema not in SCHEMAS:
                continue
            for way in WRITES:
                said, refused = get(way.format(r=f'{schema}."{name}"'))
                if not refused or leaks(said, way):
                    done.append(way.format(r=f"{schema}.{name}"))
    assert done == []


@pytest.mark.parametrize("who", ["stockport", "region", "engineer", "public"])
def test_nobody_becomes_somebody_else_or_reaches_the_server(filled, who):
    database = filled.warehouse.scalar("select current_database()")
    words = {
        "other": filled.names["trafford"], "owner": filled.warehouse.scalar("select current_user"), "database": database,
        "group": group_role(database, "authority" if who != "stockport" else "engineer"),
    }  # fmt: skip
    done = []
    with everything(filled, who) as get:
        get("set default_transaction_read_only = off")
        for way in REFUSED:
            if who == "engineer" and "raw.submission" in way:
                continue
            said, refused = get(way.format(**words))
            if not refused or leaks(said, way):
                done.append((way, said[:100]))
    assert done == []


@pytest.mark.parametrize("who", ["stockport", "public"])
def test_the_catalogue_tells_nothing_of_others(filled, who):
    with everything(filled, who) as get:
        for way in LOOKS:
            said, _ = get(way)
            assert leaks(said, way) == [], way
            assert filled.warehouse.scalar("select value from access.secret") not in said


def test_statistics_of_closed_tables_are_hidden(filled):
    with filled.connect("stockport") as session:
        shown = {
            row[0]
            for row in session.execute(
                "select schemaname || '.' || tablename from pg_stats where schemaname = any(%s)",
                [list(LAYERS)],
            )
        }
    assert shown <= {
        "published.release",
        "published.cell",
    }, "PostgreSQL hides the statistics of tables whose rows are chosen by policy"


def test_setting_the_role_to_ones_group_shows_no_more(filled):
    group = group_role(filled.warehouse.scalar("select current_database()"), "authority")
    with filled.connect("stockport") as session:
        before = session.execute("select count(*) from core.child").fetchone()
        session.execute(f'set role "{group}"')
        assert session.execute("select count(*) from core.child").fetchone() == (0,), (
            "the group is no authority: it has no children"
        )
        session.execute("reset role")
        assert session.execute("select count(*) from core.child").fetchone() == before != (0,)


def test_what_a_user_may_set_changes_nothing(filled):
    with filled.connect("stockport") as session:
        before = session.execute("select count(*) from core.child").fetchone()
        for setting in (
            "observatory.authority",
            "access.authority_code",
            "request.jwt.claims",
            "role.authority_code",
        ):
            session.execute(f"set {setting} = '358'")
        session.execute("set search_path = pg_temp, public, core")
        assert session.execute("select count(*) from child").fetchone() == before


def test_a_reader_cannot_keep_the_pipeline_waiting(filled):
    with filled.connect("public") as session, filled.warehouse.engine.connect() as patient:
        for number in (724_611_901, 0, 1):
            with suppress(
                psycopg.errors.InsufficientPrivilege
            ):  # where its administrator closed them
                session.execute("select pg_advisory_lock(%s)", [number])
        patient.exec_driver_sql("set lock_timeout = '2s'")
        with filled.warehouse.writing() as connection:
            assert connection.exec_driver_sql("select 1").scalar() == 1


def test_the_owner_of_nothing_can_make_no_large_object_on_our_own_server(filled):
    if filled.kind != "embedded":
        pytest.skip("the rights on PostgreSQL's own functions are its administrator's")
    with everything(filled, "public") as get:
        get("set default_transaction_read_only = off")
        for way in (
            "select lo_create(0)",
            "select lo_creat(-1)",
            "select lo_from_bytea(0, 'x')",
            "select lo_get(1)",
        ):
            assert get(way)[1], way


def test_foreign_keys_and_sequences_are_no_way_in(filled):
    assert [name for _, name, kind in filled.relations() if kind == "S"] == [], (
        "a sequence would count what others do"
    )
    with everything(filled, "stockport") as get:
        get("set default_transaction_read_only = off")
        for schema, name in (
            relation for relation in models() if relation[0] in {"core", "curated"}
        ):
            said, refused = get(f"create table public.mine (a text references {schema}.{name})")
            assert refused and not leaks(said, "")
