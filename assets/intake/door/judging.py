"""Judging: all submissions of a census date through the door, in the order that the rules need.

Belongs here: which step comes after which, and putting on record what the rules found of files.
Does not belong here: the rules.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

import pandas as pd

from assets.intake.door.books import JudgedTable, judged_table
from assets.intake.door.cell_rules import column_by_column
from assets.intake.door.derivation import no_births, rows_of
from assets.intake.door.episode_rules import EPISODE_RULES
from assets.intake.door.file_rules import FILE_RULES, emptiness, placements_beside_settings
from assets.intake.door.frame import Frame, Part, frame_of
from assets.intake.door.row_rules import ROW_RULES
from assets.intake.door.rows import JudgedRows, Rule
from assets.intake.door.search_rules import SEARCH_RULES
from assets.intake.door.setting_aside import AboutParts, set_aside, set_erased_aside
from assets.intake.door.statutory_rules import RULES as STATUTORY_RULES
from assets.intake.door.statutory_rules import orders_beside_episodes
from assets.intake.door.submission import Submission
from assets.intake.opening import body
from schemas.returns import ReturnTable, return_tables

SETTINGS, PLACEMENTS = "provider_settings", "provider_placements"
EPISODES, ORDERS = "ssda903_episodes", "ssda903_dolo"


def judge(
    submissions: list[Submission],
    census_date: dt.date,
    key: bytes,
    *,
    letting_go: Collection[Submission] = (),
    stopped: frozenset[str] = frozenset(),
) -> list[JudgedTable]:
    """Judge all rows of the submissions, table by table.

    Faults of whole files are added to the submissions. Rows of children in `stopped` (keyed hashes
    of those who were erased) are set aside, and nothing that stands in them is kept. `key` is that
    of the keyed hashes of children and places. The sheets of the submissions in `letting_go` are
    emptied below their headers once their texts are taken, which halves the memory of a large
    return.
    """
    frames = _frames(submissions, census_date)
    for submission in letting_go:
        headers: dict[int, int] = {}
        for sheet, recognised in submission.tables:
            # a sheet may hold several tables: it is emptied below the lowest header
            headers[id(sheet)] = max(recognised.header_row, headers.get(id(sheet), 0))
        for sheet, _ in submission.tables:
            sheet.let_go(headers[id(sheet)] + 1)
    judged: dict[str, JudgedRows] = {}
    births, known = no_births(), dict[str, str]()
    # the SSDA903's header, which has the dates of birth, comes before its episodes
    for name, frame in frames.items():
        judged[name], births = _judge_table(frame, births, key, stopped, known)
    # whether a file gave nothing is known only when all its tables have been judged
    for submission, finding in emptiness(submissions, judged.values()):
        submission.record([finding])
    if SETTINGS in judged and PLACEMENTS in judged:
        outcome = placements_beside_settings(judged[SETTINGS], judged[PLACEMENTS])
        judged[SETTINGS] = judged[SETTINGS].after(outcome)
    if EPISODES in judged and ORDERS in judged:
        outcome = orders_beside_episodes(judged[ORDERS], judged[EPISODES])
        judged[ORDERS] = judged[ORDERS].after(outcome)
    # last, when all tables of a file have been looked at: it is rejected as a whole or not at all
    return [judged_table(_of_rejected_files(rows), key, known) for rows in judged.values()]


def _frames(submissions: Sequence[Submission], census_date: dt.date) -> dict[str, Frame]:
    """A frame a table, the most specific table first, with the rows set aside that are no data."""
    parts: dict[str, list[Part]] = defaultdict(list)
    for submission in submissions:
        for sheet, recognised in submission.tables:
            parts[recognised.table.name].append(Part(submission, sheet, recognised))
    return {
        name: _frame(table, parts[name], census_date)
        for name, table in return_tables().items()
        if name in parts
    }


def _frame(table: ReturnTable, parts: list[Part], census_date: dt.date) -> Frame:
    bodies = [body(part.sheet, part.found) for part in parts]
    frame, about_parts = set_aside(frame_of(table, parts, bodies, census_date), bodies)
    _record(frame, about_parts)
    return frame


def _record(frame: Frame, about_parts: AboutParts) -> None:
    """Put findings about sheets on record with the submissions that they are of."""
    for part, finding in about_parts:
        frame.parts[part].submission.record([finding])


def _judge_table(
    frame: Frame, births: pd.Series, key: bytes, stopped: frozenset[str], known: dict[str, str]
) -> tuple[JudgedRows, pd.Series]:
    """The rows of a table, judged, and the dates of birth known so far."""
    if not frame.table.leave_alone:
        # before anything is worked out of their rows: no date of birth of theirs is taken up
        frame, about_parts = set_erased_aside(frame, key, stopped, known)
        _record(frame, about_parts)
    rows, births = rows_of(frame, births, key)
    for rule in _rules(frame.table):
        outcome = rule(rows)
        # after each rule, for the next one asks which rows are still loaded
        rows = rows.after(outcome)
        # at once, for the next rule leaves a file alone that this one has rejected
        _record(frame, list(outcome.about_parts))
    return rows, births


def _rules(table: ReturnTable) -> Sequence[Rule]:
    """The rules that a table's rows are held against, in their order."""
    if table.leave_alone:
        return ()
    own = {"episodes": EPISODE_RULES, "searches": SEARCH_RULES}.get(table.derive, ())
    statutory = STATUTORY_RULES.get(table.derive, ())
    return (column_by_column, *ROW_RULES, *own, *statutory, *FILE_RULES)


def _of_rejected_files(rows: JudgedRows) -> JudgedRows:
    """The rows with those of rejected files rejected."""
    submissions = [part.submission for part in rows.frame.parts]
    rejected = {submission.id for submission in submissions if submission.is_rejected}
    return rows.rejecting(rows.frame.submission_ids.isin(rejected))
