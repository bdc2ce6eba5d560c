"""Two warehouses to attack, on two servers, every table of them filled with marked rows.

On the embedded server the pipeline is a superuser and logins come in over its private socket. On
PostgreSQL 15 the pipeline is an ordinary owner, and everybody comes in over TCP with a password
(scram-sha-256): as it would be at a region's own server.

Rows are made from the catalogue, so that a table that was added yesterday is filled too. Each text
of a row says whose row it is: `canary-358` in anything that another authority's login gets back (a
row, a plan, an error, a notice) is a leak.
"""

from __future__ import annotations

import datetime as dt
import itertools
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from assets.access import fences, logins
from assets.access.policies import AUTHORITY, ENGINEER, PUBLIC, REGIONAL
from assets.access.preparing import prepare
from assets.publication import told
from resources.embedded_postgres import SUPERUSER, EmbeddedPostgres
from resources.warehouse import CLOSED_SCHEMAS, Warehouse, physical
from schemas.fields import all_fields
from schemas.regions import load_region
from schemas.returns import return_tables
from tests.conftest import POSTGRES_15, QUICK, Servers

OWN, OTHER = "356", "358"
ABOUT = ("placing_authority_code", "authority_code", "host_authority_code", "area_code", "sender")
REGION = load_region("north_west")
SCHEMAS = ("raw", "staging", "core", "curated", "published", "access", *CLOSED_SCHEMAS.values())
KNOWN_AS = {closed: schema for schema, closed in CLOSED_SCHEMAS.items()}
"""By closed schema, the one under whose name readers know what lies in it."""

WHOLE = {
    "core.area", "core.authority", "core.official_figure", "core.owner_group", "core.population", "core.premises", "core.register_in_use",
    "core.setting", "core.year_broken",
    "curated.official_benchmark", "curated.setting_vacancies",
    "published.release", "published.cell", "published.release_return",
    "published.release_status",
}  # fmt: skip
"""What every member reads whole, by the design: the register's facts, vacancies home by home,
official figures, releases.
"""

KINDS = {
    "stockport": AUTHORITY,
    "trafford": AUTHORITY,
    "region": REGIONAL,
    "engineer": ENGINEER,
    "public": PUBLIC,
}


@dataclass
class Filled:
    """A filled warehouse, its logins by kind (`stockport` is the authority 356), and a way in for
    each.
    """

    kind: str
    warehouse: Warehouse
    log: Path
    names: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    read: dict[str, dict[str, list[dict] | None]] = field(default_factory=dict)

    def address(self, who: str, driver: str = "postgresql") -> str:
        """The address at which a login comes in."""
        url = make_url(self.warehouse.url).set(
            drivername=driver, username=self.names[who], password=self.passwords[who]
        )
        return url.render_as_string(hide_password=False)

    def connect(self, who: str) -> psycopg.Connection:
        """A session of a login."""
        return psycopg.connect(self.address(who), autocommit=True)

    def reads(self, who: str) -> dict[str, list[dict] | None]:
        """What a login reads of every table and view, by its name; None where it may not."""
        if who not in self.read:
            self.read[who] = {}
            with self.connect(who) as session:
                for schema, name, kind in self.relations():
                    if kind != "S":
                        self.read[who][f"{schema}.{name}"] = rows_of(session, f"{schema}.{name}")
        return self.read[who]

    def relations(self) -> list[tuple[str, str, str]]:
        """Every relation of the warehouse, from the catalogue: schema, name, kind."""
        return [
            tuple(row)
            for row in self.warehouse.rows(
                "select n.nspname, c.relname, c.relkind::text from pg_class as c inner join"
                " pg_namespace as n on n.oid = c.relnamespace where n.nspname not like 'pg\\_%' and"
                " n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')"
                " order by 1, 2"
            )
        ]

    def columns(self, schema: str, name: str) -> dict[str, str]:
        """A relation's columns and their types."""
        return {
            row.attname: row.type
            for row in self.warehouse.rows(
                "select a.attname, format_type(a.atttypid, null) as type from pg_attribute as a"
                " where a.attrelid = to_regclass(:r) and a.attnum > 0 and not a.attisdropped order"
                " by a.attnum",
                r=f'{schema}."{name}"',
            )
        }


def rows_of(session: psycopg.Connection, relation: str) -> list[dict] | None:
    """All rows of a relation that a session sees; None where it may not look."""
    try:
        cursor = session.execute(f"select * from {relation}")
    except psycopg.errors.InsufficientPrivilege:
        return None
    names = [column.name for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def marked_rows(
    schema: str, name: str, columns: dict[str, str], numbers: Iterator[int]
) -> list[dict[str, str]]:
    """Rows for a table, one for each way in which two authorities can be party to it, each text
    marked with whose they are.
    """
    word = "shared" if f"{schema}.{name}" in WHOLE else "canary"
    about = [name for name in ABOUT if name in columns]
    rows = []
    for codes in itertools.product((OWN, OTHER), repeat=len(about)) if about else [(OTHER,)]:
        number = next(numbers)
        mark = "-".join(f"{word}-{code}" for code in dict.fromkeys(codes))
        row = {}
        for column, kind in columns.items():
            if column in about:
                row[column] = codes[about.index(column)]
            elif kind == "text":
                row[column] = _text(schema, column, mark, number)
            else:
                row[column] = {
                    "date": "2025-12-31",
                    "jsonb": f'{{"mark": "{mark}"}}',
                    "boolean": "true",
                    "integer": "7",
                    "bigint": "7",
                }.get(kind, "7")
                if kind.startswith("timestamp"):
                    row[column] = "2025-12-31T00:00:00Z"
        if "rows_received" in row:  # books that balance
            row |= {"rows_received": "21"}
        if "status" in row:
            row["status"] = "in force"
        if "fees_may_be_shown" in row:
            row["fees_may_be_shown"] = "false"
        if "release_number" in row:
            row["release_number"] = "1"
        if "submission_id" in row:
            row["submission_id"] = f"{mark}-submission"
        if "fate" in row:
            row["fate"] = "loaded"
        if "run_id" in row:  # what a run measured is of a run that is there
            row |= {"run_id": f"{mark}-run"} | ({"kind": "step seconds"} if "kind" in row else {})
        if "manifest" in row:
            row["manifest"] = (
                '{"returns": [{"sender": "provider-a", "table_name": "provider_settings",'
                ' "version": 1}]}'
            )
        rows.append(row)
    return rows


def _text(schema: str, name: str, mark: str, number: int) -> str:
    """A text as it would stand there: of the type that the dictionary says, so that views can read
    it.
    """
    kind = all_fields()[name].type if name in all_fields() else "text"
    typed = {
        "integer": "7", "money": "77.00", "number": "7", "rate": "0.7", "date": "2025-12-31", "boolean": "true", "yes_no": "true",
        "timestamp": "2025-12-31T00:00:00Z",
    }  # fmt: skip
    if schema == "raw" and kind in typed:
        return typed[kind]
    return f"{mark}-{name}-{number}"


def fill(warehouse: Warehouse, filled: Filled) -> None:
    """Marked rows in every table that a reader could look for."""
    numbers = itertools.count(1)
    with warehouse.engine.begin() as connection:
        for schema, name, kind in filled.relations():
            if (
                kind not in "rp"
                or schema in {"access"}
                or (schema, name) in {("raw", "region_member"), ("raw", "observatory")}
            ):
                continue
            if (schema, name) == ("published", "cell"):
                continue  # after its release
            columns = filled.columns(schema, name)
            for row in marked_rows(KNOWN_AS.get(schema, schema), name, columns, numbers):
                _insert(connection, f'{schema}."{name}"', row, columns)
        connection.execute(  # so that the staging views show the rows
            sa.text(
                "insert into raw.submission_table select s.submission_id, t.name, 1, 'in force', 7,"
                " 7, 0, 0 from raw.submission as s cross join unnest(cast(:names as text[])) as t"
                " (name) on conflict do nothing"
            ),
            {"names": [name for name, table in return_tables().items() if not table.leave_alone]},
        )
        _insert_published(connection)
        connection.execute(
            sa.text(
                "insert into access.stop_list (child_key, authority_code) values"
                " ('canary-358-stopped', '358')"
            )
        )
        connection.execute(
            sa.text(
                "insert into access.event (actor, what, subject) values ('canary-358', 'sent',"
                " 'canary-358')"
            )
        )
        dates = connection.exec_driver_sql(
            physical("select distinct census_date from curated.comparison")
        )
        stand_as_approved(connection, *dates.scalars())
        fences.keep_calendar(connection)
        connection.exec_driver_sql("analyze")


def stand_as_approved(connection: sa.Connection, *dates: dt.date | str) -> None:
    """Let what members are told of others stand as it is now, as an approval does."""
    for date in dates:
        for table in ("draft_told", "released_told"):
            connection.execute(
                sa.text(f"delete from raw.{table} where census_date = :d"), {"d": date}
            )
        told.keep_with_draft(connection, date)  # type: ignore[arg-type]
        told.publish(connection, date)  # type: ignore[arg-type]


def _insert(
    connection: sa.Connection, table: str, row: dict[str, str], columns: dict[str, str]
) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f"cast(:{name} as {columns[name]})" for name in row)
    connection.execute(
        sa.text(f"insert into {table} ({names}) values ({values}) on conflict do nothing"), row
    )


def _insert_published(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(
            "insert into published.cell (census_date, release_number, table_name, row_order, keys,"
            " measure, value) values ('2025-12-31', 1, 'host_authority_occupancy', 1, '{}',"
            " 'occupied', '25')"
        )
    )


class PasswordServer:
    """A PostgreSQL 15 that asks for passwords over TCP."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = EmbeddedPostgres(
            home,
            {
                **QUICK,
                "listen_addresses": "127.0.0.1",
                "port": str(self.port),
                "authentication_timeout": "3s",
            },
            POSTGRES_15,
        )
        self.server.join()
        hba = self.server.data / "pg_hba.conf"
        hba.write_text(
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="ascii"
        )
        with self.superuser("postgres") as session:
            session.execute("select pg_reload_conf()")
            session.execute("create role pipeline login createrole password 'only for the tests'")

    def superuser(self, database: str) -> psycopg.Connection:
        """A session of the server's administrator, over the socket."""
        return psycopg.connect(
            host=str(self.server.socket),
            port=self.port,
            user=SUPERUSER,
            dbname=database,
            autocommit=True,
        )

    def database(self, name: str) -> str:
        """A new, empty database of the pipeline's own, and its address."""
        with self.superuser("postgres") as session:
            session.execute(f"drop database if exists {name} with (force)")
            session.execute(f"create database {name} owner pipeline")
        return (
            f"postgresql+psycopg://pipeline:only%20for%20the%20tests@127.0.0.1:{self.port}/{name}"
        )

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.server.folder / "server.log"


@pytest.fixture(scope="session")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PasswordServer]:
    """A PostgreSQL 15 that is reached over TCP with a password, where the pipeline is an ordinary
    owner.
    """
    if not (POSTGRES_15 / "initdb").exists():
        pytest.skip(
            "PostgreSQL 15 is not on this machine and this user cannot install it (`make system` as"
            " root does)"
        )
    made = PasswordServer(tmp_path_factory.mktemp("remote"))
    yield made
    made.server.leave()


@pytest.fixture(scope="session", params=["embedded", "postgres15"])
def filled(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Filled]:
    """A filled warehouse with a login of each kind, on each kind of server. Its logins go with it:
    it may be made again on the same server.
    """
    if request.param == "embedded":
        address = servers.fresh("embedded")
        log = servers.started["embedded"].folder / "server.log"
    else:
        server: PasswordServer = request.getfixturevalue("remote")
        address, log = server.database("warehouse15"), server.log
    warehouse = Warehouse(address)
    prepare(warehouse, REGION)
    made = Filled(request.param, warehouse, log)
    fill(warehouse, made)
    for who, kind in KINDS.items():
        made.names[who] = f"filled_{who}"
        code = {"stockport": OWN, "trafford": OTHER}.get(who)
        made.passwords[who] = logins.grant(warehouse, made.names[who], kind, code)
    yield made
    for name in made.names.values():
        logins.revoke(warehouse, name)
    warehouse.close()
