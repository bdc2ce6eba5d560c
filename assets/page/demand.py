"""Sections on an authority's own children: how many there are, where they are placed, and how they
move between authorities.

Belongs here: the placing authority's side. Each function gives a section, or None where its table
or its figures are not in the release. Does not belong here: the places in an area (`supply`).
"""

from __future__ import annotations

from dataclasses import replace

from assets.page.certainty import is_enough, note_on_shares, portion
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
    Division,
    Section,
    kind_of,
    link,
    on,
    plural,
    ranking,
    where,
)
from assets.page.wording import number_of, possessive, say, sentence, unsaid, whole_percent
from assets.publication.programme import TOTAL

LOCATION_COLOURS = {
    "in_area": "near-1",
    "sub_region": "near-2",
    "elsewhere": "far",
    "unknown": "unknown",
}
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
    words = [
        say(
            total,
            f"{number_of(total, 'child is', 'children are')} looked after by {by}",
            "How many children are looked after",
        )
    ]
    if rate.is_shown:
        words.append(sentence(f"That is {rate} for every 10,000 people aged 0 to 17"))
    words += _moves(edition, area)
    breakdown = table.label("breakdown", "placement type")
    categories = [
        key["category"]
        for key in table.keys(area)
        if key["breakdown"] == breakdown and key["category"] != TOTAL
    ]
    figures = [
        (
            Cell(c),
            [table.figure(area, n, breakdown=breakdown, category=c) for n in ("children", "share")],
        )
        for c in categories
    ]
    # a hidden count has no number and stands last: its place tells nothing of it
    figures = sorted(
        ((c, f) for c, f in figures if not f[0].is_missing and f[0].number != 0),
        key=lambda row: -(row[1][0].number or 0),
    )
    bars = ranking(
        f"Children looked after by type of placement, {on(edition)}",
        "Placement",
        ["Children", "Share"],
        figures,
    )
    tables = tuple(name for name in (LOOKED_AFTER, CARE_FLOWS, STABILITY) if edition.table(name))
    return Section(
        "children", "The children looked after", tables, words, bars=[bars] if bars else []
    )


def _moves(edition: Edition, area: Area) -> list[str]:
    """Sentences on who started and ceased to be looked after, and on how stable placements are."""
    words = []
    started, ceased = (edition.figure(CARE_FLOWS, area, n) for n in ("started", "ceased"))
    if started.is_shown and ceased.is_shown:
        words.append(
            sentence(
                f"In the twelve months before, {number_of(started, 'child', 'children')} started to"
                f" be looked after and {ceased} ceased"
            )
        )
    names = ("three_or_more_share", "same_carer_two_years_share", "children", "long_term_children")
    often, stable, all_, long_term = (edition.figure(STABILITY, area, n) for n in names)
    if often.is_shown and is_enough(all_):
        words.append(sentence(f"{whole_percent(often)} had three or more placements in that time"))
    if stable.is_shown and is_enough(long_term):
        words.append(
            sentence(
                "Of those under 16 looked after for two and a half years or more,"
                f" {whole_percent(stable)} have lived with the same carer for two"
            )
        )
    return words


def location(edition: Edition, area: Area) -> Section | None:
    """Where the authority's own placements stand: in its area, in the sub-region, beyond."""
    table = edition.table(LOCATION)
    if not table:
        return None
    division = Division.of(table, "placements", "location_band", LOCATION_COLOURS)
    kind = kind_of(table)
    whose = "the region\u2019s authorities" if area.is_region else area.name
    total = table.figure(area, "placements", provision_type=kind)
    whole = division.whole(
        f"The {total} placements of {whose} in {plural(kind)}, by where they stand",
        area,
        provision_type=kind,
    )
    if not whole:
        return None
    inside = division.share(area, "in_area", provision_type=kind)
    own = "their authority\u2019s own area" if area.is_region else "its own area"
    count = table.figure(
        area,
        "placements",
        provision_type=kind,
        location_band=table.label("location_band", "in_area"),
    )
    words = []
    if comparison := portion(inside, count, total, edition.round_to):
        words.append(
            sentence(f"{comparison} placements of {whose} in {plural(kind)} stand in {own}")
        )
    elif inside.is_there and not inside.is_shown:
        words.append(unsaid(inside, f"The share that stands in {own}"))
    unknown, of_every_kind = division.share(area, "unknown"), table.figure(area, "placements")
    if unknown.number and is_enough(of_every_kind):
        words.append(
            f"Of the placements of every kind, where {whole_percent(unknown)} stand is not known."
        )
    if distance := edition.table(DISTANCE):
        far = distance.figure(
            area, "share", distance_band=distance.label("distance_band", "more than 20 miles")
        )
        if far.is_shown and is_enough(distance.figure(area, "placements")):
            words.append(
                sentence(
                    f"{whole_percent(far)} of all placements are known to be more than 20 miles"
                    " from home"
                )
            )
    if area.is_region:
        first, caption = (
            "Placing authority",
            f"Placements in {plural(kind)} by where they stand, {on(edition)}",
        )
        rows = [(link(a), a, kind) for a in edition.authorities.values()]
    else:
        first, caption = (
            "Type of provision",
            f"Placements of {area.name} by where they stand, {on(edition)}",
        )
        rows = [
            *(
                (Cell(k), area, k)
                for k in table.values["provision_type"]
                if division.parts(area, provision_type=k)
            ),
            (Cell("All placements"), area, TOTAL),
        ]
    drawn = []
    for cell, a, k in rows:
        count = table.figure(a, "placements", provision_type=k)
        if not count.is_missing:
            drawn.append(
                BarRow(
                    cell,
                    division.parts(a, provision_type=k),
                    [count, division.share(a, "in_area", provision_type=k)],
                )
            )
    bars = (
        [BarTable(caption, first, ["Placements", "In area"], drawn, division.bands)]
        if drawn
        else []
    )
    tables = tuple(name for name in (LOCATION, DISTANCE) if edition.table(name))
    heading = (
        "Where the region\u2019s own children are placed"
        if area.is_region
        else "Where its own children are placed"
    )
    return Section(
        "location", heading, tables, words, whole, bars, note=note_on_shares(edition.round_to)
    )


def net_position(edition: Edition, area: Area) -> Section | None:
    """Children of others inside, own children outside, and the difference."""
    table = edition.table(NET)
    if not table:
        return None
    labels = {
        "others_inside": "Others\u2019 children inside", "own_outside": "Own children outside", "own_inside": "Own children inside",
        "own_unknown": "Own children, not known where", "net_gain": "Net gain",
    }  # fmt: skip
    names = [n for n in labels if n in table.indicators]
    gain = (
        "Net gain is the other authorities\u2019 children placed inside an area, less its own"
        " children known to be placed outside it. Own children are all those looked after by the"
        " authority\u2019s SSDA903: where that is not in, they are not known."
    )
    if area.is_region:
        rows = [
            (link(a), [table.figure(a, n) for n in names]) for a in edition.authorities.values()
        ]
        rows = sorted(
            (r for r in rows if not all(f.is_missing for f in r[1])),
            key=lambda r: -(r[1][0].number or -1),
        )
        bars = ranking(
            f"Children placed in and out, by authority, {on(edition)}",
            "Authority",
            [labels[n] for n in names],
            rows,
            "near-2",
        )
        return (
            Section("net", "Children placed in and out", (NET,), [gain], bars=[bars])
            if bars
            else None
        )
    figures = {n: table.figure(area, n) for n in names}
    if all(f.is_missing for f in figures.values()):
        return None
    words = []
    inside, outside, unknown = (
        figures.get(n, NOTHING) for n in ("others_inside", "own_outside", "own_unknown")
    )
    if inside.is_shown:
        words.append(
            sentence(
                f"{number_of(inside, 'child', 'children')} of other authorities {_live(inside)} in"
                f" {possessive(area.name)} area"
            )
        )
    if outside.is_shown:
        words.append(
            sentence(
                f"{number_of(outside, 'child', 'children')} of {possessive(area.name)} own"
                f" {_live(outside)} outside it"
            )
        )
    if unknown.number:
        words.append(sentence(f"Where {unknown} more of its own live is not known"))
    colours = {
        "others_inside": "near-2",
        "own_outside": "far",
        "own_inside": "near-1",
        "own_unknown": "unknown",
    }
    # one scale for all of them: bars of one table are compared
    most = max((f.number or 0 for n, f in figures.items() if n in colours), default=0)
    drawn = [
        BarRow(
            Cell(labels[n]),
            # a net gain may be below 0, which no bar can show
            bar([(colours[n], labels[n], f)], None, most) if n in colours else [],
            [f],
        )
        for n, f in figures.items()
    ]
    bars = BarTable(
        f"Children placed in and out of {area.name}, {on(edition)}", "Children", ["Number"], drawn
    )
    return Section("net", "Children placed in and out", (NET,), [*words, gain], bars=[bars])


def flows(edition: Edition, area: Area) -> Section | None:
    """The largest of an authority's flows that are shown: where its children live, and whose
    children live in its area.
    """
    table = edition.table(FLOW)
    if not table or area.is_region or "host_authority_name" not in table.filters:
        return None
    by_name = {a.name: a for a in edition.authorities.values()}

    def largest(
        caption: str, first: str, rows: list[tuple[Cell, Figure]], colour: str
    ) -> BarTable | None:
        # rounded counts are often alike: by name then, so that a page made again is the same
        shown = sorted(
            ((c, [f]) for c, f in rows if f.number and c.link),
            key=lambda row: (-(row[1][0].number or 0), row[0].name),
        )[:MOST_FLOWS]
        tables = ranking(caption, first, ["Children"], shown, colour)
        # what has no page is no authority of the region: it stands below, outside the order
        rest = [BarRow(c, [], [f]) for c, f in rows if f.number and not c.link]
        return replace(tables, rows=[*tables.rows, *rest]) if tables else None

    hosts = table.values["host_authority_name"]
    out = [
        (
            link(by_name[h]) if h in by_name else Cell(h),
            table.figure(area, "children_by_authorities", host_authority_name=h),
        )
        for h in hosts
    ]
    inward = [
        (link(a), table.figure(a, "children_by_providers", host_authority_name=area.name))
        for a in by_name.values()
    ]
    tables = [
        largest(f"Where {possessive(area.name)} children live, by its own return, {on(edition)}", "Where", out, "near-1"),
        largest(
            f"Which of the region\u2019s authorities placed the children living in {area.name}, by the providers\u2019 returns, {on(edition)}",
            "Placed by", inward, "near-2",
        ),
    ]  # fmt: skip
    bars = [table_ for table_ in tables if table_]
    words = [
        f"The flows from and to {where(area)} that are shown, at most {MOST_FLOWS} each way, the"
        " larger first. The others are left out: they are small, or would give away one that is."
    ]
    return Section("flows", "The flows between", (FLOW,), words, bars=bars) if bars else None


def _live(figure: Figure) -> str:
    return "lives" if figure.number == 1 else "live"
