"""Projecting one series: a damped trend, its intervals, and how it would have done on the quarters
before beside "no change".

Belongs here: numbers in, numbers out. A series is one count a quarter, without a gap, the oldest
first. Does not belong here: which series there are, and where projections are kept (`table`).

Counts of children wander: from one quarter to the next most of them are best foretold by saying
that nothing changes. So the method, Gardner's and McKenzie's damped trend (statsmodels' ETS with
additive errors), must earn its place series by series. Standing at quarters of the last three
years, it foretells what came after from what was known then; so does "no change". Where its mean
error is not the smaller one, or the history is too short to say, the projection is "no change",
with intervals of its own.

Sources: Gardner and McKenzie, "Forecasting trends in time series", Management Science 31 (1985);
Hyndman and others, "Forecasting with exponential smoothing" (2008), table 6.1, for the variance of
the damped trend; Hyndman and Athanasopoulos, "Forecasting: principles and practice", 5.10, for the
rolling origin.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

HORIZON = 12
"""Quarters ahead: three years."""

SHORTEST = 8
"""Quarters of history under which nothing is projected: two years."""

ORIGIN_EVERY = 2
"""The backtest stands at every other quarter of the last three years, wherever `SHORTEST` quarters
lie before.
"""

FEWEST_ORIGINS = 4
"""Origins under which the backtest says nothing: a trend stands only after four years of quarters.
"""

DAMPED_TREND = "damped trend"
NO_CHANGE = "no change"

_PARAMETERS = 5
"""Of the damped trend: three of smoothing, and the level and trend that it starts from."""

_STEPS = np.arange(1, HORIZON + 1)
_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.9999)
_TRENDS = (0.0001, 0.1, 0.3, 0.6)
_DAMPINGS = (0.8, 0.9, 0.98)


@dataclass(frozen=True)
class Forecast:
    """What is expected of the next `HORIZON` quarters, the standard deviation of each, and the
    degrees of freedom these rest on.
    """

    mean: np.ndarray
    deviation: np.ndarray
    freedom: int

    def interval(self, share: float) -> tuple[np.ndarray, np.ndarray]:
        """The ends between which `share` of the outcomes lie. A count has no negative end."""
        half = _quantile(share, self.freedom) * self.deviation
        return np.maximum(self.mean - half, 0), self.mean + half

    def widened(self, times: float) -> Forecast:
        """The same, its deviations so many times as large."""
        return replace(self, deviation=self.deviation * times)


@dataclass(frozen=True)
class Trial:
    """How a method did in the backtest: its mean absolute error, and how many times its deviations
    fell short of the errors (1 at least).
    """

    error: float
    shortfall: float


@dataclass(frozen=True)
class Backtest:
    """Both methods over the same forecasts: so many, from several origins, one to twelve quarters
    ahead.
    """

    forecasts: int
    damped_trend: Trial
    no_change: Trial

    @property
    def beats_no_change(self) -> bool:
        """Whether the damped trend's mean error was the smaller one."""
        return self.damped_trend.error < self.no_change.error


@dataclass(frozen=True)
class Projection:
    """A series' projection: by which method, what is expected, and the backtest (None where the
    history is too short for one).
    """

    method: str
    forecast: Forecast
    backtest: Backtest | None


@cache
def _quantile(share: float, freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + share / 2, freedom))


def project(history: np.ndarray) -> Projection | None:
    """The projection of a series; None where it has fewer than `SHORTEST` quarters.

    A method that claimed too much in the backtest has its intervals widened by as much as it fell
    short: a trend that is carried on for three years is less sure than its own arithmetic says.
    """
    if len(history) < SHORTEST:
        return None
    test = backtest(history)
    if test is None:
        return Projection(NO_CHANGE, no_change(history), None)
    if test.beats_no_change:
        return Projection(
            DAMPED_TREND, damped_trend(history).widened(test.damped_trend.shortfall), test
        )
    return Projection(NO_CHANGE, no_change(history).widened(test.no_change.shortfall), test)


def no_change(history: np.ndarray) -> Forecast:
    """The last count again and again. Its variance is a random walk's whose drift is not known, h
    (1 + h / changes seen) quarterly ones, or what saying "no change" h quarters ahead would have
    missed by in this history, where that is more: a series that goes one way is missed by more each
    quarter than one that wanders.

    A change of one child is put beside those seen: that nothing ever changed is no proof that
    nothing can.
    """
    changes = np.diff(history)
    wandering = (np.sum(changes**2) + 1) / len(changes) * _STEPS * (1 + _STEPS / len(changes))
    return Forecast(
        np.full(HORIZON, float(history[-1])),
        np.sqrt(np.maximum(wandering, _missed(history))),
        len(changes),
    )


def _missed(history: np.ndarray) -> np.ndarray:
    """By quarters ahead, the mean square of what "no change" missed from every quarter of the
    history. Beyond two thirds of the history too few quarters are left to say: there it goes on
    growing as a steady trend's does, with the square of the quarters ahead.
    """
    longest = min(HORIZON, 2 * (len(history) - 1) // 3)
    seen = [
        float(np.mean((history[ahead:] - history[:-ahead]) ** 2)) for ahead in range(1, longest + 1)
    ]
    beyond = seen[-1] * (np.arange(longest + 1, HORIZON + 1) / longest) ** 2
    # what is further ahead is never surer, whatever this one history says
    return np.maximum.accumulate(np.concatenate([seen, beyond]))


def damped_trend(history: np.ndarray) -> Forecast:
    """The damped trend: level and trend smoothed, the trend dying away. Smoothing is chosen from a
    grid by the one-step errors.

    A grid, since the likelihood of so short a series is flat, an optimiser's answer would hang on
    where it starts, and it takes longer. The variance is the method's own, times (1 + h / degrees
    of freedom) as for no change, because the trend is itself only estimated.
    """
    model = _model(history)
    best: tuple[float, tuple[float, float, float], np.ndarray] | None = None
    # in this form of the model the trend's smoothing lies between 0 and the level's: a share of it
    for level, trend, damping in itertools.product(_LEVELS, _TRENDS, _DAMPINGS):
        expected, states = model.smooth(np.array([level, level * trend, damping]), return_raw=True)
        errors = float(np.sum((history - expected) ** 2))
        if best is None or errors < best[0]:
            best = errors, (level, level * trend, damping), states[-1]
    assert best is not None
    errors, (level, trend, damping), (last_level, last_trend) = best
    dying = np.cumsum(damping**_STEPS)
    reached = np.concatenate(
        [[0.0], (level + trend * dying[:-1]) ** 2]
    )  # how much of an error each later quarter keeps
    freedom = len(history) - _PARAMETERS
    # an error of one child is put beside those seen, as for no change
    variance = (errors + 1) / freedom
    variances = variance * (1 + np.cumsum(reached)) * (1 + _STEPS / freedom)
    return Forecast(np.maximum(last_level + last_trend * dying, 0), np.sqrt(variances), freedom)


def _model(history: np.ndarray) -> Any:
    """The ETS model of statsmodels, started from the line through the first two years."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    slope, start = np.polyfit(np.arange(1, SHORTEST + 1), history[:SHORTEST], 1)
    return ETSModel(
        history, error="add", trend="add", damped_trend=True, initialization_method="known", initial_level=start, initial_trend=slope
    )  # fmt: skip


def backtest(history: np.ndarray) -> Backtest | None:
    """How both methods would have done from origins in the last three years, each knowing only what
    came before it. None where these are too few.
    """
    first = max(SHORTEST, len(history) - HORIZON)
    origins = range(len(history) - ORIGIN_EVERY, first - 1, -ORIGIN_EVERY)
    if len(origins) < FEWEST_ORIGINS:
        return None
    trials = [_trial(method, history, origins) for method in (damped_trend, no_change)]
    return Backtest(sum(len(history[origin:][:HORIZON]) for origin in origins), *trials)


def _trial(method: Callable[[np.ndarray], Forecast], history: np.ndarray, origins: range) -> Trial:
    errors, relative = [], []
    for origin in origins:
        came, forecast = history[origin : origin + HORIZON], method(history[:origin])
        missed = came - forecast.mean[: len(came)]
        errors.append(np.abs(missed))
        # the square of a t variable is f / (f - 2) on average
        relative.append(
            (missed / forecast.deviation[: len(came)]) ** 2
            * (forecast.freedom - 2)
            / forecast.freedom
        )
    return Trial(
        float(np.mean(np.concatenate(errors))),
        max(1.0, float(np.sqrt(np.mean(np.concatenate(relative))))),
    )
