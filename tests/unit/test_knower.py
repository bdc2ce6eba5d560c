"""A reader who knows the program and all but the key: rerunning it on every table that may stand
behind a printed one decides nothing.

Small tables are gone through one by one. For every hidden count of children the test looks for
tables that would have been printed exactly like it under some key, and the count must take three
values in them. Any set of further cells may have been drawn by some key, so a table may stand
behind the printed one where the program, told to hide besides what is hidden there, hides nothing
more.
"""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest

from assets.publication import release
from assets.publication.disclosure import knowledge, suppression
from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.disclosure.suppression import Repair, draws
from assets.publication.programme import TOTAL, published_table
from assets.publication.release import prepare_against
from assets.publication.tables import AUTHORITY, TrueTable, release_tables
from schemas.regions import DisclosureMethod

DATE = dt.date(2025, 12, 31)
SAFE = DisclosureMethod()
OFTEN = DisclosureMethod(hidden_besides=0.1)
TABLE = published_table(
    "placements",
    {
        "title": "Placements",
        "authority": "authority_code",
        "filters": {"provision_type": {"label": "Type"}},
        "measures": [{"name": "placements", "rule": "count"}],
    },
)
VALUES = 12
"""Values that are tried for a hidden count."""


@pytest.fixture(autouse=True)
def small_programme(monkeypatch):
    """One table in place of the region's programme."""
    for module in (knowledge, suppression, release):
        monkeypatch.setattr(module, "PUBLISHED_TABLES", (TABLE,))
    monkeypatch.setattr(knowledge, "ties", lambda: ())


def with_totals(grid: np.ndarray) -> np.ndarray:
    """The grid (authorities by types) with the region in front and the Total in front of each row."""
    wide = np.hstack([grid.sum(axis=1, keepdims=True), grid])
    return np.vstack([wide.sum(axis=0, keepdims=True), wide])


def table_of(grid: np.ndarray) -> TrueTable:
    rows, columns = grid.shape
    areas, kinds = ["", *map(str, range(1, rows + 1))], [TOTAL, *"abcdef"[:columns]]
    keys = pd.DataFrame(itertools.product(areas, kinds), columns=[AUTHORITY, "provision_type"])
    values = pd.DataFrame({"placements": with_totals(grid).ravel().astype("float64")})
    return TrueTable(TABLE, keys, values, values.map(lambda _: "x"))


def printing(grid: np.ndarray):
    codes = [str(n) for n in range(1, len(grid) + 1)]
    members = pd.DataFrame(
        {
            "authority_code": codes, "authority_gss": ["E" + c for c in codes], "authority_name": ["A" + c for c in codes],
            "region_code": "E0", "region_name": "N",
        }
    )  # fmt: skip
    true = {TABLE.name: table_of(grid)}
    return true, lambda hidden, method: release_tables(true, members, DATE, hidden, method)


def printed_as(grid: np.ndarray, key: bytes | None, method: DisclosureMethod) -> np.ndarray:
    """The printed texts, in the shape of the grid with its totals."""
    true, printed = printing(grid)
    prepared = prepare_against([], DATE, true, printed, method, key)
    assert prepared.verdict.passed, prepared.verdict.lines()
    rows, columns = grid.shape
    return prepared.tables[TABLE.name]["placements"].to_numpy().reshape(rows + 1, columns + 1)


def may_stand_behind(grid: np.ndarray, seen: np.ndarray, *, some_key: bool) -> bool:
    """Whether the program could have printed `seen` of the grid: under some key, or (today's
    without one) at all.
    """
    true, printed = printing(grid)
    tables = printed({}, SAFE)
    texts = tables[TABLE.name]["placements"].to_numpy().reshape(seen.shape)
    if ((texts != seen) & (seen != "c")).any() or ((texts == "c") & (seen != "c")).any():
        return False
    system = build_system([Published(DATE, 1, tables, SAFE, {TABLE.name: true[TABLE.name].values})])
    besides = (
        {int(v) for v in np.flatnonzero(((texts != "c") & (seen == "c")).ravel())}
        if some_key
        else set()
    )
    row_of = dict(zip(system.cells["variable"], system.cells["row"], strict=True))
    wanted = {system.names[v] for v, row in row_of.items() if row in besides}
    made = Repair(system, SAFE.possible_values, lambda name: 0.0 if name in wanted else 1.0, 0.5)
    made.run()
    hidden = texts.copy().ravel()
    hidden[[row_of[v] for v in made.hidden]] = "c"
    return bool((hidden == seen.ravel()).all())


def fits(grid: np.ndarray, seen: np.ndarray) -> bool:
    """Whether the shown cells of `seen` are what the grid rounds to."""
    whole = with_totals(grid)
    rounded = np.where(whole == 0, 0, np.where(whole < 8, -1, 5 * np.floor(whole / 5 + 0.5)))
    shown = seen != "c"
    return bool((rounded[shown] == seen[shown].astype(float)).all())


def worlds_with(
    grid: np.ndarray,
    seen: np.ndarray,
    cell: tuple[int, int],
    value: int,
    random: np.random.Generator,
    tries: int = 60,
):
    """Grids like the true one in which one cell has the value, and others move so that the shown
    cells fit.
    """
    free = [c for c in itertools.product(*map(range, grid.shape)) if c != cell]
    for _ in range(tries):
        world = grid.copy()
        world[cell] = value
        for _ in range(30):
            if fits(world, seen):
                yield world
                break
            at = free[random.integers(len(free))]
            low = (
                0
                if seen[at[0] + 1, at[1] + 1] == "c"
                else max(int(seen[at[0] + 1, at[1] + 1]) - 2, 0)
            )
            high = (
                VALUES if seen[at[0] + 1, at[1] + 1] == "c" else int(seen[at[0] + 1, at[1] + 1]) + 2
            )
            world[at] = int(np.clip(world[at] + random.integers(-2, 3), low, high))


def values_left(
    grid: np.ndarray, seen: np.ndarray, *, some_key: bool, random: np.random.Generator
) -> dict[tuple[int, int], int]:
    """How many values (three are enough) each hidden count of 1 to 7 may have to a reader who
    reruns the program.
    """
    left = {}
    for cell in itertools.product(*map(range, grid.shape)):
        if not 1 <= grid[cell] <= 7:
            continue
        kept = 0
        for value in sorted(range(VALUES), key=lambda v: abs(v - grid[cell])):
            found = any(
                may_stand_behind(w, seen, some_key=some_key)
                for w in itertools.islice(worlds_with(grid, seen, cell, value, random), 6)
            )
            kept += found
            if kept == SAFE.possible_values:
                break
        left[cell] = kept
    return left


def tables(shape: tuple[int, int], count: int, seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [
        np.where(
            random.random(shape) < 0.35, random.integers(8, 30, shape), random.integers(0, 8, shape)
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(("shape", "count"), [((2, 3), 6), ((3, 3), 5), ((4, 3), 3)], ids=str)
def test_rerunning_the_program_leaves_three_values_of_every_hidden_count(shape, count):
    random = np.random.default_rng(7)
    kept, asked = 0, 0
    for n, grid in enumerate(tables(shape, count, seed=11)):
        seen = printed_as(grid, f"key {n}".encode(), OFTEN)
        left = values_left(grid, seen, some_key=True, random=random)
        asked += len(left)
        kept += sum(values >= SAFE.possible_values for values in left.values())
    assert asked >= 12 and kept >= 0.99 * asked, (kept, asked)


def test_the_key_decides_and_the_same_key_decides_alike():
    grid = tables((4, 4), 1, seed=2)[0]
    by_key = {
        key: tuple(printed_as(grid, key, OFTEN).ravel())
        for key in (b"one key of many", b"another of them", b"and a third one")
    }
    assert len(set(by_key.values())) > 1
    assert tuple(printed_as(grid, b"one key of many", OFTEN).ravel()) == by_key[b"one key of many"]


def test_what_is_drawn_is_the_same_in_every_edition_of_a_date_and_about_the_rate():
    one, other = (
        draws(b"a key of the tests", DATE),
        draws(b"a key of the tests", dt.date(2026, 3, 31)),
    )
    names = [f"placements.placements, {n}" for n in range(4000)]
    drawn = np.array([one(name) for name in names])
    assert 0.04 < (drawn < 0.05).mean() < 0.06
    assert [one(name) for name in names[:50]] == drawn[:50].tolist() and other(names[0]) != drawn[0]
