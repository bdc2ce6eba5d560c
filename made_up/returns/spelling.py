"""How senders write things: authorities' names, dates, money, yes and no, headers.

Belongs here: the variety of spellings that real returns show. Every spelling of an authority that
is used here means that authority on that date. Does not belong here: what is reported
(`returns/provider_census.py`, `returns/placement_census.py`, `returns/register.py`).
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
from numpy.typing import NDArray

from made_up.drawing import Floats, Ints, Texts
from schemas import authorities

OFSTED_NAMES = {
    "342": "St Helens",
    "840": "Durham",
    "801": "Bristol",
    "882": "Southend on Sea",
    "884": "Herefordshire",
}
"""Names that Ofsted writes in a way of its own, by authority code."""

_CITIES = {
    "Manchester",
    "Liverpool",
    "Salford",
    "Birmingham",
    "Coventry",
    "Wolverhampton",
    "Leeds",
    "Bradford",
}
_NO_AUTHORITY = {
    "HEALTH": ("Health", "NHS"),
    "PRIVATE": ("Private",),
    "UNKNOWN": ("Unknown", "Not known"),
}
_VARIANTS = 8


@cache
def spellings(code: str, date: dt.date) -> tuple[str, ...]:
    """Ways of writing the authority `code` on `date`, the official name first."""
    if code in _NO_AUTHORITY:
        return _NO_AUTHORITY[code]
    authority = authorities.on_date(code, date)
    if authority is None:
        raise ValueError(f"The authority '{code}' does not stand on {date}.")
    name = authority.name
    tried = [
        name,
        OFSTED_NAMES.get(code, name),
        f"{name} Council",
        name.upper(),
        name.replace(" and ", " & "),
    ]
    if name in _CITIES:
        tried.append(f"{name} City Council")
    elif authority.gss.startswith("E08"):
        tried += [f"{name} MBC", f"{name} Metropolitan Borough Council"]
    elif authority.gss.startswith("E10"):
        tried += [f"{name} County Council", f"{name} CC"]
    else:
        tried.append(f"{name} Borough Council")
    tried += [code, authority.gss]
    meant = [text for text in dict.fromkeys(tried) if authorities.find(text, date) == code]
    return tuple(meant) or (code,)


def written_authorities(codes: Texts, date: dt.date, variant: Ints) -> Texts:
    """Each code as a sender writes it; `variant` (from 0, any size) chooses among the spellings."""
    different, index = np.unique(codes.astype(str), return_inverse=True)
    table = np.empty((len(different), _VARIANTS), dtype=object)
    for row, code in enumerate(different):
        forms = spellings(code, date)
        table[row] = [forms[i % len(forms)] for i in range(_VARIANTS)]
    return table[index, variant % _VARIANTS]


def ofsted_name(code: str, date: dt.date) -> str:
    """The authority as Ofsted's register writes it."""
    authority = authorities.on_date(code, date)
    return OFSTED_NAMES.get(code) or (authority.name if authority else code)


def written_days(days: Ints, style: int = 0) -> Texts:
    """Dates as text: dd/mm/yyyy, or ISO where the style is 1."""
    stamps = (
        (days.astype(np.int64) - dt.date(1970, 1, 1).toordinal())
        .astype("datetime64[D]")
        .astype(str)
    )
    texts = (
        stamps.tolist()
        if style == 1
        else [f"{text[8:]}/{text[5:7]}/{text[:4]}" for text in stamps.tolist()]
    )
    return np.array(texts, dtype=object)


def written_money(pounds: Floats, style: int) -> Texts:
    """Pounds as text: `1234.5`, `£1,234.50` or `1,234.50` by style 0, 1 or 2; unknown is blank."""
    form = ("{:.2f}", "£{:,.2f}", "{:,.2f}")[style]
    texts = ["" if value != value else form.format(value) for value in pounds.tolist()]
    return np.array(
        [text.rstrip("0").rstrip(".") if style == 0 else text for text in texts], dtype=object
    )


def written_yes_no(values: NDArray[np.bool_], style: int) -> Texts:
    """Yes/No, or Y/N where the style is 1."""
    return np.where(values, *(("Y", "N") if style == 1 else ("Yes", "No"))).astype(object)


def written_header(header: list[str], style: int) -> list[str]:
    """The header as one sender writes it: as published, in capitals, in small letters, or with line
    breaks.
    """
    if style == 1:
        return [text.upper() for text in header]
    if style == 2:
        return [text.lower() for text in header]
    if style == 3:
        return [text.replace(" ", "\n", 1) if len(text) > 14 else text for text in header]
    return header
