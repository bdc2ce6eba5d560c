"""What the strategies print of money, fostering, the market and the supply comes out of returns
that say the same, to the printed precision.

Each fixture is made so that its returns mean what the strategy says; the printed figures are read
from `cases/seed_figures.csv`, and every row of it that is named here is asked for. The rows of the
demand side are in `test_seed_figures`.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from resources.warehouse import Warehouse
from tests import builders
from tests.conftest import Landing

IFA, HOME, SUPPORTED = (
    "Fostering - Independent Foster Care (IFA)",
    "Residential - External (Commissioned)",
    "SaILs - Group Living",
)
KINDS = {
    "independent fostering agency": "Independent fostering",
    "residential": "Children's home",
    "supported accommodation": "Supported accommodation",
}

ROWS = {
    ("stockport_2024_27", "2024-03-31", "in_house_fostering", "households"),
    ("stockport_2024_27", "2023-09-30", "independent_fostering", "households in area"),
    ("stockport_2024_27", "2024-03-31", "supported_accommodation", "independent providers in area"),
    (
        "stockport_2024_27",
        "2024-25",
        "external_placement_spend",
        "residential and supported accommodation budget",
    ),
    ("stockport_2024_27", "2024-25", "external_placement_spend", "fostering budget"),
    ("stockport_2024_27", "2024-07-31", "homes", "mainstream"),
    ("stockport_2024_27", "2024-07-31", "homes", "therapeutic"),
    ("stockport_2024_27", "2024-07-31", "homes", "disability"),
    ("stockport_2024_27", "2024-07-31", "homes", "total"),
    ("halton_2025_28", "2025", "average_weekly_cost", "independent fostering agency"),
    ("halton_2025_28", "2025", "average_weekly_cost", "residential"),
    ("halton_2025_28", "2025", "average_weekly_cost", "supported accommodation"),
    ("halton_2025_28", "2025", "one_bed_home_concentration", "rank in region"),
    ("cambridgeshire_2023", "2019-20", "average_weekly_cost", "residential"),
    ("cambridgeshire_2023", "2020-21", "average_weekly_cost", "residential"),
    ("cambridgeshire_2023", "2021-22", "average_weekly_cost", "residential"),
    ("cambridgeshire_2023", "2022-23", "average_weekly_cost", "residential"),
    ("cambridgeshire_2023", "2023-04-30", "framework_supply", "providers"),
}
"""The rows of the strategies that are held here: source, period, indicator, breakdown."""


@pytest.fixture(scope="module")
def printed(shared: Path) -> dict[tuple[str, str, str, str], tuple[float, str]]:
    """Each row's value and note."""
    with (shared / "cases" / "seed_figures.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            (r["source"], r["period"], r["indicator"], r["breakdown"]): (r["value"], r["note"])
            for r in csv.DictReader(file)
        }
    assert rows.keys() >= ROWS
    return {key: (float(rows[key][0]), rows[key][1]) for key in ROWS}


def numbers(note: str) -> list[float]:
    """The numbers that a note prints, in order."""
    words = "".join(c if c.isdigit() or c == "." else " " for c in note).split()
    return [float(word.rstrip(".")) for word in words if word.strip(".")]


def one(warehouse: Warehouse, query: str, **parameters: object) -> tuple:
    """The one row that a query must give."""
    rows = warehouse.rows(query, **parameters)
    assert len(rows) == 1, f"{len(rows)} rows"
    return tuple(rows[0])


def costs(mean: float, placements: int = 3) -> list[float]:
    """Weekly costs about a mean, to the penny: they add up to `placements` times it."""
    spread = [round(mean * share, 2) for share in (0.7, 0.9)]
    return [*spread, round(mean * placements - sum(spread), 2)]


# --- Stockport
# -------------------------------------------------------------------------------------------


def test_stockports_own_and_independent_carers(embedded_warehouse, landing, bring, printed):
    households, note = printed[
        "stockport_2024_27", "2024-03-31", "in_house_fostering", "households"
    ]
    places, children, per_household, sub_regions = numbers(note)
    fostering = "approval_type,households,approved_places,children_placed,vacant_places,not_available_places\n"
    landing.drop(
        "2024-03-31",
        "356",
        "carers.csv",
        fostering + "Mainstream,153,259,169,59,31\nConnected persons,40,63,63,0,0\n",
    )
    landing.drop("2024-03-31", "350", "carers.csv", fostering + "Mainstream,100,190,151,30,9\n")
    landing.drop("2024-03-31", "352", "carers.csv", fostering + "Mainstream,200,410,315,60,35\n")
    landing.drop("2024-03-31", "341", "carers.csv", fostering + "Mainstream,10,90,90,0,0\n")
    bring(embedded_warehouse, landing, "2024-03-31")
    found = one(
        embedded_warehouse,
        "select households, approved_places, children_placed, round(children_per_household, 1) from"
        " curated.fostering_capacity where authority_code = '356' and provision_type = 'In-house"
        " fostering' and approval_type = 'Mainstream'",
    )
    assert tuple(map(float, found)) == (households, places, children, per_household)
    beside = one(
        embedded_warehouse,
        "select round(c.figure, 1), round(sum(h.numerator) / sum(h.denominator), 1),"
        " c.sub_region_authorities from curated.comparison as c inner join curated.headline_figure"
        " as h on c.measure = h.measure and h.authority_code in ('350', '352', '356') where"
        " c.authority_code = '356' and c.measure = 'children a fostering household' and"
        " c.sub_region_figure is null group by c.figure, 3",
    )
    assert (float(beside[0]), float(beside[1]), beside[2]) == (per_household, sub_regions, 3)

    in_area, note = printed[
        "stockport_2024_27", "2023-09-30", "independent_fostering", "households in area"
    ]
    (beds,) = numbers(note)
    agencies = [
        {"urn": "SC90", "households": 12, "registered_places": 25, "occupied_places": 20, "vacant_places": 4, "unavailable_places": 1},
        {"urn": "SC91", "households": 9, "registered_places": 17, "occupied_places": 15, "vacant_places": 2, "unavailable_places": 0},
    ]  # fmt: skip
    told = [
        {**a, "provision_type": "Independent fostering", "unavailable_reason": "Carer break"}
        for a in agencies
    ]
    landing.drop("2023-09-30", "provider-agencies", "settings.csv", builders.settings(told))
    bring(embedded_warehouse, landing, "2023-09-30")
    found = one(
        embedded_warehouse,
        "select households, approved_places, agencies from curated.fostering_capacity "
        "where authority_code = '356' and provision_type = 'Independent fostering'",
    )
    assert found == (in_area, beds, 2)


def test_stockports_supported_accommodation(embedded_warehouse, landing, bring, printed):
    providers, note = printed[
        "stockport_2024_27",
        "2024-03-31",
        "supported_accommodation",
        "independent providers in area",
    ]
    premises, places = numbers(note)
    # 53 premises of 11 providers: 14 with two places, the rest with one; one provider is spelt in
    # two ways
    rows = [
        {
            "urn": f"27{n % 11:05d}",
            "local_authority": "Stockport",
            "places": 2 if n < 14 else 1,
            "provider_name": f"Provider {n % 11 + 1} Ltd",
        }
        for n in range(53)
    ]
    rows[0]["provider_name"] = "PROVIDER 1 LIMITED"
    landing.drop("2024-03-31", "ofsted", "premises.csv", builders.premises(rows))
    bring(embedded_warehouse, landing, "2024-03-31")
    found = one(
        embedded_warehouse,
        "select owner_groups, settings, places from curated.market_concentration where area_level ="
        " 'authority' and area_code = '356' and provision_type = 'Supported accommodation'",
    )
    assert found == (providers, premises, places)


def test_stockports_homes_by_kind_of_care(embedded_warehouse, landing, bring, printed):
    """Stockport counts at the end of July; the quarter of 30 September 2024 holds it."""
    kinds = ("mainstream", "therapeutic", "disability")
    wanted = {kind: printed["stockport_2024_27", "2024-07-31", "homes", kind] for kind in kinds}
    register, told = [], []
    for kind, (homes, note) in wanted.items():
        (beds,) = numbers(note)
        size, larger = divmod(int(beds), int(homes))
        for n in range(int(homes)):
            urn, places = f"SC{kind[0]}{n:03d}", size + (n < larger)
            register.append({"urn": urn, "local_authority": "Stockport", "places": places})
            told.append({"urn": urn, "service_category": kind.capitalize(), "registered_places": places, "occupied_places": places,
                         "vacant_places": 0})  # fmt: skip
    landing.drop("2024-09-30", "ofsted", "providers.csv", builders.register(register))
    landing.drop("2024-09-30", "provider-all", "settings.csv", builders.settings(told))
    bring(embedded_warehouse, landing, "2024-09-30")
    found = {
        row.kind: (float(row.settings), float(row.places))
        for row in embedded_warehouse.rows(
            "select lower(service_category) as kind, sum(settings) as settings, sum(places) as"
            " places from curated.homes group by 1"
        )
    }
    assert found == {kind: (homes, *numbers(note)) for kind, (homes, note) in wanted.items()}
    homes, note = printed["stockport_2024_27", "2024-07-31", "homes", "total"]
    assert (sum(h for h, _ in found.values()), sum(b for _, b in found.values())) == (
        homes,
        *numbers(note),
    )


SPENDING = {
    "residential and supported accommodation budget": (
        [HOME, SUPPORTED],
        ["Children's home", "Supported accommodation"],
    ),
    "fostering budget": ([IFA], ["Independent fostering"]),
}


def test_why_stockports_spend_doubled(embedded_warehouse, landing, bring, printed):
    """Open placements of three dates whose annual spend is that of 2019-20, of the budget of
    2024-25, and as projected for it.

    From one year to the next the change falls into volume, mix and price, and the parts make it up
    to the penny.
    """
    dates = {"2020-03-31": 2, "2024-03-31": 0, "2025-03-31": 1}
    annual: dict[str, dict[str, float]] = {}
    for date, place in dates.items():
        rows = []
        for breakdown, (kinds, _) in SPENDING.items():
            budget, note = printed[
                "stockport_2024_27", "2024-25", "external_placement_spend", breakdown
            ]
            projected, _, _, earlier = numbers(note)
            annual.setdefault(date, {})[breakdown] = (budget, projected, earlier)[place]
            weekly = round(annual[date][breakdown] * 7 / 365, 2)
            shares = [round(weekly * share / 10, 2) for share in (1, 2, 3)]
            parts = [*shares, round(weekly - sum(shares), 2)]
            rows += [
                {"type_of_provision": kinds[n % len(kinds)], "total_weekly_cost": f"{cost:.2f}"}
                for n, cost in enumerate(parts)
            ]
        landing.drop(date, "356", "census.csv", builders.census(rows))
        bring(embedded_warehouse, landing, date)
    for date, wanted in annual.items():
        for breakdown, (_, types) in SPENDING.items():
            found = one(
                embedded_warehouse,
                "select round(sum(weekly_spend) * 365 / 7) from curated.spend_change "
                "where authority_code = '356' and census_date = :d and provision_type ="
                " any(:types)",
                d=dt.date.fromisoformat(date),
                types=types,
            )
            assert float(found[0]) == wanted[breakdown], (date, breakdown)
    changes = embedded_warehouse.rows(
        "select weekly_spend_change as change, change_by_volume as volume, change_by_mix as mix,"
        " change_by_price as price from curated.spend_change where census_date = '2025-03-31'"
    )
    assert len(changes) == 3
    assert all(row.volume + row.mix + row.price == row.change for row in changes)
    assert all(row.volume == 0 == row.mix for row in changes), (
        "as many placements of each type as the year before: it is the price"
    )


# --- Halton
# ----------------------------------------------------------------------------------------------


def test_haltons_weekly_costs(embedded_warehouse, landing, bring, printed):
    kinds = {
        "independent fostering agency": IFA,
        "residential": HOME,
        "supported accommodation": SUPPORTED,
    }
    wanted = {
        kind: printed["halton_2025_28", "2025", "average_weekly_cost", kind][0] for kind in kinds
    }
    rows = [
        {"type_of_provision": kinds[kind], "total_weekly_cost": f"{cost:.2f}"}
        for kind, mean in wanted.items()
        for cost in costs(mean)
    ]
    landing.drop("2025-03-31", "876", "census.csv", builders.census(rows, "Halton"))
    bring(embedded_warehouse, landing, "2025-03-31")
    found = {
        row.provision_type: (row.placements, float(row.mean_weekly_cost))
        for row in embedded_warehouse.rows(
            "select provision_type, placements, mean_weekly_cost from curated.weekly_cost "
            "where area_level = 'authority' and area_code = '876' and basis = 'all open'"
        )
    }
    assert found == {KINDS[kind]: (3, mean) for kind, mean in wanted.items()}


def test_haltons_rank_by_its_share_of_one_bed_homes(embedded_warehouse, landing, bring, printed):
    rank, note = printed["halton_2025_28", "2025", "one_bed_home_concentration", "rank in region"]
    assert note.startswith("second highest")
    # of 10 homes each: Knowsley has 5 with one bed, Halton 4, Stockport 3; Derbyshire is in another
    # region
    one_bed = {"Knowsley": 5, "Halton": 4, "Stockport": 3, "Derbyshire": 9}
    register = [
        {"urn": f"SC{name[0]}{n:02d}", "local_authority": name, "places": 1 if n < few else 3}
        for name, few in one_bed.items()
        for n in range(10)
    ]
    landing.drop("2025-03-31", "ofsted", "providers.csv", builders.register(register))
    bring(embedded_warehouse, landing, "2025-03-31")
    found = one(
        embedded_warehouse,
        "select rank_in_region, authorities_ranked, share from curated.home_sizes where"
        " host_authority_code = '876' and provision_type = 'Children''s home' and size_band = '1'",
    )
    assert found[:2] == (rank, 3)
    assert float(found[2]) == 0.4


# --- Cambridgeshire
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", ["2019-20", "2020-21", "2021-22", "2022-23"])
def test_cambridgeshires_residential_costs(
    embedded_warehouse, landing: Landing, bring, printed, year
):
    mean, note = printed["cambridgeshire_2023", year, "average_weekly_cost", "residential"]
    started = numbers(note)[0]
    end = f"{int(year[:4]) + 1}-03-31"
    this_year, before = f"01/10/{year[:4]}", f"01/10/{int(year[:4]) - 1}"
    # two placements began in the year, two before it; the four together have the printed mean
    rows = [
        {"total_weekly_cost": cost, "placement_start_date": this_year}
        for cost in (started - 100, started + 100)
    ]
    rows += [
        {"total_weekly_cost": cost, "placement_start_date": before}
        for cost in (2 * mean - started - 50, 2 * mean - started + 50)
    ]
    landing.drop(
        end,
        "873",
        "census.csv",
        builders.census([{"type_of_provision": HOME, **row} for row in rows], "Cambridgeshire"),
    )
    bring(embedded_warehouse, landing, end)
    found = {
        row.basis: float(row.mean_weekly_cost)
        for row in embedded_warehouse.rows(
            "select basis, mean_weekly_cost from curated.weekly_cost where area_level = 'authority'"
            " and area_code = '873'"
        )
    }
    assert found == {"all open": mean, "started in the year": started}


def test_cambridgeshires_framework(embedded_warehouse, landing, bring, printed):
    """41 providers on one framework, over 300 homes, up to 1285 children, 24 homes in the county:
    the quarter of 30 June 2023 holds it.
    """
    providers, note = printed["cambridgeshire_2023", "2023-04-30", "framework_supply", "providers"]
    least, most_children, in_county = numbers(note)
    homes = 305
    register, told = [], []
    for n in range(homes):
        authority, places = (
            ("Cambridgeshire" if n < in_county else "Suffolk"),
            (5 if n < int(most_children) - 4 * homes else 4),
        )
        register.append(
            {
                "urn": f"SC{n:03d}",
                "local_authority": authority,
                "places": places,
                "provider_name": f"Provider {n % 41} Ltd",
            }
        )
        told.append({"urn": f"SC{n:03d}", "host_local_authority": authority, "registered_places": places, "occupied_places": places,
                     "vacant_places": 0, "framework": "East of England framework"})  # fmt: skip
    told.append({"urn": "SC999", "host_local_authority": "Cambridgeshire", "framework": ""})
    landing.drop("2023-06-30", "ofsted", "providers.csv", builders.register(register))
    landing.drop("2023-06-30", "provider-all", "settings.csv", builders.settings(told))
    bring(embedded_warehouse, landing, "2023-06-30")
    found = one(
        embedded_warehouse,
        "select count(distinct provider_name), count(*), sum(registered), count(*) filter (where"
        " host_authority_name = 'Cambridgeshire') from curated.setting_vacancies where framework ="
        " 'East of England framework'",
    )
    assert (found[0], found[2], found[3]) == (providers, most_children, in_county)
    assert found[1] > least
