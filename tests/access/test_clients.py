"""Real clients: psql, pandas over SQLAlchemy, psycopg; the ready queries, each as the login it is
for.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from pathlib import Path

import pandas as pd
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from assets.access import logins
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from assets.warehouse.models import models
from made_up import make_region
from resources.embedded_postgres import binaries
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from tests.access.conftest import OWN, REGION, Filled
from tests.conftest import KEY, POSTGRES_15, Servers
from tests.regions import QUICK
from tests.releasing import make_release

QUERIES = sorted((Path(__file__).resolve().parents[2] / "docs" / "queries").glob("*.sql"))
DAY = dt.date(2025, 12, 31)


def psql(filled: Filled, who: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    url = make_url(filled.address(who))
    program = (binaries() if filled.kind == "embedded" else POSTGRES_15) / "psql"
    where = [
        f"--host={url.query.get('host') or url.host}",
        f"--username={url.username}",
        f"--dbname={url.database}",
    ]
    where += (
        [f"--port={url.query.get('port') or url.port}"] if url.query.get("port") or url.port else []
    )
    environment = {**os.environ, "PGPASSWORD": filled.passwords[who], "PSQLRC": "/dev/null"}
    return subprocess.run(
        [program, "--no-password", "-X", *where, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_psql_shows_rows_descriptions_and_tables(filled):
    done = psql(
        filled, "stockport", "--csv", "-c", "select distinct authority_code from core.child"
    )
    assert (done.returncode, done.stdout) == (0, f"authority_code\n{OWN}\n"), done.stderr
    described = psql(filled, "stockport", "-c", r"\d+ curated.setting_vacancies").stdout
    assert (
        "Places that could take a child now" in described
        and 'POLICY "authority_regional_engineer"' not in described.split("Policies")[0]
    )
    assert "setting_vacancies" in psql(filled, "stockport", "-c", r"\dv curated.*").stdout
    about = (  # \dv+ asks for sizes, which tell how many rows others have
        "select obj_description('curated.setting_vacancies'::regclass)"
    )
    assert "Home by home, what is vacant" in psql(filled, "stockport", "-c", about).stdout
    assert psql(filled, "public", "-c", "select * from core.child").returncode == 1


def test_pandas_reads_over_sqlalchemy(filled):
    engine = sa.create_engine(filled.address("stockport", "postgresql+psycopg"))
    try:
        frame = pd.read_sql("select * from core.placement", engine)
        assert set(frame["placing_authority_code"]) == {OWN}
        inspector = sa.inspect(engine)
        assert inspector.get_table_comment("setting_vacancies", "curated")["text"].startswith(
            "Home by home"
        )
        assert all(
            column["comment"] for column in inspector.get_columns("setting_vacancies", "curated")
        )
    finally:
        engine.dispose()


def test_psycopg_reads_with_parameters(filled):
    with filled.connect("stockport") as session:
        rows = session.execute(
            "select placing_authority_code from core.placement where host_authority_code = %s",
            ["358"],
        ).fetchall()
    assert rows == [(OWN,)]


def test_a_password_is_needed_over_the_network(filled):
    if filled.kind != "postgres15":
        pytest.skip("the embedded server listens to no network")
    url = make_url(filled.address("stockport"))
    for password in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url.set(password=password).render_as_string(hide_password=False))


def test_a_login_comes_into_its_own_warehouse_alone(filled, request):
    if filled.kind == "embedded":
        servers: Servers = request.getfixturevalue("servers")
        other = Warehouse(servers.fresh("embedded"))
    else:
        other = Warehouse(request.getfixturevalue("remote").database("another15"))
    from assets.access.preparing import prepare

    with other:
        prepare(other, REGION)
        url = make_url(filled.address("stockport")).set(database=make_url(other.url).database)
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url.render_as_string(hide_password=False))


def test_a_session_of_a_reader_is_limited_and_read_only(filled):
    with filled.connect("public") as session:
        assert session.execute("show statement_timeout").fetchone() == ("1min",)
        assert session.execute("show default_transaction_read_only").fetchone() == ("on",)
        assert session.execute("select count(*) from cell").fetchone() != (0,), (
            "the schemas are on the search path"
        )


# --- ready queries
# ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def region(servers: Servers, tmp_path_factory) -> Filled:
    """A small made-up region on the embedded server, with a login of each kind."""
    root = tmp_path_factory.mktemp("region")
    make_region(root / "landing", quarters=1, last=DAY, seed=3, scale=0.1, truth=False)
    warehouse = Warehouse(servers.fresh("embedded"))
    from assets.access.preparing import prepare

    prepare(warehouse, QUICK)
    take_in(warehouse, LandingPlace(str(root / "landing")), DAY, KEY)
    result = build_quarter(warehouse, DAY, QUICK)
    assert not result.blocked_by
    make_release(warehouse, DAY, QUICK, root / "releases")
    made = Filled("embedded", warehouse, root)
    for who, kind, code in (
        ("authority", "authority", OWN),
        ("regional", "regional", None),
        ("public", "public", None),
    ):
        made.names[who] = f"ready_{who}"
        made.passwords[who] = logins.grant(warehouse, made.names[who], kind, code)
    yield made
    warehouse.close()


def for_whom(path: Path) -> str:
    return next(
        line.removeprefix("-- for:").strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("-- for:")
    )


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_ready_query_answers_whom_it_is_for(region, path):
    if (
        "weekly_cost" in path.read_text(encoding="utf-8")
        and ("curated", "weekly_cost") not in models()
    ):
        pytest.skip("curated.weekly_cost is not in this version")
    who = for_whom(path)
    with region.connect(who) as session:
        cursor = session.execute(path.read_text(encoding="utf-8"))
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
    assert rows or path.stem.startswith("06"), (
        "the made-up authority has no SSDA903 in this quarter"
        if path.stem.startswith("06")
        else path.stem
    )
    if path.stem.startswith("02"):
        assert {row["host_authority_name"] for row in rows} == {"Stockport"}
    if path.stem.startswith("01"):
        assert all(
            row["vacant"] > 0 and (row["min_age"] or 0) <= 14 <= (row["max_age"] or 25)
            for row in rows
        )


def test_there_are_twelve_ready_queries_for_authorities():
    assert [for_whom(path) for path in QUERIES].count("authority") == 12
    listed = (QUERIES[0].parents[1] / "querying.md").read_text(encoding="utf-8")
    assert all(path.name in listed for path in QUERIES)
