"""A quarter's life: collecting, closed, draft, approved, published, corrected; by hand and by the
timetable, and nothing out of turn.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from assets.access.preparing import prepare
from assets.access.retention import remove_what_is_due
from assets.intake.loading import take_in
from assets.publication import drafts, lifecycle, told
from assets.publication.approval import approvals, approve
from assets.publication.drafts import due, kept, make_draft, write_draft_files
from assets.publication.lifecycle import CLOSED, COLLECTING, CORRECTION, DRAFT, PUBLISHED, life
from assets.publication.release import earlier_releases, read_release, write_missing_files
from assets.warehouse.building import build_quarter
from pipelines.forgetting import forget
from pipelines.instance import dagster_instance
from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.observatory import observatory_resource
from resources.settings import Settings
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY, Landing, forget_versions
from tests.releasing import APPROVER

DATE, YEAR_BEFORE = dt.date(2025, 3, 31), dt.date(2024, 3, 31)
REGION = load_region("north_west")
LATER = dt.date(2026, 1, 1)
"""A day on which the timetable has closed both."""


def drop(landing, date: str, children: int) -> None:
    homes = [
        {
            "urn": f"SC{n:06d}",
            "local_authority": ["Stockport", "Trafford", "Bolton"][n % 3],
            "places": 4,
        }
        for n in range(40)
    ]
    landing.drop(date, "ofsted", "list.csv", builders.register(homes))
    landing.drop(
        date, "356", "census.csv", builders.census([{"age": 10 + n % 6} for n in range(children)])
    )
    returned = [
        {"urn": f"SC{n:06d}", "host_local_authority": ["Stockport", "Trafford", "Bolton"][n % 3]}
        for n in range(40)
    ]
    landing.drop(date, "provider-a", "settings.csv", builders.settings(returned))


def database(address: str) -> str:
    return make_url(address).database or ""


@pytest.fixture(scope="module")
def templates(servers, tmp_path_factory) -> Iterator[dict[str, str]]:
    """Databases to copy: one quarter, collecting; and the same, drafted."""
    root = tmp_path_factory.mktemp("lifecycle")
    place = Landing(root)
    drop(place, str(DATE), 40)
    collecting = servers.fresh("embedded")
    with Warehouse(collecting) as warehouse:
        take_in(warehouse, place.place, DATE, KEY)
        assert not build_quarter(warehouse, DATE, REGION).blocked_by
    drafted = servers.fresh("embedded", database(collecting))
    with Warehouse(drafted) as warehouse:
        lifecycle.close(warehouse, DATE, "the tester")
        make_draft(warehouse, DATE, REGION, "the tester")
    yield {"collecting": collecting, "drafted": drafted}
    for address in (collecting, drafted):
        servers.drop("embedded", address)


def a_copy(servers, address: str) -> Iterator[Warehouse]:
    copied = servers.fresh("embedded", database(address))
    with Warehouse(copied) as warehouse:
        prepare(warehouse, REGION)  # the rights of a copy are its own
        yield warehouse
    servers.drop("embedded", copied)


@pytest.fixture
def held(servers, templates) -> Iterator[Warehouse]:
    """A warehouse with one quarter, collecting."""
    yield from a_copy(servers, templates["collecting"])


@pytest.fixture
def drafted(servers, templates) -> Iterator[Warehouse]:
    """A warehouse with one quarter, closed and drafted."""
    yield from a_copy(servers, templates["drafted"])


def published(warehouse) -> list[tuple]:
    return [
        tuple(row)
        for row in warehouse.rows(
            "select census_date, release_number, content_hash from published.release order by 1, 2"
        )
    ]


def test_nothing_is_published_without_a_close_a_draft_and_a_name(held):
    with pytest.raises(ObservatoryError, match="collecting; a quarter that is closed was expected"):
        make_draft(held, DATE, REGION, "the tester")
    with pytest.raises(ObservatoryError, match="there is no draft of it"):
        approve(held, DATE, REGION, APPROVER)
    lifecycle.close(held, DATE, "the tester")
    with pytest.raises(ObservatoryError, match="closed; collecting was expected"):
        lifecycle.close(held, DATE, "the tester")
    draft = make_draft(held, DATE, REGION, "the tester")
    assert draft.cells == kept(held, DATE).cells, "figures, and no labels of rows"
    for nobody in ("", "  "):
        with pytest.raises(ObservatoryError, match="Nobody was named"):
            approve(held, DATE, REGION, nobody)
    with pytest.raises(ObservatoryError, match="was looked at. It was made anew since"):
        approve(held, DATE, REGION, APPROVER, mark="0" * 8)
    assert published(held) == []
    assert approve(held, DATE, REGION, APPROVER, "seen", draft.mark).number == 1
    assert [row[:2] for row in published(held)] == [(DATE, 1)]
    (recorded,) = approvals(held)
    assert (recorded.census_date, recorded.release_number, recorded.by_whom, recorded.why) == (
        DATE,
        1,
        APPROVER,
        "seen",
    )
    assert [row.step for row in lifecycle.history(held, DATE)] == [
        "closed",
        "draft",
        "approved",
        "published",
    ]
    event = held.rows("select subject, details from access.event where what = 'released'")[0]
    assert event.subject == f"{DATE} r1" and event.details["approved_by"] == APPROVER
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), held.writing() as connection:
        connection.exec_driver_sql("update raw.quarter_step set by_whom = 'somebody else'")


def test_a_late_return_counts_for_members_and_what_is_published_is_the_draft_that_was_looked_at(
    held, landing, bring, tmp_path
):
    lifecycle.close(held, DATE, "the tester")
    draft = make_draft(held, DATE, REGION, "the tester")
    looked_at = read_release(held, DATE, 1, ledger=drafts.DRAFTS)[0]
    landing.drop(str(DATE), "356", "late.csv", builders.census([{"age": 12}] * 60))
    bring(held, landing, str(DATE))
    assert held.scalar("select sum(placements) from curated.commissioned_placements") == 60, (
        "members' figures follow"
    )
    assert due(held, REGION, LATER) == {}, "the draft is what it was"
    assert approve(held, DATE, REGION, APPROVER, mark=draft.mark).moved_on
    out = read_release(held, DATE, 1)[0]
    assert (
        all(out[name].equals(frame) for name, frame in looked_at.items())
        and out.keys() == looked_at.keys()
    )

    assert due(held, REGION, LATER) == {DATE: "to see whether a correction is due"}
    correction = make_draft(held, DATE, REGION, "the run")
    assert (correction.number, life(held, DATE).state) == (2, CORRECTION)
    assert "Changed: placement census of 356" in correction.changes
    assert [row[:2] for row in published(held)] == [(DATE, 1)], (
        "it goes out when it is approved, not by itself"
    )
    approve(held, DATE, REGION, APPROVER)
    (folder,) = [
        f for f in write_missing_files(held, DATE, tmp_path / "releases") if f.name == "r2"
    ]
    assert "Changed: placement census of 356" in (folder / "changes.md").read_text(encoding="utf-8")
    assert life(held, DATE).state == PUBLISHED and due(held, REGION, LATER) == {}


def test_what_members_are_told_of_others_stands_with_the_release_and_falls_with_its_draft(
    drafted, landing, bring
):
    """Each release has what the draft that was approved was made of, and a draft nobody reads."""

    def kept_in(table: str) -> list[tuple[str, str, str]]:
        rows = drafted.rows(
            f"select relation_name, whose, told::text as told from raw.{table} where census_date ="
            " :d order by 1, 2, 3",
            d=DATE,
        )
        return [tuple(row) for row in rows]

    first = kept_in("draft_told")
    assert {name for name, _, _ in first} >= {"curated.comparison"}
    assert kept_in("released_told") == []
    approve(drafted, DATE, REGION, APPROVER)
    assert (kept_in("draft_told"), kept_in("released_told")) == ([], first)
    landing.drop(str(DATE), "356", "late.csv", builders.census([{"age": 12}] * 60))
    bring(drafted, landing, str(DATE))
    assert kept_in("released_told") == first
    make_draft(drafted, DATE, REGION, "the run")
    assert kept_in("released_told") == first and kept_in("draft_told")
    with drafted.writing() as connection:
        lifecycle.drop_draft(connection, DATE)
    assert (kept_in("draft_told"), kept_in("released_told")) == ([], first)
    with drafted.writing() as connection:
        told.keep_with_draft(connection, DATE, ranked=False)
    assert "rank_in_region" in str(first) and "rank_in_region" not in str(kept_in("draft_told"))
    with drafted.writing() as connection:
        lifecycle.drop_draft(connection, DATE)
        # a release that says again what is published tells members no more than that
        told.keep_as_released(connection, DATE)
    assert kept_in("draft_told") == first


def test_a_correction_that_is_not_needed_any_more_is_dropped(drafted, landing, bring):
    from assets.intake.loading import withdraw

    approve(drafted, DATE, REGION, APPROVER)
    landing.drop(str(DATE), "356", "late.csv", builders.census([{"age": 12}] * 60))
    bring(drafted, landing, str(DATE))
    make_draft(drafted, DATE, REGION, "the run")
    second = (
        "select submission_id from raw.submission_table where table_name = 'placement_census' and"
        " version = 2"
    )
    withdraw(drafted, drafted.scalar(second), "the tester", "sent by mistake")
    bring(drafted, landing, str(DATE))
    assert due(drafted, REGION, LATER) == {DATE: "to see whether a correction is due"}
    assert make_draft(drafted, DATE, REGION, "the run").outcome == drafts.SAME
    assert (
        life(drafted, DATE).state == PUBLISHED
        and kept(drafted, DATE) is None
        and due(drafted, REGION, LATER) == {}
    )


def test_the_timetable_closes_once_and_what_is_reopened_or_held_waits_for_a_person(held):
    close, before = (
        REGION.timetable.day(DATE, "close"),
        REGION.timetable.day(DATE, "close") - dt.timedelta(days=1),
    )
    assert (due(held, REGION, before), due(held, REGION, close)) == ({}, {DATE: "to close"})
    lifecycle.hold(held, DATE, "the tester", "a dispute")
    assert (
        due(held, REGION, close) == {} and lifecycle.close_by_timetable(held, REGION, close) == []
    )
    for step in (
        lambda: lifecycle.close(held, DATE, "x"),
        lambda: lifecycle.hold(held, DATE, "x", "twice"),
    ):
        with pytest.raises(ObservatoryError, match="held"):
            step()
    lifecycle.hold(held, DATE, "the tester", "", lift=True)
    assert lifecycle.close_by_timetable(held, REGION, close) == [DATE]
    assert (life(held, DATE).state, life(held, DATE).by) == (CLOSED, lifecycle.TIMETABLE)
    assert due(held, REGION, close) == {DATE: "to draft"}
    make_draft(held, DATE, REGION, "the run")
    assert life(held, DATE).state == DRAFT
    lifecycle.reopen(held, DATE, "the tester", "a region's worth is missing")
    assert life(held, DATE).state == COLLECTING and kept(held, DATE) is None
    assert due(held, REGION, LATER) == {}, "it closes by hand"
    lifecycle.close(held, DATE, "the tester")
    make_draft(held, DATE, REGION, "the run")
    lifecycle.hold(held, DATE, "the tester", "not yet agreed")
    with pytest.raises(ObservatoryError, match="held, by the tester"):
        approve(held, DATE, REGION, APPROVER)
    lifecycle.hold(held, DATE, "the tester", "", lift=True)
    approve(held, DATE, REGION, APPROVER)
    with pytest.raises(ObservatoryError, match="is published"):
        lifecycle.reopen(held, DATE, "the tester", "too late")


def test_a_draft_is_made_of_one_moment_and_its_gate_keeps_nobody_waiting(held, monkeypatch):
    lifecycle.close(held, DATE, "the tester")
    real, gated, rewritten = drafts.prepare_against, [], [True, False]

    def meanwhile(*arguments):
        gated.append(1)
        with (
            held.writing() as connection
        ):  # with the lock held over the gate this would wait for ever
            connection.exec_driver_sql("set local lock_timeout = '5s'")
            if rewritten.pop(0):
                connection.exec_driver_sql("update raw.quarter set rests_on = 'something else'")
        return real(*arguments)

    monkeypatch.setattr(drafts, "prepare_against", meanwhile)
    with pytest.raises(ObservatoryError, match="do not rest on what has been received since"):
        make_draft(
            held, DATE, REGION, "the tester"
        )  # kept is nothing: the second look finds figures that are not up to date
    assert len(gated) == 1 and kept(held, DATE) is None and life(held, DATE).state == CLOSED


def test_what_stands_is_asked_of_the_gate_again_once_groups_of_sub_regions_have_logins(
    drafted, monkeypatch
):
    real, asked = drafts.prepare_against, []

    def noted(*arguments):
        asked.append(arguments[-1])
        return real(*arguments)

    monkeypatch.setattr(drafts, "prepare_against", noted)
    with_groups = replace(REGION, sub_regional_groups=True)
    make_draft(drafted, DATE, REGION, "the tester")
    assert asked == [], "the draft stands"
    with pytest.raises(
        ObservatoryError, match=f"not proved against them.*observatory draft {DATE}"
    ):
        approve(drafted, DATE, with_groups, APPROVER)
    assert not drafted.scalar("select count(*) from published.release")
    make_draft(drafted, DATE, with_groups, "the tester")
    assert asked == [REGION.sub_regions]
    approve(drafted, DATE, with_groups, APPROVER)
    make_draft(drafted, DATE, with_groups, "the tester")
    assert len(asked) == 1, "the release stands"
    make_draft(drafted, DATE, REGION, "the tester")
    assert asked[1:] == [None]


def test_a_draft_of_a_version_that_did_not_protect_crossings_is_made_anew(held, tmp_path):
    """The counts of what its tables print nowhere are not there."""
    place = Landing(tmp_path)
    homes = [
        {
            "urn": f"SC9{n:05d}", "provision_type": "Residential special school",
            "host_local_authority": "Bolton", "registered_places": 30, "occupied_places": 10,
            "vacant_places": 10, "unavailable_places": 10, "unavailable_reason": "Staffing",
        }
        for n in range(3)
    ]  # fmt: skip
    place.drop(str(DATE), "provider-b", "settings.csv", builders.settings(homes))
    take_in(held, place.place, DATE, KEY)
    assert not build_quarter(held, DATE, REGION).blocked_by
    lifecycle.close(held, DATE, "the tester")
    make_draft(held, DATE, REGION, "the tester")
    behind = (
        "from raw.draft_count as c where c.row_order > (select max(k.row_order) from raw.draft_cell"
        " as k where k.census_date = c.census_date and k.table_name = c.table_name)"
    )
    assert held.scalar(f"select count(*) {behind}")
    with held.writing() as connection:
        connection.exec_driver_sql(f"delete {behind}")
    with pytest.raises(ObservatoryError, match=f"print nowhere.*observatory draft {DATE}"):
        approve(held, DATE, REGION, APPROVER)
    assert not held.scalar("select count(*) from published.release")
    make_draft(held, DATE, REGION, "the tester")
    assert held.scalar(f"select count(*) {behind}"), "it does not stand"
    approve(held, DATE, REGION, APPROVER)


def test_all_tables_are_read_in_one_snapshot(held, monkeypatch):
    lifecycle.close(held, DATE, "the tester")
    real, before = drafts.true_tables, held.scalar("select count(*) from curated.homes")

    def emptied_in_between(seen, *arguments):
        with held.writing() as connection:
            connection.exec_driver_sql("delete from curated_rows.homes")
        return real(seen, *arguments)

    monkeypatch.setattr(drafts, "true_tables", emptied_in_between)
    assert before > 0
    make_draft(held, DATE, REGION, "the tester")
    assert "homes" in read_release(held, DATE, 1, ledger=drafts.DRAFTS)[0], (
        "as it was when the first was read"
    )


def test_a_draft_that_is_not_what_was_kept_is_not_published(drafted):
    with drafted.writing() as connection:
        connection.exec_driver_sql(
            "update raw.draft_cell set value = '999' where value = (select min(value) from"
            " raw.draft_cell)"
        )
    with pytest.raises(ObservatoryError, match="are not those that were kept"):
        approve(drafted, DATE, REGION, APPROVER)
    assert published(drafted) == [] and life(drafted, DATE).state == DRAFT


def test_drafts_are_held_against_each_other_so_that_none_is_made_twice(held, landing, bring):
    drop(landing, str(YEAR_BEFORE), 30)
    bring(held, landing, str(YEAR_BEFORE))
    bring(held, landing, str(DATE))
    for date in (YEAR_BEFORE, DATE):
        lifecycle.close(held, date, "the tester")
        make_draft(held, date, REGION, "the run")
    against = {
        row.census_date: row.held_against
        for row in held.rows("select census_date, held_against from raw.draft")
    }
    assert against[YEAR_BEFORE] == [] and [a[:2] for a in against[DATE]] == [[str(YEAR_BEFORE), 1]]
    approve(held, DATE, REGION, APPROVER)
    with pytest.raises(
        ObservatoryError, match="another release came out, of which the gate did not know"
    ):
        approve(held, YEAR_BEFORE, REGION, APPROVER)
    assert due(held, REGION, LATER) == {
        YEAR_BEFORE: "to draft anew: another release was published since"
    }
    make_draft(held, YEAR_BEFORE, REGION, "the run")
    approve(held, YEAR_BEFORE, REGION, APPROVER)
    assert [row[:2] for row in published(held)] == [(YEAR_BEFORE, 1), (DATE, 1)]


def test_files_of_a_draft_and_a_release_are_what_the_warehouse_holds(drafted, tmp_path):
    folder = write_draft_files(drafted, tmp_path / "drafts")[DATE]
    (folder / "homes.csv").write_text("something else\n", encoding="utf-8")
    assert write_draft_files(drafted, tmp_path / "drafts") == {DATE: folder}
    assert "something else" not in (folder / "homes.csv").read_text(encoding="utf-8")
    approve(drafted, DATE, REGION, APPROVER)
    assert write_draft_files(drafted, tmp_path / "drafts") == {} and not folder.exists()

    (released,) = write_missing_files(drafted, DATE, tmp_path / "releases")
    (
        released / "homes.csv"
    ).unlink()  # as a run leaves it that was killed by an older version, or a hand
    said: list[str] = []
    assert write_missing_files(drafted, DATE, tmp_path / "releases", said.append) == [released]
    assert (released / "homes.csv").is_file() and "homes.csv is missing" in said[0]
    assert (released.parent / ".r1.set-aside-1" / "tables.xlsx").is_file(), "nothing is lost"
    manifest = json.loads((released / "manifest.json").read_text(encoding="utf-8"))
    assert "approved" not in str(manifest) and APPROVER not in str(manifest)


def test_releases_of_a_time_without_approvals_count_as_published(drafted):
    approve(drafted, DATE, REGION, APPROVER)
    with drafted.engine.begin() as connection:  # as an older version left it
        connection.exec_driver_sql(
            "drop table raw.quarter_step, raw.draft, raw.draft_cell, raw.draft_count,"
            " raw.draft_attempt, raw.answered"
        )
        forget_versions(connection)
        connection.exec_driver_sql("update raw.observatory set state = 'older'")
    before = published(drafted)
    assert prepare(drafted, REGION)
    now = life(drafted, DATE)
    assert (now.state, now.release, now.by) == (
        PUBLISHED,
        1,
        "an earlier version of the observatory",
    )
    assert published(drafted) == before
    assert due(drafted, REGION, LATER) == {DATE: "to see whether a correction is due"}, (
        "nobody has looked whether it still says the same"
    )
    assert make_draft(drafted, DATE, REGION, "the run").outcome == drafts.SAME
    assert due(drafted, REGION, LATER) == {} and published(drafted) == before


def test_who_held_a_quarter_for_a_while_did_not_publish_it(drafted):
    approve(drafted, DATE, REGION, APPROVER)
    published_ = life(drafted, DATE)
    lifecycle.hold(drafted, DATE, "Bob Example", "a question")
    assert (life(drafted, DATE).by, life(drafted, DATE).is_held) == ("Bob Example", True)
    lifecycle.hold(drafted, DATE, "Bob Example", "answered", lift=True)
    now = life(drafted, DATE)
    assert (now.state, now.by, now.since) == (PUBLISHED, APPROVER, published_.since)
    assert now.steps > published_.steps and not now.is_held


def test_what_has_been_kept_long_enough_goes_and_the_gate_still_knows_all_that_was_published(
    drafted, tmp_path
):
    """Rows about children, Dagster's runs and reports go; the ledger, the counts behind it and who
    approved it do not, however late it is.
    """
    approve(drafted, DATE, REGION, APPROVER)
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), drafted.url, "north_west")
    (settings.data_docs / str(DATE)).mkdir(parents=True)

    def books() -> dict[str, list]:
        tables = (
            "published.release", "published.cell", "raw.released_count", "raw.release_basis",
            "raw.quarter_step",
        )  # fmt: skip
        return {t: sorted(map(repr, drafted.rows(f"select * from {t}"))) for t in tables}

    def knows() -> list:
        return [
            (one.number, {name: t.to_csv() for name, t in one.tables.items()},
             {name: t.to_csv() for name, t in (one.truth or {}).items()}, one.method)
            for one in earlier_releases(drafted, DATE)
        ]  # fmt: skip

    before, known, said = books(), knows(), approvals(drafted)
    assert all(before.values()) and known[0][1] and known[0][2] and said
    late = dt.datetime(2031, 4, 1, tzinfo=dt.UTC)
    assert "core.placement" in remove_what_is_due(drafted, late.date())
    with dagster_instance(settings) as instance:
        forget(instance, settings, late)
    assert (books(), knows(), approvals(drafted)) == (before, known, said)
    write_missing_files(drafted, DATE, tmp_path / "releases")
    assert (tmp_path / "releases" / str(DATE) / "r1" / "manifest.json").exists()


@pytest.mark.parametrize("job", ["close", "hold", "reopen"])
def test_a_step_by_hand_is_a_job_in_dagster_too(held, tmp_path, job):
    from pipelines import jobs

    if job == "reopen":
        lifecycle.close(held, DATE, "the tester")
    observatory = observatory_resource(
        partial(opened, Settings(tmp_path, str(tmp_path), held.url, "north_west"))
    )
    result = getattr(jobs, job).execute_in_process(
        partition_key=str(DATE),
        tags={"by": APPROVER, "why": "as agreed"},
        resources={"observatory": observatory},
    )
    assert result.success
    now = life(held, DATE)
    assert (now.state, now.is_held) == {
        "close": (CLOSED, False),
        "hold": (COLLECTING, True),
        "reopen": (COLLECTING, False),
    }[job]
    assert (now.by, now.why) == (APPROVER, "as agreed")


def test_a_draft_that_counted_a_child_who_is_erased_goes_and_is_made_anew(
    drafted, landing, tmp_path
):
    from assets.access import erasure

    settings = Settings(tmp_path / "home", str(landing.root), drafted.url, "north_west")
    write_draft_files(drafted, settings.drafts)
    with drafted.writing() as connection:
        found = erasure.Erased()
        erasure._note_what_remains(
            connection,
            found,
            [drafted.scalar("select submission_id from raw.submission where sender = '356'")],
        )
    assert found.quarters == [DATE]
    assert kept(drafted, DATE) is None and write_draft_files(drafted, settings.drafts) == {}
    assert not list(settings.drafts.glob("*")), "and its files with it"
    assert not build_quarter(drafted, DATE, REGION).blocked_by
    assert due(drafted, REGION, LATER) == {DATE: "to draft"}


def test_the_public_contents_say_where_each_quarter_stands_and_nothing_of_a_draft(
    drafted, landing, bring, tmp_path
):
    from assets.page.site import Sites

    def contents() -> str:
        path = Sites(drafted, REGION, tmp_path / "releases").write_contents()
        return " ".join(path.read_text(encoding="utf-8").split())

    said = contents()
    assert (
        "31 March 2025</strong>: Collected; its release is being prepared; to be published 26 May"
        " 2025" in said
    )
    assert kept(drafted, DATE).mark not in said and "the tester" not in said
    approve(drafted, DATE, REGION, APPROVER)
    said = contents()
    assert (
        "31 March 2025</strong>: Published, " in said
        and "to be published" not in said
        and APPROVER not in said
    )
    landing.drop(str(DATE), "356", "late.csv", builders.census([{"age": 12}] * 60))
    bring(drafted, landing, str(DATE))
    make_draft(drafted, DATE, REGION, "the run")
    assert "Published; a correction is being prepared, " in contents()
