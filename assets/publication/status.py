"""Whether a release is provisional, final or revised, where the region's timetable has a `final`
day.

Belongs here: the three words as official statistics use them, which of them a draft has, and their
sentences. A release's word stands in its manifest (`status`), and every form of it tells it from
there. Does not belong here: when a final release is due (`drafts`), the day itself
(`schemas/regions`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from schemas.regions import Timetable

PROVISIONAL, FINAL, REVISED = "Provisional", "Final", "Revised"

MEANS = {
    PROVISIONAL: (
        "The figures may still change: late and corrected returns are taken in, and a final release"
        " of this census date follows."
    ),
    FINAL: (
        "These are the final figures of this census date. They are changed only where an error is"
        " found, and then by a revised release."
    ),
    REVISED: "This release takes the place of one that was final: it says what changed, and why.",
}


def status_of(days: Timetable, census_date: dt.date, before: str | None, day: dt.date) -> str:
    """The word of a release whose draft is made on `day`; blank where the region has no such day.

    `before` is the word of the release before it of the same census date: blank where that had
    none, None where there is none. What was once final, or never called provisional, is revised.
    """
    if days.final is None:
        return ""
    # whatever the day says: the timetable may have been moved since
    if before in (FINAL, REVISED):
        return REVISED
    if day < days.day(census_date, "final"):
        return PROVISIONAL
    return REVISED if before == "" else FINAL


def becomes_final(before: str | None, status: str) -> bool:
    """Whether a provisional release is followed by the final one, though no figure may have moved."""
    return before == PROVISIONAL and status == FINAL


def in_brackets(about: Mapping[str, Any] | str) -> str:
    """The word behind a release's number: ` (Provisional)`, or nothing where it has none. `about`
    is the word, or the release's manifest.
    """
    status = about if isinstance(about, str) else about.get("status", "")
    return f" ({status})" if status else ""


def sentence(manifest: Mapping[str, Any]) -> str:
    """What the word of a release means, for a reader: `Provisional. The figures ...`, or nothing."""
    status = manifest.get("status", "")
    return f"{status}. {MEANS[status]}" if status else ""
