"""The cells that a tie names, found in releases."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from assets.publication.disclosure.linking import linked
from assets.publication.programme import OWN, Term, Tie, published_table

MEASURES = [{"name": "children", "rule": "count"}]
ENTRY = {"title": "T", "authority": "authority_code", "measures": MEASURES}
FLOWS = published_table("flows", {**ENTRY, "filters": {"host_authority_name": {"label": "Host"}}})
OWNED = published_table("owned", ENTRY)
STAY = Tie(
    "who stays at home is counted twice",
    (Term("flows", "children", where={"host_authority_name": OWN}), Term("owned", "children", -1)),
)


@dataclass
class Printed:
    """A release of which the authorities are all that matters."""

    census_date: dt.date
    authorities: dict[str, str]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    beside: dict[str, tuple[str, ...]] = field(default_factory=dict)


def links(rows: list[tuple[str, str, str, int]], releases: list[Printed], tie: Tie = STAY):
    """The cells of each row of the tie; `rows` are table, area, key and release."""
    cells = pd.DataFrame(rows, columns=["table", "area", "key", "release"]).astype(
        {"table": "str", "area": "str", "key": "str"}
    )
    found = linked(cells.assign(measure="children"), releases, [FLOWS, OWNED], [tie])
    return sorted(
        sorted(link.cell[link.row == row].tolist()) for link in found for row in np.unique(link.row)
    )


def test_by_a_name_each_release_means_the_code_that_it_prints():
    """Dorset was 835 until 2019 and is 838 since: a later correction of 2019 prints 835 again."""
    years = [(2019, "835"), (2020, "838"), (2019, "835")]
    releases = [Printed(dt.date(year, 3, 31), {code: "Dorset"}) for year, code in years]
    rows = []
    for release, (_, code) in enumerate(years):
        rows += [("flows", code, "Dorset", release), ("owned", code, "", release)]
    assert links(rows, releases) == [[0, 1], [2, 3], [4, 5]]


def test_where_one_term_is_not_printed_the_tie_says_nothing():
    names = {"1": "Aford", "2": "Beeham"}
    rows = [("flows", "1", "Aford", 0), ("owned", "1", "", 0), ("flows", "2", "Beeham", 0)]
    # a flow to elsewhere is no part of it
    rows += [("flows", "1", "Beeham", 0), ("flows", "1", "Elsewhere", 0), ("owned", "", "", 0)]
    assert links(rows, [Printed(dt.date(2025, 12, 31), names)]) == [[0, 1]]


def test_a_tie_of_what_was_fully_covered_needs_no_coverage_where_it_has_no_rows():
    tie = Tie(STAY.says, STAY.terms, fully_covered="flows")
    release = Printed(dt.date(2025, 12, 31), {"1": "Aford"}, {"flows": pd.DataFrame()})
    assert links([("flows", "1", "Aford", 0), ("owned", "2", "", 0)], [release], tie) == []
