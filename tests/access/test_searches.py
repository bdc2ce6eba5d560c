"""Searches for homes: an authority reads its own, row by row and to the last one; whoever else
reads them has counts alone, and no small one.
"""

from __future__ import annotations

import pytest

from resources.warehouse import physical
from tests.access.conftest import OTHER, OWN, rows_of

DATE = "2026-06-30"
GIVEN = {0: None, 1: None, 7: None, 8: 10, 12: 10, 13: 15}
"""A count, and what others have of it."""


@pytest.fixture(scope="module")
def counted(filled):
    """Outcomes and needs of two authorities, one row each a count."""
    with filled.warehouse.engine.begin() as connection:
        for code in (OWN, OTHER):
            for n in GIVEN:
                connection.exec_driver_sql(
                    f"insert into {physical('curated.search_outcome')} (census_date,"
                    " authority_code, category, searches, searches_dated,"
                    f" median_days_to_placement, placements, median_weekly_cost) values ('{DATE}',"
                    f" '{code}', 'c{n}', {n}, {n}, 3.5, {n}, 4321.5)"
                )
                connection.exec_driver_sql(
                    f"insert into {physical('curated.needs_profile')} (census_date, authority_code,"
                    f" category, breakdown, part, searches, searches_with_need) values ('{DATE}',"
                    f" '{code}', 'c{n}', 'distance', 'p', 13, {n})"
                )
        connection.exec_driver_sql(
            f"insert into access.quarter_end (census_date) values ('{DATE}') on conflict do nothing"
        )
    yield filled
    with filled.warehouse.engine.begin() as connection:
        for table in ("curated.search_outcome", "curated.needs_profile"):
            connection.exec_driver_sql(
                f"delete from {physical(table)} where census_date = '{DATE}'"
            )
        connection.exec_driver_sql(f"delete from access.quarter_end where census_date = '{DATE}'")


def read(filled, who: str, table: str) -> list[dict] | None:
    with filled.connect(who) as session:
        rows = rows_of(session, table)
    return rows if rows is None else [row for row in rows if str(row["census_date"]) == DATE]


@pytest.mark.parametrize("who", ["stockport", "trafford"])
def test_an_authority_reads_its_own_counts_to_the_last_one(counted, who):
    own = {"stockport": OWN, "trafford": OTHER}[who]
    rows = read(counted, who, "curated.search_outcome")
    assert {(row["authority_code"], row["category"], row["searches"]) for row in rows} == {
        (own, f"c{n}", n) for n in GIVEN
    }
    assert {float(row["median_weekly_cost"]) for row in rows} == {4321.5}
    assert {
        (r["authority_code"], r["searches_with_need"])
        for r in read(counted, who, "curated.needs_profile")
    } == {(own, n) for n in GIVEN}


@pytest.mark.parametrize("who", ["region", "engineer"])
def test_others_have_counts_in_steps_and_no_small_one_and_no_fee(counted, who):
    rows = read(counted, who, "curated.search_outcome")
    assert len(rows) == 2 * len(GIVEN)
    for row in rows:
        n = int(row["category"][1:])
        assert (row["searches"], row["placements"], row["median_weekly_cost"]) == (
            GIVEN[n],
            GIVEN[n],
            None,
        )
        assert row["median_days_to_placement"] == (4 if n > 7 else None)
    for row in read(counted, who, "curated.needs_profile"):
        assert (row["searches"], row["searches_with_need"]) == (15, GIVEN[int(row["category"][1:])])
    assert read(counted, who, "curated.search") is None, "never a row about a child"


def test_the_public_reads_none_of_it(counted):
    for table in ("search", "search_outcome", "needs_profile"):
        assert read(counted, "public", f"curated.{table}") is None
