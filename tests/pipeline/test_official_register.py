"""The official register gives the published totals, and every official sample loads with its books
balanced.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from assets.intake.assets import unbalanced
from tests.conftest import Landing

SAMPLES = {
    "2018-03-31": "provider_at_march_2018.csv",
    "2022-03-31": "provider_at_march_2022.csv",
    "2024-03-31": "provider_at_march_2024.csv",
    "2025-03-31": "provider_at_march_2025.ods",
}


@pytest.fixture
def official(landing: Landing, shared: Path) -> Landing:
    for date, name in SAMPLES.items():
        folder = landing.root / date / "ofsted"
        folder.mkdir(parents=True)
        shutil.copy(shared / "samples" / "ofsted" / name, folder / name)
    return landing


def test_every_control_total_of_the_register(warehouse, official, bring, shared):
    for date in SAMPLES:
        bring(warehouse, official, date)
    wanted = pd.read_csv(shared / "cases" / "control_totals.csv")
    wanted = wanted[wanted["file"].str.startswith("provider_")]
    checked = 0
    for row in wanted.itertuples():
        found, places = _figure(warehouse, row.as_at, row.area, row.measure)
        assert found == row.value, (row.as_at, row.area, row.measure)
        if isinstance(row.note, str) and "places" in row.note and places is not None:
            numbers = [int(word) for word in row.note.replace(":", " ").split() if word.isdigit()]
            assert places == numbers[-1], (row.as_at, row.area, row.measure, row.note)
        checked += 1
    assert checked == len(wanted) >= 25


GREATER_MANCHESTER = "sub_region_name = 'Greater Manchester'"


def _figure(warehouse, date: str, area: str, measure: str) -> tuple[int, int | None]:
    """The warehouse's figure for a control total, and the places that go with it."""
    where = (
        "true"
        if area == "England"
        else (
            GREATER_MANCHESTER
            if area == "Greater Manchester"
            else f"host_authority_name = '{area}'"
        )
    )
    occupancy = f"""
        select coalesce(sum(o.settings_registered), 0), sum(o.places_registered) from curated.host_authority_occupancy as o
        inner join core.authority as a on o.census_date = a.census_date and o.host_authority_code = a.authority_code
        where o.census_date = '{date}' and {where} and o.provision_type
    """

    def one(query: str) -> tuple[int, int | None]:
        return tuple(warehouse.rows(query)[0])  # type: ignore[return-value]

    if measure.endswith(": rows"):
        table = "register_providers" if "and places" in measure else "register_provider_levels"
        return (
            one(f"select count(*), null from staging.{table} where census_date = '{date}'")[0],
            None,
        )
    if measure == "supported accommodation providers":
        return one(
            "select count(*), sum(places) from staging.register_providers "
            f"where census_date = '{date}' and ofsted_provision_type = 'Supported accommodation'"
        )
    homes = "in ('Children''s home', 'Secure children''s home', 'Residential special school')"
    kinds = {
        "children's homes (both spellings)": "= 'Children''s home'",
        "children's homes": "= 'Children''s home'",
        "children's homes: places": "= 'Children''s home'",
        "secure children's homes": "= 'Secure children''s home'",
        "residential special schools registered as children's homes": (
            "= 'Residential special school'"
        ),
        "all three kinds of home": homes,
        "supported accommodation premises": "= 'Supported accommodation'",
        "supported accommodation places": "= 'Supported accommodation'",
        "independent fostering agencies": "= 'Independent fostering'",
    }
    settings, places = one(occupancy + kinds[measure])
    if measure.endswith("places"):
        return places, None
    return settings, places


def test_homes_of_2018_with_their_places(warehouse, official, bring):
    bring(warehouse, official, "2018-03-31")
    row = warehouse.rows(
        "select sum(settings_registered) as homes, sum(places_registered) as places from"
        " curated.host_authority_occupancy where provision_type = 'Children''s home'"
    )[0]
    assert (row.homes, row.places) == (2038, 9062)


def test_official_samples_balance_and_lose_nothing(embedded_warehouse, official, bring):
    import datetime as dt

    for date in SAMPLES:
        bring(embedded_warehouse, official, date)
    dates = [dt.date.fromisoformat(date) for date in SAMPLES]
    assert unbalanced(embedded_warehouse, dates) == 0
    books = embedded_warehouse.rows(
        "select sum(rows_received) as received, sum(rows_loaded) as loaded from"
        " raw.submission_table"
    )[0]
    assert books.received == 2797 + 3576 + 3876 + 5600 + 5600 + 8119 + 1529 + 4921 == books.loaded


def test_fostering_has_no_places_and_not_zero(embedded_warehouse, official, bring):
    bring(embedded_warehouse, official, "2025-03-31")
    rows = embedded_warehouse.rows(
        "select places_registered, occupied_estimate from curated.host_authority_occupancy where"
        " provision_type = 'Independent fostering'"
    )
    assert rows
    assert all(row.places_registered is None and row.occupied_estimate is None for row in rows)


def test_a_quarter_without_a_list_carries_the_last_one_and_says_so(
    embedded_warehouse, official, bring
):
    bring(embedded_warehouse, official, "2025-03-31")
    bring(embedded_warehouse, official, "2025-06-30")
    rows = embedded_warehouse.rows(
        "select sum(settings_registered) as settings, bool_and(register_carried) as carried,"
        " max(register_as_at) as as_at from curated.host_authority_occupancy where census_date ="
        " '2025-06-30' and provision_type = 'Children''s home'"
    )[0]
    assert (rows.settings, rows.carried, str(rows.as_at)) == (3946, True, "2025-03-31")


def test_the_2024_list_reads_as_mac_roman(embedded_warehouse, official, bring):
    bring(embedded_warehouse, official, "2024-03-31")
    odd = embedded_warehouse.scalar(
        "select count(*) from raw.register_provider_levels where setting_name ~ '[ÐÕ]' or"
        " provider_name ~ '[ÐÕ]'"
    )
    assert odd == 0
