"""Kills: the commands are killed again and again over a quarter's whole life, and what comes of it
is held against a home that nobody disturbed.

    python -m tests.kills --kills 50

Belongs here: a tiny made-up landing place, homes that play a quarter's life from it, the moments at
which they are killed, and the comparison. What is killed is the command itself, or every process of
its PostgreSQL; half of the times at a step's beginning, half at any time. After each kill the same
command is given again, as a person or cron would. A home is compared when its life is through:
every table of the warehouse, and every file of the releases, the drafts and the outbox.

The commands are forked from one process that has imported everything already, so that a kill costs
the work and not the start of an interpreter.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import hashlib
import importlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipelines.dead import name_of
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import MADE_UP, MADE_UP_ARRIVALS
from resources.provenance import mark
from resources.warehouse import Warehouse
from tests import builders

ROOT = Path(__file__).resolve().parents[1]
DATES = ["2025-03-31", "2025-06-30"]
APPROVER = "Ada Example (made up)"
RUN, DATABASE = "the command", "its PostgreSQL"

LIFE: list[list[str]] = [
    ["run", "--report"],
    ["approve", "--all", "--by", APPROVER],
    ["late", "run"],
    ["approve", "--all", "--by", APPROVER],
]
"""What is played: each list a command; `late` has a corrected return land before it."""

_STEP = re.compile(
    r"reading|judging|loading|writing|checking|projected|answering|closed by|draft |the draft's"
    r" page|quality report|approved|page made|Returns"
)
"""Lines of the commands that tell that a step begins or has ended."""

OF_RUNS = ("raw.run", "raw.run_metric")
"""What is kept of the runs themselves: a killed one is one more."""

CLOCK = ["first_seen_at", "happened_at", "tried_at", "made_at"]
"""What is by the clock, and so differs from home to home."""


# --- the landing place
# ---------------------------------------------------------------------------------------


class Place:
    """A made-up landing place, which says itself when its returns came: so answers and hashes are
    the same in every home.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._arrivals: list[tuple[str, str, str]] = []
        (root / "truth").mkdir(parents=True)
        (root / MADE_UP).write_text(
            f"{mark('north_west', 0)}\n{MADE_UP_ARRIVALS}\n", encoding="utf-8"
        )

    def drop(self, date: str, sender: str, name: str, frame: pd.DataFrame) -> None:
        """Have a return land, a minute after the one before."""
        content, path = frame.to_csv(index=False).encode("utf-8"), self.root / date / sender / name
        path.parent.mkdir(parents=True, exist_ok=True)
        came = f"{date[:4]}-07-{1 + len(self._arrivals) // 60:02d}T09:{len(self._arrivals) % 60:02d}:00+00:00"
        self._arrivals.append(
            (f"{date}/{sender}/{name}", hashlib.sha256(content).hexdigest(), came)
        )
        lines = "".join(
            ",".join(line) + "\n" for line in [("file", "sha256", "received_at"), *self._arrivals]
        )
        (self.root / MADE_UP_ARRIVALS).write_text(lines, encoding="utf-8")
        path.write_bytes(content)
        os.utime(path, (1_760_000_000, 1_760_000_000))

    def first(self, dates: list[str]) -> Place:
        """The returns of quarters: a register, an authority that sends twice, and a provider."""
        homes = [
            {"urn": f"SC{n:06d}", "local_authority": "Stockport" if n % 2 else "Trafford"}
            for n in range(40)
        ]
        returned = [{"urn": f"SC{n:06d}"} for n in range(1, 40, 2)]
        for number, date in enumerate(dates):
            self.drop(date, "ofsted", "list.csv", builders.register(homes))
            self.drop(
                date, "356", "census.csv", builders.census([{"age": 10 + number}] * (20 + number))
            )
            self.drop(
                date, "356", "census again.csv", builders.census([{"age": 12}] * (30 + number))
            )
            self.drop(date, "provider-a", "settings.csv", builders.settings(returned))
            self.drop(date, "provider-a", "placements.csv", builders.placements(returned * 2))
        return self

    def late(self, date: str) -> None:
        """A return that comes after the quarter was published, and moves its figures."""
        if not (self.root / date / "356" / "late.csv").exists():
            self.drop(date, "356", "late.csv", builders.census([{"age": 15}] * 60))


# --- the commands
# --------------------------------------------------------------------------------------------


def _be_the_nursery() -> None:
    """Fork a process for each command that is asked for, and say what became of it. One line of
    JSON each way.
    """
    import pipelines.definitions  # noqa: F401 - imported once, for all of them
    from assets.warehouse.building import all_checks
    from assets.warehouse.models import understandings
    from pipelines.command import main, run  # noqa: F401

    understandings(), all_checks()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_the_command(asked, main)
        print(json.dumps({"started": child}), flush=True)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"ended": os.waitstatus_to_exitcode(status)}), flush=True)


def _be_the_command(asked: dict, main: object) -> None:
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(out, 1), os.dup2(out, 2)
        sys.stdout, sys.stderr = (os.fdopen(n, "w", buffering=1, closefd=False) for n in (1, 2))
        os.environ.update(asked["environment"])
        if call := asked["call"]:
            module, _, function = call.partition(":")
            getattr(importlib.import_module(module), function)(*asked["arguments"])
        else:
            sys.argv = ["observatory", *asked["arguments"]]
            main()  # type: ignore[operator]
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(code)


class Nursery:
    """The process from which commands are forked."""

    def __init__(self) -> None:
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("OBSERVATORY_", "DAGSTER_"))
        }
        environment |= {
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills", "--nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        assert self._process.stdout is not None and self._process.stdout.readline() == "ready\n"

    def start(
        self, environment: dict[str, str], arguments: list[str], out: Path, call: str = ""
    ) -> int:
        """Start a command, or `call` a function (`module:name`) with the arguments; gives its
        process number.
        """
        assert self._process.stdin is not None
        out.unlink(missing_ok=True)
        asked = {"environment": environment, "arguments": arguments, "out": str(out), "call": call}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._answer()["started"])

    def wait(self) -> int:
        """How the command ended: its exit code, or the signal that killed it, negative."""
        return int(self._answer()["ended"])

    def _answer(self) -> dict:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery, for as long as it is needed."""
    made = Nursery()
    try:
        yield made
    finally:
        made.close()


@dataclass
class Home:
    """A home that plays `LIFE` over its own landing place. `seconds` and `lines` are of each
    command, where nobody disturbed it.
    """

    folder: Path
    nursery: Nursery
    dates: list[str] = field(default_factory=lambda: DATES)
    life: list[list[str]] = field(default_factory=lambda: LIFE)
    seconds: list[float] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)
    region: str = "north_west"

    def __post_init__(self) -> None:
        self.place = Place(self.folder / "landing").first(self.dates)
        self.home, self.out = self.folder / "home", self.folder / "said.txt"
        self.environment = {
            "OBSERVATORY_HOME": str(self.home),
            "OBSERVATORY_LANDING": str(self.place.root),
            "OBSERVATORY_REGION": self.region,
            "OBSERVATORY_PSEUDONYM_KEY": "a key that only the tests use",
        }

    def said(self) -> str:
        """What the command has said so far."""
        return self.out.read_text(encoding="utf-8", errors="replace") if self.out.exists() else ""

    def start(self, command: list[str]) -> int:
        """Start a command of the life."""
        if command[0] == "late":
            self.place.late(self.dates[-1])
            command = command[1:]
        return self.nursery.start(self.environment, command, self.out)

    def finish(self, command: list[str]) -> None:
        """Give a command and let it end; it must end well."""
        began = time.monotonic()
        self.start(command)
        code = self.nursery.wait()
        assert code == 0, f"{' '.join(command)} ended with {code}:\n{self.said()}"
        self.seconds.append(time.monotonic() - began)
        self.lines.append([line for line in self.said().splitlines() if _STEP.search(line)])

    def tables(self) -> dict[str, str]:
        """A fingerprint of every table, order of rows and the clock aside."""
        server = EmbeddedPostgres(self.home)
        try:
            with Warehouse(server.join()) as warehouse:
                names = warehouse.rows(
                    "select table_schema || '.' || table_name as name from"
                    " information_schema.tables where table_schema in ('raw', 'raw_rows',"
                    " 'staging', 'core_rows', 'curated_rows', 'published') and table_type = 'BASE"
                    " TABLE' order by 1"
                )
                row = f"cast(to_jsonb(t) - array{CLOCK} as text)"
                text = f"md5(coalesce(string_agg({row}, '|' order by {row}), ''))"
                with warehouse.reading() as connection:
                    asked = [t.name for t in names if t.name not in OF_RUNS]
                    return {
                        name: connection.exec_driver_sql(f"select {text} from {name} as t").scalar()
                        for name in asked
                    }
        finally:
            server.leave()

    def files(self) -> dict[str, bytes]:
        """Every file that was made for somebody; what a killed run left half made is named with a
        point, and nothing serves it.
        """
        roots = [self.home / name for name in ("releases", "drafts", "outbox")]
        found = {}
        for path in sorted(p for root in roots for p in root.rglob("*") if p.is_file()):
            name = path.relative_to(self.home)
            if not any(part.startswith(".") for part in name.parts):
                found[name.as_posix()] = path.read_bytes()
        return found

    def differences(self, other: Home) -> list[str]:
        """What is not the same in both homes."""
        found = []
        for mine, theirs in ((self.tables(), other.tables()), (self.files(), other.files())):
            found += [
                name
                for name in sorted(mine.keys() | theirs.keys())
                if mine.get(name) != theirs.get(name)
            ]
        return found


# --- killing
# -------------------------------------------------------------------------------------------------


def undisturbed(home: Home) -> Home:
    """Play the life of a home that nobody disturbs."""
    for command in home.life:
        home.finish(command)
    return home


def _moment(whole: Home, number: int, chance: random.Random) -> tuple[str, float]:
    """When to kill: a line at which to do it (blank: at no line), and seconds after it, or after
    the beginning.
    """
    lines = whole.lines[number]
    if lines and chance.random() < 0.5:
        return re.sub(r"[0-9a-f]{8}", "", chance.choice(lines)), chance.random() * 0.2
    return "", chance.random() * whole.seconds[number]


def _await(home: Home, line: str, after: float, process: int) -> bool:
    """Wait for the moment. False where the command ended before it."""
    began = time.monotonic()
    while line and line not in re.sub(r"[0-9a-f]{8}", "", home.said()):
        if not name_of(process) or time.monotonic() - began > 300:
            return False
        time.sleep(0.02)
    until = (time.monotonic() if line else began) + after
    while time.monotonic() < until:
        if not name_of(process):
            return False
        time.sleep(0.02)
    return bool(name_of(process))


def kill_database(home: Path) -> bool:
    """Kill every process of a home's PostgreSQL at once. False where none runs."""
    try:
        first = int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    except (OSError, ValueError, IndexError):
        return False
    for process in (first, *map(int, children)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return True


def kill(home: Home, whole: Home, number: int, chance: random.Random) -> str:
    """Give a command and kill it, or its database. Gives what was killed; blank where the command
    ended before.
    """
    process = home.start(home.life[number])
    what = DATABASE if chance.random() < 0.2 else RUN
    was_there = _await(home, *_moment(whole, number, chance), process)
    if was_there and what == DATABASE:
        was_there = kill_database(home.home)
    elif was_there:
        os.kill(process, signal.SIGKILL)
    code = home.nursery.wait()
    if code == 0:
        return ""
    assert code == -signal.SIGKILL or (what == DATABASE and code in (1, 2)), (
        f"{home.life[number]} ended with {code}:\n{home.said()}"
    )
    return what


def play(home: Home, whole: Home, chance: random.Random, most: int) -> Counter[str]:
    """Play a home's life with kills at each of its commands, `most` in all at the most. Gives what
    was killed how often.
    """
    killed: Counter[str] = Counter()
    for number, command in enumerate(home.life):
        fair = -(-(most - killed.total()) // (len(home.life) - number))
        for _ in range(fair):
            if not (what := kill(home, whole, number, chance)):
                break
            killed[what] += 1
        home.finish(command)
    return killed


def _show(home: Home, whole: Home, differ: list[str]) -> None:
    """The first lines in which the first text file differs."""
    mine, theirs = home.files(), whole.files()
    for name in [n for n in differ if n.endswith((".html", ".md", ".json", ".csv"))][:2]:
        pair = (one.get(name, b"").decode("utf-8").splitlines() for one in (theirs, mine))
        print(
            "\n".join(
                list(
                    difflib.unified_diff(*pair, f"whole {name}", f"killed {name}", lineterm="", n=0)
                )[:20]
            )[:4000],
            flush=True,
        )


Play = Callable[[Home, Home, random.Random, int], Counter[str]]
"""Plays the life of a home with so many kills at the most, beside the undisturbed one."""


def asked(said: str, kills: int) -> argparse.ArgumentParser:
    """The arguments that every tool of kills takes."""
    parser = argparse.ArgumentParser(
        description=said, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=kills)
    parser.add_argument(
        "--a-home", type=int, default=10, help="kills of one home before it is compared"
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser


def over_homes(of: argparse.Namespace, life: list[list[str]], play_one: Play) -> int:
    """Kill so often, over as many homes as it takes. Gives 1 at the first home that is not as the
    undisturbed one, else 0.
    """
    chance, killed, homes = random.Random(of.seed), Counter[str](), 0
    folders = tempfile.TemporaryDirectory(prefix="kills ", ignore_cleanup_errors=True)
    with folders as folder, nursery() as born:
        Path(folder).chmod(0o755)
        whole = undisturbed(Home(Path(folder) / "whole", born, DATES, life))
        print(f"undisturbed: {', '.join(f'{s:.0f} s' for s in whole.seconds)}", flush=True)
        while killed.total() < of.kills:
            homes += 1
            home = Home(Path(folder) / f"home {homes}", born, DATES, life)
            now = play_one(home, whole, chance, min(of.a_home, of.kills - killed.total()))
            killed += now
            differ = home.differences(whole)
            said = f"differs: {', '.join(differ[:20])}" if differ else "as if nothing had happened"
            print(f"home {homes}: {dict(now)}, {said}", flush=True)
            if differ:
                _show(home, whole, differ)
                return 1
    print(f"{killed.total()} kills of {homes} homes: {dict(killed)}")
    return 0


def main() -> int:
    """Kill the commands; or be the process from which they are forked."""
    parser = asked(__doc__ or "", kills=50)
    parser.add_argument("--nursery", action="store_true", help=argparse.SUPPRESS)
    of = parser.parse_args()
    if of.nursery:
        _be_the_nursery()
        return 0
    return over_homes(of, LIFE, play)


if __name__ == "__main__":
    sys.exit(main())
