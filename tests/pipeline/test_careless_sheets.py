"""Careless spreadsheets: several tables on a sheet, titles, totals, dates the other way round, Excel's own dates."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import xlsxwriter

from tests import builders

DATE = "2025-03-31"


def workbook(sheets: dict[str, list[list]], **options: object) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    sheet.write_datetime(number, place, value, day) if isinstance(value, dt.date) else sheet.write(number, place, value)
    return buffer.getvalue()


SETTINGS = ["urn", "provision_type", "host_local_authority", "registered_places", "occupied_places", "vacant_places", "unavailable_places"]
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
        for r in embedded_warehouse.rows("select table_name, rows_received, rows_loaded, rows_rejected, rows_set_aside from raw.submission_table")
    }
    assert books == {"provider_settings": (4, 2, 0, 2), "provider_placements": (3, 2, 0, 1)}
    row = embedded_warehouse.rows(
        "select sheet, row_number, placement_start_date, weekly_fee from raw.provider_placements where fate = 'loaded' order by row_number"
    )[0]
    assert tuple(row) == ("Everything", 11, "2024-12-01", "4500.5")


def test_the_1904_date_system_is_read_as_the_day_it_shows(embedded_warehouse, landing, bring):
    landing.drop(DATE, "provider-a", "s.xlsx", workbook({"s": [SETTINGS, HOME], "p": [CHILDREN, CHILD]}, date_1904=True))
    bring(embedded_warehouse, landing, DATE)
    assert str(embedded_warehouse.scalar("select placement_start_date from core.setting_child")) == "2024-12-01"


@pytest.mark.parametrize(
    ("dates", "loaded", "doubted"),
    [
        (["03/25/2024", "03/04/2024", "2024-05-01"], [None, None, "2024-05-01"], 2),
        (["25/03/2024", "03/04/2024"], ["2024-03-25", "2024-04-03"], 0),
        (["25/03/2024", "26/03/2024", "03/27/2024", "03/04/2024"], ["2024-03-25", "2024-03-26", None, "2024-04-03"], 0),
        (["03/03/2024", "03/25/2024"], ["2024-03-03", None], 1),
    ],
    ids=["month first: the doubtful is not guessed", "day first", "one slip among day-first dates", "the same either way"],
)
def test_dates_with_the_month_first_are_never_guessed(embedded_warehouse, landing, bring, dates, loaded, doubted):
    landing.drop(DATE, "provider-a", "s.csv", builders.settings([{"urn": "SC000001", "registered_places": 6, "occupied_places": 5}]))
    landing.drop(DATE, "provider-a", "p.csv", builders.placements([{"urn": "SC000001", "placement_start_date": text} for text in dates]))
    bring(embedded_warehouse, landing, DATE)
    rows = embedded_warehouse.rows("select placement_start_date from raw.provider_placements order by row_number")
    assert [row.placement_start_date for row in rows] == loaded
    assert embedded_warehouse.scalar("select count(*) from raw.finding where rule = 'month_first_left_blank'") == doubted


def test_the_list_sent_to_authorities_loads_and_gives_needs_met(embedded_warehouse, landing, bring, shared):
    sample = (shared / "samples" / "ofsted" / "list_to_authorities_layout_2025.xlsx").read_bytes()
    landing.drop(DATE, "ofsted", "list.xlsx", sample)
    bring(embedded_warehouse, landing, DATE)
    books = {
        r.table_name: (r.rows_received, r.rows_loaded)
        for r in embedded_warehouse.rows("select table_name, rows_received, rows_loaded from raw.submission_table")
    }
    assert books == {"register_list_homes": (1, 1), "register_list_premises": (1, 1)}
    text = "\n".join(embedded_warehouse.frame("select t::text as line from raw.register_list_homes as t")["line"])
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
    rows = [header, ["Stockport", "SC000001", "Children's Home", "The Elms", "K2", "Acorn", 4, "No", "Yes"]]
    landing.drop("2025-06-30", "ofsted", "list.xlsx", workbook({"Providers": rows}))
    landing.drop("2025-06-30", "provider-a", "s.xlsx", workbook({"s": [SETTINGS, HOME]}))
    bring(embedded_warehouse, landing, "2025-06-30")
    row = embedded_warehouse.rows("select needs_met, registered, provider_name from curated.setting_vacancies where census_date = '2025-06-30'")[0]
    assert tuple(row) == ("Physical disabilities", 4, "Acorn")


OPTIONAL = {
    "in_house_fostering": "approval_type,households,approved_places,children_placed\nMainstream,153,259,169\n",
    "contracts_register": "provider,framework,lot,start,end,break,review\nAcorn,NW FPS,1,01/04/2024,31/03/2028,,01/04/2026\n",
    "planned_homes": "authority,beds,category,stage,expected_opening\nStockport,3,Mainstream,Planning granted,01/09/2025\n",
    "high_cost_placements": "Identifier,weekly_cost,review_date,review_outcome\nC1,12000,01/03/2025,Continue\n",
}


@pytest.mark.parametrize("table", OPTIONAL)
def test_the_optional_returns_are_recognised_and_staged(embedded_warehouse, landing, bring, table):
    landing.drop(DATE, "356", "optional.csv", OPTIONAL[table])
    bring(embedded_warehouse, landing, DATE)
    assert embedded_warehouse.scalar(f"select count(*) from staging.{table}") == 1
    assert embedded_warehouse.scalar("select count(*) from raw.finding where severity <> 'notes'") == 0
