"""The template of the Placements Standard: laid out as the official one, recognised as it, and
loaded when it is filled in.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from assets.intake.reading import read_sheets
from assets.intake.recognising import is_of_template, recognise_all
from pipelines import command
from resources.provenance import is_made_up
from schemas.codes import code_set
from schemas.returns import return_tables
from tests.unit.at_the_door import held_up

DAY = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def templates(tmp_path_factory) -> tuple[Path, Path]:
    """The empty one, and the filled one."""
    folder = tmp_path_factory.mktemp("a standard")
    made = folder / "empty.xlsx", folder / "filled.xlsx"
    for path, more in zip(made, ([], ["--filled"]), strict=True):
        result = CliRunner().invoke(
            command.cli, ["template", "placements-standard", "--out", str(path), *more]
        )
        assert result.exit_code == 0, result.output
    return made


def test_it_has_the_official_sections_header_and_columns(templates, shared):
    official = openpyxl.load_workbook(
        shared / "standards/placements/official/National-Placement-Standard-Excel-20260624.xlsx"
    )["Data Collection"]
    ours = openpyxl.load_workbook(templates[0])["Data Collection"]
    assert [cell.value for cell in ours[2]] == [cell.value for cell in official[2]]
    assert [cell.value for cell in ours[1]] == [cell.value for cell in official[1]]
    assert {str(area) for area in ours.merged_cells.ranges} == {
        str(area) for area in official.merged_cells.ranges
    }
    assert ours["A4"].value == official["A4"].value == "ABCD2012" and ours["A5"].value is None


def test_only_its_sheet_of_records_is_a_return(templates):
    found = {
        sheet.name: (len(recognise_all(sheet)), is_of_template(sheet))
        for sheet in read_sheets(templates[0].read_bytes())
    }
    assert found == {
        "Checklist and QA": (0, True),
        "Data Collection": (1, False),
        "lists": (0, True),
    }


def test_the_empty_one_holds_no_record_and_says_so(templates):
    answer = held_up(templates[0].read_bytes(), date=DAY)
    assert (answer.books, answer.about_files) == ([(2, 0, 0, 2)], ["no_rows"])
    assert not is_made_up(templates[0].read_bytes())


def test_the_filled_one_is_loaded_and_made_up(templates):
    answer = held_up(templates[1].read_bytes(), date=DAY)
    assert answer.books == [(5, 3, 0, 2)] and answer.about_rows == []
    assert answer.about_files == ["education_asked_both_ways"]
    rows = answer.rows[answer.rows["fate"] == "loaded"]
    assert rows["type_placed"].fillna("").tolist() == ["Residential", "Foster", ""]
    assert rows["has_no_siblings"].tolist() == ["false", "true", "false"]
    assert is_made_up(templates[1].read_bytes())


def test_every_drop_down_is_its_code_set(templates):
    book = openpyxl.load_workbook(templates[0])
    columns = [c for c in return_tables()["placements_standard"].columns if c.in_template]
    offered = {
        str(rule.sqref): rule.formula1
        for rule in book["Data Collection"].data_validations.dataValidation
    }
    listed = {
        cells[0].column: [cell.value for cell in cells if cell.value]
        for cells in book["lists"].iter_cols()
        if cells[0].value
    }
    assert len(offered) == len(listed) == sum(bool(c.codes) or c.type == "yes_no" for c in columns)
    for place, labels in listed.items():
        column = columns[place - 1]
        assert labels == (list(code_set(column.codes).labels) if column.codes else ["Yes", "No"])


def test_filled_is_of_this_template_alone(tmp_path):
    result = CliRunner().invoke(
        command.cli, ["template", "provider-census", "--filled", "--out", str(tmp_path / "x.xlsx")]
    )
    assert result.exit_code == 2 and "--filled" in result.output and not list(tmp_path.iterdir())
