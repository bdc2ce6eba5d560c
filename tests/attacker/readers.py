"""Who reads: what each knows besides what is printed.

Belongs here: bounds and ties that a reader adds. Does not belong here: definitions (`knowledge`).
"""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from tests.attacker.knowledge import (
    CARE,
    DISTANCE,
    FLOWS,
    OCCUPANCY,
    SMALL,
    STABLE,
    Model,
    targets,
)
from tests.attacker.logins import Login, Row, of_ranks
from tests.attacker.reading import HIDDEN, REGION, TOTAL, Cell
from tests.attacker.solver import MOST, Rows, System, explain
from tests.attacker.worlds import lacking, suspects

VALUES = 3
OFFICIAL = (CARE, FLOWS, DISTANCE, STABLE)
"""Tables that DfE publishes too, as they are, but for counts of authorities from 1 to 5."""
LEAST_OFFICIAL = 6


@dataclass(frozen=True)
class Knows:
    """What a reader knows: of the hidden counts below eight that they are (`told`; of the others he
    is told nothing), that no hidden count is zero (`no_zeros`), the totals that DfE prints (`dfe`).
    """

    name: str
    told: bool = False
    no_zeros: bool = False
    dfe: bool = False
    steps: bool = True


@dataclass(frozen=True)
class Known:
    """What a reader knows: the tightened system, its rows, the bounds before tightening."""

    system: System
    rows: Rows
    bounds: tuple[np.ndarray, np.ndarray]


PLAIN = Knows("plain")
TOLD = Knows("told which hidden counts are below eight", told=True)
NO_ZEROS = Knows("presumes that no hidden count is zero", no_zeros=True)
DFE = Knows("has DfE's and Ofsted's totals", dfe=True)
ALL_OF_THEM = Knows("all of them together", told=True, no_zeros=True, dfe=True)


def system_of(
    model: Model,
    reader: Knows,
    exactly: dict[int, int] | None = None,
    sums: list[Row] | None = None,
) -> Known:
    """The system of what a reader knows."""
    lower, upper = np.array(model.lower), np.array(model.upper)
    rows = deepcopy(model.rows)
    presume(model, reader, lower, upper)
    for variable, value in {**(official(model) if reader.dfe else {}), **(exactly or {})}.items():
        lower[variable] = upper[variable] = value
    for parts, least, most in sums or []:
        rows.add(parts, least, most, "counts of others, compared")
    if reader.steps:
        add_steps(model, rows)
    return Known(System(rows, lower, upper), rows, (lower, upper))


def system_of_login(model: Model, login: Login) -> Known:
    """The system of what a login knows. What its ranks tell rests on all else."""
    reader = Knows(f"the login of {login.code}")
    without = system_of(model, reader, login.known, login.sums).system
    ranks = of_ranks(model, login, without.lower, without.upper)
    return system_of(model, reader, login.known, [*login.sums, *ranks])


def presume(model: Model, reader: Knows, lower: np.ndarray, upper: np.ndarray) -> None:
    """Narrow the bounds by what he is told of hidden counts, and by what he presumes of them."""
    for variable, (name, true) in enumerate(zip(model.names, model.true, strict=True)):
        if name is None or true is None:
            continue
        number, cell = name
        is_count = model.programme.rules[cell[0]][cell[1]] == "count"
        if not is_count or model.editions[number].printed(cell) != HIDDEN:
            continue
        if reader.told and true < SMALL:
            upper[variable] = min(upper[variable], SMALL - 1)
        if reader.no_zeros and true > 0 and not is_hidden_for_its_size(model, number, cell):
            lower[variable] = max(lower[variable], 1)


def is_hidden_for_its_size(model: Model, number: int, cell: Cell) -> bool:
    """Whether a count is hidden because few registered places have returned: there zeros are hidden
    with the rest, as the programme says, and nobody can presume that there is none.
    """
    table, measure, key = cell
    if (table, measure) not in model.programme.of_settings:
        return False
    covered = model.editions[number].printed((OCCUPANCY, "places_covered", key[:2]))
    return covered is not None and covered.isdigit() and 0 < int(covered) < SMALL


def official(model: Model) -> dict[int, int]:
    """What DfE prints of authorities: totals, zeros, and counts above those that it hides."""
    known = {}
    for variable, (name, true) in enumerate(zip(model.names, model.true, strict=True)):
        if name is None or true is None:
            continue
        number, cell = name
        table, _, key = cell
        is_printed = model.editions[number].printed(cell) is not None
        if table in OFFICIAL and key[0] != REGION and is_printed:
            is_total = all(part == TOTAL for part in key[1:])
            if is_total or true == 0 or true >= LEAST_OFFICIAL:
                known[variable] = true
    return known


def add_steps(model: Model, rows) -> None:
    """Between editions of one date, whoever saw a cell move by a child or stand still knows it."""
    newest: dict[tuple, int] = {}
    for variable, name in enumerate(model.names):
        if name is None or model.true[variable] is None:
            continue
        number, cell = name
        if model.editions[number].printed(cell) is None:
            continue  # of what has no cell nobody sees how it moves
        at = (model.editions[number].date, cell)
        before = newest.get(at)
        if before is not None:
            step = model.true[variable] - model.true[before]
            if abs(step) <= 1:
                rows.add([(1, variable), (-1, before)], step, step, "a step of a child")
        newest[at] = variable


@dataclass(frozen=True)
class Finding:
    """A hidden count of one to seven with fewer values left than it must have."""

    reader: str
    edition: str
    cell: Cell
    true: int
    values: list[int]
    because: list[str]

    def __str__(self) -> str:
        table, measure, key = self.cell
        where = " / ".join(k or "region" for k in key)
        because = "; ".join(self.because) or "several ties together"
        return (
            f"{self.reader}: {self.edition} {table}.{measure} {where}: {self.values} by {because}"
        )


def findings_of_login(model: Model, login: Login) -> list[Finding]:
    """What an authority works out of others with its own rows, and all that its login may read."""
    reader = Knows(f"the login of {login.code}")
    knows = system_of_login(model, login)
    sought = np.array([v for v in targets(model) if v not in login.known], int)
    few = lacking(knows.system, sought, VALUES, truth(model))
    # a login tells of a cell now what it told when an earlier edition was out
    now = _newest(model)
    at = {v: now[model.editions[n].date, cell] for v in few for n, cell in [model.names[v]]}  # type: ignore[misc]
    alone = without_the_release(model, reader, login.known, sorted(set(at.values())), login.sums)
    return [
        _finding(model, reader, knows, variable, values)
        for variable, values in few.items()
        if len(values) < alone[at[variable]]
    ]


def _newest(model: Model) -> dict[tuple[dt.date, Cell], int]:
    """The variable of each cell in the newest edition of its date that has it."""
    return {
        (model.editions[name[0]].date, name[1]): variable
        for variable, name in enumerate(model.names)
        if name is not None and model.true[variable] is not None
    }


def findings(model: Model, readers: list[Knows]) -> list[Finding]:
    """What each reader works out. The strongest goes first: what has worlds enough even for him has
    them for the others, who are asked about the rest.
    """
    true, together = truth(model), system_of(model, ALL_OF_THEM)
    few = suspects(together.system, targets(model), VALUES, true)
    found = []
    for reader in readers:
        knows = system_of(model, reader)
        exactly = official(model) if reader.dfe else {}
        told = {
            v: k for v, k in lacking(knows.system, few, VALUES, true).items() if v not in exactly
        }
        alone = without_the_release(model, reader, exactly, sorted(told))
        for variable, values in told.items():
            if len(values) < alone[variable]:
                found.append(_finding(model, reader, knows, variable, values))
    return found


def without_the_release(
    model: Model,
    reader: Knows,
    exactly: dict[int, int],
    of: list[int],
    sums: list[Row] | None = None,
) -> dict[int, int]:
    """How many values (up to three) what a reader knows leaves of each when no count is printed:
    what he is told and presumes with it. Whoever is not told is another reader, and asked as well.
    Ranks are left out: which of the others lie above the release says.
    """
    lower, upper = np.array(model.lower), np.array(model.upper)
    for variable, name in enumerate(model.names):
        if name is not None:
            lower[variable], upper[variable] = 0, MOST
    presume(model, reader, lower, upper)
    for variable, value in exactly.items():
        lower[variable] = upper[variable] = value
    rows = deepcopy(model.rows)
    for parts, least, most in sums or []:
        rows.add(parts, least, most, "counts of others, compared")
    system = System(rows, lower, upper)
    # here what is not settled must not count as lacking: it would excuse a finding
    few = lacking(system, np.array(of, int), VALUES, truth(model), proved=True)
    return {variable: len(few.get(variable, range(VALUES))) for variable in of}


def truth(model: Model) -> np.ndarray:
    """The true values of all variables; NaN where they are not known of."""
    return np.array([np.nan if t is None else t for t in model.true], float)


def _finding(model: Model, reader: Knows, knows: Known, variable: int, values: set[int]) -> Finding:
    number, cell = model.names[variable]  # type: ignore[misc]
    rows = explain(knows.system, knows.rows, knows.bounds, variable, len(values))
    because = [knows.rows.why[r] for r in rows]
    true = model.true[variable]
    return Finding(
        reader.name, model.editions[number].name, cell, int(true or 0), sorted(values), because
    )
