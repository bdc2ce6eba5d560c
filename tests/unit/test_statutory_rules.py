"""The SSDA903 by year: every row of the changes from 2023 to 2027 that concerns us, just before it
holds and from then on.
"""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache

import pytest

from schemas.codes import code_set
from schemas.rules import WARNS, rules
from schemas.statutory import collection_year, holds, rules_by_year, year_of
from tests.unit.at_the_door import Answer, csv_of, header_of, held_up

HEADER, EPISODES, ORDERS = "ssda903_header", "ssda903_episodes", "ssda903_dolo"
NOT_OURS = {
    "birth_date_not_known",
    "postcode_not_known",
    "end_and_reason_apart",
    "no_episode_follows",
    "open_at_eighteen",
    "same_reference_twice",
}
"""What other rules find in the small returns of these tests."""

BORN_2016 = {"date_of_birth": "05/06/2016"}
CLOSED = {"dec": "01/06/2025", "reason_episode_ceased": "X1"}
IN_ENGLAND = {"home_postcode": "SK1 3XE", "placement_postcode": "M2 5DB"}
AWAY = {
    "decom": "01/06/2025",
    "place": "T1",
    "reason_new_episode": "P",
    "dec": "08/06/2025",
    "reason_episode_ceased": "X1",
}
BACK = {"decom": "08/06/2025", "reason_new_episode": "P"}


def episodes(
    *rows: dict[str, str],
    day: str,
    about: dict[str, str] | None = None,
    columns: tuple[str, ...] = (),
) -> Answer:
    """Hold up episodes of one child, with its header. `columns` come on top: a header's word and
    its value in every row.
    """
    content = csv_of(EPISODES, [{**IN_ENGLAND, **row} for row in rows])
    if columns:
        first, *lines = content.splitlines()
        content = "\n".join([f"{first},{columns[0]}", *(f"{line},{columns[1]}" for line in lines)])
    return held_up(
        csv_of(HEADER, [{"sex": "M", **(about or {})}]), content, date=dt.date.fromisoformat(day)
    )


def said(answer: Answer) -> list[str]:
    """The rules by year that were found broken, in rows and of sheets."""
    of_rows = [r.rule for t in answer.tables for r in t.findings.itertuples()]
    of_sheets = [f.rule for s in answer.submissions for f in s.findings]
    return sorted(set(of_rows + of_sheets) & set(rules_by_year()))


BY_YEAR = [
    # year, rule, day of the return, what is sent, what is found
    ("2023-24", "217t", "2023-09-30", [{"place": "P2"}], []),
    ("2023-24", "217t", "2023-12-31", [{"place": "P2"}], ["code_of_another_time"]),
    ("2023-24", "217t", "2023-12-31", [{"place": "P2", "decom": "01/04/2023", "dec": "28/10/2023", "reason_episode_ceased": "E13"}], []),
    ("2023-24", "217t", "2023-12-31", [{"place": "P2", "decom": "01/04/2023", "dec": "29/10/2023", "reason_episode_ceased": "E13"}],
     ["code_of_another_time"]),
    ("2023-24", "230", "2023-12-31", [{"place": "H5", "placement_urn": ""}], ["urn_wanted"]),
    ("2023-24", "230", "2023-12-31", [{"place": "H5", "placement_urn": "XXXXXXX"}], []),
    ("2023-24", "230", "2023-12-31", [{"place": "H5"}], []),
    ("2023-24", "230", "2023-12-31", [{"place": "H5", "placement_urn": "", "decom": "01/04/2023", "dec": "28/10/2023",
                                       "reason_episode_ceased": "E13"}], []),
    ("2023-24", "230", "2022-12-31", [{"place": "H5", "placement_urn": ""}], []),
    ("2024-25", "371", "2025-03-31", [{"place": "K3"}], ["too_young_for_place"]),
    ("2024-25", "371", "2025-03-31", [{"place": "K3", "decom": "05/06/2028"}], []),
    ("2024-25", "K3", "2023-12-31", [{"place": "K3", "decom": "01/04/2023"}], ["code_of_another_time"]),
    ("2024-25", "503D", "2024-06-30", [{"place": "H5", "dec": "01/05/2024", "reason_episode_ceased": "X1"},
                                        {"place": "K3", "decom": "01/05/2024", "reason_new_episode": "P"}], ["too_young_for_place"]),
    ("2025-26", "146", "2025-06-30", [{"place": "Z1"}], ["code_of_another_time"]),
    ("2025-26", "146", "2025-03-31", [{"place": "Z1"}], []),
    ("2025-26", "146", "2025-06-30", [{"place": "H5"}], ["code_of_another_time"]),
    ("2025-26", "146", "2025-03-31", [{"place": "H5"}], []),
    ("2025-26", "146", "2025-03-31", [{"place": "Z11", "place_provider": "", "placement_urn": ""}], ["code_of_another_time"]),
    *[("2025-26", "146", "2025-06-30", [{"place": code, "place_provider": "", "placement_urn": "XXXXXXX"}], [])
      for code in ("Z11", "Z12", "Z13", "Z14")],
    *[("2025-26", "178 213 526", "2025-06-30", [{"place": code, "placement_urn": ""}], ["provider_not_wanted"])
      for code in ("Z11", "Z12", "Z13", "Z14")],
    ("2025-26", "218 222", "2025-06-30", [{"place": "Z12", "place_provider": ""}], ["urn_not_wanted"]),
    ("2025-26", "226", "2025-06-30", [{**CLOSED}, {**AWAY, "reason_place_change": "CARPL"}, BACK], ["change_reason_not_wanted"]),
    ("2025-26", "226", "2025-06-30", [{**CLOSED, "reason_place_change": "CARPL"}, AWAY, BACK], ["change_reason_not_wanted"]),
    ("2025-26", "226", "2025-06-30", [{**CLOSED, "reason_place_change": "CARPL"}, {**BACK, "decom": "01/06/2025"}], []),
    ("2025-26", "233", "2025-06-30", [{"reason_place_change": "CARPL"}], ["change_reason_not_wanted"]),
    ("2025-26", "233", "2025-03-31", [{"reason_place_change": "CARPL"}], []),
    ("2025-26", "383", "2025-06-30", [CLOSED, AWAY, BACK], []),
    ("2025-26", "383", "2025-06-30", [CLOSED, AWAY, {**BACK, "reason_new_episode": "S"}], ["not_back_where_it_was"]),
    ("2025-26", "383", "2025-06-30", [CLOSED, AWAY, {**BACK, "place": "U4"}], ["not_back_where_it_was"]),
    ("2025-26", "383", "2025-06-30", [CLOSED, AWAY, {**BACK, "placement_postcode": "SK1 3XE"}], ["not_back_where_it_was"]),
    ("2025-26", "383", "2025-06-30", [CLOSED, {**AWAY, "reason_episode_ceased": "E13"}, {**BACK, "place": "U4"}], []),
    ("2025-26", "383", "2025-06-30", [CLOSED, {**AWAY, "dec": "04/06/2025"}, {**AWAY, "decom": "04/06/2025", "place": "T4"}, BACK], []),
]  # fmt: skip


@cache
def of_day(day: str) -> tuple[Answer, list[int]]:
    """All cases of a day held up at once, each a child of its own, and the case of each row."""
    rows, cases = [], []
    for number, (_, _, its_day, its_rows, _) in enumerate(BY_YEAR):
        if its_day == day:
            rows += [{**IN_ENGLAND, **row, "child": f"K{number}"} for row in its_rows]
            cases += [number] * len(its_rows)
    header = [{"sex": "M", "child": f"K{number}"} for number in dict.fromkeys(cases)]
    return (
        held_up(csv_of(HEADER, header), csv_of(EPISODES, rows), date=dt.date.fromisoformat(day)),
        cases,
    )


@pytest.mark.parametrize(
    "number",
    range(len(BY_YEAR)),
    ids=[f"{year} {dfe} {n}" for n, (year, dfe, *_) in enumerate(BY_YEAR)],
)
def test_an_episode_is_held_against_the_rules_of_its_year(number):
    *_, day, rows, found = BY_YEAR[number]
    answer, cases = of_day(day)
    table = answer.tables[1]
    mine = table.findings.loc[[cases[row - 2] == number for row in table.findings["row_number"]]]
    assert sorted(set(mine["rule"]) & set(rules_by_year())) == found
    assert (table.rows["fate"] == "loaded").all(), "none of these rules rejects a row"
    assert len(rows) == cases.count(number)


def test_custody_is_not_the_reason_of_a_child_under_ten():
    row = {**CLOSED, "reason_place_change": "CUSTOD"}
    after = {"decom": "01/06/2025", "reason_new_episode": "P"}
    assert said(episodes(row, after, day="2025-06-30", about=BORN_2016)) == ["custody_under_ten"]
    assert said(episodes(row, after, day="2025-06-30")) == []


@pytest.mark.parametrize(
    ("sent", "found"), [("350", []), ("350.1", ["distance_to_check"]), ("999.9", []), ("", []), ("far", [])]
)  # fmt: skip
def test_a_distance_above_350_miles_is_to_be_checked_and_999_9_stands_for_not_known(sent, found):
    assert said(episodes({}, day="2025-06-30", columns=("PL_DISTANCE", sent))) == found
    assert said(episodes({}, day="2025-03-31", columns=("PL_DISTANCE", sent))) == []


def test_a_distance_that_the_sender_does_not_give_is_ours():
    row = {"home_postcode": "TR1 1AA", "placement_postcode": "AB10 1AA"}
    answer = episodes(row, day="2025-06-30")
    assert float(answer.tables[1].rows["distance_miles"].iloc[0]) > 350
    assert said(answer) == ["distance_to_check"]


def test_outside_england_no_urn_is_asked():
    codes = ["E08000003", "CON", "NIR", "SCO", "WAL", "NUK", "wal", ""]
    rows = [
        {**IN_ENGLAND, "place": "H5", "placement_urn": "", "child": f"K{n}"}
        for n in range(len(codes))
    ]
    lines = csv_of(EPISODES, rows).splitlines()
    content = "\n".join(
        f"{line},{code}" for line, code in zip(lines, ["PL_LA", *codes], strict=True)
    )
    table = held_up(content, date=dt.date(2023, 12, 31)).tables[0]
    asked = table.findings.loc[table.findings["rule"] == "urn_wanted", "row_number"]
    assert [codes[row - 2] for row in asked] == ["E08000003", ""]


def test_a_postcode_in_wales_is_outside_england_too():
    assert (
        said(
            episodes(
                {"place": "H5", "placement_urn": "", "placement_postcode": "CF10 1EP"},
                day="2023-12-31",
            )
        )
        == []
    )


def test_what_the_sender_worked_out_of_the_place_is_looked_at_and_not_kept():
    answer = episodes({}, day="2025-06-30", columns=("PL_DISTANCE", "351"))
    assert {"placement_la", "placement_distance"}.isdisjoint(answer.tables[1].rows.columns)
    assert answer.about_files == []


@pytest.mark.parametrize(("day", "sex", "found"), [
    ("2024-03-31", "1", []), ("2024-06-30", "1", ["sex_in_numbers"]), ("2024-06-30", "F", []), ("2024-06-30", "U", ["sex_to_check"]),
    ("2024-03-31", "U", []),
])  # fmt: skip
def test_sex_is_a_letter_from_2024_to_25_and_not_known_is_to_be_checked(day, sex, found):
    answer = episodes({}, day=day, about={"sex": sex})
    assert said(answer) == found
    assert answer.books[0] == (1, 1, 0, 0)


@pytest.mark.parametrize(("numbers", "found"), [
    (("A123456789012", "A123456789012"), ["same_upn_twice"]), (("A123456789012", "a 123456789012"), ["same_upn_twice"]),
    (("A123456789012", "A123456789013"), []), (("UN1", "UN1"), []), (("", ""), []),
])  # fmt: skip
def test_two_children_have_two_pupil_numbers(numbers, found):
    header = csv_of(
        HEADER, [{"child": f"K{n}", "upn": number, "sex": "M"} for n, number in enumerate(numbers)]
    )
    answer = held_up(header, date=dt.date(2025, 6, 30))
    assert said(answer) == found
    assert "123456789012" not in answer.said
    assert said(held_up(header, date=dt.date(2025, 3, 31))) == []


IN_CARE = {"decom": "01/04/2026", "place": "K2"}
YEAR = dt.date(2026, 12, 31)


def orders(
    *rows: dict[str, str],
    care: list[dict[str, str]] | None = None,
    about: dict[str, str] | None = None,
    day: dt.date = YEAR,
) -> Answer:
    """Hold up orders of one child with its header and episodes."""
    files = [
        csv_of(HEADER, [{"sex": "M", **(about or {})}]),
        csv_of(EPISODES, [IN_CARE] if care is None else care),
    ]
    return held_up(*(files if care != [] else files[:1]), csv_of(ORDERS, list(rows)), date=day)


START = {"dolo_start": "01/06/2026"}
OF_ORDERS = [
    ("700", [{"dolo_start": "soon"}], None, "unreadable"),
    ("700", [{"dolo_start": ""}], None, "blank"),
    ("701", [{**START, "dolo_end": "soon"}], None, "unreadable"),
    ("702", [{**START, "dolo_end": "31/05/2026"}], None, "ends_before_it_starts"),
    ("703", [{"dolo_start": "01/04/2027"}], None, "order_outside_the_year"),
    ("704", [{"dolo_start": "01/01/2026", "dolo_end": "31/03/2026"}], [{**IN_CARE, "decom": "01/01/2026"}], "order_outside_the_year"),
    ("704", [{**START, "dolo_end": "01/04/2027"}], None, "order_outside_the_year"),
    ("705", [START, {"dolo_start": "01/07/2026"}], None, "orders_overlap"),
    ("705", [{**START, "dolo_end": "02/07/2026"}, {"dolo_start": "01/07/2026"}], None, "orders_overlap"),
    ("707", [START], [{**IN_CARE, "dec": "01/09/2026", "reason_episode_ceased": "E13"}], "order_outside_care"),
    ("707", [{**START, "dolo_end": "02/09/2026"}], [{**IN_CARE, "dec": "01/09/2026", "reason_episode_ceased": "E13"}], "order_outside_care"),
    ("707", [START], [{**IN_CARE, "decom": "02/06/2026"}], "order_outside_care"),
    ("707", [START], [{**IN_CARE, "child": "ANOTHER"}], "order_outside_care"),
    ("708", [{"dolo_start": "04/06/2012", "dolo_end": "05/06/2026"}], None, "order_before_birth"),
    ("709", [START], [{**IN_CARE, "place": "U4"}], "order_place_to_check"),
    *[("710", [START], [{**IN_CARE, "place": place}], "order_place_not_allowed") for place in ("K1", "P1", "R5", "K3")],
]  # fmt: skip


@cache
def all_orders() -> tuple[Answer, list[int]]:
    """All cases held up at once, each a child of its own, and the case of each row of the orders."""
    rows, care, cases = [], [], []
    for number, (_, its_rows, its_care, _) in enumerate(OF_ORDERS):
        child = {"child": f"K{number}"}
        rows += [{**row, **child} for row in its_rows]
        care += [{**row, "child": row.get("child", f"K{number}")} for row in its_care or [IN_CARE]]
        cases += [number] * len(its_rows)
    header = [{"sex": "M", "child": f"K{number}"} for number in range(len(OF_ORDERS))]
    return (
        held_up(csv_of(HEADER, header), csv_of(EPISODES, care), csv_of(ORDERS, rows), date=YEAR),
        cases,
    )


@pytest.mark.parametrize(
    "number", range(len(OF_ORDERS)), ids=[f"{dfe} {n}" for n, (dfe, *_) in enumerate(OF_ORDERS)]
)
def test_an_order_is_held_against_its_rules(number):
    rule = OF_ORDERS[number][-1]
    answer, cases = all_orders()
    table = answer.tables[-1]
    mine = table.findings.loc[[cases[row - 2] == number for row in table.findings["row_number"]]]
    assert rule in set(mine["rule"])
    fates = [fate for fate, case in zip(table.rows["fate"], cases, strict=True) if case == number]
    assert set(fates) == {"loaded" if rules()[rule].severity == WARNS else "rejected"}


WELL = [
    ("an order that goes on", [START], None),
    ("one that ended on the day on which care did", [{**START, "dolo_end": "01/09/2026"}],
     [{**IN_CARE, "dec": "01/09/2026", "reason_episode_ceased": "E13"}]),
    ("one that began with care", [{"dolo_start": "01/04/2026"}], None),
    ("one after the other", [{**START, "dolo_end": "01/07/2026"}, {"dolo_start": "01/07/2026"}], None),
    ("over two episodes", [START], [{**IN_CARE, "dec": "01/08/2026", "reason_episode_ceased": "X1"},
                                    {"decom": "01/08/2026", "place": "Z12", "place_provider": "", "placement_urn": "", "reason_new_episode": "P"}]),
    ("while away for a night", [START], [{**IN_CARE, "dec": "01/08/2026", "reason_episode_ceased": "X1"},
                                         {"decom": "01/08/2026", "place": "T1", "reason_new_episode": "P"}]),
    ("without the episodes", [START], []),
    ("begun in an earlier year", [{"dolo_start": "01/01/2026"}], [{**IN_CARE, "decom": "01/01/2026"}]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rows", "care"), WELL, ids=[name for name, *_ in WELL])
def test_an_order_that_is_well_is_not_found_fault_with(name, rows, care):
    assert [rule for rule in said(orders(*rows, care=care)) if rule.startswith("order")] == []


def test_the_birth_date_of_an_order_is_the_headers_where_its_own_is_blank():
    answer = orders(
        {"dolo_start": "04/06/2012", "dolo_end": "05/06/2026", "date_of_birth": ""},
        about={"date_of_birth": "05/06/2012"},
    )
    assert "order_before_birth" in said(answer)
    table = answer.tables[-1]
    assert "date_of_birth" not in table.rows.columns and "2012-06-05" not in table.rows.to_csv()


def test_an_order_keeps_the_age_at_its_start_and_no_reference():
    row = orders(START).tables[-1].rows.iloc[0]
    assert (row["age_at_start"], row["dolo_start"], row["dolo_end"]) == (
        "13",
        "2026-06-01",
        None,
    ) or row["age_at_start"] == "13"
    assert "KIDREF1" not in row.to_json()


def test_of_a_pooled_return_only_the_newest_year_is_held_against_the_rules_of_its_year():
    lines = csv_of(
        EPISODES, [{"place": "Z1", "decom": "01/04/2022"}, {"place": "Z1", "decom": "02/04/2022"}]
    ).splitlines()
    years = ["LA,YEAR", "Stockport,2023", "Stockport,2026"]
    pooled = "\n".join(f"{line},{year}" for line, year in zip(lines, years, strict=True))
    answer = held_up(pooled, sender="region", date=dt.date(2026, 3, 31))
    found = [
        r.row_number
        for t in answer.tables
        for r in t.findings.itertuples()
        if r.rule == "code_of_another_time"
    ]
    assert found == [3]


def test_the_codes_of_a_place_are_valid_in_one_stretch_of_days():
    for label, meaning in code_set("place_903").meanings.items():
        first, last = (
            dt.date.fromisoformat(text) if text else None
            for text in (meaning["valid_from"], meaning["valid_to"])
        )
        assert not (first and last and last < first), label
        assert meaning["under_order"] in {"", "expected", "not allowed"}
        assert meaning["urn"] in {"", "none", "wanted in England"} and meaning["provider"] in {
            "",
            "none",
        }


VALID_2025 = (
    "A3 A4 A5 A6 K1 K2 K3 P1 P3 R1 R2 R3 R5 S1 T0 T1 T2 T3 T4 U1 U2 U3 U4 U5 U6 Z11 Z12 Z13 Z14"
)


def test_the_places_of_2025_to_26_are_those_that_dfe_lists():
    meanings = code_set("place_903").meanings
    assert {label for label, m in meanings.items() if not m["valid_to"]} == set(VALID_2025.split())


def test_every_rule_by_year_has_a_sentence_and_is_tried_here():
    assert set(rules_by_year()) <= set(rules())
    here = {rule for *_, found in BY_YEAR for rule in found} | {rule for *_, rule in OF_ORDERS}
    elsewhere = {
        "custody_under_ten",
        "distance_to_check",
        "sex_in_numbers",
        "sex_to_check",
        "same_upn_twice",
        "order_missing_from_this_year",
    }
    elsewhere |= {"care_leaver_died_before"}
    assert set(rules_by_year()) - here == elsewhere


def test_a_year_begins_in_april():
    assert [collection_year(dt.date(2026, 3, 31)), collection_year(dt.date(2026, 4, 1))] == [
        2025,
        2026,
    ]
    assert year_of(dt.date(2026, 12, 31)) == (dt.date(2026, 4, 1), dt.date(2027, 3, 31))
    assert not holds("orders_overlap", dt.date(2026, 3, 31)) and holds(
        "orders_overlap", dt.date(2026, 4, 1)
    )


def test_the_changes_from_2023_to_2027_are_all_decided(shared):
    """Each number of a rule that DfE changed is one of ours, is held by another, or is of a table
    that is not needed.
    """
    elsewhere = {
        "SW01-SW14", "SW17STG2",  # social workers: not needed
        "503D",  # H5 that goes on as K3: nothing to find, as tried above
        "700", "701", "702",  # dates: the layout's own rules
    }  # fmt: skip
    ours = {number for rule in rules_by_year().values() for number in rule.dfe}
    changes = shared / "standards" / "ssda903_changes_2023_to_2027.csv"
    if not changes.exists():
        pytest.skip("the list of changes is not here")
    with changes.open(encoding="utf-8", newline="") as file:
        values = [row["value"] for row in csv.DictReader(file) if row["kind"] == "rule"]
    wanted = {
        number
        for value in values
        for number in (
            ["700", "701", "702", "703", "704", "708"] if "-" in value and "," in value else [value]
        )
    }
    assert wanted <= ours | elsewhere
    assert header_of(ORDERS) == ["CHILD", "DOB", "DOLO_START", "DOLO_END"]
