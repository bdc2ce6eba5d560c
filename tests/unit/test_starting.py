"""How a command starts: what it imports before there is something to do. Nothing is timed: it is
the imports that take the time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LOADED = """
import json, sys
sys.argv = ["observatory", *json.loads(sys.argv[1])]
from pipelines.command import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})), file=sys.stderr)
"""

WHOLE_PIPELINE = {
    "dagster",
    "great_expectations",
    "highspy",
    "scipy",
    "sqlglot",
    "statsmodels",
    "xlsxwriter",
    "alembic",
    "gptables",
}
FRAMES = {"numpy", "pandas", "pandera", "pyarrow"}
DATABASE = {"psycopg", "sqlalchemy"}


def _started(*arguments: str, **environment: str) -> tuple[str, set[str]]:
    """What a command printed, and the packages that it had imported at its end."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED, json.dumps(arguments)],
        capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)], ids=" ".join)
def test_help_imports_nothing_that_works_on_returns(arguments):
    _, loaded = _started(*arguments)
    assert loaded & (WHOLE_PIPELINE | FRAMES | DATABASE) == set()
    assert not loaded & {"assets", "made_up"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that is up to date: nothing has landed."""
    root = tmp_path_factory.mktemp("starting")
    environment = {
        "OBSERVATORY_HOME": str(root / "home"), "OBSERVATORY_LANDING": str(root / "landing"),
        "OBSERVATORY_DATABASE_URL": "",
    }  # fmt: skip
    (root / "landing" / "2025-12-31" / "356").mkdir(parents=True)
    _started("run", **environment)
    return environment


def test_a_run_that_finds_nothing_new_starts_no_job(home):
    said, loaded = _started("run", **home)
    assert "Up to date" in said
    assert loaded & WHOLE_PIPELINE == set()


def test_a_question_is_answered_without_the_pipeline(home):
    said, loaded = _started("query", "select 41 + 1 as answer", **home)
    assert "42" in said
    assert loaded & (WHOLE_PIPELINE | FRAMES) == set()
