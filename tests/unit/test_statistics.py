"""Statistics beside counts: none tells a count that is hidden, by its figure or by its symbol.

Over every statistic of the programme, so that one added tomorrow is held too; then what a reader
learns of older releases, whose statistics were not hidden with their counts, and of means that an
edition gives anew.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from assets.publication import release
from assets.publication.disclosure import knowledge, suppression
from assets.publication.disclosure.gate import judge
from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.programme import ADDED_UP, PUBLISHED_TABLES, TOTAL, published_table
from assets.publication.release import prepare_against
from assets.publication.tables import AUTHORITY, TrueTable, print_table, release_tables
from schemas.regions import DisclosureMethod

DATE = dt.date(2025, 12, 31)
SAFE = DisclosureMethod()
MEMBERS = pd.DataFrame(
    {
        "authority_code": ["1", "2"],
        "authority_gss": ["E1", "E2"],
        "authority_name": ["Aford", "Beeham"],
        "region_code": "E0",
        "region_name": "North",
    }
)
STATISTICS = [
    (t, m) for t in PUBLISHED_TABLES for m in t.measures if m.shown and m.rule not in ADDED_UP
]
OF_COUNTS = [(t, m) for t, m in STATISTICS if m.rests_on(t)]


def test_every_statistic_of_a_table_with_counts_says_which_counts_it_rests_on():
    silent = [
        f"{t.name}.{m.name}"
        for t, m in STATISTICS
        if t.of_rule("count") and not {*m.of, *m.whole, m.per} - {""}
    ]
    assert silent == []
    assert {m.rule for _, m in OF_COUNTS} >= {"share", "rate", "difference", "estimate", "mean"}


def _everything_known(table, blank=()) -> TrueTable:
    """A table of one authority and the region with large figures only; the `blank` have none."""
    filters = list(table.filters)
    rows = itertools.product(("", "1"), *((TOTAL, "a") for _ in filters))
    keys = pd.DataFrame(rows, columns=[AUTHORITY, *filters])
    plain = [m for m in table.measures if m.rule not in ("share", "difference", "rate")]
    values = pd.DataFrame({m.name: 40.0 for m in plain}, index=keys.index)
    for m in plain:
        if m.registered:  # not all has returned, so that an estimate is made
            values[m.registered] = 50.0
        if m.largest_share:
            values[m.largest_share] = 0.5
    values[list(blank)] = np.nan
    return TrueTable(table, keys, values, values.map(lambda _: "z").astype("str"))


@pytest.mark.parametrize("has_figure", [True, False])
@pytest.mark.parametrize("table", PUBLISHED_TABLES, ids=lambda table: table.name)
def test_a_statistic_is_hidden_wherever_a_count_that_it_rests_on_is(table, has_figure):
    # that a kind has no estimate at all is public: it says nothing of the count
    rests = {m: m.rests_on(t) for t, m in OF_COUNTS if t is table}
    rests = {m: counts for m, counts in rests.items() if has_figure or m.rule == "mean"}
    true = _everything_known(table, () if has_figure else [m.name for m in rests])
    for count in sorted({count for counts in rests.values() for count in counts}):
        everywhere = {(table.name, count): np.ones(len(true.keys), dtype=bool)}
        small = replace(true, values=true.values.assign(**{count: 7.0}))
        for printed in (print_table(true, everywhere), print_table(small, {})):
            for m in (m for m, counts in rests.items() if count in counts):
                assert (printed[m.name] == "c").all(), (m.name, count)
    if has_figure and rests:
        shown = print_table(true, {})
        assert all((shown[m.name] != "c").all() for m in rests), "there is something to hide"


def test_a_share_of_a_total_is_hidden_with_the_total():
    for table, m in OF_COUNTS:
        if m.over:
            true = _everything_known(table)
            total = (true.keys[list(m.over)] == TOTAL).all(axis=1).to_numpy()
            printed = print_table(true, {(table.name, m.of[0]): total})
            assert (printed[m.name] == "c").all(), f"{table.name}.{m.name}"


# --- what a reader learns ------------------------------------------------------------------------

COSTS = published_table(
    "costs",
    {
        "title": "Costs",
        "authority": "authority_code",
        "measures": [
            {"name": "placements", "rule": "count"},
            {"name": "owners", "rule": "given", "shown": False, "label": "Owners"},
            {"name": "largest", "rule": "given", "shown": False, "label": "Largest"},
            {
                "name": "fee", "rule": "mean", "of": ["placements"], "placements": "placements",
                "owner_groups": "owners", "largest_share": "largest", "label": "Mean",
            },
        ],
    },
)  # fmt: skip


@pytest.fixture
def costs_alone(monkeypatch):
    """The made-up table of costs in place of the region's programme."""
    for module in (knowledge, suppression, release):
        monkeypatch.setattr(module, "PUBLISHED_TABLES", (COSTS,))
    monkeypatch.setattr(knowledge, "ties", tuple)
    monkeypatch.setattr(knowledge, "symbols", tuple)


def costs(placements: list[int], fees: list[float | None]) -> TrueTable:
    """Placements of two authorities and the region's sum; a mean fee of each and of the region."""
    values = pd.DataFrame(
        {
            "placements": [float(sum(placements)), *map(float, placements)],
            "owners": 5.0,
            "largest": 0.3,
            "fee": [np.nan if fee is None else float(fee) for fee in fees],
        }
    )
    symbols = values.map(lambda _: "x").astype("str")
    return TrueTable(COSTS, pd.DataFrame({AUTHORITY: ["", "1", "2"]}), values, symbols)


def as_printed(
    true: TrueTable, number: int = 1, method: DisclosureMethod = SAFE, **other
) -> Published:
    printed = release_tables({"costs": true}, MEMBERS, DATE, {}, method)
    return Published(DATE, number, printed, method, {"costs": true.values}, **other)


def put(one: Published, row: int, measure: str, text: str) -> Published:
    frame = one.tables["costs"].copy()
    frame.loc[row, measure] = text
    return replace(one, tables={"costs": frame})


def bounds(system, area: str) -> tuple[float, float]:
    variable = system.names.index(f"costs.placements, {area}")
    return system.low[variable], system.high[variable]


@pytest.mark.usefixtures("costs_alone")
def test_an_older_releases_statistic_tells_of_the_count_that_was_hidden_beside_it():
    # the repair of older code hid the count, and left what stood beside it
    figure = put(as_printed(costs([20, 30], [500, 500, 500])), 1, "placements", "c")
    figure = put(figure, 1, "fee", "500")
    hidden = put(as_printed(costs([3, 30], [500, 500, 500])), 1, "fee", "c")
    nothing = put(as_printed(costs([0, 30], [500, None, 500])), 1, "placements", "c")
    nothing = put(nothing, 1, "fee", "z")
    expected = {"figure": (8, knowledge.UNBOUNDED), "hidden": (1, 7), "nothing": (0, 0)}
    for name, one in {"figure": figure, "hidden": hidden, "nothing": nothing}.items():
        older = replace(one, statistics_hidden=False)
        assert bounds(build_system([older]), "1") == expected[name], name
    assert bounds(build_system([hidden]), "1") == (
        0,
        7,
    ), "now a hidden zero has a `c` beside it too"


@pytest.mark.usefixtures("costs_alone")
def test_a_mean_that_is_shown_says_that_its_count_is_enough_for_one():
    method = DisclosureMethod(placements_for_a_mean=11)
    system = build_system([as_printed(costs([12, 30], [500, 500, 500]), method=method)])
    assert bounds(system, "1") == (11, 12)
    variable = system.names.index("costs.placements, 1")
    assert system.least[variable] == 0, "hiding the count hides the mean with it"


@pytest.mark.parametrize("text", ["500", "x", "z"])
@pytest.mark.usefixtures("costs_alone")
def test_a_statistic_that_tells_of_a_hidden_count_is_refused(text):
    slip = put(as_printed(costs([3, 30], [500, 500, 500])), 1, "fee", text)
    verdict = judge(build_system([slip]))
    assert not verdict.passed
    assert any(f"costs.fee, row 2: {text} is published" in line for line in verdict.contradictions)


# --- means that an edition gives anew ------------------------------------------------------------


def edition(true: TrueTable, before: list[Published]) -> Published:
    printed = lambda hidden, method: release_tables({"costs": true}, MEMBERS, DATE, hidden, method)  # noqa: E731
    prepared = prepare_against(before, DATE, {"costs": true}, printed, SAFE)
    number = 1 + len(before)
    return Published(DATE, number, prepared.tables, SAFE, {"costs": true.values})


@pytest.mark.usefixtures("costs_alone")
@pytest.mark.parametrize(
    ("placements", "printed"),
    [
        ([22, 30], ["500", "500", "500"]),  # one for another
        ([21, 30], ["500", "500", "500"]),  # one less, printed alike: as it was
        ([23, 30], ["c", "c", "500"]),  # one more, and no longer printed as before
        ([25, 30], ["510", "520", "500"]),  # three more
        ([22, 33], ["510", "500", "530"]),
    ],
)
def test_a_mean_is_given_anew_only_where_its_count_has_moved_by_more_than_two(placements, printed):
    first = edition(costs([22, 30], [500, 500, 500]), [])
    assert first.tables["costs"]["fee"].tolist() == ["500"] * 3
    second = edition(costs(placements, [510, 520, 530]), [first])
    assert second.tables["costs"]["fee"].tolist() == printed
    another_date = replace(first, census_date=DATE.replace(year=2024))
    assert edition(costs(placements, [510, 520, 530]), [another_date]).tables["costs"][
        "fee"
    ].tolist() == ["510", "520", "530"]


@pytest.mark.usefixtures("costs_alone")
def test_a_mean_beside_a_count_of_which_the_truth_is_not_kept_stays_as_it_was():
    first = replace(edition(costs([22, 30], [500, 500, 500]), []), truth=None)
    second = edition(costs([25, 30], [510, 520, 530]), [first])
    assert second.tables["costs"]["fee"].tolist() == ["c", "c", "500"]


@pytest.mark.usefixtures("costs_alone")
def test_steps_of_a_child_do_not_add_up_to_a_new_mean_by_and_by():
    made: list[Published] = []
    for n in range(5):
        made.append(edition(costs([18 + n, 300], [500, 500 + 10 * n, 500]), made))
    for earlier, later in ((a, b) for n, a in enumerate(made) for b in made[n + 1 :]):
        for row in range(3):
            fees = [one.tables["costs"]["fee"][row] for one in (earlier, later)]
            counts = [one.truth["costs"]["placements"][row] for one in (earlier, later)]
            if abs(counts[0] - counts[1]) <= 2 and "c" not in fees:
                assert fees[0] == fees[1]
