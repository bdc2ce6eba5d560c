"""How often the projection's intervals hold what came: what `docs/projection.md` claims, measured.

Belongs here: made-up series of five kinds, their next three years, and the shares of these that lie
in the intervals. Does not belong here: how one series is projected
(`assets/projection/project.py`).

    python -m benchmarks projection
"""

from __future__ import annotations

import numpy as np

from assets.projection.project import HORIZON, project

SERIES = 120
HISTORIES = (8, 12, 15, 16, 24)


def wander(rng: np.random.Generator, quarters: int) -> np.ndarray:
    """Counts that go up or down by chance."""
    return 400 + np.cumsum(rng.normal(0, 6, quarters))


def drift(rng: np.random.Generator, quarters: int) -> np.ndarray:
    """Counts that wander about a slow trend."""
    return 400 + np.cumsum(rng.normal(3, 6, quarters))


def trend(rng: np.random.Generator, quarters: int) -> np.ndarray:
    """Counts that go one way, quarter after quarter."""
    return 400 + 5.0 * np.arange(quarters) + rng.normal(0, 3, quarters)


def dying(rng: np.random.Generator, quarters: int) -> np.ndarray:
    """Trends that die away."""
    return 400 + np.cumsum(8 * 0.9 ** np.arange(quarters) + rng.normal(0, 4, quarters))


def scatter(rng: np.random.Generator, quarters: int) -> np.ndarray:
    """Counts that scatter about a level."""
    return rng.poisson(60, quarters).astype(float)


KINDS = {
    "wandering": wander,
    "wandering about a trend": drift,
    "a steady trend": trend,
    "a trend that dies away": dying,
    "about a level": scatter,
}


def held(kind: str, quarters: int, series: int = SERIES) -> dict[float, np.ndarray]:
    """By share claimed, the share of outcomes in the interval in each of the three years ahead."""
    rng = np.random.default_rng([quarters, len(kind)])
    inside: dict[float, list[np.ndarray]] = {0.80: [], 0.95: []}
    for _ in range(series):
        drawn = np.round(np.maximum(KINDS[kind](rng, quarters + HORIZON), 0))
        made = project(drawn[:quarters])
        for share, found in inside.items():
            low, high = made.forecast.interval(share)  # type: ignore[union-attr]
            found.append((low <= drawn[quarters:]) & (drawn[quarters:] <= high))
    return {
        share: np.mean(found, axis=0).reshape(3, 4).mean(axis=1) for share, found in inside.items()
    }


def main() -> None:
    """Print the table: a line a kind of series and length of history."""
    print(
        f"Of what came in {SERIES} series each, per cent in the interval, in the first, second and"
        " third year:"
    )
    print(f"{'series':26} {'quarters':>8}   {'80 per cent':>14}   {'95 per cent':>14}")
    for kind in KINDS:
        for quarters in HISTORIES:
            found = held(kind, quarters)
            said = [
                "  ".join(f"{100 * share:3.0f}" for share in found[claimed])
                for claimed in (0.80, 0.95)
            ]
            print(f"{kind:26} {quarters:8}   {said[0]:>14}   {said[1]:>14}", flush=True)


if __name__ == "__main__":
    main()
