"""Methods of disclosure control side by side, on a made-up North West at full size, under the same
attacks.

Four are compared: counts hidden and rounded alone; with keyed noise for counts of places (the
method in use); with coarser rows (small authorities of a sub-region together); and what DfE does
with its yearly tables of authorities (1 to 5 hidden, all else as it is). The table that
`docs/disclosure.md` has is printed as Markdown, and written into it with `--write`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from assets.publication.disclosure.bounds import propagate
from assets.publication.disclosure.gate import judge, pinned
from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.disclosure.readers import everybody
from assets.publication.disclosure.rules import CONFIDENTIAL, number
from assets.publication.release import crossings_of, prepare_against
from assets.publication.tables import AUTHORITY, TrueTable, release_tables
from benchmarks.gate import DATE, KEY, REGION, full_region
from schemas.regions import DisclosureMethod

HOME = "Children's home"
WITHOUT_NOISE = DisclosureMethod(settings_for_noise=sys.maxsize)
OFFICIAL = replace(
    WITHOUT_NOISE, smallest_count_shown=6, round_to=1, less_safe_because="compared only"
)
LEAST_PLACES = 75
"""Of fewer places in children's homes an authority has no row of its own among coarser ones."""
DOC = Path(__file__).parents[1] / "docs" / "disclosure.md"
START, END = (
    "<!-- compared by: python -m benchmarks disclosure --write -->",
    "<!-- end of the comparison -->",
)


@dataclass(frozen=True)
class Way:
    """One way to publish: its name, method and key, the members that have rows, and whether cells
    are hidden besides small ones.
    """

    name: str
    method: DisclosureMethod
    true: dict[str, TrueTable]
    members: pd.DataFrame
    key: bytes | None = None
    repaired: bool = True


def main() -> None:
    """Print the comparison; write it into the docs where asked."""
    true, members = full_region()
    few, rows = coarser(true, members)
    ways = [
        Way("hidden and rounded", WITHOUT_NOISE, true, members),
        Way("with keyed noise for places (in use)", DisclosureMethod(), true, members, KEY),
        Way("with coarser rows", WITHOUT_NOISE, few, rows),
        Way("as DfE's yearly tables", OFFICIAL, true, members, repaired=False),
    ]
    said = table_of(ways)
    print(said)
    if "--write" in sys.argv:
        text = DOC.read_text(encoding="utf-8")
        DOC.write_text(
            re.sub(f"{START}.*{END}", lambda _: f"{START}\n{said}\n{END}", text, flags=re.DOTALL),
            encoding="utf-8",
        )


def table_of(ways: list[Way]) -> str:
    """The comparison as a Markdown table, a column a way."""
    found = [_measured(way) for way in ways]
    lines = ["| | " + " | ".join(way.name for way in ways) + " |", "|---" * (len(ways) + 1) + "|"]
    return "\n".join(
        [
            *lines,
            *(
                f"| {what} | " + " | ".join(each[what] for each in found) + " |"
                for what in found[0]
            ),
        ]
    )


def coarser(
    true: Mapping[str, TrueTable], members: pd.DataFrame
) -> tuple[dict[str, TrueTable], pd.DataFrame]:
    """The tables with the small authorities of each sub-region as one row, and who has rows then."""
    occupancy = true["host_authority_occupancy"]
    homes = occupancy.keys["provision_type"] == HOME
    places = dict(
        zip(
            occupancy.keys.loc[homes, AUTHORITY],
            occupancy.values.loc[homes, "places_returned"],
            strict=True,
        )
    )
    sub_regions = sorted(REGION.sub_regions)
    code = {
        area: area if places.get(area, 0) >= LEAST_PLACES else f"S{sub_regions.index(REGION.members[area])}" for area in members[AUTHORITY]
    } | {"": ""}  # fmt: skip
    rows = members.assign(**{AUTHORITY: members[AUTHORITY].map(code)}).drop_duplicates(AUTHORITY)
    return {name: _together(table, code) for name, table in true.items()}, rows


def _together(true: TrueTable, code: Mapping[str, str]) -> TrueTable:
    keys = true.keys.assign(**{AUTHORITY: true.keys[AUTHORITY].map(code)})
    names = list(keys.columns)
    added = [m.name for m in true.table.of_rule("exact", "count")]
    summed = true.values[added].join(keys).groupby(names, sort=False)[added].sum(min_count=1)
    values = summed.reindex(columns=true.values.columns).reset_index(drop=True)
    symbols = true.symbols.join(keys).groupby(names, sort=False).first().reset_index(drop=True)
    crossings = true.crossings
    if len(crossings):
        crossings = crossings.assign(**{AUTHORITY: crossings[AUTHORITY].map(code)})
        crossings = crossings.groupby(names, sort=False, as_index=False).sum()
    keys = summed.index.to_frame(index=False)
    return replace(true, keys=keys, values=values, symbols=symbols, crossings=crossings)


def _measured(way: Way) -> dict[str, str]:
    printed = partial(release_tables, way.true, way.members, DATE)
    tables = (
        prepare_against([], DATE, way.true, printed, way.method, way.key).tables
        if way.repaired
        else printed({}, way.method)
    )
    counts = pd.concat(
        [
            pd.DataFrame(
                {"true": table.values[m.name], "text": tables[name][m.name], "noise": bool(m.noise)}
            )
            for name, table in way.true.items()
            for m in table.table.of_rule("count")
        ]
    )
    there = counts[counts["true"] > 0]
    shown = there[there["text"] != CONFIDENTIAL]
    apart = (number(shown["text"]) - shown["true"]).abs()
    homes = _homes(tables)
    return {
        "counts above 0 that are shown": f"{100 * len(shown) / len(there):.1f} %",
        "authorities with vacant places of children's homes": homes["vacant"],
        "authorities with unavailable ones": homes["unavailable"],
        "authorities with what the host placed in them": homes["host"],
        "mean error of a shown count": f"{apart.mean():.1f}",
        "mean error of a shown count of places": f"{apart[shown['noise']].mean():.1f}",
        "authorities' vacant places, added, off the region's": _off(tables),
        **_inferred(way, tables),
    }


def _homes(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    def of(name: str, column: str, **where: str) -> str:
        frame = tables[name]
        rows = frame[
            (frame["old_la_code"].str.fullmatch(r"\d{3}")) & (frame["provision_type"] == HOME)
        ]
        for key, value in where.items():
            rows = rows[rows[key] == value]
        return (  # Cumbria's two for its one of old
            f"{int(number(rows[column]).notna().sum())} of {len(REGION.members) - 1}"
        )

    occupancy, origin = "host_authority_occupancy", "host_authority_origin"
    host = of(origin, "share", origin_band="Placed by the host authority")
    return {
        "vacant": of(occupancy, "vacant"),
        "unavailable": of(occupancy, "unavailable"),
        "host": host,
    }


def _off(tables: Mapping[str, pd.DataFrame]) -> str:
    rows = tables["host_authority_occupancy"]
    rows = rows[rows["provision_type"] == HOME]
    parts = number(rows.loc[rows["old_la_code"] != "", "vacant"])
    whole = number(rows.loc[rows["old_la_code"] == "", "vacant"]).iloc[0]
    return (
        f"{parts.sum() - whole:+.0f} of {whole:.0f}"
        if parts.notna().all()
        else f"{int(parts.isna().sum())} are not shown"
    )


def _inferred(way: Way, tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Against each reader: small counts that are left fewer than three values, or fewer than he has
    without the release.
    """
    truth = {name: table.values for name, table in way.true.items()}
    crossings = crossings_of(way.true)
    system = build_system([Published(DATE, 1, tables, way.method, truth, crossings=crossings)])
    bounds = propagate(system)
    leaks = judge(system, way.method.possible_values).leaks
    said = {"is told which counts are small": _worst([leak.variable for leak in leaks], bounds)}
    logins: list[str] = []
    worst = 0
    for reader in everybody(system, tables):
        found, own = pinned(reader.view(system), way.method.possible_values)
        if "login" not in reader.name:
            said[reader.name.removeprefix("who ")] = _worst(found, own)
        elif len(found) >= worst:
            worst, logins = len(found), [_worst(found, own)]
    return {
        f"small counts left too few values to who {who}": what
        for who, what in {**said, "has a login of a member (the worst of all)": logins[0]}.items()
    }


def _worst(found: list[int], bounds: object) -> str:
    left = [int(bounds.high[v] - bounds.low[v] + 1) for v in found]  # type: ignore[attr-defined]
    return (
        f"{len(found)}, down to {min(left)} value{'s' if min(left) > 1 else ''}" if left else "none"
    )


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
