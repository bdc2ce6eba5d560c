"""The figures that the strategies print come out of returns that say the same, a fixture a
strategy, to the printed precision.

Every row of the seed figures is accounted for: held here against a figure, or named in
`docs/seed_figures.md` with the reason why not.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter
from resources.landing import LandingPlace, is_quarter_end
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY, SHARED, Landing, Servers

SEED = SHARED / "cases" / "seed_figures.csv"
NOTES = Path(__file__).resolve().parents[2] / "docs" / "seed_figures.md"
KEYS = ("area", "period", "indicator", "breakdown")
CODES = {"Stockport": "356", "Halton": "876", "Walsall": "335", "Cambridgeshire": "873"}

Row = dict[str, str]


def seed_rows() -> list[Row]:
    """The printed figures; none where the shared cases are not on this machine."""
    if not SEED.is_file():
        return []
    with SEED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def section_of(heading: str) -> list[list[str]]:
    """The cells of the table that stands under a heading of the notes, a row each, its header left
    out.
    """
    section = NOTES.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| ")
    ][1:]


def noted(heading: str) -> dict[tuple[str, ...], str]:
    """Reasons by row, from the table of the notes that stands under the heading."""
    section = NOTES.read_text(encoding="utf-8").split(f"## {heading}")[1].split("\n## ")[0]
    lines = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| ")
    ]
    return {tuple(cells[:4]): cells[4] for cells in lines[1:]}


NOT_HELD = noted("Not held against a figure of the demand")
CONTRADICTED = noted(
    "Held, though the strategy contradicts itself or rests on a base that it does not print"
)


def key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in KEYS)


# --- the strategies' returns
# ------------------------------------------------------------------------


def ssda903(
    landing: Landing,
    date: str,
    sender: str,
    ages: list[int],
    places: list[tuple[str, str]],
    **more: Any,
) -> None:
    """An authority's SSDA903: a child for each age, placed as (PLACE, PLACE_PROVIDER); one who
    left, so that the return tells of the year.

    `more`: `started` (children who did in the year), `movers` (children with three placements in
    it), `unaccompanied`, `home` and `postcodes` (of the homes of all, and of each placement).
    """
    year = int(date[:4])
    count, started, movers = len(ages), more.get("started", 0), more.get("movers", 0)
    postcodes, home = more.get("postcodes", ["SK1 3XE"] * count), more.get("home", "SK1 3XE")
    born = [f"31/03/{year - age}" if age else f"01/09/{year - 1}" for age in ages]
    children = [{"child": str(n), "date_of_birth": day} for n, day in enumerate(born)]
    rows: list[dict[str, object]] = []
    for n, (place, provider) in enumerate(places):
        usual = {
            "child": str(n),
            "place": place,
            "place_provider": provider,
            "home_postcode": home,
            "placement_postcode": postcodes[n],
        }
        began = (
            f"01/10/{year - 1}"
            if n < started
            else f"01/03/{year - 1}"
            if ages[n]
            else f"02/09/{year - 1}"
        )
        if n >= count - movers:
            moved = {"reason_episode_ceased": "X1", **usual}
            rows += [
                {**moved, "decom": f"01/03/{year - 1}", "dec": f"01/07/{year - 1}", "place": "U6"},
                {
                    **moved,
                    "decom": f"01/07/{year - 1}",
                    "dec": f"01/12/{year - 1}",
                    "place": "U6",
                    "reason_new_episode": "P",
                },
                {**usual, "decom": f"01/12/{year - 1}", "reason_new_episode": "P"},
            ]
        else:
            rows.append({**usual, "decom": began})
    rows.append(
        {
            "child": "left",
            "decom": f"01/03/{year - 1}",
            "dec": f"01/05/{year - 1}",
            "reason_episode_ceased": "E4A",
        }
    )
    landing.drop(date, sender, "header.csv", builders.children([*children, {"child": "left"}]))
    landing.drop(date, sender, "episodes.csv", builders.episodes(rows))
    if alone := more.get("unaccompanied", 0):
        landing.drop(
            date,
            sender,
            "uasc.csv",
            builders.unaccompanied([{"child": str(n)} for n in range(alone)]),
        )


def times(**counts: int) -> list[str]:
    """Each name as often as it says."""
    return [name for name, count in counts.items() for _ in range(count)]


def census(
    landing: Landing, date: str, sender: str, authority: str, *placements: tuple[str, str, int]
) -> None:
    """A placement census of (type of provision, host authority, how many)."""
    rows = [
        {"type_of_provision": kind, "host_authority": host}
        for kind, host, count in placements
        for _ in range(count)
    ]
    landing.drop(date, sender, "census.csv", builders.census(rows, authority))


def homes(landing: Landing, date: str, sender: str, rows: list[dict[str, object]]) -> None:
    """Homes in a provider's return, and the same in the register: dictionaries of the return, with
    `provider_name` and `provision_type`.
    """
    provision = {"Supported accommodation": "Supported accommodation"}
    register = [
        {
            "urn": row["urn"],
            "local_authority": row["host_local_authority"],
            "places": row["registered_places"],
            "provider_name": row.get("provider_name", "Acorn Care Ltd"),
            "provision_type": provision.get(str(row.get("provision_type")), "Children's home"),
        }
        for row in rows
    ]
    told = [{name: value for name, value in row.items() if name != "provider_name"} for row in rows]
    landing.drop(date, "ofsted", f"{sender}.csv", builders.register(register))
    landing.drop(date, sender, "settings.csv", builders.settings(told))


IFA, RESIDENTIAL, SUPPORTED = (
    "Fostering - Independent Foster Care (IFA)",
    "Residential - External (Commissioned)",
    "SaILs - Group Living",
)


def stockport(landing: Landing) -> None:
    """Stockport 2024-27: seven years of children looked after, the census's placements, its homes
    and who lives in them.
    """
    for year, children in {
        2018: 362,
        2019: 361,
        2020: 368,
        2021: 407,
        2022: 447,
        2023: 483,
    }.items():
        ssda903(landing, f"{year}-03-31", "356", [9] * children, [("U4", "PR1")] * children)
    ages = [0] * 19 + [3] * 65 + [7] * 102 + [12] * 189 + [16] * 120
    with_provider = times(U4=342, A5=6, K2=59, H5=40, S1=2)
    providers = times(PR1=313, PR2=2, PR3=1, PR4=124, PR5=9)
    places = [*zip(with_provider, providers, strict=True), *[("P1", "PR0")] * 37, *[("Z1", "")] * 9]
    ssda903(landing, "2024-03-31", "356", ages, places, unaccompanied=29, movers=52)

    census(
        landing,
        "2019-03-31",
        "356",
        "Stockport",
        (IFA, "Stockport", 30),
        (RESIDENTIAL, "Stockport", 28),
        (SUPPORTED, "Stockport", 15),
    )
    census(
        landing,
        "2023-03-31",
        "356",
        "Stockport",
        (IFA, "Stockport", 44),
        (RESIDENTIAL, "Stockport", 37),
        (SUPPORTED, "Stockport", 30),
    )
    census(
        landing, "2024-03-31", "356", "Stockport",
        (IFA, "Stockport", 48), (RESIDENTIAL, "Stockport", 43), (SUPPORTED, "Stockport", 42), ("Residential - in House", "Stockport", 3),
    )  # fmt: skip

    at_home = {"host_local_authority": "Stockport", "unavailable_reason": "Staffing"}
    standing = [
        {
            **at_home,
            "urn": f"SC1{n:05d}",
            "registered_places": 6,
            "occupied_places": 4,
            "vacant_places": 1,
            "unavailable_places": 1,
        }
        for n in range(23)
    ]
    origin = (
        ["Stockport MBC"] * 15
        + ["Manchester City Council"] * 41
        + ["Derbyshire"] * 6
        + ["Cheshire East Council"] * 10
        + ["Kent"] * 20
    )
    homes(landing, "2023-09-30", "provider-stockport", standing)
    lived = [
        {"urn": f"SC1{n % 23:05d}", "placing_local_authority": name}
        for n, name in enumerate(origin)
    ]
    landing.drop("2023-09-30", "provider-stockport", "placements.csv", builders.placements(lived))

    kinds = {
        "Mainstream": [4] * 21 + [5] * 4,
        "Therapeutic": [3] * 6 + [4] * 2,
        "Disability": [4, 4, 5],
    }
    sizes = [(kind, places) for kind, all_places in kinds.items() for places in all_places]
    homes(
        landing,
        "2024-06-30",
        "provider-stockport",
        [
            {
                **at_home,
                "urn": f"SC2{n:05d}",
                "service_category": kind,
                "registered_places": places,
                "occupied_places": places,
                "vacant_places": 0,
            }
            for n, (kind, places) in enumerate(sizes)
        ],
    )
    supported = [7] * 5 + [6] * 2 + [5] * 4
    homes(
        landing,
        "2024-03-31",
        "provider-supported",
        [
            {
                "urn": f"27{n:05d}", "host_local_authority": "Stockport", "provision_type": "Supported accommodation",
                "provider_name": f"Provider {n} Ltd", "registered_places": places, "occupied_places": places, "vacant_places": 0,
            }
            for n, places in enumerate(supported)
        ],
    )  # fmt: skip
    premises = [
        {
            "urn": f"27{n:05d}",
            "local_authority": "Stockport",
            "places": places,
            "provider_name": f"Provider {n} Ltd",
        }
        for n, places in enumerate(supported)
    ]
    landing.drop("2024-03-31", "ofsted", "premises.csv", builders.premises(premises))


GREATER_MANCHESTER = {
    "Bolton": 19, "Bury": 19, "Manchester": 19, "Oldham": 19, "Rochdale": 18, "Salford": 18, "Stockport": 34, "Tameside": 18, "Trafford": 18,
    "Wigan": 18,
}  # fmt: skip
"""Of a hundred children in each authority's homes in March 2022, its own."""


def greater_manchester(landing: Landing) -> None:
    """The sub-region in the Stockport strategy: who lives in the homes of its ten authorities."""
    standing = [
        {
            "urn": f"SC3{n:05d}",
            "host_local_authority": host,
            "registered_places": 100,
            "occupied_places": 100,
            "vacant_places": 0,
        }
        for n, host in enumerate(GREATER_MANCHESTER)
    ]
    lived = [
        {"urn": f"SC3{n:05d}", "placing_local_authority": host if child < own else "Kent"}
        for n, (host, own) in enumerate(GREATER_MANCHESTER.items())
        for child in range(100)
    ]
    homes(landing, "2022-03-31", "provider-gm", standing)
    landing.drop("2022-03-31", "provider-gm", "placements.csv", builders.placements(lived))


def halton(landing: Landing) -> None:
    """Halton 2025-28: ages, external residential placements, 246 in the borough or within 20 miles;
    its one-bed homes in March 2025.
    """
    ages = [2] * 84 + [7] * 79 + [12] * 147 + [16] * 73
    places = [("K2", "PR4")] * 49 + [("U4", "PR1")] * 334
    postcodes = ["WA8 7QF"] * 140 + ["L1 8JQ"] * 106 + ["SW1A 0AA"] * 100 + [""] * 37
    ssda903(landing, "2024-03-31", "876", ages, places, postcodes=postcodes, home="WA8 6NB")
    one_bed = {"Rochdale": (4, 10), "Halton": (3, 10), "Knowsley": (2, 10), "Bolton": (1, 10)}
    standing = [
        {
            "urn": f"SC4{a}{n:04d}", "host_local_authority": host, "registered_places": 1 if n < ones else 4,
            "occupied_places": 1, "vacant_places": 0 if n < ones else 3,
        }
        for a, (host, (ones, count)) in enumerate(one_bed.items())
        for n in range(count)
    ]  # fmt: skip
    homes(landing, "2025-03-31", "provider-one-bed", standing)


def cambridgeshire(landing: Landing) -> None:
    """Cambridgeshire 2023: 93 residential placements, 21 in the county; 41 providers on the
    framework, 24 of their homes in the county.
    """
    census(
        landing,
        "2022-03-31",
        "873",
        "Cambridgeshire",
        (RESIDENTIAL, "Cambridgeshire", 21),
        (RESIDENTIAL, "Kent", 72),
    )
    standing = [
        {
            "urn": f"SC5{n:05d}", "host_local_authority": "Cambridgeshire" if n < 24 else "Kent", "provider_name": f"Provider {n % 41} Ltd",
            "framework": "Children's external placements", "registered_places": 4, "occupied_places": 3, "vacant_places": 1,
        }
        for n in range(301)
    ]  # fmt: skip
    homes(landing, "2023-03-31", "provider-framework", standing)


def walsall(landing: Landing) -> None:
    """Walsall 2023-26: 650 children, 163 of whom started in the year; 540 in the borough or within
    20 miles.
    """
    postcodes = ["WS1 1TP"] * 340 + ["B1 1BB"] * 200 + ["SW1A 0AA"] * 110
    ssda903(
        landing,
        "2023-03-31",
        "335",
        [9] * 650,
        [("U4", "PR1")] * 650,
        started=163,
        postcodes=postcodes,
        home="WS1 1TP",
    )


POPULATIONS = {
    ("356", 2017): 62_414, ("356", 2019): 63_122, ("356", 2023): 63_470, ("876", 2023): 27_554, ("335", 2022): 69_370,
}  # fmt: skip
"""The strategies' own populations, where they are not ONS's of today (see the notes)."""


def build(warehouse: Warehouse, root: Path) -> None:
    """Take in and build every quarter that has returns."""
    for folder in sorted(path.name for path in root.iterdir()):
        date = dt.date.fromisoformat(folder)
        take_in(warehouse, LandingPlace(str(root)), date, KEY)
        result = build_quarter(warehouse, date, load_region("north_west"))
        assert not result.blocked_by, result.blocked_by


@pytest.fixture(scope="module")
def built(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with the returns of all strategies."""
    landing = Landing(tmp_path_factory.mktemp("strategies"))
    for strategy in (stockport, greater_manchester, halton, cambridgeshire, walsall):
        strategy(landing)
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        with warehouse.writing() as connection:
            for (authority, year), people in POPULATIONS.items():
                done = connection.exec_driver_sql(
                    "update raw.population_0_17 set people = %s where authority_code = %s and"
                    " mid_year = %s",
                    (str(people), authority, str(year)),
                )
                assert done.rowcount == 1
        build(warehouse, landing.root)
        yield warehouse
    servers.drop("embedded", address)


@pytest.fixture(scope="module")
def located(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Stockport's placements on the bases that its printed shares of location fit: 49, 41 and 39."""
    landing = Landing(tmp_path_factory.mktemp("located"))
    hosts = ("Stockport", "Manchester", "Kent")
    counts = {IFA: (9, 23, 17), RESIDENTIAL: (15, 19, 7), SUPPORTED: (16, 20, 3)}
    placed = [
        (kind, host, count)
        for kind, bands in counts.items()
        for host, count in zip(hosts, bands, strict=True)
    ]
    census(landing, "2024-03-31", "356", "Stockport", *placed)
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        build(warehouse, landing.root)
        yield warehouse
    servers.drop("embedded", address)


# --- the figures
# ----------------------------------------------------------------------------------------


def quarter_of(period: str) -> str:
    """The quarter end that a period is of: the last one by its end. A year alone is its March;
    `2022-23` ends in March.
    """
    if re.fullmatch(r"\d{4}", period):
        return f"{period}-03-31"
    if re.fullmatch(r"\d{4}-\d\d", period):
        return f"20{period[-2:]}-03-31"
    day = (
        dt.date.fromisoformat(period)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", period)
        else dt.date.fromisoformat(f"{period[-7:]}-31")
    )
    while not is_quarter_end(day):
        day -= dt.timedelta(days=1)
    return day.isoformat()


class Ask:
    """One printed row, put to the warehouse: counts of its authority on its quarter."""

    def __init__(self, warehouse: Warehouse, row: Row) -> None:
        self.warehouse, self.row = warehouse, row

    def sum(self, column: str, table: str, where: str, of: str = "", **more: object) -> Decimal:
        side = (
            "host_authority"
            if table
            in {"homes", "host_authority_origin", "host_authority_occupancy", "setting_vacancies"}
            else "authority"
        )
        side = "placing_authority" if table == "own_placements_location" else side
        found = self.warehouse.scalar(
            f"select {of or f'sum({column})'} from curated.{table} where {side}_code = :authority"
            f" and census_date = :date and ({where})",
            authority=CODES[self.row["area"]],
            date=quarter_of(self.row["period"]),
            **more,
        )
        return Decimal(found or 0)

    def children(self, breakdown: str, *categories: str) -> dict[str, Decimal]:
        chosen = {"breakdown": breakdown, "categories": list(categories)}
        where = "breakdown = :breakdown and category = any(:categories)"
        count = self.sum("children", "children_looked_after", where, **chosen)
        return {
            "value": count,
            "per cent": 100 * self.sum("share", "children_looked_after", where, **chosen),
        }


AGES = {
    "under 1": ("Under 1",), "1 to 4": ("1 to 4",), "0 to 4": ("Under 1", "1 to 4"), "5 to 9": ("5 to 9",), "10 to 15": ("10 to 15",),
    "16 and over": ("16 and over",),
}  # fmt: skip
HOMES, SEMI, OTHER = (
    "Secure homes and children's homes", "Independent and semi-independent living arrangements/supported accommodation", "Other residential settings",
)  # fmt: skip
PLACEMENT_TYPES = {
    "foster placement": ("Foster placements",), "placed for adoption": ("Placed for adoption",),
    "placed with parents": ("Placed with parents or other person with parental responsibility",),
    "children's homes, secure, semi-independent and other residential": (HOMES, SEMI, OTHER), "other placements": ("Other placements",),
}  # fmt: skip
PROVIDERS = {
    "own provision": "Own provision", "other local authority": "Other authority", "other public": "Other public", "private": "Private",
    "voluntary": "Voluntary", "parents or other with responsibility": "Parents or other person with parental responsibility",
    "not reported": "Not reported",
}  # fmt: skip
PROVISION = {
    "independent fostering agency": "Independent fostering",
    "residential": "Children's home",
    "supported accommodation": "Supported accommodation",
}
BANDS = {
    "host authority": "host", "other authority in sub-region": "sub_region", "region or neighbour": "region_or_neighbour",
    "rest of the country": "elsewhere",
}  # fmt: skip
NEAR = "locality = 'inside' or distance_band = '20 miles or less'"


def looked_after(ask: Ask) -> dict[str, Decimal]:
    if ask.row["breakdown"] == "uasc":
        return ask.children("unaccompanied", "UASC")
    return {**ask.children("total", "Total"), "rate": rate(ask)["value"]}


def rate(ask: Ask) -> dict[str, Decimal]:
    return {"value": ask.sum("rate_per_10k", "children_looked_after", "breakdown = 'total'")}


def share_of_age(ask: Ask) -> dict[str, Decimal]:
    return {"value": ask.children("age", *AGES[ask.row["breakdown"]])["per cent"]}


def commissioned(ask: Ask) -> dict[str, Decimal]:
    kind = PROVISION.get(ask.row["breakdown"])
    return {
        "value": ask.sum(
            "placements",
            "commissioned_placements",
            "provision_type = :kind or cast(:kind as text) is null",
            kind=kind,
        )
    }


def living_in_homes(ask: Ask) -> dict[str, Decimal]:
    where = (
        "provision_type = 'Children''s home' and (origin_band = :band or cast(:band as text) is"
        " null)"
    )
    band = {"band": BANDS.get(ask.row["breakdown"])}
    return {
        "value": ask.sum("children", "host_authority_origin", where, **band),
        "per cent": 100 * ask.sum("share", "host_authority_origin", where, **band),
    }


def standing_homes(ask: Ask) -> dict[str, Decimal]:
    kind = None if ask.row["breakdown"] == "total" else ask.row["breakdown"].capitalize()
    where = (
        "provision_type = 'Children''s home' and (service_category = :kind or cast(:kind as text)"
        " is null)"
    )
    return {
        "value": ask.sum("settings", "homes", where, kind=kind),
        "beds": ask.sum("places", "homes", where, kind=kind),
    }


def share_of_host(ask: Ask) -> dict[str, Decimal]:
    rows = ask.warehouse.rows(
        "select host_authority_name, share_of_places_used_by_host as share from"
        " curated.host_use_of_own_supply where census_date = '2022-03-31' and provision_type ="
        " 'Children''s home' and children_living_here is not null"
    )
    shares = {
        row.host_authority_name: 100 * row.share
        for row in rows
        if row.host_authority_name in GREATER_MANCHESTER
    }
    assert len(shares) == 10
    if ask.row["area"] == "Greater Manchester":
        return {"value": sum(shares.values(), Decimal(0)) / 10}
    assert max(shares.values()) == shares["Stockport"]
    return {"value": shares["Stockport"]}


def supported_providers(ask: Ask) -> dict[str, Decimal]:
    kind = "provision_type = 'Supported accommodation'"
    assert ask.sum("registered", "setting_vacancies", kind) == 67
    return {"value": ask.sum("", "setting_vacancies", kind, of="count(distinct provider_name)")}


def residential(ask: Ask) -> dict[str, Decimal]:
    assert (
        ask.sum("placements", "commissioned_placements", "true") == 0
    )  # the strategy's are counted from the SSDA903
    return ask.children("placement type", HOMES, OTHER)


def near_home(ask: Ask) -> dict[str, Decimal]:
    count, whole = (
        ask.sum("placements", "placement_distance", NEAR),
        ask.sum("placements", "placement_distance", "true"),
    )
    return {"value": count if ask.row["unit"] == "children" else 100 * count / whole}


def rank_of_one_bed_homes(ask: Ask) -> dict[str, Decimal]:
    rank = ask.warehouse.scalar(
        "with shares as (select host_authority_code, cast(sum(settings) filter (where size_band ="
        " '1') as numeric) / sum(settings) as share from curated.homes where census_date = :d and"
        " provision_type = 'Children''s home' group by host_authority_code) select 1 + count(*)"
        " from shares where share > (select share from shares where host_authority_code = '876')",
        d=quarter_of(ask.row["period"]),
    )
    return {"value": Decimal(rank)}


def in_county(ask: Ask) -> dict[str, Decimal]:
    of_type = "provision_type = 'Children''s home'"
    assert ask.sum("placements", "own_placements_location", of_type) == 93
    return {
        "value": ask.sum(
            "placements", "own_placements_location", f"{of_type} and location_band = 'in_area'"
        )
    }


def framework_providers(ask: Ask) -> dict[str, Decimal]:
    assert ask.sum("1", "setting_vacancies", "framework is not null") == 24
    count = ask.warehouse.scalar(
        "select count(distinct provider_name) from curated.setting_vacancies "
        "where census_date = :d and framework = 'Children''s external placements'",
        d=quarter_of(ask.row["period"]),
    )
    return {"value": Decimal(count)}


def starts(ask: Ask) -> dict[str, Decimal]:
    where = "direction = 'started' and breakdown = 'total'"
    return {
        "value": ask.sum("children", "care_flows", where),
        "rate": ask.sum("rate_per_10k", "care_flows", where),
    }


FIGURES: dict[str, Callable[[Ask], dict[str, Decimal]]] = {
    "children_looked_after": looked_after,
    "cla_rate_per_10k": rate,
    "cla_share_age": share_of_age,
    "cla_by_age": lambda ask: ask.children("age", *AGES[ask.row["breakdown"]]),
    "cla_by_placement_type": lambda ask: ask.children(
        "placement type", *PLACEMENT_TYPES[ask.row["breakdown"]]
    ),
    "cla_by_placement_provider": lambda ask: ask.children(
        "placement provider", PROVIDERS[ask.row["breakdown"]]
    ),
    "commissioned_placements": commissioned,
    "three_or_more_placements_in_year": lambda ask: {
        "value": 100 * ask.sum("three_or_more_share", "placement_stability", "true")
    },
    "children_in_host_area_homes": living_in_homes,
    "unoccupied_rate": lambda ask: {
        "value": (
            100
            * ask.sum(
                "unoccupied_rate", "host_authority_occupancy", "provision_type = 'Children''s home'"
            )
        )
    },
    "homes": standing_homes,
    "host_authority_share_of_places": share_of_host,
    "supported_accommodation": supported_providers,
    "residential_share": residential,
    "placed_within_20_miles": near_home,
    "placed_in_area_or_within_20_miles": near_home,
    "one_bed_home_concentration": rank_of_one_bed_homes,
    "residential_placements_made": in_county,
    "framework_supply": framework_providers,
    "cla_starts": starts,
}
"""How a printed indicator is asked of the warehouse: the value, and what else its note may print.
"""

IN_NOTES = {
    "per cent": r"^([\d.]+) per cent",
    "rate": r"^(?:rate )?([\d.]+) per 10000",
    "beds": r"^(\d+) beds",
}
HELD = [row for row in seed_rows() if key(row) not in NOT_HELD]


def as_printed(value: Decimal, printed: str) -> str:
    """The value to the precision of what is printed."""
    return str(value.quantize(Decimal(printed), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize(
    "row",
    [r for r in HELD if r["indicator"] != "own_placements_location"],
    ids=lambda row: " | ".join(key(row)),
)
def test_a_printed_figure_comes_out_of_returns_that_say_the_same(
    built: Warehouse, row: Row
) -> None:
    found = FIGURES[row["indicator"]](Ask(built, row))
    assert as_printed(found["value"], row["value"]) == row["value"]
    for name, pattern in IN_NOTES.items():
        printed = re.match(pattern, row["note"])
        if printed and not (name == "per cent" and key(row) in CONTRADICTED):
            assert as_printed(found[name], printed[1]) == printed[1]


@pytest.mark.parametrize(
    "row",
    [r for r in HELD if r["indicator"] == "own_placements_location"],
    ids=lambda row: " | ".join(key(row)),
)
def test_printed_shares_of_location_come_out_of_the_bases_that_they_fit(
    located: Warehouse, row: Row
) -> None:
    kind = {"IFA": "Independent fostering", "residential": "Children's home"}.get(
        row["breakdown"].split(" in area")[0], "Supported accommodation"
    )
    ask = Ask(located, row)
    where = "provision_type = :kind and location_band = :band"
    shares = [
        100 * ask.sum("share", "own_placements_location", where, kind=kind, band=band)
        for band in ("in_area", "sub_region", "elsewhere")
    ]
    assert "/".join(as_printed(share, "1") for share in shares) == row["value"]


def test_every_row_is_accounted_for(shared: Path) -> None:
    printed = {key(row) for row in seed_rows()}
    assert set(NOT_HELD) | set(CONTRADICTED) <= printed, "a note of a row that no strategy prints"
    assert not set(NOT_HELD) & set(CONTRADICTED)
    assert all(reason.endswith(".") for reason in (NOT_HELD | CONTRADICTED).values())
    assert {row["indicator"] for row in HELD} == {*FIGURES, "own_placements_location"}
    local = {
        key(row)
        for row in seed_rows()
        if row["basis"] == "local" and row["indicator"] != "children_looked_after"
    }
    assert local <= set(NOT_HELD) | set(CONTRADICTED), (
        "a figure of the strategy's own base, without a note that says so"
    )


# --- the register
# ---------------------------------------------------------------------------------------

REGISTER = section_of("The register")
ASKED_BESIDES = [*section_of("The fifth"), *section_of("What else is asked of the warehouse")]
GIVEN, NOT_GIVEN = "\u2714", "\u2718"
QUERIES = {
    f"{row[-3] if len(row) == 3 else ' | '.join(row[:2])}": row[-1].strip("`")
    for row in (*REGISTER, *ASKED_BESIDES)
    if row[-2] == GIVEN
}


def columns_asked(query: str) -> list[str]:
    """The names of the columns that a query says it returns."""
    return [
        column.alias_or_name for column in sqlglot.parse_one(query, dialect="postgres").expressions
    ]


@pytest.mark.parametrize("figure", QUERIES)
def test_a_query_of_the_register_runs_and_returns_its_columns(
    built: Warehouse, figure: str
) -> None:
    query = QUERIES[figure]
    found = built.frame(query)
    assert list(found.columns) == columns_asked(query)
    if " | " in figure and not figure.endswith(
        ("average_weekly_cost", "in_house_fostering", "independent_fostering")
    ):  # held in test_seed_money
        assert len(found), "the strategies' own returns give it no row"


def test_every_line_of_the_register_is_given_by_a_query_or_says_why_not() -> None:
    for *_, mark, told in (*REGISTER, *ASKED_BESIDES):
        assert (mark == GIVEN and told.startswith("`select ")) or (
            mark == NOT_GIVEN and told.endswith(".")
        )
    assert len(QUERIES) == sum(row[-2] == GIVEN for row in (*REGISTER, *ASKED_BESIDES)), (
        "a figure stands there twice"
    )


def test_every_printed_figure_is_in_the_register(shared: Path) -> None:
    printed = Counter((row["source"], row["indicator"]) for row in seed_rows())
    assert {(strategy, figure): int(count) for strategy, figure, count, *_ in REGISTER} == printed
    not_given = {
        (strategy, figure) for strategy, figure, _, mark, _ in REGISTER if mark == NOT_GIVEN
    }
    assert not_given == {
        (r["source"], r["indicator"])
        for r in seed_rows()
        if r["indicator"] == "external_placement_spend" or is_own_definition(r)
    }


def is_own_definition(row: Row) -> bool:
    """Whether the notes say that the figure is of the strategy's own definition, and so not held."""
    return NOT_HELD.get(key(row), "").startswith("The strategy's own definition")
