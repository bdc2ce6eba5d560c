"""The region that is attacked, made once: small and of one quarter with a correction, unless the
environment says otherwise (OBSERVATORY_ATTACK_SCALE, OBSERVATORY_ATTACK_QUARTERS,
OBSERVATORY_ATTACK_CORRECTIONS, OBSERVATORY_ATTACK_SEED), or one that stands already
(OBSERVATORY_ATTACK_HOME: an observatory's home).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.settings import Settings
from resources.warehouse import Warehouse, open_warehouse
from tests.attacker.world import World, from_environment, make, standing


@pytest.fixture(scope="session")
def world(servers, tmp_path_factory) -> Iterator[World]:
    """A released region, corrected by one child at a time and released again."""
    if home := os.environ.get("OBSERVATORY_ATTACK_HOME"):
        settings = Settings(
            Path(home).resolve(), str(Path(home).resolve() / "landing"), "", "north_west"
        )
        with open_warehouse(settings) as warehouse:
            yield standing(warehouse, Path(home).resolve())
        return
    root = tmp_path_factory.mktemp("attacked")
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        made = make(
            warehouse,
            root,
            quarters=int(from_environment("OBSERVATORY_ATTACK_QUARTERS", 1)),
            scale=from_environment("OBSERVATORY_ATTACK_SCALE", 0.1),
            seed=int(from_environment("OBSERVATORY_ATTACK_SEED", 1)),
        )
        for _ in range(int(from_environment("OBSERVATORY_ATTACK_CORRECTIONS", 1))):
            made.correct()
            made.bring(made.dates[-1])
        made.show()
        yield made
    servers.drop("embedded", address)
