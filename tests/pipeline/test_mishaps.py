"""What goes wrong around the observatory: each mishap is one clear message about one sender or one
step, the rest goes on, and a run after mending completes. Nothing here goes through Dagster, except
where the command itself is what is asked.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

import resources.landing
from assets.access.preparing import prepare
from assets.answering import outbox
from assets.answering.outbox import answer_quarter, unanswered
from assets.intake.loading import take_in
from assets.publication import drafts, files, lifecycle
from assets.publication.approval import approve
from assets.publication.disclosure.verdict import Verdict
from assets.publication.drafts import make_draft
from assets.publication.release import write_all_missing_files
from resources.embedded_postgres import TEMPORARY, EmbeddedPostgres
from resources.errors import ObservatoryError
from resources.mishaps import told
from resources.settings import Settings
from resources.warehouse import Warehouse, open_warehouse
from schemas.regions import load_region
from tests import builders
from tests.conftest import IN_MEMORY, KEY, QUICK

DATE, TEXT = dt.date(2025, 3, 31), "2025-03-31"
REGION = load_region("north_west")


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk that is soon full."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


# --- disks
# ---------------------------------------------------------------------------------------------------


def test_a_full_disk_of_the_database_is_one_sentence_and_nothing_is_half_taken_in(
    servers, embedded_warehouse, landing, tmp_path
):
    place = Path(f"/tmp/observatory-small-disk-{os.getpid()}")
    with small_disk(place, 12) as disk:
        inside = disk / "tables"
        inside.mkdir()
        shutil.chown(inside, *_owner_of(servers.started["embedded"].data))
        _administer(embedded_warehouse, f"create tablespace small location '{inside}'")
        try:
            with embedded_warehouse.engine.begin() as connection:
                connection.exec_driver_sql("alter table raw.placement_census set tablespace small")
                connection.exec_driver_sql(
                    "create table public.filler tablespace small as select repeat('x', 1000) from"
                    f" generate_series(1, {9_000})"
                )
            landing.drop(TEXT, "356", "census.csv", builders.census([{}] * 20_000))
            with pytest.raises(psycopg.Error) as failed:
                take_in(embedded_warehouse, landing.place, DATE, KEY)
            assert "The disk of the PostgreSQL server is full" in told(
                failed.value
            ) and "C00001" not in told(failed.value)
            assert embedded_warehouse.scalar("select count(*) from raw.submission") == 0
            with embedded_warehouse.engine.begin() as connection:
                connection.exec_driver_sql("drop table public.filler")
                connection.exec_driver_sql(
                    "alter table raw.placement_census set tablespace pg_default"
                )
            assert take_in(embedded_warehouse, landing.place, DATE, KEY).rows_loaded == 20_000
        finally:
            with embedded_warehouse.engine.begin() as connection:
                connection.exec_driver_sql("drop table if exists public.filler")
                connection.exec_driver_sql(
                    "alter table raw.placement_census set tablespace pg_default"
                )
            _administer(embedded_warehouse, "drop tablespace small")


def _owner_of(folder: Path) -> tuple[int, int]:
    return folder.stat().st_uid, folder.stat().st_gid


def _administer(warehouse: Warehouse, statement: str) -> None:
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


@pytest.fixture
def released(embedded_warehouse, landing, bring) -> Warehouse:
    """A warehouse with a release whose files are not written yet."""
    landing.drop(TEXT, "356", "census.csv", builders.census([{}] * 12))
    bring(embedded_warehouse, landing, TEXT)
    lifecycle.close(embedded_warehouse, DATE, "the test")
    make_draft(embedded_warehouse, DATE, REGION, "the test")
    approve(embedded_warehouse, DATE, REGION, "Ada Example (made up)")
    return embedded_warehouse


def test_a_disk_that_fills_while_a_release_is_written_leaves_no_half_of_it_and_the_next_run_writes_it(
    released, tmp_path, monkeypatch
):
    real, written = os.fsync, []

    def full_at_the_fifth(handle: int) -> None:
        written.append(handle)
        if len(written) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(files.os, "fsync", full_at_the_fifth)
    with pytest.raises(OSError) as failed:
        write_all_missing_files(released, tmp_path / "releases")
    assert "no space left on the disk" in told(failed.value) and "observatory run" in told(
        failed.value
    )
    assert [p for p in (tmp_path / "releases").rglob("*") if p.is_file()] == [], (
        "whole or not at all"
    )
    write_all_missing_files(released, tmp_path / "releases")
    assert (tmp_path / "releases" / TEXT / "r1" / "manifest.json").is_file()


def test_a_full_home_keeps_the_other_quarters_files_from_nothing_and_is_one_sentence(
    released, tmp_path, capsys
):
    from pipelines.running import write_what_is_missing

    settings = Settings(tmp_path / "home", str(tmp_path), released.url, "north_west")
    settings.home.mkdir()
    with small_disk(settings.releases, 1):
        said = write_what_is_missing(released, settings)
        assert "release" in said[0] and all(
            "no space left on the disk" in sentence for sentence in said
        )
    assert write_what_is_missing(released, settings) == []
    assert (settings.releases / TEXT / "r1" / "page" / "index.html").is_file()


def test_one_refused_quarter_keeps_no_other_from_its_draft_its_files_and_its_page(
    embedded_warehouse, landing, bring, tmp_path, monkeypatch
):
    """Through Dagster, as `run` does it: in one run of all quarters the gate refuses the second."""
    from pipelines.command.run import _draft
    from pipelines.running import write_what_is_missing

    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    quarters = ["2024-09-30", "2024-12-31", TEXT]
    for quarter in quarters:
        landing.drop(quarter, "356", "census.csv", builders.census([{}] * 12))
        bring(embedded_warehouse, landing, quarter)
    real = drafts.prepare_against

    def refuses_the_second(earlier, census_date, *rest):
        prepared = real(earlier, census_date, *rest)
        return (
            replace(prepared, verdict=Verdict(contradictions=("made up",)))
            if str(census_date) == quarters[1]
            else prepared
        )

    monkeypatch.setattr(drafts, "prepare_against", refuses_the_second)
    settings = Settings(tmp_path / "home", str(landing.root), embedded_warehouse.url, "north_west")
    failures: list[str] = []
    _, refused = _draft(embedded_warehouse, settings, [], failures)
    failures += write_what_is_missing(embedded_warehouse, settings)
    assert refused and len(failures) == 1 and f"{quarters[1]}: made up" in failures[0]
    pages = {path.parents[2].name for path in settings.drafts.rglob("page/index.html")}
    assert pages == {quarters[0], *quarters[2:]}


def test_run_says_which_files_it_left_because_they_still_grew(
    embedded_warehouse, landing, monkeypatch
):
    """In the run of a quarter that has other news, and where nothing but the growing file is new."""
    from pipelines.due import left_growing, quarters_due

    settings = Settings(
        landing.root.parent / "home", str(landing.root), embedded_warehouse.url, "north_west"
    )
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    grows = landing.drop(TEXT, "356", "Kim Example.csv", builders.census([{}]))
    os.utime(grows)

    def more_comes(_: float) -> None:
        with grows.open("ab") as file:
            file.write(b"\n")

    monkeypatch.setattr(resources.landing.time, "sleep", more_comes)
    place = landing.place
    assert quarters_due(embedded_warehouse, place, settings, [DATE], [], False) == []
    (said,) = left_growing(place, [])
    assert said.startswith(f"{TEXT}: 1 file was still growing and waits for the next run: ")
    assert "356" in said and "observatory run" in said and "Kim" not in said
    landing.drop(TEXT, "357", "census.csv", builders.census([{}]))
    assert (
        left_growing(place, quarters_due(embedded_warehouse, place, settings, [DATE], [], False))
        == []
    ), "its run says it"
    told_of: list[str] = []
    assert take_in(embedded_warehouse, place, DATE, KEY, told_of.append).files_new == 1
    assert said in told_of
    monkeypatch.setattr(resources.landing.time, "sleep", lambda _: None)
    assert (
        quarters_due(embedded_warehouse, place, settings, [DATE], [], False) == [DATE]
        and left_growing(place, []) == []
    )


# --- the outbox
# ----------------------------------------------------------------------------------------------


def test_an_answer_that_cannot_be_written_keeps_no_other_sender_from_theirs(
    embedded_warehouse, landing, bring, tmp_path
):
    for sender, name in (("352", "Manchester"), ("356", "Stockport"), ("358", "Trafford")):
        landing.drop(TEXT, sender, "census.csv", builders.census([{}] * 3, name))
    bring(embedded_warehouse, landing, TEXT)
    box = tmp_path / "outbox" / TEXT
    box.mkdir(parents=True)
    (box / "356").write_text("a file stands where the sender's folder should be", encoding="utf-8")
    with pytest.raises(
        ObservatoryError, match=r"1 answer .*356.*A file stands where a folder was expected"
    ) as failed:
        answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "outbox"), DATE, KEY)
    assert "census" not in str(failed.value), "no name that the sender chose"
    assert {p.parent.name for p in box.glob("*/*.html")} == {"352", "358"}
    assert unanswered(embedded_warehouse) == [DATE], "what is left is due"
    (box / "356").unlink()
    assert (
        answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "outbox"), DATE, KEY) == 1
    )
    assert {p.parent.name for p in box.glob("*/*.html")} == {"352", "356", "358"} and unanswered(
        embedded_warehouse
    ) == []


def test_equal_findings_have_one_order_so_that_answers_are_the_same_to_the_byte(
    embedded_warehouse, landing, bring, tmp_path
):
    landing.drop(TEXT, "356", "census.csv", builders.census([{"age": 99}] * 3))
    bring(embedded_warehouse, landing, TEXT)
    number = embedded_warehouse.scalar("select submission_id from raw.submission")
    seen = []
    for order in ("asc", "desc"):
        with embedded_warehouse.engine.begin() as connection:
            connection.exec_driver_sql(
                "delete from raw_rows.finding where rule = 'made_for_the_test'"
            )
            connection.exec_driver_sql(
                "insert into raw_rows.finding (submission_id, table_name, sheet, row_number,"
                f" column_name, value, rule, severity, message) select '{number}',"
                " 'placement_census', 'a', 1, 'age', '1', 'too_high', 'warning', 'sentence ' || n"
                f" from generate_series(1, 9) as n order by n {order}"
            )
        seen.append(
            [list(one.findings["message"]) for one in outbox._told(embedded_warehouse, DATE, KEY)]
        )
        with embedded_warehouse.engine.begin() as connection:
            connection.exec_driver_sql(
                "delete from raw_rows.finding where rule = 'too_high' and message like"
                " 'sentence %%'"
            )
    assert seen[0] == seen[1]


# --- the landing place
# ---------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without the right")
def test_a_senders_folder_that_may_not_be_read_is_named_and_stops_no_other(landing):
    landing.drop(TEXT, "356", "census.csv", builders.census([{}]))
    landing.drop(TEXT, "352", "census.csv", builders.census([{}], "Manchester"))
    closed = landing.root / TEXT / "352"
    closed.chmod(0o700)
    for folder in (landing.root, *landing.root.parents):
        is_pytests = any(root in folder.parents for root in (Path("/tmp"), IN_MEMORY))
        if is_pytests and folder.stat().st_uid == 0:
            folder.chmod(folder.stat().st_mode | 0o011)
    for folder in (landing.root, landing.root / TEXT, landing.root / TEXT / "356"):
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        listed = [(file.folder, file.name) for file in landing.place.files(DATE)]
        refused = landing.place.refused()
    finally:
        os.seteuid(0)
    assert listed == [("356", "census.csv")]
    assert [name for name, _ in refused] == [
        f"{TEXT}/352"
    ] and "give it the right to read" in refused[0][1]


# --- the server and those who use it
# -------------------------------------------------------------------------


def test_a_process_with_another_temporary_folder_joins_the_server_and_does_not_stop_it(
    tmp_path, monkeypatch
):
    monkeypatch.delenv(
        TEMPORARY, raising=False
    )  # a `serve` that this process played has left where sockets are
    home = tmp_path / "home"
    first = EmbeddedPostgres(home, QUICK)
    first.join()
    try:
        with Warehouse(first.url) as warehouse, warehouse.engine.connect() as connection:
            began = connection.exec_driver_sql("select pg_postmaster_start_time()").scalar()
            elsewhere = tmp_path / "t"
            elsewhere.mkdir()
            elsewhere.chmod(0o777)
            monkeypatch.setattr(
                "tempfile.tempdir", str(elsewhere)[:40] if len(str(elsewhere)) <= 40 else "/var/tmp"
            )
            second = EmbeddedPostgres(home, QUICK)
            assert second.socket != first.socket
            try:
                second.join()
                with Warehouse(second.url) as same:
                    assert same.scalar("select pg_postmaster_start_time()") == began
            finally:
                second.leave()
            assert (
                connection.exec_driver_sql("select pg_postmaster_start_time()").scalar() == began
            ), "it was not stopped under the first"
    finally:
        first.leave()


def test_a_server_whose_socket_was_cleaned_away_is_not_stopped_while_others_use_it(tmp_path):
    first = EmbeddedPostgres(tmp_path / "home", QUICK)
    first.join()
    try:
        with Warehouse(first.url) as warehouse, warehouse.engine.connect() as connection:
            connection.exec_driver_sql("select 1")
            shutil.rmtree(first.socket)
            with pytest.raises(ObservatoryError, match="others use it"):
                EmbeddedPostgres(tmp_path / "home", QUICK).join()
            assert connection.exec_driver_sql("select 1").scalar() == 1
    finally:
        first.leave()
    again = EmbeddedPostgres(tmp_path / "home", QUICK)
    again.join()  # nobody uses it now: it is started anew
    again.leave()


def test_a_reader_who_stays_keeps_an_upgrade_waiting_for_a_stated_time_and_is_named(
    warehouse, monkeypatch
):
    monkeypatch.setenv("OBSERVATORY_LOCK_WAIT", "1")
    with warehouse.engine.connect() as reader:
        reader.exec_driver_sql("set application_name = 'Power BI of Stockport'")
        reader.exec_driver_sql("select count(*) from curated.homes")
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql("update raw.observatory set state = 'an older version'")
        began = time.monotonic()
        with pytest.raises(ObservatoryError) as failed:
            prepare(warehouse, REGION)
        assert time.monotonic() - began < 60
    said = str(failed.value)
    assert (
        "Power BI of Stockport" in said
        and "curated.homes" in said
        and "waited 1 s" in said
        and "pg_terminate_backend" in said
    )
    assert prepare(warehouse, REGION), "and is done when the reader has gone"


def test_a_short_timeout_of_the_server_for_idle_transactions_does_not_end_the_intake(warehouse):
    database = warehouse.scalar("select current_database()")
    _administer(
        warehouse, f"alter database {database} set idle_in_transaction_session_timeout = '200ms'"
    )
    _administer(warehouse, f"alter database {database} set statement_timeout = '300ms'")
    with Warehouse(warehouse.url) as later, later.writing() as connection:
        time.sleep(0.5)  # as while the rows of a large return are judged
        connection.exec_driver_sql("select pg_sleep(0.5)")
        assert connection.exec_driver_sql("select 1").scalar() == 1


def test_a_mistyped_home_is_not_silently_made(tmp_path):
    settings = Settings(tmp_path / "obsrevatory", str(tmp_path), "", "north_west")
    with pytest.raises(
        ObservatoryError, match="Nothing is kept at .*obsrevatory.*OBSERVATORY_HOME"
    ):
        open_warehouse(settings)
    assert not settings.home.exists()


# --- folders of quarters that are none
# -----------------------------------------------------------------------


def test_a_folder_of_a_quarter_that_is_none_is_named_and_the_others_are_done():
    from pipelines.quarter_ends import workable

    dates = [dt.date(2014, 12, 31), dt.date(2025, 3, 31), dt.date(2027, 3, 31)]
    done, said = workable(dates, dt.date(2025, 5, 1))
    assert done == [dt.date(2025, 3, 31)]
    assert ["2014-12-31" in said[0], "2027-03-31" in said[1], len(said)] == [True, True, 2]
    assert "has not ended" in said[1] and "begin" in said[0]


def test_nothing_is_told_of_an_error_that_is_the_programs_own():
    assert told(ValueError("x")) == "" and told(KeyError("x")) == ""
