"""What the server counts and measures of whole tables is none of a reader's: an erasure, or how
many children another has, would show in it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner

import pipelines.command as command
from assets.access import logins, rights
from assets.access.preparing import prepare
from assets.warehouse.building import _measure
from resources.embedded_postgres import binaries
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.conftest import POSTGRES_15

REGION = load_region("north_west")
KEPT = {"pg_stat_activity", "pg_stat_ssl", "pg_stat_gssapi"}
"""Views of sessions: of others' they show no more than that there are some."""


@pytest.fixture(params=["embedded", "postgres15"])
def counted(
    request: pytest.FixtureRequest, servers
) -> Iterator[tuple[Warehouse, psycopg.Connection]]:
    """A warehouse whose counters are closed, and an authority's session: on the server of its own
    its administrator closed them.
    """
    if request.param == "embedded":
        address, name = servers.fresh("embedded"), "counts_embedded"
        warehouse = Warehouse(address)
        prepare(warehouse, REGION)
    else:
        remote = request.getfixturevalue("remote")
        address, name = remote.database("counted15"), "counts_remote"
        warehouse = Warehouse(address)
        prepare(warehouse, REGION)
        with warehouse.reading() as connection:
            assert rights.counters_are_open(connection), "the pipeline is no administrator there"
        for _ in range(2):  # the second time it changes nothing
            with remote.superuser("counted15") as session:
                session.execute(rights.COUNTERS.read_text(encoding="utf-8"))
    password = logins.grant(warehouse, name, "authority", "356")
    url = warehouse.engine.url.set(drivername="postgresql", username=name, password=password)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as session:
        yield warehouse, session
    logins.revoke(warehouse, name)
    warehouse.close()


OF_THE_LOG = (
    "select pg_get_wal_summarizer_state()",
    "select pg_available_wal_summaries()",
    "select pg_wal_summary_contents(1, '0/0', '0/1')",
)
"""Which blocks of which table were written, where the server keeps summaries (from 17 on)."""


def readable(session: psycopg.Connection, statement: str) -> bool:
    try:
        session.execute(statement).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error:
        return True  # it was let in, and asked wrongly
    return True


def test_no_counter_size_or_file_of_a_table_is_a_readers(counted):
    warehouse, session = counted
    views = session.execute(
        "select relname from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind ="
        " 'v' and relname ~ '^pg_stat(io)?_'"
    ).fetchall()
    assert len(views) > 30
    assert {name for (name,) in views if readable(session, f"select * from {name}")} == KEPT
    functions = session.execute(  # asked for nothing (null), a function is not called at all
        "select p.proname from pg_proc as p where p.pronamespace = 'pg_catalog'::regnamespace and"
        " p.proname ~ '^pg_stat_get_' and has_function_privilege(p.oid, 'execute')"
    ).fetchall()
    # nor what another session reads and writes meanwhile
    assert {name for (name,) in functions} == {"pg_stat_get_activity"}
    assert not readable(session, "select pg_stat_get_live_tuples('core_rows.child'::regclass::oid)")
    of_tables = [
        "select pg_relation_size('pg_class'::regclass)", "select pg_table_size('pg_class'::regclass)",
        "select pg_total_relation_size('pg_class'::regclass)", "select pg_indexes_size('pg_class'::regclass)",
        "select pg_database_size(current_database())", "select pg_relation_filenode('pg_class'::regclass)",
        "select pg_relation_filepath('pg_class'::regclass)", "select pg_current_wal_lsn()", "select pg_control_checkpoint()",
        *(of_log for of_log in OF_THE_LOG if warehouse.scalar(f"select to_regproc('{of_log.split('(')[0].removeprefix('select ')}') is not null")),
        *(f"select {column} from pg_class" for column in ("reltuples", "relpages", "relallvisible", "relfilenode")),
        "select * from pg_class", "select c from pg_class as c",
    ]  # fmt: skip
    assert [asked for asked in of_tables if readable(session, asked)] == []


def test_no_reader_sees_who_holds_what_locked(counted):
    _, session = counted
    assert [
        asked
        for asked in ("select * from pg_locks", "select pg_lock_status()")
        if readable(session, asked)
    ] == []


def test_no_reader_uses_up_what_all_share(counted):
    """Locks of one's own fill the memory that every session's locks lie in; messages of one's own
    fill the log of changes.
    """
    warehouse, session = counted
    session.execute("set default_transaction_read_only = off")
    of_that_kind = session.execute(
        "select p.oid::regprocedure::text from pg_proc as p where p.pronamespace ="
        " 'pg_catalog'::regnamespace and p.proname ~"
        " '^pg_(try_)?advisory_(xact_)?lock|^pg_logical_emit_message$' and"
        " has_function_privilege(p.oid, 'execute')"
    ).fetchall()
    assert of_that_kind == []
    with pytest.raises(psycopg.Error):
        session.execute("select count(pg_advisory_lock(n)) from generate_series(1, 200000) as n")
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "create table access.passing (number integer primary key); drop table access.passing"
        )
    assert readable(session, "select pg_advisory_unlock_all()"), (
        "clients that keep sessions in a pool send it"
    )


def test_what_clients_ask_of_the_catalogue_is_answered(counted):
    _, session = counted
    asked = [
        "select c.relname, c.relkind, c.relnamespace::regnamespace, c.tableoid from pg_class as c where c.oid = 'core.child'::regclass",
        "select * from information_schema.tables", "select * from information_schema.columns", "select * from pg_tables",
        "select * from pg_views", "select obj_description('core.child'::regclass, 'pg_class')", "select * from pg_stat_activity",
        "select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a where a.attrelid = 'core.child'::regclass",
        # what drivers' lists of tables, keys, indexes and types (JDBC, ODBC, Npgsql) take of a
        # relation
        "select c.oid, c.relname, c.relkind, c.relhasindex, c.relispartition, c.relhassubclass, c.relhasrules, c.relpersistence, c.relacl, "
        "c.relowner, c.reloptions, c.relrowsecurity, c.reltype, c.relam, c.reltablespace from pg_class as c",
        "select i.*, x.relname from pg_index as i inner join pg_class as x on x.oid = i.indexrelid", "select * from pg_constraint",
        "select t.*, c.relkind from pg_type as t left join pg_class as c on c.oid = t.typrelid", "select * from pg_proc", "select * from pg_roles",
        "select * from pg_namespace", "select * from pg_database", "select * from pg_settings", "select * from pg_description",
        "select * from information_schema.views", "select * from information_schema.table_privileges",
        "select * from information_schema.key_column_usage", "select * from pg_indexes", "select * from pg_extension", "select * from pg_range",
    ]  # fmt: skip
    assert [one for one in asked if not readable(session, one)] == []


LISTS = [
    r"\d", r"\dt", r"\dt *.*", r"\dv", r"\dv *.*", r"\dm", r"\di", r"\ds", r"\dn", r"\dn+", r"\du", r"\du+", r"\dp", r"\df", r"\dT", r"\dd", r"\dx",
    r"\l", r"\d core.child", r"\d curated.*", r"\d+ core.child", r"\d+ published.cell", r"\sv core.child", r"\drds", r"\conninfo",
]  # fmt: skip
SIZES = [r"\dt+", r"\dv+", r"\di+", r"\d+", r"\l+", r"\db+"]
"""What psql asks for sizes for: docs/querying.md says that these are refused, and what to ask
instead.
"""


def test_psql_lists_and_describes_whatever_has_no_size(counted):
    _, session = counted
    at = session.info
    program = (POSTGRES_15 if at.server_version < 160000 else binaries()) / "psql"
    where = [
        f"--host={at.host}",
        f"--port={at.port}",
        f"--username={at.user}",
        f"--dbname={at.dbname}",
        "--no-password",
        "-X",
    ]
    environment = {**os.environ, "PGPASSWORD": at.password}

    def said(commands: list[str]) -> tuple[str, str]:
        asked = [f"--command={command}" for command in commands]
        done = subprocess.run(
            [program, *where, *asked], capture_output=True, text=True, env=environment, check=False
        )
        return done.stdout, done.stderr.replace("Did not find any relations.", "").strip()

    shown, refused = said(LISTS)
    assert "ERROR" not in refused, refused
    assert "setting_vacancies" in shown and "child_key" in shown
    assert [
        command for command in SIZES if "permission denied for function" not in said([command])[1]
    ] == []


def test_the_pipeline_keeps_what_it_plans_by(counted):
    warehouse, _ = counted
    with warehouse.writing() as connection:
        _measure(connection, "raw.submission", 1)
        assert not rights.counters_are_open(connection)
    assert prepare(warehouse, REGION) is False


def test_counters_that_were_closed_by_an_older_file_are_open(servers):
    """It left to every login what another session reads and writes."""
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse, warehouse.writing() as connection:
        assert not rights.counters_are_open(connection)
        grant = "grant execute on function pg_stat_get_backend_pid(integer) to public"
        connection.exec_driver_sql(grant)
        assert rights.counters_are_open(connection)
    servers.drop("embedded", address)


def test_status_says_where_they_are_open(remote, monkeypatch, tmp_path):
    address = remote.database("counted15_open")
    with Warehouse(address) as warehouse:
        prepare(warehouse, REGION)
        warehouse.engine.dispose()
        with warehouse.writing() as connection:
            connection.exec_driver_sql("insert into raw.quarter values ('2025-03-31', '', '')")
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", address)
    said = CliRunner().invoke(command.cli, ["status"]).output
    assert "counters" in said and "counters.sql" in said, said
    with remote.superuser("counted15_open") as session:
        session.execute(rights.COUNTERS.read_text(encoding="utf-8"))
    assert "counters.sql" not in CliRunner().invoke(command.cli, ["status"]).output
