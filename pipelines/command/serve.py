"""`observatory serve`: the Dagster UI on this machine, with the schedule and the sensor at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click

from resources.settings import settings_from_environment
from resources.warehouse import open_warehouse

ROOT = Path(__file__).resolve().parents[2]


@click.command("serve")
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI.")
@click.option("--landing", metavar="DIR", help="The landing place, if not OBSERVATORY_LANDING's.")
def command(port: int, landing: str | None) -> None:
    """Open the Dagster UI on this machine, at http://127.0.0.1:3000 unless told otherwise.

    While it runs, what lands in the landing place is taken in within a minute, and the quarter is closed on its day.
    It listens to this machine alone. Stop it with Ctrl-C.
    """
    from pipelines.command.run import dagster_instance

    settings = settings_from_environment(landing=landing)
    dagster_instance(settings)
    Path(settings.landing).mkdir(parents=True, exist_ok=True) if "://" not in settings.landing else None
    environment = {
        **os.environ,
        "OBSERVATORY_HOME": str(settings.home),
        "OBSERVATORY_LANDING": settings.landing,
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
    }
    dagster = [sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    with open_warehouse(settings):  # held open, so that every run and every look joins a server that is there already
        print(f"The Dagster UI opens at http://127.0.0.1:{port} in half a minute or so. Landing place: {settings.landing}", flush=True)
        process = subprocess.Popen([*dagster, "--log-level", "warning"], cwd=ROOT, env=environment)
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            code = process.wait()
    sys.exit(0 if code in (0, -signal.SIGINT, -signal.SIGTERM, 130) else 1)
