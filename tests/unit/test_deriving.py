"""What stands in place of personal values: ages, where a placement lies, how far from home, and a
key for its address.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.intake import deriving
from assets.intake.deriving import (
    ages,
    births_by_child,
    derive_children,
    place_keys,
    reasons_nowhere,
)
from resources import irish_grid, postcodes
from resources.errors import ObservatoryError
from resources.postcodes import PostcodeDirectory

KEY = b"a key that only the tests use"


def age(born: dt.date | None, on: dt.date | None) -> int | None:
    days = [pd.Series([day], dtype="datetime64[us]") for day in (born, on)]
    made = ages(*days).iloc[0]
    return None if pd.isna(made) else int(made)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("2012-06-05", "2025-06-04", 12), ("2012-06-05", "2025-06-05", 13), ("2012-06-05", "2012-06-05", 0), ("2012-06-05", "2013-06-04", 0),
        ("2012-02-29", "2013-02-28", 0), ("2012-02-29", "2013-03-01", 1), ("2012-02-29", "2016-02-29", 4), ("2007-03-31", "2025-03-31", 18),
        ("2025-04-01", "2025-03-31", None), (None, "2025-03-31", None), ("2012-06-05", None, None),
    ],
)  # fmt: skip
def test_an_age_is_in_completed_years(born, on, years):
    assert age(born and dt.date.fromisoformat(born), on and dt.date.fromisoformat(on)) == years


@given(
    st.dates(dt.date(1998, 1, 1), dt.date(2025, 12, 31)),
    st.dates(dt.date(1998, 1, 1), dt.date(2025, 12, 31)),
)
def test_an_age_is_the_number_of_birthdays_that_have_passed(born, on):
    def birthday(year: int) -> dt.date:
        return (
            dt.date(year, 3, 1)
            if (born.month, born.day) == (2, 29) and year % 4
            else born.replace(year=year)
        )

    passed = sum(birthday(year) <= on for year in range(born.year + 1, on.year + 1))
    assert age(born, on) == (passed if on >= born else None)


def test_only_the_month_of_birth_and_the_age_are_left():
    made = derive_children(
        pd.Series([dt.date(2012, 6, 5), None], dtype="datetime64[us]"), dt.date(2025, 3, 31)
    )
    assert {name: column.fillna("-").tolist() for name, column in made.items()} == {
        "birth_month": ["2012-06", "-"],
        "age": ["12", "-"],
    }


def test_birth_dates_are_kept_apart_by_authority_and_the_unreadable_ones_give_way():
    columns = [
        ["356", "358", "356", "356"],
        ["c1", "C1", " C1 ", "C2"],
        [None, dt.date(2010, 1, 1), dt.date(2012, 1, 1), None],
    ]
    authority, child = (pd.Series(texts, dtype="str") for texts in columns[:2])
    births = births_by_child(authority, child, pd.Series(columns[2], dtype="datetime64[us]"))
    assert {key: value.date().isoformat() for key, value in births.items()} == {
        "358|C1": "2010-01-01",
        "356|C1": "2012-01-01",
    }


def test_an_address_has_one_key_within_an_authority_and_none_without_a_postcode():
    keys = place_keys(
        KEY,
        pd.Series(["356", "356", "358", "356", "356"]),
        pd.Series(["M2 5DB", "m25db", "M2 5DB", "M2 5DC", " "]),
    )
    assert keys[0] == keys[1] and len({keys[0], keys[2], keys[3]}) == 3 and pd.isna(keys[4])
    assert keys[:4].str.fullmatch("[0-9a-f]{16}").all()
    assert place_keys(KEY + b"!", pd.Series(["356"]), pd.Series(["M2 5DB"]))[0] != keys[0]


DIRECTORY = """\
pcd,pcds,oseast1m,osnrth1m,laua
ZZ1 1AA,ZZ1 1AA,100000,200000,E08000007
ZZ1 1AB,ZZ1 1AB,100200,200400,E08000007
YY9 9ZZ,YY9 9ZZ,400000,600000,E08000009
"""


@pytest.fixture
def directory(tmp_path) -> PostcodeDirectory:
    file = tmp_path / "a newer directory.csv"
    file.write_text(DIRECTORY, encoding="utf-8")
    return PostcodeDirectory(str(file))


def test_postcodes_and_sectors_are_found_however_they_are_written(directory):
    places = directory.look_up(
        pd.Series(
            [
                "ZZ1 1AA",
                "zz11aa",
                " ZZ1 1 AB",
                "ZZ1 1",
                "YY9 9ZZ",
                "ZZ1 1AC",
                "AA1 1AA",
                "",
                "?",
                None,
            ]
        )
    )
    assert places.easting[:5].tolist() == [100000, 100000, 100200, 100100, 400000]
    assert places.area[:5].tolist() == [b"E08000007"] * 4 + [b"E08000009"]
    assert places.is_sector.tolist() == [False, False, False, True, *[False] * 6]
    assert pd.isna(places.easting[5:]).all() and set(places.area[5:]) == {b""}


def test_distance_is_a_straight_line_in_miles_to_one_decimal_and_in_or_out_is_by_the_postcode(
    directory, monkeypatch
):
    """300 kilometres east and 400 north are 500: 310.7 miles of 1,609.3 metres."""
    monkeypatch.setattr(deriving, "directory", lambda: directory)
    postcodes = {
        "home_postcode": pd.Series(["ZZ1 1AA", "ZZ1 1AA", "ZZ1 1AA", "ZZ1 1"], dtype="str"),
        "placement_postcode": pd.Series(["YY9 9ZZ", "ZZ11AA", "XX1 1XX", "ZZ1 1AA"], dtype="str"),
    }
    texts, dates = (
        pd.Series(["C1"] * 4, dtype="str"),
        pd.Series([dt.date(2024, 6, 5)] * 4, dtype="datetime64[us]"),
    )
    parsed = {
        "child": deriving.Parsed(texts, texts, texts.isna()),
        "decom": deriving.Parsed(texts, dates, texts.isna()),
        "dec": deriving.Parsed(texts, dates.mask([True] * 4), texts.isna()),
    }
    births = pd.Series([pd.Timestamp("2012-06-05")], index=["356|C1"], dtype="datetime64[us]")
    made = deriving.derive_episodes(
        parsed, postcodes, pd.Series(["356"] * 4, dtype="str"), births, dt.date(2025, 3, 31), KEY
    )
    shown = {
        name: column.fillna("-").tolist()
        for name, column in made.items()
        if name != "placement_key"
    }
    assert shown == {
        "age": ["12"] * 4,
        "age_at_start": ["12"] * 4,
        "age_at_end": ["-"] * 4,
        "placement_authority_code": ["358", "356", "-", "356"],
        "distance_miles": ["310.7", "0.0", "-", "0.1"],
        "distance_is_approximate": ["false", "false", "-", "true"],
    }


IN_BELFAST_AND_NESTON = """\
pcds,east1m,north1m,lad25cd,ctry25cd
BT15 5EG,332888,377908,N09000003,N92000002
CH64 2UZ,332421,377916,E06000050,E92000001
JE1 0BD,,,L99999999,L93000001
"""


def test_northern_ireland_lies_where_it_is_though_the_directory_gives_it_on_another_grid(tmp_path):
    """The numbers of Belfast and Neston are alike to 500 metres; between them lie 151 miles of sea.

    By latitude and longitude (54.6322 N 5.9431 W, and 53.2932 N 3.0153 W) a great circle of 6,371
    km: 150.7 miles.
    """
    file = tmp_path / "directory.csv"
    file.write_text(IN_BELFAST_AND_NESTON, encoding="utf-8")
    places = PostcodeDirectory(str(file)).look_up(pd.Series(["BT15 5EG", "CH64 2UZ", "BT15 5"]))
    miles = (
        math.hypot(places.easting[0] - places.easting[1], places.northing[0] - places.northing[1])
        / 1609.3
    )
    assert 150 < miles < 152
    assert places.easting[2] == places.easting[0] and places.area[0] == b"N09000003"


def test_the_grids_give_what_their_makers_print():
    """Ordnance Survey's worked example, both ways; and the City Hall of Belfast, whose latitude and
    longitude on WGS 84 anybody may look up.
    """
    east, north = np.array([651409.903]), np.array([313177.270])
    latitude, longitude = irish_grid._degrees(irish_grid.BRITISH, east, north)
    assert np.degrees(latitude)[0] == pytest.approx(52 + 39 / 60 + 27.2531 / 3600, abs=1e-7)
    assert np.degrees(longitude)[0] == pytest.approx(1 + 43 / 60 + 4.5177 / 3600, abs=1e-7)
    back = irish_grid._metres(irish_grid.BRITISH, latitude, longitude)
    assert [back[0][0], back[1][0]] == pytest.approx([651409.903, 313177.270], abs=0.01)
    matrix, shift = irish_grid._helmert(irish_grid.IRISH)
    there = irish_grid._in_space(
        irish_grid.IRISH,
        *irish_grid._degrees(irish_grid.IRISH, np.array([333827.0]), np.array([374010.0])),
    )
    wgs84 = dataclasses.replace(irish_grid.IRISH, major=6378137.0, minor=6356752.3142)
    latitude, longitude = irish_grid._on_ellipsoid(wgs84, matrix @ there + shift)
    assert np.degrees(latitude)[0] == pytest.approx(54.5964, abs=0.001)
    assert np.degrees(longitude)[0] == pytest.approx(-5.9302, abs=0.001)


SECTORS_AND_DISTRICTS = """\
pcd7,pcd8,pcds,lad26cd,east1m,north1m
SK1 4AA,SK1  4AA,SK1 4AA,E08000007,390000,390000
SK141AA,SK14 1AA,SK14 1AA,E08000008,395000,395000
M1 1AA,M1   1AA,M1 1AA,E08000003,384000,398000
M11 1AA,M11  1AA,M11 1AA,E08000003,387000,398000
SW1A1AA,SW1A 1AA,SW1A 1AA,E09000033,529000,179000
"""


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("SK1 4", "E08000007"), ("sk1  4", "E08000007"), (" SK1 4 ", "E08000007"), ("SK14 1", "E08000008"), ("SK141", "E08000008"),
        ("SK14", ""), ("sk14 ", ""), ("M11", ""), ("M1 1", "E08000003"), ("M1", ""), ("SW1A", ""), ("SW1A 1", "E09000033"), ("SK1", ""),
        ("SK1-4", ""), ("SK 14", ""), ("SK1 4AA", "E08000007"), ("SK14AA", "E08000007"),
    ],
)  # fmt: skip
def test_an_outward_code_alone_is_a_district_and_never_a_sector(tmp_path, text, area):
    file = tmp_path / "directory.csv"
    file.write_text(SECTORS_AND_DISTRICTS, encoding="utf-8")
    assert PostcodeDirectory(str(file)).look_up(pd.Series([text])).area[0].decode() == area


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("pcd,pcd2,pcds,oseast1m,osnrth1m,oslaua", "ZZ1 1AA,ZZ1  1AA,ZZ1 1AA,100,200,E08000007"),
        ("PCD,PCDS,LAUA,OSEAST1M,OSNRTH1M", "ZZ1 1AA,ZZ1 1AA,E08000007,100,200"),
        (
            "pcd7,pcd8,pcds,dointr,lad25cd,wd25cd,east1m,north1m",
            '"ZZ1 1AA","ZZ1  1AA","ZZ1 1AA",198001,E08000007,E05000794,100,200',
        ),
        ("pcd7,pcd8,lad26cd,east1m,north1m", "ZZ1 1AA,ZZ1  1AA,E08000007,100,200"),
    ],
)
def test_the_directory_is_read_as_each_edition_names_its_columns(tmp_path, header, row):
    file = tmp_path / "directory.csv"
    file.write_text(f"\ufeff{header}\n{row}\n", encoding="utf-8")
    places = PostcodeDirectory(str(file)).look_up(pd.Series(["ZZ1 1AA"]))
    assert (places.easting[0], places.northing[0], places.area[0]) == (100, 200, b"E08000007")


def test_a_directory_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(
        ObservatoryError,
        match=r"OBSERVATORY_POSTCODES names .*nowhere\.csv.*An ONSPD CSV with pcds",
    ):
        PostcodeDirectory(str(tmp_path / "nowhere.csv")).look_up(pd.Series(["M2 5DB"]))


def test_why_postcodes_lie_nowhere_is_worked_out_for_all_at_once(monkeypatch):
    """One by one it was a quarter of the time that a large SSDA903 took."""
    asked, does = [], postcodes.normal
    monkeypatch.setattr(
        postcodes, "normal", lambda texts: (asked.append(len(texts)), does(texts))[1]
    )
    texts = [f"QQ{n} 1AA" for n in range(1, 10)] + ["BF1 3AA", "ZZ99 3VZ", "SK1"]
    whys = list(reasons_nowhere(pd.Series(texts)))
    assert len(set(whys[:9])) == 1 and "not in the postcode directory" in whys[0]
    assert ["British Forces" in whys[9], "no place" in whys[10], "district alone" in whys[11]] == [
        True
    ] * 3
    times = []
    for many in (1, 10):  # the directory has been read by now
        asked.clear()
        assert list(reasons_nowhere(pd.Series(texts * many))) == whys * many
        times.append(len(asked))
    assert times[0] == times[1], "as often for ten times as many"
