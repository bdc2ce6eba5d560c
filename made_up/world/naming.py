"""Made-up names of owners, homes and agencies, and made-up registration numbers.

Belongs here: words and numbers that look right and mean nobody.
Does not belong here: authorities' names (`returns/spelling.py`).
"""

from __future__ import annotations

import numpy as np

from made_up.drawing import Texts

_FIRST = (
    "Alder", "Amber", "Ash", "Beacon", "Birch", "Bramble", "Bright", "Brook", "Cedar", "Clover", "Copper", "Crest", "Dale",
    "Elder", "Fair", "Fern", "Field", "Garth", "Glen", "Golden", "Green", "Hazel", "Heather", "High", "Holly", "Kestrel",
    "Lark", "Laurel", "Lime", "Linden", "Maple", "Meadow", "Mill", "Moor", "North", "Oak", "Old", "Orchard", "Pine",
    "River", "Rowan", "Silver", "Spring", "Stone", "Sun", "Thorn", "Valley", "Water", "West", "Willow",
)  # fmt: skip
_SECOND = (
    "bank", "bridge", "brow", "burn", "cliffe", "croft", "dene", "fold", "ford", "gate", "grove", "ham", "haven", "hurst",
    "land", "leigh", "lea", "mere", "moor", "mount", "ridge", "rise", "side", "stead", "thwaite", "vale", "view", "wood",
)  # fmt: skip
_HOMES = ("House", "Lodge", "Cottage", "View", "Farm", "Place")
_OWNERS = (
    "Care Ltd", "Children's Services Limited", "Residential Care Ltd", "Homes Limited", "Care Group Ltd", "Young People Ltd",
)  # fmt: skip
_CHARITIES = ("Trust", "Foundation", "Society for Children")
_AGENCIES = ("Fostering Ltd", "Foster Care Limited", "Fostering Agency Ltd")


def _stems(rng: np.random.Generator, size: int) -> list[str]:
    """Different stems: the words' pairs in a shuffled order, numbered once they are used up."""
    pairs = [a + b for a in _FIRST for b in _SECOND]
    order = rng.permutation(len(pairs))
    return [
        pairs[order[i % len(pairs)]] + ("" if i < len(pairs) else f" {i // len(pairs) + 1}")
        for i in range(size)
    ]


def owner_names(rng: np.random.Generator, sectors: Texts, agencies: np.ndarray) -> list[str]:
    """A different name for each owner, by its sector and whether it is a fostering agency."""
    names = []
    for stem, sector, agency in zip(_stems(rng, len(sectors)), sectors, agencies, strict=True):
        endings = _CHARITIES if sector == "Voluntary" else _AGENCIES if agency else _OWNERS
        names.append(f"{stem} {endings[rng.integers(len(endings))]}")
    return names


def home_names(rng: np.random.Generator, size: int) -> Texts:
    """Names of homes; some are alike, as in life."""
    first, second = rng.integers(len(_FIRST), size=size), rng.integers(len(_SECOND), size=size)
    last = rng.integers(len(_HOMES), size=size)
    return np.array(
        [
            f"{_FIRST[a]}{_SECOND[b]} {_HOMES[c]}"
            for a, b, c in zip(first, second, last, strict=True)
        ],
        dtype=object,
    )


def registration_numbers(rng: np.random.Generator, size: int, old: np.ndarray) -> Texts:
    """Different URNs: seven digits, or `SC` and six digits for those of `old`."""
    digits = 1_200_000 + rng.choice(1_600_000, size=size, replace=False)
    six = 10_000 + rng.choice(490_000, size=size, replace=False)
    return np.where(
        old, np.char.add("SC", np.char.zfill(six.astype(str), 6)), digits.astype(str)
    ).astype(object)


def provider_numbers(rng: np.random.Generator, size: int) -> list[str]:
    """Different senders' names for providers."""
    return [
        f"provider-{number}"
        for number in 1000 + rng.choice(max(9000, 2 * size), size=size, replace=False)
    ]
