"""Releases: numbered, kept in the ledger for ever, never changed; a correction is a new one.

Belongs here: whether a release is due, its number and manifest, the ledger.
Does not belong here: rounding (`disclosure`), layout (`tables`), files (`files`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.access import audit
from assets.publication.disclosure import ROUND_TO, SMALLEST_SHOWN, SYMBOLS
from assets.publication.files import release_files, table_csv, write_release
from assets.publication.tables import GEOGRAPHY, PUBLISHED_TABLES, release_tables
from assets.warehouse.models import code_version
from resources.warehouse import Warehouse, copy_frame
from schemas.regions import Region
from schemas.returns import contract_version


@dataclass(frozen=True)
class Release:
    """One release: its census date, number, folder, and whether it was made now (else it stands from before)."""

    census_date: dt.date
    number: int
    folder: Path
    is_new: bool
    cells: int
    hidden: int


def make_release(warehouse: Warehouse, census_date: dt.date, region: Region, releases: Path) -> Release | None:
    """Release the census date, unless its newest release says the same already. None where the quarter has no figures.

    The ledger is written first, in one transaction, and the files are made from it: a run that is killed in between writes them next time.
    """
    tables = release_tables(warehouse, census_date)
    if all(frame.empty for frame in tables.values()):
        return None
    content = hashlib.sha256(b"".join(name.encode() + b"\0" + table_csv(frame) for name, frame in tables.items())).hexdigest()
    with warehouse.writing() as connection:
        latest = connection.execute(
            sa.text("select release_number, content_hash from published.release where census_date = :d order by release_number desc limit 1"),
            {"d": census_date},
        ).first()
        is_new = latest is None or latest.content_hash != content
        number = (latest.release_number if latest else 0) + (1 if is_new else 0)
        if is_new:
            manifest = _manifest(connection, census_date, number, region, tables)
            connection.execute(
                sa.text("insert into published.release (census_date, release_number, content_hash, manifest) values (:d, :n, :h, cast(:m as jsonb))"),
                {"d": census_date, "n": number, "h": content, "m": json.dumps(manifest)},
            )
            for name, frame in tables.items():
                copy_frame(connection, "published.cell", _cells(census_date, number, name, frame))
            audit.record(connection, audit.RELEASED, f"{census_date} r{number}", content_hash=content)
    write_missing_files(warehouse, census_date, releases)
    counts = pd.concat([frame.drop(columns=GEOGRAPHY).stack() for frame in tables.values()])
    return Release(census_date, number, _folder(releases, census_date, number), is_new, len(counts), int((counts == "c").sum()))


def _folder(releases: Path, census_date: dt.date, number: int) -> Path:
    return releases / census_date.isoformat() / f"r{number}"


def _cells(census_date: dt.date, number: int, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A published table as ledger rows: one a cell."""
    table = next(t for t in PUBLISHED_TABLES if t.name == name)
    measures = [indicator.name for indicator in table.indicators]
    keys = frame[[*GEOGRAPHY, *table.filters]]
    wide = frame[measures].assign(
        keys=[json.dumps(dict(zip(keys.columns, row, strict=True)), ensure_ascii=False) for row in keys.itertuples(index=False)],
        row_order=range(len(frame)),
    )
    cells = wide.melt(["row_order", "keys"], var_name="measure", value_name="value")
    return cells.assign(census_date=census_date.isoformat(), release_number=number, table_name=name)


def _manifest(connection: Connection, census_date: dt.date, number: int, region: Region, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What the release rests on: returns, code, contracts, method; and what it holds. No clock, so that it can be made again."""
    returns = connection.execute(
        sa.text(
            """
            select s.sender, s.census_date, t.table_name, t.version, s.content_hash
            from raw.submission as s
            inner join raw.submission_table as t on s.submission_id = t.submission_id
            where t.status = 'in force'
                and (s.census_date = :d or (t.table_name, s.census_date) in (
                    select u.register_table, u.register_as_at from core.register_in_use as u where u.census_date = :d
                ))
            order by s.sender, t.table_name, s.census_date
            """
        ),
        {"d": census_date},
    ).mappings()
    return {
        "census_date": census_date.isoformat(),
        "release": number,
        "region": region.name,
        "returns": [{**row, "census_date": row["census_date"].isoformat()} for row in returns],
        "code_version": code_version(),
        "contract_version": contract_version(),
        "method": {"smallest_count_shown": SMALLEST_SHOWN, "rounded_to": ROUND_TO, "symbols": SYMBOLS},
        "tables": {
            name: {"rows": len(frame), "columns": list(frame.columns), "sha256": hashlib.sha256(table_csv(frame)).hexdigest()}
            for name, frame in tables.items()
        },
    }


def read_release(warehouse: Warehouse, census_date: dt.date, number: int) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """A release as it stands in the ledger: its tables, every cell as printed, and its manifest."""
    manifest = warehouse.scalar("select manifest from published.release where census_date = :d and release_number = :n", d=census_date, n=number)
    cells = warehouse.frame(
        "select table_name, row_order, keys, measure, value from published.cell where census_date = :d and release_number = :n",
        d=census_date, n=number,
    )  # fmt: skip
    tables = {}
    for name, part in cells.groupby("table_name", sort=False):
        keys = part.drop_duplicates("row_order").set_index("row_order")["keys"].sort_index()
        wide = part.pivot(index="row_order", columns="measure", values="value").sort_index()
        front = pd.DataFrame(list(keys), index=keys.index)
        tables[str(name)] = front.join(wide)[manifest["tables"][name]["columns"]].reset_index(drop=True)
    return tables, manifest


def write_missing_files(warehouse: Warehouse, census_date: dt.date, releases: Path) -> list[Path]:
    """Write the files of every release of the census date that has none."""
    written = []
    for row in warehouse.rows("select release_number from published.release where census_date = :d order by 1", d=census_date):
        folder = _folder(releases, census_date, row.release_number)
        if not folder.exists():
            tables, manifest = read_release(warehouse, census_date, row.release_number)
            write_release(folder, release_files(tables, manifest))
            written.append(folder)
    return written
