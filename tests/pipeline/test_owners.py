"""Owners of the official register: what is joined, what is proposed, and that nothing is joined by
guess; and what people decide counts.
"""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.warehouse.building import build_quarter, out_of_date
from schemas import owners
from schemas.owners import plain_name
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY, Landing

SAMPLES = {"2024-03-31": "provider_at_march_2024.csv", "2025-03-31": "provider_at_march_2025.ods"}
NAMES = (
    "select provider_name, owner_name, is_damaged from staging.owner_name order by provider_name"
)
PROPOSED = "select owner_name, near_name, similarity from staging.owner_proposal order by 1, 2"


@pytest.fixture
def official(landing: Landing, shared: Path) -> Landing:
    for date, name in SAMPLES.items():
        folder = landing.root / date / "ofsted"
        folder.mkdir(parents=True)
        shutil.copy(shared / "samples" / "ofsted" / name, folder / name)
    return landing


def test_the_official_registers_owners(embedded_warehouse, official, bring):
    for date in SAMPLES:
        bring(embedded_warehouse, official, date)
    groups = {
        row.provider_name: row.owner_group
        for row in embedded_warehouse.rows(
            "select provider_name, owner_group from core.owner_group where census_date ="
            " '2025-03-31'"
        )
    }
    joined = [
        ("Reflexion Care Group Limited", "Reflexion care group limited"), ("K&G Care Ltd", "K & G Care Ltd"),
        ("Moonreach LTD", "Moonreach Limited"), ("Walsall Metropolitan Borough Council", "Walsall Metropolitan Borough council"),
    ]  # fmt: skip
    assert [
        pair for pair in joined if groups[pair[0]] != groups[pair[1]] or groups[pair[0]] is None
    ] == []
    assert groups["3.13"] is None, "what a spreadsheet left of a name is nobody's"
    assert all(group == plain_name(text) for text, group in groups.items() if group), (
        "nothing but equal plain names is joined without a decision"
    )
    texts, names = embedded_warehouse.rows(
        "select count(*), count(distinct owner_name) from staging.owner_name where not is_damaged"
    )[0]
    assert texts - names > 60, "so many texts are another spelling of an owner"

    proposed = {
        (row.owner_name, row.near_name): row.similarity for row in embedded_warehouse.rows(PROPOSED)
    }
    assert ("fair ways community benefit society", "fairways community benefit society") in proposed
    assert 20 < len(proposed) < 120, "few enough for a person to look through"
    apart = {text: group for text, group in groups.items() if group}
    assert all(
        group not in {near for name, near in proposed if name == group} for group in apart.values()
    )

    england = embedded_warehouse.rows(
        "select area_name, owner_groups, places, share_largest_1, share_largest_3,"
        " share_largest_10, herfindahl_hirschman_index from curated.market_concentration where"
        " census_date = '2025-03-31' and area_level = 'region' and provision_type = 'Children''s"
        " home'"
    )
    assert len(england) == 9
    assert sum(row.places for row in england) == 14275, "the published places of children's homes"
    changes = embedded_warehouse.rows(
        "select change, sum(settings) as settings from curated.register_changes where census_date ="
        " '2025-03-31' and compared_with = '2024-03-31' and provision_type = 'Children''s home'"
        " group by change"
    )
    told = {row.change: int(row.settings) for row in changes}
    assert {"opened", "closed", "grew", "shrank", "changed owner", "grade up", "grade down"} <= set(
        told
    )
    registered_since = embedded_warehouse.scalar(
        "select count(*) from core.setting where census_date = '2025-03-31' and provision_type ="
        " 'Children''s home' and registration_date > '2024-03-31'"
    )
    assert told["opened"] <= registered_since < 900, (
        "homes that were only not yet inspected a year before have not opened"
    )


def test_the_same_lists_give_the_same_owners_in_whatever_order_they_come(
    embedded_warehouse, servers, landing
):
    from resources.warehouse import Warehouse

    texts = {
        "2024-12-31": ["Acorn Care Ltd", "Brinscall Care Limited", "3.13"],
        "2025-03-31": ["ACORN CARE LIMITED", "Brinscall Care NW Limited", ""],
    }
    for date, names in texts.items():
        register = [
            {"urn": f"SC{n}", "local_authority": "Stockport", "provider_name": name}
            for n, name in enumerate(names)
        ]
        landing.drop(date, "ofsted", "providers.csv", builders.register(register))
    found = []
    address = servers.fresh("embedded")
    with Warehouse(address) as other:
        for warehouse, order in ((embedded_warehouse, list(texts)), (other, list(texts)[::-1])):
            prepare(warehouse, load_region("north_west"))
            for date in [*order, *order]:  # and a second time, which changes nothing
                take_in(warehouse, landing.place, dt.date.fromisoformat(date), KEY)
            found.append([tuple(map(tuple, warehouse.rows(query))) for query in (NAMES, PROPOSED)])
    servers.drop("embedded", address)
    assert found[0] == found[1]
    assert found[0][0] == (
        ("3.13", "3 13", True),
        ("ACORN CARE LIMITED", "acorn care limited", False),
        ("Acorn Care Ltd", "acorn care limited", False),
        ("Brinscall Care Limited", "brinscall care limited", False),
        ("Brinscall Care NW Limited", "brinscall care nw limited", False),
    )
    assert [pair[:2] for pair in found[0][1]] == [
        ("brinscall care limited", "brinscall care nw limited")
    ]


def test_what_a_person_decides_joins_and_the_market_follows(
    embedded_warehouse, landing, bring, tmp_path, monkeypatch
):
    register = [
        {
            "urn": "SC1",
            "local_authority": "Stockport",
            "places": 3,
            "provider_name": "Brinscall Care Limited",
        },
        {
            "urn": "SC2",
            "local_authority": "Stockport",
            "places": 3,
            "provider_name": "Brinscall Care NW Limited",
        },
    ]
    landing.drop("2025-03-31", "ofsted", "providers.csv", builders.register(register))
    market = (
        "select owner_groups, herfindahl_hirschman_index from curated.market_concentration where"
        " area_level = 'authority'"
    )
    bring(embedded_warehouse, landing, "2025-03-31")
    assert embedded_warehouse.rows(market)[0] == (2, 5000)
    assert [
        row.decision for row in embedded_warehouse.rows("select decision from core.owner_review")
    ] == ["proposed"]

    decided = tmp_path / "owner_groups.csv"
    decided.write_text(
        "owner_name,owner_group,decision,decided_by,decided_on,note\n"
        "Brinscall Care NW Ltd,Brinscall Care Ltd,same,A. Analyst,2025-05-01,one director\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(owners.decisions, "__defaults__", (decided,))
    with embedded_warehouse.writing() as connection:
        connection.exec_driver_sql("update raw.observatory set state = 'before the decision'")
    region = load_region("north_west")
    assert prepare(embedded_warehouse, region)
    build_quarter(embedded_warehouse, dt.date(2025, 3, 31), region, anew=True)
    assert embedded_warehouse.rows(market)[0] == (1, 10000)
    review = embedded_warehouse.rows("select decision, decided_by from core.owner_review")
    assert [tuple(row) for row in review] == [("same", "A. Analyst")]


def test_ofsteds_list_of_ultimate_owners_joins_and_all_that_counts_owners_follows(
    embedded_warehouse, landing, bring
):
    """The list in whatever header it has; of a later date it does not reach back; the register's
    names do not change owner by it.
    """
    names = {
        "SC1": "Brinscall Care Limited",
        "SC2": "Cedar Homes Ltd",
        "SC3": "Cedar Homes Limited",
    }
    register = [
        {"urn": urn, "local_authority": "Stockport", "places": 3, "provider_name": name}
        for urn, name in names.items()
    ]
    ultimate = (
        "Web link,URN,Name of ultimate owner,Organisation\nx,SC1,Parent Holdings"
        " Ltd,Brinscall\nx,SC2,PARENT HOLDINGS LIMITED,Cedar\n"
    )
    for date in ("2024-12-31", "2025-03-31"):
        landing.drop(date, "ofsted", "providers.csv", builders.register(register))
    landing.drop("2025-03-31", "ofsted", "owners.csv", ultimate)
    for date in ("2024-12-31", "2025-03-31"):
        bring(embedded_warehouse, landing, date)
    market = embedded_warehouse.rows(
        "select owner_groups, herfindahl_hirschman_index, owner_basis, share_by_ultimate_owner "
        "from curated.market_concentration where area_level = 'authority' order by census_date"
    )
    assert [tuple(row) for row in market] == [
        (2, Decimal("5555.6"), "by name: a floor", 0),
        (1, 10000, "by ultimate owner", 1),
    ]
    assert embedded_warehouse.rows("select change from curated.register_changes") == []
    assert {
        row.grouped_by
        for row in embedded_warehouse.rows(
            "select grouped_by from core.owner_group where census_date = '2025-03-31'"
        )
    } == {"ultimate owner"}


def test_owners_that_were_held_before_an_upgrade_are_known_without_their_file(
    embedded_warehouse, landing, bring
):
    """As an older program left them: the list is held, and its owners' plain names are not."""
    names = {"SC1": "Brinscall Care Limited", "SC2": "Cedar Homes Ltd"}
    register = [
        {"urn": urn, "local_authority": "Stockport", "places": 3, "provider_name": name}
        for urn, name in names.items()
    ]
    landing.drop("2025-03-31", "ofsted", "providers.csv", builders.register(register))
    ultimate = "URN,Ultimate owner\nSC1,Parent Holdings Ltd\nSC2,PARENT HOLDINGS LIMITED\n"
    listed = landing.drop("2025-03-31", "ofsted", "owners.csv", ultimate)
    bring(embedded_warehouse, landing, "2025-03-31")
    groups = "select distinct owner_group, grouped_by from core.owner_group"
    known = [("parent holdings limited", "ultimate owner")]
    assert embedded_warehouse.rows(groups) == known
    listed.unlink()
    with embedded_warehouse.writing() as connection:
        connection.exec_driver_sql(
            "delete from raw.owner_name where provider_name ilike 'parent%%'"
        )
        connection.exec_driver_sql("update raw.owner_name set owner_name = 'as once spelt'")
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    date, region = dt.date(2025, 3, 31), load_region("north_west")
    assert prepare(embedded_warehouse, region)
    assert out_of_date(embedded_warehouse, region) == [date], "its figures are to be made anew"
    build_quarter(embedded_warehouse, date, region)
    assert embedded_warehouse.rows(groups) == known
    assert "as once spelt" not in str(embedded_warehouse.rows(NAMES))
    with embedded_warehouse.writing() as connection:
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    assert prepare(embedded_warehouse, region)
    assert out_of_date(embedded_warehouse, region) == [], "where no name changed nothing is"
