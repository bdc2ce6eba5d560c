"""Files of a release: tidy CSVs with their metadata, Parquet, descriptions, a spreadsheet, the
manifest. The same release gives the same bytes.

Belongs here: DfE's metadata, and writing a release that stands in the ledger to its folder, whole
or not at all. Does not belong here: what is in it (`tables`), whether it is new (`release`). The
observatory page lies in the folder's `page/`: it is made from the ledger after the release, and may
be made again.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd

from assets.publication.programme import PublishedTable, as_released
from resources.provenance import SHORT

META_COLUMNS = [
    "col_name", "col_type", "label", "indicator_grouping", "indicator_unit", "indicator_dp", "filter_hint", "filter_grouping_column",
]  # fmt: skip


_LONGEST_WRITING = 3600
"""Seconds after which a folder that is still being written is one of a run that died."""


def table_csv(frame: pd.DataFrame) -> bytes:
    """A published table as CSV: UTF-8, header first, comma, LF."""
    # pandas ends lines as the system does, and the hash would differ between systems
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def meta_csv(table: PublishedTable, manifest: Mapping[str, Any]) -> bytes:
    """The metadata of a published table in DfE's layout: one row a filter and an indicator. Labels
    of made-up data say so.
    """
    mark = f" ({SHORT})" if manifest.get("made_up") else ""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(META_COLUMNS)
    for name, label in table.filters.items():
        writer.writerow(
            [
                name,
                "Filter",
                f"{label}{mark}",
                "",
                "",
                "",
                f"Filter by {label[0].lower()}{label[1:]}",
                "",
            ]
        )
    for indicator in table.indicators:
        writer.writerow(
            [
                indicator.name,
                "Indicator",
                f"{indicator.label}{mark}",
                "",
                indicator.unit,
                indicator.decimals,
                "",
                "",
            ]
        )
    return buffer.getvalue().encode("utf-8")


def manifest_json(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as JSON, keys sorted."""
    return (json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode(
        "utf-8"
    )


def release_files(
    tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any]
) -> dict[str, bytes]:
    """All files of a release by name."""
    from assets.publication.describing import csvw_json, datapackage_json, parquet
    from assets.publication.spreadsheet import spreadsheet

    known = as_released(tables)
    files = {}
    for name, table in known.items():
        files[f"{name}.csv"] = table_csv(tables[name])
        files[f"{name}.meta.csv"] = meta_csv(table, manifest)
        files[f"{name}.csv-metadata.json"] = manifest_json(csvw_json(table, manifest))
        files[f"{name}.parquet"] = parquet(tables[name], manifest)
    # the data package describes the CSVs alone
    sizes = {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in files.items()
        if name.endswith(".csv")
    }
    files["datapackage.json"] = manifest_json(datapackage_json(known, manifest, sizes))
    files["tables.xlsx"] = spreadsheet(tables, manifest)
    files["changes.md"] = str(manifest.get("changes", "")).encode("utf-8")
    files["manifest.json"] = _manifest_file(manifest)
    return files


def _manifest_file(manifest: Mapping[str, Any]) -> bytes:
    # what changed has a file of its own
    return manifest_json({key: value for key, value in manifest.items() if key != "changes"})


def replace_manifest(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Put the ledger's manifest in place of one that was withdrawn, whole or not at all. Gives
    whether there was such a one.

    What names the returns in the observatory page beside it was made from the old one: the page
    goes, and is made anew.
    """
    path, content = folder / "manifest.json", _manifest_file(manifest)
    if "reissued" not in manifest or (path.exists() and path.read_bytes() == content):
        return False
    # the page first: a run that dies between finds the old manifest, and comes here again
    shutil.rmtree(folder / "page", ignore_errors=True)
    making = folder / ".manifest.json.making"
    making.write_bytes(content)
    making.replace(path)
    return True


def damage(folder: Path, manifest: Mapping[str, Any]) -> str:
    """What of a release's folder is not as the ledger's manifest says; blank where all of it is."""
    for name, described in manifest["tables"].items():
        if not described["rows"]:  # the ledger holds no cell of it, so it has no file
            continue
        path = folder / f"{name}.csv"
        if not path.is_file():
            return f"{path.name} is missing"
        if hashlib.sha256(path.read_bytes()).hexdigest() != described["sha256"]:
            return f"{path.name} differs"
    return "" if (folder / "manifest.json").is_file() else "manifest.json is missing"


def set_aside(folder: Path) -> Path:
    """Take a folder out of the way without losing it: under a name that nothing serves."""
    # what was set aside before stays: each has a number of its own
    number = 1
    while (kept := folder.with_name(f".{folder.name}.set-aside-{number}")).exists():
        number += 1
    folder.rename(kept)
    return kept


def put_in_place(
    folder: Path, files: Mapping[str, bytes], lock: Callable[[], AbstractContextManager[object]]
) -> bool:
    """Write files to `folder`, whole or not at all: to a folder of this run's own, on the disk, and
    then renamed while the writers' `lock` is held.

    Gives whether they were needed: what another run has put there meanwhile stays.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_what_was_left(folder.parent)
    # two runs may write the same release at once: each has a name of its own
    making = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:12]}.making")
    making.mkdir()
    try:
        for name, content in files.items():
            with (making / name).open("wb") as file:
                file.write(content)
                file.flush()
                # a rename may reach the disk before what was written: after a power cut the folder
                # would stand there with empty files
                os.fsync(file.fileno())
        _on_the_disk(making)
        with lock():
            if folder.exists():
                return False
            making.rename(folder)
            # the new name is an entry of the folder above
            _on_the_disk(folder.parent)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return True


def _on_the_disk(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_what_was_left(parent: Path) -> None:
    """Folders of runs that were killed while they wrote; one that is younger may be another run's,
    at work.
    """
    for left in (*parent.glob(".*.making"), *parent.glob(".*.old")):
        # another run may remove it, or put it in place, at this moment
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LONGEST_WRITING:
                shutil.rmtree(left, ignore_errors=True)
