"""SQL of one quarter, rebuilt with 4, 8, 16 and 40 quarters loaded: cost grows with the quarters
that changed, not with history.

And all tables of one quarter and of eight, with the slowest models. A made-up quarter is taken in
once and copied back in time inside `raw`, since to read 40 quarters' files is not what is measured.
`--full` makes it the size of the North West (else a tenth of it).
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from assets.access.preparing import prepare
from assets.intake.assets import kept_tables
from assets.intake.loading import take_in
from assets.projection.table import rewrite
from assets.warehouse.building import BuildResult, build_quarter
from assets.warehouse.models import raw_columns
from made_up import make_region
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import load_region

DATE = dt.date(2025, 12, 31)
REGION = load_region("north_west")
LOADED = [4, 8, 16, 40]
RUNS = 3


def main() -> None:
    """Print the time of a quarter by quarters loaded, that of one and of eight quarters, and the
    slowest models.
    """
    scale = 1.0 if "--full" in sys.argv else 0.1
    with tempfile.TemporaryDirectory(prefix="observatory bench ") as folder:
        root = Path(folder)
        print(
            make_region(root / "landing", quarters=1, last=DATE, seed=1, scale=scale, truth=False)
        )
        server = EmbeddedPostgres(root / "home")
        with Warehouse(server.join(), server) as warehouse:
            prepare(warehouse, REGION)
            take_in(
                warehouse, LandingPlace(str(root / "landing")), DATE, b"a key for the benchmark"
            )
            dates = [
                date.date() for date in pd.date_range(end=DATE, periods=max(LOADED), freq="QE")
            ]
            of_models: dict[int, dict[tuple[str, str], float]] = {}
            for loaded, before in zip(LOADED, [1, *LOADED], strict=False):
                _copy(warehouse, dates[-loaded:-before])
                for date in dates[-loaded:-before]:
                    _build(warehouse, date)
                    rewrite(warehouse, date)
                if loaded == 8:
                    _one_and_eight(warehouse, dates)
                runs = [_build(warehouse, DATE).seconds for _ in range(RUNS)]
                times = [sum(run.values()) for run in runs]
                print(
                    f"  {loaded:>2} quarters loaded: SQL of one quarter"
                    f" {statistics.median(times):.2f} s (of {', '.join(f'{t:.2f}' for t in times)})"
                )
                of_models[loaded] = {model: min(run[model] for run in runs) for model in runs[0]}
            first, last = of_models[min(LOADED)], of_models[max(LOADED)]
            grown = sorted(last, key=lambda model: first[model] - last[model])[:5]
            print(
                "  grown most:"
                f" {', '.join(f'{schema}.{name} {first[schema, name]:.2f} to {last[schema, name]:.2f} s' for schema, name in grown)}"
            )
            for changed in (1, 2, 4, 8):
                print(
                    f"  {changed} of {max(LOADED)} quarters changed:"
                    f" {sum(_seconds(_build(warehouse, d)) for d in dates[-changed:]):.2f} s"
                )


def _build(warehouse: Warehouse, date: dt.date) -> BuildResult:
    result = build_quarter(warehouse, date, REGION, anew=True)
    assert not result.blocked_by, result.blocked_by
    return result


def _seconds(result: BuildResult) -> float:
    return sum(result.seconds.values())


def _copy(warehouse: Warehouse, dates: list[dt.date]) -> None:
    """Copy the newest quarter's submissions, with all their rows, to these census dates."""
    with warehouse.writing() as connection:
        for date in dates:
            for table in ("submission", "submission_table", *kept_tables()):
                columns = list(raw_columns()[table])
                values = [
                    (
                        "t.submission_id || :suffix"
                        if c == "submission_id"
                        else "cast(:d as date)"
                        if c == "census_date"
                        else f"t.{c}"
                    )
                    for c in columns
                ]
                source = (
                    f"raw.{table} as t inner join raw.submission as s on t.submission_id ="
                    " s.submission_id"
                )
                connection.execute(
                    sa.text(
                        f"insert into raw.{table} ({', '.join(columns)}) select"
                        f" {', '.join(values)} from {source} where s.census_date = :newest"
                    ),
                    {"d": date, "suffix": f" {date}", "newest": DATE},
                )
        connection.execute(sa.text("analyze"))


def _one_and_eight(warehouse: Warehouse, dates: list[dt.date]) -> None:
    """The tables of one quarter, and of eight, and which of them take longest."""
    one = _build(warehouse, DATE)
    print(
        f"One quarter: {_seconds(one):.1f} s of SQL, {sum(one.rows.values()):,} rows. Slowest:"
        f" {_slowest([one])}"
    )
    eight = [_build(warehouse, date) for date in dates[-8:]]
    print(f"Eight quarters: {sum(map(_seconds, eight)):.1f} s of SQL. Slowest: {_slowest(eight)}")


def _slowest(results: list[BuildResult]) -> str:
    seconds = sum((Counter(result.seconds) for result in results), Counter())
    return ", ".join(
        f"{schema}.{name} {time:.2f}" for (schema, name), time in seconds.most_common(8)
    )
