"""The gate at full size: a release of a made-up North West against eight earlier ones, split by step, with what it costs in shown cells.

The earlier releases: seven of the same census date, each a correction of the one before (a child or two in a few places), and that of a year
before, so that every tie over time and between releases is in the system.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from assets.intake.loading import take_in
from assets.publication.attack import Published, build_system
from assets.publication.gate import judge
from assets.publication.programme import TOTAL, ties
from assets.publication.release import prepare_against
from assets.publication.tables import GEOGRAPHY, TrueTable, members_of_region, release_tables, true_tables
from assets.warehouse.building import build_quarter
from assets.warehouse.tables import prepare
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.made_up import make_region
from resources.warehouse import Warehouse
from schemas.regions import load_region

DATE = dt.date(2025, 12, 31)
REGION = load_region("north_west")
EARLIER = 8
KEY = b"a key for the benchmark"


def main() -> None:
    """Print seconds by step, sizes, and the share of cells shown."""
    true, members = full_region()
    earlier = _earlier(true, members)
    for count in (0, EARLIER):
        _one(true, members, earlier[:count])


def full_region() -> tuple[dict[str, TrueTable], pd.DataFrame]:
    """The true tables of one quarter of a made-up region at full size, and its members."""
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = Path(folder)
        make_region(root / "landing", quarters=1, last=DATE, seed=1, scale=1.0)
        server = EmbeddedPostgres(root / "home")
        with Warehouse(server.join(), server) as warehouse:
            prepare(warehouse, REGION)
            take_in(warehouse, LandingPlace(str(root / "landing")), DATE, KEY)
            build_quarter(warehouse, DATE, REGION)
            started = time.perf_counter()
            members = members_of_region(warehouse, DATE)
            true = true_tables(warehouse, DATE, members, KEY)
            print(f"The tables of one quarter from the warehouse: {time.perf_counter() - started:.1f} s")
    return true, members


def _earlier(true: dict[str, TrueTable], members: pd.DataFrame) -> list[Published]:
    """Eight releases that came before, each made as a release is: repaired, and let out by the gate against those before it."""
    generator = np.random.default_rng(1)
    made: list[Published] = []
    tables = true
    for number in range(1, EARLIER):
        made.append(_published(tables, members, DATE, number, made))
        tables = {name: _moved(table, generator) for name, table in tables.items()}
    return [_published(tables, members, DATE.replace(year=DATE.year - 1), 1, []), *made]


def _moved(table: TrueTable, generator: np.random.Generator) -> TrueTable:
    """A correction: the same table, one in two hundred of its single counts of children one more, with every total of it. Tables whose
    measures are tied by definition stay as they are: moved one by one they would contradict each other.
    """
    if table.table.nested or any(term.table == table.table.name for tie in ties() if not tie.presumed for term in tie.terms):
        return table
    filters = list(table.table.filters)
    values = table.values.copy()
    for m in table.table.of_rule("count"):
        single = (table.keys["authority_code"] != "") & (table.keys[filters] != TOTAL).all(axis=1)
        chosen = values.index[single & (values[m.name] > 0) & (generator.random(len(values)) < 0.005)]
        for index in chosen:
            row = table.keys.loc[index]
            same = table.keys["authority_code"].isin(["", row["authority_code"]])
            for f in filters:
                same &= table.keys[f].isin([TOTAL, row[f]])
            values.loc[same, m.name] += 1
    return replace(table, values=values)


def _published(true: dict[str, TrueTable], members: pd.DataFrame, date: dt.date, number: int, before: list[Published]) -> Published:
    prepared = prepare_against(before, date, true, partial(release_tables, true, members, date), REGION.disclosure, KEY)
    if not prepared.verdict.passed:
        raise SystemExit(f"The earlier release {date} r{number} was refused: {prepared.verdict.lines()[0]}")
    return Published(date, number, prepared.tables, REGION.disclosure, {name: table.values for name, table in true.items()})


def _one(true: dict[str, TrueTable], members: pd.DataFrame, earlier: list[Published]) -> None:
    printed = partial(release_tables, true, members, DATE)
    started, worked = time.perf_counter(), time.process_time()
    prepared = prepare_against(earlier, DATE, true, printed, REGION.disclosure, KEY)
    whole, worked = time.perf_counter() - started, time.process_time() - worked
    number = 1 + sum(1 for release in earlier if release.census_date == DATE)
    truth = {name: table.values for name, table in true.items()}
    started = time.perf_counter()
    system = build_system([*earlier, Published(DATE, number, prepared.tables, REGION.disclosure, truth)])
    built = time.perf_counter() - started
    started = time.perf_counter()
    verdict = judge(system, REGION.disclosure.possible_values)
    judged = time.perf_counter() - started
    counts = [(table.values[m.name].to_numpy(), prepared.tables[name][m.name]) for name, table in true.items() for m in table.table.of_rule("count")]
    cells = sum(int(np.isfinite(values).sum()) for values, _ in counts)
    hidden = sum(int((texts == "c").sum()) for _, texts in counts)
    everything = sum(frame.drop(columns=GEOGRAPHY).size for frame in prepared.tables.values())
    print(
        f"Against {len(earlier)} earlier releases: {'passed' if prepared.verdict.passed else 'REFUSED'}; "
        f"print, repair and gate {whole:.1f} s ({worked:.1f} s of processor)\n"
        f"  of which: the system of {system.matrix.shape[1]:,} figures and {system.matrix.shape[0]:,} ties {built:.1f} s, "
        f"the gate on {verdict.protected:,} small counts {judged:.1f} s ({verdict.programmes} programmes solved)\n"
        f"  shown: {100 * (1 - hidden / cells):.1f} % of {cells:,} counts ({prepared.repaired} hidden by the repair), of {everything:,} cells in all"
    )
    for line in prepared.verdict.lines()[:5]:
        print(f"  {line[:300]}")
