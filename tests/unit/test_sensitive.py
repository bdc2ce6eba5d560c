"""What is sensitive whatever the number is never shown by authority: in no table, category or
measure, and no new category slips in undecided.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.programme import PUBLISHED_TABLES, TOTAL, PublishedTable
from assets.publication.tables import AUTHORITY, TrueTable, print_table, tidy
from schemas.regions import DisclosureMethod

SCHEMAS = Path(__file__).parents[2] / "schemas"
DECISIONS = tomllib.loads((SCHEMAS / "sensitive.toml").read_text(encoding="utf-8"))
WORDS = re.compile(r"\b(?:" + "|".join(map(re.escape, DECISIONS["words"])) + ")", re.IGNORECASE)
AREAS = ["1", "2", "3"]
MEMBERS = pd.DataFrame(
    {
        "authority_code": AREAS, "authority_gss": ["E1", "E2", "E3"], "authority_name": ["A", "B", "C"],
        "region_code": "E0", "region_name": "N",
    }
)  # fmt: skip
OPEN = ("exact", "given")
WORKED_OUT = ("share", "difference", "rate")


def made(
    table: PublishedTable, categories: list[str], areas: list[str] = AREAS, each: float = 20.0
) -> TrueTable:
    """The table with categories (in its last filter) and their Total, `each` in every measure of
    every authority.
    """
    filters = list(table.filters)
    rows = [(area, *[TOTAL] * len(filters)) for area in ("", *areas)]
    if filters:
        rows += [
            (area, *[TOTAL] * (len(filters) - 1), category)
            for area in ("", *areas)
            for category in categories
        ]
    keys = pd.DataFrame(rows, columns=[AUTHORITY, *filters])
    names = [m.name for m in table.measures if m.rule not in WORKED_OUT]
    values = pd.DataFrame(
        {name: [each * len(areas) if row[0] == "" else each for row in rows] for name in names}
    )
    for m in table.of_rule("mean"):
        values[m.largest_share] = 0.1
    for m in table.of_rule("estimate"):
        values[m.registered] = values[m.covered] + 5
    return TrueTable(table, keys, values, values.map(lambda _: "x"))


@pytest.mark.parametrize("table", [t for t in PUBLISHED_TABLES if t.filters], ids=lambda t: t.name)
def test_no_measure_of_a_sensitive_category_is_shown_by_authority(table):
    for each in (0.0, 3.0, 20.0):
        printed = print_table(made(table, list(DECISIONS["region_only"]), each=each), {})
        own = printed[
            (printed[AUTHORITY] != "") & printed[list(table.filters)].ne(TOTAL).any(axis=1)
        ]
        for m in table.measures:
            told = own[m.name][pd.to_numeric(own[m.name], errors="coerce").notna()]
            public = m.rule in OPEN or (m.rule in WORKED_OUT and m.name.startswith("coverage"))
            assert public or told.empty, (table.name, m.name, each)


def test_the_region_has_a_figure_where_enough_authorities_have_one():
    table = next(t for t in PUBLISHED_TABLES if t.name == "commissioned_placements")
    for areas, told in ((AREAS, "60"), (AREAS[:2], "c"), (AREAS[:1], "c")):
        printed = print_table(made(table, ["Secure children's home"], areas), {})
        row = printed[
            (printed[AUTHORITY] == "") & (printed["provision_type"] == "Secure children's home")
        ]
        assert row["placements"].tolist() == [told], areas


def test_settings_that_no_register_has_are_of_the_region_alone():
    table = next(t for t in PUBLISHED_TABLES if t.name == "host_authority_occupancy")
    printed = print_table(made(table, ["Children's home"]), {})
    assert printed.loc[printed[AUTHORITY] != "", "settings_not_registered"].eq("c").all()
    assert printed.loc[printed[AUTHORITY] == "", "settings_not_registered"].eq("60").all()


@pytest.mark.parametrize("each", [3.0, 20.0])
def test_the_gate_holds_what_is_sensitive_however_large_it_is(each):
    table = next(t for t in PUBLISHED_TABLES if t.name == "commissioned_placements")
    true = made(table, ["Secure children's home"], each=each)
    date = dt.date(2025, 12, 31)
    printed = tidy(print_table(true, {}), table, MEMBERS, date)
    system = build_system(
        [Published(date, 1, {table.name: printed}, DisclosureMethod(), {table.name: true.values})]
    )
    held = [name for name, small in zip(system.names, system.small, strict=True) if small]
    assert "commissioned_placements.looked_after, 2, Secure children's home" in held


def test_every_code_with_a_sensitive_word_is_decided():
    undecided = []
    for path in sorted((SCHEMAS / "codes").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                texts = [text for value in row.values() if value for text in value.split("|")]
                decided = row["label"] in DECISIONS["decided"] or any(
                    text in DECISIONS["region_only"] for text in texts
                )
                if any(map(WORDS.search, texts)) and not decided:
                    undecided.append(f"{path.name}: {row['label']}")
    assert not undecided, f"decide in schemas/sensitive.toml: {undecided}"


def test_every_published_word_of_the_programme_is_decided():
    undecided = []
    for table in PUBLISHED_TABLES:
        labels = [label for labels in table.labels.values() for label in labels.values()]
        undecided += [
            f"{table.name}: {label}"
            for label in labels
            if WORDS.search(label) and label not in DECISIONS["region_only"]
        ]
        for m in table.measures:
            text = f"{m.name.replace('_', ' ')} {m.indicator.label if m.shown else m.label}"
            if m.shown and WORDS.search(text) and not m.sensitive:
                undecided.append(f"{table.name}.{m.name}")
    assert not undecided, f"mark as sensitive, or decide in schemas/sensitive.toml: {undecided}"


def test_every_kind_of_provision_is_decided_and_every_decision_is_of_something():
    with (SCHEMAS / "codes" / "provision_type.csv").open(encoding="utf-8", newline="") as file:
        kinds = {row["label"] for row in csv.DictReader(file)}
    assert set(DECISIONS["types"]) | set(DECISIONS["region_only"]) >= kinds
    assert not set(DECISIONS["types"]) & set(DECISIONS["region_only"])
    texts = set()
    for path in (SCHEMAS / "codes").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            texts |= {value for row in csv.DictReader(file) for value in row.values()}
    assert {*DECISIONS["region_only"], *DECISIONS["decided"], *DECISIONS["types"]} <= texts
