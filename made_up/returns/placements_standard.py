"""The national Placements Standard as some authorities send it: searches for homes, those that
found one and those that go on.

Belongs here: which searches there were, what is said of them, and the files: as CSV, in the
template's workbook, and as JSON-LD. Does not belong here: where the children are (`world/care.py`),
and figures (`truth/searches.py`).

Nothing here draws from a stream that another return draws from: a search hangs on its child's
number alone. The standard is in use from 2026; the made-up region asks for it from the end of 2025.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import Ints, stream
from made_up.returns.placement_census import identifiers
from made_up.world.areas import Areas
from made_up.world.care import Care, draw, example_postcodes, months_before
from made_up.writing import LOADED, SET_ASIDE, Landing, Table, received_on
from schemas.codes import code_set
from schemas.returns import Column, return_tables

FIRST = dt.date(2025, 12, 31)
"""The first quarter for which the region asks for it."""
NAME = "placements_standard"
SENDS = assumed("answering")["placements_standard"]
"""Share of the authorities that send it."""
ENDINGS = ("csv", "xlsx", "jsonld")
SECTIONS = "Determinants of placement availability"
OFFICER = "A. Made-up Officer"

_TOLD, _OPEN = 0.85, 0.03
"""Share of the quarter's new placements that are told of, and of the other children for whom a home
is searched.
"""
_KINDS = {"Residential": 4200, "Foster": 750, "Supported Accommodation": 1150}
"""What a home of each kind usually costs a week, in pounds."""
_SUITABILITY = {
    "Foster": "foster_care_suitability",
    "Residential": "residential_care_suitability",
} | {"Supported Accommodation": "supported_accommodation_suitability"}
RISKS = (
    "risk_self_harm", "risk_criminal_exploitation", "risk_drugs_and_alcohol", "risk_eating_disorder", "risk_going_missing",
    "risk_to_others_physical_harm", "risk_to_others_sexual_harm", "risk_to_others_fire_setting", "risk_to_others_harm_to_animals",
    "risk_to_others_criminal_exploitation",
)  # fmt: skip
"""Those that the template asks for."""
_WRITTEN = {
    "needed_by": {"< 5 days": "< 5days"}, "type_placed": {"Residential": "Residential "},
    "out_of_area_reason": {"Court order": "Court Order"},
}  # fmt: skip
"""Options as the template's drop-downs write them."""


def columns() -> list[Column]:
    """The template's columns."""
    return [column for column in return_tables()[NAME].columns if column.in_template]


def searches(care: Care, areas: Areas, date: dt.date) -> pd.DataFrame:
    """The searches of all members, one row each: `sender`, `child`, whether `is_placed`, and by the
    layout's columns what is true of it.
    """
    day, began = date.toordinal(), months_before(date, 3)
    now = care.now[~care.now["is_away"] & ~care.now["ls"].isin(["V3", "V4"])]
    kind = now["place"].map(_kind_of)
    number = now["child"].to_numpy(dtype=np.int64)
    is_new = (now["decom"] > began) & (now["decom"] == now["placed"]) & now["rne"].isin(["S", "P"])
    is_placed = (is_new & (kind != "")).to_numpy() & (draw(number, 51) < _TOLD)
    is_open = (
        ~(now["decom"] > began).to_numpy() & (kind != "").to_numpy() & (draw(number, 52) < _OPEN)
    )
    chosen = now.assign(
        sender=areas.codes_on(date)[now["origin"].to_numpy()], kind=kind, is_placed=is_placed
    )[is_placed | is_open]
    chosen = chosen.sort_values(["sender", "child"], ignore_index=True)
    number = chosen["child"].to_numpy(dtype=np.int64)
    placed = chosen["is_placed"].to_numpy()
    waited = np.floor(draw(number, 53) ** 2 * 45).astype(np.int64)
    asked_on = np.where(placed, chosen["decom"].to_numpy() - waited, day - 1 - waited)
    found = pd.DataFrame(
        {
            "sender": chosen["sender"],
            "child": number,
            "is_placed": placed,
            "referred": asked_on,
            "started": chosen["decom"],
        }
    )
    found["needed_by"] = _dealt(number, 54, ["Today", "< 5 days", "> 5 days"], [0.25, 0.4, 0.35])
    with_siblings = _dealt(number, 55, ["NA", "0", "1", "2"], [0.4, 0.3, 0.2, 0.1])
    found["siblings_to_place_with"] = with_siblings
    found["is_preferred_location_local"] = _dealt(number, 56, ["Yes", "No"], [0.8, 0.2])
    reasons = _dealt(number, 57, list(code_set("out_of_area_reason").labels), [0.5, 0.1, 0.2, 0.2])
    found["out_of_area_reason"] = np.where(
        found["is_preferred_location_local"] == "No", reasons, ""
    )
    found["communication_needs"] = _dealt(
        number, 58, ["Yes", "No", "Not Specified"], [0.2, 0.7, 0.1]
    )
    spoken = _dealt(number, 59, ["ESOL", "BSL, Makaton", "Other"], [0.7, 0.2, 0.1])
    found["communication_requirements"] = np.where(
        found["communication_needs"] == "Yes", spoken, "None"
    )
    found["home_adaptation"] = _dealt(number, 60, ["Yes", "No", ""], [0.05, 0.85, 0.1])
    found["cultural_needs"] = _dealt(
        number, 61, list(code_set("cultural_need").labels), [0.2, 0.6, 0.15, 0.05]
    )
    found["living_companions"] = _dealt(
        number, 62, list(code_set("living_arrangement").labels), [0.2, 0.3, 0.1, 0.1, 0.3]
    )
    found["pets"] = _dealt(
        number, 63, list(code_set("pets_allowance").labels), [0.05, 0.6, 0.15, 0.2]
    )
    found["additional_support"] = _dealt(
        number,
        64,
        ["NA", "Therapeutic support", "Taxis to school, Additional supervision"],
        [0.5, 0.3, 0.2],
    )
    found["deprivation_of_liberty_order"] = _dealt(number, 65, ["No", "Yes"], [0.96, 0.04])
    for name, suitability in _suitabilities(chosen["kind"].to_numpy(dtype=object), number).items():
        found[name] = suitability
    for place, name in enumerate(RISKS):
        found[name] = _dealt(
            number, 70 + place, ["No known risk", "Risk Present", ""], [0.72, 0.25, 0.03]
        )
    about_placement = _found(chosen, with_siblings, number)
    return found.assign(
        **{name: np.where(placed, values, "") for name, values in about_placement.items()}
    )


def _kind_of(place: str) -> str:
    """The standard's kind of home for a placement code; blank where nobody searched for one."""
    provision = code_set("place_903").meanings[place]["provision_type"]
    kinds = {
        "by provider": "Foster",
        "Children's home": "Residential",
        "Secure children's home": "Residential",
    }
    return {**kinds, "Supported accommodation": "Supported Accommodation"}.get(provision, "")


def _dealt(number: Ints, purpose: int, options: list[str], shares: list[float]) -> np.ndarray:
    """One of the options for each child."""
    bounds = np.cumsum(shares)[:-1]
    return np.array(options, dtype=object)[
        np.searchsorted(bounds, draw(number, purpose), side="right")
    ]


def _suitabilities(kind: np.ndarray, number: Ints) -> dict[str, np.ndarray]:
    """How suitable each kind of home was held: mostly the one that was found was preferred, else
    foster care, or nothing was.
    """
    other = np.where(kind == "Foster", "Residential", "Foster")
    preferred = np.where(draw(number, 66) < 0.7, kind, np.where(draw(number, 67) < 0.8, other, ""))
    rest = _dealt(
        number, 68, ["Suitable but not preferred", "Unsuitable", "Not specified"], [0.4, 0.4, 0.2]
    )
    return {
        name: np.where(preferred == label, "Preferred", rest)
        for label, name in _SUITABILITY.items()
    }


def _found(chosen: pd.DataFrame, with_siblings: np.ndarray, number: Ints) -> dict[str, np.ndarray]:
    """What is said of the homes that were found."""
    outward = example_postcodes()["postcode"].str.split().str[0].to_numpy(dtype=object)
    usual = (
        np.array([_KINDS[kind] for kind in chosen["kind"]], dtype=float)
        if len(chosen)
        else np.zeros(0)
    )
    core = np.round(usual * (0.7 + 0.6 * draw(number, 81))).astype(np.int64)
    extra = np.round(core * 0.2 * draw(number, 82)).astype(np.int64)
    wanted = np.array(
        [int(text) if text not in {"NA", ""} else 0 for text in with_siblings], dtype=np.int64
    )
    together = np.where(draw(number, 83) < 0.7, wanted, np.maximum(wanted - 1, 0))
    return {
        "cost_core_weekly": core.astype(str).astype(object),
        "cost_additional_support_weekly": extra.astype(str).astype(object),
        "cost_education_weekly": np.full(len(number), "0", dtype=object),
        "cost_other_weekly": np.full(len(number), "0", dtype=object),
        "cost_total_weekly": (core + extra).astype(str).astype(object),
        "placement_location": outward[chosen["there"].to_numpy(dtype=np.int64)],
        "is_location_preferred": _dealt(number, 84, ["Yes", "No", ""], [0.6, 0.35, 0.05]),
        "education_continuity": _dealt(number, 85, ["Yes", "No"], [0.5, 0.5]),
        "placed_urn": chosen["urn"].replace("XXXXXXX", "None").to_numpy(dtype=object),
        "siblings_placed_together": together.astype(str).astype(object),
        "type_placed": chosen["kind"].to_numpy(dtype=object),
    }


# --- the files
# -------------------------------------------------------------------------------------------------------


def send(
    care: Care, landing: Landing, areas: Areas, date: dt.date, seed: int, folders: dict[str, str]
) -> pd.DataFrame:
    """Write the files of the authorities that send it, and give the searches that were sent."""
    if date < FIRST:
        return pd.DataFrame()
    sent = searches(care, areas, date)
    sent = sent[
        [stream(seed, "placements standard", sender).random() < SENDS for sender in sent["sender"]]
    ].reset_index(drop=True)
    senders = sorted(sent["sender"].unique())
    endings = {sender: ENDINGS[number % len(ENDINGS)] for number, sender in enumerate(senders)}
    received = received_on(
        date, stream(seed, "placements standard", date.isoformat()), len(senders)
    )
    for sender, when in zip(senders, received, strict=True):
        rows = sent[sent["sender"] == sender]
        reference = identifiers(
            rows["child"].to_numpy(dtype=np.int64), areas.region.members[sender], sender, seed
        )
        records = [
            _record(row, name) for row, name in zip(rows.to_dict("records"), reference, strict=True)
        ]
        title, ending = f"placements standard {date:%Y-%m}", endings[sender]
        table = _templated(records) if ending == "xlsx" else _table(records)
        content = jsonld(records) if ending == "jsonld" else None
        landing.send(
            date,
            folders[sender],
            sender,
            f"{title}.{ending}",
            [table],
            when,
            sheets=["Data Collection"],
            content=content,
        )
    return sent.assign(ending=sent["sender"].map(endings))


def _record(row: dict, reference: str) -> dict[str, object]:
    """A search as it is written, by the layout's columns."""
    dates = {
        "referral_date": row["referred"],
        "placement_date": row["started"],
        "cost_date": row["started"],
    }
    asked = dates if row["is_placed"] else {"referral_date": row["referred"]}
    days = {name: dt.date.fromordinal(int(day)) for name, day in asked.items()}
    officers = {"officer_referral": OFFICER} | (
        {"officer_placement": OFFICER, "officer_cost": OFFICER} if row["is_placed"] else {}
    )
    written = {
        name: _WRITTEN.get(name, {}).get(row.get(name, ""), row.get(name, ""))
        for name in (c.name for c in columns())
    }
    return {**written, "child_id": reference, **days, **officers}


def _cells(records: Sequence[dict[str, object]]) -> list[list[Any]]:
    return [[record.get(column.name, "") for column in columns()] for record in records]


def _table(records: Sequence[dict[str, object]]) -> Table:
    return Table(
        NAME, [column.headers[0] for column in columns()], _cells(records), [LOADED] * len(records)
    )


def _templated(records: Sequence[dict[str, object]]) -> Table:
    """As the template has it: a heading above the header, explanations and an example below."""
    explained = [
        f"{column.headers[0].replace('_', ' ')}: please choose what fits best of what is offered"
        " here"
        for column in columns()
    ]
    rows = [explained, [column.example for column in columns()], *_cells(records)]
    return Table(
        NAME,
        [column.headers[0] for column in columns()],
        rows,
        [SET_ASIDE, SET_ASIDE, *[LOADED] * len(records)],
        [SECTIONS],
    )


def jsonld(records: Sequence[dict[str, object]]) -> bytes:
    """The records as JSON-LD in the standard's words."""
    nodes = []
    for record in records:
        node: dict = {"@type": "Placement"}
        for column in columns():
            text = record.get(column.name, "")
            if text == "" or (column.name == "siblings_to_place_with" and text == "NA"):
                continue
            part, _, name = column.path.rpartition(".")
            here = node.setdefault(part, {"@type": part[0].upper() + part[1:]}) if part else node
            here[name] = _value(column, text)
            if "Other" in str(text).split(", "):
                here[f"{name}Other"] = "made up"
        nodes.append(node)
    return json.dumps({"@context": "context.jsonld", "@graph": nodes}, indent=1).encode()


def _value(column: Column, text: object) -> object:
    """A cell as JSON has it."""
    if isinstance(text, dt.date):
        return text.isoformat()
    if column.type == "yes_no":
        return text == "Yes"
    if column.codes:
        meanings, labels = (
            code_set(column.codes),
            str(text).split(", ") if column.several else [str(text)],
        )
        concepts = [
            meanings.meanings[str(meanings.label(label))]["concept"].split(":")[1]
            for label in labels
        ]
        return concepts if column.several else concepts[0]
    return int(str(text)) if column.type in {"integer", "money"} else text
