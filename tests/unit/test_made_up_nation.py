"""A made-up England: every authority in its region, as many children, homes and premises as are
published.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from made_up.world.areas import ANCHOR, Areas, lay_out
from made_up.world.flows import Flows
from made_up.world.kinds import ADULT, AGENCY, HOME, SECURE, SUPPORTED
from made_up.world.margins import COLUMNS, base_margins, children_on
from made_up.world.supply import Supply, build_supply
from schemas import authorities
from schemas.regions import load_region

MARGINS = Path(authorities.HERE) / "england_margins.csv"


@pytest.fixture(scope="module")
def areas() -> Areas:
    """England on the day of the margins."""
    return lay_out("england", [ANCHOR], 1)


@pytest.fixture(scope="module")
def margins(areas: Areas) -> pd.DataFrame:
    """The margins, by authority in the order of the areas."""
    return base_margins(areas, 1, 1.0)


@pytest.fixture(scope="module")
def supply(areas: Areas, margins: pd.DataFrame) -> Supply:
    """The supply at full size."""
    return build_supply(areas, margins, ANCHOR, ANCHOR, 1, 1.0)


def test_england_is_153_authorities_in_nine_regions(areas):
    assert areas.members == 153 and areas.is_nation
    region = load_region("england")
    assert len(region.sub_regions) == 9
    for code in areas.hosts[: areas.members]:
        assert region.members[code] == authorities.on_date(code, ANCHOR).region_name


@pytest.mark.parametrize("key", ["north_west", "west_midlands"])
def test_a_region_is_no_nation(key):
    assert not lay_out(key, [ANCHOR], 1).is_nation


def test_what_is_published_is_met_and_only_what_is_hidden_is_filled(areas, margins):
    """DfE: 81,770 children (in tens). Ofsted: 3,946 homes, 14,275 places; 8,118 premises, 20,223
    places.
    """
    told = pd.read_csv(MARGINS, dtype={"authority_code": str}).set_index("authority_code")
    told = (
        told.loc[list(areas.hosts[: areas.members])].rename(columns=COLUMNS).reset_index(drop=True)
    )
    known = told.notna()
    assert (margins[told.columns].where(known) == told).where(known, True).all(axis=None)
    assert 0 < (~known).sum().sum() < 25
    assert round(margins["looked_after"].sum(), -1) == 81_770
    assert margins[["homes", "home_places", "premises", "premises_places"]].sum().tolist() == [
        3946,
        14275,
        8118,
        20223,
    ]


def test_the_north_west_has_in_england_what_it_has_alone():
    alone = pd.read_csv(
        MARGINS.with_name("north_west_margins.csv"), dtype={"authority_code": str}
    ).set_index("authority_code")
    within = (
        pd.read_csv(MARGINS, dtype={"authority_code": str})
        .set_index("authority_code")
        .loc[alone.index]
    )
    assert (within == alone).all(axis=None)


def test_the_supply_is_englands(areas, margins, supply):
    stands = supply.stands_on(ANCHOR.toordinal())
    units = supply.units[stands]
    host = (
        units.loc[units["kind"] == HOME, "host"]
        .value_counts()
        .reindex(range(areas.members), fill_value=0)
    )
    unknown = units[~supply.registrations["registered"].to_numpy()[units["registration"]]]
    not_registered = unknown.loc[unknown["kind"] == HOME, "host"].value_counts()
    assert (host.sub(not_registered, fill_value=0) == margins["homes"]).all()
    assert (units["kind"] == SECURE).sum() == 14
    assert (supply.registrations["kind"] == AGENCY).sum() == 339


def test_the_flows_of_england_meet_its_children_and_few_leave_it(areas, margins, supply):
    told = children_on(margins, ANCHOR, seed=1)
    room = supply.room_on(ANCHOR.toordinal(), len(areas.hosts))
    table = Flows(areas, seed=1).on(told, room)
    children = np.delete(table, ADULT, axis=0).sum(axis=0)[: areas.members]
    inside = np.diag(children[:, : areas.members])
    assert children.sum(axis=1).tolist() == told["looked_after"].tolist()
    assert (inside == told["inside"]).mean() > 0.97
    abroad = children[:, areas.members :].sum() / (children.sum() - inside.sum())
    assert 0.01 < abroad < 0.06
    for kind in (HOME, SUPPORTED):
        people = table[kind] + (table[ADULT] if kind == SUPPORTED else 0)
        assert (people.sum(axis=0) <= room[kind])[: areas.members].all()


def test_one_seed_makes_one_england(areas, margins, supply):
    again = build_supply(areas, margins, ANCHOR, ANCHOR, 1, 1.0)
    pd.testing.assert_frame_equal(again.units, supply.units)
    other = build_supply(areas, margins, ANCHOR, ANCHOR, 2, 1.0)
    assert not other.units["name"].equals(supply.units["name"])


def test_authorities_that_have_ended_are_of_england_too():
    """Bournemouth, Christchurch and Poole began with the new Dorset (838) in April 2019: before,
    the old Dorset stands for both.
    """
    before = lay_out("england", [dt.date(2019, 3, 31), ANCHOR], 1)
    codes = set(before.codes_on(dt.date(2019, 3, 31))[: before.members])
    assert "835" in codes and not codes & {"838", "839"}
