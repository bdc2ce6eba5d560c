"""Ofsted's register as its lists give it on a census date, and which list speaks for a date without
one.

Belongs here: the lists (providers and places, provider level, premises), their official layout of
2025, and the quarters for which none comes. Does not belong here: the supply itself
(`world/supply.py`), and figures (`truth/frames.py`). Facts on the layout: Ofsted, "Children's
social care in England", 2025 (Open Government Licence).
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from made_up.drawing import stream
from made_up.returns.spelling import ofsted_name, written_days
from made_up.world.areas import Areas
from made_up.world.kinds import AGENCY, HOME, KINDS, OWN, SCHOOL, SECURE, SUPPORTED
from made_up.world.supply import Supply
from made_up.writing import LOADED, SET_ASIDE, Landing, Table, received_on
from schemas import authorities

PROVIDERS, LEVELS, PREMISES = "register_providers", "register_provider_levels", "register_premises"

WHERE = [
    "Web link", "URN", "Linked education URN", "Provision type", "Registration date", "Registration status", "Name", "Address 1",
    "Address 2", "Town", "County", "Postcode", "Ofsted Region", "Government Office Region", "Local authority",
    "Parliamentary constituency", "Sector", "Places", "Supported accommodation premises", "Short-break-only children's home",
    "Multi Building Children's Home",
]  # fmt: skip
HEADERS = {
    PROVIDERS: [*WHERE, "Organisation name"],
    LEVELS: [
        *WHERE, "Organisation which owns the provider", "\nLatest Full inspection event type", "\nLatest full inspection date",
        "Latest full inspection publication date", "\nLatest full inspection event number",
        "\nOverall experiences and progress of children and young people",
        "Outcomes in education and related learning activities", "Health services",
        "\nHow well children and young people are helped and protected", "The effectiveness of leaders and managers",
        "Supported Accommodation outcome",
    ],
    PREMISES: [
        "Web link", "URN", "Provider name", "Provision type", "Registration date", "Registration status",
        "Service category (Note 4)", "Places", "Premises Ofsted Region", "Premises Government Office Region",
        "Premises Parliamentary Constituency", "Premises Local Authority", "Sector", "Organisation name",
    ],
}  # fmt: skip
TITLES = {
    PROVIDERS: "Providers and places",
    LEVELS: "Provider level as",
    PREMISES: "Supported accommodation premises as",
}
LINK = "Ofsted Social Care Provider Webpage"
REDACTED = "REDACTED"


DAMAGED_OWNER = "3.13"
"""What a spreadsheet made of an owner's name, as in the official list of March 2025."""


def spelt_owners(names: np.ndarray, urns: np.ndarray) -> np.ndarray:
    """Owners' names as the lists spell them, each registration in its own way: most as they are,
    some in capitals or with Ltd for Limited and the reverse, one in some hundreds damaged.
    """
    turned = {"Ltd": "Limited", "Limited": "Ltd"}
    spelt = []
    for name, urn in zip(names, urns, strict=True):
        way = zlib.crc32(urn.encode()) % 400
        if way < 20:
            spelt.append(name.upper())
        elif way < 40:
            spelt.append(" ".join(turned.get(word, word) for word in name.split()))
        else:
            spelt.append(DAMAGED_OWNER if way == 40 else name)
    return np.array(spelt, dtype=object)


def is_damaged_owner(text: str) -> bool:
    """Whether the list tells no owner."""
    return text in ("", DAMAGED_OWNER)


@dataclass
class Lists:
    """The register on one census date, as its lists of that date say; a table that does not come is
    None.

    `providers`: one row a URN, with its grade. `premises`: one row a premises of supported
    accommodation. Authorities are codes on that date; `provision_type` is the figures', Other where
    the type is in none.
    """

    date: dt.date
    providers: pd.DataFrame | None
    premises: pd.DataFrame | None


def lists_that_come(dates: list[dt.date]) -> dict[dt.date, tuple[bool, bool]]:
    """For each census date, whether providers' lists and whether the premises list come.

    None comes for the third quarter, no premises list for the sixth; never so on a 31 March, when
    Ofsted publishes.
    """

    def unless_march(number: int) -> int:
        return number - 1 if number < len(dates) and dates[number].month == 3 else number

    none, no_premises = unless_march(2), unless_march(5)
    return {date: (i != none, i not in (none, no_premises)) for i, date in enumerate(dates)}


def draw_up(
    supply: Supply, areas: Areas, date: dt.date, come: tuple[bool, bool], previous: dt.date | None
) -> Lists:
    """The lists of the date."""
    day = date.toordinal()
    codes = areas.codes_on(date)
    registrations, units = supply.registrations, supply.units
    owners = supply.owners.loc[supply.owner_on(day)]
    general = pd.DataFrame(
        {
            "registration": registrations.index,
            "urn": registrations["urn"],
            "kind": registrations["kind"],
            "ofsted_type": registrations["ofsted_type"],
            "provision_type": np.where(
                registrations["kind"].isin([-1, OWN]), "Other", _figures_type(registrations["kind"])
            ),
            "host_code": codes[registrations["office"]],
            "sector": owners["sector"].to_numpy(),
            "provider_name": spelt_owners(
                owners["name"].to_numpy(), registrations["urn"].to_numpy()
            ),
            "opened": np.minimum(registrations["opened"], day - 1),
            "grade": _grade_on(registrations, day),
            "graded": np.where(
                registrations["graded_again"] <= day,
                registrations["graded_again"],
                registrations["graded"],
            ),
            "places": registrations["register_places"],
            "registered": registrations["registered"],
        }
    )
    stands = supply.stands_on(day)
    now = units.assign(places=supply.places_on(day), host_code=codes[units["host"]])[stands]
    shared = ["registration", "kind", "places", "host_code", "opened"]
    now = now[~now["kind"].isin([OWN, AGENCY])].join(general.drop(columns=shared), "registration")
    now = now[now["registered"]]
    providers = _providers(
        general, units, supply, now, day, previous.toordinal() if previous else day - 92
    )
    premises = now[now["kind"] == SUPPORTED].assign(status="Active", premises=1)
    premises = premises.assign(
        sa_category="Category " + premises["sa_category"].astype(str), short_breaks=False
    )
    premises = premises.sort_values(["urn", "host_code", "sa_category", "places"], kind="stable")
    return Lists(
        date, providers if come[0] else None, premises.reset_index(drop=True) if come[1] else None
    )


def _figures_type(kind: pd.Series) -> np.ndarray:
    return np.array([k.provision_type for k in KINDS], dtype=object)[kind]


def _grade_on(registrations: pd.DataFrame, day: int) -> np.ndarray:
    later = np.where(
        registrations["graded_again"] <= day, registrations["grade_later"], registrations["grade"]
    )
    return np.where(registrations["graded"] <= day, later, "")


def _providers(
    general: pd.DataFrame,
    units: pd.DataFrame,
    supply: Supply,
    now: pd.DataFrame,
    day: int,
    since: int,
) -> pd.DataFrame:
    """One row a URN: homes with their own places, supported accommodation with its premises' sum,
    agencies without any.
    """
    homes = now[now["kind"] < SUPPORTED]
    left = units[
        (units["closed"] > since)
        & (units["closed"] <= day)
        & units["resigned_listed"]
        & (units["kind"] == HOME)
    ]
    left = left.assign(places=left["places_after"])
    listed = pd.concat(
        [homes.assign(status="Active"), left.assign(status="Resigned")], ignore_index=True
    )
    listed["status"] = np.where(listed["suspended_from"] <= day, "Suspended", listed["status"])
    listed["status"] = np.where(listed["closed"] <= day, "Resigned", listed["status"])
    own = ["registration", "status", "places", "short_breaks", "several_buildings"]
    homes = general.drop(columns="places").merge(listed[own], on="registration").assign(premises=1)

    supported = (
        now[now["kind"] == SUPPORTED]
        .groupby("registration")["places"]
        .agg(places="sum", premises="size")
        .reset_index()
    )
    supported = general.drop(columns="places").merge(supported, on="registration")
    rest = general[
        general["registered"] & general["kind"].isin([-1, AGENCY, OWN]) & (general["opened"] <= day)
    ]
    opened = supply.registrations["opened"].to_numpy()[rest["registration"]]
    rest = rest[opened <= day].assign(premises=1)
    providers = pd.concat([homes, supported, rest], ignore_index=True)
    providers["status"] = providers["status"].fillna("Active")
    for name in ("short_breaks", "several_buildings"):
        providers[name] = providers[name].fillna(False).astype(bool)
    return providers.sort_values("urn", kind="stable", ignore_index=True)


@dataclass
class InUse:
    """What the register says on a census date: the newest lists held, carried forward where they
    are older.
    """

    providers: pd.DataFrame
    premises: pd.DataFrame
    providers_as_at: dt.date
    premises_as_at: dt.date


def in_use(held: list[Lists], date: dt.date) -> InUse:
    """The lists that speak for `date`, out of those held so far."""
    providers = [
        (one.date, one.providers) for one in held if one.providers is not None and one.date <= date
    ]
    premises = [
        (one.date, one.premises) for one in held if one.premises is not None and one.date <= date
    ]
    (providers_as_at, entries), (premises_as_at, addresses) = providers[-1], premises[-1]
    return InUse(
        entries[entries["status"].isin(["Active", "Suspended"])],
        addresses,
        providers_as_at,
        premises_as_at,
    )


def send_lists(lists: Lists, landing: Landing, number: int, seed: int) -> None:
    """Write the lists as Ofsted writes them; the encoding varies by quarter."""
    rng = stream(seed, "register", lists.date.isoformat())
    encoding = "utf-8-sig" if number % 2 == 0 else "cp1252"
    received = received_on(lists.date, rng, 3)
    tables = []
    if lists.providers is not None:
        where = _where(lists.providers, lists.date, rng)
        tables += [
            (
                PROVIDERS,
                [[*a, b] for a, b in zip(where, lists.providers["provider_name"], strict=True)],
            ),
            (
                LEVELS,
                [[*a, *b] for a, b in zip(where, _inspection_block(lists.providers), strict=True)],
            ),
        ]
    if lists.premises is not None:
        tables.append((PREMISES, _premises_rows(lists.premises, lists.date)))
    for (name, rows), when in zip(tables, received, strict=False):
        fates = [LOADED] * len(rows)
        if name == PROVIDERS and number == 0:
            rows, fates = [*rows, rows[0]], [*fates, SET_ASIDE]
        table = Table(name, HEADERS[name], rows, fates, _titles(TITLES[name], lists.date))
        file = f"{name.removeprefix('register_')}_at_{lists.date:%d_%b_%Y}.csv"
        landing.send(lists.date, "ofsted", "ofsted", file, [table], when, encoding)


def _titles(what: str, date: dt.date) -> list[str]:
    return [
        (
            f"Children's social care data in England {date.year} \u2013 {what} at"
            f" {date.day} {date:%B %Y}"
        ),
        "This worksheet contains one table, this table begins in cell A4.",
        (
            "Some cells in this table are empty. This is where the column does not apply to that"
            " provider type."
        ),
    ]


def _region_names(codes: pd.Series, date: dt.date) -> list[str]:
    found = {code: authorities.on_date(code, date) for code in codes.unique()}
    return [authority.region_name if (authority := found[code]) else "" for code in codes]


def _where(providers: pd.DataFrame, date: dt.date, rng: np.random.Generator) -> list[list[str]]:
    """The columns that both provider lists share."""
    count = len(providers)
    hidden = providers["kind"].isin([HOME, SECURE, SCHOOL]).to_numpy()
    kind = providers["ofsted_type"].to_numpy().astype(object)
    home = kind == "Children's home"
    kind = np.where(home & (rng.random(count) < 0.01), "Children's Home", kind)
    kind = np.where(home & (rng.random(count) < 0.01), "Children\u2019s home", kind)
    kind = np.where(kind == "Supported accommodation", "Supported Accommodation", kind)
    kind = np.where(kind == "Independent fostering agency", "Independent Fostering Agency", kind)
    names = {code: ofsted_name(code, date) for code in providers["host_code"].unique()}
    authority = providers["host_code"].map(names)
    region = _region_names(providers["host_code"], date)
    places = providers["places"].map(lambda value: "" if pd.isna(value) else str(int(value)))
    supported = providers["kind"].to_numpy() == SUPPORTED

    def shown(values: pd.Series | str) -> np.ndarray:
        return np.where(hidden, REDACTED, values)

    columns = [
        np.full(count, LINK, dtype=object), providers["urn"], np.full(count, "", dtype=object), kind,
        written_days(providers["opened"].to_numpy()), providers["status"], shown(providers["provider_name"]),
        shown("1 Made-up Street"), shown(""), shown(authority), shown(""), shown("ZZ1 1ZZ"), region, region, authority,
        authority, providers["sector"], places, np.where(supported, providers["premises"].astype(str), ""),
        np.where(providers["short_breaks"], "Short breaks only", ""), np.where(providers["several_buildings"], "Y", ""),
    ]  # fmt: skip
    return [list(row) for row in zip(*columns, strict=True)]


def _inspection_block(providers: pd.DataFrame) -> list[list[str]]:
    """Owner and latest inspection; supported accommodation has its outcome in a column of its own."""
    supported = providers["kind"].to_numpy() == SUPPORTED
    graded = (providers["grade"] != "").to_numpy()
    usual = graded & ~supported
    days = np.where(graded, providers["graded"], providers["opened"])
    inspected = np.where(graded, written_days(days), "")
    published = np.where(graded, written_days(days + 45), "")
    number = np.where(graded, (10_000_000 + providers["registration"] * 7).astype(str), "")
    grade = np.where(usual, providers["grade"], "")
    columns = [
        providers["provider_name"], np.where(graded, "Full inspection", ""), inspected, published, number, grade,
        np.full(len(days), ""), np.full(len(days), ""), grade, grade, np.where(graded & supported, providers["grade"], ""),
    ]  # fmt: skip
    return [list(row) for row in zip(*columns, strict=True)]


def _premises_rows(premises: pd.DataFrame, date: dt.date) -> list[list[str]]:
    names = {code: ofsted_name(code, date) for code in premises["host_code"].unique()}
    authority, region = premises["host_code"].map(names), _region_names(premises["host_code"], date)
    opened = written_days(premises["opened"].to_numpy())
    columns = [
        np.full(len(premises), LINK, dtype=object), premises["urn"], premises["provider_name"],
        np.full(len(premises), "Supported Accommodation", dtype=object), opened, premises["status"], premises["sa_category"],
        premises["places"].astype(str), region, region, authority, authority, premises["sector"], premises["provider_name"],
    ]  # fmt: skip
    return [list(row) for row in zip(*columns, strict=True)]
