"""Going back to a named moment: what was there at it is there, what came after is not, and answers and releases are made anew."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from assets.access.preparing import prepare
from assets.access.recovery import bases, restore_to, take_base
from assets.answering.outbox import answer_quarter, unanswered
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from resources.embedded_postgres import EmbeddedPostgres
from resources.errors import ObservatoryError
from resources.settings import Settings
from resources.warehouse import Warehouse, open_warehouse
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY

DATE = dt.date(2025, 3, 31)
REGION = load_region("north_west")


def test_a_home_goes_back_to_a_named_moment(tmp_path, landing, monkeypatch):
    """One server made, copied, brought forward and back: a dozen seconds that nothing cheaper stands for."""
    archive = tmp_path / "the archive"
    monkeypatch.setenv("OBSERVATORY_ARCHIVE", str(archive))
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    settings = Settings(tmp_path / "home", str(landing.root), "", "north_west")
    landing.drop(str(DATE), "356", "census.csv", builders.census([{"identifier": "C1", "age": 12}]))
    outbox = str(tmp_path / "home" / "outbox")
    with open_warehouse(settings, may_be_new=True) as warehouse:
        prepare(warehouse, REGION)
        take_in(warehouse, landing.place, DATE, KEY)
        base, _ = take_base(warehouse, settings, 30)
        build_quarter(warehouse, DATE, REGION)  # after the copy: it comes back by the log alone
        answer_quarter(warehouse, landing.place, outbox, DATE, KEY)
        answers = sorted(path.name for path in (tmp_path / "home" / "outbox").rglob("*.html"))
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
    restore_to(again, archive, moment, tmp_path / "stop_list.csv")
    with open_warehouse(again) as warehouse:
        assert warehouse.scalar("select count(*) from core.placement") == 1
        assert warehouse.rows("select census_date from raw.quarter") == [(DATE,)]
        assert warehouse.rows("select what from access.event where what = 'restored'") == [("restored",)]
        assert unanswered(warehouse) == [DATE], "its files were not brought back"
        answer_quarter(warehouse, landing.place, str(tmp_path / "another home" / "outbox"), DATE, KEY)
        assert sorted(path.name for path in (tmp_path / "another home" / "outbox").rglob("*.html")) == answers
    with pytest.raises(ObservatoryError, match="holds a server already"):
        restore_to(again, archive, moment, without_stop_list=True)
    (base / "global" / "pg_control").write_bytes(b"damaged")
    with pytest.raises(ObservatoryError, match="could not be verified"):
        restore_to(Settings(tmp_path / "third", str(landing.root), "", "north_west"), archive, moment, without_stop_list=True)


def test_without_an_archive_it_says_how_to_have_one(embedded_warehouse: Warehouse, settings):
    with pytest.raises(ObservatoryError, match=r"\[recovery\] archive"):
        take_base(embedded_warehouse, settings, 30)


def test_an_archive_at_a_path_that_a_shell_would_read_is_refused(tmp_path):
    with pytest.raises(ObservatoryError, match="plain path"):
        EmbeddedPostgres(tmp_path / "home", archive=tmp_path / "a$(b)").join()
