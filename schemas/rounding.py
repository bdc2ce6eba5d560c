"""How a figure is rounded for print: exact fives up (away from 0), as DfE does, and on decimals.

Belongs here: the one rule of rounding that releases, pages and commands share.
Does not belong here: what may be printed at all (`assets/publication/disclosure/rules.py`).

Binary fractions cannot hold 6.25 % of most wholes: Python's and pandas' rounding make 6.2 of it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def as_decimal(value: float | Decimal) -> Decimal:
    """The number as it is written, not as the binary fraction nearest to it."""
    return value if isinstance(value, Decimal) else Decimal(repr(float(value)))


def half_up(value: Decimal, decimals: int) -> str:
    """The number in print with so many decimals; an exact five rounds away from 0, and there is no
    -0.
    """
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded if rounded else abs(rounded):f}"


def percent(
    part: float | Decimal | None, whole: float | Decimal | None, unknown: str = "not known"
) -> str:
    """`72 %`, the part of the whole in whole per cent; `unknown` where either is blank or there is
    no whole.
    """
    if part is None or not whole:
        return unknown
    return f"{half_up(100 * as_decimal(part) / as_decimal(whole), 0)} %"
