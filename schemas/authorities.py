"""Local authorities over time: codes, names in their usual spellings, who has ended and who
followed.

Belongs here: `reference/authorities.csv` (DfE's list of local authorities, and ONS's codes for
Wales, Scotland, Northern Ireland, the Channel Islands and the Isle of Man),
`reference/authority_aliases.csv` (`whole` aliases are taken with every word),
`reference/districts.csv`, and finding the authority that a text means on a date. Authorities are
keyed by DfE three-digit code plus date, because GSS codes change (Cumbria 2023, Barnsley and
Sheffield 2025); authorities outside England have no DfE code and are keyed by their GSS code.
Sources: DfE, Get Information about Schools; ONS, Register of Geographic Codes (Open Government
Licence).
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent / "reference"

NO_AUTHORITY = {"HEALTH": "Health", "PRIVATE": "Private", "UNKNOWN": "Unknown"}
"""Who placed a child where no authority did, or none is known: code and name."""

ENGLAND = "E92000001"
"""England's GSS code."""

_NO_AUTHORITY_SPELLINGS = {
    "health": "HEALTH", "nhs": "HEALTH", "nhsengland": "HEALTH", "icb": "HEALTH", "ccg": "HEALTH",
    "private": "PRIVATE", "privatelyplaced": "PRIVATE", "selffunded": "PRIVATE",
    "unknown": "UNKNOWN", "notknown": "UNKNOWN",
}  # fmt: skip

_CITY_OF_LONDON = re.compile(r"\bcity of london\b|\blondon,? city of\b")
"""One authority among the 33 of London: without its `City of`, London names none of them."""

_SET_ASIDE = re.compile(
    r"\b(council|city|borough|metropolitan|county|mbc|mdc|cbc|bc|cc|district|unitary|authority|royal|the|of|la|ua|lb|rb|lbc|corporation)\b"
)


@dataclass(frozen=True)
class Authority:
    """One authority between two dates; `valid_to` is None while it still stands."""

    code: str
    gss: str
    name: str
    country: str
    region_code: str
    region_name: str
    valid_from: dt.date
    valid_to: dt.date | None

    def stands_on(self, date: dt.date) -> bool:
        """Whether this row holds on `date`."""
        return self.valid_from <= date and (self.valid_to is None or date <= self.valid_to)


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of `reference/<name>.csv`."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def all_authorities() -> tuple[Authority, ...]:
    """Every authority row there is, past ones included."""
    return tuple(
        Authority(
            row["authority_code"],
            row["gss_code"],
            row["authority_name"],
            row["country"],
            row["region_code"],
            row["region_name"],
            dt.date.fromisoformat(row["valid_from"]),
            dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in rows_of("authorities")
    )


def _plain(text: str) -> str:
    """Text in lower case without accents, with one kind of ampersand and apostrophe."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.casefold().replace("&", " and ").replace("\u2019", "'")


def name_key(text: str) -> str:
    """The form in which two spellings of an authority are the same.

    Case, spaces, punctuation and words such as Council, City, Borough, Metropolitan, County and MBC
    are set aside.
    """
    words = re.sub(r"^\s*london borough of ", " ", _plain(text))
    words = re.sub(r"\bcity +and +county +of\b", " of ", words)
    words = _CITY_OF_LONDON.sub("cityoflondon", words)
    words = re.sub(r"[^a-z0-9 ]+", lambda m: "" if m.group() in {"'", "."} else " ", words)
    kept = re.sub(r"\s+", "", _SET_ASIDE.sub(" ", words))
    return kept or re.sub(r"\s+", "", words)


def _whole_key(text: str) -> str:
    """Letters and digits of every word: Newcastle City Council is one place, and Newcastle may be
    two.
    """
    return re.sub(r"[^a-z0-9]+", "", _plain(text))


@cache
def _aliases() -> tuple[dict[str, str], dict[str, str]]:
    """Authority code by spelling key, of aliases in which such words as Council do not matter, and
    of those taken whole.
    """
    usual, whole = {}, {}
    for row in rows_of("authority_aliases"):
        if row["whole"]:
            whole[_whole_key(row["alias"])] = row["authority_code"]
        else:
            usual[name_key(row["alias"])] = row["authority_code"]
    return usual, whole


@cache
def all_districts() -> dict[str, tuple[str, str]]:
    """Name, and the authority that looks after its children today, by GSS code of every county
    district, past ones included.
    """
    return {
        row["district_code"]: (row["district_name"], row["authority_code"])
        for row in rows_of("districts")
    }


@cache
def _districts_by_key() -> dict[str, str]:
    keys: dict[str, str] = {}
    for gss, (name, authority) in all_districts().items():
        keys |= {name_key(name): authority, gss.casefold(): authority}
    return keys


@cache
def _keys_on(date: dt.date) -> tuple[dict[str, str], dict[str, str]]:
    """Authority code by spelling key, for those that stand on `date` and for those that do not."""
    standing: dict[str, str] = {}
    others: dict[str, str] = {}
    for authority in all_authorities():
        spelled = standing if authority.stands_on(date) else others
        for key in (name_key(authority.name), authority.gss.casefold(), authority.code.casefold()):
            spelled.setdefault(key, authority.code)
    codes_standing = set(standing.values())
    # A GSS code that was replaced still means the same authority: Barnsley's old code in a new
    # return.
    for key in [key for key, code in others.items() if code in codes_standing]:
        standing.setdefault(key, others.pop(key))
    for key, code in _aliases()[0].items():
        (standing if code in codes_standing else others).setdefault(key, code)
    return standing, others


def find(text: str, date: dt.date) -> str | None:
    """The code of the authority that `text` (a name or a code) means on `date`; None where it means
    none.

    A district of a county means the county, and `356.0` from a spreadsheet is 356. `Health`,
    `Private` and `Unknown` have codes of their own (`NO_AUTHORITY`). Nothing is guessed.
    """
    text = re.sub(r"^(\s*\d{3})\.0+\s*$", r"\1", text)
    key = name_key(text)
    standing, _ = _keys_on(date)
    match = (
        standing.get(key)
        or standing.get(text.strip().casefold())
        or _NO_AUTHORITY_SPELLINGS.get(key)
    )
    if match is None and (whole := _aliases()[1].get(_whole_key(text))):
        match = standing_on(whole, date)
    if match is None and (around := around_district(text, date)):
        match = around.code
    return match


@cache
def _wider_areas() -> dict[str, str]:
    """England and its regions: GSS code by name, in the form in which names are compared, and by
    code.
    """
    named = {a.region_name: a.region_code for a in all_authorities() if a.country == "England"}
    codes = {"England": ENGLAND, **named}
    return {name_key(name): code for name, code in codes.items()} | {
        code.casefold(): code for code in codes.values()
    }


def area(text: str, date: dt.date) -> str | None:
    """The code of the area that `text` (a name or a code) means on `date`: England's or a region's
    GSS code, else an authority's; or None.
    """
    return (
        _wider_areas().get(name_key(text))
        or _wider_areas().get(text.strip().casefold())
        or find(text, date)
    )


def around_district(text: str, date: dt.date) -> Authority | None:
    """The authority around the district that `text` names, as it stood on `date`; None where it
    names none.
    """
    code = _districts_by_key().get(name_key(text)) or _districts_by_key().get(
        text.strip().casefold()
    )
    standing = standing_on(code, date) if code else None
    return on_date(standing, date) if standing else None


def ended(text: str, date: dt.date) -> Authority | None:
    """The authority that `text` meant at another time than `date`, if it did."""
    _, others = _keys_on(date)
    code = others.get(name_key(text)) or others.get(text.strip().casefold())
    return next((a for a in reversed(all_authorities()) if a.code == code), None) if code else None


def nearest(text: str, date: dt.date) -> list[str]:
    """Names of at most two authorities spelt most like `text`: a suggestion to show, never to take."""
    names = {name_key(a.name): a.name for a in all_authorities() if a.stands_on(date)}
    return [
        names[key] for key in difflib.get_close_matches(name_key(text), names, n=2, cutoff=0.75)
    ]


@cache
def on_date(code: str, date: dt.date) -> Authority | None:
    """The row of the authority `code` that holds on `date`."""
    return next((a for a in all_authorities() if a.code == code and a.stands_on(date)), None)


@cache
def _predecessors() -> dict[str, str]:
    return {row["succeeded_by"]: row["authority_code"] for row in rows_of("authority_successions")}


def standing_on(code: str, date: dt.date) -> str | None:
    """The authority that stood on `date` where `code` stands now: itself, or the one it followed
    (Cumbria before April 2023).
    """
    if not code or on_date(code, date):
        return code or None
    before = _predecessors().get(code)
    return before if before and on_date(before, date) else None


@cache
def _beside() -> dict[str, tuple[str, ...]]:
    beside: dict[str, list[str]] = {}
    for row in rows_of("authority_neighbours"):
        beside.setdefault(row["authority_code"], []).append(row["neighbour_code"])
    return {code: tuple(sorted(others)) for code, others in beside.items()}


@cache
def _alike() -> dict[str, tuple[str, ...]]:
    alike: dict[str, list[tuple[int, str]]] = {}
    for row in rows_of("statistical_neighbours"):
        alike.setdefault(row["authority_code"], []).append(
            (int(row["closeness"]), row["neighbour_code"])
        )
    return {code: tuple(other for _, other in sorted(others)) for code, others in alike.items()}


def neighbours_of(code: str) -> tuple[str, ...]:
    """The authorities that share a border with `code` (ONS boundaries), by code."""
    return _beside().get(code, ())


def region_of(code: str) -> str:
    """The GSS code of the region (or country) that an authority's code is in; blank for a code that
    is not known. A code stays within a region for as long as it stands.
    """
    return _regions().get(code, "")


@cache
def _regions() -> dict[str, str]:
    return {authority.code: authority.region_code for authority in all_authorities()}


def statistical_neighbours_of(code: str) -> tuple[str, ...]:
    """The statistical neighbours of `code` (DfE), the closest first."""
    return _alike().get(code, ())
