"""Releases: numbered, kept in the ledger for ever, never changed; a correction is a new one.

Belongs here: whether a release is due, preparing it (print, repair, gate), its number and manifest, the ledger.
Does not belong here: rules (`disclosure`), layout (`tables`), the attack (`attack`, `gate`), what has changed (`changes`), files (`files`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.access import audit
from assets.intake.provenance import held
from assets.publication.changes import what_changed
from assets.publication.disclosure import CONFIDENTIAL, SYMBOLS
from assets.publication.files import release_files, replace_manifest, table_csv, write_release
from assets.publication.programme import PUBLISHED_TABLES, ties
from assets.publication.tables import GEOGRAPHY, SETTINGS, Hidden, TrueTable, members_of_region, release_tables, true_tables
from assets.warehouse.models import code_version
from resources.provenance import BANNER
from resources.warehouse import Warehouse, copy_frame, physical
from schemas.regions import DisclosureMethod, Region
from schemas.returns import contract_version

if TYPE_CHECKING:  # what they need takes a second to import
    from assets.publication.attack import Published
    from assets.publication.gate import Verdict

_ATTEMPTS = 6
"""Times that the gate is asked again after a repair that its linear programmes called for."""

_SECONDS_TO_HIDE = 60
"""Seconds for hiding cell by cell what linear programmes call for: then whole authorities are hidden around what is still told."""

_LAST_ATTEMPTS = 2
"""Times that it is asked of what would be printed, with whole authorities hidden around what is still told."""

_STATISTICS_HIDDEN = "statistics_hidden_with_their_counts"
"""In a manifest's method: a release without it left means beside counts that its repair had hidden."""


@dataclass(frozen=True)
class Release:
    """One release: its census date, number and folder, whether it was made now (else it stands from before), its cells and how many of
    them are hidden (`repaired`: by the repair). Where the gate refused it, `verdict` says why and nothing was written.
    """

    census_date: dt.date
    number: int
    folder: Path
    is_new: bool
    cells: int
    hidden: int
    repaired: int = 0
    verdict: Verdict | None = None
    changes: str = ""

    @property
    def refused(self) -> bool:
        """Whether the gate refused it."""
        return self.verdict is not None and not self.verdict.passed


@dataclass(frozen=True)
class Prepared:
    """Tables that are ready to leave, if the gate lets them, and how many cells the repair has hidden."""

    tables: dict[str, pd.DataFrame]
    repaired: int
    verdict: Verdict


def make_release(
    warehouse: Warehouse, census_date: dt.date, region: Region, releases: Path, *, key: bytes | None = None, dry_run: bool = False
) -> Release | None:
    """Release the census date, unless its newest release says the same already. None where nothing counts that was sent for the quarter itself
    (what is carried forward from earlier ones says nothing new, and a release is never taken back), or where it has no figures.

    The ledger is written first, in one transaction, and the files are made from it: a run that is killed in between writes them next time.
    Where the gate refuses, and in a dry run, nothing is written. `key` is the warehouse's, for noise and keyed choices: without one counts of
    places carry no noise, and small ones are hidden.
    """
    if not has_own_returns(warehouse, census_date):
        return None
    members = members_of_region(warehouse, census_date)
    true = true_tables(warehouse, census_date, members, key) if len(members) else {}
    if not true:
        return None
    basis = _basis(true, members, region.disclosure)
    with warehouse.writing() as connection:  # one at a time: what is compared with must still be the newest when it is written
        latest = _latest(connection, census_date)
        if latest is not None and latest.basis == basis:
            release = _as_it_stands(connection, census_date, latest.release_number, releases)
        else:
            prepared = prepare(warehouse, census_date, true, members, region.disclosure, key)
            content = _content(prepared.tables)
            is_new = latest is None or latest.content_hash != content
            number = (latest.release_number if latest else 0) + (1 if is_new else 0)
            manifest = _manifest(connection, census_date, number, region, prepared.tables)
            manifest["method"]["noise"] = any(SETTINGS in table.values for table in true.values())
            before = read_release(warehouse, census_date, latest.release_number) if latest else None
            changes = what_changed(census_date, number, prepared.tables, manifest, before)
            shown = pd.concat([frame.drop(columns=GEOGRAPHY).stack() for frame in prepared.tables.values()])
            folder, hidden = folder_of(releases, census_date, number), int((shown == CONFIDENTIAL).sum())
            release = Release(census_date, number, folder, is_new, len(shown), hidden, prepared.repaired, prepared.verdict, changes)
            if not release.refused and not dry_run:
                if is_new:
                    said = {"changes": changes, "gate": "passed"}  # and no more: how many were attacked would help to tell them apart
                    _write_ledger(connection, release, content, {**manifest, **said}, prepared.tables, true)
                _write_basis(connection, census_date, number, basis)
    if not release.refused and not dry_run:
        write_missing_files(warehouse, census_date, releases)
    return release


def has_own_returns(warehouse: Warehouse, census_date: dt.date) -> bool:
    """Whether a return counts that was sent for the census date itself."""
    query = (
        "select exists (select from raw.submission as s inner join raw.submission_table as t on s.submission_id = t.submission_id "
        "where s.census_date = :d and t.status = 'in force')"
    )
    return bool(warehouse.scalar(query, d=census_date))


def _write_ledger(
    connection: Connection, release: Release, content: str, manifest: dict[str, Any], tables: dict[str, pd.DataFrame], true: dict[str, TrueTable]
) -> None:
    date, number = release.census_date, release.number
    connection.execute(
        sa.text("insert into published.release (census_date, release_number, content_hash, manifest) values (:d, :n, :h, cast(:m as jsonb))"),
        {"d": date, "n": number, "h": content, "m": json.dumps(manifest)},
    )
    for name, frame in tables.items():
        copy_frame(connection, "published.cell", _cells(date, number, name, frame))
    copy_frame(connection, "raw.released_count", _true_counts(date, number, true))
    audit.record(connection, audit.RELEASED, f"{date} r{number}", content_hash=content)


def _write_basis(connection: Connection, census_date: dt.date, number: int, basis: str) -> None:
    connection.execute(sa.text("delete from raw.release_basis where census_date = :d and release_number = :n"), {"d": census_date, "n": number})
    connection.execute(
        sa.text("insert into raw.release_basis (census_date, release_number, basis) values (:d, :n, :b)"), {"d": census_date, "n": number, "b": basis}
    )


def prepare(
    warehouse: Warehouse,
    census_date: dt.date,
    true: dict[str, TrueTable],
    members: pd.DataFrame,
    method: DisclosureMethod,
    key: bytes | None = None,
) -> Prepared:
    """Print the tables, hide what else must be hidden, and ask the gate. `key` is the warehouse's."""
    printed = partial(release_tables, true, members, census_date)
    return prepare_against(earlier_releases(warehouse, census_date), census_date, true, printed, method, key)


def prepare_against(
    earlier: list[Published],
    census_date: dt.date,
    true: dict[str, TrueTable],
    printed: Callable[..., dict[str, pd.DataFrame]],
    method: DisclosureMethod,
    key: bytes | None = None,
) -> Prepared:
    """As `prepare`, against given earlier releases. `printed(hidden, method)` gives the tidy tables with these cells hidden.

    Without the warehouse's `key` the repair's choices can be worked out by whoever knows the program, and nothing is hidden besides.
    """
    from assets.publication.attack import Published, System, build_system
    from assets.publication.editions import with_means_as_before
    from assets.publication.gate import judge, judge_for
    from assets.publication.readers import readers
    from assets.publication.repair import Repair, draws

    truth = {name: table.values for name, table in true.items()}
    number = 1 + max((release.number for release in earlier if release.census_date == census_date), default=0)

    def system_of(tables: dict[str, pd.DataFrame]) -> System:
        return build_system([*earlier, Published(census_date, number, tables, method, truth)])

    def as_edition(hidden: Hidden) -> dict[str, pd.DataFrame]:
        return with_means_as_before(printed(hidden, method), true, earlier, census_date)

    tables = as_edition({})
    drawn = draws(key, census_date) if key else None
    repair = Repair(system_of(tables), method.possible_values, drawn, method.hidden_besides if drawn else 0.0)
    repair.run()
    still_told = [r.name for r in readers(repair.system, tables) if not repair.hide_for_reader(r, method.possible_values)]
    verdict = judge(repair.system, method.possible_values)
    unsafe = verdict.leaks
    latest = time.monotonic() + _SECONDS_TO_HIDE
    for _ in range(_ATTEMPTS):
        hidden = len(repair.hidden)
        for leak in unsafe:
            if time.monotonic() < latest:
                repair.hide_for(leak.variable)
        if len(repair.hidden) == hidden:
            break
        # what was proved safe stays safe when more is hidden (whatever the tables could be they still could be): the rest is asked again
        unsafe = judge(repair.system, method.possible_values, only=[leak.variable for leak in unsafe]).leaks
    verdict = replace(verdict, leaks=unsafe)
    final = repair.system
    for attempt in range(_LAST_ATTEMPTS):
        if not repair.hidden:
            break
        tables = as_edition(_masks(repair.masks(), true))
        final = system_of(tables)
        # the proof is of what is printed, or it is no proof; and what is worked out of hidden figures is hidden too, and tells no more
        if verdict.leaks or not final.tells_no_more_than(repair.system):
            verdict = judge(final, method.possible_values)
        if not verdict.leaks or attempt == _LAST_ATTEMPTS - 1:
            break
        places = {name: variable for variable, name in enumerate(repair.system.names)}
        for leak in verdict.leaks:
            repair.hide_around(places.get(final.names[leak.variable], leak.variable))
    # what is hidden later tells the readers who know more no more either; where something is told, or not all is as it was, they are asked again
    if still_told or not final.tells_no_more_than(repair.system):
        asked = readers(final, tables)
        told = [leak for reader in asked for leak in judge_for(reader.view(final), reader.name, method.possible_values)]
        verdict = replace(verdict, leaks=(*verdict.leaks, *told))
    return Prepared(tables, sum(len(rows) for rows in repair.masks().values()), verdict)


def _masks(rows: dict[tuple[str, str], list[int]], true: dict[str, TrueTable]) -> dict[tuple[str, str], np.ndarray]:
    masks = {}
    for (table, measure), chosen in rows.items():
        mask = np.zeros(len(true[table].keys), dtype=bool)
        mask[chosen] = True
        masks[table, measure] = mask
    return masks


def earlier_releases(warehouse: Warehouse, census_date: dt.date) -> list[Published]:
    """Every earlier release that a tie connects with this date: those of the date itself whole, and of the dates that ties over time
    reach (years before and after) the tables that they name.
    """
    from assets.publication.attack import Published

    over_time = {term.table for tie in ties() if any(t.before for t in tie.terms) for term in tie.terms}
    found = []
    for row in warehouse.rows("select census_date, release_number from published.release order by census_date, release_number"):
        same = row.census_date == census_date
        if not same and (row.census_date.month, row.census_date.day) != (census_date.month, census_date.day):
            continue
        tables, manifest = read_release(warehouse, row.census_date, row.release_number, None if same else sorted(over_time))
        if tables:
            truth = _read_true_counts(warehouse, row.census_date, row.release_number, tables)
            found.append(
                Published(row.census_date, row.release_number, tables, _method_of(manifest), truth, _STATISTICS_HIDDEN in manifest["method"])
            )
    return found


def _method_of(manifest: dict[str, Any]) -> DisclosureMethod:
    """The method that printed a release."""
    said = manifest["method"]
    known = {name: said[name] for name in DisclosureMethod.__dataclass_fields__ if name in said}
    # a release from before there was noise has none
    before = {"round_to": said.get("rounded_to", DisclosureMethod.round_to), "settings_for_noise": sys.maxsize}
    return DisclosureMethod(**{**before, **known})


def _latest(connection: Connection, census_date: dt.date) -> Any:
    query = (
        "select r.release_number, r.content_hash, b.basis from published.release as r left join raw.release_basis as b "
        "on r.census_date = b.census_date and r.release_number = b.release_number where r.census_date = :d order by r.release_number desc limit 1"
    )
    return connection.execute(sa.text(query), {"d": census_date}).first()


def _as_it_stands(connection: Connection, census_date: dt.date, number: int, releases: Path) -> Release:
    query = "select count(*), count(*) filter (where value = 'c') from published.cell where census_date = :d and release_number = :n"
    cells, hidden = connection.execute(sa.text(query), {"d": census_date, "n": number}).one()
    return Release(census_date, number, folder_of(releases, census_date, number), False, cells, hidden)  # noqa: FBT003


def folder_of(releases: Path, census_date: dt.date, number: int) -> Path:
    """The folder of a release."""
    return releases / census_date.isoformat() / f"r{number}"


def _content(tables: dict[str, pd.DataFrame]) -> str:
    return hashlib.sha256(b"".join(name.encode() + b"\0" + table_csv(frame) for name, frame in tables.items())).hexdigest()


def _basis(true: dict[str, TrueTable], members: pd.DataFrame, method: DisclosureMethod) -> str:
    """A hash of everything that decides what is printed."""
    parts = [repr(method).encode(), table_csv(members), repr([table.table for table in true.values()]).encode(), repr(ties()).encode()]
    for table in true.values():
        parts += [table_csv(table.keys), table_csv(table.values), table_csv(table.symbols)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _cells(census_date: dt.date, number: int, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A published table as ledger rows: one a cell."""
    table = next(t for t in PUBLISHED_TABLES if t.name == name)
    measures = [indicator.name for indicator in table.indicators]
    keys = frame[[*GEOGRAPHY, *table.filters]]
    wide = frame[measures].assign(
        keys=[json.dumps(dict(zip(keys.columns, row, strict=True)), ensure_ascii=False) for row in keys.itertuples(index=False)],
        row_order=range(len(frame)),
    )
    cells = wide.melt(["row_order", "keys"], var_name="measure", value_name="value")
    return cells.assign(census_date=census_date.isoformat(), release_number=number, table_name=name)


def _true_counts(census_date: dt.date, number: int, true: dict[str, TrueTable]) -> pd.DataFrame:
    """The true counts and estimates behind a release, one row a cell."""
    pieces = []
    for name, table in true.items():
        counts = [m.name for m in table.table.of_rule("count", "estimate")]
        if counts and SETTINGS in table.values:
            counts.append(SETTINGS)  # which of them carry noise
        if counts:
            cells = table.values[counts].assign(row_order=range(len(table.values))).melt("row_order", var_name="measure")
            cells = cells.dropna()  # below a threshold is what was below it before its fraction went
            pieces.append(cells.assign(table_name=name, value=np.floor(cells["value"]).astype("int64")))
    if not pieces:
        return pd.DataFrame()
    return pd.concat(pieces).assign(census_date=census_date.isoformat(), release_number=number)


def _read_true_counts(warehouse: Warehouse, census_date: dt.date, number: int, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame] | None:
    cells = warehouse.frame(
        "select table_name, row_order, measure, value from raw.released_count "
        "where census_date = :d and release_number = :n and table_name = any(:tables)",
        d=census_date, n=number, tables=list(tables),
    )  # fmt: skip
    if cells.empty:
        return None
    wide = {str(name): part.pivot(index="row_order", columns="measure", values="value") for name, part in cells.groupby("table_name")}
    return {name: frame.reindex(tables[name].index).astype("float64") for name, frame in wide.items()}


def _manifest(connection: Connection, census_date: dt.date, number: int, region: Region, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What the release rests on: returns, code, contracts, method; and what it holds. No clock, so that it can be made again.

    A return is named by sender, table and version, never by a hash of it: whoever guesses a small return could try the hash out.
    """
    returns = connection.execute(
        sa.text(
            physical("""
            select s.sender, s.census_date, t.table_name, t.version
            from raw.submission as s
            inner join raw.submission_table as t on s.submission_id = t.submission_id
            where t.status = 'in force'
                and (s.census_date = :d or (t.table_name, s.census_date) in (
                    select u.register_table, u.register_as_at from core.register_in_use as u where u.census_date = :d
                ))
            order by s.sender, t.table_name, s.census_date
            """)
        ),
        {"d": census_date},
    ).mappings()
    return {
        "census_date": census_date.isoformat(),
        "release": number,
        "region": region.name,
        **({"made_up": BANNER} if held(connection) else {}),
        "returns": [{**row, "census_date": row["census_date"].isoformat()} for row in returns],
        "code_version": code_version(),
        "contract_version": contract_version(),
        "method": {**asdict(region.disclosure), "symbols": SYMBOLS, _STATISTICS_HIDDEN: True},
        "tables": {
            name: {"rows": len(frame), "columns": list(frame.columns), "sha256": hashlib.sha256(table_csv(frame)).hexdigest()}
            for name, frame in tables.items()
        },
    }


def read_release(
    warehouse: Warehouse, census_date: dt.date, number: int, only: list[str] | None = None
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """A release as it stands in the ledger: its tables (those of `only`, where given), every cell as printed, and its manifest."""
    manifest = warehouse.scalar("select manifest from published.release where census_date = :d and release_number = :n", d=census_date, n=number)
    cells = warehouse.frame(
        "select table_name, row_order, measure, value from published.cell where census_date = :d and release_number = :n "
        "and (:everything or table_name = any(:only))",
        d=census_date, n=number, everything=only is None, only=only or [],
    )  # fmt: skip
    keys = warehouse.frame(
        "select distinct on (table_name, row_order) table_name, row_order, keys from published.cell "
        "where census_date = :d and release_number = :n and (:everything or table_name = any(:only)) order by table_name, row_order",
        d=census_date, n=number, everything=only is None, only=only or [],
    )  # fmt: skip
    tables = {}
    fronts = dict(iter(keys.groupby("table_name", sort=False)))
    parts = {str(name): part for name, part in cells.groupby("table_name", sort=False)}
    for name in [n for n in _in_order(manifest) if n in parts]:
        wide = parts[name].pivot(index="row_order", columns="measure", values="value").sort_index()
        front = pd.DataFrame(list(fronts[name]["keys"]), index=fronts[name]["row_order"])
        tables[name] = front.join(wide)[manifest["tables"][name]["columns"]].reset_index(drop=True)
    return tables, manifest


def _in_order(manifest: dict[str, Any]) -> list[str]:
    """The tables of a release in the programme's order; those that the programme no longer has come last."""
    order = {table.name: n for n, table in enumerate(PUBLISHED_TABLES)}
    return sorted(manifest["tables"], key=lambda name: (order.get(name, len(order)), name))


def write_missing_files(warehouse: Warehouse, census_date: dt.date, releases: Path) -> list[Path]:
    """Write the files of every release of the census date that has none, and the manifest of those whose manifest was reissued."""
    written = []
    query = "select release_number, manifest ? 'reissued' as is_reissued from published.release where census_date = :d order by 1"
    for row in warehouse.rows(query, d=census_date):
        folder = folder_of(releases, census_date, row.release_number)
        if not folder.exists():
            tables, manifest = read_release(warehouse, census_date, row.release_number)
            write_release(folder, release_files(tables, manifest))
            written.append(folder)
        elif row.is_reissued:
            manifest = warehouse.scalar(
                "select manifest from published.release where census_date = :d and release_number = :n", d=census_date, n=row.release_number
            )
            if replace_manifest(folder, manifest):
                written.append(folder)
    return written


def write_all_missing_files(warehouse: Warehouse, releases: Path) -> None:
    """As `write_missing_files`, of every census date that has a release."""
    for row in warehouse.rows("select distinct census_date from published.release order by 1"):
        write_missing_files(warehouse, row.census_date, releases)


__all__ = ["Release", "has_own_returns", "make_release", "prepare", "read_release", "write_all_missing_files", "write_missing_files"]
