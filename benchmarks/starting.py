"""How long a command takes before it does anything: its help, a question's first row, a run that
finds nothing new, and `serve`.

A full North West quarter is made and run for it, unless OBSERVATORY_BENCH_HOME and
OBSERVATORY_BENCH_LANDING name one that is up to date.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.recording import Number, tell

OBSERVATORY = str(Path(sys.executable).parent / "observatory")
TIMES = 3
QUESTION = "select count(*) as rows from curated.host_authority_occupancy"

ASK = f"""
import sys, psycopg
from pathlib import Path
from resources.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.join()
with psycopg.connect(host=str(server.socket), user="observatory", dbname="observatory") as connection:
    print(connection.execute("{QUESTION.replace("curated.", "curated_rows.")}").fetchall(), flush=True)
server.leave()
"""
HASH = """
import hashlib, sys
from pathlib import Path
from resources.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.join()
for path in Path(sys.argv[2]).rglob("*"):
    if path.is_file():
        hashlib.sha256(path.read_bytes())
server.leave()
"""


def main() -> None:
    """Print each beside its floor."""
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = (
            Path(os.environ.get("OBSERVATORY_BENCH_HOME", "")).parent
            if "OBSERVATORY_BENCH_HOME" in os.environ
            else Path(folder)
        )
        home = Path(os.environ.get("OBSERVATORY_BENCH_HOME") or root / "home")
        landing = Path(os.environ.get("OBSERVATORY_BENCH_LANDING") or root / "landing")
        environment = {
            **os.environ,
            "OBSERVATORY_HOME": str(home),
            "OBSERVATORY_LANDING": str(landing),
            "OBSERVATORY_DATABASE_URL": "",
        }
        if not home.exists():
            subprocess.run(
                [OBSERVATORY, "synth", "--out", str(landing), "--quarters", "1", "--no-truth"],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        subprocess.run([OBSERVATORY, "run"], env=environment, check=True, stdout=subprocess.DEVNULL)
        python = [sys.executable, "-W", "ignore", "-c"]
        numbers = [
            _number("observatory --help", [OBSERVATORY, "--help"], "importing click", [*python, "import click"], "0.2 s", environment),
            _number(
                "observatory query, its first row", [OBSERVATORY, "query", QUESTION], "the same server started, and asked without us",
                [*python, ASK, str(home)], "0.5 s", environment, first_line=True,
            ),
            _number(
                "observatory run, nothing new", [OBSERVATORY, "run"], "the same server started, and every file that lies there hashed",
                [*python, HASH, str(home), str(landing)], "2 s", environment,
            ),
            _serve(environment, python),
        ]  # fmt: skip
        tell("How commands start", numbers)


def _number(
    what: str,
    command: list[str],
    floor: str,
    floors: list[str],
    aim: str,
    environment: dict[str, str],
    *,
    first_line: bool = False,
) -> Number:
    ours = [_taken(command, environment, first_line=first_line) for _ in range(TIMES)]
    theirs = [_taken(floors, environment, first_line=first_line)[0] for _ in range(TIMES)]
    seconds, processor = (statistics.median(of) for of in zip(*ours, strict=True))
    return Number(what, seconds, processor, floor, statistics.median(theirs), f"under {aim}")


def _taken(
    command: list[str], environment: dict[str, str], *, first_line: bool
) -> tuple[float, float]:
    """Seconds, and processor seconds, of a command; to its first line of output where that is asked
    for.
    """
    started = time.perf_counter()
    running = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert running.stdout is not None
    running.stdout.readline()
    first = time.perf_counter() - started
    running.stdout.read()
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0, f"{' '.join(command)} ended with {running.returncode}"
    return first if first_line else time.perf_counter() - started, used.ru_utime + used.ru_stime


def _serve(environment: dict[str, str], python: list[str]) -> Number:
    """Until the Dagster UI answers with the code location loaded, and the page is there."""
    ports = [_free_port(), _free_port()]
    floor = _taken([*python, "import dagster_webserver.app"], environment, first_line=False)[0]
    started = time.perf_counter()
    command = [OBSERVATORY, "serve", "--port", str(ports[0]), "--page-port", str(ports[1])]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            while not all(_answers(port) for port in ports):
                assert server.poll() is None, "it ended"
                assert time.perf_counter() - started < 600
                time.sleep(0.05)
            seconds = time.perf_counter() - started
        finally:
            server.terminate()
    return Number(
        "observatory serve, until page and UI answer",
        seconds,
        0.0,
        "importing Dagster's web server",
        floor,
        "under 10 s",
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as reply:
            return bool(reply.status)
    except urllib.error.HTTPError:
        return True  # it asks who we are
    except OSError:
        return False


if __name__ == "__main__":
    main()
