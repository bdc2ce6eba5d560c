"""Opening: the settings, and a warehouse that is ready to work with, for whoever begins something.

Belongs here: `opened`, by which commands, sensors, schedules and runs come to the warehouse.
Does not belong here: what being ready takes (`assets/access/preparing`).

Who must not change a warehouse by looking at it (`doctor`), who puts another one in its place
(`restore`), and who looks into one that was made ready a moment before, opens it as it is
(`resources/warehouse`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from resources.settings import Settings, settings_from_environment
from resources.warehouse import Warehouse, open_warehouse


@contextmanager
def opened(
    settings: Settings | None = None, *, may_be_new: bool = False
) -> Iterator[tuple[Settings, Warehouse]]:
    """These settings (else the environment's) and their warehouse, which is as this version needs
    it before anybody sees it.

    Raises:
        ObservatoryError: it cannot be opened, or be made ready: a newer version made it, or
            somebody holds a table.
    """
    from assets.access.preparing import (
        prepare,
    )  # a second's imports: a command that only prints its help does without

    settings = settings or settings_from_environment()
    with open_warehouse(settings, may_be_new=may_be_new) as warehouse:
        prepare(warehouse, settings.region)
        yield settings, warehouse
