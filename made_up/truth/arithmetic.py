"""How figures are divided, rounded and written: exactly, half up, blank where unknown.

Belongs here: arithmetic that knows no table. Does not belong here: what is counted.
"""

from __future__ import annotations

from fractions import Fraction

import pandas as pd


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """`part / whole` as text with six decimals, half up; blank where either is unknown or the whole
    is 0.
    """
    shares = []
    for a, b in zip(part, whole, strict=True):
        if pd.isna(a) or pd.isna(b) or b == 0:
            shares.append("")
        else:
            millionths = (2 * int(a) * 10**6 + int(b)) // (2 * int(b))
            shares.append(f"{millionths // 10**6}.{millionths % 10**6:06d}")
    return pd.Series(shares, index=part.index, dtype=object)


def half_up(part: int, whole: int, digits: int) -> str:
    """`part / whole` as text with so many decimals, half up; blank where the whole is 0."""
    if not whole:
        return ""
    units = (2 * part * 10**digits + whole) // (2 * whole)
    return f"{units // 10**digits}.{units % 10**digits:0{digits}d}"


def exact(value: Fraction | None, decimals: int) -> str:
    """The fraction rounded to so many decimals, half away from zero; blank for None."""
    if value is None:
        return ""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    text = str(whole).zfill(decimals + 1)
    sign = "-" if value < 0 and whole else ""
    return f"{sign}{text[:-decimals]}.{text[-decimals:]}"


def pence(pounds: float) -> int | None:
    """Pounds as whole pence; None where unknown."""
    return None if pounds != pounds else round(pounds * 100)


def whole_numbers(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Those columns as whole numbers, blank where unknown."""
    return table.astype(dict.fromkeys(names, "Int64"))


def counted_by_band(
    rows: pd.DataFrame, keys: list[str], band: str, bands: list[str], count: str
) -> pd.DataFrame:
    """Rows counted by band, and each band's share; the last band (unknown) has a row only where
    somebody is in it.
    """
    totals = rows.groupby(keys, as_index=False).size().rename(columns={"size": "total"})
    grid = totals.merge(pd.DataFrame({band: bands}), how="cross")
    counted = rows.groupby([*keys, band], as_index=False).size().rename(columns={"size": count})
    table = grid.merge(counted, on=[*keys, band], how="left")
    table[count] = table[count].fillna(0).astype(int)
    table = table[(table[band] != bands[-1]) | (table[count] > 0)].reset_index(drop=True)
    return table.assign(share=share(table[count], table["total"]))[[*keys, band, count, "share"]]
