"""Setting aside: rows that are no data, and rows of children who were erased.

Belongs here: blank rows, lines of sums, notes below a table, and exact repeats.
Does not belong here: rows that are data and wrong (the rules).

Each kind is a function from the frame to a mask of its rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from assets.intake.columns import Coded, series_of
from assets.intake.deriving import derive_authority
from assets.intake.door.findings import Finding
from assets.intake.door.frame import Frame, offsets
from assets.intake.parsing import is_damaged, parse
from assets.intake.reading import cell_text
from resources.pseudonym import child_keys
from schemas.returns import Column

ERASED = "about a child who was erased at the authority's request"
BLANK = "blank"
TOTAL = "a totals line"
NOTE = "a note below the table"
REPEATED = "an exact duplicate of an earlier row"
EXPLAINED = "the template's explanations"
EXAMPLE = "the template's example"

_LONGER_THAN_AN_ANSWER = 40
"""Characters. No label, number or date of the columns with explanations is longer."""
_FEWEST_EXPLANATIONS = 5

_TOTAL = "^(grand |sub-? ?)?totals? ?:?$"
_SUM_LINE = (
    r"^(all|sum of( all)?) [a-z' ]{3,30}:?$"
    r"|\b(grand |sub-? ?|overall )?totals?( [a-z']+){0,2} ?:?$"
)
"""Words of a line of sums: `Stockport total`, `TOTAL PLACES`, `All homes`."""

_LACKING_IN_SUMS = 2
"""A line with such words is one of sums if it lacks so many of the cells that every row needs."""

_NOTE_LINE = re.compile(
    r".*:$|(notes?|source|prepared|produced|key|as at)\b|[*\[(]|\d+[.)] "
    r"|\S*[a-z]{2}\S* +[a-z]{2}",
    re.IGNORECASE,
)
_NOTE_CELLS = 3
"""A note has few cells: one, or as many as its commas part it into."""
_NOTE_BEGINS = 200
"""So many characters tell a note by its words."""

Bodies = Sequence[Sequence[list]]
AboutParts = list[tuple[int, Finding]]
"""Findings about sheets, each with the place of its part in the frame."""


def set_aside(frame: Frame, bodies: Bodies) -> tuple[Frame, AboutParts]:
    """The frame with its rows that are no data set aside, and what is to be told of them.

    `bodies` are the rows of the frame's parts, whole: a row may have something in a column that is
    none of the layout's.
    """
    if frame.table.leave_alone:
        everything = pd.Series(np.ones(len(frame), dtype=bool))
        return frame.setting_aside(everything), _left_alone(frame)
    given = _Given.of(frame)
    blank = _blank(frame, bodies, given)
    explained, example = _of_the_template(frame, bodies, blank)
    of_template = explained | example
    # the template's own rows are told as such, whatever else they look like
    total = _totals(frame, given) & ~of_template
    note = _notes_below(frame, bodies, given, blank | total) & ~of_template
    repeated = _repeated(frame) & ~blank & ~total & ~note & ~of_template
    kinds = {
        BLANK: blank, EXPLAINED: explained, EXAMPLE: example, TOTAL: total & ~blank, NOTE: note,
        REPEATED: repeated,
    }  # fmt: skip
    findings = [one for kind, mask in kinds.items() for one in told_aside(frame, mask, kind)]
    findings += _in_the_examples_place(frame, example)
    # totals, notes and examples are no rows of the table: nothing that stands in them is kept
    nothing_of = total | note | of_template
    frame = frame.forgetting(nothing_of).setting_aside(blank | nothing_of | repeated)
    # values may stand under the wrong columns, a child's reference among them: none is kept
    return frame.forgetting(frame.is_misaligned & frame.is_data), findings


def told_aside(frame: Frame, mask: pd.Series, why: str) -> AboutParts:
    """What is told of rows set aside: how many, for each sheet that has some."""
    return [
        (
            part,
            Finding(
                "set_aside", frame.table.name, frame.parts[part].sheet.label,
                value=str(count), hint=why,
            ),
        )
        for part, count in frame.count_by_part(mask)
    ]  # fmt: skip


def _left_alone(frame: Frame) -> AboutParts:
    """What is told of a table that the observatory does not need."""
    findings = []
    for place, count in frame.count_by_part(frame.is_data):
        part, table = frame.parts[place], frame.table
        names = [name for name in part.found.columns if name != "child"]
        marks = ", ".join(table.column(name).headers[0] for name in names)
        hint = f"it has the column {marks}"
        finding = Finding(
            "table_left_alone", table.name, part.sheet.label, value=str(count), hint=hint
        )
        findings.append((place, finding))
    return findings


# --- what stands in the rows ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Given:
    """By row: whether all columns of the layout are blank, and how many needed cells are."""

    nothing: pd.Series
    lacking: pd.Series

    @staticmethod
    def of(frame: Frame) -> _Given:
        nothing = np.ones(len(frame), dtype=bool)
        lacking = np.zeros(len(frame), dtype="int64")
        for column in frame.table.columns:
            coded = frame.coded[column.name]
            empty = coded.rows(coded.is_blank)
            nothing &= empty
            if column.needed:
                lacking += empty
        return _Given(pd.Series(nothing), pd.Series(lacking))


def _blank(frame: Frame, bodies: Bodies, given: _Given) -> pd.Series:
    """Rows with nothing in any column, the layout's or another."""
    blank = given.nothing.copy()
    starts = offsets([len(rows) for rows in bodies])
    for row in np.flatnonzero(blank):
        # only rows without anything in the layout's columns are looked at whole: they are few
        part = int(frame.part.iloc[row])
        cells = bodies[part][int(row) - starts[part]]
        blank.iloc[row] = not any(cell_text(cell).strip() for cell in cells)
    return blank


def _of_the_template(frame: Frame, bodies: Bodies, blank: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The row of explanations below the header of a template, and the example below that."""
    explained, example = (np.zeros(len(frame), dtype=bool) for _ in range(2))
    # free text may be long in an answer too, so its columns tell nothing of explanations
    closed = [c for c in frame.table.columns if c.codes or (c.type != "text" and not c.personal)]
    if frame.table.explained:
        for rows, start in zip(bodies, offsets([len(rows) for rows in bodies]), strict=False):
            if len(rows) and _is_explanation(frame, closed, start):
                explained[start] = True
                # the example may have been cleared, and its blank row left
                if len(rows) > 1 and not blank.iloc[start + 1]:
                    example[start + 1] = True
            elif len(rows):
                example[start] = _is_own_example(frame, start)
    return pd.Series(explained), pd.Series(example)


def _is_own_example(frame: Frame, row: int) -> bool:
    """Whether a row below the header is the template's own example, its explanations taken out.

    The standard's example in JSON-LD is of the same child and home, at another price: it counts.
    """
    answers = [
        _known(frame, column, row) == column.example.rstrip()
        for column in frame.table.columns
        if column.personal == "child key" or column.type in {"urn", "money"}
    ]
    return all(answers)


def _known(frame: Frame, column: Column, row: int) -> str:
    text = frame.texts[column.name].iloc[row].strip()
    # a workbook's number of pounds comes as 4200.0
    return text.removesuffix(".0") if column.type == "money" else text


def _is_explanation(frame: Frame, closed: Sequence[Column], row: int) -> bool:
    """Whether most cells of a row are longer than any answer to their columns."""
    cells = [frame.texts[column.name].iloc[row].strip() for column in closed]
    long = sum(len(cell) > _LONGER_THAN_AN_ANSWER for cell in cells)
    return long >= max(_FEWEST_EXPLANATIONS, sum(map(bool, cells)) / 2)


def _in_the_examples_place(frame: Frame, example: pd.Series) -> AboutParts:
    """What is told where another record than the template's own stands in the example's row."""
    reference = next((c for c in frame.table.columns if c.personal == "child key"), None)
    if reference is None:
        return []
    is_other = frame.texts[reference.name].str.strip() != reference.example
    return [
        (
            int(frame.part.iloc[row]),
            Finding(
                "in_the_examples_place", frame.table.name,
                frame.parts[int(frame.part.iloc[row])].sheet.label,
                value=str(int(frame.number.iloc[row])),
            ),
        )
        for row in np.flatnonzero(example & is_other)
    ]  # fmt: skip


def _totals(frame: Frame, given: _Given) -> pd.Series:
    """Lines of sums, which lack what every row needs."""
    total, sums = (np.zeros(len(frame), dtype=bool) for _ in range(2))
    for column in frame.table.columns:
        coded = frame.coded[column.name]
        says_sum = pc.match_substring_regex(coded.tidy, _SUM_LINE, ignore_case=True)
        if pc.any(says_sum).as_py():  # a totals line is one of sums
            says_total = pc.match_substring_regex(coded.tidy, _TOTAL, ignore_case=True)
            sums |= coded.rows(says_sum.to_numpy(zero_copy_only=False))
            total |= coded.rows(says_total.to_numpy(zero_copy_only=False))
    lacking = given.lacking
    return (total & (lacking > 0)) | (sums & (lacking >= _LACKING_IN_SUMS))


def _notes_below(frame: Frame, bodies: Bodies, given: _Given, passed: pd.Series) -> pd.Series:
    """Lines of words below a table's last row: `Notes:`, `Source: our system`, `Prepared by ...`.

    `passed` are blank rows and totals, which may stand between notes.
    """
    notes = np.zeros(len(frame), dtype=bool)
    needed = len(frame.table.needed)
    lacking, over = given.lacking.to_numpy(), passed.to_numpy()
    # a note lacks nearly every needed cell: without such a row no line has to be read
    if not needed or not (lacking >= max(needed - _NOTE_CELLS, 1)).any():
        return pd.Series(notes)
    for rows, start in zip(bodies, offsets([len(rows) for rows in bodies]), strict=False):
        # upwards from the last row: the first row of data ends the notes
        for place in range(len(rows) - 1, -1, -1):
            if over[start + place]:
                continue
            if not _is_note(rows[place], needed, int(lacking[start + place])):
                break
            notes[start + place] = True
    return pd.Series(notes)


def _is_note(row: list, needed: int, lacking: int) -> bool:
    given = sum(1 for cell in row if cell_text(cell).strip())
    if lacking < max(needed - given, 1) or given > _NOTE_CELLS:
        return False
    begins = cell_text(row[0]).strip()[:_NOTE_BEGINS] if given else ""
    return bool(_NOTE_LINE.match(begins))


def _repeated(frame: Frame) -> pd.Series:
    """Rows exactly like an earlier one of the same submission, where a second says nothing more."""
    once = _only_once(frame)
    if not once.any():
        return once
    # spacing alone makes no difference
    alike = {name: _codes_of_tidy(coded) for name, coded in frame.coded.items()}
    repeated = pd.DataFrame(alike).assign(_part=frame.submission_ids).duplicated(keep="first")
    # a row out of line is told as such, for it may be no repetition at all
    repeated &= once & ~frame.is_misaligned
    for column in frame.table.columns:
        if column.personal == "child key" and repeated.any():
            # shortened references alike may be several children's: damage, and no repetition
            texts = frame.texts[column.name][repeated]
            damaged = {text for text in texts.unique() if is_damaged(text)}
            repeated &= ~frame.texts[column.name].isin(list(damaged))
    return repeated


def _codes_of_tidy(coded: Coded) -> np.ndarray:
    """Rows by their text without spacing; where none has any, by their text as it is."""
    if coded.tidy is coded.distinct:
        return coded.codes
    return coded.rows(pd.factorize(series_of(coded.tidy))[0])


def _only_once(frame: Frame) -> pd.Series:
    """Rows of which a second one says nothing: those of a table with a key, or that stand once."""
    once = frame.table.once
    if once is None:
        return pd.Series(np.full(len(frame), bool(frame.table.identity)))
    column = frame.table.column(once.where)
    return parse(column, frame.coded[once.where], frame.census_date).canonical.isin(once.values)


# --- children who were erased --------------------------------------------------------------------


def set_erased_aside(
    frame: Frame, key: bytes, stopped: frozenset[str], known: dict[str, str]
) -> tuple[Frame, AboutParts]:
    """The frame with the rows of children who were erased set aside, and nothing of them kept.

    `stopped` are those children's keyed hashes; `key` is the key of the hashes, of which `known`
    were worked out before (`child_keys`).
    """
    columns = (c for c in frame.table.columns if c.personal == "child key")
    reference = next(columns, None)
    if not stopped or reference is None:
        return frame, []
    # the stop list holds hashes alone, so rows are hashed as they would be on loading
    hashes = child_keys(key, _authorities(frame), _read(frame, reference), known)
    mask = hashes.isin(stopped)
    findings = told_aside(frame, mask, ERASED)
    return frame.forgetting(mask).setting_aside(mask), findings


def _read(frame: Frame, column: Column) -> pd.Series:
    return parse(column, frame.coded[column.name], frame.census_date).canonical


def _authorities(frame: Frame) -> pd.Series:
    """The authority that each row says it is of, else its sender."""
    if not frame.table.authority_column:
        return frame.owners
    column = frame.table.column(frame.table.authority_column)
    return derive_authority(frame.owners, _read(frame, column))
