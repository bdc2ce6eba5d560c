"""Rows: the rows of a table as far as they have been judged, and what a rule gives.

Belongs here: fates, the outcome of a rule, putting it on record, and the words of a finding.
Does not belong here: the rules themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from assets.intake.door.cells import Cells
from assets.intake.door.findings import Finding, RowFindings
from assets.intake.door.frame import Frame
from schemas.returns import Column, ReturnTable
from schemas.rules import REJECTS_ROW

LOADED, REJECTED, SET_ASIDE = "loaded", "rejected", "set aside"
FATES = (LOADED, REJECTED, SET_ASIDE)
"""What becomes of a row. A frame's fates are kept as places in this tuple."""

_LOADED, _REJECTED, _SET_ASIDE = range(3)
NO_ROWS = np.array([], dtype="int64")


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a rule gives: findings and fates.

    `findings` are about rows; those of a rule that rejects rows reject theirs. `rejected` are rows
    that go with nothing said of them (the file says it), `set_aside` rows that another one stands
    for. `about_parts` are findings about sheets, by the place of their part in the frame.
    `silenced` are findings that one about the whole file stands for: a rule, and rows.
    """

    findings: Sequence[RowFindings] = ()
    rejected: np.ndarray = field(default_factory=lambda: NO_ROWS)
    set_aside: np.ndarray = field(default_factory=lambda: NO_ROWS)
    about_parts: Sequence[tuple[int, Finding]] = ()
    silenced: tuple[str, np.ndarray] | None = None


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """The rows of a table, what was understood and worked out of them, and what is on record.

    `authority` is the code of the authority responsible for each row; `derived` has the columns
    that the door adds. `fate` is each row's place in `FATES`.
    """

    cells: Cells
    authority: pd.Series
    derived: Mapping[str, pd.Series]
    fate: np.ndarray
    findings: tuple[RowFindings, ...] = ()

    @property
    def frame(self) -> Frame:
        """The rows as received."""
        return self.cells.frame

    @property
    def table(self) -> ReturnTable:
        """The layout of the rows."""
        return self.frame.table

    @cached_property
    def is_loaded(self) -> pd.Series:
        """Rows that nothing has rejected or set aside so far."""
        return pd.Series(self.fate == _LOADED)

    @cached_property
    def is_data(self) -> pd.Series:
        """Rows that have not been set aside so far."""
        return pd.Series(self.fate != _SET_ASIDE)

    @cached_property
    def fates(self) -> pd.Series:
        """Each row's fate, in words."""
        return pd.Series(np.array(FATES, dtype=object)[self.fate], dtype="str")

    def after(self, outcome: Outcome) -> JudgedRows:
        """The rows with a rule's outcome on record. What it says of parts is not: see `judging`."""
        fate = self.fate.copy()
        for finding in outcome.findings:
            if finding.severity == REJECTS_ROW:
                fate[finding.rows] = _REJECTED
        fate[outcome.rejected] = _REJECTED
        # last, for a row that another one stands for has no fault of its own
        fate[outcome.set_aside] = _SET_ASIDE
        findings = self.findings
        if outcome.silenced is not None:
            name, rows = outcome.silenced
            findings = tuple(f.without(rows) if f.rule == name else f for f in findings)
        return replace(self, fate=fate, findings=(*findings, *outcome.findings))

    def rejecting(self, mask: pd.Series) -> JudgedRows:
        """The rows with those of `mask` rejected that would have been loaded."""
        fate = np.where(mask.to_numpy() & (self.fate == _LOADED), _REJECTED, self.fate)
        return replace(self, fate=fate)


Rule = Callable[[JudgedRows], Outcome]
Clue = str | list[str] | Callable[[str], str]


def starting(frame: Frame) -> np.ndarray:
    """The fates with which judging begins: rows that are no data set aside, all others loaded."""
    return np.where(frame.is_aside.to_numpy(), _SET_ASIDE, _LOADED).astype("int8")


def found(
    rows: JudgedRows,
    name: str,
    at: pd.Series | np.ndarray | Iterable[int],
    column: Column | None = None,
    *,
    expected: str = "",
    hint: Clue = "",
) -> list[RowFindings]:
    """Findings of the rule `name` in these rows: a mask, or places. None where there is no row.

    `hint` is one text for all, one a row, or a function of the cell's text as received.
    """
    places = _places(at)
    if not len(places):
        return []
    if callable(hint):
        hint = _clues(rows, column, places, hint)
    if column is None:
        values = pd.Series("", index=places, dtype="str")
        is_quoted = np.zeros(len(places), dtype=bool)
    else:
        told = rows.cells.told(column, places)
        values, is_quoted = told.values, told.is_quoted
    title = column.headers[0] if column else ""
    return [RowFindings(name, places, title, values, is_quoted, expected, hint)]


def _places(at: pd.Series | np.ndarray | Iterable[int]) -> np.ndarray:
    if isinstance(at, pd.Series):
        return np.flatnonzero(at.to_numpy(dtype=bool))
    return np.asarray(at if isinstance(at, np.ndarray) else list(at), dtype="int64")


def _clues(
    rows: JudgedRows, column: Column | None, places: np.ndarray, clue: Callable[[str], str]
) -> str | list[str]:
    """A clue for each row; made once for each distinct text, because finding one may take long."""
    if column is None:
        return ""
    texts = rows.frame.texts[column.name].iloc[places]
    clues = {text: clue(text) for text in texts.unique()}
    return [clues[text] for text in texts]
