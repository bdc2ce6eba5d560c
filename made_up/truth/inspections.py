"""What must be known of the inspections of authorities: the judgements in force, and all inspections
and visits that were told.

Belongs here: the rows as the warehouse has them. Does not belong here: the inspections themselves
(`returns/authority_inspections.py`).
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from made_up.returns.authority_inspections import HISTORY, IN_FORCE, Inspection, Told
from made_up.writing import Made, write_truth

JUDGEMENTS = [
    "overall_effectiveness", "leadership_judgement", "protection_judgement", "care_judgement",
    "care_leavers_judgement",
]  # fmt: skip


class InspectionTruth:
    """The rows of all census dates."""

    def __init__(self) -> None:
        self._told: list[tuple[dt.date, Told]] = []

    def add(self, told: Told | None, date: dt.date) -> None:
        """Take in what was told for a date, where something was."""
        if told is not None:
            self._told.append((date, told))

    def write(self, made: Made) -> None:
        """Write one CSV a table, where there is a row."""
        if not self._told:
            return
        in_force = [_row(one, date) for date, told in self._told for one in told.in_force]
        history = [
            _row(one, date) | {"inspection_type": one.kind, "visit_theme": one.theme}
            for date, told in self._told
            for one in [*told.in_year, *told.history]
        ]
        for name, rows in ((IN_FORCE, in_force), (HISTORY, history)):
            write_truth(made, name, pd.DataFrame(rows))


def _row(one: Inspection, date: dt.date) -> dict[str, str]:
    return {
        "census_date": date.isoformat(),
        "authority_code": one.code,
        "inspection_date": one.day.isoformat(),
        **dict(zip(JUDGEMENTS, one.judged, strict=True)),
    }
