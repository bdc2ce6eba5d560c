"""Labels that are cut from descriptions are whole: no bracket is left open, and a label says what
it is of.
"""

from __future__ import annotations

import pytest

from assets.publication.programme import PUBLISHED_TABLES, label_of

LABELS = sorted(
    {(table.name, i.name, i.label) for table in PUBLISHED_TABLES for i in table.indicators}
)


@pytest.mark.parametrize(("table", "name", "label"), LABELS, ids=lambda x: x[:40])
def test_a_label_is_whole(table, name, label):
    assert label.count("(") == label.count(")") and not label.endswith((";", ":", ",", "."))
    assert len(label.split()) > 1, "one word says not what it is"
    assert ". " not in label


@pytest.mark.parametrize(
    ("description", "label"),
    [
        (
            "Settings (premises for one; agencies for another).",
            "Settings (premises for one; agencies for another)",
        ),
        ("Fostering: approved households.", "Fostering: approved households"),
        ("Places lived in; blank where none is known.", "Places lived in"),
        ("Estimate for the whole: the counted ones. Blank where none.", "Estimate for the whole"),
        ("A share of those. The observatory's own; no official one.", "A share of those"),
    ],
)
def test_a_label_ends_where_its_first_thought_ends(description, label):
    assert label_of(description) == label
