"""A newer version of the program that gives more: a published release keeps the tables and measures
that it has, until there is another cause for a correction or somebody asks.

An older version is the present one without a table, a measure or an official measure.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from assets.publication import drafts, lifecycle, standing
from assets.publication.approval import approve
from assets.publication.disclosure.verdict import Prepared, Verdict
from assets.publication.drafts import due, make_draft
from assets.publication.lifecycle import CORRECTION, PUBLISHED, life
from assets.publication.official import official_figures
from assets.publication.programme import PUBLISHED_TABLES, PublishedTable, ties
from assets.publication.release import folder_of, read_release, write_missing_files
from schemas import authorities
from tests import builders
from tests.pipeline.test_lifecycle import DATE, REGION, held, templates  # noqa: F401 - fixtures
from tests.releasing import APPROVER

LATE = dt.date(2026, 1, 1)
MORE = [
    ("homes", "places"),
    ("commissioned_placements", "post_18"),
    ("return_quality", ""),
]
"""What the newer version gives besides: a public measure, a count that ties hold, a table."""
NEW = {"measure": "children looked after", "unit": "per 10,000"}


def without(tables: tuple[PublishedTable, ...], table: str, measure: str):
    """The programme without a measure, or without the table where none is named."""
    return tuple(
        replace(
            one,
            measures=tuple(m for m in one.measures if m.name != measure),
            indicators=tuple(i for i in one.indicators if i.name != measure),
        )
        if one.name == table
        else one
        for one in tables
        if one.name != table or measure
    )


@contextmanager
def an_older_version(table: str = "", measure: str = "") -> Iterator[None]:
    """The program before it had a table or a measure, or the official measure `NEW`."""
    has = without(PUBLISHED_TABLES, table, measure) if table else PUBLISHED_TABLES
    known = {(one.name, m.name) for one in has for m in one.measures}
    held_by = tuple(t for t in ties() if all((e.table, e.measure) in known for e in t.terms))

    def rows_of(name: str) -> list[dict[str, str]]:
        rows = authorities.rows_of(name)
        return rows if table else [row for row in rows if not NEW.items() <= row.items()]

    def official(*asked: object) -> list[dict]:
        found = official_figures(*asked)
        return found if table else [one for one in found if not NEW.items() <= one.items()]

    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith("assets.") and getattr(module, "PUBLISHED_TABLES", None) is not None:
                patch.setattr(module, "PUBLISHED_TABLES", has)
            if name.startswith("assets.publication") and getattr(module, "ties", None) is ties:
                patch.setattr(module, "ties", lambda: held_by)
        patch.setattr(drafts, "official_figures", official)
        patch.setattr(
            standing, "authorities", type("Older", (), {"rows_of": staticmethod(rows_of)})
        )
        yield


@pytest.fixture
def publish(held, tmp_path) -> Callable[[], int]:  # noqa: F811
    """Draft and approve: gives the release's number."""

    def publish_() -> int:
        if life(held, DATE).state == lifecycle.COLLECTING:
            lifecycle.close(held, DATE, "the tester")
        draft = make_draft(held, DATE, REGION, "the run")
        assert draft.outcome in (drafts.MADE, drafts.STANDS), draft
        number = approve(held, DATE, REGION, APPROVER, mark=draft.mark).number
        write_missing_files(held, DATE, tmp_path)
        return number

    return publish_


def never(*_, **__):
    raise AssertionError("what is published already is not asked of the gate again")


def has(warehouse, number: int, table: str, measure: str) -> bool:
    tables, _ = read_release(warehouse, DATE, number)
    return table in tables and (not measure or measure in tables[table])


@pytest.mark.parametrize(("table", "measure"), MORE)
def test_what_a_version_adds_is_no_correction_and_goes_with_the_next_one(
    held, publish, landing, bring, tmp_path, monkeypatch, table, measure  # noqa: F811
):  # fmt: skip
    with an_older_version(table, measure):
        assert publish() == 1
        assert not has(held, 1, table, measure)
        assert due(held, REGION, LATE) == {}
    assert due(held, REGION, LATE) == {DATE: "to see whether a correction is due"}
    with monkeypatch.context() as patch:
        patch.setattr(drafts, "prepare_against", never)
        assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME
    assert life(held, DATE).state == PUBLISHED and due(held, REGION, LATE) == {}

    landing.drop(str(DATE), "356", "late.csv", builders.census([{"age": 12}] * 60))
    bring(held, landing, str(DATE))
    assert publish() == 2
    assert has(held, 2, table, measure)
    account = (folder_of(tmp_path, DATE, 2) / "changes.md").read_text(encoding="utf-8")
    assert f"(`{table}`): new {f'measure `{measure}`' if measure else 'table'}." in account
    assert f", {measure}: not given is now" not in account or not measure


@pytest.mark.parametrize(("table", "measure"), MORE)
def test_of_a_release_whose_basis_has_no_parts_the_figures_are_compared(
    held, publish, table, measure  # noqa: F811
):  # fmt: skip
    """As versions before this one wrote it down."""
    with an_older_version(table, measure):
        publish()
    with held.writing() as connection:
        connection.exec_driver_sql("update raw.release_basis set basis = repeat('0', 64)")
    assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME
    assert life(held, DATE).state == PUBLISHED and due(held, REGION, LATE) == {}
    written = standing.read_basis(held.scalar("select basis from raw.release_basis"))
    assert written is not None
    assert f"shown {measure}" not in written.tables.get(table, {})
    assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME


def test_who_asks_has_it_and_the_next_run_leaves_it(held, publish):  # noqa: F811
    table, measure = MORE[1]
    with an_older_version(table, measure):
        publish()
    draft = make_draft(held, DATE, REGION, "a commissioner", added=True)
    assert (draft.outcome, life(held, DATE).state) == (drafts.MADE, CORRECTION)
    assert make_draft(held, DATE, REGION, "the run").outcome == drafts.STANDS
    assert approve(held, DATE, REGION, APPROVER, mark=draft.mark).number == 2
    assert has(held, 2, table, measure)
    asked_again = make_draft(held, DATE, REGION, "a commissioner", added=True)
    assert asked_again.outcome == drafts.SAME, "there is nothing besides any more"


def test_another_edition_of_figures_that_stand_has_the_measures_that_they_have(
    held, publish, landing, bring, monkeypatch  # noqa: F811
):  # fmt: skip
    """A newer official file comes after an upgrade."""
    table, measure = MORE[1]
    figures = builders.official_numbers(2024, {"356": "485"})
    landing.drop(str(DATE), "dfe", "first.csv", figures)
    bring(held, landing, str(DATE))
    with an_older_version(table, measure):
        publish()
    figures = builders.official_numbers(2024, {"356": "493"})
    landing.drop(str(DATE), "dfe", "second.csv", figures)
    bring(held, landing, str(DATE))
    monkeypatch.setattr(drafts, "prepare_against", never)
    assert publish() == 2
    (old, _), (new, _) = (read_release(held, DATE, number) for number in (1, 2))
    assert old.keys() == new.keys() and all(new[name].equals(old[name]) for name in old)


def test_an_official_measure_that_a_version_adds_is_no_correction(
    held, publish, landing, bring  # noqa: F811
):  # fmt: skip
    """One that comes with a file is."""

    def units(number: int) -> set[str]:
        manifest = held.scalar(
            "select manifest from published.release where release_number = :n", n=number
        )
        return {one["unit"] for one in manifest.get("official", [])}

    publish()
    assert units(1) == set()
    figures = builders.official_numbers(2024, {"356": "485"})
    landing.drop(str(DATE), "dfe", "first.csv", figures)
    bring(held, landing, str(DATE))
    with an_older_version():
        assert publish() == 2, "no file was held before"
        assert units(2) == {"children"}
    assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME
    assert life(held, DATE).state == PUBLISHED
    with held.writing() as connection:
        connection.exec_driver_sql("update raw.release_basis set basis = repeat('0', 64)")
    assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME
    assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME
    draft = make_draft(held, DATE, REGION, "a commissioner", added=True)
    assert draft.outcome == drafts.MADE
    assert approve(held, DATE, REGION, APPROVER, mark=draft.mark).number == 3
    assert units(3) == {"children", "per 10,000"}


@pytest.mark.parametrize("upgraded", [False, True])
def test_a_table_whose_figures_come_with_a_return_is_a_correction(
    held, publish, landing, bring, upgraded  # noqa: F811
):  # fmt: skip
    """The version that published knew the table, and had no figures of it; what is printed of the
    others stays.
    """
    with an_older_version(*(MORE[0] if upgraded else ())):
        publish()
        assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME
    if upgraded:  # and once more by the newer version
        assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME
    assert not has(held, 1, "register_changes", "")
    homes = [{"urn": f"SC{n:06d}", "local_authority": "Bolton", "places": 4} for n in range(30)]
    for date in ("2024-12-31", str(DATE)):
        landing.drop("2024-12-31", "ofsted", "list.csv", builders.register(homes))
        bring(held, landing, date)
    draft = make_draft(held, DATE, REGION, "the run")
    assert (draft.outcome, life(held, DATE).state) == (drafts.MADE, CORRECTION)
    assert publish() == 2
    (old, _), (new, _) = (read_release(held, DATE, number) for number in (1, 2))
    assert new.keys() - old.keys() == {"register_changes"}
    assert all(new[name][list(old[name])].equals(old[name]) for name in old)


def test_what_the_gate_refuses_of_what_was_added_keeps_nothing_else_waiting(
    held, publish, monkeypatch  # noqa: F811
):  # fmt: skip
    """Above all not the final release of the figures that stand."""
    with_final = replace(REGION, timetable=replace(REGION.timetable, final=120))
    early, late = (DATE + dt.timedelta(days=days) for days in (119, 120))
    with an_older_version(*MORE[1]):
        lifecycle.close(held, DATE, "the tester")
        draft = make_draft(held, DATE, with_final, "the run", day=early)
        approve(held, DATE, with_final, APPROVER, mark=draft.mark)
    make_draft(held, DATE, with_final, "the run", day=early)
    refused = Prepared({}, 0, Verdict(contradictions=("a small count follows",)))
    with monkeypatch.context() as patch:
        patch.setattr(
            drafts, "prepare_against",
            lambda *asked: replace(refused, tables=asked[3]({}, asked[4]), true=asked[2]),
        )  # fmt: skip
        asked = make_draft(held, DATE, with_final, "a commissioner", day=early, added=True)
    assert asked.refused and [one.census_date for one in drafts.refusals(held)] == [DATE]
    assert due(held, with_final, late) == {DATE: "to propose the final release"}
    assert make_draft(held, DATE, with_final, "the run", day=late).outcome == drafts.MADE
    assert due(held, with_final, late) == {} and not drafts.refusals(held)


def test_a_correction_that_the_gate_refuses_for_what_was_added_goes_without_it(
    held, publish, landing, bring, monkeypatch  # noqa: F811
):  # fmt: skip
    table, measure = MORE[1]
    with an_older_version(table, measure):
        publish()
    really = drafts.prepare_against

    def refuses_the_added(earlier, date, true, *asked):
        prepared = really(earlier, date, true, *asked)
        is_whole = measure in {m.name for m in true[table].table.measures}
        leaks = Verdict(contradictions=("a small count follows",))
        return replace(prepared, verdict=leaks) if is_whole else prepared

    monkeypatch.setattr(drafts, "prepare_against", refuses_the_added)
    landing.drop(str(DATE), "356", "late.csv", builders.census([{"age": 12}] * 60))
    bring(held, landing, str(DATE))
    assert publish() == 2
    assert not has(held, 2, table, measure) and due(held, REGION, LATE) == {}
    assert make_draft(held, DATE, REGION, "the run").outcome == drafts.SAME, "it waits still"
    assert make_draft(held, DATE, REGION, "a commissioner", added=True).refused
