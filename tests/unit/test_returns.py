"""Layouts and recognition: every layout by its header, however it is written; the most specific
first; a missing column by name.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path

import pytest

from assets.intake.reading import Sheet
from assets.intake.recognising import HEADER_WITHIN, recognise, unasked
from schemas import returns
from schemas.returns import return_tables
from tests.unit.at_the_door import GOOD, TABLES, header_of

FROM_2019 = [
    "Looked after child?", "Placing Authority", "Identifier", "Age", "Gender", "How the placement was sourced", "Organisation", "Provider ID",
    "Establishment",
    "Host Authority", "Type of provision", "UASC", "Total weekly cost", "Contribution from Social Care", "Contribution from Education",
    "Contribution from Health",
]  # fmt: skip
FROM_2020 = [*FROM_2019, "Ethnic Group", "Placement start date", "SEND"]
FROM_2021 = [*FROM_2020, "Primary SEND category", "Primary SEND need"]
FROM_2022 = [
    *FROM_2021,
    "Registration type",
    "Establishment registration URN",
    "Primary Placing at Distance Reason",
]
FROM_2025 = [
    "Looked after child?", "Placing Authority", "Identifier", "Age", "Gender", "Ethnic Group", "How the placement was sourced", "Organisation",
    "Provider Ofsted (or equivalent) URN", "Provider Company number", "Establishment", "Establishment URN", "Primary registration type",
    "Type of provision", "UASC",
    "Placement start date", "Placing at Distance Reason", "Total weekly cost", "Contribution from Social Care", "Contribution from Education",
    "Contribution from Health", "Does this placement cost include additional packages?", "Deprivation of Liberty Safeguards in place?",
    "Does this CYP require a solo placement?",
]  # fmt: skip

ROW = ["a row below the header"]


def on_a_sheet(header: list[str], *above: list[str]) -> Sheet:
    return Sheet("any name", [*above, header, ROW])


# --- every layout ---------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_a_layout_is_recognised_by_its_header_alone(table):
    found = recognise(on_a_sheet(header_of(table)))
    assert found is not None
    assert (found.table.name, found.missing, found.others) == (table, (), {})
    assert list(found.columns) == list(GOOD[table])
    assert list(found.columns.values()) == list(range(len(GOOD[table])))


def test_every_layout_has_a_good_row_here_or_tests_of_its_own():
    elsewhere = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")
    )
    assert [
        t.name
        for t in return_tables().values()
        if t.name not in GOOD and not t.leave_alone and f'"{t.name}"' not in elsewhere
    ] == []


SPELT = [
    pytest.param(table.name, column.name, header, id=f"{table.name}: {header}")
    for table in (return_tables()[name] for name in TABLES)
    for column in table.columns
    for header in column.headers
    if column.name in GOOD[table.name]
]


@pytest.mark.parametrize(("table", "column", "header"), SPELT)
def test_every_spelling_of_a_header_means_its_column(table, column, header):
    names = list(GOOD[table])
    cells = [
        header if name == column else first
        for name, first in zip(names, header_of(table), strict=True)
    ]
    found = recognise(on_a_sheet(cells))
    assert found is not None
    assert (found.table.name, found.columns.get(column)) == (table, names.index(column))


ODD = [
    pytest.param(str.upper, id="upper case"),
    pytest.param(str.lower, id="lower case"),
    pytest.param(lambda h: f"  {h}\u00a0", id="spaces around"),
    pytest.param(lambda h: h.replace(" ", "  "), id="double spaces"),
    pytest.param(lambda h: h.replace(" ", "\n"), id="a line break for each space"),
    pytest.param(lambda h: f"\n{h}", id="a line break in front"),
    pytest.param(lambda h: f"\ufeff{h}", id="a byte order mark"),
    pytest.param(lambda h: f"{h} (Note 4)", id="a note in brackets"),
    pytest.param(lambda h: f"{h} [note 12]", id="a note in square brackets"),
    pytest.param(lambda h: f"{h}\n(see the guidance)", id="a note on a line of its own"),
    pytest.param(lambda h: f"{h}\r\nas on the register", id="a note below, without brackets"),
    pytest.param(lambda h: f"{h} - as on the register", id="a note after a dash"),
    pytest.param(lambda h: f"{h}: see guidance", id="a note after a colon"),
    pytest.param(lambda h: f"{h}*", id="an asterisk"),
    pytest.param(lambda h: h.replace(" ", "_"), id="underscores"),
]


@pytest.mark.parametrize("spelt", ODD)
@pytest.mark.parametrize("table", TABLES)
def test_a_header_survives_how_it_is_written(table, spelt):
    found = recognise(on_a_sheet([spelt(header) for header in header_of(table)]))
    assert found is not None
    assert (found.table.name, list(found.columns), found.others) == (table, list(GOOD[table]), {})


@pytest.mark.parametrize("spelt", [p for p in ODD if "dash" not in p.id and "colon" not in p.id])
def test_the_questions_of_the_newest_census_survive_it_too(spelt):
    """Headers that are whole questions, or hold brackets of their own: `Provider Ofsted (or
    equivalent) URN (Note 4)`.
    """
    found = recognise(on_a_sheet([spelt(header) for header in FROM_2025]))
    assert found is not None
    assert (found.table.name, len(found.columns), found.others) == (
        "placement_census",
        len(FROM_2025),
        {},
    )


@pytest.mark.parametrize(
    "lines", [0, 1, 3, 4, HEADER_WITHIN - 1], ids=lambda n: f"{n} lines of title"
)
@pytest.mark.parametrize("table", TABLES)
def test_the_header_is_found_below_lines_of_title(table, lines):
    title = [
        ["Children's social care data in England", "", ""],
        ["This worksheet contains one table."],
        ["", "", ""],
    ]
    found = recognise(on_a_sheet(header_of(table), *(title * lines)[:lines]))
    assert found is not None
    assert (found.table.name, found.header_row) == (table, lines)


def test_a_header_further_down_than_anybody_puts_it_is_none():
    assert (
        recognise(on_a_sheet(header_of("provider_settings"), *[["line"]] * HEADER_WITHIN)) is None
    )


def test_trailing_empty_header_cells_and_columns_of_the_senders_own_do_no_harm():
    header = header_of("placement_census")
    found = recognise(on_a_sheet(["Our ref", *header, "Checked by", "", " "]))
    assert found is not None
    assert found.columns["looked_after_child"] == 1
    assert found.others == {"Our ref": 0, "Checked by": len(header) + 1}
    assert unasked(found) == ["Our ref", "Checked by"]


def test_of_two_columns_with_one_header_the_first_counts_and_the_other_is_told():
    found = recognise(on_a_sheet([*header_of("provider_settings"), "URN", "urn (old)"]))
    assert found is not None
    assert found.columns["urn"] == 0
    assert len(unasked(found)) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [[]],
        [["URN"]],
        [["name", "colour"], ["fox", "red"]],
        [["URN", "Places"], ["SC1", "3"]],
        [
            ["column", "what it means", "what is accepted"],
            ["urn (needed)", "Ofsted's number", "Ofsted's URN"],
        ],
        [["SC100001", "Stockport", "14", "Male"]] * 3,
    ],
    ids=[
        "no rows",
        "an empty row",
        "one cell",
        "other words",
        "too little",
        "a guide",
        "rows without a header",
    ],
)
def test_what_is_no_return_is_not_taken_for_one(rows):
    assert recognise(Sheet("", rows)) is None


# --- the official register, year by year
# -------------------------------------------------------------

PLACE = [
    "Address 1",
    "Address 2",
    "Town",
    "County",
    "Postcode",
    "Ofsted Region",
    "Government Office Region",
]
REGISTER_YEARS = [
    pytest.param(
        ["Web link", "URN", "Provision type", "Reg Status", "Setting Name", *PLACE, "Local authority", "Sector", "Organisation", "Inspection type",
        "Inspection date", "Overall effectiveness"],
        "register_provider_levels", {"registration_status", "setting_name", "provider_name", "inspection_event", "grade"},
        id="2015: no places at all",
    ),
    pytest.param(
        ["\ufeffWeb link", "URN", "Linked ED URN", "Provision type", "Registration status", "Name", *PLACE, "Local authority",
        "Parliamentary constituency", "Sector",
         "Places", "Organisation", "Event type", "Inspection date", "Publication date", "Event number", "Overall effectiveness", "Quality of care",
         ""],
        "register_provider_levels", {"places", "provider_name", "inspection_event", "grade"}, id="2018",
    ),
    pytest.param(
        ["Web link", "URN", "Linked Education URN", "Provision type", "Registration date", "Registration status", "Name", *PLACE, "Local authority",
        "Sector", "Places",
         "Short-break-only children's home", "Organisation which owns the provider", "Latest full inspection event type",
         "Latest full inspection date",
         "Latest full inspection overall experiences and progress of children and young people", "Latest full inspectio health services"],
        "register_provider_levels", {"places", "provider_name", "inspection_event", "inspection_date", "grade", "short_break_only"},
        id="2022: misspelt",
    ),
    pytest.param(
        ["Web link", "URN", "Linked Education URN", "Provision type", "Registration date", "Registration status", "Name", *PLACE, "Local authority",
        "Sector", "Places",
         "Supported accommodation premises", "Multi Building Children's Home", "Organisation which owns the provider",
         "\nLatest Full inspection event type",
         "\nLatest full inspection date", "\nOverall experiences and progress of children and young people", "Supported Accommodation outcome"],
        "register_provider_levels", {"places", "premises", "multi_building", "inspection_event", "grade", "supported_outcome"},
        id="2025: line breaks",
    ),
    pytest.param(
        ["Web link", "URN", "Linked education URN", "Provision type", "Registration date", "Registration status", "Name", *PLACE, "Local authority",
        "Sector", "Places",
         "Supported accommodation premises", "Organisation name"],
        "register_providers", {"places", "premises", "provider_name"}, id="2025: providers and places",
    ),
    pytest.param(
        ["Web link", "URN", "Provision type", "Local authority", "Places", "\nInspection event type", "Inspection date",
        "Inspection publication date",
         "\nOverall experiences and progress of children and young people"],
        "register_inspections", {"in_year_event", "inspection_date", "grade"}, id="2025: inspections in the year",
    ),
    pytest.param(
        ["Web link", "URN", "Provider name", "Provision type", "Registration date", "Registration status", "Service category (Note 4)", "Places",
        "Premises Ofsted Region",
         "Premises Government Office Region", "Premises Parliamentary Constituency", "Premises Local Authority", "Sector", "Organisation name"],
        "register_premises", {"sa_category", "places", "local_authority"}, id="2025: premises",
    ),
    pytest.param(
        ["URN", "Provision type", "Local authority", "Sector", "Places", "\nFirst effective date (that the provider became active)", "Joiner status",
        "Leaver status",
         "Registration status (as at 1 April 2024)", "Setting name", "Reason"],
        "register_changes", {"joiner_status", "leaver_status", "change_reason"}, id="2025: leavers and joiners",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("header", "table", "columns"), REGISTER_YEARS)
def test_the_official_headers_of_every_year_are_the_most_specific_table_and_nothing_in_them_is_unknown(
    header, table, columns
):
    found = recognise(on_a_sheet(header))
    assert found is not None
    assert (found.table.name, found.missing) == (table, ())
    assert columns <= set(found.columns)
    assert unasked(found) == []


# --- the placement census, quarter by quarter
# ------------------------------------------------------------


NO_LONGER_ASKED = {"send", "primary_send_category", "primary_send_need"}
"""Known, and missed by nobody where they are not."""


@pytest.mark.parametrize(
    ("quarter", "header"),
    [
        ("2019-06-30", FROM_2019), ("2020-09-30", FROM_2019), ("2020-12-31", FROM_2020), ("2021-03-31", FROM_2021), ("2021-12-31", FROM_2021),
        ("2022-03-31", FROM_2022), ("2025-09-30", FROM_2022), ("2025-12-31", FROM_2025),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_the_census_of_a_quarter_has_exactly_the_columns_of_its_layout(quarter, header):
    found = recognise(on_a_sheet(header))
    assert found is not None
    assert (found.table.name, found.missing, found.others) == ("placement_census", (), {})
    day = dt.date.fromisoformat(quarter)
    assert set(found.columns) - NO_LONGER_ASKED == {
        c.name for c in found.table.columns if c.expected_on(day)
    }


# --- what is missing
# -----------------------------------------------------------------------------------

NEEDED = [
    pytest.param(t.name, name, id=f"{t.name}: {name}")
    for t in (return_tables()[name] for name in TABLES)
    for name in t.needed
]


@pytest.mark.parametrize(("table", "column"), NEEDED)
def test_a_missing_needed_column_is_named(table, column):
    found = recognise(
        on_a_sheet(header_of(table, [name for name in GOOD[table] if name != column]))
    )
    assert found is not None
    assert (found.table.name, found.missing) == (table, (column,))


# --- reading the layouts themselves
# ------------------------------------------------------------------------


def test_a_header_that_stands_for_two_columns_is_refused():
    columns = [{"name": "places"}, {"name": "registered_places", "headers": ["Places"]}]
    data = {
        "name": "t",
        "title": "T",
        "grain": "g",
        "senders": ["ofsted"],
        "order": 1,
        "recognised_by": ["places"],
        "columns": columns,
    }
    with pytest.raises(ValueError, match="t: the header 'Places' stands for two columns"):
        returns._table(data, {})


def test_a_layout_that_builds_on_another_has_its_columns_first():
    tables = return_tables()
    parent, child = tables["register_providers"], tables["register_provider_levels"]
    shared = tuple(dataclasses.replace(column, in_header=False) for column in parent.columns)
    assert child.columns[: len(shared)] == shared, (
        "which of them a file must have is its own matter"
    )
    assert parent.known_and_left < child.known_and_left


@pytest.mark.parametrize(
    "changed",
    [
        "returns/placement_census.toml",
        "codes/gender.csv",
        "reference/authority_aliases.csv",
        "dictionary/register.toml",
        "rules.toml",
    ],
)
def test_a_change_to_what_judges_a_return_makes_another_contract(changed, tmp_path, monkeypatch):
    """A file read under another contract is read again: a new alias, label or severity must reach
    the returns that are already held.
    """
    copy = tmp_path / "schemas"
    shutil.copytree(returns.HERE.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(returns, "__file__", str(copy / "returns.py"))
    monkeypatch.setattr(returns, "HERE", copy / "returns")
    monkeypatch.setattr(returns, "CODES", copy / "codes")
    assert returns.contract_version() == returns.hash_of(returns._contracts()), (
        "worked out once, when the program starts"
    )
    before = returns.hash_of(returns._contracts())
    with (copy / changed).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert returns.hash_of(returns._contracts()) != before
