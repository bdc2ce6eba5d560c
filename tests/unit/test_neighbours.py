"""Which figures are of the same few authorities."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from assets.publication.disclosure.neighbours import Neighbours

CODES = [f"{code}" for code in range(301, 331)]
NAMES = {f"Town {code}": code for code in CODES}
"""Thirty authorities: 301 to 312 are the first dozen, 325 to 330 what is left after two."""


def near(figures: list[tuple[str, str]], of: int, rows: list[list[int]] | None = None):
    """Whether each figure (area and key) lies near the one asked of; `rows` have the figures, and
    the rests behind them, that each ties.
    """
    every_area = [(code, "") for code in CODES]
    cells = pd.DataFrame([*figures, *every_area], columns=["area", "key"], dtype="str")
    rests = max([len(figures), *(1 + n for row in rows or [] for n in row)]) - len(figures)
    place = np.arange(len(cells) + rests)
    # the rests come after all figures
    shown = np.concatenate([place[: len(figures)], place[len(cells) :]])
    cells["variable"] = place[: len(cells)]
    matrix = sp.lil_matrix((len(rows or []), len(place)))
    for n, row in enumerate(rows or []):
        matrix[n, shown[row]] = 1.0
    system = SimpleNamespace(
        cells=cells, low=np.zeros(len(place)), matrix=matrix.tocsr(), authorities=NAMES
    )
    return Neighbours(system).of(shown[of])[shown].tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("figure", "is_near"),
    [
        (("301", "Fostering"), True),
        (("312", "Fostering"), True),
        (("313", "Fostering"), False),
        (("", "Fostering"), True),
        (("301", "Town 312"), True),
        (("301", "Town 313"), False),
        (("330", "Town 301"), False),
        (("", "Town 313"), False),
        (("", "Elsewhere"), True),
    ],
)
def test_near_an_authoritys_figure_is_what_is_of_its_dozen_and_the_regions(figure, is_near):
    assert near([("305", "Fostering"), figure], 0) == [True, is_near]


def test_near_a_flow_is_what_is_of_either_dozen():
    figures = [("302", "Town 327"), ("327", "Town 302"), ("326", ""), ("302", ""), ("315", "")]
    assert near(figures, 0) == [True, True, True, True, False]


def test_near_a_regions_figure_is_the_first_dozen():
    assert near([("", ""), ("301", ""), ("320", "")], 0) == [True, True, False]


def test_a_rest_is_of_those_whose_figures_are_in_its_rows():
    figures = [("302", "Total"), ("327", "Total"), ("", "Total")]
    # what is left of 302's total, of 327's and of the region's, which both are tied to
    rows = [[0, 3], [1, 4], [0, 1, 2, 5]]
    assert near(figures, 0, rows) == [True, False, True, True, False, True]
    assert near(figures, 4, rows) == [False, True, True, False, True, True]
