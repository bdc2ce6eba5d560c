"""What the tests share: real PostgreSQL servers (the embedded one, and version 15), warehouses,
returns written in a line.

A warehouse of a test is a database of its own, copied from one that was prepared once, so that
tests do not see each other. Tests that ask for `warehouse` run twice: on the embedded server and on
PostgreSQL 15.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest
import sqlalchemy as sa

from resources.embedded_postgres import SUPERUSER, EmbeddedPostgres
from resources.landing import LandingPlace
from resources.settings import Settings
from resources.warehouse import Warehouse
from schemas.regions import load_region

SHARED = Path(__file__).resolve().parents[2] / "shared"
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
os.environ["OBSERVATORY_CONFIG"] = (
    os.devnull
)  # a configuration beside the environment is not the tests'
KEY = b"a key that only the tests use"
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
IN_MEMORY = Path("/dev/shm")
ROOM = 6 * 1024**3
"""Bytes that must be free in memory's folder for the tests' servers and folders to lie there."""


TOGETHER = ("tests/attacker", "tests/page")
"""Folders whose files go to one worker: what they ask of is a region that takes long to make."""
SLOW = (
    "tests/attacker",
    "tests/pipeline/test_run.py",
    "tests/pipeline/test_kills.py",
    "tests/page",
    "tests/pipeline/test_year.py",
    "tests/pipeline/test_spark.py",
    "tests/access/test_erasing.py",
    "tests/pipeline/test_killed.py",
    "tests/pipeline/test_truth.py",
    "tests/unit/test_made_up.py",
    "tests/oracle/test_oracle.py",
    "tests/access/test_limits.py",
    "tests/access/test_side_channels.py",
    "tests/pipeline/test_release.py",
    "tests/pipeline/test_damage.py",
    "tests/pipeline/test_ssda903.py",
    "tests/unit/test_gate.py",
    "tests/pipeline/test_played_pages.py",
    "tests/pipeline/test_truth_money.py",
    "tests/pipeline/test_untold.py",
    "tests/access/test_private.py",
    "tests/pipeline/test_made_up_mark.py",
    "tests/deployment/test_wheel.py",
    "tests/unit/test_docs_site.py",
    "tests/access/test_fingerprints.py",
    "tests/access/test_clients.py",
    "tests/pipeline/test_control_totals_2026.py",
)
"""What takes a worker longest goes first, so that no worker is left with it at the end: the others
go by how many tests a file has, and these have few for their time.
"""


@pytest.fixture(autouse=True)
def environment_as_it_was() -> Iterator[None]:
    """Whatever a test, or what it calls, sets in the environment is gone after it: the next one
    would speak to its home or have its key.
    """
    with patch.dict(os.environ):
        yield


def pytest_configure() -> None:
    """Look for circles among objects as seldom as the command does (`pipelines.command.main`), have
    the tests' folders in memory, and hear Ctrl-C.
    """
    gc.set_threshold(50_000, 20, 20)
    # begun in a script's background a process ignores it; Dagster would ignore SIGTERM with it, and
    # whatever a test starts would never end
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if root := memory():  # many homes have a server of their own, which waits for the disk
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(root))


def memory() -> Path | None:
    """The folder that lies in memory; None where there is none, or too little room."""
    has_room = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM
    return IN_MEMORY if has_room else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """A worker more than there are processors: some tests wait (for a sensor, or another process)."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A file's tests go to one worker, and so do those of a folder that shares a region."""
    from xdist.scheduler import LoadFileScheduling

    assert [scope for scope in SLOW if not (config.rootpath / scope).exists()] == []

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)

        def _assign_work_unit(self, node: object) -> None:
            for scope in reversed(SLOW):  # once: what was given out is in the queue no more
                if scope in self.workqueue:
                    self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The official samples and control totals."""
    if not (SHARED / "samples").is_dir():
        pytest.skip("the official samples (../shared) are not on this machine")
    return SHARED


def _server(kind: str, home: Path) -> EmbeddedPostgres:
    if kind == "embedded":
        return EmbeddedPostgres(home, QUICK)
    if not (POSTGRES_15 / "initdb").exists():
        pytest.skip(
            "PostgreSQL 15 is not on this machine and this user cannot install it (`make system` as"
            " root does)"
        )
    return EmbeddedPostgres(home, QUICK, POSTGRES_15)


def forget_versions(connection: sa.Connection) -> None:
    """Make a warehouse one from before schemas had a version: without what later migrations made."""
    connection.exec_driver_sql("drop table raw.schema_version, raw.run_metric, raw.run")


class Servers:
    """Servers by kind, started when they are first asked for, each with one prepared database to
    copy.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: dict[str, EmbeddedPostgres] = {}
        self.numbers = itertools.count()

    def address(self, kind: str, database: str) -> str:
        server = self.started[kind]
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={server.socket}"

    def start(self, kind: str) -> None:
        if kind in self.started:
            return
        home = self.root / kind
        home.mkdir(parents=True)
        server = _server(kind, home)
        server.join()
        self.started[kind] = server
        from assets.access.preparing import prepare

        self._run(kind, "create database prepared")
        with Warehouse(self.address(kind, "prepared")) as warehouse:
            prepare(warehouse, load_region("north_west"))

    def _run(self, kind: str, statement: str) -> None:
        engine = sa.create_engine(self.address(kind, "postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    def fresh(self, kind: str, template: str = "prepared") -> str:
        """A new database's address."""
        self.start(kind)
        name = f"test_{next(self.numbers)}"
        # its pages are copied as files: to log each of them takes longer than most tests
        self._run(kind, f"create database {name} template {template} strategy file_copy")
        return self.address(kind, name)

    def drop(self, kind: str, address: str) -> None:
        self._run(
            kind, f"drop database if exists {address.split('@/')[1].split('?')[0]} with (force)"
        )

    def stop(self) -> None:
        for server in self.started.values():
            server.leave()


@contextlib.contextmanager
def folder_of_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the servers lie: in memory where there is room, for each test has a database of its
    own, and to write those costs more than what most tests ask of them.
    """
    if not (root := memory()):
        yield tmp_path_factory.mktemp("servers")
        return
    with tempfile.TemporaryDirectory(
        prefix="tests-servers-", dir=root, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """All servers of this session."""
    with folder_of_servers(tmp_path_factory) as folder:
        made = Servers(folder)
        yield made
        made.stop()


@pytest.fixture(params=["embedded", "postgres15"])
def warehouse(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Warehouse]:
    """A prepared, empty warehouse on each kind of server."""
    address = servers.fresh(request.param)
    made = Warehouse(address)
    yield made
    made.close()
    servers.drop(request.param, address)


@pytest.fixture
def embedded_warehouse(servers: Servers) -> Iterator[Warehouse]:
    """A prepared, empty warehouse on the embedded server alone."""
    address = servers.fresh("embedded")
    made = Warehouse(address)
    yield made
    made.close()
    servers.drop("embedded", address)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose home and landing place are the test's own."""
    (tmp_path / "landing").mkdir()
    return Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")


class Landing:
    """A landing place that a test fills: `drop` writes a return, the later ones received later."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = itertools.count(1_760_000_000)

    @property
    def place(self) -> LandingPlace:
        return LandingPlace(str(self.root))

    def drop(
        self, census_date: str, sender: str, name: str, content: bytes | str | pd.DataFrame
    ) -> Path:
        folder = self.root / census_date / sender
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        moment = next(self.clock)
        os.utime(path, (moment, moment))
        return path


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing place."""
    root = tmp_path / "landing"
    root.mkdir(exist_ok=True)
    return Landing(root)


Bring = Callable[..., object]


@pytest.fixture
def bring() -> Bring:
    """Take in and build one quarter without Dagster: `bring(warehouse, landing, "2025-03-31")`
    gives the build's result.
    """
    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter

    def bring_(
        warehouse: Warehouse, landing: Landing, census_date: str, region: str = "north_west"
    ) -> object:
        date = dt.date.fromisoformat(census_date)
        take_in(warehouse, landing.place, date, KEY)
        result = build_quarter(warehouse, date, load_region(region))
        assert not result.blocked_by, result.blocked_by
        return result

    return bring_
