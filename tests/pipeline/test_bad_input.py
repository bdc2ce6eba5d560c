"""Bad input: each fault gets one clear message, the rest of the run goes on, and nothing is lost."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests import builders

DATE = "2025-03-31"


def _encrypted_workbook() -> bytes:
    """The head of what Excel writes for a password-protected workbook: a compound file with the
    package inside.
    """
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(504)
        + "EncryptedPackage".encode("utf-16-le")
        + bytes(1024)
    )


def _without(column: str) -> str:
    return builders.census([{}]).drop(columns=[column]).to_csv(index=False)


def _zip_of(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


LATE = [{"placement_start_date": "01/09/2025"}] * 3

FAULTS = [
    pytest.param(
        "356",
        "a.xlsx",
        b"%PDF-1.7 not a workbook",
        "not_a_spreadsheet",
        ["PDF"],
        id="not a spreadsheet",
    ),
    pytest.param("356", "a.csv", bytes(range(256)) * 20, "not_a_spreadsheet", ["CSV"], id="binary"),
    pytest.param(
        "356",
        "a.xlsx",
        _zip_of("word/document.xml", b"<w/>"),
        "not_a_spreadsheet",
        ["zip"],
        id="a Word document",
    ),
    pytest.param("356", "a.csv", b"", "empty_file", ["empty"], id="empty"),
    pytest.param(
        "356", "a.csv", b"\xef\xbb\xbf\r\n,,,\r\n", "empty_file", ["empty"], id="only commas"
    ),
    pytest.param(
        "356", "a.xlsx", _encrypted_workbook(), "password_protected", ["password"], id="password"
    ),
    pytest.param(
        "356",
        "a.csv",
        _without("Identifier"),
        "missing_column",
        ["Identifier", "Regional placement census"],
        id="no identifier",
    ),
    pytest.param(
        "356",
        "a.csv",
        _without("Type of provision"),
        "missing_column",
        ["Type of provision"],
        id="no type of provision",
    ),
    pytest.param(
        "356",
        "a.csv",
        builders.census([{}] * 3, "Trafford"),
        "wrong_authority",
        ["Trafford", "Stockport"],
        id="wrong authority",
    ),
    pytest.param(
        "356",
        "a.csv",
        builders.census([{}] * 3, "Stokport"),
        "unknown_own_authority",
        ["text of 8 characters", "Did you mean Stockport?"],
        id="unknown authority",
    ),
    pytest.param(
        "356",
        "a.csv",
        builders.census(LATE),
        "wrong_quarter",
        ["3 of 3", "01/09/2025", "31/03/2025"],
        id="starts after the quarter",
    ),
    pytest.param(
        "356",
        "a.csv",
        builders.census([{}]).assign(Quarter="Q1 2023/24"),
        "wrong_quarter",
        ["Q1 2023/24"],
        id="quarter column",
    ),
    pytest.param(
        "356",
        "a.csv",
        "name,colour\nfox,red\n",
        "no_recognised_table",
        ["row 1)", "name", "colour"],
        id="no table",
    ),
    pytest.param(
        "356",
        "a.xlsx",
        "Dear all\n3,4,5,6\n",
        "no_recognised_table",
        ["no workbook", ".xlsx", "row 2)", "4 cells"],
        id="named .xlsx",
    ),
    pytest.param(
        "999", "a.csv", builders.census([{}]), "unknown_sender", ["999"], id="unknown sender"
    ),
    pytest.param(
        "provider-a",
        "a.csv",
        builders.census([{}]),
        "not_from_this_sender",
        ["an authority"],
        id="not from this sender",
    ),
    pytest.param(
        "356", "a.csv", builders.census([{}]).head(0), "no_rows", ["no rows"], id="no rows"
    ),
    pytest.param(
        "356",
        "a.csv",
        builders.census([{"type_of_provision": "A castle"}]),
        "nothing_loaded",
        ["earlier return"],
        id="nothing loaded",
    ),
]


@pytest.mark.parametrize(("sender", "name", "content", "rule", "says"), FAULTS)
def test_a_fault_gets_one_clear_message_and_the_rest_goes_on(
    embedded_warehouse, landing, bring, sender, name, content, rule, says
):
    landing.drop(DATE, sender, name, content)
    landing.drop(DATE, "352", "good.csv", builders.census([{}] * 4, "Manchester City Council"))
    bring(embedded_warehouse, landing, DATE)
    rejected = embedded_warehouse.rows(
        "select rule, message from raw.finding where severity = 'rejects the file'"
    )
    assert [row.rule for row in rejected] == [rule]
    for word in says:
        assert word in rejected[0].message
    assert len(rejected[0].message) < 400
    status = dict(
        embedded_warehouse.rows(
            "select s.sender, t.status from raw.submission as s join raw.submission_table as t"
            " using (submission_id)"
        )
    )
    assert status["352"] == "in force"
    assert [s for sender_, s in status.items() if sender_ != "352"] == ["rejected"]
    assert embedded_warehouse.scalar("select count(*) from core.placement") == 4
    lost = embedded_warehouse.scalar(
        "select count(*) from raw.submission_table where rows_received <> rows_loaded +"
        " rows_rejected + rows_set_aside"
    )
    assert lost == 0


def test_the_header_says_the_sender_which_column_is_missing_even_in_a_register(
    embedded_warehouse, landing, bring
):
    landing.drop(
        DATE,
        "ofsted",
        "list.csv",
        builders.register([{"urn": "SC1", "local_authority": "Stockport"}]).drop(columns=["URN"]),
    )
    bring(embedded_warehouse, landing, DATE)
    assert "'URN' is missing" in embedded_warehouse.scalar(
        "select message from raw.finding where severity = 'rejects the file'"
    )


def test_a_bad_resubmission_leaves_the_good_return_in_force(embedded_warehouse, landing, bring):
    landing.drop(DATE, "356", "return.csv", builders.census([{}] * 5))
    bring(embedded_warehouse, landing, DATE)
    landing.drop(
        DATE, "356", "return.csv", builders.census([{"type_of_provision": "A castle"}] * 9)
    )
    bring(embedded_warehouse, landing, DATE)
    rows = embedded_warehouse.rows(
        "select version, status, rows_loaded from raw.submission_table order by version"
    )
    assert [tuple(row) for row in rows] == [(1, "in force", 5), (2, "rejected", 0)]
    assert embedded_warehouse.scalar("select count(*) from core.placement") == 5


def test_no_personal_value_reaches_the_warehouse(embedded_warehouse, landing, bring):
    """Identifiers become hashes; postcodes and columns nobody asked for are dropped at the door, in
    rejected rows and findings too.
    """
    landing.drop(
        DATE,
        "356",
        "census.csv",
        builders.census(
            [
                {"identifier": "KIDREF77"},
                {"identifier": "KIDREF78", "type_of_provision": "A castle"},
            ]
        ).assign(DOB="09/09/2011"),
    )
    landing.drop(
        DATE,
        "provider-a",
        "settings.csv",
        builders.settings([{"urn": "SC1", "postcode": "SK99 9ZZ"}]).assign(child_name="Zebedee"),
    )
    bring(embedded_warehouse, landing, DATE)
    tables = [
        f"{r[0]}.{r[1]}"
        for r in embedded_warehouse.rows(
            "select table_schema, table_name from information_schema.tables where table_schema in"
            " ('raw','staging','core','curated','published')"
        )
    ]
    assert len(tables) > 40
    for table in tables:
        text = embedded_warehouse.frame(f"select t::text as line from {table} as t")[
            "line"
        ].str.cat(sep="\n")
        for secret in (
            "KIDREF77",
            "KIDREF78",
            "SK99",
            "9ZZ",
            "Zebedee",
            "09/09/2011",
            "2011-09-09",
        ):
            assert secret not in (text or ""), (secret, table)
    dropped = {
        r.value
        for r in embedded_warehouse.rows(
            "select value from raw.finding where rule = 'column_dropped'"
        )
    }
    assert {words[3:] for words in dropped} == {"'DOB')", "'child_name')"}
