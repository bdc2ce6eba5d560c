"""How a table is shown in Dagster: who owns it, its columns with their meaning, and how a check
came out by quarter.

Belongs here: what the shells of all stages say in the same way.
Does not belong here: any one table (`assets.py` of its stage).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluation,
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.definitions.metadata import normalize_metadata

from schemas.fields import all_fields

OWNERS = ["team:regional-data"]


def column_schema(columns: dict[str, str]) -> dg.TableSchema:
    """Dagster's schema of a table, described from the one dictionary of columns."""
    fields = all_fields()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=kind,
                description=fields[name].description if name in fields else None,
            )
            for name, kind in columns.items()
        ]
    )


def told_by_quarter(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    spec: dg.AssetCheckSpec,
    passed: Mapping[str, bool],
    metadata: Mapping[str, Mapping[str, Any]],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> None:
    """Tell how a check came out for each quarter of a run over a range of them: Dagster takes a
    check's result for the range as a whole.

    Nothing is told in a run of one partition, whose result Dagster takes for that one. The UI shows
    of a quarter only what was told of its newest materialization: so a table is materialized first,
    and then told of (a result likewise).
    """
    op_context = context.op_execution_context
    if op_context.has_partition_key:
        return
    quarters = list(context.partition_keys)  # Dagster works them out each time
    targets = _newest(context.instance, spec.asset_key, quarters)
    for quarter in quarters:
        evaluation: Any = AssetCheckEvaluation(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=passed.get(quarter, True),
            metadata=normalize_metadata(metadata.get(quarter, {})),
            severity=severity,
            blocking=spec.blocking,
            partition=quarter,
            target_materialization_data=targets.get(quarter),
        )
        op_context.log_event(evaluation)


def _newest(
    instance: dg.DagsterInstance, key: dg.AssetKey, quarters: list[str]
) -> dict[str, AssetCheckEvaluationTargetMaterializationData]:
    """The newest materialization of a table by quarter; mostly all of them are of one run."""

    def found(of: list[str], most: int) -> dict[str, AssetCheckEvaluationTargetMaterializationData]:
        newest: dict[str, AssetCheckEvaluationTargetMaterializationData] = {}
        asked = dg.AssetRecordsFilter(asset_key=key, asset_partitions=of)
        for one in instance.fetch_materializations(asked, limit=most).records:
            told = AssetCheckEvaluationTargetMaterializationData(
                run_id=one.run_id, storage_id=one.storage_id, timestamp=one.timestamp
            )
            newest.setdefault(str(one.partition_key), told)
        return newest

    newest = found(quarters, len(quarters))
    # where the newest of several runs crowd each other out, each is asked for by itself
    for quarter in quarters:
        newest |= {} if quarter in newest else found([quarter], 1)
    return newest
