"""Official statistics at the door: DfE's files of any year give one form, symbols stay symbols, and
what was renamed is named.
"""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from assets.intake.columns import read_even
from assets.intake.parsing import read_figure
from assets.intake.reading import Sheet
from assets.intake.turning import turned
from schemas.official import official_symbols
from tests.unit.at_the_door import held_up

PLACE = {
    "time_period": "2025", "time_identifier": "Reporting year", "geographic_level": "Local authority", "country_code": "E92000001",
    "country_name": "England", "region_code": "E12000002", "region_name": "North West", "old_la_code": "356", "la_name": "Stockport",
    "new_la_code": "E08000007",
}  # fmt: skip
ENGLAND = {**dict.fromkeys(PLACE, ""), "time_period": "2025", "time_identifier": "Reporting year", "geographic_level": "National",
           "country_code": "E92000001", "country_name": "England"}  # fmt: skip


def file_of(*rows: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [*PLACE, *(name for name in rows[0] if name not in PLACE)])
    writer.writeheader()
    writer.writerows({**PLACE, **row} for row in rows)
    return text.getvalue()


def test_a_file_of_before_and_one_of_after_the_renaming_give_the_same_rows():
    before = file_of(
        {
            "cla_group": "Age group",
            "characteristic": "1 to 4 years",
            "number": "47",
            "percentage": "10",
        },
        {
            "cla_group": "Locality of placement",
            "characteristic": "Total",
            "number": "485",
            "percentage": "100",
        },
    )
    after = file_of(
        {
            "characteristic": "Age group",
            "breakdown": "1 to 4 years",
            "children_count": "47",
            "children_percent": "10",
        },
        {
            "characteristic": "Locality of placement",
            "breakdown": "Total",
            "children_count": "485",
            "children_percent": "100",
        },
    )
    made = []
    for content in (before, after):
        answer = held_up(content, sender="dfe")
        assert answer.about_files == [] and answer.about_rows == []
        made.append(answer.rows.drop(columns="submission_id"))
    assert made[0].equals(made[1])
    assert list(made[0]["filter_1"]) == ["Age group", "Locality of placement"]
    assert set(made[0]["data_set"]) == {"cla_on_31_march"}


def test_a_file_too_large_to_be_kept_in_memory_tells_its_data_set_too():
    """The rows of its sheet are let go before they are judged; the header stays."""
    ages = {
        "cla_group": "Age group",
        "characteristic": "1 to 4 years",
        "number": "47",
        "percentage": "10",
    }
    places = {
        "cla_group": "Locality of placement",
        "characteristic": "Total",
        "number": "485",
        "percentage": "100",
    }
    answer = held_up(file_of(ages, places), sender="dfe", too_large=True)
    assert set(answer.rows["data_set"]) == {"cla_on_31_march"}


def test_a_sheet_keeps_its_first_rows_however_it_was_read():
    for rows in ([["a", "b"], ["1", "2"], ["3", "4"]], read_even("a,b\n1,2\n3,4\n", ",")):
        sheet = Sheet("", rows)
        sheet.let_go(1)
        assert list(sheet.rows) == [["a", "b"]]


def test_rows_of_england_and_totals_are_data():
    answer = held_up(
        file_of({**ENGLAND, "population_type": "Total", "children_count": "81770"}), sender="dfe"
    )
    assert answer.books == [(1, 1, 0, 0)]


@pytest.mark.parametrize(
    "symbol",
    [symbol for symbol, _ in official_symbols()] + ["<5", "< 10", "fewer than 5", "[note 4]"],
)
def test_a_symbol_is_kept_and_is_no_number(symbol):
    answer = held_up(
        file_of({"population_type": "A", "children_count": symbol, "rate_per_10000": "67"}),
        sender="dfe",
    )
    assert answer.about_rows == []
    assert list(answer.rows["figure_count"]) == [symbol]
    assert not symbol.replace(".", "").lstrip("-").isdigit()


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("8,370", "8370"), ("100.000", "100.000"), ("-36", "-36"), ("8955421269", "8955421269"), ("8917040.34614", "8917040.34614"), ("0", "0"),
        ("1e3", "1000"), ("about 5", None), ("5 to 10", None), ("#N/A", None), ("1,2", None),
    ],
)  # fmt: skip
def test_a_figure_is_a_number_as_it_stands_or_nothing(text, figure):
    assert read_figure(text) == figure


def test_what_is_neither_number_nor_symbol_rejects_its_row_alone():
    wrong = {"population_type": "A", "children_count": "about five"}
    answer = held_up(file_of({"population_type": "A", "children_count": "5"}, wrong), sender="dfe")
    assert answer.about_rows == [(3, "children_count", "unreadable")]
    assert answer.books == [(2, 1, 1, 0)]


@pytest.mark.parametrize("renamed", ["looked_after_count", "theme"])
def test_a_file_with_a_renamed_column_is_refused_with_its_name(renamed):
    """Next year's file: a figure's or a filter's column has a name that no release before had."""
    row = {"characteristic": "Age group", "breakdown": "1 to 4 years", "children_count": "47"}
    old = "children_count" if renamed.endswith("count") else "characteristic"
    answer = held_up(
        file_of({renamed if name == old else name: value for name, value in row.items()}),
        sender="dfe",
    )
    finding = next(f for f in answer.submissions[0].findings if f.rule == "columns_not_known")
    assert (finding.value, finding.severity) == (renamed, "rejects the file")
    assert "schemas/returns/official_statistics.toml" in finding.message
    assert ("says a figure" in finding.message) == (old == "children_count")
    assert answer.books == [(1, 0, 1, 0)]


def test_of_a_renamed_column_both_names_are_told():
    row = {
        "characteristic": "Age group",
        "breakdown": "1 to 4 years",
        "children_count": "47",
        "children_pct": "10",
    }
    finding = next(
        f
        for f in held_up(file_of(row), sender="dfe").submissions[0].findings
        if f.rule == "columns_not_known"
    )
    assert (
        "had: 'children_pct'. 'children_pct' may be the new name of 'children_percent'."
        in finding.message
    )


def test_one_line_of_data_maps_a_renamed_column(tmp_path, monkeypatch):
    from schemas import returns

    for path in returns.HERE.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "official_statistics.toml":
            text = text.replace(
                '"children_count", ', '"children_count", "looked_after_count", '
            ).replace('  "characteristic",', '  "theme",')
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(returns, "HERE", tmp_path)
    table = returns.return_tables.__wrapped__()["official_statistics"]
    from assets.intake.recognising import _match

    columns, others = _match(table, [*PLACE, "theme", "breakdown", "looked_after_count"])
    assert others == {}
    assert [columns["filter_1"], columns["filter_2"], columns["figure_count"]] == [
        len(PLACE),
        len(PLACE) + 1,
        len(PLACE) + 2,
    ]


@pytest.mark.parametrize("sender", ["356", "ofsted", "mhclg"])
def test_the_departments_files_are_not_taken_from_others(sender):
    answer = held_up(file_of({"population_type": "A", "children_count": "5"}), sender=sender)
    assert "not_from_this_sender" in answer.about_files


def test_ofsteds_fostering_file_gives_the_same_figures_sideways_and_long(shared):
    """As Ofsted publishes it, with an area a column, and in long form (40 of its items)."""
    made = []
    for name in (
        "Local_authority_level_fostering_data_2018_to_2019.csv",
        "fostering_la_2018_19_long.csv",
    ):
        answer = held_up(
            (shared / "samples" / "ofsted" / name).read_bytes(),
            sender="ofsted",
            date=dt.date(2019, 12, 31),
        )
        assert answer.about_rows == []
        assert answer.books[0][0] == answer.books[0][1] > 6_000
        rows = answer.rows[answer.rows["figure_value"].notna()]
        assert not rows.duplicated(
            ["statistics_area", "fostering_topic", "fostering_sub_topic", "fostering_item"]
        ).any()
        made.append(
            {
                (r.statistics_area, f"{r.fostering_sub_topic} / {r.fostering_item}", r.figure_value)
                for r in rows.itertuples()
            }
        )
    items = {item for _, item, _ in made[1]}
    assert len(items) == 40
    assert {one for one in made[0] if one[1] in items} == made[1]


def test_a_sheet_is_turned_only_where_it_has_an_area_a_column():
    areas = [f"Area {n}" for n in range(20)]
    first = ["", "", "", "England", "", *areas]
    titles = ["Topic", "Sub-topic", "Data", "", "", *(f"SC{n}" for n in range(20))]
    line = ["Places", "", "Number of filled places", "54,870", "", *map(str, range(19))]
    note = ["Notes", "", "", "", "", *[""] * 20]
    made = turned(Sheet("", [first, titles, line, note, ["a note"], []], is_text=True))
    assert made.rows[0] == ["area", "topic", "sub_topic", "item", "value_as_published"]
    assert made.rows[1] == ["England", "Places", "", "Number of filled places", "54,870"]
    assert made.rows[-1] == ["Area 19", "Places", "", "Number of filled places", ""]
    assert len(made.rows) == 1 + 21
    for other in ([first, line], [first], [titles, first], [first[:10], titles, line]):
        sheet = Sheet("", other, is_text=True)
        assert turned(sheet) is sheet


def test_every_file_of_the_department_loads_with_balanced_books(shared):
    """Three releases, 22 files: nothing is rejected, nothing set aside, and every data set is
    known.
    """
    files = [
        *(shared / "samples" / "dfe").glob("dfe_*_release/*.csv"),
        *(shared / "samples" / "ees").glob("*la*.csv"),
    ]
    assert len(files) >= 20
    for path in files:
        answer = held_up(path.read_bytes(), sender="dfe")
        assert answer.about_files == [] and answer.about_rows == [], path.name
        received, loaded, _, _ = answer.books[0]
        assert received == loaded == path.read_bytes().rstrip().count(b"\n"), path.name
        assert not answer.rows["data_set"].iloc[0].startswith("not listed"), path.name
