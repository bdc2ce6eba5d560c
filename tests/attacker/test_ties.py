"""The attacker's ties held against the gate's: whatever it takes for true of one edition must follow
from what the gate takes for true, or a reader could work out what the gate does not see.

It is the one file here that has both: the attack itself shares nothing with the gate.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pytest

from assets.publication.disclosure.knowledge import System, build_system
from assets.publication.disclosure.programmes import Model as Programme
from assets.publication.release import earlier_releases
from tests.attacker.knowledge import Model, build
from tests.attacker.reading import TOTAL, programme, read_editions
from tests.attacker.truth import true_counts

OF_EACH = int(os.environ.get("OBSERVATORY_ATTACK_TIES", "8"))
"""Ties of each kind that are asked about."""
MOST, NEARLY = 20_000.0, 1e-6
"""More than any count of a region."""
TOLD_BY_SYMBOLS = {"somebody of unknown age"}
"""What the gate has as a bound of the count, and not as a tie."""
OF_PARTS = {"fostering places are the area's"}
"""What the gate takes for true of each type: of a total it would be so by chance."""
Row = tuple[dict[int, float], float, float]


@dataclass
class Both:
    """One edition as the attacker has it and as the gate has it."""

    attacker: Model
    gate: System

    def rows(self) -> dict[str, list[Row]]:
        """The attacker's ties between figures that the gate has, by kind, in the gate's variables."""
        cells = self.gate.cells
        keys = zip(cells["table"], cells["measure"], cells["area"], cells["key"], strict=True)
        at = {
            (table, measure, (area, *(key.split("|") if key else ()))): variable
            for (table, measure, area, key), variable in zip(keys, cells["variable"], strict=True)
        }
        ties, names = self.attacker.rows, self.attacker.names
        rows: dict[str, list[Row]] = defaultdict(list)
        for row, why in enumerate(ties.why):
            entries = range(ties.starts[row], ties.starts[row + 1])
            cells_of = [names[ties.variables[entry]] for entry in entries]
            # what is printed nowhere each numbers for itself
            if any(name is None or name[1] not in at for name in cells_of):
                continue
            if why in OF_PARTS and any(TOTAL in name[1][2] for name in cells_of):  # type: ignore[index]
                continue
            signs: dict[int, float] = defaultdict(float)
            for entry, name in zip(entries, cells_of, strict=True):
                signs[at[name[1]]] += ties.coefficients[entry]  # type: ignore[index]
            rows[why].append((signs, ties.low[row], ties.high[row]))
        return rows


@pytest.fixture(scope="module")
def both(world) -> Both:
    """The newest edition of the last date."""
    edition = read_editions(world.releases)[-1]
    held = [
        one
        for one in earlier_releases(world.warehouse, edition.date)
        if (one.census_date, one.number) == (edition.date, edition.number)
    ]
    model = build([edition], programme(), [true_counts(world.warehouse, edition)])
    return Both(model, build_system(held))


def test_whatever_its_attacker_ties_follows_from_the_gates_ties(both):
    system, rows = both.gate, both.rows()
    public = np.zeros(len(system.low), dtype=bool)
    public[system.cells.loc[system.cells["is_public"], "variable"]] = True
    low, high = np.where(public, system.low, 0.0), np.where(public, system.high, MOST)
    gate = Programme(system.matrix, system.row_low, system.row_high, low, high)
    drawn, lacking = np.random.default_rng(1), []
    for why, of_kind in rows.items():
        if ": total" in why or why in TOLD_BY_SYMBOLS:
            continue
        for n in drawn.permutation(len(of_kind))[:OF_EACH]:
            signs, least, most = of_kind[n]
            weights = np.zeros(len(low))
            weights[list(signs)] = list(signs.values())
            for sign, end in ((1, least), (-1, -most)):
                if np.isfinite(end):
                    solution = gate.solve(sign * weights)
                    if solution is None or sign * weights @ solution < end - NEARLY:
                        lacking.append(f"{why}: {[system.names[v] for v in list(signs)[:4]]}")
    assert len(rows) > 40
    assert not lacking, "add to schemas/ties.toml:\n" + "\n".join(lacking)
