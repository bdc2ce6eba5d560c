"""The command end to end, as a user types it: through Dagster, in a home whose path has a space."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.checks.assets import CHANGES, EXPECTATIONS
from pipelines.definitions import build_definitions
from resources.provenance import MARK
from resources.settings import Settings
from tests.regions import quick_region_file
from tests.unit.test_in_the_ui import checks_shown

ROOT = Path(__file__).resolve().parents[2]


class Observatory:
    """The command with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith(("OBSERVATORY_", "DAGSTER_"))
            },
            "OBSERVATORY_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        }

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        command = [sys.executable, "-c", "from pipelines.command import main; main()", *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.home.parent,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout if expect == 0 else done.stdout + done.stderr


APPROVER = "Ada Example (made up)"


@pytest.fixture(scope="module")
def drafted(tmp_path_factory) -> tuple[Observatory, str]:
    """A home after its first run: two quarters whose day has long come, so that they are closed and
    drafted.
    """
    root = tmp_path_factory.mktemp("a home with spaces")
    observatory = Observatory(root / "the home")
    observatory(
        "synth",
        "--out",
        str(root / "landing place"),
        "--quarters",
        "2",
        "--scale",
        "0.03",
        "--no-truth",
        "--seed",
        "2",
    )
    observatory.environment["OBSERVATORY_LANDING"] = str(root / "landing place")
    observatory.environment["OBSERVATORY_REGION"] = str(quick_region_file(root))
    said = observatory("run")
    assert not list((observatory.home / "releases").glob("*/r*")), "a run never publishes"
    assert (
        observatory("query", "select count(*) as n from published.release", "--format", "csv")
        == "n\n0\n"
    )
    return observatory, said


@pytest.fixture(scope="module")
def ran(drafted) -> tuple[Observatory, str, str]:
    """The same home after the approval; what the run said, and what the approval."""
    observatory, said = drafted
    return (
        observatory,
        said,
        observatory("approve", "--all", "--by", APPROVER, "--note", "looked at with the directors"),
    )


def test_a_run_says_what_was_built_and_where_to_look(drafted):
    observatory, said = drafted
    for words in (
        "received = loaded + rejected + set aside",
        "North West, 31 December 2025",
        "are occupied",
        "2025-12-31: closed by the timetable",
        "observatory approve 2025-12-31 --by 'NAME'",
        "Where to look next",
        "Done in",
    ):
        assert words in said, said
    assert "Traceback" not in said
    page = next((observatory.home / "drafts" / "2025-12-31").glob("*/page/index.html"))
    assert str(page) in said
    assert "waits for the approval of a named person" in page.read_text(encoding="utf-8")


def test_an_approval_publishes_the_draft_and_says_who_gave_it(ran):
    observatory, _, said = ran
    assert f"2025-12-31: r1 published. Approved by {APPROVER}" in said
    assert "waits for the approval" not in (
        observatory.home / "releases/2025-12-31/r1/page/index.html"
    ).read_text(encoding="utf-8")
    assert not list((observatory.home / "drafts").glob("*")), (
        "what is published is no draft any more"
    )
    assert "There is no draft to approve" in observatory("approve", "--all", "--by", APPROVER)
    assert "looked at with the directors" in observatory("status")
    with dg.DagsterInstance.from_config(str(observatory.home / "dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["published", "homes"]))
        assert event.asset_materialization.metadata["approved_by"].value == APPROVER


def test_the_observatory_page_lies_beside_the_release_and_is_made_again_where_it_is_gone(ran):
    observatory, _, said = ran
    page = observatory.home / "releases" / "2025-12-31" / "r1" / "page" / "index.html"
    assert str(page) in said
    before = page.read_bytes()
    assert b"children\xe2\x80\x99s homes" in before
    page.parent.rename(page.parent.with_name("gone"))
    assert "2025-12-31: the observatory page made" in observatory("run")
    assert page.read_bytes() == before


def test_the_run_is_in_dagsters_history_with_rows_checks_and_lineage(ran):
    observatory, *_ = ran
    with dg.DagsterInstance.from_config(str(observatory.home / "dagster")) as instance:
        runs = instance.get_runs()
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
        assert [run.job_name for run in runs] == ["approve", "draft", "bring_up_to_date"]
        occupancy = dg.AssetKey(["curated", "host_authority_occupancy"])
        event = instance.get_latest_materialization_event(occupancy)
        metadata = event.asset_materialization.metadata
        assert metadata["dagster/partition_row_count"].value > 100
        lineage = (
            build_definitions(Settings(observatory.home, "landing", "", "north_west"))
            .resolve_asset_graph()
            .get(occupancy)
            .metadata
        )
        assert "occupied" in lineage["dagster/column_lineage"].deps_by_column
        assert set(instance.get_materialized_partitions(occupancy)) == {"2025-09-30", "2025-12-31"}
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [dg.AssetCheckKey(occupancy, "grain")]
        )
        assert [record.status.value for record in checks.values()] == ["SUCCEEDED"]
        projection = instance.get_latest_materialization_event(
            dg.AssetKey(["curated", "children_looked_after_projection"])
        )
        assert projection.asset_materialization.metadata["dagster/partition_row_count"].value > 100


def test_every_check_of_a_quarter_is_shown_as_passed_or_failed(ran):
    """Of a check that the UI takes for one of an older materialization it shows nothing."""
    observatory, *_ = ran
    with dg.DagsterInstance.from_config(str(observatory.home / "dagster")) as instance:
        graph = build_definitions(
            Settings(observatory.home, "landing", "", "north_west")
        ).resolve_asset_graph()
        later = {EXPECTATIONS, CHANGES}  # of the report, which was not written yet
        keys = [
            key
            for key in graph.asset_check_keys
            if key.name not in later and graph.get(key.asset_key).is_partitioned
        ]
        shown = checks_shown(instance, keys)
        told = {"SUCCEEDED", "FAILED"}
        missing = [
            str(key)
            for key in keys
            if not {"2025-09-30", "2025-12-31"} <= {p for p, s in shown[key].items() if s in told}
        ]
        assert len(keys) > 150 and missing == []


def test_the_quality_report_is_written_and_in_dagsters_history_and_blocks_nothing(ran):
    observatory, *_ = ran
    said = observatory("report")
    page = observatory.home / "data_docs" / "2025-12-31" / "index.html"
    assert f"Open {page}" in said and page.is_file()
    occupancy = dg.AssetKey(["curated", "host_authority_occupancy"])
    with dg.DagsterInstance.from_config(str(observatory.home / "dagster")) as instance:
        key = dg.AssetCheckKey(occupancy, "expectations")
        record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
        metadata = record.evaluation.metadata
        assert (
            record.evaluation.passed
            and metadata["unmet"].value == "none"
            and metadata["expectations"].value > 10
        )
        assert (
            metadata["data docs 2025-12-31"].value == "/observatory/data_docs/2025-12-31/index.html"
        )
        observed = instance.fetch_observations(occupancy, limit=1).records[0]
        assert (
            observed.asset_observation.metadata["data docs 2025-12-31"].value
            == "/observatory/data_docs/2025-12-31/index.html"
        )
        assert instance.get_runs(limit=1)[0].job_name == "quality_report"
        instance.delete_run(instance.get_runs(limit=1)[0].run_id)
    assert "No figures are held for 2015-03-31" in observatory(
        "report", "--census-date", "2015-03-31", expect=2
    )
    assert "2025-09-30: quality report" in observatory("run", "--report"), (
        "what is missing is written, though nothing has landed"
    )
    assert "uality report" not in observatory("run", "--report")
    with dg.DagsterInstance.from_config(str(observatory.home / "dagster")) as instance:
        instance.delete_run(instance.get_runs(limit=1)[0].run_id)


def test_a_second_run_does_nothing_and_says_so(ran):
    observatory, *_ = ran
    said = observatory("run")
    assert "Up to date: nothing new has landed." in said
    assert "North West, 31 December 2025" in said
    with dg.DagsterInstance.from_config(str(observatory.home / "dagster")) as instance:
        assert len(instance.get_runs()) == 3


def test_query_as_csv_prints_a_header_and_the_rows_and_nothing_else(ran):
    observatory, *_ = ran
    rows = list(
        csv.reader(
            io.StringIO(
                observatory(
                    "query",
                    "select provision_type, count(*) as n from curated.homes group by 1 order by 1",
                    "--format",
                    "csv",
                )
            )
        )
    )
    assert rows[0] == ["provision_type", "n"]
    assert len(rows) > 3
    assert all(int(row[1]) > 0 for row in rows[1:])
    as_json = json.loads(
        observatory("query", "select 1 as one, null as nothing, true as yes", "--format", "json")
    )
    assert as_json == [{"one": 1, "nothing": None, "yes": True}]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select * from nowhere", "nowhere"),
        ("delete from curated.homes", "read-only"),
        ("selekt", "syntax error"),
    ],
    ids=["no such table", "a change", "no SQL"],
)
def test_a_question_that_cannot_be_answered_is_told_in_a_sentence(ran, sql, says):
    observatory, *_ = ran
    said = observatory("query", sql, expect=2)
    assert says in said
    assert "Traceback" not in said


def test_a_role_that_does_not_exist_is_told(ran):
    observatory, *_ = ran
    assert "no role 'nobody_we_know'" in observatory(
        "query", "select 1", "--as", "nobody_we_know", expect=2
    )


def test_status_names_who_has_and_who_has_not_returned(ran):
    observatory, *_ = ran
    said = observatory("status")
    assert "census date 31 December 2025" in said
    assert "of 24 authorities have returned" in said
    assert "Children's home" in said
    assert "Nothing is held for 2015-03-31" in observatory(
        "status", "--census-date", "2015-03-31", expect=2
    )


def test_an_empty_landing_place_and_none_at_all_are_told(ran, tmp_path):
    observatory, *_ = ran
    assert "No landing place was found" in observatory(
        "run", "--landing", str(tmp_path / "none"), expect=2
    )


def test_synth_never_writes_over_returns_that_were_not_made_up(tmp_path):
    observatory = Observatory(tmp_path / "home")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "2025-12-31").mkdir()
    assert "were not made up" in observatory("synth", "--out", str(tmp_path / "real"), expect=2)
    assert sorted(p.name for p in (tmp_path / "real").rglob("*")) == ["2025-12-31"]


def test_a_folder_of_a_quarter_that_is_none_is_named_and_left_alone(ran, tmp_path):
    observatory, *_ = ran
    (tmp_path / "landing" / "2031-03-31" / "356").mkdir(parents=True)
    (tmp_path / "landing" / MARK).write_text(
        "made up, as what this warehouse holds\n", encoding="utf-8"
    )
    (tmp_path / "landing" / "2031-03-31" / "356" / "a.csv").write_text(
        "x,y\n1,2\n", encoding="utf-8"
    )
    (tmp_path / "landing" / "2014-12-31" / "356").mkdir(parents=True)
    said = observatory("run", "--landing", str(tmp_path / "landing"))
    assert (
        "2031-03-31: a census date in the future" in said
        and "2014-12-31: a census date before" in said
    )
    assert "in the future" in observatory(
        "run", "--census-date", "2031-03-31", "--landing", str(tmp_path / "landing"), expect=2
    )
    assert (
        observatory(
            "query",
            "select count(*) as n from raw.submission where census_date > '2030-01-01'",
            "--format",
            "csv",
        )
        == "n\n0\n"
    )
