"""Releases: numbered, kept in the ledger for ever, never changed; a correction is a new one.

Belongs here: preparing one (print, repair, gate), its manifest, reading the ledger, its files where
they are missing. Does not belong here: rules (`disclosure`), layout (`tables`), the attack
(`disclosure`), what has changed (`changes`), files (`files`), what is due and kept until it is
approved (`drafts`), and publishing it (`approval`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.intake.provenance import held
from assets.publication.disclosure.rules import SYMBOLS
from assets.publication.disclosure.verdict import Prepared, Verdict
from assets.publication.files import (
    damage,
    put_in_place,
    release_files,
    replace_manifest,
    set_aside,
    table_csv,
)
from assets.publication.programme import AREA, PUBLISHED_TABLES, ties
from assets.publication.tables import (
    ADDS_UP,
    AUTHORITY,
    COVERED,
    GEOGRAPHY,
    SETTINGS,
    Hidden,
    TrueTable,
    unprinted,
)
from assets.warehouse.models import code_version
from resources.errors import ObservatoryError
from resources.provenance import BANNER
from resources.warehouse import Asked, Snapshot, Warehouse, physical
from schemas.regions import DisclosureMethod, Region
from schemas.returns import contract_version

if TYPE_CHECKING:  # what they need takes a second to import
    from assets.publication.disclosure.knowledge import Published, System
    from assets.publication.disclosure.suppression import Repair

_ATTEMPTS = 7
"""Times that the gate is asked again after a repair that its linear programmes called for."""

_SECONDS_TO_HIDE = 60
"""Seconds for hiding cell by cell what linear programmes call for: then whole authorities are
hidden around what is still told.
"""

_LAST_ATTEMPTS = 2
"""Times that it is asked of what would be printed, with whole authorities hidden around what is
still told.
"""

_STATISTICS_HIDDEN = "statistics_hidden_with_their_counts"
"""In a manifest's method: a release without it left means beside counts that its repair had hidden.
"""


class Ledger(NamedTuple):
    """The tables in which releases are kept: what is published, or the drafts of what may be."""

    releases: str
    cells: str
    counts: str


LEDGER = Ledger("published.release", "published.cell", "raw.released_count")
DRAFTS = Ledger("raw.draft", "raw.draft_cell", "raw.draft_count")


def write_basis(connection: Connection, census_date: dt.date, number: int, basis: str) -> None:
    """Note the true figures behind a release: while they are the same there is nothing new to say."""
    connection.execute(
        sa.text("delete from raw.release_basis where census_date = :d and release_number = :n"),
        {"d": census_date, "n": number},
    )
    connection.execute(
        sa.text(
            "insert into raw.release_basis (census_date, release_number, basis) values (:d, :n, :b)"
        ),
        {"d": census_date, "n": number, "b": basis},
    )


def prepare_against(
    earlier: list[Published],
    census_date: dt.date,
    true: dict[str, TrueTable],
    printed: Callable[..., dict[str, pd.DataFrame]],
    method: DisclosureMethod,
    key: bytes | None = None,
    beside: Mapping[str, tuple[str, ...]] | None = None,
    groups: Mapping[str, tuple[str, ...]] | None = None,
    carried: tuple[str, ...] = (),
    hide: Hidden | None = None,
    *,
    ranked: bool = True,
) -> Prepared:
    """Print the tables, hide what else must be hidden, and ask the gate, against these earlier
    releases. `printed(hidden, method)` gives the tidy tables with these cells hidden.

    The tables of `carried` are as in the newest earlier edition of the date, and `hide` is hidden
    besides: what a refusal offers. `beside` has by authority the others of its sub-region (of every
    region there is a file for, where it is not given); `groups` the members of each sub-region
    whose group has logins. Without the warehouse's `key` the repair's choices can be worked out by
    whoever knows the program, and nothing is hidden besides. Where a login could work out a count
    however much is hidden, it is tried again without what ranks tell (`ranked`).
    """
    from assets.publication.disclosure.gate import judge
    from assets.publication.disclosure.knowledge import Published, build_system, has_counts
    from assets.publication.disclosure.offers import offers
    from assets.publication.disclosure.suppression import Repair, draws
    from assets.publication.editions import (
        carried_over,
        moved_by_a_child,
        says_more,
        with_means_as_before,
    )

    editions = [release for release in earlier if release.census_date == census_date]
    if carried and editions:
        now = printed({}, method)
        true = carried_over(now, true, editions[-1], carried)[1]
    truth = {name: table.values for name, table in true.items()}
    crossings = crossings_of(true)
    number = 1 + max(
        (release.number for release in earlier if release.census_date == census_date), default=0
    )

    def system_of(tables: dict[str, pd.DataFrame]) -> System:
        now = Published(
            census_date, number, tables, method, truth, crossings=crossings, ranked=ranked
        )
        return build_system([*earlier, now if beside is None else replace(now, beside=beside)])

    def as_edition(hidden: Hidden) -> dict[str, pd.DataFrame]:
        masks = {
            **hidden,
            **{
                at: np.asarray(rows) | np.asarray(hidden.get(at, False))
                for at, rows in (hide or {}).items()
            },
        }
        edition = with_means_as_before(printed(masks, method), true, earlier, census_date)
        return (
            carried_over(edition, true, editions[-1], carried)[0]
            if carried and editions
            else edition
        )

    tables = as_edition({})
    if carried and editions and not says_more(tables, true, method, editions[-1]):
        # as a contradiction, so that it does not pass: what says nothing new is no offer
        reason = f"it would say what r{editions[-1].number} says"
        return Prepared(tables, 0, Verdict(contradictions=(reason,)), true)
    if not has_counts(tables):
        return Prepared(tables, 0, Verdict(), true)
    drawn = draws(key, census_date) if key else None
    repair = Repair(
        system_of(tables), method.possible_values, drawn, method.hidden_besides if drawn else 0.0
    )
    if not repair.tells_too_many:
        repair.run()
    # what is hopeless is refused, whatever anybody knows besides; nothing leaves by this alone
    verdict = Verdict()
    if repair.is_hopeless:
        told = repair.told(method.possible_values)
        verdict = judge(repair.system, method.possible_values, only=told)
    if verdict.passed:
        tables, verdict = _proved(
            repair, tables, true, method.possible_values, as_edition, system_of, groups
        )
    is_tried = carried or hide is not None
    compared = repair.system.comparisons
    has_ranks = bool(compared.is_rank(np.arange(len(compared.told))).any())
    # what is hopeless is so for those who are told no ranks
    if verdict.leaks and not is_tried and has_ranks and not repair.is_hopeless:
        unranked = prepare_against(
            earlier, census_date, true, printed, method, key, beside, groups, ranked=False
        )
        if unranked.verdict.passed:
            return unranked
    # an offer is tried by this very function: what is tried offers nothing itself
    if verdict.leaks and editions and not is_tried and ranked:
        again = partial(
            _tried_again,
            earlier,
            census_date,
            true,
            printed,
            method,
            key,
            beside,
            groups,
            repair.masks(),
        )
        moved = moved_by_a_child(true, tables, editions[-1])
        verdict = replace(
            verdict, offers=offers(verdict, repair.system, true, editions[-1], moved, again)
        )
    repaired = sum(len(rows) for rows in repair.masks().values())
    return Prepared(tables, repaired, verdict, true, ranked)


def _proved(
    repair: Repair,
    tables: dict[str, pd.DataFrame],
    true: Mapping[str, TrueTable],
    possible: int,
    as_edition: Callable[[Hidden], dict[str, pd.DataFrame]],
    system_of: Callable[[dict[str, pd.DataFrame]], System],
    groups: Mapping[str, tuple[str, ...]] | None,
) -> tuple[dict[str, pd.DataFrame], Verdict]:
    """The tables as they may leave, with what else must be hidden from readers who know more, and
    what the gate says of them.
    """
    from assets.publication.disclosure.proof import Proof
    from assets.publication.disclosure.readers import members, readers

    asked, logins = list(readers(repair.system, tables)), members(repair.system, tables, groups)
    everybody = [*asked, *logins.everybody()]
    for reader in everybody:
        repair.hide_for_reader(reader, possible)
    proof = Proof(repair.system, repair.hidden, asked, logins, possible)
    hiding = 0.0
    for attempt in range(_ATTEMPTS):
        hidden = len(repair.hidden)
        for told, leaks in proof.unsafe():
            if hiding < _SECONDS_TO_HIDE:
                # this thread's own processor time: that a machine is busy is not to decide what is
                # hidden
                started = time.thread_time()
                repair.hide_for([leak.variable for leak in leaks], told, possible)
                hiding += time.thread_time() - started
        is_in_vain = len(repair.hidden) == hidden and not proof.is_unfinished
        if not proof.leaks or attempt and is_in_vain:
            break
        # what was proved safe stays safe when more is hidden (whatever the tables could be they
        # still could be): the rest is asked again
        proof.again(repair.hidden)
    for attempt in range(_LAST_ATTEMPTS if repair.hidden else 0):
        tables = as_edition(_masks(repair.masks(), true))
        final = system_of(tables)
        # the proof is of what is printed, or it is no proof; and what is worked out of hidden
        # figures is hidden too, and tells no more
        if proof.leaks or not final.tells_no_more_than(repair.system):
            proof = Proof(
                final,
                (),
                list(readers(final, tables)),
                members(final, tables, groups),
                possible,
                proof.worlds.of(final),
                is_last=True,
            )
        if not proof.leaks or attempt == _LAST_ATTEMPTS - 1:
            break
        # another system numbers its variables otherwise: they are found again by name
        places = {name: variable for variable, name in enumerate(repair.system.names)}
        by_name = {reader.name: reader for reader in everybody}
        for told, leaks in proof.unsafe():
            around = [places.get(final.names[leak.variable], leak.variable) for leak in leaks]
            repair.hide_around(around, by_name[told.name] if told else None, possible)
    return tables, proof.verdict


def _tried_again(
    earlier: list[Published],
    census_date: dt.date,
    true: dict[str, TrueTable],
    printed: Callable[..., dict[str, pd.DataFrame]],
    method: DisclosureMethod,
    key: bytes | None,
    beside: Mapping[str, tuple[str, ...]] | None,
    groups: Mapping[str, tuple[str, ...]] | None,
    repaired: dict[tuple[str, str], list[int]],
    *,
    carried: tuple[str, ...] = (),
    hidden: Hidden | None = None,
) -> Prepared:
    """What a refusal might offer, as it would be; what the repair had hidden stays hidden."""
    masks = {at: rows.copy() for at, rows in _masks(repaired, true).items()}
    for at, rows in (hidden or {}).items():
        masks[at] = rows | masks.get(at, np.zeros(len(rows), dtype=bool))
    return prepare_against(
        earlier, census_date, true, printed, method, key, beside, groups, carried, masks
    )


def _masks(
    rows: dict[tuple[str, str], list[int]], true: Mapping[str, TrueTable]
) -> dict[tuple[str, str], np.ndarray]:
    masks = {}
    for (table, measure), chosen in rows.items():
        mask = np.zeros(len(true[table].keys), dtype=bool)
        mask[chosen] = True
        masks[table, measure] = mask
    return masks


def reached(asked: Asked, census_date: dt.date, *, drafts: bool = True) -> list[list[Any]]:
    """Every earlier release that a tie connects with this date, as its date, number and content:
    those of the date itself, and of the same day of other years. Drafts of earlier dates count
    among them, unless they are left out: they may be published first.
    """
    query = "select census_date, release_number, content_hash from published.release "
    if drafts:
        query += (
            "union select census_date, release_number, content_hash from raw.draft where"
            " census_date < :d "
        )
    rows = asked.rows(query + "order by census_date, release_number, content_hash", d=census_date)
    same_day = [
        row
        for row in rows
        if (row.census_date.month, row.census_date.day) == (census_date.month, census_date.day)
    ]
    return [[row.census_date.isoformat(), row.release_number, row.content_hash] for row in same_day]


def earlier_releases(asked: Asked, census_date: dt.date) -> list[Published]:
    """What is `reached` from this date, to be attacked with it: the releases of the date itself
    whole, and of the other dates the tables that ties over time name.
    """
    from assets.publication.disclosure.knowledge import Published

    over_time = {
        term.table for tie in ties() if any(t.before for t in tie.terms) for term in tie.terms
    }
    drafts = {
        row.census_date: row.release_number
        for row in asked.rows("select census_date, release_number from raw.draft")
    }
    releases = []
    for date, number, _ in reached(asked, census_date):
        day = dt.date.fromisoformat(date)
        # by the number: a draft has the next one, that no release has
        ledger = DRAFTS if day != census_date and drafts.get(day) == number else LEDGER
        tables, manifest = read_release(
            asked, day, number, None if day == census_date else sorted(over_time), ledger
        )
        if tables:
            truth, crossings = _read_true_counts(asked, day, number, tables, ledger)
            releases.append(
                Published(
                    day,
                    number,
                    tables,
                    _method_of(manifest),
                    truth,
                    _STATISTICS_HIDDEN in manifest["method"],
                    crossings=crossings,
                )
            )
    return releases


def _method_of(manifest: dict[str, Any]) -> DisclosureMethod:
    """The method that printed a release."""
    written = manifest["method"]
    known = {
        name: written[name] for name in DisclosureMethod.__dataclass_fields__ if name in written
    }
    # a release from before there was noise has none
    before = {
        "round_to": written.get("rounded_to", DisclosureMethod.round_to),
        "settings_for_noise": sys.maxsize,
    }
    return DisclosureMethod(**{**before, **known})


def latest_release(asked: Asked, census_date: dt.date) -> sa.Row | None:
    """The newest release of a date: its number, content, basis, its word (`status`; blank where it
    has none), the official figures beside it, and what its manifest says of its tables.
    """
    query = (
        "select r.release_number, r.content_hash, b.basis, coalesce(r.manifest ->> 'status', '') as"
        " status, coalesce(r.manifest -> 'official', '[]') as official,"
        " coalesce(r.manifest -> 'tables', '{}') as tables from published.release as r left join raw.release_basis as b on r.census_date ="
        " b.census_date and r.release_number = b.release_number where r.census_date = :d order by"
        " r.release_number desc limit 1"
    )
    return next(iter(asked.rows(query, d=census_date)), None)


def folder_of(releases: Path, census_date: dt.date, number: int) -> Path:
    """The folder of a release."""
    return releases / census_date.isoformat() / f"r{number}"


def content_of(tables: dict[str, pd.DataFrame]) -> str:
    """A hash of the tables as they are printed."""
    return hashlib.sha256(
        b"".join(name.encode() + b"\0" + table_csv(frame) for name, frame in tables.items())
    ).hexdigest()


def cells_of(census_date: dt.date, number: int, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A published table as ledger rows: one a cell."""
    table = next(t for t in PUBLISHED_TABLES if t.name == name)
    measures = [indicator.name for indicator in table.indicators if indicator.name in frame]
    keys = frame[[*GEOGRAPHY, *table.filters]]
    wide = frame[measures].assign(
        keys=[
            json.dumps(dict(zip(keys.columns, row, strict=True)), ensure_ascii=False)
            for row in keys.itertuples(index=False)
        ],
        row_order=range(len(frame)),
    )
    cells = wide.melt(["row_order", "keys"], var_name="measure", value_name="value")
    return cells.assign(census_date=census_date.isoformat(), release_number=number, table_name=name)


def true_counts_of(census_date: dt.date, number: int, true: dict[str, TrueTable]) -> pd.DataFrame:
    """The true counts and estimates behind a release, one row a cell."""
    pieces = []
    for name, table in true.items():
        counts = [m.name for m in table.table.of_rule("count", "estimate")]
        # which of them carry noise, which are hidden for their size, and which members know
        counts += [name for name in (SETTINGS, COVERED, ADDS_UP) if counts and name in table.values]
        if counts:
            cells = (
                table.values[counts]
                .assign(row_order=range(len(table.values)))
                .melt("row_order", var_name="measure")
            )
            cells = (
                cells.dropna()
            )  # below a threshold is what was below it before its fraction went
            pieces.append(
                cells.assign(table_name=name, value=np.floor(cells["value"]).astype("int64"))
            )
            pieces.append(_behind(name, table, counts))
    if not pieces:
        return pd.DataFrame()
    return pd.concat(pieces).assign(census_date=census_date.isoformat(), release_number=number)


def _behind(name: str, true: TrueTable, counts: list[str]) -> pd.DataFrame:
    """The true counts of what is not printed of a table, as rows behind its own."""
    held = true.crossings[[c for c in counts if c in true.crossings]]
    rows = held.set_axis(len(true.values) + np.arange(len(held))).rename_axis("row_order")
    cells = rows.reset_index().melt("row_order", var_name="measure")
    return cells.assign(table_name=name, value=cells["value"].astype("int64"))


def _read_true_counts(
    asked: Asked, census_date: dt.date, number: int, tables: dict[str, pd.DataFrame], ledger: Ledger
) -> tuple[dict[str, pd.DataFrame] | None, dict[str, pd.DataFrame]]:
    """The true counts behind the tables, row by row, and those of their crossings that are not
    printed; none where they are not held (what was released before they were kept).
    """
    cells = asked.frame(
        f"select table_name, row_order, measure, value from {ledger.counts} "
        "where census_date = :d and release_number = :n and table_name = any(:tables)",
        d=census_date, n=number, tables=list(tables),
    )  # fmt: skip
    if cells.empty:
        return None, {}
    wide = {
        str(name): part.pivot(index="row_order", columns="measure", values="value")
        for name, part in cells.groupby("table_name")
    }
    counts = {
        name: frame.reindex(tables[name].index).astype("float64") for name, frame in wide.items()
    }
    return counts, {name: _crossings_in(tables[name], wide[name], name) for name in wide}


def _crossings_in(printed: pd.DataFrame, held: pd.DataFrame, name: str) -> pd.DataFrame:
    """The crossings of a printed table with the true counts that the ledger has behind its rows;
    empty where it has none: the release is of an older version, or its table of no programme now.

    Raises:
        ObservatoryError: there are some, and not as many as the table has crossings.
    """
    table = next((t for t in PUBLISHED_TABLES if t.name == name), None)
    behind = held[held.index >= len(printed)].dropna(axis="columns", how="all")
    if table is None or behind.empty:
        return pd.DataFrame()
    keys = unprinted(printed[[AREA, *table.filters]], table)
    if len(behind) != len(keys):
        raise ObservatoryError(
            f"Behind {name} {len(behind)} counts of crossings were found; {len(keys)} were expected."
            " The ledger was changed past the program: bring back a backup."
        )
    return keys.join(behind.reset_index(drop=True).astype("float64"))


def lacks_crossings(asked: Asked, census_date: dt.date, number: int, ledger: Ledger) -> bool:
    """Whether a table of a release has crossings that are printed nowhere, and the ledger none of
    their counts: it was made by a version that did not protect them.
    """
    crossed = {t.name: t for t in PUBLISHED_TABLES if len(t.filters) > 1 and t.of_rule("count")}
    last = "select table_name, max(row_order) as row from {} where census_date = :d and"
    last += " release_number = :n and table_name = any(:tables) group by table_name"
    bare = asked.rows(
        f"select k.table_name from ({last.format(ledger.cells)}) as k left join"
        f" ({last.format(ledger.counts)}) as c on k.table_name = c.table_name"
        " where coalesce(c.row, 0) <= k.row",
        d=census_date,
        n=number,
        tables=list(crossed),
    )
    names = [row.table_name for row in bare]
    # only a table that has none behind its rows need be read: it may be that it has no crossings
    printed = read_release(asked, census_date, number, names, ledger)[0] if names else {}
    return any(
        len(unprinted(frame[[AREA, *crossed[name].filters]], crossed[name])) > 0
        for name, frame in printed.items()
    )


def crossings_of(true: Mapping[str, TrueTable]) -> dict[str, pd.DataFrame]:
    """What is printed nowhere of tables, as `Published` holds it."""
    return {name: table.crossings.rename(columns={AUTHORITY: AREA}) for name, table in true.items()}


def manifest_of(
    seen: Snapshot, census_date: dt.date, number: int, region: Region
) -> dict[str, Any]:
    """What a release rests on: returns, code, contracts, method. No clock and no name, so that it
    can be made again. What it holds (`described`) is put to it when it is printed.

    A return is named by sender, table and version, never by a hash of it: whoever guesses a small
    return could try the hash out.
    """
    returns = seen.connection.execute(
        sa.text(
            physical(
                """
            select s.sender, s.census_date, t.table_name, t.version
            from raw.submission as s
            inner join raw.submission_table as t on s.submission_id = t.submission_id
            where t.status = 'in force'
                and (s.census_date = :d or (t.table_name, s.census_date) in (
                    select u.register_table, u.register_as_at from core.register_in_use as u where u.census_date = :d
                ))
            order by s.sender, t.table_name, s.census_date
            """
            )
        ),
        {"d": census_date},
    ).mappings()
    return {
        "census_date": census_date.isoformat(),
        "release": number,
        "region": region.name,
        **({"made_up": BANNER} if held(seen.connection) else {}),
        "returns": [{**row, "census_date": row["census_date"].isoformat()} for row in returns],
        "code_version": code_version(),
        "contract_version": contract_version(),
        "method": {**asdict(region.disclosure), "symbols": SYMBOLS, _STATISTICS_HIDDEN: True},
    }


def described(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What a manifest says of each table: rows, columns, and the hash of its CSV."""
    return {
        name: {
            "rows": len(frame),
            "columns": list(frame.columns),
            "sha256": hashlib.sha256(table_csv(frame)).hexdigest(),
        }
        for name, frame in tables.items()
    }


def read_release(
    asked: Asked,
    census_date: dt.date,
    number: int,
    only: list[str] | None = None,
    ledger: Ledger = LEDGER,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """A release as it stands in the ledger: its tables (those of `only`, where given), every cell
    as printed, and its manifest.
    """
    manifest = asked.scalar(
        f"select manifest from {ledger.releases} where census_date = :d and release_number = :n",
        d=census_date,
        n=number,
    )
    cells = asked.frame(
        f"select table_name, row_order, measure, value from {ledger.cells} where census_date = :d and release_number = :n "
        "and (:everything or table_name = any(:only))",
        d=census_date, n=number, everything=only is None, only=only or [],
    )  # fmt: skip
    # each cell holds the keys of its row: they are read once a row
    keys = asked.frame(
        f"select distinct on (table_name, row_order) table_name, row_order, keys from {ledger.cells} "
        "where census_date = :d and release_number = :n and (:everything or table_name = any(:only)) order by table_name, row_order",
        d=census_date, n=number, everything=only is None, only=only or [],
    )  # fmt: skip
    tables = {}
    fronts = dict(iter(keys.groupby("table_name", sort=False)))
    parts = {str(name): part for name, part in cells.groupby("table_name", sort=False)}
    for name in [n for n in _in_order(manifest) if n in parts]:
        wide = parts[name].pivot(index="row_order", columns="measure", values="value").sort_index()
        front = pd.DataFrame(list(fronts[name]["keys"]), index=fronts[name]["row_order"])
        # the ledger keeps cells: the order of the columns is known from the manifest alone
        tables[name] = front.join(wide)[manifest["tables"][name]["columns"]].reset_index(drop=True)
    return tables, manifest


def _in_order(manifest: dict[str, Any]) -> list[str]:
    """The tables of a release in the programme's order; those that the programme no longer has come
    last.
    """
    order = {table.name: n for n, table in enumerate(PUBLISHED_TABLES)}
    return sorted(manifest["tables"], key=lambda name: (order.get(name, len(order)), name))


def write_missing_files(
    warehouse: Warehouse,
    census_date: dt.date,
    releases: Path,
    say: Callable[[str], object] = print,
) -> list[Path]:
    """Write the files of every release of the census date that has none, and the manifest of those
    whose manifest was reissued.

    A folder that stands is held against the ledger's manifest; one that is not what was published
    is set aside, and `said` is told.
    """
    written = []
    for row in warehouse.rows(
        "select release_number, manifest from published.release where census_date = :d order by 1",
        d=census_date,
    ):
        folder = folder_of(releases, census_date, row.release_number)
        if folder.exists() and (damaged := damage(folder, row.manifest)):
            # under the writers' lock, as a folder is put in place: no two do either at once
            with warehouse.writing():
                kept = set_aside(folder)
            say(
                f"{census_date}: the files of r{row.release_number} were not what was published"
                f" ({damaged}); set aside as {kept.name}, written anew."
            )
        if not folder.exists():
            tables, manifest = read_release(warehouse, census_date, row.release_number)
            if put_in_place(folder, release_files(tables, manifest), warehouse.writing):
                written.append(folder)
        elif "reissued" in row.manifest and replace_manifest(folder, row.manifest):
            written.append(folder)
    return written


def write_all_missing_files(
    warehouse: Warehouse, releases: Path, say: Callable[[str], object] = print
) -> None:
    """As `write_missing_files`, of every census date that has a release."""
    for row in warehouse.rows("select distinct census_date from published.release order by 1"):
        write_missing_files(warehouse, row.census_date, releases, say)
