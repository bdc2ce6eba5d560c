"""Parsing: from the text of a column to its canonical text, its typed values, and which cells
cannot be read.

Belongs here: one reader a field type. Each works on the distinct texts of a column, so that a
million rows cost little more than their number of different values. Does not belong here: whether a
value is allowed (`schemas/contracts.py`), or what happens to its row (`door`).

Canonical text is what goes to `raw`, and what staging casts: ISO dates, plain numbers, authority
codes, labels, true and false.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from assets.intake.columns import ERROR_CELL, Coded, read_text, seen, series_of
from schemas import authorities
from schemas.codes import CodeSet, code_set
from schemas.contracts import dtype
from schemas.official import official_symbols
from schemas.returns import Column

BLANK_WORDS = {"", "-", "--", "n/a", "na", "none", "null", "nan", "blank", "not applicable"}
"""Texts that mean nothing was given, in columns of numbers, dates and yes or no. In text they are
words like others.
"""


FAR_OFF, LONG_AGO = 2100, 1900
"""Ends from the one year on, or up to the other, are no ends."""


@dataclass(frozen=True)
class Parsed:
    """A column after reading: canonical text (missing where blank or unreadable), typed values, and
    unreadable cells.

    `labels_of_other_quarter` marks labels that belong to another quarter's layout.
    """

    canonical: pd.Series
    typed: pd.Series
    unreadable: pd.Series
    labels_of_other_quarter: pd.Series | None = None


_DASHES = re.compile("[\u2010-\u2015\u2212]")
_ACCOUNTING_NOUGHT = re.compile(r"\s*(£|gbp)\s*-\s*|\s+-\s*|\s*-\s{2,}", re.IGNORECASE)
"""How a spreadsheet's accounting format writes nought: a dash where the figure would end."""

_NOTE_MARKS = re.compile(
    r"(?:\s*(?:\[(?:[a-z]{1,3}|notes?[\d, ]+)\]|\(notes?[\d,"
    r" ]+\)|[\u00b9\u00b2\u00b3\u2070\u2074-\u2079*\u2020\u2021\u00a7]))+$",
    re.IGNORECASE,
)
"""Marks of notes behind a value, as official statistics set them: `2 [r]`, `Stockport [note 5]`, a
raised figure, a star.

Each alternative is one mark, and each mark can be taken one way alone: two ways each (a space of
its own, or of the number's) are 2 to the 36th over 36 notes with a word behind them.
"""

LONGEST_VALUE = 300
"""Characters. No number, label or date is longer: what is, is not looked through for one."""

_DAMAGED = re.compile(
    r"\d([.,]\d+)?e\+?\d{1,3}"
    r"|\d{1,2}[-/ ](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*([-/"
    r" ]\d{2,4})?|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{2}"
    r"|\d{4}-\d\d-\d\d([ T][\d:.]+)?|\d{1,2}/\d{1,2}/\d{4}",
    re.IGNORECASE,
)
"""What a spreadsheet makes of a reference that it takes for a number or a date: `1.23457E+11`,
`12-Mar`.
"""


def is_damaged(text: str) -> bool:
    """Whether a spreadsheet has made a number or a date of a reference: several references may have
    become this one.
    """
    return bool(_DAMAGED.fullmatch(read_text(text)))


def is_dash(text: str) -> bool:
    """Whether the text is a dash and nothing else."""
    return ("-" in text or not text.isascii()) and _DASHES.sub("-", read_text(text)) in {"-", "--"}


def _number(text: str) -> str | None:
    # patterns are held against short texts only: a long hostile one could keep them busy
    if len(text.strip()) > LONGEST_VALUE:
        return None
    plain = text.casefold() if text.isascii() else _DASHES.sub("-", seen(text).casefold())
    if "-" in plain and _ACCOUNTING_NOUGHT.fullmatch(plain):
        return "0"
    plain = plain.strip()
    if plain.endswith(")") and (
        below := re.fullmatch(r"(£|gbp)?\s*\(\s*([^()-]+)\)", plain)
    ):  # accountants put what is below nought in brackets
        plain = f"-{below.group(1) or ''}{below.group(2).strip()}"
    plain = re.sub(r"^([+-]?)\s*(?:£|gbp)\s*|\s*(?:£|gbp)$", r"\1", plain)
    if re.fullmatch(
        r"[+-]?[0-9]{1,3}([, ][0-9]{3})+(\.[0-9]*)?", plain
    ):  # a comma or space only where thousands part
        plain = re.sub(r"[, ]", "", plain)
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,2})?", plain):
        return None
    return plain


def read_integer(text: str) -> str | None:
    """A whole number: `3`, `3.0`, `1,200`. None where it is none."""
    plain = _number(text)
    if plain is None:
        return None
    value = float(plain)
    # what an integer column of the database can hold, and no more
    return str(int(value)) if value.is_integer() and abs(value) < 2**31 else None


def read_money(text: str) -> str | None:
    """Pounds with at most two decimals: `£1,234.50`, `1234.5`. None where it is none."""
    plain = _number(text)
    if plain is None:
        return None
    value = round(float(plain), 2) + 0.0  # no negative zero
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1e12 else None


_IN_PLACE = re.compile(r"[<\u2264]\s*\d+|(?:fewer|less) than \d+|\[note \d+\]", re.IGNORECASE)
"""How a table says that a number is small, and not which it is; or that a note says why there is
none.
"""


@cache
def _symbols() -> frozenset[str]:
    return frozenset(symbol for symbol, _ in official_symbols())


def read_figure(text: str) -> str | None:
    """A published figure: a number as it stands (`8,370` is `8370`), or the symbol that stands for
    one, as published. None where it is neither.

    A symbol never becomes a number: `c`, `z`, `low`, `..`, `<5` stay what they are.
    """
    plain = read_text(text)
    if plain.casefold() in _symbols() or _IN_PLACE.fullmatch(plain):
        return plain
    number = _number(plain)
    return format(Decimal(number), "f") if number is not None else None


_DATE_FORMATS = (
    "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y",
    "%d %b %y", "%d %B %y", "%Y/%m/%d", "%Y%m%d",
)  # fmt: skip


_USUAL_DATE = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})|([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
)
"""Nearly all dates: of the formats below they fit one alone, and the general way takes fifty times
as long.
"""


def _usual_date(match: re.Match[str]) -> str | None:
    day, month, year = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    try:
        date = dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return date.isoformat() if 1900 <= date.year <= 2100 else None


def read_date(text: str) -> str | None:
    """A date as ISO text: day first, ISO, with a month's name, or a spreadsheet's serial number.
    None where it is none.
    """
    if (usual := _USUAL_DATE.fullmatch(text)) is not None:
        return _usual_date(usual)
    plain = re.sub(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$", "", seen(text).strip())
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", plain, flags=re.IGNORECASE).replace(",", " ")
    plain = re.sub(r"\s+", " ", plain)
    # days since 30 December 1899, as spreadsheets count: five digits are the years 1954 to 2091
    if re.fullmatch(r"[2-6]\d{4}(\.\d+)?", plain):
        return (dt.date(1899, 12, 30) + dt.timedelta(days=int(float(plain)))).isoformat()
    if re.fullmatch(
        r"\d{1,4}|\d{6,7}|\d{9,}", plain
    ):  # 202512 is a month, not the second of January
        return None
    for form in _DATE_FORMATS:
        try:
            date = dt.datetime.strptime(plain, form).date()  # noqa: DTZ007 - a date has no time zone
        except ValueError:
            continue
        # a year of two digits, or a slip, may give a date that no return has
        return date.isoformat() if 1900 <= date.year <= 2100 else None
    return None


_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2]|[A-Za-z]{3,9})"
_ANY_YEAR = re.compile(
    rf"{_DAY}[/. \-]{_MONTH}[/. \-](\d{{4}})|(\d{{4}})[/.\-]{_MONTH}[/.\-]{_DAY}"
)


_LAST_DAYS = {str((dt.date(year, 12, 31) - dt.date(1899, 12, 30)).days) for year in (2999, 9999)}
"""31/12/2999 and 31/12/9999 as a spreadsheet's serial numbers."""


def means_open(text: str) -> bool:
    """Whether a date stands for "not ended yet": case systems write 31/12/9999, 31/12/2999 or
    01/01/1900 for it.
    """
    plain = text.strip()
    if plain.split(".")[0] in _LAST_DAYS:
        return True
    # the time goes first, which a database may write behind the day
    day = _ANY_YEAR.fullmatch(re.sub(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$", "", plain))
    return day is not None and not LONG_AGO < int(day.group(1) or day.group(2)) < FAR_OFF


def read_yes_no(text: str) -> str | None:
    """`true` or `false`. None where it is neither."""
    word = text.strip().casefold()
    if word in {"yes", "y", "true", "t", "1"}:
        return "true"
    return "false" if word in {"no", "n", "false", "f", "0"} else None


def read_urn(text: str) -> str | None:
    """Ofsted's number: `SC123456` or digits; `1234567.0` from a spreadsheet is `1234567`; X's stand
    for none (an empty text).
    """
    word = re.sub(r"\s", "", seen(text)).upper()
    if re.fullmatch(r"X+", word):
        return ""
    word = re.sub(r"^(\d+)\.0+$", r"\1", word)
    return word if re.fullmatch(r"[A-Z]{0,3}[0-9]{1,10}", word) else None


_OUTWARD = r"[A-Z]{1,2}[0-9][0-9A-Z]?"
_WITH_MORE = re.compile(rf"({_OUTWARD})(?: ?[0-9][A-Z]{{2}}| [0-9])?")


def read_outward_code(text: str) -> str | None:
    """The first part of a postcode: `SK1`, `sk1`, and the `SK1` of `SK1 3XE` or `SK1 3`. None where
    it is none.

    Without a blank `SK13` is the outward code that it says, never the sector SK1 3.
    """
    match = _WITH_MORE.fullmatch(read_text(text).upper())
    return match.group(1) if match else None


def _read_loose_urn(text: str) -> str | None:
    """Where the URN is not the row's key, another regulator's number will do: CQC's `1-123456789`,
    Scotland's `CS2003000123`.
    """
    word = read_urn(text)
    if word is None and re.fullmatch(
        r"(CQC:?)?1-?\d{3,12}|[A-Z]{1,4}-?\d{4,14}", re.sub(r"\s", "", seen(text)).upper()
    ):
        return read_text(text)
    return word


def labels(column: Column, census_date: dt.date) -> list[str]:
    """What a cell of the column may say on the census date; nothing where its layout lists nothing."""
    meanings = code_set(column.codes).meanings if column.codes else {}
    return [label for label, meaning in meanings.items() if _label_stands(meaning, census_date)]


_BETWEEN = re.compile(r"[,;|\r\n]+")
_BETWEEN_WORDS = re.compile(r"[/&+]| and ", re.IGNORECASE)


def read_labels(codes: CodeSet, text: str) -> tuple[list[str], bool]:
    """The labels of a cell that may hold several, in the order of their set, and whether all of it
    was understood.
    """
    several, is_whole = set(), True
    for piece in filter(str.strip, _BETWEEN.split(text)):
        label = codes.label(piece)
        labels = (
            [label]
            if label
            else [codes.label(word) for word in filter(str.strip, _BETWEEN_WORDS.split(piece))]
        )
        several |= {label for label in labels if label}
        is_whole &= all(labels)
    return [label for label in codes.labels if label in several], is_whole


def one_of(texts: Iterable[str]) -> str:
    """That one of these was expected, in words."""
    return f"one of: {'; '.join(texts)}"


def expected(column: Column, census_date: dt.date) -> str:
    """What a cell of the column should have held, in words."""
    if column.codes:
        return f"{'one or more of: ' if column.several else 'one of: '}{'; '.join(labels(column, census_date))}"
    limits = {
        (True, True): f" between {column.minimum} and {column.maximum}",
        (True, False): f", {column.minimum} or more",
        (False, True): f", at most {column.maximum}",
        (False, False): "",
    }[column.minimum is not None, column.maximum is not None]
    words = {
        "integer": f"a whole number{limits}",
        "money": f"an amount in pounds{limits}",
        "date": "a date such as 31/03/2025",
        "yes_no": "Yes or No",
        "urn": "Ofsted's URN, such as SC123456 or 1234567",
        "figure": (
            "a number, or one of the symbols that official statistics print in its place (c, k,"
            " low, u, x, z, ..)"
        ),
        "authority": "a local authority's name or code",
        "outward_code": "the first part of a postcode, such as SK1 or BS10",
    }
    return words.get(column.type, column.field.description.rstrip(".").lower())


def _label_stands(meaning: dict[str, str], census_date: dt.date) -> bool:
    first, last = meaning.get("from", ""), meaning.get("to", "")
    return (not first or first <= census_date.isoformat()) and (
        not last or census_date.isoformat() <= last
    )


def parse(column: Column, texts: pd.Series | Coded, census_date: dt.date) -> Parsed:
    """Read a column of texts (missing values count as blank): each distinct text once."""
    coded = texts if isinstance(texts, Coded) else Coded.of(texts)
    bad = foreign = None
    # words need no reader: Arrow goes over all distinct texts at once
    if column.type in {"text", "timestamp"} and not column.codes:
        nothing = pc.equal(coded.tidy, "") if not column.needed else _says_nothing(coded.tidy)
        if (lost := _lost(column, coded)) is not None:
            bad, nothing = lost, pc.or_(nothing, pa.array(lost))
        canonical = pc.if_else(nothing, pa.scalar(None, pa.large_string()), coded.tidy)
    else:
        read = [_read(column, text, census_date) for text in coded.words]
        canonical = pa.array([value for value, _, _ in read], type=pa.large_string())
        bad = np.array([unreadable for _, unreadable, _ in read], dtype=bool)
        foreign = np.array([other_quarter for _, _, other_quarter in read], dtype=bool)
    by_row = coded.rows(canonical)
    typed = (
        by_row
        if _is_text(column)
        else pd.Series(_typed(column, series_of(canonical)).array.take(coded.codes))
    )
    unreadable = pd.Series(np.zeros(len(by_row), dtype=bool) if bad is None else coded.rows(bad))
    others = pd.Series(coded.rows(foreign)) if foreign is not None and foreign.any() else None
    # a caller's own index is kept
    if isinstance(texts, pd.Series):
        for series in (by_row, typed, unreadable, others):
            if series is not None:
                series.index = texts.index
    return Parsed(by_row, typed, unreadable, others)


def says_nothing(text: str) -> bool:
    """Whether a cell says that there is nothing to say: blank, a dash, `n/a`."""
    plain = read_text(text)
    return plain.casefold() in BLANK_WORDS or (len(plain) <= _LONGEST_DASH and is_dash(plain))


_LONGEST_DASH = 2


def _says_nothing(texts: pa.Array) -> pa.Array:
    """`says_nothing` of many tidy texts."""
    words = pa.array(sorted(BLANK_WORDS), type=texts.type)
    return pc.or_(
        pc.is_in(pc.utf8_lower(texts), value_set=words),
        pc.match_substring_regex(texts, r"^[-\x{2010}-\x{2015}\x{2212}]{1,2}$"),
    )


def _lost(column: Column, coded: Coded) -> np.ndarray | None:
    """Which distinct texts of a column of words are a spreadsheet's error, or a reference that it
    damaged; None where none is.
    """
    # a quick look first: nearly every column has nothing that could be damaged
    if not pc.any(
        pc.match_substring_regex(coded.tidy, r"^(#|Err:|err:|ERR:)|^[0-9A-Za-z]+[-+,/. ]")
    ).as_py():
        return None
    is_reference = column.personal == "child key"
    lost = [
        bool(ERROR_CELL.fullmatch(word)) or (is_reference and is_damaged(word))
        for word in coded.tidy.to_pylist()
    ]
    return np.array(lost, dtype=bool) if any(lost) else None


def _read(column: Column, text: str, census_date: dt.date) -> tuple[str | None, bool, bool]:
    """Canonical text, whether it is unreadable, and whether it is a label of another quarter; marks
    of notes are passed over.
    """
    text = seen(text)
    read = _read_plain(column, text, census_date)
    if not read[1] or len(text) > LONGEST_VALUE:
        return read
    # only where the value is unreadable as it is: a star may belong to it
    if (bare := _NOTE_MARKS.sub("", text.rstrip())).strip() and bare != text.rstrip():
        again = _read_plain(column, bare, census_date)
        return read if again[1] or again[0] is None else again
    return read


def _read_plain(column: Column, text: str, census_date: dt.date) -> tuple[str | None, bool, bool]:
    plain = text.strip()
    if not plain:
        return None, False, False
    # the first letter spares the pattern for nearly all texts
    if plain[0] in "#Ee" and ERROR_CELL.fullmatch(plain):
        return None, True, False
    if column.codes:
        return _read_code(column, plain, census_date)
    if column.type in _TEXTS:
        return _read_words(column, text, plain, census_date)
    if column.type == "figure":
        return (figure := read_figure(text)), figure is None, False
    is_only_dash = len(plain) <= 2 and is_dash(plain)
    if column.type in _AMOUNTS and _is_nought(column, text, plain, is_only_dash):
        return "0", False, False
    if (plain.casefold() in BLANK_WORDS or is_only_dash) and not (
        column.type == "authority" and column.needed
    ):
        return None, False, False
    if column.type == "authority":
        code = authorities.find(plain, census_date)
        # a figure may rest on the row all the same, so it is kept as of an authority not known
        if code is None and column.unknown_allowed:
            return "UNKNOWN", True, False
        return code, code is None, False
    if column.type == "urn":
        value = read_urn(text) if column.needed else _read_loose_urn(text)
        # X's stand for no number: where one is needed, that is unreadable
        return value or None, value is None or (column.needed and not value), False
    if column.open_ended and means_open(plain):
        return None, False, False
    value = _READERS[column.type](text)
    return value, value is None, False


_TEXTS = {"text", "timestamp", "area"}
_AMOUNTS = {"money", "integer"}
_MINUS_SIGNS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_READERS = {
    "integer": read_integer,
    "money": read_money,
    "date": read_date,
    "yes_no": read_yes_no,
    "outward_code": read_outward_code,
}


def _read_code(column: Column, plain: str, census_date: dt.date) -> tuple[str | None, bool, bool]:
    """A code's label; of a column that takes several, all of them."""
    codes = code_set(column.codes)
    label = codes.label(plain)
    # a label of another quarter is understood, and said
    if label is not None:
        return label, False, not _label_stands(codes.meanings[label], census_date)
    if column.several:
        several, is_whole = read_labels(codes, plain)
        if several:
            return "; ".join(several), not is_whole, False
    is_blank = not column.needed and plain.casefold() in BLANK_WORDS
    return None, not is_blank, False


def _read_words(
    column: Column, text: str, plain: str, census_date: dt.date
) -> tuple[str | None, bool, bool]:
    """Free text, and an area by its name or code; nothing in it is unreadable."""
    if column.type != "area":
        return read_text(text) or None, False, False
    if column.needed and says_nothing(plain):
        return None, False, False
    return authorities.area(plain, census_date) or read_text(text), False, False


def _is_nought(column: Column, text: str, plain: str, is_only_dash: bool) -> bool:
    """Whether a dash says 0: an accountant's "0 -", or alone where a number from 0 is needed."""
    if column.type == "money":
        return plain[-1] in _MINUS_SIGNS and _number(text) == "0"
    return is_only_dash and column.needed and column.minimum == 0


def _is_text(column: Column) -> bool:
    return bool(column.codes) or dtype(column.type) == "str"


def _typed(column: Column, canonical: pd.Series) -> pd.Series:
    kind = dtype(column.type)
    if kind == "Int64":
        return pd.to_numeric(canonical, errors="raise").astype("Int64")
    if kind == "float64":
        return pd.to_numeric(canonical, errors="raise").astype("float64")
    if kind.startswith("datetime64"):
        return pd.to_datetime(canonical, format="%Y-%m-%d").astype("datetime64[us]")
    return canonical.map({"true": True, "false": False}).astype("boolean")
