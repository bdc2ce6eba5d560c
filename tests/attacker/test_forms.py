"""One release in all its forms: files, workbook, page and database tell the same, cell by cell, and
nothing besides: no hash of what was returned, no moment, no order that tells something.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pyarrow.parquet as parquet
import pytest

from tests.attacker.reading import FRONT, REGION, Edition, programme, read_editions

HEX = re.compile(r"(?<![0-9a-zA-Z])[0-9a-f]{8,128}(?![0-9a-zA-Z])")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?!:00(?:Z|\.0+Z|\+00:00)?)|\d{10}\.\d+")
"""A moment other than a whole minute's: a clock was asked."""
LETTERS = (".json", ".md", ".html", ".txt", ".csv", ".xml", ".rels", ".svg", ".css")


@pytest.fixture(scope="module")
def editions(world) -> list[Edition]:
    return read_editions(world.releases)


def test_there_are_releases_to_attack(editions):
    assert editions and all(len(e.tables) > 10 for e in editions)


def test_parquet_tells_what_the_csv_tells(editions):
    for edition in editions:
        for name, table in edition.tables.items():
            other = parquet.read_table(edition.folder / f"{name}.parquet").to_pandas()
            assert list(other) == list(table.frame), (edition.name, name)
            assert (other.astype(str).to_numpy() == table.frame.to_numpy()).all(), (
                edition.name,
                name,
            )


def test_the_database_tells_what_the_csv_tells(world, editions):
    for edition in editions:
        cells = world.warehouse.rows(
            "select table_name, row_order, measure, value, keys from published.cell "
            "where census_date = :d and release_number = :n",
            d=edition.date, n=edition.number,
        )  # fmt: skip
        told = {(c.table_name, c.row_order, c.measure): c.value for c in cells}
        expected = {}
        for name, table in edition.tables.items():
            for measure in [c for c in table.frame if c not in {*FRONT, *table.filters}]:
                for row, value in enumerate(table.columns[measure]):
                    expected[name, row, measure] = value
        assert told == expected, edition.name
        for cell in cells:
            table = edition.tables[cell.table_name]
            for column, value in cell.keys.items():
                assert table.columns[column][cell.row_order] == value, (edition.name, cell)


def _as_text(value: object) -> str:
    text = "" if value is None else str(value)
    return text.removeprefix("[").removesuffix("]")


def test_the_workbook_tells_what_the_csv_tells(editions):
    for edition in editions:
        book = openpyxl.load_workbook(edition.folder / "tables.xlsx", read_only=True)
        sheets = [s for s in book.sheetnames if s.startswith("Table_")]
        names = list(edition.manifest["tables"])
        found = {}
        for sheet in sheets:
            rows = list(book[sheet].iter_rows(values_only=True))
            start = next(n for n, row in enumerate(rows) if row[0] == "Area type")
            found[sheet] = [
                row for row in rows[start + 1 :] if row[0] in ("Regional", "Local authority")
            ]
        book.close()
        assert len(sheets) == len(names)
        unmatched = dict(edition.tables)
        for sheet, rows in found.items():
            name = next((n for n, t in unmatched.items() if _same(rows, t)), None)
            assert name, f"{edition.name}: no table tells what {sheet} does"
            del unmatched[name]


def _same(rows: list[tuple], table) -> bool:
    columns = [c for c in table.frame if c not in FRONT]
    if len(rows) != len(table.frame) or any(len(row) - 3 < len(columns) for row in rows[:1]):
        return False
    for n, row in enumerate(rows):
        for column, value in zip(columns, row[3:], strict=False):
            if not _equal(_as_text(value), table.columns[column][n]):
                return False
    return True


def _equal(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


class _Tables(HTMLParser):
    """The tables of a page: caption, and rows of texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[tuple[list[str], list[list[str]]]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append(([], []))
        elif tag == "tr" and self.tables:
            self.tables[-1][1].append([])
        elif tag in ("td", "th") and self.tables:
            self.tables[-1][1][-1].append("")
        if tag in ("td", "th", "caption"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data):
        if not self.tables or not self.inside:
            return
        if self.inside[-1] == "caption":
            self.tables[-1][0].append(data)
        elif self.tables[-1][1] and self.tables[-1][1][-1]:
            self.tables[-1][1][-1][-1] += data


def _plain(text: str) -> str:
    return re.sub(r"[£%,\s\[\]]|a week", "", text.replace("\u2212", "-"))


def test_the_page_tells_what_the_csv_tells(editions):
    compared = 0
    for edition in editions:
        for name, table in edition.tables.items():
            path = edition.folder / "page" / f"table-{name}.html"
            if not path.exists():
                continue
            page = _Tables()
            page.feed(path.read_text(encoding="utf-8"))
            rows = [row for row in page.tables[-1][1][1:] if row]
            columns = [c for c in table.frame if c not in {*FRONT, *table.filters}]
            printed = [n for key, n in table.at.items() if key[0] == REGION]
            grid = [[table.columns[c][n] for c in columns] for n in printed]
            if page.tables[-1][1][0][0] == "Figure":
                grid = [list(line) for line in zip(*grid, strict=True)]
            for row, expected in zip(rows, grid, strict=False):
                assert len(row) - 1 == len(expected), (edition.name, name)
                for told, value in zip(row[1:], expected, strict=True):
                    assert _equal(_plain(told), value), (edition.name, name, row[0], told, value)
                    compared += 1
    assert compared or not any((e.folder / "page").exists() for e in editions)


def _texts(edition: Edition) -> dict[str, str]:
    """Everything that is text in a release's folder, workbooks' parts included."""
    found = {}
    for path in sorted(edition.folder.rglob("*")):
        name = str(path.relative_to(edition.folder))
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                for part in parts.namelist():
                    found[f"{name}/{part}"] = parts.read(part).decode("utf-8", "replace")
        elif path.suffix == ".parquet":
            found[name] = str(parquet.read_schema(path).metadata)
        elif path.suffix in LETTERS:
            found[name] = path.read_text(encoding="utf-8")
        if path.name == "rests_on.txt":  # beside releases, the program's and the region's files
            lines = found[name].splitlines()
            found[name] = "\n".join(x for x in lines if not x.startswith(("region ", "program ")))
    return found


def _published_hashes(world, editions: list[Edition]) -> set[str]:
    """Hashes that anybody can work out of what is published."""
    known = set()
    for edition in editions:
        for path in edition.folder.rglob("*"):
            if path.is_file():
                known |= {hashlib.new(k, path.read_bytes()).hexdigest() for k in ("sha256", "md5")}
        every = hashlib.sha256()
        for name in (n for n in programme().rules if n in edition.manifest["tables"]):
            content = (edition.folder / f"{name}.csv").read_bytes()
            every.update(name.encode() + b"\0" + content)
        known.add(every.hexdigest())
        for name in edition.manifest["tables"]:
            text = (edition.folder / f"{name}.csv").read_bytes()
            known |= {hashlib.sha256(text.replace(b"\r\n", b"\n")).hexdigest()}
            known |= {hashlib.sha256(text.removeprefix(b"\xef\xbb\xbf")).hexdigest()}
    return known


def _private_hashes(world) -> set[str]:
    """Hashes of what was returned, each file and each line of it, by every usual function: what a
    brute force would find if any of them were published.
    """
    found = set()
    for path in Path(world.landing).rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        lines = content.splitlines() if path.suffix == ".csv" else []
        for piece in [content, *lines]:
            found |= {hashlib.new(k, piece).hexdigest() for k in ("md5", "sha1", "sha256")}
    return found


def test_no_hash_is_of_anything_that_is_not_published(world, editions):
    """Every hash in a release is one of published bytes, or the same in all releases (the
    program's), and none is the beginning of one of a return's.
    """
    published = _published_hashes(world, editions)
    by_edition = []
    for edition in editions:
        tokens: dict[str, str] = {}
        for where, text in _texts(edition).items():
            if where.endswith((".css", ".svg")) or "/theme/" in where or "/styles" in where:
                continue
            for token in HEX.findall(text):
                if re.search("[a-f]", token) and re.search("[0-9]", token):
                    tokens.setdefault(token, where)
        by_edition.append(tokens)
    everywhere = set.intersection(*(set(t) for t in by_edition))
    private = {h[:8] for h in _private_hashes(world)}
    for edition, tokens in zip(editions, by_edition, strict=True):
        odd = {t: w for t, w in tokens.items() if t not in published and t not in everywhere}
        assert not odd, f"{edition.name}: hashes of what? {dict(list(odd.items())[:8])}"
        tried = {t: w for t, w in tokens.items() if t[:8] in private and t not in published}
        assert not tried, f"{edition.name}: hashes of returns: {tried}"


def test_the_ledger_holds_no_hash_of_a_return(world, editions):
    published = _published_hashes(world, editions)
    rows = world.warehouse.rows(
        "select census_date, release_number, content_hash, manifest::text as said "
        "from published.release"
    )
    same = None
    for row in rows:
        assert row.content_hash in published, (row.census_date, row.release_number)
        tokens = {t for t in HEX.findall(row.said) if re.search("[a-f]", t)} - published
        same = tokens if same is None else same & tokens
        assert tokens == same, f"{row.census_date} r{row.release_number}: {tokens - same}"


def test_no_clock_is_told(editions):
    for edition in editions:
        for where, text in _texts(edition).items():
            found = MOMENT.findall(text)
            assert not found, f"{edition.name} {where}: {found[:3]}"


def test_rows_stand_in_an_order_that_tells_nothing(editions):
    """Areas by code; categories in one order, the same for every area and in every edition."""
    orders: dict[str, list[tuple[str, ...]]] = {}
    for edition in editions:
        for name, table in edition.tables.items():
            areas: dict[str, list[tuple[str, ...]]] = {}
            for key in table.at:
                areas.setdefault(key[0], []).append(key[1:])
            assert list(areas) == sorted(areas), (edition.name, name)
            for area, rows in areas.items():
                whole = orders.setdefault(name, [])
                place = {row: n for n, row in enumerate(areas[REGION])}
                numbers = [place[row] for row in rows if row in place]
                assert numbers == sorted(numbers), (edition.name, name, area)
                if area == REGION:
                    both = [row for row in whole if row in place]
                    assert both == sorted(both, key=place.__getitem__), (edition.name, name)
                    orders[name] = rows
