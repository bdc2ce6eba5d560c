"""`make audit` says which of three things came of it; that nobody could be asked is not that
nothing was found.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests import audit

CLEAN = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
FAULTY = {
    "dependencies": [
        {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    ]
}
SKIPPED = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}


@pytest.mark.parametrize(
    ("answers", "code", "says"),
    [
        ({"pypi": CLEAN}, 0, "None of the locked dependencies"),
        ({"pypi": FAULTY}, 1, "a 1: CVE-1, mended in 2"),
        ({"osv": CLEAN}, 0, "by osv"),
        ({"pypi": SKIPPED, "osv": FAULTY}, 1, "by osv"),
        ({"pypi": SKIPPED}, 3, "NOT KNOWN"),
        ({}, 3, "could not be had"),
    ],
    ids=["none", "a fault", "the other service", "skipped by one", "skipped", "no network"],
)
def test_the_three_outcomes_are_told_apart(monkeypatch, capsys, answers, code, says):
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        service, found = (
            command[command.index(option) + 1] for option in ("--vulnerability-service", "--output")
        )
        if service in answers:
            Path(found).write_text(json.dumps(answers[service]), encoding="utf-8")
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no route to the advisories")

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main() == code
    said = capsys.readouterr().out
    assert says in said
    assert ("no route to the advisories" in said) == ("osv" not in answers and code == 3)
