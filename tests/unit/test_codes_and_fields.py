"""Code sets, fields and rules: every label is understood in its usual spellings, and nothing stands
for two things.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib

import pytest

from resources.landing import is_quarter_end
from schemas import codes, fields
from schemas.codes import code_set
from schemas.returns import return_tables
from schemas.rules import NOTES, REJECTS_FILE, REJECTS_ROW, WARNS, rules

SETS = sorted(path.stem for path in codes.HERE.glob("*.csv"))

UNDERSTOOD = [
    ("gender", "M", "Male"),
    ("gender", "male", "Male"),
    ("gender", "F1", "Female"),
    ("gender", "Fenale", "Female"),
    ("gender", "Female (including trans female)", "Female"),
    ("gender", "non-binary", "Non-binary"),
    ("looked_after_child", "Y", "Looked after child (under 18)"),
    ("looked_after_child", "1", "Looked after child (under 18)"),
    ("looked_after_child", "Looked after child (under 18)", "Looked after child (under 18)"),
    ("looked_after_child", "post 18 (CSC placement)", "Post 18 (CSC placement)"),
    ("provision_type", "Children\u2019s Home", "Children's home"),
    ("provision_type", "childrens home", "Children's home"),
    ("provision_type", "Independent fostering agency", "Independent fostering"),
    ("ofsted_provision_type", "Children's Home", "Children's home"),
    ("ofsted_provision_type", "Secure Training Centre", "Secure training centre"),
    (
        "ofsted_provision_type",
        "Residential Special School (registered as a Children\u2019s Home)",
        "Residential special school (registered as a children's home)",
    ),
    ("sa_category", "2", "Category 2"),
    ("sa_category", "category 2", "Category 2"),
    ("sourcing_route", "Direct Award / Spot Purchase", "Direct Award / Off Framework"),
    (
        "sourcing_route",
        "NW Contract \u2013 SaILS DPS or previous",
        "NW Contract - Supported Accommodation DPS or previous",
    ),
    ("type_of_provision", "fostering \u2014 mainstream", "Fostering - Mainstream"),
    (
        "type_of_provision",
        "SaILs - Accommodation and Floating Support",
        "SaILs - Accommodation & Floating Support",
    ),
    ("registration_type", "CQC only", "CQC"),
    ("solo_placement", "No but is in a solo placement", "No, but is in a solo placement"),
    ("deprivation_of_liberty", "DoLS (current)", "DoLS (current)"),
    ("ethnic_group", "wbri", "English, Welsh, Scottish, Northern Irish or British (White)"),
]

NOT_UNDERSTOOD = [
    ("gender", "3"), ("gender", ""), ("provision_type", "Castle"), ("sa_category", "5"), ("sa_category", "22"), ("looked_after_child", "maybe"),
    ("looked_after_child", "No"), ("looked_after_child", "0"),
    ("type_of_provision", "Residential"), ("unavailable_reason", "Staffing and matching"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "label"), UNDERSTOOD, ids=[f"{n}: {t}" for n, t, _ in UNDERSTOOD]
)
def test_a_spelling_stands_for_its_label(name, text, label):
    assert code_set(name).label(text) == label


@pytest.mark.parametrize(
    ("name", "text"), NOT_UNDERSTOOD, ids=[f"{n}: {t!r}" for n, t in NOT_UNDERSTOOD]
)
def test_what_is_no_label_is_not_guessed(name, text):
    assert code_set(name).label(text) is None


@pytest.mark.parametrize("name", SETS)
def test_every_label_stands_for_itself_and_is_valid_between_quarter_ends(name):
    made = code_set(name)
    assert [made.label(label) for label in made.labels] == list(made.labels)
    assert len(set(made.labels)) == len(made.labels) > 1
    for meaning in made.meanings.values():
        for end in filter(None, (meaning.get("from"), meaning.get("to"))):
            assert is_quarter_end(dt.date.fromisoformat(end))
        assert not (meaning.get("to") and meaning["to"] < meaning.get("from", ""))


def test_every_code_set_is_used_and_every_one_used_is_there():
    assert {c.codes for t in return_tables().values() for c in t.columns if c.codes} == set(SETS)


def test_one_spelling_for_two_labels_is_refused(tmp_path, monkeypatch):
    (tmp_path / "two.csv").write_text(
        "label,spellings\nStaff,Short\nShort breaks,short\n", encoding="utf-8"
    )
    monkeypatch.setattr(codes, "HERE", tmp_path)
    with pytest.raises(ValueError, match="'short' stands for 'Staff' and for 'Short breaks'"):
        code_set("two")


PROVISION_TYPES = {
    "Children's home", "Secure children's home", "Residential special school", "Residential family centre", "Supported accommodation",
    "Independent fostering", "In-house fostering", "Other",
}  # fmt: skip


def test_every_type_of_provision_maps_to_one_provision_type():
    meanings = code_set("type_of_provision").meanings
    assert {m["provision_type"] for m in meanings.values()} <= PROVISION_TYPES
    assert {m["arrangement"] for m in meanings.values()} == {
        "independent",
        "in-house",
        "other authority",
        "other",
    }
    kinds = code_set("ofsted_provision_type").meanings
    assert {m["provision_type"] for m in kinds.values()} - {""} <= PROVISION_TYPES
    # the ordinary residential special school stays out of the figures; the one registered as a home
    # is in them
    assert kinds["Residential special school"]["provision_type"] == ""
    assert (
        kinds["Residential special school (registered as a children's home)"]["provision_type"]
        == "Residential special school"
    )


def test_the_regional_guidance_and_the_code_sets_say_the_same(shared):
    """Every label of the placement census's guidance, in the quarters in which it is one, with its
    meaning.
    """
    sets = {
        "Type of provision": "type_of_provision",
        "Ethnic Group": "ethnic_group",
        "Placing at distance reason": "distance_reason",
    }
    with (shared / "reference" / "placement_census_codes.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 90
    for row in rows:
        made = code_set(sets[row["field"]])
        label = made.label(row["label"])
        assert label is not None, row
        if row["field"] == "Type of provision":
            meaning = made.meanings[label]
            assert meaning["provision_type"] == row["provision_type"], row
            assert (meaning["from"] or "0")[:7] <= row["from"], row
            assert not meaning["to"] or (row["to"] and meaning["to"][:7] >= row["to"]), row


# --- fields -------------------------------------------------------------------------------------


def test_every_field_is_described_and_has_a_postgres_type():
    for field in fields.all_fields().values():
        assert field.postgres_type
        assert field.description.endswith("."), field.name


def test_a_field_without_description_is_named():
    with pytest.raises(KeyError, match="no column 'shoe_size'; describe it there"):
        fields.field("shoe_size")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"one.toml": '[a]\ntype = "colour"\ndescription = "A."\n'},
            r"unknown types \{'a': 'colour'\}",
        ),
        (
            {
                "one.toml": '[a]\ntype = "text"\ndescription = "A."\n',
                "two.toml": '[a]\ntype = "date"\ndescription = "B."\n',
            },
            "'a' is described twice",
        ),
    ],
    ids=["an unknown type", "described twice"],
)
def test_a_dictionary_at_odds_with_itself_is_refused(files, says, tmp_path, monkeypatch):
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(fields, "DICTIONARY", tmp_path)
    with pytest.raises(ValueError, match=says):
        fields.all_fields.__wrapped__()


# --- rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rules())
def test_a_rule_has_a_known_severity_and_a_whole_sentence(name):
    rule = rules()[name]
    assert rule.severity in {REJECTS_FILE, REJECTS_ROW, WARNS, NOTES}
    sentence = rule.sentence(column="'Age'", value="{x}", expected="a number", hint="a hint")
    assert sentence.endswith((".", "?", "a hint")) and "  " not in sentence
    assert ("{x}" in sentence) == ("{value}" in rule.says)


@pytest.mark.parametrize(
    "name", [name for name, rule in rules().items() if rule.severity in {REJECTS_FILE, REJECTS_ROW}]
)
def test_a_rule_that_rejects_says_what_was_expected_and_what_to_do(name):
    says = rules()[name].says
    assert "xpected" in says or "{expected}" in says
    assert says.count(". ") >= 1, "what to do is a sentence of its own"


# --- breaks of series
# ------------------------------------------------------------------------------------


def _breaks() -> list[dict[str, str]]:
    path = codes.HERE.parent / "reference" / "series_breaks.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_every_break_of_a_series_is_one_that_readers_are_told_to_expect():
    told = tomllib.loads(
        (codes.HERE.parent / "expectations" / "_every_table.toml").read_text(encoding="utf-8")
    )["values"]
    assert {row["break_reason"] for row in _breaks()} <= set(told["break_reason"])
    for row in _breaks():
        assert row["break_reason"] in fields.all_fields()["break_reason"].description
        assert row["series"] in told[row["series_by"]], "the value of a column that has it"
        assert dt.date.fromisoformat(row["broken_on"]) and row["why"]


def test_no_model_has_a_day_of_its_own():
    """Since when something is asked or broken is data (`schemas/reference/series_breaks.csv`, the
    layouts): no model says it again.
    """
    folder = codes.HERE.parents[1] / "dbt_like_sql"
    assert {
        path.name
        for path in folder.glob("*/*.sql")
        if re.search(r"'\d{4}-\d{2}-\d{2}'", path.read_text(encoding="utf-8"))
    } == set()
