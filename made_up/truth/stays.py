"""What the figures of stays must be: how long children have been in care, at what age they were
placed, why placements ended, and their needs.

Belongs here: the definitions of length_of_stay, age_by_provision, placement_endings and
need_breakdown once more, from their descriptions and never from their SQL. A placement is known
here by its carer, a period of care by the day that it began: facts of the made-up world, which no
return holds. Does not belong here: the children of the quarter themselves (`care.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from made_up.truth.arithmetic import exact, half_up
from made_up.truth.care import SEXES, CareFigures
from made_up.world.care import NEVER, months_before, years_old
from schemas.codes import code_set

NOBODY = "No provider"
LENGTHS = ((6, "Under 6 months"), (12, "6 to 11 months"), (24, "1 year"), (60, "2 to 4 years"))
LONGEST, UNKNOWN = "5 years and more", "Not known"
DAYS_A_MONTH = Fraction(36525, 1200)
AGES = ([5, 10, 13, 14, 16], ["Under 5", "5 to 9", "10 to 12", "13", "14 to 15", "16 and over"])
NEED = "N1"
"""The category of need of every made-up child."""
CHANGED, NOT_GIVEN = "CARPL", "Not given"
"""The reason of every made-up change of placement; what stands where none was given."""


def tables(figures: CareFigures) -> dict[str, pd.DataFrame]:
    """The tables of one quarter, without its date and names."""
    stays = Stays(figures)
    return {
        "length_of_stay": stays.length_of_stay(),
        "age_by_provision": stays.age_by_provision(),
        "placement_endings": stays.placement_endings(),
        "need_breakdown": stays.need_breakdown(),
    }


class Stays:
    """One quarter's stays: what the returns up to its date tell of them."""

    def __init__(self, figures: CareFigures) -> None:
        self.figures, self.day = figures, figures.day
        self.year_ago = months_before(figures.date, 12)
        self.told = self._told()
        whole = [
            code
            for code in figures.returns.answered
            if figures.reach.held_from(code, figures.date) <= self.year_ago + 1
        ]
        self.of_whole_year = self.told[self.told["authority_code"].isin(whole)]

    def _told(self) -> pd.DataFrame:
        """Every episode that a return of an authority that answered tells of: its end in the twelve
        months to a return's date, or open on this one.

        Short breaks are none. With the provision type of each, as a placement has it.
        """
        rows = self.figures.care.episodes
        rows = rows.assign(
            authority_code=self.figures.codes[rows["origin"].to_numpy(dtype=np.int64)]
        )
        rows = rows[
            rows["authority_code"].isin(self.figures.returns.answered)
            & ~rows["ls"].isin(["V3", "V4"])
            & (rows["decom"] <= self.day)
        ]
        known = (rows["dec"] > self.day).to_numpy(copy=True)
        for code, sent in self.figures.reach.told.items():
            for date, _ in sent:
                if months_before(self.figures.date, 37) < date.toordinal() <= self.day:
                    ended = (rows["dec"] <= date.toordinal()) & (
                        rows["dec"] > months_before(date, 12)
                    )
                    known |= (ended & (rows["authority_code"] == code)).to_numpy()
        rows = rows[known].sort_values(["child", "decom"], kind="stable", ignore_index=True)
        kind = rows["place"].map(
            {
                code: meaning["provision_type"]
                for code, meaning in code_set("place_903").meanings.items()
            }
        )
        fostered = np.select(
            [rows["provider"] == "PR1", rows["provider"].isin(["PR4", "PR5"])],
            ["In-house fostering", "Independent fostering"],
            "Other",
        )
        return rows.assign(
            provision_type=np.where(kind == "by provider", fostered, kind.replace("", NOBODY))
        )

    def _placements(self, episodes: pd.DataFrame) -> pd.DataFrame:
        """One row a child and carer: when it began, what its last episode says of it. An absence is
        no placement.
        """
        stayed = episodes[~episodes["is_away"].astype(bool)]
        return stayed.groupby(["authority_code", "child", "carer"], as_index=False).agg(
            began=("decom", "min"),
            ended=("dec", "last"),
            how=("rec", "last"),
            provision_type=("provision_type", "last"),
        )

    def _born(self, child: pd.Series) -> np.ndarray:
        return self.figures.care.children["born"].loc[child].to_numpy(dtype=np.int64)

    def length_of_stay(self) -> pd.DataFrame:
        """Children by months in care and in the placement that they are in."""
        children = self.figures.children
        children = children.assign(provision_type=children["provision_type"].replace("", NOBODY))
        begun = self._placements(self.told).set_index(["child", "carer"])["began"]
        in_placement = begun.reindex(
            pd.MultiIndex.from_frame(children[["child", "carer"]])
        ).to_numpy()
        starts = self.told[self.told["rne"] == "S"].groupby("child")["decom"].agg(set)
        is_told = [
            since in starts.get(child, ())
            for child, since in zip(children["child"], children["period_since"], strict=True)
        ]
        in_care = np.where(is_told, children["period_since"], NEVER)
        lines = []
        for breakdown, since in (("in care", in_care), ("in placement", in_placement)):
            days = [None if day == NEVER else int(self.day - day) for day in since]
            for keys, rows in children.assign(
                days=pd.Series(days, index=children.index, dtype=object)
            ).groupby(["authority_code", "provision_type"]):
                known = [Fraction(n) / DAYS_A_MONTH for n in rows["days"] if n is not None]
                for category, of in rows.groupby(rows["days"].map(_length))["days"]:
                    months = [Fraction(n) / DAYS_A_MONTH for n in of if n is not None]
                    lines.append(
                        (
                            keys[0],
                            breakdown,
                            keys[1],
                            category,
                            len(of),
                            exact(_mean(months), 1),
                            exact(_median(known), 1),
                        )
                    )
        names = [
            "authority_code",
            "breakdown",
            "provision_type",
            "category",
            "children",
            "mean_months",
            "median_months",
        ]
        return pd.DataFrame(lines, columns=names)

    def age_by_provision(self) -> pd.DataFrame:
        """Ages of the children looked after, and of those placed in the twelve months on that day."""
        children = self.figures.children
        now = children[["authority_code", "age"]].assign(
            provision_type=children["provision_type"].replace("", NOBODY), population="looked after"
        )
        placed = self._placements(self.of_whole_year)
        placed = placed[placed["began"] > self.year_ago]
        ages = years_old(self._born(placed["child"]), placed["began"].to_numpy(dtype=np.int64))
        both = pd.concat(
            [
                now,
                placed[["authority_code", "provision_type"]].assign(age=ages, population="started"),
            ],
            ignore_index=True,
        )
        lines = []
        for keys, rows in both.groupby(["authority_code", "population", "provision_type"]):
            numbers = [Fraction(int(age)) for age in rows["age"]]
            of_all = exact(_mean(numbers), 1), exact(_median(numbers), 1)
            bands = np.array(AGES[1], dtype=object)[
                np.searchsorted(AGES[0], rows["age"].to_numpy(dtype=np.int64), side="right")
            ]
            lines += [
                (*keys, band, int((bands == band).sum()), *of_all)
                for band in np.unique(bands.astype(str))
            ]
        names = [
            "authority_code",
            "population",
            "provision_type",
            "category",
            "children",
            "mean_age",
            "median_age",
        ]
        return pd.DataFrame(lines, columns=names)

    def placement_endings(self) -> pd.DataFrame:
        """Placements that ended in the twelve months with another after them, by the reason that
        the return gives.
        """
        placed = self._placements(self.of_whole_year)
        ended = placed[
            (placed["ended"] > self.year_ago)
            & (placed["ended"] <= self.day)
            & (placed["how"] == "X1")
        ]
        reason = code_set("reason_place_change_903").meanings[CHANGED]["meaning"]
        table = (
            ended.assign(category=reason)
            .groupby(["authority_code", "provision_type", "category"], as_index=False)
            .size()
        )
        return _with_share(
            table.rename(columns={"size": "placements"}),
            "placements",
            ["authority_code", "provision_type"],
        )

    def need_breakdown(self) -> pd.DataFrame:
        """Children looked after, and those who started in the twelve months, by category of need,
        legal status and sex.
        """
        meanings = code_set("legal_status_903").meanings
        children = self.figures.children
        now = children[["authority_code", "sex"]].assign(
            population="looked after", status=children["legal_status_group"]
        )
        begun = self.of_whole_year[
            (self.of_whole_year["rne"] == "S") & (self.of_whole_year["decom"] > self.year_ago)
        ].drop_duplicates("child")
        sexes = SEXES[
            self.figures.care.children["sex"].loc[begun["child"]].to_numpy(dtype=np.int64)
        ]
        started = begun[["authority_code"]].assign(
            population="started",
            sex=sexes,
            status=begun["ls"].map(lambda code: meanings[code]["legal_status_group"]),
        )
        both = pd.concat([now, started], ignore_index=True).assign(
            need=code_set("category_of_need_903").meanings[NEED]["meaning"]
        )
        parts = []
        for breakdown, column in (
            ("category of need", "need"),
            ("legal status", "status"),
            ("sex", "sex"),
        ):
            counted = both.groupby(["authority_code", "population", column], as_index=False).size()
            parts.append(
                counted.rename(columns={column: "category", "size": "children"}).assign(
                    breakdown=breakdown
                )
            )
        keys = ["authority_code", "population", "breakdown"]
        return _with_share(
            pd.concat(parts, ignore_index=True)[[*keys, "category", "children"]], "children", keys
        )


def _length(days: int | None) -> str:
    if days is None:
        return UNKNOWN
    return next(
        (name for months, name in LENGTHS if Fraction(days) / DAYS_A_MONTH < months), LONGEST
    )


def _mean(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, Fraction(0)) / len(values) if values else None


def _median(values: Sequence[Fraction]) -> Fraction | None:
    """The middle value, or the mean of the two in the middle."""
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _with_share(table: pd.DataFrame, count: str, keys: list[str]) -> pd.DataFrame:
    whole = table.groupby(keys)[count].transform("sum")
    return table.assign(
        share=[half_up(int(a), int(b), 6) for a, b in zip(table[count], whole, strict=True)]
    )
