"""Words for figures: sentences that are right for one and for many, and for a figure that is
hidden, missing or zero.

Belongs here: plurals, possessives, dates, shares in words, and what is said where a symbol stands
instead of a number. Does not belong here: which sentences a page has (`sections`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assets.page.figures import LOW, Figure
from assets.publication.disclosure.rules import NOT_APPLICABLE
from schemas.rounding import as_decimal, half_up

_PARTS = {
    10: "a tenth", 20: "a fifth", 25: "a quarter", 100 / 3: "a third", 50: "half",
    200 / 3: "two thirds", 75: "three quarters", 80: "four fifths", 90: "nine tenths",
}  # fmt: skip
_EXACTLY = 0.75
"""A share this near to a simple part (in percentage points) is called about that part."""
_BESIDE = 3.0
"""A share this near is called more or less than it; others keep their number."""


def day(date: dt.date) -> str:
    """`31 December 2025`."""
    return f"{date.day} {date:%B %Y}"


def month(date: dt.date) -> str:
    """`Dec 2025`."""
    return f"{date:%b %Y}"


def possessive(name: str) -> str:
    """`Stockport's`, `St. Helens'`."""
    return f"{name}\u2019" if name.endswith("s") else f"{name}\u2019s"


def number_of(figure: Figure, one: str, many: str) -> str:
    """`1 place`, `2,370 places`, `no places`; of a figure that is a number."""
    if figure.number == 0:
        return f"no {many}"
    return f"{figure} {one if figure.number == 1 else many}"


def whole_percent(figure: Figure) -> str:
    """A published percentage to the whole number, as a sentence gives it: `73%`; `100%` and `0%`
    only where they are so.
    """
    if figure.text == LOW:
        return "less than 1%"
    number = figure.number
    if number is None:
        return str(figure)
    rounded = int(half_up(as_decimal(number), 0))
    if rounded == 0 and number > 0:
        return "less than 1%"
    if rounded == 100 and number < 100:
        return "more than 99%"
    return f"{rounded}%"


def part_of(figure: Figure, out_by: float = 0.0) -> str:
    """A share in words: `about a quarter`, `more than a third`, `nearly half`; where no simple part
    is near, `41%`.

    A share that may be out by so many points is not said to be more or less than a part that is
    nearer.
    """
    number = figure.number
    if number is None or number in (0, 100):
        return whole_percent(figure)
    near = min(_PARTS, key=lambda part: abs(part - number))
    if abs(near - number) <= min(max(_EXACTLY, out_by), _BESIDE):
        return f"about {_PARTS[near]}"
    if abs(near - number) <= _BESIDE:
        return f"{'more than' if number > near else 'nearly'} {_PARTS[near]}"
    return whole_percent(figure)


def part_and_percent(figure: Figure, out_by: float = 0.0) -> str:
    """A share in words with its number: `more than a quarter (27%)`; where no simple part is near,
    `41%`.
    """
    words = part_of(figure, out_by)
    return words if words.endswith("%") else f"{words} ({whole_percent(figure)})"


def sentence(text: str) -> str:
    """The text with its first letter in upper case and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def within(label: str) -> str:
    """A label within a sentence: its first letter in lower case, and no other (`latest overall
    judgement by Ofsted`).
    """
    return f"{label[:1].lower()}{label[1:]}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return (
        names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
    )


def unsaid(figure: Figure, what: str) -> str:
    """What is said of a figure that is not a number: `what` is the beginning, such as `How many
    places are empty`.
    """
    if figure.is_hidden:
        return f"{what} is not shown: the number is small, or would give away one that is."
    if figure.text == LOW:
        return f"{what} rounds to 0, but is not 0."
    if figure.text == NOT_APPLICABLE:
        return f"{what} does not apply, or cannot be worked out from the returns that came."
    return f"{what} is not known: no return was received."


def say(figure: Figure, words: str, what: str) -> str:
    """The sentence `words`, where the figure is a number; else why `what` is not said. Empty where
    the release has no such figure.
    """
    if not figure.is_there:
        return ""
    return sentence(words) if figure.is_shown else unsaid(figure, what)
