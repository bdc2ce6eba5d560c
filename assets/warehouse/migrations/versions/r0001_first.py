"""Everything that lived on before versions were counted: any home from before becomes this one, and
a new home begins with it.

Those homes do not say which program made them, so each step here looks first. Later migrations need
not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None

ACCESS = """
create table if not exists access.login (
    login name primary key, kind text not null, authority_code text, granted_by text not null, granted_at timestamptz not null default now(),
    changed_at timestamptz not null default now(), borrowed_from name,
    constraint an_authority_has_a_code check ((kind = 'authority') = (authority_code is not null))
);
alter table access.login add column if not exists borrowed_from name;
create table if not exists access.event (
    happened_at timestamptz not null default now(), actor text not null, what text not null, subject text not null,
    details jsonb not null default '{}'
);
create table if not exists access.reading (
    mark text primary key, read_at timestamptz not null, login text not null, table_name text not null, through text
);
alter table access.reading add column if not exists through text;
create table if not exists access.gathered (log text primary key, position bigint not null);
alter table access.gathered add column if not exists tail_bytes integer not null default 0;
alter table access.gathered add column if not exists tail text not null default '';
alter table access.gathered add column if not exists seen text not null default '';
create table if not exists access.key_check (check_value text not null);
create unique index if not exists one_key on access.key_check ((true));
create table if not exists access.stop_list (child_key text primary key, authority_code text not null, added_at timestamptz not null default now());
create table if not exists access.closed_quarter (census_date date primary key, closed_at timestamptz not null default now());
create table if not exists access.answers_removed (census_date date primary key, removed_at timestamptz not null default now());
create table if not exists access.applied (state text not null);
create table if not exists access.secret (value text not null);
create table if not exists access.quarter_end (census_date date primary key);
"""

STATE = """
create table if not exists raw.observatory (state text not null);
alter table raw.observatory add column if not exists program_version text not null default '';
alter table raw.observatory alter column program_version drop default;
create table if not exists raw.quarter (census_date date primary key, rests_on text not null, code_version text not null);
create table if not exists raw.answered (census_date date primary key, rests_on text not null);
create table if not exists raw.reported (census_date date primary key, rests_on text not null);
create table if not exists raw.projection (census_date date primary key, rests_on text not null);
create table if not exists raw.quarter_step (
    census_date date not null,
    number integer not null,
    happened_at timestamptz not null default clock_timestamp(),
    step text not null,
    state text not null,
    is_held boolean not null,
    by_whom text not null check (by_whom <> ''),
    why text not null default '',
    release_number integer,
    primary key (census_date, number)
);
create table if not exists raw.provenance (
    is_the_only_row boolean primary key default true check (is_the_only_row),
    is_made_up boolean not null,
    said text not null
);
"""

LEDGER = """
create table if not exists published.release (
    census_date date not null,
    release_number integer not null,
    content_hash text not null,
    manifest jsonb not null,
    primary key (census_date, release_number)
);
create table if not exists published.cell (
    census_date date not null,
    release_number integer not null,
    table_name text not null,
    row_order integer not null,
    keys jsonb not null,
    measure text not null,
    value text not null,
    primary key (census_date, release_number, table_name, row_order, measure),
    foreign key (census_date, release_number) references published.release
);
create table if not exists raw.released_count (
    census_date date not null,
    release_number integer not null,
    table_name text not null,
    row_order integer not null,
    measure text not null,
    value integer not null,
    primary key (census_date, release_number, table_name, row_order, measure)
);
create table if not exists raw.release_basis (
    census_date date not null,
    release_number integer not null,
    basis text not null,
    primary key (census_date, release_number)
);
create table if not exists raw.draft (
    census_date date primary key,
    release_number integer not null,
    content_hash text not null,
    manifest jsonb not null,
    basis text not null,
    rests_on text not null,
    held_against jsonb not null,
    hidden integer not null,
    repaired integer not null,
    made_at timestamptz not null default clock_timestamp()
);
create table if not exists raw.draft_cell (like published.cell including defaults, primary key (census_date, table_name, row_order, measure));
create table if not exists raw.draft_count (
    like raw.released_count including defaults, primary key (census_date, table_name, row_order, measure)
);
create table if not exists raw.draft_attempt (
    census_date date primary key,
    rests_on text not null,
    held_against text not null,
    outcome text not null,
    said jsonb not null default '[]',
    tried_at timestamptz not null default clock_timestamp()
);
"""

STATUSES = """
alter table raw.submission_table drop constraint if exists status_known;
alter table raw.submission_table add constraint status_known
    check (status in ('in force', 'superseded', 'rejected', 'recorded', 'withdrawn'));
"""

HASHES_TAKEN_OUT = (
    "Hashes of returns were taken out of the manifest, because whoever guesses a small return could"
    " try them out. No figure changed."
)

REISSUE = """
with reissued as (
    update published.release as r
    set manifest = r.manifest || jsonb_build_object(
        'returns', (select coalesce(jsonb_agg(x.one - 'content_hash' order by x.place), '[]')
            from jsonb_array_elements(r.manifest -> 'returns') with ordinality as x (one, place)),
        'reissued', coalesce(r.manifest -> 'reissued', '[]') || to_jsonb(cast(:why as text)))
    where jsonb_path_exists(r.manifest, '$.returns[*].content_hash')
    returning r.census_date, r.release_number
)
insert into access.event (actor, what, subject, details)
select 'the upgrade', 'reissued', r.census_date || ' r' || r.release_number, jsonb_build_object('why', cast(:why as text))
from reissued as r
"""

SAY_WHAT_WAS_PUBLISHED = """
insert into raw.quarter_step (census_date, number, step, state, is_held, by_whom, why, release_number)
select r.census_date, 1, 'published', 'published', false, 'an earlier version of the observatory',
    'published before approvals were recorded', max(r.release_number)
from published.release as r
where r.census_date not in (select s.census_date from raw.quarter_step as s)
group by r.census_date
"""


def upgrade() -> None:
    """Bring up whatever is there."""
    connection = op.get_bind()
    _move_rows(connection)
    if ("landed", "place") in _columns(connection) or ("arrival", "place") in _columns(connection):
        for table in ("landed", "arrival"):  # it was called so once
            if (table, "place") in _columns(connection):
                connection.exec_driver_sql(
                    f"alter table raw.{table} rename column place to place_mark"
                )
    for ddl in (ACCESS, STATE, LEDGER):
        connection.exec_driver_sql(ddl)
    if ("submission_table", "status") in _columns(connection):
        connection.exec_driver_sql(STATUSES)
    connection.execute(sa.text(REISSUE), {"why": HASHES_TAKEN_OUT})
    connection.exec_driver_sql(SAY_WHAT_WAS_PUBLISHED)


def _move_rows(connection: sa.Connection) -> None:
    """Tables that stood under the readers' names go, as they are, to where rows lie behind the
    fences.
    """
    found = connection.exec_driver_sql(
        "select schemaname, tablename from pg_tables where schemaname in ('core', 'curated') or"
        " (schemaname, tablename) = ('raw', 'finding')"
    ).all()
    for schema, table in found:
        connection.exec_driver_sql(f'alter table {schema}."{table}" set schema {schema}_rows')


def _columns(connection: sa.Connection) -> set[tuple[str, str]]:
    """What is there of the register: table and column."""
    query = (
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'raw' and table_name in ('arrival', 'landed', 'submission_table')"
    )
    return {(row.table_name, row.column_name) for row in connection.exec_driver_sql(query)}
