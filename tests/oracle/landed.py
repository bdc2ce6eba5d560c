"""The landed files, read plainly: one frame a table and census date, of the versions that count.

Belongs here: decoding, finding a header, telling tables apart, names of authorities, codes.
Does not belong here: any figure.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, wraps
from pathlib import Path

import openpyxl
import pandas as pd

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"

SIGNATURES = {
    "premises": {"urn", "service category", "premises local authority"},
    "levels": {"urn", "provision type", "latest full inspection event type"},
    "providers": {"urn", "provision type", "registration status", "local authority"},
    "census": {"looked after child", "identifier", "type of provision"},
    "episodes": {"child", "decom", "rne"},
    "header": {"child", "sex", "dob", "ethnic"},
    "uasc": {"child", "dob", "duc"},
    "settings": {"urn", "registered places", "occupied places"},
    "placements": {"urn", "placing local authority"},
    "carers": {"approval type", "households"},
    "planned": {"authority", "beds", "stage"},
    "owned": {"urn", "ultimate parent company name"},
}
"""A table is the first of these whose columns all stand in a header row."""


def plain(text: str) -> str:
    """Small letters and figures, single blanks: how headers and labels are compared."""
    text = re.sub(r"\(note[^)]*\)", " ", text.lower())
    return re.sub(r"[^a-z0-9]+", " ", text.replace("'", "").replace("’", "")).strip()


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _sheets(path: Path) -> list[list[list[str]]]:
    if path.suffix == ".csv":
        content = path.read_bytes()
        for encoding in ("utf-8-sig", "cp1252", "mac_roman"):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            return [[[_text(c) for c in row] for row in csv.reader(io.StringIO(text))]]
    book = openpyxl.load_workbook(path, read_only=True)
    return [
        [[_text(c) for c in row] for row in sheet.iter_rows(values_only=True)] for sheet in book
    ]


def _table(rows: list[list[str]]) -> tuple[str, pd.DataFrame] | None:
    for at, row in enumerate(rows[:12]):
        names = [plain(cell) for cell in row]
        for name, signature in SIGNATURES.items():
            if signature <= set(names):
                width = len(names)
                body = [(r + [""] * width)[:width] for r in rows[at + 1 :]]
                frame = pd.DataFrame(body, columns=names, dtype=str)
                frame = frame.loc[:, [bool(n) for n in names]]
                blank = (frame == "").all(axis=1)
                total = frame.iloc[:, 0].str.lower().str.startswith("total")
                return name, frame[~blank & ~total].reset_index(drop=True)
    return None


@dataclass(frozen=True)
class Landed:
    """Tables by (census date, name): the rows of every sender's newest version, with `sender`."""

    tables: dict[tuple[dt.date, str], pd.DataFrame]
    dates: list[dt.date]
    worked_out: dict[tuple[str, dt.date], pd.DataFrame] = field(default_factory=dict)

    def get(self, date: dt.date, name: str) -> pd.DataFrame:
        """The rows, none (and no column but `sender`) where nobody sent the table."""
        return self.tables.get((date, name), pd.DataFrame({"sender": pd.Series(dtype=str)})).copy()


Reckoning = Callable[[Landed, dt.date], pd.DataFrame]


def remembered(work: Reckoning) -> Reckoning:
    """The same work done once for each landing place and date: several figures rest on it."""

    @wraps(work)
    def once(landing: Landed, date: dt.date) -> pd.DataFrame:
        key = (work.__qualname__, date)
        if key not in landing.worked_out:
            landing.worked_out[key] = work(landing, date)
        return landing.worked_out[key].copy()

    return once


def read(landing: Path) -> Landed:
    """Read a made-up landing place."""
    found: dict[tuple[dt.date, str], list[pd.DataFrame]] = {}
    dates = sorted(dt.date.fromisoformat(d.name) for d in landing.glob("20*-*-*"))
    for date in dates:
        for folder in sorted((landing / date.isoformat()).iterdir()):
            newest: dict[str, pd.DataFrame] = {}
            files = [p for p in folder.iterdir() if p.suffix in {".csv", ".xlsx"}]
            for path in sorted(files, key=lambda p: (p.stat().st_mtime, p.name)):
                for rows in _sheets(path):
                    if (table := _table(rows)) is not None:
                        newest[table[0]] = table[1]
            sender = sender_code(folder.name, date)
            for name, frame in newest.items():
                found.setdefault((date, name), []).append(frame.assign(sender=sender))
    return Landed({k: pd.concat(v, ignore_index=True) for k, v in found.items()}, dates)


# --- authorities ---------------------------------------------------------------------------


@cache
def authorities() -> pd.DataFrame:
    """Every authority and when it stood: authority_code, gss_code, authority_name, country, ..."""
    frame = pd.read_csv(SCHEMAS / "reference" / "authorities.csv", dtype=str, keep_default_na=False)
    frame["from"] = pd.to_datetime(frame["valid_from"])
    frame["to"] = pd.to_datetime(frame["valid_to"].replace("", "2999-01-01"))
    return frame


@cache
def standing(date: dt.date) -> pd.DataFrame:
    """The authorities of a date, indexed by code."""
    frame, day = authorities(), pd.Timestamp(date)
    return frame[(frame["from"] <= day) & (frame["to"] > day)].set_index("authority_code")


_WORDS = {"council", "city", "borough", "metropolitan", "county", "mbc", "cc", "of", "the", "and"}


def _core(name: str) -> str:
    return " ".join(
        word for word in plain(name.replace("&", " and ")).split() if word not in _WORDS
    )


@cache
def _names(date: dt.date) -> dict[str, str]:
    now = standing(date)
    names = {_core(name): code for code, name in now["authority_name"].items()}
    aliases = pd.read_csv(SCHEMAS / "reference" / "authority_aliases.csv", dtype=str)
    for alias, code in zip(aliases["alias"], aliases["authority_code"], strict=True):
        if code in now.index:
            names.setdefault(_core(alias), code)
    names |= {gss.lower(): code for code, gss in now["gss_code"].items()}
    names |= {code.lower(): code for code in now.index}
    names |= {"health": "HEALTH", "nhs": "HEALTH", "private": "PRIVATE"}
    names |= {"unknown": "UNKNOWN", "not known": "UNKNOWN"}
    return names


def authority(texts: pd.Series, date: dt.date) -> pd.Series:
    """Authorities as senders write them -> codes; NaN where nothing is meant."""
    names, texts = _names(date), texts.fillna("")
    meant = {t: names.get(_core(t), names.get(t.strip().lower())) for t in texts.unique()}
    return texts.map(meant)


def with_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Beside every `<whose>_code` of an authority its `<whose>_gss` and `<whose>_name`."""
    if frame.empty:
        return frame
    parts = []
    for date, rows in frame.groupby("census_date", sort=False):
        now, named = standing(date), rows.copy()
        for whose in ("authority", "host_authority", "placing_authority"):
            if f"{whose}_code" in named:
                code = named[f"{whose}_code"]
                named[f"{whose}_gss"] = code.map(now["gss_code"])
                named[f"{whose}_name"] = (
                    code.map(now["authority_name"]).fillna(code.map(UNNAMED)).fillna(code)
                )
        parts.append(named)
    return pd.concat(parts, ignore_index=True)


def gridded(frame: pd.DataFrame, keys: list[str], column: str, values: list[str]) -> pd.DataFrame:
    """The frame with a row for each value of the column in each group of the keys: those that are
    new have blank measures."""
    groups = frame[keys].drop_duplicates()
    grid = groups.merge(pd.DataFrame({column: values}), how="cross")
    return grid.merge(frame, on=[*keys, column], how="outer")


UNNAMED = {"HEALTH": "Health", "PRIVATE": "Private", "UNKNOWN": "Unknown"}
"""What stands for no authority, and what it is called."""


def sender_code(folder: str, date: dt.date) -> str:
    """A sender's folder as the warehouse names it: an authority by its code."""
    return _names(date).get(folder.lower(), folder)


# --- codes and values ----------------------------------------------------------------------


@cache
def codes(name: str) -> pd.DataFrame:
    """A code list of the product."""
    return pd.read_csv(SCHEMAS / "codes" / f"{name}.csv", dtype=str, keep_default_na=False)


@cache
def _labels(name: str) -> dict[str, str]:
    meant = {}
    for row in codes(name).itertuples():
        for text in [row.label, *[s for s in row.spellings.split("|") if s]]:
            meant[plain(text)] = row.label
    return meant


def code(texts: pd.Series, name: str) -> pd.Series:
    """Labels as senders write them -> labels of the code list; NaN where unknown or blank."""
    return texts.map({t: _labels(name).get(plain(t)) for t in texts.unique()})


def number(texts: pd.Series) -> pd.Series:
    """Pounds and counts; NaN where blank."""
    return pd.to_numeric(texts.str.replace(r"[£,]", "", regex=True).replace("", None))


def day(texts: pd.Series) -> pd.Series:
    """Dates, dd/mm/yyyy or ISO; NaT where blank."""
    iso = texts.str.match(r"\d{4}-")
    out = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    out[iso] = pd.to_datetime(texts[iso], format="%Y-%m-%d")
    out[~iso] = pd.to_datetime(texts[~iso].replace("", None), format="%d/%m/%Y")
    return out


def urn(texts: pd.Series) -> pd.Series:
    """URNs as text; blank where there is none."""
    text = texts.str.upper().str.strip().str.replace(r"\.0$", "", regex=True)
    return text.where(text.str.fullmatch(r"SC\d{6}|\d{6,8}"), "")
