"""One North West quarter at full size, from files to release: the split by stage, and our ingest
against a bare COPY of the same rows.

The floor is what cannot be avoided: the same text rows, ready in memory, copied into bare tables
without a check.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from assets.access.preparing import prepare
from assets.intake.door import judge, open_submission
from assets.intake.loading import take_in
from assets.intake.opening import OpenedFile
from assets.warehouse.building import build_quarter
from assets.warehouse.numbering import submission_id
from benchmarks.recording import Number, tell
from made_up import make_region
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.warehouse import Warehouse, copy_frame
from schemas.regions import load_region
from tests.releasing import make_release

DATE = dt.date(2025, 12, 31)
REGION = load_region("north_west")
KEY = b"a key for the benchmark"


def main() -> None:
    """Print the split by stage, the ratio to the floor, and the whole command's time."""
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = Path(folder)
        made = make_region(root / "landing", quarters=1, last=DATE, seed=1, scale=1.0, truth=False)
        print(f"One quarter at full size: {made}")
        tell("A quarter of the North West at full size", [*_stages(root), *_whole(root)])


def _stages(root: Path) -> list[Number]:
    place = LandingPlace(str(root / "landing"))
    server = EmbeddedPostgres(root / "stages")
    with Warehouse(server.join(), server) as warehouse:
        prepare(warehouse, REGION)
        clock = _Clock()
        files = place.files(DATE)
        opened = [OpenedFile(file) for file in files]
        digests = [file.content.digest for file in opened]
        clock.lap("list, open and hash the files")
        submissions = [
            open_submission(submission_id(KEY, DATE, file.folder, digest), file, digest, one)
            for file, digest, one in zip(files, digests, opened, strict=True)
        ]
        clock.lap("read and recognise")
        tables = judge(submissions, DATE, KEY)
        rows = sum(len(table.rows) for table in tables)
        clock.lap("judge every row and column")
        floor = _bare_copy(warehouse, tables)
        clock.skip()
        take_in(warehouse, place, DATE, KEY)
        ingest = clock.lap("(all of the intake, loading included)")
        result = build_quarter(warehouse, DATE, REGION)
        clock.lap("rewrite the quarter's tables and check them")
        make_release(warehouse, DATE, REGION, root / "releases")
        clock.lap("release")
        numbers = [
            Number(
                "the intake of a quarter",
                ingest,
                0.0,
                f"a bare COPY of the same {rows:,} rows",
                floor,
            )
        ]
        slowest = sorted(result.seconds.items(), key=lambda item: -item[1])[:3]
        print(
            "  slowest tables:"
            f" {', '.join(f'{schema}.{name} {seconds:.2f} s' for (schema, name), seconds in slowest)}"
        )
    return numbers


def _bare_copy(warehouse: Warehouse, tables: list) -> float:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.text("create schema floor"))
        for table in tables:
            connection.execute(
                sa.text(
                    "create table"
                    f" floor.{table.table.name} ({', '.join(f'{c} text' for c in table.rows.columns)})"
                )
            )
        started = time.perf_counter()
        for table in tables:
            copy_frame(connection, f"floor.{table.table.name}", table.rows)
        seconds = time.perf_counter() - started
        connection.execute(sa.text("drop schema floor cascade"))
    return seconds


def _whole(root: Path) -> list[Number]:
    environment = {
        **os.environ,
        "OBSERVATORY_HOME": str(root / "whole"),
        "OBSERVATORY_DATABASE_URL": "",
    }
    command = [
        str(Path(sys.executable).parent / "observatory"),
        "run",
        "--landing",
        str(root / "landing"),
    ]
    numbers = []
    for what, aim in (
        ("observatory run, from files to a draft", "under 15 s"),
        ("the second run, nothing new", "under 2 s"),
    ):
        started = time.perf_counter()
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        assert running.returncode == 0
        seconds = time.perf_counter() - started
        numbers.append(
            Number(
                what,
                seconds,
                used.ru_utime + used.ru_stime,
                aim=aim,
                gigabytes=used.ru_maxrss / 1e6,
            )
        )
    return numbers


class _Clock:
    def __init__(self) -> None:
        self.at = time.perf_counter()

    def skip(self) -> None:
        self.at = time.perf_counter()

    def lap(self, what: str) -> float:
        now = time.perf_counter()
        seconds, self.at = now - self.at, now
        print(f"  {what}: {seconds:.2f} s")
        return seconds
