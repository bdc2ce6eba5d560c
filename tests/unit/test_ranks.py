"""What ranks tell a login of others: what follows from being above, below, the same, or without a
rank; and that a release hides what a count would follow from beside them.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.publication import release
from assets.publication.disclosure import comparisons, knowledge, ranks, readers, suppression
from assets.publication.disclosure.bounds import before, propagate
from assets.publication.disclosure.gate import judge
from assets.publication.disclosure.knowledge import Published, System, build_system
from assets.publication.disclosure.readers import Reader
from assets.publication.disclosure.verdict import Leak
from assets.publication.programme import (
    AREA,
    Compared,
    Ranked,
    RankedSide,
    published_table,
    ranked,
)
from assets.publication.release import prepare_against
from assets.publication.tables import AUTHORITY, TrueTable, release_tables
from assets.warehouse.models import models
from schemas.regions import DisclosureMethod

DATE = dt.date(2025, 12, 31)
SAFE = DisclosureMethod()
METHODS = [
    DisclosureMethod(round_to=step, smallest_count_shown=smallest)
    for step, smallest in ((5, 8), (10, 10), (10, 12), (5, 11), (5, 16), (3, 5), (4, 6), (1, 3))
]
COUNT, EXACT = ({"name": "children", "rule": "count"}, {"name": "people", "rule": "exact"})
PLAIN = published_table(
    "plain",
    {
        "title": "T",
        "authority": "authority_code",
        "measures": [COUNT, {"name": "looked_after", "rule": "count"}, EXACT],
    },
)
PEOPLE = RankedSide(("people",), is_open=True)
RATE = Ranked("rate", "plain", RankedSide(("children",)), PEOPLE)
SHARE = Ranked("share", "plain", RankedSide(("looked_after",)), RankedSide(("children",)))
OF_OPEN = Ranked("open", "plain", PEOPLE, RankedSide(("children",)))


def put(monkeypatch: pytest.MonkeyPatch, *figures: Ranked, compared: bool = False) -> None:
    """Rank these figures, of a programme of one table; compare the children too, if asked."""
    for module in (comparisons, knowledge, suppression, release, readers, ranks):
        monkeypatch.setattr(module, "PUBLISHED_TABLES", (PLAIN,))
    monkeypatch.setattr(knowledge, "ties", tuple)
    of_children = (Compared("plain", ("children",)),) if compared else ()
    monkeypatch.setattr(comparisons, "compared", lambda: of_children)
    monkeypatch.setattr(ranks, "ranked", lambda: figures)


@pytest.fixture
def rank(monkeypatch):
    """As `put`."""
    return partial(put, monkeypatch)


class Release:
    """What so many authorities have, and how it is printed."""

    def __init__(self, **measures: list[int]) -> None:
        areas = [str(n + 1) for n in range(len(measures["children"]))]
        self.members = pd.DataFrame(
            {
                "authority_code": areas, "authority_gss": [f"E{a}" for a in areas],
                "authority_name": [f"Area {a}" for a in areas], "region_code": "E0",
                "region_name": "N",
            }
        )  # fmt: skip
        of = {"looked_after": [0] * len(areas), "people": [0] * len(areas), **measures}
        values = pd.DataFrame({name: [float(sum(n)), *map(float, n)] for name, n in of.items()})
        keys = pd.DataFrame({AUTHORITY: ["", *areas]})
        self.true = {"plain": TrueTable(PLAIN, keys, values, values.map(lambda _: "x"))}

    def tables(self, hidden: dict, method: DisclosureMethod = SAFE) -> dict[str, pd.DataFrame]:
        return release_tables(self.true, self.members, DATE, hidden, method)

    def published(self, *hidden: str, method: DisclosureMethod = SAFE) -> Published:
        """As it is printed where the children of these areas are hidden besides."""
        rows = np.array(["", *self.members["authority_code"]])
        tables = self.tables({("plain", "children"): np.isin(rows, hidden)}, method)
        return Published(DATE, 1, tables, method, {"plain": self.true["plain"].values})

    def leaves(self, method: DisclosureMethod = SAFE) -> tuple[Published, System]:
        """As the gate lets it out, and its system."""
        prepared = prepare_against([], DATE, self.true, self.tables, method)
        assert prepared.verdict.passed, prepared.verdict.lines()
        now = replace(self.published(method=method), tables=prepared.tables)
        return now, build_system([now])


def variable(system: System, area: str, measure: str = "children") -> int:
    cells = system.cells[(system.cells["area"] == area) & (system.cells["measure"] == measure)]
    return int(cells["variable"].iloc[0])


def login(system: System, one: Published, area: str) -> Reader:
    everybody = readers.everybody(system, one.tables)
    return next(reader for reader in everybody if reader.name.endswith(f"login of Area {area}"))


def as_printed(count: int, method: DisclosureMethod) -> int | None:
    """As a count is compared: none that is small."""
    if 0 < count < method.smallest_count_shown:
        return None
    step = method.round_to
    return step * ((2 * count + step) // (2 * step))


@given(
    dividend=st.integers(0, 5_000),
    divisor=st.integers(1, 60),
    count=st.integers(0, 300),
    side=st.sampled_from([1, -1, 0]),
    method=st.sampled_from(METHODS),
)
def test_a_side_leaves_the_counts_that_are_printed_there_and_no_other(
    dividend, divisor, count, side, method
):
    """Every count that is ranked there lies within; no other, but for those that are small."""
    if side == 0:  # the same as what some count is printed as
        dividend = divisor * (as_printed(dividend // divisor, method) or 0)
    numbers = np.array([dividend]), np.array([divisor]), np.array([side])
    (least,), (greatest,) = ranks._beyond(*numbers, method)
    printed = as_printed(count, method)
    if printed is not None:
        lies_there = np.sign(printed * divisor - dividend) == side
        assert (least <= count <= greatest) == lies_there, (least, greatest)


def told_of_whom(told: comparisons.Comparisons, area_of: np.ndarray) -> set[tuple[str, str]]:
    rows = np.split(told.matrix.indices, told.matrix.indptr[1:-1]) if len(told.told) else []
    return {
        (str(code), str(area_of[v])) for code, row in zip(told.told, rows, strict=True) for v in row
    }


@given(
    children=st.lists(st.integers(0, 60), min_size=2, max_size=6),
    data=st.data(),
    method=st.sampled_from(METHODS),
    figure=st.sampled_from([RATE, SHARE, OF_OPEN]),
)
@settings(max_examples=100)
def test_the_truth_keeps_what_ranks_tell_of_everybody_who_has_the_figure(
    children, data, method, figure
):
    size = len(children)
    looked_after = [data.draw(st.integers(0, most)) for most in children]
    people = data.draw(st.lists(st.integers(0, 900), min_size=size, max_size=size))
    areas = np.array([str(n) for n in range(size)])
    cells = pd.DataFrame(
        {
            "table": "plain", "measure": np.repeat(["children", "looked_after"], size),
            "area": np.tile(areas, 2), "key": "", "variable": np.arange(2 * size),
        }
    )  # fmt: skip
    truth = np.array([*children, *looked_after], dtype="float64")
    tables = {"plain": pd.DataFrame({AREA: areas})}
    known = {"plain": pd.DataFrame({"people": np.array(people, dtype="float64")})}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ranks, "PUBLISHED_TABLES", (PLAIN,))
        monkeypatch.setattr(ranks, "ranked", lambda: (figure,))
        told = ranks.ranks(cells, truth, method, 2 * size, tables, known)
    at = told.matrix @ truth
    assert (at >= told.low - 1e-6).all() and (at <= told.high + 1e-6).all()
    counted, of = {
        RATE: ([as_printed(n, method) for n in children], people),
        SHARE: [[as_printed(n, method) for n in side] for side in (looked_after, children)],
        OF_OPEN: (people, [as_printed(n, method) for n in children]),
    }[figure]
    pairs = set()
    for own in range(size):
        for other in set(range(size)) - {own}:
            has_rank = counted[own] is not None and of[own]
            # without a rank it is not above; of a share of nothing nothing follows
            is_told = of[other] and (figure is not OF_OPEN or counted[own])
            if has_rank and is_told:
                pairs.add((areas[own], areas[other]))
    assert told_of_whom(told, np.tile(areas, 2)) == pairs


def test_ranks_are_among_the_authorities_of_a_region(rank, monkeypatch):
    rank(RATE)
    regions = {"1": "E1", "2": "E1", "3": "E2", "4": "E2"}
    monkeypatch.setattr(ranks, "region_of", regions.get)
    one = Release(children=[30, 14, 20, 12], people=[900, 800, 500, 700]).published()
    system = build_system([one])
    area_of = np.full(len(system.low), "region")
    for area in "1234":
        area_of[variable(system, area)] = area
    whom = told_of_whom(system.comparisons, area_of)
    assert whom == {("1", "2"), ("2", "1"), ("3", "4"), ("4", "3")}


def test_a_figure_is_of_its_categories_and_ranked_among_its_own_kind(monkeypatch):
    """Of two types and three reasons: the share of the first two reasons, apart by type, but not
    for the total; what is behind the printed rows counts as what is printed.
    """
    side = RankedSide(("children",), (("reason", ("a", "b")),))
    of = RankedSide(("people",), (("reason", ("Total",)),), is_open=True)
    figure = Ranked("share", "by_type", side, of, without=("Total",))
    table = published_table(
        "by_type",
        {
            "title": "T",
            "authority": "authority_code",
            "filters": {"provision_type": {"label": "Type"}, "reason": {"label": "Why"}},
            "measures": [COUNT, EXACT],
        },
    )
    keys = pd.MultiIndex.from_product(
        [["1", "2"], ["home", "foster", "Total"], ["a", "b", "c", "Total"]],
        names=[AREA, "provision_type", "reason"],
    ).to_frame(index=False)
    # the first area has 10, 20, 30 and 40 of a type, the second twice as many
    number = pd.Series([10.0, 20.0, 30.0, 40.0] * 6) * np.where(keys[AREA] == "1", 1, 2)
    cells = pd.DataFrame(
        {
            "table": "by_type", "measure": "children", "area": keys[AREA],
            "key": keys["provision_type"] + "|" + keys["reason"], "variable": np.arange(len(keys)),
        }
    )  # fmt: skip
    # of the second area's foster care one reason is not held
    missing = (keys == ["2", "foster", "b"]).all(axis=1)
    monkeypatch.setattr(ranks, "PUBLISHED_TABLES", (table,))
    monkeypatch.setattr(ranks, "ranked", lambda: (figure,))
    given = (cells[~missing], number.to_numpy(), SAFE, len(keys), {"by_type": keys})
    found = list(ranks.figures_of(*given, {"by_type": pd.DataFrame({"people": number})}))
    assert [(one.kind, one.areas.tolist()) for one in found] == [
        ("foster", ["1"]),
        ("home", ["1", "2"]),
    ]
    assert found[1].n.tolist() == [30, 60] and found[1].d.tolist() == [40, 80]
    assert found[1].counted.sum(axis=1).A1.tolist() == [2, 2]
    # a release that is read back has no numbers that are open
    assert list(ranks.figures_of(*given, {"by_type": pd.DataFrame({"children": number})})) == []
    assert list(ranks.figures_of(*given, {})) == []


CLOSE = {"children": [33, 13, 1], "people": [1000, 400, 3000]}
"""45, 35, 15, c: 47 at most, less the 33 that the first has exactly, leaves 14 for the two others.
One of them lies above the first, 35 in 1,000. It is not the third, which would have 110 of its
3,000; of the second's 400 it says that it is printed as 15 or more: 13 at least.
"""


def test_a_login_takes_a_count_from_a_rank_where_the_figure_is_hidden(rank):
    rank(RATE)
    one = Release(**CLOSE).published("2")
    system = build_system([one])
    first = login(system, one, "1")
    view, third = first.view(system), variable(system, "3")
    bounds = propagate(view)
    assert (bounds.low[third], bounds.high[third]) == (0, 1)
    leaks = judge(view).leaks
    assert [leak.variable for leak in leaks] == [third]
    assert "what a rank tells of others" in leaks[0].by_ties
    assert not judge(replace(first, told=np.array([], dtype=int)).view(system)).leaks


@pytest.mark.parametrize(
    ("case", "compared", "method"),
    [
        (CLOSE, False, SAFE),
        # the others' sum is told beside the rank, and both together would be: 93 to 97, and 48 each
        ({"children": [45, 48, 48, 1], "people": [1000, 1000, 1000, 900]}, True, SAFE),
        # rank 1 with 10 in 1,000: of 900 the others have 7 at most, and 13 together or more
        ({"children": [10, 0, 6, 7], "people": [1000, 900, 900, 900]}, True, SAFE),
        ({"children": [10, 6, 7], "people": [1000, 900, 900]}, False, SAFE),
        (
            {"children": [12, 12, 30, 40], "looked_after": [43, 1, 0, 0]},
            False,
            DisclosureMethod(round_to=10, smallest_count_shown=12),
        ),
    ],
)
def test_a_release_hides_what_a_count_would_follow_from_beside_ranks(rank, case, compared, method):
    rank(RATE, SHARE, compared=compared)
    now, system = Release(**case).leaves(method)
    for reader in readers.everybody(system, now.tables):
        verdict = judge(reader.view(system))
        assert not verdict.leaks and not verdict.contradictions, reader.name


def test_which_of_several_hidden_figures_lies_above_a_rank_leaves_open(rank):
    """As above, but that the third has 300: of them 13 or 14 would lie above as well."""
    rank(RATE)
    one = Release(children=[33, 13, 1], people=[1000, 400, 300]).published("2")
    system = build_system([one])
    bounds = propagate(login(system, one, "1").view(system))
    assert (bounds.low[variable(system, "3")], bounds.high[variable(system, "3")]) == (0, 14)
    # where one of the two is shown, it is known of both
    shown = build_system([replace(one, tables=Release(**CLOSE).published().tables)])
    bounds = propagate(login(shown, one, "1").view(shown))
    assert bounds.high[variable(shown, "3")] == 1


def test_what_a_rank_tells_without_the_release(rank):
    """It says how many lie above; which, the release says, but where none does. Then the second has
    no more than is printed as 10 of its 900, and whether that is 0 the release says.
    """
    rank(RATE)
    nobody_above = {"children": [10, 0, 7], "people": [1000, 900, 900]}
    for case, is_known in ((CLOSE, False), (nobody_above, True)):
        one = Release(**case).published("2")
        system = build_system([one])
        bounds = propagate(before(login(system, one, "1").view(system)))
        second = variable(system, "2")
        assert bounds.low[second] == 0 and (bounds.high[second] == 7) == is_known


def test_what_one_rank_tells_may_leave_another_no_choice(rank):
    """By its share the second has 43 or more, so that the third has 6 at most of the 80: not what
    would lie above by the rate, which then the second does.
    """
    rank(RATE, SHARE)
    case = {"children": [33, 48, 1], "people": [1000, 1400, 300], "looked_after": [18, 25, 0]}
    one = Release(**case).published("2")
    system = build_system([one])
    # no more are looked after than there are children
    system.low[variable(system, "2")] = 23
    bounds = propagate(login(system, one, "1").view(system))
    assert bounds.high[variable(system, "3")] == 1


def left_by_all(
    printed: Published, case: dict[str, list[int]], compared: bool
) -> tuple[list[set[int]], list[set[int]]]:
    """Of every other, the values that remain to the first authority's login, who tries out all
    worlds; and those that its rank and comparison alone leave. Counts above 60 are not tried.
    """
    own, *true = case["children"]
    others = np.indices([61] * len(true), dtype="int16").reshape(len(true), -1)
    shown = np.where((others > 0) & (others < 8), -1, 5 * ((others + 2) // 5))
    people = np.array(case["people"])
    mine = as_printed(own, SAFE)
    possible = np.ones(others.shape[1], dtype=bool)
    if mine is not None:
        above = (shown * people[0] > mine * people[1:, None]).sum(axis=0)
        place = int(np.flatnonzero((others == np.array(true)[:, None]).all(axis=0))[0])
        possible &= above == above[place]
    if compared:
        sums, of_true = others.sum(axis=0), sum(true)
        low, high = comparisons.told_of(np.array([float(of_true)]), SAFE)
        possible &= (sums >= low[0]) & (sums <= high[0])
    alone = [set(others[n, possible].tolist()) for n in range(len(true))]
    texts = printed.tables["plain"]["children"].tolist()
    for numbers, text in [
        (own + others.sum(axis=0), texts[0]),
        *zip(others, texts[2:], strict=True),
    ]:
        if text != "c":
            as_shown = np.where((numbers > 0) & (numbers < 8), -1, 5 * ((numbers + 2) // 5))
            possible &= as_shown == int(text)
    return [set(others[n, possible].tolist()) for n in range(len(true))], alone


PEOPLE_OF = st.sampled_from([300, 400, 900, 1000, 1400, 3000])


@given(
    children=st.tuples(st.integers(0, 40), *[st.sampled_from([0, 1, 4, 6, 7, 9, 12, 13, 24])] * 3),
    people=st.tuples(*[PEOPLE_OF] * 4),
    compared=st.booleans(),
)
@example((45, 48, 48, 1), (1000, 1000, 1000, 900), True)
@example((10, 0, 6, 7), (1000, 900, 900, 900), True)
@example((10, 6, 7, 0), (1000, 900, 900, 900), False)
@example((33, 13, 1, 0), (1000, 400, 300, 300), True)
@settings(max_examples=25, deadline=None)
def test_who_tries_out_all_worlds_has_three_values_of_each(children, people, compared):
    """Or as many as its rank and the comparison leave without the release."""
    case = {"children": [*children], "people": [*people]}
    with pytest.MonkeyPatch.context() as monkeypatch:
        put(monkeypatch, RATE, compared=compared)
        one = Release(**case)
        prepared = prepare_against([], DATE, one.true, one.tables, SAFE)
    if not prepared.verdict.passed:
        return
    now = replace(one.published(), tables=prepared.tables)
    left, alone = left_by_all(now, case, compared)
    for true, values, without in zip(children[1:], left, alone, strict=True):
        assert true in values
        if 0 < true < 8:
            assert len(values) >= min(3, len(without)), (prepared.tables["plain"], values)


@pytest.mark.parametrize(("by_ranks", "passes"), [(True, True), (False, False)])
def test_what_leaks_by_ranks_however_much_is_hidden_leaves_without_them(
    rank, monkeypatch, by_ranks, passes
):
    """And what leaks without them too is refused, as it was asked with them."""
    rank(RATE)
    proved, asked = release._proved, []

    def leaking(repair, *rest):
        tables, verdict = proved(repair, *rest)
        told = repair.system.comparisons
        has_ranks = bool(told.is_rank(np.arange(len(told.told))).any())
        asked.append(has_ranks)
        leak = Leak(0, "a count", 1, 1, (), ())
        leaks = (leak,) if has_ranks or not by_ranks else ()
        return tables, replace(verdict, leaks=leaks)

    monkeypatch.setattr(release, "_proved", leaking)
    one = Release(children=[12, 24, 13], people=[300, 400, 900])
    prepared = prepare_against([], DATE, one.true, one.tables, SAFE)
    assert (prepared.verdict.passed, prepared.ranked) == (passes, not passes)
    assert asked == [True, False]


def test_what_a_share_tells_of_both_its_counts(rank):
    """40 of 50 lie above 20 of 50: of the other's count it is said what would be left of it were
    the whole known, of the whole what were the count, and of both that they are above together, by
    a fifth of five at least.
    """
    rank(SHARE)
    one = Release(children=[50, 50], looked_after=[20, 40]).published()
    system = build_system([one])
    told, looked_after = system.comparisons, variable(system, "2", "looked_after")
    whole = variable(system, "2")
    said = {
        tuple(sorted(told.matrix[row].indices.tolist())): (told.low[row], told.high[row])
        for row in np.flatnonzero(told.told == "1")
    }
    assert said[looked_after,] == (23, np.inf)  # printed as 25 or more
    assert said[whole,] == (8, 97)  # printed as 95 or less, and no small number
    low, high = said[tuple(sorted((looked_after, whole)))]
    assert (low, high) == (pytest.approx(-2 - 0.4 * 2 + 5 / 5), np.inf)


def test_every_headline_figure_whose_counts_are_published_is_ranked():
    """A headline is a row of `measures` in the model. Not among them: one whose counts are the
    register's, and one by type, which no published table divides distances by.
    """
    sql = models()["curated", "headline_figure"].sql
    rows = re.findall(r"^\s*\('((?:[^']|'')+)', '[^']+', (true|false), (true|false)\)", sql, re.M)
    figures = {name.replace("''", "'"): (n == "true", d == "true") for name, n, d in rows}
    assert len(figures) == 13
    known = {entry.figure: (entry.counted.is_open, entry.of.is_open) for entry in ranked()}
    assert known == {
        name: is_open
        for name, is_open in figures.items()
        if name not in ("one-bed homes", "more than 20 miles from home")
    }


def test_an_entry_that_names_what_the_programme_lacks_is_refused(monkeypatch):
    from assets.publication import programme

    wrong = {"figure": "f", "table": "placement_stability", "counted": {"measures": ["childs"]}}
    wrong["of"] = {"measures": ["children"]}
    monkeypatch.setattr(programme, "_named_in_ties", lambda _: [wrong])
    ranked.cache_clear()
    try:
        with pytest.raises(ValueError, match="placement_stability has no childs; expected"):
            ranked()
    finally:
        ranked.cache_clear()
