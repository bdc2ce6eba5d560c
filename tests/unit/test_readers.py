"""Readers who know more than the gate's two: what each knows, that the repair hides for him, and
that a release is refused that tells him.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from assets.publication import release
from assets.publication.disclosure import comparisons, knowledge, readers, suppression
from assets.publication.disclosure import proof as proofs
from assets.publication.disclosure.bounds import propagate
from assets.publication.disclosure.gate import judge, told_to
from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.disclosure.proof import Proof
from assets.publication.disclosure.verdict import Leak, Verdict
from assets.publication.programme import TOTAL, Compared, Term, Tie, published_table
from assets.publication.release import prepare_against
from assets.publication.tables import AUTHORITY, TrueTable, release_tables
from schemas.regions import DisclosureMethod

DATE = dt.date(2025, 12, 31)
SAFE = DisclosureMethod()
AREAS = ["1", "2", "3"]
MEMBERS = pd.DataFrame(
    {
        "authority_code": AREAS, "authority_gss": ["E1", "E2", "E3"], "authority_name": ["Aford", "Beeham", "Ceeton"],
        "region_code": "E0", "region_name": "N",
    }
)  # fmt: skip


def entry(**more: object) -> dict:
    return {
        "title": "T",
        "authority": "authority_code",
        "measures": [{"name": "children", "rule": "count", **more}],
    }


PLAIN = published_table("plain", entry())
OFFICIAL = published_table("official", {**entry(), "official": True})
SHARED = published_table("shared", entry(known_to_members="always"))
BY_HOST = published_table(
    "flows", {**entry(), "filters": {"host_authority_name": {"label": "Host"}}}
)
SHARED_NOT = published_table("other", entry())
PARTS = Tie(
    "one part and the other are the whole",
    (Term("plain", "children"), Term("other", "children"), Term("official", "children", -1)),
    presumed=True,
)
SAME = Tie(
    "the same children twice",
    (Term("plain", "children"), Term("official", "children", -1)),
    presumed=True,
)
SAME_SHARED = Tie(
    "the same children twice",
    (Term("plain", "children"), Term("shared", "children", -1)),
    presumed=True,
)


@pytest.fixture
def programme(monkeypatch):
    """Sets a small programme in place of the region's."""

    def put(*tables, ties=()):
        for module in (comparisons, knowledge, suppression, release, readers):
            monkeypatch.setattr(module, "PUBLISHED_TABLES", tables)
        monkeypatch.setattr(knowledge, "ties", lambda: ties)

    return put


def simple(table, counts: list[int]) -> TrueTable:
    values = pd.DataFrame({"children": [float(sum(counts)), *map(float, counts)]})
    return TrueTable(
        table, pd.DataFrame({AUTHORITY: ["", *AREAS]}), values, values.map(lambda _: "x")
    )


def printed(*true: TrueTable, hide: dict | None = None) -> Published:
    tables = release_tables({t.table.name: t for t in true}, MEMBERS, DATE, hide or {}, SAFE)
    return Published(DATE, 1, tables, SAFE, {t.table.name: t.values for t in true})


def told(one: Published, who: str) -> list[str]:
    system = build_system([one])
    asked = [reader for reader in readers.everybody(system, one.tables) if who in reader.name]
    return [
        str(leak)
        for reader in asked
        for leak in told_to(reader.name, judge(reader.view(system)).leaks)
    ]


def by_area(
    counts: list[int],
) -> tuple[dict[str, TrueTable], Callable[..., dict[str, pd.DataFrame]]]:
    """The plain count of so many authorities, and how it is printed."""
    areas = [str(n + 1) for n in range(len(counts))]
    members = pd.DataFrame(
        {
            "authority_code": areas, "authority_gss": [f"E{a}" for a in areas], "authority_name": [f"Area {a}" for a in areas],
            "region_code": "E0", "region_name": "N",
        }
    )  # fmt: skip
    values = pd.DataFrame({"children": [float(sum(counts)), *map(float, counts)]})
    true = {
        "plain": TrueTable(
            PLAIN, pd.DataFrame({AUTHORITY: ["", *areas]}), values, values.map(lambda _: "x")
        )
    }
    return true, partial(release_tables, true, members, DATE)


def mended(*true: TrueTable) -> Published:
    """What leaves: printed, repaired and let out by the gate."""
    named = {t.table.name: t for t in true}
    prepared = prepare_against(
        [],
        DATE,
        named,
        lambda hidden, method: release_tables(named, MEMBERS, DATE, hidden, method),
        SAFE,
    )
    assert prepared.verdict.passed, prepared.verdict.lines()
    return Published(DATE, 1, prepared.tables, SAFE, {name: t.values for name, t in named.items()})


OWN = [10, 13, 23, 1]
"""45, 10, 15, 25, c: 47 at most, less 13 and 23 at least, and who has the 10 exactly has 0 or 1
left; who takes it for 8 to 12 has 0 to 3.
"""


def test_a_login_takes_its_own_count_from_the_regions(programme):
    programme(PLAIN)
    true, printed_so = by_area(OWN)
    one = Published(DATE, 1, printed_so({}, SAFE), SAFE, {"plain": true["plain"].values})
    assert judge(build_system([one])).passed, "nobody else can tell"
    assert "only 2 of its values are left" in told(one, "login of Area 1")[0]
    prepared = prepare_against([], DATE, true, printed_so, SAFE)
    assert prepared.verdict.passed and not told(replace(one, tables=prepared.tables), "")


def test_a_group_of_a_sub_region_knows_what_its_members_know_together(programme):
    """47 at most, less the 11 and 12 that it has exactly and 23 at least, leaves 0 or 1; to each of
    the two by itself up to 5 are left.
    """
    programme(PLAIN)
    groups = {"the west": ("1", "2"), "the east": ("3", "4")}
    true, printed_so = by_area([11, 12, 23, 1])
    one = Published(DATE, 1, printed_so({}, SAFE), SAFE, {"plain": true["plain"].values})
    assert not told(one, "login of Area")
    assert told_to_groups(one, groups)[0].startswith("who has the login of the group of the west")
    prepared = prepare_against([], DATE, true, printed_so, SAFE, groups=groups)
    mended_so = replace(one, tables=prepared.tables)
    assert prepared.verdict.passed and not told_to_groups(mended_so, groups)
    assert prepared.tables["plain"]["children"].tolist().count("c") > 1


def told_to_groups(one: Published, groups: dict[str, tuple[str, ...]]) -> list[str]:
    system = build_system([one])
    logins = readers.members(system, one.tables, groups).logins
    asked = [reader for reader in logins if "the group of" in reader.name]
    assert len(asked) == len(groups)
    return [
        f"{reader.name}: {leak}"
        for reader in asked
        for leak in told_to(reader.name, judge(reader.view(system)).leaks)
    ]


def test_a_zero_of_the_region_is_everybodys_zero_to_whoever_knows_the_whole(programme):
    """What members share is all of `shared`; a tie then tells what stands in `plain` though it is
    hidden there.
    """
    programme(PLAIN, SHARED, ties=(SAME_SHARED,))
    one = printed(simple(PLAIN, [5, 6, 30]), simple(SHARED, [5, 6, 30]))
    assert not told(one, "login"), "he knows it without the release"


def in_three() -> list[TrueTable]:
    """Beeham's 9 of DfE's table are 8 in one of ours and 1 in another."""
    return [simple(OFFICIAL, [0, 9, 0]), simple(SHARED_NOT, [0, 8, 0]), simple(PLAIN, [0, 1, 0])]


def test_who_holds_the_official_tables_takes_our_rounded_counts_from_exact_ones(programme):
    programme(OFFICIAL, SHARED_NOT, PLAIN, ties=(PARTS,))
    one = printed(
        *in_three()
    )  # 9 less 8 to 12 leaves 0 and 1; to others 10 stands for 8 to 12 as well
    assert judge(build_system([one])).passed, "nobody else can tell"
    assert "only 2 of its values are left" in told(one, "DfE")[0]
    assert not told(mended(*in_three()), "")


def test_a_release_that_tells_a_reader_is_mended_for_him(programme):
    """Places given to others by a login: the whole of Beeham's flows is known to it, and the rest
    must keep three values.
    """
    programme(BY_HOST)
    hosts = ["Aford", "Beeham", "Ceeton"]
    grid = np.array([[9, 8, 1], [8, 0, 9], [9, 9, 8]])
    keys, values = [], []
    for a, area in enumerate(["", *AREAS]):
        for h, host in enumerate([TOTAL, *hosts]):
            rows = grid if a == 0 else grid[[a - 1]]
            keys.append((area, host))
            values.append(float((rows if h == 0 else rows[:, [h - 1]]).sum()))
    frame = pd.DataFrame(keys, columns=[AUTHORITY, "host_authority_name"])
    true = TrueTable(
        BY_HOST,
        frame,
        pd.DataFrame({"children": values}),
        pd.DataFrame({"children": ["x"] * len(values)}),
    )
    prepared = prepare_against(
        [],
        DATE,
        {"flows": true},
        lambda hidden, method: release_tables({"flows": true}, MEMBERS, DATE, hidden, method),
        SAFE,
    )
    assert prepared.verdict.passed
    assert not told(Published(DATE, 1, prepared.tables, SAFE, {"flows": true.values}), "")


@pytest.mark.parametrize(
    "reader", ["who holds DfE's tables of the date", "who has the login of Area 1"]
)
def test_a_leak_to_a_reader_refuses_the_release(programme, monkeypatch, reader):
    of_a_login = "login" in reader
    programme(
        *((PLAIN,) if of_a_login else (OFFICIAL, SHARED_NOT, PLAIN)),
        ties=() if of_a_login else (PARTS,),
    )
    true, printed_so = by_area(OWN)
    if not of_a_login:
        true = {t.table.name: t for t in in_three()}
        printed_so = partial(release_tables, true, MEMBERS, DATE)
    for way in ("hide_for_reader", "hide_for", "hide_around"):
        monkeypatch.setattr(suppression.Repair, way, lambda *_, **__: False)
    verdict = prepare_against([], DATE, true, printed_so, SAFE).verdict
    assert not verdict.passed and any(reader in line for line in verdict.lines())


def test_a_presumption_that_is_not_true_tells_nothing(programme):
    programme(PLAIN)
    one = printed(
        simple(PLAIN, [30, 0, 5]),
        hide={("plain", "children"): np.array([False, False, True, False])},
    )
    assert not told(one, "no zero is hidden")


def compare(monkeypatch, neighbours: dict[str, tuple[str, ...]]) -> None:
    """The plain count is compared: the first four authorities are a sub-region."""
    beside = {a: tuple(b for b in "1234" if b != a) for a in "1234"}
    monkeypatch.setattr(knowledge, "others_of_the_sub_region", lambda: beside)
    monkeypatch.setattr(
        comparisons, "statistical_neighbours_of", lambda code: neighbours.get(code, ())
    )
    monkeypatch.setattr(comparisons, "compared", lambda: (Compared("plain", ("children",)),))


@pytest.mark.parametrize(
    ("others", "least", "greatest"),
    [(0, 0, 0), (1, 1, 7), (7, 1, 7), (8, 8, 12), (12, 8, 12), (13, 13, 17), (40, 38, 42)],
)
def test_a_comparison_tells_others_as_the_release_does(others, least, greatest):
    low, high = comparisons.told_of(np.array([float(others)]), SAFE)
    assert (low[0], high[0]) == (least, greatest)


def test_a_login_is_told_of_every_group_of_enough_others(programme, monkeypatch):
    """The sub-region's three others, the region's five, four neighbours; not two neighbours, nor
    the same group twice.
    """
    programme(PLAIN)
    compare(monkeypatch, {"1": ("2", "5"), "5": ("1", "2", "3", "4"), "2": ("1", "3", "4", "9")})
    true, printed_so = by_area([30, 5, 1, 0, 6, 9])
    of_all = build_system(
        [Published(DATE, 1, printed_so({}, SAFE), SAFE, {"plain": true["plain"].values})]
    ).comparisons
    sums = [
        (str(code), int(n))
        for code, n in zip(of_all.told, of_all.matrix.sum(axis=1).A1, strict=True)
    ]
    assert sorted(sums) == sorted(
        [*((code, 5) for code in "123456"), *((code, 3) for code in "1234"), ("5", 4)]
    )


def test_whose_sums_are_told_is_the_regions_own_file_to_say(programme, monkeypatch):
    """A region of a file of its own, or one within another's: the fourth to the sixth are together
    here, and nowhere else.
    """
    programme(PLAIN)
    compare(monkeypatch, {})
    true, printed_so = by_area([30, 5, 1, 0, 6, 9])
    near = {a: tuple(b for b in "3456" if b != a) for a in "3456"}
    now = Published(
        DATE, 1, printed_so({}, SAFE), SAFE, {"plain": true["plain"].values}, beside=near
    )
    of_all = build_system([now]).comparisons
    of_three = sorted(
        str(code)
        for code, n in zip(of_all.told, of_all.matrix.sum(axis=1).A1, strict=True)
        if n == 3
    )
    assert of_three == list("3456")


def test_a_login_takes_a_count_from_what_comparisons_tell_of_its_neighbours(programme, monkeypatch):
    """The fifth is told that its neighbours have 33 to 37 together: two are at least 23 and 13, so
    that 0 or 1 is left of the third.
    """
    programme(PLAIN)
    compare(monkeypatch, {"5": ("1", "2", "3", "4")})
    true, printed_so = by_area([23, 13, 1, 0, 30, 90])
    one = Published(DATE, 1, printed_so({}, SAFE), SAFE, {"plain": true["plain"].values})
    system = build_system([one])
    third = system.cells.set_index("area")["variable"].loc["3"]
    fifth = next(r for r in readers.everybody(system, one.tables) if "login of Area 5" in r.name)
    bounds = propagate(fifth.view(system))
    assert (bounds.low[third], bounds.high[third]) == (0, 1)
    assert [leak.variable for leak in judge(fifth.view(system)).leaks] == [third]
    assert not judge(replace(fifth, told=np.array([], dtype=int)).view(system)).leaks
    prepared = prepare_against([], DATE, true, printed_so, SAFE)
    assert prepared.verdict.passed and not told(replace(one, tables=prepared.tables), "")


def test_a_group_of_a_sub_region_reads_no_comparison(programme, monkeypatch):
    """What a release tells it is not excused by what its members are told: to the fifth alone the
    third's count is known without the release.
    """
    programme(PLAIN)
    compare(monkeypatch, {"5": ("1", "2", "3", "4")})
    true, printed_so = by_area([23, 13, 1, 0, 30, 90])
    one = Published(DATE, 1, printed_so({}, SAFE), SAFE, {"plain": true["plain"].values})
    system = build_system([one])
    logins = readers.members(system, one.tables, {"the south": ("5", "6")}).logins
    of = {reader.name.removeprefix("who has the login of "): reader.told for reader in logins}
    assert len(of["Area 5"]) and not len(of["the group of the south"])


def test_tables_without_any_count_leave_as_they_are(programme):
    """A quarter of which only returns came that feed no count: nothing is printed that could tell
    one.
    """
    places = published_table(
        "places", {**entry(), "measures": [{"name": "children", "rule": "exact"}]}
    )
    programme(places)
    assert mended(simple(places, [30, 5, 0])).tables["places"]["children"].tolist() == [
        "35",
        "30",
        "5",
        "0",
    ]


def test_every_login_and_both_other_readers_are_asked(programme):
    programme(PLAIN, OFFICIAL, ties=(SAME,))
    one = printed(simple(PLAIN, [30, 5, 0]), simple(OFFICIAL, [30, 5, 0]))
    system = build_system([one])
    names = [reader.name for reader in readers.everybody(system, one.tables)]
    assert len(names) == 3 + 1 + len(AREAS) and sum("Beeham" in name for name in names) == 1
    view = next(
        r for r in readers.everybody(system, one.tables) if "login of Aford" in r.name
    ).view(system)
    own = system.cells.set_index(["table", "area"]).loc[("plain", "1"), "variable"]
    assert (
        (view.low[own], view.high[own]) == (30, 30)
        and not view.small[own]
        and system.low[own] == 28
    )


OCCUPIED, RETURNED = (published_table(name, entry()) for name in ("occupied", "returned"))
VACANT = published_table("vacant", entry(noise="vacant"))
PLACES = Tie(
    "occupied and vacant places are the places returned",
    (Term("occupied", "children"), Term("vacant", "children"), Term("returned", "children", -1)),
)


@pytest.mark.parametrize("seed", [0, 1, 241, 245, 247, 263, 269, 276])
def test_what_the_repair_hides_is_presumed_not_to_be_zero_either(programme, seed):
    """A cell that the repair hides becomes one of which the reader presumes it: he must be asked of
    what is printed in the end, and whatever the figures are there is a release.
    """
    programme(OCCUPIED, VACANT, RETURNED, ties=(PLACES,))
    drawn = np.random.default_rng(seed)
    occupied, vacant = drawn.integers(0, 14, 3).tolist(), drawn.integers(0, 5, 3).tolist()
    returned = [a + b for a, b in zip(occupied, vacant, strict=True)]
    places = simple(VACANT, vacant)
    with_keys = places.values.assign(**{"_settings": 9, "_noise vacant": drawn.integers(0, 256, 4)})
    one = mended(
        simple(OCCUPIED, occupied), replace(places, values=with_keys), simple(RETURNED, returned)
    )
    assert not told(one, "")


def of_at_most_one(*, is_guess: bool) -> knowledge.System:
    """Two counts of one release: the first is hidden and 1, the second is shown and 1. The first is
    no more than the second, and a tie says that it is at most 1 whatever is shown: known, or only
    guessed.
    """
    cells = pd.DataFrame(
        {
            "release": 0, "variable": [0, 1], "text": ["c", "1"], "low": [0.0, 1.0], "high": [7.0, 1.0], "is_public": False, "threshold": 8,
            "of_few": False, "is_printed": True,
        }
    )  # fmt: skip
    return knowledge.System(
        cells, np.array([0.0, 1.0]), np.array([7.0, 1.0]), np.array([True, False]), np.array([1.0, 1.0]), ["first", "second"],
        sp.csr_matrix([[1.0, -1.0], [1.0, 0.0]]), np.array([-np.inf, -np.inf]), np.array([0.0, 1.0]), ["no more than the second", "at most 1"],
        np.array([True, True]), high_untold=np.array([knowledge.UNBOUNDED, 1.0]), guesses=np.array([False, is_guess]),
    )  # fmt: skip


@pytest.mark.parametrize("is_guess", [True, False])
def test_a_tie_that_is_only_presumed_excuses_no_count_for_who_does_not_presume_it(is_guess):
    """Who takes the tie for true had two values before the release and has two now; who does not
    had eight.
    """
    leaks = judge(of_at_most_one(is_guess=is_guess)).leaks
    assert [(leak.cell, leak.least, leak.greatest) for leak in leaks] == (
        [("first", 0, 1)] if is_guess else []
    )


def counts(texts, low, high, truth, rows, row_low, row_high, guesses=()) -> knowledge.System:
    """A system of one release whose first count is protected; `high` of None: as great as may be."""
    size = len(low)
    most = [knowledge.UNBOUNDED if one is None else one for one in high]
    cells = pd.DataFrame(
        {
            "release": 0,
            "table": "t",
            "measure": "n",
            "key": list("xyz")[:size],
            "area": "1",
            "variable": range(size),
            "text": texts,
            "low": low,
            "high": most,
            "is_public": False,
            "threshold": 8,
            "of_few": False,
            "is_printed": True,
        }
    )
    return knowledge.System(
        cells,
        np.array(low, float),
        np.array(most, float),
        np.array([True] + [False] * (size - 1)),
        np.array(truth, float),
        list("xyz")[:size],
        sp.csr_matrix(np.array(rows, float)),
        np.array(row_low, float),
        np.array(row_high, float),
        ["a tie"] * len(rows),
        np.ones(size, dtype=bool),
        high_untold=np.array(most, float),
        guesses=np.array(guesses, dtype=bool),
    )


def test_two_values_that_lie_apart_are_two_and_refused_for_every_reader():
    """x = 2y + 1, and who knows that z is 2 has y between 1 and 2: x is 3 or 5, and never 4."""
    ties = [[1, -2, 0], [0, 1, -1], [0, 1, 1]]
    system = counts(list("ccc"), [0] * 3, [7, 7, None], [3, 1, 2], ties, [1, -1, 3], [1, np.inf, 4])
    knows_z = readers.Reader("who knows z", np.array([False, False, True]))
    proof = Proof(system, (), [knows_z], None, 3)
    assert [(leak.variable, leak.greatest - leak.least + 1) for leak in proof.leaks] == [(0, 2)]


def test_what_one_login_is_told_is_asked_of_the_others_when_it_is_mended(monkeypatch):
    """Two logins can tell x, by y and by z: the second is asked only once it is mended for the
    first, and a proof ends when neither can.
    """
    system = counts(list("ccc"), [0] * 3, [7] * 3, [3, 2, 1], [[1, 1, 1]], [6], [6])
    knows_y, knows_z = (readers.Reader(f"who knows {n}", np.arange(3) == n) for n in (1, 2))
    everybody = readers.Members(readers.Reader("a member", np.zeros(3, bool)), (knows_y, knows_z))
    unsafe_from, asked = {1, 2}, []

    def judged(view, possible, *, only, **_):
        known = int(np.flatnonzero(view.known)[0]) if view.known.any() else 0
        asked.append((known, only))
        told = [Leak(v, "x", 3, 3, (), ()) for v in only if known in unsafe_from]
        return Verdict(tuple(told))

    monkeypatch.setattr(proofs, "judge", judged)
    monkeypatch.setattr(proofs, "unsettled", lambda *_: [])
    proof = Proof(system, (), [], everybody, 3)
    assert len(proof.leaks) == 1 and (1, [0]) in asked and (2, [0]) not in asked
    unsafe_from.remove(1)
    proof.again(())
    assert len(proof.leaks) == 1 and "who knows 2" in proof.leaks[0].cell
    unsafe_from.remove(2)
    asked.clear()
    proof.again(())
    assert not proof.leaks and asked == [(2, [0])]


def by_name(
    cells: dict[str, tuple[float, str]], ties: list[tuple[dict[str, int], float]], protected: str
):
    """A system of named figures (true value, text) and ties (signs by name, and what they make);
    those named in `protected` are.
    """
    names, size = list(cells), len(cells)
    truth, text = np.array([true for true, _ in cells.values()]), [t for _, t in cells.values()]
    is_hidden = np.array([of == "c" for of in text])
    low, high = np.where(is_hidden, 0, truth), np.where(is_hidden, 7, truth)
    frame = pd.DataFrame(
        {
            "table": "t", "measure": "n", "row": range(size), "area": [name[1:] for name in names], "key": "", "text": text, "truth": truth,
            "low": low, "high": high, "is_public": False, "threshold": 8, "sensitive": False, "noisy": False, "is_end": False, "of_few": False,
            "shared": False, "is_printed": True, "release": 0, "variable": range(size),
        }
    )  # fmt: skip
    matrix = np.array([[signs.get(name, 0) for name in names] for signs, _ in ties], dtype=float)
    makes = np.array([value for _, value in ties], dtype=float)
    return knowledge.System(
        frame, low.astype(float), high.astype(float), np.array([name in protected for name in names]), truth.astype(float), names,
        sp.csr_matrix(matrix), makes, makes, ["a tie"] * len(ties), np.ones(size, dtype=bool),
        high_untold=np.where(is_hidden, knowledge.UNBOUNDED, truth).astype(float), guesses=np.zeros(len(ties), dtype=bool),
    )  # fmt: skip


def test_what_is_excused_to_a_login_says_nothing_of_its_other_counts():
    """Before the release he has x from A, which is his, and the public B, by both ties together;
    the release tells him x again, and y.
    """
    hidden = {"x": 3, "a": 3, "A": 6, "k": 5, "y": 3, "b": 4, "m": 5}
    shown = {"B": 9, "t": 8, "S": 12, "D": 8}
    system = by_name(
        {n: (true, "c" if n in hidden else str(true)) for n, true in {**hidden, **shown}.items()},
        [
            ({"x": 1, "a": 1, "A": -1}, 0),
            ({"x": 1, "a": -1, "B": -1}, -9),
            ({"x": 1, "k": 1, "t": -1}, 0),
            ({"y": 1, "b": 1, "m": 1, "S": -1}, 0),
            ({"y": 1, "b": -1, "D": -1}, -9),
        ],
        "xy",
    )
    system.cells["is_public"] = [name == "B" for name in system.names]
    login = readers.Reader("with a login", np.array([name in "Akm" for name in system.names]))
    nobody = readers.Reader("a member", np.zeros(len(system.low), dtype=bool))
    proof = Proof(system, (), [], readers.Members(nobody, (login,)), 3)
    assert [system.names[leak.variable] for leak in proof.leaks] == ["y"]


@pytest.mark.parametrize("is_late", [False, True])
def test_each_login_is_mended_by_whatever_it_is_that_tells_it(monkeypatch, is_late):
    """Nine logins are told x, each by another pair of figures: none is forgotten, even where there
    is no time to hide cell by cell.
    """
    cells, ties = {"x": (3.0, "c")}, []
    for n in range(9):
        cells |= {
            f"a{n}": (4.0, "c"),
            f"k{n}": (5.0, "c"),
            f"t{n}": (12.0, "12"),
            f"u{n}": (8.0, "8"),
        }
        ties.append(({"x": 1, f"a{n}": 1, f"k{n}": 1, f"t{n}": -1}, 0.0))
        ties.append(({"x": 1, f"a{n}": -1, f"u{n}": -1}, -9.0))
    system = by_name(cells, ties, "x")
    system.cells["table"], system.cells["measure"] = "children_looked_after", "children"
    of_logins = [
        readers.Reader(f"number {n}", np.array([name == f"k{n}" for name in system.names]))
        for n in range(9)
    ]
    nobody = readers.Reader("a member", np.zeros(len(system.low), dtype=bool))
    monkeypatch.setattr(readers, "readers", lambda *_: [])
    monkeypatch.setattr(readers, "members", lambda *_: readers.Members(nobody, tuple(of_logins)))
    monkeypatch.setattr(release, "_masks", lambda *_: {})
    monkeypatch.setattr(release, "_SECONDS_TO_HIDE", 0 if is_late else 60)
    repair = suppression.Repair(system, 3)
    # something is hidden already, so that what would be printed is asked about
    repair.hidden.append(system.names.index("u0"))

    def as_printed(_) -> knowledge.System:
        now = repair.system
        return replace(
            now, low=now.low.copy(), high=now.high.copy(), high_untold=now.high_untold.copy()
        )

    _, verdict = release._proved(repair, {}, {}, 3, lambda _: {}, as_printed, None)
    assert verdict.passed, verdict.lines()
