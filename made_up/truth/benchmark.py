"""What stands beside the official figures: each member's own figure of the same date, and the
difference.

Belongs here: the definition of benchmark once more, written from its description and never from its
SQL. Does not belong here: what is published (`returns/official_areas.py` and the files'), and the
own figures (`care.py`, `supply.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction

import pandas as pd

from made_up.returns.official_areas import Printed
from made_up.truth.arithmetic import exact
from made_up.truth.care import FAR
from schemas import authorities
from schemas.authorities import ENGLAND
from schemas.regions import Region

FLOWS = {"started": "started to be looked after", "ceased": "ceased to be looked after"}
STABILITY = {
    "three_or_more": "three or more placements in the year",
    "same_carer_two_years": "same carer for two years",
}
TOTAL = ("total", "Total")
FAR_AWAY = "placed more than 20 miles from home"
Key = tuple[str, str, str]
"""Measure, breakdown, category."""
Own = dict[tuple[str, str], dict[tuple[str, str], tuple[int, Fraction | None, str]]]
"""By authority and measure, by breakdown and category: children, share, and rate as text."""


class BenchmarkTruth:
    """The figures quarter by quarter; own ones are kept for the official ones of their date, which
    come later.
    """

    def __init__(self) -> None:
        self._own: dict[dt.date, Own] = {}
        self._official: dict[Key, dict[str, tuple[dict[str, str], dict[str, str]]]] = {}
        self._period: dt.date | None = None

    def publish(self, march: dt.date, printed: list[Printed]) -> None:
        """Take in what is published of a 31 March: of two files of one measure that counts whose
        name is the first.
        """
        known = {(one.data_set, one.measure, one.kind): one.by_area for one in printed}
        self._period, self._official = march, defaultdict(dict)
        measures = authorities.rows_of("official_measures")
        for row in sorted(measures, key=lambda row: row["data_set"]):
            of = known.get((row["data_set"], row["published_measure"], row["figure_kind"]))
            key = row["measure"], row["breakdown"], row["category"]
            if of is not None and row["unit"] not in self._official[key]:
                self._official[key][row["unit"]] = row, of

    def table(
        self, tables: dict[str, pd.DataFrame], region: Region, date: dt.date
    ) -> pd.DataFrame | None:
        """The quarter's table, without its date, from the `tables` of the quarter's own figures;
        None before anything is published.
        """
        self._own[date] = _own_figures(tables)
        if self._period is None:
            return None
        own = self._own.get(self._period, {})
        lines = []
        for (measure, breakdown, category), units in self._official.items():
            for unit, (row, by_area) in units.items():
                for code in sorted(set(region.members) & set(by_area)):
                    ours = _own_value(own.get((code, measure)), (breakdown, category), unit)
                    theirs = _number(by_area[code])
                    is_same = row["definition"] == "same"
                    lines.append(
                        {
                            "authority_code": code,
                            "measure": measure,
                            "breakdown": breakdown,
                            "category": category,
                            "unit": unit,
                            "own_value": "" if ours is None else exact(ours, 1),
                            "official_value": "" if theirs is None else str(theirs),
                            "official_symbol": by_area[code] if theirs is None else "",
                            "official_difference": (
                                str(_whole(ours) - theirs)
                                if is_same and ours is not None and theirs is not None
                                else ""
                            ),
                            "england_value": _text(by_area.get(ENGLAND, "")),
                            "region_value": _text(by_area.get(region.gss_code, "")),
                            "definition": row["definition"],
                            "period_end": self._period.isoformat(),
                        }
                    )
        return pd.DataFrame(lines)


def _own_figures(tables: dict[str, pd.DataFrame]) -> Own:
    """The quarter's own figures that official ones are held against."""
    own: Own = defaultdict(dict)
    for row in tables["children_looked_after"].to_dict("records"):
        of = own[row["authority_code"], "children looked after"]
        of[row["breakdown"], row["category"]] = _figure(row)
    for row in tables["care_flows"].to_dict("records"):
        of = own[row["authority_code"], FLOWS[row["direction"]]]
        of[row["breakdown"], row["category"]] = _figure(row)
    for row in tables["net_position"].to_dict("records"):
        code = row["authority_code"]
        if not pd.isna(row["own_outside"]):
            out = int(row["own_outside"])
            whole = out + int(row["own_inside"]) + int(row["own_unknown"])
            own[code, "placed outside the own area"][TOTAL] = out, _share(out, whole), ""
        if not pd.isna(row["net_gain"]):
            own[code, "net gain of children"][TOTAL] = int(row["net_gain"]), None, ""
    for code, rows in tables["placement_distance"].groupby("authority_code"):
        whole = int(rows["placements"].sum())
        far = rows[rows["distance_band"] == FAR]
        of_far = {
            FAR_AWAY: far,
            f"{FAR_AWAY} and outside the own area": far[far["locality"] == "outside"],
        }
        for measure, there in of_far.items():
            count = int(there["placements"].sum())
            own[str(code), measure][TOTAL] = count, _share(count, whole), ""
    for row in tables["placement_stability"].to_dict("records"):
        for name, measure in STABILITY.items():
            if str(row[name]) != "":
                share = row[f"{name}_share"]
                of_it = Fraction(share) if share else None
                own[row["authority_code"], measure][TOTAL] = int(row[name]), of_it, ""
    return own


def _figure(row: dict) -> tuple[int, Fraction | None, str]:
    return (
        int(row["children"]),
        Fraction(row["share"]) if row["share"] else None,
        row["rate_per_10k"],
    )


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _own_value(
    told: dict[tuple[str, str], tuple[int, Fraction | None, str]] | None,
    what: tuple[str, str],
    unit: str,
) -> Fraction | None:
    """Ours in the official figure's unit; a category that a return of the measure lacks has nobody."""
    if told is None or TOTAL not in told:
        return None
    children, share, rate = told.get(what, (0, Fraction(0), ""))
    if unit == "children":
        return Fraction(children)
    if unit == "percent":
        return Fraction(exact((share or Fraction(0)) * 100, 1))
    return Fraction(rate) if unit == "per 10,000" and rate else None


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isdigit() else None


def _text(text: str) -> str:
    return "" if _number(text) is None else text


def _whole(value: Fraction) -> int:
    """To the nearest whole number, half away from zero."""
    size = int(abs(value) + Fraction(1, 2))
    return size if value > 0 else -size
