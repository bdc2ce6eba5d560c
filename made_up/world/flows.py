"""How many children of each authority live in each area, by kind of placement, on one day.

Belongs here: turning the margins and the room there is into whole numbers by kind, origin and host,
which meet the margins: children by kind and inside their own area exactly, other authorities'
children inside as nearly as room allows. Does not belong here: single people (`world/people.py`)
and single settings (`world/occupancy.py`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import Floats, Ints, allot, allot_rows, fit_margins, pick, stream
from made_up.world.areas import Areas
from made_up.world.kinds import (
    ADULT,
    AGENCY,
    FAMILY,
    FEWER,
    HOME,
    KINDS,
    OTHER,
    OWN,
    SCHOOL,
    SECURE,
    SUPPORTED,
)

PLENTY = 1_000_000
FOSTER_LIKE = (AGENCY, OWN, OTHER)
MAIN = (HOME, SUPPORTED, AGENCY, OWN, OTHER)
_ASSUMED = assumed("flows")
MOST_OWN_IN_HOMES, MOST_OWN_IN_SUPPORTED = (
    _ASSUMED["most_own_in_homes"],
    _ASSUMED["most_own_in_supported"],
)
MOST_UNDER_18 = _ASSUMED["most_under_18"]
"""Upper limits, as shares of places: own children in the area's homes and premises, children among
premises' residents.
"""
_NATION = assumed("nation")
MORE_THAN_OWN = 1.12
"""So many times as many children as members place in premises away from home come to them; of a
nation, no more than these.
"""


class Flows:
    """Who goes where. Its tastes (who likes whose homes, how full homes are) stay the same over the
    quarters.
    """

    def __init__(self, areas: Areas, seed: int) -> None:
        self.areas = areas
        rng = stream(seed, "flows")
        shape = (len(KINDS), areas.members, len(areas.hosts))
        self.liking: Floats = areas.nearness * rng.lognormal(0, 0.45, shape)
        self.liking[:, :, areas.english :] *= 0.6
        self.filled: Floats = rng.uniform(0.65, 0.80, shape[::2])
        if areas.is_nation:
            self.filled[HOME] *= _NATION["homes_filled"] / self.filled[HOME].mean()
        self.agency_share: Floats = rng.beta(14, 22, areas.members)
        self.afar: Floats = rng.uniform(0.6, 1.4, areas.members)

    def on(self, margins: pd.DataFrame, room: Ints) -> Ints:
        """People by kind, origin (members, then all others) and host.

        Args:
            margins: children of each member (`margins.children_on`).
            room: places by kind and host.
        """
        members, hosts = self.areas.members, len(self.areas.hosts)
        wanted = np.floor(room * self.filled).astype(np.int64)
        table = np.zeros((len(KINDS), members + 1, hosts), dtype=np.int64)
        rows = self._rows(margins, wanted)
        for kind in FEWER:
            table[kind] = self._by_room(kind, rows[kind], wanted[kind], room[kind])

        inside = self._inside(margins, rows, table, wanted, room)
        diagonal = np.arange(members)
        for kind in MAIN:
            table[kind, diagonal, diagonal] = inside[kind]
        outside = rows - inside
        outside[list(FEWER)] = 0
        beyond = self._beyond(outside)
        stay = outside - beyond

        incoming = self._incoming(margins, table, wanted, room, stay)
        stay, beyond, from_others = self._balanced(outside, stay, incoming)
        for kind in MAIN:
            within = self._within(kind, stay[kind], from_others[kind], incoming[kind])
            table[kind, :members, :members] += within
            missing = np.maximum(0, incoming[kind] - within.sum(axis=0))
            table[kind, members, :members] = missing if kind in (HOME, SUPPORTED, AGENCY) else 0
            table[kind, :members, members:] += self._far_hosts(kind, beyond[kind], room[kind])
        self._fill_up(table, wanted, room)
        return table

    def _rows(self, margins: pd.DataFrame, wanted: Ints) -> Ints:
        """Children of each member by kind; adds up to its children looked after."""
        rows = np.zeros((len(KINDS), self.areas.members), dtype=np.int64)
        residential = margins["residential"].to_numpy()
        rest = (
            margins["looked_after"]
            - margins["residential"]
            - margins["foster"]
            - margins["supported"]
        ).to_numpy()
        for kind, share, whole in (
            (SECURE, 0.015, residential),
            (SCHOOL, 0.05, residential),
            (FAMILY, 0.03, rest),
        ):
            total = min(int(0.8 * wanted[kind].sum()), round(share * whole.sum()))
            rows[kind] = np.minimum(allot(total, whole.astype(float)), whole)
        rows[HOME] = residential - rows[SECURE] - rows[SCHOOL]
        rows[OTHER] = rest - rows[FAMILY]
        rows[SUPPORTED] = margins["supported"]
        rows[AGENCY] = np.round(margins["foster"] * self.agency_share)
        rows[OWN] = margins["foster"] - rows[AGENCY]
        return rows

    def _by_room(self, kind: int, rows: Ints, wanted: Ints, room: Ints) -> Ints:
        """Children in the few settings of a kind: by liking and room, wherever these stand."""
        members = self.areas.members
        seeds = np.vstack(
            [self.liking[kind] + 12 * np.eye(*self.liking[kind].shape), np.ones(len(wanted))]
        )
        fitted = fit_margins(
            seeds * (wanted > 0),
            np.r_[rows, max(0, wanted.sum() - rows.sum())].astype(float),
            wanted.astype(float),
        )
        table = np.zeros((members + 1, len(wanted)), dtype=np.int64)
        table[:members] = allot_rows(rows, fitted[:members])
        self._squeeze(table, kind, room)
        table[members] = np.maximum(0, wanted - table.sum(axis=0))
        return table

    def _inside(
        self, margins: pd.DataFrame, rows: Ints, table: Ints, wanted: Ints, room: Ints
    ) -> Ints:
        """Children placed in their own area by kind: the usual shares, shifted until they add up to
        the margin.
        """
        members = self.areas.members
        diagonal = np.arange(members)
        few = table[list(FEWER)][:, diagonal, diagonal].sum(axis=0)
        need = margins["inside"].to_numpy() - few
        usual = np.array([KINDS[kind].inside for kind in MAIN])[:, None]
        most = rows[list(MAIN)].astype(float)
        most[MAIN.index(HOME)] = np.minimum(
            rows[HOME], np.floor(MOST_OWN_IN_HOMES * wanted[HOME, :members])
        )
        most[MAIN.index(SUPPORTED)] = np.minimum(
            rows[SUPPORTED], np.floor(MOST_OWN_IN_SUPPORTED * room[SUPPORTED, :members])
        )
        low, high = np.full(members, -12.0), np.full(members, 12.0)
        for _ in range(60):
            shift = (low + high) / 2
            share = 1 / (1 + np.exp(-(np.log(usual / (1 - usual)) + shift)))
            expected = np.minimum(rows[list(MAIN)] * share, most)
            short = expected.sum(axis=0) < need
            low, high = np.where(short, shift, low), np.where(short, high, shift)
        whole = np.floor(expected + 1e-9)
        order = np.argsort(-(expected - whole), axis=0, kind="stable")
        for position in range(len(MAIN)):
            kind = order[position]
            missing = need - whole.sum(axis=0)
            add = np.clip(missing, 0, most[kind, diagonal] - whole[kind, diagonal])
            whole[kind, diagonal] += np.minimum(add, 1 if position < len(MAIN) - 1 else add)
        inside = np.zeros_like(rows)
        inside[list(MAIN)] = whole
        return inside

    def _beyond(self, outside: Ints) -> Ints:
        """Of the children placed outside their own area, those placed outside the region."""
        usual = (
            np.full(len(KINDS), _NATION["beyond"])
            if self.areas.is_nation
            else np.array([kind.beyond for kind in KINDS])
        )
        share = usual[:, None] * self.afar[None, :]
        return np.minimum(outside, np.round(outside * share)).astype(np.int64)

    def _incoming(
        self, margins: pd.DataFrame, table: Ints, wanted: Ints, room: Ints, stay: Ints
    ) -> Ints:
        """Other authorities' children by kind and member host.

        Homes take what they have room for, supported accommodation in proportion to its places, and
        fostering and the like what is left of the margin.
        """
        members = self.areas.members
        own = table[:, np.arange(members), np.arange(members)]
        few = sum(table[kind, :, :members].sum(axis=0) - own[kind] for kind in FEWER)
        margin = np.maximum(0, margins["others_inside"].to_numpy() - few)
        incoming = np.zeros((len(KINDS), members), dtype=np.int64)
        fair = np.maximum(wanted[HOME, :members] - own[HOME], 0)
        incoming[HOME] = np.minimum(fair, np.maximum(np.floor(0.85 * margin), np.floor(0.4 * fair)))
        free = np.maximum(0, np.floor(MOST_UNDER_18 * wanted[SUPPORTED, :members]) - own[SUPPORTED])
        come = 1.0 if self.areas.is_nation else MORE_THAN_OWN
        total = min(int(np.ceil(come * stay[SUPPORTED].sum())), int(free.sum()))
        incoming[SUPPORTED] = np.minimum(allot(total, free), free)
        left = np.maximum(0, margin - incoming[HOME] - incoming[SUPPORTED])
        weights = stay[list(FOSTER_LIKE)].sum(axis=1).astype(float) + 1e-9
        incoming[list(FOSTER_LIKE)] = allot_rows(left, np.tile(weights, (members, 1))).T
        return incoming

    def _balanced(self, outside: Ints, stay: Ints, incoming: Ints) -> tuple[Ints, Ints, Ints]:
        """Children who stay in the region, by kind, no more than its hosts take; the rest of the
        hosts' come from others.
        """
        stay = stay.copy()
        from_others = np.zeros(len(KINDS), dtype=np.int64)
        for kind in MAIN:
            taken, offered = int(incoming[kind].sum()), int(stay[kind].sum())
            if offered > taken:
                stay[kind] = allot(taken, stay[kind].astype(float)) if taken else 0
            from_others[kind] = taken - stay[kind].sum()
        return stay, outside - stay, from_others

    def _within(self, kind: int, rows: Ints, from_others: int, columns: Ints) -> Ints:
        """Children placed between members of the region, fitted to who sends and who takes."""
        members = self.areas.members
        seeds = np.vstack([self.liking[kind][:, :members], np.ones(members)])
        fitted = fit_margins(seeds, np.r_[rows, from_others].astype(float), columns.astype(float))
        return allot_rows(rows, fitted[:members] + 1e-9 * (self.liking[kind][:, :members] > 0))

    def _far_hosts(self, kind: int, beyond: Ints, room: Ints) -> Ints:
        """Children placed outside the region, by host there."""
        members = self.areas.members
        weights = self.liking[kind][:, members:].copy()
        if kind in (HOME, SUPPORTED):
            weights[:, : self.areas.english - members] *= room[None, members : self.areas.english]
        else:
            weights[:, : self.areas.english - members] *= 8
        return allot_rows(beyond, weights)

    def _fill_up(self, table: Ints, wanted: Ints, room: Ints) -> None:
        """Keep within the room; hosts outside the region fill up with others' children; adults take
        what premises have left.
        """
        members = self.areas.members
        for kind in (HOME, SUPPORTED):
            self._squeeze(table[kind], kind, room[kind])
        table[HOME, members, members:] = np.maximum(0, wanted[HOME] - table[HOME].sum(axis=0))[
            members:
        ]
        free = np.maximum(0, wanted[SUPPORTED] - table[SUPPORTED].sum(axis=0))
        table[SUPPORTED, members, members:] = np.round(0.4 * free[members:])
        adults = np.maximum(0, wanted[SUPPORTED] - table[SUPPORTED].sum(axis=0))
        size = table[SUPPORTED, :members].sum(axis=1) + 1.0
        weights = (self.liking[ADULT] + 25 * np.eye(*self.liking[ADULT].shape)) * size[:, None]
        weights[:, members:] *= 0.02
        others = np.where(np.arange(len(adults)) < members, 0.05, 1.0) * weights.sum(axis=0)
        table[ADULT] = allot_rows(adults, np.vstack([weights, others]).T).T

    def _squeeze(self, table: Ints, kind: int, room: Ints) -> None:
        """Move children from hosts without room to hosts with most room, or abroad: in place."""
        hosts, members = len(self.areas.hosts), self.areas.members
        limit = np.where(np.arange(hosts) < self.areas.english, room, PLENTY)
        for host in np.flatnonzero(table.sum(axis=0) > limit):
            over = int(table[:, host].sum() - limit[host])
            fewer = min(over, int(table[members, host]))
            table[members, host] -= fewer
            for _ in range(over - fewer):
                origin = int(table[:members, host].argmax())
                free = (limit - table.sum(axis=0))[: self.areas.english]
                free[[host, origin]] = 0
                to = int(free.argmax()) if free.max() > 0 else self.areas.english
                table[origin, host] -= 1
                table[origin, to] += 1


def outside_origins(areas: Areas, host: Ints, rng: np.random.Generator) -> Ints:
    """For people whom no member placed: which of `areas.origins` did, by where they live."""
    return pick(areas.origin_weights, host, rng)
