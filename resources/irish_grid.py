"""The Irish Grid, in which the postcode directory gives Northern Ireland, and the British National
Grid.

Belongs here: turning eastings and northings of the one into the other, to within a few metres.
Does not belong here: which postcodes are on which grid (`postcodes.py`).

Each grid is a transverse Mercator projection of an ellipsoid. Between the ellipsoids lies a shift,
a turn and a scale (Helmert's seven parameters, to WGS 84). Source of the parameters: Ordnance
Survey, "A guide to coordinate systems in Great Britain"; Ordnance Survey Ireland and of Northern
Ireland, "The Irish Grid"; EPSG 1314 and 1641.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Numbers = np.ndarray
_SECOND = np.pi / 180 / 3600


@dataclass(frozen=True)
class Grid:
    """A grid: half axes of its ellipsoid in metres, scale, true origin in degrees, false origin in
    metres, and its way to WGS 84.

    `shift` in metres, `turn` in seconds of arc (position vector), `parts` in parts per million.
    """

    major: float
    minor: float
    scale: float
    latitude: float
    longitude: float
    east: float
    north: float
    shift: tuple[float, float, float]
    turn: tuple[float, float, float]
    parts: float

    @property
    def flat(self) -> float:
        """The square of the ellipsoid's eccentricity."""
        return 1 - (self.minor / self.major) ** 2


BRITISH = Grid(
    6377563.396, 6356256.909, 0.9996012717, 49, -2, 400_000, -100_000, (446.448, -125.157, 542.06), (0.1502, 0.247, 0.8421), -20.4894
)  # fmt: skip
IRISH = Grid(
    6377340.189, 6356034.447, 1.000035, 53.5, -8, 200_000, 250_000, (482.53, -130.596, 564.557), (-1.042, -0.214, -0.631), 8.15
)  # fmt: skip


def _arc(grid: Grid, latitude: Numbers) -> Numbers:
    """Metres along the meridian from the true origin, scaled."""
    n = (grid.major - grid.minor) / (grid.major + grid.minor)
    by, to = latitude - np.radians(grid.latitude), latitude + np.radians(grid.latitude)
    metres: Numbers = grid.minor * grid.scale * (
        (1 + n + 1.25 * n**2 + 1.25 * n**3) * by
        - (3 * n + 3 * n**2 + 2.625 * n**3) * np.sin(by) * np.cos(to)
        + 1.875 * (n**2 + n**3) * np.sin(2 * by) * np.cos(2 * to)
        - 35 / 24 * n**3 * np.sin(3 * by) * np.cos(3 * to)
    )  # fmt: skip
    return metres


def _radii(grid: Grid, latitude: Numbers) -> tuple[Numbers, Numbers]:
    """Radii of curvature across and along the meridian, scaled."""
    bent = 1 - grid.flat * np.sin(latitude) ** 2
    return (
        grid.major * grid.scale / np.sqrt(bent),
        grid.major * grid.scale * (1 - grid.flat) / bent**1.5,
    )


def _degrees(grid: Grid, east: Numbers, north: Numbers) -> tuple[Numbers, Numbers]:
    """Latitude and longitude, in radians, of points on a grid."""
    latitude = np.radians(grid.latitude) + np.zeros_like(north)
    for _ in range(6):
        latitude = latitude + (north - grid.north - _arc(grid, latitude)) / (
            grid.major * grid.scale
        )
    across, along = _radii(grid, latitude)
    t, eta, e = np.tan(latitude), across / along - 1, (east - grid.east) / across
    bow = across / along * t
    latitude_ = latitude - bow * (
        e**2 / 2 - (5 + 3 * t**2 + eta - 9 * t**2 * eta) * e**4 / 24 + (61 + 90 * t**2 + 45 * t**4) * e**6 / 720
    )  # fmt: skip
    turned = e - (across / along + 2 * t**2) * e**3 / 6 + (5 + 28 * t**2 + 24 * t**4) * e**5 / 120
    return latitude_, np.radians(grid.longitude) + turned / np.cos(latitude)


def _metres(grid: Grid, latitude: Numbers, longitude: Numbers) -> tuple[Numbers, Numbers]:
    """East and north, on a grid, of points in radians."""
    across, along = _radii(grid, latitude)
    eta, t, p = (
        across / along - 1,
        np.tan(latitude),
        (longitude - np.radians(grid.longitude)) * np.cos(latitude),
    )
    north = across * t * (
        p**2 / 2 + (5 - t**2 + 9 * eta) * p**4 / 24 + (61 - 58 * t**2 + t**4) * p**6 / 720
    )  # fmt: skip
    east = across * (
        p + (across / along - t**2) * p**3 / 6 + (5 - 18 * t**2 + t**4 + 14 * eta - 58 * t**2 * eta) * p**5 / 120
    )  # fmt: skip
    return grid.east + east, grid.north + _arc(grid, latitude) + north


def _in_space(grid: Grid, latitude: Numbers, longitude: Numbers) -> Numbers:
    """Points on the ellipsoid in three dimensions."""
    out = grid.major / np.sqrt(1 - grid.flat * np.sin(latitude) ** 2)
    flat = out * np.cos(latitude)
    return np.stack(
        [
            flat * np.cos(longitude),
            flat * np.sin(longitude),
            (1 - grid.flat) * out * np.sin(latitude),
        ]
    )


def _on_ellipsoid(grid: Grid, points: Numbers) -> tuple[Numbers, Numbers]:
    """Latitude and longitude, in radians, of points in three dimensions."""
    x, y, z = points
    flat = np.hypot(x, y)
    latitude = np.arctan2(z, flat * (1 - grid.flat))
    for _ in range(6):
        out = grid.major / np.sqrt(1 - grid.flat * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + grid.flat * out * np.sin(latitude), flat)
    return latitude, np.arctan2(y, x)


def _helmert(grid: Grid) -> tuple[Numbers, Numbers]:
    """The matrix and the shift that carry the grid's ellipsoid to WGS 84."""
    x, y, z = (turn * _SECOND for turn in grid.turn)
    turned = np.array([[1, -z, y], [z, 1, -x], [-y, x, 1]])
    return turned * (1 + grid.parts * 1e-6), np.array(grid.shift)[:, None]


def to_british(east: Numbers, north: Numbers) -> tuple[Numbers, Numbers]:
    """Metres east and north on the British National Grid of points on the Irish Grid; NaN stays
    NaN.
    """
    there, shift = _helmert(IRISH)
    points = there @ _in_space(IRISH, *_degrees(IRISH, east, north)) + shift
    back, shift = _helmert(BRITISH)
    return _metres(BRITISH, *_on_ellipsoid(BRITISH, np.linalg.solve(back, points - shift)))
