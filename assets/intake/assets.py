"""Assets of the intake: the tables in `raw`, partitioned by census date.

Belongs here: a thin shell over `loading`, descriptions, schemas and row counts for Dagster.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import sqlalchemy as sa

from assets.common.dagster_tables import OWNERS, column_schema, told_by_quarter
from assets.intake.loading import take_in
from assets.warehouse.keys import warehouse_key
from assets.warehouse.models import raw_columns
from assets.warehouse.tables import RAW_DESCRIPTIONS
from resources.observatory import Observatory
from resources.warehouse import Warehouse
from schemas.returns import return_tables

RECORDS = (
    "submission",
    "arrival",
    "landed",
    "put_off",
    "setting_decision",
    "submission_table",
    "finding",
    "withdrawal",
    "answer",
)
OWNER_TABLES = ("owner_name", "owner_proposal")
"""Filled beside the register's lists; they speak of all quarters."""
LANDING = dg.AssetKey(["landing", "returns"])


def _description(name: str) -> str:
    if name in (*RECORDS, *OWNER_TABLES):
        return RAW_DESCRIPTIONS[name]
    table = return_tables()[name]
    return (
        f"{table.title}, every row as received, with its fate (loaded, rejected, set aside):"
        f" {table.grain}."
    )


def kept_tables() -> list[str]:
    """The tables of returns that have a table in `raw`."""
    return [name for name, table in return_tables().items() if not table.leave_alone]


def landing_asset() -> dg.AssetSpec:
    """The landing place, as the outside source that everything rests on."""
    return dg.AssetSpec(
        LANDING,
        group_name="landing",
        description=(
            "Returns as senders drop them: `<census date>/<sender>/<file>`. Read-only to the"
            " pipeline."
        ),
        owners=OWNERS,
        kinds={"file"},
    )


def build_intake_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One asset a table of `raw`, all filled by one pass over the files of a census date, in one
    transaction.
    """
    names = [*kept_tables(), *RECORDS, *OWNER_TABLES]
    specs = [
        dg.AssetSpec(
            ["raw", name],
            deps=[LANDING],
            group_name="raw",
            description=_description(name),
            owners=OWNERS,
            kinds={"postgres", "python"},
            tags={"layer": "raw"},
            metadata={
                "dagster/column_schema": column_schema(raw_columns()[name]),
                "dagster/table_name": f"raw.{name}",
            },
        )
        for name in names
    ]
    # the check blocks: nothing is built on rows that were lost
    books = dg.AssetCheckSpec(
        "books_balance",
        asset=["raw", "submission_table"],
        blocking=True,
        description=(
            "Rows received = loaded + rejected + set aside, and as many lie in raw as were"
            " received. A failure means that rows were lost."
        ),
        partitions_def=partitions,
    )

    @dg.multi_asset(
        name="intake",
        specs=specs,
        check_specs=[books],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def intake(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        warehouse = observatory.warehouse
        key = warehouse_key(warehouse, observatory.settings.home)
        dates = [dt.date.fromisoformat(date) for date in context.partition_keys]
        for date in dates:
            result = take_in(warehouse, observatory.landing_place, date, key, context.log.info)
            if result.files_new:
                context.log.info(
                    f"{date}: {result.files_new} new files ({result.files_rejected} rejected),"
                    f" {result.rows_received} rows received = {result.rows_loaded} loaded +"
                    f" {result.rows_rejected} rejected + {result.rows_set_aside} set aside"
                )
        for name in names:
            rows = _count(warehouse, name, dates)
            yield dg.MaterializeResult(
                asset_key=["raw", name], metadata={"dagster/partition_row_count": rows}
            )
        lost_in = {str(date): unbalanced(warehouse, [date]) for date in dates}
        lost = sum(lost_in.values())
        told_by_quarter(
            context,
            books,
            {quarter: not tables for quarter, tables in lost_in.items()},
            {quarter: {"tables_out_of_balance": tables} for quarter, tables in lost_in.items()},
        )
        yield dg.AssetCheckResult(
            asset_key=["raw", "submission_table"],
            check_name="books_balance",
            passed=lost == 0,
            metadata={"tables_out_of_balance": lost},
        )

    return intake


def _count(warehouse: Warehouse, name: str, dates: list[dt.date]) -> int:
    # a table without a census date is counted by its submissions below
    if name in kept_tables() or "census_date" in raw_columns()[name]:
        return int(
            warehouse.scalar(
                f"select count(*) from raw.{name} where census_date = any(:dates)", dates=dates
            )
        )
    if name in OWNER_TABLES:
        return int(warehouse.scalar(f"select count(*) from raw.{name}"))
    query = (
        f"select count(*) from raw.{name} where submission_id in (select s.submission_id from"
        " raw.submission as s where s.census_date = any(:dates))"
    )
    return int(warehouse.scalar(query, dates=dates))


def unbalanced(warehouse: Warehouse, dates: list[dt.date]) -> int:
    """Tables of submissions whose books do not agree with the rows that lie in `raw`."""
    lying = " union all ".join(
        f"select submission_id, '{name}' as table_name, fate from raw.{name} where census_date ="
        " any(:dates)"
        for name in kept_tables()
    )
    query = f"""
        with lying as ({lying}),
        counted as (
            select submission_id, table_name, count(*) as received,
                count(*) filter (where fate = 'loaded') as loaded,
                count(*) filter (where fate = 'rejected') as rejected,
                count(*) filter (where fate = 'set aside') as set_aside
            from lying group by submission_id, table_name
        )
        select count(*) from raw.submission_table as t
        inner join raw.submission as s on s.submission_id = t.submission_id
        left join counted as c on c.submission_id = t.submission_id and c.table_name = t.table_name
        where s.census_date = any(:dates) and t.status <> 'recorded' and s.census_date not in (select q.census_date from access.closed_quarter as q)
            and (t.rows_received, t.rows_loaded, t.rows_rejected, t.rows_set_aside)
                is distinct from (coalesce(c.received, 0), coalesce(c.loaded, 0), coalesce(c.rejected, 0), coalesce(c.set_aside, 0))
    """
    with warehouse.reading() as connection:
        return int(connection.execute(sa.text(query), {"dates": dates}).scalar() or 0)
