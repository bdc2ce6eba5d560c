"""Static analysis, and what the UI listens to."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_bandit_finds_nothing_of_medium_severity_or_more():
    """B608 is left out as ruff's S608 is: SQL is built of the layouts' and models' names, never of
    values.
    """
    options = ["--severity-level", "medium", "--skip", "B608", "--format", "json", "--quiet"]
    rooms = ["schemas", "resources", "assets", "made_up", "pipelines"]
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "-r", *rooms, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert found["errors"] == [] and found["metrics"]["_totals"]["loc"] > 5000
    assert [f"{r['filename']}:{r['line_number']} {r['test_id']}" for r in found["results"]] == []


def test_the_audit_of_dependencies_is_a_command_of_its_own_and_names_no_index():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^audit:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
    asks = (ROOT / "tests" / "audit.py").read_text(encoding="utf-8")
    assert (
        "tests.audit" in recipe
        and "pip_audit" in asks
        and "--require-hashes" in asks
        and "requirements.lock" in asks
    )
    assert (
        "://" not in recipe + asks
        and "audit" not in re.search(r"^test:.*", makefile, re.MULTILINE)[0]
    )
