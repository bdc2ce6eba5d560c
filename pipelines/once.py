"""What Dagster works out anew for each table and each check of a run, worked out once.

Belongs here: questions of Dagster's own whose answers cannot change while they are asked. A quarter
has some four hundred tables and checks, and to answer these for each took a sixth of a run in which
nothing was new. Does not belong here: what is read from the history (`history`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import dagster as dg
from dagster._core.execution.context.system import StepExecutionContext


def remember() -> None:
    """Have Dagster remember which quarters a range has, and which tables a step writes."""
    _replace(dg.TimeWindowPartitionsDefinition, "get_partition_keys_in_range", _in_range)
    _replace(StepExecutionContext, "get_output_asset_keys", _of_the_step)


def _replace(of: type, name: str, by: Callable[[Callable], Callable]) -> None:
    """Put what remembers in the place of a method, once."""
    if not hasattr(method := getattr(of, name), "__wrapped__"):
        setattr(of, name, by(method))


def _in_range(asked: Callable[..., Any]) -> Callable[..., Any]:
    """A calendar says of the same range the same quarters, and no range is asked for as often as
    the run's own.
    """
    return functools.lru_cache(maxsize=64)(asked)


def _of_the_step(asked: Callable[[StepExecutionContext], Any]) -> Callable[..., Any]:
    """The context of a step is of one step of one job."""
    name = "_observatory_output_asset_keys"

    @functools.wraps(asked)
    def once(context: StepExecutionContext) -> Any:
        kept = vars(context)
        if name not in kept:
            kept[name] = asked(context)
        return kept[name]

    return once
