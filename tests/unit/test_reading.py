"""Opening files: what a file is by its bytes, every encoding and delimiter, and nothing that a
hostile or damaged file can do but be refused.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
import os
import pickle
import random
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake import reading, workbooks
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
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}
    ) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


_ODS = (
    '<?xml version="1.0"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="S"><table:table-row>'
    '<table:table-cell office:value-type="string"><text:p>URN</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>Places</text:p></table:table-cell>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)
_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods(content: str = _ODS, manifest: str = "<manifest/>") -> bytes:
    return zip_of(
        {"mimetype": _MIMETYPE, "content.xml": content, "META-INF/manifest.xml": manifest}
    )


def rows_of(data: bytes) -> list[list[str]]:
    sheets = read_sheets(data)
    assert len(sheets) == 1
    return [[cell_text(cell) for cell in row] for row in sheets[0].rows]


def refusal(data: bytes) -> str:
    with pytest.raises(CannotRead) as refused:
        read_sheets(data)
    return refused.value.rule


# --- what a file is
# -----------------------------------------------------------------------------------

# A compound file as Excel writes it around an encrypted workbook: header, then a folder that names
# its streams in UTF-16.
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_XLSX = (
    COMPOUND
    + bytes(504)
    + b"".join(
        name.encode("utf-16-le").ljust(128, b"\0")
        for name in ("Root Entry", "EncryptionInfo", "EncryptedPackage")
    )
)
ENCRYPTED_ODS = (
    "<manifest:manifest><manifest:file-entry"
    ' manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
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
    pytest.param(
        _with_password_flag(zip_of({"return.csv": CSV})),
        "password_protected",
        id="a zip with a password",
    ),
    pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "not_a_spreadsheet", id="a PDF"),
    pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(32), "not_a_spreadsheet", id="a PNG"),
    pytest.param(b"\xff\xd8\xff\xe0\x00\x10JFIF", "not_a_spreadsheet", id="a JPEG"),
    pytest.param(b"{\\rtf1\\ansi URN,Places}", "not_a_spreadsheet", id="an RTF"),
    pytest.param(
        b"<!DOCTYPE html><table><tr><td>URN</td></tr></table>", "not_a_spreadsheet", id="a web page"
    ),
    pytest.param(
        b"\xef\xbb\xbf<html><table><tr><td>URN</td></tr></table></html>",
        "not_a_spreadsheet",
        id="a web page after a byte order mark",
    ),
    pytest.param(
        b" \n<?xml version='1.0'?><Workbook/>", "not_a_spreadsheet", id="an XML spreadsheet"
    ),
    pytest.param(zip_of({"word/document.xml": "<w/>"}), "not_a_spreadsheet", id="a Word document"),
    pytest.param(zip_of({"notes.txt": CSV}), "not_a_spreadsheet", id="a zip without a table"),
    pytest.param(
        zip_of({"inner.zip": zip_of({"a.csv": CSV})}), "not_a_spreadsheet", id="a zip in a zip"
    ),
    pytest.param(bytes(range(256)) * 8, "not_a_spreadsheet", id="random bytes"),
    pytest.param(
        b"URN,Places\nSC1,\x01\x02\x03\n", "not_a_spreadsheet", id="text with control characters"
    ),
    pytest.param(b"\x1f\x8b\x08\x00" + bytes(40), "unreadable_file", id="a damaged gzip"),
    pytest.param(gzip.compress(bytes(60 * 1024 * 1024)), "too_large", id="a bomb of gzip"),
    pytest.param(gzip.compress(CSV.encode())[:-9], "unreadable_file", id="half a gzip"),
    pytest.param(
        gzip.compress(gzip.compress(CSV.encode())), "not_a_spreadsheet", id="a gzip in a gzip"
    ),
    pytest.param(gzip.compress(zip_of({"a.csv": CSV})), "not_a_spreadsheet", id="a zip in a gzip"),
    pytest.param(
        gzip.compress(CSV.encode()) + CSV.encode(), "unreadable_file", id="rows behind a gzip"
    ),
    pytest.param(workbook(s=TABLE)[:-300], "unreadable_file", id="a workbook cut off at its end"),
    pytest.param(workbook(s=TABLE)[:2000], "unreadable_file", id="half a workbook"),
    pytest.param(COMPOUND + bytes(512), "unreadable_file", id="an empty compound file"),
    pytest.param(
        "URN,Places\nSC1,3\n".encode("utf-16") + b"\x41",
        "unreadable_file",
        id="half a UTF-16 character",
    ),
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
    pytest.param(
        workbook(s=[["URN", "Places"], ["SC100001", 3], ["SC100002", 4.0]]), id=".xlsx with numbers"
    ),
    pytest.param(zip_of({"return.csv": CSV}), id="a zip with one CSV"),
    pytest.param(gzip.compress(CSV.encode()), id="a gzip of a CSV"),
    pytest.param(
        gzip.compress(CSV[:9].encode()) + gzip.compress(CSV[9:].encode()), id="a gzip in two parts"
    ),
    pytest.param(gzip.compress(CSV.encode()) + bytes(512), id="a gzip filled up with zero bytes"),
    pytest.param(
        zip_of({"folder/": "", "folder/Return.CSV": CSV, "folder/read me.txt": "hello"}),
        id="a zip with a folder and a note",
    ),
    pytest.param(zip_of({"return.xlsx": workbook(s=TABLE)}), id="a zip with a workbook"),
    pytest.param(
        zip_of({"return.csv": CSV, "__MACOSX/._return.csv": b"\0\5\x16\7\0\2\0\0Mac OS X        "}),
        id="a zip made on a Mac",
    ),
]


@pytest.mark.parametrize("data", READ)
def test_one_table_in_any_wrapping_is_the_same_table(data):
    assert rows_of(data) == TABLE


def test_a_gzip_of_many_parts_takes_no_longer_than_its_size():
    """Of as many empty ones as a file may hold it took hours: each copied all that was behind."""
    packed = gzip.compress(b"") * 200_000 + gzip.compress(CSV.encode())
    began = time.process_time()
    assert rows_of(packed) == TABLE
    assert time.process_time() - began < 3


def test_an_ods_is_read():
    assert rows_of(ods()) == [["URN", "Places"]]


def test_every_sheet_of_a_workbook_is_read_under_its_name_with_its_blank_rows():
    sheets = read_sheets(workbook(guide=[["read me"]], settings=[[], [], ["URN"]], empty=[]))
    assert [(s.name, len(s.rows)) for s in sheets] == [("guide", 1), ("settings", 3), ("empty", 0)]


def test_sheets_in_a_zip_carry_the_names_of_their_files():
    sheets = read_sheets(
        zip_of({"a\\b/settings.csv": CSV, "c.xlsx": workbook(one=TABLE, two=TABLE)})
    )
    assert [s.name for s in sheets] == ["settings.csv", "c.xlsx: one", "c.xlsx: two"]


# --- text
# ------------------------------------------------------------------------------------------------

WORDS = "Children\u2019s home \u2013 caf\u00e9 \u00a340"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "utf-16"])
def test_dashes_quotes_accents_and_pounds_survive_every_encoding_in_use(encoding):
    assert rows_of(f"URN,Name\nSC1,{WORDS}\n".encode(encoding))[1] == ["SC1", WORDS]


def test_one_byte_of_mac_roman_is_a_dash_and_no_icelandic_letter():
    """Ofsted's list of 2024 is ASCII but for one byte, 0xD0: the dash in its title, as a Mac writes
    it.
    """
    assert rows_of(
        b"Children's social care data in England 2024 \xd0 Provider level\nURN,Places\n"
    )[0][0].endswith("2024 \u2013 Provider level")


def test_names_with_letters_of_windows_1252_are_not_taken_for_mac_roman():
    assert rows_of("URN,Name\nSC1,Mu\u00f1oz House\n".encode("cp1252"))[1] == [
        "SC1",
        "Mu\u00f1oz House",
    ]


def test_ragged_rows_stay_ragged_and_quoted_line_breaks_stay_in_their_cell():
    assert rows_of(b'a,b,c\n1\n1,2,3,4\n"x\ny",2,3\n\n') == [
        ["a", "b", "c"],
        ["1"],
        ["1", "2", "3", "4"],
        ["x\ny", "2", "3"],
        [],
    ]


def test_commas_in_a_title_do_not_hide_semicolons_and_the_reverse():
    """The delimiter is that of the table, whatever punctuation the lines of title above it hold."""
    assert rows_of(b"Homes, places and people\nURN;Name;Places\nSC1;Oak;3\n")[1:] == [
        ["URN", "Name", "Places"],
        ["SC1", "Oak", "3"],
    ]
    title = "Notes; see a; see b; see c; see d; see e"
    assert rows_of(f"{title}\nURN,Name,Places\nSC1,Oak,3\nSC2,Elm,4\n".encode())[1:3] == [
        ["URN", "Name", "Places"],
        ["SC1", "Oak", "3"],
    ]


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


# --- hostile files
# --------------------------------------------------------------------------------------------


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
    """A few hundred bytes, each level ten times the one inside it, would be millions of sheets: a
    zip holds files, not further zips.
    """
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
    parts["xl/sharedStrings.xml"] = strings.replace(
        b'uniqueCount="6"', b'uniqueCount="999999999999"'
    )
    assert parts["xl/sharedStrings.xml"] != strings
    return zip_of(parts)


FAR = "XFD1048576"
_HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>URN</t></is></c><c r="B1"'
    ' t="inlineStr"><is><t>Places</t></is></c></row>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _sheet(rows: str, prefix: str = "", dimension: str = "A1") -> str:
    """A sheet's part with these rows; with a prefix, every element of it has it."""
    space = f'xmlns:{prefix}="{_MAIN}"' if prefix else f'xmlns="{_MAIN}"'
    text = (
        f"<worksheet {space}><dimension"
        f' ref="{dimension}"/><sheetData>{_HEADER}{rows}</sheetData></worksheet>'
    )
    if prefix:
        text = (
            text.replace("</", f"</{prefix}:")
            .replace("<", f"<{prefix}:")
            .replace(f"<{prefix}:/{prefix}:", f"</{prefix}:")
        )
    return f'<?xml version="1.0"?>{text}'


def _with_sheet(sheet: str, name: str = "xl/worksheets/sheet1.xml", **others: str) -> bytes:
    """A workbook whose one sheet is this text, in a part of this name."""
    parts = {
        part: content
        for part, content in parts_of(workbook(s=TABLE)).items()
        if part != "xl/worksheets/sheet1.xml"
    }
    for part in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
        text = bytes(parts[part]).decode()  # type: ignore[arg-type]
        parts[part] = text.replace("worksheets/sheet1.xml", name.removeprefix("xl/"))
    return zip_of({**parts, name: sheet, **others})


def _with_sheets(number: int) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for _ in range(number):
            book.add_worksheet()
    return buffer.getvalue()


def _far(cell: str = f'<c r="{FAR}"><v>1</v></c>') -> str:
    return f'<row r="1048576">{cell}</row>'


_LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 20}">' for n in range(9))
_REPEATED = _ODS.replace(
    "<table:table-row>", '<table:table-row table:number-rows-repeated="1048576">'
).replace("<table:table-cell ", '<table:table-cell table:number-columns-repeated="8000" ')

KILLERS = [
    pytest.param(
        _with_sheet(
            _sheet(
                '<row r="2"><c r="XFD2"/></row><row r="1048576"><c><v>1</v></c></row><row><c'
                ' r="XFD9"><v>1</v></c></row>'
            )
        ),
        id="cells without a reference",
    ),
    pytest.param(_with_sheet(_sheet(_far(), prefix="x")), id="elements with a prefix"),
    pytest.param(
        _with_sheet(_sheet(_far(f'<c r="{FAR.lower()}"><v>1</v></c>'))),
        id="references in lower case",
    ),
    pytest.param(
        _with_sheet(_sheet(_far()), "xl/pages/one.xml"), id="a sheet outside the usual folder"
    ),
    pytest.param(
        _with_sheet(_sheet(_far()), "xl/worksheets/SHEET1.XML"),
        id="a sheet whose name is in capitals",
    ),
    pytest.param(
        _with_sheet(_sheet("", dimension=f"A1:{FAR}")), id="a sheet that says it is the largest"
    ),
    pytest.param(
        _with_sheet(_sheet('<row r="2"><c r="EQXD2"><v>1</v></c></row>')),
        id="a hundred thousand columns",
    ),
    pytest.param(
        _with_sheet(_sheet('<row r="4294967290"><c r="A4294967290"><v>1</v></c></row>')),
        id="the last row there is a number for",
    ),
    pytest.param(
        _with_sheet(
            f"<!DOCTYPE x [{_LAUGHS}]>"
            + _sheet('<row r="2"><c r="A2" t="inlineStr"><is><t>&a8;</t></is></c></row>')[21:]
        ),
        id="entities that grow without end",
    ),
    pytest.param(ods(_REPEATED), id="an .ods whose rows and columns are repeated"),
    pytest.param(_stray(1_048_575, 16_383), id="a stray cell in the farthest corner"),
    pytest.param(_stray(1_048_575, 400), id="a stray cell in the last row"),
    pytest.param(_many_strings(), id="a workbook that says it has a million million texts"),
    pytest.param(ods(_ODS.replace("</table:table>", "")), id="an .ods whose table does not end"),
]

_GUARDED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from assets.intake.reading import CannotRead, read_sheets
try:
    print(sum(len(sheet.rows) for sheet in read_sheets(sys.stdin.buffer.read())), "rows")
except CannotRead as refused:
    print(refused.rule)
sys.stdout.flush()
os._exit(0)  # not by way of Arrow's threads, which at the end of so little memory may abort
"""


_TEXTS = '<c t="s"><v>0</v></c>' * 100

LARGE = [
    pytest.param(lambda: b"a," * 150_000_000, id="a CSV of one line of 300 MB"),
    pytest.param(lambda: b"URN,Places\n" + b"\n" * 100_000_000, id="a CSV of blank lines"),
    pytest.param(lambda: b"URN,Places\n" + (b"," * 900_000 + b"\n") * 100, id="a CSV of commas"),
    pytest.param(lambda: b"URN,Places\n" + b"\xff" * 90_000_000, id="a CSV of letters that are no UTF-8"),
    pytest.param(lambda: b"URN,Places\n" + b'"' + b"SC1,3\n" * 15_000_000, id="a CSV whose quotation never ends"),
    pytest.param(lambda: ("URN,Places\n" + "," * 90_000_000).encode("utf-16"), id="a UTF-16 of commas"),
    pytest.param(lambda: _with_sheets(3000), id="a workbook of three thousand sheets"),
    pytest.param(lambda: zip_of({f"{n}.csv": CSV for n in range(3000)}), id="a zip of three thousand tables"),
    pytest.param(lambda: zip_of({f"{n}": b"" for n in range(30_000)}), id="a zip of thirty thousand empty files"),
    pytest.param(
        lambda: _with_sheet(
            _sheet(f"<row>{_TEXTS}</row>" * 10_000),
            **{"xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}"><si><t>{"x" * 32_000}</t></si></sst>'},
        ),
        id="one long text in a million cells",
    ),
]  # fmt: skip


def _guarded(data: bytes, seconds: float) -> str:
    """What a process of 2 GB makes of the file within the time."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RUST_BACKTRACE": "0"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _GUARDED],
            input=data,
            capture_output=True,
            timeout=seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"it was still reading after {seconds} seconds")
    assert done.returncode == 0, (
        f"the process ended with {done.returncode}: {done.stderr.decode()[-200:]}"
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize("make", LARGE)
def test_a_large_file_that_is_no_return_is_refused_and_takes_no_more_memory_than_there_is(make):
    """Refused by what it is; the process that reads everybody's returns goes on."""
    assert _guarded(make(), 90) in {"too_large", "not_a_spreadsheet", "unreadable_file"}


@pytest.mark.parametrize("data", KILLERS)
def test_a_small_file_cannot_stop_the_reader_or_take_the_memory(data):
    """A few kilobytes that, read as they stand, end the process (out of memory, no exception) or
    never end: one sender stops everybody's run.
    """
    assert len(data) < 10_000
    assert _guarded(data, 20) in {"too_large", "unreadable_file", "1 rows"}


def test_the_reader_of_workbooks_goes_on_after_a_file_that_ended_it():
    """A bad file ends the process that reads workbooks, and no other file is refused for it."""
    for _ in range(2):
        assert refusal(_with_sheet(_sheet(_far()))) == "too_large"
        assert rows_of(workbook(s=TABLE)) == TABLE


def test_the_reader_of_workbooks_knows_no_secret(monkeypatch):
    """It reads what anybody may have sent: the keys of the observatory are not in its environment,
    nor its memory.
    """
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", "a secret of the observatory")
    workbooks._READER.stop()
    assert rows_of(workbook(s=TABLE)) == TABLE
    environment = Path(f"/proc/{workbooks._READER._process.pid}/environ")
    if not environment.exists():
        pytest.skip("this system does not show a process's environment")
    assert b"OBSERVATORY" not in environment.read_bytes()


_UNDER_LIMITS = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (1000, 1000))
from assets.intake import workbooks
print([row for _, rows, _ in workbooks.read_workbook(sys.stdin.buffer.read()) for row in rows])
print(open(f"/proc/{workbooks._READER._process.pid}/limits").read())
"""


def test_the_reader_of_workbooks_keeps_to_the_limits_of_its_account():
    """Where the account has limits of its own, to ask for more is refused, and no workbook would be
    read.
    """
    if not Path("/proc/self/limits").exists():
        pytest.skip("this system does not show a process's limits")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _UNDER_LIMITS],
        input=workbook(s=TABLE),
        capture_output=True,
        env=environment,
        check=True,
    )
    rows, *limits = done.stdout.decode().splitlines()
    assert rows == str(TABLE)
    hard = {line[:26].strip(): line[26:].split()[1] for line in limits if line.strip()}
    assert (hard["Max address space"], hard["Max cpu time"]) == (str(1 << 30), "1000")


class _Asks:
    """What an exploited reader would answer: the parent is to call something."""

    def __init__(self, called, *words):
        self.called, self.words = called, words

    def __reduce__(self):
        return self.called, self.words


def _answering(tmp_path, monkeypatch, code: str) -> None:
    """Put another program in the place of the process that opens workbooks."""
    script = tmp_path / "reader.py"
    script.write_text(code, encoding="utf-8")
    workbooks._READER.stop()
    monkeypatch.setattr(workbooks, "__file__", str(script))


def _says(answer: object) -> str:
    said = pickle.dumps(answer, protocol=5)
    return f"""
import socket
control = socket.socket(fileno=0)
own = socket.socket(fileno=socket.recv_fds(control, 1, 1)[1][0])
own.recv(8)
own.sendall(({len(said)}).to_bytes(8, "big") + {said!r})
control.sendall(bytes(8))
control.recv(1)
"""


@pytest.mark.parametrize(
    "answer",
    [
        lambda mark: _Asks(os.mkdir, mark),
        lambda mark: [("S", [[_Asks(os.mkdir, mark)]], {})],
        lambda mark: _Asks(eval, f"__import__('os').mkdir({mark!r})"),
        lambda mark: ("unreadable_file", MIDNIGHT),
        lambda mark: ("no such rule", ""),
        lambda mark: 7,
        lambda mark: [("S", "rows", {})],
        lambda mark: [("S", [["x"]], {"unheard of": True})],
    ],
    ids=[
        "a call",
        "a call in a cell",
        "code",
        "a hint that is no text",
        "an unknown rule",
        "a number",
        "rows that are none",
        "unknown words",
    ],
)
def test_an_answer_of_the_reader_is_data_and_never_a_call(answer, tmp_path, monkeypatch):
    """A hostile file may have made the process its own: what it answers must not be done where the
    keys are.
    """
    mark = tmp_path / "it was done"
    _answering(tmp_path, monkeypatch, _says(answer(str(mark))))
    assert refusal(workbook(s=TABLE)) == "unreadable_file"
    assert not mark.exists()
    monkeypatch.undo()
    assert rows_of(workbook(s=TABLE)) == TABLE


_POISONED = """
import importlib.util, os, socket, sys
spec = importlib.util.spec_from_file_location("reader", {real!r})
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
honest = reader.sheets

def taken_over(data):
    made = honest(data)
    if made[0][0] == "Poison":
        for handle in range(64):  # an answer to the next question, wherever it may be asked
            try:
                os.write(handle, bytes(8))
            except OSError:
                pass
        reader.sheets = lambda _: [("S", [["altered"]], {{}})]
    return made

reader.sheets = taken_over
reader._serve(socket.socket(fileno=0))
"""


def test_what_one_file_does_to_the_reader_no_other_file_meets(tmp_path, monkeypatch):
    """A hostile workbook may make the process that reads it its own: the next sender's must not be
    read there.
    """
    _answering(tmp_path, monkeypatch, _POISONED.format(real=workbooks.__file__))
    refusal(workbook(Poison=TABLE))
    process = workbooks._READER._process
    assert rows_of(workbook(s=TABLE)) == TABLE
    assert workbooks._READER._process is process, "to start anew for each file takes too long"
    workbooks._READER.stop()


def test_the_reader_is_ended_with_the_process_of_the_file(tmp_path, monkeypatch):
    """The process of the file, too: it would go on for as long as its processor's time lasts."""
    if not Path("/proc/self/task").exists():
        pytest.skip("this system does not show a process's children")
    slow = "reader.sheets = lambda data: __import__('time').sleep(60) if len(data) > 2000 else []"
    _answering(
        tmp_path,
        monkeypatch,
        _POISONED.format(real=workbooks.__file__).replace("reader.sheets = taken_over", slow),
    )
    asking = threading.Thread(target=lambda: refusal(workbook(s=TABLE)))
    asking.start()
    children: list[str] = []
    for _ in range(300):
        time.sleep(0.1)
        with contextlib.suppress(OSError, AttributeError):
            reader = workbooks._READER._process.pid
            children = (
                Path(f"/proc/{reader}/task/{reader}/children").read_text(encoding="ascii").split()
            )
        if children:
            break
    assert children
    workbooks._READER.stop()
    asking.join()
    for _ in range(100):
        if not any(Path(f"/proc/{child}").exists() for child in children):
            break
        time.sleep(0.1)
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_dates_times_and_durations_come_through():
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, (value, form) in enumerate(
            [
                (MIDNIGHT, "dd/mm/yyyy"),
                (dt.time(9, 30), "hh:mm"),
                (dt.timedelta(hours=30), "[h]:mm"),
            ],
        ):
            sheet.write_datetime(0, place, value, book.add_format({"num_format": form}))
    (cells,) = read_sheets(buffer.getvalue())[0].rows
    assert cells[0] in (MIDNIGHT, MIDNIGHT.date()) and all(
        not isinstance(cell, str) for cell in cells
    )


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        "import socket, time; socket.recv_fds(socket.socket(fileno=0), 1, 1); time.sleep(60)",
    ],
)
def test_a_reader_that_does_not_read_or_answer_is_not_waited_for(code, tmp_path, monkeypatch):
    _answering(tmp_path, monkeypatch, code)
    monkeypatch.setattr(workbooks, "_WAIT_SECONDS", 1)
    began = time.monotonic()
    assert refusal(zip_of({"xl/workbook.xml": "<a/>", "x": os.urandom(300_000)})) == "too_large"
    assert time.monotonic() - began < 20


def test_no_file_may_ask_for_the_time_of_a_quarter():
    """What a file says that it unpacks to is its sender's to say: 2 MB may say 800, and there may
    be many of them.
    """
    real, most = (
        workbooks._seconds_for(90 << 20),
        workbooks._seconds_for(reading.MAX_UNPACKED_BYTES),
    )
    assert real >= 25, "a register's workbook of 20 MB unpacks to 90 MB and takes 6.5 s"
    assert most <= 60 and workbooks._WAIT_SECONDS <= 300


def test_a_workbook_formatted_to_the_last_row_is_a_small_one():
    """Somebody formatted the columns down to row 1,048,576: nothing but the format stands there, in
    .xlsx and .ods alike.
    """
    for row, empty in (
        (
            1_048_576,
            "".join(f'<c r="{column}1048576" s="1"/>' for column in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ),
        (2000, ""),
    ):
        data = _with_sheet(
            _sheet(
                f'<row r="2"><c r="A2"><v>7</v></c></row><row r="{row}" s="1"'
                f' customFormat="1">{empty}</row>'
            )
        )
        assert rows_of(data) == [["URN", "Places"], ["7", ""]]
    blank = (
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell'
        ' table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert rows_of(ods(_ODS.replace("</table:table>", f"{blank}</table:table>"))) == [
        ["URN", "Places"]
    ]


def test_the_main_part_of_a_workbook_is_the_one_that_its_own_list_names():
    """SharePoint and others call it xl/workbook2.xml."""
    parts = parts_of(workbook(s=TABLE))
    renamed = {}
    for name, content in parts.items():
        text = bytes(content).replace(b"xl/workbook.xml", b"xl/workbook2.xml")  # type: ignore[arg-type]
        renamed[name.replace("workbook.xml", "workbook2.xml")] = text
    assert "xl/_rels/workbook2.xml.rels" in renamed and "xl/workbook.xml" not in renamed
    assert rows_of(zip_of(renamed)) == TABLE
    assert rows_of(zip_of({"return.xlsx": zip_of(renamed)})) == TABLE


def test_a_zero_byte_in_a_cell_of_a_workbook_does_not_come_through():
    data = _with_sheet(
        _sheet('<row r="2"><c r="A2" t="inlineStr"><is><t>SC_x0000_1</t></is></c></row>')
    )
    assert "\0" not in "".join(cell for row in rows_of(data) for cell in row)


def test_what_a_mac_and_an_editor_leave_in_a_zip_is_passed_over():
    litter = {
        "__MACOSX/return.csv": "x",
        "__MACOSX/._return.csv": "x",
        "f/.DS_Store": "x",
        "~$return.xlsx": "x",
        "f/__MACOSX/deep/a.csv": "y",
    }
    litter |= {
        "f/Thumbs.db": "x",
        "f/desktop.ini": "x",
        "f/return.csv:Zone.Identifier": "z",
        "__macosx/return.csv": "x",
    }
    assert rows_of(zip_of({"f/return.csv": CSV, **litter})) == TABLE


# --- anything at all
# ----------------------------------------------------------------------------------------------


def _gives_sheets_or_refuses(data: bytes) -> None:
    with contextlib.suppress(CannotRead):
        for sheet in read_sheets(data):
            for row in sheet.rows:
                assert all(isinstance(cell_text(cell), str) for cell in row)


@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
        st.binary(max_size=60).map(COMPOUND.__add__),
    )
)
def test_arbitrary_bytes_give_sheets_or_a_refusal(data):
    _gives_sheets_or_refuses(data)


_GOOD_FILES = [workbook(s=TABLE), zip_of({"return.csv": CSV * 30}), ods()]


@pytest.mark.parametrize("number", range(len(_GOOD_FILES)), ids=["xlsx", "zip", "ods"])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150)
def test_a_damaged_archive_gives_sheets_or_a_refusal(number, seed):
    """Bytes changed in a compressed part, a header or the folder at the end: whatever the zip
    library raises, the file is refused.
    """
    dice = random.Random(seed)
    data = bytearray(_GOOD_FILES[number])
    for _ in range(dice.choice([1, 1, 2, 5])):
        data[dice.randrange(len(data))] = dice.randrange(256)
    _gives_sheets_or_refuses(
        bytes(data[: dice.randrange(len(data))] if dice.random() < 0.1 else data)
    )


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
