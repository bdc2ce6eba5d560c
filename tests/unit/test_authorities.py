"""Authorities by any spelling and on any date: found where the text means one, and never guessed."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import authorities, regions

DAY = dt.date(2025, 3, 31)
LATER = dt.date(2025, 12, 31)

SPELLINGS = [
    ("Stockport", "356"),
    ("  STOCKPORT\t", "356"),
    ("stock port", "356"),
    ("Stockport Metropolitan Borough Council", "356"),
    ("Stockport M.B.C.", "356"),
    ("Stockport MBC", "356"),
    ("Metropolitan Borough of Stockport", "356"),
    ("E08000007", "356"),
    ("e08000007 ", "356"),
    ("356", "356"),
    ("Manchester City Council", "352"),
    ("Salford (City of)", "355"),
    ("St Helens", "342"),
    ("St. Helens", "342"),
    ("Durham", "840"),
    ("County Durham", "840"),
    ("Bristol", "801"),
    ("Bristol, City of", "801"),
    ("Hull", "810"),
    ("Kingston upon Hull, City of", "810"),
    ("Kingston-upon-Thames", "314"),
    ("Derby City Council", "831"),
    ("Derbyshire County Council", "830"),
    ("City of York Council", "816"),
    ("North Yorkshire", "815"),
    ("London Borough of Camden", "202"),
    ("City of London", "201"),
    ("The City of London Council", "201"),
    ("London, City of", "201"),
    ("Royal Borough of Greenwich", "203"),
    ("Barking & Dagenham", "301"),
    ("Cheshire West & Chester", "896"),
    ("Stoke on Trent", "861"),
    ("Southend on Sea", "882"),
    ("Westmorland & Furness", "943"),
    ("Rhondda Cynon Taff", "W06000016"),
    ("The City of Edinburgh Council", "S12000036"),
    ("N09000005", "N09000005"),
    ("Health", "HEALTH"),
    ("NHS England", "HEALTH"),
    ("private", "PRIVATE"),
    ("Not known", "UNKNOWN"),
    ("356.0", "356"),
    (" 356.00 ", "356"),
    ("Stockport UA", "356"),
    ("Stockport LA", "356"),
    ("LB Camden", "202"),
    ("RB Greenwich", "203"),
    ("CWAC", "896"),
    ("BANES", "800"),
    ("NE Lincs", "812"),
    ("Newcastle City Council", "391"),
    ("City of London Corporation", "201"),
    ("City and County of Swansea Council", "W06000011"),
    ("City & County of Cardiff", "W06000015"),
    ("Ynys Môn", "W06000001"),
    ("Ynys Mo\u0302n", "W06000001"),
    ("Sir Ddinbych", "W06000004"),
    ("Caerdydd", "W06000015"),
    ("Jersey", "L99999999"),
    ("Isle of Man", "M99999999"),
]

MEANINGLESS = [
    "",
    " ",
    "-",
    "Greater Manchester",
    "England",
    "Stokport",
    "Lancs",
    "Council",
    "City of",
    "999",
    "E08999999",
    "§",
    "N/A",
    "Newcastle",
    "Cheshire",
    "London",
    "Greater London",
    "London Borough",
    "London Borough Council",
    "LONDON CITY",
    "356.5",
    "Newcastle UA",
    "City and County of",
    "Council of the UA",
]

DISTRICTS = [
    ("Preston", "2024-03-31", "888"),
    ("preston city council", "2024-03-31", "888"),
    ("Burnley BC", "2024-03-31", "888"),
    ("Carlisle", "2024-03-31", "942"),
    ("Carlisle", "2023-03-31", "909"),
    ("Barrow in Furness", "2024-03-31", "943"),
    ("High Peak", "2024-03-31", "830"),
    ("Newcastle-under-Lyme", "2024-03-31", "860"),
    ("Craven", "2024-03-31", "815"),
    ("Kettering", "2021-03-31", "928"),
    ("Kettering", "2021-06-30", "940"),
    ("Daventry", "2021-06-30", "941"),
    ("Purbeck", "2018-12-31", "835"),
    ("Purbeck", "2025-03-31", "838"),
    ("E07000123", "2024-03-31", "888"),
]


@pytest.mark.parametrize(("text", "code"), SPELLINGS, ids=[repr(text) for text, _ in SPELLINGS])
def test_a_spelling_means_its_authority(text, code):
    assert authorities.find(text, DAY) == code


@pytest.mark.parametrize("text", MEANINGLESS, ids=repr)
def test_what_names_no_authority_is_not_guessed(text):
    assert authorities.find(text, DAY) is None


@pytest.mark.parametrize(("text", "date", "code"), DISTRICTS)
def test_a_district_means_the_authority_that_looked_after_its_children_on_the_date(
    text, date, code
):
    day = dt.date.fromisoformat(date)
    assert authorities.find(text, day) == code
    assert authorities.around_district(text, day) == authorities.on_date(code, day)


@pytest.mark.parametrize(
    "text",
    ["Stockport", "North Yorkshire", "Durham", "Lancs", "Newcastle", "", "Health", "Bedford"],
)
def test_what_is_no_district_is_none(text):
    assert authorities.around_district(text, DAY) is None


def test_every_district_means_an_authority_today_and_none_hides_an_authority():
    names = {
        authorities.name_key(a.name) for a in authorities.all_authorities() if a.stands_on(LATER)
    }
    districts = authorities.all_districts()
    assert len(districts) > 200
    for code, (name, authority) in districts.items():
        assert authorities.on_date(authority, LATER), name
        assert authorities.name_key(name) not in names
        assert authorities.find(name, LATER) == authorities.find(code, LATER) == authority


def _days_that_matter() -> list[dt.date]:
    """The days around which authorities begin and end, from the first quarter on."""
    changes = {d for a in authorities.all_authorities() for d in (a.valid_from, a.valid_to) if d}
    around = {d + dt.timedelta(days=n) for d in changes for n in (-1, 0, 1)} | {DAY, LATER}
    return sorted(d for d in around if d >= dt.date(2015, 3, 31))


def test_every_authority_is_found_by_name_and_codes_on_every_day_it_stands():
    days = _days_that_matter()
    assert len(days) > 10
    for day in days:
        standing = [a for a in authorities.all_authorities() if a.stands_on(day)]
        assert len({a.code for a in standing}) == len(standing) > 200, day
        for authority in standing:
            for text in (authority.name, authority.gss, authority.code):
                assert authorities.find(text, day) == authority.code, (day, text)


def test_every_alias_means_an_authority_that_has_stood():
    codes = {a.code for a in authorities.all_authorities()}
    aliases = {
        row["alias"]: row["authority_code"] for row in authorities.rows_of("authority_aliases")
    }
    assert len(aliases) > 80
    assert set(aliases.values()) <= codes
    assert {alias: authorities.find(alias, DAY) for alias in aliases} == aliases


@pytest.mark.parametrize(
    ("text", "date", "code", "ended"),
    [
        ("Cumbria", "2023-03-31", "909", None),
        ("Cumbria", "2023-04-01", None, "Cumbria"),
        ("Cumberland", "2023-03-31", None, "Cumberland"),
        ("Cumberland", "2023-04-01", "942", None),
        ("Northamptonshire", "2021-03-31", "928", None),
        ("Northamptonshire", "2021-06-30", None, "Northamptonshire"),
        ("West Northamptonshire", "2021-06-30", "941", None),
        ("Bournemouth", "2019-03-31", "837", None),
        ("Poole", "2019-06-30", None, "Poole"),
        ("Cheshire", "2025-03-31", None, "Cheshire"),
        ("nowhere at all", "2025-03-31", None, None),
    ],
)
def test_authorities_that_begin_and_end(text, date, code, ended):
    day = dt.date.fromisoformat(date)
    assert authorities.find(text, day) == code
    past = authorities.ended(text, day)
    assert (past.name if past else None) == ended


@pytest.mark.parametrize("gss", ["E08000016", "E08000038"])
def test_both_gss_codes_of_barnsley_mean_barnsley_before_and_after_they_changed(gss):
    """Barnsley's and Sheffield's codes changed in 2025; returns go on carrying the old ones, and
    some carried the new ones early.
    """
    assert {authorities.find(gss, day) for day in (dt.date(2024, 12, 31), DAY, LATER)} == {"370"}


def test_a_misspelling_gets_suggestions_and_garbage_none():
    assert authorities.nearest("Stokport", DAY) == ["Stockport"]
    assert authorities.nearest("Cumbria", DAY) == []
    assert authorities.nearest("zzzzzz", DAY) == []


_ENDINGS = [
    "",
    " Council",
    " City Council",
    " Borough Council",
    " Metropolitan Borough Council",
    " MBC",
    " County Council",
    ", City of",
    " (Borough)",
    " LA",
]
_STANDING = [a for a in authorities.all_authorities() if a.stands_on(DAY)]


@given(
    authority=st.sampled_from(_STANDING),
    ending=st.sampled_from(_ENDINGS),
    spacing=st.sampled_from([" ", "  ", "\u00a0", "\t", "-", " - "]),
    change=st.sampled_from([str.upper, str.lower, str.title, lambda text: text]),
)
def test_case_spacing_punctuation_and_usual_words_never_matter(authority, ending, spacing, change):
    text = change((authority.name + ending).replace(" ", spacing))
    assert authorities.find(text, DAY) == authority.code


# --- regions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", regions.region_keys())
def test_a_region_is_made_of_authorities_each_in_one_sub_region(key):
    region = regions.load_region(key)
    members = list(itertools.chain.from_iterable(region.sub_regions.values()))
    assert len(members) == len(set(members)) == len(region.members)
    is_nation = region.gss_code == authorities.ENGLAND
    of = {
        a.code: authorities.ENGLAND if is_nation and a.country == "England" else a.region_code
        for a in authorities.all_authorities()
    }
    assert {of.get(code) for code in members} == {region.gss_code}
    theirs = {
        a.code
        for a in authorities.all_authorities()
        if of[a.code] == region.gss_code and a.stands_on(DAY)
    }
    assert theirs <= set(members)


def test_the_north_west_is_as_the_design_says():
    region = regions.load_region("north_west")
    standing = {
        name: sum(authorities.on_date(code, DAY) is not None for code in codes)
        for name, codes in region.sub_regions.items()
    }
    assert standing == {
        "Greater Manchester": 10,
        "Liverpool City Region": 6,
        "Cheshire and Warrington": 3,
        "Lancashire": 3,
        "Cumbria": 2,
    }


def test_an_unknown_region_says_which_are_known_and_what_to_do():
    with pytest.raises(
        ValueError,
        match=r"'atlantis' is not known; expected one of .*north_west.*OBSERVATORY_REGION",
    ):
        regions.load_region("atlantis")
