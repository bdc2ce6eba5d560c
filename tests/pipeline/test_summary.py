"""What a run says at its end: the same of a quarter as its page says."""

from __future__ import annotations

import datetime as dt

import pytest

from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from pipelines.command.summary import print_summary
from resources.settings import Settings
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY, Landing

DATE = dt.date(2025, 12, 31)
REGISTERED = ("SC000001", "SC000002", "SC000003")


def summary(
    warehouse, landing: Landing, capsys, returned: tuple[str, ...], registered=REGISTERED
) -> str:
    if registered:
        landing.drop(
            str(DATE), "ofsted", "register.csv",
            builders.register([{"urn": urn, "local_authority": "Stockport", "places": 4} for urn in registered]),
        )  # fmt: skip
    landing.drop(
        str(DATE),
        "provider-acorn",
        "settings.csv",
        builders.settings([{"urn": urn} for urn in returned]),
    )
    take_in(warehouse, landing.place, DATE, KEY)
    assert not build_quarter(warehouse, DATE, load_region("north_west")).blocked_by
    print_summary(
        warehouse, Settings(landing.root / "home", str(landing.root), "", "north_west"), [DATE]
    )
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (("SC000001", "SC000002"), "  2 of them returned, 67 % of the registered places.\n"),
        (
            ("SC000001", "SC000009"),
            (
                "  1 of them returned, 33 % of the registered places, and 1 more that is not in the"
                " register of its area.\n"
            ),
        ),
        (
            ("SC000001", "SC000008", "SC000009"),
            (
                "  1 of them returned, 33 % of the registered places, and 2 more that are not in"
                " the register of their area.\n"
            ),
        ),
    ],
)
def test_homes_that_the_register_does_not_have_are_told_apart(
    embedded_warehouse, landing, capsys, returned, said
):
    assert said in summary(embedded_warehouse, landing, capsys, returned)


def test_without_a_register_only_the_returns_are_told(embedded_warehouse, landing, capsys):
    said = summary(embedded_warehouse, landing, capsys, ("SC000001",), registered=())
    assert "  No register is held for this quarter; 1 home returned.\n" in said
