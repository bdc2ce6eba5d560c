"""The gate at full size: a release of a made-up North West against eight earlier ones, split by
step, with what it costs in shown cells.

`--record` keeps what was measured (`gate.json`) and writes it into `docs/disclosure.md`, so that
what stands there was measured; `--earlier=0` leaves out the earlier releases, which take some
minutes to make. `--region=england` judges a nation's first release, and records nothing.

The earlier releases: seven of the same census date, each a correction of the one before (a child or
two in a few places), and that of a year before, so that every tie over time and between releases is
in the system.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.publication.disclosure.knowledge import Published, System, build_system
from assets.publication.disclosure.programmes import Model
from assets.publication.programme import TOTAL, ties
from assets.publication.release import crossings_of, prepare_against
from assets.publication.tables import TrueTable, members_of_region, release_tables, true_tables
from assets.warehouse.building import build_quarter
from benchmarks.recording import with_block
from made_up import make_region
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import Region, load_region

DATE = dt.date(2025, 12, 31)
REGION = load_region("north_west")
EARLIER = 8
KEY = b"a key for the benchmark"
RECORD = Path(__file__).with_name("gate.json")
DOCS = Path(__file__).parents[1] / "docs" / "disclosure.md"
START, END = (
    "<!-- measured by `python -m benchmarks gate --record`: do not edit -->",
    "<!-- end of what was measured -->",
)


def main() -> None:
    """Print seconds by step, sizes, and the share of cells shown."""
    name = _given("region", "")
    if name:
        if "--record" in sys.argv or _given("earlier", ""):
            raise SystemExit("--region judges a first release alone: leave --record and --earlier.")
        region = load_region(name)
        _one(*full_region(region), [], region)
        return
    true, members = full_region()
    most = int(_given("earlier", str(EARLIER)))
    earlier = _earlier(true, members) if most else []
    runs = [_one(true, members, earlier[:count]) for count in sorted({0, most})]
    if "--record" in sys.argv:
        command = "python -m benchmarks gate --record" + (
            f" --earlier={most}" if most != EARLIER else ""
        )
        record = {
            "command": command,
            "date": dt.date.today().isoformat(),
            "region": REGION.name,
            "census_date": DATE.isoformat(),
            "runs": runs,
        }
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        DOCS.write_text(with_block(DOCS, described(record), START, END), encoding="utf-8")


def _given(option: str, otherwise: str) -> str:
    """What an option of the command line says."""
    start = f"--{option}="
    return next((a.removeprefix(start) for a in sys.argv if a.startswith(start)), otherwise)


def full_region(region: Region = REGION) -> tuple[dict[str, TrueTable], pd.DataFrame]:
    """The true tables of one quarter of a made-up region at full size, and its members."""
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = Path(folder)
        make_region(
            root / "landing",
            region=region.key,
            quarters=1,
            last=DATE,
            seed=1,
            scale=1.0,
            truth=False,
        )
        server = EmbeddedPostgres(root / "home")
        with Warehouse(server.join(), server) as warehouse:
            prepare(warehouse, region)
            take_in(warehouse, LandingPlace(str(root / "landing")), DATE, KEY)
            build_quarter(warehouse, DATE, region)
            started = time.perf_counter()
            members = members_of_region(warehouse, DATE)
            true = true_tables(warehouse, DATE, members, KEY)
            print(
                "The tables of one quarter from the warehouse:"
                f" {time.perf_counter() - started:.1f} s"
            )
    return true, members


def described(record: dict) -> str:
    """What was measured, as it stands in the docs."""
    first = record["runs"][0]
    lines = [
        (
            f"Measured on {record['date']} by `{record['command']}` on a made-up"
            f" {record['region']} at full size, {record['census_date']}:"
        ),
        "",
        "| table | counts | shown | hidden by the repair |",
        "|---|---|---|---|",
        *(
            f"| `{t['table']}` | {t['counts']:,} | {_share(t)} | {t['repaired']} |"
            for t in first["tables"]
        ),
        f"| **all** | {first['counts']:,} | {_share(first)} | {first['repaired']} |",
        "",
    ]
    for run in record["runs"]:
        lines.append(
            f"Against {run['earlier']} earlier releases:"
            f" {'passed' if run['passed'] else 'refused'}; print, repair and gate took"
            f" {run['seconds']:.0f} s of processor ({run['figures']:,} figures,"
            f" {run['ties']:,} ties, {run['protected']:,} small counts),"
            f" {run['seconds'] / run['floor']:.0f} times one linear programme over all of it (on that"
            f" machine {run['floor']:.1f} s)."
        )
    return "\n".join(lines)


def _share(of: dict) -> str:
    return f"{100 * of['shown'] / of['counts']:.1f} %" if of["counts"] else "none"


def _earlier(true: dict[str, TrueTable], members: pd.DataFrame) -> list[Published]:
    """Eight releases that came before, each made as a release is: repaired, and let out by the gate
    against those before it.
    """
    generator = np.random.default_rng(1)
    made: list[Published] = []
    tables = true
    for number in range(1, EARLIER):
        made.append(_published(tables, members, DATE, number, made))
        tables = {name: _moved(table, generator) for name, table in tables.items()}
    return [_published(tables, members, DATE.replace(year=DATE.year - 1), 1, []), *made]


def _moved(table: TrueTable, generator: np.random.Generator) -> TrueTable:
    """A correction: the same table, one in two hundred of its single counts of children one more,
    with every total of it. Tables whose measures are tied by definition stay as they are: moved one
    by one they would contradict each other.
    """
    if table.table.nested or any(
        term.table == table.table.name for tie in ties() if not tie.presumed for term in tie.terms
    ):
        return table
    filters = list(table.table.filters)
    values = table.values.copy()
    for m in table.table.of_rule("count"):
        single = (table.keys["authority_code"] != "") & (table.keys[filters] != TOTAL).all(axis=1)
        chosen = values.index[
            single & (values[m.name] > 0) & (generator.random(len(values)) < 0.005)
        ]
        for index in chosen:
            row = table.keys.loc[index]
            same = table.keys["authority_code"].isin(["", row["authority_code"]])
            for f in filters:
                same &= table.keys[f].isin([TOTAL, row[f]])
            values.loc[same, m.name] += 1
    return replace(table, values=values)


def _published(
    true: dict[str, TrueTable],
    members: pd.DataFrame,
    date: dt.date,
    number: int,
    before: list[Published],
) -> Published:
    printed = partial(release_tables, true, members, date)
    prepared = prepare_against(
        before, date, true, printed, REGION.disclosure, KEY, REGION.beside, REGION.groups
    )
    if not prepared.verdict.passed:
        raise SystemExit(
            f"The earlier release {date} r{number} was refused: {prepared.verdict.lines()[0]}"
        )
    return Published(
        date,
        number,
        prepared.tables,
        REGION.disclosure,
        {name: table.values for name, table in true.items()},
        beside=REGION.beside,
        crossings=crossings_of(true),
    )


def _one(
    true: dict[str, TrueTable],
    members: pd.DataFrame,
    earlier: list[Published],
    region: Region = REGION,
) -> dict:
    """One release against the earlier ones: printed as it comes, and what is recorded of it."""
    printed = partial(release_tables, true, members, DATE)
    started, worked = time.perf_counter(), time.process_time()
    prepared = prepare_against(
        earlier, DATE, true, printed, region.disclosure, KEY, region.beside, region.groups
    )
    whole, worked = time.perf_counter() - started, time.process_time() - worked
    number = 1 + sum(1 for release in earlier if release.census_date == DATE)
    truth = {name: table.values for name, table in true.items()}
    now = Published(
        DATE,
        number,
        prepared.tables,
        region.disclosure,
        truth,
        beside=region.beside,
        crossings=crossings_of(true),
    )
    system = build_system([*earlier, now])
    floor = _floor(system)
    by_rule = printed({}, region.disclosure)
    tables = [
        _shown(name, table, prepared.tables[name], by_rule[name])
        for name, table in true.items()
        if table.table.of_rule("count")
    ]
    counts, shown = sum(t["counts"] for t in tables), sum(t["shown"] for t in tables)
    print(
        f"Against {len(earlier)} earlier releases:"
        f" {'passed' if prepared.verdict.passed else 'REFUSED'}; print, repair and gate"
        f" {whole:.1f} s ({worked:.1f} s of processor)\n  of which the gate on"
        f" {prepared.verdict.protected:,} small counts {prepared.verdict.seconds:.1f} s"
        f" ({prepared.verdict.programmes} programmes solved), on {system.matrix.shape[1]:,} figures"
        f" and {system.matrix.shape[0]:,} ties\n  one linear programme over all of it:"
        f" {floor:.2f} s of processor, of which the whole is {worked / floor:.0f} times\n  shown: {100 * shown / counts:.1f} % of"
        f" {counts:,} counts ({prepared.repaired} hidden by the repair)"
    )
    for line in prepared.verdict.lines()[:5]:
        print(f"  {line[:300]}")
    return {
        "earlier": len(earlier), "passed": prepared.verdict.passed, "seconds": round(worked, 1), "figures": system.matrix.shape[1],
        "ties": system.matrix.shape[0], "protected": prepared.verdict.protected, "counts": counts, "shown": shown,
        "repaired": prepared.repaired, "floor": round(floor, 6),
        "tables": tables,
    }  # fmt: skip


def _floor(system: System) -> float:
    """Seconds of processor for one linear programme over a whole system, the least of three: how
    fast the machine is at what the gate does most.
    """
    taken = []
    for _ in range(3):
        worked = time.process_time()
        model = Model(system.matrix, system.row_low, system.row_high, system.low, system.high)
        model.solve(np.ones(len(system.low)))
        taken.append(time.process_time() - worked)
    return min(taken)


def _shown(name: str, table: TrueTable, printed: pd.DataFrame, by_rule: pd.DataFrame) -> dict:
    """How many of a table's known counts are shown, and how many the repair has hidden of those
    that the rule would show.
    """
    counts = [m.name for m in table.table.of_rule("count")]
    known, texts = table.values[counts].notna().to_numpy(), printed[counts].to_numpy()
    repaired = int(((texts == "c") & (by_rule[counts].to_numpy() != "c") & known).sum())
    return {
        "table": name,
        "counts": int(known.sum()),
        "shown": int((known & (texts != "c")).sum()),
        "repaired": repaired,
    }
