"""Children in care and young people after it, carried from quarter to quarter.

Belongs here: who arrives, stays, moves, grows up and leaves, so that each quarter's numbers by
kind, origin and host are met. Does not belong here: in which setting each one lives
(`world/occupancy.py`). No names; days are proleptic ordinals, fees pounds a week.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import Floats, Ints, match, rank_within, stream
from made_up.world.areas import Areas
from made_up.world.care import draw
from made_up.world.flows import outside_origins
from made_up.world.kinds import ADULT, AGENCY, HOME, KINDS, OTHER, OWN, SCHOOL, SECURE, SUPPORTED
from schemas.codes import code_set

YEAR = 365.25
_DEAREST, _UNREGISTERED = assumed("dearest"), assumed("unregistered")
REFILLED = (((SUPPORTED,), 16, 18), ((HOME, SECURE, SCHOOL), 8, 18), ((AGENCY, OWN, OTHER), 0, 18))
"""Which kinds of place take a child who moves, and of what age."""

ETHNIC_GROUPS = code_set("ethnic_group").labels
_ETHNIC_CHANCES = np.array([70.0 if "British (White)" in label else 1.4 for label in ETHNIC_GROUPS])


class People:
    """Everybody whom the made-up region knows of, quarter after quarter (`frame`, one row a
    person).
    """

    def __init__(self, areas: Areas, seed: int) -> None:
        self.areas = areas
        self.seed = seed
        self.frame = pd.DataFrame()
        self._known = 0

    def advance(self, targets: Ints, date: dt.date, previous: dt.date | None) -> None:
        """Move on to `date`: afterwards the people number `targets`, by kind, origin and host."""
        rng = stream(self.seed, "people", date.isoformat())
        slots = np.arange(targets.size)
        if previous is None:
            self.frame = self._arrivals(np.repeat(slots, targets.ravel()), date, None, rng)
            self._settle_unregistered(date, None)
            return
        people = self._still_there(date, rng)
        moving = (people["origin"] < self.areas.members) & (people["kind"] != ADULT)
        moving &= rng.random(len(people)) < np.array([k.move for k in KINDS])[people["kind"]]
        cell = self._cells(people)
        order = np.where(moving, 2.0, 0.0) + rng.random(len(people))
        stays = ~moving.to_numpy() & (rank_within(cell, order) < targets.ravel()[cell])
        pool = people[~stays & (people["origin"] < self.areas.members) & (people["kind"] != ADULT)]
        people = people[stays]
        lacking = targets.ravel() - np.bincount(self._cells(people), minlength=targets.size)
        open_cells = np.repeat(slots, lacking)
        moved, open_cells = self._moved(pool, open_cells, date, previous, rng)
        new = self._arrivals(open_cells, date, previous, rng)
        self.frame = pd.concat([people, moved, new], ignore_index=True)
        self._settle_unregistered(date, previous)

    def _settle_unregistered(self, date: dt.date, previous: dt.date | None) -> None:
        """How long children are in unregistered settings: not as long as others, for many move from
        one to another.
        """
        frame = self.frame
        at = np.flatnonzero((frame["kind"] == OTHER) & (frame["kin"] < _UNREGISTERED["share"]))
        rng = stream(self.seed, "unregistered", date.isoformat())
        placed, day = frame["placed"].to_numpy(copy=True), date.toordinal()
        if previous is None:
            usual = KINDS[OTHER].stay
            placed[at] = day - np.floor((day - placed[at]) * _UNREGISTERED["stay"] / usual).astype(
                np.int64
            )
        else:
            moves = at[rng.random(len(at)) < _UNREGISTERED["move"]]
            placed[moves] = np.maximum(
                placed[moves], rng.integers(previous.toordinal() + 1, day + 1, len(moves))
            )
        self.frame = frame.assign(placed=placed)

    def _cells(self, people: pd.DataFrame) -> Ints:
        kind, origin, host = (
            people[name].to_numpy(dtype=np.int64) for name in ("kind", "origin", "host")
        )
        return (kind * (self.areas.members + 1) + origin) * len(self.areas.hosts) + host

    def _cell_parts(self, cells: Ints) -> tuple[Ints, Ints, Ints]:
        rest, host = np.divmod(cells, len(self.areas.hosts))
        kind, origin = np.divmod(rest, self.areas.members + 1)
        return kind, origin, host

    def _still_there(self, date: dt.date, rng: np.random.Generator) -> pd.DataFrame:
        """Without those who left; half of those who turned 18 in supported accommodation stay on as
        adults.
        """
        people = self.frame.copy()
        kind, age = people["kind"].to_numpy().copy(), age_on(people["born"].to_numpy(), date)
        grown = (kind != ADULT) & (age >= 18)
        stays_on = grown & (kind == SUPPORTED) & (rng.random(len(people)) < 0.5)
        kind[stays_on] = ADULT
        people["kind"] = kind
        leaves = rng.random(len(people)) < np.array([k.leave for k in KINDS])[kind]
        return people[~((grown & ~stays_on) | (age >= 23) | leaves)]

    def _moved(
        self,
        pool: pd.DataFrame,
        cells: Ints,
        date: dt.date,
        previous: dt.date,
        rng: np.random.Generator,
    ) -> tuple[pd.DataFrame, Ints]:
        """Children of the pool who find another place of their authority's, and the places that
        nobody took.
        """
        kind, origin, _ = self._cell_parts(cells)
        age = age_on(pool["born"].to_numpy(), date)
        taken_by = np.full(len(cells), -1)
        free = np.ones(len(pool), dtype=bool)
        for kinds, youngest, oldest in REFILLED:
            seekers = np.flatnonzero(free & (age >= youngest) & (age < oldest))
            offered = np.flatnonzero(np.isin(kind, kinds))
            left, right = match(
                pool["origin"].to_numpy()[seekers],
                rng.random(len(seekers)),
                origin[offered],
                rng.random(len(offered)),
            )
            taken_by[offered[right]] = seekers[left]
            free[seekers[left]] = False
        filled = taken_by >= 0
        moved = pool.iloc[taken_by[filled]].copy()
        moved["kind"], _, moved["host"] = self._cell_parts(cells[filled])
        moved["unit"] = -1
        moved["placed"] = rng.integers(previous.toordinal() + 1, date.toordinal() + 1, len(moved))
        moved["fee"] = fees(moved["kind"].to_numpy(), moved["number"].to_numpy(), rng)
        return moved, cells[~filled]

    def _arrivals(
        self, cells: Ints, date: dt.date, previous: dt.date | None, rng: np.random.Generator
    ) -> pd.DataFrame:
        """New people, one for each cell number."""
        count = len(cells)
        kind, origin, host = self._cell_parts(cells)
        young, usual, old = np.array([k.ages for k in KINDS]).T[:, kind]
        age = np.clip(rng.triangular(young, usual, old), young + 0.01, old - 0.01)
        born = np.floor(date.toordinal() - age * YEAR).astype(np.int64)
        if previous is None:
            spent = rng.exponential(np.array([k.stay for k in KINDS])[kind])
            longest = np.where(
                np.isin(kind, [SUPPORTED, ADULT]), (age - np.minimum(young, 16)) * YEAR, age * YEAR
            )
            placed = np.floor(date.toordinal() - np.minimum(spent, longest * 0.95)).astype(np.int64)
        else:
            placed = np.maximum(
                born, rng.integers(previous.toordinal() + 1, date.toordinal() + 1, count)
            )
        unaccompanied = np.array([0, 0, 0, 0, 0.24, 0.15, 0.03, 0.01, 0])[kind]
        number = self._known + np.arange(count)
        self._known += count
        return pd.DataFrame(
            {
                "number": number,
                "kind": kind,
                "origin": origin,
                "elsewhere": outside_origins(self.areas, host, rng),
                "host": host,
                "unit": np.full(count, -1, dtype=np.int64),
                "born": born,
                "placed": placed,
                "fee": fees(kind, number, rng),
                "gender": rng.choice(4, size=count, p=[0.56, 0.425, 0.01, 0.005]),
                "ethnic": rng.choice(
                    len(ETHNIC_GROUPS), size=count, p=_ETHNIC_CHANCES / _ETHNIC_CHANCES.sum()
                ),
                "unaccompanied": (rng.random(count) < unaccompanied) & (age >= 14),
                "special_needs": (
                    rng.random(count) < np.where(np.isin(kind, [HOME, SCHOOL]), 0.55, 0.25)
                ),
                "kin": rng.random(count),
            }
        )


def age_on(born: Ints, date: dt.date) -> Ints:
    """Age in whole years on the date (birthdays by the mean length of a year: exact to a day)."""
    return np.floor((date.toordinal() - born) / YEAR).astype(np.int64)


def fees(kind: Ints, number: Ints, rng: np.random.Generator) -> Floats:
    """Fees in pounds a week, usual for the kind; 0 where there is none. A few children in
    residential care are the dearest, wherever they live.
    """
    median, spread = (
        np.array([k.fee for k in KINDS])[kind],
        np.array([k.spread for k in KINDS])[kind],
    )
    usual = np.round(median * np.exp(rng.normal(0, 1, len(kind)) * spread), 2)
    dearest = np.round(_DEAREST["least"] * (1 + _DEAREST["dearer"] * draw(number, 21) ** 3), 2)
    return np.where(
        np.isin(kind, [HOME, SECURE, SCHOOL]) & (draw(number, 20) < _DEAREST["share"]),
        dearest,
        usual,
    )
