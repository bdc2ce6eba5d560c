"""The door's rules one by one: each alters nothing, and gives findings and fates."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from assets.intake.door.cell_rules import column_by_column
from assets.intake.door.derivation import no_births, rows_of
from assets.intake.door.episode_rules import EPISODE_RULES
from assets.intake.door.file_rules import FILE_RULES
from assets.intake.door.frame import Part, frame_of
from assets.intake.door.row_rules import ROW_RULES, contract, last_one_counts
from assets.intake.door.rows import LOADED, REJECTED, SET_ASIDE, JudgedRows, Outcome
from assets.intake.door.setting_aside import set_aside
from assets.intake.door.submission import open_submission
from assets.intake.opening import body
from resources.landing import LandedFile
from schemas.returns import return_tables
from tests.unit.at_the_door import DAY, GOOD, KEY, TABLES, _Held, csv_of, good, sender_for

RECEIVED = dt.datetime(2025, 4, 1, tzinfo=dt.UTC)
NASTY = [{}, *({name: "#N/A"} for name in ("urn", "child", "identifier", "age", "decom"))]


def rows_at_the_door(table: str, *changes: dict[str, str]) -> JudgedRows:
    """Rows of a return as they are when the rules begin: each a good row with its changes."""
    known = [{k: v for k, v in one.items() if k in GOOD[table]} for one in changes]
    data = csv_of(table, known).encode()
    file = LandedFile(DAY, sender_for(table), "a.csv", _Held(data), len(data), RECEIVED)
    submission = open_submission("a", file, "")
    parts = [Part(submission, sheet, found) for sheet, found in submission.tables]
    bodies = [body(part.sheet, part.found) for part in parts]
    frame, _ = set_aside(frame_of(parts[0].found.table, parts, bodies, DAY), bodies)
    return rows_of(frame, no_births(), KEY)[0]


def state_of(rows: JudgedRows) -> list[object]:
    """All that a rule could alter."""
    columns = [*rows.frame.texts.values(), *rows.derived.values(), rows.authority]
    read = [series for one in rows.cells.parsed.values() for series in (one.canonical, one.typed)]
    about_file = rows.frame.parts[0].submission.findings
    return [*(s.to_list().__repr__() for s in (*columns, *read)), rows.fate.tolist(), [*about_file]]


@pytest.mark.parametrize("table", ["provider_settings", "placement_census", "ssda903_episodes"])
def test_a_rule_alters_nothing_of_the_rows_that_it_is_given(table):
    rows = rows_at_the_door(table, *NASTY, {})
    before = state_of(rows)
    episodes = EPISODE_RULES if table == "ssda903_episodes" else ()
    found = [rule(rows) for rule in (column_by_column, *ROW_RULES, *episodes, *FILE_RULES)]
    assert any(outcome.findings for outcome in found)
    assert state_of(rows) == before and rows.findings == ()


def test_a_finding_of_a_rule_that_rejects_the_row_rejects_it_and_no_other():
    rows = rows_at_the_door("provider_settings", {}, {"occupied_places": ""}, {"lot": "2"})
    outcome = contract(rows)
    assert [finding.rule for finding in outcome.findings] == ["blank"]
    after = rows.after(outcome)
    assert after.fates.tolist() == [LOADED, REJECTED, LOADED]
    assert rows.fates.tolist() == [LOADED] * 3 and len(after.findings) == 1


def test_of_rows_that_stand_once_the_last_counts_that_nothing_has_rejected():
    rows = rows_at_the_door("provider_settings", *({"occupied_places": n} for n in "123"))
    rejected = rows.after(Outcome(rejected=np.array([2])))
    assert rejected.after(last_one_counts(rejected)).fates.tolist() == [SET_ASIDE, LOADED, REJECTED]
    assert rows.after(last_one_counts(rows)).fates.tolist() == [SET_ASIDE, SET_ASIDE, LOADED]


def test_what_one_finding_about_the_file_stands_for_is_silenced_in_its_rows_alone():
    sent = [{"host_authority": "Nowhere", "age": age} for age in ("12", "13", "14")]
    rows = rows_at_the_door("placement_census", *sent)
    rows = rows.after(column_by_column(rows))
    name = rows.findings[0].rule
    after = rows.after(Outcome(silenced=(name, np.array([0, 2]))))
    assert [finding.rows.tolist() for finding in after.findings if finding.rule == name] == [[1]]


def test_to_forget_rows_gives_another_frame():
    frame = rows_at_the_door("provider_settings", {}, {"lot": "2"}).frame
    forgotten = frame.forgetting(pd.Series([True, False]))
    assert forgotten.texts["urn"].tolist() == ["", "SC100001"]
    assert frame.texts["urn"].tolist() == ["SC100001"] * 2


# --- a dash where something is needed ------------------------------------------------------------

SAYS_NOTHING = ["-", "\u2013", "\u2212", "n/a"]


@pytest.mark.parametrize("table", TABLES)
def test_a_needed_cell_that_says_nothing_is_never_passed_over(table):
    """It is no reference of a child, no owner and no date: the row is rejected, or the cell told."""
    needed = [c for c in return_tables()[table].columns if c.needed and c.name in GOOD[table]]
    cells = [(column, word) for column in needed for word in SAYS_NOTHING]
    answer = good(table, {}, *({column.name: word} for column, word in cells))
    fates = dict(zip(answer.rows["row_number"], answer.rows["fate"], strict=True))
    told = {(row, name) for row, name, _ in answer.about_rows}
    for row, (column, word) in enumerate(cells, 3):
        assert (row, column.headers[0]) in told, (column.name, word)
        if column.type in ("text", "date", "area", "urn"):
            assert fates[row] == REJECTED, (column.name, word)
