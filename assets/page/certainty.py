"""What may be said of figures that are rounded and partly hidden: which part is surely the largest,
and which shares rest on enough.

Belongs here: the rules by which a sentence or a drawing is allowed, and the notes on shares and
coverage below charts. Does not belong here: the words of the sentences (`headline`, `supply`,
`demand`, `sections`).
"""

from __future__ import annotations

from collections.abc import Mapping

from assets.page.figures import Figure
from assets.page.wording import part_and_percent
from assets.publication.disclosure.rules import CONFIDENTIAL, NOT_AVAILABLE

ENOUGH = 50
"""The least printed whole whose share is said as a share, or set beside others: rounding seldom
moves it by more than five points.
"""
FEW = 20
"""Of fewer than these no superlative is said: the dearest tenth of ten is one, the commonest reason
of five places may be one home's.
"""

NOTE_ON_COVERAGE = (
    "Registered and returned are settings of the register. Figures also count those that returned"
    " and are not in it, fostering services among them. Places and children counted are rounded."
)


def is_enough(whole: Figure) -> bool:
    """Whether a share of this whole may be said as one, set beside others or coloured on a map."""
    return (whole.number or 0) >= ENOUGH


def are_many(whole: Figure) -> bool:
    """Whether these are so many that a superlative of them says something."""
    return (whole.number or 0) >= FEW


def out_by(whole: Figure, round_to: int) -> float:
    """Percentage points by which rounding can move a share of this whole, at most: its part and the
    whole each by half of `round_to`.
    """
    least = (whole.number or 0) - round_to / 2
    return min(100 * round_to / least, 100.0) if least > 0 else 100.0


def surely_largest(parts: Mapping[str, Figure], whole: Figure, round_to: int) -> str:
    """The name of the part that is the largest, whatever the rounding and the parts that are not
    shown; blank where that cannot be proved.

    What is hidden is at most the whole less the parts that are shown, each rounded. What nobody
    returned may be anything.
    """
    shown = sorted(
        ((f.number, name) for name, f in parts.items() if f.number is not None), reverse=True
    )
    # two parts that are printed alike: either may be the larger
    if not shown or not shown[0][0] or (len(shown) > 1 and shown[0][0] == shown[1][0]):
        return ""
    (most, name), half = shown[0], round_to / 2
    symbols = {f.text for f in parts.values()}
    # the most that can be hidden: the whole at its largest, the shown parts at their least
    rest = (
        whole.number + half - sum(max(number - half, 0) for number, _ in shown)
        if whole.number is not None
        else float("inf")
    )
    is_doubtful = NOT_AVAILABLE in symbols or (CONFIDENTIAL in symbols and most - half <= rest)
    return "" if is_doubtful else name


def portion(share: Figure, part: Figure, whole: Figure, round_to: int) -> str:
    """A share in a sentence, before what it is of: `more than a quarter (27%) of the`; of a small
    whole the counts, `about 10 of the 20`.

    Blank where neither may be said.
    """
    if share.is_shown and is_enough(whole):
        return f"{part_and_percent(share, out_by(whole, round_to))} of the"
    if not part.is_shown or not whole.number:
        return ""
    return f"{f'about {part}' if part.number else 'none'} of the {whole}"


def note_on_shares(round_to: int) -> str:
    """What a reader of shares in a chart should know."""
    return (
        f"Shares are of counts rounded to {round_to}: a share of {4 * round_to} can be out by more"
        " than ten percentage points."
    )
