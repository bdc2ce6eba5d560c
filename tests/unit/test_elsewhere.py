"""A move that is found is made among other authorities, and is a world there or is not kept."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.publication.disclosure import search
from assets.publication.disclosure.bounds import propagate
from assets.publication.disclosure.elsewhere import Elsewhere
from assets.publication.disclosure.knowledge import UNBOUNDED, System
from assets.publication.disclosure.search import Prover
from assets.publication.disclosure.worlds import Worlds


def a_system(counts: np.ndarray, more: list[tuple[dict[int, float], float, float]]) -> System:
    """Hidden counts of authorities (rows) by category (columns), with the sums of both published;
    one more variable, which stands nowhere, for each of `more`: what else it is tied to, and the
    least and greatest value of that.
    """
    areas, categories = counts.shape
    at = np.arange(counts.size).reshape(counts.shape)
    cells = pd.DataFrame(
        [
            (0, "t", "n", at[area, category], f"c{category}", f"{area + 1}", at[area, category])
            for area, category in itertools.product(range(areas), range(categories))
        ],
        columns=["release", "table", "measure", "row", "key", "area", "variable"],
    )
    size = counts.size + len(more)
    sums = [dict.fromkeys(at[area].tolist(), 1.0) for area in range(areas)]
    sums += [dict.fromkeys(at[:, category].tolist(), 1.0) for category in range(categories)]
    truth = np.zeros(size)
    truth[: counts.size] = counts.ravel()
    rows = [(row, sum(truth[v] * by for v, by in row.items())) for row in sums]
    ties = [(row, value, value) for row, value in rows]
    for n, (tied, least, greatest) in enumerate(more):
        ties.append(({**tied, counts.size + n: 1.0}, least, greatest))
        truth[counts.size + n] = least - sum(truth[v] * by for v, by in tied.items())
    matrix = sp.lil_matrix((len(ties), size))
    for n, (row, _, _) in enumerate(ties):
        for variable, by in row.items():
            matrix[n, variable] = by
    small = (truth > 0) & (truth < 8)
    small[counts.size :] = False
    high = np.where(small, 7, UNBOUNDED)
    row_low, row_high = (np.array([tie[n] for tie in ties]) for n in (1, 2))
    says, names, current = [""] * len(ties), [""] * size, np.ones(size, dtype=bool)
    of = (cells, np.zeros(size), high, small, truth, names, matrix.tocsr(), row_low, row_high)
    return System(*of, says, current)


def attacked(system: System) -> tuple[Prover, Worlds]:
    worlds = Worlds(system)
    need, small = np.full(len(system.low), 3.0), np.flatnonzero(system.small)
    prover = Prover(system, propagate(system), need, small, np.inf, worlds=worlds)
    prover.unsettled()
    return prover, worlds


def assert_all_are_worlds(system: System, worlds: Worlds) -> None:
    for variables, values in zip(worlds._variables, worlds._values, strict=True):
        world = system.truth.copy()
        world[variables] = values
        sums = system.matrix @ world
        assert (sums >= system.row_low - 1e-9).all() and (sums <= system.row_high + 1e-9).all()
        assert (world >= system.low).all() and (world <= system.high).all()


def test_one_programme_is_enough_for_authorities_that_are_alike():
    system = a_system(np.full((6, 2), 4), [])
    prover, worlds = attacked(system)
    assert not len(prover.open)
    assert prover.programmes == 1
    assert_all_are_worlds(system, worlds)


def test_two_authorities_are_put_in_the_place_of_two():
    system = a_system(np.full((4, 2), 4), [])
    change = np.array([1.0, -1.0, -1.0, 1.0])
    tried: set[bytes] = set()
    low, high = np.zeros(8), np.full(8, 5.0)
    made = Elsewhere(system).made(np.array([0, 1, 2, 3]), change, low, high, tried)
    # by one, once each and once turned round: by two a count of 4 would be 6
    assert made.shape[0] == 2 * 4 * 3
    assert {tuple(row) for row in made.toarray()} == {
        tuple(by * ((n == one) - (n == other)) for n in range(4) for by in (1, -1))
        for one, other in itertools.permutations(range(4), 2)
    }
    assert Elsewhere(system).made(np.array([0, 1, 2, 3]), change, low, high, tried) is None


def test_a_figure_that_stays_in_its_bounds_there_alone_is_moved():
    system = a_system(np.array([[4, 4], [4, 4], [0, 9]]), [])
    low, high = np.zeros(6), np.full(6, 9.0)
    change = np.array([-1.0, 1.0, 1.0, -1.0])
    made = Elsewhere(system).made(np.array([0, 1, 2, 3]), change, low, high, set()).toarray()
    # the third has none of one category: it may only be given some of that, by one of the others
    assert {tuple(row) for row in made[made[:, 4] != 0]} == {
        (-by, by, 0, 0, by, -by) for by in (1, 2)
    } | {(0, 0, -by, by, by, -by) for by in (1, 2)}


def test_a_rest_moves_with_what_it_is_left_of():
    # two more authorities are not printed: what is left of the first category is their sum
    system = a_system(np.array([[3, 4], [5, 6]]), [({0: 1.0, 2: 1.0}, 20.0, 20.0)])
    made = Elsewhere(system).made(
        np.array([0, 1]), np.array([1.0, -1.0]), np.zeros(5), np.full(5, 99.0), set()
    )
    assert {tuple(row) for row in made.toarray()} == {
        (by, -by, 0, 0, -by) for by in (1, -1, 2, -2)
    } | {(0, 0, by, -by, -by) for by in (1, -1, 2, -2)}


def test_what_nothing_small_is_tied_to_is_tied_all_the_same():
    # the large counts of the last two authorities are tied to nothing small, but to each other in
    # another way: the move of the first two is none of theirs
    counts = np.array([[3, 4], [4, 3], [30, 40], [50, 20]])
    system = a_system(counts, [({4: 1.0, 7: 1.0}, 50.0, 50.0)])
    apart = system.matrix.tolil()
    apart[4:6, :] = 0  # the sums of the categories are of the first two alone
    apart[4, [0, 2]] = apart[5, [1, 3]] = 1
    apart[6, 8] = 0
    system.matrix, system.row_low[4:6], system.row_high[4:6] = apart.tocsr(), 7, 7
    _, worlds = attacked(system)
    assert len(worlds._variables)
    assert_all_are_worlds(system, worlds)


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=3, max_size=5),
    tied=st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True),
    wide=st.integers(0, 2),
)
def test_whatever_is_kept_is_a_world(counts, tied, wide):
    grid = np.array(counts)
    with_it = float(grid.ravel()[tied].sum()) + 3
    system = a_system(grid, [(dict.fromkeys(tied, 1.0), with_it, with_it + wide)])
    _, worlds = attacked(system)
    assert_all_are_worlds(system, worlds)


def test_two_figures_that_become_one_show_one_value_of_it():
    """A move of two figures against each other is none of the one that they are in another
    system.
    """
    two = a_system(np.array([[4, 4], [3, 3]]), [])
    worlds = Worlds(two)
    worlds.keep(np.array([0, 1, 2]), np.array([5, 3, 4]), is_smallest=True)
    one = a_system(np.array([[4, 4], [3, 3]]), [])
    one.cells = one.cells.assign(variable=[0, 0, 1, 2])
    loose = sp.csr_matrix((0, 3))
    one.low, one.high, one.truth, one.small = (
        np.zeros(3),
        np.full(3, 9),
        np.array([4.0, 3, 3]),
        one.small[:3],
    )
    one.matrix, one.row_low, one.row_high = loose, np.array([]), np.array([])
    one.names, one.most, one.least = [""] * 3, np.full(3, 9), np.zeros(3)
    variables, values = worlds.of(one).seen_by(one, np.array([0, 1]))
    assert sorted(zip(variables.tolist(), values.tolist(), strict=True)) == [(0, 4), (1, 3), (1, 4)]


def sizes_of_models(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many variables each model has that moves are sought with, as they are made."""
    sizes: list[int] = []
    made = search.Moves.__init__

    def noted(self: search.Moves, body: sp.csc_matrix, *rest: np.ndarray) -> None:
        sizes.append(body.shape[1])
        made(self, body, *rest)

    monkeypatch.setattr(search.Moves, "__init__", noted)
    return sizes


def test_in_a_nation_a_count_is_moved_among_few_authorities(monkeypatch):
    sizes = sizes_of_models(monkeypatch)
    system = a_system(np.full((150, 8), 4), [])
    prover, worlds = attacked(system)
    assert not len(prover.open)
    assert max(sizes) == 12 * 8
    assert_all_are_worlds(system, worlds)


def test_what_no_neighbour_changes_places_with_is_moved_among_all(monkeypatch):
    sizes = sizes_of_models(monkeypatch)
    monkeypatch.setattr("assets.publication.disclosure.elsewhere._MOST_AREAS", 0)
    system = a_system(np.full((24, 2), 4), [])
    # of its own dozen all are known but the first (by their codes "1", "10" to "19", "2")
    own = np.array([area - 1 for area in (10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 2)])
    known = np.concatenate([2 * own, 2 * own + 1])
    system.low[known] = system.high[known] = 4
    prover, worlds = attacked(system)
    assert not len(prover.open)
    assert max(sizes) == (12 + 1) * 2
    assert_all_are_worlds(system, worlds)


def tied(truth: list[int], rows: list[tuple[dict[int, float], float, float]]) -> System:
    """Counts with these ties (what each is times, the least and the greatest value)."""
    system = a_system(np.array(truth)[:, None], [])
    matrix = sp.lil_matrix((len(rows), len(truth)))
    for n, (row, _, _) in enumerate(rows):
        for variable, by in row.items():
            matrix[n, variable] = by
    low, high = (np.array([row[n] for row in rows], dtype=float) for n in (1, 2))
    bounds = {"low": np.zeros(len(truth)), "high": np.full(len(truth), 50.0)}
    says = [""] * len(rows)
    return replace(system, matrix=matrix.tocsr(), row_low=low, row_high=high, says=says, **bounds)


def test_where_a_programme_moves_halves_whole_numbers_are_sought_around_them(monkeypatch):
    monkeypatch.setattr(search, "_AROUND", 3)
    # the first moves by one with halves of the second and fourth, or with the third and fifth,
    # which are two: halves are less, and whole numbers only there
    x, halved, other, with_halved, with_other = range(5)
    system = tied(
        [20, 10, 10, 10, 10],
        [
            ({x: 1, halved: -2, other: -1}, -10, -10),
            ({other: 1, with_other: -1}, 0, 0),
            ({halved: 1, with_halved: -1}, 0, 0),
            ({with_halved: 1, with_other: 1}, 0, 60),
        ],
    )
    need, worlds = np.full(5, 9.0), Worlds(system)
    prover = Prover(system, propagate(system), need, np.array([x]), np.inf, worlds=worlds)
    prover.start = system.truth
    prover._begin_at(system.truth)
    near, _ = prover._near(x, search._AROUND, prover._everything())
    prover._move_whole(x, [near], np.inf)
    assert not prover.seen[x]
    prover._move_whole(x, prover._around(x, np.inf), np.inf)
    assert {19, 21} <= prover.seen[x]
    assert_all_are_worlds(system, worlds)


def test_where_the_truth_breaks_a_tie_far_away_nothing_near_settles_a_count(monkeypatch):
    monkeypatch.setattr(search, "_AROUND", 3)
    # a third count lies within two of a fourth and of a sixth, which can only be 2 and 5: it is 3
    # or 4, and the first 7 or 6. The truth has 4 and 4, which nothing near the first contradicts
    system = tied(
        [6, 4, 4, 4, 0, 4, 6],
        [
            ({0: 1, 1: 1}, 10, 10),
            ({1: 1, 2: -1}, 0, 0),
            ({2: 1, 3: -1}, -2, 2),
            ({2: 1, 5: -1}, -2, 2),
            ({3: 1, 4: 1}, 4, 4),
            ({3: 1, 4: -1}, 0, 0),
            ({5: 1, 6: 1}, 10, 10),
            ({5: 1, 6: -1}, 0, 0),
        ],
    )
    need = np.full(7, 3.0)
    prover = Prover(system, propagate(system), need, np.array([0]), np.inf, worlds=Worlds(system))
    (leak,) = prover.leaks()
    assert (leak.least, leak.greatest) == (6, 7)
