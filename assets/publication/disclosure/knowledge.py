"""What a reader knows: everything published, now and before, as one system of whole numbers tied to
each other.

Belongs here: turning releases into variables with least and greatest values (from how a cell was
printed), and ties between them (totals, the ties of `ties.toml`, the same figure in two releases,
shares and rates that are not what the published counts give). Does not belong here: solving it
(`gate`), hiding more (`suppression`).

The attacker has every release and the public register, and is told more than that: which hidden
cells are small. That a hidden cell is not 0 he is not told, for zeros are hidden too. A tie that is
only presumed is his wherever it is true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp

from assets.publication.disclosure import fees
from assets.publication.disclosure.comparisons import Comparisons, comparisons
from assets.publication.disclosure.linking import (
    Linked,
    categories,
    holding,
    linked,
    same_figures,
)
from assets.publication.disclosure.noise import possible_counts
from assets.publication.disclosure.ranks import ranks
from assets.publication.disclosure.rules import CONFIDENTIAL, NOT_APPLICABLE, NOT_AVAILABLE, number
from assets.publication.disclosure.settled import Settled
from assets.publication.programme import (
    AREA,
    PUBLISHED_TABLES,
    TOTAL,
    Measure,
    PublishedTable,
    is_sensitive,
    symbols,
    ties,
)
from assets.publication.tables import has_noise, is_of_few, is_shared
from schemas.regions import DisclosureMethod, others_of_the_sub_region

UNBOUNDED = 1_000_000.0
"""Greater than any count of children in a region."""
_OUTWARD_SINCE = "occupied_band_low"
"""Releases without this column rounded the ends of intervals to the nearest, as they did counts."""
_BY_COMPARISON, _BY_RANK = "what a comparison tells of others", "what a rank tells of others"
"""As the ties of which a login is told are named."""
A_CHILD_APART = 1
"""Where the figures of two releases of a date differ by no more than this, the reader is presumed
to know by how many.
"""


@dataclass(frozen=True)
class Published:
    """One release as the attacker holds it: its tables (tidy, as printed), and the method that
    printed them.

    `truth` is the true value of every count by table, a frame with the same rows and the measures
    as columns. The attacker does not see it: it says which hidden cells are small, and which
    presumptions are true. None for a release of which it is not held. `statistics_hidden`: what
    rests on a hidden count was hidden with it (releases of older code left it). `beside` has by
    authority the others of its sub-region; where it is not given, those of every region there is a
    file for. `crossings` has by table the keys and true counts of what lies behind its rows and is
    not printed; a table without them has totals that are not wholly divided. Where it is not
    `ranked`, members are told no ranks of it.
    """

    census_date: dt.date
    number: int
    tables: Mapping[str, pd.DataFrame]
    method: DisclosureMethod
    truth: Mapping[str, pd.DataFrame] | None = None
    statistics_hidden: bool = True
    beside: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: others_of_the_sub_region()
    )
    crossings: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    ranked: bool = True

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Its cells, a row each, as a system has them but for the release and the variable."""
        return _cells_of(self)

    @cached_property
    def totals_behind(self) -> dict[str, _Behind]:
        """Where its crossings stand, by table."""
        tables = {table.name: table for table in PUBLISHED_TABLES}
        held = {name: frame for name, frame in self.crossings.items() if AREA in frame}
        return {n: _behind(frame, tables[n]) for n, frame in held.items() if n in tables}

    @cached_property
    def authorities(self) -> dict[str, str]:
        """The names of its authorities, by code."""
        names: dict[str, str] = {}
        for frame in self.tables.values():
            once = frame[~frame[AREA].duplicated() & (frame[AREA] != "")]
            names.update(zip(once[AREA], once["la_name"], strict=True))
        return names

    @cached_property
    def totals(self) -> list[_Total]:
        """How its cells add up."""
        return list(_totals_of(self))

    @cached_property
    def odd_shares(self) -> list[tuple[PublishedTable, Measure, int, str]]:
        """Its shares and rates that are not what its counts give, each with the row and a sentence."""
        return list(_odd_shares_of(self))


@dataclass(frozen=True)
class Without:
    """What is known of a system's counts while the current release hides them all: of its `own`
    each is at most `told`, for who is told that it is small; `low`, `high` and `high_untold` are
    the bounds of every variable by what was printed before.
    """

    own: np.ndarray
    told: np.ndarray
    low: np.ndarray
    high: np.ndarray
    high_untold: np.ndarray


def _without_release(cells: pd.DataFrame, truth: np.ndarray) -> Without:
    is_own = cells["release"] == cells["release"].max()
    # of what has no cell nobody is told anything; where it is a printed figure too, that comes last
    # and holds
    own = cells[is_own & ~cells["is_public"]].sort_values("is_printed", kind="stable")
    is_small = (truth[own["variable"]] < own["threshold"]) & own["is_printed"]
    told = np.full(len(truth), UNBOUNDED)
    told[own["variable"]] = np.where(is_small, own["threshold"] - 1, UNBOUNDED)
    variables = np.unique(own["variable"])
    older = cells[~is_own | cells["is_public"]]
    low, high = np.full(len(truth), -np.inf), np.full(len(truth), np.inf)
    high_untold = high.copy()
    # `.at`, because one count is printed in several releases, and the tightest of them holds
    np.maximum.at(low, older["variable"], older["low"])
    np.minimum.at(high, older["variable"], older["high"])
    hidden = (older["text"] == CONFIDENTIAL) & ~older["is_public"]
    np.minimum.at(high_untold, older["variable"], older["high"].mask(hidden, UNBOUNDED))
    return Without(variables, told[variables], low, high, high_untold)


@dataclass
class System:
    """Variables with bounds, rows with bounds: `row_low <= matrix @ x <= row_high`, x whole
    numbers.

    `cells` has a row a published cell (release, table, measure, row, area, key, text, truth, low,
    high, variable), and one for every crossing behind them that is not published (`is_printed` is
    false); variables beyond the cells' are what is left of a total that is not wholly divided.
    `says` names each row's tie. `least` and `most` are what each is at least and at most whatever
    is hidden, because a symbol elsewhere says so. Of a reader's view, `known` is what he has
    exactly, and `presumed` what he takes not to be 0. `steps` are the rows that say by how many
    children a figure of the current release differs from the one before, and `guesses` those of
    ties that are only presumed. `comparisons` are told to members, each its own: the view of one
    has those of `told` among its rows, as the last ones. `authorities` has their codes by name.
    """

    cells: pd.DataFrame
    low: np.ndarray
    high: np.ndarray
    small: np.ndarray
    truth: np.ndarray
    names: list[str]
    matrix: sp.csr_matrix
    row_low: np.ndarray
    row_high: np.ndarray
    says: list[str]
    current: np.ndarray
    contradictions: list[str] = field(default_factory=list)
    high_untold: np.ndarray = field(default_factory=lambda: np.array([]))
    least: np.ndarray = field(default_factory=lambda: np.array([]))
    most: np.ndarray = field(default_factory=lambda: np.array([]))
    is_told: bool = True
    known: np.ndarray = field(default_factory=lambda: np.array([], dtype=bool))
    presumed: np.ndarray = field(default_factory=lambda: np.array([], dtype=bool))
    steps: np.ndarray = field(default_factory=lambda: np.array([], dtype=bool))
    guesses: np.ndarray = field(default_factory=lambda: np.array([], dtype=bool))
    comparisons: Comparisons = field(default_factory=Comparisons)
    told: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))
    authorities: Mapping[str, str] = field(default_factory=dict)
    made_once: list[Without] = field(default_factory=list, repr=False)
    settled: list[Settled] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if not len(self.least):
            self.least = np.zeros(len(self.low))
        if not len(self.most):
            self.most = np.full(len(self.low), UNBOUNDED)
        if not len(self.known):
            self.known = self.presumed = np.zeros(len(self.low), dtype=bool)

    @property
    def without_release(self) -> Without:
        """What is known of its counts while the current release hides them all."""
        # worked out once: a view has the list of the system that it is one of, and the same cells
        if not self.made_once:
            self.made_once.append(_without_release(self.cells, self.truth))
        return self.made_once[0]

    @cached_property
    def is_of_few(self) -> np.ndarray:
        """Which variables are hidden for the public size of their cell, zeros with the rest."""
        is_few = np.zeros(len(self.low), dtype=bool)
        is_few[self.cells.loc[self.cells["of_few"], "variable"]] = True
        return is_few

    @cached_property
    def is_unprinted(self) -> np.ndarray:
        """Which variables are of crossings that are printed nowhere."""
        is_unprinted = np.zeros(len(self.low), dtype=bool)
        is_printed = self.cells["is_printed"]
        is_unprinted[self.cells.loc[~is_printed, "variable"]] = True
        is_unprinted[self.cells.loc[is_printed, "variable"]] = False
        return is_unprinted

    def untold(self) -> System:
        """The same, as it is for a reader who is not told which hidden counts are small: a hidden
        cell may be anything.
        """
        return replace(self, high=self.high_untold, is_told=False)

    def with_told(self, rows: np.ndarray) -> System:
        """The same, for somebody who is told these comparisons besides."""
        if not len(rows):
            return self
        told, more = self.comparisons, len(rows)
        return replace(
            self,
            matrix=sp.vstack([self.matrix, told.matrix[rows]], format="csr"),
            row_low=np.concatenate([self.row_low, told.low[rows]]),
            row_high=np.concatenate([self.row_high, told.high[rows]]),
            says=[*self.says, *np.where(told.is_rank(rows), _BY_RANK, _BY_COMPARISON)],
            steps=_with_more(self.steps, more),
            guesses=_with_more(self.guesses, more),
            told=rows,
        )

    def without_steps(self) -> System:
        """The same, where nobody knows by how many children the current release differs from the
        one before.
        """
        return self._without(self.steps)

    def without_ranks(self) -> System:
        """The same, where nobody knows which of the others lie above, but where none does."""
        rows = np.zeros(len(self.row_low), dtype=bool)
        rows[len(rows) - len(self.told) :] = self.comparisons.rests_on_release(self.told)
        return self._without(rows)

    def without_guesses(self) -> System:
        """The same, for a reader who takes no tie for true that need not be."""
        return self._without(self.guesses)

    def _without(self, rows: np.ndarray) -> System:
        if not rows.any():
            return self
        low, high = np.where(rows, -np.inf, self.row_low), np.where(rows, np.inf, self.row_high)
        return replace(self, row_low=low, row_high=high)

    def tells_no_more_than(self, other: System) -> bool:
        """Whether the other has the same variables and ties, and bounds that are nowhere wider:
        then what is safe there is safe here.
        """
        return (
            self.matrix.shape == other.matrix.shape
            and (self.matrix != other.matrix).nnz == 0
            and bool(
                (self.row_low <= other.row_low).all() and (self.row_high >= other.row_high).all()
            )
            and bool(
                (self.low <= other.low).all()
                and (self.high >= other.high).all()
                and (self.high_untold >= other.high_untold).all()
            )
            and set(np.flatnonzero(self.small)) <= set(np.flatnonzero(other.small))
            and not self.contradictions
        )


def _with_more(rows: np.ndarray, more: int) -> np.ndarray:
    """Flags of rows, where there are any, and of `more` rows that have none."""
    return np.concatenate([rows, np.zeros(more, dtype=bool)]) if len(rows) else rows


def possible_values(
    texts: pd.Series, truth: pd.Series, method: DisclosureMethod
) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest count that each printed text may stand for; a number that is not
    rounded is itself.
    """
    value = number(texts).to_numpy(dtype="float64")
    half = method.round_to / 2
    # halves go up: what lies half a step below is printed as this figure, half a step above as the
    # next; and what is shown and no 0 is no small count
    low = np.maximum(np.ceil(value - half), method.smallest_count_shown)
    high = np.ceil(value + half) - 1
    # a 0 is printed only where it is true; what is no multiple of the step was never rounded
    exact = (value == 0) | (value % method.round_to != 0)
    low, high = np.where(exact, value, low), np.where(exact, value, high)
    hidden = (texts == CONFIDENTIAL).to_numpy()
    is_small = (truth < method.smallest_count_shown).to_numpy()
    low = np.where(hidden, 0, low)
    high = np.where(hidden, np.where(is_small, method.smallest_count_shown - 1, UNBOUNDED), high)
    return low, high


def possible_values_of(
    texts: pd.Series, truth: pd.Series, method: DisclosureMethod, noisy: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As `possible_values`, of which those of `noisy` carry noise. Whether a cell may carry noise
    is public: the method says so.
    """
    low, high = possible_values(texts, truth, method)
    if not noisy.any():
        return low, high
    least, greatest = possible_counts(number(texts), method.round_to)
    shown = noisy & number(texts).notna().to_numpy()
    return np.where(shown, least, low), np.where(shown, greatest, high)


def possible_ends(
    ends: pd.DataFrame, name: str, method: DisclosureMethod
) -> tuple[np.ndarray, np.ndarray]:
    """The least and greatest value that a printed end of an interval may stand for: both are
    rounded outward, and the high one is raised where the two would be the same. `ends` has the low
    and the high one as printed; `name` says which of them is meant. A hidden end may be anything:
    it is no count, and nobody is told of it.
    """
    step = method.round_to
    bottom, top = (number(ends[column]).to_numpy(dtype="float64") for column in ends)
    is_low = name == ends.columns[0]
    raised = ~(top - bottom > step)  # or it may have been, where the low end is hidden
    low = bottom if is_low else np.where(raised, top - step, top - step + 1)
    high = bottom + step - 1 if is_low else top
    hidden = (ends[name] == CONFIDENTIAL).to_numpy()
    return np.where(hidden, 0, low), np.where(hidden, UNBOUNDED, high)


def _public() -> set[tuple[str, str]]:
    """Public measures that a tie names: their values are known."""
    tables = {table.name: table for table in PUBLISHED_TABLES}
    named = {(term.table, term.measure) for tie in ties() for term in tie.terms}
    return {(name, m.name) for name, _ in named for m in tables[name].of_rule("exact")} & named


def has_counts(tables: Mapping[str, pd.DataFrame]) -> bool:
    """Whether any count is printed, or hidden: else there is nothing to be worked out."""
    for table in (t for t in PUBLISHED_TABLES if t.name in tables):
        frame = tables[table.name]
        for m in (m for m in table.of_rule("count", "estimate") if m.name in frame):
            if ((frame[m.name] == CONFIDENTIAL) | number(frame[m.name]).notna()).any():
                return True
    return False


def _cells(releases: list[Published]) -> pd.DataFrame:
    pieces = [release.cells.assign(release=n) for n, release in enumerate(releases)]
    return pd.concat(pieces, ignore_index=True)


def _cells_of(release: Published) -> pd.DataFrame:
    public = _public()
    pieces = []
    for table in (t for t in PUBLISHED_TABLES if t.name in release.tables):
        sheet = _Sheet.of(release, table)
        for m in table.measures:
            is_public = (table.name, m.name) in public
            if m.name not in sheet.frame or not (m.rule in ("count", "estimate") or is_public):
                continue
            pieces.append(_printed_cells(sheet, m, is_public=is_public))
            if m.rule == "count" and m.name in release.crossings.get(table.name, ()):
                pieces.append(_crossings_of(sheet, m))
    # put together as arrays, and made a frame once: a frame a measure takes twice as long
    columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    cells = pd.DataFrame(columns)
    return cells.astype(dict.fromkeys(["table", "measure", "area", "key", "text"], "str"))


@dataclass(frozen=True)
class _Sheet:
    """A printed table of a release, with its true figures where they are held, and the area and key
    of each row.
    """

    release: Published
    table: PublishedTable
    frame: pd.DataFrame
    truth: pd.DataFrame | None
    area: np.ndarray
    key: np.ndarray

    @classmethod
    def of(cls, release: Published, table: PublishedTable) -> _Sheet:
        frame = release.tables[table.name]
        truth = release.truth.get(table.name) if release.truth is not None else None
        key = _joined(frame, list(table.filters)).to_numpy(dtype=object)
        area = frame[AREA].to_numpy(dtype=object)
        return cls(release, table, frame, truth, area, key)

    def kept(self, m: Measure) -> np.ndarray:
        """The rows with a number or `c`: a symbol that tells of no number is no variable."""
        texts = self.frame[m.name]
        kept: np.ndarray = ((texts == CONFIDENTIAL) | number(texts).notna()).to_numpy()
        return kept


def _as_arrays(size: int, columns: Mapping[str, object]) -> dict[str, np.ndarray]:
    """Columns as arrays of one size; what is no column stands in every row."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    # texts as objects: as an array's own they would have all the length of the longest
    return {
        name: array if array.ndim else np.full(size, array.item(), _dtype_of(array))
        for name, array in arrays.items()
    }


def _dtype_of(array: np.ndarray) -> np.dtype:
    return np.dtype(object) if array.dtype.kind == "U" else array.dtype


def _printed_cells(sheet: _Sheet, m: Measure, *, is_public: bool) -> dict[str, np.ndarray]:
    """The cells of a measure that are printed as a number or hidden, as columns."""
    frame, method = sheet.frame, sheet.release.method
    kept = sheet.kept(m)
    texts = frame[m.name][kept]
    truth = sheet.truth
    noisy = of_few = shared = np.zeros(len(texts), dtype=bool)
    true = pd.Series(np.nan, index=texts.index)
    if truth is not None:
        noisy = has_noise(truth, m, method).to_numpy()[kept]
        of_few = is_of_few(truth, m, method).to_numpy()[kept]
        shared = is_shared(truth, m).to_numpy()[kept]
        true = truth[m.name][kept] if m.name in truth else true
    if is_public:
        true = number(texts)
        low = high = true.to_numpy(dtype="float64")
    elif m.interval and _OUTWARD_SINCE in frame:
        low, high = possible_ends(frame[list(m.interval)][kept], m.name, method)
    else:
        low, high = possible_values_of(texts, true, method, noisy)
    if m.rule == "estimate":
        # of figures with a fraction the whole number that is printed the same
        true = np.floor(true).clip(low, high)
    return _as_arrays(
        len(texts),
        {
            "table": sheet.table.name, "measure": m.name, "row": texts.index,
            "area": sheet.area[kept], "key": sheet.key[kept],
            "text": texts.to_numpy(dtype=object), "truth": true, "low": low, "high": high, "is_public": is_public,
            "threshold": method.smallest_count_shown,
            "sensitive": is_sensitive(sheet.table, m, frame)[kept] & (sheet.area[kept] != ""),
            "noisy": noisy, "is_end": bool(m.interval),
            "of_few": of_few, "shared": shared, "is_printed": True,
        },
    )  # fmt: skip


def _crossings_of(sheet: _Sheet, m: Measure) -> dict[str, np.ndarray]:
    """The cells of what is not printed of a measure, as columns: each may be any count, and nobody
    is told that it is small. A total that is a symbol says that there is nobody behind it.
    """
    release, table = sheet.release, sheet.table
    frame, of = release.crossings[table.name], release.totals_behind[table.name]
    row = len(sheet.frame) + np.arange(len(frame))
    is_symbol = ~sheet.kept(m)
    if is_symbol.any():
        nobody = pd.MultiIndex.from_arrays([sheet.area[is_symbol], sheet.key[is_symbol]])
        behind_a_symbol = np.any([total.isin(nobody) for total in of.totals], axis=0)
        there = ~behind_a_symbol | (frame[m.name] > 0).to_numpy()
        frame, key, row = frame[there], of.key[there], row[there]
    else:
        key = of.key
    return _as_arrays(
        len(frame),
        {
            "table": table.name, "measure": m.name, "row": row,
            "area": frame[AREA].to_numpy(dtype=object), "key": key.to_numpy(dtype=object), "text": CONFIDENTIAL,
            "truth": frame[m.name], "low": 0.0, "high": UNBOUNDED, "is_public": False,
            "threshold": release.method.smallest_count_shown, "sensitive": is_sensitive(table, m, frame),
            "noisy": False, "is_end": False, "of_few": False, "shared": is_shared(frame, m), "is_printed": False,
        },
    )  # fmt: skip


class _Behind(NamedTuple):
    """Where the crossings of a table stand: their joined keys, and the area and key of each total
    that they are part of.
    """

    key: pd.Series
    totals: list[pd.MultiIndex]


def _behind(frame: pd.DataFrame, table: PublishedTable) -> _Behind:
    filters, totals = list(table.filters), []
    for name in [AREA, *filters]:
        total = frame[[AREA, *filters]].assign(**{name: "" if name == AREA else TOTAL})
        totals.append(pd.MultiIndex.from_arrays([total[AREA], _joined(total, filters)]))
    return _Behind(_joined(frame, filters), totals)


def _joined(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The columns' texts as one key."""
    if not columns:
        return pd.Series("", index=frame.index, dtype="str")
    key = frame[columns[0]].astype("str")
    for name in columns[1:]:
        key = key + "|" + frame[name].astype("str")
    return key


class _Rows:
    """Rows of the system while it is made."""

    def __init__(self) -> None:
        self.rows: list[np.ndarray] = []
        self.columns: list[np.ndarray] = []
        self.values: list[np.ndarray] = []
        self.low: list[np.ndarray] = []
        self.high: list[np.ndarray] = []
        self.says: list[str] = []
        self.guesses: list[bool] = []

    @property
    def count(self) -> int:
        return len(self.says)

    def add(
        self,
        row: np.ndarray,
        column: np.ndarray,
        value: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        says: list[str],
        *,
        guessed: bool = False,
    ) -> None:
        """Add rows; `row` counts from 0 among the new ones."""
        self.rows.append(np.asarray(row) + self.count)
        self.columns.append(np.asarray(column))
        self.values.append(np.asarray(value, dtype="float64"))
        self.low.append(np.asarray(low, dtype="float64"))
        self.high.append(np.asarray(high, dtype="float64"))
        self.says += says
        self.guesses += [guessed] * len(says)


def build_system(releases: list[Published]) -> System:
    """The system of all releases; the last one is the current one."""
    cells = _cells(releases)
    cells["variable"] = _variables(cells, releases)
    links = linked(cells, releases, PUBLISHED_TABLES, ties())
    cells["variable"] = same_figures(cells, links)
    count = int(cells["variable"].max()) + 1 if len(cells) else 0
    low, high = np.zeros(count), np.full(count, UNBOUNDED)
    # `.at`, because several cells may be one variable
    np.maximum.at(low, cells["variable"], cells["low"])
    np.minimum.at(high, cells["variable"], cells["high"])
    least = _told_by_symbols(cells, releases, count)
    beside = _told_by_statistics(cells, releases, count)
    least, most = np.maximum(least, beside.least), beside.most
    low, high = np.maximum(low, np.maximum(least, beside.low)), np.minimum(high, most)
    high_untold = most.copy()
    is_hidden = (cells["text"] == CONFIDENTIAL) & ~cells["is_public"]
    # who is not told knows of a hidden cell no more than that it is a count
    np.minimum.at(high_untold, cells["variable"], cells["high"].mask(is_hidden, UNBOUNDED))
    truth = np.full(count, np.nan)
    truth[cells["variable"]] = cells["truth"]
    system_rows = _Rows()
    latent: list[tuple[str, float]] = []
    _total_rows(cells, releases, system_rows, latent, count, truth)
    _tie_rows(cells, links, system_rows)
    _apart_rows(cells, releases, system_rows)
    _mean_rows(cells, truth, releases, system_rows)
    # of the current release alone: what is out cannot be mended
    contradictions = _share_rows(cells, releases, system_rows) + _not_hidden_with(releases[-1])
    names = _names(cells, count)
    for name, value in latent:
        names.append(name)
        truth = np.append(truth, value)
    extra = len(latent)
    low, high, least = (
        np.append(low, np.zeros(extra)),
        np.append(high, np.full(extra, UNBOUNDED)),
        np.append(least, np.zeros(extra)),
    )
    most = np.append(most, np.full(extra, UNBOUNDED))
    high_untold = np.append(high_untold, np.full(extra, UNBOUNDED))
    threshold = np.full(count + extra, releases[-1].method.smallest_count_shown, dtype="float64")
    threshold[cells["variable"]] = cells["threshold"]
    # what must be protected: small counts that are hidden or carry noise, and small rests;
    # where the truth is not held, whatever is hidden and may be small
    hidden = np.zeros(count + extra, dtype=bool)
    hidden[cells.loc[(is_hidden | cells["noisy"]) & ~cells["is_end"], "variable"]] = True
    # a rest is printed nowhere
    hidden[count:] = True
    sensitive = np.zeros(count + extra, dtype=bool)
    sensitive[cells.loc[cells["sensitive"], "variable"]] = (
        True  # never to be told, however many there are
    )
    small = hidden & (
        (truth > 0) & ((truth < threshold) | sensitive)
        | np.isnan(truth) & (np.arange(count + extra) < count)
    )
    current = np.zeros(count + extra, dtype=bool)
    current[cells.loc[cells["release"] == len(releases) - 1, "variable"]] = True
    current[count:] = True
    empty = np.array([])
    matrix = sp.csr_matrix(
        (
            np.concatenate(system_rows.values or [empty]),
            (
                np.concatenate(system_rows.rows or [empty]).astype(int),
                np.concatenate(system_rows.columns or [empty]).astype(int),
            ),
        ),
        shape=(system_rows.count, count + extra),
    )
    row_low, row_high = (
        np.concatenate(system_rows.low or [empty]),
        np.concatenate(system_rows.high or [empty]),
    )
    once = _said_once(system_rows, matrix, row_low, row_high)
    says = [system_rows.says[row] for row in once]
    steps = np.array(
        [sentence.endswith(_apart_from(releases[-1])) for sentence in says], dtype=bool
    )
    return System(
        cells, low, high, small, truth, names, matrix[once], row_low[once], row_high[once], says, current, contradictions,
        high_untold, least, most, steps=steps, guesses=np.array(system_rows.guesses, dtype=bool)[once],
        comparisons=_told_to_members(cells[cells["release"] == len(releases) - 1], truth, releases[-1], count + extra),
        authorities={name: code for release in releases for code, name in release.authorities.items()},
    )  # fmt: skip


def _told_to_members(
    cells: pd.DataFrame, truth: np.ndarray, release: Published, variables: int
) -> Comparisons:
    """What comparisons and ranks tell of the current release, whose cells they are."""
    told = comparisons(cells, truth, release.method, variables, release.beside).and_also(
        fees.told_to_members(
            cells, truth, release.tables, release.method, variables, release.beside
        )
    )
    # of what is not held nobody can say how it is ranked
    if release.truth is None or not release.ranked:
        return told
    known = release.tables, release.truth
    return told.and_also(ranks(cells, truth, release.method, variables, *known))


def _said_once(rows: _Rows, matrix: sp.csr_matrix, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The rows without those that only say again what another says: what has not changed between
    two releases of a date is tied alike in both. One that is known goes before one that is guessed.

    A total with a rest is tied in each, for the rest is a figure of its own.
    """
    # summed, and so sorted: the same tie looks the same in whatever order its cells came
    matrix.sum_duplicates()
    matrix.eliminate_zeros()  # of the same figure on both sides of a tie
    first: dict[tuple[bytes, bytes, float, float], int] = {}
    ends = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    # a row without entries says nothing
    for row, (start, end) in enumerate(ends):
        if start == end:
            continue
        entries = matrix.indices[start:end].tobytes(), matrix.data[start:end].tobytes()
        name = (*entries, low[row], high[row])
        if name not in first or rows.guesses[first[name]] and not rows.guesses[row]:
            first[name] = row
    return np.array(list(first.values()), dtype=int)


def _variables(cells: pd.DataFrame, releases: list[Published]) -> pd.Series:
    """One variable a cell; the same figure in two releases of a date is one, where it has not
    changed.
    """
    dates = pd.Series([release.census_date for release in releases])
    identity = ["table", "measure", "area", "key", "truth"]
    known = cells["truth"].notna()
    named = cells[identity].assign(date=cells["release"].map(dates))
    number_of = pd.Series(-1, index=cells.index)
    # unchanged figures of one date are one variable: hiding it in one edition hides it in all
    number_of[known] = named[known].groupby([*identity, "date"], sort=False).ngroup()
    if (~known).any():
        # where the truth is not held nobody can tell whether a figure has changed: each stands
        # alone
        number_of[~known] = number_of.max() + 1 + np.arange((~known).sum())
    return number_of


def _told_by_symbols(cells: pd.DataFrame, releases: list[Published], count: int) -> np.ndarray:
    """1 for every figure of which a symbol beside it tells that it is not 0."""
    least = np.zeros(count)
    for n, release in enumerate(releases):
        for symbol in symbols():
            frame = release.tables.get(symbol.table)
            if frame is None or not {symbol.beside, symbol.where} <= set(frame.columns):
                continue
            where = frame[symbol.where]
            rows = frame.index[
                (frame[symbol.beside].isin([NOT_AVAILABLE, NOT_APPLICABLE]))
                & ((number(where) > 0) | (where == CONFIDENTIAL))
            ]
            cells_told = cells[
                (cells["release"] == n)
                & (cells["table"] == symbol.table)
                & (cells["measure"] == symbol.measure)
            ]
            least[
                cells_told.loc[
                    cells_told["row"].isin(rows) & (cells_told["truth"] != 0), "variable"
                ]
            ] = 1
    return least


@dataclass
class _Beside:
    """What statistics tell of the counts that they rest on, by variable: the `least` and `most`
    that each is, whatever is hidden; `low` is the least while its statistic is shown (hiding the
    count hides that with it).
    """

    least: np.ndarray
    most: np.ndarray
    low: np.ndarray


def _told_by_statistics(cells: pd.DataFrame, releases: list[Published], count: int) -> _Beside:
    """A mean that is shown says that its count is enough for one; in a release whose statistics
    were not hidden with their counts, `c` says that there is somebody, and any other symbol that
    there is nobody.
    """
    told = _Beside(np.zeros(count), np.full(count, UNBOUNDED), np.zeros(count))
    for n, release in enumerate(releases):
        for table in (t for t in PUBLISHED_TABLES if t.name in release.tables):
            frame = release.tables[table.name]
            for m in (m for m in table.of_rule("mean") if m.name in frame):
                for name in m.rests_on(table):
                    own = cells[
                        (cells["release"] == n)
                        & (cells["table"] == table.name)
                        & (cells["measure"] == name)
                        & cells["is_printed"]
                    ]
                    _one_statistic(own, frame[m.name], release, told)
    return told


def _one_statistic(
    own: pd.DataFrame, statistic: pd.Series, release: Published, told: _Beside
) -> None:
    beside, variable, truth = (
        statistic.loc[own["row"]],
        own["variable"].to_numpy(),
        own["truth"].to_numpy(),
    )
    enough, shown = release.method.placements_for_a_mean, number(beside).notna().to_numpy()
    hidden = (own["text"] == CONFIDENTIAL).to_numpy()
    told.low[variable[shown & (truth >= enough)]] = enough
    told.least[variable[shown & hidden & (truth >= enough)]] = enough
    if not release.statistics_hidden:
        is_symbol = hidden & ~shown
        somebody = is_symbol & (beside == CONFIDENTIAL).to_numpy() & (truth > 0)
        np.maximum.at(told.least, variable[somebody], 1)
        told.most[variable[is_symbol & (beside != CONFIDENTIAL).to_numpy() & (truth == 0)]] = 0


def _not_hidden_with(release: Published) -> list[str]:
    """The statistics of a release that stand beside a hidden count and are not hidden."""
    sentences = []
    for table in (t for t in PUBLISHED_TABLES if t.name in release.tables):
        frame = release.tables[table.name]
        for m in (m for m in table.of_rule("mean") if m.name in frame):
            for name in m.rests_on(table):
                rows = frame.index[(frame[name] == CONFIDENTIAL) & (frame[m.name] != CONFIDENTIAL)]
                where = f"{table.name}.{m.name}, row"
                sentences += [
                    f"{where} {row + 1}: {frame.loc[row, m.name]} is published; beside a hidden"
                    " count it is c"
                    for row in rows
                ]
    return sentences


def _names(cells: pd.DataFrame, count: int) -> list[str]:
    """What a reader would call each variable, after the newest release that has it, and after what
    is printed of it.
    """
    cells = cells.sort_values("is_printed", kind="stable")  # the last name holds
    labels = (
        cells["table"]
        + "."
        + cells["measure"]
        + ", "
        + cells["area"].where(cells["area"] != "", "region")
    )
    labels = labels + (", " + cells["key"].str.replace("|", ", ")).where(cells["key"] != "", "")
    names = [""] * count
    for variable, label in zip(cells["variable"], labels, strict=True):
        names[variable] = label
    return names


@dataclass(frozen=True)
class _Total:
    """Totals of one table, measure and dimension: cell `parts[i]` belongs to total `of[i]`, whose
    own cell is `whole[of[i]]`. The totals of `rests` are not wholly divided by what is printed;
    `rest_names` says what is left of each, and `behind` which parts are in that. Cells are numbered
    within their release.
    """

    parts: np.ndarray
    of: np.ndarray
    whole: np.ndarray
    says: str
    rests: np.ndarray
    rest_names: list[str]
    behind: np.ndarray


def _total_rows(
    cells: pd.DataFrame,
    releases: list[Published],
    rows: _Rows,
    latent: list[tuple[str, float]],
    count: int,
    truth: np.ndarray,
) -> None:
    """Every Total is the sum of its parts; where not all parts are published, what is left is a
    variable of its own, and the sum of the crossings that it is made of where these are held.
    """
    variable, start = cells["variable"].to_numpy(), 0
    for release in releases:
        own = variable[start : start + len(release.cells)]
        start += len(own)
        for total in release.totals:
            size, parts, whole = len(total.whole), own[total.parts], own[total.whole]
            left, more = total.rests, len(total.rests)
            behind, of = total.behind, total.of
            shown = ~behind
            # the rest has the truth that makes the row hold
            rest = truth[whole[left]] - np.bincount(of[shown], truth[parts[shown]], size)[left]
            # rests are numbered behind the cells, in the order in which they come
            new = count + len(latent) + np.arange(more)
            rows.add(
                np.concatenate([of[shown], np.arange(size), left]),
                np.concatenate([parts[shown], whole, new]),
                np.concatenate([np.ones(shown.sum()), -np.ones(size), np.ones(more)]),
                np.zeros(size),
                np.zeros(size),
                [total.says] * size,
            )
            if behind.any():
                rows.add(
                    np.concatenate([np.searchsorted(left, of[behind]), np.arange(more)]),
                    np.concatenate([parts[behind], new]),
                    np.concatenate([np.ones(behind.sum()), -np.ones(more)]),
                    np.zeros(more),
                    np.zeros(more),
                    [total.says] * more,
                )
            latent += zip(total.rest_names, rest, strict=True)


def _totals_of(release: Published) -> Iterator[_Total]:
    tables = {table.name: table for table in PUBLISHED_TABLES}
    counted = {(t.name, m.name) for t in PUBLISHED_TABLES for m in t.of_rule("count")}
    grids: dict[tuple[str, str], tuple[int, pd.Series]] = {}
    for (name, measure), part in release.cells.groupby(["table", "measure"], sort=False):
        table = tables[str(name)]
        if (name, measure) not in counted:
            continue
        keys = categories(part["key"], table).assign(area=part["area"])
        behind = ~part["is_printed"]
        is_held = str(measure) in release.crossings.get(table.name, ())
        grid = release.tables[table.name]
        for dimension in ["area", *([] if table.nested else table.filters)]:
            if (table.name, dimension) not in grids:
                column = AREA if dimension == "area" else dimension
                of_rows = _rows_a_group(grid, table, dimension)
                grids[table.name, dimension] = grid[column].nunique() - 1, of_rows
            complete, printed = (0, None) if is_held else grids[table.name, dimension]
            yield from _totals_by(keys, behind, dimension, complete, printed, f"{name}: ")
        if table.nested:
            yield from _nested_totals(keys, table, f"{name}: ")


def _rows_a_group(grid: pd.DataFrame, table: PublishedTable, dimension: str) -> pd.Series:
    """How many rows, shown as a number or not, each group of the dimension's parts has in the
    printed table.
    """
    column = AREA if dimension == "area" else dimension
    others = [c for c in (AREA, *table.filters) if c != column]
    parts = grid[grid[column] != ("" if dimension == "area" else TOTAL)]
    if not others:
        return pd.Series([len(parts)], index=[""])
    return _joined(parts, others).value_counts()


def _totals_by(
    keys: pd.DataFrame,
    behind: pd.Series,
    dimension: str,
    complete: int,
    printed: pd.Series | None,
    where: str,
) -> Iterator[_Total]:
    """The totals of a dimension. `behind` says which cells are not printed; `printed` how many rows
    each group has in the printed table of `complete` ones, where what is not printed is not held.
    """
    others = [c for c in ("area", *(c for c in keys.columns if c != "area")) if c != dimension]
    group = _joined(keys, others)
    is_total = keys[dimension] == ("" if dimension == "area" else TOTAL)
    wholes = pd.Series(keys.index[is_total], index=group[is_total])
    parts = group[~is_total]
    # of a total that is not printed its parts tell nothing
    parts = parts[parts.isin(wholes.index)]
    if parts.empty:
        return
    codes, groups = pd.factorize(parts)
    is_behind = behind.loc[parts.index].to_numpy()
    if printed is None:
        # a single one is its own rest, and with nothing printed beside them the total is theirs
        several = np.bincount(codes, is_behind, len(groups)) > 1
        has_rest = several & (np.bincount(codes, ~is_behind, len(groups)) > 0)
    else:
        # with fewer parts than the dimension has, the total is more than their sum
        has_rest = printed.reindex(groups).fillna(0).to_numpy() < complete
    rests = np.flatnonzero(has_rest)
    names = [f"{where}the rest of {groups[i].replace('|', ', ')} by {dimension}" for i in rests]
    says = f"{where}{'region' if dimension == 'area' else dimension} total = sum of its parts"
    whole = wholes.loc[groups].to_numpy()
    in_rest = is_behind & has_rest[codes]
    yield _Total(parts.index.to_numpy(), codes, whole, says, rests, names, in_rest)


def _nested_totals(keys: pd.DataFrame, table: PublishedTable, where: str) -> Iterator[_Total]:
    """The categories of each breakdown add up to the Total."""
    first, _ = table.filters
    is_total = keys[first] == TOTAL
    wholes = pd.Series(keys.index[is_total], index=keys.loc[is_total, "area"])
    parts = keys[~is_total & keys["area"].isin(wholes.index)]
    if parts.empty:
        return
    codes, groups = pd.factorize(parts["area"] + "|" + parts[first])
    whole = wholes.loc[[str(g).split("|")[0] for g in groups]].to_numpy()
    says = f"{where}a breakdown adds up to the total"
    nothing = np.array([], dtype=int)
    behind = np.zeros(len(parts), dtype=bool)
    yield _Total(parts.index.to_numpy(), codes, whole, says, nothing, [], behind)


def _tie_rows(cells: pd.DataFrame, links: list[Linked], rows: _Rows) -> None:
    truth, variable = cells["truth"].to_numpy(), cells["variable"].to_numpy()
    for link in links:
        kept = holding(link, truth)
        if len(kept.row):
            size = int(kept.row.max()) + 1
            least = np.full(size, -np.inf if link.tie.at_most else 0.0)
            rows.add(
                kept.row,
                variable[kept.cell],
                kept.sign,
                least,
                np.zeros(size),
                [link.tie.says] * size,
                guessed=link.tie.presumed,
            )


def _apart_from(release: Published) -> str:
    return f" apart from {release.census_date} r{release.number}"


def _apart_rows(cells: pd.DataFrame, releases: list[Published], rows: _Rows) -> None:
    """The same figure in two releases of a date that follow each other, a child apart: the reader
    is presumed to know by how many. How what is printed nowhere moves nobody sees.
    """
    cells = cells[cells["is_printed"]]
    estimates = {(t.name, m.name) for t in PUBLISHED_TABLES for m in t.of_rule("estimate")}
    for n, release in enumerate(releases):
        later = next(
            (
                i
                for i in range(n + 1, len(releases))
                if releases[i].census_date == release.census_date
            ),
            None,
        )
        if later is None:
            continue
        keys = ["table", "measure", "area", "key"]
        both = cells[cells["release"] == n].merge(
            cells[cells["release"] == later], on=keys, suffixes=("", "_later")
        )
        step = both["truth_later"] - both["truth"]
        is_apart = (step != 0) & (step.abs() <= A_CHILD_APART)
        both, step = both[is_apart], step[is_apart].to_numpy()
        size = len(both)
        if size:
            # an estimate moves with what it is worked out of, and not by children
            inexact = np.array(
                [pair in estimates for pair in zip(both["table"], both["measure"], strict=True)],
                dtype=bool,
            )
            ends = _apart_from(releases[later])
            rows.add(
                np.tile(np.arange(size), 2), np.concatenate([both["variable_later"], both["variable"]]), np.repeat([1.0, -1.0], size),
                np.where(inexact, -A_CHILD_APART, step), np.where(inexact, A_CHILD_APART, step),
                [f"r{release.number} is a child{ends}"] * size,
            )  # fmt: skip


def _mean_rows(
    cells: pd.DataFrame, truth: np.ndarray, releases: list[Published], rows: _Rows
) -> None:
    """What a printed mean of the region tells of its authorities, where it goes by the money rule."""
    for n, release in enumerate(releases):
        own = cells[cells["release"] == n]
        for sums in fees.told_by_means(own, truth, release.tables, release.method):
            _add_one(rows, sums, release.method.placements_for_a_mean, np.inf, fees.SAYS)


def _share_rows(cells: pd.DataFrame, releases: list[Published], rows: _Rows) -> list[str]:
    """Shares and rates that are not what the published counts give: each tells something of the
    true ones. Names those of the current release.
    """
    for n, release in enumerate(releases):
        for table, m, index, _ in release.odd_shares:
            frame = release.tables[table.name]
            if pd.notna(number(frame.loc[[index], m.name]).iloc[0]):
                own = cells[(cells["release"] == n) & (cells["table"] == table.name)]
                known = release.truth.get(table.name) if release.truth is not None else None
                _one_share(own, table, m, frame, index, rows, known)
    return [sentence for *_, sentence in releases[-1].odd_shares]


def _odd_shares_of(release: Published) -> Iterator[tuple[PublishedTable, Measure, int, str]]:
    from assets.publication.tables import worked_out

    for table in (t for t in PUBLISHED_TABLES if t.name in release.tables):
        frame = release.tables[table.name]
        known = release.truth.get(table.name) if release.truth is not None else None
        for m in (m for m in table.of_rule("share", "rate", "difference") if m.name in frame):
            given = worked_out(table, m, frame, known)
            if given is None:
                continue
            for index in frame.index[given != frame[m.name]]:
                at = f"{table.name}.{m.name}, row {index + 1}: {frame.loc[index, m.name]}"
                sentence = f"{at} is published; the published counts give {given[index]}"
                yield table, m, index, sentence


def _one_share(
    own: pd.DataFrame,
    table: PublishedTable,
    m: Measure,
    frame: pd.DataFrame,
    index: int,
    rows: _Rows,
    known: pd.DataFrame | None,
) -> None:
    """`times` part by whole is what is printed, give or take half a digit."""
    from assets.publication.tables import total_row

    def variables(names: tuple[str, ...], row: int) -> list[tuple[float, int]] | None:
        terms = []
        for name in names:
            at = own[(own["measure"] == name.removeprefix("-")) & (own["row"] == row)]
            if at.empty:
                return None
            terms.append((-1.0 if name.startswith("-") else 1.0, int(at["variable"].iloc[0])))
        return terms

    printed, says = (
        float(frame.loc[index, m.name]),
        f"{table.name}.{m.name} = {frame.loc[index, m.name]}",
    )
    part = variables(m.of, index)
    if part is None:
        return
    if m.rule == "difference":
        _add_one(rows, part, printed, printed, says)
        return
    times, digits = (m.times, m.decimals) if m.rule == "rate" else (100, 1)
    least, greatest = (printed - 0.5 / 10**digits) / times, (printed + 0.5 / 10**digits) / times
    # what a rate is of need not be printed beside it (the population)
    if m.rule == "rate" and m.per not in frame:
        per = float(known.loc[index, m.per])  # type: ignore[union-attr]
        if per > 0:
            _add_one(rows, part, least * per, greatest * per, says)
        return
    whole_row = total_row(frame, table, m, index)
    whole = (
        variables((m.per,) if m.rule == "rate" else m.whole or m.of, whole_row)
        if whole_row is not None
        else None
    )
    if whole is None:
        return
    # a ratio between two ends is two rows, each of which is linear
    for ratio, low, high in ((least, 0.0, np.inf), (greatest, -np.inf, 0.0)):
        _add_one(
            rows, [*part, *((-ratio * sign, variable) for sign, variable in whole)], low, high, says
        )


def _add_one(
    rows: _Rows, entries: list[tuple[float, int]], low: float, high: float, says: str
) -> None:
    rows.add(
        np.zeros(len(entries), dtype=int), np.array([v for _, v in entries]), np.array([a for a, _ in entries]),
        np.array([low]), np.array([high]), [says],
    )  # fmt: skip
