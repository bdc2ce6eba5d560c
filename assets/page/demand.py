"""Sections on an authority's own children: how many there are, where they are placed, and how they move between authorities.

Belongs here: the placing authority's side. Each function gives a section, or None where its table or its figures are not in the release.
Does not belong here: the places in an area (`supply`).
"""

from __future__ import annotations

from assets.page.drawing import bar
from assets.page.figures import NOTHING, Area, Edition, Figure
from assets.page.shapes import (
    CARE_FLOWS,
    DISTANCE,
    FLOW,
    LOCATION,
    LOOKED_AFTER,
    NET,
    STABILITY,
    BarRow,
    BarTable,
    Cell,
    DataTable,
    Division,
    Section,
    kind_of,
    link,
    on,
    ranking,
    where,
)
from assets.page.wording import number_of, part_and_percent, possessive, say, sentence, whole_percent
from assets.publication.programme import TOTAL

LOCATION_COLOURS = {"in_area": "near-1", "sub_region": "near-2", "elsewhere": "far", "unknown": "unknown"}
MOST_FLOWS = 10


def children(edition: Edition, area: Area) -> Section | None:
    """The children looked after, how they are placed, and how many started and ceased to be."""
    table = edition.table(LOOKED_AFTER)
    if not table:
        return None
    total, rate = (table.figure(area, n) for n in ("children", "rate_per_10k"))
    if total.is_missing:
        return None
    by = "the region\u2019s authorities that returned" if area.is_region else area.name
    words = [say(total, f"{number_of(total, 'child is', 'children are')} looked after by {by}", "How many children are looked after")]
    if rate.is_shown:
        words.append(sentence(f"That is {rate} for every 10,000 people aged 0 to 17"))
    words += _moves(edition, area)
    breakdown = table.label("breakdown", "placement type")
    categories = [key["category"] for key in table.keys(area) if key["breakdown"] == breakdown and key["category"] != TOTAL]
    figures = [(Cell(c), [table.figure(area, n, breakdown=breakdown, category=c) for n in ("children", "share")]) for c in categories]
    figures = sorted(((c, f) for c, f in figures if not f[0].is_missing and f[0].number != 0), key=lambda row: -(row[1][0].number or 0))
    bars = ranking(f"Children looked after by type of placement, {on(edition)}", "Placement", ["Children", "Share"], figures)
    tables = tuple(name for name in (LOOKED_AFTER, CARE_FLOWS, STABILITY) if edition.table(name))
    return Section("children", "The children looked after", tables, words, bars=[bars] if bars else [])


def _moves(edition: Edition, area: Area) -> list[str]:
    """Sentences on who started and ceased to be looked after, and on how stable placements are."""
    words = []
    started, ceased = (edition.figure(CARE_FLOWS, area, n) for n in ("started", "ceased"))
    if started.is_shown and ceased.is_shown:
        words.append(
            sentence(f"In the twelve months before, {number_of(started, 'child', 'children')} started to be looked after and {ceased} ceased")
        )
    often, stable = (edition.figure(STABILITY, area, n) for n in ("three_or_more_share", "same_carer_two_years_share"))
    if often.is_shown:
        words.append(sentence(f"{whole_percent(often)} had three or more placements in that time"))
    if stable.is_shown:
        words.append(
            sentence(
                f"Of those under 16 looked after for two and a half years or more, {whole_percent(stable)} have lived with the same carer for two"
            )
        )
    return words


def location(edition: Edition, area: Area) -> Section | None:
    """Where the authority's own placements stand: in its area, in the sub-region, beyond."""
    table = edition.table(LOCATION)
    if not table:
        return None
    division = Division.of(table, "placements", "location_band", LOCATION_COLOURS)
    whose = "the region\u2019s authorities" if area.is_region else area.name
    total = table.figure(area, "placements")
    whole = division.whole(f"The {total} placements of {whose}, by where they stand", area)
    if not whole:
        return None
    inside = division.share(area, "in_area")
    own = "their authority\u2019s own area" if area.is_region else "its own area"
    words = [say(inside, f"{part_and_percent(inside)} of the placements of {whose} stand in {own}", f"The share that stands in {own}")]
    if distance := edition.table(DISTANCE):
        far = distance.figure(area, "share", distance_band=distance.label("distance_band", "more than 20 miles"))
        if far.is_shown:
            words.append(sentence(f"{whole_percent(far)} are known to be more than 20 miles from home"))
    kinds = [k for k in table.values["provision_type"] if division.parts(area, provision_type=k)]
    rows = [(Cell(k), area, k) for k in kinds]
    first, of = "Type of provision", "by type of provision"
    if area.is_region:
        kind = kind_of(table)
        rows, first, of = [(link(a), a, kind) for a in edition.authorities.values()], "Placing authority", f"in a {kind.lower()}"
    drawn = [
        BarRow(
            cell,
            division.parts(a, provision_type=k),
            [table.figure(a, "placements", provision_type=k), division.share(a, "in_area", provision_type=k)],
        )
        for cell, a, k in rows
    ]
    drawn = [row for row in drawn if not row.figures[0].is_missing]
    bars = [BarTable(f"Placements {of}, {on(edition)}", first, ["Placements", "In area"], drawn, division.bands)] if drawn else []
    tables = tuple(name for name in (LOCATION, DISTANCE) if edition.table(name))
    return Section("location", "Where they are placed", tables, words, whole, bars)


def net_position(edition: Edition, area: Area) -> Section | None:
    """Children of others inside, own children outside, and the difference."""
    table = edition.table(NET)
    if not table:
        return None
    labels = {"own_inside": "Own, inside", "own_outside": "Own, outside", "others_inside": "Others\u2019, inside", "net_gain": "Net gain"}
    names = [n for n in labels if n in table.indicators]

    def row(where_: Area) -> list[Figure]:
        return [table.figure(where_, n) for n in names]

    if area.is_region:
        rows = [(link(a), row(a)) for a in edition.authorities.values()]
        if all(f.is_missing for _, figures in rows for f in figures):
            return None
        words = ["Net gain is the other authorities\u2019 children placed inside an area, less its own children placed outside it."]
        data = DataTable(f"Children placed in and out, by authority, {on(edition)}", "Authority", [labels[n] for n in names], rows)
        return Section("net", "Children placed in and out", (NET,), words, data=[data])
    figures = dict(zip(names, row(area), strict=True))
    if all(f.is_missing for f in figures.values()):
        return None
    words = []
    inside, outside, net = (figures.get(n, NOTHING) for n in ("others_inside", "own_outside", "net_gain"))
    if inside.is_shown:
        words.append(sentence(f"{number_of(inside, 'child', 'children')} of other authorities {_live(inside)} in {possessive(area.name)} area"))
    if outside.is_shown:
        words.append(sentence(f"{number_of(outside, 'child', 'children')} of {possessive(area.name)} own {_live(outside)} outside it"))
    if net.number is not None:
        words.append(
            "More come in than go out." if net.number > 0 else "More go out than come in." if net.number < 0 else "As many come in as go out."
        )
    colours = {"own_inside": "near-1", "own_outside": "far", "others_inside": "near-2"}
    most = max((f.number or 0 for n, f in figures.items() if n in colours), default=0)
    rows_ = [BarRow(Cell(labels[n]), bar([(colours[n], labels[n], f)], None, most) if n in colours else [], [f]) for n, f in figures.items()]
    bars = BarTable(f"Children placed in and out of {area.name}, {on(edition)}", "Children", ["Number"], rows_)
    return Section("net", "Children placed in and out", (NET,), words, bars=[bars])


def flows(edition: Edition, area: Area) -> Section | None:
    """The largest flows of an authority: where its children live, and whose children live in its area."""
    table = edition.table(FLOW)
    if not table or area.is_region or "host_authority_name" not in table.filters:
        return None
    by_name = {a.name: a for a in edition.authorities.values()}

    def largest(rows: list[tuple[Cell, Figure]]) -> list[tuple[Cell, list[Figure]]]:
        shown = [(cell, figure) for cell, figure in rows if figure.number]
        return [(cell, [figure]) for cell, figure in sorted(shown, key=lambda row: (-(row[1].number or 0), row[0].name))[:MOST_FLOWS]]

    hosts = table.values["host_authority_name"]
    out = [(link(by_name[h]) if h in by_name else Cell(h), table.figure(area, "children_by_authorities", host_authority_name=h)) for h in hosts]
    inward = [(link(a), table.figure(a, "children_by_providers", host_authority_name=area.name)) for a in by_name.values()]
    made = [
        ranking(f"Where {possessive(area.name)} children live, by its own return, {on(edition)}", "Where", ["Children"], largest(out), "near-1"),
        ranking(
            f"Which of the region\u2019s authorities placed the children living in {area.name}, by the providers\u2019 returns, {on(edition)}",
            "Placed by", ["Children"], largest(inward), "near-2",
        ),
    ]  # fmt: skip
    bars = [table_ for table_ in made if table_]
    words = [f"The largest flows from and to {where(area)}. Those too small to show are left out."]
    return Section("flows", "The flows between", (FLOW,), words, bars=bars) if bars else None


def _live(figure: Figure) -> str:
    return "lives" if figure.number == 1 else "live"
