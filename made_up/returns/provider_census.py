"""The provider census as providers (and authorities, about their own homes and carers) send it.

Belongs here: what each sender reports of its settings and of who lives there, with the slips that
real returns have, who answers at all, and the files. Does not belong here: what truly is
(`world/occupancy.py`), and figures (`truth/frames.py`).
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from made_up.assumptions import assumed, dealt
from made_up.drawing import Texts, choice, stream
from made_up.returns.spelling import (
    written_authorities,
    written_days,
    written_header,
    written_money,
    written_yes_no,
)
from made_up.world.areas import Areas, origin_codes
from made_up.world.care import example_postcodes
from made_up.world.kinds import AGENCY, FAMILY, HOME, KINDS, OWN, SUPPORTED
from made_up.world.occupancy import Settings
from made_up.world.people import age_on
from made_up.world.places import place_of
from made_up.world.supply import Supply
from made_up.writing import LOADED, REJECTED, Landing, Table, received_on

SETTINGS, PLACEMENTS = "provider_settings", "provider_placements"
SETTINGS_HEADER = [
    "URN", "Setting name", "Provision type", "Service category", "SA category", "Host local authority", "Postcode", "Framework",
    "Lot", "Registered places", "Occupied places", "Vacant places", "Unavailable places", "Unavailable reason", "Households",
    "Min age", "Max age", "Gender accepted", "Referrals received", "Offers made",
]  # fmt: skip
PLACEMENTS_HEADER = [
    "URN", "Placing local authority", "Placement start date", "Age", "Weekly fee", "Sourcing route", "Notice given",
]  # fmt: skip
HOST_HEADER = "Host local authority"

ANSWER_OUTSIDE = assumed("answering")["answer_outside"]
"""Providers with no setting in the region answer this much more rarely (unless everybody answers).
"""

AUTHORITIES_MISS = assumed("answering")["authorities_miss"]
"""Authorities fail to answer this much more rarely than providers."""

ROUTES = {kind: dealt(shares) for kind, shares in assumed("routes").items()}
"""How placements are sourced, by kind of care: routes and their chances."""

SECOND_THOUGHTS = dt.timedelta(days=2, hours=3)
"""How long after its first return a sender that sends twice sends the second."""

UNREADABLE = ("see case file", "GM-wide contract", "to be confirmed")
"""Written in place of the placing authority: no authority can be read from it, and the row is
rejected.
"""


@dataclass
class ProviderReturns:
    """What is sent for one census date, before and after asking who answers.

    `settings`: one row a setting as reported, with its unit and sender. `placements`: one row a
    person as reported, with the host's code and the row's fate. `answered`: senders whose return
    comes; `received`: when that in force came, by sender; `first_tries`: when an earlier one came,
    by those who send twice.
    """

    settings: pd.DataFrame
    placements: pd.DataFrame
    answered: set[str]
    received: dict[str, dt.datetime]
    first_tries: dict[str, dt.datetime]

    def loaded_settings(self) -> pd.DataFrame:
        """The settings that the warehouse must hold."""
        return self.settings[self.settings["sender"].isin(self.answered)]

    def loaded_placements(self) -> pd.DataFrame:
        """The people living in settings whom the warehouse must hold."""
        return self.placements[
            self.placements["sender"].isin(self.answered) & (self.placements["fate"] == LOADED)
        ]


def answering(seed: int, sender: str, date: dt.date) -> float:
    """A sender's draw for the date: it answers where this is below its chance."""
    return float(stream(seed, "answer", sender, date.isoformat()).random())


def answer_chance(response: float, of_authority: bool, in_region: bool) -> float:
    """The chance that a sender answers, given the response that is asked for."""
    if of_authority:
        return 1 - (1 - response) * AUTHORITIES_MISS
    return response if in_region or response >= 1 else response * ANSWER_OUTSIDE


def report(
    people: pd.DataFrame,
    settings: Settings,
    supply: Supply,
    areas: Areas,
    date: dt.date,
    seed: int,
    response: float,
) -> ProviderReturns:
    """The returns of all senders for the date."""
    rng = stream(seed, "provider returns", date.isoformat())
    codes = areas.codes_on(date)
    owner = supply.owner_on(date.toordinal())
    area = supply.owners["area"].to_numpy()
    senders = np.where(area >= 0, codes[np.maximum(area, 0)], supply.owners["sender"])
    told = _settings(settings, supply, senders[owner], codes, date, rng)
    told["postcode"] = _postcodes(told, areas)
    placed = _placements(people, told, areas, codes, date, rng)
    inside = set(told.loc[told["host"] < areas.members, "sender"])
    everyone = sorted(set(told["sender"]))
    answered = {
        sender
        for sender in everyone
        if answering(seed, sender, date)
        < answer_chance(response, not sender.startswith("provider-"), sender in inside)
    }
    received = dict(zip(everyone, received_on(date, rng, len(everyone)), strict=True))
    twice = {
        sender: when
        for sender, when in received.items()
        if habits_of(sender, seed).sends_twice
        and stream(seed, "again", sender, date.isoformat()).random() < 0.6
    }
    received |= {sender: when + SECOND_THOUGHTS for sender, when in twice.items()}
    return ProviderReturns(told, placed, answered, received, twice)


def _settings(
    settings: Settings,
    supply: Supply,
    senders: Texts,
    codes: Texts,
    date: dt.date,
    rng: np.random.Generator,
) -> pd.DataFrame:
    units = supply.units
    chosen = np.flatnonzero(settings.stands)
    count, registration = len(chosen), units["registration"].to_numpy()[chosen]
    kind, host = units["kind"].to_numpy()[chosen], units["host"].to_numpy()[chosen]
    places, occupied = settings.places[chosen], settings.occupied[chosen]
    vacant, unavailable = settings.vacant[chosen], settings.unavailable[chosen]
    registered = places + np.where((rng.random(count) < 0.008) & ~np.isin(kind, [OWN]), 1, 0)
    supported = kind == SUPPORTED
    category = units["sa_category"].to_numpy()[chosen].astype(int).astype(str)
    category = np.where(rng.random(count) < 0.5, category, np.char.add("Category ", category))
    written = np.array(
        [
            KINDS[k].written[i % len(KINDS[k].written)]
            for k, i in zip(kind, rng.integers(0, 6, count), strict=True)
        ]
    )
    referrals = rng.poisson(np.where(kind == AGENCY, 9, 4), count)
    frame = pd.DataFrame(
        {
            "unit": chosen,
            "kind": kind,
            "host": host,
            "host_code": codes[host],
            "sender": senders[registration],
            "urn": supply.registrations["urn"].to_numpy()[registration],
            "setting_name": np.where(
                (kind == HOME) & (rng.random(count) < 0.01), "", units["name"].to_numpy()[chosen]
            ),
            "written_type": written,
            "service_category": np.where(
                rng.random(count) < 0.03, "", units["service_category"].to_numpy()[chosen]
            ),
            "written_sa_category": np.where(supported, category, ""),
            "sa_category": np.where(supported, units["sa_category"].to_numpy()[chosen], 0),
            "written_host": written_authorities(
                codes[host], date, rng.choice(8, count, p=[0.65, *[0.05] * 7])
            ),
            "postcode": "",
            "framework": supply.registrations["framework"].to_numpy()[registration],
            "lot": supply.registrations["lot"].to_numpy()[registration],
            "registered_places": registered,
            "occupied_places": occupied,
            "vacant_places": vacant,
            "unavailable_places": unavailable,
            "unavailable_reason": np.where(rng.random(count) < 0.01, "", settings.reason[chosen]),
            "households": settings.households[chosen],
            "min_age": units["min_age"].to_numpy()[chosen],
            "max_age": units["max_age"].to_numpy()[chosen],
            "gender_accepted": units["gender_accepted"].to_numpy()[chosen],
            "referrals_received": referrals,
            "offers_made": rng.binomial(referrals, 0.3),
        }
    )
    return frame.sort_values(["sender", "urn", "host", "unit"], kind="stable", ignore_index=True)


def _postcodes(told: pd.DataFrame, areas: Areas) -> Texts:
    """Each setting's postcode, the same every quarter: a real one of its area, where nothing made
    up stands; none of carers' homes.
    """
    at = place_of(told["unit"].to_numpy(), told["host"].to_numpy(), areas)
    return np.where(
        told["kind"] <= SUPPORTED, example_postcodes()["postcode"].to_numpy(dtype=object)[at], ""
    )


def _placements(
    people: pd.DataFrame,
    told: pd.DataFrame,
    areas: Areas,
    codes: Texts,
    date: dt.date,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row a person whom a sender reports; now and then one is forgotten."""
    lodged = people[(people["unit"] >= 0).to_numpy() & (rng.random(len(people)) > 0.003)]
    lodged = lodged.merge(
        told[["unit", "sender", "urn", "host_code", "kind"]], on="unit", suffixes=("", "_of_unit")
    )
    lodged = lodged.sort_values(
        ["sender", "urn", "host_code", "number"], kind="stable", ignore_index=True
    )
    count = len(lodged)
    placing = origin_codes(
        areas, codes, lodged["origin"].to_numpy(), lodged["elsewhere"].to_numpy()
    )
    variant = rng.choice(8, count, p=[0.6, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05])
    age = age_on(lodged["born"].to_numpy(), date).astype(float)
    group = np.select(
        [lodged["kind"] <= FAMILY, lodged["kind_of_unit"] == SUPPORTED],
        ["home", "supported"],
        "fostering",
    )
    routes = {name: choice(rng, *options, size=count) for name, options in ROUTES.items()}
    fate = np.full(count, LOADED, dtype=object)
    several = lodged.groupby("sender")["number"].transform("size") >= 3
    by_provider = np.flatnonzero(
        (lodged["sender"].str.startswith("provider-") & several).to_numpy()
    )
    spoiled = rng.choice(
        by_provider, size=min(len(by_provider), max(1, round(count / 2500))), replace=False
    )
    fate[spoiled] = REJECTED
    written = written_authorities(placing, date, variant)
    written[spoiled] = rng.choice(np.array(UNREADABLE, dtype=object), len(spoiled))
    return lodged.assign(
        placing_code=placing,
        written_placing=written,
        age=np.where(rng.random(count) < 0.004, np.nan, age),
        route=np.where(
            lodged["kind"] == OWN,
            "",
            np.select([group == g for g in routes], list(routes.values()), ""),
        ),
        notice=rng.random(count) < 0.03,
        written_host=written_authorities(
            lodged["host_code"].to_numpy(), date, np.zeros(count, dtype=int)
        ),
        fate=fate,
    )


@dataclass(frozen=True)
class Habits:
    """How one sender writes its files, the same every quarter; each of them is a small number."""

    workbook: bool
    header: int
    dates: int
    money: int
    yes_no: int
    encoding: str
    blank_row: bool
    totals: bool
    sends_twice: bool


def habits_of(sender: str, seed: int) -> Habits:
    """The habits of a sender: about a tenth of the providers send workbooks."""
    rng = stream(seed, "habits", sender)
    draws = rng.random(8)
    return Habits(
        workbook=bool(draws[0] < 0.1),
        header=int(rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])),
        dates=int(draws[1] < 0.3),
        money=int(rng.choice(3, p=[0.6, 0.25, 0.15])),
        yes_no=int(draws[2] < 0.3),
        encoding="utf-8-sig" if draws[3] < 0.3 else "cp1252" if draws[3] < 0.4 else "utf-8",
        blank_row=bool(draws[4] < 0.07),
        totals=bool(draws[5] < 0.07),
        sends_twice=bool(draws[6] < 0.03),
    )


def send_returns(
    returns: ProviderReturns, landing: Landing, date: dt.date, seed: int, folders: dict[str, str]
) -> None:
    """Write the files of those who answer; an authority's go to its folder."""
    settings = returns.loaded_settings()
    people = returns.placements[returns.placements["sender"].isin(returns.answered)]
    several = settings.groupby(["sender", "urn"])["host_code"].nunique()
    says_host = set(several[several > 1].index.get_level_values("sender"))
    people_of = dict(tuple(people.groupby("sender", sort=False)))
    homes_of = dict(tuple(settings.groupby("sender", sort=True)))
    for sender in sorted(returns.answered):
        homes = homes_of[sender]
        habits = habits_of(sender, seed)
        theirs = people_of.get(sender, people.iloc[:0])
        sends = functools.partial(
            _send, sender, habits, sender in says_host, landing, date, folders
        )
        if sender in returns.first_tries:
            sends(_first_try(homes), theirs.iloc[1:], returns.first_tries[sender], "")
        sends(
            homes, theirs, returns.received[sender], " (2)" if sender in returns.first_tries else ""
        )


def _first_try(homes: pd.DataFrame) -> pd.DataFrame:
    """What a sender sent before it looked again: a place too many in its first setting."""
    first = np.arange(len(homes)) == 0
    return homes.assign(
        registered_places=homes["registered_places"] + first,
        vacant_places=homes["vacant_places"] + first,
    )


def _send(
    sender: str,
    habits: Habits,
    says_host: bool,
    landing: Landing,
    date: dt.date,
    folders: dict[str, str],
    homes: pd.DataFrame,
    people: pd.DataFrame,
    received: dt.datetime,
    suffix: str,
) -> None:
    """One provider's return: a workbook of two sheets, or two CSV files (the placements only where
    they differ).
    """
    workbook = habits.workbook and sender.startswith("provider-")
    tables = [
        _settings_table(homes, habits, workbook),
        _placements_table(people, habits, says_host, date, workbook),
    ]
    folder = folders.get(sender, sender)
    own = "" if sender.startswith("provider-") else "own "
    if workbook:
        file = f"provider census {date:%b %Y}{suffix}.xlsx"
        landing.send(
            date, folder, sender, file, tables, received, sheets=["Settings", "Placements"]
        )
        return
    for table, what in zip(tables, ("settings", "placements"), strict=True):
        if suffix and what == "placements" and people.empty:
            continue
        later = received + dt.timedelta(minutes=4 if what == "placements" else 0)
        landing.send(
            date, folder, sender, f"{own}{what}{suffix}.csv", [table], later, habits.encoding
        )


def _settings_table(homes: pd.DataFrame, habits: Habits, workbook: bool) -> Table:
    names = [
        "setting_name", "written_type", "service_category", "written_sa_category", "written_host", "postcode", "framework", "lot",
        "registered_places", "occupied_places", "vacant_places", "unavailable_places", "unavailable_reason", "households",
        "min_age", "max_age", "gender_accepted", "referrals_received", "offers_made",
    ]  # fmt: skip
    shown = homes.assign(
        households=homes["households"].astype(object).where(homes["kind"].isin([AGENCY, OWN]), "")
    )
    columns = [_urns(homes["urn"], workbook), *(shown[name].tolist() for name in names)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    table = Table(
        SETTINGS, written_header(SETTINGS_HEADER, habits.header), rows, [LOADED] * len(rows)
    )
    return table.with_spacers(len(rows) // 2 if habits.blank_row else None, habits.totals)


def _placements_table(
    people: pd.DataFrame, habits: Habits, says_host: bool, date: dt.date, workbook: bool
) -> Table:
    placed = people["placed"].to_numpy()
    fee = people["fee"].to_numpy()
    columns = [
        _urns(people["urn"], workbook),
        people["written_placing"].tolist(),
        (
            [dt.date.fromordinal(int(day)) for day in placed]
            if workbook
            else written_days(placed, habits.dates).tolist()
        ),
        ["" if np.isnan(age) else int(age) for age in people["age"]],
        fee.tolist() if workbook else written_money(fee, habits.money).tolist(),
        people["route"].tolist(),
        written_yes_no(people["notice"].to_numpy(), habits.yes_no).tolist(),
    ]
    header = list(PLACEMENTS_HEADER)
    if says_host:
        header.append(HOST_HEADER)
        columns.append(people["written_host"].tolist())
    rows = [list(row) for row in zip(*columns, strict=True)]
    table = Table(PLACEMENTS, written_header(header, habits.header), rows, people["fate"].tolist())
    return table.with_spacers(len(rows) // 3 if habits.blank_row else None, habits.totals)


def _urns(urns: pd.Series, workbook: bool) -> list[str | int]:
    """A spreadsheet holds a URN of digits as a number."""
    return [int(urn) if workbook and urn.isdigit() else urn for urn in urns]
