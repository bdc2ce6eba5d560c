"""Findings: what was found, in the words from which its sentence is made when it is shown.

Belongs here: one finding, many findings of one rule, and how they become a table.
Does not belong here: whether a rule is broken (the rules), and its words (`schemas/rules.toml`).

A finding keeps its words apart (the column, the value, what was expected, a hint), so that whoever
brings findings together, as an answer does, never has to take a sentence apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from schemas.rules import rule

FINDING_COLUMNS = [
    "submission_id", "table_name", "sheet", "row_number", "column_name", "value", "rule",
    "severity", "message", "expected", "hint", "is_quoted",
]  # fmt: skip
"""The columns of `raw.finding`."""


def sentence(
    name: str, column: str, value: str, expected: str, hint: str, *, is_quoted: bool
) -> str:
    """What a rule says to the sender, of these words."""
    return rule(name).sentence(
        column=f"'{column}'" if column else "",
        value=f"'{value}'" if is_quoted else value,
        expected=expected,
        hint=hint,
    )


@dataclass(frozen=True)
class Finding:
    """One finding about a file, a sheet of it, or a row.

    `row_number` counts as the sender does, from 1; it is 0 for a finding about a sheet or the whole
    file. `is_quoted` says that `value` is what was sent, letter by letter, and stands in quotation
    marks in a sentence; where it is not set, `value` is a number, a name of ours, or the form of
    what was sent ("a date").
    """

    rule: str
    table_name: str = ""
    sheet: str = ""
    row_number: int = 0
    column_name: str = ""
    value: str = ""
    expected: str = ""
    hint: str = ""
    is_quoted: bool = False

    @property
    def severity(self) -> str:
        """What breaking the rule does."""
        return rule(self.rule).severity

    @property
    def message(self) -> str:
        """The finding as a sentence: what was found, what was expected, what to do."""
        return sentence(
            self.rule, self.column_name, self.value, self.expected, self.hint,
            is_quoted=self.is_quoted,
        )  # fmt: skip

    def row(self, submission_id: str) -> tuple:
        """The finding as a row of `FINDING_COLUMNS`."""
        return (
            submission_id, self.table_name, self.sheet, self.row_number, self.column_name,
            self.value, self.rule, self.severity, self.message, self.expected, self.hint,
            self.is_quoted,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class RowFindings:
    """Findings of one rule in one column, one a row of a frame.

    `rows` are places in the frame, counted from 0. `values`, and `expected` and `hint` where they
    are lists, have one text a row; `expected` or `hint` that is one text is that of every row.
    `is_quoted` has one truth a row, as in `Finding`.
    """

    rule: str
    rows: np.ndarray
    column: str
    values: pd.Series
    is_quoted: np.ndarray
    expected: str | list[str] = ""
    hint: str | list[str] = ""

    @property
    def severity(self) -> str:
        """What breaking the rule does."""
        return rule(self.rule).severity

    def without(self, rows: np.ndarray) -> RowFindings:
        """The findings but those about these rows."""
        stays = ~np.isin(self.rows, rows)
        return RowFindings(
            self.rule, self.rows[stays], self.column, self.values[stays], self.is_quoted[stays],
            _some(self.expected, stays), _some(self.hint, stays),
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """One row a finding: `row` and the columns of `FINDING_COLUMNS` that the rule knows."""
        return pd.DataFrame(
            {
                "row": self.rows,
                "column_name": self.column,
                "value": self.values.to_numpy(),
                "rule": self.rule,
                "severity": self.severity,
                "message": self._messages(),
                "expected": self.expected,
                "hint": self.hint,
                "is_quoted": self.is_quoted,
            }
        )

    def _messages(self) -> list[str]:
        # a rule broken in a million rows is mostly broken in the same few ways
        sentences: dict[tuple[str, bool, str, str], str] = {}
        count = len(self.rows)
        messages = []
        for words in zip(
            self.values.tolist(), self.is_quoted.tolist(), _each(self.expected, count),
            _each(self.hint, count), strict=True,
        ):  # fmt: skip
            if words not in sentences:
                value, is_quoted, expected, hint = words
                sentences[words] = sentence(
                    self.rule, self.column, value, expected, hint, is_quoted=is_quoted
                )
            messages.append(sentences[words])
        return messages


def _each(words: str | list[str], count: int) -> Sequence[str]:
    return words if isinstance(words, list) else [words] * count


def _some(words: str | list[str], stays: np.ndarray) -> str | list[str]:
    if not isinstance(words, list):
        return words
    return [word for word, does in zip(words, stays, strict=True) if does]
