"""A release from returns to files: what DfE's screener, CSVW, Frictionless and the Analysis
Function's checklist ask of it, and the ledger.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from functools import partial
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from assets.publication import drafts
from assets.publication import release as releasing
from assets.publication.disclosure.knowledge import build_system
from assets.publication.disclosure.verdict import Leak, Offer, Prepared, Verdict
from assets.publication.files import META_COLUMNS, release_files
from assets.publication.programme import PUBLISHED_TABLES
from assets.publication.release import read_release
from assets.publication.tables import GEOGRAPHY, members_of_region, true_tables
from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.observatory import observatory_resource
from resources.settings import Settings
from resources.warehouse import Warehouse
from schemas.regions import disclosure_method, load_region
from tests import builders
from tests.conftest import Landing
from tests.regions import SOON_CONTENT
from tests.releasing import make_release

DATE = dt.date(2025, 3, 31)
KEY = b"a key that only the tests use"
REGION = load_region("north_west")


def drop(landing: Landing, children: int) -> None:
    homes = [
        {
            "urn": f"SC{n:06d}",
            "local_authority": ["Stockport", "Trafford", "Bolton"][n % 3],
            "places": 4,
        }
        for n in range(60)
    ]
    homes += [
        {"urn": f"SC{n:06d}", "local_authority": area, "places": 3}
        for n, area in ((60, "Bury"), (61, "Oldham"))
    ]
    landing.drop("2025-03-31", "ofsted", "list.csv", builders.register(homes))
    landing.drop(
        "2025-03-31", "356", "census.csv", builders.census([{"age": 10 + n % 6} for n in range(40)])
    )
    returned = [
        {"urn": f"SC{n:06d}", "host_local_authority": ["Stockport", "Trafford", "Bolton"][n % 3]}
        for n in range(50)
    ]
    returned.append(
        {
            "urn": "SC000060",
            "host_local_authority": "Bury",
            "occupied_places": 0,
            "vacant_places": 3,
        }
    )
    returned.append(
        {"urn": "SC000061", "host_local_authority": "Oldham"}
    )  # lived in, but who lives there is not told
    secure = {"provision_type": "Secure children's home"}
    returned.append(
        {
            "urn": "SC000062",
            "host_local_authority": "Oldham",
            "occupied_places": 0,
            "vacant_places": 3,
            **secure,
        }
    )
    returned.append({"urn": "SC000063", "host_local_authority": "Trafford", **secure})
    landing.drop("2025-03-31", "provider-a", "settings.csv", builders.settings(returned))
    landing.drop(
        "2025-03-31",
        "provider-a",
        "placements.csv",
        builders.placements(
            [{"urn": f"SC{n % 50:06d}"} for n in range(children)] + [{"urn": "SC000063"}]
        ),
    )


@pytest.fixture(scope="module")
def made(servers, tmp_path_factory):
    """A warehouse with one release and the folder of releases."""
    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter

    address = servers.fresh("embedded")
    root = tmp_path_factory.mktemp("release")
    landing = Landing(root / "landing")
    landing.root.mkdir()
    drop(landing, 100)
    with Warehouse(address) as warehouse:
        take_in(warehouse, landing.place, DATE, KEY)
        assert not build_quarter(warehouse, DATE, REGION).blocked_by
        release = make_release(warehouse, DATE, REGION, root / "releases", key=KEY)
        yield warehouse, landing, root / "releases", release
    servers.drop("embedded", address)


@pytest.fixture(scope="module")
def folder(made) -> Path:
    _, _, _, release = made
    return release.folder


def tables(folder: Path) -> list[tuple]:
    return [(table, pd.read_csv(folder / f"{table.name}.csv", dtype=str, keep_default_na=False)) for table in PUBLISHED_TABLES
            if (folder / f"{table.name}.csv").exists()]  # fmt: skip


# --- DfE's screening rules
# ---------------------------------------------------------------------------------


def test_csvs_pass_the_screening_rules(folder):
    found = tables(folder)
    assert {"host_authority_occupancy", "host_authority_origin", "homes", "net_position"} <= {
        table.name for table, _ in found
    }
    for table, data in found:
        raw = (folder / f"{table.name}.csv").read_bytes()
        assert not raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw
        assert list(data.columns[: len(GEOGRAPHY)]) == GEOGRAPHY
        measures = [i.name for i in table.indicators]
        assert list(data.columns) == [
            *GEOGRAPHY,
            *table.filters,
            *measures,
        ], "filters before indicators"
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in data.columns), "snake_case"
        assert not data.duplicated([*GEOGRAPHY, *table.filters]).any(), "no row twice"
        assert (data[[*table.filters, *measures]] != "").all(axis=None), "no blanks"
        assert (data.map(str.strip) == data).all(axis=None)
        for name in measures:
            assert data[name].str.fullmatch(r"-?\d+(\.\d+)?|c|x|z|low").all(), (table.name, name)
        for name in table.filters:
            assert (data[name] == "Total").any(), f"{table.name}.{name} has a Total"
            assert len(set(data[name])) > 1, f"{table.name}.{name} divides"
        assert set(data["geographic_level"]) <= {"Regional", "Local authority"}
        assert data["time_period"].eq("2025").all() and data["time_identifier"].eq("March").all()
        authorities = data[data["geographic_level"] == "Local authority"]
        assert (
            authorities["new_la_code"].str.fullmatch(r"E\d{8}").all()
            and authorities["old_la_code"].str.fullmatch(r"\d{3}").all()
        )
        assert (
            data.loc[
                data["geographic_level"] == "Regional", ["old_la_code", "new_la_code", "la_name"]
            ]
            .eq("")
            .all(axis=None)
        )


def test_metadata_are_in_step_with_their_data(folder):
    for table, data in tables(folder):
        meta = list(
            csv.DictReader(
                io.StringIO((folder / f"{table.name}.meta.csv").read_text(encoding="utf-8"))
            )
        )
        assert list(meta[0]) == META_COLUMNS
        assert [row["col_name"] for row in meta] == [c for c in data.columns if c not in GEOGRAPHY]
        assert {row["col_name"] for row in meta if row["col_type"] == "Filter"} == set(
            table.filters
        )
        labels = [row["label"] for row in meta]
        assert all(labels) and len(set(labels)) == len(labels)
        for row in meta:
            assert row["indicator_unit"] in ("", "%", "£")
            assert (row["indicator_dp"] == "") == (row["col_type"] == "Filter")
            assert (row["filter_hint"] == "") == (row["col_type"] == "Indicator")


# --- descriptions
# ------------------------------------------------------------------------------------------


def test_csvw_describes_every_table(folder):
    from csvw import CSVW

    for table, data in tables(folder):
        described = CSVW(str(folder / f"{table.name}.csv-metadata.json"))
        assert described.is_valid, described.warnings
        rows = list(described.tables[0])
        assert len(rows) == len(data)
        hidden = [name for name in (i.name for i in table.indicators) if (data[name] == "c").any()]
        assert all(any(row[name] is None for row in rows) for name in hidden), (
            "a symbol is no number"
        )


def test_the_package_is_valid(folder):
    from frictionless import Package

    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "note"])


def test_parquet_holds_what_the_csv_holds(folder):
    for table, data in tables(folder):
        assert (
            pd.read_parquet(folder / f"{table.name}.parquet")
            .astype("str")
            .equals(data.astype("str"))
        )


# --- the spreadsheet: what of the checklist a program can test
# -----------------------------------------------


def test_the_spreadsheet_keeps_the_checklist(folder):
    from openpyxl import load_workbook

    book = load_workbook(folder / "tables.xlsx")
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    assert book.properties.title and book.properties.creator
    published = tables(folder)
    assert len(book.sheetnames) == 3 + len(published)
    names = []
    for sheet in book.worksheets[1:]:
        assert len(sheet.tables) == 1, f"{sheet.title}: one marked table a sheet"
        assert not sheet.merged_cells.ranges, "no merged cells"
        assert sheet.sheet_state == "visible" and not [
            d for d in sheet.row_dimensions.values() if d.hidden
        ]
        assert sheet["A1"].value, "the title stands in A1"
        (marked,) = sheet.tables.values()
        names.append(marked.name)
        block = [[cell.value for cell in row] for row in sheet[marked.ref]]
        assert all(block[0]) and len(set(block[0])) == len(block[0]), (
            "every column has a heading of its own"
        )
        assert all(value is not None and value != "" for row in block for value in row), (
            f"{sheet.title}: no empty cell"
        )
        assert any(
            v and "one table" in str(v[0]) for v in sheet.iter_rows(max_row=6, values_only=True)
        ), "says how many tables"
    assert len(set(names)) == len(names)
    for (table, data), sheet in zip(published, book.worksheets[3:], strict=True):
        (marked,) = sheet.tables.values()
        block = [[cell.value for cell in row] for row in sheet[marked.ref]]
        texts = {
            value
            for row in block[1:]
            for value in row[3 + len(table.filters) :]
            if isinstance(value, str)
        }
        assert texts <= {"[c]", "[x]", "[z]", "[low]"}, "shorthand in brackets, figures as numbers"
        assert len(block) - 1 == len(data)
        above = " ".join(
            str(v[0]) for v in sheet.iter_rows(max_row=12, max_col=1, values_only=True)
        )
        assert all(symbol in above for symbol in texts), (
            "the shorthand is explained above the table"
        )


def test_the_same_release_gives_the_same_bytes(made, folder):
    warehouse, _, _, release = made
    held, manifest = read_release(warehouse, DATE, release.number)
    first, second = release_files(held, manifest), release_files(held, manifest)
    assert first == second
    assert {name: (folder / name).read_bytes() for name in first} == first
    moments = {info.date_time for info in zipfile.ZipFile(folder / "tables.xlsx").infolist()}
    assert len(moments) == 1, moments


def test_the_manifest_names_returns_and_method(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {(r["sender"], r["table_name"]) for r in manifest["returns"]} >= {
        ("356", "placement_census"),
        ("provider-a", "provider_settings"),
    }
    assert manifest["method"]["smallest_count_shown"] == 8 and manifest["method"]["round_to"] == 5
    assert manifest["gate"] == "passed", (
        "and no more: how many cells the repair hid would help to tell them apart"
    )
    assert "first release" in (folder / "changes.md").read_text(encoding="utf-8")


# --- the ledger
# ---------------------------------------------------------------------------------------------


def test_nothing_new_makes_no_release_and_a_dry_run_writes_nothing(made):
    warehouse, _, root, release = made
    again = make_release(warehouse, DATE, REGION, root, key=KEY)
    assert (again.number, again.is_new, again.verdict) == (release.number, False, None)
    other = REGION.__class__(
        **{
            **vars(REGION),
            "disclosure": disclosure_method(
                {"smallest_count_shown": 10, "round_to": 10, **SOON_CONTENT}, "test"
            ),
        }
    )
    tried = make_release(warehouse, DATE, other, root, key=KEY, dry_run=True)
    assert tried.is_new and tried.number == release.number + 1
    assert "method of disclosure control changed" in tried.changes
    assert not tried.folder.exists()
    assert warehouse.scalar("select count(*) from published.release") == 1


def test_a_quarter_for_which_nothing_counts_is_not_released_though_the_register_is_carried_to_it(
    embedded_warehouse, landing, bring, tmp_path
):
    from assets.warehouse.building import build_quarter

    later = dt.date(2025, 6, 30)
    landing.drop(
        "2025-03-31",
        "ofsted",
        "list.csv",
        builders.register([{"urn": "SC000001", "local_authority": "Stockport"}]),
    )
    bring(embedded_warehouse, landing, "2025-03-31")
    assert not build_quarter(embedded_warehouse, later, REGION).blocked_by
    assert (
        embedded_warehouse.scalar(
            "select count(*) from curated.homes where census_date = '2025-06-30'"
        )
        > 0
    )
    assert make_release(embedded_warehouse, later, REGION, tmp_path) is None
    assert embedded_warehouse.scalar("select count(*) from published.release") == 0


def a_leak() -> Leak:
    return Leak(
        0,
        "host_authority_origin.children, 356, Elsewhere",
        2,
        2,
        ("a total (8 to 12)",),
        ("a total = sum of its parts",),
    )


def cautious(smallest: int):
    method = disclosure_method({"smallest_count_shown": smallest}, "test")
    return REGION.__class__(**{**vars(REGION), "disclosure": method})


def test_a_refused_draft_writes_nothing_and_is_remembered_until_something_changes(
    made, monkeypatch
):
    from assets.warehouse.building import build_quarter

    warehouse, _, root, release = made
    asked = []

    def refused(*_):
        asked.append(1)
        return Prepared(
            read_release(warehouse, DATE, release.number)[0], 0, Verdict(leaks=(a_leak(),))
        )

    monkeypatch.setattr(drafts, "prepare_against", refused)
    tables = (
        "published.cell",
        "published.release",
        "raw.released_count",
        "raw.draft",
        "raw.draft_cell",
    )
    before = [warehouse.scalar(f"select count(*) from {t}") for t in tables]
    assert not build_quarter(warehouse, DATE, cautious(9)).blocked_by
    assert drafts.due(warehouse, cautious(9), dt.date(2026, 1, 1)) == {
        DATE: "to see whether a correction is due"
    }
    for _ in range(2):
        result = make_release(warehouse, DATE, cautious(9), root, key=KEY)
        assert result.refused and not result.folder.with_name("r2").exists()
        assert (
            "356, Elsewhere" in result.draft.said[0]
            and "collecting goes on" in result.draft.what_to_do()
        )
    assert len(asked) == 1, "what was refused is not tried again"
    assert [warehouse.scalar(f"select count(*) from {t}") for t in tables] == before
    assert drafts.due(warehouse, cautious(9), dt.date(2026, 1, 1)) == {}
    assert [one.census_date for one in drafts.refusals(warehouse)] == [DATE]
    assert not build_quarter(warehouse, DATE, REGION).blocked_by
    assert drafts.due(warehouse, REGION, dt.date(2026, 1, 1)) == {
        DATE: "to see whether a correction is due"
    }
    assert make_release(warehouse, DATE, REGION, root, key=KEY).draft.outcome == drafts.SAME, (
        "the method is what it was: nothing to say"
    )
    assert drafts.refusals(warehouse) == []


def test_what_a_refusal_offers_is_taken_by_its_name_and_kept_in_the_history(made, monkeypatch):
    from assets.warehouse.building import build_quarter

    warehouse, _, root, release = made
    held, _ = read_release(warehouse, DATE, release.number)
    name = PUBLISHED_TABLES[0].name
    true = true_tables(warehouse, DATE, members_of_region(warehouse, DATE), KEY)
    older = {**held, name: held[name].copy()}
    older[name].iloc[0, -1] = "low"  # tells it apart from what is published
    says = f"Publish with these tables as they were in r1: {name}"
    offers = (
        Offer("wait", "Wait for more corrections"),
        Offer("carry over", says, tables=(name,), prepared=Prepared(older, 0, Verdict(), true)),
    )
    refused = Prepared(held, 0, Verdict(leaks=(a_leak(),), offers=offers))
    monkeypatch.setattr(drafts, "prepare_against", lambda *_: refused)

    def draft(accept: str = "") -> drafts.Draft:
        return drafts.make_draft(warehouse, DATE, cautious(9), "the test", KEY, accept=accept)

    assert not build_quarter(warehouse, DATE, cautious(9)).blocked_by
    assert draft().refused
    with pytest.raises(
        ObservatoryError, match="To hide is not offered; the gate offers to wait or to carry over"
    ):
        draft("hide")
    with warehouse.writing() as connection:
        connection.exec_driver_sql(
            "update raw.released_told set told = told || '{\"figure\": 0.5}'::jsonb"
        )
    taken = draft("carry over")
    assert (taken.outcome, taken.accepted) == (drafts.MADE, says)
    tables, manifest = read_release(warehouse, DATE, taken.number, ledger=releasing.DRAFTS)
    assert tables[name].iloc[0, -1] == "low" and manifest["carried_over"] == [name]
    last = "select why from raw.quarter_step where census_date = :d order by number desc limit 1"
    assert warehouse.scalar(last, d=DATE) == f"draft {taken.mark}; accepted: {says}"
    kept, stands = (
        warehouse.rows(f"select whose, told::text from raw.{table} order by 1, 2")
        for table in ("draft_told", "released_told")
    )
    assert kept == stands, "of the older figures members are told what they were told with them"
    assert drafts.refusals(warehouse) == []
    assert draft().outcome == drafts.STANDS, "the next run leaves it as it is"
    assert drafts.kept(warehouse, DATE).accepted == says, "whoever approves is told"
    assert not build_quarter(warehouse, DATE, REGION).blocked_by
    assert make_release(warehouse, DATE, REGION, root, key=KEY).draft.outcome == drafts.SAME


def test_in_dagster_the_gate_is_a_blocking_check_on_drafts(made, monkeypatch, tmp_path):
    from assets.publication import assets as shown
    from assets.publication.assets import build_draft_assets
    from pipelines.partitions import quarters

    warehouse, _, _, _ = made
    refused = drafts.Draft(DATE, drafts.REFUSED, 2, said=(str(a_leak()),))
    monkeypatch.setattr(shown, "make_draft", lambda *_, **__: refused)
    monkeypatch.setattr(shown, "warehouse_key", lambda *_: KEY)
    assets = build_draft_assets(quarters)
    assert {check.blocking for check in assets.check_specs} == {True}

    observatory = observatory_resource(
        partial(opened, Settings(tmp_path, str(tmp_path), warehouse.url, "north_west"))
    )
    result = dg.materialize(
        [assets],
        partition_key="2025-03-31",
        resources={"observatory": observatory},
        raise_on_error=False,
    )
    assert not result.success
    failed = {
        e.asset_key.to_user_string(): e
        for e in result.get_asset_check_evaluations()
        if not e.passed
    }
    assert list(failed) == ["draft/host_authority_origin"]
    assert not result.get_asset_materialization_events()


def test_in_dagster_nothing_is_published_but_in_somebodys_name(made, tmp_path):
    from assets.publication.assets import build_draft_assets, build_publication_assets
    from pipelines.partitions import quarters

    warehouse, _, _, release = made
    observatory = observatory_resource(
        partial(opened, Settings(tmp_path, str(tmp_path), warehouse.url, "north_west"))
    )
    result = dg.materialize(
        [build_draft_assets(quarters), build_publication_assets(quarters)],
        selection=dg.AssetSelection.groups("published"),
        partition_key="2025-03-31",
        resources={"observatory": observatory},
        raise_on_error=False,
    )
    assert not result.success and not result.get_asset_materialization_events()
    assert (
        warehouse.scalar(
            "select max(release_number) from published.release where census_date = :d", d=DATE
        )
        == release.number
    )


def test_a_late_return_makes_a_new_release_that_says_why(made):
    from assets.intake.loading import take_in
    from assets.warehouse.building import build_quarter

    warehouse, landing, root, release = made
    drop(landing, 130)
    take_in(warehouse, landing.place, DATE, KEY)
    assert not build_quarter(warehouse, DATE, REGION).blocked_by
    second = make_release(warehouse, DATE, REGION, root, key=KEY)
    assert second.number == release.number + 1 and second.is_new and second.verdict.passed
    said = (second.folder / "changes.md").read_text(encoding="utf-8")
    assert "Changed: provider placements of provider-a" in said
    assert "is now" in said
    assert release.folder.exists()
    system = build_system(releasing.earlier_releases(warehouse, DATE))
    assert system.cells["truth"].notna().all(), (
        "the ledger keeps the truth of all that is published, estimates included"
    )


@pytest.mark.parametrize(
    ("table", "measure", "filters"),
    [
        ("host_use_of_own_supply", "children_living_here", {}),
        ("host_authority_origin", "children", {"origin_band": "Total"}),
    ],
)
def test_where_every_home_that_returned_is_empty_nobody_lives_and_nothing_is_unknown(
    folder, table, measure, filters
):
    frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
    for name, value in {"la_name": "Bury", "provision_type": "Children's home", **filters}.items():
        frame = frame[frame[name] == value]
    assert frame[measure].tolist() in (["0"], ["c"])  # and not x: a return was received


@pytest.mark.parametrize(
    ("table", "measure", "filters"),
    [
        ("host_use_of_own_supply", "children_living_here", {}),
        ("host_authority_origin", "children", {"origin_band": "Total"}),
    ],
)
def test_an_empty_home_makes_no_total_of_those_who_are_not_listed(folder, table, measure, filters):
    frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
    for name, value in {"la_name": "Oldham", **filters}.items():
        frame = frame[frame[name] == value]
    printed = frame.set_index("provision_type")[measure]
    assert printed["Secure children's home"] in ("0", "c")
    assert (printed["Children's home"], printed["Total"]) == ("x", "x")


# --- the method
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"smallest_count_shown": 5},
        {"round_to": 3},
        {"possible_values": 2},
        {"placements_for_a_mean": 5},
        {"largest_share_of_spend": 0.9},
    ],
)
def test_a_region_is_not_less_safe_without_saying_why(settings):
    with pytest.raises(ValueError, match="less safe"):
        disclosure_method(settings, "a.toml")
    assert (
        disclosure_method(
            {**settings, "less_safe_because": "agreed by all"}, "a.toml"
        ).less_safe_because
        == "agreed by all"
    )


@pytest.mark.parametrize(
    "settings", [{"smallest": 9}, {"round_to": 0}, {"round_to": "5"}, {"round_to": 20}]
)
def test_a_method_that_cannot_be_is_refused(settings):
    with pytest.raises(ValueError, match="expected"):
        disclosure_method(settings, "a.toml")


def test_a_region_may_be_safer():
    assert (
        disclosure_method(
            {"smallest_count_shown": 10, "round_to": 10, "largest_share_of_spend": 0.5}, "a.toml"
        ).round_to
        == 10
    )


def test_the_ledger_knows_which_cells_carry_noise_and_every_file_says_it(made, folder):
    warehouse, _, _, release = made
    told = warehouse.frame(
        "select measure, value from raw.released_count where census_date = :d and release_number = :n and measure = '_settings'",
        d=DATE, n=release.number,
    )  # fmt: skip
    assert told["value"].max() >= REGION.disclosure.settings_for_noise, (
        "the ledger knows which cells carry noise"
    )
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["method"]["noise"] is True and manifest["method"]["settings_for_noise"] == 5
    assert KEY.decode() not in (folder / "manifest.json").read_text(encoding="utf-8")
    with zipfile.ZipFile(folder / "tables.xlsx") as book:
        assert "carry noise" in book.read("xl/sharedStrings.xml").decode("utf-8")
