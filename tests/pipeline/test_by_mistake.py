"""What a commissioner does by mistake: each answers one clear sentence that says what to do, ends
as documented, and changes nothing.

Belongs here: commands given out of turn. What the states are, and who may leave them, is held by
`test_lifecycle`.
"""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import CliRunner

import pipelines.command as command
from assets.common import audit
from assets.publication import lifecycle
from assets.publication.approval import approve
from assets.publication.drafts import due, make_draft
from assets.warehouse.building import build_quarter
from resources.errors import ObservatoryError
from tests.conftest import KEY
from tests.pipeline.test_lifecycle import DATE, REGION, drafted, held, published, templates
from tests.releasing import APPROVER

TEXT = str(DATE)


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """Give the command; what it answers, in one line, with its exit code."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path))

    def asked(warehouse, *arguments: str) -> tuple[int, str]:
        monkeypatch.setenv("OBSERVATORY_DATABASE_URL", warehouse.url)
        result = CliRunner().invoke(command.cli, list(arguments))
        if isinstance(result.exception, ObservatoryError):  # as `main` tells it
            return 2, str(result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        return result.exit_code, " ".join(result.output.split())

    return asked


def everything(warehouse) -> list[object]:
    """What no mistake may change."""
    return [
        published(warehouse),
        lifecycle.lives(warehouse),
        warehouse.rows("select * from raw.draft"),
        warehouse.rows("select * from raw.submission"),
    ]


CLOSE, APPROVE = ("close", TEXT), ("approve", TEXT, "--by", APPROVER)
HELD = (
    "is held, by the tester (a doubt); a quarter that is not held was expected. Take it up again"
    f" first: observatory hold {TEXT} --lift."
)
MISTAKES = {
    "": [
        (APPROVE, "is collecting, and there is no draft of it"),
        (("reopen", TEXT, "--why", "late"), "is collecting"),
        (("hold", TEXT, "--lift"), "is not held"),
        (("hold", TEXT), "No reason was given"),
        (("close", "2025-03-30"), "no quarter end"),
        (("close", "2099-03-31"), "has not passed"),
        (("close", "2024-12-31"), "No return that was sent for 2024-12-31 counts"),
    ],
    "close": [(CLOSE, "is closed"), (APPROVE, "there is no draft of it")],
    "close draft": [
        (("approve", TEXT, "--by", " "), "Nobody was named"),
        (("approve", TEXT), "Missing option '--by'"),
        (
            (*APPROVE, "--draft", "12345678"),
            "12345678 was looked at. It was made anew since: look at it again",
        ),
        (CLOSE, "is draft"),
    ],
    "close draft hold": [
        (APPROVE, HELD),
        (("draft", TEXT), HELD),
        (CLOSE, HELD),
        (("hold", TEXT, "--why", "again"), "held already, by the tester"),
    ],
    "close draft approve": [
        (CLOSE, "is published"),
        (APPROVE, "is published, and there is no draft of it"),
        (("reopen", TEXT, "--why", "late"), "gathers into a proposed correction"),
        (("release", "--census-date", TEXT), "Nothing is released without an approval"),
        (("withdraw", "no such number", "--reason", "wrong"), "no such number"),
    ],
}


@pytest.mark.parametrize("steps", MISTAKES)
def test_a_step_out_of_turn_is_one_sentence_ends_with_2_and_changes_nothing(held, ask, steps):
    does = {
        "close": lambda: lifecycle.close(held, DATE, "the tester"),
        "draft": lambda: make_draft(held, DATE, REGION, "the tester"),
        "hold": lambda: lifecycle.hold(held, DATE, "the tester", "a doubt"),
        "approve": lambda: approve(held, DATE, REGION, APPROVER),
    }
    for step in steps.split():
        does[step]()
    before = everything(held)
    for mistake, says in MISTAKES[steps]:
        code, said = ask(held, *mistake)
        assert (code, says in said, "Traceback" in said) == (
            2,
            True,
            False,
        ), f"{' '.join(mistake)}: {said}"
    assert everything(held) == before


def test_who_approves_for_somebody_else_is_on_record_beside_the_name(drafted):
    """Nobody is kept from naming another; whose account did it cannot be chosen."""
    approve(drafted, DATE, REGION, "Grace Example (made up)")
    row = drafted.rows("select by_whom from raw.quarter_step where step = 'approved'")[0]
    told = drafted.rows(
        "select actor, details from access.event where what = 'quarter' and subject like"
        " '%approved'"
    )[0]
    assert row.by_whom == told.details["in_the_name_of"] == "Grace Example (made up)"
    assert told.actor == audit.actor()


def test_a_return_withdrawn_after_publication_alters_nothing_that_is_published_and_proposes_a_correction(
    held, ask, monkeypatch
):
    """The draft can be looked at meanwhile, and says what is not in it yet."""
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    lifecycle.close(held, DATE, "the tester")
    make_draft(held, DATE, REGION, "the tester", KEY)
    approve(held, DATE, REGION, APPROVER)
    before, cells = (
        published(held),
        held.scalar(
            "select md5(string_agg(c::text, '|' order by c::text)) from published.cell as c"
        ),
    )
    number = held.scalar("select submission_id from raw.submission where sender = '356'")
    code, said = ask(held, "withdraw", number, "--reason", "sent by mistake")
    assert (
        code == 0
        and f"Use `observatory run --census-date {TEXT}` to bring the figures up to date." in said
    )
    code, said = ask(held, "release", "--census-date", TEXT, "--dry-run")
    assert (
        code == 0
        and "something was received or withdrawn that is not in these figures yet" in said
        and "Nothing was written." in said
    )
    assert not build_quarter(held, DATE, REGION).blocked_by
    assert due(held, REGION, dt.date(2026, 1, 1)) == {DATE: "to see whether a correction is due"}
    assert (
        published(held),
        held.scalar(
            "select md5(string_agg(c::text, '|' order by c::text)) from published.cell as c"
        ),
    ) == (before, cells)
