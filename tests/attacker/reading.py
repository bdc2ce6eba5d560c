"""What a reader has of a release: its folder of files, and every printed cell by where it stands.

Belongs here: reading CSV, metadata and manifest as anybody can who has the folder.
Does not belong here: what follows from the cells (`knowledge`, `readers`), the truth (`truth`).
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

import schemas

FRONT = [
    "time_period", "time_identifier", "geographic_level", "country_code", "country_name",
    "region_code", "region_name", "old_la_code", "new_la_code", "la_name",
]  # fmt: skip
TOTAL = "Total"
REGION = ""
HIDDEN, ABSENT, NONE, LOW = "c", "x", "z", "low"
SYMBOLS = {HIDDEN, ABSENT, NONE, LOW}

Cell = tuple[str, str, tuple[str, ...]]
"""Table, measure, and where it stands: the area's code (blank for the region) and the filters."""


@dataclass(frozen=True)
class Table:
    """A published table: its filters, its printed rows by area and filters, each by measure."""

    name: str
    filters: list[str]
    frame: pd.DataFrame
    at: dict[tuple[str, ...], int]
    columns: dict[str, list[str]]

    def printed(self, measure: str, key: tuple[str, ...]) -> str | None:
        """What a cell says; None where the table has no such cell."""
        row, column = self.at.get(key), self.columns.get(measure)
        return None if row is None or column is None else column[row]


@dataclass(frozen=True)
class Edition:
    """One release of one census date, as its folder tells it."""

    date: dt.date
    number: int
    tables: dict[str, Table]
    manifest: dict
    folder: Path

    @property
    def name(self) -> str:
        return f"{self.date} r{self.number}"

    def printed(self, cell: Cell) -> str | None:
        table, measure, key = cell
        return self.tables[table].printed(measure, key) if table in self.tables else None


@dataclass(frozen=True)
class Programme:
    """The public rules of the columns: which are counts, estimates, exact; by table. And which
    counts may carry noise, for which types of provision; which are of settings, and hidden where
    these are few.
    """

    rules: dict[str, dict[str, str]] = field(default_factory=dict)
    noise: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    of_settings: frozenset[tuple[str, str]] = frozenset()

    def may_be_noisy(self, edition: Edition, cell: Cell) -> bool:
        """Whether a cell may carry noise: a count of places, of a type that has it."""
        table, measure, key = cell
        types = self.noise.get((table, measure), [])
        rest = [part for part in key[1:] if part not in types]
        return bool(edition.manifest["method"].get("noise")) and bool(types) and not rest

    def measures(self, table: str, *rules: str) -> list[str]:
        return [name for name, rule in self.rules.get(table, {}).items() if rule in rules]


def programme() -> Programme:
    """The programme that the project publishes."""
    path = Path(schemas.__file__).parent / "programme.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = {name: entry for name, entry in tables.items() if "measures" in entry}
    rules = {
        name: {m["name"]: m["rule"] for m in entry["measures"] if m.get("shown", True)}
        for name, entry in tables.items()
    }
    noise = {
        (name, m["name"]): entry["noise_for"]
        for name, entry in tables.items()
        for m in entry["measures"]
        if m.get("noise") and entry.get("noise_for")
    }
    of_settings = {
        (name, m["name"])
        for name, entry in tables.items()
        for m in entry["measures"]
        if m.get("of_settings")
    }
    return Programme(rules, noise, frozenset(of_settings))


def read_table(folder: Path, name: str) -> Table:
    """A table of a release's folder, every cell as text."""
    with (folder / f"{name}.meta.csv").open(encoding="utf-8", newline="") as file:
        kinds = {row["col_name"]: row["col_type"] for row in csv.DictReader(file)}
    frame = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
    filters = [c for c in frame if kinds.get(c) == "Filter"]
    keys = frame[["old_la_code", *filters]].itertuples(index=False, name=None)
    columns = {str(c): frame[c].to_list() for c in frame}
    return Table(name, filters, frame, {key: row for row, key in enumerate(keys)}, columns)


def read_edition(folder: Path) -> Edition:
    """A release, as anybody has it who has the folder `<census date>/r<number>`."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    names = sorted(path.name.removesuffix(".meta.csv") for path in folder.glob("*.meta.csv"))
    tables = {name: read_table(folder, name) for name in names}
    date = dt.date.fromisoformat(folder.parent.name)
    return Edition(date, int(folder.name.removeprefix("r")), tables, manifest, folder)


def read_editions(releases: Path) -> list[Edition]:
    """Every release of every date, oldest first."""
    folders = [path for path in releases.glob("*/r*") if (path / "manifest.json").exists()]
    return sorted((read_edition(path) for path in folders), key=lambda e: (e.date, e.number))
