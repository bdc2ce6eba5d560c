"""What the curated figures of children looked after must be, worked out from the episodes that were
made up and the facts beside them.

Belongs here: the definitions of those tables once more, in pandas, written from their descriptions
and never from their SQL. Does not belong here: figures of settings and of the placement census
(`truth/frames.py`).
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from made_up.drawing import Ints, Texts
from made_up.returns.ssda903 import ETHNIC_CODES, CareReturns, status_ceased
from made_up.truth.arithmetic import half_up
from made_up.world.areas import Areas
from made_up.world.care import NEVER, Care, birthday, example_postcodes, months_before, years_old
from schemas import authorities
from schemas.codes import code_set

METRES_A_MILE = 1609.3
NEAR, FAR, UNKNOWN = "20 miles or less", "more than 20 miles", "not known or not recorded"
BANDS = ([0, 1, 5, 10, 16], ["Under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over"])
BANDS_ON_CEASING = (
    [0, 1, 5, 10, 16, 17, 18],
    ["Under 1", "1 to 4", "5 to 9", "10 to 15", "16", "17", "18 and over"],
)
PROVIDERS = {
    "PR0": "Parents or other person with parental responsibility", "PR1": "Own provision", "PR2": "Other authority", "PR3": "Other public",
    "PR4": "Private", "PR5": "Voluntary", "": "Not reported",
}  # fmt: skip
SEXES = np.array(["Male", "Female", "Not known"], dtype=object)


def banded(ages: Ints, bands: tuple[list[int], list[str]]) -> Texts:
    """The band of each age."""
    return np.array(bands[1], dtype=object)[np.searchsorted(bands[0], ages, side="right") - 1]


def population_of(date: dt.date) -> dict[str, tuple[int, int]]:
    """Population aged 0 to 17 and its mid-year by authority: of the calendar year before the 31
    March that ends the date's year, or before.
    """
    wanted = date.year - (date.month <= 3)
    with (authorities.HERE / "population_0_17.csv").open(encoding="utf-8", newline="") as file:
        held = [
            (row["authority_code"], int(row["mid_year"]), int(row["people"]))
            for row in csv.DictReader(file)
        ]
    return {
        code: (people, year)
        for code, year, people in sorted(held, key=lambda one: one[1])
        if year <= wanted
    }


@dataclass
class Reach:
    """How far back an authority's returns tell; kept from quarter to quarter."""

    told: dict[str, list[tuple[dt.date, int]]]

    @staticmethod
    def none() -> Reach:
        """Before the first quarter."""
        return Reach({})

    def add(self, returns: CareReturns, date: dt.date) -> None:
        """Take in the returns of a date: each tells from the start of the quarter of its earliest
        end, or of its own day alone.
        """
        ends = returns.rows[returns.rows["dec"] <= date.toordinal()].groupby("sender")["dec"].min()
        for sender in returns.answered:
            told_from = date.toordinal()
            if sender in ends.index:
                first = dt.date.fromordinal(int(ends[sender]))
                quarter = dt.date(first.year, first.month - (first.month - 1) % 3, 1)
                told_from = max(quarter.toordinal(), months_before(date, 12) + 1)
            self.told.setdefault(sender, []).append((date, told_from))

    def held_from(self, sender: str, date: dt.date) -> int:
        """The first day that the returns up to the date tell of without a gap; those of the last
        three years are looked at.
        """
        reached = NEVER
        for sent, told_from in reversed(self.told[sender]):
            if sent.toordinal() <= months_before(date, 37) or (
                reached < NEVER and reached > sent.toordinal() + 1
            ):
                break
            reached = min(reached, told_from)
        return reached


class CareFigures:
    """One quarter's figures from the SSDA903, of the authorities that returned."""

    def __init__(
        self, care: Care, returns: CareReturns, reach: Reach, areas: Areas, date: dt.date
    ) -> None:
        self.date, self.returns, self.reach, self.day = date, returns, reach, date.toordinal()
        self.codes = areas.codes_on(date)
        self.care = care
        self.populations = population_of(date)
        self._now = care.now

    @cached_property
    def children(self) -> pd.DataFrame:
        """Children looked after on the date, as the returns tell of them."""
        return self._children(self._now)

    def tables(self) -> dict:
        """How to make each table, by name."""
        return {
            "children_looked_after": self.children_looked_after,
            "care_flows": self.care_flows,
            "placement_stability": self.placement_stability,
        }

    def _children(self, now: pd.DataFrame) -> pd.DataFrame:
        """The children looked after of the authorities that returned, with what figures need of
        them.
        """
        sender = self.codes[now["origin"].to_numpy()]
        now = now.assign(authority_code=sender)[
            np.isin(sender, list(self.returns.answered))
        ].reset_index(drop=True)
        about = self.care.children.loc[now["child"]].reset_index(drop=True)
        born = about["born"].to_numpy(dtype=np.int64)
        number = now["child"].to_numpy()
        alone = about["unaccompanied"].to_numpy(dtype=bool) & ~(
            status_ceased(number) & (birthday(born, 14) <= self.day)
        )
        ethnic, meaning = code_set("ethnic_903").meanings, code_set("place_903").meanings
        status = code_set("legal_status_903").meanings
        points = example_postcodes()
        east, north = (
            np.append(points[name].to_numpy(dtype=float), np.nan)
            for name in ("easting", "northing")
        )
        home, there = now["home"].to_numpy(dtype=np.int64), now["there"].to_numpy(dtype=np.int64)
        miles = np.round(
            np.hypot(east[home] - east[there], north[home] - north[there]) / METRES_A_MILE, 1
        )
        where = (
            points["authority_code"]
            .map(lambda code: authorities.standing_on(code, self.date))
            .to_numpy(dtype=object)[there]
        )
        place, provider = now["place"], now["provider"]
        provision = place.map(lambda code: meaning[code]["provision_type"])
        fostered = np.select(
            [provider == "PR1", provider.isin(["PR4", "PR5"])],
            ["In-house fostering", "Independent fostering"],
            "Other",
        )
        return now.assign(
            age=years_old(born, np.full(len(now), self.day)),
            sex=SEXES[about["sex"].to_numpy(dtype=np.int64)],
            ethnic_group=[
                ethnic[code]["ethnic_group"]
                for code in ETHNIC_CODES[about["ethnic"].to_numpy(dtype=np.int64)]
            ],
            unaccompanied=np.where(alone, "UASC", "Non-UASC"),
            placement_type=place.map(lambda code: meaning[code]["placement_type"]),
            placement_provider=provider.map(PROVIDERS),
            legal_status_group=now["ls"].map(lambda code: status[code]["legal_status_group"]),
            provision_type=np.where(provision == "by provider", fostered, provision),
            host_authority_code=where,
            locality=np.where(where == now["authority_code"], "inside", "outside"),
            distance_band=np.select([np.isnan(miles), miles <= 20], [UNKNOWN, NEAR], FAR),
        )

    def _rated(self, table: pd.DataFrame) -> pd.DataFrame:
        """With share of the total, and for totals the rate per 10,000."""
        keys = ["authority_code", *(["direction"] if "direction" in table else [])]
        whole = table[table["breakdown"] == "total"].set_index(keys)["children"].rename("whole")
        table = table.join(whole, on=keys)
        people = [
            self.populations.get(code) if kind == "total" else None
            for code, kind in zip(table["authority_code"], table["breakdown"], strict=True)
        ]
        table["share"] = [
            half_up(a, b, 6) for a, b in zip(table["children"], table.pop("whole"), strict=True)
        ]
        table["rate_per_10k"] = [
            half_up(n * 10_000, p[0], 1) if p else ""
            for n, p in zip(table["children"], people, strict=True)
        ]
        table["population_year"] = [str(p[1]) if p else "" for p in people]
        return table

    def _broken_down(
        self, rows: pd.DataFrame, keys: list[str], by: dict[str, str], totals: pd.DataFrame
    ) -> pd.DataFrame:
        """Counts by breakdown and category; the totals are given, since they may be 0."""
        parts = [totals.assign(breakdown="total", category="Total")]
        for breakdown, column in by.items():
            known = rows[rows[column] != ""]
            part = (
                known.groupby([*keys, column], as_index=False)
                .size()
                .rename(columns={column: "category", "size": "children"})
            )
            parts.append(part.assign(breakdown=breakdown))
        return self._rated(
            pd.concat(parts, ignore_index=True)[[*keys, "breakdown", "category", "children"]]
        )

    def children_looked_after(self) -> pd.DataFrame:
        """The total with its rate, and what it is made of."""
        rows = self.children.assign(age_band=banded(self.children["age"].to_numpy(), BANDS))
        totals = (
            rows.groupby("authority_code")
            .size()
            .reindex(sorted(self.returns.answered), fill_value=0)
            .rename("children")
            .reset_index()
        )
        by = {
            "age": "age_band", "sex": "sex", "ethnic group": "ethnic_group", "unaccompanied": "unaccompanied", "placement type": "placement_type",
            "placement provider": "placement_provider", "legal status": "legal_status_group",
        }  # fmt: skip
        return self._broken_down(rows, ["authority_code"], by, totals)

    def care_flows(self) -> pd.DataFrame:
        """Who started and ceased in the twelve months, of authorities whose returns tell of them
        all.
        """
        year_ago = months_before(self.date, 12)
        whole_year = [
            code
            for code in sorted(self.returns.answered)
            if self.reach.held_from(code, self.date) <= year_ago + 1
        ]
        rows = self.care.episodes
        rows = rows.assign(authority_code=self.codes[rows["origin"].to_numpy(dtype=np.int64)])
        rows = rows[rows["authority_code"].isin(whole_year) & ~rows["ls"].isin(["V3", "V4"])]
        born = self.care.children["born"]
        begun = (
            rows[(rows["rne"] == "S") & (rows["decom"] > year_ago)]
            .sort_values("decom")
            .drop_duplicates("child")
        )
        ended = (
            rows[~rows["rec"].isin(["", "X1"]) & (rows["dec"] > year_ago)]
            .sort_values("dec")
            .drop_duplicates("child", keep="last")
        )
        ages = [
            years_old(born.loc[some["child"]].to_numpy(dtype=np.int64), some[day].to_numpy())
            for some, day in ((begun, "decom"), (ended, "dec"))
        ]
        reasons = code_set("reason_episode_ceased_903").meanings
        both = pd.concat(
            [
                begun.assign(direction="started", age=banded(ages[0], BANDS), reason=""),
                ended.assign(
                    direction="ceased",
                    age=banded(ages[1], BANDS_ON_CEASING),
                    reason=[reasons[code]["reason_group"] for code in ended["rec"]],
                ),
            ]
        )
        keys = ["authority_code", "direction"]
        every = pd.MultiIndex.from_product([whole_year, ["started", "ceased"]], names=keys)
        totals = (
            both.groupby(keys).size().reindex(every, fill_value=0).rename("children").reset_index()
        )
        return self._broken_down(both, keys, {"age": "age", "reason": "reason"}, totals)

    def placement_stability(self) -> pd.DataFrame:
        """Three or more placements in the year (open on its first day, or begun in it), and the
        same carer for two years.

        Blank until the returns reach far enough.
        """
        year_ago, two_years, long_ago = (
            months_before(self.date, months) for months in (12, 24, 30)
        )
        rows = self.care.episodes
        lived = rows[
            (rows["dec"] > year_ago + 1)
            & ~rows["is_away"].astype(bool)
            & ~rows["ls"].isin(["V3", "V4"])
        ]
        carers = lived.groupby("child")["carer"].nunique()
        children = self.children
        adopted = children["place"].isin(["A5", "A6"])
        same = (children["carer_since"] <= two_years) | (
            adopted & (children["carer_before_since"] <= two_years)
        )
        long_term = (children["age"] < 16) & (children["period_since"] <= long_ago)
        judged = children.assign(
            three_or_more=children["child"].map(carers) >= 3,
            long_term_children=long_term,
            same_carer_two_years=long_term & same,
        )
        counted = ["three_or_more", "long_term_children", "same_carer_two_years"]
        table = (
            judged.groupby("authority_code")[counted]
            .sum()
            .join(judged.groupby("authority_code").size().rename("children"))
            .reset_index()
        )
        held = [self.reach.held_from(code, self.date) for code in table["authority_code"]]
        a_year = np.array(held, dtype=np.int64) <= year_ago + 1
        longer = np.array(held, dtype=np.int64) <= long_ago + 1
        shares = {"three_or_more": "children", "same_carer_two_years": "long_term_children"}
        texts = {
            f"{part}_share": [
                half_up(a, b, 6) for a, b in zip(table[part], table[whole], strict=True)
            ]
            for part, whole in shares.items()
        }
        table = table.assign(**texts).astype(object)
        known = {
            "three_or_more": a_year,
            "long_term_children": longer,
            "same_carer_two_years": longer,
        }
        for name in [*known, "three_or_more_share", "same_carer_two_years_share"]:
            table[name] = table[name].where(known[name.removesuffix("_share")], "")
        return table.assign(held_from=[dt.date.fromordinal(day).isoformat() for day in held])

    def placement_distance(self, types: pd.Series) -> pd.DataFrame:
        """Placements by provision type (of each of `children`), locality and distance band."""
        rows = self.children.assign(provision_type=types.to_numpy())
        keys = ["authority_code", "provision_type"]
        table = (
            rows.groupby([*keys, "locality", "distance_band"], as_index=False)
            .size()
            .rename(columns={"size": "placements"})
        )
        whole = rows.groupby(keys).size().rename("whole")
        table = table.join(whole, on=keys)
        table["share"] = [
            half_up(a, b, 6) for a, b in zip(table["placements"], table.pop("whole"), strict=True)
        ]
        return table
