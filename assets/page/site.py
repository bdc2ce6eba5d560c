"""The site of a release: its pages, made from the ledger, and kept beside the release's files.

Belongs here: which pages there are, writing them whole or not at all, and whether they are out of
date. Does not belong here: what a page of an area shows (`sections`), and how it looks
(`templates`).

The site may be made again at any time: it shows the ledger and nothing else. It is made anew where
a release that it shows, or the program, has changed.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import shutil
import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assets.intake.provenance import banner
from assets.page import wording
from assets.page.certainty import NOTE_ON_COVERAGE
from assets.page.figures import Area, Edition, Table, newest_releases, read_edition
from assets.page.headline import answers, headline, lede
from assets.page.sections import authority_sections, region_sections
from assets.page.shapes import OCCUPANCY, Cell, DataTable, page_of, the
from assets.page.tracing import described, meaning, origin, returns_behind, summed_up, trace
from assets.publication import lifecycle
from assets.publication.approval import approvals
from assets.publication.disclosure.rules import SAFE, SYMBOLS
from assets.publication.drafts import write_draft_files
from assets.publication.files import remove_what_was_left
from assets.publication.programme import TOTAL
from assets.publication.release import DRAFTS, write_missing_files
from assets.publication.status import FINAL, in_brackets, sentence
from assets.warehouse.models import code_version
from assets.warehouse.tables import region_hash
from resources.showing import shown
from resources.warehouse import Warehouse
from schemas.authorities import HERE as REFERENCE
from schemas.codes import code_set
from schemas.program import hash_of
from schemas.regions import Region
from schemas.returns import contract_version
from schemas.rounding import as_decimal, half_up

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
GLOSSARY = REFERENCE.parent / "glossary.toml"
_CODE = hash_of([*HERE.glob("*.py"), *TEMPLATES.iterdir(), GLOSSARY])
FOLDER = "page"
STAMP = "rests_on.txt"
MOST_QUARTERS = 12
"""Quarters that a trend goes back."""
MOST_ROWS = 60
"""Rows of the region's figures that a table's page shows; the CSV holds all."""
MOST_COLUMNS = 9
MOST_RETURNS = 1500


@dataclass(frozen=True)
class Site:
    """A site that was made, or stood already: its folder, pages and the bytes of the largest of
    them.
    """

    folder: Path
    is_new: bool
    pages: int
    largest: int


@dataclass(frozen=True)
class Download:
    """A file of the release: its name, what it is, and its size in bytes."""

    name: str
    what: str
    size: int


_KINDS = {
    ".csv-metadata.json": "description for machines (CSVW)",
    # before `.csv`, which is the end of this one as well
    ".meta.csv": "metadata (CSV)",
    ".csv": "figures (CSV)",
    ".parquet": "figures (Parquet)",
    ".ods": "spreadsheet (ODS)",
    ".xlsx": "spreadsheet (Excel)",
    "changes.md": "what changed since the release before",
    "datapackage.json": "data package (Frictionless)",
    "manifest.json": "manifest: what it rests on",
}


def downloads(release: Path) -> list[Download]:
    """The files of a release, as they lie in its folder."""
    files = []
    # a name with a dot is a file that is just being written
    for path in (
        sorted(p for p in release.iterdir() if p.is_file() and not p.name.startswith("."))
        if release.is_dir()
        else []
    ):
        what = next(
            (words for ending, words in _KINDS.items() if path.name.endswith(ending)), "file"
        )
        files.append(Download(path.name, what, path.stat().st_size))
    return files


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{max(count / 1000, 1):.0f} kB"


# --- pages
# -----------------------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        # a name that is spelt wrongly is an error, and no blank on a page
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_set,
    )
    environment.filters.update(
        day=wording.day,
        iso=lambda text: wording.day(dt.date.fromisoformat(text)),
        size=_size,
        percent=wording.whole_percent,
    )
    environment.filters["within"] = wording.within
    environment.globals |= {
        "symbols": SYMBOLS,
        "style": Markup(_style()),  # noqa: S704 # nosec B704 - our own file
        "style_hash": _style_hash(),
        "page_of": page_of,
        "the": the,
        "described": described,
    }
    return environment


def _set(value: Any) -> Any:
    """What a template puts out: text as it may be shown, with a printer's apostrophe; everything
    else as it is.
    """
    # the very type: markup is text as well, and stays as it was made
    return shown(value).replace("'", "\u2019") if type(value) is str else value


@cache
def _style() -> str:
    """The one style of all pages, which stands in each of them: a page that is sent alone, or lies
    in a folder, looks the same.
    """
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


def _style_hash() -> str:
    """The hash by which a page's security policy knows its style, and allows no other."""
    return base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()


def pages(
    edition: Edition, files: list[Download], *, is_to_be_approved: bool = False
) -> dict[str, str]:
    """Every page of the site by file name; of a draft each says that it waits for approval."""
    environment = _environment()
    method = edition.manifest.get("method", {})
    common = {
        "edition": edition,
        "files": files,
        "made_up": edition.manifest.get("made_up", ""),
        "is_draft": "gate" not in edition.manifest,
        "is_to_be_approved": is_to_be_approved,
        "status": sentence(edition.manifest),
        "method": method,
        "smallest": method.get("smallest_count_shown", SAFE.smallest_count_shown),
        "round_to": edition.round_to,
        "settings_for_noise": edition.settings_for_noise,
        "missing_may_differ": half_up(as_decimal(100 * edition.region.missing_may_differ), 0),
    }

    def made(template: str, **context: Any) -> str:
        return environment.get_template(template).render(**common, **context)

    returned = returns_behind(edition.manifest, edition.census_date)
    site = {
        "index.html": _area_page(made, edition, edition.here),
        "tables.html": made("tables.html.jinja", here="tables.html"),
        "glossary.html": made("glossary.html.jinja", here="glossary.html", words=glossary(edition)),
        "methods.html": made("methods.html.jinja", here="methods.html"),
        "changes.html": made("changes.html.jinja", here="changes.html", changes=changes(edition)),
        "returns.html": made("returns.html.jinja", here="returns.html", kinds=_by_kind(returned), senders=_by_sender(returned)[:MOST_RETURNS],
                             more=max(len(_by_sender(returned)) - MOST_RETURNS, 0)),
    }  # fmt: skip
    for area in edition.authorities.values():
        site[page_of(area)] = _area_page(made, edition, area)
    for table in edition.tables.values():
        site[f"table-{table.name}.html"] = made(
            "table.html.jinja", here="tables.html", **_about(edition, table, returned, files)
        )
    return site


def _area_page(made: Callable[..., str], edition: Edition, area: Area) -> str:
    sections = region_sections(edition) if area.is_region else authority_sections(edition, area)
    return made(
        "area.html.jinja", here="index.html" if area.is_region else "", area=area, headline=headline(edition, area), lede=lede(edition, area),
        answers=answers(edition, area), sections=sections, sub_region=edition.region.members.get(area.code, ""),
    )  # fmt: skip


def _about(edition: Edition, table: Table, returned: list, files: list[Download]) -> dict[str, Any]:
    """What a table's page says."""
    source = origin(table.name)
    cells = table.frame[list(table.indicators)].to_numpy().ravel()
    counts = pd.Series(cells).value_counts()
    return {
        "table": table,
        "origin": source,
        "behind": summed_up(returned, source.returns) if source else [],
        "traces": [trace(table.about, name) for name in (*table.filters, *table.indicators)],
        "preview": preview(edition, table),
        "preview_is_cut": sum(1 for _ in table.keys(edition.here)) > MOST_ROWS,
        "cells": len(cells),
        "symbol_counts": {s: int(counts.get(s, 0)) for s in SYMBOLS if counts.get(s, 0)},
        "own_files": [f for f in files if f.name.startswith(f"{table.name}.")],
        "note_on_coverage": NOTE_ON_COVERAGE,
        "coverage": (
            _coverage(edition)
            if source and {"provider_settings", "provider_placements"} & source.returns.keys()
            else None
        ),
    }


def preview(edition: Edition, table: Table) -> DataTable | None:
    """The region's rows of a table."""
    keys = list(table.keys(edition.here))[:MOST_ROWS]
    if not keys:
        return None
    names = [", ".join(v for v in key.values() if v != TOTAL) or "All" for key in keys]
    labels = [
        i.label + (f", {i.unit}" if i.unit and i.unit not in i.label else "")
        for i in table.indicators.values()
    ]
    grid = [[table.figure(edition.here, n, **key) for n in table.indicators] for key in keys]
    caption = f"{table.about.title}: {edition.region.name}, {wording.day(edition.census_date)}"
    if (
        len(keys) <= MOST_COLUMNS < len(labels)
    ):  # few rows of many figures read better the other way round
        return DataTable(
            caption,
            "Figure",
            names,
            [
                (Cell(label), list(column))
                for label, column in zip(labels, zip(*grid, strict=True), strict=True)
            ],
        )
    return DataTable(
        caption,
        ", ".join(table.about.filters.values()) or "Area",
        labels,
        [(Cell(n), row) for n, row in zip(names, grid, strict=True)],
    )


def _coverage(edition: Edition) -> DataTable | None:
    """How much of the register returned, by type of provision: the coverage of everything that
    rests on the provider census.
    """
    table = edition.table(OCCUPANCY)
    names = [
        n
        for n in (
            "settings_registered",
            "settings_returned",
            "coverage_settings",
            "coverage_places",
        )
        if table and n in table.indicators
    ]
    if not table or not names:
        return None
    kinds = [
        k
        for k in table.values["provision_type"]
        if (table.figure(edition.here, "settings_registered", provision_type=k).number or 0) > 0
    ]
    labels = {
        "settings_registered": "Registered",
        "settings_returned": "Returned",
        "coverage_settings": "Of settings",
        "coverage_places": "Of places",
    }
    rows = [
        (Cell(k), [table.figure(edition.here, n, provision_type=k) for n in names]) for k in kinds
    ]
    return (
        DataTable(
            f"How much of the register returned: {edition.region.name}",
            "Type of provision",
            [labels[n] for n in names],
            rows,
        )
        if rows
        else None
    )


def _by_kind(returned: list) -> list[tuple[str, str, int, int, list[str]]]:
    """Kind of return, its table, how many, from how many senders, of which dates."""
    kinds: dict[str, list] = {}
    for r in returned:
        kinds.setdefault(r.table, []).append(r)
    return [
        (
            rs[0].title,
            name,
            len(rs),
            len({r.sender for r in rs}),
            sorted({r.census_date for r in rs}),
        )
        for name, rs in sorted(kinds.items())
    ]


def _by_sender(returned: list) -> list[tuple[str, list]]:
    senders: dict[str, list] = {}
    for r in returned:
        senders.setdefault(r.sender, []).append(r)
    return sorted(senders.items(), key=lambda item: (item[0].startswith("provider"), item[0]))


def glossary(edition: Edition) -> dict[str, list[tuple[str, str]]]:
    """Words, types of provision and the columns of the published tables, each with its meaning."""
    words = [
        (w["term"], w["meaning"])
        for w in tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["word"]
    ]
    named = {
        name for table in edition.tables.values() for name in (*table.filters, *table.indicators)
    }
    columns = {name: text for name in named if (text := meaning(name))}
    kinds = [(label, "") for label in code_set("provision_type").labels]
    return {"words": sorted(words), "kinds": kinds, "columns": sorted(columns.items())}


# --- what changed
# ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changes:
    """What a release changed against the one before it of the same date: returns that came, went or
    were replaced, and cells that moved by table.
    """

    since: int
    came: list[tuple[str, str]]
    went: list[tuple[str, str]]
    replaced: list[tuple[str, str]]
    program: bool
    contracts: bool
    tables: list[tuple[str, str, int, int]]


def changes(edition: Edition) -> Changes | None:
    """What changed since the release before; None for the first release of a date."""
    before = edition.before
    if not before:
        return None

    def known(manifest: Mapping[str, Any]) -> dict[tuple[str, str, str], int]:
        return {
            (r["sender"], r["table_name"], r["census_date"]): r["version"]
            for r in manifest.get("returns", [])
        }

    def named(keys: set[tuple[str, str, str]]) -> list[tuple[str, str]]:
        # no version is told here, but returns are read as a manifest has them
        manifest = {
            "returns": [
                {"sender": s, "table_name": t, "census_date": d, "version": 0}
                for s, t, d in sorted(keys)
            ]
        }
        return [(r.sender, r.title) for r in returns_behind(manifest, edition.census_date)]

    now, then = known(edition.manifest), known(before.manifest)
    tables = []
    for name, table in edition.tables.items():
        older = before.tables.get(name)
        moved = _moved(older, table) if older else len(table.frame) * len(table.indicators)
        tables.append((name, table.about.title, moved, len(table.frame) * len(table.indicators)))
    return Changes(
        before.number,
        named(now.keys() - then.keys()),
        named(then.keys() - now.keys()),
        named({key for key in now.keys() & then.keys() if now[key] != then[key]}),
        edition.manifest.get("code_version") != before.manifest.get("code_version"),
        edition.manifest.get("contract_version") != before.manifest.get("contract_version"),
        tables,
    )


def _moved(older: Table, newer: Table) -> int:
    """How many cells of a table read otherwise than in the release before; cells that are new
    count.
    """
    keys = ["old_la_code", *newer.filters]
    if not set(keys) <= set(older.frame.columns):
        return len(newer.frame) * len(newer.indicators)
    # a row that was not there has no text of then, which differs from any text
    both = newer.frame.merge(older.frame, on=keys, how="left", suffixes=("", " before"))
    return int(
        sum(
            (both[n] != both[f"{n} before"]).sum() if f"{n} before" in both else len(both)
            for n in newer.indicators
        )
    )


# --- making and keeping
# ----------------------------------------------------------------------------------


@cache
def _program() -> str:
    """A hash of everything of the program that the pages are made with."""
    return "/".join([_CODE, code_version(), contract_version()])


class Sites:
    """Makes the sites of one warehouse; each release is read from the ledger once."""

    def __init__(self, warehouse: Warehouse, region: Region, releases: Path) -> None:
        self.warehouse, self.region, self.releases = warehouse, region, releases
        self._read: dict[tuple[dt.date, int], Edition] = {}
        self.newest = newest_releases(warehouse)
        self._hashes = {(r.census_date, r.release_number): r.content_hash
                        for r in warehouse.rows("select census_date, release_number, content_hash from published.release")}  # fmt: skip

    def _edition(self, date: dt.date, number: int) -> Edition:
        if (date, number) not in self._read:
            self._read[date, number] = read_edition(self.warehouse, date, number, self.region)
        return self._read[date, number]

    def _shown(self, date: dt.date, number: int) -> list[tuple[dt.date, int]]:
        """The releases that the site of one shows: earlier dates', the one before of its own date,
        and itself.
        """
        # they are in the order of their dates: the last are the nearest
        earlier = [(d, n) for d, n in self.newest.items() if d < date][-MOST_QUARTERS:]
        return [*earlier, *([(date, number - 1)] if number > 1 else []), (date, number)]

    def _stamp(self, releases: list[tuple[dt.date, int]]) -> str:
        shown = "".join(f"{d} r{n} {self._hashes[d, n]}\n" for d, n in releases)
        return f"{shown}region {region_hash(self.region)}\nprogram {_program()}\n"

    def later(self, dates: list[dt.date]) -> list[dt.date]:
        """The census dates from the first of `dates` on that have a release: those whose pages show
        one of them.
        """
        return [d for d in self.newest if dates and d >= min(dates)]

    def make(self, date: dt.date, number: int | None = None) -> Site | None:
        """The site of a release (the newest of the date unless a number is given), made where it is
        missing or out of date.

        None where the date has no release. The site is written beside the one that stands, then
        takes its place.
        """
        number = number or self.newest.get(date)
        if number is None:
            return None
        release = self.releases / date.isoformat() / f"r{number}"
        stamp = self._stamp(self._shown(date, number))
        if standing := _as_it_stands(release / FOLDER, stamp):
            return standing
        # before the pages, which name the release's files and their sizes
        write_missing_files(self.warehouse, date, self.releases)
        edition = replace(self._edition(date, number), **self._beside(date, number))
        return _put(release / FOLDER, pages(edition, downloads(release)), stamp)

    def make_draft(self, date: dt.date, number: int, mark: str, folder: Path) -> Site:
        """The site of a draft, beside its files in `folder`, as it will be; each page says that it
        is one.
        """
        # a draft is no release yet: the stamp knows it by its own mark
        shown = self._shown(date, number)[:-1]
        stamp = f"draft {date} r{number} {mark}\n{self._stamp(shown)}"
        if standing := _as_it_stands(folder / FOLDER, stamp):
            return standing
        edition = replace(
            read_edition(self.warehouse, date, number, self.region, DRAFTS),
            **self._beside(date, number),
        )
        return _put(
            folder / FOLDER, pages(edition, downloads(folder), is_to_be_approved=True), stamp
        )

    def _beside(self, date: dt.date, number: int) -> dict[str, Any]:
        """What a site shows besides its own release: earlier dates' newest, and the one before."""
        earlier = tuple(self._edition(d, n) for d, n in self._shown(date, number) if d < date)
        return {
            "earlier": earlier,
            "before": self._edition(date, number - 1) if number > 1 else None,
        }

    def without_a_page(self) -> list[tuple[dt.date, int]]:
        """Earlier releases of a date whose page is not there: it was taken away when their manifest
        was reissued.
        """
        return [
            (d, n)
            for d, n in self._hashes
            if n != self.newest[d]
            and not (self.releases / d.isoformat() / f"r{n}" / FOLDER).is_dir()
        ]

    def write_contents(self) -> Path:
        """`index.html` of the releases' folder: every release, the newest first, and the way to its
        page.
        """
        query = (
            "select census_date, release_number, status from published.release_status order by"
            " census_date desc, release_number desc"
        )
        rows = self.warehouse.rows(query)
        entries = [
            (
                r.census_date,
                f"{r.release_number}{in_brackets(r.status)}",
                r.release_number,
                self._has_page(r),
            )
            for r in rows
        ]
        self.releases.mkdir(parents=True, exist_ok=True)
        text = (
            _environment()
            .get_template("releases.html.jinja")
            .render(
                region=self.region,
                place=the(self.region.name),
                entries=entries,
                made_up=banner(self.warehouse),
                quarters=quarters_as_told(self.warehouse, self.region),
            )  # fmt: skip
        )
        # whole or not at all: somebody may be reading it
        making = self.releases / ".index.making"
        making.write_text(text, encoding="utf-8")
        making.replace(self.releases / "index.html")
        return self.releases / "index.html"

    def _has_page(self, row: Any) -> bool:
        return (
            self.releases
            / row.census_date.isoformat()
            / f"r{row.release_number}"
            / FOLDER
            / "index.html"
        ).is_file()


FINAL_TOLD = "Published; its final release is being prepared"
"""What the public is told of a quarter whose provisional release is to be followed by the final
one.
"""


def quarters_as_told(
    warehouse: Warehouse, region: Region
) -> list[tuple[dt.date, str, dt.date | None, dt.date | None]]:
    """What the public is told of each quarter, the newest first: its state, the day of its newest
    release, and the day on which one is planned.
    """
    known = lifecycle.lives(warehouse)
    # the newest approval comes first, so in reverse it is the last to be taken
    released = {row.census_date: row.happened_at.date() for row in reversed(approvals(warehouse))}
    lines = []
    for date in sorted(
        {
            *known,
            *(row.census_date for row in warehouse.rows("select census_date from raw.quarter")),
        },
        reverse=True,
    ):
        now = known.get(date, lifecycle.Life(date))
        is_out = date in released or now.state == lifecycle.PUBLISHED
        planned = None if is_out or now.is_held else region.timetable.day(date, "publication")
        state = (
            FINAL_TOLD
            if now.state == lifecycle.CORRECTION and now.status == FINAL
            else lifecycle.TOLD[now.state]
        )
        lines.append(
            (date, "On hold" if now.is_held and not is_out else state, released.get(date), planned)
        )
    return lines


def bring_sites_up_to_date(
    warehouse: Warehouse,
    region: Region,
    releases: Path,
    dates: list[dt.date] | None = None,
    say: Callable[[str], object] = print,
) -> list[Site]:
    """The sites of the newest releases, made where they are missing or out of date: of `dates` and
    later ones, whose trends show them, or of all. `say` is told of each that was made; only those
    are given.
    """
    sites = Sites(warehouse, region, releases)
    written = []
    for date in sites.later(dates) if dates is not None else sites.newest:
        site = sites.make(date)
        if site and site.is_new:
            say(f"{date}: the observatory page made, {site.pages} pages")
            written.append(site)
    for date, number in sites.without_a_page():
        sites.make(date, number)
    sites.write_contents()
    return written


def bring_drafts_up_to_date(
    warehouse: Warehouse,
    region: Region,
    drafts: Path,
    releases: Path,
    say: Callable[[str], object] = print,
) -> dict[dt.date, Path]:
    """The files and the site of every draft, made where they are missing or out of date; those of
    drafts that are gone go. Gives each folder.
    """
    folders = write_draft_files(warehouse, drafts)
    sites = Sites(warehouse, region, releases) if folders else None
    for row in warehouse.rows("select census_date, release_number from raw.draft order by 1"):
        if sites and (folder := folders.get(row.census_date)):
            site = sites.make_draft(row.census_date, row.release_number, folder.name, folder)
            if site.is_new:
                say(f"{row.census_date}: the draft's page made, {site.pages} pages")
    (
        sites or Sites(warehouse, region, releases)
    ).write_contents()  # a quarter that was closed or drafted says so
    return folders


def _as_it_stands(folder: Path, stamp: str) -> Site | None:
    """The site that stands in a folder, if it was made from what the stamp says."""
    standing = folder / STAMP
    if not standing.is_file() or standing.read_text(encoding="utf-8") != stamp:
        return None
    sizes = [p.stat().st_size for p in folder.glob("*.html")]
    return Site(folder, False, len(sizes), max(sizes, default=0))


def _put(folder: Path, site: dict[str, str], stamp: str) -> Site:
    contents = {name: text.encode("utf-8") for name, text in site.items()}
    _write(folder, contents | {STAMP: stamp.encode("utf-8")})
    return Site(folder, True, len(contents), max(map(len, contents.values())))


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the files in `folder`, whole: what stood there is only taken away when the new ones are
    all written.
    """
    mine = uuid.uuid4().hex[:12]  # two runs may be at it
    making, old = (
        folder.with_name(f".{folder.name}.{mine}.{state}") for state in ("making", "old")
    )
    remove_what_was_left(folder.parent)
    making.mkdir(parents=True)
    for name, content in files.items():
        (making / name).write_bytes(content)
    # the first site of a release takes no other's place
    with contextlib.suppress(FileNotFoundError):
        folder.rename(old)
    try:
        making.rename(folder)
    except OSError:  # another run was there between the two: what it has put there is as good
        shutil.rmtree(making, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
