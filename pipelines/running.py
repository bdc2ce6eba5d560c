"""Running: jobs for quarters through Dagster in this process, one process at a time on a home.

Belongs here: what the commands that run something have in common.
Does not belong here: which quarters are due (`due`), and what a command prints of its own.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import sys
from collections.abc import Iterator

from pipelines.instance import dagster_instance
from resources.errors import ObservatoryError
from resources.mishaps import recorded, told
from resources.private import make_private
from resources.scratch import clear_left
from resources.settings import Settings
from resources.warehouse import Warehouse, open_warehouse


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One run at a time on a home: the second says so, and waits. The lock goes with the process
    that holds it, however that ends.
    """
    make_private(settings.home)
    clear_left()
    with (settings.home / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                "Another run is at work on this home; waiting for it to end.",
                file=sys.stderr,
                flush=True,
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_quarters(
    settings: Settings,
    dates: list[dt.date],
    job_name: str = "bring_up_to_date",
    tags: dict[str, str] | None = None,
) -> list[str]:
    """Run a job for the quarters through Dagster, in this process, with the history kept where the
    UI looks for it.

    Gives a sentence for each run that failed: the warehouse is as it was before it, and the other
    runs go on.

    Raises:
        ObservatoryError: a census date lies in the future.
    """
    from assets.intake.held import HELD
    from pipelines.dead import PROCESS, fail_dead_runs, this_process
    from pipelines.definitions import build_definitions
    from pipelines.executing import execute
    from pipelines.forgetting import forget
    from pipelines.history import under_its_job
    from pipelines.jobs import range_tags
    from pipelines.metrics import record
    from pipelines.quarter_ends import last_quarter_end, runs_of

    future = [date for date in dates if date > last_quarter_end(dt.datetime.now(tz=dt.UTC).date())]
    if future:
        raise ObservatoryError(
            f"{', '.join(map(str, future))}: a census date in the future was found; a quarter that"
            " has ended was expected. Check the folder's name."
        )
    failures = []
    with dagster_instance(settings) as instance:
        # what died is told as such before anything new is begun
        fail_dead_runs(instance)
        definitions = build_definitions(settings)
        for first, last in runs_of(dates):
            with under_its_job(instance, job_name):
                result = execute(
                    job_name,
                    definitions,
                    instance,
                    {**range_tags(first, last), PROCESS: this_process(), **(tags or {})},
                )
            HELD.clear()  # where the run did not reach its answers, nobody asks for what it had read
            if not result.success:
                failures.append(
                    _why(result) + f"\nThe run is in the Dagster UI as {result.run_id}."
                )
        with open_warehouse(settings) as warehouse:  # the run made it ready
            record(warehouse, instance)
        forget(instance, settings, dt.datetime.now(tz=dt.UTC))
    return failures


def _why(result: object) -> str:
    failures = [e for e in result.all_node_events if e.is_step_failure]  # type: ignore[attr-defined]
    for event in failures:
        error = event.step_failure_data.user_failure_data
        if error and error.description:
            return f"The run failed at {event.step_key}. {error.description}"
        cause = event.step_failure_data.error
        while cause and cause.cause:
            cause = cause.cause
        if cause:
            if said := recorded(cause.cls_name or "", cause.message):
                return f"The run failed at {event.step_key}. {said}"
            return f"The run failed at {event.step_key}: {cause.message.strip()}"
    return "The run failed before its first step."


def write_reports(settings: Settings, dates: list[dt.date]) -> list[str]:
    """Write the quality reports of these quarters, if any, through Dagster, and say where they are.
    Gives what failed.
    """
    from assets.checks.report import report_page
    from pipelines.names import QUALITY

    if not dates:
        return []
    print("\nQuality report:", flush=True)
    failures = run_quarters(settings, dates, QUALITY) or []
    if not failures:
        print(f"  Open {report_page(settings.data_docs, dates[-1])}")
    return failures


def write_what_is_missing(warehouse: Warehouse, settings: Settings) -> list[str]:
    """Files and pages follow from the warehouse: whatever died before they were written, they are
    written now.

    Gives a sentence for what a disk kept from being written; the rest goes on.
    """
    from assets.page.site import bring_drafts_up_to_date, bring_sites_up_to_date
    from assets.publication.release import write_all_missing_files

    region, failed = settings.region, []

    def of_the_releases() -> None:
        write_all_missing_files(warehouse, settings.releases)
        bring_sites_up_to_date(warehouse, region, settings.releases)

    def of_the_drafts() -> None:
        bring_drafts_up_to_date(warehouse, region, settings.drafts, settings.releases)

    for what, write in (("the releases", of_the_releases), ("the drafts", of_the_drafts)):
        try:
            write()
        except OSError as error:
            if not (said := told(error)):
                raise
            failed.append(f"The files of {what} could not all be written. {said}")
    return failed
