"""The section on the official figures: England, the region, ten statistical neighbours and rank,
beside what the release says of the same.

Belongs here: which published figure is of which official measure, and setting the two beside each
other. Does not belong here: the official figures themselves (`publication/official.py`: the
release's manifest keeps them).

Ours are the published ones, rounded or hidden. Nothing is subtracted: of rounded figures a
difference would say little, and of true ones it would give them away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assets.page.figures import NOTHING, Area, Edition, Figure
from assets.page.shapes import (
    CARE_FLOWS,
    DISTANCE,
    LOOKED_AFTER,
    NET,
    QUALITY,
    STABILITY,
    Cell,
    DataTable,
    Section,
    the,
)
from assets.page.wording import day, listed, possessive
from assets.publication.disclosure.rules import NOT_AVAILABLE, SYMBOLS
from schemas.official import PUBLISHERS, official_symbols

SAME = "same"
_FAR = {"distance_band": "more than 20 miles"}
_OUTSIDE = {"locality": "outside"}
OURS: dict[tuple[str, str], tuple[str, str, dict[str, str]]] = {
    ("children looked after", "children"): (LOOKED_AFTER, "children", {}),
    ("children looked after", "percent"): (LOOKED_AFTER, "share", {}),
    ("children looked after", "per 10,000"): (LOOKED_AFTER, "rate_per_10k", {}),
    ("started to be looked after", "children"): (CARE_FLOWS, "started", {}),
    ("started to be looked after", "per 10,000"): (CARE_FLOWS, "started_per_10k", {}),
    ("ceased to be looked after", "children"): (CARE_FLOWS, "ceased", {}),
    ("ceased to be looked after", "per 10,000"): (CARE_FLOWS, "ceased_per_10k", {}),
    ("placed outside the own area", "children"): (NET, "own_outside", {}),
    ("placed outside the own area", "percent"): (DISTANCE, "share", _OUTSIDE),
    ("placed more than 20 miles from home", "children"): (DISTANCE, "placements", _FAR),
    ("placed more than 20 miles from home", "percent"): (DISTANCE, "share", _FAR),
    ("three or more placements in the year", "children"): (STABILITY, "three_or_more", {}),
    ("three or more placements in the year", "percent"): (STABILITY, "three_or_more_share", {}),
    ("same carer for two years", "children"): (STABILITY, "same_carer_two_years", {}),
    ("same carer for two years", "percent"): (STABILITY, "same_carer_two_years_share", {}),
}
"""Of each official measure and unit: the published table, its figure, and the values of its
filters, by the programme's code.
"""
_AGES = {"started to be looked after": "age at start", "ceased to be looked after": "age at end"}
"""The breakdown of the published table that an official one by age is of."""
_UNITS = {
    "children": "",
    "places": "",
    "percent": "%",
    "pounds a week": "£",
    "per 10,000": "",
    "thousand pounds": "£",
}


@dataclass(frozen=True)
class _Measure:
    """An official measure, and what is published of the same."""

    about: dict[str, Any]
    table: str = ""
    indicator: str = ""
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> tuple[str, str, dt.date]:
        """Who published it, in which release, and the day that it is of."""
        by = self.about["published_by"]
        return (
            PUBLISHERS.get(by, by),
            self.about["release"],
            dt.date.fromisoformat(self.about["period_end"]),
        )

    @property
    def is_total(self) -> bool:
        """Whether it is of all, and not of a kind."""
        return bool(self.about["breakdown"] == "total")

    def ours(self, edition: Edition, area: Area) -> Figure:
        """The published figure of an edition; not available (x) where its release has no table of
        it, nothing where none is of the same.
        """
        if not self.table:
            return NOTHING
        if edition.table(self.table) is None:
            return Figure(NOT_AVAILABLE)
        return edition.figure(self.table, area, self.indicator, **dict(self.filters))

    def official(self, text: str | None) -> Figure:
        """A figure in the measure's unit; nothing where there is none."""
        return NOTHING if text is None else Figure(text, _UNITS.get(self.about["unit"], ""))


def official(edition: Edition, area: Area) -> Section | None:
    """Beside the official figures: those of the same definition, then, in the notes, those that are
    defined otherwise.
    """
    held = [m for about in edition.manifest.get("official", []) if (m := _measure(edition, about))]
    same = [
        m
        for m in held
        if m.about["definition"] == SAME and m.ours(edition, area).is_there and _is_of(m, area)
    ]
    other = [m for m in held if m.about["definition"] != SAME and _is_of(m, area)]
    if not same:
        return None
    shown = _by_source(edition, area, [m for m in same if m.is_total])
    folded = _by_kind(edition, area, [m for m in same if not m.is_total])
    folded += _by_source(edition, area, other, ", of what is defined otherwise")
    ours = [m.table for m in same] if any(edition.table(m.table) for m in same) else [QUALITY]
    tables = tuple(name for name in dict.fromkeys(ours) if edition.table(name))
    return Section("official", "Beside the official figures", tables, _words(edition, area, _sources(same)), data=shown, folded=folded,
                   note=_note([*shown, *folded]))  # fmt: skip


def _by_source(
    edition: Edition, area: Area, measures: Sequence[_Measure], what: str = ""
) -> list[DataTable]:
    """A table of these measures for each of their sources."""
    return [
        table
        for source in _sources(measures)
        for table in _tables(
            edition, area, source, what, [m for m in measures if m.source == source]
        )
    ]


def _by_kind(edition: Edition, area: Area, measures: Sequence[_Measure]) -> list[DataTable]:
    """For each source a table of the numbers of children by kind, and one of the shares."""
    return [
        table
        for source in _sources(measures)
        for unit, what in (("children", ", by kind: numbers"), ("percent", ", by kind: shares"))
        for table in _by_source(
            edition,
            area,
            [m for m in measures if m.source == source and m.about["unit"] == unit],
            what,
        )
    ]


def _measure(edition: Edition, about: dict[str, Any]) -> _Measure | None:
    """The measure with what is published of it; None where it is of the same definition and nothing
    is, here or in its kinds.
    """
    if about["definition"] != SAME:
        return _Measure(about)
    if (about["measure"], about["unit"]) not in OURS:
        return None
    name, indicator, codes = OURS[about["measure"], about["unit"]]
    table = edition.table(name)
    if table is None:
        return _Measure(about, name, indicator) if about["breakdown"] == "total" else None
    filters = {filter_name: table.label(filter_name, code) for filter_name, code in codes.items()}
    if about["breakdown"] != "total":
        breakdown = _AGES.get(about["measure"], about["breakdown"])
        filters |= {
            "breakdown": table.label("breakdown", breakdown),
            "category": table.label("category", about["category"]),
        }
    return _Measure(about, name, indicator, tuple(filters.items()))


def _is_of(measure: _Measure, area: Area) -> bool:
    """Whether something official is published of the area."""
    return (
        measure.about["region"] is not None
        if area.is_region
        else area.code in measure.about["areas"]
    )


def _sources(measures: Iterable[_Measure]) -> list[tuple[str, str, dt.date]]:
    """Who published them, in which release and of which day, the newest first."""
    return sorted(
        {m.source for m in measures}, key=lambda source: (source[2], source), reverse=True
    )


def _tables(
    edition: Edition,
    area: Area,
    source: tuple[str, str, dt.date],
    what: str,
    measures: Sequence[_Measure],
) -> list[DataTable]:
    """One table of these measures; none where there is none. A column that has nothing is left out."""
    if not measures:
        return []
    publisher, release, period = source
    rows = [(_name(m), _row(edition, area, m)) for m in measures]
    # of one source all rows have the same columns, in the same order
    columns = [name for name in rows[0][1] if any(row[name].is_there for _, row in rows)]
    whose = the(area.name) if area.is_region else area.name
    caption = (
        f"{possessive(publisher)} figures of {day(period)} (release {release}) beside"
        f" {possessive(whose)}{what}"
    )
    return [
        DataTable(
            caption,
            "Figure",
            columns,
            [(cell, [row[name] for name in columns]) for cell, row in rows],
        )
    ]


def _name(measure: _Measure) -> Cell:
    about = measure.about
    unit = {
        "per 10,000": "per 10,000 aged 0 to 17",
        "percent": "share",
        "pounds a week": "a week",
        "thousand pounds": "thousands",
    }.get(about["unit"], "")
    what = (
        about["measure"]
        if about["breakdown"] == "total"
        else f"{about['breakdown']}: {about['category']}"
    )
    if measure.about["measure"] in _AGES and about["breakdown"] != "total":
        what = f"{about['measure']}, {what}"
    text = f"{what[:1].upper()}{what[1:]}{f', {unit}' if unit else ''}"
    return Cell(text, note=about.get("definition_note", "") if about["definition"] != SAME else "")


def _row(edition: Edition, area: Area, measure: _Measure) -> dict[str, Figure]:
    """What stands beside each other, by column."""
    about, (publisher, _, period) = measure.about, measure.source
    row = {f"Ours, {day(edition.census_date)}": measure.ours(edition, area)}
    of_then = next((e for e in edition.earlier if e.census_date == period), None)
    if period != edition.census_date:
        row[f"Ours, {day(period)}"] = measure.ours(of_then, area) if of_then else NOTHING
    if area.is_region:
        return row | {
            f"{publisher}: {area.name}": measure.official(about["region"]),
            "England": measure.official(about["england"]),
        }
    figure, mean, pooled, rank, ranked, rank_in_england, ranked_in_england = about["areas"][
        area.code
    ]
    return row | {
        f"{publisher}: {area.name}": measure.official(figure),
        edition.region.name: measure.official(about["region"]),
        "England": measure.official(about["england"]),
        "Neighbours, mean": measure.official(mean),
        "Neighbours, pooled": measure.official(pooled),
        "Rank in the region": Figure(f"{rank} of {ranked}") if rank else NOTHING,
        "Rank in England": (
            Figure(f"{rank_in_england} of {ranked_in_england}") if rank_in_england else NOTHING
        ),
    }


def _words(edition: Edition, area: Area, sources: Sequence[tuple[str, str, dt.date]]) -> list[str]:
    """What stands beside what."""
    named = listed(
        [
            f"{publisher} for {day(period)} (release {release})"
            for publisher, release, period in sources
        ]
    )
    words = [
        f"The official figures are those that were published by {named}, and are shown as published."
    ]
    if any(period != edition.census_date for *_, period in sources):
        words.append(
            f"Ours are of {day(edition.census_date)}, and of the same day as theirs where that"
            " quarter is published."
        )
    words.append("Ours are rounded, so nothing is subtracted.")
    if area.is_region:
        words.append("Ours are of the authorities that returned; theirs of all.")
        return words
    words.append(
        "Neighbours are the ten statistical neighbours: their unweighted mean, as DfE\u2019s local"
        " authority interactive tool has it, and their children taken together (pooled). Rank 1 is"
        " the highest figure; high is not always good."
    )
    return words


def _note(tables: Iterable[DataTable]) -> str:
    """What the publishers' own symbols mean, of those that are shown and are none of ours."""
    meanings = dict(official_symbols())
    shown = {f.text for table in tables for _, figures in table.rows for f in figures}
    return "; ".join(f"{s} {meanings[s]}" for s in meanings if s in shown and s not in SYMBOLS)
