"""What must be known of the official files: every figure that they print, as a number or a symbol.

Belongs here: the figures as the warehouse has them. Does not belong here: what is printed
(`returns/official_areas.py` and the files'), and ours beside it (`benchmark.py`).
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from made_up.returns.official_areas import Printed
from made_up.writing import Made, write_truth


class OfficialTruth:
    """The figures of all census dates."""

    def __init__(self) -> None:
        self._rows: list[dict[str, str]] = []

    def publish(self, printed: list[Printed], march: dt.date, date: dt.date) -> None:
        """Take in what is printed of a 31 March, for a census date."""
        self._rows += [
            {
                "census_date": date.isoformat(),
                "data_set": one.data_set,
                "published_measure": one.measure,
                "figure_kind": one.kind,
                "period_end": march.isoformat(),
                "area_code": area,
                "official_value": text if _is_number(text) else "",
                "official_symbol": "" if _is_number(text) else text,
            }
            for one in printed
            for area, text in one.by_area.items()
        ]

    def write(self, made: Made) -> None:
        """Write them, where something was printed."""
        if self._rows:
            write_truth(made, "official_figure", pd.DataFrame(self._rows))


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()
