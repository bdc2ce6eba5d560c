"""The command: what it answers, with which exit code, and what it says to a person who asks
wrongly.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import pipelines.command as command
from assets.intake.reading import read_sheets
from assets.intake.recognising import EXAMPLE_MARK, is_example, recognise_all
from pipelines.command import query
from pipelines.command.printing import table_lines
from resources.errors import ObservatoryError
from resources.showing import in_table
from resources.warehouse import Warehouse
from schemas.codes import code_set
from schemas.regions import load_region
from schemas.returns import return_tables
from tests import builders
from tests.unit.at_the_door import GOOD, csv_of, held_up


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(command.cli, list(arguments))


# --- help, and wrong questions
# -------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_subcommand_and_setting(flag):
    result = ask(flag)
    assert result.exit_code == 0
    for name in ("synth", "check", "run", "status", "query", "serve", "template"):
        assert f"\n  {name} " in result.output
    for name in ("HOME", "LANDING", "DATABASE_URL", "REGION", "PSEUDONYM_KEY"):
        assert f"OBSERVATORY_{name}" in result.output


@pytest.mark.parametrize("name", list(command._SUBCOMMANDS))
def test_every_subcommand_has_a_help_of_its_own(name):
    result = ask(name, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: cli {name}") and len(result.output.splitlines()) > 4


def main_exits_with(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["observatory", *arguments])
    try:
        command.main()
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--help"], 0, "Usage"),
        (["--version"], 0, "observatory"),
        ([], 2, "Usage"),
        (["chekc"], 2, "No such command 'chekc'"),
        (["check"], 2, "Missing argument 'FILES"),
        (["check", "/nowhere/at/all.csv"], 2, "does not exist"),
        (["check", __file__, "--census-date", "2025-04-01"], 2,
        "2025-04-01 is no quarter end. The last day of March, June, September or December was expected."),
        (["check", __file__, "--census-date", "soon"], 2, "'soon' is no date. A quarter end such as 2025-03-31 was expected."),
        (["run", "--all", "--census-date", "2025-03-31"], 2, "not both"),
        (["run", "--landing", "/nowhere/at/all"], 2, "No landing place was found"),
        (["query"], 2, "Missing argument 'SQL'"),
        (["query", "select 1", "--format", "xml"], 2, "'xml' is not one of"),
        (["synth"], 2, "Missing option '--out'"),
        (["synth", "--out", "x", "--quarters", "0"], 2, "0 is not in the range"),
        (["template", "recipe", "--out", "x"], 2, "'recipe' is not"),
    ],
    ids=lambda value: " ".join(Path(v).name for v in value) or "nothing" if isinstance(value, list) else "",
)  # fmt: skip
def test_a_wrong_question_ends_with_2_and_says_what_was_expected(
    arguments, code, says, monkeypatch, capfd, tmp_path
):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main_exits_with(monkeypatch, *arguments) == code
    out, err = capfd.readouterr()
    assert says in (err if code else out)
    assert "Traceback" not in err


def test_a_failure_that_can_be_mended_is_one_sentence_without_a_traceback(
    monkeypatch, capfd, tmp_path
):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", "mysql://somebody:hunter2@somewhere/db")
    assert main_exits_with(monkeypatch, "query", "select 1") == 2
    assert capfd.readouterr().err.startswith(
        "observatory: OBSERVATORY_DATABASE_URL names a mysql database; PostgreSQL was expected."
    )


def test_a_server_that_cannot_be_reached_is_told_without_its_password(monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", "postgresql://somebody:hunter2@127.0.0.1:1/db")
    assert main_exits_with(monkeypatch, "query", "select 1") == 2
    said = capfd.readouterr().err
    assert "could not be reached" in said and "somebody" in said
    assert "hunter2" not in said and "Traceback" not in said


def test_a_database_without_an_encoding_is_refused_in_a_sentence(
    monkeypatch, capfd, tmp_path, servers
):
    """As Debian's `createdb` makes it on a server without a locale."""
    servers.start("embedded")
    servers._run(
        "embedded", "create database plain encoding 'SQL_ASCII' locale 'C' template template0"
    )
    try:
        monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
        monkeypatch.setenv("OBSERVATORY_DATABASE_URL", servers.address("embedded", "plain"))
        assert main_exits_with(monkeypatch, "query", "select 1") == 2
        said = capfd.readouterr().err
        assert "is in SQL_ASCII; UTF8 was expected" in said and "Traceback" not in said
    finally:
        servers.drop("embedded", servers.address("embedded", "plain"))


def test_an_interrupt_ends_with_130(monkeypatch, capfd):
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "cli", interrupted)
    assert main_exits_with(monkeypatch) == 130
    assert "Stopped." in capfd.readouterr().err


# --- check
# ------------------------------------------------------------------------------------------------


def landed(tmp_path: Path, sender: str, content: str | bytes, name: str = "return.csv") -> str:
    file = tmp_path / "2025-03-31" / sender / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(file)


def test_a_good_return_would_be_accepted(tmp_path):
    result = ask(
        "check",
        landed(
            tmp_path, "356", csv_of("placement_census", [{"identifier": "1"}, {"identifier": "2"}])
        ),
    )
    assert result.exit_code == 0
    assert "as sent by Stockport for 31 March 2025" in result.output
    assert (
        "Regional placement census: 2 rows received = 2 would be loaded + 0 rejected + 0 set aside"
        in result.output
    )
    assert "This file would be accepted." in result.output


def test_a_return_with_a_rejected_row_is_accepted_and_the_row_is_told_with_its_number(tmp_path):
    rows = [
        {"urn": "SC1"},
        {"urn": "SC2", "vacant_places": "-1"},
        {"urn": "SC3", "vacant_places": "-1"},
        {"urn": "SC4", "age": "x"},
    ]
    result = ask(
        "check",
        landed(
            tmp_path,
            "provider-a",
            csv_of(
                "provider_settings", [{k: v for k, v in row.items() if k != "age"} for row in rows]
            ),
        ),
    )
    assert result.exit_code == 0
    assert "4 rows received = 2 would be loaded + 2 rejected + 0 set aside" in result.output
    assert (
        "- rows 3, 4 (rejected): 'vacant_places' says a number below nought with 1 digit. Expected"
        " was a whole number, 0 or more." in result.output
    )
    assert (
        "This file would be accepted IN PART: 2 of its 4 rows would be rejected." in result.output
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            csv_of("placement_census", [{"placing_authority": "Trafford"}]),
            "the folder is Stockport's",
        ),
        (b"%PDF-1.7", "it is a PDF"),
        (b"", "The file is empty"),
        ("name,colour\nfox,red\n", "No table was recognised"),
    ],
    ids=["another authority", "a PDF", "empty", "no table"],
)
def test_a_return_that_would_be_rejected_ends_with_1_and_says_why(tmp_path, content, says):
    result = ask("check", landed(tmp_path, "356", content))
    assert result.exit_code == 1
    assert says in result.output and "This file would be REJECTED as a whole." in result.output


def test_of_several_files_each_is_answered_and_one_bad_one_ends_with_1(tmp_path):
    good = landed(tmp_path, "provider-a", csv_of("provider_settings", [{}]), "good.csv")
    bad = landed(tmp_path, "provider-a", b"", "bad.csv")
    result = ask("check", good, bad)
    assert result.exit_code == 1
    assert (result.output.count("would be accepted"), result.output.count("would be REJECTED")) == (
        1,
        1,
    )
    assert ask("check", good).exit_code == 0


@pytest.mark.parametrize(
    "name",
    ["Thumbs.db", "desktop.ini", "good.csv:Zone.Identifier", "~$good.xlsx", "good.csv.filepart"],
)
def test_what_the_landing_place_passes_over_is_passed_over_and_called_no_return(tmp_path, name):
    good = landed(tmp_path, "provider-a", csv_of("provider_settings", [{}]), "good.csv")
    result = ask("check", good, landed(tmp_path, "provider-a", b"\xd0\xcf\x11\xe0", name))
    assert result.exit_code == 0
    assert f"{name}: " in result.output and "it is passed over, and is no return" in result.output
    assert result.output.count("would be accepted") == 1 and "REJECTED" not in result.output


@pytest.mark.parametrize(
    ("table", "sender"),
    [
        ("placement_census", "Stockport"),
        ("register_providers", "Ofsted"),
        ("register_premises", "Ofsted"),
        ("provider_settings", "provider-unknown"),
    ],
)
def test_a_return_outside_the_landing_place_says_itself_who_sends_it(tmp_path, table, sender):
    file = tmp_path / "some return.csv"
    file.write_text(csv_of(table, [{}]), encoding="utf-8")
    result = ask("check", str(file), "--census-date", "2025-03-31")
    assert f"as sent by {sender} for 31 March 2025" in result.output
    assert result.exit_code == 0


def test_the_sender_and_the_date_that_are_given_go_before_the_folders(tmp_path):
    file = landed(
        tmp_path, "356", csv_of("placement_census", [{"placement_start_date": "01/06/2025"}])
    )
    assert ask("check", file).exit_code == 1
    assert ask("check", file, "--census-date", "2025-06-30").exit_code == 0
    assert ask("check", file, "--census-date", "2025-06-30", "--sender", "358").exit_code == 1


def test_a_check_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    file = landed(tmp_path, "356", csv_of("placement_census", [{}]))
    before = sorted(tmp_path.rglob("*"))
    ask("check", file)
    assert sorted(tmp_path.rglob("*")) == before


# --- the template
# -------------------------------------------------------------------------------------------

TABLES = {"settings": "provider_settings", "placements": "provider_placements"}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("a template") / "provider census.xlsx"
    result = ask("template", "provider-census", "--out", str(out))
    assert result.exit_code == 0, result.output
    return out


def test_a_template_takes_the_place_of_no_file_and_makes_no_folder(tmp_path):
    mine = tmp_path / "mine.xlsx"
    mine.write_bytes(b"filled in")
    for name, says in (
        ("mine.xlsx", "is there already"),
        ("mine.csv", "ends in .xlsx"),
        ("none/new.xlsx", "There is no folder"),
    ):
        result = ask("template", "provider-census", "--out", str(tmp_path / name))
        assert result.exit_code == 2 and says in " ".join(result.output.split())
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"filled in"]
    assert ask("template", "provider-census", "--out", str(mine), "--force").exit_code == 0
    assert mine.read_bytes() != b"filled in"


def test_the_template_is_recognised_as_both_tables_and_nothing_else(template):
    found = {sheet.name: recognise_all(sheet) for sheet in read_sheets(template.read_bytes())}
    assert {
        name: [about.table.name for about in tables] for name, tables in found.items() if tables
    } == {n: [t] for n, t in TABLES.items()}
    for about in [about for tables in found.values() for about in tables]:
        assert (about.header_row, about.missing, about.others) == (0, (), {})
        assert set(about.columns) == {column.name for column in about.table.columns}


def test_the_drop_downs_of_the_template_are_the_code_sets(template):
    book = openpyxl.load_workbook(template)
    offered: dict[tuple[str, str], list[str]] = {}
    for sheet_name in TABLES:
        sheet = book[sheet_name]
        for rule in sheet.data_validations.dataValidation:
            if rule.type != "list":
                continue
            source, cells = rule.formula1.lstrip("=").split("!")
            labels = [cell.value for row in book[source][cells.replace("$", "")] for cell in row]
            for cell_range in rule.sqref.ranges:
                assert (cell_range.min_row, cell_range.max_row >= 400) == (2, True)
                offered[sheet_name, str(sheet.cell(1, cell_range.min_col).value)] = labels
    wanted = {
        (sheet_name, column.name): (
            list(code_set(column.codes).labels) if column.codes else ["Yes", "No"]
        )
        for sheet_name, table in TABLES.items()
        for column in return_tables()[table].columns
        if column.codes or column.type == "yes_no"
    }
    assert offered == wanted


def test_every_column_of_the_template_is_explained_and_its_headers_cannot_be_changed(template):
    book = openpyxl.load_workbook(template)
    guide = {
        str(row[0].value).removesuffix(" (needed)"): row[1].value
        for row in book["guide"].iter_rows()
        if row[0].value
    }
    for sheet_name, table in TABLES.items():
        sheet = book[sheet_name]
        open_columns = {
            place
            for c in sheet.column_dimensions.values()
            if not c.protection.locked
            for place in range(c.min, c.max + 1)
        }
        assert sheet.protection.sheet and len(open_columns) == len(return_tables()[table].columns)
        for cell, column in zip(sheet[1], return_tables()[table].columns, strict=True):
            assert cell.value == column.name
            assert cell.comment is not None and cell.protection.locked
            assert guide[column.name] == column.field.description


def test_a_template_filled_in_with_its_own_labels_is_loaded_without_a_word(template, tmp_path):
    book = openpyxl.load_workbook(template)
    dated = {"placement_start_date": dt.date(2024, 9, 1)}
    for sheet_name, table in TABLES.items():
        for place, column in enumerate(return_tables()[table].columns, start=1):
            text = GOOD[table].get(column.name, "")
            value = dated.get(column.name) or (
                int(text)
                if text.isdigit() and column.type in {"integer", "money"}
                else text or None
            )
            book[sheet_name].cell(2, place, value)
            if sheet_name == "placements":
                book[sheet_name].cell(3, place, value)
    answer = held_up(_bytes(book), sender="provider-acorn")
    assert (answer.about_files, answer.about_rows, answer.books) == (
        [],
        [],
        [(1, 1, 0, 0), (2, 2, 0, 0)],
    )
    assert [f.rule for f in answer.submissions[0].findings] == ["example_left_alone"], (
        "the template's own guide and lists are no finding"
    )
    # sheets of these names that hold anything else are
    book["guide"].cell(1, 1, "Our homes")
    book["lists"].cell(40, 1, "Acorn House")
    answer = held_up(_bytes(book), sender="provider-acorn")
    assert sorted(
        f.sheet for f in answer.submissions[0].findings if f.rule == "sheet_not_recognised"
    ) == ["guide"]


def test_the_templates_example_is_never_counted_and_its_rows_are_refused_where_they_do_not_belong(
    template,
):
    sheets = {sheet.name: sheet for sheet in read_sheets(template.read_bytes())}
    example = sheets["example"]
    assert [name for name, sheet in sheets.items() if is_example(sheet)] == ["example"]
    assert {
        row[0]
        for row in example.rows
        if str(row[0]).startswith("EXAMPLE") and row[0] != example.rows[0][0]
    } == {"EXAMPLE1", "EXAMPLE2"}
    book = openpyxl.load_workbook(template)
    for place, column in enumerate(return_tables()["provider_settings"].columns, start=1):
        text = GOOD["provider_settings"].get(column.name, "")
        book["settings"].cell(
            2, place, int(text) if text.isdigit() and column.type == "integer" else text or None
        )
    answer = held_up(_bytes(book), sender="provider-acorn")
    assert answer.books == [(1, 1, 0, 0), (0, 0, 0, 0)]
    assert [
        (f.sheet, f.rule) for f in answer.submissions[0].findings if f.rule == "example_left_alone"
    ] == [("example", "example_left_alone")]
    # the same sheet without its mark would be two tables of a return: it is the mark alone that
    # keeps it out
    book["example"].cell(1, 1, "Our return")
    unmarked = held_up(_bytes(book), sender="provider-acorn")
    assert [received for received, *_ in unmarked.books] == [3, 3]
    assert EXAMPLE_MARK in str(example.rows[0][0])


def _bytes(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_an_empty_template_is_refused_as_having_no_rows(template):
    assert held_up(template.read_bytes(), sender="provider-acorn").about_files == ["no_rows"]


# --- printing
# ------------------------------------------------------------------------------------------------


def test_equal_names_are_told_apart_in_json_and_no_column_is_lost(capsys):
    query._print_json(["share", "n", "share", "share_2", "share"], [[1, 2, 3, 4, 5]])
    assert json.loads(capsys.readouterr().out) == [
        {"share": 1, "n": 2, "share_3": 3, "share_2": 4, "share_4": 5}
    ]
    assert query.told_apart(["a", "b"]) == ["a", "b"]
    assert query.told_apart(["?column?", "?column?"]) == ["?column?", "?column?_2"]


NAMES = ["name", "count", "rate", "when", "yes", "list", "none"]
ROWS = [
    ["Stockport", 12, Decimal("0.250000"), dt.date(2025, 3, 31), True, ["a", "é"], None],
    ["St. Helens, the town", 3, None, None, False, {"k": 1}, None],
]


def test_a_table_is_aligned_numbers_to_the_right_and_nothing_cut_off():
    assert table_lines(NAMES[:4], [row[:4] for row in ROWS]) == [
        "name                  count  rate  when",
        "--------------------  -----  ----  ----------",
        "Stockport                12  0.25  2025-03-31",
        "St. Helens, the town      3",
    ]
    assert table_lines(["a", "bc"], []) == ["a  bc", "-  --"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (False, "no"), (0, "0"), (1200, "1200"), (0.5, "0.5"), (2.0, "2"), (100.0, "100"), (0.0, "0"), (Decimal("10"), "10"),
    ("x", "x"), ({"a": "é"}, '{"a": "é"}')],
    ids=repr,
)  # fmt: skip
def test_a_value_is_shown_as_people_write_it(value, text):
    assert in_table(value) == text


def test_csv_is_a_header_and_the_rows_and_nothing_else(capsys):
    query._PRINT["csv"](
        [*NAMES], [[*ROWS[0]], ['say "hi"', -1, Decimal("0.1"), None, False, [], "a,b\nc"]]
    )
    out = capsys.readouterr().out
    assert list(csv.reader(io.StringIO(out))) == [
        NAMES,
        ["Stockport", "12", "0.250000", "2025-03-31", "true", '["a", "é"]', ""],
        ['say "hi"', "-1", "0.1", "", "false", "[]", "a,b\nc"],
    ]
    assert "\r" not in out


def test_json_keeps_types_and_blanks(capsys):
    query._PRINT["json"](NAMES, ROWS)
    first, second = json.loads(capsys.readouterr().out)
    assert first == {
        "name": "Stockport",
        "count": 12,
        "rate": 0.25,
        "when": "2025-03-31",
        "yes": True,
        "list": ["a", "é"],
        "none": None,
    }
    assert (second["rate"], second["list"]) == (None, {"k": 1})
    query._PRINT["json"](["a"], [])
    assert json.loads(capsys.readouterr().out) == []


def test_a_table_says_how_many_rows_it_has(capsys):
    query._PRINT["table"](["a"], [[1]])
    assert capsys.readouterr().out.endswith("\n(1 row)\n")
    query._PRINT["table"](["a"], [])
    assert capsys.readouterr().out == "a\n-\n(0 rows)\n"


# --- query
# -----------------------------------------------------------------------------------------------------


@pytest.fixture
def asking(embedded_warehouse, monkeypatch, tmp_path):
    """Ask the warehouse of the test."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", embedded_warehouse.url)
    return lambda sql, *options: ask("query", sql, "--format", "csv", *options)


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("select 1 as a, null as b", "a,b\n1,\n"),
        (
            "select authority_name from raw.authority where authority_name like 'Stockpo%'",
            "authority_name\nStockport\n",
        ),
        ("select '100%' as share", "share\n100%\n"),
        ("select 'a %s b' as words", "words\na %s b\n"),
        ("select ':name' as words", "words\n:name\n"),
        ("select 7 % 4 as rest", "rest\n3\n"),
        ("select 1 as a -- a remark\n;", "a\n1\n"),
    ],
    ids=[
        "plain",
        "like",
        "a percentage",
        "a placeholder",
        "a name",
        "modulo",
        "a remark and a semicolon",
    ],
)
def test_a_question_is_asked_as_it_was_written(asking, sql, answer):
    result = asking(sql)
    assert (result.exit_code, result.output) == (0, answer), result.exception


@pytest.mark.parametrize(
    "sql",
    [
        "delete from raw.authority",
        "with gone as (delete from raw.authority returning 1) select * from gone",
        "create table public.mine as select 1 as a",
        "set transaction read write; delete from raw.authority",
        "commit; delete from raw.authority",
        "rollback; begin; delete from raw.authority; commit; select 1 as a",
        "end; drop table raw.finding; select 1 as a",
    ],
)
def test_nothing_can_be_changed_by_a_question(asking, embedded_warehouse, sql):
    asking(sql)
    assert embedded_warehouse.scalar("select count(*) from raw.authority") > 200
    assert embedded_warehouse.scalar(
        "select to_regclass('raw.finding') is not null and to_regclass('public.mine') is null"
    )


@pytest.mark.parametrize(
    ("sql", "options", "says"),
    [
        ("select * from nowhere", [], 'relation "nowhere" does not exist'),
        (
            "select 1,\n  selec 2",
            [],
            'answered (line 2, character 9): syntax error at or near "2". One SELECT',
        ),
        (
            "select authority_nam from raw.authority",
            [],
            'Perhaps you meant to reference the column "authority.authority_name". One SELECT',
        ),
        ("select 1", ["--as", "nobody_here"], "no role 'nobody_here'"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why_and_what_to_do(asking, sql, options, says):
    result = asking(sql, *options)
    assert isinstance(result.exception, ObservatoryError)
    assert says in str(result.exception) and result.output == ""


def test_what_a_login_may_not_read_is_no_fault_of_the_sql(asking, embedded_warehouse):
    from assets.access import logins
    from assets.access.preparing import prepare

    prepare(
        embedded_warehouse, load_region("north_west")
    )  # the groups of a database that was copied
    logins.grant(embedded_warehouse, "anybody_here", "public", None)
    try:
        said = str(asking("select * from core.child", "--as", "anybody_here").exception)
    finally:
        logins.revoke(embedded_warehouse, "anybody_here")
    assert said.startswith(
        "The login 'anybody_here' may not read what was asked for: permission denied for"
    )
    assert "docs/querying.md" in said and "Check the SQL" not in said


def test_a_submission_is_not_withdrawn_without_a_reason():
    result = ask("withdraw", "0123456789abcdef", "--reason", "  ")
    assert result.exit_code == 2 and "The reason is blank" in result.output


def test_a_writer_who_must_wait_says_so_once(embedded_warehouse, capsys):
    def write() -> None:
        with Warehouse(embedded_warehouse.url) as other, other.writing():
            pass

    with ThreadPoolExecutor(1) as pool:
        with embedded_warehouse.writing():
            waiting = pool.submit(write)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1.5)
        waiting.result(timeout=30)
    said = capsys.readouterr().err
    assert (
        said.startswith("Another run holds the warehouse; waiting for it to end. ")
        and said.count("\n") == 1
    )
    assert "raw.observatory" in said, "and who it is"
    write()
    assert capsys.readouterr().err == ""


def test_the_tables_can_be_copied_out_or_the_refusal_is_a_sentence(asking):
    result = asking("copy raw.authority to stdout")
    assert result.exit_code == 0 or isinstance(result.exception, ObservatoryError)


def test_status_names_every_setting_and_authority_that_has_not_returned(
    asking, embedded_warehouse, landing, bring
):
    homes = [
        ("SC000001", "Stockport", 3, "Acorn"),
        ("SC000002", "Trafford", 4, "Acorn"),
        ("SC000003", "Kent", 9, "Beech"),
        ("SC000004", "Bury", 6, "Cedar"),
    ]
    homes = [
        dict(zip(("urn", "local_authority", "places", "provider_name"), home, strict=True))
        for home in homes
    ]
    for date in ("2025-03-31", "2025-06-30"):
        landing.drop(date, "ofsted", "list.csv", builders.register(homes))
        landing.drop(
            date, "provider-acorn", "settings.csv", builders.settings([{"urn": "SC000001"}])
        )
    landing.drop(
        "2025-03-31",
        "provider-cedar",
        "settings.csv",
        builders.settings([{"urn": "SC000004", "host_local_authority": "Bury"}]),
    )
    for date in ("2025-03-31", "2025-06-30"):
        bring(embedded_warehouse, landing, date)
    rows = list(csv.DictReader(io.StringIO(ask("status", "--missing", "--format", "csv").output)))
    assert [
        tuple(row[name] for name in ("sender", "provider", "urn", "host authority", "places"))
        for row in rows
    ] == [
        ("provider-cedar", "Cedar", "SC000004", "Bury", "6"),
        ("provider-acorn", "Acorn", "SC000002", "Trafford", "4"),
    ]
    plain = ask("status").output
    assert (
        "Not yet: 2 settings with 10 places; `observatory status --census-date 2025-06-30"
        " --missing` lists them." in plain
    )
    assert "SSDA903: no return of this date is held." in plain
    landing.drop("2025-06-30", "356", "header.csv", builders.children([{"child": "A1"}]))
    landing.drop("2025-06-30", "356", "episodes.csv", builders.episodes([{"child": "A1"}]))
    bring(embedded_warehouse, landing, "2025-06-30")
    said = ask("status").output.split("SSDA903: ")[1].splitlines()
    assert (
        said[0] == "1 of 24 authorities have returned."
        and "Trafford" in said[1]
        and "Stockport" not in said[1]
    )
    assert ask("status", "--format", "csv").exit_code == 2


def test_a_quarter_for_which_nothing_has_landed_is_neither_run_nor_recommended(
    asking, embedded_warehouse, monkeypatch, tmp_path
):
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path / "landing"))
    (tmp_path / "landing").mkdir()
    landed(tmp_path / "landing", "356", "x,y\n1,2\n")
    result = ask("run", "--census-date", "2026-03-31", "--census-date", "2025-03-31")
    assert isinstance(result.exception, ObservatoryError)
    assert (
        "Nothing has landed for 2026-03-31, and nothing is held; returns of the quarter were"
        " expected." in str(result.exception)
    )
    assert embedded_warehouse.scalar("select count(*) from raw.quarter") == 0
    result = ask("release", "--census-date", "2026-03-31", "--dry-run")
    assert (
        f"Drop its returns into {tmp_path / 'landing'}/2026-03-31/<sender>/ first, then use"
        " `observatory run" in str(result.exception)
    )
    assert "Use `observatory run --census-date 2025-03-31`." in str(
        ask("release", "--census-date", "2025-03-31", "--dry-run").exception
    )


# --- run
# -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails", [False, True], ids=["written", "not written"])
def test_the_releases_are_told_last_also_where_the_quality_report_fails(
    asking, monkeypatch, tmp_path, fails
):
    def run_quarters(
        settings: object, dates: object, job_name: str = "bring_up_to_date", tags: object = None
    ) -> list[str]:
        return ["The run failed at core/setting."] if fails and job_name == "quality_report" else []

    monkeypatch.setattr("pipelines.running.run_quarters", run_quarters)
    earlier = tmp_path / "data_docs" / "2025-03-31" / "index.html"
    earlier.parent.mkdir(parents=True)
    earlier.touch()
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path / "landing"))
    landed(tmp_path / "landing", "356", "x,y\n1,2\n")
    result = ask("run", "--census-date", "2025-03-31", "--report")
    assert result.exit_code == int(fails)
    assert ("failed at core/setting" in result.output) == fails
    assert result.output.index("Quality report:") < result.output.index("Where to look next:")
    assert (f"Open {earlier}" in result.output) == (not fails)
    assert str(earlier) not in result.output[result.output.index("Returns (") :], (
        "a report of an earlier run is not this run's"
    )
