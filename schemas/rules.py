"""The rules that a return can break (`rules.toml`), and the sentence that each has for the sender.

Belongs here: reading the rules and filling in their sentences.
Does not belong here: finding out whether a rule is broken (`contracts.py`, `assets/intake`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from string import Formatter

REJECTS_FILE = "rejects the file"
REJECTS_ROW = "rejects the row"
WARNS = "warns"
NOTES = "notes"


@dataclass(frozen=True)
class Rule:
    """One rule: its name, what breaking it does, and its sentence."""

    name: str
    severity: str
    says: str

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """The words that its sentence has room for: some of column, value, expected and hint."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.says) if name)

    def sentence(self, **words: object) -> str:
        """The sentence with its placeholders filled in; those not given are left empty."""
        given = {"column": "", "value": "", "expected": "", "hint": ""} | words
        return self.says.format(**given).strip()


@cache
def rules() -> dict[str, Rule]:
    """All rules by name."""
    data = tomllib.loads((Path(__file__).parent / "rules.toml").read_text(encoding="utf-8"))
    return {name: Rule(name=name, **entry) for name, entry in data.items()}


def rule(name: str) -> Rule:
    """The rule called `name`.

    Raises:
        KeyError: there is none.
    """
    return rules()[name]
