"""Sensors: the landing place, whose news is taken in within a minute; the quality report, which
follows the figures; and the end of a run.
"""

import datetime as dt
import hashlib
import json
from collections import Counter

import dagster as dg

from pipelines.dead import DIED, fail_dead_runs, note_what_was_ended
from pipelines.jobs import bring_up_to_date, quality_report, range_of, range_tags
from pipelines.names import JOB, QUARTER
from pipelines.opening import opened
from pipelines.quarter_ends import between, runs_of, workable
from pipelines.telling import told_of_failures
from resources.errors import ObservatoryError
from resources.landing import LandingPlace, is_fresh
from resources.pseudonym import fingerprint
from resources.settings import Settings, settings_from_environment

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]  # fmt: skip


def look(
    landing: LandingPlace, seen: dict[str, str], now: dt.datetime, key: bytes
) -> tuple[dict[str, str], list[dt.date]]:
    """What is in the landing place now, by census date, and the dates where that differs from what
    was seen before.

    It is known by a keyed fingerprint: Dagster keeps it in its history, and names of files may name
    children.
    """
    current = dict(seen)
    changed = []
    for date in workable(landing.census_dates(), now.date())[0]:
        # a file that is still on its way waits, and none of the others with it
        files = [file for file in landing.files(date) if not is_fresh(file, now)]
        mark = fingerprint(
            key, "landing", *(f"{f.folder}|{f.name}|{f.size}|{int(f.changed_at)}" for f in files)
        )[:16]
        if files and seen.get(date.isoformat()) != mark:
            changed.append(date)
            current[date.isoformat()] = mark
    return current, changed


def _waiting_to_start(instance: dg.DagsterInstance) -> set[dt.date]:
    """The census dates of which a run waits for its start."""
    waiting = instance.get_runs(
        dg.RunsFilter(
            job_name=JOB, statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
        )
    )
    return {date for run in waiting for date in _quarters_of(run)}


def _ready(settings: Settings) -> tuple[bytes, list[dt.date]]:
    """The warehouse's key, and the quarters to rewrite because it was put back to a day before
    children of them were erased.
    """
    from assets.warehouse.keys import warehouse_key
    from pipelines.stop_list import erase_whom_it_forgot

    with opened(settings) as (_, warehouse):
        return warehouse_key(warehouse, settings.home), erase_whom_it_forgot(warehouse, settings)


def due(
    settings: Settings, landing: LandingPlace, dates: list[dt.date], key: bytes
) -> dict[dt.date, str]:
    """The census dates to run, each with when files of it were last put off (blank: none were).

    Of `dates` those with a file that the warehouse has not read: a touched file, or a restart, is
    no news. And those of which a run has left files to the next one: nothing more need land for
    them.
    """
    from assets.intake.loading import has_news
    from assets.intake.turns import put_off
    from resources.warehouse import open_warehouse

    with open_warehouse(settings) as warehouse, warehouse.reading() as connection:
        waiting = {date: moment.isoformat() for date, moment in put_off(connection).items()}
        return {date: "" for date in dates if has_news(connection, landing, date, key)} | waiting


def left_undone(settings: Settings) -> dict[dt.date, str]:
    """The census dates of which a step was not done to the end, by what is recorded of them:
    tables, projections, answers.

    With each what its tables rest on now: what is left undone of other tables is another thing to
    do.
    """
    from assets.answering.outbox import unanswered
    from assets.projection import table as projection
    from assets.warehouse.building import out_of_date
    from resources.warehouse import open_warehouse

    with open_warehouse(settings) as warehouse:
        left = sorted(
            {
                *out_of_date(warehouse, settings.region),
                *projection.out_of_date(warehouse),
                *unanswered(warehouse),
            }
        )
        written = {
            row.census_date: row.rests_on
            for row in warehouse.rows("select census_date, rests_on from raw.quarter")
        }
        return {date: written.get(date, "")[:16] for date in left}


_LAST_RUNS = 100
"""So many runs are looked back at for those that ended badly."""
_MOST_DEATHS = 5
"""A run that died is tried again at once, so often within an hour; what kills it each time is not
to take all of the machine.
"""


def ended_badly(instance: dg.DagsterInstance, now: dt.datetime) -> dict[dt.date, str]:
    """The census dates whose last run failed or died, each with a mark: another one each hour, and
    with each death.
    """
    last: dict[dt.date, dg.DagsterRun] = {}
    deaths: Counter[dt.date] = Counter()
    an_hour_ago = (now - dt.timedelta(hours=1)).isoformat()
    for run in instance.get_runs(dg.RunsFilter(job_name=JOB), limit=_LAST_RUNS):
        for date in _quarters_of(run):
            last.setdefault(date, run)
            deaths[date] += run.tags.get(DIED, "") > an_hour_ago
    bad = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
    return {
        date: f"{now:%Y-%m-%d %H} {min(deaths[date], _MOST_DEATHS)}"
        for date, run in last.items()
        if run.status in bad
    }


def _quarters_of(run: dg.DagsterRun) -> list[dt.date]:
    """The census dates of a run over a range of them; none where it says none."""
    ends = range_of(run.tags)
    return between(*ends) if ends else []


@dg.sensor(
    job=bring_up_to_date,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Runs a census date when a file has landed for it or changed, or when a run of it was not"
        " done to the end."
    ),
)
def landing_place(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One run for each census date in which something has landed since the last look."""
    settings = settings_from_environment()
    seen = json.loads(context.cursor) if context.cursor else {}
    try:
        now, place = dt.datetime.now(tz=dt.UTC), LandingPlace(settings.landing)
        key, erased = _ready(settings)
        current, changed = look(place, seen, now, key)
        fail_dead_runs(context.instance)  # a run that was killed is at work on nothing
        note_what_was_ended(context.instance, now)
        again = ended_badly(
            context.instance, now
        )  # it may have read nothing of what was seen before it began
        starting = _waiting_to_start(context.instance)
        looked_at = workable(place.census_dates(), now.date())[0]
        # once for each mark: what stays undone is not opened at every look
        changed += [
            date
            for date, mark in again.items()
            if date in looked_at and date not in changed and seen.get(f"again {date}") != mark
        ]
        changed = [
            date for date in changed if date not in starting
        ]  # that run will read it: the next look is soon
        current |= {f"again {date}": mark for date, mark in again.items() if date not in starting}
        current |= {str(date): seen.get(str(date), "") for date in starting}
        news = due(settings, place, changed, key)
        news = {
            date: moment or (f"again {again[date]}" if date in again else "")
            for date, moment in news.items()
        }
        news |= dict.fromkeys(erased, f"erased {now.isoformat()}")
        if not context.instance.get_runs(dg.RunsFilter(job_name=JOB, statuses=_UNDER_WAY), limit=1):
            # whoever died over it; and what fails again is not tried more than once an hour
            hour = f"{now:%Y-%m-%d %H}"
            news = {
                date: f"left undone {again.get(date, hour)} {of}"
                for date, of in left_undone(settings).items()
            } | news
    except ObservatoryError as error:
        return dg.SkipReason(str(error))
    if not changed and not news:
        return dg.SkipReason("Nothing has landed since the last look.")
    # a run that was asked for is not asked for again: what was put off is, once for each time that
    # it was
    news = {date: moment for date, moment in sorted(news.items()) if date not in starting}
    marks = {
        date: f"{date} {current.get(date.isoformat(), '')} {moment}".strip()
        for date, moment in news.items()
    }
    requests = [
        dg.RunRequest(run_key=mark, tags={**range_tags(date, date), QUARTER: str(date)})
        for date, mark in marks.items()
    ]
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(current, sort_keys=True))


@dg.sensor(
    job=quality_report,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Writes the quality report of quarters whose report is not of the figures that stand, once"
        " no run is at work on figures."
    ),
)
def quality_of_what_stands(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One run for each range of quarters whose report is due, by what is recorded of it.

    While returns trickle in there is one report every few minutes at the most, and not one a
    return.
    """
    from assets.checks.report import out_of_date

    if context.instance.get_runs(dg.RunsFilter(job_name=JOB, statuses=_UNDER_WAY), limit=1):
        return dg.SkipReason("A run is at work on figures: their report follows it.")
    if context.instance.get_runs(
        dg.RunsFilter(job_name=quality_report.name, statuses=_UNDER_WAY), limit=1
    ):
        return dg.SkipReason("A report is being written.")
    settings, now = settings_from_environment(), dt.datetime.now(tz=dt.UTC)
    try:
        with opened(settings) as (_, warehouse):
            dates = out_of_date(warehouse, settings.data_docs)
            stand = {
                row.census_date: row.rests_on
                for row in warehouse.rows("select census_date, rests_on from raw.quarter")
            }
    except ObservatoryError as error:
        return dg.SkipReason(str(error))
    if not dates:
        return dg.SkipReason("Every report is of the figures that stand.")
    requests = []
    for first, last in runs_of(dates):
        of = " ".join(stand[date] for date in dates if first <= date <= last)
        # what fails, or died, is tried again an hour later
        mark = f"{first} {last} {hashlib.sha256(of.encode()).hexdigest()[:16]} {now:%Y-%m-%d %H}"
        requests.append(dg.RunRequest(run_key=mark, tags=range_tags(first, last)))
    return dg.SensorResult(run_requests=requests)


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Tells the region's channel (OBSERVATORY_NOTIFY) that a run has failed; once, until it"
        " fails otherwise."
    ),
)
def a_run_failed(context: dg.RunFailureSensorContext) -> None:
    """One message a failure: what failed and where to look, and nothing of what was found."""
    steps = sorted(event.step_key or "" for event in context.get_step_failure_events())
    told_of_failures(
        settings_from_environment(),
        _named(context.dagster_run),
        [f"at {', '.join(steps) or 'its start'}"],
    )


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Notes that a run which had failed has been done: when it fails again, that is told again."
    ),
)
def a_run_was_done(context: dg.RunStatusSensorContext) -> None:
    """Forget the failure that was told."""
    told_of_failures(settings_from_environment(), _named(context.dagster_run), [])


def _named(run: dg.DagsterRun) -> str:
    """A run by its job and its quarters."""
    of = sorted({date.isoformat() for date in range_of(run.tags) or ()})
    return f"{run.job_name} of {' to '.join(of) or 'no quarter'}"
