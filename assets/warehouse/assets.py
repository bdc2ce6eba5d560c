"""Assets of the warehouse: one a table or view of staging, core and curated, and the reference
facts they rest on.

Belongs here: a thin shell over `building`, with what Dagster shows of each table: description,
owners, kinds, columns, lineage, checks.

One step writes all tables of a quarter, because a quarter is one transaction: a reader sees the
whole old quarter or the whole new one, and where a blocking check fails nothing is written at all.
In the graph each table is an asset of its own.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from assets.common.dagster_tables import OWNERS, column_schema, told_by_quarter
from assets.warehouse.building import CheckResult, all_checks, build_quarter
from assets.warehouse.facts import Relation
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
from resources.warehouse import Warehouse
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

ByQuarter = Mapping[str, CheckResult]
"""How a check came out, by quarter."""


def _offending(
    check: WarehouseTest, results: ByQuarter, pages: Mapping[str, str]
) -> dict[str, Any]:
    """What a check tells of each quarter: how many rows offend, the keys of the first, and a link
    to the page (`pages`) of each quarter.
    """
    metadata: dict[str, Any] = {"offending_rows": sum(r.offending for r in results.values())}
    records = [dg.TableRecord(row) for result in results.values() for row in result.keys]
    if records:
        metadata["offending_keys"] = dg.MetadataValue.table(records[:MOST_TOLD])
    failed = [key for key, result in results.items() if result.offending]
    metadata |= {
        f"rows of {key}": dg.MetadataValue.url(pages[key]) for key in failed if key in pages
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


def _pages(settings: Settings, check: WarehouseTest, results: ByQuarter) -> dict[str, str]:
    """The pages of a check's failing rows, written anew: their addresses in the UI by quarter."""
    written = {
        key: write_failing(settings.failing_rows, key, check, result)
        for key, result in results.items()
    }
    return {key: link(page, settings) for key, page in written.items() if page}


def specs() -> list[dg.AssetSpec]:
    """An asset a model: what it is, what it is made from, and its SQL."""
    return [
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
        for model in models().values()
    ]


def checks(partitions: dg.PartitionsDefinition) -> list[dg.AssetCheckSpec]:
    """A Dagster check for each check of the warehouse, in the order of `all_checks`."""
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=dg.AssetKey(check.checks.split(".")),
            blocking=check.blocks,
            description=check.meaning,
            partitions_def=partitions,
        )
        for check in all_checks()
    ]


@dataclass
class _Built:
    """What came of the quarters of a run: rows written by table, how each check came out by
    quarter, and a sentence for each quarter that was not written.
    """

    rows: Counter[Relation] = field(default_factory=Counter)
    results: dict[tuple[str, str], dict[str, CheckResult]] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)


def run(context: dg.AssetExecutionContext, observatory: Observatory) -> _Built:
    """Build the quarters of the run, those tables of them that were selected."""
    selected = context.selected_asset_keys
    chosen = {relation for relation in models() if _key(relation) in selected}
    only = None if len(chosen) == len(models()) else chosen
    built = _Built()
    for key in context.partition_keys:
        quarter = build_quarter(
            observatory.warehouse,
            dt.date.fromisoformat(key),
            observatory.settings.region,
            only=only,
            # who selects single tables wants them written, up to date or not
            anew=only is not None,
            progress=context.log.info,
        )
        # of single tables not all checks were run, so pages of the others must stay
        if only is None:
            renew_pages(observatory.settings.failing_rows, key, quarter.checks)
        built.rows.update(quarter.rows)
        for result in quarter.checks:
            built.results.setdefault((result.table, result.name), {})[key] = result
        built.blocked += [
            f"{key}: {b.table}, {b.name}: {b.offending} rows. {b.meaning}"
            for b in quarter.blocked_by
        ]
    return built


def _materializations(
    database: Warehouse, selected: AbstractSet[dg.AssetKey], rows: Mapping[Relation, int]
) -> Iterator[dg.MaterializeResult]:
    """Each selected table with its rows: a table's of the quarters of the run, a view's of all."""
    for relation, model in models().items():
        if _key(relation) not in selected:
            continue
        # the lineage stands in the table's definition: with every event it was half of Dagster's
        # history
        if model.is_view:
            total = database.scalar(f"select count(*) from {model.table}")
            metadata = {"dagster/row_count": total}
        else:
            metadata = {"dagster/partition_row_count": rows.get(relation, 0)}
        yield dg.MaterializeResult(asset_key=_key(relation), metadata=metadata)


def _check_result(
    context: dg.AssetExecutionContext,
    settings: Settings,
    spec: dg.AssetCheckSpec,
    check: WarehouseTest,
    results: ByQuarter,
) -> dg.AssetCheckResult:
    """How a check came out: told of each quarter, and given for the run as a whole."""
    severity = dg.AssetCheckSeverity.ERROR if check.blocks else dg.AssetCheckSeverity.WARN
    pages = _pages(settings, check, results)
    told_by_quarter(
        context,
        spec,
        {key: not result.offending for key, result in results.items()},
        {key: _offending(check, {key: result}, pages) for key, result in results.items()},
        severity,
    )
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=not any(result.offending for result in results.values()),
        severity=severity,
        metadata=_offending(check, results, pages),
    )


def build_warehouse_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One asset a model, partitioned by census date, with its grain and its SQL tests as checks."""
    check_specs = checks(partitions)

    @dg.multi_asset(
        name="warehouse",
        specs=specs(),
        check_specs=check_specs,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def warehouse(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        built = run(context, observatory)
        # a check's result is told of the newest materialization: so tables come first
        if not built.blocked:
            yield from _materializations(
                observatory.warehouse, context.selected_asset_keys, built.rows
            )
        # also where the quarter was blocked: the check is what tells why
        for spec, check in zip(check_specs, all_checks(), strict=True):
            if spec.key in context.selected_asset_check_keys:
                results = built.results.get((check.checks, check.name), {})
                yield _check_result(context, observatory.settings, spec, check, results)
        if built.blocked:
            raise dg.Failure(
                "A blocking check failed, and the quarter was not written; the figures of the last"
                " good run stand.\n" + "\n".join(built.blocked)
            )

    return warehouse
