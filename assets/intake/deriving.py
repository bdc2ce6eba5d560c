"""Values derived from personal data before that is dropped: ages from dates of birth, authority and
distance from postcodes.

Belongs here: one function for each thing that a layout may say in `derive`, over whole columns.
Does not belong here: keys (`resources/pseudonym.py`). The values it starts from are kept nowhere.

Distance as DfE's: a straight line between home and placement in miles (of 1,609.3 metres), to one
decimal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from assets.intake.parsing import Parsed
from resources.postcodes import Places, PostcodeDirectory, area_authorities, normal, why_nowhere
from resources.pseudonym import plain_references
from schemas import authorities
from schemas.cans import ACTIONABLE, NEED, TRAUMA, YES, items

METRES_A_MILE = 1609.3


@cache
def directory() -> PostcodeDirectory:
    """The postcode directory, read once a process."""
    return PostcodeDirectory()


def ages(born: pd.Series, on: pd.Series | dt.date) -> pd.Series:
    """Completed years from birth to a day, as whole numbers; missing where either is, or where the
    day is before the birth.

    Who is born on 29 February has completed a year on 1 March of a common year.
    """
    day = pd.Series(pd.Timestamp(on), index=born.index) if isinstance(on, dt.date) else on
    # by month and day, not by days: a year has not always as many
    had = (day.dt.month > born.dt.month) | (
        (day.dt.month == born.dt.month) & (day.dt.day >= born.dt.day)
    )
    years = (day.dt.year - born.dt.year - (~had)).astype("float64")
    return years.where(born.notna() & day.notna() & (years >= 0)).astype("Int64")


def _text(numbers: pd.Series) -> pd.Series:
    return numbers.astype("str").where(numbers.notna(), None)


def _tenths(numbers: pd.Series) -> pd.Series:
    """Numbers as text with one decimal; missing where there is none."""
    # there are few different distances: each is put in words once
    codes, distinct = pd.factorize(numbers)
    texts = pd.Series([f"{value:.1f}" for value in distinct], dtype="str").reindex(codes)
    return texts.set_axis(numbers.index)


def derive_authority(owners: pd.Series, named: pd.Series) -> pd.Series:
    """The responsible authority of each row: the row's own LA where it names one, else the
    sender's.
    """
    return named.where(named.notna(), owners)


def derive_children(born: pd.Series, census_date: dt.date) -> dict[str, pd.Series]:
    """Month of birth and age on the census date."""
    return {
        "birth_month": born.dt.strftime("%Y-%m").where(born.notna(), None),
        "age": _text(ages(born, census_date)),
    }


def derive_searches(siblings: pd.Series) -> dict[str, pd.Series]:
    """Whether the child has no siblings: the number of them to live with says NA, which is another
    answer than 0, or than none.
    """
    says = siblings.str.strip().str.casefold().isin({"na", "n/a", "not applicable"})
    return {"has_no_siblings": says.map({True: "true", False: "false"})}


def births_by_child(authority: pd.Series, child: pd.Series, born: pd.Series) -> pd.Series:
    """Date of birth by `authority|CHILD`, from a header; the first readable one counts."""
    keys = child_references(authority, child)
    known = born.notna() & keys.notna()
    births = pd.Series(
        born[known].to_numpy(), index=pd.Index(keys[known], dtype="str"), dtype="datetime64[us]"
    )
    return births[~births.index.duplicated(keep="first")]


def child_references(authority: pd.Series, child: pd.Series) -> pd.Series:
    """`authority|CHILD`, as the pseudonyms compare references."""
    return (authority.fillna("") + "|" + plain_references(child)).where(child.notna(), None)


def derive_episodes(
    parsed: Mapping[str, Parsed],
    postcodes: Mapping[str, pd.Series],
    authority: pd.Series,
    births: pd.Series,
    census_date: dt.date,
    key: bytes,
) -> dict[str, pd.Series]:
    """Ages at start, at end and on the census date; where the placement lies; how far from home.

    `births` are dates of birth by `authority|CHILD`, from the header.
    """
    # in a pooled return two authorities may use one reference for two children
    references = child_references(authority, parsed["child"].canonical)
    born = pd.Series(
        births.reindex(references.fillna("")).to_numpy(),
        index=authority.index,
        dtype="datetime64[us]",
    )
    home, there = (
        directory().look_up(postcodes["home_postcode"]),
        directory().look_up(postcodes["placement_postcode"]),
    )
    miles = np.hypot(home.easting - there.easting, home.northing - there.northing) / METRES_A_MILE
    index = authority.index
    distance = pd.Series(np.round(miles, 1), index=index)
    approximate = pd.Series(home.is_sector | there.is_sector, index=index)
    return {
        "age": _text(ages(born, census_date)),
        "age_at_start": _text(ages(born, parsed["decom"].typed)),
        "age_at_end": _text(ages(born, parsed["dec"].typed)),
        "placement_authority_code": _authority_of(there, census_date, index),
        "placement_key": place_keys(key, authority, postcodes["placement_postcode"]),
        "distance_miles": _tenths(distance),
        "distance_is_approximate": (
            approximate.map({True: "true", False: "false"}).where(distance.notna(), None)
        ),
    }


def derive_setting_places(postcodes: pd.Series) -> dict[str, pd.Series]:
    """The county's district in which settings stand, by GSS code (missing elsewhere, and where the
    postcode is not known), and the middle of their postcode's sector in metres on the national
    grid. No address is told by either.
    """
    index = postcodes.index
    areas = [area.decode() for area in directory().look_up(postcodes).area]
    districts = authorities.all_districts()
    east, north = (
        pd.Series(metres, index=index) for metres in directory().sector_middles(postcodes)
    )
    return {
        "district_code": pd.Series(
            [area if area in districts else None for area in areas], index=index, dtype="str"
        ),
        "sector_easting": _text(east.round().astype("Int64")),
        "sector_northing": _text(north.round().astype("Int64")),
    }


def derive_needs(
    layout: str, parsed: Mapping[str, Parsed], index: pd.Index
) -> dict[str, pd.Series]:
    """The needs and the traumas that assessments found, each between semicolons, and the number of
    items answered.
    """
    labels = {kind: np.full(len(index), ";", dtype=object) for kind in (NEED, TRAUMA)}
    answered = np.zeros(len(index), dtype=np.int64)
    for item in items(layout):
        answers = parsed[item.key].canonical
        answered += (answers.notna() & (answers != "N/A")).to_numpy()
        if item.kind in labels:
            has = answers.isin([*ACTIONABLE, YES]).to_numpy()
            labels[item.kind][has] += f"{item.key};"
    needs, traumas = (pd.Series(labels[kind], index=index, dtype="str") for kind in (NEED, TRAUMA))
    return {
        "needs_found": needs,
        "traumas_found": traumas,
        "items_answered": pd.Series(answered, index=index).astype("str"),
    }


def _authority_of(places: Places, census_date: dt.date, index: pd.Index) -> pd.Series:
    """The authority in which places lie, as authorities stood on the census date; missing where not
    known.
    """
    # codes are looked up once an area, not once a row
    codes, areas = pd.factorize(places.area)
    known = area_authorities()
    authority_codes = [
        authorities.standing_on(known.get(area.decode(), ""), census_date) for area in areas
    ]
    return pd.Series(
        pd.Series(authority_codes, dtype="str").take(codes).to_numpy(), index=index, dtype="str"
    )


def reasons_nowhere(postcodes: pd.Series) -> pd.Series:
    """Why each postcode lies in no authority, in words."""
    areas = [area.decode() for area in directory().look_up(postcodes).area]
    return pd.Series(why_nowhere(postcodes, areas), index=postcodes.index, dtype="str")


def place_keys(key: bytes, authority: pd.Series, postcodes: pd.Series) -> pd.Series:
    """A keyed hash (BLAKE2b) of authority and postcode, 16 hexadecimal digits: equal where two
    placements are at one address.

    Blank where there is no postcode.
    """
    # equal postcodes of different authorities are not told to be equal
    plain = normal(postcodes)
    codes, distinct = pd.factorize(authority.fillna("") + "|" + plain)
    # the key of places is made from the key, so that it is of no use for children's references
    secret = hashlib.blake2b(key, person=b"place").digest()
    hashed = [
        hashlib.blake2b(text.encode(), key=secret, digest_size=8).hexdigest()
        for text in distinct.tolist()  # to go through the column itself takes as long again
    ]
    return (
        pd.Series(hashed, dtype="str")
        .reindex(codes)
        .set_axis(authority.index)
        .where(plain != "", None)
    )
