"""PostgreSQL and Spark: what one quarter of the models costs on each, by the size of the region.
`python -m benchmarks.engines`.

Belongs here: the cost curve of docs/engines.md, which this writes. Does not belong here: whether
the figures are the same (`tests/pipeline/test_spark.py`).

The same quarter is built twice, by PostgreSQL and by Spark. Processor seconds (user and system) are
those of this process, of the database server and of Spark's; on a machine that others use they are
steadier than the clock, which stands beside them. Making up and taking in are not counted, and
neither are the checks, which are the same for both.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib.util
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.warehouse import building
from made_up import make_region
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import load_region

PAGE = Path(__file__).resolve().parents[1] / "docs" / "engines.md"
FROM, TO = "<!-- measured: python -m benchmarks.engines -->", "<!-- end -->"
DATE = dt.date(2025, 12, 31)
SIZES = (0.1, 0.3, 1.0)
HEAD = (
    "| times the North West | placements | rows made | PostgreSQL: processor s (clock s) | Spark:"
    " processor s (clock s) | Spark / PostgreSQL |"
)


def processor_seconds(process: int) -> float:
    """Of a process, those it has waited for, and all that it has started and that run."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return own + sum(processor_seconds(int(child)) for child in children)
    return 0.0


class Meter:
    """Processor and clock seconds of everything that has a part in it."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = int((server.data / "postmaster.pid").read_text().split()[0])

    def now(self) -> tuple[float, float]:
        mine = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        return mine + processor_seconds(self.server) + self._spark(), time.monotonic()

    def _spark(self) -> float:
        from assets.warehouse import spark

        if not spark.session.cache_info().currsize:
            return 0.0
        return processor_seconds(spark.session().sparkContext._gateway.proc.pid)


@contextlib.contextmanager
def taken_in(scale: float) -> Iterator[tuple[Warehouse, EmbeddedPostgres]]:
    """A home of one quarter of a made-up North West of that size, its returns read and nothing
    built.
    """
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder))
        with Warehouse(server.join(), server) as warehouse:
            prepare(warehouse, load_region("north_west"))
            make_region(Path(folder) / "landing", quarters=1, last=DATE, scale=scale, truth=False)
            take_in(
                warehouse, LandingPlace(str(Path(folder) / "landing")), DATE, b"a benchmark's key"
            )
            yield warehouse, server


def built(warehouse: Warehouse, server: EmbeddedPostgres, engine: str) -> tuple[int, float, float]:
    """Rows made, processor seconds and clock seconds of the models on an engine."""
    meter, date, wanted = (
        Meter(server),
        DATE,
        [m for m in building.models().values() if not m.is_view],
    )
    os.environ["OBSERVATORY_ENGINE"] = engine
    before = meter.now()
    with warehouse.writing() as connection:
        building._put_on_calendar(connection, date)
        with building._rewriter(connection, date) as rewrite:
            rows = 0
            for model in wanted:
                made = rewrite(model)
                building._measure(connection, model.physical, made)
                rows += made
    after = meter.now()
    return rows, after[0] - before[0], after[1] - before[1]


def measure(scale: float) -> str:
    """One line of the table."""
    with taken_in(scale) as (warehouse, server):
        rows, by_postgres, clock = built(warehouse, server, "postgres")
        again, by_spark, clock_of_spark = built(warehouse, server, "spark")
        assert rows == again, "the engines made other numbers of rows"
        placements = warehouse.scalar("select count(*) from core.placement")
    return (
        f"| {scale:g} | {placements:,} | {rows:,} | {by_postgres:.1f} ({clock:.0f}) |"
        f" {by_spark:.1f} ({clock_of_spark:.0f}) | {by_spark / by_postgres:.1f} |"
    )


def main() -> None:
    """Measure each size in turn, print the lines, and write them into the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=float, nargs="+", default=SIZES)
    sizes = options.parse_known_args()[0].sizes
    if importlib.util.find_spec("pyspark") is None:
        print("engines: pyspark is not in the environment (make spark); nothing was measured")
        return
    lines = [HEAD, "|---|---|---|---|---|---|"]
    for scale in sizes:
        lines.append(measure(scale))
        print(lines[-1], flush=True)
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(FROM)
    PAGE.write_text(
        before + "\n".join([FROM, *lines]) + "\n" + TO + rest.split(TO)[1], encoding="utf-8"
    )


if __name__ == "__main__":
    main()
