"""`observatory serve`: the Dagster UI and the observatory page on this machine, with the schedule
and the sensor at work.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import click

from pipelines.guard import OPENING
from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.settings import settings_from_environment

PORT = click.IntRange(0, 65535)


@click.command("serve")
@click.option(
    "--port",
    type=PORT,
    envvar="OBSERVATORY_PORT",
    default=3000,
    show_default=True,
    help="Port of the Dagster UI.",
)
@click.option(
    "--page-port",
    type=PORT,
    envvar="OBSERVATORY_PAGE_PORT",
    default=3001,
    show_default=True,
    help="Port of the observatory page.",
)
@click.option("--landing", metavar="DIR", help="The landing place, if not OBSERVATORY_LANDING's.")
def command(port: int, page_port: int, landing: str | None) -> None:
    """Open the Dagster UI and the observatory page on this machine, at http://127.0.0.1:3000 and
    :3001 unless told otherwise.

    While it runs, what lands in the landing place is taken in within a minute, and the quarter is
    closed on its day. They listen to this machine alone, and answer to its own names and those in
    OBSERVATORY_WEB_HOSTS. The page is for anyone; the Dagster UI is for the browser in which the
    address printed here was opened, and each address printed opens one. Stop it with Ctrl-C.
    """
    from assets.access.watch import watching
    from pipelines.children import only_serve_of
    from pipelines.dead import fail_dead_runs
    from pipelines.instance import dagster_instance
    from pipelines.running import run_quarters, write_what_is_missing
    from pipelines.stop_list import erase_whom_it_forgot
    from pipelines.web import listen, private_sockets, serve_dagster, serve_releases

    settings = settings_from_environment(landing=landing)
    if port == page_port != 0:
        raise click.UsageError(
            f"Both --port and --page-port are {port}; two different ports were expected."
        )
    # before anything is started or made: a port that is taken is told at once
    listening = listen(port, "Dagster UI", "--port")
    try:
        listening_for_pages = listen(page_port, "observatory page", "--page-port")
    except ObservatoryError:
        listening.close()
        raise
    dagster_instance(settings).dispose()  # it is there, and configured, before the UI looks for it
    (
        Path(settings.landing).mkdir(parents=True, exist_ok=True)
        if "://" not in settings.landing
        else None
    )
    os.environ |= {
        "OBSERVATORY_HOME": str(settings.home),
        "OBSERVATORY_LANDING": settings.landing,
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",  # nothing is imported from the folder that it is started in
        "GRPC_VERBOSITY": os.environ.get(
            "GRPC_VERBOSITY", "ERROR"
        ),  # else it notes each process that is started beside it
    }
    further = os.environ.get("OBSERVATORY_WEB_HOSTS", "")
    log = settings.server_log if not settings.database_url else None
    # held open, so that every run and every look joins a server that is there already
    with (
        only_serve_of(settings.home),
        opened(settings, may_be_new=True) as (_, warehouse),
        watching(warehouse, log),
        private_sockets(),
    ):
        if (quarters := erase_whom_it_forgot(warehouse, settings)) and (
            failures := run_quarters(settings, quarters)
        ):
            raise ObservatoryError("\n".join(failures))
        with dagster_instance(
            settings
        ) as instance:  # no daemon is at work yet: what one had begun is dead
            fail_dead_runs(instance, of_the_daemon=True)
        for said in write_what_is_missing(
            warehouse, settings
        ):  # an approval may have died before its files
            print(said, file=sys.stderr)
        pages = serve_releases(settings.releases, listening_for_pages, further)
        print(f"The observatory page is at http://127.0.0.1:{pages.port}", flush=True)
        print(
            f"The Dagster UI opens in half a minute or so. Landing place: {settings.landing}",
            flush=True,
        )
        address = f"http://127.0.0.1:{listening.getsockname()[1]}{OPENING}?token="
        if (
            signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        ):  # begun in a script's background; Dagster would ignore SIGTERM with it, and never stop
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            was_stopped = serve_dagster(
                listening,
                lambda token: print(f"Open it once with {address}{token}", flush=True),
                settings,
                further,
            )
        finally:
            pages.stop()
    sys.exit(0 if was_stopped else 1)
