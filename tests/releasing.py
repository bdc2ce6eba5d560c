"""A release as tests need one: closed, drafted, approved by a made-up person and published, in this
process and without Dagster.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from assets.publication import lifecycle
from assets.publication.approval import approve
from assets.publication.disclosure.verdict import Verdict
from assets.publication.drafts import MADE, NOTHING, REFUSED, SAME, Draft, make_draft
from assets.publication.release import folder_of, write_missing_files
from resources.warehouse import Warehouse
from schemas.regions import Region

APPROVER = "Ada Example"


@dataclass(frozen=True)
class Release:
    """What came of it: the release's number and folder, whether it is new, and the draft that it
    was.
    """

    census_date: dt.date
    number: int
    folder: Path
    is_new: bool
    draft: Draft

    @property
    def verdict(self) -> Verdict | None:
        """What the gate found, where it was asked."""
        return self.draft.verdict

    @property
    def changes(self) -> str:
        """What changed."""
        return self.draft.changes

    @property
    def refused(self) -> bool:
        """Whether the gate refused it."""
        return self.draft.refused


def make_release(
    warehouse: Warehouse,
    census_date: dt.date,
    region: Region,
    releases: Path,
    *,
    key: bytes | None = None,
    dry_run: bool = False,
) -> Release | None:
    """Release what counts: close the quarter, make its draft, approve it, write its files. None
    where there is nothing to release.
    """
    if (
        not dry_run
        and lifecycle.life(warehouse, census_date).state == lifecycle.COLLECTING
        and lifecycle.has_own_returns(warehouse, census_date)
    ):
        lifecycle.close(warehouse, census_date, "the test")
    if not dry_run and lifecycle.life(warehouse, census_date).state == lifecycle.COLLECTING:
        return None
    draft = make_draft(warehouse, census_date, region, "the test", key, dry_run=dry_run)
    if draft.outcome == NOTHING:
        return None
    if draft.outcome not in (SAME,) and not draft.refused and not dry_run:
        approve(warehouse, census_date, region, APPROVER)
        write_missing_files(warehouse, census_date, releases)
    elif draft.outcome == SAME:
        write_missing_files(warehouse, census_date, releases)
    return Release(
        census_date,
        draft.number,
        folder_of(releases, census_date, draft.number),
        draft.outcome in (MADE, REFUSED),
        draft,
    )
