"""Killed with SIGKILL at any moment and run again, the warehouse is exactly what it would have
been.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.page.site import Sites, bring_drafts_up_to_date
from assets.publication import lifecycle
from assets.publication.approval import approve
from assets.publication.drafts import make_draft
from assets.publication.release import write_all_missing_files
from assets.warehouse.building import build_quarter
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from tests import builders
from tests.conftest import KEY
from tests.kills import Nursery, nursery
from tests.regions import QUICK

DATES = ["2025-03-31", "2025-06-30"]


def play(address: str, landing: str, releases: str) -> None:
    """What the run does, stage by stage, without Dagster: the moments to be killed at lie in here."""
    region = QUICK
    with Warehouse(address) as warehouse:
        prepare(warehouse, region)
        for date in map(dt.date.fromisoformat, DATES):
            take_in(warehouse, LandingPlace(landing), date, KEY)
            assert not build_quarter(warehouse, date, region).blocked_by
            if lifecycle.life(warehouse, date).state == lifecycle.COLLECTING:
                lifecycle.close(warehouse, date, "the test")
            if lifecycle.life(warehouse, date).state == lifecycle.CLOSED:
                make_draft(warehouse, date, region, "the test")
            bring_drafts_up_to_date(
                warehouse, region, Path(releases + " drafts"), Path(releases), lambda _: None
            )
            if lifecycle.life(warehouse, date).state == lifecycle.DRAFT:
                approve(warehouse, date, region, "Ada Example (made up)")
            write_all_missing_files(warehouse, Path(releases))
            Sites(warehouse, region, Path(releases)).write_contents()


def _drop_returns(landing) -> None:
    homes = [
        {"urn": f"SC{n:06d}", "local_authority": "Stockport" if n % 2 else "Trafford"}
        for n in range(60)
    ]
    for number, date in enumerate(DATES):
        landing.drop(date, "ofsted", "list.csv", builders.register(homes))
        landing.drop(
            date, "356", "census.csv", builders.census([{"age": 10 + number}] * (40 + number))
        )
        landing.drop(
            date, "356", "census again.csv", builders.census([{"age": 12}] * (50 + number))
        )
        landing.drop(
            date,
            "provider-a",
            "settings.csv",
            builders.settings([{"urn": f"SC{n:06d}"} for n in range(1, 60, 2)]),
        )
        landing.drop(
            date,
            "provider-a",
            "placements.csv",
            builders.placements([{"urn": f"SC{n:06d}"} for n in range(1, 60, 2)] * 2),
        )


class Run:
    """The run over one warehouse, in processes forked from one that has imported everything."""

    def __init__(self, born: Nursery, address: str, landing: Path, releases: Path) -> None:
        self.born, self.out = born, releases.with_suffix(".txt")
        self.arguments = [address, str(landing), str(releases)]

    def start(self) -> int:
        """Start it; gives its process."""
        return self.born.start({}, self.arguments, self.out, call=f"{__name__}:{play.__name__}")

    def finish(self) -> float:
        """Let it end; it must end well. Gives its seconds."""
        began = time.monotonic()
        self.start()
        assert self.born.wait() == 0, self.out.read_text(encoding="utf-8")
        return time.monotonic() - began


@pytest.fixture(scope="module")
def born() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


WHEN_SEEN = [
    "first_seen_at",
    "received_at",
    "first_arrived_at",
    "rests_on",
    "happened_at",
    "tried_at",
]
"""A return arrives when its bytes are first seen: by the clock, and so is what is hashed with it.
"""


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
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(("kind", "kills"), [("embedded", 8), ("postgres15", 3)])
def test_killed_at_any_moment_and_run_again(born, servers, landing, tmp_path, kind, kills):
    _drop_returns(landing)
    whole = servers.fresh(kind, "template1")
    undisturbed = Run(born, whole, landing.root, tmp_path / "whole")
    seconds = undisturbed.finish()
    expected, expected_files = _everything(whole), _files(tmp_path / "whole")
    assert {Path(name).parent.name for name in expected_files} == {"", "r1"} and len(
        expected_files
    ) > 10

    killed = servers.fresh(kind, "template1")
    run = Run(born, killed, landing.root, tmp_path / "killed")
    for number in range(1, kills + 1):
        process = run.start()
        time.sleep(seconds * number / (kills + 1))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        assert born.wait() in (0, -signal.SIGKILL), run.out.read_text(encoding="utf-8")
    run.finish()
    assert _everything(killed) == expected
    assert {
        name: data for name, data in _files(tmp_path / "killed").items() if ".making" not in name
    } == expected_files

    undisturbed.finish()
    assert _everything(whole) == expected, "a second run over everything changes nothing"
    assert _files(tmp_path / "whole") == expected_files
    for address in (whole, killed):
        servers.drop(kind, address)
