"""Links: addresses of pages of the home on the Dagster UI's server, which shows them only to a
browser with a session.

Belongs here: which folders are shown, and the address of a page in them. Does not belong here:
serving them (`pipelines/web`).
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from resources.settings import Settings

BEGINS = "/observatory/"
"""With this the addresses begin: they have no host, for a run does not know by which name a person
asks for the UI.
"""


def shown(settings: Settings) -> list[Path]:
    """The folders of the home whose pages are shown: keys of rows that fail a check, and the
    readers' quality reports.
    """
    return [settings.failing_rows, settings.data_docs]


def link(page: Path, settings: Settings) -> str:
    """The address of a page of the home, such as `/observatory/data_docs/2025-12-31/index.html`.

    Raises:
        ValueError: the page is in no folder that is shown.
    """
    folder = next((one for one in shown(settings) if page.is_relative_to(one)), None)
    if folder is None:
        raise ValueError(
            f"{page.name} is in no folder that is shown; one of"
            f" {', '.join(f.name for f in shown(settings))} was expected."
        )
    return f"{BEGINS}{folder.name}/{quote(page.relative_to(folder).as_posix())}"
