"""The readers' quality report: a sound quarter is found sound, each kind of break is seen, and no
row gets into a page.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from urllib.parse import unquote

import pandas as pd
import pytest
import sqlalchemy as sa
import sqlglot
from sqlglot import exp

from assets.checks.report import DRIFT, report_page, suites, write_report
from assets.warehouse.models import PYTHON_TABLES, models
from resources.expectations import Batch, Outcome, alone, hold_up
from resources.warehouse import physical
from schemas.expectations import HERE, Drift, Expectation, suite, tables_with_a_file

BEFORE, DATE = dt.date(2025, 6, 30), dt.date(2025, 9, 30)


def write(warehouse, statement: str) -> None:
    with warehouse.writing() as connection:
        connection.execute(sa.text(physical(statement)))


@pytest.fixture
def sound(embedded_warehouse):
    """Two quarters of an area's homes, and one home of it."""
    for date, occupied in ((BEFORE, 90), (DATE, 95)):
        write(
            embedded_warehouse,
            "insert into curated.host_authority_occupancy (census_date, host_authority_code,"
            " host_authority_name, provision_type, settings_registered, settings_returned,"
            " places_registered, places_returned, occupied, vacant, unavailable,"
            f" occupied_under_18) values ('{date}', '356', 'Stockport', 'Children''s home', 40, 40,"
            f" 130, 130, {occupied}, 10, {120 - occupied}, {occupied}), ('{date}', '358',"
            " 'Trafford', 'Children''s home', 5, 0, 20, 0, null, null, null, null)",
        )
    write(
        embedded_warehouse,
        "insert into curated.setting_vacancies (census_date, urn, setting_name,"
        " host_authority_code, host_authority_name, provision_type, registered, vacant,"
        f" unavailable, max_age) values ('{DATE}', 'SC777777', 'Xanadu Lodge', '356', 'Stockport',"
        " 'Children''s home', 4, 1, 0, 17)",
    )
    return embedded_warehouse


def unmet(outcomes: list[Outcome]) -> list[tuple[str, str, int]]:
    return [(o.batch, o.severity, o.unexpected) for o in outcomes if not o.met]


BREAKS = [
    pytest.param(
        "update curated.host_authority_occupancy set vacant = 9 where host_authority_code = '356'",
        ("host_authority_occupancy", "critical", 1), id="parts that do not make the whole",
    ),
    pytest.param(
        "update curated.host_authority_occupancy set provision_type = 'Childrens home' where host_authority_code = '358'",
        ("host_authority_occupancy", "warning", 1), id="a value that is none of the catalogue's",
    ),
    pytest.param(
        "update curated.host_authority_occupancy set settings_registered = -1 where host_authority_code = '358'",
        ("host_authority_occupancy", "warning", 1), id="a count under 0",
    ),
    pytest.param(
        "update curated.host_authority_occupancy set host_authority_name = null where host_authority_code = '358'",
        ("host_authority_occupancy", "warning", 1), id="a code without its name",
    ),
    pytest.param(
        "update curated.host_authority_occupancy set occupied = 70, unavailable = 50, occupied_under_18 = 70 where occupied = 90",
        (f"host_authority_occupancy{DRIFT}", "warning", 1), id="a total that has leapt since the quarter before",
    ),
    pytest.param("update curated.setting_vacancies set max_age = 99", ("setting_vacancies", "critical", 1), id="an age that is none"),
]  # fmt: skip


def test_a_sound_quarter_meets_its_expectations_and_has_its_pages(sound, tmp_path):
    outcomes = write_report(sound, DATE, tmp_path / "data docs")
    assert unmet(outcomes) == []
    assert {o.batch for o in outcomes} == {
        "host_authority_occupancy",
        f"host_authority_occupancy{DRIFT}",
        "setting_vacancies",
    }
    page = report_page(tmp_path / "data docs", DATE)
    assert page == tmp_path / "data docs" / "2025-09-30" / "index.html"
    index = page.read_text(encoding="utf-8")
    assert "Quality report: 30 September 2025" in index and index.count("as expected") == 3
    pages = [unquote(link.split('"')[0]) for link in index.split('href="')[1:]]
    assert len(pages) == 3 and all((page.parent / link).is_file() for link in pages)
    text = "".join(path.read_text(encoding="utf-8") for path in page.parent.rglob("*.html"))
    assert "Occupied, vacant and unavailable places are together the places returned." in text
    assert sorted(path.name for path in (tmp_path / "data docs").iterdir()) == ["2025-09-30"], (
        "nothing half-made is left"
    )
    write_report(sound, DATE, tmp_path / "data docs")
    assert len(list(page.parent.rglob("validations/**/*.html"))) == 3, (
        "a second report takes the place of the first"
    )


@pytest.mark.parametrize(("broken", "seen"), BREAKS)
def test_a_break_is_seen_and_its_rows_stay_out_of_the_pages(sound, tmp_path, broken, seen):
    write(sound, broken)
    found = unmet(write_report(sound, DATE, tmp_path))
    assert seen in found
    index = report_page(tmp_path, DATE).read_text(encoding="utf-8")
    assert f"{seen[2]} of " in index and f"({seen[1]})" in index
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html"))
    for value in ("Xanadu", "SC777777", "Childrens home", "Trafford", "Stockport"):
        assert value not in text


def test_a_quarter_without_figures_has_a_report_without_tables(embedded_warehouse, tmp_path):
    assert write_report(embedded_warehouse, DATE, tmp_path) == []
    assert report_page(tmp_path, DATE).exists()


def test_the_pages_load_nothing_from_anywhere_and_forbid_it(sound, tmp_path):
    write_report(sound, DATE, tmp_path)
    for path in tmp_path.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in page
        assert "<script" not in page and "url('http" not in page
        assert not [
            tag
            for tag in page.split("<")
            if tag.startswith(("link", "img", "iframe")) and "//" in tag.split(">")[0]
        ]
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".html", ".css"}


def test_what_a_page_would_load_is_taken_out():
    page = (
        "<html><head lang='en'><link rel='stylesheet' href='https://a.example/x.css'><link"
        " rel='stylesheet' href='own.css'><script>1</script></head><body><img\n"
        " src='http://a.example/x.png'/><p style=\"background:"
        " url('https://a.example/y.png')\">kept</p></body></html>"
    )
    made = alone(page)
    assert "a.example" not in made and "<script" not in made
    assert "own.css" in made and "kept" in made and made.count("Content-Security-Policy") == 1


def test_an_expectation_that_cannot_be_worked_out_is_told(tmp_path):
    frame = pd.DataFrame({"a": [1, 2]})
    for kind, arguments in (
        ("expect_nothing_much", {"column": "a"}),
        ("expect_column_values_to_be_between", {"column": "b", "min_value": 0}),
    ):
        with pytest.raises(ValueError, match="schemas/expectations"):
            hold_up(
                [Batch("a table", frame, (Expectation(kind, "It is so.", "warning", arguments),))],
                tmp_path / "docs",
                "A title",
            )


# --- what is expected, as data
# ------------------------------------------------------------------------------


def test_every_file_is_of_a_curated_table_and_every_curated_table_without_single_children_has_expectations():
    curated = {
        table.name
        for table in (*models().values(), *PYTHON_TABLES.values())
        if table.schema == "curated"
    }
    assert set(tables_with_a_file()) <= curated
    assert curated - set(suites()) == {"high_cost_placements", "search"}


def test_a_file_that_names_a_column_the_table_does_not_have_is_refused():
    with pytest.raises(ValueError, match="net_position.toml: \\['net_gain'\\] was found"):
        suite("net_position", ("census_date", "authority_code"))


def texts_of(expression: exp.Expression | None) -> set[str]:
    """The texts that an expression may give by itself: those of its branches."""
    if isinstance(expression, exp.Literal) and expression.is_string:
        return {expression.this}
    if isinstance(expression, exp.Case):
        branches = [branch.args["true"] for branch in expression.args["ifs"]]
        return set().union(*map(texts_of, [*branches, expression.args.get("default")]))
    if isinstance(expression, (exp.Coalesce, exp.Max, exp.Min, exp.Paren)):
        return set().union(*map(texts_of, [expression.this, *expression.expressions]))
    return set()


def test_every_value_that_a_table_gives_itself_is_one_that_readers_are_told_of():
    """Else the check of a sound quarter fails for good."""
    values = tomllib.loads((HERE / "_every_table.toml").read_text(encoding="utf-8"))["values"]
    untold = {
        (model.table, alias.alias, text)
        for model in models().values()
        for alias in sqlglot.parse_one(model.sql, read="postgres").find_all(exp.Alias)
        if alias.alias in values
        for text in texts_of(alias.this) - set(values[alias.alias])
    }
    assert untold == set()


def test_a_new_table_needs_no_file():
    made = suite(
        "a_new_one",
        ("census_date", "authority_code", "authority_name", "children", "share", "location_band"),
    )
    assert [(e.type, e.arguments["column"], e.severity) for e in made.expectations] == [
        ("expect_column_values_to_not_be_null", "authority_name", "warning"),
        ("expect_column_values_to_be_between", "children", "warning"),
        ("expect_column_values_to_be_between", "share", "warning"),
        ("expect_column_values_to_be_in_set", "location_band", "warning"),
    ]
    assert made.drifts == () and made.derived == {}


def test_drift_is_of_the_quarter_before_alone_and_of_groups_that_are_large_enough(sound, tmp_path):
    watched = suites()["host_authority_occupancy"].drifts
    assert Drift("occupied", ("provision_type",), 0.15, 20) in watched
    write(
        sound,
        f"update curated.host_authority_occupancy set census_date = '{dt.date(2025, 3, 31)}' where"
        f" census_date = '{BEFORE}'",
    )
    assert DRIFT not in "".join(o.batch for o in write_report(sound, DATE, tmp_path)), (
        "two quarters before is not the quarter before"
    )
