"""A correction of most of a region: a quarter is published, most senders' returns come, and the
next release is drafted.

Published with a fifth of the providers at a third of the region's size; then nine in ten have
returned. Processor seconds of this process, of the gate (repair and proof included) and of all
else.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.publication import drafts
from assets.warehouse.building import build_quarter
from made_up import make_region
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.releasing import make_release

DATE = dt.date(2025, 12, 31)
REGION = load_region("north_west")
KEY = b"a key for the benchmark"
SCALE = 0.3
FEW, MOST = 0.2, 0.9
"""Shares of the providers that have returned: at the publication, and at its correction."""


def main() -> None:
    """Print what was decided, and the processor seconds of its parts."""
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = Path(folder)
        for name, response in (("few", FEW), ("most", MOST)):
            make_region(
                root / name,
                quarters=1,
                last=DATE,
                seed=1,
                scale=SCALE,
                response=response,
                truth=False,
            )
        server = EmbeddedPostgres(root / "home")
        with Warehouse(server.join(), server) as warehouse:
            prepare(warehouse, REGION)
            _bring(warehouse, root / "few")
            first = make_release(warehouse, DATE, REGION, root / "releases", key=KEY)
            shutil.copytree(root / "most", root / "few", dirs_exist_ok=True)
            before = _senders(warehouse)
            _bring(warehouse, root / "few")
            print(f"Published as r{first.number if first else '?'}; {before} senders had returned.")
            print(f"For the correction {_senders(warehouse)} have.")
            _decide(warehouse)


def _bring(warehouse: Warehouse, landing: Path) -> None:
    take_in(warehouse, LandingPlace(str(landing)), DATE, KEY)
    build_quarter(warehouse, DATE, REGION)


def _senders(warehouse: Warehouse) -> int:
    return int(warehouse.scalar("select count(distinct sender) from raw.submission") or 0)


def _decide(warehouse: Warehouse) -> None:
    """Make the correction's draft, and print what came of it and where the time went."""
    real, gate = drafts.prepare_against, 0.0

    def timed(*arguments: Any) -> Any:
        nonlocal gate
        began = time.process_time()
        try:
            return real(*arguments)
        finally:
            gate += time.process_time() - began

    drafts.prepare_against = timed  # type: ignore[assignment]
    try:
        began = time.process_time()
        draft = drafts.make_draft(warehouse, DATE, REGION, "the benchmark", KEY)
        whole = time.process_time() - began
    finally:
        drafts.prepare_against = real
    print(f"  {draft.outcome}: {whole:.1f} s of processor, {gate:.1f} s of them the gate's")
    print(f"  all else (reading, comparing, keeping): {whole - gate:.1f} s")
