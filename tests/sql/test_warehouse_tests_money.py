"""Every warehouse test of money, market and trust finds what it is for, and a blocking one keeps
the quarter from being written.

Two sound quarters, a year apart, are built once a server; what is done with the breaks is said in
`test_warehouse_tests`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter, run_checks
from resources.warehouse import Warehouse, physical
from tests import builders
from tests.conftest import KEY, Landing, Servers
from tests.sql.money_breaks import BREAKS, DATE
from tests.sql.test_warehouse_tests import (
    QUARTER,
    REGION,
    TESTS,
    _build_with_break,
    _offending,
    _relation,
    _state,
)

BEFORE = "2024-03-31"

ALL = [
    pytest.param(name, number, id=f"{name}-{number + 1}")
    for name, breaks in BREAKS.items()
    for number in range(len(breaks))
]
BLOCKING = [pytest.param(name, id=name) for name in BREAKS if TESTS[name].blocks]


def _fill(landing: Landing) -> None:
    """Two years of one authority's census with costs, of the register, and of a provider: homes
    open, close and grow.
    """
    homes = [
        {"urn": "SC01", "local_authority": "Stockport", "places": 4},
        {
            "urn": "SC02",
            "local_authority": "Stockport",
            "places": 1,
            "provider_name": "ACORN CARE LIMITED",
        },
        {"urn": "SC03", "local_authority": "Bolton", "places": 3, "provider_name": "Oak Homes"},
    ]
    later = [
        {**homes[0], "places": 5},
        homes[1],
        {"urn": "SC04", "local_authority": "Stockport", "places": 2, "provider_name": "Oak Homes"},
    ]
    costs = {
        BEFORE: [("SC01", 4000), ("SC02", 5000), ("", 900)],
        DATE: [("SC01", 4500), ("SC01", 12000), ("SC04", ""), ("SC99", 5000), ("", 1000)],
    }
    for date, register in ((BEFORE, homes), (DATE, later)):
        census = [
            {"total_weekly_cost": cost, "establishment_urn": urn, "type_of_provision": "Residential - External (Commissioned)" if urn
             else "Fostering - Independent Foster Care (IFA)", "placement_start_date": "01/03/2024"}
            for urn, cost in costs[date]
        ]  # fmt: skip
        landing.drop(date, "ofsted", "providers.csv", builders.register(register))
        landing.drop(date, "356", "census.csv", builders.census(census))
        landing.drop(
            date,
            "350",
            "census.csv",
            builders.census([{"total_weekly_cost": 3000, "establishment_urn": "SC01"}], "Bolton"),
        )
        landing.drop(
            date,
            "provider-a",
            "settings.csv",
            builders.settings([{"urn": "SC01", "registered_places": 5, "vacant_places": 3}]),
        )
        landing.drop(
            date, "provider-a", "placements.csv", builders.placements([{"urn": "SC01"}] * 2)
        )


@pytest.fixture(scope="module", params=["embedded", "postgres15"])
def built(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """A warehouse with two sound quarters, which every case leaves as it was."""
    landing = Landing(tmp_path_factory.mktemp("landing"))
    _fill(landing)
    address = servers.fresh(request.param)
    with Warehouse(address) as warehouse:
        for date in (dt.date.fromisoformat(BEFORE), QUARTER):
            take_in(warehouse, landing.place, date, KEY)
            result = build_quarter(warehouse, date, REGION)
            assert not result.blocked_by, result.blocked_by
        yield warehouse
    servers.drop(request.param, address)


def test_a_sound_quarter_passes_every_test(built: Warehouse) -> None:
    with built.reading() as connection:
        failed = [check for check in run_checks(connection, QUARTER) if check.offending]
    assert not [check for check in failed if check.blocks or check.name in BREAKS]


@pytest.mark.parametrize(("name", "number"), ALL)
def test_it_finds_the_break(built: Warehouse, name: str, number: int) -> None:
    with built.engine.connect() as connection:  # what is not committed is taken back
        changed = connection.exec_driver_sql(physical(BREAKS[name][number])).rowcount
        assert changed > 0
        assert _offending(connection, name) > 0


@pytest.mark.parametrize("name", BLOCKING)
def test_a_blocking_one_keeps_the_quarter_from_being_written(built: Warehouse, name: str) -> None:
    before = _state(built)
    result = _build_with_break(built, name, BREAKS[name][0], only={_relation(name)})
    assert name in [check.name for check in result.blocked_by]
    assert _state(built) == before
