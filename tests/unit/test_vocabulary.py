"""Our words beside the standard's: every label has its match, every concept is the standard's, the
page says so, and a release is exported so.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines import command
from resources.errors import ObservatoryError
from schemas.codes import code_set
from schemas.returns import return_tables
from schemas.vocabulary import MATCHES, SCHEMES, address, concepts_of, matches
from tests.vocabulary import PAGE, page

TABLE = return_tables()["placements_standard"]


def test_the_page_in_the_docs_is_what_the_data_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.vocabulary"


def test_every_label_of_a_column_that_is_matched_has_a_match_and_the_words_are_known():
    whole = {
        "provision_type": {*code_set("provision_type").labels, "Other"},
        "deprivation_of_liberty": set(code_set("deprivation_of_liberty").labels),
    }
    whole["solo_placement"] = set(code_set("solo_placement").labels)
    whole["placement_type"] = {
        m["placement_type"] for m in code_set("place_903").meanings.values()
    } - {""}
    today = {label for label, m in code_set("distance_reason").meanings.items() if not m["to"]} - {
        "Not applicable"
    }
    whole["distance_reason"] = today
    assert {column: set(concepts_of(column)) for column in whole} == whole
    for match in matches():
        assert match.match in MATCHES and bool(match.concept) == (match.match != "none"), match


def test_every_concept_is_one_of_the_official_taxonomies(shared):
    folder = shared / "standards" / "placements" / "official"
    taxonomies = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.ttl"))
    here = {
        m["concept"] for c in TABLE.columns if c.codes for m in code_set(c.codes).meanings.values()
    }
    for concept in here | {match.concept for match in matches() if match.concept}:
        assert re.search(rf"^{re.escape(concept)} ", taxonomies, re.MULTILINE), concept
    assert address("pt:Foster") == "https://ns.socialcaredata.io/placements/placement-type#Foster"
    for prefix, tail in SCHEMES.items():
        assert re.search(
            rf"@prefix {prefix}:\s+<{re.escape(address(f'{prefix}:'))}>", taxonomies
        ), tail


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home with two releases of a quarter."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    for number in (1, 2):
        folder = tmp_path / "home" / "releases" / "2025-12-31" / f"r{number}"
        folder.mkdir(parents=True)
        (folder / "homes.csv").write_text(
            f"provision_type,settings\nChildren's home,{number}\nTotal,c\nOther,3\n",
            encoding="utf-8",
        )
        (folder / "children_looked_after.csv").write_text(
            "breakdown,category,children\nPlacement type,Foster placements,c\nAge,10 to 15,25\n",
            encoding="utf-8",
        )
        (folder / "net_position.csv").write_text(
            "la_name,net_gain\nStockport,5\n", encoding="utf-8"
        )
        (folder / "manifest.json").write_text(
            '{"made_up": "Made-up data."}' if number == 2 else "{}", encoding="utf-8"
        )
        (folder / "homes.meta.csv").write_text("col_name\n", encoding="utf-8")
    return tmp_path


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_release_is_exported_with_the_standards_concepts_beside_its_own_labels(home):
    result = CliRunner().invoke(
        command.cli, ["export", "--census-date", "2025-12-31", "--out", str(home / "out")]
    )
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (home / "out").iterdir()) == [
        "about.md",
        "children_looked_after.csv",
        "homes.csv",
    ]
    about = (home / "out" / "about.md").read_text(encoding="utf-8")
    assert "r2 of 2025-12-31" in about and "Made-up data." in about, (
        "what comes of made-up returns says so"
    )
    assert rows(home / "out" / "homes.csv") == [
        ["provision_type", "settings", "provision_type_concept", "provision_type_match"],
        ["Children's home", "2", address("pt:Residential"), "broad"], ["Total", "c", "", ""], ["Other", "3", "", ""],
    ]  # fmt: skip
    assert rows(home / "out" / "children_looked_after.csv")[1:] == [
        ["Placement type", "Foster placements", "c", address("pt:Foster"), "exact"], ["Age", "10 to 15", "25", "", ""],
    ]  # fmt: skip


def test_an_earlier_release_is_exported_when_asked_and_nothing_is_written_over(home):
    out = home / "out"
    assert (
        CliRunner()
        .invoke(
            command.cli,
            ["export", "--census-date", "2025-12-31", "--release", "1", "--out", str(out)],
        )
        .exit_code
        == 0
    )
    assert rows(out / "homes.csv")[1][1] == "1"
    assert "Made-up" not in (out / "about.md").read_text(encoding="utf-8")
    again = CliRunner().invoke(
        command.cli, ["export", "--census-date", "2025-12-31", "--out", str(out)]
    )
    assert again.exit_code == 2 and "new or empty folder" in again.output


@pytest.mark.parametrize(
    "asked", [["--census-date", "2025-09-30"], ["--census-date", "2025-12-31", "--release", "7"]]
)
def test_what_was_not_released_is_said(home, asked):
    result = CliRunner().invoke(command.cli, ["export", *asked, "--out", str(home / "out")])
    assert isinstance(result.exception, ObservatoryError) and "observatory status" in str(
        result.exception
    )
    assert not (home / "out").exists()
