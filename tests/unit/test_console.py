"""What a run says on the console: the assets' own sentences, and nothing of Dagster's."""

from __future__ import annotations

import datetime as dt
import json
import logging

import dagster as dg
import pytest
from dagster._core.execution import context_creation_job

from pipelines.console import _Plain, keep_quiet


def record(message: str, level: int = logging.INFO, event: object = None) -> logging.LogRecord:
    made = logging.LogRecord("dagster", level, __file__, 1, message, None, None)
    made.dagster_meta = {"orig_message": message, "dagster_event": event}  # type: ignore[attr-defined]
    return made


def test_an_assets_sentence_is_printed(capsys):
    _Plain().emit(record("2025-12-31: writing 49 tables"))
    assert capsys.readouterr().out == "  2025-12-31: writing 49 tables\n"


@pytest.mark.parametrize(
    "message",
    [
        "Dependencies for step curated__homes failed: ['core__setting']. Not executing.",
        "Dependencies for step published were not executed: ['curated__homes']. Not executing.",
    ],
)
def test_steps_behind_one_that_failed_are_not_told_one_by_one(capsys, message):
    _Plain().emit(record(message, logging.ERROR))
    assert capsys.readouterr().out == ""


def test_a_fault_that_an_asset_tells_is_printed(capsys):
    _Plain().emit(record("Dependencies of the register: a list is missing.", logging.ERROR))
    assert "a list is missing" in capsys.readouterr().out


def test_with_a_structured_log_a_sentence_is_an_object_a_line(capsys, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_LOG", "json")
    made = record("2025-12-31: writing 49 tables\nand more")
    made.dagster_meta |= {"job_name": "bring_up_to_date", "run_id": "r", "step_key": "warehouse"}  # type: ignore[attr-defined]
    _Plain().emit(made)
    line = json.loads(capsys.readouterr().out)
    assert dt.datetime.fromisoformat(line.pop("at")).tzinfo == dt.UTC
    assert line == {
        "level": "info",
        "job": "bring_up_to_date",
        "run": "r",
        "step": "warehouse",
        "says": "2025-12-31: writing 49 tables and more",
    }


@dg.op(config_schema={})
def speaks(context) -> None:
    context.log.info("the asset speaks")


@dg.job
def works_without_a_logger() -> None:
    speaks()


def test_a_run_that_names_no_logger_prints_what_its_assets_say_and_no_event(capfd, monkeypatch):
    """As the sensor and the UI start them: `serve` is quiet."""
    monkeypatch.setattr(
        context_creation_job, "default_system_loggers", context_creation_job.default_system_loggers
    )
    keep_quiet()
    assert works_without_a_logger.execute_in_process().success
    said = capfd.readouterr()
    assert (said.out, said.err) == ("  the asset speaks\n", "")
