"""What a run says on the console: the assets' own sentences, without Dagster's events."""

import datetime as dt
import json
import logging
import os
import re
from collections.abc import Mapping
from typing import Any

import dagster as dg

from resources.showing import one_line

_NOT_THE_ASSETS = re.compile(r"Dependencies for step .*Not executing\.", flags=re.S)
"""What Dagster says of each step behind one that failed, and makes no event of. Why that one failed
is said once, at the end.
"""


class _Plain(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", None)
        if meta is None or meta.get("dagster_event") is not None or record.levelno < logging.INFO:
            return
        if _NOT_THE_ASSETS.fullmatch(meta["orig_message"]):
            return
        text = one_line(meta["orig_message"])
        print(
            (
                _structured(record, meta, text)
                if os.environ.get("OBSERVATORY_LOG") == "json"
                else f"  {text}"
            ),
            flush=True,
        )


def _structured(record: logging.LogRecord, meta: Mapping[str, Any], said: str) -> str:
    """A line for a log that machines read. What an asset says holds nothing of a return's rows, and
    no name that a sender chose.
    """
    at = dt.datetime.fromtimestamp(record.created, tz=dt.UTC).isoformat(timespec="milliseconds")
    names = {"job": meta.get("job_name"), "run": meta.get("run_id"), "step": meta.get("step_key")}
    return json.dumps(
        {"at": at, "level": record.levelname.lower(), **names, "says": said}, ensure_ascii=False
    )


@dg.logger({}, description="The assets' own sentences, without Dagster's events.")
def plain_console(_: dg.InitLoggerContext) -> logging.Logger:
    """A logger that prints what the assets say."""
    logger = logging.Logger("observatory", level=logging.INFO)
    logger.addHandler(_Plain())
    return logger


def keep_quiet() -> None:
    """Let every run of this process that names no logger print as this one does: Dagster's own
    prints each of its events, a thousand lines a quarter.

    Dagster has no setting for it: a level for its console holds for what is kept as well.
    """
    from dagster._core.execution import context_creation_job

    context_creation_job.default_system_loggers = lambda instance: [(plain_console, {})]
