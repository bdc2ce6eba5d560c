"""The regional placement census as authorities send it: one row a placement, in the layout of the
quarter.

Belongs here: labels, headers and costs of this return, the slips in it, and the files. Does not
belong here: who lives where (`world/people.py`, `world/occupancy.py`), and figures
(`truth/frames.py`). It is a census of commissioned placements: children with parents, for adoption,
with kin or with the authority's own foster carers are not in it, in neither layout; they are in the
SSDA903 alone. Young people placed after 18 come with 2025-12 (before it, those alone who stayed
with their foster carers).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from made_up.assumptions import assumed
from made_up.drawing import Floats, Ints, Texts, choice, stream
from made_up.returns.provider_census import ROUTES, answer_chance, answering, habits_of
from made_up.returns.spelling import (
    written_authorities,
    written_days,
    written_header,
    written_money,
    written_yes_no,
)
from made_up.world.areas import Areas, neighbours
from made_up.world.kinds import ADULT, AGENCY, FAMILY, HOME, OTHER, OWN, SCHOOL, SECURE, SUPPORTED
from made_up.world.people import ETHNIC_GROUPS, YEAR, age_on
from made_up.world.supply import Supply
from made_up.writing import LOADED, REJECTED, SET_ASIDE, Landing, Table, received_on
from schemas.codes import code_set

CENSUS = "placement_census"
NEW_LAYOUT = dt.date(2025, 12, 31)

OLD_HEADER = {
    "looked_after_child": "Looked after child?",
    "placing_authority": "Placing Authority",
    "identifier": "Identifier",
    "age": "Age",
    "gender": "Gender",
    "sourcing_route": "How the placement was sourced",
    "organisation": "Organisation",
    "provider_urn": "Provider ID",
    "establishment": "Establishment",
    "host_authority": "Host Authority",
    "type_of_provision": "Type of provision",
    "uasc": "UASC",
    "total_weekly_cost": "Total weekly cost",
    "contribution_social_care": "Contribution from Social Care",
    "contribution_education": "Contribution from Education",
    "contribution_health": "Contribution from Health",
    "ethnic_group": "Ethnic Group",
    "placement_start_date": "Placement start date",
    "send": "SEND",
    "primary_send_category": "Primary SEND category",
    "primary_send_need": "Primary SEND need",
    "registration_type": "Registration type",
    "establishment_urn": "Establishment registration URN",
    "distance_reason": "Primary Placing at Distance Reason",
}
NEW_HEADER = {
    **{
        name: text
        for name, text in OLD_HEADER.items()
        if name not in ("host_authority", "send", "primary_send_category", "primary_send_need")
    },
    "provider_urn": "Provider Ofsted (or equivalent) URN",
    "registration_type": "Primary registration type",
    "establishment_urn": "Establishment URN",
    "distance_reason": "Placing at Distance Reason",
    "company_number": "Provider Company number",
    "additional_packages": "Does this placement cost include additional packages?",
    "deprivation_of_liberty": "Deprivation of Liberty Safeguards in place?",
    "solo_placement": "Does this CYP require a solo placement?",
}
"""Headers as published, by column name: from 2022-03 and from 2025-12."""

MONEY = [
    "total_weekly_cost",
    "contribution_social_care",
    "contribution_education",
    "contribution_health",
]
UNMAPPED = "Residental - tbc"
"""A label that no list has: the row is rejected."""

PRIME = 8_999_993
"""References of children run over this many numbers of six and seven digits."""

STAYING_PUT = "Fostering - Staying Put"
STAYING_PUT_SHARE = assumed("answering")["staying_put"]
SUPPORTED_LABELS = {
    1: "Supported Accommodation - Category 1: Self contained solo accommodation",
    2: "Supported Accommodation - Category 2: Shared or group living for LAC and care leavers",
    3: (
        "Supported Accommodation - Category 3: Shared or group living not limited to LAC or care"
        " leavers"
    ),
    4: "Supported Accommodation - Category 4: Supported Lodgings",
}
EARLIER_SUPPORTED = {
    1: "Supported Accommodation - Accommodation & Floating Support",
    2: "SaILs - Group Living",
    3: "Supported Accommodation - Group Living",
    4: "Supported Lodgings",
}
IN_HOUSE_SUPPORTED = {
    1: "Supported Accommodation - Accommodation & Floating Support - in house",
    2: "Supported Accommodation - Group Living - in house",
    3: "SaILs - Group Living - in house",
    4: "Supported Lodgings - In House",
}
GENDERS = (
    ("Male", "Female", "Non-binary", "Other"),
    ("M", "F", "Non-binary", "Other"),
    ("male", "Fenale", "Non-binary", "Other"),
    ("Male (including trans male)", "Female (including trans female)", "Non-binary", "Other"),
)


@dataclass
class PlacementReturns:
    """What is sent for one census date: one row a placement as reported, with its fate; who
    answers, and when.
    """

    rows: pd.DataFrame
    answered: set[str]
    received: dict[str, dt.datetime]

    def loaded(self) -> pd.DataFrame:
        """The placements that the warehouse must hold."""
        return self.rows[self.rows["sender"].isin(self.answered) & (self.rows["fate"] == LOADED)]


def report(
    people: pd.DataFrame, supply: Supply, areas: Areas, date: dt.date, seed: int, response: float
) -> PlacementReturns:
    """The returns of all members for the date."""
    rng = stream(seed, "placement returns", date.isoformat())
    codes = areas.codes_on(date)
    new = date >= NEW_LAYOUT
    asked = [OWN] if new else [OWN, ADULT]
    own = people[((people["origin"] < areas.members) & ~people["kind"].isin(asked)).to_numpy()]
    if not new:
        stayed = stream(seed, "stayed with their carers", date.isoformat())
        own = pd.concat([own, _staying_put(own, date, stayed)], ignore_index=True)
    own = own.sort_values(["origin", "number"], kind="stable", ignore_index=True)
    rows = _rows(own, supply, areas, codes, date, rng)
    rows = rows[rows["type_of_provision"] != ""].reset_index(drop=True)
    senders = sorted(set(codes[: areas.members]))
    received = dict(zip(senders, received_on(date, rng, len(senders)), strict=True))
    chance = answer_chance(response, of_authority=True, in_region=True)
    answered = {sender for sender in senders if answering(seed, sender, date) < chance}
    return PlacementReturns(_with_slips(rows, senders, rng), answered, received)


def _staying_put(own: pd.DataFrame, date: dt.date, rng: np.random.Generator) -> pd.DataFrame:
    """Young people who stayed with their foster carers after 18: in the return, and not looked
    after.
    """
    fostered = own[(own["kind"] == AGENCY).to_numpy()]
    some = fostered.sample(n=round(STAYING_PUT_SHARE * len(own)), replace=True, random_state=rng)
    young = date.toordinal() - np.floor(rng.uniform(18.1, 20.9, len(some)) * YEAR).astype(np.int64)
    return some.assign(
        kind=OTHER,
        unit=-1,
        number=PRIME - 1 - np.arange(len(some)),
        born=young,
        placed=np.minimum(some["placed"], date.toordinal() - 100),
        kin=2.0,
    )


def _rows(
    own: pd.DataFrame,
    supply: Supply,
    areas: Areas,
    codes: Texts,
    date: dt.date,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row a placement, with what the return says and what truly is (host's code, URNs)."""
    new = date >= NEW_LAYOUT
    count, day = len(own), date.toordinal()
    unit = own["unit"].to_numpy()
    settled = unit >= 0
    registration = supply.units["registration"].to_numpy()[unit]
    owner = supply.owner_on(day)[registration]
    run_by = np.where(settled, supply.owners["area"].to_numpy()[owner], -1)
    urn = np.where(settled, supply.registrations["urn"].to_numpy()[registration], "")
    kind, origin, host = (own[name].to_numpy() for name in ("kind", "origin", "host"))
    category = np.where(settled, supply.units["sa_category"].to_numpy()[unit], 1)
    label = _labels(own, run_by == origin, category, date, rng)
    fostering = kind == AGENCY
    host_code = codes[host]
    known = rng.random(count) >= 0.01
    organisation = np.where(settled, supply.owners["name"].to_numpy()[owner], "")
    group = np.select(
        [kind <= FAMILY, np.isin(kind, [SUPPORTED, ADULT])], ["home", "supported"], "fostering"
    )
    routes = {name: choice(rng, *options, size=count) for name, options in ROUTES.items()}
    route = np.select([group == name for name in routes], list(routes.values()), "")
    if not new:
        route = np.where(
            route == "Direct Award / Off Framework", "Direct Award / Spot Purchase", route
        )
        route = np.where(
            np.char.find(route.astype(str), "Supported") > 0,
            "NW Contract - SaILS DPS or previous",
            route,
        )
    placing = codes[origin]
    frame = pd.DataFrame(
        {
            "sender": placing,
            "placing_code": placing,
            "host_code": np.where(known & (not new), host_code, ""),
            "written_host": np.where(
                known,
                written_authorities(
                    host_code, date, rng.choice(8, count, p=[0.7, 0.1, *[0.2 / 6] * 6])
                ),
                "",
            ),
            "number": own["number"].to_numpy(),
            "age": age_on(own["born"].to_numpy(), date),
            "gender": own["gender"].to_numpy(),
            "sourcing_route": np.where((kind == OTHER) | (run_by == origin), "", route),
            "organisation": organisation,
            "provider_urn": urn,
            "establishment": np.where(
                settled & ~fostering, supply.units["name"].to_numpy()[unit], ""
            ),
            "establishment_urn": np.where(fostering & (rng.random(count) < 0.5), "", urn),
            "type_of_provision": label,
            "post_18": kind == ADULT,
            "uasc": own["unaccompanied"].to_numpy(),
            "ethnic_group": np.array(ETHNIC_GROUPS, dtype=object)[own["ethnic"].to_numpy()],
            "placed": own["placed"].to_numpy(),
            "special_needs": own["special_needs"].to_numpy(),
            "registration_type": _registration_types(kind, host, settled, areas, new),
            "distance_reason": _distance_reasons(placing, host_code, date, rng),
        }
    )
    frame["run_by_code"] = np.where(run_by >= 0, codes[run_by], "")
    frame["company_number"] = np.where(
        settled, supply.owners["company_number"].to_numpy()[owner], ""
    )
    return frame.join(_costs(kind, own["fee"].to_numpy(), rng)).join(_details(kind, rng))


def _labels(
    own: pd.DataFrame, in_house: np.ndarray, category: Ints, date: dt.date, rng: np.random.Generator
) -> Texts:
    """The type of provision in the census's words; blank where the layout of the date has none for
    it.
    """
    count = len(own)
    kind, kin, age = (
        own["kind"].to_numpy(),
        own["kin"].to_numpy(),
        age_on(own["born"].to_numpy(), date),
    )

    def supported(labels: dict[int, str]) -> Texts:
        return np.array([labels.get(int(c), labels[1]) for c in category], dtype=object)

    education = np.where(kin < 0.12, "Residential - With Education", "")
    # Nobody buys the placements of those with parents and for adoption: they have no label in
    # either layout.
    others = [
        kin < 0.03,
        (kin < 0.045) & (age >= 14),
        (kin < 0.055) & (age >= 14),
        kin < 0.06,
        (kin < 0.07) & (age >= 17),
    ]
    if date >= NEW_LAYOUT:
        foster = np.select(
            [kin < 0.81, kin < 0.93],
            ["Fostering - Mainstream", "Fostering - Enhanced"],
            "Fostering - Parent and child",
        )
        other = np.select(
            others,
            [
                "Unregistered (where it should be registered)",
                "Youth Offending Institution",
                "Remand",
                "CQC",
                "Student accommodation",
            ],
            "",
        )
        by_kind = {
            HOME: np.where(education == "", "Residential - Mainstream", education),
            SECURE: np.full(count, "Secure Welfare", dtype=object),
            SCHOOL: np.where(
                kin < 0.8,
                "Residential - 52 week Residential School/College",
                "Residential - 38 week Residential School/College",
            ),
            SUPPORTED: supported(SUPPORTED_LABELS),
            ADULT: supported(SUPPORTED_LABELS),
            AGENCY: foster,
            OTHER: other,
        }
    else:
        external = np.where(education == "", "Residential - External (Commissioned)", education)
        bought = np.where(kin < 0.6, supported(SUPPORTED_LABELS), supported(EARLIER_SUPPORTED))
        by_kind = {
            HOME: np.where(in_house & (education == ""), "Residential - in House", external),
            SECURE: np.full(count, "Residential - Secure Welfare", dtype=object),
            SCHOOL: np.where(
                kin < 0.7,
                "Residential - 52 week Residential School",
                "Residential - Residential School",
            ),
            SUPPORTED: np.where(in_house, supported(IN_HOUSE_SUPPORTED), bought),
            AGENCY: np.where(
                kin < 0.93,
                "Fostering - Independent Foster Care (IFA)",
                "Fostering - Parent and child",
            ),
            OTHER: np.select(
                [kin >= 2, *others],
                [
                    STAYING_PUT,
                    "Unregistered",
                    "Youth Offending Institution",
                    "Other",
                    "Other - CQC",
                    "Student accommodation",
                ],
                "",
            ),
        }
    by_kind[FAMILY] = np.full(count, "Residential - Parent and Child", dtype=object)
    return np.select([kind == k for k in by_kind], list(by_kind.values()), "").astype(object)


def _registration_types(
    kind: Ints, host: Ints, settled: np.ndarray, areas: Areas, new: bool
) -> Texts:
    countries = np.array(
        [
            {"W": "Care Inspectorate Wales", "S": "Care Inspectorate Scotland"}.get(h[0], "Ofsted")
            for h in areas.hosts
        ]
    )
    return np.where(kind != OTHER, countries[host], "" if new else "Unknown").astype(object)


def _distance_reasons(
    placing: Texts, host: Texts, date: dt.date, rng: np.random.Generator
) -> Texts:
    """Not applicable in and next to the own area, otherwise one of the quarter's labels."""
    labels = [
        label
        for label, meaning in code_set("distance_reason").meanings.items()
        if label != "Not applicable"
        and dt.date.fromisoformat(meaning["from"]) <= date
        and (not meaning["to"] or date <= dt.date.fromisoformat(meaning["to"]))
    ]
    near = np.array(
        [a == b or (a, b) in neighbours() for a, b in zip(placing, host, strict=True)], dtype=bool
    )
    labels = labels or [""]
    drawn = choice(rng, labels, [1.0] * len(labels), len(placing))
    return np.where(near, "Not applicable", drawn).astype(object)


def _costs(kind: Ints, fee: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Total weekly cost and its three parts, in pounds; a few do not add up, and placements without
    a fee have none.
    """
    count = len(kind)
    residential = kind <= SCHOOL
    shared = residential & (rng.random(count) < 0.25)
    education = np.where(shared, np.round(fee * rng.uniform(0.05, 0.3, count), 2), 0.0)
    health = np.where(
        shared & (rng.random(count) < 0.5), np.round(fee * rng.uniform(0.05, 0.25, count), 2), 0.0
    )
    slip = np.where(rng.random(count) < 0.002, 10.0, 0.0)
    costs = pd.DataFrame(
        {
            "total_weekly_cost": fee,
            "contribution_social_care": np.round(fee - education - health + slip, 2),
            "contribution_education": education,
            "contribution_health": health,
        }
    )
    return costs.where(np.broadcast_to(fee[:, None] > 0, costs.shape))


def _details(kind: Ints, rng: np.random.Generator) -> pd.DataFrame:
    """What only the layout from 2025-12 asks for."""
    count = len(kind)
    home = kind == HOME
    return pd.DataFrame(
        {
            "additional_packages": rng.random(count) < np.where(home, 0.2, 0.03),
            "deprivation_of_liberty": np.where(
                home,
                choice(rng, ["No", "DoLS (current)", "DoLS (previous)"], [0.9, 0.07, 0.03], count),
                "No",
            ),
            "solo_placement": np.where(
                home,
                choice(
                    rng, list(code_set("solo_placement").labels), [0.12, 0.05, 0.05, 0.78], count
                ),
                "No, and is not in a solo placement",
            ),
        }
    )


def _with_slips(rows: pd.DataFrame, senders: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Plant a row with an unknown label in some returns and a row that stands twice in others."""
    rows = rows.assign(fate=LOADED)
    doubled = []
    for sender in senders:
        theirs = np.flatnonzero(rows["sender"] == sender)
        draw = rng.random()
        if len(theirs) < 4:
            continue
        if draw < 0.2:
            row = int(rng.choice(theirs))
            rows.loc[row, "type_of_provision"] = UNMAPPED
            rows.loc[row, "fate"] = REJECTED
        elif draw < 0.35:
            doubled.append(int(rng.choice(theirs)))
    again = rows.loc[doubled].assign(fate=SET_ASIDE)
    return pd.concat([rows, again], ignore_index=True).sort_values(
        ["sender", "number"], kind="stable", ignore_index=True
    )


def send_returns(
    returns: PlacementReturns,
    landing: Landing,
    areas: Areas,
    date: dt.date,
    seed: int,
    folders: dict[str, str],
) -> None:
    """Write the files of those who answer; about a third of the authorities send workbooks."""
    for sender in sorted(returns.answered):
        rows = returns.rows[returns.rows["sender"] == sender]
        if rows.empty:
            continue
        rng = stream(seed, "census file", sender, date.isoformat())
        workbook = stream(seed, "census workbook", sender).random() < 0.3
        habits = habits_of(sender, seed)
        received = returns.received[sender]
        extension = "xlsx" if workbook else "csv"
        tries = [rows]
        if rng.random() < 0.08 and len(rows) > 3:
            tries.insert(0, rows.iloc[2:])
        for number, sent in enumerate(tries):
            table = _table(sent, areas, date, seed, workbook, rng)
            table = table.with_spacers(
                len(sent) // 2 if rng.random() < 0.15 else None, bool(rng.random() < 0.15)
            )
            name = f"placement census {date:%B %Y}{' (corrected)' if number else ''}.{extension}"
            when = received + dt.timedelta(days=3 * number, minutes=11)
            landing.send(date, folders[sender], sender, name, [table], when, habits.encoding)


def _table(
    rows: pd.DataFrame,
    areas: Areas,
    date: dt.date,
    seed: int,
    workbook: bool,
    rng: np.random.Generator,
) -> Table:
    sender, count, new = rows["sender"].iloc[0], len(rows), date >= NEW_LAYOUT
    style = stream(seed, "census style", sender)
    header = NEW_HEADER if new else OLD_HEADER
    money = int(style.choice(3, p=[0.55, 0.25, 0.2]))
    yes_no = int(style.random() < 0.3)
    genders = np.array(GENDERS[int(style.choice(4, p=[0.5, 0.25, 0.05, 0.2]))], dtype=object)
    if new:
        looked_after = np.where(
            rows["post_18"], "Post 18 (CSC placement)", "Looked after child (under 18)"
        )
    else:
        looked_after = np.full(count, ["Yes", "Y", "1"][int(style.choice(3))], dtype=object)
    costs = {name: rows[name].to_numpy(dtype=float) for name in MONEY}
    dates = rows["placed"].to_numpy()
    needs = rows["special_needs"].to_numpy()
    written = {
        **{name: rows[name] for name in header if name in rows},
        "looked_after_child": looked_after,
        "placing_authority": written_authorities(
            rows["placing_code"].to_numpy(), date, np.full(count, style.integers(8))
        ),
        "identifier": identifiers(
            rows["number"].to_numpy(), areas.region.members[sender], sender, seed
        ),
        "gender": genders[rows["gender"].to_numpy()],
        "host_authority": rows["written_host"],
        "uasc": written_yes_no(rows["uasc"].to_numpy(), yes_no),
        **{name: _written_costs(values, money, workbook) for name, values in costs.items()},
        "placement_start_date": (
            [dt.date.fromordinal(int(day)) for day in dates] if workbook else written_days(dates)
        ),
        "send": np.where(needs, "EHCP", "No"),
        "primary_send_category": np.where(needs, "Social, emotional and mental health", ""),
        "primary_send_need": np.where(needs, "SEMH", ""),
        "additional_packages": written_yes_no(rows["additional_packages"].to_numpy(), yes_no),
    }
    columns = [list(written[name]) for name in header]
    cells = [list(row) for row in zip(*columns, strict=True)]
    texts = written_header(list(header.values()), int(style.choice(4, p=[0.55, 0.15, 0.15, 0.15])))
    return Table(CENSUS, texts, cells, rows["fate"].tolist())


def _written_costs(pounds: Floats, style: int, workbook: bool) -> list[str | float]:
    if workbook:
        return ["" if np.isnan(value) else value for value in pounds.tolist()]
    return written_money(pounds, style).tolist()


def identifiers(number: Ints, sub_region: str, sender: str, seed: int) -> Texts:
    """Each child's reference in its authority's own style: different within a sub-region, so also
    when one authority follows another there; alike by chance in different sub-regions.
    """
    multiplier = 1 + int(stream(seed, "identifiers", sub_region).integers(PRIME - 1))
    digits = 100_000 + (number.astype(np.int64) * multiplier) % PRIME
    prefix = "C" if stream(seed, "identifier style", sender).random() < 0.3 else ""
    return np.char.add(prefix, digits.astype(str)).astype(object)
