"""A streaming replica for readers: the same logins read the same rows there, nobody writes there,
and news come by themselves.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from assets.access import logins
from assets.access.policies import AUTHORITY
from assets.access.preparing import prepare
from resources.embedded_postgres import SUPERUSER, EmbeddedPostgres
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.conftest import QUICK, Servers

ROWS = """
insert into core_rows.child (census_date, authority_code, child_key)
values ('2025-12-31', '356', 'own'), ('2025-12-31', '358', 'another''s');
insert into access.quarter_end (census_date) values ('2025-12-31')
"""
SECONDS = 60


@pytest.fixture(scope="module")
def primary(servers: Servers) -> Iterator[Warehouse]:
    """A warehouse with a child of each of two authorities, and a login of one of them."""
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        prepare(warehouse, load_region("north_west"))
        logins.grant(warehouse, "stockport_reader", AUTHORITY, "356")
        with warehouse.writing() as connection:
            connection.exec_driver_sql(ROWS)
        yield warehouse
        logins.revoke(warehouse, "stockport_reader")
    servers.drop("embedded", address)


@pytest.fixture(scope="module")
def replica(
    primary: Warehouse, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedPostgres]:
    """A standby of the whole server, made as docs/engines.md says: a base backup that follows the
    primary.
    """
    source = servers.started["embedded"]
    follows = f"host={source.socket} port={source.port} user={SUPERUSER}"
    standby = EmbeddedPostgres(
        tmp_path_factory.mktemp("replica"), {**QUICK, "primary_conninfo": follows}
    )
    standby._make_folders()
    source.take_base(standby.data)
    signal = standby.data / "standby.signal"
    signal.touch()
    owner = standby.data.stat()
    os.chown(signal, owner.st_uid, owner.st_gid)
    standby.join()
    yield standby
    standby.leave()


def session(replica: EmbeddedPostgres, primary: Warehouse, user: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(replica.socket),
        port=replica.port,
        user=user,
        dbname=make_url(primary.url).database,
        autocommit=True,
    )


def test_a_login_reads_its_own_rows_there_and_no_others(primary, replica):
    with session(replica, primary, "stockport_reader") as reader:
        assert reader.execute("select pg_is_in_recovery()").fetchone() == (True,)
        assert reader.execute("select child_key from core.child").fetchall() == [("own",)]
        for closed in ("core_rows.child", "raw.submission", "access.login"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"select * from {closed}")


@pytest.mark.parametrize("user", ["stockport_reader", SUPERUSER])
def test_nobody_writes_there(primary, replica, user):
    """Not even who may do everything: what a session has set for itself does not matter."""
    refusals = (
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.FeatureNotSupported,
    )
    with session(replica, primary, user) as anybody:
        anybody.execute("set default_transaction_read_only = off")
        for statement in (
            "create table mine (a text)",
            "delete from core_rows.child",
            "create role mine",
            "begin read write",
        ):
            with pytest.raises(refusals):
                anybody.execute(statement)


def test_what_is_rewritten_and_who_may_no_longer_read_comes_by_itself(primary, replica):
    with primary.writing() as connection:
        connection.exec_driver_sql(
            "update core_rows.child set child_key = 'own, corrected' where authority_code = '356'"
        )
    with session(replica, primary, "stockport_reader") as reader:
        _wait_for(
            lambda: (
                reader.execute("select child_key from core.child").fetchall()
                == [("own, corrected",)]
            )
        )
    with primary.writing() as connection:
        connection.exec_driver_sql("alter role stockport_reader nologin")

    def is_refused() -> bool:
        try:
            session(replica, primary, "stockport_reader").close()
        except psycopg.OperationalError as error:
            return "not permitted to log in" in str(error)
        return False

    _wait_for(is_refused)


def _wait_for(happens) -> None:
    until = time.monotonic() + SECONDS
    while not happens():
        assert time.monotonic() < until, "the replica has not followed"
        time.sleep(0.1)
