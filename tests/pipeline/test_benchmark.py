"""The benchmark: official figures beside ours, of one definition and one date, and a check that
shows where they part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.intake.loading import take_in
from assets.page.figures import read_edition
from assets.page.official import official
from assets.warehouse.building import BuildResult, build_quarter
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY, Landing, Servers
from tests.regions import QUICK
from tests.releasing import make_release

MARCH, DECEMBER = "2025-03-31", "2025-12-31"
FILES = (
    "cla_number_and_rate_per_10k_children.csv",
    "la_cla_on_31_march_by_characteristics__rebuilt_2024_2025.csv",
    "la_cla_placement_stability.csv",
)
"""The open data of November 2025 that the headline figures are of."""


def children(
    number: int, *, started: int, far: int, outside: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """A header and episodes of Stockport: so many children on 31 March 2025, of whom some started
    in the year, and some are placed elsewhere.

    One more ceased on the year's first day: with it the return tells of the whole year.
    """
    header = [{"child": str(n)} for n in range(number + 1)]
    episodes = [
        {
            "child": str(number),
            "decom": "01/05/2021",
            "dec": "01/04/2024",
            "reason_episode_ceased": "E4A",
        }
    ]
    for n in range(number):
        place = "NE1 4LP" if n < far else "M2 5DB" if n < outside else "SK1 3XE"
        episodes.append(
            {
                "child": str(n),
                "decom": "01/05/2024" if n < started else "01/05/2021",
                "placement_postcode": place,
            }
        )
    return header, episodes


@pytest.fixture(scope="module")
def held(
    servers: Servers, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, BuildResult]]:
    """March 2025 with a small return of Stockport, and December with the same and DfE's release of
    November.
    """
    landing = Landing(tmp_path_factory.mktemp("landing"))
    header, episodes = children(30, started=12, far=4, outside=9)
    landing.drop(MARCH, "356", "header.csv", builders.children(header))
    landing.drop(MARCH, "356", "episodes.csv", builders.episodes(episodes))
    for name, rows in (
        ("header.csv", builders.children(header)),
        ("episodes.csv", builders.episodes(episodes)),
    ):
        landing.drop(DECEMBER, "356", name, rows)
    for name in FILES:
        landing.drop(
            DECEMBER,
            "dfe",
            name,
            (shared / "samples" / "dfe" / "dfe_2025_release" / name).read_bytes(),
        )
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        for date in (MARCH, DECEMBER):
            take_in(warehouse, landing.place, dt.date.fromisoformat(date), KEY)
            result = build_quarter(warehouse, dt.date.fromisoformat(date), QUICK)
            assert not result.blocked_by
        yield warehouse, result
    servers.drop("embedded", address)


def figures(warehouse: Warehouse, authority: str) -> dict[tuple[str, str], tuple]:
    rows = warehouse.rows(
        "select measure, unit, own_value, official_value, england_value, region_value, release,"
        f" period_end, official_difference from curated.benchmark where census_date = '{DECEMBER}'"
        f" and authority_code = '{authority}' and breakdown = 'total'"
    )
    return {(row.measure, row.unit): row for row in rows}


PRINTED = {
    "356": (485, 184, 190, 192, 46),
    "876": (367, 112, 127, 195, 68),
    "888": (1699, 517, 569, 301, 324),
}  # fmt: skip
MEASURES = (
    "children looked after", "started to be looked after", "ceased to be looked after", "placed outside the own area",
    "placed more than 20 miles from home",
)  # fmt: skip


def printed_by_dfe(shared: Path, authority: str) -> tuple[int, ...]:
    """The five figures of 2025 straight from DfE's files."""
    import pandas as pd

    folder = shared / "samples" / "dfe" / "dfe_2025_release"
    numbers, places = (
        pd.read_csv(folder / name, dtype=str, encoding="utf-8-sig") for name in FILES[:2]
    )
    numbers, places = (
        f[f["time_period"].eq("2025") & f["old_la_code"].eq(authority)] for f in (numbers, places)
    )
    counts = dict(zip(numbers["population_type"], numbers["children_count"], strict=True))
    parts = {(r.characteristic, r.breakdown): r.children_count for r in places.itertuples()}
    found = [
        counts[f"Children {words} each year"]
        for words in (
            "looked after on 31 March",
            "starting to be looked after",
            "ceasing to be looked after",
        )
    ]
    found.append(parts["Locality of placement", "Placed outside the local authority boundary"])
    found.append(
        parts["Distance between home and placement", "Placed more than 20 miles from home"]
    )
    return tuple(int(one) for one in found)


@pytest.mark.parametrize("authority", ["356", "876", "888"])
def test_the_figures_of_three_authorities_are_those_that_dfe_prints(held, shared, authority):
    warehouse, _ = held
    found = figures(warehouse, authority)
    assert tuple(
        found[measure, "children"].official_value for measure in MEASURES
    ) == printed_by_dfe(shared, authority)
    assert printed_by_dfe(shared, authority) == PRINTED[authority]
    looked_after = found["children looked after", "children"]
    assert (looked_after.england_value, looked_after.region_value) == (81770, 14620)
    assert (looked_after.release, str(looked_after.period_end)) == ("2025", MARCH)


def test_ours_of_the_same_date_stands_beside_and_the_difference_is_shown(held):
    warehouse, _ = held
    found = figures(warehouse, "356")
    assert [(found[m, "children"].own_value, found[m, "children"].official_difference) for m in MEASURES] == [
        (30, 30 - 485), (12, 12 - 184), (1, 1 - 190), (9, 9 - 192), (4, 4 - 46),
    ]  # fmt: skip
    share = found["placed outside the own area", "percent"]
    assert (share.own_value, share.official_value, share.official_difference) == (30, 40, -10)
    assert found["children looked after", "per 10,000"].official_value == 75
    assert all(
        row.own_value is None and row.official_difference is None
        for row in figures(warehouse, "876").values()
    )


def test_neighbours_are_the_mean_of_ten_and_taken_together(held, shared):
    """Worked out from DfE's own file and its list of statistical neighbours."""
    import pandas as pd

    warehouse, _ = held
    row = warehouse.rows(
        "select * from curated.benchmark where census_date = '2025-12-31' and authority_code ="
        " '356' and measure = 'children looked after' and breakdown = 'total' and unit = 'per"
        " 10,000'"
    )[0]
    neighbours = pd.read_csv(
        shared / "reference" / "statistical_neighbours_2025.csv", dtype=str, encoding="utf-8-sig"
    ).set_index("old_la_code")
    codes = [neighbours.loc["356", f"SN_{n}"] for n in range(1, 11)]
    numbers = pd.read_csv(
        shared / "samples" / "dfe" / "dfe_2025_release" / FILES[0], dtype=str, encoding="utf-8-sig"
    )
    at = (
        numbers["time_period"].eq("2025")
        & numbers["population_type"].str.startswith("Children looked after")
        & numbers["old_la_code"].isin(codes)
    )
    here = numbers[at][["children_count", "population_estimate", "rate_per_10000"]].astype(float)
    assert len(here) == row.neighbours_with_value == 10
    assert float(row.neighbours_mean) == round(here["rate_per_10000"].mean(), 1)
    assert float(row.neighbours_pooled) == round(
        here["children_count"].sum() / here["population_estimate"].sum() * 10_000, 1
    )
    members = load_region("north_west").members
    rates = numbers[
        numbers["time_period"].eq("2025")
        & numbers["population_type"].str.startswith("Children looked after")
    ]
    rates = pd.to_numeric(
        rates[rates["old_la_code"].isin(members)]["rate_per_10000"], errors="coerce"
    ).dropna()
    assert (row.rank_in_region, row.ranked_in_region) == (int((rates > 75).sum()) + 1, 24)


def test_where_the_definition_differs_that_is_said_and_nothing_is_subtracted(held, landing, shared):
    warehouse, _ = held
    rows = warehouse.rows(
        "select definition, definition_note, official_difference from curated.benchmark where"
        " census_date = '2025-12-31'"
    )
    assert {row.definition for row in rows} == {"same"}  # of these three files all are
    differing = warehouse.rows(
        "select definition, definition_note from staging.official_measure where definition <>"
        " 'same'"
    )
    assert len(differing) >= 10 and all(row.definition_note for row in differing)


def test_a_symbol_is_shown_and_is_no_figure(held):
    warehouse, _ = held
    row = warehouse.rows(
        "select official_value, official_symbol, official_difference from curated.benchmark where"
        " census_date = '2025-12-31' and authority_code = '356' and category = 'Other placements'"
        " and unit = 'children'"
    )[0]
    assert tuple(row) == (None, "c", None)


def test_the_check_names_the_authority_and_the_measure(held):
    _, result = held
    check = next(
        check for check in result.checks if check.name == "figures_agree_with_the_official_ones"
    )
    assert check.offending > 5 and not check.blocks
    assert {key["authority_code"] for key in check.keys} == {"356"}
    assert "children looked after" in {key["measure"] for key in check.keys}


def test_before_its_period_and_before_it_came_an_official_figure_is_not_there(held):
    warehouse, _ = held
    assert (
        warehouse.scalar("select count(*) from curated.benchmark where census_date = '2025-03-31'")
        == 0
    )


def test_the_page_has_them_for_three_authorities_beside_what_is_published_of_ours(held, tmp_path):
    """As DfE prints them; ours as we publish them: rounded, hidden, or not returned."""
    warehouse, _ = held
    release = make_release(warehouse, dt.date.fromisoformat(DECEMBER), QUICK, tmp_path)
    edition = read_edition(warehouse, release.census_date, release.number, QUICK)
    names = [f"{m[0].upper()}{m[1:]}" for m in MEASURES]
    for code, printed in PRINTED.items():
        (data,) = official(edition, edition.authorities[code]).data
        shown = {
            cell.name: dict(zip(data.columns, map(str, figures), strict=True))
            for cell, figures in data.rows
        }
        whose = f"DfE: {edition.authorities[code].name}"
        assert [shown[name][whose].replace(",", "") for name in names] == [
            str(number) for number in printed
        ]
        ours = {name: shown[name]["Ours, 31 December 2025"] for name in names}
        if code == "356":
            assert ours["Children looked after"] == "30", "of the return, not of DfE"
        else:
            assert set(ours.values()) == {"[x]"}, "nothing was returned"
        assert [shown["Children looked after"][column] for column in ("North West", "England")] == [
            "14,620",
            "81,770",
        ]
        assert shown["Children looked after, per 10,000 aged 0 to 17"][
            "Rank in the region"
        ].endswith(" of 24")
    assert {m["release"] for m in edition.manifest["official"]} == {"2025"}
    assert not {"own_value", "official_difference"} & {
        name for m in edition.manifest["official"] for name in m
    }


def test_the_answer_to_a_statutory_return_has_its_senders_figures_and_nobody_elses(
    held, tmp_path_factory
):
    """True figures, for the authority alone: the difference where the definition is the same; no
    other return's answer has them.
    """
    from assets.answering.official import official_of
    from assets.answering.outbox import _told

    warehouse, _ = held
    date = dt.date.fromisoformat(DECEMBER)
    rows = official_of(warehouse, date)["356"].set_index("figure")
    looked_after = rows.loc["Children looked after, children"]
    assert looked_after[
        ["now", "then", "official", "difference", "england", "region"]
    ].tolist() == ["30", "30", "485", "-455", "81770", "14620"]
    assert looked_after["source"] == "DfE, release 2025, 2025-03-31" and looked_after[
        "rank"
    ].endswith(" of 24")
    told = _told(warehouse, date, KEY)
    with_figures = {
        (one.submission.sender, book.table_name)
        for one in told
        if len(one.official)
        for book in one.books
    }
    assert with_figures == {("356", "ssda903_episodes")}
    assert official_of(warehouse, dt.date.fromisoformat(MARCH)) == {}


def test_the_answers_page_and_workbook_show_them(held, tmp_path):
    import openpyxl

    from assets.answering.answer import ACCEPTED, Answer
    from assets.answering.official import official_of
    from assets.answering.page import render_page
    from assets.answering.workbook import write_workbook

    warehouse, _ = held
    date = dt.date.fromisoformat(DECEMBER)
    usual: dict = {
        "sender_name": "Stockport", "sender_key": "356", "census_date": date, "file_name": "episodes.csv", "submission_id": "1",
        "received_at": dt.datetime(2026, 1, 9, tzinfo=dt.UTC), "outcome": ACCEPTED,
    }  # fmt: skip
    answer = Answer(**usual, official=official_of(warehouse, date)["356"])
    page = render_page(answer)
    assert 'id="official"' in page and "<td>485</td>" in page and "<td>-455</td>" in page
    assert 'id="official"' not in render_page(Answer(**usual)), (
        "without official figures an answer is as it was"
    )
    write_workbook(answer, tmp_path / "answer.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "answer.xlsx")["Official figures"]
    assert "485" in {cell.value for row in sheet.iter_rows() for cell in row}
