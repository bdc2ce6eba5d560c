"""Provisional, final and revised releases, where the region's timetable has a day for the final
one.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from assets.page.site import Sites, bring_drafts_up_to_date
from assets.publication import drafts, lifecycle
from assets.publication.approval import approve
from assets.publication.drafts import due, kept, make_draft
from assets.publication.lifecycle import CORRECTION, PUBLISHED, history, life
from assets.publication.release import folder_of, read_release, write_missing_files
from assets.publication.status import FINAL, MEANS, PROVISIONAL, REVISED, status_of
from pipelines.command import quarters
from resources.settings import Settings
from schemas.regions import timetable
from tests import builders
from tests.pipeline.test_lifecycle import DATE, REGION, held, templates  # noqa: F401 - fixtures
from tests.releasing import APPROVER

DAYS = {"due": 28, "chase": [14], "close": 35, "draft": 35, "publication": 56}
WITH_FINAL = replace(REGION, timetable=replace(REGION.timetable, final=120))
EARLY, LATE = DATE + dt.timedelta(days=119), DATE + dt.timedelta(days=120)


@pytest.mark.parametrize(
    ("final", "before", "day", "expected"),
    [
        (None, None, LATE, ""),
        (None, PROVISIONAL, LATE, ""),
        (120, None, EARLY, PROVISIONAL),
        (120, None, LATE, FINAL),
        (120, PROVISIONAL, EARLY, PROVISIONAL),
        (120, PROVISIONAL, LATE, FINAL),
        (120, FINAL, EARLY, REVISED),
        (120, FINAL, LATE, REVISED),
        (120, REVISED, LATE, REVISED),
        (120, "", EARLY, PROVISIONAL),
        (120, "", LATE, REVISED),
    ],
)
def test_the_word_of_a_release_follows_from_the_timetable_and_the_release_before(
    final, before, day, expected
):
    days = timetable(DAYS if final is None else {**DAYS, "final": final}, "a.toml")
    assert status_of(days, DATE, before, day) == expected


@pytest.mark.parametrize("final", [55, 367, "later", True])
def test_a_final_day_that_cannot_be_is_refused(final):
    with pytest.raises(ValueError, match=r"a\.toml, \[timetable\].*expected"):
        timetable({**DAYS, "final": final}, "a.toml")


def test_no_figure_rests_on_the_final_day():
    assert repr(WITH_FINAL) == repr(REGION)


def told(warehouse, folder: Path, number: int, capsys) -> dict[str, str]:
    """What each form of a release says of it: the text in which its word is looked for."""
    quarters.print_life(warehouse, Settings(folder, str(folder), "", "north_west"), DATE)
    said = capsys.readouterr().out
    quarters.print_states(warehouse, Settings(folder, str(folder), "", "north_west"), [DATE])
    release = folder_of(folder, DATE, number)

    def text(name: str) -> str:
        return (release / name).read_text(encoding="utf-8")

    book = openpyxl.load_workbook(io.BytesIO((release / "tables.xlsx").read_bytes()))
    sheets = book.worksheets
    package = json.loads(text("datapackage.json"))
    return {
        "manifest": json.loads(text("manifest.json")).get("status", ""),
        "what changed": text("changes.md").splitlines()[0],
        "cover": " ".join(str(cell.value) for row in sheets[0].rows for cell in row if cell.value),
        "data package": package.get("status", "") + package["title"] + package["description"],
        "CSVW": text("homes.csv-metadata.json"),
        "Parquet": str(pq.read_schema(release / "homes.parquet").metadata or ""),
        "page": text("page/index.html"),
        "page of a table": text("page/tables.html"),
        "contents": (folder / "index.html").read_text(encoding="utf-8"),
        "status": said + capsys.readouterr().out,
        "database": warehouse.scalar(
            "select status from published.release_status "
            "where census_date = :d and release_number = :n", d=DATE, n=number,
        ),
        "audit": str(warehouse.rows(
            "select details from access.event where what = 'released' and subject = :s",
            s=f"{DATE} r{number}",
        )),
    }  # fmt: skip


WORDS = (PROVISIONAL, FINAL, REVISED)


def assert_all_tell(told: dict[str, str], word: str) -> None:
    """Every form tells the word, and none another, but for those that list all releases."""
    several = ("contents", "status", "what changed")
    for form, text in told.items():
        assert word.lower() in text.lower(), form
        # a sentence of a word may name another, as in "a final release follows"
        left = text.replace(MEANS[word], "").replace(MEANS[word].replace("'", "’"), "")
        assert form in several or not [w for w in WORDS if w != word and w in left], form


@pytest.fixture
def publish(held, tmp_path) -> Callable[..., int]:  # noqa: F811
    """Draft on a day, approve, and write every file: gives the release's number."""

    def publish_(day: dt.date, region=WITH_FINAL) -> int:
        if life(held, DATE).state == lifecycle.COLLECTING:
            lifecycle.close(held, DATE, "the tester")
        draft = make_draft(held, DATE, region, "the run", day=day)
        assert draft.outcome in (drafts.MADE, drafts.STANDS)
        number = approve(held, DATE, region, APPROVER, mark=draft.mark).number
        write_missing_files(held, DATE, tmp_path)
        sites = Sites(held, region, tmp_path)
        sites.make(DATE)
        sites.write_contents()
        return number

    return publish_


def contents_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_provisional_release_becomes_final_on_its_day_with_the_same_figures(
    held, publish, tmp_path, capsys, monkeypatch  # noqa: F811
):  # fmt: skip
    assert publish(EARLY) == 1
    assert_all_tell(told(held, tmp_path, 1, capsys), PROVISIONAL)
    before = contents_of(folder_of(tmp_path, DATE, 1))
    assert due(held, WITH_FINAL, EARLY) == {}
    assert make_draft(held, DATE, WITH_FINAL, "the run", day=EARLY).outcome == drafts.SAME
    assert due(held, WITH_FINAL, LATE) == {DATE: "to propose the final release"}

    def never(*_, **__):
        raise AssertionError("what is published already is not asked of the gate again")

    monkeypatch.setattr(drafts, "prepare_against", never)
    mark = make_draft(held, DATE, WITH_FINAL, "the run", day=LATE).mark
    assert mark != drafts.mark_of(held.scalar("select content_hash from published.release"))
    assert (life(held, DATE).state, life(held, DATE).status) == (CORRECTION, FINAL)
    assert history(held, DATE)[-1].step == "final release proposed"
    assert due(held, WITH_FINAL, LATE) == {}, "it waits for a person"
    assert kept(held, DATE).status == FINAL
    folder = bring_drafts_up_to_date(held, WITH_FINAL, tmp_path / "drafts", tmp_path)[DATE]
    assert "release 2 (Final)" in (folder / "page" / "index.html").read_text(encoding="utf-8")
    contents = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Published; its final release is being prepared" in contents

    assert publish(LATE) == 2
    assert life(held, DATE).state == PUBLISHED and due(held, WITH_FINAL, LATE) == {}
    assert_all_tell(told(held, tmp_path, 2, capsys), FINAL)
    old, new = read_release(held, DATE, 1)[0], read_release(held, DATE, 2)[0]
    assert old.keys() == new.keys() and all(new[name].equals(old[name]) for name in old)
    account = (folder_of(tmp_path, DATE, 2) / "changes.md").read_text(encoding="utf-8")
    assert "Compared with release 1 (Provisional)." in account
    assert "- What was provisional is final." in account and account.rstrip().endswith("- None.")
    assert contents_of(folder_of(tmp_path, DATE, 1)) == before, "no published file is altered"
    counts = "select count(*) from raw.released_count where release_number = :n"
    assert held.scalar(counts, n=1) == held.scalar(counts, n=2) > 0


def test_a_late_return_before_the_day_is_provisional_again_and_after_a_final_one_revised(
    held, publish, landing, bring, tmp_path, capsys  # noqa: F811
):  # fmt: skip

    def late(name: str, children: int) -> None:
        landing.drop(str(DATE), "356", name, builders.census([{"age": 12}] * children))
        bring(held, landing, str(DATE))

    publish(EARLY)
    late("late.csv", 60)
    assert due(held, WITH_FINAL, EARLY) == {DATE: "to see whether a correction is due"}
    provisional = make_draft(held, DATE, WITH_FINAL, "the run", day=EARLY)
    assert (provisional.status, life(held, DATE).state) == (PROVISIONAL, CORRECTION)
    assert due(held, WITH_FINAL, LATE) == {DATE: "to propose the final release"}, (
        "it is out of date"
    )
    final = make_draft(held, DATE, WITH_FINAL, "the run", day=LATE)
    assert (final.status, final.number) == (FINAL, 2) and final.mark != provisional.mark
    assert publish_standing(held, tmp_path) == 2
    late("later.csv", 90)
    assert due(held, WITH_FINAL, LATE) == {DATE: "to see whether a correction is due"}
    assert publish(LATE) == 3
    assert_all_tell(told(held, tmp_path, 3, capsys), REVISED)


def publish_standing(warehouse, folder: Path) -> int:
    number = approve(warehouse, DATE, WITH_FINAL, APPROVER).number
    write_missing_files(warehouse, DATE, folder)
    return number


def test_without_a_final_day_no_form_says_anything(held, publish, tmp_path, capsys):  # noqa: F811
    publish(LATE, REGION)
    forms = told(held, tmp_path, 1, capsys)
    for form, text in forms.items():
        assert not [word for word in WORDS if word in text], form
    assert due(held, WITH_FINAL, LATE) == {}, "what never was provisional is not made final"


def test_a_newer_official_file_is_a_proposed_correction_of_a_published_quarter_and_moves_no_figure(
    held, publish, landing, bring, tmp_path, monkeypatch  # noqa: F811
):  # fmt: skip
    """It lies in the quarter's own folder: a file that lies in a later one is for that quarter."""

    def official(year: int, name: str, number: str, date: dt.date = DATE) -> None:
        figures = builders.official_numbers(year, {"356": number})
        landing.drop(str(date), "dfe", name, figures)
        bring(held, landing, str(date))

    def beside(number: int) -> str:
        manifest = held.scalar(
            "select manifest from published.release where release_number = :n", n=number
        )
        return manifest["official"][0]["areas"]["356"][0]

    official(2024, "first.csv", "485")
    assert publish(LATE, REGION) == 1 and beside(1) == "485"
    before = contents_of(folder_of(tmp_path, DATE, 1))

    official(2024, "second.csv", "493")
    assert due(held, REGION, LATE) == {DATE: "to see whether a correction is due"}

    def never(*_, **__):
        raise AssertionError("what is published already is not asked of the gate again")

    monkeypatch.setattr(drafts, "prepare_against", never)
    assert publish(LATE, REGION) == 2 and beside(2) == "493"
    assert due(held, REGION, LATE) == {}
    old, new = read_release(held, DATE, 1)[0], read_release(held, DATE, 2)[0]
    assert old.keys() == new.keys() and all(new[name].equals(old[name]) for name in old)
    account = (folder_of(tmp_path, DATE, 2) / "changes.md").read_text(encoding="utf-8")
    assert "- The official figures beside ours changed." in account
    assert account.rstrip().endswith("- None.")
    page = folder_of(tmp_path, DATE, 2) / "page" / "authority-356.html"
    assert "493" in page.read_text(encoding="utf-8")
    assert contents_of(folder_of(tmp_path, DATE, 1)) == before, "no published file is altered"

    official(2025, "third.csv", "500", DATE + dt.timedelta(days=91))
    assert due(held, REGION, LATE) == {}, "a release has what had been published by its quarter"
