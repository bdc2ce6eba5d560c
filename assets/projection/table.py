"""The projections of a census date: which series there are, what they rest on, and keeping them.

Belongs here: reading the series from curated, `curated.children_looked_after_projection`, whether a
census date is out of date. Does not belong here: how one series is projected (`project`).

A census date's projections rest on its own figures and those of the quarters before, and on nothing
later. A late return for an earlier quarter changes them: so what they rest on is written down with
them, in the same transaction, and compared.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.common.basis import digest
from assets.projection.project import (
    DAMPED_TREND,
    FEWEST_ORIGINS,
    HORIZON,
    ORIGIN_EVERY,
    SHORTEST,
    Projection,
    project,
)
from assets.warehouse.building import grain_check
from assets.warehouse.models import PROJECTION
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse, copy_frame, physical
from schemas.program import hash_of

ALL = "All"
"""The provision type of the measure that is not divided by provision type."""

_COUNTS = physical(
    f"""
    select
        c.census_date, c.authority_code, c.authority_gss, c.authority_name,
        'children looked after' as measure, '{ALL}' as provision_type, 'ssda903' as source, c.children as latest
    from curated.children_looked_after as c
    where c.breakdown = 'total' and c.census_date <= cast(:d as date)
    union all
    select
        o.census_date, o.placing_authority_code, o.placing_authority_gss, o.placing_authority_name,
        'own placements' as measure, o.provision_type, o.source, cast(sum(o.placements) as integer) as latest
    from curated.own_placements_location as o
    where o.census_date <= cast(:d as date) and o.placements is not null and o.provision_type <> 'None'
    group by
        o.census_date, o.placing_authority_code, o.placing_authority_gss, o.placing_authority_name, o.provision_type, o.source
"""
)


@dataclass(frozen=True)
class Rewritten:
    """What was done for a census date: its rows, how many series have a projection, and whether it
    was up to date already.
    """

    rows: int
    series: int
    was_up_to_date: bool


_CODE = hash_of(Path(__file__).with_name(name) for name in ("project.py", "table.py"))


@cache
def _method() -> str:
    """What else the projections rest on: the code of this package and the library."""
    return f"{_CODE} statsmodels {version('statsmodels')}"


def rests_on(connection: Connection, last: dt.date) -> dict[dt.date, str]:
    """By census date up to `last`: a hash of all counts up to it, and of the method. Each date's
    rests on the one before it.
    """
    # by the bytes (collate "C"): a server's own order of letters would change the hash
    quarters = connection.execute(
        sa.text(
            f"""
            select c.census_date, md5(string_agg(cast(c as text), ' ' order by cast(c as text) collate "C")) as counts
            from ({_COUNTS}) as c group by c.census_date order by c.census_date
            """
        ),
        {"d": last},
    ).all()
    hashes, so_far = {}, _method()
    for census_date, counts in quarters:
        # the mark of a quarter has those before it in it: a late return changes all that follow
        so_far = digest(so_far, census_date, counts)
        hashes[census_date] = so_far
    return hashes


def out_of_date(warehouse: Warehouse) -> list[dt.date]:
    """Written quarters whose projections do not rest on the figures that are in the warehouse now,
    the oldest first.
    """
    with warehouse.reading() as connection:
        dates = list(
            connection.execute(sa.text("select census_date from raw.quarter order by 1")).scalars()
        )
        written = {
            row.census_date: row.rests_on
            for row in connection.execute(
                sa.text("select census_date, rests_on from raw.projection")
            )
        }
        now = rests_on(connection, dates[-1]) if dates else {}
    return [date for date in dates if written.get(date, "") != now.get(date, "")]


def rewrite(warehouse: Warehouse, census_date: dt.date) -> Rewritten:
    """Rewrite the census date's projections in one transaction, unless they are up to date.

    Raises:
        ObservatoryError: the grain is broken, and nothing was written.
    """
    with warehouse.writing() as connection:
        basis = rests_on(connection, census_date).get(census_date, "")
        written = (
            connection.execute(
                sa.text("select rests_on from raw.projection where census_date = :d"),
                {"d": census_date},
            ).scalar()
            or ""
        )
        # both are blank where nothing is held: then there is nothing to do
        if written == basis:
            held = connection.execute(
                sa.text(
                    f"select count(*), count(projected) from {PROJECTION.physical} where"
                    " census_date = :d"
                ),
                {"d": census_date},
            ).one()
            return Rewritten(held[0], held[1] // HORIZON, was_up_to_date=True)
        rows = projections(read_counts(connection, census_date), census_date)
        # both in the transaction: figures never stand beside another basis
        for table in (PROJECTION.physical, "raw.projection"):
            connection.execute(
                sa.text(f"delete from {table} where census_date = :d"), {"d": census_date}
            )
        copy_frame(connection, PROJECTION.table, rows)
        if basis:
            connection.execute(
                sa.text("insert into raw.projection (census_date, rests_on) values (:d, :r)"),
                {"d": census_date, "r": basis},
            )
        if offending := broken_grain(connection, census_date):
            raise ObservatoryError(
                f"{PROJECTION.table} of {census_date}: {offending} rows stand twice or without a"
                f" key; one row a {', '.join(PROJECTION.grain)} was expected. Nothing was written."
                " Look at the grain of the curated tables that it rests on."
            )
    return Rewritten(
        len(rows), int(rows["projected"].notna().sum()) // HORIZON, was_up_to_date=False
    )


def broken_grain(connection: Connection, census_date: dt.date) -> int:
    """Rows of the census date that break the table's grain."""
    query = physical(f"select count(*) from (\n{grain_check(PROJECTION).sql}\n) as offending")
    return connection.execute(sa.text(query), {"census_date": census_date}).scalar() or 0


def read_counts(connection: Connection, census_date: dt.date) -> pd.DataFrame:
    """One row a quarter, authority, measure and provision type, up to the census date: the count
    `latest` and the return it comes from.
    """
    result = connection.execute(sa.text(_COUNTS), {"d": census_date})
    return pd.DataFrame.from_records([tuple(row) for row in result], columns=list(result.keys()))


def unbroken(counts: pd.DataFrame, census_date: dt.date) -> pd.DataFrame:
    """The counts of one authority and measure as series: one row a quarter of the unbroken run up
    to the census date, one column a provision type.

    The run goes back as far as every quarter was returned by the same return as the last: another
    return counts by other rules. A provision type without a row in a quarter that was returned
    counts 0. Empty where nothing was returned for the census date.
    """
    numbers = counts["census_date"].map(lambda date: date.year * 4 + (date.month - 1) // 3)
    last = census_date.year * 4 + (census_date.month - 1) // 3
    sources = counts.assign(quarter=numbers).groupby("quarter")["source"].min()
    run = []
    quarter = last
    # backwards from the census date, until a quarter is missing or another return told it
    while quarter in sources.index and sources[quarter] == sources[last]:
        run.append(quarter)
        quarter -= 1
    wide = counts.assign(quarter=numbers).pivot_table(
        index="quarter", columns="provision_type", values="latest", aggfunc="sum"
    )
    series = wide.reindex(sorted(run)).fillna(0)
    # a type of which none was placed in the whole run is no series
    return series.loc[:, (series > 0).any()] if ALL not in series else series


def projections(counts: pd.DataFrame, census_date: dt.date) -> pd.DataFrame:
    """All projections of the census date, in the columns of the table: `HORIZON` rows a series,
    blank where the history is too short.
    """
    ahead = {
        # the first of the range is the census date itself
        "horizon_date": list(pd.date_range(census_date, periods=HORIZON + 1, freq="QE")[1:].date),
        "quarters_ahead": list(range(1, HORIZON + 1)),
    }
    rows: dict[str, list] = {column: [] for column in PROJECTION.columns}
    for (code, measure), of_one in counts.groupby(["authority_code", "measure"], sort=True):
        series = unbroken(of_one, census_date)
        names = (
            of_one.loc[of_one["census_date"] == census_date, ["authority_gss", "authority_name"]]
            .head(1)
            .to_dict("records")
        )
        for provision_type in series.columns if len(series) else ():
            history = series[provision_type].to_numpy("float64")
            figures = {
                "census_date": census_date, "authority_code": code, **names[0], "measure": measure, "provision_type": provision_type, **ahead,
                "latest": int(history[-1]), "history_quarters": len(history), **_figures(project(history), len(history)),
            }  # fmt: skip
            for column, figure in figures.items():
                rows[column].extend([figure] * HORIZON if np.ndim(figure) == 0 else figure)
    table = pd.DataFrame(rows)
    untold = _without_ssda903(counts, census_date, ahead)
    return (
        pd.concat([table, untold], ignore_index=True)
        if len(untold) and len(table)
        else untold
        if len(untold)
        else table
    )


def _without_ssda903(
    counts: pd.DataFrame, census_date: dt.date, ahead: dict[str, list]
) -> pd.DataFrame:
    """Blank rows for the children looked after of authorities that have told of commissioned
    placements alone on the date.
    """
    now = counts[counts["census_date"] == census_date]
    with_ssda903 = set(now.loc[now["measure"] == "children looked after", "authority_code"])
    alone = now[
        (now["source"] == "census") & ~now["authority_code"].isin(with_ssda903)
    ].drop_duplicates("authority_code")
    note = (
        "Nothing is projected: no_ssda903. The SSDA903 of the date is not held, and a placement"
        " census tells of commissioned placements alone."
    )
    rows = [
        {
            "census_date": census_date, "authority_code": row.authority_code, "authority_gss": row.authority_gss,
            "authority_name": row.authority_name, "measure": "children looked after", "provision_type": ALL,
            "horizon_date": horizon, "quarters_ahead": quarters, "projection_note": note,
        }
        for row in alone.itertuples() for horizon, quarters in zip(ahead["horizon_date"], ahead["quarters_ahead"], strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(PROJECTION.columns)).astype(object)


def _figures(projection: Projection | None, quarters: int) -> dict[str, Any]:
    """The columns of a series' projection, each a list of `HORIZON` or one value for all."""
    if projection is None:
        return {
            **dict.fromkeys(
                [
                    "projected",
                    "projected_low_80",
                    "projected_high_80",
                    "projected_low_95",
                    "projected_high_95",
                ]
            ),
            **dict.fromkeys(
                [
                    "projection_method",
                    "backtest_forecasts",
                    "backtest_error",
                    "no_change_error",
                    "beats_no_change",
                ]
            ),
            "projection_note": (
                f"Nothing is projected: {quarters} quarters without a gap are held, and"
                f" {SHORTEST} are needed."
            ),
        }
    forecast, test = projection.forecast, projection.backtest
    (low_80, high_80), (low_95, high_95) = forecast.interval(0.80), forecast.interval(0.95)
    figures: dict[str, Any] = {
        "projected": forecast.mean.round(1), "projected_low_80": low_80.round(1), "projected_high_80": high_80.round(1),
        "projected_low_95": low_95.round(1), "projected_high_95": high_95.round(1), "projection_method": projection.method,
    }  # fmt: skip
    if test is None:
        needed = SHORTEST + FEWEST_ORIGINS * ORIGIN_EVERY
        return figures | {
            **dict.fromkeys(
                ["backtest_forecasts", "backtest_error", "no_change_error", "beats_no_change"]
            ),
            "projection_note": (
                f"No change is shown: {quarters} quarters without a gap are too few to test a"
                f" trend, for which {needed} are needed."
            ),
        }
    return figures | {
        "backtest_forecasts": test.forecasts, "backtest_error": round(test.damped_trend.error, 2), "no_change_error": round(test.no_change.error, 2),
        "beats_no_change": test.beats_no_change,
        "projection_note": None if projection.method == DAMPED_TREND else "No change is shown: the damped trend did not beat it in the backtest.",
    }  # fmt: skip
