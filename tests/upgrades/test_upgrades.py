"""A home made by an older version is brought up, with all that must live on; an older program
refuses a newer one; nobody waits in silence.

The older homes are dumps of homes that named commits of this repository made (`homes/README.md`).
"""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from assets.access.preparing import prepare
from assets.intake.loading import withdraw
from assets.publication.files import damage
from assets.publication.lifecycle import life
from assets.publication.release import write_all_missing_files
from assets.warehouse import upgrading
from assets.warehouse.rewriting import write_anew
from pipelines import command
from resources.errors import ObservatoryError
from resources.version import VERSION
from resources.warehouse import Warehouse
from schemas.regions import load_region

HOMES = Path(__file__).parent / "homes"
COMMITS = [path.name.removesuffix(".sql.gz") for path in sorted(HOMES.glob("*.sql.gz"))]
LIVES_ON = Path(__file__).with_name("what_lives_on.txt")
REGION = load_region("north_west")

Old = Callable[..., Warehouse]


@pytest.fixture
def old(servers) -> Iterator[Old]:
    """A warehouse as a commit made it: `old("88ae772")`."""
    opened: list[tuple[str, Warehouse]] = []

    def old_(commit: str, kind: str = "embedded") -> Warehouse:
        address = servers.fresh(kind, "template0")
        made = Warehouse(address)
        opened.append((kind, made))
        with made.engine.begin() as connection:
            connection.connection.driver_connection.execute(
                gzip.decompress((HOMES / f"{commit}.sql.gz").read_bytes()).decode()
            )
        made.engine.dispose()  # the dump sets the session's search path
        return made

    yield old_
    for kind, made in opened:
        made.close()
        servers.drop(kind, made.url)


def what_lives_on(warehouse: Warehouse) -> str:
    """Every table of what must live on, with its columns, constraints and triggers, a line each, in
    order of name.
    """
    return "\n".join(
        warehouse.frame(
            """
            with lives_on as (
                select c.oid, n.nspname || '.' || c.relname as name
                from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
                where c.relkind = 'r' and n.nspname in ('raw', 'raw_rows', 'published', 'access')
            )
            select name || ' ' || attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end as line
            from lives_on inner join pg_attribute on attrelid = oid and attnum > 0 and not attisdropped
            union all
            select name || ': ' || pg_get_constraintdef(k.oid)
            from lives_on inner join pg_constraint as k on k.conrelid = lives_on.oid where contype <> 'n'
            union all
            select name || ': trigger ' || tgname from lives_on inner join pg_trigger on tgrelid = lives_on.oid where not tgisinternal
            order by 1
            """
        )["line"]
    )


LEDGER = (
    (
        "select string_agg(md5((to_jsonb(x))::text), ',' order by (to_jsonb(x))::text) from"
        " published.{} as x"
    ),
    (
        "select string_agg(submission_id || sender || census_date, ',' order by submission_id) from"
        " raw.submission"
    ),
)


def ledger(warehouse: Warehouse) -> list[str]:
    """What was published, and who sent what."""
    return [warehouse.scalar(LEDGER[0].format("cell")), warehouse.scalar(LEDGER[1])]


@pytest.mark.parametrize(
    ("commit", "kind"), [*((commit, "embedded") for commit in COMMITS), ("4312192", "postgres15")]
)
def test_a_home_of_an_older_version_becomes_what_a_new_one_is_and_keeps_what_must_live_on(
    old, embedded_warehouse, commit, kind
):
    warehouse = old(commit, kind)
    before = ledger(warehouse)
    assert prepare(warehouse, REGION)
    assert what_lives_on(warehouse).splitlines() == what_lives_on(embedded_warehouse).splitlines()
    assert ledger(warehouse) == before and all(before)
    released = {
        row.census_date for row in warehouse.rows("select census_date from published.release")
    }
    assert len(released) == (1 if commit == "0d1b880" else 2)
    assert {life(warehouse, date).state for date in released} == {"published"}
    assert not warehouse.scalar(
        "select exists (select from published.release where manifest::text like"
        " '%content_hash%:%[0-9a-f]{64}%')"
    )
    assert not prepare(warehouse, REGION), "once is enough"
    told = warehouse.rows("select subject, details from access.event where what = 'brought up'")
    assert [row.subject for row in told] == [upgrading.head()]


@pytest.mark.parametrize("commit", ["9ad56d8", "4312192"])
def test_the_files_of_an_older_versions_release_can_be_written_anew(old, tmp_path, commit):
    """An older programme had fewer columns: the release is written as it was published."""
    warehouse = old(commit)
    prepare(warehouse, REGION)
    write_all_missing_files(warehouse, tmp_path)
    assert {path.name for path in tmp_path.glob("*/r1/*.xlsx")} == {"tables.xlsx"}


def test_a_table_of_which_nothing_was_published_is_not_missed_in_a_releases_folder(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    assert (
        damage(tmp_path, {"tables": {"homes": {"rows": 0, "columns": ["homes"], "sha256": ""}}})
        == ""
    )
    assert (
        damage(tmp_path, {"tables": {"homes": {"rows": 1, "columns": ["homes"], "sha256": ""}}})
        == "homes.csv is missing"
    )


def test_on_an_upgraded_home_a_return_can_be_withdrawn_and_a_draft_still_stands(old):
    oldest = old("9ad56d8")
    prepare(oldest, REGION)
    census = oldest.scalar(
        "select min(submission_id) from raw.submission where sender_kind = 'authority'"
    )
    withdraw(oldest, census, "Ada Example", "the test")
    drafted = old("0d1b880")
    prepare(drafted, REGION)
    assert drafted.scalar("select count(*) from raw.draft") == 1


def test_version_and_schema_stand_in_the_database(embedded_warehouse):
    assert embedded_warehouse.rows("select program_version from raw.observatory") == [(VERSION,)]
    assert embedded_warehouse.rows("select version_num from raw.schema_version") == [
        (upgrading.head(),)
    ]


@pytest.mark.parametrize(
    "by_a_newer",
    [
        "update raw.schema_version set version_num = 'r9999'",
        "update raw.observatory set program_version = '99.1.0'",
    ],
)
def test_an_older_program_refuses_a_newer_home(embedded_warehouse, by_a_newer):
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql(by_a_newer)
        connection.exec_driver_sql("update raw.observatory set state = 'of a newer program'")
    with pytest.raises(
        ObservatoryError, match=r"newer version.*(r9999|99\.1\.0).*Install"
    ) as refused:
        prepare(embedded_warehouse, REGION)
    assert VERSION in str(refused.value)
    assert embedded_warehouse.scalar("select state from raw.observatory") == "of a newer program", (
        "nothing was touched"
    )


def test_a_program_from_before_versions_cannot_write_its_state_into_a_newer_home(
    embedded_warehouse,
):
    """It knew one column only; its whole transaction is undone."""
    with embedded_warehouse.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.exec_driver_sql("insert into raw.observatory values ('older')")


def test_a_readers_long_transaction_does_not_hang_an_upgrade_in_silence(embedded_warehouse, capsys):
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    with embedded_warehouse.engine.connect() as reader:
        reader.exec_driver_sql("set application_name = 'Excel'")
        reader.exec_driver_sql(
            "select count(*) from curated.homes"
        )  # and the transaction stays open
        with pytest.raises(ObservatoryError) as gave_up:
            prepare(embedded_warehouse, REGION, patience=2)
        said = str(gave_up.value)
        assert re.search(
            r"observatory \(Excel, number \d+, since \d\d:\d\d:\d\d\) holds curated.homes", said
        ), said
        assert "it was waited 2 s for, and nothing was written" in said
        assert re.search(
            r"waits for observatory \(Excel, process \d+, since .*\), at most 2 s",
            capsys.readouterr().err,
        ), "while it waits, too"
        assert embedded_warehouse.scalar("select state from raw.observatory") == "older"
    assert prepare(embedded_warehouse, REGION, patience=2)


def test_what_lives_on_changes_only_by_a_migration(embedded_warehouse):
    """A layout that gains a column is the one exception: its column is added by itself."""
    held = f"{upgrading.head()}\n{what_lives_on(embedded_warehouse)}\n"
    if os.environ.get("OBSERVATORY_WRITE_LISTING"):
        LIVES_ON.write_text(held, encoding="utf-8")
    assert held == LIVES_ON.read_text(encoding="utf-8"), (
        "The tables that live on have changed. Write a migration (CONTRIBUTING.md says how), then"
        " write this listing anew: OBSERVATORY_WRITE_LISTING=1"
    )


def test_the_reason_of_a_fee_request_is_gone_from_a_home_that_kept_it(embedded_warehouse):
    """The request itself stays."""
    with embedded_warehouse.engine.begin() as connection:
        kept = connection.exec_driver_sql(
            "select n.nspname from pg_class as c inner join pg_namespace as n on n.oid ="
            " c.relnamespace where c.relname = 'fee_requests' and c.relkind = 'r'"
        ).scalar_one()
        connection.exec_driver_sql(f"alter table {kept}.fee_requests add column fee_reason text")
        connection.exec_driver_sql(
            f"insert into {kept}.fee_requests (submission_id, fee_asked, fee_reason, as_received) "
            """values ('s1', '4800', 'He ran away', '{"fee_reason": "He ran away ", "urn": "sc1"}')"""
        )
        connection.exec_driver_sql("update raw.schema_version set version_num = 'r0004'")
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    assert prepare(embedded_warehouse, REGION)
    rows = embedded_warehouse.rows(f"select to_jsonb(r) as held from {kept}.fee_requests as r")
    assert [row.held["as_received"] for row in rows] == [{"urn": "sc1"}]
    assert "He ran away" not in str(rows) and rows[0].held["fee_asked"] == "4800"


def test_a_closed_quarter_keeps_nothing_that_told_who_has_a_child(embedded_warehouse):
    """An open one is written anew by the next run."""
    tables = {
        "comparison": ["sub_region_authorities", "region_authorities", "neighbours_held"],
        "weekly_cost": ["rank_in_region"],
    }
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into access.closed_quarter (census_date) values ('2016-03-31')"
        )
        for table, columns in tables.items():
            for date in ("2016-03-31", "2025-03-31"):
                connection.exec_driver_sql(
                    f"insert into curated_rows.{table} (census_date, {', '.join(columns)})"
                    f" values ('{date}', {', '.join('2' for _ in columns)})"
                )
        connection.exec_driver_sql("update raw.schema_version set version_num = 'r0008'")
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    assert prepare(embedded_warehouse, REGION)
    for table, columns in tables.items():
        rows = embedded_warehouse.rows(
            f"select {', '.join(columns)} from curated.{table} order by census_date"
        )
        assert [tuple(row) for row in rows] == [(None,) * len(columns), (2,) * len(columns)]


def test_what_members_are_told_of_a_published_quarter_stands_after_an_upgrade(embedded_warehouse):
    """Of quarters that have a release, and of drafts that wait; of others nothing."""
    of = {"2016-03-31": "published.release", "2016-06-30": "raw.draft", "2016-09-30": ""}
    with embedded_warehouse.engine.begin() as connection:
        for date, ledger in of.items():
            connection.exec_driver_sql(
                "insert into curated_rows.comparison (census_date, authority_code, unit,"
                f" rank_in_region) values ('{date}', '356', 'share', 3), ('{date}', '356',"
                " 'pounds a week', 4)"
            )
            if ledger == "published.release":
                connection.exec_driver_sql(
                    "insert into published.release (census_date, release_number, content_hash,"
                    f" manifest) values ('{date}', 1, 'x', '{{}}')"
                )
            elif ledger:
                connection.exec_driver_sql(
                    "insert into raw.draft (census_date, release_number, content_hash, manifest,"
                    " basis, rests_on, held_against, hidden, repaired) values"
                    f" ('{date}', 1, 'x', '{{}}', '', '', '[]', 0, 0)"
                )
        connection.exec_driver_sql("drop table raw.draft_told, raw.released_told cascade")
        connection.exec_driver_sql("update raw.schema_version set version_num = 'r0009'")
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    assert prepare(embedded_warehouse, REGION)
    for table, date in (("released_told", "2016-03-31"), ("draft_told", "2016-06-30")):
        rows = embedded_warehouse.rows(
            "select census_date::text, whose, (told ->> 'rank_in_region')::int from raw." + table
        )
        assert [tuple(row) for row in rows] == [(date, "356", 3)]


def test_what_no_figure_uses_is_gone_from_a_home_that_kept_it(old):
    """An older home's own census: its rows stay, without their special educational needs."""
    warehouse = old("0d1b880")
    count = "select count(*) from {}.placement_census"
    (kept_in,) = [row.nspname for row in warehouse.rows("select nspname from pg_namespace as n inner join pg_class as c on c.relnamespace = n.oid "
                  "where c.relname = 'placement_census' and c.relkind = 'r' and nspname in ('raw', 'raw_rows')")]  # fmt: skip
    before = warehouse.scalar(count.format(kept_in))
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw_rows.finding (table_name, value) values"
            " ('ssda903_placed_for_adoption', 'x'), ('homes', 'y')"
        )
    assert prepare(warehouse, REGION)
    assert warehouse.scalar(count.format(kept_in)) == before > 0
    assert warehouse.rows("select table_name from raw_rows.finding where value in ('x', 'y')") == [
        ("homes",)
    ]
    gone = ("send", "primary_send_category", "primary_send_need", "mother")
    columns = {
        row.attname
        for row in warehouse.rows("select attname from pg_attribute where not attisdropped")
    }
    assert columns.isdisjoint(gone)
    assert (
        warehouse.scalar(
            "select count(*) from pg_class where relname = 'ssda903_placed_for_adoption'"
        )
        == 0
    )


# --- the bytes of what is kept no more
# -----------------------------------------------------------------


SECRET = "He ran away from Oakwood twice"


def files_that_hold(warehouse: Warehouse, text: str) -> list[str]:
    """The files of a database in which a text lies, dead rows and dropped columns included."""
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("checkpoint")
        folder = connection.exec_driver_sql(
            "select current_setting('data_directory') || '/base/' || oid from pg_database where"
            " datname = current_database()"
        ).scalar_one()
    return [path.name for path in Path(folder).iterdir() if text.encode() in path.read_bytes()]


def as_an_older_version_kept_it(warehouse: Warehouse, version: str) -> None:
    """A request for a fee with a reason, in a column of its own and as received."""
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("alter table raw.fee_requests add column fee_reason text")
        connection.exec_driver_sql(
            "insert into raw.fee_requests (submission_id, fee_asked, fee_reason, as_received) "
            f"""values ('s1', '4800', '{SECRET}', '{{"fee_reason": "{SECRET} ", "urn": "sc1"}}')"""
        )
        connection.exec_driver_sql(f"update raw.schema_version set version_num = '{version}'")
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    assert files_that_hold(warehouse, SECRET), "it can be found"


@pytest.mark.parametrize("kind", ["embedded", "postgres15"])
def test_what_a_migration_takes_out_of_a_table_lies_in_no_file_afterwards(servers, kind, capsys):
    with Warehouse(servers.fresh(kind)) as warehouse:
        as_an_older_version_kept_it(warehouse, "r0004")
        assert prepare(warehouse, REGION)
        assert files_that_hold(warehouse, SECRET) == []
        assert warehouse.scalar("select fee_asked from raw.fee_requests") == "4800"
        assert "raw.fee_requests is written anew" in capsys.readouterr().err
        assert not prepare(warehouse, REGION)
        assert "anew" not in capsys.readouterr().err, "once"
    servers.drop(kind, warehouse.url)


def test_a_home_brought_up_before_tables_were_written_anew_is_cleaned_too(embedded_warehouse):
    as_an_older_version_kept_it(embedded_warehouse, "r0006")
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql("alter table raw.fee_requests drop column fee_reason")
        connection.exec_driver_sql("update raw.fee_requests set as_received = null")
    assert files_that_hold(embedded_warehouse, SECRET)
    assert prepare(embedded_warehouse, REGION)
    assert files_that_hold(embedded_warehouse, SECRET) == []


def test_a_migration_need_not_say_which_tables_it_took_columns_from(
    embedded_warehouse, monkeypatch
):
    as_an_older_version_kept_it(embedded_warehouse, "r0006")

    def of_the_future(config, _):
        connection = config.attributes["connection"]
        connection.exec_driver_sql("alter table raw.fee_requests drop column fee_reason")
        connection.exec_driver_sql("update raw.fee_requests set as_received = null")

    monkeypatch.setattr("alembic.command.upgrade", of_the_future)
    assert prepare(embedded_warehouse, REGION)
    assert files_that_hold(embedded_warehouse, SECRET) == []


def commands_find(monkeypatch, warehouse: Warehouse, folder: Path) -> None:
    """Commands work on this warehouse, with a landing place in which nothing lies."""
    (folder / "landing").mkdir()
    monkeypatch.setenv("OBSERVATORY_HOME", str(folder / "home"))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(folder / "landing"))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", warehouse.url)
    monkeypatch.delenv("OBSERVATORY_REGION", raising=False)


def test_until_the_next_run_the_status_of_an_upgraded_home_says_what_is_due(
    old, monkeypatch, tmp_path
):
    """Its tables were made anew and are empty: it is not as if nothing had been received."""
    commands_find(monkeypatch, old(COMMITS[-1]), tmp_path)
    for words, code in ((["status"], 0), (["status", "--check"], 1)):
        result = CliRunner().invoke(command.cli, words)
        assert result.exit_code == code, result.output
        assert "are to be written. Use `observatory run`." in result.output
        assert "Where the quarters stand:" in result.output
    result = CliRunner().invoke(command.cli, ["status", "--missing", "--format", "csv"])
    assert result.exit_code != 0 and result.stdout == "", "no program takes this for its table"
    assert CliRunner().invoke(command.cli, ["senders"]).exit_code == 0


@pytest.fixture
def waits(embedded_warehouse, tmp_path, monkeypatch) -> Callable[[], int]:
    """Commands find a warehouse in which a table waits; gives how many do: the upgrade was killed
    between its transaction and the writing, or a reader held the table.
    """
    prepare(embedded_warehouse, REGION)
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql("insert into raw.to_write_anew values ('raw.fee_requests')")
    commands_find(monkeypatch, embedded_warehouse, tmp_path)
    return lambda: embedded_warehouse.scalar("select count(*) from raw.to_write_anew")


@pytest.mark.parametrize(
    "words", [["status"], ["query", "select 1"], ["audit"], ["senders"], ["chase"]]
)
def test_a_command_that_only_looks_writes_no_table_anew(waits, words):
    """Nobody who asks a question waits for it, or takes a table from other readers."""
    result = CliRunner().invoke(command.cli, words)
    assert "raw.fee_requests" not in result.output and waits() == 1, result.output


def test_a_run_writes_anew_what_waits_and_is_not_kept_by_a_reader(waits, embedded_warehouse):
    with embedded_warehouse.engine.connect() as reader:
        reader.exec_driver_sql("set application_name = 'Excel'")
        reader.exec_driver_sql("select count(*) from raw.fee_requests")
        said = CliRunner().invoke(command.cli, ["run"])
        assert said.exit_code == 0, "everything else goes on"
        assert re.search(
            r"raw.fee_requests could not be written anew .* held by .*Excel", said.output
        ), said.output
    assert waits() == 1
    assert "raw.fee_requests is written anew" in CliRunner().invoke(command.cli, ["run"]).output
    assert waits() == 0


def test_nothing_is_written_anew_while_a_transaction_may_see_what_was_taken_out(
    embedded_warehouse, capsys
):
    """A reader of another table holds no lock on this one; what it may see would be copied."""
    prepare(embedded_warehouse, REGION)
    due = "select count(*) from raw.to_write_anew"
    old = embedded_warehouse.engine.connect().execution_options(isolation_level="REPEATABLE READ")
    with old:
        old.exec_driver_sql("select count(*) from raw.release_basis")
        with embedded_warehouse.engine.begin() as connection:
            connection.exec_driver_sql("insert into raw.to_write_anew values ('raw.fee_requests')")
        write_anew(embedded_warehouse)
        assert embedded_warehouse.scalar(due) == 1
        assert "may be seen by" in capsys.readouterr().err
    write_anew(embedded_warehouse)
    assert embedded_warehouse.scalar(due) == 0
