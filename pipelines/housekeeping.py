"""Housekeeping: once a night, who read what is gathered from the server's log, and what has been
kept long enough is removed.
"""

import dagster as dg

from assets.access.retention import remove_what_is_due
from assets.answering.outbox import remove_answers_before
from assets.common.audit import gather
from assets.warehouse.rewriting import write_anew
from pipelines.forgetting import forget
from pipelines.metrics import record
from resources.observatory import Observatory
from schemas.retention import OUTBOX, before, periods


@dg.op(
    config_schema={}, description="Gathers from the server's log who read which table of children."
)
def gather_readings(
    context: dg.OpExecutionContext, observatory: dg.ResourceParam[Observatory]
) -> None:
    """Bring the log's readings into access.reading; without a log there is nothing to bring, and it
    is said.
    """
    log = observatory.settings.server_log
    if log is None or not log.exists():
        context.log.warning(
            "The server's log was not found: who read what was not gathered. Set"
            " OBSERVATORY_SERVER_LOG."
        )
        return
    found = gather(observatory.warehouse, log)
    context.log.info(f"{found.readings} readings gathered")
    if found.has_gap:
        context.log.warning(
            "The server's log was replaced before it was gathered to its end: readings may be"
            " missing"
        )
    if found.forged:
        context.log.warning(
            f"{found.forged} lines in the server's log look like readings and do not bear its mark"
        )


@dg.op(
    config_schema={},
    description="Removes the rows whose retention period is over, and closes their quarters.",
    ins={"after": dg.In(dg.Nothing)},
)
def remove_what_has_been_kept_long_enough(
    context: dg.OpExecutionContext, observatory: dg.ResourceParam[Observatory]
) -> None:
    """Remove what is due today."""
    import datetime as dt

    today = dt.datetime.now(tz=dt.UTC).date()
    write_anew(observatory.warehouse)
    for table, rows in remove_what_is_due(observatory.warehouse, today).items():
        context.log.info(f"{table}: {rows} rows removed; their period is over")
    until = before(today, periods()[OUTBOX].months)
    if quarters := remove_answers_before(observatory.warehouse, observatory.settings.outbox, until):
        context.log.info(
            f"outbox: the answers of {quarters} quarters removed; their period is over"
        )


@dg.op(
    config_schema={},
    description="Removes Dagster's old runs and looks, and old quality reports.",
    ins={"after": dg.In(dg.Nothing)},
)
def forget_old_history(
    context: dg.OpExecutionContext, observatory: dg.ResourceParam[Observatory]
) -> None:
    """Remove what the configuration no longer keeps."""
    import datetime as dt

    record(observatory.warehouse, context.instance)  # before it is forgotten
    gone = forget(context.instance, observatory.settings, dt.datetime.now(tz=dt.UTC))
    context.log.info(
        f"{gone.runs} runs and the reports of {gone.reports} quarters removed; they were kept long"
        " enough"
    )


@dg.job(
    description=(
        "Gathers who read what, and removes what has been kept for as long as it may be"
        " (schemas/retention.toml; [retention] in observatory.toml)."
    )
)
def housekeeping() -> None:
    """All three, in this order."""
    forget_old_history(after=remove_what_has_been_kept_long_enough(after=gather_readings()))


nightly = dg.ScheduleDefinition(
    name="nightly_housekeeping",
    job=housekeeping,
    cron_schedule="30 3 * * *",
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at half past three.",
)
