"""Editions of one census date: what a later one may say anew, and what it leaves as the one before
had it.

Belongs here: carrying figures over from earlier editions. Does not belong here: what a reader
learns of two editions (`knowledge`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from assets.publication.disclosure.knowledge import A_CHILD_APART, Published
from assets.publication.disclosure.rules import CONFIDENTIAL, MOVED_TOO_LITTLE, NOT_AVAILABLE
from assets.publication.programme import AREA, Measure, PublishedTable
from assets.publication.tables import AUTHORITY, TrueTable
from schemas.regions import DisclosureMethod


def with_means_as_before(
    tables: dict[str, pd.DataFrame],
    true: Mapping[str, TrueTable],
    earlier: list[Published],
    census_date: dt.date,
) -> dict[str, pd.DataFrame]:
    """The printed tables with no mean (median, decile) that is new although its count has moved by
    two or less since an earlier edition of the date: it stays as in the newest such edition whose
    count is printed the same, and is `c` where there is none.
    """
    editions = [release for release in earlier if release.census_date == census_date]
    printed = dict(tables)
    for name, one in true.items():
        for m in one.table.of_rule("mean"):
            for count in m.rests_on(one.table):
                printed[name] = printed[name].assign(
                    **{m.name: _as_before(printed[name], one, m, count, editions)}
                )
    return printed


def carried_over(
    tables: Mapping[str, pd.DataFrame],
    true: Mapping[str, TrueTable],
    edition: Published,
    names: Iterable[str],
) -> tuple[dict[str, pd.DataFrame], dict[str, TrueTable]]:
    """The printed tables with those of `names` as an earlier edition had them, and the truth behind
    them: every count, and what rests on counts. What is public is as it is now. A row that the
    edition did not have is not available.
    """
    printed, truth = dict(tables), dict(true)
    for name in (n for n in names if n in edition.tables and n in tables):
        one, frame = true[name], tables[name]
        counts = [m.name for m in one.table.of_rule("count", "estimate")]
        columns = [
            m.name
            for m in one.table.measures
            if m.shown and (m.name in counts or m.rests_on(one.table))
        ]
        keys = [AREA, *one.table.filters]
        old = edition.tables[name].reindex(columns=[*keys, *columns])
        held = edition.truth.get(name) if edition.truth is not None else None
        known = (
            pd.DataFrame(index=old.index)
            if held is None
            # the truth has no keys of its own: its rows are those of the edition's table
            else held.reindex(columns=[c for c in counts if c in held]).set_axis(old.index)
        )
        # a merge numbers its rows anew, and assigning goes by those numbers
        joined = frame[keys].merge(old, on=keys, how="left").set_axis(frame.index)
        before = (
            frame[keys]
            .merge(pd.concat([old[keys], known], axis=1), on=keys, how="left")
            .set_axis(one.values.index)
        )
        printed[name] = frame.assign(**{c: joined[c].fillna(NOT_AVAILABLE) for c in columns})
        truth[name] = replace(
            one,
            values=one.values.assign(
                **{c: before[c] if c in before else float("nan") for c in counts}
            ),
            crossings=_crossings_then(one, edition),
        )
    return printed, truth


def _crossings_then(one: TrueTable, edition: Published) -> pd.DataFrame:
    """What is not printed of a table, as it was behind an earlier edition; nothing where that is
    not held.
    """
    name, filters = one.table.name, list(one.table.filters)
    held = edition.crossings.get(name, pd.DataFrame())
    if held.empty or one.crossings.empty or edition.truth is None:
        return pd.DataFrame()
    keys, counts = one.crossings[[AUTHORITY, *filters]], list(held.columns[1 + len(filters) :])
    # what it printed of them, where its table was crossed otherwise, comes with the rest
    printed = edition.tables[name][[AREA, *filters]].join(
        edition.truth[name].reindex(columns=counts)
    )
    then = pd.concat([held, printed]).rename(columns={AREA: AUTHORITY})
    # a category that the edition did not have was nobody's then
    return keys.merge(then, how="left").fillna(0.0)


def says_more(
    tables: Mapping[str, pd.DataFrame],
    true: Mapping[str, TrueTable],
    method: DisclosureMethod,
    edition: Published,
) -> bool:
    """Whether any figure is other than an earlier edition printed it. What that hid is no news
    where the count is the same: its own repair would hide it again.
    """
    # printed by another method the same figure tells something else of what is behind it
    if method != edition.method:
        return True
    for name, frame in tables.items():
        old = edition.tables.get(name)
        if old is None or old.shape != frame.shape or list(old.columns) != list(frame.columns):
            return True
        # as plain values: pandas compares frames only where their labels are the same
        is_other = old.to_numpy(dtype=object) != frame.to_numpy(dtype=object)
        was_hidden = old == CONFIDENTIAL
        if (is_other & ~was_hidden.to_numpy()).any():
            return True
        for m in true[name].table.of_rule("count"):
            if m.name in frame:
                before = _row_by_row(frame, old, edition, true[name].table, [m.name])
                has_moved = before["_truth"].to_numpy() != true[name].values[m.name].to_numpy()
                is_shown = (frame[m.name] != CONFIDENTIAL).to_numpy()
                if (was_hidden[m.name].to_numpy() & is_shown & has_moved).any():
                    return True
    return False


def moved_by_a_child(
    true: Mapping[str, TrueTable], tables: Mapping[str, pd.DataFrame], edition: Published
) -> dict[tuple[str, str], np.ndarray]:
    """By table and measure: which counts differ from an earlier edition's by no more children than
    a reader is presumed to know of.
    """
    moved = {}
    for name, one in true.items():
        held = (
            edition.truth.get(name, pd.DataFrame()) if edition.truth is not None else pd.DataFrame()
        )
        for m in one.table.of_rule("count") if name in edition.tables else []:
            if m.name in held and m.name in edition.tables[name]:
                old = _row_by_row(tables[name], edition.tables[name], edition, one.table, [m.name])[
                    "_truth"
                ].to_numpy()
                step = np.abs(one.values[m.name].to_numpy() - old)
                moved[name, m.name] = (step > 0) & (step <= A_CHILD_APART)
    return moved


def _as_before(
    printed: pd.DataFrame, true: TrueTable, m: Measure, count: str, editions: list[Published]
) -> pd.Series:
    now = true.values[count].set_axis(printed.index)
    moved_little = pd.Series(False, index=printed.index)
    before = pd.Series(CONFIDENTIAL, index=printed.index)
    for edition in editions:
        frame = edition.tables.get(true.table.name)
        if frame is None or not {m.name, count} <= set(frame.columns):
            continue
        old = _row_by_row(printed, frame, edition, true.table, [m.name, count])
        # of which the truth is not kept may have moved by as little
        near = old[m.name].notna() & ~((old["_truth"] - now).abs() > MOVED_TOO_LITTLE) & now.notna()
        moved_little |= near
        # the editions come in their order: what the newest says is put over the others
        before = before.mask(near & (old[count] == printed[count]), old[m.name])
    hidden = (printed[count] == CONFIDENTIAL) | (printed[m.name] == CONFIDENTIAL)
    return printed[m.name].mask(moved_little & ~hidden, before)


def _row_by_row(
    printed: pd.DataFrame,
    frame: pd.DataFrame,
    edition: Published,
    table: PublishedTable,
    columns: list[str],
) -> pd.DataFrame:
    """An earlier edition's columns and the count's true value (`_truth`), row by row as the table
    is printed now; blank where it has no such row.
    """
    keys = [AREA, *table.filters]
    held = edition.truth.get(table.name) if edition.truth is not None else None
    # the count is the last of the columns that are asked for
    known = held[columns[-1]] if held is not None and columns[-1] in held else float("nan")
    old = frame[[*keys, *columns]].assign(_truth=known)
    return printed[keys].merge(old, on=keys, how="left").set_axis(printed.index)
