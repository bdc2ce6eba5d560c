"""`observatory run`: from the landing place to the drafts, through Dagster, for every quarter at which something is due. It publishes nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import sys
import time
from collections.abc import Iterator

import click

from pipelines.command.options import CensusDate
from pipelines.quarter_ends import workable
from pipelines.stop_list import erase_whom_it_forgot
from pipelines.telling import told_of_failures
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.mishaps import recorded, told
from resources.private import make_private
from resources.provenance import marked
from resources.settings import Settings, settings_from_environment
from resources.showing import one_line
from resources.warehouse import Warehouse, open_warehouse
from schemas.regions import today

DAGSTER_YAML = """\
# Written by the observatory. Dagster's history of runs is kept in this folder.
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
"""
FORMER_DAGSTER_YAML = DAGSTER_YAML
"""As an earlier version wrote it; where it stands it is replaced."""

DAGSTER_YAML += """\
concurrency:
  runs:
    tag_concurrency_limits:  # one run a quarter at a time; the quality report keeps none waiting
      - key: observatory/quarter
        value:
          applyLimitPerUniqueValue: true
        limit: 1
"""


def _told(paths: list[str]) -> str:
    """What lies in the landing place, as it may be told: a name that its sender chose may name a child."""
    from assets.intake.door import sender_of
    from assets.intake.telling import place_label

    def is_sender(name: str) -> bool:
        return sender_of(name, dt.date.max).kind != "unknown"

    told = [place_label(path, is_sender) for path in paths[:10]]
    return one_line(", ".join(told)) + (" …" if len(paths) > 10 else "")


@click.command("run")
@click.option("--landing", metavar="DIR", help="The landing place, if not OBSERVATORY_LANDING's.")
@click.option("--census-date", "dates", type=CensusDate(), multiple=True, help="A quarter end to bring up to date; may be given several times.")
@click.option("--all", "everything", is_flag=True, help="Every quarter in the landing place and the warehouse.")
@click.option("--report", is_flag=True, help="Write the readers' quality report of these quarters too, at the end.")
def command(landing: str | None, dates: tuple[dt.date, ...], everything: bool, report: bool) -> None:
    """Bring the warehouse, the answers and the drafts that are due up to date. It never publishes.

    Without --census-date or --all: every quarter at which something is due, by what is recorded of it: something new has landed, its figures rest
    on something that has changed, an answer, a draft or a page is missing. Quarters whose day has come are closed by the region's timetable.
    The runs appear in the Dagster UI (`observatory serve`).
    Ends with 0 when the work is done, though returns were rejected; with 1 where a draft is refused or a step failed; with 2 where it cannot work.
    """
    if dates and everything:
        raise click.UsageError("Give --census-date or --all, not both.")
    if landing:
        os.environ["OBSERVATORY_LANDING"] = str(landing)
    settings = settings_from_environment(landing=landing)
    started = time.monotonic()
    print(f"Landing place: {settings.landing}", flush=True)
    place = LandingPlace(settings.landing)
    landed, left = workable(place.census_dates(), today())
    print("\n".join(left), end="\n" if left else "")
    if odd := place.left_alone():
        print(f"Left alone, because they are not in a census date's and sender's folder: {_told(odd)}")
    for folder, reason in place.refused():
        print(f"Not looked into: {_told([f'{folder}/'])} {reason}.")
    if waiting := place.under_way():
        print(f"Waiting for the end of an upload: {_told(waiting)}")
    if not settings.home.exists():
        print(f"Nothing was kept at {settings.home} yet: a new home of the observatory is made there.")
    with alone(settings), open_warehouse(settings, may_be_new=True) as warehouse:
        from assets.access.preparing import prepare
        from assets.checks.report import out_of_date as reports_due
        from assets.intake import provenance
        from pipelines.command.summary import print_summary

        prepare(warehouse, settings.region)
        erase_whom_it_forgot(warehouse, settings)
        if landed:  # before anything is said to be due, and not from inside a run
            with warehouse.reading() as connection:
                provenance.refuse_mixture(provenance.held(connection), bool(marked(place.root)), settings.landing)
        if empty := [date for date in sorted(set(dates)) if not has_landed(warehouse, settings, date)]:
            raise ObservatoryError(
                f"Nothing has landed for {', '.join(map(str, empty))}, and nothing is held; returns of the quarter were expected. "
                f"Drop them into {settings.landing}/{empty[0]}/<sender>/ first."
            )
        due = quarters_due(warehouse, place, settings, landed, list(dates), everything)
        print("\n".join(left_growing(place, due)), end="\n" if left_growing(place, due) else "")
        failures: list[str] = []
        done = list(due)
        if due:
            print(f"Quarters to bring up to date: {', '.join(map(str, due))}", flush=True)
            failures += run_quarters(settings, due) or []
            still = [] if failures else _stale(warehouse, settings, due)
            if still:  # an older register list that came in now speaks for later quarters too
                print(f"Quarters that rest on what has come in: {', '.join(map(str, still))}", flush=True)
                failures += run_quarters(settings, still) or []
                done = sorted({*due, *still})
        drafted, refused = _draft(warehouse, settings, sorted(set(dates)), failures)
        failures += write_what_is_missing(warehouse, settings)
        if not due and not drafted:
            said = "nothing new has landed" if landed else "the landing place holds no census date's folder"
            print(f"Up to date: {said}.")
        done = sorted({*done, *drafted}) or _held(warehouse)
        try:
            if report:
                failures += write_reports(settings, reports_due(warehouse, settings.data_docs) if not due else done)
        finally:  # the drafts are made, whatever becomes of the report
            if done:
                print_summary(warehouse, settings, done)
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    told_of_failures(settings, "observatory run", failures)
    print(f"\nDone in {time.monotonic() - started:.0f} s.")
    if failures or refused:
        sys.exit(1)


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """One run at a time on a home: the second says so, and waits. The lock goes with the process that holds it, however that ends."""
    make_private(settings.home)
    with (settings.home / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another run is at work on this home; waiting for it to end.", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _draft(warehouse: Warehouse, settings: Settings, asked: list[dt.date], failures: list[str]) -> tuple[list[dt.date], bool]:
    """Close and draft what is due today (of the quarters asked for, where some are). Gives their dates, and whether a draft is refused.

    What the gate refused before, and nothing has changed since, is told again and not tried again.
    """
    from assets.publication.drafts import due, refusals
    from pipelines.jobs import DRAFT

    reasons = {date: why for date, why in due(warehouse, settings.region, today()).items() if not asked or date in asked}
    if reasons:
        print(f"Quarters to close or draft: {', '.join(f'{date} ({why})' for date, why in reasons.items())}", flush=True)
        failures += run_quarters(settings, list(reasons), DRAFT) or []
    refused = [one for one in refusals(warehouse) if not asked or one.census_date in asked]
    for one in refused:
        if one.census_date not in reasons:
            print(f"{one.census_date}: the gate has refused the draft, and nothing has changed since:")
            print("\n".join(f"  {line}" for line in (*one.in_short(), one.what_to_do())))
    return list(reasons), bool(refused)


def write_what_is_missing(warehouse: Warehouse, settings: Settings) -> list[str]:
    """Files and pages follow from the warehouse: whatever died before they were written, they are written now.

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


def has_landed(warehouse: Warehouse, settings: Settings, date: dt.date) -> bool:
    """Whether a file lies in the landing place for the census date, or anything is held of it."""
    held = "select exists (select from raw.submission where census_date = :d) or exists (select from raw.quarter where census_date = :d)"
    return bool(warehouse.scalar(held, d=date)) or bool(LandingPlace(settings.landing).files(date))


def left_growing(place: LandingPlace, due: list[dt.date]) -> list[str]:
    """A sentence for each quarter of which only files that still grow are new: it is not run. Of those that are run the run says it."""
    from assets.intake.turns import growing

    return [f"{date}: {growing(files)}" for date, files in sorted(place.growing.items()) if files and date not in due]


def _held(warehouse: Warehouse) -> list[dt.date]:
    return [row.census_date for row in warehouse.rows("select census_date from raw.quarter order by 1")]


def quarters_due(
    warehouse: Warehouse, place: LandingPlace, settings: Settings, landed: list[dt.date], dates: list[dt.date], everything: bool
) -> list[dt.date]:
    """The quarters to run: those asked for, or those for which something is new or has changed."""
    from assets.answering.outbox import unanswered
    from assets.intake.loading import has_news
    from assets.projection import table as projection
    from assets.warehouse.building import known_quarters, out_of_date
    from assets.warehouse.keys import warehouse_key

    if dates:
        return sorted(set(dates))
    if everything:
        return sorted({*landed, *known_quarters(warehouse)})
    due = {*out_of_date(warehouse, settings.region), *projection.out_of_date(warehouse), *unanswered(warehouse)}
    key = warehouse_key(warehouse, settings.home)
    with warehouse.reading() as connection:
        due |= {date for date in landed if has_news(connection, place, date, key)}
    return sorted(due)


def _stale(warehouse: Warehouse, settings: Settings, done: list[dt.date]) -> list[dt.date]:
    from assets.projection import table as projection
    from assets.warehouse.building import out_of_date

    stale = {*out_of_date(warehouse, settings.region), *projection.out_of_date(warehouse)}
    return sorted(date for date in stale if date > min(done))


def write_reports(settings: Settings, dates: list[dt.date]) -> list[str]:
    """Write the quality reports of these quarters, if any, through Dagster, and say where they are. Gives what failed."""
    from assets.checks.report import report_page
    from pipelines.jobs import QUALITY

    if not dates:
        return []
    print("\nQuality report:", flush=True)
    failures = run_quarters(settings, dates, QUALITY) or []
    if not failures:
        print(f"  Open {report_page(settings.data_docs, dates[-1])}")
    return failures


def run_quarters(settings: Settings, dates: list[dt.date], job_name: str = "bring_up_to_date", tags: dict[str, str] | None = None) -> list[str]:
    """Run a job for the quarters through Dagster, in this process, with the history kept where the UI looks for it.

    Gives a sentence for each run that failed: the warehouse is as it was before it, and the other runs go on.

    Raises:
        ObservatoryError: a census date lies in the future.
    """
    from pipelines.dead import PROCESS, fail_dead_runs, this_process
    from pipelines.definitions import build_definitions
    from pipelines.forgetting import forget
    from pipelines.history import under_its_job
    from pipelines.jobs import range_tags
    from pipelines.metrics import record
    from pipelines.quarter_ends import last_quarter_end, runs_of

    future = [date for date in dates if date > last_quarter_end(dt.datetime.now(tz=dt.UTC).date())]
    if future:
        raise ObservatoryError(
            f"{', '.join(map(str, future))}: a census date in the future was found; a quarter that has ended was expected. Check the folder's name."
        )
    failures = []
    with dagster_instance(settings) as instance:
        fail_dead_runs(instance)
        job = build_definitions(settings).resolve_job_def(job_name)
        for first, last in runs_of(dates):
            with under_its_job(instance, job_name):
                result = job.execute_in_process(
                    instance=instance,
                    tags={**range_tags(first, last), PROCESS: this_process(), **(tags or {})},
                    raise_on_error=False,
                    run_config={"loggers": {"plain": {}}},
                )
            if not result.success:
                failures.append(_why(result) + f"\nThe run is in the Dagster UI as {result.run_id}.")
        with open_warehouse(settings) as warehouse:
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


def dagster_instance(settings: Settings):  # noqa: ANN201 - Dagster is imported only here
    """Dagster's instance, kept under the observatory's home; no telemetry.

    One process at a time opens it: two that make its databases at once leave two versions in them, and nothing opens them again.
    """
    make_private(settings.home)
    settings.dagster_home.mkdir(exist_ok=True)
    with (settings.dagster_home / "opening.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _opened(settings)


def _opened(settings: Settings):  # noqa: ANN202 - Dagster is imported only here
    config = settings.dagster_home / "dagster.yaml"
    if not config.exists() or config.read_text(encoding="utf-8") == FORMER_DAGSTER_YAML:  # a user's own settings stay
        config.write_text(DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["OBSERVATORY_HOME"] = str(settings.home)
    import dagster as dg
    from dagster._core.instance.config import dagster_instance_config
    from dagster._core.instance.ref import InstanceRef

    home = str(settings.dagster_home)
    named, _ = dagster_instance_config(home)
    overrides = {}
    if not named.keys() & {"storage", "run_storage", "event_log_storage", "schedule_storage"}:  # a user's own storage stays
        overrides["event_log_storage"] = {
            "module": "pipelines.history",
            "class": "EventLog",
            "config": {"base_dir": str(settings.dagster_home / "history" / "runs")},
        }
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=overrides))
