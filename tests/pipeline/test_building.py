"""Building: what a quarter costs does not grow with the quarters that are held."""

from __future__ import annotations

import sqlalchemy as sa

from assets.warehouse.building import _measure
from assets.warehouse.models import models
from tests import builders


def test_once_a_few_quarters_are_held_only_which_there_are_is_measured_again(warehouse):
    found = []
    with warehouse.writing() as connection:
        for quarter in range(6):
            connection.execute(
                sa.text(
                    "insert into core_rows.setting (census_date, urn, host_authority_code) select"
                    " cast(:d as date), cast(n as text), '356' from generate_series(1, 100) as n"
                ),
                {"d": f"20{20 + quarter}-03-31"},
            )
            _measure(connection, "core_rows.setting", 100)
            known = connection.execute(
                sa.text(
                    "select (select reltuples from pg_class where oid ="
                    " 'core_rows.setting'::regclass), (select"
                    " array_length(string_to_array(most_common_vals::text, ','), 1) from pg_stats "
                    " where schemaname = 'core_rows' and tablename = 'setting' and attname ="
                    " 'census_date'), (select n_distinct from pg_stats where schemaname ="
                    " 'core_rows' and tablename = 'setting' and attname = 'urn')"
                )
            ).one()
            found.append(tuple(known))
    rows, quarters, urns = zip(*found, strict=True)
    assert rows == (100, 200, 300, 400, 500, 600), "the planner knows the true size every time"
    assert quarters == (1, 2, 3, 4, 5, 6), "and which quarters there are"
    # each URN stands once a quarter: its share of the rows tells when the column was looked at
    # last, with the fourth quarter
    assert [round(u, 2) for u in urns[:3]] == [-1.0, -0.5, -0.33] and len(set(urns[3:])) == 1


def test_a_table_that_later_tables_are_worked_out_of_is_measured_first(
    embedded_warehouse, landing, bring
):
    """Else the planner takes it for empty, and compares each row with each: `comparison` took eight
    times as long.
    """
    landing.drop("2025-03-31", "provider-a", "s.csv", builders.settings([{"urn": "SC000001"}]))
    bring(embedded_warehouse, landing, "2025-03-31")
    read_on = frozenset().union(
        *(model.upstream for model in models().values() if not model.is_view)
    )
    known = embedded_warehouse.rows(
        "select oid::regclass::text as name, reltuples from pg_class where relkind in ('r', 'p')"
    )
    unmeasured = {row.name for row in known if row.reltuples < 0}
    built = {
        model.physical
        for model in models().values()
        if model.relation in read_on and not model.is_view
    }
    assert "curated_rows.headline_figure" in built
    assert not built & unmeasured
