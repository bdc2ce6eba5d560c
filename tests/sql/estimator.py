"""What core.occupancy_estimate does, a second time and in numpy: for many regions at once, so that
its intervals can be tried often.

Belongs here: the estimator, written from its description. Does not belong here: how regions are
drawn, and what is held (`test_estimates`), which also holds the model in SQL against this, area by
area.

A population is a frame with one row a setting: region, area, owner (whole numbers from 0; an area
or owner is of one region), sector, size_band, places, and covered (of the places, those that
returned).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_OF_A_KIND = 10
PRIOR_CORRELATION, PRIOR_WEIGHT = 0.02, 4


def _sum(index: np.ndarray, values: np.ndarray | float, size: int) -> np.ndarray:
    return np.bincount(index, np.broadcast_to(values, index.shape), minlength=size)


@dataclass(frozen=True)
class Level:
    """Settings grouped by area, owner, both or region: the group of each, the region of each group,
    places and squares of the seen.
    """

    of: np.ndarray
    region: np.ndarray
    places: np.ndarray

    @classmethod
    def by(cls, frame: pd.DataFrame, keys: list[str], seen: np.ndarray) -> Level:
        """The level of these columns."""
        of = frame.groupby(keys).ngroup().to_numpy()  # sorted: a region's number is its own
        region = np.zeros(of.max() + 1, dtype=int)
        region[of] = frame["region"]
        return cls(of, region, _sum(of, seen, of.max() + 1))

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Of each group, the sum over its settings."""
        return _sum(self.of, values, len(self.region))

    def squares(self, values: np.ndarray, regions: int) -> np.ndarray:
        """Of each region, the sum of its groups' squared sums."""
        return _sum(self.region, self.sum(values) ** 2, regions)


def _fitted(frame: pd.DataFrame, seen: np.ndarray, counted: np.ndarray) -> pd.DataFrame:
    """Each setting's group (its number), and its mean, variance per place, places, and places a
    setting; blank where none can be had.
    """
    found = pd.DataFrame(
        np.nan, index=frame.index, columns=["group", "mean", "variance", "places", "each"]
    )
    first = 0
    for keys, fewest in (
        (["sector", "size_band"], FEWEST_OF_A_KIND),
        (["sector"], FEWEST_OF_A_KIND),
        ([], 2),
    ):
        group = frame.groupby(["region", *keys], sort=False).ngroup().to_numpy()
        size = group.max() + 1
        count, whole, part, squares = (
            _sum(group, values, size) for values in (seen > 0, seen, counted, counted**2 / np.maximum(seen, 1))
        )  # fmt: skip
        with np.errstate(all="ignore"):
            columns = [
                np.minimum(1, part / whole),
                np.maximum(0, (squares - part**2 / whole) / (count - 1)),
                whole,
                whole / count,
            ]
        use = found["mean"].isna().to_numpy() & (count >= fewest)[group]
        found.loc[use] = np.column_stack([group + first, *(column[group] for column in columns)])[
            use
        ]
        first += size
    return found


def _spread(
    region: Level, area: Level, owner: Level, both: Level, seen: np.ndarray, residual: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """By region: the variances between authorities and between owners found over pairs of settings,
    and how many each rests on.
    """
    regions = len(region.region)

    def pairs(level: Level, values: np.ndarray) -> np.ndarray:
        return level.squares(values, regions) - region.sum(values**2)

    all_p, area_p, owner_p, both_p = (pairs(level, seen) for level in (region, area, owner, both))
    right = np.stack([pairs(level, residual) for level in (region, area, owner)], -1)
    rows = ((all_p, area_p, owner_p), (area_p, area_p, both_p), (owner_p, both_p, owner_p))
    matrix = np.stack([np.stack(row, -1) for row in rows], -2)
    solvable = np.linalg.det(matrix) > np.maximum(1e-6 * all_p * area_p * owner_p, 1e-9)
    found = np.zeros((regions, 3))
    found[solvable] = np.linalg.solve(matrix[solvable], right[solvable][..., None])[..., 0]
    many = owner.region[owner.sum(seen > 0) > 1]
    weights = [
        np.where(solvable, np.maximum(_sum(of, 1.0, regions) - 1, 0), 0) for of in (area.region[area.places > 0], many)
    ]  # fmt: skip
    return np.maximum(found[:, 1], 0), np.maximum(found[:, 2], 0), *weights


def _belief(
    level: Level, mine: np.ndarray, other: np.ndarray, mixed: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """How much of what each group's returns are above the mean is its own."""
    own = mine[level.region] * level.places**2
    with np.errstate(all="ignore"):
        return np.where(
            level.places > 0, own / (own + other[level.region] * mixed + level.sum(noise)), 0.0
        )


def estimated(
    frame: pd.DataFrame, measure: str, levels: dict[str, str], may_differ: float = 0.1
) -> pd.DataFrame:
    """Estimate, interval and band of a measure, one row an area of each level (by name, the column
    of the areas' numbers).
    """
    seen = frame["covered"].to_numpy(float)
    counted = np.where(seen > 0, frame[measure].to_numpy(float), 0)
    missing = frame["places"].to_numpy(float) - seen
    fitted = _fitted(frame, seen, counted)
    fitted["group"] += 1  # 0 is none
    group, mean, variance, group_places, each = (
        fitted[column].fillna(0).to_numpy() for column in fitted
    )
    residual = np.where(fitted["mean"].notna(), counted - seen * mean, 0)
    region, area, owner, both = (
        Level.by(frame, keys, seen) for keys in (["region"], ["area"], ["owner"], ["area", "owner"])
    )
    by_area, by_owner, *weights = _spread(region, area, owner, both, seen, residual)
    part = np.minimum(region.sum(counted), region.places)
    chance = (part + 1) * (region.places - part + 1) / (region.places + 2) ** 2
    by_area, by_owner = (
        np.minimum(chance, (w * v + PRIOR_WEIGHT * PRIOR_CORRELATION * chance) / (w + PRIOR_WEIGHT))
        for v, w in zip((by_area, by_owner), weights, strict=True)
    )
    variance = np.maximum(chance[region.of], variance - (by_area + by_owner)[region.of] * each)
    mixed = both.places**2
    of_area, of_owner = np.zeros(len(both.region), dtype=int), np.zeros(len(both.region), dtype=int)
    of_area[both.of], of_owner[both.of] = area.of, owner.of
    area_belief = _belief(
        area, by_area, by_owner, _sum(of_area, mixed, len(area.region)), variance * seen
    )
    owner_belief = _belief(
        owner, by_owner, by_area, _sum(of_owner, mixed, len(owner.region)), variance * seen
    )
    with np.errstate(all="ignore"):
        above = [
            np.nan_to_num(b * lv.sum(residual) / lv.places)[lv.of]
            for lv, b in ((area, area_belief), (owner, owner_belief))
        ]
    regions = len(region.region)
    mean_error = (
        by_area * area.squares(seen, regions) + by_owner * owner.squares(seen, regions)
    ) / np.maximum(region.places, 1) ** 2
    pieces = []
    for name, column in levels.items():
        at = Level.by(frame, [column], seen)
        gone, of = at.sum(missing), at.region
        parts = pd.DataFrame(
            {"at": at.of, "area": area.of, "owner": owner.of, "group": group, "missing": missing}
        )

        def squared(
            key: str, weight: np.ndarray, parts: pd.DataFrame = parts, size: int = len(of)
        ) -> np.ndarray:
            summed = parts.groupby(["at", key], as_index=False)["missing"].sum()
            return _sum(
                summed["at"].to_numpy(),
                summed["missing"] ** 2 * weight[summed[key].astype(int)],
                size,
            )

        of_group = np.zeros(int(group.max()) + 1)
        of_group[group.astype(int)] = variance / np.maximum(group_places, 1)
        of_group[0] = 0
        half_mean = gone**2 * mean_error[of] / 2
        errors = [
            squared("area", by_area[area.region] * (1 - area_belief)) + half_mean,
            squared("owner", by_owner[owner.region] * (1 - owner_belief)) + half_mean,
            at.sum(missing * variance) + squared("group", of_group),
        ]
        freedoms = [
            weights[0][of] + PRIOR_WEIGHT,
            weights[1][of] + PRIOR_WEIGHT,
            np.maximum(region.sum(seen > 0)[of] - 1, 1),
        ]
        whole = sum(errors)
        with np.errstate(all="ignore"):
            freedom = np.maximum(
                1,
                np.nan_to_num(
                    whole**2 / sum(e**2 / f for e, f in zip(errors, freedoms, strict=True)), nan=1e9
                ),
            )
        half = (1.96 + 2.372 / freedom + 2.823 / freedom**2 + 2.556 / freedom**3) * np.sqrt(whole)
        count = at.sum(counted)
        value = count + np.clip(at.sum(missing * (mean + above[0] + above[1])), 0, gone)
        made = pd.DataFrame(
            {
                "area_level": name,
                "number": frame[column].groupby(at.of).first(),
                "region": of,
                "missing": gone,
            }
        )
        for mark, more in (("", 0.0), ("_band", may_differ)):
            made[f"low{mark}"] = np.maximum(count, np.floor(value - half - more * gone))
            made[f"high{mark}"] = np.minimum(count + gone, np.ceil(value + half + more * gone))
        learned = ~(_sum(at.of, (missing > 0) & fitted["mean"].isna(), len(of)) > 0)
        made = made.assign(
            counted=count, estimate=value, truth=at.sum(frame[measure].to_numpy(float))
        )
        pieces.append(made[learned & (at.places > 0)])
    return pd.concat(pieces, ignore_index=True)
