"""SSDA903: the statutory return in its real shapes, episode rules, ages and distances worked out at
the door, nothing personal kept.
"""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from made_up.returns.ssda903 import EPISODES, HEADER

DATE = "2025-03-31"


def header(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(
        [{"CHILD": child, "SEX": "1", "DOB": born, "ETHNIC": "WBRI"} for child, born in rows],
        columns=HEADER,
    )


def episode(child: str = "17", decom: str = "01/04/2024", **values: str) -> dict[str, str]:
    usual = {
        "RNE": "S", "LS": "C2", "CIN": "N1", "PLACE": "K2", "PLACE_PROVIDER": "PR4", "DEC": "", "REC": "", "REASON_PLACE_CHANGE": "",
        "HOME_POST": "SK1 3XE", "PL_POST": "M2 5DB", "URN": "SC123456",
    }  # fmt: skip
    return {"CHILD": child, "DECOM": decom, **usual, **values}


def episodes(*rows: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=EPISODES)


def staged(warehouse) -> list:
    return warehouse.rows("select * from staging.ssda903_episodes order by decom, child_key")


def found(warehouse) -> list[tuple[str, str]]:
    rows = warehouse.rows(
        "select rule, column_name from raw.finding where table_name = 'ssda903_episodes' and"
        " severity <> 'notes' order by row_number, rule"
    )
    return [(row.rule, row.column_name) for row in rows]


@pytest.mark.parametrize("year", ["2019", "2020", "2021"])
def test_the_sample_returns_load_with_balanced_books(
    embedded_warehouse, landing, bring, shared, year
):
    rows = []
    for path in sorted((shared / "samples" / "ssda903" / "annual_returns").glob(f"{year}-*.csv")):
        landing.drop(f"{year}-03-31", "356", path.name, path.read_bytes())
        rows.append(
            (
                any(word in path.name for word in ("oc2", "missing", "reviews", "permanence")),
                len(pd.read_csv(path, dtype=str)),
            )
        )
    bring(embedded_warehouse, landing, f"{year}-03-31")
    books = embedded_warehouse.rows("select * from raw.submission_table")
    assert sorted(
        (book.table_name == "ssda903_other", book.rows_received) for book in books
    ) == sorted(rows)
    for book in books:
        left_alone = book.table_name == "ssda903_other"
        assert book.status == ("recorded" if left_alone else "in force")
        assert book.rows_loaded == (0 if left_alone else book.rows_received)


def test_the_bad_rows_each_get_the_right_reason(embedded_warehouse, landing, bring, shared):
    for path in (shared / "samples" / "ssda903" / "bad_rows").glob("*.csv"):
        landing.drop("2020-03-31", "356", path.name, path.read_bytes())
    bring(embedded_warehouse, landing, "2020-03-31")
    rows = embedded_warehouse.rows(
        "select row_number, column_name, rule, severity from raw.finding "
        "where table_name = 'ssda903_episodes' and row_number > 0 and rule <> 'postcode_not_known'"
    )
    assert {tuple(row) for row in rows} == {
        (3, "LS", "blank", "rejects the row"),
        (6, "RNE", "unknown_label_left_blank", "warns"),
        (6, "REC", "no_episode_follows", "warns"),
    }
    assert {
        r.value
        for r in embedded_warehouse.rows(
            "select value from raw.finding where rule = 'column_dropped'"
        )
    } == {"N"}  # the column's letter
    twice = embedded_warehouse.scalar(
        "select count(*) from raw.finding where rule = 'same_reference_twice' and table_name ="
        " 'ssda903_header'"
    )
    assert twice == 5


REJECTED = [
    ({"CHILD": ""}, "blank", "CHILD"),
    ({"DECOM": ""}, "blank", "DECOM"),
    ({"DECOM": "31/02/2024"}, "unreadable", "DECOM"),
    ({"DEC": "soon", "REC": "X1"}, "unreadable", "DEC"),
    ({"DEC": "01/03/2024", "REC": "X1"}, "ends_before_it_starts", "DEC"),
    ({"LS": ""}, "blank", "LS"),
    ({"LS": "Q9"}, "unknown_label", "LS"),
    ({"PLACE": "X9"}, "unknown_label", "PLACE"),
]
LOADED = [
    ({"RNE": "*DUMMY*"}, ("unknown_label_left_blank", "RNE")),
    ({"REC": "E4A"}, ("end_and_reason_apart", "")),
    ({"DEC": "01/05/2024"}, ("end_and_reason_apart", "")),
    ({"PL_POST": "ZZ99 9ZZ"}, ("postcode_not_known", "PL_POST")),
    ({"CIN": "N99"}, ("unknown_label_left_blank", "CIN")),
    ({"URN": ""}, None),
    ({"URN": "XXXXXXX"}, None),
    ({"LS": "c2", "PLACE": " k2 "}, None),
    ({"DEC": "01/04/2024", "REC": "X1"}, None),
]


@pytest.mark.parametrize(
    ("change", "rule", "column"), REJECTED, ids=[str(case[0]) for case in REJECTED]
)
def test_an_episode_is_rejected_only_for_what_makes_it_useless(
    embedded_warehouse, landing, bring, change, rule, column
):
    landing.drop(DATE, "356", "header.csv", header(("17", "05/06/2012"), ("18", "05/06/2012")))
    landing.drop(DATE, "356", "episodes.csv", episodes(episode() | change, episode("18")))
    bring(embedded_warehouse, landing, DATE)
    assert (rule, column) in found(embedded_warehouse)
    assert len(staged(embedded_warehouse)) == 1


@pytest.mark.parametrize(("change", "warning"), LOADED, ids=[str(case[0]) for case in LOADED])
def test_everything_else_is_at_most_a_warning_and_the_child_is_there(
    embedded_warehouse, landing, bring, change, warning
):
    landing.drop(DATE, "356", "header.csv", header(("17", "05/06/2012")))
    landing.drop(DATE, "356", "episodes.csv", episodes(episode() | change))
    bring(embedded_warehouse, landing, DATE)
    assert found(embedded_warehouse) == ([warning] if warning else [])
    assert len(staged(embedded_warehouse)) == 1


def test_too_few_cells_reject_the_row_and_never_shift_it(embedded_warehouse, landing, bring):
    landing.drop(DATE, "356", "header.csv", header(("17", "05/06/2012"), ("18", "05/06/2012")))
    text = episodes(episode(), episode("18")).to_csv(index=False).splitlines()
    text[1] = ",".join(text[1].split(",")[:9])
    text.append(text[2] + ",one too many")
    landing.drop(DATE, "356", "episodes.csv", "\n".join(text) + "\n")
    bring(embedded_warehouse, landing, DATE)
    assert [rule for rule, _ in found(embedded_warehouse) if "cells" in rule] == [
        "too_few_cells",
        "too_many_cells",
    ]
    assert len(staged(embedded_warehouse)) == 1


def test_two_episodes_with_blank_dates_are_not_duplicates_and_an_exact_duplicate_is_set_aside(
    embedded_warehouse, landing, bring
):
    landing.drop(DATE, "356", "header.csv", header(("17", "05/06/2012")))
    landing.drop(
        DATE,
        "356",
        "episodes.csv",
        episodes(
            episode(),
            episode(),
            episode(decom="02/05/2024"),
            episode(decom="", PLACE="U4"),
            episode(decom="", PLACE="U6"),
        ),
    )
    bring(embedded_warehouse, landing, DATE)
    book = embedded_warehouse.rows(
        "select * from raw.submission_table where table_name = 'ssda903_episodes'"
    )[0]
    assert (book.rows_received, book.rows_loaded, book.rows_rejected, book.rows_set_aside) == (
        5,
        2,
        2,
        1,
    )


def test_ages_and_distance_are_worked_out_and_what_they_came_from_is_gone(
    embedded_warehouse, landing, bring
):
    """Stockport town hall to Manchester town hall: 6.0 miles as the crow flies, by the postcodes'
    places.
    """
    landing.drop(DATE, "356", "header.csv", header(("17", "05/06/2012")))
    landing.drop(
        DATE,
        "356",
        "episodes.csv",
        episodes(
            episode(decom="04/06/2024", DEC="05/06/2024", REC="X1"),
            episode(decom="05/06/2024", PL_POST="cf10 4uw"),
        ),
    )
    bring(embedded_warehouse, landing, DATE)
    first, second = staged(embedded_warehouse)
    assert (first.age_at_start, first.age_at_end, first.age) == (11, 12, 12)
    assert (second.age_at_start, second.age_at_end) == (12, None)
    assert (first.placement_authority_code, second.placement_authority_code) == ("352", "W06000015")
    assert 5.5 <= float(first.distance_miles) <= 7
    assert (first.distance_is_approximate, float(second.distance_miles) > 120) == (False, True)
    assert first.placement_key != second.placement_key
    for name in ("raw.ssda903_episodes", "raw.ssda903_header", "raw.finding"):
        text = "\n".join(
            embedded_warehouse.frame(f"select t::text as line from {name} as t")["line"]
        )
        for secret in ("SK1", "M2 5DB", "05/06/2012", "2012-06-05", "CF10", "cf10"):
            assert secret not in text, name
    assert embedded_warehouse.scalar("select birth_month from raw.ssda903_header") == "2012-06"


def test_the_header_may_come_before_after_or_again(embedded_warehouse, landing, bring):
    landing.drop(DATE, "356", "episodes.csv", episodes(episode()))
    bring(embedded_warehouse, landing, DATE)
    assert staged(embedded_warehouse)[0].age is None
    assert found(embedded_warehouse) == [("birth_date_not_known", "")]
    landing.drop(DATE, "356", "header.csv", header(("17", "05/06/2012")))
    bring(embedded_warehouse, landing, DATE)
    assert staged(embedded_warehouse)[0].age == 12
    assert found(embedded_warehouse) == []
    landing.drop(DATE, "356", "header again.csv", header(("17", "05/06/2010")))
    bring(embedded_warehouse, landing, DATE)
    assert staged(embedded_warehouse)[0].age == 14
    versions = embedded_warehouse.rows(
        "select table_name, version, status from raw.submission_table order by 1, 2"
    )
    assert [tuple(v) for v in versions] == [
        ("ssda903_episodes", 1, "in force"),
        ("ssda903_header", 1, "superseded"),
        ("ssda903_header", 2, "in force"),
    ]


def test_census_and_903_of_one_authority_join_and_nothing_else_does(
    embedded_warehouse, landing, bring
):
    from tests import builders

    for authority, name in (("356", "Stockport"), ("352", "Manchester")):
        landing.drop(DATE, authority, "header.csv", header(("007", "05/06/2012")))
        landing.drop(DATE, authority, "episodes.csv", episodes(episode("007")))
        landing.drop(DATE, authority, "census.csv", builders.census([{"identifier": "007 "}], name))
    bring(embedded_warehouse, landing, DATE)
    keys = embedded_warehouse.rows(
        "select authority_code as a, child_key as k from staging.ssda903_episodes "
        "union select placing_authority_code, child_key from staging.placement_census"
    )
    assert len({row.k for row in keys}) == 2
    assert len(keys) == 2


def test_a_zip_of_the_whole_set_is_one_submission(embedded_warehouse, landing, bring):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("2025/header.csv", header(("17", "05/06/2012")).to_csv(index=False))
        archive.writestr("2025/episodes.csv", episodes(episode()).to_csv(index=False))
        archive.writestr("2025/readme.txt", "hello")
    landing.drop(DATE, "356", "return.zip", buffer.getvalue())
    bring(embedded_warehouse, landing, DATE)
    assert staged(embedded_warehouse)[0].age == 12
    assert embedded_warehouse.scalar("select count(*) from raw.submission") == 1


def test_the_pooled_form_names_its_authorities_row_by_row(embedded_warehouse, landing, bring):
    pooled = episodes(
        episode("1", "2024-04-01", HOME_POST="SK1 3"),
        episode("1", "2024-04-01", HOME_POST="M14 5"),
        episode("2", "2024-04-02"),
        episode("3"),
    )
    pooled = pooled.assign(LA=["Stockport", "Manchester", "Nowhere", ""], YEAR="2025")
    born = header(("1", "2012-06-01"), ("1", "2014-06-01")).assign(
        LA=["Stockport", "Manchester"], YEAR="2025"
    )
    landing.drop(DATE, "region", "header.csv", born)
    landing.drop(DATE, "region", "episodes.csv", pooled)
    bring(embedded_warehouse, landing, DATE)
    rows = {row.authority_code: row for row in staged(embedded_warehouse)}
    assert {code: row.age for code, row in rows.items()} == {"356": 12, "352": 10}
    assert all(row.distance_is_approximate for row in rows.values())
    rejected = embedded_warehouse.rows(
        "select rule from raw.finding where severity = 'rejects the row' order by row_number"
    )
    assert [row.rule for row in rejected] == ["unknown_authority", "blank"]
    assert len({row.child_key for row in rows.values()}) == 2


def test_a_pooled_return_of_another_year_is_refused(embedded_warehouse, landing, bring):
    landing.drop(
        DATE, "region", "episodes.csv", episodes(episode()).assign(LA="Stockport", YEAR="2021")
    )
    bring(embedded_warehouse, landing, DATE)
    assert (
        embedded_warehouse.scalar(
            "select rule from raw.finding where severity = 'rejects the file'"
        )
        == "wrong_quarter"
    )


ENCODINGS = [("utf-8-sig", ","), ("utf-16", ","), ("cp1252", ";"), ("utf-8", "\t")]


@pytest.mark.parametrize(
    ("encoding", "delimiter"), ENCODINGS, ids=[f"{e} {d!r}" for e, d in ENCODINGS]
)
def test_encodings_delimiters_and_headers_in_any_case(
    embedded_warehouse, landing, bring, encoding, delimiter
):
    born = header(("17", "2012-06-05"))
    lived = episodes(
        episode(URN="1234567.0"), episode("0017", "1 May 2024", DEC="2024-06-30", REC="X1")
    )
    lived.columns = [f" {name.lower()} " for name in lived.columns]
    landing.drop(
        DATE, "356", "header.csv", born.to_csv(index=False, sep=delimiter).encode(encoding)
    )
    landing.drop(
        DATE, "356", "episodes.csv", lived.to_csv(index=False, sep=delimiter).encode(encoding)
    )
    bring(embedded_warehouse, landing, DATE)
    rows = staged(embedded_warehouse)
    assert [str(row.decom) for row in rows] == ["2024-04-01", "2024-05-01"]
    assert rows[0].placement_urn == "1234567"
    assert rows[0].child_key != rows[1].child_key  # leading zeros count


def test_one_column_missing_is_named(embedded_warehouse, landing, bring):
    landing.drop(DATE, "356", "episodes.csv", episodes(episode()).drop(columns=["DECOM"]))
    bring(embedded_warehouse, landing, DATE)
    assert "'DECOM' is missing" in embedded_warehouse.scalar(
        "select message from raw.finding where severity = 'rejects the file'"
    )
