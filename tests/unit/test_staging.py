"""The staging views that layouts make: what a layout says is what the view has, and a layout that
cannot be staged is refused.
"""

from __future__ import annotations

import dataclasses

import pytest

from assets.warehouse.facts import ModelError
from assets.warehouse.models import FOLDER, models, understandings
from assets.warehouse.staging import staging_select
from schemas.fields import field
from schemas.returns import ReturnTable, return_tables
from tests.sql_rules import faults_of

WRITTEN = sorted(name for name in return_tables() if (FOLDER / "staging" / f"{name}.sql").exists())
MADE = sorted(
    name for name, table in return_tables().items() if name not in WRITTEN and not table.leave_alone
)


def _with(table: ReturnTable, name: str, **changed: object) -> ReturnTable:
    """The layout with one of its columns changed."""
    columns = tuple(
        dataclasses.replace(column, **changed) if column.name == name else column
        for column in table.columns
    )
    return dataclasses.replace(table, columns=columns)


def _selected(sql: str) -> list[str]:
    lines = sql[sql.index("select\n") + len("select\n") : sql.index("\nfrom ")].split(",\n")
    return [line.strip() for line in lines]


def test_a_view_renames_and_casts_what_its_layout_has():
    sql = staging_select(return_tables()["planned_homes"])
    assert _selected(sql) == [
        "r.submission_id", "r.census_date", "r.sender", "t.version", "r.sheet", "r.row_number",
        "r.planned_authority as authority_code", "cast(r.beds as integer) as beds", "r.planned_category", "r.stage",
        "cast(r.expected_opening as date) as expected_opening",
    ]  # fmt: skip


def test_a_layout_that_changes_changes_its_view():
    table = return_tables()["planned_homes"]
    as_text = _with(table, "beds", field=field("stage"), staged_as="beds")
    assert "r.beds" in _selected(staging_select(as_text))
    renamed = _with(table, "planned_authority", staged_as="host_authority_code")
    assert "r.planned_authority as host_authority_code" in _selected(staging_select(renamed))
    shorter = dataclasses.replace(table, columns=table.columns[:2])
    assert _selected(staging_select(shorter))[6:] == [
        "r.planned_authority as authority_code",
        "cast(r.beds as integer) as beds",
    ]


def test_a_layout_with_two_columns_of_one_name_in_staging_is_refused():
    table = _with(return_tables()["planned_homes"], "beds", staged_as="stage")
    with pytest.raises(ModelError, match=r"planned_homes\.toml: two columns .* 'stage'"):
        staging_select(table)


def test_nothing_of_a_personal_value_but_its_key_is_staged():
    """What the door drops never gets a column, and of a key the column is text."""
    for name in MADE:
        table = return_tables()[name]
        dropped = {column.name for column in table.columns if column.kept_as is None}
        assert not dropped & set(models()["staging", name].columns) - {
            f.name for f in table.derived
        }


@pytest.mark.parametrize("name", MADE)
def test_a_view_that_is_made_keeps_the_rules_of_sql(name):
    made = staging_select(return_tables()[name])
    assert models()["staging", name].sql == made
    assert faults_of(made, f"staging/{name}.sql", "staging") == []


@pytest.mark.parametrize("name", WRITTEN)
def test_a_view_written_by_hand_reads_every_column_of_its_layout(name):
    """A column added to the layout is forgotten in no view. What is told of one is enough: the
    provider's subtype is Ofsted's, and nothing rests on it.
    """
    read = {
        column
        for parents in understandings()["staging", name].parents.values()
        for (_, table), column in parents
        if table == name
    }
    left = {"register_list_homes": {"provider_subtype"}}.get(name, set())
    assert set(return_tables()[name].warehouse_columns) - read == left
