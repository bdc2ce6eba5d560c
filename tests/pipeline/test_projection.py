"""Projections in the warehouse: from returns to projected rows; made anew when a late return
changes what they rest on, and only then.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
import sqlalchemy as sa

from assets.access.preparing import prepare
from assets.projection.table import out_of_date, rewrite
from resources.errors import ObservatoryError
from schemas.regions import load_region
from tests import builders

DATES = [date.date() for date in pd.date_range("2020-12-31", "2025-09-30", freq="QE")]


def fill(warehouse, code: str, children: dict[dt.date, int]) -> None:
    """Children looked after of an authority, as a built quarter holds them."""
    with warehouse.writing() as connection:
        for date, count in children.items():
            connection.execute(
                sa.text(
                    "delete from curated_rows.children_looked_after where census_date = :d and"
                    " authority_code = :c"
                ),
                {"d": date, "c": code},
            )
            connection.execute(
                sa.text(
                    "insert into curated_rows.children_looked_after (census_date, authority_code,"
                    " authority_name, breakdown, category, children) values (:d, :c, 'Stockport',"
                    " 'total', 'Total', :n), (:d, :c, 'Stockport', 'age', '10 to 15', :n)"
                ),
                {"d": date, "c": code, "n": count},
            )
            connection.execute(
                sa.text(
                    "insert into raw.quarter (census_date, rests_on, code_version) values (:d, 'x',"
                    " 'x') on conflict do nothing"
                ),
                {"d": date},
            )


def rows(warehouse, date: dt.date) -> list[tuple]:
    return [
        tuple(row)
        for row in warehouse.rows(
            "select * from curated.children_looked_after_projection where census_date = :d order by"
            " 2, 5, 6, 7",
            d=date,
        )
    ]


def test_from_returns_to_projections(embedded_warehouse, landing, bring):
    """Two quarters of a placement census, after six that were built before: nothing is projected at
    the seventh, no change at the eighth.
    """
    warehouse, dates = embedded_warehouse, DATES[-8:]
    for number, date in enumerate(dates):
        if number < 6:
            with warehouse.writing() as connection:
                connection.execute(
                    sa.text(
                        "insert into curated_rows.own_placements_location (census_date,"
                        " placing_authority_code, provision_type, location_band, placements,"
                        " source) values (:d, '356', 'Children''s home', 'in_area', 4, 'census'),"
                        " (:d, '356', 'Other', 'in_area', 0, 'census'), (:d, '356', 'Independent"
                        " fostering', 'in_area', 5, 'census'), (:d, '356', 'Independent fostering',"
                        " 'elsewhere', :n, 'census')"
                    ),
                    {"d": date, "n": 15 + number},
                )
                connection.execute(
                    sa.text(
                        "insert into raw.quarter (census_date, rests_on, code_version) values (:d,"
                        " 'x', 'x')"
                    ),
                    {"d": date},
                )
            continue
        census = [{"type_of_provision": "Residential - External (Commissioned)"}] * 4 + [
            {"type_of_provision": "Fostering - Independent Foster Care (IFA)"}
        ] * (20 + number)
        landing.drop(date.isoformat(), "356", "census.csv", builders.census(census))
        bring(warehouse, landing, date.isoformat())
    assert out_of_date(warehouse) == dates
    for date in dates:
        rewrite(warehouse, date)
    found = warehouse.frame(
        "select * from curated.children_looked_after_projection where census_date = any(:dates)"
        " order by census_date, provision_type, horizon_date",
        dates=dates[-2:],
    )
    untold = found[found["measure"] == "children looked after"]
    assert (
        len(untold) == 2 * 12 and untold["latest"].isna().all() and untold["projected"].isna().all()
    )
    assert untold["projection_note"].str.contains("no_ssda903").all(), (
        "a placement census is not of all children"
    )
    found = found[found["measure"] == "own placements"]
    assert len(found) == 2 * 2 * 12
    assert found[
        ["authority_code", "authority_gss", "authority_name", "measure"]
    ].drop_duplicates().to_numpy().tolist() == [["356", "E08000007", "Stockport", "own placements"]]
    seventh, eighth = (
        found[found["census_date"] == dates[-2]],
        found[found["census_date"] == dates[-1]],
    )
    assert seventh["projected"].isna().all() and set(seventh["history_quarters"]) == {7}
    assert set(seventh["projection_note"]) == {
        "Nothing is projected: 7 quarters without a gap are held, and 8 are needed."
    }
    assert eighth.groupby("provision_type")["projected"].unique().map(list).to_dict() == {
        "Children's home": [4],
        "Independent fostering": [27],
    }
    assert set(eighth["projection_method"]) == {"no change"}
    assert (eighth["projected_low_95"] <= eighth["projected_low_80"]).all() and (
        eighth["projected_high_80"] < eighth["projected_high_95"]
    ).all()
    assert eighth["horizon_date"].max() == dates[-1].replace(year=dates[-1].year + 3)
    described = warehouse.scalar(
        "select obj_description('curated.children_looked_after_projection'::regclass)"
    )
    assert "no change" in described
    assert warehouse.scalar(
        "select count(*) from information_schema.columns where table_schema = 'curated' and table_name = 'children_looked_after_projection' "
        "and col_description('curated.children_looked_after_projection'::regclass, ordinal_position::int) is null"
    ) == 0  # fmt: skip


def test_a_rerun_writes_nothing_and_a_late_figure_changes_the_projections_from_its_date_on(
    warehouse,
):
    fill(warehouse, "356", {date: 300 + 4 * number for number, date in enumerate(DATES)})
    for date in DATES:
        rewrite(warehouse, date)
    assert out_of_date(warehouse) == []
    before = {date: rows(warehouse, date) for date in DATES}
    again = rewrite(warehouse, DATES[-1])
    assert (again.was_up_to_date, again.rows, again.series) == (True, 12, 1)

    fill(warehouse, "356", {DATES[8]: 300})
    assert out_of_date(warehouse) == DATES[8:]
    for date in DATES:
        assert rewrite(warehouse, date).was_up_to_date is (date < DATES[8])
    after = {date: rows(warehouse, date) for date in DATES}
    assert [date for date in DATES if after[date] != before[date]] == DATES[8:]


def test_a_projection_uses_nothing_later_than_its_census_date(warehouse):
    fill(warehouse, "356", {date: 300 + 4 * number for number, date in enumerate(DATES[:16])})
    rewrite(warehouse, DATES[15])
    before = rows(warehouse, DATES[15])
    fill(warehouse, "356", dict.fromkeys(DATES[16:], 10))
    assert DATES[15] not in out_of_date(warehouse)
    with warehouse.writing() as connection:
        connection.execute(sa.text("delete from raw.projection"))
    assert not rewrite(warehouse, DATES[15]).was_up_to_date
    assert rows(warehouse, DATES[15]) == before != []


def test_a_census_date_whose_figures_are_gone_loses_its_projections(warehouse):
    fill(warehouse, "356", {DATES[-1]: 300})
    assert rewrite(warehouse, DATES[-1]).rows == 12
    with warehouse.writing() as connection:
        connection.execute(sa.text("delete from curated_rows.children_looked_after"))
    assert out_of_date(warehouse) == [DATES[-1]]
    assert rewrite(warehouse, DATES[-1]).rows == 0
    assert out_of_date(warehouse) == []
    assert rows(warehouse, DATES[-1]) == []


def test_a_figure_counted_twice_keeps_the_old_projections(embedded_warehouse):
    warehouse = embedded_warehouse
    fill(warehouse, "356", dict.fromkeys(DATES, 300))
    rewrite(warehouse, DATES[-1])
    before = rows(warehouse, DATES[-1])
    with (
        warehouse.writing() as connection
    ):  # the table itself is broken: rows are doubled as they are written
        connection.execute(
            sa.text(
                "create function curated.twice() returns trigger language plpgsql as $$ begin if"
                " pg_trigger_depth() = 1 then insert into"
                " curated_rows.children_looked_after_projection select new.*; end if; return new;"
                " end $$"
            )
        )
        connection.execute(
            sa.text(
                "create trigger twice before insert on"
                " curated_rows.children_looked_after_projection for each row execute function"
                " curated.twice()"
            )
        )
    fill(warehouse, "356", {DATES[-1]: 310})
    with pytest.raises(ObservatoryError, match="12 rows stand twice"):
        rewrite(warehouse, DATES[-1])
    assert rows(warehouse, DATES[-1]) == before
    assert out_of_date(warehouse) == DATES


def test_the_table_is_made_anew_when_its_columns_have_changed_and_its_dates_with_it(
    embedded_warehouse,
):
    warehouse = embedded_warehouse
    fill(warehouse, "356", dict.fromkeys(DATES, 300))
    rewrite(warehouse, DATES[-1])
    with warehouse.writing() as connection:
        connection.execute(
            sa.text(
                "alter table curated_rows.children_looked_after_projection drop column"
                " projection_note cascade"
            )
        )
        connection.execute(sa.text("update raw.observatory set state = 'older'"))
    prepare(warehouse, load_region("north_west"))
    assert DATES[-1] in out_of_date(warehouse)
    assert rewrite(warehouse, DATES[-1]).rows == 12
