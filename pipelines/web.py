"""What `observatory serve` serves, each behind the guard: the releases' folder, and Dagster's web
server.

Belongs here: the two as ASGI, the listening on this machine alone, and Dagster's own parts (code
server, daemon). Does not belong here: who may ask (`pipelines.guard`), and what a person types
(`pipelines.command.serve`).

Dagster's web server runs in this process and listens to nothing of its own, so that there is no way
around the guard.
"""

from __future__ import annotations

import contextlib
import json
import mimetypes
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pipelines.guard import MOST_BODY_BYTES, MOST_HEADER_BYTES, App, Guard, Names, Session
from resources.embedded_postgres import TEMPORARY, short_temporary
from resources.errors import ObservatoryError
from resources.links import BEGINS, shown
from resources.private import make_private
from resources.settings import Settings

HERE = "127.0.0.1"

mimetypes.add_type("application/vnd.apache.parquet", ".parquet")


class _Releases(StaticFiles):
    """The files of the releases and nothing else: no list of a folder, nothing hidden, nothing
    outside.
    """

    async def get_response(self, path: str, scope: Any) -> Response:
        """A file of the folder, links out of it not followed; asked for anew each time."""
        # nothing that begins with a point is a release's: it is being made, or was set aside
        if any(part.startswith(".") and part != "." for part in Path(path).parts):
            raise HTTPException(404)
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


class _OfTheHome(_Releases):
    """Pages of the home as they stand beside Dagster's: nothing in them runs, asks elsewhere or is
    kept by the browser.
    """

    async def get_response(self, path: str, scope: Any) -> Response:
        """A file of the folder, under a policy that lets it do nothing."""
        answer = await super().get_response(path, scope)
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def with_pages_of_the_home(app: App, settings: Settings) -> App:
    """`app`, and beside it the pages to which its own lead (`resources.links`). The guard stands
    before both.
    """
    for folder in shown(settings):  # one that is not there yet is empty, and no fault
        make_private(folder)
    pages = Starlette(
        routes=[
            Mount(
                f"{BEGINS}{folder.name}", _OfTheHome(directory=folder, html=True, check_dir=False)
            )
            for folder in shown(settings)
        ]
    )

    async def either(scope: Any, receive: Any, send: Any) -> None:
        is_ours = scope["type"] == "http" and scope["path"].startswith(BEGINS)
        await (pages if is_ours else app)(scope, receive, send)

    return either


class Served:
    """An app that this machine alone reaches, at `port`. It runs when `run` or `start` is called,
    until `stop`.
    """

    def __init__(self, app: App, listening: socket.socket) -> None:
        listening.listen()  # from here on who asks is heard, and waits until `run` answers
        self._socket = listening
        self.address: tuple[str, int] = listening.getsockname()[:2]
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="h11",  # of the two it alone bounds the headers while they come in
                h11_max_incomplete_event_size=2 * MOST_HEADER_BYTES,
                ws_max_size=MOST_BODY_BYTES,
                lifespan="off",
                access_log=False,  # who looked at what is nobody's business, and a token stands in an address
                log_config=None,
                log_level="error",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=3,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens at."""
        return self.address[1]

    def run(self) -> None:
        """Serve until stopped, or until this process is told to stop."""
        self._server.run(sockets=[self._socket])

    def start(self) -> Served:
        """Serve from a thread of its own."""
        self._thread = threading.Thread(target=self.run, name=f"web at {self.port}", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join(timeout=10)
        self._socket.close()


def listen(port: int, what: str, option: str) -> socket.socket:
    """A socket at a port of this machine alone; port 0 takes a free one. Who asks is refused until
    something is served there.

    Raises:
        ObservatoryError: the port is taken.
    """
    bound = socket.socket()
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HERE, port))
        return bound
    except OSError as error:
        bound.close()
        raise ObservatoryError(
            f"The {what} could not be opened at port {port}: {error.strerror}. A free port was"
            f" expected: give another one with {option}."
        ) from None


def serve_releases(releases: Path, listening: socket.socket, further: str = "") -> Served:
    """Serve the releases' folder from a thread of its own; `further` names are those of
    OBSERVATORY_WEB_HOSTS.

    Raises:
        ObservatoryError: a name is none.
    """
    releases.mkdir(parents=True, exist_ok=True)
    app = Starlette(routes=[Mount("/", _Releases(directory=releases, html=True))])
    return Served(Guard(app, Names.of(listening.getsockname()[1], further)), listening).start()


def serve_dagster(
    listening: socket.socket, announce: Callable[[str], None], settings: Settings, further: str = ""
) -> bool:
    """Serve Dagster's UI, with its code server and its daemon, until stopped. True if it was
    stopped, False if it fell.

    `announce` is told each one-time token. Dagster's home and the observatory's settings are read
    from the environment.

    Raises:
        ObservatoryError: a name in `further` is none.
    """
    port = listening.getsockname()[1]
    names = Names.of(port, further)
    with _dagster() as (app, workspace):
        served = Served(
            Guard(with_pages_of_the_home(app, settings), names, Session(port, announce)), listening
        )
        daemon = _daemon(workspace)
        fell = threading.Event()

        def watch() -> None:
            # without its daemon the UI would show schedules that nobody keeps
            if daemon.wait() != 0:
                fell.set()
            served.stop()

        threading.Thread(target=watch, name="daemon's watch", daemon=True).start()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                served.run()
            return not fell.is_set()
        finally:
            daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(timeout=20)
            daemon.kill()


@contextlib.contextmanager
def private_sockets() -> Iterator[Path]:
    """While it lasts, what this process and its children open in the temporary folder is in one of
    our own that nobody else may enter.

    Dagster's code servers listen there to whoever may reach their sockets, under names taken from
    that folder. The embedded PostgreSQL's own folder, which every process must find, stays where it
    was.
    """
    before = os.environ.get("TMPDIR")
    # the folder that was usual stays known to whoever must find the embedded server
    os.environ.setdefault(TEMPORARY, tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="observatory-", dir=short_temporary()) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = None
            os.environ.pop("TMPDIR") if before is None else os.environ.__setitem__("TMPDIR", before)


@contextlib.contextmanager
def _dagster() -> Iterator[tuple[App, Path]]:
    """Dagster's web server as an app, and the workspace file that leads to its code server."""
    import dagster as dg
    from dagster._cli.proxy_server_manager import ProxyServerManager
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import ModuleTarget, WorkspaceFileTarget
    from dagster_webserver.app import create_app_from_workspace_process_context
    from dagster_webserver.cli import (
        DEFAULT_DB_STATEMENT_TIMEOUT,
        DEFAULT_POOL_MAX_OVERFLOW,
        DEFAULT_POOL_RECYCLE,
    )
    from dagster_webserver.version import __version__

    with contextlib.ExitStack() as stack:
        instance = stack.enter_context(dg.DagsterInstance.get())
        instance.optimize_for_webserver(
            DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW
        )
        ours = ModuleTarget(
            "pipelines.definitions", None, working_directory=None, location_name="observatory"
        )
        code = stack.enter_context(
            ProxyServerManager(instance, ours, code_server_log_level="warning")
        )
        workspace = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "workspace.yaml"
        workspace.write_text(
            json.dumps({"load_from": list(code.get_code_server_specs())}), encoding="utf-8"
        )  # JSON is YAML
        target = WorkspaceFileTarget([str(workspace)])
        context = stack.enter_context(
            WorkspaceProcessContext(
                instance, target, version=__version__, code_server_log_level="warning"
            )
        )
        yield (
            create_app_from_workspace_process_context(context, live_data_poll_rate=2000),
            workspace,
        )


def _daemon(workspace: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "dagster._daemon",
        "run",
        "--log-level",
        "warning",
        "-w",
        str(workspace),
    ]
    return subprocess.Popen(command, env=os.environ)


__all__ = ["Served", "listen", "private_sockets", "serve_dagster", "serve_releases"]
