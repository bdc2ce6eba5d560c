"""Settings, all from the environment (`OBSERVATORY_…`), which `observatory.toml` fills where it
says nothing (`configuration`).

Belongs here: reading the environment, once, into one object. Secrets are read here and nowhere
else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from resources import configuration
from resources.errors import ObservatoryError
from schemas.regions import Region, load_region

STATISTICS_API = "https://api.education.gov.uk/statistics/v1"
"""DfE's public statistics API; it needs no key."""


@dataclass(frozen=True)
class Settings:
    """Where things are.

    `home` holds what the observatory keeps (warehouse, releases, Dagster's history); `landing` is
    where returns are dropped (a path, or an address that fsspec opens); `database_url` is empty for
    the embedded server.
    """

    home: Path
    landing: str
    database_url: str
    region_key: str
    outbox_address: str = ""

    @property
    def outbox(self) -> str:
        """Where answers to senders go: a path, or an address that fsspec opens."""
        return self.outbox_address or str(self.home / "outbox")

    @property
    def server_log(self) -> Path | None:
        """The database server's log: the embedded one's, else the file that
        `OBSERVATORY_SERVER_LOG` names, else not known.
        """
        if not self.database_url:
            return self.home / "postgres" / "server.log"
        named = os.environ.get("OBSERVATORY_SERVER_LOG")
        return Path(named) if named else None

    @property
    def archive(self) -> Path | None:
        """Where base backups and the write-ahead log of the embedded server are kept, for a restore
        to a moment; None where they are not.
        """
        named = os.environ.get("OBSERVATORY_ARCHIVE")
        return Path(named).expanduser().absolute() if named and not self.database_url else None

    @property
    def region(self) -> Region:
        """The region whose observatory this is."""
        try:
            return load_region(self.region_key)
        except ValueError as error:
            raise ObservatoryError(str(error)) from None

    @property
    def releases(self) -> Path:
        """Folder of the releases."""
        return self.home / "releases"

    @property
    def drafts(self) -> Path:
        """Folder of the drafts: what may become a release, for the regional group alone. Nothing
        serves it.
        """
        return self.home / "drafts"

    @property
    def data_docs(self) -> Path:
        """Folder of the readers' quality reports, one folder a census date."""
        return self.home / "data_docs"

    @property
    def failing_rows(self) -> Path:
        """Folder of the pages with the keys of rows that fail a check, one folder a census date."""
        return self.home / "failing_rows"

    @property
    def contacts(self) -> Path:
        """The region's file of contacts."""
        return Path(os.environ.get("OBSERVATORY_CONTACTS") or self.home / "contacts.csv")

    @property
    def statistics_api(self) -> str:
        """Address of DfE's public statistics API."""
        return os.environ.get("OBSERVATORY_STATISTICS_API") or STATISTICS_API

    @property
    def statistics_data_sets(self) -> list[str]:
        """DfE's data sets to be fetched: identifiers, each with `@version` behind it where one is
        meant.
        """
        named = os.environ.get("OBSERVATORY_STATISTICS_DATA_SETS", "")
        return [one.strip() for one in named.split(",") if one.strip()]

    @property
    def chase(self) -> Path:
        """Folder of the chase lists, and of what was told already."""
        return self.home / "chase"

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's history of runs."""
        return self.home / "dagster"


def engine() -> str:
    """What makes the tables of core and curated: "postgres", unless another is set.

    Raises:
        ObservatoryError: no such engine is known.
    """
    named = os.environ.get("OBSERVATORY_ENGINE") or configuration.ENGINES[0]
    if named not in configuration.ENGINES:
        known = " or ".join(configuration.ENGINES)
        raise ObservatoryError(
            f"OBSERVATORY_ENGINE is {named!r}; {known} was expected. Correct it."
        )
    return named


def settings_from_environment(*, landing: str | None = None) -> Settings:
    """The settings that the environment and, behind it, `observatory.toml` give; `landing`
    overrides `OBSERVATORY_LANDING`.

    Raises:
        ObservatoryError: the configuration is not what was expected.
    """
    configuration.apply()
    home = Path(os.environ.get("OBSERVATORY_HOME") or ".observatory").expanduser().absolute()
    return Settings(
        home=home,
        landing=landing or os.environ.get("OBSERVATORY_LANDING") or str(home / "landing"),
        database_url=os.environ.get("OBSERVATORY_DATABASE_URL", ""),
        region_key=os.environ.get("OBSERVATORY_REGION") or "north_west",
        outbox_address=os.environ.get("OBSERVATORY_OUTBOX", ""),
    )
