"""The release as one accessible spreadsheet: cover, contents, notes, and one marked table a sheet.

Belongs here: its words and its layout; `gptables`, the Analysis Function's own library, writes it.
The same release gives the same bytes. Does not belong here: the figures, which are those of the
printed tables, symbols in brackets.

Source: Government Analysis Function, "Making spreadsheets accessible: a brief checklist".
"""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

from assets.publication.disclosure.rules import SYMBOLS
from assets.publication.programme import PublishedTable, as_released, region_only
from assets.publication.status import in_brackets, sentence
from resources.provenance import SHORT

_FRONT = {"geographic_level": "Area type", "old_la_code": "Authority code", "la_name": "Area"}


def spreadsheet(tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]) -> bytes:
    """The workbook of a release."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its libraries' deprecations are not the reader's
        import gptables

        buffer = io.BytesIO()
        known = as_released(tables).values()
        sheets = {
            f"Table_{n}": _sheet(gptables, n, table, tables[table.name], manifest)
            for n, table in enumerate(known, 1)
        }
        workbook = gptables.produce_workbook(
            filename=buffer,
            sheets=sheets,
            cover=_cover(gptables, manifest),
            contentsheet_options={"additional_elements": []},
            notes_table=_notes(manifest),
            notesheet_options={
                "title": "Notes",
                "instructions": (
                    "This worksheet contains one table. It says how the figures were made and what"
                    " to mind."
                ),
            },
            auto_width=True,
        )
        date = dt.date.fromisoformat(manifest["census_date"])
        workbook.set_properties(
            {
                "title": _title(manifest),
                "author": f"{manifest['region']} regional sufficiency observatory",
                "created": dt.datetime.combine(
                    date, dt.time()
                ),  # the release's own date, so that it can be made again
            }
        )
        workbook.close()
    return buffer.getvalue()


def _title(manifest: Mapping[str, Any]) -> str:
    date = dt.date.fromisoformat(manifest["census_date"])
    return (
        f"Places and children in care, {manifest['region']}, {date.day} {date:%B %Y}, release"
        f" {manifest['release']}"
        + (in_brackets(manifest) + (f" ({SHORT})" if manifest.get("made_up") else ""))
    )


def _cover(gptables: Any, manifest: Mapping[str, Any]) -> Any:
    method = manifest["method"]
    return gptables.Cover(
        title=_title(manifest),
        intro=[
            *(["Made-up data", manifest["made_up"]] if manifest.get("made_up") else []),
            "Introductory information",
            (
                "Who lives in the homes and foster families of the region, which places are empty,"
                " and where its children in care are."
            ),
            (
                f"The figures are of {_title(manifest).split(', ')[2]}. A later return that moves a"
                " figure makes a new release; this one stays."
            ),
            *([sentence(manifest)] if manifest.get("status") else []),
        ],
        about=[
            "Small numbers",
            f"Counts from 1 to {method['smallest_count_shown'] - 1} are hidden, and so are figures"
            " from which one could be worked out. Other counts are rounded to the nearest"
            f" {_step(method)}, totals on their own, so that parts need not add up. "
            + _on_noise(method)
            + "Percentages are worked out from the rounded counts.",
            *(
                [f"Less than the usual method is applied: {method['less_safe_because']}"]
                if method.get("less_safe_because")
                else []
            ),
            "Shorthand",
            *[f"[{symbol}] {meaning}" for symbol, meaning in SYMBOLS.items()],
        ],
        contact=["Contact", f"The {manifest['region']} regional commissioning group."],
    )


def _step(method: Mapping[str, Any]) -> int:
    """To what counts are rounded; the first manifests had another word for it."""
    return method["round_to"] if "round_to" in method else method["rounded_to"]


def _on_noise(method: Mapping[str, Any]) -> str:
    """What a reader must know of noise, as a sentence with a space behind it; blank where the
    release has none.
    """
    if not method.get("noise"):
        return ""
    step = _step(method)
    return (
        f"Vacant and unavailable places of {method['settings_for_noise']} or more settings are"
        f" shown with noise instead: moved by at most {step - 1} to a multiple of {step}, alike in"
        f" every table and release, totals on their own. 0 stays 0, and 1 to {step - 1} become"
        f" {step}. "
    )


def _notes(manifest: Mapping[str, Any]) -> pd.DataFrame:
    method = manifest["method"]
    rows = [
        (
            "returned",
            (
                "Counts of places are of the settings that returned. Coverage says how much of the"
                " register that is."
            ),
        ),
        (
            "rounding",
            (
                f"Counts are rounded to {_step(method)}; those below"
                f" {method['smallest_count_shown']} are hidden."
            ),
        ),
        *([("noise", _on_noise(method).strip())] if _on_noise(method) else []),
        (
            "region only",
            (
                f"Never shown by authority, whatever the number: {', '.join(region_only())};"
                " settings not in the register."
            ),
        ),
        (
            "estimates",
            (
                "Estimates for the whole are given only where part of the supply has not returned,"
                " and are rounded like counts."
            ),
        ),
        ("totals", "A total is of the authorities that returned."),
        (
            "returns",
            (
                f"The figures rest on {len(manifest['returns'])} returns, named with their versions"
                " in manifest.json."
            ),
        ),
    ]
    return pd.DataFrame(rows, columns=["Note reference", "Note text"])


def _sheet(
    gptables: Any,
    number: int,
    table: PublishedTable,
    frame: pd.DataFrame,
    manifest: Mapping[str, Any],
) -> Any:
    data = pd.DataFrame({_FRONT["geographic_level"]: frame["geographic_level"]})
    # no cell is left blank: what stands there is explained by the legend
    data[_FRONT["old_la_code"]] = frame["old_la_code"].where(frame["old_la_code"] != "", "[z]")
    data[_FRONT["la_name"]] = frame["la_name"].where(frame["la_name"] != "", frame["region_name"])
    for name, label in table.filters.items():
        data[label] = frame[name]
    used: set[str] = {"z"} if (frame["old_la_code"] == "").any() else set()
    for indicator in table.indicators:
        label = indicator.label + (f" ({indicator.unit})" if indicator.unit else "")
        used |= set(frame[indicator.name]) & set(SYMBOLS)
        numbers = pd.to_numeric(frame[indicator.name], errors="coerce")
        bracketed = frame[indicator.name].map(lambda text: f"[{text}]")
        # numbers stay numbers beside symbols that are text, so that a reader may reckon with them
        values = (
            numbers.astype("object")
            if indicator.decimals
            # whole numbers have no blank: 0 stands in where the symbol goes below
            else numbers.fillna(0).astype("int64").astype("object")
        )
        data[label] = values.where(numbers.notna(), bracketed)
    has_noise = any(m.noise for m in table.measures) and manifest["method"].get("noise")
    return gptables.GPTable(
        table=data,
        table_name=f"{table.name}_table",
        title=f"Table {number}: {table.title}",
        subtitles=[_title(manifest)],
        instructions=(
            "This worksheet contains one table. The notes worksheet says how its figures were made."
        )
        + (
            " Some counts of places carry noise, totals their own, so that parts do not add up."
            if has_noise
            else ""
        ),
        legend=[f"[{symbol}] {SYMBOLS[symbol]}" for symbol in SYMBOLS if symbol in used]
        or ["No shorthand is used in this table."],
        source=manifest.get("made_up") or "Returns of providers and authorities; Ofsted's register",
        scope=f"{manifest['region']}, the region and its local authorities",
    )
