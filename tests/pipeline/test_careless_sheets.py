"""Careless spreadsheets: several tables on a sheet, titles, totals, dates the other way round,
Excel's own dates.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from tests import builders
from tests.unit.at_the_door import Answer, csv_of, held_up

DATE = "2025-03-31"


def workbook(sheets: dict[str, list[list]], **options: object) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    (
                        sheet.write_datetime(number, place, value, day)
                        if isinstance(value, dt.date)
                        else sheet.write(number, place, value)
                    )
    return buffer.getvalue()


SETTINGS = [
    "urn",
    "provision_type",
    "host_local_authority",
    "registered_places",
    "occupied_places",
    "vacant_places",
    "unavailable_places",
]
HOME = ["SC000001", "Children's home", "Stockport", 4, 2, 2, 0]
CHILD = ["SC000001", "Stockport MBC", dt.date(2024, 12, 1), 14, 4500.5]
CHILDREN = ["urn", "placing_local_authority", "placement_start_date", "age", "weekly_fee"]


def test_two_tables_on_one_sheet_with_titles_and_totals(embedded_warehouse, landing, bring):
    rows = [
        ["Acorn Care: provider census, March 2025"], [], SETTINGS, HOME, ["SC000002", *HOME[1:]], [], ["Total", "", "", 8, 4, 4, 0], [],
        ["Children in our homes"], CHILDREN, CHILD, ["SC000002", *CHILD[1:]], ["Total", "", "", "", 9001],
    ]  # fmt: skip
    landing.drop(DATE, "provider-acorn", "return.xlsx", workbook({"Everything": rows}))
    bring(embedded_warehouse, landing, DATE)
    books = {
        r.table_name: tuple(r)[1:]
        for r in embedded_warehouse.rows(
            "select table_name, rows_received, rows_loaded, rows_rejected, rows_set_aside from"
            " raw.submission_table"
        )
    }
    assert books == {"provider_settings": (4, 2, 0, 2), "provider_placements": (3, 2, 0, 1)}
    row = embedded_warehouse.rows(
        "select sheet, row_number, placement_start_date, weekly_fee from raw.provider_placements"
        " where fate = 'loaded' order by row_number"
    )[0]
    assert tuple(row) == ("Everything", 11, "2024-12-01", "4500.5")


def test_the_1904_date_system_is_read_as_the_day_it_shows(embedded_warehouse, landing, bring):
    landing.drop(
        DATE,
        "provider-a",
        "s.xlsx",
        workbook({"s": [SETTINGS, HOME], "p": [CHILDREN, CHILD]}, date_1904=True),
    )
    bring(embedded_warehouse, landing, DATE)
    assert (
        str(embedded_warehouse.scalar("select placement_start_date from core.setting_child"))
        == "2024-12-01"
    )


@pytest.mark.parametrize(
    ("dates", "loaded", "doubted"),
    [
        (["03/25/2024", "03/04/2024", "2024-05-01"], [None, None, "2024-05-01"], 2),
        (["25/03/2024", "03/04/2024"], ["2024-03-25", "2024-04-03"], 0),
        (
            ["25/03/2024", "26/03/2024", "03/27/2024", "03/04/2024"],
            ["2024-03-25", "2024-03-26", None, "2024-04-03"],
            0,
        ),
        (["03/03/2024", "03/25/2024"], ["2024-03-03", None], 1),
    ],
    ids=[
        "month first: the doubtful is not guessed",
        "day first",
        "one slip among day-first dates",
        "the same either way",
    ],
)
def test_dates_with_the_month_first_are_never_guessed(
    embedded_warehouse, landing, bring, dates, loaded, doubted
):
    landing.drop(
        DATE,
        "provider-a",
        "s.csv",
        builders.settings([{"urn": "SC000001", "registered_places": 6, "occupied_places": 5}]),
    )
    landing.drop(
        DATE,
        "provider-a",
        "p.csv",
        builders.placements([{"urn": "SC000001", "placement_start_date": text} for text in dates]),
    )
    bring(embedded_warehouse, landing, DATE)
    rows = embedded_warehouse.rows(
        "select placement_start_date from raw.provider_placements order by row_number"
    )
    assert [row.placement_start_date for row in rows] == loaded
    assert (
        embedded_warehouse.scalar(
            "select count(*) from raw.finding where rule = 'month_first_left_blank'"
        )
        == doubted
    )


def test_the_list_sent_to_authorities_loads_and_gives_needs_met(
    embedded_warehouse, landing, bring, shared
):
    sample = (shared / "samples" / "ofsted" / "list_to_authorities_layout_2025.xlsx").read_bytes()
    landing.drop(DATE, "ofsted", "list.xlsx", sample)
    bring(embedded_warehouse, landing, DATE)
    books = {
        r.table_name: (r.rows_received, r.rows_loaded)
        for r in embedded_warehouse.rows(
            "select table_name, rows_received, rows_loaded from raw.submission_table"
        )
    }
    assert books == {"register_list_homes": (1, 1), "register_list_premises": (1, 1)}
    text = "\n".join(
        embedded_warehouse.frame("select t::text as line from raw.register_list_homes as t")["line"]
    )
    assert "RT1" not in text
    assert "provider@provision" not in text

    header = [
        "Local authority",
        "URN",
        "Provider type",
        "Provider name",
        "Placement code",
        "Owner name",
        "Number of registered places",
        "Sensory impairment",
        "Physical disabilities",
    ]
    rows = [
        header,
        ["Stockport", "SC000001", "Children's Home", "The Elms", "K2", "Acorn", 4, "No", "Yes"],
    ]
    landing.drop("2025-06-30", "ofsted", "list.xlsx", workbook({"Providers": rows}))
    landing.drop("2025-06-30", "provider-a", "s.xlsx", workbook({"s": [SETTINGS, HOME]}))
    bring(embedded_warehouse, landing, "2025-06-30")
    row = embedded_warehouse.rows(
        "select needs_met, registered, provider_name from curated.setting_vacancies where"
        " census_date = '2025-06-30'"
    )[0]
    assert tuple(row) == ("Physical disabilities", 4, "Acorn")


OPTIONAL = {
    "in_house_fostering": (
        "approval_type,households,approved_places,children_placed\nMainstream,153,259,169\n"
    ),
    "contracts_register": (
        "provider,framework,lot,start,end,break,review\nAcorn,NW"
        " FPS,1,01/04/2024,31/03/2028,,01/04/2026\n"
    ),
    "planned_homes": (
        "authority,beds,category,stage,expected_opening\nStockport,3,Mainstream,Planning"
        " granted,01/09/2025\n"
    ),
    "high_cost_placements": (
        "Identifier,weekly_cost,review_date,review_outcome\nC1,12000,01/03/2025,Continue\n"
    ),
    "placements_standard": csv_of("placements_standard", [{}]),
}


@pytest.mark.parametrize("table", OPTIONAL)
def test_the_optional_returns_are_recognised_and_staged(embedded_warehouse, landing, bring, table):
    landing.drop(DATE, "356", "optional.csv", OPTIONAL[table])
    bring(embedded_warehouse, landing, DATE)
    assert embedded_warehouse.scalar(f"select count(*) from staging.{table}") == 1
    assert (
        embedded_warehouse.scalar("select count(*) from raw.finding where severity <> 'notes'") == 0
    )


# --- what a workbook holds beside its values
# --------------------------------------------------------------


PLACES = SETTINGS.index("occupied_places")


def at_the_door(content: bytes | str, sender: str = "provider-acorn") -> Answer:
    return held_up(content, sender=sender)


def made(
    fill: Callable[[xlsxwriter.Workbook, dict[str, Any]], None], **sheets: list[list]
) -> bytes:
    """A workbook of rows, to which something is done before it is closed."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        pages = {name: book.add_worksheet(name) for name in sheets}
        for name, rows in sheets.items():
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    pages[name].write(number, place, value)
        fill(book, pages)
    return buffer.getvalue()


def test_a_hidden_sheet_is_left_alone_and_told_and_so_is_one_that_only_a_program_can_show():
    old = [SETTINGS, [*HOME[:4], 1, 3, 0]]
    for hide in ("hide", "very_hidden"):
        answer = at_the_door(
            made(
                lambda _, pages, hide=hide: getattr(pages["old"], hide)(),
                settings=[SETTINGS, HOME],
                old=old,
            )
        )
        assert answer.about_files == ["hidden_sheet"]
        assert answer.rows["occupied_places"].tolist() == ["2"]
    only_hidden = at_the_door(
        made(lambda _, pages: pages["old"].hide(), words=[["nothing here"]], old=old)
    )
    assert set(only_hidden.about_files) == {"hidden_sheet", "no_recognised_table"}


def test_the_templates_hidden_lists_are_nothing_to_tell():
    content = made(
        lambda _, pages: pages["lists"].hide(), settings=[SETTINGS, HOME], lists=[["Yes"], ["No"]]
    )
    assert at_the_door(content).about_files == []


def test_hidden_columns_and_rows_count_with_a_word():
    content = made(
        lambda _, pages: pages["settings"].set_column(4, 4, None, None, {"hidden": True}),
        settings=[SETTINGS, HOME],
    )
    answer = at_the_door(content)
    assert answer.about_files == ["hidden_columns"] and "E ('occupied_places')" in answer.said
    content = made(
        lambda _, pages: pages["settings"].set_row(2, None, None, {"hidden": True}),
        settings=[SETTINGS, HOME, ["SC000002", *HOME[1:]]],
    )
    narrow = made(
        lambda _, pages: [pages["settings"].set_column(4, 4, 0), pages["settings"].set_row(1, 0)],
        settings=[SETTINGS, HOME],
    )
    assert at_the_door(narrow).about_files == [
        "hidden_columns",
        "hidden_rows",
    ], "of no width or height"
    answer = at_the_door(content)
    assert answer.about_files == ["hidden_rows"] and "the first row 3" in answer.said
    assert answer.books == [(2, 2, 0, 0)]


def test_columns_hidden_that_nobody_asked_for_are_nothing_to_tell_twice():
    content = made(
        lambda _, p: p["s"].set_column(7, 7, None, None, {"hidden": True}),
        s=[[*SETTINGS, "notes"], [*HOME, "x"]],
    )
    assert at_the_door(content).about_files == ["column_dropped"]


def test_cells_merged_over_rows_are_called_merged_and_not_blank():
    rows = [CHILDREN, ["", "Stockport"], ["", "Stockport"], ["SC000002", "Stockport"]]
    answer = at_the_door(
        made(
            lambda _, pages: pages["p"].merge_range(1, 0, 2, 0, "SC000001"),
            p=rows,
            s=[SETTINGS, HOME],
        )
    )
    told = [row for row in answer.about_rows if row[2] in {"blank", "merged_cell"}]
    assert told == [(3, "urn", "merged_cell")] and "A2 to A3" in answer.said
    rows = [
        CHILDREN,
        ["SC000001", "Stockport", None, "", 5],
        ["SC000001", "Stockport", None, "", 5],
    ]
    answer = at_the_door(
        made(lambda _, pages: pages["p"].merge_range(1, 3, 2, 3, 14), p=rows, s=[SETTINGS, HOME])
    )
    assert (3, "age", "merged_left_blank") in answer.about_rows
    assert answer.books[-1] == (2, 2, 0, 0)


def test_a_formula_that_was_never_worked_out_is_called_so_and_not_blank():
    def unworked(place: int) -> bytes:
        return made(
            lambda _, pages: pages["s"].write_formula(1, place, "=1+1", None, ""),
            s=[SETTINGS, HOME, ["SC000002", *HOME[1:]]],
        )

    assert at_the_door(unworked(PLACES)).about_rows == [
        (2, "occupied_places", "formula_without_value")
    ]
    content = made(
        lambda _, p: p["p"].write_formula(1, 3, "=1+1", None, ""),
        p=[CHILDREN, CHILD[:2]],
        s=[SETTINGS, HOME],
    )
    assert (2, "age", "formula_left_blank") in at_the_door(content).about_rows


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!"])
def test_the_error_of_a_cell_is_named_wherever_it_stands(error):
    content = made(
        lambda _, pages: pages["s"].write_formula(1, PLACES, "=NA()", None, error),
        s=[SETTINGS, HOME],
    )
    assert (2, "occupied_places", "error_cell") in at_the_door(
        content
    ).about_rows and error in at_the_door(content).said
    in_text = ",".join(SETTINGS) + "\n" + f"SC000001,Children's home,{error},4,2,2,0\n"
    assert (2, "host_local_authority", "error_cell") in at_the_door(in_text).about_rows


def test_a_raised_figure_of_a_note_is_no_part_of_the_number():
    def raised(book: xlsxwriter.Workbook, pages: dict[str, Any]) -> None:
        pages["s"].write_rich_string(
            1,
            PLACES,
            book.add_format({"bold": True}),
            "2",
            book.add_format({"font_script": 1}),
            "1",
        )

    rows = at_the_door(made(raised, s=[SETTINGS, HOME])).rows
    assert rows["occupied_places"].tolist() == ["2"]


def test_a_header_in_two_rows_is_read():
    groups = ["", "", "", "Places", "", "", ""]
    header = [
        "URN",
        "Provision type",
        "Host local authority",
        "Registered",
        "Occupied",
        "Vacant",
        "Unavailable",
    ]
    answer = at_the_door(workbook({"s": [["Our homes"], groups, header, HOME]}))
    assert answer.books == [(1, 1, 0, 0)] and answer.rows["occupied_places"].tolist() == ["2"]


@pytest.mark.parametrize(
    ("two", "values", "refused"),
    [
        (("Occupied places (30 Sept)", "Occupied places (31 Dec)"), (1, 2), True),
        (("occupied_places", "occupied_places"), (1, 2), True),
        (("occupied_places", "Occupied places (last quarter)"), (2, 1), False),
        (("occupied_places", "occupied_places"), (2, ""), False),
    ],
    ids=[
        "both with a note",
        "one header twice",
        "the layout's own header and another",
        "one of them empty",
    ],
)
def test_of_two_columns_that_could_be_one_field_none_is_guessed(two, values, refused):
    header = [*SETTINGS[:4], *two, *SETTINGS[5:]]
    answer = at_the_door(workbook({"s": [header, [*HOME[:4], *values, 2, 0]]}))
    assert (
        ("two_columns_for_one" in answer.about_files)
        == answer.submissions[0].is_rejected
        == refused
    )
    if refused:
        assert "column E" in answer.said and "column F" in answer.said
    else:
        assert answer.rows["occupied_places"].tolist() == ["2"]


def homes(count: int) -> list[str]:
    return [
        ",".join(SETTINGS),
        *(f"SC{number:06d},Children's home,Stockport,4,2,2,0" for number in range(1, count + 1)),
    ]


@pytest.mark.parametrize(
    "closed_at", [None, 9], ids=["never closed", "closed by the next stray one"]
)
@pytest.mark.parametrize("by_column", [False, True])
def test_a_quotation_mark_that_swallows_rows_is_told_by_its_row(closed_at, by_column, monkeypatch):
    if by_column:
        monkeypatch.setattr("assets.intake.reading.READ_BY_COLUMN_FROM", 10)
    lines = homes(12)
    for row in filter(None, (4, closed_at)):
        lines[row - 1] = lines[row - 1].replace(",Children's", ",\"Children's")
    answer = at_the_door("\n".join(lines))
    assert answer.about_files == ["quotation_never_closed"] and "row 4, column B" in answer.said


def test_a_quotation_mark_that_swallows_the_rest_of_the_last_row_is_told():
    lines = homes(3)
    lines[-1] = lines[-1].replace(",Children's", ",\"Children's")
    assert at_the_door("\n".join(lines)).about_files == ["quotation_never_closed"]


@pytest.mark.parametrize(
    ("opened", "closed"),
    [(",Stock", ",Stock"), (",Children's", ",4,2"), (",2,2", "Children's"), (",0", "SC")],
    ids=["in the same column", "further on", "further back", "from the last cell to the first"],
)
@pytest.mark.parametrize("by_column", [False, True])
def test_a_stray_mark_closed_in_the_very_next_row_is_told(opened, closed, by_column, monkeypatch):
    """No line is swallowed whole: two halves make one row as long as a row is, and the books would
    balance with one row less.
    """
    if by_column:
        monkeypatch.setattr("assets.intake.reading.READ_BY_COLUMN_FROM", 10)
    lines = homes(12)
    lines[3] = lines[3].replace(opened, f'{opened[0]}"{opened[1:]}')
    lines[4] = lines[4].replace(closed, f'{closed[0]}"{closed[1:]}')
    answer = at_the_door("\n".join(lines))
    assert answer.about_files == ["quotation_never_closed"] and "row 4, column" in answer.said


def test_a_cell_of_a_workbook_that_holds_rows_is_told_and_prose_is_none():
    """A CSV with a stray quotation mark, opened in a spreadsheet and saved: no mark is left to see."""
    header, swallowed = (
        [*SETTINGS, "setting_name"],
        "Oak House\nSC000002,Children's home,Stockport,4,2,2,0,Elm",
    )
    answer = at_the_door(
        workbook({"s": [header, [*HOME, "Ash"], ["SC000003", *HOME[1:], swallowed]]})
    )
    assert answer.about_files == ["cell_holds_rows"] and "row 3, column H" in answer.said
    prose = "Oak House,\nformerly Elm, Ash, and Yew,\nnow one"
    assert at_the_door(workbook({"s": [header, [*HOME, prose]]})).books == [(1, 1, 0, 0)]


def test_line_breaks_inside_a_cell_are_no_swallowed_rows():
    lines = [line.replace("Children's home", '"Children\'s\nhome"') for line in homes(3)]
    assert at_the_door("\n".join(lines)).books == [(3, 3, 0, 0)]


def test_notes_and_sums_below_a_table_are_set_aside_and_nothing_of_them_is_kept():
    below = [
        "",
        "Notes:",
        "1. Zebedee moved in July.",
        "Source: Acorn",
        "Prepared by J Canary, 01/01/2026",
    ]
    sums = [",Stockport total,,8,4,4,0", "TOTAL PLACES,,,8,4,4,0", "All homes,,,8,4,4,0"]
    answer = at_the_door("\n".join([*homes(2), *sums, *below]))
    assert answer.books == [(10, 2, 0, 8)]
    assert not [
        word
        for word in ("Zebedee", "Canary", "Acorn")
        if word in answer.said.replace("provider-acorn", "")
    ]


def test_a_row_in_the_middle_that_looks_like_a_note_is_rejected_and_told():
    lines = homes(3)
    lines[2] = "ask the manager,,,,,,"
    answer = at_the_door("\n".join(lines))
    assert answer.books == [(3, 2, 1, 0)]


def test_a_home_without_a_urn_that_is_called_total_is_no_sum():
    assert at_the_door("\n".join([*homes(1), ",Children's home,Stockport,4,2,2,0"])).books == [
        (2, 1, 1, 0)
    ]
