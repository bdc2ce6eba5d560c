"""Going back to a named moment: what was there at it is there, what came after is not, and answers
and releases are made anew.
"""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

from assets.access.backup import back_up, restore
from assets.access.preparing import prepare
from assets.access.recovery import bases, remove_what_is_older, restore_to, take_base
from assets.answering.outbox import answer_quarter, unanswered
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from assets.warehouse.keys import warehouse_key
from pipelines.running import write_what_is_missing
from resources.embedded_postgres import EmbeddedPostgres
from resources.errors import ObservatoryError
from resources.settings import Settings
from resources.warehouse import Warehouse, open_warehouse
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY
from tests.releasing import make_release

DATE = dt.date(2025, 3, 31)
REGION = load_region("north_west")


def publish(warehouse: Warehouse, settings: Settings) -> None:
    """Release the quarter, files and pages."""
    assert make_release(warehouse, DATE, REGION, settings.releases, key=KEY).number == 1
    assert write_what_is_missing(warehouse, settings) == []
    assert (settings.releases / str(DATE) / "r1" / "page" / "index.html").is_file()


def texts(folder: Path) -> dict[str, bytes]:
    """Every file that readers and senders open, by its name; workbooks by name alone, for they are
    packed with the time of day.
    """
    found = {
        str(p.relative_to(folder)): b"" if p.suffix in (".xlsx", ".ods") else p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file()
    }
    assert any(name.endswith(".html") for name in found)
    return found


def test_a_dump_brought_back_gives_the_same_answers_releases_and_pages_anew(
    embedded_warehouse, servers, landing, tmp_path, monkeypatch
):
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    landing.drop(str(DATE), "356", "census.csv", builders.census([{}] * 12))
    settings = Settings(tmp_path / "home", str(landing.root), embedded_warehouse.url, "north_west")
    warehouse_key(embedded_warehouse, settings.home)
    take_in(embedded_warehouse, landing.place, DATE, KEY)
    build_quarter(embedded_warehouse, DATE, REGION)
    answer_quarter(embedded_warehouse, landing.place, str(settings.home / "outbox"), DATE, KEY)
    publish(embedded_warehouse, settings)
    back_up(embedded_warehouse, settings.home, tmp_path / "b.dump")
    again = Settings(tmp_path / "another home", str(landing.root), "", "north_west")
    with Warehouse(servers.fresh("embedded", "template0")) as target:
        restore(target, again, tmp_path / "b.dump", without_stop_list=True)
        assert unanswered(target) == [DATE]
        answer_quarter(target, landing.place, str(again.home / "outbox"), DATE, KEY)
        assert write_what_is_missing(target, again) == []
    assert texts(again.home / "outbox") == texts(settings.home / "outbox")
    assert texts(again.releases) == texts(settings.releases)


def test_a_home_goes_back_to_a_named_moment(tmp_path, landing, monkeypatch):
    """One server made, copied, brought forward and back: a dozen seconds that nothing cheaper
    stands for.
    """
    archive = tmp_path / "the archive"
    monkeypatch.setenv("OBSERVATORY_ARCHIVE", str(archive))
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    settings = Settings(tmp_path / "home", str(landing.root), "", "north_west")
    landing.drop(str(DATE), "356", "census.csv", builders.census([{"identifier": "C1", "age": 12}]))
    outbox = str(settings.home / "outbox")
    with open_warehouse(settings, may_be_new=True) as warehouse:
        prepare(warehouse, REGION)
        warehouse_key(warehouse, settings.home)
        take_in(warehouse, landing.place, DATE, KEY)
        base, _ = take_base(warehouse, settings, 30)
        build_quarter(warehouse, DATE, REGION)  # after the copy: it comes back by the log alone
        answer_quarter(warehouse, landing.place, outbox, DATE, KEY)
        publish(warehouse, settings)
        answers, releases = texts(settings.home / "outbox"), texts(settings.releases)
        time.sleep(max(0.0, (max(bases(archive)) - dt.datetime.now(tz=dt.UTC)).total_seconds()))
        moment = warehouse.scalar("select clock_timestamp()")
        time.sleep(0.1)
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql("delete from core_rows.placement")  # the accident
            connection.exec_driver_sql("delete from raw.quarter")
        assert warehouse.scalar("select count(*) from core.placement") == 0
        last = warehouse.scalar("select pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + 60
        while not (archive / "wal" / last).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    (tmp_path / "home" / "stop_list.csv").rename(tmp_path / "stop_list.csv")

    again = Settings(tmp_path / "another home", str(landing.root), "", "north_west")
    with pytest.raises(ObservatoryError, match="Name a later moment"):
        restore_to(again, archive, moment - dt.timedelta(days=1), without_stop_list=True)
    with pytest.raises(ObservatoryError, match="No stop list was found"):
        restore_to(again, archive, moment)
    with monkeypatch.context() as other:
        other.setenv("OBSERVATORY_PSEUDONYM_KEY", "another key that is long enough")
        with pytest.raises(ObservatoryError, match="Another key"):
            restore_to(again, archive, moment, tmp_path / "stop_list.csv")
        assert not again.home.exists(), "it is held against the key before anything is written"
    restore_to(again, archive, moment, tmp_path / "stop_list.csv")
    with open_warehouse(again) as warehouse:
        assert warehouse.scalar("select count(*) from core.placement") == 1
        assert warehouse.rows("select census_date from raw.quarter") == [(DATE,)]
        assert warehouse.rows("select what from access.event where what = 'restored'") == [
            ("restored",)
        ]
        assert unanswered(warehouse) == [DATE], "its files were not brought back"
        answer_quarter(warehouse, landing.place, str(again.home / "outbox"), DATE, KEY)
        assert texts(again.home / "outbox") == answers
        assert write_what_is_missing(warehouse, again) == [] and texts(again.releases) == releases
    with pytest.raises(ObservatoryError, match="holds a server already"):
        restore_to(again, archive, moment, without_stop_list=True)
    (base / "global" / "pg_control").write_bytes(b"damaged")
    with pytest.raises(ObservatoryError, match="could not be verified"):
        restore_to(
            Settings(tmp_path / "third", str(landing.root), "", "north_west"),
            archive,
            moment,
            without_stop_list=True,
        )


def test_without_an_archive_it_says_how_to_have_one(embedded_warehouse: Warehouse, settings):
    with pytest.raises(ObservatoryError, match=r"\[recovery\] archive"):
        take_base(embedded_warehouse, settings, 30)


def test_an_archive_at_a_path_that_a_shell_would_read_is_refused(tmp_path):
    with pytest.raises(ObservatoryError, match="plain path"):
        EmbeddedPostgres(tmp_path / "home", archive=tmp_path / "a$(b)").join()


def test_old_bases_and_their_log_go_and_what_the_oldest_one_needed_rests_on_stays(tmp_path):
    """The base from before the day to which one can go back is needed too, with all the log since."""
    names = ["000000010000000000000002", "000000010000000000000005", "000000010000000000000009"]
    days = ["20260101T000000Z", "20260201T000000Z", "20260301T000000Z"]
    log = tmp_path / "wal"
    log.mkdir()
    for name, day in zip(names, days, strict=True):
        base = tmp_path / "base" / day
        base.mkdir(parents=True)
        (base / "backup_label").write_text(f"START WAL LOCATION: 0/0 (file {name})\n")
        (tmp_path / "base" / f"{day}.key_check").write_text("check")
    for number in range(1, 12):
        (log / f"{1:08X}{0:08X}{number:08X}").touch()
    assert len(bases(tmp_path)) == 3
    server = EmbeddedPostgres(tmp_path / "home")
    until = dt.datetime(2026, 2, 15, tzinfo=dt.UTC)
    assert remove_what_is_older(tmp_path, server, until) == 1
    assert sorted(path.name for path in (tmp_path / "base").glob("*Z")) == days[1:]
    assert sorted(path.name for path in (tmp_path / "base").glob("*.key_check")) == [
        f"{day}.key_check" for day in days[1:]
    ]
    assert min(path.name for path in log.iterdir()) == names[1]
    assert remove_what_is_older(tmp_path, server, until) == 0
