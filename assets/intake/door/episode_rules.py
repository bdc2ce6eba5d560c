"""Episode rules: what is found in the SSDA903's episodes, of ages, ends and places.

Belongs here: rules that read what was derived from the header's dates of birth and from postcodes.
Does not belong here: working these out (`derivation`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from assets.intake.deriving import child_references, reasons_nowhere
from assets.intake.door.findings import Finding
from assets.intake.door.rows import JudgedRows, Outcome, Rule, found
from resources.postcodes import OFF_THE_GRID, normal

ADULT = 18
_MAY_STAY_UNDER = "V2"
"""The legal status of those who may stay on at 18 and over, in a children's home or with carers."""
_SHORT_BREAKS = ("V3", "V4")
_A_CHILD = 1e6
"""More than any day since 1900, so that child and day are told apart in one number."""


def birth_not_known(rows: JudgedRows) -> Outcome:
    """Children without a date of birth: said of the file where most of its rows lack it."""
    frame = rows.frame
    has_child = rows.cells.canonical("child").notna()
    unknown = frame.is_judged & rows.derived["age"].isna() & has_child
    received = frame.part[frame.is_judged].value_counts()
    about_parts = []
    for part, count in frame.count_by_part(unknown):
        if count > received[part] / 2:  # the header is missing: said once, not once a row
            label = frame.parts[part].sheet.label
            about_parts.append((part, Finding("birth_date_not_known", rows.table.name, label)))
            unknown &= frame.part != part
    findings = found(rows, "birth_date_not_known", unknown, rows.table.column("child"))
    return Outcome(findings, about_parts=about_parts)


def open_at_eighteen(rows: JudgedRows) -> Outcome:
    """Open episodes of people of 18 and over: they are not counted, and their authority is told."""
    cells, day = rows.cells, pd.Timestamp(rows.frame.census_date)
    year = cells.canonical("year")
    # a pooled return holds several years, and what was open at the end of an older one may have
    # ended
    newest_year = year.groupby(rows.frame.submission_ids).transform("max")
    is_newest = year.isna() | (year == newest_year)
    # an end that is missing, or after the census date, compares false: the episode is open on the
    # day
    is_open = (cells.typed("decom") <= day) & ~(cells.typed("dec") <= day)
    is_grown = pd.to_numeric(rows.derived["age"]).ge(ADULT).fillna(value=False)
    place, status = cells.canonical("place"), cells.canonical("legal_status")
    is_placed = (place == "K2") | place.str.startswith("T", na=False)
    may_be = ((status == _MAY_STAY_UNDER) & is_placed) | status.isin(_SHORT_BREAKS)
    offending = rows.frame.is_judged & rows.is_loaded & is_newest & is_open & is_grown & ~may_be
    return Outcome(found(rows, "open_at_eighteen", offending, rows.table.column("dec")))


def none_follows(rows: JudgedRows) -> Outcome:
    """Ends that say another episode follows (X1) where none of the child's begins in time."""
    cells, counts = rows.cells, (rows.is_loaded & rows.frame.is_judged).to_numpy()
    children, _ = pd.factorize(child_references(rows.authority, cells.canonical("child")))
    begun, ended = (children * _A_CHILD + _days(cells.typed(name)) for name in ("decom", "dec"))
    # children are told apart in the same number as days, so that one look-up finds the next start
    known = begun[counts & ~np.isnan(begun)]
    # the next one may begin on the very day of the end, or on the day after
    follows = np.isin(ended, known) | np.isin(ended + 1, known)
    # what follows an end after the census date is not in this return yet
    by_now = (cells.typed("dec") <= pd.Timestamp(rows.frame.census_date)).to_numpy()
    says_so = (cells.canonical("reason_episode_ceased") == "X1").to_numpy() & by_now & counts
    column = rows.table.column("reason_episode_ceased")
    return Outcome(found(rows, "no_episode_follows", np.flatnonzero(says_so & ~follows), column))


def _days(dates: pd.Series) -> np.ndarray:
    """Dates as days since 1900; not a number where there is none."""
    return ((dates - pd.Timestamp(1900, 1, 1)) // pd.Timedelta(days=1)).to_numpy(dtype=float)


def postcode_nowhere(rows: JudgedRows) -> Outcome:
    """Placements whose postcode lies in no authority, or in one without positions."""
    column = rows.table.column("placement_postcode")
    texts, authority = rows.frame.texts[column.name], rows.derived["placement_authority_code"]
    nowhere = rows.frame.is_judged & (normal(texts) != "") & authority.isna()
    abroad = rows.frame.is_judged & authority.isin(OFF_THE_GRID)
    why, where = list(reasons_nowhere(texts[nowhere])), list(authority[abroad].map(OFF_THE_GRID))
    return Outcome(
        [
            *found(rows, "postcode_not_known", nowhere, column, hint=why),
            *found(rows, "postcode_off_the_grid", abroad, column, hint=where),
        ]
    )


EPISODE_RULES: Sequence[Rule] = (
    birth_not_known,
    open_at_eighteen,
    none_follows,
    postcode_nowhere,
)
