"""Code sets (`codes/*.csv`): the labels a column may hold, their other spellings, and what each
label means.

Belongs here: reading a code set and finding the label that a spelling stands for.
Does not belong here: what a wrong label does to a row (that is the contract's business).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent / "codes"

_FOLDED = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "\u2013": "-",
        "\u2014": "-",
        "\u2011": "-",
        "\u00a0": " ",
        "<": " under ",
        ">": " over ",
    }
)


def spelling_key(text: str) -> str:
    """The form in which two spellings are the same: case, spaces, quotes and dashes set aside; `<`
    and `>` tell two apart.
    """
    folded = text.translate(_FOLDED).casefold().replace("&", "and").replace("'", "")
    return re.sub(r"[^a-z0-9/]+", " ", folded).strip()


@dataclass(frozen=True)
class CodeSet:
    """A closed set of labels.

    `meanings` has, by label, the file's further columns (for `type_of_provision`: provision type,
    arrangement …).
    """

    name: str
    labels: tuple[str, ...]
    by_spelling: dict[str, str]
    meanings: dict[str, dict[str, str]]

    def label(self, text: str) -> str | None:
        """The label that `text` spells, or None."""
        return self.by_spelling.get(spelling_key(text))


@cache
def code_set(name: str) -> CodeSet:
    """The code set in `codes/<name>.csv`.

    Raises:
        ValueError: one spelling stands for two labels.
    """
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_spelling: dict[str, str] = {}
    for row in rows:
        for spelling in (row["label"], *filter(None, row["spellings"].split("|"))):
            known = by_spelling.setdefault(spelling_key(spelling), row["label"])
            if known != row["label"]:
                raise ValueError(
                    f"codes/{name}.csv: '{spelling}' stands for '{known}' and for '{row['label']}'."
                )
    meanings = {
        row["label"]: {k: v for k, v in row.items() if k not in ("label", "spellings")}
        for row in rows
    }
    return CodeSet(name, tuple(row["label"] for row in rows), by_spelling, meanings)
