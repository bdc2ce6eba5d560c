"""That an area's fees are shown tells of the counts behind them: the gate knows it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from assets.publication.disclosure import fees, knowledge
from assets.publication.disclosure.bounds import propagate
from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.disclosure.readers import members
from assets.publication.programme import TOTAL, published_table
from assets.publication.tables import AUTHORITY, TrueTable, release_tables
from schemas.regions import DisclosureMethod

DATE = dt.date(2025, 12, 31)
SAFE = DisclosureMethod()
AREA = ("888", "889", "890")
CODES = (*AREA, "350", "352")
FEES = published_table(
    "fees",
    {
        "title": "Fees",
        "authority": "authority_code",
        "filters": {"provision_type": {"label": "Type"}},
        "measures": [
            {"name": "placements", "rule": "count"},
            {"name": "supporting_placements", "rule": "given", "shown": False},
            {"name": "owner_groups", "rule": "given", "shown": False},
            {"name": "largest_share", "rule": "given", "shown": False},
            {
                "name": "mean_weekly_cost",
                "rule": "mean",
                "of": ["placements"],
                "placements": "supporting_placements",
                "owner_groups": "owner_groups",
                "largest_share": "largest_share",
            },
        ],
    },
)
BESIDE = {code: tuple(c for c in AREA if c != code) for code in AREA}


@pytest.fixture(autouse=True)
def small_programme(monkeypatch):
    """One table in place of the region's programme."""
    for module in (fees, knowledge):
        monkeypatch.setattr(module, "PUBLISHED_TABLES", (FEES,))
    monkeypatch.setattr(knowledge, "ties", lambda: ())


def release(counts: dict[str, int], *, is_shown: bool = True) -> Published:
    """A release of one type: these placements, each of the others' with 40."""
    every = dict.fromkeys(CODES, 40) | counts
    placements = [sum(every.values()), *every.values()]
    keys = pd.DataFrame({AUTHORITY: ["", *every], "provision_type": TOTAL})
    values = pd.DataFrame(
        {
            "placements": np.array(placements, dtype=float),
            "supporting_placements": [
                float(n) if is_shown or number else np.nan for number, n in enumerate(placements)
            ],
            "owner_groups": 5.0,
            "largest_share": 0.2,
            "mean_weekly_cost": 5000.0,
        }
    )
    true = {"fees": TrueTable(FEES, keys, values, values.map(lambda _: "x").astype("str"))}
    named = pd.DataFrame(
        {
            "authority_code": list(CODES),
            "authority_gss": [f"E{code}" for code in CODES],
            "authority_name": [f"Area {code}" for code in CODES],
            "region_code": "E0",
            "region_name": "North",
        }
    )
    printed = release_tables(true, named, DATE, {}, SAFE)
    return Published(DATE, 1, printed, SAFE, {"fees": values}, beside=BESIDE)


def least_to_the_login_of(code: str, published: Published, other: str) -> float:
    """The least that the login knows the other to have."""
    system = build_system([published])
    name = f"who has the login of Area {code}"
    logins = members(system, published.tables).logins
    view = next(login for login in logins if login.name == name).view(system)
    cells = system.cells
    is_other = (cells["area"] == other) & (cells["measure"] == "placements")
    return float(propagate(view).low[cells.loc[is_other, "variable"].iloc[0]])


@pytest.mark.parametrize(
    ("own", "others", "least"),
    [
        # less the other one, 8 are left with its own
        (1, (7, 7), 7),
        (3, (7, 6), 5),
        # one of them has too few for the fees to be shown: nobody knows which condition failed
        (1, (5, 7), 0),
    ],
)
def test_shown_fees_of_a_sub_region_tell_a_login_the_least_that_the_others_have(own, others, least):
    published = release({"889": own, "888": others[0], "890": others[1]})
    assert least_to_the_login_of("889", published, "890") == least
    assert least_to_the_login_of("350", published, "890") == 0, "it reads no fees of theirs"


def test_of_a_sub_region_beside_which_nobody_pays_the_fees_are_shown_too():
    nobody = {"350": 0, "352": 0}
    published = release({"889": 1, "888": 7, "890": 7} | nobody)
    assert least_to_the_login_of("889", published, "890") == 7


@pytest.mark.parametrize(("is_shown", "rows"), [(True, len(CODES)), (False, 0)])
def test_a_mean_of_the_region_tells_everybody_that_no_authority_has_nearly_all(is_shown, rows):
    published = release({"889": 1}, is_shown=is_shown)
    system = build_system([published])
    assert system.says.count(fees.SAYS) == rows
    for row in (r for r, says in enumerate(system.says) if says == fees.SAYS):
        assert system.row_low[row] == SAFE.placements_for_a_mean
        assert (system.matrix[row] @ system.truth)[0] >= SAFE.placements_for_a_mean


def test_what_no_mean_tells_everybody_a_login_has_from_its_own_area():
    """Of fees that are not printed (of their count) members may still read the region's."""
    shown, hidden = (release({"889": 1}, is_shown=is_shown) for is_shown in (True, False))
    of = [build_system([published]).comparisons for published in (shown, hidden)]
    assert [int((comparisons.told == "350").sum()) for comparisons in of] == [0, len(CODES)]
