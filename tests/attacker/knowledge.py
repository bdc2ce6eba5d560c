"""What follows from the definitions: variables behind printed cells, and the ties between them.

Belongs here: one variable a count behind a printed cell (and behind crossings that are not
printed), what its print tells, and every tie that the published definitions give. A tie that holds
by definition is always in; one that is only usual (`presumed`) is in where it is true: the reader
is told which are.
Does not belong here: who knows what besides (`readers`), how it is solved (`solver`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from tests.attacker.reading import (
    HIDDEN,
    NONE,
    REGION,
    SYMBOLS,
    TOTAL,
    Cell,
    Edition,
    Programme,
)
from tests.attacker.solver import MOST, Rows

Truth = dict[Cell, int]
Where = tuple[int, Cell]
"""The number of the edition (in the order that they are given), and the cell."""

STEP, SMALL = 5, 8
INFINITE = float("inf")
OWN_FILTER = "provision_type"
OCCUPANCY, ORIGIN = "host_authority_occupancy", "host_authority_origin"
USE, UNAVAILABLE = "host_use_of_own_supply", "unavailable_places"
LOCATION, DISTANCE = "own_placements_location", "placement_distance"
FLOW, BOUGHT, CARE = "placement_flow", "commissioned_placements", "children_looked_after"
FLOWS, STABLE, NET = "care_flows", "placement_stability", "net_position"
COST, FOSTER = "weekly_cost", "fostering_capacity"
BANDS = {
    "host": "Placed by the host authority",
    "sub": "Another authority of the sub-region",
    "near": "Rest of the region or a neighbouring authority",
    "far": "Elsewhere",
    "unknown": "Not known",
}
PLACES = {
    "in": "In the authority's own area",
    "sub": "Elsewhere in its sub-region",
    "far": "Beyond the sub-region",
    "unknown": "Not known",
}
CLASSES = {
    "Foster placements": (["In-house fostering", "Independent fostering"], ["Other"]),
    "Secure homes and children's homes": (["Children's home", "Secure children's home"], []),
    "Independent and semi-independent living arrangements/supported accommodation": (
        ["Supported accommodation"],
        ["Other"],
    ),
    "Other residential settings": (["Residential family centre"], ["Other"]),
    "Residential schools": (["Residential special school"], []),
}
"""DfE's classes of placement: the types that are wholly in one, and those that are in part."""
OUTSIDE = "Outside the region or not known"


@dataclass
class Model:
    """Variables with their bounds and the ties between them, over several editions."""

    editions: list[Edition]
    programme: Programme
    truths: list[Truth]
    rows: Rows = field(default_factory=Rows)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    variables: dict[Where, int] = field(default_factory=dict)
    names: list[Where | None] = field(default_factory=list)
    true: list[int | None] = field(default_factory=list)
    untrue: int = 0

    def new(self, name: Where | None, true: int | None, low: float, high: float) -> int:
        """A further variable."""
        self.lower.append(low)
        self.upper.append(high)
        self.names.append(name)
        self.true.append(true)
        return len(self.lower) - 1

    def term(self, number: int, cell: Cell) -> int | float | None:
        """The variable behind a cell; its value as a float where it is public; None where there is
        no saying (not printed, no return, a return that does not tell it, nothing of the kind).
        """
        known = self.variables.get((number, cell))
        if known is not None:
            return known
        printed = self.editions[number].printed(cell)
        if printed is None or printed in SYMBOLS:
            return None
        rule = self.programme.rules[cell[0]].get(cell[1])
        return float(printed) if rule == "exact" else None

    def tie(
        self,
        number: int,
        terms: Iterable[tuple[int, Cell | int | None]],
        low: float,
        high: float,
        why: str,
        *,
        presumed: bool = False,
    ) -> None:
        """`low <= sum of signed cells <= high`, unless one of them is not known of. A cell may be
        given as the number of a variable. A presumed tie is left out where it is not true.
        """
        kept: list[tuple[int, int]] = []
        known = 0.0
        for sign, cell in terms:
            found = cell if isinstance(cell, int) or cell is None else self.term(number, cell)
            if found is None:
                return
            if isinstance(found, float):
                known += sign * found
            else:
                kept.append((sign, found))
        if not kept:
            return
        if presumed:
            true = [self.true[v] for _, v in kept]
            if any(t is None for t in true):
                return
            total = sum(sign * t for (sign, _), t in zip(kept, true, strict=True)) + known  # type: ignore[operator]
            if not low <= total <= high:
                self.untrue += 1
                return
        self.rows.add(kept, low - known, high - known, why)


def build(editions: list[Edition], programme: Programme, truths: list[Truth]) -> Model:
    """Everything that a reader of these editions knows by print and definition."""
    model = Model(editions, programme, truths)
    for number in range(len(editions)):
        _print(model, number)
        _totals(model, number)
        for ties in (_supply, _origins, _demand, _flows, _bought, _children, _foster):
            ties(model, number)
        _hints(model, number)
    _over_time(model)
    return model


def _print(model: Model, number: int) -> None:
    """A variable for every count and estimate that is printed, bounded as its print tells."""
    edition = model.editions[number]
    for name, table in edition.tables.items():
        for measure in model.programme.measures(name, "count", "estimate"):
            if measure not in table.frame:
                continue
            is_count = model.programme.rules[name][measure] == "count"
            for key, row in table.at.items():
                printed = table.columns[measure][row]
                if printed in SYMBOLS and printed != HIDDEN:
                    continue
                cell = (name, measure, key)
                low, high = bounds(printed, measure, is_count=is_count)
                if printed not in SYMBOLS and model.programme.may_be_noisy(edition, cell):
                    low, high = noisy(int(printed))
                true = model.truths[number].get(cell)
                model.variables[number, cell] = model.new((number, cell), true, low, high)


def bounds(printed: str, measure: str, *, is_count: bool) -> tuple[float, float]:
    """What a print leaves of a whole number (of an estimate: of its whole part)."""
    if printed == HIDDEN:
        return 0, MOST
    value = int(printed)
    if not is_count and measure.endswith("_low"):
        return value, value + STEP - 1
    if not is_count and measure.endswith("_high"):
        return max(0, value - 2 * STEP + 1), value  # one that met the low end was raised a step
    if not is_count:  # its whole part: 7.5 is printed 10
        return max(0, value - STEP // 2 - 1), value + STEP // 2
    if value == 0:
        return 0, 0
    return max(SMALL, value - STEP // 2), value + STEP // 2


def noisy(value: int) -> tuple[float, float]:
    """What a print with noise leaves: moved by less than a step, and only a 0 is printed 0."""
    return (0, 0) if value == 0 else (max(1, value - STEP + 1), value + STEP - 1)


def _totals(model: Model, number: int) -> None:
    """Every total is the sum of its parts, those that are not printed included."""
    for name, table in model.editions[number].tables.items():
        for measure in model.programme.measures(name, "count"):
            if measure in table.frame:
                _totals_of(model, number, name, measure)


def _totals_of(model: Model, number: int, name: str, measure: str) -> None:
    table = model.editions[number].tables[name]
    nested = set(table.filters) == {"breakdown", "category"}
    values = [sorted({key[n] for key in table.at}) for n in range(1 + len(table.filters))]
    hidden: dict[tuple[str, ...], int] = {}

    def part(key: tuple[str, ...]) -> int | float | None:
        """The variable at a key, made where the crossing is not printed: a count as any other, of
        which nobody is told that it is small.
        """
        if key in table.at:
            printed = table.printed(measure, key)
            if printed in SYMBOLS and printed != HIDDEN:
                return 0.0  # not counted in any total, or not there
            return model.term(number, (name, measure, key))
        if key not in hidden:
            for n, value in enumerate(key):  # no return: not in any total either
                margin = (*key[:n], REGION if n == 0 else TOTAL, *key[n + 1 :])
                if value not in (REGION, TOTAL) and margin in table.at:
                    printed = table.printed(measure, margin)
                    if printed in SYMBOLS and printed != HIDDEN:
                        return 0.0
            cell = (name, measure, key)
            true = model.truths[number].get(cell)
            at = (number, cell) if true is not None else None
            hidden[key] = model.new(at, true, 0, MOST)
            if at is not None:
                model.variables[at] = hidden[key]
        return hidden[key]

    def add_up(whole: tuple[str, ...], parts: list[tuple[str, ...]]) -> None:
        if not parts:
            return
        if whole in table.at and table.printed(measure, whole) in SYMBOLS - {HIDDEN}:
            return
        if all(key in table.at and table.printed(measure, key) == NONE for key in parts):
            return
        top = part(whole)
        terms = [part(key) for key in parts]
        known = sum(t for t in [top, *terms] if isinstance(t, float))
        if isinstance(top, float):
            return
        rest = [(-1, t) for t in terms if isinstance(t, int)]
        model.rows.add([(1, top), *rest], known, known, f"{name}.{measure} {whole}: total")

    if nested:
        _nested_totals(table, add_up)
        return
    for n in range(len(values)):
        others = [v if m != n else [""] for m, v in enumerate(values)]
        parts = [v for v in values[n] if v not in (REGION, TOTAL)]
        for key in _product(others):
            whole = (*key[:n], REGION if n == 0 else TOTAL, *key[n + 1 :])
            add_up(whole, [(*key[:n], value, *key[n + 1 :]) for value in parts])


def _product(values: list[list[str]]) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = [()]
    for options in values:
        keys = [(*key, option) for key in keys for option in options]
    return keys


def _nested_totals(table, add_up: Callable) -> None:
    areas = sorted({key[0] for key in table.at})
    kinds: dict[str, list[str]] = {}
    for _, breakdown, category in table.at:
        if breakdown != TOTAL and category not in kinds.setdefault(breakdown, []):
            kinds[breakdown].append(category)
    for area in areas:
        for breakdown, categories in kinds.items():
            add_up((area, TOTAL, TOTAL), [(area, breakdown, c) for c in categories])
    for _, breakdown, category in {(REGION, *key[1:]) for key in table.at}:
        parts = [(area, breakdown, category) for area in areas if area != REGION]
        add_up((REGION, breakdown, category), parts)


def _keys(model: Model, number: int, table: str) -> list[tuple[str, ...]]:
    tables = model.editions[number].tables
    return list(tables[table].at) if table in tables else []


def _supply(model: Model, number: int) -> None:
    """Places of the area: what is returned is occupied, vacant or unavailable."""
    for key in _keys(model, number, OCCUPANCY):
        at = {m: (OCCUPANCY, m, key) for m in model.programme.rules[OCCUPANCY]}
        occupied, vacant, unavailable = at["occupied"], at["vacant"], at["unavailable"]
        returned = at["places_returned"]
        model.tie(
            number, [(1, occupied), (1, vacant), (1, unavailable), (-1, returned)], 0, 0,
            "occupied + vacant + unavailable = returned",
        )  # fmt: skip
        model.tie(
            number, [(1, returned), (-1, at["places_covered"])], 0, 0,
            "places returned = registered places that returned", presumed=True,
        )  # fmt: skip
        under, over = at["occupied_under_18"], at["occupied_18_plus"]
        for high, presumed in ((INFINITE, False), (0, True)):
            model.tie(
                number, [(1, under), (1, over), (-1, occupied)], 0, high,
                "ages add up", presumed=presumed,
            )  # fmt: skip
        if key[1] not in (TOTAL, "Supported accommodation"):
            model.tie(number, [(1, under), (-1, occupied)], 0, 0, "children only", presumed=True)
        _estimates(model, number, at)
        reasons = (UNAVAILABLE, "places", (*key, TOTAL))
        model.tie(number, [(1, reasons), (-1, unavailable)], 0, 0, "reasons add up")


def _estimates(model: Model, number: int, at: dict[str, Cell]) -> None:
    covered, registered = at["places_covered"], at["places_registered"]
    for what in ("occupied", "vacant"):
        count, most = at[what], at[f"{what}_band_high"]
        chain = [f"{what}_band_low", f"{what}_low", f"{what}_estimate"]
        chain += [f"{what}_high", f"{what}_band_high"]
        steps = [count, *(at[c] for c in chain)]
        for low, high in zip(steps, steps[1:], strict=False):
            model.tie(number, [(1, high), (-1, low)], -1, INFINITE, "interval in order")
        for low in (at[f"{what}_band_low"], at[f"{what}_low"]):
            model.tie(number, [(1, low), (-1, count)], 0, INFINITE, "no end below the count")
        for high in (most, at[f"{what}_high"]):
            model.tie(
                number, [(1, count), (1, registered), (-1, covered), (-1, high)], 0, INFINITE,
                "no end above the count and what is missing", presumed=True,
            )  # fmt: skip


def _origins(model: Model, number: int) -> None:
    """The same people by origin, by use, and as occupied places."""
    for area, kind in _keys(model, number, USE):
        living, ours = (
            (USE, "children_living_here", (area, kind)),
            (USE, "children_of_host", (area, kind)),
        )
        total = (ORIGIN, "children", (area, kind, TOTAL))
        host = (ORIGIN, "children", (area, kind, BANDS["host"]))
        occupied = (OCCUPANCY, "occupied", (area, kind))
        model.tie(number, [(1, total), (-1, living)], 0, 0, "the same people live here")
        model.tie(number, [(1, host), (-1, ours)], 0, 0, "the same are the host's")
        model.tie(number, [(1, living), (-1, ours)], 0, INFINITE, "a part")
        for low in (0, -INFINITE):
            model.tie(
                number, [(1, living), (-1, occupied)], low, 0, "people = places", presumed=True
            )
        under, over = (
            (OCCUPANCY, m, (area, kind)) for m in ("occupied_under_18", "occupied_18_plus")
        )
        model.tie(
            number, [(1, living), (-1, under), (-1, over)], 0, 0, "ages of all", presumed=True
        )
        if kind not in (TOTAL, "Supported accommodation"):
            model.tie(number, [(1, living), (-1, under)], 0, 0, "children's places", presumed=True)
        own, inside = (
            (USE, "own_placements", (area, kind)),
            (USE, "own_placements_in_area", (area, kind)),
        )
        model.tie(number, [(1, own), (-1, inside)], 0, INFINITE, "a part")


def _demand(model: Model, number: int) -> None:
    """The authority's own children, once each, by place, distance and as net position."""
    for area, kind in _keys(model, number, USE):
        own, inside = (
            (USE, "own_placements", (area, kind)),
            (USE, "own_placements_in_area", (area, kind)),
        )
        for cell, whole in ((own, TOTAL), (inside, PLACES["in"])):
            placed = (LOCATION, "placements", (area, kind, whole))
            model.tie(number, [(1, placed), (-1, cell)], 0, 0, "own placements by place")
    for (area,) in _keys(model, number, NET):
        inside, outside, unknown = (
            (NET, f"own_{m}", (area,)) for m in ("inside", "outside", "unknown")
        )
        children = (CARE, "children", (area, TOTAL, TOTAL))
        same = [(LOCATION, "placements", (area, TOTAL, TOTAL)), (STABLE, "children", (area,))]
        same += [
            (DISTANCE, "placements", (area, TOTAL, TOTAL)),
            (USE, "own_placements", (area, TOTAL)),
        ]
        for other in same:
            model.tie(number, [(1, children), (-1, other)], 0, 0, "the same children")
        model.tie(
            number,
            [(1, inside), (1, outside), (1, unknown), (-1, children)],
            0,
            0,
            "inside + outside",
        )
        for cell, place, locality in (
            (inside, [PLACES["in"]], "Inside"),
            (outside, [PLACES["sub"], PLACES["far"]], "Outside"),
            (unknown, [PLACES["unknown"]], "Not known"),
        ):
            places = [(1, (LOCATION, "placements", (area, TOTAL, p))) for p in place]
            model.tie(number, [*places, (-1, cell)], 0, 0, "inside and outside by place")
            far = (DISTANCE, "placements", (area, locality, TOTAL))
            model.tie(number, [(1, far), (-1, cell)], 0, 0, "inside and outside by distance")


def names_of(edition: Edition) -> dict[str, str]:
    """Authorities' codes by the names under which they stand."""
    frame = edition.tables[NET].frame
    pairs = zip(frame["la_name"], frame["old_la_code"], strict=True)
    return {name: code for name, code in pairs if code}


def _flows(model: Model, number: int) -> None:
    """Who places where, as authorities and as providers say."""
    codes = names_of(model.editions[number])
    for host, code in codes.items():
        into = {
            m: [(FLOW, m, (a, host)) for a in codes.values() if a != code]
            for m in ("children_by_authorities", "children_by_providers")
        }
        known = {
            m: [c for c in cells if model.term(number, c) is not None] for m, cells in into.items()
        }
        told = (NET, "others_inside_by_authorities", (code,))
        terms = [(1, c) for c in known["children_by_authorities"]]
        model.tie(number, [*terms, (-1, told)], 0, 0, "what the others say is inside")
        inside, living = (
            (NET, "others_inside", (code,)),
            (USE, "children_living_here", (code, TOTAL)),
        )
        seen = [(1, c) for c in known["children_by_providers"]]
        model.tie(number, [*seen, (-1, inside)], -INFINITE, 0, "others of the region inside")
        bands = {b: (ORIGIN, "children", (code, TOTAL, label)) for b, label in BANDS.items()}
        model.tie(
            number, [(1, bands["sub"]), (1, bands["near"]), (1, bands["far"]), (-1, inside)],
            0, INFINITE, "others inside by origin",
        )  # fmt: skip
        model.tie(
            number, [(1, bands["sub"]), (1, bands["near"]), *((-1, c) for _, c in seen)],
            0, INFINITE, "others of the region by origin",
        )  # fmt: skip
        own_here = (FLOW, "children_by_providers", (code, host))
        model.tie(number, [(1, bands["host"]), (-1, own_here)], 0, INFINITE, "own inside, any age")
        under = (OCCUPANCY, "occupied_under_18", (code, TOTAL))
        for high, presumed in ((INFINITE, False), (0, True)):
            model.tie(
                number, [(1, living), (-1, own_here), (-1, inside)], 0, high,
                "children living here", presumed=presumed,
            )  # fmt: skip
        model.tie(
            number, [(1, own_here), (1, inside), (-1, under)], 0, 0, "under 18", presumed=True
        )
        own = (FLOW, "children_by_authorities", (code, host))
        model.tie(
            number, [(1, own), (-1, (NET, "own_inside", (code,)))], 0, 0, "own inside by flow"
        )
        whole = (FLOW, "children_by_authorities", (code, TOTAL))
        model.tie(
            number,
            [(1, whole), (-1, (CARE, "children", (code, TOTAL, TOTAL)))],
            0,
            0,
            "all by flow",
        )
        far = (FLOW, "children_by_authorities", (code, OUTSIDE))
        unknown = (NET, "own_unknown", (code,))
        beyond = (LOCATION, "placements", (code, TOTAL, PLACES["far"]))
        model.tie(number, [(1, beyond), (1, unknown), (-1, far)], 0, INFINITE, "outside is beyond")


def _bought(model: Model, number: int) -> None:
    """What is bought, of what is placed; what has a price, of what is bought."""
    for area, kind in _keys(model, number, BOUGHT):
        whole, looked_after, older = (
            (BOUGHT, m, (area, kind)) for m in ("placements", "looked_after", "post_18")
        )
        model.tie(number, [(1, looked_after), (1, older), (-1, whole)], 0, 0, "bought, by age")
        own, priced = (USE, "own_placements", (area, kind)), (COST, "placements", (area, kind))
        for low, high in ((0, INFINITE), (0, 0)):
            why = "bought, of own placements"
            model.tie(number, [(1, own), (-1, looked_after)], low, high, why, presumed=True)
            model.tie(number, [(1, own), (-1, priced)], low, high, "priced, of own", presumed=True)
            model.tie(
                number,
                [(1, looked_after), (-1, priced)],
                low,
                high,
                "priced, of bought",
                presumed=True,
            )
        if kind not in (TOTAL, "Supported accommodation"):
            model.tie(number, [(1, older)], 0, 0, "post 18 elsewhere", presumed=True)


def _children(model: Model, number: int) -> None:
    """DfE's classes and providers beside the types of provision; who could be counted at all."""
    for (area,) in _keys(model, number, STABLE):
        children, three, long, same = (
            (STABLE, m, (area,))
            for m in ("children", "three_or_more", "long_term_children", "same_carer_two_years")
        )
        for whole, part in ((children, three), (children, long), (long, same)):
            model.tie(number, [(1, whole), (-1, part)], 0, INFINITE, "a part")
        young = [
            (1, (CARE, "children", (area, "Age", a))) for a in ("1 to 4", "5 to 9", "10 to 15")
        ]
        model.tie(number, [*young, (-1, long)], 0, INFINITE, "long-term ones are under 16")

        def kept(kind: str, area: str = area) -> Cell:
            return (USE, "own_placements", (area, kind))

        def of(breakdown: str, category: str, area: str = area) -> Cell:
            return (CARE, "children", (area, breakdown, category))

        kind = "Placement type"
        parents = of(kind, "Placed with parents or other person with parental responsibility")
        adoption = of(kind, "Placed for adoption")
        by_parents = of(
            "Placement provider", "Parents or other person with parental responsibility"
        )
        model.tie(
            number, [(1, parents), (1, adoption), (-1, kept("With parents or for adoption"))], 0, 0,
            "with parents or for adoption",
        )  # fmt: skip
        model.tie(number, [(1, parents), (-1, by_parents)], 0, 0, "with parents", presumed=True)
        order = of("Legal status", "Placement order granted")
        model.tie(number, [(1, adoption), (-1, order)], 0, 0, "for adoption", presumed=True)
        for name, (wholly, partly) in CLASSES.items():
            terms = [(1, of(kind, name)), *((-1, kept(t)) for t in wholly)]
            model.tie(number, terms, 0, INFINITE, f"{name}: types wholly in it", presumed=True)
            model.tie(number, terms, 0, 0, f"{name}: these types alone", presumed=True)
            more = [*terms, *((-1, kept(t)) for t in partly)]
            model.tie(number, more, -INFINITE, 0, f"{name}: types in part", presumed=True)
        rest = of(kind, "Other placements")
        model.tie(
            number, [(1, kept("Other")), (-1, rest)], 0, INFINITE, "other placements", presumed=True
        )
        model.tie(number, [(1, kept("Other")), (-1, rest)], 0, 0, "other placements", presumed=True)
        unsaid = of("Placement provider", "Not reported")
        model.tie(number, [(1, unsaid), (-1, rest)], 0, 0, "provider not reported", presumed=True)
        bought = [(1, of("Placement provider", p)) for p in ("Private", "Voluntary")]
        model.tie(
            number, [*bought, (-1, (BOUGHT, "looked_after", (area, TOTAL)))], 0, 0,
            "bought from private and voluntary providers", presumed=True,
        )  # fmt: skip
        unaccompanied = of("Unaccompanied asylum seekers", "UASC")
        model.tie(number, [(1, children), (-1, unaccompanied)], 0, INFINITE, "a part")


def _foster(model: Model, number: int) -> None:
    """Foster carers' places, and those of agencies as settings of the area."""
    for area, kind in _keys(model, number, FOSTER):
        at = {m: (FOSTER, m, (area, kind)) for m in model.programme.rules[FOSTER]}
        parts = [at["children_placed"], at["vacant_places"], at["not_available_places"]]
        model.tie(
            number, [*((1, p) for p in parts), (-1, at["approved_places"])], 0, 0,
            "approved = placed + vacant + not available", presumed=True,
        )  # fmt: skip
        for ours, theirs in (
            ("approved_places", "places_returned"),
            ("children_placed", "occupied"),
            ("vacant_places", "vacant"),
            ("not_available_places", "unavailable"),
        ):
            model.tie(
                number, [(1, at[ours]), (-1, (OCCUPANCY, theirs, (area, kind)))], 0, 0,
                "fostering places are the area's", presumed=True,
            )  # fmt: skip
        for low, high in ((0, INFINITE), (-INFINITE, 0)):
            terms = [(1, at["approved_places"]), (-1, at["households"])]
            model.tie(number, terms, low, high, "a place a household", presumed=True)


def _hints(model: Model, number: int) -> None:
    """What symbols and figures beside a count tell of it."""
    edition = model.editions[number]
    for key in _keys(model, number, OCCUPANCY):
        occupied = (OCCUPANCY, "occupied", key)
        ages = edition.printed((OCCUPANCY, "occupied_under_18", key))
        origin = edition.printed((ORIGIN, "children", (*key, TOTAL)))
        part = ages == "z" and edition.printed(occupied) not in ("x", "z")  # told in part
        if ("x" in (ages, origin) or part) and key[0] != REGION and TOTAL not in key:
            model.tie(
                number, [(1, occupied)], 1, INFINITE, "somebody of unknown age", presumed=True
            )
    for name in edition.tables:
        means = model.programme.measures(name, "mean")
        for measure in model.programme.measures(name, "count") if means else []:
            beside = {
                key: {edition.printed((name, m, key)) for m in means}
                for key in _keys(model, number, name)
            }
            hidden = [key for key in beside if edition.printed((name, measure, key)) == HIDDEN]
            if all(beside[key] == {HIDDEN} for key in hidden):
                continue  # they are hidden wherever the count is, and tell nothing
            for key, told in beside.items():
                cell = (name, measure, key)
                if told - SYMBOLS:
                    model.tie(number, [(1, cell)], SMALL, INFINITE, "a mean rests on 8")
                elif told == {HIDDEN}:
                    model.tie(number, [(1, cell)], 1, INFINITE, "a mean is hidden", presumed=True)
                elif told <= {"x", "z"}:
                    model.tie(number, [(1, cell)], 0, 0, "no mean", presumed=True)


def _over_time(model: Model) -> None:
    """Children a year before, those who started, those who ceased."""
    dates = {e.date: n for n, e in enumerate(model.editions)}  # the newest edition of a date
    for date, now in dates.items():
        before = next((n for d, n in dates.items() if d.replace(year=d.year + 1) == date), None)
        if before is None:
            continue
        for (area,) in _keys(model, now, STABLE):
            key = (area, TOTAL, TOTAL)
            then = model.term(before, (CARE, "children", key))
            if not isinstance(then, int):
                continue
            terms = [(1, (CARE, "children", key)), (-1, then)]
            terms += [(-1, (FLOWS, "started", key)), (1, (FLOWS, "ceased", key))]
            model.tie(now, terms, 0, 0, "stock and flow", presumed=True)


def targets(model: Model) -> np.ndarray:
    """Variables that are hidden counts of one to seven, and crossings printed nowhere that are."""
    chosen = []
    for variable, name in enumerate(model.names):
        true = model.true[variable]
        if name is None or true is None or not 0 < true < SMALL:
            continue
        number, (table, measure, _) = name
        if model.programme.rules[table][measure] == "count":
            chosen.append(variable)
    return np.array(chosen, int)
