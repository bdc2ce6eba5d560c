"""How a table is shown in Dagster: who owns it, its columns with their meaning, and how a check came out by quarter.

Belongs here: what the shells of all stages say in the same way.
Does not belong here: any one table (`assets.py` of its stage).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.definitions.metadata import normalize_metadata

from schemas.fields import all_fields

OWNERS = ["team:regional-data"]


def column_schema(columns: dict[str, str]) -> dg.TableSchema:
    """Dagster's schema of a table, described from the one dictionary of columns."""
    fields = all_fields()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name=name, type=kind, description=fields[name].description if name in fields else None) for name, kind in columns.items()
        ]
    )


def told_by_quarter(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    spec: dg.AssetCheckSpec,
    passed: Mapping[str, bool],
    metadata: Mapping[str, Mapping[str, Any]],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> None:
    """Tell how a check came out for each quarter of a run over a range of them: Dagster takes a check's result for the range as a whole.

    Nothing is told in a run of one partition, whose result Dagster takes for that one.
    """
    op_context = context.op_execution_context
    if op_context.has_partition_key:
        return
    for quarter in context.partition_keys:
        told: Any = AssetCheckEvaluation(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=passed.get(quarter, True),
            metadata=normalize_metadata(metadata.get(quarter, {})),
            severity=severity,
            blocking=spec.blocking,
            partition=quarter,
        )
        op_context.log_event(told)
