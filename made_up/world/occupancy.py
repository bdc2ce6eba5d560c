"""Who lives in which setting on a census date, and which places stand empty or cannot be offered.

Belongs here: finding each person a setting of the right kind in the right area, with what the
setting has room for. Does not belong here: how the provider reports it
(`returns/provider_census.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from made_up.assumptions import assumed, dealt
from made_up.drawing import Ints, Texts, choice, match, rank_within, stream
from made_up.world.areas import Areas
from made_up.world.kinds import AGENCY, KINDS, OTHER, OWN, lodging_kind
from made_up.world.supply import Supply

_ASSUMED = assumed("occupancy")
REASONS = {kind: dealt(_ASSUMED[f"reasons_{kind}"]) for kind in ("home", "fostering")}
CARERS_FILLED, PLACES_A_HOUSEHOLD = _ASSUMED["carers_filled"], _ASSUMED["places_a_household"]


@dataclass
class Settings:
    """Every unit of the supply on one census date, by its number: places and what became of them.

    `stands` marks those that exist on the date; `households` are fostering's. Counts of places.
    """

    stands: NDArray[np.bool_]
    places: Ints
    occupied: Ints
    vacant: Ints
    unavailable: Ints
    reason: Texts
    households: Ints


def house(people: pd.DataFrame, supply: Supply, areas: Areas, date: dt.date, seed: int) -> Settings:
    """Give everybody a setting (`people["unit"]`, in place; -1 where no setting stands behind the
    placement).
    """
    rng = stream(seed, "occupancy", date.isoformat())
    units, day = supply.units, date.toordinal()
    kind = units["kind"].to_numpy()
    stands = supply.stands_on(day)
    places = _places(people, supply, stands, areas, day)
    most = np.where(stands, places + units["spare"].to_numpy(), 0)
    unavailable = _find_rooms(people, supply, areas, day, places * stands, most, rng)

    occupied = np.bincount(people.loc[people["unit"] >= 0, "unit"], minlength=len(units))
    own = kind == OWN
    places[own] = np.ceil(occupied[own] / CARERS_FILLED).astype(np.int64)
    unavailable[own] = rng.binomial(np.maximum(0, places - occupied)[own], 0.35)
    stands = stands & (~own | (occupied > 0))
    unavailable = np.where(stands, np.minimum(unavailable, np.maximum(0, places - occupied)), 0)
    fostering = np.isin(kind, [AGENCY, OWN])
    reasons = [choice(rng, *REASONS[of], size=len(units)) for of in ("fostering", "home")]
    return Settings(
        stands=stands,
        places=np.where(stands, places, 0),
        occupied=occupied,
        vacant=np.where(stands, np.maximum(0, places - occupied - unavailable), 0),
        unavailable=unavailable,
        reason=np.where(unavailable > 0, np.where(fostering, *reasons), ""),
        households=np.where(fostering & stands, np.ceil(places / PLACES_A_HOUSEHOLD), 0).astype(
            np.int64
        ),
    )


def _places(
    people: pd.DataFrame, supply: Supply, stands: NDArray[np.bool_], areas: Areas, day: int
) -> Ints:
    """Places of every unit: the registered ones, and for agencies as many as the children with them
    in each area need.
    """
    units = supply.units
    places = supply.places_on(day)
    fostered = people.loc[people["kind"] == AGENCY, "host"]
    children = np.bincount(fostered, minlength=len(areas.hosts))
    agencies = stands & (units["kind"] == AGENCY).to_numpy()
    places[agencies] = _carers_places(
        units["host"].to_numpy()[agencies], units["weight"].to_numpy()[agencies], children
    )
    return places


def _find_rooms(
    people: pd.DataFrame,
    supply: Supply,
    areas: Areas,
    day: int,
    places: Ints,
    most: Ints,
    rng: np.random.Generator,
) -> Ints:
    """Leave people where they are while there is room, find the others a room, and tell how many
    places are unavailable.

    Places are unavailable only where that leaves nobody of the area without one. An authority's own
    children come first in the homes that it runs itself.
    """
    units = supply.units
    group = units["kind"].to_numpy() * len(areas.hosts) + units["host"].to_numpy()
    person_kind = lodging_kind(people["kind"].to_numpy())
    person_group = person_kind * len(areas.hosts) + people["host"].to_numpy()
    settled = np.isin(person_kind, [OWN, OTHER])
    unit = _own_carers(people, person_kind, units, areas)

    kept = (unit >= 0) & ~settled
    kept &= (group[unit] == person_group) & (most[unit] > 0)
    kept &= rank_within(np.where(kept, unit, -1), rng.random(len(people))) < most[unit]
    unit[~kept & ~settled] = -1
    occupied = np.bincount(unit[kept], minlength=len(units))

    unavailable = np.minimum(
        rng.binomial(places, units["strain"].to_numpy()), np.maximum(0, places - occupied)
    )
    seekers = np.flatnonzero(~kept & ~settled)
    groups = len(areas.hosts) * len(KINDS)
    sought = np.bincount(person_group[seekers], minlength=groups)
    offered = np.bincount(
        group, weights=np.maximum(0, most - occupied - unavailable), minlength=groups
    )
    unavailable[np.isin(group, np.flatnonzero(sought > offered))] = 0
    slots = np.repeat(np.arange(len(units)), np.maximum(0, most - occupied - unavailable))
    from_here = (people["origin"] == people["host"]).to_numpy()[seekers]
    own_homes = _run_by_authority(supply, day)[slots]
    left, right = match(
        person_group[seekers],
        ~from_here + rng.random(len(seekers)),
        group[slots],
        ~own_homes + rng.random(len(slots)),
    )
    unit[seekers[left]] = slots[right]
    people["unit"] = unit
    return unavailable


def _carers_places(host: Ints, weight: np.ndarray, children: Ints) -> Ints:
    """Approved places of each agency in each authority: the agencies share what the children there
    need.
    """
    whole = np.bincount(host, weights=weight, minlength=len(children))
    return np.maximum(1, np.ceil(children[host] / CARERS_FILLED * weight / whole[host])).astype(
        np.int64
    )


def _own_carers(people: pd.DataFrame, person_kind: Ints, units: pd.DataFrame, areas: Areas) -> Ints:
    """Everybody's unit so far; for children with their own authority's carers its unit in the area
    where these live.
    """
    owns = np.flatnonzero(units["kind"].to_numpy() == OWN)
    table = np.full((areas.members + 1, len(areas.hosts)), -1, dtype=np.int64)
    table[np.repeat(np.arange(areas.members), areas.english), units["host"].to_numpy()[owns]] = owns
    theirs = table[people["origin"].to_numpy(), people["host"].to_numpy()]
    return np.where(person_kind == OWN, theirs, people["unit"].to_numpy())


def _run_by_authority(supply: Supply, day: int) -> NDArray[np.bool_]:
    """Whether an authority owns each unit on the day."""
    owner = supply.owner_on(day)[supply.units["registration"].to_numpy()]
    return supply.owners["area"].to_numpy()[owner] >= 0
