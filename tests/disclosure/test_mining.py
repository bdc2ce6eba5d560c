"""Ties are found, not remembered: what the miner proposes of recorded worlds is tied or decided on,
and it finds what is planted.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.publication.programme import PUBLISHED_TABLES, ties
from tests.disclosure import mining
from tests.disclosure.mining import Known, NoTie, candidates, decisions, levels, undecided
from tests.disclosure.worlds import RULES, recorded


def test_no_tie_that_the_worlds_propose_stands_undecided():
    standing = [str(candidate) for candidate in undecided(recorded(), decisions())]
    assert standing == [], (
        "add each to schemas/ties.toml: as a tie with its sentence, or as no_tie with the reason"
    )


def test_the_recorded_worlds_have_every_column_of_the_programme():
    cells = recorded()
    held = {*zip(cells["table"].astype(str), cells["measure"].astype(str), strict=True)}
    # no two years of episodes are recorded, so nobody can be counted as long-term
    absent = {
        ("placement_stability", "long_term_children"),
        ("placement_stability", "same_carer_two_years"),
    }
    expected = {(t.name, m.name) for t in PUBLISHED_TABLES for m in t.of_rule(*RULES) if m.shown}
    missing = sorted(
        expected - held - absent - {pair for pair in expected if pair[0] == "register_changes"}
    )
    assert missing == [], "make the worlds again: python -m tests.disclosure.worlds"
    assert cells["world"].nunique() >= 6


@pytest.fixture
def made_up_cells() -> pd.DataFrame:
    """Three worlds of eight authorities and three kinds, of the columns of two tables:
    `looked_after` is part of `placements`, the rest is `post_18`; `households` has nothing to do
    with either.
    """
    generator, rows = np.random.default_rng(3), []
    for world in ("a", "b", "c"):
        for area in range(8):
            for kind in ("Children's home", "Independent fostering", "Other"):
                after, later, homes = generator.integers(0, 9, 3)
                figures = {
                    ("commissioned_placements", "looked_after"): after,
                    ("commissioned_placements", "post_18"): later,
                    ("commissioned_placements", "placements"): after + later,
                    ("fostering_capacity", "households"): homes + 30,
                }
                rows += [
                    (world, f"{area}", f"Name {area}", *of, kind, float(value))
                    for of, value in figures.items()
                ]
    return pd.DataFrame(rows, columns=["world", "area", "name", "table", "measure", "key", "value"])


def _proposed(cells: pd.DataFrame, monkeypatch, known: tuple = ()) -> set[str]:
    monkeypatch.setattr(mining, "ties", lambda: known)
    return {str(c).split(" (")[0] for c in undecided(cells, [])}


def test_a_sum_and_an_inequality_that_nobody_tied_are_proposed(made_up_cells, monkeypatch):
    found = _proposed(made_up_cells, monkeypatch)
    start = "commissioned_placements."
    assert f"{start}looked_after + {start}post_18 = {start}placements" in found
    assert not any("households" in text for text in found), (
        "that few children are fewer than many households is chance"
    )


def test_what_a_tie_gives_is_not_proposed_again(made_up_cells, monkeypatch):
    tied = tuple(
        t
        for t in ties()
        if t.says.startswith("what is bought for looked-after children and after 18")
    )
    assert len(tied) == 1
    assert _proposed(made_up_cells, monkeypatch, tied) == set()


def test_an_inequality_that_would_hold_of_another_worlds_figures_is_none(
    made_up_cells, monkeypatch
):
    smaller = made_up_cells.assign(
        value=made_up_cells["value"].mask(made_up_cells["measure"] == "households", 8.0)
    )
    assert not any("households" in text for text in _proposed(smaller, monkeypatch))


def test_what_holds_in_one_world_alone_is_chance(made_up_cells, monkeypatch):
    broken = made_up_cells["measure"].eq("placements") & (made_up_cells["world"] != "a")
    found = _proposed(
        made_up_cells.assign(value=made_up_cells["value"] + broken * 40.0), monkeypatch
    )
    assert not any(" = " in text for text in found)


def test_a_decision_covers_the_columns_that_it_names_and_no_others(made_up_cells, monkeypatch):
    monkeypatch.setattr(mining, "ties", tuple)
    (level,) = (one for one in levels(made_up_cells) if one.name == "area and kind")
    known = Known(level)
    (total,) = (c for c in candidates(level) if not c.at_most and not known.gives(c))
    assert NoTie("commissioned_placements.*", "commissioned_placements.placements", "").covers(
        total
    )
    assert NoTie("commissioned_placements.placements", "commissioned_placements.*", "").covers(
        total
    )
    assert not NoTie("commissioned_placements.looked_after", "*", "").covers(total)


def test_every_decision_says_why_and_names_columns_that_there_are():
    names = {f"{t.name}.{m.name}" for t in PUBLISHED_TABLES for m in t.measures}
    for no in decisions():
        assert len(no.because) > 20
        for pattern in (no.left, no.right):
            assert any(mining._all([name + "["], pattern + "*") for name in names), pattern
