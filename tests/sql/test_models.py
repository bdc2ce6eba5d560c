"""Every SQL model gives what a small case worked by hand says it must, on the embedded server and
on PostgreSQL 15.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from assets.warehouse.models import models
from resources.warehouse import Warehouse
from schemas.returns import return_tables
from tests.conftest import Servers
from tests.sql.given_expect import (
    Case,
    CaseError,
    all_cases,
    answer,
    column_types,
    difference,
    grid,
)

CASES = all_cases()
QUARTER = dt.date(2025, 3, 31)


@pytest.fixture(scope="module", params=["embedded", "postgres15"])
def server(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Warehouse]:
    """A warehouse that all cases share, since they create nothing in it."""
    address = servers.fresh(request.param)
    with Warehouse(address) as warehouse:
        yield warehouse
    servers.drop(request.param, address)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(server: Warehouse, case: Case) -> None:
    with server.reading() as connection:
        found = answer(connection, models()[case.model], case.given, case.census_date)
    if words := difference(case, found):
        pytest.fail(words, pytrace=False)


def test_every_model_of_core_and_curated_has_a_case() -> None:
    with_case = {case.model for case in CASES}
    assert not [
        model.table
        for model in models().values()
        if model.schema != "staging" and model.relation not in with_case
    ]


def test_no_two_cases_share_a_name() -> None:
    names = [case.id for case in CASES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    "table", sorted(name for name in return_tables() if ("staging", name) in models())
)
def test_staging_holds_the_loaded_rows_of_the_version_in_force(
    server: Warehouse, table: str
) -> None:
    books = [
        {"submission_id": "s1", "table_name": table, "status": "in force"},
        {"submission_id": "s2", "table_name": table, "status": "superseded"},
        {"submission_id": "s3", "table_name": "another table", "status": "in force"},
    ]
    rows = [
        {"submission_id": submission, "row_number": number, "fate": fate}
        for submission in ("s1", "s2", "s3")
        for number, fate in ((2, "loaded"), (3, "rejected"), (4, "set aside"))
    ]
    with server.reading() as connection:
        found = answer(
            connection,
            models()["staging", table],
            {("raw", "submission_table"): books, ("raw", table): rows},
            QUARTER,
        )
    assert [(row["submission_id"], row["row_number"], row["census_date"]) for row in found] == [
        ("s1", 2, QUARTER)
    ]


def test_given_columns_have_the_types_of_the_warehouse(server: Warehouse) -> None:
    """Cases rest on the types that parsing tells of the tables that models read; they must be those
    that the database gives them.
    """
    read = {relation for model in models().values() for relation in model.upstream}
    rows = server.rows(
        "select table_schema, table_name, column_name, data_type from information_schema.columns"
    )
    spelt = {"timestamptz": "timestamp with time zone", "int": "integer", "decimal": "numeric"}
    told = {
        (*relation, column): spelt.get(kind, kind)
        for relation in read
        for column, kind in column_types(relation).items()
    }
    assert told == {
        (row.table_schema, row.table_name, row.column_name): row.data_type
        for row in rows
        if (row.table_schema, row.table_name) in read
    }


def test_grids_read_blank_as_null_and_quotes_as_empty() -> None:
    assert grid("urn | name\nSC1 |\nSC2 | ''\n") == (("urn", "name"), [("SC1", None), ("SC2", "")])


def test_a_grid_with_a_missing_cell_is_refused() -> None:
    with pytest.raises(CaseError, match="has 1 cells; 2 were expected"):
        grid("urn | name\nSC1\n")
