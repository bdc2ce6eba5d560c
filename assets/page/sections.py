"""What the pages of the region and of an authority show: one function a section, each made of published figures alone.

Belongs here: which figures a section shows, in which words and in which shape. A section whose table is not in the release is left out.
Does not belong here: how it looks (`templates`), and how a symbol is said (`wording`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from assets.page.charts import Chart, Line, Range, lines, ranges
from assets.page.drawing import Part, TileMap, bar, tile_map
from assets.page.figures import NOTHING, Area, Edition, Figure, Table
from assets.page.wording import (
    day,
    listed,
    month,
    number_of,
    part_and_percent,
    part_of,
    possessive,
    say,
    sentence,
    unsaid,
    whole_percent,
)  # fmt: skip
from assets.publication.disclosure import publish_share
from assets.publication.tables import BAND_LABELS, TOTAL
from schemas.authorities import neighbours_of, statistical_neighbours_of

HOME = "Children's home"
OCCUPANCY, ORIGIN, OWN_USE, UNAVAILABLE = "host_authority_occupancy", "host_authority_origin", "host_use_of_own_supply", "unavailable_places"
LOOKED_AFTER, LOCATION, FLOW, NET = "children_looked_after", "own_placements_location", "placement_flow", "net_position"
COST, MARKET, FOSTERING, DISTANCE, STABILITY = (
    "weekly_cost",
    "market_concentration",
    "fostering_capacity",
    "placement_distance",
    "placement_stability",
)

PLACES = (("occupied", "Lived in"), ("vacant", "Could take a child now"), ("unavailable", "Empty, cannot be offered"))
HOST_BAND, FAR_BAND = BAND_LABELS["host"], BAND_LABELS["elsewhere"]


@dataclass(frozen=True)
class Cell:
    """A row's name, the page it leads to, and what is said below the name."""

    name: str
    link: str = ""
    note: str = ""


@dataclass(frozen=True)
class BarRow:
    """One row of a bar table: its name, the bar's parts, and the figures beside it."""

    cell: Cell
    parts: list[Part]
    figures: list[Figure]
    strong: bool = False


@dataclass(frozen=True)
class BarTable:
    """Bars with their figures: a chart and its table in one."""

    caption: str
    first: str
    columns: list[str]
    rows: list[BarRow]
    colours: list[tuple[str, str]] = field(default_factory=list)

    @property
    def key(self) -> list[tuple[str, str]]:
        """Colours and what they mean; what is not shown is among them where a bar has such a part."""
        is_hidden = any(part.colour == "hidden" for row in self.rows for part in row.parts)
        return [*self.colours, *([("hidden", "Not shown")] if self.colours and is_hidden else [])]


@dataclass(frozen=True)
class Whole:
    """One bar across the page: what fills it, its parts, and each part's figure and share below it."""

    title: str
    parts: list[Part]
    legend: list[tuple[str, str, Figure, Figure]]


@dataclass(frozen=True)
class DataTable:
    """A table of figures."""

    caption: str
    first: str
    columns: list[str]
    rows: list[tuple[Cell, list[Figure]]]


@dataclass(frozen=True)
class Answer:
    """One of the page's answers: the question, the figure, what it means, and the table that it is of."""

    question: str
    figure: str
    words: str
    table: str


@dataclass(frozen=True)
class Section:
    """One part of a page. `table` is the published table that it shows, to whose page it leads."""

    key: str
    heading: str
    table: str
    words: list[str] = field(default_factory=list)
    whole: Whole | None = None
    bars: BarTable | None = None
    maps: list[TileMap] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    data: DataTable | None = None


def page_of(area: Area) -> str:
    """The file of an area's page."""
    return "index.html" if area.is_region else f"authority-{''.join(c for c in area.code if c.isalnum())}.html"


def the(name: str) -> str:
    """A region's name as a sentence has it: `the North West`, `London`."""
    first = name.split(" ")[0]
    return f"the {name}" if first in ("North", "South", "East", "West") else name


def _where(area: Area) -> str:
    return the(area.name) if area.is_region else area.name


def _link(area: Area) -> Cell:
    return Cell(area.name, page_of(area))


def _plural(kind: str) -> str:
    """A provision type in a sentence: `children's homes`."""
    words = {
        HOME: "children\u2019s homes", "Secure children's home": "secure children\u2019s homes",
        "Residential special school": "residential special schools", "Residential family centre": "residential family centres",
        "Supported accommodation": "supported accommodation", "Independent fostering": "independent fostering",
        "In-house fostering": "in-house fostering", TOTAL: "all settings",
    }  # fmt: skip
    return words.get(kind, kind[:1].lower() + kind[1:])


def _kind(table: Table) -> str:
    """What the headlines speak of: children's homes, else all there is."""
    return HOME if HOME in table.values.get("provision_type", []) else TOTAL


# --- headline --------------------------------------------------------------------------------------------


def headline(edition: Edition, area: Area) -> str:
    """The page's heading: the share of places with nobody in them, in words; the area's name where it is not published."""
    table = edition.table(OCCUPANCY)
    if not table:
        return f"Homes for children in care in {_where(area)}"
    kind = _kind(table)
    empty = table.figure(area, "unoccupied_rate", provision_type=kind)
    homes, where = _plural(kind), _where(area)
    if empty.is_shown:
        if empty.number == 0:
            return f"Every place counted in {possessive(where)} {homes} is lived in"
        return sentence(f"{part_of(empty)} of the places in {possessive(where)} {homes} stand empty").rstrip(".")
    settings = table.figure(area, "settings_registered", provision_type=kind)
    if settings.is_shown:
        return sentence(f"{number_of(settings, homes.removesuffix('s') if kind == HOME else 'setting', homes)} stand in {where}").rstrip(".")
    return f"Homes for children in care in {where}"


def lede(edition: Edition, area: Area) -> list[str]:
    """The sentences under the heading: what stands here, how much of it answered, and how each place is used."""
    table = edition.table(OCCUPANCY)
    if not table:
        return []
    kind = _kind(table)

    def cell(name: str) -> Figure:
        return table.figure(area, name, provision_type=kind)

    homes, where = _plural(kind), _where(area)
    settings, places, coverage = cell("settings_registered"), cell("places_registered"), cell("coverage_places")
    one, many = ("children\u2019s home", "children\u2019s homes") if kind == HOME else ("setting", "settings")
    said = []
    if settings.number == 0:
        return [f"No {homes} are registered in {where}."]
    if settings.is_shown:
        stand = "stands" if settings.number == 1 else "stand"
        with_places = f" with {number_of(places, 'place', 'places')}" if places.is_shown else ""
        said.append(sentence(f"{number_of(settings, one, many)}{with_places} {stand} in {where}"))
    if coverage.is_shown:
        returned = "All of them sent a return" if coverage.number == 100 else f"Those that sent a return hold {whole_percent(coverage)} of the places"
        said.append("None of them sent a return." if coverage.number == 0 else sentence(returned))
    occupied, vacant, unavailable = cell("occupied"), cell("vacant"), cell("unavailable")
    shown = [
        (figure, words)
        for figure, words in ((occupied, "{} lived in"), (vacant, "{} could take a child now"), (unavailable, "{} empty but cannot be offered"))
        if figure.is_shown
    ]
    if shown:
        parts = []
        for figure, words in shown:
            verb = "" if "could" in words else "is " if figure.number == 1 else "are "
            parts.append(words.format(f"{'none' if figure.number == 0 else figure} {verb}".strip()))
        said.append(sentence(f"Of the places counted, {listed(parts)}"))
        if hidden := [w for f, w in ((occupied, "lived in"), (vacant, "free"), (unavailable, "not to be offered")) if f.is_hidden]:
            said.append(sentence(f"How many are {listed(hidden)} is not shown, so that nobody can be found in the figures"))
    elif occupied.is_there:
        said.append(unsaid(occupied, "How many places are lived in"))
    return said


def answers(edition: Edition, area: Area) -> list[Answer]:
    """The one question, part by part: who lives here, which places are empty, which could take a child tomorrow, what it costs whom."""
    made = [_who_lives(edition, area), _empty(edition, area), _could_take(edition, area), _costs(edition, area)]
    return [answer for answer in made if answer]


def _go_on(figure: Figure, words: str, what: str) -> str:
    """Words that go on from the figure above them; where it is no number, why."""
    return words if figure.is_shown else unsaid(figure, what)


def _who_lives(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(ORIGIN)
    if not table:
        return None
    kind = _kind(table)
    own = table.figure(area, "share", provision_type=kind, origin_band=HOST_BAND)
    away = table.figure(area, "share", provision_type=kind, origin_band=FAR_BAND)
    by = "by the authority that the home stands in" if area.is_region else f"by {area.name} itself"
    words = _go_on(own, f"of the children living here were placed {by}.", "The share placed by the host authority")
    if away.is_shown:
        words += " " + sentence(f"{whole_percent(away)} come from beyond the region and its neighbours")
    return Answer("Who lives in them?", whole_percent(own), words, ORIGIN) if own.is_there else None


def _empty(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    kind = _kind(table)
    rate, unavailable = table.figure(area, "unoccupied_rate", provision_type=kind), table.figure(area, "unavailable", provision_type=kind)
    words = _go_on(rate, "of the places counted have nobody living in them.", "The share of places with nobody living in them")
    reason = _first_reason(edition, area, kind)
    if unavailable.is_shown and unavailable.number:
        words += " " + sentence(f"{number_of(unavailable, 'place', 'places')} of them cannot be offered{reason}")
    return Answer("Which are empty?", whole_percent(rate), words, OCCUPANCY) if rate.is_there else None


def _first_reason(edition: Edition, area: Area, kind: str) -> str:
    """Why most unavailable places are so, as the end of a sentence."""
    table = edition.table(UNAVAILABLE)
    if not table or "places" not in table.indicators:
        return ""
    counts = [(table.figure(area, "places", provision_type=kind, reason=r), r) for r in table.values["reason"] if not r.startswith("Not ")]
    known = [(f.number, r) for f, r in counts if f.number]
    return f", most often for {max(known)[1].lower()}" if known else ""


def _could_take(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    kind = _kind(table)
    vacant, rate = table.figure(area, "vacant", provision_type=kind), table.figure(area, "vacancy_rate", provision_type=kind)
    could = "place" if vacant.number == 1 else "places"
    of_all = f", {whole_percent(rate)} of those counted" if rate.is_shown else ""
    words = _go_on(vacant, f"{could} could take a child now{of_all}.", "How many places could take a child now")
    return Answer("Which could take a child tomorrow?", str(vacant), words, OCCUPANCY) if vacant.is_there else None


def _costs(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(COST)
    if not table:
        return None
    kind = _kind(table)
    basis = _open_basis(table)
    mean = table.figure(area, _mean(table), provision_type=kind, **basis)
    high = table.figure(area, "upper_decile", provision_type=kind, **basis)
    of = "the region\u2019s authorities pay" if area.is_region else f"{area.name} pays"
    words = _go_on(mean, f"a week is what {of} on average for a child in {_plural(kind)}.", "The average weekly cost")
    if high.is_shown:
        words += " " + sentence(f"The dearest tenth cost {_pounds(high)} or more")
    return Answer("What does that cost whom?", _pounds(mean), words, COST) if mean.is_there else None


def _pounds(figure: Figure) -> str:
    return f"£{figure.number:,.0f}" if figure.number is not None else str(figure)


def _mean(table: Table) -> str:
    return next((name for name in ("mean", "mean_weekly_cost", "weekly_cost_mean") if name in table.indicators), "mean")


def _open_basis(table: Table) -> dict[str, str]:
    """The basis that the headline speaks of: all open placements."""
    if "basis" not in table.filters:
        return {}
    bases = table.values["basis"]
    return {"basis": next((b for b in bases if "open" in b.casefold()), bases[0] if bases else TOTAL)}


# --- supply ----------------------------------------------------------------------------------------------


def _places_parts(table: Table, area: Area, kind: str, scale: float | None = None) -> list[Part]:
    parts = [(name, label, table.figure(area, name, provision_type=kind)) for name, label in PLACES]
    return bar(parts, table.figure(area, "places_returned", provision_type=kind).number, scale)


def _share_of(part: Figure, whole: Figure) -> str:
    """A share of two published figures, by the rule of the releases."""
    return str(publish_share(pd.Series([part.text]), pd.Series([whole.text])).iloc[0])


def _full_occupancy(table: Table, rows: Sequence[tuple[Cell, Area, str]], caption: str, first: str) -> DataTable:
    columns = {
        "settings_registered": "Settings registered", "places_registered": "Places registered", "settings_returned": "Settings that returned",
        "places_returned": "Places returned", "occupied": "Lived in", "vacant": "Could take a child now", "unavailable": "Cannot be offered",
        "occupancy_rate": "Lived in, %", "vacancy_rate": "Could take a child now, %", "unoccupied_rate": "Nobody living in them, %",
        "coverage_settings": "Coverage of settings", "coverage_places": "Coverage of places",
    }  # fmt: skip
    kept = {name: label for name, label in columns.items() if name in table.indicators}
    return DataTable(
        caption, first, list(kept.values()), [(cell, [table.figure(area, n, provision_type=kind) for n in kept]) for cell, area, kind in rows]
    )


def places_here(edition: Edition, area: Area) -> Section | None:
    """The places of an area: one bar, and a row a provision type."""
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    kind = _kind(table)
    kinds = [k for k in table.values["provision_type"] if (table.figure(area, "settings_registered", provision_type=k).number or 0) > 0
             or (table.figure(area, "settings_returned", provision_type=k).number or 0) > 0]  # fmt: skip
    whole = None
    if parts := _places_parts(table, area, kind):
        shares = [table.figure(area, rate, provision_type=kind) for rate in ("occupancy_rate", "vacancy_rate")]
        figures = [table.figure(area, name, provision_type=kind) for name, _ in PLACES]
        shares.append(Figure(_share_of(figures[2], table.figure(area, "places_returned", provision_type=kind)), "%"))
        legend = [(name, label, figure, share) for (name, label), figure, share in zip(PLACES, figures, shares, strict=True)]
        whole = Whole(
            f"The {table.figure(area, 'places_returned', provision_type=kind)} places counted in {possessive(_where(area))} {_plural(kind)}",
            parts,
            legend,
        )
    rows = [
        BarRow(Cell(k), _places_parts(table, area, k), [table.figure(area, n, provision_type=k) for n in
               ("places_returned", "occupancy_rate", "vacant", "coverage_settings")])
        for k in kinds
    ]  # fmt: skip
    bars = BarTable(
        f"Places of each type of provision in {_where(area)}, {day(edition.census_date)}", "Type of provision",
        ["Places counted", "Lived in", "Could take a child now", "Settings that returned"], rows, [(n, label) for n, label in PLACES],
    )  # fmt: skip
    caption = f"Places in {_where(area)} by type of provision, {day(edition.census_date)}"
    data = _full_occupancy(table, [(Cell(k), area, k) for k in kinds], caption, "Type of provision")
    words = _compared(edition, area, table, kind)
    return Section("places", "Where every place stands", OCCUPANCY, words, whole, bars if rows else None, data=data if rows else None)


def _compared(edition: Edition, area: Area, table: Table, kind: str) -> list[str]:
    """An authority beside the region."""
    if area.is_region:
        return []
    own, whole = (table.figure(a, "unoccupied_rate", provision_type=kind) for a in (area, edition.here))
    if own.number is None or whole.number is None:
        return []
    gap = own.number - whole.number
    than = "about as many as" if abs(gap) < 2 else "more than" if gap > 0 else "fewer than"
    return [sentence(f"{whole_percent(own)} of {possessive(area.name)} places in {_plural(kind)} have nobody living in them, {than} "
                     f"in {_where(edition.here)} as a whole ({whole_percent(whole)})")]  # fmt: skip


def by_authority(edition: Edition) -> Section | None:
    """The places of every authority's area."""
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    kind = _kind(table)

    def cell(where: Area, name: str) -> Figure:
        return table.figure(where, name, provision_type=kind)

    empty = {a.code: cell(a, "unoccupied_rate").number for a in edition.authorities.values()}
    areas = sorted(edition.authorities.values(), key=lambda a: (empty[a.code] is None, -(empty[a.code] or 0), a.name))
    rows = [
        BarRow(_link(a), _places_parts(table, a, kind), [cell(a, n) for n in ("places_returned", "unoccupied_rate", "vacant", "coverage_places")])
        for a in areas
    ]  # fmt: skip
    if not rows:
        return None
    words = []
    known = [a for a in areas if empty[a.code] is not None]
    if len(known) > 1 and empty[known[0].code] != empty[known[-1].code]:
        low, high = known[-1], known[0]
        words.append(
            sentence(
                f"The share of places with nobody living in them runs from {whole_percent(cell(low, 'unoccupied_rate'))} in {low.name} "
                f"to {whole_percent(cell(high, 'unoccupied_rate'))} in {high.name}"
            )
        )
    largest = max(areas, key=lambda a: cell(a, "places_returned").number or 0)
    if cell(largest, "places_returned").number:
        words.append(sentence(f"Most places were counted in {largest.name}: {cell(largest, 'places_returned')}"))
    bars = BarTable(
        f"Places in {_plural(kind)} by host authority, {day(edition.census_date)}", "Host authority",
        ["Places counted", "Nobody living in them", "Could take a child now", "Coverage of places"], rows, [(n, label) for n, label in PLACES],
    )  # fmt: skip
    caption = f"Places in {_plural(kind)} by host authority, {day(edition.census_date)}"
    data = _full_occupancy(table, [(_link(a), a, kind) for a in areas], caption, "Host authority")
    return Section("authorities", "Places, authority by authority", OCCUPANCY, words, bars=bars, data=data)


def maps(edition: Edition) -> Section | None:
    """The region as a tile map: empty places, and who places the children."""
    drawn, table = [], edition.table(OCCUPANCY)
    areas = list(edition.authorities.values())
    if table:
        kind = _kind(table)
        drawn.append(tile_map("Places with nobody living in them", edition.region,
                              [(a, table.figure(a, "unoccupied_rate", provision_type=kind)) for a in areas]))  # fmt: skip
    origin = edition.table(ORIGIN)
    if origin:
        kind = _kind(origin)
        drawn.append(tile_map("Children placed by the host authority itself", edition.region,
                              [(a, origin.figure(a, "share", provision_type=kind, origin_band=HOST_BAND)) for a in areas]))  # fmt: skip
    found = [m for m in drawn if m]
    if not found:
        return None
    kind = _plural(_kind(table or origin))  # type: ignore[arg-type]
    words = [f"One square is one authority, roughly where it lies, and leads to its page. Shares are of the places, and of the children, in {kind}."]
    rows = [(_link(a), [next(t.figure for t in m.tiles if t.area == a) for m in found]) for a in areas]
    data = DataTable(
        f"The figures of the map{'s' if len(found) > 1 else ''}, {day(edition.census_date)}", "Authority", [m.title for m in found], rows
    )
    return Section("map", "The region, square by square", OCCUPANCY if table else ORIGIN, words, maps=found, data=data)


# --- who lives here --------------------------------------------------------------------------------------


ORIGIN_COLOURS = {"host": "near-1", "sub_region": "near-2", "region_or_neighbour": "near-3", "elsewhere": "far", "unknown": "unknown"}
"""Colour of each origin band, nearest first."""


def _bands(table: Table) -> list[tuple[str, str]]:
    """Colour and label of each origin band that the table has, nearest first."""
    return [(colour, BAND_LABELS[band]) for band, colour in ORIGIN_COLOURS.items() if BAND_LABELS[band] in table.values["origin_band"]]


def _origin_parts(table: Table, area: Area, kind: str) -> list[Part]:
    parts = [(c, b, table.figure(area, "children", provision_type=kind, origin_band=b)) for c, b in _bands(table)]
    return bar(parts, table.figure(area, "children", provision_type=kind).number)


def who_lives_here(edition: Edition, area: Area) -> Section | None:
    """Where the children come from who live in the area's homes; for the region, authority by authority."""
    table = edition.table(ORIGIN)
    if not table:
        return None
    kind, bands = _kind(table), _bands(table)
    total = table.figure(area, "children", provision_type=kind)
    parts = _origin_parts(table, area, kind)
    legend = []
    for colour, band in bands:
        figures = {n: table.figure(area, n, provision_type=kind, origin_band=band) for n in ("children", "share")}
        legend.append((colour, band, figures["children"], figures["share"]))
    title = f"The {total} children and young people living in {possessive(_where(area))} {_plural(kind)}, by who placed them"
    whole = Whole(title, parts, legend) if parts else None
    own = table.figure(area, "share", provision_type=kind, origin_band=HOST_BAND)
    by = "the authority that the home stands in" if area.is_region else area.name
    words = []
    if own.is_shown:
        words.append(
            sentence(
                f"{part_and_percent(own)} of the children and young people living in {possessive(_where(area))} {_plural(kind)} were placed by {by}"
            )
        )
    elif total.is_there:
        words.append(unsaid(own, f"What share of the children was placed by {by}"))
    rows_of = [(_link(a), a, kind) for a in edition.authorities.values()] if area.is_region else [
        (Cell(k), area, k) for k in table.values["provision_type"] if table.figure(area, "children", provision_type=k).number
        or table.figure(area, "children", provision_type=k).is_hidden
    ]  # fmt: skip
    rows = [
        BarRow(cell, _origin_parts(table, a, k), [table.figure(a, "children", provision_type=k),
               table.figure(a, "share", provision_type=k, origin_band=HOST_BAND)])
        for cell, a, k in rows_of
    ]  # fmt: skip
    first = "Host authority" if area.is_region else "Type of provision"
    bars = BarTable(
        f"Who lives in {_plural(kind) if area.is_region else 'each type of provision'}, {day(edition.census_date)}", first,
        ["Children", "Placed by the host"], rows, bands,
    ) if rows else None  # fmt: skip
    columns = ["All", *[b for _, b in bands]]
    data_rows = [
        (cell, [table.figure(a, "children", provision_type=k, **({} if b == "All" else {"origin_band": b})) for b in columns])
        for cell, a, k in rows_of
    ]
    data = DataTable(f"Children and young people by who placed them, {day(edition.census_date)}", first, columns, data_rows) if rows else None
    return Section("who", "Who lives in them", ORIGIN, words, whole, bars, data=data)


def unavailable(edition: Edition, area: Area) -> Section | None:
    """Places that can take nobody, and why."""
    table = edition.table(UNAVAILABLE)
    if not table or "places" not in table.indicators:
        return None
    kind = _kind(table)
    reasons = [(r, table.figure(area, "places", provision_type=kind, reason=r)) for r in table.values["reason"]]
    reasons = [(r, f) for r, f in reasons if f.is_there and f.number != 0 and not f.is_missing]
    if not reasons:
        return None
    reasons.sort(key=lambda item: (item[0].startswith("Not "), -(item[1].number or 0)))
    most = max((f.number or 0 for _, f in reasons), default=0)
    total = table.figure(area, "places", provision_type=kind)
    words = [say(total, f"{number_of(total, 'place stands', 'places stand')} empty in {possessive(_where(area))} {_plural(kind)} "
                 "and cannot be offered", "How many places cannot be offered")]  # fmt: skip
    first = next(((r, f) for r, f in reasons if f.number and not r.startswith("Not ")), None)
    if first:
        words.append(sentence(f"The reason given for most of them is {first[0].lower()}: {number_of(first[1], 'place', 'places')}"))
    has_share = "share" in table.indicators
    rows = [
        BarRow(
            Cell(r),
            bar([("unavailable", r, f)], None, most),
            [f, *([table.figure(area, "share", provision_type=kind, reason=r)] if has_share else [])],
        )
        for r, f in reasons
    ]
    bars = BarTable(
        f"Unavailable places in {_plural(kind)} by reason, {day(edition.census_date)}", "Reason",
        ["Places", *(["Share of registered"] if has_share else [])], rows,
    )  # fmt: skip
    return Section("unavailable", "Why places cannot be offered", UNAVAILABLE, [w for w in words if w], bars=bars)


# --- money and market ------------------------------------------------------------------------------------


def fees(edition: Edition, area: Area) -> Section | None:
    """What placements cost a week, by type of provision."""
    table = edition.table(COST)
    if not table:
        return None
    basis, mean = _open_basis(table), _mean(table)
    kinds = [k for k in table.values["provision_type"] if not table.figure(area, mean, provision_type=k, **basis).is_missing]
    if not kinds:
        return None

    def cell(name: str, kind: str) -> Figure:
        return table.figure(area, name, provision_type=kind, **basis)

    rows = [Range(k, cell("lower_decile", k).number, cell(mean, k).number, cell("upper_decile", k).number) for k in kinds]
    rows.sort(key=lambda r: -(r.middle or 0))
    chart = ranges(
        f"Weekly cost of open placements in {_where(area)}, by type of provision", rows, "£ a week",
        "The dot is the mean; the bar runs from the lower to the upper decile: four placements in five lie within it",
    )  # fmt: skip
    names = [n for n in table.indicators if not all(cell(n, k).is_missing for k in kinds)]
    data = DataTable(
        f"Weekly cost in {_where(area)}, {day(edition.census_date)}", "Type of provision", [table.indicators[n].label for n in names],
        [(Cell(k), [cell(n, k) for n in names]) for k in kinds],
    )  # fmt: skip
    words = []
    kind = HOME if HOME in kinds else kinds[0]
    average, low, high = cell(mean, kind), cell("lower_decile", kind), cell("upper_decile", kind)
    if average.is_shown:
        words.append(sentence(f"A place in {_plural(kind)} costs {_pounds(average)} a week on average"))
    if low.is_shown and high.is_shown:
        words.append(sentence(f"The cheapest tenth cost {_pounds(low)} or less, the dearest tenth {_pounds(high)} or more"))
    words.append("These are fees of open placements, as the authorities that pay them return them.")
    return Section("fees", "What it costs", COST, words, charts=[chart] if chart else [], data=data)


def market(edition: Edition, area: Area) -> Section | None:
    """Who owns the places: shares of the largest owner groups."""
    table = edition.table(MARKET)
    if not table:
        return None
    tops = [n for n in table.indicators if "largest" in n or "top" in n]
    if not tops or "provision_type" not in table.filters:
        return None
    kinds = [k for k in table.values["provision_type"] if table.figure(area, tops[-1], provision_type=k).is_shown]
    if not kinds:
        return None
    rows = [
        BarRow(Cell(k), bar([("occupied", table.indicators[tops[-1]].label, table.figure(area, tops[-1], provision_type=k))], None, 100),
               [table.figure(area, n, provision_type=k) for n in tops])
        for k in kinds
    ]  # fmt: skip
    bars = BarTable(
        f"Share of places held by the largest owner groups in {_where(area)}, {day(edition.census_date)}", "Type of provision",
        [table.indicators[n].label for n in tops], rows,
    )  # fmt: skip
    return Section("market", "Who owns the places", MARKET, [], bars=bars)


# --- an area's own children ------------------------------------------------------------------------------


def children(edition: Edition, area: Area) -> Section | None:
    """The children looked after by the area's authorities, and how they are placed."""
    table = edition.table(LOOKED_AFTER)
    if not table or "children" not in table.indicators:
        return None
    filters = [f for f in table.filters if f in ("breakdown", "category")]
    by_type = [k for k in table.keys(area) if k.get("breakdown", "").casefold() == "placement type" and k.get("category") != TOTAL]
    total_key = next((k for k in table.keys(area) if k.get("breakdown", "").casefold() in ("total", "")), None)
    total = table.figure(area, "children", **(total_key or {}))
    if not total.is_there or not filters:
        return None
    rate = table.figure(area, "rate_per_10k", **(total_key or {}))
    whose = "the region\u2019s authorities that returned" if area.is_region else area.name
    words = [
        say(
            total,
            f"{number_of(total, 'child is', 'children are')} looked after by {whose}",
            "How many children are looked after",
        )
    ]
    if rate.is_shown:
        words.append(sentence(f"That is {rate} for every 10,000 people aged 0 to 17"))
    figures = [(k, table.figure(area, "children", **k)) for k in by_type]
    figures = [(k, f) for k, f in figures if not f.is_missing and f.number != 0]
    most = max((f.number or 0 for _, f in figures), default=0)
    rows = [
        BarRow(Cell(k["category"]), bar([("occupied", k["category"], f)], None, most), [f, table.figure(area, "share", **k)])
        for k, f in sorted(figures, key=lambda item: -(item[1].number or 0))
    ]
    bars = BarTable(f"Children looked after by type of placement, {day(edition.census_date)}", "Placement", ["Children", "Share"], rows)
    return Section("children", "The children looked after", LOOKED_AFTER, [w for w in words if w], bars=bars if rows else None)


LOCATION_COLOURS = ("near-1", "near-2", "far", "unknown")


def location(edition: Edition, area: Area) -> Section | None:
    """Where the authority's own placements stand: in its area, in the sub-region, elsewhere."""
    table = edition.table(LOCATION)
    if not table or "placements" not in table.indicators or "location_band" not in table.filters:
        return None
    bands = list(zip(LOCATION_COLOURS, table.values["location_band"], strict=False))

    def parts(where: Area, kind: str) -> list[Part]:
        whole = table.figure(where, "placements", provision_type=kind).number
        return bar([(c, b, table.figure(where, "placements", provision_type=kind, location_band=b)) for c, b in bands], whole)

    total = table.figure(area, "placements")
    if not parts(area, TOTAL):
        return None
    inside = table.figure(area, "share", location_band=bands[0][1])
    whose = "the region\u2019s authorities" if area.is_region else area.name
    words = [say(inside, f"{part_and_percent(inside)} of the placements of {whose} stand in the authority\u2019s own area",
                 "The share placed in the authority's own area")]  # fmt: skip
    legend = [(c, b, table.figure(area, "placements", location_band=b), table.figure(area, "share", location_band=b)) for c, b in bands]
    whole = Whole(f"The {total} placements of {whose}, by where they stand", parts(area, TOTAL), legend)
    kinds = [k for k in table.values["provision_type"] if parts(area, k)]
    rows = [BarRow(Cell(k), parts(area, k), [table.figure(area, "placements", provision_type=k),
            table.figure(area, "share", provision_type=k, location_band=bands[0][1])]) for k in kinds]  # fmt: skip
    bars = BarTable(f"Placements by where they stand, {day(edition.census_date)}", "Type of provision", ["Placements", "In area"], rows, bands)
    return Section("location", "Where they are placed", LOCATION, [w for w in words if w], whole, bars if rows else None)


def _live(figure: Figure) -> str:
    return "lives" if figure.number == 1 else "live"


def net_position(edition: Edition, area: Area) -> Section | None:
    """Children of others inside, own children outside, and the difference."""
    table = edition.table(NET)
    if not table:
        return None
    names = [n for n in ("own_inside", "own_outside", "others_inside", "net_gain") if n in table.indicators]
    if len(names) < 2:
        return None
    labels = {
        "own_inside": "Own children inside",
        "own_outside": "Own children outside",
        "others_inside": "Others\u2019 children inside",
        "net_gain": "Net",
    }
    if area.is_region:
        rows = [(_link(a), [table.figure(a, n) for n in names]) for a in edition.authorities.values()]
        if all(f.is_missing for _, figures in rows for f in figures):
            return None
        words = ["Other authorities\u2019 children placed inside an authority\u2019s area, less its own children placed outside."]
        data = DataTable(f"Children placed in and out, by authority, {day(edition.census_date)}", "Authority", [labels[n] for n in names], rows)
        return Section("net", "Children placed in and out", NET, words, data=data)
    figures = {n: table.figure(area, n) for n in names}
    if all(f.is_missing for f in figures.values()):
        return None
    words = []
    inside, outside, net = (figures.get(n, NOTHING) for n in ("others_inside", "own_outside", "net_gain"))
    if inside.is_shown:
        words.append(sentence(f"{number_of(inside, 'child', 'children')} of other authorities {_live(inside)} in {possessive(area.name)} area"))
    if outside.is_shown:
        words.append(sentence(f"{number_of(outside, 'child', 'children')} of {possessive(area.name)} own {_live(outside)} outside it"))
    if net.number is not None:
        more = "more come in than go out" if net.number > 0 else "more go out than come in" if net.number < 0 else "as many come in as go out"
        words.append(sentence(more))
    numbers = [f.number or 0 for n, f in figures.items() if n != "net_gain"]
    colours = {"own_inside": "near-1", "own_outside": "far", "others_inside": "near-2", "net_gain": "unknown"}
    rows_ = [
        BarRow(Cell(labels[n]), bar([(colours[n], labels[n], f)], None, max(numbers, default=0)) if n != "net_gain" else [], [f])
        for n, f in figures.items()
    ]
    bars = BarTable(f"Children placed in and out of {area.name}, {day(edition.census_date)}", "", ["Children"], rows_)
    return Section("net", "Children placed in and out", NET, words, bars=bars)


def flows(edition: Edition, area: Area) -> Section | None:
    """Where an authority's children go, and whose children come: the largest flows."""
    table = edition.table(FLOW)
    if not table or area.is_region:
        return None
    other = next((f for f in table.filters if "authority" in f or "host" in f or "placing" in f), "")
    measure = next((n for n in ("children_by_authorities", "children_by_providers", "children") if n in table.indicators), "")
    if not other or not measure:
        return None
    found = []
    for key in table.keys(area):
        if key[other] != TOTAL and all(v == TOTAL for n, v in key.items() if n != other):
            figure = table.figure(area, measure, **key)
            if figure.number:
                found.append((figure.number, key[other], figure))
    if not found:
        return None
    found.sort(key=lambda item: (-item[0], item[1]))
    most = found[0][0]
    names = {a.name: a for a in edition.authorities.values()}
    rows = [BarRow(_link(names[n]) if n in names else Cell(n), bar([("near-2", n, f)], None, most), [f]) for _, n, f in found[:12]]
    label = table.about.filters[other]
    words = [f"The largest flows; those too small to show are left out. {table.indicators[measure].label}."]
    bars = BarTable(f"{label}: the largest flows of {area.name}, {day(edition.census_date)}", label, ["Children"], rows)
    return Section("flows", "The flows between", FLOW, words, bars=bars)


# --- beside others, over time, how good ------------------------------------------------------------------


def neighbours(edition: Edition, area: Area) -> Section | None:
    """The authority beside its neighbours in the region, and its statistical neighbours."""
    table, origin = edition.table(OCCUPANCY), edition.table(ORIGIN)
    if not table or area.is_region:
        return None
    kind = _kind(table)
    bordering = [edition.authorities[c] for c in neighbours_of(area.code) if c in edition.authorities]
    alike = [edition.authorities[c] for c in statistical_neighbours_of(area.code) if c in edition.authorities]
    if not bordering and not alike:
        return None

    def row(cell: Cell, where: Area, strong: bool = False) -> BarRow:
        share = origin.figure(where, "share", provision_type=kind, origin_band=HOST_BAND) if origin else NOTHING
        figures = [table.figure(where, n, provision_type=kind) for n in ("places_returned", "unoccupied_rate")]
        return BarRow(cell, _rate_parts(table, where, kind), [*figures, share, table.figure(where, "coverage_places", provision_type=kind)], strong)

    rows = [row(Cell(area.name), area, True)]
    rows += [row(_link(a), a) for a in sorted(bordering, key=lambda a: a.name)]
    rows += [row(Cell(a.name, page_of(a), "statistical neighbour"), a) for a in alike if a not in bordering]
    rows.append(row(_link(edition.here), edition.here, True))
    bars = BarTable(
        f"{area.name} and its neighbours: {_plural(kind)}, {day(edition.census_date)}", "Authority",
        ["Places counted", "Nobody living in them", "Placed by the host", "Coverage"], rows, [(n, label) for n, label in PLACES],
    )  # fmt: skip
    words = [
        f"Authorities of the region that border {area.name}, and its statistical neighbours in the region: those most like it by DfE\u2019s measure."
    ]
    return Section("neighbours", "Beside its neighbours", OCCUPANCY, words, bars=bars)


def _rate_parts(table: Table, area: Area, kind: str) -> list[Part]:
    """The places of an area as a full bar, so that areas of different size compare."""
    return _places_parts(table, area, kind)


def trend(edition: Edition, area: Area) -> Section | None:
    """The area's places over the quarters that are published."""
    editions = [*edition.earlier, edition]
    table = edition.table(OCCUPANCY)
    if not table or len(editions) < 2:
        return None
    kind = _kind(table)
    dates = [e.census_date for e in editions]
    figures = {name: [e.figure(OCCUPANCY, area, name, provision_type=kind) for e in editions] for name, _ in PLACES}
    short = {"occupied": "Lived in", "vacant": "Free now", "unavailable": "Cannot be used"}
    series = [Line(name, short[name], tuple(f.number for f in figures[name])) for name, _ in PLACES]
    title = f"Places in {possessive(_where(area))} {_plural(kind)}, {month(dates[0])} to {month(dates[-1])}"
    chart = lines(title, dates, series)
    if not chart:
        return None
    rates = [e.figure(OCCUPANCY, area, "coverage_places", provision_type=kind) for e in editions]
    rows = [(Cell(day(d)), [*(figures[n][place] for n, _ in PLACES), rates[place]]) for place, d in enumerate(dates)]
    data = DataTable(title, "Census date", [*(label for _, label in PLACES), "Coverage"], rows)
    words = _change(figures["occupied"], dates)
    words.append("Counted in the settings that returned: where coverage differs from quarter to quarter, so do the counts.")
    return Section("trend", "Over time", OCCUPANCY, words, charts=[chart], data=data)


def _change(figures: Sequence[Figure], dates: Sequence) -> list[str]:
    first = next(((f, d) for f, d in zip(figures, dates, strict=True) if f.number is not None), None)
    last = figures[-1]
    if not first or last.number is None or first[0] is last or first[0].number is None:
        return []
    change = last.number - first[0].number
    since = f"since {day(first[1])}"
    if change == 0:
        return [sentence(f"As many places are lived in as on {day(first[1])}: {last}")]
    return [sentence(f"{abs(change):,.0f} {'more' if change > 0 else 'fewer'} places are lived in {since}: {first[0]} then, {last} now")]


def coverage(edition: Edition, area: Area) -> Section | None:
    """How much of the register has answered: the quality of everything above."""
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    kind = _kind(table)
    if area.is_region:
        rows_of = [(_link(a), a, kind) for a in sorted(edition.authorities.values(),
                   key=lambda a: -(table.figure(a, "coverage_places", provision_type=kind).number or -1))]  # fmt: skip
        first = "Host authority"
    else:
        rows_of = [
            (Cell(k), area, k)
            for k in table.values["provision_type"]
            if (table.figure(area, "settings_registered", provision_type=k).number or 0) > 0
        ]
        first = "Type of provision"
    if not rows_of:
        return None
    measure = "coverage_places" if area.is_region else "coverage_settings"
    rows = [
        BarRow(cell, bar([("occupied", "Returned", table.figure(a, measure, provision_type=k))], None, 100),
               [table.figure(a, n, provision_type=k) for n in ("settings_registered", "settings_returned", "coverage_settings", "coverage_places")])
        for cell, a, k in rows_of
    ]  # fmt: skip
    whole = table.figure(area, "coverage_settings", provision_type=kind)
    many = "children\u2019s homes" if kind == HOME else "settings"
    words = [
        say(whole, f"{whole_percent(whole)} of the {many} registered in {_where(area)} sent a return", "How many of the registered settings returned")
    ]
    words.append("A figure counts only the settings that returned. The bar shows their share of the register.")
    bars = BarTable(
        f"How much of the register returned, {day(edition.census_date)}", first,
        ["Registered", "Returned", "Of settings", "Of places"], rows,
    )  # fmt: skip
    return Section("coverage", "How good the figures are", OCCUPANCY, [w for w in words if w], bars=bars)


REGION: tuple[Callable[[Edition], Section | None], ...] = (
    lambda e: places_here(e, e.here), maps, by_authority, lambda e: who_lives_here(e, e.here), lambda e: unavailable(e, e.here),
    lambda e: fees(e, e.here), lambda e: market(e, e.here), lambda e: children(e, e.here), lambda e: location(e, e.here),
    lambda e: net_position(e, e.here), lambda e: trend(e, e.here), lambda e: coverage(e, e.here),
)  # fmt: skip
AUTHORITY: tuple[Callable[[Edition, Area], Section | None], ...] = (
    places_here, who_lives_here, unavailable, children, location, net_position, flows, fees, market, neighbours, trend, coverage,
)  # fmt: skip


def region_sections(edition: Edition) -> list[Section]:
    """The sections of the region's page, those that the release has figures for."""
    return [section for make in REGION if (section := make(edition))]


def authority_sections(edition: Edition, area: Area) -> list[Section]:
    """The sections of an authority's page, those that the release has figures for."""
    return [section for make in AUTHORITY if (section := make(edition, area))]
