"""A hundred senders land one by one before a running `observatory serve`: how long each waits for
its answer, and what that costs.

    python -m benchmarks landing

A provider's return lands every OBSERVATORY_BENCH_EVERY seconds (3 unless set),
OBSERVATORY_BENCH_SENDERS of them (100). The aim: each is answered within a minute, and no release
is made. Printed: the waits, processor seconds of `serve` and everything that it started (PostgreSQL
included), runs and their steps, and how much Dagster's history grew.

Measured on 29 November 2026 on 2 processors that others shared (a load of 7.1 at its end): 100
senders, 3 s apart, were answered after 36 s (median), 56 s (95 %) and 62 s (longest), in 12 runs
and 131 processor seconds (1.3 a sender, a third of them Dagster's daemon's), with 68 MB of history,
no release and no draft. An hour before, at a load of 5.8, when each run started an interpreter of
its own and was followed by a quality report: 64 s, 116 s and 131 s, 7 runs, 274 processor seconds,
45 MB. So the work is bounded by runs and not by senders. With the machine to itself (load 1.1), 100
senders, 3 s apart: 10 s, 17 s and 20 s, 29 runs, 248 processor seconds, 175 MB; it runs more often
where it may, and Dagster's history is kept for a stated time.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dagster as dg

from pipelines.children import _marked
from pipelines.metrics import record
from resources.embedded_postgres import EmbeddedPostgres
from resources.warehouse import Warehouse
from tests import builders
from tests.conftest import Landing

DATE = "2025-12-31"
AIM = 60.0
SECONDS_A_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def main() -> None:
    """Print the waits and what they cost."""
    senders, every = (
        int(os.environ.get("OBSERVATORY_BENCH_SENDERS", "100")),
        float(os.environ.get("OBSERVATORY_BENCH_EVERY", "3")),
    )
    with tempfile.TemporaryDirectory(
        prefix="observatory bench ", ignore_cleanup_errors=True
    ) as folder:
        root = Path(folder)
        root.chmod(0o755)
        home = root / "home"
        (root / "landing").mkdir()
        landing = Landing(root / "landing")
        landing.drop(
            DATE,
            "ofsted",
            "list.csv",
            builders.register(
                [{"urn": f"SC{n:06d}", "local_authority": "Stockport"} for n in range(senders)]
            ),
        )
        environment = {
            **os.environ,
            "OBSERVATORY_HOME": str(home),
            "OBSERVATORY_LANDING": str(landing.root),
            "PYTHONWARNINGS": "ignore",
        }
        command = [
            sys.executable,
            "-c",
            "from pipelines.command import main; main()",
            "serve",
            "--port",
            "0",
            "--page-port",
            "0",
        ]
        said = (root / "said.txt").open("w")
        serve = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
        try:
            _until(lambda: "Open it once" in (root / "said.txt").read_text(), 300)
            _until(lambda: _answered(home) >= {"ofsted"}, 300)
            before, grown, began = (
                _processor(home, serve.pid),
                _size(home / "dagster"),
                time.monotonic(),
            )
            landed, answered = _land(landing, home, senders, every)
            cost = _processor(home, serve.pid) - before
            _print(
                landed,
                answered,
                time.monotonic() - began,
                cost,
                _size(home / "dagster") - grown,
                home,
            )
        finally:
            serve.send_signal(signal.SIGTERM)
            serve.wait(60)
            said.close()


def _land(
    landing: Landing, home: Path, senders: int, every: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Have them land one by one; gives when each landed, and when it was answered."""
    landed: dict[str, float] = {}
    answered: dict[str, float] = {}
    next_one = time.monotonic()
    while len(answered) < senders and time.monotonic() < next_one + 600:
        if len(landed) < senders and time.monotonic() >= next_one:
            name, next_one = f"provider-{len(landed):03d}", time.monotonic() + every
            landing.drop(
                DATE, name, "homes.csv", builders.settings([{"urn": f"SC{len(landed):06d}"}])
            )
            landed[name] = time.monotonic()
        for name in (_answered(home) & landed.keys()) - answered.keys():
            answered[name] = time.monotonic()
        time.sleep(0.2)
    return landed, answered


def _print(
    landed: dict[str, float],
    answered: dict[str, float],
    seconds: float,
    cost: float,
    grown: int,
    home: Path,
) -> None:
    waits = sorted(answered[name] - landed[name] for name in answered)
    late = sum(wait > AIM for wait in waits) + len(landed) - len(answered)
    print(
        f"{len(landed)} senders in {seconds:.0f} s; load {os.getloadavg()[0]:.1f} on"
        f" {os.cpu_count()} processors"
    )
    print(
        f"  answered after {statistics.median(waits):.0f} s (median),"
        f" {waits[int(len(waits) * 0.95) - 1]:.0f} s (95 %), {waits[-1]:.0f} s (longest)"
    )
    print(f"  later than {AIM:.0f} s, or not at all: {late}")
    server = EmbeddedPostgres(home)
    with (
        Warehouse(server.join(), server) as warehouse,
        dg.DagsterInstance.from_config(str(home / "dagster")) as instance,
    ):
        record(warehouse, instance)
        runs = warehouse.rows(
            "select r.job, count(distinct r.run_id) as many, percentile_cont(0.5) within group"
            " (order by r.seconds) as seconds from raw.run as r group by r.job order by 2 desc"
        )
        steps = warehouse.rows(
            "select m.name, percentile_cont(0.5) within group (order by m.value) as seconds from"
            " raw.run_metric as m inner join raw.run as r on m.run_id = r.run_id where m.kind ="
            " 'step seconds' and r.job = 'bring_up_to_date' group by m.name order by 2 desc"
        )
        made = warehouse.rows(
            "select (select count(*) from published.release) as releases, (select count(*) from"
            " raw.draft) as drafts"
        )[0]
    print(f"  runs: {', '.join(f'{row.many} of {row.job} ({row.seconds:.1f} s)' for row in runs)}")
    print(f"  steps of a run: {', '.join(f'{row.name} {row.seconds:.1f} s' for row in steps)}")
    print(f"  releases: {made.releases}, drafts: {made.drafts}")
    print(
        f"  {cost:.0f} processor seconds ({cost / len(landed):.1f} a sender); Dagster's history"
        f" grew by {grown / 1e6:.1f} MB"
    )


def _until(what: object, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        if time.monotonic() > until:
            raise SystemExit("`observatory serve` did not come so far.")
        time.sleep(0.5)


def _answered(home: Path) -> set[str]:
    folder = home / "outbox" / DATE
    return {path.parent.name for path in folder.glob("*/*.html")} if folder.is_dir() else set()


def _processor(home: Path, serve: int) -> float:
    """Processor seconds that `serve`, what it started and the server have used, their children that
    ended included.
    """
    server = (home / "postgres" / "data" / "postmaster.pid").read_text().split(maxsplit=1)[0]
    ours = {serve, int(server), *_marked(home)}
    ours |= {int(n) for n in Path(f"/proc/{server}/task/{server}/children").read_text().split()}
    total = 0
    for number in ours:
        try:
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(ticks) for ticks in fields[11:15])
    return total / SECONDS_A_TICK


def _size(folder: Path) -> int:
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and not re.search(r"-(wal|shm)$", path.name)
    )
