"""What the figures of searches for homes must be: outcomes and needs, worked out from the searches
that were sent.

Belongs here: the definitions of those tables once more, written from their descriptions and never
from their SQL. Does not belong here: which searches there were (`returns/placements_standard.py`).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from made_up.returns.placements_standard import RISKS
from made_up.truth.care import UNKNOWN, CareFigures
from made_up.world.care import years_old
from made_up.writing import Made, write_truth

SEXES = np.array(["Male", "Female", "Sex: not known"], dtype=object)
BANDS = ([1, 5, 10, 16], ["Under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over"])
FEWEST_FEES = 8
YES_NO = {"Yes": True, "No": False, "": None}


class SearchTruth:
    """The figures of all census dates."""

    def __init__(self) -> None:
        self._outcomes: list[pd.DataFrame] = []
        self._needs: list[pd.DataFrame] = []

    def add(self, sent: pd.DataFrame, cared: CareFigures, date: dt.date) -> None:
        """Work out one date's figures from the searches that were sent."""
        if sent.empty:
            return
        told = _with_the_903(sent, cared)
        for name, tables in (("outcomes", self._outcomes), ("needs", self._needs)):
            table = {"outcomes": outcomes, "needs": needs}[name](told)
            table.insert(0, "census_date", date.isoformat())
            tables.append(table)

    def write(self, made: Made) -> None:
        """Write what the figures must be."""
        if self._outcomes:
            write_truth(made, "search_outcome", pd.concat(self._outcomes, ignore_index=True))
            write_truth(made, "needs_profile", pd.concat(self._needs, ignore_index=True))


def _with_the_903(sent: pd.DataFrame, cared: CareFigures) -> pd.DataFrame:
    """The searches with the child's age and sex, and the placement's distance, of the authorities
    whose SSDA903 came.
    """
    is_told = sent["sender"].isin(cared.returns.answered).to_numpy()
    about = cared.care.children.loc[sent["child"]]
    ages = years_old(about["born"].to_numpy(dtype=np.int64), np.full(len(sent), cared.day))
    band = np.array(BANDS[1], dtype=object)[np.searchsorted(BANDS[0], ages, side="right")]
    distance = sent["child"].map(cared.children.set_index("child")["distance_band"]).fillna(UNKNOWN)
    return sent.assign(
        age=np.where(is_told, band, "Age: not known"),
        sex=np.where(is_told, SEXES[about["sex"].to_numpy(dtype=np.int64)], "Sex: not known"),
        distance=np.where(sent["is_placed"], np.where(is_told, distance, UNKNOWN), "Not placed"),
        part=np.where(sent["is_placed"], sent["type_placed"], "Not placed"),
    )


# --- outcomes
# --------------------------------------------------------------------------------------------------------


def outcomes(told: pd.DataFrame) -> pd.DataFrame:
    """By authority and category, what came of the searches."""
    preferred = {
        "Foster": told["foster_care_suitability"] == "Preferred",
        "Residential": told["residential_care_suitability"] == "Preferred",
        "Supported Accommodation": told["supported_accommodation_suitability"] == "Preferred",
    }
    kind = told["type_placed"].to_numpy(dtype=object)
    hit = np.select([kind == name for name in preferred], list(preferred.values()), default=False)
    wanted = pd.to_numeric(told["siblings_to_place_with"], errors="coerce").fillna(0)
    rows = told.assign(
        type_known=told["is_placed"] & np.logical_or.reduce(list(preferred.values())),
        hit=told["is_placed"] & hit,
        foster_wanted=told["is_placed"] & preferred["Foster"],
        fallback=told["is_placed"]
        & preferred["Foster"]
        & (kind == "Residential")
        & ~preferred["Residential"],
        place_known=told["is_location_preferred"] != "",
        place_hit=told["is_location_preferred"] == "Yes",
        siblings_known=told["is_placed"] & (wanted > 0),
        siblings_hit=told["is_placed"]
        & (wanted > 0)
        & (pd.to_numeric(told["siblings_placed_together"], errors="coerce") >= wanted),
        days=np.where(told["is_placed"], told["started"] - told["referred"], np.nan),
        fee=pd.to_numeric(told["cost_total_weekly"], errors="coerce"),
    )
    categories = {
        "All searches": np.ones(len(rows), dtype=bool),
        "Needed today": rows["needed_by"] == "Today", "Needed in under 5 days": rows["needed_by"] == "< 5 days",
        "Needed in over 5 days": rows["needed_by"] == "> 5 days", "Needed by: not known": rows["needed_by"] == "",
        "Foster care preferred": preferred["Foster"], "Residential care preferred": preferred["Residential"],
        "Supported accommodation preferred": preferred["Supported Accommodation"],
        **{band: rows["age"] == band for band in (*BANDS[1], "Age: not known")}, **{sex: rows["sex"] == sex for sex in SEXES},
    }  # fmt: skip
    made = [
        {
            "authority_code": sender,
            "category": name,
            **_outcome(rows[(rows["sender"] == sender) & is_in]),
        }
        for sender in sorted(rows["sender"].unique())
        for name, is_in in categories.items()
    ]
    return pd.DataFrame(made)


def _outcome(rows: pd.DataFrame) -> dict[str, object]:
    """The figures of some searches."""
    placed = int(rows["is_placed"].sum())
    return {
        "searches": len(rows),
        "searches_open": len(rows) - placed,
        "searches_placed": placed,
        "searches_emergency": int((rows["needed_by"] == "Today").sum()),
        "searches_dated": int(rows["days"].notna().sum()),
        "median_days_to_placement": "" if not placed else f"{rows['days'].median():.1f}",
        "searches_type_known": int(rows["type_known"].sum()),
        "searches_in_preferred_type": int(rows["hit"].sum()),
        "searches_foster_preferred": int(rows["foster_wanted"].sum()),
        "searches_fallback": int(rows["fallback"].sum()),
        "searches_place_known": int(rows["place_known"].sum()),
        "searches_in_preferred_place": int(rows["place_hit"].sum()),
        "searches_siblings_known": int(rows["siblings_known"].sum()),
        "searches_with_siblings": int(rows["siblings_hit"].sum()),
        "placements": int(rows["fee"].notna().sum()),
        "median_weekly_cost": (
            f"{rows['fee'].median():.2f}" if rows["fee"].notna().sum() >= FEWEST_FEES else ""
        ),
    }


# --- needs
# -----------------------------------------------------------------------------------------------------------


def _answers(told: pd.DataFrame) -> dict[str, list[bool | None]]:
    """By need, whether each search's child has it; None where that was not asked or answered."""

    def one_of(name: str, yes: set[str], unknown: set[str]) -> list[bool | None]:
        return [None if text in unknown else text in yes for text in told[name]]

    def among(name: str, label: str) -> list[bool | None]:
        return [label in text.split(", ") for text in told[name]]

    companions = {
        "Solo placement": "Solo placement recommended", "With other children": "With other children recommended",
        "Only with older children": "Only with other older children", "Only with younger children": "Only with other younger children",
    }  # fmt: skip
    support = (
        "Additional supervision",
        "Therapeutic support",
        "A worker for respite",
        "Taxis to school",
        "Other",
    )
    says_na = {"csv", "xlsx"}
    siblings = [
        (None if text == "NA" and ending not in says_na else text not in {"NA", "0"})
        for text, ending in zip(told["siblings_to_place_with"], told["ending"], strict=True)
    ]
    risks = (
        "self-harm", "criminal exploitation", "drugs and alcohol", "eating disorder", "going missing", "physical harm to others",
        "sexual harm to others", "fire-setting", "harm to animals", "criminal exploitation of others",
    )  # fmt: skip
    return {
        "Communication, language or learning needs": one_of(
            "communication_needs", {"Yes"}, {"Not Specified"}
        ),
        **{
            f"Communication: {label}": among("communication_requirements", label)
            for label in ("ESOL", "BSL", "Makaton", "Other")
        },
        "Home to be adapted": [YES_NO[text] for text in told["home_adaptation"]],
        "Cultural needs": one_of("cultural_needs", {"Required", "Other"}, {"Not Known"}),
        **{name: one_of("living_companions", {label}, set()) for name, label in companions.items()},
        "Must live with animals": one_of("pets", {"Yes-must"}, {"Not known"}),
        "Must not live with animals": one_of("pets", {"No"}, {"Not known"}),
        **{
            f"Support: {label[0].lower()}{label[1:]}": among("additional_support", label)
            for label in support
        },
        "Siblings to live with": siblings,
        **{
            f"Risk: {name}": one_of(column, {"Risk Present"}, {""})
            for name, column in zip(risks, RISKS, strict=True)
        },
        "Risk: sexual exploitation": [None] * len(told),
    }


def needs(told: pd.DataFrame) -> pd.DataFrame:
    """By authority, need, breakdown and part: searches, those with the need, and those without an
    answer.
    """
    pieces = []
    for category, answers in _answers(told).items():
        rows = pd.DataFrame(
            {
                "authority_code": told["sender"], "category": category, "type placed": told["part"], "distance": told["distance"],
                "has": [answer is True for answer in answers], "not_asked": [answer is None for answer in answers],
            }
        )  # fmt: skip
        for breakdown in ("type placed", "distance"):
            counted = rows.groupby(["authority_code", "category", breakdown]).agg(
                searches=("has", "size"),
                searches_with_need=("has", "sum"),
                searches_not_asked=("not_asked", "sum"),
            )
            pieces.append(
                counted.rename_axis(["authority_code", "category", "part"])
                .reset_index()
                .assign(breakdown=breakdown)
            )
    names = [
        "authority_code",
        "category",
        "breakdown",
        "part",
        "searches",
        "searches_with_need",
        "searches_not_asked",
    ]
    return pd.concat(pieces, ignore_index=True)[names]
