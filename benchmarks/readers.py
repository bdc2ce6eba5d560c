"""Readers with 40 quarters loaded: each ready query alone, while a run rewrites a quarter, and from
50 readers at once.

One made-up quarter at full size is taken in and built; its core and curated rows are copied into 39
earlier quarters by SQL. Every query is asked by a login of the kind that it is for, rows fetched.
The aim is 200 ms. OBSERVATORY_BENCH_SCALE makes the region smaller.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from assets.access import fences, logins
from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from assets.warehouse.models import models
from made_up import make_region
from pipelines.quarter_ends import FIRST, following
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.releasing import make_release

DATE = dt.date(2025, 12, 31)
QUARTERS, READERS, SECONDS, AIM = 40, 50, 10, 0.2
REGION = load_region("north_west")
QUERIES = sorted((Path(__file__).resolve().parents[1] / "docs" / "queries").glob("*.sql"))
KEY = b"a key for the benchmark"


def main() -> None:
    """Print a line a query: alone, beside a run, from fifty readers."""
    scale = float(os.environ.get("OBSERVATORY_BENCH_SCALE", "1.0"))
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = Path(folder)
        make_region(root / "landing", quarters=1, last=DATE, seed=1, scale=scale, truth=False)
        server = EmbeddedPostgres(root / "home")
        with Warehouse(server.join(), server) as warehouse:
            rows = _load(warehouse, root)
            print(f"{QUARTERS} quarters at scale {scale:g}: {rows:,} rows in core and curated")
            ask = _Asking(warehouse)
            alone = ask.one_after_another(5)
            stop = threading.Event()
            runs: list[float] = []
            run = threading.Thread(target=_keep_rewriting, args=(warehouse, stop, runs))
            run.start()
            beside = ask.one_after_another(5)
            together = ask.at_once(READERS, SECONDS)
            stop.set()
            run.join()
            _print(alone, beside, together)
            print(
                f"  the quarter was rewritten {len(runs)} times meanwhile, in"
                f" {statistics.median(runs):.1f} s each"
                if runs
                else ""
            )


def _load(warehouse: Warehouse, root: Path) -> int:
    prepare(warehouse, REGION)
    take_in(warehouse, LandingPlace(str(root / "landing")), DATE, KEY)
    build_quarter(warehouse, DATE, REGION)
    make_release(warehouse, DATE, REGION, root / "releases")
    earlier = []
    date = FIRST
    while date < DATE:
        earlier.append(date)
        date = following(date)
    with warehouse.engine.begin() as connection:
        for model in models().values():
            if (
                model.schema in {"core", "curated"}
                and not model.is_view
                and "census_date" in model.columns
            ):
                others = ", ".join(c for c in model.columns if c != "census_date")
                copied = ", ".join(f"t.{c}" for c in model.columns if c != "census_date")
                connection.execute(
                    sa.text(
                        f"insert into {model.physical} (census_date, {others}) select e.d,"
                        f" {copied} from {model.physical} as t cross join unnest(cast(:dates as"
                        " date[])) as e (d) where t.census_date = :newest"
                    ),
                    {"dates": earlier[-(QUARTERS - 1) :], "newest": DATE},
                )
        fences.keep_calendar(connection)
        connection.exec_driver_sql("analyze")
    tables = [
        m.table for m in models().values() if m.schema in {"core", "curated"} and not m.is_view
    ]
    return sum(int(warehouse.scalar(f"select count(*) from {table}")) for table in tables)


def _keep_rewriting(warehouse: Warehouse, stop: threading.Event, runs: list[float]) -> None:
    while not stop.is_set():
        started = time.perf_counter()
        build_quarter(warehouse, DATE, REGION, anew=True)
        runs.append(time.perf_counter() - started)


class _Asking:
    """Sessions of readers, and the queries each kind of reader asks."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.url = make_url(warehouse.url).set(drivername="postgresql")
        codes = list(REGION.members)
        self.logins = {
            "authority": [f"bench_{code}" for code in codes],
            "regional": ["bench_regional"],
            "public": ["bench_public"],
        }
        for code in codes:
            logins.grant(warehouse, f"bench_{code}", "authority", code)
        logins.grant(warehouse, "bench_regional", "regional")
        logins.grant(warehouse, "bench_public", "public")
        here = {f"{m.schema}.{m.name}" for m in models().values()}
        texts = {path.stem: path.read_text(encoding="utf-8") for path in QUERIES}
        self.queries = {
            name: text
            for name, text in texts.items()
            if "curated.weekly_cost" not in text or "curated.weekly_cost" in here
        }
        self.kind = {
            name: text.split("-- for:")[1].split()[0] for name, text in self.queries.items()
        }

    def session(self, kind: str, number: int) -> psycopg.Connection:
        names = self.logins[kind]
        return psycopg.connect(
            self.url.set(username=names[number % len(names)]).render_as_string(hide_password=False),
            autocommit=True,
        )

    def one_after_another(self, times: int) -> dict[str, list[float]]:
        """Seconds of each query, asked `times` times by one reader of its kind."""
        taken = {}
        for name, text in self.queries.items():
            with self.session(self.kind[name], 0) as session:
                taken[name] = [_seconds(session, text) for _ in range(times)]
        return taken

    def at_once(self, readers: int, seconds: float) -> dict[str, list[float]]:
        """Seconds of each query, asked by many readers at once, one query after another with a
        second's thought between them.
        """
        taken: dict[str, list[float]] = defaultdict(list)
        refused: list[str] = []
        until = time.monotonic() + seconds

        def read(number: int) -> None:
            dice = random.Random(number)
            kind = ["authority", "authority", "authority", "regional", "public"][number % 5]
            mine = [name for name, for_ in self.kind.items() if for_ == kind]
            try:
                with self.session(kind, number) as session:
                    while time.monotonic() < until:
                        name = dice.choice(mine)
                        taken[name].append(_seconds(session, self.queries[name]))
                        time.sleep(dice.random() * 2)
            except psycopg.Error as error:
                refused.append(str(error).splitlines()[0])

        threads = [threading.Thread(target=read, args=(number,)) for number in range(readers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(
            f"  {readers} readers at once: {sum(map(len, taken.values()))} answers,"
            f" {len(refused)} refused {set(refused) or ''}"
        )
        return taken


def _seconds(session: psycopg.Connection, text: str) -> float:
    started = time.perf_counter()
    session.execute(text).fetchall()
    return time.perf_counter() - started


def _print(
    alone: dict[str, list[float]], beside: dict[str, list[float]], together: dict[str, list[float]]
) -> None:
    width = max(map(len, alone))
    print(
        f"  {'milliseconds: median (worst)'.ljust(width)}  {'alone':>14}  {'beside a run':>14} "
        f" {f'{READERS} at once':>14}"
    )
    for name in alone:
        cells = [
            f"{statistics.median(s) * 1000:6.0f} ({max(s) * 1000:5.0f})" if s else "-"
            for s in (alone[name], beside[name], together.get(name, []))
        ]
        print(f"  {name.ljust(width)}  {'  '.join(cell.rjust(14) for cell in cells)}")
    slow = sorted(
        name
        for name in alone
        if statistics.median(alone[name]) > AIM or statistics.median(beside[name]) > AIM
    )
    print(
        f"  over {AIM * 1000:.0f} ms (median, alone or beside a run): {', '.join(slow) or 'none'}"
    )
