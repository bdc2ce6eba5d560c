"""The national Placements Standard at the door: one record from CSV, both templates and JSON-LD;
every trap; what is never kept.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from assets.answering.answer import trial_answer
from assets.answering.page import render_page
from assets.answering.workbook import write_workbook
from assets.intake import json_records
from assets.intake.door import judge, open_submission
from assets.intake.json_records import is_json
from assets.intake.parsing import parse
from assets.intake.reading import read_sheets
from assets.intake.recognising import is_of_template, recognise_all
from resources.landing import LandedFile
from schemas.codes import code_set
from schemas.outward_codes import outward_codes
from schemas.returns import return_tables
from schemas.rules import REJECTS_ROW
from tests.unit.at_the_door import GOOD, Answer, held_up
from tests.unit.at_the_door import csv_of as good_csv

TABLE = return_tables()["placements_standard"]
DAY = dt.date(2026, 6, 30)
OFFICER = "Wilhelmina Oxenbridge"
OPEN = {
    **GOOD["placements_standard"],
    "risk_sexual_exploitation": "",
    "referral_date": "2026-04-12",
}
"""A search that goes on, by the layout's own names of columns; it says nothing that the template
does not ask.
"""
PLACED = {
    **OPEN,
    "placement_date": "2026-05-03", "cost_date": "2026-05-04", "type_placed": "Foster", "placement_location": "SK1",
    "cost_core_weekly": "800", "cost_additional_support_weekly": "100.5", "cost_education_weekly": "0", "cost_other_weekly": "10",
    "cost_total_weekly": "910.5", "is_location_preferred": "Yes", "education_continuity": "No", "placed_urn": "SC123456",
    "siblings_placed_together": "1", "officer_referral": OFFICER, "officer_placement": OFFICER, "officer_cost": OFFICER,
}  # fmt: skip
"""A search for a home that was found."""
ASKED = [c for c in TABLE.columns if c.in_template]
"""The 44 columns of the template of June 2026, in its order."""


def csv_of(*records: dict[str, str], columns=ASKED) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([c.headers[0] for c in columns])
    writer.writerows([[record.get(c.name, "") for c in columns] for record in records])
    return text.getvalue().encode()


def jsonld_of(*records: dict[str, str]) -> bytes:
    """Records as JSON-LD: numbers as numbers, yes and no as true and false, cells that hold several
    as lists.
    """
    nodes = []
    for record in records:
        node: dict = {"@type": "Placement"}
        for column in TABLE.columns:
            text = record.get(column.name, "")
            if not column.path or not text:
                continue
            value: object = text
            if column.type == "yes_no":
                value = text == "Yes"
            elif column.several:
                value = [piece.strip() for piece in text.split(",")]
            elif column.type == "integer":
                value = int(text)
            elif column.type == "money":
                value = float(text)
            part, _, name = column.path.rpartition(".")
            (node.setdefault(part, {"@type": part[0].upper() + part[1:]}) if part else node)[
                name
            ] = value
        nodes.append(node)
    return json.dumps({"@context": "../context.jsonld", "@graph": nodes}).encode()


def at_the_door(*records: dict[str, str], columns=ASKED) -> Answer:
    return held_up(csv_of(*records, columns=columns), date=DAY)


def kept(answer: Answer) -> list[dict]:
    """What the warehouse keeps of the rows that were loaded, without where they stood."""
    rows = answer.rows[answer.rows["fate"] == "loaded"]
    return (
        rows.drop(columns=["submission_id", "sheet", "row_number", "as_received"])
        .fillna("")
        .to_dict("records")
    )


def about(answer: Answer, *but: str) -> list[tuple[str, str]]:
    return sorted({(column, rule) for _, column, rule in answer.about_rows if rule not in but})


# --- the official files
# --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def official(shared) -> Path:
    return shared / "standards" / "placements" / "official"


TEMPLATES = [
    "National-Placement-Standard-Excel-20260427.xlsx",
    "National-Placement-Standard-Excel-20260624.xlsx",
]


@cache
def short(template: Path) -> bytes:
    """An official template without its thousand empty rows, which openpyxl is slow to carry."""
    book = openpyxl.load_workbook(template)
    for sheet in book:
        sheet.delete_rows(60, sheet.max_row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def filled_in(template: Path, *records: dict[str, str], example: str | None = None) -> bytes:
    """An official template with records from row 5 on, typed as a person types them: numbers and
    dates are real ones.
    """
    book = openpyxl.load_workbook(io.BytesIO(short(template)))
    sheet = book["Data Collection"]
    headers = {cell.value: cell.column for cell in sheet[2] if cell.value}
    if example is not None:
        sheet.cell(4, headers["child_ID"]).value = example
    for number, record in enumerate(records, 5):
        for column in TABLE.columns:
            text = record.get(column.name, "")
            if column.headers[0] in headers and text:
                value: object = text
                if column.type in {"integer", "money"} and text != "NA":
                    value = float(text)
                elif column.type == "date":
                    value = dt.datetime.fromisoformat(text)
                sheet.cell(number, headers[column.headers[0]]).value = value
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


TWO_KINDS = "Taxis to school, Therapeutic support"
SEARCHES = [
    PLACED,
    {**PLACED, "child_id": "K2", "siblings_to_place_with": "0", "additional_support": TWO_KINDS},
    {**OPEN, "child_id": "K3", "referral_date": "2026-06-01"},
]


def test_the_same_records_give_the_same_rows_from_every_format(official):
    rows = kept(at_the_door(*SEARCHES))
    assert [row["child_key"] for row in rows] == sorted(
        {row["child_key"] for row in rows}, key=[r["child_key"] for r in rows].index
    )
    assert (
        len(rows) == 3 and rows[1]["additional_support"] == "Therapeutic support; Taxis to school"
    )
    for data in (
        jsonld_of(*SEARCHES),
        *(filled_in(official / name, *SEARCHES) for name in TEMPLATES),
    ):
        answer = held_up(data, date=DAY)
        assert kept(answer) == rows
        received, loaded, rejected, _ = answer.books[0]
        assert (loaded, rejected) == (3, 0) and received in {3, 5}


@pytest.mark.parametrize("name", TEMPLATES)
def test_of_a_template_only_the_rows_from_the_fifth_count(official, name):
    answer = held_up(filled_in(official / name, SEARCHES[0]), date=DAY)
    assert answer.books == [(3, 1, 0, 2)], "the explanations and the example are set aside"
    assert answer.rows["row_number"].tolist() == [3, 4, 5] and answer.rows[
        "child_key"
    ].notna().tolist() == [False, False, True]
    assert answer.about_files == ["education_asked_both_ways"], (
        "checklist, options, explanations and example are nothing to mend"
    )
    assert held_up((official / name).read_bytes(), date=DAY).about_files == ["no_rows"]
    sheets = read_sheets((official / name).read_bytes())
    assert {sheet.name: (len(recognise_all(sheet)), is_of_template(sheet)) for sheet in sheets} == {
        "Checklist and QA": (0, True), "Data Collection": (1, False), "Data Validation and Drop Downs": (0, True),
    }  # fmt: skip


def test_a_record_in_the_examples_place_is_not_counted_and_its_sender_is_told(official):
    answer = held_up(filled_in(official / TEMPLATES[0], SEARCHES[0], example="KIDREF9"), date=DAY)
    assert answer.books == [(3, 1, 0, 2)] and "in_the_examples_place" in answer.about_files
    assert "KIDREF9" not in answer.said


def test_the_templates_own_example_does_not_count_where_its_explanations_were_taken_out(official):
    book = openpyxl.load_workbook(io.BytesIO(filled_in(official / TEMPLATES[0], SEARCHES[0])))
    book["Data Collection"].delete_rows(3)
    data = io.BytesIO()
    book.save(data)
    answer = held_up(data.getvalue(), date=DAY)
    assert answer.books == [(2, 1, 0, 1)] and answer.rows["child_key"].notna().tolist() == [
        False,
        True,
    ]
    same_child = json.loads((official / "examples" / "valid-placement.jsonld").read_bytes())
    assert held_up(json.dumps(same_child), date=DAY).books == [(1, 1, 0, 0)]


def test_a_template_saved_as_csv_is_read_like_the_workbook(official):
    sheet = openpyxl.load_workbook(io.BytesIO(filled_in(official / TEMPLATES[0], *SEARCHES)))[
        "Data Collection"
    ]
    text = io.StringIO()
    csv.writer(text).writerows(
        [
            ["" if cell is None else cell for cell in row]
            for row in sheet.iter_rows(values_only=True)
        ][:7]
    )
    answer = held_up(text.getvalue(), date=DAY)
    assert kept(answer) == kept(at_the_door(*SEARCHES)) and answer.books == [(5, 3, 0, 2)]


def test_the_layout_has_every_column_of_the_official_fields_under_its_own_property_and_options(
    shared,
):
    path = shared / "standards" / "placements" / "national_placements_standard_fields_2026_06.csv"
    with path.open(encoding="utf-8", newline="") as file:
        fields = list(csv.DictReader(file))
    by_path = {column.path: column for column in TABLE.columns}
    assert len(fields) == 45
    for entry in fields:
        column = by_path[entry["standard_property"]]
        assert not entry["column"] or column.headers[0] == entry["column"]
        options = [option for option in entry["options"].split("|") if option]
        if entry["type"] == "yes/no":
            assert column.type == "yes_no"
        elif options:
            assert [code_set(column.codes).label(option) for option in options] == list(
                code_set(column.codes).labels
            )
        assert column.several == ("one or more" in entry["type"])
    assert [c.headers[0] for c in ASKED] == [entry["column"] for entry in fields if entry["column"]]


OTHER_MISSING = (
    "additional_support",
    "cultural_needs",
    "out_of_LA_reason",
    "specific_communication_and_language_requirements",
)
INVALID = {
    "invalid-bad-enum": [("can_child_live_with_pets", "unknown_label"), ("risk_to_child_self_harm", "unknown_label"),
                         ("specific_communication_and_language_requirements", "unknown_label")],
    "invalid-missing-required": [("", "section_missing")],
    "invalid-negative-cost": [("cost_other_weekly", "out_of_range")],
    "invalid-other-missing-text": [(c, "other_without_text") for c in OTHER_MISSING],
    "invalid-postcode": [("placement_location", "unreadable")],
}  # fmt: skip


@pytest.mark.parametrize("name", INVALID)
def test_an_official_invalid_example_is_rejected_and_its_sender_told_why(official, name):
    answer = held_up((official / "examples" / f"{name}.jsonld").read_bytes(), date=DAY)
    assert about(answer, "wanted_and_blank") == INVALID[name]
    assert answer.books == [(1, 0, 1, 0)] and answer.about_files[-1] == "nothing_loaded"
    found = answer.tables[0].findings
    for message in found["message"][found["severity"] == REJECTS_ROW]:
        assert "xpected" in message and "again" in message


def test_the_official_example_of_an_odd_cost_is_a_warning_as_in_the_shapes(official):
    answer = held_up(
        (official / "examples" / "invalid-cost-out-of-range.jsonld").read_bytes(), date=DAY
    )
    assert about(answer) == [("cost_total_weekly", "unusual_amount")] and answer.books == [
        (1, 1, 0, 0)
    ]


OTHERS = [
    "out_of_area_reason",
    "communication_requirements",
    "cultural_needs",
    "additional_support",
]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("words", ["", " - ", "n/a", "a word with the aunt"])
def test_other_without_its_words_is_the_same_from_every_format(official, name, words):
    """The standard asks for them wherever there is a place for them: the template has one for
    additional support alone.
    """
    record = {**PLACED, name: "Other", f"{name}_other": words}
    wide = [c for c in TABLE.columns if c.path]
    files = [csv_of(record, columns=wide), jsonld_of(record)]
    if name == "additional_support":
        files += [csv_of(record), filled_in(official / TEMPLATES[1], record)]
    header = TABLE.column(name).headers[0]
    for data in files:
        answer = held_up(data, date=DAY)
        assert about(answer, "wanted_and_blank") == (
            [] if "aunt" in words else [(header, "other_without_text")]
        )
        assert answer.books[0][1:3] == ((1, 0) if "aunt" in words else (0, 1))
    if name != "additional_support":
        assert held_up(csv_of(record), date=DAY).books == [(1, 1, 0, 0)], (
            "of the template it cannot be asked"
        )


@pytest.mark.parametrize(
    "name", ["valid-neededby-symbolic", "valid-other-options", "valid-placement"]
)
def test_an_official_valid_example_is_loaded(official, name):
    answer = held_up((official / "examples" / f"{name}.jsonld").read_bytes(), date=DAY)
    assert answer.books == [(1, 1, 0, 0)] and about(answer, "wanted_and_blank") == []


# --- the traps of the layout
# ---------------------------------------------------------------------------------------

TRAPS = [
    ("needed_by", "< 5days", "< 5 days", ""),
    ("needed_by", "<5 days", "< 5 days", ""),
    ("needed_by", ">5 days", "> 5 days", ""),
    ("needed_by", "TODAY ", "Today", ""),
    ("needed_by", "5 days", "", "unknown_label"),
    ("siblings_to_place_with", "0", "0", ""),
    ("siblings_to_place_with", "NA", "", ""),
    ("siblings_to_place_with", "-1", "", "out_of_range_left_blank"),
    ("is_preferred_location_local", "no", "false", ""),
    ("out_of_area_reason", "Court Order", "Court order", ""),
    ("out_of_area_reason", "other", "Other", ""),
    ("out_of_area_reason", "the aunt asked for it", "", "unknown_label_left_blank"),
    ("communication_needs", "not specified", "Not Specified", ""),
    ("communication_requirements", "BSL, esol", "ESOL; BSL", ""),
    ("communication_requirements", "ESOL/BSL", "ESOL; BSL", ""),
    ("communication_requirements", "None", "None", ""),
    ("communication_requirements", "Klingon", "", "unknown_label"),
    ("communication_requirements", "BSL, Klingon", "BSL", "unknown_label"),
    ("home_adaptation", "", "", ""),
    ("cultural_needs", "Not required", "Not Required", ""),
    ("cultural_needs", "Other", "Other", ""),
    (
        "living_companions",
        "Only With Other younger children",
        "Only with other younger children",
        "",
    ),
    ("living_companions", "With Other children recommended", "With other children recommended", ""),
    ("pets", "Yes - must", "Yes-must", ""),
    ("pets", "Yes\u2013can", "Yes-can", ""),
    (
        "additional_support",
        "Taxis to school, A worker for respite",
        "A worker for respite; Taxis to school",
        "",
    ),
    ("additional_support", "Taxis to school; a tutor", "Taxis to school", "unknown_label_left_out"),
    ("additional_support", "NA", "NA", ""),
    ("additional_support", "Other", "Other", "other_without_text"),
    ("foster_care_suitability", "Suitable but not preferred,", "Suitable but not preferred", ""),
    ("residential_care_suitability", "Preferred ", "Preferred", ""),
    ("supported_accommodation_suitability", " Unsuitable", "Unsuitable", ""),
    ("risk_self_harm", "risk present", "Risk Present", ""),
    ("risk_self_harm", "Low risk", "", "unknown_label"),
    ("risk_self_harm", "", "", "wanted_and_blank"),
    ("cost_core_weekly", "100001", "100001", "unusual_amount"),
    ("cost_other_weekly", "-50", "", "out_of_range"),
    ("cost_total_weekly", "99.99", "99.99", "unusual_amount"),
    ("cost_total_weekly", "0", "0", "unusual_amount"),
    ("cost_total_weekly", "100", "100", ""),
    ("cost_total_weekly", "5000", "5000", ""),
    ("cost_total_weekly", "100000", "100000", ""),
    ("cost_total_weekly", "100000.01", "100000.01", "unusual_amount"),
    ("placement_location", "sk13", "SK13", ""),
    ("placement_location", "SK1 3XE", "SK1", ""),
    ("placement_location", "N18", "N18", ""),
    ("placement_location", "Stockport", "", "unreadable"),
    ("placement_location", "M145", "", "unreadable"),
    ("placement_location", "ZZ9", "ZZ9", "outward_code_not_known"),
    ("is_location_preferred", "", "", "wanted_and_blank"),
    ("placed_urn", "ABCD10293002", "ABCD10293002", ""),
    ("placed_urn", "1234567.0", "1234567", ""),
    ("siblings_placed_together", "-1", "", "out_of_range"),
    ("type_placed", "Residential ", "Residential", ""),
    ("type_placed", "Supported Accomodation", "Supported Accommodation", ""),
    ("referral_date", "12/04/2026", "2026-04-12", ""),
    ("placement_date", "2026-04-01", "2026-04-01", "placed_before_it_was_asked_for"),
    ("placement_date", "soon", "", "unreadable"),
]


@pytest.fixture(scope="module")
def trapped() -> Answer:
    """Every trap in a row of its own, in one file."""
    return at_the_door(
        *(
            {**PLACED, "child_id": f"K{n}", column: text}
            for n, (column, text, _, _) in enumerate(TRAPS)
        )
    )


@pytest.mark.parametrize(
    "number", range(len(TRAPS)), ids=[f"{column}: {text!r}" for column, text, _, _ in TRAPS]
)
def test_a_trap_of_the_layout_is_read_as_it_is_meant(trapped, number):
    column, _, canonical, rule = TRAPS[number]
    row = trapped.rows.iloc[number]
    value = row[column]
    assert ("" if value != value or value is None else value) == canonical
    header = TABLE.column(column).headers[0]
    assert [(c, r) for n, c, r in trapped.about_rows if n == number + 2] == (
        [(header, rule)] if rule else []
    )
    assert (row["fate"] == "rejected") == (
        rule in {"unknown_label", "unreadable", "out_of_range", "other_without_text"}
    )


def test_a_reason_is_asked_for_where_the_preferred_location_is_not_local():
    for local, rules in (
        ("No", [("out_of_LA_reason", "wanted_and_blank")]),
        ("Yes", []),
        ("", [("is_preferred_location_local", "wanted_and_blank")]),
    ):
        record = {**PLACED, "is_preferred_location_local": local, "out_of_area_reason": ""}
        assert (
            about(at_the_door(record)) == rules
            and about(held_up(jsonld_of(record), date=DAY)) == rules
        )


COSTS = [c.name for c in TABLE.columns if c.name.startswith("cost_") and c.type == "money"]


@pytest.mark.parametrize("cost", COSTS)
def test_every_weekly_cost_beyond_what_is_usual_is_asked_about(cost):
    usual = {**PLACED, "cost_total_weekly": "5000"}
    assert about(at_the_door({**usual, cost: "100001"})) == [(cost, "unusual_amount")], (
        "and costs that do not add up to the total are not"
    )
    assert about(at_the_door({**usual, cost: "100000"})) == []


SPELT = {
    "supported_accomodation": "supported_accommodation_suitability", "preferability_of_placement_location": "is_location_preferred",
    "total_weekly_cost": "cost_total_weekly", "agreed_weekly_total_cost": "cost_total_weekly", "date_entry_referral": "referral_date",
}  # fmt: skip


@pytest.mark.parametrize("header", SPELT)
def test_a_header_may_be_spelt_as_the_template_spells_it_elsewhere(header):
    usual = TABLE.column(SPELT[header]).headers[0]
    data = csv_of(PLACED).decode().replace(usual, header, 1).encode()
    assert header in data.decode().splitlines()[0].split(",") and kept(
        held_up(data, date=DAY)
    ) == kept(at_the_door(PLACED))


@pytest.mark.parametrize(("said", "kept_as"), [("yes", "true"), ("No", "false"), ("", "")])
def test_an_order_of_deprivation_of_liberty_is_kept_as_it_is_said(said, kept_as):
    assert (
        kept(at_the_door({**OPEN, "deprivation_of_liberty_order": said}))[0][
            "deprivation_of_liberty_order"
        ]
        == kept_as
    )


def test_a_placements_number_may_be_none_of_ofsteds():
    """So the standard tells an unregistered home: another's number is kept, none is asked about,
    and neither costs the record.
    """
    for number, kept_as, rules in (
        ("ABCD10293002", "ABCD10293002", []),
        ("none", "", [("provider_URN", "wanted_and_blank")]),
    ):
        answer = at_the_door({**PLACED, "placed_urn": number})
        assert kept(answer)[0]["placed_urn"] == kept_as and about(answer) == rules


NOTES_HELD_BY = {
    "child_ID": "test_a_child_has_one_key_in_every_return_of_its_authority",
    "when_placement_is_needed_by": "TRAPS",
    "number_of_siblings_to_place_with": (
        "test_no_siblings_is_another_answer_than_none_to_live_with_and_than_no_answer"
    ),
    "is_preferred_location_local": (
        "test_a_reason_is_asked_for_where_the_preferred_location_is_not_local"
    ),
    "out_of_LA_reason": "test_a_reason_is_asked_for_where_the_preferred_location_is_not_local",
    "specific_communication_and_language_requirements": "TRAPS",
    "adaptation_to_the_home": "TRAPS",
    "cultural_needs": "test_other_without_its_words_is_the_same_from_every_format",
    "who_can_the_child_be_cared_for_alongside": "TRAPS",
    "additional_support": "TRAPS",
    "dol": "test_an_order_of_deprivation_of_liberty_is_kept_as_it_is_said",
    "foster_care_suitability": "TRAPS",
    "supported_accommodation": "test_a_header_may_be_spelt_as_the_template_spells_it_elsewhere",
    "riskAssessment.riskSexualExploitation": (
        "test_a_risk_that_the_template_does_not_ask_is_not_told_and_not_no"
    ),
    "cost_core_weekly": "test_every_weekly_cost_beyond_what_is_usual_is_asked_about",
    "cost_additional_support_weekly": "test_every_weekly_cost_beyond_what_is_usual_is_asked_about",
    "cost_education_weekly": "test_every_weekly_cost_beyond_what_is_usual_is_asked_about",
    "cost_other_weekly": "test_every_weekly_cost_beyond_what_is_usual_is_asked_about",
    "cost_total_weekly": "test_every_weekly_cost_beyond_what_is_usual_is_asked_about",
    "placement_location": "TRAPS",
    "preferrability_of_placement_location": (
        "test_a_header_may_be_spelt_as_the_template_spells_it_elsewhere"
    ),
    "education_continuity": (
        "test_the_question_on_education_is_put_back_to_the_sender_once_and_its_answer_kept"
    ),
    "provider_URN": "test_a_placements_number_may_be_none_of_ofsteds",
    "placement_type": "TRAPS",
    "name_of_officer_referral": (
        "test_officers_childrens_references_and_more_than_an_outward_code_leave_no_trace"
    ),
    "Date_entry_referral": "test_a_header_may_be_spelt_as_the_template_spells_it_elsewhere",
    "name_of_officer_placement": (
        "test_officers_childrens_references_and_more_than_an_outward_code_leave_no_trace"
    ),
    "date_entry_placement": "test_a_date_alone_is_no_home_that_was_found",
    "name_of_officer_placement_cost": (
        "test_officers_childrens_references_and_more_than_an_outward_code_leave_no_trace"
    ),
}
"""By column of the official fields: the test of what its note says. TRAPS has cases of the column.
"""


def test_every_note_of_the_official_fields_has_its_test(shared):
    path = shared / "standards" / "placements" / "national_placements_standard_fields_2026_06.csv"
    with path.open(encoding="utf-8", newline="") as file:
        noted = [
            entry["column"] or entry["standard_property"]
            for entry in csv.DictReader(file)
            if entry["note"]
        ]
    assert sorted(noted) == sorted(NOTES_HELD_BY)
    trapped_columns = {TABLE.column(column).headers[0] for column, *_ in TRAPS}
    for column, test in NOTES_HELD_BY.items():
        assert column in trapped_columns if test == "TRAPS" else callable(globals()[test]), column


def test_no_siblings_is_another_answer_than_none_to_live_with_and_than_no_answer():
    answer = at_the_door(
        *(
            {**PLACED, "child_id": f"K{n}", "siblings_to_place_with": text}
            for n, text in enumerate(["NA", " n/a", "0", "", "2"])
        )
    )
    assert answer.rows["siblings_to_place_with"].fillna("").tolist() == ["", "", "0", "", "2"]
    assert answer.rows["has_no_siblings"].tolist() == ["true", "true", "false", "false", "false"]


def test_a_risk_that_the_template_does_not_ask_is_not_told_and_not_no():
    answer = at_the_door(PLACED)
    assert answer.rows["risk_sexual_exploitation"].isna().all() and answer.about_rows == []


def test_a_date_alone_is_no_home_that_was_found():
    open_one = {**OPEN, "placement_date": "2026-05-03"}
    assert at_the_door(open_one).about_rows == []
    assert ("cost_total_weekly", "wanted_and_blank") in about(
        at_the_door({**open_one, "type_placed": "Foster"})
    )


def test_the_question_on_education_is_put_back_to_the_sender_once_and_its_answer_kept():
    answer = at_the_door(*({**PLACED, "child_id": f"K{n}"} for n in range(3)))
    assert answer.about_files == ["education_asked_both_ways"]
    assert answer.rows["education_continuity"].tolist() == ["false"] * 3
    assert at_the_door({**PLACED, "education_continuity": ""}).about_files == []


def test_an_outward_code_that_reads_as_a_sector_without_its_blank_is_never_taken_for_one():
    codes = outward_codes()
    doubtful = [code for code in codes if code[-1].isdigit() and code[:-1] in codes]
    assert len(codes) == 2323 and len(doubtful) > 775
    assert (
        parse(TABLE.column("placement_location"), pd.Series(doubtful), DAY).canonical.tolist()
        == doubtful
    )
    assert (
        codes["SK13"].authority_code != codes["SK1"].authority_code and 0 < codes["SK13"].share <= 1
    )


def test_the_table_of_outward_codes_is_the_directorys(shared):
    with (shared / "reference" / "geography" / "outward_postcodes_england_onspd_nov_2025.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        theirs = {
            row["outward_code"]: (
                row["main_authority_dfe_code"],
                float(row["share_of_postcodes_in_main_authority"]),
                int(row["easting_mean"]),
            )
            for row in csv.DictReader(file)
        }
    assert {
        code: (o.authority_code, o.share, o.easting) for code, o in outward_codes().items()
    } == theirs


# --- what is never kept, told or copied
# ------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [csv_of, jsonld_of], ids=["CSV", "JSON-LD"])
def test_officers_childrens_references_and_more_than_an_outward_code_leave_no_trace(
    tmp_path, write
):
    bad = {**PLACED, "child_id": "KIDREF7", "placement_location": "SK1 3XE", "pets": "MaybePets", "additional_support": "Other",
           "additional_support_other": "Wendolyn's own taxi"}  # fmt: skip
    data = write(bad, PLACED)
    answer = held_up(data, date=DAY)
    assert answer.books == [(2, 1, 1, 0)]
    for secret in (OFFICER, "KIDREF", "3XE", "Wendolyn"):
        assert secret not in answer.said, secret
    path = tmp_path / "searches"
    path.write_bytes(data)
    file = LandedFile(
        DAY, "356", path.name, path, len(data), dt.datetime(2026, 7, 5, tzinfo=dt.UTC)
    )
    submission = open_submission("s", file, "h")
    given = trial_answer(submission, judge([submission], DAY, b"key"))
    book = io.BytesIO()
    write_workbook(given, book)
    told = [
        str(cell.value)
        for sheet in openpyxl.load_workbook(book)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    assert any("KIDREF7" in text for text in told), (
        "the sender's own row is marked in a copy of its sheet"
    )
    assert not any(OFFICER in text for text in [*told, render_page(given)]), (
        "but no name of staff stands in it"
    )


# --- JSON-LD, however it is written
# -----------------------------------------------------------------------------------


def written(change) -> bytes:
    """A record as JSON-LD, changed."""
    document = json.loads(jsonld_of(PLACED))
    return json.dumps(change(document["@graph"][0]) or document["@graph"][0]).encode()


FORMS = {
    "prefixed names": lambda n: {
        f"pl:{k}" if not k.startswith("@") else k: v for k, v in n.items()
    },
    "concepts with their prefix": lambda n: n["placementRequirements"].update(pets="pa:YesCan"),
    "concepts as addresses": (
        lambda n: n["placementRequirements"].update(
            pets={"@id": "https://ns.socialcaredata.io/placements/pets-allowance#YesCan"}
        )
    ),
    "values in boxes": (
        lambda n: n["actualPlacement"].update(
            totalWeeklyCost={"@value": "910.5", "@type": "xsd:decimal"}
        )
    ),
    "a list of records": lambda n: [n],
    "parts beside the record": lambda n: {
        "@graph": [
            {**n, "riskAssessment": {"@id": "ex:r"}, "actualPlacement": "ex:a"},
            {"@id": "ex:r", **n["riskAssessment"]},
            {"@id": "ex:a", **n["actualPlacement"]},
        ]
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_a_record_is_the_same_however_its_json_is_written(form):
    assert kept(held_up(written(FORMS[form]), date=DAY)) == kept(at_the_door(PLACED))


def test_json_is_told_from_tables_and_what_is_none_of_ours_is_refused():
    assert (
        is_json(b' {"a": 1}')
        and is_json(b"\xef\xbb\xbf[\n{}]")
        and not is_json(b"[note 1],b\n")
        and not is_json(b"a,b\n{,}")
    )
    for data, words in (
        (b'{"name": "package"}', "no record of the Placements Standard"),
        (b'[{"childId": "K1"}]', "no record of the Placements Standard"),
        (jsonld_of(PLACED)[:-20], "breaks off or is damaged"),
        (b'{"a":' + b"[" * 200_000, "layers"),
    ):
        answer = held_up(data, date=DAY)
        assert len(answer.submissions[0].findings) == 1 and words in repr(
            answer.submissions[0].findings
        ), data[:40]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda n: n.pop("childId") and None, "blank"),
        (lambda n: n.update(childId=["A1", "B2"]), "section_twice"),
        (lambda n: n.update(riskAssessment=[n["riskAssessment"]] * 2), "section_twice"),
        (lambda n: n.update(qualityAssurance={}), "section_missing"),
        (
            lambda n: n["placementAvailability"].update(neededBy=["Today", "< 5 days"]),
            "unknown_label",
        ),
    ],
    ids=[
        "no child",
        "two children",
        "a part twice",
        "an empty part",
        "two answers to one question",
    ],
)
def test_a_broken_record_is_rejected_and_the_next_one_loaded(change, rule):
    document = json.loads(jsonld_of(PLACED, {**PLACED, "child_id": "K9"}))
    change(document["@graph"][0])
    answer = held_up(json.dumps(document), date=DAY)
    assert rule in {r for _, _, r in answer.about_rows} and answer.books == [(2, 1, 1, 0)]


@pytest.mark.parametrize(
    "odd", [[["x"]], {"@id": ["a"]}, 7, True, "no such node", {"@list": [{}]}, [None, {}]], ids=repr
)
def test_whatever_stands_in_the_place_of_a_part_the_next_record_is_loaded(odd):
    document = json.loads(jsonld_of(PLACED, {**PLACED, "child_id": "K9"}))
    for part in ("riskAssessment", "actualPlacement", "@type", "childId"):
        document["@graph"][0][part] = odd
    answer = held_up(json.dumps(document), date=DAY)
    assert answer.books == [(2, 1, 1, 0)] or answer.books == [(1, 1, 0, 0)], (
        "a node of another type is no record"
    )


@pytest.mark.parametrize(("limit", "most"), [("MAX_CHARACTERS", 100), ("MAX_CELLS", 10)])
def test_a_text_that_would_take_all_memory_is_refused(monkeypatch, limit, most):
    monkeypatch.setattr(json_records, limit, most)
    answer = held_up(jsonld_of(PLACED), date=DAY)
    assert answer.about_files == ["too_large"] and answer.tables == []


def test_records_in_a_zip_are_read_and_a_context_beside_them_is_passed_over():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("searches.jsonld", jsonld_of(PLACED))
        archive.writestr(
            "context.jsonld",
            json.dumps({"@context": {"pl": "https://ns.socialcaredata.io/placements/"}}),
        )
    assert held_up(data.getvalue(), date=DAY).books == [(1, 1, 0, 0)]


def test_searches_that_begin_after_the_date_are_another_quarters():
    late = at_the_door(
        *(
            {**OPEN, "child_id": f"K{n}", "referral_date": day}
            for n, day in enumerate(["2026-07-01", "2026-07-02", "2026-06-30"])
        )
    )
    assert late.about_files[-1] == "wrong_quarter" and late.books == [(3, 0, 3, 0)]
    assert "2 of 3 referrals were made after the census date" in repr(late.submissions[0].findings)


def test_a_child_has_one_key_in_every_return_of_its_authority():
    header = (
        held_up(good_csv("ssda903_header", [{"child": "12345"}]), date=DAY)
        .rows["child_key"]
        .iloc[0]
    )
    for reference in ("12345", " 12345 ", "12345.0"):
        assert at_the_door({**OPEN, "child_id": reference}).rows["child_key"].iloc[0] == header
    elsewhere = held_up(csv_of({**OPEN, "child_id": "12345"}), sender="358", date=DAY)
    assert elsewhere.rows["child_key"].iloc[0] != header


def test_what_nobody_asked_for_in_json_is_dropped_and_told():
    answer = held_up(
        written(lambda n: n.update(dateOfBirth="2013-09-17", placementId="P1")), date=DAY
    )
    assert (
        "column_dropped" in answer.about_files
        and "2013" not in answer.said
        and answer.books == [(1, 1, 0, 0)]
    )


def test_an_older_home_search_form_is_recognised_and_its_sender_told_what_to_send(shared):
    """Nothing of it is kept, and what lies beside it is loaded."""
    path = shared / "standards" / "placements" / "rcc_home_search_ipa_fields_v3_v4.csv"
    with path.open(encoding="utf-8", newline="") as file:
        fields = [entry["field"] for entry in csv.DictReader(file)]
    text = io.StringIO()
    csv.writer(text).writerows(
        [fields, ["KIDREF8" if field == "Child ID" else "x" for field in fields]]
    )
    answer = held_up(text.getvalue(), csv_of(PLACED), date=DAY)
    books = {
        table.table.name: book for table, book in zip(answer.tables, answer.books, strict=True)
    }
    assert books == {"placements_standard": (1, 1, 0, 0), "rcc_home_search": (1, 0, 0, 1)}
    assert (
        "KIDREF8" not in answer.said
        and "template placements-standard" in return_tables()["rcc_home_search"].title
    )
