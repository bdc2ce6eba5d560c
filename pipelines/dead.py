"""Runs whose process died: Dagster would hold them for started for ever, and in the end start no
other.

Belongs here: knowing such a run, and writing down that it failed. What it left undone is found from
the warehouse's state, not from here.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import dagster as dg

PROCESS = "observatory/process"
"""Tag of a run of the command: the process in which it runs, and when that began."""

DIED = "observatory/died"
"""Tag of a run whose process, or whose PostgreSQL, died or was ended: when that was noticed."""

_SERVER_GONE = {"OperationalError", "AdminShutdown", "CrashShutdown", "CannotConnectNow"}
"""Psycopg's errors where a server has ended, or is not there yet."""
_LOOKED_BACK = dt.timedelta(hours=1)

_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_SAID = "The process in which it ran has died. What it left undone is due: the next run does it."


def this_process() -> str:
    """The name of the process that asks: no later one with its number has it."""
    return name_of(os.getpid())


def name_of(number: int) -> str:
    """A process by its number and its beginning (in the system's ticks); blank where there is none."""
    try:
        # the program's name stands in brackets, and may hold a blank or a bracket itself
        words = (
            Path(f"/proc/{number}/stat")
            .read_text(encoding="ascii", errors="replace")
            .rpartition(")")[2]
            .split()
        )
        # a process that has ended and was not taken note of is there no more
        return "" if words[0] == "Z" else f"{number} {words[19]}"
    except OSError:
        pass
    if Path("/proc/self").exists():
        return ""
    try:  # a system without /proc: the number alone
        os.kill(number, 0)
    except OSError:
        return ""
    return str(number)


def fail_dead_runs(instance: dg.DagsterInstance, *, of_the_daemon: bool = False) -> list[str]:
    """Mark the runs as failed whose process is gone; `of_the_daemon`: and those that a daemon had
    started, when no daemon is at work yet.
    """
    failed = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)):
        process = run.tags.get(PROCESS, "")
        is_dead = name_of(int(process.split()[0])) != process if process else of_the_daemon
        now = instance.get_run_by_id(run.run_id) if is_dead else None
        if now is not None and not now.is_finished:  # it may have ended since it was listed
            instance.add_run_tags(
                run.run_id, {DIED: dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")}
            )
            instance.report_run_failed(run, _SAID)
            failed.append(run.run_id)
    return failed


def note_what_was_ended(instance: dg.DagsterInstance, now: dt.datetime) -> list[str]:
    """Tag the runs that failed within the hour because they were ended from outside: their
    PostgreSQL died, or a `serve` that was started anew ended what one before it had left at work.
    They died as much as one whose process was killed, and are tried again at once. Gives them.
    """
    noted = []
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=now - _LOOKED_BACK)
    for run in instance.get_runs(failed):
        if DIED in run.tags:
            continue
        events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        if any(_was_ended(entry) for entry in events):
            instance.add_run_tags(run.run_id, {DIED: now.isoformat(timespec="seconds")})
            noted.append(run.run_id)
    return noted


def _was_ended(entry: dg.EventLogEntry) -> bool:
    event = entry.dagster_event
    error = event.step_failure_data.error if event else None
    while error and error.cause:
        # the first cause says who ended it
        error = error.cause
    if error is None or error.cls_name == "DagsterExecutionInterruptedError":
        return error is not None
    text = error.message.partition(":")[0].strip()
    return text.startswith("psycopg.") and text.rpartition(".")[2] in _SERVER_GONE
