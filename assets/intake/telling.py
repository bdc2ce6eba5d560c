"""What may be repeated of a sender's own text in messages, logs and answers, and in which form.

Belongs here: the form of a value in words ("a date"), and descriptions of files, sheets and columns
by which they can be found without repeating the sender's own names.
Does not belong here: whether a value passes its column's contract (`parsing`, `door`).

A value that does not pass its own column's contract may be anything: a birth date under `age`, a
child's name in a shifted row. Its form is shown, never its content.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from assets.intake.beside import letters
from assets.intake.columns import ERROR_CELL, read_text
from resources.landing import census_date_of
from schemas.headers import header_key
from schemas.returns import return_tables

_DATE_LIKE = re.compile(
    r"\b\d{1,4}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{1,4}\b"
    r"|\b\d{1,2}(st|nd|rd|th)?[ \-]+(of )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*["
    r" \-,]+\d{2,4}\b"
    r"|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2}(st|nd|rd|th)?,? \d{2,4}\b",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?P<sign>[-+(]?)\s*(?P<pounds>£?)\s*(?P<digits>[\d, ]*\d)(?P<rest>\.\d*)?\)?"
)


@lru_cache(maxsize=10_000)
def form_of(text: str) -> str:
    """What kind of thing a text is, in words: `a date`, `a whole number with 8 digits`, `text of 12
    characters`.

    A spreadsheet's error is no sender's word and is named itself.
    """
    plain = read_text(text)
    if not plain:
        return "nothing"
    if ERROR_CELL.fullmatch(plain):
        return plain.upper()
    if match := _DATE_LIKE.search(plain):
        return "a date" if match.group() == plain else "text with a date in it"
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", plain):
        return "a date"
    if re.fullmatch(r"[+-]?\d+(\.\d+)?e[+-]?\d+", plain, re.IGNORECASE):
        return "a number in scientific notation"
    if match := _NUMBER.fullmatch(plain):
        if match["pounds"]:
            return "an amount in pounds"
        if match["rest"]:
            return "a number with decimals"
        digits = sum(char.isdigit() for char in plain)
        kind = "a whole number" if match["sign"] in {"", "+"} else "a number below nought"
        return f"{kind} with {digits} digit{'' if digits == 1 else 's'}"
    if match := _POSTCODE.search(plain):
        return "a postcode" if match.group() == plain else "text with a postcode in it"
    if " " not in plain and _holds_an_address(plain):
        return "an e-mail address"
    if len(plain) == 1:
        return "one character"
    return f"text of {len(plain)} characters"


def is_telling(text: str) -> bool:
    """Whether a free text holds what no free text is asked for: a full date, a postcode or an
    e-mail address.
    """
    return bool(_DATE_LIKE.search(text) or _POSTCODE.search(text) or _holds_an_address(text))


def _holds_an_address(text: str) -> bool:
    """Whether a word of the text has an @ in it and a dot after that. Told word by word: a pattern
    would go over a long one again and again.
    """
    ats = ((word, word.find("@", 1)) for word in text.split()) if "@" in text else ()
    return any(at > 0 and word.find(".", at + 2) > 0 for word, at in ats)


# --- names of folders, columns, sheets and files
# -----------------------------------------------------------


COMMON_HEADERS = frozenset(
    header_key(words)
    for words in (
        "name", "names", "child name", "child's name", "full name", "first name", "forename", "last name", "surname", "initials", "DOB",
        "date of birth", "birth date", "birthday", "NHS number", "address", "home address", "postcode", "phone", "telephone", "email",
        "e-mail", "social worker", "IRO", "school", "comment", "comments", "note", "notes", "remarks", "source", "colour", "team", "key",
        "reference", "ref", "ID", "number", "no", "row", "total", "manager", "contact", "region", "status", "month", "date",
    )
)  # fmt: skip
"""Headers that spreadsheets have and returns do not ask for. They are words of everybody's, so they
may be repeated.
"""


@lru_cache(maxsize=1)
def _known_headers() -> frozenset[str]:
    layouts = return_tables().values()
    return COMMON_HEADERS.union(
        *(table.header_keys for table in layouts), *(table.known_and_left for table in layouts)
    )


@lru_cache(maxsize=1)
def _header_words() -> frozenset[str]:
    headers = [
        header
        for table in return_tables().values()
        for column in table.columns
        for header in column.headers
    ]
    return (
        _COMMON_WORDS.union(
            word for header in headers for word in re.findall("[a-z]{3,}", header.casefold())
        )
        - _MONTHS
    )


@lru_cache(maxsize=10_000)
def is_known_header(cell: str) -> bool:
    """Whether a header cell says what headers say, and so may be repeated; any other may name a
    child.

    It is a header of a layout or of everybody's, may say which quarter's end it means (`Occupied
    places (30 Sept)`), or is made of their words.
    """
    if (
        header_key(_QUARTER_END.sub(" ", cell)) in _known_headers()
        or header_key(cell) in _known_headers()
    ):
        return True
    return _is_of(_WORDS.findall(cell.casefold()), _header_words())


def column_words(cell: str, place: int) -> str:
    """A column as it may be named: by its letters, and by its header where that is a common one."""
    known = is_known_header(cell)
    return f"{letters(place)} ('{read_text(cell)[:60]}')" if known else letters(place)


_COMMON_WORDS = frozenset(
    """
    all and annual authority by care carers cases census center centre child children childrens
    cla commissioned contract contracts cost costs cover current data date definitions dfe
    episode episodes everything example export extract file final form fostering gm guide
    guidance header homes house in index info information instructions la lac list lists look
    lookup lookups looked main master mid missing mom monthly new north northwest note notes nw
    of ofsted old on optional page pick picklist placement placements premises provider
    providers provision quarter quarterly read readme reference referrals regional register
    report return returns sa section setting settings sheet ssda ssda903 status sufficiency
    summary supported table tabelle template the to total totals uasc update validation
    vacancies version csv xlsx xlsm xls ods west after accommodation adoption placed for good
    bad planned high joiners leavers other odd first second third fourth last later earlier
    only again broken stray national standard searches collection checklist draft correct corrected correction resubmission resubmitted
    submission
    """.split()  # noqa: SIM905 - a list of words
)
"""No month and no single letter is among them: April, May and June are children, and J D is one."""
_MONTHS = frozenset(
    """
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    """.split()  # noqa: SIM905 - a list of words
)
_QUARTERS = frozenset({"quarter", "quarterly", "q1", "q2", "q3", "q4"})
_YEAR = re.compile(r"20\d\d")
_VERSION = re.compile(r"v\d{1,2}")
_QUARTER_END = re.compile(
    r"\b(3[01])(st|th)? (mar|march|june?|sept?|september|dec|december)\b", re.IGNORECASE
)
_WORDS = re.compile(r"(?<![^\W_])(?:q[1-4]|v\d{1,2})(?![^\W_])|[^\W\d_]+|\d+")


def is_common_name(name: str) -> bool:
    """Whether a name is made of words of everybody's, such as `settings Sep 2025` or `Sheet2`."""
    plain = (
        re.sub(r"['\u2019]s?\b", "", name).casefold().replace("ssda903", "ssda").replace("903", "")
    )
    return _is_of(_WORDS.findall(plain), _COMMON_WORDS)


def _is_of(parts: list[str], words: frozenset[str]) -> bool:
    """Whether the parts of a name are among the words, but for one number, and months beside a year
    or quarter.

    A month alone may be a child's name, and with a day half of a birth date.
    """
    # a day and a month, or a number alone, may be a birth date or a reference
    if sum(part.isdigit() for part in parts) > 1 or all(part.isdigit() for part in parts):
        return False
    has_month = not _MONTHS.isdisjoint(parts)
    for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False):
        if part in _MONTHS:
            is_common = any(word in _QUARTERS or _YEAR.fullmatch(word) for word in (before, after))
        elif part.isdigit():
            is_year = _YEAR.fullmatch(part) and any(
                word in _MONTHS | _QUARTERS for word in (before, after)
            )
            is_common = bool(is_year) or (len(part) <= 2 and not has_month)
        else:
            is_common = part in words or part in _QUARTERS or bool(_VERSION.fullmatch(part))
        if not is_common:
            return False
    return True


_FORM = re.compile(
    r"nothing|#[A-Z0-9/]+[!?]?|a date|text with a date in it|a number (in scientific notation|with"
    r" decimals)|an amount in pounds"
    r"|a (whole number|number below nought) with \d+ digits?|a postcode|text with a postcode in"
    r" it|an e-mail address|one character"
    r"|text of \d+ characters"
)
_CODE = re.compile(r"[A-Z]\d{8}|\d{3}", re.IGNORECASE)


def folder_words(name: str) -> str:
    """A folder that is no sender's, as it may be told: whole where it looks like a code or is of
    common words, else its form.

    What is told is told as it is.
    """
    is_told = (
        name.startswith("unknown (")
        and name.endswith(")")
        and _FORM.fullmatch(name[len("unknown (") : -1])
    )
    if is_told or _CODE.fullmatch(name) or (is_common_name(name) and len(name) <= 100):
        return name
    return f"unknown ({form_of(name)})"


ENDINGS = ("csv", "xlsx", "xlsm", "xls", "ods", "zip", "gz", "xml", "json", "jsonld", "txt")


def file_label(name: str, otherwise: str) -> str:
    """A file's name where it is of common words, else `otherwise` with the file's ending."""
    stem, dot, ending = name.rpartition(".")
    known = ending.casefold() in ENDINGS
    # an ending that is not known may be part of a name
    if is_common_name(stem if dot and known else name) and (known or not dot):
        return name
    return f"{otherwise}.{ending.casefold()}" if known else otherwise


def place_label(path: str, is_sender: Callable[[str], bool]) -> str:
    """A path in the landing place as it may be told: dates, senders' folders and common names, else
    the form of a name.
    """
    parts: list[str] = []
    for name in path.rstrip("/").split("/"):
        # only the first folder is a date, and only the second a sender's
        is_date = not parts and census_date_of(name) is not None
        is_folder_of_sender = len(parts) == 1 and path.count("/") > 1 and is_sender(name)
        is_own = is_date or is_folder_of_sender
        parts.append(name if is_own else file_label(name, f"({form_of(name)})"))
    return "/".join(parts) + ("/" if path.endswith("/") else "")
