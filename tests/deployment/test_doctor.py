"""The doctor finds each thing that is wrong with an installation, says how to mend it, and changes
nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

import pipelines.command as command
from pipelines import doctoring
from pipelines.doctoring import LOOK, WELL, WRONG, Finding, examine


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """An installation in which all is well: a home without a warehouse yet, a landing place with a
    quarter.
    """
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "pseudonym.key").write_text("k" * 64)
    (home / "pseudonym.key").chmod(0o600)
    (tmp_path / "landing" / "2025-03-31" / "356").mkdir(parents=True)
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        free = str(one.getsockname()[1]), str(other.getsockname()[1])
    for name, value in {
        "HOME": str(home), "LANDING": str(tmp_path / "landing"), "DATABASE_URL": "", "REGION": "north_west", "PSEUDONYM_KEY": "",
        "PORT": free[0], "PAGE_PORT": free[1],
    }.items():  # fmt: skip
        monkeypatch.setenv(f"OBSERVATORY_{name}", value)
    return home


def found(what: str) -> list[Finding]:
    return [finding for finding in examine() if finding.what == what]


def test_where_all_is_well_it_says_so_and_nothing_is_made(installed):
    before = sorted(installed.parent.rglob("*"))
    done = CliRunner().invoke(command.cli, ["doctor"])
    assert done.exit_code == 0, done.output
    assert {finding.what for finding in examine() if finding.state != WELL} == {"warehouse"}, (
        "there is none yet"
    )
    assert sorted(installed.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("what", "state", "break_it", "said"),
    [
        ("home", WRONG, lambda home, _: home.chmod(0o755), "chmod o="),
        ("home", LOOK, lambda home, _: shutil.rmtree(home), "correct OBSERVATORY_HOME"),
        ("key", WRONG, lambda home, _: (home / "pseudonym.key").chmod(0o644), "chmod 600"),
        ("key", WRONG, lambda home, _: (home / "pseudonym.key").write_text("short"), "at least 16"),
        ("key", LOOK, lambda home, _: (home / "pseudonym.key").unlink(), "keep a copy"),
        (
            "landing place",
            WRONG,
            lambda home, _: shutil.rmtree(home.parent / "landing"),
            "observatory synth",
        ),
        (
            "landing place",
            LOOK,
            lambda home, _: shutil.rmtree(home.parent / "landing" / "2025-03-31"),
            "<census date>/<sender>/",
        ),
        ("settings", WRONG, lambda _, set_: set_("OBSERVATORY_REGION", "nort_west"), "north_west"),
        ("settings", WRONG, lambda _, set_: set_("OBSERVATORY_PORT", "700000"), "1 to 65535"),
        (
            "warehouse",
            WRONG,
            lambda _, set_: set_(
                "OBSERVATORY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none"
            ),
            "could not be reached",
        ),
        ("clock", WRONG, lambda home, _: os.utime(home / "run.lock", (4e9, 4e9)), "timedatectl"),
    ],
)
def test_each_fault_is_found_and_its_mending_told(
    installed, monkeypatch, what, state, break_it, said
):
    (installed / "run.lock").touch()
    assert [finding.state for finding in found(what)] != [state], "not before it is broken"
    break_it(installed, monkeypatch.setenv)
    findings = found(what)
    assert [finding.state for finding in findings] == [state], findings
    assert said in findings[0].found + findings[0].mend


def test_little_room_on_the_disk_is_found(installed, monkeypatch):
    for free, state in ((0.5, WRONG), (3, LOOK), (50, WELL)):
        monkeypatch.setattr(
            doctoring.shutil,
            "disk_usage",
            lambda _, free=free: shutil._ntuple_diskusage(0, 0, int(free * 1024**3)),
        )
        assert [finding.state for finding in found("disk")] == [state]


def test_a_library_of_another_version_and_programs_that_are_missing_are_found(
    installed, monkeypatch, tmp_path
):
    monkeypatch.setattr(doctoring.metadata, "requires", lambda _: ["pandas>=99", "no-such-library"])
    monkeypatch.setattr(doctoring, "binaries", lambda: tmp_path)
    assert (
        "pandas is" in found("libraries")[0].found
        and "no-such-library is missing" in found("libraries")[0].found
    )
    assert "pg_verifybackup" in found("PostgreSQL")[0].found


def test_a_port_that_is_taken_and_a_run_at_work_are_told(installed):
    with socket.socket() as taken, (installed / "run.lock").open("w") as lock:
        taken.bind(("127.0.0.1", int(os.environ["OBSERVATORY_PORT"])))
        taken.listen()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert [(finding.state, "Dagster UI" in finding.found) for finding in found("ports")] == [
            (LOOK, True)
        ]
        assert [(finding.state, "a run" in finding.found) for finding in found("locks")] == [
            (LOOK, True)
        ]


def test_it_ends_with_1_where_something_is_wrong(installed):
    installed.chmod(0o755)
    assert CliRunner().invoke(command.cli, ["doctor"]).exit_code == 1
