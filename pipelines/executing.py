"""Executing: who carries out the steps of a run, this process or Dagster's other executors, by
configuration alone.

Belongs here: finding the executor that is set, and running a job with it. Does not belong here:
what the steps are.

In one process unless another is set: the work is PostgreSQL's, and a fresh interpreter a step costs
far more than the step. The others are Dagster's own; Celery's and Kubernetes' come as packages
beside this one (docs/engines.md).
"""

from __future__ import annotations

import importlib
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import dagster as dg

from resources.configuration import EXECUTORS
from resources.errors import ObservatoryError

IN_PROCESS = "in_process"
_OWN = {IN_PROCESS: dg.in_process_executor, "multiprocess": dg.multiprocess_executor}
_BESIDE = {
    "celery": ("dagster_celery", "celery_executor"),
    "k8s": ("dagster_k8s", "k8s_job_executor"),
    "celery_k8s": ("dagster_celery_k8s", "celery_k8s_job_executor"),
}
"""Executors that come in a package of their own: its module, and the executor's name there."""


def executor_name() -> str:
    """The executor that is set (`OBSERVATORY_EXECUTOR`).

    Raises:
        ObservatoryError: no such executor is known.
    """
    named = os.environ.get("OBSERVATORY_EXECUTOR") or IN_PROCESS
    if named not in EXECUTORS:
        raise ObservatoryError(
            f"OBSERVATORY_EXECUTOR is {named!r}; one of {', '.join(EXECUTORS)} was expected."
            " Correct it."
        )
    return named


def executor() -> dg.ExecutorDefinition:
    """The executor of all jobs, as it is set, with its own settings from the file
    `OBSERVATORY_EXECUTOR_CONFIG`.

    Raises:
        ObservatoryError: its package is not installed, or the file cannot be read.
    """
    name = executor_name()
    if name in _OWN:
        chosen = _OWN[name]
    else:
        module, within = _BESIDE[name]
        try:
            chosen = getattr(importlib.import_module(module), within)
        except ModuleNotFoundError:
            package = module.replace("_", "-")
            raise ObservatoryError(
                f"OBSERVATORY_EXECUTOR is {name}, and {package} was not found; it was expected in"
                f" the environment. Install the {package} that belongs to Dagster"
                f" {dg.__version__} (docs/engines.md)."
            ) from None
    settings = _settings_of_it()
    asked: dict[str, Any] = getattr(chosen.config_schema.config_type, "fields", settings)
    if unknown := sorted(settings.keys() - asked.keys()):
        raise ObservatoryError(
            f"OBSERVATORY_EXECUTOR_CONFIG sets {', '.join(unknown)}, which the executor {name} does"
            f" not know; {', '.join(sorted(asked))} were expected. Correct the file."
        )
    return chosen.configured(settings) if settings else chosen


def _settings_of_it() -> dict:
    """What the file says that `OBSERVATORY_EXECUTOR_CONFIG` names; nothing where none is named."""
    named = os.environ.get("OBSERVATORY_EXECUTOR_CONFIG")
    if not named:
        return {}
    try:
        if Path(named).stat().st_mode & stat.S_IRWXO:
            raise ObservatoryError(
                f"OBSERVATORY_EXECUTOR_CONFIG names {named}, which others of this machine may read"
                " or write; a file of its owner's alone was expected, for it may hold a password."
                f" Close it: chmod o= {named}"
            )
        return tomllib.loads(Path(named).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ObservatoryError(
            f"OBSERVATORY_EXECUTOR_CONFIG names {named}, which could not be read: {error}. "
            "A TOML file with the executor's settings was expected, as Dagster names them."
        ) from None


def execute(
    job_name: str, definitions: dg.Definitions, instance: dg.DagsterInstance, tags: dict[str, str]
) -> dg.ExecuteInProcessResult | dg.JobExecutionResult:
    """Run a job to its end. Another executor's steps are in other processes, which find the job
    where `pipelines.definitions` has it.
    """
    config: dict[str, Any] = {"loggers": {"plain": {}}}
    if executor_name() == IN_PROCESS:
        job = definitions.resolve_job_def(job_name)
        return job.execute_in_process(
            instance=instance, tags=tags, raise_on_error=False, run_config=config
        )
    from dagster._core.definitions.reconstruct import ReconstructableRepository

    where = ReconstructableRepository.for_module(
        "pipelines.definitions", "defs", working_directory=str(Path(__file__).resolve().parents[1])
    )
    found = where.get_reconstructable_job(job_name)
    return dg.execute_job(
        found, instance=instance, tags=tags, raise_on_error=False, run_config=config
    )
