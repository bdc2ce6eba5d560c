"""What a sender may put into the landing place cannot stop the quarter: one file's fault is a
finding of that file, and names it.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import zipfile

import pytest
import xlsxwriter
from click.testing import CliRunner
from xlsxwriter.utility import xl_col_to_name

from assets.answering.outbox import answer_quarter
from assets.intake import loading, opening
from assets.intake.loading import take_in
from pipelines import command
from resources import sealing
from tests import builders
from tests.conftest import KEY
from tests.pipeline import test_ssda903 as ssda903

DATE = "2025-03-31"
DAY = dt.date.fromisoformat(DATE)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def bomb() -> bytes:
    """A workbook of 1 kB that, opened, asks for 549 GB: a cell without a reference in the last row,
    and one in the last column.
    """
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="XFD1"><v>1</v></c></row>'
        '<row r="1048576"><c><v>1</v></c></row></sheetData></worksheet>'
    )
    made, changed = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.add_worksheet()
    with (
        zipfile.ZipFile(made) as parts,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in parts.namelist():
            archive.writestr(
                name, sheet if name == "xl/worksheets/sheet1.xml" else parts.read(name)
            )
    return changed.getvalue()


def test_no_file_of_one_sender_stops_the_others(
    embedded_warehouse, landing, bring, tmp_path, monkeypatch
):
    monkeypatch.delenv(sealing.VARIABLE, raising=False)
    good = landing.drop(DATE, "352", "good.csv", builders.census([{}] * 3, "Manchester"))
    landing.drop(DATE, "356", "sealed.csv", b"OBSERVATORY-SEALED-1\n1234567")
    landing.drop(DATE, "356", "bomb.xlsx", bomb())
    landing.drop(DATE, "356", "line.csv", b"a," * 1_500_000)
    landing.drop(DATE, "356", "2099.csv", b"\0" * 10)
    landing.drop(DATE, "356", os.fsdecode(b"\xff\x1b[31m\n.csv"), b"nothing")
    folder = good.parents[1] / "356"
    os.utime(folder / "2099.csv", (4_070_908_800, 4_070_908_800))
    os.mkfifo(folder / "pipe.csv")
    (folder / "link.csv").symlink_to(good)
    (folder / "folder.csv").mkdir()
    bring(embedded_warehouse, landing, DATE)
    assert (
        embedded_warehouse.scalar("select sum(placements) from curated.commissioned_placements")
        == 3
    )
    found = embedded_warehouse.rows(
        "select s.sender, f.rule from raw.finding as f join raw.submission as s using"
        " (submission_id) where f.severity = 'rejects the file'"
    )
    assert {row.sender for row in found} == {"356"}
    assert sorted(row.rule for row in found) == [
        "empty_file", "no_recognised_table", "not_a_file", "not_a_file", "not_a_spreadsheet", "too_large", "unreadable_file",
    ]  # fmt: skip
    assert (
        answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "outbox"), DAY, KEY) == 8
    )
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 0


def test_a_file_that_goes_between_listing_and_reading_is_as_if_it_had_not_come(
    embedded_warehouse, landing, monkeypatch
):
    landing.drop(DATE, "352", "good.csv", builders.census([{}] * 3, "Manchester"))
    gone = landing.drop(DATE, "356", "gone.csv", builders.census([{}]))
    place = landing.place
    listed = place.files(DAY)
    gone.unlink()
    monkeypatch.setattr(place, "files", lambda _: listed)
    assert take_in(embedded_warehouse, place, DAY, KEY).rows_loaded == 3
    assert embedded_warehouse.scalar("select count(*) from raw.submission") == 1


def wide(columns: int, rows: int, sheets: int) -> bytes:
    """A workbook whose cells in the last column, of the last row, have a number in them."""
    last = f'<row r="{rows}"><c r="{xl_col_to_name(columns - 1)}{rows}"><v>1</v></c></row>'
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{last}</sheetData></worksheet>'
    made, changed = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        for _ in range(sheets):
            book.add_worksheet()
    with (
        zipfile.ZipFile(made) as parts,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in parts.namelist():
            is_sheet = name.startswith("xl/worksheets/sheet")
            archive.writestr(name, sheet if is_sheet else parts.read(name))
    return changed.getvalue()


HOSTILE = {
    "a hundred thousand columns": (100_000, 2, 1),
    "as many columns as there may be": (16_384, 200, 1),
    "a million empty rows": (3, 1_000_000, 1),
    "many sheets": (50, 20, 400),
    "too many sheets": (2, 2, 600),
}


def test_nobody_waits_while_a_workbook_is_opened_and_the_others_count(
    embedded_warehouse, landing, monkeypatch
):
    """A hostile workbook may take a minute to open: no lock is held meanwhile, on any table."""
    landing.drop(DATE, "352", "good.csv", builders.census([{}] * 3, "Manchester"))
    for name, (columns, rows, sheets) in HOSTILE.items():
        landing.drop(DATE, "356", f"{name}.xlsx", wide(columns, rows, sheets))
    real, held = opening.read_sheets, []

    def reads(data: bytes) -> list:
        held.append(
            embedded_warehouse.rows(
                "select relation::regclass::text as name, mode from pg_locks where locktype ="
                " 'relation' and pid <> pg_backend_pid() and database = (select oid from"
                " pg_database where datname = current_database())"
            )
        )
        return real(data)

    monkeypatch.setattr(opening, "read_sheets", reads)
    result = take_in(embedded_warehouse, landing.place, DAY, KEY)
    assert held == [[]] * (1 + len(HOSTILE))
    assert (result.files_new, result.files_rejected) == (1 + len(HOSTILE), len(HOSTILE))
    assert result.rows_loaded == 3


def test_nobody_waits_while_the_other_files_of_a_return_are_opened_again(
    embedded_warehouse, landing, monkeypatch
):
    """A new header brings the episodes of before with it: they too are opened under no lock."""
    landing.drop(DATE, "352", "ssda903_episodes.csv", ssda903.episodes(ssda903.episode()))
    landing.drop(DATE, "352", "ssda903_header.csv", ssda903.header(("17", "01/02/2010")))
    take_in(embedded_warehouse, landing.place, DAY, KEY)
    landing.drop(DATE, "352", "ssda903_header 2.csv", ssda903.header(("17", "01/02/2011")))
    real, held = loading.OpenedFile, []

    def opens(file):
        held.append(
            embedded_warehouse.scalar(
                "select count(*) from pg_locks where locktype = 'relation' and pid <>"
                " pg_backend_pid() and database = (select oid from pg_database where datname ="
                " current_database())"
            )
        )
        return real(file)

    monkeypatch.setattr(loading, "OpenedFile", opens)
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 1
    assert held == [0, 0]
    assert embedded_warehouse.scalar("select count(*) from staging.ssda903_episodes") == 1


def test_what_another_run_takes_in_while_files_are_opened_is_taken_in_once(
    embedded_warehouse, landing, monkeypatch
):
    landing.drop(DATE, "352", "good.csv", builders.census([{}] * 3, "Manchester"))
    landing.drop(DATE, "356", "good.csv", builders.census([{}] * 2, "Stockport"))
    real, taken = opening.read_sheets, []

    def reads(data: bytes) -> list:
        if not taken:
            taken.append(None)
            taken.append(take_in(embedded_warehouse, landing.place, DAY, KEY).files_new)
        return real(data)

    monkeypatch.setattr(opening, "read_sheets", reads)
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 0
    assert taken[1:] == [2]
    for table in ("raw.submission", "raw.arrival", "raw.landed"):
        assert embedded_warehouse.scalar(f"select count(*) from {table}") == 2, table
    assert embedded_warehouse.scalar("select count(*) from raw.placement_census") == 5


# --- sealing
# ---------------------------------------------------------------------------------------------------


@pytest.fixture
def seals(landing, monkeypatch, tmp_path):
    """Sealing, with a key; gives what it printed."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
    monkeypatch.setenv(sealing.VARIABLE, "a long enough text")

    def seal(*options: str) -> str:
        result = CliRunner().invoke(command.cli, ["seal", *options])
        assert result.exception is None, result.exception
        return result.output

    return seal


def test_sealing_never_writes_through_a_name_that_was_there(landing, seals, tmp_path):
    """A link under the name of the file that is made overwrote the pseudonym key: every child got
    another pseudonym.
    """
    key = tmp_path / "home" / "pseudonym.key"
    key.parent.mkdir()
    key.write_text("the key of the pseudonyms", encoding="ascii")
    path = landing.drop(DATE, "356", "census.csv", "a,b\n1,2\n")
    (path.parent / ".census.csv.making").symlink_to(key)
    assert "Sealed: 1 file" in seals()
    assert key.read_text(encoding="ascii") == "the key of the pseudonyms"
    assert sealing.is_sealed(path.read_bytes())
    assert sorted(p.name for p in path.parent.iterdir()) == [".census.csv.making", "census.csv"]


def test_sealing_follows_no_link_and_waits_for_no_pipe(landing, seals, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key").write_text("a secret", encoding="ascii")
    path = landing.drop(DATE, "356", "census.csv", "a,b\n1,2\n")
    (path.parent / "link.csv").symlink_to(outside / "key")
    (path.parents[1] / "352").symlink_to(outside)
    os.mkfifo(path.parent / "pipe.csv")
    said = seals()
    assert "Sealed: 1 file" in said
    assert "(it is a link)" in said and "(it is a named pipe)" in said
    assert (outside / "key").read_text(encoding="ascii") == "a secret"


@pytest.mark.parametrize(
    "correction", [b"another return\n", b"a,b\n1,3\n"], ids=["of another size", "of the same size"]
)
def test_a_return_that_comes_while_its_forerunner_is_sealed_is_not_lost(
    landing, seals, monkeypatch, correction
):
    path = landing.drop(DATE, "356", "census.csv", "a,b\n1,2\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    seal = sealing.sealed

    def seal_slowly(content: bytes) -> bytes:
        path.write_bytes(correction)
        return seal(content)

    monkeypatch.setattr(sealing, "sealed", seal_slowly)
    assert "another file took its place" in seals()
    assert path.read_bytes() == correction


def test_a_return_that_goes_while_it_is_sealed_stops_no_other(landing, seals, monkeypatch):
    gone, there = (landing.drop(DATE, "356", name, "a,b\n1,2\n") for name in ("a.csv", "b.csv"))
    seal = sealing.sealed

    def seal_slowly(content: bytes) -> bytes:
        gone.unlink(missing_ok=True)
        return seal(content)

    monkeypatch.setattr(sealing, "sealed", seal_slowly)
    said = seals()
    assert "Sealed: 1 file" in said and ".csv (it is gone)" in said
    assert sealing.is_sealed(there.read_bytes())


def test_a_file_that_only_begins_as_a_sealed_one_keeps_no_other_sealed(landing, seals):
    landing.drop(DATE, "352", "forged.csv", b"OBSERVATORY-SEALED-1\n1234567")
    path = landing.drop(DATE, "356", "census.csv", "a,b\n1,2\n")
    seals()
    said = seals("--open")
    assert "Opened: 1 file" in said and ".csv (it does not open with this key)" in said
    assert path.read_bytes() == b"a,b\n1,2\n"
