"""Building: what a quarter costs does not grow with the quarters that are held."""

from __future__ import annotations

import sqlalchemy as sa

from assets.warehouse.building import _measure


def test_once_a_few_quarters_are_held_only_which_there_are_is_measured_again(warehouse):
    found = []
    with warehouse.writing() as connection:
        for quarter in range(6):
            connection.execute(
                sa.text(
                    "insert into core_rows.setting (census_date, urn, host_authority_code) "
                    "select cast(:d as date), cast(n as text), '356' from generate_series(1, 100) as n"
                ),
                {"d": f"20{20 + quarter}-03-31"},
            )
            _measure(connection, "core_rows.setting", 100)
            known = connection.execute(
                sa.text(
                    "select (select reltuples from pg_class where oid = 'core_rows.setting'::regclass), "
                    "(select array_length(string_to_array(most_common_vals::text, ','), 1) from pg_stats "
                    " where schemaname = 'core_rows' and tablename = 'setting' and attname = 'census_date'), "
                    "(select n_distinct from pg_stats where schemaname = 'core_rows' and tablename = 'setting' and attname = 'urn')"
                )
            ).one()
            found.append(tuple(known))
    rows, quarters, urns = zip(*found, strict=True)
    assert rows == (100, 200, 300, 400, 500, 600), "the planner knows the true size every time"
    assert quarters == (1, 2, 3, 4, 5, 6), "and which quarters there are"
    # each URN stands once a quarter: its share of the rows tells when the column was looked at last, with the fourth quarter
    assert [round(u, 2) for u in urns[:3]] == [-1.0, -0.5, -0.33] and len(set(urns[3:])) == 1
