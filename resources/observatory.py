"""The Dagster resource through which assets reach the settings, the warehouse and the landing
place.

Belongs here: opening these once a run, with the warehouse prepared, closing them after; and a
replacement for Dagster's IO manager.

Neither takes any configuration at launch: otherwise anybody who may start a run could send the
answers, or the rows, elsewhere. Where things are comes from the environment of the running process,
and from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import dagster as dg

from resources.landing import LandingPlace
from resources.settings import Settings
from resources.warehouse import Warehouse


@dataclass(frozen=True)
class Observatory:
    """What a run needs of the outside: the settings, and the warehouse that is open while it runs.

    Assets ask for it as `observatory: dg.ResourceParam[Observatory]`.
    """

    settings: Settings
    warehouse: Warehouse

    @property
    def landing_place(self) -> LandingPlace:
        """The landing place."""
        return LandingPlace(self.settings.landing)


def observatory_resource(
    opened: Callable[[], AbstractContextManager[tuple[Settings, Warehouse]]],
) -> dg.ResourceDefinition:
    """The resource, opened for a run and closed after it: `opened` gives settings and a warehouse
    that is ready to work with.
    """

    @dg.resource(
        config_schema={}, description="Warehouse and landing place, as the environment says."
    )
    def observatory(_: dg.InitResourceContext) -> Iterator[Observatory]:
        with opened() as (settings, warehouse):
            yield Observatory(settings, warehouse)

    return observatory


class _NothingHandedOver(dg.IOManager):
    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Nothing is handed over: figures go straight to PostgreSQL."""
        if obj is not None:
            raise TypeError(
                f"{context.step_key} hands over a value; the warehouse was expected to hold it."
            )

    def load_input(self, context: dg.InputContext) -> None:
        """Nothing is handed over."""


@dg.io_manager(
    config_schema={},
    description="Nothing is handed over from step to step but through the warehouse.",
)
def nothing_handed_over(_: dg.InitResourceContext) -> dg.IOManager:
    """In place of Dagster's own, which writes files where a run's configuration says."""
    return _NothingHandedOver()
