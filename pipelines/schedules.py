"""Schedules: the quarter's close. Whatever has come in by the deadline is brought together and released."""

import dagster as dg

from pipelines.jobs import bring_up_to_date, range_tags
from pipelines.partitions import last_quarter_end


@dg.schedule(
    job=bring_up_to_date,
    cron_schedule="0 6 28 1,4,7,10 *",
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="The quarter's close: on the 28th of the month after the quarter's end, at 6 in the morning.",
)
def quarters_close(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Run the quarter that ended last."""
    date = last_quarter_end(context.scheduled_execution_time.date())
    return dg.RunRequest(run_key=f"close {date}", tags=range_tags(date, date))
