"""Killed with SIGKILL at any moment and run again, the warehouse is exactly what it would have been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.warehouse import Warehouse
from tests import builders

ROOT = Path(__file__).resolve().parents[2]
DATES = ["2025-03-31", "2025-06-30"]

# What the run does, stage by stage, without Dagster's start: the moments to be killed at lie in here.
SCRIPT = """
import datetime as dt, sys
from pathlib import Path
from assets.intake.loading import take_in
from assets.page.site import Sites, bring_drafts_up_to_date
from assets.publication import lifecycle
from assets.publication.approval import approve
from assets.publication.drafts import make_draft
from assets.publication.release import write_all_missing_files
from assets.warehouse.building import build_quarter
from assets.access.preparing import prepare
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import load_region
address, landing, releases = sys.argv[1:4]
region = load_region("north_west")
print("ready", flush=True)
with Warehouse(address) as warehouse:
    prepare(warehouse, region)
    for text in ("2025-03-31", "2025-06-30"):
        date = dt.date.fromisoformat(text)
        take_in(warehouse, LandingPlace(landing), date, b"a key that only the tests use")
        assert not build_quarter(warehouse, date, region).blocked_by
        if lifecycle.life(warehouse, date).state == lifecycle.COLLECTING:
            lifecycle.close(warehouse, date, "the test")
        if lifecycle.life(warehouse, date).state == lifecycle.CLOSED:
            make_draft(warehouse, date, region, "the test")
        bring_drafts_up_to_date(warehouse, region, Path(releases + " drafts"), Path(releases), lambda _: None)
        if lifecycle.life(warehouse, date).state == lifecycle.DRAFT:
            approve(warehouse, date, region, "Ada Example (made up)")
        write_all_missing_files(warehouse, Path(releases))
        Sites(warehouse, region, Path(releases)).write_contents()
print("done", flush=True)
"""


def _drop_returns(landing) -> None:
    homes = [{"urn": f"SC{n:06d}", "local_authority": "Stockport" if n % 2 else "Trafford"} for n in range(60)]
    for number, date in enumerate(DATES):
        landing.drop(date, "ofsted", "list.csv", builders.register(homes))
        landing.drop(date, "356", "census.csv", builders.census([{"age": 10 + number}] * (40 + number)))
        landing.drop(date, "356", "census again.csv", builders.census([{"age": 12}] * (50 + number)))
        landing.drop(date, "provider-a", "settings.csv", builders.settings([{"urn": f"SC{n:06d}"} for n in range(1, 60, 2)]))
        landing.drop(date, "provider-a", "placements.csv", builders.placements([{"urn": f"SC{n:06d}"} for n in range(1, 60, 2)] * 2))


def _start(address: str, landing: Path, releases: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, address, str(landing), str(releases)], stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _finish(process: subprocess.Popen) -> None:
    with process:
        assert process.wait(120) == 0


WHEN_SEEN = ["first_seen_at", "received_at", "first_arrived_at", "rests_on", "happened_at", "tried_at"]
"""A return arrives when its bytes are first seen: by the clock, and so is what is hashed with it."""


def _everything(address: str) -> dict[str, str]:
    """A fingerprint of every table of the warehouse, order of rows and the clock aside."""
    with Warehouse(address) as warehouse:
        tables = warehouse.rows(
            "select table_schema || '.' || table_name as name from information_schema.tables "
            "where table_schema in ('raw','staging','core','curated','published') order by 1"
        )
        row = f"cast(to_jsonb(t) - array{WHEN_SEEN} as text)"
        text = f"md5(coalesce(string_agg({row}, '|' order by {row}), ''))"
        return {t.name: warehouse.scalar(f"select {text} from {t.name} as t") for t in tables}


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("kind", "kills"), [("embedded", 8), ("postgres15", 3)])
def test_killed_at_any_moment_and_run_again(servers, landing, tmp_path, kind, kills):
    _drop_returns(landing)
    whole = servers.fresh(kind, "template1")
    started = time.monotonic()
    process = _start(whole, landing.root, tmp_path / "whole")
    ready = time.monotonic()
    _finish(process)
    seconds = time.monotonic() - ready
    expected, expected_files = _everything(whole), _files(tmp_path / "whole")
    assert {Path(name).parent.name for name in expected_files} == {"", "r1"} and len(expected_files) > 10
    assert time.monotonic() - started < 120

    killed = servers.fresh(kind, "template1")
    for number in range(1, kills + 1):
        process = _start(killed, landing.root, tmp_path / "killed")
        time.sleep(seconds * number / (kills + 1))
        with process:
            process.send_signal(signal.SIGKILL)
    _finish(_start(killed, landing.root, tmp_path / "killed"))
    assert _everything(killed) == expected
    assert {name: data for name, data in _files(tmp_path / "killed").items() if ".making" not in name} == expected_files
    for address in (whole, killed):
        servers.drop(kind, address)


def test_a_second_run_over_everything_changes_nothing(servers, landing, tmp_path):
    _drop_returns(landing)
    address = servers.fresh("embedded", "template1")
    _finish(_start(address, landing.root, tmp_path / "r"))
    before, files = _everything(address), _files(tmp_path / "r")
    _finish(_start(address, landing.root, tmp_path / "r"))
    assert _everything(address) == before
    assert _files(tmp_path / "r") == files
    servers.drop("embedded", address)
