"""Telling: what may be said of what a sender wrote, where it may be what nobody meant to tell.

Belongs here: the form of a value in words, and names of files, sheets and columns by which they can
be found again without repeating the sender's own.
Does not belong here: whether a value passes its column's contract (`parsing`, `door`).

A value that does not pass its own column's contract may be anything: a birth date under `age`, a
child's name in a shifted row. Its form is told, never its content.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assets.intake.columns import ERROR_CELL, read_text
from schemas.returns import header_key, return_tables

_DATE_LIKE = re.compile(
    r"\b\d{1,4}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{1,4}\b"
    r"|\b\d{1,2}(st|nd|rd|th)?[ \-]+(of )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ \-,]+\d{2,4}\b"
    r"|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2}(st|nd|rd|th)?,? \d{2,4}\b",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?P<sign>[-+(]?)\s*(?P<pounds>£?)\s*(?P<digits>[\d, ]*\d)(?P<rest>\.\d*)?\)?")


@lru_cache(maxsize=10_000)
def form_of(text: str) -> str:
    """What kind of thing a text is, in words: `a date`, `a whole number with 8 digits`, `text of 12 characters`.

    A spreadsheet's error is no sender's word and is named itself.
    """
    plain = read_text(text)
    if not plain:
        return "nothing"
    if ERROR_CELL.fullmatch(plain):
        return plain.upper()
    if found := _DATE_LIKE.search(plain):
        return "a date" if found.group() == plain else "text with a date in it"
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", plain):
        return "a date"
    if re.fullmatch(r"[+-]?\d+(\.\d+)?e[+-]?\d+", plain, re.IGNORECASE):
        return "a number in scientific notation"
    if found := _NUMBER.fullmatch(plain):
        if found["pounds"]:
            return "an amount in pounds"
        if found["rest"]:
            return "a number with decimals"
        digits = sum(char.isdigit() for char in plain)
        kind = "a whole number" if found["sign"] in {"", "+"} else "a number below nought"
        return f"{kind} with {digits} digit{'' if digits == 1 else 's'}"
    if found := _POSTCODE.search(plain):
        return "a postcode" if found.group() == plain else "text with a postcode in it"
    if " " not in plain and _holds_an_address(plain):
        return "an e-mail address"
    if len(plain) == 1:
        return "one character"
    return f"text of {len(plain)} characters"


def is_telling(text: str) -> bool:
    """Whether a free text holds what no free text is asked for: a full date, a postcode or an e-mail address."""
    return bool(_DATE_LIKE.search(text) or _POSTCODE.search(text) or _holds_an_address(text))


def _holds_an_address(text: str) -> bool:
    """Whether a word of the text has an @ in it and a dot after that. Told word by word: a pattern would go over a long one again and again."""
    ats = ((word, word.find("@", 1)) for word in text.split()) if "@" in text else ()
    return any(at > 0 and word.find(".", at + 2) > 0 for word, at in ats)


# --- names of columns, sheets and files -----------------------------------------------------------


COMMON_HEADERS = frozenset(
    header_key(words)
    for words in (
        "name", "names", "child name", "child's name", "full name", "first name", "forename", "last name", "surname", "initials", "DOB",
        "date of birth", "birth date", "birthday", "NHS number", "address", "home address", "postcode", "phone", "telephone", "email",
        "e-mail", "social worker", "IRO", "school", "comment", "comments", "note", "notes", "remarks", "source", "colour", "team", "key",
        "reference", "ref", "ID", "number", "no", "row", "total", "manager", "contact", "region", "status", "month", "date",
    )
)  # fmt: skip
"""Headers that spreadsheets have and returns do not ask for. They are words of everybody's, so they may be repeated."""


@lru_cache(maxsize=1)
def _known_headers() -> frozenset[str]:
    layouts = return_tables().values()
    return COMMON_HEADERS.union(*(table.header_keys for table in layouts), *(table.known_and_left for table in layouts))


@lru_cache(maxsize=1)
def _header_words() -> frozenset[str]:
    headers = [header for table in return_tables().values() for column in table.columns for header in column.headers]
    return _COMMON_WORDS.union(word for header in headers for word in re.findall("[a-z]{3,}", header.casefold()))


@lru_cache(maxsize=10_000)
def is_known_header(cell: str) -> bool:
    """Whether a header cell says what headers say, and so may be repeated; any other may name a child.

    It is a header of a layout or of everybody's, or made of their words and at most one short number: `Occupied places (30 Sept)`.
    """
    if header_key(cell) in _known_headers():
        return True
    words = _WORDS.findall(cell.casefold())
    numbers = [word for word in words if word.isdigit()]
    others = [word for word in words if not word.isdigit()]
    return bool(others) and len(numbers) <= 1 and all(len(n) <= 2 for n in numbers) and all(word in _header_words() for word in others)


def letters(place: int) -> str:
    """The column's letters in a spreadsheet: 0 is A, 26 is AA."""
    name, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_words(cell: str, place: int) -> str:
    """A column as it may be named: by its letters, and by its header where that is a common one."""
    known = is_known_header(cell)
    return f"{letters(place)} ('{read_text(cell)[:60]}')" if known else letters(place)


def place_of(words: str) -> int | None:
    """The column's place that `column_words` tells; None where the words tell none."""
    found = re.match(r"[A-Z]{1,3}\b", words)
    if found is None:
        return None
    place = 0
    for letter in found.group():
        place = place * 26 + ord(letter) - 64
    return place - 1


_COMMON_WORDS = frozenset(
    """
    a all and annual authority by care carers cases census center centre child children childrens cla commissioned contract contracts cost
    costs cover current data date december definitions dfe episode episodes everything example export extract february file final form
    fostering gm guide guidance header homes house house in index info information instructions january june july la lac list lists look
    lookup lookups looked main march master may april august september october november mid missing mom monthly new north northwest note
    notes nw november of ofsted old on optional p page pick picklist placement placements premises provider providers provision quarter
    quarterly read readme reference referrals regional register report return returns s sa section september setting settings sheet ssda
    ssda903 status sufficiency summary supported table tabelle template the to total totals uasc update v validation vacancies version
    csv xlsx xlsm xls ods west jan feb mar apr jun jul aug sep sept oct nov dec after accommodation adoption placed for
    good bad planned high joiners leavers other odd first second third fourth last later earlier only again new broken stray draft
    correct corrected correction resubmission resubmitted submission template
    """.split()  # noqa: SIM905 - a list of words
)
_WORDS = re.compile(r"[^\W\d_]+|\d+")


def is_common_name(name: str) -> bool:
    """Whether a name is made of words of everybody's and at most one short number, such as `settings Sep` or `Sheet2`."""
    parts = _WORDS.findall(re.sub(r"['\u2019]s?\b", "", name).casefold().replace("ssda903", "ssda").replace("903", ""))
    numbers = [part for part in parts if part.isdigit()]
    return len(numbers) <= 1 and all(len(n) <= 2 for n in numbers) and all(len(p) == 1 or p in _COMMON_WORDS for p in parts if not p.isdigit())


ENDINGS = ("csv", "xlsx", "xlsm", "xls", "ods", "zip", "xml", "json", "jsonld", "txt")


def file_label(name: str, otherwise: str) -> str:
    """A file's name where it is of common words, else `otherwise` with the file's ending."""
    stem, dot, ending = name.rpartition(".")
    known = ending.casefold() in ENDINGS
    if is_common_name(stem if dot and known else name) and (known or not dot):
        return name
    return f"{otherwise}.{ending.casefold()}" if known else otherwise
