"""The mark by which a person names the draft that they have looked at."""

from __future__ import annotations

from types import SimpleNamespace

from assets.publication.drafts import mark_of, mark_of_draft

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
