"""From a file's landing to its sender's answer in the outbox, by the sensor of `observatory serve`,
with the run visible in Dagster.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

OBSERVATORY = str(Path(sys.executable).parent / "observatory")
DATE = "2025-12-31"
PATIENCE_SECONDS = 300


def main() -> None:
    """Print the seconds of three returns, one after the other, and the state of their runs in
    Dagster.
    """
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = Path(folder)
        environment = {
            **os.environ,
            "OBSERVATORY_HOME": str(root / "home"),
            "OBSERVATORY_DATABASE_URL": "",
            "OBSERVATORY_LANDING": str(root / "landing"),
        }
        quiet = {"env": environment, "check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(
            [
                OBSERVATORY,
                "synth",
                "--out",
                str(root / "made"),
                "--quarters",
                "1",
                "--last",
                DATE,
                "--no-truth",
            ],
            **quiet,
        )  # type: ignore[call-overload]
        made = sorted((root / "made" / DATE).glob("provider-*"))
        late, early = (
            made[:3],
            [path for path in (root / "made" / DATE).iterdir() if path not in made[:3]],
        )
        for path in early:
            shutil.copytree(path, root / "landing" / DATE / path.name)
        subprocess.run([OBSERVATORY, "run"], **quiet)  # type: ignore[call-overload]
        port = _free_port()
        with subprocess.Popen(
            [OBSERVATORY, "serve", "--port", str(port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                _wait(lambda: _answers(port), "Dagster's UI")
                time.sleep(30)  # its daemon has had a first look
                for path in late:
                    started = time.perf_counter()
                    shutil.copytree(path, root / "landing" / DATE / path.name)
                    outbox = root / "home" / "outbox" / DATE / path.name
                    _wait(
                        lambda outbox=outbox: list(outbox.glob("*.html")),
                        f"an answer for {path.name}",
                    )
                    print(
                        f"From landing to answer: {time.perf_counter() - started:.0f} s; run in"
                        f" Dagster: {_last_run(port)}",
                        flush=True,
                    )
            finally:
                server.terminate()


def _wait(ready, what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if time.monotonic() > until:
            raise SystemExit(f"{what} did not come within {PATIENCE_SECONDS} seconds.")
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _ask(port: int, query: str) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def _answers(port: int) -> bool:
    try:
        return bool(_ask(port, "{ version }")["data"]["version"])
    except OSError:
        return False


def _last_run(port: int) -> str:
    run = _ask(port, "{ runsOrError(limit: 1) { ... on Runs { results { jobName status } } } }")[
        "data"
    ]["runsOrError"]["results"][0]
    return f"{run['jobName']}, {run['status'].lower()}"


if __name__ == "__main__":
    main()
