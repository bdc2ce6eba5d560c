"""What comes of the gate: leaks, a verdict, what would pass instead, and a release that is ready to
leave.

Belongs here: what is handed on, with the sentences that a person reads. Does not belong here: how
it is found (`gate`, `offers`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from assets.publication.tables import TrueTable


@dataclass(frozen=True)
class Leak:
    """A small count that can be worked out: its variable and name, what is left of it, and the
    cells and ties that give it away.
    """

    variable: int
    cell: str
    least: float
    greatest: float
    by_cells: tuple[str, ...]
    by_ties: tuple[str, ...]

    def __str__(self) -> str:
        # which value it is stays out of what is printed, logged and kept: the message goes further
        # than the figure may
        left = max(1, int(self.greatest - self.least) + 1)
        by = (
            f"Given away by {'; '.join(self.by_ties)}, of"
            f" {'; '.join(self.by_cells) or 'these alone'}"
        )
        return f"{self.cell}: only {left} of its values {'is' if left == 1 else 'are'} left. {by}"


@dataclass(frozen=True)
class Prepared:
    """Tables that are ready to leave, if the gate lets them, how many cells the repair has hidden,
    and the truth behind what is printed. Where not `ranked`, they may leave if no member is told
    its ranks.
    """

    tables: dict[str, pd.DataFrame]
    repaired: int
    verdict: Verdict
    true: dict[str, TrueTable] = field(default_factory=dict)
    ranked: bool = True


@dataclass(frozen=True)
class Offer:
    """What would pass in place of a refused release, tried out: `do` is to "wait", to "hide"
    `cells` besides, or to "carry over" `tables` from the edition before; `says` tells a person.
    `prepared` is the release that was tried, as it would be.
    """

    do: str
    says: str
    cells: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    prepared: Prepared | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return self.says + (f": {'; '.join(self.cells)}" if self.cells else "")


@dataclass(frozen=True)
class Verdict:
    """What the gate found: leaks (none where the release may leave), contradictions, how much was
    tried, and where it refuses, offers.
    """

    leaks: tuple[Leak, ...] = ()
    contradictions: tuple[str, ...] = ()
    protected: int = 0
    variables: int = 0
    programmes: int = 0
    seconds: float = 0.0
    offers: tuple[Offer, ...] = ()
    excused: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the release may leave."""
        return not self.leaks and not self.contradictions

    def offered(self) -> list[str]:
        """What would pass in its place, a line each."""
        return [
            str(offer) if offer.do == "wait" else f"It would pass: {offer}" for offer in self.offers
        ]

    def lines(self) -> list[str]:
        """What it found, a line each."""
        return [*map(str, self.leaks), *self.contradictions]
