"""Files of a release: tidy CSVs with their metadata, Parquet, descriptions, a spreadsheet, the manifest. The same release gives the same bytes.

Belongs here: DfE's metadata, and writing a release that stands in the ledger to its folder, whole or not at all.
Does not belong here: what is in it (`tables`), whether it is new (`release`). The observatory page lies in the folder's `page/`: it is made
from the ledger after the release, and may be made again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from assets.publication.programme import PUBLISHED_TABLES, PublishedTable
from resources.provenance import SHORT

META_COLUMNS = [
    "col_name", "col_type", "label", "indicator_grouping", "indicator_unit", "indicator_dp", "filter_hint", "filter_grouping_column",
]  # fmt: skip


def table_csv(frame: pd.DataFrame) -> bytes:
    """A published table as CSV: UTF-8, header first, comma, LF."""
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def meta_csv(table: PublishedTable, manifest: Mapping[str, Any]) -> bytes:
    """The metadata of a published table in DfE's layout: one row a filter and an indicator. Labels of made-up data say so."""
    mark = f" ({SHORT})" if manifest.get("made_up") else ""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(META_COLUMNS)
    for name, label in table.filters.items():
        writer.writerow([name, "Filter", f"{label}{mark}", "", "", "", f"Filter by {label[0].lower()}{label[1:]}", ""])
    for indicator in table.indicators:
        writer.writerow([indicator.name, "Indicator", f"{indicator.label}{mark}", "", indicator.unit, indicator.decimals, "", ""])
    return buffer.getvalue().encode("utf-8")


def manifest_json(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as JSON, keys sorted."""
    return (json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def release_files(tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """All files of a release by name."""
    from assets.publication.describing import csvw_json, datapackage_json, parquet
    from assets.publication.spreadsheet import spreadsheet

    known = {table.name: table for table in PUBLISHED_TABLES if table.name in tables}
    files = {}
    for name, table in known.items():
        files[f"{name}.csv"] = table_csv(tables[name])
        files[f"{name}.meta.csv"] = meta_csv(table, manifest)
        files[f"{name}.csv-metadata.json"] = manifest_json(csvw_json(table, manifest))
        files[f"{name}.parquet"] = parquet(tables[name], manifest)
    sizes = {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items() if name.endswith(".csv")}
    files["datapackage.json"] = manifest_json(datapackage_json(known, manifest, sizes))
    files["tables.xlsx"] = spreadsheet(tables, manifest)
    files["changes.md"] = str(manifest.get("changes", "")).encode("utf-8")
    files["manifest.json"] = _manifest_file(manifest)
    return files


def _manifest_file(manifest: Mapping[str, Any]) -> bytes:
    return manifest_json({key: value for key, value in manifest.items() if key != "changes"})


def replace_manifest(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Put the ledger's manifest in place of one that was withdrawn, whole or not at all. Gives whether there was such a one.

    What names the returns in the observatory page beside it was made from the old one: the page goes, and is made anew.
    """
    path, content = folder / "manifest.json", _manifest_file(manifest)
    if "reissued" not in manifest or (path.exists() and path.read_bytes() == content):
        return False
    shutil.rmtree(folder / "page", ignore_errors=True)
    making = folder / ".manifest.json.making"
    making.write_bytes(content)
    making.replace(path)
    return True


def write_release(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Write a release to `folder`, whole or not at all. Gives whether it had to be written; what stands there is never changed."""
    if folder.exists():
        return False
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    for name, content in files.items():
        with (making / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    making.rename(folder)
    return True
