"""Logins: made, changed, taken away, listed and borrowed; and what is written down of them and of
what they read.
"""

from __future__ import annotations

import datetime as dt
import json

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.engine import make_url

import pipelines.command as command
from assets.access import logins
from assets.access.preparing import prepare
from assets.common import audit
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.access.conftest import OTHER, OWN, Filled


@pytest.fixture
def ask(filled, monkeypatch, tmp_path):
    """The command, on the filled warehouse."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", filled.warehouse.url)
    monkeypatch.setenv("OBSERVATORY_SERVER_LOG", str(filled.log))
    return lambda *arguments: CliRunner().invoke(command.cli, list(arguments))


def shown_password(result: Result) -> str:
    return next(
        line.split()[-1] for line in result.output.splitlines() if line.startswith("Password:")
    )


def comes_in(filled: Filled, name: str, password: str) -> bool:
    filled.names["tried"], filled.passwords["tried"] = name, password
    try:
        filled.connect("tried").close()
    except psycopg.OperationalError:
        return False
    finally:
        del filled.names["tried"], filled.passwords["tried"]
    return True


def test_a_login_is_made_rotated_listed_and_taken_away(filled, ask):
    made = ask("grant", "wigan_analyst", "--authority", "Wigan")
    assert made.exit_code == 0, made.exception
    first = shown_password(made)
    assert len(first) >= 32 and comes_in(filled, "wigan_analyst", first)
    listed = ask("grant", "--list").output
    assert "wigan_analyst" in listed and "Wigan" in listed and first not in listed
    second = shown_password(ask("grant", "wigan_analyst", "--rotate"))
    assert second != first and comes_in(filled, "wigan_analyst", second)
    if filled.kind == "postgres15":
        assert not comes_in(filled, "wigan_analyst", first), "the old password is no more"
    assert ask("grant", "wigan_analyst", "--revoke").exit_code == 0
    assert not comes_in(filled, "wigan_analyst", second)
    assert "wigan_analyst" not in ask("grant", "--list").output
    events = filled.warehouse.rows(
        "select what, actor, details from access.event where subject = 'wigan_analyst' order by"
        " happened_at"
    )
    assert [row.what for row in events] == ["granted", "rotated", "revoked"]
    assert (
        events[0].details == {"kind": "authority", "authority_code": "359"}
        and events[0].actor == audit.actor()
    )


def test_a_session_ends_with_its_login(filled):
    filled.names["short"], filled.passwords["short"] = (
        "short_lived",
        logins.grant(filled.warehouse, "short_lived", "public"),
    )
    with filled.connect("short") as session:
        assert session.execute("select count(*) from published.cell").fetchone()
        logins.revoke(filled.warehouse, "short_lived")
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    del filled.names["short"], filled.passwords["short"]


def test_the_server_keeps_a_scram_verifier_and_no_password(filled, remote):
    if filled.kind != "postgres15":
        pytest.skip(
            "the embedded server asks for no password: only this machine's own user reaches it"
        )
    with remote.superuser("postgres") as session:
        kept = session.execute(
            "select rolname, rolpassword from pg_authid where rolname like 'filled_%'"
        ).fetchall()
    assert len(kept) == 5 and all(
        verifier.startswith("SCRAM-SHA-256$4096:") for _, verifier in kept
    )
    assert not any(
        password in remote.log.read_text(errors="replace") for password in filled.passwords.values()
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x y", "--public"], "cannot be a login's name"),
        (["pg_mine", "--public"], "cannot be a login's name"),
        (["filled_public", "--public"], "has a role 'filled_public' already"),
        (["camden", "--authority", "202"], "no authority of this observatory's region"),
        (["nobody", "--authority", "Stokport"], "Did you mean"),
        (["nobody", "--revoke"], "no role 'nobody' that was granted"),
        (["nobody", "--rotate"], "no role 'nobody' that was granted"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_a_wrong_grant_says_what_was_expected(ask, arguments, says):
    result = ask("grant", *arguments)
    assert isinstance(result.exception, ObservatoryError) and says in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [["somebody"], ["somebody", "--public", "--regional"], ["--public"], ["somebody", "--list"]],
)
def test_one_thing_is_granted_at_a_time(ask, arguments):
    assert ask("grant", *arguments).exit_code == 2


def test_an_owner_who_may_make_no_roles_keeps_a_closed_warehouse_and_is_told_what_to_do(remote):
    with remote.superuser("postgres") as session:
        session.execute("create role plain login password 'only for the tests'")
        session.execute("create database plain15 owner plain")
    with Warehouse(
        make_url(remote.database("unused15"))
        .set(username="plain", database="plain15")
        .render_as_string(hide_password=False)
    ) as warehouse:
        prepare(warehouse, load_region("north_west"))
        assert warehouse.scalar("select count(*) from raw.authority") > 200, "the pipeline works"
        with pytest.raises(
            ObservatoryError,
            match="may not make roles. Have the server's administrator give it CREATEROLE",
        ):
            logins.grant(warehouse, "somebody", "public")
        with remote.superuser("postgres") as session:
            session.execute("alter role plain createrole")
        prepare(warehouse, load_region("north_west"))
        assert logins.grant(warehouse, "somebody", "public")


# --- asking as somebody
# ----------------------------------------------------------------------------------


def test_a_question_asked_as_a_login_sees_what_it_sees(filled, ask):
    result = ask(
        "query",
        "select distinct authority_code from core.child",
        "--as",
        "filled_stockport",
        "--format",
        "csv",
    )
    assert (result.exit_code, result.stdout) == (0, f"authority_code\n{OWN}\n"), result.exception
    assert "permission denied" in str(
        ask("query", "select * from core.child", "--as", "filled_region").exception
    )
    assert (
        filled.warehouse.scalar("select count(*) from pg_roles where rolname like '%\\_as\\_%'")
        == 0
    ), "borrowed logins are given back"


@pytest.mark.parametrize(
    "sql",
    [
        "reset role; select authority_code from core.child",
        (
            "select authority_code from core.child; reset session authorization; select"
            " authority_code from core.child"
        ),
        (
            "with a as materialized (select set_config('role', 'filled_trafford', true)) select"
            " authority_code from core.child, a"
        ),
        (
            "with a as materialized (select set_config('role', 'none', true)) select authority_code"
            " from core.child, a"
        ),
        (
            "with a as materialized (select set_config('session_authorization', 'filled_trafford',"
            " true)) select authority_code from core.child, a"
        ),
        (
            "with a as materialized (select set_config('session_authorization', 'default', true))"
            " select authority_code from core.child, a"
        ),
        (
            "with a as materialized (select set_config('row_security', 'off', true)) select"
            " authority_code from core.child, a"
        ),
        (
            "select query_to_xml('reset role', true, true, '')::text || query_to_xml('select"
            " authority_code from core.child', true, true, '')::text"
        ),
        "commit; select authority_code from core.child",
        "set role none",
    ],
)
def test_a_question_cannot_step_out_of_whom_it_is_asked_as(ask, sql):
    result = ask("query", sql, "--as", "filled_stockport", "--format", "csv")
    assert OTHER not in result.output
    if result.exit_code == 0 and result.stdout:
        assert set(result.stdout.split()) <= {
            "authority_code,set_config",
            "authority_code",
            OWN,
            f"{OWN},none",
            f"{OWN},",
        }


# --- audit
# ---------------------------------------------------------------------------------------------


def readings(filled: Filled) -> list[tuple[str, str]]:
    audit.gather(filled.warehouse, filled.log)
    return [
        (row.login, row.table_name)
        for row in filled.warehouse.rows(
            "select login, table_name from access.reading order by read_at"
        )
    ]


@pytest.mark.parametrize(
    "way",
    [
        "select count(*) from core.child",
        "begin; select * from core.child; rollback",
        "begin read only; select * from core.child; commit",
        "set client_min_messages = 'error'; select * from core.child",
        "copy (select * from core.child) to stdout",
        "do $$ begin perform * from core.child; exception when others then null; end $$",
        "begin; savepoint s; select * from core.child; rollback to s; rollback",
        "prepare p as select * from core.child; execute p",
        "begin; declare c cursor for select * from core.child; fetch 1 from c; rollback",
    ],
)
def test_every_reading_of_children_is_written_down_whatever_the_reader_does(filled, way):
    before = readings(filled)
    with filled.connect("stockport") as session, session.cursor() as cursor:
        if way.startswith("copy"):
            with cursor.copy(way) as copied:
                assert list(copied)
        else:
            cursor.execute(way)
    assert readings(filled)[len(before) :] == [("filled_stockport", "core.child")]


@pytest.mark.parametrize(
    "setting",
    [
        "timezone = '-100'",
        "time zone interval '+167:00' hour to minute",
        "timezone = '<a>-99:30'",
        "datestyle = 'German'",
        "intervalstyle = 'iso_8601'",
    ],
)
def test_no_setting_of_a_reader_keeps_its_reading_or_others_from_being_gathered(filled, setting):
    """What a session sets changes how the server writes a moment; one that cannot be read back once
    stopped all gathering for good.
    """
    before = readings(filled)
    with filled.connect("stockport") as session:
        session.execute(f"set {setting}")
        session.execute("select count(*) from core.child")
    with filled.connect("trafford") as session:
        session.execute("select count(*) from core.child")
    assert readings(filled)[len(before) :] == [
        ("filled_stockport", "core.child"),
        ("filled_trafford", "core.child"),
    ]
    latest = filled.warehouse.scalar(
        "select max(abs(extract(epoch from now() - read_at))) from access.reading where table_name"
        " = 'core.child'"
    )
    assert latest < 3600


def test_a_line_from_before_with_a_moment_that_the_server_does_not_read_is_gathered(
    filled, tmp_path
):
    secret = filled.warehouse.scalar("select value from access.secret")
    said = (
        '{"at": "2026-11-24T16:17:17.648577-100:00", "id": "1", "login": "filled_stockport",'
        ' "table": "core.old", "client": ""}'
    )
    log = tmp_path / "old.log"
    log.write_text(
        f"LOG:  observatory-reading {audit._mark(secret, said)} {said}\n", encoding="utf-8"
    )
    assert audit.gather(filled.warehouse, log).readings == 1
    query = "select read_at at time zone 'UTC' from access.reading where table_name = 'core.old'"
    assert str(filled.warehouse.scalar(query)) == "2026-11-28 20:17:17.648577"


def test_reading_figures_or_planning_alone_is_no_reading_of_children(filled):
    before = readings(filled)
    with filled.connect("stockport") as session:
        session.execute("select * from curated.setting_vacancies")
        session.execute("explain select * from core.child")
    assert readings(filled) == before


def test_a_question_asked_as_somebody_is_laid_to_who_was_asked_for_and_who_asked(filled, ask):
    before = readings(filled)
    ask("query", "select count(*) from core.child", "--as", "filled_stockport")
    assert readings(filled)[len(before) :] == [("filled_stockport", "core.child")]
    asked = filled.warehouse.rows(
        "select actor, subject from access.event where what = 'asked as' order by happened_at desc"
        " limit 1"
    )
    assert [tuple(row) for row in asked] == [(audit.actor(), "filled_stockport")]


def test_a_forged_line_is_told_apart(filled):
    readings(filled)
    said = json.dumps(
        {
            "at": "2025-01-01T00:00:00Z",
            "login": "filled_trafford",
            "table": "core.child",
            "client": "",
            "id": "1",
        }
    )
    with filled.connect("stockport") as session:
        session.execute(
            f"do $$ begin raise log 'observatory-reading {'a' * 64} {said}'; end $$"
        )  # any reader can write into the log
    found = audit.gather(filled.warehouse, filled.log)
    assert (found.readings, found.forged) == (0, 1)


def test_the_record_cannot_be_changed_even_by_its_owner(filled):
    readings(filled)
    for statement in (
        "update access.event set actor = 'nobody'", "delete from access.event", "truncate access.event",
        "update access.reading set login = 'nobody'", "delete from access.reading", "truncate access.reading",
    ):  # fmt: skip
        with (
            pytest.raises(sa.exc.DBAPIError, match="append-only"),
            filled.warehouse.engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)


def test_the_months_summary_says_who_read_and_did_what(filled, ask):
    with filled.connect("stockport") as session:
        session.execute("select * from core.placement")
    result = ask("audit", "--month", dt.datetime.now(tz=dt.UTC).strftime("%Y-%m"))
    assert result.exit_code == 0, result.exception
    lines = [line.replace(",", " ").split() for line in result.output.splitlines()]
    assert any(
        line[:3] == ["filled_stockport", "authority", OWN] and "core.placement" in line
        for line in lines
    ), result.output
    assert any(line[:1] == ["granted"] and "filled_stockport" in line for line in lines)
