"""What a page is made of: sections of bars, maps, charts and tables, and the words by which areas
and provision types are called.

Belongs here: the shapes, and building them from a published table. Does not belong here: which
sections there are (`supply`, `demand`, `sections`), and how they look (`templates`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assets.page.certainty import is_enough
from assets.page.charts import Chart
from assets.page.drawing import Part, TileMap, bar
from assets.page.figures import NOTHING, Area, Edition, Figure, Table
from assets.page.wording import day
from assets.publication.programme import TOTAL

HOME = "Children's home"
OCCUPANCY, ORIGIN, UNAVAILABLE, HOMES, SECTORS = (
    "host_authority_occupancy", "host_authority_origin", "unavailable_places", "homes", "homes_by_sector_and_grade",
)  # fmt: skip
COST, MARKET, FOSTERING = "weekly_cost", "market_concentration", "fostering_capacity"
LOOKED_AFTER, CARE_FLOWS, STABILITY, LOCATION = (
    "children_looked_after",
    "care_flows",
    "placement_stability",
    "own_placements_location",
)
DISTANCE, FLOW, NET, QUALITY = (
    "placement_distance",
    "placement_flow",
    "net_position",
    "return_quality",
)


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
    """One bar across the page: what fills it, its parts, and each part's colour, label, figure and
    share below it.
    """

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
    """One of the page's answers: the question, the figure, what it means, and the table that it is
    of.
    """

    question: str
    figure: str
    words: str
    table: str


@dataclass(frozen=True)
class Section:
    """One part of a page. `tables` are the published tables that it shows, to whose pages it leads."""

    key: str
    heading: str
    tables: tuple[str, ...]
    words: list[str] = field(default_factory=list)
    whole: Whole | None = None
    bars: list[BarTable] = field(default_factory=list)
    maps: list[TileMap] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    data: list[DataTable] = field(default_factory=list)
    folded: list[DataTable] = field(default_factory=list)
    """Tables that stand folded up, whatever else there is."""
    note: str = ""
    """What to know when reading its drawings: stands below them."""


# --- what things are called
# ------------------------------------------------------------------------------


def page_of(area: Area) -> str:
    """The file of an area's page."""
    return (
        "index.html"
        if area.is_region
        # letters and digits alone: it is a file's name and part of an address
        else f"authority-{''.join(c for c in area.code if c.isalnum())}.html"
    )


def link(area: Area, note: str = "") -> Cell:
    """An area's name, leading to its page."""
    return Cell(area.name, page_of(area), note)


def the(name: str) -> str:
    """A region's name as a sentence has it: `the North West`, `London`."""
    return f"the {name}" if name.split(" ")[0] in ("North", "South", "East", "West") else name


def where(area: Area) -> str:
    """The area as a sentence has it."""
    return the(area.name) if area.is_region else area.name


def plural(kind: str) -> str:
    """A provision type in a sentence: `children’s homes`."""
    words = {
        HOME: "children\u2019s homes", "Secure children's home": "secure children\u2019s homes",
        "Residential special school": "residential special schools", "Residential family centre": "residential family centres",
        TOTAL: "settings of every kind",
    }  # fmt: skip
    return words.get(kind, kind[:1].lower() + kind[1:])


def kind_of(table: Table) -> str:
    """What the headlines speak of: children's homes, else all there is."""
    return HOME if HOME in table.values.get("provision_type", []) else TOTAL


def on(edition: Edition) -> str:
    """The census date, as a caption ends."""
    return day(edition.census_date)


# --- building shapes
# -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Division:
    """How one filter of a table divides its counts: the counted measure, and each value's colour
    and label, in their order.
    """

    table: Table
    measure: str
    by: str
    bands: list[tuple[str, str]]

    @classmethod
    def of(cls, table: Table, measure: str, by: str, colours: dict[str, str]) -> Division:
        """The division by the filter `by`; `colours` by the programme's code of each value. Values
        that the table lacks are left out.
        """
        bands = [(colour, table.label(by, code)) for code, colour in colours.items()]
        return cls(
            table,
            measure,
            by,
            [(colour, label) for colour, label in bands if label in table.values.get(by, [])],
        )

    def parts(self, area: Area, **filters: str) -> list[Part]:
        """The bar of one area."""
        figures = [
            (colour, label, self.table.figure(area, self.measure, **filters, **{self.by: label}))
            for colour, label in self.bands
        ]
        return bar(figures, self.table.figure(area, self.measure, **filters).number)

    def share(self, area: Area, code: str, **filters: str) -> Figure:
        """The published share of one value."""
        return self.table.figure(
            area, "share", **filters, **{self.by: self.table.label(self.by, code)}
        )

    def whole(self, title: str, area: Area, **filters: str) -> Whole | None:
        """One bar across the page with its legend (no shares of a small whole); None where nothing
        of it is published.
        """
        parts, is_said = (
            self.parts(area, **filters),
            is_enough(self.table.figure(area, self.measure, **filters)),
        )
        legend = []
        for colour, label in self.bands:
            chosen = {**filters, self.by: label}
            count = self.table.figure(area, self.measure, **chosen)
            # that none is unknown needs no line of its own
            if colour != "unknown" or count.number != 0:
                legend.append(
                    (
                        colour,
                        label,
                        count,
                        self.table.figure(area, "share", **chosen) if is_said else NOTHING,
                    )
                )
        return Whole(title, parts, legend) if parts else None


def ranking(
    caption: str,
    first: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Cell, Sequence[Figure]]],
    colour: str = "occupied",
    full: float | None = None,
) -> BarTable | None:
    """A bar a row, as long as the first of the row's figures; `full` is what fills the width, else
    the largest. None where there is no row.
    """
    most = full or max((figures[0].number or 0 for _, figures in rows), default=0)
    bars = [
        BarRow(cell, bar([(colour, cell.name, figures[0])], None, most), list(figures))
        for cell, figures in rows
    ]
    return BarTable(caption, first, list(columns), bars) if bars else None
