"""Which sections the pages of the region and of an authority have, in which order; and those that
set an area beside others, in time, and in doubt.

Belongs here: the order, neighbours, trends, and how good the figures are. Does not belong here: the
sections on supply (`supply`) and on an authority's own children (`demand`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assets.page import demand, supply
from assets.page.certainty import NOTE_ON_COVERAGE, is_enough, note_on_shares
from assets.page.charts import Line, lines
from assets.page.figures import NOTHING, Area, Edition, Figure, Table
from assets.page.official import official
from assets.page.shapes import (
    HOME,
    LOOKED_AFTER,
    OCCUPANCY,
    ORIGIN,
    QUALITY,
    BarRow,
    BarTable,
    Cell,
    DataTable,
    Section,
    kind_of,
    link,
    on,
    plural,
    ranking,
    where,
)
from assets.page.wording import day, listed, month, possessive, sentence, whole_percent
from schemas.authorities import neighbours_of, statistical_neighbours_of
from schemas.returns import return_tables
from schemas.rounding import as_decimal, half_up


def region_sections(edition: Edition) -> list[Section]:
    """The sections of the region's page, those that the release has figures for."""
    here = edition.here
    sections = (
        supply.places_here(edition, here), supply.maps(edition), supply.by_authority(edition), supply.who_lives_here(edition, here),
        supply.unavailable(edition, here), supply.fees(edition, here), supply.market(edition, here), supply.homes(edition, here),
        supply.fostering(edition, here), demand.children(edition, here), demand.location(edition, here), demand.net_position(edition, here),
        official(edition, here), trend(edition, here), coverage(edition, here),
    )  # fmt: skip
    return [section for section in sections if section]


def authority_sections(edition: Edition, area: Area) -> list[Section]:
    """The sections of an authority's page, those that the release has figures for."""
    sections = (
        supply.places_here(edition, area), supply.who_lives_here(edition, area), supply.unavailable(edition, area), supply.homes(edition, area),
        demand.children(edition, area), demand.location(edition, area), demand.net_position(edition, area), demand.flows(edition, area),
        supply.fees(edition, area), supply.market(edition, area), supply.fostering(edition, area), neighbours(edition, area),
        official(edition, area), trend(edition, area), coverage(edition, area),
    )  # fmt: skip
    return [section for section in sections if section]


def neighbours(edition: Edition, area: Area) -> Section | None:
    """The authority beside its neighbours in the region, and its statistical neighbours."""
    table, origin = edition.table(OCCUPANCY), edition.table(ORIGIN)
    bordering = sorted(
        (edition.authorities[c] for c in neighbours_of(area.code) if c in edition.authorities),
        key=lambda a: a.name,
    )
    alike = [
        edition.authorities[c]
        for c in statistical_neighbours_of(area.code)
        if c in edition.authorities
    ]
    alike = alike if len(alike) >= supply.FEWEST_COMPARED else []
    if not table or not (bordering or alike):
        return None
    kind = kind_of(table)

    def row(cell: Cell, a: Area, *, strong: bool = False) -> BarRow:
        returned, empty, coverage_ = (
            table.figure(a, n, provision_type=kind)
            for n in ("places_returned", "unoccupied_rate", "coverage_places")
        )
        share = supply.own_share(origin, a, kind) if origin else NOTHING
        return BarRow(
            cell, supply.places_parts(table, a, kind), [returned, empty, share, coverage_], strong
        )

    rows = [row(Cell(area.name), area, strong=True), *(row(link(a), a) for a in bordering)]
    # one that borders it as well stands among those, once
    rows += [row(link(a, "statistical neighbour"), a) for a in alike if a not in bordering]
    rows.append(row(link(edition.here), edition.here, strong=True))
    columns = ["Places counted", "Nobody living in them", "Placed by the host", "Coverage"]
    bars = BarTable(
        f"{area.name} and its neighbours: {plural(kind)}, {on(edition)}",
        "Authority",
        columns,
        rows,
        list(supply.PLACES),
    )
    beside = ["the region\u2019s authorities that border it"] if bordering else []
    if alike:
        beside.append(
            f"the {len(alike)} of its ten statistical neighbours (those most like it by DfE\u2019s"
            " measure) that are in the region"
        )
    words = [f"Beside {area.name} stand {listed([*beside, 'the region as a whole'])}."]
    tables = tuple(name for name in (OCCUPANCY, ORIGIN) if edition.table(name))
    return Section(
        "neighbours",
        "Beside its neighbours",
        tables,
        words,
        bars=[bars],
        note=note_on_shares(edition.round_to),
    )


def trend(edition: Edition, area: Area) -> Section | None:
    """The area's places, and its children, over the quarters that are published."""
    editions = [*edition.earlier, edition]
    table = edition.table(OCCUPANCY)
    if not table or len(editions) < 2:
        return None
    kind, dates = kind_of(table), [e.census_date for e in editions]

    def over_time(name: str) -> list[Figure]:
        return [e.figure(OCCUPANCY, area, name, provision_type=kind) for e in editions]

    short = {"occupied": "Lived in", "vacant": "Free now", "unavailable": "Not to be offered"}
    figures = {name: over_time(name) for name in short}
    title = (
        f"Places in {possessive(where(area))} {plural(kind)}, {month(dates[0])} to"
        f" {month(dates[-1])}"
    )
    chart = lines(
        title,
        dates,
        [
            Line(name, label, tuple(f.number for f in figures[name]))
            for name, label in short.items()
        ],
    )
    if not chart:
        return None
    covered = over_time("coverage_places")
    looked_after = [e.figure(LOOKED_AFTER, area, "children") for e in editions]
    has_children = LOOKED_AFTER in edition.tables and any(f.is_shown for f in looked_after)
    beside = {"Coverage": covered} | (
        {"Children looked after": looked_after} if has_children else {}
    )
    if has_children and area.is_region:
        beside["Authorities that returned them"] = [_returned(e) for e in editions]
    rows = [
        (Cell(day(d)), [column[place] for column in (*figures.values(), *beside.values())])
        for place, d in enumerate(dates)
    ]
    columns = [*(label for _, label in supply.PLACES), *beside]
    data = DataTable(title, "Census date", columns, rows)
    words = [
        *_change(editions, area, kind),
        (
            "Counted in the settings that returned: where coverage differs between quarters, so do"
            " the counts."
        ),
    ]
    if resting := beside.get("Authorities that returned them"):
        words += _rest_on(looked_after, resting, dates)
    return Section(
        "trend",
        "Over time",
        (OCCUPANCY, LOOKED_AFTER) if has_children else (OCCUPANCY,),
        words,
        charts=[chart],
        data=[data],
    )


def _returned(edition: Edition) -> Figure:
    """How many authorities returned their children looked after: those with a figure, shown or
    hidden.
    """
    counts = [edition.figure(LOOKED_AFTER, a, "children") for a in edition.authorities.values()]
    return (
        Figure(str(sum(not f.is_missing for f in counts)))
        if LOOKED_AFTER in edition.tables
        else NOTHING
    )


def _rest_on(
    children: Sequence[Figure], authorities: Sequence[Figure], dates: Sequence[dt.date]
) -> list[str]:
    """On how many authorities each count of children rests, where that differs between quarters."""
    known = [
        (a, d)
        for f, a, d in zip(children, authorities, dates, strict=True)
        if f.is_there and a.is_there
    ]
    if len({a.text for a, _ in known}) < 2:
        return []
    counts = listed([f"{a} on {day(d)}" for a, d in known])
    return [
        "The children looked after are those of the authorities that returned them, not the same"
        f" number in every quarter: {counts}."
    ]


def _change(editions: Sequence[Edition], area: Area, kind: str) -> list[str]:
    """How full the places are now and were in the first quarter that tells it: like for like, so
    shares first. The counts stand beside them with the whole of each, and are not set against each
    other: more places are counted when more stand, or when more answer.
    """

    def told(edition: Edition) -> tuple[Figure, Figure, Figure]:
        rate, occupied, counted = (
            edition.figure(OCCUPANCY, area, n, provision_type=kind)
            for n in ("occupancy_rate", "occupied", "places_returned")
        )
        return rate, occupied, counted

    known = [
        (e.census_date, *told(e)) for e in editions if told(e)[0].is_shown and is_enough(told(e)[2])
    ]
    # where this quarter does not tell it there is no now to set beside then
    if len(known) < 2 or known[-1][0] != editions[-1].census_date:
        return []
    (since, then, lived_in_then, counted_then), (_, now, lived_in, counted) = known[0], known[-1]
    same = whole_percent(then) == whole_percent(now)
    was = f"as on {day(since)}" if same else f"where {whole_percent(then)} were on {day(since)}"
    words = [sentence(f"{whole_percent(now)} of the places counted are lived in, {was}")]
    if lived_in.is_shown and lived_in_then.is_shown:
        words.append(
            sentence(
                f"That is {lived_in} of {counted} places counted now, and was {lived_in_then} of"
                f" {counted_then} then"
            )
        )
    return words


def coverage(edition: Edition, area: Area) -> Section | None:
    """How much of the register has answered, and which returns of the authority are in: the quality
    of everything above.
    """
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    kind = kind_of(table)
    names = ("coverage_settings", "coverage_places", "settings_registered", "settings_returned")

    def row(cell: Cell, a: Area, k: str) -> tuple[Cell, list[Figure]]:
        return cell, [table.figure(a, n, provision_type=k) for n in names]

    if area.is_region:
        rows, first = (
            [row(link(a), a, kind) for a in edition.authorities.values()],
            "Host authority",
        )
        # what is not known stands last, and not among the lowest
        rows.sort(key=lambda r: (r[1][0].number is None, -(r[1][0].number or 0)))
    else:
        rows, first = (
            [row(Cell(k), area, k) for k in table.values["provision_type"]],
            "Type of provision",
        )
    # where none is registered there is nothing to cover
    rows = [r for r in rows if r[1][2].number]
    of = plural(kind) if area.is_region else "settings"
    columns = ["Of settings", "Of places", "Registered", "Returned"]
    bars = ranking(
        f"How much of the register of {of} returned, {on(edition)}", first, columns, rows, full=100
    )
    words = [_sent(table, area, kind), "A figure counts only the settings that returned."]
    words += _estimated(edition, area, kind)
    data = _returns_in(edition, area)
    tables = (OCCUPANCY, QUALITY) if data else (OCCUPANCY,)
    drawn = [bars] if bars else []
    note = NOTE_ON_COVERAGE if bars else ""
    return (
        Section(
            "coverage", "How good the figures are", tables, words, bars=drawn, data=data, note=note
        )
        if bars or data
        else None
    )


def _sent(table: Table, area: Area, kind: str) -> str:
    """How many of the registered settings sent a return; of few the counts alone."""
    registered, returned, share = (
        table.figure(area, name, provision_type=kind)
        for name in ("settings_registered", "settings_returned", "coverage_settings")
    )
    one, many = (
        ("children\u2019s home", "children\u2019s homes")
        if kind == HOME
        else ("setting", "settings")
    )
    if not registered.number:
        return f"No {many} are registered in {where(area)}."
    if registered.number == 1:
        return (
            f"The one {one} registered in {where(area)} sent"
            f" {'a' if returned.number else 'no'} return."
        )
    if not returned.number:
        return f"None of the {registered} {many} registered in {where(area)} sent a return."
    if returned.number == registered.number:
        return (
            f"{'Both' if registered.number == 2 else f'All {registered}'} {many} registered in"
            f" {where(area)} sent a return."
        )
    percent = f" ({whole_percent(share)})" if share.is_shown and is_enough(registered) else ""
    return sentence(
        f"{returned} of the {registered} {many} registered in {where(area)}{percent} sent a return"
    )


def _estimated(edition: Edition, area: Area, kind: str) -> list[str]:
    """The estimate for the whole register, where the release gives one: its interval, with what
    that supposes, and the band without it.
    """
    estimate, low, high = (
        edition.figure(OCCUPANCY, area, f"occupied_{n}", provision_type=kind)
        for n in ("estimate", "low", "high")
    )
    if not (estimate.is_shown and low.is_shown and high.is_shown):
        return []
    text = (
        f"Of all places registered in {plural(kind)}, an estimated {estimate} are lived in:"
        f" {low} to {high}, in 95 cases of 100"
    )
    lines = [
        sentence(
            f"{text}, if settings that did not return are like those of their size, sector, owner"
            " and authority that did"
        )
    ]
    least, most = (
        edition.figure(OCCUPANCY, area, f"occupied_band_{n}", provision_type=kind)
        for n in ("low", "high")
    )
    if least.is_shown and most.is_shown:
        points = half_up(as_decimal(100 * edition.region.missing_may_differ), 0)
        lines.append(
            sentence(
                f"If they are up to {points} percentage points fuller or emptier than that, it is"
                f" {least} to {most}"
            )
        )
    return lines


def _returns_in(edition: Edition, area: Area) -> list[DataTable]:
    """Which of the authority's own returns are in, and which of them came late."""
    table = edition.table(QUALITY)
    if not table:
        return []
    titles = {name: returned.title for name, returned in return_tables().items()}
    names = [n for n in ("returns_in_force", "returns_late") if n in table.indicators]
    rows = [
        (Cell(titles.get(t, t)), [table.figure(area, n, table_name=t) for n in names])
        for t in table.values["table_name"]
    ]
    # of an authority what did not come is told as well: it is what its figures lack
    rows = [(cell, figures) for cell, figures in rows if figures[0].number or not area.is_region]
    whose = "the region\u2019s authorities" if area.is_region else area.name
    return (
        [
            DataTable(
                f"Returns of {whose}, {on(edition)}",
                "Return",
                [table.indicators[n].label for n in names],
                rows,
            )
        ]
        if rows
        else []
    )
