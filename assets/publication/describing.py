"""What describes the files of a release to programs: CSVW beside every CSV, one Frictionless data
package for all; and the same as Parquet.

Belongs here: descriptions and other encodings of tables as they were printed.
Does not belong here: what is printed (`tables`), DfE's own metadata and the folder (`files`).

Sources: W3C, "Metadata Vocabulary for Tabular Data"; Frictionless, "Data Package" version 1.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pandas as pd

from assets.publication.disclosure.rules import SYMBOLS
from assets.publication.programme import PublishedTable
from assets.publication.status import in_brackets, sentence
from resources.provenance import SHORT
from schemas.fields import all_fields

LICENCE = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
LICENCES = [{"name": "OGL-UK-3.0", "path": LICENCE, "title": "Open Government Licence v3"}]
"""Of what is published of real returns; made-up figures are nobody's facts."""

GEOGRAPHY_LABELS = {
    "time_period": "Year of the census date",
    "time_identifier": "Month at whose end the census date lies",
    "geographic_level": "Whether the row is of the region or of a local authority",
    "country_code": "Country: GSS code",
    "country_name": "Country",
    "region_code": "Region: GSS code",
    "region_name": "Region",
    "old_la_code": "Local authority: DfE three-digit code; blank for the region",
    "new_la_code": "Local authority: GSS code; blank for the region",
    "la_name": "Local authority; blank for the region",
}


def column_labels(table: PublishedTable) -> dict[str, tuple[str, str]]:
    """Every column of the printed table, in order: its label and its description."""
    fields = all_fields()
    described = {name: (label, label) for name, label in GEOGRAPHY_LABELS.items()}
    for name, label in table.filters.items():
        described[name] = (label, fields[name].description if name in fields else label)
    for indicator in table.indicators:
        described[indicator.name] = (
            indicator.label,
            fields[indicator.name].description if indicator.name in fields else indicator.label,
        )
    return described


def csvw_json(table: PublishedTable, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The CSVW description of one table's CSV. Symbols are nulls of numeric columns, each explained
    in the notes.
    """
    measured = {indicator.name: indicator for indicator in table.indicators}
    columns = []
    for name, (label, description) in column_labels(table).items():
        column: dict[str, Any] = {
            "name": name,
            "titles": name,
            "dc:title": label,
            "dc:description": description,
            "datatype": "string",
        }
        if name in measured:
            column |= {
                "datatype": "decimal" if measured[name].decimals else "integer",
                # else a symbol would make the whole column one of texts
                "null": list(SYMBOLS),
            }
            if measured[name].unit:
                column["schema:unitText"] = measured[name].unit
        columns.append(column)
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"{table.name}.csv",
        "dc:title": f"{table.title} ({SHORT})" if manifest.get("made_up") else table.title,
        "dc:description": (
            f"{_mark(manifest)}{table.title}, {manifest['region']}, {manifest['census_date']}, "
            f"release {manifest['release']}{in_brackets(manifest)}."
        ),
        **({"schema:creativeWorkStatus": manifest["status"]} if manifest.get("status") else {}),
        **({} if manifest.get("made_up") else {"dc:license": {"@id": LICENCE}}),
        "dc:publisher": f"{manifest['region']} regional sufficiency observatory",
        "notes": [{"symbol": symbol, "means": meaning} for symbol, meaning in SYMBOLS.items()],
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\n"], "header": True},
        "tableSchema": {"columns": columns},
    }


def datapackage_json(
    tables: Mapping[str, PublishedTable],
    manifest: Mapping[str, Any],
    sizes: Mapping[str, tuple[int, str]],
) -> dict[str, Any]:
    """The data package of a release: a resource a table; `sizes` gives each CSV's bytes and
    SHA-256.
    """
    resources = []
    for name, table in tables.items():
        measured = {indicator.name: indicator for indicator in table.indicators}
        fields = [
            {
                "name": column,
                "type": (
                    ("number" if measured[column].decimals else "integer")
                    if column in measured
                    else "string"
                ),
                "title": label,
                "description": description,
            }
            for column, (label, description) in column_labels(table).items()
        ]
        size, sha = sizes[f"{name}.csv"]
        resources.append(
            {
                "profile": "tabular-data-resource",
                "name": name.replace("_", "-"),
                "path": f"{name}.csv",
                "title": table.title,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": size,
                "hash": f"sha256:{sha}",
                "dialect": {"delimiter": ",", "lineTerminator": "\n", "header": True},
                "schema": {"fields": fields, "missingValues": ["", *SYMBOLS]},
            }
        )
    return {
        "profile": "tabular-data-package",
        "name": f"sufficiency-{manifest['census_date']}-r{manifest['release']}",
        "title": (
            f"Places and children in care, {manifest['region']}, {manifest['census_date']}, release"
            f" {manifest['release']}"
            + in_brackets(manifest)
            + (f" ({SHORT})" if manifest.get("made_up") else "")
        ),
        **({"status": manifest["status"]} if manifest.get("status") else {}),
        "description": (
            f"{_mark(manifest)}{_status(manifest)}Small numbers are hidden and others"
            f" rounded{_noise(manifest)}; the symbols are: "
            + "; ".join(f"{symbol} {meaning}" for symbol, meaning in SYMBOLS.items())
            + "."
        ),
        "version": f"{manifest['census_date']}.{manifest['release']}",
        **({} if manifest.get("made_up") else {"licenses": LICENCES}),
        "resources": resources,
    }


def _noise(manifest: Mapping[str, Any]) -> str:
    """What is said of counts with noise, in the middle of a sentence; empty where the release has
    none.
    """
    method = manifest.get("method", {})
    if not method.get("noise"):
        return ""
    settings, step = method["settings_for_noise"], method["round_to"]
    return (
        f", vacant and unavailable places of {settings} or more settings moved by up to"
        f" {step - 1} to a multiple of {step}"
    )


def _mark(manifest: Mapping[str, Any]) -> str:
    """What stands before a description of made-up data."""
    return f"{manifest['made_up']} " if manifest.get("made_up") else ""


def _status(manifest: Mapping[str, Any]) -> str:
    """What stands before a description of a provisional, final or revised release."""
    return f"{text} " if (text := sentence(manifest)) else ""


def parquet(frame: pd.DataFrame, manifest: Mapping[str, Any]) -> bytes:
    """A printed table as Parquet: the same columns, every cell as it was printed. Made-up data, and
    a provisional, final or revised release, say so in its schema's metadata.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    # texts, numbers too: symbols stand among them
    columns = {name: pa.array(frame[name].astype("object"), pa.string()) for name in frame.columns}
    table = pa.table(columns)
    if marks := {name: manifest[name] for name in ("made_up", "status") if manifest.get(name)}:
        table = table.replace_schema_metadata(marks)
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
