"""Kills of `observatory serve`: it, and each process that it starts, is killed at any moment, and
started again as systemd would.

    python -m tests.kills_of_serve --kills 20

Belongs here: a served home, its processes by what they are, and a quarter's life in which `serve`
does what `run` does in `tests.kills`. What comes of it is held against a home in which nobody
disturbed the commands: every table, and every file of the releases, the drafts and the outbox.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from pipelines.children import _marked, end_orphans
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.settings import Settings
from resources.warehouse import Warehouse
from tests.kills import APPROVER, DATABASE, ROOT, Home, asked, kill_database, over_homes

COMMAND = "from pipelines.command import main; main()"
SERVE, DAEMON, CODE, READY, WORKER = (
    "serve",
    "its daemon",
    "its code server",
    "its runs' forerunner",
    "a run",
)
LIFE: list[list[str]] = [
    ["run", "--report"],
    ["approve", "--all", "--by", APPROVER],
    ["late", "run", "--report"],
    ["approve", "--all", "--by", APPROVER],
]
"""As in `tests.kills`. In a served home `serve` comes before each `run`, which then has drafts and
reports to make.
"""


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(what: Callable[[], Any], seconds: float = 480, every: float = 0.2) -> Any:
    """Wait until something is so, and give it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(every)
    raise AssertionError(f"waited {seconds} s for {what.__name__}")


class Serve:
    """A served home: `root` has its landing place and its home."""

    def __init__(self, root: Path, ports: tuple[int, int], region: str = "north_west") -> None:
        self.home = root / "home"
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("OBSERVATORY_", "DAGSTER_"))
        }
        environment |= {
            "OBSERVATORY_HOME": str(self.home), "OBSERVATORY_LANDING": str(root / "landing"), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore",
            "OBSERVATORY_PSEUDONYM_KEY": "a key that only the tests use", "OBSERVATORY_REGION": region,
        }  # fmt: skip
        self.environment = environment
        command = [
            sys.executable,
            "-c",
            COMMAND,
            "serve",
            "--port",
            str(ports[0]),
            "--page-port",
            str(ports[1]),
        ]
        self.log = (root / f"said {time.monotonic()}.txt").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=self.log, stderr=self.log
        )

    def is_open(self) -> bool:
        """Whether the UI is open. It must not have ended."""
        assert self.process.poll() is None, self.said()
        return "Open it once" in self.said()

    def said(self) -> str:
        """All that it has said."""
        return Path(self.log.name).read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """The processes that it has started, and what they have started."""
        return [
            number
            for number, by in _marked(self.home).items()
            if by.startswith(f"{self.process.pid} ")
        ]

    def parts(self) -> dict[str, list[int]]:
        """Its processes by what they are."""
        found: dict[str, list[int]] = {SERVE: [self.process.pid]}
        for number in self.workers():
            said, parent = _words(number), _words(_parent(number))
            if "be_ready" in said:
                found.setdefault(WORKER if "be_ready" in parent else READY, []).append(number)
            elif "dagster._daemon" in said:
                found.setdefault(DAEMON, []).append(number)
            elif "dagster api grpc" in said or "dagster code-server" in said:
                found.setdefault(CODE, []).append(number)
        return found

    def kill(self, what: str, parts: dict[str, list[int]] | None = None) -> bool:
        """Kill one of its parts (of `parts`, where they are known), or its PostgreSQL, with
        SIGKILL. False where there is none.
        """
        if what == DATABASE:
            return kill_database(self.home)
        numbers = (self.parts() if parts is None else parts).get(what, [])
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        if what == SERVE:
            self.process.wait()
        return bool(numbers)

    def end(self) -> int:
        """Stop it as systemd does; gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(90)
        finally:
            self.log.close()


def _words(number: int) -> str:
    try:
        return (
            Path(f"/proc/{number}/cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode("utf-8", "replace")
        )
    except OSError:
        return ""


def _parent(number: int) -> int:
    try:
        return int(
            Path(f"/proc/{number}/stat")
            .read_text(encoding="ascii", errors="replace")
            .rpartition(")")[2]
            .split()[1]
        )
    except OSError:
        return 0


def is_settled(home: Home) -> bool:
    """Whether nothing is due that `serve` does."""
    if not (home.home / "postgres" / "data" / "postmaster.pid").exists():
        return False
    settings, place = (
        Settings(home.home, str(home.place.root), "", home.region),
        LandingPlace(str(home.place.root)),
    )
    server = EmbeddedPostgres(home.home)
    # the key, without which nothing can be said of files
    with patch.dict(os.environ, home.environment):
        return _is_settled(server, settings, place, home)


def _is_settled(
    server: EmbeddedPostgres, settings: Settings, place: LandingPlace, home: Home
) -> bool:
    from pipelines.due import quarters_due

    try:
        with Warehouse(server.join()) as warehouse:
            if warehouse.scalar("select to_regclass('raw.answered')") is None:
                return False
            landed = [dt.date.fromisoformat(date) for date in home.dates]
            return not quarters_due(warehouse, place, settings, landed, [], everything=False)
    except sa.exc.DBAPIError:  # the server is being killed, or recovers
        return False
    finally:
        server.leave()


def serve_with_kills(home: Home, chance: random.Random, kills: int, seconds: float) -> Counter[str]:
    """Serve until nothing is due, killing something `kills` times, each within `seconds` of a start
    or of the last kill.
    """
    killed: Counter[str] = Counter()
    ports = free_port(), free_port()
    serve = Serve(home.folder, ports)
    try:
        while killed.total() < kills:
            time.sleep(chance.random() * seconds)
            parts = serve.parts()
            what = chance.choice([DATABASE, *parts])
            killed[what] += serve.kill(what, parts)
            with contextlib.suppress(
                subprocess.TimeoutExpired
            ):  # it ends where a part is gone without which it cannot be
                serve.process.wait(3)
            if serve.process.poll() is not None:
                serve = Serve(home.folder, ports)

        def is_done() -> bool:
            nonlocal serve
            if serve.process.poll() is not None:
                serve = Serve(home.folder, ports)
            return is_settled(home)

        wait_for(is_done, seconds=900, every=3)
    except BaseException:
        print(serve.said()[-4000:], flush=True)
        raise
    finally:
        serve.end()
        end_orphans(home.home)
    return killed


def play(home: Home, chance: random.Random, kills: int, seconds: float) -> Counter[str]:
    """Play a home's life, served."""
    home.place.root.mkdir(parents=True, exist_ok=True)
    killed: Counter[str] = Counter()
    for command in home.life:
        if "run" in command:
            if command[0] == "late":
                home.place.late(home.dates[-1])
            killed += serve_with_kills(
                home,
                chance,
                kills - killed.total() if command[0] == "late" else -(-kills // 2),
                seconds,
            )
        home.finish(command)
    return killed


def main() -> int:
    """Kill `serve` and what it has started."""
    parser = asked(__doc__ or "", kills=20)
    parser.add_argument("--seconds", type=float, default=60, help="the longest between two kills")
    of = parser.parse_args()

    def play_one(home: Home, _: Home, chance: random.Random, kills: int) -> Counter[str]:
        return play(home, chance, kills, of.seconds)

    return over_homes(of, LIFE, play_one)


if __name__ == "__main__":
    sys.exit(main())
