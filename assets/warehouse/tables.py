"""Tables: the schemas, tables, views and comments of the warehouse, made from layouts and models.

Belongs here: DDL, and the reference facts that go into `raw`.
Does not belong here: rows of returns (`assets/intake`) and figures (`building`).

What must live on is brought up by migrations (`upgrading`): raw, the ledger, access and the
quarters' states; a layout that grew adds its columns by itself. Everything else is made when it is
missing and left alone when it is right. A curated or core table whose columns have changed is made
anew, and all its quarters with it, since what they rest on carries the code version.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common.basis import short_digest
from assets.warehouse import upgrading
from assets.warehouse.models import (
    FOLDER,
    LAYERS,
    PYTHON_TABLES,
    Model,
    PythonTable,
    models,
    raw_columns,
)
from resources.version import VERSION
from resources.warehouse import CLOSED_SCHEMAS, copy_frame, physical
from schemas.fields import all_fields
from schemas.owners import decisions
from schemas.program import hash_of
from schemas.regions import Region
from schemas.returns import contract_version, return_tables

_CODE = hash_of(
    [*Path(__file__).parent.glob("*.py"), *(upgrading.MIGRATIONS / "versions").glob("*.py")]
)
_SQL = hash_of(path for layer in LAYERS for path in (FOLDER / layer).glob("*.sql"))

SCHEMAS = {
    "raw": (
        "Every row as received, after the door has replaced what identifies a child; rejected rows"
        " with reasons; the register of submissions."
    ),
    "staging": "One typed view a source table, of the returns in force.",
    "core": "Authorities, settings and placements on each census date.",
    "curated": "The indicators: one table a question, one grain a table, quarter by quarter.",
    "published": "What left the building: releases after disclosure control, never changed.",
}

_DETAILS = {
    "submission": "primary key (submission_id)",
    "arrival": "primary key (submission_id)",
    "landed": "primary key (census_date, place_mark)",
    "put_off": "primary key (census_date, sender)",
    "setting_decision": "primary key (urn, host_authority_code, census_date)",
    "withdrawal": "primary key (submission_id)",
    "answer": "primary key (submission_id)",
    "submission_table": (
        "primary key (submission_id, table_name), constraint books_balance check (rows_received ="
        " rows_loaded + rows_rejected + rows_set_aside), constraint status_known check (status in"
        " ('in force', 'superseded', 'rejected', 'recorded', 'withdrawn'))"
    ),
}

RAW_DESCRIPTIONS = {
    "submission": "Every file received: who sent what for which census date, and when.",
    "submission_table": (
        "Every table of every file received, with its version, status and books: received = loaded"
        " + rejected + set aside."
    ),
    "arrival": (
        "The register of arrivals: when the observatory first saw what was sent, and sent again."
        " Rows are added, never altered."
    ),
    "setting_decision": (
        "What the region has decided of settings that more than one sender returns: whose they are,"
        " from which quarter on."
    ),
    "landed": (
        "What lay in each place of the landing place at the last pass, by keyed fingerprints: by it"
        " a return sent again is known."
    ),
    "put_off": (
        "Senders whose files took all the time that a run has for one sender: how many of them wait"
        " for the next run."
    ),
    "withdrawal": (
        "Submissions that were withdrawn: when, by whom and why. What they held stays on record."
    ),
    "answer": "Which answer each sender was given: a hash of what it rests on.",
    "finding": (
        "What was found in the returns: rule, row, column, value as sent (never a personal one) and"
        " a sentence for the sender."
    ),
    "authority": "Reference: local authorities over time (DfE, ONS).",
    "authority_neighbour": "Reference: authorities that share a border (ONS boundaries).",
    "region_member": "Reference: members of the observatory's region.",
    "provision_type": "Reference: the provision types that figures are told of.",
    "ofsted_provision_type": "Reference: Ofsted's types of provision.",
    "type_of_provision": "Reference: the placement census's types of provision.",
    "place_903": "Reference: the SSDA903's placement codes.",
    "legal_status_903": "Reference: the SSDA903's legal status codes.",
    "ethnic_903": "Reference: the SSDA903's ethnicity codes.",
    "reason_episode_ceased_903": "Reference: the SSDA903's reasons for an episode's end.",
    "category_of_need_903": "Reference: the SSDA903's categories of need.",
    "reason_place_change_903": "Reference: the SSDA903's reasons for a change of placement.",
    "in_touch_903": "Reference: the SSDA903's codes of contact with care leavers.",
    "activity_903": "Reference: the SSDA903's codes of care leavers' activity.",
    "accommodation_903": "Reference: the SSDA903's codes of care leavers' accommodation.",
    "cans_item": "Reference: the items of CANS, which tells children's needs and strengths.",
    "population_0_17": "Reference: people aged 0 to 17, mid-year (ONS).",
    "statistical_neighbours": "Reference: statistical neighbours of each authority (DfE, 2025).",
    "district": "Reference: districts of counties, past ones included (ONS).",
    "outward_code": (
        "Reference: England's outward codes, the main authority of each with its share, and a point"
        " (ONS, November 2025)."
    ),
    "official_measure": (
        "Reference: official figures that stand beside ours, and whether their definition is the"
        " same."
    ),
    "series_breaks": "Reference: where a series is broken by a new law or layout.",
    "owner_decision": (
        "Reference: what people have decided of owners' names: which belong to one group, and which"
        " do not."
    ),
    "owner_name": "Owners as the register writes them, and the plain name of each text.",
    "owner_proposal": (
        "Pairs of owners' plain names that are near each other: proposals for a person, on which no"
        " figure rests."
    ),
}

REFERENCE_TABLES = (
    "authority", "authority_neighbour", "region_member", "provision_type", "ofsted_provision_type",
    "type_of_provision", "place_903", "legal_status_903", "ethnic_903", "reason_episode_ceased_903",
    "population_0_17", "statistical_neighbours", "district", "outward_code", "series_breaks",
    "owner_decision", "cans_item", "category_of_need_903", "reason_place_change_903",
    "in_touch_903", "activity_903", "accommodation_903", "official_measure",
)  # fmt: skip
"""Tables of reference facts in `raw`."""

LEDGER_DDL = """
comment on table published.release is 'Every release of every census date. A release is never changed; a correction is a new one.';
comment on table published.cell is 'The ledger: every published cell of every release, as it was printed.';
comment on table raw.released_count is 'The true counts behind every release: by them the gate knows which hidden cells are small. For no reader.';
comment on table raw.release_basis is 'Marks of the true figures behind every release: while they are the same, there is nothing new to release.';
comment on table raw.quarter_step is 'A quarter''s life: every step, when, by whom and why. Rows are added, never altered.';
comment on table raw.draft is 'The draft of each census date''s next release: what it rests on, and the releases that it was held against.';
comment on table raw.draft_cell is 'The cells of the drafts, as they will be printed.';
comment on table raw.draft_count is 'The true counts behind the drafts. For no reader.';
comment on table raw.draft_told is 'What the drafts would let members read of others. For no reader.';
comment on table raw.released_told is 'What members are told of others by the warehouse, as the last approved release of each census date had it.';
comment on table raw.draft_attempt is 'What came of the last try at a draft, and on what it rested: while that is the same it is not tried again.';
comment on table raw.provenance is 'Whether the returns that were taken in are made up: set with the first file, and never changed.';
comment on table raw.observatory is 'What the tables rest on, and the version of the program that brought them up.';
comment on table raw.run is 'Every run that has ended: job, quarters, start, seconds, outcome.';
comment on table raw.run_metric is 'What each run measured: seconds of steps, rows of tables, offending rows of checks.';
comment on table raw.to_write_anew is 'Tables from which an upgrade took something that still lies in their files: they are written anew next.';
comment on table raw.schema_version is 'The last migration of what lives on (assets/warehouse/migrations).';
drop view if exists published.release_return;
create view published.release_return as
select r.census_date, r.release_number, x.sender, x.table_name, x.version, x.census_date as return_census_date
from published.release as r
cross join jsonb_to_recordset(r.manifest -> 'returns') as x (sender text, table_name text, version integer, census_date date);
comment on view published.release_return is 'Which version of which return counted in which release.';
drop view if exists published.release_status;
create view published.release_status as
select r.census_date, r.release_number, coalesce(r.manifest ->> 'status', '') as status
from published.release as r;
comment on view published.release_status is 'Which release is provisional, which final, which revised, where the region says so.';
"""
"""What is made anew beside the ledger and the quarters' states. Their tables live on: they are made
by migrations.
"""

DRAFT_TABLES = (
    "raw.draft_told",
    "raw.draft_count",
    "raw.draft_cell",
    "raw.draft",
    "raw.draft_attempt",
)
"""What is kept of a draft, with the note of its try."""

PUBLISHED_COLUMNS = {
    "release": {
        "census_date": "The quarter end that the release speaks of.",
        "release_number": "Number of the release: 1 for the census date's first.",
        "content_hash": "SHA-256 of the release's tables.",
        "manifest": (
            "The returns, the code and the method that the release rests on, and what it holds."
        ),
    },
    "cell": {
        "census_date": "The quarter end that the release speaks of.",
        "release_number": "Number of the release.",
        "table_name": "Published table.",
        "row_order": "Place of the row in its table.",
        "keys": "Time, geography and filters of the row.",
        "measure": "Indicator.",
        "value": (
            "The cell as printed: a number, or a symbol (c confidential, x not available, z not"
            " applicable, low rounds to 0)."
        ),
    },
    "release_return": {
        "census_date": "The quarter end that the release speaks of.",
        "release_number": "Number of the release.",
        "sender": "Who sent the return.",
        "table_name": "Table of the return.",
        "version": "Version of the return that counted.",
        "return_census_date": "Census date of the return.",
    },
    "release_status": {
        "census_date": "The quarter end that the release speaks of.",
        "release_number": "Number of the release.",
        "status": "Provisional, Final or Revised; blank where the region makes no difference.",
    },
}
"""What the columns of the ledger hold."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def region_hash(region: Region) -> str:
    """A short hash of the region as it was read, and of the rules that hold where its file says
    nothing.
    """
    return short_digest(repr(region))


def state(region: Region) -> str:
    """What the tables rest on: when it is unchanged there is nothing to do. Every command asks:
    nothing is parsed for it.
    """
    program = short_digest(_CODE, VERSION, _SQL)
    groups = ["groups of sub-regions"] if region.sub_regional_groups else []
    return "/".join([contract_version(), program, region.key, region_hash(region), *groups])


def make_schemas(connection: Connection) -> None:
    """The schemas that readers know, and behind them those that no reader may enter."""
    for schema, description in SCHEMAS.items():
        connection.execute(sa.text(f"create schema if not exists {schema}"))
        connection.execute(sa.text(f"comment on schema {schema} is {_quoted(description)}"))
    for schema, closed in CLOSED_SCHEMAS.items():
        connection.execute(sa.text(f"create schema if not exists {closed}"))
        comment = f"The rows of what readers know as {schema}. Closed to every reader."
        connection.execute(sa.text(f"comment on schema {closed} is '{comment}'"))


def make_tables(connection: Connection, region: Region) -> None:
    """What is missing of raw, the warehouse and the ledger's views; and the reference facts anew.

    A table of another shape than its model's is made anew, and its quarters are to be written
    again.
    """
    # raw first: the views and tables read it
    _make_raw(connection)
    _load_reference(connection, region)
    for filled in PYTHON_TABLES.values():
        if _make(connection, filled, [f"{column} {kind}" for column, kind in filled.types.items()]):
            connection.execute(sa.text("delete from raw.projection"))
    for model in models().values():
        _make_view(connection, model) if model.is_view else _make_table(connection, model)
    # after all tables: one that was there before may lack it
    for model in models().values():
        _index_by_quarter(connection, model)
    connection.exec_driver_sql(LEDGER_DDL)
    for table, columns in PUBLISHED_COLUMNS.items():
        _describe(connection, f"published.{table}", columns)


def comment_tables(connection: Connection) -> None:
    """What stands in each table and column. After the readers' views are made, since they bear the
    comments.
    """
    _comment_raw(connection)
    for described in _all_tables():
        _comment(connection, described)


def write_down(connection: Connection, region: Region) -> None:
    """That the tables are now as this program needs them."""
    connection.execute(sa.text("delete from raw.observatory"))
    insert = sa.text("insert into raw.observatory (state, program_version) values (:state, :v)")
    connection.execute(insert, {"state": state(region), "v": VERSION})


def _all_tables() -> list[Model | PythonTable]:
    """What stands in staging, core and curated: the models, and what Python fills."""
    return [*models().values(), *PYTHON_TABLES.values()]


def drop_views(connection: Connection) -> None:
    """Views are cheap: they are made anew, whatever has changed under them."""
    views = connection.execute(
        sa.text(
            "select schemaname || '.' || viewname from pg_views where schemaname = any(:schemas)"
        ),
        {"schemas": [*CLOSED_SCHEMAS.keys(), *CLOSED_SCHEMAS.values()]},
    ).scalars()
    # it may have gone with one that it rests on
    for view in list(views):
        connection.execute(sa.text(f"drop view if exists {view} cascade"))


def _make_raw(connection: Connection) -> None:
    for name, columns in raw_columns().items():
        body = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        details = f", {_DETAILS[name]}" if name in _DETAILS else ""
        table = physical(f"raw.{name}")
        if (
            name in REFERENCE_TABLES and _columns(connection, table).keys() - columns
        ):  # it is filled anew: nothing in it must live on
            connection.execute(sa.text(f"drop table {table}"))
        connection.execute(sa.text(f"create table if not exists {table} ({body}{details})"))
        for column, kind in columns.items():  # a layout that grew
            connection.execute(
                sa.text(f"alter table {table} add column if not exists {column} {kind}")
            )
        if name in return_tables():
            connection.execute(
                sa.text(
                    f"create index if not exists {name}_by_quarter on {table} (census_date,"
                    " submission_id)"
                )
            )
        # answers look for the rows of one submission
        if name == "finding" or name in return_tables():
            connection.execute(
                sa.text(
                    f"create index if not exists {name}_by_submission on {table} (submission_id)"
                )
            )


def _comment_raw(connection: Connection) -> None:
    """What stands in each table of `raw`, under the names that readers use."""
    for name, columns in raw_columns().items():
        returned = return_tables().get(name)
        received = (
            f"{returned.title}, every row as received, with its fate: {returned.grain}."
            if returned
            else ""
        )
        kind = "table" if physical(f"raw.{name}") == f"raw.{name}" else "view"
        connection.execute(
            sa.text(
                f"comment on {kind} raw.{name} is {_quoted(RAW_DESCRIPTIONS.get(name) or received)}"
            )
        )
        _describe(
            connection,
            f"raw.{name}",
            {
                column: all_fields()[column].description
                for column in columns
                if column in all_fields()
            },
        )


def _load_reference(connection: Connection, region: Region) -> None:
    # every command imports this module, and few come here
    import pandas as pd

    root = Path(__file__).resolve().parents[2] / "schemas"
    rule = region.disclosure
    settings = (
        region.gss_code, region.name, str(region.return_deadline_days), str(region.high_cost_weekly), str(region.missing_may_differ),
        str(rule.placements_for_a_mean), str(rule.owner_groups_for_a_mean), str(rule.largest_share_of_spend), str(rule.others_for_a_comparison),
        str(rule.smallest_count_shown), str(rule.round_to), str(region.transfer_scheme_rate),
    )  # fmt: skip
    members = [(code, sub_region, *settings) for code, sub_region in region.members.items()]
    sources = {
        # a blank is a text here, and so is a code that pandas would take for a missing value
        "authority": pd.read_csv(
            root / "reference" / "authorities.csv", dtype=str, keep_default_na=False
        ),
        "authority_neighbour": pd.read_csv(
            root / "reference" / "authority_neighbours.csv", dtype=str
        ),
        "cans_item": pd.read_csv(
            root / "reference" / "cans_items.csv", dtype=str, keep_default_na=False
        ),
        "population_0_17": pd.read_csv(root / "reference" / "population_0_17.csv", dtype=str),
        "statistical_neighbours": pd.read_csv(
            root / "reference" / "statistical_neighbours.csv", dtype=str, keep_default_na=False
        ),
        "outward_code": pd.read_csv(
            root / "reference" / "outward_codes.csv", dtype=str, keep_default_na=False
        ),
        "district": pd.read_csv(
            root / "reference" / "districts.csv", dtype=str, keep_default_na=False
        ),
        "official_measure": pd.read_csv(
            root / "reference" / "official_measures.csv", dtype=str, keep_default_na=False
        ),
        "series_breaks": pd.read_csv(
            root / "reference" / "series_breaks.csv", dtype=str, keep_default_na=False
        ),
        **{
            name: pd.read_csv(root / "codes" / f"{name}.csv", dtype=str, keep_default_na=False)
            for name in REFERENCE_TABLES
            if (root / "codes" / f"{name}.csv").exists()
        },
        "owner_decision": decisions(),
        "region_member": pd.DataFrame(members, columns=list(raw_columns()["region_member"])),
    }
    for name, frame in sources.items():
        connection.execute(sa.text(f"delete from raw.{name}"))
        copy_frame(connection, f"raw.{name}", frame[list(raw_columns()[name])])


def _select_for_ddl(model: Model) -> str:
    """The model's SELECT without its parameter, which DDL does not take."""
    # any quarter will do: no column's type hangs on it
    return physical(model.sql).replace(":census_date", "'2000-01-01'")


def _make_view(connection: Connection, model: Model) -> None:
    connection.exec_driver_sql(f"create view {model.physical} as\n{_select_for_ddl(model)}")


def _make_table(connection: Connection, model: Model) -> None:
    # the server itself says which types the SELECT gives: a table of its rows, without any
    connection.exec_driver_sql(
        f"create temporary table wanted on commit drop as\n{_select_for_ddl(model)}\nwith no data"
    )
    wanted = connection.exec_driver_sql(_SHAPE.format("pg_temp.wanted")).scalar_one()
    # its name is the same for every model of the transaction
    connection.exec_driver_sql("drop table pg_temp.wanted")
    if _make(connection, model, wanted):
        connection.execute(
            sa.text("delete from raw.quarter")
        )  # its quarters are to be written anew


_SHAPE = (
    "select array_agg(attname || ' ' || format_type(atttypid, atttypmod) order by attnum) from"
    " pg_attribute where attrelid = to_regclass('{}') and attnum > 0 and not attisdropped"
)


def _make(connection: Connection, table: Model | PythonTable, wanted: list[str]) -> bool:
    """Make the table of the wanted columns (`name type`), unless it is there with just these. Gives
    whether it was made.
    """
    present = connection.exec_driver_sql(_SHAPE.format(table.physical)).scalar()
    if present == wanted:
        return False
    _set_closed_quarters_by(connection, table.physical)
    # no view is lost: those that read it are made after it
    connection.execute(sa.text(f"drop table if exists {table.physical} cascade"))
    connection.execute(sa.text(f"create table {table.physical} ({', '.join(wanted)})"))
    _bring_closed_quarters_back(connection, table.physical)
    connection.execute(
        sa.text(f"create index {table.name}_grain on {table.physical} ({', '.join(table.grain)})")
    )
    return True


def _index_by_quarter(connection: Connection, model: Model) -> None:
    """Where the grain does not begin with the quarter, an index that does, and goes on with whose
    the rows are: readers ask for those.
    """
    if model.is_view or model.grain[0] == "census_date" or "census_date" not in model.columns:
        return
    owners = [
        name for name in ("placing_authority_code", "authority_code") if name in model.columns
    ][:1]
    columns = ", ".join(["census_date", *owners])
    connection.execute(
        sa.text(
            f"create index if not exists {model.name}_by_quarter on {model.physical} ({columns})"
        )
    )


def _columns(connection: Connection, table: str) -> dict[str, str]:
    """A table's columns and their types; none where there is no such table."""
    query = sa.text(
        "select attname, format_type(atttypid, atttypmod) as type from pg_attribute "
        "where attrelid = to_regclass(:table) and attnum > 0 and not attisdropped order by attnum"
    )
    return {row.attname: row.type for row in connection.execute(query, {"table": table})}


def _set_closed_quarters_by(connection: Connection, table: str) -> None:
    """A closed quarter cannot be worked out again: its rows are set by while the table is made
    anew.
    """
    if "census_date" in _columns(connection, table):
        connection.execute(
            sa.text(
                f"create temporary table closed_rows on commit drop as select * from {table} "
                "where census_date in (select c.census_date from access.closed_quarter as c)"
            )
        )


def _bring_closed_quarters_back(connection: Connection, table: str) -> None:
    """The rows set by, as far as the columns are the same."""
    held, wanted = _columns(connection, "pg_temp.closed_rows"), _columns(connection, table)
    same = ", ".join(name for name, kind in wanted.items() if held.get(name) == kind)
    if "census_date" in held:
        connection.execute(
            sa.text(f"insert into {table} ({same}) select {same} from pg_temp.closed_rows")
        )
        connection.execute(sa.text("drop table pg_temp.closed_rows"))


def _comment(connection: Connection, model: Model | PythonTable) -> None:
    # a colon would be taken for a parameter
    comment = _quoted(model.description).replace(":", chr(92) + ":")
    connection.execute(sa.text(f"comment on view {model.table} is {comment}"))
    _describe(
        connection,
        model.table,
        {column: model.column_description(column) for column in model.columns},
    )


def _describe(connection: Connection, table: str, columns: dict[str, str]) -> None:
    """Comments on columns, all in one go; clients show them."""
    statements = [
        f"comment on column {table}.{column} is {_quoted(meaning)}"
        for column, meaning in columns.items()
        if meaning
    ]
    driver: Any = connection.connection.driver_connection
    driver.execute(
        ";\n".join(statements)
    )  # as they stand: a colon or a per cent sign in them is no placeholder
