"""Schedules: the region's timetable. Each morning what is due by it is closed and drafted; nothing
is published.
"""

import dagster as dg

from assets.checks.chasing import to_chase_on
from pipelines.jobs import chase, draft, range_tags
from pipelines.names import QUARTER
from pipelines.opening import opened
from pipelines.quarter_ends import last_quarter_end
from resources.errors import ObservatoryError
from resources.settings import settings_from_environment


@dg.schedule(
    job=draft,
    cron_schedule="0 6 * * *",
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Each morning at 6: closes the quarters whose day has come by the region's timetable, and"
        " makes the drafts that are due."
    ),
)
def timetable(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """One run for each quarter at which something is due: one that is refused keeps no other from
    its draft.
    """
    from assets.publication.drafts import due

    settings, day = settings_from_environment(), context.scheduled_execution_time.date()
    try:
        with opened(settings) as (_, warehouse):
            dates = due(warehouse, settings.region, day)
    except ObservatoryError as error:
        return dg.SkipReason(str(error))
    if not dates:
        return dg.SkipReason("Nothing is to be closed or drafted today.")
    return [
        dg.RunRequest(run_key=f"{day} {date}", tags={**range_tags(date, date), QUARTER: str(date)})
        for date in dates
    ]


@dg.schedule(
    job=chase,
    cron_schedule="0 9 * * *",
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "At 9 on the days of the region's timetable: reminds senders of the quarter that ended"
        " last."
    ),
)
def reminders(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run for the quarter that ended last, on the days on which its senders are reminded."""
    day = context.scheduled_execution_time.date()
    date = last_quarter_end(day)
    try:
        days = settings_from_environment().region.timetable
    except ObservatoryError as error:
        return dg.SkipReason(str(error))
    if not to_chase_on(days, date, day):
        return dg.SkipReason("Nobody is reminded today.")
    return dg.RunRequest(run_key=f"{day} {date}", partition_key=date.isoformat())
