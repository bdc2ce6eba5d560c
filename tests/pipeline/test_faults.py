"""Small returns that the door once got wrong, as they came: each comes out as the `expected.txt`
beside it says.

Belongs here: one entry a case of the shared folder of faults, with what must be true of it. The
kinds behind the cases are held by tests with fixtures of their own. Without that folder beside the
repository these tests are skipped.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from resources.postcodes import PostcodeDirectory
from tests.conftest import Landing
from tests.unit.at_the_door import Answer, held_up

MARCH, DECEMBER = dt.date(2025, 3, 31), dt.date(2025, 12, 31)


@dataclass(frozen=True)
class Case:
    """A folder of faults: whose return it is, of which date, and what must be true of the door's
    answer.
    """

    sender: str
    date: dt.date
    holds: Callable[[Answer], None]


def rows_of(answer: Answer, table: str) -> pd.DataFrame:
    """The rows of one table of the answer, in the order received."""
    return next(judged.rows for judged in answer.tables if judged.table.name == table).reset_index(
        drop=True
    )


def said_of(answer: Answer, rule: str) -> list[int]:
    """The row numbers of which a rule was told."""
    return sorted(row for row, _, name in answer.about_rows if name == rule)


def _irish_grid(answer: Answer) -> None:
    episodes = rows_of(answer, "ssda903_episodes")
    belfast, glasgow, neston = episodes["distance_miles"].astype(float)
    assert 145 < belfast < 155 and 170 < glasgow < 190 and neston <= 2
    assert episodes["placement_authority_code"].tolist() == ["N09000003", "S12000049", "896"]


def _outward_code_only(answer: Answer) -> None:
    episodes = rows_of(answer, "ssda903_episodes")
    assert episodes["placement_authority_code"].fillna("").tolist() == ["", "", "", "356"]
    assert said_of(answer, "postcode_not_known") == [2, 3, 4]


def _child_float(answer: Answer) -> None:
    episodes, header = rows_of(answer, "ssda903_episodes"), rows_of(answer, "ssda903_header")
    assert episodes["child_key"].tolist() == header["child_key"].tolist()
    assert episodes["age"].tolist() == ["12"] * 3 and answer.about_rows == []


def _open_end(answer: Answer) -> None:
    episodes = rows_of(answer, "ssda903_episodes")
    assert episodes["fate"].tolist() == ["loaded"] * 4 and episodes["dec"].isna().all()
    assert said_of(answer, "end_far_off") == [2, 3, 4]


def _district_as_host(answer: Answer) -> None:
    hosts = rows_of(answer, "placement_census")["host_authority"]
    assert hosts.value_counts().to_dict() == {
        "888": 5,
        "860": 2,
        "942": 1,
        "943": 1,
        "830": 1,
        "815": 1,
        "350": 1,
    }
    assert len(said_of(answer, "district_for_its_county")) == 11


def _header_variants(answer: Answer) -> None:
    census = rows_of(answer, "placement_census")
    assert (
        census["fate"].tolist() == ["loaded"] * 2
        and answer.about_files == []
        and answer.about_rows == []
    )
    assert (
        census["age"].tolist() == ["14"] * 2
        and census["placement_start_date"].tolist() == ["2025-06-01"] * 2
    )


def _la_code_float(answer: Answer) -> None:
    placing = rows_of(answer, "provider_placements")["placing_local_authority"].tolist()
    assert placing == ["356", "356", "356", "356", "896", "W06000011", "391", "201", "W06000001"]
    assert answer.about_rows == []


def _special_schools_of_2015(answer: Answer) -> None:
    (books,) = answer.books
    assert books == (2605, 2605, 0, 0)
    (register,) = (judged.rows for judged in answer.tables)
    sent = register["as_received"].str.contains(">295 days/year", regex=False, na=False)
    assert sent.sum() == 80
    assert set(register.loc[sent, "provision_type"]) == {
        "Residential special school (registered as a children's home)"
    }


def _crown_dependencies(answer: Answer) -> None:
    episodes = rows_of(answer, "ssda903_episodes")
    assert episodes["placement_authority_code"].fillna("").tolist() == [
        "L99999999",
        "M99999999",
        "",
        "W06000006",
        "L99999999",
    ]
    assert episodes["distance_miles"].notna().tolist() == [False, False, False, True, False]
    assert said_of(answer, "postcode_off_the_grid") == [2, 3, 6] and said_of(
        answer, "postcode_not_known"
    ) == [4]
    assert "not in the postcode directory" not in answer.said


def _birth_century(answer: Answer) -> None:
    assert rows_of(answer, "ssda903_episodes")["fate"].tolist() == ["loaded"] * 3
    assert said_of(answer, "open_at_eighteen") == [2, 4] and said_of(
        answer, "birth_date_unlikely"
    ) == [2]


# --- files, sheets and cells
# ------------------------------------------------------------------------------

SETTINGS, CENSUS = "provider_settings", "placement_census"


def loaded(answer: Answer, table: str, column: str) -> list[object]:
    """What was loaded of a column."""
    rows = rows_of(answer, table)
    return rows.loc[rows["fate"] == "loaded", column].tolist()


def books_of(answer: Answer, table: str) -> tuple[int, ...]:
    """Rows received, loaded, rejected and set aside of one table."""
    books = next(judged.books for judged in answer.tables if judged.table.name == table)
    return tuple(
        int(count)
        for count in books[
            ["rows_received", "rows_loaded", "rows_rejected", "rows_set_aside"]
        ].sum()
    )


def rules_of(answer: Answer) -> set[str]:
    """The rules broken, by files and rows."""
    return {*answer.about_files, *(rule for _, _, rule in answer.about_rows)}


def _shortened_references(answer: Answer) -> None:
    assert rules_of(answer) >= {"damaged_reference"} and "same_reference_twice" not in rules_of(
        answer
    )
    assert books_of(answer, "ssda903_episodes") == (5, 1, 4, 0)


def _unclosed_quote(answer: Answer) -> None:
    assert answer.about_files == ["quotation_never_closed"] and "row 4" in answer.said


def _short_row(answer: Answer) -> None:
    assert "2013" not in answer.said and books_of(answer, "ssda903_header") == (3, 2, 1, 0)


def _unclosed_quote_903(answer: Answer) -> None:
    assert answer.about_files == ["quotation_never_closed"] and "row 7" in answer.said


def _accounting_format(answer: Answer) -> None:
    assert (
        loaded(answer, CENSUS, "contribution_education")[0] == "0"
        and loaded(answer, CENSUS, "contribution_health")[0] == "0"
    )
    totals = loaded(answer, CENSUS, "total_weekly_cost")
    assert totals[:3] == ["4500", "0", "3000"] and pd.isna(totals[3])
    assert said_of(answer, "out_of_range_left_blank") == [5]


def _hidden_sheets(answer: Answer) -> None:
    assert loaded(answer, SETTINGS, "occupied_places") == ["4", "3"]
    assert len(loaded(answer, "provider_placements", "urn")) == 7
    assert answer.about_files == ["hidden_sheet", "hidden_sheet"]


def _formatted_to_the_last_row(answer: Answer) -> None:
    assert books_of(answer, CENSUS) == (6, 6, 0, 0)


def _footnote_marks(answer: Answer) -> None:
    assert loaded(answer, SETTINGS, "occupied_places") == ["2", "2", "2"]
    assert loaded(answer, SETTINGS, "host_local_authority")[:2] == ["356", "356"]
    assert loaded(answer, SETTINGS, "vacant_places") == ["1", "1", "1"]


def _merged_urn(answer: Answer) -> None:
    assert said_of(answer, "merged_cell") == [3, 4, 5] and said_of(answer, "blank") == []


def _formula_without_value(answer: Answer) -> None:
    assert said_of(answer, "formula_without_value") == [2, 2] and said_of(answer, "blank") == []


def _error_cells(answer: Answer) -> None:
    assert said_of(answer, "error_cell") == [2, 3] and said_of(answer, "blank") == []
    assert "#N/A" in answer.said and "#DIV/0!" in answer.said


def _error_cells_optional(answer: Answer) -> None:
    found = next(judged.findings for judged in answer.tables)
    told = found[found["rule"] == "error_cell_left_blank"]
    assert sorted(told["value"].value_counts().to_dict().items()) == [
        ("#DIV/0!", 3),
        ("#N/A", 9),
        ("#VALUE!", 3),
    ], "in .ods, .xls and .xlsx"


def _two_row_header(answer: Answer) -> None:
    assert loaded(answer, SETTINGS, "occupied_places") == ["2"]


def _odd_spaces(answer: Answer) -> None:
    assert loaded(answer, SETTINGS, "urn") == ["2700001", "2700002", "2700003"]
    assert loaded(answer, SETTINGS, "registered_places") == ["4", "1004", "4"]
    assert set(loaded(answer, SETTINGS, "host_local_authority")) == {"356"}


def _workbook_part_name(answer: Answer) -> None:
    assert books_of(answer, SETTINGS) == (1, 1, 0, 0)


def _notes_below(answer: Answer) -> None:
    assert (
        books_of(answer, SETTINGS) == (6, 1, 0, 5)
        and answer.about_files == []
        and "Smith" not in answer.said
    )


def _total_rows(answer: Answer) -> None:
    assert books_of(answer, SETTINGS) == (5, 2, 0, 3)


def _two_columns_for_one(answer: Answer) -> None:
    assert "two_columns_for_one" in answer.about_files and answer.submissions[0].is_rejected
    assert (
        "K ('Occupied places (30 Sept)')" in answer.said
        and "L ('Occupied places (31 Dec)')" in answer.said
    )


CASES: dict[str, Case] = {
    "05b-scientific-ids-realistic": Case("340", MARCH, _shortened_references),
    "07-unclosed-quote": Case("provider-acorn", DECEMBER, _unclosed_quote),
    "07d-header-short-row": Case("343", MARCH, _short_row),
    "07h-unclosed-quote-903": Case("356", MARCH, _unclosed_quote_903),
    "08-accounting-format": Case("356", DECEMBER, _accounting_format),
    "10-hidden-old-sheets": Case("provider-acorn", DECEMBER, _hidden_sheets),
    "11-formatted-to-last-row": Case("356", DECEMBER, _formatted_to_the_last_row),
    "17-footnote-markers": Case("provider-acorn", DECEMBER, _footnote_marks),
    "18-merged-urn": Case("provider-acorn", DECEMBER, _merged_urn),
    "19-formula-no-cache": Case("provider-acorn", DECEMBER, _formula_without_value),
    "20-error-cells": Case("provider-acorn", DECEMBER, _error_cells),
    "20b-error-cells-optional": Case("356", DECEMBER, _error_cells_optional),
    "21-two-row-header": Case("provider-acorn", DECEMBER, _two_row_header),
    "22-odd-spaces": Case("provider-acorn", DECEMBER, _odd_spaces),
    "25-workbook-part-name": Case("provider-acorn", DECEMBER, _workbook_part_name),
    "32-notes-below": Case("provider-acorn", DECEMBER, _notes_below),
    "33-total-rows": Case("provider-acorn", DECEMBER, _total_rows),
    "34b-two-notes": Case("provider-acorn", DECEMBER, _two_columns_for_one),
    "01-irish-grid": Case("896", MARCH, _irish_grid),
    "02-outward-code-only": Case("356", MARCH, _outward_code_only),
    "04-child-float": Case("876", MARCH, _child_float),
    "06-open-end-9999": Case("876", MARCH, _open_end),
    "26-district-as-host": Case("350", dt.date(2024, 3, 31), _district_as_host),
    "27-header-variants": Case("356", DECEMBER, _header_variants),
    "31-la-code-float": Case("provider-acorn", DECEMBER, _la_code_float),
    "35-ofsted-2015-rss295": Case("ofsted", dt.date(2015, 3, 31), _special_schools_of_2015),
    "42-crown-dependencies": Case("342", MARCH, _crown_dependencies),
    "43-dob-century": Case("890", MARCH, _birth_century),
}


@pytest.mark.parametrize("name", CASES)
def test_a_return_comes_out_as_expected(shared, name):
    case = CASES[name]
    files = [
        path.read_bytes()
        for path in sorted((shared / "faults" / name).iterdir())
        if path.name != "expected.txt"
    ]
    case.holds(held_up(*files, sender=case.sender, date=case.date))


def test_a_postcode_directory_of_2025_is_read_as_one_of_before(shared):
    for name in ("ONSPD_AUG_2025_UK.csv", "old_style_control.csv"):
        places = PostcodeDirectory(str(shared / "faults" / "03-onspd-2025" / name)).look_up(
            pd.Series(["SK1 3XE"])
        )
        assert (places.area[0], places.easting[0], places.northing[0]) == (
            b"E08000007",
            389_700,
            390_200,
        )


LOOKED_AFTER = {
    "01-irish-grid": 3,
    "02-outward-code-only": 4,
    "06-open-end-9999": 4,
    "42-crown-dependencies": 5,
    "43-dob-century": 1,
}
"""Children looked after of each case's authority on 31 March 2025."""

PLACES = {
    "01-irish-grid": {("outside", "more than 20 miles"): 2, ("inside", "20 miles or less"): 1},
    "02-outward-code-only": {("unknown", "not known or not recorded"): 3, ("inside", "20 miles or less"): 1},
    "42-crown-dependencies": {
        ("outside", "not known or not recorded"): 3, ("unknown", "not known or not recorded"): 1, ("outside", "more than 20 miles"): 1,
    },
}  # fmt: skip
"""Where the children of each case are placed, by locality and distance."""


def test_the_children_of_the_statutory_returns_are_counted_where_they_are(
    shared, embedded_warehouse, landing, bring
):
    for name in LOOKED_AFTER:
        for path in (shared / "faults" / name).glob("*.csv"):
            landing.drop(
                MARCH.isoformat(), CASES[name].sender, f"{name} {path.name}", path.read_bytes()
            )
    bring(embedded_warehouse, landing, MARCH.isoformat())
    counted = embedded_warehouse.rows(
        "select authority_code, children from curated.children_looked_after where breakdown ="
        " 'total'"
    )
    assert {row.authority_code: row.children for row in counted} == {
        CASES[name].sender: number for name, number in LOOKED_AFTER.items()
    }
    for name, expected in PLACES.items():
        found = embedded_warehouse.rows(
            "select locality, distance_band, sum(placements) as placements from"
            " curated.placement_distance where authority_code = :code group by locality,"
            " distance_band",
            code=CASES[name].sender,
        )
        assert {(row.locality, row.distance_band): row.placements for row in found} == expected, (
            name
        )


def _lands(landing: Landing, folder: Path, names: list[str]) -> None:
    for name in names:
        landing.drop(DECEMBER.isoformat(), "provider-acorn", name, (folder / name).read_bytes())


def test_what_lies_beside_a_return_or_is_half_a_file_is_no_return(shared, landing):
    """44 and 49: litter is passed over without alarm, an upload under way waits."""
    for case, names in (("44-junk-beside-return", ["Thumbs.db", "desktop.ini", "settings.csv", "settings.csv:Zone.Identifier"]),
                        ("49-part-upload", ["settings.csv.filepart"])):  # fmt: skip
        _lands(landing, shared / "faults" / case, names)
    place = landing.place
    assert [file.name for file in place.files(DECEMBER)] == ["settings.csv"]
    assert place.left_alone() == place.refused() == []
    assert [Path(path).name for path in place.under_way()] == ["settings.csv.filepart"]


def test_what_lands_last_counts_and_the_first_sent_again_counts_again(
    shared, embedded_warehouse, landing, bring
):
    """47: a second version whose file time is older. 48: two versions, and then the first one's
    bytes under another name.
    """
    for case, date, names, expected in (
        ("47-older-timestamp", "2025-12-31", ["v1.csv", "v2.csv"], [2, 3]),
        ("48-send-the-first-again", "2025-09-30", ["v1.csv", "v2.csv", "v1 again.csv"], [2, 3, 2]),
    ):
        counted = []
        for name in names:
            content = (shared / "faults" / case / name.replace(" again", "")).read_bytes()
            landed = landing.drop(date, "provider-acorn", name, content)
            if case.startswith("47") and name == "v2.csv":
                os.utime(landed, (1_000_000_000, 1_000_000_000))
            bring(embedded_warehouse, landing, date)
            question = (
                "select sum(occupied_places) from core.setting_return where census_date = :date"
            )
            counted.append(embedded_warehouse.scalar(question, date=date))
        assert counted == expected, case


ELSEWHERE = {
    "03-onspd-2025", "44-junk-beside-return", "47-older-timestamp", "48-send-the-first-again", "49-part-upload",  # above
    "54-round-five-up",  # tests/unit/test_rounding
}  # fmt: skip


def test_every_fault_is_held_by_a_test(shared):
    assert {path.name for path in (shared / "faults").iterdir() if path.is_dir()} == {
        *CASES,
        *ELSEWHERE,
    }
