"""Row rules: what is found in a row, or in several rows of one return.

Belongs here: the contract of the table, rows out of line with their header, rows that speak of one
thing twice, and rows of another authority.
Does not belong here: single cells (`cell_rules`), episodes (`episode_rules`), files (`file_rules`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from assets.intake.door.cell_rules import authority_clue
from assets.intake.door.findings import RowFindings
from assets.intake.door.frame import FORMULA
from assets.intake.door.rows import JudgedRows, Outcome, Rule, found
from assets.intake.door.setting_aside import told_aside
from assets.intake.parsing import expected, says_nothing
from schemas.contracts import failures
from schemas.returns import Order, Sum, Together

LATER_COUNTS = "a later row of the same home counts"


def damaged_blanks(rows: JudgedRows) -> Outcome:
    """Blank cells that are none; a needed one rejects its row, and is not called blank too."""
    findings, data = [], rows.is_data
    for (kind, name), cells in rows.frame.damaged.items():
        column = rows.table.column(name)
        needed = "formula_without_value" if kind == FORMULA else "merged_cell"
        at = [row for row in cells if data[row]]
        words = expected(column, rows.frame.census_date)
        findings += found(
            rows,
            needed if column.needed else f"{kind}_left_blank",
            at,
            column,
            expected=words[0].upper() + words[1:],
            hint=[cells[row] for row in at],
        )
    return Outcome(findings)


# --- the contract --------------------------------------------------------------------------------


def contract(rows: JudgedRows) -> Outcome:
    """What breaks the table's contract: blank, out of range, sums, orders, things given apart."""
    typed = pd.DataFrame({name: read.typed for name, read in rows.cells.parsed.items()})
    # values of rows out of line are under the wrong columns: they would break rules at random
    broken = failures(rows.table, typed[rows.frame.is_judged.to_numpy()])
    broken = _without_sums_of_the_unread(rows, broken)
    findings: list[RowFindings] = []
    rejected = []
    for (name, rule_name), group in broken.groupby(["column", "rule"], sort=True):
        at = group["index"].to_numpy()
        if rule_name == "blank":
            at, said_once = _blank(rows, name, at)
            # rejected without a sentence a row: the file has told that the column is missing
            rejected.append(said_once)
        findings += _broken(rows, name, rule_name, at)
    # an empty piece first, because numpy joins no empty list
    return Outcome(findings, rejected=np.concatenate([np.array([], dtype="int64"), *rejected]))


def _without_sums_of_the_unread(rows: JudgedRows, broken: pd.DataFrame) -> pd.DataFrame:
    """Where a cell is missing or wrong its sum cannot agree: the cell is told, not the sum."""
    needed, sums = rows.table.needed, [check.rule for check in rows.table.sums]
    is_wrong = (broken["rule"] == "blank") | (
        (broken["rule"] == "out_of_range") & broken["column"].isin(needed)
    )
    is_unread = np.zeros(len(rows.frame), dtype=bool)
    for name in needed:
        is_unread |= rows.cells.parsed[name].unreadable.to_numpy(dtype=bool)
    is_moot = broken["index"].isin(broken.loc[is_wrong, "index"]) | is_unread[broken["index"]]
    return broken[~(broken["rule"].isin(sums) & is_moot)]


def _blank(rows: JudgedRows, name: str, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of needed cells without a value, those to be called blank, and those that the file has said.

    An unreadable cell has no value either, and has been found already; so has a damaged one. Where
    the whole column is missing, the file says so once.
    """
    frame, unread = rows.frame, rows.cells.parsed[name].unreadable.to_numpy(dtype=bool)[at]
    coded = frame.coded[name]
    is_given = ~coded.rows(coded.is_blank)[at]
    nothing = np.array([says_nothing(word) for word in frame.coded[name].words], dtype=bool)
    # `n/a` and its like count as blank, unless the cell was found unreadable already
    is_blank = ~is_given | (frame.coded[name].rows(nothing)[at] & ~unread)
    damaged = [list(cells) for (_, column), cells in frame.damaged.items() if column == name]
    at = at[is_blank & ~np.isin(at, sum(damaged, []))]
    lacking = [place for place, part in enumerate(frame.parts) if name in part.found.missing]
    is_said = frame.part.iloc[at].isin(lacking).to_numpy()
    return at[~is_said], at[is_said]


def _broken(rows: JudgedRows, name: str, rule_name: str, at: np.ndarray) -> list[RowFindings]:
    """Findings of one rule of the contract, in the words of its kind."""
    table = rows.table
    for check in table.sums:
        if check.rule == rule_name:
            return _not_adding_up(rows, check, at)
    for order in table.orders:
        if order.rule == rule_name:
            return _out_of_order(rows, order, at)
    for pair in table.together:
        if pair.rule == rule_name:
            return _apart(rows, pair, at)
    column = table.column(name)
    words = expected(column, rows.frame.census_date)
    if rule_name == "blank":
        # of a blank cell it helps to tell what belongs there, not how it is to be written
        meaning = column.field.description.rstrip(".")
        words = meaning[0].lower() + meaning[1:]
    if rule_name == "out_of_range" and not (column.needed or column.strict):
        rule_name = "out_of_range_left_blank"
    return found(rows, rule_name, at, column, expected=words)


def _not_adding_up(rows: JudgedRows, check: Sum, at: np.ndarray) -> list[RowFindings]:
    values = [_plain(rows, name, at, blank="0") for name in (check.total, *check.parts)]
    hint = [f"{total} against {' + '.join(parts)}" for total, *parts in zip(*values, strict=True)]
    return found(rows, check.rule, at, expected=" + ".join(check.parts), hint=hint)


def _out_of_order(rows: JudgedRows, order: Order, at: np.ndarray) -> list[RowFindings]:
    ends = zip(_plain(rows, order.first, at), _plain(rows, order.last, at), strict=True)
    hint = [f"{first} to {last}" for first, last in ends]
    return found(rows, order.rule, at, rows.table.column(order.last), hint=hint)


def _apart(rows: JudgedRows, pair: Together, at: np.ndarray) -> list[RowFindings]:
    titles = [rows.table.column(name).headers[0] for name in pair.columns]
    columns = [_plain(rows, name, at, blank="blank") for name in pair.columns]
    hint = [
        ", ".join(f"{title} {value}" for title, value in zip(titles, values, strict=True))
        for values in zip(*columns, strict=True)
    ]
    return found(rows, pair.rule, at, hint=hint)


def _plain(rows: JudgedRows, name: str, at: np.ndarray, blank: str = "") -> list[str]:
    """What is told of a column's cells, with `blank` where nothing was sent."""
    values = rows.cells.told(rows.table.column(name), at).values.tolist()
    return [value or blank for value in values]


# --- rows beside other rows ----------------------------------------------------------------------


def misaligned(rows: JudgedRows) -> Outcome:
    """Rows with more cells than the header, or fewer."""
    frame, findings = rows.frame, []
    for widths, name in (
        (frame.too_long, "too_many_cells"),
        (frame.too_short, "too_few_cells"),
    ):
        at = [row for row in widths if rows.is_data[row]]
        findings += found(rows, name, at, hint=[f"{widths[row]} cells" for row in at])
    return Outcome(findings)


def same_twice(rows: JudgedRows) -> Outcome:
    """Rows that say something else of what another row speaks of: one child or URN twice."""
    identity = rows.table.identity
    if not identity:
        return Outcome()
    keys = pd.DataFrame({name: rows.cells.canonical(name) for name in identity})
    # within one file: a corrected one may well say something else of the same child
    keys = keys.assign(_part=rows.frame.submission_ids)
    is_known = rows.is_data & keys[identity[0]].notna()
    repeated = keys[is_known].duplicated(keep=False)
    grain = rows.table.grain
    words = grain[0].upper() + grain[1:]
    at = repeated.index[repeated].to_numpy()
    column = rows.table.column(identity[0])
    return Outcome(found(rows, "same_reference_twice", at, column, expected=words))


def last_one_counts(rows: JudgedRows) -> Outcome:
    """Of several rows of what stands once, the last that could be loaded counts.

    The others are set aside, and all are named.
    """
    once = rows.table.once
    if once is None:
        return Outcome()
    cells, column = rows.cells, rows.table.column(once.key)
    keys = pd.DataFrame({"submission": rows.frame.submission_ids, "key": cells.canonical(once.key)})
    keys = keys[rows.is_loaded & cells.canonical(once.where).isin(once.values)]
    several = keys[keys.duplicated(keep=False)]
    findings: list[RowFindings] = []
    for index in several.groupby(["submission", "key"]).groups.values():
        *others, last = _named(rows, index)
        hint = f"{', '.join(others)} and {last}"
        findings += found(rows, once.rule, index.to_numpy(), column, expected=last, hint=hint)
    aside = several.index[several.duplicated(keep="last")].to_numpy()
    aside_findings = told_aside(rows.frame, rows.frame.rows_at(aside), LATER_COUNTS)
    return Outcome(findings, set_aside=aside, about_parts=aside_findings)


def _named(rows: JudgedRows, index: pd.Index) -> list[str]:
    """Rows by their numbers, and by their sheets where these are several."""
    parts, numbers = rows.frame.part[index].tolist(), rows.frame.number[index].tolist()
    if len(set(parts)) == 1:
        return [f"row {number}" for number in numbers]
    labels = [rows.frame.parts[part].sheet.label for part in parts]
    return [
        f"row {number} of the sheet '{label}'"
        for number, label in zip(numbers, labels, strict=True)
    ]


def authority_of_row(rows: JudgedRows) -> Outcome:
    """In a pooled return each row names its authority; in an authority's own none another."""
    if not rows.table.authority_column:
        return Outcome()
    frame, column = rows.frame, rows.table.column(rows.table.authority_column)
    named, unread = rows.cells.canonical(column.name), rows.cells.parsed[column.name].unreadable
    is_pooled = frame.is_judged & (frame.sender_kinds == "region")
    is_own = frame.is_judged & (frame.sender_kinds == "authority")
    lacks = is_pooled & named.isna() & ~unread
    other = is_own & named.notna() & (named != frame.owners)
    needs = "a pooled return names the authority of each row"
    clue = authority_clue(rows)
    return Outcome(
        [
            *found(rows, "blank", lacks, column, expected=needs),
            *found(rows, "unknown_authority", is_pooled & unread, column, hint=clue),
            *found(rows, "other_authority", other, column, expected="the sender's own"),
        ]
    )


ROW_RULES: Sequence[Rule] = (
    damaged_blanks,
    contract,
    misaligned,
    same_twice,
    last_one_counts,
    authority_of_row,
)
"""In the order in which findings are told: of rows that stand once, the last good one counts."""
