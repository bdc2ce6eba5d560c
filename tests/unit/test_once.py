"""What Dagster is kept from working out anew is what it would work out."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.assets.job.asset_layer import AssetLayer
from dagster._core.definitions.partitions.partition_key_range import PartitionKeyRange
from dagster._core.execution.context.system import StepExecutionContext

from pipelines.once import remember
from pipelines.partitions import quarters

remember()


def test_a_range_has_the_quarters_that_dagster_says():
    keys = quarters.get_partition_keys()
    asked = type(quarters).get_partition_keys_in_range
    for first in range(0, len(keys), 5):
        for last in range(first, len(keys), 3):
            within = PartitionKeyRange(keys[first], keys[last])
            assert quarters.get_partition_keys_in_range(within) == keys[first : last + 1]
            assert asked.__wrapped__(quarters, within) == keys[first : last + 1]


def a_step_of(tables: int, others: int = 3) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"a_step_of_{tables}",
        specs=[dg.AssetSpec(f"t{n}", skippable=True) for n in range(tables + others)],
        can_subset=True,
    )
    def step(context):
        for key in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(asset_key=key)

    return step


def test_what_a_step_writes_is_worked_out_once_however_many_tables_it_has(monkeypatch):
    asked, counted = AssetLayer.get_asset_key_for_node_output, [0]

    def counting(*arguments, **named):
        counted[0] += 1
        return asked(*arguments, **named)

    monkeypatch.setattr(AssetLayer, "get_asset_key_for_node_output", counting)
    calls = []
    for tables in (10, 40):
        counted[0] = 0
        assert dg.materialize([a_step_of(tables)]).success
        calls.append(counted[0])
    assert calls[1] < 6 * calls[0], "four times the tables would be asked for sixteen times"


def test_steps_of_one_run_write_each_their_own(monkeypatch):
    seen = {}
    once = StepExecutionContext.get_output_asset_keys

    def noted(context):
        seen[context.step.key] = once(context)
        assert seen[context.step.key] == once.__wrapped__(context)
        return seen[context.step.key]

    monkeypatch.setattr(StepExecutionContext, "get_output_asset_keys", noted)
    first, second = a_step_of(3), dg.asset(lambda: None, name="alone")
    chosen = dg.AssetSelection.assets("t0", "t2", "alone")
    assert dg.materialize([first, second], selection=chosen).success
    of = {step: {key.to_user_string() for key in keys} for step, keys in seen.items()}
    assert of == {"a_step_of_3": {"t0", "t2"}, "alone": {"alone"}}
