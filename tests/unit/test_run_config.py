"""What may be said when a run is launched: nothing that leads anywhere, whoever launches it."""

from __future__ import annotations

import ast
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import build_definitions
from resources.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OF_THE_EXECUTOR = {
    "/execution/config/retries/enabled",
    "/execution/config/retries/disabled",
    "/execution/config/marker_to_close",
    "/execution/config/step_dependency_config/require_upstream_step_success",
}
"""How steps follow each other in the one process: a number of tries, a step's name, yes or no."""


def leaves(config_type, path: str = ""):
    """The paths of all that a run's configuration may say."""
    if (inner := getattr(config_type, "inner_type", None)) is not None:
        yield from leaves(inner, path)
    fields = getattr(config_type, "fields", None)
    if fields is None:
        yield path
    for name, field in (fields or {}).items():
        yield from leaves(field.config_type, f"{path}/{name}")


@pytest.fixture(scope="module")
def jobs(tmp_path_factory) -> list[dg.JobDefinition]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(
        home, str(home / "landing"), "postgresql://somebody:a-password@elsewhere/db", "north_west"
    )
    return build_definitions(settings).get_repository_def().get_all_jobs()


def test_a_run_takes_no_configuration_that_leads_elsewhere(jobs):
    said = {
        f"{job.name}: {path}"
        for job in jobs
        for path in leaves(job.run_config_schema.config_type)
        if not allowed(path)
    }
    assert len(jobs) == 11
    assert sorted(said) == []


def allowed(path: str) -> bool:
    """The executor's; an asset's own, which Dagster lets anything be said in, and nobody reads
    (below).
    """
    return path in OF_THE_EXECUTOR or (path.startswith("/ops/") and path.endswith("/config"))


@pytest.mark.parametrize(
    "path",
    [
        p
        for room in ("resources", "assets", "made_up", "pipelines")
        for p in (ROOT / room).rglob("*.py")
    ],
    ids=lambda p: p.stem,
)
def test_nobody_reads_what_a_launch_says(path):
    """No resource, asset or op has configuration, and none looks for it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    from_dagster = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in {"dg", "context"}
    }
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    names = from_dagster | imported
    reads = {
        "ConfigurableResource",
        "ConfigurableIOManager",
        "Config",
        "op_config",
        "resource_config",
        "run_config",
        "EnvVar",
        "StringSource",
    }
    assert names & reads == set()


@pytest.mark.parametrize("where", ["home", "landing", "database_url", "outbox"])
def test_a_launch_that_points_elsewhere_is_refused(jobs, where):
    job = next(job for job in jobs if job.name == "bring_up_to_date")
    dg.validate_run_config(job, {})
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(
            job, {"resources": {"observatory": {"config": {where: "memory://elsewhere"}}}}
        )
