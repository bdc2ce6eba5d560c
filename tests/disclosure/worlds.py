"""Made-up worlds in which ties are looked for: the true figures of every published column, one row
a cell.

Belongs here: making them (`python -m tests.disclosure.worlds`, some minutes) and reading them back,
and the real ledger read the same way. Does not belong here: looking for ties (`mining`).

The worlds are recorded (`worlds.parquet`), so that a test need not build them; it fails while a
column of the programme is not in them.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from assets.publication.disclosure.rules import number
from assets.publication.programme import PUBLISHED_TABLES
from assets.publication.tables import AUTHORITY, TrueTable
from resources.warehouse import Warehouse

RECORDED = Path(__file__).with_name("worlds.parquet")
RULES = ("exact", "count", "estimate")
LAST = dt.date(2025, 12, 31)
WORLDS = ((11, 0.1, 0.9), (12, 0.1, 0.7), (13, 0.1, 1.0))
"""Seed, scale and share of returns that come in, of each made-up region; of each the last two
quarters.
"""


def cells(
    world: str, tables: Mapping[str, pd.DataFrame], area: str, names: Mapping[str, str]
) -> pd.DataFrame:
    """Every known figure of a world's tables: `world, area` (blank for the region) and its `name`,
    `table, measure, key` and `value`.
    """
    pieces = []
    for table in (t for t in PUBLISHED_TABLES if t.name in tables):
        frame, filters = tables[table.name], list(table.filters)
        key = frame[filters].astype("str").agg("|".join, axis=1) if filters else ""
        for m in (m for m in table.of_rule(*RULES) if m.shown and m.name in frame):
            said = {
                "world": world,
                "area": frame[area],
                "name": frame[area].map(names).fillna(""),
                "table": table.name,
                "measure": m.name,
            }
            pieces.append(
                pd.DataFrame({**said, "key": key, "value": frame[m.name]}).dropna(subset=["value"])
            )
    return pd.concat(pieces, ignore_index=True)


def of_truth(world: str, true: Mapping[str, TrueTable], members: pd.DataFrame) -> pd.DataFrame:
    """The cells of a made-up world."""
    names = members.set_index(AUTHORITY)["authority_name"].to_dict()
    return cells(
        world,
        {name: pd.concat([t.keys, t.values], axis=1) for name, t in true.items()},
        AUTHORITY,
        names,
    )


def of_ledger(warehouse: Warehouse) -> pd.DataFrame:
    """The cells of every release in a ledger, by the true counts behind it."""
    from assets.publication.programme import AREA
    from assets.publication.release import earlier_releases

    pieces = []
    for row in warehouse.rows("select distinct census_date from published.release order by 1"):
        for release in earlier_releases(warehouse, row.census_date):
            if release.census_date != row.census_date or release.truth is None:
                continue
            tables, names = {}, {}
            for table in (t for t in PUBLISHED_TABLES if t.name in release.tables):
                frame, known = release.tables[table.name], release.truth.get(table.name)
                public = {
                    m.name: number(frame[m.name]) for m in table.of_rule("exact") if m.name in frame
                }
                counts = {} if known is None else {name: known[name] for name in known}
                names |= dict(
                    frame[[AREA, "la_name"]].drop_duplicates().itertuples(index=False, name=None)
                )
                tables[table.name] = frame.assign(**public, **counts)
            pieces.append(cells(f"{row.census_date} r{release.number}", tables, AREA, names))
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame()


def recorded() -> pd.DataFrame:
    """The cells of the recorded worlds."""
    return pd.read_parquet(RECORDED)


def make() -> pd.DataFrame:
    """The cells of all made-up worlds, built as a quarter is."""
    from assets.access.preparing import prepare
    from assets.intake.loading import take_in
    from assets.publication.tables import members_of_region, true_tables
    from assets.warehouse.building import build_quarter
    from made_up import make_region
    from resources.embedded_postgres import EmbeddedPostgres
    from resources.landing import LandingPlace
    from schemas.regions import load_region

    region, pieces = load_region("north_west"), []
    for seed, scale, response in WORLDS:
        with tempfile.TemporaryDirectory(prefix="worlds ") as folder:
            root = Path(folder)
            made = make_region(
                root / "landing",
                quarters=2,
                last=LAST,
                seed=seed,
                scale=scale,
                response=response,
                truth=False,
            )
            server = EmbeddedPostgres(root / "home")
            with Warehouse(server.join(), server) as warehouse:
                prepare(warehouse, region)
                for date in made.census_dates:
                    take_in(
                        warehouse,
                        LandingPlace(str(root / "landing")),
                        date,
                        b"a key for made-up worlds",
                    )
                    build_quarter(warehouse, date, region)
                    members = members_of_region(warehouse, date)
                    true = true_tables(warehouse, date, members)
                    pieces.append(of_truth(f"seed {seed}, {date}", true, members))
    return pd.concat(pieces, ignore_index=True)


if __name__ == "__main__":
    texts = ["world", "area", "name", "table", "measure", "key"]
    found = make()
    found.astype(dict.fromkeys(texts, "category")).to_parquet(
        RECORDED, compression="zstd", index=False
    )
    print(f"{len(found):,} cells of {found['world'].nunique()} worlds in {RECORDED}")
