"""`observatory serve`: the Dagster UI and the observatory page on this machine, with the schedule and the sensor at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click

from resources.settings import ObservatoryError, settings_from_environment
from resources.warehouse import open_warehouse

ROOT = Path(__file__).resolve().parents[2]


class _Releases(SimpleHTTPRequestHandler):
    """The files of the releases and nothing else: no list of a folder, nothing hidden, nothing outside."""

    extensions_map = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".csv": "text/csv; charset=utf-8",
        ".json": "application/json",
        ".html": "text/html; charset=utf-8",
    }  # noqa: RUF012

    def list_directory(self, path: Any) -> None:
        """A folder without a page of its own is not found."""
        self.send_error(404, "There is no page here")

    def send_head(self) -> Any:
        """A file of the folder, links out of it not followed."""
        wanted = Path(self.translate_path(self.path))
        inside = Path(self.directory).resolve()
        if any(part.startswith(".") for part in wanted.relative_to(self.directory).parts) or not wanted.resolve().is_relative_to(inside):
            self.send_error(404, "There is no page here")
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """A page is asked for anew each time, and taken for what it says it is."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Who looked at what is nobody's business."""


def serve_releases(releases: Path, port: int) -> ThreadingHTTPServer:
    """Serve the releases' folder on this machine alone, from a thread of its own; port 0 takes a free one.

    Raises:
        ObservatoryError: the port is taken.
    """
    releases.mkdir(parents=True, exist_ok=True)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Releases, directory=str(releases)))
    except OSError as error:
        raise ObservatoryError(
            f"The observatory page could not be opened at port {port}: {error.strerror}. A free port was expected: give another one with --page-port."
        ) from None
    threading.Thread(target=server.serve_forever, name="observatory page", daemon=True).start()
    return server


@click.command("serve")
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI.")
@click.option("--page-port", default=3001, show_default=True, help="Port of the observatory page.")
@click.option("--landing", metavar="DIR", help="The landing place, if not OBSERVATORY_LANDING's.")
def command(port: int, page_port: int, landing: str | None) -> None:
    """Open the Dagster UI and the observatory page on this machine, at http://127.0.0.1:3000 and :3001 unless told otherwise.

    While it runs, what lands in the landing place is taken in within a minute, and the quarter is closed on its day.
    They listen to this machine alone. Stop it with Ctrl-C.
    """
    from pipelines.command.run import dagster_instance

    settings = settings_from_environment(landing=landing)
    dagster_instance(settings).dispose()  # it is there, and configured, before the UI looks for it
    Path(settings.landing).mkdir(parents=True, exist_ok=True) if "://" not in settings.landing else None
    environment = {
        **os.environ,
        "OBSERVATORY_HOME": str(settings.home),
        "OBSERVATORY_LANDING": settings.landing,
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
        # dagster says at every start that `dg dev` is to come in place of the command that is used here: nothing for whoever reads this
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore::FutureWarning"),
    }
    dagster = [sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    with open_warehouse(settings):  # held open, so that every run and every look joins a server that is there already
        pages = serve_releases(settings.releases, page_port)
        print(f"The observatory page is at http://127.0.0.1:{pages.server_port}", flush=True)
        print(f"The Dagster UI opens at http://127.0.0.1:{port} in half a minute or so. Landing place: {settings.landing}", flush=True)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in a script's background; Dagster would ignore SIGTERM with it, and never stop
            signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen([*dagster, "--log-level", "warning"], cwd=ROOT, env=environment)
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            code = process.wait()
        finally:
            pages.shutdown()
    sys.exit(0 if code in (0, -signal.SIGINT, -signal.SIGTERM, 130) else 1)
