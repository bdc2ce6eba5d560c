"""The Dagster resource through which assets reach the settings, the warehouse, the landing place and the key.

Belongs here: opening these once a run, closing them after.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from resources.landing import LandingPlace
from resources.pseudonym import load_key
from resources.settings import Settings
from resources.warehouse import Warehouse, open_warehouse


class Observatory(dg.ConfigurableResource):
    """What a run needs of the outside. Blank fields fall back on the environment's settings."""

    home: str
    landing: str
    region_key: str
    database_url: str = ""
    outbox: str = ""

    _warehouse: Warehouse | None = PrivateAttr(default=None)

    @classmethod
    def from_settings(cls, settings: Settings) -> Observatory:
        """The resource for these settings. The database's address is read from the environment at run time: it may hold a password."""
        return cls(
            home=str(settings.home),
            landing=settings.landing,
            region_key=settings.region_key,
            outbox=settings.outbox_address,
            database_url=dg.EnvVar("OBSERVATORY_DATABASE_URL") if settings.database_url else "",
        )

    @property
    def settings(self) -> Settings:
        """The settings of this run."""
        return Settings(Path(self.home), self.landing, self.database_url, self.region_key, self.outbox)

    @property
    def warehouse(self) -> Warehouse:
        """The open warehouse."""
        if self._warehouse is None:
            raise RuntimeError("The warehouse is open only while an asset runs.")
        return self._warehouse

    @property
    def landing_place(self) -> LandingPlace:
        """The landing place."""
        return LandingPlace(self.landing)

    @property
    def key(self) -> bytes:
        """The key of the pseudonyms."""
        return load_key(Path(self.home))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Observatory]:
        """Open the warehouse for the run and close it after."""
        self._warehouse = open_warehouse(self.settings)
        try:
            yield self
        finally:
            self._warehouse.close()
            self._warehouse = None
