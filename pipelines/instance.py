"""Dagster's instance: its history of runs, kept in the observatory's home.

Belongs here: how it is configured and opened. Does not belong here: running anything (`running`).
"""

from __future__ import annotations

import fcntl
import os

from resources.private import make_private
from resources.settings import Settings

DAGSTER_YAML = """\
# Written by the observatory. Dagster's history of runs is kept in this folder.
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
"""
FORMER_DAGSTER_YAML = [DAGSTER_YAML]
"""As earlier versions wrote it; where one of them stands it is replaced."""

DAGSTER_YAML += """\
concurrency:
  runs:
    tag_concurrency_limits:  # one run a quarter at a time; the quality report keeps none waiting
      - key: observatory/quarter
        value:
          applyLimitPerUniqueValue: true
        limit: 1
"""
FORMER_DAGSTER_YAML.append(DAGSTER_YAML)

DAGSTER_YAML += """\
run_coordinator:  # who has just sent a return waits for its run
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    dequeue_interval_seconds: 1
run_launcher:
  module: pipelines.launching
  class: Launcher
"""


def dagster_instance(settings: Settings):
    """Dagster's instance, kept under the observatory's home; no telemetry.

    One process at a time opens it: two that make its databases at once leave two versions in them,
    and nothing opens them again.
    """
    make_private(settings.home)
    settings.dagster_home.mkdir(exist_ok=True)
    with (settings.dagster_home / "opening.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _opened(settings)


def _opened(settings: Settings):
    config = settings.dagster_home / "dagster.yaml"
    if (
        not config.exists() or config.read_text(encoding="utf-8") in FORMER_DAGSTER_YAML
    ):  # a user's own settings stay
        config.write_text(DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["OBSERVATORY_HOME"] = str(settings.home)
    # what a run plans, some four hundred events, is handed over to be stored in one piece
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    import dagster as dg
    from dagster._core.instance.config import dagster_instance_config
    from dagster._core.instance.ref import InstanceRef

    home = str(settings.dagster_home)
    named, _ = dagster_instance_config(home)
    overrides = {}
    if not named.keys() & {
        "storage",
        "run_storage",
        "event_log_storage",
        "schedule_storage",
    }:  # a user's own storage stays
        overrides["event_log_storage"] = {
            "module": "pipelines.history",
            "class": "EventLog",
            "config": {"base_dir": str(settings.dagster_home / "history" / "runs")},
        }
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=overrides))
