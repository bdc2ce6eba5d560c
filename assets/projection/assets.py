"""Asset of the projection: `curated.children_looked_after_projection`, partitioned by census date.

Belongs here: a thin shell over `table`.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.common.dagster_tables import OWNERS, column_schema, told_by_quarter
from assets.projection.table import broken_grain, rewrite
from assets.warehouse.building import grain_check
from assets.warehouse.models import PROJECTION
from resources.observatory import Observatory


def build_projection_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The projections of each census date, made anew where the figures that they rest on have
    changed.
    """
    check = grain_check(PROJECTION)
    spec = dg.AssetCheckSpec(
        check.name,
        asset=list(PROJECTION.relation),
        blocking=True,
        description=check.meaning,
        partitions_def=partitions,
    )

    @dg.asset(
        key=list(PROJECTION.relation),
        deps=[list(relation) for relation in sorted(PROJECTION.upstream)],
        group_name=PROJECTION.schema,
        description=PROJECTION.description,
        owners=OWNERS,
        kinds={"postgres", "python", "table"},
        tags={"layer": PROJECTION.schema},
        metadata={
            "dagster/column_schema": column_schema(PROJECTION.types),
            "dagster/table_name": PROJECTION.table,
            "grain": ", ".join(PROJECTION.grain),
        },
        check_specs=[spec],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def children_looked_after_projection(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        warehouse = observatory.warehouse
        rows, offending = 0, {}
        for key in context.partition_keys:
            date = dt.date.fromisoformat(key)
            result = rewrite(warehouse, date)
            rows += result.rows
            if not result.was_up_to_date and result.rows:
                context.log.info(f"{date}: {result.series} series projected three years on")
            with warehouse.reading() as connection:
                offending[key] = broken_grain(connection, date)
        yield dg.MaterializeResult(metadata={"dagster/partition_row_count": rows})
        told_by_quarter(
            context,
            spec,
            {key: not total for key, total in offending.items()},
            {key: {"offending_rows": n} for key, n in offending.items()},
        )
        total = sum(offending.values())
        yield dg.AssetCheckResult(
            check_name=check.name, passed=total == 0, metadata={"offending_rows": total}
        )

    return children_looked_after_projection
