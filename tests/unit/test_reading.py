"""Opening files: what a file is by its bytes, every encoding and delimiter, and nothing that a hostile or damaged file can do but be refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake import reading
from assets.intake.reading import CannotRead, cell_text, read_sheets

ROOT = Path(__file__).resolve().parents[2]
MIDNIGHT = dt.datetime(2025, 3, 31)  # noqa: DTZ001 - a spreadsheet knows no time zone
TABLE = [["URN", "Places"], ["SC100001", "3"], ["SC100002", "4"]]
CSV = "URN,Places\nSC100001,3\nSC100002,4\n"


def zip_of(parts: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts_of(data: bytes) -> dict[str, str | bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def workbook(**sheets: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


_ODS = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="S"><table:table-row>'
    '<table:table-cell office:value-type="string"><text:p>URN</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>Places</text:p></table:table-cell>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)
_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods(content: str = _ODS, manifest: str = "<manifest/>") -> bytes:
    return zip_of({"mimetype": _MIMETYPE, "content.xml": content, "META-INF/manifest.xml": manifest})


def rows_of(data: bytes) -> list[list[str]]:
    sheets = read_sheets(data)
    assert len(sheets) == 1
    return [[cell_text(cell) for cell in row] for row in sheets[0].rows]


def refusal(data: bytes) -> str:
    with pytest.raises(CannotRead) as refused:
        read_sheets(data)
    return refused.value.rule


# --- what a file is -----------------------------------------------------------------------------------

# A compound file as Excel writes it around an encrypted workbook: header, then a folder that names its streams in UTF-16.
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_XLSX = (
    COMPOUND + bytes(504) + b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", "EncryptionInfo", "EncryptedPackage"))
)
ENCRYPTED_ODS = (
    '<manifest:manifest><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
)


def _with_password_flag(data: bytes) -> bytes:
    """A zip whose only part says that it is encrypted (bit 0 of its flags), in both headers."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[changed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


REFUSED = [
    pytest.param(b"", "empty_file", id="no bytes"),
    pytest.param(b"\xef\xbb\xbf\r\n", "empty_file", id="a byte order mark"),
    pytest.param(b",,,\r\n,,,\r\n", "empty_file", id="only commas"),
    pytest.param(b"\0" * 600, "empty_file", id="only zero bytes"),
    pytest.param(ENCRYPTED_XLSX, "password_protected", id="a workbook with a password"),
    pytest.param(ods(manifest=ENCRYPTED_ODS), "password_protected", id="an .ods with a password"),
    pytest.param(_with_password_flag(zip_of({"return.csv": CSV})), "password_protected", id="a zip with a password"),
    pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "not_a_spreadsheet", id="a PDF"),
    pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(32), "not_a_spreadsheet", id="a PNG"),
    pytest.param(b"\xff\xd8\xff\xe0\x00\x10JFIF", "not_a_spreadsheet", id="a JPEG"),
    pytest.param(b"{\\rtf1\\ansi URN,Places}", "not_a_spreadsheet", id="an RTF"),
    pytest.param(b"<!DOCTYPE html><table><tr><td>URN</td></tr></table>", "not_a_spreadsheet", id="a web page"),
    pytest.param(b"\xef\xbb\xbf<html><table><tr><td>URN</td></tr></table></html>", "not_a_spreadsheet", id="a web page after a byte order mark"),
    pytest.param(b" \n<?xml version='1.0'?><Workbook/>", "not_a_spreadsheet", id="an XML spreadsheet"),
    pytest.param(zip_of({"word/document.xml": "<w/>"}), "not_a_spreadsheet", id="a Word document"),
    pytest.param(zip_of({"notes.txt": CSV}), "not_a_spreadsheet", id="a zip without a table"),
    pytest.param(zip_of({"inner.zip": zip_of({"a.csv": CSV})}), "not_a_spreadsheet", id="a zip in a zip"),
    pytest.param(bytes(range(256)) * 8, "not_a_spreadsheet", id="random bytes"),
    pytest.param(b"URN,Places\nSC1,\x01\x02\x03\n", "not_a_spreadsheet", id="text with control characters"),
    pytest.param(b"\x1f\x8b\x08\x00" + bytes(40), "not_a_spreadsheet", id="a gzip"),
    pytest.param(workbook(s=TABLE)[:-300], "unreadable_file", id="a workbook cut off at its end"),
    pytest.param(workbook(s=TABLE)[:2000], "unreadable_file", id="half a workbook"),
    pytest.param(COMPOUND + bytes(512), "unreadable_file", id="an empty compound file"),
    pytest.param("URN,Places\nSC1,3\n".encode("utf-16") + b"\x41", "unreadable_file", id="half a UTF-16 character"),
    pytest.param(b"\xef\xbb\xbfURN,\xff\n", "unreadable_file", id="says UTF-8 and is not"),
]


@pytest.mark.parametrize(("data", "rule"), REFUSED)
def test_what_cannot_be_read_is_refused_by_its_rule(data, rule):
    assert refusal(data) == rule


READ = [
    pytest.param(CSV.encode(), id="CSV"),
    pytest.param(CSV.replace("\n", "\r\n").encode(), id="CSV with CRLF"),
    pytest.param(CSV.replace("\n", "\r").encode(), id="CSV with CR"),
    pytest.param(b"\xef\xbb\xbf" + CSV.encode(), id="UTF-8 with a byte order mark"),
    pytest.param(CSV.encode("utf-16"), id="UTF-16 with a byte order mark"),
    pytest.param(CSV.encode("utf-16-be"), id="UTF-16, big end first, without one"),
    pytest.param(CSV.encode("utf-16-le"), id="UTF-16, little end first, without one"),
    pytest.param(CSV.replace(",", ";").encode(), id="semicolons"),
    pytest.param(CSV.replace(",", "\t").encode(), id="tabs"),
    pytest.param(CSV.replace(",", "|").encode(), id="bars"),
    pytest.param(b'"URN","Places"\n"SC100001","3"\n"SC100002","4"\n', id="all quoted"),
    pytest.param(workbook(s=TABLE), id=".xlsx"),
    pytest.param(workbook(s=[["URN", "Places"], ["SC100001", 3], ["SC100002", 4.0]]), id=".xlsx with numbers"),
    pytest.param(zip_of({"return.csv": CSV}), id="a zip with one CSV"),
    pytest.param(zip_of({"folder/": "", "folder/Return.CSV": CSV, "folder/read me.txt": "hello"}), id="a zip with a folder and a note"),
    pytest.param(zip_of({"return.xlsx": workbook(s=TABLE)}), id="a zip with a workbook"),
    pytest.param(zip_of({"return.csv": CSV, "__MACOSX/._return.csv": b"\0\5\x16\7\0\2\0\0Mac OS X        "}), id="a zip made on a Mac"),
]


@pytest.mark.parametrize("data", READ)
def test_one_table_in_any_wrapping_is_the_same_table(data):
    assert rows_of(data) == TABLE


def test_an_ods_is_read():
    assert rows_of(ods()) == [["URN", "Places"]]


def test_every_sheet_of_a_workbook_is_read_under_its_name_with_its_blank_rows():
    sheets = read_sheets(workbook(guide=[["read me"]], settings=[[], [], ["URN"]], empty=[]))
    assert [(s.name, len(s.rows)) for s in sheets] == [("guide", 1), ("settings", 3), ("empty", 0)]


def test_sheets_in_a_zip_carry_the_names_of_their_files():
    sheets = read_sheets(zip_of({"a\\b/settings.csv": CSV, "c.xlsx": workbook(one=TABLE, two=TABLE)}))
    assert [s.name for s in sheets] == ["settings.csv", "c.xlsx: one", "c.xlsx: two"]


# --- text ------------------------------------------------------------------------------------------------

WORDS = "Children\u2019s home \u2013 caf\u00e9 \u00a340"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "utf-16"])
def test_dashes_quotes_accents_and_pounds_survive_every_encoding_in_use(encoding):
    assert rows_of(f"URN,Name\nSC1,{WORDS}\n".encode(encoding))[1] == ["SC1", WORDS]


def test_one_byte_of_mac_roman_is_a_dash_and_no_icelandic_letter():
    """Ofsted's list of 2024 is ASCII but for one byte, 0xD0: the dash in its title, as a Mac writes it."""
    assert rows_of(b"Children's social care data in England 2024 \xd0 Provider level\nURN,Places\n")[0][0].endswith("2024 \u2013 Provider level")


def test_names_with_letters_of_windows_1252_are_not_taken_for_mac_roman():
    assert rows_of("URN,Name\nSC1,Mu\u00f1oz House\n".encode("cp1252"))[1] == ["SC1", "Mu\u00f1oz House"]


def test_ragged_rows_stay_ragged_and_quoted_line_breaks_stay_in_their_cell():
    assert rows_of(b'a,b,c\n1\n1,2,3,4\n"x\ny",2,3\n\n') == [["a", "b", "c"], ["1"], ["1", "2", "3", "4"], ["x\ny", "2", "3"], []]


def test_commas_in_a_title_do_not_hide_semicolons_and_the_reverse():
    """The delimiter is that of the table, whatever punctuation the lines of title above it hold."""
    assert rows_of(b"Homes, places and people\nURN;Name;Places\nSC1;Oak;3\n")[1:] == [["URN", "Name", "Places"], ["SC1", "Oak", "3"]]
    title = "Notes; see a; see b; see c; see d; see e"
    assert rows_of(f"{title}\nURN,Name,Places\nSC1,Oak,3\nSC2,Elm,4\n".encode())[1:3] == [["URN", "Name", "Places"], ["SC1", "Oak", "3"]]


def test_a_zero_byte_far_into_a_text_does_not_come_through():
    """PostgreSQL takes no zero byte: one in one file would stop the whole quarter's loading."""
    data = b"URN,Name\n" + b"SC1,abc\n" * 1000 + b"SC2,a\0b\n"
    with contextlib.suppress(CannotRead):
        assert not any("\0" in cell for row in rows_of(data) for cell in row)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is ", "as it is "), (None, ""), (1234567.0, "1234567"), (3.5, "3.5"), (-0.0, "0"), (1e20, "1e+20"), (7, "7"), (True, "TRUE"),
        (MIDNIGHT, "2025-03-31"), (MIDNIGHT.replace(hour=9, minute=30), "2025-03-31 09:30:00"), (dt.date(2025, 3, 31), "2025-03-31"),
        (dt.time(9, 30), "09:30:00"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_cell_is_the_text_that_a_spreadsheet_shows(value, text):
    assert cell_text(value) == text


def test_dates_numbers_and_stored_results_of_formulas_come_out_of_a_workbook():
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_datetime(0, 0, MIDNIGHT, book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_number(0, 1, 1234567)
        sheet.write_formula(0, 2, '=WEBSERVICE("http://example.invalid")', None, 42)
        sheet.write_boolean(0, 3, True)
        sheet.write_string(0, 4, "007")
    assert rows_of(buffer.getvalue()) == [["2025-03-31", "1234567", "42", "TRUE", "007"]]


# --- hostile files --------------------------------------------------------------------------------------------


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    parts = parts_of(workbook(s=TABLE))
    bomb = zip_of({**parts, "xl/worksheets/sheet2.xml": bytes(60 * 1024 * 1024)})
    assert len(bomb) < 100_000
    monkeypatch.setattr(reading, "_read_workbook", lambda data: pytest.fail("it was opened"))
    assert refusal(bomb) == "too_large"
    assert refusal(zip_of({"a.csv": bytes(60 * 1024 * 1024)})) == "too_large"


def test_many_parts_that_are_too_large_together_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_UNPACKED_BYTES", 2000)
    assert refusal(zip_of({f"{n}.csv": CSV * 30 for n in range(3)})) == "too_large"
    assert len(read_sheets(zip_of({"1.csv": CSV * 30}))) == 1


def test_archives_are_not_unpacked_without_end():
    """A few hundred bytes, each level ten times the one inside it, would be millions of sheets: a zip holds files, not further zips."""
    nested = zip_of({"return.csv": CSV})
    for _ in range(3):
        nested = zip_of({"a.xlsx": nested, "b.xlsx": nested})
    assert refusal(nested) in {"not_a_spreadsheet", "unreadable_file", "too_large"}


def _stray(row: int, column: int) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["URN", "Places"])
        sheet.write(row, column, "x")
    return buffer.getvalue()


def _many_strings() -> bytes:
    parts = parts_of(workbook(s=TABLE))
    strings = bytes(parts["xl/sharedStrings.xml"])  # type: ignore[arg-type]
    parts["xl/sharedStrings.xml"] = strings.replace(b'uniqueCount="6"', b'uniqueCount="999999999999"')
    assert parts["xl/sharedStrings.xml"] != strings
    return zip_of(parts)


KILLERS = [
    pytest.param(_stray(1_048_575, 16_383), id="a stray cell in the farthest corner"),
    pytest.param(_stray(1_048_575, 400), id="a stray cell in the last row"),
    pytest.param(_many_strings(), id="a workbook that says it has a million million texts"),
    pytest.param(ods(_ODS.replace("</table:table>", "")), id="an .ods whose table does not end"),
]

_GUARDED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from assets.intake.reading import CannotRead, read_sheets
try:
    print(sum(len(sheet.rows) for sheet in read_sheets(sys.stdin.buffer.read())), "rows")
except CannotRead as refused:
    print(refused.rule)
"""


@pytest.mark.parametrize("data", KILLERS)
def test_a_small_file_cannot_stop_the_reader_or_take_the_memory(data):
    """A few kilobytes that, read as they stand, end the process (out of memory, no exception) or never end: one sender stops everybody's run."""
    assert len(data) < 10_000
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RUST_BACKTRACE": "0"}
    try:
        done = subprocess.run([sys.executable, "-c", _GUARDED], input=data, capture_output=True, timeout=6, env=environment, check=False)
    except subprocess.TimeoutExpired:
        pytest.fail("it was still reading after 6 seconds")
    assert done.returncode == 0, f"the process ended with {done.returncode}: {done.stderr.decode()[-200:]}"


# --- anything at all ----------------------------------------------------------------------------------------------


def _gives_sheets_or_refuses(data: bytes) -> None:
    with contextlib.suppress(CannotRead):
        for sheet in read_sheets(data):
            for row in sheet.rows:
                assert all(isinstance(cell_text(cell), str) for cell in row)


@given(
    st.one_of(
        st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=60).map(COMPOUND.__add__)
    )
)
def test_arbitrary_bytes_give_sheets_or_a_refusal(data):
    _gives_sheets_or_refuses(data)


_GOOD_FILES = [workbook(s=TABLE), zip_of({"return.csv": CSV * 30}), ods()]


@pytest.mark.parametrize("number", range(len(_GOOD_FILES)), ids=["xlsx", "zip", "ods"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150)
def test_a_damaged_archive_gives_sheets_or_a_refusal(number, seed):
    """Bytes changed in a compressed part, a header or the folder at the end: whatever the zip library raises, the file is refused."""
    dice = random.Random(seed)
    data = bytearray(_GOOD_FILES[number])
    for _ in range(dice.choice([1, 1, 2, 5])):
        data[dice.randrange(len(data))] = dice.randrange(256)
    _gives_sheets_or_refuses(bytes(data[: dice.randrange(len(data))] if dice.random() < 0.1 else data))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda z: z.replace(z[45:49], b"\xff\xff\xff\xff", 1), id="a compressed part that cannot be unpacked"),
        pytest.param(lambda z: z[: z.index(b"PK\x05\x06") + 16] + b"\xff\xff\xff\x7f" + z[z.index(b"PK\x05\x06") + 20 :],
        id="a folder said to begin beyond the end"),
        pytest.param(lambda z: z.replace(b"return.csv", b"retur\x87.csv").replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00",
        b"PK\x01\x02\x14\x03\x14\x00\x00\x08"), id="a name that is no UTF-8"),
        pytest.param(lambda z: z.replace(b"\x08\x00", b"\x0c\x00"), id="another kind of compression"),
        pytest.param(lambda z: z.replace(b"\x08\x00", b"\x0e\x00"), id="a third kind of compression"),
        pytest.param(lambda z: z.replace(b"\x08\x00", b"\x63\x00"), id="an unknown kind of compression"),
    ],
)  # fmt: skip
def test_a_damaged_zip_is_unreadable_and_says_so(damage):
    good = zip_of({"return.csv": CSV * 30})
    bad = damage(good)
    assert bad != good
    assert refusal(bad) == "unreadable_file"


def test_a_refusal_says_what_the_matter_is():
    with pytest.raises(CannotRead) as refused:
        read_sheets(workbook(s=TABLE)[:-300])
    assert refused.value.hint.startswith("the workbook is damaged")
