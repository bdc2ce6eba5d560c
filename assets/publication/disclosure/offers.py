"""What would pass in place of a release that the gate has refused: tried out, not guessed.

Belongs here: waiting, hiding what has moved by a child, carrying tables over from the edition
before. Does not belong here: the proof (`gate`), how figures are carried over (`editions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from assets.publication.disclosure.knowledge import Published, System
from assets.publication.disclosure.verdict import Offer, Prepared, Verdict
from assets.publication.tables import TrueTable

_NAMED = 40
"""Cells that an offer names; the others it counts."""
_MOST_TO_HIDE = 0.2
"""The greatest share of all counts that is offered to be hidden."""


def offers(
    refused: Verdict,
    system: System,
    true: Mapping[str, TrueTable],
    edition: Published,
    moved: Mapping[tuple[str, str], np.ndarray],
    tried: Callable[..., Prepared],
) -> tuple[Offer, ...]:
    """What would pass: `tried(carried=…, hidden=…)` prints and asks the gate. Waiting always is an
    offer, with the figures to wait for.
    """
    names = {(t, m, row): system.names[v] for t, m, row, v in _newest(system)}
    cells = [
        names[t, m, row]
        for (t, m), rows in moved.items()
        for row in np.flatnonzero(rows).tolist()
        if (t, m, row) in names
    ]
    near = {name.split(" (")[0] for leak in refused.leaks for name in (leak.cell, *leak.by_cells)}
    # of what has moved, what the refusal names tells most
    giving = [cell for cell in cells if cell in near] or cells
    since = f"r{edition.number}"
    offered = [
        Offer(
            "wait",
            f"Wait for more corrections: these have moved by a child since {since}, and no more",
            _named(giving),
        )
    ]
    few = len(cells) <= _MOST_TO_HIDE * max(
        1, sum(len(rows) for rows in moved.values())
    )  # who hides nearly all publishes nothing
    if cells and few and (hiding := tried(hidden=moved)).verdict.passed:
        offered.append(
            Offer(
                "hide",
                f"Hide what has moved by a child since {since}",
                _named(cells),
                prepared=hiding,
            )
        )
    changed = {t for t, one in true.items() if _has_changed(one, edition)}
    tables = {cell.split(".")[0] for cell in near} & changed
    # the fewest tables first; then all that have changed
    for some in dict.fromkeys((tuple(sorted(tables)), tuple(sorted(changed)))):
        if some and (carrying := tried(carried=some)).verdict.passed:
            says = f"Publish with these tables as they were in {since}: {', '.join(some)}"
            offered.append(Offer("carry over", says, tables=some, prepared=carrying))
            break
    return tuple(offered)


def _newest(system: System) -> list[tuple[str, str, int, int]]:
    cells = system.cells
    cells = cells[(cells["release"] == cells["release"].max()) & cells["is_printed"]]
    return list(cells[["table", "measure", "row", "variable"]].itertuples(index=False, name=None))


def _named(cells: list[str]) -> tuple[str, ...]:
    return (*cells[:_NAMED], *([f"and {len(cells) - _NAMED} more"] if len(cells) > _NAMED else []))


def _has_changed(one: TrueTable, edition: Published) -> bool:
    """Whether any count of a table differs from the edition's, or cannot be held against it."""
    held = (edition.truth or {}).get(one.table.name)
    counts = [m.name for m in one.table.of_rule("count")]
    if held is None or len(held) != len(one.values) or not set(counts) <= set(held.columns):
        return bool(counts)
    return not np.array_equal(
        one.values[counts].to_numpy(), held[counts].to_numpy(), equal_nan=True
    )
