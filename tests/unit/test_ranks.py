"""What ranks tell a login of others: exactly what follows from being above, below or the same, and
that no count follows from a release beside them.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.publication import release
from assets.publication.disclosure import comparisons, knowledge, ranks, readers, suppression
from assets.publication.disclosure.bounds import propagate
from assets.publication.disclosure.gate import judge
from assets.publication.disclosure.knowledge import Published, System, build_system
from assets.publication.programme import AREA, Ranked, RankedSide, published_table, ranked
from assets.publication.release import prepare_against
from assets.publication.tables import AUTHORITY, TrueTable, release_tables
from assets.warehouse.models import models
from schemas.regions import DisclosureMethod

DATE = dt.date(2025, 12, 31)
SAFE = DisclosureMethod()
PEOPLE = published_table(
    "plain",
    {
        "title": "T",
        "authority": "authority_code",
        "measures": [
            {"name": "children", "rule": "count"},
            {"name": "looked_after", "rule": "count"},
            {"name": "people", "rule": "exact"},
        ],
    },
)
RATE = Ranked("rate", "plain", RankedSide(("children",)), RankedSide(("people",), is_open=True))
SHARE = Ranked("share", "plain", RankedSide(("looked_after",)), RankedSide(("children",)))
OF_OPEN = Ranked("open", "plain", RankedSide(("people",), is_open=True), RankedSide(("children",)))


@pytest.fixture
def rank(monkeypatch):
    """Ranks these figures, of a programme of one table."""

    def put(*figures: Ranked) -> None:
        for module in (comparisons, knowledge, suppression, release, readers, ranks):
            monkeypatch.setattr(module, "PUBLISHED_TABLES", (PEOPLE,))
        monkeypatch.setattr(knowledge, "ties", tuple)
        monkeypatch.setattr(comparisons, "compared", tuple)
        monkeypatch.setattr(ranks, "ranked", lambda: figures)

    return put


class Release:
    """What so many authorities have, and how it is printed."""

    def __init__(self, **measures: list[int]) -> None:
        areas = [str(n + 1) for n in range(len(measures["children"]))]
        self.members = pd.DataFrame(
            {
                "authority_code": areas, "authority_gss": [f"E{a}" for a in areas], "authority_name": [f"Area {a}" for a in areas],
                "region_code": "E0", "region_name": "N",
            }
        )  # fmt: skip
        given = {"looked_after": [0] * len(areas), "people": [0] * len(areas), **measures}
        values = pd.DataFrame(
            {name: [float(sum(of)), *map(float, of)] for name, of in given.items()}
        )
        keys = pd.DataFrame({AUTHORITY: ["", *areas]})
        self.true = {"plain": TrueTable(PEOPLE, keys, values, values.map(lambda _: "x"))}

    def tables(self, hidden: dict, method: DisclosureMethod = SAFE) -> dict[str, pd.DataFrame]:
        return release_tables(self.true, self.members, DATE, hidden, method)

    def published(self, *hidden: str) -> Published:
        """As it is printed where the counts of these areas are hidden besides."""
        rows = np.array(["", *self.members["authority_code"]])
        tables = self.tables({("plain", "children"): np.isin(rows, hidden)})
        return Published(DATE, 1, tables, SAFE, {"plain": self.true["plain"].values})


def variable(system: System, area: str, measure: str = "children") -> int:
    cells = system.cells[(system.cells["area"] == area) & (system.cells["measure"] == measure)]
    return int(cells["variable"].iloc[0])


def shown(count: int) -> int | None:
    """As a count is compared: none that is small."""
    return None if 0 < count < 8 else 5 * ((count + 2) // 5)


@given(
    dividend=st.integers(0, 5_000),
    divisor=st.integers(1, 60),
    count=st.integers(0, 300),
    side=st.sampled_from([1, -1, 0]),
)
def test_a_side_leaves_the_counts_that_are_printed_there_and_no_other(
    dividend, divisor, count, side
):
    """Every count that is ranked there lies within; no other, but for those that are small."""
    if side == 0:
        # the same as a count that is printed so
        dividend = divisor * (dividend // divisor // 5 * 5)
        if 0 < dividend // divisor < 10:
            return
    numbers = np.array([dividend]), np.array([divisor]), np.array([side])
    (least,), (greatest,) = ranks._beyond(*numbers, SAFE)
    printed = shown(count)
    if printed is None:
        return
    lies_there = np.sign(printed * divisor - dividend) == side
    assert (least <= count <= greatest) == lies_there, (least, greatest)


COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=6)


@given(children=COUNTS, data=st.data())
@settings(max_examples=40)
def test_the_truth_keeps_whatever_ranks_tell(children, data):
    size = len(children)
    of_them = [data.draw(st.integers(0, most)) for most in children]
    people = data.draw(st.lists(st.integers(0, 900), min_size=size, max_size=size))
    areas = [str(n) for n in range(size)]
    cells = pd.DataFrame(
        {
            "table": "plain", "measure": np.repeat(["children", "looked_after"], size), "area": areas * 2, "key": "",
            "is_printed": True, "variable": np.arange(2 * size),
        }
    )  # fmt: skip
    truth = np.array([*children, *of_them], dtype="float64")
    tables = {"plain": pd.DataFrame({AREA: areas})}
    known = {"plain": pd.DataFrame({"people": np.array(people, dtype="float64")})}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ranks, "PUBLISHED_TABLES", (PEOPLE,))
        monkeypatch.setattr(ranks, "ranked", lambda: (RATE, SHARE, OF_OPEN))
        told = ranks.ranks(cells, truth, SAFE, 2 * size, tables, known)
    at = told.matrix @ truth
    assert (at >= told.low - 1e-6).all() and (at <= told.high + 1e-6).all()
    # of a rate every pair that has a rank is told, each of the other
    ranked_ones = [n for n, of in zip(children, people, strict=True) if shown(n) is not None and of]
    assert len(told.told) >= len(ranked_ones) * (len(ranked_ones) - 1)


def test_an_authority_without_a_rank_is_told_of_nobody_and_nobody_of_it(rank):
    """The second has a small count, the third no people."""
    rank(RATE)
    one = Release(children=[30, 4, 20, 12], people=[900, 800, 0, 700]).published()
    system = build_system([one])
    assert sorted(system.comparisons.told) == ["1", "4"]
    of = {variable(system, area) for area in ("1", "4")}
    assert set(system.comparisons.matrix.indices) == of


def test_ranks_are_among_the_authorities_of_a_region(rank, monkeypatch):
    rank(RATE)
    monkeypatch.setattr(ranks, "_regions", lambda: {"1": "E1", "2": "E1", "3": "E2", "4": "E2"})
    one = Release(children=[30, 14, 20, 12], people=[900, 800, 500, 700]).published()
    system = build_system([one])
    by = {}
    for row, code in enumerate(system.comparisons.told):
        of = system.comparisons.matrix.indices[system.comparisons.matrix.indptr[row]]
        by[str(code)] = next(a for a in "1234" if variable(system, a) == of)
    assert by == {"1": "2", "2": "1", "3": "4", "4": "3"}


CLOSE = {"children": [33, 13, 1], "people": [1000, 400, 300]}
"""45, 35, 15, c: 47 at most, less the 33 that the first has exactly, leaves 14 for the two others.
That the second lies above the first, 35 in 1,000, says of its 400 that it is printed as 15 or more:
13 at least.
"""


def test_a_login_takes_a_count_from_a_rank_where_the_figure_is_hidden(rank):
    rank(RATE)
    one = Release(**CLOSE).published("2")
    system = build_system([one])
    first = next(r for r in readers.everybody(system, one.tables) if "login of Area 1" in r.name)
    view, third = first.view(system), variable(system, "3")
    bounds = propagate(view)
    assert (bounds.low[third], bounds.high[third]) == (0, 1)
    assert [leak.variable for leak in judge(view).leaks] == [third]
    assert not judge(replace(first, told=np.array([], dtype=int)).view(system)).leaks


def test_a_release_hides_what_a_rank_would_tell(rank):
    rank(RATE)
    one = Release(**CLOSE)
    prepared = prepare_against([], DATE, one.true, one.tables, SAFE)
    assert prepared.verdict.passed
    now = replace(one.published(), tables=prepared.tables)
    system = build_system([now])
    for reader in readers.everybody(system, now.tables):
        assert not judge(reader.view(system)).leaks, reader.name


def test_what_a_share_tells_of_both_its_counts(rank):
    """40 of 50 lie above 20 of 50: of the other's count it is said what would be left of it were
    the whole known, of the whole what were the count, and of both that they are above together.
    """
    rank(SHARE)
    one = Release(children=[50, 50], looked_after=[20, 40]).published()
    system = build_system([one])
    told, looked_after = system.comparisons, variable(system, "2", "looked_after")
    whole = variable(system, "2")
    mine = np.flatnonzero(told.told == "1")
    said = {
        tuple(sorted(told.matrix[row].indices.tolist())): (told.low[row], told.high[row])
        for row in mine
    }
    assert said[looked_after,] == (23, np.inf)  # printed as 25 or more
    assert said[whole,] == (-np.inf, 97)  # printed as 95 or less
    low, high = said[tuple(sorted((looked_after, whole)))]
    assert (low, high) == (pytest.approx(-2 - 0.4 * 2), np.inf)


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
