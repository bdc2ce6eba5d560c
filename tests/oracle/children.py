"""Children looked after, flows, stability and distance, from the SSDA903 alone.

Definitions: DfE's data guidance as `definitions.md` of the shared material quotes it.
Each function gives a frame with the curated table's own column names.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from tests.oracle import landed
from tests.oracle.landed import Landed

SHORT_BREAKS = {"V3", "V4"}
AGES = [(0, "Under 1"), (1, "1 to 4"), (5, "5 to 9"), (10, "10 to 15"), (16, "16 and over")]
AGES_LEFT = [*AGES[:4], (16, "16"), (17, "17"), (18, "18 and over")]
PROVIDERS = {
    "PR0": "Parents or other person with parental responsibility",
    "PR1": "Own provision",
    "PR2": "Other authority",
    "PR3": "Other public",
    "PR4": "Private",
    "PR5": "Voluntary",
}
ARRANGEMENTS = {"PR1": "in-house", "PR4": "independent", "PR5": "independent"}


def months_before(date: dt.date, months: int) -> pd.Timestamp:
    """Quarter end to quarter end: 30 September less 30 months is 31 March."""
    return pd.Timestamp(date) - pd.offsets.MonthEnd(months)


def age_on(born: pd.Series, day: pd.Series | pd.Timestamp) -> pd.Series:
    """Completed years."""
    day = pd.Series(day, index=born.index) if isinstance(day, pd.Timestamp) else day
    early = (day.dt.month * 100 + day.dt.day) < (born.dt.month * 100 + born.dt.day)
    return day.dt.year - born.dt.year - early.astype(int)


def band(ages: pd.Series, bands: list[tuple[int, str]]) -> pd.Series:
    """The band that an age lies in."""
    edges = [low for low, _ in bands]
    return pd.Series(
        [bands[i - 1][1] for i in np.searchsorted(edges, ages, side="right")], ages.index
    )


@landed.remembered
def episodes(landing: Landed, date: dt.date) -> pd.DataFrame:
    """The episodes of the date's returns with the child's birth date: one row a child and day.

    Of two rows of a child and day the one with length counts, else the later row.
    """
    rows = landing.get(date, "episodes")
    if rows.empty:
        return rows
    rows["start"], rows["end"] = landed.day(rows["decom"]), landed.day(rows["dec"])
    known = rows["ls"].isin(landed.codes("legal_status_903")["label"])
    known &= rows["place"].isin(landed.codes("place_903")["label"]) & (rows["child"] != "")
    rows = rows[known & rows["start"].notna()]  # what the door rejects
    rows = rows.drop_duplicates(["sender", "child", "start", "end", "place", "ls", "pl post"])
    rows["at"] = np.arange(len(rows))
    rows["has_length"] = ~(rows["end"] <= rows["start"])
    rows = rows.sort_values(["sender", "child", "start", "has_length", "at"])
    rows = rows.drop_duplicates(["sender", "child", "start"], keep="last")
    head = landing.get(date, "header").drop_duplicates(["sender", "child"], keep="last")
    head["born"] = landed.day(head["dob"])
    return rows.merge(
        head[["sender", "child", "born", "sex", "ethnic"]], on=["sender", "child"], how="left"
    )


@landed.remembered
def looked_after(landing: Landed, date: dt.date) -> pd.DataFrame:
    """One row a child looked after on the date, with what describes the placement."""
    all_rows, day = episodes(landing, date), pd.Timestamp(date)
    if all_rows.empty:
        return all_rows
    rows = all_rows[(all_rows["start"] <= day) & ~(all_rows["end"] <= day)]
    rows = rows[~rows["ls"].isin(SHORT_BREAKS)]
    rows = rows.sort_values(["sender", "child", "start"]).drop_duplicates(
        ["sender", "child"], keep="last"
    )
    rows["age"] = age_on(rows["born"], day)
    in_time = (rows["age"] < 18) | ((rows["ls"] == "V2") & (rows["place"] == "K2"))
    return _placement_described(rows[in_time].copy(), all_rows, date)


def _placement_described(rows: pd.DataFrame, all_rows: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    # on a temporary absence (T0 to T4) the child counts where it left and must return to
    settled = all_rows[~all_rows["place"].str.startswith("T")].sort_values("start")
    for index in rows.index[rows["place"].str.startswith("T")]:
        row = rows.loc[index]
        before = settled[
            (settled["sender"] == row["sender"])
            & (settled["child"] == row["child"])
            & (settled["start"] < row["start"])
        ]
        if len(before):
            for column in ("place", "place provider", "home post", "pl post", "urn"):
                rows.loc[index, column] = before.iloc[-1][column]
    place = landed.codes("place_903").set_index("label")
    rows["placement_type"] = rows["place"].map(place["placement_type"])
    kind = rows["place"].map(place["provision_type"])
    by_provider = rows["place provider"].map(
        {
            "PR1": "In-house fostering",
            "PR4": "Independent fostering",
            "PR5": "Independent fostering",
        }
    )
    kind = kind.where(kind != "by provider", by_provider.fillna("Other"))
    rows["provision_type"] = kind.replace("", None)
    rows["arrangement"] = (
        rows["place provider"]
        .map(
            {
                "PR1": "in-house",
                "PR2": "other authority",
                "PR4": "independent",
                "PR5": "independent",
            }
        )
        .fillna("other")
    )
    return _located(rows, date)


def _located(rows: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    """The authority of the placement's postcode, and the distance from home in miles."""
    where = _directory()
    home, there = rows["home post"].map(_key), rows["pl post"].map(_key)
    rows["placed_in"] = there.map(where["code"])
    east = home.map(where["east"]) - there.map(where["east"])
    north = home.map(where["north"]) - there.map(where["north"])
    rows["miles"] = (np.sqrt(east**2 + north**2) / 1000 / 1.6093).round(1)
    return rows


def _key(postcode: str) -> str:
    return postcode.replace(" ", "").upper()


def _directory() -> pd.DataFrame:
    """Postcodes that the made-up region uses: the product's list of example postcodes."""
    frame = pd.read_csv(
        landed.SCHEMAS / "reference" / "example_postcodes.csv", dtype={"authority_code": str}
    )
    frame["key"] = frame["postcode"].map(_key)
    frame = frame.drop_duplicates("key").set_index("key")
    return frame.rename(columns={"authority_code": "code", "easting": "east", "northing": "north"})


def children_looked_after(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`children_looked_after`: authority, breakdown, category -> children, share, rate_per_10k."""
    rows = looked_after(landing, date)
    if rows.empty:
        return rows
    wards = landing.get(date, "uasc")
    wards["until"] = landed.day(wards["duc"])
    wards = wards[~(wards["until"] <= pd.Timestamp(date))]
    alone = pd.MultiIndex.from_frame(rows[["sender", "child"]]).isin(
        pd.MultiIndex.from_frame(wards[["sender", "child"]])
    )
    legal = landed.codes("legal_status_903").set_index("label")["legal_status_group"]
    ethnic = landed.codes("ethnic_903").set_index("label")["ethnic_group"]
    sex = {"1": "Male", "M": "Male", "2": "Female", "F": "Female"}
    breakdowns = {
        "total": "Total",
        "age": band(rows["age"], AGES),
        "sex": rows["sex"].map(sex).fillna("Not known"),
        "ethnic group": (
            rows["ethnic"].map(ethnic).fillna("Refused or information not yet available")
        ),
        "unaccompanied": np.where(alone, "UASC", "Non-UASC"),
        "placement type": rows["placement_type"],
        "placement provider": rows["place provider"].map(PROVIDERS).fillna("Not reported"),
        "legal status": rows["ls"].map(legal),
    }
    parts = [
        rows.assign(breakdown=name, category=values)
        .groupby(["sender", "breakdown", "category"])
        .size()
        .rename("children")
        .reset_index()
        for name, values in breakdowns.items()
    ]
    out = pd.concat(parts).rename(columns={"sender": "authority_code"})
    total = rows.groupby("sender").size()
    out["share"] = out["children"] / out["authority_code"].map(total)
    out["rate_per_10k"] = (
        _rate(out["children"], out["authority_code"], date)
        .where(out["breakdown"] == "total")
        .round(1)
    )
    is_total = out["breakdown"] == "total"
    out["population_year"] = pd.Series(_mid_year(date), out.index).where(is_total)
    return out.assign(census_date=date)


def _mid_year(date: dt.date) -> int:
    """The mid-year before the 31 March that ends the reporting year; the newest held if later."""
    frame = pd.read_csv(landed.SCHEMAS / "reference" / "population_0_17.csv")
    ends = date.year if (date.month, date.day) <= (3, 31) else date.year + 1
    return int(min(ends - 1, frame["mid_year"].max()))


def _rate(children: pd.Series, authority: pd.Series, date: dt.date) -> pd.Series:
    """Per 10,000 aged 0 to 17, of the mid-year before the 31 March that ends the reporting year."""
    frame = pd.read_csv(
        landed.SCHEMAS / "reference" / "population_0_17.csv", dtype={"authority_code": str}
    )
    people = frame[frame["mid_year"] == _mid_year(date)].set_index("authority_code")["people"]
    return children / authority.map(people) * 10_000


def care_flows(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`care_flows`: started (by age) and ceased (by age and reason), children, not events."""
    rows = episodes(landing, date)
    if rows.empty:
        return rows
    since, until = months_before(date, 12), pd.Timestamp(date)
    rows = rows[~rows["ls"].isin(SHORT_BREAKS)]
    began = rows[(rows["rne"] == "S") & (rows["start"] > since) & (rows["start"] <= until)]
    began = began.sort_values("start").drop_duplicates(["sender", "child"])
    left = rows[(rows["rec"] != "X1") & (rows["end"] > since) & (rows["end"] <= until)]
    left = left.sort_values(["end", "start"]).drop_duplicates(["sender", "child"], keep="last")
    reason = landed.codes("reason_episode_ceased_903").set_index("label")["reason_group"]
    started_at = band(age_on(began["born"], began["start"]), AGES)
    left_at = band(age_on(left["born"], left["end"]), AGES_LEFT)
    tables = [
        began.assign(direction="started", breakdown="total", category="Total"),
        began.assign(direction="started", breakdown="age", category=started_at),
        left.assign(direction="ceased", breakdown="total", category="Total"),
        left.assign(direction="ceased", breakdown="age", category=left_at),
        left.assign(
            direction="ceased",
            breakdown="reason",
            category=left["rec"].map(reason).fillna("Not known"),
        ),
    ]
    keys = ["sender", "direction", "breakdown", "category"]
    out = pd.concat(t.groupby(keys).size().rename("children").reset_index() for t in tables)
    out = out.rename(columns={"sender": "authority_code"})
    whole = out.groupby(["authority_code", "direction", "breakdown"])["children"].transform("sum")
    out["share"] = out["children"] / whole
    is_total = out["breakdown"] == "total"
    rate = _rate(out["children"], out["authority_code"], date)
    out["rate_per_10k"] = rate.where(is_total).round(1)
    out["population_year"] = pd.Series(_mid_year(date), out.index).where(is_total)
    return out.assign(census_date=date)


def three_or_more(landing: Landed, date: dt.date) -> pd.DataFrame:
    """`placement_stability`: children, and those with three or more placements in the 12 months."""
    here = looked_after(landing, date)
    if here.empty:
        return here
    rows, since = episodes(landing, date), months_before(date, 12)
    rows = rows[~rows["ls"].isin(SHORT_BREAKS) & (rows["start"] <= pd.Timestamp(date))]
    counts = {
        key: _placements(child, since)
        for key, child in rows.sort_values("start").groupby(["sender", "child"])
    }
    here["placements"] = [counts[key] for key in zip(here["sender"], here["child"], strict=True)]
    out = here.groupby("sender").agg(
        children=("child", "size"), three_or_more=("placements", lambda n: int((n >= 3).sum()))
    )
    out["three_or_more_share"] = out["three_or_more"] / out["children"]
    return out.reset_index().rename(columns={"sender": "authority_code"}).assign(census_date=date)


def _placements(child: pd.DataFrame, since: pd.Timestamp) -> int:
    """Placements of one child that were open at the start of the window or began in it."""
    placements: list[list[pd.Timestamp]] = []  # start and end of each
    settled, is_away = ("", ""), False
    for row in child.to_dict("records"):
        if row["place"].startswith("T"):
            is_away = True
            continue
        where = (row["place"], row["pl post"])
        is_new = row["rne"] in {"S", "P", "B"} and row["place"] not in {"A3", "A5"}
        came_back = is_away and where == settled
        if not placements or (is_new and not came_back):
            placements.append([row["start"], row["end"]])
        else:
            placements[-1][1] = row["end"]
        settled, is_away = where, False
    # an episode is open on the window's first day where it ends after that day
    first_day = since + pd.Timedelta(days=1)
    return sum(start > since or not end <= first_day for start, end in placements)
