"""The official figures beside the published ones: what stands beside what, and what is never worked
out.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

from assets.page.figures import Edition
from assets.page.official import OURS, official
from assets.page.shapes import DataTable
from assets.publication.programme import PUBLISHED_TABLES
from schemas.official import HERE
from tests.page.region import DECEMBER, SEPTEMBER, MadeUp
from tests.page.test_sections import STOCKPORT, Area, edition, table

MARCH = dt.date(2025, 3, 31)
LABELS = {
    "breakdown": {"label": "By", "labels": {"total": "Total", "age": "Age"}},
    "category": {"label": "Category"},
}


def looked_after(*rows: str) -> Any:
    return table(
        "children_looked_after",
        LABELS,
        {"children": "exact", "share": "exact", "rate_per_10k": "exact"},
        list(rows),
    )


def measure(unit: str, areas: dict[str, list], **more: Any) -> dict[str, Any]:
    """A line of a manifest's official figures."""
    usual = {
        "measure": "children looked after", "breakdown": "total", "category": "Total", "definition": "same",
        "published_by": "dfe", "data_set": "cla", "release": "2025", "period_end": "2025-03-31",
        "england": "81770", "region": "14620",
    }  # fmt: skip
    return {**usual, "unit": unit, "areas": areas, **more}


def with_official(given: Edition, *measures: dict[str, Any]) -> Edition:
    return replace(given, manifest={**given.manifest, "official": list(measures)})


def told(data: DataTable) -> dict[str, dict[str, str]]:
    return {
        cell.name: dict(zip(data.columns, map(str, figures), strict=True))
        for cell, figures in data.rows
    }


ROWS = (
    "356 | Total | Total | 480 | 100.0 | 74.2",
    "356 | Age | Under 1 | c | c | z",
    " | Total | Total | 14000 | 100.0 | 91.0",
)
COUNT = measure("children", {"356": ["485", "562.3", None, 8, 24, 60, 153]})
RATE = measure(
    "per 10,000", {"356": ["75", "71.2", "70.8", 16, 24, 70, 153]}, england="67", region="94"
)
PART = measure(
    "children",
    {"356": ["16", None, None, None, None, None, None]},
    breakdown="age",
    category="Under 1",
    region=None,
)
GAIN = measure(
    "children", {"356": ["98", "12.1", None, 3, 24, 9, 153]}, measure="net gain of children", definition="differs",
    definition_note="Counted otherwise.", england="-1080", region=None,
)  # fmt: skip


def test_england_the_region_neighbours_and_rank_stand_beside_the_published_figure():
    found = official(with_official(edition(looked_after(*ROWS)), COUNT, RATE), STOCKPORT)
    assert told(found.data[0]) == {
        "Children looked after": {
            "Ours, 31 December 2025": "480", "DfE: Stockport": "485", "North West": "14,620", "England": "81,770",
            "Neighbours, mean": "562.3", "Neighbours, pooled": "", "Rank in the region": "8 of 24", "Rank in England": "60 of 153",
        },
        "Children looked after, per 10,000 aged 0 to 17": {
            "Ours, 31 December 2025": "74.2", "DfE: Stockport": "75", "North West": "94", "England": "67",
            "Neighbours, mean": "71.2", "Neighbours, pooled": "70.8", "Rank in the region": "16 of 24", "Rank in England": "70 of 153",
        },
    }  # fmt: skip
    assert (
        found.data[0].caption == "DfE’s figures of 31 March 2025 (release 2025) beside Stockport’s"
    )


def test_ours_of_the_same_day_stands_beside_where_it_is_published():
    then = edition(looked_after("356 | Total | Total | 490 | 100.0 | 75.6"), date=MARCH)
    found = official(with_official(edition(looked_after(*ROWS), earlier=(then,)), COUNT), STOCKPORT)
    assert told(found.data[0])["Children looked after"]["Ours, 31 March 2025"] == "490"
    same_day = with_official(edition(looked_after(*ROWS), date=MARCH), COUNT)
    assert found.data[0].columns[:2] == ["Ours, 31 December 2025", "Ours, 31 March 2025"]
    assert official(same_day, STOCKPORT).data[0].columns[0] == "Ours, 31 March 2025"


def test_what_is_hidden_with_us_stays_hidden_and_nothing_is_subtracted():
    found = official(with_official(edition(looked_after(*ROWS)), COUNT, PART, GAIN), STOCKPORT)
    by_kind, otherwise = found.folded
    assert told(by_kind)["Age: Under 1"] == {
        "Ours, 31 December 2025": "[c]", "DfE: Stockport": "16", "England": "81,770",
    }  # fmt: skip
    assert [cell.note for cell, _ in otherwise.rows] == ["Counted otherwise."]
    assert "Ours, 31 December 2025" not in otherwise.columns, "it is not of the same"
    shown = " ".join(
        str(f) for data in (*found.data, *found.folded) for _, row in data.rows for f in row
    )
    assert not re.search(r"(?<![\d.])(\u22125|5|4|16 of)(?![\d.])", shown), "a difference"


def test_a_publishers_own_symbol_is_shown_and_told():
    hidden = measure("children", {"356": ["k", None, None, None, None, None, None]})
    found = official(with_official(edition(looked_after(*ROWS)), hidden), STOCKPORT)
    assert told(found.data[0])["Children looked after"]["DfE: Stockport"] == "k"
    assert found.note == "k rounds to 0"


def test_the_region_stands_beside_its_own_official_figure_and_englands():
    found = official(
        with_official(edition(looked_after(*ROWS)), COUNT, PART), Area("", "North West")
    )
    assert told(found.data[0])["Children looked after"] == {
        "Ours, 31 December 2025": "14,000", "DfE: North West": "14,620", "England": "81,770",
    }  # fmt: skip
    assert found.folded == []


def test_without_official_figures_there_is_no_section_and_without_a_return_ours_are_not_available():
    assert official(edition(looked_after(*ROWS)), STOCKPORT) is None
    found = official(with_official(edition(), COUNT, PART), STOCKPORT)
    assert told(found.data[0])["Children looked after"]["Ours, 31 December 2025"] == "[x]"
    assert (found.folded, found.tables) == ([], ())
    assert (
        official(with_official(edition(looked_after(*ROWS)), COUNT), Area("999", "Elsewhere"))
        is None
    )


def test_every_official_measure_of_the_same_definition_has_its_published_figure():
    import csv

    published = {table.name: {i.name for i in table.indicators} for table in PUBLISHED_TABLES}
    with (HERE / "official_measures.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["definition"] == "same"]
    without = {(line["measure"], line["unit"]) for line in lines} - OURS.keys()
    assert without == {
        ("started to be looked after", "percent"),
        ("ceased to be looked after", "percent"),
    }, "shares that are not published"
    assert {name for name, indicator, _ in OURS.values() if indicator in published[name]} == {
        name for name, *_ in OURS.values()
    }


def test_the_page_of_a_release_has_what_was_held_when_its_draft_was_made(small: MadeUp):
    page = small.page("authority-356.html").read_text(encoding="utf-8")
    section = page.split('id="official"')[1].split("</section>")[0]
    assert "DfE’s figures of 31 March 2025 (release 2025) beside Stockport’s" in section
    assert all(f">{text}<" in section for text in ("485", "14,620", "81,770", "4 of 4"))
    hidden = (
        small.page("authority-358.html")
        .read_text(encoding="utf-8")
        .split('id="official"')[1]
        .split("</section>")[0]
    )
    assert "[c]" in hidden
    assert 'id="official"' in small.page("index.html").read_text(encoding="utf-8")
    before = small.page("authority-356.html", SEPTEMBER, 1).read_text(encoding="utf-8")
    assert 'id="official"' not in before, "it had not come by then"
    assert DECEMBER > SEPTEMBER
