"""`observatory run`: from the landing place to the release, through Dagster, for every quarter that needs it."""

from __future__ import annotations

import datetime as dt
import os
import time

import click

from pipelines.command.options import CensusDate
from pipelines.stop_list import erase_whom_it_forgot
from resources.landing import LandingPlace
from resources.private import make_private
from resources.provenance import marked
from resources.settings import ObservatoryError, Settings, settings_from_environment
from resources.showing import one_line
from resources.warehouse import Warehouse, open_warehouse

DAGSTER_YAML = """\
# Written by the observatory. Dagster's history of runs is kept in this folder.
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
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
@click.option("--report", is_flag=True, help="Write the readers' quality report of these quarters too, after the releases.")
def command(landing: str | None, dates: tuple[dt.date, ...], everything: bool, report: bool) -> None:
    """Bring the warehouse and its releases up to date.

    Without --census-date or --all: every quarter for which something new has landed, or whose figures rest on something that has changed.
    The runs appear in the Dagster UI (`observatory serve`). Ends with 0 when the work is done, though returns were rejected.
    """
    if dates and everything:
        raise click.UsageError("Give --census-date or --all, not both.")
    if landing:
        os.environ["OBSERVATORY_LANDING"] = str(landing)
    settings = settings_from_environment(landing=landing)
    started = time.monotonic()
    print(f"Landing place: {settings.landing}", flush=True)
    place = LandingPlace(settings.landing)
    landed = place.census_dates()
    if odd := place.left_alone():
        print(f"Left alone, because they are not in a census date's and sender's folder: {_told(odd)}")
    for folder, reason in place.refused():
        print(f"Not looked into: {_told([f'{folder}/'])} {reason}.")
    if waiting := place.under_way():
        print(f"Waiting for the end of an upload: {_told(waiting)}")
    with open_warehouse(settings) as warehouse:
        from assets.checks.report import report_page
        from assets.intake import provenance
        from assets.page.site import bring_sites_up_to_date
        from assets.publication.release import write_all_missing_files
        from assets.warehouse.tables import prepare
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
        write_all_missing_files(warehouse, settings.releases)
        if not due:
            bring_sites_up_to_date(warehouse, settings.region, settings.releases)
            said = "nothing new has landed" if landed else "the landing place holds no census date's folder"
            print(f"Up to date: {said}.")
            if held := _held(warehouse):
                if report:
                    write_reports(settings, [date for date in held if not report_page(settings.data_docs, date).exists()])
                print_summary(warehouse, settings, held)
            print(f"\nDone in {time.monotonic() - started:.0f} s.")
            return
        print(f"Quarters to bring up to date: {', '.join(map(str, due))}", flush=True)
        run_quarters(settings, due)
        still = _stale(warehouse, settings, due)
        if still:  # an older register list that came in now speaks for later quarters too
            print(f"Quarters that rest on what has come in: {', '.join(map(str, still))}", flush=True)
            run_quarters(settings, still)
        done = sorted({*due, *still})
        try:
            if report:
                write_reports(settings, done)
        finally:  # the releases are made, whatever becomes of the report
            print_summary(warehouse, settings, done)
    print(f"\nDone in {time.monotonic() - started:.0f} s.")


def has_landed(warehouse: Warehouse, settings: Settings, date: dt.date) -> bool:
    """Whether a file lies in the landing place for the census date, or anything is held of it."""
    held = "select exists (select from raw.submission where census_date = :d) or exists (select from raw.quarter where census_date = :d)"
    return bool(warehouse.scalar(held, d=date)) or bool(LandingPlace(settings.landing).files(date))


def _held(warehouse: Warehouse) -> list[dt.date]:
    return [row.census_date for row in warehouse.rows("select census_date from raw.quarter order by 1")]


def quarters_due(
    warehouse: Warehouse, place: LandingPlace, settings: Settings, landed: list[dt.date], dates: list[dt.date], everything: bool
) -> list[dt.date]:
    """The quarters to run: those asked for, or those for which something is new or has changed."""
    from assets.access.keys import warehouse_key
    from assets.intake.loading import has_news
    from assets.projection import table as projection
    from assets.warehouse.building import known_quarters, out_of_date

    if dates:
        return sorted(set(dates))
    if everything:
        return sorted({*landed, *known_quarters(warehouse)})
    due = {*out_of_date(warehouse, settings.region), *projection.out_of_date(warehouse)}
    key = warehouse_key(warehouse, settings.home)
    with warehouse.reading() as connection:
        due |= {date for date in landed if has_news(connection, place, date, key)}
    return sorted(due)


def _stale(warehouse: Warehouse, settings: Settings, done: list[dt.date]) -> list[dt.date]:
    from assets.projection import table as projection
    from assets.warehouse.building import out_of_date

    stale = {*out_of_date(warehouse, settings.region), *projection.out_of_date(warehouse)}
    return sorted(date for date in stale if date > min(done))


def write_reports(settings: Settings, dates: list[dt.date]) -> None:
    """Write the quality reports of these quarters, if any, through Dagster, and say where they are."""
    from assets.checks.report import report_page
    from pipelines.jobs import QUALITY

    if not dates:
        return
    print("\nQuality report:", flush=True)
    run_quarters(settings, dates, QUALITY)
    print(f"  Open {report_page(settings.data_docs, dates[-1])}")


def run_quarters(settings: Settings, dates: list[dt.date], job_name: str = "bring_up_to_date") -> None:
    """Run a job for the quarters through Dagster, in this process, with the history kept where the UI looks for it.

    Raises:
        ObservatoryError: a run failed; the warehouse is as it was before it.
    """
    from pipelines.definitions import build_definitions
    from pipelines.jobs import range_tags
    from pipelines.partitions import last_quarter_end, runs_of

    future = [date for date in dates if date > last_quarter_end(dt.datetime.now(tz=dt.UTC).date())]
    if future:
        raise ObservatoryError(
            f"{', '.join(map(str, future))}: a census date in the future was found; a quarter that has ended was expected. Check the folder's name."
        )
    with dagster_instance(settings) as instance:
        job = build_definitions(settings).resolve_job_def(job_name)
        for first, last in runs_of(dates):
            result = job.execute_in_process(
                instance=instance, tags=range_tags(first, last), raise_on_error=False, run_config={"loggers": {"plain": {}}}
            )
            if not result.success:
                raise click.ClickException(_why(result) + f"\nThe run is in the Dagster UI as {result.run_id}.")


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
            return f"The run failed at {event.step_key}: {cause.message.strip()}"
    return "The run failed before its first step."


def dagster_instance(settings: Settings):  # noqa: ANN201 - Dagster is imported only here
    """Dagster's instance, kept under the observatory's home; no telemetry."""
    make_private(settings.home)
    settings.dagster_home.mkdir(exist_ok=True)
    config = settings.dagster_home / "dagster.yaml"
    if not config.exists():  # a user's own settings stay
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
