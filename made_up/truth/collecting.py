"""The truth of all quarters, one CSV a curated table.

Belongs here: which tables there are, and writing them.
Does not belong here: what is in them (`supply.py`, `care.py`, `money.py`).
"""

from __future__ import annotations

import pandas as pd

from made_up.truth import stays, supply
from made_up.truth.benchmark import BenchmarkTruth
from made_up.truth.contracts import contract_spend
from made_up.truth.frames import Frames, Quarter
from made_up.truth.money import MoneyTruth
from made_up.truth.owners import OwnerTruth
from made_up.truth.places import district_origin, district_supply, setting_places
from made_up.writing import Landing, write_truth


class Truth:
    """The curated tables, collected quarter by quarter."""

    def __init__(self) -> None:
        self._tables: dict[str, list[pd.DataFrame]] = {}
        self._money, self._owners = MoneyTruth(), OwnerTruth()
        self.benchmark = BenchmarkTruth()

    def add(self, quarter: Quarter) -> None:
        """Work out one quarter's figures."""
        frames = Frames(quarter)
        places = setting_places(frames)
        tables = _tables(frames)
        beside = self.benchmark.table(tables, quarter.region, quarter.date)
        if beside is not None:
            tables["benchmark"] = beside
        for name, table in {
            **tables,
            **self._money.tables(frames),
            **self._owners.tables(frames, places),
            "district_supply": district_supply(frames, places),
            "district_origin": district_origin(frames, places),
        }.items():
            table.insert(0, "census_date", quarter.date.isoformat())
            self._tables.setdefault(name, []).append(table)

    def write(self, landing: Landing, deadline_days: int) -> None:
        """Write one CSV a table, all quarters in it."""
        for name, tables in self._tables.items():
            write_truth(landing.made, name, pd.concat(tables, ignore_index=True))
        write_truth(landing.made, "return_quality", return_quality(landing, deadline_days))


def _tables(frames: Frames) -> dict[str, pd.DataFrame]:
    """The tables of supply and of care of one quarter, without its date."""
    care = frames.q.care
    by_authority = {name: make() for name, make in care.tables().items()}
    by_authority["placement_distance"] = care.placement_distance(frames.types)
    by_authority |= stays.tables(care)
    return {
        "contract_spend": contract_spend(frames),
        **{name: make(frames) for name, make in supply.TABLES.items()},
        **{name: frames.named(table, "") for name, table in by_authority.items()},
    }


def return_quality(landing: Landing, deadline_days: int) -> pd.DataFrame:
    """The books of every table in force, and how late it came."""
    books = landing.in_force()
    late = [
        max(0, (received.date() - date).days - deadline_days)
        for received, date in zip(books["received_at"], books["census_date"], strict=True)
    ]
    names = ["census_date", "sender", "table_name", "version", "status"]
    rows = ["rows_received", "rows_loaded", "rows_rejected", "rows_set_aside"]
    return books.assign(status="in force", days_late=late)[
        [*names, *rows, "days_late"]
    ].reset_index(drop=True)
