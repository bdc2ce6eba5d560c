"""Keys and erasure: another key is refused, a child goes only when it is meant, and nothing of it
is left where it was.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from python_calamine import CalamineWorkbook
from sqlalchemy.engine import make_url

import pipelines.command as command
from assets.access import backup, erasure, logins
from assets.answering.outbox import answer_quarter, remove_answers, remove_answers_before
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter, out_of_date
from assets.warehouse.keys import warehouse_key
from pipelines.sensors import landing_place
from resources.embedded_postgres import EmbeddedPostgres
from resources.errors import ObservatoryError
from resources.pseudonym import VARIABLE
from resources.settings import Settings
from resources.warehouse import Warehouse
from schemas.regions import load_region
from schemas.retention import OUTBOX, periods
from tests import builders
from tests.conftest import KEY, QUICK

DATE, DAY = "2025-03-31", dt.date(2025, 3, 31)
ROOT = Path(__file__).resolve().parents[2]
REGION = load_region("north_west")


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Settings with a home of the test's own."""
    return Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")


@pytest.fixture
def with_its_key(warehouse, landing, settings, monkeypatch):
    """A warehouse that has read a return with the tests' key, and knows it."""
    monkeypatch.setenv(VARIABLE, KEY.decode())
    landing.drop(
        DATE,
        "356",
        "census.csv",
        builders.census(
            [{"identifier": "C1"}, {"identifier": "C2", "type_of_provision": "A castle"}]
        ),
    )
    take_in(warehouse, landing.place, DAY, warehouse_key(warehouse, settings.home))
    build_quarter(warehouse, DAY, REGION)
    return warehouse


# --- the key
# -------------------------------------------------------------------------------------------


def test_another_key_or_a_lost_one_is_refused(with_its_key, settings, monkeypatch):
    assert warehouse_key(with_its_key, settings.home) == KEY
    monkeypatch.setenv(VARIABLE, "another key that is long enough")
    with pytest.raises(
        ObservatoryError, match=r"Another key .* was found; the one .* was expected"
    ):
        warehouse_key(with_its_key, settings.home)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ObservatoryError, match=r"No key .* was found; the one .* was expected"):
        warehouse_key(with_its_key, settings.home)
    assert not (settings.home / "pseudonym.key").exists(), (
        "a key is made for an empty warehouse only"
    )
    with with_its_key.engine.begin() as connection:  # from before the warehouse knew its key
        connection.exec_driver_sql("delete from access.key_check")
    with pytest.raises(ObservatoryError, match="has read returns with one"):
        warehouse_key(with_its_key, settings.home)


def test_a_key_is_made_once_for_an_empty_warehouse(warehouse, settings, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    key = warehouse_key(warehouse, settings.home)
    assert (
        warehouse_key(warehouse, settings.home)
        == key
        == (settings.home / "pseudonym.key").read_bytes()
    )
    (settings.home / "pseudonym.key").unlink()
    with pytest.raises(ObservatoryError, match="No key"):
        warehouse_key(warehouse, settings.home)


def test_a_run_with_another_key_reads_nothing(embedded_warehouse, landing, settings, monkeypatch):
    landing.drop(DATE, "356", "census.csv", builders.census([{"identifier": "C1"}]))
    monkeypatch.setenv(VARIABLE, KEY.decode())
    warehouse_key(embedded_warehouse, settings.home)
    for name, value in (
        ("HOME", str(settings.home)),
        ("LANDING", str(landing.root)),
        ("DATABASE_URL", embedded_warehouse.url),
    ):
        monkeypatch.setenv(f"OBSERVATORY_{name}", value)
    monkeypatch.setenv(VARIABLE, "another key that is long enough")
    for arguments in (["run"], ["erase", "--authority", "356", "--child", "C1", "--yes"]):
        result = CliRunner().invoke(command.cli, arguments)
        assert isinstance(result.exception, ObservatoryError) and "Another key" in str(
            result.exception
        )
    assert embedded_warehouse.scalar("select count(*) from raw.submission") == 0


# --- a backup that is brought back
# ---------------------------------------------------------------------


def test_a_restore_wants_the_stop_list_and_the_key(
    with_its_key, servers, settings, tmp_path, monkeypatch, request
):
    kind = request.node.callspec.params["warehouse"]
    file = tmp_path / "b.dump"
    backup.back_up(with_its_key, settings.home, file)
    assert (settings.home / erasure.STOP_LIST).read_text().strip() == "child_key,authority_code"
    erasure.erase(with_its_key, settings, KEY, "356", "C1")
    kept = tmp_path / "kept.csv"
    shutil.copy(settings.home / erasure.STOP_LIST, kept)
    (settings.home / erasure.STOP_LIST).unlink()
    with Warehouse(servers.fresh(kind, "template0")) as target:
        with pytest.raises(ObservatoryError, match="No stop list was found"):
            backup.restore(target, settings, file)
        monkeypatch.setenv(VARIABLE, "another key that is long enough")
        with pytest.raises(ObservatoryError, match="Another key"):
            backup.restore(target, settings, file, kept)
        monkeypatch.setenv(VARIABLE, KEY.decode())
        (tmp_path / "wrong.csv").write_text("a,b\n", encoding="ascii")
        with pytest.raises(ObservatoryError, match="is no stop list"):
            backup.restore(target, settings, file, tmp_path / "wrong.csv")
        assert target.scalar("select to_regclass('raw.submission')") is None, (
            "nothing was brought back"
        )
        assert backup.restore(target, settings, file, kept).erased.rows["raw.placement_census"] == 1
    (settings.home / erasure.STOP_LIST).unlink()
    with Warehouse(servers.fresh(kind, "template0")) as target:
        assert backup.restore(target, settings, file, without_stop_list=True).erased.rows == {}


# --- an erasure that is meant
# --------------------------------------------------------------------------


@pytest.fixture
def ask(with_its_key, landing, settings, monkeypatch):
    """The command, on a warehouse with two children."""
    for name, value in (
        ("HOME", str(settings.home)),
        ("LANDING", str(landing.root)),
        ("DATABASE_URL", with_its_key.url),
    ):
        monkeypatch.setenv(f"OBSERVATORY_{name}", value)
    return lambda *arguments, **options: CliRunner().invoke(
        command.cli, ["erase", "--authority", "356", *arguments], **options
    )


def held(warehouse: Warehouse) -> tuple[int, int]:
    return (
        warehouse.scalar("select count(*) from raw.placement_census where child_key is not null"),
        warehouse.scalar("select count(*) from access.stop_list"),
    )


def test_an_erasure_is_shown_and_asked_about(ask, with_its_key, monkeypatch):
    result = ask("--child", "C1")
    assert isinstance(result.exception, ObservatoryError) and "--yes was expected" in str(
        result.exception
    )
    assert "raw.placement_census: 1 row" in result.output and "2025-03-31" in result.output, (
        "what would be done is shown"
    )
    monkeypatch.setattr("pipelines.command.erase._at_a_terminal", lambda: True)
    assert ask("--child", "C1", input="n\n").exit_code == 1
    assert held(with_its_key) == (2, 0), "nothing was changed"
    result = ask("--child", "C1", input="y\n")
    assert result.exit_code == 0, result.exception
    assert held(with_its_key) == (1, 1)
    assert "the child was erased." in ask("--child", "C1", "--yes").output


def test_an_erasure_says_that_the_archive_still_holds_the_child(settings, monkeypatch, capsys):
    """Base backups and the archived log of changes are copies of what was: clearing the server's
    own log does not reach them.
    """
    from pipelines.command.erase import _say_what_remains

    def said() -> str:
        _say_what_remains(erasure.Erased(), here, cleared=True)
        return capsys.readouterr().out

    here = Settings(settings.home, settings.landing, "", settings.region_key)
    assert "archive" not in said()
    monkeypatch.setenv("OBSERVATORY_ARCHIVE", "/mnt/other/archive")
    assert "The archive (/mnt/other/archive): " in said()


def test_an_erasure_whose_cleaning_up_failed_is_finished_by_asking_again(
    ask, with_its_key, monkeypatch
):
    asked = []

    def fails_once(warehouse: Warehouse) -> bool:
        asked.append(warehouse.url)
        if len(asked) == 1:
            raise ObservatoryError("The disk is full.")
        return True

    monkeypatch.setattr(erasure, "leave_no_trace", fails_once)
    assert "disk is full" in str(ask("--child", "C1", "--yes").exception)
    assert held(with_its_key) == (1, 1)
    again = ask("--child", "C1", "--yes")
    assert again.exit_code == 0, again.exception
    assert len(asked) == 2 and "cleared" in again.output
    assert held(with_its_key) == (1, 1)


def test_what_would_be_erased_is_found_by_one_who_holds_the_warehouse_and_changes_nothing(
    with_its_key,
):
    """It tries the real thing and takes it back: beside a run it would wait for single rows, or
    deadlock.
    """
    seen = []

    @sa.event.listens_for(with_its_key.engine, "before_cursor_execute")
    def watch(connection, cursor, statement, *_):
        if statement.startswith("with held"):
            locks = (
                "select count(*) from pg_locks where pid = pg_backend_pid() and mode ="
                " 'ExclusiveLock' and relation = 'raw.observatory'::regclass"
            )
            seen.append(cursor.connection.execute(locks).fetchone()[0])

    assert erasure.planned(with_its_key, KEY, "356", "C1").rows["raw.placement_census"] == 1
    assert seen and set(seen) == {1}
    assert held(with_its_key) == (2, 0)
    with with_its_key.writing():  # it is let go of again
        pass


def test_a_mistyped_reference_is_refused_unless_it_is_meant(ask, with_its_key):
    result = ask("--child", "C11", "--yes")
    assert isinstance(
        result.exception, ObservatoryError
    ) and "Nobody has sent a row of this child" in str(result.exception)
    assert held(with_its_key) == (2, 0)
    assert ask("--child", "C11", "--yes", "--unknown").exit_code == 0
    assert held(with_its_key) == (2, 1)


def test_an_erasure_is_undone_while_the_reference_is_known(ask, with_its_key, landing, settings):
    ask("--child", "C1", "--yes")
    assert ask("--child", "C2", "--undo", "--yes").exit_code == 1, "another child was not erased"
    result = ask("--child", "c1 ", "--undo", "--yes")
    assert "2025-03-31/356/census.csv" in result.output, result.exception
    assert (settings.home / erasure.STOP_LIST).read_text().strip() == "child_key,authority_code"
    assert take_in(with_its_key, landing.place, DAY, KEY).files_new == 1
    assert held(with_its_key) == (2, 0)
    assert [
        r.what
        for r in with_its_key.rows(
            "select what from access.event where what like 'eras%' order by 1"
        )
    ] == ["erased", "erasure undone"]


def test_the_figures_take_in_again_whom_an_undone_erasure_lets_in(ask, with_its_key, landing):
    """The returns are the same ones, in the same versions: only their rows differ, and the quarters
    on them are rewritten.
    """
    later = dt.date(2025, 6, 30)
    landing.drop("2025-06-30", "356", "census.csv", builders.census([{"identifier": "C3"}]))

    def run() -> list:
        for date in (DAY, later):
            take_in(with_its_key, landing.place, date, KEY)
        return [build_quarter(with_its_key, date, REGION) for date in (DAY, later)]

    def counted() -> int:
        return with_its_key.scalar(
            "select count(*) from core.placement where child_key is not null"
        )

    run()
    before = counted()
    ask("--child", "C1", "--yes")
    run()
    assert counted() == before - 1
    ask("--child", "C1", "--undo", "--yes")
    assert out_of_date(with_its_key, REGION) == [
        DAY,
        later,
    ], "the later one looks back on the earlier"
    assert [result.blocked_by for result in run()] == [[], []]
    assert counted() == before
    assert [result.was_up_to_date for result in run()] == [True, True]


# --- nothing is left
# -----------------------------------------------------------------------------------


def test_the_servers_files_and_statistics_hold_nothing_of_the_child(
    landing, tmp_path, settings, monkeypatch
):
    """Whatever the server keeps but the stop list itself: tables, indexes, statistics, the log of
    changes.
    """
    monkeypatch.setenv(VARIABLE, KEY.decode())
    server = EmbeddedPostgres(tmp_path / "own", QUICK)
    with Warehouse(server.join(), server) as warehouse:
        from assets.access.preparing import prepare

        prepare(warehouse, REGION)
        rows = [
            {"identifier": "ERASE-ME-77", "age": 15, "total_weekly_cost": "7654"},
            *({"identifier": f"K{n}"} for n in range(300)),
        ]
        landing.drop(DATE, "356", "census.csv", builders.census(rows))
        take_in(warehouse, landing.place, DAY, KEY)
        build_quarter(warehouse, DAY, REGION)
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql("analyze")
            connection.exec_driver_sql("checkpoint")
        child = warehouse.scalar("select child_key from raw.placement_census where age = '15'")
        assert files_with(server.data, child), "it can be found"
        erasure.erase(warehouse, settings, KEY, "356", "erase-me-77")
        assert not build_quarter(warehouse, DAY, REGION).blocked_by
        assert erasure.leave_no_trace(warehouse) is True
        listed = warehouse.rows(
            "select pg_relation_filepath(c.oid) as path from pg_class as c where c.relname like"
            " 'stop_list%'"
        )
        assert files_with(server.data, child) - {row.path for row in listed} == set()
        known = warehouse.scalar(  # the catalogue's own statistics hold numbers of its objects
            "select count(*) from pg_stats where schemaname <> 'pg_catalog' "
            "and (most_common_vals::text like '%7654%' or histogram_bounds::text like '%7654%')"
        )
        assert known == 0


def files_with(folder: Path, text: str) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    }


def test_an_owner_who_is_no_superuser_leaves_no_trace_in_tables_and_statistics(
    remote, landing, settings, bring
):
    with Warehouse(remote.database("erased15")) as warehouse:
        from assets.access.preparing import prepare

        prepare(warehouse, REGION)
        landing.drop(
            DATE,
            "356",
            "census.csv",
            builders.census(
                [
                    {"identifier": "OWNED-88", "age": 15},
                    *({"identifier": f"K{n}"} for n in range(300)),
                ]
            ),
        )
        bring(warehouse, landing, DATE)
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql("analyze")
        child = warehouse.scalar("select child_key from raw.placement_census where age = '15'")
        erasure.erase(warehouse, settings, KEY, "356", "OWNED-88")
        assert erasure.leave_no_trace(warehouse) is False
        with remote.superuser("erased15") as session:
            session.execute("checkpoint")
            paths = session.execute(
                "select c.relname, pg_relation_filepath(c.oid) from pg_class as c "
                "where c.relkind in ('r', 'i', 't') and c.relname not like 'stop_list%'"
            ).fetchall()
        assert [
            name
            for name, path in paths
            if path and child.encode() in (remote.server.data / path).read_bytes()
        ] == []


def test_a_reader_who_keeps_looking_does_not_keep_the_child(
    landing, tmp_path, settings, monkeypatch
):
    """What an open transaction may still see, or has locked, the server would not write anew."""
    monkeypatch.setenv(VARIABLE, KEY.decode())
    server = EmbeddedPostgres(tmp_path / "own", QUICK)
    with Warehouse(server.join(), server) as warehouse:
        from assets.access.preparing import prepare

        prepare(warehouse, REGION)
        logins.grant(warehouse, "who_lingers", "authority", "356")
        landing.drop(
            DATE,
            "356",
            "census.csv",
            builders.census(
                [
                    {"identifier": "ERASE-ME-77", "age": 15},
                    *({"identifier": f"K{n}"} for n in range(50)),
                ]
            ),
        )
        take_in(warehouse, landing.place, DAY, KEY)
        build_quarter(warehouse, DAY, REGION)
        child = warehouse.scalar("select child_key from raw.placement_census where age = '15'")
        url = (
            make_url(warehouse.url)
            .set(drivername="postgresql", username="who_lingers")
            .render_as_string(hide_password=False)
        )
        sees, locks = psycopg.connect(url), psycopg.connect(url)
        sees.execute("set transaction isolation level repeatable read")
        assert sees.execute("select count(*) from published.release").fetchone()
        erasure.erase(warehouse, settings, KEY, "356", "erase-me-77")
        assert not build_quarter(warehouse, DAY, REGION).blocked_by
        assert locks.execute("select count(*) from core.placement").fetchone() == (50,)
        ending = threading.Timer(20, locks.close)  # so that what is seen failing ends
        ending.start()
        began = time.monotonic()
        assert erasure.leave_no_trace(warehouse) is True
        ending.cancel()
        assert time.monotonic() - began < 20, "a reader's lock held it up"
        listed = warehouse.rows(
            "select pg_relation_filepath(c.oid) as path from pg_class as c where c.relname like"
            " 'stop_list%'"
        )
        assert files_with(server.data, child) - {row.path for row in listed} == set()
        sees.close()
        locks.close()


def test_a_warehouse_that_forgot_who_was_erased_does_not_make_the_home_forget(
    with_its_key, landing, settings, tmp_path
):
    """Its files, or its whole disk, may have been put back to a day before: not only `restore`
    brings a child back.
    """
    stopped = lambda: {key for key, _ in erasure.read_stop_list(settings.home / erasure.STOP_LIST)}  # noqa: E731
    erasure.erase(with_its_key, settings, KEY, "356", "C1")
    (first,) = stopped()
    with with_its_key.writing() as connection:
        connection.exec_driver_sql("delete from access.stop_list")
    erasure.erase(with_its_key, settings, KEY, "356", "C2")
    assert first in stopped() and len(stopped()) == 2
    with with_its_key.writing() as connection:
        connection.exec_driver_sql("delete from access.stop_list")
    backup.back_up(with_its_key, settings.home, tmp_path / "b.dump")
    assert len(stopped()) == 2
    assert erasure.undo(with_its_key, settings, KEY, "356", "C1") is not None
    assert len(stopped()) == 1 and first not in stopped(), "undone is undone, at home too"


def test_a_run_erases_again_whom_the_home_lists_and_the_warehouse_forgot(
    embedded_warehouse, landing, monkeypatch, tmp_path
):
    settings = Settings(tmp_path / "home", str(landing.root), embedded_warehouse.url, "north_west")
    monkeypatch.setenv(VARIABLE, KEY.decode())
    monkeypatch.setenv("OBSERVATORY_HOME", str(settings.home))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", embedded_warehouse.url)
    landing.drop(
        DATE, "356", "census.csv", builders.census([{"identifier": "C1"}, {"identifier": "C2"}])
    )
    take_in(
        embedded_warehouse, landing.place, DAY, warehouse_key(embedded_warehouse, settings.home)
    )
    build_quarter(embedded_warehouse, DAY, REGION)
    key = embedded_warehouse.scalar("select min(child_key) from core.placement")
    erasure.keep_stop_list(
        settings.home, [(key, "356")]
    )  # of a day after the one that the warehouse was put back to
    monkeypatch.setattr("pipelines.running.run_quarters", lambda *_: None)
    done = CliRunner().invoke(command.cli, ["run"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "erased again" in done.output
    assert (
        embedded_warehouse.scalar("select count(*) from core.placement where child_key = :k", k=key)
        == 0
    )
    assert embedded_warehouse.scalar("select count(*) from access.stop_list") == 1


def test_a_reference_that_is_piped_in_is_taken_without_a_warning(
    embedded_warehouse, landing, tmp_path
):
    environment = {
        **os.environ, "OBSERVATORY_HOME": str(tmp_path / "home"), "OBSERVATORY_LANDING": str(landing.root),
        "OBSERVATORY_DATABASE_URL": embedded_warehouse.url, VARIABLE: KEY.decode(), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    landing.drop(
        DATE,
        "356",
        "census.csv",
        builders.census([{"identifier": "KIDREF1"}, {"identifier": "KIDREF2"}]),
    )
    take_in(embedded_warehouse, landing.place, DAY, KEY)
    script = "from pipelines.command import main; main()"
    asked = [sys.executable, "-c", script, "erase", "--authority", "356", "--child", "-", "--yes"]
    done = subprocess.run(
        asked,
        input="KIDREF1\n",
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0 and "raw.placement_census: 1 row" in done.stdout, (
        done.stdout + done.stderr
    )
    assert "Warning" not in done.stderr and "KIDREF1" not in done.stdout + done.stderr


@pytest.mark.parametrize("by", ["serve", "the sensor"])
def test_a_restored_warehouse_that_is_only_served_forgets_them_too(
    embedded_warehouse, landing, monkeypatch, tmp_path, by
):
    settings = Settings(tmp_path / "home", str(landing.root), embedded_warehouse.url, "north_west")
    monkeypatch.setenv(VARIABLE, KEY.decode())
    monkeypatch.setenv("OBSERVATORY_HOME", str(settings.home))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", embedded_warehouse.url)
    landing.drop(
        DATE, "356", "census.csv", builders.census([{"identifier": "C1"}, {"identifier": "C2"}])
    )
    take_in(
        embedded_warehouse, landing.place, DAY, warehouse_key(embedded_warehouse, settings.home)
    )
    build_quarter(embedded_warehouse, DAY, REGION)
    key = embedded_warehouse.scalar("select min(child_key) from core.placement")
    erasure.keep_stop_list(settings.home, [(key, "356")])
    rewritten = []
    if by == "serve":
        monkeypatch.setattr(
            "pipelines.running.run_quarters", lambda _, dates: rewritten.extend(dates)
        )
        monkeypatch.setattr(
            "pipelines.web.serve_dagster", lambda listening, *_: listening.close() is None
        )
        done = CliRunner().invoke(command.cli, ["serve", "--port", "0", "--page-port", "0"])
        assert done.exit_code == 0, (done.output, done.exception)
    else:
        with dg.DagsterInstance.ephemeral() as instance:
            asked = landing_place(dg.build_sensor_context(instance=instance))
        rewritten = [
            dt.date.fromisoformat(one.tags["dagster/partition"]) for one in asked.run_requests
        ]
    assert rewritten == [DAY]
    assert (
        embedded_warehouse.scalar("select count(*) from core.placement where child_key = :k", k=key)
        == 0
    )
    assert embedded_warehouse.scalar("select count(*) from access.stop_list") == 1


def test_answers_made_after_an_erasure_do_not_bring_the_child_back(with_its_key, landing, settings):
    outbox = settings.home / "outbox"
    landing.drop(
        DATE,
        "356",
        "castles.csv",
        builders.census(
            [{"identifier": f"KID{n}", "type_of_provision": "A castle"} for n in (1, 2)]
        ),
    )
    take_in(with_its_key, landing.place, DAY, KEY)
    build_quarter(with_its_key, DAY, REGION)
    answer_quarter(with_its_key, landing.place, str(outbox), DAY, KEY)
    assert {"KID1", "KID2"} <= references_in(outbox)
    found = erasure.erase(with_its_key, settings, KEY, "356", "KID1")
    remove_answers(str(outbox), found.returns)
    assert references_in(outbox) == set()
    build_quarter(with_its_key, DAY, REGION)
    assert answer_quarter(with_its_key, landing.place, str(outbox), DAY, KEY) == 2
    assert "KID2" in references_in(outbox) and "KID1" not in references_in(outbox)


def references_in(outbox: Path) -> set[str]:
    found = set()
    for path in outbox.rglob("*.xlsx"):
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            found |= set(re.findall(r"KID\d+", str(book.get_sheet_by_name(name).to_python())))
    return found


def test_answers_go_when_their_period_is_over_and_do_not_come_back(with_its_key, landing, settings):
    outbox = str(settings.home / "outbox")
    assert periods()[OUTBOX].months >= 12
    assert answer_quarter(with_its_key, landing.place, outbox, DAY, KEY) == 1
    assert remove_answers_before(with_its_key, outbox, DAY) == 0, "to the day is not over"
    assert remove_answers_before(with_its_key, outbox, DAY + dt.timedelta(days=1)) == 1
    assert list(Path(outbox).rglob("*.xlsx")) == []
    assert answer_quarter(with_its_key, landing.place, outbox, DAY, KEY) == 0
