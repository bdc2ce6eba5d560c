"""Needs by CANS: both workbooks in their own spellings, names dropped at the door, what counts as a
need, and what is unmapped named.
"""

from __future__ import annotations

import csv
import datetime as dt
import io

import pandas as pd
import pytest
import xlsxwriter

from assets.intake.reading import Sheet
from assets.intake.recognising import recognise, unasked
from schemas.cans import ITEMS, items
from schemas.returns import return_tables
from tests.unit.at_the_door import Answer, held_up

DATE = dt.date(2025, 12, 31)
BEFORE = [
    "Assessment Date", "{} Unique ID", "{} Last Name", "{} First Name", "DOB", "Age at Time of Assessment", "Assessment Type", "Agency/Region",
    "Caregiver(s) Assessed?", "Caregiver(s) Name(s)",
]  # fmt: skip
WHO = {"6_21": "Youth", "0_5": "Child"}
USUAL = [
    "01/06/2025",
    "KIDREF1",
    "Canary",
    "Zebedee",
    "05/06/2012",
    "13",
    "Initial",
    "North",
    "Yes",
    "Goldie Canary",
]


def header(layout: str, names: dict[str, str] | None = None) -> list[str]:
    """The header of a workbook as the tool writes it: items of a module by their own name alone,
    headings with a star.
    """
    heads = {item.module for item in items(layout)} - {""}
    told = []
    for item in items(layout):
        plain = (
            item.called[1]
            if item.module and len(item.called) > 1
            else item.title.removesuffix(" (Transition)")
        )
        told.append((names or {}).get(item.key, plain + ("*" if item.key in heads else "")))
    return [name.format(WHO[layout]) for name in BEFORE] + told


def answers(layout: str, **given: str) -> list[str]:
    return [
        *USUAL,
        *(
            given.get(item.key, "No" if item.answers == "yes or no" else "0")
            for item in items(layout)
        ),
    ]


def as_csv(*rows: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def found(answer: Answer, column: str) -> list[str]:
    return [text.strip(";") for text in answer.rows[column]]


@pytest.mark.parametrize("layout", WHO)
def test_a_workbook_is_recognised_and_every_item_is_where_it_stands(layout):
    recognised = recognise(Sheet("Sheet1", [header(layout), USUAL]))
    assert recognised is not None
    assert (recognised.table.name, recognised.missing, unasked(recognised)) == (
        f"cans_{layout}",
        (),
        [],
    )
    places = [recognised.columns[item.key] - len(BEFORE) for item in items(layout)]
    assert places == list(range(len(items(layout))))


def test_the_items_as_they_stand_in_the_tool_are_all_known(shared):
    path = shared / "standards" / "cans_items.csv"
    if not path.exists():
        pytest.skip("the tool's list of items is not here")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for layout in WHO:
        for column in ("as_it_stands_in_the_file", "item"):
            cells = [row[column] for row in rows if row["table"] == layout]
            recognised = recognise(Sheet("", [cells, ["x"] * len(cells)]))
            assert recognised is not None
            assert recognised.table.name == f"cans_{layout}"
            assert unasked(recognised) == []
            assert len(recognised.columns) == len(cells)


@pytest.mark.parametrize(("item", "spelling"), [
    ("school_behaviour", "School Behavior"), ("victimisation_exploitation", "Victimization / Exploitation"),
    ("psycho_somatic_symptoms_somatisation", "Psycho-somatic symptoms (Somatization)"), ("anxiety", "  ANXIETY * "), ("anxiety", "Anxiety (note 3)"),
    ("talents_and_interests", "Talents and Interests"), ("resiliency", "Resilience"), ("developmental_intellectual", "Development/Intellectual"),
    ("traditions_and_rituals", "Traditions and Rituals"), ("sleep", "Sleep (12mo+)"), ("running_away", "Runaway"),
])  # fmt: skip
def test_a_spelling_is_mapped_by_its_meaning(item, spelling):
    cells = header("6_21", {item: spelling})
    recognised = recognise(Sheet("", [cells, USUAL]))
    assert recognised is not None
    assert (unasked(recognised), recognised.columns[item]) == ([], cells.index(spelling))


def test_items_of_one_name_are_told_apart_by_their_modules():
    answer = held_up(as_csv(header("6_21"), answers("6_21", planning_running_away="2", history_fire_setting="3", supervision_caregiver_needs="2",
                                                    job_functioning_transition="2")), date=DATE)  # fmt: skip
    assert found(answer, "needs_found") == [
        "planning_running_away;history_fire_setting;supervision_caregiver_needs;job_functioning_transition"
    ]


def test_a_need_is_one_to_act_on_from_two():
    scores = ["0", "1", "2", "3", "N/A", "", "2.0"]
    answer = held_up(
        as_csv(header("6_21"), *(answers("6_21", anxiety=score) for score in scores)), date=DATE
    )
    assert [
        score for score, need in zip(scores, found(answer, "needs_found"), strict=True) if need
    ] == ["2", "3", "2.0"]


def test_a_trauma_is_a_yes_and_a_strength_no_need():
    answer = held_up(
        as_csv(
            header("0_5"),
            answers(
                "0_5", neglect="Yes", physical_abuse="no", family_strengths="3", depression="3"
            ),
        ),
        date=DATE,
    )
    assert (found(answer, "needs_found"), found(answer, "traumas_found")) == (
        ["depression"],
        ["neglect"],
    )


def test_the_answers_are_counted_and_those_that_do_not_apply_are_none():
    some = {item.key: "" for item in items("0_5")} | {
        "anxiety": "0",
        "depression": "N/A",
        "neglect": "No",
    }
    assert list(
        held_up(as_csv(header("0_5"), answers("0_5", **some)), date=DATE).rows["items_answered"]
    ) == ["2"]


def test_names_and_birth_dates_are_dropped_at_the_door_with_every_single_answer():
    answer = held_up(
        as_csv(
            header("6_21"),
            answers("6_21", anxiety="2", depression="Zebedee", optimism="05/06/2012"),
        ),
        date=DATE,
    )
    kept = {
        "child_key",
        "assessment_date",
        "age_at_assessment",
        "assessment_type",
        "authority_code",
        "needs_found",
        "traumas_found",
        "items_answered",
    }
    usual = {"submission_id", "census_date", "sender", "sheet", "row_number", "fate", "as_received"}
    assert set(answer.rows.columns) == kept | usual
    for personal in ("Canary", "Zebedee", "Goldie", "KIDREF1", "2012", "05/06"):
        assert personal not in answer.said, personal


def test_a_wrong_answer_is_told_and_counts_as_not_given():
    answer = held_up(as_csv(header("6_21"), answers("6_21", anxiety="4", neglect="2")), date=DATE)
    assert answer.about_rows == [
        (2, "Anxiety", "unknown_label_left_blank"),
        (2, "Neglect", "unknown_label_left_blank"),
    ]
    assert answer.books == [(1, 1, 0, 0)]


@pytest.mark.parametrize(
    ("spelling", "told"), [("Mood of Zebedee", "AS"), ("Family Anxiety", "AS ('Family Anxiety')")]
)
def test_an_item_that_is_not_mapped_is_named_and_never_lost_in_silence(spelling, told):
    answer = held_up(
        as_csv(header("6_21", {"anxiety": spelling}), answers("6_21", anxiety="3")), date=DATE
    )
    assert answer.about_files == ["item_not_mapped"]
    named = [f.value for f in answer.submissions[0].findings if f.rule == "item_not_mapped"]
    assert named[0].startswith("AS")
    assert "Zebedee" not in answer.said
    assert not answer.submissions[0].is_rejected


@pytest.mark.parametrize(
    ("place", "value", "rule"), [(0, "", "blank"), (0, "soon", "unreadable"), (1, "", "blank")]
)
def test_an_assessment_without_its_day_or_child_is_rejected(place, value, rule):
    row = answers("6_21")
    row[place] = value
    good = answers("6_21")
    good[1] = "KIDREF2"
    answer = held_up(as_csv(header("6_21"), row, good), date=DATE)
    assert [r[2] for r in answer.about_rows] == [rule]
    assert answer.books == [(2, 1, 1, 0)]


def test_the_key_of_a_child_is_that_of_its_ssda903():
    cans = held_up(as_csv(header("6_21"), answers("6_21")), date=DATE).rows["child_key"].iloc[0]
    care = (
        held_up("CHILD,SEX,DOB,ETHNIC\nKIDREF1,M,05/06/2012,WBRI\n", date=DATE)
        .rows["child_key"]
        .iloc[0]
    )
    assert cans == care


def test_both_workbooks_may_be_sheets_of_one_and_have_titles_above():
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for layout in WHO:
            sheet = book.add_worksheet(f"data {layout}")
            sheet.write_row(0, 0, ["CANS: all assessments"])
            sheet.write_row(2, 0, header(layout))
            sheet.write_row(3, 0, answers(layout, anxiety="2"))
    answer = held_up(buffer.getvalue(), date=DATE)
    assert [(t.table.name, b) for t, b in zip(answer.tables, answer.books, strict=True)] == [
        ("cans_6_21", (1, 1, 0, 0)),
        ("cans_0_5", (1, 1, 0, 0)),
    ]


def test_it_is_expected_from_an_authority_alone():
    assert (
        "not_from_this_sender"
        in held_up(
            as_csv(header("6_21"), answers("6_21")), sender="provider-acorn", date=DATE
        ).about_files
    )


def test_every_item_has_one_key_and_one_kind():
    rows = pd.read_csv(ITEMS, dtype=str, keep_default_na=False)
    assert rows["item"].is_unique and rows["item_title"].is_unique
    assert set(rows["item_kind"]) == {"need", "strength", "trauma"} and set(rows["answers"]) == {
        "score",
        "yes or no",
    }
    keys = set(rows["item"])
    assert set(rows["module"]) - {""} <= keys
    for layout in WHO:
        names = {column.name for column in return_tables()[f"cans_{layout}"].columns}
        assert {item.key for item in items(layout)} <= names
