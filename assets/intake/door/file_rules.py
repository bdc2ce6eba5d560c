"""File rules: faults of a whole file that its rows show, and differences between its tables.

Belongs here: another authority, another quarter, nothing loaded, placements beside settings.
Does not belong here: what the header tells (`header_rules`).

Told by most of a file's rows a fault rejects the file; told by a few, it is one of those rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from assets.intake.door.cell_rules import authority_clue
from assets.intake.door.findings import Finding, RowFindings
from assets.intake.door.frame import Frame, Part
from assets.intake.door.rows import JudgedRows, Outcome, Rule, found
from assets.intake.door.submission import Submission
from assets.intake.telling import form_of
from schemas.returns import return_tables
from schemas.rules import REJECTS_FILE

SLIPS, SHARE_OF_SLIPS = 3, 0.03
"""From so many late starts, if more than this share, a return may be of a later quarter."""


# --- another authority ---------------------------------------------------------------------------


def own_authority(rows: JudgedRows) -> Outcome:
    """The authority that a return names as its own is its sender."""
    if not rows.table.own_authority:
        return Outcome()
    frame = rows.frame
    read = rows.cells.parsed[rows.table.own_authority]
    other = rows.is_data & read.canonical.notna() & (read.canonical != frame.owners)
    unread = rows.is_data & read.unreadable
    wrong = (("wrong_authority", other), ("unknown_own_authority", unread))
    about_parts = _of_files_not_rejected(frame, _most_rows(rows, wrong))
    blocked = {part for part, _ in about_parts}
    findings = _few_rows(rows, other & ~frame.part.isin(blocked))
    # one sentence for the file says it all: not one more a row
    muted = np.flatnonzero((rows.is_data & frame.part.isin(blocked)).to_numpy())
    return Outcome(findings, about_parts=about_parts, silenced=("unknown_authority", muted))


def _most_rows(
    rows: JudgedRows, rules: Sequence[tuple[str, pd.Series]]
) -> Iterator[tuple[int, Finding]]:
    """Findings about sheets of which more than half of the rows break a rule, the largest first."""
    part = rows.frame.part
    broken = [(name, wrong, dict(rows.frame.count_by_part(wrong))) for name, wrong in rules]
    for place, received in part[rows.is_data].value_counts().items():
        for name, wrong, counts in broken:
            if counts.get(place, 0) > received / 2:
                yield place, _about_authority(rows, name, place, wrong & (part == place))


def _of_files_not_rejected(
    frame: Frame, about_parts: Iterable[tuple[int, Finding]]
) -> list[tuple[int, Finding]]:
    """The findings but those about a file that is rejected already, or by a finding before."""
    submissions = [part.submission for part in frame.parts]
    rejected = {submission.id for submission in submissions if submission.is_rejected}
    kept = []
    for part, finding in about_parts:
        if submissions[part].id not in rejected:
            kept.append((part, finding))
            if finding.severity == REJECTS_FILE:
                rejected.add(submissions[part].id)
    return kept


def _about_authority(rows: JudgedRows, name: str, place: int, wrong: pd.Series) -> Finding:
    part, column = rows.frame.parts[place], rows.table.column(rows.table.own_authority)
    named = rows.frame.texts[column.name][wrong].mode().iloc[0]
    was_read = name == "wrong_authority"
    return Finding(
        name,
        rows.table.name,
        part.sheet.label,
        column_name=column.headers[0],
        value=named.strip()[:100] if was_read else form_of(named),
        expected=part.submission.sender.name,
        hint="" if was_read else authority_clue(rows)(named),
        is_quoted=was_read,
    )


def _few_rows(rows: JudgedRows, few: pd.Series) -> list[RowFindings]:
    column, findings = rows.table.column(rows.table.own_authority), []
    for part, _ in rows.frame.count_by_part(few):
        name = rows.frame.parts[part].submission.sender.name
        at = few & (rows.frame.part == part)
        findings += found(rows, "other_authority", at, column, expected=name)
    return findings


# --- another quarter -----------------------------------------------------------------------------


def late_starts(rows: JudgedRows) -> Outcome:
    """Starts after the census date: most of a file's reject it, and each is told of its row.

    More than slips explain are told of the file as well.
    """
    if not rows.table.start_date:
        return Outcome()
    frame, day = rows.frame, rows.frame.census_date
    starts = rows.cells.typed(rows.table.start_date)[rows.is_data]
    is_late = starts > pd.Timestamp(day)
    parts = frame.part[rows.is_data]
    by_part = pd.DataFrame({"late": is_late, "start": starts}).groupby(parts)
    counts = by_part.agg(late=("late", "sum"), known=("start", "count"), latest=("start", "max"))
    # of the starts that are known: blank ones speak for no quarter
    wrong = counts["late"] > counts["known"] / 2
    doubtful = (counts["late"] >= SLIPS) & (counts["late"] > counts["known"] * SHARE_OF_SLIPS)
    about = (
        (part, _about_quarter(frame.parts[part], wrong[part], count, f"{day:%d/%m/%Y}"))
        for part, count in counts[wrong | doubtful].iterrows()
    )
    # where the file is rejected, one sentence says it all
    affected = is_late.index[is_late & ~parts.isin(wrong.index[wrong])].to_numpy()
    column = rows.table.column(rows.table.start_date)
    findings = found(
        rows, "starts_after_the_census_date", affected, column, expected=f"{day:%d/%m/%Y}"
    )
    return Outcome(findings, about_parts=_of_files_not_rejected(frame, about))


def _about_quarter(part: Part, is_wrong: bool, count: pd.Series, day: str) -> Finding:
    return Finding(
        "wrong_quarter" if is_wrong else "may_be_of_a_later_quarter",
        part.found.table.name,
        part.sheet.label,
        expected=day,
        hint=(
            f"{count['late']} of {count['known']} {part.found.table.starts} after the census "
            f"date, the latest on {count['latest']:%d/%m/%Y}"
        ),
    )


FILE_RULES: Sequence[Rule] = (own_authority, late_starts)
"""Rules of one table. A file that one of them rejects is not rejected again by the next."""


# --- all tables of a file ------------------------------------------------------------------------


def emptiness(
    submissions: Sequence[Submission], judged: Collection[JudgedRows]
) -> Iterator[tuple[Submission, Finding]]:
    """Files without a row, or of whose table none could be loaded: an earlier return counts on."""
    received, loaded = (
        {
            (id_, rows.table.name): int(count)
            for rows in judged
            for id_, count in mask(rows).groupby(rows.frame.submission_ids).sum().items()
        }
        for mask in (lambda rows: rows.is_data, lambda rows: rows.is_loaded)
    )
    for submission in submissions:
        # a file that is rejected already needs no second reason
        if not submission.is_rejected:
            for finding in _emptiness_of(submission, received, loaded):
                yield submission, finding


def _emptiness_of(
    submission: Submission,
    received: Mapping[tuple[str, str], int],
    loaded: Mapping[tuple[str, str], int],
) -> Iterator[Finding]:
    names = list(dict.fromkeys(recognised.table.name for _, recognised in submission.tables))
    tables = [return_tables()[name] for name in names]
    given = [table for table in tables if received.get((submission.id, table.name), 0)]
    may_be_empty = all(table.may_be_empty for table in tables)
    if not given and not may_be_empty and not any(table.leave_alone for table in tables):
        yield Finding("no_rows", names[0])
    has_some = any(loaded.get((submission.id, table.name), 0) for table in given)
    for table in given:
        if not loaded.get((submission.id, table.name), 0):
            # a table that stands apart is left as it was before, and the others of the file count
            name = "nothing_loaded_of_one" if table.apart and has_some else "nothing_loaded"
            yield Finding(name, table.name, value=table.title)


def placements_beside_settings(settings: JudgedRows, placements: JudgedRows) -> Outcome:
    """A URN's rows in placements should number its occupied places: a warning where not."""
    occupied, living = _occupied(settings), _living(placements)
    if occupied.empty:
        return Outcome()
    both = occupied.merge(living, how="left", on=["sender", "urn"]).fillna({"living": 0})
    # a sender without a row of placements has sent nothing to compare
    has_returned = both["sender"].isin(set(placements.frame.owners))
    both = both[has_returned & (both["occupied"] != both["living"])]
    if both.empty:
        return Outcome()
    return Outcome(
        [
            RowFindings(
                "number_of_placements_differs",
                both["row"].to_numpy(dtype="int64"),
                "occupied_places",
                both["living"].astype("int64").astype("str"),
                np.zeros(len(both), dtype=bool),
                expected=[str(int(places)) for places in both["occupied"]],
            )
        ]
    )


def _occupied(settings: JudgedRows) -> pd.DataFrame:
    """Occupied places by sender and URN, with the first row that says them."""
    columns = {
        "sender": settings.frame.owners,
        "urn": settings.cells.canonical("urn"),
        "occupied": settings.cells.typed("occupied_places"),
    }
    return (
        pd.DataFrame(columns)[settings.is_loaded & _newest(settings)]
        .reset_index(names="row")
        .groupby(["sender", "urn"], as_index=False)
        .agg(occupied=("occupied", "sum"), row=("row", "first"))
    )


def _living(placements: JudgedRows) -> pd.DataFrame:
    """Placements by sender and URN."""
    columns = {"sender": placements.frame.owners, "urn": placements.cells.canonical("urn")}
    counted = pd.DataFrame(columns)[placements.is_loaded & _newest(placements)]
    return counted.groupby(["sender", "urn"]).size().rename("living").reset_index()


def _newest(rows: JudgedRows) -> pd.Series:
    """Rows of the newest accepted file of each sender."""
    accepted = (p.submission for p in rows.frame.parts if not p.submission.is_rejected)
    newest = {submission.sender.key: submission.id for submission in accepted}
    return rows.frame.submission_ids.isin(set(newest.values()))
