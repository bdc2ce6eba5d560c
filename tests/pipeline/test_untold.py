"""What a sender did not mean to tell stays with the sender: names, references, birth dates and
postcodes planted wherever a file has room.

Belongs here: planting them in every column, header, title, note, comment, sheet name and file name,
and looking for them in the warehouse, the findings, the outbox, the terminal and Dagster's history.
The copy of a sender's own sheet may show what was asked for.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
import xlsxwriter

from assets.access.preparing import prepare
from assets.answering.outbox import answer_quarter
from resources.warehouse import physical
from schemas.regions import load_region
from schemas.returns import return_tables
from tests.conftest import KEY
from tests.pipeline.test_run import Observatory
from tests.unit.at_the_door import GOOD, header_of

DATE = "2025-03-31"
NAME, REFERENCE, BIRTH, POSTCODE = "Zebedee Canary", "KIDREF4711", "17/09/2013", "ZE1 0AA"
PLANTED = (NAME, REFERENCE, BIRTH, POSTCODE)
SECRETS = (
    "zebedee",
    "canary",
    "kidref4711",
    "17/09/2013",
    "2013-09-17",
    "17-09-2013",
    "17 09 2013",
    "ze1 0aa",
    "ze10aa",
)
FILE = f"{NAME} 17-09-2013"


def planted_rows(table: str) -> list[list[str]]:
    """Good rows, and for each column one with each secret in it; a word in free text cannot be told
    from a home's or a firm's name.
    """
    layout = return_tables()[table]
    rows = [list(GOOD[table].values()) for _ in range(4)]
    for place, name in enumerate(GOOD[table]):
        column = layout.column(name)
        is_free = column.type == "text" and not column.codes and not column.personal
        secrets = (BIRTH, POSTCODE) if is_free else PLANTED
        if (
            column.type == "date" and not column.personal
        ):  # a date where a date was asked for passes
            secrets = tuple(secret for secret in PLANTED if secret != BIRTH)
        for secret in secrets:
            row = list(GOOD[table].values())
            row[place] = secret
            rows.append(row)
    return rows


def planted_lines(table: str) -> list[list[str]]:
    """A sheet of them with title, odd headers, columns that nobody asked for, rows that lack or
    have a cell too many, and notes.
    """
    header = [*header_of(table), NAME, f"Comments {REFERENCE}", "DOB"]
    header[2] += f" ({NAME})"
    good = list(GOOD[table].values())
    rows = [[*row, NAME, REFERENCE, BIRTH] for row in planted_rows(table)]
    crooked = [good[1:], good[:-1], [NAME, *good, NAME, REFERENCE, BIRTH, POSTCODE]]
    return [
        [f"{NAME} {REFERENCE} {BIRTH}"],
        [],
        header,
        *rows,
        *crooked,
        [],
        ["Note:"],
        [f"{NAME} moved to {POSTCODE}, {BIRTH}"],
    ]


def as_csv(lines: list[list[str]]) -> bytes:
    text = "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
    return text.encode()


def as_workbook(lines: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name in (FILE, "Canary hidden"):
            sheet = book.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line)
            sheet.write_comment(2, 0, f"{NAME} {BIRTH}")
        sheet.hide()
        book.add_worksheet(f"{NAME} notes").write_row(0, 0, [NAME, REFERENCE, BIRTH])
        book.set_properties({"title": NAME, "author": NAME})
    return buffer.getvalue()


def as_zip(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{NAME}/{name} {FILE}.csv", content)
    return buffer.getvalue()


@pytest.fixture
def planted(landing):
    """A landing place full of what nobody meant to tell."""
    landing.drop(DATE, "356", f"{FILE}.xlsx", as_workbook(planted_lines("placement_census")))
    landing.drop(
        DATE,
        "356",
        f"903 {FILE}.zip",
        as_zip(
            header=as_csv(planted_lines("ssda903_header")),
            b=as_csv(planted_lines("ssda903_episodes")),
        ),
    )
    landing.drop(
        DATE, "provider-acorn", f"homes {FILE}.csv", as_csv(planted_lines("provider_settings"))
    )
    landing.drop(
        DATE, "provider-acorn", f"children {FILE}.csv", as_csv(planted_lines("provider_placements"))
    )
    landing.drop(
        DATE, "provider-b", f"no header {FILE}.csv", as_csv(planted_rows("provider_placements"))
    )
    landing.drop(DATE, "provider-c", f"letter {FILE}.pdf", f"%PDF {NAME}".encode())
    landing.drop(
        DATE,
        "provider-c",
        f"quote {FILE}.csv",
        as_csv(planted_lines("provider_settings")).replace(b'"Oak House"', b'"Oak House', 1),
    )
    landing.drop(
        DATE, NAME, "return.csv", as_csv(planted_lines("placement_census"))
    )  # folders of nobody who is a sender
    landing.drop(
        DATE,
        f"{REFERENCE} 17-09-2013",
        f"{FILE}.xlsx",
        as_workbook(planted_lines("provider_settings")),
    )
    stray = landing.root / DATE
    for name in (
        f"{NAME}.csv",
        f"356/{FILE}/return.csv",
        f"356/{FILE}.csv.part",
        f"../{FILE}.xlsx",
        f"../{NAME}/a.csv",
    ):
        (stray / name).parent.mkdir(parents=True, exist_ok=True)
        (stray / name).write_bytes(b"x")
    (stray / f"{NAME} linked").symlink_to(stray / "356")
    return landing


def told(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text.casefold()]


def test_what_was_not_meant_to_be_told_is_in_no_table_finding_or_answer(
    planted, embedded_warehouse, bring, tmp_path
):
    bring(embedded_warehouse, planted, DATE)
    loaded = embedded_warehouse.rows(
        "select table_name, sum(rows_loaded) as rows from raw.submission_table group by 1"
    )
    assert {row.table_name for row in loaded if row.rows} >= {
        "placement_census",
        "ssda903_header",
        "ssda903_episodes",
        "provider_settings",
    }
    for schema, table in embedded_warehouse.rows(
        "select table_schema, table_name from information_schema.tables where table_schema not in"
        " ('pg_catalog', 'information_schema')"
    ):
        lines = (
            embedded_warehouse.frame(f'select t::text as line from {schema}."{table}" as t')[
                "line"
            ].str.cat(sep="\n")
            or ""
        )
        assert told(lines) == [], (
            schema,
            table,
            [line for line in lines.splitlines() if told(line)][:3],
        )
    outbox = tmp_path / "outbox"
    answer_quarter(embedded_warehouse, planted.place, str(outbox), dt.date.fromisoformat(DATE), KEY)
    pages, books = list(outbox.rglob("*.html")), list(outbox.rglob("*.xlsx"))
    assert len(pages) == len(books) == 9
    assert told("\n".join(map(str, outbox.rglob("*")))) == []
    for page in pages:  # its sender's own name for the file stands in the answer, and nowhere else
        text = page.read_text(encoding="utf-8")
        for name in (path.name for path in planted.root.rglob("*.*")):
            text = text.replace(name, "")
        assert told(text) == [], page
    for path in books:
        book = openpyxl.load_workbook(path)
        for sheet in book:
            cells = [cell for row in sheet.iter_rows() for cell in row]
            notes = "\n".join(cell.comment.text for cell in cells if cell.comment)
            values = "\n".join(
                str(cell.value)
                for cell in cells
                if cell.value is not None and FILE not in str(cell.value)
            )
            assert told(notes) == [], (path, sheet.title)
            is_copy = sheet.title not in {"Summary", "Findings", "Labels", "Cross-checks"}
            assert told(values) == [] or is_copy, (
                path,
                sheet.title,
                [line for line in values.splitlines() if told(line)],
            )
            if is_copy:  # a secret in a column that was asked for is the sender's own; those beside and above are left out
                assert (
                    told(sheet.title) == []
                    and f"Comments {REFERENCE}" not in values
                    and f"{NAME} {REFERENCE} {BIRTH}" not in values
                )


def test_a_folder_of_nobody_is_found_again_by_its_form_and_its_place(
    landing, embedded_warehouse, bring, tmp_path
):
    """Its name is not told where it may name a child; whoever operates the region finds it all the
    same.
    """
    for folder in ("356", "999", NAME, "provider-acorn", "returns"):
        landing.drop(
            DATE,
            folder,
            "census.csv",
            as_csv([header_of("placement_census"), list(GOOD["placement_census"].values())]),
        )
    landing.drop(DATE, NAME, "homes.csv", "a,b\n1,2\n")
    bring(embedded_warehouse, landing, DATE)
    senders = embedded_warehouse.rows(
        "select distinct sender from raw.submission where sender_kind = 'unknown' order by 1"
    )
    assert [row.sender for row in senders] == ["999", "returns", "unknown (text of 14 characters)"]
    said = {
        row.value: row.message
        for row in embedded_warehouse.rows(
            "select value, message from raw.finding where rule = 'unknown_sender'"
        )
    }
    assert set(said) == {"999", "returns", "text of 14 characters"}
    assert (
        "folder 3 of 5 of 2025-03-31 in order of name, with 2 files"
        in said["text of 14 characters"]
    )
    assert "'999'" in said["999"]
    events = embedded_warehouse.rows("select distinct actor from access.event where what = 'sent'")
    assert told(" ".join(row.actor for row in events)) == []
    answer_quarter(
        embedded_warehouse,
        landing.place,
        str(tmp_path / "outbox"),
        dt.date.fromisoformat(DATE),
        KEY,
    )
    assert len(list((tmp_path / "outbox" / DATE).iterdir())) == 5
    page = next((tmp_path / "outbox" / DATE).glob("unknown*/*.html")).read_text(encoding="utf-8")
    assert "text of 14 characters" in page and told(page) == []


def test_a_folder_of_nobody_that_an_earlier_version_told_whole_is_told_no_more(
    planted, embedded_warehouse, bring
):
    bring(embedded_warehouse, planted, DATE)
    with embedded_warehouse.engine.begin() as connection:
        here = (
            "(select submission_id from raw.submission where sender = 'unknown (text of 14"
            " characters)')"
        )
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
        for table in (
            "access.event",
            "raw.arrival",
            "raw.finding",
            "raw.submission",
        ):  # the last says which
            if table == "access.event":
                connection.exec_driver_sql("alter table access.event disable trigger user")
                connection.exec_driver_sql(
                    f"update access.event set actor = '{NAME}' where subject in {here}"
                )
                connection.exec_driver_sql("alter table access.event enable trigger user")
            elif table == "raw.finding":  # its rows lie behind a view
                connection.exec_driver_sql(
                    f"update {physical('raw.finding')} set value = '{NAME}', message = '{NAME}'"
                    f" where submission_id in {here}"
                )
            else:
                connection.exec_driver_sql(
                    f"update {table} set sender = '{NAME}' where submission_id in {here}"
                )
    before = embedded_warehouse.scalar("select count(*) from raw.submission")
    prepare(embedded_warehouse, load_region("north_west"))
    bring(embedded_warehouse, planted, DATE)
    assert embedded_warehouse.scalar("select count(*) from raw.submission") == before
    for table in ("access.event", "raw.arrival", "raw.finding", "raw.submission"):
        lines = embedded_warehouse.frame(f"select t::text as line from {table} as t")[
            "line"
        ].str.cat(sep="\n")
        assert told(lines) == [], table


def test_what_was_not_meant_to_be_told_is_in_no_terminal_log_or_history(planted, tmp_path):
    observatory = Observatory(tmp_path / "home")
    observatory.environment["OBSERVATORY_LANDING"] = str(planted.root)
    observatory.environment["OBSERVATORY_SEAL_KEY"] = "a long enough text"
    (planted.root / DATE / NAME / f"{FILE}.csv").symlink_to("/etc/hostname")
    said = [
        observatory("run"),
        observatory("status", "--census-date", DATE),
        observatory("status", "--history", "--census-date", DATE),
        observatory("seal"),
    ]
    assert [told(text) for text in said] == [[], [], [], []]
    kept = [path for path in (observatory.home / "dagster").rglob("*") if path.is_file()]
    assert len(kept) > 1
    for path in kept:
        assert told(path.read_bytes().decode("latin-1")) == [], path
