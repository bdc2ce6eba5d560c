"""What an authority's login knows besides the releases, asked for by SQL as that login.

Belongs here: its own rows, vacancies home by home, and what its comparison tells of areas, as exact
values of cells. Does not belong here: what follows from them (`readers`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import psycopg

from assets.access import logins
from resources.warehouse import Warehouse
from schemas.authorities import statistical_neighbours_of
from schemas.regions import others_of_the_sub_region
from tests.attacker.knowledge import (
    CARE,
    DISTANCE,
    FLOW,
    FLOWS,
    FOSTER,
    LOCATION,
    OCCUPANCY,
    PLACES,
    SMALL,
    STABLE,
    UNAVAILABLE,
    USE,
    Model,
    names_of,
)
from tests.attacker.reading import REGION, TOTAL, Cell

FEWEST = 3

COMPARED = {
    "children looked after per 10,000": [(CARE, "children", (TOTAL, TOTAL))],
    "started to be looked after per 10,000": [(FLOWS, "started", (TOTAL, TOTAL))],
    "more than 20 miles from home": [
        (DISTANCE, "placements", (TOTAL, band)) for band in ("More than 20 miles", TOTAL)
    ],
    "in secure homes and children's homes": [
        (CARE, "children", ("Placement type", "Secure homes and children's homes")),
        (CARE, "children", (TOTAL, TOTAL)),
    ],
    "three or more placements in the year": [
        (STABLE, m, ()) for m in ("three_or_more", "children")
    ],
    "same carer for two years": [
        (STABLE, m, ()) for m in ("same_carer_two_years", "long_term_children")
    ],
    "placed in the own area": [(LOCATION, "placements", (None, PLACES["in"]))],
    "places with nobody in them": [(OCCUPANCY, "places_returned", (None,))],
    "occupied places": [(OCCUPANCY, m, (None,)) for m in ("occupied", "places_returned")],
    "places that could take a child now": [(OCCUPANCY, "vacant", (None,))],
    "places taken by the host authority": [
        (USE, m, (None,)) for m in ("children_of_host", "children_living_here")
    ],
    "children a fostering household": [
        (FOSTER, m, (None,)) for m in ("children_placed", "households")
    ],
}
"""What a figure of `comparison` is worked out of: counts of the areas, None for the type."""


@dataclass(frozen=True)
class Side:
    """What is counted of a ranked figure, or what it is counted of: the sum of these cells (table,
    measure, categories with None for the type); whether everybody may know it.
    """

    cells: tuple[tuple[str, str, tuple[str | None, ...]], ...]
    is_open: bool = False


IN, SUB, FAR = (PLACES[where] for where in ("in", "sub", "far"))
POPULATION = Side((), is_open=True)
"""Those aged 0 to 17, of ONS."""
RETURNED = Side(((OCCUPANCY, "places_returned", (None,)),))
RANKED = {
    "children looked after per 10,000": (
        Side(((CARE, "children", (TOTAL, TOTAL)),)),
        POPULATION,
    ),
    "started to be looked after per 10,000": (
        Side(((FLOWS, "started", (TOTAL, TOTAL)),)),
        POPULATION,
    ),
    "in secure homes and children's homes": (
        Side(((CARE, "children", ("Placement type", "Secure homes and children's homes")),)),
        Side(((CARE, "children", (TOTAL, TOTAL)),)),
    ),
    "three or more placements in the year": (
        Side(((STABLE, "three_or_more", ()),)),
        Side(((STABLE, "children", ()),)),
    ),
    "same carer for two years": (
        Side(((STABLE, "same_carer_two_years", ()),)),
        Side(((STABLE, "long_term_children", ()),)),
    ),
    "placed in the own area": (
        Side(((LOCATION, "placements", (None, IN)),)),
        Side(tuple((LOCATION, "placements", (None, where)) for where in (IN, SUB, FAR))),
    ),
    "occupied places": (Side(((OCCUPANCY, "occupied", (None,)),)), RETURNED),
    "places that could take a child now": (
        Side(((OCCUPANCY, "vacant", (None,)),), is_open=True),
        RETURNED,
    ),
    "places with nobody in them": (
        Side(
            tuple((OCCUPANCY, measure, (None,)) for measure in ("vacant", "unavailable")),
            is_open=True,
        ),
        RETURNED,
    ),
    "places taken by the host authority": (
        Side(((USE, "children_of_host", (None,)),)),
        Side(((USE, "children_living_here", (None,)),)),
    ),
    "children a fostering household": (
        Side(((FOSTER, "children_placed", (None,)),)),
        Side(((FOSTER, "households", (None,)),)),
    ),
}
"""What a ranked figure of `comparison` is worked out of."""


Row = tuple[list[tuple[int, int]], float, float]
"""Variables, each so many times, whose sum lies between two values."""


@dataclass(frozen=True)
class Rank:
    """An authority's rank as its login reads it, and the figures of all that have one, by
    authority: what is compared, as (counted, of), None where a number is small.
    """

    measure: str
    kind: str
    rank: int
    figures: dict[str, tuple[int | None, int | None]]

    def above(self, code: str, other: str) -> bool:
        """Whether another's figure lies above; what is small has no rank, and is not above."""
        (n, d), (its_n, its_d) = self.figures[code], self.figures[other]
        if None in (n, d, its_n, its_d):
            return False
        return bool(its_n * d > n * its_d)  # type: ignore[operator]


@dataclass
class Login:
    """What a login knows: cells exactly, sums of others' cells between two values, its ranks, and
    which of it is only what the members share home by home (`shared`).
    """

    code: str
    known: dict[int, int] = field(default_factory=dict)
    shared: dict[int, int] = field(default_factory=dict)
    sums: list[Row] = field(default_factory=list)
    ranks: list[Rank] = field(default_factory=list)


def ask(warehouse: Warehouse, model: Model, code: str) -> Login:
    """All that the login of an authority learns: its own rows of every edition, every home's
    vacancies of every date, and what members are told of others of the last edition's date.
    """
    name = f"attacker_{code}"
    if not any(row.login == name for row in logins.listed(warehouse)):
        logins.grant(warehouse, name, "authority", code)
    login = Login(code)
    number = len(model.editions) - 1
    with logins.borrowed(warehouse, name) as session:
        for edition in range(len(model.editions)):
            _own_rows(model, edition, login)
        # what it tells of a cell of one date it tells for all its editions
        for edition in {e.date: n for n, e in enumerate(model.editions)}.values():
            _homes(session, model, edition, login)
        _compared(session, model, number, login)
        login.ranks = _ranks(session, warehouse, model, number, code)
    return login


def _own_rows(model: Model, number: int, login: Login) -> None:
    """Every row of its own, and who of the region lives in its area."""
    host = {c: n for n, c in names_of(model.editions[number]).items()}.get(login.code)
    for (edition, (table, _, key)), variable in model.variables.items():
        is_own = key[0] == login.code or (table == FLOW and key[1:] == (host,))
        true = model.true[variable]
        if edition == number and is_own and true is not None:
            login.known[variable] = true


def _frame(session: psycopg.Connection, query: str, **parameters: object) -> pd.DataFrame:
    found = session.execute(query, parameters)
    return pd.DataFrame(found.fetchall(), columns=[c.name for c in found.description or []])


def _homes(session: psycopg.Connection, model: Model, number: int, login: Login) -> None:
    """Vacant and unavailable places home by home, and the rest of the registered ones: occupied,
    where the return has as many places as the register.
    """
    homes = _frame(
        session,
        "select host_authority_code as area, provision_type as kind, sum(registered) as places, "
        "sum(vacant) as vacant, sum(unavailable) as unavailable from curated.setting_vacancies "
        "where census_date = %(d)s group by 1, 2",
        d=model.editions[number].date,
    )
    for home in homes.itertuples():
        told = {"vacant": home.vacant, "unavailable": home.unavailable}
        told["occupied"] = home.places - home.vacant - home.unavailable
        told["places_returned"] = home.places
        for measure, value in told.items():
            variable = model.variables.get((number, (OCCUPANCY, measure, (home.area, home.kind))))
            if variable is not None and model.true[variable] == value:
                login.shared[variable] = int(value)
    reasons = _frame(
        session,
        "select host_authority_code as area, provision_type as kind, "
        "coalesce(unavailable_reason, 'Not given') as reason, "
        "sum(unavailable) as places from curated.setting_vacancies "
        "where census_date = %(d)s and unavailable > 0 group by 1, 2, 3",
        d=model.editions[number].date,
    )
    members = reasons[reasons["area"].isin(names_of(model.editions[number]).values())]
    region = members.assign(area=REGION)
    given = set()
    for told in (members, members.assign(kind=TOTAL), region, region.assign(kind=TOTAL)):
        for row in (
            told.groupby(["area", "kind", "reason"], as_index=False)["places"].sum().itertuples()
        ):
            cell = (UNAVAILABLE, "places", (row.area, row.kind, row.reason))
            given.add(cell)
            variable = model.variables.get((number, cell))
            if variable is not None and model.true[variable] == row.places:
                login.shared[variable] = int(row.places)
    _none(model, number, given, login)
    login.known |= login.shared


def _none(model: Model, number: int, given: set[Cell], login: Login) -> None:
    """Where no home gives a reason no place is empty for it, and who sees every home sees that."""
    for (edition, cell), variable in model.variables.items():
        is_none = cell[0] == UNAVAILABLE and cell not in given
        if edition == number and is_none and model.true[variable] == 0:
            login.shared[variable] = 0


def _compared(session: psycopg.Connection, model: Model, number: int, login: Login) -> None:
    """Figures of the others, from which their counts follow as they were rounded: the reader is
    presumed to take both apart. Where a figure is left out, their count is small.
    """
    told = {
        (row.measure, row.kind): {"sub": row.sub, "region": row.region, "near": row.near}
        for row in _frame(
            session,
            "select measure, provision_type as kind, sub_region_figure as sub, "
            "region_figure as region, neighbours_figure as near "
            "from curated.comparison where census_date = %(d)s",
            d=model.editions[number].date,
        ).itertuples()
    }
    everybody = set(names_of(model.editions[number]).values())
    groups = {
        "sub": everybody & set(others_of_the_sub_region().get(login.code, ())),
        "region": everybody - {login.code},
        "near": everybody & set(statistical_neighbours_of(login.code)),
    }
    for (measure, named), figures in told.items():
        kind = TOTAL if named == "All" else named
        for table, what, rest in COMPARED.get(measure, []):
            filters = tuple(kind if part is None else part for part in rest)
            for group, figure in figures.items():
                cells = [(table, what, (code, *filters)) for code in sorted(groups[group])]
                parts = [v for c in cells if (v := _variable(model, number, c)) is not None]
                total = sum(int(model.true[v] or 0) for v in parts)
                if len(parts) >= FEWEST and (figure is not None or 0 < total < SMALL):
                    login.sums.append(([(1, v) for v in parts], *_told(total)))


def _ranks(
    session: psycopg.Connection, warehouse: Warehouse, model: Model, number: int, code: str
) -> list[Rank]:
    """The ranks that a login reads of the figures that the editions have the counts of."""
    date = model.editions[number].date
    populations = warehouse.frame(
        "select authority_code, people from core.population where census_date = :d", d=date
    )
    people = dict(
        zip(populations["authority_code"], populations["people"].astype(int), strict=True)
    )
    found = []
    for row in _frame(
        session,
        "select measure, provision_type as kind, rank_in_region as rank from curated.comparison "
        "where census_date = %(d)s and rank_in_region is not null",
        d=date,
    ).itertuples():
        kind = TOTAL if row.kind == "All" else row.kind
        figures = {}
        for area in names_of(model.editions[number]).values() if row.measure in RANKED else ():
            sides = [_true(model, number, area, kind, s, people) for s in RANKED[row.measure]]
            if None not in sides and sides[1]:
                figures[area] = tuple(
                    true if side.is_open else _as_compared(true)
                    for true, side in zip(sides, RANKED[row.measure], strict=True)
                )
        if code in figures:
            found.append(Rank(row.measure, kind, int(row.rank), figures))
    return found


def _true(
    model: Model, number: int, area: str, kind: str, side: Side, people: dict[str, int]
) -> int | None:
    """The true number of a side; None where it is not known of."""
    if side == POPULATION:
        return people.get(area)
    cells = _cells(area, kind, side)
    variables = [_variable(model, number, cell) for cell in cells]
    if None in variables:
        return None
    return sum(int(model.true[v] or 0) for v in variables)  # type: ignore[index]


def _as_compared(count: int | None) -> int | None:
    """Rounded; None where it is small."""
    assert count is not None
    return None if 0 < count < SMALL else 5 * ((count + 2) // 5)


def of_ranks(model: Model, login: Login, lower: np.ndarray, upper: np.ndarray) -> list[Row]:
    """What the ranks of a login tell it, to whom everything else leaves these bounds.

    It sees how many lie above. Which, it sees of those whose counts are printed, or whose bounds
    leave no choice; of the others only where all of them lie on one side.
    """
    rows, number = [], len(model.editions) - 1
    for rank in login.ranks:
        others = [area for area in rank.figures if area != login.code]
        if None in rank.figures[login.code]:
            continue
        told = {area: _of_one(model, number, rank, area, login.code) for area in others}
        is_open = {a for a, t in told.items() if t and not _follows(t[0], lower, upper)}
        if len({rank.above(login.code, area) for area in is_open}) > 1:
            told = {area: t for area, t in told.items() if area not in is_open}
        rows += [row for t in told.values() for row in t]
    return rows


def _follows(row: Row, lower: np.ndarray, upper: np.ndarray) -> bool:
    """Whether a row of what is counted once each says nothing new."""
    parts, least, most = row
    of = [v for _, v in parts]
    return bool(lower[of].sum() >= least and upper[of].sum() <= most)


def _of_one(model: Model, number: int, rank: Rank, area: str, code: str) -> list[Row]:
    """What it tells of one other figure, whether that lies above being known.

    Of a count it is the least that is printed above, or the greatest that is not, were what it is
    counted of known; the reverse; and what holds of both.
    """
    counted, of = RANKED[rank.measure]
    (n, d), (its_n, its_d) = rank.figures[code], rank.figures[area]
    assert n is not None and d is not None
    is_above = rank.above(code, area)
    behind = [_behind(model, number, area, rank.kind, side) for side in (counted, of)]
    rows = []
    if not counted.is_open and its_d is not None:
        above = AS_SHOWN * d > n * its_d
        rows.append(
            _between(behind[0], MAY_BE[above])
            if is_above
            else ([(1, v) for v in behind[0]], 0, max(MAY_BE[~above].max(initial=0), SMALL - 1))
        )
    if not of.is_open and n and its_n is not None and its_d is not None:
        above = its_n * d > n * AS_SHOWN
        seen = MAY_BE[(above if is_above else ~above) & (MAY_BE > 0)]
        rows.append(_between(behind[1], seen))
    if not counted.is_open and not of.is_open and its_n is not None and its_d is not None:
        parts = [(d, v) for v in behind[0]] + [(-n, v) for v in behind[1]]
        least = -2 * (d + n) if is_above else -math.inf
        most = math.inf if is_above else 2 * (d + n)
        rows.append((parts, least, most))
    return rows


def _between(variables: list[int], seen: np.ndarray) -> Row:
    most = math.inf if seen.max() == MAY_BE.max() else seen.max()
    return [(1, v) for v in variables], seen.min(), most


def _cells(area: str, kind: str, side: Side) -> list[Cell]:
    return [
        (table, measure, (area, *(kind if part is None else part for part in rest)))
        for table, measure, rest in side.cells
    ]


def _behind(model: Model, number: int, area: str, kind: str, side: Side) -> list[int]:
    cells = () if side == POPULATION else _cells(area, kind, side)
    return [v for cell in cells if (v := _variable(model, number, cell)) is not None]


MAY_BE = np.array([0, *range(SMALL, 20_000)])
"""The counts that a ranked figure may be made of: no authority has as many."""
AS_SHOWN = 5 * ((MAY_BE + 2) // 5)


def _told(total: int) -> tuple[int, int]:
    """What is left of a sum that is told as it is published."""
    if total == 0:
        return 0, 0
    if total < SMALL:
        return 1, SMALL - 1
    nearest = 5 * ((total + 2) // 5)
    return max(nearest - 2, SMALL), nearest + 2


def _variable(model: Model, number: int, cell: Cell) -> int | None:
    variable = model.variables.get((number, cell))
    return variable if variable is not None and model.true[variable] is not None else None
