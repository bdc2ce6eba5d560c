"""What is no longer held, and what comes back: erasure and the stop list, retention, backup and
restore, sealed returns.
"""

from __future__ import annotations

import datetime as dt
import os
from functools import partial

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import pipelines.command as command
from assets.access import backup, logins
from assets.access.erasure import STOP_LIST, erase, hold_to_stop_list
from assets.access.preparing import prepare
from assets.access.retention import remove_what_is_due, tables_of_children
from assets.common import audit
from assets.intake.assets import unbalanced
from assets.intake.loading import take_in, withdraw
from assets.warehouse.building import build_quarter, known_quarters, out_of_date
from assets.warehouse.models import models
from resources import sealing
from resources.embedded_postgres import EmbeddedPostgres
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.settings import Settings
from resources.warehouse import Warehouse
from schemas.regions import load_region
from schemas.retention import CHILDREN, OUTBOX, Period, before, periods
from tests import builders
from tests.conftest import KEY, QUICK
from tests.pipeline.test_ssda903 import episode, episodes, header
from tests.releasing import make_release

DATE, DAY = "2025-03-31", dt.date(2025, 3, 31)
REGION = load_region("north_west")


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Settings with a home of the test's own."""
    return Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")


def bring_two_children(warehouse, landing, bring) -> Warehouse:
    """Stockport's returns of two children, 00017 and 42, in both returns."""
    rows = [
        {"identifier": "00017", "age": 15, "total_weekly_cost": "5000"},
        {"identifier": "42", "age": 9},
    ]
    census = builders.frame(
        "placement_census",
        rows,
        {"looked_after_child": "Yes", "placing_authority": "Stockport", **HOME},
    )
    landing.drop(DATE, "356", "census.csv", census)
    landing.drop(DATE, "356", "header.csv", header(("00017", "01/02/2010"), ("42", "05/06/2015")))
    landing.drop(
        DATE,
        "356",
        "episodes.csv",
        episodes(
            episode("00017"),
            episode("42"),
            episode("00017", "01/01/2023", DEC="01/02/2023", REC="E4A"),
        ),
    )
    bring(warehouse, landing, DATE)
    return warehouse


@pytest.fixture
def two_children(embedded_warehouse, landing, bring):
    """Two children of Stockport's, on the embedded server."""
    return bring_two_children(embedded_warehouse, landing, bring)


@pytest.fixture
def on_both(warehouse, landing, bring):
    """Two children of Stockport's, on each server."""
    return bring_two_children(warehouse, landing, bring)


HOME = {
    "type_of_provision": "Residential - External (Commissioned)",
    "host_authority": "Stockport",
    "gender": "Male",
}


def drop_a_home(landing) -> None:
    """A home in the register and in its provider's return: enough for a release."""
    landing.drop(
        DATE,
        "ofsted",
        "register.csv",
        builders.register([{"urn": "SC1", "local_authority": "Stockport"}]),
    )
    landing.drop(DATE, "provider-a", "settings.csv", builders.settings([{"urn": "SC1"}]))


def everything_held(warehouse: Warehouse) -> str:
    """All rows of all tables of raw, core and curated, as one text."""
    tables = warehouse.rows(
        "select schemaname || '.' || tablename as relation from pg_tables "
        "where schemaname in ('raw', 'raw_rows', 'core_rows', 'curated_rows') order by 1"
    )
    return "\n".join(
        str(row) for table in tables for row in warehouse.rows(f"select * from {table.relation}")
    )


def key_of(warehouse: Warehouse) -> str:
    return warehouse.scalar("select child_key from raw.placement_census where age = '15'")


def test_an_erased_child_is_nowhere_and_the_books_balance(on_both, settings):
    child = key_of(on_both)
    assert everything_held(on_both).count(child) >= 7
    found = erase(on_both, settings, KEY, "356", " 00017 ")
    assert child not in everything_held(on_both)
    assert found.rows == {
        "raw.placement_census": 1, "raw.ssda903_header": 1, "raw.ssda903_episodes": 2, "core.placement": 1, "core.own_placement": 1, "core.child": 1,
        "core.episode": 2, "core.placement_spell": 2, "core.framework_placement": 1,
    }  # fmt: skip
    assert found.quarters == [DAY] and len(found.files) == 3
    assert unbalanced(on_both, [DAY]) == 0
    assert on_both.scalar("select sum(rows_set_aside) from raw.submission_table") == 4
    assert out_of_date(on_both, REGION) == [DAY], (
        "a run that is stopped here rewrites the quarter the next time"
    )
    result = build_quarter(on_both, DAY, REGION)
    assert not result.blocked_by
    assert (
        on_both.scalar(
            "select children from curated.children_looked_after where breakdown = 'total'"
        )
        == 1
    )
    assert on_both.scalar("select count(*) from core.own_placement") == 1
    event = on_both.rows("select subject, details from access.event where what = 'erased'")[0]
    assert (
        event.subject == "356"
        and child not in str(event)
        and "17" not in str(event.details["rows"])
    )


def test_an_erased_child_stays_out_when_it_comes_again(two_children, landing, settings, bring):
    child = key_of(two_children)
    erase(two_children, settings, KEY, "356", "00017")
    more = builders.frame(
        "placement_census",
        [{"identifier": i, "age": a} for i, a in (("00017", 15), ("42", 9), ("77", 3))],
        {"looked_after_child": "Yes", "placing_authority": "Stockport", **HOME},
    )
    landing.drop(DATE, "356", "census v2.csv", more)
    bring(two_children, landing, DATE)
    assert child not in everything_held(two_children)
    book = two_children.rows(
        "select * from raw.submission_table where table_name = 'placement_census' and status = 'in"
        " force'"
    )[0]
    assert (book.rows_received, book.rows_loaded, book.rows_set_aside) == (3, 2, 1)
    assert unbalanced(two_children, [DAY]) == 0
    said = two_children.scalar(
        "select message from raw.finding where submission_id = :s and rule = 'set_aside'",
        s=book.submission_id,
    )
    assert said == "1 rows were set aside: about a child who was erased at the authority's request."
    row = two_children.rows(
        "select * from raw.placement_census where submission_id = :s and fate = 'set aside'",
        s=book.submission_id,
    )[0]
    assert (row.age, row.child_key, row.as_received, row.row_number) == (None, None, None, 2)


def test_another_authoritys_child_of_the_same_reference_is_not_touched(
    two_children, landing, settings, bring
):
    landing.drop(DATE, "358", "census.csv", builders.census([{"identifier": "00017"}], "Trafford"))
    bring(two_children, landing, DATE)
    erase(two_children, settings, KEY, "356", "00017")
    assert (
        two_children.scalar(
            "select count(*) from core.placement where placing_authority_code = '358'"
        )
        == 1
    )


def test_a_reference_that_nobody_sent_is_kept_out_only_when_it_is_meant(
    embedded_warehouse, settings
):
    with pytest.raises(ObservatoryError, match="Nobody has sent a row of this child"):
        erase(embedded_warehouse, settings, KEY, "356", "nobody")
    assert embedded_warehouse.scalar("select count(*) from access.stop_list") == 0
    found = erase(embedded_warehouse, settings, KEY, "356", "nobody", unknown=True)
    assert (
        found.rows == {} and embedded_warehouse.scalar("select count(*) from access.stop_list") == 1
    )
    assert (settings.home / STOP_LIST).stat().st_mode & 0o777 == 0o600
    with pytest.raises(ObservatoryError, match="blank"):
        erase(embedded_warehouse, settings, KEY, "356", "  ")


def test_the_command_says_what_remains_and_why(embedded_warehouse, landing, monkeypatch, tmp_path):
    home = tmp_path / "home"
    monkeypatch.setenv("OBSERVATORY_HOME", str(home))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", embedded_warehouse.url)
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    drop_a_home(landing)
    landing.drop(
        DATE, "356", "census.csv", builders.census([{"identifier": "C1"}, {"identifier": "C2"}])
    )
    take_in(embedded_warehouse, landing.place, DAY, KEY)
    build_quarter(embedded_warehouse, DAY, REGION)
    make_release(embedded_warehouse, DAY, REGION, tmp_path / "releases")
    answers = home / "outbox" / DATE / "356"
    answers.mkdir(parents=True)
    (answers / "census 1234.xlsx").write_bytes(b"the sender's own rows")
    result = CliRunner().invoke(
        command.cli, ["erase", "--authority", "Stockport", "--child", "C1", "--yes"]
    )
    assert result.exit_code == 0, result.exception
    assert not answers.exists()
    for said in (
        "raw.placement_census: 1 row",
        "core.placement: 1 row",
        "2025-03-31 r1",
        "rounded to 5",
        "2025-03-31/356/census.csv",
        "Backups",
    ):
        assert said in result.output
    result = CliRunner().invoke(
        command.cli, ["erase", "--authority", "Stockport", "--child", "C1", "--yes"]
    )
    assert "the child was erased" in result.output and "cleared once more" in result.output


# --- events
# ------------------------------------------------------------------------------------------------


def test_who_sent_withdrew_and_released_is_written_down(embedded_warehouse, landing, tmp_path):
    drop_a_home(landing)
    for _ in range(2):
        take_in(embedded_warehouse, landing.place, DAY, KEY)
    build_quarter(embedded_warehouse, DAY, REGION)
    make_release(embedded_warehouse, DAY, REGION, tmp_path / "releases")
    numbers = {
        row.sender: row.submission_id
        for row in embedded_warehouse.rows("select sender, submission_id from raw.submission")
    }
    number = numbers["provider-a"]
    withdraw(embedded_warehouse, number, "the clerk", "sent by mistake")
    events = [
        tuple(row)
        for row in embedded_warehouse.rows(
            "select what, actor, subject from access.event order by happened_at, ctid"
        )
    ]
    assert sorted(events[:2]) == [
        ("sent", sender, numbers[sender]) for sender in ("ofsted", "provider-a")
    ]
    steps = [subject for what, _, subject in events if what == "quarter"]
    assert steps == [f"2025-03-31 {step}" for step in ("closed", "draft", "approved", "published")]
    others = [event for event in events[2:] if event[0] != "quarter"]
    assert others == [
        ("released", audit.actor(), "2025-03-31 r1"),
        ("withdrew", "the clerk", number),
    ]


# --- retention
# -------------------------------------------------------------------------------------------


def test_what_has_been_kept_long_enough_goes_and_the_figures_stand(two_children, landing):
    figures = two_children.rows(
        "select * from curated.children_looked_after order by breakdown, category"
    )
    assert set(remove_what_is_due(two_children, dt.date(2031, 3, 31))) <= {"raw.finding"}
    assert two_children.scalar("select count(*) from core.child") == 2, (
        "six years to the day are not over"
    )
    removed = remove_what_is_due(two_children, dt.date(2031, 4, 1))
    assert {
        "raw.placement_census",
        "raw.ssda903_episodes",
        "core.child",
        "core.episode",
        "core.placement",
    } <= set(removed)
    for table in tables_of_children():
        assert two_children.scalar(f"select count(*) from {table}") == 0, table
    assert remove_what_is_due(two_children, dt.date(2031, 4, 1)) == {}
    # the quarter is closed: neither a run, nor new code, nor the file that still lies there brings
    # it back
    assert known_quarters(two_children) == [] and out_of_date(two_children, REGION) == []
    assert take_in(two_children, landing.place, DAY, KEY).files_new == 0
    assert build_quarter(two_children, DAY, REGION, anew=True).was_up_to_date
    assert unbalanced(two_children, [DAY]) == 0
    assert (
        two_children.rows(
            "select * from curated.children_looked_after order by breakdown, category"
        )
        == figures
    )


def test_a_closed_quarters_figures_survive_a_table_that_is_made_anew(two_children):
    remove_what_is_due(two_children, dt.date(2031, 4, 1))
    before_ = two_children.scalar("select sum(children) from curated.children_looked_after")
    with two_children.engine.begin() as connection:
        connection.exec_driver_sql(
            "alter table curated_rows.children_looked_after add column gone integer"
        )
        connection.exec_driver_sql("update raw.observatory set state = ''")
    prepare(two_children, REGION)
    columns = two_children.rows(
        "select attname from pg_attribute where attrelid ="
        " 'curated_rows.children_looked_after'::regclass and not attisdropped"
    )
    assert "gone" not in {row.attname for row in columns}
    assert (
        two_children.scalar("select sum(children) from curated.children_looked_after")
        == before_
        > 0
    )


def test_every_table_of_children_has_a_period_and_periods_are_what_the_figures_need(tmp_path):
    assert (
        CHILDREN in periods()
        and "core.child" in tables_of_children()
        and "raw.provider_placements" in tables_of_children()
    )
    known = {model.table for model in models().values()} | {
        "raw.finding",
        "access.reading",
        "access.event",
    }
    assert set(periods()) - {CHILDREN, OUTBOX} <= known | set(tables_of_children())
    for text, says in (
        ("['raw.finding']\nmonths = 24\nwhy = ''", "no \\[children\\]"),
        ("[children]\nmonths = 39\nwhy = ''", "at least 40"),
    ):
        path = tmp_path / f"{len(text)}.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=says):
            periods(path)


@pytest.mark.parametrize(
    ("today", "months", "day"),
    [
        ("2031-03-31", 72, "2025-03-31"),
        ("2025-03-31", 1, "2025-02-01"),
        ("2025-01-15", 1, "2024-12-15"),
        ("2024-02-29", 12, "2023-02-01"),
    ],
)
def test_months_before_a_day(today, months, day):
    assert before(dt.date.fromisoformat(today), months) == dt.date.fromisoformat(day)


def test_a_table_may_have_a_period_of_its_own(two_children):
    known = {CHILDREN: Period(CHILDREN, 72, ""), "core.episode": Period("core.episode", 40, "")}
    assert remove_what_is_due(two_children, dt.date(2029, 1, 1), known) == {"core.episode": 3}


def test_the_nightly_job_gathers_and_removes(embedded_warehouse, tmp_path):
    import dagster as dg

    from pipelines.housekeeping import housekeeping
    from pipelines.opening import opened
    from resources.observatory import observatory_resource
    from resources.settings import Settings

    log = tmp_path / "server.log"
    log.write_text("nothing to see\n", encoding="utf-8")
    os.environ["OBSERVATORY_SERVER_LOG"] = str(log)
    try:
        observatory = observatory_resource(
            partial(opened, Settings(tmp_path, str(tmp_path), embedded_warehouse.url, "north_west"))
        )
        with dg.DagsterInstance.ephemeral() as instance:
            assert housekeeping.execute_in_process(
                instance=instance, resources={"observatory": observatory}
            ).success
    finally:
        del os.environ["OBSERVATORY_SERVER_LOG"]
    assert embedded_warehouse.scalar("select position from access.gathered") == log.stat().st_size


# --- backup
# ------------------------------------------------------------------------------------------------


def contents(warehouse: Warehouse) -> dict[str, str]:
    """A hash of every table's rows."""
    tables = warehouse.rows(
        "select schemaname || '.' || tablename as relation from pg_tables where schemaname in"
        " ('raw', 'raw_rows', 'core_rows', 'curated_rows', 'published', 'access') order by 1"
    )
    told = {
        "raw.observatory",
        "access.applied",
        "access.event",
    }  # what a restore writes down itself
    return {
        row.relation: warehouse.scalar(
            "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) || ' ' ||"
            f" count(*) from {row.relation} as t"
        )
        for row in tables
        if row.relation not in told
    }


@pytest.mark.parametrize("kind", ["embedded", "postgres15"])
def test_a_backup_comes_back_whole_into_an_empty_server(
    kind, servers, request, landing, bring, tmp_path, settings
):
    if kind == "embedded":
        source, server = (
            Warehouse(servers.fresh("embedded")),
            EmbeddedPostgres(tmp_path / "empty", QUICK),
        )
        target = Warehouse(server.join(), server)
    else:
        remote = request.getfixturevalue("remote")
        source, target = (
            Warehouse(remote.database("source15")),
            Warehouse(remote.database("target15")),
        )
    with source, target:
        prepare(source, REGION)
        drop_a_home(landing)
        landing.drop(
            DATE,
            "356",
            "census.csv",
            builders.census(
                [{"identifier": "C1", "total_weekly_cost": "1.50"}, {"identifier": "C2"}]
            ),
        )
        bring(source, landing, DATE)
        make_release(source, DAY, REGION, tmp_path / "releases")
        name = f"kept_{kind}"
        logins.grant(source, name, "authority", "356")
        file = tmp_path / "backups" / "warehouse.dump"
        assert (
            backup.back_up(source, settings.home, file) > 10_000
            and file.stat().st_mode & 0o777 == 0o600
        )
        before_ = contents(source)
        back = backup.restore(target, settings, file)
        assert contents(target) == before_
        assert out_of_date(target, REGION) == []
        closed = (
            "select count(*) from pg_class where relnamespace = any(cast(:s as regnamespace[])) and"
            " relkind = 'r' and not relforcerowsecurity"
        )
        assert (
            target.scalar(
                closed, s=["raw", "raw_rows", "core_rows", "curated_rows", "published", "access"]
            )
            == 0
        )
        if kind == "embedded":  # another server: its logins are made again
            assert back.logins == [name]
        with logins.borrowed(target, name) as session:
            assert session.execute(
                "select count(*), min(placing_authority_code) from core.placement"
            ).fetchone() == (2, "356")
        with pytest.raises(ObservatoryError, match="holds a warehouse already"):
            backup.restore(target, settings, file)


def test_a_child_erased_after_the_backup_is_erased_again(
    servers, landing, bring, tmp_path, settings
):
    with (
        Warehouse(servers.fresh("embedded")) as source,
        Warehouse(servers.fresh("embedded", "template0")) as target,
    ):
        landing.drop(
            DATE, "356", "census.csv", builders.census([{"identifier": "C1"}, {"identifier": "C2"}])
        )
        bring(source, landing, DATE)
        backup.back_up(source, settings.home, tmp_path / "b.dump")
        erase(source, settings, KEY, "356", "C1")
        back = backup.restore(target, settings, tmp_path / "b.dump")
        assert back.erased.rows == {
            "raw.placement_census": 1,
            "core.placement": 1,
            "core.own_placement": 1,
            "core.framework_placement": 1,
        }
        assert target.scalar("select count(*) from access.stop_list") == 1
        assert out_of_date(target, REGION) == [DAY]
        assert hold_to_stop_list(target, settings.home).rows == {}


def test_what_is_no_backup_is_refused(servers, tmp_path, settings):
    (tmp_path / "x.dump").write_text("no backup", encoding="utf-8")
    with (
        Warehouse(servers.fresh("embedded", "template0")) as target,
        pytest.raises(ObservatoryError, match="pg_restore did not finish"),
    ):
        backup.restore(target, settings, tmp_path / "x.dump")


def test_programs_of_another_version_are_not_used():
    with pytest.raises(ObservatoryError, match="postgresql-client-9"):
        backup.programs(9)


# --- sealed returns
# ------------------------------------------------------------------------------------------


def test_sealed_returns_are_the_same_submissions_and_nobody_else_reads_them(
    embedded_warehouse, landing, monkeypatch, tmp_path
):
    path = landing.drop(DATE, "356", "census.csv", builders.census([{"identifier": "C-secret"}]))
    take_in(embedded_warehouse, landing.place, DAY, KEY)
    received = path.stat().st_mtime_ns
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
    monkeypatch.setenv(sealing.VARIABLE, "a long enough text")
    assert "Sealed: 1 file" in CliRunner().invoke(command.cli, ["seal"]).output
    assert b"C-secret" not in path.read_bytes() and path.stat().st_mtime_ns == received
    assert "Sealed: 0 files" in CliRunner().invoke(command.cli, ["seal"]).output
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).files_new == 0, (
        "the same content is the same submission"
    )
    with Warehouse(embedded_warehouse.url) as again, again.engine.begin() as connection:
        connection.execute(sa.text("update raw.submission set contract_version = 'older'"))
    assert take_in(embedded_warehouse, landing.place, DAY, KEY).rows_loaded == 1, (
        "it is opened and read"
    )
    for wrong, says in (("another long text here", "does not open"), ("short", "at least 16")):
        monkeypatch.setenv(sealing.VARIABLE, wrong)
        with pytest.raises(ObservatoryError, match=says):
            landing.place.files(DAY)[0].read()
    monkeypatch.setenv(sealing.VARIABLE, "a long enough text")
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(bytes(damaged))
    with pytest.raises(ObservatoryError, match="was changed"):
        LandingPlace(str(landing.root)).files(DAY)[0].read()


def test_seals_are_taken_off_again(landing, monkeypatch, tmp_path):
    path = landing.drop(DATE, "356", "census.csv", "a,b\n1,2\n")
    monkeypatch.setenv("OBSERVATORY_LANDING", str(landing.root))
    monkeypatch.setenv(sealing.VARIABLE, "a long enough text")
    CliRunner().invoke(command.cli, ["seal"])
    assert "Opened: 1 file" in CliRunner().invoke(command.cli, ["seal", "--open"]).output
    assert path.read_text() == "a,b\n1,2\n"
