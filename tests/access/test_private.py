"""Private files: whatever the observatory writes is readable by its owner alone, and status says
what is open to others.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from assets.answering.outbox import answer_quarter
from pipelines import command
from pipelines.command.status import _warn_of_open_folders
from resources import private
from resources.settings import Settings
from tests import builders
from tests.conftest import KEY

DATE, DAY = "2025-03-31", dt.date(2025, 3, 31)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def returns(landing):
    """A landing place with a home in the register and in its provider's return, and a child in a
    return that has a fault.
    """
    landing.drop(
        DATE,
        "ofsted",
        "register.csv",
        builders.register([{"urn": "SC1", "local_authority": "Stockport"}]),
    )
    landing.drop(DATE, "provider-a", "settings.csv", builders.settings([{"urn": "SC1"}]))
    landing.drop(
        DATE, "356", "census.csv", builders.census([{}, {"type_of_provision": "A castle"}])
    )
    return landing


@pytest.mark.parametrize("name", ["home", "a home with a space/inside"])
def test_every_file_of_a_run_is_its_owners_alone(returns, tmp_path, name):
    """From the files to the release, on the embedded server: as root, too, where another user runs
    it.
    """
    home = tmp_path / name
    environment = {
        **os.environ,
        "OBSERVATORY_HOME": str(home),
        "OBSERVATORY_LANDING": str(returns.root),
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("OBSERVATORY_DATABASE_URL", None)
    script = "import os; os.umask(0o022); from pipelines.command import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "run"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    made = [home, *home.rglob("*")]
    kinds = {path.relative_to(home).parts[0] for path in made if path != home}
    assert {"outbox", "releases", "dagster", "postgres", "pseudonym.key"} <= kinds
    modes = {
        str(path.relative_to(home)): stat.S_IMODE(path.lstat().st_mode)
        for path in made
        if not path.is_symlink()
    }
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o007} == {}
    others = {path: oct(mode) for path, mode in modes.items() if mode & 0o070}
    assert set(others) <= {".", "postgres"} and set(others.values()) <= {oct(0o710)}, (
        "the server's user may pass, and not look"
    )
    assert stat.S_IMODE(tmp_path.stat().st_mode) == stat.S_IMODE(tmp_path.stat().st_mode | 0o700)


def test_what_a_killed_run_was_writing_is_cleared_up_by_the_next(
    returns, embedded_warehouse, bring, tmp_path
):
    """A half-made answer is hidden, and holds a sender's own rows: it goes, and what is being made
    at the moment stays.
    """
    bring(embedded_warehouse, returns, DATE)
    folder = tmp_path / "outbox" / DATE / "356"
    folder.mkdir(parents=True)
    left, made, other = (
        folder / f".{'a' * 32}.making",
        folder / f".{'b' * 32}.making",
        folder / ".making",
    )
    for path in (left, made, other):
        path.write_bytes(b"half an answer")
    (folder / f".{'c' * 32}.making").symlink_to(other)
    with made.open("rb") as held:
        private.is_being_made(held.fileno())
        answer_quarter(embedded_warehouse, returns.place, str(tmp_path / "outbox"), DAY, KEY)
        assert not left.exists() and made.exists() and other.exists()
    answer_quarter(embedded_warehouse, returns.place, str(tmp_path / "outbox"), DAY, KEY)
    assert not made.exists() and other.read_bytes() == b"half an answer"


def test_what_a_killed_sealing_was_writing_is_cleared_up_by_the_next(
    returns, monkeypatch, tmp_path
):
    """Taking seals off and being killed would leave a return lying open under a hidden name."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(returns.root))
    monkeypatch.setenv("OBSERVATORY_SEAL_KEY", "a long enough text")
    left = returns.root / DATE / "356" / f".{'a' * 32}.making"
    left.write_bytes(b"half a return")
    done = CliRunner().invoke(command.cli, ["seal"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert not left.exists()


def test_answers_outside_the_home_are_open_as_their_folder_is(
    returns, embedded_warehouse, bring, tmp_path
):
    bring(embedded_warehouse, returns, DATE)
    before = os.umask(0o077)
    try:
        for mode, folders, files in ((0o750, 0o750, 0o640), (0o700, 0o700, 0o600)):
            outbox = tmp_path / oct(mode)
            outbox.mkdir()
            outbox.chmod(mode)
            with embedded_warehouse.engine.begin() as connection:
                connection.exec_driver_sql("delete from raw.answer")
            assert answer_quarter(embedded_warehouse, returns.place, str(outbox), DAY, KEY) == 3
            inside = list(outbox.rglob("*"))
            assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_dir()} == {
                folders
            }
            assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_file()} == {
                files
            }
    finally:
        os.umask(before)


def test_status_warns_of_what_is_open_to_others(tmp_path, capsys):
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    for name in ("home", "landing"):
        (tmp_path / name).mkdir(mode=0o700)
    _warn_of_open_folders(settings)
    assert capsys.readouterr().out == ""
    for folder, name in ((settings.home, "home"), (tmp_path / "landing", "landing place")):
        for mode in (0o755, 0o701, 0o703):
            folder.chmod(mode)
            _warn_of_open_folders(settings)
            said = capsys.readouterr().out
            assert f"the {name} is open to every user" in said and f"chmod o-rwx '{folder}'" in said
        folder.chmod(0o750)
    _warn_of_open_folders(settings)
    assert capsys.readouterr().out == "", "a group of its own is the region's to choose"


def test_answers_are_written_to_no_place_that_a_sender_points_to(
    returns, embedded_warehouse, bring, tmp_path
):
    """In an outbox of the region's a sender may have the right to write: nothing it lays there is
    written through.
    """
    bring(embedded_warehouse, returns, DATE)
    outbox, key = tmp_path / "shared", tmp_path / "pseudonym.key"
    outbox.mkdir()
    key.write_text("the key", encoding="utf-8")
    key.chmod(0o600)
    assert answer_quarter(embedded_warehouse, returns.place, str(outbox), DAY, KEY) == 3
    answers = sorted(path for path in (outbox / DATE / "356").iterdir())
    theirs = tmp_path / "theirs"
    (outbox / DATE / "provider-a").rename(theirs)
    (outbox / DATE / "provider-a").symlink_to(theirs)
    for path in answers:
        path.with_name(f".{path.name}.making").symlink_to(key)
        path.unlink()
        path.symlink_to(key)
    before = {path: path.stat().st_mtime_ns for path in theirs.iterdir()}
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql("delete from raw.answer")
    assert answer_quarter(embedded_warehouse, returns.place, str(outbox), DAY, KEY) == 3
    assert key.read_text(encoding="utf-8") == "the key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert all(path.is_file() and not path.is_symlink() for path in answers)
    assert {path: path.stat().st_mtime_ns for path in theirs.iterdir()} == before, (
        "another's folder was taken for the sender's"
    )
    assert not (outbox / DATE / "provider-a").is_symlink()
    assert len(list((outbox / DATE / "provider-a").iterdir())) == 2
