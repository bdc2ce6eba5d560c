"""Made-up data says so on everything that is made of it, real data nowhere, and the two are never
in one warehouse.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from assets.answering.outbox import answer_quarter
from assets.checks.report import write_report
from assets.intake.loading import take_in
from assets.page.site import bring_sites_up_to_date
from assets.warehouse.building import build_quarter
from made_up import make_region
from pipelines.command import cli
from pipelines.definitions import build_definitions
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.provenance import BANNER, IN_WORKBOOKS, MARK
from resources.settings import Settings
from resources.warehouse import Warehouse
from tests import builders
from tests.conftest import KEY, Landing
from tests.regions import QUICK
from tests.releasing import make_release

DATE = dt.date(2025, 12, 31)
REGION = QUICK
SAYS = re.compile(r"made[- ]up", re.IGNORECASE)


class Home:
    """A warehouse with one quarter, brought from its landing place to everything that is made of
    it.
    """

    def __init__(self, address: str, root: Path, landing: Path) -> None:
        self.address, self.root, self.landing = address, root, landing
        self.settings = Settings(root, str(landing), address, "north_west")
        with Warehouse(address) as warehouse:
            take_in(warehouse, LandingPlace(str(landing)), DATE, KEY)
            assert not build_quarter(warehouse, DATE, REGION).blocked_by
            answer_quarter(warehouse, LandingPlace(str(landing)), self.settings.outbox, DATE, KEY)
            assert make_release(warehouse, DATE, REGION, self.settings.releases)
            bring_sites_up_to_date(warehouse, REGION, self.settings.releases, say=lambda _: None)
            write_report(warehouse, DATE, self.settings.data_docs)

    def files(self) -> list[Path]:
        return sorted(
            p
            for folder in ("releases", "outbox", "data_docs")
            for p in (self.root / folder).rglob("*")
            if p.is_file()
        )


@pytest.fixture(scope="module")
def made_up(servers, tmp_path_factory):
    root = tmp_path_factory.mktemp("made up")
    make_region(root / "landing", quarters=1, last=DATE, seed=7, scale=0.03, truth=False)
    address = servers.fresh("embedded")
    yield Home(address, root / "home", root / "landing")
    servers.drop("embedded", address)


@pytest.fixture(scope="module")
def real(servers, tmp_path_factory):
    root = tmp_path_factory.mktemp("real")
    landing = Landing(root / "landing")
    landing.drop("2025-12-31", "356", "census.csv", builders.census([{}] * 20))
    landing.drop(
        "2025-12-31",
        "ofsted",
        "register.csv",
        builders.register(
            [{"urn": f"SC{n:06d}", "local_authority": "Stockport"} for n in range(9)]
        ),
    )
    landing.drop(
        "2025-12-31",
        "provider-1",
        "settings.csv",
        builders.settings([{"urn": f"SC{n:06d}"} for n in range(9)]),
    )
    address = servers.fresh("embedded")
    yield Home(address, root / "home", root / "landing")
    servers.drop("embedded", address)


def text_of(path: Path) -> str:
    """What a reader of the file can find in it."""
    if path.suffix == ".parquet":
        return str(pq.read_schema(path).metadata)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            return "".join(
                parts.read(name).decode("utf-8", "replace")
                for name in parts.namelist()
                if name.endswith(".xml")
            )
    return path.read_text(encoding="utf-8")


FIGURES = re.compile(r"\d+/[a-z_0-9]+\.csv$")


def carries_figures_alone(path: Path) -> bool:
    """The CSVs of figures stay as they are: their metadata speak for them. A stamp and an outline
    are nobody's reading.
    """
    return (
        (path.suffix == ".csv" and not path.name.endswith(".meta.csv"))
        or path.suffix in {".txt", ".css", ".js"}
        or "static" in path.parts
    )


def test_everything_made_of_made_up_returns_says_so(made_up):
    files = made_up.files()
    kinds = {"".join(path.suffixes[-2:]) for path in files}
    assert {
        ".html",
        ".xlsx",
        ".parquet",
        ".md",
        ".json",
        ".meta.csv",
        ".csv-metadata.json",
    } <= kinds
    unsaid = [
        str(path.relative_to(made_up.root))
        for path in files
        if not carries_figures_alone(path) and not SAYS.search(text_of(path))
    ]
    assert unsaid == []
    pages = [path for path in files if path.suffix == ".html"]
    assert [p.name for p in pages if BANNER not in text_of(p)] == []
    assert [
        p.name for p in files if "Crown copyright" in text_of(p) or "open-government" in text_of(p)
    ] == []


def test_the_cover_of_the_spreadsheet_and_the_first_line_of_an_answer_say_so(made_up):
    [tables] = (made_up.root / "releases").rglob("tables.xlsx")
    cover = openpyxl.load_workbook(tables, read_only=True).worksheets[0]
    assert BANNER in {row[0].value for row in cover.iter_rows(min_row=1, max_row=4)}
    answer = next((made_up.root / "outbox").rglob("*.xlsx"))
    first = openpyxl.load_workbook(answer).worksheets[0]
    assert [cell.value for cell in first[1]][:2] == ["Made-up data", BANNER]


def test_the_ledger_and_the_manifest_say_so(made_up):
    [manifest] = (made_up.root / "releases").rglob("manifest.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["made_up"] == BANNER
    with Warehouse(made_up.address) as warehouse:
        assert warehouse.scalar("select manifest ->> 'made_up' from published.release") == BANNER


def ask(home: Home, monkeypatch, *arguments: str):
    monkeypatch.setenv("OBSERVATORY_HOME", str(home.root))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(home.landing))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", home.address)
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


QUESTION = ("query", "select 1 as one", "--format", "csv")


def test_the_command_says_so_and_a_csv_stays_a_header_and_rows(made_up, monkeypatch):
    assert BANNER in ask(made_up, monkeypatch, "status").stdout
    asked = ask(made_up, monkeypatch, *QUESTION)
    assert (asked.stdout, asked.stderr.strip()) == ("one\n1\n", BANNER)
    listed = ask(made_up, monkeypatch, "status", "--missing", "--format", "csv")
    assert listed.stdout.startswith("sender") or BANNER not in listed.stdout
    assert BANNER in listed.stderr
    one = next((made_up.landing / "2025-12-31").glob("provider-*/*.xlsx"))
    assert BANNER in ask(made_up, monkeypatch, "check", str(one)).stdout


def test_every_asset_says_so_in_dagster(made_up, real):
    graph = build_definitions(made_up.settings).resolve_asset_graph()
    assert [
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if BANNER not in graph.get(key).description
    ] == []
    assert {graph.get(key).metadata.get("data") for key in graph.get_all_asset_keys()} == {
        "made up"
    }
    graph = build_definitions(real.settings).resolve_asset_graph()
    assert [
        key for key in graph.get_all_asset_keys() if SAYS.search(graph.get(key).description)
    ] == []


def test_nothing_made_of_real_returns_says_so(real, monkeypatch):
    assert [path.name for path in real.files() if SAYS.search(text_of(path))] == []
    assert any(
        "Crown copyright" in text_of(path) for path in real.files() if path.suffix == ".html"
    )
    for arguments in (("status",), QUESTION):
        asked = ask(real, monkeypatch, *arguments)
        assert not SAYS.search(asked.output)


# --- never both
# ---------------------------------------------------------------------------------------------------------


def test_a_made_up_warehouse_refuses_real_returns(made_up, tmp_path, monkeypatch):
    landing = Landing(tmp_path / "real")
    landing.drop("2025-09-30", "356", "census.csv", builders.census([{}] * 3))
    with Warehouse(made_up.address) as warehouse:
        before = warehouse.scalar("select count(*) from raw.submission")
        with pytest.raises(ObservatoryError, match="made-up returns, and those in .* are not"):
            take_in(warehouse, landing.place, dt.date(2025, 9, 30), KEY)
        assert warehouse.scalar("select count(*) from raw.submission") == before
    monkeypatch.setenv("OBSERVATORY_HOME", str(made_up.root))
    monkeypatch.setenv("OBSERVATORY_DATABASE_URL", made_up.address)
    with pytest.raises(ObservatoryError, match="OBSERVATORY_HOME"):
        CliRunner().invoke(cli, ["run", "--landing", str(landing.root)], catch_exceptions=False)


def test_a_real_warehouse_refuses_made_up_returns_and_knows_a_copied_workbook(
    real, made_up, tmp_path
):
    with Warehouse(real.address) as warehouse:
        with pytest.raises(
            ObservatoryError, match="are made up, and the warehouse holds real ones"
        ):
            take_in(warehouse, LandingPlace(str(made_up.landing)), DATE, KEY)
        landing = Landing(tmp_path / "copied")
        copied = landing.root / "2025-12-31" / "provider-copied" / "settings.xlsx"
        copied.parent.mkdir(parents=True)
        shutil.copy(next((made_up.landing / "2025-12-31").glob("provider-*/*.xlsx")), copied)
        with pytest.raises(ObservatoryError, match="are made up"):
            take_in(warehouse, landing.place, DATE, KEY)
        assert warehouse.scalar("select is_made_up from raw.provenance") is False


def test_the_mark_names_region_and_seed_and_is_no_return(made_up):
    first, *names = (made_up.landing / MARK).read_text(encoding="utf-8").splitlines()
    assert "region north_west, seed 7" in first and len(names) > 10
    place = LandingPlace(str(made_up.landing))
    assert place.left_alone() == [] and MARK not in {file.name for file in place.files(DATE)}
    book = openpyxl.load_workbook(
        next((made_up.landing / "2025-12-31").glob("provider-*/*.xlsx")), read_only=True
    )
    assert book.properties.description == IN_WORKBOOKS
