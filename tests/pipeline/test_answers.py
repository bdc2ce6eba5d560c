"""The answer: in the outbox after a run, the same from a check before sending, and under the
authority's own references for itself alone.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pandas as pd
import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from assets.answering.outbox import answer_quarter
from assets.intake import reading, recognising
from assets.intake.held import HELD
from assets.intake.loading import withdraw
from pipelines.command.check import command
from resources.landing import LandedFile
from tests import builders
from tests.conftest import KEY
from tests.pipeline.test_ssda903 import episode, episodes, header

DATE = "2025-03-31"
DAY = dt.date.fromisoformat(DATE)


def answers(folder) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))}


def test_every_return_gets_its_answer_once_and_again_only_when_it_changes(
    warehouse, landing, bring, tmp_path
):
    outbox = tmp_path / "outbox"
    landing.drop(
        DATE,
        "356",
        "census.csv",
        builders.census(
            [{"identifier": "KID1"}, {"identifier": "KID2", "type_of_provision": "A castle"}]
        ),
    )
    landing.drop(DATE, "352", "broken.xlsx", b"%PDF-1.7")
    bring(warehouse, landing, DATE)
    assert answer_quarter(warehouse, landing.place, str(outbox), DAY, KEY) == 2
    pages = answers(outbox / DATE)
    accepted, refused = (
        next(text for name, text in pages.items() if name.startswith(start))
        for start in ("census", "broken")
    )
    assert "1 of 2 rows" in accepted
    assert "text of 8 characters" in accepted and "A castle" not in accepted
    assert "PDF" in refused
    assert "KID" not in accepted
    book = CalamineWorkbook.from_path(next((outbox / DATE / "356").glob("*.xlsx")))
    copy = [
        name
        for name in book.sheet_names
        if name not in {"Summary", "Findings", "Labels", "Cross-checks"}
    ]
    assert any("KID2" in map(str, row) for row in book.get_sheet_by_name(copy[0]).to_python())
    assert answer_quarter(warehouse, landing.place, str(outbox), DAY, KEY) == 0
    # The other side's return comes in, and shows more of Stockport's children: Stockport's answer
    # says so now.
    landing.drop(
        DATE,
        "provider-a",
        "s.csv",
        builders.settings([{"urn": "SC000001", "registered_places": 6, "occupied_places": 5}]),
    )
    landing.drop(DATE, "provider-a", "p.csv", builders.placements([{"urn": "SC000001"}] * 5))
    bring(warehouse, landing, DATE)
    assert answer_quarter(warehouse, landing.place, str(outbox), DAY, KEY) == 3
    assert "5 of your children in the providers" in next(
        t for n, t in answers(outbox / DATE).items() if n.startswith("census")
    )


@pytest.fixture
def openings(monkeypatch) -> Counter[str]:
    """How often files were opened and decoded, and their tables recognised."""
    HELD.clear()  # what other tests loaded and did not answer leaves no room
    counted: Counter[str] = Counter()
    for step, owner, name in (
        ("opened", LandedFile, "_bytes"),
        ("decoded", reading, "_read_csv"),
        ("recognised", recognising, "recognise"),
    ):
        does = getattr(owner, name)

        def counting(*given, step=step, does=does):
            counted[step] += 1
            return does(*given)

        monkeypatch.setattr(owner, name, counting)
    return counted


ONCE_EACH = {"opened": 4, "decoded": 4, "recognised": 4}


def four_returns() -> dict[str, str]:
    """Header and episodes, a census with something to mend, and settings: by folder and name."""
    census = builders.census([{"identifier": "KID1", "type_of_provision": "A castle"}])
    settings = builders.settings([{"urn": "SC000001"}])
    return {
        "356/header.csv": header(("KID1", "05/06/2012")).to_csv(index=False),
        "356/episodes.csv": episodes(episode("KID1")).to_csv(index=False),
        "356/census.csv": census.to_csv(index=False),
        "provider-a/settings.csv": settings.to_csv(index=False),
    }


def test_answers_can_be_fetched_by_their_sender_from_an_address_beside_the_landing_place(
    embedded_warehouse, landing, bring
):
    """A folder a sender, as in the home; and they are written once there too."""
    import fsspec

    landing.drop(DATE, "356", "census.csv", builders.census([{}] * 3))
    landing.drop(DATE, "provider-a", "homes.csv", builders.settings([{"urn": "SC000001"}]))
    bring(embedded_warehouse, landing, DATE)
    assert answer_quarter(embedded_warehouse, landing.place, "memory://answers", DAY, KEY) == 2
    places = fsspec.filesystem("memory").find("/answers")
    assert {path.split("/")[-2] for path in places} == {"356", "provider-a"} and all(
        f"/{DATE}/" in path for path in places
    )
    assert {path.rpartition(".")[2] for path in places} == {"html", "xlsx"}
    assert answer_quarter(embedded_warehouse, landing.place, "memory://answers", DAY, KEY) == 0


def test_a_run_opens_decodes_and_recognises_each_file_once(
    embedded_warehouse, landing, bring, tmp_path, openings
):
    for place, content in four_returns().items():
        landing.drop(DATE, *place.split("/"), content)
    bring(embedded_warehouse, landing, DATE)
    assert answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY) == 4
    assert openings == ONCE_EACH
    census = next(
        text for name, text in answers(tmp_path / "o").items() if name.startswith("census")
    )
    assert "text of 8 characters" in census
    assert HELD.take(DAY) == {}, "they are let go when they are answered"


def test_a_check_with_its_answer_opens_decodes_and_recognises_each_file_once(tmp_path, openings):
    paths = []
    for place, content in four_returns().items():
        path = tmp_path / DATE / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        paths.append(str(path))
    CliRunner().invoke(command, [*paths, "--answer", str(tmp_path / "answer")])
    assert len(list((tmp_path / "answer").glob("*.html"))) == 4 and openings == ONCE_EACH


def test_what_there_is_no_room_for_is_opened_again_and_answered_alike(
    embedded_warehouse, landing, bring, tmp_path, monkeypatch, openings
):
    monkeypatch.setattr(HELD, "_most", 0)
    for place, content in four_returns().items():
        landing.drop(DATE, *place.split("/"), content)
    bring(embedded_warehouse, landing, DATE)
    assert answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY) == 4
    assert openings == {step: 2 * count for step, count in ONCE_EACH.items()}
    assert len(list((tmp_path / "o").rglob("census*.xlsx"))) == 1


def test_the_answer_to_a_withdrawn_return_says_so_when_why_and_what_counts_now(
    embedded_warehouse, landing, bring, tmp_path
):
    landing.drop(DATE, "356", "first.csv", builders.census([{}]))
    landing.drop(DATE, "356", "second.csv", builders.census([{}, {}]))
    landing.drop(DATE, "352", "only.csv", builders.census([{}], "Manchester"))
    bring(embedded_warehouse, landing, DATE)
    answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY)
    for name in ("second.csv", "only.csv"):
        number = embedded_warehouse.scalar(
            "select submission_id from raw.submission where file_name = :n", n=name
        )
        withdraw(embedded_warehouse, number, "the clerk", "sent by <b>mistake</b>")
    answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY)
    pages = {name.split()[0]: text for name, text in answers(tmp_path / "o").items()}
    for page in (pages["second"], pages["only"]):
        assert (
            "Withdrawn</strong>" in page
            and "Your return was withdrawn: nothing of it counts any more." in page
        )
        assert (
            "It was withdrawn on " in page and "The reason given: sent by &lt;b&gt;mistake" in page
        )
        assert "accepted" not in page.lower() and "the clerk" not in page
    assert "counts in its place" in pages["second"] and "counts in its place" not in pages["only"]
    assert "Accepted</strong>" in pages["first"]


def test_a_first_return_that_is_rejected_is_not_told_that_another_counts(
    embedded_warehouse, landing, bring, tmp_path
):
    landing.drop(DATE, "provider-a", "broken.xlsx", b"%PDF-1.7")
    landing.drop(DATE, "nobody", "stray.csv", builders.census([{}]))
    landing.drop(DATE, "356", "census.csv", builders.census([{}]))
    landing.drop(DATE, "356", "later.xlsx", b"%PDF-1.7 again")
    bring(embedded_warehouse, landing, DATE)
    answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY)
    told = {
        name.split()[0]: "still counts" in text for name, text in answers(tmp_path / "o").items()
    }
    assert told == {"broken": False, "stray": False, "census": False, "later": True}


def test_an_answer_that_was_lost_is_written_again(embedded_warehouse, landing, bring, tmp_path):
    landing.drop(DATE, "356", "census.csv", builders.census([{}]))
    bring(embedded_warehouse, landing, DATE)
    answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY)
    page = next((tmp_path / "o").rglob("*.html"))
    before = page.read_bytes()
    page.unlink()
    assert answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY) == 1
    assert page.read_bytes() == before


def test_a_file_too_large_to_be_taken_in_is_not_read_for_its_answer_either(
    embedded_warehouse, landing, bring, tmp_path, monkeypatch
):
    landing.drop(DATE, "356", "census.csv", builders.census([{}]))
    monkeypatch.setattr("resources.landing.MAX_FILE_BYTES", 10)
    bring(embedded_warehouse, landing, DATE)
    monkeypatch.setattr(
        "resources.landing._read_up_to", lambda file, size: pytest.fail("it was read")
    )
    assert answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY) == 1
    (page,) = answers(tmp_path / "o").values()
    assert "rejected" in page
    assert "no longer in the landing place" not in page


def test_only_what_an_answer_needs_is_read(
    embedded_warehouse, landing, bring, tmp_path, monkeypatch
):
    for sender, authority in (("356", "Stockport"), ("352", "Manchester"), ("353", "Oldham")):
        landing.drop(DATE, sender, "census.csv", builders.census([{}], authority))
    bring(embedded_warehouse, landing, DATE)
    assert answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY) == 3
    next((tmp_path / "o" / DATE / "352").glob("*.html")).unlink()
    opened: list[str] = []
    does = LandedFile.open
    monkeypatch.setattr(
        LandedFile, "open", lambda file: (opened.append(file.folder), does(file))[1]
    )
    assert answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY) == 1
    assert opened == ["356", "352"], "what comes after is not opened, and nothing is opened twice"


def test_an_answer_says_so_where_its_file_is_gone(embedded_warehouse, landing, bring, tmp_path):
    path = landing.drop(
        DATE, "356", "census.csv", builders.census([{"type_of_provision": "A castle"}])
    )
    bring(embedded_warehouse, landing, DATE)
    path.unlink()
    assert answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY) == 1
    (page,) = answers(tmp_path / "o").values()
    assert "no longer in the landing place" in page
    assert "text of 8 characters" in page


def test_a_name_that_would_leave_the_outbox_stays_in_it(
    embedded_warehouse, landing, bring, tmp_path
):
    landing.drop(
        DATE, "provider-..", "a .. <script>x.csv", builders.settings([{"urn": "SC000001"}])
    )
    bring(embedded_warehouse, landing, DATE)
    answer_quarter(embedded_warehouse, landing.place, str(tmp_path / "o"), DAY, KEY)
    written = [
        path
        for path in tmp_path.rglob("*")
        if path.suffix in {".html", ".xlsx"} and "landing" not in path.parts
    ]
    assert len(written) == 2
    assert all((tmp_path / "o" / DATE) in path.parents and "<" not in path.name for path in written)


def check(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_check_says_what_would_happen_and_writes_the_same_answer(landing, tmp_path):
    path = landing.drop(
        DATE, "356", "census.csv", builders.census([{}, {"type_of_provision": "A castle"}])
    )
    code, said = check(path, "--answer", tmp_path / "answer")
    assert code == 0
    assert "2 rows received = 1 would be loaded + 1 rejected + 0 set aside" in said
    assert "row 3 (rejected): 'Type of provision' says text of 8 characters" in said
    assert "text of 8 characters" in (tmp_path / "answer" / "answer to census.html").read_text(
        encoding="utf-8"
    )
    assert (tmp_path / "answer" / "answer to census.xlsx").exists()


@pytest.mark.parametrize(("content", "says"), [("x,y\n1,2\n", "REJECTED"), ("", "empty")])
def test_a_check_ends_with_1_where_the_file_would_be_rejected(landing, content, says):
    code, said = check(landing.drop(DATE, "356", "bad.csv", content))
    assert code == 1
    assert says in said


def test_a_check_outside_the_landing_place_takes_the_sender_from_the_return(tmp_path):
    path = tmp_path / "my return.csv"
    builders.census([{}]).to_csv(path, index=False)
    code, said = check(path, "--census-date", DATE)
    assert (code, "as sent by Stockport for 31 March 2025" in said) == (0, True)


def test_an_authority_takes_out_census_beside_903_under_its_own_references(landing, tmp_path):
    rows = builders.census([{"identifier": "007"}, {"identifier": "008"}])
    paths = [
        landing.drop(DATE, "356", "census.csv", rows),
        landing.drop(
            DATE, "356", "header.csv", header(("007", "05/06/2012"), ("009", "05/06/2012"))
        ),
        landing.drop(
            DATE,
            "356",
            "episodes.csv",
            episodes(
                episode("007"),
                episode("009"),
                episode("007", "01/01/2020", DEC="02/02/2020", REC="X1"),
            ),
        ),
    ]
    out = tmp_path / "side by side.xlsx"
    code, said = check(*paths, "--reconcile", out)
    assert code == 0, said
    assert "birth" not in said
    table = pd.read_excel(out, dtype=str, engine="calamine")
    assert dict(zip(table["reference"], table["found_in"], strict=True)) == {
        "007": "both",
        "008": "census only",
        "009": "SSDA903 only",
    }
    assert table.set_index("reference").loc["007", "SSDA903: place"] == "K2"
    assert not list(tmp_path.glob("*key*"))
