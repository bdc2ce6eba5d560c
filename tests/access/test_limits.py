"""Limits: what a login cannot lift, what ends when it should, what the operator's own question may
do, and a record that no rotation loses.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import shutil
import socket
import threading
import time
from contextlib import suppress

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.engine import make_url

import pipelines.command as command
from assets.access import logins, watch
from assets.common import audit
from resources.warehouse import Warehouse
from tests.access.conftest import OTHER, Filled


@pytest.fixture
def ask(filled, monkeypatch, tmp_path):
    """The command, on the filled warehouse."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", filled.warehouse.url)
    monkeypatch.setenv("OBSERVATORY_SERVER_LOG", str(filled.log))
    return lambda *arguments: CliRunner().invoke(command.cli, list(arguments))


# --- rotation and revocation
# ---------------------------------------------------------------------------


def test_a_new_password_undoes_what_the_login_set_for_itself(filled):
    """Who had the old password may have set for good what keeps its owner out, or lifts its limits."""
    name = "set_for_good"
    filled.names["own"], filled.passwords["own"] = (
        name,
        logins.grant(filled.warehouse, name, "public"),
    )
    with filled.connect("own") as session:
        session.execute("set default_transaction_read_only = off")
        session.execute(f"alter role {name} set local_preload_libraries = 'nowhere'")
        session.execute(f"alter role {name} set search_path = 'pg_temp'")
        session.execute(
            f"alter role {name} in database"
            f" {filled.warehouse.scalar('select current_database()')} set statement_timeout = 0"
        )
    with pytest.raises(psycopg.OperationalError):
        filled.connect("own")
    filled.passwords["own"] = logins.rotate(filled.warehouse, name)
    with filled.connect("own") as session:
        begun = [
            session.execute(f"show {what}").fetchone()[0]
            for what in ("statement_timeout", "default_transaction_read_only", "search_path")
        ]
    assert begun == ["1min", "on", "curated, core, published"]
    if filled.kind == "embedded":
        assert not logins.lacks_limits(filled.warehouse, name)
    logins.revoke(filled.warehouse, name)
    del filled.names["own"], filled.passwords["own"]


def test_no_session_outlives_the_password_it_was_begun_with(filled):
    """Somebody keeps coming in with the old password while it is changed: what is open after was
    begun with the new one.
    """
    if filled.kind == "embedded":
        pytest.skip("the embedded server asks for no password")
    for _ in range(4):
        name = "raced"
        filled.names["raced"], filled.passwords["raced"] = (
            name,
            logins.grant(filled.warehouse, name, "public"),
        )
        kept: list[psycopg.Connection] = []
        over = threading.Event()

        def come_in(kept: list[psycopg.Connection] = kept, over: threading.Event = over) -> None:
            while not over.is_set():
                try:
                    kept.append(filled.connect("raced"))
                except psycopg.OperationalError:
                    time.sleep(0.001)

        threads = [threading.Thread(target=come_in) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        try:
            logins.rotate(filled.warehouse, name)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        alive = 0
        for session in kept:
            try:
                session.execute("select 1")
                alive += 1
            except psycopg.Error:
                pass
        logins.revoke(filled.warehouse, name)
        del filled.names["raced"], filled.passwords["raced"]
        assert kept and alive == 0


def test_who_is_slow_to_come_in_with_the_old_password_is_put_out(filled):
    """A session that was being let in when the password changed is there only after: the exchange
    of passwords is held up on its way.
    """
    if filled.kind == "embedded":
        pytest.skip("the embedded server asks for no password")
    name = "slow"
    filled.passwords["slow"] = logins.grant(filled.warehouse, name, "public")
    filled.names["slow"] = name
    url = make_url(filled.address("slow"))
    go_on, came_in = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as between:

        def pass_on() -> None:
            client, _ = between.accept()
            server = socket.create_connection((url.host, url.port))
            for turn in range(2):  # the startup, then the client's first word of the exchange
                server.sendall(client.recv(65536))
                client.sendall(server.recv(65536))
                del turn
            last = client.recv(65536)
            go_on.wait()
            server.sendall(last)
            threading.Thread(target=lambda: _copy(client, server), daemon=True).start()
            _copy(server, client)

        def connect() -> None:
            try:
                session = psycopg.connect(
                    filled.address("slow").replace(f":{url.port}/", f":{between.getsockname()[1]}/")
                    + "?sslmode=disable&gssencmode=disable"
                )
                time.sleep(0.5)
                session.execute("select 1")
                came_in.append(session)
            except psycopg.Error:
                pass

        threads = [
            threading.Thread(target=pass_on, daemon=True),
            threading.Thread(target=connect, daemon=True),
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        threading.Timer(1.0, go_on.set).start()
        logins.rotate(filled.warehouse, name)
        threads[1].join(timeout=10)
    logins.revoke(filled.warehouse, name)
    del filled.names["slow"], filled.passwords["slow"]
    assert go_on.is_set() and came_in == []


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


@pytest.fixture
def administrator(filled, request):
    """A session of the server's administrator in a database of the server."""

    def session(database: str) -> psycopg.Connection:
        if filled.kind == "postgres15":
            return request.getfixturevalue("remote").superuser(database)
        url = make_url(filled.warehouse.url).set(drivername="postgresql", database=database)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    return session


def test_a_login_that_cannot_go_is_closed_and_that_is_said_and_recorded(filled, ask, administrator):
    with administrator("postgres") as session:
        for name in ("owns_here", "owns_elsewhere", "is_gone"):
            logins.grant(filled.warehouse, name, "regional")
        session.execute("drop database if exists elsewhere")
        session.execute("create database elsewhere owner owns_elsewhere")
    with administrator(make_url(filled.warehouse.url).database) as session:
        session.execute("create schema if not exists of_its_own authorization owns_here")
        session.execute("drop owned by is_gone")
        session.execute("drop role is_gone")
    for name, says in (
        ("owns_here", "come in no more"),
        ("owns_elsewhere", "The server keeps the role"),
        ("is_gone", "no role of that name any more"),
    ):
        result = ask("grant", name, "--revoke")
        assert result.exit_code == 0 and says in result.output, (result.output, result.exception)
        assert (
            filled.warehouse.scalar(
                "select count(*) from access.event where what = 'revoked' and subject = :n", n=name
            )
            >= 1
        )
        assert name not in ask("grant", "--list").output
    rights = (
        "select rolcanlogin, pg_has_role(oid, :group, 'member') from pg_roles where rolname ="
        " 'owns_elsewhere'"
    )
    group = filled.warehouse.scalar("select current_database()") + "_regional"
    assert [tuple(row) for row in filled.warehouse.rows(rights, group=group)] == [(False, False)]
    with administrator("postgres") as session:
        session.execute("drop database elsewhere")
        session.execute("drop role owns_elsewhere")


# --- other databases
# ------------------------------------------------------------------------------------


def test_a_login_enters_no_other_database(filled, ask):
    name = "looks_around"
    result = ask("grant", name, "--public")
    password = next(
        line.split()[-1] for line in result.output.splitlines() if line.startswith("Password:")
    )
    entered = []
    for row in filled.warehouse.rows(
        "select datname from pg_database where datallowconn and datname <> current_database()"
    ):
        url = make_url(filled.warehouse.url).set(
            drivername="postgresql", username=name, password=password, database=row.datname
        )
        with suppress(psycopg.OperationalError):
            psycopg.connect(url.render_as_string(hide_password=False)).close()
            entered.append(row.datname)
    if filled.kind == "embedded":
        assert entered == []
    else:  # they are not the pipeline's to close: it says so
        assert set(entered) <= set(logins.other_databases(filled.warehouse, name))
        assert (
            all(database in result.output for database in entered)
            and "revoke connect" in result.output
        )
    logins.revoke(filled.warehouse, name)


# --- disk and time
# -------------------------------------------------------------------------------------


def test_a_reader_cannot_fill_the_disk_with_temporary_files(filled, ask, request):
    if filled.kind == "postgres15":
        name = "fills_the_disk"
        assert "temp_file_limit" in ask("grant", name, "--public").output, (
            "where it cannot be set, it is said"
        )
        logins.revoke(filled.warehouse, name)
        with request.getfixturevalue("remote").superuser("postgres") as session:
            session.execute("grant set on parameter temp_file_limit to pipeline")
    filled.names["filler"], filled.passwords["filler"] = (
        "filler",
        logins.grant(filled.warehouse, "filler", "public"),
    )
    try:
        assert not logins.lacks_limits(filled.warehouse, "filler")
        with filled.connect("filler") as session:
            for statement in (
                "set temp_file_limit = -1",
                "set temp_file_limit = '100GB'",
                "reset temp_file_limit",
            ):
                if statement.startswith("set"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        session.execute(statement)
            session.execute("set statement_timeout = 0")
            session.execute("set work_mem = '64kB'")
            session.execute("set max_parallel_workers_per_gather = 0")
            with pytest.raises(
                psycopg.errors.ConfigurationLimitExceeded, match="temporary file size exceeds"
            ):
                session.execute(
                    "select count(*) from (select repeat('x', 1000) || i from generate_series(1,"
                    " 600000) as i order by 1 offset 1) as t"
                )
    finally:
        logins.revoke(filled.warehouse, "filler")
        del filled.names["filler"], filled.passwords["filler"]


def test_what_a_reader_lets_run_beyond_the_limits_is_ended(filled):
    stuck: dict[str, psycopg.Connection] = {}
    for who, statement in (("public", "select pg_sleep(600)"), ("region", "begin; select 1")):
        stuck[who] = filled.connect(who)
        stuck[who].execute("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
        thread = threading.Thread(target=_execute, args=(stuck[who], statement), daemon=True)
        thread.start()
    with filled.connect("stockport") as innocent:
        innocent.execute("select 1")
        time.sleep(1.5)
        assert watch.end_what_runs_too_long(filled.warehouse) == []
        ended = dict(
            watch.end_what_runs_too_long(
                filled.warehouse, statement_seconds=1, transaction_seconds=1
            )
        )
        assert ended == {
            filled.names["public"]: "a statement ran too long",
            filled.names["region"]: "a transaction was open too long",
        }
        assert innocent.execute("select 1").fetchone() == (1,)
    for session in stuck.values():
        with pytest.raises(psycopg.Error):
            session.execute("select 1")
    assert filled.warehouse.scalar("select count(*) from access.event where what = 'ended'") >= 2
    members = (
        "select count(*) from pg_auth_members as m inner join pg_roles as r on r.oid = m.roleid"
        " where r.rolname like 'filled\\_%'"
    )
    assert (
        filled.warehouse.scalar(
            members + " and pg_get_userbyid(m.member) = current_user and not m.admin_option"
        )
        == 0
    )


def _execute(session: psycopg.Connection, statement: str) -> None:
    with suppress(psycopg.Error):
        session.execute(statement)


def test_serve_watches_until_it_ends(filled, monkeypatch):
    looks = []
    monkeypatch.setattr(watch, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(watch, "end_what_runs_too_long", lambda _: looks.append(1))
    with watch.watching(filled.warehouse, None):
        time.sleep(0.5)
    seen = len(looks)
    assert seen >= 2
    time.sleep(0.3)
    assert len(looks) == seen


# --- the operator's question
# ----------------------------------------------------------------------------


def test_the_operator_reads_everything_under_the_names_that_readers_use(filled, ask):
    ask("query", "select count(*) from core.child")
    audit.gather(filled.warehouse, filled.log)
    for relation in ("raw.placement_census", "raw.finding", "staging.placement_census", "core.child", "curated.weekly_cost", "published.cell",
                     "raw.quarter", "raw.released_count", "access.event", "access.reading"):  # fmt: skip
        result = ask("query", f"select count(*) as n from {relation}", "--format", "csv")
        assert result.exit_code == 0 and int(result.stdout.split()[-1]) > 0, (
            relation,
            result.output,
            result.exception,
        )
    result = ask(
        "query", "select distinct authority_code from core.child order by 1", "--format", "csv"
    )
    assert OTHER in result.output


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to program 'touch {path}'",
        "copy (select 1) to '{path}'",
        "select pg_read_file('/etc/passwd')",
        "select lo_export(1, '{path}')",
        "select pg_ls_dir('/')",
        "select value from access.secret",
        "select check_value from access.key_check",
        "select child_key from access.stop_list",
        "select * from core_rows.child",
        (
            "with a as materialized (select set_config('transaction_read_only', 'off', true))"
            " select 1 from a, core.child"
        ),
        "select set_config('session_authorization', 'observatory', true)",
        "select rolpassword from pg_authid",
        "alter system set work_mem = '1GB'",
        "create role mine superuser",
        "delete from access.event",
    ],
)
def test_the_operators_question_can_do_nothing_but_read(ask, tmp_path, sql):
    path = tmp_path / "written"
    result = ask("query", sql.format(path=path), "--format", "csv")
    assert not path.exists()
    if "transaction_read_only" not in sql:  # the borrowed login has nothing it could write
        assert result.exit_code != 0, result.output


def test_what_the_operator_reads_of_children_is_in_the_record(filled, ask):
    for relation in ("core.child", "raw.placement_census"):
        assert ask("query", f"select count(*) from {relation}").exit_code == 0
    audit.gather(filled.warehouse, filled.log)
    read = {
        (row.login, row.table_name)
        for row in filled.warehouse.rows("select login, table_name from access.reading")
    }
    assert {
        (f"operator {audit.actor()}", "core.child"),
        (f"operator {audit.actor()}", "raw.placement_census"),
    } <= read


def test_an_operator_who_may_make_no_logins_is_told_with_what_rights_it_asks(
    remote, monkeypatch, tmp_path
):
    with remote.superuser("postgres") as session:
        session.execute("create role without_createrole login password 'only for the tests'")
        session.execute("create database without15 owner without_createrole")
    url = (
        make_url(remote.database("unused15"))
        .set(username="without_createrole", database="without15")
        .render_as_string(hide_password=False)
    )
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", url)
    result = CliRunner().invoke(
        command.cli, ["query", "select count(*) from raw.authority", "--format", "csv"]
    )
    assert result.exit_code == 0 and "may make no logins" in result.stderr
    assert CliRunner().invoke(command.cli, ["query", "delete from raw.authority"]).exit_code != 0
    with Warehouse(url) as warehouse:
        assert warehouse.scalar("select count(*) from access.event where what = 'asked'") == 2


# --- the record
# ----------------------------------------------------------------------------------------


@pytest.fixture
def log(filled, tmp_path):
    """A copy of the server's log, to be rotated; and a way to have more readings written to it."""
    path = tmp_path / "logs" / "postgresql.log"
    path.parent.mkdir()
    path.touch()
    position = filled.log.stat().st_size

    def read(times: int) -> None:
        nonlocal position
        with filled.connect("stockport") as session:
            for _ in range(times):
                session.execute("select count(*) from core.child")
        with filled.log.open("rb") as source, path.open("ab") as target:
            source.seek(position)
            target.write(source.read())
            position = source.tell()

    return path, read


def count(filled: Filled) -> int:
    return filled.warehouse.scalar("select count(*) from access.reading")


@pytest.mark.parametrize(
    "way",
    ["renamed", "copied and emptied", "copied and emptied and grown", "packed", "twice", "dated"],
)
def test_no_reading_is_lost_or_counted_twice_when_the_log_is_rotated(filled, log, way):
    path, read = log
    read(3)
    before = count(filled)
    assert audit.gather(filled.warehouse, path).readings == 3
    read(2)  # not gathered yet
    rotated = path.with_name(path.name + ("-20260101" if way == "dated" else ".1"))
    if way.startswith("copied"):
        shutil.copy(path, rotated)
        os.truncate(path, 0)
    else:
        path.rename(rotated)
        path.touch()
    if way == "twice":
        read(1)
        rotated.rename(path.with_name(path.name + ".2"))
        path.rename(rotated)
        path.touch()
    if way == "packed":
        with gzip.open(f"{rotated}.gz", "wb") as packed:
            packed.write(rotated.read_bytes())
        rotated.unlink()
    read(20 if way.endswith("grown") else 1)
    found = audit.gather(filled.warehouse, path)
    new = {"twice": 4, "copied and emptied and grown": 22}.get(way, 3)
    assert (found.readings, found.has_gap) == (new, False)
    assert count(filled) == before + 3 + new
    again = audit.gather(filled.warehouse, path)
    assert (again.readings, again.forged, again.has_gap) == (0, 0, False)


def test_a_log_that_went_before_it_was_gathered_is_told_of(filled, log):
    path, read = log
    read(2)
    audit.gather(filled.warehouse, path)
    path.unlink()
    path.touch()
    read(1)
    assert audit.gather(filled.warehouse, path).has_gap


def test_a_log_that_a_reader_fills_is_given_back_to_the_disk_and_loses_nothing(filled, log):
    path, read = log
    read(2)
    with path.open("ab") as file:
        for _ in range(40):
            file.write(b"x" * 1_000_000 + b"\n")
    read(2)
    before = count(filled)
    if not audit.keep_small(filled.warehouse, path, largest=10_000_000):
        pytest.skip("this file system makes no holes")
    assert path.stat().st_blocks * 512 < 10_000_000
    read(1)
    audit.gather(filled.warehouse, path)
    assert count(filled) == before + 5


def test_a_packed_log_is_unpacked_once_whatever_it_is_called_by_then(filled, log, monkeypatch):
    path, read = log
    for number in range(3):
        read(1)
        with gzip.open(path.with_name(f"{path.name}.{number}.gz"), "wb") as packed:
            packed.write(path.read_bytes())
        os.truncate(path, 0)
    read(1)
    opened, begun_anew = [], []
    unpack, rewind = gzip.open, gzip._GzipReader._rewind
    monkeypatch.setattr(
        "assets.common.audit.gzip.open",
        lambda name, *rest: opened.append(name) or unpack(name, *rest),
    )
    monkeypatch.setattr(
        "gzip._GzipReader._rewind", lambda packed: begun_anew.append(packed) or rewind(packed)
    )
    assert audit.gather(filled.warehouse, path).readings == 4
    assert len(opened) == 3
    read(1)
    for number in (2, 1, 0):
        path.with_name(f"{path.name}.{number}.gz").rename(
            path.with_name(f"{path.name}.{number + 1}.gz")
        )
    again = audit.gather(filled.warehouse, path)
    assert (again.readings, again.has_gap) == (1, False)
    assert len(opened) == 3, "what has not changed since is not opened"
    with gzip.open(path.with_name(f"{path.name}.0.gz"), "wb") as packed:
        packed.write(path.read_bytes())
    os.truncate(path, 0)
    assert audit.gather(filled.warehouse, path).readings == 0
    assert begun_anew == [], "it is not unpacked again for each place that is known"


@pytest.mark.parametrize("is_known", [True, False], ids=["gathered before", "after an upgrade"])
def test_a_reading_that_was_kept_long_enough_does_not_come_back(filled, log, is_known):
    path, read = log
    read(1)
    secret = filled.warehouse.scalar("select value from access.secret")
    said = json.dumps(
        {
            "at": "2015-03-31T12:00:00+00:00",
            "login": "somebody",
            "table": "core.child",
            "client": "",
        }
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(f"LOG:  observatory-reading {audit._mark(secret, said)} {said}\n")
    found = audit.gather(filled.warehouse, path)
    assert (found.readings, found.forged) == (1, 0)
    if not is_known:
        with filled.warehouse.engine.begin() as connection:
            connection.exec_driver_sql("delete from access.gathered")
    read(1)
    assert audit.gather(filled.warehouse, path).readings == 1
    assert (
        filled.warehouse.scalar("select count(*) from access.reading where read_at < '2016-01-01'")
        == 0
    )


def test_a_log_older_than_readings_are_kept_is_not_opened(filled, log):
    path, read = log
    read(1)
    older = path.with_name(f"{path.name}.1.gz")
    older.write_bytes(b"no gzip at all")
    os.utime(older, (1_000_000_000, 1_000_000_000))
    assert audit.gather(filled.warehouse, path).readings == 1


def test_the_summary_is_a_page_and_the_details_are_all(filled, ask):
    with filled.warehouse.engine.begin() as connection:
        for number in range(400):
            audit.record(connection, audit.SENT, f"{number:016x}", by=f"provider-{number % 80}")
    audit.gather(filled.warehouse, filled.log)
    month = dt.datetime.now(tz=dt.UTC).strftime("%Y-%m")
    short, long = ask("audit", "--month", month), ask("audit", "--month", month, "--details")
    assert short.exit_code == 0, short.exception
    assert len(short.output.splitlines()) < 100 < 400 < len(long.output.splitlines())
    assert any(
        line.split()[0] == "sent" and " of them" in line
        for line in short.output.splitlines()
        if line.strip()
    )
    assert "provider-7 " in long.output and "core.child" in short.output
    assert isinstance(
        filled.warehouse.scalar("select max(happened_at) from access.event"), dt.datetime
    )


def test_what_readers_tell_one_another_cannot_fill_the_disk(filled):
    """What is sent to a channel is kept on the disk until everybody who listens has read it: up to
    8 GB, where nothing is set.
    """
    if filled.kind != "embedded":
        pytest.skip("PostgreSQL 15 has no such limit: docs/security.md says so")
    with filled.connect("public") as listening, filled.connect("stockport") as telling:
        listening.execute("listen anything")
        listening.execute("begin; select 1")
        with pytest.raises(psycopg.OperationalError, match="too many notifications"):
            telling.execute(
                "select count(pg_notify('anything', n || repeat('x', 7000))) from"
                " generate_series(1, 2000) as n"
            )
        listening.execute("rollback")


def test_readers_who_hold_all_the_connections_they_may_leave_the_pipeline_its_own(filled):
    if filled.kind != "embedded":
        pytest.skip(
            "an ordinary owner has connections of its own from PostgreSQL 16 on, where it was given"
            " them: docs/security.md says so"
        )
    held: list[psycopg.Connection] = []
    try:
        for who in filled.names:
            with suppress(psycopg.OperationalError):  # the login's own limit, or the server's
                while True:
                    held.append(filled.connect(who))
        assert len(held) > 50
        for _ in range(12):
            held.append(
                psycopg.connect(
                    filled.warehouse.engine.url.set(drivername="postgresql").render_as_string(
                        hide_password=False
                    )
                )
            )
    finally:
        for session in held:
            session.close()


def test_a_flood_of_readings_is_gathered_faster_than_it_is_made(embedded_warehouse, tmp_path):
    """A login that reads in a loop makes thousands of lines a second: what is gathered one by one
    never catches up, and the log fills the disk.
    """
    secret = embedded_warehouse.scalar("select value from access.secret")
    log, lines = tmp_path / "server.log", []
    for number in range(3000):
        said = json.dumps(
            {
                "at": "2026-11-01T00:00:00+00:00",
                "id": str(number // 2),
                "login": "flood",
                "table": "core.child",
                "client": "",
            }
        )
        lines.append(f"LOG:  observatory-reading {audit._mark(secret, said)} {said}\n")
    log.write_text("".join(lines), encoding="utf-8")
    asked = []
    sa.event.listen(
        embedded_warehouse.engine, "after_cursor_execute", lambda *args: asked.append(args[2])
    )
    assert audit.gather(embedded_warehouse, log).readings == 1500, (
        "each line twice, as in a copied log"
    )
    assert len(asked) < 50
    assert (
        embedded_warehouse.scalar("select count(*) from access.reading where login = 'flood'")
        == 1500
    )
