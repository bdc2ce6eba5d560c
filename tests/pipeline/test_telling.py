"""Telling people: the chase list and its reminders, the contacts of the region, and failures, each
once.
"""

from __future__ import annotations

import csv
import datetime as dt
import json

import pytest

from assets.answering.outbox import answer_quarter
from assets.checks.chasing import chase_list, freshness, to_chase_on
from pipelines.telling import remind, told_of_failures
from resources import messages
from resources.contacts import contacts
from resources.errors import ObservatoryError
from resources.settings import Settings
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY

FIRST, DATE, NEXT = (dt.date(2025, 3, 31), dt.date(2025, 6, 30), dt.date(2025, 9, 30))
DAYS = load_region("north_west").timetable
LATE = DAYS.day(NEXT, "due") + dt.timedelta(days=3)


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, str, str]]:
    """What was sent: the region's channel and its mailbox are set, and nothing leaves this machine."""
    out: list[tuple[str, str, str]] = []
    monkeypatch.setenv("OBSERVATORY_NOTIFY", "json://channel.example")
    monkeypatch.setenv(
        "OBSERVATORY_MAIL", "mailtos://desk:secret@mail.example?from=desk@region.example"
    )
    monkeypatch.setattr(
        messages,
        "send",
        lambda to, title, body: (
            bool(to) and [out.append((address, title, body)) for address in to] != []
        ),
    )
    return out


@pytest.fixture
def chased(embedded_warehouse, landing, bring, tmp_path):
    """A region whose provider is late again, with contacts; nothing has come for the quarter that
    ended last.
    """
    landing.drop(str(FIRST), "356", "census.csv", builders.census([{}] * 3))
    landing.drop(str(FIRST), "provider-a", "homes.csv", builders.settings([{"urn": "SC000001"}]))
    bring(embedded_warehouse, landing, str(FIRST))
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "update curated_rows.return_quality set days_late = 9 where sender = 'provider-a'"
        )
        connection.exec_driver_sql(
            "update curated_rows.return_quality set days_late = 0 where sender = '356'"
        )
    settings = Settings(tmp_path / "home", str(landing.root), embedded_warehouse.url, "north_west")
    settings.home.mkdir()
    settings.contacts.write_text(
        "sender,name,email\nregion,The returns desk,desk@region.example\n356,Sam"
        " Sample,sam@stockport.example\n",
        encoding="utf-8",
    )
    return embedded_warehouse, settings


def test_the_list_has_a_history_and_is_there_though_nothing_has_come_at_all(chased):
    warehouse, _ = chased
    found = {one.sender: one for one in chase_list(warehouse, NEXT, DAYS, LATE)}
    assert (found["provider-a"].state, found["provider-a"].days_late) == ("late", 3)
    assert (
        found["provider-a"].late_before == "1 of 1, by up to 9 days"
        and found["356"].late_before == ""
    )
    assert [to_chase_on(DAYS, NEXT, NEXT + dt.timedelta(days=n)) for n in (13, 14, 15)] == [
        False,
        True,
        False,
    ]


def test_each_sender_is_reminded_of_its_own_returns_once_a_day_and_the_region_of_all(chased, sent):
    warehouse, settings = chased
    said = remind(warehouse, settings, NEXT, LATE)
    by_mail = [one for one in sent if "to=" in one[0]]
    assert [address.partition("to=")[2] for address, *_ in by_mail] == ["sam@stockport.example"]
    (_, title, body), channel = by_mail[0], next(one for one in sent if "channel" in one[0])
    assert (
        "returns for 30 September 2025" in title
        and "3 days late" in body
        and "The returns desk (desk@region.example)" in body
    )
    assert "provider-a" not in body and "Manchester" not in body, "of nobody else's"
    assert "provider-a" in channel[2] and "C00000" not in channel[2] and "sam@" not in channel[2]
    assert any("No contact" in line and "for 24 senders" in line for line in said), said
    sent.clear()
    remind(warehouse, settings, NEXT, LATE)
    assert sent == [], "once a day"
    remind(warehouse, settings, NEXT, LATE + dt.timedelta(days=1))
    assert len(sent) == 2
    with (settings.chase / f"{NEXT}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["sender"] for row in rows} >= {"356", "provider-a"} and "sam@" not in str(rows)
    assert "secret" not in (settings.chase / "told.json").read_text(encoding="utf-8")


def test_no_folders_name_that_may_be_a_childs_and_no_small_count_leaves_by_message(
    chased, landing, bring, sent
):
    """A provider is named once something that providers return came from its folder; rows of a
    return are children, few of them hidden elsewhere.
    """
    warehouse, settings = chased
    landing.drop(str(NEXT), "provider-jane-doe", "x.csv", "a,b\n1,2\n")
    landing.drop(str(NEXT), "356", "census.csv", builders.census([{}]))
    bring(warehouse, landing, str(NEXT))
    remind(warehouse, settings, NEXT, LATE)
    said = "\n".join(f"{title} {body}" for _, title, body in sent)
    assert "not recognised" in said and "less than half" in said and "provider-a" in said
    assert "jane" not in said and "1 row" not in said and "3 came" not in said, said


def test_a_failure_is_told_once_until_it_is_another_or_was_mended(chased, sent):
    _, settings = chased
    found = "the value Jane Doe was found in row 7. Mend it."
    assert told_of_failures(settings, "draft of 2025-06-30", [found])
    assert "Jane" not in str(sent)
    assert not told_of_failures(settings, "draft of 2025-06-30", [found]) and len(sent) == 1
    assert told_of_failures(settings, "draft of 2025-06-30", ["another"]) and len(sent) == 2
    told_of_failures(settings, "draft of 2025-06-30", [])
    assert told_of_failures(settings, "draft of 2025-06-30", ["another"]) and len(sent) == 3, (
        "it was mended, and is back"
    )
    assert set(json.loads((settings.chase / "told.json").read_text(encoding="utf-8"))) == {
        "failure draft of 2025-06-30"
    }


def test_a_message_that_cannot_be_sent_is_tried_again(chased, monkeypatch):
    _, settings = chased
    monkeypatch.setenv("OBSERVATORY_NOTIFY", "json://channel.example")
    monkeypatch.setattr(messages, "send", lambda *_: False)
    assert not told_of_failures(settings, "run", ["x"])
    monkeypatch.setattr(messages, "send", lambda *_: True)
    assert told_of_failures(settings, "run", ["x"])


def test_apprise_takes_the_addresses_and_a_wrong_one_is_no_failure_of_the_run():
    pytest.importorskip("apprise")
    assert not messages.send(["not an address"], "a", "b")
    assert not messages.send([], "a", "b")


@pytest.mark.parametrize("text", ["sender,name\n356,Sam\n", "sender,name,email\n356,Sam,sam\n", "sender,name,email\n,Sam,a@b.example\n",
                                  "sender,name,email\n356,Sam,a@b.example?to=x@y.example\n"])  # fmt: skip
def test_contacts_that_are_none_are_said(chased, text):
    _, settings = chased
    settings.contacts.write_text(text, encoding="utf-8")
    with pytest.raises(ObservatoryError, match="were expected"):
        contacts(settings)


def test_an_answer_names_whom_to_ask(chased, landing, tmp_path):
    warehouse, settings = chased
    answer_quarter(
        warehouse,
        landing.place,
        str(tmp_path / "o"),
        FIRST,
        KEY,
        contact=str(contacts(settings)["region"]),
    )
    page = next((tmp_path / "o").rglob("*.html")).read_text(encoding="utf-8")
    assert "Ask The returns desk (desk@region.example)." in page


def test_how_fresh_each_source_is_can_be_seen(chased):
    warehouse, _ = chased
    seen = {row.table_name: (row.census_date, row.senders) for row in freshness(warehouse)}
    assert seen["placement_census"] == (FIRST, 1) and seen["provider_settings"] == (FIRST, 1)
