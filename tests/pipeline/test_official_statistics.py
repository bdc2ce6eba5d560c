"""Official statistics in the warehouse: files of several data sets stand beside each other, and the
newest of each counts.
"""

from __future__ import annotations

from tests.unit.test_official_statistics import file_of

DATE = "2025-12-31"


def numbers(count: str) -> str:
    return file_of(
        {"population_type": "Children looked after on 31 March each year", "children_count": count}
    )


def ages(count: str) -> str:
    return file_of(
        {"characteristic": "Age on starting", "breakdown": "1 to 4 years", "children_count": count}
    )


def test_a_file_takes_the_place_of_one_of_its_own_data_set_alone(
    embedded_warehouse, landing, bring
):
    landing.drop(DATE, "dfe", "numbers.csv", numbers("484"))
    landing.drop(DATE, "dfe", "ages.csv", ages("21"))
    bring(embedded_warehouse, landing, DATE)
    landing.drop(DATE, "dfe", "numbers again.csv", numbers("485"))
    bring(embedded_warehouse, landing, DATE)
    counted = embedded_warehouse.rows(
        "select data_set, figure_count from staging.official_statistics order by data_set"
    )
    assert [tuple(row) for row in counted] == [
        ("cla_number_and_rate", "485"),
        ("cla_started", "21"),
    ]
    status = embedded_warehouse.rows(
        "select status, count(*) as files from raw.submission_table group by status order by status"
    )
    assert [tuple(row) for row in status] == [("in force", 2), ("superseded", 1)]
    said = embedded_warehouse.scalar(
        "select count(*) from raw.finding where rule = 'replaces_a_larger_return'"
    )
    assert said == 0


def test_a_refused_file_leaves_the_one_before_in_force(embedded_warehouse, landing, bring):
    landing.drop(DATE, "dfe", "numbers.csv", numbers("485"))
    landing.drop(
        DATE, "dfe", "next year.csv", numbers("490").replace("children_count", "looked_after_count")
    )
    bring(embedded_warehouse, landing, DATE)
    assert (
        embedded_warehouse.scalar("select figure_count from staging.official_statistics") == "485"
    )
    told = embedded_warehouse.rows("select value from raw.finding where rule = 'columns_not_known'")
    assert [row.value for row in told] == ["looked_after_count"]
