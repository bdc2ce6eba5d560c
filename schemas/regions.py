"""Regions (`regions/*.toml`): members, sub-regions and the region's own settings.

Belongs here: reading a region file. Another region is another file, never other code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent / "regions"


@dataclass(frozen=True)
class Region:
    """A region of authorities, keyed by DfE three-digit code."""

    key: str
    name: str
    gss_code: str
    return_deadline_days: int
    sub_regions: dict[str, tuple[str, ...]]
    tiles: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    """The region's tile map: column and row (from the top left) and short name by authority code."""

    @property
    def members(self) -> dict[str, str]:
        """Sub-region by authority code."""
        return {code: name for name, codes in self.sub_regions.items() for code in codes}


def region_keys() -> list[str]:
    """The regions there are files for."""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def load_region(key: str) -> Region:
    """The region in `regions/<key>.toml`.

    Raises:
        ValueError: there is no such file.
    """
    path = HERE / f"{key}.toml"
    if key not in region_keys():
        raise ValueError(
            f"The region '{key}' is not known; expected one of {', '.join(region_keys())}. "
            f"Set OBSERVATORY_REGION to one of them, or write schemas/regions/{key}.toml."
        )
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    sub_regions = {name: tuple(codes) for name, codes in data.pop("sub_regions").items()}
    tiles = {code: (column, row, short) for code, (column, row, short) in data.pop("tiles", {}).items()}
    return Region(key=key, sub_regions=sub_regions, tiles=tiles, **data)
