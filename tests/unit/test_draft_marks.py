"""The mark by which a person names the draft that they have looked at, and what a refusal tells them
to do.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from types import SimpleNamespace

import pandas as pd
import pytest

from assets.publication import changes, drafts
from assets.publication.disclosure.verdict import Offer, Verdict
from assets.publication.drafts import REFUSED, Draft, has_moved_on, mark_of, mark_of_draft
from assets.publication.lifecycle import Life
from assets.publication.standing import basis_of
from schemas.regions import load_region

TABLES = "0123456789abcdef"
OFFICIAL = [{"measure": "children looked after", "England": ["1", "2025"]}]


def test_a_mark_is_of_the_tables_and_of_the_official_figures_beside_them():
    """Whoever looked at a page with other official figures has not seen this draft."""
    revised = [{"measure": "children looked after", "England": ["2", "2025"]}]
    marks = {mark_of(TABLES), mark_of(TABLES, OFFICIAL), mark_of(TABLES, revised)}
    assert len(marks) == 3 and {len(mark) for mark in marks} == {8}
    row = SimpleNamespace(content_hash=TABLES, manifest={"official": OFFICIAL})
    assert mark_of_draft(row) == mark_of(TABLES, OFFICIAL)
    assert mark_of_draft(SimpleNamespace(content_hash=TABLES, manifest={})) == TABLES[:8]


@pytest.mark.parametrize(
    ("offers", "taken"),
    [
        ((), ""),
        ((Offer("carry over", "Publish with these tables as they were in r1: a"),), "carry-over."),
        ((Offer("hide", "Hide what has moved"),), "hide."),
        (
            (Offer("hide", "Hide what"), Offer("carry over", "Publish with these tables")),
            "hide, or --accept carry-over.",
        ),
    ],
)
def test_a_refusal_names_the_offers_that_can_be_taken_and_no_others(offers, taken):
    said = tuple(Verdict(offers=offers).offered())
    told = Draft(dt.date(2025, 3, 31), REFUSED, said=said).what_to_do()
    assert told.partition("--accept ")[2] == taken


@pytest.mark.parametrize("before", [False, True])
def test_a_draft_rests_on_whether_groups_of_sub_regions_are_asked(before):
    """Refused for a group, it is tried again where groups have no logins any more."""
    region = dataclasses.replace(load_region("north_west"), sub_regional_groups=before)
    other = dataclasses.replace(region, sub_regional_groups=not before)
    row = SimpleNamespace(figures="f", projected="p", rests_on=drafts._offered("f", "p", region))
    assert not has_moved_on(row, region)
    assert has_moved_on(row, other)


def test_what_stands_is_proved_anew_where_other_groups_have_logins():
    region = load_region("north_west")
    groups = [None, {"A": ("356",)}, {"A": ("356", "358")}]
    made = {str(basis_of({}, pd.DataFrame(), region.disclosure, one)) for one in groups}
    assert len(made) == 3 and str(basis_of({}, pd.DataFrame(), region.disclosure)) in made
    assert region.groups is None and load_region("england").groups


@pytest.mark.parametrize(("changed", "says_more"), [("definition_note", False), ("England", True)])
def test_a_note_that_a_version_words_otherwise_is_no_other_official_figure(changed, says_more):
    """Else an upgrade would propose a correction of every quarter that was ever published."""
    was = {"measure": "children looked after", "England": "1", "definition_note": "as it was"}
    now = was | {changed: "2"}
    latest = SimpleNamespace(status="", official=[was], basis=None)
    read = drafts._Read(Life(dt.date(2025, 3, 31)), "", [], latest, official=[now])
    assert read.says_more is says_more
    rests = {"returns": [], "code_version": "1", "contract_version": "1", "method": {}}
    said = changes._why(rests | {"official": [now]}, rests | {"official": [was]})
    assert ("- The official figures beside ours changed." in said) is says_more
