"""Telling: of a sender's names for files, sheets and columns only everybody's words are repeated."""

from __future__ import annotations

import pytest

from assets.intake.beside import place_of_letters
from assets.intake.telling import file_label, is_common_name, is_known_header, letters, place_label

OF_CHILDREN = [
    "J D child list", "JD child", "child J", "Child A", "April May", "June", "child June", "child 14 June", "June 14",
    "14 June 2012", "May 14 list", "August Mar", "April May 2025", "children of April", "child V", "P S",
]  # fmt: skip
EVERYBODYS = [
    "placement census", "Sheet2", "settings Sep 2025", "children June 2025", "Q1", "returns Q2 2025", "March quarter",
    "settings v2", "Children's homes", "SSDA903 header", "quarter June 2025",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_CHILDREN)
def test_initials_and_months_that_may_be_a_childs_are_not_repeated(name):
    """Initials name a child, and so do April, May and June; a day and a month are half of a birth
    date.
    """
    assert not is_common_name(name)
    assert file_label(f"{name}.csv", "return 1") == "return 1.csv"
    assert not is_known_header(name)


@pytest.mark.parametrize("name", EVERYBODYS)
def test_a_name_of_everybodys_words_is_repeated(name):
    assert is_common_name(name)
    assert file_label(f"{name}.csv", "return 1") == f"{name}.csv"


@pytest.mark.parametrize(
    "header",
    ["Occupied places (30 Sept)", "Occupied places (31st December)", "URN", "Month", "Ref"],
)
def test_a_header_may_say_the_end_of_which_quarter_it_means(header):
    assert is_known_header(header)


def test_a_header_with_another_day_is_not_repeated():
    assert not is_known_header("Occupied places (14 June)")


@pytest.mark.parametrize(("name", "place"), [("A", 0), ("Z", 25), ("AA", 26), ("XFD", 16_383)])
def test_a_column_has_the_letters_of_a_spreadsheet(name, place):
    assert (letters(place), place_of_letters(name)) == (name, place)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("2025-03-31/356/folder/", "2025-03-31/356/(text of 6 characters)/"),
        ("2025-03-31/356/new/", "2025-03-31/356/new/"),
        ("2025-03-31/Zebedee Canary.csv", "2025-03-31/(text of 18 characters).csv"),
        ("2013-09-17", "(a date)"),
        ("2025-03-31/Zebedee Canary/", "2025-03-31/(text of 14 characters)/"),
        ("2025-03-31/provider-Zebedee.csv", "2025-03-31/(text of 20 characters).csv"),
    ],
)
def test_of_a_path_only_dates_senders_and_common_names_are_told(path, told):
    assert place_label(path, lambda name: name == "356" or name.startswith("provider-")) == told
