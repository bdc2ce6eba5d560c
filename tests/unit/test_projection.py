"""The projection: series with known answers, intervals that cover what they claim, and a history
that is never invented.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from assets.projection.project import (
    DAMPED_TREND,
    HORIZON,
    NO_CHANGE,
    SHORTEST,
    Projection,
    backtest,
    damped_trend,
    no_change,
    project,
)
from assets.projection.table import projections, unbroken
from assets.warehouse.models import PROJECTION


def projected(history: np.ndarray) -> Projection:
    made = project(history)
    assert made is not None
    return made


# --- one series
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quarters", [8, 15, 16, 24, 40])
@pytest.mark.parametrize("count", [0.0, 1.0, 250.0])
def test_what_never_changed_is_projected_unchanged_and_still_not_as_certain(quarters, count):
    made = projected(np.full(quarters, count))
    assert made.method == NO_CHANGE
    assert made.forecast.mean.tolist() == [count] * HORIZON
    low, high = made.forecast.interval(0.8)
    assert (high > count).all() and (np.diff(high) > 0).all()
    assert (low >= 0).all() and (low <= count).all()


@pytest.mark.parametrize("slope", [5.0, -5.0])
def test_a_steady_trend_is_carried_on_and_dies_away(slope):
    history = 400 + slope * np.arange(24)
    made = projected(history)
    assert made.method == DAMPED_TREND
    steps = np.sign(slope) * np.diff(np.concatenate([history[-1:], made.forecast.mean]))
    assert (steps > 0).all(), "it goes on in its direction"
    assert (np.diff(steps) < 0).all(), "by less every quarter"
    assert steps[0] == pytest.approx(abs(slope), rel=0.05)
    assert (
        made.backtest is not None
        and made.backtest.no_change.error > 3 * made.backtest.damped_trend.error
    )


def test_the_backtest_by_hand():
    """A trend of 5 a quarter, from origins 14, 16, 18, 20 and 22 of 24: no change errs by 5 a
    quarter ahead, up to 2, 4, 6, 8 and 10 quarters.
    """
    test = backtest(400 + 5.0 * np.arange(24))
    ahead = [h for longest in (12, 10, 8, 6, 4, 2) for h in range(1, longest + 1)]
    assert test is not None
    assert (test.forecasts, test.no_change.error) == (len(ahead), pytest.approx(5 * np.mean(ahead)))


def test_the_backtest_knows_nothing_of_what_came_after_its_origins():
    """With the same quarters up to the last origin, other quarters after it change the errors and
    not the forecasts.
    """
    rng = np.random.default_rng(5)
    history = 300 + np.cumsum(rng.normal(2, 4, 20))
    assert (
        damped_trend(history[:14]).mean.tolist()
        == damped_trend(np.concatenate([history, [999.0]])[:14]).mean.tolist()
    )
    jumped = history.copy()
    jumped[-2:] += 100
    one, other = backtest(history), backtest(jumped)
    assert one is not None and other is not None
    # each of the six origins saw the jump come; of its 42 forecasts the last two quarters' were off
    # by 100
    assert other.no_change.error > one.no_change.error + 100 * 10 / 42


def test_a_history_too_short_is_not_projected_and_one_too_short_to_test_shows_no_change():
    trend = 400 + 5.0 * np.arange(40)
    assert project(trend[: SHORTEST - 1]) is None
    for quarters in range(SHORTEST, 16):
        made = projected(trend[:quarters])
        assert (made.method, made.backtest) == (NO_CHANGE, None)
    assert projected(trend[:16]).backtest is not None


def test_the_variance_of_the_damped_trend_is_the_librarys():
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    rng = np.random.default_rng(8)
    history = 300 + np.cumsum(rng.normal(3, 5, 30))
    ours = damped_trend(history)
    slope, start = np.polyfit(np.arange(1, SHORTEST + 1), history[:SHORTEST], 1)
    found = []
    for level in (0.1, 0.3, 0.5, 0.7, 0.9, 0.9999):
        for trend in (0.0001, 0.1, 0.3, 0.6):
            for damping in (0.8, 0.9, 0.98):
                model = ETSModel(
                    pd.Series(history), error="add", trend="add", damped_trend=True, initialization_method="known", initial_level=start,
                    initial_trend=slope,
                )  # fmt: skip
                found.append((model.smooth([level, level * trend, damping]), level, trend, damping))
    theirs = min(found, key=lambda one: one[0].sse)[0]
    expected = theirs.get_prediction(30, 30 + HORIZON - 1)
    assert ours.mean == pytest.approx(np.asarray(expected.predicted_mean))
    # theirs takes the parameters for known: ours is wider, by the degrees of freedom, one child's
    # change, and the trend's own uncertainty
    freedom, steps = 30 - 5, np.arange(1, HORIZON + 1)
    variance = (
        np.asarray(expected.forecast_variance)
        * 30
        / freedom
        * (theirs.sse + 1)
        / theirs.sse
        * (1 + steps / freedom)
    )
    assert ours.deviation**2 == pytest.approx(variance)


def test_intervals_have_no_negative_end_and_lie_in_one_another():
    rng = np.random.default_rng(2)
    for _ in range(20):
        made = projected(rng.poisson(2, 20).astype("float64"))
        (low_80, high_80), (low_95, high_95) = (
            made.forecast.interval(0.80),
            made.forecast.interval(0.95),
        )
        assert (
            (low_95 >= 0).all()
            and (low_95 <= low_80).all()
            and (low_80 <= made.forecast.mean).all()
        )
        assert (made.forecast.mean <= high_80).all() and (high_80 < high_95).all()


def test_equal_histories_give_equal_projections():
    history = np.random.default_rng(4).poisson(40, 24).astype("float64")
    one, other = projected(history), projected(history.copy())
    assert one.method == other.method
    assert one.forecast.mean.tolist() == other.forecast.mean.tolist()
    assert one.forecast.deviation.tolist() == other.forecast.deviation.tolist()


def _walk(rng: np.random.Generator, quarters: int) -> np.ndarray:
    return np.round(300 + np.cumsum(rng.normal(0, 6, quarters)))


def _drifting(rng: np.random.Generator, quarters: int) -> np.ndarray:
    return np.round(300 + np.cumsum(rng.normal(rng.normal(0, 2), 6, quarters)))


def _dying_trend(rng: np.random.Generator, quarters: int) -> np.ndarray:
    level, trend, counts = 300.0, rng.normal(0, 6), []
    for _ in range(quarters):
        error = rng.normal(0, 5)
        counts.append(level + 0.95 * trend + error)
        level, trend = level + 0.95 * trend + 0.8 * error, 0.95 * trend + 0.1 * error
    return np.round(counts)


def _few(rng: np.random.Generator, quarters: int) -> np.ndarray:
    return rng.poisson(15, quarters).astype("float64")


def _rising(rng: np.random.Generator, quarters: int) -> np.ndarray:
    return np.round(250 + 3 * np.arange(quarters) + np.cumsum(rng.normal(0, 5, quarters)))


@pytest.mark.parametrize("quarters", [8, 24])
@pytest.mark.parametrize(
    ("kind", "most"), [(_walk, 0.93), (_drifting, 0.93), (_dying_trend, 0.93), (_few, 1.0)]
)
def test_intervals_cover_about_what_they_claim(kind, most, quarters):
    """Of 120 made-up series each: what came lies in the 80 and 95 per cent intervals about so
    often, over all twelve quarters ahead.

    A share of 0.80 of 120 series has a standard error of 0.04, and the quarters of a series hang
    together. Where a count only scatters about its level the intervals are too wide, which is the
    lesser fault: no history of two years shows that it will not wander off.
    """
    rng = np.random.default_rng(20)
    in_80, in_95 = [], []
    for _ in range(120):
        series = np.maximum(kind(rng, quarters + HORIZON), 0)
        forecast, came = projected(series[:quarters]).forecast, series[quarters:]
        for share, found in ((0.80, in_80), (0.95, in_95)):
            low, high = forecast.interval(share)
            found.append(((low <= came) & (came <= high)).mean())
    assert 0.72 <= np.mean(in_80) <= most
    assert 0.88 <= np.mean(in_95) <= 1


def test_the_damped_trend_earns_its_place_and_costs_little_where_it_does_not():
    """On series with a trend the projection errs clearly less than no change; on a random walk,
    where nothing beats no change, little more.
    """
    rng = np.random.default_rng(3)
    ratios = {}
    for kind in (_rising, _walk):
        ours, unchanged = [], []
        for _ in range(80):
            series = kind(rng, 24 + HORIZON)
            ours.append(np.abs(projected(series[:24]).forecast.mean - series[24:]).mean())
            unchanged.append(np.abs(no_change(series[:24]).mean - series[24:]).mean())
        ratios[kind] = np.mean(ours) / np.mean(unchanged)
    assert ratios[_rising] < 0.85
    assert ratios[_walk] < 1.12


# --- which series there are
# ---------------------------------------------------------------------------------

DATES = [date.date() for date in pd.date_range("2015-03-31", "2025-12-31", freq="QE")]


def counts(
    rows: list[tuple[dt.date, str, int]], source: str = "placement census", code: str = "356"
) -> pd.DataFrame:
    """Rows of date, provision type and count as they are read from the warehouse."""
    measure = (
        "children looked after" if any(kind == "All" for _, kind, _ in rows) else "own placements"
    )
    return pd.DataFrame(
        {
            "census_date": [date for date, _, _ in rows], "authority_code": code, "authority_gss": "E08000007", "authority_name": "Stockport",
            "measure": measure, "provision_type": [kind for _, kind, _ in rows], "source": source, "latest": [count for _, _, count in rows],
        }
    )  # fmt: skip


def test_a_gap_or_another_return_begins_the_series_anew():
    old = counts([(date, "Children's home", 10) for date in DATES[:20]], "SSDA903")
    new = counts([(date, "Children's home", 20) for date in [*DATES[20:25], *DATES[26:30]]])
    both = pd.concat([old, new])
    assert unbroken(both, DATES[29])["Children's home"].tolist() == [20] * 4, (
        "a quarter was not returned"
    )
    assert unbroken(both, DATES[24])["Children's home"].tolist() == [20] * 5, (
        "before that the SSDA903 counted"
    )
    assert (
        unbroken(both[both["census_date"] <= DATES[19]], DATES[19])["Children's home"].tolist()
        == [10] * 20
    )
    assert unbroken(both, DATES[25]).empty, "nothing was returned for the date itself"


def test_a_provision_type_without_a_row_in_a_returned_quarter_counts_0_and_one_never_used_has_no_series():
    rows = [(date, "In-house fostering", 30) for date in DATES[:6]] + [
        (DATES[3], "Children's home", 2),
        (DATES[3], "Other", 0),
    ]
    series = unbroken(counts(rows), DATES[5])
    assert series.to_dict("list") == {
        "Children's home": [0, 0, 0, 2, 0, 0],
        "In-house fostering": [30] * 6,
    }


def test_the_rows_of_a_table_and_what_they_say_of_a_short_history():
    short = counts([(date, "All", 100) for date in DATES[-7:]], "SSDA903")
    untested = counts(
        [(date, "All", 100 + 3 * n) for n, date in enumerate(DATES[-12:])], "SSDA903", "352"
    )
    trend = counts(
        [(date, "All", 100 + 3 * n) for n, date in enumerate(DATES[-20:])], "SSDA903", "353"
    )
    level = counts(
        [(date, "All", 100 + (n % 2)) for n, date in enumerate(DATES[-20:])], "SSDA903", "354"
    )
    absent = counts([(date, "All", 100) for date in DATES[-20:-1]], "SSDA903", "355")
    table = projections(pd.concat([short, untested, trend, level, absent]), DATES[-1])
    assert list(table.columns) == list(PROJECTION.columns)
    assert table.groupby("authority_code").size().to_dict() == dict.fromkeys(
        ["352", "353", "354", "356"], HORIZON
    )
    assert table["horizon_date"].unique().tolist()[:2] == [
        dt.date(2026, 3, 31),
        dt.date(2026, 6, 30),
    ]
    assert table["horizon_date"].max() == dt.date(2028, 12, 31)
    first = table[table["quarters_ahead"] == 1].set_index("authority_code")
    assert first["latest"].to_dict() == {"352": 133, "353": 157, "354": 101, "356": 100}
    assert first["history_quarters"].to_dict() == {"352": 12, "353": 20, "354": 20, "356": 7}
    assert (
        first.loc["356", "projection_note"]
        == "Nothing is projected: 7 quarters without a gap are held, and 8 are needed."
    )
    assert (
        table.loc[
            table["authority_code"] == "356",
            ["projected", "projected_low_95", "projection_method", "backtest_error"],
        ]
        .isna()
        .all()
        .all()
    )
    assert (
        first.loc["352", "projection_note"]
        == "No change is shown: 12 quarters without a gap are too few to test a trend, for which 16"
        " are needed."
    )
    assert (first.loc["352", "projected"], first.loc["352", "projection_method"]) == (
        133,
        NO_CHANGE,
    )
    assert pd.isna(first.loc["352", "beats_no_change"])
    assert (first.loc["353", "projection_method"], first.loc["353", "beats_no_change"]) == (
        DAMPED_TREND,
        True,
    )
    assert (
        pd.isna(first.loc["353", "projection_note"]) and 159 < first.loc["353", "projected"] <= 160
    )
    assert first.loc["353", "backtest_error"] < first.loc["353", "no_change_error"]


def test_where_the_damped_trend_does_not_beat_no_change_the_table_says_so():
    rng = np.random.default_rng(0)
    history = 200 + np.cumsum(rng.normal(0, 5, 20)).round().astype(int)
    assert not backtest(history.astype("float64")).beats_no_change
    table = projections(
        counts(
            [(date, "All", count) for date, count in zip(DATES[-20:], history, strict=True)],
            "SSDA903",
        ),
        DATES[-1],
    )
    assert table["projected"].tolist() == [history[-1]] * HORIZON
    assert (table["projection_method"] == NO_CHANGE).all() and not table["beats_no_change"].any()
    assert (table["backtest_error"] >= table["no_change_error"]).all()
    assert set(table["projection_note"]) == {
        "No change is shown: the damped trend did not beat it in the backtest."
    }


def test_no_counts_give_an_empty_table_with_its_columns():
    empty = projections(counts([]).iloc[:0], DATES[-1])
    assert empty.empty and list(empty.columns) == list(PROJECTION.columns)


@pytest.mark.parametrize("quarters", [8, 10, 12, 15])
@pytest.mark.parametrize("slope", [5.0, -5.0, 1.0])
def test_a_short_history_that_goes_one_way_is_not_claimed_to_stay(quarters, slope):
    """Too short to test a trend, no change is shown: where the history went one way its interval
    reaches what comes if it goes on.
    """
    rng = np.random.default_rng(quarters)
    inside = []
    for _ in range(60):
        series = 400 + slope * np.arange(quarters + HORIZON) + rng.normal(0, 2, quarters + HORIZON)
        low, high = projected(series[:quarters]).forecast.interval(0.8)
        inside.append((low <= series[quarters:]) & (series[quarters:] <= high))
    held = np.mean(inside, axis=0)
    assert held.mean() >= 0.8 and held[-4:].mean() >= 0.75, (
        f"{held.mean():.0%} held, {held[-4:].mean():.0%} in the third year"
    )


@pytest.mark.parametrize("quarters", [8, 12, 15])
def test_a_short_history_that_wanders_keeps_an_interval_that_says_something(quarters):
    rng = np.random.default_rng(3)
    inside, widths = [], []
    for _ in range(200):
        series = 400 + np.cumsum(rng.normal(0, 6, quarters + HORIZON))
        low, high = projected(series[:quarters]).forecast.interval(0.8)
        inside.append((low <= series[quarters:]) & (series[quarters:] <= high))
        widths.append(high[-1] - low[-1])
    assert 0.78 <= np.mean(inside) <= 0.95
    assert np.median(widths) < 3 * 2 * 1.28 * 6 * np.sqrt(HORIZON)
