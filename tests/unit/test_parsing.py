"""Reading cells: every form in which senders write a value, what is refused, and that no text ever
breaks a reader.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import signal
from contextlib import contextmanager
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.intake.parsing import (
    expected,
    parse,
    read_date,
    read_integer,
    read_money,
    read_text,
    read_urn,
    read_yes_no,
)
from assets.intake.telling import form_of, is_telling
from schemas.returns import Column, return_tables
from tests.unit.at_the_door import DAY, GOOD

# --- one text
# ---------------------------------------------------------------------------------------

INTEGERS = [
    ("3", "3"), (" 3 ", "3"), ("3.0", "3"), ("3.", "3"), ("03", "3"), ("+3", "3"), ("-3", "-3"), ("\u22123", "-3"), ("1,200", "1200"),
    ("1e3", "1000"), ("0", "0"),
    ("-0", "0"), ("1\u00a0200", "1200"), ("2147483647", "2147483647"),
    ("3.5", None), ("three", None), ("3 beds", None), ("1-2", None), ("--3", None), ("0x10", None), ("1_000", None), ("inf", None), ("nan", None),
    ("#REF!", None),
    ("2147483648", None), ("9" * 400, None), ("1e99", None), ("12,34", None), ("1 2", None),
]  # fmt: skip

MONEY = [
    ("£4,500.00", "4500"), ("4500", "4500"), ("4,500.5", "4500.5"), ("£ 1,234.56", "1234.56"), ("GBP 10", "10"), ("10 GBP", "10"), ("10£", "10"),
    ("0", "0"), (".5", "0.5"),
    ("-£5", "-5"), ("£-5", "-5"), ("1234567.89", "1234567.89"), ("4500.004", "4500"), ("-0.001", "0"),
    ("£", None), ("4500 a week", None), ("€100", None), ("£1k", None), ("tbc", None), ("1e13", None), ("1.2.3", None), ("12%", None),
    ("1.234,50", None), ("1,5", None),
]  # fmt: skip

DATES = [
    ("31/03/2025", "2025-03-31"), ("1/2/2025", "2025-02-01"), ("31/3/25", "2025-03-31"), ("31-03-2025", "2025-03-31"), ("31.03.2025", "2025-03-31"),
    ("2025-03-31", "2025-03-31"), ("2025/03/31", "2025-03-31"), ("20250331", "2025-03-31"), ("31 March 2025", "2025-03-31"),
    ("31st March 2025", "2025-03-31"),
    ("31-Mar-25", "2025-03-31"), ("31 MAR 2025", "2025-03-31"), ("2025-03-31 00:00:00", "2025-03-31"), ("2025-03-31T10:15:00Z", "2025-03-31"),
    ("31/03/2025 00:00", "2025-03-31"), ("45747", "2025-03-31"), ("45747.25", "2025-03-31"), ("29/02/2024", "2024-02-29"),
    (" 31/03/2025\t", "2025-03-31"),
    ("29/02/2025", None), ("31/04/2025", None), ("03/31/2025", None), ("2025", None), ("March 2025", None), ("Q1 2025", None), ("31/03/0025", None),
    ("31/03/1899", None), ("31/03/2101", None), ("soon", None), ("14", None), ("100000", None), ("202512", None), ("202511", None), ("2025111", None),
]  # fmt: skip

YES_NO = [
    ("Yes", "true"), ("y", "true"), ("TRUE", "true"), ("1", "true"), (" yes ", "true"), ("No", "false"), ("N", "false"), ("false", "false"),
    ("0", "false"),
    ("maybe", None), ("yes please", None), ("2", None),
]  # fmt: skip

URNS = [
    ("SC123456", "SC123456"), (" sc 123456 ", "SC123456"), ("1234567", "1234567"), ("1234567.0", "1234567"), ("1234567.00", "1234567"),
    ("0123", "0123"),
    ("XXXXXXX", ""), ("x", ""),
    ("1234567.5", None), ("SC12-34", None), ("not registered", None), ("2-123", None), ("123456789012", None), ("SC", None),
    ("\uff11\uff12\uff13\uff14\uff15\uff16\uff17", None),
]  # fmt: skip

READERS = [
    (read_integer, INTEGERS),
    (read_money, MONEY),
    (read_date, DATES),
    (read_yes_no, YES_NO),
    (read_urn, URNS),
]
CASES = [
    pytest.param(reader, text, value, id=f"{reader.__name__}: {text[:24]!r}")
    for reader, cases in READERS
    for text, value in cases
]


@pytest.mark.parametrize(("reader", "text", "value"), CASES)
def test_a_text_is_read_as_it_was_meant_or_not_at_all(reader, text, value):
    assert reader(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("  a \n b\u00a0c ", "a b c"), ("3.13", "3.13"), ("\t", "")]
)
def test_text_is_kept_but_for_its_spacing(text, value):
    assert read_text(text) == value


# --- any value, in any form
# ---------------------------------------------------------------------------

FULL_YEAR = [
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d/%m/%Y 00:00",
    "%Y-%m-%dT00:00:00",
]
SHORT_YEAR = ["%d/%m/%y", "%d-%m-%y", "%d.%m.%y", "%d-%b-%y", "%d %b %y", "%d %B %y"]


@given(
    date=st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)),
    form=st.sampled_from(FULL_YEAR),
    spaces=st.sampled_from(["", " ", "\n"]),
)
def test_any_date_in_any_form_is_that_date(date, form, spaces):
    assert read_date(spaces + date.strftime(form) + spaces) == date.isoformat()


@given(date=st.dates(dt.date(1969, 1, 1), dt.date(2068, 12, 31)), form=st.sampled_from(SHORT_YEAR))
def test_any_date_with_a_short_year_is_that_date(date, form):
    assert read_date(date.strftime(form)) == date.isoformat()


@given(date=st.dates(dt.date(1960, 1, 1), dt.date(2060, 12, 31)))
def test_any_date_without_leading_zeros_with_an_ordinal_and_as_a_serial_number_is_that_date(date):
    ordinal = {1: "st", 2: "nd", 3: "rd"}.get(
        date.day % 10 if date.day not in (11, 12, 13) else 0, "th"
    )
    serial = (date - dt.date(1899, 12, 30)).days
    for text in (
        f"{date.day}/{date.month}/{date.year}",
        f"{date.day}{ordinal} {date:%B} {date.year}",
        str(serial),
        f"{serial}.0",
    ):
        assert read_date(text) == date.isoformat(), text


@given(
    number=st.integers(-(2**31) + 1, 2**31 - 1),
    form=st.sampled_from(["{}", "{:,}", "{}.0", " {} ", "{:,}.00", "{:+}"]),
)
def test_any_whole_number_in_any_form_is_that_number(number, form):
    assert read_integer(form.format(number)) == str(number)


@given(
    pence=st.integers(0, 10**11),
    form=st.sampled_from(
        ["{}", "{:,}", "£{}", "£{:,}", "£ {:,}", "GBP {}", "{} GBP", "-{}", "£-{:,}"]
    ),
)
def test_any_amount_in_any_form_is_that_amount(pence, form):
    amount = Decimal(pence) / 100
    wanted = -amount if "-" in form else amount
    assert Decimal(str(read_money(form.format(amount)))) == wanted


CANONICAL = {
    read_integer: re.compile(r"0|-?[1-9]\d*", re.ASCII),
    read_money: re.compile(r"0|-?(0\.\d{1,2}|[1-9]\d*(\.\d{1,2})?)", re.ASCII),
    read_date: re.compile(r"(19|20|21)\d\d-\d\d-\d\d", re.ASCII),
    read_yes_no: re.compile(r"true|false"),
    read_urn: re.compile(r"[A-Z]{0,3}\d{1,10}|", re.ASCII),
}
ANYTHING = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789.,-+/ £eE:xX()%SCNn\u22121\uff11", max_size=15),
)


@pytest.mark.parametrize("reader", CANONICAL, ids=lambda reader: reader.__name__)
@given(text=ANYTHING)
def test_whatever_the_text_a_reader_gives_canonical_text_or_nothing(reader, text):
    """What is read is what staging casts: ASCII, of one form, and read again it is the same."""
    value = reader(text)
    if value is not None:
        assert CANONICAL[reader].fullmatch(value), value
        assert value == "" or reader(value) == value


# --- a column
# --------------------------------------------------------------------------------------------


def _column(table: str, name: str) -> Column:
    return return_tables()[table].column(name)


COLUMNS = [
    pytest.param(table, column, text, value, unreadable, id=f"{table}.{column}: {text!r}")
    for table, column, text, value, unreadable in [
        ("placement_census", "age", "", None, False),
        ("placement_census", "age", "n/a", None, False),
        ("placement_census", "age", " - ", None, False),
        ("placement_census", "age", "#N/A", None, True),
        ("placement_census", "organisation", "#REF!", None, True),
        ("placement_census", "identifier", "#####", None, True),
        ("placement_census", "identifier", "1.23457E+11", None, True),
        ("placement_census", "identifier", "12-Mar", None, True),
        ("placement_census", "identifier", "E12", "E12", False),
        ("placement_census", "gender", "#VALUE!", None, True),
        ("placement_census", "total_weekly_cost", " £-   ", "0", False),
        ("placement_census", "total_weekly_cost", " -   ", "0", False),
        ("placement_census", "total_weekly_cost", "-", None, False),
        ("placement_census", "total_weekly_cost", "(120.00)", "-120", False),
        ("placement_census", "host_authority", "Stockport [note 5]", "356", False),
        ("provider_settings", "host_local_authority", "Stock\u00adport", "356", False),
        ("provider_settings", "host_local_authority", "Stockport\u2075", "356", False),
        ("provider_settings", "occupied_places", "2 [r]", "2", False),
        ("provider_settings", "occupied_places", "2\u00b9", "2", False),
        ("provider_settings", "occupied_places", "1*", "1", False),
        ("provider_settings", "occupied_places", "\u2013", "0", False),
        ("provider_settings", "occupied_places", "1\u202f004", "1004", False),
        ("provider_settings", "occupied_places", "[c]", None, True),
        ("provider_settings", "urn", "\ufeff2700001\u200b", "2700001", False),
        ("placement_census", "establishment_urn", "Zebedee", None, True),
        ("placement_census", "age", "fourteen", None, True),
        ("placement_census", "placement_start_date", "None", None, False),
        ("placement_census", "placement_start_date", "31/02/2025", None, True),
        ("placement_census", "uasc", "N/A", None, False),
        ("placement_census", "gender", "n/a", None, False),
        ("placement_census", "gender", "X", None, True),
        ("placement_census", "distance_reason", "N/A", "Not applicable", False),
        ("placement_census", "type_of_provision", "n/a", None, True),
        (
            "placement_census",
            "identifier",
            "n/a",
            None,
            False,
        ),  # it is no child's: two such rows would be one child
        ("placement_census", "identifier", "\u2013", None, False),
        ("placement_census", "organisation", "n/a", "n/a", False),
        ("placement_census", "organisation", "None", "None", False),
        ("placement_census", "host_authority", "n/a", None, False),
        ("placement_census", "host_authority", "Trafford Council", "358", False),
        ("placement_census", "host_authority", "Traford", None, True),
        ("placement_census", "placing_authority", "n/a", None, True),
        ("placement_census", "establishment_urn", "sc 100001", "SC100001", False),
        ("placement_census", "establishment_urn", "XXXXXXX", None, False),
        ("placement_census", "establishment_urn", "CQC 1-234", "CQC 1-234", False),
        ("provider_settings", "urn", "CQC 1-234", None, True),
        ("provider_settings", "host_local_authority", "Atlantis", None, True),
        ("register_providers", "local_authority", "Atlantis", "UNKNOWN", True),
        ("register_providers", "places", "", None, False),
        ("provider_placements", "placing_local_authority", "Health", "HEALTH", False),
        ("provider_placements", "placing_local_authority", "Cardiff", "W06000015", False),
    ]
]


@pytest.mark.parametrize(("table", "name", "text", "value", "unreadable"), COLUMNS)
def test_a_cell_is_blank_read_or_unreadable(table, name, text, value, unreadable):
    read = parse(_column(table, name), pd.Series([text], dtype="str"), DAY)
    found = read.canonical.iloc[0]
    assert (None if pd.isna(found) else found, bool(read.unreadable.iloc[0])) == (value, unreadable)


def test_a_column_keeps_its_rows_apart_and_its_index():
    texts = pd.Series(["3", "x", None, "3", ""], index=[9, 4, 7, 1, 2], dtype="str")
    read = parse(_column("provider_settings", "vacant_places"), texts, DAY)
    assert read.canonical.fillna("-").to_dict() == {9: "3", 4: "-", 7: "-", 1: "3", 2: "-"}
    assert read.typed.astype("float64").fillna(-1).to_dict() == {9: 3, 4: -1, 7: -1, 1: 3, 2: -1}
    assert read.unreadable.to_dict() == {9: False, 4: True, 7: False, 1: False, 2: False}


@pytest.mark.parametrize(
    ("text", "date", "foreign"),
    [
        ("SaILs", dt.date(2025, 9, 30), False),
        ("SaILs", dt.date(2025, 12, 31), True),
        ("Fostering - Mainstream", dt.date(2025, 9, 30), True),
        ("Fostering - Mainstream", dt.date(2025, 12, 31), False),
        ("Youth Offending Institution", dt.date(2025, 12, 31), False),
    ],
)
def test_a_label_of_another_quarter_is_understood_and_marked(text, date, foreign):
    read = parse(
        _column("placement_census", "type_of_provision"),
        pd.Series([text, "SaILs" if date.month == 9 else "CQC"], dtype="str"),
        date,
    )
    assert read.canonical.iloc[0] == text
    assert (
        read.labels_of_other_quarter is not None and bool(read.labels_of_other_quarter.iloc[0])
    ) == foreign


KINDS = {
    f"{c.type}{'/codes' if c.codes else ''}{'/needed' if c.needed else ''}": c
    for t in return_tables().values()
    if t.name in GOOD
    for c in t.columns
}


@pytest.mark.parametrize("column", KINDS.values(), ids=KINDS.keys())
@given(texts=st.lists(ANYTHING, max_size=5))
def test_whatever_a_column_holds_it_is_read_and_the_typed_values_agree(column, texts):
    read = parse(column, pd.Series(texts, dtype="str"), DAY)
    assert len(read.canonical) == len(read.typed) == len(read.unreadable) == len(texts)
    assert (read.typed.isna() == read.canonical.isna()).all()
    kept = read.canonical[read.unreadable]
    assert kept.isna().all() or set(kept.dropna()) == {"UNKNOWN"}


@pytest.mark.parametrize(
    ("table", "column", "says"),
    [
        ("placement_census", "age", "a whole number between 0 and 25"),
        ("provider_settings", "vacant_places", "a whole number, 0 or more"),
        ("placement_census", "total_weekly_cost", "an amount in pounds, 0 or more"),
        ("placement_census", "gender", "one of: Male; Female; Non-binary; Other"),
        ("provider_settings", "urn", "Ofsted's URN"),
    ],
)
def test_what_was_expected_is_said_in_words(table, column, says):
    assert expected(_column(table, column), DAY).startswith(says)


def test_only_the_labels_of_the_quarter_are_offered():
    column = _column("placement_census", "distance_reason")
    assert "Legal reasons" not in expected(column, dt.date(2025, 9, 30))
    assert "Legal reasons" in expected(column, dt.date(2025, 12, 31))


# --- texts that a reader would never be done with
# ----------------------------------------------------------

ENDLESS = [
    "*" * 60 + "x", "\u2020\u00b9" * 40 + "x", "[r]" * 60 + "x", "* " * 60 + "x", "(note 1)" * 36 + "x", "[notes 1]" * 32 + "x", " " * 200_000 + "x",
    "1" + " " * 200_000 + "x", "@" * 400_000, "1-" * 200_000, "1" * 400_000 + "x", "0." * 200_000, "a " * 200_000,
    "[note " + "1" * 200_000, "-" * 400_000 + "x", "1, " * 150_000 + "x", "1 jan" + " -" * 200_000,
]  # fmt: skip


@contextmanager
def ends():
    """What is in it ends: a minute is for the slowest machine; what is looked for here takes years."""

    def never(*_: object) -> None:
        raise AssertionError("it does not end")

    before = signal.signal(signal.SIGALRM, never)
    signal.alarm(60)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


KINDS_OF_COLUMN = {
    (c.type, c.codes, c.needed): c for table in return_tables().values() for c in table.columns
}


@pytest.mark.skipif(
    not hasattr(signal, "alarm"), reason="this system has no alarm to end what does not end"
)
@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: f"{text[:8].strip()!a} x {len(text)}")
def test_no_text_keeps_a_reader_for_ever(text):
    """One cell of three dozen notes and a letter once held up every sender's quarter."""
    with ends():
        for column in KINDS_OF_COLUMN.values():
            parse(column, pd.Series([text], dtype="str"), DAY)
        form_of(text)
        is_telling(text)


def test_marks_of_notes_are_passed_over_however_they_are_joined():
    column = next(
        c for c in return_tables()["provider_settings"].columns if c.name == "registered_places"
    )
    texts = ["2*", "2 [r]", "2 ** [note 5]", "2\u00b9\u00b2", "2 * \u2020", "2 (notes 1, 2)*"]
    assert parse(column, pd.Series(texts, dtype="str"), DAY).canonical.tolist() == ["2"] * len(
        texts
    )


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d"])
def test_the_usual_dates_are_read_as_the_general_way_reads_them(form):
    """They go a way of their own, since nearly all are of these forms."""
    for year, month, day in itertools.product(
        (0, 999, 1899, 1900, 2000, 2023, 2024, 2100, 2101, 9999), range(14), range(33)
    ):
        text = (
            form.replace("%d", f"{day:02d}")
            .replace("%m", f"{month:02d}")
            .replace("%Y", f"{year:04d}")
        )
        try:
            general = dt.datetime.strptime(text, form).date()  # noqa: DTZ007
        except ValueError:
            general = None
        assert read_date(text) == (
            general.isoformat() if general and 1900 <= general.year <= 2100 else None
        ), text
