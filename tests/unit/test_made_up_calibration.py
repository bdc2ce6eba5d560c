"""The made-up region against published facts: the dearest placements, unregistered settings, needs
of homes, and who publishes of it.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from made_up import make_region
from made_up.making import quarter_ends
from made_up.returns import authority_inspections, official_fostering
from made_up.returns.official_kinds import ENGLANDS
from made_up.returns.ultimate_owners import listed
from made_up.world.areas import lay_out
from made_up.world.flows import Flows
from made_up.world.kinds import HOME, OTHER, OWN
from made_up.world.margins import base_margins, children_on
from made_up.world.people import People
from made_up.world.supply import build_supply
from made_up.writing import Landing, Made
from schemas import authorities
from schemas.authorities import ENGLAND

DATES = quarter_ends(dt.date(2025, 12, 31), 6)
UNREGISTERED = 0.03


@pytest.fixture(scope="module")
def quarters() -> list[pd.DataFrame]:
    """The region's own children, full size, quarter by quarter."""
    areas = lay_out("north_west", DATES, 1)
    margins = base_margins(areas, 1, 1.0)
    supply = build_supply(areas, margins, DATES[0], DATES[-1], 1, 1.0)
    flows, people = Flows(areas, 1), People(areas, 1)
    found = []
    for number, date in enumerate(DATES):
        room = supply.room_on(date.toordinal(), len(areas.hosts))
        people.advance(
            flows.on(children_on(margins, date, 1), room),
            date,
            DATES[number - 1] if number else None,
        )
        found.append(people.frame[(people.frame["origin"] < areas.members)])
    return found


def test_one_in_sixty_placements_with_a_fee_costs_ten_thousand_a_week_and_more(quarters):
    """Local Government Association: 1.6 per cent, 2022/23; before, there was none."""
    for frame in quarters:
        fees = frame.loc[~frame["kind"].isin([OWN, OTHER]), "fee"]
        assert 0.0145 < (fees >= 10_000).mean() < 0.0175
        assert fees.max() < 20_000


def test_children_are_in_unregistered_settings_for_about_six_months(quarters):
    """Public Accounts Committee, 2026; over all quarters, for each has some seventy of them."""
    days = []
    for date, frame in zip(DATES, quarters, strict=True):
        there = frame[(frame["kind"] == OTHER) & (frame["kin"] < UNREGISTERED)]
        days.append(date.toordinal() - there["placed"])
        assert len(there) > 40 and (days[-1] >= 0).all()
        assert 100 < days[-1].mean() < 270, date
    assert 150 < pd.concat(days).mean() < 215


def test_the_largest_ultimate_owners_have_a_third_more_than_the_largest_names():
    """Ofsted, 2025: the 20 largest hold 18.6 per cent of children's homes by name and 25 by
    ultimate owner, 1.34 times as much.
    """
    areas = lay_out("north_west", DATES, 1)
    margins = base_margins(areas, 1, 1.0)
    supply = build_supply(areas, margins, DATES[0], DATES[-1], 1, 1.0)
    registrations, owned = supply.registrations, listed(supply, DATES[-1], 1)
    names = pd.Series(supply.owners["name"].to_numpy()[supply.owner_on(DATES[-1].toordinal())])
    homes = (registrations["kind"] == HOME) & registrations["registered"]
    by_name, urns = names[homes.to_numpy()], registrations.loc[homes, "urn"]
    ultimate = pd.Series([owned.get(u, n) for u, n in zip(urns, by_name, strict=True)])
    largest = [float(o.value_counts(normalize=True).head(20).sum()) for o in (by_name, ultimate)]
    assert 1.2 < largest[1] / largest[0] < 1.5
    companies = pd.Series(owned).groupby(pd.Series(owned)).size()
    assert len(companies) > 20 and set(owned) - set(urns), "premises of supported accommodation too"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One December of a small region."""
    out = tmp_path_factory.mktemp("made") / "region"
    make_region(out, quarters=1, last=DATES[-1], seed=2, scale=0.03)
    return out


def test_the_operational_list_says_which_needs_homes_are_registered_for(made):
    vacancies = pd.read_csv(
        made / "truth" / "setting_vacancies.csv", dtype=str, keep_default_na=False
    )
    homes = vacancies[vacancies["provision_type"] == "Children's home"]
    assert (homes["needs_met"] != "").mean() > 0.5
    assert (
        vacancies.loc[vacancies["provision_type"] == "Supported accommodation", "needs_met"] == ""
    ).all()
    assert homes["needs_met"].nunique() > 3


def test_dfes_file_by_kind_has_parts_that_add_up_and_is_of_englands_proportions(made):
    with next((made / str(DATES[-1]) / "dfe").glob("cla_on_31_march_*.csv")).open(
        encoding="utf-8", newline=""
    ) as file:
        rows = list(csv.DictReader(file))
    england = {
        (r["characteristic"], r["breakdown"]): int(r["children_percent"])
        for r in rows
        if r["geographic_level"] == "National"
    }
    for kind, parts in ENGLANDS.items():
        whole = sum(parts.values())
        assert all(
            abs(england[kind, part] - 100 * count / whole) < 4 for part, count in parts.items()
        ), kind
    authorities: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["geographic_level"] == "Local authority":
            authorities.setdefault((row["old_la_code"], row["characteristic"]), []).append(
                row["children_count"]
            )
    for *parts, total in authorities.values():
        if "c" not in (*parts, total):
            assert sum(map(int, parts)) == int(total)
        assert not {"1", "2", "3", "4"} & {*parts, total}, "one to four are printed as c"
    assert np.mean(["c" in counts for counts in authorities.values()]) < 1


def test_ofsteds_fostering_file_is_of_englands_size_and_proportions(tmp_path):
    """Ofsted: 42,615 households on 31 March 2024, 4,055 approved and 4,820 ended in the year; 62 per
    cent of the places filled, 20 vacant, 18 not available. England's figures are of agencies too.
    """
    march = dt.date(2025, 3, 31)
    people = {
        row["authority_code"]: int(row["people"])
        for row in authorities.rows_of("population_0_17")
        if int(row["mid_year"]) == 2024
    }
    children = {code: round(81_770 * n / sum(people.values())) for code, n in people.items()}
    landing = Landing(Made(tmp_path, "england", 1))
    printed = official_fostering.send(None, children, march, landing, DATES[-1], 1)
    of = {one.measure.split(" / ")[-1]: one.by_area for one in printed}
    england = {what: int(by_area[ENGLAND]) for what, by_area in of.items()}
    for what, published in (
        ("Total approved households", 42_615),
        ("Total number of households approved in year", 4055),
        ('Total households deregistered between 1 April and 31 March"', 4820),
    ):
        assert england[what] == pytest.approx(published, rel=0.06), what
    places = england["Number of approved foster places"]
    for part, share in (
        ("Number of filled places", 0.62),
        ("Number of vacant places", 0.20),
        ("Number of places not available", 0.18),
    ):
        assert england[part] / places == pytest.approx(share, abs=0.03), part
    own = {area: text for area, text in of["Number of filled places"].items() if area[:1] != "E"}
    assert (
        0.4
        < sum(int(n) for n in own.values() if n != "..") / england["Number of filled places"]
        < 0.65
    )


def test_authorities_are_judged_as_england_is(tmp_path):
    """Ofsted, 31 March 2025: 24 per cent outstanding, 44 good, 20 requires improvement, 12
    inadequate, most of them inspected in the last three years.
    """
    landing = Landing(Made(tmp_path, "england", 1))
    assert authority_inspections.send(landing, dt.date(2025, 12, 31), 1) is None
    told = authority_inspections.send(landing, dt.date(2025, 9, 30), 1)
    assert told is not None and len({one.code for one in told.in_force}) == len(told.in_force) > 145
    judged = pd.Series([one.judged[0] for one in told.in_force]).value_counts(normalize=True)
    assert judged.index.isin(authority_inspections.GRADES).all()
    for grade, share in zip(authority_inspections.GRADES, (0.24, 0.44, 0.20, 0.12), strict=True):
        assert judged[grade] == pytest.approx(share, abs=0.1), grade
    years = pd.Series([one.day.year for one in told.in_force])
    assert years.max() == 2025 and (years >= 2022).mean() > 0.8
    assert {one.kind for one in told.in_year} == {
        authority_inspections.STANDARD, authority_inspections.SHORT,
        authority_inspections.VISIT, authority_inspections.MONITORING,
    }  # fmt: skip
    assert all(one.judged[-1] == "" for one in told.history if one.day.year < 2023)
    later = authority_inspections.send(landing, dt.date(2026, 9, 30), 1)
    assert later is not None and set(told.history) <= set(later.history), "told the same again"
