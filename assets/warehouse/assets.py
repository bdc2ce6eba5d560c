"""Assets of the warehouse: one a table or view of staging, core and curated, and the reference
facts they rest on.

Belongs here: a thin shell over `building`, with what Dagster shows of each table: description,
owners, kinds, columns, lineage, checks.

One step writes all tables of a quarter, because a quarter is one transaction: a reader sees the
whole old quarter or the whole new one, and where a blocking check fails nothing is written at all.
In the graph each table is an asset of its own.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from assets.common.dagster_tables import OWNERS, column_schema, told_by_quarter
from assets.warehouse.building import CheckResult, all_checks, build_quarter
from assets.warehouse.failing import renew_pages, rows_query, write_failing
from assets.warehouse.models import (
    FOLDER,
    Model,
    WarehouseTest,
    models,
    raw_columns,
    understandings,
)
from assets.warehouse.tables import RAW_DESCRIPTIONS, REFERENCE_TABLES
from resources.links import link
from resources.observatory import Observatory
from resources.settings import Settings
from schemas.fields import all_fields


def _key(relation: tuple[str, str]) -> dg.AssetKey:
    return dg.AssetKey(list(relation))


def column_lineage(model: Model) -> dg.TableColumnLineage:
    """Where each column's value comes from, for Dagster."""
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(asset_key=_key(relation), column_name=name)
                for relation, name in sorted(parents)
            ]
            for column, parents in understandings()[model.relation].parents.items()
            if parents
        }
    )


def column_types(model: Model) -> dict[str, str]:
    """Each column's PostgreSQL type: the dictionary's where it has the column, else what parsing
    tells.
    """
    fields = all_fields()
    return {
        name: fields[name].postgres_type if name in fields else kind
        for name, kind in understandings()[model.relation].types.items()
    }


def build_reference_asset() -> dg.AssetsDefinition:
    """The reference facts in `raw`: authorities, neighbours, the region, code sets."""
    specs = [
        dg.AssetSpec(
            ["raw", name],
            group_name="reference",
            description=RAW_DESCRIPTIONS[name],
            owners=OWNERS,
            kinds={"postgres", "csv"},
            tags={"layer": "raw"},
            metadata={
                "dagster/column_schema": column_schema(raw_columns()[name]),
                "dagster/table_name": f"raw.{name}",
            },
        )
        for name in REFERENCE_TABLES
    ]

    @dg.multi_asset(name="reference", specs=specs)
    def reference(observatory: dg.ResourceParam[Observatory]) -> Iterator[dg.MaterializeResult]:
        for name in REFERENCE_TABLES:
            rows = observatory.warehouse.scalar(f"select count(*) from raw.{name}")
            yield dg.MaterializeResult(
                asset_key=["raw", name], metadata={"dagster/row_count": rows}
            )

    return reference


MOST_TOLD = 20
"""So many keys go into Dagster's history; the page that the check links to has more."""


def _offending(
    check: WarehouseTest, found: Mapping[str, CheckResult], pages: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What a check tells of each quarter: how many rows offend, the keys of the first, and a link
    to the page (`pages`) of each quarter.
    """
    metadata: dict[str, Any] = {
        "offending_rows": sum(outcome.offending for outcome in found.values())
    }
    records = [dg.TableRecord(row) for outcome in found.values() for row in outcome.keys][
        :MOST_TOLD
    ]
    if records:
        metadata["offending_keys"] = dg.MetadataValue.table(records)
    failed = [key for key, outcome in found.items() if outcome.offending]
    metadata |= {
        f"rows of {key}": dg.MetadataValue.url(pages[key])
        for key in failed
        if pages and key in pages
    }
    if failed:
        sql = rows_query(failed[0], check)
        metadata["see_the_rows"] = dg.MetadataValue.md(
            "`observatory query` with (they are there where the check does not"
            f" block):\n```sql\n{sql}\n```"
        )
        source = FOLDER / "tests" / f"{check.name}.sql"
        if source.exists():
            metadata["the_check"] = dg.MetadataValue.path(str(source))
    return metadata


def _pages(
    settings: Settings, check: WarehouseTest, found: Mapping[str, CheckResult]
) -> dict[str, str]:
    """The pages of a check's failing rows, written anew: their addresses in the UI by quarter."""
    written = {
        key: write_failing(settings.failing_rows, key, check, outcome)
        for key, outcome in found.items()
    }
    return {key: link(page, settings) for key, page in written.items() if page}


def build_warehouse_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One asset a model, partitioned by census date, with its grain and its SQL tests as checks."""
    made = models()
    specs = [
        dg.AssetSpec(
            _key(model.relation),
            deps=[_key(relation) for relation in sorted(model.upstream)],
            group_name=model.schema,
            description=model.description,
            owners=OWNERS,
            kinds={"postgres", "sql", "view"} if model.is_view else {"postgres", "sql", "table"},
            tags={"layer": model.schema},
            code_version=model.code_version,
            metadata={
                "dagster/column_schema": column_schema(column_types(model)),
                "dagster/column_lineage": column_lineage(model),
                "dagster/table_name": model.table,
                "grain": ", ".join(model.grain),
                "sql": dg.MetadataValue.md(f"```sql\n{model.sql}\n```"),
            },
        )
        for model in made.values()
    ]
    checks = [
        dg.AssetCheckSpec(
            check.name,
            asset=dg.AssetKey(check.checks.split(".")),
            blocking=check.blocks,
            description=check.meaning,
            partitions_def=partitions,
        )
        for check in all_checks()
    ]

    @dg.multi_asset(
        name="warehouse",
        specs=specs,
        check_specs=checks,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def warehouse(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        database, region = observatory.warehouse, observatory.settings.region
        chosen = {relation for relation in made if _key(relation) in context.selected_asset_keys}
        only = None if len(chosen) == len(made) else chosen
        rows: dict[tuple[str, str], int] = dict.fromkeys(made, 0)
        outcomes: dict[tuple[str, str], dict[str, CheckResult]] = {}
        blocked: list[str] = []
        for key in context.partition_keys:
            date = dt.date.fromisoformat(key)
            result = build_quarter(
                database, date, region, only=only, anew=only is not None, progress=context.log.info
            )
            if only is None:
                renew_pages(observatory.settings.failing_rows, key, result.checks)
            for outcome in result.checks:
                outcomes.setdefault((outcome.table, outcome.name), {})[key] = outcome
            blocked += [
                f"{date}: {b.table}, {b.name}: {b.offending} rows. {b.meaning}"
                for b in result.blocked_by
            ]
            for relation, count in result.rows.items():
                rows[relation] += count
        # what is told of a table is told of its newest materialization
        for relation, model in made.items():
            if relation in chosen and not blocked:
                count = (
                    database.scalar(f"select count(*) from {model.table}")
                    if model.is_view
                    else rows[relation]
                )
                yield dg.MaterializeResult(
                    asset_key=_key(relation),
                    # the lineage stands in the table's definition: with every event it was half of
                    # Dagster's history
                    metadata={
                        (
                            "dagster/partition_row_count"
                            if not model.is_view
                            else "dagster/row_count"
                        ): count
                    },
                )
        selected = context.selected_asset_check_keys
        for spec, check in zip(checks, all_checks(), strict=True):
            if spec.key in selected:
                found = outcomes.get((check.checks, check.name), {})
                severity = (
                    dg.AssetCheckSeverity.ERROR if check.blocks else dg.AssetCheckSeverity.WARN
                )
                pages = _pages(observatory.settings, check, found)
                told = {
                    key: _offending(check, {key: outcome}, pages) for key, outcome in found.items()
                }
                told_by_quarter(
                    context,
                    spec,
                    {key: not outcome.offending for key, outcome in found.items()},
                    told,
                    severity,
                )
                yield dg.AssetCheckResult(
                    asset_key=spec.asset_key,
                    check_name=spec.name,
                    passed=not any(outcome.offending for outcome in found.values()),
                    severity=severity,
                    metadata=_offending(check, found, pages),
                )
        if blocked:
            raise dg.Failure(
                "A blocking check failed, and the quarter was not written; the figures of the last"
                " good run stand.\n" + "\n".join(blocked)
            )

    return warehouse
