"""The model of the attack, held against the truth: which ties hold, and what each reader knows.

The truth lies within all that it works out, and its solver finds what tables made by hand tell.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from tests.attacker import readers, worlds
from tests.attacker.knowledge import Model, build, targets
from tests.attacker.logins import ask
from tests.attacker.readers import (
    ALL_OF_THEM,
    DFE,
    NO_ZEROS,
    PLAIN,
    TOLD,
    VALUES,
    Knows,
    findings,
    findings_of_login,
    official,
    system_of,
    system_of_login,
    without_the_release,
)
from tests.attacker.reading import programme, read_editions
from tests.attacker.solver import Rows, System
from tests.attacker.truth import true_counts
from tests.attacker.worlds import Worlds, lacking

AUTHORITIES = ("356", "889")


def model_of(world, dates) -> Model:
    editions = [e for e in read_editions(world.releases) if e.date in dates]
    truths = [true_counts(world.warehouse, edition) for edition in editions]
    return build(editions, programme(), truths)


@pytest.fixture(scope="module")
def last(world) -> Model:
    """All editions of the last date, and of the date a year before where there is one."""
    date = world.dates[-1]
    return model_of(world, {date, date.replace(year=date.year - 1)})


def test_the_attack_is_on_something(last):
    sought = targets(last)
    assert len(sought) > 500
    # what is printed nowhere is among them
    names = [last.names[v] for v in sought]
    assert sum(last.editions[n].printed(cell) is None for n, cell in names) > 100
    assert len(last.rows.low) > 3000


def test_what_holds_by_definition_holds(last):
    """Every tie, put to the truth: one that is not so would make the attack worthless."""
    for r, why in enumerate(last.rows.why):
        span = slice(last.rows.starts[r], last.rows.starts[r + 1])
        true = [last.true[v] for v in last.rows.variables[span]]
        if any(t is None for t in true):
            continue
        total = sum(c * t for c, t in zip(last.rows.coefficients[span], true, strict=True))
        names = [last.names[v] for v in last.rows.variables[span]]
        assert last.rows.low[r] <= total <= last.rows.high[r], (why, total, names)


@pytest.mark.parametrize("reader", [PLAIN, TOLD, NO_ZEROS, DFE, ALL_OF_THEM], ids=lambda r: r.name)
def test_the_truth_lies_within_what_a_reader_works_out(last, reader):
    known = system_of(last, reader)
    for variable, true in enumerate(last.true):
        if true is not None:
            low, high = known.system.lower[variable], known.system.upper[variable]
            assert low <= true <= high, (last.names[variable], low, true, high)


@pytest.mark.parametrize("authority", AUTHORITIES)
def test_the_truth_lies_within_what_a_login_works_out(world, last, authority):
    login = ask(world.warehouse, last, authority)
    assert len(login.known) > 100 and len(login.shared) > 50
    assert login.ranks
    known = system_of_login(last, login)
    for variable, true in enumerate(last.true):
        if true is not None:
            low, high = known.system.lower[variable], known.system.upper[variable]
            assert low <= true <= high, (last.names[variable], low, true, high)


@pytest.mark.parametrize("authority", AUTHORITIES)
def test_a_rank_is_how_many_lie_above(world, last, authority):
    """What the attacker makes of a rank, put to the rank that the login reads."""
    login = ask(world.warehouse, last, authority)
    for rank in login.ranks:
        above = sum(rank.above(authority, other) for other in rank.figures)
        assert rank.rank == 1 + above, (rank.measure, rank.kind)
    ranked = world.warehouse.rows(
        "select measure, replace(provision_type, 'All', 'Total') as kind from curated.comparison "
        "where census_date = :d and authority_code = :a and rank_in_region is not null",
        d=last.editions[-1].date,
        a=authority,
    )
    # of these no table has the counts: the register's homes, and distances by type
    left = {"one-bed homes", "more than 20 miles from home"}
    expected = {(row.measure, row.kind) for row in ranked if row.measure not in left}
    assert {(rank.measure, rank.kind) for rank in login.ranks} == expected
    assert len({measure for measure, _ in expected}) > 5


def test_a_table_that_gives_itself_away_is_found_out():
    """The solver against one table by hand: 12 printed in whole, 8 and 3 zeros beside one c."""
    rows = Rows()
    rows.add([(1, 0), (1, 1), (-1, 2)], 0, 0, "total")
    system = System(rows, np.array([0, 8, 8]), np.array([7, 8, 12]))
    assert lacking(system, np.array([0]), 3) == {}
    system = System(rows, np.array([0, 8, 8]), np.array([7, 8, 9]))
    assert lacking(system, np.array([0]), 3) == {0: {0, 1}}


def test_what_takes_whole_numbers_to_see_is_found_out():
    """Bounds row by row leave 0 to 3: that no world has 1 or 3, only a search sees."""
    rows = Rows()
    rows.add([(1, 0), (-2, 1)], 0, 0, "twice")
    rows.add([(1, 0), (1, 2)], 3, 3, "sum")
    system = System(rows, np.array([0, 0, 0]), np.array([3, 2, 3]))
    assert lacking(system, np.array([0]), 3) == {0: {0, 2}}


def test_what_is_not_settled_in_time_stands_against_a_release_and_excuses_none(monkeypatch):
    """As a search that gave up leaves it."""
    rows = Rows()
    rows.add([(1, 0), (-2, 1)], 0, 0, "twice")
    system = System(rows, np.array([0, 0]), np.array([3, 2]))
    monkeypatch.setattr(Worlds, "_can_be", lambda *_, **__: None)
    assert lacking(system, np.array([0]), 3) == {0: {0}}
    assert lacking(system, np.array([0]), 3, proved=True) == {}


def test_a_solver_that_gives_up_has_found_nothing(monkeypatch):
    """It leaves the world that we are in, which has none of the values that were asked for."""
    rows = Rows()
    rows.add([(1, 0), (1, 1)], 3, 3, "sum")
    system = System(rows, np.array([0, 0]), np.array([3, 3]))
    monkeypatch.setattr(worlds.Steps, "to", lambda _, world, *__: world)
    assert Worlds(system, np.array([0])).ask(0, 3, quick=True) is None


def planted(model: Model, login_knows: dict[int, int]) -> tuple[Model, list[int]]:
    """The model with leaks: of hidden counts that add up to a total, and that neither the register
    nor anybody else prints, all other parts and the total are printed, unrounded. Gives every fifteenth
    of the counts.
    """
    leaky, leaks, used = deepcopy(model), [], set()
    sought = set(targets(model).tolist()) - official(model).keys() - login_knows.keys()
    sought = {v for v in sought if model.names[v][1][1] != "places_returned"}  # type: ignore[index]
    for r, why in enumerate(model.rows.why):
        span = slice(model.rows.starts[r], model.rows.starts[r + 1])
        tied = model.rows.variables[span]
        leaking = [v for v in tied if v in sought and v not in used]
        if not why.endswith("total") or not leaking or len(tied) < 3 or used & set(tied):
            continue
        if any(model.true[v] is None for v in tied):
            continue
        used |= set(tied)
        leaks.append(leaking[0])
        for other in set(tied) - {leaking[0]}:
            leaky.lower[other] = leaky.upper[other] = float(model.true[other] or 0)
    return leaky, leaks[::15]


def test_a_leak_that_is_planted_is_found_by_every_reader(world, last, monkeypatch):
    """But what a reader knows of the count without any release."""
    login = ask(world.warehouse, last, AUTHORITIES[0])
    leaky, leaks = planted(last, login.known)
    monkeypatch.setattr(readers, "targets", lambda _: np.array(leaks))
    his = Knows(f"the login of {login.code}")
    now = readers._newest(leaky)
    newest = {v: now[leaky.editions[n].date, cell] for v in leaks for n, cell in [leaky.names[v]]}
    found = [*findings(leaky, [PLAIN, TOLD, NO_ZEROS, DFE]), *findings_of_login(leaky, login)]
    assert found and all(f.values == [f.true] for f in found)
    for reader, knows, sums in (
        (PLAIN, {}, None),
        (TOLD, {}, None),
        (NO_ZEROS, {}, None),
        (DFE, official(leaky), None),
        (his, login.known, login.sums),
    ):
        # what a login tells of a cell now it told when an earlier edition was out
        of = {v: newest[v] if reader is his else v for v in leaks}
        alone = without_the_release(leaky, reader, knows, sorted(set(of.values())), sums)
        open_to_him = {leaky.names[v] for v in leaks if alone[of[v]] == VALUES}
        told = {(f.edition, f.cell) for f in found if f.reader == reader.name}
        assert told >= {(leaky.editions[n].name, cell) for n, cell in open_to_him}, reader.name
        assert len(told) >= (len(leaks) if reader in (PLAIN, TOLD, NO_ZEROS) else 1), reader.name
