"""The miner: looks for ties between published columns that hold in made-up worlds and in the
ledger, and that nobody has decided on.

Belongs here: linear identities (pairs, sums, differences) and inequalities between columns on
shared keys, those that known ties do not give already, and whether a decision covers them. Does not
belong here: the worlds (`worlds`), the ties (`schemas/ties.toml`).

A column is a measure of a table in one category of each of its filters, looked at over all
authorities of all worlds (`area`), or over the kinds of provision besides (`area and kind`). Flows
count as columns of the authority they come to, too.

`python -m tests.disclosure.mining [--ledger]` prints what stands undecided, with its support.
"""

from __future__ import annotations

import itertools
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import highspy
import numpy as np
import pandas as pd

from assets.publication.programme import (
    OWN,
    PUBLISHED_TABLES,
    SCHEMAS,
    SUB_REGION,
    TOTAL,
    Tie,
    ties,
)
from schemas.regions import others_of_the_sub_region

KIND = "provision_type"
ENOUGH_CELLS = 15
"""Non-trivial cells (somebody is counted, and the tie is more than 0 = 0) in which a tie must hold.
"""
ENOUGH_WORLDS = 2
OFTEN = 0.9
"""The share of non-trivial cells in which an equality must hold: one that holds in fewer is chance,
or of some kinds alone.
"""
NEARLY_ALWAYS = 0.98
"""The same of an inequality."""
BROKEN_ELSEWHERE = 0.05
"""The share of cells in which an inequality must fail with the one side taken from another world:
what holds there too, as a small figure is below a large one, is no tie.
"""
TIGHT = 0.1
"""The share of the cells of an inequality in which both sides are the same: below, it says little,
and may be chance.
"""
PUBLIC = {f"{t.name}.{m.name}" for t in PUBLISHED_TABLES for m in t.of_rule("exact")}
_LARGEST_FAMILY = 12


@dataclass(frozen=True)
class Candidate:
    """A sum of columns (with coefficients) that is 0, or at most 0, where it was looked at: cells
    (`of` those in which anybody is counted; `tight`: in which an inequality is an equality) and
    worlds.
    """

    terms: tuple[tuple[float, str], ...]
    at_most: bool
    cells: int
    of: int
    tight: int
    worlds: int

    def __str__(self) -> str:
        left = " + ".join(name for sign, name in self.terms if sign > 0)
        right = " + ".join(name for sign, name in self.terms if sign < 0)
        how = f"{self.cells} of {self.of} cells, {self.tight} tight, {self.worlds} worlds"
        return f"{left} {'<=' if self.at_most else '='} {right} ({how})"


@dataclass(frozen=True)
class Level:
    """Columns over shared keys: `values` (keys by columns, blank where not known) and the world of
    each key. `sparse` columns count anybody in too few cells to be looked at, and are taken as 0.
    `elsewhere` is the row of the same key in another world (-1: none).
    """

    name: str
    columns: list[str]
    values: np.ndarray
    world: np.ndarray
    family: list[list[int]]
    sparse: frozenset[str]
    elsewhere: np.ndarray


# --- columns
# ---------------------------------------------------------------------------------------------------


def column(table: str, measure: str, categories: Iterable[str]) -> str:
    """The name of a column, as decisions write it: `table.measure[category | category]`."""
    inside = " | ".join(c for c in categories if c)
    return f"{table}.{measure}" + (f"[{inside}]" if inside else "")


def levels(cells: pd.DataFrame) -> list[Level]:
    """The cells as columns by area, and by area and kind of provision."""
    cells = cells.astype(dict.fromkeys(("world", "area", "name", "table", "measure", "key"), "str"))
    tables = {t.name: t for t in PUBLISHED_TABLES}
    named = {
        t.name: [f for f in t.filters if f.endswith("authority_name")] for t in tables.values()
    }
    own = cells[(cells["area"] != "") & ~cells["table"].map(lambda t: bool(named[t]))]
    flows = _flows(cells[cells["table"].map(lambda t: bool(named[t]))])
    by_area = own.assign(
        column=_column_names(own, kind=False), row=own["world"] + "|" + own["area"]
    )
    with_kind = own[own["table"].map(lambda t: KIND in tables[t].filters)]
    with_kind = with_kind.assign(kind=_kinds(with_kind, tables))
    with_kind = with_kind[with_kind["kind"] != TOTAL]
    by_kind = with_kind.assign(
        column=_column_names(with_kind, kind=True),
        row=with_kind["world"] + "|" + with_kind["area"] + "|" + with_kind["kind"],
    )
    found = {
        "area and kind": by_kind,
        "flow": _flow_by_flow(cells, named),
        "area": pd.concat([by_area, flows]),
    }
    return [_level(name, part) for name, part in found.items() if len(part)]


def _flow_by_flow(cells: pd.DataFrame, named: dict[str, list[str]]) -> pd.DataFrame:
    """Every flow from one authority to another, a column a measure."""
    found = cells[
        (cells["area"] != "")
        & cells["table"].map(lambda t: bool(named[t]))
        & (cells["key"] != TOTAL)
    ]
    names = [column(t, m, []) for t, m in zip(found["table"], found["measure"], strict=True)]
    return found.assign(
        column=names, row=found["world"] + "|" + found["area"] + "|" + found["key"], key=""
    )


def _kinds(cells: pd.DataFrame, tables: dict) -> pd.Series:
    place = cells["table"].map(
        {name: list(t.filters).index(KIND) for name, t in tables.items() if KIND in t.filters}
    )
    return pd.Series(
        [key.split("|")[n] for key, n in zip(cells["key"], place, strict=True)], index=cells.index
    )


def _column_names(cells: pd.DataFrame, *, kind: bool) -> pd.Series:
    tables = {t.name: t for t in PUBLISHED_TABLES}
    groups = cells[["table", "measure", "key"]].drop_duplicates()
    names = []
    for table, measure, key in groups.itertuples(index=False, name=None):
        filters = list(tables[table].filters)
        names.append(
            column(
                table,
                measure,
                [
                    c
                    for f, c in zip(filters, key.split("|"), strict=False)
                    if not (kind and f == KIND)
                ],
            )
        )
    return (
        cells[["table", "measure", "key"]]
        .merge(groups.assign(column=names), how="left")["column"]
        .set_axis(cells.index)
    )


def _flows(cells: pd.DataFrame) -> pd.DataFrame:
    """Flows as columns: out of an authority (all, to itself, to others of its sub-region) and into
    it (all, from others of its sub-region).
    """
    code = dict(
        cells.loc[cells["area"] != "", ["name", "area"]]
        .drop_duplicates()
        .itertuples(index=False, name=None)
    )
    near = others_of_the_sub_region()
    to = cells["key"].map(code).fillna("")
    kinds = {
        "to all": ((cells["area"] != "") & (cells["key"] == TOTAL), cells["area"]),
        "to itself": ((cells["area"] != "") & (to == cells["area"]), cells["area"]),
        "to its sub-region": (
            pd.Series(
                [b in near.get(a, ()) for a, b in zip(cells["area"], to, strict=True)], cells.index
            ),
            cells["area"],
        ),
        "from all": ((cells["area"] == "") & (to != ""), to),
        "from its sub-region": (
            pd.Series(
                [a in near.get(b, ()) for a, b in zip(cells["area"], to, strict=True)], cells.index
            ),
            to,
        ),
    }
    pieces = [cells.iloc[:0].assign(column="")]
    for kind, (chosen, area) in kinds.items():
        if not chosen.any():
            continue
        part = cells[chosen].assign(area=area[chosen])
        part = (
            part.groupby(["world", "area", "table", "measure"], as_index=False)["value"]
            .agg(["sum", "size"])
            .rename(columns={"sum": "value"})
        )
        if "sub-region" in kind:
            part = part[
                part["size"] == part["area"].map({a: len(others) for a, others in near.items()})
            ]
        pieces.append(
            part.assign(
                column=[
                    column(t, m, [kind])
                    for t, m in zip(part["table"], part["measure"], strict=True)
                ],
                key=kind,
            )
        )
    found = pd.concat(pieces)
    return found.assign(row=found["world"] + "|" + found["area"])


def _level(name: str, cells: pd.DataFrame) -> Level:
    wide = cells.pivot_table(index="row", columns="column", values="value", aggfunc="first")
    counting = (wide > 0).sum() >= ENOUGH_CELLS
    sparse = frozenset(wide.columns[~counting])
    wide = wide.loc[:, counting]
    place = {c: n for n, c in enumerate(wide.columns)}
    one = cells[cells["column"].isin(place)].drop_duplicates("column")
    families: dict[tuple, list[int]] = {}
    for table, measure, key, found in one[["table", "measure", "key", "column"]].itertuples(
        index=False, name=None
    ):
        parts = key.split("|") if key else []
        families.setdefault((table, "measures", key), []).append(place[found])
        for n in range(len(parts)):  # the categories of one filter beside each other
            families.setdefault((table, measure, n, *parts[:n], *parts[n + 1 :]), []).append(
                place[found]
            )
    family = [sorted(set(members)) for members in families.values() if len(set(members)) > 1]
    world = wide.index.str.split("|").str[0].to_numpy()
    elsewhere = _in_another_world(wide.index)
    distinct = [list(x) for x in dict.fromkeys(map(tuple, family))]
    return Level(
        name, list(wide.columns), wide.to_numpy(dtype="float32"), world, distinct, sparse, elsewhere
    )


def _in_another_world(rows: pd.Index) -> np.ndarray:
    """For every key the row of the same key in the world after the next (the next may be the same
    region a quarter later); -1: none.
    """
    worlds = sorted({row.split("|")[0] for row in rows})
    other = {world: worlds[(n + 2) % len(worlds)] for n, world in enumerate(worlds)}
    place = {row: n for n, row in enumerate(rows)}
    parts = [row.split("|", 1) for row in rows]
    return np.array(
        [
            place.get(f"{other[world]}|{key}", -1) if other[world] != world else -1
            for world, key in parts
        ]
    )


# --- looking for them
# ---------------------------------------------------------------------------------------------


def _supported(
    level: Level, terms: tuple[tuple[float, int], ...], *, at_most: bool
) -> Candidate | None:
    """The candidate with its support, where there is enough."""
    taken = level.values[:, [c for _, c in terms]]
    known = ~np.isnan(taken).any(axis=1)
    taken = taken[known]
    total = np.round(taken @ np.array([s for s, _ in terms]), 3)
    somebody = (taken > 0).any(axis=1)
    holds = (total <= 0) if at_most else (total == 0)
    good = holds & somebody
    tight = int(((total == 0) & somebody).sum())
    worlds = len(np.unique(level.world[known][good]))
    least = NEARLY_ALWAYS if at_most else OFTEN
    enough = (
        good.sum() >= ENOUGH_CELLS
        and worlds >= ENOUGH_WORLDS
        and good.sum() >= least * max(1, somebody.sum())
    )
    if (
        not enough
        or (at_most and tight < max(ENOUGH_CELLS, TIGHT * somebody.sum()))
        or len(np.unique(taken[good, 0])) < 3
    ):
        return None
    if at_most and not _fails_elsewhere(level, terms):
        return None
    named = tuple((s, level.columns[c]) for s, c in terms)
    return Candidate(named, at_most, int(good.sum()), int(somebody.sum()), tight, worlds)


def _fails_elsewhere(level: Level, terms: tuple[tuple[float, int], ...]) -> bool:
    """Whether the inequality fails often enough with its right side taken from another world."""
    here = np.flatnonzero(level.elsewhere >= 0)
    if len(here) < ENOUGH_CELLS:
        return True
    total = np.zeros(len(here))
    for sign, c in terms:
        total += sign * level.values[here if sign > 0 else level.elsewhere[here], c]
    known = total[~np.isnan(total)]
    return bool((known > 0).sum() >= BROKEN_ELSEWHERE * max(1, len(known)))


def _shares(level: Level, left: np.ndarray, *, at_most: bool) -> np.ndarray:
    """Of every column: the share of the cells, in which either side counts anybody, where `left` is
    it (or is at most it).
    """
    right = level.values
    known = ~np.isnan(left)[:, None] & ~np.isnan(right)
    somebody = known & ((left[:, None] > 0) | (right > 0))
    holds = (left[:, None] <= right) if at_most else (left[:, None] == right)
    count = somebody.sum(axis=0)
    return np.where(
        count >= ENOUGH_CELLS, (holds & somebody).sum(axis=0) / np.maximum(count, 1), 0.0
    )


def candidates(level: Level) -> Iterator[Candidate]:
    """Everything with enough support: pairs first, then sums; equalities first."""
    size = len(level.columns)
    for at_most, least in ((False, OFTEN), (True, NEARLY_ALWAYS)):
        for a in range(size):
            for b in np.flatnonzero(_shares(level, level.values[:, a], at_most=at_most) >= least):
                if (
                    b != a
                    and (at_most or a < b)
                    and (found := _supported(level, ((1.0, a), (-1.0, int(b))), at_most=at_most))
                ):
                    yield found
    for at_most, least in ((False, OFTEN), (True, NEARLY_ALWAYS)):
        for parts in sorted({c for family in level.family for c in _parts(family)}):
            if all(level.columns[c].split("[")[0] in PUBLIC for c in parts):
                continue
            left = level.values[:, list(parts)].sum(axis=1)
            for b in np.flatnonzero(_shares(level, left, at_most=at_most) >= least):
                if b not in parts:
                    terms = (*((1.0, c) for c in parts), (-1.0, int(b)))
                    if found := _supported(level, terms, at_most=at_most):
                        yield found


def _parts(family: list[int]) -> Iterator[tuple[int, ...]]:
    """Sums of a family's columns that may be another column: two or three of them, all, or all but
    one or two.
    """
    if len(family) > _LARGEST_FAMILY:
        return
    yield from itertools.combinations(family, 2)
    yield from itertools.combinations(family, 3)
    for left_out in (0, 1, 2):
        if len(family) - left_out > 3:
            yield from itertools.combinations(family, len(family) - left_out)


# --- what is known already
# ----------------------------------------------------------------------------------------


class Known:
    """What the ties and the totals say of a level's columns, as a linear programme that tells
    whether a candidate follows from them.
    """

    def __init__(self, level: Level) -> None:
        self.place = {name: n for n, name in enumerate(level.columns)}
        self.sparse = level.sparse
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        for _ in level.columns:
            self.highs.addVar(0.0, 1.0)
        for terms, at_most in (*_totals(level), *_ties(level)):
            self.add(terms, at_most=at_most)

    def add(self, terms: Iterable[tuple[float, str]], *, at_most: bool) -> None:
        """Take it as known; a column that is not looked at here is left out where it only adds to
        what is at most 0.
        """
        given = [(sign, name) for sign, name in terms if name not in self.sparse]
        if any(name not in self.place and (not at_most or sign < 0) for sign, name in given):
            return
        inside = [(sign, self.place[name]) for sign, name in given if name in self.place]
        columns, signs = (
            np.array([c for _, c in inside], dtype=np.int32),
            np.array([s for s, _ in inside]),
        )
        self.highs.addRow(-highspy.kHighsInf if at_most else 0.0, 0.0, len(inside), columns, signs)

    def gives(self, candidate: Candidate) -> bool:
        """Whether it follows for figures of any size that keep what is known."""
        signs = (1.0,) if candidate.at_most else (1.0, -1.0)
        return all(self._greatest(candidate.terms, sign) <= 1e-6 for sign in signs)

    def _greatest(self, terms: Iterable[tuple[float, str]], sign: float) -> float:
        costs = np.zeros(len(self.place))
        for weight, name in terms:
            costs[self.place[name]] = -sign * weight
        self.highs.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)
        self.highs.run()
        return -self.highs.getInfo().objective_function_value


Row = tuple[list[tuple[float, str]], bool]


def _totals(level: Level) -> Iterator[Row]:
    """Every Total is the sum of its categories, and those of a part of the categories are at most
    it.
    """
    for table in PUBLISHED_TABLES:
        filters = [f for f in table.filters if not (level.name == "area and kind" and f == KIND)]
        if any(f.endswith("authority_name") for f in filters):
            yield from _flow_totals(table)
            continue
        for m in table.of_rule("count", "exact"):
            start = f"{table.name}.{m.name}["
            keys = [
                tuple(c[len(start) : -1].split(" | ")) for c in level.columns if c.startswith(start)
            ]
            keys = [key for key in keys if len(key) == len(filters)]
            yield from (
                _nested_totals(table, m.name, keys)
                if table.nested
                else _plain_totals(table, m.name, filters, keys)
            )


def _flow_totals(table) -> Iterator[Row]:
    """The flows to itself and from its sub-region are among all that come to an authority; and so
    those that leave it.
    """
    for m in table.of_rule("count"):
        for way in ("to", "from"):
            parts = ["to itself", f"{way} its sub-region"]
            terms = [(1.0, column(table.name, m.name, [part])) for part in parts]
            yield [*terms, (-1.0, column(table.name, m.name, [f"{way} all"]))], True


def _plain_totals(
    table, measure: str, filters: list[str], keys: list[tuple[str, ...]]
) -> Iterator[Row]:
    for n in range(len(filters)):
        groups: dict[tuple, list[tuple[str, ...]]] = {}
        for key in keys:
            if key[n] != TOTAL:
                groups.setdefault((*key[:n], TOTAL, *key[n + 1 :]), []).append(key)
        for total, parts in groups.items():
            if total in keys:
                whole = column(table.name, measure, total)
                terms = [(1.0, column(table.name, measure, part)) for part in parts]
                yield [*terms, (-1.0, whole)], False


def _nested_totals(table, measure: str, keys: list[tuple[str, ...]]) -> Iterator[Row]:
    whole = column(table.name, measure, (TOTAL, TOTAL))
    for first in {key[0] for key in keys} - {TOTAL}:
        yield (
            [
                *((1.0, column(table.name, measure, key)) for key in keys if key[0] == first),
                (-1.0, whole),
            ],
            False,
        )


def _ties(level: Level) -> Iterator[Row]:
    """The ties of `ties.toml` as they are of a level's columns."""
    for tie in ties():
        if not any(term.before for term in tie.terms):
            yield from _one_tie(level, tie)


def _one_tie(level: Level, tie: Tie) -> Iterator[Row]:
    tables = {t.name: t for t in PUBLISHED_TABLES}
    free = [set(tables[t.table].filters) - set(t.where or {}) - {t.area} for t in tie.terms]
    shared = [f for f in tables[tie.terms[0].table].filters if all(f in names for names in free)]
    looked_over = {"area and kind": KIND, "flow": "host_authority_name"}.get(level.name, "")
    if looked_over and (looked_over not in shared or tie.only):
        return
    asked = [f for f in shared if f != looked_over]
    found = {f: _categories(level, tie, f) for f in asked}
    for chosen in itertools.product(*found.values()):
        of = dict(zip(asked, chosen, strict=True))
        if (
            tie.parts
            and TOTAL in chosen
            or any(of.get(name, "") not in categories for name, categories in tie.only)
        ):
            continue
        terms = []
        for term in tie.terms:
            where = {**dict.fromkeys(tables[term.table].filters, TOTAL), **of, **(term.where or {})}
            terms.append(
                (
                    float(term.sign),
                    column(
                        term.table,
                        term.measure,
                        _named(tables[term.table], term, where, looked_over),
                    ),
                )
            )
        yield terms, tie.at_most


def _named(table, term, where: dict[str, str], looked_over: str) -> list[str]:
    if term.area:
        return ["from its sub-region" if term.summed else "from all"]
    said = {OWN: "to itself", SUB_REGION: "to its sub-region"}
    authority = any(f.endswith("authority_name") for f in table.filters)
    names = [said.get(where[f], where[f]) for f in table.filters if f != looked_over]
    return ["to all" if authority and name == TOTAL else name for name in names]


def _categories(level: Level, tie: Tie, name: str) -> list[str]:
    """The categories of a filter that any of the tie's tables has at this level."""
    tables = {t.name: t for t in PUBLISHED_TABLES}
    found = set()
    for term in tie.terms:
        filters = [
            f
            for f in tables[term.table].filters
            if not (level.name == "area and kind" and f == KIND)
        ]
        start = f"{term.table}.{term.measure}["
        for key in (c[len(start) : -1].split(" | ") for c in level.columns if c.startswith(start)):
            if len(key) == len(filters):
                found.add(key[filters.index(name)])
    return sorted(found)


# --- decisions
# ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NoTie:
    """A decision that candidates are no ties: patterns, one for the columns of each side, and why."""

    left: str
    right: str
    because: str

    def covers(self, candidate: Candidate) -> bool:
        """Whether every column of either side is of its pattern; an equality may stand either way
        round.
        """
        left = [name for sign, name in candidate.terms if sign > 0]
        right = [name for sign, name in candidate.terms if sign < 0]
        ways = [(left, right)] if candidate.at_most else [(left, right), (right, left)]
        return any(_all(a, self.left) and _all(b, self.right) for a, b in ways)


def _all(names: list[str], pattern: str) -> bool:
    return all(
        fnmatchcase(
            name.replace("[", "(").replace("]", ")"), pattern.replace("[", "(").replace("]", ")")
        )
        for name in names
    )


def decisions(path: Path = SCHEMAS / "ties.toml") -> list[NoTie]:
    """What was decided not to be a tie."""
    return [
        NoTie(**entry)
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("no_tie", [])
    ]


def undecided(cells: pd.DataFrame, decided: list[NoTie]) -> list[Candidate]:
    """The candidates that no tie gives, no other candidate before them, and no decision covers.
    What is public throughout hides nobody.
    """
    found = []
    for level in levels(cells):
        known = Known(level)
        for candidate in candidates(level):
            if any(no.covers(candidate) for no in decided) or known.gives(candidate):
                continue
            if not all(name.split("[")[0] in PUBLIC for _, name in candidate.terms):
                found.append(candidate)
            known.add(candidate.terms, at_most=candidate.at_most)
    return found


def main() -> None:
    """Print what stands undecided."""
    from tests.disclosure.worlds import of_ledger, recorded

    cells = recorded()
    if "--ledger" in sys.argv:
        from resources.embedded_postgres import EmbeddedPostgres
        from resources.settings import load_settings
        from resources.warehouse import Warehouse

        server = EmbeddedPostgres(load_settings().home)
        with Warehouse(server.join(), server) as warehouse:
            cells = pd.concat([cells, of_ledger(warehouse)])
    for candidate in undecided(cells, decisions()):
        print(candidate)


if __name__ == "__main__":
    main()
