"""The head of an area's page: its heading, the sentences under it, and the answers to the
observatory's one question.

Belongs here: sentences written from the figures of children's homes.
Does not belong here: the sections below them (`supply`, `demand`, `sections`).
"""

from __future__ import annotations

from collections.abc import Mapping

from assets.page.certainty import are_many, is_enough, out_by, surely_largest
from assets.page.figures import Area, Edition, Figure, Table
from assets.page.shapes import (
    COST,
    HOME,
    OCCUPANCY,
    ORIGIN,
    UNAVAILABLE,
    Answer,
    kind_of,
    plural,
    where,
)
from assets.page.wording import (
    listed,
    number_of,
    part_of,
    possessive,
    sentence,
    unsaid,
    whole_percent,
)
from assets.publication.disclosure.rules import NOT_APPLICABLE


def headline(edition: Edition, area: Area) -> str:
    """The page's heading: the share of places with nobody in them, in words; where that cannot be
    said, what stands here.
    """
    table, place = edition.table(OCCUPANCY), where(area)
    if not table:
        return f"Homes for children in care in {place}"
    kind = kind_of(table)
    (empty, counted), homes = (
        (
            table.figure(area, name, provision_type=kind)
            for name in ("unoccupied_rate", "places_returned")
        ),
        plural(kind),
    )
    # where no place was counted none is lived in
    if counted.number and _is_full(table, area):
        return f"Every place counted in {possessive(place)} {homes} is lived in"
    if empty.number and is_enough(counted):
        # a heading has no full stop
        return sentence(
            f"{part_of(empty, out_by(counted, edition.round_to))} of the places in"
            f" {possessive(place)} {homes} stand empty"
        ).rstrip(".")
    settings = table.figure(area, "settings_registered", provision_type=kind)
    if settings.is_shown:
        stand = "stands" if settings.number == 1 else "stand"
        return sentence(f"{number_of(settings, *_settings(kind))} {stand} in {place}").rstrip(".")
    return f"Homes for children in care in {place}"


def _is_full(table: Table, area: Area) -> bool:
    """Whether no place is empty: a printed count of 0 is none, while a share of rounded counts may
    be 0 without being none.
    """
    return all(
        table.figure(area, name, provision_type=kind_of(table)).number == 0
        for name in ("vacant", "unavailable")
    )


def _settings(kind: str) -> tuple[str, str]:
    """One setting and many, as a sentence counts them."""
    return (
        ("children\u2019s home", "children\u2019s homes")
        if kind == HOME
        else ("setting", "settings")
    )


def lede(edition: Edition, area: Area) -> list[str]:
    """The sentences under the heading: what stands here, how much of it answered, and how each
    place is used.
    """
    table = edition.table(OCCUPANCY)
    if not table:
        return []
    kind = kind_of(table)
    names = (
        "settings_registered",
        "places_registered",
        "coverage_settings",
        "coverage_places",
        "occupied",
        "vacant",
        "unavailable",
    )
    settings, places, answered, coverage, occupied, vacant, unavailable = (
        table.figure(area, name, provision_type=kind) for name in names
    )
    lines = []
    if settings.number == 0:
        return [f"No {plural(kind)} are registered in {where(area)}."]
    if settings.is_shown:
        stand = "stands" if settings.number == 1 else "stand"
        with_places = f" with {number_of(places, 'place', 'places')}" if places.is_shown else ""
        lines.append(
            sentence(
                f"{number_of(settings, *_settings(kind))}{with_places} {stand} in {where(area)}"
            )
        )
    lines += _answered(
        settings, table.figure(area, "settings_returned", provision_type=kind), answered, coverage
    )
    uses = (
        (occupied, "lived in", True),
        (vacant, "could take a child now", False),
        (unavailable, "empty but cannot be offered", True),
    )
    parts = [_use(figure, words, is_state) for figure, words, is_state in uses if figure.is_shown]
    if parts:
        lines.append(sentence(f"Of the places counted, {listed(parts)}"))
        if hidden := [
            w
            for f, w in (
                (occupied, "lived in"),
                (vacant, "free"),
                (unavailable, "not to be offered"),
            )
            if f.is_hidden
        ]:
            numbers = (
                f"number that is {hidden[0]} is"
                if len(hidden) == 1
                else f"numbers that are {listed(hidden)} are"
            )
            lines.append(f"The {numbers} not shown, so that nobody can be found in the figures.")
    elif occupied.is_there:
        lines.append(unsaid(occupied, "How many places are lived in"))
    return lines


def _answered(settings: Figure, returned: Figure, answered: Figure, coverage: Figure) -> list[str]:
    """How much of what stands here sent a return: of settings, and of places where not all did."""
    if coverage.number == 0 or returned.number == 0:
        return ["It sent no return." if settings.number == 1 else "None of them sent a return."]
    if answered.number == 100:
        return ["It sent a return." if settings.number == 1 else "All of them sent a return."]
    if not coverage.is_shown:
        return []
    hold = (
        "The one that sent a return holds"
        if returned.number == 1
        else "Those that sent a return hold"
    )
    return [f"{hold} {whole_percent(coverage)} of the places."]


def _use(figure: Figure, words: str, is_state: bool) -> str:
    """`2,345 are lived in`, `1 is lived in`, `none could take a child now`."""
    verb = f"{'is' if figure.number == 1 else 'are'} " if is_state else ""
    return f"{'none' if figure.number == 0 else figure} {verb}{words}"


_NO_ANSWER = str(Figure(NOT_APPLICABLE))
"""Of what does not apply there is nothing to ask."""


def answers(edition: Edition, area: Area) -> list[Answer]:
    """The one question, part by part: who lives here, which places are empty, which could take a
    child tomorrow, what it costs whom.
    """
    written = [
        _who_lives(edition, area),
        _empty(edition, area),
        _could_take(edition, area),
        _costs(edition, area),
    ]
    return [answer for answer in written if answer and answer.figure != _NO_ANSWER]


def _go_on(figure: Figure, words: str, what: str) -> str:
    """Words that go on from the figure above them; where it is no number, why."""
    return f"{words}." if figure.is_shown else unsaid(figure, what)


def _who_lives(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(ORIGIN)
    if not table:
        return None
    kind = kind_of(table)
    bands = [table.label("origin_band", code) for code in ("host", "elsewhere")]
    own, away = (
        table.figure(area, "share", provision_type=kind, origin_band=band) for band in bands
    )
    living = table.figure(area, "children", provision_type=kind)
    by = "by the authority that the home stands in" if area.is_region else f"by {area.name} itself"
    if not own.is_there:
        return None
    if living.number == 0:
        return Answer("Who lives in them?", "Nobody", "lives in the places counted.", ORIGIN)
    if own.is_shown and not is_enough(living):  # the counts, not a share that rounding has made
        from_own, from_away = (
            table.figure(area, "children", provision_type=kind, origin_band=band) for band in bands
        )
        figure, words, beyond = (
            f"{from_own} of {living}",
            f"children living here were placed {by}, in rounded counts.",
            from_away,
        )
    else:
        figure, beyond = whole_percent(own), away
        words = _go_on(
            own,
            f"of the children living here were placed {by}",
            "The share placed by the host authority",
        )
    if beyond.is_shown:
        number = whole_percent(beyond) if beyond is away else beyond if beyond.number else "none"
        words += " " + sentence(f"{number} come from beyond the region and its neighbours")
    return Answer("Who lives in them?", figure, words, ORIGIN)


def _empty(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    names = ("unoccupied_rate", "unavailable", "occupied", "places_returned")
    rate, unavailable, occupied, counted = (
        table.figure(area, name, provision_type=kind_of(table)) for name in names
    )
    if rate.is_shown and not is_enough(counted):  # the counts, not a share that rounding has made
        figure, words = _few_empty(occupied, counted, _is_full(table, area))
        unoffered = "place cannot" if unavailable.number == 1 else "places cannot"
        words += f" {unavailable} {unoffered} be offered." if unavailable.number else ""
        return Answer("Which are empty?", figure, words, OCCUPANCY)
    words = _go_on(
        rate,
        "of the places counted have nobody living in them",
        "The share of places with nobody living in them",
    )
    if unavailable.number:
        words += " " + sentence(
            f"{unavailable} of them cannot be offered{_first_reason(edition, area)}"
        )
    return (
        Answer("Which are empty?", whole_percent(rate), words, OCCUPANCY) if rate.is_there else None
    )


def _few_empty(occupied: Figure, counted: Figure, is_full: bool) -> tuple[str, str]:
    """How many of a few places are empty, as counts: a share of so few is one that rounding has
    made.
    """
    if occupied.number is None or counted.number is None:
        return str(occupied), unsaid(occupied, "How many places are empty")
    if is_full:
        return "None", f"of the {counted} places counted are empty."
    empty = counted.number - occupied.number
    if empty <= 0:
        return (
            "Few, if any",
            f"of the {counted} places counted are empty: rounded counts show none.",
        )
    return f"{empty:,.0f} of {counted}", "places counted are empty, in rounded counts."


def _first_reason(edition: Edition, area: Area) -> str:
    """Why most unavailable places are so, as the end of a sentence; blank where a reason that is
    not shown may be given more often.
    """
    table = edition.table(UNAVAILABLE)
    if not table:
        return ""
    kind = kind_of(table)
    reasons = {
        r: table.figure(area, "places", provision_type=kind, reason=r)
        for r in table.values["reason"]
    }
    total = table.figure(area, "places", provision_type=kind)
    first = most_given(reasons, total, edition.moved_by) if are_many(total) else ""
    return f"; the reason given most often is {first.lower()}" if first else ""


def most_given(reasons: Mapping[str, Figure], total: Figure, round_to: int) -> str:
    """The reason that is surely given most often. No reason given is none, but its places are not
    another's.
    """
    # at their least: what rounding may have added to them may be of a reason that is given
    known = sum(
        max((f.number or 0) - round_to / 2, 0) for r, f in reasons.items() if r.startswith("Not ")
    )
    given = {r: f for r, f in reasons.items() if not r.startswith("Not ")}
    rest = Figure(str(total.number - known)) if total.number is not None else total
    return surely_largest(given, rest, round_to)


def _could_take(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(OCCUPANCY)
    if not table:
        return None
    names = ("vacant", "vacancy_rate", "places_returned")
    vacant, rate, counted = (
        table.figure(area, name, provision_type=kind_of(table)) for name in names
    )
    of_all = (
        ""
        if not rate.is_shown
        else (
            f", {whole_percent(rate)} of those counted"
            if is_enough(counted)
            else f", of {counted} counted"
        )
    )
    words = _go_on(
        vacant,
        f"{'place' if vacant.number == 1 else 'places'} could take a child now{of_all}",
        "How many places could take a child now",
    )
    return (
        Answer("Which could take a child tomorrow?", str(vacant), words, OCCUPANCY)
        if vacant.is_there
        else None
    )


def open_placements(table: Table) -> dict[str, str]:
    """The basis that fees are told on: all open placements."""
    bases = table.values.get("basis", [])
    return {"basis": next((b for b in bases if "open" in b.casefold()), bases[0])} if bases else {}


def priced(table: Table, area: Area, kind: str) -> Figure:
    """How many placements the fees are of."""
    return table.figure(area, "placements", provision_type=kind, **open_placements(table))


def pounds(figure: Figure) -> str:
    """Money in a sentence: `£5,900`."""
    return f"£{figure.number:,.0f}" if figure.number is not None else str(figure)


def _costs(edition: Edition, area: Area) -> Answer | None:
    table = edition.table(COST)
    if not table:
        return None
    kind = kind_of(table)
    mean, high = (
        table.figure(area, name, provision_type=kind, **open_placements(table))
        for name in ("mean_weekly_cost", "upper_decile_weekly_cost")
    )
    who = "the region\u2019s authorities pay" if area.is_region else f"{area.name} pays"
    words = _go_on(
        mean,
        f"a week is what {who} on average for a child in {plural(kind)}",
        "The average weekly cost",
    )
    if high.is_shown and are_many(priced(table, area, kind)):
        words += " " + sentence(f"The dearest tenth cost {pounds(high)} or more")
    return Answer("What does that cost whom?", pounds(mean), words, COST) if mean.is_there else None
