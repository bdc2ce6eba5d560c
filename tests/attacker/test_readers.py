"""The model of the attack, held against the truth: which ties hold, and what each reader knows.

The truth lies within all that it works out, and its solver finds what tables made by hand tell.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacker.knowledge import Model, build, targets
from tests.attacker.logins import ask
from tests.attacker.readers import (
    ALL_OF_THEM,
    DFE,
    NO_ZEROS,
    PLAIN,
    TOLD,
    Knows,
    system_of,
)
from tests.attacker.reading import programme, read_editions
from tests.attacker.solver import Rows, System
from tests.attacker.truth import true_counts
from tests.attacker.worlds import lacking

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
    assert len(targets(last)) > 500
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
    known = system_of(last, Knows(authority), login.known, login.sums)
    for variable, true in enumerate(last.true):
        if true is not None:
            low, high = known.system.lower[variable], known.system.upper[variable]
            assert low <= true <= high, (last.names[variable], low, true, high)


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
