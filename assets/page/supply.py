"""Sections on what stands in an area: its places, who lives there, why places are empty, what kinds
of homes there are, fees and owners.

Belongs here: the host authority's side. Each function gives a section, or None where its table or
its figures are not in the release. Does not belong here: an authority's own children (`demand`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from assets.page.certainty import (
    ENOUGH,
    are_many,
    is_enough,
    note_on_shares,
    out_by,
    portion,
    surely_largest,
)
from assets.page.charts import Range, ranges
from assets.page.drawing import Part, bar, tile_map
from assets.page.figures import NOTHING, Area, Edition, Figure, Table
from assets.page.headline import most_given, open_placements, pounds, priced
from assets.page.shapes import (
    COST,
    FOSTERING,
    HOME,
    HOMES,
    MARKET,
    OCCUPANCY,
    ORIGIN,
    SECTORS,
    UNAVAILABLE,
    BarRow,
    BarTable,
    Cell,
    DataTable,
    Division,
    Section,
    Whole,
    kind_of,
    link,
    on,
    plural,
    ranking,
    where,
)
from assets.page.wording import listed, number_of, possessive, say, sentence, unsaid, whole_percent
from assets.publication.disclosure.rules import publish_share

FEWEST_COMPARED = 3
"""Authorities whose shares a sentence compares, at least."""
PLACES = (
    ("occupied", "Lived in"),
    ("vacant", "Could take a child now"),
    ("unavailable", "Empty, cannot be offered"),
)
ORIGIN_COLOURS = {
    "host": "near-1",
    "sub_region": "near-2",
    "region_or_neighbour": "near-3",
    "elsewhere": "far",
    "unknown": "unknown",
}
"""Colour of each origin band, nearest first."""


def places_parts(table: Table, area: Area, kind: str) -> list[Part]:
    """The places of an area as a full bar, so that areas of different size compare."""
    parts = [(name, label, table.figure(area, name, provision_type=kind)) for name, label in PLACES]
    return bar(parts, table.figure(area, "places_returned", provision_type=kind).number)


def own_share(table: Table, area: Area, kind: str) -> Figure:
    """The share of the children living in the area's settings whom the host authority itself
    placed.
    """
    return table.figure(
        area, "share", provision_type=kind, origin_band=table.label("origin_band", "host")
    )


def _share_of(part: Figure, whole: Figure) -> Figure:
    """A share of two published figures, by the rule of the releases."""
    return Figure(str(publish_share(pd.Series([part.text]), pd.Series([whole.text])).iloc[0]), "%")


def _every_figure(
    table: Table, rows: Sequence[tuple[Cell, Area, str]], caption: str, first: str
) -> DataTable:
    columns = {
        "settings_registered": "Settings registered", "places_registered": "Places registered", "settings_returned": "Of them returned",
        "places_returned": "Places returned", "occupied": "Lived in", "vacant": "Could take a child now", "unavailable": "Cannot be offered",
        "occupancy_rate": "Lived in, %", "vacancy_rate": "Could take a child now, %", "unoccupied_rate": "Nobody living in them, %",
        "coverage_settings": "Coverage of settings", "coverage_places": "Coverage of places",
    }  # fmt: skip
    cells = [
        (cell, [table.figure(area, n, provision_type=kind) for n in columns])
        for cell, area, kind in rows
    ]
    return DataTable(caption, first, list(columns.values()), cells)


def places_here(edition: Edition, area: Area) -> Section | None:
    """The places of an area: one bar of its children's homes, and a row a provision type."""
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    kind = kind_of(table)

    def cell(name: str, of: str = kind) -> Figure:
        return table.figure(area, name, provision_type=of)

    whole = None
    if parts := places_parts(table, area, kind):
        shares = [
            cell("occupancy_rate"),
            cell("vacancy_rate"),
            _share_of(cell("unavailable"), cell("places_returned")),
        ]
        # of few places a share would say more than the rounding leaves
        is_said = is_enough(cell("places_returned"))
        legend = [
            (name, label, cell(name), share if is_said else NOTHING)
            for (name, label), share in zip(PLACES, shares, strict=True)
        ]
        whole = Whole(
            f"The {cell('places_returned')} places counted in"
            f" {possessive(where(area))} {plural(kind)}",
            parts,
            legend,
        )
    kinds = [
        k
        for k in table.values["provision_type"]
        if cell("settings_registered", k).number or not cell("occupied", k).is_missing
    ]
    if not kinds:
        return None
    caption = f"Places in {where(area)} by type of provision, {on(edition)}"
    names = ("places_returned", "occupancy_rate", "vacant", "coverage_settings")
    rows = [
        BarRow(Cell(k), places_parts(table, area, k), [cell(n, k) for n in names]) for k in kinds
    ]
    columns = ["Places counted", "Lived in", "Could take a child now", "Settings that returned"]
    bars = BarTable(caption, "Type of provision", columns, rows, list(PLACES))
    data = _every_figure(table, [(Cell(k), area, k) for k in kinds], caption, "Type of provision")
    words, note = _beside_region(edition, area, table, kind), note_on_shares(edition.round_to)
    return Section(
        "places",
        "Where every place stands",
        (OCCUPANCY,),
        words,
        whole,
        [bars],
        data=[data],
        note=note,
    )


def _beside_region(edition: Edition, area: Area, table: Table, kind: str) -> list[str]:
    """An authority beside the region, in a sentence; of few places the counts alone."""
    own, whole = (
        table.figure(a, "unoccupied_rate", provision_type=kind) for a in (area, edition.here)
    )
    occupied, counted, all_counted = (
        table.figure(a, name, provision_type=kind)
        for a, name in (
            (area, "occupied"),
            (area, "places_returned"),
            (edition.here, "places_returned"),
        )
    )
    if area.is_region or own.number is None or whole.number is None:
        return []
    if not is_enough(counted):
        lived_in = (
            portion(NOTHING, occupied, counted, edition.round_to) if occupied != counted else ""
        )
        return (
            [
                sentence(
                    f"{lived_in} places counted in {possessive(area.name)} {plural(kind)} are"
                    " lived in"
                )
            ]
            if lived_in
            else []
        )
    gap = own.number - whole.number
    # both shares are of rounded counts: a gap that rounding could make is none
    rounding = max(out_by(counted, edition.round_to) + out_by(all_counted, edition.round_to), 2)
    than = "about as many as" if abs(gap) < rounding else "more than" if gap > 0 else "fewer than"
    text = (
        f"{whole_percent(own)} of {possessive(area.name)} places in {plural(kind)} have nobody"
        " living in them"
    )
    return [
        sentence(f"{text}, {than} in {where(edition.here)} as a whole ({whole_percent(whole)})")
    ]


def by_authority(edition: Edition) -> Section | None:
    """The places of every authority's area: those with enough of them in the order of the share
    that is empty, the others below, by name.
    """
    table = edition.table(OCCUPANCY)
    if not table or not edition.authorities:
        return None
    kind = kind_of(table)

    def cell(area: Area, name: str) -> Figure:
        return table.figure(area, name, provision_type=kind)

    empty = {a.code: cell(a, "unoccupied_rate").number for a in edition.authorities.values()}
    counted = {a.code: cell(a, "places_returned") for a in edition.authorities.values()}
    ranked = {
        code for code, number in empty.items() if number is not None and is_enough(counted[code])
    }
    areas = sorted(
        edition.authorities.values(),
        key=lambda a: (
            a.code not in ranked,
            empty[a.code] is None,
            # of those that are not ranked the share counts for nothing: they stand by name
            -(empty[a.code] or 0) * (a.code in ranked),
            a.name,
        ),
    )
    words, compared = [], areas[: len(ranked)]
    # where the first and the last are alike there is nothing to compare
    if len(compared) >= FEWEST_COMPARED and empty[compared[0].code] != empty[compared[-1].code]:
        low, high = (
            f"{whole_percent(cell(a, 'unoccupied_rate'))} in {a.name}"
            for a in (compared[-1], compared[0])
        )
        words.append(
            f"Among the authorities with {ENOUGH} places or more whose figures are shown, the share"
            f" of places with nobody living in them runs from {low} to {high}; as counts are"
            " rounded, each can be some points out."
        )
        if len(compared) < len(areas):
            words.append("The other authorities stand below them, by name.")
    largest = surely_largest(counted, cell(edition.here, "places_returned"), edition.round_to)
    # where fewer than these have any there is little to compare
    if largest and sum(f.is_hidden or bool(f.number) for f in counted.values()) >= FEWEST_COMPARED:
        words.append(
            sentence(
                f"Most places were counted in {edition.authorities[largest].name}:"
                f" {counted[largest]}"
            )
        )
    caption = f"Places in {plural(kind)} by host authority, {on(edition)}"
    names = ("places_returned", "unoccupied_rate", "vacant", "coverage_places")
    rows = [
        BarRow(link(a), places_parts(table, a, kind), [cell(a, n) for n in names]) for a in areas
    ]
    columns = [
        "Places counted",
        "Nobody living in them",
        "Could take a child now",
        "Coverage of places",
    ]
    bars = BarTable(caption, "Host authority", columns, rows, list(PLACES))
    data = _every_figure(table, [(link(a), a, kind) for a in areas], caption, "Host authority")
    note = note_on_shares(edition.round_to)
    return Section(
        "authorities",
        "Places, authority by authority",
        (OCCUPANCY,),
        words,
        bars=[bars],
        data=[data],
        note=note,
    )


def maps(edition: Edition) -> Section | None:
    """The region as tile maps: empty places, and children whom the host authority itself placed."""
    areas = list(edition.authorities.values())
    drawn, tables = [], []
    if table := edition.table(OCCUPANCY):
        figures = [
            (a, table.figure(a, "unoccupied_rate", provision_type=kind_of(table))) for a in areas
        ]
        few = _few(table, areas, "places_returned")
        drawn.append(
            (tile_map("Places with nobody living in them", edition.region, figures, few), figures)
        )
        tables.append(OCCUPANCY)
    if origin := edition.table(ORIGIN):
        figures = [(a, own_share(origin, a, kind_of(origin))) for a in areas]
        few = _few(origin, areas, "children")
        drawn.append(
            (
                tile_map(
                    "Children placed by the host authority itself", edition.region, figures, few
                ),
                figures,
            )
        )
        tables.append(ORIGIN)
    maps_drawn = [(m, dict(figures)) for m, figures in drawn if m]
    if not maps_drawn:
        return None
    kind = plural(kind_of(edition.tables[tables[0]]))
    words = [
        "One square is one authority, roughly where it lies, and leads to its page. Shares are of"
        f" the places, and of the children, in {kind}."
    ]
    rows = [(link(a), [figures[a] for _, figures in maps_drawn]) for a in areas]
    data = DataTable(
        f"What the squares show, {on(edition)}", "Authority", [m.title for m, _ in maps_drawn], rows
    )
    note = note_on_shares(edition.round_to)
    if any(tile.is_rough for m, _ in maps_drawn for tile in m.tiles):
        note += f" Squares marked ~ are of fewer than {ENOUGH} and are not coloured."
    return Section(
        "map",
        "The region, square by square",
        tuple(tables),
        words,
        maps=[m for m, _ in maps_drawn],
        data=[data],
        note=note,
    )


def _few(table: Table, areas: Sequence[Area], measure: str) -> set[str]:
    """Codes of the areas that have so few, as printed, that a share of them says little."""
    return {
        a.code
        for a in areas
        if not is_enough(table.figure(a, measure, provision_type=kind_of(table)))
    }


def who_lives_here(edition: Edition, area: Area) -> Section | None:
    """Where the children come from who live in the area's homes; for the region, authority by
    authority.
    """
    table = edition.table(ORIGIN)
    if not table:
        return None
    kind = kind_of(table)
    division = Division.of(table, "children", "origin_band", ORIGIN_COLOURS)
    living = f"children and young people living in {possessive(where(area))} {plural(kind)}"
    total, own = table.figure(area, "children", provision_type=kind), own_share(table, area, kind)
    by = "the authority that the home stands in" if area.is_region else area.name
    words = []
    from_own = table.figure(
        area, "children", provision_type=kind, origin_band=table.label("origin_band", "host")
    )
    if own.is_shown:
        if comparison := portion(own, from_own, total, edition.round_to):
            words.append(sentence(f"{comparison} {living} were placed by {by}"))
    elif total.is_there:
        words.append(unsaid(own, f"The share of the {living} whom {by} placed"))
    whole = division.whole(f"The {total} {living}, by who placed them", area, provision_type=kind)
    if area.is_region:
        first, rows_of = (
            "Host authority",
            [(link(a), a, kind) for a in edition.authorities.values()],
        )
        caption = f"Who lives in {plural(kind)}, by host authority, {on(edition)}"
    else:
        first, rows_of = (
            "Type of provision",
            [
                (Cell(k), area, k)
                for k in table.values["provision_type"]
                if division.parts(area, provision_type=k)
            ],
        )
        caption = f"Who lives in each type of provision, {on(edition)}"
    rows = [
        BarRow(
            cell,
            division.parts(a, provision_type=k),
            [table.figure(a, "children", provision_type=k), own_share(table, a, k)],
        )
        for cell, a, k in rows_of
    ]
    bars = (
        [BarTable(caption, first, ["Children", "Placed by the host"], rows, division.bands)]
        # a single type would repeat the bar above
        if len(rows) > 1 or area.is_region and rows
        else []
    )
    counts = [
        (
            cell,
            [
                table.figure(a, "children", provision_type=k),
                *(
                    table.figure(a, "children", provision_type=k, origin_band=b)
                    for _, b in division.bands
                ),
            ],
        )
        for cell, a, k in rows_of
    ]
    data = (
        [
            DataTable(
                f"Children by who placed them, {on(edition)}",
                first,
                ["All", *(b for _, b in division.bands)],
                counts,
            )
        ]
        if len(counts) > 1
        else []
    )
    note = note_on_shares(edition.round_to)
    return (
        Section("who", "Who lives in them", (ORIGIN,), words, whole, bars, data=data, note=note)
        if whole or bars
        else None
    )


def unavailable(edition: Edition, area: Area) -> Section | None:
    """Places that can take nobody, and why."""
    table = edition.table(UNAVAILABLE)
    if not table:
        return None
    kind = kind_of(table)
    figures = {
        r: [table.figure(area, n, provision_type=kind, reason=r) for n in ("places", "share")]
        for r in table.values["reason"]
    }
    reasons = [(r, f) for r, f in figures.items() if not f[0].is_missing and f[0].number != 0]
    # `Not given` and its like are no reasons: they stand last
    reasons.sort(key=lambda item: (item[0].startswith("Not "), -(item[1][0].number or 0), item[0]))
    total = table.figure(area, "places", provision_type=kind)
    if not total.is_there or total.is_missing or total.number == 0:
        return None
    stand = (
        f"{number_of(total, 'place stands', 'places stand')} empty in"
        f" {possessive(where(area))} {plural(kind)} and cannot be offered"
    )
    words = [say(total, stand, "How many places cannot be offered")]
    bars = []
    if any(f[0].number for _, f in reasons):
        counts = {r: f[0] for r, f in figures.items()}
        if first := most_given(counts, total, edition.moved_by) if are_many(total) else "":
            words.append(
                sentence(
                    f"The reason given most often is {first.lower()}:"
                    f" {number_of(counts[first], 'place', 'places')}"
                )
            )
        elif hidden := [
            r.lower()
            for r, f in counts.items()
            if are_many(total) and f.is_hidden and not r.startswith("Not ")
        ]:
            number = "number for {} is" if len(hidden) == 1 else "numbers for {} are"
            words.append(
                f"The {number.format(listed(hidden))} not shown, so which reason is given most"
                " often cannot be told."
            )
        caption = f"Places in {plural(kind)} that cannot be offered, by reason, {on(edition)}"
        ranked = ranking(
            caption,
            "Reason",
            ["Places", "Share of them"],
            [(Cell(r), f) for r, f in reasons],
            "unavailable",
        )
        bars = [ranked] if ranked else []
    elif reasons:
        words.append("Why is not shown: the numbers are small, or would give away one that is.")
    return Section("unavailable", "Why places cannot be offered", (UNAVAILABLE,), words, bars=bars)


def homes(edition: Edition, area: Area) -> Section | None:
    """What kinds of homes stand here: their size, and whose they are."""
    sizes, sectors = edition.table(HOMES), edition.table(SECTORS)
    bars, words = [], []
    if sizes:
        kind = kind_of(sizes)
        rows = [
            (
                Cell(_size(s)),
                [
                    sizes.figure(area, n, provision_type=kind, size_band=s)
                    for n in ("settings", "places")
                ],
            )
            for s in sizes.values["size_band"]
        ]
        rows = [(cell, figures) for cell, figures in rows if figures[0].number]
        if ranked := ranking(
            f"Registered {plural(kind)} by size, {on(edition)}", "Size", ["Homes", "Places"], rows
        ):
            bars.append(ranked)
            one, all_ = (
                sizes.figure(area, "settings", provision_type=kind, size_band="1"),
                sizes.figure(area, "settings", provision_type=kind),
            )
            if one.number and all_.number:
                have = "has" if one.number == 1 else "have"
                some = (
                    f"{one} of the {all_}"
                    if one.number < all_.number
                    else "Both"
                    if all_.number == 2
                    else f"All {all_}"
                )
                words.append(
                    sentence(f"{some} registered {plural(kind)} {have} a single place")
                    if all_.number > 1
                    else _ONE_OF_ONE
                )
    if sectors:
        rows = [
            (Cell(s), [sectors.figure(area, n, sector=s) for n in ("settings", "places")])
            for s in sectors.values["sector"]
        ]
        rows = sorted(
            (row for row in rows if row[1][0].number), key=lambda row: -(row[1][0].number or 0)
        )
        if ranked := ranking(
            f"Registered settings of every kind by sector, {on(edition)}",
            "Sector",
            ["Settings", "Places"],
            rows,
        ):
            bars.append(ranked)
    tables = tuple(name for name, table in ((HOMES, sizes), (SECTORS, sectors)) if table)
    return (
        Section("homes", "What kinds of homes there are", tables, words, bars=bars)
        if bars
        else None
    )


_ONE_OF_ONE = "The one that is registered has a single place."


def _size(band: str) -> str:
    return f"{band} place{'' if band == '1' else 's'}" if band[:1].isdigit() else band


def fees(edition: Edition, area: Area) -> Section | None:
    """What placements cost a week, by type of provision."""
    table = edition.table(COST)
    if not table:
        return None
    basis = open_placements(table)

    def cell(name: str, kind: str) -> Figure:
        return table.figure(area, f"{name}_weekly_cost", provision_type=kind, **basis)

    kinds = [k for k in table.values["provision_type"] if not cell("mean", k).is_missing]
    if not kinds:
        return None
    rows = [
        Range(
            # a chart goes through no template, where apostrophes are set
            k.replace("'", "\u2019"),
            cell("lower_decile", k).number,
            cell("mean", k).number,
            cell("upper_decile", k).number,
        )
        for k in kinds
    ]
    rows.sort(key=lambda r: -(r.middle or 0))
    title = f"Weekly cost of open placements of {where(area)}, by type of provision"
    ends = (
        "The dot is the mean; four placements in five lie within the bar"
        if any(r.low and r.high for r in rows)
        else "The dot is the mean"
    )
    chart = ranges(title, rows, "£ a week", ends)
    names = [
        n
        for n in table.indicators
        if any(not table.figure(area, n, provision_type=k, **basis).is_missing for k in kinds)
    ]
    figures = [
        (Cell(k), [table.figure(area, n, provision_type=k, **basis) for n in names]) for k in kinds
    ]
    data = DataTable(
        f"Weekly cost, {where(area)}, {on(edition)}",
        "Type of provision",
        [table.indicators[n].label for n in names],
        figures,
    )
    kind = HOME if HOME in kinds else kinds[0]
    words = []
    if cell("mean", kind).is_shown:
        words.append(
            sentence(
                f"Placements in {plural(kind)} cost {pounds(cell('mean', kind))} a week on average"
            )
        )
    if (
        cell("lower_decile", kind).is_shown
        and cell("upper_decile", kind).is_shown
        and are_many(priced(table, area, kind))
    ):
        low, high = pounds(cell("lower_decile", kind)), pounds(cell("upper_decile", kind))
        words.append(
            sentence(f"The cheapest tenth cost {low} or less, the dearest tenth {high} or more")
        )
    words.append(
        "These are the fees of open placements of children looked after, as the authorities that"
        " pay them return them."
    )
    return Section(
        "fees", "What it costs", (COST,), words, charts=[chart] if chart else [], data=[data]
    )


def market(edition: Edition, area: Area) -> Section | None:
    """Who owns the places: shares of the largest owner groups."""
    table = edition.table(MARKET)
    if not table:
        return None
    labels = {
        "share_largest_10": "Largest ten",
        "share_largest_3": "Largest three",
        "share_largest_1": "Largest one",
        "owner_groups": "Owner groups",
    }
    names = [n for n in labels if n in table.indicators]
    rows = [
        (Cell(k), [table.figure(area, n, provision_type=k) for n in names])
        for k in table.values.get("provision_type", [])
    ]
    rows = [(cell, figures) for cell, figures in rows if figures and figures[0].is_shown]
    bars = ranking(
        f"Share of the places that the largest owner groups hold, {on(edition)}",
        "Type of provision",
        [labels[n] for n in names],
        rows,
        full=100,
    )
    if not bars:
        return None
    kind = kind_of(table)
    words = [*_owners(table, area, kind), TOLD_APART]
    return Section("market", "Who owns the places", (MARKET,), words, bars=[bars])


TOLD_APART = (
    "Owner groups are told by the ultimate owner where the region or Ofsted’s list gives it, and"
    " else by name alone: companies of one parent then count apart, and the shares are a floor."
)

LARGEST = (
    (10, "ten", "share_largest_10"),
    (3, "three", "share_largest_3"),
    (1, "", "share_largest_1"),
)
"""Of how many of the largest owner groups the share of places is published, and in which figure."""


def _owners(table: Table, area: Area, kind: str) -> list[str]:
    """How much the largest owner groups hold, said of fewer than there are, and not of few places:
    that all hold everything is no news.
    """
    groups = table.figure(area, "owner_groups", provision_type=kind)
    homes = f"the places in {possessive(where(area))} {plural(kind)}"
    if not groups.number:
        return []
    if not are_many(table.figure(area, "places", provision_type=kind)):
        return []
    if groups.number == 1:
        return [sentence(f"One owner group holds all {homes}")]
    for count, word, name in LARGEST:
        share = table.figure(area, name, provision_type=kind) if name in table.indicators else None
        if (
            share is None
            or not share.is_shown
            or share.number is None
            or share.number >= 100
            or groups.number <= count
        ):
            continue
        largest = (
            f"{word} largest of {groups} owner groups hold"
            if word
            else f"largest of {groups} owner groups holds"
        )
        return [sentence(f"The {largest} {whole_percent(share)} of {homes}")]
    return []


def fostering(edition: Edition, area: Area) -> Section | None:
    """Foster carers: how many places they are approved for, and how many of those are filled, free
    or not available.
    """
    table = edition.table(FOSTERING)
    if not table:
        return None
    uses = [
        ("occupied", "filled_share", "Filled"),
        ("vacant", "vacant_share", "Vacant"),
        ("unavailable", "not_available_share", "Not available"),
    ]
    uses = [(colour, name, label) for colour, name, label in uses if name in table.indicators]
    others = {
        "households": "Households",
        "approved_places": "Approved places",
        "children_per_household": "Children a household",
    }
    names = [n for n in others if n in table.indicators]
    rows = []
    for kind in table.values.get("provision_type", []):
        # the parts are shares: a hundred fills the bar
        parts = bar(
            [
                (colour, label, table.figure(area, name, provision_type=kind))
                for colour, name, label in uses
            ],
            100,
        )
        figures = [
            table.figure(area, n, provision_type=kind)
            for n in (*names, *(name for _, name, _ in uses))
        ]
        if any(not f.is_missing for f in figures):
            rows.append(BarRow(Cell(kind), parts, figures))
    if not rows:
        return None
    columns = [*(others[n] for n in names), *(label for *_, label in uses)]
    bars = BarTable(
        f"Approved foster places, {where(area)}, {on(edition)}",
        "Carers",
        columns,
        rows,
        [(colour, label) for colour, _, label in uses],
    )
    return Section("fostering", "Foster carers", (FOSTERING,), [], bars=[bars])
